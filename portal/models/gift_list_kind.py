"""A gift list as a document that is signed (AP-3, GF-4): what is frozen, and what its decisions do.

Whoever composed the list, and whoever proposed a customer on it, is among its authors and signs nothing of it (RO-3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit, benefit, gift_budget, gift_delivery, history
from portal.models.approval import Approval
from portal.models.approval_kinds import DocumentKind, declare, into_approval
from portal.models.customer import Customer
from portal.models.gift_campaign import GiftCampaign, lock
from portal.models.gift_composing import forget_loaded, leave, let_go
from portal.models.gift_judging import in_dispute, needs_permit, split_of, words_of_split
from portal.models.gift_list import (
    APPROVED,
    DRAFT,
    LISTED,
    NAME,
    PENDING,
    REJECTED,
    REPLACED,
    RETURNED,
    GiftList,
    GiftRecipient,
)
from portal.models.gift_notices import tell_of_split
from portal.models.staff import Staff
from portal.rules.gifts import TIERS
from portal.rules.message import N_, Refusal
from portal.rules.money import figures

_QUIET = {"synchronize_session": False}


def recipients(listed: GiftList) -> list[GiftRecipient]:
    """Return who stands on a list, by customer number, whatever became of the gift; those taken off or rejected are not among them."""
    standing = (REJECTED,) if listed.state == REJECTED else (LISTED, APPROVED, "delivered", RETURNED, REPLACED)
    query = select(GiftRecipient).join(Customer, Customer.id == GiftRecipient.customer_id).where(GiftRecipient.list_id == listed.id)
    query = query.where(GiftRecipient.state.in_(standing)).options(
        joinedload(GiftRecipient.customer).joinedload(Customer.owner),
        joinedload(GiftRecipient.proposed_by), joinedload(GiftRecipient.permitted_by),
        joinedload(GiftRecipient.replaces).joinedload(GiftRecipient.customer),
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(Customer.number, GiftRecipient.id)))


def submit(listed: GiftList, *, by: Staff) -> Approval:
    """Send a list through the chain of its tier (AP-3, GF-4). Raises `Refusal` naming what is missing, `StateConflict`."""
    lock(GiftCampaign, GiftCampaign.id == listed.campaign_id)  # what is frozen of the campaign is not being changed just now (AP-5)
    return Approval.submit(NAME, listed, by=by)


def snapshot(listed: GiftList) -> dict[str, Any]:
    """Return a list as plain JSON: campaign, tier, what each is given, and every customer with person, reason and amount."""
    campaign, tier, rows = listed.campaign, listed.tier, recipients(listed)
    total = sum((one.amount for one in rows), Decimal(0))
    near = split_of(campaign, [one.customer_id for one in rows])
    return {
        "list": {
            "number": listed.number,
            "campaign": campaign.name,
            "campaign_number": campaign.number,
            "purpose": campaign.purpose,
            "words": campaign.words,
            "first_on": campaign.first_on.isoformat(),
            "last_on": campaign.last_on.isoformat(),
            "team": campaign.team.name if campaign.team else "",
            "tier": tier.code,
            "supplementary": "yes" if listed.supplementary else "",
            "most_amount": str(tier.most_amount),
            "most_number": str(tier.most_number),
            "amount": str(tier.amount),
            "count": str(len(rows)),
            "total": str(total),
            "budget": str(campaign.budget),
            "approved": str(campaign.approved),
            "composed_by": listed.composed_by.name,
        },
        "gifts": gifts_of(listed),
        "recipients": [
            {
                "number": one.customer.number,
                "customer": one.customer.full_name,
                "grade": one.customer.grade,
                "owner": one.customer.owner.name if one.customer.owner else "",
                "person": one.person,
                "post": one.post,
                "official": "yes" if one.official or one.customer.nature == benefit.GOVERNMENT else "",
                "permit": f"{one.permitted_by.name}: {one.permit_reason}" if one.permitted_by else "",
                "reason": one.reason,
                "amount": str(one.amount),
                "proposed_by": one.proposed_by.name if one.proposed_by else "",
                "replaces": one.replaces.customer.full_name if one.replaces else "",
            }
            for one in rows
        ],
        "splits": [
            {
                "number": one.customer.number,
                "customer": one.customer.full_name,
                **words_of_split(near[one.customer_id], campaign.first_on).params,
            }
            for one in rows
            if one.customer_id in near
        ],
    }  # fmt: skip


def gifts_of(listed: GiftList) -> list[dict[str, str]]:
    """Return what each recipient of a list is given: as it was frozen at submission, of a draft as the tier says."""
    if listed.state != DRAFT and listed.gifts:
        return list(listed.gifts)
    return [
        {
            "gift_id": str(one.gift_id), "name": one.gift.name, "specification": one.gift.specification, "unit": one.gift.unit,
            "quantity": str(one.quantity), "unit_price": str(one.unit_price),
        }
        for one in listed.tier.gifts
    ]  # fmt: skip


def ensure_ready(listed: GiftList) -> None:
    """Raise `Refusal` unless the list may be submitted: somebody is on it, each with a person, and nobody in dispute or gone since.

    What became a government body since, or goes to an official, is permitted, and within the cap of government bodies (GF-2).
    """
    rows = recipients(listed)
    if not rows:
        raise Refusal("Nobody is on this list yet.")
    if listed.campaign.state != "open":
        raise Refusal("The campaign is over.")
    nobody = [one.customer.full_name for one in rows if not one.person]
    if nobody:
        text = N_("Say who takes the gift at %(customer)s; %(count)s customers on the list have nobody named.")
        raise Refusal(text, customer=nobody[0], count=len(nobody))
    quarrels = in_dispute([one.customer_id for one in rows])
    for one in rows:
        if one.customer_id in quarrels:
            text = N_("%(customer)s is in dispute with us (%(dispute)s). Take it off the list.")
            raise Refusal(text, customer=one.customer.full_name, dispute=quarrels[one.customer_id])
        if one.customer.state not in ("active", "prospect"):
            raise Refusal("Dealings with %(customer)s have ended. Take it off the list.", customer=one.customer.full_name)
        if one.permitted_by_id is None and needs_permit(one.customer, official=one.official):
            text = N_("No manager has permitted the gift to %(customer)s, a government body or an official. Take it off the list.")
            raise Refusal(text, customer=one.customer.full_name)
    _ensure_bodies_within_cap(listed, [one.customer for one in rows if one.customer.nature == benefit.GOVERNMENT])


def _ensure_bodies_within_cap(listed: GiftList, bodies: Sequence[Customer]) -> None:
    """Raise `Refusal` for a customer that was put on under the higher cap of other customers and is a government body now."""
    day = listed.campaign.first_on
    over = benefit.fitting([one.id for one in bodies], Decimal(0), on=day)
    for one in bodies:
        if one.id in over:
            text = N_(
                "%(customer)s is a government body and is given %(cap)s yuan in a year at most; with this list %(taken)s yuan of %(year)s "
                "are taken. Take it off the list."
            )
            cap, taken = Decimal(benefit.cap_of(one.nature).value), benefit.taken_of(one.id, day.year)
            raise Refusal(text, customer=one.full_name, cap=figures(cap), taken=figures(taken), year=day.year)


# --- what decisions do -------------------------------------------------------------------------------------------------------


def _submitted(listed: GiftList, _approval: Approval, by: Staff | None) -> None:
    into_approval(listed, gifts=gifts_of(listed))
    tell_of_split(listed, by)


def _back(listed: GiftList, _approval: Approval, _by: Staff | None) -> None:
    transition(listed, expect={"state": PENDING}, change={"state": DRAFT, "version": listed.version + 1})


def _rejected(listed: GiftList, _approval: Approval, by: Staff | None) -> None:
    """Let its customers go: they may be put on a new list of the tier."""
    transition(listed, expect={"state": PENDING}, change={"state": REJECTED, "version": listed.version + 1})
    leave(listed, REJECTED, by=by)


def _given_up(listed: GiftList, _approval: Approval, by: Staff | None) -> None:
    let_go(listed, by=by)


def _approved(listed: GiftList, approval: Approval, by: Staff | None) -> None:
    """Commit the budget; on a supplementary list each recipient takes the place of one whose gift came back (GF-6, GF-7)."""
    moment, rows = clock.now(), [one for one in recipients(listed) if one.state == LISTED]
    transition(listed, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": moment, "version": listed.version + 1})
    total = sum((one.amount for one in rows), Decimal(0))
    freed = _replace([one.replaces_id for one in rows if one.replaces_id is not None])
    for ids in _portions([one.id for one in rows]):
        step = update(GiftRecipient).where(GiftRecipient.id.in_(ids), GiftRecipient.state == LISTED)
        values = {"state": APPROVED, "approved_at": moment, "version": GiftRecipient.version + 1}
        if db.session.execute(step.values(**values), execution_options=_QUIET).rowcount != len(ids):  # type: ignore[attr-defined]
            raise StateConflict(f"gift list {listed.id}")
    gift_budget.book(listed.tier, approved=total - freed, committed=total)
    for one in rows:
        audit.write(
            "change", "gift-approved", actor=by, record=one, customer_id=one.customer_id, label=one.label, source="approval",
            approval=approval.id, amount=str(one.amount),
        )  # fmt: skip
    forget_loaded()
    gift_delivery.prepare(listed)


def _replace(ids: list[int]) -> Decimal:
    """Let those whose gift came back be replaced, and return what was approved for them."""
    if not ids:
        return Decimal(0)
    query = select(GiftRecipient.amount).where(GiftRecipient.id.in_(ids), GiftRecipient.state == RETURNED)
    freed = list(db.session.scalars(query))
    step = update(GiftRecipient).where(GiftRecipient.id.in_(ids), GiftRecipient.state == RETURNED)
    values = {"state": REPLACED, "version": GiftRecipient.version + 1}
    if db.session.execute(step.values(**values), execution_options=_QUIET).rowcount != len(ids):  # type: ignore[attr-defined]
        raise StateConflict("a gift that came back has been replaced")
    return sum(freed, Decimal(0))


def _portions(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + 500] for start in range(0, len(ids), 500))


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("List of gifts"),
        model=GiftList,
        sheet="gift_list",
        chain="chain.gift_list",
        case=lambda listed: {"tier": listed.tier.code},
        snapshot=snapshot,
        page=lambda listed: ("gifts.gift_list", {"listed_id": listed.id}),
        filed_as="correspondence",
        covers=select(GiftRecipient.list_id, GiftRecipient.customer_id).where(GiftRecipient.state == LISTED),
        check=ensure_ready,
        on_submitted=_submitted,
        on_returned=_back,
        on_rejected=_rejected,
        on_approved=_approved,
        on_given_up=_given_up,
        labels={
            "list.number": N_("Number of the list"),
            "list.campaign": N_("Gift campaign"),
            "list.campaign_number": N_("Number of the campaign"),
            "list.purpose": N_("Purpose of the campaign"),
            "list.words": N_("In words"),
            "list.first_on": N_("From the day"),
            "list.last_on": N_("Until"),
            "list.team": N_("Team"),
            "list.tier": N_("Tier of gifts"),
            "list.supplementary": N_("In place of gifts that came back"),
            "list.most_amount": N_("Highest amount for a customer (yuan)"),
            "list.most_number": N_("Highest number of customers"),
            "list.amount": N_("Each is given gifts for (yuan)"),
            "list.count": N_("Number of customers"),
            "list.total": N_("Together (yuan)"),
            "list.budget": N_("Budget (yuan)"),
            "list.approved": N_("Approved before (yuan)"),
            "list.composed_by": N_("Composed by"),
            "gifts": N_("What each is given"),
            "gifts.name": N_("Gift"),
            "gifts.specification": N_("Specification"),
            "gifts.unit": N_("Unit"),
            "gifts.quantity": N_("Pieces"),
            "gifts.unit_price": N_("Price of one (yuan)"),
            "recipients": N_("Recipients"),
            "recipients.number": N_("Customer number"),
            "recipients.customer": N_("Customer"),
            "recipients.grade": N_("Grade"),
            "recipients.owner": N_("In charge"),
            "recipients.person": N_("Who takes it"),
            "recipients.post": N_("Post"),
            "recipients.official": N_("Government body or official"),
            "recipients.permit": N_("Permitted by"),
            "recipients.reason": N_("Reason"),
            "recipients.amount": N_("Amount (yuan)"),
            "recipients.proposed_by": N_("Proposed by"),
            "recipients.replaces": N_("In place of"),
            "splits": N_("Gifts that seem split"),
            "splits.number": N_("Customer number"),
            "splits.customer": N_("Customer"),
            "splits.days": N_("Within days"),
            "splits.day": N_("Of the day"),
            "splits.others": N_("Other gifts near"),
        },
        amounts=("list.most_amount", "list.amount", "list.total", "list.budget", "list.approved", "gifts.unit_price", "recipients.amount"),
    )
)
assert TIERS  # noqa: S101 - the facts of its chain are the tiers
history.stream("gifts", N_("Gifts"), record_types=("GiftCampaign", "GiftList", "GiftRecipient", "GiftDelivery"))
