"""The search index and what is found by it, within the reader's scope (AR-6)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update

from portal.database import db
from portal.models import search as search_module
from portal.models.customer import Customer, CustomerAssistant, derived
from portal.models.search import candidates, customers, search
from portal.models.search_index import CustomerSearch, index_all, index_many
from portal.rules.text import clean_line
from tests import factories


def named(name: str, owner: str = "rep1", **fields: Any) -> Any:
    return factories.customer(owner, full_name=name, **derived({"full_name": name, "telephone": fields.get("telephone", "")}), **fields)


def names(user: Any, query: str, limit: int = 10) -> list[str]:
    return [hit.full_name for hit in search(user, query, limit)]


@pytest.fixture
def huawei(app: Any) -> Any:
    more = {"short_name": "华为", "credit_code": "914403001922038216", "telephone": "0755-28780808", "former_names": "深圳远望贸易行"}
    return named("华为技术有限公司", **more)


@pytest.mark.parametrize(
    "query",
    ["华", "华为", "为技术", "华为技术", "技术有限公", "华为技术有限", "hwjs", "HW", "huawei", "huaweijishu", "jishu", "914403001922038216",
     "91440300192203", "075528780808", "0755-2878 0808", "28780808", "0808", "远望贸易", "华为 有限", "ＨＷＪＳ"],
)  # fmt: skip
def test_found_by(query: str, huawei: Any, staff: Any) -> None:
    named("北京渔业合作社")
    assert names(staff["rep1"], query) == ["华为技术有限公司"]


@pytest.mark.parametrize("query", ["", " ", "%", "华威", "为华", "hwsj", "术技", "9999", "*", '"', "华为 渔业"])
def test_not_found_by(query: str, huawei: Any, staff: Any) -> None:
    named("北京渔业合作社")
    assert names(staff["rep1"], query) == []


def test_found_by_number_whole_and_in_part(huawei: Any, staff: Any) -> None:
    other = named("华为别人有限公司")
    assert names(staff["rep1"], huawei.number) == ["华为技术有限公司"]
    assert other.full_name in names(staff["rep1"], other.number[-4:])


def test_found_by_contact_and_says_so(huawei: Any, staff: Any) -> None:
    factories.contact(huawei, name="欧阳小燕", telephone="13812345678", telephone_key="13812345678")
    for query in ("欧阳", "小燕", "13812345678", "138 1234", "5678"):
        hits = search(staff["rep1"], query)
        assert [hit.matched for hit in hits] == ["欧阳小燕 13812345678"], query
    db.session.refresh(huawei)
    assert huawei.contact_count == 1


def test_place_in_front_does_not_hide_the_name(staff: Any) -> None:
    named("深圳市华为技术有限公司")
    assert names(staff["rep1"], "hwjs") == names(staff["rep1"], "华为") == ["深圳市华为技术有限公司"]


def test_names_that_begin_so_come_first(staff: Any) -> None:
    first = named("东方航空公司")
    for serial in range(12):
        named(f"上海东方第{serial}商店")
    assert names(staff["rep1"], "东方")[0] == first.full_name
    assert len(search(staff["rep1"], "东方", 10)) == 10


@pytest.mark.parametrize("account", ["rep1", "mgr1"])
def test_names_with_signs_in_them_are_found_and_come_first(account: str, staff: Any) -> None:
    for name in ("H&M服饰有限公司", "7-11便利店", "5.1音响", "(1)号仓库", "J.P.贸易", "A·B电子"):
        named(name)
        named("东方" + name)
    for query in ("H&M", "h&", "H", "H&M服", "7-11", "7-11便利", "5.1", "5.", "J.P.", "A·B", "a·"):
        assert names(staff[account], query)[0].lower().startswith(query.lower()), query
    assert {one.removeprefix("东方") for one in names(staff[account], "（1）号")} == {"(1)号仓库"}
    assert names(staff[account], "&") == names(staff[account], "M&H") == []


def test_no_text_typed_makes_the_search_fail(staff: Any) -> None:
    for name in ("H&M服饰有限公司", "7-11便利店", "𠮷野家（深圳）A_1"):
        named(name, telephone="0755-28780808")
    typed = st.text(st.one_of(st.characters(), st.sampled_from("aH1&-._ 《（*\\\"'服𠮷²٣")), max_size=12).map(clean_line)

    @given(typed)
    def search_is_answered(query: str) -> None:
        for account in ("rep1", "mgr1"):
            assert len(search(staff[account], query)) <= 3
            assert len(candidates(staff[account], query)) <= 3
            assert customers(staff[account], query) is not None

    search_is_answered()


@pytest.mark.parametrize("newest", [0, 2, 6, 600])
@pytest.mark.parametrize("account", ["rep1", "mgr1"])
def test_a_common_word_finds_as_much_however_many_are_looked_through(newest: int, account: str, staff: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(search_module, "NEWEST", newest)
    for number in range(3):
        named(f"远望第{number}有限公司")
    for number in range(5):
        named(f"北京远望第{number}有限公司")
    named("渔业合作社")
    assert sorted(names(staff[account], "远望")[:3]) == [f"远望第{number}有限公司" for number in range(3)]
    assert sorted(names(staff[account], "远望", 3)) == [f"远望第{number}有限公司" for number in range(3)]
    assert len(names(staff[account], "远望", 6)) == 6
    assert len(set(names(staff[account], "远望"))) == 8
    assert len(set(names(staff[account], "ywd", 5))) == 5
    assert names(staff[account], "望渔") == []


def test_what_only_looks_like_it_displaces_nothing(staff: Any) -> None:
    """The newest have the figures in their numbers and telephones, and contacts of that name: none of it is what was looked for."""
    wanted, palace = named("老客户有限公司", number="C2025000020"), named("王府井百货有限公司", number="C2025000021")
    for number in range(12):
        other = named(f"第{number}商店", number=f"C20260001{number:02d}")
        factories.contact(other, name="王晓", telephone="", telephone_key="")
    assert wanted.full_name in names(staff["mgr1"], "20")
    assert names(staff["mgr1"], "王")[0] == palace.full_name


def test_each_sees_their_own(staff: Any) -> None:
    mine, theirs = named("同名贸易公司", "rep1"), named("同名实业公司", "rep3")
    assert names(staff["rep1"], "同名") == names(staff["sup1"], "同名") == [mine.full_name]
    assert names(staff["rep3"], "同名") == names(staff["sup2"], "同名") == [theirs.full_name]
    assert names(staff["rep2"], "同名") == []
    assert set(names(staff["mgr1"], "同名")) == {mine.full_name, theirs.full_name}
    assert names(staff["rep1"], theirs.number) == []


def test_assistants_find_it_from_the_moment_they_are_named(staff: Any) -> None:
    mine = named("协办贸易公司")
    assert names(staff["rep4"], "协办") == []
    mine.assistants.append(CustomerAssistant(staff_id=staff["rep4"].id))
    db.session.commit()
    assert names(staff["rep4"], "协办") == [mine.full_name]
    mine.assistants.clear()
    db.session.commit()
    assert names(staff["rep4"], "协办") == []


def test_a_stale_index_shows_nothing_outside_the_scope(staff: Any) -> None:
    mine = named("秘密贸易公司")
    db.session.execute(update(Customer).where(Customer.id == mine.id).values(owner_id=staff["rep3"].id, team_id=staff["rep3"].team_id))
    assert candidates(staff["rep1"], "秘密") == [mine.id]
    assert names(staff["rep1"], "秘密") == names(staff["sup1"], "秘密") == []


def test_follows_a_change_of_name(staff: Any) -> None:
    mine = named("旧名字公司")
    mine.full_name, mine.former_names = "改了以后公司", "旧名字公司"
    db.session.commit()
    assert names(staff["rep1"], "改了以") == ["改了以后公司"]
    assert [hit.matched for hit in search(staff["rep1"], "旧名")] == ["旧名字公司"]
    assert names(staff["rep1"], "jmz") == []


def test_a_merged_record_is_found_at_its_survivor(staff: Any) -> None:
    survivor, loser = named("留下的公司"), named("并入的公司")
    loser.state, loser.merged_into_id = "merged", survivor.id
    db.session.commit()
    assert names(staff["rep1"], loser.number) == ["留下的公司"]
    assert names(staff["rep1"], "并入") == ["留下的公司"]


def test_built_anew_it_is_the_same(staff: Any) -> None:
    made = [named(f"重建第{serial}公司") for serial in range(3)]
    before = {row.id: (row.words, row.scope) for row in db.session.query(CustomerSearch)}
    db.session.query(CustomerSearch).delete()
    assert names(staff["rep1"], "重建") == []
    assert list(index_all()) == [3]
    index_many([one.id for one in made])
    assert {row.id: (row.words, row.scope) for row in db.session.query(CustomerSearch)} == before
    assert len(names(staff["rep1"], "重建")) == 3


def test_merged_records_are_found_by_their_index_whatever_the_statistics_say(app: Flask) -> None:
    """Nearly no customer is merged: statistics over all of them would have SQLite read every customer at each save."""
    if db.engine.dialect.name != "sqlite":
        return
    for number in range(30):
        factories.customer("rep1", full_name=f"统计{number}有限公司")
    db.session.execute(text("ANALYZE"))
    plan = db.session.execute(text("EXPLAIN QUERY PLAN SELECT number FROM customer WHERE merged_into_id IN (1)")).all()
    assert "ix_customer_merged_into_id" in str(plan)
