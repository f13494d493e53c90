"""One gift list: who stands on it, drawing by filter, putting on by hand or from proposals, who was refused, submitting (GF-2, GF-4)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal import bulk, clock, htmx, list_files
from portal.blueprints.gifts import bp
from portal.blueprints.gifts.campaign_forms import DrawForm, ReasonForm, RecipientForm
from portal.blueprints.gifts.goods import address
from portal.blueprints.gifts.goods_forms import whole
from portal.database import StateConflict, db
from portal.i18n import is_chinese, translate
from portal.models import gift_campaign_list as found
from portal.models import gift_composing, gift_drawing, gift_judging, gift_list_kind, history
from portal.models.approval import Approval
from portal.models.customer_choice import chosen
from portal.models.gift_campaign import OPEN, GiftCampaign
from portal.models.gift_campaign_list import STANDINGS, RecipientQuery, RefusalQuery
from portal.models.gift_list import DRAFT, LISTED, NAME, PROPOSED, RECIPIENT_STATES, STATES, GiftList, GiftRecipient
from portal.models.gift_proposal import waits_for_permit
from portal.models.newest_first import Page
from portal.models.paging import Count
from portal.permissions import Permission, requires
from portal.rules.gifts import TIERS
from portal.rules.message import N_, Refusal
from portal.saving import saving
from portal.sessions import me

bulk.bulk_action(order=70, name="gift", title=N_("Put on a gift list"), permission=Permission.GIFT_COMPOSE, endpoint="gifts.selection")
PROPOSED_SHOWN = 20
"""Of what is proposed for a tier so many stand on a page, above the list's own fifty."""


@bp.get("/gifts/lists/<int:listed_id>")
@requires(Permission.GIFT_READ, listed=GiftList)
def gift_list(listed: GiftList) -> Any:
    """Show a list: what each is given, who stands on it, and what can be done."""
    return _page(listed, ReasonForm(formdata=None))


def _page(listed: GiftList, form: ReasonForm, status: int = 200) -> Any:
    user = me()
    query = RecipientQuery.read({**request.args, "list": str(listed.id)})
    asked = {key: value for key, value in query.filters.items() if key != "list"}
    if "state" not in query.filters and listed.state == DRAFT:
        query = RecipientQuery({**query.filters, "state": LISTED})
    page = found.RECIPIENTS.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    near = gift_judging.split_of(listed.campaign, [one.customer_id for one in page.rows])
    proposed = RecipientQuery({"campaign": str(listed.campaign_id), "tier": listed.tier.code, "state": PROPOSED})
    own: dict[str, Any] = {key: value for key, value in query.filters.items() if key != "list"}
    after, before = (request.args.get(f"proposed-{name}", "") for name in ("after", "before"))
    proposals = Page([], "", "", Count(0, False))
    if listed.state == DRAFT:
        proposals = found.RECIPIENTS.page(user, proposed, after=after, before=before, size=PROPOSED_SHOWN)
    context: dict[str, Any] = {
        "listed": listed,
        "campaign": listed.campaign,
        "tier": listed.tier,
        "gifts": gift_list_kind.gifts_of(listed),
        "states": STATES,
        "recipient_states": RECIPIENT_STATES,
        "tiers": TIERS,
        "query": query,
        "recipients": page.rows,
        "count": page.found,
        "near": {number: gift_judging.words_of_split(some, listed.campaign.first_on) for number, some in near.items()},
        "proposals": proposals.rows,
        "next_proposals": _proposed(listed, "after", proposals.next),
        "previous_proposals": _proposed(listed, "before", proposals.previous),
        "waits": waits_for_permit,
        "refused": found.REFUSED.count(user, RefusalQuery({"list": str(listed.id)})),
        "chips": _chips(listed, asked),
        "next": url_for("gifts.gift_list", listed_id=listed.id, **own, after=page.next) if page.next else "",
        "previous": url_for("gifts.gift_list", listed_id=listed.id, **own, before=page.previous) if page.previous else "",
        "can_work": gift_composing.can_work(listed, user),
        "approval": Approval.latest_for(NAME, listed.id),
        "form": form,
        "events": [(one, history.title_of(one)) for one in history.of_record("GiftList", listed.id, limit=20)],
    }
    if status != 200:
        return render_template("gifts/gift_list.html", **context), status
    return htmx.render("gifts/gift_list.html", "list", **context)


def _proposed(listed: GiftList, name: str, place: str) -> str:
    """Return the address of a page of what is proposed; '' where there is none."""
    values: dict[str, Any] = {f"proposed-{name}": place}
    return url_for("gifts.gift_list", listed_id=listed.id, **values, _anchor="proposed") if place else ""


def _chips(listed: GiftList, own: dict[str, str]) -> list[tuple[str, str]]:
    colon, said = "：" if is_chinese() else ": ", []
    for name, value in own.items():
        rest: dict[str, Any] = {key: other for key, other in own.items() if key != name}
        words = _(STANDINGS[value]) if name == "state" else value
        said.append((f"{_(RecipientQuery.FILTERS[name])}{colon}{words}", url_for("gifts.gift_list", listed_id=listed.id, **rest)))
    return said


@bp.get("/gifts/lists/<int:listed_id>/file")
@requires(Permission.CUSTOMER_EXPORT, listed=GiftList)
def recipients_file(listed: GiftList) -> Any:
    """Answer who stands on a list as a file."""
    query = RecipientQuery.read({**request.args, "list": str(listed.id)})
    heads = [_("Customer number"), _("Customer"), _("State"), _("Grade"), _("In charge"), _("Who takes it"), _("Post"), _("Reason")]
    heads += [_("Amount (yuan)"), _("Proposed by")]
    rows = (
        [
            one.customer.number, one.customer.full_name, _(RECIPIENT_STATES[one.state][0]), one.customer.grade,
            one.customer.owner.name if one.customer.owner else "", one.person, one.post, one.reason, one.amount,
            one.proposed_by.name if one.proposed_by else "",
        ]
        for one in found.RECIPIENTS.rows(me(), query)
    )  # fmt: skip
    return list_files.answer(listed.number, heads, rows, what="gift-recipients", filters=query.args())


# --- putting on ------------------------------------------------------------------------------------------------------------


@bp.route("/gifts/lists/<int:listed_id>/drawing", methods=["GET", "POST"])
@requires(Permission.GIFT_COMPOSE, listed=GiftList)
def list_draw(listed: GiftList) -> Any:
    """Draw recipients by filters of the register and by sales."""
    if not gift_composing.can_work(listed, me()):
        raise StateConflict(f"gift list {listed.id}")
    number = listed.id
    if request.method == "GET":
        form = DrawForm(formdata=None).offer()
        form.sold_in.data = str(clock.today().year - 1)
        return render_template("gifts/draw.html", listed=listed, form=form, tiers=TIERS)
    form = DrawForm().offer()
    if form.validate():
        with saving(form.refuse) as saved:
            ids = gift_drawing.matching(me(), form.query(), **form.sales())
            if not ids:
                raise Refusal("No customer matches these filters.")
            done = gift_composing.put_on(listed, ids, reason=(form.reason.data or "").strip(), by=me())
        if saved:
            return _drawn(listed, done)
    return render_template("gifts/draw.html", listed=db.session.get_one(GiftList, number), form=form, tiers=TIERS), 422


def _drawn(listed: GiftList, done: gift_composing.Drawn) -> Any:
    """Say how many customers were put on a list, and lead to who was refused where somebody was."""
    if done.put_on:
        flash(_("%(count)s customers are put on the list.", count=f"{done.put_on:,}"), "ok")
    if done.refused:
        flash(_("%(count)s customers are refused; the reasons stand below.", count=f"{len(done.refused):,}"), "warn")
        return redirect(url_for("gifts.refusals", list=listed.id), 303)
    return redirect(url_for("gifts.gift_list", listed_id=listed.id), 303)


@bp.route("/gifts/lists/<int:listed_id>/recipients", methods=["GET", "POST"])
@requires(Permission.GIFT_COMPOSE, listed=GiftList)
def list_add(listed: GiftList) -> Any:
    """Put one customer on a list by hand."""
    if not gift_composing.can_work(listed, me()):
        raise StateConflict(f"gift list {listed.id}")
    number = listed.id
    form = RecipientForm(formdata=None) if request.method == "GET" else RecipientForm()
    if request.method == "POST" and request.form.get("pick"):
        form.customer.data = request.form["pick"][:200]
    elif request.method == "POST" and form.validate():
        with saving(form.refuse) as saved:
            customer = chosen(me(), form.customer.data or "")
            gift_composing.put_one(listed, customer, form.values(), by=me())
        if saved:
            flash(_("%(customer)s is on the list.", customer=customer.full_name), "ok")
            return redirect(url_for("gifts.gift_list", listed_id=number), 303)
    listed = db.session.get_one(GiftList, number)
    page = render_template("gifts/recipient_form.html", form=form, listed=listed, campaign=listed.campaign)
    return page, 422 if form.problems else 200


@bp.post("/gifts/lists/<int:listed_id>/proposals")
@requires(Permission.GIFT_COMPOSE, listed=GiftList)
def take_up(listed: GiftList) -> Any:
    """Put the chosen proposals on a list."""
    ids = {int(value) for value in request.form.getlist("ids") if value.isdecimal() and len(value) < 10}
    query = GiftRecipient.visible_to(me()).where(GiftRecipient.id.in_(ids), GiftRecipient.campaign_id == listed.campaign_id)
    customers = [one.customer_id for one in db.session.scalars(query.where(GiftRecipient.state == PROPOSED).order_by(GiftRecipient.id))]
    number, form = listed.id, ReasonForm(formdata=None)
    with saving(form.refuse) as saved:
        if not customers:
            raise Refusal("No customer is chosen.")
        done = gift_composing.put_on(listed, customers, reason=_("Proposed"), by=me())
    if not saved:
        return _page(db.session.get_one(GiftList, number), form, 422)
    return _drawn(listed, done)


@bp.post("/gifts/selection")
@requires(Permission.GIFT_COMPOSE)
def selection() -> Any:
    """Put customers that were chosen in the register on a draft of a list: first ask on which one, then do it."""
    some, user = bulk.selection(), me()
    query = GiftList.visible_to(user).join(GiftCampaign, GiftCampaign.id == GiftList.campaign_id)
    query = query.where(GiftList.state == DRAFT, GiftCampaign.state == OPEN).order_by(GiftList.id.desc())
    drafts = [one for one in db.session.scalars(query) if gift_composing.can_work(one, user)]
    form = ReasonForm() if request.form.get("confirmed") else ReasonForm(formdata=None)
    listed = next((one for one in drafts if one.id == whole(request.form.get("list"))), None)
    if request.form.get("confirmed") and form.validate() and not some.has_changed:
        with saving(form.refuse) as saved:
            if listed is None:
                raise Refusal("Choose the list.")
            done = gift_composing.put_on(listed, some.ids, reason=(form.reason.data or "").strip(), by=me())
        if saved:
            return _drawn(listed, done)
    page = render_template("gifts/selection.html", form=form, drafts=drafts, selection=some, tiers=TIERS, listed=listed)
    return page, 422 if form.problems else 200


# --- taking off, refused, submitting ---------------------------------------------------------------------------------------


@bp.post("/gifts/lists/<int:listed_id>/removals")
@requires(Permission.GIFT_COMPOSE, listed=GiftList)
def list_off(listed: GiftList) -> Any:
    """Take the chosen customers off a list."""
    form, number = ReasonForm(), listed.id
    ids = {int(value) for value in request.form.getlist("ids") if value.isdecimal() and len(value) < 10}
    if form.validate():
        with saving(form.refuse) as saved:
            count = gift_composing.take_off(listed, ids, reason=(form.reason.data or "").strip(), by=me())
        if saved:
            flash(_("%(count)s customers are taken off the list.", count=count), "ok")
            return redirect(url_for("gifts.gift_list", listed_id=number), 303)
    return _page(db.session.get_one(GiftList, number), form, 422)


@bp.get("/gifts/refusals")
@requires(Permission.GIFT_COMPOSE)
def refusals() -> Any:
    """Show who was refused on lists, and why."""
    query = RefusalQuery.read(request.args)
    page = found.REFUSED.page(me(), query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    list_id = query.number("list")
    listed = db.session.scalar(GiftList.visible_to(me()).where(GiftList.id == list_id)) if list_id else None
    return htmx.render(
        "gifts/refusals.html",
        "list",
        query=query,
        listed=listed,
        refusals=page.rows,
        count=page.found,
        next=address("gifts.refusals", query, after=page.next) if page.next else "",
        previous=address("gifts.refusals", query, before=page.previous) if page.previous else "",
    )


@bp.get("/gifts/refusals/file")
@requires(Permission.GIFT_COMPOSE)
def refusals_file() -> Any:
    """Answer who was refused as a file."""
    query = RefusalQuery.read(request.args)
    heads = [_("Customer number"), _("Customer"), _("In charge"), _("Why it is refused")]
    rows = (
        [one.customer.number, one.customer.full_name, one.customer.owner.name if one.customer.owner else "", translate(one.message)]
        for one in found.REFUSED.rows(me(), query)
    )
    return list_files.answer(_("Refused on gift lists"), heads, rows, what="gift-refusals", filters=query.args())


@bp.post("/gifts/lists/<int:listed_id>/approval")
@requires(Permission.GIFT_COMPOSE, listed=GiftList)
def list_submit(listed: GiftList) -> Any:
    """Submit a list to its chain."""
    number = listed.id
    if not gift_composing.can_work(listed, me()) and listed.state == DRAFT:
        raise StateConflict(f"gift list {number}")
    form = ReasonForm(formdata=None)
    with saving(form.refuse) as saved:
        approval = gift_list_kind.submit(listed, by=me())
    if not saved:
        return _page(db.session.get_one(GiftList, number), form, 422)
    flash(_("The list is submitted. Its budget is committed when it is approved."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/gifts/lists/<int:listed_id>/abandonment")
@requires(Permission.GIFT_COMPOSE, listed=GiftList)
def list_give_up(listed: GiftList) -> Any:
    """Give a draft up."""
    number, campaign_id = listed.id, listed.campaign_id
    form = ReasonForm(formdata=None)
    with saving(form.refuse) as saved:
        gift_composing.give_up(listed, by=me())
    if not saved:
        return _page(db.session.get_one(GiftList, number), form, 422)
    flash(_("The list is given up; its customers are free again."), "ok")
    return redirect(url_for("gifts.campaign", campaign_id=campaign_id), 303)
