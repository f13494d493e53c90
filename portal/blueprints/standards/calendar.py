"""The working calendar: a year on one page, and the site's own days."""

from __future__ import annotations

import calendar as months
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, jobs
from portal.blueprints.standards import bp
from portal.blueprints.standards.forms import BETWEEN, DAYS, CountForm, SiteDayForm
from portal.database import commit, db
from portal.models.calendar import SiteDay, days_of, site_calendar, warn_of_next_year
from portal.permissions import Permission, requires
from portal.rules.message import Refusal
from portal.rules.working_time import ZONE, Calendar, Count
from portal.saving import saving
from portal.sessions import me

YEARS = range(2004, 2100)
MOST_DAYS = 400
"""Longer counts are no deadlines, and no page."""


@bp.get("/standards/calendar")
@requires(Permission.STANDARD_READ)
def calendar() -> Any:
    """Show a year: working days, holidays, make-up days and the site's own (SV-4)."""
    year = request.args.get("year", clock.today().year, type=int)
    if year not in YEARS:
        abort(404)
    return _page(year, SiteDayForm(formdata=None, working="free"), 200)


def _page(year: int, form: SiteDayForm, status: int) -> Any:
    days = site_calendar()
    return render_template(
        "standards/calendar.html",
        year=year,
        years=YEARS,
        months=[(number, months.Calendar(firstweekday=0).monthdatescalendar(year, number)) for number in range(1, 13)],
        calendar=days,
        special=_special(days, year),
        own=days_of(year),
        working_days=sum(days.is_working_day(date(year, 1, 1) + timedelta(days=n)) for n in range(365 + months.isleap(year))),
        form=form,
    ), status


def _special(days: Calendar, year: int) -> list[tuple[str, str, date, date]]:
    """Return runs of (kind, name of the holiday, first day, last day) of the official days of a year."""
    official = Calendar(days.office_hours)
    every = [date(year, 1, 1) + timedelta(days=n) for n in range(365 + months.isleap(year))]
    found = []
    for (kind, name), run in groupby(every, key=lambda day: (official.kind_of_day(day), official.holiday_name(day))):
        if kind in ("holiday", "make-up"):
            first, *rest = list(run)
            found.append((kind, name, first, rest[-1] if rest else first))
    return found


@bp.get("/standards/calendar/count")
@requires(Permission.STANDARD_READ)
def count() -> Any:
    """Count a deadline, or the office time between two moments, day by day (SV-4)."""
    asked = "what" in request.args
    now = clock.local(clock.now()).replace(second=0, microsecond=0)
    form = CountForm(request.args) if asked else CountForm(formdata=None, from_day=now.date(), from_time=now.time(), number=8)
    found = None
    if asked and form.validate():
        try:
            found = _count(form)
        except Refusal as refusal:
            form.refuse(refusal)
    status = 422 if asked and found is None else 200
    return render_template("standards/count.html", form=form, found=found, hours=site_calendar().office_hours), status


def _count(form: CountForm) -> Count:
    """Return what the form asks for. Raises `Refusal` with the field."""
    calendar, first = site_calendar(), form.from_day.data
    for field in (form.from_day, form.until_day):
        if field.data is not None and field.data.year not in YEARS:
            raise Refusal("Enter a year from %(low)s to %(high)s.", field=field.name, low=YEARS[0], high=YEARS[-1])
    start = datetime.combine(first, form.from_time.data or time.min, tzinfo=ZONE)
    if form.what.data == BETWEEN:
        if form.until_day.data is None:
            raise Refusal("Enter a date, such as 2026-03-05.", field="until_day")
        until = datetime.combine(form.until_day.data, form.until_time.data or time.max.replace(microsecond=0), tzinfo=ZONE)
        if until < start or until - start > timedelta(days=MOST_DAYS):
            raise Refusal("The end lies after the beginning, by at most %(most)s days.", field="until_day", most=MOST_DAYS)
        return calendar.explain_between(start, until)
    number = form.number.data
    if number is None:
        raise Refusal("Enter a number.", field="number")
    if form.what.data == DAYS:
        if number != int(number) or abs(number) > MOST_DAYS:
            raise Refusal("%(value)s is not a whole number.", field="number", value=number)
        return calendar.explain_days(first, int(number))
    if number < 0:
        raise Refusal("Hours are counted forwards.", field="number")
    return calendar.explain_hours(start, float(number))


@bp.post("/standards/calendar/days")
@requires(Permission.STANDARD_EDIT)
def add_days() -> Any:
    """Set days of the site's own."""
    form = SiteDayForm()
    if form.validate():
        with saving(form.refuse) as saved:
            working = form.working.data == "working"
            days = SiteDay.set_days(form.first.data, form.last.data, working=working, note=form.note.data, by=me())
        if saved:
            flash(_("%(count)s days are set. Deadlines that are already set keep their day.", count=len(days)), "ok")
            return redirect(url_for("standards.calendar", year=form.first.data.year), 303)
    year = form.first.data.year if form.first.data and form.first.data.year in YEARS else clock.today().year
    return _page(year, form, 422)


@bp.post("/standards/calendar/days/<string:day>/removal")
@requires(Permission.STANDARD_EDIT)
def remove_day(day: str) -> Any:
    """Go back to the official calendar on a day."""
    try:
        own = db.session.scalar(select(SiteDay).where(SiteDay.day == date.fromisoformat(day)))
    except ValueError:
        own = None
    if own is None:
        abort(404)
    own.remove(by=me())
    commit()
    flash(_("%(day)s is again as in the official calendar.", day=day), "ok")
    return redirect(url_for("standards.calendar", year=day[:4]), 303)


@jobs.every_minute
def warn_managers() -> None:
    """Tell managers in November when next year's days are not announced."""
    warn_of_next_year(f"/standards/calendar?year={clock.today().year + 1}")
    commit()
