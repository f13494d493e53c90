"""What the worker counts for insights: an answer that somebody asked for, and once a day what is kept (IN-2)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, database, jobs
from portal.blueprints.insights import bp
from portal.database import commit, db
from portal.models import composition, insight
from portal.models.abc_analysis import CUSTOMERS, AbcQuery
from portal.models.composition import OF_CARD, CompositionQuery
from portal.models.job import Job
from portal.models.staff import Staff
from portal.permissions import Permission, requires
from portal.rules.message import N_
from portal.sessions import me

DAILY = "insights-daily"


@bp.post("/insights/counts")
@requires(Permission.INSIGHT_READ)
def count() -> Any:
    """Have the worker count what a page shows, and lead back to it."""
    query: Any = AbcQuery.read(request.form) if request.form.get("of") == "abc" else CompositionQuery.read(request.form)
    job = insight.ask(me(), query.question)
    commit()
    if job is not None:
        jobs.start(job)
    flash(_("The figures are being counted. This takes some seconds, for a million customers up to a minute."), "ok")
    return redirect(url_for("insights.abc" if isinstance(query, AbcQuery) else "insights.composition", **query.args()), 303)


def count_now(user: Staff, question: str, *, asked: bool) -> None:
    """Count an answer in somebody's scope, only reading meanwhile, then keep it and commit. Safe to run twice."""
    db.session.commit()
    database.read_only(True)
    try:
        content = insight.answer(user, question, insight.few(user))
        db.session.commit()
    finally:
        database.read_only(False)
    insight.keep(user, question, content, asked=asked)
    db.session.commit()


def count_all(usual: list[str]) -> None:
    """Count anew what is kept, and the `usual` questions where the office is large; an answer at a time."""
    wanted = insight.tidy(usual)
    db.session.commit()
    for staff_id, question in wanted:
        count_now(db.session.get_one(Staff, staff_id), question, asked=False)


def _page(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the page that shows what a job counts."""
    first, subject, period = (*job.args["question"].split("/"), "", "")[:3]
    if first == "abc":
        return "insights.abc", {"subject": subject, "year": period}
    since, _dash, till = period.partition("-")
    return "insights.composition", {"subject": subject, **({"since": since, "till": till} if till else {"year": since})}


@jobs.kind(insight.KIND, title=N_("Counting figures for insights"), page=_page, short=True)
def count_asked(job: Job) -> None:
    """Count the answer to a question in the scope of who asked. Safe to run twice."""
    person = job.staff
    assert person is not None  # noqa: S101 - somebody has asked
    count_now(person, job.args["question"], asked=True)


@jobs.kind(DAILY, title=N_("Counting figures for insights"), page=lambda _job: ("insights.composition", {}))
def count_daily(_job: Job) -> None:
    """Count anew what is kept, and what managers of a large office look at first. Safe to run twice."""
    year = composition.latest_year(clock.today())
    usual = [f"abc/{CUSTOMERS}/{year}", *(f"composition/{subject}/{year}" for subject in (*OF_CARD, composition.LIMIT))]
    count_all(usual)


@jobs.every_minute
def begin_daily() -> None:
    """Begin the count once a day."""
    today = clock.local(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    last = db.session.scalar(select(Job).where(Job.kind == DAILY).order_by(Job.id.desc()).limit(1))
    if last is not None and last.created_at >= today:
        db.session.commit()
        return
    if last is not None and last.state in ("done", "failed"):
        db.session.delete(last)  # one row is enough to tell how it went
    job = Job.queue(DAILY, by=None)
    db.session.commit()
    jobs.start(job)
