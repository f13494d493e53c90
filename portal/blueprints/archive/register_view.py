"""What the register shows: cells of rows, words of chips. Prepared in one go for the page, because fifty rows are many calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup, escape
from sqlalchemy import Row, Select, bindparam, select

from portal import clock
from portal.database import db
from portal.filters import colon, yuan
from portal.i18n import is_chinese, of_choice
from portal.models import register
from portal.models.import_run import ImportRun
from portal.models.register_query import COLUMNS, FILTERS, MISSING, REVIEW, SORTS, TABS, Column, RegisterQuery
from portal.models.staff import Staff, Team
from portal.models.standard import value as standard
from portal.rules.identifiers import dialled
from portal.rules.regions import find_province

SORTED_BY = {"number": "number", "full_name": "name", "grade": "grade", "updated_at": "changed"}
"""Columns whose head sorts, with the order."""
FIGURES = ("integer", "money")
DAYS = ("date", "moment")
ON_ONE_LINE = {"telephone": "one-line", "region": "one-line"}
"""Columns whose words are not broken, with the class that says so."""


class Line(NamedTuple):
    """A row as it is shown: cells in the order of the chosen columns."""

    id: int
    address: str
    number: str
    name: str
    cells: list[tuple[str, str]]
    """Of each column `number`, `one-line` or nothing, and the words."""


class Head(NamedTuple):
    """The head of a column."""

    text: str
    address: str
    sorted: str
    kind: str


def names_of(model: type[Staff] | type[Team], ids: Iterable[int | None]) -> dict[int | None, str]:
    """Return the names of a page's people or teams by id."""
    wanted = {one for one in ids if one}
    if not wanted:
        return {}
    return dict(db.session.execute(_names(model), {"wanted": list(wanted)}).all())  # type: ignore[arg-type]


@cache
def _names(model: type[Staff] | type[Team]) -> Select[int, str]:
    return select(model.id, model.name).where(model.id.in_(bindparam("wanted", expanding=True)))


def _call(number: str) -> Markup:
    """Return a number that dials itself, as on the card: written out, because `Markup.format` takes twice as long, fifty times a page."""
    return Markup(f'<a href="tel:{escape(dialled(number))}">{escape(number)}</a>')  # noqa: S704 - both are escaped


def _writer(column: Column, rows: list[Row[Any]]) -> Callable[[Row[Any]], str]:
    """Return what writes a column's cell of a row."""
    if column.kind == "staff":
        staff = names_of(Staff, (row.owner_id for row in rows))
        return lambda row: staff.get(row.owner_id, "")
    if column.kind == "team":
        teams = names_of(Team, (row.team_id for row in rows))
        return lambda row: teams.get(row.team_id, "")
    if column.kind == "region":
        return _region
    place = rows[0]._fields.index(column.name)
    if column.name == "telephone":
        return lambda row: _call(row[place]) if row[place] else ""
    if column.kind == "choice":
        words = {entry["code"]: of_choice(entry) for entry in standard(f"choices.{column.choices}")}
        return lambda row: words.get(row[place], row[place])
    if column.kind == "moment":
        return lambda row: clock.local(row[place]).date().isoformat()
    if column.kind == "money":
        return lambda row: yuan(row[place])
    return lambda row: "" if row[place] is None else str(row[place])


def _region(row: Row[Any]) -> str:
    """Return province and city, a municipality once; the province in the reader's language, as sheets print it."""
    if row.city.startswith(row.province) and (is_chinese() or not row.province):
        return str(row.city)
    found = None if is_chinese() else find_province(row.province)
    city = "" if found and row.city.startswith(row.province) else row.city
    return f"{found.en if found else row.province} {city}".strip()


def lines(rows: list[Row[Any]], columns: tuple[str, ...]) -> list[Line]:
    """Return the rows of a page with the words of their cells."""
    if not rows:
        return []
    writers = [
        (
            "number" if COLUMNS[name].kind in FIGURES else ON_ONE_LINE.get(name, "one-line" if COLUMNS[name].kind in DAYS else ""),
            _writer(COLUMNS[name], rows),
        )
        for name in columns
    ]
    place = url_for("archive.customer", customer_id=0).removesuffix("0")  # one address made, not fifty
    return [Line(row.id, f"{place}{row.id}", row.number, row.full_name, [(kind, write(row)) for kind, write in writers]) for row in rows]


def address(query: RegisterQuery, **changes: str) -> str:
    """Return the address of a query, with other arguments where given; empty ones are left out."""
    given: dict[str, Any] = {name: value for name, value in {**query.args(), **changes}.items() if value}
    return url_for("archive.register", **given)


def heads(query: RegisterQuery, columns: tuple[str, ...]) -> list[Head]:
    """Return the heads of the columns, number and name included; a click sorts, a second one turns the order around."""
    found = []
    for name in ("number", "full_name", *columns):
        text = {"number": _("Customer number"), "full_name": _("Customer name")}.get(name) or _(COLUMNS[name].title)
        kind = "number" if name in COLUMNS and COLUMNS[name].kind in FIGURES else ""
        sort = SORTED_BY.get(name, "")
        if not sort:
            found.append(Head(text, "", "", kind))
            continue
        here = query.sort == sort
        turned = not query.descending if here else sort == "changed"
        to = address(RegisterQuery(query.filters, query.tab, sort, turned))
        found.append(Head(text, to, ("descending" if query.descending else "ascending") if here else "", kind))
    return found


def word(name: str, value: str) -> str:
    """Return a filter's value in words."""
    one = FILTERS[name]
    if one.kind in ("staff", "team"):
        return names_of(Staff if one.kind == "staff" else Team, [int(value)]).get(int(value), value)
    if one.kind == "import":
        run: Any = db.session.scalar(ImportRun.visible_to(current_user).where(ImportRun.id == int(value)))
        return run.filename if run is not None else value
    if one.kind == "missing":
        return _(MISSING[value][0])
    if one.kind == "review":
        return _(REVIEW[value])
    if one.kind == "choice":
        return next((of_choice(entry) for entry in register.choices_of(one) if entry["code"] == value), value)
    return value


def chips(query: RegisterQuery) -> list[tuple[str, str]]:
    """Return the filters that are set: (words, address without it)."""
    return [
        (f"{_(FILTERS[name].title)}{colon()}{word(name, value)}", address(query.without(name))) for name, value in query.filters.items()
    ]


def tabs(query: RegisterQuery) -> list[tuple[str, str, bool]]:
    """Return the tabs: (words, address, whether it is this one)."""
    return [(_(title), address(RegisterQuery(query.filters, name)), name == query.tab) for name, (_state, title) in TABS.items()]


def orders(query: RegisterQuery) -> list[tuple[str, str, bool]]:
    """Return the orders for the telephone, where the table has no heads: (words, address, whether it is this one)."""
    found = []
    for name, title in SORTS.items():
        found.append((_(title), address(RegisterQuery(query.filters, query.tab, name, name == "changed")), name == query.sort))
    return found
