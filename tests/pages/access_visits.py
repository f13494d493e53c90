"""Rows of visits to customers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models.calendar import site_calendar
from portal.models.promise import Promise
from tests import visiting
from tests.access import Row, everyone
from tests.approving import person


def _soon() -> str:
    return site_calendar().add_working_days(clock.today() + timedelta(days=1), 0).isoformat()


def _planned() -> dict[str, Any]:
    # A plan of a day that is worked, carried out today whatever the day.
    day = site_calendar().add_working_days(clock.today(), 0)
    visit = visiting.planned("rep1", day)
    visit.day = clock.today()
    db.session.commit()
    return {"visit": visit.id, "customer": visit.customer_id, "version": visit.version, "soon": _soon(), "rep": person("rep1").id}


def _done() -> dict[str, Any]:
    # Reports that were submitted before in the same office stand aside: there is one of a person and day.
    for other in db.session.scalars(select(visiting.VisitReport).where(visiting.VisitReport.state == "submitted")):
        other.day -= timedelta(days=other.id)
    ids = _planned()
    visit = db.session.get_one(visiting.Visit, ids["visit"])
    visiting.done(visit)
    promise = Promise.make(
        visit.customer_id, "寄样品", clock.now() + timedelta(days=2), source="visit", source_id=visit.id, staff_id=visit.staff_id,
        by=person("rep1"),
    )  # fmt: skip
    db.session.commit()
    return {**ids, "version": visit.version, "report": visit.report_id, "promise": promise.id}


def _submitted() -> dict[str, Any]:
    ids = _done()
    report = db.session.get_one(visiting.VisitReport, ids["report"])
    report.submit(by=person("rep1"), version=report.version)
    db.session.commit()
    return {**ids, "version": report.version}


def _letter() -> dict[str, Any]:
    made = visiting.letter("rep1")
    return {"letter": made.id, "customer": made.customer_id, "day": clock.today().isoformat(), "soon": _soon(), "rep": person("rep1").id}


def _of_all(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page of everybody who sees the customer."""
    return Row(endpoint, url, method, owner=status, supervisor=status, manager=status, **values)


def _of_one(endpoint: str, url: str, status: int, other: int, **values: Any) -> Row:
    """Return the row of something that only who goes may do; who else sees it is answered with `other`."""
    return Row(endpoint, url, values.pop("method", "POST"), owner=status, supervisor=other, manager=other, **values)


_SHEET = {"sheet-version": "{version}", "sheet-met": "王经理", "sheet-purpose": "regular", "sheet-needs": "备件"}

ROWS = [
    everyone("visits.day", "/visits", prepare=_planned),
    everyone("visits.day", "/visits?day=2026-13-01&whose={rep}", prepare=_planned),
    everyone("visits.due", "/visits/due?whose=t1&grade=A&route=x&order=since&after=x", prepare=_letter),
    everyone("visits.due", "/visits/due?after=1:2:x"),
    everyone("visits.plan_chosen", "/visits/due", "POST", 422, data={}),
    everyone("visits.plan_days", "/visits/days", "POST", 422, data={"days-days": "0"}),
    everyone("visits.due_file", "/visits/due/file?format=csv", prepare=_letter),
    everyone("visits.visits", "/visits/list?tab=done&whose=all&purpose=order", prepare=_done),
    everyone("visits.visits", "/visits/list?tab=week&whose=team&week=2026-W10&after=2026-01-01:3"),
    everyone("visits.visits_file", "/visits/list/file?format=csv", prepare=_done),
    everyone("visits.reports", "/visits/reports?whose=team&unread=1&week=2026-W10", prepare=_submitted),
    everyone("visits.reports_file", "/visits/reports/file?format=csv", prepare=_submitted),
    everyone("visits.unplanned", "/visits/unplanned", prepare=_planned),
    everyone("visits.unplanned", "/visits/unplanned", "POST", 422, data={}),
    everyone("visits.letters", "/visits/letters?q=x&lot=1&open=1", prepare=_letter),
    everyone("visits.letters_file", "/visits/letters/file?format=csv", prepare=_letter),
    everyone("visits.letters_new", "/visits/letters/new"),
    everyone("visits.letters_new", "/visits/letters/new", "POST", 422, data={"kind": "letter"}),
    everyone("visits.letters_print", "/visits/letters/print", "POST", 303, data={"lot": "999"}),
    everyone("visits.letters_chosen", "/visits/letters/customers", "POST", 422, data={}),
    _of_all("visits.visit", "/visits/{visit}", prepare=_planned),
    _of_all("visits.visit", "/visits/{visit}", prepare=_done),
    _of_one("visits.arrive", "/visits/{visit}/arrival", 303, 409, data={"version": "{version}"}, prepare=_planned),
    _of_one("visits.sheet", "/visits/{visit}/sheet", 303, 409, data=_SHEET, prepare=_planned),
    _of_one("visits.miss", "/visits/{visit}/attempt", 303, 409, data={"miss-version": "{version}", "miss-note": "无人"}, prepare=_planned),
    _of_all("visits.replan", "/visits/{visit}/plan", "POST", 303,
            data={"move-version": "{version}", "do": "cancel", "move-reason": "停工"}, prepare=_planned),
    Row("visits.assign", "/visits/{visit}/person", "POST", {"person-version": "{version}", "person-staff": "{rep}"}, _planned,
        owner=403, supervisor=303, manager=303),
    _of_one("visits.correct", "/visits/{visit}/correction", 200, 409, method="GET", prepare=_done),
    _of_one("visits.correct", "/visits/{visit}/correction", 303, 409, data=_SHEET, prepare=_done),
    _of_one("visits.take_back", "/visits/{visit}/taking-back", 303, 409, data={"version": "{version}"}, prepare=_done),
    _of_one("visits.promise_new", "/visits/{visit}/promises", 422, 403, data={}, prepare=_done),
    _of_all("visits.promise_settled", "/visits/{visit}/promises/{promise}", "POST", 303, data={"kept": "yes"}, prepare=_done),
    Row("visits.file_extract", "/visits/{visit}/filing", "POST", prepare=_planned, owner=409, supervisor=409, manager=409),
    _of_all("visits.report", "/visits/reports/{report}", prepare=_submitted),
    _of_one("visits.submission", "/visits/reports/{report}/submission", 303, 403, data={"version": "1", "do": "submit"}, prepare=_done),
    Row("visits.say", "/visits/reports/{report}/words", "POST", {"word-version": "{version}", "act": "read"}, _submitted,
        owner=403, supervisor=303, manager=303),
    _of_all("visits.letter", "/visits/letters/{letter}", prepare=_letter),
    _of_all("visits.letter_change", "/visits/letters/{letter}", "POST", 303, data={"version": "1", "do": "post"}, prepare=_letter),
    _of_all("visits.of_customer", "/customers/{customer}/visits", prepare=_letter),
    _of_all("visits.plan_one", "/customers/{customer}/visits", "POST", 422, data={}),
]  # fmt: skip
