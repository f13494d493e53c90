"""One editor for each kind of value: what a manager types, rows added and moved on the way, and the value that it means.

A draft is what stands in the form: texts as typed, rows in their order. Every button of an editor posts the whole form; `act`
does what the button says, so that no editor needs JavaScript.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any

from portal.rules import callbacks, proposals, request_deadlines
from portal.rules.grading import DATA, MOST_INDICATORS, plain
from portal.rules.message import Refusal
from portal.rules.money import parse_amount
from portal.rules.standard_kinds import REGISTER
from portal.rules.standards import Standard
from portal.rules.text import clean, clean_line

COLUMNS = {
    "choices": ("code", "zh", "en", "active"),
    "callback_rules": callbacks.Row._fields,
    "office_hours": ("from", "to"),
    "weights": ("code", "weight"),
    "thresholds": ("code", "from", "to"),
    "deadlines": request_deadlines.COLUMNS,
    "proposal_days": ("code", "days"),
    "proposal_routes": ("kind", *proposals.ROUTE_COLUMNS),
}
"""Columns of the kinds that are tables."""

_NEW_ROW: dict[str, dict[str, Any]] = {"choices": {"active": True}, "callback_rules": {"active": True, "unit": callbacks.DAY}}
"""What stands in a new row before somebody types."""

MOST_ROWS = 200
MOST_PARTS = 20
"""Most cases of a chain, steps of a case, signatures of a step."""

Draft = Any
Row = dict[str, Any]

MOST_BANDS = 12

_BAND = re.compile(r"row-(\d{1,2})-band-(\d{1,2})-(from|score)")
_FIELD = re.compile(r"case-(\d{1,2})-(code|when-(\d{1,2})|step-(\d{1,2})-sign-(\d{1,2})-(who|meaning))")
_NEW_SIGNATURE = {"who": "manager", "meaning": "approve"}


def draft_of(standard: Standard, value: Any) -> Draft:
    """Return the draft of a value that is set."""
    match standard.kind:
        case "deadlines":
            return [{key: f"{part:g}" if isinstance(part, int | float) else part for key, part in row.items()} for row in value]
        case "choices" | "thresholds":
            return [{key: "" if part is None else part for key, part in row.items()} for row in value]
        case "callback_rules":
            return [dict(row) for row in value]
        case "office_hours":
            return [{"from": opening, "to": closing} for opening, closing in value]
        case "weights":
            return [{"code": code, "weight": f"{weight:g}"} for code, weight in value.items()]
        case "proposal_days":
            return [{"code": code, "days": str(days)} for code, days in value.items()]
        case "proposal_routes":
            return [{"kind": row["kind"], **dict(zip_longest(proposals.ROUTE_COLUMNS, row["departments"], fillvalue=""))} for row in value]
        case "chain":
            return [_draft_of_case(case) for case in value]
        case "dossier_rules":
            return {row["code"]: {"retention": row["retention"], "required": list(row["required"])} for row in value}
        case "indicators":
            return [{**row, "bands": [list(band) for band in row["bands"]]} for row in value]
        case "switch":
            return "on" if value else "off"
        case _:
            return f"{value:g}" if isinstance(value, float) else str(value)


def read(standard: Standard, form: Mapping[str, str]) -> Draft:
    """Return the draft that a posted form holds."""
    if standard.kind in COLUMNS:
        return _read_rows(COLUMNS[standard.kind], form)
    if standard.kind == "chain":
        return _read_chain(form)
    if standard.kind == "dossier_rules":
        return _read_dossier_rules(form)
    if standard.kind == "indicators":
        return _read_indicators(form)
    if standard.kind == "letter":
        return clean(form.get("value", "")).strip()
    return clean_line(form.get("value", ""))


def act(standard: Standard, draft: Draft, action: str) -> None:
    """Do to the draft what a button says: `add`, `up-3`, `step-remove-0-2` …; what is not there is left alone."""
    parts = action.split("-")
    name = "-".join(part for part in parts if not part.isdecimal())
    try:
        numbers = [int(part) for part in parts if part.isdecimal()]
        if standard.kind in COLUMNS:
            new_row = {**dict.fromkeys(COLUMNS[standard.kind], ""), **_NEW_ROW.get(standard.kind, {})}
            _act_on(draft, name, numbers, lambda: dict(new_row), MOST_ROWS)
        elif standard.kind == "chain":
            _act_on_chain(draft, name, numbers)
        elif standard.kind == "indicators":
            _act_on_indicators(draft, name, numbers)
    except (IndexError, ValueError):  # the row is not there: an old page, or somebody playing
        return


def value_of(standard: Standard, draft: Draft) -> Any:
    """Return the JSON value that a draft means. Raises `Refusal` (field `value`) where a part of it cannot be read."""
    try:
        return _VALUES.get(standard.kind, str)(draft)
    except Refusal as refusal:
        raise refusal.at("value") from None


# --- reading -------------------------------------------------------------------------------------------------------------


def _read_rows(columns: tuple[str, ...], form: Mapping[str, str]) -> list[Row]:
    rows = []
    for number in range(MOST_ROWS):
        if f"row-{number}" not in form:
            break
        row: Row = {column: clean_line(form.get(f"row-{number}-{column}", "")) for column in columns}
        if "active" in row:
            row["active"] = row["active"] == "on"
        rows.append(row)
    return rows


_INDICATOR = ("code", "zh", "en", "weight", "source")


def _read_indicators(form: Mapping[str, str]) -> list[Row]:
    rows = _read_rows(_INDICATOR, form)
    bands: dict[tuple[int, int], list[str]] = {}
    for key, text in form.items():
        match = _BAND.fullmatch(key)
        if match is not None:
            place = (int(match[1]), int(match[2]))
            bands.setdefault(place, ["", ""])[match[3] == "score"] = clean_line(text)
    for number, row in enumerate(rows):
        row["bands"] = [bands[place] for place in sorted(bands) if place[0] == number]
    return rows


def _read_chain(form: Mapping[str, str]) -> list[Row]:
    cases: dict[int, Any] = {}
    for key, text in form.items():
        match = _FIELD.fullmatch(key)
        if match is None:
            continue
        number, what, when, step, sign, part = match.groups()
        case = cases.setdefault(int(number), {"code": "", "when": {}, "steps": {}})
        if what == "code":
            case["code"] = clean_line(text)[:40]
        elif when is not None:
            case["when"][int(when)] = text
        else:
            signature = case["steps"].setdefault(int(step), {}).setdefault(int(sign), dict(_NEW_SIGNATURE))
            signature[part] = clean_line(text)
    return [
        {
            "code": case["code"],
            "when": [case["when"][number] for number in sorted(case["when"])],
            "steps": [[step[number] for number in sorted(step)] for _position, step in sorted(case["steps"].items())],
        }
        for _position, case in sorted(cases.items())
    ]


def _read_dossier_rules(form: Mapping[str, str]) -> Row:
    """Return for each kind of document its retention and the natures ticked: fields `retention-<kind>`, `required-<kind>/<nature>`.

    An office register goes by the name of its switch, and has no retention.
    """
    named = [(key.partition("-")[0], key.partition("-")[2], clean_line(text)) for key, text in form.items()]
    rows: Row = {kind: {"retention": text, "required": []} for what, kind, text in named if what == "retention"}
    for what, rest, _text in named:
        kind, _slash, nature = rest.partition("/")
        if what == "required" and kind in rows:
            rows[kind]["required"].append(nature)
    return rows


def _draft_of_case(case: Row) -> Row:
    steps = [[_draft_of_signature(one) for one in step.get("together", [step])] for step in case["steps"]]
    return {
        "code": case["case"],
        "when": [f"{fact}={allowed}" for fact, values in case["when"].items() for allowed in values],
        "steps": steps,
    }


def _draft_of_signature(step: Row) -> Row:
    who = step["role"] if step["type"] == "portal" else f"paper:{step['title']}"
    return {"who": who, "meaning": step["meaning"]}


# --- acting --------------------------------------------------------------------------------------------------------------


def _act_on(rows: list[Any], name: str, numbers: list[int], new: Callable[[], Any], most: int) -> None:
    if name == "add":
        if len(rows) < most:
            rows.append(new())
        return
    (number,) = numbers
    if name == "remove":
        rows.pop(number)
    elif name == "up" and number > 0:
        rows[number - 1], rows[number] = rows[number], rows[number - 1]
    elif name == "down":
        rows[number + 1], rows[number] = rows[number], rows[number + 1]


def _act_on_chain(cases: list[Row], name: str, numbers: list[int]) -> None:
    what, _dash, verb = name.partition("-")
    if what == "case":
        if verb == "add" and len(cases) < MOST_PARTS:
            # Before the last one, which holds without a condition.
            cases.insert(max(len(cases) - 1, 0), {"code": _new_code(cases), "when": [""], "steps": [[dict(_NEW_SIGNATURE)]]})
        elif verb != "add":
            _act_on(cases, verb, numbers, dict, MOST_PARTS)
        return
    *path, last = numbers if verb != "add" else [*numbers, -1]
    case = cases[path[0]]
    if what == "when":
        _act_on(case["when"], verb, [last], str, MOST_PARTS)
    elif what == "step":
        _act_on(case["steps"], verb, [last], lambda: [dict(_NEW_SIGNATURE)], MOST_PARTS)
    elif what == "sign":
        signatures = case["steps"][path[1]]
        _act_on(signatures, verb, [last], lambda: dict(_NEW_SIGNATURE), MOST_PARTS)
        if not signatures:
            case["steps"].pop(path[1])


def _act_on_indicators(rows: list[Row], name: str, numbers: list[int]) -> None:
    what, _dash, verb = name.partition("-")
    if what == "band":
        # A new band comes before the last one, which holds for all below.
        bands = rows[numbers[0]]["bands"]
        if verb == "add" and len(bands) < MOST_BANDS:
            bands.insert(max(len(bands) - 1, 0), ["", ""])
        elif verb == "remove":
            bands.pop(numbers[1])
        return
    _act_on(rows, name, numbers, lambda: {**dict.fromkeys(_INDICATOR, ""), "source": "judgement", "bands": []}, MOST_INDICATORS)


def _new_code(cases: list[Row]) -> str:
    taken = {case["code"] for case in cases}
    return next(f"case{number}" for number in range(len(cases) + 1, 1000) if f"case{number}" not in taken)


# --- values --------------------------------------------------------------------------------------------------------------


def _whole(text: str) -> int:
    number = _number(text)
    if not isinstance(number, int):
        raise Refusal("%(value)s is not a whole number.", value=text[:60])
    return number


def _number(text: str) -> int | float:
    try:
        amount = parse_amount(text) if text else None
    except Refusal:
        amount = None
    if amount is None:
        raise Refusal("%(value)s is not a number.", value=text[:60] or "—")
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _amount(text: str) -> str:
    if not text:
        raise Refusal("Enter an amount.")
    return f"{parse_amount(text):.2f}"


def _filled(rows: list[Row]) -> list[Row]:
    return [row for row in rows if any(part for column, part in row.items() if column != "active")]


def _weights(rows: list[Row]) -> dict[str, int | float]:
    found: dict[str, int | float] = {}
    for row in _filled(rows):
        if row["code"] in found:
            raise Refusal("Code %(code)s stands twice in the list.", code=row["code"][:40])
        found[row["code"]] = _number(row["weight"])
    return found


def _thresholds(rows: list[Row]) -> list[Row]:
    return [{"code": row["code"], "from": _number(row["from"]), "to": _number(row["to"]) if row["to"] else None} for row in _filled(rows)]


def _deadlines(rows: list[Row]) -> list[Row]:
    return [{**row, "first": _number(row["first"]), "solve": _number(row["solve"])} for row in _filled(rows)]


def _proposal_days(rows: list[Row]) -> dict[str, int]:
    return {row["code"]: _whole(row["days"]) for row in rows}


def _proposal_routes(rows: list[Row]) -> list[Row]:
    found = [{"kind": row["kind"], "departments": [row[name] for name in proposals.ROUTE_COLUMNS if row[name]]} for row in rows]
    return [row for row in found if row["kind"] or row["departments"]]


def _indicators(rows: list[Row]) -> list[Row]:
    """Return indicators as they are kept: figures without separators; what is judged has no bands."""
    filled = [row for row in rows if row["code"] or row["zh"] or row["en"]]
    return [
        {
            **{name: row[name] for name in _INDICATOR},
            "weight": _exact(row["weight"]),
            "bands": [[_exact(low), _exact(score)] for low, score in row["bands"]] if row["source"] == DATA else [],
        }
        for row in filled
    ]


def _exact(text: str) -> str:
    return plain(parse_amount(text)) if text else ""


def _callback_rules(rows: list[Row]) -> list[Row]:
    return [{**row, "first": _whole(row["first"]), "last": _whole(row["last"])} for row in rows if row["code"] or row["zh"] or row["event"]]


def _chain(cases: list[Row]) -> list[Row]:
    return [{"case": case["code"], "when": _when(case["when"]), "steps": [_step(step) for step in case["steps"]]} for case in cases]


def _when(conditions: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for condition in conditions:
        fact, _sign, allowed = condition.partition("=")
        if allowed and allowed not in found.setdefault(fact, []):
            found[fact].append(allowed)
    return found


def _step(draft: list[Row]) -> Row:
    together = [_signature(one) for one in draft]
    return together[0] if len(together) == 1 else {"together": together}


def _signature(draft: Row) -> Row:
    who = draft["who"]
    if who.startswith("paper:"):
        return {"type": "paper", "title": who.removeprefix("paper:"), "meaning": draft["meaning"]}
    return {"type": "portal", "role": who, "meaning": draft["meaning"]}


def total(rows: list[Row]) -> str:
    """Return the sum of the weights of a draft as far as they can be read, such as '95'."""
    found: float = 0
    for row in rows:
        try:
            found += _number(row["weight"])
        except Refusal:
            continue
    return f"{found:g}"


_VALUES: dict[str, Callable[[Any], Any]] = {
    "integer": _whole,
    "days": _whole,
    "hours": _number,
    "percent": _number,
    "amount": _amount,
    "switch": lambda text: text == "on",
    "choices": _filled,
    "office_hours": lambda rows: [[row["from"], row["to"]] for row in _filled(rows)],
    "weights": _weights,
    "thresholds": _thresholds,
    "chain": _chain,
    "deadlines": _deadlines,
    "indicators": _indicators,
    "proposal_days": _proposal_days,
    "proposal_routes": _proposal_routes,
    "callback_rules": _callback_rules,
    # A register of which nothing is required needs no row; a kind of document has its retention.
    "dossier_rules": lambda rows: [{"code": code, **row} for code, row in rows.items() if row["required"] or not code.startswith(REGISTER)],
}
