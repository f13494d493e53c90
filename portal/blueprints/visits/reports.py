"""Daily reports 客户访问日报: the list, one report with its visits, submitted, read with a word, sent back (SV-20)."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import htmx
from portal.blueprints.visits import bp
from portal.blueprints.visits.forms import ReportForm, WordForm, version_of
from portal.database import db
from portal.filters import colon
from portal.list_files import answer
from portal.looks import look
from portal.models import visit_desk, visit_list
from portal.models.promise import STATES as PROMISE_STATES
from portal.models.promise import of_record
from portal.models.report_fields import NOTE, READING, RETURN
from portal.models.visit import people
from portal.models.visit_list import ReportQuery
from portal.models.visit_report import STATES, VisitReport, WholeReport, lines
from portal.permissions import Permission, ensure, requires
from portal.rules.text import clean
from portal.rules.visits import SHEET
from portal.saving import saving
from portal.sessions import me

_DONE = {
    READING: _l("Noted that you have read it."),
    RETURN: _l("The report is sent back; the author is told."),
    NOTE: _l("The note is added."),
    "save": _l("The draft is saved."),
    "submit": _l("The daily report is submitted."),
    "withdraw": _l("The daily report is with you again."),
}


@bp.get("/visits/reports")
@requires(Permission.VISIT_WORK)
def reports() -> Any:
    """Show a page of daily reports, the newest first."""
    query, user = ReportQuery.read(request.args), me()
    page = visit_list.REPORTS.page(user, query, after=request.args.get("after", ""))
    counts = visit_list.visit_counts(page.rows)
    return htmx.render(
        "visits/reports.html",
        "list",
        query=query,
        reports=[(one, counts.get(one.id, 0)) for one in page.rows],
        next=_address(query, after=page.next) if page.next else "",
        first=_address(query) if request.args.get("after") else "",
        chips=[(_said(name, value), _address(query.without(name))) for name, value in query.filters.items()],
        states=STATES,
        people=people(user) if user.may(Permission.VISIT_PLAN) else [],
    )


def _address(query: ReportQuery, **changes: Any) -> str:
    return url_for("visits.reports", **{**query.args(), **changes})


def _said(name: str, value: str) -> str:
    return _(ReportQuery.FILTERS[name]) if name == "unread" else f"{_(ReportQuery.FILTERS[name])}{colon()}{value}"


@bp.get("/visits/reports/file")
@requires(Permission.CUSTOMER_EXPORT)
def reports_file() -> Any:
    """Answer the list of daily reports as a file."""
    query = ReportQuery.read(request.args)
    heads = [_("Day"), _("Reported by"), _("Visits"), _("State"), _("Submitted at"), _("Read at"), _("On the day as a whole")]

    def rows() -> Any:
        for portion in visit_list.REPORTS.portions(me(), query):
            counts = visit_list.visit_counts(portion)
            for one in portion:
                number = counts.get(one.id, 0)
                yield [one.day, one.staff.name, number, _(STATES[one.state][0]), one.submitted_at, one.read_at, one.remarks]

    return answer(_("Daily reports of visits"), heads, rows(), what="visit-reports", filters=query.args())


@bp.get("/visits/reports/<int:report_id>")
@requires(Permission.VISIT_WORK, report=VisitReport)
def report(report: VisitReport) -> Any:
    """Show a daily report with its visits, what was promised, and what was said of it."""
    return _page(report)


def _page(report: VisitReport, *, status: int = 200, form: ReportForm | None = None, word: WordForm | None = None) -> Any:
    user = me()
    visits, tries, hidden = lines(report, user)
    for one in visits:
        look(one.customer)
    data = {"version": str(report.version), "remarks": report.remarks}
    page = render_template(
        "visits/report.html",
        report=report,
        visits=visits,
        tries=tries,
        hidden=hidden,
        promises={one.id: of_record(visit_desk.SOURCE, one.id) for one in visits},
        promise_states=PROMISE_STATES,
        states=STATES,
        texts=SHEET,
        form=form or ReportForm(formdata=None, data=data),
        word=word or WordForm(formdata=None, prefix="word-", data={"version": str(report.version)}),
        offered=report.offered(user),
        can={
            "write": report.is_with(user),
            "withdraw": report.can_withdraw(user),
            "print": user.may(Permission.SHEET_PRINT)
            and db.session.scalar(WholeReport.visible_to(user).where(VisitReport.id == report.id)) is not None,
        },
    )
    return page, status


@bp.post("/visits/reports/<int:report_id>/submission")
@requires(Permission.VISIT_WORK, report=VisitReport)
def submission(report: VisitReport) -> Any:
    """Keep the word on the day, submit the report, or take it back while nobody has read it."""
    does, user, report_id = request.form.get("do", "submit"), me(), report.id
    if does not in ("save", "submit", "withdraw"):
        abort(404)
    ensure(report.staff_id == user.id)
    form = ReportForm()
    if not form.validate():
        return _page(report, status=422, form=form)
    with saving(form.refuse) as saved:
        version = version_of(form)
        if does == "withdraw":
            report.withdraw(by=user, version=version)
        else:
            report.write(clean(form.remarks.data or "").strip(), by=user, version=version)
            if does == "submit":
                report.submit(by=user, version=report.version)
    if not saved:
        return _page(db.session.get_one(VisitReport, report_id), status=422, form=form)
    flash(str(_DONE[does]), "ok")
    return redirect(url_for("visits.report", report_id=report_id), 303)


@bp.post("/visits/reports/<int:report_id>/words")
@requires(Permission.VISIT_WORK, report=VisitReport)
def say(report: VisitReport) -> Any:
    """Acknowledge a report with a word, send it back, or add a note."""
    act, report_id = request.form.get("act", NOTE), report.id
    if act not in (READING, RETURN, NOTE):
        abort(404)
    ensure(act == NOTE or (me().may(Permission.REPORT_JUDGE) and report.staff_id != me().id))
    form = WordForm(prefix="word-")
    if not form.validate():
        return _page(report, status=422, word=form)
    with saving(form.refuse) as saved:
        report.say(act, clean(form.text.data or "").strip(), by=me(), version=version_of(form))
    if not saved:
        return _page(db.session.get_one(VisitReport, report_id), status=422, word=form)
    flash(str(_DONE[act]), "ok")
    return redirect(url_for("visits.report", report_id=report_id), 303)
