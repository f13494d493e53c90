"""Rows of call-backs."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.database import db
from portal.models.callback_draw import CallbackDraw, Filters
from tests import calling
from tests.access import Row, everyone
from tests.approving import person


def _due() -> dict[str, Any]:
    one = calling.call("rep1")
    return {"call": one.id, "customer": one.customer_id, "day": clock.today().isoformat(), "rep": person("rep1").id}


def _done() -> dict[str, Any]:
    one = calling.call("rep1")
    calling.finished(one)
    return {"call": one.id, "version": one.version}


def _drawn() -> dict[str, Any]:
    calling.customer("rep1")
    given: dict[str, Any] = {"purpose": "goodwill", "due_on": clock.today(), "note": "", "seed": 1}
    draw = CallbackDraw.carry_out("random", 1, Filters(), by=person("sup1"), **given)
    db.session.commit()
    return {"draw": draw.id, "day": clock.today().isoformat()}


def _worked(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page of everybody who sees the customer."""
    return Row(endpoint, url, method, owner=status, supervisor=status, manager=status, **values)


def _planned(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page of every supervisor and manager."""
    return Row(
        endpoint, url, method, owner=403, colleague=403, stranger=403, supervisor=status, other_supervisor=status, manager=status, **values
    )


ROWS = [
    everyone("callbacks.day", "/call-backs?open={call}", prepare=_due),
    everyone("callbacks.day", "/call-backs?whose=team&after=x", prepare=_due),
    _worked("callbacks.call", "/call-backs/{call}", prepare=_due),
    _worked("callbacks.sheet", "/call-backs/{call}/sheet", "POST", 422, data={"version": "1", "do": "result"}, prepare=_due),
    _worked("callbacks.sheet", "/call-backs/{call}/sheet", "POST", 303, data={"version": "1", "result": "好"}, prepare=_due),
    _worked("callbacks.sheet", "/call-backs/{call}/sheet", "POST", 303, data={"version": "1", "do": "no-answer"}, prepare=_due),
    _worked("callbacks.take_back", "/call-backs/{call}/taking-back", "POST", 303, data={"version": "{version}"}, prepare=_done),
    Row(
        "callbacks.assign", "/call-backs/{call}/person", "POST", {"version": "1", "staff": "{rep}"}, _due,
        owner=403, supervisor=303, manager=303,
    ),
    everyone("callbacks.calls", "/call-backs/list?tab=done&whose=all&purpose=order&low=1", prepare=_done),
    Row(
        "callbacks.assign_many", "/call-backs/persons", "POST", {"ids": "{call}", "staff": "{rep}"}, _due,
        owner=403, colleague=403, stranger=403, supervisor=303, other_supervisor=404, manager=303,
    ),
    everyone("callbacks.calls", "/call-backs/list?whose=nobody&late=1"),
    everyone("callbacks.calls_file", "/call-backs/list/file?format=csv", prepare=_due),
    everyone("callbacks.calls_file", "/call-backs/list/file"),
    Row("callbacks.calls_of_selection", "/customers/call-backs", "POST", {"ids": "{customer}"}),
    Row(
        "callbacks.calls_of_selection", "/customers/call-backs", "POST",
        {"ids": "{customer}", "confirmed": "1", "count": "1", "due_on": "{day}", "purpose": "order"}, _due,
        owner=303, supervisor=303, manager=303,
    ),
    _planned("callbacks.draws", "/call-backs/draws", prepare=_drawn),
    _planned("callbacks.draw_new", "/call-backs/draws/new"),
    _planned("callbacks.draw_new", "/call-backs/draws/new", "POST", 422, data={"way": "luck"}),
    Row(
        "callbacks.draw", "/call-backs/draws/{draw}", prepare=_drawn, owner=404, colleague=404, stranger=404, supervisor=200, manager=200,
    ),
    _worked("callbacks.of_customer", "/customers/{customer}/call-backs", prepare=_due),
    _worked("callbacks.event_new", "/customers/{customer}/call-backs/events", "POST", 422, data={"kind": "rain"}),
    _worked(
        "callbacks.event_new", "/customers/{customer}/call-backs/events", "POST", 303,
        data={"kind": "repair-done", "on": "{day}"}, prepare=_due,
    ),
    _worked(
        "callbacks.call_new", "/customers/{customer}/call-backs", "POST", 303, data={"purpose": "order", "due_on": "{day}"}, prepare=_due,
    ),
]  # fmt: skip
