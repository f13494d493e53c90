"""Rewards of adopted proposals: every amount fits exactly one grade or none, and a wrong one is refused (PP-6)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.message import Refusal
from portal.rules.rewards import GRADES, START_BANDS, check_reward, grade_of

AMOUNTS = st.integers(0, 1_000_000_00).map(lambda fen: Decimal(fen) / 100)


@pytest.mark.parametrize(
    ("amount", "grade"),
    [
        ("0.00", ""), ("499.99", ""), ("500.00", "C"), ("1999.99", "C"), ("2000.00", "B"), ("2999.99", "B"), ("3000.00", "A"),
        ("1000000.00", "A"),
    ],
)  # fmt: skip
def test_the_bounds_are_those_of_the_rules(amount: str, grade: str) -> None:
    """500, 2,000 and 3,000 belong to the grade that begins there; a fen less does not (PP-6)."""
    assert grade_of(Decimal(amount), START_BANDS) == grade


@given(AMOUNTS, st.sampled_from(GRADES))
def test_an_amount_is_taken_for_its_grade_alone(amount: Decimal, grade: str) -> None:
    """A reward is accepted exactly where C: 500 ≤ x < 2,000, B: 2,000 ≤ x < 3,000, A: 3,000 ≤ x (PP-6)."""
    low, high = {"C": (500, 2000), "B": (2000, 3000), "A": (3000, 10**9)}[grade]
    if low <= amount < high:
        check_reward(grade, amount, START_BANDS)
        return
    with pytest.raises(Refusal) as refused:
        check_reward(grade, amount, START_BANDS)
    assert refused.value.field == "amount"


@given(AMOUNTS, st.lists(st.integers(1, 9_999_99).map(lambda fen: fen / 100), min_size=3, max_size=3, unique=True).map(sorted))
def test_changed_bands_hold_to_the_fen(amount: Decimal, starts: list[float]) -> None:
    """What the site set holds as it was typed, bounds with fen included."""
    low, middle, high = starts
    bands = [{"code": "C", "from": low, "to": middle}, {"code": "B", "from": middle, "to": high}, {"code": "A", "from": high, "to": None}]
    expected = [code for code, bound in zip(GRADES, starts, strict=True) if amount >= Decimal(str(bound))]
    assert grade_of(amount, bands) == (expected[-1] if expected else "")


def test_grade_and_amount_are_asked_for() -> None:
    """Without grade or amount it is said which is missing; a slip of the hand is not a reward of grade A."""
    for grade, amount, field in (("", Decimal(700), "grade"), ("D", Decimal(700), "grade"), ("A", None, "amount")):
        with pytest.raises(Refusal) as refused:
            check_reward(grade, amount, START_BANDS)
        assert refused.value.field == field
    with pytest.raises(Refusal, match="at most"):
        check_reward("A", Decimal("1000000.01"), START_BANDS)
