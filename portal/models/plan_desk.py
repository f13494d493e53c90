"""What maintenance plans ask of people, and what follows them elsewhere: the day's list, inbox, hand-over, disposal (RL-21, RL-24)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import greeting, hand_over_list, inbox, plan_task
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.greeting import GreetingLine, GreetingList
from portal.models.hand_over import goes_along
from portal.models.plan import PENDING, RUNNING, MaintenancePlan, of_customers
from portal.models.plan_papers import PlanAmendment, due_summaries
from portal.models.plan_task import OPEN, PlanTask
from portal.models.scope import InTeam
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.standard_effects import touching, used_in, used_within
from portal.models.strengthening import StrengtheningTable
from portal.permissions import Permission, Role
from portal.rules.message import N_, Message

TASK, SUMMARY, GREETING = "plan-task", "plan-summary", "greeting"
TITLES = {TASK: N_("Task of a maintenance plan"), SUMMARY: N_("Maintenance summary to write"), GREETING: N_("Festival greetings")}


# --- the day's list ----------------------------------------------------------------


def _running(query: Any) -> Any:
    joined = query.join(MaintenancePlan, MaintenancePlan.id == PlanTask.plan_id)
    return joined.where(PlanTask.state == OPEN, MaintenancePlan.state == RUNNING)


A_PAGE = 20
"""So many tasks stand on a page: each has its forms with it."""


def waiting_tasks(user: Staff, *, of_all: bool = False, begin: int = 0) -> tuple[list[PlanTask], bool]:
    """Return a page of one's open tasks from place `begin` on, the most pressing first, and whether more follow.

    With `of_all` those of everybody that `user` sees.
    """
    query = PlanTask.visible_to(user) if of_all else select(PlanTask).where(PlanTask.staff_id == user.id)
    loaded = (joinedload(PlanTask.plan), joinedload(PlanTask.customer), joinedload(PlanTask.staff))
    query = _running(query).options(*loaded).order_by(PlanTask.due_on, PlanTask.id)
    found = list(db.session.scalars(query.offset(begin).limit(A_PAGE + 1)))
    return found[:A_PAGE], len(found) > A_PAGE


def horizon(today: date) -> date:
    """Return the day until which a task counts as due."""
    return today + timedelta(days=standard("maintenance.notice_days"))


# --- inbox ----------------------------------------------------------------


def _mine(user: Staff, until: date) -> list[ColumnElement[bool]]:
    """Return the conditions on tasks that are due: one's own; of a supervisor nobody's on customers of the team, too.

    Nobody's on customers of no team are the managers'.
    """
    mine, of = PlanTask.staff_id == user.id, PlanTask.customer_id
    if user.role == Role.SUPERVISOR and user.team_id is not None:
        ours = or_(InTeam(of, user.team_id), and_(of.is_(None), MaintenancePlan.team_id == user.team_id))
        mine = or_(mine, and_(PlanTask.staff_id.is_(None), ours))
    if user.role == Role.MANAGER:
        mine = or_(mine, and_(PlanTask.staff_id.is_(None), exists().where(Customer.id == of, Customer.team_id.is_(None))))
    return [mine, PlanTask.due_on <= until]


def _tasks(user: Staff) -> list[Select[Any]]:
    one = PlanTask
    query = _running(select(*inbox.row(one.id, one.created_at, one.due_on))).where(*_mine(user, horizon(clock.today())))
    return [query.order_by(one.due_on, one.id)]


def _said_of_tasks() -> Executable:
    query = select(PlanTask.id, PlanTask.text, MaintenancePlan.title, Customer.full_name).where(PlanTask.id.in_(inbox.NUMBERS))
    return query.join(MaintenancePlan, MaintenancePlan.id == PlanTask.plan_id).outerjoin(Customer, Customer.id == PlanTask.customer_id)


def _tell_tasks(_user: Staff, numbers: Sequence[int]) -> Iterable[tuple[int, inbox.Told]]:
    for number, words, plan, customer in inbox.records(_said_of_tasks, numbers):
        title, page = " · ".join(filter(None, (words, customer))), ("maintenance.task", {"task_id": number})
        yield number, inbox.Told(title, N_("Carry out, and record what came of it"), page, plan)


def _summaries(user: Staff) -> list[Select[Any]]:
    one = MaintenancePlan
    query = due_summaries(user).with_only_columns(*inbox.row(one.id, func.coalesce(one.approved_at, one.created_at), one.ends_on))
    return [query.order_by(one.ends_on, one.id)]


def _said_of_summaries() -> Executable:
    return select(MaintenancePlan.id, MaintenancePlan.title).where(MaintenancePlan.id.in_(inbox.NUMBERS))


def _tell_summaries(_user: Staff, numbers: Sequence[int]) -> Iterable[tuple[int, inbox.Told]]:
    for number, title in inbox.records(_said_of_summaries, numbers):
        yield number, inbox.Told(title, N_("The plan has ended: write its summary"), ("maintenance.summary", {"plan_id": number}))


def _open_greetings(user: Staff, today: date) -> Select[GreetingList, int]:
    """Return the query for the lists whose holiday is near, or passed a week ago at most, with how many customers wait for `user`."""
    return (
        select(GreetingList, func.count())
        .join(GreetingLine, GreetingLine.list_id == GreetingList.id)
        .where(greeting.waiting(user))
        .where(GreetingList.day.between(today - timedelta(days=7), horizon(today)))
        .group_by(GreetingList.id)
    )


def _greetings(user: Staff) -> list[Select[Any]]:
    one = GreetingList
    query: Any = _open_greetings(user, clock.today()).with_only_columns(*inbox.row(one.id, one.created_at, one.day))
    return [query.order_by(one.day, one.id)]


def _tell_greetings(user: Staff, numbers: Sequence[int]) -> Iterable[tuple[int, inbox.Told]]:
    what = N_("Greet your customers for the holiday: %(count)s open")
    for listed, count in db.session.execute(_open_greetings(user, clock.today()).where(GreetingList.id.in_(numbers))):
        page = ("maintenance.greeting_next", {"list_id": listed.id, "owner": user.id})
        yield listed.id, inbox.Told(listed.day.isoformat(), what, page, figures={"count": count})


inbox.to_do(TASK, TITLES[TASK], Permission.PLAN_WORK, _tasks, _tell_tasks)
inbox.to_do(SUMMARY, TITLES[SUMMARY], Permission.PLAN_EDIT, _summaries, _tell_summaries)
inbox.to_do(GREETING, TITLES[GREETING], Permission.PLAN_WORK, _greetings, _tell_greetings)


# --- standards ----------------------------------------------------------------

used_in("choices.measure_kind", PlanTask.kind)
used_in("choices.greeting_way", GreetingLine.way)


@used_within("choices.measure_kind")
def _kinds_planned() -> Iterator[str]:
    for column in (MaintenancePlan.measures, PlanAmendment.measures):
        for measures in db.session.scalars(select(column).execution_options(yield_per=500)):
            yield from (one["kind"] for one in measures)


@used_within("choices.influence")
def _influences() -> Iterator[str]:
    for people in db.session.scalars(select(StrengtheningTable.people).execution_options(yield_per=500)):
        yield from (one["influence"] for one in people)


@touching("maintenance.notice_days")
def _notice_days(before: Any, value: Any, day: date) -> Iterator[Message]:
    for text, days in (
        (N_("Open tasks of maintenance plans in the inboxes on that day, by the days so far: %(count)s."), before),
        (N_("By the new days: %(count)s."), value),
    ):
        near = _running(select(PlanTask.id)).where(PlanTask.due_on <= day + timedelta(days=days)).subquery()
        yield Message(text, {"count": db.session.scalar(select(func.count()).select_from(near)) or 0})


# --- hand-over, disposal ----------------------------------------------------------------


@goes_along
def _tasks_follow(customer_ids: list[int], to: Staff, _by: Staff) -> None:
    """Give the open tasks of whoever was in charge of these customers to who is now (RO-5)."""
    _give(PlanTask.customer_id.in_(customer_ids), PlanTask.follows_owner, to=to)


def take_over(gone: Staff, to: Staff) -> int:
    """Give all open tasks of somebody who leaves to `to`, those by name included, and return how many (RO-4)."""
    return _give(PlanTask.staff_id == gone.id, to=to)


def _give(*which: Any, to: Staff) -> int:
    step = update(PlanTask).where(PlanTask.state == OPEN, *which).values(staff_id=to.id, version=PlanTask.version + 1)
    moved: int = db.session.execute(step, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]
    for one in list(db.session.identity_map.values()):
        if isinstance(one, PlanTask):
            db.session.expire(one)
    return moved


def tasks_in_hand(of: Staff) -> Select[Any]:
    """Return the open tasks of somebody, as rows for the hand-over list."""
    query = select(
        PlanTask.id, PlanTask.text, MaintenancePlan.title.label("plan"), Customer.full_name.label("customer"), PlanTask.due_on
    ).outerjoin(Customer, Customer.id == PlanTask.customer_id)
    return _running(query).where(PlanTask.staff_id == of.id).order_by(PlanTask.due_on, PlanTask.id)


hand_over_list.declare(
    hand_over_list.Part(
        "plan-tasks",
        N_("Tasks of maintenance plans"),
        N_("They go to who takes over."),
        (
            hand_over_list.Column("text", N_("What is done")),
            hand_over_list.Column("customer", N_("Customer"), "s-w7"),
            hand_over_list.Column("plan", N_("Maintenance plan"), "s-w5"),
            hand_over_list.Column("due_on", N_("Due on"), "s-w3", "middle"),
        ),
        count=lambda of: db.session.scalar(select(func.count()).select_from(tasks_in_hand(of).order_by(None).subquery())) or 0,
        rows=lambda of, limit: [
            {"id": row.id, "text": row.text, "customer": row.customer or "", "plan": row.plan, "due_on": row.due_on.isoformat()}
            for row in db.session.execute(tasks_in_hand(of).limit(limit))
        ],
        page=lambda number: ("maintenance.task", {"task_id": number}),
        model=PlanTask,
    )
)


def left_open(customer_ids: Collection[int]) -> list[Message]:
    """Return in words which tasks on customers are open."""
    found: dict[tuple[str, str], int] = {}
    for task in plan_task.open_for(customer_ids):
        key = (task.plan.title, task.customer.full_name if task.customer else "")
        found[key] = found.get(key, 0) + 1
    text = N_("The plan “%(plan)s” has %(count)s open tasks on %(customer)s.")
    return [Message(text, {"plan": plan, "customer": name, "count": number}) for (plan, name), number in found.items()]


def in_approval(customer_ids: Collection[int]) -> list[Message]:
    """Return in words which plans that cover customers are in approval."""
    return [
        Message(N_("The maintenance plan “%(plan)s” is in approval."), {"plan": one.title})
        for one in of_customers(customer_ids, (PENDING,))
    ]


@blocker
def _open_plans(disposal: Disposal) -> Iterable[Message]:
    ids = [customer.id for customer in disposal.customers]
    return [*in_approval(ids), *left_open(ids)]
