"""What deliveries of gifts ask of people, and what follows them elsewhere: inbox, hand-over, merge, erased cards (GF-5, GF-6, RO-5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, Select, func, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import aliased, joinedload

from portal import clock
from portal.database import db, transition
from portal.models import audit, gift_composing, gift_outcome, gift_register, hand_over_list, inbox
from portal.models.attachment import Attachment
from portal.models.customer import Customer
from portal.models.gift import Gift
from portal.models.gift_campaign import GiftCampaign, TierGift
from portal.models.gift_delivery import WAITING, GiftDelivery, live_of, lock
from portal.models.gift_list import APPROVED, DECLINED, DRAFT, GONE, LISTED, PROPOSED, REMOVED, REPLACED, RETURNED, GiftRecipient
from portal.models.gift_order import OPEN as ORDERED
from portal.models.gift_order import GiftOrder, GiftOrderLine
from portal.models.gift_run import LOADED, PLANNED, GiftRun
from portal.models.hand_over import goes_along
from portal.models.merge import clears, settles
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.message import N_, Refusal

TELL, SEND, RUN, LATE, BUY = "gift-to-tell", "gift-to-send", "gift-round", "gift-order-late", "gift-to-buy"
TITLES = {
    TELL: N_("Customer to be told of a gift"),
    SEND: N_("Gifts to be sent"),
    RUN: N_("Round with gifts"),
    LATE: N_("Order of gifts that is late"),
    BUY: N_("Gifts to be bought"),
}
_QUIET: dict[str, Any] = {"synchronize_session": False}
_TO_TELL = sql("gift_delivery.state = 'waiting' AND gift_delivery.way = 'post' AND gift_delivery.told_on IS NULL")
_TO_SEND = sql("gift_delivery.state = 'waiting' AND gift_delivery.way = 'post' AND gift_delivery.told_on IS NOT NULL")
_ORDERED = sql("gift_order.state = 'open'")
_WAITS = sql("gift_delivery.state = 'waiting'")
"""In these words SQLite knows the indexes of what is open."""


# --- inbox -----------------------------------------------------------------------------------------------------------------


def _to_send(user: Staff) -> Select[Any]:
    query = select(GiftDelivery.campaign_id).where(GiftDelivery.campaign_id > 0, _TO_SEND)  # the index of what is to be sent leads
    if not user.is_manager:
        query = query.where(GiftDelivery.seen_at_the_moment(user))
    return query.group_by(GiftDelivery.campaign_id)


def _rounds(user: Staff) -> list[Any]:
    return [GiftRun.staff_id == user.id, GiftRun.state.in_((PLANNED, LOADED)), GiftRun.day <= clock.today()]


def _late(user: Staff) -> list[Any]:
    return [_ORDERED, GiftOrder.expected_on < clock.today(), GiftOrder.ordered_by_id == user.id]


@cache
def _short() -> Select[Any]:
    """Return the gifts of which approved recipients wait for more than there is and is ordered, and how many pieces are missing."""
    waiting = select(GiftDelivery.tier_id, func.count().label("number")).where(_WAITS).group_by(GiftDelivery.tier_id).subquery()
    wanted = select(TierGift.gift_id, func.sum(TierGift.quantity * waiting.c.number).label("pieces"))
    wanted_ = wanted.join(waiting, waiting.c.tier_id == TierGift.tier_id).group_by(TierGift.gift_id).subquery()
    coming = select(func.coalesce(func.sum(GiftOrderLine.quantity - GiftOrderLine.received), 0))
    coming = coming.join(GiftOrder, GiftOrder.id == GiftOrderLine.order_id)
    ordered = coming.where(GiftOrderLine.gift_id == Gift.id, _ORDERED).scalar_subquery()
    missing = wanted_.c.pieces - Gift.in_stock - ordered
    return select(Gift.id, missing.label("missing")).join(wanted_, wanted_.c.gift_id == Gift.id).where(missing > 0)


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    if not user.may(Permission.GIFT_DELIVER):
        return
    one, campaign, run, order = GiftDelivery, GiftCampaign, GiftRun, GiftOrder
    mine = (one.staff_id == user.id, _TO_TELL)
    tells = select(*inbox.row(one.id, one.created_at, campaign.last_on)).join(campaign, campaign.id == one.campaign_id).where(*mine)
    yield inbox.Queue(TELL, [tells.order_by(one.id)], _tell_tells, counted=select(one.id).where(*mine))
    runs = select(*inbox.row(run.id, func.coalesce(run.loaded_at, run.created_at), run.day)).where(*_rounds(user))
    yield inbox.Queue(RUN, [runs.order_by(run.day, run.id)], _tell_runs)
    lates = select(*inbox.row(order.id, order.created_at, order.expected_on)).where(*_late(user))
    yield inbox.Queue(LATE, [lates.order_by(order.expected_on, order.id)], _tell_lates)  # of reps too, who took it over (RO-4)
    if user.may(Permission.GIFT_STOCK):
        sends = select(*inbox.row(campaign.id, campaign.created_at, campaign.last_on)).where(campaign.id.in_(_to_send(user)))
        yield inbox.Queue(SEND, [sends.order_by(campaign.id)], _tell_sends, counted=_to_send(user))
        short: Any = _short().with_only_columns(*inbox.row(Gift.id))
        yield inbox.Queue(BUY, [short], _tell_buys, timed=lambda *_said: (clock.now(), None))


def _said_of_told() -> Executable:
    its = GiftDelivery.customer, GiftDelivery.campaign
    query = select(GiftDelivery).where(GiftDelivery.id.in_(inbox.NUMBERS))
    return query.options(joinedload(its[0]).load_only(Customer.full_name), joinedload(its[1]).load_only(GiftCampaign.name))


def _tell_tells(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_of_told, numbers):
        yield one.id, inbox.Told(one.label, N_("Tell the customer by telephone or e-mail"), ("gifts.delivery", {"delivery_id": one.id}))


def _said_of_runs() -> Executable:
    return select(GiftRun).where(GiftRun.id.in_(inbox.NUMBERS))


def _tell_runs(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_of_runs, numbers):
        yield one.id, inbox.Told(one.label, N_("Hand the gifts over, and record who received them"), ("gifts.run", {"run_id": one.id}))


def _tell_sends(user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    some = _to_send(user).where(GiftDelivery.campaign_id.in_(numbers)).add_columns(func.count())
    rows = {row[0]: row[1] for row in db.session.execute(some)}
    for one in db.session.scalars(select(GiftCampaign).where(GiftCampaign.id.in_(rows))):
        page, what = ("gifts.deliveries", {"campaign": one.id, "step": "send"}), N_("%(count)s customers are told: send their gifts")
        yield one.id, inbox.Told(one.label, what, page, figures={"count": rows[one.id]})


def _said_of_lates() -> Executable:
    return select(GiftOrder).where(GiftOrder.id.in_(inbox.NUMBERS)).options(joinedload(GiftOrder.supplier))


def _tell_lates(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_of_lates, numbers):
        yield one.id, inbox.Told(one.label, N_("Ask the supplier, or end the order"), ("gifts.order", {"order_id": one.id}))


def _said_of_short() -> Executable:
    return _short().add_columns(Gift.name).where(Gift.id.in_(inbox.NUMBERS))


def _tell_buys(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for number, missing, name in inbox.records(_said_of_short, numbers):
        what = N_("%(count)s pieces are to be bought")
        yield number, inbox.Told(name, what, ("gifts.purchasing", {}), figures={"count": int(missing)})


inbox.source(_queues, lambda: TITLES)


# --- hand-over, merge --------------------------------------------------------------------------------------------------------


@goes_along
def _gifts_follow(customer_ids: list[int], to: Staff, _by: Staff) -> None:
    """Let whoever is in charge of these customers now tell them of their gifts (RO-5)."""
    _move(GiftDelivery.customer_id.in_(customer_ids), staff_id=to.id)


@settles
def _gifts_after_merge(ids: list[int]) -> None:
    """Let whoever is in charge of the surviving record tell the customer."""
    for customer_id, owner_id in db.session.execute(select(Customer.id, Customer.owner_id).where(Customer.id.in_(ids))).all():
        _move(GiftDelivery.customer_id == customer_id, staff_id=owner_id)


@clears
def _one_gift_each(survivor: Customer, loser: Customer, by: Staff) -> None:
    """Let two records that become one be given one gift in a campaign (GF-2): what is further on stays, else the survivor's.

    What is not delivered yet is let go, with its cap, its money and its place: a proposal, a line of a draft, an approved gift that waits.
    What both were given is history and stays. Raises `Refusal` naming the campaign where a gift is on the way; a list in
    approval keeps its customers from being merged like any document.
    """
    theirs, ours = aliased(GiftRecipient), aliased(GiftRecipient)
    query = select(theirs, ours).join(ours, ours.campaign_id == theirs.campaign_id)
    query = query.where(theirs.customer_id == loser.id, ours.customer_id == survivor.id)
    query = query.where(theirs.state.not_in((*GONE, RETURNED, REPLACED)), ours.state.not_in(GONE))
    pairs = db.session.execute(query.order_by(theirs.campaign_id)).all()
    ids = [one.campaign_id for one, _other in pairs]
    db.session.execute(
        select(GiftCampaign.id).where(GiftCampaign.id.in_(ids)).order_by(GiftCampaign.id).with_for_update(key_share=True)
    ).all()
    lock(GiftDelivery.customer_id.in_((survivor.id, loser.id)))
    for one, other in pairs:
        for recipient in (one, other):
            db.session.refresh(recipient)
        second = other if _FAR.get(other.state, _GIVEN) < _FAR.get(one.state, _GIVEN) else one
        if second.state in _FAR:
            _let_second_go(second, f"{loser.number} → {survivor.number}", by)


_FAR = {PROPOSED: 0, LISTED: 1, APPROVED: 2}
_GIVEN = 3
"""How far recipients are; what is in no state of these was given, or came back."""


def _let_second_go(one: GiftRecipient, reason: str, by: Staff) -> None:
    if one.state == PROPOSED:
        change = {"state": DECLINED, "end_reason": reason, "ended_by_id": by.id, "ended_at": clock.now(), "version": one.version + 1}
        transition(one, expect={"state": PROPOSED, "version": one.version}, change=change)
        audit.write("change", "gift-declined", actor=by, record=one, label=one.label, reason=reason)
    elif one.state == LISTED and one.on_list is not None:
        listed = one.on_list
        transition(listed, expect={"state": DRAFT}, change={"version": listed.version + 1})
        gift_composing.leave(listed, REMOVED, by=by, ids={one.id}, reason=reason)
        audit.write("change", "gift-list-changed", actor=by, record=listed, label=listed.label, reason=reason, taken_off=1)
    else:
        delivery = live_of(one)
        if delivery is None:
            gift_outcome.come_back(one, reason=reason, by=by)
        elif delivery.state == WAITING:
            delivery.give_up(reason=reason, by=by)
        else:
            text = N_("Both records stand in the gift campaign “%(campaign)s”, and a gift is on the way. Record first what came of it.")
            raise Refusal(text, campaign=one.campaign.name)


def take_over(gone: Staff, to: Staff) -> int:
    """Give `to` what somebody who leaves was to tell, the rounds that they were to make, and their open orders (RO-4).

    Return how many rounds. Whoever placed an order stays among those who do not receive what comes of it (RO-3).
    """
    for order in db.session.scalars(select(GiftOrder).where(*_open_orders(gone)).order_by(GiftOrder.id)).all():
        order.pass_on(to)
    mine = (GiftRun.staff_id == gone.id, GiftRun.state.in_((PLANNED, LOADED)))
    step = update(GiftRun).where(*mine).values(staff_id=to.id, version=GiftRun.version + 1)
    moved: int = db.session.execute(step, execution_options=_QUIET).rowcount  # type: ignore[attr-defined]
    _move(GiftDelivery.staff_id == gone.id, staff_id=to.id)
    _forget_loaded()
    return moved


def _move(*which: Any, **values: Any) -> None:
    db.session.flush()
    step = update(GiftDelivery).where(GiftDelivery.state == WAITING, *which).values(**values)
    db.session.execute(step, execution_options=_QUIET)
    _forget_loaded()


def _forget_loaded() -> None:
    for one in list(db.session.identity_map.values()):
        if isinstance(one, (GiftDelivery, GiftRun)):
            db.session.expire(one)


def in_hand(of: Staff) -> Any:
    """Return the rounds that somebody is to make, as rows for the hand-over list."""
    query: Any = select(GiftRun.id, GiftRun.route, GiftRun.driver, GiftRun.day)
    return query.where(GiftRun.staff_id == of.id, GiftRun.state.in_((PLANNED, LOADED))).order_by(GiftRun.day, GiftRun.id)


hand_over_list.declare(
    hand_over_list.Part(
        "gift-rounds",
        N_("Rounds with gifts"),
        N_("They go to who takes over."),
        (
            hand_over_list.Column("route", N_("Route")),
            hand_over_list.Column("driver", N_("Driver and car"), "s-w5", ""),
            hand_over_list.Column("day", N_("Date"), "s-w4", "middle"),
        ),
        count=lambda of: db.session.scalar(select(func.count()).select_from(in_hand(of).order_by(None).subquery())) or 0,
        rows=lambda of, limit: [
            {"id": row.id, "route": row.route, "driver": row.driver, "day": row.day.isoformat()}
            for row in db.session.execute(in_hand(of).limit(limit))
        ],
        page=lambda number: ("gifts.run", {"run_id": number}),
        model=GiftRun,
    )
)


def _open_orders(of: Staff) -> tuple[Any, ...]:
    return GiftOrder.ordered_by_id == of.id, GiftOrder.state == ORDERED


def _order_rows(of: Staff, limit: int | None) -> list[dict[str, Any]]:
    query = select(GiftOrder).where(*_open_orders(of)).options(joinedload(GiftOrder.supplier)).order_by(GiftOrder.expected_on, GiftOrder.id)
    return [
        {"id": one.id, "supplier": one.supplier.name, "ordered_on": one.ordered_on.isoformat(), "expected_on": one.expected_on.isoformat()}
        for one in db.session.scalars(query.limit(limit))
    ]


hand_over_list.declare(
    hand_over_list.Part(
        "gift-orders",
        N_("Orders of gifts"),
        N_("They go to who takes over."),
        (
            hand_over_list.Column("supplier", N_("Supplier")),
            hand_over_list.Column("ordered_on", N_("Ordered on"), "s-w4", "middle"),
            hand_over_list.Column("expected_on", N_("Expected by"), "s-w4", "middle"),
        ),
        count=lambda of: db.session.scalar(select(func.count()).select_from(GiftOrder).where(*_open_orders(of))) or 0,
        rows=_order_rows,
        page=lambda number: ("gifts.order", {"order_id": number}),
        model=GiftOrder,
    )
)


# --- erased cards --------------------------------------------------------------------------------------------------------------


def forget(customer_ids: Collection[int]) -> set[str]:
    """Take names, addresses and proofs out of the deliveries and the register of erased cards; days and amounts stay (AR-11).

    Return the contents to take out of the store.
    """
    which = GiftDelivery.customer_id.in_(customer_ids)
    kept = db.session.execute(select(GiftDelivery.picture_id, GiftDelivery.signature_id).where(which)).all()
    gone = list(db.session.scalars(select(Attachment).where(Attachment.id.in_({number for row in kept for number in row if number}))))
    digests = {one.sha256 for one in gone}
    blank: dict[str, Any] = dict.fromkeys(("told_to", "address", "received_by", "remark", "return_reason", "way_reason"), "")
    db.session.execute(update(GiftDelivery).where(which).values(**blank, picture_id=None, signature_id=None), execution_options=_QUIET)
    for one in gone:
        db.session.delete(one)
    gift_register.forget(customer_ids)
    _forget_loaded()
    return digests
