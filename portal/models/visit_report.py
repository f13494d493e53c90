"""The daily report of visits 客户访问日报 (SV-20): one for each person and day, from the visits of that day.

Its lines are the visits and the attempts of the day; it adds a word on the day as a whole. It is with who wrote it until it is submitted,
and is read by a supervisor with a word, or sent back. An information report is of one customer and is read by their team's supervisor
(`report_notes.py`); this one is of a person's day, so that it keeps its words itself, by the same names.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, Select, Text, and_, exists, func, or_, select
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models.calendar import site_calendar
from portal.models.customer import Customer
from portal.models.notice import notify
from portal.models.report_fields import DRAFT, NOTE, READ, READING, RETURN, RETURNED, SUBMITTED
from portal.models.report_fields import NOTES as WORDS
from portal.models.report_fields import STATES as ALL_STATES
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission, Role
from portal.rules import visits as rules
from portal.rules.message import N_, Message, Refusal

if TYPE_CHECKING:
    from portal.models.visit import Visit, VisitAttempt

STATES = {name: ALL_STATES[name] for name in (DRAFT, SUBMITTED, RETURNED, READ)}
_OPEN = sql("state IN ('draft', 'returned')")
_UNREAD = sql("state = 'submitted'")


class VisitReport(Base):
    """One report: draft → submitted → read, or returned to be submitted again."""

    __tablename__ = "visit_report"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    """The team in which its author was on the day."""
    day: Mapped[date]
    due_on: Mapped[date]
    """Until when it is submitted, by the standard that held on its day (ST-2)."""
    state: Mapped[str] = mapped_column(default=DRAFT)
    remarks: Mapped[str] = mapped_column(Text, default="")
    """On the day as a whole."""
    submitted_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    staff: Mapped[Staff] = relationship()
    words: Mapped[list[VisitReportWord]] = relationship(order_by="VisitReportWord.id", passive_deletes=True)

    __table_args__ = (
        Index("uq_visit_report_day", "staff_id", "day", unique=True),
        Index(None, "day", "id"),
        Index(None, "team_id", "day", "id"),
        Index("ix_visit_report_open", "staff_id", "day", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_visit_report_unread", "team_id", "day", "staff_id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[VisitReport]:
        """Return one's own reports, a supervisor's team's, a manager's all; which of its lines are shown is asked by `lines`."""
        query = select(cls)
        if user.is_manager:
            return query
        if user.is_supervisor and user.team_id is not None:
            return query.where(or_(cls.staff_id == user.id, cls.team_id == user.team_id))
        return query.where(cls.staff_id == user.id)

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return f"{self.staff.name} {self.day.isoformat()}"

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/visits/reports/{self.id}"

    @property
    def sent_back(self) -> VisitReportWord | None:
        """Return the word with which it was sent back, None where it does not lie with its author for that."""
        return next((one for one in reversed(self.words) if one.kind == RETURN), None) if self.state == RETURNED else None

    # --- who may -------------------------------------------------------------------------------------------------------------

    def is_with(self, user: Staff) -> bool:
        """Return whether it is the own report of `user`, not submitted or sent back."""
        return self.staff_id == user.id and self.state in (DRAFT, RETURNED)

    def can_withdraw(self, user: Staff) -> bool:
        """Return whether `user` may take it back: their own, which nobody has read yet."""
        return self.staff_id == user.id and self.state == SUBMITTED

    def can_read(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, reads it for the office: never their own (RO-3)."""
        return self.state == SUBMITTED and self.staff_id != user.id and user.may(Permission.REPORT_JUDGE)

    def readers(self) -> list[Staff]:
        """Return who is to read it: the supervisors of the author's team, managers where there are none."""
        query = select(Staff).where(Staff.in_office, Staff.id != self.staff_id).order_by(Staff.id)
        mine = query.where(Staff.role == Role.SUPERVISOR.value, Staff.team_id == self.team_id)
        found = list(db.session.scalars(mine)) if self.team_id is not None else []
        return found or list(db.session.scalars(query.where(Staff.role == Role.MANAGER.value)))

    # --- working -------------------------------------------------------------------------------------------------------------

    @classmethod
    def open_for(cls, staff: Staff, day: date) -> VisitReport:
        """Return the report of a person and day, begun where there is none. Raises `Refusal` (field `on`) where it is submitted."""
        found = cls.of_day(staff.id, day)
        if found is None:
            due_on = site_calendar().add_working_days(day, standard("visit.report_days"))
            found = cls(staff_id=staff.id, team_id=staff.team_id, day=day, due_on=due_on)
            try:
                with db.session.begin_nested():
                    db.session.add(found)
            except IntegrityError:  # begun by another page of the same person at this moment
                found = cls.of_day(staff.id, day)
        if found is None or not found.is_with(staff):
            raise Refusal("The report of %(day)s is submitted. Take it back, or have it sent back.", field="on", day=day.isoformat())
        return found

    @classmethod
    def of_day(cls, staff_id: int, day: date) -> VisitReport | None:
        """Return the report of a person and day, None where nobody was visited."""
        return db.session.scalar(select(cls).where(cls.staff_id == staff_id, cls.day == day))

    def drop_if_empty(self) -> None:
        """Take the report away where nothing is left of its day and it was never submitted."""
        from portal.models.visit import Visit, VisitAttempt

        left = select(exists().where(Visit.report_id == self.id) | exists().where(VisitAttempt.report_id == self.id))
        if self.state == DRAFT and self.submitted_at is None and not self.remarks and not db.session.scalar(left):
            db.session.delete(self)
            db.session.flush()

    def write(self, remarks: str, *, by: Staff, version: int) -> None:
        """Keep the word on the day as a whole. Raises `Refusal` (field `remarks`), `StateConflict`."""
        self._ensure(self.is_with(by), version)
        if len(remarks) > rules.LONGEST_TEXT:
            raise Refusal("At most %(most)s characters.", field="remarks", most=rules.LONGEST_TEXT)
        self._step({"remarks": remarks})

    def submit(self, *, by: Staff, version: int) -> None:
        """Submit it and tell who reads it. Raises `Refusal` where a visit of the day is open still, `StateConflict`."""
        from portal.models.visit import Visit

        self._ensure(self.is_with(by), version)
        left = Visit.staff_id == by.id, Visit.state == rules.PLANNED, Visit.day == self.day, Visit.arrived_at.is_not(None)
        count = db.session.scalar(select(func.count()).select_from(Visit).where(*left)) or 0
        if count:
            raise Refusal("You have arrived at %(count)s customers of whom nothing is written down yet.", count=count)
        self._step({"state": SUBMITTED, "submitted_at": clock.now(), "read_at": None})
        audit.write("change", "visit-report-submitted", actor=by, record=self, label=self.label)
        said = {"name": by.name, "day": self.day.isoformat()}
        for reader in self.readers():
            notify(reader, Message(N_("%(name)s has submitted the daily report of %(day)s."), said), link=self.link)

    def withdraw(self, *, by: Staff, version: int) -> None:
        """Take it back before anybody has read it. Raises `StateConflict`."""
        self._ensure(self.can_withdraw(by), version)
        self._step({"state": DRAFT, "submitted_at": None})
        audit.write("change", "visit-report-withdrawn", actor=by, record=self, label=self.label)

    def offered(self, user: Staff) -> tuple[str, ...]:
        """Return which words `user`, who sees it, may add now."""
        if self.can_read(user):
            return READING, RETURN
        return (NOTE,) if self.state == READ else ()

    def say(self, kind: str, text: str, *, by: Staff, version: int) -> None:
        """Add a word: read and noted, sent back, or a further note; tell the others. Raises `Refusal` (field `text`), `StateConflict`."""
        self._ensure(kind in self.offered(by), version)
        if not text and kind != READING:
            raise Refusal(N_("Say what is to be changed.") if kind == RETURN else N_("Write what is to be added."), field="text")
        if len(text) > rules.LONGEST_TEXT:
            raise Refusal("At most %(most)s characters.", field="text", most=rules.LONGEST_TEXT)
        moment = clock.now()
        steps: dict[str, dict[str, Any]] = {READING: {"state": READ, "read_at": moment}, RETURN: {"state": RETURNED}}
        self._step(steps.get(kind, {}))
        db.session.add(VisitReportWord(report_id=self.id, kind=kind, text=text, by_id=by.id, at=moment))
        db.session.flush()
        db.session.expire(self, ["words"])
        audit.write("change", f"visit-report-{kind}", actor=by, record=self, label=self.label, reason=text[: rules.LONGEST_LINE])
        told = {
            READING: N_("%(name)s has read your daily report of %(day)s."),
            RETURN: N_("%(name)s has sent your daily report of %(day)s back."),
            NOTE: N_("%(name)s has added a note to the daily report of %(day)s."),
        }[kind]
        for person in [self.staff] if by.id != self.staff_id else self.readers():
            if person.active:
                notify(person, Message(told, {"name": by.name, "day": self.day.isoformat()}), link=self.link)

    def _ensure(self, allowed: bool, version: int) -> None:
        if not allowed or self.version != version:
            raise StateConflict(f"visit report {self.id}")

    def _step(self, change: dict[str, Any]) -> None:
        transition(self, expect={"state": self.state, "version": self.version}, change={**change, "version": self.version + 1})


class VisitReportWord(Base):
    """What somebody said of a daily report; never changed."""

    __tablename__ = "visit_report_word"

    report_id: Mapped[int] = mapped_column(ForeignKey("visit_report.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    """READING, RETURN or NOTE of `report_fields`."""
    text: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)

    by: Mapped[Staff] = relationship()

    @property
    def title(self) -> str:
        """Return the message id of what it is."""
        return WORDS[self.kind]


class WholeReport:
    """The daily reports of which a reader sees every line: only these are printed, for paper has one content (RO-1)."""

    id = VisitReport.id

    @classmethod
    def visible_to(cls, user: Staff) -> Select[VisitReport]:
        """Return the reports in scope none of whose customers is out of it."""
        from portal.models.visit import Visit, VisitAttempt

        query = VisitReport.visible_to(user)
        if user.is_manager:
            return query
        hidden = and_(Customer.id == Visit.customer_id, ~customer_scope(user))
        visits = exists().where(Visit.report_id == VisitReport.id, hidden)
        tries = exists().where(VisitAttempt.report_id == VisitReport.id, Visit.id == VisitAttempt.visit_id, hidden)
        return query.where(or_(VisitReport.staff_id == user.id, and_(~visits, ~tries)))


def lines(report: VisitReport, user: Staff | None = None) -> tuple[list[Visit], list[VisitAttempt], int]:
    """Return visits and attempts of a report that `user` sees (all without one), and how many lines are out of their scope."""
    from portal.models.visit import Visit, VisitAttempt

    visits = select(Visit).where(Visit.report_id == report.id).options(joinedload(Visit.customer)).order_by(Visit.done_at, Visit.id)
    tries = select(VisitAttempt).where(VisitAttempt.report_id == report.id).order_by(VisitAttempt.id)
    tries = tries.options(joinedload(VisitAttempt.visit).joinedload(Visit.customer))
    found, tried = list(db.session.scalars(visits)), list(db.session.scalars(tries))
    # One that was let be after the attempt stands there once, as the attempt.
    found = [one for one in found if one.state == rules.DONE]
    if user is None or user.is_manager or user.id == report.staff_id:
        return found, tried, 0
    wanted = {one.customer_id for one in found} | {one.visit.customer_id for one in tried}
    seen = set(db.session.scalars(Customer.visible_to(user).with_only_columns(Customer.id).where(Customer.id.in_(wanted))))
    shown, shown_tries = [one for one in found if one.customer_id in seen], [one for one in tried if one.visit.customer_id in seen]
    return shown, shown_tries, len(found) + len(tried) - len(shown) - len(shown_tries)


for _name, _title in (
    ("visit-report-submitted", N_("Daily report submitted")),
    ("visit-report-withdrawn", N_("Daily report taken back")),
    (f"visit-report-{READING}", N_("Daily report read")),
    (f"visit-report-{RETURN}", N_("Daily report sent back")),
    (f"visit-report-{NOTE}", N_("Note added to a daily report")),
):
    history.action("VisitReport", _name, _title)
