"""Short ways through requests about orders and long-term agreements for tests. rep1 and rep2 are of team 1, rep3 of team 2."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from portal import clock
from portal.database import db
from portal.models.agreement import Agreement, Terms
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.dossier import Upload
from portal.models.order_request import OrderRequest
from portal.rules.orders import A_TREATMENT, REFUSAL, Goods, Wanted
from tests import approving, factories
from tests.approving import person


def day(ahead: int = 0) -> date:
    """Return a day so many ahead of today."""
    return clock.today() + timedelta(days=ahead)


def wanted(**values: Any) -> Wanted:
    """Return what somebody entered of an order of 1,200.50 yuan; without sales, price and payment are said in words."""
    given: dict[str, Any] = {
        "order_number": "DD-2026-001", "ordered_on": day(-2), "goods": (Goods("P01 轴承", "10", Decimal("1200.50")),),
        "reason": "原料停供，无法交货", "delivery_on": day(20), "price_note": "按目录价成交", "payment_note": "预付三成，往期均按时",
    }  # fmt: skip
    return Wanted(**{**given, **values})


def asked(kind: str = REFUSAL, customer: Customer | None = None, by: str = "rep1", **values: Any) -> OrderRequest:
    """Return a committed draft; of a new customer of rep1, of the grade that the kind is about, where none is given."""
    whose = customer or factories.customer("rep1", grade="C" if kind == A_TREATMENT else "A")
    made = OrderRequest.begin(kind, whose, wanted(**values), by=person(by))
    db.session.commit()
    return made


def submitted(request: OrderRequest, by: str = "rep1") -> Approval:
    """Return the committed running approval of a request."""
    approval = request.submit(by=person(by))
    db.session.commit()
    return approval


def through(approval: Approval) -> Approval:
    """Sign an approval to its end: supervisor, then manager."""
    while approval.state == "pending":
        approving.sign(approval, "sup1" if approval.step_for(person("sup1")) else "mgr1")
    return approval


def treated(customer: Customer | None = None, by: str = "rep1", **values: Any) -> OrderRequest:
    """Return a request whose order is treated like grade A."""
    request = asked(A_TREATMENT, customer, by, **values)
    through(submitted(request, by))
    return db.session.get_one(OrderRequest, request.id)


def terms(**values: Any) -> Terms:
    """Return what somebody entered of an agreement for a year from today."""
    given: dict[str, Any] = {
        "title": "年度供货协议", "number": "XY-2026-08", "starts_on": day(), "ends_on": day(364), "terms": "全年采购 2000 套，价格下浮 3%",
    }  # fmt: skip
    return Terms(**{**given, **values})


def paper(text: str = "协议正文") -> Upload:
    """Return a file to be filed."""
    return Upload.of(text.encode(), "协议.txt")


def drafted(customer: Customer | None = None, by: str = "rep1", upload: Upload | None = None, **values: Any) -> Agreement:
    """Return a committed draft; with a new A customer of rep1 where none is given."""
    whose = customer or factories.customer("rep1", grade="A")
    made = Agreement.begin(whose, terms(**values), by=person(by), upload=upload)
    db.session.commit()
    return made


def filed(customer: Customer | None = None, by: str = "sup1", **values: Any) -> Agreement:
    """Return a committed agreement that was filed today."""
    made = drafted(customer, by, **values)
    made.file(by=person(by), filed_on=day(), upload=paper(f"已签 {made.id}"))
    db.session.commit()
    return made
