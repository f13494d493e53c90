"""Deliveries: the list, one delivery with its steps, labels and receipt slips in a batch (GF-6)."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, htmx, jobs, list_files
from portal.blueprints.gifts import bp
from portal.blueprints.gifts.delivery_forms import ReceiptForm, ReturnForm, SendForm, TellForm, WayForm, forms_of, said
from portal.blueprints.gifts.goods import address, chips
from portal.blueprints.gifts.goods_forms import sent_version
from portal.database import db
from portal.downloads import download
from portal.forms import PortalForm
from portal.i18n import translate
from portal.looks import look
from portal.models import audit, history
from portal.models import gift_delivery_list as delivery_list
from portal.models.customer import Customer
from portal.models.gift_delivery import STATES, WAITING, GiftDelivery
from portal.models.gift_delivery_list import STEPS, DeliveryQuery, carriers_used, contacts_of
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.printing import batches, documents
from portal.printing.gift_delivery import LABELS, SLIP
from portal.rules.gift_delivery import TOLD_BY, WAYS
from portal.rules.gifts import TIERS
from portal.rules.message import Refusal
from portal.saving import saving
from portal.sessions import me


@bp.get("/gifts/deliveries")
@requires(Permission.GIFT_DELIVER)
def deliveries() -> Any:
    """Show a page of the deliveries in scope, with the filters of the address."""
    query, user = DeliveryQuery.read(request.args), me()
    page = delivery_list.LIST.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    return htmx.render(
        "gifts/deliveries.html",
        "list",
        query=query,
        deliveries=page.rows,
        goods=delivery_list.goods_of({one.tier_id for one in page.rows}),
        count=page.found,
        states=STATES,
        steps=STEPS,
        ways=WAYS,
        tiers=TIERS,
        campaigns=[(one.id, one.label) for one in delivery_list.campaigns(user)],
        teams=db.session.scalars(select(Team).order_by(Team.name)).all() if user.is_manager else [],
        chips=chips(query, "gifts.deliveries", {"step": STEPS, "way": WAYS, "tier": TIERS}),
        next=address("gifts.deliveries", query, after=page.next) if page.next else "",
        previous=address("gifts.deliveries", query, before=page.previous) if page.previous else "",
    )


@bp.get("/gifts/deliveries/file")
@requires(Permission.CUSTOMER_EXPORT)
def deliveries_file() -> Any:
    """Answer the list of deliveries as a file."""
    query = DeliveryQuery.read(request.args)
    heads = [_("Receipt no."), _("Customer number"), _("Customer"), _("Who takes it"), _("Gift campaign"), _("Gifts"), _("State")]
    heads += [_("Way of delivery"), _("Told on"), _("Carrier"), _("Number of the parcel"), _("Went out on"), _("Signed for by")]
    heads += [_("Received on"), _("Came back on"), _("Why it came back")]
    rows = (
        [
            one.number, one.customer.number, one.customer.full_name, one.recipient.person, one.campaign.label, one.goods,
            _(STATES[one.state][0]), _(WAYS[one.way]), one.told_on, one.carrier, one.tracking, one.out_on, one.received_by,
            one.received_on, one.returned_on, one.return_reason,
        ]
        for one in delivery_list.LIST.rows(me(), query)
    )  # fmt: skip
    return list_files.answer(_("Deliveries of gifts"), heads, rows, what="gift-deliveries", filters=query.args())


@bp.post("/gifts/deliveries/print")
@requires(Permission.SHEET_PRINT)
def deliveries_print() -> Any:
    """Print the labels and the receipt slips of a list as one PDF, in the background (PR-7)."""
    query = DeliveryQuery.read(request.form)
    language = documents.chosen_language(request.form.get("language"))
    with saving(lambda refusal: flash(translate(refusal.message), "warning")) as saved:
        ids = delivery_list.LIST.ids(me(), query, batches.MOST)
        if not ids:
            raise Refusal("There is no delivery on this list.")
        job = batches.queue_records(SLIP, ids, language, by=me(), before=(LABELS, query.args()))
    if not saved:
        return redirect(address("gifts.deliveries", query), 303)
    jobs.start(job)
    return redirect(url_for("prints.batch", job_id=job.id), 303)


# --- one delivery ----------------------------------------------------------------------------------------------------------


@bp.get("/gifts/deliveries/<int:delivery_id>")
@requires(Permission.GIFT_DELIVER, delivery=GiftDelivery)
def delivery(delivery: GiftDelivery) -> Any:
    """Show one delivery: what, to whom, how far it is, and what can be done."""
    return _page(delivery, {})


def _page(delivery: GiftDelivery, refused: dict[str, PortalForm], status: int = 200) -> Any:
    user = me()
    look(delivery.customer)
    forms = {**forms_of(delivery), **refused}
    seen = Customer.visible_to(user).where(Customer.id == delivery.customer_id).with_only_columns(Customer.id)
    page = render_template(
        "gifts/delivery.html",
        delivery=delivery,
        contact=contacts_of([delivery]).get(delivery.customer_id),
        customer_seen=db.session.scalar(seen) is not None,
        states=STATES,
        ways=WAYS,
        told_by=TOLD_BY,
        tiers=TIERS,
        forms=forms,
        problems=next(iter(refused.values()), forms["tell"]),
        carriers=carriers_used(),
        today=clock.today(),
        against=delivery.hindrance if delivery.state == WAITING else None,
        events=[(one, history.title_of(one)) for one in history.of_record("GiftDelivery", delivery.id, limit=30)],
        can={
            "tell": delivery.can_tell(user), "way": delivery.can_reroute(user), "send": delivery.can_send(user),
            "receipt": delivery.can_record(user), "return": delivery.can_return(user),
        },
    )  # fmt: skip
    return page, status


def _step(delivery: GiftDelivery, name: str, form: PortalForm, act: Callable[[], None], done: str) -> Any:
    """Do one step of a delivery, or show its page with what was refused."""
    number, run_id = delivery.id, delivery.run_id
    if form.validate():
        with saving(form.refuse) as saved:
            act()
        if saved:
            flash(done, "ok")
            if request.form.get("back") == "round" and run_id is not None:
                return redirect(url_for("gifts.run", run_id=run_id), 303)
            return redirect(url_for("gifts.delivery", delivery_id=number), 303)
    return _page(db.session.get_one(GiftDelivery, number), {name: form}, 422)


@bp.post("/gifts/deliveries/<int:delivery_id>/notice")
@requires(Permission.GIFT_DELIVER, delivery=GiftDelivery)
def delivery_tell(delivery: GiftDelivery) -> Any:
    """Record that the customer was told by telephone or e-mail."""
    form = TellForm()

    def act() -> None:
        text = said(form, "told_how", "told_to")
        delivery.tell(
            how=text["told_how"], on=form.told_on.data, to=text["told_to"], by=me(), version=sent_version(form.version.data)
        )  # fmt: skip

    return _step(delivery, "tell", form, act, _("It is noted that the customer knows."))


@bp.post("/gifts/deliveries/<int:delivery_id>/way")
@requires(Permission.GIFT_STOCK, delivery=GiftDelivery)
def delivery_reroute(delivery: GiftDelivery) -> Any:
    """Let a gift go another way."""
    form = WayForm()

    def act() -> None:
        text = said(form, "way", "way_reason")
        delivery.reroute(text["way"], reason=text["way_reason"], by=me(), version=sent_version(form.version.data))

    return _step(delivery, "way", form, act, _("The way is changed."))


@bp.post("/gifts/deliveries/<int:delivery_id>/parcel")
@requires(Permission.GIFT_STOCK, delivery=GiftDelivery)
def delivery_send(delivery: GiftDelivery) -> Any:
    """Record that a gift was given to a carrier; its goods leave the stock."""
    form = SendForm()

    def act() -> None:
        text = said(form, "carrier", "tracking")
        delivery.send(**text, on=form.out_on.data, by=me(), version=sent_version(form.version.data))

    return _step(delivery, "send", form, act, _("It is sent; its goods have left the stock."))


@bp.post("/gifts/deliveries/<int:delivery_id>/receipt")
@requires(Permission.GIFT_DELIVER, delivery=GiftDelivery)
def delivery_receive(delivery: GiftDelivery) -> Any:
    """Record who received a gift, with the proof."""
    form = ReceiptForm().keep_drawn()

    def act() -> None:
        text, proofs = said(form, "received_by", "remark"), form.proofs(delivery)
        delivery.receive(
            received_by=text["received_by"], remark=text["remark"], on=form.received_on.data, picture=proofs["picture"],
            signature=proofs["signature"], by=me(), version=sent_version(form.version.data),
        )  # fmt: skip

    return _step(delivery, "receipt", form, act, _("It is received, and stands in the gift register."))


@bp.post("/gifts/deliveries/<int:delivery_id>/return")
@requires(Permission.GIFT_DELIVER, delivery=GiftDelivery)
def delivery_return(delivery: GiftDelivery) -> Any:
    """Give a gift up that has not gone out, or record that it came back; another customer can take the place."""
    form, waits = ReturnForm().about(delivery), delivery.state == WAITING

    def act() -> None:
        text = said(form, "reason")
        delivery.come_back(**text, intact=waits or bool(form["intact"].data), by=me(), version=sent_version(form.version.data))

    came_back = _("It came back. Another customer takes the place through a supplementary list.")
    given_up = _("The gift is given up. Another customer takes the place through a supplementary list.")
    return _step(delivery, "return", form, act, given_up if waits else came_back)


@bp.get("/gifts/deliveries/<int:delivery_id>/signature.png")
@requires(Permission.GIFT_DELIVER, delivery=GiftDelivery)
def delivery_signature(delivery: GiftDelivery) -> Response:
    """Answer the signature that was drawn when the gift was handed over."""
    if delivery.signature is None:
        abort(404)
    response = send_file(BytesIO(delivery.signature.content()), mimetype="image/png", download_name="signature.png", etag=False)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/gifts/deliveries/<int:delivery_id>/picture")
@requires(Permission.GIFT_DELIVER, delivery=GiftDelivery)
def delivery_picture(delivery: GiftDelivery) -> Response:
    """Answer the picture that was taken as proof, to be saved; written into the log (RO-7)."""
    if delivery.picture is None:
        abort(404)
    audit.write_view("downloaded", actor=me(), record=delivery, label=delivery.picture.filename)
    return download(delivery.picture)
