"""Rounds of our own people: planned, filled with deliveries, loaded by four eyes, and the day's list on a telephone (GF-6)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.blueprints.gifts import bp
from portal.blueprints.gifts.delivery_forms import RunForm, none_chosen
from portal.blueprints.gifts.goods_forms import sent_version
from portal.database import StateConflict, db
from portal.i18n import translate
from portal.models import gift_delivery, gift_stops, history
from portal.models import gift_delivery_list as delivery_list
from portal.models.gift_delivery import GiftDelivery
from portal.models.gift_delivery_list import DeliveryQuery, contacts_of
from portal.models.gift_run import LOADED, PLANNED, STATES, GiftRun
from portal.models.gift_stops import stops_of
from portal.permissions import Permission, ensure, requires
from portal.saving import saving
from portal.sessions import me

SHOWN = 100
OFFERED = 200


@bp.get("/gifts/runs")
@requires(Permission.GIFT_DELIVER)
def runs() -> Any:
    """Show the rounds that the reader sees, the latest day first."""
    query = GiftRun.visible_to(me()).options(joinedload(GiftRun.staff)).order_by(GiftRun.day.desc(), GiftRun.id.desc()).limit(SHOWN)
    found = db.session.scalars(query).all()
    return render_template("gifts/runs.html", runs=found, states=STATES, counts=_counts([one.id for one in found]), today=clock.today())


def _counts(ids: list[int]) -> dict[int, tuple[int, int]]:
    """Return for each round how many stops it has, and how many of them are done."""
    found: dict[int, tuple[int, int]] = {}
    query = select(GiftDelivery.run_id, GiftDelivery.state).where(GiftDelivery.run_id.in_(ids))
    for row in db.session.execute(query):
        run_id, state = row[0] or 0, row[1]
        stops, done = found.get(run_id, (0, 0))
        found[run_id] = (stops + 1, done + (state in ("received", "returned")))
    return found


@bp.get("/gifts/day")
@requires(Permission.GIFT_DELIVER)
def day() -> Any:
    """Show the reader's rounds that are not done yet, with what to hand over: made for a telephone."""
    query = GiftRun.visible_to(me()).where(GiftRun.staff_id == me().id, GiftRun.state.in_((PLANNED, LOADED)))
    found = db.session.scalars(query.order_by(GiftRun.day, GiftRun.id).limit(20)).all()
    stops = {one.id: stops_of(one) for one in found}
    contacts = contacts_of([stop for some in stops.values() for stop in some])
    return render_template(
        "gifts/day.html",
        runs=found,
        stops=stops,
        contacts=contacts,
        states=STATES,
        delivery_states=gift_delivery.STATES,
        today=clock.today(),
    )


@bp.route("/gifts/runs/new", methods=["GET", "POST"])
@requires(Permission.GIFT_STOCK)
def run_new() -> Any:
    """Plan a round; the address may say its day."""
    if request.method == "GET":
        return _form(RunForm(formdata=None, day=_day(request.args.get("day", ""))).offer())
    form = RunForm().offer()
    if form.validate():
        with saving(form.refuse) as saved:
            run = GiftRun.plan(**form.values(), by=me())
        if saved:
            flash(_("The round is planned. Choose what goes along."), "ok")
            return redirect(url_for("gifts.run", run_id=run.id), 303)
    return _form(form, status=422)


def _day(text: str) -> date:
    try:
        return max(date.fromisoformat(text), clock.today())
    except ValueError:
        return clock.today()


@bp.route("/gifts/runs/<int:run_id>/edit", methods=["GET", "POST"])
@requires(Permission.GIFT_STOCK, run=GiftRun)
def run_edit(run: GiftRun) -> Any:
    """Change a planned round."""
    if request.method == "GET":
        return _form(RunForm(formdata=None).offer(run).fill(run), run)
    form, number = RunForm().offer(run), run.id
    if form.validate():
        with saving(form.refuse) as saved:
            run.change(**form.values(), by=me(), version=sent_version(form.version.data))
        if saved:
            flash(_("The round is changed."), "ok")
            return redirect(url_for("gifts.run", run_id=number), 303)
    return _form(form, db.session.get_one(GiftRun, number), 422)


def _form(form: RunForm, run: GiftRun | None = None, status: int = 200) -> Any:
    return render_template("gifts/run_form.html", form=form, run=run), status


@bp.get("/gifts/runs/<int:run_id>")
@requires(Permission.GIFT_DELIVER, run=GiftRun)
def run(run: GiftRun) -> Any:
    """Show a round: its stops in their order, on a telephone too; for who plans it, what could go along."""
    return _page(run)


def _page(run: GiftRun, wrong: str = "", status: int = 200) -> Any:
    user = me()
    stops = stops_of(run)
    can = {"edit": run.can_edit(user), "load": run.can_load(user)}
    offered: list[GiftDelivery] = []
    if can["edit"]:
        ids = delivery_list.LIST.ids(user, DeliveryQuery({"step": "round"}), OFFERED)[:OFFERED]
        offered = delivery_list.LIST.records(ids)
        offered.sort(key=lambda one: (one.customer.route or "~", one.customer.route_order or 0, one.customer.city, one.customer.street))
    page = render_template(
        "gifts/run.html",
        run=run,
        stops=stops,
        offered=offered,
        contacts=contacts_of(stops),
        states=STATES,
        delivery_states=gift_delivery.STATES,
        wrong=wrong,
        today=clock.today(),
        events=[(one, history.title_of(one)) for one in history.of_record("GiftRun", run.id, limit=20)],
        can=can,
    )
    return page, status


def _act(run: GiftRun, act: Any, done: Any) -> Any:
    number = run.id
    with saving() as saved:
        result = act()
    if saved.refusal:
        return _page(db.session.get_one(GiftRun, number), translate(saved.refusal.message), 422)
    flash(done(result), "ok")
    return redirect(url_for("gifts.run", run_id=number), 303)


@bp.post("/gifts/runs/<int:run_id>/stops")
@requires(Permission.GIFT_STOCK, run=GiftRun)
def run_fill(run: GiftRun) -> Any:
    """Let chosen deliveries go along, behind those that do."""
    numbers = {int(text) for text in request.form.getlist("delivery")[:OFFERED] if text.isdecimal() and len(text) < 10}
    if not numbers:
        return _page(run, none_chosen(), 422)
    query = GiftDelivery.visible_to(me()).where(GiftDelivery.id.in_(numbers)).options(*gift_delivery.LOADED_WITH)
    found = list(db.session.scalars(query).unique())
    found.sort(key=lambda one: (one.customer.route or "~", one.customer.route_order or 0, one.customer.city, one.customer.street))
    return _act(run, lambda: gift_stops.fill(run, found, by=me()), lambda count: _("%(count)s gifts go along.", count=count))


@bp.post("/gifts/runs/<int:run_id>/stops/<int:delivery_id>/removal")
@requires(Permission.GIFT_STOCK, run=GiftRun, delivery=GiftDelivery)
def run_leave(run: GiftRun, delivery: GiftDelivery) -> Any:
    """Take a stop off a planned round; it waits for another one."""
    ensure(delivery.run_id == run.id)
    return _act(run, lambda: gift_stops.take_off(run, delivery, by=me()), lambda _none: _("It is taken off the round."))


@bp.post("/gifts/runs/<int:run_id>/stops/<int:delivery_id>/place")
@requires(Permission.GIFT_STOCK, run=GiftRun, delivery=GiftDelivery)
def run_place(run: GiftRun, delivery: GiftDelivery) -> Any:
    """Put a stop one place earlier or later."""
    ensure(delivery.run_id == run.id)
    ids = [one.id for one in stops_of(run)]
    if delivery.id not in ids:
        raise StateConflict(f"gift delivery {delivery.id}")
    place = ids.index(delivery.id)
    to = place - 1 if request.form.get("to") == "earlier" else place + 1
    if 0 <= to < len(ids):
        ids[place], ids[to] = ids[to], ids[place]
    return _act(run, lambda: gift_stops.reorder(run, ids, by=me()), lambda _none: _("The order is changed."))


@bp.post("/gifts/runs/<int:run_id>/loading")
@requires(Permission.GIFT_STOCK, run=GiftRun)
def run_load(run: GiftRun) -> Any:
    """Hand out the goods of a round: not by who carries them."""
    ensure(run.staff_id != me().id)
    return _act(run, lambda: run.load(by=me()), lambda count: _("The goods of %(count)s stops are handed out.", count=count))


@bp.post("/gifts/runs/<int:run_id>/cancellation")
@requires(Permission.GIFT_STOCK, run=GiftRun)
def run_cancel(run: GiftRun) -> Any:
    """Cancel a planned round; what was to go along waits for another one."""
    return _act(run, lambda: run.cancel(by=me()), lambda _none: _("The round is cancelled."))
