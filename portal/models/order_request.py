"""What a grade does to an order (RL-6): refusing one of a grade-A customer, and treating one of a grade-C customer like grade A.

Both are documents that are signed (`order_kind.py`). A refusal towards anybody else needs no approval and is only recorded. Price level
and payment record come from the sales by which customers are graded; they stand on the request as they were when it was submitted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, select, text
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, selectinload

from portal import clock
from portal.database import JsonValue, StateConflict, db, transition
from portal.models import audit, sales_totals
from portal.models.approval import Approval
from portal.models.customer import Customer, CustomerState, Money
from portal.models.draft import APPROVED, DRAFT, GIVEN_UP, PENDING, REJECTED, Draft, Entries
from portal.models.grading_figures import figures
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.models.standard import in_force
from portal.permissions import Permission
from portal.rules import grading, orders
from portal.rules.dates import has_come
from portal.rules.message import N_, Message, Refusal
from portal.rules.orders import A_TREATMENT, LONGEST_TEXT, REFUSAL, Goods, Wanted

NAMES = {REFUSAL: "order_refusal", A_TREATMENT: "a_treatment"}
"""Kind of request → document kind."""
RECORDED, DONE = "recorded", "done"
STATES = {
    DRAFT: (N_("Draft"), ""),
    PENDING: (N_("In approval"), "accent"),
    APPROVED: (N_("Approved"), "ok"),
    REJECTED: (N_("Rejected"), "seal"),
    RECORDED: (N_("Recorded, no approval needed"), ""),
    DONE: (N_("Order concluded"), "ok"),
    GIVEN_UP: (N_("Given up"), ""),
}
"""Words and tones: draft → pending → approved | rejected; a refusal without approval: draft → recorded; A treatment: approved → done."""
FIGURES = ("sales", "price_level", "recovery")
_STANDING = text("state NOT IN ('rejected', 'given-up')")
_OPEN_TREATMENT = text("kind = 'a_treatment' AND state = 'approved'")
_DRAFT = text("state = 'draft'")


class OrderRequest(HangsOnCustomer, Draft):
    """One request about one order."""

    __tablename__ = "order_request"
    permission = Permission.ORDER_REQUEST
    entries = Entries("order-request-drafted", "order-request-changed", "order-request-given-up")

    kind: Mapped[str]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    order_number: Mapped[str]
    ordered_on: Mapped[date]
    goods: Mapped[list[dict[str, Any]]] = mapped_column(JsonValue, default=list)
    """`rules.orders.Goods` as plain JSON."""
    amount: Mapped[Decimal] = mapped_column(Money)
    """Of all lines, in yuan."""
    reason: Mapped[str] = mapped_column(Text)
    delivery_on: Mapped[date | None]
    """By when the customer wishes delivery."""
    price_note: Mapped[str] = mapped_column(Text, default="")
    payment_note: Mapped[str] = mapped_column(Text, default="")
    grade: Mapped[str] = mapped_column(default="")
    """The customer's grade when it was submitted or recorded."""
    figures: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """What the sales said when it was submitted: see `figures_of`."""
    decided_at: Mapped[datetime | None]
    closed_on: Mapped[date | None]
    """When an order treated like grade A was concluded: delivered, or fallen through."""
    closing_note: Mapped[str] = mapped_column(Text, default="")
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    customer: Mapped[Customer] = relationship()
    closed_by: Mapped[Staff | None] = relationship(foreign_keys=[closed_by_id])

    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "state", "id"),
        Index("uq_order_request_order", "customer_id", "order_number", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
        Index(
            "ix_order_request_treatment",
            "delivery_on",
            "customer_id",
            "kind",
            "state",
            sqlite_where=_OPEN_TREATMENT,
            postgresql_where=_OPEN_TREATMENT,
        ),
        Index("ix_order_request_begun", "created_by_id", "id", sqlite_where=_DRAFT, postgresql_where=_DRAFT),
    )

    # --- what it is ------------------------------------------------------------------------------------------------------

    @property
    def kind_name(self) -> str:
        """Return the name of its document kind."""
        return NAMES[self.kind]

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return f"{self.order_number} {self.customer.full_name}"

    @property
    def goods_list(self) -> list[Goods]:
        """Return the lines of goods."""
        return [Goods.of(one) for one in self.goods]

    @property
    def grade_now(self) -> str:
        """Return the grade that counts: the customer's, until the request is submitted or recorded."""
        return self.customer.grade if self.state == DRAFT else self.grade

    @property
    def figures_now(self) -> dict[str, Any]:
        """Return what the sales say, until the request is submitted."""
        return figures_of(self.customer) if self.state == DRAFT else self.figures

    @property
    def needs_approval(self) -> bool:
        """Return whether it goes through a chain (RL-6)."""
        return orders.needs_approval(self.kind, self.grade_now)

    @property
    def is_open_treatment(self) -> bool:
        """Return whether its order is treated like one of grade A now: approved, and not concluded."""
        return self.kind == A_TREATMENT and self.state == APPROVED

    # --- who may ---------------------------------------------------------------------------------------------------------

    @staticmethod
    def can_begin(customer: Customer, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may begin a request about an order of theirs."""
        return user.may(Permission.ORDER_REQUEST) and customer.state == CustomerState.ACTIVE

    def can_record(self, user: Staff) -> bool:
        """Return whether `user` may record the refusal as it is: no approval is needed."""
        return self.can_edit(user) and not self.needs_approval and Approval.live_for(self.kind_name, self.id) is None

    def can_close(self, user: Staff) -> bool:
        """Return whether `user` may say that an order treated like grade A is concluded."""
        return user.may(Permission.ORDER_REQUEST) and self.is_open_treatment

    # --- writing ---------------------------------------------------------------------------------------------------------

    @classmethod
    def begin(cls, kind: str, customer: Customer, wanted: Wanted, *, by: Staff) -> OrderRequest:
        """Add a draft and return it, flushed. Raises `Refusal` with the field, `StateConflict` for the same order entered at once."""
        if not cls.can_begin(customer, by):
            raise Refusal("Requests are about orders of customers on the register.", field="customer")
        if kind == A_TREATMENT and customer.grade != "C":
            raise Refusal(
                "%(customer)s is of grade %(grade)s: only orders of grade-C customers are applied for.",
                field="customer", customer=customer.full_name, grade=customer.grade or "—",
            )  # fmt: skip
        request = cls(kind=kind, customer=customer)
        request._set(wanted)
        return request.begun(by)

    def edit(self, wanted: Wanted, *, by: Staff, version: int) -> None:
        """Change the draft. Raises `Refusal` with the field, `StateConflict` where it is no draft or was changed meanwhile."""
        with self.changing(by, version), db.session.no_autoflush:
            self._set(wanted)

    def _set(self, wanted: Wanted) -> None:
        without = [name for name in orders.NO_DATA if name not in figures_of(self.customer)] if self.kind == A_TREATMENT else []
        found = orders.problems(self.kind, wanted, clock.today(), without)
        if found:
            raise found[0]
        other = _standing(self.customer_id or self.customer.id, wanted.order_number, self.id)
        if other is not None:
            text = N_("There is a request about this order already (%(kind)s).")
            raise Refusal(text, field="order_number", kind=Message(orders.KINDS[other.kind]))
        assert wanted.ordered_on is not None  # noqa: S101 - judged above
        self.order_number, self.ordered_on, self.delivery_on = wanted.order_number, wanted.ordered_on, wanted.delivery_on
        self.goods, self.amount = [one.as_data() for one in wanted.goods], wanted.amount
        self.reason, self.price_note, self.payment_note = wanted.reason, wanted.price_note, wanted.payment_note

    def record(self, *, by: Staff) -> None:
        """Record a refusal that needs no approval. Raises `Refusal` where it needs one, `StateConflict`."""
        self.ensure_draft(by)
        if not self.can_record(by):
            raise Refusal("Refusing an order of a grade-A customer needs approval: submit it.")
        change = {"state": RECORDED, "grade": self.customer.grade, "figures": {}, "decided_at": clock.now(), "version": self.version + 1}
        transition(self, expect={"state": DRAFT, "version": self.version}, change=change)
        audit.write("change", "order-refused", actor=by, record=self, label=self.label, reason=self.reason)

    def close(self, note: str, *, by: Staff, closed_on: date | None = None) -> None:
        """Say that an order treated like grade A is concluded, and how: with that the treatment ends. Raises `Refusal`, `StateConflict`."""
        if not self.can_close(by):
            raise StateConflict(f"order request {self.id}")
        day = closed_on or clock.today()
        if not note:
            raise Refusal("Say how the order went: delivered when, or why not.", field="closing_note")
        has_come(day, clock.today(), field="closed_on")
        if day < self.ordered_on:
            raise Refusal("It cannot be concluded before it was ordered.", field="closed_on")
        change = {"state": DONE, "closed_on": day, "closing_note": note[:LONGEST_TEXT], "closed_by_id": by.id, "version": self.version + 1}
        transition(self, expect={"state": APPROVED, "version": self.version}, change=change)
        audit.write("change", "order-concluded", actor=by, record=self, label=self.label, reason=note[:LONGEST_TEXT])

    # --- what is signed ----------------------------------------------------------------------------------------------------

    def ensure_ready(self) -> None:
        """Raise `Refusal` unless the customer is still of the grade that the request is about, and it says all it must."""
        self.customer.ensure_open()
        grade = self.customer.grade
        if self.kind == A_TREATMENT and grade != "C":
            text = N_("%(customer)s is of grade %(grade)s: only orders of grade-C customers are applied for.")
            raise Refusal(text, customer=self.customer.full_name, grade=grade or "—")
        if not orders.needs_approval(self.kind, grade):
            raise Refusal("%(customer)s is not of grade A: no approval is needed. Record the refusal.", customer=self.customer.full_name)
        self._set(self.wanted)

    @property
    def wanted(self) -> Wanted:
        """Return what the request says, as it was entered."""
        return Wanted(
            self.order_number, self.ordered_on, tuple(self.goods_list), self.reason, self.delivery_on, self.price_note, self.payment_note
        )

    def snapshot(self) -> dict[str, Any]:
        """Return the request as plain JSON: customer, order, goods, reasons; of an A treatment the figures of the sales."""
        customer = self.customer
        told: dict[str, Any] = {
            "customer": {
                "number": customer.number,
                "full_name": customer.full_name,
                "grade": self.grade_now,
                "owner": customer.owner.name if customer.owner else "",
                "team": customer.team.name if customer.team else "",
            },
            "order": {
                "number": self.order_number,
                "ordered_on": self.ordered_on.isoformat(),
                "amount": f"{self.amount:.2f}",
                "delivery_on": self.delivery_on.isoformat() if self.delivery_on else "",
                "reason": self.reason,
            },
            "goods": self.goods,
        }
        if self.kind == A_TREATMENT:
            told["sales"] = {**self.figures_now, "price_note": self.price_note, "payment_note": self.payment_note}
        return told


def _standing(customer_id: int, order_number: str, but: int | None) -> OrderRequest | None:
    request = OrderRequest
    query = select(request).where(request.customer_id == customer_id, request.order_number == order_number, _STANDING)
    with db.session.no_autoflush:
        return next((one for one in db.session.scalars(query) if one.id != but), None)


def figures_of(customer: Customer) -> dict[str, str]:
    """Return what the sales of the last twelve whole months say of a customer, as plain text.

    `first`, `last`: the months; `sales` in yuan, `price_level` and `recovery` in per cent, as in the grading, each with its score by the
    bands in force (`price_level_score`); `open` and `overdue` today, in yuan. What nobody knows is left out.
    """
    first, last = grading.twelve_months_before(clock.today())
    found = figures([customer.id], first, last, FIGURES)[customer.id]
    bands = {one.code: one for one in grading.indicators(in_force("grading.indicators").value) if one.bands}
    scores = {f"{code}_score": grading.shown(bands[code].band(Decimal(figure)).score) for code, figure in found.items() if code in bands}
    told = {"first": first.isoformat(), "last": last.isoformat(), **found, **scores}
    if sales_totals.years(customer.id):
        owed = sales_totals.receivables(customer.id, clock.today())
        told |= {"open": f"{owed.open:.2f}", "overdue": f"{owed.overdue:.2f}"}
    return told


# --- what other areas ask -----------------------------------------------------------------------------------------------------------


def of_customer(customer: Customer, limit: int = 50) -> list[OrderRequest]:
    """Return the requests about a customer's orders, the newest first."""
    query = select(OrderRequest).where(OrderRequest.customer_id == customer.id).order_by(OrderRequest.id.desc())
    return list(db.session.scalars(query.options(joinedload(OrderRequest.created_by)).limit(limit)))


def open_treatments(customer_ids: Collection[int]) -> list[OrderRequest]:
    """Return the requests whose orders are treated like grade A now, of some customers, the first wished on top."""
    open_ = (OrderRequest.customer_id.in_(customer_ids), OrderRequest.kind == A_TREATMENT, OrderRequest.state == APPROVED)
    query = select(OrderRequest).where(*open_).order_by(OrderRequest.delivery_on, OrderRequest.id)
    return list(db.session.scalars(query.options(selectinload(OrderRequest.customer))))


def standing_of(requests: Collection[OrderRequest]) -> Mapping[int, Approval]:
    """Return request id → its newest approval."""
    found: dict[int, Approval] = {}
    for kind, name in NAMES.items():
        ids = [one.id for one in requests if one.kind == kind]
        query = select(Approval).where(Approval.kind_name == name, Approval.record_id.in_(ids)).order_by(Approval.id)
        found |= {one.record_id: one for one in db.session.scalars(query)}
    return found
