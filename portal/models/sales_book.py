"""The totals of sales and payments, moved in the same transaction as the lines, so that no page ever walks the lines (RL-8).

Whoever writes lines or payments opens a `Ledger`, tells it of each row before and after, and closes it. Opening locks one row, so that
there is one writer at a time: totals move by what really changed, on both databases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, ForeignKey, Index, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from portal.database import Base, db
from portal.models.customer import Money, NumberSeries
from portal.models.duplicate import STAYS_AT_MERGE
from portal.models.scope import HangsOnCustomer
from portal.rules.sales import (
    BY_LINE,
    BY_PAYMENTS,
    KEPT,
    ORDERED,
    PRICE_PLACES,
    QUANTITY_PLACES,
    Part,
    key_range,
    parts_of_payment,
    parts_of_sale,
    settled_on,
)

SERIES = "sales"
QUIET: dict[str, Any] = {"synchronize_session": False}
PORTION = 400


class Fixed(TypeDecorator[Decimal]):
    """A number with so many decimals, stored whole, because SQLite has no decimal type."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int) -> None:
        """`places` decimals are kept."""
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        """Return the whole number. Raises ValueError for more decimals than are kept."""
        if value is None:
            return None
        whole = Decimal(value).scaleb(self.places)
        if whole != whole.to_integral_value():
            raise ValueError(f"more than {self.places} decimals")
        return int(whole)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Return the number."""
        return None if value is None else Decimal(value).scaleb(-self.places)


Quantity, Price = Fixed(QUANTITY_PLACES), Fixed(PRICE_PLACES)


class CustomerMonth(HangsOnCustomer, Base):
    """What a customer bought and paid in a month. Amounts of yuan; `month` is 202603."""

    __tablename__ = "customer_month"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    month: Mapped[int]
    sold: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    """Of lines that are not cancelled; returned goods count as less."""
    cancelled: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    lines: Mapped[int] = mapped_column(default=0)
    paid: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    """By payments of the month, and by lines that say themselves that they were settled in it."""
    unassigned: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    """Of that: by payments that name no document."""
    due: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    """Of lines that were due in the month."""
    due_lines: Mapped[int] = mapped_column(default=0)
    settled: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    """Of those: what is settled by now, in whatever month."""
    settled_lines: Mapped[int] = mapped_column(default=0)
    days_late: Mapped[int] = mapped_column(BigInteger, default=0)
    """Days by which the settled lines of the month were late, together."""

    __table_args__ = (Index(None, "customer_id", "month", unique=True), Index(None, "month"), {"info": STAYS_AT_MERGE})


class CustomerYear(HangsOnCustomer, Base):
    """What a customer bought and paid in a year: the order of the list by months, and of ABC analysis."""

    __tablename__ = "customer_year"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    year: Mapped[int]
    sold: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    cancelled: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    lines: Mapped[int] = mapped_column(default=0)
    paid: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))

    __table_args__ = (
        Index(None, "customer_id", "year", unique=True),
        Index(None, "year", "sold", "customer_id"),
        {"info": STAYS_AT_MERGE},
    )


class CustomerProductYear(HangsOnCustomer, Base):
    """What a customer bought of a product in a year, without what was cancelled."""

    __tablename__ = "customer_product_year"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    year: Mapped[int]
    sold: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))

    __table_args__ = (
        Index(None, "customer_id", "product_id", "year", unique=True),
        Index(None, "product_id", "year"),
        {"info": STAYS_AT_MERGE},
    )


class ProductMonth(Base):
    """What was sold of a product in a month."""

    __tablename__ = "product_month"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    month: Mapped[int]
    sold: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    cancelled: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    lines: Mapped[int] = mapped_column(default=0)
    quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))

    __table_args__ = (Index(None, "product_id", "month", unique=True), Index(None, "month"))


class RegionMonth(Base):
    """What was sold into a region in a month; all regions together are the office."""

    __tablename__ = "region_month"

    region: Mapped[str]
    """A province by its Chinese name, or as it was typed; '' where nobody said."""
    month: Mapped[int]
    sold: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    cancelled: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    lines: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index(None, "region", "month", unique=True), Index(None, "month"))


KEYS: dict[type[Any], tuple[str, ...]] = {
    CustomerMonth: ("customer_id", "month"),
    CustomerYear: ("customer_id", "year"),
    RegionMonth: ("region", "month"),
    ProductMonth: ("product_id", "month"),
    CustomerProductYear: ("customer_id", "product_id", "year"),
}
"""The tables of totals, in the order in which they are written, and by what a row of each is found."""
TABLES: dict[str, type[Any]] = {model.__tablename__: model for model in KEYS}


def figures_of(model: type[Any]) -> tuple[str, ...]:
    """Return the names of the figures that a table of totals holds."""
    return tuple(column.name for column in model.__table__.columns if column.name not in ("id", *KEYS[model]))


Purchase = tuple[int, date]
"""A customer, by id, and the day."""
Listener = Callable[[Collection[Purchase], Collection[int]], None]
_listeners: list[Listener] = []


def when_bought_otherwise(listener: Listener) -> Listener:
    """Declare what follows, in the same transaction, where lines turn out to be no purchase, or another one than they were.

    It is told the purchases that they were, and which of the lines (by id) are one now.
    """
    _listeners.append(listener)
    return listener


def _purchase(row: Mapping[str, Any] | None) -> Purchase | None:
    """Return the purchase that a line is: ordered, and not given back."""
    return (row["customer_id"], row["day"]) if row is not None and row["state"] == ORDERED and row["amount"] > 0 else None


def lock() -> None:
    """Let nobody else write lines, payments or totals until the transaction ends."""
    NumberSeries.take(SERIES, 0)


class Ledger:
    """Takes down how lines and payments were and are, then moves what follows from them: settlement, and every total."""

    def __init__(self) -> None:
        """Wait for whoever writes now."""
        lock()
        self._moves: dict[tuple[str, tuple[Any, ...]], dict[str, Any]] = defaultdict(dict)
        self._documents: set[tuple[int, str]] = set()
        self._paid: set[tuple[int, str]] = set()
        """Documents that payments named, or whose lines payments had settled: they are looked at even where no payment names them now."""
        self._gone: set[Purchase] = set()
        self._again: list[int] = []

    def sale(self, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> None:
        """Note a line that was written: as it was (None: it is new) and as it is (None: it is gone)."""
        self._note(before, now, parts_of_sale)
        for row in (before, now):
            if row and row["document"]:
                place = (row["customer_id"], row["document"])
                (self._paid if row["settled_by"] == BY_PAYMENTS else self._documents).add(place)
        was, is_now = _purchase(before), _purchase(now)
        if was is not None and was != is_now:
            self._gone.add(was)
        if before is not None and now is not None and is_now is not None and was != is_now:
            self._again.append(now["id"])

    def payment(self, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> None:
        """Note a payment that was written, likewise."""
        self._note(before, now, parts_of_payment)
        self._paid.update((row["customer_id"], row["document"]) for row in (before, now) if row and row["document"])

    def settle(self, customer_id: int, document: str) -> None:
        """Note a document that is to be settled anew, though no row of it was written."""
        self._paid.add((customer_id, document))

    def close(self) -> None:
        """Settle the documents concerned, move the totals, and tell of purchases. What is written must be in the database by now."""
        db.session.flush()
        self._settle()
        move(self._moves)
        for listener in _listeners if self._gone or self._again else ():
            listener(self._gone, self._again)

    def _note(self, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None, parts: Any) -> None:
        for row, sign in ((before, -1), (now, 1)):
            for part in parts(row) if row is not None else ():
                self._add(part, sign)

    def _add(self, part: Part, sign: int) -> None:
        figures = self._moves[part.table, part.key]
        for name, value in part.figures.items():
            figures[name] = figures.get(name, 0) + sign * value

    def _settle(self) -> None:
        """Say of lines whose documents payments name, on which day they were settled: when the payments reached the document's amount."""
        from portal.models.payment import Payment
        from portal.models.sale import Sale

        for some in _portions(sorted(self._documents | self._paid)):
            wanted, customers = {document for _customer, document in some}, {customer for customer, _document in some}
            query = select(Payment.customer_id, Payment.document, Payment.day, Payment.amount).where(
                Payment.document.in_(wanted), Payment.customer_id.in_(customers), Payment.state == KEPT
            )
            paid: dict[tuple[int, str], list[tuple[Any, Decimal]]] = defaultdict(list)
            for row in db.session.execute(query.order_by(Payment.day, Payment.id)):
                paid[row.customer_id, row.document].append((row.day, row.amount))
            for customer, document in some:
                self._settle_one(Sale, customer, document, paid.get((customer, document), []))

    def _settle_one(self, model: Any, customer: int, document: str, paid: list[tuple[Any, Decimal]]) -> None:
        if not paid and (customer, document) not in self._paid:
            return
        first, behind = key_range(document)
        document_here = (model.key >= first, model.key < behind, model.document == document, model.customer_id == customer)
        here = (*document_here, model.state == ORDERED, model.settled_by != BY_LINE)
        lines = [dict(row) for row in db.session.execute(select(*model.__table__.c).where(*here)).mappings()]
        day = settled_on(sum((line["amount"] for line in lines), Decimal(0)), paid)
        for line in lines:
            if line["settled_on"] == day:
                continue
            new = {"settled_on": day, "settled_by": BY_PAYMENTS if day else ""}
            db.session.execute(update(model).where(model.id == line["id"]).values(**new), execution_options=QUIET)
            self._note(line, {**line, **new}, parts_of_sale)
            loaded = db.session.identity_map.get(db.session.identity_key(model, line["id"]))
            if loaded is not None:
                db.session.expire(loaded, ["settled_on", "settled_by"])


def move(moves: Mapping[tuple[str, tuple[Any, ...]], Mapping[str, Any]]) -> None:
    """Add figures to the totals: {(table, key): {figure: how much more}}. The caller holds the lock."""
    insert: Any = postgresql_insert if db.session.get_bind().dialect.name == "postgresql" else sqlite_insert
    for model, keys in KEYS.items():
        names = figures_of(model)
        rows = [
            {**dict(zip(keys, key, strict=True)), **{name: figures.get(name, 0) for name in names}}
            for (table, key), figures in sorted(moves.items(), key=lambda one: one[0])
            if table == model.__tablename__ and any(figures.values())
        ]
        if not rows:
            continue
        table = model.__table__
        new = insert(table)
        added = {name: table.c[name] + new.excluded[name] for name in names}
        db.session.execute(new.on_conflict_do_update(index_elements=list(keys), set_=added), rows)
        for one in list(db.session.identity_map.values()):
            if isinstance(one, model):
                db.session.expire(one)


def _portions(values: list[Any]) -> Iterator[list[Any]]:
    return (values[start : start + PORTION] for start in range(0, len(values), PORTION))


def rows_of(model: Any, *where: Any) -> list[dict[str, Any]]:
    """Return rows of lines or payments as a ledger takes them."""
    return [dict(row) for row in db.session.execute(select(*model.__table__.c).where(*where)).mappings()]
