"""The gift register (GF-8): everything that anybody gave any customer, as it was when it was given; nothing of it is ever changed.

For the audit it names recipient, organisation, post, purpose and voucher (反不正当竞争法 2025, arts 8 and 24). What was sent back later
stays, and says so.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, Text, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models.benefit import GIFT, SOUVENIR
from portal.models.customer import Customer, Money
from portal.models.in_charge import KeptInCharge
from portal.models.reception_judging import costs_of_one
from portal.models.staff import Staff
from portal.models.word_index import WordIndex
from portal.rules.gift_delivery import LONGEST_LINE, LONGEST_TEXT, OWN
from portal.rules.reception import SOUVENIR as SOUVENIR_SERVICE

if TYPE_CHECKING:
    from portal.models.gift_delivery import GiftDelivery
    from portal.models.reception import Reception

_KEPT = sql("taken_back_on IS NULL")
_BACK = sql("taken_back_on IS NOT NULL")
_OFFICIAL = sql("official")
_LISTED = ("source", "giver_id", "customer_id", "person", "official", "taken_back_on", "amount")
"""What the list is filtered by and the totals add up, in the indexes of who sees it."""


class GiftEntry(KeptInCharge, Base):
    """One thing that was given."""

    __tablename__ = "gift_entry"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    given_on: Mapped[date]
    source: Mapped[str]
    """gift | souvenir | prize … (`benefit.SOURCES`)"""
    source_id: Mapped[int]
    title: Mapped[str]
    """What it was given in: the campaign, the reception, the proposal."""
    organisation: Mapped[str]
    """The customer's name when it was given."""
    person: Mapped[str] = mapped_column(default="")
    post: Mapped[str] = mapped_column(default="")
    official: Mapped[bool] = mapped_column(default=False)
    purpose: Mapped[str] = mapped_column(Text, default="")
    goods: Mapped[str] = mapped_column(Text)
    """Which gifts and how many; of souvenirs and prizes only how many, because the source says what."""
    amount: Mapped[Decimal] = mapped_column(Money)
    giver_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Whose gift it is: the rep who proposed it or is in charge."""
    handed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    voucher: Mapped[str] = mapped_column(default="")
    """Number of the receipt slip or the parcel."""
    taken_back_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    customer: Mapped[Customer] = relationship()
    giver: Mapped[Staff | None] = relationship(foreign_keys=[giver_id])
    handed_by: Mapped[Staff | None] = relationship(foreign_keys=[handed_by_id])

    __table_args__ = (
        Index("uq_gift_entry_source", "source", "source_id", unique=True, sqlite_where=_KEPT, postgresql_where=_KEPT),
        Index(
            "ix_gift_entry_kept", "given_on", "customer_id", "giver_id", "amount", "person", "taken_back_on",
            sqlite_where=_KEPT, postgresql_where=_KEPT,
        ),
        Index("ix_gift_entry_in_charge", "in_charge_id", "given_on", "id", *_LISTED),
        Index("ix_gift_entry_in_charge_team", "in_charge_team_id", "given_on", "id", *_LISTED),
        Index("ix_gift_entry_back", "given_on", "id", sqlite_where=_BACK, postgresql_where=_BACK),
        Index("ix_gift_entry_official", "given_on", "id", sqlite_where=_OFFICIAL, postgresql_where=_OFFICIAL),
        Index("ix_gift_entry_source", "source", "given_on", "id"),
        Index(None, "given_on", "id"),
        Index(None, "customer_id", "given_on"),
        Index(None, "giver_id", "given_on"),
    )  # fmt: skip

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return f"{self.organisation} · {self.given_on.isoformat()}"


SEARCH = WordIndex(GiftEntry, (GiftEntry.organisation, GiftEntry.person, GiftEntry.goods))
"""What entries are found by, beside their customers."""


def enter(
    customer: Customer, *, source: str, source_id: int, on: date, title: str, goods: str, amount: Decimal, giver_id: int | None,
    handed_by_id: int | None = None, person: str = "", post: str = "", official: bool = False, purpose: str = "", voucher: str = "",
) -> GiftEntry:  # fmt: skip
    """Enter what was given and return the entry, flushed: once for each source (`benefit.SOURCES`) and number of its record."""
    found = GiftEntry(
        customer_id=customer.id, given_on=on, source=source, source_id=source_id, title=title[:LONGEST_LINE],
        organisation=customer.full_name, person=person[:LONGEST_LINE], post=post[:LONGEST_LINE], official=official,
        purpose=purpose[:LONGEST_TEXT], goods=goods[:LONGEST_TEXT], amount=amount, giver_id=giver_id, handed_by_id=handed_by_id,
        voucher=voucher[:LONGEST_LINE],
    )  # fmt: skip
    db.session.add(found)
    db.session.flush()
    return found


def enter_delivery(delivery: GiftDelivery) -> GiftEntry:
    """Enter a gift that was received (GF-8)."""
    recipient, run = delivery.recipient, delivery.run
    assert delivery.received_on is not None  # noqa: S101 - it is entered when it was received
    return enter(
        delivery.customer,
        source=GIFT,
        source_id=recipient.id,
        on=delivery.received_on,
        title=delivery.campaign.label,
        goods=delivery.goods,
        amount=recipient.amount,
        giver_id=recipient.proposed_by_id or delivery.customer.owner_id or recipient.added_by_id,
        handed_by_id=run.staff_id if run is not None and delivery.way == OWN else delivery.out_by_id,
        person=recipient.person or delivery.received_by,
        post=recipient.post,
        official=recipient.official,
        purpose=recipient.reason or delivery.campaign.words,
        voucher=f"{delivery.number} {delivery.tracking}".strip(),
    )


def enter_souvenirs(reception: Reception) -> None:
    """Enter the souvenirs that visitors were given, where their class is given any: one entry for the visit (GF-8, SV-21)."""
    if SOUVENIR_SERVICE not in reception.services or not reception.came:
        return
    enter(
        reception.customer,
        source=SOUVENIR,
        source_id=reception.id,
        on=reception.first_on,
        title=reception.days,
        goods=f"×{reception.came}",
        amount=costs_of_one()[SOUVENIR_SERVICE] * reception.came,
        giver_id=reception.host_id,
        handed_by_id=reception.ended_by_id,
        person=reception.people[0].name if len(reception.people) == 1 else "",
        purpose=reception.purpose,
    )


def take_back(delivery: GiftDelivery) -> None:
    """Note that a gift was sent back after it had been received."""
    same = (GiftEntry.source == GIFT, GiftEntry.source_id == delivery.recipient_id, GiftEntry.taken_back_on.is_(None))
    db.session.execute(update(GiftEntry).where(*same).values(taken_back_on=clock.today()), execution_options={"synchronize_session": False})
    for one in list(db.session.identity_map.values()):
        if isinstance(one, GiftEntry):
            db.session.expire(one)


def of_customer(customer_id: int, *, most: int = 50) -> list[GiftEntry]:
    """Return what a customer was given, the newest first."""
    query = select(GiftEntry).where(GiftEntry.customer_id == customer_id).order_by(GiftEntry.given_on.desc(), GiftEntry.id.desc())
    return list(db.session.scalars(query.limit(most)))


def forget(customer_ids: Collection[int]) -> None:
    """Take names of people out of the entries of cards that are erased; days, organisation and amounts stay for the audit (AR-11)."""
    blank: dict[str, Any] = {"person": "", "post": "", "purpose": ""}
    which = GiftEntry.customer_id.in_(customer_ids)
    db.session.execute(update(GiftEntry).where(which).values(**blank), execution_options={"synchronize_session": False})
    SEARCH.index_many(db.session.scalars(select(GiftEntry.id).where(which)).all())
