"""Visits to customers 拜访 (SV-20): each visit with its plan, its attempts and its sheet; when a customer was last visited.

Who is due and how days are filled is in `visit_due.py` and `visit_planning.py`, the daily report in `visit_report.py`, what visits ask of
people in `visit_desk.py`, letters of thanks in `visit_thanks.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Select, Text, exists, func, literal, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

import portal.rules.visit_standards as _standards  # noqa: F401 - adds its standards to the table
from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models import visit_checks as checks
from portal.models.callback import contacted
from portal.models.customer import NEVER, Customer, CustomerState
from portal.models.notice import notify
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.standard import in_force
from portal.models.visit_report import VisitReport
from portal.permissions import Permission
from portal.rules import visits as rules
from portal.rules.message import N_, Message, Refusal
from portal.rules.visits import CANCELLED, DONE, MISSED, MOVED, NOT_MET, PLANNED, Sheet

VISITED = (CustomerState.ACTIVE, CustomerState.PROSPECT)
"""Only customers in these states are visited."""
LINK = "/visits"
_PLANNED = sql("state = 'planned'")


class Visit(Base):
    """One visit: planned → done | missed | cancelled; one that was not planned begins where it is done."""

    __tablename__ = "visit"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    """Who goes."""
    follows_owner: Mapped[bool] = mapped_column(default=True)
    """Whether it is of whoever is in charge of the customer, and goes along when that changes (RO-5)."""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    """The customer's team."""
    day: Mapped[date]
    """For which day it is planned; afterwards on which day it was."""
    planned_for: Mapped[date | None]
    """The day of the first plan; None for a visit that was not planned."""
    state: Mapped[str] = mapped_column(default=PLANNED)
    purpose: Mapped[str] = mapped_column(default="regular")
    """A code of `choices.visit_purpose`."""
    aim: Mapped[str] = mapped_column(Text, default="")
    """What is to be done there."""
    due_since: Mapped[date | None]
    """From which day it was due by the frequency that held when it was planned; `NEVER` for a first visit, None where none was due."""
    yearly: Mapped[int] = mapped_column(default=0)
    rhythm_version: Mapped[int] = mapped_column(default=0)
    """Visits a year and the version of their standard, as they held when it was planned (ST-2)."""
    attempts: Mapped[int] = mapped_column(default=0)
    arrived_at: Mapped[datetime | None]
    met: Mapped[str] = mapped_column(default="")
    review: Mapped[str] = mapped_column(Text, default="")
    effect: Mapped[str] = mapped_column(Text, default="")
    needs: Mapped[str] = mapped_column(Text, default="")
    next_step: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(default="")
    """Why it was cancelled, or nobody was met."""
    done_at: Mapped[datetime | None]
    report_id: Mapped[int | None] = mapped_column(ForeignKey("visit_report.id", ondelete="SET NULL"), index=True)
    """The daily report in which it stands."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    staff: Mapped[Staff] = relationship(foreign_keys=[staff_id])
    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])
    report: Mapped[VisitReport | None] = relationship()
    tries: Mapped[list[VisitAttempt]] = relationship(order_by="VisitAttempt.id", passive_deletes=True, back_populates="visit")

    __table_args__ = (
        # One plan for a customer at a time, however many plan at the same moment.
        Index("uq_visit_planned", "customer_id", unique=True, sqlite_where=_PLANNED, postgresql_where=_PLANNED),
        *(Index(f"ix_visit_{scope}", f"{scope}_id", "state", "day", "id", "purpose") for scope in ("staff", "team")),
        Index("ix_visit_state", "state", "day", "id", "purpose"),
        Index(None, "customer_id", "state", "day"),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Visit]:
        """Return the visits to customers in scope, and those that `user` makes (roles.md)."""
        query = select(cls)
        if user.is_manager:
            return query
        return query.where(or_(cls.staff_id == user.id, exists().where(Customer.id == cls.customer_id, customer_scope(user))))

    @property
    def label(self) -> str:
        """Return what the log calls it."""
        return self.day.isoformat()

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/visits/{self.id}"

    @property
    def is_overdue(self) -> bool:
        """Return whether its day has passed and nobody said what came of it."""
        return self.state == PLANNED and self.day < clock.today()

    @property
    def sheet(self) -> dict[str, str]:
        """Return its texts by their titles (message ids), those that say something."""
        return {title: text for name, title in rules.SHEET.items() if (text := getattr(self, name))}

    # --- who may -------------------------------------------------------------------------------------------------------------

    def can_write(self, user: Staff) -> bool:
        """Return whether `user` may write what came of it: who goes, while the day's report is not submitted."""
        return self.state == PLANNED and user.may(Permission.VISIT_WORK) and self.staff_id == user.id

    def can_move(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may move or cancel it: who goes, who is in charge, and supervisors and managers."""
        mine = user.id in (self.staff_id, self.customer.owner_id) or user.may(Permission.VISIT_PLAN)
        return self.state == PLANNED and user.may(Permission.VISIT_WORK) and mine

    def can_correct(self, user: Staff) -> bool:
        """Return whether `user` may correct its sheet, or take it back: who went, while the day's report is with them."""
        if self.state not in (DONE, MISSED) or self.staff_id != user.id or not user.may(Permission.VISIT_WORK):
            return False
        return self.report is None or self.report.is_with(user)

    # --- planning ------------------------------------------------------------------------------------------------------------

    @classmethod
    def plan(
        cls, customer: Customer, day: date | None, *, staff: Staff, purpose: str = "regular", aim: str = "", by: Staff, told: bool = True
    ) -> Visit:
        """Plan a visit of `staff` for a day and return it, flushed. Raises `Refusal` with the field (day, staff, purpose, aim)."""
        ensure_visited(customer)
        checks.ensure(checks.of_plan(day, purpose, aim))
        on = checks.check_day(day)
        ensure_may_go(staff, by)
        since, yearly, version = due_of(customer)
        visit = cls(
            customer_id=customer.id, customer=customer, staff_id=staff.id, follows_owner=staff.id == customer.owner_id,
            team_id=customer.team_id, day=on, planned_for=on, purpose=purpose, aim=aim, due_since=since, yearly=yearly,
            rhythm_version=version, created_by_id=by.id,
        )  # fmt: skip
        try:
            with db.session.begin_nested():
                db.session.add(visit)
        except IntegrityError as error:
            raise Refusal("A visit to %(customer)s is planned already.", field="day", customer=customer.full_name) from error
        audit.write("change", "visit-planned", actor=by, record=visit, label=visit.label, reason=aim[: rules.LONGEST_LINE], who=staff.name)
        if told and staff.id != by.id:
            said = {"name": by.name, "customer": customer.full_name, "day": on.isoformat()}
            text = N_("%(name)s has planned a visit of yours to %(customer)s on %(day)s.")
            notify(staff, Message(text, said), link=visit.link)
        return visit

    def move(self, day: date | None, *, reason: str, by: Staff, version: int) -> None:
        """Put it on another day, with the reason kept. Raises `Refusal` with the field (day, reason), `StateConflict`."""
        self._ensure(self.can_move(by), version)
        checks.ensure(checks.of_move(day, reason, self.day))
        on, before = checks.check_day(day), self.day
        self._step({"day": on, "arrived_at": None})
        self._tried(MOVED, before, by, note=reason, to_day=on)
        changes = [{"field": "day", "old": before.isoformat(), "new": on.isoformat()}]
        audit.write("change", "visit-moved", actor=by, record=self, label=self.label, changes=changes, reason=reason)

    def cancel(self, *, reason: str, by: Staff, version: int) -> None:
        """Give it up. Raises `Refusal` without a reason, `StateConflict`."""
        self._ensure(self.can_move(by), version)
        if not reason:
            raise Refusal("Say why.", field="reason")
        self._step({"state": CANCELLED, "reason": reason[: rules.LONGEST_LINE], "done_at": clock.now()})
        audit.write("change", "visit-cancelled", actor=by, record=self, label=self.label, reason=reason)

    def assign(self, to: Staff, *, by: Staff, version: int) -> None:
        """Let somebody else go. Raises `Refusal` (field `staff`), `StateConflict`."""
        self._ensure(self.can_move(by) and by.may(Permission.VISIT_PLAN), version)
        ensure_may_go(to, by)
        changes = [{"field": "staff", "old": self.staff.name, "new": to.name}]
        self._step({"staff_id": to.id, "follows_owner": to.id == self.customer.owner_id, "arrived_at": None})
        audit.write("change", "visit-assigned", actor=by, record=self, label=self.label, changes=changes)
        if to.id != by.id:
            said = {"name": by.name, "customer": self.customer.full_name, "day": self.day.isoformat()}
            notify(to, Message(N_("%(name)s has given you a visit to %(customer)s on %(day)s."), said), link=self.link)

    # --- on the day ----------------------------------------------------------------------------------------------------------

    def arrive(self, *, by: Staff, version: int) -> None:
        """Note that one is there. Raises `Refusal` before its day, `StateConflict` unless it is planned and one has not arrived."""
        self._ensure(self.can_write(by) and self.arrived_at is None, version)
        if self.day > clock.today():
            raise Refusal("It is planned for %(day)s. Move it first if you are there today.", day=self.day.isoformat())
        self._step({"arrived_at": clock.now()})
        audit.write("change", "visit-arrived", actor=by, record=self, label=self.label)

    def finish(self, sheet: Sheet, *, on: date | None, by: Staff, version: int) -> None:
        """Write down what came of it, on its day or another one that has been (today by default).

        Raises `Refusal` with the field, `StateConflict`.
        """
        self._ensure(self.can_write(by), version)
        checks.ensure(checks.of_sheet(sheet, on, self.purpose))
        day = checks.check_past(on)
        report = VisitReport.open_for(by, day)
        self._step({**sheet._asdict(), "state": DONE, "day": day, "done_at": clock.now(), "report_id": report.id})
        self._visited(day)
        audit.write("change", "visited", actor=by, record=self, label=self.label, reason=_gist(sheet))

    def miss(self, note: str, *, on: date | None = None, to_day: date | None = None, by: Staff, version: int) -> None:
        """Keep that nobody was met, and put the visit on another day, or let it be where none is given.

        Raises `Refusal` with the field (note, later_on), `StateConflict`.
        """
        self._ensure(self.can_write(by), version)
        checks.ensure(checks.of_miss(note, on, to_day))
        day, later = checks.check_past(on), to_day
        report = VisitReport.open_for(by, day)
        change: dict[str, Any] = {"attempts": self.attempts + 1, "arrived_at": None}
        if later is None:
            change |= {"state": MISSED, "day": day, "reason": note[: rules.LONGEST_LINE], "done_at": clock.now(), "report_id": report.id}
        else:
            change |= {"day": later}
        self._step(change)
        self._tried(NOT_MET, day, by, note=note, to_day=later, report=report)
        audit.write("change", "visit-missed", actor=by, record=self, label=self.label, reason=note)

    @classmethod
    def record(cls, customer: Customer, sheet: Sheet, *, on: date | None, by: Staff) -> Visit:
        """Write down a visit that was not planned and return it, flushed; one that is planned is finished by it. Raises `Refusal`."""
        ensure_visited(customer)
        planned = planned_for(customer.id)
        if planned is not None and planned.can_write(by):
            planned.finish(sheet, on=on, by=by, version=planned.version)
            return planned
        checks.ensure(checks.of_sheet(sheet, on))
        day = checks.check_past(on)
        report = VisitReport.open_for(by, day)
        visit = cls(
            customer_id=customer.id, customer=customer, staff_id=by.id, follows_owner=by.id == customer.owner_id, team_id=customer.team_id,
            day=day, state=DONE, done_at=clock.now(), report_id=report.id, created_by_id=by.id, **sheet._asdict(),
        )  # fmt: skip
        db.session.add(visit)
        db.session.flush()
        visit._visited(day)
        audit.write("change", "visited", actor=by, record=visit, label=visit.label, reason=_gist(sheet))
        return visit

    def correct(self, sheet: Sheet, *, by: Staff, version: int) -> None:
        """Correct the sheet while the day's report is with who wrote it. Raises `Refusal` with the field, `StateConflict`."""
        self._ensure(self.can_correct(by) and self.state == DONE, version)
        checks.ensure(checks.of_sheet(sheet, None, self.purpose))
        changes = [
            {"field": name, "old": getattr(self, name), "new": value}
            for name, value in sheet._asdict().items()
            if getattr(self, name) != value
        ]
        if changes:
            self._step(sheet._asdict(), state=DONE)
            audit.write("change", "visit-corrected", actor=by, record=self, label=self.label, changes=changes)

    def take_back(self, *, by: Staff, version: int) -> None:
        """Plan it again, for today: it was written down by mistake. Promises made in it stay. Raises `Refusal`, `StateConflict`."""
        self._ensure(self.can_correct(by), version)
        ensure_visited(self.customer)
        other = planned_for(self.customer_id)
        if other is not None:
            raise Refusal("A visit to %(customer)s is planned already.", customer=self.customer.full_name)
        report, before = self.report, self.state
        values: dict[str, Any] = dict.fromkeys((*rules.SHEET, "met", "reason"), "")
        today = clock.today()
        values |= {"state": PLANNED, "day": today, "done_at": None, "arrived_at": None, "report_id": None}
        self._step({**values, "planned_for": self.planned_for or today}, state=before)
        for one in self.tries:
            if one.report_id is not None and before == MISSED:
                one.report_id = None
        db.session.flush()
        count_visited([self.customer_id])
        if report is not None:
            report.drop_if_empty()
        audit.write("change", "visit-taken-back", actor=by, record=self, label=self.label)

    # --- parts ---------------------------------------------------------------------------------------------------------------

    def _ensure(self, allowed: bool, version: int) -> None:
        if not allowed or self.version != version:
            raise StateConflict(f"visit {self.id}")

    def _step(self, change: dict[str, Any], *, state: str = PLANNED) -> None:
        transition(self, expect={"state": state, "version": self.version}, change={**change, "version": self.version + 1})

    def _tried(self, outcome: str, day: date, by: Staff, *, note: str, to_day: date | None, report: VisitReport | None = None) -> None:
        db.session.add(
            VisitAttempt(
                visit_id=self.id, outcome=outcome, day=day, note=note[: rules.LONGEST_LINE], to_day=to_day, by_id=by.id,
                report_id=report.id if report else None,
            )
        )  # fmt: skip
        db.session.flush()
        db.session.expire(self, ["tries"])

    def _visited(self, day: date) -> None:
        step = update(Customer).where(Customer.id == self.customer_id, Customer.visited_on < day).values(visited_on=day)
        # A visit is no change of the card, and leaves its version alone.
        db.session.execute(step, execution_options={"synchronize_session": False})
        db.session.expire(self.customer, ["visited_on"])
        contacted(self.customer, day)


class VisitAttempt(Base):
    """A visit that did not come about on its day: nobody was met, or it was moved; never changed."""

    __tablename__ = "visit_attempt"

    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id", ondelete="CASCADE"))
    outcome: Mapped[str]
    day: Mapped[date]
    note: Mapped[str] = mapped_column(default="")
    to_day: Mapped[date | None]
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("visit_report.id", ondelete="SET NULL"), index=True)
    """The daily report in which it stands."""

    visit: Mapped[Visit] = relationship(back_populates="tries")
    by: Mapped[Staff] = relationship()

    __table_args__ = (Index(None, "visit_id", "id"),)


# --- rules with the records ----------------------------------------------------------------


def ensure_visited(customer: Customer) -> None:
    """Raise `Refusal` where nobody visits a customer: dealings have ended, or the record was merged."""
    if customer.state not in VISITED:
        raise Refusal("Dealings with this customer have ended; it is not visited.", field="customer")


def people(by: Staff) -> list[tuple[int, str]]:
    """Return whom `by` may send: themselves; a supervisor the team, a manager everybody who is active."""
    if not by.may(Permission.VISIT_PLAN):
        return [(by.id, by.name)]
    query = select(Staff.id, Staff.name).where(Staff.in_office).order_by(Staff.name, Staff.id)
    if not by.is_manager:
        query = query.where(or_(Staff.team_id == by.team_id, Staff.id == by.id))
    return [(row[0], row[1]) for row in db.session.execute(query)]


def ensure_may_go(staff: Staff, by: Staff) -> None:
    """Raise `Refusal` (field `staff`) unless `by` may send `staff`."""
    if not staff.in_office:
        raise Refusal("The account of %(name)s is deactivated.", field="staff", name=staff.name)
    if by.is_manager or staff.id == by.id:
        return
    if not by.may(Permission.VISIT_PLAN) or by.team_id is None or staff.team_id != by.team_id:
        raise Refusal("Choose somebody of your team.", field="staff")


def _gist(sheet: Sheet) -> str:
    return next((text for text in (sheet.needs, sheet.review, sheet.effect, sheet.next_step) if text), "")[: rules.LONGEST_LINE]


def planned_for(customer_id: int) -> Visit | None:
    """Return the visit that is planned to a customer, None where none is."""
    return db.session.scalar(select(Visit).where(Visit.customer_id == customer_id, sql("visit.state = 'planned'")))


def rhythm(state: str, grade: str) -> str:
    """Return the name of the standard that says how often customers of a state and grade are visited."""
    return f"visit.yearly.{rules.PROSPECT if state == CustomerState.PROSPECT else grade or 'none'}"


def due_of(customer: Customer) -> tuple[date | None, int, int]:
    """Return since when a customer is due by the frequency in force (`NEVER`: a first visit, None: not yet), visits a year, version."""
    held = in_force(rhythm(customer.state, customer.grade))
    if not held.value or customer.state not in VISITED:
        return None, held.value, held.version
    day = NEVER if customer.visited_on == NEVER else rules.due_on(customer.visited_on, held.value)
    return (day if day is not None and day <= clock.today() else None), held.value, held.version


def count_visited(customer_ids: Collection[int]) -> None:
    """Bring the day of the last visit of some customers into step with their visits."""
    newest = select(func.max(Visit.day)).where(Visit.customer_id == Customer.id, Visit.state == DONE).correlate(Customer)
    values = {"visited_on": func.coalesce(newest.scalar_subquery(), literal(NEVER, Date))}
    db.session.flush()
    step = update(Customer).where(Customer.id.in_(customer_ids)).values(values)
    db.session.execute(step, execution_options={"synchronize_session": False})
    for one in list(db.session.identity_map.values()):
        if isinstance(one, Customer) and one.id in customer_ids:
            db.session.expire(one, ["visited_on"])


def of_customer(customer_id: int, limit: int = 100) -> list[Visit]:
    """Return the visits to a customer: the one that is planned first, then the newest."""
    query = select(Visit).where(Visit.customer_id == customer_id)
    coming = query.where(Visit.state == PLANNED)
    past = query.where(Visit.state != PLANNED).order_by(Visit.day.desc(), Visit.id.desc()).limit(limit)
    return [*db.session.scalars(coming), *db.session.scalars(past)]


def last_of(customer_ids: Collection[int]) -> dict[int, Visit]:
    """Return the last visit that was made to each of a few customers: for each one step in the index, in one statement."""
    other = aliased(Visit)
    newest = select(other.id).where(other.customer_id == Customer.id, other.state == DONE)
    newest = newest.order_by(other.day.desc(), other.id.desc()).limit(1).correlate(Customer)
    ids = list(db.session.scalars(select(newest.scalar_subquery()).select_from(Customer).where(Customer.id.in_(customer_ids))))
    found = select(Visit).where(Visit.id.in_([one for one in ids if one is not None]))
    return {one.customer_id: one for one in db.session.scalars(found)}


history.stream("visits", N_("Visits to customers"), kinds=("change",), record_types=("Visit", "ThankYouLetter"))
for _name, _title in (
    ("visit-planned", N_("Visit planned")),
    ("visit-moved", N_("Visit moved")),
    ("visit-cancelled", N_("Visit cancelled")),
    ("visit-assigned", N_("Visit given to somebody else")),
    ("visit-arrived", N_("Arrived at the customer")),
    ("visited", N_("Customer visited")),
    ("visit-missed", N_("Nobody met on a visit")),
    ("visit-corrected", N_("Sheet of a visit corrected")),
    ("visit-taken-back", N_("Visit planned again")),
    ("visit-filed", N_("Extract of the daily report filed")),
):
    history.action("Visit", _name, _title)
