"""Customers of a half-yearly review one after the other: confirm, correct, skip (AR-21)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.blueprints.review import bp
from portal.database import StateConflict, commit, db
from portal.field_values import shown
from portal.filters import required_kind
from portal.i18n import translate
from portal.looks import look
from portal.models import card, review_progress
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.dossier_completeness import completeness
from portal.models.review import LONGEST_REMARK, ReviewCampaign, ReviewLine
from portal.models.staff import Staff
from portal.permissions import Permission, ensure, requires
from portal.rules.regions import address_of
from portal.rules.review import CONFIRMED, EXCEPTIONS, STATES
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

_FACTS = {
    "identity": ("full_name", "short_name", "credit_code", "nature", "industry", "legal_representative", "general_manager"),
    "address": ("address", "telephone", "fax", "email"),
    "business": ("main_business", "staff_count", "operating_state", "banks", "payment_terms", "credit_limit"),
}
"""What changes most and matters most: it is read in half a minute. The whole card is a link away."""


@bp.get("/reviews/<int:campaign_id>/next")
@requires(Permission.REVIEW_WORK, campaign=ReviewCampaign)
def next_line(campaign: ReviewCampaign) -> Any:
    """Lead to the next customer of the reader, or of another rep whose customers they see, that is to be reviewed."""
    owner_id = request.args.get("owner", me().id, int)
    line = review_progress.next_line(me(), campaign, owner_id=owner_id, after=request.args.get("after", 0, int))
    if line is None:
        flash(_("Nothing is left to review here."), "ok")
        return redirect(url_for("review.campaign", campaign_id=campaign.id))
    return redirect(url_for("review.line", line_id=line.id))


@bp.get("/review-lines/<int:line_id>")
@requires(Permission.REVIEW_WORK, line=ReviewLine)
def line(line: ReviewLine) -> Any:
    """Show what the card says in short, its contacts and what the dossier lacks, and ask whether it is right."""
    look(line.customer)
    return _page(line)


def _page(line: ReviewLine, wrong: str = "", status: int = 200) -> Any:
    customer, user = line.customer, me()
    contacts = db.session.scalars(select(Contact).where(Contact.customer_id == customer.id).order_by(Contact.emergency, Contact.id)).all()
    owner = db.session.get(Staff, line.owner_id) if line.owner_id else None
    page = render_template(
        "review/line.html",
        line=line,
        campaign=line.campaign,
        customer=customer,
        facts=[_facts(customer, names) for names in _FACTS.values()],
        contacts=contacts,
        missing=[required_kind(code) for code in completeness(customer).missing],
        progress=review_progress.own_progress(owner, line.campaign) if owner else None,
        owner=owner,
        states=STATES,
        kinds=EXCEPTIONS,
        wrong=wrong,
        remark=clean_line(request.form.get("remark", "")),
        can={"settle": line.can_settle(user), "take_back": line.can_take_back(user), "edit": customer.can_edit(user)},
    )
    return page, status


def _facts(customer: Customer, names: tuple[str, ...]) -> list[tuple[str, Any, bool]]:
    found: list[tuple[str, Any, bool]] = []
    for name in names:
        if name == "address":
            found.append((_("Address"), address_of(customer), True))
        else:
            field = card.CARD[name]
            found.append((_(field.title), shown(field, getattr(customer, name)), field.kind == "long"))
    return found


@bp.post("/review-lines/<int:line_id>/confirmation")
@requires(Permission.REVIEW_WORK, line=ReviewLine)
def line_confirm(line: ReviewLine) -> Any:
    """Confirm that the card is right as the page showed it, and go on to the next."""
    line_id = line.id
    if not line.can_settle(me()):
        raise StateConflict(f"review line {line_id}")
    remark = clean_line(request.form.get("remark", ""))[:LONGEST_REMARK]
    with saving() as saved:
        state = line.confirm(by=me(), version=request.form.get("version", 0, int), remark=remark)
    if saved.refusal:
        return _page(db.session.get_one(ReviewLine, line_id), translate(saved.refusal.message), 409)
    flash(_("%(name)s is confirmed.", name=line.customer.full_name) if state == CONFIRMED else _corrected(line), "ok")
    return redirect(_onward(line), 303)


@bp.post("/review-lines/<int:line_id>/taking-back")
@requires(Permission.REVIEW_WORK, line=ReviewLine)
def line_take_back(line: ReviewLine) -> Any:
    """Take back what was confirmed by mistake."""
    ensure(me().may(Permission.CUSTOMER_EDIT))
    line.take_back(by=me())
    commit()
    flash(_("%(name)s is to be reviewed again.", name=line.customer.full_name), "ok")
    return redirect(url_for("review.line", line_id=line.id), 303)


def _corrected(line: ReviewLine) -> str:
    return _("%(name)s counts as corrected.", name=line.customer.full_name)


def _onward(line: ReviewLine) -> str:
    owner = line.owner_id if line.owner_id not in (None, me().id) else None
    return url_for("review.next_line", campaign_id=line.campaign_id, after=line.id, owner=owner)
