"""The investigation of a prospect: fill, keep as a draft, submit (AR-2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from portal.blueprints.archive import bp, card_view
from portal.database import StateConflict, commit, db
from portal.i18n import is_chinese
from portal.looks import look
from portal.models import card
from portal.models.customer import Customer, CustomerState
from portal.models.edits import Clash
from portal.models.investigation import Investigation, lacking_of_card
from portal.permissions import Permission, requires
from portal.record_form import RecordForm
from portal.rules.message import Refusal
from portal.saving import saving


@bp.get("/customers/<int:customer_id>/investigation")
@requires(Permission.CUSTOMER_READ, customer=Customer)
def investigation(customer: Customer) -> Any:
    """Show the investigation: as a form while it is a draft, as a document once it is on its way or decided."""
    look(customer)
    document = Investigation.last_for(customer)
    prospect = customer.state == CustomerState.PROSPECT and customer.frozen_by_id is None
    if prospect and (document is None or not document.outcome):
        return _form_page(RecordForm(card.INVESTIGATION_FIELDS, document), customer, document)
    if document is None:
        raise Refusal("There is no investigation of this customer: it was put on the register without one.")
    return render_template(
        "archive/investigation.html",
        customer=customer,
        document=document,
        approval=document.approval(),
        groups=_facts(document),
        again=prospect,
    )


@bp.post("/customers/<int:customer_id>/investigation")
@requires(Permission.CUSTOMER_EDIT, customer=Customer)
def investigation_save(customer: Customer) -> Any:
    """Keep the draft."""
    _document, answer = _save(customer)
    if answer is not None:
        return answer
    flash(_("The draft is saved."), "ok")
    return redirect(url_for("archive.investigation", customer_id=customer.id), 303)


@bp.post("/customers/<int:customer_id>/investigation/submission")
@requires(Permission.APPROVAL_SUBMIT, customer=Customer)
def investigation_submission(customer: Customer) -> Any:
    """Send the investigation on its way through its chain, after keeping what was sent with it. Sent twice, it counts once (AP-5)."""
    if customer.frozen_by_id is not None:
        return redirect(url_for("archive.customer", customer_id=customer.id), 303)
    document, answer = _save(customer) if "opinion" in request.form else (Investigation.open_for(customer), None)
    if answer is not None:
        return answer
    if document is None:
        raise Refusal("There is no draft of an investigation to submit.")
    with saving() as saved:
        document.submit(by=current_user)
    if saved.refusal:
        return _refused(customer, document, saved.refusal)
    flash(_("The investigation is submitted. You are told when it is decided."), "ok")
    return redirect(url_for("archive.customer", customer_id=customer.id), 303)


@bp.post("/customers/<int:customer_id>/investigation/renewal")
@requires(Permission.CUSTOMER_EDIT, customer=Customer)
def investigation_renewal(customer: Customer) -> Any:
    """After a rejection begin again, from what was written."""
    last = Investigation.last_for(customer)
    values = {field.name: getattr(last, field.name) for field in card.INVESTIGATION_FIELDS} if last else {}
    Investigation.begin(customer, values, by=current_user)
    commit()
    return redirect(url_for("archive.investigation", customer_id=customer.id), 303)


def _save(customer: Customer) -> tuple[Investigation | None, Any]:
    """Keep what was sent and commit; return the draft, and the answer where it could not be kept."""
    customer_id, document = customer.id, Investigation.open_for(customer)
    form = RecordForm(card.INVESTIGATION_FIELDS, document)
    values, begun = form.read(), document is not None
    if values is None:
        return document, _form_page(form, customer, document, status=422)
    if document is not None:
        found = form.clashes(document, values)
        if found:
            return document, _clashed(form, customer, document, found)
    try:
        with saving(form.refuse) as saved:
            if document is None:
                document = Investigation.begin(customer, values, by=current_user)
            else:
                document.save(values, by=current_user)
    except IntegrityError:
        raise StateConflict("investigation") from None
    except (StateConflict, StaleDataError):
        # Somebody saved it in the same moment (PostgreSQL; SQLite lets one writer in at a time), or submitted it.
        db.session.rollback()
        customer = db.session.get_one(Customer, customer_id)
        document = Investigation.open_for(customer)
        if document is None or not begun or customer.frozen_by_id is not None:
            raise
        return document, _clashed(form, customer, document, form.clashes(document, values))
    if not saved:
        return document, _form_page(form, customer, Investigation.open_for(customer), status=422)
    return document, None


def _clashed(form: RecordForm, customer: Customer, document: Investigation, found: list[Clash]) -> Any:
    form.rebase(document, found)
    return _form_page(form, customer, document, found, status=409)


def _refused(customer: Customer, document: Investigation, refusal: Refusal) -> Any:
    """Answer the saved draft with what its submission lacks: of the investigation beside the fields, of the card above them."""
    form = RecordForm(card.INVESTIGATION_FIELDS, document, formdata=None)
    of_customer, own = document.missing()
    for field in own:
        form.refuse(Refusal("Fill this in before the investigation is submitted.", field=field.name))
    if not form.problems and not of_customer:
        form.refuse(refusal)
    return _form_page(form, customer, document, status=422, stored=True)


def _form_page(
    form: RecordForm,
    customer: Customer,
    document: Investigation | None,
    found: Sequence[Clash] = (),
    status: int = 200,
    *,
    stored: bool = False,
) -> Any:
    """Answer the form; `stored` where all that was sent is kept, and only its submission was refused."""
    page = render_template(
        "archive/investigation_form.html",
        form=form,
        customer=customer,
        document=document,
        groups=card.grouped(card.INVESTIGATION_FIELDS, card.INVESTIGATION_GROUPS),
        lacking=("、" if is_chinese() else ", ").join(_(field.title) for field in lacking_of_card(customer)),
        stored=stored,
        approval=document.approval() if document else None,
        clashes=found,
        plain=card_view.plain,
    )
    return page, status


def _facts(document: Investigation) -> list[tuple[str, list[card_view.Fact]]]:
    groups = card.grouped(card.INVESTIGATION_FIELDS, card.INVESTIGATION_GROUPS)
    return [(_(title), card_view.facts(fields, document)[0]) for _name, title, fields in groups]
