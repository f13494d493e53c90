"""Recipients: proposing one's own customers, one recipient, what a customer is given in the year (GF-2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock
from portal.blueprints.gifts import bp
from portal.blueprints.gifts.campaign_forms import ReasonForm, RecipientForm
from portal.blueprints.gifts.goods_forms import sent_version, whole
from portal.database import StateConflict, db
from portal.looks import look
from portal.models import benefit, gift_composing, gift_delivery, gift_judging, gift_proposal, history
from portal.models.benefit import SOURCES
from portal.models.customer import Customer
from portal.models.customer_choice import chosen
from portal.models.gift_campaign import GiftCampaign, GiftTier
from portal.models.gift_campaign_list import RECIPIENTS, RecipientQuery
from portal.models.gift_list import RECIPIENT_STATES, GiftRecipient
from portal.models.standard import why
from portal.permissions import Permission, requires
from portal.rules.gift_standards import CAP, CAP_GOVERNMENT
from portal.rules.gifts import TIERS
from portal.rules.message import N_, Refusal
from portal.rules.money import figures
from portal.saving import saving
from portal.sessions import me


@bp.route("/gifts/campaigns/<int:campaign_id>/proposals", methods=["GET", "POST"])
@requires(Permission.GIFT_PROPOSE, campaign=GiftCampaign)
def propose(campaign: GiftCampaign) -> Any:
    """Propose a customer for a tier of a campaign."""
    if not gift_proposal.can_propose(campaign, me()):
        raise StateConflict(f"gift campaign {campaign.id}")
    number, code = campaign.id, request.values.get("tier", "")
    form = RecipientForm(formdata=None) if request.method == "GET" else RecipientForm()
    tier = next((one for one in campaign.tiers if one.code == code), None)
    if request.method == "POST" and request.form.get("pick"):
        form.customer.data = request.form["pick"][:200]
    elif request.method == "POST" and form.validate():
        customer = _customer_of(form, tier)
        if customer is not None and tier is not None:
            with saving(form.refuse) as saved:
                gift_proposal.propose(tier, customer, form.values(), by=me())
            if saved:
                flash(_("%(customer)s is proposed.", customer=customer.full_name), "ok")
                return redirect(url_for("gifts.campaign", campaign_id=number), 303)
    campaign = db.session.get_one(GiftCampaign, number)
    form.offer(campaign).tier.data = code
    page = render_template("gifts/recipient_form.html", form=form, listed=None, campaign=campaign)
    return page, 422 if form.problems else 200


def _customer_of(form: RecipientForm, tier: GiftTier | None) -> Customer | None:
    """Return the customer who is proposed; None where something is lacking, all of which stands beside its field then."""
    lacking = [] if tier else [Refusal("Choose the tier.", field="tier")]
    customer = None
    try:
        customer = chosen(me(), form.customer.data or "")
    except Refusal as refusal:
        lacking.append(refusal)
    lacking.extend(gift_composing.lacking(form.values()))
    form.refuse_all(lacking, str)
    return None if lacking else customer


@bp.get("/gifts/recipients/<int:recipient_id>")
@requires(Permission.GIFT_READ, recipient=GiftRecipient)
def recipient(recipient: GiftRecipient) -> Any:
    """Show a recipient: why, what the customer is given in the year altogether, what lies near."""
    return _page(recipient, RecipientForm(formdata=None), ReasonForm(formdata=None))


def _page(recipient: GiftRecipient, form: RecipientForm, reason: ReasonForm, status: int = 200) -> Any:
    user, customer, campaign = me(), recipient.customer, recipient.campaign
    if not form.is_submitted() or not form.problems:
        for name in ("person", "post", "official", "reason"):
            form[name].data = getattr(recipient, name)
        form.version.data = str(recipient.version)
    near = gift_judging.split_of(campaign, [customer.id]).get(customer.id, [])
    page = render_template(
        "gifts/recipient.html",
        recipient=recipient,
        customer=customer,
        campaign=campaign,
        states=RECIPIENT_STATES,
        tiers=TIERS,
        near=gift_judging.words_of_split(near, campaign.first_on) if near else None,
        form=form,
        reason=reason,
        can={
            "name": gift_composing.can_name(recipient, user),
            "permit": gift_proposal.waits_for_permit(recipient) and user.may(Permission.GIFT_PERMIT),
            "decline": gift_proposal.can_take_back(recipient, user),
        },
        delivery=gift_delivery.live_of(recipient),
        waits=gift_proposal.waits_for_permit(recipient),
        given=given_of(customer, campaign.first_on.year),
        events=[(one, history.title_of(one)) for one in history.of_record("GiftRecipient", recipient.id, limit=20)],
    )
    return page, status


def given_of(customer: Customer, year: int) -> dict[str, Any]:
    """Return what a customer is given in a year: lines, sum, cap and why it is that."""
    lines = benefit.of(customer.id, year)
    taken, name = benefit.taken_of(customer.id, year), CAP_GOVERNMENT if customer.nature == benefit.GOVERNMENT else CAP
    cap = Decimal(benefit.cap_of(customer.nature).value)
    left = max(cap - taken, Decimal(0))
    said: dict[str, Any] = {N_("Given or promised in the year (yuan)"): figures(taken), N_("Room left (yuan)"): figures(left)}
    return {"lines": lines, "year": year, "taken": taken, "cap": cap, "why": why(name, **said), "sources": SOURCES}


@bp.post("/gifts/recipients/<int:recipient_id>/person")
@requires(Permission.GIFT_PROPOSE, recipient=GiftRecipient)
def recipient_person(recipient: GiftRecipient) -> Any:
    """Say anew who takes the gift."""
    form, number = RecipientForm(), recipient.id
    if form.validate():
        with saving(form.refuse) as saved:
            gift_composing.name_person(recipient, form.values(), by=me(), version=sent_version(form.version.data))
        if saved:
            flash(_("It is changed."), "ok")
            return redirect(url_for("gifts.recipient", recipient_id=number), 303)
    return _page(db.session.get_one(GiftRecipient, number), form, ReasonForm(formdata=None), 422)


@bp.post("/gifts/recipients/<int:recipient_id>/permit")
@requires(Permission.GIFT_PERMIT, recipient=GiftRecipient)
def recipient_permit(recipient: GiftRecipient) -> Any:
    """Permit a gift to a government body or an official."""
    return _reasoned(recipient, lambda reason: gift_proposal.permit(recipient, reason=reason, by=me()), _("It is permitted."))


@bp.post("/gifts/recipients/<int:recipient_id>/refusal")
@requires(Permission.GIFT_PROPOSE, recipient=GiftRecipient)
def recipient_decline(recipient: GiftRecipient) -> Any:
    """Do not take up a proposal."""
    return _reasoned(recipient, lambda reason: gift_proposal.decline(recipient, reason=reason, by=me()), _("The proposal is let go."))


def _reasoned(recipient: GiftRecipient, act: Any, said: str) -> Any:
    form, number = ReasonForm(), recipient.id
    if form.validate():
        with saving(lambda refusal: form.refuse(refusal.at("reason"))) as saved:
            act((form.reason.data or "").strip())
        if saved:
            flash(said, "ok")
            return redirect(url_for("gifts.recipient", recipient_id=number), 303)
    return _page(db.session.get_one(GiftRecipient, number), RecipientForm(formdata=None), form, 422)


@bp.get("/gifts/customers/<int:customer_id>")
@requires(Permission.GIFT_READ, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show what a customer is given in a year, and the campaigns it stands in."""
    look(customer)
    year = whole(request.args.get("year")) or clock.today().year
    rows = RECIPIENTS.page(me(), RecipientQuery({"customer": str(customer.id)})).rows
    return render_template(
        "gifts/customer.html",
        customer=customer,
        recipients=rows,
        states=RECIPIENT_STATES,
        tiers=TIERS,
        given=given_of(customer, year),
        years=range(clock.today().year + 1, clock.today().year - 5, -1),
    )
