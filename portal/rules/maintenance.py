"""Maintenance plans 客户关系维护方案: what a plan must say, what it may cost, and the days of the national holidays (RL-20 to RL-24)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from portal.rules.message import N_, Message, Refusal
from portal.rules.money import figures

MOST_CUSTOMERS = 200
"""So many customers are covered by one plan: what somebody can read before signing."""
MOST_MEASURES = 30
MOST_TASKS = 2000
"""So many tasks may follow from one plan: a visit of each of two hundred customers ten times."""
LONGEST_TITLE = 80
LONGEST_TEXT = 2000
LONGEST_LINE = 300

ONCE, EACH = "once", "each"
EXTENTS = {EACH: N_("for each customer"), ONCE: N_("once")}
"""Whether a measure becomes a task for each customer covered, or one task."""

STEPS = {
    "dossier": N_("Dossier built"),
    "graded": N_("Assessed and graded"),
    "listed": N_("On the grade list"),
    "written": N_("Plan written"),
    "reviewed": N_("Plan reviewed and corrected"),
    "carried-out": N_("Plan carried out"),
    "assessed": N_("Result assessed"),
    "improved": N_("Improved"),
    "filed": N_("Papers filed"),
}
"""The nine steps of the cycle in their order (RL-20)."""

POSTS = {
    "general_manager": N_("General manager"),
    "deputy": N_("Deputy general manager"),
    "department_head": N_("Head of department"),
    "section_head": N_("Head of section"),
}
"""Whom the strengthening table looks at (RL-22)."""


@dataclass(frozen=True)
class Measure:
    """One measure of a plan: what is done, for whom, by whom until when, and what it may cost in all (yuan)."""

    kind: str
    text: str
    extent: str
    staff_id: int | None
    """None: whoever is in charge of the customer."""
    due_on: date | None
    cost: Decimal

    def as_data(self) -> dict[str, Any]:
        """Return the measure as plain JSON."""
        return {
            "kind": self.kind, "text": self.text, "extent": self.extent, "staff_id": self.staff_id,
            "due_on": self.due_on.isoformat() if self.due_on else "", "cost": str(self.cost),
        }  # fmt: skip

    @classmethod
    def of(cls, data: dict[str, Any]) -> Measure:
        """Return the measure that plain JSON says."""
        due_on = date.fromisoformat(data["due_on"]) if data["due_on"] else None
        return cls(data["kind"], data["text"], data["extent"], data["staff_id"], due_on, Decimal(data["cost"]))


@dataclass(frozen=True)
class Outline:
    """What somebody wrote into a plan, before it counts; customers and people are judged where they are known."""

    title: str
    goal: str
    means: str
    budget: Decimal
    starts_on: date | None
    ends_on: date | None
    people: tuple[int, ...]
    measures: tuple[Measure, ...]
    customers: int
    """How many customers it covers."""

    @property
    def planned(self) -> Decimal:
        """Return what all measures may cost."""
        return planned(self.measures)


def planned(measures: Iterable[Measure]) -> Decimal:
    """Return what measures may cost together, in yuan."""
    return sum((one.cost for one in measures), Decimal(0))


def problems(plan: Outline) -> list[Refusal]:
    """Return everything that keeps a plan from being one, each with its field (RL-21); measures have `measure-<what>-<row>`."""
    found = []
    if not plan.title:
        found.append(Refusal("Give the plan a name.", field="title"))
    if not plan.goal:
        found.append(Refusal("Say what is to be reached.", field="goal"))
    if plan.starts_on is None:
        found.append(Refusal("Say when the plan begins.", field="starts_on"))
    if plan.ends_on is None:
        found.append(Refusal("Say when the plan ends.", field="ends_on"))
    elif plan.starts_on is not None and plan.ends_on < plan.starts_on:
        found.append(Refusal("The plan ends before it begins.", field="ends_on"))
    found += customer_problems(plan.customers)
    if not plan.people:
        found.append(Refusal("Choose who carries the plan out.", field="people"))
    found += measure_problems(plan.measures, plan.starts_on, plan.ends_on, plan.people, plan.customers)
    return found + budget_problems(plan.budget, plan.measures)


def customer_problems(count: int) -> list[Refusal]:
    """Return what is wrong with how many customers a plan covers."""
    if not count:
        return [Refusal("Choose the customers that the plan covers.", field="customers")]
    if count > MOST_CUSTOMERS:
        return [Refusal("A plan covers at most %(most)s customers.", field="customers", most=MOST_CUSTOMERS)]
    return []


def budget_problems(budget: Decimal, measures: Sequence[Measure]) -> list[Refusal]:
    """Return what is wrong with a budget: not above nothing, or below what its measures may cost."""
    if budget <= 0:
        return [Refusal("The budget must be more than 0 yuan.", field="budget")]
    total = planned(measures)
    if total > budget:
        over = {"total": figures(total), "budget": figures(budget), "over": figures(total - budget)}
        text = N_("The measures cost %(total)s yuan, %(over)s more than the budget of %(budget)s. Raise the budget or plan less.")
        return [Refusal(text, field="budget", **over)]
    return []


def measure_problems(
    measures: Sequence[Measure], starts_on: date | None, ends_on: date | None, people: Collection[int], customers: int
) -> list[Refusal]:
    """Return what is wrong with the measures of a plan that covers so many customers."""
    if not measures:
        return [Refusal("A plan has at least one measure.", field="measures")]
    found = []
    if len(measures) > MOST_MEASURES:
        found.append(Refusal("A plan has at most %(most)s measures.", field="measures", most=MOST_MEASURES))
    for row, one in enumerate(measures):
        if not one.kind:
            found.append(Refusal("Choose what kind of measure it is.", field=f"measure-kind-{row}"))
        if not one.text:
            found.append(Refusal("Say what is done.", field=f"measure-text-{row}"))
        if one.due_on is None:
            found.append(Refusal("Say by which day.", field=f"measure-due-{row}"))
        elif (starts_on and one.due_on < starts_on) or (ends_on and one.due_on > ends_on):
            found.append(Refusal("This day lies outside the plan’s dates.", field=f"measure-due-{row}"))
        if one.staff_id is not None and one.staff_id not in people:
            found.append(Refusal("This person is not among those who carry the plan out.", field=f"measure-staff-{row}"))
        if one.staff_id is None and one.extent == ONCE:
            found.append(
                Refusal(
                    "Choose who does it: a measure done once has no customer whose person in charge it could be.",
                    field=f"measure-staff-{row}",
                )
            )
        if one.cost < 0:
            found.append(Refusal("A cost cannot be below 0.", field=f"measure-cost-{row}"))
    if sum(customers if one.extent == EACH else 1 for one in measures) > MOST_TASKS:
        found.append(Refusal("More than %(most)s tasks would follow from this plan. Divide it.", field="measures", most=MOST_TASKS))
    return found


def over_budget(cost: Decimal, spent: Decimal, budget: Decimal) -> Refusal:
    """Return why a cost is not booked, with the figures (RL-21)."""
    text = N_(
        "%(cost)s yuan are more than is left: of the budget of %(budget)s, %(spent)s are spent and %(left)s are left. "
        "Have the plan amended first."
    )
    said = {"cost": figures(cost), "budget": figures(budget), "spent": figures(spent), "left": figures(budget - spent)}
    return Refusal(text, field="cost", **said)


# --- holidays (RL-24) ----------------------------------------------------------------

GREETED = ("New Year's Day", "Spring Festival", "Labour Day", "Dragon Boat Festival", "Mid-autumn Festival", "National Day")
"""National holidays on which customers are greeted, by the calendar's names; on Tomb-sweeping Day nobody is congratulated."""
_FIXED = {"New Year's Day": (1, 1), "Labour Day": (5, 1), "National Day": (10, 1)}
"""Holidays that are on the same day of every year, announced or not."""


@dataclass(frozen=True)
class Holiday:
    """One national holiday of a year: its first free day, and whether the State Council has announced it."""

    name: str
    day: date
    announced: bool = True


def holidays_between(first: date, last: date, name_of: Callable[[date], str], is_announced: Callable[[int], bool]) -> list[Holiday]:
    """Return the holidays on which customers are greeted that begin between two days, in their order.

    `name_of` and `is_announced` are the calendar's; of a year that is not announced those on a fixed day are known.
    """
    found: list[Holiday] = []
    day, before = first, name_of(first - timedelta(days=1))
    while day <= last:
        name = name_of(day)
        if name in GREETED and name != before and not any(one.name == name and (day - one.day).days < 20 for one in found):
            found.append(Holiday(name, day))
        before, day = name, day + timedelta(days=1)
    for year in range(first.year, last.year + 1):
        if not is_announced(year):
            fixed = [Holiday(name, date(year, month, number), announced=False) for name, (month, number) in _FIXED.items()]
            found += [one for one in fixed if first <= one.day <= last]
    return sorted(found, key=lambda one: (one.day, one.name))


def year_of(name: str, day: date) -> int:
    """Return the year that a holiday belongs to: New Year's Day that is free from the end of December on is that of the next year."""
    return day.year + (name == "New Year's Day" and day.month == 12)


def check_holiday(name: str, day: date | None, name_of: Callable[[date], str], is_announced: Callable[[int], bool]) -> None:
    """Raise `Refusal` unless `day` is a day of that holiday by the calendar; of a year not announced yet any day is taken."""
    if name not in GREETED:
        raise Refusal("Choose the holiday.", field="holiday")
    if day is None:
        raise Refusal("Say on which day the holiday begins.", field="day")
    if is_announced(day.year) and name_of(day) != name:
        # The year's last days may begin the next one's first holiday.
        known = holidays_between(date(day.year - 1, 12, 20), date(day.year, 12, 31), name_of, is_announced)
        real = [one.day for one in known if one.name == name and one.announced]
        if not real:
            raise Refusal("The calendar of %(year)s has no such holiday.", field="day", year=day.year)
        nearest = min(real, key=lambda one: abs(one - day))
        text = N_("By the calendar %(holiday)s of %(year)s begins on %(day)s.")
        raise Refusal(text, field="day", holiday=Message(name), year=year_of(name, nearest), day=nearest.isoformat())
