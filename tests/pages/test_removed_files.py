"""Made files are not kept for ever: their pages say when they were removed, and make them again (AR-40, AR-41)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import time_machine

from portal import clock, jobs
from portal.database import db
from portal.exchange import exporting, tidying
from portal.exchange.tidying import KEPT_DAYS, remove_old
from portal.models.register_query import RegisterQuery
from tests import factories
from tests.approving import person
from tests.pages.access_exchange import check
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
