"""The customer: one customer, one original card 原始资料卡 (AR-1), its state, scope and who may do what to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import BigInteger, ForeignKey, Index, Select, String, Text, select, update
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from portal import clock
from portal.database import Base, db
from portal.models import audit, card
from portal.models.register_indexes import GOVERNMENT, ON_REGISTER, PROVISIONAL, TO_COUNT, register_indexes
from portal.models.scope import HangsOnCustomer, customer_scope
from portal.models.staff import Staff, Team
from portal.models.standard import value as standard
from portal.permissions import Permission, Role
from portal.rules.dates import has_come
from portal.rules.identifiers import check_credit_code, normalise_phone
from portal.rules.message import N_, Message, Refusal
from portal.rules.names import name_stem
from portal.rules.numbering import customer_number
from portal.rules.pinyin import syllables


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
    IMPORTING = "importing"
    """Made by an import of all or nothing that has not ended; nobody sees it (AR-40)."""


_THERE = sql("state <> 'importing'")
BYTEWISE = String().with_variant(String(collation="C"), "postgresql")
"""Text that both databases, and Python, put in the same order."""

NEVER = date(1900, 1, 1)
"""Stands where nothing was reported yet: unlike no value at all it is found by a range of an index."""

BY_CHAIN = N_("%(field_title)s: for a customer on the register this is changed by a change of credit, through its chain.")
"""What is said where a hand or a file would change what has a chain of its own (RL-5)."""


class Customer(Base):
    """A customer's card. Codes of choice fields are those of the standards `choices.*`."""

    __tablename__ = "customer"

    # identity
    number: Mapped[str] = mapped_column(BYTEWISE, unique=True)
    full_name: Mapped[str]
    short_name: Mapped[str] = mapped_column(default="")
    former_names: Mapped[str] = mapped_column(Text, default="")
    credit_code: Mapped[str] = mapped_column(default="")
    nature: Mapped[str] = mapped_column(default="")
    industry: Mapped[str] = mapped_column(default="")
    size: Mapped[str] = mapped_column(default="")
    registered_capital: Mapped[Decimal | None] = mapped_column(Money)
    established_on: Mapped[date | None]
    business_scope: Mapped[str] = mapped_column(Text, default="")
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
    main_business: Mapped[str] = mapped_column(Text, default="")
    staff_count: Mapped[int | None]
    operating_state: Mapped[str] = mapped_column(default="")
    banks: Mapped[str] = mapped_column(Text, default="")
    loans: Mapped[str] = mapped_column(Text, default="")
    funds_turnover: Mapped[str] = mapped_column(Text, default="")
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
    grade_provisional: Mapped[bool] = mapped_column(default=False)
    """暂定等级: given with the investigation, until the first grading (RL-4)."""
    graded_on: Mapped[date | None]
    grade_valid_until: Mapped[date | None]
    """Until when a grade holds that came by a grading (RL-2); both are set with the grade, by its approval alone."""
    credit_rating: Mapped[str] = mapped_column(default="")
    credit_limit: Mapped[Decimal | None] = mapped_column(Money)
    payment_terms: Mapped[str] = mapped_column(default="")
    dealings_policy: Mapped[str] = mapped_column(Text, default="")
    dealings_attitude: Mapped[str] = mapped_column(default="")
    remarks: Mapped[str] = mapped_column(Text, default="")
    # dealings
    sales_activity: Mapped[str] = mapped_column(Text, default="")
    problems: Mapped[str] = mapped_column(Text, default="")
    strengths: Mapped[str] = mapped_column(Text, default="")
    measures: Mapped[str] = mapped_column(Text, default="")
    reputation: Mapped[str] = mapped_column(Text, default="")
    credit_state: Mapped[str] = mapped_column(Text, default="")
    terms: Mapped[str] = mapped_column(Text, default="")
    past_credit_problems: Mapped[str] = mapped_column(Text, default="")
    # keeping
    name_key: Mapped[str] = mapped_column(default="")
    """Stem of the name without legal suffix, for duplicates (AR-3)."""
    name_sort: Mapped[str] = mapped_column(BYTEWISE, default="")
    """Pinyin of the name: the order of a Chinese register."""
    documents_missing: Mapped[int | None] = mapped_column(default=None)
    """How many required kinds of documents its dossier lacks (AR-8); None until it is counted (`dossier_completeness`)."""
    reported_until: Mapped[date] = mapped_column(default=NEVER, server_default=NEVER.isoformat())
    """Last day of the newest period of which a periodic report was submitted (AR-22), kept by the reports; `NEVER` where there is none."""
    contacted_on: Mapped[date] = mapped_column(default=NEVER, server_default=NEVER.isoformat())
    """When somebody was last reached there (`callback.contacted`); `NEVER` where nobody noted it. No change of the card (SV-11)."""
    visited_on: Mapped[date] = mapped_column(default=NEVER, server_default=NEVER.isoformat())
    """When the last visit was made, kept by the visits; `NEVER` where there was none. No change of the card (SV-20)."""
    contact_count: Mapped[int] = mapped_column(default=0)
    """How many contacts it has, kept by the search index: 'no contact' is a filter of the register."""
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
        Index(None, "import_id", "state", "number"),
        # Of merged records only: over a column that is nearly always empty, SQLite's statistics would advise against the index.
        Index(None, "merged_into_id", sqlite_where=sql("merged_into_id IS NOT NULL"), postgresql_where=sql("merged_into_id IS NOT NULL")),
        # The few whose documents are to be counted.
        Index("ix_customer_government", "id", sqlite_where=GOVERNMENT, postgresql_where=GOVERNMENT),
        Index("ix_customer_to_count", "id", sqlite_where=TO_COUNT, postgresql_where=TO_COUNT),
        # Of whom a periodic report is owed; the index tells all that is asked.
        *(
            Index(
                f"ix_customer_{scope}_reported",
                *(scope, "grade", "reported_until", "created_at", "registered_on", other),
                sqlite_where=ON_REGISTER,
                postgresql_where=ON_REGISTER,
            )
            for scope, other in (("owner_id", "team_id"), ("team_id", "owner_id"))
        ),
        # Whose provisional grade is to be judged anew one day.
        *(
            Index(f"ix_customer_{scope}_provisional", scope, "id", sqlite_where=PROVISIONAL, postgresql_where=PROVISIONAL)
            for scope in ("owner_id", "team_id")
        ),
        # Who is due for a visit, by the frequency of each grade.
        *(
            Index(f"ix_customer_{scope}_visits", f"{scope}_id", "state", "grade", "visited_on", "id", "route", "route_order")
            for scope in ("owner", "team")
        ),
        # Whose customers they are, as lists of what hangs on them ask (`scope.listed`): narrow, and in the order of ids.
        *(
            Index(f"ix_customer_{scope}_there", f"{scope}_id", "id", sqlite_where=_THERE, postgresql_where=_THERE)
            for scope in ("owner", "team")
        ),
        # Who has waited longest for a word of ours.
        Index("ix_customer_contacted", "contacted_on", "id", sqlite_where=ON_REGISTER, postgresql_where=ON_REGISTER),
        *register_indexes(),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Self]:
        """Return the customers that `user` may see (RO-1)."""
        return select(cls).where(customer_scope(user))

    def assisted_by(self, user: Staff) -> bool:
        """Return whether `user` is an assisting rep (协办, RO-8)."""
        return any(assistant.staff_id == user.id for assistant in self.assistants)

    @property
    def closed(self) -> Message | None:
        """Return why nothing of the card may be changed now, or None: past (AR-11), in approval (AP-5) or merged (AR-3)."""
        if self.state == CustomerState.PAST:
            return Message(N_("Dealings with this customer have ended; the card is kept as it was."))
        if self.frozen_by_id is not None:
            return Message(N_("The card is covered by a document in approval. It can be changed again when that is decided."))
        if self.state == CustomerState.MERGED:
            return Message(N_("This record was merged into another one. Change that one."))
        return None

    @property
    def open_fields(self) -> tuple[card.Field, ...]:
        """Return the fields that are changed by hand: terms and policy of a customer on the register have their chain (RL-5, AP-3)."""
        return card.EDITABLE if self.state in (CustomerState.PROSPECT, CustomerState.IMPORTING) else card.OPEN_ON_REGISTER

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may change the card now."""
        return user.may(Permission.CUSTOMER_EDIT) and self.closed is None

    def ensure_open(self) -> None:
        """Raise `Refusal` saying why where the card may not be changed now."""
        if self.closed is not None:
            raise Refusal(self.closed.text, **self.closed.params)

    @classmethod
    def create(
        cls,
        values: Mapping[str, Any],
        *,
        by: Staff,
        owner: Staff | None = None,
        source: str = "form",
        state: CustomerState = CustomerState.PROSPECT,
        insist: Collection[str] = (),
    ) -> Customer:
        """Record a new customer with the next number and return it, flushed (AR-1, AR-2).

        `values` are those of `card.EDITABLE`. The customer is in the charge of `owner`, by default of `by`; a rep records for
        themselves only. `insist` names fields whose warning was seen and put aside (`credit_code`). Raises `Refusal` with the field.
        """
        owner = owner or by
        if owner.id not in {person.id for person in possible_owners(by)}:
            raise Refusal("Choose who is in charge, from the people you may give a customer to.", field="owner_id")
        checked = _checked(values, {}, insist)
        if not checked.get("full_name"):
            raise Refusal("A customer needs its full name.", field="full_name")
        today = clock.today()
        prefix = standard("customer.number_prefix")
        customer = cls(
            **checked,
            **derived(checked),
            number=customer_number(prefix, today.year, NumberSeries.take(f"{prefix}{today.year}")),
            owner=owner,
            team_id=owner.team_id,
            state=state.value,
            registered_on=today if state == CustomerState.ACTIVE else None,
        )
        db.session.add(customer)
        changes = [
            {"field": name, "old": "", "new": text} for name, text in card.texts(card.EDITABLE, customer).items() if text not in ("", None)
        ]
        changes.append({"field": "owner", "old": "", "new": owner.name})
        audit.write("change", "created", actor=by, record=customer, label=customer.full_name, changes=changes, source=source)
        return customer

    def change(
        self,
        values: Mapping[str, Any],
        *,
        by: Staff,
        reason: str = "",
        effective_on: date | None = None,
        source: str = "form",
        insist: Collection[str] = (),
    ) -> list[dict[str, Any]]:
        """Change fields of the card and return what really changed, as [{field, old, new}] in plain data (AR-4).

        Where a field that matters had a value before, `reason` and `effective_on` (not ahead) are asked for. An old full name is
        kept among the former names. Raises `Refusal` with the field; nothing is changed then.
        """
        self.ensure_open()
        current = {name: getattr(self, name) for name in values}
        new = {name: value for name, value in _checked(values, current, insist).items() if value != current[name]}
        if not new:
            return []
        self._ensure_hand_may(new)
        if "full_name" in new:
            if not new["full_name"]:
                raise Refusal("A customer needs its full name.", field="full_name")
            new["former_names"] = with_line(new.get("former_names", self.former_names), self.full_name, without=new["full_name"])
        matters = any(name in card.MATTERS and current[name] not in ("", None) for name in new)
        if matters:
            ask_reason(reason, effective_on)
        changes = []
        for name, value in new.items():
            field = card.CARD[name]
            changes.append({"field": name, "old": field.text(getattr(self, name)), "new": field.text(value)})
            setattr(self, name, value)
        for name, value in derived(new).items():
            setattr(self, name, value)
        self.updated_at = clock.now()
        audit.write(
            "change",
            "changed",
            actor=by,
            record=self,
            label=self.full_name,
            changes=changes,
            reason=reason,
            effective_on=effective_on.isoformat() if effective_on and (matters or reason) else "",
            source=source,
        )
        return changes

    def _ensure_hand_may(self, names: Collection[str]) -> None:
        """Raise `Refusal` where one of the fields is changed by a chain only, or is covered by a change of credit in approval (AP-5)."""
        from portal.models.credit import CreditChange

        open_fields = {field.name for field in self.open_fields}
        for name in names:
            if name not in open_fields:
                raise Refusal(BY_CHAIN, field=name, field_title=Message(card.CARD[name].title))
        covered = CreditChange.covers(self) & set(names)
        if covered:
            raise Refusal(N_("A change of this customer's credit is in approval; it covers this entry."), field=min(covered))


WHY_IT_MATTERS = N_("Say why: the name, the address and other facts that matter change with a reason.")


def ask_reason(reason: str, effective_on: date | None, why: str = WHY_IT_MATTERS) -> None:
    """Raise `Refusal` unless a change that matters has a reason and the day since which it holds (AR-4); `why` asks for the reason."""
    if not reason:
        raise Refusal(why, field="reason")
    if effective_on is None:
        raise Refusal("Say from when the change holds.", field="effective_on")
    if effective_on > clock.today():
        raise Refusal("The change must hold already: enter it when its day has come.", field="effective_on")


def possible_owners(by: Staff) -> list[Staff]:
    """Return the active people to whom `by` may give a new customer, by name: themselves, the team, or for managers everybody in a team."""
    query = select(Staff).where(Staff.active, Staff.team_id.is_not(None)).order_by(Staff.name, Staff.id)
    if by.role == Role.REP:
        query = query.where(Staff.id == by.id)
    elif by.role == Role.SUPERVISOR:
        query = query.where(Staff.team_id == by.team_id)
    return list(db.session.scalars(query))


def derived(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that follow from the given ones: comparable forms of name and telephone, pinyin for sorting.

    What a dossier lacks depends on the nature of its customer: it is to be counted anew (`dossier_completeness`).
    """
    found: dict[str, Any] = {"documents_missing": None} if "nature" in values else {}
    if "full_name" in values:
        found["name_key"] = name_stem(values["full_name"])
        found["name_sort"] = " ".join(filter(None, syllables(values["full_name"])))
    if "telephone" in values:
        found["telephone_key"] = normalise_phone(values["telephone"]).comparable if values["telephone"] else ""
    return found


def codes_of(field: card.Field) -> set[str]:
    """Return the codes of a choice field: its own, or those of the site's list."""
    return {one.code for one in field.entries} if field.entries else {entry["code"] for entry in standard(f"choices.{field.choices}")}


def check_choice(field: card.Field, value: str) -> None:
    """Raise `Refusal` unless `value` is a code of the field's list; codes no longer active are still codes."""
    if field.kind == "grade" and value and value not in card.GRADES:
        raise Refusal("%(typed)s is not among the choices.", field=field.name, typed=value[:40])
    if field.kind == "choice" and value and value not in codes_of(field):
        raise Refusal("%(typed)s is not among the choices.", field=field.name, typed=value[:40])


def _checked(values: Mapping[str, Any], current: Mapping[str, Any], insist: Collection[str]) -> dict[str, Any]:
    """Return the values fit to store. Raises `Refusal` with the field, `KeyError` for a field that does not stand on the card."""
    checked = {}
    for name, value in values.items():
        field = card.CARD[name]
        if not field.editable:
            raise KeyError(name)
        checked[name] = field.empty if value is None else value
        if checked[name] == current.get(name):
            continue
        check_choice(field, checked[name])
        if isinstance(checked[name], date):
            has_come(checked[name], clock.today(), field=name)
        if name == "credit_code" and value and name not in insist:
            wrong = check_credit_code(value)
            if wrong:
                raise Refusal(wrong.text, field=name, **wrong.params)
    return checked


def with_line(text: str, line: str, *, without: str) -> str:
    """Return the lines of `text` and `line` behind them, once each, without the line `without`."""
    return "\n".join(dict.fromkeys(one for one in [*text.splitlines(), line] if one.strip() and one != without))


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


class NumberSeries(Base):
    """The last serial given in a series (prefix and year). Numbers are never given twice (AR-1)."""

    __tablename__ = "number_series"

    name: Mapped[str] = mapped_column(unique=True)
    last: Mapped[int] = mapped_column(default=0)

    @classmethod
    def take(cls, name: str, count: int = 1) -> int:
        """Return the next serial of a series, the first of `count` that are taken together.

        The series' row stays locked until the transaction ends, so that no two transactions take the same; a transaction that is
        rolled back gives its serials back unused.
        """
        step = update(cls).where(cls.name == name).values(last=cls.last + count).returning(cls.last)
        step = step.execution_options(synchronize_session=False)
        last = db.session.scalar(step)
        if last is None:
            try:
                with db.session.begin_nested():
                    db.session.add(cls(name=name, last=0))
            except IntegrityError:
                pass  # somebody else began the series at the same moment
            last = db.session.scalar(step)
        assert last is not None  # noqa: S101 - the row is there now
        return last - count + 1
