"""What may be disposed of 销毁 (AR-11): retention of documents and cards, and what must be noted when papers are destroyed."""

from __future__ import annotations

from datetime import date, timedelta

from portal.rules.archive_numbers import RETENTIONS, retained_until
from portal.rules.callbacks import add_months
from portal.rules.dates import has_come
from portal.rules.message import N_, Message, Refusal

CARD_YEARS = "disposal.card_years"
"""The standard that says how many years the card of a past customer is kept."""
ENDINGS = {"dissolved": N_("Customer dissolved"), "terminated": N_("Relation ended")}
"""How dealings end: 解散 or 关系解除."""


def why_retained(retention: str, year: int, today: date) -> Message | None:
    """Return why a document is still kept, None where its retention is over: the day after its last day."""
    until = retained_until(retention, year)
    if until is None:
        return Message(N_("is kept permanently"))
    return Message(N_("is kept until %(day)s"), {"day": until.isoformat()}) if today <= until else None


def last_year_over(retention: str, today: date) -> int | None:
    """Return the last year whose documents are past their retention today; None for permanent. Raises KeyError for an unknown code."""
    if retention not in RETENTIONS:
        raise KeyError(retention)
    year = today.year
    until = retained_until(retention, year)
    return None if until is None else year - (until.year - year) - 1


def card_kept_until(ended_on: date, years: int) -> date:
    """Return the last day on which the card of a past customer is kept: that of the end of dealings, so many years later (AR-11).

    Where that month has no such day it is its last one: what ended on 29 February 2016 is kept for 10 years to 28 February 2026 (Civil
    Code of the PRC, articles 201 and 202).
    """
    return add_months(ended_on, 12 * years)


def last_end_over(years: int, today: date) -> date:
    """Return the last day on which dealings may have ended for the card to be kept no longer today."""
    yesterday = today - timedelta(days=1)
    day = add_months(yesterday, -12 * years)
    later = day + timedelta(days=1)  # 28 February is the last day of what ended on the 29th, too
    return later if card_kept_until(later, years) <= yesterday else day


def check_destruction(destroyed_on: date | None, witnesses: tuple[str, str], approved_on: date, today: date) -> None:
    """Raise `Refusal` with the field unless the day lies between approval and today, and two different people have watched (监销人)."""
    if destroyed_on is None:
        raise Refusal("Say when the papers were destroyed.", field="destroyed_on")
    has_come(destroyed_on, today, field="destroyed_on")
    if destroyed_on < approved_on:
        raise Refusal("Nothing is destroyed before the approval of %(day)s.", field="destroyed_on", day=approved_on.isoformat())
    for number, name in enumerate(witnesses, start=1):
        if not name.strip():
            raise Refusal("Two witnesses watch the destruction.", field=f"witness_{number}")
    if witnesses[0].strip() == witnesses[1].strip():
        raise Refusal("The two witnesses are two people.", field="witness_2")
