"""Passwords: hashed, renewed, aged, asked for again; guesses counted in the database (quality.md: Passwords)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from portal import authentication, clock
from portal.authentication import authenticate
from portal.database import db
from portal.models.audit import AuditEvent
from portal.models.session import KEEP_ENDED, SignInAttempt, StaffSession, Throttled, WrongPassword, clear_away, confirm_password
from portal.models.staff import Staff
from portal.models.standard import StandardVersion
from portal.rules.message import Refusal
from tests.conftest import PASSWORD


def set_standard(name: str, value: Any) -> None:
    db.session.add(StandardVersion(name=name, number=1, value=value, from_date=clock.today()))
    db.session.commit()


def test_hashes_are_renewed_when_the_parameters_change(app: Any, staff: dict[str, Staff], monkeypatch: pytest.MonkeyPatch) -> None:
    old = staff["rep1"].password_hash
    db.session.rollback()
    monkeypatch.setitem(app.config, "ARGON2_MEMORY_KIB", 128)
    assert authenticate("rep1", "wrong") is None
    assert Staff.by_account("rep1").password_hash == old
    authenticate("rep1", PASSWORD)
    db.session.commit()
    renewed = Staff.by_account("rep1").password_hash
    assert "m=128" in renewed
    db.session.rollback()
    authenticate("rep1", PASSWORD)
    assert Staff.by_account("rep1").password_hash == renewed


@pytest.mark.parametrize("memory", [None, 128])
def test_a_password_changed_while_it_is_compared_opens_nothing(
    app: Any, staff: dict[str, Staff], monkeypatch: pytest.MonkeyPatch, memory: int | None
) -> None:
    """Nor is the new one lost where the old one's hash was to be renewed."""
    right, new = authentication.is_right, "Neu-4-und-lang"

    def meanwhile(*given: Any) -> bool:
        monkeypatch.setattr(authentication, "is_right", right)
        person = Staff.by_account("rep1")
        assert person is not None
        person.set_password(new, by=None)
        db.session.commit()
        return right(*given)

    if memory:
        monkeypatch.setitem(app.config, "ARGON2_MEMORY_KIB", memory)
    db.session.rollback()
    monkeypatch.setattr(authentication, "is_right", meanwhile)
    assert authenticate("rep1", PASSWORD) is None
    db.session.commit()
    assert authenticate("rep1", new) is not None


def test_a_password_is_compared_whole(staff: dict[str, Staff]) -> None:
    long = "Ab3-xyz7" * 16
    staff["rep1"].set_password(long, by=None)
    db.session.commit()
    assert authenticate("rep1", long) is staff["rep1"]
    assert authenticate("rep1", long + "x") is None


def test_passwords_age_where_the_site_says_so(staff: dict[str, Staff]) -> None:
    begin = clock.now()
    staff["rep1"].password_changed_at = begin
    db.session.commit()
    with time_machine.travel(begin + timedelta(days=91), tick=False):
        assert not staff["rep1"].password_due
    set_standard("password.max_age_days", 90)
    for days, due in ((90, False), (91, True)):
        with time_machine.travel(begin + timedelta(days=days), tick=False):
            assert staff["rep1"].password_due is due


def test_complexity_where_the_site_says_so(staff: dict[str, Staff]) -> None:
    staff["rep1"].set_password("only small letters here", by=None)
    db.session.commit()
    set_standard("password.complexity", True)
    with pytest.raises(Refusal):
        staff["rep1"].set_password("onlysmalllettershere", by=None)


def test_confirming_the_password(staff: dict[str, Staff]) -> None:
    person = staff["sup1"]
    db.session.rollback()
    confirm_password(person, PASSWORD, "10.0.0.1")
    assert db.session.scalars(select(SignInAttempt)).all() == []
    db.session.rollback()
    for _ in range(5):
        with pytest.raises(WrongPassword) as refused:
            confirm_password(person, "wrong", "10.0.0.1")
        assert refused.value.field == "password"
    with pytest.raises(Throttled) as waits:
        confirm_password(person, PASSWORD, "10.0.0.1")
    assert waits.value.message.params["minutes"] == 15
    entries = db.session.scalars(select(AuditEvent)).all()
    assert [(entry.kind, entry.action, entry.actor_name) for entry in entries] == [("sign-in", "password-wrong", "周五行")] * 5


def test_a_reset_ends_the_waiting(staff: dict[str, Staff]) -> None:
    for _ in range(5):
        SignInAttempt.count("rep1", "10.0.0.1")
        SignInAttempt.count("rep2", "10.0.0.2")
    staff["rep1"].reset_password(by=staff["mgr1"])
    db.session.commit()
    SignInAttempt.count("rep1", "10.0.0.1")
    db.session.rollback()
    with pytest.raises(Throttled):
        SignInAttempt.count("rep2", "10.0.0.2")


def test_one_function_says_whose_password_it_is(app: Any, staff: dict[str, Staff], monkeypatch: pytest.MonkeyPatch) -> None:
    """At sign-in and before a signature alike: a site's directory is asked there."""
    monkeypatch.setattr(authentication, "is_right", lambda account, _stored, password: (account, password) == ("sup1", "of the directory"))
    db.session.rollback()
    assert authenticate("sup1", "of the directory") is not None
    assert authenticate("sup1", PASSWORD) is None
    db.session.rollback()
    confirm_password(staff["sup1"], "of the directory", "10.0.0.1")
    with pytest.raises(WrongPassword):
        confirm_password(staff["sup1"], PASSWORD, "10.0.0.1")


def test_confirming_is_for_before_anything_is_changed(staff: dict[str, Staff]) -> None:
    staff["sup1"].post = "主管"
    with pytest.raises(RuntimeError):
        confirm_password(staff["sup1"], PASSWORD, "")


def test_old_attempts_and_sessions_are_cleared_away(staff: dict[str, Staff]) -> None:
    moment = clock.now()
    db.session.add_all(SignInAttempt(account="x", address="", at=moment - timedelta(hours=hours)) for hours in (1, 25))
    for age in (timedelta(days=1), KEEP_ENDED + timedelta(days=1)):
        db.session.add(StaffSession(staff_id=staff["rep1"].id, token_hash=str(age), seen_at=moment - age, created_at=moment - age))
    clear_away()
    db.session.commit()
    assert len(db.session.scalars(select(SignInAttempt)).all()) == 1
    assert len(db.session.scalars(select(StaffSession)).all()) == 1
