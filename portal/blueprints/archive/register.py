"""The customer register 交易往来客户一览表: the list, its filters, columns and saved filters (AR-5)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal import bulk, htmx
from portal.blueprints.archive import bp
from portal.blueprints.archive import register_view as view
from portal.database import commit, db
from portal.i18n import translate
from portal.models import register as customers
from portal.models.card import GRADES
from portal.models.customer import CustomerTag
from portal.models.register_query import COLUMNS, FILTERS, MISSING, REVIEW, RegisterQuery
from portal.models.saved_filter import RegisterColumns, SavedFilter
from portal.models.staff import Staff, Team
from portal.permissions import Permission, ensure, requires
from portal.rules.regions import PROVINCES
from portal.rules.text import clean_line
from portal.saving import saving


def _args() -> RegisterQuery:
    return RegisterQuery.read({name: clean_line(value) for name, value in request.args.items()})


@bp.get("/customers")
@requires(Permission.CUSTOMER_READ)
def register() -> Any:
    """Show a page of the customers in the reader's scope, with the filters and the order of the address."""
    query, columns = _args(), RegisterColumns.of(current_user)
    after, before = request.args.get("after", ""), request.args.get("before", "")
    page, count = customers.page_and_count(current_user, query, columns=columns, after=after, before=before)
    return htmx.render(
        "archive/register.html",
        "list",
        query=query,
        columns=columns,
        lines=view.lines(page.rows, columns),
        heads=view.heads(query, columns),
        orders=view.orders(query),
        count=count._replace(number=max(count.number, len(page.rows))),
        next=view.address(query, after=page.next) if page.next else "",
        previous=view.address(query, before=page.previous) if page.previous else "",
        chips=view.chips(query),
        tabs=view.tabs(query),
        saved=[(one, view.address(one.query), one.query == query) for one in db.session.scalars(SavedFilter.visible_to(current_user))],
        actions=bulk.actions(),
        query_text=bulk.query_text(query),
        bulk_limit=customers.BULK_LIMIT,
    )


@bp.get("/customers/filters")
@requires(Permission.CUSTOMER_READ)
def register_filters() -> Any:
    """Show every filter of the register, those of the address filled in; the form leads to the list."""
    return htmx.render("archive/register_filters.html", "panel", query=_args(), fields=_filter_fields(), filters=FILTERS)


def _filter_fields() -> list[tuple[Any, list[tuple[str, str]]]]:
    """Return every filter with its choices as (value, words); those with free words have none."""
    people = list(db.session.scalars(select(Staff).where(Staff.in_office).order_by(Staff.name, Staff.id)))
    if not current_user.is_manager:
        people = [person for person in people if person.team_id == current_user.team_id]
    teams = list(db.session.scalars(select(Team).order_by(Team.name))) if current_user.is_manager else []
    choices: dict[str, list[tuple[str, str]]] = {
        "staff": [(str(person.id), person.name) for person in people],
        "team": [(str(team.id), team.name) for team in teams],
        "grade": [(grade, grade) for grade in GRADES],
        "province": [(province.zh, province.zh) for province in PROVINCES],
        "missing": [(name, _(title)) for name, (title, _condition) in MISSING.items()],
        "review": [(name, _(title)) for name, title in REVIEW.items()],
    }
    found = []
    for one in FILTERS.values():
        if one.kind == "choice":
            entries = [(entry["code"], view.word(one.name, entry["code"])) for entry in customers.choices_of(one)]
        else:
            entries = choices.get(one.kind, [])
        if entries or one.kind in ("text", "words", "tag"):
            found.append((one, entries))
    return found


@bp.route("/customers/columns", methods=["GET", "POST"])
@requires(Permission.CUSTOMER_READ)
def register_columns() -> Any:
    """Choose the columns of the register; they are kept for the account."""
    if request.method == "POST":
        RegisterColumns.choose(request.form.getlist("columns"), by=current_user)
        commit()
        return redirect(view.address(_args()), 303)
    return render_template("archive/register_columns.html", query=_args(), columns=COLUMNS, chosen=RegisterColumns.of(current_user))


@bp.post("/customers/saved-filters")
@requires(Permission.CUSTOMER_READ)
def saved_filter_keep() -> Any:
    """Keep the filters of the address under a name, for oneself or shared with the team."""
    query = _args()
    name, shared = clean_line(request.form.get("name", "")), bool(request.form.get("shared"))
    with saving(lambda refusal: flash(translate(refusal.message), "warning")) as saved:
        kept = SavedFilter.keep(query, name=name, shared=shared, by=current_user)
    if saved:
        flash(_("The filter %(name)s is saved.", name=kept.name), "ok")
    return redirect(view.address(query), 303)


@bp.post("/customers/saved-filters/<int:saved_filter_id>/removal")
@requires(Permission.CUSTOMER_READ, saved_filter=SavedFilter)
def saved_filter_remove(saved_filter: SavedFilter) -> Any:
    """Remove a saved filter of one's own, or a shared one of somebody who has left."""
    ensure(saved_filter.can_remove(current_user))
    db.session.delete(saved_filter)
    commit()
    flash(_("The filter %(name)s is removed.", name=saved_filter.name), "ok")
    return redirect(url_for("archive.register"), 303)


def tags_in_use(limit: int = 100) -> list[str]:
    """Return tags to suggest, those in use in order; few enough for a list under the field."""
    return list(db.session.scalars(select(CustomerTag.tag).distinct().order_by(CustomerTag.tag).limit(limit)))
