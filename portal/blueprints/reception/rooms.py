"""Meeting rooms: who has them by day and week, and the rooms themselves, which managers keep (SV-21)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, htmx
from portal.blueprints.reception import bp
from portal.blueprints.reception.forms import RoomForm, sent_version
from portal.database import db
from portal.models import room as model
from portal.models.calendar import site_calendar
from portal.models.reception import STATES, Reception
from portal.models.room import MeetingRoom
from portal.permissions import Permission, requires
from portal.saving import saving
from portal.sessions import me

WEEK = 7


@bp.get("/meeting-rooms")
@requires(Permission.RECEPTION_WORK)
def calendar() -> Any:
    """Show who has which room in a week, or on a day; visits out of the reader's scope without a name."""
    day, of_day = _asked_day(), request.args.get("view") == "day"
    first, length = (day, 1) if of_day else (day - timedelta(days=day.weekday()), WEEK)
    stays = model.stays(first, length)
    rooms = db.session.scalars(select(MeetingRoom).order_by(MeetingRoom.seats, MeetingRoom.zh)).all()
    used = {one.room_id for one in stays}
    found: dict[tuple[int, date], list[Any]] = {}
    for one in stays:
        found.setdefault((one.room_id, one.day), []).append(one)
    ids = {one.reception_id for one in stays}
    seen = Reception.visible_to(me()).where(Reception.id.in_(ids))
    days, official = [first + timedelta(days=n) for n in range(length)], site_calendar()
    return htmx.render(
        "reception/calendar.html",
        "rooms",
        rooms=[one for one in rooms if one.active or one.id in used],
        days=days,
        free_days={one for one in days if not official.is_working_day(one)},
        stays=found,
        seen={one.id: one for one in db.session.scalars(seen)},
        states=STATES,
        of_day=of_day,
        day=day,
        before=first - timedelta(days=length),
        after=first + timedelta(days=length),
    )


def _asked_day() -> date:
    try:
        asked = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return clock.today()
    return asked if 2000 < asked.year < 2200 else clock.today()


@bp.get("/meeting-rooms/list")
@requires(Permission.RECEPTION_WORK)
def rooms() -> Any:
    """Show the rooms of the site."""
    found = db.session.scalars(select(MeetingRoom).order_by(MeetingRoom.active.desc(), MeetingRoom.zh)).all()
    return render_template("reception/rooms.html", rooms=found)


@bp.route("/meeting-rooms/new", methods=["GET", "POST"])
@requires(Permission.ROOM_EDIT)
def room_new() -> Any:
    """Add a room."""
    if request.method == "GET":
        return _form(RoomForm(formdata=None).offer())
    form = RoomForm().offer()
    if form.validate():
        with saving(form.refuse) as saved:
            MeetingRoom.add(form.values(), by=me())
        if saved:
            flash(_("The room is added."), "ok")
            return redirect(url_for("reception.rooms"), 303)
    return _form(form, status=422)


@bp.route("/meeting-rooms/<int:room_id>/edit", methods=["GET", "POST"])
@requires(Permission.ROOM_EDIT, room=MeetingRoom)
def room_edit(room: MeetingRoom) -> Any:
    """Change a room. Visits that have it keep it."""
    if request.method == "GET":
        form = RoomForm(formdata=None, obj=room).offer(*room.areas)
        return _form(form, room)
    form, number = RoomForm().offer(*room.areas), room.id
    if form.validate():
        with saving(form.refuse) as saved:
            room.change(form.values(), by=me(), version=sent_version(form.version.data))
        if saved:
            flash(_("The room is changed."), "ok")
            return redirect(url_for("reception.rooms"), 303)
    return _form(form, db.session.get_one(MeetingRoom, number), 422)


def _form(form: RoomForm, room: MeetingRoom | None = None, status: int = 200) -> Any:
    return render_template("reception/room_form.html", form=form, room=room), status
