"""Change of credit rating, credit limit, payment terms or special policy 信用额度/特殊政策 (RL-5, AP-3).

An approved change is set on the customer's card on the day it takes effect: at once, or by the worker when the day has come. Until it is
set a manager can cancel it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit
from portal.models.approval import Approval
from portal.models.approval_authors import note_author
from portal.models.approval_kinds import DocumentKind, declare, into_approval
from portal.models.audit import AuditEvent
from portal.models.customer import Customer, CustomerState, Money
from portal.models.draft import APPROVED, DRAFT, GIVEN_UP, ensure_never_submitted
from portal.models.draft import STATES as DRAFT_STATES
from portal.models.notice import notify
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules.message import N_, Message, Refusal

NAME = "credit"
CANCELLED = "cancelled"
STATES = {**DRAFT_STATES, CANCELLED: (N_("Cancelled"), "seal")}
"""Words and tones of the states."""
FIELDS = ("credit_rating", "credit_limit", "payment_terms", "dealings_policy")
"""What a change can set on the customer's card; `None` or an empty text leaves it as it is."""

_OPEN = text("state IN ('draft', 'pending')")
_DRAFT = text("state = 'draft'")
_DUE = text("state = 'approved' AND applied_at IS NULL")


class CreditChange(HangsOnCustomer, Base):
    """One change: draft → pending → approved | rejected; approved → cancelled, while it is not set on the card; a draft can be given up.

    A customer has one open change at most.
    """

    __tablename__ = "credit_change"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    credit_rating: Mapped[str] = mapped_column(default="")
    credit_limit: Mapped[Decimal | None] = mapped_column(Money)
    payment_terms: Mapped[str] = mapped_column(default="")
    dealings_policy: Mapped[str] = mapped_column(default="")
    """Special policy granted to the customer."""
    reason: Mapped[str]
    effective_on: Mapped[date]
    old: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """These values as they stood at submission, as text."""
    state: Mapped[str] = mapped_column(default="draft")
    applied_at: Mapped[datetime | None]
    """When an approved change was set on the card."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("uq_credit_change_open", "customer_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_credit_change_due", "effective_on", sqlite_where=_DUE, postgresql_where=_DUE),
        Index("ix_credit_change_begun", "created_by_id", "id", sqlite_where=_DRAFT, postgresql_where=_DRAFT),
    )

    @staticmethod
    def can_propose(customer: Customer, user: Staff) -> bool:
        """Return whether `user` may propose a change for this customer: nothing about its credit is open, and it is not gone."""
        return user.may(Permission.CREDIT_CHANGE) and customer.state in ("prospect", "active") and CreditChange.open_for(customer) is None

    @classmethod
    def open_for(cls, customer: Customer) -> CreditChange | None:
        """Return the customer's change that is not decided yet."""
        return db.session.scalar(select(cls).where(cls.customer_id == customer.id, cls.state.in_(("draft", "pending"))))

    @classmethod
    def ahead_for(cls, customer: Customer) -> list[CreditChange]:
        """Return the customer's approved changes whose day has not come, in the order of their days."""
        query = select(cls).where(cls.customer_id == customer.id, cls.state == "approved", cls.applied_at.is_(None))
        return list(db.session.scalars(query.order_by(cls.effective_on, cls.id)))

    @classmethod
    def covers(cls, customer: Customer) -> set[str]:
        """Return the fields of the customer's card that a change in approval shows, old and new, and that nobody edits meanwhile (AP-5)."""
        pending = select(cls.id).where(cls.customer_id == customer.id, cls.state == "pending").limit(1)
        return set(FIELDS) if db.session.scalar(pending) is not None else set()

    @classmethod
    def propose(cls, customer: Customer, values: Mapping[str, Any], *, by: Staff) -> CreditChange:
        """Add a draft. Raises `Refusal` where it would change nothing or another change is open."""
        if cls.open_for(customer) is not None:
            raise Refusal("A change of this customer's credit is open already. Finish that one first.")
        if not cls.can_propose(customer, by):
            raise Refusal("The credit of this customer cannot be changed.")
        change = cls(customer_id=customer.id, created_by_id=by.id, reason="", effective_on=clock.today())
        change.customer = customer
        change._set(values)
        db.session.add(change)
        note_author(NAME, change, by)
        audit.write("change", "credit-drafted", actor=by, record=change, label=customer.full_name)
        return change

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user` may change the draft: not while it is in approval (AP-5)."""
        return user.may(Permission.CREDIT_CHANGE) and self.state == "draft"

    def edit(self, values: Mapping[str, Any], *, by: Staff) -> None:
        """Change the draft. Raises `Refusal` while it is in approval, and where it would change nothing."""
        if not self.can_edit(by):
            raise Refusal("The change is in approval and cannot be edited.")
        self._set(values)
        note_author(NAME, self, by)
        audit.write("change", "credit-draft-changed", actor=by, record=self, label=self.customer.full_name)

    def give_up(self, *, by: Staff) -> None:
        """Let a draft go, so that another change can be proposed. Raises `Refusal` for one submitted before, `StateConflict`."""
        if not self.can_edit(by):
            raise StateConflict(f"credit change {self.id}")
        ensure_never_submitted(NAME, self)
        transition(self, expect={"state": DRAFT, "version": self.version}, change={"state": GIVEN_UP, "version": self.version + 1})
        audit.write("change", "credit-given-up", actor=by, record=self, label=self.customer.full_name)

    def can_cancel(self, user: Staff) -> bool:
        """Return whether `user` may cancel an approved change: a manager, while it is not set on the card."""
        return user.is_manager and self.state == APPROVED and self.applied_at is None

    def cancel(self, *, reason: str, by: Staff) -> None:
        """Let an approved change not take effect, and tell who asked for it; its approval stays as it was signed.

        Raises `Refusal` without a reason (field `reason`), `StateConflict` where it is set on the card or cancelled by now.
        """
        if not self.can_cancel(by):
            raise StateConflict(f"credit change {self.id}")
        if not reason:
            raise Refusal("Say why.", field="reason")
        expect = {"state": APPROVED, "applied_at": None, "version": self.version}
        transition(self, expect=expect, change={"state": CANCELLED, "version": self.version + 1})
        audit.write("change", "credit-cancelled", actor=by, record=self, label=self.customer.full_name, reason=reason)
        approval = Approval.latest_for(NAME, self.id)
        asked = {one.id: one for one in (self.created_by, approval.submitter if approval else self.created_by)}
        text = N_("%(name)s has cancelled the approved change of credit of %(customer)s for %(day)s: %(reason)s")
        said = {"name": by.name, "customer": self.customer.full_name, "day": self.effective_on.isoformat(), "reason": reason}
        for person in asked.values():
            if person.id != by.id:
                notify(person, Message(text, said), link=self.link)

    def cancelled(self) -> AuditEvent | None:
        """Return the entry of the log that says who cancelled it, when and why; None where nobody did."""
        if self.state != CANCELLED:
            return None
        found = select(AuditEvent).where(AuditEvent.record_type == "CreditChange", AuditEvent.record_id == self.id)
        return db.session.scalar(found.where(AuditEvent.action == "credit-cancelled"))

    def cancellation(self) -> Message | None:
        """Return who cancelled it, when and why, as its sheet says it; None where nobody did."""
        event = self.cancelled()
        if event is None:
            return None
        said = {"name": event.actor_name, "day": clock.local(event.at).date().isoformat(), "reason": event.data.get("reason", "")}
        return Message(N_("Cancelled by %(name)s on %(day)s: %(reason)s"), said)

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/customers/{self.customer_id}/credit-changes/{self.id}"

    def _set(self, values: Mapping[str, Any]) -> None:
        limit = values.get("credit_limit")
        if limit is not None and limit < 0:
            raise Refusal("A credit limit cannot be below nothing.", field="credit_limit")
        if not values.get("reason"):
            raise Refusal("Say why: the reason stands in the customer's history.", field="reason")
        for name in (*FIELDS, "reason", "effective_on"):
            setattr(self, name, values[name])
        if not self.new_values():
            raise Refusal("Nothing would change: enter a new rating or limit, new payment terms or a special policy.")

    @property
    def old_credit_limit(self) -> Decimal | None:
        """Return the limit as it stood at submission; of a draft as it stands."""
        if self.state == "draft":
            return self.customer.credit_limit
        return Decimal(self.old["credit_limit"]) if self.old.get("credit_limit") else None

    def new_values(self) -> dict[str, Any]:
        """Return what the change sets that is not so already."""
        given = {name: getattr(self, name) for name in FIELDS if getattr(self, name) not in (None, "")}
        return {name: value for name, value in given.items() if value != getattr(self.customer, name)}

    def submit(self, *, by: Staff) -> Approval:
        """Send the change through its chain (AP-3)."""
        return Approval.submit(NAME, self, by=by)

    def apply(self, *, by: Staff | None) -> None:
        """Set the new values on the card; each stands in the customer's history with reason and day (AR-4).

        Raises `StateConflict` if it is done already.
        """
        transition(self, expect={"state": "approved", "applied_at": None}, change={"applied_at": clock.now()})
        customer, values = self.customer, self.new_values()
        changes = [{"field": name, "old": _text(getattr(customer, name)), "new": _text(value)} for name, value in values.items()]
        for name, value in values.items():
            setattr(customer, name, value)
        customer.updated_at = clock.now()
        audit.write(
            "change",
            "credit-changed",
            actor=by,
            record=customer,
            label=customer.full_name,
            changes=changes,
            reason=self.reason,
            effective_on=self.effective_on.isoformat(),
            source="approval",
        )

    def case(self) -> dict[str, str]:
        """Return the fact that picks the chain: whether the limit, as it will stand, is above the one up to which finance need not sign."""
        limit = self.credit_limit if self.credit_limit is not None else self.customer.credit_limit
        return {"limit": "above" if limit is not None and limit > Decimal(standard("credit.finance_limit")) else "within"}

    def snapshot(self) -> dict[str, Any]:
        """Return the change as plain JSON: the customer's names, old and new values as text, reason and day."""
        customer = self.customer
        old = self.old if self.state == "pending" else _values_of(customer)
        return {
            "customer": {
                "number": customer.number,
                "full_name": customer.full_name,
                "credit_code": customer.credit_code,
                "grade": customer.grade,
                "owner": customer.owner.name if customer.owner else "",
                "team": customer.team.name if customer.team else "",
            },
            "old": old,
            "new": _values_of(self),
            "change": {
                "reason": self.reason,
                "effective_on": self.effective_on.isoformat(),
                "limit_of_finance": _text(Decimal(standard("credit.finance_limit"))),
            },
        }


def _text(value: Any) -> str:
    return "" if value is None else f"{value:.2f}" if isinstance(value, Decimal) else str(value)


def _values_of(record: Customer | CreditChange) -> dict[str, str]:
    return {name: _text(getattr(record, name)) for name in FIELDS}


def _submitted(change: CreditChange, _approval: Approval, _by: Staff | None) -> None:
    # The card must still be that of the snapshot, and its new version makes an edit that is open at this moment fail (AP-5).
    customer = change.customer
    expect = {"version": customer.version, "state": customer.state, "frozen_by_id": None}
    transition(customer, expect=expect, change={"version": customer.version + 1})
    into_approval(change, old=_values_of(change.customer))


def _approved(change: CreditChange, _approval: Approval, by: Staff | None) -> None:
    transition(change, expect={"state": "pending"}, change={"state": "approved"})
    # A card that an investigation in approval covers stays as it was signed; the worker sets the change when that is decided (AP-5).
    if change.effective_on <= clock.today() and change.customer.closed is None:
        change.apply(by=by)


def apply_due() -> int:
    """Set the approved changes whose day has come on their customers' cards, in the order of their days, and return how many."""
    query = select(CreditChange).where(
        CreditChange.state == "approved", CreditChange.applied_at.is_(None), CreditChange.effective_on <= clock.today()
    )
    open_ = (Customer.frozen_by_id.is_(None), Customer.state.in_((CustomerState.PROSPECT.value, CustomerState.ACTIVE.value)))
    query = query.join(Customer, Customer.id == CreditChange.customer_id).where(*open_)
    due = list(db.session.scalars(query.order_by(CreditChange.effective_on, CreditChange.id)))  # what holds from later on stays
    for change in due:
        change.apply(by=None)
    return len(due)


def _check(change: CreditChange) -> None:
    change.customer.ensure_open()
    if not change.new_values():
        raise Refusal("Nothing would change: enter a new rating or limit, new payment terms or a special policy.")


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("Change of credit limit or special terms"),
        model=CreditChange,
        sheet="credit_change",
        chain="chain.credit",
        case=CreditChange.case,
        label=lambda change: change.customer.full_name,
        page=lambda change: ("approvals.credit_change", {"customer_id": change.customer_id, "change_id": change.id}),
        filed_as="payment",
        check=_check,
        on_submitted=_submitted,
        on_approved=_approved,
        cancelled=CreditChange.cancellation,
        labels={
            "customer.number": N_("Customer number"),
            "customer.full_name": N_("Full name"),
            "customer.credit_code": N_("Unified social credit code"),
            "customer.grade": N_("Grade"),
            "customer.owner": N_("In charge"),
            "customer.team": N_("Team"),
            "old.credit_rating": N_("Credit rating so far"),
            "old.credit_limit": N_("Credit limit so far (yuan)"),
            "old.payment_terms": N_("Payment terms so far"),
            "old.dealings_policy": N_("Policy so far"),
            "new.credit_rating": N_("New credit rating"),
            "new.credit_limit": N_("New credit limit (yuan)"),
            "new.payment_terms": N_("New payment terms"),
            "new.dealings_policy": N_("Special policy"),
            "change.reason": N_("Reason"),
            "change.effective_on": N_("Takes effect on"),
            "change.limit_of_finance": N_("Limit up to which finance need not sign (yuan)"),
        },
        choices={"old.payment_terms": "payment_terms", "new.payment_terms": "payment_terms"},
        amounts=("old.credit_limit", "new.credit_limit", "change.limit_of_finance"),
    )
)
