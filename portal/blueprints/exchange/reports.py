"""Pages of exports of the information reports: what their list shows, as a file (AR-22, AR-41)."""

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
from portal.exchange import exporting, report_table
from portal.exchange.exporting import Export
from portal.models import report_list
from portal.models.report_list import ReportQuery
from portal.permissions import Permission, requires
from portal.sessions import me


def _query() -> ReportQuery:
    return ReportQuery.read(request.args)


def _arguments(query: ReportQuery) -> dict[str, Any]:
    return dict(query.args())


def _export(query: ReportQuery) -> Export:
    return Export(me(), query, report_table.WHAT)


@bp.get("/reports/export")
@requires(Permission.CUSTOMER_EXPORT)
def reports_export() -> Any:
    """Ask for the kind of file."""
    return _page(_query(), FormatForm(formdata=None).offer(), 200)


def _page(query: ReportQuery, form: FormatForm, status: int) -> Any:
    page = render_template(
        "exchange/export.html",
        form=form,
        count=report_list.count(current_user, query),
        place=_("Information reports"),
        back=url_for("reports.reports", **_arguments(query)),
        action=url_for("exchange.reports_export_begin", **_arguments(query)),
    )
    return page, status


@bp.post("/reports/export")
@requires(Permission.CUSTOMER_EXPORT)
def reports_export_begin() -> Any:
    """Lead to the file, or make a large spreadsheet as a job."""
    query, form = _query(), FormatForm().offer()
    if not form.validate():
        return _page(query, form, 422)
    count = report_list.count(current_user, query)
    if form.format.data == "csv" or (count.number <= exporting.DIRECT and not count.more):
        return redirect(url_for("exchange.reports_export_file", format=form.format.data, **_arguments(query)), 303)
    job = exporting.queue(_export(query), "xlsx")
    commit()
    jobs.start(job)
    return redirect(url_for("exchange.export_made", job_id=job.id), 303)


@bp.get("/reports/export/file")
@requires(Permission.CUSTOMER_EXPORT)
def reports_export_file() -> Any:
    """Answer the file: CSV as it is read, a small spreadsheet at once."""
    query = _query()
    if request.args.get("format") == "csv":
        return streamed(_export(query))
    count = report_list.count(current_user, query)
    if count.more or count.number > exporting.DIRECT:
        return redirect(url_for("exchange.reports_export", **_arguments(query)), 303)
    return spreadsheet(_export(query))
