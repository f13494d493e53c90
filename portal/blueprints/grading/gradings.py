"""The grading of one customer: first rating, the meeting's re-rating, how it came about, past years (RL-1 to RL-4)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock
from portal.blueprints.grading import bp
from portal.blueprints.grading.campaigns import meeting_of
from portal.database import StateConflict, commit, db
from portal.i18n import translate
from portal.looks import look
from portal.models import agreement as agreements
from portal.models import grading_progress
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.grading import STATES, SUPPORT, Grading, limit_words, of_customer, regrade_on
from portal.models.grading_figures import page_of
from portal.models.grading_list import NAME, GradeList
from portal.models.grading_meeting import GradingMeeting
from portal.models.grading_scores import LONGEST_REASON
from portal.models.staff import Staff
from portal.permissions import Permission, requires
from portal.rules.grading import FIGURES, shown
from portal.rules.message import Refusal
from portal.rules.text import clean, clean_line
from portal.saving import saving
from portal.sessions import me


@bp.get("/customer-gradings/<int:grading_id>")
@requires(Permission.GRADING_WORK, grading=Grading)
def grading(grading: Grading) -> Any:
    """Show how a grading came about, and ask for the rating that comes next."""
    look(grading.customer)
    return _page(grading, {})


def _page(grading: Grading, wrong: dict[str, str], status: int = 200) -> Any:
    user, campaign = me(), grading.campaign
    owner = db.session.get(Staff, grading.owner_id) if grading.owner_id else None
    listed = db.session.scalar(GradeList.visible_to(user).where(GradeList.id == grading.list_id)) if grading.list_id else None
    scored = grading.scored()
    page = render_template(
        "grading/grading.html",
        grading=grading,
        customer=grading.customer,
        campaign=campaign,
        scored=scored,
        first_judged=next((one.indicator.code for one in scored if one.is_judged), ""),
        needs_support="A" in (grading.grade, grading.before_grade) or bool(grading.support),
        names={one.indicator.code: (one.indicator.zh, one.indicator.en) for one in scored},
        counted=FIGURES,
        rows_behind={one.indicator.code: _address(one.indicator.code, grading) for one in scored if one.figure is not None},
        limits=limit_words(grading.thresholds),
        states=STATES,
        support=SUPPORT,
        agreement=agreements.newest_of([grading.customer_id]).get(grading.customer_id),
        listed=listed,
        approval=Approval.latest_for(NAME, listed.id) if listed else None,
        owner=owner,
        progress=grading_progress.own_progress(owner, campaign) if owner and campaign and campaign.state == "running" else None,
        meetings=GradingMeeting.last(grading.campaign_id),
        form=request.form,
        wrong=wrong,
        shown=shown,
        today=clock.today(),
        longest=LONGEST_REASON,
        can={
            "rate": grading.can_rate(user),
            "rerate": grading.can_rerate(user),
            "note": grading.can_note(user),
            "give_up": grading.can_give_up(user),
            "propose": user.may(Permission.GRADING_PROPOSE) and grading.state == "reviewed" and not grading.list_id and not grading.is_late,
        },
    )
    return page, status


def _address(code: str, grading: Grading) -> str:
    found = page_of(code, grading.customer_id)
    return url_for(found[0], **found[1]) if found else ""


def _given(score: str, reason: str) -> dict[str, tuple[str, str]]:
    """Return what the form says of each indicator: (score, reason) by code."""
    form = request.form
    codes = [key.removeprefix(f"{score}-") for key in form if key.startswith(f"{score}-")]
    return {code: (clean_line(form.get(f"{score}-{code}", "")), clean_line(form.get(f"{reason}-{code}", ""))) for code in codes}


def _version() -> int:
    return request.form.get("version", 0, int)


@bp.post("/customer-gradings/<int:grading_id>/rating")
@requires(Permission.GRADING_WORK, grading=Grading)
def rate(grading: Grading) -> Any:
    """Give the first rating, and go on to the next customer."""
    grading_id = grading.id
    with saving() as saved:
        grading.rate(_given("score", "reason"), by=me(), version=_version(), as_before="as_before" in request.form)
    if saved.refusal:
        return _refused(grading_id, saved.refusal)
    said = {"name": grading.customer.full_name, "total": shown(grading.total), "grade": grading.grade}
    flash(_("%(name)s: %(total)s points, grade %(grade)s.", **said), "ok")
    return redirect(_onward(grading, "rate"), 303)


@bp.post("/customer-gradings/<int:grading_id>/meeting")
@requires(Permission.GRADING_PROPOSE, grading=Grading)
def rerate(grading: Grading) -> Any:
    """Record what the meeting rated, and go on to the next customer."""
    grading_id = grading.id
    if not grading.can_rerate(me()):
        raise StateConflict(f"grading {grading_id}")
    with saving() as saved:
        grading.rerate(_given("second", "why"), meeting=meeting_of(grading.campaign), by=me(), version=_version())
    if saved.refusal:
        return _refused(grading_id, saved.refusal)
    said = {"name": grading.customer.full_name, "total": shown(grading.total), "grade": grading.grade}
    flash(_("%(name)s: %(total)s points, grade %(grade)s.", **said), "ok")
    return redirect(_onward(grading, "meet"), 303)


def _refused(grading_id: int, refusal: Refusal) -> Any:
    return _page(db.session.get_one(Grading, grading_id), {refusal.field or "": translate(refusal.message)}, 422)


def _onward(grading: Grading, work: str) -> str:
    """Return the address of the next customer; of a grading by itself its own page."""
    if grading.campaign is None:
        return url_for("grading.grading", grading_id=grading.id)
    owner = grading.owner_id if work == "rate" and grading.owner_id not in (None, current_user.id) else None
    values: dict[str, Any] = {"after": grading.id, "owner": owner, "work": "meet" if work == "meet" else None}
    return url_for("grading.next_line", year=grading.campaign.year, **values)


@bp.post("/customer-gradings/<int:grading_id>/notes")
@requires(Permission.GRADING_WORK, grading=Grading)
def note(grading: Grading) -> Any:
    """Say what support the customer gets, and how its special policy stands (RL-4)."""
    form = request.form
    support = {code: clean_line(form.get(f"support-{code}", "")) for code in SUPPORT}
    grading.note(support=support, policy_stable=form.get("policy_stable", ""), policy_note=clean(form.get("policy_note", "")), by=me())
    commit()
    flash(_("Saved."), "ok")
    return redirect(url_for("grading.grading", grading_id=grading.id), 303)


@bp.post("/customer-gradings/<int:grading_id>/giving-up")
@requires(Permission.GRADING_WORK, grading=Grading)
def give_up(grading: Grading) -> Any:
    """Let a grading between two campaigns go."""
    customer_id = grading.customer_id
    grading.give_up(by=me(), version=_version())
    commit()
    flash(_("The grading is given up. The customer keeps the grade it has."), "ok")
    return redirect(url_for("grading.of_one", customer_id=customer_id), 303)


# --- a customer's gradings ---------------------------------------------------------------------------------------------------------


@bp.get("/customers/<int:customer_id>/gradings")
@requires(Permission.CUSTOMER_READ, customer=Customer)
def of_one(customer: Customer) -> Any:
    """Show a customer's grade, until when it holds, and its gradings of past years."""
    look(customer)
    return render_template(
        "grading/customer.html",
        customer=customer,
        gradings=of_customer(customer),
        states=STATES,
        shown=shown,
        regrade_on=regrade_on(customer) if customer.grade_provisional else None,
        can_begin=Grading.can_begin(customer, me()),
    )


@bp.post("/customers/<int:customer_id>/gradings")
@requires(Permission.GRADING_WORK, customer=Customer)
def begin(customer: Customer) -> Any:
    """Begin a grading between two campaigns."""
    found = Grading.begin(customer, by=me())
    commit()
    return redirect(url_for("grading.grading", grading_id=found.id), 303)
