"""Rows of requests and complaints, the month's report and the channels."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal import clock
from portal.database import db
from portal.models import promise, request_flow, request_visits
from tests import factories
from tests.access import Row, everyone, managers
from tests.approving import person
from tests.service.requesting import taken


def _open() -> dict[str, Any]:
    request = taken(promise="回电", promised_at=clock.now() + timedelta(days=1), kind="repair")
    (promised,) = promise.of_record("request", request.id)
    ends_at = clock.now() + timedelta(hours=2)
    visit = request_visits.arrange(
        request, fitter="老周", telephone="", starts_at=ends_at - timedelta(hours=3), ends_at=ends_at, by=person("rep1")
    )
    db.session.commit()
    return {
        "request": request.id, "customer": request.customer_id, "promise": promised.id, "visit": visit.id, "version": request.version,
        "to": f"person:{person('rep1').id}",
    }  # fmt: skip


def _answered() -> dict[str, Any]:
    request = taken()
    request_flow.answer(request, "好", by=person("rep1"), version=request.version)
    db.session.commit()
    return {"request": request.id, "customer": request.customer_id, "version": request.version}


def _unknown() -> dict[str, Any]:
    request = taken(customer_name="某人")
    return {"request": request.id, "version": request.version, "customer": factories.customer("rep1").number}


_DONE: dict[str, Any] = {"owner": 303, "supervisor": 303, "manager": 303}
_REFUSED: dict[str, Any] = {"owner": 422, "supervisor": 422, "manager": 422}
_AT = "/requests/{request}"
_CHANGED = {"kind": "repair", "channel": "telephone", "priority": "high", "text": "漏水", "version": "{version}"}
_PROMISED = {"promise-promise": "回电", "promise-promised_at": "2099-01-01T10:00"}
_VISIT = {"visit-fitter": "老周", "visit-starts_at": "2026-05-01T10:00", "visit-ends_at": "2026-05-01T11:00"}

ROWS = [
    everyone("service.requests", "/requests"),
    everyone("service.requests", "/requests?list=all&whose=all&kind=complaint&overdue=1&q=x", prepare=_open),
    Row("service.requests", "/requests?customer={customer}", prepare=_open),
    Row("service.of_customer", "/customers/{customer}/requests", prepare=_open),
    everyone("service.request_new", "/requests/new"),
    everyone("service.request_new", "/requests/new", "POST", 422),
    everyone(
        "service.request_new", "/requests/new", "POST", 303,
        data={"customer": "某人", "unknown": "1", "kind": "inquiry", "channel": "web", "text": "问价"},
    ),
    Row("service.request", _AT, prepare=_open),
    Row("service.request", _AT, prepare=_answered),
    Row("service.step", f"{_AT}/steps", "POST", {"act": "in-hand", "step-version": "{version}"}, _open, **_DONE),
    Row("service.step", f"{_AT}/steps", "POST", {"act": "answered", "step-version": "{version}"}, _open, **_REFUSED),
    Row("service.step", f"{_AT}/steps", "POST", {"act": "in-hand", "step-version": "99"}, _open, owner=409, supervisor=409, manager=409),
    Row(
        "service.assignment", f"{_AT}/assignment", "POST", {"pass-to": "{to}", "pass-word": "x", "pass-version": "{version}"}, _open,
        **_REFUSED,
    ),
    Row(
        "service.customer_named", f"{_AT}/customer", "POST", {"customer-customer": "{customer}", "customer-version": "{version}"}, _unknown,
        **_DONE,
    ),
    Row("service.link_new", f"{_AT}/links", "POST", {"link-other": "{request}", "link-link": "related"}, _open, **_REFUSED),
    Row("service.promise_new", f"{_AT}/promises", "POST", _PROMISED, _open, **_DONE),
    Row("service.promise_settled", _AT + "/promises/{promise}", "POST", {"kept": "yes"}, _open, **_DONE),
    Row("service.visit_new", f"{_AT}/visits", "POST", _VISIT, _open, **_DONE),
    Row("service.visit_done", _AT + "/visits/{visit}", "POST", {"done-result": "换泵"}, _open, **_DONE),
    Row("service.visit_done", _AT + "/visits/99", "POST", {"done-result": "换泵"}, _open, owner=404, supervisor=404, manager=404),
    Row("service.request_edit", f"{_AT}/edit", prepare=_open),
    Row("service.request_edit", f"{_AT}/edit", "POST", _CHANGED, _open, **_DONE),
    Row("service.closing", f"{_AT}/closing", prepare=_answered),
    Row("service.closing", f"{_AT}/closing", prepare=_open, owner=409, supervisor=409, manager=409),
    Row("service.closing", f"{_AT}/closing", "POST", prepare=_answered, **_REFUSED),
    Row(
        "service.causes_set", "/requests/causes", "POST", {"ids": "{request}", "new_cause": "quality"}, _answered,
        **_DONE, colleague=422, stranger=422, other_supervisor=422,
    ),
    everyone("service.causes_set", "/requests/causes", "POST", 422, data={"new_cause": "quality"}),
    everyone("service.complaints", "/complaints/month?month=2026-04"),
    everyone("service.complaints", "/complaints/month?month=rubbish"),
    everyone("service.channels", "/requests/channels?year=2026&kind=complaint"),
    managers("service.channel", "/requests/channels/telephone"),
    managers("service.channel", "/requests/channels/telephone", "POST", 303, data={"hours": "工作日", "version": "0"}),
    managers("service.channel_evaluation", "/requests/channels/telephone/evaluations/2025"),
    managers("service.channel_evaluation", "/requests/channels/telephone/evaluations/2025", "POST", 422, data={"version": "0"}),
    everyone("exchange.requests_export", "/requests/export"),
    everyone("exchange.requests_export_begin", "/requests/export", "POST", 303, data={"format": "csv"}),
    everyone("exchange.requests_export_begin", "/requests/export", "POST", 422, data={"format": "doc"}),
    everyone("exchange.requests_export_file", "/requests/export/file?format=csv", prepare=_open),
    everyone("exchange.requests_export_file", "/requests/export/file?format=xlsx", prepare=_open),
    Row("prints.record", "/prints/complaint_record/{request}", prepare=_answered),
    Row("prints.record", "/prints/request_sheet/{request}", prepare=_open),
    everyone("prints.list_preview", "/prints/lists/request_list", prepare=_open),
    everyone("prints.list_preview", "/prints/lists/complaint_month", prepare=_answered),
]  # fmt: skip
