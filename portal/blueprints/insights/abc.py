"""ABC analysis: the curve, the table beside it, and who moved class since last year (IN-2)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.blueprints.insights import bp
from portal.i18n import translate
from portal.models import abc_analysis as model
from portal.models import insight, sales_totals
from portal.models.abc_analysis import CUSTOMERS, NOT_ANY, PRODUCTS, SUBJECTS, AbcQuery, Analysis, Row
from portal.models.sales_list import NO_REGION
from portal.permissions import Permission, requires
from portal.rules import abc as rule
from portal.rules.charts import abc_curve
from portal.rules.message import Refusal
from portal.sessions import me

OFFERED = ("80/95", "70/90", "55/85")


@bp.get("/insights/abc")
@requires(Permission.INSIGHT_READ)
def abc() -> Any:
    """Show the curve of a year with its classes, the table in the order of what was sold, and who moved."""
    query, problem = AbcQuery.read(request.args), ""
    try:
        rule.thresholds(request.args.get("thresholds") or str(query.limits))
    except Refusal as refusal:
        problem = translate(refusal.message)
    user = me()
    found = model.of(user, query, insight.few(user))
    after = request.args.get("after", "")
    page = htmx.render(
        "insights/abc.html",
        "body",
        query=query,
        typed=request.args.get("thresholds", "") if problem else str(query.limits),
        problem=problem,
        subjects=SUBJECTS,
        usual=model.usual(),
        offered=OFFERED,
        years=sales_totals.years()[:8],
        found=found,
        further=bool(after),
        waiting=insight.under_way(user, query.question) if found is None or found.counted_at else None,
        **(_shown(query, found, model.page(user, query, found, after=after)) if found else {}),
    )
    return (page, 422) if problem else page


def _shown(query: AbcQuery, found: Analysis, page: model.Page) -> dict[str, Any]:
    arguments: dict[str, Any] = query.args()
    moved = rule.classes_moved(found.moved, query.limits)
    return {
        "rows": list(zip(page.rows, _links(query, page.rows), strict=True)),
        "next": url_for("insights.abc", **arguments, after=page.next) if page.next else "",
        "parts": _parts(query, found),
        "chart": abc_curve(found.now, found.before, query.limits),
        "moves": moved,
        "move_links": {place: _address(query, now=place[0] or NOT_ANY, was=place[1] or NOT_ANY) for place in moved},
        "not_any": NOT_ANY,
        "reasons": {code: _(text) for code, text in rule.REASONS.items()},
        "by_customer": query.subject == CUSTOMERS,
    }


def _address(query: AbcQuery, **changes: Any) -> str:
    return url_for("insights.abc", **query.but(**changes).args())  # type: ignore[arg-type]


def _parts(query: AbcQuery, found: Analysis) -> list[dict[str, Any]]:
    """Return the classes with this year's and last year's figures, and where each leads."""
    then = found.before.parts(query.limits)
    return [
        {
            "part": part,
            "share": rule.share(part.amount, found.now.total),
            "items": rule.share(part.number, found.now.count),
            "before": before,
            "share_before": rule.share(before.amount, found.before.total),
            "link": _address(query, now=part.name, was=""),
            "link_before": _address(query, now="", was=part.name),
        }
        for part, before in zip(found.now.parts(query.limits), then, strict=True)
    ]


def _links(query: AbcQuery, rows: list[Row]) -> list[dict[str, str]]:
    """Return where name and figures of each row lead. An address is made once and completed for each row, because making one costs."""
    name = {CUSTOMERS: "customer", PRODUCTS: "product"}.get(query.subject, "region")
    bases = {
        one: url_for("sales.sales", since=f"{year}-01", till=f"{year}-12")
        for one, year in (("now", query.year), ("before", query.year - 1))
    }
    found = []
    for row in rows:
        part = f"&{name}={quote(str(row.key or NO_REGION))}"
        links = {one: base + part for one, base in bases.items()}
        links["name"] = url_for("sales.of_customer", customer_id=row.key) if query.subject == CUSTOMERS else links["now"]
        found.append(links)
    return found
