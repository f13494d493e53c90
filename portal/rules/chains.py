"""Approval chains as data (AP-2, AP-3): a list of cases, tried in order, each with its steps.

    [{"case": "above", "when": {"limit": ["above"]}, "steps": [STEP, ...]}, {"case": "other", "when": {}, "steps": [STEP, ...]}]

`when` says which values each fact of the document may have; the last case has no condition, so that no document is left without
a chain. `FACTS` lists the facts; which of them a document has, its chain's standard says. The submitter's own act is no step.
A step is one of

    {"type": "portal", "role": "supervisor" | "manager", "meaning": MEANING}
    {"type": "paper", "title": code of a paper signatory, "meaning": MEANING}
    {"together": [STEP, STEP, ...]}                                   counter-signing 会签: all must sign, in any order

with MEANING "review", "approve" or "inform".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from portal.rules import relation
from portal.rules.gifts import TIERS
from portal.rules.message import N_, Refusal
from portal.rules.reception import CLASSES

ROLES = {"supervisor": N_("Supervisor"), "manager": N_("Manager")}
"""Who signs in the portal, with their words."""
MEANINGS = {"review": N_("reviews"), "approve": N_("approves"), "inform": N_("is informed")}
"""What a signature means, with its words."""

FACTS: dict[str, tuple[str, dict[str, str]]] = {
    "limit": (N_("Credit limit"), {"above": N_("above the site's limit"), "within": N_("up to the site's limit")}),
    "grade": (N_("Customer grade"), {"A": N_("grade A"), "B": N_("grade B"), "C": N_("grade C")}),
    "visitors": (N_("Class of the visitors"), CLASSES),
    "photographs": (N_("Photographs"), {"asked": N_("asked for"), "none": N_("not asked for")}),
    "advice": (N_("Advice"), relation.ADVICE),
    "tier": (N_("Tier of gifts"), TIERS),
}
"""Facts of documents by which a case of a chain is chosen: title, and their values with their words."""

Step = dict[str, Any]
Case = dict[str, Any]


def check_chain(value: object, titles: Collection[str] | None = None, facts: Collection[str] | None = None) -> None:
    """Raise `Refusal` in words unless `value` is a chain (AP-2, ST-3).

    With `titles`, paper steps name one of them; with `facts`, conditions ask for those facts only and for values they can have.
    """
    if not isinstance(value, list) or not value or not all(isinstance(case, dict) for case in value):
        raise Refusal("An approval chain needs at least one case.")
    names = [case.get("case") for case in value]
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        raise Refusal("Each case of an approval chain needs a name of its own.")
    for position, case in enumerate(value, start=1):
        _check_condition(case, facts, last=position == len(value))
        _check_steps(case, titles)


def choose_case(chain: list[Case], facts: Mapping[str, str]) -> Case:
    """Return the first case of a checked chain whose conditions all hold for a document's `facts` (AP-2)."""
    return next(case for case in chain if all(facts.get(fact) in allowed for fact, allowed in case["when"].items()))


def signatures(step: Step) -> list[Step]:
    """Return the single signatures that a step asks for: those counter-signing, or the step itself (AP-2)."""
    together: list[Step] | None = step.get("together")
    return [step] if together is None else together


def _check_condition(case: Case, facts: Collection[str] | None, *, last: bool) -> None:
    when = case.get("when")
    if not isinstance(when, dict) or not all(
        isinstance(fact, str) and isinstance(allowed, list) and allowed and all(isinstance(one, str) for one in allowed)
        for fact, allowed in when.items()
    ):
        raise Refusal("The condition of case %(case)s is not readable.", case=case["case"])
    if facts is not None and any(fact not in facts or set(allowed) - set(FACTS[fact][1]) for fact, allowed in when.items()):
        raise Refusal("Case %(case)s asks for something that this kind of document does not have.", case=case["case"])
    if last and when:
        raise Refusal("The last case must hold without a condition, or some documents would have no chain.")
    if not last and not when:
        raise Refusal("Case %(case)s holds without a condition, so the cases after it would never be reached.", case=case["case"])


def _check_steps(case: Case, titles: Collection[str] | None) -> None:
    steps = case.get("steps")
    if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
        raise Refusal("Case %(case)s has no steps.", case=case["case"])
    singles = []
    for step in steps:
        if "together" in step:
            together = step["together"]
            if not isinstance(together, list) or len(together) < 2 or not all(isinstance(one, dict) for one in together) or len(step) > 1:
                raise Refusal("Counter-signing in case %(case)s needs at least two signatures.", case=case["case"])
            singles += together
        else:
            singles.append(step)
    for number, step in enumerate(singles, start=1):
        if not _is_step(step, titles):
            raise Refusal(
                "Signature %(number)s of case %(case)s is not a step in the portal or on paper.", number=number, case=case["case"]
            )
    if all(step["meaning"] == "inform" for step in singles):
        raise Refusal("Nobody approves in case %(case)s: all are only informed.", case=case["case"])


def _is_step(step: Step, titles: Collection[str] | None) -> bool:
    if step.get("meaning") not in MEANINGS:
        return False
    if step.get("type") == "portal":
        return set(step) == {"type", "role", "meaning"} and step["role"] in ROLES
    if step.get("type") != "paper" or set(step) != {"type", "title", "meaning"}:
        return False
    title = step["title"]
    return isinstance(title, str) and bool(title) and (titles is None or title in titles)
