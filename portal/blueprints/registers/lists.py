"""Lists: the registers, one register, and what stands in the registers of one customer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal import field_values, htmx
from portal.blueprints.registers import bp
from portal.database import db
from portal.filters import colon
from portal.looks import look
from portal.models import history, register_list
from portal.models.customer import Customer, CustomerState
from portal.models.register_entry import entries_of, in_use, is_in_use, readable
from portal.models.register_list import SORTS, TABS, EntryQuery
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.registers import REGISTERS, OfficeRegister, RegisterField

SHOWN = 4
"""So many columns of a register are on the page beside number, title, customer and date."""


def opened(code: str) -> OfficeRegister:
    """Return the register of an address; 404 for one that is not declared, or that the reader does not see because it is off."""
    if code not in {one.code for one in readable(current_user)}:
        abort(404)
    return REGISTERS[code]


@bp.get("/registers")
@requires(Permission.REGISTER_READ)
def index() -> Any:
    """Show the registers in use; managers see those that are off, too."""
    using = {one.code for one in in_use()}
    return htmx.render("registers/index.html", registers=readable(current_user), using=using)


@bp.get("/registers/<register>")
@requires(Permission.REGISTER_READ)
def register(register: str) -> Any:
    """Show a page of a register, with the filters and the order of the address."""
    declared = opened(register)
    query = EntryQuery.of(register, request.args)
    page = register_list.page(current_user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    count = register_list.count(current_user, query)
    customer = _customer(query)
    columns = shown_columns(declared)
    return htmx.render(
        "registers/list.html",
        "list",
        register=declared,
        using=is_in_use(register),
        query=query,
        customer=customer,
        columns=columns,
        rows=[(entry, [cell(field, entry.data.get(field.name)) for field in columns]) for entry in page.entries],
        count=count._replace(number=max(count.number, len(page.entries))),
        next=address(query, after=page.next) if page.next else "",
        previous=address(query, before=page.previous) if page.previous else "",
        heads={name: _head(query, name) for name in SORTS},
        chips=_chips(query, customer),
        tabs=[(_(title), address(replace(query, state=state)), state == query.state) for state, title in TABS.items()],
        teams=[] if current_user.team_id and not current_user.is_manager else db.session.scalars(select(Team).order_by(Team.name)).all(),
    )


@bp.get("/customers/<int:customer_id>/registers")
@requires(Permission.REGISTER_READ, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show what stands in the registers of one customer."""
    look(customer)
    found = entries_of(customer, current_user)
    return htmx.render(
        "registers/customer.html",
        customer=customer,
        groups=[(REGISTERS[code], found[code]) for code in REGISTERS if code in found],
        registers=[] if customer.state == CustomerState.PAST and history.is_erased(customer) else in_use(),
        cell=cell,
    )


def shown_columns(register: OfficeRegister) -> list[RegisterField]:
    """Return the fields of a register that its page shows as columns."""
    own = (register.title_field, register.dated_by)
    return [one for one in register.columns if one.name not in own][:SHOWN]


def cell(field: RegisterField, value: Any) -> str:
    """Return a value as the cell of a list."""
    return "" if value in (None, "", False) else field_values.plain(field, value)


def address(query: EntryQuery, **changes: str) -> str:
    """Return the address of a query, with other arguments where given."""
    given: dict[str, Any] = {name: value for name, value in {**query.args(), **changes}.items() if value}
    return url_for("registers.register", register=query.register, **given)


def _head(query: EntryQuery, name: str) -> tuple[str, str]:
    """Return the address that sorts by a column, turned around where it is sorted by it, and how it is sorted now."""
    here = query.sort == name
    turned = not query.descending if here else name == "dated"
    return address(replace(query, sort=name, descending=turned)), ("descending" if query.descending else "ascending") if here else ""


def _customer(query: EntryQuery) -> Customer | None:
    if "customer" not in query.filters:
        return None
    found = db.session.scalar(Customer.visible_to(current_user).where(Customer.id == int(query.filters["customer"])))
    if found is None:
        abort(404)
    return found


def _chips(query: EntryQuery, customer: Customer | None) -> list[tuple[str, str]]:
    found = []
    for name, value in query.filters.items():
        text = value
        if name == "customer" and customer is not None:
            text = customer.full_name
        elif name == "team":
            team = db.session.get(Team, int(value))
            text = team.name if team else value
        elif name == "ending":
            text = _("within %(days)s days", days=register_list.ENDING_DAYS)
        found.append((f"{_(EntryQuery.FILTERS[name])}{colon()}{text}", address(query.without(name))))
    return found
