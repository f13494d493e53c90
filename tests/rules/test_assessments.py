"""Assessment of staff: scores out of records, weights shared out, what is judged (SV-31); means and shares of surveys (SV-30)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules import assessments, surveys
from portal.rules.assessments import INDICATORS, PARTS, START_WEIGHTS, Part
from portal.rules.message import Refusal
from portal.rules.standards import STANDARDS
from portal.rules.survey_standards import MEASURES

figures = st.decimals(0, 100, places=2)


def test_a_rating_counts_with_its_mean_times_twenty_and_a_share_with_its_per_cent():
    assert Part(3, 13).score(assessments.SURVEYS) == Decimal("86.67")
    assert Part(8, 7).score(assessments.ON_TIME) == Decimal("87.50")
    assert Part().score(assessments.ON_TIME) is None, "no records are not 0"
    assert Part(4, 0).score(assessments.ON_TIME) == 0, "and 0 of four is not 'no records'"


def test_an_indicator_is_the_mean_of_those_parts_that_have_records():
    parts = {code: Part() for code in PARTS} | {assessments.SURVEYS: Part(2, 8), assessments.CALLS: Part(1, 5)}
    assert assessments.counted(parts) == {assessments.SATISFACTION: Decimal("90.00")}


def test_the_weights_of_what_is_missing_are_shared_out_and_the_total_says_on_how_much_it_rests():
    scores = {"satisfaction": Decimal(60), "quality": Decimal(100), "attitude": Decimal(40)}
    found = assessments.total(START_WEIGHTS, scores, 50)
    assert found == (Decimal("70.00"), Decimal(70))
    assert assessments.shared(START_WEIGHTS, scores) == {
        "satisfaction": Decimal("42.86"), "quality": Decimal("35.71"), "attitude": Decimal("21.43"),
    }  # fmt: skip
    assert assessments.total(START_WEIGHTS, {"speed": Decimal(100)}, 50) == (None, Decimal(15)), "15 % say nothing of a month"
    assert assessments.total(START_WEIGHTS, {}, 1) == (None, Decimal(0))


@given(st.dictionaries(st.sampled_from(list(INDICATORS)), figures, min_size=1))
def test_a_total_lies_between_the_lowest_and_the_highest_score(scores):
    points, covered = assessments.total(START_WEIGHTS, scores, 1)
    assert points is not None
    assert min(scores.values()) <= points <= max(scores.values())
    assert covered == sum(START_WEIGHTS[code] for code in scores)


def test_what_is_judged_has_a_score_and_a_reason_or_is_left_out():
    found, wrong = assessments.judge({"knowledge": ("85.5", "考试"), "attitude": ("", "")}, ("knowledge", "attitude"))
    assert (found["knowledge"].score, list(found), wrong) == (Decimal("85.5"), ["knowledge"], [])
    for typed, field in ((("100.1", "x"), "score-knowledge"), (("80", ""), "reason-knowledge"), (("", "x"), "score-knowledge")):
        assert [one.field for one in assessments.judge({"knowledge": typed}, ("knowledge",))[1]] == [field]
    assert assessments.judge({"speed": ("90", "x")}, ("knowledge",)) == ({}, []), "what records say is not read"


def test_months():
    assert [day.isoformat() for day in assessments.bounds("2024-02")] == ["2024-02-01", "2024-02-29"]
    for text in ("2024-13", "24-02", "", "2024-2"):
        with pytest.raises(Refusal):
            assessments.bounds(text)


def test_scores_are_read_and_nothing_else():
    assert surveys.read_scores({"attitude": "5", "quality": ""}, ("attitude", "quality")) == {"attitude": 5}
    for sent, field in (({"quality": "6"}, "score-quality"), ({"attitude": "4.5"}, "score-attitude"), ({}, "score-attitude")):
        with pytest.raises(Refusal) as refused:
            surveys.read_scores(sent, ("attitude", "quality"))
        assert refused.value.field == field


def test_means_and_rates_of_nothing_are_none():
    assert (surveys.mean(0, 0), surveys.rate(0, 0), surveys.rate(0, 4)) == (None, None, Decimal("0.0"))
    assert surveys.mean(13, 3) == Decimal("4.33")
    assert surveys.rate(2, 3) == Decimal("66.7")


def test_weights_are_of_the_known_indicators():
    held = STANDARDS["assessment.weights"]
    held.check({**START_WEIGHTS})
    for wrong in ({**START_WEIGHTS, "charm": 0}, {**START_WEIGHTS, "speed": 20}):
        with pytest.raises(Refusal):
            held.check(wrong)
    STANDARDS["choices.reward_measure"].check(MEASURES)
