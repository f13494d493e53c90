"""Campaigns: the list, one campaign with its budget, tiers, lists and proposals, and writing it (GF-1, GF-4, GF-7)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import clock, htmx, list_files
from portal.blueprints.gifts import bp
from portal.blueprints.gifts.campaign_forms import (
    KINDS_OF_ONE_TIER,
    CampaignForm,
    ReasonForm,
    name_of_cell,
    tier_rows,
    tiers_sent,
)
from portal.blueprints.gifts.goods import address, chips
from portal.blueprints.gifts.goods_forms import sent_version
from portal.database import StateConflict, db
from portal.models import gift_agreement, gift_budget, gift_composing, gift_outcome, gift_proposal, history
from portal.models import gift_campaign_list as found
from portal.models.gift import active_gifts
from portal.models.gift_campaign import STATES, GiftCampaign
from portal.models.gift_campaign_list import CAMPAIGN_STATES, CampaignQuery, RecipientQuery
from portal.models.gift_list import PROPOSED, RECIPIENT_STATES, GiftList, GiftRecipient
from portal.models.gift_list import STATES as LIST_STATES
from portal.models.standard import why
from portal.permissions import Permission, requires
from portal.rules.gift_standards import most_amount, most_number
from portal.rules.gifts import PURPOSES, TIERS
from portal.rules.message import Refusal
from portal.saving import saving
from portal.sessions import me


@bp.get("/gifts/campaigns")
@requires(Permission.GIFT_READ)
def campaigns() -> Any:
    """Show a page of the campaigns, the newest first."""
    query = CampaignQuery.read(request.args)
    page = found.CAMPAIGNS.page(me(), query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    return htmx.render(
        "gifts/campaigns.html",
        "list",
        query=query,
        campaigns=page.rows,
        count=page.found,
        states=STATES,
        tiers=TIERS,
        chips=chips(query, "gifts.campaigns", {"state": CAMPAIGN_STATES}),
        next=address("gifts.campaigns", query, after=page.next) if page.next else "",
        previous=address("gifts.campaigns", query, before=page.previous) if page.previous else "",
    )


@bp.get("/gifts/campaigns/file")
@requires(Permission.GIFT_READ)
def campaigns_file() -> Any:
    """Answer the list of campaigns as a file."""
    query = CampaignQuery.read(request.args)
    heads = [
        _("Number of the campaign"),
        _("Name of the campaign"),
        _("State"),
        _("Purpose of the campaign"),
        _("From the day"),
        _("Until"),
    ]
    heads += [_("Team"), _("Budget (yuan)"), _("Approved (yuan)"), _("Committed (yuan)"), _("Spent (yuan)")]
    rows = (
        [
            one.number, one.name, _(STATES[one.state][0]), _(PURPOSES[one.purpose]), one.first_on, one.last_on,
            one.team.name if one.team else _("Whole company"), one.budget, one.approved, one.committed, one.spent,
        ]
        for one in found.CAMPAIGNS.rows(me(), query)
    )  # fmt: skip
    return list_files.answer(_("Gift campaigns"), heads, rows, what="gift-campaigns", filters=query.args())


# --- writing ---------------------------------------------------------------------------------------------------------------


@bp.route("/gifts/campaigns/new", methods=["GET", "POST"])
@requires(Permission.GIFT_COMPOSE)
def campaign_new() -> Any:
    """Begin a campaign."""
    if request.method == "GET":
        form = CampaignForm(formdata=None)
        form.first_on.data = clock.today()
        return _form(form, tier_rows([]))
    form = CampaignForm()
    values, typed, wrong = _sent(form, GiftCampaign.blank())
    if form.validate() and not wrong:
        with saving(wrong.append) as saved:
            campaign = GiftCampaign.begin(values, by=me())
        if saved:
            flash(_("The campaign is begun. Now put customers on its lists."), "ok")
            return redirect(url_for("gifts.campaign", campaign_id=campaign.id), 303)
    return _form(form, typed, wrong=form.refuse_all(wrong, name_of_cell), status=422)


@bp.route("/gifts/campaigns/<int:campaign_id>/edit", methods=["GET", "POST"])
@requires(Permission.GIFT_COMPOSE, campaign=GiftCampaign)
def campaign_edit(campaign: GiftCampaign) -> Any:
    """Change a campaign."""
    if not campaign.can_edit(me()):
        raise StateConflict(f"gift campaign {campaign.id}")
    number = campaign.id
    if request.method == "GET":
        return _form(CampaignForm(formdata=None).fill(campaign), tier_rows(campaign.in_order), campaign)
    form = CampaignForm()
    values, typed, wrong = _sent(form, campaign)
    if sent_version(form.version.data) != campaign.version:
        return _form(form.overtaken(campaign.version), typed, campaign, status=409)
    if form.validate() and not wrong:
        with saving(wrong.append) as saved:
            campaign.edit(values, by=me(), version=sent_version(form.version.data))
        if saved:
            flash(_("The campaign is changed."), "ok")
            return redirect(url_for("gifts.campaign", campaign_id=number), 303)
    return _form(form, typed, db.session.get_one(GiftCampaign, number), form.refuse_all(wrong, name_of_cell), 422)


def _sent(form: CampaignForm, campaign: GiftCampaign) -> tuple[dict[str, Any], dict[str, dict[str, str]], list[Refusal]]:
    """Return what a form sent as the model takes it, the tiers as they were typed, and all that is wrong with it."""
    tiers, typed, wrong = tiers_sent()
    values = form.values(tiers, wrong)
    return values, typed, [*wrong, *campaign.problems(values)]


def _form(
    form: CampaignForm, rows: dict[str, dict[str, str]], campaign: GiftCampaign | None = None, wrong: Any = None, status: int = 200
) -> Any:
    limits = {code: (_why(most_amount(code), campaign), _why(most_number(code), campaign)) for code in TIERS}
    in_use = {one.code for one in campaign.tiers if one.listed} if campaign else set()
    chosen = {one.gift_id for tier in campaign.tiers for one in tier.gifts} if campaign else set()
    page = render_template(
        "gifts/campaign_form.html", form=form, rows=rows, campaign=campaign, tiers=TIERS, places=range(KINDS_OF_ONE_TIER),
        gifts=active_gifts(besides=chosen), wrong=wrong or {}, limits=limits, in_use=in_use,
    )  # fmt: skip
    return page, status


def _why(name: str, campaign: GiftCampaign | None) -> Any:
    return why(name, version=campaign.standards.get(name) if campaign else None)


# --- one campaign ----------------------------------------------------------------------------------------------------------


@bp.get("/gifts/campaigns/<int:campaign_id>")
@requires(Permission.GIFT_READ, campaign=GiftCampaign)
def campaign(campaign: GiftCampaign) -> Any:
    """Show a campaign: what it gives to whom, its lists and where they stand, its budget, and what is proposed."""
    return _page(campaign, ReasonForm(formdata=None))


def _page(campaign: GiftCampaign, form: ReasonForm, status: int = 200) -> Any:
    user = me()
    lists = found.lists_of(campaign)
    found.load_gifts(campaign)
    seen = set(db.session.scalars(GiftList.visible_to(user).with_only_columns(GiftList.id).where(GiftList.campaign_id == campaign.id)))
    # Who composes the lists sees them; to the others their own customers' standing is told here.
    only = {"state": PROPOSED} if campaign.can_edit(user) or user.is_manager else {}
    asked = RecipientQuery({"campaign": str(campaign.id), **only})
    proposals = found.RECIPIENTS.page(user, asked, after=request.args.get("after", ""), before=request.args.get("before", ""))
    page = render_template(
        "gifts/campaign.html",
        campaign=campaign,
        states=STATES,
        list_states=LIST_STATES,
        purposes=PURPOSES,
        tiers=TIERS,
        table=gift_budget.table(campaign),
        goods_list=gift_agreement.newest_of(campaign),
        lists=lists,
        seen=seen,
        counts=_counts(campaign),
        proposals=proposals.rows,
        next=_place(campaign, after=proposals.next) if proposals.next else "",
        previous=_place(campaign, before=proposals.previous) if proposals.previous else "",
        all_states=not only,
        has_main={one.tier_id for one in lists if not one.supplementary and one.state in ("draft", "pending", "approved")},
        free=gift_composing.free_places(campaign),
        standards={tier.code: [_why(name(tier.code), campaign) for name in (most_amount, most_number)] for tier in campaign.tiers},
        can={
            "edit": campaign.can_edit(user),
            "propose": gift_proposal.can_propose(campaign, user),
            "cancel": gift_outcome.can_cancel(campaign, user),
        },
        waits=gift_proposal.waits_for_permit,
        form=form,
        events=[(one, history.title_of(one)) for one in history.of_record("GiftCampaign", campaign.id, limit=20)],
        recipient_states=RECIPIENT_STATES,
    )
    return page, status


def _place(campaign: GiftCampaign, **place: Any) -> str:
    """Return the address of a page of the campaign's customers."""
    return url_for("gifts.campaign", campaign_id=campaign.id, **place, _anchor="proposed")


def _counts(campaign: GiftCampaign) -> dict[int, dict[str, int]]:
    """Return how many recipients of each list stand where."""
    query = select(GiftRecipient.list_id, GiftRecipient.state, func.count()).where(GiftRecipient.campaign_id == campaign.id)
    counts: dict[int, dict[str, int]] = {}
    for list_id, state, number in db.session.execute(query.group_by(GiftRecipient.list_id, GiftRecipient.state)):
        counts.setdefault(list_id or 0, {})[state] = number
    return counts


@bp.post("/gifts/campaigns/<int:campaign_id>/cancellation")
@requires(Permission.GIFT_COMPOSE, campaign=GiftCampaign)
def campaign_cancel(campaign: GiftCampaign) -> Any:
    """Cancel a campaign with a reason."""
    form, number = ReasonForm(), campaign.id
    if form.validate():
        with saving(form.refuse) as saved:
            gift_outcome.cancel(campaign, reason=(form.reason.data or "").strip(), by=me(), version=sent_version(form.version.data))
        if saved:
            flash(_("The campaign is cancelled. What was not delivered is free again."), "ok")
            return redirect(url_for("gifts.campaign", campaign_id=number), 303)
    return _page(db.session.get_one(GiftCampaign, number), form, 422)


@bp.post("/gifts/campaigns/<int:campaign_id>/conclusion")
@requires(Permission.GIFT_COMPOSE, campaign=GiftCampaign)
def campaign_close(campaign: GiftCampaign) -> Any:
    """Conclude a campaign of which nothing is open."""
    number = campaign.id
    form = ReasonForm(formdata=None)
    with saving(form.refuse) as saved:
        campaign.close(by=me())
    if not saved:
        return _page(db.session.get_one(GiftCampaign, number), form, 422)
    flash(_("The campaign is concluded."), "ok")
    return redirect(url_for("gifts.campaign", campaign_id=number), 303)


@bp.post("/gifts/campaigns/<int:campaign_id>/lists")
@requires(Permission.GIFT_COMPOSE, campaign=GiftCampaign)
def list_begin(campaign: GiftCampaign) -> Any:
    """Begin the list of a tier, or a supplementary one."""
    number = campaign.id
    tier = next((one for one in campaign.tiers if one.code == request.form.get("tier")), None)
    if tier is None:
        raise StateConflict(f"tier of gift campaign {number}")
    form = ReasonForm(formdata=None)
    with saving(form.refuse) as saved:
        listed = gift_composing.begin_list(tier, by=me(), supplementary=bool(request.form.get("supplementary")))
    if not saved:
        return _page(db.session.get_one(GiftCampaign, number), form, 422)
    return redirect(url_for("gifts.gift_list", listed_id=listed.id), 303)
