"""What is said of channels, and what is written down of each every year (SV-8)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.database import StateConflict, db
from portal.models import audit
from portal.models.request_tally import COUNTED, Figures, by_channel
from portal.models.service_channel import ChannelEvaluation, ServiceChannel
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.message import Refusal
from portal.rules.requests import CHANNELS

LONGEST = 4000


def channels() -> dict[str, ServiceChannel]:
    """Return what is said of each channel, in their order; of those of which nothing was said an empty record, not stored."""
    found = {one.code: one for one in db.session.scalars(select(ServiceChannel))}
    return {code: found.get(code) or ServiceChannel(code=code, hours="", note="", version=0) for code in CHANNELS}


def describe(
    code: str, *, staff_id: int | None, hours: str, first_minutes: int | None, note: str, by: Staff, version: int
) -> ServiceChannel:
    """Say who looks after a channel, its hours and its standard for the first answer; return it, flushed.

    Raises `Refusal` with the field, `StateConflict` where somebody else changed it.
    """
    if not by.may(Permission.CHANNEL_EDIT) or code not in CHANNELS:
        raise StateConflict(f"channel {code}")
    person = db.session.get(Staff, staff_id) if staff_id is not None else None
    if staff_id is not None and (person is None or not person.in_office):
        raise Refusal("Choose somebody whose account is active.", field="staff")
    if first_minutes is not None and not 0 < first_minutes <= 60_000:
        raise Refusal("Hours lie above 0, up to 1000.", field="first_hours")
    channel = db.session.scalar(select(ServiceChannel).where(ServiceChannel.code == code))
    if (channel.version if channel else 0) != version:
        raise StateConflict(f"channel {code} was changed")
    values: dict[str, Any] = {"staff_id": staff_id, "hours": hours[:200], "first_minutes": first_minutes, "note": note[:LONGEST]}
    if channel is None:
        channel = ServiceChannel(code=code, hours="", note="")
        db.session.add(channel)
    before = {name: getattr(channel, name) for name in values}
    changes = [{"field": name, "old": before[name], "new": value} for name, value in values.items() if before[name] != value]
    for name, value in values.items():
        setattr(channel, name, value)
    channel.updated_by_id, channel.updated_at = by.id, clock.now()
    try:
        db.session.flush()
    except IntegrityError as error:
        raise StateConflict(f"channel {code} was described by somebody else") from error
    audit.write("change", "channel-changed", actor=by, record=channel, label=code, changes=changes)
    return channel


def evaluation(code: str, year: int) -> ChannelEvaluation | None:
    """Return the evaluation of a channel for a year, None where none was written."""
    return db.session.scalar(select(ChannelEvaluation).where(ChannelEvaluation.code == code, ChannelEvaluation.year == year))


def evaluations(year: int) -> dict[str, ChannelEvaluation]:
    """Return the evaluations of a year by channel."""
    return {one.code: one for one in db.session.scalars(select(ChannelEvaluation).where(ChannelEvaluation.year == year))}


def evaluate(code: str, year: int, *, verdict: str, improvement: str, by: Staff, version: int) -> ChannelEvaluation:
    """Write down the evaluation of a channel for a year, with its figures as they are now; return it, flushed.

    Raises `Refusal` with the field, `StateConflict` where somebody else wrote it meanwhile.
    """
    if not by.may(Permission.CHANNEL_EDIT) or code not in CHANNELS:
        raise StateConflict(f"channel {code}")
    if not 2000 <= year <= clock.today().year:
        raise Refusal("A year is evaluated once it has begun.", field="year")
    if not verdict:
        raise Refusal("Write how the channel has served the customers.", field="verdict")
    for name, text in (("verdict", verdict), ("improvement", improvement)):
        if len(text) > LONGEST:
            raise Refusal("At most %(most)s characters; these are %(count)s.", field=name, most=LONGEST, count=len(text))
    found = evaluation(code, year)
    if (found.version if found else 0) != version:
        raise StateConflict(f"evaluation of {code} {year} was changed")
    figures = by_channel(f"{year}-01", f"{year}-12").get(code, Figures())
    if found is None:
        found = ChannelEvaluation(code=code, year=year)
        db.session.add(found)
    found.verdict, found.improvement, found.by_id, found.at = verdict, improvement, by.id, clock.now()
    found.figures = dict(zip(COUNTED, figures, strict=True))
    try:
        db.session.flush()
    except IntegrityError as error:
        raise StateConflict(f"evaluation of {code} {year} was written by somebody else") from error
    audit.write("change", "channel-evaluated", actor=by, record=found, label=f"{code} {year}", reason=verdict[:500])
    return found
