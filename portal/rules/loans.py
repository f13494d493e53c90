"""Loans 借阅 of a dossier (AR-20): the two ways of reading, how long, when overdue, and in what condition papers come and go."""

from __future__ import annotations

from datetime import date, timedelta

from portal.rules.message import N_, Refusal

DIGITAL, PAPER = "digital", "paper"
FORMS = {DIGITAL: N_("Digital reading"), PAPER: N_("Paper")}
"""How a dossier is borrowed."""

CONDITIONS = {"clean": N_("clean"), "soiled": N_("soiled"), "damaged": N_("damaged"), "lost": N_("lost")}
"""In what condition a paper is handed out and taken back."""
HANDED_OUT = ("clean", "soiled", "damaged")
"""What is lost is not handed out."""


def default_until(today: date, days: int, most: int) -> date:
    """Return the last day that is proposed for a loan: `days` from today, never more than `most`."""
    return today + timedelta(days=min(days, most))


def check_until(until: date | None, today: date, most: int) -> None:
    """Raise `Refusal` (field `until_on`) unless a loan asked for today may last until this day: from today to `most` days ahead."""
    if until is None:
        raise Refusal("Say until when.", field="until_on")
    if until < today:
        raise Refusal("This day is over.", field="until_on")
    if (until - today).days > most:
        raise Refusal(
            "A loan lasts %(most)s days at most, until %(day)s. Ask again when it ends.",
            field="until_on",
            most=most,
            day=(today + timedelta(days=most)).isoformat(),
        )


def is_over(until: date, today: date) -> bool:
    """Return whether the last day of a loan is past: a digital one is closed then, a paper one is overdue."""
    return today > until


def days_overdue(until: date, today: date) -> int:
    """Return by how many days a paper loan is overdue, 0 up to and on its last day."""
    return max((today - until).days, 0)
