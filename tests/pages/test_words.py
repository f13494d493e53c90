"""Words that mean two things in English have two messages: each page says in Chinese what is meant there."""

from __future__ import annotations

from typing import Any

import pytest

PAGES = [
    ("rep1", "/registers/special-events/new", "地点", "名次"),
    ("rep1", "/registers/parking-spaces/new", "起始日期", "起点"),
    ("mgr1", "/delegations", "起始日期", "起点"),
    ("mgr1", "/teams", "科/组名称", ">姓名<"),
    ("mgr1", "/audit", "审批", "审批栏"),
]


@pytest.mark.parametrize(("account", "address", "said", "unsaid"), PAGES)
def test_a_page_says_what_is_meant(as_: Any, account: str, address: str, said: str, unsaid: str) -> None:
    page = as_(account).get(address).get_data(as_text=True)
    assert said in page
    assert unsaid not in page
