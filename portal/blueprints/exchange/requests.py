"""Pages of exports of the requests and complaints: what their list shows, as a file (SV-4, AR-41)."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import jobs
from portal.blueprints.exchange import bp
from portal.blueprints.exchange.exports import spreadsheet, streamed
from portal.blueprints.exchange.forms import FormatForm
from portal.database import commit
from portal.exchange import exporting, request_table
from portal.exchange.exporting import Export
from portal.models import request_list
from portal.models.request_query import RequestQuery
from portal.permissions import Permission, requires
from portal.sessions import me


def _query() -> RequestQuery:
    return RequestQuery.read(request.args)


def _arguments(query: RequestQuery) -> dict[str, Any]:
    return dict(query.args())


def _export(query: RequestQuery) -> Export:
    return Export(me(), query, request_table.WHAT)


@bp.get("/requests/export")
@requires(Permission.CUSTOMER_EXPORT)
def requests_export() -> Any:
    """Ask for the kind of file."""
    return _page(_query(), FormatForm(formdata=None).offer(), 200)


def _page(query: RequestQuery, form: FormatForm, status: int) -> Any:
    page = render_template(
        "exchange/export.html",
        form=form,
        count=request_list.count(current_user, query),
        place=_("Requests and complaints"),
        back=url_for("service.requests", **_arguments(query)),
        action=url_for("exchange.requests_export_begin", **_arguments(query)),
    )
    return page, status


@bp.post("/requests/export")
@requires(Permission.CUSTOMER_EXPORT)
def requests_export_begin() -> Any:
    """Lead to the file, or make a large spreadsheet as a job."""
    query, form = _query(), FormatForm().offer()
    if not form.validate():
        return _page(query, form, 422)
    count = request_list.count(current_user, query)
    if form.format.data == "csv" or (count.number <= exporting.DIRECT and not count.more):
        return redirect(url_for("exchange.requests_export_file", format=form.format.data, **_arguments(query)), 303)
    job = exporting.queue(_export(query), "xlsx")
    commit()
    jobs.start(job)
    return redirect(url_for("exchange.export_made", job_id=job.id), 303)


@bp.get("/requests/export/file")
@requires(Permission.CUSTOMER_EXPORT)
def requests_export_file() -> Any:
    """Answer the file: CSV as it is read, a small spreadsheet at once."""
    query = _query()
    if request.args.get("format") == "csv":
        return streamed(_export(query))
    count = request_list.count(current_user, query)
    if count.more or count.number > exporting.DIRECT:
        return redirect(url_for("exchange.requests_export", **_arguments(query)), 303)
    return spreadsheet(_export(query))
