"""The overview of a year's proposals: by month, kind, department and customer, each figure leading to its list (PP-10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from portal import clock, jobs, list_files
from portal.blueprints.proposals import bp
from portal.blueprints.proposals.forms import me
from portal.database import db
from portal.i18n import of_choice
from portal.models import proposal_figures, proposal_prize
from portal.models.proposal_figures import NONE, Figures, Overview
from portal.models.standard import value as standard
from portal.permissions import Permission, requires
from portal.rules.charts import BarRow, bars


def _year() -> int:
    text = request.args.get("year", "")
    return int(text) if text.isdecimal() and len(text) == 4 else clock.today().year


@bp.get("/proposals/overview")
@requires(Permission.PROPOSAL_WORK)
def overview() -> Any:
    """Show the figures of a year beside those of the year before."""
    year, user = _year(), me()
    now, before = proposal_figures.overviews(user, year, year - 1)
    return render_template(
        "proposals/overview.html",
        year=year,
        years=sorted({*proposal_figures.years(), year}, reverse=True),
        now=now,
        before=before,
        groups=[(name, _lines(name, now, before)) for name in ("months", "kinds", "departments")],
        customers=[Line(name, found, NONE, partial(_list, year, customer=number)) for number, name, found in now.customers],
        team=user.team.name if user.is_supervisor and user.team else "",
        charts={name: _chart(_lines(name, now, before)) for name in ("months", "kinds", "departments")},
        whole=Line("", now.total, before.total, partial(_list, year)),
        kept=user.is_manager or user.is_supervisor,
    )


class Line:
    """One line of a table: its words, its figures, those of the year before, and the list behind it."""

    def __init__(self, label: str, found: Figures, before: Figures, link: Callable[..., str]) -> None:
        """Keep what it says; `link(state=…)` is the address of the list behind a figure."""
        self.label, self.found, self.before, self.link = label, found, before, link


def _lines(name: str, now: Overview, before: Overview) -> list[Line]:
    year = now.year
    if name == "months":
        return [
            Line(f"{year}-{month:02d}", now.months.get(f"{year}-{month:02d}", NONE), before.months.get(f"{year - 1}-{month:02d}", NONE),
                 partial(_list, year, month))
            for month in range(1, 13)
        ]  # fmt: skip
    listed, filter_ = ("proposal_kind", "kind") if name == "kinds" else ("department", "department")
    words = {one["code"]: of_choice(one) for one in standard(f"choices.{listed}")}
    mine: dict[str, Figures] = getattr(now, name)
    old: dict[str, Figures] = getattr(before, name)
    codes = [code for code in words if code in mine or code in old] + sorted(code for code in {*mine, *old} if code and code not in words)
    found = [
        Line(words.get(code, code), mine.get(code, NONE), old.get(code, NONE), partial(_list, year, **{filter_: code}))
        for code in codes
    ]
    if "" in mine or "" in old:
        found.append(Line(_("not routed"), mine.get("", NONE), old.get("", NONE), lambda **_filters: ""))
    return found


def _list(year: int, month: int = 0, **filters: Any) -> str:
    """Return the address of the list behind a figure: of what was received, or of those in a `state`."""
    first, last = date(year, month or 1, 1), date(year, 12, 31)
    if month:
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    mine = {"team": me().team_id} if me().is_supervisor else {}
    asked = {"state": "counted", "first": first.isoformat(), "last": last.isoformat(), **mine, **filters}
    return url_for("proposals.proposals", **asked)


def _chart(lines: list[Line]) -> Any:
    rows = [
        BarRow(one.label, one.found.received, one.before.received, f"{one.found.received:,} / {one.found.adopted:,}")
        for one in lines
        if one.found.received or one.before.received
    ]
    return bars(rows) if rows else None


@bp.get("/proposals/overview/file")
@requires(Permission.CUSTOMER_EXPORT)
def overview_file() -> Any:
    """Answer the figures of a year as a file."""
    year, user = _year(), me()
    now = proposal_figures.overviews(user, year)[0]
    heads = [
        _("Table"), _("Line of the table"), _("Came in"), _("Decided"), _("Decided in time"), _("Adopted"), _("Kept for later"),
        _("Not adopted"), _("Rewards (yuan)"), _("Value gained (yuan)"),
    ]  # fmt: skip
    words = {"months": _("Month"), "kinds": _("Kind of proposal"), "departments": _("Responsible department")}
    rows: list[list[Any]] = [[_("Year"), str(year), *now.total]]
    for name, title in words.items():
        rows += [[title, one.label, *one.found] for one in _lines(name, now, Overview(year - 1))]
    rows += [[_("Customer"), name, *found] for _number, name, found in now.customers]
    return list_files.answer(_("Overview of proposals"), heads, rows, what="proposal-overview", filters={"year": str(year)})


# --- the worker ------------------------------------------------------------------------------------------------------------


@jobs.every_minute
def count_proposals() -> None:
    """Count the kept figures of what changed, a portion at a time, each in a transaction of its own."""
    while proposal_figures.count_changed():
        db.session.commit()
    db.session.rollback()


@jobs.every_minute
def look_back_on_the_year() -> None:
    """Look once more for the encouragement prizes of the year that is over (PP-7)."""
    proposal_prize.look_back()
    db.session.commit()
