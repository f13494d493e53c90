"""Accounts come and go (RO-4): first passwords, changes in the audit log, hand-over, and always a manager."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from portal.authentication import authenticate
from portal.database import StateConflict, db
from portal.models import history
from portal.models.audit import AuditEvent
from portal.models.customer import Customer, CustomerAssistant
from portal.models.hand_over import assist
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission
from portal.rules.message import Refusal
from tests import factories
from tests.approving import submitted


def last_entry() -> AuditEvent:
    return db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What is handed over by the register's own method."""
    from portal.models import hand_over

    calls: list[tuple[str, str, str]] = []
    real = hand_over.hand_over_all

    def noted(*, of: Staff, to: Staff, by: Staff, **more: Any) -> Any:
        calls.append((of.account, to.account, by.account))
        return real(of=of, to=to, by=by, **more)

    monkeypatch.setattr(hand_over, "hand_over_all", noted)
    return calls


def test_a_new_account_has_a_first_password_to_change(staff: dict[str, Staff]) -> None:
    person, password = Staff.create(account=" Neu.1 ", name="新人", role="rep", team=staff["rep1"].team, by=staff["mgr1"], post="专员")
    db.session.commit()
    assert person.account == "neu.1"
    assert authenticate("neu.1", password) is person
    assert person.must_change_password
    assert password not in person.password_hash
    assert person.password_hash.startswith("$argon2id$")
    entry = last_entry()
    assert (entry.kind, entry.action, entry.actor_id) == ("permission", "account-created", staff["mgr1"].id)
    assert {"field": "role", "old": "", "new": "rep"} in entry.data["changes"]
    assert password not in str(entry.data)


def test_first_passwords_differ(staff: dict[str, Staff]) -> None:
    assert len({staff["rep1"].reset_password(by=staff["mgr1"]) for _ in range(20)}) == 20


@pytest.mark.parametrize("account", ["", "a", "has space", "王", "x" * 33, ".dot", "a/b"])
def test_account_names_that_cannot_be(staff: dict[str, Staff], account: str) -> None:
    with pytest.raises(Refusal) as refused:
        Staff.create(account=account, name="新人", role="rep", by=staff["mgr1"])
    assert refused.value.field == "account"


@pytest.mark.parametrize("role", ["rep", "supervisor"])
def test_reps_and_supervisors_work_in_a_team(staff: dict[str, Staff], role: str) -> None:
    with pytest.raises(Refusal) as refused:
        Staff.create(account="neu", name="新人", role=role, by=staff["mgr1"])
    assert refused.value.field == "team_id"
    for values in ({"team": None}, {"role": role, "team": None}):
        with pytest.raises(Refusal) as refused:
            staff["rep1"].change(by=staff["mgr1"], **values)
        assert refused.value.field == "team_id"
    Staff.create(account="neu", name="新人", role="manager", by=staff["mgr1"])


def test_an_account_name_is_given_once_and_the_refusal_harms_nothing(staff: dict[str, Staff]) -> None:
    staff["rep2"].change(by=staff["mgr1"], post="组长")
    with pytest.raises(Refusal):
        Staff.create(account="REP1", name="新人", role="rep", by=staff["mgr1"])
    db.session.commit()
    assert Staff.by_account("rep2").post == "组长"
    assert last_entry().action == "account-changed"


def test_changes_are_logged_with_old_and_new_values(staff: dict[str, Staff]) -> None:
    teams = {team.name: team for team in db.session.scalars(select(Team))}
    staff["rep1"].change(by=staff["mgr1"], role="supervisor", team=teams["客户二科"], post="")
    db.session.commit()
    assert last_entry().kind == "permission"
    assert last_entry().data["changes"] == [
        {"field": "role", "old": "rep", "new": "supervisor"},
        {"field": "team", "old": "客户一科", "new": "客户二科"},
    ]


def test_what_does_not_change_is_not_logged(staff: dict[str, Staff]) -> None:
    staff["rep1"].change(by=staff["mgr1"], name=staff["rep1"].name, role="rep")
    db.session.commit()
    assert last_entry() is None


def test_customers_follow_their_owner_into_another_team(staff: dict[str, Staff]) -> None:
    theirs, other = factories.customer("rep1"), factories.customer("rep2")
    staff["rep1"].change(by=staff["mgr1"], team=staff["rep3"].team)
    db.session.commit()
    assert db.session.get(Customer, theirs.id).team_id == staff["rep3"].team_id
    assert db.session.get(Customer, other.id).team_id == staff["rep2"].team_id
    seen = db.session.scalars(Customer.visible_to(staff["sup2"]).where(Customer.id == theirs.id)).all()
    assert len(seen) == 1


def test_a_bad_mail_address_is_refused(staff: dict[str, Staff]) -> None:
    with pytest.raises(Refusal) as refused:
        staff["rep1"].change_own(language="en", email="nonsense", telephone="")
    assert refused.value.field == "email"


def test_somebody_with_customers_needs_a_successor(staff: dict[str, Staff]) -> None:
    factories.customer("rep1")
    with pytest.raises(Refusal) as refused:
        staff["rep1"].deactivate(by=staff["mgr1"], to=None)
    assert (refused.value.field, refused.value.message.params["count"]) == ("to_id", 1)
    assert staff["rep1"].active


def test_somebody_with_open_work_alone_needs_a_successor_too(staff: dict[str, Staff]) -> None:
    approval = submitted()
    approval.submitter_id = staff["rep2"].id
    db.session.commit()
    with pytest.raises(Refusal) as refused:
        staff["rep2"].deactivate(by=staff["mgr1"], to=None)
    assert (refused.value.field, refused.value.message.params["count"]) == ("to_id", 1)
    db.session.rollback()
    staff["rep2"].deactivate(by=staff["mgr1"], to=staff["rep1"])
    assert approval.submitter_id == staff["rep1"].id


def test_what_waits_for_the_role_keeps_nobody(staff: dict[str, Staff]) -> None:
    submitted()
    staff["mgr2"].deactivate(by=staff["mgr1"], to=None)
    assert not staff["mgr2"].active


@pytest.mark.parametrize("to", ["rep1", "rep2"])
def test_the_successor_is_an_active_colleague(staff: dict[str, Staff], to: str) -> None:
    staff["rep2"].active = False
    with pytest.raises(Refusal):
        staff["rep1"].deactivate(by=staff["mgr1"], to=staff[to])


def test_deactivation_hands_over_and_keeps_the_history(staff: dict[str, Staff], handed_over: list[Any]) -> None:
    customer = factories.customer("rep1")
    staff["rep1"].deactivate(by=staff["mgr1"], to=staff["rep2"])
    db.session.commit()
    assert handed_over == [("rep1", "rep2", "mgr1")]
    assert db.session.get(Customer, customer.id).owner_id == staff["rep2"].id
    person = Staff.by_account("rep1")
    assert not person.active
    assert person.deactivated_at
    assert not any(person.may(permission) for permission in Permission)
    assert last_entry().data["to"] == staff["rep2"].name


@pytest.mark.parametrize("leaves", [True, False])
def test_who_leaves_or_becomes_a_department_assists_nobody_any_more(staff: dict[str, Staff], leaves: bool) -> None:
    customer = factories.customer("rep2")
    assist([customer.id], staff["rep1"], by=staff["sup1"])
    db.session.commit()
    if leaves:
        staff["rep1"].deactivate(by=staff["mgr1"], to=None)
        db.session.commit()
        staff["rep1"].reactivate(by=staff["mgr1"])
    else:
        staff["rep1"].change(by=staff["mgr1"], role="department", team=None, department_code="quality")
    db.session.commit()
    assert db.session.scalars(select(CustomerAssistant)).all() == []
    assert db.session.scalars(Customer.visible_to(staff["rep1"])).all() == []
    assert [one.action for one in history.changes(customer)[0]] == ["assistant-ended", "assistant-named"]


def test_deactivation_gives_open_approvals_to_others(staff: dict[str, Staff], monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.models import approval

    active = []
    monkeypatch.setattr(approval, "reroute_open_steps", lambda: active.append(Staff.by_account("sup1").active))
    staff["sup1"].deactivate(by=staff["mgr1"], to=None)
    assert active == [False], "the steps are routed when the account is closed already"


def test_deactivating_twice_is_a_conflict(staff: dict[str, Staff]) -> None:
    staff["rep1"].deactivate(by=staff["mgr1"], to=None)
    with pytest.raises(StateConflict):
        staff["rep1"].deactivate(by=staff["mgr2"], to=None)


def test_reactivation_gives_a_new_first_password(staff: dict[str, Staff]) -> None:
    staff["rep1"].deactivate(by=staff["mgr1"], to=None)
    password = staff["rep1"].reactivate(by=staff["mgr1"])
    db.session.commit()
    person = Staff.by_account("rep1")
    assert person.active
    assert person.must_change_password
    assert authenticate("rep1", password) is person
    with pytest.raises(StateConflict):
        person.reactivate(by=staff["mgr1"])


@pytest.mark.parametrize("act", ["deactivate", "demote"])
def test_the_last_manager_stays(staff: dict[str, Staff], act: str) -> None:
    staff["mgr2"].deactivate(by=staff["mgr1"], to=None)
    with pytest.raises(Refusal) as refused:  # noqa: PT012
        if act == "deactivate":
            staff["mgr1"].deactivate(by=staff["mgr1"], to=None)
        else:
            staff["mgr1"].change(by=staff["mgr1"], role="supervisor")
    assert refused.value.message.params["name"] == "郑七星"
    assert Staff.by_account("mgr1").is_manager


def test_a_manager_may_go_while_another_stays(staff: dict[str, Staff]) -> None:
    staff["mgr1"].change(by=staff["mgr2"], role="rep", team=staff["rep1"].team)
    assert not staff["mgr1"].is_manager


def test_nobody_resets_the_own_password(staff: dict[str, Staff]) -> None:
    with pytest.raises(Refusal):
        staff["mgr1"].reset_password(by=staff["mgr1"])


def test_a_team_closes_only_when_it_is_empty(staff: dict[str, Staff]) -> None:
    team = Team.create(name="客户三科", department="客户关系部", by=staff["mgr1"])
    staff["rep1"].change(by=staff["mgr1"], team=team)
    factories.customer("rep1")
    with pytest.raises(Refusal) as refused:
        team.deactivate(by=staff["mgr1"])
    assert refused.value.message.params == {"team": "客户三科", "members": 1, "customers": 1}
    staff["rep1"].change(by=staff["mgr1"], team=staff["rep2"].team)
    team.deactivate(by=staff["mgr1"])
    assert not team.active


def test_two_teams_of_one_name_are_refused(staff: dict[str, Staff]) -> None:
    with pytest.raises(Refusal) as refused:
        Team.create(name="客户一科", department="", by=staff["mgr1"])
    assert refused.value.field == "name"
