"""Assessments: written by a department's account, or entered by customer service with the scan, and returned (PP-5)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.proposals import bp
from portal.blueprints.proposals.lists import words
from portal.blueprints.proposals.outcome_forms import AssessmentForm, sent_file
from portal.blueprints.proposals.pages import part
from portal.database import StateConflict, db
from portal.looks import look
from portal.models import proposal_assessment
from portal.models.proposal import Proposal, ProposalFile
from portal.models.proposal_assessment import ProposalAssessment, can_write
from portal.models.proposal_department import ProposalDepartment, parts_of
from portal.permissions import Permission, ensure, requires
from portal.rules import proposals as rules
from portal.rules.proposal_outcomes import ASSESSED
from portal.rules.rewards import OUTCOMES
from portal.saving import saving
from portal.sessions import me


@part("proposals/assessments.html")
def _assessments(proposal: Proposal) -> dict[str, Any] | None:
    """Show what came back, and who is to answer; a department's account sees its own alone."""
    user = me()
    lines = list(db.session.scalars(parts_of(proposal.id)))
    if user.is_department:
        lines = [one for one in lines if one.department == user.department_code]
    found = proposal_assessment.returned(proposal, user.department_code if user.is_department else "")
    if not lines and not found:
        return None
    said: dict[str, list[ProposalAssessment]] = {}
    for one in found:
        said.setdefault(one.department, []).append(one)
    files = {one.scan_id for one in found if one.scan_id}
    asked = []
    for line in lines:
        earlier = said.pop(line.department, [])
        standing = earlier.pop(0) if earlier and line.state == rules.ANSWERED else None
        asked.append((line, standing, can_write(line, user), earlier))
    return {
        "lines": asked,
        "others": list(said.items()),
        "assessed": ASSESSED,
        "outcomes": OUTCOMES,
        "files": _files(proposal, files) if not user.is_department else {},
    }


def _files(proposal: Proposal, attachments: set[int]) -> dict[int, int]:
    """Return attachment id → id of the proposal's file, of some."""
    query = db.select(ProposalFile).where(ProposalFile.proposal_id == proposal.id, ProposalFile.attachment_id.in_(attachments))
    return {one.attachment_id: one.id for one in db.session.scalars(query)}


@bp.route("/proposal-departments/<int:line_id>/assessment", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_ANSWER, line=ProposalDepartment)
def assessment(line: ProposalDepartment) -> Any:
    """Write a department's assessment, keep it as a draft, or return it."""
    user = me()
    ensure(line.department == user.department_code if user.is_department else user.may(Permission.PROPOSAL_WORK))
    look(line.proposal.customer)
    if not can_write(line, user):
        raise StateConflict(f"proposal department {line.id}")
    if request.method == "GET":
        present = proposal_assessment.draft_of(line)
        return _form(line, AssessmentForm(formdata=None).fill(present, user.name if user.is_department else ""))
    form, line_id, proposal_id = AssessmentForm(), line.id, line.proposal_id
    if form.validate():
        with saving(form.refuse) as saved:
            if request.form.get("act") == "keep":
                proposal_assessment.save(line, form.said(), by=user)
            else:
                proposal_assessment.give_back(line, form.said(), sent_file("scan"), by=user)
        if saved:
            if request.form.get("act") == "keep":
                flash(_("The draft is kept. It is returned when you say so."), "ok")
                return redirect(url_for("proposals.assessment", line_id=line_id), 303)
            flash(_("The assessment is returned to customer service."), "ok")
            return redirect(url_for("proposals.proposal", proposal_id=proposal_id), 303)
    return _form(db.session.get_one(ProposalDepartment, line_id), form, 422)


def _form(line: ProposalDepartment, form: AssessmentForm, status: int = 200) -> Any:
    page = render_template(
        "proposals/assessment_form.html", line=line, proposal=line.proposal, form=form, own=me().is_department,
        responsible=line.part == rules.RESPONSIBLE, earlier=proposal_assessment.returned(line.proposal, line.department),
        assessed=ASSESSED, outcomes=OUTCOMES, **words(),
    )  # fmt: skip
    return page, status
