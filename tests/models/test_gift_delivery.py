"""Deliveries of gifts: told, sent or taken along, received or returned; stock, budget, cap and register follow (GF-6, GF-8)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import clock
from portal.database import StateConflict, db
from portal.models import (
    benefit,
    dealings,
    gift_budget,
    gift_composing,
    gift_delivery,
    gift_delivery_desk,
    gift_delivery_list,
    gift_outcome,
    gift_purchasing,
    gift_register_list,
    gift_stock,
    gift_stops,
    inbox,
)
from portal.models.attachment import Attachment
from portal.models.audit import AuditEvent
from portal.models.customer import CustomerAssistant
from portal.models.gift import Gift
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_delivery import GiftDelivery
from portal.models.gift_list import DRAFT, GiftList
from portal.models.gift_register import GiftEntry
from portal.models.gift_run import GiftRun
from portal.models.gift_stock import GiftMovement
from portal.models.hand_over_list import to_be_taken
from portal.rules import gift_delivery as rules
from portal.rules.message import Refusal
from tests import campaigning, delivering, factories, goods, proposing
from tests.approving import person
from tests.service.requesting import taken

YEAR = clock.today().year


def _log(record_type: str) -> list[str]:
    """Return what the log says of records of a type, in its order."""
    event = AuditEvent
    return list(db.session.scalars(db.select(event.action).where(event.record_type == record_type).order_by(event.id)))


def _proof(of: GiftDelivery) -> Attachment:
    return Attachment.keep(b"x", filename="a.png", media_type="image/png", purpose="gift-proof", by=None, customer_id=of.customer_id)


def test_a_parcel_goes_after_telling_and_what_is_received_stands_in_the_register(app: Flask) -> None:
    delivering.stock(3)
    one, other = delivering.waiting("vip", factories.customer("rep1"), factories.customer("rep1"))
    cup, sup, rep = campaigning.gift(), person("sup1"), person("rep1")
    with pytest.raises(Refusal, match="Tell the customer first"):
        one.send(carrier="顺丰", tracking="SF1", on=clock.today(), by=sup, version=one.version)
    for wrong in ({"how": "sms"}, {"to": ""}, {"on": None}, {"on": clock.today() + timedelta(days=1)}):
        with pytest.raises(Refusal):
            one.tell(**{"how": "email", "on": clock.today(), "to": "林经理", **wrong}, by=rep, version=one.version)
    delivering.told(one)
    delivering.told(other)
    for wrong in ({"carrier": ""}, {"tracking": ""}, {"on": None}):
        with pytest.raises(Refusal):
            one.send(**{"carrier": "顺丰", "tracking": "SF1", "on": clock.today(), **wrong}, by=sup, version=one.version)
    with pytest.raises(StateConflict):
        one.send(carrier="顺丰", tracking="SF1", on=clock.today(), by=rep, version=one.version)
    one.send(carrier="顺丰", tracking="SF1", on=clock.today(), by=sup, version=one.version)
    db.session.commit()
    assert (cup.in_stock, one.state) == (1, "out")
    with pytest.raises(Refusal, match="There are 1"):
        other.send(carrier="顺丰", tracking="SF2", on=clock.today(), by=sup, version=other.version)
    db.session.rollback()
    assert (cup.in_stock, other.state, gift_purchasing.wanted()) == (1, "waiting", {cup.id: 2})
    assert [(row.to_buy, row.short) for row in gift_purchasing.needs()] == [(1, 1)]
    with pytest.raises(Refusal, match="Record first"):
        gift_outcome.cancel(one.campaign, reason="取消", by=sup, version=one.campaign.version)
    db.session.rollback()
    with pytest.raises(Refusal, match="went out on"):
        one.receive(received_by="林经理", on=clock.today() - timedelta(days=1), by=rep, version=one.version)
    one.receive(received_by="林经理", on=clock.today(), by=rep, version=one.version)
    db.session.commit()
    entry = db.session.scalars(db.select(GiftEntry)).one()
    assert (entry.amount, entry.person, entry.post, entry.source, entry.giver_id) == (200, "林经理", "采购经理", "gift", rep.id)
    assert "SF1" in entry.voucher
    assert entry.goods == "定制保温杯 ×2 件"
    assert (one.campaign.committed, one.campaign.spent, gift_budget.differences(one.campaign)) == (200, 200, [])
    one.come_back(reason="客户退回", by=rep, version=one.version)
    db.session.commit()
    db.session.refresh(entry)
    assert (cup.in_stock, entry.taken_back_on, one.campaign.spent) == (3, clock.today(), 0)
    assert benefit.taken_of(one.customer_id, YEAR) == 0
    assert gift_register_list.totals(person("mgr1"), clock.today(), 3).number == 0
    more = gift_composing.begin_list(one.tier, by=sup, supplementary=True)
    gift_composing.put_one(more, factories.customer("rep2"), campaigning.WHO, by=sup)
    db.session.commit()
    campaigning.through(campaigning.submitted(more))
    waiting = db.session.scalars(db.select(GiftDelivery).where(GiftDelivery.state == "waiting")).all()
    assert len(waiting) == 2
    assert gift_budget.differences(one.campaign) == []


def test_a_round_is_loaded_by_four_eyes_and_whole_and_closes_behind_its_last_stop(app: Flask) -> None:
    first, second = delivering.waiting("key", factories.customer("rep1"), factories.customer("rep1"))
    run = delivering.planned(first, second)
    cup, rep, sup = campaigning.gift(), person("rep1"), person("sup1")
    assert not run.can_load(rep)
    with pytest.raises(Refusal, match="Say who hands"):  # a department's account sees no customers (PP-3)
        GiftRun.plan(day=clock.today(), route="城东线", staff=proposing.department_account(), driver="李师傅", by=sup)
    db.session.rollback()
    with pytest.raises(Refusal, match="are asked for"):
        run.load(by=sup)
    db.session.rollback()
    assert (run.state, first.state) == ("planned", "waiting")
    delivering.stock(5)
    gift_stops.reorder(run, [second.id, first.id], by=sup)
    assert [one.id for one in gift_stops.stops_of(run)] == [second.id, first.id]
    run.load(by=sup)
    db.session.commit()
    assert (cup.in_stock, run.state, first.state, first.out_by_id) == (1, "loaded", "out", sup.id)
    assert _log("GiftRun")[-2:] == ["gift-run-reordered", "gift-run-loaded"]
    with pytest.raises(StateConflict):
        run.load(by=sup)
    with pytest.raises(StateConflict):
        gift_stops.take_off(run, first, by=sup)
    db.session.rollback()
    assert first in db.session.scalars(GiftDelivery.visible_to(rep)).all()
    with pytest.raises(Refusal, match="proof"):
        first.receive(received_by="林经理", on=clock.today(), by=rep, version=first.version)
    first.receive(received_by="林经理", on=clock.today(), signature=_proof(first), by=rep, version=first.version)
    db.session.commit()
    assert run.state == "loaded"
    with pytest.raises(Refusal):
        second.come_back(reason="", by=rep, version=second.version)
    second.come_back(reason="拒收，包装已损", intact=False, by=rep, version=second.version)
    db.session.commit()
    assert (run.state, cup.in_stock, second.recipient.state) == ("closed", 1, "returned")
    with pytest.raises(StateConflict):
        second.come_back(reason="再退", by=rep, version=second.version)


def test_another_way_needs_a_reason_and_a_cancelled_campaign_lets_go(app: Flask) -> None:
    one = delivering.waiting("key")[0]
    sup = person("sup1")
    with pytest.raises(Refusal, match="another way"):
        one.reroute("post", reason="", by=sup, version=one.version)
    run = delivering.planned(one)
    one.reroute("post", reason="客户在外地", by=sup, version=one.version)
    assert (one.run_id, one.way) == (None, "post")
    one.reroute("own", reason="", by=sup, version=one.version)
    gift_stops.fill(run, [one], by=sup)
    run.cancel(by=sup)
    db.session.commit()
    db.session.refresh(one)
    assert (run.state, one.run_id) == ("cancelled", None)
    gift_outcome.cancel(one.campaign, reason="预算收回", by=sup, version=one.campaign.version)
    db.session.commit()
    assert (one.state, gift_purchasing.wanted()) == ("dropped", {})


def test_a_stop_that_is_taken_off_waits_for_another_round(app: Flask) -> None:
    run = delivering.planned()
    one = run.stops[0]
    gift_stops.take_off(run, one, by=person("sup1"))
    db.session.commit()
    assert (one.state, one.run_id, list(run.stops), _log("GiftRun")[-1]) == ("waiting", None, [], "gift-run-left")


@pytest.mark.parametrize("code", ["vip", "key"])
def test_an_approved_gift_is_given_up_before_it_goes_out(app: Flask, code: str) -> None:
    one = delivering.waiting(code)[0]
    rep, sup = person("rep1"), person("sup1")
    run = delivering.planned(one) if code == "key" else None
    with pytest.raises(Refusal, match="Say why"):
        one.come_back(reason="", by=rep, version=one.version)
    with pytest.raises(Refusal, match="not delivered yet"):
        one.campaign.close(by=sup)
    db.session.rollback()
    one.come_back(reason="客户谢绝", by=rep, version=one.version)
    db.session.commit()
    assert (one.state, one.run_id, one.return_reason, one.recipient.state) == ("dropped", None, "客户谢绝", "returned")
    assert run is None or (run.state, list(run.stops)) == ("planned", [])
    assert (one.campaign.committed, gift_budget.differences(one.campaign), benefit.taken_of(one.customer_id, YEAR)) == (0, [], 0)
    assert db.session.query(GiftMovement).count() == 0
    assert _log("GiftDelivery")[-1] == "gift-given-up"
    assert gift_composing.replaceable(one.tier) == 1
    with pytest.raises(StateConflict):
        one.come_back(reason="再次", by=rep, version=one.version)
    one.campaign.close(by=sup)


@pytest.mark.parametrize("why", ["ended", "dispute"])
def test_nothing_goes_out_to_who_is_in_dispute_or_past(app: Flask, why: str) -> None:
    delivering.stock()
    customer, sup = factories.customer("rep1", state="active"), person("sup1")
    mailed = delivering.told(delivering.waiting("vip", customer)[0])
    brought = delivering.waiting("key", customer)[0]
    run = delivering.planned(brought)
    assert [one.params["campaign"] for one in dealings.left_open(customer)] == [mailed.campaign.name, brought.campaign.name]
    if why == "ended":
        dealings.end(customer, kind="dissolved", reason="解散", ended_on=clock.today(), by=person("mgr1"))
    else:
        taken(customer, kind="complaint")
    db.session.commit()
    said = "have ended" if why == "ended" else "in dispute"
    with pytest.raises(Refusal, match=said):
        mailed.send(carrier="顺丰", tracking="SF1", on=clock.today(), by=sup, version=mailed.version)
    with pytest.raises(Refusal, match="off the round") as refused:
        run.load(by=sup)
    assert (refused.value.message.params["customer"], said in str(refused.value.message.params["why"])) == (customer.full_name, True)
    db.session.rollback()
    for one in (mailed, brought):
        one.come_back(reason="不再馈赠", by=person("rep1"), version=one.version)
    assert (dealings.left_open(customer), campaigning.gift().in_stock) == ([], 50)


def test_a_gift_is_sent_after_it_was_approved_and_told_of(app: Flask) -> None:
    delivering.stock()
    one = delivering.waiting()[0]
    one.recipient.approved_at = clock.now() - timedelta(days=9)
    today, sup = clock.today(), person("sup1")
    one.tell(how="email", on=today - timedelta(days=3), to="林", by=person("rep1"), version=one.version)
    for days, why in ((900, "approved on"), (10, "approved on"), (4, "told on")):
        with pytest.raises(Refusal, match=why) as refused:
            one.send(carrier="顺丰", tracking="SF1", on=today - timedelta(days=days), by=sup, version=one.version)
        assert refused.value.field == "out_on"
    one.send(carrier="顺丰", tracking="SF1", on=today - timedelta(days=3), by=sup, version=one.version)
    with pytest.raises(Refusal, match="went out") as refused:
        one.receive(received_by="林", on=today - timedelta(days=4), by=person("rep1"), version=one.version)
    assert refused.value.field == "received_on"


def test_open_orders_go_to_who_takes_over_and_stay_out_of_the_hands_that_placed_them(app: Flask) -> None:
    late = goods.order(days=0)
    with time_machine.travel(clock.now() + timedelta(days=2)):
        sup, rep = person("sup1"), person("rep2")
        with pytest.raises(Refusal) as refused:
            sup.deactivate(by=person("mgr1"), to=None)
        assert refused.value.field == "to_id"
        assert to_be_taken(sup)["gift-orders"] == 1
        db.session.rollback()
        late.pass_on(rep)
        db.session.commit()
        assert [entry.kind for entry in inbox.entries(rep) if entry.kind == gift_delivery_desk.LATE] == [gift_delivery_desk.LATE]
        assert (late.ordered_by, late.can_receive(sup), late.can_receive(person("mgr1"))) == (rep, False, True)
        rep.deactivate(by=person("mgr1"), to=sup)
        db.session.commit()
        assert (late.ordered_by, to_be_taken(rep), late.can_receive(person("sup2"))) == (sup, {}, True)


def test_totals_show_who_is_given_again_and_again(app: Flask) -> None:
    from portal.models import gift_register

    rep, mine, other = person("rep1"), factories.customer("rep1"), factories.customer("rep3")
    for number, (customer, days) in enumerate([(mine, 1), (mine, 30), (mine, 300), (mine, 400), (other, 5)], 1):
        gift_register.enter(
            customer, source="souvenir", source_id=number, on=clock.today() - timedelta(days=days), title="接待", goods="纪念章",
            amount=Decimal(50), giver_id=rep.id, person="林经理",
        )  # fmt: skip
    db.session.commit()
    found = gift_register_list.totals(person("mgr1"), clock.today(), 3)
    assert (found.number, found.amount) == (4, 200)
    assert found.customers[0][1:] == ((mine.full_name,), 3, 150)
    assert [(row.names, row.number) for row in found.pairs] == [((rep.name, mine.full_name), 3)]
    assert [(row.names[1], row.number) for row in found.people] == [("林经理", 3)]
    assert gift_register_list.totals(person("rep3"), clock.today(), 3).amount == 50
    page = gift_register_list.LIST.page(person("rep1"), gift_register_list.EntryQuery.read({"q": "纪念", "first": "2000-01-01"}))
    assert [row.goods for row in page.rows] == ["纪念章"] * 4


@pytest.mark.parametrize("many", [False, True])
def test_deliveries_and_entries_are_found_by_customer_person_parcel_and_goods(
    monkeypatch: pytest.MonkeyPatch, app: Flask, many: bool
) -> None:
    from portal.models import gift_delivery_list, gift_desk, gift_register, word_index
    from portal.models.contact import Contact

    if many:
        monkeypatch.setattr(word_index, "FEW", 0)
        monkeypatch.setattr(word_index, "LEADING", 0)
    there, other = (factories.customer("rep1", full_name=name) for name in ("佛山市远航轴承厂", "佛山市远航阀门厂"))
    db.session.add(Contact(customer_id=there.id, name="欧阳修远"))
    one, second = delivering.waiting("vip", there, other)
    one.recipient.person, one.tracking, second.recipient.person = "诸葛经理", "SF-00471199", "慕容经理"
    entry = gift_register.enter(
        there, source="souvenir", source_id=1, on=clock.today(), title="接待", goods="纪念章 ×2", amount=Decimal(50), giver_id=None,
        person="诸葛经理",
    )  # fmt: skip
    entry.organisation = "佛山市远帆轴承厂"
    db.session.commit()

    def deliveries(text: str) -> list[int]:
        return gift_delivery_list.LIST.ids(person("rep1"), gift_delivery_list.DeliveryQuery.read({"q": text}), 9)

    def entries(text: str) -> list[int]:
        return gift_register_list.LIST.ids(person("rep1"), gift_register_list.EntryQuery.read({"q": text}), 9)

    for text in ("轴承", "欧阳", "诸葛", "sf-0047", "1199", "04711", "葛经 远航"):
        assert deliveries(text) == [one.id], text
    assert deliveries("经理") == deliveries("远航") == [second.id, one.id]
    assert deliveries("1198") == deliveries("葛理") == deliveries("慕容 轴承") == []
    assert entries("远帆") == entries("远航") == entries("念章") == entries("×2") == entries("诸葛 欧阳") == [entry.id]
    assert entries("阀门") == []
    one.tracking = "SF-00471198"
    db.session.commit()
    assert (deliveries("1199"), deliveries("1198")) == ([], [one.id])
    gift_delivery_desk.forget([there.id])
    gift_desk.forget([there.id])
    db.session.commit()
    assert (deliveries("诸葛"), entries("诸葛"), deliveries("1198"), entries("远帆")) == ([], [], [one.id], [entry.id])
    list(gift_delivery.SEARCH.index_all())
    assert deliveries("慕容") == [second.id]


@pytest.mark.parametrize("few", [500, 0])
def test_who_has_the_parts_of_a_text_and_not_the_text_is_not_found(monkeypatch: pytest.MonkeyPatch, app: Flask, few: int) -> None:
    from portal.models import gift_delivery_list, word_index

    monkeypatch.setattr(word_index, "FEW", few)
    one, other = delivering.waiting("vip", factories.customer("rep1"), factories.customer("rep1"))
    one.recipient.person, other.recipient.person = "诸葛经理", "葛经诸葛"
    db.session.commit()
    query = gift_delivery_list.DeliveryQuery.read({"q": "诸葛经"})
    assert gift_delivery_list.LIST.ids(person("rep1"), query, 9) == [one.id]


def test_what_waits_for_whom_and_what_follows(app: Flask) -> None:
    desk = gift_delivery_desk
    one, other = delivering.waiting("vip", factories.customer("rep1"), factories.customer("rep2"))
    run = delivering.planned(who="rep2")
    late = goods.order()
    late.expected_on = clock.today() - timedelta(days=1)
    db.session.commit()

    def kinds(account: str) -> list[str]:
        found = [entry.kind for entry in inbox.entries(person(account)) if entry.kind in desk.TITLES]
        assert inbox.count(person(account)) == len(inbox.entries(person(account)))
        return sorted(found)

    assert kinds("rep1") == [desk.TELL]
    assert kinds("rep2") == [desk.RUN, desk.TELL]
    assert kinds("sup1") == [desk.LATE, desk.BUY]
    delivering.told(one)
    other.tell(how="email", on=clock.today(), to="林", by=person("mgr1"), version=other.version)
    db.session.commit()
    assert (kinds("rep1"), kinds("sup1"), kinds("sup2")) == ([], [desk.LATE, desk.BUY, desk.SEND], [desk.BUY])
    assert desk.take_over(person("rep2"), person("rep1")) == 1
    assert run.staff_id == person("rep1").id
    delivering.stock(10)
    assert (kinds("sup2"), kinds("mgr1")) == ([], [desk.SEND])
    assists = CustomerAssistant(customer_id=one.customer_id, staff_id=person("sup2").id)
    db.session.add(assists)
    db.session.commit()
    assert kinds("sup2") == [desk.SEND], "whom somebody assists is asked with what is kept of the day"
    db.session.delete(assists)
    db.session.commit()
    assert kinds("sup2") == []
    one.send(carrier="顺丰", tracking="SF1", on=clock.today(), by=person("sup1"), version=one.version)
    one.receive(received_by="林经理", on=clock.today(), picture=_proof(one), by=person("rep1"), version=one.version)
    db.session.commit()
    assert len(desk.forget([one.customer_id])) == 1
    db.session.commit()
    entry = db.session.scalars(db.select(GiftEntry)).one()
    assert (entry.person, entry.amount, one.received_by, one.picture_id) == ("", 200, "", None)


_WHAT = ["add", "approve", "approve", "tell", "send", "send", "receive", "return", "count", "cancel"]


@settings(max_examples=10)
@given(steps=st.lists(st.tuples(st.sampled_from(_WHAT), st.integers(0, 5)), min_size=8, max_size=22))
def test_stock_and_budget_hold_in_any_order(app: Flask, steps: list[tuple[str, int]]) -> None:
    """Stock is never below zero and the sum of its movements; budget and register are the sums of what was received."""
    db.session.rollback()
    sup, rep, cup = person("sup1"), person("rep1"), campaigning.gift()
    found = campaigning.campaign(tiers={"vip": campaigning.tier(number=4)})
    customers = [factories.customer("rep1") for _one in range(6)]
    for what, place in steps:
        try:
            _step(found, what, place, customers, cup)
        except (Refusal, StateConflict):
            db.session.rollback()
        else:
            db.session.commit()
        moved = db.session.scalar(db.select(db.func.sum(GiftMovement.change)).where(GiftMovement.gift_id == cup.id)) or 0
        db.session.refresh(cup)
        assert cup.in_stock == moved >= 0
        assert gift_budget.differences(found) == []
        query = db.select(db.func.sum(GiftEntry.amount)).where(GiftEntry.taken_back_on.is_(None), GiftEntry.title == found.label)
        assert (db.session.scalar(query) or 0) == found.spent
        out = db.session.scalars(db.select(GiftDelivery).where(GiftDelivery.campaign_id == found.id, GiftDelivery.state == "out")).all()
        assert all(one.recipient.state == "approved" for one in out)
    assert sup.active
    assert rep.active


def _step(found: GiftCampaign, what: str, place: int, customers: list[Any], cup: Gift) -> None:
    sup, rep, today = person("sup1"), person("rep1"), clock.today()
    mine = db.select(GiftDelivery).where(GiftDelivery.campaign_id == found.id).order_by(GiftDelivery.id)
    of = list(db.session.scalars(mine))
    one = of[place % len(of)] if of else None
    drafts = db.select(GiftList).where(GiftList.campaign_id == found.id, GiftList.state == DRAFT)
    listed = db.session.scalar(drafts.limit(1))
    if what == "add":
        tier = found.tiers[0]
        listed = listed or gift_composing.begin_list(tier, by=sup, supplementary=gift_composing.replaceable(tier) > 0)
        gift_composing.put_one(listed, customers[place], campaigning.WHO, by=sup)
    elif what == "approve" and listed is not None:
        campaigning.through(campaigning.submitted(listed))
    elif what == "count":
        gift_stock.correct(cup, place, seen=cup.in_stock, reason="盘点", witness=person("mgr1"), by=sup)
    elif what == "cancel" and place == 5:
        gift_outcome.cancel(found, reason="取消", by=sup, version=found.version)
    elif one is not None and what == "tell":
        one.tell(how="email", on=today, to="林", by=rep, version=one.version)
    elif one is not None and what == "send":
        one.send(carrier="顺丰", tracking="SF", on=today, by=sup, version=one.version)
    elif one is not None and what == "receive":
        one.receive(received_by="林", on=today, by=rep, version=one.version)
    elif one is not None and what == "return":
        one.come_back(reason="退", intact=bool(place % 2), by=rep, version=one.version)


@pytest.mark.usefixtures("app")
def test_one_number_is_one_parcel_to_one_address() -> None:
    delivering.stock(12)
    here, there = {"city": "佛山市", "street": "一路1号"}, {"city": "佛山市", "street": "二路2号"}
    first, neighbour, other = delivering.waiting("vip", *(factories.customer("rep1", **at) for at in (here, here, there)))
    sup, today = person("sup1"), clock.today()

    def send(one: GiftDelivery, number: str = "SF 1024", carrier: str = "顺丰") -> None:
        one.send(carrier=carrier, tracking=number, on=today, by=sup, version=one.version)

    for one in (first, neighbour, other):
        delivering.told(one)
    send(first)
    send(neighbour)
    for same in ("SF 1024", "sf1024"):
        with pytest.raises(Refusal, match="another address") as refused:
            send(other, same)
        assert refused.value.field == "tracking"
    db.session.commit()
    found = gift_delivery_list.LIST.ids(person("rep1"), gift_delivery_list.DeliveryQuery.read({"q": "1024"}), 9)
    assert found == [neighbour.id, first.id]
    with pytest.raises(Refusal, match="another address"):
        send(other)
    send(other, carrier="中通")
    assert not rules.is_one_parcel("1", "顺丰", today, ("1", "顺丰", today - timedelta(days=200))), "numbers begin anew"
