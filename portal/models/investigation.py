"""The new customer investigation 交易开始调查书: filled for a prospect; its approval puts the customer on the register (AR-2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db, transition
from portal.models import audit, card
from portal.models.approval_authors import note_author
from portal.models.approval_kinds import DocumentKind, declare
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState, Money, check_choice
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.dates import has_come
from portal.rules.message import N_, Message, Refusal

_NOT_OF_INDIVIDUALS = frozenset({"credit_code", "legal_representative"})


def lacking_of_card(customer: Customer) -> list[card.Field]:
    """Return what the card of a prospect still lacks before an investigation can be submitted (AR-2)."""
    individual = customer.nature == "individual"
    required = (name for name in card.REQUIRED_OF_CUSTOMER if not (individual and name in _NOT_OF_INDIVIDUALS))
    return [card.CARD[name] for name in required if not getattr(customer, name)]


class Investigation(HangsOnCustomer, Base):
    """One investigation of a prospect. At most one of a customer is open; after one was rejected or given up a new one can be begun."""

    __tablename__ = "investigation"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    found_by: Mapped[str] = mapped_column(default="")
    purpose: Mapped[str] = mapped_column(default="")
    expected_products: Mapped[str] = mapped_column(Text, default="")
    expected_monthly_amount: Mapped[Decimal | None] = mapped_column(Money)
    proposed_payment_terms: Mapped[str] = mapped_column(default="")
    proposed_credit_limit: Mapped[Decimal | None] = mapped_column(Money)
    credit_findings: Mapped[str] = mapped_column(Text, default="")
    premises_findings: Mapped[str] = mapped_column(Text, default="")
    management_findings: Mapped[str] = mapped_column(Text, default="")
    market_findings: Mapped[str] = mapped_column(Text, default="")
    competitors: Mapped[str] = mapped_column(Text, default="")
    risks: Mapped[str] = mapped_column(Text, default="")
    opinion: Mapped[str] = mapped_column(Text, default="")
    proposed_grade: Mapped[str] = mapped_column(default="")
    investigated_on: Mapped[date | None]
    outcome: Mapped[str] = mapped_column(default="")
    """'' while it can still be worked on or decided, then approved | rejected | given-up."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship(lazy="joined", innerjoin=True)
    created_by: Mapped[Staff] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(None, "customer_id", unique=True, sqlite_where=text("outcome = ''"), postgresql_where=text("outcome = ''")),
        Index(None, "customer_id", "id"),
        Index("ix_investigation_begun", "created_by_id", "id", sqlite_where=text("outcome = ''"), postgresql_where=text("outcome = ''")),
    )

    @classmethod
    def open_for(cls, customer: Customer) -> Investigation | None:
        """Return the customer's investigation that is neither approved nor rejected yet."""
        return db.session.scalar(select(cls).where(cls.customer_id == customer.id, cls.outcome == ""))

    @classmethod
    def last_for(cls, customer: Customer) -> Investigation | None:
        """Return the customer's newest investigation, whatever became of it."""
        return db.session.scalar(select(cls).where(cls.customer_id == customer.id).order_by(cls.id.desc()).limit(1))

    @classmethod
    def begin(cls, customer: Customer, values: Mapping[str, Any], *, by: Staff) -> Investigation:
        """Open an investigation of a prospect with what is known so far, and return it, flushed. Raises `Refusal`."""
        ensure_prospect(customer)
        if cls.open_for(customer) is not None:
            raise Refusal("There is an investigation of this customer already.")
        _check(values)
        document = cls(customer_id=customer.id, customer=customer, created_by_id=by.id, **values)
        db.session.add(document)
        note_author("investigation", document, by)
        changes = [
            {"field": name, "old": "", "new": found}
            for name, found in card.texts(card.INVESTIGATION_FIELDS, document).items()
            if found != ""
        ]
        audit.write("change", "begun", actor=by, record=document, label=customer.full_name, changes=changes, source="form")
        return document

    def save(self, values: Mapping[str, Any], *, by: Staff) -> list[dict[str, Any]]:
        """Keep the draft and return what changed, as [{field, old, new}]. Raises `Refusal` with the field, or when it is in approval."""
        ensure_prospect(self.customer)
        self._ensure_open()
        _check(values)
        changes = []
        for name, value in values.items():
            if value != getattr(self, name):
                field = card.INVESTIGATION[name]
                changes.append({"field": name, "old": field.text(getattr(self, name)), "new": field.text(value)})
                setattr(self, name, value)
        if changes:
            self.updated_at = clock.now()
            note_author("investigation", self, by)
            audit.write("change", "changed", actor=by, record=self, label=self.customer.full_name, changes=changes, source="form")
        return changes

    def missing(self) -> tuple[list[card.Field], list[card.Field]]:
        """Return the required entries that are still empty: of the customer's card, and of the investigation."""
        of_customer = lacking_of_card(self.customer)
        own = [field for field in card.INVESTIGATION_FIELDS if field.required and getattr(self, field.name) in ("", None)]
        return of_customer, own

    def check_complete(self) -> None:
        """Raise `Refusal` naming the first entry that is still missing for submission (AR-2)."""
        self._ensure_open()
        ensure_prospect(self.customer)
        of_customer, own = self.missing()
        lacking = [*of_customer, *own]
        if lacking:
            raise Refusal(
                "%(count)s required entries are still missing, the first is: %(name)s.",
                field=own[0].name if own else None,
                count=len(lacking),
                name=Message(lacking[0].title),
            )

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may work on the draft now."""
        return user.may(Permission.CUSTOMER_EDIT) and not self.outcome and self.customer.frozen_by_id is None

    def submit(self, *, by: Staff) -> Any:
        """Send the investigation on its way and return the `Approval`. Raises `Refusal` where it is not complete or already on its way."""
        from portal.models.approval import Approval

        self.check_complete()
        return Approval.submit("investigation", self, by=by)

    def approval(self) -> Any:
        """Return the document's newest `Approval`, whatever became of it, or None where it was never submitted."""
        from portal.models.approval import Approval

        return Approval.latest_for("investigation", self.id)

    def snapshot(self) -> dict[str, Any]:
        """Return the document as plain JSON: what is frozen, hashed, shown, printed and signed (AP-4).

        `customer`, `contacts` and `investigation` hold plain data (`Field.text`): codes of choices, ISO dates, amounts as "1234.50".
        """
        customer = self.customer
        contacts = list(db.session.scalars(select(Contact).where(Contact.customer_id == customer.id).order_by(Contact.id)))
        return {
            "customer": {
                "number": customer.number,
                "state": customer.state,
                **card.texts(card.FIELDS, customer),
                "owner": customer.owner.name if customer.owner else "",
                "team": customer.team.name if customer.team else "",
            },
            "contacts": [card.texts(card.CONTACT_FIELDS, contact) for contact in contacts],
            "investigation": card.texts(card.INVESTIGATION_FIELDS, self),
        }

    def _ensure_open(self) -> None:
        if self.outcome:
            raise Refusal("This investigation is decided.")


def ensure_prospect(customer: Customer) -> None:
    """Raise `Refusal` unless the customer is a prospect whose card is open: only prospects are investigated."""
    customer.ensure_open()
    if customer.state != CustomerState.PROSPECT:
        raise Refusal("This customer is on the register; only prospects are investigated.")


def _check(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        check_choice(card.INVESTIGATION[name], value)
    if values.get("investigated_on") is not None:
        has_come(values["investigated_on"], clock.today(), field="investigated_on")


def _freeze(document: Investigation, approval: Any, _by: Staff | None) -> None:
    customer = document.customer
    # Card and draft must still be those that the snapshot was taken from, and their new versions make an edit that is open at this
    # moment fail instead of changing what is being signed (AP-5).
    transition(
        customer,
        expect={"frozen_by_id": None, "state": CustomerState.PROSPECT.value, "version": customer.version},
        change={"frozen_by_id": approval.id, "version": customer.version + 1},
    )
    transition(document, expect={"outcome": "", "version": document.version}, change={"version": document.version + 1})


def _release(document: Investigation, approval: Any, _by: Staff | None) -> None:
    customer = document.customer
    transition(customer, expect={"frozen_by_id": approval.id}, change={"frozen_by_id": None, "version": customer.version + 1})


def _reject(document: Investigation, approval: Any, by: Staff | None) -> None:
    _release(document, approval, by)
    document.outcome = "rejected"


def _given_up(document: Investigation, _approval: Any, _by: Staff | None) -> None:
    document.outcome = "given-up"


def _register(document: Investigation, approval: Any, by: Staff | None) -> None:
    """Put the customer on the register, with the grade (provisional, RL-4), credit limit and payment terms that were approved."""
    customer = document.customer
    _release(document, approval, by)
    document.outcome = "approved"
    before = {name: getattr(customer, name) for name in ("grade", "credit_limit", "payment_terms")}
    customer.state = CustomerState.ACTIVE.value
    customer.registered_on = clock.today()
    customer.grade, customer.grade_provisional = document.proposed_grade, True
    customer.credit_limit = document.proposed_credit_limit
    customer.payment_terms = document.proposed_payment_terms
    customer.updated_at = clock.now()
    changes = [{"field": "state", "old": CustomerState.PROSPECT.value, "new": CustomerState.ACTIVE.value}]
    for name, old in before.items():
        field = card.CARD[name]
        if old != getattr(customer, name):
            changes.append({"field": name, "old": field.text(old), "new": field.text(getattr(customer, name))})
    audit.write(
        "change",
        "registered",
        actor=by,
        record=customer,
        label=customer.full_name,
        changes=changes,
        effective_on=clock.today().isoformat(),
        source="approval",
        approval=approval.id,
    )


def _paths(wanted: Callable[[card.Field], Any]) -> dict[str, Any]:
    """Return what `wanted` says of each field, by its path in the snapshot, where it says anything."""
    tables = {"customer": card.FIELDS, "contacts": card.CONTACT_FIELDS, "investigation": card.INVESTIGATION_FIELDS}
    return {f"{part}.{field.name}": wanted(field) for part, fields in tables.items() for field in fields if wanted(field)}


KIND = declare(
    DocumentKind(
        name="investigation",
        title=N_("New customer investigation"),
        model=Investigation,
        sheet="investigation",
        chain="chain.investigation",
        label=lambda document: document.customer.full_name,
        page=lambda document: ("archive.investigation", {"customer_id": document.customer_id}),
        filed_as="company",
        check=lambda document: document.check_complete(),
        on_submitted=_freeze,
        on_returned=_release,
        on_rejected=_reject,
        on_approved=_register,
        on_given_up=_given_up,
        labels=_paths(lambda field: field.title),
        choices=_paths(lambda field: field.choices),
        amounts=tuple(_paths(lambda field: field.kind == "money")),
    )
)
