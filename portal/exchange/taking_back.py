"""Taking an import back whole, as long as nothing it made was changed since (AR-40).

New customers go, with their contacts; changed ones get their old values. It works in chunks, each a transaction, and goes on after a
killed worker. What was changed between two chunks is left as it is and told.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import delete, exists, func, or_, select, update

from portal import clock, jobs
from portal.database import Base, db
from portal.exchange.book_tables import book_of
from portal.exchange.importing import WRITE_CHUNK, delete_customers
from portal.exchange.opening import import_page
from portal.exchange.register_table import register_of
from portal.models import audit, card
from portal.models.audit import AuditEvent
from portal.models.contact import Contact
from portal.models.contact import derived as contact_derived
from portal.models.customer import Customer, derived
from portal.models.import_run import ImportRow, ImportRun, ensure_may
from portal.models.job import Job
from portal.models.notice import notify
from portal.models.search_index import index_many
from portal.rules.message import N_, Message

QUIET: dict[str, Any] = {"synchronize_session": False}
LOOKS = ("access", "export")
"""Kinds of entries that change nothing."""
OWN = ("customer_search", "duplicate_pair")
"""Tables that the portal works out from the customers themselves: what stands there goes with them."""


class Obstacle(NamedTuple):
    """What stands in the way: a customer and why."""

    customer_id: int
    name: str
    why: Message


CHANGED = Message(N_("changed since the import"))
HANGING = Message(N_("other records hang on it by now"))


def obstacles(run: ImportRun, most: int = 20) -> list[Obstacle]:
    """Return what stands in the way of taking the import back, at most so many."""
    book = book_of(run.table_name)
    if book is not None:
        from portal.exchange.book_importing import book_obstacles

        return book_obstacles(run, book, most)
    register = register_of(run.table_name)
    if register is not None:
        from portal.exchange.entry_importing import entry_obstacles

        return entry_obstacles(run, register, most)
    found: list[Obstacle] = []
    made = select(Customer.id, Customer.full_name).where(Customer.import_id == run.id)
    for why, condition in ((CHANGED, or_(Customer.version != 1, _logged_since(run))), (HANGING, _hanging(run))):
        if len(found) < most:
            rows = db.session.execute(made.where(condition).limit(most - len(found)))
            found += [Obstacle(row.id, row.full_name, why) for row in rows if row.id not in {one.customer_id for one in found}]
    if len(found) < most:
        found += _changed_again(run, most - len(found))
    return found


def _logged_since(run: ImportRun) -> Any:
    """Return the condition that the log knows more of a customer than its making by this import."""
    since = run.ended_at or run.created_at
    return exists().where(AuditEvent.customer_id == Customer.id, AuditEvent.at > since, AuditEvent.kind.not_in(LOOKS))


def _hanging(run: ImportRun) -> Any:
    """Return the condition that something but this import's contacts hangs on a customer, whatever tables there are."""
    conditions = []
    for table in Base.metadata.tables.values():
        for column in table.columns:
            own = table.name in OWN or (table.name == "customer" and column.name == "id")
            if own or not any(key.column.table.name == "customer" for key in column.foreign_keys):
                continue
            other = table.alias()
            here = exists().select_from(other).where(other.c[column.name] == Customer.id)
            if table.name == "contact":
                here = here.where(or_(other.c.import_id.is_distinct_from(run.id), other.c.version != 1))
            conditions.append(here)
    return or_(*conditions)


def _changed_again(run: ImportRun, most: int) -> list[Obstacle]:
    """Return customers that the import changed and somebody after it."""
    last = (
        select(ImportRow.customer_id, func.max(ImportRow.row).label(ImportRow.row.key))
        .where(ImportRow.run_id == run.id, ImportRow.outcome == "changed")
        .group_by(ImportRow.customer_id)
        .subquery()
    )
    query = (
        select(ImportRow.data, ImportRow.customer_id, Customer.version, Customer.full_name)
        .join(last, (last.c.customer_id == ImportRow.customer_id) & (last.c.row == ImportRow.row))
        .outerjoin(Customer, Customer.id == ImportRow.customer_id)
        .where(ImportRow.run_id == run.id)
    )
    found = []
    for row in db.session.execute(query.execution_options(yield_per=1000)):
        if row.version != row.data["version"]:
            found.append(Obstacle(row.customer_id, row.full_name or str(row.customer_id), CHANGED))
            if len(found) == most:
                break
    return found


@jobs.kind("import-take-back", title=N_("Taking an import back"), page=import_page)
def take_back(job: Job) -> None:
    """Do it. Safe to run twice."""
    run = db.session.get_one(ImportRun, job.args["run"])
    if run.state != "taking-back":
        return
    assert job.staff is not None  # noqa: S101 - somebody has asked for it
    ensure_may(job.staff, run.as_state)
    book = book_of(run.table_name)
    if book is not None:
        from portal.exchange.book_importing import take_back_rows

        take_back_rows(run, book, job)
        return
    register = register_of(run.table_name)
    if register is not None:
        from portal.exchange.entry_importing import take_back_entries

        take_back_entries(run, register, job)
        return
    total = int(run.counts.get("created", 0)) + int(run.counts.get("changed", 0))
    untouched = [Customer.version == 1, ~_logged_since(run), ~_hanging(run)]
    while rows := db.session.execute(
        select(Customer.id, Customer.full_name, Customer.number)
        .where(Customer.import_id == run.id, *untouched)
        .order_by(Customer.id)
        .limit(WRITE_CHUNK)
        .with_for_update(of=Customer)  # whoever is changing one of them at this moment is done first
    ).all():
        entries = [
            {
                "action": "taken-back",
                "record_type": "Customer",
                "record_id": row.id,
                "customer_id": row.id,
                "label": row.full_name,
                "number": row.number,
            }
            for row in rows
        ]
        audit.write_many("change", entries, actor=job.staff, source=run.filename, import_id=run.id)
        delete_customers([row.id for row in rows])
        job.progress(job.done + len(rows), total)
        db.session.commit()
    mine = (ImportRow.run_id == run.id, ImportRow.outcome == "changed")
    again = set(db.session.scalars(select(ImportRow.customer_id).where(*mine).group_by(ImportRow.customer_id).having(func.count() > 1)))
    while changed := list(db.session.scalars(select(ImportRow).where(*mine).order_by(ImportRow.row.desc()).limit(WRITE_CHUNK))):
        for row in changed:
            _restore(run, row, job, again=row.customer_id in again)
        index_many({row.customer_id for row in changed if row.customer_id is not None})
        job.progress(job.done + len(changed), total)
        db.session.commit()
    left = db.session.scalar(select(func.count()).select_from(Customer).where(Customer.import_id == run.id)) or 0
    left += (
        db.session.scalar(select(func.count()).select_from(ImportRow).where(ImportRow.run_id == run.id, ImportRow.outcome == "kept")) or 0
    )
    run.state, run.ended_at = "taken-back", clock.now()
    run.counts = {**run.counts, "kept": left}
    audit.write("import", "taken-back", actor=job.staff, record=run, label=run.filename, kept=left)
    message = Message(
        N_("The import of %(file)s is taken back; %(kept)s customers stay, because they were changed meanwhile."),
        {"file": run.filename, "kept": left},
    )
    notify(
        job.staff,
        message if left else Message(N_("The import of %(file)s is taken back."), {"file": run.filename}),
        link=f"/imports/{run.id}",
    )


def _restore(run: ImportRun, row: ImportRow, job: Job, *, again: bool) -> None:
    """Give a changed customer its old values, unless it was changed again; the staged row is used up either way.

    Its version goes up as with every change, or a form that was opened before would overwrite what is saved after (AR-4). With `again`
    an earlier chunk of the same import has changed the customer too, and is told the version.
    """
    assert job.staff is not None  # noqa: S101 - somebody has asked for it
    assert row.customer_id is not None  # noqa: S101 - a changed row has its customer
    data, table = row.data, Customer.__table__
    values = {name: card.CARD[name].read(value) if value != "" else card.CARD[name].empty for name, value in data["card"].items()}
    before = db.session.execute(
        select(Customer.full_name, *(getattr(Customer, name) for name in values)).where(Customer.id == row.customer_id)
    ).first()
    if before is None or not _put_back(table, row.customer_id, data["version"], {**values, **derived(values), "updated_at": clock.now()}):
        row.outcome = "kept"
        return
    db.session.execute(
        delete(Contact).where(Contact.customer_id == row.customer_id, Contact.import_id == run.id, Contact.version == 1),
        execution_options=QUIET,
    )
    contacts = {
        one["id"]: one["version"]
        for one in data["contacts"]
        if _put_back(Contact.__table__, one["id"], one["version"], {**one["old"], **contact_derived(one["old"])})
    }
    if again:
        _follow(row, contacts)
    shown = [{"field": name, "old": card.CARD[name].text(getattr(before, name)), "new": value} for name, value in data["card"].items()]
    audit.write_many(
        "change",
        [{"action": "taken-back", "record_type": "Customer", "record_id": row.customer_id, "customer_id": row.customer_id,
          "label": before.full_name, "changes": shown}],
        actor=job.staff, source=run.filename, import_id=run.id,
    )  # fmt: skip
    row.outcome = "restored"


def _put_back(table: Any, number: int, version: int, values: dict[str, Any]) -> bool:
    """Give a record of this version its old values; returns whether it still had that version."""
    statement = update(table).where(table.c.id == number, table.c.version == version)
    return bool(db.session.execute(statement.values(**values, version=version + 1)).rowcount)  # type: ignore[attr-defined]


def _follow(row: ImportRow, contacts: dict[int, int]) -> None:
    """Tell the rows further up that changed the same customer its version now, and those of its contacts put back: id → version before."""
    versions = [row.data["version"]]
    earlier = select(ImportRow).where(
        ImportRow.run_id == row.run_id, ImportRow.outcome == "changed", ImportRow.customer_id == row.customer_id, ImportRow.row < row.row
    )
    for one in db.session.scalars(earlier.order_by(ImportRow.row.desc())):
        data = one.data
        if versions and versions.pop() == data["version"] + 1:
            data = {**data, "version": data["version"] + 2}
        found = [
            {**contact, "version": contact["version"] + 2} if contacts.pop(contact["id"], 0) == contact["version"] + 1 else contact
            for contact in data["contacts"]
        ]
        one.data = {**data, "contacts": found}
