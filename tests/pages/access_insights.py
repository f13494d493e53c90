"""Rows of insights: composition of customers and ABC analysis. Figures are those of the reader's own customers; the pages are for all."""

from __future__ import annotations

from typing import Any

from tests.access import Row, everyone

_HIDDEN: dict[str, Any] = dict.fromkeys(("owner", "colleague", "stranger", "supervisor", "other_supervisor", "manager"), 404)

ROWS = [
    everyone("insights.composition", "/insights/composition"),
    everyone("insights.composition", "/insights/composition?subject=limit&year=2025"),
    everyone("insights.customers", "/insights/composition/customers?subject=grade&part=A"),
    Row("insights.customers", "/insights/composition/customers?subject=sales&part=A", **_HIDDEN),
    everyone("insights.abc", "/insights/abc"),
    everyone("insights.abc", "/insights/abc?subject=regions&thresholds=55/85"),
    everyone("insights.abc", "/insights/abc?thresholds=95/80", status=422),
    everyone("insights.count", "/insights/counts", "POST", 303, data={"of": "abc", "year": "2025"}),
    everyone("exchange.insight_export", "/insights/export/abc?year=2025"),
    everyone("exchange.insight_export_begin", "/insights/export/composition", "POST", 303, data={"format": "csv"}),
    everyone("exchange.insight_export_file", "/insights/export/abc/file?format=csv"),
    Row("exchange.insight_export", "/insights/export/nonsense", **_HIDDEN),
    everyone("prints.list_preview", "/prints/lists/abc_analysis?year=2025"),
    everyone("prints.list_preview", "/prints/lists/composition?subject=grade&year=2025"),
]
