"""Gifts 馈赠物品 (GF-3): what may be given, and who supplies it. What there is: `gift_stock.py`; what is bought: `gift_order.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, Text, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db
from portal.models import audit, history
from portal.models.customer import BYTEWISE, Money
from portal.models.staff import Staff
from portal.rules import gift_goods as rules
from portal.rules.gift_goods import LONGEST_LINE, LONGEST_TEXT
from portal.rules.message import N_, Refusal

_SUPPLIER_FIELDS = ("name", "contact", "telephone", "address", "note", "active")
_FIELDS = ("name", "kind", "specification", "unit", "unit_price", "supplier_id", "active")


class GiftSupplier(Base):
    """Who supplies gifts."""

    __tablename__ = "gift_supplier"

    name: Mapped[str] = mapped_column(BYTEWISE, unique=True)
    contact: Mapped[str] = mapped_column(default="")
    telephone: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @classmethod
    def visible_to(cls, _user: Staff) -> Select[Self]:
        """Return all suppliers: they say nothing of a customer."""
        return select(cls)

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return self.name

    @classmethod
    def add(cls, values: Mapping[str, Any], *, by: Staff) -> Self:
        """Add a supplier and return it, flushed. Raises `Refusal` with the field."""
        supplier = cls(**_checked_supplier(values))
        _store(supplier, N_("Another supplier has this name."))
        audit.write("change", "supplier-added", actor=by, record=supplier, label=supplier.label)
        return supplier

    def change(self, values: Mapping[str, Any], *, by: Staff, version: int) -> None:
        """Change a supplier. Raises `Refusal` with the field, `StateConflict` where somebody else changed it."""
        _ensure_version(self, version)
        changes = _set(self, _checked_supplier(values))
        if changes:
            _store(self, N_("Another supplier has this name."))
            audit.write("change", "supplier-changed", actor=by, record=self, label=self.label, changes=changes)


class Gift(Base):
    """A thing that may be given. One that is not given any more stays, because campaigns and the gift register name it."""

    __tablename__ = "gift"

    name: Mapped[str] = mapped_column(BYTEWISE, unique=True)
    kind: Mapped[str]
    """customised | souvenir (`rules.gift_goods.KINDS`)"""
    specification: Mapped[str] = mapped_column(Text, default="")
    unit: Mapped[str] = mapped_column(default="")
    """What it is counted in, such as 件 or 盒."""
    unit_price: Mapped[Decimal] = mapped_column(Money)
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("gift_supplier.id"), index=True)
    in_stock: Mapped[int] = mapped_column(default=0)
    """Pieces that lie in the store. Only `gift_stock.move` changes it, together with the movement that says why."""
    active: Mapped[bool] = mapped_column(default=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    supplier: Mapped[GiftSupplier | None] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (CheckConstraint("in_stock >= 0", name="stock"), Index(None, "active", "name"))

    @classmethod
    def visible_to(cls, _user: Staff) -> Select[Self]:
        """Return all gifts: they say nothing of a customer."""
        return select(cls)

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return self.name

    @property
    def link(self) -> str:
        """Return the path of its page."""
        return f"/gifts/goods/{self.id}"

    @classmethod
    def add(cls, values: Mapping[str, Any], *, by: Staff) -> Self:
        """Add a gift (`name`, `kind`, `specification`, `unit`, `unit_price`, `supplier`, `active`) and return it, flushed.

        Raises `Refusal` with the field, for cash and what is like it too (GF-3).
        """
        gift = cls(**_checked(values), created_by_id=by.id)
        _store(gift, N_("Another gift has this name."))
        changes = [{"field": name, "old": "", "new": str(getattr(gift, name) or "")} for name in _FIELDS]
        audit.write("change", "gift-added", actor=by, record=gift, label=gift.label, changes=changes)
        return gift

    def change(self, values: Mapping[str, Any], *, by: Staff, version: int) -> None:
        """Change a gift; what was approved or given keeps its price. Raises `Refusal` with the field, `StateConflict`."""
        _ensure_version(self, version)
        changes = _set(self, _checked(values))
        if changes:
            _store(self, N_("Another gift has this name."))
            audit.write("change", "gift-changed", actor=by, record=self, label=self.label, changes=changes)


def active_gifts(*, besides: Collection[int] = ()) -> list[Gift]:
    """Return the gifts that may be given, by name, and those `besides` (ids) that are not given any more."""
    return list(db.session.scalars(select(Gift).where(Gift.active | Gift.id.in_(besides)).order_by(Gift.name, Gift.id)))


def active_suppliers(*, besides: int | None = None) -> list[GiftSupplier]:
    """Return the suppliers in use, by name, and the one `besides` if it is not in use any more."""
    table = GiftSupplier
    return list(db.session.scalars(select(table).where(table.active | (table.id == (besides or 0))).order_by(table.name)))


def _checked_supplier(values: Mapping[str, Any]) -> dict[str, Any]:
    if not values.get("name"):
        raise Refusal("Required, but empty", field="name")
    found = {name: values.get(name, name == "active" or "") for name in _SUPPLIER_FIELDS}
    return {name: one if name in ("active", "note") else one[:LONGEST_LINE] for name, one in found.items()}


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("name", "unit"):
        if not values.get(name):
            raise Refusal("Required, but empty", field=name)
    if values.get("kind") not in rules.KINDS:
        raise Refusal("A gift is customised, or a souvenir with the company's mark.", field="kind")
    specification = values.get("specification") or ""
    rules.ensure_goods(values["name"], field="name")
    rules.ensure_goods(specification, field="specification")
    supplier: GiftSupplier | None = values.get("supplier")
    return {
        "name": values["name"][:LONGEST_LINE],
        "kind": values["kind"],
        "specification": specification[:LONGEST_TEXT],
        "unit": values["unit"][:LONGEST_LINE],
        "unit_price": rules.ensure_price(values.get("unit_price")),
        "supplier_id": supplier.id if supplier is not None else None,
        "active": values.get("active", True),
    }


def _set(record: Any, new: Mapping[str, Any]) -> list[dict[str, str]]:
    before = {name: getattr(record, name) for name in new}
    for name, value in new.items():
        setattr(record, name, value)
    return [{"field": name, "old": str(old), "new": str(new[name])} for name, old in before.items() if old != new[name]]


def _ensure_version(record: Any, version: int) -> None:
    if record.version != version:
        raise StateConflict(f"{record.__tablename__} {record.id}")


def _store(record: Any, taken: str) -> None:
    """Write the record. Raises `Refusal` (field `name`) where another one has its name."""
    try:
        with db.session.begin_nested():
            db.session.add(record)
            db.session.flush()
    except IntegrityError as error:
        raise Refusal(taken, field="name") from error


for _type, _action, _title in (
    ("Gift", "gift-added", N_("Gift added")),
    ("Gift", "gift-changed", N_("Gift changed")),
    ("GiftSupplier", "supplier-added", N_("Supplier added")),
    ("GiftSupplier", "supplier-changed", N_("Supplier changed")),
):
    history.action(_type, _action, _title)
