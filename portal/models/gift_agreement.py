"""List of the goods of a campaign 馈赠物品清单 (GF-3): kinds, form and number that customer service and marketing agree on.

It goes to purchasing, a copy to finance, and one is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models.gift import Gift
from portal.models.gift_campaign import GiftCampaign
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules import gift_goods as rules
from portal.rules.gift_goods import LONGEST_LINE, LONGEST_TEXT
from portal.rules.message import N_, Refusal

DRAFT, AGREED, PASSED_ON = "draft", "agreed", "passed-on"
STATES = {DRAFT: (N_("Draft"), ""), AGREED: (N_("Agreed by both"), "accent"), PASSED_ON: (N_("Passed on to purchasing"), "ok")}


class GiftAgreement(Base):
    """The goods of one campaign: draft → agreed by both → passed on. A newer one takes the place of one that was agreed."""

    __tablename__ = "gift_agreement"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("gift_campaign.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(default=DRAFT)
    lines: Mapped[list[Any]] = mapped_column(default=list)
    """What is given, as plain data: gift_id, name, kind, specification, form, unit, number, price."""
    note: Mapped[str] = mapped_column(Text, default="")
    service_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who agreed for customer service, and when."""
    agreed_on: Mapped[date | None]
    marketing: Mapped[str] = mapped_column(default="")
    """Who agreed for marketing, which has no account here."""
    passed_on: Mapped[date | None]
    purchasing: Mapped[str] = mapped_column(default="")
    finance: Mapped[str] = mapped_column(default="")
    """Who took the list for purchasing, and the copy for finance."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    campaign: Mapped[GiftCampaign] = relationship()
    service: Mapped[Staff | None] = relationship(foreign_keys=[service_id])
    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index(None, "campaign_id", "id"),)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[GiftAgreement]:
        """Return the lists of campaigns that `user` sees."""
        return select(cls).where(cls.campaign_id.in_(GiftCampaign.visible_to(user).with_only_columns(GiftCampaign.id)))

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return self.campaign.label

    @property
    def total(self) -> int:
        """Return how many pieces there are."""
        return sum(int(one["number"]) for one in self.lines)

    @classmethod
    def begin(cls, campaign: GiftCampaign, numbers: Mapping[int, int], *, by: Staff) -> GiftAgreement:
        """Begin the list of a campaign with so many pieces of each gift (by gift), and return it, flushed. Raises `Refusal` for none."""
        gifts = db.session.scalars(select(Gift).where(Gift.id.in_(numbers)).order_by(Gift.name)).all()
        if not gifts:
            raise Refusal("The tiers of this campaign have no gifts yet.")
        lines = [
            {
                "gift_id": one.id, "name": one.name, "kind": one.kind, "specification": one.specification, "form": "", "unit": one.unit,
                "number": numbers[one.id], "price": f"{one.unit_price:.2f}",
            }
            for one in gifts
        ]  # fmt: skip
        found = cls(campaign_id=campaign.id, lines=lines, created_by_id=by.id)
        db.session.add(found)
        db.session.flush()
        audit.write("change", "gift-goods-listed", actor=by, record=found, label=found.label)
        return found

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user` may change it: until both have agreed."""
        return self.state == DRAFT and user.may(Permission.GIFT_STOCK)

    def edit(self, said: Mapping[int, tuple[int | None, str]], *, note: str, by: Staff, version: int) -> None:
        """Set number and form of each gift (by gift). Raises `Refusal` with the field `number-<gift>` or `form-<gift>`, `StateConflict`."""
        self._ensure(self.can_edit(by), version)
        lines, changes = [], [{"field": "note", "old": self.note, "new": note[:LONGEST_TEXT]}]
        for line in self.lines:
            number, form = said.get(int(line["gift_id"]), (int(line["number"]), str(line["form"])))
            rules.ensure_goods(form, field=f"form-{line['gift_id']}")
            new = {**line, "number": rules.ensure_pieces(number, field=f"number-{line['gift_id']}"), "form": form[:LONGEST_LINE]}
            lines.append(new)
            changes += [{"field": f"{line['name']}.{part}", "old": str(line[part]), "new": str(new[part])} for part in ("number", "form")]
        self.lines, self.note = lines, note[:LONGEST_TEXT]
        changes = [one for one in changes if one["old"] != one["new"]]
        if changes:
            audit.write("change", "gift-goods-changed", actor=by, record=self, label=self.label, changes=changes)

    def agree(self, *, marketing: str, on: date | None, by: Staff, version: int) -> None:
        """Note that customer service (`by`) and marketing agreed on a day. Raises `Refusal` with the field, `StateConflict`."""
        self._ensure(self.can_edit(by), version)
        if not marketing:
            raise Refusal("Say who agreed for marketing.", field="marketing")
        if on is None or on > clock.today():
            raise Refusal("Give the day; it cannot lie ahead.", field="agreed_on")
        values = {"state": AGREED, "service_id": by.id, "marketing": marketing[:LONGEST_LINE], "agreed_on": on}
        self._step(DRAFT, values)
        audit.write("change", "gift-goods-agreed", actor=by, record=self, label=self.label, effective_on=on.isoformat())

    def can_pass_on(self, user: Staff) -> bool:
        """Return whether `user` may note that it went to purchasing and finance."""
        return self.state == AGREED and user.may(Permission.GIFT_STOCK)

    def pass_on(self, *, purchasing: str, finance: str, on: date | None, by: Staff, version: int) -> None:
        """Note who took the list for purchasing and the copy for finance. Raises `Refusal` with the field, `StateConflict`."""
        self._ensure(self.can_pass_on(by), version)
        for name, value in (("purchasing", purchasing), ("finance", finance)):
            if not value:
                raise Refusal("Say who took it.", field=name)
        if on is None or on > clock.today():
            raise Refusal("Give the day; it cannot lie ahead.", field="passed_on")
        taken = {"purchasing": purchasing[:LONGEST_LINE], "finance": finance[:LONGEST_LINE]}
        self._step(AGREED, {"state": PASSED_ON, "passed_on": on, **taken})
        audit.write("change", "gift-goods-passed-on", actor=by, record=self, label=self.label, effective_on=on.isoformat())

    def _ensure(self, allowed: bool, version: int) -> None:
        if not allowed or self.version != version:
            raise StateConflict(f"gift agreement {self.id}")

    def _step(self, state: str, change: dict[str, Any]) -> None:
        transition(self, expect={"state": state, "version": self.version}, change={**change, "version": self.version + 1})


def numbers_of(campaign: GiftCampaign) -> dict[int, int]:
    """Return how many pieces of each gift the tiers of a campaign give when all their places are filled."""
    found: dict[int, int] = {}
    for tier in campaign.tiers:
        for one in tier.gifts:
            found[one.gift_id] = found.get(one.gift_id, 0) + one.quantity * tier.most_number
    return found


def newest_of(campaign: GiftCampaign) -> GiftAgreement | None:
    """Return the newest list of goods of a campaign."""
    query = select(GiftAgreement).where(GiftAgreement.campaign_id == campaign.id).order_by(GiftAgreement.id.desc())
    return db.session.scalar(query.limit(1))


for _action, _title in (
    ("gift-goods-listed", N_("List of goods begun")),
    ("gift-goods-changed", N_("List of goods changed")),
    ("gift-goods-agreed", N_("Goods agreed with marketing")),
    ("gift-goods-passed-on", N_("List of goods passed on to purchasing")),
):
    history.action("GiftAgreement", _action, _title)
