"""External customer codes 客户外部编号: by what a foreign system, such as the books, knows a customer (RL-8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db
from portal.models import audit, history
from portal.models.customer import BYTEWISE, Customer, CustomerState
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.rules.message import N_, Refusal

PORTION = 400
LENGTH = 60


class CustomerCode(HangsOnCustomer, Base):
    """The code of a customer in one foreign system. A code means one customer of its system; a customer may have several."""

    __tablename__ = "customer_code"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(BYTEWISE)
    source: Mapped[str] = mapped_column(BYTEWISE, default="")
    """The system, as the office calls it: 'ERP'; '' for the only one."""
    import_id: Mapped[int | None] = mapped_column(index=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()

    __table_args__ = (Index(None, "code", "source", unique=True),)

    @property
    def label(self) -> str:
        """Return the code with its system."""
        return f"{self.code} ({self.source})" if self.source else self.code

    @classmethod
    def add(cls, customer: Customer, code: str, source: str, *, by: Staff) -> Self:
        """Give a customer a code and return it, flushed. Raises `Refusal` with the field where another customer has it.

        Raises `StateConflict` where the customer was merged into another meanwhile: the code would be found by nobody.
        """
        if customer.state == CustomerState.MERGED:
            raise StateConflict(f"customer {customer.id} is merged")
        code = code.strip().upper()
        if not code:
            raise Refusal("Give the code.", field="code")
        found = cls(customer_id=customer.id, code=code, source=source, created_by_id=by.id)
        try:
            with db.session.begin_nested():
                db.session.add(found)
                db.session.flush()
        except IntegrityError as error:
            raise Refusal("This code is a customer's already.", field="code") from error
        audit.write("change", "code-added", actor=by, record=found, label=found.label)
        return found

    def remove(self, *, by: Staff) -> None:
        """Take the code away; sales that came by it stay with the customer."""
        audit.write("change", "code-removed", actor=by, record=self, label=self.label)
        db.session.delete(self)

    @classmethod
    def look_up(cls, user: Staff, codes: Iterable[str], source: str) -> dict[str, int | None]:
        """Return code → id of the customer in scope whom it means: in `source` first, else in any; None where several are meant."""
        found: dict[str, dict[bool, set[int]]] = {}
        wanted, record = sorted({code for code in codes if code}), aliased(Customer)
        for start in range(0, len(wanted), PORTION):
            query = cls.visible_to(user).where(cls.code.in_(wanted[start : start + PORTION]))
            query = query.join(record, record.id == cls.customer_id).where(record.state != CustomerState.MERGED)
            for one in db.session.scalars(query):
                found.setdefault(one.code, {}).setdefault(one.source == source, set()).add(one.customer_id)
        means = {code: places.get(True) or places[False] for code, places in found.items()}
        return {code: next(iter(ids)) if len(ids) == 1 else None for code, ids in means.items()}


def codes_of(customer: Customer) -> list[CustomerCode]:
    """Return a customer's codes in foreign systems."""
    query = select(CustomerCode).where(CustomerCode.customer_id == customer.id)
    return list(db.session.scalars(query.order_by(CustomerCode.source, CustomerCode.code)))


history.action("CustomerCode", "code-added", N_("External code added"))
history.action("CustomerCode", "code-removed", N_("External code removed"))
