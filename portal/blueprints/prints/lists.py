"""Lists on paper: what the register's list shows, at once or in the background (PR-5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.routing import BuildError

from portal import htmx, jobs
from portal.blueprints.prints import bp
from portal.blueprints.prints.pages import pdf_answer
from portal.database import db
from portal.exchange.tidying import KEPT_DAYS
from portal.i18n import translate
from portal.models import audit, made_files
from portal.models.job import Job
from portal.models.sheet import PrintedSheet
from portal.permissions import Permission, requires
from portal.printing import documents, lists
from portal.printing.catalogue import SHEETS
from portal.rules.message import Refusal
from portal.saving import saving
from portal.sessions import me


@bp.get("/prints/lists/<sheet>")
@requires(Permission.SHEET_PRINT)
def list_preview(sheet: str) -> Any:
    """Show the beginning of a list as it would print; the address says which list, as the register's own does."""
    listed = _listed(sheet)
    return _preview(listed, _asked(listed, request.args))


@bp.post("/prints/lists/<sheet>")
@requires(Permission.SHEET_PRINT)
def print_list(sheet: str) -> Any:
    """Print a list: a short one at once, a long one in the background."""
    listed = _listed(sheet)
    query = _asked(listed, request.form)
    language = documents.chosen_language(request.form.get("language"))
    job = None
    with saving() as saved:
        if len(listed.source.ids(me(), query, lists.MOST)) > lists.AT_ONCE:
            lists.ensure_printable(listed, me(), query)
            job = lists.queue(listed, query, language, by=me())
        else:
            answer = pdf_answer(documents.press(lambda: lists.list_paper(listed, me(), query), language, by=me()))
    if saved.refusal:
        return _preview(listed, query, problem=translate(saved.refusal.message), status=422)
    if job is None:
        return answer
    jobs.start(job)
    return redirect(url_for("prints.list_job", job_id=job.id), 303)


@bp.get("/prints/jobs/<int:job_id>")
@requires(Permission.SHEET_PRINT, job=Job)
def list_job(job: Job) -> Any:
    """Show how far a long list is, and lead to it when it is ready."""
    if job.kind != lists.KIND:
        abort(404)
    kept = select(PrintedSheet.id).where(PrintedSheet.code == job.result.get("code", ""), PrintedSheet.file_id.is_not(None))
    context: dict[str, Any] = {
        "job": job, "declared": SHEETS[job.args["sheet"]], "kept_days": KEPT_DAYS,
        "file": db.session.scalar(kept), "outside": job.state == "done" and not made_files.is_open(job, me()),
    }  # fmt: skip
    return htmx.render("prints/job.html", "progress", **context)


@bp.get("/prints/files/<code>")
@requires(Permission.SHEET_PRINT)
def list_file(code: str) -> Response:
    """Answer the PDF of a list that was made in the background."""
    try:
        printed = PrintedSheet.by_code(code, me())
    except Refusal:
        printed = None
    if printed is None or printed.file is None or not _in_scope_still(printed):
        abort(404)
    audit.write_view("downloaded", actor=me(), record=printed, label=printed.label)
    return pdf_answer(documents.Printed(printed, printed.file.content()))


def _in_scope_still(printed: PrintedSheet) -> bool:
    """Return whether the reader still sees all customers that the list may have: one made in a wider scope is not handed out (RO-1)."""
    mine = select(Job).where(Job.staff_id == current_user.id, Job.kind == lists.KIND)
    made = next((job for job in db.session.scalars(mine) if job.result.get("code") == printed.code), None)
    return made is None or made_files.is_open(made, me())


def _listed(sheet: str) -> lists.ListSheet:
    listed = lists.LISTS.get(sheet)
    if listed is None:
        abort(404)
    return listed


def _asked(listed: lists.ListSheet, args: Mapping[str, str]) -> Any:
    """Return the query of an address; 404 where it does not say of what the list is, such as the year of a grade list."""
    query = listed.source.read(args)
    endpoint, values = listed.source.page(query)
    try:
        url_for(endpoint, **values)
    except BuildError:
        abort(404)
    return query


def _preview(listed: lists.ListSheet, query: Any, *, problem: str = "", status: int = 200) -> Any:
    language = documents.chosen_language(request.values.get("language"))
    paper = lists.list_paper(listed, me(), query, beginning=True)
    endpoint, values = listed.source.page(query)
    return render_template(
        "prints/list.html",
        declared=SHEETS[listed.sheet],
        sheet=documents.preview(paper, language, by=me()),
        count=paper.content["count"],
        source=listed.source,
        back=url_for(endpoint, **values),
        limits=lists,
        args=query.args(),
        language=language,
        problem=problem,
    ), status
