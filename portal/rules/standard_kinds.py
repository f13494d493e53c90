"""What the value of each kind of standard looks like, and why one is refused (ST-3).

Values are plain JSON: they are stored, versioned, exported and compared as such. Amounts are text with two decimals.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portal.rules import abc, archive_numbers, callbacks, grading, proposals, request_deadlines, visits
from portal.rules.message import Refusal
from portal.rules.money import figures, parse_amount
from portal.rules.periods import CYCLES

if TYPE_CHECKING:
    from portal.rules.standards import Standard

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
REGISTER = "register."
"""Begins the code of an office register where a rule names kinds of documents and registers alike; it is that of its switch."""
_AMOUNT = re.compile(r"-?\d+\.\d{2}")


def check_whole(standard: Standard, value: object) -> None:
    """Refuse what is no whole number in the standard's range (kinds integer, days)."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refusal("%(value)s is not a whole number.", value=_short(value))
    _check_range(standard, value)


def check_number(standard: Standard, value: object) -> None:
    """Refuse what is no number in the standard's range (kinds percent, hours)."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise Refusal("%(value)s is not a number.", value=_short(value))
    _check_range(standard, value)


def check_amount(standard: Standard, value: object) -> None:
    """Refuse what is no amount of yuan, written as text with two decimals, in the standard's range."""
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise Refusal("%(value)s is not an amount with two decimals.", value=_short(value))
    _check_range(standard, parse_amount(value))


def check_text(standard: Standard, value: object) -> None:
    """Refuse text that has not the standard's pattern."""
    if not isinstance(value, str) or not re.fullmatch(standard.pattern, value):
        raise Refusal("%(value)s has not the form that is asked for here.", value=_short(value))


def check_letter(standard: Standard, value: object) -> None:
    """Refuse what is no template of letters: empty, too long, or with a place that nothing fills in (SV-20)."""
    wrong = visits.check_letter(value if isinstance(value, str) else "", standard.codes or visits.PLACES)
    if wrong is not None:
        raise Refusal(wrong.text, **wrong.params)


def check_proposal_days(_standard: Standard, value: object) -> None:
    """Refuse days of proposals that do not stand in their order (PP-4)."""
    proposals.check_deadlines(value)


def check_proposal_routes(_standard: Standard, value: object) -> None:
    """Refuse a table that does not name for each kind of proposal its departments (PP-3)."""
    proposals.check_routes(value)


def check_switch(standard: Standard, value: object) -> None:
    """Refuse what is neither on nor off."""
    if not isinstance(value, bool):
        raise Refusal("%(value)s is neither on nor off.", value=_short(value))


def check_cycle(_standard: Standard, value: object) -> None:
    """Refuse what is no word for how often a report is owed: none, month, quarter, half (AR-22)."""
    if not isinstance(value, str) or value not in CYCLES:
        raise Refusal("%(value)s has not the form that is asked for here.", value=_short(value))


def check_visitor_class(standard: Standard, value: object) -> None:
    """Refuse what is none of the standard's classes of visitors (SV-21)."""
    if not isinstance(value, str) or value not in standard.codes:
        raise Refusal("%(value)s has not the form that is asked for here.", value=_short(value))


def check_deadlines(_standard: Standard, value: object) -> None:
    """Refuse a table of hours in which a request could not be found, or whose rows cannot count (SV-4)."""
    number = (int, float)
    request_deadlines.check(_entries(value, {"kind": str, "priority": str, "grade": str, "first": number, "solve": number}))


def check_choices(standard: Standard, value: object) -> None:
    """Refuse a list of choices with bad or repeated codes, without both names, or (unless it begins empty) without an active one."""
    entries = _entries(value, {"code": str, "zh": str, "en": str, "active": bool})
    _check_codes(entries)
    for entry in entries:
        if not entry["zh"].strip() or not entry["en"].strip():
            raise Refusal("Choice %(code)s needs a Chinese and an English name.", code=entry["code"])
    if standard.start and not any(entry["active"] for entry in entries):
        raise Refusal("At least one choice must stay active.")


def check_archive_template(_standard: Standard, value: object) -> None:
    """Refuse a template of archive numbers that does not give every document a number of its own (AR-9)."""
    if not isinstance(value, str) or len(value) > 100:
        raise Refusal("%(value)s has not the form that is asked for here.", value=_short(value))
    archive_numbers.check_template(value)


def check_abc_thresholds(_standard: Standard, value: object) -> None:
    """Refuse what is no pair of cumulative shares such as 80/95, the first below the second (IN-2)."""
    if str(abc.thresholds(value)) != value:
        raise Refusal("%(value)s has not the form that is asked for here.", value=_short(value))


def check_dossier_rules(_standard: Standard, value: object) -> None:
    """Refuse rules of a dossier with an unknown retention period or a kind that stands twice (AR-8, AR-9).

    A row says of a kind of document how long it is kept and of which natures of customers it is required:
    `{"code": "company", "retention": "D30", "required": ["ordinary", "government"]}`. A row of an office register, whose code begins
    with `REGISTER`, has no retention.
    """
    entries = _entries(value, {"code": str, "retention": str, "required": list})
    _check_codes(entries)
    for entry in entries:
        if entry["code"].startswith(REGISTER) != (entry["retention"] == "") or entry["retention"] not in ("", *archive_numbers.RETENTIONS):
            raise Refusal("%(value)s is no retention period.", value=_short(entry["retention"]))
        if not all(isinstance(nature, str) and _CODE.fullmatch(nature) for nature in entry["required"]):
            raise Refusal("%(value)s is not a complete entry of this list.", value=_short(entry))


def check_callback_rules(_standard: Standard, value: object) -> None:
    """Refuse a table of call-backs that cannot be worked by: events, windows, purposes, questions (SV-10)."""
    numbers, flags = ("first", "last"), ("active",)
    kinds = {name: int if name in numbers else bool if name in flags else str for name in callbacks.Row._fields}
    callbacks.check_rules(_entries(value, kinds))


def check_office_hours(standard: Standard, value: object) -> None:
    """Refuse office hours that are not spans of a day in order, such as [["08:30", "12:00"], ["13:30", "17:30"]]."""
    spans = read_office_hours(value)
    if not spans:
        raise Refusal("Office hours need at least one span.")
    before = dt.time.min
    for opening, closing in spans:
        if closing <= opening:
            raise Refusal("Office hours from %(start)s to %(end)s end before they begin.", start=f"{opening:%H:%M}", end=f"{closing:%H:%M}")
        if opening < before:
            raise Refusal("Office hours overlap at %(start)s.", start=f"{opening:%H:%M}")
        before = closing


def check_weights(standard: Standard, value: object) -> None:
    """Refuse weights, such as {"sales": 40, "payment": 60}, that are below zero or do not add up to 100 % (ST-3)."""
    if not isinstance(value, dict) or not value:
        raise Refusal("Weights need at least one indicator.")
    for code, weight in value.items():
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            raise Refusal("%(code)s is not a code of letters and figures.", code=_short(code))
        if standard.codes and code not in standard.codes:
            raise Refusal("%(code)s is not among these: %(codes)s.", code=code, codes=", ".join(standard.codes))
        if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 <= weight <= 100:
            raise Refusal("The weight of %(code)s must lie between 0 and 100 %%.", code=code)
    total = sum((Decimal(str(weight)) for weight in value.values()), Decimal(0))
    if total != 100:
        raise Refusal("The weights add up to %(total)s %%, not to 100 %%.", total=f"{total.normalize():f}")


def check_indicators(standard: Standard, value: object) -> None:
    """Refuse indicators without both names, whose weights do not add up to 100 %, or whose bands are out of order (RL-1, ST-3)."""
    entries = _entries(value, {"code": str, "zh": str, "en": str, "weight": str, "source": str, "bands": list})
    _check_codes(entries)
    for entry in entries:
        if not entry["zh"].strip() or not entry["en"].strip():
            raise Refusal("Choice %(code)s needs a Chinese and an English name.", code=entry["code"])
        if standard.judged and entry["source"] != grading.JUDGEMENT:
            raise Refusal("The portal has no data for %(code)s: it is scored by judgement.", code=entry["code"])
    grading.check_indicators(entries)


def check_thresholds(standard: Standard, value: object) -> None:
    """Refuse ranges that overlap, leave a gap, do not cover the standard's range, or are not its codes from the lowest up (ST-3).

    Ranges are listed from the lowest: [{"code": "C", "from": 0, "to": 60}, {"code": "B", "from": 60, "to": 80}, …]. The lower
    bound belongs to a range, the upper one to the next; "to" of the last is the standard's maximum, None where there is none.
    """
    entries = _entries(value, {"code": str, "from": (int, float), "to": (int, float, type(None))})
    if not entries:
        raise Refusal("Thresholds need at least one range.")
    _check_codes(entries)
    if standard.codes:
        _check_order(standard, [entry["code"] for entry in entries])
    expected = entries[0]["from"] if standard.minimum is None else standard.minimum
    for entry in entries:
        if expected is None or entry["from"] < expected:
            raise Refusal("Range %(code)s overlaps the one before it.", code=entry["code"])
        if entry["from"] > expected:
            raise Refusal(
                "There is a gap below range %(code)s, from %(start)s to %(end)s.", code=entry["code"], start=expected, end=entry["from"]
            )
        if entry["to"] is not None and entry["to"] <= entry["from"]:
            raise Refusal("Range %(code)s ends before it begins.", code=entry["code"])
        expected = entry["to"]
    if expected != standard.maximum:
        raise Refusal("The last range must end at %(end)s.", end="∞" if standard.maximum is None else standard.maximum)


def _check_order(standard: Standard, codes: list[str]) -> None:
    known = ", ".join(standard.codes)
    for code in codes:
        if code not in standard.codes:
            raise Refusal("%(code)s has no approval chain. There are, from the lowest up: %(codes)s.", code=code, codes=known)
    if codes != [code for code in standard.codes if code in codes]:
        raise Refusal("The ranges must stand in this order, from the lowest up: %(codes)s.", codes=known)


def read_office_hours(value: object) -> list[tuple[dt.time, dt.time]]:
    """Return office hours as pairs of times. Raises `Refusal` where `value` is no list of pairs of HH:MM."""
    try:
        return [(_time(opening), _time(closing)) for opening, closing in value]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise Refusal("Office hours are written as spans of times such as 08:30 to 12:00.") from None


def _time(text: str) -> dt.time:
    if not re.fullmatch(r"\d{2}:\d{2}", text):
        raise ValueError(text)
    return dt.time.fromisoformat(text)


def _check_range(standard: Standard, value: int | float | Decimal) -> None:
    low, high = standard.minimum, standard.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        money = isinstance(value, Decimal)
        raise Refusal(
            "%(value)s is outside the range from %(low)s to %(high)s.",
            value=_figure(value, money),
            low="−∞" if low is None else _figure(low, money),
            high="∞" if high is None else _figure(high, money),
        )


def _figure(value: int | float | Decimal, money: bool) -> str:
    return figures(Decimal(value)) if money else str(value)


def _entries(value: object, fields: dict[str, Any]) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Refusal("%(value)s is not a list.", value=_short(value))
    for entry in value:
        if not isinstance(entry, dict) or set(entry) != set(fields) or not all(_is_a(entry[name], kind) for name, kind in fields.items()):
            raise Refusal("%(value)s is not a complete entry of this list.", value=_short(entry))
    return value


def _is_a(value: object, kind: Any) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, kind) and not (isinstance(value, float) and not math.isfinite(value))


def _check_codes(entries: list[dict[str, Any]]) -> None:
    seen = set()
    for entry in entries:
        code = entry["code"]
        if not _CODE.fullmatch(code):
            raise Refusal("%(code)s is not a code of letters and figures.", code=_short(code))
        if code in seen:
            raise Refusal("Code %(code)s stands twice in the list.", code=code)
        seen.add(code)


def _short(value: object) -> str:
    return str(value)[:60]
