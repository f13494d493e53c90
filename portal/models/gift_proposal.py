"""Proposals of recipients (GF-2): a rep proposes their own customers, a manager permits government bodies, the supervisor takes them up.

A proposal takes neither a place nor a part of the yearly cap; it becomes a recipient when it is put on a list (`gift_composing.put_on`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit, history
from portal.models.customer import Customer
from portal.models.gift_campaign import OPEN, GiftCampaign, GiftTier
from portal.models.gift_composing import can_compose, check_person
from portal.models.gift_judging import judge, needs_permit
from portal.models.gift_list import DECLINED, PROPOSED, GiftRecipient
from portal.models.notice import notify
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.gifts import LONGEST_LINE, LONGEST_TEXT
from portal.rules.message import N_, Message, Refusal


def can_propose(campaign: GiftCampaign, user: Staff) -> bool:
    """Return whether `user`, who sees the campaign, may propose customers for it."""
    return campaign.state == OPEN and user.may(Permission.GIFT_PROPOSE)


def propose(tier: GiftTier, customer: Customer, values: Mapping[str, Any], *, by: Staff) -> GiftRecipient:
    """Propose a customer in scope for a tier and return the proposal, flushed: `values` are person, post, official, reason (GF-2).

    What could not be put on a list is refused at once; a government body or an official waits for a manager's permit.
    Raises `Refusal` with the field, `StateConflict`.
    """
    campaign = tier.campaign
    if not can_propose(campaign, by):
        raise StateConflict(f"gift campaign {campaign.id}")
    check_person(values)
    for refusal in judge(tier, [customer.id], permitted=[customer.id]).refused.values():
        raise refusal.at("customer")
    found = GiftRecipient(
        campaign_id=campaign.id, tier_id=tier.id, customer=customer, person=values["person"][:LONGEST_LINE],
        post=(values["post"] or "")[:LONGEST_LINE], official=bool(values["official"]), reason=values["reason"][:LONGEST_TEXT],
        amount=tier.amount, state=PROPOSED, proposed_by_id=by.id,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(found)
    except IntegrityError as error:
        raise Refusal("This customer is proposed for this campaign already.", field="customer") from error
    audit.write("change", "gift-proposed", actor=by, record=found, label=found.label, reason=found.reason[:LONGEST_LINE])
    return found


def waits_for_permit(recipient: Any) -> bool:
    """Return whether a proposal, a recipient or its line in a list, needs a manager's permit that it does not have."""
    needs = needs_permit(recipient.customer, official=recipient.official)
    return recipient.state == PROPOSED and recipient.permitted_by_id is None and needs


def permit(recipient: GiftRecipient, *, reason: str, by: Staff) -> None:
    """Permit a proposal for a government body or an official (GF-2). Raises `Refusal` without a reason, `StateConflict`."""
    if not waits_for_permit(recipient) or not by.may(Permission.GIFT_PERMIT):
        raise StateConflict(f"gift recipient {recipient.id}")
    if recipient.proposed_by_id == by.id:
        raise Refusal("Somebody else permits what you have proposed yourself.", field="permit_reason")
    if not reason.strip():
        raise Refusal("Say why.", field="permit_reason")
    change = {"permitted_by_id": by.id, "permit_reason": reason[:LONGEST_TEXT], "version": recipient.version + 1}
    transition(recipient, expect={"state": PROPOSED, "permitted_by_id": None, "version": recipient.version}, change=change)
    audit.write("change", "gift-permitted", actor=by, record=recipient, label=recipient.label, reason=reason[:LONGEST_LINE])


def can_take_back(recipient: GiftRecipient, user: Staff) -> bool:
    """Return whether `user`, who sees the proposal, may let it go: who made it, who is in charge now (RO-5), or who composes the lists."""
    theirs = user.id in (recipient.proposed_by_id, recipient.customer.owner_id)
    return recipient.state == PROPOSED and (theirs or can_compose(recipient.campaign, user))


def decline(recipient: GiftRecipient, *, reason: str, by: Staff) -> None:
    """Let a proposal go. Raises `Refusal` without a reason, `StateConflict`."""
    if not can_take_back(recipient, by):
        raise StateConflict(f"gift recipient {recipient.id}")
    if not reason.strip():
        raise Refusal("Say why.", field="end_reason")
    change = {
        "state": DECLINED, "end_reason": reason[:LONGEST_TEXT], "ended_by_id": by.id, "ended_at": clock.now(),
        "version": recipient.version + 1,
    }  # fmt: skip
    transition(recipient, expect={"state": PROPOSED, "version": recipient.version}, change=change)
    audit.write("change", "gift-declined", actor=by, record=recipient, label=recipient.label, reason=reason[:LONGEST_LINE])
    proposer = db.session.get(Staff, recipient.proposed_by_id) if recipient.proposed_by_id else None
    if proposer is not None and proposer.id != by.id:
        text = N_("%(name)s did not take up your proposal of %(customer)s for “%(campaign)s”: %(reason)s")
        figures = {"name": by.name, "customer": recipient.customer.full_name, "campaign": recipient.campaign.name, "reason": reason}
        notify(proposer, Message(text, figures), link=recipient.link)


for _name, _title in (
    ("gift-proposed", N_("Gift proposed")),
    ("gift-permitted", N_("Gift to a government body or official permitted")),
    ("gift-declined", N_("Proposal of a gift not taken up")),
):
    history.action("GiftRecipient", _name, _title)
