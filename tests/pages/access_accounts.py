"""Rows of sign-in, profile, staff, teams and delegation."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from portal import clock
from portal.database import db
from portal.models.delegation import Delegation
from portal.models.staff import Staff
from portal.models.team import Team
from tests.access import Row, everyone, managers

_OPEN = {"anonymous": 200, "owner": 200, "colleague": 200, "stranger": 200, "supervisor": 200, "other_supervisor": 200, "manager": 200}
_AWAY = dict.fromkeys(_OPEN, 303)
_serial = count(1)
_SIGNERS: dict[str, Any] = {"owner": 403, "colleague": 403, "stranger": 403}
_ABOVE = ("supervisor", "other_supervisor", "manager")


def _person() -> dict[str, Any]:
    """Return somebody without open work, and a team."""
    person, _password = Staff.create(account=f"new-{next(_serial)}", name="新人", role="rep", by=None)
    db.session.commit()
    return {"person": person.id, "team": db.session.query(Team).first().id}


def _gone() -> dict[str, Any]:
    ids = _person()
    person = db.session.get(Staff, ids["person"])
    person.active = False
    db.session.commit()
    return ids


def _closed_team() -> dict[str, Any]:
    team = Team(name="空科")
    db.session.add(team)
    db.session.commit()
    return {"team": team.id}


def _delegation() -> dict[str, Any]:
    """Return a delegation from sup1 to mgr2."""
    giver, taker = Staff.by_account("sup1"), Staff.by_account("mgr2")
    assert giver
    assert taker
    day = clock.today()
    record = Delegation.give(giver, taker, from_date=day, to_date=day + timedelta(days=3), by=giver)
    db.session.commit()
    return {"delegation": record.id}


_STAFF = {"account": "another-one", "name": "另一人", "role": "manager", "team_id": "0"}

ROWS = [
    Row("healthz", "/healthz", **_OPEN),
    Row("readyz", "/readyz", **_OPEN),
    Row("metrics", "/metrics", **_OPEN),
    Row("home.htmx_asset", "/assets/htmx-2.0.10.js", **_OPEN),
    Row("accounts.sign_in", "/sign-in", **{**_AWAY, "anonymous": 200}),
    Row("accounts.begin_session", "/sign-in", "POST", data={"account": "", "password": ""}, **dict.fromkeys(_OPEN, 422)),
    Row("accounts.sign_out", "/sign-out", "POST", **_AWAY),
    Row("accounts.language", "/language", "POST", data={"language": "en"}, **_AWAY),
    everyone("accounts.password", "/profile/password"),
    everyone("accounts.password", "/profile/password", "POST", 422, data={"current": "x"}),
    everyone("accounts.profile", "/profile"),
    everyone("accounts.save_profile", "/profile", "POST", 303, data={"language": "en"}),
    everyone("accounts.save_signature", "/profile/signature", "POST", 422, data={"x": "y"}),
    everyone("accounts.remove_own_signature", "/profile/signature/removal", "POST", 303),
    everyone("accounts.own_signature", "/profile/signature.png", "GET", 404),
    everyone("accounts.end_other_sessions", "/profile/sessions/others/end", "POST", 303),
    managers("accounts.staff_list", "/staff"),
    managers("accounts.new_staff", "/staff/new"),
    managers("accounts.create_staff", "/staff", "POST", data=_STAFF),
    managers("accounts.staff_page", "/staff/{person}", prepare=_person),
    managers("accounts.change_staff", "/staff/{person}", "POST", 303, data={**_STAFF, "version": "1"}, prepare=_person),
    managers("accounts.reset_password", "/staff/{person}/password", "POST", prepare=_person),
    managers("accounts.end_staff_sessions", "/staff/{person}/sessions/end", "POST", 303, prepare=_person),
    managers("accounts.deactivation", "/staff/{person}/deactivation", prepare=_person),
    managers("accounts.deactivation", "/staff/{person}/deactivation", "POST", 303, data={"to_id": "0"}, prepare=_person),
    managers("accounts.reactivation", "/staff/{person}/reactivation", "POST", prepare=_gone),
    managers("accounts.reactivation", "/staff/{person}/reactivation", "POST", 409, prepare=_person),
    managers("accounts.teams", "/teams"),
    managers("accounts.create_team", "/teams", "POST", 303, data={"name": "客户三科"}),
    managers("accounts.team_page", "/teams/{team}", prepare=_person),
    managers("accounts.team_page", "/teams/{team}", "POST", 303, data={"name": "客户四科"}, prepare=_person),
    managers("accounts.deactivate_team", "/teams/{team}/deactivation", "POST", 303, prepare=_closed_team),
    managers("accounts.deactivate_team", "/teams/{team}/deactivation", "POST", 422, prepare=_person),
    managers("accounts.reactivate_team", "/teams/{team}/reactivation", "POST", 303, prepare=_closed_team),
    Row("accounts.delegations", "/delegations", **_SIGNERS, other_supervisor=200),
    Row("accounts.give_delegation", "/delegations", "POST", data={"reason": "x"}, **_SIGNERS, **dict.fromkeys(_ABOVE, 422)),
    Row("accounts.end_delegation", "/delegations/{delegation}/end", "POST", owner=404, supervisor=303, manager=303, prepare=_delegation),
]
