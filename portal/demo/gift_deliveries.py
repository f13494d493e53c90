"""Goods and deliveries of the demonstration's gift campaigns: suppliers, orders, stock, parcels, rounds, what came back (GF-3 to GF-6)."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta

from PIL import Image, ImageDraw
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models import gift_agreement, gift_stops
from portal.models.attachment import Attachment
from portal.models.gift import Gift, GiftSupplier
from portal.models.gift_agreement import GiftAgreement
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_delivery import LOADED_WITH, WAITING, GiftDelivery
from portal.models.gift_order import GiftOrder, Wanted
from portal.models.gift_run import GiftRun
from portal.models.staff import Staff
from portal.rules.signature_picture import signature_png

At = Callable[[float], AbstractContextManager[None]]
SUPPLIERS = (
    ("晨光礼品定制有限公司", "柳经理", "021-55500101", "上海市闵行区莘庄工业区申富路 88 号"),
    ("景德镇瓷韵陶瓷厂", "程厂长", "0798-8550202", "江西省景德镇市珠山区陶瓷路 16 号"),
)
_CERAMIC = "青瓷茶具"


def fill(campaigns: Sequence[GiftCampaign], staff: Mapping[str, Staff], at: At) -> int:
    """Buy goods and bring the deliveries of the campaigns as far as their days say; return how many deliveries there are."""
    suppliers = _suppliers(staff, at)
    goods = {one.name: one for one in db.session.scalars(select(Gift).order_by(Gift.id))}
    with at(298):
        for gift in goods.values():
            supplier = suppliers[gift.name == _CERAMIC]
            values = {"name": gift.name, "kind": gift.kind, "specification": gift.specification, "unit": gift.unit}
            whole = {**values, "unit_price": gift.unit_price, "supplier": supplier, "active": True}
            gift.change(whole, by=staff["sup1"], version=gift.version)
    _bought(goods, suppliers, staff, at)
    running = [one for one in campaigns if one.state == "open"]
    for campaign in running[:1]:
        _agreed(campaign, staff, at, 119)
        _delivered(campaign, staff, at)
    for campaign in running[1:2]:
        _agreed(campaign, staff, at, 19)
        _under_way(campaign, staff, at)
    return sum(len(_waiting(one)) for one in campaigns)


def _suppliers(staff: Mapping[str, Staff], at: At) -> list[GiftSupplier]:
    with at(300):
        return [
            GiftSupplier.add(
                {"name": name, "contact": contact, "telephone": telephone, "address": address, "note": "", "active": True}, by=staff["sup1"]
            )
            for name, contact, telephone, address in SUPPLIERS
        ]


def _bought(goods: Mapping[str, Gift], suppliers: Sequence[GiftSupplier], staff: Mapping[str, Staff], at: At) -> None:
    """Place an order that came whole, one that came in parts, and one that is late."""
    plain = [one for one in goods.values() if one.name != _CERAMIC]
    with at(130):
        first = _order(suppliers[0], [(one, 14) for one in plain], 10, staff["sup1"])
        second = _order(suppliers[1], [(goods[_CERAMIC], 8)], 12, staff["sup1"])
    with at(122):
        for order in (first, second):
            for line in order.lines:
                order.receive(line, line.quantity, note="随货同行单", by=staff["mgr1"])
    with at(25):
        late = _order(suppliers[1], [(goods[_CERAMIC], 10)], 15, staff["sup1"])
    with at(12):
        late.receive(late.lines[0], 4, note="第一批，余货待烧制", by=staff["mgr1"])


def _order(supplier: GiftSupplier, pieces: Sequence[tuple[Gift, int]], days: int, by: Staff) -> GiftOrder:
    lines = [Wanted(gift, number, gift.unit_price) for gift, number in pieces]
    return GiftOrder.place(supplier, lines, expected_on=clock.today() + timedelta(days=days), note="", by=by)


def _agreed(campaign: GiftCampaign, staff: Mapping[str, Staff], at: At, ago: float) -> None:
    """Agree on the goods of a campaign with marketing, and pass the list on."""
    with at(ago):
        found = GiftAgreement.begin(campaign, gift_agreement.numbers_of(campaign), by=staff["sup1"])
        said = {int(one["gift_id"]): (int(one["number"]), "礼盒装，附问候卡") for one in found.lines}
        found.edit(said, note="问候卡由市场部设计。", by=staff["sup1"], version=found.version)
        found.agree(marketing="市场部 夏晴", on=clock.today(), by=staff["sup1"], version=found.version)
        found.pass_on(purchasing="采购部 严明", finance="财务部 苏静", on=clock.today(), by=staff["sup1"], version=found.version)


def _waiting(campaign: GiftCampaign) -> list[GiftDelivery]:
    query = select(GiftDelivery).where(GiftDelivery.campaign_id == campaign.id, GiftDelivery.state == WAITING).options(*LOADED_WITH)
    return list(db.session.scalars(query.order_by(GiftDelivery.id)).unique())


def _parcel(one: GiftDelivery, staff: Mapping[str, Staff], at: At, ago: float, *, sent: bool = True) -> None:
    with at(ago):
        teller = one.customer.owner or staff["sup1"]
        one.tell(how="telephone", on=clock.today(), to=one.recipient.person, by=teller, version=one.version)
    if sent:
        with at(ago - 1):
            number = f"SF10{one.id:08d}"
            one.send(carrier="顺丰速运", tracking=number, on=clock.today(), by=staff["sup1"], version=one.version)


def _received(one: GiftDelivery, staff: Mapping[str, Staff], at: At, ago: float, signature: bytes = b"") -> None:
    with at(ago):
        by = one.run.staff if one.run is not None else one.customer.owner or staff["sup1"]
        kept = None
        if signature:
            kept = Attachment.keep(
                signature, filename=f"{one.number}.png", media_type="image/png", purpose="gift-proof", by=by, customer_id=one.customer_id
            )
        one.receive(received_by=one.recipient.person, on=clock.today(), signature=kept, by=by, version=one.version)


def _round(stops: Sequence[GiftDelivery], route: str, staff: Mapping[str, Staff], at: At, ago: float, *, loaded: bool = True) -> None:
    with at(ago + 1):
        run = GiftRun.plan(
            day=clock.today() + timedelta(days=1), route=route, staff=staff["rep1"], driver="马师傅 沪A·5D821", note="装车前核对件数。",
            by=staff["sup1"],
        )  # fmt: skip
        gift_stops.fill(run, stops, by=staff["sup1"])
    if loaded:
        with at(ago):
            run.load(by=staff["sup1"])


def _delivered(campaign: GiftCampaign, staff: Mapping[str, Staff], at: At) -> None:
    """A campaign that is over: all were given theirs, one by one; one was refused."""
    found = _waiting(campaign)
    parcels, own = [one for one in found if one.way == "post"], [one for one in found if one.way == "own"]
    for turn, one in enumerate(parcels):
        _parcel(one, staff, at, 108 - turn)
        if turn == 2:
            with at(101):
                by = one.customer.owner or staff["sup1"]
                one.come_back(reason="客户公司规定不收礼品，当面婉拒", by=by, version=one.version)
        else:
            _received(one, staff, at, 103 - turn)
    if own:
        _round(own, "城东线：张江—金桥", staff, at, 100)
        for one in own:
            _received(one, staff, at, 100, _signature())


def _under_way(campaign: GiftCampaign, staff: Mapping[str, Staff], at: At) -> None:
    """A campaign that runs: some are told, some sent, one has arrived, and the others wait."""
    for turn, one in enumerate(_waiting(campaign)[:5]):
        _parcel(one, staff, at, 6 - turn * 0.5, sent=turn < 3)
        if turn == 0:
            _received(one, staff, at, 2)


def _signature() -> bytes:
    """Return the picture of a signature drawn with a finger."""
    picture = Image.new("L", (600, 200), 255)
    pen = ImageDraw.Draw(picture)
    pen.line((80, 120, 140, 60, 180, 150, 230, 70, 260, 140), fill=0, width=5)
    pen.line((300, 110, 360, 90, 420, 130, 500, 80), fill=0, width=5)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return signature_png(buffer.getvalue())
