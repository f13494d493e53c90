"""Receivables against the credit limit (RL-5)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.credit import use_of

money = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@pytest.mark.parametrize(
    ("owed", "percent", "near", "over"),
    [
        ("0", "0.0", False, False), ("-500", "0.0", False, False), ("79999.99", "79.9", False, False), ("80000", "80.0", True, False),
        ("100000", "100.0", True, False), ("100000.01", "100.0", False, True), ("250000", "250.0", False, True),
    ],
)  # fmt: skip
def test_a_warning_from_eighty_a_mark_over_a_hundred(owed: str, percent: str, near: bool, over: bool) -> None:
    use = use_of(Decimal(owed), Decimal(100_000))
    assert use is not None
    assert (use.percent, use.near, use.over) == (Decimal(percent), near, over)


@pytest.mark.parametrize("limit", [None, Decimal(0)])
def test_without_a_limit_nothing_is_used(limit: Decimal | None) -> None:
    assert use_of(Decimal(5), limit) is None


@given(money, st.decimals(min_value="0.01", max_value=10**9, places=2))
def test_never_both_and_never_against_the_figure(owed: Decimal, limit: Decimal) -> None:
    use = use_of(owed, limit)
    assert use is not None
    assert not (use.near and use.over)
    assert (use.percent >= 80) == (use.near or use.over)
    assert use.percent <= 100 or use.over
