"""Pages of hand-overs: prepared, printed, carried out, signed (RO-4, RO-5)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import select

from portal.database import db
from portal.models.attachment import Attachment
from portal.models.hand_over_record import DISCARDED, DONE, HandOver
from portal.models.job import Job
from portal.models.loan import Loan
from portal.printing import hand_over as sheet
from tests import factories
from tests.approving import person, picture
from tests.handing import busy
from tests.stored import where

pytestmark = pytest.mark.usefixtures("app")


def text_of(browser: Any, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return str(answer.get_data(as_text=True))


def test_from_the_list_to_the_signed_list(as_: Any) -> None:
    own = busy()
    browser = as_("sup1")
    page = browser.post("/hand-overs", data={"staff_id": person("rep1").id}).location
    assert browser.post("/hand-overs", data={"staff_id": person("rep1").id}).location == page
    shown = text_of(browser, page)
    assert own[0].full_name in shown
    assert "东湖𠮷物流公司" in shown
    assert "移交 2 个客户" in shown
    assert f"/customers/{own[0].id}" in shown
    assert browser.post(f"{page}/completion", data={"to_id": 0}).status_code == 422
    assert browser.post(f"{page}/completion", data={"to_id": person("rep3").id}).status_code == 422
    values = {"to_id": person("rep2").id, "witness": "周五行", "reason": "离职"}
    assert browser.post(page, data=values).status_code == 303
    assert "周五行" in text_of(browser, page)
    assert browser.post(f"{page}/completion", data=values).status_code == 303
    assert own[0].full_name in text_of(as_("rep2"), page)
    assert browser.post(f"{page}/signed-list", data={}).status_code == 422
    signed = {"scan": (io.BytesIO(picture()), "清单.png")}
    assert browser.post(f"{page}/signed-list", data=signed).status_code == 303
    assert as_("rep1").get(f"{page}/signed-list").headers["Content-Disposition"].startswith("attachment")
    where(db.session.scalars(select(Attachment).where(Attachment.filename == "清单.png")).one()).unlink()
    lost = as_("rep1").get(f"{page}/signed-list")
    assert (lost.status_code, "存档文件已丢失。" in lost.text) == (422, True)
    assert "清单" not in text_of(as_("rep4"), "/hand-overs").partition("<table")[2]
    assert db.session.scalars(select(HandOver)).one().state == DONE


def test_rows_outside_the_readers_scope_are_no_links(as_: Any) -> None:
    busy()
    page = as_("rep1").post("/hand-overs", data={"staff_id": person("rep1").id}).location
    link = f'href="/loans/{db.session.scalar(select(Loan.id))}"'
    assert link in text_of(as_("rep1"), page)
    assert link not in text_of(as_("sup1"), page)
    assert "东湖𠮷物流公司" in text_of(as_("sup1"), page)


def test_what_was_prepared_can_be_let_go(as_: Any) -> None:
    browser = as_("rep1")
    page = browser.post("/hand-overs", data={"staff_id": person("rep1").id}).location
    assert browser.post(f"{page}/discarding").status_code == 303
    assert browser.post(f"{page}/discarding").status_code == 409
    assert db.session.scalars(select(HandOver)).one().state == DISCARDED
    text_of(browser, page)


def test_a_long_list_is_printed_in_the_background_and_a_longer_one_not_at_all(as_: Any, monkeypatch: Any) -> None:
    for _number in range(3):
        factories.customer("rep1")
    browser = as_("rep1")
    page = browser.post("/hand-overs", data={"staff_id": person("rep1").id}).location
    address = f"/prints/hand_over_list/{page.rpartition('/')[2]}"
    monkeypatch.setattr(sheet, "AT_ONCE", 2)
    assert browser.post(address).location.startswith("/prints/batches/")
    assert db.session.scalars(select(Job)).one().args["sheet"] == "hand_over_list"
    monkeypatch.setattr(sheet, "MOST", 2)
    assert browser.get(address).status_code == 422


def test_managers_find_it_on_the_page_of_a_person_and_before_they_deactivate(as_: Any) -> None:
    number = person("rep1").id
    assert f'name="staff_id" value="{number}"' in text_of(as_("mgr1"), f"/staff/{number}")
    assert f'name="staff_id" value="{number}"' in text_of(as_("mgr1"), f"/staff/{number}/deactivation")
