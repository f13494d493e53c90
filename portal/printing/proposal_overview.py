"""The overview of a year's proposals on paper: charts and tables as their page shows them (PP-9, PP-10, PR-5)."""

from __future__ import annotations

from typing import Any

from portal.models import proposal_figures
from portal.models.proposal_figures import CHOICES, CUSTOMERS, DEPARTMENTS, KINDS, MONTHS, NONE, Figures, OverviewQuery
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.printing import catalogue, lists
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.naming import choice
from portal.rules.charts import BarRow, bars
from portal.rules.message import N_

_SHEET = catalogue.Sheet("proposal_overview", "QMS-PM-31353", N_("Overview of proposals"), "proposal_overview.html")
catalogue.SHEETS[_SHEET.name] = _SHEET

TITLES = {
    MONTHS: (N_("By month"), N_("Month")),
    KINDS: (N_("By kind"), N_("Kind")),
    DEPARTMENTS: (N_("By responsible department"), N_("Department")),
    CUSTOMERS: (N_("Customers with the most proposals"), N_("Customer")),
}
"""What each part is called, and what its lines are."""
TOTAL = "total"
_Row = tuple[str, str, Figures, Figures]


def _rows(user: Staff, query: OverviewQuery, _most: int) -> list[_Row]:
    """Return part, code or name, figures and those of the year before: in all, then of each line; nothing where both years are empty."""
    if not user.may(Permission.PROPOSAL_WORK):
        return []
    now, before = proposal_figures.overviews(user, query.year, query.year - 1)
    if not now.total.received and not before.total.received:
        return []
    found: list[_Row] = [(TOTAL, "", now.total, before.total)]
    found += [(part, *line) for part in (MONTHS, KINDS, DEPARTMENTS) for line in now.lines(part, before)]
    return found + [(CUSTOMERS, name, figures, NONE) for _number, name, figures in now.customers]


def _cells(rows: list[_Row]) -> list[dict[str, Any]]:
    return [
        {
            "part": part, "code": code, "before": str(before.received), **{name: str(value) for name, value in figures._asdict().items()},
            "punctual": "" if figures.punctual is None else str(figures.punctual),
        }
        for part, code, figures, before in rows
    ]  # fmt: skip


def _finish(document: dict[str, Any], labels: Labels) -> None:
    rows: list[dict[str, Any]] = document.pop("rows")
    for row in rows:
        part = row["part"]
        name = choice(CHOICES[part], row["code"], labels) if part in CHOICES and row["code"] else row["code"]
        row["name"] = name or labels(N_("not routed") if part == DEPARTMENTS else N_("Total"))
        row["in_time"] = f"{int(row['on_time']):,} ({row['punctual']} %)" if row["punctual"] else "—"
        row["bar"] = (int(row["received"]), int(row["before"]), f"{int(row['received']):,} / {int(row['adopted']):,}")
        row.update({name: f"{int(row[name]):,}" for name in ("received", "decided", "adopted", "kept", "declined")})
    total = [row for row in rows if row["part"] == TOTAL]
    earlier = str(int(document["year"]) - 1) if any(int(row["before"]) for row in total) else ""
    document["parts"] = [
        _part(part, lines, total, earlier, document["year"], labels)
        for part in TITLES
        if (lines := [row for row in rows if row["part"] == part])
    ]  # fmt: skip


def _part(part: str, rows: list[dict[str, Any]], total: list[dict[str, Any]], earlier: str, year: str, labels: Labels) -> dict[str, Any]:
    """Return a part with its title, table and chart; the customers, who are not all, have neither a sum nor a chart."""
    title, head = (labels(word) for word in TITLES[part])
    if part == CUSTOMERS:
        return {"title": title, "head": head, "rows": rows, "chart": None}
    drawn = [BarRow(str(row["name"]), *row["bar"]) for row in rows if any(row["bar"][:2])]
    words = {
        "title": str(title), "text": str(labels(N_("The figures stand in the table below."))),
        "now": str(labels(N_("%(year)s: received / adopted"), year=year)), "before": earlier,
    }  # fmt: skip
    return {"title": title, "head": head, "rows": rows + total, "chart": bars(drawn), "words": words}


lists.declare(
    ListSheet(
        "proposal_overview",
        "rows",
        _cells,
        {},
        Source(
            read=OverviewQuery.read,
            ids=_rows,
            records=list,
            conditions=lambda _user, query, labels: str(query.year),
            page=lambda query: ("proposals.overview", query.args()),
            place=N_("Overview of proposals"),
            counted=N_("%(count)s rows are on this sheet."),
            empty=N_("There is nothing on this sheet yet."),
            too_many=N_("A list of more than %(most)s rows is not printed. Narrow the list, or export it."),
        ),
        amounts=("rows.reward", "rows.value"),
        finish=_finish,
        more=lambda user, query: {"year": str(query.year), "team": user.team.name if user.is_supervisor and user.team else ""},
    )
)
