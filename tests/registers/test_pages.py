"""Pages of the office registers: what needs no script, two people at once, and what is said where something is wrong."""

from __future__ import annotations

from typing import Any

from portal.database import db
from portal.models.register_entry import RegisterEntry
from portal.models.search_index import index_all
from portal.registers import REGISTERS
from tests import factories
from tests.registers.samples import entry, typed

PERMITS = REGISTERS["parking-permits"]


def test_without_scripts_a_suggestion_is_a_button_of_the_form(as_: Any) -> None:
    browser = as_("rep1")
    for number in (1, 2):
        factories.customer("rep1", full_name=f"深圳市明远{number}有限公司")
    factories.customer("rep3", full_name="深圳市明远9有限公司")
    list(index_all())
    db.session.commit()
    given = typed(PERMITS)
    answer = browser.post("/registers/parking-permits/new", data={**given, "customer": "明远"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert page.count('name="pick"') == 2
    value = page.split('name="pick" value="')[1].split('"')[0]
    answer = browser.post("/registers/parking-permits/new", data={**given, "customer": "明远", "pick": value})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert f'value="{value}"' in page
    assert given["plate"] in page
    assert db.session.query(RegisterEntry).count() == 0
    assert browser.post("/registers/parking-permits/new", data={**given, "customer": value}).status_code == 303


def test_everything_that_is_missing_is_said_at_once(as_: Any) -> None:
    page = as_("rep1").post("/registers/parking-permits/new", data={}).get_data(as_text=True)
    required = [one for one in PERMITS.fields if one.required]
    summary = page.split('class="error-summary"')[1].split("</div>")[0]
    assert summary.count("<li") == len(required) + 1


def test_somebody_elses_customer_is_not_found_by_number(as_: Any) -> None:
    theirs = factories.customer("rep3")
    answer = as_("rep1").post("/registers/parking-permits/new", data={**typed(PERMITS), "customer": theirs.number})
    assert answer.status_code == 422
    assert theirs.full_name not in answer.get_data(as_text=True)
    assert theirs.full_name not in as_("rep1").get(f"/registers/parking-permits/new?customer={theirs.id}").get_data(as_text=True)


def test_a_removed_entry_is_struck_through_and_closed(as_: Any) -> None:
    made, browser = entry(), as_("rep1")
    asked = browser.get(f"/registers/entries/{made.id}/removal").get_data(as_text=True)
    assert ("撤销记录" in asked, "移除" in asked) == (True, False), "one word for it"
    browser.post(f"/registers/entries/{made.id}/removal", data={"reason": "重复登记"})
    page = browser.get(f"/registers/entries/{made.id}").get_data(as_text=True)
    assert "<del" in page
    assert "重复登记" in page
    assert browser.get(f"/registers/entries/{made.id}/edit").status_code == 422
    assert f"<s>{made.title}</s>" in browser.get(f"/customers/{made.customer_id}/registers").get_data(as_text=True)
    listed = browser.get(f"/registers/{made.register}?state=removed").get_data(as_text=True)
    paper = browser.get(f"/prints/{made.declared.sheet}/{made.id}").get_data(as_text=True)
    for shown in (listed, paper):
        assert "重复登记" in shown, "why it was struck out stands beside it"
    assert "赵一鸣" in paper


def test_looking_at_an_entry_is_a_look_at_the_dossier(as_: Any) -> None:
    from sqlalchemy import select

    from portal.models.audit import AuditEvent

    made = entry()
    as_("sup1").get(f"/registers/entries/{made.id}")
    looks = db.session.scalars(select(AuditEvent.customer_id).where(AuditEvent.action == "customer-viewed")).all()
    assert looks == [made.customer_id]
