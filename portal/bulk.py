"""Chosen rows of the register: which actions there are, and which customers a form has chosen (AR-5).

An action is declared once by its blueprint with `bulk_action`; its route takes a POST with the fields of the bar and asks
`selection()` for the customers, each of which is in the reader's scope.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import abort, request
from flask_login import current_user

from portal.models import register
from portal.models.register_query import RegisterQuery
from portal.permissions import Permission
from portal.rules.message import Refusal


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


def selection() -> Selection:
    """Return the customers that the request has chosen. Any outside the scope: 404. Raises `Refusal` for none or too many."""
    form = request.form
    if form.get("all"):
        query = RegisterQuery.read(dict(parse_qsl(form.get("query", ""))))
        ids, fields = register.matching(current_user, query), [("all", "1"), ("query", query_text(query))]
    else:
        given = {int(value) for value in form.getlist("ids") if value.isdecimal() and len(value) < 10}
        ids = register.chosen(current_user, sorted(given)[: register.BULK_LIMIT])
        if len(ids) != len(given):
            abort(404)
        fields = [("ids", str(one)) for one in ids]
    if not ids:
        raise Refusal("No customer is chosen.")
    counted = form.get("count", "")
    return Selection(ids, fields, int(counted) if counted.isdecimal() and len(counted) < 10 else None)
