"""The schema that migrations make is the models' own, from the oldest version with data in it, on both databases (house rule 10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Table, event, inspect, text
from sqlalchemy.exc import DBAPIError

from portal import clock, config, create_app, database, schema
from portal.database import db
from portal.models import audit, callback_due, disposal_cards, gift_delivery, gift_register, in_charge
from portal.models.customer import NEVER, Customer
from portal.models.disposal import Disposal
from portal.models.sealed_form import due
from portal.models.search import search
from portal.models.search_index import index_all
from portal.models.sheet import PrintedSheet
from portal.models.staff import Staff
from tests.place import Place

OLDEST = "0001"


@pytest.fixture
def empty(tmp_path: Path, worker_id: str) -> Iterator[Flask]:
    """The portal over an empty database of its own."""
    place = Place(tmp_path, f"{worker_id}_migrations")
    place.empty()
    app = create_app(
        {
            "TESTING": True,
            "PORTAL_ENV": "testing",
            "INSTANCE_FOLDER": tmp_path,
            "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests",
            "SQLALCHEMY_DATABASE_URI": config.database_url(place.url),
            "FILES_FOLDER": tmp_path / "files",
        }
    )
    schema.prepare(app)
    with app.app_context():
        database.read_only(False)
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.mark.usefixtures("empty")
def test_migrations_make_what_the_models_say() -> None:
    assert not schema.is_current()
    upgrade(revision=OLDEST)
    assert not schema.is_current()
    upgrade()
    assert schema.is_current()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": False,
                "include_object": lambda _item, name, kind, reflected, _other: (
                    not (kind == "table" and reflected and ("_fts" in str(name) or str(name).startswith("alembic")))
                    and not str(name).endswith("_search_tokens")
                ),
            },
        )
        differences = compare_metadata(context, db.metadata)
        if connection.dialect.name == "postgresql":
            assert connection.exec_driver_sql("SELECT stxname FROM pg_statistic_ext").scalars().all() == ["customer_lengths"]
    assert not differences


@pytest.mark.usefixtures("empty")
def test_data_of_the_oldest_version_lives_on() -> None:
    upgrade(revision=OLDEST)
    blanks = _blanks("customer")
    staff = {
        "account": "old", "name": "旧人", "role": "manager", "department": "", "post": "", "telephone": "", "email": "", "language": "en",
        "password_hash": "x", "password_changed_at": clock.now(), "must_change_password": False, "active": True, "is_demo": False,
        "created_at": clock.now(), "version": 1,
    }  # fmt: skip
    _insert("staff", staff)
    customer = {"number": "C2026000001", "full_name": "深圳𠮷䶮科技有限公司", "state": "active", "version": 1}
    _insert("customer", {**blanks, **customer})
    db.session.commit()
    upgrade()
    person = Staff.by_account("old")
    assert person is not None
    kept = db.session.query(Customer).one()
    assert kept.full_name == "深圳𠮷䶮科技有限公司"
    list(index_all())
    audit.write("change", "created", actor=person, record=kept)
    db.session.commit()
    assert [hit.id for hit in search(person, "𠮷䶮")] == [kept.id]


@pytest.mark.usefixtures("empty")
def test_authors_of_documents_are_found_in_what_is_there() -> None:
    upgrade(revision="0001")
    tables = ("staff", "customer", "credit_change", "investigation", "approval", "approval_round", "audit_event")
    blanks = {table: _blanks(table) for table in tables}
    for number in range(1, 7):
        _insert("staff", {**blanks["staff"], "id": number, "account": f"a{number}", "name": f"甲{number}", "role": "rep"})
    _insert("customer", {**blanks["customer"], "id": 1, "number": "C2026000001", "full_name": "甲"})
    empty: dict[str, object] = {"old": "{}", "customer_id": 1}
    _insert("credit_change", {**blanks["credit_change"], **empty, "id": 7, "created_by_id": 1, "reason": "甲", "state": "pending"})
    _insert("investigation", {**blanks["investigation"], "id": 8, "customer_id": 1, "created_by_id": 2})
    _insert("approval", {**blanks["approval"], "id": 9, "kind_name": "credit", "record_id": 7, "submitter_id": 3, "state": "pending"})
    empty = {"content": "{}", "chain": "{}"}
    _insert("approval_round", {**blanks["approval_round"], **empty, "approval_id": 9, "number": 1, "submitted_by_id": 4})
    for number, (kind, record, action, actor) in enumerate(
        (("CreditChange", 7, "credit-draft-changed", 5), ("Investigation", 8, "changed", 6), ("Customer", 1, "changed", 6))
    ):
        entry = {"record_type": kind, "record_id": record, "action": action, "actor_id": actor, "data": "{}", "hash": str(number)}
        _insert("audit_event", {**blanks["audit_event"], **entry, "kind": "change"})
    db.session.commit()
    upgrade()
    rows = db.session.execute(text("SELECT kind_name, record_id, staff_id FROM document_author ORDER BY 1, 2, 3"))
    assert [tuple(row) for row in rows] == [
        ("credit", 7, 1), ("credit", 7, 3), ("credit", 7, 4), ("credit", 7, 5), ("investigation", 8, 2), ("investigation", 8, 6),
    ]  # fmt: skip


@pytest.mark.usefixtures("empty")
def test_gifts_that_there_are_are_found_by_words() -> None:
    upgrade(revision="0041")
    tables = ("staff", "customer", "gift_campaign", "gift_tier", "gift_recipient", "gift_delivery", "gift_entry")
    blanks = {table: _blanks(table) for table in tables}
    _insert("staff", {**blanks["staff"], "id": 1, "account": "a", "name": "甲", "role": "manager"})
    _insert("customer", {**blanks["customer"], "id": 1, "number": "C2026000001", "full_name": "甲", "state": "active"})
    _insert("gift_campaign", {**blanks["gift_campaign"], "id": 1, "number": "GF1", "created_by_id": 1, "standards": "{}"})
    _insert("gift_tier", {**blanks["gift_tier"], "id": 1, "campaign_id": 1})
    belongs = {"customer_id": 1, "campaign_id": 1, "tier_id": 1}
    _insert("gift_recipient", {**blanks["gift_recipient"], **belongs, "id": 7, "person": "林经理", "state": "approved"})
    _insert("gift_delivery", {**blanks["gift_delivery"], **belongs, "id": 8, "recipient_id": 7, "tracking": "SF 1024"})
    entry = {"customer_id": 1, "id": 9, "organisation": "深圳𠮷䶮", "goods": "茶具 ×2", "source": "gift", "source_id": 7}
    _insert("gift_entry", {**blanks["gift_entry"], **entry})
    db.session.commit()
    upgrade()
    for index, number, texts in ((gift_delivery.SEARCH, 8, ("林经", "024")), (gift_register.SEARCH, 9, ("𠮷䶮", "茶具"))):
        assert [index.fits(text, 9) for text in texts] == [[number]] * 2
    assert [gift_delivery.SEARCH.fits(text, 9) for text in ("025", "茶")] == [[], []]


@pytest.mark.usefixtures("empty")
def test_what_was_approved_before_there_were_seals_waits_for_one() -> None:
    upgrade(revision="0005")
    blanks = {table: _blanks(table) for table in ("staff", "approval", "printed_sheet")}
    _insert("staff", {**blanks["staff"], "id": 1, "account": "a", "name": "甲", "role": "rep"})
    for number, state in enumerate(("approved", "pending", "rejected", "approved"), start=1):
        approval = {"id": number, "kind_name": "credit", "record_id": number, "submitter_id": 1, "state": state}
        _insert("approval", {**blanks["approval"], **approval})
    sheet = {"code": "K7QM2XDR9TBC", "subject": "credit_change:1", "copy_number": 1, "printed_by_id": 1, "approval_id": 1}
    _insert("printed_sheet", {**blanks["printed_sheet"], **sheet})
    db.session.commit()
    upgrade()
    assert due(10) == [1, 4]
    kept = db.session.query(PrintedSheet).one()
    assert (kept.code, kept.printed_by_id, kept.approval_id) == ("K7QM2XDR9TBC", 1, 1)
    kept.printed_by_id = None
    db.session.commit()


@pytest.mark.usefixtures("empty")
def test_versions_that_were_counted_by_leave_the_number_series() -> None:
    upgrade(revision="0008")
    _insert("number_series", {"name": "C2026", "last": 12})
    _insert("number_series", {"name": "counted dossier.rules", "last": 3})
    db.session.commit()
    upgrade()
    assert [tuple(row) for row in db.session.execute(text("SELECT name, last FROM number_series"))] == [("C2026", 12)]
    assert [tuple(row) for row in db.session.execute(text("SELECT standard, version FROM counted_version"))] == [("dossier.rules", 3)]
    db.session.remove()
    downgrade(revision="0011")
    kept = db.session.execute(text("SELECT last FROM number_series WHERE name = 'counted dossier.rules'"))
    assert kept.scalar_one() == 3


@pytest.mark.usefixtures("empty")
def test_migrated_audit_log_refuses_changes() -> None:
    upgrade()
    audit.write("system", "begun")
    db.session.commit()
    for statement in ("UPDATE audit_event SET label = 'x'", "DELETE FROM audit_event"):
        with pytest.raises(DBAPIError):
            db.session.execute(text(statement))
        db.session.rollback()


@pytest.mark.usefixtures("empty")
def test_what_was_bought_before_there_were_call_backs_is_no_event() -> None:
    upgrade(revision="0020")
    blanks = {table: _blanks(table) for table in ("staff", "customer", "sale")}
    _insert("staff", {**blanks["staff"], "id": 1, "account": "a", "name": "甲", "role": "rep"})
    _insert("customer", {**blanks["customer"], "id": 1, "number": "C2026000001", "full_name": "甲", "state": "active"})
    _insert("sale", {**blanks["sale"], "id": 7, "customer_id": 1, "state": "ordered", "amount": 100, "created_by_id": 1})
    db.session.commit()
    upgrade()
    assert callback_due.read_sales(clock.today()) == 0
    assert db.session.query(Customer).one().contacted_on == NEVER


@pytest.mark.usefixtures("empty")
def test_requests_learn_in_whose_charge_they_are_and_follow_it() -> None:
    upgrade(revision="0038")
    blanks = {table: _blanks(table) for table in ("staff", "customer", "service_request")}
    for number in (1, 2):
        _insert("staff", {**blanks["staff"], "id": number, "account": f"a{number}", "name": f"甲{number}", "role": "rep"})
    for number, state in enumerate(("active", "importing"), start=1):
        row = {"id": number, "number": f"C202600000{number}", "full_name": "甲", "state": state, "owner_id": 2}
        _insert("customer", {**blanks["customer"], **row})
    for number, customer in enumerate((1, 2, None), start=1):
        row = {"id": number, "customer_id": customer, "taken_by_id": 1, "assignee_id": 1, "waits": "[]", "kind": "complaint"}
        _insert("service_request", {**blanks["service_request"], **row})
    db.session.commit()
    upgrade()
    kept = text("SELECT in_charge_id FROM service_request ORDER BY id")
    assert list(db.session.scalars(kept)) == [2, None, 1]
    assert [tuple(row) for row in db.session.execute(text("SELECT part, number FROM complaint_tally ORDER BY part"))] == [
        ("cause", 3), ("channel", 3), ("department", 3),
    ]  # fmt: skip
    db.session.execute(text("UPDATE customer SET owner_id = 1, state = 'active'"))
    assert list(db.session.scalars(kept)) == [1, 1, 1]
    dialect = db.engine.dialect.name
    statements = [one for kept in in_charge.KEPT.values() for one in kept[dialect]]
    if dialect == "sqlite":
        made = set(db.session.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")))
        assert set(statements) <= made
    else:
        sources = "".join(db.session.scalars(text("SELECT prosrc FROM pg_proc WHERE proname LIKE '%in_charge%'")))
        assert all(made.partition("$$")[2].partition("$$")[0] in sources for made in statements)


@pytest.mark.usefixtures("empty")
def test_binders_that_there_are_stand_in_order() -> None:
    upgrade(revision="0049")
    blanks = {table: _blanks(table) for table in ("customer", "binder")}
    _insert("customer", {**blanks["customer"], "id": 1, "number": "C2026000001", "full_name": "甲", "state": "active"})
    for code in ("C2026000001-10", "C2026000001-9", "C2025123456-11"):
        _insert("binder", {**blanks["binder"], "customer_id": 1, "code": code})
    db.session.commit()
    upgrade()
    kept = db.session.scalars(text("SELECT code_key FROM binder ORDER BY code_key")).all()
    assert kept == ["C2025123456-000011", "C2026000001-000009", "C2026000001-000010"]


@pytest.mark.usefixtures("empty")
def test_lists_for_disposal_that_there_are_have_no_cards_and_take_some() -> None:
    upgrade(revision="0050")
    blanks = {table: _blanks(table) for table in ("staff", "customer", "dealings_end", "disposal")}
    _insert("staff", {**blanks["staff"], "id": 1, "account": "a", "name": "甲", "role": "manager"})
    for number in (1, 2):
        card = {"number": f"C202600000{number}", "full_name": f"第{number}有限公司", "state": "past", "version": 1}
        _insert("customer", {**blanks["customer"], **card, "id": number})
        _insert("dealings_end", {**blanks["dealings_end"], "customer_id": number, "by_id": 1, "ended_on": date(2012 + number, 3, 5)})
    _insert("disposal", {**blanks["disposal"], "id": 7, "created_by_id": 1, "state": "approved", "digests": "[]"})
    db.session.commit()
    upgrade()
    approved = db.session.get_one(Disposal, 7)
    assert (approved.cards, approved.card_version, approved.customers) == ([], None, [])
    manager = db.session.get_one(Staff, 1)
    assert [one.customer.id for one in disposal_cards.due(manager)] == [1, 2]
    disposal = Disposal.propose([], reason="期满", by=manager, card_ids=[2])
    db.session.commit()
    assert [one.customer_id for one in disposal.cards] == [2]
    db.session.remove()
    downgrade(revision="0050")
    assert db.session.execute(text("SELECT count(*) FROM disposal")).scalar() == 2
    db.session.commit()
    assert "disposal_card" not in inspect(db.engine).get_table_names()


def _counting() -> tuple[set[str], set[str]]:
    """Return the tables of SQLite that number their rows, and those of them in which no number is given twice."""
    made = dict(db.session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all())
    numbered = {table.name for table in db.metadata.sorted_tables if "id" in table.c and not table.c.id.foreign_keys}
    return numbered, {name for name, sql in made.items() if "AUTOINCREMENT" in (sql or "")}


@pytest.mark.usefixtures("empty")
def test_no_number_is_given_twice_in_tables_that_were_made_otherwise() -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL never did")
    event.remove(Table, "before_create", database._number_once)
    try:
        upgrade(revision="0047")
    finally:
        event.listen(Table, "before_create", database._number_once)
    assert _counting()[1] == set()
    db.session.commit()
    blanks, entry = _blanks("customer"), _blanks("audit_event")
    for number in (1, 2, 3):
        _insert("customer", {**blanks, "number": f"C202600000{number}", "full_name": f"第{number}有限公司", "state": "active"})
    logged = {"kind": "change", "action": "created", "record_type": "Customer", "record_id": 9}  # the log knows one that went before
    _insert("audit_event", {**entry, **logged, "data": "{}"})
    db.session.execute(text("DELETE FROM customer WHERE id = 3"))
    db.session.commit()
    indexes = text("SELECT count(*), count(DISTINCT tbl_name) FROM sqlite_master WHERE type IN ('index', 'trigger')")
    before = db.session.execute(indexes).one()
    db.session.commit()
    upgrade(revision="0048")
    assert db.session.execute(indexes).one() == before
    db.session.commit()
    upgrade()
    numbered, counting = _counting()
    assert numbered == counting
    assert db.session.scalar(text("PRAGMA integrity_check")) == "ok"
    assert db.session.scalars(text("SELECT full_name FROM customer ORDER BY id")).all() == ["第1有限公司", "第2有限公司"]
    _insert("customer", {**blanks, "number": "C2026000004", "full_name": "第4有限公司", "state": "active"})
    assert db.session.scalars(text("SELECT id FROM customer ORDER BY id")).all() == [1, 2, 10]


@pytest.mark.usefixtures("empty")
def test_no_number_is_given_twice_after_a_migration_that_makes_its_table_anew() -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL changes its tables where they are")
    upgrade(revision="0005")
    db.session.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES ('printed_sheet', 7)"))  # what was there has gone
    db.session.commit()
    upgrade()  # 0006 copies it into a new one
    assert db.session.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = 'printed_sheet'")) == 7


@pytest.mark.usefixtures("empty")
def test_down_and_up_again() -> None:
    upgrade()
    downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    upgrade()
    assert "customer" in inspect(db.engine).get_table_names()


def _blanks(table: str) -> dict[str, object]:
    """Return something for each column of the present table that must have a value, as the oldest version knew it."""
    found: dict[str, object] = {}
    for column in inspect(db.engine).get_columns(table):
        if column["nullable"] or column["name"] == "id":
            continue
        kind = str(column["type"]).split("(")[0]
        found[column["name"]] = {
            "BOOLEAN": False, "INTEGER": 0, "BIGINT": 0, "DATETIME": clock.now(), "TIMESTAMP": clock.now(), "DATE": clock.today()
        }.get(kind, "")  # fmt: skip
    return found


def _insert(table: str, values: dict[str, object]) -> None:
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    db.session.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)
