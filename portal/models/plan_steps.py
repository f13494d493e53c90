"""The nine steps of a plan's cycle (RL-20), each derived from what is on record: when it was done, by whom, and where it is seen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import grading, plan_task
from portal.models.approval import Approval
from portal.models.approval_signature import Signature
from portal.models.customer import Customer
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.grading import Grading
from portal.models.plan import APPROVED, NAME, MaintenancePlan
from portal.models.plan_papers import AMENDMENT, SUMMARY, amendments_of, summary_of
from portal.models.plan_task import PlanTask
from portal.models.sealed_form import SealedForm
from portal.models.staff import Staff
from portal.rules.maintenance import STEPS
from portal.rules.message import N_, Message

Page = tuple[str, dict[str, Any]]


class Step(NamedTuple):
    """One step: its title, when it was done (None: not yet), by whom, what else is to be said, and its page."""

    name: str
    title: str
    on: date | None
    who: str
    note: Message | None = None
    page: Page | None = None

    @property
    def is_done(self) -> bool:
        """Return whether the step is done."""
        return self.on is not None


def steps_of(plan: MaintenancePlan) -> list[Step]:
    """Return the nine steps in their order."""
    customers = plan.customers
    found = [_dossier(customers), *_graded(customers), _written(plan), _reviewed(plan), _carried_out(plan)]
    found += [_assessed(plan), _improved(plan), _filed(plan)]
    assert [one.name for one in found] == list(STEPS)  # noqa: S101 - a step left out is a mistake of ours
    return found


def _step(name: str, on: date | datetime | None = None, who: str = "", note: Message | None = None, page: Page | None = None) -> Step:
    return Step(name, STEPS[name], clock.local(on).date() if isinstance(on, datetime) else on, who, note, page)


def _of(done: int, whole: int) -> Message | None:
    return Message(N_("%(done)s of %(whole)s customers"), {"done": done, "whole": whole}) if whole > 1 or done < whole else None


def _dossier(customers: list[Customer]) -> Step:
    """Return the first step: every customer has something filed beside such plans; the day when the last of them had."""
    ids = [one.id for one in customers]
    document = ArchiveDocument
    papers = select(Approval.id).where(Approval.kind_name.in_((NAME, AMENDMENT, SUMMARY)))
    others = or_(document.approval_id.is_(None), document.approval_id.not_in(papers))
    first = select(document.customer_id, func.min(document.id)).where(document.customer_id.in_(ids), document.state == FILED, others)
    numbers = [row[1] for row in db.session.execute(first.group_by(document.customer_id))]
    begun = list(db.session.scalars(select(document).where(document.id.in_(numbers)).order_by(document.created_at, document.id)))
    last = begun[-1] if begun and len(begun) == len(ids) else None
    page = ("archive.dossier", {"customer_id": (last or begun[0]).customer_id if begun else ids[0]}) if ids else None
    who = last.created_by.name if last and last.created_by else ""
    return _step("dossier", last.created_at if last else None, who, _of(len(begun), len(ids)), page)


def _graded(customers: list[Customer]) -> list[Step]:
    """Return steps two and three: every customer rated and approved; and on a grade list that is approved."""
    ids = [one.id for one in customers]
    newest = (
        select(func.max(Grading.id)).where(Grading.customer_id.in_(ids), Grading.state == grading.APPROVED).group_by(Grading.customer_id)
    )
    query = select(Grading).where(Grading.id.in_(newest)).options(joinedload(Grading.on_list), joinedload(Grading.first_by))
    found = sorted(db.session.scalars(query), key=lambda one: (one.first_at or one.created_at, one.id))
    lists = sorted(
        (one for one in found if one.on_list and one.on_list.approved_at), key=lambda one: (one.approved_at or one.created_at, one.id)
    )
    steps = []
    for name, some in (("graded", found), ("listed", lists)):
        last = some[-1] if some and len(some) == len(ids) else None
        on, who = None, ""
        if last is not None:
            on = last.first_at if name == "graded" else last.approved_at
            who = _name(last.first_by) if name == "graded" else _name(last.on_list.created_by if last.on_list else None)
        page: Page | None = None
        if some and name == "graded":
            page = ("grading.grading", {"grading_id": some[-1].id})
        elif some:
            page = ("grading.grade_list", {"listed_id": some[-1].list_id})
        steps.append(_step(name, on, who, _of(len(some), len(ids)), page))
    return steps


def _name(staff: Any) -> str:
    return staff.name if staff else ""


def _written(plan: MaintenancePlan) -> Step:
    return _step("written", plan.created_at, plan.created_by.name, page=("maintenance.plan", {"plan_id": plan.id}))


def _reviewed(plan: MaintenancePlan) -> Step:
    """Return step five: the day of the last signature; how many rounds it took says how often the plan was corrected."""
    approval = Approval.latest_for(NAME, plan.id)
    if approval is None:
        return _step("reviewed")
    page: Page = ("approvals.show", {"approval_id": approval.id})
    rounds = Message(N_("round %(n)s"), {"n": approval.round})
    if plan.state not in APPROVED:
        return _step("reviewed", note=rounds, page=page)
    last = db.session.scalar(select(Signature).where(Signature.approval_id == approval.id).order_by(Signature.id.desc()).limit(1))
    signer = db.session.get(Staff, last.signer_id) if last and last.signer_id else None
    who = (last.paper_name or _name(signer)) if last else ""
    return _step("reviewed", plan.approved_at, who, rounds, page)


def _carried_out(plan: MaintenancePlan) -> Step:
    """Return step six: no task is open any more and something was done; the day of what was done last."""
    numbers = plan_task.counts(plan)
    whole = sum(numbers[name] for name in (plan_task.OPEN, plan_task.DONE, plan_task.DROPPED))
    if not whole:
        return _step("carried-out")
    newest = select(PlanTask).where(PlanTask.plan_id == plan.id, PlanTask.state == plan_task.DONE)
    last = db.session.scalar(newest.order_by(PlanTask.done_on.desc(), PlanTask.id.desc()).limit(1))
    done = last if not numbers[plan_task.OPEN] else None
    said = {"done": whole - numbers[plan_task.OPEN], "whole": whole}
    note = Message(N_("%(done)s of %(whole)s tasks are done or dropped"), said)
    return _step(
        "carried-out",
        done.done_on if done else None,
        _name(done.done_by) if done else "",
        note,
        ("maintenance.plan", {"plan_id": plan.id, "_anchor": "tasks"}),
    )


def _assessed(plan: MaintenancePlan) -> Step:
    """Return step seven: the summary is written and submitted."""
    summary = summary_of(plan)
    if summary is None:
        return _step("assessed")
    return _step(
        "assessed",
        summary.submitted_at,
        summary.written_by.name if summary.submitted_at else "",
        page=("maintenance.summary", {"plan_id": plan.id}),
    )


def _improved(plan: MaintenancePlan) -> Step:
    """Return step eight: the plan was amended on the way, or its lessons went into the next one; whichever came first."""
    changed = [
        (one.approved_at, one.created_by.name, ("maintenance.amendment", {"amendment_id": one.id}))
        for one in amendments_of(plan)
        if one.approved_at is not None
    ]
    nexts = select(MaintenancePlan).where(MaintenancePlan.previous_id == plan.id).order_by(MaintenancePlan.id).limit(1)
    for one in db.session.scalars(nexts):
        changed.append((one.created_at, one.created_by.name, ("maintenance.plan", {"plan_id": one.id})))
    if not changed:
        return _step("improved")
    on, who, page = min(changed, key=lambda one: one[0])
    return _step("improved", on, who, page=page)


def _filed(plan: MaintenancePlan) -> Step:
    """Return step nine: plan and summary are sealed and filed."""
    summary = summary_of(plan)
    papers = [(Approval.kind_name == NAME) & (Approval.record_id == plan.id)]
    if summary is not None:
        papers.append((Approval.kind_name == SUMMARY) & (Approval.record_id == summary.id))
    query = select(SealedForm).join(Approval, Approval.id == SealedForm.approval_id).where(or_(*papers), SealedForm.sealed_at.is_not(None))
    forms = list(db.session.scalars(query.order_by(SealedForm.sealed_at, SealedForm.id)))
    note = Message(N_("%(done)s of 2 papers"), {"done": len(forms)})
    page = ("approvals.show", {"approval_id": forms[-1].approval_id}) if forms else None
    return _step("filed", forms[-1].sealed_at if len(forms) == 2 else None, "", note, page)
