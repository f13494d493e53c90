"""Writing information reports: an urgent one at once, a periodic one as a draft that is submitted."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.file import FileField
from sqlalchemy.orm.exc import StaleDataError
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice

from portal import clock, field_values
from portal.blueprints.reports import bp
from portal.blueprints.reports.pages import uploaded
from portal.database import StateConflict, commit, db
from portal.i18n import translate
from portal.looks import look
from portal.models import report_due, report_notes, search
from portal.models.customer import Customer
from portal.models.customer_choice import chosen
from portal.models.edits import Clash
from portal.models.report import InformationReport
from portal.models.report_fields import FIELDS, NOTE, PERIODIC, URGENT
from portal.permissions import Permission, ensure, requires
from portal.record_form import RecordForm
from portal.rules.message import N_, Refusal
from portal.rules.periods import Period, offered
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

SUGGESTED = 8


class UrgentForm(RecordForm):
    """An urgent report: its fields, the customer, and a file that belongs to it."""

    customer = StringField(_l("Customer"))
    file = FileField(_l("File for the dossier"))

    def read(self) -> dict[str, Any] | None:
        """Return the values sent; None, with everything that is missing named at once, where something is."""
        values = super().read()
        if self.is_submitted():
            for one in self.fields:
                if one.required and not self[one.name].data:
                    self.refuse(Refusal(N_("Required, but empty"), field=one.name))
            if not self.customer.data:
                self.refuse(Refusal("Choose the customer.", field="customer"))
        return None if self.errors else values


class PeriodForm(RecordForm):
    """A periodic report; a new one also asks for customer and period."""

    customer = StringField(_l("Customer"))
    period = SelectField(_l("Period"), choices=[], validate_choice=False)

    def offer(self, chosen_period: Period | None) -> PeriodForm:
        """Fill in the periods, and return the form."""
        found = offered(clock.today())
        if chosen_period is not None and chosen_period not in found:
            found.append(chosen_period)
        self.period.choices = [SelectChoice(one.code, translate(one.title)) for one in found]
        return self


# --- urgent ------------------------------------------------------------------------------------------------------------------


@bp.route("/reports/urgent/new", methods=["GET", "POST"])
@requires(Permission.REPORT_WRITE)
def urgent_new() -> Any:
    """Write an urgent report; when it is saved, supervisor and managers are told at once."""
    given = _given()
    form = UrgentForm(FIELDS[URGENT], data={"customer": _named(given), "happened_on": clock.today().isoformat()})
    if "pick" in request.form:
        form.customer.data = clean_line(request.form["pick"])
        return _urgent_page(form)
    values = form.read()
    if values is None:
        return _urgent_page(form, status=422 if form.problems else 200)
    with saving(form.refuse) as saved:
        upload = uploaded(form.file.data)
        report = InformationReport.tell(chosen(me(), form.customer.data or ""), values, by=me())
        if upload is not None:
            report_notes.add(report, NOTE, "", by=me(), upload=upload, told=False)
        report_notes.announce(report, by=me())
    if saved.refusal:
        return _urgent_page(form, hits=_hits(saved.refusal, form.customer.data), status=422)
    flash(_("The urgent report is on its way to supervisor and managers."), "ok")
    return redirect(url_for("reports.report", report_id=report.id), 303)


def _urgent_page(form: UrgentForm, *, hits: list[search.Hit] | None = None, status: int = 200) -> Any:
    return render_template("reports/urgent_form.html", form=form, hits=hits or []), status


# --- periodic ----------------------------------------------------------------------------------------------------------------


@bp.route("/reports/periodic/new", methods=["GET", "POST"])
@requires(Permission.REPORT_WRITE)
def periodic_new() -> Any:
    """Begin the report of a customer and period; where there is one already, lead to it."""
    given, wanted = _given(), Period.read(request.args.get("period", ""))
    if wanted is None and given is not None:
        wanted = report_due.owed_by(given, clock.today())
    there = InformationReport.of_period(given, wanted) if request.method == "GET" and given and wanted else None
    if there is not None:
        return _lead_to(there)
    form = PeriodForm(FIELDS[PERIODIC], data={"customer": _named(given), "period": wanted.code if wanted else None}).offer(wanted)
    if "pick" in request.form:
        form.customer.data = clean_line(request.form["pick"])
        return _period_page(form, None)
    values = form.read()
    if values is None:
        return _period_page(form, None, status=422 if form.problems else 200, before=given)
    period = Period.read(form.period.data or "")
    customer: Customer | None = None
    try:
        with saving(form.refuse) as saved:
            customer = chosen(me(), form.customer.data or "")
            if period is None:
                raise Refusal("Choose the period.", field="period")
            there = InformationReport.of_period(customer, period)
            if there is None:
                report = InformationReport.begin(customer, period, values, by=me())
                submitted = _submit_if_asked(report)
    except StateConflict:
        # Somebody else began it at the same moment.
        db.session.rollback()
        there = InformationReport.of_period(customer, period) if customer is not None and period is not None else None
        if there is None:
            raise
        return _lead_to(there)
    if saved.refusal:
        return _period_page(form, None, hits=_hits(saved.refusal, form.customer.data), status=422)
    return _lead_to(there) if there is not None else _saved(report, submitted)


@bp.route("/reports/<int:report_id>/edit", methods=["GET", "POST"])
@requires(Permission.REPORT_WRITE, report=InformationReport)
def report_edit(report: InformationReport) -> Any:
    """Go on with a draft, or revise what came back; who comes second sees what changed meanwhile and chooses."""
    if not report.can_edit(me()):
        raise StateConflict(f"report {report.id} is no draft")
    look(report.customer)
    report_id = report.id
    form = PeriodForm(FIELDS[PERIODIC], report.as_record()).offer(None)
    values = form.read()
    if values is None:
        return _period_page(form, report, status=422 if form.problems else 200)
    found = form.clashes(report.as_record(), values)
    if found:
        form.rebase(report.as_record(), found)
        return _period_page(form, report, found=found, status=409)
    try:
        with saving(form.refuse) as saved:
            report.edit(values, by=me())
            submitted = _submit_if_asked(report)
    except (StateConflict, StaleDataError):
        db.session.rollback()
        now = db.session.get_one(InformationReport, report_id)
        if not now.can_edit(me()):
            raise
        found = form.clashes(now.as_record(), values)
        form.rebase(now.as_record(), found)
        return _period_page(form, now, found=found, status=409)
    if not saved:
        return _period_page(form, db.session.get_one(InformationReport, report_id), status=422)
    return _saved(report, submitted)


@bp.post("/reports/<int:report_id>/submission")
@requires(Permission.REPORT_WRITE, report=InformationReport)
def report_submission(report: InformationReport) -> Any:
    """Submit a draft as it stands. Refused, it says what is missing; the draft stays."""
    report.submit(by=me())
    _after_submission(report)
    commit()
    return _saved(report, True)


@bp.post("/reports/<int:report_id>/discarding")
@requires(Permission.REPORT_WRITE, report=InformationReport)
def report_discard(report: InformationReport) -> Any:
    """Take a draft away that was never submitted."""
    ensure(report.author_id == current_user.id)
    customer_id = report.customer_id
    report.discard(by=me())
    commit()
    flash(_("The draft is discarded."), "ok")
    return redirect(url_for("reports.of_customer", customer_id=customer_id), 303)


def _submit_if_asked(report: InformationReport) -> bool:
    if request.form.get("do") != "submit":
        return False
    db.session.flush()
    report.submit(by=me())
    _after_submission(report)
    return True


def _after_submission(report: InformationReport) -> None:
    report_due.count_reported([report.customer_id])
    report_notes.announce(report, by=me())


def _saved(report: InformationReport, submitted: bool) -> Any:
    flash(_("The report is submitted.") if submitted else _("The draft is saved."), "ok")
    return redirect(url_for("reports.report", report_id=report.id), 303)


def _lead_to(report: InformationReport) -> Any:
    """Lead to the report that is there already: to its form where it can be gone on with."""
    if report.can_edit(me()):
        flash(_("This report was begun already: go on with it."), "ok")
        return redirect(url_for("reports.report_edit", report_id=report.id), 303)
    flash(_("There is a report of this customer and period already. What is to be added becomes a note to it."), "warning")
    return redirect(url_for("reports.report", report_id=report.id), 303)


def _period_page(
    form: PeriodForm,
    report: InformationReport | None,
    *,
    found: list[Clash] | None = None,
    hits: list[search.Hit] | None = None,
    status: int = 200,
    before: Customer | None = None,
) -> Any:
    period = Period.read(report.period if report else form.period.data or "")
    customer = report.customer if report else before
    earlier = InformationReport.of_period(customer, period.before) if customer is not None and period is not None else None
    page = render_template(
        "reports/period_form.html",
        form=form,
        report=report,
        customer=customer,
        earlier=earlier,
        clashes=found or [],
        hits=hits or [],
        plain=field_values.plain,
    )
    return page, status


# --- the customer ------------------------------------------------------------------------------------------------------------


def _given() -> Customer | None:
    """Return the customer of the address, None where there is none in scope."""
    given = request.args.get("customer", "")
    if not given.isdecimal() or len(given) > 9:
        return None
    return db.session.scalar(Customer.visible_to(current_user).where(Customer.id == int(given)))


def _named(customer: Customer | None) -> str:
    return f"{customer.number} {customer.full_name}" if customer else ""


def _hits(refusal: Refusal, text: str | None) -> list[search.Hit]:
    return search.search(me(), text, SUGGESTED) if refusal.field == "customer" and text else []
