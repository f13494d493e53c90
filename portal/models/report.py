"""Salespeople's information reports 信息报告 (AR-22): urgent ones, which reach supervisor and managers at once, and periodic ones.

What a report says stands in `data` by the fields of its kind (`report_fields.py`). Whatever comes after it is added as a note and never
changed: further notes of the author, that it was read, instructions, why it was sent back, the conclusion. An urgent report is written
once; a periodic one is a draft until it is submitted, and there is one for each customer and period.

What people add is in `report_notes.py`, which reports are owed and what waits for whom in `report_due.py` and `report_desk.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Text, and_, delete, exists, not_, select
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, StateConflict, db, transition
from portal.models import audit, card, history
from portal.models.approval_authors import DocumentAuthor, note_author
from portal.models.customer import Customer, CustomerState
from portal.models.dossier import ArchiveDocument
from portal.models.report_fields import DRAFT, FIELDS, NOTES, OPEN, PERIODIC, RETURNED, SUBMITTED, URGENT
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.permissions import Permission, Role
from portal.rules.grams import fold
from portal.rules.message import N_, Message, Refusal
from portal.rules.periods import Period

NAME = "report"
"""Under this name the authors of reports stand in `document_author`."""
_OF_PERIOD = sql("kind = 'periodic'")
_UNREAD = sql("read_at IS NULL AND submitted_at IS NOT NULL")
_UNREAD_BY_MANAGERS = sql("manager_read_at IS NULL AND kind = 'urgent'")
_BACK = sql("state = 'returned'")


class InformationReport(HangsOnCustomer, Base):
    """One report on a customer, urgent (open → closed) or periodic (draft → submitted → read, or sent back)."""

    __tablename__ = "information_report"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """urgent | periodic"""
    period: Mapped[str] = mapped_column(default="")
    """Code of a periodic report's period (`rules/periods.py`)."""
    dated_on: Mapped[date]
    """The day on which it happened, or the last day of the period."""
    title: Mapped[str] = mapped_column(default="")
    """What happened, in one line."""
    data: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """Field → plain data (`Field.text`)."""
    search_text: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    """Who wrote it; of a periodic one who submitted it last."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    submitted_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    """When the supervisor of the customer's team has read it, or who reads in their place."""
    manager_read_at: Mapped[datetime | None]
    """When a manager has read it: urgent ones are read on both levels."""
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    author: Mapped[Staff] = relationship()
    notes: Mapped[list[ReportNote]] = relationship(
        back_populates="report", order_by="ReportNote.id", cascade="all, delete-orphan", passive_deletes=True
    )

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("uq_information_report_period", "customer_id", "period", unique=True, sqlite_where=_OF_PERIOD, postgresql_where=_OF_PERIOD),
        Index(None, "dated_on", "id"),
        Index(None, "customer_id", "dated_on", "id"),
        Index("ix_information_report_unread", "id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
        Index("ix_information_report_managers", "id", sqlite_where=_UNREAD_BY_MANAGERS, postgresql_where=_UNREAD_BY_MANAGERS),
        Index("ix_information_report_back", "author_id", "id", sqlite_where=_BACK, postgresql_where=_BACK),
    )

    # --- what it is ----------------------------------------------------------------------------------------------------

    @property
    def fields(self) -> tuple[card.Field, ...]:
        """Return the fields of its kind."""
        return FIELDS[self.kind]

    @property
    def heading(self) -> Message:
        """Return what it is called: what happened, or which period it is about."""
        period = Period.read(self.period)
        return period.title if period else Message("%(value)s", {"value": self.title})

    @property
    def label(self) -> str:
        """Return what the log calls it."""
        return self.period or self.title

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/reports/{self.id}"

    def as_record(self) -> SimpleNamespace:
        """Return the report as forms take a record: its version, and each field as plain data."""
        return SimpleNamespace(version=self.version, **{one.name: self.data.get(one.name, "") for one in self.fields})

    # --- whose it is ---------------------------------------------------------------------------------------------------

    def is_own(self, user: Staff) -> bool:
        """Return whether it is the own work of `user`: who wrote at it neither reads it for the office nor instructs (RO-3)."""
        return user.id == self.author_id or bool(
            db.session.scalar(select(exists().where(*_author_rows([self.id]), DocumentAuthor.staff_id == user.id)))
        )

    def level_of(self, user: Staff) -> str:
        """Return for which level `user` reads it: manager, supervisor of the customer's team, or '' for neither."""
        if not user.may(Permission.REPORT_JUDGE) or self.is_own(user):
            return ""
        if user.is_manager:
            return Role.MANAGER.value
        return Role.SUPERVISOR.value if user.team_id is not None and user.team_id == self.customer.team_id else ""

    def readers(self, role: Role) -> list[Staff]:
        """Return who reads it for a level: the supervisors of the customer's team, or all managers; never its authors."""
        query = select(Staff).where(Staff.active, Staff.role == role.value).order_by(Staff.id)
        if role == Role.SUPERVISOR:
            if self.customer.team_id is None:
                return []
            query = query.where(Staff.team_id == self.customer.team_id)
        return [one for one in db.session.scalars(query) if not self.is_own(one)]

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may change it now: a periodic report that is not submitted, or came back."""
        return self.state in (DRAFT, RETURNED) and user.may(Permission.REPORT_WRITE)

    def can_discard(self, user: Staff) -> bool:
        """Return whether `user` may take the draft away: their own, never submitted."""
        return self.state == DRAFT and self.submitted_at is None and self.author_id == user.id

    # --- an urgent report ----------------------------------------------------------------------------------------------

    @classmethod
    def tell(cls, customer: Customer, values: Mapping[str, Any], *, by: Staff) -> InformationReport:
        """Write an urgent report and return it, flushed. It reaches its readers by `report_notes.announce`. Raises `Refusal`."""
        ensure_reportable(customer)
        _ensure_complete(URGENT, values)
        day: date = values["happened_on"]
        if day > clock.today():
            raise Refusal("What is reported has happened: the day cannot lie ahead.", field="happened_on")
        moment = clock.now()
        report = cls(
            customer_id=customer.id, kind=URGENT, dated_on=day, title=values["title"], state=OPEN, author_id=by.id,
            created_at=moment, submitted_at=moment,
        )  # fmt: skip
        report._set(values)
        db.session.add(report)
        note_author(NAME, report, by)
        audit.write("change", "report-urgent", actor=by, record=report, label=report.label)
        return report

    # --- a periodic report ---------------------------------------------------------------------------------------------

    @classmethod
    def of_period(cls, customer: Customer, period: Period) -> InformationReport | None:
        """Return the customer's report of a period, None where nobody began it."""
        query = select(cls).where(cls.customer_id == customer.id, cls.kind == PERIODIC, cls.period == period.code)
        return db.session.scalar(query)

    @classmethod
    def begin(cls, customer: Customer, period: Period, values: Mapping[str, Any], *, by: Staff) -> InformationReport:
        """Begin the report of a period and return the draft, flushed. Raises `Refusal`, and `StateConflict` where there is one already."""
        ensure_reportable(customer)
        if period.first > clock.today():
            raise Refusal("This period has not begun yet.", field="period")
        if cls.of_period(customer, period) is not None:
            raise StateConflict(f"report of customer {customer.id} for {period.code}")
        report = cls(
            customer_id=customer.id, kind=PERIODIC, period=period.code, dated_on=period.last, state=DRAFT, author_id=by.id
        )  # fmt: skip
        report._set(values)
        try:
            with db.session.begin_nested():
                db.session.add(report)
        except IntegrityError as error:
            raise StateConflict(f"report of customer {customer.id} for {period.code}") from error
        note_author(NAME, report, by)
        audit.write("change", "report-begun", actor=by, record=report, label=report.label)
        return report

    def edit(self, values: Mapping[str, Any], *, by: Staff) -> list[dict[str, Any]]:
        """Change the draft and return what really changed, as [{field, old, new}]. Raises `Refusal` where it is no draft any more."""
        if not self.can_edit(by):
            raise Refusal("A report that was submitted stays as it is. Add a note to it.")
        before = dict(self.data)
        self._set(values)
        changes = [
            {"field": one.name, "old": before.get(one.name, ""), "new": self.data.get(one.name, "")}
            for one in self.fields
            if before.get(one.name, "") != self.data.get(one.name, "")
        ]
        if changes:
            note_author(NAME, self, by)
            audit.write("change", "report-changed", actor=by, record=self, label=self.label, changes=changes)
        return changes

    def submit(self, *, by: Staff) -> None:
        """Submit a periodic report; it reaches its reader by `report_notes.announce`. Raises `Refusal` naming what is missing,
        `StateConflict` where somebody else did it.
        """
        if not self.can_edit(by):
            raise StateConflict(f"report {self.id}")
        _ensure_complete(PERIODIC, {one.name: one.read(self.data.get(one.name, "")) for one in self.fields})
        note_author(NAME, self, by)
        transition(
            self,
            expect={"state": [DRAFT, RETURNED], "version": self.version},
            change={
                "state": SUBMITTED, "submitted_at": clock.now(), "author_id": by.id, "read_at": None, "manager_read_at": None,
                "version": self.version + 1,
            },
        )  # fmt: skip
        audit.write("change", "report-submitted", actor=by, record=self, label=self.label)

    def discard(self, *, by: Staff) -> None:
        """Take a draft away that was never submitted, so that its period is free again. Raises `Refusal`."""
        if not self.can_discard(by):
            raise Refusal("Only a draft that was never submitted is discarded, by who began it.")
        audit.write("change", "report-discarded", actor=by, record=self, label=self.label)
        forget([self.id])

    def _set(self, values: Mapping[str, Any]) -> None:
        texts = {one.name: one.text(values.get(one.name)) for one in self.fields}
        self.data = {name: text for name, text in texts.items() if text != ""}
        self.search_text = "\n".join(fold(str(text)) for text in self.data.values())


class ReportNote(Base):
    """What somebody added to a report; never changed."""

    __tablename__ = "report_note"

    report_id: Mapped[int] = mapped_column(ForeignKey("information_report.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    """A code of `report_fields.NOTES`."""
    level: Mapped[str] = mapped_column(default="")
    """As what it was said: manager, supervisor, or '' for everybody else."""
    text: Mapped[str] = mapped_column(Text, default="")
    document_id: Mapped[int | None] = mapped_column(ForeignKey("archive_document.id"), index=True)
    """What belongs to it, filed in the customer's dossier."""
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)

    report: Mapped[InformationReport] = relationship(back_populates="notes")
    by: Mapped[Staff] = relationship()
    document: Mapped[ArchiveDocument | None] = relationship()

    @property
    def title(self) -> str:
        """Return the message id of what it is."""
        return NOTES[self.kind]


def ensure_reportable(customer: Customer) -> None:
    """Raise `Refusal` where nothing is reported on a customer: merged into another record, or its card erased."""
    if customer.state == CustomerState.MERGED:
        raise Refusal("This record was merged into another one. Change that one.", field="customer")
    history.ensure_not_erased(customer)


def _ensure_complete(kind: str, values: Mapping[str, Any]) -> None:
    for one in FIELDS[kind]:
        if one.required and values.get(one.name) in ("", None):
            raise Refusal("%(field_title)s: this is required.", field=one.name, field_title=Message(one.title))


def not_own(user: Staff) -> ColumnElement[bool]:
    """Return the condition on reports that they are not the own work of `user` (RO-3)."""
    report = InformationReport
    same = (DocumentAuthor.kind_name == NAME, DocumentAuthor.record_id == report.id, DocumentAuthor.staff_id == user.id)
    return and_(report.author_id != user.id, not_(exists().where(*same)))


def _author_rows(ids: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    return DocumentAuthor.kind_name == NAME, DocumentAuthor.record_id.in_(ids)


def forget(ids: Collection[int]) -> None:
    """Delete reports with their notes and authors: a draft that is discarded, or whatever was written of a card that is erased (AR-11)."""
    db.session.execute(delete(DocumentAuthor).where(*_author_rows(ids)), execution_options={"synchronize_session": False})
    for report in db.session.scalars(select(InformationReport).where(InformationReport.id.in_(ids))):
        db.session.delete(report)
    db.session.flush()


def open_urgent(customer_ids: Collection[int]) -> list[InformationReport]:
    """Return the urgent reports on these customers that are not closed."""
    query = select(InformationReport).where(InformationReport.customer_id.in_(customer_ids), InformationReport.kind == URGENT)
    return list(db.session.scalars(query.where(InformationReport.state == OPEN).order_by(InformationReport.id)))


for _action, _title in (
    ("report-urgent", N_("Urgent report")),
    ("report-begun", N_("Periodic report begun")),
    ("report-changed", N_("Draft of a periodic report changed")),
    ("report-submitted", N_("Periodic report submitted")),
    ("report-discarded", N_("Draft of a periodic report discarded")),
    ("report-note", N_("Note added to a report")),
    ("report-read", N_("Report read")),
    ("report-instruction", N_("Instruction on a report")),
    ("report-return", N_("Report sent back")),
    ("report-conclusion", N_("Urgent report closed")),
):
    history.action("InformationReport", _action, _title)
history.stream("reports", N_("Information reports"), kinds=("change",), record_types=("InformationReport",))
