"""One assessment with what it comes to, its way through the chain, and a customer's assessments over time (RL-7, IN-5)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.blueprints.relations import bp
from portal.database import commit
from portal.looks import look
from portal.models import delivered_value, relation
from portal.models.approval import Approval
from portal.models.customer import Customer, CustomerState
from portal.models.dealings import can_end
from portal.models.delivered_value import Figures
from portal.models.relation import NAME, STATES, TONES, RelationAssessment
from portal.models.standard import why
from portal.permissions import Permission, ensure, requires
from portal.rules.grading import shown
from portal.rules.message import N_, Message
from portal.rules.relation import ADVICE, COST, END, PARTS, VALUE, limit_words, ratio_words, signed
from portal.sessions import me


@bp.get("/relation-assessments/<int:assessment_id>")
@requires(Permission.RELATION_WORK, assessment=RelationAssessment)
def assessment(assessment: RelationAssessment) -> Any:
    """Show an assessment: how its total and its advice came about, beside the one before."""
    user, customer = me(), assessment.customer
    look(customer)
    total: dict[str, Any] = {N_("Total score"): shown(assessment.total)}
    proposed: dict[str, Any] = {N_("Advice proposed by the total"): Message(ADVICE[assessment.proposed])}
    assessed: dict[str, Any] = {N_("Assessed on"): assessment.assessed_on.isoformat()}
    return render_template(
        "relations/assessment.html",
        assessment=assessment,
        customer=customer,
        delivered=assessment.delivered,
        before=relation.before(assessment),
        approval=Approval.latest_for(NAME, assessment.id),
        states=STATES,
        tones=TONES,
        advice=ADVICE,
        value_parts=VALUE,
        cost_parts=COST,
        limits=limit_words(assessment.thresholds),
        why_advice=why("relation.thresholds", version=assessment.thresholds_version, **total, **proposed),
        why_total=why("relation.indicators", version=assessment.indicators_version, **total),
        why_points=why("relation.value_scale", version=assessment.scale_version, **assessed),
        shown=shown,
        signed=signed,
        ratio_words=ratio_words,
        can_edit=assessment.can_edit(user),
        # Only the customer's latest advice counts: a newer assessment takes its place.
        can_end=assessment.advice == END and can_end(customer, user) and relation.latest(customer) is assessment,
    )


@bp.post("/relation-assessments/<int:assessment_id>/submission")
@requires(Permission.APPROVAL_SUBMIT, assessment=RelationAssessment)
def assessment_submit(assessment: RelationAssessment) -> Any:
    """Send an assessment through its chain; sent twice, it counts once (AP-5)."""
    ensure(me().may(Permission.RELATION_WORK))
    approval = assessment.submit(by=me())
    commit()
    flash(_("The assessment is submitted. You are told when it is decided."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/relation-assessments/<int:assessment_id>/giving-up")
@requires(Permission.RELATION_WORK, assessment=RelationAssessment)
def assessment_give_up(assessment: RelationAssessment) -> Any:
    """Let a draft go."""
    customer_id = assessment.customer_id
    assessment.give_up(by=me())
    commit()
    flash(_("The draft is given up."), "ok")
    return redirect(url_for("relations.of_customer", customer_id=customer_id), 303)


@bp.get("/customers/<int:customer_id>/relation-assessments")
@requires(Permission.CUSTOMER_READ, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show what is advised for a customer now, its delivered value over time, and all its assessments."""
    look(customer)
    approved = delivered_value.series(customer)
    undefined = _(ratio_words(None).text)
    return render_template(
        "relations/customer.html",
        customer=customer,
        assessments=relation.of_customer(customer),
        latest=relation.latest(customer),
        open=RelationAssessment.open_for(customer),
        approved=approved[::-1],
        chart=delivered_value.chart([Figures.of(one) for one in approved], undefined) if approved else None,
        scales=sorted({one.scale for one in approved}),
        parts=PARTS,
        states=STATES,
        tones=TONES,
        advice=ADVICE,
        shown=shown,
        signed=signed,
        ratio_words=ratio_words,
        can_begin=RelationAssessment.can_begin(customer, me()),
        is_active=customer.state == CustomerState.ACTIVE,
    )
