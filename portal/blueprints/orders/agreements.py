"""One long-term agreement: drafted, revised, filed, renewed or ended (RL-4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from portal import clock
from portal.blueprints.orders import bp
from portal.blueprints.orders.forms import AgreementForm, EndingForm, FilingForm, customer_given, uploaded
from portal.database import StateConflict, commit, db
from portal.i18n import of_choice
from portal.looks import look
from portal.models import agreement as agreements
from portal.models import history, search
from portal.models.agreement import DOCUMENT_KIND, STANDINGS, Agreement
from portal.models.customer_choice import chosen
from portal.models.standard import value as standard
from portal.permissions import Permission, requires
from portal.rules import grading
from portal.rules.message import Refusal
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

SUGGESTED = 8


@bp.route("/agreements/new", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_EDIT)
def agreement_new() -> Any:
    """Draft an agreement; the address may name the customer, or the agreement that it renews."""
    if request.method == "GET":
        previous = _previous(request.args.get("previous"))
        return _form_page(_begun(previous), None, previous)
    form = AgreementForm()
    if "pick" in request.form:
        form.customer.data = clean_line(request.form["pick"])
        return _form_page(form, None, None)
    previous = _previous(form.previous.data)
    complete, customer, lacking = form.validate(), previous.customer if previous else None, list(agreements.problems(form.said()))
    try:
        customer = customer or chosen(me(), clean_line(form.customer.data or ""))
    except Refusal as refusal:
        lacking.append(refusal)
    form.refuse_all(lacking, str)
    if not complete or lacking or customer is None:
        return _form_page(form, None, previous, 422)
    with saving(form.refuse) as saved:
        made = Agreement.begin(customer, form.said(), by=me(), upload=uploaded(form.file.data), previous=previous)
    if not saved:
        return _form_page(form, None, _previous(form.previous.data), 422)
    flash(_("The draft is saved."), "ok")
    return redirect(url_for("orders.agreement", agreement_id=made.id), 303)


def _previous(number: str | None) -> Agreement | None:
    """Return the agreement with this number, None where the reader sees none."""
    if not number or not number.isdecimal() or len(number) > 9:
        return None
    return db.session.scalar(Agreement.visible_to(me()).where(Agreement.id == int(number)))


def _begun(previous: Agreement | None) -> AgreementForm:
    """Return the form of a new agreement; of a renewal with what is agreed so far, for the year after."""
    if previous is None:
        return AgreementForm(data={"customer": customer_given(me())})
    begin = previous.ends_on + timedelta(days=1)
    end = grading.months_after(begin, 12) - timedelta(days=1)
    said = {"title": previous.title, "terms": previous.terms, "starts_on": begin, "ends_on": end, "previous": str(previous.id)}
    return AgreementForm(data=said)


@bp.get("/agreements/<int:agreement_id>")
@requires(Permission.AGREEMENT_EDIT, agreement=Agreement)
def agreement(agreement: Agreement) -> Any:
    """Show an agreement: what is agreed, its revisions and papers, where it stands, and what can be done."""
    filing = FilingForm(formdata=None, filed_on=clock.today(), kind=DOCUMENT_KIND)
    ending = EndingForm(formdata=None, ended_on=min(clock.today(), agreement.ends_on))
    return _show(agreement, filing, ending)


def _show(agreement: Agreement, filing: FilingForm, ending: EndingForm, status: int = 200) -> Any:
    look(agreement.customer)
    user, today = me(), clock.today()
    filing.kind.choices = [SelectChoice(one["code"], of_choice(one)) for one in standard("choices.document_kind") if one["active"]]
    page = render_template(
        "orders/agreement.html",
        agreement=agreement,
        customer=agreement.customer,
        standings=STANDINGS,
        standing=agreement.standing(today),
        today=today,
        renewal=agreements.being_renewed(agreement),
        filing=filing,
        ending=ending,
        problems=filing if filing.problems else ending,
        events=[(one, history.title_of(one)) for one in history.of_record("Agreement", agreement.id, limit=30)],
        can={
            "revise": agreement.can_revise(user),
            "file": agreement.can_file(user),
            "end": agreement.can_end(user),
            "renew": agreement.can_renew(user),
        },
    )
    return page, status


@bp.route("/agreements/<int:agreement_id>/revision", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_EDIT, agreement=Agreement)
def agreement_revise(agreement: Agreement) -> Any:
    """Revise a draft, and say what changed."""
    if not agreement.can_revise(me()):
        raise StateConflict(f"agreement {agreement.id}")
    look(agreement.customer)
    agreement_id = agreement.id
    if request.method == "GET":
        names = ("title", "number", "starts_on", "ends_on", "terms", "version")
        return _form_page(AgreementForm(data={name: getattr(agreement, name) for name in names}), agreement, agreement.previous)
    form = AgreementForm()
    complete, lacking = form.validate(), list(agreements.problems(form.said()))
    if not (form.note.data or "").strip():
        lacking.append(Refusal("Say what was revised, and why.", field="note"))
    form.refuse_all(lacking, str)
    if not complete or lacking:
        return _form_page(form, agreement, agreement.previous, 422)
    with saving(form.refuse) as saved:
        version = int(form.version.data) if (form.version.data or "").isdecimal() else 0
        upload = uploaded(form.file.data)
        agreement.revise(form.said(), (form.note.data or "").strip(), by=me(), version=version, upload=upload)
    if not saved:
        again = db.session.get_one(Agreement, agreement_id)
        return _form_page(form, again, again.previous, 422)
    flash(_("The revision is saved."), "ok")
    return redirect(url_for("orders.agreement", agreement_id=agreement_id), 303)


@bp.post("/agreements/<int:agreement_id>/filing")
@requires(Permission.AGREEMENT_FILE, agreement=Agreement)
def agreement_file(agreement: Agreement) -> Any:
    """File an agreement as signed: its paper goes into the dossier, and it runs."""
    agreement_id, form = agreement.id, FilingForm()
    blank = EndingForm(formdata=None)
    if not form.validate():
        return _show(agreement, form, blank, 422)
    with saving(form.refuse) as saved:
        upload = uploaded(form.file.data)
        kind = form.kind.data or DOCUMENT_KIND
        agreement.file(by=me(), filed_on=form.filed_on.data, kind=kind, upload=upload, on_paper=bool(form.on_paper.data))
    if not saved:
        return _show(db.session.get_one(Agreement, agreement_id), form, blank, 422)
    flash(_("The agreement is filed; it runs until %(day)s.", day=agreement.ends_on.isoformat()), "ok")
    return redirect(url_for("orders.agreement", agreement_id=agreement_id), 303)


@bp.post("/agreements/<int:agreement_id>/ending")
@requires(Permission.AGREEMENT_FILE, agreement=Agreement)
def agreement_end(agreement: Agreement) -> Any:
    """End an agreement before its day, or note that it has run out and is not renewed."""
    agreement_id, form = agreement.id, EndingForm()
    blank = FilingForm(formdata=None)
    if not form.validate():
        return _show(agreement, blank, form, 422)
    with saving(form.refuse) as saved:
        agreement.end(by=me(), ended_on=form.ended_on.data, reason=(form.reason.data or "").strip())
    if not saved:
        return _show(db.session.get_one(Agreement, agreement_id), blank, form, 422)
    flash(_("The agreement is ended."), "ok")
    return redirect(url_for("orders.agreement", agreement_id=agreement_id), 303)


@bp.post("/agreements/<int:agreement_id>/giving-up")
@requires(Permission.AGREEMENT_EDIT, agreement=Agreement)
def agreement_give_up(agreement: Agreement) -> Any:
    """Let a draft go."""
    agreement.give_up(by=me())
    commit()
    flash(_("The draft is given up; its papers stay in the dossier."), "ok")
    return redirect(url_for("orders.agreements"), 303)


def _form_page(form: AgreementForm, found: Agreement | None, previous: Agreement | None, status: int = 200) -> Any:
    hits = search.search(me(), form.customer.data, SUGGESTED) if form.customer.errors and form.customer.data else []
    page = render_template("orders/agreement_form.html", form=form, agreement=found, previous=previous, hits=hits)
    return page, status
