"""What lists are asked: read from an address as far as it is right, said again as it was read (PR-5, AR-5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.models.list_query import ListQuery
from portal.models.proposal_list import ProposalQuery


@dataclass(frozen=True)
class Asked(ListQuery):
    """A list with every kind of filter, and a tab."""

    FILTERS = {"q": "Words", "state": "State", "team": "Team", "first": "From", "late": "Late"}
    KNOWN = {"state": {"open": "Open"}}
    NUMBERS = ("team",)
    DAYS = ("first",)
    SWITCHES = ("late",)
    LONGEST = 10
    tab: str = "all"


def test_what_is_right_stays_and_what_is_wrong_is_left_out():
    found = Asked.read({"q": "  a  b" + "c" * 20, "state": "open", "team": "7", "first": "2026-02-28", "late": "yes", "other": "x"})
    assert found == Asked({"q": "a bccccccc", "state": "open", "team": "7", "first": "2026-02-28", "late": "1"})
    assert (found.number("team"), found.day("first")) == (7, date(2026, 2, 28))
    assert Asked.read({"q": " ", "state": "shut", "team": "1234567890", "first": "2026-02-30"}) == Asked()
    assert Asked.read(found.args()) == found
    assert Asked({"q": "a", "team": "7"}, "mine").without("q") == Asked({"team": "7"}, "mine")


def test_a_period_is_a_year_or_a_month():
    days = {text: ProposalQuery.read({"period": text}).days for text in ("2026", "2024-02", "2026-13", "0999", "x")}
    assert days.pop("2026") == [(date(2026, 1, 1), date(2026, 12, 31))]
    assert days.pop("2024-02") == [(date(2024, 2, 1), date(2024, 2, 29))]
    assert not any(days.values())
