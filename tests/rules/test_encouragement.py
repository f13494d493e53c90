"""Encouragement of customers: years of random histories against the words of PP-7, told independently."""

from collections import defaultdict
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.rules.encouragement import KEPT_RULE, NONE_RULE, OPEN, Terms, earned, is_consoled, stands
from portal.rules.proposals import ADOPTED, DECLINED, KEPT

TERMS = Terms()
OUTCOME = st.sampled_from([ADOPTED, KEPT, DECLINED])


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[date, int, str]]:
    """Return events of one customer over three years in their order: (day, proposal, '' for received or an outcome)."""
    events = []
    for number in range(draw(st.integers(0, 14))):
        received = date(2024, 1, 1) + timedelta(days=draw(st.integers(0, 365 * 3)))
        events.append((received, number, OPEN))
        if draw(st.booleans()) or draw(st.booleans()):
            decided = received + timedelta(days=draw(st.integers(0, 40)))
            outcome = draw(OUTCOME)
            events.append((decided, number, outcome))
            if outcome == KEPT and draw(st.booleans()):
                events.append((decided + timedelta(days=draw(st.integers(0, 500))), number, ADOPTED))
    return sorted(events, key=lambda event: event[0])


def _true_now(outcomes: list[str]) -> bool:
    """Say in other words whether a year has earned its prize: PP-7, sentence for sentence."""
    none_adopted = all(one in (KEPT, DECLINED) for one in outcomes)
    return (len(outcomes) >= 3 and none_adopted) or (len(outcomes) >= 2 and any(one == KEPT for one in outcomes))


@given(histories())
def test_a_prize_is_found_once_and_when_it_becomes_true(history: list[tuple[date, int, str]]) -> None:
    """Asked after every event, the rule finds each year's prize at the first moment it is true, and never beside an adopted one."""
    years: dict[int, dict[int, str]] = defaultdict(dict)
    received: dict[int, int] = {}
    found: dict[int, str] = {}
    for day, number, outcome in history:
        year = received.setdefault(number, day.year)
        before = list(years[year].values())
        years[year][number] = outcome
        now = list(years[year].values())
        rule = earned(now, TERMS)
        assert bool(rule) == _true_now(now)
        if rule and year not in found:
            assert not _true_now(before)  # not a moment later
            assert rule != NONE_RULE or (ADOPTED not in now and OPEN not in now and len(now) >= 3)
            found[year] = rule
    for year, proposals in years.items():  # at the year's end nothing is left to be found
        assert not earned(list(proposals.values()), TERMS) or year in found


@given(st.lists(st.sampled_from([ADOPTED, KEPT, DECLINED, OPEN]), max_size=6))
def test_the_rule_of_none_adopted_ends_with_an_adoption(outcomes: list[str]) -> None:
    """A prize by the first rule is never owed to a customer with an adopted proposal; one by the second stays."""
    rule = earned(outcomes, TERMS)
    assert not (rule == NONE_RULE and ADOPTED in outcomes)
    assert stands(NONE_RULE, [*outcomes, ADOPTED], TERMS) is False
    assert stands(KEPT_RULE, [*outcomes, ADOPTED], TERMS) is (len(outcomes) >= 1)
    assert not rule or stands(rule, outcomes, TERMS)


def test_the_bounds_of_the_rules() -> None:
    """Two not adopted earn nothing, the third does; one kept earns with a second, though that is open; 'none adopted' waits for all."""
    assert earned([DECLINED] * 2, TERMS) == ""
    assert earned([DECLINED] * 3, TERMS) == NONE_RULE
    assert earned([KEPT], TERMS) == ""
    assert earned([KEPT, OPEN], TERMS) == KEPT_RULE
    assert earned([DECLINED, DECLINED, DECLINED, OPEN], TERMS) == ""
    assert earned([KEPT, ADOPTED], TERMS) == KEPT_RULE
    assert earned([DECLINED] * 2, Terms(none_from=2)) == NONE_RULE


def test_all_others_not_adopted_are_thanked_with_a_souvenir() -> None:
    """A souvenir goes with a proposal that is not adopted, unless that decision earned the prize."""
    assert is_consoled(DECLINED, found_a_prize=False)
    assert not any((is_consoled(DECLINED, True), is_consoled(KEPT, False), is_consoled(ADOPTED, False)))
