"""Pages of a customer: record a prospect, the card, changing it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError
from wtforms.fields.choices import SelectChoice

from portal import clock
from portal.blueprints.archive import bp, card_view, duplicates
from portal.blueprints.archive.history import entries_of
from portal.database import StateConflict, db
from portal.looks import look
from portal.models import agreement, card, delivered_value, disposal_cards, history, order_request, sales_totals, survey
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState, CustomerTag, possible_owners
from portal.models.dealings import DealingsEnd
from portal.models.edits import Clash
from portal.models.investigation import Investigation
from portal.models.merge import CustomerMerge
from portal.models.review import ReviewLine
from portal.models.standard import why
from portal.permissions import Permission, Role, requires
from portal.record_form import OwnerForm, ReasonForm
from portal.rules.disposal import CARD_YEARS, ENDINGS
from portal.rules.message import N_, Message, Refusal
from portal.saving import saving
from portal.sessions import me


@bp.route("/customers/new", methods=["GET", "POST"])
@requires(Permission.CUSTOMER_EDIT)
def customer_new() -> Any:
    """Record a prospect; it comes onto the register by its investigation (AR-2)."""
    form = _new_form()
    values, like = form.read(), duplicates.form_context()
    if values is not None:
        owners = {person.id: person for person in possible_owners(current_user)}
        owner = owners.get(form.owner_id.data) if isinstance(form, OwnerForm) else None
        with saving(form.refuse) as saved:
            customer = Customer.create(values, by=current_user, owner=owner, insist=form.insist)
            duplicates.ensure_distinct(customer, values)
        if saved:
            flash(_("Prospect %(number)s is recorded. Next: the investigation.", number=customer.number), "ok")
            return redirect(url_for("archive.customer", customer_id=customer.id), 303)
        like = duplicates.form_context(saved.refusal)
    page = render_template("archive/customer_form.html", form=form, customer=None, groups=_groups(form.fields), clashes=[], **like)
    return page, 422 if form.problems else 200


@bp.get("/customers/<int:customer_id>")
@requires(Permission.CUSTOMER_READ, customer=Customer)
def customer(customer: Customer) -> Any:
    """Show the card with its contacts and what happened to it (AR-1, AR-7); a merged record leads to the one that took it in (AR-3)."""
    if customer.state == CustomerState.MERGED and customer.merged_into_id:
        survivor = db.session.scalar(Customer.visible_to(current_user).where(Customer.id == customer.merged_into_id))
        if survivor is None:
            other = db.session.get_one(Customer, customer.merged_into_id)
            text = N_("%(number)s was merged into a record that is not among those you see. Ask %(name)s.")
            raise Refusal(text, number=customer.number, name=other.owner.name if other.owner else Message(N_("a manager")))
        flash(_("%(number)s was merged into this customer.", number=customer.number), "ok")
        return redirect(url_for("archive.customer", customer_id=customer.merged_into_id), 303)
    look(customer)
    contacts = db.session.scalars(select(Contact).where(Contact.customer_id == customer.id).order_by(Contact.emergency, Contact.id)).all()
    tags = db.session.scalars(select(CustomerTag.tag).where(CustomerTag.customer_id == customer.id).order_by(CustomerTag.tag)).all()
    prospect = customer.state == CustomerState.PROSPECT
    investigation = Investigation.last_for(customer) if prospect else None
    events, more = history.timeline(customer)
    merger = current_user.may(Permission.CUSTOMER_MERGE)
    return render_template(
        "archive/customer.html",
        customer=customer,
        groups=card_view.groups(customer),
        contacts=contacts,
        tags=tags,
        merges=CustomerMerge.open_of(customer) if merger else [],
        investigation=investigation,
        approval=investigation.approval() if investigation else None,
        entries=entries_of(events, customer),
        more=events[-1].id if more else None,
        only="",
        streams=history.STREAMS,
        state=card_view.STATES[customer.state],
        end=DealingsEnd.standing(customer) if customer.state == CustomerState.PAST else None,
        endings=ENDINGS,
        **_keeping(customer),
        editable=customer.can_edit(current_user),
        relation=delivered_value.block(customer) if current_user.may(Permission.RELATION_WORK) else None,
        treated_orders=order_request.open_treatments([customer.id]),
        running_agreements=agreement.filed_with(customer, clock.today()),
        standings=agreement.STANDINGS,
        sales=sales_totals.block(customer.id, clock.today()) if current_user.may(Permission.SALES_READ) else None,
        asked_in=survey.of_customer(customer, 3) if current_user.may(Permission.SURVEY_WORK) else [],
        survey_states=survey.STATES,
    )


def _keeping(customer: Customer) -> dict[str, Any]:
    """Return until when a past customer's card is kept, why, and the list for disposal it is on, for who may open that (AR-11)."""
    if customer.state != CustomerState.PAST:
        return {}
    found = disposal_cards.list_of(customer)
    return {
        "kept_until": disposal_cards.kept_until(customer),
        "why_kept": why(CARD_YEARS),
        "card_list": found if found is not None and found.can_be_read(me()) else None,
    }


@bp.route("/customers/<int:customer_id>/edit", methods=["GET", "POST"])
@requires(Permission.CUSTOMER_EDIT, customer=Customer)
def customer_edit(customer: Customer) -> Any:
    """Change the card. Who comes second sees what changed meanwhile and chooses (AR-4)."""
    customer.ensure_open()
    look(customer)
    customer_id, reviewed = customer.id, _reviewed(customer)
    form = ReasonForm(customer.open_fields, customer, data={"effective_on": clock.today().isoformat()})
    values = form.read()
    if values is None:
        return _edit_page(form, customer, [], 422 if form.problems else 200)
    found = form.clashes(customer, values)
    if found:
        form.rebase(customer, found)
        return _edit_page(form, customer, found, 409)
    try:
        with saving(form.refuse) as saved:
            source = "review" if reviewed else "form"
            changes = customer.change(values, by=current_user, source=source, insist=form.insist, **form.reason_and_day())
            duplicates.ensure_distinct(customer, [change["field"] for change in changes])
            if reviewed is not None and changes:
                reviewed.correct(by=me())
    except (StateConflict, StaleDataError):
        return _overtaken(form, customer_id, values)
    if saved.refusal:
        return _edit_page(form, customer, [], 422, saved.refusal)
    if reviewed is not None and changes:  # the next customer's page opens: this one is named
        flash(_("%(name)s counts as corrected.", name=customer.full_name), "ok")
        return redirect(_in_review(reviewed), 303)
    flash(_("Saved: %(count)s fields changed.", count=len(changes)) if changes else _("Nothing was changed."), "ok")
    if reviewed is not None:
        return redirect(url_for("review.line", line_id=reviewed.id), 303)
    return redirect(url_for("archive.customer", customer_id=customer_id), 303)


def _reviewed(customer: Customer) -> ReviewLine | None:
    """Return the customer's line in the half-yearly review where the form was opened from there and the line is open still (AR-21)."""
    line = ReviewLine.of(customer) if "review" in request.args else None
    return line if line is not None and line.can_settle(current_user) else None


def _in_review(line: ReviewLine) -> str:
    """Return the address of the next customer to review."""
    owner = line.owner_id if line.owner_id not in (None, current_user.id) else None
    return url_for("review.next_line", campaign_id=line.campaign_id, after=line.id, owner=owner)


def _overtaken(form: ReasonForm, customer_id: int, values: dict[str, Any]) -> Any:
    """Answer the form again with what somebody saved in the same moment (PostgreSQL; SQLite lets one writer in at a time)."""
    db.session.rollback()
    now = db.session.get_one(Customer, customer_id)
    now.ensure_open()
    found = form.clashes(now, values)
    form.rebase(now, found)
    return _edit_page(form, now, found, 409)


def _edit_page(form: ReasonForm, customer: Customer, found: list[Clash], status: int, refusal: Refusal | None = None) -> Any:
    page = render_template(
        "archive/customer_form.html",
        form=form,
        customer=customer,
        groups=_groups(form.fields),
        clashes=found,
        matters=[_(field.title) for field in form.fields if field.matters],
        plain=card_view.plain,
        reviewed=_reviewed(customer),
        **duplicates.form_context(refusal),
    )
    return page, status


def _new_form() -> ReasonForm:
    if current_user.role == Role.REP:
        return ReasonForm(card.EDITABLE)
    form = OwnerForm(card.EDITABLE, data={"owner_id": current_user.id})
    form.owner_id.choices = [SelectChoice(person.id, _person(person)) for person in possible_owners(current_user)]
    return form


def _person(person: Any) -> str:
    return f"{person.name} ({person.team.name})" if person.team else person.name


def _groups(fields: tuple[card.Field, ...]) -> list[tuple[str, str, list[card.Field]]]:
    return card.grouped(fields, card.GROUPS)
