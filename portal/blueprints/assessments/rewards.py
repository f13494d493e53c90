"""Rewards and sanctions: what follows from an assessment, with reason, amount and approval (SV-31)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from portal import list_files
from portal.blueprints.assessments import bp
from portal.database import StateConflict, commit, db
from portal.forms import PortalForm
from portal.i18n import of_choice
from portal.models import staff_assessment_desk as desk
from portal.models.approval import Approval
from portal.models.staff_assessment import StaffAssessment
from portal.models.staff_assessment_reward import NAME, STATES, Proposal, StaffReward, problems
from portal.models.standard import value as standard
from portal.permissions import Permission, ensure, requires
from portal.rules.assessments import KINDS, LONGEST_TEXT, REWARD
from portal.rules.message import Refusal
from portal.rules.money import parse_amount
from portal.saving import saving, submitted_if_asked
from portal.sessions import me


class RewardForm(PortalForm):
    """A reward or sanction."""

    version = HiddenField()
    kind = RadioField(_l("Kind"), choices=[SelectChoice(code, _l(one[0])) for code, one in KINDS.items()], validate_choice=False)
    measure = SelectField(_l("Measure"), validate_choice=False)
    amount = StringField(_l("Amount (yuan)"), [Length(max=20)])
    reason = TextAreaField(_l("Reason"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 4})

    def offer(self, also: str = "") -> RewardForm:
        """Offer the measures in use, and `also` one that is chosen already."""
        entries = [one for one in standard("choices.reward_measure") if one["active"] or one["code"] == also]
        self.measure.choices = [SelectChoice(one["code"], of_choice(one)) for one in entries]
        return self

    def complete(self, also: str = "") -> Proposal | None:
        """Return what was written; None where something is lacking, all of which stands beside its field then. `also` as in `offer`."""
        complete, amount, lacking = self.validate(), None, list[Refusal]()
        if text := (self.amount.data or "").strip():
            try:
                amount = parse_amount(text)
            except Refusal as refusal:
                lacking.append(refusal.at("amount"))
        found = Proposal(self.kind.data or "", self.measure.data or "", (self.reason.data or "").strip(), amount)
        lacking += problems(found, also)
        self.refuse_all(lacking, str)
        return found if complete and not lacking else None


@bp.route("/assessments/<int:assessment_id>/rewards/new", methods=["GET", "POST"])
@requires(Permission.ASSESSMENT_WRITE, assessment=StaffAssessment)
def reward_new(assessment: StaffAssessment) -> Any:
    """Propose a reward or sanction that follows from an approved assessment."""
    ensure(assessment.staff_id != me().id)
    if not StaffReward.can_propose(assessment, me()):
        raise StateConflict(f"staff assessment {assessment.id}")
    if request.method == "GET":
        return _form(RewardForm(formdata=None, kind=REWARD).offer(), assessment)
    form, assessment_id = RewardForm().offer(), assessment.id
    written = form.complete()
    if written is not None:
        with saving(form.refuse) as saved:
            reward = StaffReward.propose(assessment, written, by=me())
            approval = submitted_if_asked(reward)
        if saved:
            return _saved(reward, approval)
    return _form(form, db.session.get_one(StaffAssessment, assessment_id), status=422)


@bp.route("/staff-rewards/<int:reward_id>/edit", methods=["GET", "POST"])
@requires(Permission.ASSESSMENT_WRITE, reward=StaffReward)
def reward_edit(reward: StaffReward) -> Any:
    """Go on with a draft."""
    ensure(reward.staff_id != me().id)
    if not reward.can_edit(me()):
        raise StateConflict(f"staff reward {reward.id}")
    if request.method == "GET":
        data = {"kind": reward.kind, "measure": reward.measure, "reason": reward.reason, "version": str(reward.version)}
        data["amount"] = "" if reward.amount is None else f"{reward.amount:.2f}"
        return _form(RewardForm(formdata=None, data=data).offer(reward.measure), reward.assessment, reward)
    form, reward_id = RewardForm().offer(reward.measure), reward.id
    written = form.complete(reward.measure)
    if written is not None:
        with saving(form.refuse) as saved:
            text = form.version.data or ""
            reward.edit(written, by=me(), version=int(text) if text.isdecimal() and len(text) < 10 else 0)
            approval = submitted_if_asked(reward)
        if saved:
            return _saved(reward, approval)
    found = db.session.get_one(StaffReward, reward_id)
    return _form(form, found.assessment, found, status=422)


def _saved(reward: StaffReward, approval: Approval | None) -> Any:
    if approval is not None:
        flash(_("It is submitted. You are told when it is decided."), "ok")
        return redirect(url_for("approvals.show", approval_id=approval.id), 303)
    flash(_("The draft is saved."), "ok")
    return redirect(url_for("assessments.reward", reward_id=reward.id), 303)


def _form(form: RewardForm, assessment: StaffAssessment, reward: StaffReward | None = None, *, status: int = 200) -> Any:
    return render_template("assessments/reward_form.html", form=form, assessment=assessment, reward=reward), status


@bp.get("/staff-rewards/<int:reward_id>")
@requires(Permission.ASSESSMENT_READ, reward=StaffReward)
def reward(reward: StaffReward) -> Any:
    """Show a reward or sanction, and where it stands."""
    can_edit = reward.can_edit(me())
    seen = db.session.scalar(StaffAssessment.visible_to(me()).where(StaffAssessment.id == reward.assessment_id)) is not None
    return render_template(
        "assessments/reward.html",
        reward=reward,
        words=STATES[reward.state],
        kinds=KINDS,
        approval=Approval.latest_for(NAME, reward.id),
        can_edit=can_edit,
        sees_assessment=seen,
    )


@bp.post("/staff-rewards/<int:reward_id>/submission")
@requires(Permission.ASSESSMENT_WRITE, reward=StaffReward)
def reward_submit(reward: StaffReward) -> Any:
    """Send it through its chain; sent twice, it counts once (AP-5)."""
    ensure(reward.staff_id != me().id)
    approval = reward.submit(by=me())
    commit()
    flash(_("It is submitted. You are told when it is decided."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/staff-rewards/<int:reward_id>/giving-up")
@requires(Permission.ASSESSMENT_WRITE, reward=StaffReward)
def reward_give_up(reward: StaffReward) -> Any:
    """Let a draft go."""
    ensure(reward.staff_id != me().id)
    assessment_id = reward.assessment_id
    reward.give_up(by=me())
    commit()
    flash(_("The draft is given up."), "ok")
    return redirect(url_for("assessments.assessment", assessment_id=assessment_id), 303)


# --- the list ----------------------------------------------------------------


@bp.get("/staff-rewards")
@requires(Permission.ASSESSMENT_READ)
def rewards() -> Any:
    """Show a page of the rewards and sanctions in scope, the newest first."""
    page = desk.REWARDS.page(me(), None, after=request.args.get("after", ""), before=request.args.get("before", ""))
    return render_template(
        "assessments/rewards.html",
        rewards=page.rows,
        states=STATES,
        kinds=KINDS,
        next=url_for("assessments.rewards", after=page.next) if page.next else "",
        previous=url_for("assessments.rewards", before=page.previous) if page.previous else "",
    )


@bp.get("/staff-rewards/file")
@requires(Permission.CUSTOMER_EXPORT)
def rewards_file() -> Any:
    """Answer the rewards and sanctions in scope as a file."""
    heads = [_("Name"), _("Month"), _("Kind"), _("Measure"), _("Amount (yuan)"), _("State"), _("Proposed by"), _("Reason")]
    names = {one["code"]: of_choice(one) for one in standard("choices.reward_measure")}
    rows = (
        [
            one.staff.name, one.assessment.month.month, _(KINDS[one.kind][0]), names.get(one.measure, one.measure), one.amount,
            _(STATES[one.state][0]), one.created_by.name, one.reason,
        ]
        for one in desk.REWARDS.rows(me(), None)
    )  # fmt: skip
    return list_files.answer(_("Rewards and sanctions"), heads, rows, what="staff-rewards", filters={})
