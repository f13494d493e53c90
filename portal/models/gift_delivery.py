"""Delivery of gifts 派送 (GF-6): told and posted, or handed over on a round by our own people; received, or returned into the stock.

A delivery is made for each approved recipient (`prepare`). What becomes of the recipient, the budget and the cap, and who takes the place
of somebody whose gift came back, is the campaign's (`gift_outcome.py`); what was given is entered in the register (`gift_register.py`);
what goes along on a round is said in `gift_stops.py`.

Whoever locks several rows of gifts takes them in one order, each kind by its numbers, so that nobody waits in a circle: customers,
round, campaign, deliveries, gifts in stock, recipients, tier, the year of the cap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, Select, Text, exists, func, insert, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, gift_judging, gift_stock, history, in_charge
from portal.models.attachment import Attachment
from portal.models.customer import Customer
from portal.models.duplicate import stays_with
from portal.models.gift import Gift
from portal.models.gift_campaign import GiftCampaign, GiftTier, TierGift
from portal.models.gift_list import APPROVED, GiftList, GiftRecipient
from portal.models.gift_run import LOADED, PLANNED, GiftRun
from portal.models.in_charge import KeptInCharge
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.word_index import FEW, WordIndex
from portal.permissions import Permission
from portal.rules import gift_delivery as rules
from portal.rules.gift_delivery import LONGEST_LINE, LONGEST_TEXT, OWN, POST
from portal.rules.message import N_, Message, Refusal
from portal.rules.regions import address_of

WAITING, OUT, RECEIVED, RETURNED, DROPPED = "waiting", "out", "received", "returned", "dropped"
STATES = {
    WAITING: (N_("To be delivered"), ""),
    OUT: (N_("On the way"), "accent"),
    RECEIVED: (N_("Signed for"), "ok"),
    RETURNED: (N_("Came back"), "warn"),
    DROPPED: (N_("Not given any more"), ""),
}
LIVE = (WAITING, OUT, RECEIVED)
_LIVE = sql("state IN ('waiting', 'out', 'received')")
_TO_TELL = sql("state = 'waiting' AND way = 'post' AND told_on IS NULL")
_TO_SEND = sql("state = 'waiting' AND way = 'post' AND told_on IS NOT NULL")
_WAITING = sql("state = 'waiting'")
_FOR_ROUND = sql("state = 'waiting' AND way = 'own'")
BY_CARRIER = sql("carrier <> ''")
_LISTED = ("state", "way", "told_on", "run_id", "campaign_id", "tier_id", "customer_id")
"""What lists are filtered by stands in the indexes of who sees them: what does not fit is left out without being looked at."""
_QUIET = {"synchronize_session": False}
PORTION = 500


class Piece(NamedTuple):
    """A gift of a delivery and how many pieces of it."""

    gift: Gift
    quantity: int

    @property
    def words(self) -> str:
        """Return what sheets call it: 紫砂茶具 ×2 套."""
        return f"{self.gift.name} ×{self.quantity} {self.gift.unit}".strip()


def in_one_line(pieces: Iterable[Piece]) -> str:
    """Return what is given, in one line."""
    return "；".join(one.words for one in pieces)


class GiftDelivery(KeptInCharge, Base):
    """One recipient's gifts: waiting → out → received | returned; waiting → dropped; received → returned, where they were sent back."""

    __tablename__ = "gift_delivery"

    recipient_id: Mapped[int] = mapped_column(ForeignKey("gift_recipient.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("gift_campaign.id", ondelete="CASCADE"))
    tier_id: Mapped[int] = mapped_column(ForeignKey("gift_tier.id", ondelete="CASCADE"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who tells the customer: whoever is in charge."""
    way: Mapped[str]
    """post | own"""
    way_reason: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(default=WAITING)
    told_on: Mapped[date | None]
    told_how: Mapped[str] = mapped_column(default="")
    told_to: Mapped[str] = mapped_column(default="")
    told_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("gift_run.id", ondelete="SET NULL"))
    position: Mapped[int] = mapped_column(default=0)
    """Which stop of the round it is."""
    carrier: Mapped[str] = mapped_column(default="")
    tracking: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(Text, default="")
    """Where it was sent or brought: the card's address of that day."""
    out_on: Mapped[date | None]
    out_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    received_by: Mapped[str] = mapped_column(default="")
    received_on: Mapped[date | None]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(Text, default="")
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id", ondelete="SET NULL"))
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id", ondelete="SET NULL"))
    returned_on: Mapped[date | None]
    return_reason: Mapped[str] = mapped_column(Text, default="")
    intact: Mapped[bool] = mapped_column(default=True)
    """Of what came back: whether it lies in stock again."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    recipient: Mapped[GiftRecipient] = relationship()
    customer: Mapped[Customer] = relationship()
    campaign: Mapped[GiftCampaign] = relationship()
    tier: Mapped[GiftTier] = relationship()
    staff: Mapped[Staff | None] = relationship(foreign_keys=[staff_id])
    run: Mapped[GiftRun | None] = relationship(back_populates="stops")
    told_by: Mapped[Staff | None] = relationship(foreign_keys=[told_by_id])
    out_by: Mapped[Staff | None] = relationship(foreign_keys=[out_by_id])
    recorded_by: Mapped[Staff | None] = relationship(foreign_keys=[recorded_by_id])
    picture: Mapped[Attachment | None] = relationship(foreign_keys=[picture_id])
    signature: Mapped[Attachment | None] = relationship(foreign_keys=[signature_id])

    __table_args__ = (
        Index("uq_gift_delivery_live", "recipient_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_gift_delivery_to_tell", "staff_id", "id", sqlite_where=_TO_TELL, postgresql_where=_TO_TELL),
        Index(
            "ix_gift_delivery_to_send",
            "campaign_id",
            "in_charge_team_id",
            "in_charge_id",
            "customer_id",
            "state",
            "way",
            "told_on",
            sqlite_where=_TO_SEND,
            postgresql_where=_TO_SEND,
        ),
        Index("ix_gift_delivery_in_charge", "in_charge_id", "id", *_LISTED),
        Index("ix_gift_delivery_in_charge_team", "in_charge_team_id", "id", *_LISTED),
        Index("ix_gift_delivery_wanted", "tier_id", "state", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_gift_delivery_for_round", "id", sqlite_where=_FOR_ROUND, postgresql_where=_FOR_ROUND),
        Index("ix_gift_delivery_carrier", "carrier", sqlite_where=BY_CARRIER, postgresql_where=BY_CARRIER),
        Index("ix_gift_delivery_state", "state", "id", "customer_id", "run_id"),
        Index("ix_gift_delivery_tier", "tier_id", "id", "customer_id", "run_id"),
        Index(None, "recipient_id", "id"),
        Index(None, "customer_id", "id"),
        Index(None, "campaign_id", "state", "id"),
        Index(None, "run_id", "position", "id"),
        {"info": stays_with("recipient_id")},
    )

    # --- reading ---------------------------------------------------------------------------------------------------------

    @classmethod
    def visible_to(cls, user: Staff) -> Select[GiftDelivery]:
        """Return the deliveries to customers in scope, and those on rounds that `user` makes (RO-1)."""
        query = select(cls)
        if user.is_manager:
            return query
        in_scope = exists().where(Customer.id == cls.customer_id, customer_scope(user))
        mine = exists().where(GiftRun.id == cls.run_id, GiftRun.staff_id == user.id)
        return query.where(or_(in_scope, mine))

    @classmethod
    def parts_for(cls, user: Staff) -> list[Any]:
        """Return the parts that lists of `user` consist of: what `visible_to` returns."""
        mine = cls.run_id.in_(select(GiftRun.id).where(GiftRun.staff_id == user.id))
        return super().parts_for(user) + ([] if user.is_manager else [mine])

    @property
    def label(self) -> str:
        """Return what lists, inbox and the log call it."""
        return f"{self.customer.full_name} · {self.campaign.name}"

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/gifts/deliveries/{self.id}"

    @property
    def pieces(self) -> list[Piece]:
        """Return what is delivered."""
        return [Piece(one.gift, one.quantity) for one in self.tier.gifts]

    @property
    def goods(self) -> str:
        """Return what is delivered, in one line."""
        return in_one_line(self.pieces)

    @property
    def number(self) -> str:
        """Return the number of its receipt slip, the voucher of the register."""
        return f"{self.campaign.number}-{self.id:05d}"

    # --- telling -----------------------------------------------------------------------------------------------------------

    def can_tell(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may record that the customer was told."""
        return self.state == WAITING and user.may(Permission.GIFT_DELIVER)

    def tell(self, *, how: str, on: date | None, to: str, by: Staff, version: int) -> None:
        """Record that the customer was told by telephone or e-mail, whom, and when. Raises `Refusal` with the field, `StateConflict`."""
        self._ensure(self.can_tell(by), version)
        day = rules.ensure_told(how, on, to, clock.today())
        values = {"told_how": how, "told_on": day, "told_to": to[:LONGEST_LINE], "told_by_id": by.id}
        self._step(WAITING, values)
        audit.write("change", "gift-told", actor=by, record=self, label=self.label, effective_on=day.isoformat(), how=how)

    def can_reroute(self, user: Staff) -> bool:
        """Return whether `user` may let it go another way."""
        return self.state == WAITING and user.may(Permission.GIFT_STOCK)

    def reroute(self, way: str, *, reason: str, by: Staff, version: int) -> None:
        """Let it go another way; back to the tier's own without a reason. Raises `Refusal` with the field, `StateConflict`."""
        self._ensure(self.can_reroute(by), version)
        rules.ensure_way(way, self.tier.code, reason)
        if self.run is not None and way != OWN:
            self.run.lock()
            self._leave_planned()
        self._step(WAITING, {"way": way, "way_reason": reason[:LONGEST_TEXT], "run_id": self.run_id if way == OWN else None})
        changes = [{"field": "way", "old": "", "new": way}]
        audit.write("change", "gift-rerouted", actor=by, record=self, label=self.label, reason=reason, changes=changes)

    # --- going out ---------------------------------------------------------------------------------------------------------

    @property
    def approved_on(self) -> date | None:
        """Return the day on which the gift was approved, None where nobody noted it."""
        moment = self.recipient.approved_at
        return clock.local(moment).date() if moment else None

    @property
    def hindrance(self) -> Message | None:
        """Return why it may not go out now although it was approved: dealings have ended, or there is a dispute (GF-2); else None."""
        return gift_judging.hindrances([self.customer_id]).get(self.customer_id)

    def can_send(self, user: Staff) -> bool:
        """Return whether `user` may send it by post or courier: only after the customer was told."""
        return self.state == WAITING and self.way == POST and self.told_on is not None and user.may(Permission.GIFT_STOCK)

    def send(self, *, carrier: str, tracking: str, on: date | None, by: Staff, version: int) -> None:
        """Record that it was given to a carrier; its goods leave the stock. Raises `Refusal` with the field, `StateConflict`."""
        if self.state == WAITING and self.way == POST and self.told_on is None:
            raise Refusal("Tell the customer first, by telephone or e-mail.", field="carrier")
        self._ensure(self.can_send(by), version)
        if not carrier:
            raise Refusal("Say which carrier takes it.", field="carrier")
        if not tracking:
            raise Refusal("Give the number of the parcel.", field="tracking")
        day = rules.ensure_out(on, clock.today(), approved_on=self.approved_on, told_on=self.told_on)
        hold([self])
        why = self.hindrance
        if why is not None:
            raise Refusal(why.text, **why.params)
        self._ensure_own_parcel(carrier, tracking, day)
        self._out({"carrier": carrier[:LONGEST_LINE], "tracking": tracking[:LONGEST_LINE], "out_on": day}, by)
        SEARCH.index_many([self.id])  # found by its number, also by those sent with it
        audit.write("change", "gift-sent", actor=by, record=self, label=self.label, effective_on=day.isoformat(), parcel=tracking)

    def _ensure_own_parcel(self, carrier: str, tracking: str, day: date) -> None:
        """Raise `Refusal` where this parcel went to another customer's address: several gifts in one go to the same one only."""
        one, to = GiftDelivery, address_of(self.customer)
        query = select(one.tracking, one.carrier, one.out_on).where(one.id.in_(SEARCH.fits(tracking, FEW) or []))
        for number, by_whom, out_on in db.session.execute(query.where(one.customer_id != self.customer_id, one.address != to)):
            if rules.is_one_parcel(tracking, carrier, day, (number, by_whom, out_on)):
                raise Refusal("The parcel with this number goes to another address. Check the number.", field="tracking")

    def go_out(self, *, by: Staff) -> None:
        """Take its goods out of the stock for the round being loaded. Raises `Refusal` where they are not there, `StateConflict`."""
        if self.way != OWN or self.run is None or self.run.state != LOADED:
            raise StateConflict(f"gift delivery {self.id}")
        self._out({"out_on": clock.today()}, by)

    def _out(self, values: dict[str, Any], by: Staff) -> None:
        self._step(WAITING, {"state": OUT, "out_by_id": by.id, "address": address_of(self.customer), **values})
        # The campaign may be cancelled at this moment: nothing goes out to who is given nothing any more.
        transition(self.recipient, expect={"state": APPROVED}, change={"state": APPROVED})
        for piece in self.pieces:
            gift_stock.move(piece.gift, -piece.quantity, gift_stock.ISSUED, by=by, reason=self.number, delivery_id=self.id)

    # --- outcome -----------------------------------------------------------------------------------------------------------

    def can_record(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may record what came of it."""
        return self.state == OUT and user.may(Permission.GIFT_DELIVER)

    def receive(
        self, *, received_by: str, on: date | None, remark: str = "", picture: Attachment | None = None,
        signature: Attachment | None = None, by: Staff, version: int,
    ) -> None:  # fmt: skip
        """Record who received it and when, with a proof: a picture or a drawn signature; the post's own number is proof enough (GF-6).

        What was committed is spent, and the gift stands in the register. Raises `Refusal` with the field, `StateConflict`.
        """
        from portal.models import gift_outcome, gift_register, gift_stops

        self._ensure(self.can_record(by), version)
        if not received_by:
            raise Refusal("Say who received it.", field="received_by")
        day = rules.ensure_past(on, clock.today(), field="received_on")
        if self.out_on is not None and day < self.out_on:
            raise Refusal("It went out on %(day)s only.", field="received_on", day=self.out_on.isoformat())
        if self.way == OWN and picture is None and signature is None:
            raise Refusal("Give a proof: let them sign, or take a picture of the signed receipt.", field="picture")
        run = self.run
        self._take_turn(run)
        values = {
            "state": RECEIVED, "received_by": received_by[:LONGEST_LINE], "received_on": day, "recorded_by_id": by.id,
            "recorded_at": clock.now(), "remark": remark[:LONGEST_TEXT], "picture_id": picture.id if picture else None,
            "signature_id": signature.id if signature else None,
        }  # fmt: skip
        self._step(OUT, values)
        gift_outcome.deliver(self.recipient, on=day, by=by)
        gift_register.enter_delivery(self)
        audit.write("change", "gift-received", actor=by, record=self, label=self.label, effective_on=day.isoformat(), by=received_by)
        gift_stops.close_behind(run)

    def can_return(self, user: Staff) -> bool:
        """Return whether `user` may give it up before it goes out, or record that it came back: from the way, or sent back later."""
        return self.state in (WAITING, OUT, RECEIVED) and user.may(Permission.GIFT_DELIVER)

    def come_back(self, *, reason: str, intact: bool = True, by: Staff, version: int) -> None:
        """Record that it could not be delivered, was refused or sent back (GF-6): goods that are intact lie in stock again.

        What has not gone out yet is given up: no goods move. Budget, cap and place are free (`gift_outcome.come_back`); another customer
        takes the place through its approval. Raises `Refusal` without a reason, `StateConflict`.
        """
        from portal.models import gift_outcome, gift_register, gift_stops

        self._ensure(self.can_return(by), version)
        if self.state == WAITING:
            if not reason:
                raise Refusal("Say why.", field="reason")
            self.give_up(reason=reason, by=by)
            return
        if not reason:
            raise Refusal("Say why it came back.", field="reason")
        before, run = self.state, self.run
        self._take_turn(run)
        values = {"state": RETURNED, "returned_on": clock.today(), "return_reason": reason[:LONGEST_TEXT], "intact": intact}
        self._step(before, values)
        if intact:
            gift_stock.lock(piece.gift.id for piece in self.pieces)
            for piece in self.pieces:
                gift_stock.move(piece.gift, piece.quantity, gift_stock.RETURNED, by=by, reason=self.number, delivery_id=self.id)
        gift_outcome.come_back(self.recipient, reason=reason, by=by)
        if before == RECEIVED:
            gift_register.take_back(self)
        audit.write("change", "gift-came-back", actor=by, record=self, label=self.label, reason=reason, intact=intact)
        gift_stops.close_behind(run)

    def give_up(self, *, reason: str, by: Staff) -> None:
        """Let it go before it goes out, off its round too; no goods move. Raises `StateConflict` where it waits no more."""
        from portal.models import gift_outcome, gift_stops

        run = self.run
        self._take_turn(run)
        self._step(WAITING, {"state": DROPPED, "return_reason": reason[:LONGEST_TEXT], "run_id": None, "position": 0})
        gift_outcome.come_back(self.recipient, reason=reason, by=by)
        audit.write("change", "gift-given-up", actor=by, record=self, label=self.label, reason=reason)
        gift_stops.close_behind(run)

    # --- rounds --------------------------------------------------------------------------------------------------------------

    def join_run(self, run: GiftRun, position: int) -> None:
        """Let it go along on a planned round. Raises `StateConflict` where it waits no more, or for the post."""
        if self.state != WAITING or self.way != OWN:
            raise StateConflict(f"gift delivery {self.id}")
        self._step(WAITING, {"run_id": run.id, "position": position})

    def leave_run(self) -> None:
        """Take it off its round. Raises `StateConflict` where it waits no more."""
        self._step(WAITING, {"run_id": None, "position": 0})

    def _leave_planned(self) -> None:
        if self.run is None or self.run.state != PLANNED:
            raise StateConflict(f"gift delivery {self.id}")

    def _take_turn(self, run: GiftRun | None) -> None:
        """Lock what is locked before a delivery: whoever merges the customer, closes the round or cancels the campaign queues there."""
        in_charge.lock([self.customer_id])
        if run is not None:
            run.lock()
        db.session.refresh(self.campaign, with_for_update={"key_share": True})

    def _ensure(self, allowed: bool, version: int) -> None:
        if not allowed or self.version != version:
            raise StateConflict(f"gift delivery {self.id}")

    def _step(self, state: str, change: dict[str, Any]) -> None:
        transition(self, expect={"state": state, "version": self.version}, change={**change, "version": self.version + 1})


SEARCH = WordIndex(GiftDelivery, (GiftDelivery.tracking, GiftRecipient.person), through=GiftDelivery.recipient)
"""What deliveries are found by, beside their customers."""
LOADED_WITH = (
    joinedload(GiftDelivery.customer), joinedload(GiftDelivery.recipient), joinedload(GiftDelivery.campaign),
    joinedload(GiftDelivery.tier).selectinload(GiftTier.gifts).joinedload(TierGift.gift), joinedload(GiftDelivery.run),
)  # fmt: skip


# --- how deliveries come to be ----------------------------------------------------------------------------------------------


def prepare(listed: GiftList) -> int:
    """Make the deliveries of an approved list, each the way of its tier, and return how many there are. Safe to run twice."""
    one, live = GiftRecipient, GiftDelivery
    there = exists().where(live.recipient_id == one.id, live.state.in_(LIVE))
    query = select(one.id, one.customer_id, Customer.owner_id).join(Customer, Customer.id == one.customer_id)
    rows = db.session.execute(query.where(one.list_id == listed.id, one.state == APPROVED, ~there).order_by(one.id)).all()
    way, now = rules.way_of(listed.tier.code), clock.now()
    made: list[dict[str, Any]] = [
        {
            "recipient_id": row.id, "customer_id": row.customer_id, "campaign_id": listed.campaign_id, "tier_id": listed.tier_id,
            "staff_id": row.owner_id, "way": way, "state": WAITING, "created_at": now,
        }
        for row in rows
    ]  # fmt: skip
    in_charge.lock(row.customer_id for row in rows)
    for start in range(0, len(made), PORTION):
        db.session.execute(insert(GiftDelivery), made[start : start + PORTION])
    if made:
        of_list = select(one.id).where(one.list_id == listed.id)
        SEARCH.index_many(db.session.scalars(select(live.id).where(live.state == WAITING, live.recipient_id.in_(of_list))).all())
    return len(made)


def drop(campaign: GiftCampaign) -> None:
    """Let everything that waits go, because its campaign is cancelled. Raises `Refusal` while something is on the way."""
    lock(GiftDelivery.campaign_id == campaign.id)
    way = (GiftDelivery.campaign_id == campaign.id, GiftDelivery.state == OUT)
    number = db.session.scalar(select(func.count()).select_from(GiftDelivery).where(*way))
    if number:
        raise Refusal("%(count)s gifts of this campaign are on the way. Record first what came of them.", count=number)
    waiting = (GiftDelivery.campaign_id == campaign.id, GiftDelivery.state == WAITING)
    values = {"state": DROPPED, "run_id": None, "version": GiftDelivery.version + 1}
    db.session.execute(update(GiftDelivery).where(*waiting).values(**values), execution_options=_QUIET)
    _forget_loaded()


def hold(deliveries: Collection[GiftDelivery]) -> None:
    """Lock what is touched where gifts go out: customers, deliveries, gifts in stock."""
    in_charge.lock(one.customer_id for one in deliveries)
    lock(GiftDelivery.id.in_([one.id for one in deliveries]))
    gift_stock.lock(piece.gift.id for one in deliveries for piece in one.pieces)


def lock(*which: Any) -> None:
    """Lock deliveries in the order of their numbers."""
    query = select(GiftDelivery.id).where(*which).order_by(GiftDelivery.id).with_for_update(key_share=True)
    db.session.execute(query).all()


def let_go(recipient: GiftRecipient) -> None:
    """Let what still waits for a recipient go, because nothing is given any more. Raises `Refusal` where it is on the way."""
    found = live_of(recipient)
    if found is None:
        return
    if found.state != WAITING:
        raise Refusal("This gift is on the way or was received. Record there that it came back.")
    found.run_id, found.state, found.version = None, DROPPED, found.version + 1


def live_of(recipient: GiftRecipient) -> GiftDelivery | None:
    """Return the delivery of a recipient that is waiting, on the way or received."""
    return db.session.scalar(select(GiftDelivery).where(GiftDelivery.recipient_id == recipient.id, GiftDelivery.state.in_(LIVE)))


def _forget_loaded() -> None:
    for one in list(db.session.identity_map.values()):
        if isinstance(one, GiftDelivery):
            db.session.expire(one)


for _action, _title in (
    ("gift-told", N_("Customer told of the gift")),
    ("gift-rerouted", N_("Gift goes another way")),
    ("gift-sent", N_("Gift sent")),
    ("gift-received", N_("Gift received by the customer")),
    ("gift-came-back", N_("Gift came back")),
    ("gift-given-up", N_("Gift given up before it went out")),
):
    history.action("GiftDelivery", _action, _title)
