"""Writing an assessment: scores with reasons, six figures of delivered value, result and advice, reckoned on the way (RL-7, IN-5)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from portal import clock
from portal.blueprints.relations import bp
from portal.database import StateConflict, db
from portal.forms import PortalForm
from portal.i18n import is_chinese
from portal.looks import look
from portal.models import relation, search
from portal.models.approval import Approval
from portal.models.customer import Customer, CustomerState
from portal.models.customer_choice import chosen
from portal.models.relation import RelationAssessment, Rule
from portal.models.standard import why
from portal.permissions import Permission, requires
from portal.rules import relation as rules
from portal.rules.grading import shown
from portal.rules.message import N_, Message, Refusal
from portal.rules.relation import ADVICE, COST, LONGEST_REASON, LONGEST_TEXT, PARTS, VALUE, Reckoned, Written, ratio_words, signed
from portal.rules.text import clean_line
from portal.saving import saving, submitted_if_asked
from portal.sessions import me

SUGGESTED = 8


class AssessmentForm(PortalForm):
    """An assessment without its figures: `form_of` adds a field for each of them and for its reason."""

    assessed_on = DateField(_l("Assessed on"), [Optional()])
    result = TextAreaField(_l("Result of the assessment"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 3})
    advice = RadioField(_l("Advice"), validate_choice=False, default="")
    advice_reason = TextAreaField(_l("Reason of the advice"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 2})
    version = HiddenField()

    def written(self, rule: Rule) -> Written:
        """Return what was entered."""
        return Written(
            {one.code: self._pair("score", "reason", one.code) for one in rule.indicators},
            {code: self._pair("points", "basis", code) for code in PARTS},
            (self.result.data or "").strip(), self.advice.data or "", (self.advice_reason.data or "").strip(),
        )  # fmt: skip

    def _pair(self, figure: str, reason: str, code: str) -> tuple[str, str]:
        return clean_line(self[f"{figure}-{code}"].data or ""), clean_line(self[f"{reason}-{code}"].data or "")

    def fill(self, written: Written) -> None:
        """Show what was written before."""
        self.result.data, self.advice.data, self.advice_reason.data = written.result, written.advice, written.advice_reason
        for figure, reason, typed in (("score", "reason", written.scores), ("points", "basis", written.points)):
            for code, (number, said) in typed.items():
                self[f"{figure}-{code}"].data, self[f"{reason}-{code}"].data = number, said


def form_of(rule: Rule, **values: Any) -> AssessmentForm:
    """Return the form with the indicators of a rule and the six figures of delivered value."""
    fields: dict[str, Any] = {}
    figure, reason = {"inputmode": "decimal", "autocomplete": "off", "size": 6}, {"autocomplete": "off", "maxlength": LONGEST_REASON}
    for one in rule.indicators:
        name = one.zh if is_chinese() else one.en
        fields[f"score-{one.code}"] = StringField(_("Score of %(name)s", name=name), render_kw=figure)
        fields[f"reason-{one.code}"] = StringField(_("Reason of %(name)s", name=name), render_kw=reason)
    for code, title in PARTS.items():
        fields[f"points-{code}"] = StringField(_("Points of %(name)s", name=_(title)), render_kw=figure)
        fields[f"basis-{code}"] = StringField(_("Basis of %(name)s", name=_(title)), render_kw=reason)
    form: AssessmentForm = type("OneAssessmentForm", (AssessmentForm,), fields)(**values)
    offered = [SelectChoice(code, _(title)) for code, title in reversed(ADVICE.items())]
    form.advice.choices = [SelectChoice("", _("as the total proposes")), *offered]
    return form


# --- whom ------------------------------------------------------------------------------------------------------------------


class ChooseForm(PortalForm):
    """Which customer is assessed."""

    customer = StringField(_l("Customer"))


@bp.get("/relation-assessments/new")
@requires(Permission.RELATION_WORK)
def assessment_choose() -> Any:
    """Ask which customer is assessed, and lead to its form."""
    text = clean_line(request.args.get("pick") or request.args.get("customer", ""))
    form = ChooseForm(formdata=None, data={"customer": text})
    hits: list[search.Hit] = []
    if text:
        try:
            customer = chosen(me(), text)
            if customer.state != CustomerState.ACTIVE:
                raise Refusal("Customers on the register are assessed only.", field="customer")
            return redirect(url_for("relations.assessment_new", customer_id=customer.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
            hits = search.search(me(), text, limit=SUGGESTED)
    return render_template("relations/choose.html", form=form, hits=hits), 422 if form.problems else 200


# --- the form ----------------------------------------------------------------------------------------------------------------


@bp.route("/customers/<int:customer_id>/relation-assessments/new", methods=["GET", "POST"])
@requires(Permission.RELATION_WORK, customer=Customer)
def assessment_new(customer: Customer) -> Any:
    """Write an assessment by the standards in force; where one is open, lead to it."""
    there = RelationAssessment.open_for(customer)
    if request.method == "GET" and there is not None:
        return redirect(url_for("relations.assessment", assessment_id=there.id), 303)
    if not RelationAssessment.can_begin(customer, me()):
        raise StateConflict(f"relation assessment of customer {customer.id}")
    rule = Rule.in_force()
    if request.method == "GET":
        look(customer)
        return _page(form_of(rule, formdata=None, data={"assessed_on": clock.today()}), rule, customer)
    return _write(rule, customer, None)


@bp.route("/relation-assessments/<int:assessment_id>/edit", methods=["GET", "POST"])
@requires(Permission.RELATION_WORK, assessment=RelationAssessment)
def assessment_edit(assessment: RelationAssessment) -> Any:
    """Go on with a draft, by the standards that it began with."""
    if not assessment.can_edit(me()):
        raise StateConflict(f"relation assessment {assessment.id}")
    if request.method == "GET":
        form = form_of(assessment.rule, formdata=None, data={"assessed_on": assessment.assessed_on, "version": str(assessment.version)})
        form.fill(assessment.written)
        found = Reckoned(assessment.total, assessment.proposed, assessment.delivered)
        return _page(form, assessment.rule, assessment.customer, assessment, found=found)
    return _write(assessment.rule, assessment.customer, assessment)


def _write(rule: Rule, customer: Customer, assessment: RelationAssessment | None) -> Any:
    customer_id, assessment_id = customer.id, assessment.id if assessment else None
    form = form_of(rule)
    valid, written = form.validate(), form.written(rule)
    found, unread = rules.reckon(written, rule.indicators, rule.thresholds, rule.scale)
    if request.form.get("do") == "reckon":
        for one in unread:
            if form[one.field or ""].data:  # what is still empty is no mistake on the way
                form.refuse(one)
        return _page(form, rule, customer, assessment, found=found)
    _judged, wrong = rule.judge(written, form.assessed_on.data)
    if valid and not wrong:
        with saving(form.refuse) as saved:
            kept = _keep(customer, assessment, form, written)
            approval = submitted_if_asked(kept)
        if saved:
            return _saved(kept, approval)
    for one in wrong:
        if one.field not in form or not form[one.field].errors:
            form.refuse(one)
    customer = db.session.get_one(Customer, customer_id)
    assessment = db.session.get_one(RelationAssessment, assessment_id) if assessment_id else None
    return _page(form, rule, customer, assessment, found=found, status=422)


def _keep(customer: Customer, assessment: RelationAssessment | None, form: AssessmentForm, written: Written) -> RelationAssessment:
    """Begin the draft, or change it, and return it. Raises `Refusal`."""
    day = form.assessed_on.data
    if assessment is None:
        return RelationAssessment.begin(customer, written, assessed_on=day, by=me())
    text = form.version.data or ""
    version = int(text) if text.isdecimal() and len(text) < 10 else 0
    assessment.edit(written, assessed_on=day, by=me(), version=version)
    return assessment


def _saved(assessment: RelationAssessment, approval: Approval | None) -> Any:
    if approval is not None:
        flash(_("The assessment is submitted. You are told when it is decided."), "ok")
        return redirect(url_for("approvals.show", approval_id=approval.id), 303)
    flash(_("The draft is saved."), "ok")
    return redirect(url_for("relations.assessment", assessment_id=assessment.id), 303)


def _page(
    form: AssessmentForm,
    rule: Rule,
    customer: Customer,
    assessment: RelationAssessment | None = None,
    *,
    found: Reckoned | None = None,
    status: int = 200,
) -> Any:
    figures: dict[str, Any] = {}
    if found is not None and found.total is not None:
        figures = {N_("Total score"): shown(found.total), N_("Advice proposed by the total"): Message(ADVICE[found.proposed])}
    page = render_template(
        "relations/form.html",
        form=form,
        rule=rule,
        customer=customer,
        assessment=assessment,
        found=found,
        before=relation.before(assessment) if assessment else relation.latest(customer),
        advice=ADVICE,
        value_parts=VALUE,
        cost_parts=COST,
        why_advice=why("relation.thresholds", version=rule.thresholds_version, **figures),
        why_points=why("relation.value_scale", version=rule.scale_version),
        shown=shown,
        signed=signed,
        ratio_words=ratio_words,
        today=clock.today(),
    )
    return page, status
