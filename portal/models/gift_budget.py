"""The budget of a gift campaign (GF-7): what is approved, committed and spent, for each tier and for the whole, by guarded UPDATEs alone.

Approved is what the approved lists cost, committed what of it is not delivered yet, spent what is; the rest of what is approved are places
whose gift came back. Each figure is a sum of recipients (`sums`), and `differences` finds where it is not.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import case, func, select, update

from portal.database import StateConflict, db
from portal.models.gift_campaign import OPEN, GiftCampaign, GiftTier
from portal.models.gift_list import APPROVED, DELIVERED, LISTED, RETURNED, GiftRecipient
from portal.rules.gifts import TIERS as _TIERS
from portal.rules.message import N_, Message, Refusal
from portal.rules.money import figures

_QUIET = {"synchronize_session": False}
NOTHING = Decimal(0)


class Line(NamedTuple):
    """A row of the budget table, of a tier or of them all."""

    code: str
    """The tier; empty for the sum."""
    number: int
    amount: Decimal | None
    cost: Decimal
    approved: Decimal
    committed: Decimal
    spent: Decimal

    @property
    def left(self) -> Decimal:
        """Return what of the cost is neither committed nor spent, in yuan."""
        return self.cost - self.committed - self.spent


def table(campaign: GiftCampaign) -> list[Line]:
    """Return the budget table: a line for each tier, and their sum."""
    lines = [Line(one.code, one.most_number, one.amount, one.cost, one.approved, one.committed, one.spent) for one in campaign.in_order]
    sums = [sum((getattr(one, name) for one in lines), NOTHING) for name in ("cost", "approved", "committed", "spent")]
    return [*lines, Line("", sum(one.number for one in lines), None, *sums)]


def book(tier: GiftTier, *, approved: Decimal = NOTHING, committed: Decimal = NOTHING, spent: Decimal = NOTHING) -> None:
    """Move the figures of a tier and its campaign, each in one guarded UPDATE: spent + committed ≤ approved ≤ budget always (GF-7).

    Raises `Refusal` with the figures where it would go beyond, `StateConflict` where the campaign is over.
    """
    db.session.flush()
    campaign = tier.campaign
    moved = {"approved": approved, "committed": committed, "spent": spent}
    for model, record, ceiling in ((GiftCampaign, campaign, GiftCampaign.budget), (GiftTier, tier, GiftTier.most_number * GiftTier.amount)):
        figure: Any = model
        guard = [
            model.id == record.id,
            figure.approved + approved <= ceiling,
            figure.committed + committed >= NOTHING,
            figure.spent + spent >= NOTHING,
            figure.committed + committed + figure.spent + spent <= figure.approved + approved,
        ]
        if model is GiftCampaign and approved > 0:
            guard.append(GiftCampaign.state == OPEN)
        values = {name: getattr(figure, name) + by for name, by in moved.items() if by}
        done = db.session.execute(update(model).where(*guard).values(**values), execution_options=_QUIET).rowcount  # type: ignore[attr-defined]
        db.session.refresh(record, ["approved", "committed", "spent"])
        if done != 1:
            raise _refused(campaign, record, approved, committed + spent)


def _refused(campaign: GiftCampaign, record: Any, approved: Decimal, used: Decimal) -> Exception:
    if approved > 0:
        db.session.refresh(campaign, ["state", "budget"])
        if campaign.state != OPEN:
            return StateConflict(f"gift campaign {campaign.id}")
        most = record.budget if isinstance(record, GiftCampaign) else record.cost
        text = N_("%(asked)s yuan go beyond the budget of %(budget)s: %(approved)s are approved already.")
        return Refusal(text, asked=figures(approved), budget=figures(most), approved=figures(record.approved))
    if used > 0:
        text = N_("%(asked)s yuan are more than is approved: of %(approved)s, %(committed)s are committed and %(spent)s spent.")
        return Refusal(
            text, asked=figures(used), approved=figures(record.approved), committed=figures(record.committed), spent=figures(record.spent)
        )
    return StateConflict(f"budget of gift campaign {campaign.id}")


def take_places(tier: GiftTier, number: int) -> None:
    """Take places of a tier, or give them back where `number` is below 0, in one guarded UPDATE. Raises `Refusal` with the figures."""
    db.session.flush()
    step = update(GiftTier).where(GiftTier.id == tier.id, GiftTier.listed + number <= GiftTier.most_number, GiftTier.listed + number >= 0)
    done = db.session.execute(step.values(listed=GiftTier.listed + number), execution_options=_QUIET).rowcount  # type: ignore[attr-defined]
    db.session.refresh(tier, ["listed", "most_number"])
    if done != 1:
        raise tier_full(tier)


def tier_full(tier: GiftTier) -> Refusal:
    """Return what is said where a tier has no place left."""
    text = N_("%(tier)s: %(number)s customers at most in this campaign; %(listed)s are on its lists.")
    return Refusal(text, tier=Message(_TIERS[tier.code]), number=tier.most_number, listed=tier.listed)


# --- counting anew ---------------------------------------------------------------------------------------------------------


def sums(campaign: GiftCampaign) -> dict[int, tuple[int, Decimal, Decimal, Decimal]]:
    """Return by tier what its recipients give: places taken, approved, committed, spent."""
    one = GiftRecipient
    held = one.state.in_((APPROVED, DELIVERED, RETURNED))
    placed = held | ((one.state == LISTED) & one.replaces_id.is_(None))
    query = select(
        one.tier_id,
        func.sum(case((placed, 1), else_=0)),
        func.sum(case((held, one.amount), else_=0)),
        func.sum(case((one.state == APPROVED, one.amount), else_=0)),
        func.sum(case((one.state == DELIVERED, one.amount), else_=0)),
    )
    rows = db.session.execute(query.where(one.campaign_id == campaign.id).group_by(one.tier_id))
    return {row[0]: (int(row[1] or 0), *(Decimal(figure or 0) for figure in row[2:])) for row in rows}  # type: ignore[misc]


def differences(campaign: GiftCampaign) -> list[str]:
    """Return where a figure of a campaign is not the sum of its rows, as the command prints it; nothing where all are.

    What a tier gives stays while anybody has a place in it, so each of them stands with that amount.
    """
    db.session.flush()
    db.session.expire_all()
    counted, found = sums(campaign), list[str]()
    for tier in campaign.in_order:
        kept = (tier.listed, tier.approved, tier.committed, tier.spent)
        rows = counted.get(tier.id, (0, NOTHING, NOTHING, NOTHING))
        found += [
            f"{campaign.number} {tier.code} {name}: {one} was kept, the recipients give {other}"
            for name, one, other in zip(("listed", "approved", "committed", "spent"), kept, rows, strict=True)
            if one != other
        ]
        placed = (GiftRecipient.tier_id == tier.id, GiftRecipient.state.in_((LISTED, APPROVED, DELIVERED, RETURNED)))
        amounts = select(GiftRecipient.amount).where(*placed, GiftRecipient.amount != tier.amount).distinct().order_by(GiftRecipient.amount)
        found += [
            f"{campaign.number} {tier.code} amount: {tier.amount} was kept, recipients have {one}" for one in db.session.scalars(amounts)
        ]
    for name in ("approved", "committed", "spent"):
        total = sum((getattr(one, name) for one in campaign.tiers), NOTHING)
        if getattr(campaign, name) != total:
            found.append(f"{campaign.number} {name}: {getattr(campaign, name)} was kept, the tiers give {total}")
    return found
