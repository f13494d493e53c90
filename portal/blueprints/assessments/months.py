"""The months of assessment, and one month by department and person (SV-31)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from portal import clock, list_files
from portal.blueprints.assessments import bp
from portal.forms import PortalForm
from portal.models import staff_assessment_desk as desk
from portal.models.staff_assessment import STATES, AssessmentMonth, pooled
from portal.models.standard import why
from portal.permissions import Permission, requires
from portal.rules.assessments import INDICATORS, month_before
from portal.rules.charts import BarRow, bars
from portal.saving import saving
from portal.sessions import me


class MonthForm(PortalForm):
    """The month that is opened."""

    month = StringField(_l("Month"))


@bp.get("/assessments")
@requires(Permission.ASSESSMENT_READ)
def months() -> Any:
    """Show the months that were opened, and how far their assessments are; one's own assessments beside."""
    return _months(MonthForm(formdata=None, month=month_before(clock.today())))


def _months(form: MonthForm, status: int = 200) -> Any:
    user, found = me(), desk.months()
    progress = desk.progress(user, found)
    page = render_template(
        "assessments/months.html",
        form=form,
        months=[(one, *progress.get(one.id, (0, 0))) for one in found if user.is_manager or one.id in progress],
        own=desk.of_person(user.id, user),
        states=STATES,
        may_open=user.may(Permission.ASSESSMENT_OPEN),
    )
    return page, status


@bp.post("/assessments")
@requires(Permission.ASSESSMENT_OPEN)
def month_open() -> Any:
    """Open a month that is over."""
    form = MonthForm()
    if not form.validate():
        return _months(form, 422)
    with saving(form.refuse) as saved:
        found = AssessmentMonth.open((form.month.data or "").strip(), by=me())
        month_id, name = found.id, found.month
    if not saved:
        return _months(form, 422)
    flash(_("%(month)s is open. Supervisors judge what no record says.", month=name), "ok")
    return redirect(url_for("assessments.month", month_id=month_id), 303)


@bp.get("/assessments/months/<int:month_id>")
@requires(Permission.ASSESSMENT_READ, month=AssessmentMonth)
def month(month: AssessmentMonth) -> Any:
    """Show a month: departments and people, as far as the reader sees, and which weights hold."""
    people = desk.of_month(month, me())
    departments = desk.departments(month, people)
    _scores, overall = pooled(people, month)
    drawn = [BarRow(one.department or _("not given"), one.total.points, overall.points, _figure(one.total.points)) for one in departments]
    return render_template(
        "assessments/month.html",
        month=month,
        people=people,
        departments=departments,
        chart=bars(drawn),
        indicators=INDICATORS,
        states=STATES,
        why_weights=why("assessment.weights", version=month.weights_version),
        why_least=why("assessment.least_weight", version=month.least_version),
    )


def _figure(points: Any) -> str:
    return _("no total") if points is None else f"{points:f}"


@bp.get("/assessments/months/<int:month_id>/file")
@requires(Permission.CUSTOMER_EXPORT, month=AssessmentMonth)
def month_file(month: AssessmentMonth) -> Any:
    """Answer the people of a month that the reader sees as a file."""
    heads = [_("Name"), _("Department"), _("Team"), _("State"), *(_(title) for title in INDICATORS.values()), _("Total score")]
    heads.append(_("Weight with records in per cent"))
    name = month.month
    rows = [
        [
            one.staff.name, one.department, one.team.name if one.team else "", _(STATES[one.state][0]),
            *(one.scores.get(code) for code in INDICATORS), one.total, one.covered,
        ]
        for one in desk.of_month(month, me())
    ]  # fmt: skip
    return list_files.answer(
        _("Assessment of staff"), heads, iter(rows), what="staff-assessments", filters={"month": name}
    )  # fmt: skip
