"""The month's complaint report (SV-5): complaints counted by cause, department and channel, with what their answers took."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from portal import clock
from portal.blueprints.service import bp
from portal.i18n import of_choice
from portal.models import request_tally
from portal.models.standard import value as standard
from portal.permissions import Permission, requires
from portal.rules.charts import BarRow, bars
from portal.rules.requests import CHANNELS, COMPLAINT
from portal.sessions import me


def chosen_month() -> tuple[int, int]:
    """Return year and month of the address; the last whole month where it names none."""
    text = request.args.get("month", "")
    if len(text) == 7 and text[4] == "-" and (text[:4] + text[5:]).isdecimal() and 1 <= int(text[5:]) <= 12 and int(text[:4]) >= 2000:
        return int(text[:4]), int(text[5:])
    last = clock.today().replace(day=1) - timedelta(days=1)
    return last.year, last.month


@bp.get("/complaints/month")
@requires(Permission.REQUEST_READ)
def complaints() -> Any:
    """Show the complaints of a month in figures."""
    year, month = chosen_month()
    found = request_tally.complaints_of(year, month, me())
    first, last = request_tally.bounds(year, month)
    names = {one["code"]: of_choice(one) for one in standard("choices.complaint_cause")}
    before = request_tally.causes_of(*_month_before(first), me())
    rows = [
        BarRow(names.get(one.code, one.code) or _("not said yet"), one.number, before.get(one.code, 0), str(one.number))
        for one in found.causes
    ]
    return render_template(
        "service/month.html",
        found=found,
        code=f"{year:04d}-{month:02d}",
        earlier=f"{(first - timedelta(days=1)):%Y-%m}",
        later=f"{(last + timedelta(days=1)):%Y-%m}" if last < clock.today() else "",
        names=names,
        channels=CHANNELS,
        chart=bars(rows) if rows else None,
        link=lambda **more: url_for("service.requests", list="all", whose="all", kind=COMPLAINT, month=f"{year:04d}-{month:02d}", **more),
    )


def _month_before(first: date) -> tuple[int, int]:
    last = first - timedelta(days=1)
    return last.year, last.month
