"""Short ways through information reports for tests. rep1 and rep2 are of team 1 with sup1, rep3 of team 2 with sup2."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from portal import clock
from portal.database import db
from portal.models import report_due, report_notes
from portal.models.customer import Customer
from portal.models.report import InformationReport
from portal.rules.periods import Period
from tests import factories
from tests.approving import person

URGENT: dict[str, Any] = {
    "title": "主要仓库失火",
    "happened_on": date(2026, 3, 4),
    "source": "客户来电",
    "account": "三号仓库夜间失火，无人员伤亡。",
    "consequence": "两周内无法收货。",
    "action": "已暂停发货，建议延长账期。",
}
PERIODIC: dict[str, Any] = {"sales": "订单较上季度增加一成。", "problems": "付款略有延迟。", "plans": "四月走访采购部。"}
Q1 = Period("quarter", date(2026, 1, 1))


def told(customer: Customer | None = None, by: str = "rep1", **values: Any) -> InformationReport:
    """Return a committed urgent report."""
    report = InformationReport.tell(customer or factories.customer("rep1"), {**URGENT, **values}, by=person(by))
    report_notes.announce(report, by=person(by))
    db.session.commit()
    return report


def begun(customer: Customer | None = None, by: str = "rep1", period: Period = Q1, **values: Any) -> InformationReport:
    """Return a committed draft of a periodic report."""
    report = InformationReport.begin(customer or factories.customer("rep1"), period, {**PERIODIC, **values}, by=person(by))
    db.session.commit()
    return report


def submitted(customer: Customer | None = None, by: str = "rep1", period: Period = Q1) -> InformationReport:
    """Return a committed periodic report that waits to be read."""
    report = begun(customer, by, period)
    report.submit(by=person(by))
    report_due.count_reported([report.customer_id])
    report_notes.announce(report, by=person(by))
    db.session.commit()
    return report


def added(report: InformationReport, kind: str, by: str, text: str = "") -> None:
    """Add a note, and commit."""
    report_notes.add(report, kind, text, by=person(by))
    db.session.commit()


def old_customer(owner: str = "rep1", *, years: int = 3, **fields: Any) -> Customer:
    """Return a committed customer of grade A who has been on the register for some years."""
    since = clock.now() - timedelta(days=365 * years)
    values = {"grade": "A", "created_at": since, "registered_on": clock.local(since).date()}
    return factories.customer(owner, **{**values, **fields})


def moment(year: int, month: int, day: int) -> datetime:
    """Return noon of a day at the site."""
    return datetime(year, month, day, 12, tzinfo=clock.SITE_ZONE)
