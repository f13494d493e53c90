"""Made files are not kept for ever: their pages say when they were removed, and make them again (AR-40, AR-41)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from portal import clock, jobs
from portal.database import db
from portal.exchange import exporting, tidying
from portal.exchange.tidying import KEPT_DAYS, KEPT_UPLOAD_DAYS, remove_old
from portal.file_commands import differences
from portal.models.hand_over import assist, end_assisting, hand_over
from portal.models.import_run import ImportRow
from portal.models.job import Job
from portal.models.register_query import RegisterQuery
from portal.printing import lists
from portal.rules.message import Refusal
from portal.stores import store
from tests import factories
from tests.approving import person
from tests.pages.access_exchange import check, write
from tests.pages.test_exchange import rows_of


def test_a_removed_export_says_when_and_is_made_again(as_: Any) -> None:
    factories.customer("rep1")
    job = exporting.queue(exporting.Export(person("rep1"), RegisterQuery(), "card"), "xlsx")
    db.session.commit()
    jobs.start(job)
    browser, page = as_("rep1"), f"/exports/{job.id}"
    assert f"{page}/file" in browser.get(page).get_data(as_text=True)
    with time_machine.travel(clock.now() + timedelta(days=KEPT_DAYS + 1), tick=False):
        remove_old()
        gone = clock.today()
    shown = browser.get(page).get_data(as_text=True)
    assert f"{page}/file" not in shown
    assert f"{gone.year}" in shown
    assert tidying.removed_at(job) is not None
    assert browser.get(f"{page}/file").location == page
    again = browser.post(f"{page}/repetition")
    assert again.status_code == 303
    assert browser.get(f"{again.location}/file").status_code == 200


def exported(account: str, **more: Any) -> Job:
    """Return the job of an export that was made for somebody."""
    job = exporting.queue(exporting.Export(person(account), RegisterQuery(), "card", **more), "xlsx")
    db.session.commit()
    jobs.start(job)
    return job


def test_an_export_is_not_handed_out_once_a_customer_has_left_its_reader(as_: Any) -> None:
    mine, other = factories.customer("rep1"), factories.customer("rep1")
    helped = factories.customer("rep2")
    assist([helped.id], person("rep1"), by=person("sup1"))
    whole, chosen = exported("rep1"), exported("rep1", ids=(mine.id,))
    of_team, of_all = exported("sup1"), exported("mgr1")
    factories.customer("rep1")
    db.session.commit()
    browser = as_("rep1")
    assert browser.get(f"/exports/{whole.id}/file").status_code == 200, "a customer more takes nothing away"
    end_assisting([helped.id], person("rep1"), by=person("sup1"))
    db.session.commit()
    assert browser.get(f"/exports/{whole.id}/file").status_code == 404
    page = browser.get(f"/exports/{whole.id}").get_data(as_text=True)
    assert ("不再提供该文件" in page, f"/exports/{whole.id}/repetition" in page, f"/exports/{whole.id}/file" in page) == (True, True, False)
    hand_over([other.id], to=person("rep3"), by=person("mgr1"))
    db.session.commit()
    assert browser.get(f"/exports/{chosen.id}/file").status_code == 200
    assert as_("sup1").get(f"/exports/{of_team.id}/file").status_code == 404
    assert as_("mgr1").get(f"/exports/{of_all.id}/file").status_code == 200
    whole.result = {name: one for name, one in whole.result.items() if name != "customers"}
    db.session.commit()
    assert browser.get(f"/exports/{whole.id}/file").status_code == 404, "of an older file nobody knows"


def test_a_list_is_not_handed_out_once_a_customer_has_left_its_reader(as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "AT_ONCE", 1)
    one, _other = factories.customer("rep1"), factories.customer("rep1")
    browser = as_("rep1")
    page = browser.post("/prints/lists/customer_register", data={"language": "zh"}).location
    link = re.findall(r"/prints/files/\w+", browser.get(page).get_data(as_text=True))[0]
    assert browser.get(link).status_code == 200
    hand_over([one.id], to=person("rep2"), by=person("sup1"))
    db.session.commit()
    assert browser.get(link).status_code == 404
    assert "不再提供该文件" in browser.get(page).get_data(as_text=True)
    hand_over([one.id], to=person("rep1"), by=person("sup1"))
    db.session.commit()
    with time_machine.travel(clock.now() + timedelta(days=KEPT_DAYS + 1), tick=False):
        remove_old()
    assert browser.get(link).status_code == 404
    assert link not in browser.get(page).get_data(as_text=True)


def test_a_removed_file_of_refused_rows_says_when_and_is_made_again(as_: Any) -> None:
    run = check()
    with time_machine.travel(clock.now() + timedelta(days=KEPT_DAYS + 1), tick=False):
        remove_old()
    browser, page = as_("rep1"), f"/imports/{run.id}"
    assert f"{page}/refused-rows" in browser.get(page).get_data(as_text=True)
    assert browser.get(f"{page}/refused.xlsx").location == page
    assert browser.post(f"{page}/refused-rows").status_code == 303
    assert rows_of(browser.get(f"{page}/refused.xlsx"), "a.xlsx")[-1][-1]
    assert f"{page}/refused-rows" not in browser.get(page).get_data(as_text=True)
    assert browser.post(f"{page}/refused-rows").status_code == 409


def test_an_upload_is_kept_for_its_time_and_gives_up_what_is_open(as_: Any) -> None:
    open_, done = check(), write()
    digest, page = open_.attachment.sha256, f"/imports/{done.id}"
    begun = clock.now()
    with time_machine.travel(begun + timedelta(days=KEPT_UPLOAD_DAYS - 1), tick=False):
        remove_old()
        assert store().has(digest)
    again = done.another_sheet(by=person("rep1"))
    again.created_at = begun + timedelta(days=KEPT_UPLOAD_DAYS)
    db.session.commit()
    with time_machine.travel(begun + timedelta(days=KEPT_UPLOAD_DAYS + 1), tick=False):
        remove_old()
        assert store().has(digest), "somebody reads it once more"
        again.created_at = begun
        again.state = "checked"
        db.session.commit()
        remove_old()
    assert not store().has(digest)
    assert (open_.state, again.state, done.state) == ("cancelled", "cancelled", "done")
    assert db.session.query(ImportRow).filter(ImportRow.outcome.not_in(("changed", "kept"))).count() == 0
    browser = as_("rep1")
    text = browser.get(page).get_data(as_text=True)
    assert "90 天" in text
    assert f"{page}/refused-rows" not in text
    assert f"{page}/repetition" not in text
    assert browser.post(f"{page}/refused-rows").status_code == 409
    with pytest.raises(Refusal, match="was removed"):
        done.another_sheet(by=person("rep1"))
    assert not [one for one, there in differences(store()) if not there]
