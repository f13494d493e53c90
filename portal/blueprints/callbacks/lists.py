"""All call-backs by state and person, as page and as file (SV-12)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.blueprints.callbacks import bp, reading
from portal.database import commit
from portal.filters import choice, colon
from portal.i18n import of_choice, translate
from portal.list_files import answer
from portal.models import callback_list
from portal.models.callback import AGREED, DRAWN, HAND, STATES
from portal.models.callback_list import TABS, CallbackQuery
from portal.models.paging import MOST_OFFERED
from portal.permissions import Permission, requires
from portal.rules.callbacks import EVENTS
from portal.rules.message import N_, Refusal
from portal.sessions import me

KINDS = {**EVENTS, DRAWN: N_("Drawn"), AGREED: N_("Agreed on"), HAND: N_("Arranged by hand")}


@bp.get("/call-backs/list")
@requires(Permission.CALLBACK_WORK)
def calls() -> Any:
    """Show a page of calls by state, person and filters."""
    return _list()


def _list(wrong: str = "", chosen: Collection[int] = (), status: int = 200) -> Any:
    """Return the page; what was `wrong` with the person named for the `chosen` calls stands beside the field."""
    query, user, after = CallbackQuery.read(request.args), me(), request.args.get("after", "")
    people = callback_list.people(user)
    page = callback_list.LINES.page(user, query, after=after)
    return htmx.render(
        "callbacks/list.html",
        "list",
        status=status,
        wrong=wrong,
        chosen=chosen,
        said=request.form.get("staff", ""),
        after=after,
        query=query,
        calls=page.rows,
        next=address(query, after=page.next) if page.next else "",
        first=address(query) if after else "",
        count=page.found,
        tabs=[(_(title), address(CallbackQuery(tab=code, whose=query.whose)), code == query.tab) for code, title in TABS.items()],
        chips=[(_said(name, value), address(query.without(name))) for name, value in query.filters.items()],
        states=STATES,
        plans=bool(people),
        people=people if len(people) <= MOST_OFFERED else [one for one in people if str(one[0]) == query.whose],
        few=len(people) <= MOST_OFFERED,
        purposes=reading.purposes(query.filters.get("purpose", "")),
        kinds=KINDS,
    )


def address(query: CallbackQuery, **changes: Any) -> str:
    """Return the address of a query, with other arguments where given."""
    return url_for("callbacks.calls", **{**query.args(), **changes})


def _said(name: str, value: str) -> str:
    if name in ("due", "late", "low"):
        return _(CallbackQuery.FILTERS[name])
    words = {"purpose": choice(value, "callback_purpose"), "kind": _(KINDS[value]) if value in KINDS else value}.get(name, value)
    return f"{_(CallbackQuery.FILTERS[name])}{colon()}{words}"


@bp.get("/call-backs/list/file")
@requires(Permission.CUSTOMER_EXPORT)
def calls_file() -> Any:
    """Answer the list as a file."""
    query = CallbackQuery.read(request.args)
    heads = [
        _("Customer number"),
        _("Customer"),
        _("Call"),
        _("Purpose of the call"),
        _("Due from"),
        _("Due until"),
        _("State"),
        _("Who"),
        _("Attempts"),
    ]
    heads += [_("Called on"), _("Spoken with"), _("Result of the call"), _("Satisfaction"), _("Next step")]

    def rows() -> Any:
        for one in callback_list.LIST.rows(me(), query):
            yield [
                one.customer.number, one.customer.full_name, of_choice(one.title), choice(one.purpose, "callback_purpose"),
                one.due_on, one.due_until, _(STATES[one.state][0]), one.assignee.name if one.assignee else "", one.attempts,
                clock.local(one.done_at).date() if one.done_at else None, one.spoken_with, one.result or one.reason, one.satisfaction,
                one.next_step,
            ]  # fmt: skip

    return answer(_("Call-backs"), heads, rows(), what="call-backs", filters=query.args())


@bp.post("/call-backs/persons")
@requires(Permission.CALLBACK_PLAN)
def assign_many() -> Any:
    """Give the chosen calls to somebody else: all of them, or none where one is not open or not in scope."""
    ids = {int(text) for text in request.form.getlist("ids") if text.isdecimal() and len(text) < 19}
    found = callback_list.chosen(me(), ids)
    if not ids or len(found) != len(ids):
        abort(404)
    try:
        person = callback_list.to_give_to(me(), request.form.get("staff", ""))
    except Refusal as refusal:
        return _list(translate(refusal.message), ids, 422)
    for call in found:
        call.assign(person, by=me(), version=call.version, told=False)
    callback_list.tell(person, len(found), by=me())
    commit()
    flash(_("%(count)s calls are given to %(name)s.", count=len(found), name=person.name), "ok")
    return redirect(address(CallbackQuery.read(request.args)), 303)
