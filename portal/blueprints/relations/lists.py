"""Lists: the assessments in scope, and the delivered value of customers compared by grade and team (RL-7, IN-5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx, list_files
from portal.blueprints.relations import bp
from portal.database import db
from portal.filters import colon
from portal.i18n import translate
from portal.models import delivered_value, relation_list
from portal.models.card import GRADES
from portal.models.customer import Customer
from portal.models.delivered_value import SUBJECTS, TEAM, ComparisonQuery, Group
from portal.models.newest_first import writers
from portal.models.relation import STATES, TONES, RelationAssessment
from portal.models.relation_list import RelationQuery
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.rules.charts import BarRow, bars
from portal.rules.grading import shown
from portal.rules.relation import ADVICE, ratio_words, signed
from portal.sessions import me


@bp.get("/relation-assessments")
@requires(Permission.RELATION_WORK)
def assessments() -> Any:
    """Show a page of the assessments in scope, the newest first, with the filters of the address."""
    query, user = RelationQuery.read(request.args), me()
    page = relation_list.LIST.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    return htmx.render(
        "relations/assessments.html",
        "list",
        query=query,
        assessments=page.rows,
        count=page.found,
        states=STATES,
        advice=ADVICE,
        tones=TONES,
        grades=GRADES,
        ratio_words=ratio_words,
        signed=signed,
        teams=db.session.scalars(select(Team).order_by(Team.name)).all() if user.is_manager else [],
        authors=writers(user, RelationAssessment.created_by_id),
        chips=_chips(query),
        next=address(query, after=page.next) if page.next else "",
        previous=address(query, before=page.previous) if page.previous else "",
    )


def address(query: RelationQuery, **changes: Any) -> str:
    """Return the address of a query, with other arguments where given."""
    return url_for("relations.assessments", **{**query.args(), **changes})


def _chips(query: RelationQuery) -> list[tuple[str, str]]:
    found = []
    for name, value in query.filters.items():
        text = value
        if name == "advice":
            text = _(ADVICE[value])
        elif name == "state":
            text = _(STATES[value][0])
        elif name in ("team", "author"):
            record: Any = db.session.get(Team if name == "team" else Staff, int(value))
            text = record.name if record else value
        elif name == "customer":
            customer = db.session.scalar(Customer.visible_to(me()).where(Customer.id == int(value)))
            if customer is None:
                abort(404)
            text = customer.full_name
        label = _(query.FILTERS[name]) if name == "latest" else f"{_(query.FILTERS[name])}{colon()}{text}"
        found.append((label, address(query.without(name))))
    return found


@bp.get("/relation-assessments/file")
@requires(Permission.CUSTOMER_EXPORT)
def assessments_file() -> Any:
    """Answer the list of assessments as a file."""
    query = RelationQuery.read(request.args)
    heads = [_("Customer number"), _("Customer"), _("Assessed on"), _("Assessed by"), _("State"), _("Customer grade"), _("Total score")]
    heads += [_("Advice proposed by the total"), _("Advice"), _("Reason of the advice"), _("Result of the assessment")]
    heads += [_("Total value"), _("Total cost"), _("Value less cost"), _("Ratio"), _("Scale")]

    def rows() -> Any:
        for one in relation_list.LIST.rows(me(), query):
            found = one.delivered
            yield [
                one.customer.number, one.customer.full_name, one.assessed_on, one.created_by.name, _(STATES[one.state][0]), one.grade,
                _figure(one.total), _(ADVICE[one.proposed]), _(ADVICE[one.advice]), one.advice_reason, one.result,
                _figure(found.value), _figure(found.cost), _figure(found.difference), found.ratio, one.scale,
            ]  # fmt: skip

    return list_files.answer(_("Relation assessments"), heads, rows(), what="relation-assessments", filters=query.args())


def _figure(points: Decimal) -> Decimal:
    """Return points without zeros at their end."""
    return points.quantize(Decimal(1)) if points == points.to_integral_value() else points.normalize()


# --- delivered value compared ----------------------------------------------------------------------------------------------------


@bp.get("/delivered-value")
@requires(Permission.RELATION_COMPARE)
def comparison() -> Any:
    """Show what the latest assessments of customers come to, by grade or team: bars, and the table beside them."""
    query = ComparisonQuery.read(request.args)
    groups = delivered_value.compare(me(), query.subject)
    return htmx.render(
        "relations/comparison.html",
        "body",
        query=query,
        subjects=SUBJECTS,
        lines=[(group, _name(group), _link(query.subject, group)) for group in groups],
        all=delivered_value.together(groups),
        all_link=url_for("relations.assessments", latest="1"),
        chart=bars([_bar(group) for group in groups]),
        shown=shown,
        signed=signed,
        ratio_words=ratio_words,
    )


def _name(group: Group) -> str:
    return group.name or _("not given")


def _bar(group: Group) -> BarRow:
    note = f"{_('Ratio')} {translate(ratio_words(group.ratio))}"
    words = f"{shown(group.mean_value)} / {shown(group.mean_cost)}"
    return BarRow(_name(group), group.mean_value, group.mean_cost, words, note)


def _link(subject: str, group: Group) -> str:
    """Return the address of the assessments behind a group; '' where no filter says what it is."""
    if not group.key:
        return ""
    return url_for("relations.assessments", latest="1", **{"team" if subject == TEAM else "grade": group.key})  # type: ignore[arg-type]


@bp.get("/delivered-value/file")
@requires(Permission.RELATION_COMPARE)
def comparison_file() -> Any:
    """Answer the comparison as a file."""
    query = ComparisonQuery.read(request.args)
    heads = [_(SUBJECTS[query.subject]), _("Customers"), _("Mean total value"), _("Mean total cost"), _("Mean difference"), _("Ratio")]
    rows = (
        [_name(group), group.customers, group.mean_value, group.mean_cost, group.difference, group.ratio]
        for group in delivered_value.compare(me(), query.subject)
    )
    return list_files.answer(_("Customer delivered value"), heads, rows, what="delivered-value", filters=query.args())
