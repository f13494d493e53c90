"""Customer delivered value 顾客让渡价值 over time and by grade and team (IN-5): total value less total cost, and their ratio.

The figures are part of the relation assessments; those that are approved count. Of each customer the latest one stands in a comparison.
Points of different scales are brought to the scale of 100, so that they stand beside each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from portal.database import db
from portal.models.customer import Customer
from portal.models.relation import APPROVED, TONES, RelationAssessment, latest
from portal.models.relation_list import is_latest
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.team import Team
from portal.rules.charts import OverTime, Stop, over_time
from portal.rules.grading import shown
from portal.rules.message import N_
from portal.rules.relation import ADVICE, SCALE, ratio, ratio_words, signed

GRADE, TEAM = "grade", "team"
SUBJECTS = {GRADE: N_("Customer grade"), TEAM: N_("Team")}
"""By what customers are compared: the grade at the time of the assessment, the team of today."""
DRAWN = 12
"""So many assessments stand in a chart, the newest ones; all of them in its table."""
_TENTHS = Decimal("0.1")


def series(customer: Customer) -> list[RelationAssessment]:
    """Return a customer's approved assessments, the oldest first."""
    one = RelationAssessment
    query = select(one).where(one.customer_id == customer.id, one.state == APPROVED)
    return list(db.session.scalars(query.order_by(one.assessed_on, one.id)))


def block(customer: Customer) -> dict[str, Any] | None:
    """Return what a customer's card shows of the relation, None where no assessment is approved."""
    found = latest(customer)
    if found is None:
        return None
    return {
        "latest": found,
        "advice": ADVICE,
        "tones": TONES,
        "difference": signed(found.delivered.difference),
        "ratio": ratio_words(found.delivered.ratio),
    }


class Figures(NamedTuple):
    """What a chart draws of one assessment, on the scale of 100."""

    day: str
    value: Decimal
    cost: Decimal
    ratio: Decimal | None

    @classmethod
    def of(cls, one: RelationAssessment) -> Figures:
        """Return the figures of an assessment."""
        found = one.delivered
        return cls(one.assessed_on.isoformat(), found.on(found.value), found.on(found.cost), found.ratio)

    def plain(self) -> dict[str, str]:
        """Return them as plain JSON; a ratio that is not defined is empty."""
        return {
            "day": self.day, "value": str(self.value), "cost": str(self.cost), "ratio": "" if self.ratio is None else f"{self.ratio:.2f}"
        }  # fmt: skip

    @classmethod
    def of_plain(cls, row: Mapping[str, Any]) -> Figures:
        """Return the figures that plain JSON says."""
        return cls(row["day"], Decimal(row["value"]), Decimal(row["cost"]), Decimal(row["ratio"]) if row["ratio"] else None)


def chart(figures: Iterable[Figures], undefined: str) -> OverTime:
    """Return the drawing of the newest of some figures; `undefined` are the words for a ratio that is none."""
    drawn = list(figures)[-DRAWN:]
    return over_time(
        [Stop(one.day, one.value, one.cost, shown(one.value), shown(one.cost), f"{one.ratio:.2f}" if one.ratio is not None else undefined)
         for one in drawn]
    )  # fmt: skip


@dataclass(frozen=True)
class ComparisonQuery:
    """By what a reader compares; its address says the same."""

    subject: str = GRADE

    @classmethod
    def read(cls, args: Mapping[str, str]) -> ComparisonQuery:
        """Return the query of an address; by grade unless it says otherwise."""
        return cls(TEAM if args.get("subject") == TEAM else GRADE)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {"subject": self.subject}


@dataclass(frozen=True)
class Group:
    """Customers of one grade or team with what their latest assessments come to, on the scale of 100."""

    key: str
    name: str
    customers: int
    value: Decimal
    """The sum over the customers, as `cost`."""
    cost: Decimal

    def mean(self, total: Decimal) -> Decimal:
        """Return a sum for each customer, one decimal, rounded half up."""
        return (total / self.customers).quantize(_TENTHS, ROUND_HALF_UP) if self.customers else Decimal(0)

    @property
    def mean_value(self) -> Decimal:
        """Return the mean total value."""
        return self.mean(self.value)

    @property
    def mean_cost(self) -> Decimal:
        """Return the mean total cost."""
        return self.mean(self.cost)

    @property
    def difference(self) -> Decimal:
        """Return the mean of value less cost."""
        return self.mean(self.value - self.cost)

    @property
    def ratio(self) -> Decimal | None:
        """Return total value for each point of total cost; None where there is no cost."""
        return ratio(self.value, self.cost)


def compare(user: Staff, subject: str) -> list[Group]:
    """Return the customers that `user` sees, with their latest approved assessment, by grade or by team; those without either last."""
    one = RelationAssessment
    key: InstrumentedAttribute[Any] = one.grade if subject == GRADE else Customer.team_id  # type: ignore[assignment]
    value, cost = (func.sum(type_coerce(column, BigInteger)) for column in (one.value, one.cost))
    query = (
        select(key, one.scale, func.count(), value, cost)
        .join(Customer, Customer.id == one.customer_id)
        .where(is_latest(), customer_scope(user))
        .group_by(key, one.scale)
    )
    sums: dict[str, tuple[int, Decimal, Decimal]] = {}
    for found, scale, number, of_value, of_cost in db.session.execute(query):
        count, values, costs = sums.get(str(found or ""), (0, Decimal(0), Decimal(0)))
        values, costs = (
            before + Decimal(int(points)).scaleb(-4) * SCALE / scale for before, points in ((values, of_value), (costs, of_cost))
        )
        sums[str(found or "")] = (count + number, values, costs)
    names = {str(row.id): row.name for row in db.session.execute(select(Team.id, Team.name))} if subject == TEAM else {}
    groups = [Group(code, names.get(code, code), *figures) for code, figures in sums.items()]
    return sorted(groups, key=lambda group: (not group.key, group.name))


def together(groups: Iterable[Group]) -> Group:
    """Return all groups as one."""
    found = list(groups)
    value, cost = (sum((getattr(group, name) for group in found), Decimal(0)) for name in ("value", "cost"))
    return Group("", "", sum(group.customers for group in found), value, cost)
