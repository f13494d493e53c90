"""Archive numbers 档号 and retention periods 保管期限 of filed documents (AR-9, AR-11).

A number is made by the site's template. The starting one is that of DA/T 22-2015 for archives kept by item:
fonds–category·year–retention–office–item, such as `0001-KH·2026-D30-KF-0012`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from portal.rules.message import N_, Refusal

RETENTIONS = {"Y": N_("Permanent"), "D30": N_("30 years"), "D10": N_("10 years")}
"""Codes of retention periods with their titles, the longest first; the codes are those of DA/T 22-2015."""
_YEARS = {"D30": 30, "D10": 10}

PARTS = ("fonds", "category", "year", "retention", "office", "kind", "item")
"""What a template can name: `{year}`; `{item}` may say how many figures it has: `{item:4}`."""
START_TEMPLATE = "{fonds}-{category}·{year}-{retention}-{office}-{item:4}"
MOST_FIGURES = 8

_PLACE = re.compile(r"\{([a-z]+)(?::([0-9]))?\}")
_BETWEEN = re.compile(r"[0-9A-Za-z\-·._/]*")


def check_template(template: str) -> None:
    """Raise `Refusal`, saying why, unless `template` gives every document a number of its own (ST-3, AR-9)."""
    rest = _PLACE.sub("", template)
    if not _BETWEEN.fullmatch(rest):
        raise Refusal("Between the parts stand letters, figures and - · . _ / only: %(rest)s", rest=rest[:40])
    named = [match.group(1) for match in _PLACE.finditer(template)]
    for name in named:
        if name not in PARTS:
            raise Refusal("%(name)s is no part of an archive number. There are: %(parts)s.", name=name[:40], parts=", ".join(PARTS))
    if named.count("item") != 1:
        raise Refusal("The number needs {item} once, so that no two documents have the same.")
    for match in _PLACE.finditer(template):
        if match.group(2) and (match.group(1) != "item" or not 1 <= int(match.group(2)) <= MOST_FIGURES):
            raise Refusal("Only {item} has a number of figures, from 1 to %(most)s: {item:4}.", most=MOST_FIGURES)
    for first, second in zip(_PLACE.finditer(template), list(_PLACE.finditer(template))[1:], strict=False):
        if first.end() == second.start():
            raise Refusal("Something must stand between two parts, so that the number can be read back.")


def series_of(template: str, parts: Mapping[str, str | int]) -> str:
    """Return the name of the series in which items are counted: the number with everything but its item (AR-9)."""
    return _filled(template, {**parts, "item": "*"})


def archive_number(template: str, parts: Mapping[str, str | int], item: int) -> str:
    """Return the archive number of the `item`th document (from 1) of its series. `parts` are the other `PARTS` (AR-9)."""
    if item < 1:
        raise ValueError(f"no item {item}")
    return _filled(template, {**parts, "item": item})


def _filled(template: str, parts: Mapping[str, str | int]) -> str:
    def place(match: re.Match[str]) -> str:
        value = parts[match.group(1)]
        return f"{value:0{match.group(2)}d}" if match.group(2) and isinstance(value, int) else str(value)

    return _PLACE.sub(place, template)


def retained_until(retention: str, year: int) -> date | None:
    """Return the last day of a retention period, None for permanent (AR-9, AR-11).

    Periods are counted in whole years from the 1 January after the documents' year, as archives do: what was filed for 2026 with
    10 years is kept to the end of 2036.
    Raises KeyError for an unknown code.
    """
    return None if retention == "Y" else date(year + _YEARS[retention], 12, 31)


def rank(retention: str) -> int:
    """Return 0 for permanent, 1 for 30 years, 2 for 10 years: what is kept longer comes first. Raises ValueError for an unknown code."""
    return list(RETENTIONS).index(retention)
