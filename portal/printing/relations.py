"""Sheets of relation assessments: the form that is signed, a customer's delivered value over time, lists (RL-7, IN-5, PR-1, PR-5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portal.models import delivered_value, relation_list
from portal.models.customer import Customer
from portal.models.delivered_value import SUBJECTS, ComparisonQuery, Figures, Group
from portal.models.relation import KIND, STATES, RelationAssessment
from portal.models.relation_list import RelationQuery
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.printing import catalogue, lists, papers
from portal.printing.filters import in_words
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare, of_kind
from portal.rules.charts import BarRow, bars
from portal.rules.grading import shown
from portal.rules.message import N_, Message
from portal.rules.relation import ADVICE, PARTS, ratio_words, signed

_SHEETS = (
    catalogue.Sheet("relation_assessment", "QMS-PM-31263", N_("Relation assessment"), "relation_assessment.html"),
    catalogue.Sheet("delivered_value", "QMS-PM-31264", N_("Customer delivered value"), "delivered_value.html"),
    catalogue.Sheet("relation_list", "QMS-PM-31265", N_("List of relation assessments"), "relation_list.html", landscape=True),
    catalogue.Sheet("delivered_values", "QMS-PM-31266", N_("Delivered value compared"), "delivered_values.html"),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})

declare(
    of_kind(
        KIND,
        blank={"customer": {}, "assessment": {}, "indicators": [], "parts": [{"part": code} for code in PARTS], "delivered": {}},
    )
)


# --- a customer's delivered value ----------------------------------------------------------------


def _over_time(customer: Customer) -> dict[str, Any]:
    return {
        "customer": {
            "number": customer.number,
            "full_name": customer.full_name,
            "grade": customer.grade,
            "owner": customer.owner.name if customer.owner else "",
        },
        "figures": [Figures.of(one).plain() for one in delivered_value.series(customer)],
        "rows": [
            {
                "day": one.assessed_on.isoformat(),
                **{code: said["points"] for code, said in one.points.items()},
                "value": shown(one.value),
                "cost": shown(one.cost),
                "difference": signed(one.delivered.difference),
                "ratio": "" if one.delivered.ratio is None else f"{one.delivered.ratio:.2f}",
                "scale": str(one.scale),
            }
            for one in reversed(delivered_value.series(customer))
        ],
    }


def _finish_over_time(document: dict[str, Any], labels: Labels) -> None:
    undefined = labels(ratio_words(None).text)
    document["chart"] = delivered_value.chart([Figures.of_plain(row) for row in document["figures"]], str(undefined))
    document["words"] = {
        "title": str(labels(N_("Customer delivered value over time"))),
        "text": str(labels(N_("The figures stand in the table below."))),
        "first": str(labels(N_("Total value"))),
        "second": str(labels(N_("Total cost"))),
        "up": str(labels(N_("points, on a scale of 100"))),
        "note": "÷",
    }
    for row in document["rows"]:
        row["ratio"] = row.get("ratio") or undefined


declare(
    Printable(
        sheet="delivered_value",
        model=Customer,
        content=_over_time,
        blank={"customer": {}, "figures": [], "rows": []},
        label=lambda customer: customer.full_name,
        page=lambda customer: ("relations.of_customer", {"customer_id": customer.id}),
        permission=Permission.RELATION_WORK,
        boxes=(
            Box(Message(N_("Customer relations representative")), "made"),
            Box(Message(N_("Customer relations supervisor")), "review"),
        ),
        customer_id=lambda customer: customer.id,
        finish=_finish_over_time,
    )
)


# --- the list ----------------------------------------------------------------


def _rows(assessments: list[RelationAssessment]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.customer.number,
            "full_name": one.customer.full_name,
            "assessed_on": one.assessed_on.isoformat(),
            "author": one.created_by.name,
            "state": one.state,
            "grade": one.grade,
            "total": shown(one.total),
            "advice": one.advice,
            "difference": signed(one.delivered.difference),
            "ratio": "" if one.delivered.ratio is None else f"{one.delivered.ratio:.2f}",
            "result": one.result,
        }
        for one in assessments
    ]


def _finish_rows(document: dict[str, Any], labels: Labels) -> None:
    for row in document["rows"]:
        row["state"], row["advice"] = labels(STATES[row["state"]][0]), labels(ADVICE[row["advice"]])
        row["ratio"] = row.get("ratio") or labels(ratio_words(None).text)


lists.declare(
    ListSheet(
        "relation_list",
        "rows",
        _rows,
        {},
        Source(
            read=RelationQuery.read,
            ids=relation_list.LIST.ids,
            records=relation_list.LIST.records,
            conditions=in_words({"advice": ADVICE, "state": {code: words for code, (words, _tone) in STATES.items()}}),
            page=lambda query: ("relations.assessments", query.args()),
            place=N_("Relation assessments"),
            counted=N_("%(count)s assessments are on this list."),
            empty=N_("There is no assessment on this list."),
            too_many=N_("A list of more than %(most)s assessments is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_rows,
    )
)


# --- the comparison ----------------------------------------------------------------


def _groups(user: Staff, query: ComparisonQuery, most: int) -> list[Any]:
    return delivered_value.compare(user, query.subject)[:most] if user.may(Permission.RELATION_COMPARE) else []


def _group_rows(groups: list[Group]) -> list[dict[str, Any]]:
    return [
        {
            "name": group.name,
            "customers": f"{group.customers:,}",
            "value": str(group.mean_value),
            "cost": str(group.mean_cost),
            "difference": signed(group.difference),
            "ratio": "" if group.ratio is None else f"{group.ratio:.2f}",
        }
        for group in groups
    ]


def _finish_groups(document: dict[str, Any], labels: Labels) -> None:
    drawn = []
    for row in document["rows"]:
        row["name"] = row["name"] or labels(N_("not given"))
        row["ratio"] = row.get("ratio") or labels(ratio_words(None).text)
        value, cost = Decimal(row["value"]), Decimal(row["cost"])
        row["value"], row["cost"] = shown(value), shown(cost)
        drawn.append(BarRow(str(row["name"]), value, cost, f"{shown(value)} / {shown(cost)}", f"÷ {row['ratio']}"))
    document["chart"] = bars(drawn)
    document["words"] = {
        "title": str(labels(N_("Delivered value compared"))),
        "text": str(labels(N_("The figures stand in the table below."))),
        "now": str(labels(N_("Mean total value"))),
        "before": str(labels(N_("Mean total cost"))),
    }


lists.declare(
    ListSheet(
        "delivered_values",
        "rows",
        _group_rows,
        {},
        Source(
            read=ComparisonQuery.read,
            ids=_groups,
            records=list,
            conditions=lambda _user, query, labels: labels(SUBJECTS[query.subject]).text,
            page=lambda query: ("relations.comparison", query.args()),
            place=N_("Delivered value compared"),
            counted=N_("%(count)s rows are on this sheet."),
            empty=N_("There is nothing on this sheet yet."),
            too_many=N_("A list of more than %(most)s rows is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_groups,
    )
)
assert all(sheet.name in {**papers.PRINTABLES, **lists.LISTS} for sheet in _SHEETS)  # noqa: S101 - a misspelt form is a mistake of ours
