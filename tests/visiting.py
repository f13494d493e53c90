"""Short ways through visits for tests. rep1 and rep2 are of team 1, rep3 of team 2."""

from __future__ import annotations

from datetime import date
from typing import Any

from portal import clock
from portal.database import db
from portal.models.customer import Customer
from portal.models.visit import Visit
from portal.models.visit_report import VisitReport
from portal.models.visit_thanks import ThankYouLetter, write
from portal.rules.visits import Sheet
from tests import factories
from tests.approving import person

SHEET = Sheet("王经理 采购部", "regular", "交货准时，单据齐全", "设备运行稳定", "希望增加备件", "下周寄送报价")


def customer(owner: str = "rep1", **fields: Any) -> Customer:
    """Return a customer on the register who has an address on a route and a telephone number."""
    given = {"city": "深圳市", "street": "科技路1号", "route": "南山线", "telephone": "0755-26001234", "telephone_key": "075526001234"}
    return factories.customer(owner, **{**given, **fields})


def planned(owner: str = "rep1", day: date | None = None, of: Customer | None = None, **fields: Any) -> Visit:
    """Return a committed visit of `owner` to a new customer of theirs, planned for today where no day is given."""
    visit = Visit.plan(of or customer(owner, **fields), day or clock.today(), staff=person(owner), by=person(owner))
    db.session.commit()
    return visit


def done(visit: Visit, by: str = "rep1", on: date | None = None, **texts: str) -> Visit:
    """Write down what came of a visit, and return it committed."""
    visit.finish(SHEET._replace(**texts), on=on, by=person(by), version=visit.version)
    db.session.commit()
    return visit


def report(owner: str = "rep1", *, submitted: bool = False) -> VisitReport:
    """Return the committed report of today, with one visit."""
    found = done(planned(owner), owner).report
    assert found is not None
    if submitted:
        found.submit(by=person(owner), version=found.version)
        db.session.commit()
    return found


def letter(owner: str = "rep1", of: Customer | None = None, kind: str = "letter") -> ThankYouLetter:
    """Return a committed letter to a customer for a deal of today."""
    (made,) = write([(of or customer(owner), clock.today(), "D-1")], kind=kind, site="客户关系办公室", by=person(owner))
    db.session.commit()
    return made
