"""Pages of deliveries, lists of goods and the register: refusals beside their fields, files judged, scope kept (GF-3, GF-6, GF-8)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from PIL import Image, ImageDraw

from portal import clock
from portal.database import db
from portal.models import gift_register
from portal.models.gift_agreement import GiftAgreement
from tests import campaigning, delivering, factories
from tests.approving import person
from tests.client import PortalClient

As = Callable[[str], PortalClient]


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.usefixtures("app")
def test_proofs_are_judged_by_what_they_are(as_: As) -> None:
    delivering.stock(4)
    one = delivering.sent()
    path, client = f"/gifts/deliveries/{one.id}", as_("rep1")
    data = {"received_by": "林经理", "received_on": clock.today().isoformat(), "version": str(one.version)}
    for name, content, filename in (
        ("picture", b"MZ\x90", "a.png"), ("picture", b"<html></html>", "a.jpg"), ("signature", _png(), "a.png"),
        ("signature", b"x", "a.png"),
    ):  # fmt: skip
        answer = client.post(f"{path}/receipt", data={**data, name: (io.BytesIO(content), filename)})
        assert answer.status_code == 422
        assert f'id="{name}-error"' in answer.get_data(as_text=True)
    for wrong in ({"received_by": ""}, {"received_on": "2020-01-01"}, {"received_on": ""}):
        assert client.post(f"{path}/receipt", data={**data, **wrong}).status_code == 422
    assert client.post(f"{path}/receipt", data={**data, "picture": (io.BytesIO(_png()), "签收.png")}).status_code == 303
    answer = client.get(f"{path}/picture")
    assert answer.data == _png()
    assert "attachment" in answer.headers["Content-Disposition"]
    assert client.get(f"{path}/signature.png").status_code == 404
    assert client.post(f"{path}/receipt", data=data).status_code == 409
    assert client.post(f"{path}/return", data={"reason": "", "version": str(one.version)}).status_code == 422


@pytest.mark.usefixtures("app")
def test_many_are_told_and_sent_with_one_button_all_or_none(as_: As) -> None:
    delivering.stock(4)
    rows = delivering.waiting("vip", *(factories.customer("rep1", street=f"{place}路") for place in range(3)))
    first, second, third = (one.id for one in rows)
    rep, sup, day = as_("rep1"), as_("sup1"), clock.today().isoformat()
    told = {**{f"version-{one.id}": one.version for one in rows}, **{f"told-{one.id}": "1" for one in rows}, "told_how": "email"}
    told |= {"told_on": day, f"to-{first}": "林经理", f"to-{second}": "", f"to-{third}": "王经理"}
    answer = rep.post("/gifts/deliveries/telling", data=told)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert f'id="to-{second}-error"' in page
    assert "王经理" in page
    assert f'id="to-{first}-error"' not in page
    assert [one.told_on for one in rows] == [None] * 3
    assert rep.post("/gifts/deliveries/telling", data={**told, f"to-{second}": "何经理"}).status_code == 303
    assert rep.post("/gifts/deliveries/telling", data=told).status_code == 422  # told by now, as another page would find
    assert f'name="tracking-{third}"' in sup.get("/gifts/deliveries/sending").get_data(as_text=True)
    sent = {**{f"version-{one.id}": one.version for one in rows}, f"tracking-{first}": "SF1", "carrier": "顺丰", "out_on": day}
    for wrong, beside in (({"carrier": ""}, "carrier-error"), ({"out_on": ""}, "out_on-error")):
        assert f'id="{beside}"' in sup.post("/gifts/deliveries/sending", data={**sent, **wrong}).get_data(as_text=True)
    many = {**sent, f"tracking-{second}": "SF2", f"tracking-{third}": "SF3"}
    twice = sup.post("/gifts/deliveries/sending", data={**many, f"tracking-{second}": "SF1", f"tracking-{third}": ""})
    assert (twice.status_code, f'id="tracking-{second}-error"' in twice.get_data(as_text=True)) == (422, True)
    answer = sup.post("/gifts/deliveries/sending", data=many)  # two cups each, and four in stock
    assert answer.status_code == 422
    assert f'id="tracking-{third}-error"' in answer.get_data(as_text=True)
    assert (rows[0].state, campaigning.gift().in_stock) == ("waiting", 4)
    assert sup.post("/gifts/deliveries/sending", data={**many, f"tracking-{third}": ""}).status_code == 303
    assert [(one.state, one.tracking) for one in rows] == [("out", "SF1"), ("out", "SF2"), ("waiting", "")]
    assert campaigning.gift().in_stock == 0


@pytest.mark.usefixtures("app")
def test_a_drawn_signature_is_still_there_when_another_field_is_refused(as_: As) -> None:
    delivering.stock(4)
    one, client, drawn = delivering.sent(), as_("rep1"), io.BytesIO()
    picture = Image.new("RGB", (600, 200), "white")
    ImageDraw.Draw(picture).line((50, 50, 500, 150), "black", 4)
    picture.save(drawn, "PNG")
    path, data = f"/gifts/deliveries/{one.id}", {"received_on": clock.today().isoformat(), "version": str(one.version)}
    came = {"received_by": "", "signature": (io.BytesIO(drawn.getvalue()), "signature.png")}
    answer = client.post(f"{path}/receipt", data={**data, **came})
    kept = re.search(r'name="drawn" type="hidden" value="([^"]+)"', answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert kept is not None
    again = {**data, "received_by": "林" * 300, "drawn": kept[1]}
    assert kept[1] in client.post(f"{path}/receipt", data=again).get_data(as_text=True), "also where the form itself refuses"
    assert client.post(f"{path}/receipt", data={**data, "received_by": "林经理", "drawn": kept[1]}).status_code == 303
    assert one.signature is not None
    assert Image.open(io.BytesIO(one.signature.content())).width > 400
    other = delivering.sent()
    for nothing in ("x", "AAAA"):
        sent = {**data, "received_by": "", "drawn": nothing, "version": str(other.version)}
        assert "data-drawn" not in client.post(f"/gifts/deliveries/{other.id}/receipt", data=sent).get_data(as_text=True)


@pytest.mark.usefixtures("app")
def test_a_gift_that_waits_is_given_up_with_a_reason(as_: As) -> None:
    one, client = delivering.waiting()[0], as_("rep1")
    path, version = f"/gifts/deliveries/{one.id}", str(one.version)
    assert 'id="intact"' not in client.get(path).get_data(as_text=True)
    answer = client.post(f"{path}/return", data={"reason": "", "version": version})
    assert (answer.status_code, 'id="reason-error"' in answer.get_data(as_text=True)) == (422, True)
    assert client.post(f"{path}/return", data={"reason": "客户谢绝", "version": version}).status_code == 303
    assert "客户谢绝" in client.get(path).get_data(as_text=True)
    assert client.post(f"{path}/return", data={"reason": "客户谢绝", "version": version}).status_code == 409


@pytest.mark.usefixtures("app")
def test_the_page_says_why_a_gift_does_not_go_out_and_days_stand_beside_their_field(as_: As) -> None:
    delivering.stock(4)
    one, client = delivering.told(), as_("sup1")
    path = f"/gifts/deliveries/{one.id}"
    data = {"carrier": "顺丰", "tracking": "SF1", "out_on": "2020-01-01", "version": str(one.version)}
    answer = client.post(f"{path}/parcel", data=data)
    assert (answer.status_code, 'id="out_on-error"' in answer.get_data(as_text=True)) == (422, True)
    one.customer.state = "past"
    db.session.commit()
    said = "与该客户的交易已结束"
    assert said in client.get(path).get_data(as_text=True)
    answer = client.post(f"{path}/parcel", data={**data, "out_on": clock.today().isoformat()})
    assert (answer.status_code, said in answer.get_data(as_text=True)) == (422, True)


@pytest.mark.usefixtures("app")
def test_a_campaign_or_round_of_others_stands_as_a_number_on_filters(as_: As) -> None:
    run = delivering.planned()
    campaign = run.stops[0].campaign
    for account, named in (("sup1", True), ("mgr1", True), ("sup2", False), ("rep3", False)):
        for query, name in ((f"campaign={campaign.id}", campaign.number), (f"run={run.id}", run.route)):
            page = as_(account).get(f"/gifts/deliveries?{query}").get_data(as_text=True)
            assert (name in page) is named, (account, query)


@pytest.mark.usefixtures("app")
def test_goods_are_agreed_and_passed_on(as_: As) -> None:
    campaign, client = campaigning.campaign(), as_("sup1")
    assert client.post(f"/gifts/campaigns/{campaign.id}/goods").status_code == 303
    found = db.session.scalars(db.select(GiftAgreement)).one()
    path, key, day = f"/gifts/goods-lists/{found.id}", found.lines[0]["gift_id"], clock.today().isoformat()
    typed = {f"number-{key}": "25", f"form-{key}": "红色礼盒", "note": "附卡", "version": str(found.version)}
    for wrong in ({f"number-{key}": "0"}, {f"number-{key}": "x"}, {f"form-{key}": "内附购物卡"}):
        assert client.post(f"{path}/lines", data={**typed, **wrong}).status_code == 422
    assert client.post(f"{path}/lines", data=typed).status_code == 303
    assert client.post(f"{path}/lines", data=typed).status_code == 409
    version = str(found.version)
    assert client.post(f"{path}/agreement", data={"marketing": "", "agreed_on": day, "version": version}).status_code == 422
    assert client.post(f"{path}/agreement", data={"marketing": "夏晴", "agreed_on": day, "version": version}).status_code == 303
    passed = {"purchasing": "严明", "finance": "苏静", "passed_on": day, "version": str(found.version)}
    assert client.post(f"{path}/passing-on", data={**passed, "finance": ""}).status_code == 422
    assert client.post(f"{path}/passing-on", data=passed).status_code == 303
    page = client.get(path).get_data(as_text=True)
    assert [word for word in ("红色礼盒", "夏晴", "严明", "苏静", "附卡") if word not in page] == []
    assert (found.state, found.total) == ("passed-on", 25)


@pytest.mark.usefixtures("app")
def test_the_register_shows_what_its_reader_may_see(as_: As) -> None:
    mine, other = factories.customer("rep1", full_name="甲公司"), factories.customer("rep3", full_name="乙公司")
    for number, customer in enumerate((mine, mine, mine, other), 1):
        gift_register.enter(
            customer, source="prize", source_id=number, on=clock.today(), title="提案", goods="×1", amount=Decimal(80),
            giver_id=person("rep1").id, person="林",
        )  # fmt: skip
    db.session.commit()
    page, totals = (as_("rep1").get(path).get_data(as_text=True) for path in ("/gifts/register?q=林", "/gifts/register/totals"))
    assert ("甲公司" in page, "乙公司" in page, "240.00" in totals, "乙公司" in totals) == (True, False, True, False)
    file = as_("rep3").get("/gifts/register/file?format=csv").get_data(as_text=True)
    assert ("甲公司" in file, "乙公司" in file) == (False, True)
    assert "320.00" in as_("mgr1").get("/gifts/register/totals").get_data(as_text=True)


def test_sending_is_offered_once_the_customer_was_told(as_: As) -> None:
    (one,) = delivering.waiting("vip")[:1]
    path, client = f"/gifts/deliveries/{one.id}", as_("sup1")
    page = client.get(path).get_data(as_text=True)
    assert "须先告知客户。" in page
    assert 'name="tracking"' not in page
    delivering.told(one)
    page = client.get(path).get_data(as_text=True)
    assert 'name="tracking"' in page
    assert ("待寄出" in page, "待派送" in page) == (True, False), "as the list calls it"
