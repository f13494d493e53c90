"""Pages of gifts, their stock and orders: what is refused is said beside its field, and what is done is seen (GF-3, GF-5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.database import db
from portal.models.audit import AuditEvent
from portal.models.gift import Gift
from portal.models.gift_agreement import GiftAgreement
from portal.models.gift_order import GiftOrder
from tests import delivering, goods
from tests.approving import person
from tests.campaigning import campaign
from tests.client import PortalClient

As = Callable[[str], PortalClient]


@pytest.mark.usefixtures("app")
def test_a_gift_is_added_counted_and_never_cash(as_: As) -> None:
    client = as_("sup1")
    page = client.get("/gifts/goods").get_data(as_text=True)
    assert "/gifts/goods/new" in page
    typed = {"name": "定制茶杯", "kind": "customised", "specification": "骨瓷", "unit": "只", "unit_price": "1,080.00", "active": "y"}
    for wrong, words in (
        ({"name": "京东购物卡"}, "购物卡"),
        ({"specification": "内附现 金"}, "现金"),
        ({"kind": "cash"}, "/kind"),
        ({"unit_price": "0"}, ""),
        ({"unit_price": "二十"}, ""),
        ({"unit": ""}, ""),
    ):
        answer = client.post("/gifts/goods/new", data={**typed, **wrong})
        assert answer.status_code == 422
        assert words.startswith("/") or words in answer.get_data(as_text=True)
    assert db.session.scalar(db.select(db.func.count(Gift.id))) == 0
    assert client.post("/gifts/goods/new", data=typed).status_code == 303
    assert client.post("/gifts/goods/new", data=typed).status_code == 422
    found = db.session.scalars(db.select(Gift)).one()
    count = {"counted": "7", "witness": str(person("mgr1").id), "reason": "期初盘点", "seen": "0"}
    for wrong in ({"counted": "-1"}, {"witness": str(person("sup1").id)}, {"reason": ""}, {"seen": "3"}, {"counted": "0"}):
        assert client.post(f"/gifts/goods/{found.id}/counts", data={**count, **wrong}).status_code == 422
    assert client.post(f"/gifts/goods/{found.id}/counts", data=count).status_code == 303
    page = client.get(f"/gifts/goods/{found.id}").get_data(as_text=True)
    assert "+7" in page
    assert "期初盘点" in page
    assert "骨瓷" in client.get("/gifts/goods?q=骨").get_data(as_text=True)
    assert "骨瓷" not in client.get("/gifts/goods?q=竹").get_data(as_text=True)


@pytest.mark.usefixtures("app")
def test_what_is_changed_in_a_list_of_goods_stands_in_the_log(as_: As) -> None:
    found, client = campaign(), as_("sup1")
    assert client.post(f"/gifts/campaigns/{found.id}/goods").status_code == 303
    one = db.session.scalars(db.select(GiftAgreement)).one()
    data = {f"number-{line['gift_id']}": "7" for line in one.lines} | {f"form-{line['gift_id']}": "礼盒" for line in one.lines}
    for version in ("1", "2"):
        assert client.post(f"/gifts/goods-lists/{one.id}/lines", data={**data, "version": version}).status_code == 303
    entry = db.session.scalars(db.select(AuditEvent).where(AuditEvent.action == "gift-goods-changed")).one()
    assert [(change["field"], change["old"], change["new"]) for change in entry.data["changes"]] == [
        ("定制保温杯.number", "10", "7"),
        ("定制保温杯.form", "", "礼盒"),
    ]


@pytest.mark.usefixtures("app")
def test_a_gift_given_no_more_is_ordered_for_those_who_wait_for_it(as_: As) -> None:
    client, waits, other, supplier = as_("sup1"), delivering.waiting()[0].pieces[0].gift, goods.gift(), goods.supplier()
    for one in (waits, other):
        one.active = False
    db.session.commit()
    page = client.get("/gifts/orders/new").get_data(as_text=True)
    assert (f'name="quantity-{waits.id}"' in page, f'name="quantity-{other.id}"' in page) == (True, False)
    data = {"supplier": str(supplier.id), "expected_on": "2099-01-01", f"quantity-{waits.id}": "2", f"price-{waits.id}": "99"}
    assert client.post("/gifts/orders/new", data=data).status_code == 303


@pytest.mark.usefixtures("app")
def test_an_order_comes_in_parts_by_another_hand(as_: As) -> None:
    of, by = goods.gift(), goods.supplier()
    data = {"supplier": str(by.id), "expected_on": "2099-01-01", f"quantity-{of.id}": "10", f"price-{of.id}": "99"}
    client = as_("sup1")
    pieces, price = f"quantity-{of.id}", f"price-{of.id}"
    for wrong in ({"supplier": ""}, {"expected_on": "2020-01-01"}, {pieces: ""}, {pieces: "x"}, {price: "-"}):
        assert client.post("/gifts/orders/new", data={**data, **wrong}).status_code == 422
    assert client.post("/gifts/orders/new", data=data).status_code == 303
    order = db.session.scalars(db.select(GiftOrder)).one()
    line, path = order.lines[0], f"/gifts/orders/{order.id}"
    other = as_("mgr1")
    assert other.post(f"{path}/receipts", data={"line": line.id, "quantity": "11"}).status_code == 422
    assert other.post(f"{path}/receipts", data={"line": line.id, "quantity": "4", "note": "送货单88"}).status_code == 303
    assert "送货单88" in other.get(path).get_data(as_text=True)
    assert other.post(f"{path}/ending", data={"reason": ""}).status_code == 422
    assert other.post(f"{path}/ending", data={"reason": "停产"}).status_code == 303
    db.session.expire_all()
    assert (order.state, of.in_stock, line.open) == ("closed", 4, 6)
    assert other.post(f"{path}/receipts", data={"line": line.id, "quantity": "1"}).status_code == 409
    whole = goods.order(3, of)
    assert other.post(f"/gifts/orders/{whole.id}/receipts", data={"line": whole.lines[0].id, "quantity": "3"}).status_code == 303
    db.session.expire_all()
    assert (whole.state, of.in_stock) == ("done", 7)
    late = goods.order(5, of)
    late.expected_on = late.ordered_on.replace(year=2020)
    db.session.commit()
    page = other.get("/gifts/orders?state=late").get_data(as_text=True)
    assert f'"/gifts/orders/{late.id}"' in page
    assert f'"{path}"' not in page
