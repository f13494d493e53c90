"""The managers' pages of accounts, teams and delegation (RO-4, RO-6)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models.audit import AuditEvent
from portal.models.delegation import Delegation
from portal.models.staff import Staff
from portal.models.team import Team
from tests import factories
from tests.conftest import PASSWORD

NEW = {"account": "rep9", "name": "冯九", "role": "rep", "team_id": "1", "department": "", "post": "", "email": "", "telephone": ""}


def shown_password(html: str) -> str:
    found = re.findall(r"<code>([^<]+)</code>", html)
    assert len(found) == 2, "account and password"
    return found[1]


def test_the_first_password_is_shown_once_and_opens_the_account(as_: Any, client: Any) -> None:
    manager = as_("mgr1")
    answer = manager.post("/staff", data=NEW)
    password = shown_password(answer.get_data(as_text=True))
    assert answer.headers["Cache-Control"] == "no-store"
    person = Staff.by_account("rep9")
    assert password not in manager.get(f"/staff/{person.id}").get_data(as_text=True)
    assert client.post("/sign-in", data={"account": "rep9", "password": password}).status_code == 303
    assert client.get("/").location == "/profile/password"


def test_a_new_account_speaks_the_language_of_the_site(app: Flask, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "BABEL_DEFAULT_LOCALE", "en")
    as_("mgr1").post("/staff", data=NEW)
    done = app.test_cli_runner().invoke(args=["staff", "create", "new.one", "Newman", "--password", "Nine-Wooden-Boats-7"])
    assert done.exit_code == 0, done.output
    assert {Staff.by_account(name).language for name in ("rep9", "new.one")} == {"en"}


@pytest.mark.parametrize(
    ("given", "name"), [(["王\u200b敏\n"], "王敏"), (["  "], ""), (["质量部", "--role", "department"], "")]
)  # fmt: skip
def test_the_command_makes_accounts_of_the_office_with_clean_names(app: Flask, given: list[str], name: str) -> None:
    done = app.test_cli_runner().invoke(args=["staff", "create", "new.one", *given, "--password", "Nine-Wooden-Boats-7"])
    person = Staff.by_account("new.one")
    assert (done.exit_code == 0, person.name if person else "") == (bool(name), name)


@pytest.mark.parametrize(
    ("field", "value"), [("account", "rep1"), ("account", "空 格"), ("email", "x"), ("role", "boss"), ("team_id", "99"), ("name", "")]
)
def test_wrong_input_is_shown_beside_its_field(as_: Any, field: str, value: str) -> None:
    answer = as_("mgr1").post("/staff", data={**NEW, field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.get_data(as_text=True)
    assert Staff.by_account("rep9") is None


def test_a_reset_ends_the_sessions_and_the_old_password(as_: Any, client: Any, staff: dict[str, Staff]) -> None:
    theirs = as_("rep1")
    answer = as_("mgr1").post(f"/staff/{staff['rep1'].id}/password")
    password = shown_password(answer.get_data(as_text=True))
    assert theirs.get("/profile").status_code == 303
    assert client.post("/sign-in", data={"account": "rep1", "password": "portal-demo-2026"}).status_code == 422
    assert client.post("/sign-in", data={"account": "rep1", "password": password}).status_code == 303


def test_a_manager_signs_somebody_out_and_the_password_stays(as_: Any, client: Any, staff: dict[str, Staff]) -> None:
    theirs, manager = as_("rep1"), as_("mgr1")
    answer = manager.post(f"/staff/{staff['rep1'].id}/sessions/end", follow_redirects=True)
    assert "的所有登录已退出" in answer.get_data(as_text=True)
    assert theirs.get("/").status_code == 303
    assert manager.get("/").status_code == 200
    assert client.post("/sign-in", data={"account": "rep1", "password": PASSWORD}).location == "/"
    entry = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "signed-out-by-manager")).one()
    assert (entry.kind, entry.actor_name, entry.label) == ("sign-in", "郑七星", "赵一鸣")


def test_two_managers_editing_at_once_do_not_overwrite_each_other(as_: Any, staff: dict[str, Staff]) -> None:
    form = {**NEW, "version": str(staff["rep1"].version), "name": "赵一鸣"}
    url = f"/staff/{staff['rep1'].id}"
    assert as_("mgr1").post(url, data={**form, "post": "组长"}).status_code == 303
    assert as_("mgr2").post(url, data={**form, "post": "专员"}).status_code == 409
    assert Staff.by_account("rep1").post == "组长"


def test_deactivating_says_the_figures_and_hands_over(as_: Any, staff: dict[str, Staff]) -> None:
    customer = factories.customer("rep1")
    manager, url = as_("mgr1"), f"/staff/{staff['rep1'].id}/deactivation"
    assert "1 个客户" in manager.get(url).get_data(as_text=True)
    assert manager.post(url, data={"to_id": "0"}).status_code == 422
    assert manager.post(url, data={"to_id": str(staff["rep1"].id)}).status_code == 422
    answer = manager.post(url, data={"to_id": str(staff["rep2"].id)})
    assert answer.location.startswith("/hand-overs/"), "the list that both sign is next"
    assert customer.full_name in manager.get(answer.location).get_data(as_text=True)
    db.session.refresh(customer)
    assert customer.owner_id == staff["rep2"].id
    assert "赵一鸣" in manager.get("/staff?state=deactivated").get_data(as_text=True)
    assert "赵一鸣" not in manager.get("/staff").get_data(as_text=True)


def test_the_last_manager_is_told_why(as_: Any, staff: dict[str, Staff]) -> None:
    manager = as_("mgr1")
    manager.post(f"/staff/{staff['mgr2'].id}/deactivation", data={"to_id": "0"})
    answer = manager.post(f"/staff/{staff['mgr1'].id}/deactivation", data={"to_id": "0"})
    assert answer.status_code == 422
    assert "最后一名" in answer.get_data(as_text=True)
    form = {**NEW, "name": "郑七星", "role": "supervisor", "version": str(db.session.get(Staff, staff["mgr1"].id).version)}
    assert manager.post(f"/staff/{staff['mgr1'].id}", data=form).status_code == 422


def test_a_demonstration_account_is_not_opened_on_a_real_site(app: Flask, as_: Any, staff: dict[str, Staff], monkeypatch: Any) -> None:
    """The site would not start any more."""
    staff["rep1"].is_demo, staff["rep1"].active = True, False
    db.session.commit()
    monkeypatch.setitem(app.config, "PORTAL_ENV", "production")
    answer = as_("mgr1").post(f"/staff/{staff['rep1'].id}/reactivation")
    assert answer.status_code == 422
    assert "演示账号" in answer.get_data(as_text=True)
    assert not Staff.by_account("rep1").active


def test_a_department_has_no_hand_over_list(as_: Any, staff: dict[str, Staff]) -> None:
    """Its account has nothing in hand; the way to the list led to an error."""
    person, _password = Staff.create(account="dept9", name="质量部", role="department", department_code="quality", by=staff["mgr1"])
    db.session.commit()
    browser = as_("mgr1")
    for page, there in ((f"/staff/{person.id}", False), (f"/staff/{person.id}/deactivation", False), (f"/staff/{staff['rep1'].id}", True)):
        assert ('action="/hand-overs"' in browser.get(page).get_data(as_text=True)) is there


def test_the_list_is_narrowed_by_team_and_words(as_: Any, staff: dict[str, Staff]) -> None:
    manager = as_("mgr1")
    of_team = manager.get(f"/staff?team={staff['rep3'].team_id}").get_data(as_text=True)
    assert "孙三省" in of_team
    assert "赵一鸣" not in of_team
    by_words = manager.get("/staff?q=三省").get_data(as_text=True)
    assert "孙三省" in by_words
    assert "李四维" not in by_words
    assert manager.get("/staff?q=%25").get_data(as_text=True).count("<code>") == 0
    fragment = manager.get("/staff", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in fragment
    assert "赵一鸣" in fragment


def test_teams(as_: Any) -> None:
    manager = as_("mgr1")
    assert manager.post("/teams", data={"name": "客户三科", "department": "客户关系部"}).status_code == 303
    assert manager.post("/teams", data={"name": "客户三科"}).status_code == 422
    team = db.session.scalar(select(Team).where(Team.name == "客户三科"))
    assert manager.post(f"/teams/{team.id}", data={"name": "大客户科"}).status_code == 303
    assert manager.post(f"/teams/{team.id}", data={"name": "客户一科"}).status_code == 422
    assert manager.post(f"/teams/{team.id}/deactivation").status_code == 303
    assert ">大客户科<" not in manager.get("/staff/new").get_data(as_text=True)
    actions = list(db.session.scalars(select(AuditEvent.action).where(AuditEvent.record_type == "Team").order_by(AuditEvent.id)))
    assert actions == ["team-created", "team-changed", "team-deactivated"]


def days(begin: int, end: int) -> dict[str, str]:
    today = clock.today()
    return {"from_date": (today + timedelta(days=begin)).isoformat(), "to_date": (today + timedelta(days=end)).isoformat()}


def test_a_supervisor_names_a_delegate_and_ends_it(as_: Any, staff: dict[str, Staff]) -> None:
    browser = as_("sup1")
    form = {"principal_id": str(staff["sup1"].id), "delegate_id": str(staff["sup2"].id), **days(0, 3)}
    assert browser.post("/delegations", data=form).status_code == 303
    answer = browser.post("/delegations", data=form)
    assert answer.status_code == 422
    assert "吴六合代理签批" in answer.get_data(as_text=True)
    record = db.session.scalar(select(Delegation))
    assert as_("sup2").post(f"/delegations/{record.id}/end").status_code == 403
    assert browser.post(f"/delegations/{record.id}/end").status_code == 303
    assert browser.post(f"/delegations/{record.id}/end").status_code == 409


def test_a_supervisor_names_nobody_for_others(as_: Any, staff: dict[str, Staff]) -> None:
    form = {"principal_id": str(staff["sup2"].id), "delegate_id": str(staff["mgr1"].id), **days(0, 3)}
    assert as_("sup1").post("/delegations", data=form).status_code == 422
    assert db.session.scalar(select(Delegation)) is None


def test_a_manager_names_one_for_an_absent_colleague(as_: Any, staff: dict[str, Staff]) -> None:
    form = {"principal_id": str(staff["sup1"].id), "delegate_id": str(staff["sup2"].id), **days(1, 3)}
    assert as_("mgr1").post("/delegations", data=form).status_code == 303
    event = db.session.scalar(select(AuditEvent).where(AuditEvent.action == "delegation-given"))
    assert (event.actor_id, event.label) == (staff["mgr1"].id, "周五行 → 吴六合")
