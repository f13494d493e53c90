"""The overview of a year's proposals: by month, kind, department and customer, each figure leading to its list (PP-10)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask_babel import gettext as _

from portal import jobs, list_files
from portal.blueprints.proposals import bp
from portal.database import db
from portal.filters import yuan
from portal.i18n import of_choice
from portal.models import proposal_figures, proposal_prize
from portal.models.proposal_figures import CHOICES, DEPARTMENTS, KINDS, MONTHS, Figures, Overview, OverviewQuery
from portal.models.standard import value as standard
from portal.permissions import Permission, requires
from portal.rules.charts import BarRow, bars
from portal.sessions import me

BEHIND = ("state=counted", "", "figure=in-time", "state=taken", "state=kept", "state=not-adopted", "", "figure=value")
"""How the list is asked for what is behind each of the figures; '' where the figures beside it say the same."""


@bp.get("/proposals/overview")
@requires(Permission.PROPOSAL_WORK)
def overview() -> Any:
    """Show the figures of a year beside those of the year before."""
    query, user = OverviewQuery.read(request.args), me()
    year = query.year
    now, before = proposal_figures.overviews(user, year, year - 1)
    to_list, mine = url_for("proposals.proposals"), {"team": user.team_id} if user.is_supervisor and user.team_id else {}

    def cells(figures: Figures, asked: dict[str, Any] | None = None) -> list[tuple[str, str]]:
        """Return the figures of a line in words, each with the address of the list behind it; '' where there is none."""
        begin = "" if asked is None else f"{to_list}?{urlencode({'period': year, **mine, **asked})}"
        said = zip(_words(figures), figures, BEHIND, strict=True)
        return [(text, f"{begin}&{more}" if begin and more and number else "") for text, number, more in said]

    asks = {MONTHS: "period", KINDS: "kind", DEPARTMENTS: "department"}
    lines = {part: _named(part, now, before) for part in asks}
    tables = {
        part: [(label, cells(line.figures, {asks[part]: line.code} if line.code else None)) for label, line in lines[part]]
        for part in asks
    }  # fmt: skip
    return render_template(
        "proposals/overview.html",
        query=query,
        year=year,
        years=sorted({*proposal_figures.years(), year}, reverse=True),
        now=now,
        before=before,
        tables=tables,
        customers=[(name, cells(figures, {"customer": number})) for number, name, figures in now.customers],
        team=user.team.name if user.is_supervisor and user.team else "",
        charts={part: _chart(lines[part]) for part in asks},
        whole=cells(now.total, {}),
        kept=user.is_manager or user.is_supervisor,
    )


def _words(figures: Figures) -> list[str]:
    """Return the figures as they stand in a table: in time with its share, money in yuan."""
    said = [f"{number:,}" for number in figures[:6]]
    said[2] = "—" if figures.punctual is None else f"{said[2]} ({figures.punctual} %)"
    return [*said, yuan(figures.reward), yuan(figures.value)]


def _named(part: str, now: Overview, before: Overview) -> list[tuple[str, proposal_figures.Line]]:
    """Return the lines of a part with what they are called."""
    words = {one["code"]: of_choice(one) for one in standard(f"choices.{CHOICES[part]}")} if part in CHOICES else {}
    return [(words.get(line.code, line.code) or _("not routed"), line) for line in now.lines(part, before)]


def _chart(lines: list[tuple[str, proposal_figures.Line]]) -> Any:
    rows = [
        BarRow(label, one.figures.received, one.before.received, f"{one.figures.received:,} / {one.figures.adopted:,}")
        for label, one in lines
        if one.figures.received or one.before.received
    ]
    return bars(rows) if rows else None


@bp.get("/proposals/overview/file")
@requires(Permission.CUSTOMER_EXPORT)
def overview_file() -> Any:
    """Answer the figures of a year as a file."""
    query = OverviewQuery.read(request.args)
    now = proposal_figures.overviews(me(), query.year)[0]
    heads = [
        _("Table"), _("Line of the table"), _("Came in"), _("Decided"), _("Decided in time"), _("Adopted"), _("Kept for later"),
        _("Not adopted"), _("Rewards (yuan)"), _("Value gained (yuan)"),
    ]  # fmt: skip
    words = {MONTHS: _("Month"), KINDS: _("Kind of proposal"), DEPARTMENTS: _("Responsible department")}
    rows: list[list[Any]] = [[_("Year"), str(query.year), *now.total]]
    for part, title in words.items():
        rows += [[title, label, *line.figures] for label, line in _named(part, now, Overview(query.year - 1))]
    rows += [[_("Customer"), name, *found] for _number, name, found in now.customers]
    return list_files.answer(_("Overview of proposals"), heads, rows, what="proposal-overview", filters=query.args())


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
