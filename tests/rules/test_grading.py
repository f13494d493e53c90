"""Grading: what the site may set, and that every score, total and grade is exact and reckoned again by hand (RL-1 to RL-4)."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules import grading
from portal.rules.message import Refusal
from portal.rules.standards import STANDARDS

INDICATORS = grading.indicators(grading.START_INDICATORS)
BY_CODE = {one.code: one for one in INDICATORS}
scores = st.decimals(0, 100, places=1)


def with_change(place: int = 0, **change: object) -> list[dict[str, object]]:
    value = deepcopy(grading.START_INDICATORS)
    value[place].update(change)
    return value


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "at least one indicator"),
        (with_change(weight="29"), "add up to 99 %"),
        (with_change(weight="29.9"), "add up to 99.9 %"),
        (with_change(weight="101"), "between 0 and 100"),
        (with_change(weight="3.25"), "one decimal"),
        (with_change(weight=""), "weight of sales"),
        (with_change(code="turnover"), "no data for turnover"),
        (with_change(3, source="data"), "no data for cooperation"),
        (with_change(3, bands=[["", "50"]]), "has no bands"),
        (with_change(bands=[]), "needs bands"),
        (with_change(bands=[["100", "80"], ["200", "60"], ["", "0"]]), "Band 2 of sales does not lie below"),
        (with_change(bands=[["100", "80"], ["100", "60"], ["", "0"]]), "Band 2 of sales does not lie below"),
        (with_change(bands=[["100", "80"], ["50", "60"]]), "last band of sales"),
        (with_change(bands=[["", "80"], ["", "60"]]), "Band 1 of sales needs a figure"),
        (with_change(bands=[["100", "80"], ["50", "90"], ["", "0"]]), "must fall, or rise"),
        (with_change(bands=[["100", "101"], ["", "0"]]), "between 0 and 100"),
        (with_change(zh=" "), "English name"),
        (with_change(code="recovery"), "twice"),
        (with_change(source="guess"), "complete entry"),
        (with_change(bands=[["100", 80], ["", "0"]]), "complete entry"),
    ],
)
def test_indicators_that_cannot_be_set_are_refused_in_words(value: object, says: str) -> None:
    with pytest.raises(Refusal, match=says):
        STANDARDS["grading.indicators"].check(value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([{"code": "C", "from": 0, "to": 60}, {"code": "B", "from": 50, "to": 80}, {"code": "A", "from": 80, "to": 100}], "overlaps"),
        ([{"code": "C", "from": 0, "to": 60}, {"code": "B", "from": 65, "to": 80}, {"code": "A", "from": 80, "to": 100}], "gap"),
        ([{"code": "C", "from": 0, "to": 60}, {"code": "D", "from": 60, "to": 100}], "D has no approval chain"),
        ([{"code": "A", "from": 0, "to": 60}, {"code": "B", "from": 60, "to": 100}], "in this order"),
        ([{"code": "C", "from": 0, "to": 60}, {"code": "B", "from": 60, "to": 90}], "end at 100"),
    ],
)
def test_thresholds_that_cannot_be_set_are_refused_in_words(value: object, says: str) -> None:
    with pytest.raises(Refusal, match=says):
        STANDARDS["grading.thresholds"].check(value)


def test_each_grade_has_its_chain() -> None:
    from portal.rules.chains import FACTS, choose_case

    assert tuple(FACTS["grade"][1]) == grading.GRADES
    chain = STANDARDS["chain.grading"].start
    assert [choose_case(chain, {"grade": grade})["case"] for grade in grading.GRADES] == ["grade_a", "others", "others"]


@pytest.mark.parametrize(
    ("code", "figure", "score"),
    [
        ("sales", "1000000", 100), ("sales", "999999.99", 90), ("sales", "0", 20), ("sales", "-5", 20),
        ("complaints", "0", 100), ("complaints", "1", 80), ("complaints", "4", 40), ("complaints", "50", 0),
        ("recovery", "94.99", 80),
    ],
)  # fmt: skip
def test_a_figure_gets_the_score_of_its_band(code: str, figure: str, score: int) -> None:
    assert BY_CODE[code].band(Decimal(figure)).score == score


def test_bands_in_words() -> None:
    words = [str(one.words) for one in BY_CODE["price_level"].bands]
    assert words == ["105 and more", "100 to below 105", "98 to below 100", "95 to below 98", "below 95"]


@given(st.fixed_dictionaries(dict.fromkeys(BY_CODE, scores)))
def test_a_total_is_exact_and_lies_between_its_scores(given_scores: dict[str, Decimal]) -> None:
    total = grading.total(INDICATORS, given_scores)
    assert min(given_scores.values()) <= total <= max(given_scores.values())
    assert total * 10_000 == (total * 10_000).to_integral_value(), "four decimals at most"
    assert total == sum(Decimal(entry["weight"]) * given_scores[entry["code"]] for entry in grading.START_INDICATORS) / 100


@given(st.fixed_dictionaries(dict.fromkeys(BY_CODE, scores)), st.sampled_from(sorted(BY_CODE)), scores)
def test_a_better_score_never_makes_a_worse_grade(before: dict[str, Decimal], code: str, better: Decimal) -> None:
    after = {**before, code: max(better, before[code])}
    old, new = (grading.grade_of(grading.total(INDICATORS, one), grading.START_THRESHOLDS) for one in (before, after))
    assert grading.move_of(old, new) >= 0


@pytest.mark.parametrize(("points", "grade"), [("100", "A"), ("80", "A"), ("79.9999", "B"), ("60", "B"), ("59.9999", "C"), ("0", "C")])
def test_the_lower_bound_belongs_to_a_grade(points: str, grade: str) -> None:
    assert grading.grade_of(Decimal(points), grading.START_THRESHOLDS) == grade


def test_thresholds_with_decimals_are_exact() -> None:
    thresholds = [{"code": "C", "from": 0, "to": 60.3}, {"code": "B", "from": 60.3, "to": 100}]
    STANDARDS["grading.thresholds"].check(thresholds)
    assert grading.grade_of(Decimal("60.3"), thresholds) == "B"


@pytest.mark.parametrize("text", ["", "-1", "100.1", "1e2", "80.55", "８０", "acht", " 80"])
def test_what_is_no_score_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        grading.read_score(text, "score-sales")
    assert refusal.value.field == "score-sales"


@given(st.fixed_dictionaries(dict.fromkeys(BY_CODE, scores)), st.fixed_dictionaries(dict.fromkeys(BY_CODE, scores)))
def test_why_a_total_is_another_adds_up(before: dict[str, Decimal], after: dict[str, Decimal]) -> None:
    steps = grading.steps_between(INDICATORS, before, INDICATORS, after)
    assert sum((step.points for step in steps), Decimal(0)) == grading.total(INDICATORS, after) - grading.total(INDICATORS, before)
    assert [abs(step.points) for step in steps] == sorted((abs(step.points) for step in steps), reverse=True)


def test_an_indicator_that_is_new_counts_in_full() -> None:
    steps = grading.steps_between((), {}, INDICATORS[:1], {"sales": Decimal(80)})
    assert [(step.code, step.points) for step in steps] == [("sales", Decimal(24))]


def test_days_of_the_campaign() -> None:
    assert grading.window(2026, "03-25", 6) == (date(2026, 3, 25), date(2026, 3, 30))
    assert grading.window(2026, "02-31", 1) == (date(2026, 2, 28), date(2026, 2, 28))
    assert grading.year_before(2026) == (date(2025, 1, 1), date(2025, 12, 31))
    assert grading.twelve_months_before(date(2026, 3, 5)) == (date(2025, 3, 1), date(2026, 2, 28))
    assert grading.months_after(date(2025, 8, 31), 6) == date(2026, 2, 28)
    assert grading.months_after(date(2026, 3, 30), -6) == date(2025, 9, 30)


@pytest.mark.parametrize(
    ("graded_on", "year", "until"),
    [
        ("2026-03-28", 2026, "2027-03-30"),
        ("2027-01-05", 2026, "2027-03-30"),  # decided late: the next grading comes no later
        ("2027-03-30", 2026, "2027-03-30"),
        ("2027-05-01", 2026, "2028-03-30"),  # later than the next one's days: it is held late too
        ("2026-02-10", None, "2026-03-30"),  # by itself, before this year's
        ("2026-03-25", None, "2027-03-30"),
        ("2026-08-31", None, "2027-03-30"),
    ],
)
def test_a_grade_holds_until_the_next_yearly_grading(graded_on: str, year: int | None, until: str) -> None:
    assert grading.valid_until(date.fromisoformat(graded_on), year, "03-25", 6) == date.fromisoformat(until)


@pytest.mark.parametrize(("value", "text"), [("82.3500", "82.35"), ("1000000", "1,000,000"), ("0.0", "0"), ("-12.50", "-12.5")])
def test_figures_as_they_are_printed(value: str, text: str) -> None:
    assert grading.shown(Decimal(value)) == text
    assert Decimal(grading.plain(Decimal(value))) == Decimal(value)


def test_grade_a_comes_first_in_every_queue_and_who_has_no_grade_last() -> None:
    assert sorted(["", "C", "A", "B", "x"], key=grading.grade_rank) == ["A", "B", "C", "", "x"]
