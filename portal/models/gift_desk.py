"""What gift campaigns ask of people, and what follows them elsewhere: inbox, home, disposal, erased cards (GF-1, GF-2, IN-1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, Select, bindparam, delete, exists, func, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.sql.functions import FunctionElement

from portal.database import db
from portal.models import benefit, inbox
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.gift_campaign import OPEN, GiftCampaign
from portal.models.gift_delivery import SEARCH, GiftDelivery
from portal.models.gift_list import APPROVED, GONE, LISTED, PROPOSED, RETURNED, GiftRecipient, GiftRefusal
from portal.models.register_indexes import GOVERNMENT
from portal.models.staff import Staff
from portal.models.standard_effects import touching
from portal.permissions import Permission
from portal.rules.gift_standards import CAP, CAP_GOVERNMENT, most_amount, most_number
from portal.rules.gifts import TIERS
from portal.rules.message import N_, Message

PROPOSALS, PERMITS, PLACES = "gift-proposals", "gift-permits", "gift-places"
_TITLES = {
    PROPOSALS: N_("Proposals for gift lists"),
    PERMITS: N_("Gifts to government bodies and officials"),
    PLACES: N_("Places of gifts that came back"),
}
_WHAT = {
    PROPOSALS: N_("%(count)s customers are proposed: put them on a list, or do not take them up"),
    PERMITS: N_("Permit the gift, or do not take it up"),
    PLACES: N_("%(count)s gifts came back: fill their places by a supplementary list"),
}
_QUIET = {"synchronize_session": False}
_UNPERMITTED = sql("gift_recipient.state = 'proposed' AND gift_recipient.permitted_by_id IS NULL")
"""In these words SQLite knows the index of proposals without a permit."""


# --- inbox -----------------------------------------------------------------------------------------------------------------


def _composed_by(user: Staff) -> list[ColumnElement[bool]]:
    """Return the conditions on campaigns under way whose lists are for `user` to compose."""
    team = GiftCampaign.team_id.is_(None) if user.is_manager else GiftCampaign.team_id == (user.team_id or 0)
    return [GiftCampaign.state == OPEN, team]


@cache
def _free_place() -> ColumnElement[bool]:
    other = aliased(GiftRecipient)
    filled = exists().where(other.replaces_id == GiftRecipient.id, other.state.not_in(GONE))
    return (GiftRecipient.campaign_id == GiftCampaign.id) & (GiftRecipient.state == RETURNED) & ~filled


@cache
def _proposed() -> ColumnElement[bool]:
    return (GiftRecipient.campaign_id == GiftCampaign.id) & (GiftRecipient.state == PROPOSED)


class IsGovernment(FunctionElement[Any]):
    """The condition that a column, the id of a customer, names a government body: thousands are proposed, few are one of these.

    Their small index answers; SQLite would look each customer up.
    """

    inherit_cache = True


@compiles(IsGovernment)
def _is_government(element: Any, compiler: Any, **kw: Any) -> str:
    column = compiler.process(next(iter(element.clauses)), **kw)
    by = " INDEXED BY ix_customer_government" if compiler.dialect.name == "sqlite" else ""
    return f"EXISTS (SELECT 1 FROM customer AS body{by} WHERE body.{GOVERNMENT.text} AND body.id = {column})"  # noqa: S608 - of compiled parts


@cache
def _to_permit() -> Select[Any]:
    """Return proposals of campaigns under way for government bodies or officials that no manager has permitted yet."""
    query = select(GiftRecipient.id).join(GiftCampaign, GiftCampaign.id == GiftRecipient.campaign_id)
    return query.where(GiftCampaign.state == OPEN, _UNPERMITTED, or_(GiftRecipient.official, IsGovernment(GiftRecipient.customer_id)))


def _campaigns(user: Staff, some: ColumnElement[bool]) -> list[Select[Any]]:
    first = select(GiftRecipient.created_at).where(some).order_by(GiftRecipient.id).limit(1).correlate(GiftCampaign).scalar_subquery()
    query = select(*inbox.row(GiftCampaign.id, first)).where(*_composed_by(user), exists().where(some))
    return [query.order_by(GiftCampaign.id)]


def _tell_campaigns(kind: str, _user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    some = _proposed() if kind == PROPOSALS else _free_place()
    query = select(GiftCampaign, func.count(GiftRecipient.id)).join(GiftRecipient, some).where(GiftCampaign.id.in_(numbers))
    for one, count in db.session.execute(query.group_by(GiftCampaign.id)):
        yield one.id, inbox.Told(one.label, _WHAT[kind], ("gifts.campaign", {"campaign_id": one.id}), figures={"count": count})


def _said_of_permits() -> Executable:
    query = select(GiftRecipient).where(GiftRecipient.id.in_(inbox.NUMBERS))
    return query.options(
        joinedload(GiftRecipient.customer).load_only(Customer.full_name),
        joinedload(GiftRecipient.campaign).load_only(GiftCampaign.name),
        joinedload(GiftRecipient.proposed_by).load_only(Staff.name),
    )


def _tell_permits(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_of_permits, numbers):
        page, who = ("gifts.recipient", {"recipient_id": one.id}), one.proposed_by.name if one.proposed_by else ""
        yield one.id, inbox.Told(one.label, _WHAT[PERMITS], page, who)


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    if not user.may(Permission.GIFT_COMPOSE):
        return
    for kind, some in ((PROPOSALS, _proposed()), (PLACES, _free_place())):
        yield inbox.Queue(kind, _campaigns(user, some), partial(_tell_campaigns, kind))
    if user.may(Permission.GIFT_PERMIT):
        permits = _to_permit().where(GiftRecipient.proposed_by_id != user.id)
        rows: Any = permits.with_only_columns(*inbox.row(GiftRecipient.id, GiftRecipient.created_at)).order_by(GiftRecipient.id)
        yield inbox.Queue(PERMITS, [rows], _tell_permits)


inbox.source(_queues, lambda: _TITLES)


# --- home ------------------------------------------------------------------------------------------------------------------


class Running(NamedTuple):
    """The budget of the campaigns under way together, in yuan."""

    campaigns: int
    budget: Decimal
    approved: Decimal
    spent: Decimal


def running(user: Staff) -> Running | None:
    """Return the budget of the campaigns under way that `user` composes or, being a manager, approves; None without any (IN-1)."""
    if not user.may(Permission.GIFT_COMPOSE):
        return None
    row = db.session.execute(_running(user.is_manager), {"team": user.team_id or 0}).one()
    return Running(row[0], *row[1:]) if row[0] else None


@cache
def _running(of_all: bool) -> Select[Any]:
    columns = [func.sum(getattr(GiftCampaign, name)) for name in ("budget", "approved", "spent")]
    query: Any = select(func.count(), *columns).where(GiftCampaign.state == OPEN)
    if not of_all:
        query = query.where(or_(GiftCampaign.team_id.is_(None), GiftCampaign.team_id == bindparam("team")))
    return query  # type: ignore[no-any-return]


# --- what a change of the standards touches -----------------------------------------------------------------------------------


@touching(CAP, CAP_GOVERNMENT)
def _caps(_before: Any, value: Any, day: date) -> Iterator[Message]:
    given = benefit.BenefitYear
    count = db.session.scalar(select(func.count()).where(given.year == day.year, given.kept > Decimal(value))) or 0
    text = N_("%(count)s customers were given or promised more than that in %(year)s already; they keep it and are given nothing more.")
    yield Message(text, {"count": count, "year": day.year})


@touching(*(name(code) for code in TIERS for name in (most_amount, most_number)))
def _tiers(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
    count = db.session.scalar(select(func.count()).where(GiftCampaign.state == OPEN)) or 0
    yield Message(N_("%(count)s campaigns under way keep the standards that they began with."), {"count": count})


# --- disposal, erased cards ------------------------------------------------------------------------------------------------


@blocker
def _open_gifts(disposal: Disposal) -> Iterable[Message]:
    return left_open([customer.id for customer in disposal.customers])


def left_open(customer_ids: Collection[int]) -> list[Message]:
    """Return in words in which campaigns customers stand whose gift is neither delivered nor given up."""
    open_ = (GiftRecipient.customer_id.in_(customer_ids), GiftRecipient.state.in_((PROPOSED, LISTED, APPROVED)))
    query = select(GiftRecipient).where(*open_)
    query = query.options(joinedload(GiftRecipient.customer), joinedload(GiftRecipient.campaign))
    text = N_("%(customer)s stands in the gift campaign “%(campaign)s”, and its gift is neither delivered nor given up.")
    return [
        Message(text, {"customer": one.customer.full_name, "campaign": one.campaign.name})
        for one in db.session.scalars(query.order_by(GiftRecipient.id))
    ]


def forget(customer_ids: Collection[int]) -> None:
    """Take names and words out of the gifts of cards that are erased; campaigns, amounts and days stay (AR-11)."""
    which = GiftRecipient.customer_id.in_(customer_ids)
    blank: dict[str, Any] = dict.fromkeys(("person", "post", "reason", "permit_reason", "end_reason"), "")
    db.session.execute(update(GiftRecipient).where(which).values(**blank), execution_options=_QUIET)
    SEARCH.index_many(db.session.scalars(select(GiftDelivery.id).where(GiftDelivery.customer_id.in_(customer_ids))).all())
    db.session.execute(delete(GiftRefusal).where(GiftRefusal.customer_id.in_(customer_ids)), execution_options=_QUIET)
