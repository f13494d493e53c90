"""The day's list of visits, made for a telephone: where, whom to call, what was last, what is promised; arrived, written down (SV-20)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock
from portal.blueprints.visits import bp
from portal.blueprints.visits.forms import MissForm, day_of, version_of
from portal.database import commit, db
from portal.models import visit_list
from portal.models.calendar import site_calendar
from portal.models.customer import NEVER
from portal.models.greeting import contacts_of
from portal.models.staff import Staff
from portal.models.visit import Visit, last_of, people
from portal.models.visit_report import STATES as REPORT_STATES
from portal.models.visit_report import VisitReport
from portal.permissions import Permission, requires
from portal.rules.visits import STATES
from portal.sessions import me


def whose(text: str) -> Staff:
    """Return whose list is asked for, as far as the reader may see it; else the reader."""
    number = int(text) if text.isdecimal() and len(text) < 10 else 0
    found = db.session.get(Staff, number) if number in {one for one, _name in people(me())} else None
    return found or me()


@bp.get("/visits")
@requires(Permission.VISIT_WORK)
def day() -> Any:
    """Show the visits of a day along the route, today by default, of the reader or of somebody in their charge."""
    user, today = me(), clock.today()
    on, staff = day_of(request.args.get("day", ""), today), whose(request.args.get("whose", ""))
    if abs((on - today).days) > 3660:
        abort(404)
    text = request.args.get("begin", "")
    begin = int(text) if text.isdecimal() and len(text) < 4 else 0
    found = visit_list.of_day(staff, on, reader=user, begin=begin)
    ids = [one.customer_id for one in found.visits]
    return render_template(
        "visits/day.html",
        visits=found.visits,
        count=found.number,
        begin=found.begin,
        a_page=visit_list.A_PAGE_OF_A_DAY,
        on=on,
        before=on - timedelta(days=1),
        after=on + timedelta(days=1),
        is_working=site_calendar().is_working_day(on),
        staff=staff,
        people=people(user),
        contacts=contacts_of(ids),
        last=last_of(ids),
        orders=visit_list.last_orders(ids),
        promises=visit_list.open_promises(ids),
        report=VisitReport.of_day(staff.id, on),
        report_states=REPORT_STATES,
        states=STATES,
        never=NEVER,
        left=found.left,
    )


@bp.post("/visits/<int:visit_id>/arrival")
@requires(Permission.VISIT_WORK, visit=Visit)
def arrive(visit: Visit) -> Any:
    """Note that one is there; the sheet opens."""
    visit.arrive(by=me(), version=version_of(MissForm()))
    commit()
    flash(_("%(name)s: arrived at %(time)s.", name=visit.customer.full_name, time=f"{clock.local(clock.now()):%H:%M}"), "ok")
    return redirect(url_for("visits.visit", visit_id=visit.id, _anchor="sheet"), 303)
