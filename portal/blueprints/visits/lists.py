"""All visits by state and person, and by week, as page and as file (SV-20)."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.blueprints.visits import bp
from portal.filters import choice, colon
from portal.list_files import answer
from portal.models import visit_list
from portal.models.visit import people
from portal.models.visit_checks import purposes
from portal.models.visit_list import TABS, WEEK, VisitQuery
from portal.permissions import Permission, requires
from portal.rules import visits as rules
from portal.rules.visits import STATES
from portal.sessions import me


@bp.get("/visits/list")
@requires(Permission.VISIT_WORK)
def visits() -> Any:
    """Show a page of visits by state, person and filters; a week day by day."""
    query, user = VisitQuery.read(request.args), me()
    page = visit_list.LIST.page(user, query, after=request.args.get("after", ""))
    week = rules.days_of_week(query.filters.get("week", ""))
    step = timedelta(days=7)
    return htmx.render(
        "visits/list.html",
        "list",
        query=query,
        visits=page.rows,
        days=[(day, list(some)) for day, some in groupby(page.rows, key=lambda one: one.day)] if query.tab == WEEK else [],
        week=week,
        weeks=[rules.week_of(week[0] - step), rules.week_of(clock.today()), rules.week_of(week[0] + step)] if week else [],
        next=address(query, after=page.next) if page.next else "",
        first=address(query) if request.args.get("after") else "",
        count=page.found,
        tabs=[(_(title), address(VisitQuery(tab=code, whose=query.whose)), code == query.tab) for code, title in TABS.items()],
        chips=[
            (_said(name, value), address(query.without(name)))
            for name, value in query.filters.items()
            if (query.tab, name) != (WEEK, "week")
        ],
        states=STATES,
        people=people(user) if user.may(Permission.VISIT_PLAN) else [],
        purposes=purposes(query.filters.get("purpose", "")),
    )


def address(query: VisitQuery, **changes: Any) -> str:
    """Return the address of a query, with other arguments where given."""
    return url_for("visits.visits", **{**query.args(), **changes})


def _said(name: str, value: str) -> str:
    if name == "late":
        return _(VisitQuery.FILTERS[name])
    return f"{_(VisitQuery.FILTERS[name])}{colon()}{choice(value, 'visit_purpose') if name == 'purpose' else value}"


@bp.get("/visits/list/file")
@requires(Permission.CUSTOMER_EXPORT)
def visits_file() -> Any:
    """Answer the list as a file."""
    query = VisitQuery.read(request.args)
    heads = [
        _("Day"), _("Customer number"), _("Customer"), _("Grade"), _("Visit route"), _("State"), _("Who goes"), _("Purpose of the visit"),
        _("What is to be done there"), _("Attempts"), _("Whom you met"), *(_(title) for title in rules.SHEET.values()), _("Reason"),
    ]  # fmt: skip

    def rows() -> Any:
        for one in visit_list.LIST.rows(me(), query):
            yield [
                one.day, one.customer.number, one.customer.full_name, one.customer.grade, one.customer.route, _(STATES[one.state][0]),
                one.staff.name, choice(one.purpose, "visit_purpose"), one.aim, one.attempts, one.met,
                *(getattr(one, name) for name in rules.SHEET), one.reason,
            ]  # fmt: skip

    return answer(_("Visits to customers"), heads, rows(), what="visits", filters=query.args())
