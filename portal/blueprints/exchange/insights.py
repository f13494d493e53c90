"""Pages of exports of ABC analysis and composition: what their tables show, as a file (IN-2, AR-41)."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import jobs
from portal.blueprints.exchange import bp
from portal.blueprints.exchange.exports import spreadsheet, streamed
from portal.blueprints.exchange.forms import FormatForm
from portal.database import commit
from portal.exchange import exporting, insight_table
from portal.exchange.exporting import Export
from portal.exchange.insight_table import PREFIX, TITLES, InsightQuery, kind_of
from portal.permissions import Permission, requires
from portal.sessions import me


def _query(kind: str) -> InsightQuery:
    if kind not in TITLES:
        abort(404)
    return insight_table.read(kind, request.args)


def _export(query: InsightQuery) -> Export:
    return Export(me(), query, PREFIX + kind_of(query))


def _address(endpoint: str, query: InsightQuery, **more: str) -> str:
    arguments: dict[str, Any] = {**query.args(), **more}
    return url_for(endpoint, kind=kind_of(query), **arguments)


@bp.get("/insights/export/<kind>")
@requires(Permission.CUSTOMER_EXPORT)
def insight_export(kind: str) -> Any:
    """Ask for the kind of file."""
    return _page(_query(kind), FormatForm(formdata=None).offer(), 200)


def _page(query: InsightQuery, form: FormatForm, status: int) -> Any:
    arguments: dict[str, Any] = dict(query.args())
    page = render_template(
        "exchange/export.html",
        form=form,
        count=insight_table.count(current_user, query),
        place=_(TITLES[kind_of(query)]),
        back=url_for(f"insights.{kind_of(query)}", **arguments),
        action=_address("exchange.insight_export_begin", query),
    )
    return page, status


@bp.post("/insights/export/<kind>")
@requires(Permission.CUSTOMER_EXPORT)
def insight_export_begin(kind: str) -> Any:
    """Lead to the file, or make a large spreadsheet as a job."""
    query, form = _query(kind), FormatForm().offer()
    if not form.validate():
        return _page(query, form, 422)
    count = insight_table.count(current_user, query)
    if form.format.data == "csv" or (count.number <= exporting.DIRECT and not count.more):
        return redirect(_address("exchange.insight_export_file", query, format=form.format.data), 303)
    job = exporting.queue(_export(query), "xlsx")
    commit()
    jobs.start(job)
    return redirect(url_for("exchange.export_made", job_id=job.id), 303)


@bp.get("/insights/export/<kind>/file")
@requires(Permission.CUSTOMER_EXPORT)
def insight_export_file(kind: str) -> Any:
    """Answer the file: CSV as it is read, a small spreadsheet at once."""
    query = _query(kind)
    if request.args.get("format") == "csv":
        return streamed(_export(query))
    count = insight_table.count(current_user, query)
    if count.more or count.number > exporting.DIRECT:
        return redirect(_address("exchange.insight_export", query), 303)
    return spreadsheet(_export(query))
