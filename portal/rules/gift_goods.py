"""Goods that may be given (GF-3): kinds, and what is cash or like cash and never a gift (反不正当竞争法 2025, arts 8 and 24; GF-2)."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from portal.rules.message import N_, Refusal

CUSTOMISED, SOUVENIR = "customised", "souvenir"
KINDS = {CUSTOMISED: N_("Customised gift"), SOUVENIR: N_("Souvenir with the company's mark")}
"""The kinds that there are. They stand in the code because a kind for cash or vouchers is not to be had by changing a list."""

LONGEST_LINE, LONGEST_TEXT = 200, 2000
MOST_PIECES = 1_000_000
HIGHEST_PRICE = Decimal("100000.00")

_CASH = re.compile(
    "现金|现钞|钞票|礼金|奖金|红包(?!装)|转账|汇款|支票|购物卡|购物券|储值卡|充值|预付卡|消费卡|消费券|礼品卡|礼券|代金券|代币券|抵用券|现金券|提货券|提货卡|"
    "优惠券|加油卡|话费|电子卡|银行卡|有价证券|债券|股票|股权|彩票|理财|金条|银条|金币|虚拟币|数字货币|比特币|电子钱包|"
    "(?<![a-z])(?:cash|money ?order|banknotes?|gift ?(?:card|certificate|voucher|cheque)s?|vouchers?|coupons?|"
    "(?:pre-?paid|shopping|stored-?value|debit|fuel|top-?up) ?cards?|red ?(?:packet|envelope)s?|"
    "cheques?|bank ?transfers?|bonds?|shares|stocks|securities|lottery|gold ?bars?|bullion|"
    "bitcoins?|cryptocurrency|e-?wallets?)(?![a-z])"
)


def cash_like(text: str) -> str | None:
    """Return the word by which `text` names cash or what is like cash, or None.

    Spaces between Han characters, full width and capitals hide nothing.
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    plain = re.sub(r"(?<=[\u3400-\u9fff])[\s·._\-]+(?=[\u3400-\u9fff])", "", plain)
    found = _CASH.search(plain)
    return found.group() if found else None


def ensure_goods(text: str, *, field: str) -> None:
    """Raise `Refusal` where `text` names cash or what is like cash (GF-2, GF-3)."""
    word = cash_like(text)
    if word is not None:
        raise Refusal("Cash and what is like cash is never given: “%(word)s”.", field=field, word=word)


def ensure_pieces(number: int | None, *, field: str = "quantity") -> int:
    """Return a number of pieces. Raises `Refusal` unless it is between 1 and a million."""
    if number is None or not 1 <= number <= MOST_PIECES:
        raise Refusal("Give a number of pieces from 1 to %(most)s.", field=field, most=f"{MOST_PIECES:,}")
    return number


def ensure_price(price: Decimal | None, *, field: str = "unit_price") -> Decimal:
    """Return a price of one piece in yuan. Raises `Refusal` unless it is above 0 and in fen: caps count it."""
    if price is None or not 0 < price <= HIGHEST_PRICE or price != price.quantize(Decimal("0.01")):
        raise Refusal("Give the price of one piece in yuan, above 0.", field=field)
    return price


def to_buy(wanted: int, in_stock: int, on_order: int) -> int:
    """Return how many pieces are still to be bought: what approved lists ask for, less stock, less what is ordered (GF-5)."""
    return max(0, wanted - in_stock - on_order)
