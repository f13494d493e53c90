"""Staff accounts for managers (RO-4)."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import htmx
from portal.blueprints.accounts import bp
from portal.blueprints.accounts.forms import DeactivationForm, StaffForm
from portal.database import StateConflict, commit, db
from portal.models.hand_over_list import CUSTOMERS, PARTS, to_be_taken
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission, fetch, requires
from portal.rules.message import N_, Refusal
from portal.saving import saving
from portal.sessions import me

FIELDS = ("name", "role", "department", "department_code", "post", "email", "telephone")


def _team_choices(present: Team | None) -> list[tuple[int, str]]:
    """Return the active teams, and the one somebody is in."""
    query = Team.visible_to(current_user).where(Team.active | (Team.id == (present.id if present else 0))).order_by(Team.name)
    return [(team.id, team.name) for team in db.session.scalars(query)]


def _form_of(staff: Staff, **values: Any) -> StaffForm:
    """Return the form of an account that exists: its account name stays, because signatures and the log carry it."""
    form = StaffForm(teams=_team_choices(staff.team), **values)
    del form.account
    return form


def _values(form: StaffForm) -> dict[str, Any]:
    """Return what was typed, the team as a record."""
    values: dict[str, Any] = {name: form[name].data or "" for name in FIELDS}
    values["team"] = fetch(Team, form.team_id.data, current_user) if form.team_id.data else None
    return values


def _password_page(staff: Staff, password: str, title: str) -> Any:
    """Answer the first password on the page itself: it is in no address, no cookie and no other answer."""
    return render_template("accounts/first_password.html", staff=staff, password=password, title=title)


@bp.get("/staff")
@requires(Permission.STAFF_MANAGE)
def staff_list() -> Any:
    """Show the accounts: active or deactivated, of one team or all, by a part of the name."""
    state = request.args.get("state", "active")
    team_id, words = request.args.get("team", 0, type=int), request.args.get("q", "").strip()
    query = Staff.visible_to(current_user).where(Staff.active == (state != "deactivated")).order_by(Staff.team_id, Staff.account)
    if team_id:
        query = query.where(Staff.team_id == team_id)
    if words:
        query = query.where(Staff.name.contains(words, autoescape=True) | Staff.account.contains(words.lower(), autoescape=True))
    teams = list(db.session.scalars(Team.visible_to(current_user).order_by(Team.name)))
    return htmx.render(
        "accounts/staff.html", "list", people=list(db.session.scalars(query)), teams=teams, state=state, team_id=team_id, words=words
    )


@bp.get("/staff/new")
@requires(Permission.STAFF_MANAGE)
def new_staff() -> Any:
    """Show the empty form of an account."""
    return render_template("accounts/staff_new.html", form=StaffForm(formdata=None, teams=_team_choices(None)))


@bp.post("/staff")
@requires(Permission.STAFF_MANAGE)
def create_staff() -> Any:
    """Create an account and show its first password, once."""
    form = StaffForm(teams=_team_choices(None))
    if form.validate():
        with saving(form.refuse) as saved:
            spoken = current_app.config["BABEL_DEFAULT_LOCALE"]
            staff, password = Staff.create(account=form.account.data, by=me(), language=spoken, **_values(form))
        if saved:
            return _password_page(staff, password, _("The account is created"))
    return render_template("accounts/staff_new.html", form=form), 422


@bp.get("/staff/<int:staff_id>")
@requires(Permission.STAFF_MANAGE, staff=Staff)
def staff_page(staff: Staff) -> Any:
    """Show an account."""
    form = _form_of(staff, formdata=None, obj=staff)
    form.team_id.data = staff.team_id or 0
    return render_template("accounts/staff_page.html", person=staff, form=form)


@bp.post("/staff/<int:staff_id>")
@requires(Permission.STAFF_MANAGE, staff=Staff)
def change_staff(staff: Staff) -> Any:
    """Save changes of an account; role and team bite at the person's next request."""
    form = _form_of(staff)
    if form.validate():
        if form.version.data != str(staff.version):
            raise StateConflict(f"Staff {staff.id}")
        with saving(form.refuse) as saved:
            staff.change(by=me(), **_values(form))
        if saved:
            flash(_("The account of %(name)s is saved.", name=staff.name), "success")
            return redirect(url_for("accounts.staff_page", staff_id=staff.id), 303)
    return render_template("accounts/staff_page.html", person=staff, form=form), 422


@bp.post("/staff/<int:staff_id>/password")
@requires(Permission.STAFF_MANAGE, staff=Staff)
def reset_password(staff: Staff) -> Any:
    """Give a new first password and show it, once; the person is signed out everywhere."""
    password = staff.reset_password(by=me())
    commit()
    return _password_page(staff, password, _("The password is reset"))


@bp.post("/staff/<int:staff_id>/sessions/end")
@requires(Permission.STAFF_MANAGE, staff=Staff)
def end_staff_sessions(staff: Staff) -> Any:
    """Sign a person out everywhere; the password stays (ASVS 7.4.5)."""
    staff.sign_out_everywhere(by=me())
    commit()
    flash(_("%(name)s is signed out everywhere.", name=staff.name), "success")
    return redirect(url_for("accounts.staff_page", staff_id=staff.id), 303)


def _deactivation(staff: Staff) -> DeactivationForm:
    query = Staff.visible_to(current_user).where(Staff.in_office, Staff.id != staff.id).order_by(Staff.team_id, Staff.account)
    return DeactivationForm(colleagues=[(person.id, f"{person.name} ({person.account})") for person in db.session.scalars(query)])


@bp.route("/staff/<int:staff_id>/deactivation", methods=["GET", "POST"])
@requires(Permission.STAFF_MANAGE, staff=Staff)
def deactivation(staff: Staff) -> Any:
    """Ask who takes the open work over, with its figures; then close the account."""
    form = _deactivation(staff)
    if request.method == "POST" and form.validate():
        to = fetch(Staff, form.to_id.data, current_user) if form.to_id.data else None
        with saving(form.refuse) as saved:
            record = staff.deactivate(by=me(), to=to)
        if saved:
            flash(_("The account of %(name)s is deactivated.", name=staff.name), "success")
            # What was handed over is to be printed and signed: there it is.
            back = url_for("hand_overs.show", hand_over_id=record.id) if record else url_for("accounts.staff_list")
            return redirect(back, 303)
    work = [(_(PARTS[name].title), count) for name, count in to_be_taken(staff).items() if name != CUSTOMERS]
    page = render_template("accounts/deactivation.html", person=staff, form=form, customers=staff.customers(), work=work)
    return page, 422 if form.problems else 200


@bp.post("/staff/<int:staff_id>/reactivation")
@requires(Permission.STAFF_MANAGE, staff=Staff)
def reactivation(staff: Staff) -> Any:
    """Open a deactivated account again and show its new first password, once."""
    if staff.is_demo and current_app.config["PORTAL_ENV"] == "production":  # the site would not start any more
        raise Refusal(N_("A demonstration account is not opened on a real site; those who run the portal remove it."))
    password = staff.reactivate(by=me())
    commit()
    return _password_page(staff, password, _("The account is active again"))
