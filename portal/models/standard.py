"""The site's standards (ST-1 to ST-3): the declared ones of `rules/standards.py` with the versions that the site has set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import ForeignKey, Index, event, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship
from sqlalchemy.pool import Pool

from portal import clock
from portal.database import Base, JsonValue, StateConflict, db, transition
from portal.models import audit
from portal.rules.message import N_, Message, Refusal
from portal.rules.standard_words import in_words
from portal.rules.standards import STANDARDS

REASON_LENGTH = 500
YEARS_AHEAD = 5
"""How far ahead a version may be set: further is a slip of the keyboard."""


class InForce(NamedTuple):
    """A standard as it stands on a day. Version 0 is the starting value declared in the rules; it has no `since`."""

    name: str
    version: int
    value: Any
    """Plain JSON, shared by all readers: never change it in place."""
    since: date | None = None
    set_at: datetime | None = None
    """When it was set; None for the starting value."""


class StandardVersion(Base):
    """A value that a manager has set, from a day on. Versions are added, never changed; one set ahead can be cancelled."""

    __tablename__ = "standard_version"

    name: Mapped[str]
    number: Mapped[int]
    value: Mapped[Any] = mapped_column(JsonValue)
    from_date: Mapped[date]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=clock.now)
    cancelled_at: Mapped[datetime | None]
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    cancelled_reason: Mapped[str] = mapped_column(default="")

    set_by: Mapped[Any] = relationship("Staff", foreign_keys=[set_by_id])
    cancelled_by: Mapped[Any] = relationship("Staff", foreign_keys=[cancelled_by_id])

    __table_args__ = (Index(None, "name", "number", unique=True),)

    @property
    def is_planned(self) -> bool:
        """Return whether the version's day is still to come."""
        return self.cancelled_at is None and self.from_date > clock.today()

    def cancel(self, *, by: Any, reason: str) -> None:
        """Give up a version that was set ahead; its record stays.

        Raises `Refusal` once its day has come, and where what would hold in its place no longer fits the standards that were set since,
        such as a chain whose signatory goes with it; `StateConflict` when it is cancelled.
        """
        if self.from_date <= clock.today():
            raise Refusal("Version %(number)s holds already. Set a new version instead.", number=self.number)
        reason = _reason(reason)
        before = next((one for one in _versions().get(self.name, []) if one.version != self.number and _holds(one, self.from_date)), None)
        check_value(self.name, before.value if before else STANDARDS[self.name].start)
        transition(
            self, expect={"cancelled_at": None}, change={"cancelled_at": clock.now(), "cancelled_by_id": by.id, "cancelled_reason": reason}
        )
        _written(db.session())
        audit.write(
            "change",
            "standard-cancelled",
            actor=by,
            record=self,
            label=self.name,
            changes=[{"field": self.name, "old": self.value, "new": in_force(self.name, self.from_date).value}],
            reason=reason,
            effective_on=self.from_date.isoformat(),
        )


# --- reading -----------------------------------------------------------------------------------------------------------

_Versions = dict[str, list[InForce]]
_STAMP = select(func.max(StandardVersion.id), func.max(StandardVersion.at), func.max(StandardVersion.cancelled_at))
_known: WeakKeyDictionary[Pool, tuple[Any, _Versions]] = WeakKeyDictionary()
"""Versions as last read from a database, with its stamp. A request asks for the stamp alone: 0.1 ms, however many versions there are."""


def _versions() -> _Versions:
    """Return the versions that count, newest first, by name."""
    session = db.session()
    versions: _Versions | None = session.info.get("standards")
    if versions is None:
        versions = session.info["standards"] = _load(session)
    return versions


def _load(session: Session) -> _Versions:
    connection = session.connection()
    pool, stamp = connection.engine.pool, tuple(connection.execute(_STAMP).one())
    kept = _known.get(pool)
    if kept is not None and kept[0] == stamp and "standards_written" not in session.info:
        return kept[1]
    versions: _Versions = {}
    columns = select(StandardVersion.name, StandardVersion.number, StandardVersion.value, StandardVersion.from_date, StandardVersion.at)
    order = (StandardVersion.from_date.desc(), StandardVersion.number.desc())
    for row in connection.execute(columns.where(StandardVersion.cancelled_at.is_(None)).order_by(*order)):
        versions.setdefault(row.name, []).append(InForce(*row))
    if "standards_written" not in session.info:  # what is not committed yet is nobody else's business
        _known[pool] = (stamp, versions)
    return versions


def _written(session: Session) -> None:
    session.info.pop("standards", None)
    session.info["standards_written"] = True


@event.listens_for(Session, "after_flush")
def _note_new_versions(session: Session, _context: Any) -> None:
    if any(isinstance(record, StandardVersion) for record in session.new):
        _written(session)


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("standards", None)
    session.info.pop("standards_written", None)


def _holds(version: InForce, day: date) -> bool:
    return version.since is not None and version.since <= day


def in_force(name: str, on: date | None = None) -> InForce:
    """Return version and value of a standard on a day (today by default). Raises KeyError for a name that is not declared."""
    declared = STANDARDS[name]
    versions = _versions().get(name)
    if versions:
        day = on or clock.today()
        for version in versions:
            if _holds(version, day):
                return version
    return InForce(name, 0, declared.start)


def value(name: str, on: date | None = None) -> Any:
    """Return the value of a standard on a day (today by default), as plain JSON: amounts are text."""
    return in_force(name, on).value


def held_at(name: str, moment: datetime) -> InForce:
    """Return a standard as it was read at a moment: a version that was set later on the same day did not hold yet."""
    day = clock.local(moment).date()
    for version in _versions().get(name, []):
        if version.since is not None and version.set_at is not None and version.since <= day and version.set_at <= moment:
            return version
    return InForce(name, 0, STANDARDS[name].start)


def at_version(name: str, number: int) -> InForce:
    """Return a standard as a running case began with it (ST-2). Raises KeyError where there is no such version."""
    if number == 0:
        return InForce(name, 0, STANDARDS[name].start)
    for version in _versions().get(name, []):
        if version.version == number:
            return version
    raise KeyError(f"{name} {number}")


def history(name: str) -> list[StandardVersion]:
    """Return every version that was ever set, newest first, the planned and cancelled ones too (ST-1)."""
    query = select(StandardVersion).where(StandardVersion.name == name).order_by(StandardVersion.number.desc())
    return list(db.session.scalars(query.options(joinedload(StandardVersion.set_by), joinedload(StandardVersion.cancelled_by))))


def latest(name: str) -> InForce:
    """Return the last version that was set and not cancelled, in force or planned: what a new version follows."""
    versions = _versions().get(name)
    return versions[0] if versions else InForce(name, 0, STANDARDS[name].start)


def last_number(name: str) -> int:
    """Return the number of the last version ever set, cancelled ones too; 0 for none. A form carries it as what it began from."""
    return db.session.scalar(select(func.max(StandardVersion.number)).where(StandardVersion.name == name)) or 0


# --- setting -----------------------------------------------------------------------------------------------------------


def set_value(
    name: str,
    value: Any,
    *,
    by: Any,
    from_date: date | None = None,
    reason: str,
    expect: int | None = None,
    along: Mapping[str, Any] | None = None,
) -> StandardVersion:
    """Add a version of a standard from a day on (today by default) and return it (ST-1, ST-3).

    `expect` is the `last_number` that the manager saw; `along` are values of other standards that are set together with this one.
    Raises `Refusal` with the field (value, from_date, reason), `StateConflict` where somebody else has set a version meanwhile.
    """
    today, day = clock.today(), from_date or clock.today()
    number, before = last_number(name), latest(name)
    if expect is not None and expect != number:
        raise StateConflict(f"{name}: version {number} was set meanwhile")
    check_value(name, value, along)
    if value == before.value:
        raise Refusal("This is the value that holds already.", field="value")
    if day < today:
        raise Refusal("A standard cannot be changed for days that have passed.", field="from_date")
    if day.year > today.year + YEARS_AHEAD:
        raise Refusal("This day is more than %(years)s years ahead.", field="from_date", years=YEARS_AHEAD)
    if before.since is not None and day < before.since:
        raise Refusal(
            "Version %(number)s is planned from %(day)s. Cancel it first, or choose that day or a later one.",
            field="from_date",
            number=before.version,
            day=before.since.isoformat(),
        )
    version = StandardVersion(name=name, number=number + 1, value=value, from_date=day, set_by_id=by.id, reason=_reason(reason))
    try:
        with db.session.begin_nested():
            db.session.add(version)
    except IntegrityError as error:
        raise StateConflict(f"{name}: version {number + 1} was set by somebody else") from error
    audit.write(
        "change",
        "standard-set",
        actor=by,
        record=version,
        label=name,
        changes=[{"field": name, "old": before.value, "new": value}],
        reason=version.reason,
        effective_on=day.isoformat(),
    )
    return version


def check_value(name: str, value: Any, along: Mapping[str, Any] | None = None) -> None:
    """Raise `Refusal` (field `value`) unless a standard may have this value: range, form, codes in use, signatories (ST-3)."""
    from portal.models import standard_effects

    try:
        STANDARDS[name].check(value)
        standard_effects.check(name, value, along or {})
    except Refusal as refusal:
        raise refusal.at("value") from None


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise Refusal("Say why.", field="reason")
    if len(reason) > REASON_LENGTH:
        raise Refusal("At most %(most)s characters; these are %(count)s.", field="reason", most=REASON_LENGTH, count=len(reason))
    return reason


# --- why ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Why:
    """The answer to 'Why?' beside a refused amount, a deadline or a grade: rule, clause, version and the figures of the case (ST-2)."""

    name: str
    title: str
    """English message id, as `clause`."""
    clause: str
    version: int
    since: date | None
    value: Any
    figures: dict[str, Any] = field(default_factory=dict)
    """English message id of what is counted → figure."""

    @property
    def words(self) -> Message:
        """Return the value in words."""
        return in_words(STANDARDS[self.name], self.value)

    @property
    def message(self) -> Message:
        """Return rule, value, clause and version as one sentence, for mails and lists."""
        return Message(
            N_("%(rule)s: %(value)s (%(clause)s, version %(version)s)"),
            {"rule": Message(self.title), "value": self.words, "clause": Message(self.clause), "version": in_number(self.version)},
        )


def in_number(version: int) -> int | Message:
    """Return what a version is called in a sentence: its number, or that it is the starting value."""
    return version or Message(N_("0, the starting value"))


def why(name: str, on: date | None = None, *, version: int | None = None, **figures: Any) -> Why:
    """Return why a case was decided as it was: the standard on a day (today by default) or in the version that the case began with.

    `figures` are those of the case, by the English message id of what each is:
    `why("credit.finance_limit", **{N_("Asked for"): "600,000.00"})`.
    """
    declared = STANDARDS[name]
    held = in_force(name, on) if version is None else at_version(name, version)
    return Why(name, declared.title, declared.clause, held.version, held.since, held.value, figures)
