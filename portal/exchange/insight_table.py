"""ABC analysis and composition of customers as tables that go out to files (IN-2, AR-41)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext

from portal.i18n import of_choice
from portal.models import abc_analysis, composition, insight
from portal.models.abc_analysis import AbcQuery
from portal.models.card import CARD
from portal.models.composition import BANDS, INDUSTRY, LIMIT, OF_CARD, PRODUCTS, CompositionQuery
from portal.models.register import Count
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules import abc
from portal.rules.message import N_

ABC, COMPOSITION = "abc", "composition"
PREFIX = "insight:"
TITLES = {ABC: N_("ABC analysis"), COMPOSITION: N_("Composition of customers")}
InsightQuery = AbcQuery | CompositionQuery
NOT_GIVEN = N_("not given")


def read(kind: str, args: Mapping[str, str]) -> InsightQuery:
    """Return the query of a kind that the arguments of an address say."""
    return AbcQuery.read(args) if kind == ABC else CompositionQuery.read(args)


def kind_of(query: InsightQuery) -> str:
    """Return the kind of a query."""
    return ABC if isinstance(query, AbcQuery) else COMPOSITION


def query_of(what: str, args: Mapping[str, str]) -> InsightQuery | None:
    """Return the query of an export called `what`, None where it is none of these."""
    kind = what.removeprefix(PREFIX)
    return read(kind, args) if what.startswith(PREFIX) and kind in TITLES else None


def count(user: Staff, query: InsightQuery) -> Count:
    """Return how many rows the file would have; none where the worker has not counted yet."""
    ids = insight.few(user)
    if isinstance(query, CompositionQuery):
        found = composition.of(user, query, ids)
        return Count(len(found.rows) if found else 0, False)
    analysis = abc_analysis.of(user, query, ids)
    if analysis is None:
        return Count(0, False)
    if query.now or query.was:
        number = sum(1 for _row in abc_analysis.rows(user, query, analysis, most=1001))
        return Count(min(number, 1000), number > 1000)
    return Count(analysis.now.count + analysis.now.without + analysis.now.returned, False)


def names(query: CompositionQuery, rows: list[composition.Row]) -> dict[str, str]:
    """Return the code of each part → what it is called in the reader's language."""
    codes = [row.code for row in rows]
    found = {code: code or gettext(NOT_GIVEN) for code in codes}
    if query.subject == PRODUCTS:
        found.update({str(key): " ".join(named) for key, named in abc_analysis.names_of(PRODUCTS, [int(code) for code in codes]).items()})
    elif query.subject == INDUSTRY:
        known = {entry["code"]: of_choice(entry) for entry in standard(f"choices.{CARD['industry'].choices}")}
        found.update({code: known.get(code, code) for code in codes if code})
    elif query.subject == LIMIT:
        found = {code: gettext(BANDS[code]) for code in codes}
    elif query.subject == composition.SALES:
        found = {code: f"{code[:4]}-{code[4:]}" for code in codes}
    return found


def heads(query: InsightQuery) -> list[str]:
    """Return the heads in the reader's language."""
    if isinstance(query, AbcQuery):
        year = query.year
        return [
            gettext("Place"), gettext("Number or code"), gettext(abc_analysis.SUBJECTS[query.subject]), gettext("Class"), str(year),
            gettext("Share in per cent"),
            gettext("Cumulative share in per cent"), str(year - 1), gettext("Class last year"), gettext("Why it has no class"),
        ]  # fmt: skip
    part = gettext(composition.SUBJECTS[query.subject])
    if query.subject == LIMIT:
        return [
            part,
            gettext("Customers"),
            gettext("Open today"),
            gettext("Credit limits"),
            gettext("Customers then"),
            gettext("Open when the year before ended"),
        ]
    customers = [gettext("Customers")] if query.subject in OF_CARD else []
    return [
        part,
        *customers,
        gettext("Sold"),
        gettext("Share in per cent"),
        gettext("The year before"),
        gettext("Share then in per cent"),
        gettext("Change in per cent"),
    ]


def rows(user: Staff, query: InsightQuery) -> Iterator[list[Any]]:
    """Yield the rows as cells; nothing where the worker has not counted yet."""
    ids = insight.few(user)
    if isinstance(query, AbcQuery):
        analysis = abc_analysis.of(user, query, ids)
        for row in abc_analysis.rows(user, query, analysis) if analysis else ():
            why = gettext(abc.REASONS[row.why]) if row.why else ""
            name = row.name or gettext(NOT_GIVEN)
            yield [row.rank or None, row.number, name, row.name_now, row.now, row.share, row.cumulative, row.before, row.name_before, why]
        return
    found = composition.of(user, query, ids)
    if found is None:
        return
    named = names(query, found.rows)
    total, before = (sum((getattr(row, name) for row in found.rows if getattr(row, name) > 0), abc.NOTHING) for name in ("sold", "before"))
    for part in found.rows:
        name = named[part.code]
        if query.subject == LIMIT:
            yield [name, part.customers, part.sold, part.limit, part.customers_before, part.before]
            continue
        customers = [part.customers] if query.subject in OF_CARD else []
        shares = abc.share(part.sold, total), abc.share(part.before, before)
        yield [name, *customers, part.sold, shares[0], part.before, shares[1], abc.change(part.sold, part.before)]
