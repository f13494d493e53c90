"""Encouragement of customers whose proposals were not adopted: who has earned the prize of a calendar year (PP-7).

A proposal belongs to the year in which it was received, whenever it is decided. Two rules earn the prize:

- kept: two proposals or more, of which at least one is kept for later. It is true as soon as both are there, whatever becomes of the other.
- none: three proposals or more, and none adopted. That can be said only once each of them is decided: while one is open it may be adopted.

One prize a customer and year, whichever rule earns it. Where both would, it is the first: what is kept stays true, 'none adopted' may not.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from portal.rules.message import N_
from portal.rules.proposals import ADOPTED, DECLINED, KEPT

KEPT_RULE, NONE_RULE = "kept", "none"
RULES = {
    KEPT_RULE: N_("Several proposals in a year, at least one kept for later"),
    NONE_RULE: N_("Several proposals in a year, none adopted"),
}
OPEN = ""
"""The outcome of a proposal that is not decided."""


class Terms(NamedTuple):
    """What the site's standards say of the prize."""

    none_from: int = 3
    """So many proposals of a year, none of them adopted, earn it."""
    kept_from: int = 2
    """So many, of which at least one is kept for later."""
    amount: Decimal = Decimal("300.00")
    """In yuan."""


def earned(outcomes: Collection[str], terms: Terms) -> str:
    """Return the rule by which a customer has earned the prize now, empty for none (PP-7).

    `outcomes` are those in force of all proposals received from the customer in one calendar year: adopted, kept, not adopted or open.
    """
    if len(outcomes) >= terms.kept_from and KEPT in outcomes:
        return KEPT_RULE
    if len(outcomes) >= terms.none_from and OPEN not in outcomes and ADOPTED not in outcomes:
        return NONE_RULE
    return ""


def stands(rule: str, outcomes: Collection[str], terms: Terms) -> bool:
    """Return whether a prize found by `rule`, under the terms of that day, and not yet paid is still owed.

    'None adopted' ends where one is: its customer is rewarded for that one instead. A prize for what was kept stays, also where the
    proposal is adopted afterwards: it was earned, and the adoption brings its own reward. Proposals entered by mistake count for neither.
    """
    if rule == KEPT_RULE:
        return len(outcomes) >= terms.kept_from
    return len(outcomes) >= terms.none_from and ADOPTED not in outcomes


def is_consoled(outcome: str, found_a_prize: bool) -> bool:
    """Return whether a decision brings a souvenir and a letter of thanks: not adopted, and it earned no prize (PP-7)."""
    return outcome == DECLINED and not found_a_prize
