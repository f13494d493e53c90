"""The audit log (RO-7): who did what, when, from which address, with old and new values; chained by hash.

One log serves everything: the audit page, a customer's history (AR-4) and timeline (AR-7). Entries are added with
`write`; at commit they get their place in the chain, under a lock held only for that moment. The database refuses
to change or remove an entry (triggers), and `verify` finds what was altered past the portal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import DDL, Index, Select, event, false, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from portal import clock
from portal.database import Base, JsonValue, db, write_apart
from portal.inserting import insert_rows

KINDS = ("sign-in", "access", "change", "permission", "signature", "approval", "print", "export", "import", "system")
"""Kinds of entries; kept apart so that each can be shown and kept by itself (quality.md: law of data)."""

address: ContextVar[str] = ContextVar("address", default="")
"""Where the present request comes from; set by the web layer, empty in jobs and commands."""

GENESIS = "0" * 64


class AuditEvent(Base):
    """One entry. `data` carries what the kind needs: `changes` [{field, old, new}], `reason`, `effective_on`, `source`."""

    __tablename__ = "audit_event"

    at: Mapped[datetime]
    kind: Mapped[str]
    action: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column()
    actor_name: Mapped[str] = mapped_column(default="")
    on_behalf_of: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    record_type: Mapped[str] = mapped_column(default="")
    record_id: Mapped[int | None]
    customer_id: Mapped[int | None]
    label: Mapped[str] = mapped_column(default="")
    data: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    previous_hash: Mapped[str]
    hash: Mapped[str]

    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "actor_id", "id"),
        Index(None, "kind", "id"),
        Index(None, "record_type", "record_id", "id"),
        Index(None, "at"),
    )

    @classmethod
    def visible_to(cls, user: Any) -> Select[AuditEvent]:
        """Return the log for managers, nothing for others: a customer's story is read through the customer (history.py)."""
        return select(cls) if user.is_manager else select(cls).where(false())


class AuditHead(Base):
    """The end of the chain: one row, locked while entries are added."""

    __tablename__ = "audit_head"

    last_hash: Mapped[str] = mapped_column(default=GENESIS)
    entries: Mapped[int] = mapped_column(default=0)


_SQLITE_GUARDS = [
    f"CREATE TRIGGER audit_event_no_{verb} BEFORE {verb.upper()} ON audit_event "
    "BEGIN SELECT RAISE(ABORT, 'the audit log cannot be changed'); END"
    for verb in ("update", "delete")
]
_POSTGRES_GUARDS = [
    "CREATE OR REPLACE FUNCTION audit_event_guard() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log cannot be changed'; END $$",
    "CREATE TRIGGER audit_event_guard BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_event_guard()",
    "CREATE TRIGGER audit_event_keep BEFORE TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION audit_event_guard()",
]
GUARDS = {"sqlite": _SQLITE_GUARDS, "postgresql": _POSTGRES_GUARDS}
"""Statements that make the log append-only, by database; the migration runs the same."""
for _dialect, _statements in GUARDS.items():
    for _statement in _statements:
        event.listen(AuditEvent.__table__, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))


# Made once: an import writes 100,000 entries, and making an encoder takes longer than using it.
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode


def entry_hash(previous: str, row: dict[str, Any]) -> str:
    """Return the SHA-256 that binds an entry to the one before it. `row` holds every column but id and the two hashes."""
    moment: datetime = row["at"]
    return hashlib.sha256((previous + _canonical({**row, "at": moment.astimezone(UTC).isoformat()})).encode()).hexdigest()


def write(
    kind: str,
    action: str,
    *,
    actor: Any = None,
    record: Any = None,
    customer_id: int | None = None,
    label: str = "",
    on_behalf_of: str = "",
    session: Session | None = None,
    **data: Any,
) -> None:
    """Add an entry to the transaction of `session` (the request's by default). `actor` is a `Staff` or None for the portal itself.

    `customer_id` is taken from the record where it has one, so that the entry stands in the customer's timeline.
    """
    assert kind in KINDS, kind  # noqa: S101 - a misspelt kind is a mistake of ours, not of a user
    session = session or db.session()
    if not session.in_transaction():
        session.begin()  # so that a rollback takes the entry along
    if record is not None:
        session.flush()
        if customer_id is None:
            customer_id = record.id if type(record).__name__ == "Customer" else getattr(record, "customer_id", None)
    entry = {
        "at": clock.now(),
        "kind": kind,
        "action": action,
        "actor_id": actor.id if actor is not None else None,
        "actor_name": actor.name if actor is not None else "",
        "on_behalf_of": on_behalf_of,
        "address": address.get(),
        "record_type": type(record).__name__ if record is not None else "",
        "record_id": record.id if record is not None else None,
        "customer_id": customer_id,
        "label": label,
        "data": json.loads(_canonical(data), parse_float=str),  # databases spell floats differently
    }
    session.info.setdefault("audit", []).append(entry)


def write_many(kind: str, entries: Iterable[dict[str, Any]], *, actor: Any, **data: Any) -> None:
    """Add many entries to the transaction at once: for bulk work past the ORM, where a flush an entry would cost the most.

    Each gives action, record_type, record_id, customer_id and label; its further keys, and `data` for all of them, must be
    plain: texts, whole numbers, lists and dictionaries.
    """
    assert kind in KINDS, kind  # noqa: S101 - a misspelt kind is a mistake of ours, not of a user
    common = {
        "at": clock.now(),
        "kind": kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "on_behalf_of": "",
        "address": address.get(),
    }
    own = ("action", "record_type", "record_id", "customer_id", "label")
    written = [
        {**common, **{key: entry[key] for key in own}, "data": {**data, **{key: value for key, value in entry.items() if key not in own}}}
        for entry in entries
    ]
    db.session().info.setdefault("audit", []).extend(written)


def write_view(action: str, *, actor: Any, record: Any, label: str = "", **data: Any) -> None:
    """Write that somebody looked at something, in a transaction of its own, because reading requests write nothing."""
    with write_apart() as session:
        write("access", action, actor=actor, record=record, label=label, session=session, **data)


# Made once, because every look at a customer is written.
_head = AuditHead.__table__.c
_HEAD = select(_head.id, _head.last_hash, _head.entries).with_for_update()
_COLUMNS = tuple(column.key for column in AuditEvent.__table__.columns if column.key != "id")
_VALUES = itemgetter(*_COLUMNS)
_MOVE_HEAD: Any = update(AuditHead.__table__).where(_head.id == 1)  # type: ignore[arg-type]


@event.listens_for(Session, "before_commit")
def _chain(session: Session) -> None:
    """Give the transaction's entries their place at the end of the chain."""
    if session.in_nested_transaction():
        return  # a savepoint is released; the chain is written once, when the whole transaction is
    entries: list[dict[str, Any]] = session.info.pop("audit", [])
    if not entries:
        return
    session.flush()
    head = session.execute(_HEAD).first()
    if head is None:
        # The very first entries of a site: of several at once, one makes the head and the others wait for it.
        first = (postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert)(AuditHead)
        session.execute(first.values(id=1, last_hash=GENESIS, entries=0).on_conflict_do_nothing())
        head = session.execute(_HEAD).one()
    previous, count = head.last_hash, head.entries
    for entry in entries:
        digest = entry_hash(previous, entry)
        entry["previous_hash"], entry["hash"] = previous, digest
        previous = digest
    insert_rows(session, AuditEvent.__table__, _COLUMNS, map(_VALUES, entries))
    session.execute(_MOVE_HEAD, {"last_hash": previous, "entries": count + len(entries)})


_before_savepoint: WeakKeyDictionary[SessionTransaction, int] = WeakKeyDictionary()
"""How many entries there were before each savepoint."""


@event.listens_for(Session, "after_transaction_create")
def _mark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        _before_savepoint[transaction] = len(session.info.get("audit", []))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """Drop the entries of a transaction, or of a savepoint, that did not happen."""
    if transaction.nested:
        del session.info.get("audit", [])[_before_savepoint.get(transaction, 0) :]
    elif transaction.parent is None:
        session.info.pop("audit", None)


def end_of_chain() -> tuple[int, str]:
    """Return how many entries there are and the hash of the last one: noted elsewhere, it shows a log that was written anew."""
    head = db.session.execute(select(AuditHead.entries, AuditHead.last_hash)).first()
    return (head.entries, head.last_hash) if head else (0, GENESIS)


_HASHED = [column.key for column in AuditEvent.__table__.columns if column.key not in ("id", "previous_hash", "hash")]


def verify() -> Iterator[str]:
    """Yield a line for each place where the chain does not hold: an altered, removed or inserted entry (RO-7).

    What is written meanwhile is read too: on PostgreSQL each statement sees what was committed before it.
    """
    previous, count, last_id, passed = GENESIS, 0, 0, -1
    head: Any = None
    while passed < count and (head is None or head.entries > count):
        passed = count
        entries = select(AuditEvent).where(AuditEvent.id > last_id).order_by(AuditEvent.id)
        for entry in db.session.scalars(entries.execution_options(yield_per=2000)):
            if entry.previous_hash != previous:
                yield f"entry {entry.id}: does not follow entry {last_id}: one or more entries between them were removed or inserted"
            if entry_hash(entry.previous_hash, {key: getattr(entry, key) for key in _HASHED}) != entry.hash:
                yield f"entry {entry.id}: was altered ({entry.kind} {entry.action}, {entry.at:%Y-%m-%d %H:%M:%S} UTC)"
            previous, last_id = entry.hash, entry.id
            count += 1
        head = db.session.execute(select(AuditHead.entries, AuditHead.last_hash)).first()
    if head is None and count:
        yield "end: the row that says how many entries were written is missing"
    if head is not None and (head.last_hash != previous or head.entries != count):
        yield f"end: {head.entries} entries were written, {count} are here, the last one is entry {last_id}"
