"""The audit log shows what was altered, removed or put in behind the portal's back (RO-7)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import database
from portal.database import db
from portal.models import audit
from portal.models.audit import AuditEvent, AuditHead
from portal.models.staff import Staff


@pytest.fixture
def entries(staff: dict[str, Staff]) -> list[int]:
    """Return the ids of five entries."""
    for number in range(5):
        audit.write(
            "change",
            "changed",
            actor=staff["rep1"],
            label=f"客户{number}",
            changes=[{"field": "name", "old": None, "new": f"新{number}"}],
            count=number,
        )
        db.session.commit()
    return list(db.session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)))


def unguarded(statement: str, **values: Any) -> None:
    """Change the log as somebody could who has the database itself in hand."""
    db.session.rollback()
    with db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_event_no_update"))
            connection.execute(text("DROP TRIGGER audit_event_no_delete"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement), values)


def verify(app: Any) -> tuple[int, str]:
    db.session.rollback()
    result = app.test_cli_runner().invoke(args=["audit", "verify"])
    return result.exit_code, result.output


def test_a_whole_log(app: Any, entries: list[int]) -> None:
    code, said = verify(app)
    assert code == 0
    assert "5 entries" in said
    assert db.session.scalar(select(AuditHead.last_hash)) in said


def test_others_write_while_the_log_is_looked_through(app: Any, entries: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither does the check keep them waiting, nor does it take what they write for tampering."""
    real, written = audit.entry_hash, []

    def meanwhile(previous: str, row: dict[str, Any]) -> str:
        if not written:
            written.append(True)
            with Session(db.engine) as other:
                audit.write("system", "meanwhile", session=other)
                other.commit()
        return real(previous, row)

    monkeypatch.setattr(audit, "entry_hash", meanwhile)
    code, said = verify(app)
    assert (code, written) == (0, [True]), said
    assert db.session.scalar(select(AuditHead.entries)) == 6


@pytest.mark.parametrize("command", ["audit verify", "seal check", "gifts check", "files check"])
def test_commands_that_look_at_everything_keep_nobody_from_writing(app: Any, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """On SQLite one writes at a time, and such a command takes minutes."""
    db.session.rollback()
    monkeypatch.setattr(database, "_begin_writing", lambda _connection: pytest.fail("it waits to write"))
    done = app.test_cli_runner().invoke(args=command.split())
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET label = 'x'", "DELETE FROM audit_event"])
def test_the_database_refuses_changes(entries: list[int], statement: str) -> None:
    with pytest.raises(DBAPIError, match="cannot be changed"):
        db.session.execute(text(statement))


@pytest.mark.parametrize(
    "change", ["label = '别的'", "actor_name = ''", "at = '2020-01-01 00:00:00'", "data = '{}'", "address = '1.1.1.1'", "customer_id = 9"]
)
def test_an_altered_entry_shows(app: Any, entries: list[int], change: str) -> None:
    unguarded(f"UPDATE audit_event SET {change} WHERE id = :id", id=entries[2])
    code, said = verify(app)
    assert code == 1
    assert f"entry {entries[2]}: was altered" in said


def test_a_removed_entry_shows(app: Any, entries: list[int]) -> None:
    unguarded("DELETE FROM audit_event WHERE id = :id", id=entries[2])
    code, said = verify(app)
    assert code == 1
    assert f"entry {entries[3]}: does not follow entry {entries[1]}" in said


@pytest.mark.parametrize("left", [4, 0])
def test_a_shortened_log_shows(app: Any, entries: list[int], left: int) -> None:
    unguarded("DELETE FROM audit_event WHERE id >= :id", id=entries[left])
    code, said = verify(app)
    assert code == 1
    assert f"5 entries were written, {left} are here" in said


def test_a_log_without_its_head_shows(app: Any, entries: list[int]) -> None:
    unguarded("DELETE FROM audit_head")
    assert verify(app)[0] == 1


def test_what_is_rolled_back_is_not_in_the_log(app: Any) -> None:
    audit.write("system", "first")
    db.session.rollback()
    audit.write("system", "second")
    with pytest.raises(ZeroDivisionError), db.session.begin_nested():  # noqa: PT012
        audit.write("system", "third")
        raise ZeroDivisionError
    with db.session.begin_nested():
        audit.write("system", "fourth")
    audit.write("system", "fifth")
    db.session.commit()
    assert list(db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id))) == ["second", "fourth", "fifth"]
    assert verify(app)[0] == 0


def test_every_value_comes_back_as_it_was_hashed(app: Any) -> None:
    audit.write("system", "odd", label="“引号” \\ 𠮷", values=[0.1, 1e22, 1.50, -0.0, 10**30, True, None, "é", {"b": 1, "a": [2]}])
    db.session.commit()
    assert verify(app)[0] == 0
