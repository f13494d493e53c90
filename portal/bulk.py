"""Chosen rows of the register: which actions there are, and which customers a form has chosen (AR-5).

An action is declared once by its blueprint with `bulk_action`; its route takes a POST with the fields of the bar and asks
`selection()` for the customers, each of which is in the reader's scope. `ask_or_do` asks before anything is done, naming the number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal.database import db
from portal.forms import PortalForm
from portal.models import register
from portal.models.customer import Customer
from portal.models.register_query import RegisterQuery
from portal.permissions import Permission
from portal.rules.message import Refusal
from portal.saving import saving

NAMED = 10
"""So many of the chosen customers are named on the page that asks."""


@dataclass(frozen=True)
class BulkAction:
    """A button of the bar under the register."""

    order: int
    name: str
    title: str
    permission: Permission
    endpoint: str


_actions: list[BulkAction] = []


def bulk_action(**values: Any) -> None:
    """Add a button to the bar: order, name, title, permission, endpoint of a POST route without arguments."""
    action = BulkAction(**values)
    if action not in _actions:
        _actions.append(action)
        _actions.sort(key=lambda one: one.order)


def actions() -> list[BulkAction]:
    """Return the buttons that the reader has."""
    return [action for action in _actions if current_user.may(action.permission)]


@dataclass(frozen=True)
class Selection:
    """Customers that a form has chosen: some rows, or all that match a query."""

    ids: list[int]
    fields: list[tuple[str, str]]
    """What a confirmation carries on, so that it chooses the same."""
    counted: int | None
    """How many the confirmation named, None before it."""

    @property
    def has_changed(self) -> bool:
        """Return whether there are no longer as many as the confirmation named."""
        return self.counted is not None and self.counted != len(self.ids)


def query_text(query: RegisterQuery) -> str:
    """Return a query as one field of a form."""
    return urlencode(query.args())


def _asked() -> RegisterQuery:
    """Return the query of the list in which customers were chosen."""
    return RegisterQuery.read(dict(parse_qsl(request.form.get("query", ""))))


def selection() -> Selection:
    """Return the customers that the request has chosen. Any outside the scope: 404. Raises `Refusal` for none or too many."""
    form, query = request.form, _asked()
    if form.get("all"):
        ids, fields = register.matching(current_user, query), [("all", "1"), ("query", query_text(query))]
    else:
        given = {int(value) for value in form.getlist("ids") if value.isdecimal() and len(value) < 10}
        ids = register.chosen(current_user, sorted(given)[: register.BULK_LIMIT])
        if len(ids) != len(given):
            abort(404)
        fields = [*(("ids", str(one)) for one in ids), ("query", query_text(query))]
    if not ids:
        raise Refusal("No customer is chosen.")
    counted = form.get("count", "")
    return Selection(ids, fields, int(counted) if counted.isdecimal() and len(counted) < 10 else None)


def ask_or_do(form: PortalForm, chosen: Selection, one: str, many: str, button: str, act: Callable[[], str], **context: Any) -> Any:
    """Show the page that asks, naming the customer (`one`) or their number (`many`); once it is confirmed, act and say what was done.

    It leads back to the list as it was filtered.
    """
    asked: dict[str, Any] = _asked().args()
    back = url_for("archive.register", **asked)
    if request.form.get("confirmed"):
        if chosen.has_changed:
            form.refuse(Refusal("The list has changed meanwhile: there are %(count)s customers now.", count=len(chosen.ids)))
        elif form.validate():
            with saving(form.refuse) as saved:
                text = act()
            if saved:
                flash(text, "ok")
                return redirect(back, 303)
    named = list(db.session.scalars(select(Customer.full_name).where(Customer.id.in_(chosen.ids[:NAMED])).order_by(Customer.id)))
    title = _(one, name=named[0]) if len(chosen.ids) == 1 else _(many, count=f"{len(chosen.ids):,}")
    rest = len(chosen.ids) - len(named)
    context |= {"title": title, "button": button, "named": named, "rest": rest, "back": back}
    page = render_template("archive/bulk.html", form=form, chosen=chosen, **context)
    return page, 422 if form.problems else 200
