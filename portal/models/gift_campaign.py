"""Gift campaigns 馈赠活动 (GF-1): name, purpose, days, budget, and the tiers with what each of their recipients is given.

A campaign keeps the versions of the site's standards that it began with (ST-2). Who is given something stands on its lists
(`gift_list.py`), which are signed (`gift_list_kind.py`); what of the budget is approved, committed and spent is moved by `gift_budget.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, Select, Text, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models.customer import Money, NumberSeries
from portal.models.gift import Gift
from portal.models.staff import Staff
from portal.models.standard import at_version, in_force
from portal.models.team import Team
from portal.permissions import Permission
from portal.rules import gifts as rules
from portal.rules.gift_standards import most_amount, most_number
from portal.rules.gifts import TIERS, Piece
from portal.rules.message import N_, Refusal
from portal.rules.money import figures

if TYPE_CHECKING:
    from portal.models.gift_list import GiftList

OPEN, CLOSED, CANCELLED = "open", "closed", "cancelled"
STATES = {OPEN: (N_("Under way"), "accent"), CLOSED: (N_("Ended"), "ok"), CANCELLED: (N_("Cancelled"), "seal")}
"""Words and tones of the states."""


class GiftCampaign(Base):
    """One campaign: open → closed | cancelled. Of a team, or of the whole company where it has none."""

    __tablename__ = "gift_campaign"

    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    purpose: Mapped[str]
    """keep | win"""
    words: Mapped[str] = mapped_column(Text, default="")
    first_on: Mapped[date]
    last_on: Mapped[date]
    budget: Mapped[Decimal] = mapped_column(Money)
    approved: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    committed: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    spent: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    """Sums of the tiers; all four are moved by `gift_budget.book` alone."""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    standards: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The versions of the standards that it began with, by name (ST-2)."""
    state: Mapped[str] = mapped_column(default=OPEN)
    end_reason: Mapped[str] = mapped_column(Text, default="")
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    team: Mapped[Team | None] = relationship()
    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])
    ended_by: Mapped[Staff | None] = relationship(foreign_keys=[ended_by_id])
    tiers: Mapped[list[GiftTier]] = relationship(back_populates="campaign", cascade="all, delete-orphan", passive_deletes=True)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("approved <= budget", name="approved"),
        CheckConstraint("committed >= 0 AND spent >= 0 AND committed + spent <= approved", name="used"),
        Index(None, "state", "id"),
        Index(None, "team_id", "id"),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[GiftCampaign]:
        """Return the campaigns of the company and of one's team. They name no customer; recipients have a scope of their own (RO-1)."""
        query = select(cls)
        if user.is_manager:
            return query
        return query.where(or_(cls.team_id.is_(None), cls.team_id == (user.team_id or 0)))

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it."""
        return f"{self.number} {self.name}"

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/gifts/campaigns/{self.id}"

    @property
    def in_order(self) -> list[GiftTier]:
        """Return its tiers in the order of the regulation."""
        return sorted(self.tiers, key=lambda one: list(TIERS).index(one.code))

    def standard(self, name: str) -> Any:
        """Return a standard's value as the campaign began with it; one that came later, as it is in force."""
        return at_version(name, self.standards[name]).value if name in self.standards else in_force(name).value

    # --- writing ---------------------------------------------------------------------------------------------------------

    @classmethod
    def begin(cls, values: Mapping[str, Any], *, by: Staff) -> GiftCampaign:
        """Begin a campaign and return it, flushed (GF-1).

        `values`: name, purpose, words, first_on, last_on, budget, and tiers, as {code: {"amount", "number", "gifts": [(Gift, pieces)]}} of
        those tiers that it has. It is of the team of `by`; a manager's is the whole company's. Raises `Refusal` with the field.
        """
        if not by.may(Permission.GIFT_COMPOSE):
            raise Refusal("Supervisors and managers write gift campaigns.")
        campaign = cls.blank()
        campaign.created_by_id, campaign.team_id = by.id, None if by.is_manager else by.team_id
        campaign._set(values)
        year = campaign.first_on.year
        campaign.number = f"GF{year}-{NumberSeries.take(f'GF{year}'):03d}"
        db.session.add(campaign)
        db.session.flush()
        changes = [{"field": name, "old": "", "new": str(getattr(campaign, name))} for name in ("name", "first_on", "last_on", "budget")]
        audit.write("change", "gift-campaign-begun", actor=by, record=campaign, label=campaign.label, changes=changes)
        return campaign

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may change it: its own team's supervisor, or a manager."""
        mine = user.is_manager or (self.team_id is not None and self.team_id == user.team_id)
        return user.may(Permission.GIFT_COMPOSE) and mine and self.state == OPEN

    def edit(self, values: Mapping[str, Any], *, by: Staff, version: int) -> None:
        """Change it (values as in `begin`). A tier with anybody on its lists keeps what it gives; no figure goes below what is in use.

        What a list says of it that is being approved stays as it is until then (AP-5).
        Raises `Refusal` with the field, `StateConflict` where somebody else changed it.
        """
        lock(GiftCampaign, GiftCampaign.id == self.id)
        lock(GiftTier, GiftTier.campaign_id == self.id)
        if not self.can_edit(by) or self.version != version:
            raise StateConflict(f"gift campaign {self.id}")
        before, signed = self._figures(), _in_approval(self)
        self._set(values)
        after = self._figures()
        changes = [
            {"field": name, "old": before.get(name, ""), "new": after[name]} for name in after if before.get(name, "") != after[name]
        ]
        for name in (one["field"] for one in changes):
            _ensure_not_signed(name, signed)
        db.session.flush()
        audit.write("change", "gift-campaign-changed", actor=by, record=self, label=self.label, changes=changes)

    def _figures(self) -> dict[str, str]:
        found = {name: str(getattr(self, name)) for name in ("name", "purpose", "words", "first_on", "last_on")}
        found["budget"] = figures(self.budget)
        for tier in self.in_order:
            found[f"{tier.code}.amount"], found[f"{tier.code}.number"] = figures(tier.most_amount), str(tier.most_number)
            found[f"{tier.code}.gifts"] = figures(tier.amount)
        return found

    def _set(self, values: Mapping[str, Any]) -> None:
        with db.session.no_autoflush:
            for refusal in self.problems(values):
                raise refusal
            self.name, self.words = values["name"].strip()[: rules.LONGEST_LINE], values["words"][: rules.LONGEST_TEXT]
            self.purpose, self.first_on, self.last_on = values["purpose"], values["first_on"], values["last_on"]
            self._set_tiers(values["tiers"])
            self.budget = values["budget"]

    @classmethod
    def blank(cls) -> GiftCampaign:
        """Return a campaign that nothing is written of yet, by the standards in force."""
        campaign = cls(standards={})
        for code in TIERS:
            for name in (most_amount(code), most_number(code)):
                campaign.standards[name] = in_force(name).version
        return campaign

    def problems(self, values: Mapping[str, Any]) -> Iterator[Refusal]:
        """Yield all that keeps it from being written as `values` say (see `begin`), each with its field or cell."""
        if not values["name"].strip():
            yield Refusal("Give the campaign a name.", field="name")
        if values["purpose"] not in rules.PURPOSES:
            yield Refusal("Choose the purpose.", field="purpose")
        today, there = clock.today(), {self.first_on.year} if self.first_on is not None else set[int]()
        yield from rules.problems_of_days(values["first_on"], values["last_on"], {today.year, today.year + 1} | there)
        moves = values["first_on"] is not None and self.first_on is not None and values["first_on"].year != self.first_on.year
        if moves and any(one.listed for one in self.tiers):
            yield Refusal("Recipients are on the lists already; the campaign stays in its year.", field="first_on")
        try:
            rules.ensure_not_cash(values["name"], values["words"], field="words")
        except Refusal as refusal:
            yield refusal
        if not values["tiers"]:
            yield Refusal("A campaign has at least one tier.", field="tiers")
        yield from self._problems_of_tiers(values["tiers"], values["budget"])

    def _problems_of_tiers(self, tiers: Mapping[str, Mapping[str, Any]], budget: Decimal | None) -> Iterator[Refusal]:
        known, cost, there = True, Decimal(0), {one.code: one for one in self.tiers}
        for code, wanted in tiers.items():
            tier = there.get(code) or GiftTier(code=code, listed=0)
            for refusal in tier.problems(self, wanted):
                known = False
                yield refusal
            cost += wanted["number"] * rules.amount_of(tier.pieces(wanted["gifts"])) if known else 0
        if budget is None or budget <= 0:
            yield Refusal("Give the budget in yuan.", field="budget")
        elif known and cost > budget:
            text = N_("The tiers cost %(cost)s yuan together; the budget is %(budget)s.")
            yield Refusal(text, field="budget", cost=figures(cost), budget=figures(budget))

    def _set_tiers(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        there = {one.code: one for one in self.tiers}
        for code, tier in there.items():
            if code not in wanted:
                _ensure_untouched(tier)
        tiers = []
        for code in TIERS:
            if code in wanted:
                tier = there.get(code) or GiftTier(code=code, listed=0)
                tier.set_figures(wanted[code])
                tiers.append(tier)
        self.tiers[:] = tiers

    def close(self, *, by: Staff) -> None:
        """Conclude it: nobody is put on its lists any more. Raises `Refusal` while something is open, `StateConflict`."""
        from portal.models.gift_list import ensure_nothing_open, let_proposals_go

        if not self.can_edit(by):
            raise StateConflict(f"gift campaign {self.id}")
        ensure_nothing_open(self)
        change = {"state": CLOSED, "ended_by_id": by.id, "ended_at": clock.now(), "version": self.version + 1}
        transition(self, expect={"state": OPEN, "version": self.version}, change=change)
        let_proposals_go(self, by)
        audit.write("change", "gift-campaign-closed", actor=by, record=self, label=self.label)


class GiftTier(Base):
    """A tier of a campaign: how much a customer is given at most and how many customers, what each is given, and its part of the budget."""

    __tablename__ = "gift_tier"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("gift_campaign.id", ondelete="CASCADE"))
    code: Mapped[str]
    """prospective | vip | key"""
    most_amount: Mapped[Decimal] = mapped_column(Money)
    most_number: Mapped[int]
    amount: Mapped[Decimal] = mapped_column(Money)
    """What the gifts of one recipient cost."""
    listed: Mapped[int] = mapped_column(default=0)
    """Places taken: recipients on lists, approved, delivered, or returned and not replaced."""
    approved: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    committed: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    spent: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))

    campaign: Mapped[GiftCampaign] = relationship(back_populates="tiers")
    gifts: Mapped[list[TierGift]] = relationship(cascade="all, delete-orphan", order_by="TierGift.id", passive_deletes=True)

    __table_args__ = (
        CheckConstraint("listed >= 0 AND listed <= most_number", name="listed"),
        CheckConstraint("amount <= most_amount", name="amount"),
        CheckConstraint("committed >= 0 AND spent >= 0 AND committed + spent <= approved", name="used"),
        Index(None, "campaign_id", "code", unique=True),
    )

    @property
    def cost(self) -> Decimal:
        """Return number × amount (GF-7), in yuan."""
        return self.most_number * self.amount

    def problems(self, campaign: GiftCampaign, values: Mapping[str, Any]) -> Iterator[Refusal]:
        """Yield all that keeps the tier from giving what `values` say (`amount`, `number`, `gifts`), each with its cell (GF-1, GF-2)."""
        pieces: list[Piece] = []
        try:
            pieces = self.pieces(values["gifts"])
            if self.id is not None and self.listed and not self._same(pieces):
                raise Refusal("Somebody is on the lists of this tier; what it gives stays as it is.", field=f"{self.code}-gift")
        except Refusal as refusal:
            yield refusal
        standards = Decimal(campaign.standard(most_amount(self.code))), int(campaign.standard(most_number(self.code)))
        yield from rules.tier_problems(self.code, values["amount"], values["number"], pieces, *standards)
        if values["number"] < (self.listed or 0):
            text = N_("%(count)s customers are on the lists of this tier already.")
            yield Refusal(text, field=f"{self.code}-number", count=self.listed)

    def set_figures(self, values: Mapping[str, Any]) -> None:
        """Set what the tier gives, in which nothing is wrong (`problems`)."""
        pieces = self.pieces(values["gifts"])
        self.most_amount, self.most_number = values["amount"], values["number"]
        if self._same(pieces):
            return
        there = {one.gift_id: one for one in self.gifts}
        self.gifts[:] = [there.get(one.gift_id) or TierGift(gift_id=one.gift_id) for one in pieces]
        for row, piece in zip(self.gifts, pieces, strict=True):
            row.quantity, row.unit_price = piece.quantity, piece.unit_price
        self.amount = rules.amount_of(pieces)

    def pieces(self, chosen: Sequence[tuple[Gift, int]]) -> list[Piece]:
        """Return the gifts of one recipient at their prices; kept ones once somebody is listed. Raises `Refusal` with the cell."""
        field = f"{self.code}-gift"
        if not chosen:
            raise Refusal("Choose what a customer of this tier is given.", field=field)
        if len({gift.id for gift, _quantity in chosen}) < len(chosen):
            raise Refusal("A gift stands once in a tier; give its number of pieces.", field=field)
        kept = {one.gift_id: one.unit_price for one in self.gifts} if self.listed else {}
        pieces = []
        for gift, quantity in chosen:
            if not gift.active and gift.id not in kept:
                raise Refusal("“%(gift)s” is not given any more.", field=field, gift=gift.name)
            if not 1 <= quantity <= rules.MOST_PIECES:
                raise Refusal("Give a number of pieces from 1 to %(most)s.", field=field, most=rules.MOST_PIECES)
            rules.ensure_not_cash(gift.name, gift.specification, field=field)
            pieces.append(Piece(gift.id, quantity, kept.get(gift.id, gift.unit_price)))
        return pieces

    def _same(self, pieces: Sequence[Piece]) -> bool:
        return [(one.gift_id, one.quantity, one.unit_price) for one in self.gifts] == [tuple(one) for one in pieces]


class TierGift(Base):
    """A gift of a tier, how many pieces each recipient is given, and its price when it was chosen."""

    __tablename__ = "tier_gift"

    tier_id: Mapped[int] = mapped_column(ForeignKey("gift_tier.id", ondelete="CASCADE"))
    gift_id: Mapped[int] = mapped_column(ForeignKey("gift.id"), index=True)
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Money)

    gift: Mapped[Gift] = relationship()

    __table_args__ = (Index(None, "tier_id", "gift_id", unique=True),)


def lock(model: Any, *which: ColumnElement[bool]) -> None:
    """Lock rows of campaigns or tiers until the transaction ends, in the order of their ids, and read them anew.

    What only names them by a key is written meanwhile: who proposes a customer does not wait for who changes the campaign.
    """
    query = select(model).where(*which).order_by(model.id).with_for_update(key_share=True)
    db.session.scalars(query.execution_options(populate_existing=True)).all()


def _ensure_untouched(tier: GiftTier) -> None:
    """Raise `Refusal` where lists or customers hang on a tier, who would go with it (RO-7). Nobody can be added to it any more."""
    from portal.models.gift_list import PROPOSED, GiftList, GiftRecipient

    field = f"{tier.code}-number"
    db.session.execute(select(GiftTier.id).where(GiftTier.id == tier.id).with_for_update())
    if db.session.scalar(select(func.count()).select_from(GiftList).where(GiftList.tier_id == tier.id)):
        raise Refusal("This tier has lists already; it stays.", field=field)
    states = list(db.session.scalars(select(GiftRecipient.state).where(GiftRecipient.tier_id == tier.id)))
    if PROPOSED in states:
        raise Refusal("%(count)s customers are proposed for this tier; it stays.", field=field, count=states.count(PROPOSED))
    if states:
        raise Refusal("Customers were proposed for this tier before; it stays, because that stays on record.", field=field)


def _in_approval(campaign: GiftCampaign) -> list[GiftList]:
    from portal.models.gift_list import PENDING, GiftList

    query = select(GiftList).where(GiftList.campaign_id == campaign.id, GiftList.state == PENDING)
    return list(db.session.scalars(query.order_by(GiftList.id)))


def _ensure_not_signed(name: str, signed: Sequence[GiftList]) -> None:
    """Raise `Refusal` where a list in approval says what would be changed: of the whole campaign, or of its own tier (AP-5)."""
    code, _dot, part = name.rpartition(".")
    for listed in signed:
        if code in ("", listed.tier.code):
            text = N_("The list %(list)s is being approved and says this. Withdraw it first, or wait until it is decided.")
            raise Refusal(text, field=f"{code}-{part}" if code else part, list=listed.number)


for _name, _title in (
    ("gift-campaign-begun", N_("Gift campaign begun")),
    ("gift-campaign-changed", N_("Gift campaign changed")),
    ("gift-campaign-closed", N_("Gift campaign concluded")),
    ("gift-campaign-cancelled", N_("Gift campaign cancelled")),
):
    history.action("GiftCampaign", _name, _title)
