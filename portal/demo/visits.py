"""Visits of the demonstration office: routes, visits of the last weeks with their reports, plans for days ahead, letters (SV-20)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models.calendar import site_calendar
from portal.models.customer import Customer
from portal.models.promise import Promise
from portal.models.report_fields import DRAFT, READING
from portal.models.staff import Staff
from portal.models.visit import Visit, planned_for
from portal.models.visit_report import VisitReport
from portal.models.visit_thanks import write
from portal.rules.visits import LETTER, Sheet

At = Callable[[float], AbstractContextManager[None]]
ROUTES = ("东线", "南线", "西线", "北线")
SAID = (
    ("交货及时，单据齐全。", "设备运行平稳，产量提高约一成。", "计划三季度增购一台。", "下周寄送报价与样册。", "一周内寄出报价单"),
    ("有一批晚到两天，已说明原因。", "耗材寿命较以前长。", "希望改为每月两次送货。", "与物流部商定送货日。", "三天内答复送货安排"),
    ("无异常。", "操作工反映界面清楚。", "需要一次保养培训。", "联系服务部安排培训。", ""),
    ("数量与合同一致。", "", "对新产品有兴趣，希望试用。", "带样机再访。", "下次来访带样机"),
)
"""Last order, effect, needs, next step, promise."""
PURPOSES = ("regular", "order", "effect", "goodwill")


def fill(customers: Sequence[Customer], staff: Mapping[str, Staff], at: At) -> int:
    """Put customers on routes, visit some of them in the last weeks, plan others, thank a few; return how many visits there are."""
    mine = [one for one in customers if one.owner is not None and one.owner.active]
    for turn, customer in enumerate(mine):
        if customer.owner is not None and not customer.route and customer.can_edit(customer.owner):
            customer.change({"route": ROUTES[turn % len(ROUTES)], "route_order": turn // len(ROUTES) + 1}, by=customer.owner)
    made = sum(_visited(customer, turn, at) for turn, customer in enumerate(mine[: len(mine) // 2]))
    _read_reports(staff, at)
    calendar, today = site_calendar(), clock.today()
    for turn, customer in enumerate(mine[len(mine) // 2 :]):
        if customer.owner is None or planned_for(customer.id) is not None or turn % 3 == 2:
            continue
        day = calendar.add_working_days(today, turn % 5)
        aim = "" if turn % 2 else "了解近期采购计划"
        Visit.plan(customer, day, staff=customer.owner, purpose=PURPOSES[turn % 4], aim=aim, by=customer.owner)
        made += 1
    for customer in mine[1:8:3]:
        if customer.owner is not None:
            write([(customer, today - timedelta(days=3), "")], kind=LETTER, site="客户关系办公室", by=customer.owner)
    db.session.flush()
    return made


def _visited(customer: Customer, turn: int, at: At) -> int:
    """Let a customer be visited once, a few days ago, with a promise where one was made."""
    owner = customer.owner
    days = (9, 6, 5, 2)[turn % 4]
    review, effect, needs, next_step, promised = SAID[turn % len(SAID)]
    with at(days):
        if owner is None or not site_calendar().is_working_day(clock.today()):
            return 0
        sheet = Sheet("王经理 采购部", PURPOSES[turn % 4], review, effect, needs, next_step)
        visit = Visit.record(customer, sheet, on=None, by=owner)
        if promised:
            due = clock.now() + timedelta(days=days + 1 + turn % 4)
            Promise.make(customer.id, promised, due, source="visit", source_id=visit.id, staff_id=owner.id, by=owner)
    return 1


def _read_reports(staff: Mapping[str, Staff], at: At) -> None:
    """Submit the reports of the days before, and let a supervisor read some."""
    reports = {report.id: report for person in staff.values() for report in _open(person)}
    for turn, report in enumerate(reports.values()):
        days = (clock.today() - report.day).days
        with at(max(0, days - 0.3)):
            report.submit(by=report.staff, version=report.version)
            readers = [one for one in report.readers() if report.can_read(one)]
        if readers and turn % 2 == 0:
            with at(max(0, days - 0.6)):
                report.say(READING, "已阅。需求请跟进，并告知结果。", by=readers[0], version=report.version)


def _open(person: Staff) -> list[VisitReport]:
    query = select(VisitReport).where(VisitReport.staff_id == person.id, VisitReport.state == DRAFT, VisitReport.day < clock.today())
    return list(db.session.scalars(query.order_by(VisitReport.day)))
