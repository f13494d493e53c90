"""Composition of customers by month, product, region, credit, grade and industry; and the customers behind a figure (IN-2)."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.blueprints.insights import bp
from portal.exchange import insight_table
from portal.models import composition as model
from portal.models import composition_list, insight, sales_totals
from portal.models.composition import GRADE, INDUSTRY, LIMIT, OF_CARD, PRODUCTS, REGIONS, SALES, SUBJECTS, CompositionQuery, Row
from portal.models.composition_list import EVERY, NOT_GIVEN, PartQuery
from portal.models.sales_list import NO_REGION
from portal.permissions import Permission, requires
from portal.rules import abc
from portal.rules.charts import BarRow, bars
from portal.rules.sales import first_day
from portal.sessions import me

SHOWN = 100
"""So many parts stand in the table; more are told of in its last line."""
DRAWN = 15


@bp.get("/insights/composition")
@requires(Permission.INSIGHT_READ)
def composition() -> Any:
    """Show the parts of what was sold, with last year's beside them; each figure leads to its list."""
    query = CompositionQuery.read(request.args)
    user = me()
    found = model.of(user, query, insight.few(user))
    return htmx.render(
        "insights/composition.html",
        "body",
        query=query,
        subjects=SUBJECTS,
        years=sales_totals.years()[:8],
        found=found,
        waiting=insight.under_way(user, query.question) if found is None or found.counted_at else None,
        this_month=clock.today().strftime("%Y-%m"),
        **(_shown(query, found.rows) if found else {}),
    )


def _shown(query: CompositionQuery, rows: list[Row]) -> dict[str, Any]:
    """Return what the page draws: rows with their names, shares and addresses, the sums, and the chart."""
    names = insight_table.names(query, rows[:SHOWN])
    total, before = (sum((getattr(row, name) for row in rows if getattr(row, name) > 0), abc.NOTHING) for name in ("sold", "before"))
    lines: list[dict[str, Any]] = [
        {
            "row": row,
            "name": names[row.code],
            "share": abc.share(row.sold, total) if row.sold > 0 else None,
            "share_before": abc.share(row.before, before) if row.before > 0 else None,
            "change": abc.change(row.sold, row.before),
            **_links(query, row),
        }
        for row in rows[:SHOWN]
    ]
    drawn = [
        BarRow(
            line["name"],
            line["row"].sold,
            line["row"].before,
            f"{line['row'].sold:,.0f}",
            f"{line['share']} %" if line["share"] is not None else "",
        )
        for line in lines[:DRAWN]
    ]
    return {
        "lines": lines,
        "rest": rows[SHOWN:],
        "sums": {name: sum((getattr(row, name) for row in rows), abc.NOTHING) for name in ("sold", "before")},
        "customers": sum(row.customers or 0 for row in rows),
        "nothing": not any(row.sold or row.before or row.customers for row in rows),
        "chart": bars(drawn),
        "of_card": query.subject in OF_CARD,
        "kind": {"sales": SALES, "limit": LIMIT, "products": PRODUCTS},
    }


def _month(month: int) -> str:
    return first_day(month).strftime("%Y-%m")


def _links(query: CompositionQuery, row: Row) -> dict[str, str]:
    """Return where the figures of a part lead: the list with the same filter, this year's and last year's."""
    now, then = query.span, query.span.before
    if query.subject == SALES:
        month = int(row.code)
        return {
            name: url_for("sales.sales", since=_month(one), till=_month(one)) for name, one in (("sold", month), ("before", month - 100))
        }
    if query.subject in (PRODUCTS, REGIONS):
        part = {"product": row.code} if query.subject == PRODUCTS else {"region": row.code or NO_REGION}
        spans = (("sold", now), ("before", then))
        return {name: url_for("sales.sales", since=_month(one.first), till=_month(one.last), **part) for name, one in spans}  # type: ignore[arg-type]
    here: dict[str, Any] = {**query.args(), "part": row.code or NOT_GIVEN}
    customers = url_for("insights.customers", **here)
    if query.subject == GRADE and row.code:
        customers = url_for("archive.register", grade=row.code)
    elif query.subject == INDUSTRY and row.code:
        customers = url_for("archive.register", industry=row.code)
    every = customers if query.subject == LIMIT else url_for("insights.customers", **here, who=EVERY)
    return {"customers": customers, "sold": every, "before": "" if query.subject == LIMIT else every}


@bp.get("/insights/composition/customers")
@requires(Permission.INSIGHT_READ)
def customers() -> Any:
    """Show the customers behind a figure, in the order of their numbers."""
    query = PartQuery.read(request.args)
    if query is None:
        abort(404)
    user = me()
    rows, after = composition_list.page(user, query, insight.few(user), after=request.args.get("after", ""))
    row = Row(query.part if query.whole.subject == LIMIT else query.value, None, abc.NOTHING, abc.NOTHING)
    return render_template(
        "insights/customers.html",
        query=query,
        rows=rows,
        title=_(SUBJECTS[query.whole.subject]),
        name=insight_table.names(query.whole, [row])[row.code],
        back=url_for("insights.composition", **query.whole.args()),  # type: ignore[arg-type]
        next=url_for("insights.customers", **query.args(), after=after) if after else "",  # type: ignore[arg-type]
    )
