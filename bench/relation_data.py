"""What the bench's office has of its customers beside service: orders and agreements, assessments, gradings, plans, figures of sales."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bench.data import REPS_A_TEAM, TEAMS
from portal import clock
from portal.models.agreement import Agreement, AgreementRevision
from portal.models.grading import Grading
from portal.models.grading_campaign import GradingCampaign
from portal.models.order_request import OrderRequest
from portal.models.plan import MaintenancePlan, PlanCustomer
from portal.models.plan_task import PlanTask
from portal.models.relation import RelationAssessment
from portal.models.sales_book import CustomerMonth, CustomerYear, RegionMonth
from portal.rules.relation import PARTS

MOST_GRADED, MOST_SOLD_TO = 200_000, 200_000
SOME = 5_000
"""So many order requests, agreements, assessments, receptions, plans."""
Rows = Callable[["Office"], Iterator[dict[str, Any]]]


class Office:
    """Who has which customer, as `bench.data.customers` spreads them, and the moment around which everything lies."""

    def __init__(self, count: int, now: datetime) -> None:
        self.count, self.now, self.today = count, now, clock.local(now).date()

    def of(self, customer: int) -> tuple[int, int, str]:
        """Return owner, team and grade of a customer."""
        team, rep = customer % TEAMS, (customer // TEAMS) % REPS_A_TEAM
        return 1 + team * (REPS_A_TEAM + 1) + rep, team + 1, "ABC"[customer % 3] if customer % 7 else ""

    def day(self, rng: random.Random, first: int, last: int) -> date:
        """Return a day so many days from today."""
        return self.today + timedelta(days=rng.randint(first, last))


def some(office: Office, seed: int) -> Iterator[tuple[int, int, int, int, str, random.Random]]:
    """Yield `SOME` times: number, customer, their owner, team and grade, and dice."""
    rng = random.Random(seed)
    for number in range(1, SOME + 1):
        customer = (number * 37) % office.count + 1
        yield (number, customer, *office.of(customer), rng)


def _orders(office: Office) -> Iterator[dict[str, Any]]:
    goods = [{"product": "阀门 DN50", "quantity": "10 个", "amount": "1200.00"}]
    for number, customer, owner, _team, grade, rng in some(office, 31):
        treatment = grade == "C"
        state = rng.choice(("draft", "pending", "approved", "approved", "done" if treatment else "recorded", "rejected"))
        yield {
            "id": number, "kind": "a_treatment" if treatment else "refusal", "customer_id": customer, "order_number": f"DD{number:06d}",
            "ordered_on": office.day(rng, -300, -1), "goods": goods, "amount": Decimal(1200), "reason": "产能不足", "grade": grade,
            "figures": {}, "delivery_on": office.day(rng, -20, 60), "state": state, "created_by_id": owner, "created_at": office.now,
        }  # fmt: skip


def _agreements(office: Office) -> Iterator[dict[str, Any]]:
    for number, customer, owner, _team, _grade, rng in some(office, 37):
        begins = office.day(rng, -700, 100)
        yield {
            "id": number, "customer_id": customer, "title": "长期供货协议", "number": f"XY{number:05d}", "starts_on": begins,
            "ends_on": begins + timedelta(days=365), "terms": "按季度交货",
            "state": rng.choice(("draft", "filed", "filed", "filed", "ended")), "renewed": bool(number % 3),
            "created_by_id": owner, "created_at": office.now,
        }  # fmt: skip


def _revisions(office: Office) -> Iterator[dict[str, Any]]:
    for number, _customer, owner, _team, _grade, _rng in some(office, 37):
        yield {"agreement_id": number, "number": 1, "by_id": owner, "at": office.now}


def _relations(office: Office) -> Iterator[dict[str, Any]]:
    """Yield assessments: two approved ones for each of the customers, and a draft for some."""
    points = {code: {"points": "70", "basis": "统计"} for code in PARTS}
    for number, customer, owner, _team, grade, rng in some(office, 41):
        for turn in range(2):
            yield {
                "customer_id": customer, "assessed_on": office.day(rng, -700, -1), "grade": grade, "indicators_version": 0,
                "thresholds_version": 0, "scale_version": 0, "scores": {}, "points": points, "scale": 100,
                "total": Decimal(rng.randrange(30, 100)),
                "value": Decimal(rng.randrange(150, 400)), "cost": Decimal(rng.randrange(50, 300)),
                "result": "关系稳定", "proposed": "maintain", "advice": rng.choice(("maintain", "improve", "end")),
                "state": "draft" if turn and number % 20 == 0 else "approved", "created_by_id": owner, "created_at": office.now,
                "approved_at": office.now,
            }  # fmt: skip


def _campaigns(office: Office) -> Iterator[dict[str, Any]]:
    year = office.today.year
    yield {
        "id": 1, "year": year, "state": "open", "due_on": office.today + timedelta(days=30), "period_first": date(year - 1, 1, 1),
        "period_last": date(year - 1, 12, 31), "indicators_version": 0, "thresholds_version": 0, "opened_at": office.now,
        "opened_by_id": 221,
    }  # fmt: skip


def _gradings(office: Office) -> Iterator[dict[str, Any]]:
    rng = random.Random(47)
    year = office.today.year
    for customer in range(1, min(office.count, MOST_GRADED) + 1):
        owner, team, before = office.of(customer)
        state = rng.choice(("open", "open", "rated", "reviewed"))
        grade = "" if state == "open" else rng.choice("ABC")
        yield {
            "campaign_id": 1, "customer_id": customer, "owner_id": owner, "team_id": team, "state": state,
            "period_first": date(year - 1, 1, 1), "period_last": date(year - 1, 12, 31), "total": Decimal(70) if grade else None,
            "first_total": Decimal(70) if grade else None, "first_grade": grade, "grade": grade, "before_grade": before,
            "created_at": office.now,
        }  # fmt: skip


def _plans(office: Office) -> Iterator[dict[str, Any]]:
    for number, customer, owner, team, _grade, rng in some(office, 53):
        begins = office.day(rng, -300, 30)
        yield {
            "id": number, "title": f"重点客户维护计划{number}", "goal": "加强联系", "means": "定期拜访", "budget": Decimal(5000),
            "starts_on": begins, "ends_on": begins + timedelta(days=90), "people": [owner], "measures": [],
            "state": rng.choice(("draft", "pending", "running", "running", "closed")), "customer_id": customer, "team_id": team,
            "created_by_id": owner, "created_at": office.now,
        }  # fmt: skip


def _plan_customers(office: Office) -> Iterator[dict[str, Any]]:
    for number, customer, _owner, _team, _grade, _rng in some(office, 53):
        yield {"plan_id": number, "customer_id": customer}


def _plan_tasks(office: Office) -> Iterator[dict[str, Any]]:
    for number, customer, owner, _team, _grade, rng in some(office, 59):
        for turn in range(3):
            yield {
                "plan_id": number, "customer_id": customer, "staff_id": owner, "kind": "visit", "text": "上门拜访",
                "due_on": office.day(rng, -5, 60), "state": "open" if turn else "done", "created_at": office.now,
            }  # fmt: skip


def _years(office: Office) -> Iterator[dict[str, Any]]:
    rng = random.Random(61)
    for customer in range(1, min(office.count, MOST_SOLD_TO) + 1):
        for ago in range(2):
            sold = Decimal(int(rng.paretovariate(1.1) * 1000))
            yield {"customer_id": customer, "year": office.today.year - ago, "sold": sold, "lines": 4, "paid": sold}


def _months(office: Office) -> Iterator[dict[str, Any]]:
    rng = random.Random(67)
    for customer in range(1, min(office.count, MOST_SOLD_TO) + 1, 4):
        month = office.today.year * 100 + 1 + customer % office.today.month
        yield {"customer_id": customer, "month": month, "sold": Decimal(rng.randrange(9000)), "lines": 1}


def _region_months(office: Office) -> Iterator[dict[str, Any]]:
    for year in (office.today.year - 1, office.today.year):
        for month in range(1, 13):
            for region in ("华南", "华东", "华北"):
                yield {"region": region, "month": year * 100 + month, "sold": Decimal(900_000 + month), "lines": 400}


RELATION_TABLES: dict[Any, Rows] = {
    OrderRequest: _orders, Agreement: _agreements, AgreementRevision: _revisions, RelationAssessment: _relations,
    GradingCampaign: _campaigns, Grading: _gradings, MaintenancePlan: _plans, PlanCustomer: _plan_customers, PlanTask: _plan_tasks,
    CustomerYear: _years, CustomerMonth: _months, RegionMonth: _region_months,
}  # fmt: skip
"""Tables and what yields their rows, in the order in which they can be written."""
