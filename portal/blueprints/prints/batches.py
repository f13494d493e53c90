"""Batches of forms: the cards of chosen customers, everything of a kind that was approved in a period (PR-7, AR-5)."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import DateField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal import bulk, clock, htmx, jobs
from portal.blueprints.prints import bp
from portal.database import db
from portal.downloads import download
from portal.exchange.tidying import KEPT_DAYS
from portal.forms import PortalForm
from portal.models import audit
from portal.models.customer import Customer
from portal.models.job import Job
from portal.permissions import Permission, requires
from portal.printing import batches
from portal.printing.catalogue import SHEETS
from portal.printing.documents import site_language
from portal.rules.message import N_, Refusal
from portal.saving import saving
from portal.sessions import me

bulk.bulk_action(order=70, name="print-cards", title=N_("Print cards"), permission=Permission.SHEET_PRINT, endpoint="prints.batch_cards")
NAMED = 10
"""So many of the chosen customers are named on the page that asks."""


class LanguageForm(PortalForm):
    """In which language the forms print (PR-10)."""

    language = SelectField(_l("Language of the sheets"))

    def offer(self) -> None:
        """Offer the three, the site's first."""
        self.language.choices = [
            SelectChoice(value=code, label=name)
            for code, name in (("zh", _("In Chinese")), ("en", _("In English")), ("both", _("In both languages")))
        ]
        self.language.data = self.language.data or site_language()


class ApprovedForm(LanguageForm):
    """Which approved forms."""

    kind = SelectField(_l("Kind of form"), validators=[InputRequired()])
    from_date = DateField(_l("Approved from"), validators=[InputRequired()])
    to_date = DateField(_l("Approved until"), validators=[InputRequired()])


@bp.post("/customers/cards")
@requires(Permission.SHEET_PRINT)
def batch_cards() -> Any:
    """Ask, then print the cards of chosen customers as one PDF in the background."""
    chosen, form = bulk.selection(), LanguageForm()
    form.offer()
    if request.form.get("confirmed") and form.validate():
        if chosen.has_changed:
            form.refuse(Refusal("The list has changed meanwhile: there are %(count)s customers now.", count=len(chosen.ids)))
        else:
            with saving(form.refuse) as saved:
                job = batches.queue_records("customer_card", chosen.ids, form.language.data, by=me())
            if saved:
                jobs.start(job)
                return redirect(url_for("prints.batch", job_id=job.id), 303)
    named = list(db.session.scalars(select(Customer.full_name).where(Customer.id.in_(chosen.ids[:NAMED])).order_by(Customer.id)))
    page = render_template(
        "archive/bulk.html",
        form=form,
        chosen=chosen,
        title=_("Print the cards of %(count)s customers", count=f"{len(chosen.ids):,}"),
        button=_("Print in the background (PDF)"),
        named=named,
        rest=len(chosen.ids) - len(named),
        note=_("One PDF with a bookmark for each card. Every card is a counted copy with its own code."),
        action=url_for("prints.batch_cards"),
    )
    return page, 422 if form.problems else 200


@bp.route("/prints/batches", methods=["GET", "POST"])
@requires(Permission.SHEET_PRINT)
def batches_page() -> Any:
    """Ask which approved forms are wanted, and print them as one PDF in the background."""
    form = ApprovedForm(from_date=clock.today().replace(day=1), to_date=clock.today())
    form.offer()
    form.kind.choices = [SelectChoice(value=code, label=_(title)) for code, title in batches.kinds(me())]
    if form.validate_on_submit():
        first, last = form.from_date.data, form.to_date.data
        assert first is not None  # noqa: S101 - validated
        assert last is not None  # noqa: S101
        with saving(form.refuse) as saved:
            job = batches.queue_approved(form.kind.data, first, last, form.language.data, by=me())
        if saved:
            jobs.start(job)
            return redirect(url_for("prints.batch", job_id=job.id), 303)
    page = render_template("prints/batches.html", form=form, most=batches.MOST)
    return page, 422 if form.problems else 200


@bp.get("/prints/batches/<int:job_id>")
@requires(Permission.SHEET_PRINT, job=Job)
def batch(job: Job) -> Any:
    """Show how far a batch is, then where it is."""
    if job.kind != batches.KIND:
        abort(404)
    file = batches.made(job, me())
    outside = job.state == "done" and not batches.is_open(job, me())
    context: dict[str, Any] = {"job": job, "file": file, "outside": outside, "declared": SHEETS[job.args["sheet"]], "kept_days": KEPT_DAYS}
    return htmx.render("prints/batch.html", "progress", **context)


@bp.get("/prints/batches/<int:job_id>/file")
@requires(Permission.SHEET_PRINT, job=Job)
def batch_file(job: Job) -> Response:
    """Answer the PDF of a batch, to who asked for it."""
    file = batches.made(job, me())
    if file is None:
        abort(404)
    audit.write_view("downloaded", actor=me(), record=file, label=file.filename)
    return download(file)
