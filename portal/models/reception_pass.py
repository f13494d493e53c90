"""Visitor passes 参观凭证 (SV-21): without one nobody visits. A pass says who may enter which areas when; the gate checks its code."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models import audit, history
from portal.models.reception import APPROVED, RECEIVED, Reception
from portal.models.staff import Staff
from portal.rules.message import N_, Message, Refusal
from portal.rules.numbering import grouped_verification_code, normalise_verification_code, verification_code
from portal.rules.reception import EACH, Visitor


class VisitorPass(Base):
    """One pass, of one visitor or of the group; never changed: whether it counts follows from the visit it belongs to."""

    __tablename__ = "visitor_pass"

    reception_id: Mapped[int] = mapped_column(ForeignKey("reception.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    """Verification code without hyphens; it stands on the pass and in its QR code."""
    visitors: Mapped[list[Any]] = mapped_column(default=list)
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    issued_at: Mapped[datetime] = mapped_column(default=clock.now)

    reception: Mapped[Reception] = relationship()

    __table_args__ = (Index(None, "reception_id", "id"),)

    @classmethod
    def by_code(cls, typed: str) -> VisitorPass | None:
        """Return the pass with this code, typed in any way. Whoever has the pass in hand reads the same on it, so no scope is asked."""
        try:
            code = normalise_verification_code(typed)
        except Refusal:
            return None
        return db.session.scalar(select(cls).where(cls.code == code))

    @property
    def people(self) -> list[Visitor]:
        """Return whom it is for."""
        return [Visitor(**one) for one in self.visitors]

    @property
    def shown_code(self) -> str:
        """Return the code as it stands on the pass."""
        return grouped_verification_code(self.code)

    def refused_because(self, day: date) -> Message | None:
        """Return why nobody is let in with it on `day`; None where it is valid."""
        if self.reception.state not in (APPROVED, RECEIVED):
            return Message(N_("The visit it was issued for is cancelled, changed or did not come about."))
        if day < self.valid_from:
            return Message(N_("It is valid from %(day)s on."), {"day": self.valid_from.isoformat()})
        if day > self.valid_until:
            return Message(N_("It was valid until %(day)s."), {"day": self.valid_until.isoformat()})
        return None


def issue(reception: Reception, by: Staff | None) -> list[VisitorPass]:
    """Issue the passes of an approved visit: one for each visitor, or one for the group."""
    people = reception.people
    groups = [[one] for one in people] if reception.pass_kind == EACH else [people]
    made = [
        VisitorPass(
            reception=reception,
            number=f"CG{reception.first_on:%Y}{reception.id:05d}-{place:03d}",
            code=verification_code(),
            visitors=[one.as_data() for one in group],
            valid_from=reception.first_on,
            valid_until=reception.last_on,
        )
        for place, group in enumerate(groups, start=1)
    ]
    db.session.add_all(made)
    audit.write("change", "passes-issued", actor=by, record=reception, label=reception.label, count=len(made))
    return made


def passes_of(reception: Reception) -> list[VisitorPass]:
    """Return the passes of a visit in their order."""
    return list(db.session.scalars(select(VisitorPass).where(VisitorPass.reception_id == reception.id).order_by(VisitorPass.id)))


history.action("Reception", "passes-issued", N_("Visitor passes issued"))
