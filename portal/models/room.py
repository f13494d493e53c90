"""Meeting rooms, and who has them when (SV-21): a row for each quarter of an hour that a visit takes.

That no two groups are in one room at one time is a unique index, so that it holds on both databases whoever books at the same moment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ForeignKey, Index, Select, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, StateConflict, db
from portal.models import audit, history
from portal.models.staff import Staff
from portal.rules.message import N_, Named, Refusal
from portal.rules.reception import LONGEST_LINE, MOST_VISITORS, clock_time, slots

if TYPE_CHECKING:
    from portal.models.reception import Reception

_QUIET = {"synchronize_session": False}
_FIELDS = ("zh", "en", "seats", "areas", "note", "active")


class MeetingRoom(Base):
    """A meeting room of the site."""

    __tablename__ = "meeting_room"

    zh: Mapped[str] = mapped_column(unique=True)
    en: Mapped[str] = mapped_column(unique=True)
    seats: Mapped[int]
    areas: Mapped[list[Any]] = mapped_column(default=list)
    """The areas that visitors in it enter (codes of `choices.visit_area`): proposed for the pass."""
    note: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @classmethod
    def visible_to(cls, _user: Staff) -> Select[MeetingRoom]:
        """Return all rooms: everybody may know which there are."""
        return select(cls)

    @property
    def label(self) -> str:
        """Return what the log calls it."""
        return self.zh

    @property
    def named(self) -> Named:
        """Return its name as messages say it, in the reader's language."""
        return Named(self.zh, self.en)

    @classmethod
    def add(cls, values: Mapping[str, Any], *, by: Staff) -> MeetingRoom:
        """Add a room and return it, flushed. Raises `Refusal` with the field."""
        room = cls()
        room._set(values)
        db.session.add(room)
        _ensure_new(room)
        audit.write("change", "room-added", actor=by, record=room, label=room.label)
        return room

    def change(self, values: Mapping[str, Any], *, by: Staff, version: int) -> None:
        """Change a room. Raises `Refusal` with the field, `StateConflict` where somebody else changed it."""
        if self.version != version:
            raise StateConflict(f"room {self.id}")
        before = {name: getattr(self, name) for name in _FIELDS}
        self._set(values)
        _ensure_new(self)
        changes = [
            {"field": name, "old": str(old), "new": str(getattr(self, name))} for name, old in before.items() if old != getattr(self, name)
        ]
        if changes:
            audit.write("change", "room-changed", actor=by, record=self, label=self.label, changes=changes)

    def _set(self, values: Mapping[str, Any]) -> None:
        for name in ("zh", "en"):
            if not values[name] or len(values[name]) > LONGEST_LINE:
                raise Refusal("Give the room a name in both languages.", field=name)
        if not values["seats"] or not 1 <= values["seats"] <= MOST_VISITORS * 5:
            raise Refusal("Say for how many people there are seats.", field="seats")
        for name in _FIELDS:
            setattr(self, name, values[name])


def _ensure_new(room: MeetingRoom) -> None:
    """Write the room. Raises `Refusal` where another has its name already."""
    with db.session.no_autoflush:
        for name, column in (("zh", MeetingRoom.zh), ("en", MeetingRoom.en)):
            if db.session.scalar(select(MeetingRoom.id).where(column == getattr(room, name), MeetingRoom.id != (room.id or 0))):
                raise Refusal("Another room has this name.", field=name)
    try:
        db.session.flush()
    except IntegrityError as error:
        db.session.rollback()
        raise StateConflict("room of the same name") from error


class RoomSlot(Base):
    """A quarter of an hour in which a room is kept for a visit."""

    __tablename__ = "room_slot"

    room_id: Mapped[int] = mapped_column(ForeignKey("meeting_room.id"))
    day: Mapped[date]
    quarter: Mapped[int]
    """Quarters of an hour since midnight at the site."""
    reception_id: Mapped[int] = mapped_column(ForeignKey("reception.id", ondelete="CASCADE"), index=True)

    __table_args__ = (Index(None, "room_id", "day", "quarter", unique=True), Index(None, "day"))


def active_rooms(*, besides: int | None = None) -> list[MeetingRoom]:
    """Return the rooms in use, by seats and name, and the one `besides` if it is not in use any more."""
    query = select(MeetingRoom).where(MeetingRoom.active | (MeetingRoom.id == (besides or 0)))
    return list(db.session.scalars(query.order_by(MeetingRoom.seats, MeetingRoom.zh)))


def taken(room_id: int, wanted: Collection[tuple[date, int]], *, free_of: Collection[int] = ()) -> tuple[date, int, int] | None:
    """Return the first clash with what is kept: (day, first quarter, quarter behind the last); visits of `free_of` do not count."""
    if not wanted:
        return None
    days = sorted({day for day, _quarter in wanted})
    quarters = {quarter for _day, quarter in wanted}
    slot = RoomSlot
    query = select(slot.day, func.min(slot.quarter), func.max(slot.quarter) + 1).where(
        slot.room_id == room_id, slot.day.in_(days), slot.quarter.between(min(quarters), max(quarters))
    )
    if free_of:
        query = query.where(slot.reception_id.not_in(free_of))
    row = db.session.execute(query.group_by(slot.day).order_by(slot.day).limit(1)).first()
    return (row[0], row[1], row[2]) if row else None


def ensure_free(room: MeetingRoom, first_on: date, last_on: date, starts_at: time, ends_at: time, *, free_of: Collection[int] = ()) -> None:
    """Raise `Refusal` (field `room`) where somebody else has the room at that time."""
    clash = taken(room.id, slots(first_on, last_on, starts_at, ends_at), free_of=free_of)
    if clash is not None:
        day, start, end = clash
        raise Refusal(
            "%(room)s is taken on %(day)s from %(start)s to %(end)s.", field="room", room=room.named, day=day.isoformat(),
            start=clock_time(start), end=clock_time(end),
        )  # fmt: skip


def hold(reception: Reception) -> None:
    """Keep the room of a reception; for an amendment what the visit does not have already.

    Raises `Refusal` (field `room`) where it is taken.
    """
    room = reception.room
    if room is None:
        return
    times = (reception.first_on, reception.last_on, reception.starts_at, reception.ends_at)
    before = [reception.amends_id] if reception.amends_id else []
    ensure_free(room, *times, free_of=before)
    held = set()
    if before:
        rows = select(RoomSlot.day, RoomSlot.quarter).where(RoomSlot.reception_id == before[0], RoomSlot.room_id == room.id)
        held = {(row[0], row[1]) for row in db.session.execute(rows)}
    rows_ = [
        {"room_id": room.id, "day": day, "quarter": quarter, "reception_id": reception.id}
        for day, quarter in slots(*times)
        if (day, quarter) not in held
    ]
    try:
        with db.session.begin_nested():
            if rows_:
                db.session.execute(insert(RoomSlot), rows_)
    except IntegrityError:
        # Somebody else kept it between the question and now.
        ensure_free(room, *times, free_of=before)
        raise StateConflict(f"room {room.id}") from None


def let_go(reception: Reception) -> None:
    """Free what is kept for a reception."""
    db.session.execute(delete(RoomSlot).where(RoomSlot.reception_id == reception.id), execution_options=_QUIET)


def move(reception: Reception, before: Reception) -> None:
    """Give an amendment what the visit before it had of the same room and times, and free the rest."""
    slot = RoomSlot
    if reception.room_id is not None:
        wanted = slots(reception.first_on, reception.last_on, reception.starts_at, reception.ends_at)
        same = (slot.reception_id == before.id, slot.room_id == reception.room_id, tuple_(slot.day, slot.quarter).in_(wanted))
        db.session.execute(update(slot).where(*same).values(reception_id=reception.id), execution_options=_QUIET)
    let_go(before)


# --- calendar --------------------------------------------------------------------------------------------------------------


class Stay(NamedTuple):
    """A group in a room on a day."""

    room_id: int
    day: date
    starts: str
    ends: str
    reception_id: int


def stays(first: date, days: int) -> list[Stay]:
    """Return who is in which room in some days from `first` on, in the order of day and time."""
    slot = RoomSlot
    query = (
        select(slot.room_id, slot.day, func.min(slot.quarter), func.max(slot.quarter) + 1, slot.reception_id)
        .where(slot.day.between(first, first + timedelta(days=days - 1)))
        .group_by(slot.room_id, slot.day, slot.reception_id)
        .order_by(slot.day, func.min(slot.quarter), slot.room_id)
    )
    return [Stay(row[0], row[1], clock_time(row[2]), clock_time(row[3]), row[4]) for row in db.session.execute(query)]


history.action("MeetingRoom", "room-added", N_("Meeting room added"))
history.action("MeetingRoom", "room-changed", N_("Meeting room changed"))
