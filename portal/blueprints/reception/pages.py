"""Visits: the list, one visit with its passes and what can be done, a customer's visits, the list as a file (SV-21)."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx, list_files
from portal.blueprints.reception import bp
from portal.blueprints.reception.forms import hosts
from portal.database import db
from portal.i18n import is_chinese
from portal.looks import look
from portal.models import reception_list
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.paging import MOST_OFFERED
from portal.models.reception import NAME, STATES, Reception
from portal.models.reception_judging import costs_of_one
from portal.models.reception_list import ReceptionQuery
from portal.models.reception_pass import passes_of
from portal.models.room import MeetingRoom
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.rules.reception import CLASSES, PASS_KINDS, SERVICES, costs
from portal.sessions import me

OF_CUSTOMER = 50


@bp.get("/receptions")
@requires(Permission.RECEPTION_WORK)
def receptions() -> Any:
    """Show a page of the visits in scope, the last day first, with the filters of the address."""
    query, user = ReceptionQuery.read(request.args), me()
    people = hosts()
    page = reception_list.LIST.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    return htmx.render(
        "reception/list.html",
        "list",
        query=query,
        receptions=page.rows,
        count=page.found,
        states=STATES,
        classes=CLASSES,
        rooms=db.session.scalars(select(MeetingRoom).order_by(MeetingRoom.zh)).all(),
        people=people if len(people) <= MOST_OFFERED else [],
        teams=db.session.scalars(select(Team).order_by(Team.name)).all() if user.is_manager else [],
        chips=_chips(query),
        next=address(query, after=page.next) if page.next else "",
        previous=address(query, before=page.previous) if page.previous else "",
    )


def address(query: ReceptionQuery, **changes: Any) -> str:
    """Return the address of a query, with other arguments where given."""
    return url_for("reception.receptions", **{**query.args(), **changes})


def _chips(query: ReceptionQuery) -> list[tuple[str, str]]:
    colon = "：" if is_chinese() else ": "
    filters = query.filters.items()
    return [(f"{_(query.FILTERS[name])}{colon}{_words(name, value)}", address(query.without(name))) for name, value in filters]


def _words(name: str, value: str) -> str:
    if name == "state":
        return _(STATES[value][0])
    if name == "class":
        return _(CLASSES[value])
    if name == "customer":
        customer = db.session.scalar(Customer.visible_to(me()).where(Customer.id == int(value)))
        return customer.full_name if customer else value
    if name == "room":
        room = db.session.get(MeetingRoom, int(value))
        return (room.zh if is_chinese() else room.en) if room else value
    if name in ("host", "team"):
        record: Any = db.session.get(Staff if name == "host" else Team, int(value))
        return str(record.name) if record else value
    return value


@bp.get("/receptions/file")
@requires(Permission.CUSTOMER_EXPORT)
def receptions_file() -> Any:
    """Answer the list of visits as a file."""
    query = ReceptionQuery.read(request.args)
    heads = [
        _("Customer number"),
        _("Customer"),
        _("State"),
        _("Class of the visitors"),
        _("Purpose of the reception"),
        _("Day of the reception"),
    ]
    heads += [
        _("Last day"),
        _("Time of the reception"),
        _("Meeting room"),
        _("Number of visitors"),
        _("Came"),
        _("Host of the visitors"),
        _("Remarks"),
    ]

    def rows() -> Any:
        for one in reception_list.LIST.rows(me(), query):
            room = (one.room.zh if is_chinese() else one.room.en) if one.room else ""
            yield [
                one.customer.number, one.customer.full_name, _(STATES[one.state][0]), _(CLASSES[one.class_]), one.purpose, one.first_on,
                one.last_on, one.hours, room, one.count, one.came, one.host.name, one.remarks,
            ]  # fmt: skip

    return list_files.answer(_("Receptions of visitors"), heads, rows(), what="receptions", filters=query.args())


@bp.get("/receptions/<int:reception_id>")
@requires(Permission.RECEPTION_WORK, reception=Reception)
def reception(reception: Reception) -> Any:
    """Show one visit: what was applied for, what is given, the passes, and what came of it."""
    return page_of(reception)


def page_of(reception: Reception, wrong: tuple[str, str, str] = ("", "", ""), status: int = 200, sent: dict[str, str] | None = None) -> Any:
    """Return the page of a visit; `wrong` is the form that was refused, its field and the words."""
    user = me()
    look(reception.customer)
    seen = db.session.scalar(Customer.visible_to(user).where(Customer.id == reception.customer_id).with_only_columns(Customer.id))
    later = db.session.scalar(
        Reception.visible_to(user).where(Reception.amends_id == reception.id, Reception.state.not_in(("given-up", "rejected")))
    )
    services, each = reception.services, costs_of_one()
    page = render_template(
        "reception/reception.html",
        reception=reception,
        customer_seen=seen is not None,
        later=later,
        services=services,
        service_words=SERVICES,
        cost=costs(reception.count, services, each),
        passes=passes_of(reception),
        pass_kinds=PASS_KINDS,
        states=STATES,
        classes=CLASSES,
        approval=Approval.latest_for(NAME, reception.id),
        wrong={"act": wrong[0], "field": wrong[1], "text": wrong[2]},
        sent=sent or {},
        can={
            "edit": reception.can_edit(user),
            "amend": reception.can_amend(user),
            "cancel": reception.can_cancel(user),
            "rehearse": reception.can_rehearse(user),
            "record": reception.can_record(user),
        },
    )
    return page, status


@bp.get("/customers/<int:customer_id>/receptions")
@requires(Permission.RECEPTION_WORK, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show the visits of a customer, the last one first."""
    look(customer)
    found = reception_list.LIST.page(me(), ReceptionQuery({"customer": str(customer.id)}), size=OF_CUSTOMER).rows
    return render_template("reception/customer.html", customer=customer, receptions=found, states=STATES, classes=CLASSES)
