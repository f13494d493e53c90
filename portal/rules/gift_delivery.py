"""How gifts reach who is given them (GF-6): by post after telling, or by our own people; what is said of each step."""

from __future__ import annotations

from datetime import date, timedelta

from portal.rules.gifts import VIP
from portal.rules.grams import fold
from portal.rules.message import N_, Refusal

POST, OWN = "post", "own"
WAYS = {POST: N_("Post or courier"), OWN: N_("Own people")}
TELEPHONE, EMAIL = "telephone", "email"
TOLD_BY = {TELEPHONE: N_("By telephone"), EMAIL: N_("By e-mail")}
LONGEST_LINE, LONGEST_TEXT = 200, 2000
NUMBER_HOLDS = timedelta(days=180)
"""So long the number of a parcel means one parcel: carriers begin their numbers anew."""


def way_of(tier: str) -> str:
    """Return how gifts of a tier go: to VIP customers by post or courier, to the others by our own people (GF-6)."""
    return POST if tier == VIP else OWN


def ensure_way(way: str, tier: str, reason: str) -> None:
    """Raise `Refusal` with the field for an unknown way, or another one than the tier's without a reason."""
    if way not in WAYS:
        raise Refusal("Choose how the gift goes.", field="way")
    if way != way_of(tier) and not reason:
        raise Refusal("Say why this gift goes another way than those of its tier.", field="way_reason")


def ensure_told(how: str, on: date | None, to: str, today: date) -> date:
    """Return the day on which the customer was told. Raises `Refusal` with the field."""
    if how not in TOLD_BY:
        raise Refusal("Say whether you telephoned or wrote an e-mail.", field="told_how")
    if not to:
        raise Refusal("Say whom you told.", field="told_to")
    return ensure_past(on, today, field="told_on")


def ensure_out(on: date | None, today: date, *, approved_on: date | None, told_on: date | None) -> date:
    """Return the day on which a gift was sent: not before it was approved, nor before the customer was told. Raises `Refusal`."""
    day = ensure_past(on, today, field="out_on")
    if approved_on is not None and day < approved_on:
        raise Refusal("It was approved on %(day)s only.", field="out_on", day=approved_on.isoformat())
    if told_on is not None and day < told_on:
        raise Refusal("The customer was told on %(day)s only.", field="out_on", day=told_on.isoformat())
    return day


def is_one_parcel(number: str, carrier: str, out_on: date, other: tuple[str, str, date | None]) -> bool:
    """Return whether a number of a carrier on a day means the same parcel as `other` (number, carrier, day): however written."""
    number_, carrier_, day = other
    same = (fold(number), fold(carrier)) == (fold(number_), fold(carrier_))
    return same and day is not None and abs(out_on - day) <= NUMBER_HOLDS


def ensure_past(on: date | None, today: date, *, field: str) -> date:
    """Return a day that is not ahead. Raises `Refusal` (with `field`) otherwise."""
    if on is None or on > today:
        raise Refusal("Give the day; it cannot lie ahead.", field=field)
    return on
