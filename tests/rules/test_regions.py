"""Addresses in one line (AR-1, PR-10)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from portal.rules.regions import address_of, in_one_line

SHANGHAI = {"province": "上海市", "city": "上海市", "district": "浦东新区", "street": "世纪大道 1 号"}
ABROAD = {"province": "", "city": "Singapore", "district": "", "street": "1 Raffles Place"}


@pytest.mark.parametrize(
    ("parts", "how", "line"),
    [
        (SHANGHAI, {}, "上海市浦东新区世纪大道 1 号"),
        (SHANGHAI, {"from_city": True}, "上海市浦东新区世纪大道 1 号"),
        ({**SHANGHAI, "province": "广东省"}, {"from_city": True}, "上海市浦东新区世纪大道 1 号"),
        (SHANGHAI, {"apart": ", "}, "上海市, 浦东新区, 世纪大道 1 号"),
        (ABROAD, {}, "Singapore 1 Raffles Place"),
        (ABROAD, {"apart": ", "}, "Singapore, 1 Raffles Place"),
        (dict.fromkeys(SHANGHAI, ""), {}, ""),
    ],
)
def test_an_address_stands_in_one_line_with_each_part_once(parts: dict[str, str], how: dict[str, str], line: str) -> None:
    assert address_of(parts, **how) == address_of(SimpleNamespace(**parts), **how) == line


def test_the_order_of_the_parts_is_the_callers() -> None:
    assert in_one_line("1 Century Avenue", None, "Shanghai", "Shanghai", apart=", ") == "1 Century Avenue, Shanghai"
