"""What a reader keeps of the register: saved filters, private or shared with the team, and the columns they chose (AR-5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Select, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, db
from portal.models.register_query import COLUMNS, DEFAULT_COLUMNS, RegisterQuery
from portal.models.staff import Staff
from portal.rules.message import Refusal

LONGEST_NAME = 40
MOST = 50
"""Saved filters of one person: they stand in one line above the list."""


class SavedFilter(Base):
    """A query of the register under a name. What it lists is always within the scope of who opens it."""

    __tablename__ = "saved_filter"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    """The team it is shared with; a manager's is shared with everybody."""
    name: Mapped[str]
    shared: Mapped[bool] = mapped_column(default=False)
    args: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    staff: Mapped[Staff] = relationship()

    @classmethod
    def visible_to(cls, user: Staff) -> Select[SavedFilter]:
        """Return the reader's own filters and those shared with them."""
        with_everybody = cls.shared & cls.team_id.is_(None)
        with_team = cls.shared & (cls.team_id == user.team_id) if user.team_id is not None else with_everybody
        query: Select[SavedFilter] = select(cls).where(or_(cls.staff_id == user.id, with_everybody, with_team))
        return query.order_by(cls.name, cls.id)

    @classmethod
    def keep(cls, query: RegisterQuery, *, name: str, shared: bool, by: Staff) -> SavedFilter:
        """Keep a query under a name; one's own filter of that name is replaced. Raises `Refusal` (field `name`)."""
        if not name:
            raise Refusal("Give the filter a name.", field="name")
        if len(name) > LONGEST_NAME:
            raise Refusal("A name has at most %(most)s characters.", field="name", most=LONGEST_NAME)
        record = db.session.scalar(select(cls).where(cls.staff_id == by.id, cls.name == name))
        if record is None:
            if (db.session.scalar(select(func.count()).select_from(cls).where(cls.staff_id == by.id)) or 0) >= MOST:
                raise Refusal("You have %(most)s saved filters. Remove one first.", field="name", most=MOST)
            record = cls(staff_id=by.id, name=name)
            db.session.add(record)
        record.shared, record.team_id, record.args = shared, by.team_id, query.args()
        return record

    @property
    def query(self) -> RegisterQuery:
        """Return what it asks."""
        return RegisterQuery.read({str(key): str(value) for key, value in self.args.items()})

    def can_remove(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may remove it: who kept it; once they have left, supervisors and managers."""
        return self.staff_id == user.id or (not self.staff.active and (user.is_supervisor or user.is_manager))


class RegisterColumns(Base):
    """The columns that a reader chose for the register."""

    __tablename__ = "register_columns"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), unique=True)
    names: Mapped[list[Any]] = mapped_column(JsonValue, default=list)

    @classmethod
    def of(cls, staff: Staff) -> tuple[str, ...]:
        """Return the columns to show `staff`, in the order of the register."""
        chosen = db.session.scalar(select(cls.names).where(cls.staff_id == staff.id))
        return DEFAULT_COLUMNS if chosen is None else tuple(name for name in COLUMNS if name in chosen)

    @classmethod
    def choose(cls, names: list[str], *, by: Staff) -> None:
        """Keep a reader's columns; unknown names are left out, none chosen means number and name alone."""
        record = db.session.scalar(select(cls).where(cls.staff_id == by.id))
        if record is None:
            record = cls(staff_id=by.id)
            db.session.add(record)
        record.names = [name for name in COLUMNS if name in names]
