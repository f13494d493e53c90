"""The site's working calendar: its own days over the State Council's (SV-4), and the warning that next year's are not announced."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db
from portal.models import audit
from portal.models.notice import notify
from portal.models.staff import Staff
from portal.models.standard import at_version, in_force
from portal.permissions import Role
from portal.rules.message import N_, Message, Refusal
from portal.rules.standards import STANDARDS
from portal.rules.working_time import Calendar

WARNING_MONTHS = (11, 12)
"""The State Council announces the days of a year in the November before."""
NOTE_LENGTH = 100
ENTERED = 10
"""Where so many days from Monday to Friday are free by the site's own table, somebody has entered the year: officially there are more."""


class SiteDay(Base):
    """A day that this site works, or has free, against the official calendar."""

    __tablename__ = "site_day"

    day: Mapped[date] = mapped_column(unique=True)
    working: Mapped[bool]
    note: Mapped[str]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)

    set_by: Mapped[Staff | None] = relationship()

    @classmethod
    def set_days(cls, first: date, last: date, *, working: bool, note: str, by: Staff) -> list[SiteDay]:
        """Set the days from `first` to `last` that are officially otherwise as the site's own, and return them.

        Raises `Refusal` with the field (first, last, note), `StateConflict` where somebody else sets the same day.
        """
        if first < clock.today():
            raise Refusal("A day that has passed cannot be changed: deadlines were counted with it.", field="first")
        if last < first:
            raise Refusal("The last day comes before the first.", field="last")
        if last - first > timedelta(days=60):
            raise Refusal("At most 60 days at once.", field="last")
        if not note or len(note) > NOTE_LENGTH:
            raise Refusal("Say why, in at most %(most)s characters.", field="note", most=NOTE_LENGTH)
        official = Calendar()
        own = {one.day: one for one in db.session.scalars(select(cls).where(cls.day.between(first, last)))}
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        days = [day for day in days if (own[day].working if day in own else official.is_working_day(day)) != working]
        if not days:
            already = N_("These days are working days already.") if working else N_("These days are free already.")
            raise Refusal(already, field="first")
        for day in days:
            if day in own:
                db.session.delete(own[day])
        db.session.flush()
        set_now = [cls(day=day, working=working, note=note, set_by_id=by.id) for day in days if official.is_working_day(day) != working]
        try:
            with db.session.begin_nested():
                db.session.add_all(set_now)
        except IntegrityError as error:
            raise StateConflict(f"{first}: set by somebody else") from error
        new = "working" if working else "free"
        for day in days:
            audit.write(
                "change",
                "calendar-day-set",
                actor=by,
                label=day.isoformat(),
                changes=[{"field": "day", "old": "", "new": new}],
                reason=note,
            )
        return set_now

    def remove(self, *, by: Staff) -> None:
        """Go back to the official calendar on this day. Raises `Refusal` for a day that has passed."""
        if self.day < clock.today():
            raise Refusal("A day that has passed cannot be changed: deadlines were counted with it.")
        old = "working" if self.working else "free"
        changes = [{"field": "day", "old": old, "new": ""}]
        audit.write("change", "calendar-day-removed", actor=by, record=self, label=self.day.isoformat(), changes=changes, reason=self.note)
        db.session.delete(self)
        db.session.flush()


class CalendarWarning(Base):
    """A year of which managers have been told that its days are not announced yet: they are told once."""

    __tablename__ = "calendar_warning"

    year: Mapped[int] = mapped_column(unique=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


def site_calendar(version: int | None = None) -> Calendar:
    """Return the calendar by which deadlines are counted: office hours, own days, official days; read once a session.

    The hours are those in force today, or those of the `version` that a running case keeps (ST-2): `site_calendar().version` is what
    a case notes when it begins. Raises KeyError where there is no such version.
    """
    hours = in_force("office.hours") if version is None else at_version("office.hours", version)
    session = db.session()
    known: dict[int, Calendar] = session.info.setdefault("calendars", {})
    if hours.version not in known:
        days = session.execute(select(SiteDay.day, SiteDay.working, SiteDay.note)).all()
        known[hours.version] = Calendar(
            STANDARDS["office.hours"].read(hours.value),
            {row.day: row.working for row in days},
            notes={row.day: row.note for row in days},
            version=hours.version,
        )
    return known[hours.version]


@event.listens_for(Session, "after_flush")
def _forget_at_flush(session: Session, _context: object) -> None:
    if session.new or session.deleted:
        session.info.pop("calendars", None)


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("calendars", None)


def days_of(year: int) -> list[SiteDay]:
    """Return the site's own days of a year in their order."""
    return list(db.session.scalars(select(SiteDay).where(SiteDay.day.between(date(year, 1, 1), date(year, 12, 31))).order_by(SiteDay.day)))


def is_entered(year: int) -> bool:
    """Return whether somebody has entered the holidays of a year as own days, before the official calendar has them (SV-4)."""
    return sum(not one.working and one.day.weekday() < 5 for one in days_of(year)) >= ENTERED


def warn_of_next_year(link: str) -> int:
    """Tell every manager in November that the days of the next year are not known; return how many were told, once a year (SV-4)."""
    today = clock.today()
    year = today.year + 1
    if today.month not in WARNING_MONTHS or site_calendar().is_announced(year) or is_entered(year):
        return 0
    if db.session.scalar(select(CalendarWarning.id).where(CalendarWarning.year == year)):
        return 0
    try:
        with db.session.begin_nested():
            db.session.add(CalendarWarning(year=year))
    except IntegrityError:  # another worker tells them
        return 0
    text = N_("The public holidays of %(year)s are not in the calendar yet. Until they are, deadlines of that year count weekends only.")
    managers = list(db.session.scalars(select(Staff).where(Staff.active, Staff.role == Role.MANAGER.value)))
    for manager in managers:
        notify(manager, Message(text, {"year": year}), link=link)
    return len(managers)
