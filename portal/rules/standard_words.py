"""Values of standards in words, for pages, mails and 'Why?' (ST-1, ST-2)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portal.rules.message import N_, Message
from portal.rules.money import figures, parse_amount
from portal.rules.periods import CYCLES
from portal.rules.reception import CLASS_WORDS
from portal.rules.standard_kinds import REGISTER

if TYPE_CHECKING:
    from portal.rules.standards import Standard


def in_words(standard: Standard, value: Any) -> Message:
    """Return a checked value in words, with its unit where it is a figure: '30 minutes', '08:30–12:00, 13:30–17:30', '5 choices'."""
    kind = standard.kind
    if kind == "amount":
        return _with_unit(standard, figures(parse_amount(value)))
    if kind == "percent":
        return Message(N_("%(value)s %%"), {"value": f"{value:g}"})
    if kind == "switch":
        return Message(N_("on") if value else N_("off"))
    if kind == "cycle":
        return Message(CYCLES[value])
    if kind == "visitor_class":
        return Message(CLASS_WORDS[value])
    if kind == "choices":
        active = sum(entry["active"] for entry in value)
        if active < len(value):
            return Message(N_("%(active)s of %(count)s choices in use"), {"active": active, "count": len(value)})
        return Message(N_("%(count)s choices"), {"count": len(value)})
    if kind == "office_hours":
        return _plain(", ".join(f"{opening}–{closing}" for opening, closing in value))
    if kind == "weights":
        # A name for each weight stands in its own place of the sentence.
        listed = ", ".join(f"%({code})s {weight:g} %%" for code, weight in value.items())
        return Message(listed, {code: _word(standard, code) for code in value})
    if kind == "thresholds":
        # A name for each range stands in its own place of the sentence.
        named = ", ".join(f"%({entry['code']})s {_bounds(entry['from'], entry['to'])}" for entry in value)
        return Message(named, {entry["code"]: _word(standard, entry["code"]) for entry in value})
    if kind == "indicators":
        return _plain(", ".join(f"{entry['zh']} {entry['weight']} %" for entry in value))
    if kind == "callback_rules":
        return Message(N_("%(active)s of %(count)s calls in use"), {"active": sum(row["active"] for row in value), "count": len(value)})
    if kind == "chain":
        steps = sum(len(case["steps"]) for case in value)
        return Message(N_("cases: %(cases)s, steps: %(steps)s"), {"cases": len(value), "steps": steps})
    if kind == "proposal_days":
        return Message(N_("target %(target)s, limit %(limit)s, extended %(extended)s days"), dict(value))
    if kind == "proposal_routes":
        return Message(N_("departments of %(count)s kinds"), {"count": len(value)})
    if kind == "deadlines":
        return Message(N_("%(count)s rows of hours"), {"count": len(value)})
    if kind == "dossier_rules":
        kinds = [entry for entry in value if not entry["code"].startswith(REGISTER)]
        said = {"count": len(kinds), "needed": sum(bool(entry["required"]) for entry in kinds), "registers": len(value) - len(kinds)}
        if said["registers"]:
            return Message(N_("%(count)s kinds, of which %(needed)s are required; %(registers)s office registers"), said)
        return Message(N_("%(count)s kinds, of which %(needed)s are required"), said)
    if kind in ("text", "letter", "archive_template", "abc_thresholds"):
        return _plain(str(value))
    return _with_unit(standard, f"{value:g}" if isinstance(value, float) else str(value))


def _word(standard: Standard, code: str) -> Message | str:
    return Message(standard.words[code]) if code in standard.words else code


def range_in_words(standard: Standard) -> Message | None:
    """Return the allowed range of a figure or the form of a text in words; None where the kind alone says what is allowed."""
    low, high = standard.minimum, standard.maximum
    if standard.kind in ("text", "archive_template", "abc_thresholds"):
        return Message(standard.unit) if standard.unit else None
    if low is None and high is None:
        return None
    money = standard.kind == "amount"
    return _plain(_bounds(_figure(low, money), _figure(high, money)))


def _figure(value: int | None, money: bool) -> str | None:
    if value is None:
        return None
    return figures(Decimal(value)) if money else str(value)


def _bounds(low: Any, high: Any) -> str:
    return f"{'−∞' if low is None else low} – {'∞' if high is None else high}"


def _with_unit(standard: Standard, text: str) -> Message:
    return Message(N_("%(value)s %(unit)s"), {"value": text, "unit": Message(standard.unit)}) if standard.unit else _plain(text)


def _plain(text: str) -> Message:
    return Message("%(value)s", {"value": text})
