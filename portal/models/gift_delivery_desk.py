"""What deliveries of gifts ask of people, and what follows them elsewhere: inbox, hand-over, merge, erased cards (GF-5, GF-6, RO-5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, Select, func, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import gift_register, hand_over_list, inbox
from portal.models.attachment import Attachment
from portal.models.customer import Customer
from portal.models.gift import Gift
from portal.models.gift_campaign import GiftCampaign, TierGift
from portal.models.gift_delivery import WAITING, GiftDelivery
from portal.models.gift_order import GiftOrder, GiftOrderLine
from portal.models.gift_run import LOADED, PLANNED, GiftRun
from portal.models.hand_over import goes_along
from portal.models.merge import settles
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.message import N_

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
    if user.may(Permission.GIFT_STOCK):
        sends = select(*inbox.row(campaign.id, campaign.created_at, campaign.last_on)).where(campaign.id.in_(_to_send(user)))
        yield inbox.Queue(SEND, [sends.order_by(campaign.id)], _tell_sends, counted=_to_send(user))
        lates = select(*inbox.row(order.id, order.created_at, order.expected_on)).where(*_late(user))
        yield inbox.Queue(LATE, [lates.order_by(order.expected_on, order.id)], _tell_lates)
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


def take_over(gone: Staff, to: Staff) -> int:
    """Give what somebody who leaves was to tell, and the rounds that they were to make, to `to`; return how many rounds (RO-4)."""
    _move(GiftDelivery.staff_id == gone.id, staff_id=to.id)
    mine = (GiftRun.staff_id == gone.id, GiftRun.state.in_((PLANNED, LOADED)))
    step = update(GiftRun).where(*mine).values(staff_id=to.id, version=GiftRun.version + 1)
    moved: int = db.session.execute(step, execution_options=_QUIET).rowcount  # type: ignore[attr-defined]
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
