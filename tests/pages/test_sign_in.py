"""Signing in and out: the same answer for whatever is wrong, waiting after guesses, sessions that end (quality.md: Sessions, Passwords)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from portal import clock, hashing
from portal.authentication import authenticate
from portal.database import db
from portal.models.audit import AuditEvent
from portal.models.session import SignInAttempt, StaffSession
from portal.models.staff import Staff
from portal.models.standard import set_value
from tests.conftest import PASSWORD

NEW = "Nine-Wooden-Boats-7"


def sign_in(client: Any, account: str = "rep1", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", data={"account": account, "password": password, **more})


def attempts(account: str, address: str = "127.0.0.1", count: int = 5) -> None:
    db.session.add_all([SignInAttempt(account=account, address=address, at=clock.now()) for _ in range(count)])
    db.session.commit()


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def test_signing_in_and_out(client: Any) -> None:
    answer = sign_in(client, "REP1 ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/").status_code == 200
    assert client.post("/sign-out").location == "/sign-in"
    assert client.get("/").location == "/sign-in"
    assert actions() == ["signed-in", "signed-out"]


def test_the_token_is_new_at_every_sign_in_and_the_old_one_is_dead(client: Any) -> None:
    tokens = []
    for _ in range(2):
        sign_in(client)
        with client.session_transaction() as session:
            tokens.append(session["token"])
        client.post("/sign-out")
    assert tokens[0] != tokens[1]
    assert StaffSession.find(tokens[0]) is None
    assert tokens[0] not in {row.token_hash for row in db.session.scalars(select(StaffSession))}


def test_signing_in_again_ends_the_session_that_the_browser_had(client: Any) -> None:
    """Of a page of sign-in that was left open in a second tab; ASVS 7.2.4."""
    tokens = []
    for account in ("rep1", "rep2"):
        sign_in(client, account)
        with client.session_transaction() as session:
            tokens.append(session["token"])
    assert [StaffSession.find(token) is not None for token in tokens] == [False, True]


def test_a_stolen_cookie_is_dead_after_sign_out(client: Any, app: Any) -> None:
    sign_in(client)
    with client.session_transaction() as session:
        kept = dict(session)
    client.post("/sign-out")
    thief = app.test_client()
    with thief.session_transaction() as session:
        session.update(kept)
    assert thief.get("/").status_code == 303


@pytest.mark.parametrize(("account", "password"), [("rep1", "wrong-password"), ("nobody", PASSWORD), ("rep2", PASSWORD)])
def test_one_answer_for_whatever_is_wrong(client: Any, staff: dict[str, Staff], account: str, password: str) -> None:
    staff["rep2"].active = False
    db.session.commit()
    answer = sign_in(client, account, password)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "账号或密码不正确" in text


def test_unknown_accounts_cost_one_hash_too(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []
    real = hashing.matches
    monkeypatch.setattr(hashing, "matches", lambda stored, password: checked.append(stored) or real(stored, password))
    sign_in(client, "nobody")
    sign_in(client, "rep1", "wrong-password")
    assert len(checked) == 2
    assert checked[0] is None


def test_account_names_that_do_not_exist_are_not_logged(client: Any) -> None:
    sign_in(client, "my secret password", "x")
    assert [event.label for event in db.session.scalars(select(AuditEvent))] == [""]


def test_after_five_failures_the_right_password_waits_too(client: Any) -> None:
    for _ in range(5):
        assert sign_in(client, "rep1", "wrong-password").status_code == 422
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=False):
        answer = sign_in(client)
        assert answer.status_code == 429
        assert "请在 10 分钟后重试" in answer.get_data(as_text=True)
    assert sign_in(client, "rep2").status_code == 303, "another account from the same address"
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        assert sign_in(client).status_code == 303
    assert actions().count("throttled") == 1


def test_unknown_accounts_wait_like_known_ones(client: Any) -> None:
    for _ in range(5):
        sign_in(client, "nobody")
    assert sign_in(client, "nobody").status_code == 429


def test_an_address_waits_after_guessing_many_accounts(client: Any) -> None:
    attempts("someone", count=50)
    assert sign_in(client).status_code == 429


def test_a_right_password_forgets_the_failures(client: Any) -> None:
    attempts("rep1", count=4)
    assert sign_in(client).status_code == 303
    assert db.session.scalars(select(SignInAttempt)).all() == []


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [("/profile", "/profile"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/"), ("x", "/")],
)
def test_next_leads_only_to_own_paths(client: Any, target: str, leads_to: str) -> None:
    assert sign_in(client, next=target).location == leads_to


def test_the_way_back_is_kept(client: Any) -> None:
    assert client.get("/profile?x=1").location == "/sign-in?next=/profile?x%3D1"


def test_the_way_back_to_a_very_long_address_leaves_out_what_is_asked_there(client):
    """Headers of more than 4 KB are no answer to many proxies: whose session has ended saw their error instead of the sign-in page."""
    long = "/customers?q=" + "客户" * 200
    assert client.get(long).location == "/sign-in?next=/customers"
    assert len(client.get("/customers?q=" + "客户" * 40).location) > 700, "a usual one is kept whole"


@pytest.mark.parametrize(("step", "alive"), [(timedelta(minutes=29), True), (timedelta(minutes=31), False)])
def test_a_session_ends_when_it_is_not_used(client: Any, step: timedelta, alive: bool) -> None:
    sign_in(client)
    with time_machine.travel(clock.now() + step, tick=False):
        assert (client.get("/").status_code == 200) is alive


def test_a_session_in_use_ends_after_twelve_hours(client: Any) -> None:
    begin = clock.now()
    sign_in(client)
    for minutes in range(20, 12 * 60, 20):
        with time_machine.travel(begin + timedelta(minutes=minutes), tick=False):
            assert client.get("/").status_code == 200, minutes
    with time_machine.travel(begin + timedelta(hours=12, minutes=1), tick=False):
        answer = client.get("/")
        assert answer.status_code == 303
        assert "会话已结束" in client.get(answer.location).get_data(as_text=True)


def test_writing_requests_note_that_the_session_is_used(client: Any, staff: dict[str, Staff]) -> None:
    sign_in(client)
    later = clock.now() + timedelta(minutes=10)
    with time_machine.travel(later, tick=False):
        assert client.post("/profile", data={"language": "en"}).status_code == 303
    assert db.session.scalar(select(StaffSession)).seen_at == later


def test_a_change_of_role_bites_at_the_next_request(as_: Any, staff: dict[str, Staff]) -> None:
    browser = as_("mgr1")
    assert browser.get("/staff").status_code == 200
    staff["mgr1"].change(by=staff["mgr2"], role="rep", team=staff["rep1"].team)
    db.session.commit()
    assert browser.get("/staff").status_code == 403


def test_a_deactivated_account_is_signed_out(as_: Any, staff: dict[str, Staff]) -> None:
    browser = as_("rep1")
    staff["rep1"].deactivate(by=staff["mgr1"], to=None)
    db.session.commit()
    assert browser.get("/").status_code == 303


def test_a_first_password_must_be_changed_before_anything_else(client: Any, staff: dict[str, Staff]) -> None:
    first = staff["rep1"].reset_password(by=staff["mgr1"])
    db.session.commit()
    sign_in(client, password=first)
    assert client.get("/").location == "/profile/password"
    assert client.post("/profile", data={"language": "en"}).location == "/profile/password"
    assert client.get("/profile/password").status_code == 200
    changed = client.post("/profile/password", data={"current": first, "password": NEW, "again": NEW})
    assert changed.location == "/"
    assert client.get("/").status_code == 200


def test_who_has_to_change_an_old_password_is_told_why(as_: Any, staff: dict[str, Staff]) -> None:
    set_value("password.max_age_days", 90, by=staff["mgr1"], reason="等保")
    staff["rep1"].password_changed_at = clock.now() - timedelta(days=91)
    db.session.commit()
    browser = as_("rep1")
    assert browser.get("/").location == "/profile/password"
    assert "已到期" in browser.get("/profile/password").get_data(as_text=True)


def test_changing_the_password_ends_every_other_session(client: Any, as_: Any) -> None:
    other = as_("rep1")
    sign_in(client)
    with client.session_transaction() as session:
        before = session["token"]
    client.post("/profile/password", data={"current": PASSWORD, "password": NEW, "again": NEW})
    assert other.get("/").status_code == 303
    assert client.get("/").status_code == 200
    assert StaffSession.find(before) is None
    client.post("/sign-out")
    assert sign_in(client).status_code == 422
    assert sign_in(client, password=NEW).status_code == 303


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"current": "wrong", "password": NEW, "again": NEW}, "密码不正确"),
        ({"current": PASSWORD, "password": NEW, "again": NEW + "x"}, "两次输入的新密码不一致"),
        ({"current": PASSWORD, "password": PASSWORD, "again": PASSWORD}, "新密码与原密码相同"),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "10"),
        ({"current": PASSWORD, "password": "password123", "again": "password123"}, "常见"),
    ],
)
def test_refused_passwords(as_: Any, data: dict[str, str], words: str) -> None:
    browser = as_("rep1")
    answer = browser.post("/profile/password", data=data)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert authenticate("rep1", PASSWORD) is not None


def test_wrong_present_passwords_are_counted(as_: Any) -> None:
    browser = as_("rep1")
    for _ in range(6):
        answer = browser.post("/profile/password", data={"current": "wrong", "password": NEW, "again": NEW})
    assert "请在 15 分钟后重试" in answer.get_data(as_text=True)


def test_the_language_is_the_accounts_own(as_: Any) -> None:
    browser = as_("rep1")
    assert 'lang="zh-CN"' in browser.get("/profile").get_data(as_text=True)
    browser.post("/language", data={"language": "en"})
    assert 'lang="en"' in browser.get("/profile").get_data(as_text=True)
    assert browser.post("/language", data={"language": "xx"}).status_code == 400
