"""Standards out and in as one file (ST-3): for a second site, or for review."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal import clock
from portal.models import audit
from portal.models.standard import check_value, in_force, latest, set_value
from portal.models.standard_effects import SIGNATORIES
from portal.rules.message import N_, Message, Refusal
from portal.rules.standards import STANDARDS

FORMAT = "customer-portal-standards"
LARGEST = 2_000_000
"""Bytes of a file that is read: all lists full are a tenth of it."""


@dataclass(frozen=True)
class Difference:
    """A standard that the file gives another value than the one that holds or was last set here."""

    name: str
    before: Any
    after: Any
    problem: Message | None = None
    """Why the value is refused."""


def export_file() -> bytes:
    """Return all standards in force as JSON in UTF-8: value, version, since when, and what each is (ST-3)."""
    standards = []
    for name, declared in STANDARDS.items():
        held = in_force(name)
        entry = {"name": name, "title": declared.title, "kind": declared.kind, "unit": declared.unit, "clause": declared.clause}
        since = held.since.isoformat() if held.since else None
        standards.append({**entry, "version": held.version, "since": since, "value": held.value})
    content = {"format": FORMAT, "at": clock.now().isoformat(timespec="seconds"), "standards": standards}
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def read_file(content: bytes) -> dict[str, Any]:
    """Return the values in an exported file by name of the standard. Raises `Refusal` (field `file`) where it is no such file."""
    if len(content) > LARGEST:
        raise Refusal("The file is too large.", field="file")
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
        if data["format"] != FORMAT:
            raise ValueError(data["format"])
        values = {entry["name"]: entry["value"] for entry in data["standards"]}
        json.dumps(values, ensure_ascii=False).encode()  # halves of characters cannot be stored
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refusal("This is not a file of standards that a portal has written.", field="file") from None
    if not all(isinstance(name, str) for name in values):
        raise Refusal("This is not a file of standards that a portal has written.", field="file")
    return values


def differences(values: dict[str, Any]) -> list[Difference]:
    """Return what would change, in the order of the page, each with its problem if it cannot be set; unknown names come last."""
    found = []
    for name in STANDARDS:
        before = latest(name).value
        # What holds here today is no difference either where another version is planned: that is not in the file.
        if name in values and values[name] not in (before, in_force(name).value):
            found.append(Difference(name, before, values[name], _problem(name, values)))
    unknown = Message(N_("This portal has no such standard."))
    found += [Difference(name, None, value, unknown) for name, value in values.items() if name not in STANDARDS]
    return found


def apply(values: dict[str, Any], *, by: Any, reason: str, from_date: date | None = None) -> int:
    """Set every value of a read file that differs as a new version, all or none, and return how many (ST-3).

    Raises `Refusal` where one of them cannot be set, naming it, or nothing differs.
    """
    changes = differences(values)
    if not changes:
        raise Refusal("The file says what holds here already.", field="file")
    for change in changes:
        if change.problem is not None:
            raise Refusal("%(name)s: %(problem)s", field="file", name=change.name, problem=change.problem)
    # Signatories first: a chain may name one who comes with the same file.
    for change in sorted(changes, key=lambda one: one.name != SIGNATORIES):
        try:
            set_value(change.name, change.after, by=by, from_date=from_date, reason=reason, along=values)
        except Refusal as refusal:
            if refusal.field == "reason":
                raise
            name = Message(STANDARDS[change.name].title)
            raise Refusal("%(name)s: %(problem)s", field=refusal.field, name=name, problem=refusal.message) from None
    audit.write("import", "standards-imported", actor=by, label=FORMAT, count=len(changes), reason=reason)
    return len(changes)


def _problem(name: str, values: dict[str, Any]) -> Message | None:
    along = {other: value for other, value in values.items() if other in STANDARDS and _is_readable(other, value)}
    try:
        check_value(name, values[name], along)
    except Refusal as refusal:
        return refusal.message
    return None


def _is_readable(name: str, value: Any) -> bool:
    try:
        STANDARDS[name].check(value)
    except Refusal:
        return False
    return True


def _no_number(text: str) -> Any:
    raise ValueError(text)
