"""What becomes of approved recipients, and of a campaign that is cancelled (GF-6, GF-7).

Delivery tells here what happened to a gift: `deliver` when it was handed over, `come_back` when it was not or was sent back. Both move the
budget; a gift that came back gives back its part of the yearly cap, and its place can be filled by a supplementary list.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select, update

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit, benefit, gift_budget, gift_delivery, history
from portal.models.approval import Approval
from portal.models.gift_campaign import CANCELLED, OPEN, GiftCampaign
from portal.models.gift_composing import forget_loaded, let_go
from portal.models.gift_list import (
    APPROVED,
    DELIVERED,
    DRAFT,
    NAME,
    PENDING,
    PROPOSED,
    REMOVED,
    RETURNED,
    GiftList,
    GiftRecipient,
)
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.gifts import LONGEST_LINE, LONGEST_TEXT
from portal.rules.message import N_, Refusal

_QUIET = {"synchronize_session": False}


def deliver(recipient: GiftRecipient, *, on: date, by: Staff) -> None:
    """Note that the gift was handed over on a day: what was committed is spent now (GF-7). Raises `StateConflict`, `Refusal`."""
    change = {"state": DELIVERED, "delivered_on": on, "version": recipient.version + 1}
    transition(recipient, expect={"state": APPROVED, "version": recipient.version}, change=change)
    gift_budget.book(recipient.tier, committed=-recipient.amount, spent=recipient.amount)
    audit.write("change", "gift-delivered", actor=by, record=recipient, label=recipient.label, effective_on=on.isoformat())


def come_back(recipient: GiftRecipient, *, reason: str, by: Staff) -> None:
    """Note that an approved gift was not taken, or a delivered one was sent back (GF-6): cap and money are free again, the place stays.

    Raises `Refusal` without a reason, `StateConflict` where the gift is neither approved nor delivered.
    """
    if not reason.strip():
        raise Refusal("Say why.", field="reason")
    before = recipient.state
    if before not in (APPROVED, DELIVERED):
        raise StateConflict(f"gift recipient {recipient.id}")
    change = {
        "state": RETURNED, "delivered_on": None, "end_reason": reason[:LONGEST_TEXT], "ended_by_id": by.id, "ended_at": clock.now(),
        "version": recipient.version + 1,
    }  # fmt: skip
    transition(recipient, expect={"state": before, "version": recipient.version}, change=change)
    figure: Any = {"committed" if before == APPROVED else "spent": -recipient.amount}
    gift_budget.book(recipient.tier, **figure)
    benefit.give_back(benefit.GIFT, recipient.id)
    gift_delivery.let_go(recipient)
    audit.write("change", "gift-returned", actor=by, record=recipient, label=recipient.label, reason=reason[:LONGEST_LINE])


def can_cancel(campaign: GiftCampaign, user: Staff) -> bool:
    """Return whether `user`, who sees the campaign, may cancel it."""
    return campaign.can_edit(user) and user.may(Permission.GIFT_COMPOSE)


def cancel(campaign: GiftCampaign, *, reason: str, by: Staff, version: int) -> None:
    """Cancel a campaign: what is not delivered is given no more, its money and caps are free; what is delivered stays counted.

    Raises `Refusal` without a reason or while a list is in approval, `StateConflict`.
    """
    if not can_cancel(campaign, by) or campaign.version != version:
        raise StateConflict(f"gift campaign {campaign.id}")
    if not reason.strip():
        raise Refusal("Say why.", field="reason")
    change = {
        "state": CANCELLED, "end_reason": reason[:LONGEST_TEXT], "ended_by_id": by.id, "ended_at": clock.now(), "version": version + 1,
    }  # fmt: skip
    transition(campaign, expect={"state": OPEN, "version": version}, change=change)
    lists = list(db.session.scalars(select(GiftList).where(GiftList.campaign_id == campaign.id).order_by(GiftList.id)))
    if any(one.state == PENDING for one in lists):
        raise Refusal("A list of this campaign is in approval. It is decided or withdrawn first.")
    for listed in lists:
        if listed.state == DRAFT:
            came_back = Approval.live_for(NAME, listed.id)
            if came_back is not None:
                came_back.let_go(reason, by=by)
            else:
                let_go(listed, by=by, reason=reason)
    gift_delivery.drop(campaign)
    _let_go(campaign, reason, by)
    audit.write("change", "gift-campaign-cancelled", actor=by, record=campaign, label=campaign.label, reason=reason[:LONGEST_LINE])


def _let_go(campaign: GiftCampaign, reason: str, by: Staff) -> None:
    """Let all recipients go whose gift is not delivered, with their places, money and caps."""
    query = select(GiftRecipient.id, GiftRecipient.tier_id, GiftRecipient.state, GiftRecipient.amount)
    open_ = (APPROVED, RETURNED, PROPOSED)
    rows = db.session.execute(query.where(GiftRecipient.campaign_id == campaign.id, GiftRecipient.state.in_(open_))).all()
    change = {
        "state": REMOVED, "end_reason": reason[:LONGEST_TEXT], "ended_by_id": by.id, "ended_at": clock.now(),
        "version": GiftRecipient.version + 1,
    }  # fmt: skip
    step = update(GiftRecipient).where(GiftRecipient.campaign_id == campaign.id, GiftRecipient.state.in_(open_))
    if db.session.execute(step.values(**change), execution_options=_QUIET).rowcount != len(rows):  # type: ignore[attr-defined]
        raise StateConflict(f"gift campaign {campaign.id}")
    forget_loaded()
    for tier in campaign.in_order:
        held = [row for row in rows if row.tier_id == tier.id and row.state != PROPOSED]
        if held:
            committed = sum((row.amount for row in held if row.state == APPROVED), gift_budget.NOTHING)
            approved = sum((row.amount for row in held), gift_budget.NOTHING)
            gift_budget.take_places(tier, -len(held))
            gift_budget.book(tier, approved=-approved, committed=-committed)
    benefit.give_back_many(benefit.GIFT, [row.id for row in rows])


for _name, _title in (
    ("gift-delivered", N_("Gift delivered")),
    ("gift-returned", N_("Gift came back")),
    ("gift-approved", N_("Gift approved")),
):
    history.action("GiftRecipient", _name, _title)
