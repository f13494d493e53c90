"""What is cash or like cash is found however it is written, and what only sounds like it is not (GF-2, GF-3)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules import gift_goods as rules
from portal.rules.message import Refusal


@pytest.mark.parametrize(
    "text",
    ["现金", "现 金 红 包", "京东购物卡", "提货券", "ＣＡＳＨ", "Gift card 500", "prepaid cards", "金条10克", "油 卡充值"],
)
def test_cash_is_found(text: str) -> None:
    assert rules.cash_like(text)
    with pytest.raises(Refusal):
        rules.ensure_goods(text, field="name")


@pytest.mark.parametrize("text", ["红包装茶叶", "购物袋", "cashmere scarf", "bonded leather", "贺卡", "金属书签", "shared umbrella"])
def test_things_are_not(text: str) -> None:
    assert rules.cash_like(text) is None


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_is_bought_is_just_what_is_missing(wanted: int, stock: int, ordered: int) -> None:
    bought = rules.to_buy(wanted, stock, ordered)
    assert bought >= 0
    assert stock + ordered + bought >= wanted
    assert bought == 0 or stock + ordered + bought == wanted


@pytest.mark.parametrize("price", [None, Decimal(0), Decimal("-1"), Decimal("0.001"), Decimal("100000.01")])
def test_a_price_is_above_nothing_and_in_fen(price: Decimal | None) -> None:
    with pytest.raises(Refusal):
        rules.ensure_price(price)
