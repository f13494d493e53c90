"""ABC analysis and composition of customers on paper: chart and table as their pages show them (IN-2, PR-5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portal.exchange.insight_table import NOT_GIVEN
from portal.models import abc_analysis, composition, insight
from portal.models.abc_analysis import AbcQuery
from portal.models.card import CARD
from portal.models.composition import BANDS, LIMIT, OF_CARD, PRODUCTS, SALES, CompositionQuery
from portal.models.staff import Staff
from portal.printing import catalogue, lists
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.naming import choice
from portal.rules import abc
from portal.rules.abc import Curve
from portal.rules.charts import BarRow, abc_curve, bars
from portal.rules.message import N_

TOP = 200
"""So many rows stand on the sheet of an ABC analysis; all of them are in its file."""
DRAWN = 12

_SHEETS = (
    catalogue.Sheet("abc_analysis", "QMS-PM-31261", N_("ABC analysis"), "abc_analysis.html"),
    catalogue.Sheet("composition", "QMS-PM-31262", N_("Composition of customers"), "composition.html"),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})


def _percent(value: Decimal | None) -> str:
    return "" if value is None else f"{value} %"


# --- ABC analysis --------------------------------------------------------------------------------------------------------------


def _abc_rows(user: Staff, query: AbcQuery, most: int) -> list[Any]:
    found = abc_analysis.of(user, query, insight.few(user))
    return list(abc_analysis.rows(user, query, found, most=min(most, TOP))) if found else []


def _abc_cells(rows: list[abc_analysis.Row]) -> list[dict[str, Any]]:
    return [
        {
            "rank": str(row.rank or ""), "name": row.name or NOT_GIVEN, "class": row.name_now or "—",
            "now": "" if row.now is None else str(row.now), "share": _percent(row.share), "cumulative": _percent(row.cumulative),
            "before": "" if row.before is None else str(row.before), "was": row.name_before or "—",
        }
        for row in rows
    ]  # fmt: skip


def _abc_more(user: Staff, query: AbcQuery) -> dict[str, Any]:
    found = abc_analysis.of(user, query, insight.few(user))
    if found is None:
        return {}
    return {
        "curves": {"now": found.now.plain(), "before": found.before.plain()},
        "thresholds": str(query.limits),
        "subject": query.subject,
        "year": str(query.year),
        "of": str(found.now.count + found.now.without + found.now.returned),
    }


def _abc_finish(document: dict[str, Any], labels: Labels) -> None:
    for row in document["rows"]:
        row["name"] = row["name"] if row["name"] != NOT_GIVEN else labels(NOT_GIVEN)
    if "curves" not in document:
        return
    now, before = (Curve.of_plain(_whole(document["curves"][name])) for name in ("now", "before"))
    limits, year = abc.thresholds(document["thresholds"]), int(document["year"])
    parts = list(zip(now.parts(limits), before.parts(limits), strict=True))
    document["chart"] = abc_curve(now, before, limits)
    document["words"] = {
        "title": str(labels(N_("Curve of cumulative shares, %(year)s"), year=year)),
        "text": str(labels(N_("The figures stand in the table below."))),
        "before": str(year - 1),
        "up": str(labels(N_("cumulative share of what was sold (%%)"), year=year)),
        "across": str(labels(N_("share of the items (%%)"), year=year)),
        "classes": {one.name: f"{one.name} {one.number:,} · {_percent(abc.share(one.amount, now.total))}" for one, _then in parts},
    }
    document["subject"] = labels(abc_analysis.SUBJECTS[document["subject"]])
    document["parts"] = [
        {
            "name": one.name, "count": f"{one.number:,}", "amount": one.amount, "share": _percent(abc.share(one.amount, now.total)),
            "least": "" if one.least is None else one.least, "then": f"{then.number:,}", "then_amount": then.amount,
            "then_share": _percent(abc.share(then.amount, before.total)),
        }
        for one, then in parts
    ]  # fmt: skip
    document["years"] = [str(year), str(year - 1)]
    document["limits"] = limits


def _whole(curve: dict[str, Any]) -> dict[str, Any]:
    """Return a curve whose empty values, which a sheet does not show, are nothing again."""
    return {name: value if value != "" else 0 for name, value in curve.items()}


def _abc_conditions(_user: Staff, query: AbcQuery, labels: Labels) -> str:
    colon = ": " if labels.language == "en" else "："
    said = [labels(abc_analysis.SUBJECTS[query.subject]).text, str(query.year), str(query.limits)]
    said += [
        f"{labels(N_('Class')).text} {year}{colon}{name}" for year, name in ((query.year, query.now), (query.year - 1, query.was)) if name
    ]
    return "; ".join(said) if labels.language == "en" else "；".join(said)


lists.declare(
    ListSheet(
        "abc_analysis",
        "rows",
        _abc_cells,
        {},
        Source(
            read=AbcQuery.read,
            ids=_abc_rows,
            records=list,
            conditions=_abc_conditions,
            page=lambda query: ("insights.abc", query.args()),
            place=N_("ABC analysis"),
            counted=N_("%(count)s rows are on this sheet."),
            empty=N_("There is nothing on this sheet yet."),
            too_many=N_("A list of more than %(most)s rows is not printed. Narrow the list, or export it."),
        ),
        amounts=("rows.now", "rows.before"),
        finish=_abc_finish,
        more=_abc_more,
    )
)


# --- composition ---------------------------------------------------------------------------------------------------------------


def _composition_rows(user: Staff, query: CompositionQuery, most: int) -> list[Any]:
    found = composition.of(user, query, insight.few(user))
    if found is None:
        return []
    total, before = (sum((getattr(row, name) for row in found.rows if getattr(row, name) > 0), abc.NOTHING) for name in ("sold", "before"))
    return [(query.subject, row, total, before) for row in found.rows[: min(most, TOP)]]


def _composition_cells(rows: list[Any]) -> list[dict[str, Any]]:
    products = [int(row.code) for subject, row, _total, _before in rows if subject == PRODUCTS]
    named = {str(key): name for key, (_code, name) in abc_analysis.names_of(PRODUCTS, products).items()} if products else {}
    return [
        {
            "code": named.get(row.code, row.code) or NOT_GIVEN,
            "customers": "" if row.customers is None else f"{row.customers:,}",
            "sold": str(row.sold),
            "share": _percent(abc.share(row.sold, total)) if row.sold > 0 else "",
            "before": str(row.before),
            "share_before": _percent(abc.share(row.before, before)) if row.before > 0 else "",
            "change": _percent(abc.change(row.sold, row.before)),
            "limit": "" if row.limit is None else str(row.limit),
        }
        for _subject, row, total, before in rows
    ]


def _composition_more(_user: Staff, query: CompositionQuery) -> dict[str, Any]:
    return {"subject": query.subject, "months": " – ".join(query.months.values())}


def _composition_finish(document: dict[str, Any], labels: Labels) -> None:
    subject = document["subject"]
    for row in document["rows"]:
        row["name"] = _name(subject, row["code"], labels)
    drawn = [
        BarRow(str(row["name"]), row["sold"] or 0, row["before"] or 0, f"{row['sold'] or 0:,.0f}", row["share"])
        for row in document["rows"][:DRAWN]
    ]
    document["chart"] = bars(drawn)
    now, before = (N_("open today"), N_("when the year before ended")) if subject == LIMIT else (N_("these months"), N_("a year earlier"))
    document["words"] = {
        "title": str(labels(composition.SUBJECTS[subject])),
        "text": str(labels(N_("The figures stand in the table below."))),
        "now": str(labels(now)),
        "before": str(labels(before)),
    }
    document["of_card"], document["of_limit"] = subject in OF_CARD, subject == LIMIT
    document["subject"] = labels(composition.SUBJECTS[subject])


def _name(subject: str, code: str, labels: Labels) -> Any:
    if code == NOT_GIVEN:
        return labels(NOT_GIVEN)
    if subject == LIMIT:
        return labels(BANDS[code])
    if subject == SALES:
        return f"{code[:4]}-{code[4:]}"
    return choice(CARD["industry"].choices, code, labels) if subject == composition.INDUSTRY else code


def _composition_conditions(_user: Staff, query: CompositionQuery, labels: Labels) -> str:
    return f"{labels(composition.SUBJECTS[query.subject]).text} {' – '.join(query.months.values())}"


lists.declare(
    ListSheet(
        "composition",
        "rows",
        _composition_cells,
        {},
        Source(
            read=CompositionQuery.read,
            ids=_composition_rows,
            records=list,
            conditions=_composition_conditions,
            page=lambda query: ("insights.composition", query.args()),
            place=N_("Composition of customers"),
            counted=N_("%(count)s rows are on this sheet."),
            empty=N_("There is nothing on this sheet yet."),
            too_many=N_("A list of more than %(most)s rows is not printed. Narrow the list, or export it."),
        ),
        amounts=("rows.sold", "rows.before", "rows.limit"),
        finish=_composition_finish,
        more=_composition_more,
    )
)
