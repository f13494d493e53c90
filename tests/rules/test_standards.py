import datetime as dt
import json
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.message import Refusal
from portal.rules.standards import GROUPS, STANDARDS, Standard

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["code", "zh", "en", "active", "from", "to", "case"]), inner)
    ),
    max_leaves=12,
)
WEIGHTS = Standard("w", "Weights", "weights", {"a": 100}, "lists", "")
GRADES = Standard("t", "Thresholds", "thresholds", [], "lists", "", minimum=0, maximum=100)
REWARDS = Standard("r", "Thresholds", "thresholds", [], "lists", "", minimum=500)


@pytest.mark.parametrize("standard", STANDARDS.values(), ids=lambda standard: standard.name)
def test_each_standard_may_have_its_starting_value(standard):
    standard.check(standard.start)
    standard.check(json.loads(json.dumps(standard.start)))
    assert standard.group in GROUPS
    assert standard.title
    assert standard.clause


@given(st.sampled_from(list(STANDARDS.values())), json_values)
def test_any_value_is_taken_or_refused_in_words(standard, value):
    try:
        standard.check(value)
    except Refusal as refusal:
        assert str(refusal)  # noqa: PT017 - both outcomes are right
    else:
        standard.read(value)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("session.idle_minutes", 121, "outside the range from 5 to 120"),
        ("session.idle_minutes", True, "whole number"),
        ("session.idle_minutes", 30.5, "whole number"),
        ("session.absolute_hours", float("nan"), "not a number"),
        ("credit.finance_limit", "-1.00", "from 0.00 to 1,000,000,000,000.00"),
        ("credit.finance_limit", 500000, "two decimals"),
        ("customer.number_prefix", "c1", "form"),
        ("password.complexity", 1, "on nor off"),
        ("office.hours", [["08:30", "08:30"]], "end before"),
        ("office.hours", [["08:30", "12:00"], ["11:00", "17:00"]], "overlap"),
        ("office.hours", [["8", "12"]], "spans of times"),
        ("office.hours", [], "at least one span"),
        ("choices.size", [{"code": "a", "zh": "甲", "en": "", "active": True}], "English name"),
        ("choices.size", [{"code": "a", "zh": "甲", "en": "A", "active": False}], "stay active"),
        ("choices.size", [{"code": "a", "zh": "甲", "en": "A", "active": True}] * 2, "twice"),
        ("choices.size", [{"code": "甲", "zh": "甲", "en": "A", "active": True}], "letters and figures"),
        ("choices.size", [{"code": "a"}], "complete entry"),
        ("chain.credit", [], "at least one case"),
    ],
)
def test_refusals_say_why(name, value, says):
    with pytest.raises(Refusal, match=says):
        STANDARDS[name].check(value)


def test_values_as_rules_take_them():
    assert STANDARDS["credit.finance_limit"].read("500000.00") == Decimal(500000)
    assert STANDARDS["office.hours"].read([["08:30", "12:00"]]) == [(dt.time(8, 30), dt.time(12, 0))]
    assert STANDARDS["session.idle_minutes"].read(30) == 30
    STANDARDS["choices.tags"].check([])


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_weights_add_up_to_a_hundred(parts):
    weights = {f"w{number}": part for number, part in enumerate(parts)}
    rest = 100 - sum(parts)
    if rest >= 0:
        WEIGHTS.check(weights | {"rest": rest})
    if rest:
        with pytest.raises(Refusal, match="add up to"):
            WEIGHTS.check(weights)


def test_weights_are_counted_as_written():
    WEIGHTS.check({"a": 33.3, "b": 33.3, "c": 33.4})
    with pytest.raises(Refusal, match="between 0 and 100 %"):
        WEIGHTS.check({"a": 110, "b": -10})


def ranges(*edges):
    return [{"code": f"r{number}", "from": low, "to": high} for number, (low, high) in enumerate(edges)]


@given(st.sets(st.integers(1, 99), max_size=6))
def test_ranges_that_meet_are_thresholds(cuts):
    edges = [0, *sorted(cuts), 100]
    GRADES.check(ranges(*pairwise(edges)))


@pytest.mark.parametrize(
    ("standard", "value", "says"),
    [
        (GRADES, [], "at least one range"),
        (GRADES, ranges((0, 60), (70, 100)), "gap"),
        (GRADES, ranges((0, 60), (50, 100)), "overlaps"),
        (GRADES, ranges((10, 100)), "gap"),
        (GRADES, ranges((0, 90)), "must end at 100"),
        (GRADES, ranges((0, 0), (0, 100)), "ends before"),
        (GRADES, ranges((0, None), (60, 100)), "overlaps"),
        (REWARDS, ranges((500, 2000)), "must end at"),
    ],
)
def test_ranges_that_overlap_or_leave_a_gap_are_refused(standard, value, says):
    with pytest.raises(Refusal, match=says):
        standard.check(value)


def test_the_last_range_may_be_open():
    REWARDS.check(ranges((500, 2000), (2000, 3000), (3000, None)))
