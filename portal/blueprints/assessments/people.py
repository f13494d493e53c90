"""The assessment of one person: figures with the records behind them, what is judged, its way through the chain (SV-31)."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length

from portal.blueprints.assessments import bp
from portal.database import StateConflict, commit, db
from portal.forms import PortalForm
from portal.models import staff_assessment_desk as desk
from portal.models import staff_assessment_figures as figures
from portal.models import staff_assessment_reward as rewards
from portal.models.approval import Approval
from portal.models.callback import Callback
from portal.models.staff_assessment import NAME, STATES, AssessmentMonth, StaffAssessment
from portal.models.staff_assessment_reward import StaffReward
from portal.models.standard import why
from portal.permissions import Permission, ensure, requires
from portal.rules import assessments as rules
from portal.rules.assessments import INDICATORS, KINDS, LONGEST_REASON, LONGEST_TEXT, PARTS
from portal.rules.message import N_
from portal.saving import saving, submitted_if_asked
from portal.sessions import me


class JudgeForm(PortalForm):
    """What a supervisor judges; `form_of` adds a score and its reason for each indicator without records."""

    version = HiddenField()
    comment = TextAreaField(_l("Comment"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 4})


def form_of(assessment: StaffAssessment, **values: Any) -> JudgeForm:
    """Return the form of an assessment."""
    fields: dict[str, Any] = {}
    for code in assessment.open_to_judgement:
        title = INDICATORS[code]
        fields[f"score-{code}"] = StringField(_("%(indicator)s: score, 0 to 100", indicator=_(title)), [Length(max=10)])
        fields[f"reason-{code}"] = StringField(_("%(indicator)s: where it comes from", indicator=_(title)), [Length(max=LONGEST_REASON)])
    return type("JudgeFormOfOne", (JudgeForm,), fields)(**values)  # type: ignore[no-any-return]


@bp.get("/assessments/<int:assessment_id>")
@requires(Permission.ASSESSMENT_READ, assessment=StaffAssessment)
def assessment(assessment: StaffAssessment) -> Any:
    """Show an assessment; who judges it has the form beside."""
    data: dict[str, Any] = {"version": str(assessment.version), "comment": assessment.comment}
    for code, said in assessment.judged.items():
        data |= {f"score-{code}": said["score"], f"reason-{code}": said["reason"]}
    return _page(assessment, form_of(assessment, formdata=None, data=data))


def _page(assessment: StaffAssessment, form: JudgeForm, status: int = 200) -> Any:
    user, month = me(), assessment.month
    behind = {code: url_for(place[0], **place[1]) for code in PARTS for place in [_behind(code, assessment)]}  # type: ignore[arg-type]
    total: dict[str, Any] = {N_("Total score"): "—" if assessment.total is None else f"{assessment.total:f}"}
    covered: dict[str, Any] = {N_("Weight with records"): f"{assessment.covered:g} %"}
    page = render_template(
        "assessments/assessment.html",
        assessment=assessment,
        month=month,
        form=form,
        words=STATES[assessment.state],
        approval=Approval.latest_for(NAME, assessment.id),
        indicators=INDICATORS,
        parts=PARTS,
        counted=assessment.counted,
        scores=assessment.scores,
        shares=assessment.shares,
        behind=behind,
        rewards=rewards.of_assessment(assessment, user),
        reward_states=rewards.STATES,
        kinds=KINDS,
        earlier=[one for one in desk.of_person(assessment.staff_id, user) if one.id != assessment.id],
        can_judge=assessment.can_judge(user),
        can_reward=StaffReward.can_propose(assessment, user),
        why_total=why("assessment.weights", version=month.weights_version, **total),
        why_least=why("assessment.least_weight", version=month.least_version, **covered),
    )
    return page, status


def _behind(code: str, assessment: StaffAssessment) -> tuple[str, dict[str, Any]]:
    return figures.records_behind(code, assessment.month.month, assessment.staff_id)


@bp.post("/assessments/<int:assessment_id>")
@requires(Permission.ASSESSMENT_WRITE, assessment=StaffAssessment)
def assessment_save(assessment: StaffAssessment) -> Any:
    """Keep what was judged, and submit it where the button says so."""
    ensure(assessment.staff_id != me().id)
    if not assessment.can_judge(me()):
        raise StateConflict(f"staff assessment {assessment.id}")
    form, assessment_id = form_of(assessment), assessment.id
    valid, codes = form.validate(), assessment.open_to_judgement
    typed = {code: ((form[f"score-{code}"].data or "").strip(), (form[f"reason-{code}"].data or "").strip()) for code in codes}
    judged, wrong = rules.judge(typed, codes)
    if valid and not wrong:
        with saving(form.refuse) as saved:
            text = form.version.data or ""
            version = int(text) if text.isdecimal() and len(text) < 10 else 0
            assessment.judge(judged, comment=(form.comment.data or "").strip(), by=me(), version=version)
            approval = submitted_if_asked(assessment)
        if saved:
            return _saved(assessment, approval)
    for one in wrong:
        form.refuse(one)
    return _page(db.session.get_one(StaffAssessment, assessment_id), form, 422)


def _saved(assessment: StaffAssessment, approval: Approval | None) -> Any:
    if approval is not None:
        flash(_("It is submitted. You are told when it is decided."), "ok")
        return redirect(url_for("approvals.show", approval_id=approval.id), 303)
    flash(_("The draft is saved."), "ok")
    return redirect(url_for("assessments.assessment", assessment_id=assessment.id), 303)


@bp.post("/assessments/<int:assessment_id>/counting")
@requires(Permission.ASSESSMENT_WRITE, assessment=StaffAssessment)
def assessment_count(assessment: StaffAssessment) -> Any:
    """Count the figures of an assessment anew."""
    ensure(assessment.staff_id != me().id)
    assessment.count_again(by=me())
    assessment_id = assessment.id
    commit()
    flash(_("The figures are counted again."), "ok")
    return redirect(url_for("assessments.assessment", assessment_id=assessment_id), 303)


@bp.get("/assessments/calls/<string:month>/<int:staff_id>")
@requires(Permission.ASSESSMENT_READ)
def calls(month: str, staff_id: int) -> Any:
    """Show the call-backs behind a figure: those of them that the reader sees."""
    found = AssessmentMonth.of(month)
    query = StaffAssessment.visible_to(me()).where(StaffAssessment.staff_id == staff_id)
    assessment = db.session.scalar(query.where(StaffAssessment.month_id == found.id)) if found else None
    if assessment is None:
        abort(404)
    some = figures.calls_of(month, staff_id)
    here = Callback.visible_to(me()).where(Callback.id.in_([one.id for one in some]))
    seen = set(db.session.scalars(here.with_only_columns(Callback.id)))
    return render_template("assessments/calls.html", assessment=assessment, calls=[one for one in some if one.id in seen], total=len(some))
