"""Words that mean two things in English have two messages: each page says in Chinese what is meant there."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from portal.database import db
from tests import factories

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


def test_a_page_is_punctuated_as_its_language_is(as_: Any) -> None:
    made = factories.customer("rep1")
    rep = as_("rep1")
    registered = {
        "customer": made.number,
        "channel": "letter",
        "received_on": f"{clock.today()}",
        "summary": "夜班热线",
        "text": "请设夜班热线。",
    }
    proposal = rep.post("/proposals/new", data={**registered, "kind": "service"}).headers["Location"]
    chinese = rep.get(f"/customers/{made.id}").text + rep.get(proposal).text
    assert f"{made.owner.name}（{made.team.name}）" in chinese
    assert "请向客户致谢，并告知办理期限。" in chinese
    made.owner.language = "en"
    db.session.commit()
    english = rep.get(f"/customers/{made.id}").text + rep.get(proposal).text
    assert f"{made.owner.name} ({made.team.name})" in english
    assert "say how long it will take." in english


def test_a_past_customer_is_called_as_in_the_glossary(as_: Any) -> None:
    made = factories.customer("rep1", state="past")
    page = as_("rep1").get(f"/customers/{made.id}").text
    assert "交易过去客户" in page
    assert "已终止往来" not in page
