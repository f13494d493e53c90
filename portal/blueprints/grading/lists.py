"""Lists of grades for approval: made of re-rated customers, changed, submitted (RL-3, AP-3)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.grading import bp
from portal.blueprints.grading.campaigns import of_year
from portal.database import commit, db
from portal.models.approval import Approval
from portal.models.grading_list import NAME, STATES, GradeList
from portal.models.grading_progress import progress_of
from portal.permissions import Permission, ensure, requires
from portal.rules.grading import shown
from portal.sessions import me

SHOWN = 200


@bp.get("/gradings/<int:year>/lists")
@requires(Permission.GRADING_PROPOSE)
def lists(year: int) -> Any:
    """Show the lists of a campaign, and offer to put all re-rated customers on lists."""
    campaign = of_year(year)
    query = GradeList.visible_to(me()).where(GradeList.campaign_id == campaign.id).order_by(GradeList.id.desc()).limit(SHOWN)
    return render_template(
        "grading/lists.html",
        campaign=campaign,
        lists=list(db.session.scalars(query)),
        states=STATES,
        progress=progress_of(me(), campaign),
    )


@bp.post("/gradings/<int:year>/lists")
@requires(Permission.GRADING_PROPOSE)
def lists_make(year: int) -> Any:
    """Put all re-rated customers that the reader sees on lists by team and grade."""
    made = GradeList.propose_all(of_year(year), by=me())
    commit()
    flash(_("%(count)s lists are made. Look them over, then submit each.", count=len(made)), "ok")
    return redirect(url_for("grading.lists", year=year), 303)


@bp.post("/grade-lists")
@requires(Permission.GRADING_PROPOSE)
def list_make() -> Any:
    """Put the chosen customers on a list."""
    made = GradeList.propose(_chosen(), by=me())
    commit()
    return redirect(url_for("grading.grade_list", listed_id=made.id), 303)


def _chosen() -> list[int]:
    return sorted({int(one) for one in request.form.getlist("ids") if one.isdecimal() and len(one) < 16})


@bp.get("/grade-lists/<int:listed_id>")
@requires(Permission.GRADING_WORK, listed=GradeList)
def grade_list(listed: GradeList) -> Any:
    """Show a list: its customers, where it stands."""
    return render_template(
        "grading/list.html",
        listed=listed,
        gradings=listed.gradings,
        states=STATES,
        approval=Approval.latest_for(NAME, listed.id),
        can_edit=listed.can_edit(me()),
        shown=shown,
    )


@bp.post("/grade-lists/<int:listed_id>/removal")
@requires(Permission.GRADING_PROPOSE, listed=GradeList)
def list_take_off(listed: GradeList) -> Any:
    """Take the chosen customers off a draft."""
    listed.take_off(_chosen(), by=me())
    commit()
    return redirect(url_for("grading.grade_list", listed_id=listed.id), 303)


@bp.post("/grade-lists/<int:listed_id>/giving-up")
@requires(Permission.GRADING_PROPOSE, listed=GradeList)
def list_give_up(listed: GradeList) -> Any:
    """Let a draft go; its customers can be put on another."""
    campaign = listed.campaign
    listed.give_up(by=me())
    commit()
    flash(_("The list is given up; its customers can be put on another."), "ok")
    return redirect(url_for("grading.lists", year=campaign.year) if campaign else url_for("grading.provisional"), 303)


@bp.post("/grade-lists/<int:listed_id>/submission")
@requires(Permission.APPROVAL_SUBMIT, listed=GradeList)
def list_submit(listed: GradeList) -> Any:
    """Send a list through the chain of its grade."""
    ensure(me().may(Permission.GRADING_PROPOSE))
    approval = listed.submit(by=me())
    commit()
    flash(_("The list is submitted. The grades are set when it is approved."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)
