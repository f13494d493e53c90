"""Rows of gifts, their stock, suppliers and orders: everybody reads, supervisors and managers keep, nobody receives what they ordered."""

from __future__ import annotations

from typing import Any

from tests import goods
from tests.access import Row, everyone
from tests.approving import person


def _gift() -> dict[str, Any]:
    found = goods.gift(stock=5)
    return {"gift": found.id, "version": found.version, "supplier": goods.supplier().id, "witness": person("rep4").id}


def _order() -> dict[str, Any]:
    found = goods.order(days=1)
    return {"order": found.id, "line": found.lines[0].id, "gift": found.lines[0].gift_id, "supplier": found.supplier_id}


def _keepers(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page of supervisors and managers."""
    given = {"supervisor": status, "other_supervisor": status, "manager": status, **values}
    return Row(endpoint, url, method, owner=403, colleague=403, stranger=403, **given)


_GIFT = {
    "name": "定制钢笔", "kind": "souvenir", "specification": "笔夹有司标", "unit": "支", "unit_price": "58", "active": "y",
    "version": "{version}",
}  # fmt: skip
_COUNT = {"counted": "4", "witness": "{witness}", "reason": "破损一套", "seen": "5"}

ROWS = [
    everyone("gifts.goods", "/gifts/goods?q=茶&kind=customised&standing=in-use&supplier=1", prepare=_gift),
    everyone("gifts.goods_file", "/gifts/goods/file?format=csv", prepare=_gift),
    everyone("gifts.gift", "/gifts/goods/{gift}", prepare=_gift),
    _keepers("gifts.gift_new", "/gifts/goods/new"),
    _keepers("gifts.gift_new", "/gifts/goods/new", "POST", 303, data={**_GIFT, "version": ""}),
    _keepers("gifts.gift_edit", "/gifts/goods/{gift}/edit", prepare=_gift),
    _keepers("gifts.gift_edit", "/gifts/goods/{gift}/edit", "POST", 303, data=_GIFT, prepare=_gift),
    _keepers("gifts.gift_count", "/gifts/goods/{gift}/counts", "POST", 303, data=_COUNT, prepare=_gift),
    everyone("gifts.suppliers", "/gifts/suppliers", prepare=_gift),
    _keepers("gifts.supplier_new", "/gifts/suppliers/new"),
    _keepers("gifts.supplier_new", "/gifts/suppliers/new", "POST", 303, data={"name": "瓷器公司", "active": "y"}),
    _keepers("gifts.supplier_edit", "/gifts/suppliers/{supplier}/edit", prepare=_gift),
    _keepers("gifts.supplier_edit", "/gifts/suppliers/{supplier}/edit", "POST", 303, data={"name": "改名", "version": "1"}, prepare=_gift),
    everyone("gifts.orders", "/gifts/orders?q=礼品&state=open", prepare=_order),
    everyone("gifts.orders_file", "/gifts/orders/file", prepare=_order),
    everyone("gifts.order", "/gifts/orders/{order}", prepare=_order),
    _keepers("gifts.order_new", "/gifts/orders/new?supplier={supplier}", prepare=_gift),
    _keepers("gifts.order_new", "/gifts/orders/new", "POST", 422, data={"supplier": "{supplier}"}, prepare=_gift),
    _keepers(
        "gifts.order_receive", "/gifts/orders/{order}/receipts", "POST", 303, data={"line": "{line}", "quantity": "4"}, prepare=_order,
        supervisor=403,
    ),
    _keepers("gifts.order_end", "/gifts/orders/{order}/ending", "POST", 303, data={"reason": "供应商缺货"}, prepare=_order),
]  # fmt: skip
