"""Products: what is sold, by code (RL-8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.database import Base, db
from portal.models import audit
from portal.models.customer import BYTEWISE
from portal.models.staff import Staff
from portal.rules.message import Refusal

FIELDS = ("code", "name", "category", "active")


class Product(Base):
    """A product. One that is no longer sold stays, because sales name it."""

    __tablename__ = "product"

    code: Mapped[str] = mapped_column(BYTEWISE, unique=True)
    name: Mapped[str] = mapped_column(BYTEWISE)
    category: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    import_id: Mapped[int | None] = mapped_column()
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index(None, "name", "id"), Index(None, "import_id"))

    @classmethod
    def visible_to(cls, _user: Staff) -> Select[Self]:
        """Return all products: they say nothing of a customer."""
        return select(cls)

    @property
    def label(self) -> str:
        """Return what lists and forms call it."""
        return f"{self.code} {self.name}"

    @classmethod
    def add(cls, values: Mapping[str, Any], *, by: Staff) -> Self:
        """Add a product and return it, flushed. Raises `Refusal` with the field."""
        product = cls(**_checked(values), created_by_id=by.id)
        product._store(added=True)
        changes = [{"field": name, "old": "", "new": getattr(product, name)} for name in FIELDS]
        audit.write("change", "added", actor=by, record=product, label=product.label, changes=changes)
        return product

    def change(self, values: Mapping[str, Any], *, by: Staff) -> list[dict[str, Any]]:
        """Change it and return what really changed. Raises `Refusal` with the field."""
        new = _checked(values)
        changes = [{"field": name, "old": getattr(self, name), "new": new[name]} for name in FIELDS if getattr(self, name) != new[name]]
        if changes:
            for name, value in new.items():
                setattr(self, name, value)
            self._store()
            audit.write("change", "changed", actor=by, record=self, label=self.label, changes=changes)
        return changes

    def _store(self, *, added: bool = False) -> None:
        try:
            with db.session.begin_nested():
                if added:
                    db.session.add(self)
                db.session.flush()
        except IntegrityError as error:
            raise Refusal("There is a product with this code already.", field="code") from error


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("code", "name"):
        if not values.get(name):
            raise Refusal("Required, but empty", field=name)
    return {name: values.get(name, True if name == "active" else "") for name in FIELDS}


def product_called(text: str) -> Product | None:
    """Return the product that a code, or code and name as a form suggests them, means; None for an empty text.

    Raises `Refusal` (field `product`) where there is none.
    """
    text = text.strip()
    if not text:
        return None
    codes = (text.upper(), text.split(maxsplit=1)[0].upper())
    found = {product.code.upper(): product for product in db.session.scalars(select(Product).where(Product.code.in_(codes)))}
    for code in codes:
        if code in found:
            return found[code]
    raise Refusal("There is no product with this code.", field="product")


def categories() -> list[str]:
    """Return the categories of products, in their order."""
    return [one for one in db.session.scalars(select(Product.category).distinct().order_by(Product.category)) if one]
