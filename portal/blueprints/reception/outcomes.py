"""What comes after the approval: cancelled, rehearsed, came, did not come. A refusal stands in the form that it was sent from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from portal.blueprints.reception import bp
from portal.blueprints.reception.pages import page_of
from portal.database import StateConflict, db
from portal.i18n import translate
from portal.models.reception import Reception
from portal.permissions import Permission, requires
from portal.rules.dates import parse_date
from portal.rules.message import Refusal
from portal.rules.text import clean, clean_line
from portal.saving import saving
from portal.sessions import me


def _done(reception: Reception, act: str, do: Callable[[], None], said: str) -> Any:
    """Do what a form says and lead back to the visit; show the page again with what was refused."""
    number = reception.id
    with saving() as saved:
        do()
    if saved.refusal:
        sent = {name: value for name, value in request.form.items() if name != "csrf_token"}
        wrong = (act, saved.refusal.field or "", translate(saved.refusal.message))
        return page_of(db.session.get_one(Reception, number), wrong, 422, sent)
    flash(said, "ok")
    return redirect(url_for("reception.reception", reception_id=number), 303)


def _line(name: str) -> str:
    return clean_line(request.form.get(name, ""))


def _day(name: str) -> date | None:
    text = _line(name)
    try:
        return parse_date(text) if text else None
    except Refusal as refusal:
        raise refusal.at(name) from refusal


def _time(name: str) -> time | None:
    try:
        return time.fromisoformat(_line(name))
    except ValueError:
        return None


@bp.post("/receptions/<int:reception_id>/cancellation")
@requires(Permission.RECEPTION_WORK, reception=Reception)
def reception_cancel(reception: Reception) -> Any:
    """Cancel an approved visit, with a reason."""
    if not reception.can_cancel(me()):
        raise StateConflict(f"reception {reception.id}")
    said = _("The visit is cancelled. Its passes count no more, and the room is free.")
    return _done(reception, "cancellation", lambda: reception.cancel(reason=clean(request.form.get("reason", "")), by=me()), said)


@bp.post("/receptions/<int:reception_id>/rehearsal")
@requires(Permission.RECEPTION_WORK, reception=Reception)
def reception_rehearse(reception: Reception) -> Any:
    """Note that a visit was rehearsed."""
    if not reception.can_rehearse(me()):
        raise StateConflict(f"reception {reception.id}")

    def do() -> None:
        reception.rehearse(on=_day("rehearsed_on"), note=clean(request.form.get("note", "")), by=me())

    return _done(reception, "rehearsal", do, _("The rehearsal is noted."))


@bp.post("/receptions/<int:reception_id>/arrival")
@requires(Permission.RECEPTION_WORK, reception=Reception)
def reception_receive(reception: Reception) -> Any:
    """Record that the visitors came, and how many."""
    if not reception.can_record(me()):
        raise StateConflict(f"reception {reception.id}")

    def do() -> None:
        digits = _line("came")
        came = int(digits) if digits.isdecimal() and len(digits) < 6 else None
        reception.receive(came=came, arrived_at=_time("arrived_at"), remarks=clean(request.form.get("remarks", "")), by=me())

    return _done(reception, "arrival", do, _("Recorded: the visit was carried out."))


@bp.post("/receptions/<int:reception_id>/absence")
@requires(Permission.RECEPTION_WORK, reception=Reception)
def reception_absence(reception: Reception) -> Any:
    """Record that nobody came, and why."""
    if not reception.can_record(me()):
        raise StateConflict(f"reception {reception.id}")
    said = _("Recorded: the visitors did not come.")
    return _done(reception, "absence", lambda: reception.note_absence(reason=clean(request.form.get("reason", "")), by=me()), said)
