"""Long-term agreements of A customers 长期协议 (RL-4): drafted, revised, filed, running until a day; renewed, or ended.

The papers lie in the customer's dossier: the first file is filed as a document, each later one is a version of it, the signed one last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ForeignKey, Index, Select, Text, select, text
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models.customer import Customer, CustomerState
from portal.models.dossier import FILED as IN_DOSSIER
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules.message import N_, Refusal

DRAFT, FILED, ENDED, GIVEN_UP = "draft", "filed", "ended", "given-up"
STANDINGS = {
    "drafted": (N_("Drafted"), ""),
    "revised": (N_("Revised"), "accent"),
    "to-come": (N_("Filed, not begun"), "accent"),
    "running": (N_("In effect"), "ok"),
    "due": (N_("Runs out soon"), "warn"),
    "run-out": (N_("Run out"), "seal"),
    "renewed": (N_("Renewed"), ""),
    "ended": (N_("Ended"), ""),
    "given-up": (N_("Given up"), ""),
}
"""Words and tones of where an agreement stands on a day (`Agreement.standing`)."""
LONGEST_TITLE, LONGEST_TEXT = 120, 4000
DOCUMENT_KIND = "company"
"""Under which kind its papers are filed unless somebody says otherwise."""
_FILED = text("state = 'filed'")
_TO_RENEW = text("state = 'filed' AND NOT renewed")


class Terms(NamedTuple):
    """What somebody entered of an agreement: the names of the form's fields."""

    title: str
    number: str
    starts_on: date | None
    ends_on: date | None
    terms: str


class Agreement(HangsOnCustomer, Base):
    """One agreement: draft → filed → ended; or given up."""

    __tablename__ = "agreement"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    title: Mapped[str]
    number: Mapped[str] = mapped_column(default="")
    """The number that stands on the paper."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """The last day on which it holds."""
    terms: Mapped[str] = mapped_column(Text)
    """What is agreed: quantities, prices, delivery, support."""
    state: Mapped[str] = mapped_column(default=DRAFT)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("archive_document.id", ondelete="SET NULL"), index=True)
    filed_on: Mapped[date | None]
    filed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id", ondelete="SET NULL"), index=True)
    """The agreement that this one renews."""
    renewed: Mapped[bool] = mapped_column(default=False)
    """Whether one that renews it is filed."""
    ended_on: Mapped[date | None]
    end_reason: Mapped[str] = mapped_column(Text, default="")
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    document: Mapped[ArchiveDocument | None] = relationship()
    previous: Mapped[Agreement | None] = relationship(remote_side="Agreement.id")
    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])
    filed_by: Mapped[Staff | None] = relationship(foreign_keys=[filed_by_id])
    revisions: Mapped[list[AgreementRevision]] = relationship(
        back_populates="agreement", order_by="AgreementRevision.number", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "state", "id"),
        Index("ix_agreement_running", "ends_on", "id", sqlite_where=_FILED, postgresql_where=_FILED),
        Index(
            "ix_agreement_to_renew",
            "ends_on",
            "customer_id",
            "state",
            "renewed",
            sqlite_where=_TO_RENEW,
            postgresql_where=_TO_RENEW,
        ),
    )

    # --- what it is ------------------------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return f"{self.title} · {self.customer.full_name}"

    def standing(self, today: date) -> str:
        """Return where it stands on a day: a code of `STANDINGS`."""
        if self.state == DRAFT:
            return "revised" if len(self.revisions) > 1 else "drafted"
        if self.state != FILED:
            return self.state
        if today > self.ends_on:
            return "renewed" if self.renewed else "run-out"
        if today < self.starts_on:
            return "to-come"
        return "due" if not self.renewed and self.ends_on <= today + timedelta(days=standard("agreement.notice_days")) else "running"

    # --- who may ---------------------------------------------------------------------------------------------------------

    @staticmethod
    def can_begin(customer: Customer, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may draft an agreement: with A customers on the register (RL-4)."""
        return user.may(Permission.AGREEMENT_EDIT) and customer.state == CustomerState.ACTIVE and customer.grade == "A"

    def can_revise(self, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may revise the draft."""
        return user.may(Permission.AGREEMENT_EDIT) and self.state == DRAFT

    def can_file(self, user: Staff) -> bool:
        """Return whether `user` may file it as signed."""
        return user.may(Permission.AGREEMENT_FILE) and self.state == DRAFT

    def can_end(self, user: Staff) -> bool:
        """Return whether `user` may end it before its day, or let it run out for good."""
        return user.may(Permission.AGREEMENT_FILE) and self.state == FILED and not self.renewed

    def can_renew(self, user: Staff) -> bool:
        """Return whether `user` may draft the agreement that follows it."""
        return self.state == FILED and not self.renewed and self.can_begin(self.customer, user)

    # --- writing ---------------------------------------------------------------------------------------------------------

    @classmethod
    def begin(
        cls, customer: Customer, terms: Terms, *, by: Staff, upload: Upload | None = None, previous: Agreement | None = None
    ) -> Agreement:
        """Add a draft with its first revision and return it, flushed. Raises `Refusal` with the field."""
        if not cls.can_begin(customer, by):
            text = N_("Long-term agreements are made with customers of grade A on the register.")
            raise Refusal(text, field="customer")
        if previous is not None and (previous.customer_id != customer.id or not previous.can_renew(by)):
            raise Refusal("The agreement before is renewed already, or does not run.")
        agreement = cls(customer=customer, created_by_id=by.id, previous=previous)
        agreement._set(terms)
        db.session.add(agreement)
        db.session.flush()
        agreement._add_revision("", upload, by)
        audit.write("change", "agreement-drafted", actor=by, record=agreement, label=agreement.label)
        return agreement

    def revise(self, terms: Terms, note: str, *, by: Staff, version: int, upload: Upload | None = None) -> None:
        """Revise the draft and say what changed. Raises `Refusal` with the field, `StateConflict`."""
        if not self.can_revise(by) or version != self.version:
            raise StateConflict(f"agreement {self.id}")
        if not note:
            raise Refusal("Say what was revised, and why.", field="note")
        with db.session.no_autoflush:
            self._set(terms)
        transition(self, expect={"state": DRAFT, "version": version}, change={"version": version + 1})
        self._add_revision(note, upload, by)
        audit.write("change", "agreement-revised", actor=by, record=self, label=self.label, reason=note)

    def _set(self, terms: Terms) -> None:
        for refusal in problems(terms):
            raise refusal
        assert terms.starts_on is not None  # noqa: S101 - said by the problems
        assert terms.ends_on is not None  # noqa: S101
        self.title, self.number, self.terms = terms.title[:LONGEST_TITLE], terms.number, terms.terms[:LONGEST_TEXT]
        self.starts_on, self.ends_on = terms.starts_on, terms.ends_on

    def _add_revision(self, note: str, upload: Upload | None, by: Staff) -> None:
        if upload is not None:
            self._keep_file(upload, note, by, DOCUMENT_KIND, signed=False)
        number = len(self.revisions) + 1
        self.revisions.append(AgreementRevision(number=number, note=note[:LONGEST_TEXT], by_id=by.id, with_file=upload is not None))
        db.session.flush()

    def _keep_file(self, upload: Upload | None, note: str, by: Staff, kind: str, *, signed: bool, on_paper: bool = False) -> None:
        """File the first paper in the dossier, or a later one as its next version (AR-9)."""
        document = self.document
        if document is not None and document.state == IN_DOSSIER and document.approval_id is None:
            if upload is not None:
                document.add_version(upload, by=by, note=note)
            if signed:
                document.change({"kind": kind, "on_paper": document.on_paper or on_paper, "reference": self.number}, by=by)
            return
        values = {"kind": kind, "title": self.title, "dated_on": clock.today(), "on_paper": on_paper, "reference": self.number}
        self.document = ArchiveDocument.file(self.customer, values, upload, by=by)

    def file(
        self, *, by: Staff, filed_on: date | None, kind: str = DOCUMENT_KIND, upload: Upload | None = None, on_paper: bool = False
    ) -> None:
        """File the agreement as signed on a day: from now on it runs. Raises `Refusal` with the field, `StateConflict`.

        The agreement that it renews ends the day before this one begins, where it would run longer.
        """
        if not self.can_file(by):
            raise StateConflict(f"agreement {self.id}")
        if filed_on is None or filed_on > clock.today():
            raise Refusal("Enter the day on which it was signed; it cannot lie ahead.", field="filed_on")
        if upload is None and not on_paper:
            raise Refusal("Choose the signed paper, or say that the original is on paper.", field="file")
        change = {"state": FILED, "filed_on": filed_on, "filed_by_id": by.id, "version": self.version + 1}
        transition(self, expect={"state": DRAFT, "version": self.version}, change=change)
        self._keep_file(upload, "", by, kind, signed=True, on_paper=on_paper)
        before = self.previous
        if before is not None and before.state == FILED:
            last = min(before.ends_on, max(before.starts_on, self.starts_on - timedelta(days=1)))
            transition(before, expect={"state": FILED, "renewed": False}, change={"renewed": True, "ends_on": last})
        db.session.flush()
        audit.write("change", "agreement-filed", actor=by, record=self, label=self.label, effective_on=self.starts_on.isoformat())

    def end(self, *, by: Staff, ended_on: date | None, reason: str) -> None:
        """End it before its day, or note that it has run out and is not renewed. Raises `Refusal` with the field, `StateConflict`."""
        if not self.can_end(by):
            raise StateConflict(f"agreement {self.id}")
        if ended_on is None or ended_on < self.starts_on:
            raise Refusal("Enter the day on which it ends; it lies not before its beginning.", field="ended_on")
        if ended_on > self.ends_on:
            raise Refusal("By itself it ends on %(day)s.", field="ended_on", day=self.ends_on.isoformat())
        if not reason:
            raise Refusal("Say why it ends.", field="reason")
        change = {"state": ENDED, "ended_on": ended_on, "end_reason": reason[:LONGEST_TEXT], "version": self.version + 1}
        transition(self, expect={"state": FILED, "version": self.version}, change=change)
        audit.write("change", "agreement-ended", actor=by, record=self, label=self.label, reason=reason, effective_on=ended_on.isoformat())

    def give_up(self, *, by: Staff) -> None:
        """Let a draft go; its papers stay in the dossier. Raises `StateConflict`."""
        if not self.can_revise(by):
            raise StateConflict(f"agreement {self.id}")
        transition(self, expect={"state": DRAFT, "version": self.version}, change={"state": GIVEN_UP, "version": self.version + 1})
        audit.write("change", "agreement-given-up", actor=by, record=self, label=self.label)


def problems(terms: Terms) -> Iterator[Refusal]:
    """Yield all that keeps an agreement from being drafted so, each with its field."""
    if not terms.title:
        yield Refusal("Give the agreement a name.", field="title")
    if terms.starts_on is None:
        yield Refusal("Enter the day from which it holds.", field="starts_on")
    if terms.ends_on is None:
        yield Refusal("Enter the last day on which it holds.", field="ends_on")
    elif terms.starts_on is not None and terms.ends_on <= terms.starts_on:
        yield Refusal("It cannot end before it begins.", field="ends_on")
    if not terms.terms:
        yield Refusal("Say what is agreed.", field="terms")


class AgreementRevision(Base):
    """One state of a draft: when, by whom, what was revised. Never changed."""

    __tablename__ = "agreement_revision"

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"))
    number: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    with_file: Mapped[bool] = mapped_column(default=False)
    """Whether a paper came with it: a version of the document in the dossier."""
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)

    agreement: Mapped[Agreement] = relationship(back_populates="revisions")
    by: Mapped[Staff] = relationship()

    __table_args__ = (Index(None, "agreement_id", "number", unique=True),)


# --- what other areas ask -----------------------------------------------------------------------------------------------------------


def of_customer(customer: Customer, limit: int = 50) -> list[Agreement]:
    """Return a customer's agreements, the newest first."""
    query = select(Agreement).where(Agreement.customer_id == customer.id).order_by(Agreement.id.desc()).limit(limit)
    return list(db.session.scalars(query.options(joinedload(Agreement.document))))


def filed_with(customer: Customer, today: date) -> list[Agreement]:
    """Return a customer's filed agreements that run or will, and those that have run out and wait for somebody; the first to end on top."""
    stands = (Agreement.ends_on >= today) | Agreement.renewed.is_(False)
    query = select(Agreement).where(Agreement.customer_id == customer.id, Agreement.state == FILED, stands)
    return list(db.session.scalars(query.order_by(Agreement.ends_on, Agreement.id)))


def running_out(until: date) -> Select[Agreement]:
    """Return the filed agreements that end until a day, are not renewed and were not ended: somebody has to do something about them."""
    return select(Agreement).where(text("agreement.state = 'filed' AND NOT agreement.renewed"), Agreement.ends_on <= until)


def newest_of(customer_ids: Collection[int]) -> dict[int, Agreement]:
    """Return customer id → the agreement that says most of them: one that is filed, the last to end; else the newest draft."""
    found: dict[int, Agreement] = {}
    ids = sorted(customer_ids)
    for start in range(0, len(ids), 500):
        which = (Agreement.customer_id.in_(ids[start : start + 500]), Agreement.state.in_((DRAFT, FILED)))
        for one in db.session.scalars(select(Agreement).where(*which).order_by(Agreement.ends_on, Agreement.id)):
            there = found.get(one.customer_id)
            if there is None or one.state == FILED or there.state == DRAFT:
                found[one.customer_id] = one
    return found


def being_renewed(agreement: Agreement) -> Agreement | None:
    """Return the draft that is to follow an agreement, None where nobody has begun one."""
    return db.session.scalar(select(Agreement).where(Agreement.previous_id == agreement.id, Agreement.state == DRAFT).limit(1))


for _name, _title in (
    ("agreement-drafted", N_("Long-term agreement drafted")),
    ("agreement-revised", N_("Long-term agreement revised")),
    ("agreement-filed", N_("Long-term agreement filed")),
    ("agreement-ended", N_("Long-term agreement ended")),
    ("agreement-given-up", N_("Long-term agreement given up")),
):
    history.action("Agreement", _name, _title)
