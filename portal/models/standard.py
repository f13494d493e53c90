"""The site's standards (ST-1 to ST-3): the declared ones of `rules/standards.py` with the versions that the site has set."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, db
from portal.rules.standards import STANDARDS


class InForce(NamedTuple):
    """A standard as it stands on a day. Version 0 is the starting value declared in the rules."""

    name: str
    version: int
    value: Any


class StandardVersion(Base):
    """A value that a manager has set, from a day on. Versions are added, never changed."""

    __tablename__ = "standard_version"

    name: Mapped[str]
    number: Mapped[int]
    value: Mapped[Any] = mapped_column(JsonValue)
    from_date: Mapped[date]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=clock.now)

    set_by: Mapped[Any] = relationship("Staff", foreign_keys=[set_by_id])

    __table_args__ = (Index(None, "name", "number", unique=True),)


def _versions() -> dict[str, list[StandardVersion]]:
    """Return every set version by name, newest first; read once a session, as they are few."""
    session = db.session()
    known: dict[str, list[StandardVersion]] | None = session.info.get("standards")
    if known is None:
        known = {}
        for version in session.scalars(select(StandardVersion).order_by(StandardVersion.from_date.desc(), StandardVersion.number.desc())):
            known.setdefault(version.name, []).append(version)
        session.info["standards"] = known
    return known


@event.listens_for(Session, "after_flush")
@event.listens_for(Session, "after_rollback")
def _forget(session: Session, _context: Any = None) -> None:
    if any(isinstance(record, StandardVersion) for record in session.new):
        session.info.pop("standards", None)


@event.listens_for(Session, "after_commit")
def _forget_at_commit(session: Session) -> None:
    session.info.pop("standards", None)


def in_force(name: str, on: date | None = None) -> InForce:
    """Return version and value of a standard on a day (today by default). Raises KeyError for a name that is not declared."""
    declared = STANDARDS[name]
    day = on or clock.today()
    for version in _versions().get(name, []):
        if version.from_date <= day:
            return InForce(name, version.number, version.value)
    return InForce(name, 0, declared.start)


def value(name: str, on: date | None = None) -> Any:
    """Return the value of a standard on a day (today by default)."""
    return in_force(name, on).value
