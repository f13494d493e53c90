"""Tasks of maintenance plans: the day's list, where they are done, moved and dropped without leaving it (RL-21)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, htmx
from portal.blueprints.maintenance import bp
from portal.blueprints.maintenance.forms import amount_sent
from portal.database import StateConflict, db
from portal.i18n import translate
from portal.looks import look
from portal.models import history, plan_desk
from portal.models.plan import MaintenancePlan
from portal.models.plan_task import STATES, PlanTask
from portal.models.staff import Staff
from portal.permissions import Permission, requires
from portal.rules.dates import parse_date
from portal.rules.message import N_, Refusal
from portal.rules.text import clean, clean_line
from portal.saving import saving
from portal.sessions import me

GROUPS = {"late": N_("Overdue"), "today": N_("Today"), "soon": N_("Due soon"), "later": N_("Later")}


@bp.get("/plan-tasks")
@requires(Permission.PLAN_WORK)
def tasks() -> Any:
    """Show the reader's open tasks, the most pressing first; with `whose=all` those of everybody they see."""
    return _day()


def _day(wrong: tuple[int, str, Refusal] | None = None, said: str = "", status: int = 200) -> Any:
    """Return the day's list; after something was done there its block alone, where htmx asks for it."""
    today, user = clock.today(), me()
    whose = "all" if request.values.get("whose") == "all" else ""
    until = plan_desk.horizon(today)
    groups: dict[str, list[PlanTask]] = {name: [] for name in GROUPS}
    begin = _begin()
    found, following = plan_desk.waiting_tasks(user, of_all=bool(whose), begin=begin)
    if begin and not found:  # they were done meanwhile
        begin = 0
        found, following = plan_desk.waiting_tasks(user, of_all=bool(whose))
    for task in found:
        name = "late" if task.due_on < today else "today" if task.due_on == today else "soon" if task.due_on <= until else "later"
        groups[name].append(task)
    return htmx.render(
        "maintenance/tasks.html",
        "day",
        status=status,
        groups={name: found for name, found in groups.items() if found},
        titles=GROUPS,
        whose=whose,
        begin=begin,
        step=plan_desk.A_PAGE,
        following=following,
        said=said,
        may_assign=user.may(Permission.PLAN_EDIT),
        people=_people(),
        **_wrong(wrong),
    )


def _begin() -> int:
    """Return the place at which the page begins that is asked for, or that a form was sent from."""
    text = request.values.get("begin", "")
    return int(text) // plan_desk.A_PAGE * plan_desk.A_PAGE if text.isdecimal() and len(text) < 6 else 0


def _people() -> list[tuple[int, str]]:
    """Return to whom the reader can give a task."""
    if not me().may(Permission.PLAN_EDIT):
        return []
    query = select(Staff.id, Staff.name).where(Staff.in_office).order_by(Staff.name, Staff.id)
    if not me().is_manager:
        query = query.where(Staff.team_id == me().team_id)
    return [(row[0], row[1]) for row in db.session.execute(query)]


def _wrong(wrong: tuple[int, str, Refusal] | None) -> dict[str, Any]:
    if wrong is None:
        return {"wrong_id": 0, "wrong_act": "", "wrong_field": "", "wrong_text": "", "sent": {}}
    number, act, refusal = wrong
    return {
        "wrong_id": number, "wrong_act": act, "wrong_field": refusal.field or "", "wrong_text": translate(refusal.message),
        "sent": {name: value for name, value in request.form.items() if name != "csrf_token"},
    }  # fmt: skip


@bp.get("/plan-tasks/<int:task_id>")
@requires(Permission.PLAN_WORK, task=PlanTask)
def task(task: PlanTask) -> Any:
    """Show one task: what is asked, what came of it, what happened to it."""
    return _task_page(task)


def _task_page(task: PlanTask, wrong: tuple[int, str, Refusal] | None = None, status: int = 200) -> Any:
    user = me()
    if task.customer is not None:
        look(task.customer)
    seen = db.session.scalar(MaintenancePlan.visible_to(user).where(MaintenancePlan.id == task.plan_id))
    page = render_template(
        "maintenance/task.html",
        task=task,
        plan=task.plan,
        seen=seen is not None,
        states=STATES,
        events=[(one, history.title_of(one)) for one in history.of_record("PlanTask", task.id)],
        whose="",
        begin=0,
        may_assign=task.can_assign(user),
        people=_people(),
        can={"work": task.can_work(user), "take_back": task.can_take_back(user)},
        **_wrong(wrong),
    )
    return page, status


def _answer(task: PlanTask, act: str, done: Any, said: str) -> Any:
    """Do what a form of a task says, and return the list or the page that it was sent from."""
    task_id, from_page = task.id, request.form.get("from") == "task"
    with saving() as saved:
        done()
    if saved.refusal:
        wrong = (task_id, act, saved.refusal)
        return _task_page(db.session.get_one(PlanTask, task_id), wrong, 422) if from_page else _day(wrong, status=422)
    if htmx.wants_fragment() and not from_page:
        return _day(said=said)
    flash(said, "ok")
    if from_page:
        return redirect(url_for("maintenance.task", task_id=task_id), 303)
    return redirect(url_for("maintenance.tasks", whose=request.form.get("whose") or None, begin=_begin() or None), 303)


def _version() -> int:
    return request.form.get("version", 0, int)


def _day_sent(field: str) -> Any:
    text = clean_line(request.form.get(field, ""))
    try:
        return parse_date(text) if text else None
    except Refusal as refusal:
        raise refusal.at(field) from refusal


def _reason() -> str:
    return clean_line(request.form.get("reason", ""))


@bp.post("/plan-tasks/<int:task_id>/result")
@requires(Permission.PLAN_WORK, task=PlanTask)
def task_done(task: PlanTask) -> Any:
    """Record that a task is done, with result and cost."""
    _ensure_open(task)

    def done() -> None:
        cost, unread = amount_sent(clean_line(request.form.get("cost", "")), "cost")
        for one in unread:
            raise one
        task.finish(result=clean(request.form.get("result", "")), cost=cost, done_on=_day_sent("done_on"), by=me(), version=_version())

    return _answer(task, "result", done, _("Done: %(what)s", what=task.text))


@bp.post("/plan-tasks/<int:task_id>/day")
@requires(Permission.PLAN_WORK, task=PlanTask)
def task_move(task: PlanTask) -> Any:
    """Put a task on another day."""
    _ensure_open(task)
    said = _("Moved: %(what)s", what=task.text)
    return _answer(task, "day", lambda: task.move(_day_sent("due_on"), reason=_reason(), by=me(), version=_version()), said)


@bp.post("/plan-tasks/<int:task_id>/dropping")
@requires(Permission.PLAN_WORK, task=PlanTask)
def task_drop(task: PlanTask) -> Any:
    """Let a task go."""
    _ensure_open(task)
    said = _("Dropped: %(what)s", what=task.text)
    return _answer(task, "dropping", lambda: task.drop(reason=_reason(), by=me(), version=_version()), said)


@bp.post("/plan-tasks/<int:task_id>/taking-back")
@requires(Permission.PLAN_WORK, task=PlanTask)
def task_take_back(task: PlanTask) -> Any:
    """Open a task again that was done or dropped by mistake."""
    if not task.can_take_back(me()):
        raise StateConflict(f"task {task.id}")
    said = _("Open again: %(what)s", what=task.text)
    return _answer(task, "taking-back", lambda: task.take_back(reason=_reason(), by=me(), version=_version()), said)


@bp.post("/plan-tasks/<int:task_id>/person")
@requires(Permission.PLAN_EDIT, task=PlanTask)
def task_assign(task: PlanTask) -> Any:
    """Give a task to somebody else."""
    _ensure_open(task)
    to = request.form.get("staff", 0, int)

    def assign() -> None:
        if to not in {number for number, _name in _people()}:
            raise Refusal("Choose somebody whose account is active.", field="staff")
        task.assign(db.session.get_one(Staff, to), by=me(), version=_version())

    return _answer(task, "person", assign, _("Given to somebody else: %(what)s", what=task.text))


def _ensure_open(task: PlanTask) -> None:
    if not task.can_work(me()):
        raise StateConflict(f"task {task.id}")
