from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.message import Refusal
from portal.rules.money import capitals, figures, parse_amount

amounts = st.decimals(min_value=-(10**15), max_value=10**15, places=2, allow_nan=False, allow_infinity=False)
_VALUES = {"零": 0, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9}
_UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def spoken(words: str) -> Decimal:
    """Read capitals back, as a cashier does."""
    words = words.removeprefix("人民币").removesuffix("整")
    sign = -1 if words.startswith("负") else 1
    yuan, _, rest = words.removeprefix("负").rpartition("元")
    total = group = digit = 0
    for word in yuan:
        if word in _VALUES:
            digit = _VALUES[word]
        elif word in _UNITS:
            group, digit = group + digit * _UNITS[word], 0
        elif word == "万":
            total, group, digit = total + (group + digit) * 10**4, 0, 0
        elif word == "亿":
            total, group, digit = (total + group + digit) * 10**8, 0, 0
    cents = sum(_VALUES[rest[rest.index(unit) - 1]] * worth for unit, worth in (("角", 10), ("分", 1)) if unit in rest)
    return sign * (Decimal(total + group + digit) + Decimal(cents) / 100)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        # The six examples of 《支付结算办法》 银发〔1997〕393号, annex 1.
        ("1409.50", "人民币壹仟肆佰零玖元伍角"),
        ("6007.14", "人民币陆仟零柒元壹角肆分"),
        ("1680.32", "人民币壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "人民币壹拾万柒仟元零伍角叁分"),
        ("16409.02", "人民币壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "人民币叁佰贰拾伍元零肆分"),
        # Zeros between groups, the ends of the range, and what has no yuan.
        ("100001000", "人民币壹亿零壹仟元整"),
        ("10001", "人民币壹万零壹元整"),
        ("10", "人民币壹拾元整"),
        ("0", "人民币零元整"),
        ("0.10", "人民币壹角"),
        ("0.01", "人民币壹分"),
        ("-100", "人民币负壹佰元整"),
        ("999900000000", "人民币玖仟玖佰玖拾玖亿元整"),
        ("1000000000000", "人民币壹万亿元整"),
        ("1000000000001.00", "人民币壹万亿零壹元整"),
    ],
)
def test_capitals(amount, words):
    assert capitals(Decimal(amount)) == words


@given(amounts)
def test_capitals_say_the_amount_and_never_double_a_zero(amount):
    words = capitals(amount)
    assert spoken(words) == amount
    assert "零零" not in words
    assert words.endswith("整") == (amount == amount.to_integral_value())


@pytest.mark.parametrize("amount", ["0.001", "10000000000000000", "NaN", "Infinity"])
def test_capitals_refuse_what_cannot_be_paid(amount):
    with pytest.raises(Refusal):
        capitals(Decimal(amount))


@given(amounts)
def test_figures_are_read_back(amount):
    assert parse_amount(figures(amount)) == amount


def test_figures():
    assert figures(Decimal("1234.5")) == "1,234.50"
    assert figures(Decimal("0.005")) == "0.01"
    assert figures(Decimal("-0.00")) == "0.00"


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1亿2000万", "120000000"),
        ("3,000万元", "30000000"),
        ("1.5亿", "150000000"),
        ("￥１，２３４．５０", "1234.50"),
        ("¥ 12", "12"),
        ("人民币100元整", "100"),
        ("(1,234.50)", "-1234.50"),
        ("-5元", "-5"),
        ("\u30001 234.5", "1234.5"),
        ("1,2345,6789", "123456789"),
        (".5", "0.5"),
        (0.1 + 0.2, "0.30"),
        (12, "12"),
    ],
)
def test_amounts_are_read(typed, amount):
    assert parse_amount(typed) == Decimal(amount)


@pytest.mark.parametrize(
    "typed", ["", "元", "abc", "1,23", "1.234", "1元2", "--1", "(-1)", "1万2亿", "1e5", float("nan"), 1e300, True, "9" * 70]
)
def test_what_is_no_amount_is_refused(typed):
    with pytest.raises(Refusal):
        parse_amount(typed)


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_refused(typed):
    try:
        amount = parse_amount(typed)
    except Refusal:
        return
    assert amount == amount.quantize(Decimal("0.01"))
