"""Teams for managers (RO-4)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.blueprints.accounts import bp
from portal.blueprints.accounts.forms import TeamForm
from portal.database import commit, db
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.saving import saving
from portal.sessions import me


@bp.get("/teams")
@requires(Permission.STAFF_MANAGE)
def teams() -> Any:
    """Show the teams, and the form of a new one."""
    return _page(TeamForm(formdata=None))


def _page(form: TeamForm) -> Any:
    found = list(db.session.scalars(Team.visible_to(current_user).order_by(Team.active.desc(), Team.department, Team.name)))
    return render_template("accounts/teams.html", teams=found, form=form), 422 if form.problems else 200


@bp.post("/teams")
@requires(Permission.STAFF_MANAGE)
def create_team() -> Any:
    """Add a team."""
    form = TeamForm()
    if form.validate():
        with saving(form.refuse) as saved:
            Team.create(name=form.name.data, department=form.department.data or "", by=me())
        if saved:
            flash(_("The team %(name)s is created.", name=form.name.data), "success")
            return redirect(url_for("accounts.teams"), 303)
    return _page(form)


@bp.route("/teams/<int:team_id>", methods=["GET", "POST"])
@requires(Permission.STAFF_MANAGE, team=Team)
def team_page(team: Team) -> Any:
    """Rename a team."""
    form = TeamForm(obj=team)
    if form.validate_on_submit():
        with saving(form.refuse) as saved:
            team.change(name=form.name.data, department=form.department.data or "", by=me())
        if saved:
            flash(_("The team %(name)s is saved.", name=team.name), "success")
            return redirect(url_for("accounts.teams"), 303)
    return render_template("accounts/team.html", team=team, form=form), 422 if form.problems else 200


@bp.post("/teams/<int:team_id>/deactivation")
@requires(Permission.STAFF_MANAGE, team=Team)
def deactivate_team(team: Team) -> Any:
    """Close an empty team."""
    team.deactivate(by=me())
    commit()
    flash(_("The team %(name)s is deactivated.", name=team.name), "success")
    return redirect(url_for("accounts.teams"), 303)


@bp.post("/teams/<int:team_id>/reactivation")
@requires(Permission.STAFF_MANAGE, team=Team)
def reactivate_team(team: Team) -> Any:
    """Open a team again."""
    team.reactivate(by=me())
    commit()
    flash(_("The team %(name)s is active again.", name=team.name), "success")
    return redirect(url_for("accounts.teams"), 303)
