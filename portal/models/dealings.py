"""The end of dealings 解散 or 关系解除: the customer is kept among past customers, until dealings begin again (AR-11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models.agreement_desk import left_open as agreements_left_open
from portal.models.approval import RETURNED, Approval
from portal.models.callback_desk import follow_state
from portal.models.customer import Customer, CustomerState
from portal.models.duplicate import STAYS_AT_MERGE
from portal.models.gift_desk import left_open as gifts_left_open
from portal.models.grading_list import in_approval
from portal.models.grading_totals import follow as gradings_follow
from portal.models.loan_list import open_of
from portal.models.order_desk import left_open as orders_left_open
from portal.models.plan_desk import in_approval as plans_in_approval
from portal.models.plan_desk import left_open as tasks_left_open
from portal.models.relation_desk import left_open as assessments_left_open
from portal.models.report import open_urgent
from portal.models.review import follow
from portal.models.scope import HangsOnCustomer
from portal.models.search_index import index_customer
from portal.models.staff import Staff
from portal.models.visit_desk import follow_state as visits_follow_state
from portal.permissions import Permission
from portal.rules.disposal import ENDINGS
from portal.rules.message import N_, Message, Refusal

_OPEN_REPORT = N_("An urgent report on %(customer)s of %(day)s is not closed.")
_STANDING = text("resumed_at IS NULL")
_KEPT = text("resumed_at IS NULL AND erased_at IS NULL")


class DealingsEnd(HangsOnCustomer, Base):
    """One end of dealings with a customer: how, since when, why; and when dealings began again, if they did."""

    __tablename__ = "dealings_end"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """A code of `rules.disposal.ENDINGS`."""
    reason: Mapped[str]
    ended_on: Mapped[date]
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    resumed_at: Mapped[datetime | None]
    resumed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    resumed_because: Mapped[str] = mapped_column(default="")
    erased_at: Mapped[datetime | None]
    """When the card was erased by a list for disposal; dealings do not begin again then."""

    customer: Mapped[Customer] = relationship()
    by: Mapped[Staff] = relationship(foreign_keys=[by_id])
    resumed_by: Mapped[Staff | None] = relationship(foreign_keys=[resumed_by_id])

    __table_args__ = (
        Index("uq_dealings_end_standing", "customer_id", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
        Index(None, "customer_id"),
        # Whose card is kept no longer one day.
        Index("ix_dealings_end_kept", "ended_on", "customer_id", sqlite_where=_KEPT, postgresql_where=_KEPT),
        {"info": STAYS_AT_MERGE},
    )

    @classmethod
    def standing(cls, customer: Customer) -> DealingsEnd | None:
        """Return the end of dealings that holds for a past customer, None where there is none or nobody noted it."""
        return db.session.scalar(select(cls).where(cls.customer_id == customer.id, cls.resumed_at.is_(None)))


def can_end(customer: Customer, user: Staff) -> bool:
    """Return whether `user`, who sees the customer, may end the dealings with it."""
    return user.may(Permission.CUSTOMER_END) and customer.state == CustomerState.ACTIVE


def can_begin_again(customer: Customer, user: Staff) -> bool:
    """Return whether `user` may take a past customer back onto the register; not one whose card is erased or in a disposal."""
    return user.may(Permission.CUSTOMER_END) and customer.state == CustomerState.PAST and why_not_again(customer) is None


def why_not_again(customer: Customer) -> Message | None:
    """Return why dealings with a past customer cannot begin again, or None."""
    end = DealingsEnd.standing(customer)
    if end is not None and end.erased_at is not None:
        return Message(N_("The dossier of this customer was disposed of and the card erased. Record a new prospect."))
    from portal.models.disposal import running_for

    running = running_for([customer.id])
    if any(customer in one.card_customers for one in running):
        return Message(N_("The card of this customer stands on a list for disposal. It must be rejected or given up first."))
    if running:
        return Message(N_("Documents of this customer stand on a list for disposal. It must be rejected or given up first."))
    return None


def obstacles(customer: Customer) -> list[Message]:
    """Return what must be finished before dealings end: the running approvals, by name."""
    running = db.session.scalars(
        select(Approval).where(Approval.customer_id == customer.id, Approval.state == "pending").order_by(Approval.id)
    )
    found = [
        Message(N_("%(document)s “%(title)s” is in approval."), {"document": Message(one.kind.title), "title": one.title})
        for one in running
    ]
    named = {"customer": customer.full_name}
    found += [Message(N_("A grading of %(customer)s is in approval."), named) for _one in in_approval([customer.id])]
    found += plans_in_approval([customer.id])
    if customer.frozen_by_id is not None and not found:
        found.append(Message(N_("The card is covered by a document in approval. It can be changed again when that is decided.")))
    return found


def left_open(customer: Customer) -> list[Message]:
    """Return what stays open when dealings end, to be thought of: loans, urgent reports, gifts, documents sent back or withdrawn."""
    found = [
        Message(N_("The dossier is lent to %(name)s until %(day)s."), {"name": one.reader.name, "day": one.until_on.isoformat()})
        for one in open_of(customer.id)
    ]
    found += [
        Message(_OPEN_REPORT, {"customer": customer.full_name, "day": one.dated_on.isoformat()}) for one in open_urgent([customer.id])
    ]
    found += tasks_left_open([customer.id])
    found += [*orders_left_open([customer.id]), *agreements_left_open([customer.id]), *assessments_left_open([customer.id])]
    found += gifts_left_open([customer.id])
    drafts = select(Approval).where(Approval.customer_id == customer.id, Approval.state.in_(RETURNED)).order_by(Approval.id)
    for one in db.session.scalars(drafts):
        names = {"document": Message(one.kind.title), "title": one.title}
        found.append(Message(N_("%(document)s “%(title)s” was sent back or withdrawn and cannot be submitted any more."), names))
    return found


def problems(kind: str, reason: str, ended_on: date | None) -> Iterator[Refusal]:
    """Yield all that keeps dealings from being ended so, each with its field."""
    if kind not in ENDINGS:
        yield Refusal("Say how the dealings ended.", field="kind")
    if not reason:
        yield Refusal("Say why: the reason stands in the customer's history.", field="reason")
    if ended_on is None or ended_on > clock.today():
        yield Refusal("Enter the day on which dealings ended; it cannot lie ahead.", field="ended_on")


def end(customer: Customer, *, kind: str, reason: str, ended_on: date | None, by: Staff) -> DealingsEnd:
    """End the dealings with a customer on the register. Raises `Refusal` with the field, or naming what runs; `StateConflict`."""
    if not can_end(customer, by):
        raise Refusal("Dealings end with customers on the register only.")
    for refusal in problems(kind, reason, ended_on):
        raise refusal
    assert ended_on is not None  # noqa: S101 - said by the problems
    running = obstacles(customer)
    if running:
        raise Refusal(running[0].text, **running[0].params)
    record = DealingsEnd(customer_id=customer.id, kind=kind, reason=reason[:500], ended_on=ended_on, by_id=by.id)
    _move(customer, CustomerState.ACTIVE, CustomerState.PAST)
    try:
        with db.session.begin_nested():
            db.session.add(record)
    except IntegrityError as error:
        raise StateConflict(f"dealings with customer {customer.id}") from error
    _write("dealings-ended", customer, by, CustomerState.ACTIVE, CustomerState.PAST, reason, ended_on)
    return record


def begin_again(customer: Customer, *, reason: str, by: Staff) -> None:
    """Take a past customer back onto the register. Raises `Refusal` with the field, `StateConflict`."""
    why = why_not_again(customer)
    if why is not None:
        raise Refusal(why.text, **why.params)
    if not can_begin_again(customer, by):
        raise Refusal("Dealings begin again with past customers only.")
    if not reason:
        raise Refusal("Say why: the reason stands in the customer's history.", field="reason")
    _move(customer, CustomerState.PAST, CustomerState.ACTIVE)
    record = DealingsEnd.standing(customer)
    if record is not None:
        record.resumed_at, record.resumed_by_id, record.resumed_because = clock.now(), by.id, reason[:500]
    _write("dealings-again", customer, by, CustomerState.PAST, CustomerState.ACTIVE, reason, clock.today())


def _move(customer: Customer, before: CustomerState, after: CustomerState) -> None:
    expect = {"state": before.value, "version": customer.version, "frozen_by_id": None}
    change = {"state": after.value, "version": customer.version + 1, "updated_at": clock.now()}
    transition(customer, expect=expect, change=change)
    index_customer(customer)
    follow([customer.id])
    gradings_follow([customer.id])
    follow_state(customer)
    visits_follow_state(customer)


def _write(action: str, customer: Customer, by: Staff, before: str, after: str, reason: str, day: date) -> None:
    changes = [{"field": "state", "old": str(before), "new": str(after)}]
    audit.write(
        "change", action, actor=by, record=customer, label=customer.full_name, changes=changes, reason=reason, effective_on=day.isoformat()
    )


history.action("Customer", "dealings-ended", N_("Dealings ended"))
history.action("Customer", "dealings-again", N_("Dealings begun again"))
