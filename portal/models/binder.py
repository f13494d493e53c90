"""Binders 档案盒: the boxes in which a customer's documents lie on the shelf (AR-9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base, db
from portal.models import audit, card, history
from portal.models.customer import BYTEWISE, Customer, CustomerState, NumberSeries, check_choice
from portal.models.dossier_fields import BINDER_FIELDS, DEFAULT_WIDTH
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.rules.message import N_, Message, Refusal


class Binder(HangsOnCustomer, Base):
    """An archive box 档案盒 of a customer's dossier."""

    __tablename__ = "binder"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    code: Mapped[str] = mapped_column(BYTEWISE, unique=True)
    """The customer's number and its own, from 1: C2026000123-1. It stands on the spine and stays, also after a merge."""
    code_key: Mapped[str] = mapped_column(BYTEWISE)
    """Comparable form of the code, by which binders stand side by side: C2026000123-000010 is behind C2026000123-000002."""
    title: Mapped[str] = mapped_column(default="")
    width_mm: Mapped[int] = mapped_column(default=30)
    shelf: Mapped[str] = mapped_column(BYTEWISE, default="")
    """Where it stands: the order in which a round of the shelves meets it (AR-21)."""
    remarks: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index(None, "customer_id", "code_key"), Index(None, "shelf", "code_key"))

    @classmethod
    def of(cls, customer: Customer) -> list[Binder]:
        """Return a customer's binders in order: the tenth behind the ninth."""
        return list(db.session.scalars(select(cls).where(cls.customer_id == customer.id).order_by(cls.code_key)))

    @classmethod
    def add(cls, customer: Customer, values: Mapping[str, Any], *, by: Staff) -> Binder:
        """Begin a binder for a customer's dossier and return it, flushed. Raises `Refusal` with the field."""
        ensure_can_file(customer)
        history.ensure_not_erased(customer)
        checked = _read_binder(values)
        place = NumberSeries.take(f"binder {customer.number}")
        codes = {"code": f"{customer.number}-{place}", "code_key": f"{customer.number}-{place:06d}"}
        binder = cls(customer_id=customer.id, **codes, **checked)
        db.session.add(binder)
        audit.write("change", "binder-added", actor=by, record=binder, label=binder.code, source="form")
        return binder

    def change(self, values: Mapping[str, Any], *, by: Staff) -> list[dict[str, Any]]:
        """Change a binder and return what really changed, as [{field, old, new}]. Raises `Refusal` with the field."""
        changes = card.apply(self, _read_binder(values), {one.name: one for one in BINDER_FIELDS})
        if changes:
            audit.write("change", "binder-changed", actor=by, record=self, label=self.code, changes=changes, source="form")
        return changes

    def mixed(self) -> list[Message]:
        """Return warnings that documents of several years or retention periods lie in it: DA/T 22-2015 keeps them apart (PR-7)."""
        from portal.models.binder_holding import lies_in
        from portal.models.dossier import ArchiveDocument

        counts = select(func.count(ArchiveDocument.year.distinct()), func.count(ArchiveDocument.retention.distinct()))
        years, periods = db.session.execute(counts.join(Binder, lies_in()).where(Binder.id == self.id)).one()
        found = []
        if years > 1:
            found.append(Message(N_("Documents of %(count)s years lie in this binder."), {"count": years}))
        if periods > 1:
            found.append(Message(N_("Documents of %(count)s retention periods lie in this binder."), {"count": periods}))
        return found


def ensure_can_file(customer: Customer) -> None:
    """Raise `Refusal` where nothing more is filed for a customer. Past customers' dossiers still take what belongs to their time."""
    if customer.state == CustomerState.MERGED:
        raise Refusal("This record was merged into another one. Change that one.")


def _read_binder(values: Mapping[str, Any]) -> dict[str, Any]:
    checked = {one.name: values.get(one.name, one.empty) for one in BINDER_FIELDS}
    for one in BINDER_FIELDS:
        check_choice(one, str(checked[one.name] or ""))
    checked["width_mm"] = int(checked["width_mm"] or DEFAULT_WIDTH)
    return checked


history.action("Binder", "binder-added", N_("Binder begun"))
history.action("Binder", "binder-changed", N_("Binder changed"))
