"""Lists of a gift campaign and who stands on them (GF-2, GF-4): a list for each tier, and supplementary ones for what came back.

How recipients come onto a list: `gift_composing.py`, from proposals `gift_proposal.py`. What a list's decisions do: `gift_list_kind.py`.
What became of the gift: `gift_outcome.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models.customer import Customer, Money
from portal.models.gift_campaign import GiftCampaign, GiftTier
from portal.models.in_charge import KeptInCharge
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.rules.message import N_, Message, Refusal, revived

NAME = "gift-list"
DRAFT, PENDING, APPROVED, REJECTED, GIVEN_UP = "draft", "pending", "approved", "rejected", "given-up"
STATES = {
    DRAFT: (N_("Draft"), ""),
    PENDING: (N_("In approval"), "accent"),
    APPROVED: (N_("Approved"), "ok"),
    REJECTED: (N_("Rejected"), "seal"),
    GIVEN_UP: (N_("Given up"), ""),
}
PROPOSED, LISTED, DELIVERED, RETURNED, REPLACED = "proposed", "listed", "delivered", "returned", "replaced"
REMOVED, DECLINED = "removed", "declined"
RECIPIENT_STATES = {
    PROPOSED: (N_("Proposed"), ""),
    LISTED: (N_("On the list"), "accent"),
    APPROVED: (N_("Approved"), "accent"),
    DELIVERED: (N_("Delivered"), "ok"),
    RETURNED: (N_("Came back"), "warn"),
    REPLACED: (N_("Replaced"), ""),
    REMOVED: (N_("Taken off"), ""),
    DECLINED: (N_("Not taken up"), ""),
    REJECTED: (N_("Rejected with the list"), "seal"),
}
GONE = (REMOVED, DECLINED, REJECTED)
"""States that leave the customer free to be put on a list again."""
_LIVE = sql("state NOT IN ('removed', 'declined', 'rejected')")
_REPLACES = sql("replaces_id IS NOT NULL")
_TO_PERMIT = sql("state = 'proposed' AND permitted_by_id IS NULL")
_SEEN_BY = ("in_charge_team_id", "in_charge_id", "tier_id", "customer_id")
"""Who sees a recipient stands in the indexes of campaign and list: what does not fit is left out without being looked at."""
_MAIN = sql("NOT supplementary AND state IN ('draft', 'pending', 'approved')")
_SUPPLEMENTARY = sql("supplementary AND state IN ('draft', 'pending')")


class GiftList(Base):
    """One list: draft → pending → approved | rejected; a draft can be given up. Signed as one document (AP-3)."""

    __tablename__ = "gift_list"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("gift_campaign.id", ondelete="CASCADE"))
    tier_id: Mapped[int] = mapped_column(ForeignKey("gift_tier.id", ondelete="CASCADE"))
    place: Mapped[int]
    """Which list of its tier it is: 1, 2 …"""
    number: Mapped[str] = mapped_column(unique=True)
    supplementary: Mapped[bool] = mapped_column(default=False)
    """Whether it fills places of recipients whose gifts came back."""
    state: Mapped[str] = mapped_column(default=DRAFT)
    gifts: Mapped[list[Any]] = mapped_column(default=list)
    """What each recipient is given, frozen at submission: gift_id, name, specification, unit, quantity, unit_price as text."""
    composed_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    approved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    campaign: Mapped[GiftCampaign] = relationship()
    tier: Mapped[GiftTier] = relationship()
    composed_by: Mapped[Staff] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("uq_gift_list_main", "tier_id", unique=True, sqlite_where=_MAIN, postgresql_where=_MAIN),
        Index("uq_gift_list_supplementary", "tier_id", unique=True, sqlite_where=_SUPPLEMENTARY, postgresql_where=_SUPPLEMENTARY),
        Index(None, "campaign_id", "id"),
        Index(None, "state", "id"),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[GiftList]:
        """Return the lists that `user` sees as a whole: a manager all, a supervisor those of the team's campaigns (RO-1)."""
        query = select(cls)
        if user.is_manager:
            return query
        team = user.team_id if user.is_supervisor else None
        teams = select(GiftCampaign.id).where(GiftCampaign.team_id == (team or 0))
        return query.where(cls.campaign_id.in_(teams))

    @property
    def label(self) -> str:
        """Return what inbox, log and sheets call it."""
        return f"{self.number} {self.campaign.name}"

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/gifts/lists/{self.id}"


class GiftRecipient(KeptInCharge, Base):
    """One customer of a campaign 馈赠对象.

    proposed → listed | declined; listed → approved | removed | rejected; approved → delivered | returned | removed;
    delivered → returned; returned → replaced, when the recipient in its place is approved.
    """

    __tablename__ = "gift_recipient"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("gift_campaign.id", ondelete="CASCADE"))
    tier_id: Mapped[int] = mapped_column(ForeignKey("gift_tier.id", ondelete="CASCADE"))
    list_id: Mapped[int | None] = mapped_column(ForeignKey("gift_list.id", ondelete="SET NULL"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    person: Mapped[str] = mapped_column(default="")
    """Who takes the gift, and that person's post."""
    post: Mapped[str] = mapped_column(default="")
    official: Mapped[bool] = mapped_column(default=False)
    """Whether that person holds a public office."""
    reason: Mapped[str] = mapped_column(Text, default="")
    amount: Mapped[Decimal] = mapped_column(Money)
    """What the gifts cost, kept when the customer was put on the list."""
    state: Mapped[str]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("gift_recipient.id", ondelete="SET NULL"))
    """On a supplementary list: whose place it fills."""
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    permitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """The manager who permitted a government body or an official, and why."""
    permit_reason: Mapped[str] = mapped_column(Text, default="")
    approved_at: Mapped[datetime | None]
    delivered_on: Mapped[date | None]
    end_reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was taken off, declined or returned."""
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    campaign: Mapped[GiftCampaign] = relationship()
    tier: Mapped[GiftTier] = relationship()
    on_list: Mapped[GiftList | None] = relationship()
    customer: Mapped[Customer] = relationship()
    replaces: Mapped[GiftRecipient | None] = relationship(remote_side="GiftRecipient.id")
    proposed_by: Mapped[Staff | None] = relationship(foreign_keys=[proposed_by_id])
    added_by: Mapped[Staff | None] = relationship(foreign_keys=[added_by_id])
    permitted_by: Mapped[Staff | None] = relationship(foreign_keys=[permitted_by_id])
    ended_by: Mapped[Staff | None] = relationship(foreign_keys=[ended_by_id])
    in_charge: Mapped[Staff | None] = relationship(primaryjoin="foreign(GiftRecipient.in_charge_id) == Staff.id", viewonly=True)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("uq_gift_recipient_once", "campaign_id", "customer_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("uq_gift_recipient_replaces", "replaces_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_gift_recipient_replaces", "replaces_id", sqlite_where=_REPLACES, postgresql_where=_REPLACES),
        Index(
            "ix_gift_recipient_to_permit", "campaign_id", "customer_id", "official", "proposed_by_id", "state", "permitted_by_id",
            sqlite_where=_TO_PERMIT, postgresql_where=_TO_PERMIT,
        ),
        Index("ix_gift_recipient_campaign_id_state_id", "campaign_id", "state", "id", "list_id", *_SEEN_BY),
        Index("ix_gift_recipient_list_id_state_id", "list_id", "state", "id", *_SEEN_BY),
        Index(None, "customer_id", "id"),
        Index(None, "tier_id", "state"),
    )  # fmt: skip

    @property
    def label(self) -> str:
        """Return what inbox and log call it."""
        return f"{self.customer.full_name} · {self.campaign.name}"

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/gifts/recipients/{self.id}"


class GiftRefusal(HangsOnCustomer, Base):
    """A customer that was to be put on a list and was refused, and why; forgotten when it is put on after all."""

    __tablename__ = "gift_refusal"

    list_id: Mapped[int] = mapped_column(ForeignKey("gift_list.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    """The message id of the reason, and its figures as plain data."""
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)

    customer: Mapped[Customer] = relationship()
    by: Mapped[Staff] = relationship()

    __table_args__ = (Index(None, "list_id", "customer_id", unique=True),)

    @property
    def message(self) -> Message:
        """Return the reason."""
        return Message(self.text, revived(self.figures))


def ensure_nothing_open(campaign: GiftCampaign) -> None:
    """Raise `Refusal` while a list is written or signed, or an approved gift is neither delivered nor given up."""
    if db.session.scalar(select(GiftList.id).where(GiftList.campaign_id == campaign.id, GiftList.state.in_((DRAFT, PENDING))).limit(1)):
        raise Refusal("A list of this campaign is still written or signed.")
    waiting = (GiftRecipient.campaign_id == campaign.id, GiftRecipient.state == APPROVED)
    if db.session.scalar(select(GiftRecipient.id).where(*waiting).limit(1)):
        raise Refusal("Approved gifts of this campaign are not delivered yet.")


def let_proposals_go(campaign: GiftCampaign, by: Staff) -> None:
    """Let the proposals go that nobody has taken up when a campaign is concluded."""
    same = (GiftRecipient.campaign_id == campaign.id, GiftRecipient.state == PROPOSED)
    values = {"state": DECLINED, "ended_by_id": by.id, "ended_at": clock.now(), "version": GiftRecipient.version + 1}
    db.session.execute(update(GiftRecipient).where(*same).values(**values), execution_options={"synchronize_session": False})
    for one in list(db.session.identity_map.values()):
        if isinstance(one, GiftRecipient):
            db.session.expire(one)
