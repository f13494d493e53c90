"""The strengthening table of a customer: looked at and written (RL-22)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import or_, select

from portal.blueprints.maintenance import bp
from portal.database import StateConflict, db
from portal.i18n import translate
from portal.looks import look
from portal.models import strengthening as model
from portal.models.customer import Customer
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.strengthening import MOST, Person
from portal.permissions import Permission, requires
from portal.rules.dates import parse_date
from portal.rules.maintenance import POSTS
from portal.rules.message import Refusal
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

_PARTS = ("post", "name", "influence", "competitors", "staff", "measures", "until")


@bp.get("/customers/<int:customer_id>/strengthening")
@requires(Permission.CUSTOMER_READ, customer=Customer)
def strengthening(customer: Customer) -> Any:
    """Show the strengthening table of a customer."""
    look(customer)
    table = model.of_customer(customer)
    return render_template(
        "maintenance/strengthening.html",
        customer=customer, table=table, posts=POSTS, names=_names(table.rows if table else []), can_edit=model.can_edit(customer, me()),
    )  # fmt: skip


def _names(rows: list[Person]) -> dict[int, str]:
    ids = [one.staff_id for one in rows if one.staff_id]
    return {row[0]: row[1] for row in db.session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))}


@bp.route("/customers/<int:customer_id>/strengthening/edit", methods=["GET", "POST"])
@requires(Permission.PLAN_WORK, customer=Customer)
def strengthening_edit(customer: Customer) -> Any:
    """Write the table: one row for each post to begin with, and room for more."""
    if not model.can_edit(customer, me()):
        raise StateConflict(f"strengthening table of customer {customer.id}")
    table, customer_id = model.of_customer(customer), customer.id
    if request.method == "GET":
        return _form(customer, _rows(table.rows if table else []), table.version if table else 0)
    rows, version = _sent(), request.form.get("version", 0, int)
    wrong: dict[str, str] = {}
    people = []
    for number, row in enumerate(rows):
        until = None
        try:
            until = parse_date(row["until"]) if row["until"] else None
        except Refusal as refusal:
            wrong[f"until-{number}"] = translate(refusal.message)
        staff_id = int(row["staff"]) if row["staff"].isdecimal() and len(row["staff"]) < 10 else None
        people.append(Person(row["post"], row["name"], row["influence"], row["competitors"], staff_id, row["measures"], until))
    for found in model.problems(people):
        wrong.setdefault(found.field or "", translate(found.message))
    if not wrong:
        with saving() as saved:
            model.save(customer, people, by=me(), version=version)
        if saved.refusal:
            wrong[saved.refusal.field or ""] = translate(saved.refusal.message)
        else:
            flash(_("The table is saved."), "ok")
            return redirect(url_for("maintenance.strengthening", customer_id=customer_id), 303)
    return _form(db.session.get_one(Customer, customer_id), rows, version, wrong, 422)


def _rows(people: list[Person]) -> list[dict[str, str]]:
    rows = [
        {
            "post": one.post, "name": one.name, "influence": one.influence, "competitors": one.competitors,
            "staff": str(one.staff_id or ""), "measures": one.measures, "until": one.until.isoformat() if one.until else "",
        }
        for one in people
    ]  # fmt: skip
    blank = dict.fromkeys(_PARTS, "")
    rows += [{**blank, "post": post} for post in POSTS if post not in {one.post for one in people}]
    return [*rows, {**blank, "post": "section_head"}][:MOST]


def _sent() -> list[dict[str, str]]:
    form, rows = request.form, []
    for number in range(MOST):
        if f"post-{number}" not in form:
            break
        rows.append({part: clean_line(form.get(f"{part}-{number}", "")) for part in _PARTS})
    return rows


def _form(customer: Customer, rows: list[dict[str, str]], version: int, wrong: dict[str, str] | None = None, status: int = 200) -> Any:
    chosen = [int(row["staff"]) for row in rows if row["staff"].isdecimal() and len(row["staff"]) < 10]
    mine = Staff.in_office if me().is_manager else Staff.in_office & or_(Staff.team_id == customer.team_id, Staff.id == me().id)
    query = select(Staff.id, Staff.name).where(or_(mine, Staff.id.in_(chosen))).order_by(Staff.name, Staff.id)
    page = render_template(
        "maintenance/strengthening_form.html",
        customer=customer, rows=rows, version=version, wrong=wrong or {}, posts=POSTS,
        influences=[one for one in standard("choices.influence") if one["active"]],
        people=[(row[0], row[1]) for row in db.session.execute(query)],
    )  # fmt: skip
    return page, status
