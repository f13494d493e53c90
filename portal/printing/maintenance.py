"""Sheets of maintenance: plan, amendment, summary, strengthening table, greetings, list of plans (RL-20 to RL-24, PR-1)."""

from __future__ import annotations

from typing import Any

from portal.database import db
from portal.models import greeting, plan_list
from portal.models.greeting import GreetingLine, GreetingList, GreetingQuery
from portal.models.plan import STATES, MaintenancePlan
from portal.models.plan_kind import AMENDMENT, PLAN, SUMMARY
from portal.models.plan_list import PlanQuery
from portal.models.plan_task import DONE
from portal.models.staff import Staff
from portal.models.strengthening import StrengtheningTable
from portal.permissions import Permission
from portal.printing import catalogue, lists, papers
from portal.printing.filters import in_words
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare, of_kind
from portal.rules.maintenance import POSTS
from portal.rules.message import N_, Message
from portal.rules.regions import address_of

_SHEETS = (
    catalogue.Sheet("maintenance_plan", "QMS-PM-31254", N_("Maintenance plan"), "maintenance_plan.html"),
    catalogue.Sheet("strengthening_table", "QMS-PM-31255", N_("Strengthening table"), "strengthening_table.html", landscape=True),
    catalogue.Sheet("maintenance_summary", "QMS-PM-31256", N_("Maintenance summary"), "maintenance_summary.html"),
    catalogue.Sheet("greeting_list", "QMS-PM-31257", N_("List of festival greetings"), "greeting_list.html", landscape=True),
    catalogue.Sheet("plan_amendment", "QMS-PM-31258", N_("Amendment of a maintenance plan"), "plan_amendment.html"),
    catalogue.Sheet("plan_list", "QMS-PM-31259", N_("Maintenance plans"), "plan_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})

declare(of_kind(PLAN, blank={"plan": {}, "customers": [], "measures": []}))
declare(of_kind(AMENDMENT, blank={"plan": {}, "amendment": {}, "measures": []}))
declare(of_kind(SUMMARY, blank={"plan": {}, "summary": {}, "customers": [], "tasks": []}))


# --- strengthening table ----------------------------------------------------------------


def _table(table: StrengtheningTable) -> dict[str, Any]:
    customer = table.customer
    ids = [one.staff_id for one in table.rows if one.staff_id]
    names = {one.id: one.name for one in db.session.query(Staff).filter(Staff.id.in_(ids))}
    return {
        "customer": {
            "number": customer.number,
            "full_name": customer.full_name,
            "grade": customer.grade,
            "owner": customer.owner.name if customer.owner else "",
        },
        "people": [
            {
                "post": one.post,
                "name": one.name,
                "influence": one.influence,
                "competitors": one.competitors,
                "staff": names.get(one.staff_id, "") if one.staff_id else "",
                "measures": one.measures,
                "until": one.until.isoformat() if one.until else "",
            }
            for one in table.rows
        ],
    }


def _posts(document: dict[str, Any], labels: Labels) -> None:
    for row in document["people"]:
        row["post"] = labels(POSTS[row["post"]]) if row["post"] in POSTS else row["post"]


declare(
    Printable(
        sheet="strengthening_table",
        model=StrengtheningTable,
        content=_table,
        blank={"customer": {}, "people": [{"post": code} for code in POSTS]},
        label=lambda table: table.label,
        page=lambda table: ("maintenance.strengthening", {"customer_id": table.customer_id}),
        permission=Permission.PLAN_WORK,
        boxes=(
            Box(Message(N_("Customer relations representative")), "made"),
            Box(Message(N_("Customer relations supervisor")), "review"),
        ),
        choices={"people.influence": "influence"},
        finish=_posts,
    )
)


# --- list of plans ----------------------------------------------------------------


def _plans(plans: list[MaintenancePlan]) -> list[dict[str, Any]]:
    ids = [one.id for one in plans]
    tasks, covered = plan_list.task_figures(ids), plan_list.customer_figures(ids)
    return [
        {
            "title": one.title,
            "state": one.state,
            "team": one.team.name if one.team else "",
            "author": one.created_by.name,
            "count": str(covered.get(one.id, 0)),
            "dates": f"{one.starts_on.isoformat()} – {one.ends_on.isoformat()}",
            "tasks": f"{tasks.get(one.id, {}).get(DONE, 0)} / {sum(tasks.get(one.id, {}).values())}",
            "budget": str(one.budget),
            "spent": str(one.spent),
        }
        for one in plans
    ]


def _finish_plans(document: dict[str, Any], labels: Labels) -> None:
    for row in document["plans"]:
        row["state"] = labels(STATES[row["state"]][0])


lists.declare(
    ListSheet(
        "plan_list",
        "plans",
        _plans,
        {},
        Source(
            read=PlanQuery.read,
            ids=plan_list.LIST.ids,
            records=plan_list.LIST.records,
            conditions=in_words({"state": {code: words for code, (words, _tone) in STATES.items()}}),
            page=lambda query: ("maintenance.plans", query.args()),
            place=N_("Maintenance plans"),
            counted=N_("%(count)s plans are on this list."),
            empty=N_("There is no plan on this list."),
            too_many=N_("A list of more than %(most)s plans is not printed. Narrow the list, or export it."),
        ),
        amounts=("plans.budget", "plans.spent"),
        finish=_finish_plans,
    )
)


# --- greetings ----------------------------------------------------------------


def greeting_rows(lines: list[GreetingLine]) -> list[dict[str, Any]]:
    """Return lines of a list of greetings as plain data, with whom to greet and where."""
    contacts = greeting.contacts_of([one.customer_id for one in lines])
    found = []
    for one in lines:
        customer, contact = one.customer, contacts.get(one.customer_id)
        found.append(
            {
                "number": customer.number,
                "full_name": customer.full_name,
                "grade": customer.grade,
                "contact": contact.name if contact else customer.general_manager or customer.legal_representative,
                "telephone": (contact.telephone if contact else "") or customer.telephone,
                "province": customer.province,
                "city": customer.city,
                "district": customer.district,
                "street": customer.street,
                "owner": customer.owner.name if customer.owner else "",
                "way": one.way,
                "done_on": one.done_on.isoformat() if one.done_on else "",
                "by": one.by.name if one.by else "",
                "state": one.state,
                "note": one.note,
            }
        )
    return found


def _finish_greetings(document: dict[str, Any], labels: Labels) -> None:
    for row in document["customers"]:
        row["address"] = address_of(row, apart=", " if labels.language == "en" else "")
        if row["state"] == greeting.SKIPPED:
            row["note"] = f"{labels(greeting.STATES[greeting.SKIPPED][0]).text}: {row['note']}"


def _greeting_words(_user: Staff, query: GreetingQuery, labels: Labels) -> str:
    listed = db.session.get(GreetingList, query.list_id)
    said = [f"{labels(listed.holiday).text} {listed.day.isoformat()}"] if listed else []
    if query.state:
        said.append(labels(greeting.STATES[query.state][0]).text)
    owner = db.session.get(Staff, query.owner) if query.owner else None
    return ("; " if labels.language == "en" else "；").join([*said, *([owner.name] if owner else [])])


def _greeting_page(query: GreetingQuery) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {name: value for name, value in query.args().items() if name != "list"}
    return "maintenance.greeting_list", {"list_id": query.list_id, **values}


lists.declare(
    ListSheet(
        "greeting_list",
        "customers",
        greeting_rows,
        {"customers.way": "greeting_way"},
        Source(
            read=GreetingQuery.read,
            ids=greeting.ids,
            records=greeting.records,
            conditions=_greeting_words,
            page=_greeting_page,
            place=N_("Festival greetings"),
            counted=N_("%(count)s customers are on this list."),
            empty=N_("There is nobody on this list."),
            too_many=N_("A list of more than %(most)s customers is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_greetings,
    )
)
assert all(sheet.name in {**papers.PRINTABLES, **lists.LISTS} for sheet in _SHEETS)  # noqa: S101 - a misspelt form is a mistake of ours
