"""Customer proposals 客户提案 (PP-1 to PP-4): ways in, states of a proposal's life, routing to departments, and the days that it has.

Days count from the day of receipt, which is day 0: what came on 2 March is on day 20 on 22 March. They are days of the calendar, as PP-4
names no working days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from portal.rules.message import N_, Message, Refusal

CHANNELS = {
    "e-mail": N_("By e-mail"),
    "face-to-face": N_("Face to face"),
    "telephone": N_("Telephone"),
    "letter": N_("Letter"),
}
"""How a proposal can be received (PP-1)."""
POST = "letter"
"""The way after which the customer is called at once: received, with thanks (SV-10)."""
FROM_REQUEST = {"e-mail": "e-mail", "telephone": "telephone", "letter": "letter", "front-desk": "face-to-face"}
"""The way of a proposal that was a request, by the request's channel (SV-7); the others are written messages."""
OTHER_REQUESTS = "e-mail"

REGISTERED, ROUTING, ROUTED, ASSESSED = "registered", "routing", "routed", "assessed"
ADOPTED, KEPT, DECLINED = "adopted", "kept", "not-adopted"
CARRYING_OUT, DONE, VOID = "carrying-out", "done", "void"
STATES = {
    REGISTERED: (N_("Proposal registered"), "warn"),
    ROUTING: (N_("Routing in approval"), "accent"),
    ROUTED: (N_("With the departments"), "accent"),
    ASSESSED: (N_("Assessed, to be decided"), "accent"),
    ADOPTED: (N_("Adopted"), "ok"),
    KEPT: (N_("Kept for later"), ""),
    DECLINED: (N_("Not adopted"), ""),
    CARRYING_OUT: (N_("Under implementation"), "accent"),
    DONE: (N_("Implemented"), "ok"),
    VOID: (N_("Entered by mistake"), ""),
}
"""Words and tones of the states in the order of a proposal's life."""
UNDECIDED = (REGISTERED, ROUTING, ROUTED, ASSESSED)
"""States in which the days of PP-4 count."""

RESPONSIBLE, OPINION = "responsible", "opinion"
PARTS = {RESPONSIBLE: N_("Responsible department"), OPINION: N_("Gives its opinion")}
"""What a department does with a proposal (PP-3)."""
TO_SEND, SENT, ANSWERED, TAKEN_BACK = "to-send", "sent", "answered", "taken-back"
LINE_STATES = {
    TO_SEND: (N_("Copy still to be sent"), "warn"),
    SENT: (N_("With the department"), "accent"),
    ANSWERED: (N_("Department has answered"), "ok"),
    TAKEN_BACK: (N_("Recalled"), ""),
}
ACCOUNT, PAPER, MAIL = "account", "paper", "mail"
WAYS = {ACCOUNT: N_("In the portal"), PAPER: N_("On paper"), MAIL: N_("By e-mail")}
"""How a department receives its copy (PP-3)."""

PLACES = ("contact", "customer", "received_on", "summary", "number", "department", "promised_on", "handler", "telephone", "site")
"""What is filled into a letter to the customer."""
COPY_PLACES = (*PLACES, "part", "text")
"""What is filled into a department's copy."""

LONGEST_SUMMARY = 120
LONGEST_TEXT = 8000
LONGEST_LINE = 200

_NUMBER = re.compile(r"[Pp]?(?:[12]\d{3}-)?0*(\d{1,9})")


def number_of(year: int, serial: int) -> str:
    """Return the number of a proposal: P2026-000123."""
    return f"P{year}-{serial:06d}"


def serial_of(text: str) -> int | None:
    """Return the serial of a proposal from its number as it was typed: P2026-000123, 2026-123 or 123; None for anything else."""
    found = _NUMBER.fullmatch(text.strip())
    return int(found[1]) if found else None


# --- days (PP-4) -------------------------------------------------------------------------------------------------------------

START_DAYS: dict[str, int] = {
    "target_from": 10, "target": 15, "limit": 20, "extended": 30, "warn_first": 10, "warn_second": 15, "warn_last": 18,
}  # fmt: skip
"""The starting value of the standard `proposal.deadlines`: days from receipt."""
DAY_WORDS = {
    "target_from": N_("Target from"),
    "target": N_("Target to; promised to the customer first"),
    "limit": N_("Last day without an extension"),
    "extended": N_("Last day with an extension"),
    "warn_first": N_("First warning"),
    "warn_second": N_("Second warning"),
    "warn_last": N_("Last warning"),
}
MOST_DAYS = 365


@dataclass(frozen=True)
class Deadlines:
    """The days that a proposal has, from its receipt."""

    target: tuple[int, int]
    """The days between which it is to be decided."""
    limit: int
    """The last day without an extension."""
    extended: int
    """The last day with one."""
    warnings: tuple[int, int, int]
    """The days on which the portal warns."""

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Deadlines:
        """Return the days of a checked value of the standard."""
        warnings = (value["warn_first"], value["warn_second"], value["warn_last"])
        return cls((value["target_from"], value["target"]), value["limit"], value["extended"], warnings)

    def last_day(self, received: date, *, extended: bool = False) -> date:
        """Return the last day on which it is in time (PP-4)."""
        return received + timedelta(days=self.extended if extended else self.limit)

    def target_day(self, received: date) -> date:
        """Return the day by which it is to be decided, as the customer is told first (PP-2, PP-4)."""
        return received + timedelta(days=self.target[1])

    def steps(self, *, extended: bool = False) -> tuple[int, ...]:
        """Return the days on which somebody is told: the warnings, and the first day that is late.

        With an extension the last warning comes again, as far ahead of the new limit as it was of the old one; that it is late is
        said behind the new limit only.
        """
        if not extended:
            return (*self.warnings, self.limit + 1)
        again = self.extended - (self.limit - self.warnings[-1])
        return (*self.warnings, again, self.extended + 1)

    def reached(self, received: date, today: date, *, extended: bool = False) -> int:
        """Return the latest step that `today` has reached, in days; 0 for none yet."""
        gone = (today - received).days
        return max((step for step in self.steps(extended=extended) if step <= gone), default=0)

    def next_step(self, received: date, told: int, *, extended: bool = False) -> date | None:
        """Return the day of the first step behind the step `told` (in days), None when all are told."""
        ahead = [step for step in self.steps(extended=extended) if step > told]
        return received + timedelta(days=min(ahead)) if ahead else None

    def is_late(self, received: date, day: date, *, extended: bool = False) -> bool:
        """Return whether a proposal that is undecided on `day` is late: behind its last day (PP-4)."""
        return day > self.last_day(received, extended=extended)


def check_deadlines(value: object) -> None:
    """Raise `Refusal` unless the days stand in their order: target, warnings up to the limit, the extended limit behind it (ST-3)."""
    if not isinstance(value, dict) or set(value) != set(START_DAYS):
        raise Refusal("The days of proposals need target, limit, extended limit and warnings.")
    if not all(isinstance(one, int) and not isinstance(one, bool) and 1 <= one <= MOST_DAYS for one in value.values()):
        raise Refusal("Give whole days from 1 to %(most)s.", most=MOST_DAYS)
    if not value["target_from"] <= value["target"] <= value["limit"]:
        raise Refusal("The target begins before it ends, and ends at the limit at the latest.")
    if value["extended"] <= value["limit"]:
        raise Refusal("The extended limit lies behind the limit.")
    if not value["warn_first"] < value["warn_second"] < value["warn_last"] <= value["limit"]:
        raise Refusal("Warnings stand in their order, none behind the limit.")


# --- routing by kind (PP-3) ----------------------------------------------------------------------------------------------------

START_ROUTES: list[dict[str, Any]] = [
    {"kind": "production-technology", "departments": ["production", "workshops"]},
    {"kind": "technique", "departments": ["production", "technology"]},
    {"kind": "new-product", "departments": ["research", "technology"]},
    {"kind": "materials", "departments": ["research", "technology"]},
    {"kind": "standardisation", "departments": ["technology", "quality"]},
    {"kind": "quality", "departments": ["production", "quality"]},
    {"kind": "sales", "departments": ["marketing"]},
    {"kind": "service", "departments": ["service"]},
    {"kind": "other", "departments": ["service"]},
]
"""The starting value of the standard `proposal.routes`: departments of each kind, the responsible one first. PP-3 names all but materials,
standardisation and others."""
MOST_DEPARTMENTS = 5
ROUTE_COLUMNS = ("responsible", "second", "third", "fourth", "fifth")
"""How the departments of a kind stand beside each other in the editor of the table."""


def check_routes(value: object) -> None:
    """Raise `Refusal` unless `value` names for each kind once one to five different departments (ST-3)."""
    if not isinstance(value, list) or not all(isinstance(row, dict) and set(row) == {"kind", "departments"} for row in value):
        raise Refusal("Each kind of proposal needs its departments.")
    kinds = [row["kind"] for row in value]
    if not value or not all(isinstance(kind, str) and kind for kind in kinds) or len(set(kinds)) < len(kinds):
        raise Refusal("Each kind of proposal stands in the table once.")
    for row in value:
        names = row["departments"]
        if not isinstance(names, list) or not all(isinstance(one, str) and one for one in names) or len(set(names)) < len(names):
            raise Refusal("A department stands beside a kind of proposal once.")
        if not 1 <= len(names) <= MOST_DEPARTMENTS:
            raise Refusal("A kind of proposal goes to one to %(most)s departments.", most=MOST_DEPARTMENTS)


def departments_for(routes: list[dict[str, Any]], kind: str) -> list[str]:
    """Return the departments of a kind by the table in force, the responsible one first; none for a kind that has no row (PP-3)."""
    return next((list(row["departments"]) for row in routes if row["kind"] == kind), [])


def check_lines(lines: list[dict[str, Any]]) -> None:
    """Raise `Refusal` (field `departments`) unless the departments of a routing differ and exactly one is responsible (PP-3)."""
    names = [line["department"] for line in lines]
    if not names:
        raise Refusal("Name the departments.", field="departments")
    if len(set(names)) < len(names):
        raise Refusal("A department is named twice.", field="departments")
    if len(names) > MOST_DEPARTMENTS:
        raise Refusal("A proposal goes to %(most)s departments at most.", most=MOST_DEPARTMENTS, field="departments")
    if [line["part"] for line in lines].count(RESPONSIBLE) != 1:
        raise Refusal("Exactly one department is responsible.", field="departments")


def explain_days(days: Deadlines, received: date, *, extended: bool) -> list[tuple[date, int, Message]]:
    """Return the days of a proposal in their order, each with the number of days from receipt and what it means ('Why?', ST-2)."""
    found = [(received, 0, Message(N_("Came in")))]
    named = [(days.target[0], Message(N_("Target: from here on")))]
    named.append((days.target[1], Message(N_("Target: decided by here, as promised first"))))
    named += [(step, Message(N_("The portal warns"))) for step in days.warnings]
    named.append((days.limit, Message(N_("Last day without an extension"))))
    if extended:
        again = days.steps(extended=True)[-2]
        named += [(again, Message(N_("The portal warns"))), (days.extended, Message(N_("Last day with the extension")))]
    end = days.extended if extended else days.limit
    named.append((end + 1, Message(N_("Late from here on"))))
    found += [(received + timedelta(days=count), count, text) for count, text in sorted(named, key=lambda one: one[0])]
    return found
