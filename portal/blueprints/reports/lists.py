"""Lists of information reports: all in scope, and those on one customer."""

from __future__ import annotations

from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal import clock, htmx
from portal.blueprints.reports import bp
from portal.database import db
from portal.filters import colon
from portal.i18n import translate
from portal.looks import look
from portal.models import report_due, report_list
from portal.models.customer import Customer
from portal.models.report_fields import KINDS, STATES
from portal.models.report_list import ReportQuery
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.rules.periods import Period, offered
from portal.sessions import me


@bp.get("/reports")
@requires(Permission.REPORT_READ)
def reports() -> Any:
    """Show a page of the reports in scope, the newest first, with the filters of the address."""
    query, user = ReportQuery.read(request.args), me()
    customer = _customer(query)
    page = report_list.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    count = report_list.count(user, query)
    return htmx.render(
        "reports/list.html",
        "list",
        query=query,
        customer=customer,
        reports=page.reports,
        count=count._replace(number=max(count.number, len(page.reports))),
        kinds=KINDS,
        states=STATES,
        periods=_periods(query),
        teams=[] if user.team_id and not user.is_manager else db.session.scalars(select(Team).order_by(Team.name)).all(),
        chips=_chips(query, customer),
        next=address(query, after=page.next) if page.next else "",
        previous=address(query, before=page.previous) if page.previous else "",
        **report_list.filter_values(user),
    )


@bp.get("/customers/<int:customer_id>/reports")
@requires(Permission.REPORT_READ, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show the reports on one customer, and which one is owed."""
    look(customer)
    owed = report_due.owed_by(customer, clock.today())
    return htmx.render(
        "reports/customer.html",
        customer=customer,
        reports=report_list.of_customer(customer, me()),
        kinds=KINDS,
        states=STATES,
        owed=owed,
        due=report_due.due_on(owed) if owed else None,
        rule=report_due.standard_of(customer.grade),
    )


def address(query: ReportQuery, **changes: str) -> str:
    """Return the address of a query, with other arguments where given."""
    given: dict[str, Any] = {**query.args(), **changes}
    return url_for("reports.reports", **given)


def _customer(query: ReportQuery) -> Customer | None:
    if "customer" not in query.filters:
        return None
    found = db.session.scalar(Customer.visible_to(current_user).where(Customer.id == int(query.filters["customer"])))
    if found is None:
        abort(404)
    return found


def _periods(query: ReportQuery) -> list[tuple[str, str]]:
    """Return the periods to filter by and their names, with the one that is set even where it is long past."""
    found, chosen = offered(clock.today()), Period.read(query.filters.get("period", ""))
    return [(one.code, translate(one.title)) for one in (found if chosen is None or chosen in found else [*found, chosen])]


def _chips(query: ReportQuery, customer: Customer | None) -> list[tuple[str, str]]:
    found = []
    for name, value in query.filters.items():
        text = value
        if name == "customer" and customer is not None:
            text = customer.full_name
        elif name == "kind":
            text = _(KINDS[value])
        elif name == "period":
            period = Period.read(value)
            text = translate(period.title) if period else value
        elif name in ("team", "author"):
            record: Any = db.session.get(Team if name == "team" else Staff, int(value))
            text = record.name if record else value
        label = _(query.FILTERS[name]) if name == "unread" else f"{_(query.FILTERS[name])}{colon()}{text}"
        found.append((label, address(query.without(name))))
    return found
