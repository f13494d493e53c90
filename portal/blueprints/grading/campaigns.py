"""Campaigns of the yearly grading: opening, how far it is, its customers, publication and the grade list (RL-3)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, htmx, jobs
from portal.blueprints.grading import bp
from portal.database import commit, db, write_apart
from portal.downloads import disposition
from portal.exchange.writing import XLSX, iter_csv, write_xlsx
from portal.i18n import of_choice, translate
from portal.models import agreement, agreement_list, audit, grading_campaign, grading_desk, grading_progress
from portal.models.grading import APPROVED, RATED, STATES, SUPPORT, Grading, regrade_on
from portal.models.grading_campaign import GradingCampaign
from portal.models.grading_meeting import GradingMeeting
from portal.models.grading_progress import LineQuery
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.printing import batches, documents
from portal.rules.grading import GRADES
from portal.rules.message import Refusal
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

SHOWN = 20
"""So many years of campaigns stand on the page."""
MOST = 200
"""So many customers are taken as first rated with one form, and stand on the page of provisional grades."""
PORTION = 500


def of_year(year: int) -> GradingCampaign:
    """Return the campaign of a year; 404 where there is none."""
    campaign = GradingCampaign.of_year(year)
    if campaign is None:
        abort(404)
    return campaign


def query_of(year: int, **fixed: str) -> LineQuery:
    """Return which lines the address asks for."""
    return LineQuery.read({**{name: clean_line(value) for name, value in request.args.items()}, "year": str(year), **fixed})


@bp.get("/gradings")
@requires(Permission.GRADING_WORK)
def campaigns() -> Any:
    """Show the campaigns, the newest first, and to managers the button that opens this year's."""
    found = db.session.scalars(GradingCampaign.visible_to(me()).order_by(GradingCampaign.year.desc()).limit(SHOWN)).all()
    year = clock.today().year
    first, last = grading_campaign.days_of(year)
    return render_template(
        "grading/campaigns.html",
        first=first,
        last=last,
        campaigns=[(one, grading_progress.progress_of(me(), one)) for one in found],
        year=year,
        can_open=grading_campaign.can_open(me(), year),
        why_not=grading_campaign.why_not_open(year) if me().may(Permission.GRADING_OPEN) else None,
    )


@bp.post("/gradings")
@requires(Permission.GRADING_OPEN)
def campaign_open() -> Any:
    """Open the campaign of this year; there is one a year."""
    campaign = grading_campaign.open_campaign(clock.today().year, by=me())
    commit()
    _start(campaign)
    flash(_("The grading of %(year)s is opened; the customers are being listed.", year=campaign.year), "ok")
    return redirect(url_for("grading.campaign", year=campaign.year), 303)


def _start(campaign: GradingCampaign) -> None:
    assert campaign.job is not None  # noqa: S101 - it was queued with the campaign
    jobs.start(campaign.job)


@bp.get("/gradings/<int:year>")
@requires(Permission.GRADING_WORK)
def campaign(year: int) -> Any:
    """Show how far a campaign is, by team and rep, and how many got which grade, beside last year's."""
    found, user = of_year(year), me()
    before = found.before
    return htmx.render(
        "grading/campaign.html",
        "standing",
        campaign=found,
        progress=grading_progress.progress_of(user, found),
        own=grading_progress.own_progress(user, found),
        teams=grading_progress.by_team(user, found),
        before=before,
        progress_before=grading_progress.progress_of(user, before) if before else None,
        left=grading_campaign.left(found) if user.may(Permission.GRADING_OPEN) and found.state == "running" else 0,
        can_go_on=grading_campaign.can_go_on(found, user),
        can_refresh=grading_campaign.can_refresh(found, user),
    )


@bp.post("/gradings/<int:year>/listing")
@requires(Permission.GRADING_OPEN)
def campaign_go_on(year: int) -> Any:
    """Have the listing of the customers go on after a failure."""
    found = of_year(year)
    grading_campaign.go_on(found, by=me())
    commit()
    _start(found)
    return redirect(url_for("grading.campaign", year=year), 303)


@bp.post("/gradings/<int:year>/figures")
@requires(Permission.GRADING_OPEN)
def campaign_refresh(year: int) -> Any:
    """Have the figures of all who are not rated yet read again."""
    found = of_year(year)
    grading_campaign.refresh(found, by=me())
    commit()
    _start(found)
    flash(_("The figures of all who are not rated yet are being read again."), "ok")
    return redirect(url_for("grading.campaign", year=year), 303)


@bp.post("/gradings/<int:year>/publication")
@requires(Permission.GRADING_OPEN)
def campaign_publish(year: int) -> Any:
    """Publish the grade list; the form says how many stay ungraded."""
    found = of_year(year)
    grading_campaign.publish(found, left_out=request.form.get("left", -1, int), by=me())
    commit()
    flash(_("The grade list of %(year)s is published.", year=year), "ok")
    return redirect(url_for("grading.grade_register", year=year), 303)


# --- the customers of a campaign -----------------------------------------------------------------------------------------------


@bp.get("/gradings/<int:year>/customers")
@requires(Permission.GRADING_WORK)
def lines(year: int) -> Any:
    """Show the customers of a campaign that the address asks for: by state, grade, up or down, team and rep."""
    return _lines(of_year(year), {}, 200)


def _lines(campaign: GradingCampaign, wrong: dict[str, str], status: int) -> Any:
    query, user = query_of(campaign.year), me()
    rows, following = grading_progress.page(user, query, after=request.args.get("after", 0, int))
    given = {name: value for name, value in query.args().items() if name != "year"}
    page = render_template(
        "grading/lines.html",
        campaign=campaign,
        query=query,
        given=given,
        rows=rows,
        following=following,
        states=STATES,
        grades=GRADES,
        teams=db.session.scalars(select(Team).order_by(Team.name)).all(),
        owner=db.session.get(Staff, query.owner) if query.owner else None,
        meetings=GradingMeeting.last(campaign.id),
        can_adopt=user.may(Permission.GRADING_PROPOSE) and campaign.state == "running" and query.state == RATED,
        can_propose=user.may(Permission.GRADING_PROPOSE) and campaign.state == "running" and query.state == "reviewed",
        form=request.form,
        wrong=wrong,
        today=clock.today(),
    )
    return page, status


@bp.post("/gradings/<int:year>/forms")
@requires(Permission.SHEET_PRINT)
def forms(year: int) -> Any:
    """Print the assessment forms of all that the list shows as one PDF, in the background (PR-7)."""
    found = of_year(year)
    with saving() as saved:
        numbers = grading_progress.ids(me(), query_of(year), batches.MOST)
        if not numbers:
            raise Refusal("No customer you see is here.")
        job = batches.queue_records("grading_form", numbers, documents.chosen_language(request.form.get("language")), by=me())
    if saved.refusal:
        return _lines(found, {"": translate(saved.refusal.message)}, 422)
    jobs.start(job)
    return redirect(url_for("prints.batch", job_id=job.id), 303)


@bp.post("/gradings/<int:year>/adoption")
@requires(Permission.GRADING_PROPOSE)
def adopt(year: int) -> Any:
    """Record that the meeting takes the chosen customers as they are first rated."""
    found = of_year(year)
    campaign_id, count = found.id, 0
    numbers = {int(one) for one in request.form.getlist("ids")[:MOST] if one.isdecimal() and len(one) < 16}
    with saving() as saved:
        chosen = Grading.visible_to(me()).where(Grading.campaign_id == found.id, Grading.id.in_(numbers), Grading.state == RATED)
        rated = list(db.session.scalars(chosen.order_by(Grading.id)))
        if not rated:
            raise Refusal("No customer is chosen.")
        meeting = meeting_of(found)
        for one in rated:
            one.adopt(meeting=meeting, by=me())
            count += 1
    if saved.refusal:
        return _lines(db.session.get_one(GradingCampaign, campaign_id), {saved.refusal.field or "": translate(saved.refusal.message)}, 422)
    flash(_("The meeting takes %(count)s customers as they are rated.", count=count), "ok")
    return redirect(url_for("grading.lines", year=year, state=RATED), 303)


def meeting_of(campaign: GradingCampaign | None) -> GradingMeeting:
    """Return the meeting that the form names, or note the one that it describes. Raises `Refusal` with the field."""
    number = request.form.get("meeting", "")
    if number.isdecimal() and len(number) < 16:
        meeting = db.session.get(GradingMeeting, int(number))
        if meeting is None or meeting.campaign_id != (campaign.id if campaign else None):
            raise Refusal("This meeting was not about these customers.", field="meeting")
        return meeting
    day = request.form.get("held_on", type=_day)
    return GradingMeeting.hold(held_on=day, attendees=clean_line(request.form.get("attendees", "")), campaign=campaign, by=me())


def _day(text: str) -> Any:
    from portal.rules.dates import parse_date

    try:
        return parse_date(text)
    except Refusal as refusal:
        raise ValueError(text) from refusal


@bp.get("/gradings/<int:year>/next")
@requires(Permission.GRADING_WORK)
def next_line(year: int) -> Any:
    """Lead to the next customer to be rated, or for the meeting: the reader's own first, or those of a rep; then all that they see."""
    found = of_year(year)
    work = "meet" if request.args.get("work") == "meet" and me().may(Permission.GRADING_PROPOSE) else "rate"
    owner_id = request.args.get("owner", me().id if work == "rate" else 0, int)
    line = grading_progress.next_line(me(), found, work, owner_id=owner_id, after=request.args.get("after", 0, int))
    if line is None:
        flash(_("Nothing is left to rate here."), "ok")
        return redirect(url_for("grading.campaign", year=year))
    return redirect(url_for("grading.grading", grading_id=line.id))


@bp.get("/gradings/<int:year>/agreements")
@requires(Permission.GRADING_WORK)
def agreements(year: int) -> Any:
    """Show the long-term agreements of the A customers of a campaign: which of them have one, running until when (RL-4)."""
    found, which = of_year(year), request.args.get("which", "")
    which = which if which in agreement_list.COLLECTED else ""
    lines, following = agreement_list.collected(me(), found.id, which, after=request.args.get("after", 0, int))
    return render_template(
        "grading/agreements.html",
        campaign=found,
        rows=lines,
        agreements=agreement.newest_of([one.customer_id for one in lines]),
        standings=agreement.STANDINGS,
        today=clock.today(),
        which=which,
        collected=agreement_list.COLLECTED,
        following=following,
        can_draft=found.state == "running" and me().may(Permission.AGREEMENT_EDIT),
    )


# --- the grade list 客户分级名册 --------------------------------------------------------------------------------------------------


@bp.get("/gradings/<int:year>/grade-list")
@requires(Permission.GRADING_WORK)
def grade_register(year: int) -> Any:
    """Show the customers by grade as far as they are graded, with credit rating, terms, and the support that each A customer gets."""
    found, query = of_year(year), query_of(year, state=APPROVED)
    after = request.args.get("after", 0, int)
    rows, following = grading_progress.page(me(), query, after=after, read=grading_progress.graded_ids)
    return render_template(
        "grading/register.html",
        campaign=found,
        query=query,
        given={name: value for name, value in query.args().items() if name not in ("year", "state")},
        rows=rows,
        following=following,
        tabs_of_grades=[
            (grade, url_for("grading.grade_register", year=year, grade=grade), query.grade == grade, count)
            for grade, count in grading_progress.progress_of(me(), found).grades.items()
        ],
        support=SUPPORT,
    )


@bp.get("/gradings/<int:year>/grade-list/file")
@requires(Permission.CUSTOMER_EXPORT)
def grade_register_file(year: int) -> Any:
    """Answer the grade list as a spreadsheet, or as CSV while it is read."""
    of_year(year)
    terms = {one["code"]: of_choice(one) for one in standard("choices.payment_terms")}
    query, user = query_of(year, state=APPROVED), me()
    numbers = grading_progress.graded_ids(user, query, 10**6)
    heads = [_("Grade"), _("Customer number"), _("Customer"), _("In charge"), _("Total score"), _("Grade before"), _("Valid until")]
    heads += [_("Credit rating"), _("Payment terms"), *(_(title) for title in SUPPORT.values())]

    def rows() -> Any:
        for start in range(0, len(numbers), PORTION):
            for one in grading_progress.records(numbers[start : start + PORTION]):
                yield _row(one, terms)

    kind = "csv" if request.args.get("format") == "csv" else "xlsx"
    with write_apart() as session:
        audit.write("export", "exported", actor=user, label=f"{year}", session=session, what="grade-list", rows=len(numbers), format=kind)
    name = f"{_('Grade list')}-{year}.{kind}"
    if kind == "csv":
        response = Response(stream_with_context(iter_csv(heads, rows())), mimetype="text/csv")
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "list.xlsx"
            write_xlsx(path, heads, rows(), _("Grade list"))
            response = Response(path.read_bytes(), mimetype=XLSX)
    response.headers["Content-Disposition"] = disposition(name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _row(one: Grading, terms: dict[str, str]) -> list[Any]:
    owner = one.owner.name if one.owner else ""
    facts = [one.grade, one.customer.number, one.customer.full_name, owner, one.total, one.before_grade, one.valid_until]
    facts += [one.customer.credit_rating, terms.get(one.customer.payment_terms, "")]
    return facts + [one.support.get(code, "") for code in SUPPORT]


# --- provisional grades -----------------------------------------------------------------------------------------------------------


@bp.get("/gradings/provisional")
@requires(Permission.GRADING_WORK)
def provisional() -> Any:
    """Show the customers with a provisional grade and when each is to be judged anew, and the gradings under way by themselves (RL-4)."""
    rows = [(customer, regrade_on(customer)) for customer in grading_desk.provisional(me(), MOST)]
    more_than = MOST if len(rows) >= MOST else 0
    alone = grading_desk.alone(me())
    return render_template("grading/provisional.html", rows=rows, more_than=more_than, alone=alone, states=STATES, today=clock.today())
