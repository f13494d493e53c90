"""Rows of what is to be bought, lists of goods, and the gift register."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from portal import clock
from portal.database import db
from portal.models import gift_agreement, gift_register
from portal.models.gift_agreement import GiftAgreement
from tests import campaigning, delivering, factories
from tests.access import Row, everyone
from tests.approving import person


def _asked() -> dict[str, Any]:
    """Return something that is to be bought."""
    one = delivering.waiting()[0]
    return {"campaign": one.campaign_id, "customer": one.customer_id}


def _listed() -> dict[str, Any]:
    campaign = campaigning.campaign()
    found = GiftAgreement.begin(campaign, gift_agreement.numbers_of(campaign), by=person("sup1"))
    db.session.commit()
    return {"listed": found.id, "version": found.version, "campaign": campaign.id, "day": clock.today().isoformat()}


def _agreed() -> dict[str, Any]:
    found = _listed()
    one = db.session.get_one(GiftAgreement, found["listed"])
    one.agree(marketing="市场部", on=clock.today(), by=person("sup1"), version=one.version)
    db.session.commit()
    return {**found, "version": one.version}


def _entered() -> dict[str, Any]:
    customer = factories.customer("rep1")
    gift_register.enter(
        customer, source="prize", source_id=1, on=clock.today() - timedelta(days=2), title="TA2026", goods="×1", amount=Decimal(100),
        giver_id=person("rep1").id, person="林",
    )  # fmt: skip
    db.session.commit()
    return {"customer": customer.id, "giver": person("rep1").id}


def _of_team(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of the lists of goods of team 1's campaigns: its people see them, supervisors and managers keep them."""
    read = status if method == "GET" else 403
    return Row(endpoint, url, method, owner=read, colleague=read, supervisor=status, manager=status, **values)


_ENTRIES = "/gifts/register?q=林&source=prize&first=2020-01-01&last=2099-12-31&giver={giver}&customer={customer}&person=林&back=yes"
ROWS = [
    everyone("gifts.purchasing", "/gifts/purchasing", prepare=_asked),
    everyone("gifts.purchasing_file", "/gifts/purchasing/file?format=csv", prepare=_asked),
    _of_team("gifts.agreement_begin", "/gifts/campaigns/{campaign}/goods", "POST", 303, prepare=_listed),
    _of_team("gifts.agreement", "/gifts/goods-lists/{listed}", prepare=_listed),
    _of_team(
        "gifts.agreement_edit", "/gifts/goods-lists/{listed}/lines", "POST", 422, data={"version": "{version}"}, prepare=_listed,
    ),
    _of_team(
        "gifts.agreement_agree", "/gifts/goods-lists/{listed}/agreement", "POST", 303,
        data={"marketing": "市场部王", "agreed_on": "{day}", "version": "{version}"}, prepare=_listed,
    ),
    _of_team(
        "gifts.agreement_pass_on", "/gifts/goods-lists/{listed}/passing-on", "POST", 303,
        data={"purchasing": "采购部李", "finance": "财务部张", "passed_on": "{day}", "version": "{version}"}, prepare=_agreed,
    ),
    everyone("gifts.register", _ENTRIES, prepare=_entered),
    everyone("gifts.register_file", "/gifts/register/file?format=csv", prepare=_entered),
    everyone("gifts.register_totals", "/gifts/register/totals?last=2026-01-01", prepare=_entered),
]  # fmt: skip
