"""The gift register: everything that was given, by customer, rep and year; twelve-month totals, and where gifts concentrate (GF-8)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, htmx, list_files
from portal.blueprints.gifts import bp
from portal.blueprints.gifts.goods import address
from portal.database import db
from portal.i18n import is_chinese
from portal.models import gift_register_list as register_list
from portal.models.benefit import SOURCES
from portal.models.customer import Customer
from portal.models.gift_register_list import YES, EntryQuery
from portal.models.list_query import day_of
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission, requires
from portal.rules.gift_standards import REPEATS
from portal.sessions import me

YEARS = 6


@bp.get("/gifts/register")
@requires(Permission.GIFT_READ)
def register() -> Any:
    """Show a page of the register in scope, what was given last first, with the filters of the address."""
    query, user, today = EntryQuery.read(request.args), me(), clock.today()
    page = register_list.LIST.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    people = select(Staff.id, Staff.name).order_by(Staff.name, Staff.id)
    if not user.is_manager:
        people = people.where((Staff.id == user.id) | (Staff.team_id == (user.team_id or 0)))
    return htmx.render(
        "gifts/register.html",
        "list",
        query=query,
        entries=page.rows,
        count=page.found,
        sources=SOURCES,
        people=[(row[0], row[1]) for row in db.session.execute(people)],
        years=[today.year - number for number in range(YEARS)],
        chips=_chips(query),
        next=address("gifts.register", query, after=page.next) if page.next else "",
        previous=address("gifts.register", query, before=page.previous) if page.previous else "",
    )


def _chips(query: EntryQuery) -> list[tuple[str, str]]:
    found, colon = [], "：" if is_chinese() else ": "
    for name, value in query.filters.items():
        text = _(SOURCES[value]) if name == "source" else _(YES[value]) if name in ("official", "back") else value
        if name == "giver":
            person = db.session.get(Staff, int(value))
            text = person.name if person else value
        if name == "customer":
            customer = db.session.scalar(Customer.visible_to(me()).where(Customer.id == int(value)))
            text = customer.full_name if customer else value
        found.append((f"{_(query.FILTERS[name])}{colon}{text}", address("gifts.register", query.without(name))))
    return found


@bp.get("/gifts/register/file")
@requires(Permission.CUSTOMER_EXPORT)
def register_file() -> Any:
    """Answer the register as a file."""
    query = EntryQuery.read(request.args)
    heads = [_("Given on"), _("What it was"), _("Given in"), _("Customer number"), _("Customer"), _("Organisation at that time")]
    heads += [_("Who took it"), _("Post"), _("Holds a public office"), _("Purpose of the gift"), _("Gifts"), _("Amount (yuan)")]
    heads += [_("Given by"), _("Gift handed over by"), _("Voucher"), _("Sent back on")]
    rows = (
        [
            one.given_on, _(SOURCES[one.source]), one.title, one.customer.number, one.customer.full_name, one.organisation, one.person,
            one.post, _("yes") if one.official else "", one.purpose, one.goods, one.amount, one.giver.name if one.giver else "",
            one.handed_by.name if one.handed_by else "", one.voucher, one.taken_back_on,
        ]
        for one in register_list.LIST.rows(me(), query)
    )  # fmt: skip
    return list_files.answer(_("Gift register"), heads, rows, what="gift-register", filters=query.args())


@bp.get("/gifts/register/totals")
@requires(Permission.GIFT_READ)
def register_totals() -> Any:
    """Show the totals of twelve months by recipient and by giver, and where the same are met again and again."""
    last = day_of(request.args.get("last", "")) or clock.today()
    last = min(max(last, date(2000, 1, 1)), clock.today())
    repeats = int(standard(REPEATS))
    return render_template(
        "gifts/totals.html",
        totals=register_list.totals(me(), last, repeats),
        repeats=repeats,
        address=lambda first, last, **names: url_for("gifts.register", first=first.isoformat(), last=last.isoformat(), **names),
    )
