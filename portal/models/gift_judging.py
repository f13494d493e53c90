"""Who may be put on a gift list (GF-2), judged for many customers at once, each refusal with its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from portal.database import db
from portal.models import benefit
from portal.models.customer import Customer, CustomerState
from portal.models.gift_campaign import CANCELLED, GiftCampaign, GiftTier
from portal.models.gift_list import GONE, PROPOSED, GiftRecipient
from portal.models.register_entry import KEPT, RegisterEntry
from portal.models.request import ServiceRequest
from portal.models.sale import Sale
from portal.models.standard import value as standard
from portal.rules import gifts as rules
from portal.rules.gift_standards import SPLIT_DAYS
from portal.rules.message import N_, Message, Refusal
from portal.rules.requests import COMPLAINT
from portal.rules.sales import ORDERED

PORTION = 500
_ENDED = N_("Dealings with this customer have ended; it is given nothing.")
_DISPUTE = N_("This customer is in dispute with us: %(dispute)s.")


@dataclass(frozen=True)
class Judged:
    """What a judgement gives: the customers that may be put on, in the order asked, and why the others may not, by customer."""

    fit: list[int]
    refused: dict[int, Refusal]


def judge(tier: GiftTier, customer_ids: Sequence[int], *, officials: Collection[int] = (), permitted: Collection[int] = ()) -> Judged:
    """Judge customers in scope for a tier: dealings, dispute, government body, twice, yearly cap (GF-2).

    `officials`: of these customers, the person who takes the gift holds a public office; `permitted`: of these, a manager has permitted a
    government body or an official. Rows of the cap stay locked until the transaction ends.
    """
    campaign, refused = tier.campaign, dict[int, Refusal]()
    for ids in _portions(list(dict.fromkeys(customer_ids))):
        states = {
            row.id: row for row in db.session.execute(select(Customer.id, Customer.state, Customer.nature).where(Customer.id.in_(ids)))
        }
        there = _in_campaign(campaign, ids)
        quarrelling = in_dispute(ids)
        for number in ids:
            found = _refusal(
                states.get(number), there.get(number), quarrelling.get(number), official=number in officials, permitted=number in permitted
            )
            if found is not None:
                refused[number] = found
    rest = [one for one in customer_ids if one not in refused]
    refused |= benefit.fitting(rest, tier.amount, on=campaign.first_on)
    return Judged([one for one in dict.fromkeys(customer_ids) if one not in refused], refused)


def _refusal(row: Any, there: str | None, dispute: Message | None, *, official: bool, permitted: bool) -> Refusal | None:
    if row is None or row.state not in (CustomerState.ACTIVE, CustomerState.PROSPECT):
        return Refusal(_ENDED, field="customer")
    if there is not None:
        return Refusal("This customer is in the campaign already: %(standing)s.", field="customer", standing=Message(there))
    if dispute is not None:
        return Refusal(_DISPUTE, field="customer", dispute=dispute)
    if not permitted and (row.nature == benefit.GOVERNMENT or official):
        text = N_("A government body or an official is given nothing, unless a manager permits it with a reason.")
        return Refusal(text, field="permit_reason")
    return None


def needs_permit(customer: Any, *, official: bool) -> bool:
    """Return whether only a manager may permit a gift: to a government body, or to somebody who holds a public office (GF-2)."""
    return customer.nature == benefit.GOVERNMENT or official


def _in_campaign(campaign: GiftCampaign, ids: Collection[int]) -> dict[int, str]:
    from portal.models.gift_list import RECIPIENT_STATES

    one = GiftRecipient
    query = select(one.customer_id, one.state).where(one.campaign_id == campaign.id, one.customer_id.in_(ids), one.state.not_in(GONE))
    return {row.customer_id: RECIPIENT_STATES[row.state][0] for row in db.session.execute(query) if row.state != PROPOSED}


def hindrances(ids: Collection[int]) -> dict[int, Message]:
    """Return whose approved gifts may not go out now, and why: dealings have ended since, or there is a dispute (GF-2)."""
    found = {number: Message(_DISPUTE, {"dispute": dispute}) for number, dispute in in_dispute(ids).items()}
    dealing = (CustomerState.ACTIVE.value, CustomerState.PROSPECT.value)
    for number in db.session.scalars(select(Customer.id).where(Customer.id.in_(ids), Customer.state.not_in(dealing))):
        found[number] = Message(_ENDED)
    return found


def in_dispute(ids: Collection[int]) -> dict[int, Message]:
    """Return with whom we are in dispute and by what: an open complaint, a disputed invoice, a dispute among the special events."""
    found: dict[int, Message] = {}
    lines = select(Sale.customer_id, Sale.document).where(
        Sale.customer_id.in_(ids), Sale.disputed, Sale.settled_on.is_(None), Sale.state == ORDERED
    )
    for row in db.session.execute(lines):
        found[row.customer_id] = Message(N_("disputed invoice %(number)s"), {"number": row.document})
    entry = RegisterEntry
    events = select(entry.customer_id, entry.number).where(
        entry.customer_id.in_(ids), entry.register == "special-events", entry.state == KEPT,
        entry.data["kind"].as_string() == "dispute", entry.data["closed_on"].as_string() == "",
    )  # fmt: skip
    for row in db.session.execute(events):
        found[row.customer_id] = Message(N_("dispute of the special events, %(number)s"), {"number": row.number})
    asked = select(ServiceRequest).where(ServiceRequest.customer_id.in_(ids), ServiceRequest.is_open, ServiceRequest.kind == COMPLAINT)
    for one in db.session.scalars(asked):
        if one.customer_id is not None:
            found[one.customer_id] = Message(N_("open complaint %(number)s"), {"number": one.number})
    return found


# --- gifts that seem split ---------------------------------------------------------------------------------------------------


def split_of(campaign: GiftCampaign, customer_ids: Collection[int]) -> dict[int, list[GiftRecipient]]:
    """Return the gifts of other campaigns near this one to the same customers: what seems split to stay under a limit (GF-2).

    Near is what lies within the site's number of days of it, by the days from which the campaigns are.
    """
    first, last = rules.near(campaign.first_on, int(standard(SPLIT_DAYS)))
    found: dict[int, list[GiftRecipient]] = {}
    for ids in _portions(sorted(set(customer_ids))):
        query = select(GiftRecipient).join(GiftCampaign, GiftCampaign.id == GiftRecipient.campaign_id)
        query = query.where(
            GiftRecipient.customer_id.in_(ids), GiftRecipient.campaign_id != campaign.id, GiftRecipient.state.not_in((*GONE, PROPOSED)),
            GiftCampaign.first_on.between(first, last), GiftCampaign.state != CANCELLED,
        )  # fmt: skip
        for one in db.session.scalars(query.order_by(GiftRecipient.id)):
            found.setdefault(one.customer_id, []).append(one)
    return found


def words_of_split(others: list[GiftRecipient], day: date) -> Message:
    """Return which gifts lie near, as a sentence."""
    named = "、".join(dict.fromkeys(f"{one.campaign.name} ({one.campaign.first_on.isoformat()}, {one.amount:,.2f})" for one in others))
    text = N_("Within %(days)s days of %(day)s also: %(others)s")
    return Message(text, {"days": str(standard(SPLIT_DAYS)), "day": day.isoformat(), "others": named})


def _portions(values: Sequence[int]) -> Iterator[Sequence[int]]:
    return (values[start : start + PORTION] for start in range(0, len(values), PORTION))
