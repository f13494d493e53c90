"""Carrying out adopted proposals (PP-8): the department's plan with measures and dates, the result, and the value gained."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, select
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history, proposal_letter
from portal.models.customer import Money
from portal.models.notice import notify
from portal.models.proposal import OfProposal, Proposal
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules import proposals as rules
from portal.rules.message import N_, Message, Refusal
from portal.rules.proposal_outcomes import LONGEST_LINE, LONGEST_TEXT, Measure, Planned, plan_problems

UNDER_WAY, DONE = "under-way", "done"
STATES = {UNDER_WAY: (N_("Under way"), "accent"), DONE: (N_("Implemented"), "ok")}
PLAN, RESULT = "plan", "result"
"""The letters to the customer that tell of it (`proposal_notice.py`)."""
_TOLD = ("first_on", "last_on", "measures")
"""What the customer is told of a plan: dates and measures."""
MOST_VALUE = Decimal(10) ** 12
_OPEN = sql("done_on IS NULL")


class ProposalWork(OfProposal, Base):
    """How one adopted proposal is carried out: under way → done."""

    __tablename__ = "proposal_work"
    departments_see = "own"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), unique=True)
    department: Mapped[str]
    plan: Mapped[str] = mapped_column(Text)
    first_on: Mapped[date]
    last_on: Mapped[date]
    state: Mapped[str]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    result: Mapped[str] = mapped_column(Text, default="")
    ended_on: Mapped[date | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    value: Mapped[Decimal | None] = mapped_column(Money)
    """What the office gained by it, in yuan."""
    value_basis: Mapped[str] = mapped_column(Text, default="")
    """How that was reckoned."""
    version: Mapped[int] = mapped_column(default=1)

    proposal: Mapped[Proposal] = relationship()
    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])
    ended_by: Mapped[Staff | None] = relationship(foreign_keys=[ended_by_id])
    measures: Mapped[list[ProposalMeasure]] = relationship(order_by="ProposalMeasure.position", back_populates="work")

    __mapper_args__ = {"version_id_col": version}

    @property
    def open_measures(self) -> list[ProposalMeasure]:
        """Return what is not done yet."""
        return [one for one in self.measures if one.done_on is None]

    # --- steps -----------------------------------------------------------------------------------------------------------

    def can_write(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may change the plan, settle measures and record the result: until it is done."""
        return self.state == UNDER_WAY and _may(self.proposal, self.department, user)

    def change(self, planned: Planned, *, by: Staff, version: int) -> None:
        """Change the plan; what is done stays done. Raises `Refusal` with the field, `StateConflict`.

        The customer is told other dates or measures again (PP-2, PP-8).
        """
        if not self.can_write(by) or self.version != version:
            raise StateConflict(f"proposal work {self.id}")
        before = self._said()
        self.set(planned)
        changes = [{"field": name, "old": before[name], "new": new} for name, new in self._said().items() if before[name] != new]
        if any(one["field"] in _TOLD for one in changes):
            proposal_letter.let_go(self.proposal, PLAN)
            _touch(self.proposal, to_tell=True)
        else:
            _touch(self.proposal)
        audit.write("change", "plan-changed", actor=by, record=self.proposal, label=self.proposal.label, changes=changes)

    def _said(self) -> dict[str, str]:
        """Return what the plan says, as the log keeps it."""
        measures = "\n".join(f"{one.text} ({one.due_on})" for one in self.measures)
        people = "\n".join(one.person for one in self.measures)
        days = {"first_on": self.first_on.isoformat(), "last_on": self.last_on.isoformat()}
        return {"plan": self.plan, **days, "measures": measures, "people": people}

    def settle(self, measure: ProposalMeasure, on: date | None, note: str, *, by: Staff) -> None:
        """Record that a measure is done. Raises `Refusal` with the field, `StateConflict`."""
        if not self.can_write(by) or measure.work_id != self.id:
            raise StateConflict(f"proposal work {self.id}")
        if on is None or on > clock.today():
            raise Refusal("Enter the day on which it was done.", field="done_on")
        transition(measure, expect={"done_on": None}, change={"done_on": on, "note": note[:LONGEST_LINE]})
        audit.write("change", "measure-done", actor=by, record=self.proposal, label=self.proposal.label, reason=measure.text)

    def finish(self, result: str, on: date | None, *, by: Staff) -> None:
        """Record the result; open measures are named in it or done before. Raises `Refusal` with the field, `StateConflict`."""
        if not self.can_write(by):
            raise StateConflict(f"proposal work {self.id}")
        if self.open_measures:
            raise Refusal("%(count)s measures are not done yet.", count=len(self.open_measures))
        if not result:
            raise Refusal("Say what came of it: the customer is told.", field="result")
        if on is None or on > clock.today() or on < self.first_on:
            raise Refusal("Enter the day on which it was finished.", field="ended_on")
        change = {"state": DONE, "result": result[:LONGEST_TEXT], "ended_on": on, "ended_by_id": by.id, "version": self.version + 1}
        transition(self, expect={"state": UNDER_WAY}, change=change)
        proposal = self.proposal
        done = {"state": rules.DONE, "to_tell": True, "version": proposal.version + 1}
        transition(proposal, expect={"state": rules.CARRYING_OUT}, change=done)
        if proposal.handler_id != by.id:
            notify(proposal.handler, Message(N_("Proposal %(proposal)s is carried out. Tell the customer."), {"proposal": proposal.label}),
                   link=proposal.link)  # fmt: skip
        audit.write("change", "carried-out", actor=by, record=proposal, label=proposal.label)

    def can_value(self, user: Staff) -> bool:
        """Return whether `user` may record the value gained: the department or customer service, once it is done."""
        return self.state == DONE and _may(self.proposal, self.department, user)

    def record_value(self, value: Decimal | None, basis: str, *, by: Staff, version: int) -> None:
        """Record what was gained, in yuan, and how it was reckoned. Raises `Refusal` with the field, `StateConflict`."""
        if not self.can_value(by) or self.version != version:
            raise StateConflict(f"proposal work {self.id}")
        if value is None or not 0 <= value <= MOST_VALUE:
            raise Refusal("Enter what was gained in yuan.", field="value")
        if not basis:
            raise Refusal("Say how it was reckoned.", field="value_basis")
        before = "" if self.value is None else f"{self.value:.2f}"
        self.value, self.value_basis = value, basis[:LONGEST_TEXT]
        _touch(self.proposal)
        changes = [{"field": "value", "old": before, "new": f"{value:.2f}"}]
        audit.write("change", "value-recorded", actor=by, record=self.proposal, label=self.proposal.label, changes=changes)

    def set(self, planned: Planned) -> None:
        """Take over what a plan says. Raises `Refusal` with the field."""
        wrong = plan_problems(planned)
        if wrong:
            raise wrong[0]
        for name, text in (("plan", planned.plan), *((f"measure-text-{row}", one.text) for row, one in enumerate(planned.measures))):
            most = LONGEST_TEXT if name == "plan" else LONGEST_LINE
            if len(text) > most:
                raise Refusal("At most %(most)s characters.", field=name, most=most)
        assert planned.first_on is not None and planned.last_on is not None  # noqa: S101, PT018 - judged above
        self.plan, self.first_on, self.last_on = planned.plan, planned.first_on, planned.last_on
        done = self._done(planned.measures)
        if self.id is not None:
            for old in list(self.measures):
                db.session.delete(old)
            db.session.flush()
            db.session.expire(self, ["measures"])
        self.measures = [self._measure(row, one, done.get(row)) for row, one in enumerate(planned.measures)]

    def _done(self, measures: Sequence[Measure]) -> dict[int, ProposalMeasure]:
        """Return what is done already, by its place among new measures. Raises `Refusal` (field `plan`) where one is not among them.

        Each is found once, by its words; of several with the same words by who does it, by its day, by its place.
        """
        found: dict[int, ProposalMeasure] = {}
        for old in self.measures:
            if old.done_on is None:
                continue
            alike = [row for row, one in enumerate(measures) if one.text == old.text and row not in found]
            if not alike:
                raise Refusal("A measure that is done stays in the plan: %(measure)s.", field="plan", measure=old.text)
            found[max(alike, key=partial(_likeness, old, measures))] = old
        return found

    def _measure(self, row: int, one: Measure, before: ProposalMeasure | None) -> ProposalMeasure:
        kept: dict[str, Any] = {"done_on": before.done_on, "note": before.note} if before is not None else {}
        return ProposalMeasure(position=row, text=one.text, person=one.person[:LONGEST_LINE], due_on=one.due_on, **kept)


class ProposalMeasure(Base):
    """One measure of a plan: by whom, by when, done when."""

    __tablename__ = "proposal_measure"

    work_id: Mapped[int] = mapped_column(ForeignKey("proposal_work.id", ondelete="CASCADE"))
    position: Mapped[int]
    text: Mapped[str]
    person: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date]
    done_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")

    work: Mapped[ProposalWork] = relationship(back_populates="measures")

    __table_args__ = (
        Index(None, "work_id", "position", unique=True),
        Index("ix_proposal_measure_open", "due_on", "work_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    @property
    def is_overdue(self) -> bool:
        """Return whether its day has passed and it is not done."""
        return self.done_on is None and self.due_on < clock.today()


def _likeness(old: ProposalMeasure, measures: Sequence[Measure], row: int) -> tuple[bool, bool, int]:
    """Return how well a row of a plan fits a measure of the plan before, more is better."""
    return measures[row].person == old.person, measures[row].due_on == old.due_on, -abs(row - old.position)


def planned_anew(work: ProposalWork) -> datetime | None:
    """Return when dates or measures of a plan were last changed, as the log says; None for never."""
    changes = (one for one in history.of_record("Proposal", work.proposal_id) if one.action == "plan-changed")
    return next((one.at for one in changes if any(row["field"] in _TOLD for row in one.data.get("changes", []))), None)


def of_proposal(proposal: Proposal) -> ProposalWork | None:
    """Return how a proposal is carried out, None where nothing is planned."""
    return db.session.scalar(select(ProposalWork).where(ProposalWork.proposal_id == proposal.id))


def _may(proposal: Proposal, department: str, user: Staff) -> bool:
    """Return whether `user`, who sees the proposal, writes for its responsible department: its account, or customer service."""
    if not user.may(Permission.PROPOSAL_ANSWER):
        return False
    return department == user.department_code if user.is_department else user.may(Permission.PROPOSAL_WORK)


def can_plan(proposal: Proposal, user: Staff) -> bool:
    """Return whether `user`, who sees the proposal, may plan how it is carried out: it is adopted, and nobody has yet (PP-8)."""
    return proposal.state == rules.ADOPTED and _may(proposal, proposal.responsible, user)


def plan(proposal: Proposal, planned: Planned, *, by: Staff) -> ProposalWork:
    """Plan how an adopted proposal is carried out and return it, flushed (PP-8). Raises `Refusal` with the field, `StateConflict`."""
    if not can_plan(proposal, by):
        raise StateConflict(f"proposal {proposal.id}")
    found = ProposalWork(proposal=proposal, department=proposal.responsible, state=UNDER_WAY, created_by_id=by.id)
    with db.session.no_autoflush:
        found.set(planned)
    try:
        with db.session.begin_nested():
            db.session.add(found)
    except IntegrityError as error:
        raise StateConflict(f"proposal {proposal.id}") from error
    change = {"state": rules.CARRYING_OUT, "to_tell": True, "version": proposal.version + 1}
    transition(proposal, expect={"state": rules.ADOPTED}, change=change)
    if proposal.handler_id != by.id:
        text = N_("It is planned how proposal %(proposal)s is carried out. Tell the customer dates and measures.")
        notify(proposal.handler, Message(text, {"proposal": proposal.label}), link=proposal.link)
    audit.write("change", "carrying-out-planned", actor=by, record=proposal, label=proposal.label)
    return found


def _touch(proposal: Proposal, **change: Any) -> None:
    """Let a proposal be counted anew, as its figures have changed; with what else changes."""
    transition(proposal, expect={"version": proposal.version}, change={**change, "version": proposal.version + 1})


for _name, _title in (
    ("carrying-out-planned", N_("Carrying out of a proposal planned")),
    ("plan-changed", N_("Plan of carrying out a proposal changed")),
    ("measure-done", N_("Measure of a proposal done")),
    ("carried-out", N_("Proposal carried out")),
    ("value-recorded", N_("Value gained by a proposal recorded")),
):
    history.action("Proposal", _name, _title)
