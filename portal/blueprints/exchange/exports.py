"""Pages of exports: what the register shows, as a file (AR-41)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from flask import Response, abort, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import bulk, htmx, jobs
from portal.blueprints.exchange import bp
from portal.blueprints.exchange.forms import ExportForm
from portal.database import commit, db, write_apart
from portal.downloads import disposition, download
from portal.exchange import exporting, insight_table, report_table, request_table, sales_table, tidying
from portal.exchange.exporting import Export
from portal.exchange.register_table import register_of
from portal.exchange.writing import XLSX
from portal.models import audit, made_files, register
from portal.models.attachment import Attachment
from portal.models.job import Job
from portal.models.register_query import RegisterQuery
from portal.models.saved_filter import RegisterColumns
from portal.permissions import Permission, fetch, requires
from portal.rules.message import N_
from portal.rules.text import clean_line
from portal.sessions import me

bulk.bulk_action(order=60, name="export", title=N_("Export"), permission=Permission.CUSTOMER_EXPORT, endpoint="exchange.export_chosen")


def _query() -> RegisterQuery:
    return RegisterQuery.read({name: clean_line(value) for name, value in request.args.items()})


def _arguments(query: RegisterQuery) -> dict[str, Any]:
    return dict(query.args())


def _export(what: str, ids: tuple[int, ...] = ()) -> Export:
    user = me()
    return Export(user, _query(), what if what in exporting.WHAT else "list", RegisterColumns.of(user), ids)


@bp.get("/customers/export")
@requires(Permission.CUSTOMER_EXPORT)
def export_page() -> Any:
    """Ask in which form the customers of the address are wanted."""
    return _page(ExportForm(formdata=None).offer(), 200)


def _page(form: ExportForm, status: int) -> Any:
    query = _query()
    page = render_template(
        "exchange/export.html",
        form=form,
        count=register.count(current_user, query),
        place=_("Customers"),
        back=url_for("archive.register", **_arguments(query)),
        action=url_for("exchange.export_begin", **_arguments(query)),
    )
    return page, status


@bp.post("/customers/export")
@requires(Permission.CUSTOMER_EXPORT)
def export_begin() -> Any:
    """Lead to the file, or make a large spreadsheet as a job."""
    form = ExportForm().offer()
    if not form.validate():
        return _page(form, 422)
    query = _query()
    count = register.count(current_user, query)
    if form.format.data == "csv" or (count.number <= exporting.DIRECT and not count.more):
        return redirect(url_for("exchange.export_file", format=form.format.data, columns=form.columns.data, **_arguments(query)), 303)
    job = exporting.queue(_export(form.columns.data), "xlsx")
    commit()
    jobs.start(job)
    return redirect(url_for("exchange.export_made", job_id=job.id), 303)


@bp.get("/customers/export/file")
@requires(Permission.CUSTOMER_EXPORT)
def export_file() -> Any:
    """Answer the file: CSV as it is read, a small spreadsheet at once."""
    export = _export(request.args.get("columns", ""))
    if request.args.get("format") == "csv":
        return streamed(export)
    query = _query()
    count = register.count(current_user, query)
    if count.more or count.number > exporting.DIRECT:
        return redirect(url_for("exchange.export_page", **_arguments(query)), 303)
    return spreadsheet(export)


def streamed(export: Export) -> Response:
    """Return the answer that gives the table as CSV while it is read."""
    response = Response(stream_with_context(exporting.stream_csv(export)), mimetype="text/csv")
    response.headers["Content-Disposition"] = disposition(export.filename("csv"))
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/customers/export/selection")
@requires(Permission.CUSTOMER_EXPORT)
def export_chosen() -> Any:
    """Export the chosen customers with the columns of the list."""
    ids = tuple(bulk.selection().ids)
    export = _export("list", ids)
    if len(ids) <= exporting.DIRECT:
        return spreadsheet(export)
    job = exporting.queue(export, "xlsx")
    commit()
    jobs.start(job)
    return redirect(url_for("exchange.export_made", job_id=job.id), 303)


def spreadsheet(export: Export) -> Response:
    """Return the answer with the table as a spreadsheet, made while the reader waits."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.xlsx"
        written = exporting.make_xlsx(export, path)
        content = path.read_bytes()
    exporting.log(export, "exported", "xlsx", rows=written)
    commit()
    response = Response(content, mimetype=XLSX)
    response.headers["Content-Disposition"] = disposition(export.filename("xlsx"))
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/exports/<int:job_id>")
@requires(Permission.CUSTOMER_EXPORT, job=Job)
def export_made(job: Job) -> Any:
    """Show how far a file is, then where it is."""
    if job.kind != "export":
        abort(404)
    removed = job.state == "done" and db.session.get(Attachment, job.result["attachment"]) is None
    moment = tidying.removed_at(job) if removed else None
    register = register_of(job.args["what"])
    place = (_("Customers"), url_for("archive.register"))
    if register is not None:
        place = (_(register.title), url_for("registers.register", register=register.code))
    elif job.args["what"].startswith(sales_table.PREFIX):
        kind = job.args["what"].removeprefix(sales_table.PREFIX)
        place = (_(sales_table.TITLES[kind]), url_for(f"sales.{kind}"))
    elif job.args["what"].startswith(insight_table.PREFIX):
        kind = job.args["what"].removeprefix(insight_table.PREFIX)
        place = (_(insight_table.TITLES[kind]), url_for(f"insights.{kind}"))
    elif job.args["what"] == report_table.WHAT:
        place = (_("Information reports"), url_for("reports.reports"))
    elif job.args["what"] == request_table.WHAT:
        place = (_("Requests and complaints"), url_for("service.requests"))
    outside = job.state == "done" and not removed and not made_files.is_open(job, me())
    context: dict[str, Any] = {
        "job": job,
        "removed": removed,
        "outside": outside,
        "removed_at": moment,
        "kept_days": tidying.KEPT_DAYS,
        "place": place,
    }
    return htmx.render("exchange/export_made.html", "made", **context)


@bp.post("/exports/<int:job_id>/repetition")
@requires(Permission.CUSTOMER_EXPORT, job=Job)
def export_again(job: Job) -> Any:
    """Make the file once more, of what the reader sees today."""
    if job.kind != "export":
        abort(404)
    new = exporting.again(job, me())
    commit()
    jobs.start(new)
    return redirect(url_for("exchange.export_made", job_id=new.id), 303)


@bp.get("/exports/<int:job_id>/file")
@requires(Permission.CUSTOMER_EXPORT, job=Job)
def export_download(job: Job) -> Any:
    """Answer a file that a job has made, to who asked for it."""
    if job.kind != "export" or "attachment" not in job.result:
        abort(404)
    if db.session.get(Attachment, job.result["attachment"]) is None:
        return redirect(url_for("exchange.export_made", job_id=job.id), 303)  # which says when it was removed
    user = me()
    if not made_files.is_open(job, user):
        abort(404)  # it may have customers whom the reader no longer sees (RO-1)
    file = fetch(Attachment, job.result["attachment"], user)
    with write_apart() as session:
        audit.write("export", "downloaded", actor=user, record=file, label=file.filename, session=session, rows=job.result["rows"])
    return download(file)
