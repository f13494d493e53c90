"""Pages of the half-yearly review: one customer after the other, correcting, the round of the shelves, the inbox (AR-21)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from portal.database import db
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.review import ReviewLine
from portal.printing import lists
from portal.printing.documents import translate
from portal.printing.labels import Labels
from tests import factories
from tests.approving import person
from tests.reviewing import binder, line_of, opened, totals

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(autouse=True)
def february() -> Any:
    with time_machine.travel(datetime(2026, 2, 3, 2, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def two() -> tuple[int, int]:
    """The ids of two customers of rep1, in a campaign that runs."""
    ids = factories.customer("rep1").id, factories.customer("rep1").id
    opened()
    return ids


def line(customer_id: int) -> ReviewLine:
    return line_of(db.session.get_one(Customer, customer_id))


def text_of(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_confirm_leads_to_the_next_and_the_last_one_to_the_campaign(as_: Any, two: tuple[int, int]) -> None:
    first, second = (line(one).id for one in two)
    browser, campaign = as_("rep1"), line(two[0]).campaign
    answer = browser.get(f"/reviews/{campaign.id}/next")
    assert answer.location == f"/review-lines/{first}"
    page = text_of(browser.get(answer.location))
    assert "autofocus" in page, "Enter confirms without scripts"
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    answer = browser.post(f"/review-lines/{first}/confirmation", data={"version": version[1], "remark": "已电话核实"})
    assert browser.get(answer.location).location == f"/review-lines/{second}"
    assert line(two[0]).remark == "已电话核实"
    answer = browser.post(f"/review-lines/{second}/confirmation", data={"version": 1})
    assert browser.get(answer.location).location == f"/reviews/{campaign.id}"
    assert browser.post(f"/review-lines/{second}/confirmation", data={"version": 1}).status_code == 409
    answer = browser.post(f"/review-lines/{second}/taking-back")
    assert "跳过" in text_of(browser.get(answer.location))


def test_a_card_corrected_on_the_way_counts_and_leads_on(as_: Any, two: tuple[int, int]) -> None:
    browser, number = as_("rep1"), line(two[0]).id
    address = f"/customers/{two[0]}/edit?review={number}"
    page = text_of(browser.get(address))
    assert f'action="{address}"' in page
    assert f'href="/review-lines/{number}"' in page, "Cancel leads back"
    sent = dict(re.findall(r'name="(version|base|full_name)"[^>]*value="([^"]*)"', page))
    from html import unescape

    sent = {name: unescape(value) for name, value in sent.items()}
    unchanged = browser.post(address, data=sent)
    assert unchanged.location == f"/review-lines/{number}", "nothing was changed: it is still to be confirmed"
    answer = browser.post(address, data={**sent, "fax": "0755-26001111"})
    assert answer.status_code == 303, text_of(answer)
    assert answer.location.startswith(f"/reviews/{line(two[0]).campaign_id}/next?after={number}")
    name = db.session.get_one(Customer, two[0]).full_name
    assert f"{name}记为已更正" in text_of(browser.get(browser.get(answer.location).location)), "on the page of the next one"
    assert line(two[0]).state == "corrected"
    assert totals(line(two[0]).campaign)["rep1"] == (1, 0, 1, 0)
    history = text_of(browser.get(f"/customers/{two[0]}/history"))
    assert "半年核对" in history, "the change says where it came from"


def test_a_contact_added_on_the_way_leads_back_and_makes_it_a_correction(as_: Any, two: tuple[int, int]) -> None:
    browser, number = as_("rep1"), line(two[0]).id
    data = {"name": "王小明", "kept_for": "daily"}
    address = f"/customers/{two[0]}/contacts/new?review={number}"
    page = text_of(browser.get(address))
    kept = re.search(r'<select[^>]*name="kept_for".*?<option[^>]*value="([a-z_]+)"', page, re.S)
    assert kept is not None
    answer = browser.post(address, data={**data, "kept_for": kept[1]})
    assert answer.location == f"/review-lines/{number}", text_of(answer)
    assert db.session.query(Contact).one().name == "王小明"
    db.session.query(Contact).one().telephone = "0755-26001234 转 801"
    db.session.commit()
    assert 'href="tel:075526001234"' in text_of(browser.get(answer.location)), "whom one asks can be called from here"
    browser.post(f"/review-lines/{number}/confirmation", data={"version": db.session.get_one(Customer, two[0]).version})
    assert line(two[0]).state == "corrected"


def test_a_supervisor_works_through_the_customers_of_a_rep(as_: Any, two: tuple[int, int]) -> None:
    rep, campaign, browser = person("rep1").id, line(two[0]).campaign_id, as_("sup1")
    first = browser.get(f"/reviews/{campaign}/next?owner={rep}").location
    answer = browser.post(f"{first}/confirmation", data={"version": 1})
    assert f"owner={rep}" in answer.location
    assert browser.get(answer.location).location == f"/review-lines/{line(two[1]).id}"


def test_progress_by_team_and_rep_leads_to_what_is_due(as_: Any, two: tuple[int, int]) -> None:
    campaign, rep = line(two[0]).campaign_id, person("rep1").id
    page = text_of(as_("mgr1").get(f"/reviews/{campaign}"))
    assert "客户一科" in page
    assert f"/customers?review=due&amp;owner={rep}" in page
    assert "2026年上半年核对" in page
    register = text_of(as_("mgr1").get(f"/customers?review=due&owner={rep}"))
    assert db.session.get_one(Customer, two[0]).full_name in register
    assert "半年核对：待核对" in register
    strange = text_of(as_("rep3").get(f"/reviews/{campaign}")).split("<main")[1]
    assert "客户一科" not in strange
    assert ("全部核对完毕" in strange, "100%" in strange) == (False, False), "who has no customer in it has reviewed nothing"


def test_a_second_opening_is_refused(as_: Any) -> None:
    browser = as_("mgr1")
    assert browser.post("/reviews").status_code == 303
    assert browser.post("/reviews").status_code == 409


def test_inbox_and_home_say_how_many(as_: Any, two: tuple[int, int]) -> None:
    for address in ("/inbox", "/"):
        assert "还有2个" in text_of(as_("rep1").get(address)), address


# --- the round of the shelves ------------------------------------------------------------------------------------------------


@pytest.fixture
def shelves() -> dict[str, int]:
    """Binders of three customers of rep1 and of one of rep3; the ids of the customers."""
    ids = {}
    for name, owner, places in (
        ("甲", "rep1", ("2-A-03",)),
        ("乙", "rep1", ("2-A-01", "2-B-01")),
        ("丙", "rep1", ("2-A-02",)),
        ("丁", "rep3", ("2-A-04",)),
    ):
        customer = factories.customer(owner, full_name=f"{name}有限公司")
        for place in places:
            binder(customer, place, f"{name}执照", f"{name}章程", owner=owner)
        ids[name] = customer.id
    opened()
    return ids


def sent(page: str, **more: str) -> dict[str, Any]:
    """Return what the page's form sends."""
    marks = dict(re.findall(r'name="(mark-\d+)" value="([0-9a-f]+)"', page))
    return {"binder": re.findall(r'name="binder" value="(\d+)"', page), **marks, **more}


def test_only_exceptions_are_keyed_in(as_: Any, shelves: dict[str, int]) -> None:
    campaign, browser = line(shelves["甲"]).campaign_id, as_("rep1")
    address = f"/reviews/{campaign}/shelves"
    page = text_of(browser.get(address))
    assert [page.index(name) for name in ("乙执照", "丙执照", "甲执照")] == sorted(
        page.index(name) for name in ("乙执照", "丙执照", "甲执照")
    )
    assert "丁执照" not in page, "of another team"
    numbers = re.findall(r'name="binder" value="(\d+)"', page)
    assert len(numbers) == 4
    answer = browser.post(address, data=sent(page, **{f"kind-{numbers[1]}": "missing", f"note-{numbers[1]}": "章程"}))
    assert answer.status_code == 303
    assert {name: line(shelves[name]).state for name in shelves} == {"甲": "confirmed", "乙": "confirmed", "丙": "open", "丁": "open"}
    found = line(shelves["丙"]).exceptions
    assert [(one["kind"], one["note"], one["by"]) for one in found] == [("missing", "章程", "赵一鸣")]
    assert totals(line(shelves["甲"]).campaign)["rep1"] == (1, 2, 0, 0)
    assert "章程" in text_of(browser.get(f"/review-lines/{line(shelves['丙']).id}"))
    again = text_of(browser.get(address))
    assert 'name="binder"' not in again, "nothing is left to look at"


def test_a_customer_is_confirmed_when_the_last_binder_was_found_in_order(as_: Any, shelves: dict[str, int]) -> None:
    campaign, browser = line(shelves["乙"]).campaign_id, as_("rep1")
    address = f"/reviews/{campaign}/shelves?first=2-A&last=2-A"
    browser.post(address, data=sent(text_of(browser.get(address))))
    assert line(shelves["乙"]).state == "open"
    assert len(line(shelves["乙"]).checked) == 1
    address = f"/reviews/{campaign}/shelves?first=2-B"
    browser.post(address, data=sent(text_of(browser.get(address))))
    assert line(shelves["乙"]).state == "confirmed"


def test_what_changed_since_the_page_was_opened_is_not_confirmed(as_: Any, shelves: dict[str, int]) -> None:
    campaign, browser = line(shelves["甲"]).campaign_id, as_("rep1")
    address = f"/reviews/{campaign}/shelves?last=2-A"
    page = text_of(browser.get(address))
    db.session.get_one(Customer, shelves["甲"]).change({"fax": "0755-1"}, by=person("sup1"))
    db.session.commit()
    answer = browser.post(address, data=sent(page))
    assert answer.location == address
    assert (line(shelves["甲"]).state, line(shelves["丙"]).state) == ("open", "confirmed")
    assert "请再核对" in text_of(browser.get(address))


def test_an_exception_without_a_note_is_asked_for_and_nothing_is_stored(as_: Any, shelves: dict[str, int]) -> None:
    campaign, browser = line(shelves["甲"]).campaign_id, as_("rep1")
    address = f"/reviews/{campaign}/shelves"
    page = text_of(browser.get(address))
    number = re.findall(r'name="binder" value="(\d+)"', page)[0]
    answer = browser.post(address, data=sent(page, **{f"kind-{number}": "damaged"}))
    assert answer.status_code == 422
    assert f'id="note-{number}-error"' in text_of(answer)
    assert {line(one).state for one in shelves.values()} == {"open"}


def test_binders_out_of_scope_are_left_alone(as_: Any, shelves: dict[str, int]) -> None:
    campaign = line(shelves["丁"]).campaign_id
    address = f"/reviews/{campaign}/shelves"
    page = text_of(as_("rep3").get(address))
    assert as_("rep1").post(address, data=sent(page)).status_code == 303
    assert line(shelves["丁"]).state == "open"


def test_the_list_prints_in_the_order_of_the_shelves_with_boxes(as_: Any, shelves: dict[str, int]) -> None:
    campaign = line(shelves["甲"]).campaign_id
    page = text_of(as_("rep1").get(f"/prints/lists/shelf_round?review={campaign}&last=2-A"))
    for text in ("2-A-01", "乙执照", "□", "2026年上半年"):
        assert text in page, text
    assert "丁执照" not in page
    listed = lists.LISTS["shelf_round"]
    rows = listed.rows(listed.source.records(listed.source.ids(person("rep1"), listed.source.read({"review": str(campaign)}), 10)))
    assert [row["shelf"] for row in rows] == ["2-A-01", "", "2-A-02", "", "2-A-03", "", "2-B-01", ""]
    words = listed.source.conditions(person("rep1"), listed.source.read({"review": str(campaign), "first": "2-A"}), Labels("zh", translate))
    assert words == "2026年上半年 2-A – …"
