"""Amounts of yuan: in capitals, in figures, and read from what people type (PR-4, AR-40)."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from portal.rules.message import N_, Refusal

CENT = Decimal("0.01")
LIMIT = Decimal(10) ** 16
"""Amounts stay below 一亿亿: the capitals above it (兆) are read in two ways."""

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,4}(?:,\d{4})+|\d+)(?:\.\d*)?|\.\d+"
_CURRENCY = r"(?:人民币|RMB|CNY|¥)*"
_AMOUNT = re.compile(
    rf"(?P<sign>[+-]?){_CURRENCY}(?P<inner>[+-]?)"
    rf"(?:(?P<yi>{_NUMBER})亿)?(?:(?P<wan>{_NUMBER})万)?(?P<rest>{_NUMBER})?"
    rf"[元圆]?{_CURRENCY}[整正]?"
)
_FLOAT_NOISE = Decimal("0.000001")


def capitals(amount: Decimal) -> str:
    """Return `amount` of yuan as Chinese capitals with the word 人民币 before it, as approved money is printed (PR-4).

    After 《支付结算办法》 银发〔1997〕393号, annex 1. Where that leaves a choice: 整 (never 正) ends whole yuan and
    nothing else; 零 is written between 元 and 角 when the figure of the yuan is 0, and not written for a 0 in the place
    of 万 that 仟 follows. From 10,000亿 on, counting goes on in 万亿. A negative amount has 负 after 人民币.

    Raises `Refusal` for fractions of a fen and from 10^16 yuan on.
    """
    _check(amount)
    cents = int(abs(amount) * 100)
    yuan, jiao, fen = cents // 100, cents // 10 % 10, cents % 10
    words = "人民币负" if amount < 0 else "人民币"
    if yuan or not cents:
        words += (_integer(yuan) or "零") + "元"
    if not jiao and not fen:
        return words + "整"
    if yuan and ((jiao and yuan % 10 == 0) or not jiao):
        words += "零"
    if jiao:
        words += _DIGITS[jiao] + "角"
    if fen:
        words += _DIGITS[fen] + "分"
    return words


def figures(amount: Decimal) -> str:
    """Return `amount` with thousands separators and two decimals, halves away from zero: '1,234.50' (PR-4)."""
    return f"{amount.quantize(CENT, ROUND_HALF_UP) + 0:,f}"


def parse_amount(value: str | int | float | Decimal) -> Decimal:
    """Return the yuan that `value` says, with two decimals (AR-40).

    Text may have full-width figures, thousands separators (groups of three or of four), spaces, ￥, ¥, RMB, 人民币 and 元, and
    count in 万 and 亿 ('1.5亿', '3,000万元', '1亿2000万'); brackets or a minus mean less than nothing. A float, as spreadsheets
    hold it, may carry binary noise behind the second decimal.

    Raises `Refusal` for anything else, for fractions of a fen and from 10^16 yuan on.
    """
    if isinstance(value, bool):
        raise _unreadable(value)
    if isinstance(value, int | Decimal):
        amount = Decimal(value)
    elif isinstance(value, float):
        amount = _from_float(value)
    else:
        amount = _from_text(value)
    _check(amount)
    return amount.quantize(CENT) + 0


def _integer(number: int) -> str:
    """Return the capitals of a whole number below 10^16, nothing for 0."""
    for unit, word in ((10**8, "亿"), (10**4, "万")):
        if number >= unit:
            high, low = divmod(number, unit)
            gap = "零" if 0 < low < unit // 10 else ""
            return _integer(high) + word + gap + _integer(low)
    words = ""
    for digit, place in zip(f"{number:04d}", _PLACES, strict=True):
        if digit != "0":
            words += _DIGITS[int(digit)] + place
        elif words and not words.endswith("零"):
            words += "零"
    return words.rstrip("零")


def _check(amount: Decimal) -> None:
    if not amount.is_finite() or abs(amount) >= LIMIT:
        raise Refusal("An amount must be a number below %(limit)s yuan.", limit=f"{LIMIT:,f}")
    if amount != amount.quantize(CENT):
        raise Refusal("An amount has at most two decimals: %(typed)s has more.", typed=f"{amount:f}")


def _from_float(value: float) -> Decimal:
    try:
        amount = Decimal(repr(value))
        rounded = amount.quantize(CENT, ROUND_HALF_UP)
        noise = abs(rounded - amount) < _FLOAT_NOISE
    except InvalidOperation:
        raise _unreadable(value) from None
    return rounded if noise else amount


def _from_text(typed: str) -> Decimal:
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", typed)).upper().replace("−", "-")
    if len(plain) > 60:
        raise _unreadable(typed)
    bracketed = plain.startswith("(") and plain.endswith(")")
    match = _AMOUNT.fullmatch(plain[1:-1] if bracketed else plain)
    if not match or not (match["yi"] or match["wan"] or match["rest"]):
        raise _unreadable(typed)
    signs = match["sign"] + match["inner"]
    if len(signs) + bracketed > 1:
        raise _unreadable(typed)
    amount = Decimal(0)
    for part, unit in (("yi", 10**8), ("wan", 10**4), ("rest", 1)):
        if match[part]:
            amount += Decimal(match[part].replace(",", "")) * unit
    return -amount if bracketed or signs == "-" else amount


def _unreadable(value: object) -> Refusal:
    text = N_("%(typed)s is not an amount. Understood are figures such as 1,234.50, ￥1234.5元, 3000万 and 1.5亿.")
    return Refusal(text, typed=str(value)[:60])
