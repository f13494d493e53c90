"""Promises to customers 承诺 (SV-3): what was said would be done, by when, by whom; kept or not. Each has its own alarm in the inbox.

A promise hangs on a customer (or on nobody yet) and names the record in which it was made: `source` and `source_id`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models.customer import Customer
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.rules.message import N_, Refusal

OPEN, KEPT, BROKEN = "open", "kept", "broken"
STATES = {OPEN: (N_("Still to be kept"), ""), KEPT: (N_("Kept"), "ok"), BROKEN: (N_("Not kept"), "seal")}
LONGEST = 500
_OPEN = sql("state = 'open'")


class Promise(HangsOnCustomer, Base):
    """One promise: open → kept | broken."""

    __tablename__ = "promise"

    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    source: Mapped[str]
    """What it was made in, such as `request` or `visit`."""
    source_id: Mapped[int]
    text: Mapped[str]
    due_at: Mapped[datetime]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    """Who keeps it."""
    state: Mapped[str] = mapped_column(default=OPEN)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    settled_at: Mapped[datetime | None]
    word: Mapped[str] = mapped_column(default="")
    """Why it was not kept."""

    customer: Mapped[Customer | None] = relationship()
    staff: Mapped[Staff] = relationship(foreign_keys=[staff_id])

    __table_args__ = (
        Index(None, "source", "source_id", "id"),
        Index("ix_promise_open", "staff_id", "due_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Promise]:
        """Return the promises to customers in scope, and one's own."""
        if user.is_manager:
            return select(cls)
        of_customers = super().visible_to(user).with_only_columns(cls.id)
        return select(cls).where(or_(cls.staff_id == user.id, cls.id.in_(of_customers)))

    @property
    def label(self) -> str:
        """Return what inbox and log call it."""
        return self.text

    @property
    def is_overdue(self) -> bool:
        """Return whether it is open and its moment has passed."""
        return self.state == OPEN and self.due_at < clock.now()

    @property
    def was_late(self) -> bool:
        """Return whether it was kept, but after its moment."""
        return self.state == KEPT and self.settled_at is not None and self.settled_at > self.due_at

    @classmethod
    def make(
        cls, customer_id: int | None, text: str, due_at: datetime | None, *, source: str, source_id: int, staff_id: int, by: Staff
    ) -> Promise:
        """Make a promise and return it, flushed. Raises `Refusal` with the field `promise` or `promised_at`."""
        for refusal in problems(text, due_at):
            raise refusal
        assert due_at is not None  # noqa: S101 - said by the problems
        promise = cls(
            customer_id=customer_id, source=source, source_id=source_id, text=text, due_at=due_at, staff_id=staff_id, made_by_id=by.id
        )
        db.session.add(promise)
        audit.write("change", "promise-made", actor=by, record=promise, label=promise.label, due_at=due_at.isoformat())
        return promise

    def settle(self, *, kept: bool, word: str = "", by: Staff) -> None:
        """Say whether it was kept. Raises `Refusal` (field `word`) without a reason where it was not, `StateConflict` if it is settled."""
        if not kept and not word:
            raise Refusal("Say why it was not kept.", field="word")
        if self.state != OPEN:
            raise StateConflict(f"promise {self.id}")
        change = {"state": KEPT if kept else BROKEN, "settled_by_id": by.id, "settled_at": clock.now(), "word": word[:LONGEST]}
        transition(self, expect={"state": OPEN}, change=change)
        audit.write("change", "promise-kept" if kept else "promise-broken", actor=by, record=self, label=self.label, reason=word)


def problems(text: str, due_at: datetime | None) -> Iterator[Refusal]:
    """Yield all that keeps a promise from being made, each with its field: `promise`, `promised_at`."""
    if not text:
        yield Refusal("Say what is promised.", field="promise")
    if len(text) > LONGEST:
        yield Refusal("At most %(most)s characters; these are %(count)s.", field="promise", most=LONGEST, count=len(text))
    if due_at is None or due_at <= clock.now():
        yield Refusal("Say by when, a moment that lies ahead.", field="promised_at")


def of_record(source: str, source_id: int) -> list[Promise]:
    """Return the promises made in a record, the open ones first."""
    query = select(Promise).where(Promise.source == source, Promise.source_id == source_id)
    return sorted(db.session.scalars(query.order_by(Promise.due_at, Promise.id)), key=lambda one: one.state != OPEN)


def give(source: str, source_ids: Collection[int], to_id: int) -> None:
    """Give the open promises made in some records to somebody else: they go along with them."""
    step = update(Promise).where(Promise.source == source, Promise.source_id.in_(source_ids), Promise.state == OPEN)
    db.session.execute(step.values(staff_id=to_id), execution_options={"synchronize_session": False})


for _action, _title in (
    ("promise-made", N_("Promise made")),
    ("promise-kept", N_("Promise kept")),
    ("promise-broken", N_("Promise not kept")),
):
    history.action("Promise", _action, _title)
