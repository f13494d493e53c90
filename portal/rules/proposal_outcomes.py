"""What comes of a proposal: what an assessment, a decision and a plan must say (PP-5, PP-6, PP-8), and what its letters are filled with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from portal.rules.message import N_, Message, Refusal
from portal.rules.proposals import PLACES, RESPONSIBLE
from portal.rules.rewards import OUTCOMES

ASSESSED = {
    "analysis": N_("Analysis"),
    "feasibility": N_("Feasibility"),
    "effect": N_("Expected effect"),
    "cost": N_("Cost"),
    "opinion": N_("Opinion of the department"),
}
"""What the responsible department says (PP-5); the others give the last of it."""
LONGEST_TEXT, LONGEST_LINE = 4000, 200
MOST_MEASURES = 20
LETTER_PLACES = (
    *PLACES, "outcome", "reasons", "grade", "amount", "capitals", "first_on", "last_on", "plan", "measures", "result",
)  # fmt: skip
"""What is filled into a letter about a decision and what follows."""


class Assessed(NamedTuple):
    """What somebody wrote into an assessment: the names of the form's fields."""

    analysis: str = ""
    feasibility: str = ""
    effect: str = ""
    cost: str = ""
    opinion: str = ""
    advice: str = ""
    author: str = ""


class Measure(NamedTuple):
    """One measure of a plan, as it was entered."""

    text: str
    person: str
    due_on: date | None


class Planned(NamedTuple):
    """What somebody wrote into a plan."""

    plan: str
    first_on: date | None
    last_on: date | None
    measures: Sequence[Measure]


def assessment_problems(part: str, said: Assessed) -> list[Refusal]:
    """Return what is wrong with an assessment that is to be returned, each with its field (PP-5)."""
    needed = list(ASSESSED) if part == RESPONSIBLE else ["opinion"]
    found = [Refusal("%(what)s is missing.", field=name, what=Message(ASSESSED[name])) for name in needed if not getattr(said, name)]
    if part == RESPONSIBLE and not said.advice:
        found.append(Refusal("Say what the department would decide.", field="advice"))
    if said.advice and said.advice not in OUTCOMES:
        found.append(Refusal("Say what the department would decide.", field="advice"))
    if not said.author:
        found.append(Refusal("Say who in the department says so.", field="author"))
    return found


def plan_problems(planned: Planned) -> list[Refusal]:
    """Return what is wrong with a plan, each with its field; those of measures are called `measure-<part>-<row>` (PP-8)."""
    found = []
    if not planned.plan:
        found.append(Refusal("Say how the proposal is carried out.", field="plan"))
    first, last = planned.first_on, planned.last_on
    if first is None:
        found.append(Refusal("Enter when it begins.", field="first_on"))
    if last is None:
        found.append(Refusal("Enter by when it is done.", field="last_on"))
    elif first is not None and last < first:
        found.append(Refusal("It cannot end before it begins.", field="last_on"))
    if not planned.measures:
        found.append(Refusal("Name at least one measure.", field="measure-text-0"))
    if len(planned.measures) > MOST_MEASURES:
        found.append(Refusal("A plan has at most %(most)s measures.", most=MOST_MEASURES, field="plan"))
    for row, one in enumerate(planned.measures):
        if not one.text:
            found.append(Refusal("Say what is done.", field=f"measure-text-{row}"))
        if one.due_on is None:
            found.append(Refusal("Enter by when it is done.", field=f"measure-due_on-{row}"))
        elif (last is not None and one.due_on > last) or (first is not None and one.due_on < first):
            found.append(Refusal("A measure lies within the days of its plan.", field=f"measure-due_on-{row}"))
    return found
