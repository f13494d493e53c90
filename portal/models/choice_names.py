"""What codes of choices in a content are called: today, at a moment, or as a round of an approval froze them (AP-4, PR-10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from portal.models.standard import held_at, value

NAMES = "choice_names"
"""Where a frozen content keeps the names, under the hash that is signed with it."""

Names = Mapping[str, Mapping[str, Mapping[str, str]]]
"""{path: {code: {"zh", "en"}}}; the entries of a list have the path of the list."""


class Chosen(NamedTuple):
    """A code under the names that it has in a content."""

    code: str
    zh: str
    en: str


def names_of(content: dict[str, Any], choices: Mapping[str, str], moment: datetime | None = None) -> dict[str, dict[str, dict[str, str]]]:
    """Return the names of every code in plain content, as of now or of `moment`; a code that is not listed has none.

    `choices` are lists of choices (`nature` for the standard `choices.nature`) by path.
    """
    found: dict[str, dict[str, dict[str, str]]] = {}
    listed: dict[str, dict[str, Any]] = {}
    for path, code in _codes(content, choices) if choices else ():
        name = choices[path]
        if name not in listed:
            standard = f"choices.{name}"
            entries = value(standard) if moment is None else held_at(standard, moment).value
            listed[name] = {entry["code"]: entry for entry in entries}
        entry = listed[name].get(code)
        if entry is not None:
            found.setdefault(path, {})[code] = {"zh": entry["zh"], "en": entry["en"]}
    return found


def with_names(content: dict[str, Any], choices: Mapping[str, str]) -> dict[str, Any]:
    """Return content with the names of its codes, as it is frozen: what is signed keeps its words when a choice is renamed."""
    names = names_of(content, choices)
    return {**content, NAMES: names} if names else content


def worded(content: Any, names: Names, path: str = "") -> Any:
    """Return content with each code as `Chosen`, so that one that is called otherwise counts as another."""
    if isinstance(content, dict):
        return {key: worded(one, names, f"{path}.{key}" if path else key) for key, one in content.items()}
    if isinstance(content, list):
        return [worded(one, names, path) for one in content]
    entry = names[path].get(content) if path in names and isinstance(content, str) else None
    return Chosen(content, entry["zh"], entry["en"]) if entry else content


def _codes(content: Any, choices: Mapping[str, str], path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        for key, one in content.items():
            yield from _codes(one, choices, f"{path}.{key}" if path else key)
    elif isinstance(content, list):
        for one in content:
            yield from _codes(one, choices, path)
    elif content and path in choices:
        yield path, str(content)
