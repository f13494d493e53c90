"""The queue of open requests, all requests, and those of one customer (SV-4, PR-5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal import clock, htmx
from portal.blueprints.service import bp
from portal.blueprints.service.forms import causes
from portal.database import commit, db
from portal.i18n import is_chinese, of_choice
from portal.looks import look
from portal.models import request_list
from portal.models.customer import Customer
from portal.models.paging import MOST_OFFERED, PAGE_SIZE
from portal.models.request import FAR, ServiceRequest
from portal.models.request_clock import minutes_of_a_day, near
from portal.models.request_flow import set_causes
from portal.models.request_query import FILTERS, WHOSE, RequestQuery
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.rules import requests as rules
from portal.rules.message import Refusal
from portal.sessions import me

MOST_CHOSEN = 500
WITH_BOXES = 40
"""Rows with boxes weigh more: fewer stand on a page."""


@bp.app_template_filter("took")
def took(worked: int | None, elapsed: int | None) -> str:
    """Return how long something took, from minutes of working time and by the clock: '2.5 working days (3.2 days)'; '—' for nothing."""
    if worked is None or elapsed is None:
        return "—"
    return _("%(worked)s working days (%(elapsed)s days)", worked=f"{worked / minutes_of_a_day():.1f}", elapsed=f"{elapsed / 1440:.1f}")


@bp.get("/requests")
@requires(Permission.REQUEST_READ)
def requests() -> Any:
    """Show a page of the queue, or of all requests by receipt, with the filters of the address."""
    query, user = RequestQuery.read(request.args), me()
    customer, people = _customer(query), request_list.people(user, MOST_OFFERED)
    boxes = query.filters.get("kind") == rules.COMPLAINT and user.may(Permission.REQUEST_WORK)
    size = WITH_BOXES if boxes else PAGE_SIZE
    page = request_list.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""), size=size)
    count = page.found or request_list.count(user, query)
    return htmx.render(
        "service/list.html",
        "list",
        query=query,
        whose=query.of(user),
        customer=customer,
        requests=page.requests,
        boxes=boxes,
        size=size,
        count=count._replace(number=max(count.number, len(page.requests))),
        people=people,
        causes=causes(query.filters.get("cause", "")),
        **_filter_words(query, user),
        chips=_chips(query, customer),
        address=address,
        replace=replace,
        next=address(query, after=page.next) if page.next else "",
        previous=address(query, before=page.previous) if page.previous else "",
        **words(),
    )


def _filter_words(query: RequestQuery, user: Staff) -> dict[str, Any]:
    """Return what the filters offer, each as (code, words)."""
    teams = [] if user.team_id and not user.is_manager else db.session.execute(select(Team.id, Team.name).order_by(Team.name)).all()
    return {
        "kind_words": [(code, _(title)) for code, title in rules.KINDS.items()],
        "channel_words": [(code, _(title)) for code, title in rules.CHANNELS.items()],
        "priority_words": [(code, _(title)) for code, title in rules.PRIORITIES.items()],
        "state_words": [(code, _(title)) for code, (title, _tone) in rules.STATES.items() if query.closed or code in rules.OPEN],
        "cause_words": [(one.value, one.label) for one in causes(query.filters.get("cause", "")) if one.value],
        "team_words": [(row.id, row.name) for row in teams],
    }


def words() -> dict[str, Any]:
    """Return what pages with rows of requests need: words, and the moments from which a deadline is near or past."""
    now = clock.now()
    return {
        "kinds": rules.KINDS,
        "channels": rules.CHANNELS,
        "priorities": rules.PRIORITIES,
        "states": rules.STATES,
        "words_of_kind": {code: _(title) for code, title in rules.KINDS.items()},
        "words_of_channel": {code: _(title) for code, title in rules.CHANNELS.items()},
        "words_of_state": {code: _(title) for code, (title, _tone) in rules.STATES.items()},
        "whoses": WHOSE,
        "now": now,
        "near": near(now),
        "far": FAR,
    }


@bp.get("/customers/<int:customer_id>/requests")
@requires(Permission.REQUEST_READ, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show the requests of one customer, the newest first."""
    look(customer)
    return htmx.render("service/customer.html", customer=customer, requests=request_list.of_customer(customer, me()), **words())


@bp.post("/requests/causes")
@requires(Permission.REQUEST_WORK)
def causes_set() -> Any:
    """Set the cause of the chosen complaints at once (SV-5); each row is in the reader's scope."""
    query = RequestQuery.read(request.form)
    chosen = [int(one) for one in request.form.getlist("ids") if one.isdecimal() and len(one) < 10][:MOST_CHOSEN]
    found = list(db.session.scalars(ServiceRequest.visible_to(current_user).where(ServiceRequest.id.in_(chosen)))) if chosen else []
    if not found:
        raise Refusal("No request is chosen.")
    changed = set_causes(found, request.form.get("new_cause", ""), by=me())
    commit()
    flash(_("The cause of %(count)s complaints is set.", count=changed), "ok")
    return redirect(address(query, after=request.form.get("after", "")), 303)


def address(query: RequestQuery, **changes: str) -> str:
    """Return the address of a query, with other arguments where given."""
    given: dict[str, Any] = {**query.args(), **{name: value for name, value in changes.items() if value}}
    return url_for("service.requests", **given)


def _customer(query: RequestQuery) -> Customer | None:
    if "customer" not in query.filters:
        return None
    found = db.session.scalar(Customer.visible_to(current_user).where(Customer.id == int(query.filters["customer"])))
    if found is None:
        abort(404)
    return found


def _chips(query: RequestQuery, customer: Customer | None) -> list[tuple[str, str]]:
    found = []
    for name, value in query.filters.items():
        label = _(FILTERS[name])
        if name not in ("overdue", "waiting", "unknown"):
            label += ("：" if is_chinese() else ": ") + value_in_words(name, value, customer)
        found.append((label, address(query.without(name))))
    return found


def value_in_words(name: str, value: str, customer: Customer | None = None) -> str:
    """Return what the value of a filter means, in the reader's language."""
    if name in ("kind", "channel", "priority"):
        words = {"kind": rules.KINDS, "channel": rules.CHANNELS, "priority": rules.PRIORITIES}
        return _(words[name][value])
    if name == "state":
        return _(rules.STATES[value][0])
    if name == "cause":
        named = {one["code"]: of_choice(one) for one in standard("choices.complaint_cause")}
        return _("not said yet") if value == "-" else named.get(value, value)
    if name in ("team", "assignee"):
        record: Any = db.session.get(Team if name == "team" else Staff, int(value))
        return record.name if record else value
    return customer.full_name if name == "customer" and customer is not None else value
