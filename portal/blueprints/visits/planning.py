"""Who is due for a visit, and plans made from it: those chosen for a day, or the next working days along the route (SV-20)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.blueprints.visits import bp
from portal.blueprints.visits.forms import DaysForm, PlanForm
from portal.database import db
from portal.filters import colon
from portal.list_files import answer
from portal.models import visit_checks as checks
from portal.models import visit_due
from portal.models.customer import NEVER, Customer
from portal.models.staff import Staff
from portal.models.visit import Visit, rhythm
from portal.models.visit_due import ORDERS, DueQuery
from portal.permissions import Permission, requires
from portal.rules import visits as rules
from portal.rules.message import N_, Refusal
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

MOST_CHOSEN = 60
WORDS = {"A": "A", "B": "B", "C": "C", "none": N_("Without a grade"), rules.PROSPECT: N_("Prospects")}


@bp.get("/visits/due")
@requires(Permission.VISIT_WORK)
def due() -> Any:
    """Show who is due, along the route or the longest due first."""
    return _page()


def _page(*, status: int = 200, plan: PlanForm | None = None, days: DaysForm | None = None) -> Any:
    user = me()
    query = visit_due.fitted(user, DueQuery.read(request.values))
    after = request.values.get("after", "")
    found, following = visit_due.page(user, query, after=after)
    person = int(query.whose) if query.whose.isdecimal() else user.id
    tomorrow = visit_due.working_days(clock.today() + timedelta(days=1), 1)[0]
    return htmx.render(
        "visits/due.html",
        "list",
        status=status,
        query=query,
        due=found,
        customers=visit_due.customers(found),
        count=visit_due.count(user, query),
        next=_address(query, after=following) if following else "",
        first=_address(query) if after else "",
        after=after,
        choices=visit_due.choices(user),
        orders=ORDERS,
        grades=WORDS,
        chips=[(_said(name, value), _address(query.without(name))) for name, value in query.filters.items()],
        plan=(plan or PlanForm(formdata=None, data={"day": tomorrow, "purpose": "regular"})).offer(person),
        days=(days or DaysForm(formdata=None, prefix="days-", data={"first": tomorrow})).offer(person),
        chosen=set(request.form.getlist("customers")),
        never=NEVER,
        rhythm=rhythm,
    )


def _address(query: DueQuery, **changes: Any) -> str:
    return url_for("visits.due", **{**query.args(), **changes})


def _said(name: str, value: str) -> str:
    return f"{_(DueQuery.FILTERS[name])}{colon()}{_(WORDS.get(value, value)) if name == 'grade' else value}"


@bp.post("/visits/due")
@requires(Permission.VISIT_WORK)
def plan_chosen() -> Any:
    """Plan visits to the chosen customers for one day."""
    form, user = PlanForm().offer(), me()
    complete = form.validate()
    lacking = list(checks.of_plan(form.day.data, form.purpose.data or "", clean_line(form.aim.data or "")))
    if not request.form.getlist("customers"):
        lacking.append(Refusal("Choose whom to visit."))
    form.refuse_all(lacking, str)
    if complete and not lacking:
        with saving(form.refuse) as saved:
            made = _plan(form, user)
        if saved:
            flash(_("%(count)s visits are planned for %(day)s.", count=len(made), day=made[0].day.isoformat()), "ok")
            return redirect(_address(visit_due.fitted(user, DueQuery.read(request.form))), 303)
    return _page(status=422, plan=form)


def _plan(form: PlanForm, user: Staff) -> list[Visit]:
    ids = {int(one) for one in request.form.getlist("customers") if one.isdecimal() and len(one) < 10}
    if not ids:
        raise Refusal("Choose whom to visit.")
    if len(ids) > MOST_CHOSEN:
        raise Refusal("At most %(most)s visits are planned at once.", most=MOST_CHOSEN)
    staff = db.session.get(Staff, form.staff.data or 0)
    if staff is None:
        raise Refusal("Choose somebody whose account is active.", field="staff")
    found = list(db.session.scalars(Customer.visible_to(user).where(Customer.id.in_(ids)).order_by(Customer.id)))
    if len(found) != len(ids):
        raise Refusal("Not all of these customers are in your charge any more. Choose again.")
    aim, purpose = clean_line(form.aim.data or ""), form.purpose.data or ""
    return [Visit.plan(one, form.day.data, staff=staff, purpose=purpose, aim=aim, by=user, told=len(found) == 1) for one in found]


@bp.post("/visits/days")
@requires(Permission.VISIT_WORK)
def plan_days() -> Any:
    """Fill the next working days along the route from what is due."""
    form, user = DaysForm(prefix="days-").offer(), me()
    query = visit_due.fitted(user, DueQuery.read(request.form))
    if form.validate():
        with saving(form.refuse) as saved:
            staff = db.session.get(Staff, form.staff.data or 0)
            if staff is None:
                raise Refusal("Choose somebody whose account is active.", field="staff")
            made = visit_due.plan_days(staff, form.first.data, form.days.data or 0, form.a_day.data or 0, query, by=user)
        if saved:
            days = sorted({one.day for one in made})
            flash(
                _("%(count)s visits are planned on %(days)s working days, up to %(last)s.", count=len(made), days=len(days),
                  last=days[-1].isoformat() if days else "—"), "ok",
            )  # fmt: skip
            whose = str(staff.id) if staff.id != user.id else None
            week = rules.week_of(days[0]) if days else None
            return redirect(url_for("visits.visits", tab="week", week=week, whose=whose), 303)
    return _page(status=422, days=form)


@bp.get("/visits/due/file")
@requires(Permission.CUSTOMER_EXPORT)
def due_file() -> Any:
    """Answer who is due as a file."""
    user = me()
    query = visit_due.fitted(user, DueQuery.read(request.args))
    heads = [
        _("Customer number"), _("Customer"), _("Grade"), _("Visit route"), _("Place on the route"), _("City"), _("Street and number"),
        _("Telephone"), _("In charge"), _("Last visit"), _("Due since"),
    ]  # fmt: skip

    def rows() -> Any:
        after = ""
        while True:
            found, after = visit_due.page(user, query, after=after, size=500)
            customers = visit_due.customers(found)
            for one in found:
                of = customers[one.customer_id]
                yield [
                    of.number, of.full_name, of.grade, of.route, of.route_order, of.city, of.street, of.telephone,
                    of.owner.name if of.owner else "", of.visited_on if of.visited_on != NEVER else None,
                    one.since if one.since != NEVER else None,
                ]  # fmt: skip
            if not after:
                return

    return answer(_("Due for a visit"), heads, rows(), what="visits-due", filters=query.args())
