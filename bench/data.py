"""The bench's office: 20 teams, 200 reps, a million customers, contacts, events and approvals; the same for the same seed.

Rows go in by bulk statements, the search index through the portal's own `index_all`. A built SQLite database is kept
under `build/` and used again as long as neither the schema nor this file changes.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.schema import CreateTable

from portal import schema
from portal.database import db
from portal.demo import invent
from portal.models.approval import Approval
from portal.models.approval_round import ApprovalRound
from portal.models.approval_step import ApprovalStep
from portal.models.audit import GENESIS, AuditEvent, AuditHead, entry_hash
from portal.models.contact import Contact
from portal.models.customer import Customer, NumberSeries
from portal.models.dossier_completeness import follow_standards
from portal.models.search_index import index_all, tidy
from portal.models.staff import Staff, Team
from portal.rules.identifiers import normalise_phone
from portal.rules.names import name_stem
from portal.rules.pinyin import person_pinyin, pinyin_full

TEAMS, REPS_A_TEAM = 20, 10
CHUNK = 20_000
START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
PASSWORD = "portal-bench-2026"


def names(count: int, seed: int = 7) -> Iterator[str]:
    """Yield company names that differ, quickly: place, two or three brand characters, trade, suffix."""
    rng = random.Random(seed)
    places = [city.removesuffix("市") for _province, city, _district, _area in invent.PLACES]
    syllables = [*invent.FIRST[:28], *invent.SECOND]
    for number in range(count):
        digits, brand = number, ""
        for _place in range(4):
            digits, rest = divmod(digits, len(syllables))
            brand += syllables[rest]
        trade = invent.TRADES[number % len(invent.TRADES)][0]
        yield f"{rng.choice(places)}{brand[: 3 if number < len(syllables) ** 3 else 4]}{trade}{rng.choice(invent.ENDINGS)}"


def customers(count: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of `count` customers, spread over the teams and reps."""
    rng = random.Random(11)
    for number, name in enumerate(names(count), 1):
        province, city, district, area = invent.PLACES[number % len(invent.PLACES)]
        team = number % TEAMS
        rep = (number // TEAMS) % REPS_A_TEAM
        telephone = f"{area}-{20_000_000 + number}"
        yield {
            "id": number,
            "number": f"C2026{number:07d}",
            "full_name": name,
            "short_name": name[2:6],
            "credit_code": f"91440300MA5{number:06d}X" if number % 3 else "",
            "nature": "government" if number % 50 == 0 else "special" if number % 10 == 0 else "ordinary",
            "industry": invent.TRADES[number % len(invent.TRADES)][1],
            "size": ("large", "medium", "small")[number % 3],
            "province": province,
            "city": city,
            "district": district,
            "street": f"人民路{number % 900}号",
            "telephone": telephone,
            "telephone_key": normalise_phone(telephone).comparable,
            "legal_representative": invent.FAMILY[number % 200] + "伟",
            "main_business": "批发与零售",
            "state": ("active" if number % 20 else "past") if number % 7 else "prospect",
            "owner_id": 1 + team * (REPS_A_TEAM + 1) + rep,
            "team_id": team + 1,
            "stage_volume": ("main", "ordinary", "scattered")[number % 3],
            "grade": "ABC"[number % 3] if number % 7 else "",
            "name_key": name_stem(name),
            "name_sort": pinyin_full(name),
            "registered_on": date(2020, 1, 1) + timedelta(days=number % 2000),
            "created_at": START,
            "updated_at": START + timedelta(seconds=rng.randrange(0, 20_000_000)),
            "documents_missing": 0 if number % 4 else 3,  # as the worker has counted them: it has nothing left to do
            "version": 1,
        }


def contacts(count: int) -> Iterator[dict[str, Any]]:
    """Yield three contacts for every second customer: one and a half a customer."""
    rng = random.Random(13)
    for customer in range(1, count + 1, 2):
        for _one in range(3):
            name = rng.choice(invent.FAMILY) + rng.choice(invent.GIVEN)
            telephone = f"139{rng.randrange(10_000_000, 99_999_999)}"
            yield {
                "customer_id": customer,
                "name": name,
                "name_pinyin": person_pinyin(name),
                "post": "采购经理",
                "telephone": telephone,
                "telephone_key": telephone,
                "kept_for": "日常联系",
                "version": 1,
                "created_at": START,
            }


def events(count: int) -> Iterator[dict[str, Any]]:
    """Yield one and a half events a customer, chained as the audit log is."""
    previous = GENESIS
    for number in range(count * 3 // 2):
        customer = number % count + 1
        entry = {
            "at": START + timedelta(seconds=number),
            "kind": "change",
            "action": "card-changed",
            "actor_id": 1 + number % 200,
            "actor_name": "客户经理",
            "on_behalf_of": "",
            "address": "127.0.0.1",
            "record_type": "Customer",
            "record_id": customer,
            "customer_id": customer,
            "label": "客户",
            "data": {"changes": [{"field": "telephone", "old": "", "new": "0755-12345678"}], "source": "import"},
        }
        digest = entry_hash(previous, entry)
        yield {**entry, "previous_hash": previous, "hash": digest}
        previous = digest


def _fill(model: Any, rows: Iterator[dict[str, Any]], say: str) -> None:
    done, batch = 0, []
    for row in rows:
        batch.append(row)
        if len(batch) == CHUNK:
            db.session.execute(insert(model.__table__), batch)
            db.session.commit()
            done, batch = done + len(batch), []
            print(f"\r  {say} {done:,}", end="", flush=True)
    if batch:
        db.session.execute(insert(model.__table__), batch)
        db.session.commit()
    print(f"\r  {say} {done + len(batch):,}", flush=True)


def approvals(count: int, customers_count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return rows of approvals, rounds and steps: one in fifty waits for a signature, the others are decided."""
    documents, rounds, steps = [], [], []
    for number in range(1, count + 1):
        customer = number * 7 % customers_count + 1
        team = customer % TEAMS + 1
        waiting = number % 50 == 0
        state = "pending" if waiting else "approved"
        moment = START + timedelta(minutes=number)
        submitter = 1 + (team - 1) * (REPS_A_TEAM + 1)
        documents.append(
            {"id": number, "kind_name": "investigation", "record_id": 10_000_000 + number, "customer_id": customer, "team_id": team,
             "submitter_id": submitter, "state": state, "title": "批量客户",
             "sealed_at": None if waiting else moment}
        )  # fmt: skip
        rounds.append(
            {"id": number, "approval_id": number, "number": 1, "content": {"customer": {}}, "content_hash": "0" * 64, "chain": {},
             "submitted_by_id": submitter, "submitted_at": moment}
        )  # fmt: skip
        steps.append(
            {"approval_id": number, "round_id": number, "position": 1, "type": "portal", "role": "supervisor", "meaning": "review",
             "state": "open" if waiting else "done", "wanted": "supervisor",
             "pool": "manager" if number % 100 == 0 else f"team:{team}", "opened_at": moment, "due_on": date(2026, 3, 1)}
        )  # fmt: skip
    return documents, rounds, steps


def fill(count: int) -> None:
    """Fill the empty database of the current app with the bench's office."""
    for team in range(TEAMS):
        db.session.add(Team(id=team + 1, name=f"客户{team + 1}科", department="客户关系部"))
    db.session.flush()
    model = Staff(account="x", name="x", role="rep", password_hash="", password_changed_at=START)
    model.set_password(PASSWORD, by=None)
    db.session.info.pop("audit", None)
    common = {"password_hash": model.password_hash, "password_changed_at": START, "must_change_password": False}
    number = 0
    for team in range(TEAMS):
        for rep in range(REPS_A_TEAM):
            number += 1
            db.session.add(
                Staff(id=number, account=f"rep{team + 1}-{rep + 1}", name=f"专员{number}", role="rep", team_id=team + 1, **common)
            )
        number += 1
        db.session.add(Staff(id=number, account=f"sup{team + 1}", name=f"主管{team + 1}", role="supervisor", team_id=team + 1, **common))
    for manager in range(2):
        number += 1
        db.session.add(Staff(id=number, account=f"mgr{manager + 1}", name=f"经理{manager + 1}", role="manager", **common))
    db.session.add(NumberSeries(name="C2026", last=count))
    follow_standards()
    db.session.commit()
    _fill(Customer, customers(count), "customers")
    _fill(Contact, contacts(count), "contacts")
    _fill(AuditEvent, events(count), "events")
    head = db.session.execute(select(AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1)).scalar_one()
    db.session.execute(insert(AuditHead).values(id=1, last_hash=head, entries=count * 3 // 2))
    documents, rounds, steps = approvals(count // 10, count)
    _fill(Approval, iter(documents), "approvals")
    _fill(ApprovalRound, iter(rounds), "rounds")
    _fill(ApprovalStep, iter(steps), "steps")
    for done in index_all():
        db.session.commit()
        print(f"\r  search index {done:,}", end="", flush=True)
    tidy()
    db.session.commit()
    print(flush=True)
    if db.engine.dialect.name == "postgresql":
        tables = ("staff", "team", "customer", "contact", "approval", "approval_round", "approval_step", "audit_event", "number_series")
        for table in tables:
            _after_reset(table)
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    else:
        db.session.execute(text("ANALYZE"))
        db.session.commit()


def _after_reset(table: str) -> None:
    """Set the sequence of a table whose ids were given."""
    db.session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))"))
    db.session.commit()


def fingerprint(count: int) -> str:
    """Return what the built database depends on: size, schema and this file."""
    tables = "".join(str(CreateTable(table)) for table in db.metadata.sorted_tables)
    return hashlib.sha256(f"{count}{tables}{Path(__file__).read_text()}".encode()).hexdigest()[:12]


def build_sqlite(count: int, folder: Path, make_app: Any) -> Path:
    """Return the path of a filled SQLite database, built unless an equal one is there."""
    path = folder / f"bench-{count}-{fingerprint(count)}.sqlite3"
    if not path.exists():
        for old in folder.glob(f"bench-{count}-*"):
            old.unlink()
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        app = make_app(f"sqlite:///{part}")
        with app.app_context():
            schema.upgrade(app)
            fill(count)
            db.session.remove()
            raw = db.engine.raw_connection()
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raw.close()
            db.engine.dispose()
        shutil.move(part, path)
    return path
