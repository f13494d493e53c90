"""Sheets of visits: application, passes, the sheet for who accompanies, the list (SV-21, PR-1, PR-2)."""

from __future__ import annotations

from typing import Any

from flask import current_app
from markupsafe import Markup

from portal.database import db
from portal.models import reception_list
from portal.models.customer import Customer
from portal.models.reception import APPROVED, RECEIVED, STATES, Reception
from portal.models.reception_kind import KIND
from portal.models.reception_list import ReceptionQuery
from portal.models.reception_pass import passes_of
from portal.models.room import MeetingRoom
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission, Role
from portal.printing import catalogue, lists, papers
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare, of_kind
from portal.printing.qr import qr_svg
from portal.rules.message import N_, Message
from portal.rules.reception import CLASSES, PHOTOGRAPHS, WORKSHOP

_SHEETS = (
    catalogue.Sheet("reception", "QMS-PM-31291", N_("Reception application"), "reception.html"),
    catalogue.Sheet("visitor_passes", "QMS-PM-31292", N_("Visitor passes"), "visitor_passes.html"),
    catalogue.Sheet("escort_sheet", "QMS-PM-31293", N_("Escort sheet"), "escort_sheet.html"),
    catalogue.Sheet("reception_list", "QMS-PM-31294", N_("Receptions of visitors"), "reception_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})
_CHOICES = {"reception.language": "visit_language", "reception.management_post": "management_post", "areas.area": "visit_area"}

declare(of_kind(KIND, blank={"reception": {}, "services": [], "areas": [], "visitors": []}))


def _is_valid(reception: Reception) -> bool:
    """Return whether the visit has passes that count: without an approval there is none (SV-21)."""
    return reception.state in (APPROVED, RECEIVED)


def _page(reception: Reception) -> tuple[str, dict[str, Any]]:
    return "reception.reception", {"reception_id": reception.id}


# --- passes ----------------------------------------------------------------


def _passes(reception: Reception) -> dict[str, Any]:
    found = reception.snapshot()
    cards = [
        {
            "number": one.number,
            "code": one.shown_code,
            "visitors": [person.as_data() for person in one.people],
            "valid_from": one.valid_from.isoformat(),
            "valid_until": one.valid_until.isoformat(),
        }
        for one in passes_of(reception)
    ]
    return {**found, "passes": cards}


def _finish_passes(document: dict[str, Any], _labels: Labels) -> None:
    """Give each pass its QR code, and say which services matter at the gate."""
    for one in document["passes"]:
        svg = qr_svg(f"{current_app.config['SITE_URL']}/v/{one['code'].replace('-', '')}")
        one["qr"] = Markup(svg)  # noqa: S704 - drawn here from a code of ours
    given = {one["service"] for one in document["services"]}
    document["photographs"], document["workshop"] = PHOTOGRAPHS in given, WORKSHOP in given


declare(
    Printable(
        sheet="visitor_passes",
        model=Reception,
        content=_passes,
        blank={"reception": {}, "services": [], "areas": [], "visitors": [], "passes": []},
        label=lambda reception: reception.label,
        page=_page,
        permission=Permission.SHEET_PRINT,
        choices=_CHOICES,
        finish=_finish_passes,
        fits=_is_valid,
        offered=lambda: False,
        changed=N_("The visit was changed, cancelled or recorded since: ask the code of each pass."),
    )
)


# --- escort sheet ----------------------------------------------------------------


def _escort(reception: Reception) -> dict[str, Any]:
    return {**reception.snapshot(), "passes": [{"number": one.number} for one in passes_of(reception)]}


declare(
    Printable(
        sheet="escort_sheet",
        model=Reception,
        content=_escort,
        blank={"reception": {}, "services": [], "areas": [], "visitors": [], "passes": []},
        label=lambda reception: reception.label,
        page=_page,
        boxes=(Box(Message(N_("Host of the visitors")), "made"), Box(Message(Role.SUPERVISOR.label), "review")),
        choices=_CHOICES,
        amounts=("reception.cost",),
        fits=_is_valid,
    )
)


# --- list ----------------------------------------------------------------


def _rows(receptions: list[Reception]) -> list[dict[str, Any]]:
    return [
        {
            "customer": one.customer.full_name,
            "state": one.state,
            "class": one.class_,
            "purpose": one.purpose,
            "days": one.days,
            "hours": one.hours,
            "room": [one.room.zh, one.room.en] if one.room else [],
            "count": str(one.count),
            "came": str(one.came) if one.came is not None else "",
            "host": one.host.name,
        }
        for one in receptions
    ]


def _finish_list(document: dict[str, Any], labels: Labels) -> None:
    for row in document["receptions"]:
        row["state"], row["class"] = labels(STATES[row["state"]][0]), labels(CLASSES[row["class"]])
        row["room"] = labels.named(*row["room"]) if row["room"] else ""


def _conditions(user: Staff, query: ReceptionQuery, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    filters = query.filters.items()
    return semicolon.join(f"{labels(query.FILTERS[name]).text}{colon}{_value(user, name, value, labels)}" for name, value in filters)


def _value(user: Staff, name: str, value: str, labels: Labels) -> str:
    if name in ("state", "class"):
        return labels(STATES[value][0] if name == "state" else CLASSES[value]).text
    if name == "room":
        room = db.session.get(MeetingRoom, int(value))
        return labels.named(room.zh, room.en).text if room else value
    if name in ("host", "team", "customer"):
        return named(user, {"host": Staff, "team": Team, "customer": Customer}[name], value)
    return value


lists.declare(
    ListSheet(
        "reception_list",
        "receptions",
        _rows,
        {},
        Source(
            read=ReceptionQuery.read,
            ids=reception_list.LIST.ids,
            records=reception_list.LIST.records,
            conditions=_conditions,
            page=lambda query: ("reception.receptions", query.args()),
            place=N_("Receptions of visitors"),
            counted=N_("%(count)s receptions are on this list."),
            empty=N_("There is no reception on this list."),
            too_many=N_("A list of more than %(most)s receptions is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_list,
    )
)
assert all(sheet.name in {**papers.PRINTABLES, **lists.LISTS} for sheet in _SHEETS)  # noqa: S101 - a misspelt form is a mistake of ours
