"""The working calendar: a year on one page, and the site's own days."""

from __future__ import annotations

import calendar as months
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal import clock, jobs
from portal.blueprints.standards import bp
from portal.blueprints.standards.forms import SiteDayForm
from portal.database import commit, db
from portal.models.calendar import SiteDay, days_of, site_calendar, warn_of_next_year
from portal.permissions import Permission, requires
from portal.rules.message import Refusal
from portal.rules.working_time import Calendar

YEARS = range(2004, 2100)


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


@bp.post("/standards/calendar/days")
@requires(Permission.STANDARD_EDIT)
def add_days() -> Any:
    """Set days of the site's own."""
    form = SiteDayForm()
    if form.validate():
        try:
            working = form.working.data == "working"
            by = current_user._get_current_object()
            days = SiteDay.set_days(form.first.data, form.last.data, working=working, note=form.note.data, by=by)
            commit()
        except Refusal as refusal:
            db.session.rollback()
            form.refuse(refusal)
        else:
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
    own.remove(by=current_user._get_current_object())
    commit()
    flash(_("%(day)s is again as in the official calendar.", day=day), "ok")
    return redirect(url_for("standards.calendar", year=day[:4]), 303)


@jobs.every_minute
def warn_managers() -> None:
    """Tell managers in November when next year's days are not announced."""
    warn_of_next_year(f"/standards/calendar?year={clock.today().year + 1}")
    commit()
