"""A whole dossier, or one binder, as one PDF: what will be in it, its making in the background, and the file (PR-6)."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import StringField, TextAreaField

from portal import htmx, jobs
from portal.blueprints.prints import bp
from portal.database import commit, db
from portal.downloads import download
from portal.exchange.tidying import KEPT_DAYS
from portal.forms import PortalForm
from portal.looks import look
from portal.models import audit
from portal.models.binder import Binder
from portal.models.customer import Customer
from portal.models.job import Job
from portal.models.sheet import PrintedSheet
from portal.permissions import Permission, requires
from portal.printing import binder as binding
from portal.printing import binder_content as content
from portal.printing import documents
from portal.printing.binder_content import Filing
from portal.printing.catalogue import SHEETS
from portal.rules.message import Refusal
from portal.rules.text import clean, clean_line
from portal.sessions import me

LAST = 5
"""So many bound copies are offered again."""


class FilingForm(PortalForm):
    """The remark sheet 备考表."""

    filed_by = StringField(_l("Filed by"), render_kw={"maxlength": 60})
    checked_by = StringField(_l("Checked by"), render_kw={"maxlength": 60})
    said = TextAreaField(_l("Remarks on the volume"), render_kw={"maxlength": 1000, "rows": 3})


@bp.get("/customers/<int:customer_id>/dossier/binding")
@requires(Permission.DOSSIER_READ, customer=Customer)
def dossier(customer: Customer) -> Any:
    """Show what a customer's whole dossier will be as one PDF, and the copies that are there."""
    return _page(customer, customer, FilingForm(formdata=None, filed_by=me().name))


@bp.post("/customers/<int:customer_id>/dossier/binding")
@requires(Permission.DOSSIER_READ, customer=Customer)
def bind_dossier(customer: Customer) -> Any:
    """Bind a customer's whole dossier in the background."""
    return _begin(customer, customer)


@bp.get("/binders/<int:binder_id>/binding")
@requires(Permission.DOSSIER_READ, binder=Binder)
def binder(binder: Binder) -> Any:
    """Show what one binder will be as one PDF, and the copies that are there."""
    return _page(binder, binder.customer, FilingForm(formdata=None, filed_by=me().name))


@bp.post("/binders/<int:binder_id>/binding")
@requires(Permission.DOSSIER_READ, binder=Binder)
def bind_binder(binder: Binder) -> Any:
    """Bind one binder in the background."""
    return _begin(binder, binder.customer)


@bp.get("/prints/binding/<int:job_id>")
@requires(Permission.DOSSIER_READ, job=Job)
def binding_job(job: Job) -> Any:
    """Show how far the binding is, and lead to the PDF when it is ready."""
    if job.kind != binding.KIND:
        abort(404)
    printed = db.session.scalar(select(PrintedSheet).where(PrintedSheet.code == job.result.get("code", "")))
    context: dict[str, Any] = {"job": job, "printed": printed, "declared": SHEETS[job.args["sheet"]], "kept_days": KEPT_DAYS}
    return htmx.render("prints/binding_job.html", "progress", **context)


@bp.get("/prints/binding/<code>/file")
@requires(Permission.DOSSIER_READ)
def bound_file(code: str) -> Response:
    """Hand out a bound dossier to who sees the customer; written into the log (RO-7)."""
    try:
        printed = PrintedSheet.by_code(code, me())
    except Refusal:
        printed = None
    if printed is None or printed.file is None or printed.file.purpose != binding.PURPOSE:
        abort(404)
    file = printed.file
    audit.write_view("downloaded", actor=me(), record=printed, label=printed.label)
    return download(file)


def _begin(record: Any, customer: Customer) -> Any:
    form = FilingForm()
    if not form.validate():
        return _page(record, customer, form, 422)
    said = Filing(
        clean_line(form.filed_by.data or "")[:60], clean_line(form.checked_by.data or "")[:60], clean(form.said.data or "")[:1000]
    )
    try:
        volume = content.volume_of(record)
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(record, customer, form, 422)
    job = binding.queue(volume.sheet, record.id, documents.chosen_language(request.form.get("language")), said, by=me())
    commit()
    jobs.start(job)
    return redirect(url_for("prints.binding_job", job_id=job.id), 303)


def _page(record: Any, customer: Customer, form: FilingForm, status: int = 200) -> Any:
    look(customer)
    sheet = content.BINDER if isinstance(record, Binder) else content.DOSSIER
    try:
        volume = content.volume_of(record)
    except Refusal as refusal:
        volume = None
        if not form.problems:
            form.refuse(refusal)
    there = select(PrintedSheet).where(PrintedSheet.subject == f"{sheet}:{record.id}", PrintedSheet.file_id.is_not(None))
    page = render_template(
        "prints/binding.html",
        form=form,
        customer=customer,
        binder=record if isinstance(record, Binder) else None,
        volume=volume,
        warnings=content.mixed(volume) if volume else [],
        newest=content.cover(volume).version if volume else None,
        copies=list(db.session.scalars(there.order_by(PrintedSheet.id.desc()).limit(LAST))),
        language=documents.chosen_language(request.values.get("language")),
        kept_days=KEPT_DAYS,
    )
    return page, status
