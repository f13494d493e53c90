"""Relation assessment and delivered value: totals by hand, advice by thresholds, what is refused, no crash on any figure (RL-7, IN-5)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules import relation as rules
from portal.rules.grading import indicators, plain
from portal.rules.message import Refusal
from portal.rules.relation import ADVICE, COST, PARTS, START_INDICATORS, START_THRESHOLDS, VALUE, DeliveredValue, Written
from portal.rules.standard_words import in_words
from portal.rules.standards import STANDARDS

INDICATORS = indicators(START_INDICATORS)
SCORES = st.integers(0, 1000).map(lambda tenths: Decimal(tenths) / 10)
_DATA = {"code": "sales", "source": "data", "bands": [["", "1"]]}
SIX = {"functional": "80", "emotional": "60", "money": "50", "time": "20", "energy": "10", "effort": "15"}


def written(**values: Any) -> Written:
    scores = {one.code: ("60", "理由") for one in INDICATORS}
    points = {code: (SIX[code], "访谈") for code in PARTS}
    given_: dict[str, Any] = {"scores": scores, "points": points, "result": "平稳", "advice": "", "advice_reason": ""}
    return Written(**{**given_, **values})


def judge(one: Written, scale: int = 100) -> tuple[rules.Judged | None, dict[str, str]]:
    judged, wrong = rules.judge(one, INDICATORS, START_THRESHOLDS, scale)
    return judged, {str(refusal.field): str(refusal) for refusal in wrong}


def test_a_total_by_hand() -> None:
    scores = dict(zip((one.code for one in INDICATORS), ("90", "80", "70.5", "60", "50", "40"), strict=True))
    judged, _wrong = judge(written(scores={code: (score, "理由") for code, score in scores.items()}))
    assert judged is not None
    assert judged.total == Decimal("22.5") + 16 + Decimal("10.575") + 9 + Decimal("7.5") + 4
    assert (judged.proposed, judged.advice) == ("improve", "improve")


def test_delivered_value_by_hand() -> None:
    judged, _wrong = judge(written())
    assert judged is not None
    found = judged.delivered
    assert (found.value, found.cost, found.difference, found.ratio) == (140, 95, 45, Decimal("1.47"))
    assert (rules.signed(found.difference), rules.signed(Decimal("-12.5")), rules.signed(Decimal(0))) == ("+45", "−12.5", "0")


@pytest.mark.parametrize(
    ("total", "advice"),
    [("0", "end"), ("39.99", "end"), ("40", "improve"), ("69.9", "improve"), ("70", "maintain"), ("100", "maintain")],
)
def test_the_lower_bound_belongs_to_an_advice(total: str, advice: str) -> None:
    assert rules.proposed(Decimal(total), START_THRESHOLDS) == advice


def test_without_cost_the_ratio_is_not_defined() -> None:
    found = DeliveredValue(Decimal(10), Decimal(0))
    assert (found.ratio, found.difference) == (None, 10)
    assert str(rules.ratio_words(found.ratio)) == "not defined"


@given(st.fixed_dictionaries(dict.fromkeys(PARTS, SCORES)), st.integers(5, 1000))
def test_any_six_figures(points: dict[str, Decimal], scale: int) -> None:
    found = DeliveredValue.of(points, scale)
    assert found.value == sum(points[code] for code in VALUE)
    assert found.cost == sum(points[code] for code in COST)
    assert found.difference == found.value - found.cost
    if found.ratio is None:
        assert found.cost == 0
    else:
        assert found.ratio == (found.value / found.cost).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert (found.on(found.value) > found.on(found.cost)) <= (found.value > found.cost)


@given(st.fixed_dictionaries({one.code: SCORES for one in INDICATORS}))
def test_any_scores(scores: dict[str, Decimal]) -> None:
    judged, wrong = judge(written(scores={code: (plain(score), "理由") for code, score in scores.items()}))
    assert judged is not None, wrong
    assert judged.total * 100 == sum(one.weight * scores[one.code] for one in INDICATORS)
    assert 0 <= judged.total <= 100
    assert judged.proposed == next(row["code"] for row in reversed(START_THRESHOLDS) if judged.total >= row["from"])  # type: ignore[operator]


@given(st.text(max_size=6), st.integers(5, 1000))
def test_points_are_within_the_scale_or_refused(text: str, scale: int) -> None:
    try:
        assert 0 <= rules.read_points(text, scale, "points-money") <= scale
    except Refusal:
        with pytest.raises(Refusal, match=f"between 0 and {scale}"):
            rules.read_points(text, scale, "points-money")


def test_everything_that_is_wrong_is_named_at_once() -> None:
    bare = Written({}, dict.fromkeys(PARTS, ("101", "")), "", "", "")
    judged, wrong = judge(bare)
    assert judged is None
    assert set(wrong) == {"result", *(f"{name}-{one.code}" for one in INDICATORS for name in ("score", "reason"))} | {
        f"{name}-{code}" for code in PARTS for name in ("points", "basis")
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [({"advice": "end"}, "advice_reason"), ({"advice": "sue"}, "advice"), ({"result": ""}, "result"), ({"result": "长" * 2001}, "result")],
)
def test_what_is_refused(values: dict[str, str], field: str) -> None:
    assert set(judge(written(**values))[1]) == {field}


def test_another_advice_than_proposed_stands_with_its_reason() -> None:
    judged, _wrong = judge(written(advice="end", advice_reason="恶意拖欠"))
    assert judged is not None
    assert (judged.proposed, judged.advice) == ("improve", "end")


def test_on_the_way_the_figures_are_reckoned_whatever_else_is_missing() -> None:
    one = written(result="", points={}, scores={code: (score, "") for code, (score, _why) in written().scores.items()})
    found, _unread = rules.reckon(one, INDICATORS, START_THRESHOLDS, 100)
    assert (found.total, found.proposed, found.delivered) == (60, "improve", None)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("relation.indicators", lambda value: value[:-1], "The weights add up to 90 %, not to 100 %."),
        ("relation.indicators", lambda value: [{**value[0], **_DATA}, *value[1:]], "by judgement"),
        ("relation.thresholds", lambda value: [value[0], {**value[1], "from": 50}, value[2]], "gap"),
        ("relation.thresholds", lambda value: [value[0], {**value[1], "from": 30}, value[2]], "overlaps"),
        ("relation.thresholds", lambda value: [{**value[0], "code": "sue"}, *value[1:]], "sue has no approval chain"),
        ("relation.value_scale", lambda _value: 4, "outside the range"),
    ],
)
def test_standards_that_do_not_hold(name: str, change: Any, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        STANDARDS[name].check(change(STANDARDS[name].start))


def test_thresholds_stand_in_words() -> None:
    declared = STANDARDS["relation.thresholds"]
    said = "end the relation 0 – 40, improve the relation 40 – 70, maintain the relation 70 – 100"
    assert str(in_words(declared, declared.start)) == said
    assert set(ADVICE) == {row["code"] for row in START_THRESHOLDS}
