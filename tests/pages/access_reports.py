"""Rows of the information reports."""

from __future__ import annotations

from typing import Any

from tests import factories, reporting
from tests.access import Row, everyone
from tests.reporting import PERIODIC, URGENT


def _urgent() -> dict[str, Any]:
    report = reporting.told()
    reporting.added(report, "instruction", "sup1", "当日上门了解损失")
    return {"report": report.id, "customer": report.customer_id}


def _unread() -> dict[str, Any]:
    return {"report": reporting.told().id}


def _draft() -> dict[str, Any]:
    report = reporting.begun()
    return {"report": report.id, "customer": report.customer_id}


def _submitted() -> dict[str, Any]:
    return {"report": reporting.submitted().id}


def _named() -> dict[str, Any]:
    return {"customer": factories.customer("rep1").number}


_TEXTS = {name: str(value) for name, value in {**URGENT, "happened_on": URGENT["happened_on"].isoformat()}.items()}
_SETTLED: dict[str, Any] = {"owner": 403, "supervisor": 303, "manager": 303}
_WRITTEN: dict[str, Any] = {"owner": 303, "supervisor": 303, "manager": 303}
_UNSEEN: dict[str, Any] = {"colleague": 422, "stranger": 422, "other_supervisor": 422}

ROWS = [
    everyone("reports.reports", "/reports"),
    everyone("reports.reports", "/reports?kind=urgent&unread=1&q=失火", prepare=_urgent),
    everyone("reports.reports", "/reports?period=2026-Q1&team=1&author=1", prepare=_draft),
    Row("reports.reports", "/reports?customer={customer}", prepare=_urgent),
    Row("reports.of_customer", "/customers/{customer}/reports", prepare=_urgent),
    Row("reports.report", "/reports/{report}", prepare=_urgent),
    Row("reports.report", "/reports/{report}", prepare=_submitted),
    everyone("reports.urgent_new", "/reports/urgent/new"),
    everyone("reports.urgent_new", "/reports/urgent/new", "POST", 422),
    Row("reports.urgent_new", "/reports/urgent/new", "POST", {**_TEXTS, "customer": "{customer}"}, _named, **_WRITTEN, **_UNSEEN),
    everyone("reports.periodic_new", "/reports/periodic/new"),
    Row(
        "reports.periodic_new", "/reports/periodic/new", "POST", {**PERIODIC, "customer": "{customer}", "period": "2026-Q1"}, _named,
        **_WRITTEN, **_UNSEEN,
    ),
    Row("reports.report_edit", "/reports/{report}/edit", prepare=_draft),
    Row("reports.report_edit", "/reports/{report}/edit", prepare=_submitted, owner=409, supervisor=409, manager=409),
    Row("reports.report_edit", "/reports/{report}/edit", "POST", {**PERIODIC, "version": "1"}, _draft, **_WRITTEN),
    Row("reports.report_submission", "/reports/{report}/submission", "POST", prepare=_draft, **_WRITTEN),
    Row("reports.report_submission", "/reports/{report}/submission", "POST", prepare=_submitted, owner=409, supervisor=409, manager=409),
    Row("reports.report_discard", "/reports/{report}/discarding", "POST", prepare=_draft, owner=303, supervisor=403, manager=403),
    Row("reports.note_new", "/reports/{report}/notes", "POST", {"act": "note", "text": "更正"}, _urgent, **_WRITTEN),
    Row("reports.note_new", "/reports/{report}/notes", "POST", {"act": "note"}, _urgent, owner=422, supervisor=422, manager=422),
    Row("reports.note_new", "/reports/{report}/notes", "POST", {"act": "read"}, _unread, **_SETTLED),
    Row("reports.note_new", "/reports/{report}/notes", "POST", {"act": "instruction", "text": "当日上门"}, _unread, **_SETTLED),
    Row("reports.note_new", "/reports/{report}/notes", "POST", {"act": "conclusion", "text": "恢复发货"}, _unread, **_SETTLED),
    Row("reports.note_new", "/reports/{report}/notes", "POST", {"act": "return", "text": "补充"}, _submitted, **_SETTLED),
    Row(
        "reports.note_new", "/reports/{report}/notes", "POST", {"act": "return", "text": "补充"}, _urgent,
        owner=403, supervisor=409, manager=409,
    ),
    everyone("exchange.reports_export", "/reports/export"),
    everyone("exchange.reports_export_begin", "/reports/export", "POST", 303, data={"format": "csv"}),
    everyone("exchange.reports_export_begin", "/reports/export", "POST", 422, data={"format": "doc"}),
    everyone("exchange.reports_export_file", "/reports/export/file?format=csv", prepare=_urgent),
    everyone("exchange.reports_export_file", "/reports/export/file?format=xlsx", prepare=_urgent),
    Row("prints.record", "/prints/urgent_report/{report}", prepare=_urgent),
    Row("prints.record", "/prints/periodic_report/{report}", prepare=_submitted),
    everyone("prints.list_preview", "/prints/lists/report_list", prepare=_urgent),
]  # fmt: skip
