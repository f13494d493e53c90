"""The customer: one customer, one original card 原始资料卡 (AR-1), its state, scope and who may do what to it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import BigInteger, ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from portal import clock
from portal.database import Base
from portal.models.scope import HangsOnCustomer, customer_scope
from portal.models.staff import Staff, Team
from portal.permissions import Permission


class Money(TypeDecorator[Decimal]):
    """Yuan, stored as whole fen, because SQLite has no decimal type."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Any) -> int | None:
        """Return fen. Raises ValueError for parts of a fen."""
        if value is None:
            return None
        fen = Decimal(value) * 100
        if fen != fen.to_integral_value():
            raise ValueError("parts of a fen")
        return int(fen)

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        """Return yuan with two places."""
        return None if value is None else Decimal(value).scaleb(-2)


class CustomerState(StrEnum):
    """Where a customer stands."""

    PROSPECT = "prospect"
    """意向: recorded, not on the register."""
    ACTIVE = "active"
    """On the register of dealings."""
    PAST = "past"
    """Dealings ended; the card is kept apart."""
    MERGED = "merged"
    """Another record took this one in (AR-3); the old number leads there."""


class Customer(Base):
    """A customer's card. Codes of choice fields are those of the standards `choices.*`."""

    __tablename__ = "customer"

    # identity
    number: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    short_name: Mapped[str] = mapped_column(default="")
    former_names: Mapped[str] = mapped_column(default="")
    credit_code: Mapped[str] = mapped_column(default="")
    nature: Mapped[str] = mapped_column(default="")
    industry: Mapped[str] = mapped_column(default="")
    size: Mapped[str] = mapped_column(default="")
    registered_capital: Mapped[Decimal | None] = mapped_column(Money)
    established_on: Mapped[date | None]
    business_scope: Mapped[str] = mapped_column(default="")
    province: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    district: Mapped[str] = mapped_column(default="")
    street: Mapped[str] = mapped_column(default="")
    route: Mapped[str] = mapped_column(default="")
    route_order: Mapped[int | None]
    telephone: Mapped[str] = mapped_column(default="")
    telephone_key: Mapped[str] = mapped_column(default="")
    """Comparable form of the telephone number, for duplicates and search."""
    fax: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    website: Mapped[str] = mapped_column(default="")
    # people
    legal_representative: Mapped[str] = mapped_column(default="")
    general_manager: Mapped[str] = mapped_column(default="")
    # business
    main_business: Mapped[str] = mapped_column(default="")
    staff_count: Mapped[int | None]
    operating_state: Mapped[str] = mapped_column(default="")
    banks: Mapped[str] = mapped_column(default="")
    loans: Mapped[str] = mapped_column(default="")
    funds_turnover: Mapped[str] = mapped_column(default="")
    accepts_payment_terms: Mapped[str] = mapped_column(default="")
    payment_attitude: Mapped[str] = mapped_column(default="")
    uses_cheques: Mapped[str] = mapped_column(default="")
    highest_single_purchase: Mapped[Decimal | None] = mapped_column(Money)
    average_monthly_purchase: Mapped[Decimal | None] = mapped_column(Money)
    development_potential: Mapped[str] = mapped_column(default="")
    satisfaction: Mapped[str] = mapped_column(default="")
    # relation
    state: Mapped[str] = mapped_column(default=CustomerState.PROSPECT.value)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    first_contact_on: Mapped[date | None]
    first_deal_on: Mapped[date | None]
    stage_time: Mapped[str] = mapped_column(default="")
    stage_transaction: Mapped[str] = mapped_column(default="")
    stage_volume: Mapped[str] = mapped_column(default="")
    stage_service: Mapped[str] = mapped_column(default="")
    referred_by: Mapped[str] = mapped_column(default="")
    stage_years: Mapped[str] = mapped_column(default="")
    grade: Mapped[str] = mapped_column(default="")
    credit_rating: Mapped[str] = mapped_column(default="")
    credit_limit: Mapped[Decimal | None] = mapped_column(Money)
    payment_terms: Mapped[str] = mapped_column(default="")
    dealings_policy: Mapped[str] = mapped_column(default="")
    dealings_attitude: Mapped[str] = mapped_column(default="")
    remarks: Mapped[str] = mapped_column(default="")
    # dealings
    sales_activity: Mapped[str] = mapped_column(default="")
    problems: Mapped[str] = mapped_column(default="")
    strengths: Mapped[str] = mapped_column(default="")
    measures: Mapped[str] = mapped_column(default="")
    reputation: Mapped[str] = mapped_column(default="")
    credit_state: Mapped[str] = mapped_column(default="")
    terms: Mapped[str] = mapped_column(default="")
    past_credit_problems: Mapped[str] = mapped_column(default="")
    # keeping
    name_key: Mapped[str] = mapped_column(default="")
    """Stem of the name without legal suffix, for duplicates (AR-3)."""
    name_sort: Mapped[str] = mapped_column(default="")
    """Pinyin of the name: the order of a Chinese register."""
    registered_on: Mapped[date | None]
    frozen_by_id: Mapped[int | None] = mapped_column()
    """The running approval that covers the card: nothing of it may be edited until then (AP-5)."""
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    import_id: Mapped[int | None] = mapped_column()
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    owner: Mapped[Staff | None] = relationship(foreign_keys=[owner_id])
    team: Mapped[Team | None] = relationship(foreign_keys=[team_id])
    assistants: Mapped[list[CustomerAssistant]] = relationship(back_populates="customer", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(None, "credit_code"),
        Index(None, "telephone_key"),
        Index(None, "name_key"),
        Index(None, "import_id"),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[tuple[Self]]:
        """Return the customers that `user` may see (RO-1)."""
        return select(cls).where(customer_scope(user))

    def assisted_by(self, user: Staff) -> bool:
        """Return whether `user` is an assisting rep (协办, RO-8)."""
        return any(assistant.staff_id == user.id for assistant in self.assistants)

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user` may change the card now: in scope, and neither frozen by an approval, merged nor past."""
        return user.may(Permission.CUSTOMER_EDIT) and self.frozen_by_id is None and self.state in (CustomerState.PROSPECT, CustomerState.ACTIVE)


class CustomerAssistant(Base):
    """A rep who assists with a customer (RO-8)."""

    __tablename__ = "customer_assistant"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))

    customer: Mapped[Customer] = relationship(back_populates="assistants")
    staff: Mapped[Staff] = relationship()

    __table_args__ = (Index(None, "customer_id", "staff_id", unique=True), Index(None, "staff_id", "customer_id"))


class CustomerTag(HangsOnCustomer, Base):
    """A tag on a customer; tags are words of the site's own list (standard `choices.tag`) or new ones."""

    __tablename__ = "customer_tag"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    tag: Mapped[str]

    __table_args__ = (Index(None, "customer_id", "tag", unique=True), Index(None, "tag", "customer_id"))


class Contact(HangsOnCustomer, Base):
    """A contact or emergency contact of a customer. Kept to what the work needs; `kept_for` says why (AR-1, PIPL)."""

    __tablename__ = "contact"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    name_pinyin: Mapped[str] = mapped_column(default="")
    post: Mapped[str] = mapped_column(default="")
    department: Mapped[str] = mapped_column(default="")
    telephone: Mapped[str] = mapped_column(default="")
    telephone_key: Mapped[str] = mapped_column(default="", index=True)
    email: Mapped[str] = mapped_column(default="")
    preferred_way: Mapped[str] = mapped_column(default="")
    frequency: Mapped[str] = mapped_column(default="")
    decides: Mapped[bool] = mapped_column(default=False)
    emergency: Mapped[bool] = mapped_column(default=False)
    relationship_note: Mapped[str] = mapped_column(default="")
    kept_for: Mapped[str] = mapped_column(default="")
    import_id: Mapped[int | None] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    customer: Mapped[Customer] = relationship()

    __mapper_args__ = {"version_id_col": version}


class NumberSeries(Base):
    """The last serial given in a series (prefix and year). Numbers are never given twice (AR-1)."""

    __tablename__ = "number_series"

    name: Mapped[str] = mapped_column(unique=True)
    last: Mapped[int] = mapped_column(default=0)
