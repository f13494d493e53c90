"""The day's list of calls, worked through without leaving it: a row opens its sheet, saved the next one opens (SV-12)."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx, jobs
from portal.blueprints.callbacks import bp, reading
from portal.blueprints.callbacks.reading import Wrong
from portal.database import StateConflict, commit, db
from portal.looks import look
from portal.models import callback_desk, callback_list, history
from portal.models.callback import DONE, LATER, NO_ANSWER, OPEN, OUTCOMES, STATES, Callback
from portal.models.customer import NEVER
from portal.models.greeting import contacts_of
from portal.models.staff import Staff
from portal.permissions import Permission, requires
from portal.rules import callbacks as rules
from portal.rules.message import Refusal
from portal.saving import saving
from portal.sessions import me

OTHERS = 5
"""So many other calls that wait for the same customer are named on a sheet."""


@bp.get("/call-backs")
@requires(Permission.CALLBACK_WORK)
def day() -> Any:
    """Show the calls that are due: the reader's, or of somebody in their charge; one of them open with its sheet."""
    return _day(request.args.get("open", 0, int))


def _day(opened: int = 0, wrong: Wrong | None = None, status: int = 200) -> Any:
    """Return the day's list, with the sheet of one call open."""
    user = me()
    query = callback_list.of_the_day(callback_list.CallbackQuery.read(request.values).whose)
    call = db.session.scalar(Callback.visible_to(user).where(Callback.id == opened)) if opened else None
    if call is not None and not call.can_work(user):
        call = None
    after = request.values.get("after", "")
    page = callback_list.LIST.page(user, query, after=after)
    if call is not None and call.id not in {one.id for one in page.rows}:
        page = callback_list.LIST.page(user, query, after=f"{call.due_until.isoformat()}:{call.id - 1}")
        if call.id not in {one.id for one in page.rows}:  # of another day, or another person's: on top
            page = page._replace(rows=[call, *page.rows])
    if call is not None:
        look(call.customer)
    answer = htmx.render(
        "callbacks/day.html",
        "day",
        status=status,
        calls=page.rows,
        count=page.found,
        contacts=contacts_of([one.customer_id for one in page.rows]),
        opened=call,
        sheet=_sheet(call) if call is not None else {},
        next=url_for("callbacks.day", whose=query.whose or None, after=page.next) if page.next else "",
        after=after,
        whose=query.whose,
        people=callback_list.people(user),
        wrong=wrong or Wrong(),
        never=NEVER,
    )
    if wrong:  # the address of the form is none to come back to
        answer.headers["HX-Replace-Url"] = "false"
    return answer


def _sheet(call: Callback) -> dict[str, Any]:
    """Return what the sheet of an open call shows beside the call: of other calls those that the reader may open (RO-1)."""
    theirs = Callback.visible_to(me()).where(Callback.customer_id == call.customer_id)
    last = theirs.where(Callback.state == DONE).order_by(Callback.id.desc()).limit(1)
    opening = _(
        "Good day, this is %(name)s of %(site)s. Do you have a moment for a few questions?",
        name=me().name, site=current_app.config["SITE_NAME"] or _("Customer relations office"),
    )  # fmt: skip
    waiting = theirs.where(Callback.state == OPEN, Callback.id != call.id)
    return {
        "last": db.session.scalar(last),
        "others": db.session.scalars(waiting.where(Callback.due_on <= clock.today()).order_by(Callback.due_until).limit(OTHERS)).all(),
        "opening": opening,
        "questions": call.questions,
        "purposes": reading.purposes(call.purpose),
        "scores": rules.SCORES,
        "outcomes": OUTCOMES,
    }


@bp.post("/call-backs/<int:call_id>/sheet")
@requires(Permission.CALLBACK_WORK, call=Callback)
def sheet(call: Callback) -> Any:
    """Write down what came of a call or of an attempt, and open the next one of the list."""
    if not call.can_work(me()):
        raise StateConflict(f"call-back {call.id}")
    query = callback_list.of_the_day(callback_list.CallbackQuery.read(request.form).whose)
    call_id, name = call.id, call.customer.full_name
    following = callback_list.following(me(), query, call)
    with saving() as saved:
        said = _work(call, name)
    if saved.refusal:
        return _day(call_id, Wrong(saved.refusal), status=422)
    flash(said, "ok")
    anchor = f"call-{following}" if following else None
    return redirect(url_for("callbacks.day", whose=query.whose or None, open=following or None, _anchor=anchor), 303)


def _work(call: Callback, name: str) -> str:
    """Do what the button says and return what is said of it."""
    does, user, version = request.form.get("do", ""), me(), reading.version()
    if does in (NO_ANSWER, LATER):
        on = reading.day("later_on")
        at = reading.moment(on, "later_time")
        call.put_off(does, on=on, at=at, note=reading.line("note"), by=user, version=version)
        when = clock.local(call.call_at).isoformat(" ")[:16] if call.call_at else call.due_on.isoformat()
        return _("%(name)s: the attempt is kept, to be called again %(when)s.", name=name, when=when)
    if does == "drop":
        call.drop(reason=reading.line("note"), by=user, version=version)
        return _("%(name)s: dropped.", name=name)
    made = call.finish(reading.sheet(call), by=user, version=version)
    if made:
        return _("%(name)s: written down. The next call is due on %(day)s.", name=name, day=made[0].due_on.isoformat())
    return _("%(name)s: written down.", name=name)


# --- one call ----------------------------------------------------------------


@bp.get("/call-backs/<int:call_id>")
@requires(Permission.CALLBACK_WORK, call=Callback)
def call(call: Callback) -> Any:
    """Show one call: what was said, the attempts, what happened to it."""
    return _call_page(call)


def _call_page(call: Callback, wrong: Wrong | None = None, status: int = 200) -> Any:
    look(call.customer)
    user = me()
    page = render_template(
        "callbacks/call.html",
        call=call,
        states=STATES,
        outcomes=OUTCOMES,
        kinds=rules.EVENTS,
        events=[(one, history.title_of(one)) for one in history.of_record("Callback", call.id)],
        can_work=call.can_work(user),
        can_take_back=call.can_take_back(user),
        people=callback_list.people(user) if call.can_work(user) else [],
        wrong=wrong or Wrong(),
    )
    return page, status


@bp.post("/call-backs/<int:call_id>/taking-back")
@requires(Permission.CALLBACK_WORK, call=Callback)
def take_back(call: Callback) -> Any:
    """Open a call again that was written down or dropped by mistake."""
    call.take_back(by=me(), version=reading.version())
    commit()
    flash(_("The call is open again."), "ok")
    return redirect(url_for("callbacks.call", call_id=call.id), 303)


@bp.post("/call-backs/<int:call_id>/person")
@requires(Permission.CALLBACK_PLAN, call=Callback)
def assign(call: Callback) -> Any:
    """Give a call to somebody else."""
    call_id, to = call.id, request.form.get("staff", 0, int)
    with saving() as saved:
        if to not in {number for number, _name in callback_list.people(me())}:
            raise Refusal("Choose somebody whose account is active.", field="staff")
        call.assign(db.session.get_one(Staff, to), by=me(), version=reading.version())
    if saved.refusal:
        return _call_page(db.session.get_one(Callback, call_id), Wrong(saved.refusal), 422)
    flash(_("Given to somebody else: %(what)s", what=call.customer.full_name), "ok")
    return redirect(url_for("callbacks.call", call_id=call_id), 303)


PORTIONS = 20
"""So many portions are done in a minute; what is left waits for the next."""


@jobs.every_minute
def make_what_is_due() -> None:
    """Record new purchases, and make the calls whose windows have begun, each portion in a transaction of its own (SV-10)."""
    for work in callback_desk.WORK:
        for _portion in range(PORTIONS):
            read = work(clock.today())
            commit()
            if not read:
                break
