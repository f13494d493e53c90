"""Pages of exports of the office registers: what a register's list shows, as a file (AR-30, AR-41)."""

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
from portal.exchange import exporting
from portal.exchange.exporting import Export
from portal.exchange.register_table import PREFIX
from portal.models import register_list
from portal.models.register_entry import readable
from portal.models.register_list import EntryQuery
from portal.permissions import Permission, requires
from portal.sessions import me


def _query(register: str) -> EntryQuery:
    if register not in {one.code for one in readable(current_user)}:
        abort(404)
    return EntryQuery.of(register, request.args)


def _arguments(query: EntryQuery) -> dict[str, Any]:
    return {"register": query.register, **query.args()}


def _export(query: EntryQuery) -> Export:
    return Export(me(), query, PREFIX + query.register)


@bp.get("/registers/<register>/export")
@requires(Permission.CUSTOMER_EXPORT)
def entries_export(register: str) -> Any:
    """Ask for the kind of file."""
    return _page(_query(register), FormatForm(formdata=None).offer(), 200)


def _page(query: EntryQuery, form: FormatForm, status: int) -> Any:
    page = render_template(
        "exchange/export.html",
        form=form,
        count=register_list.count(current_user, query),
        place=_(query.declared.title),
        back=url_for("registers.register", **_arguments(query)),
        action=url_for("exchange.entries_export_begin", **_arguments(query)),
    )
    return page, status


@bp.post("/registers/<register>/export")
@requires(Permission.CUSTOMER_EXPORT)
def entries_export_begin(register: str) -> Any:
    """Lead to the file, or make a large spreadsheet as a job."""
    query, form = _query(register), FormatForm().offer()
    if not form.validate():
        return _page(query, form, 422)
    count = register_list.count(current_user, query)
    if form.format.data == "csv" or (count.number <= exporting.DIRECT and not count.more):
        return redirect(url_for("exchange.entries_export_file", format=form.format.data, **_arguments(query)), 303)
    job = exporting.queue(_export(query), "xlsx")
    commit()
    jobs.start(job)
    return redirect(url_for("exchange.export_made", job_id=job.id), 303)


@bp.get("/registers/<register>/export/file")
@requires(Permission.CUSTOMER_EXPORT)
def entries_export_file(register: str) -> Any:
    """Answer the file: CSV as it is read, a small spreadsheet at once."""
    query = _query(register)
    if request.args.get("format") == "csv":
        return streamed(_export(query))
    count = register_list.count(current_user, query)
    if count.more or count.number > exporting.DIRECT:
        return redirect(url_for("exchange.entries_export", **_arguments(query)), 303)
    return spreadsheet(_export(query))
