"""The job that writes what the check of an imported file has staged (AR-40).

How a killed worker goes on, and how all or nothing is kept, is told in `models/import_run.py`. Writing goes past the ORM, because
100,000 rows would take minutes in it; what a row means is decided by `judging.py`, what follows from a card by `models/customer.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, bindparam, delete, false, insert, literal, null, select, text, true, update

from portal import clock, database, jobs
from portal.database import db
from portal.exchange.checking import QUIET, drop_staged
from portal.exchange.customer_table import Record, as_stored
from portal.exchange.judging import Judge, Verdict
from portal.exchange.opening import import_page, open_upload
from portal.exchange.refused import as_staged, keep_refused
from portal.exchange.register_table import register_of
from portal.models import audit, card
from portal.models.contact import Contact
from portal.models.contact import derived as contact_derived
from portal.models.customer import Customer, CustomerState, NumberSeries, derived, with_line
from portal.models.import_run import ImportRow, ImportRun, ensure_may
from portal.models.job import Job
from portal.models.notice import notify
from portal.models.search import index_many
from portal.models.standard import value as standard
from portal.rules.message import N_, Message, Refusal
from portal.rules.numbering import customer_number

WRITE_CHUNK = 2000


@jobs.kind("import-write", title=N_("Importing"), page=import_page)
def write(job: Job) -> None:
    """Write what was staged, a chunk a transaction; after a killed worker it goes on with what is left."""
    run = db.session.get_one(ImportRun, job.args["run"])
    if run.state != "importing":
        return
    try:
        _writer(run, job).write()
    except Refusal:
        db.session.rollback()
        remove_hidden(run)
        drop_staged(run.id)
        db.session.execute(
            update(ImportRun).where(ImportRun.id == run.id, ImportRun.state == "importing").values(state="failed", ended_at=clock.now())
        )
        db.session.commit()
        raise


def _writer(run: ImportRun, job: Job) -> Writer:
    if register_of(run.table_name) is None:
        return Writer(run, job)
    from portal.exchange.entry_importing import EntryWriter

    return EntryWriter(run, job)


def remove_hidden(run: ImportRun) -> None:
    """Remove what an import of all or nothing has made and not shown, a chunk a transaction."""
    if register_of(run.table_name) is not None:
        from portal.exchange.entry_importing import remove_hidden_entries

        remove_hidden_entries(run.id)
        return
    hidden = select(Customer.id).where(Customer.import_id == run.id, Customer.state == CustomerState.IMPORTING).limit(WRITE_CHUNK)
    while ids := list(db.session.scalars(hidden)):
        delete_customers(ids)
        db.session.commit()


def delete_customers(ids: list[int]) -> None:
    """Delete customers and their contacts past the ORM, and from the search."""
    db.session.execute(delete(Contact).where(Contact.customer_id.in_(ids)), execution_options=QUIET)
    db.session.execute(delete(Customer).where(Customer.id.in_(ids)), execution_options=QUIET)
    index_many(ids)


class Writer:
    """Writes one import."""

    def __init__(self, run: ImportRun, job: Job) -> None:
        self.run, self.job = run, job
        self.whole = run.mode == "all"
        self.prefix, self.today = standard("customer.number_prefix"), clock.today()
        self.state = CustomerState.IMPORTING.value if self.whole else run.as_state
        self.blank = {name: card.CARD[name].empty for name in run.mapping.values() if name in card.CARD}
        self.blank |= {"name_key": "", "name_sort": "", "telephone_key": "", "registered_on": None}
        self.blank_contact = {name: entry.empty for name, entry in card.CONTACT.items()}
        self.counts = {"created": 0, "changed": 0, "added_contacts": 0, "late": 0, "left_out": 0, **run.counts}

    def write(self) -> None:
        """Write everything; raises `Refusal` where all or nothing finds a row that cannot be written."""
        total = sum(self.run.counts.get(name, 0) for name in ("new", "update"))
        self._leave_out()
        outcomes = ("new",) if self.whole else ("new", "update", "contact")
        while chunk := self._next(outcomes, WRITE_CHUNK):
            self._write(chunk)
            self._note(min(self.job.done + len(chunk), total), total)
            db.session.commit()
        if self.whole:
            while chunk := self._next(("update", "contact"), None):
                self._write(chunk)
            self.show()
        self._end()

    def show(self) -> None:
        """Let everybody see, and find, what an import of all or nothing has made."""
        db.session.execute(
            update(Customer)
            .where(Customer.import_id == self.run.id, Customer.state == CustomerState.IMPORTING)
            .values(state=self.run.as_state),
            execution_options=QUIET,
        )
        db.session.commit()
        self._index_shown()

    def record(self, row: Any) -> Any:
        """Return the record of a staged row."""
        return _record(row)

    def _leave_out(self) -> None:
        """Refuse the likely duplicates where that was asked for."""
        if self.run.skip_duplicates:
            done = db.session.execute(
                update(ImportRow)
                .where(ImportRow.run_id == self.run.id, ImportRow.outcome == "new", ImportRow.duplicate.is_(True))
                .values(outcome="refused"),
                execution_options=QUIET,
            )
            self.counts["left_out"] += done.rowcount  # type: ignore[attr-defined]
            self._note(self.job.done, None)
            db.session.commit()

    def _next(self, outcomes: tuple[str, ...], most: int | None) -> list[tuple[int, Record]]:
        """Return the next staged rows as (id, record), read apart from the writing, so that other writers get their turn."""
        query = select(ImportRow.id, ImportRow.row, ImportRow.data).where(ImportRow.run_id == self.run.id, ImportRow.outcome.in_(outcomes))
        if self.whole and "update" in outcomes:
            return [(row.id, self.record(row)) for row in db.session.execute(query.order_by(ImportRow.row))]
        database.read_only(True)
        try:
            found = [(row.id, self.record(row)) for row in db.session.execute(query.order_by(ImportRow.row).limit(most))]
            db.session.commit()
        finally:
            database.read_only(False)
        return found

    def _write(self, chunk: list[tuple[int, Record]]) -> None:
        run, records = self.run, [record for _, record in chunk]
        db.session.refresh(run.staff)
        ensure_may(run.staff, run.as_state)
        series = f"{self.prefix}{self.today.year}"
        # The series' row is locked first: two imports that run at once cannot both find that a customer is not there.
        NumberSeries.take(series, 0)
        judge = Judge(run, run.staff)
        verdicts = judge.check_again(records)
        late = [verdict for verdict in verdicts if verdict.outcome == "refused"]
        if late and self.whole:
            raise Refusal(
                "All or nothing: row %(row)s can no longer be imported. Nothing was imported; check the file again.", row=late[0].record.row
            )
        new = [verdict for verdict in verdicts if verdict.outcome == "new"]
        first = NumberSeries.take(series, len(new)) if new else 0
        entries = self._create(new, first)
        changed = [verdict for verdict in verdicts if verdict.outcome == "update"]
        undo = self._change(changed)
        if entries:
            audit.write_many("change", entries, actor=run.staff, source=run.filename, import_id=run.id)
        self._settle(chunk, verdicts, undo)
        self.counts["created"] += len(new)
        self.counts["changed"] += len(undo)
        self.counts["late"] += len(late)

    def _create(self, verdicts: list[Verdict], first: int) -> list[dict[str, Any]]:
        """Insert new customers and their contacts, and return what the log says of them."""
        if not verdicts:
            return []
        run, moment = self.run, clock.now()
        common = {**self.blank, "state": self.state, "import_id": run.id, "created_at": moment, "updated_at": moment}
        rows, numbers = [], []
        for serial, verdict in enumerate(verdicts, first):
            record, owner = verdict.record, verdict.owner
            assert owner is not None  # noqa: S101 - the judge names somebody for every new customer
            number = customer_number(self.prefix, self.today.year, serial)
            numbers.append(number)
            row = {**common, **record.card, **record.derived, "number": number, "owner_id": owner.id, "team_id": owner.team_id}
            for name in _TYPED:
                if name in record.card:
                    row[name] = as_stored(name, row[name])
            if run.as_state == CustomerState.ACTIVE:
                row["registered_on"] = as_stored("first_deal_on", record.registered_on) if record.registered_on else self.today
            row["contact_count"] = len(verdict.contacts)
            rows.append(row)
        db.session.execute(_insert_customers(frozenset(rows[0])), rows)
        ids = {row.number: row.id for row in db.session.execute(select(Customer.id, Customer.number).where(Customer.number.in_(numbers)))}
        self._add_contacts(
            (ids[number], contact) for number, verdict in zip(numbers, verdicts, strict=True) for contact in verdict.contacts
        )
        if not self.whole:
            index_many(ids.values())
        return [
            {
                "action": "created",
                "record_type": "Customer",
                "record_id": ids[number],
                "customer_id": ids[number],
                "label": verdict.record.card["full_name"],
                "row": verdict.record.row,
            }
            for number, verdict in zip(numbers, verdicts, strict=True)
        ]

    def _add_contacts(self, contacts: Iterable[tuple[int, dict[str, Any]]]) -> None:
        moment = clock.now()
        rows = [
            {
                **self.blank_contact,
                "telephone_key": "",
                **contact,
                **contact_derived(contact),
                "customer_id": customer_id,
                "import_id": self.run.id,
                "version": 1,
                "created_at": moment,
            }
            for customer_id, contact in contacts
        ]
        self.counts["added_contacts"] += len(rows)
        if rows:
            db.session.execute(insert(Contact.__table__), rows)  # type: ignore[arg-type]

    def _change(self, verdicts: list[Verdict]) -> dict[int, dict[str, Any]]:
        """Change customers that are there, each once a chunk; returns by row what they were before, for taking back."""
        if not verdicts:
            return {}
        moment, undo = clock.now(), {}
        groups: dict[int, list[Verdict]] = {}
        for verdict in verdicts:
            groups.setdefault(verdict.customer.id, []).append(verdict)
        entries: list[dict[str, Any]] = []
        for customer_id, group in groups.items():
            customer = group[0].customer
            changes = {name: value for verdict in group for name, value in verdict.changes.items()}
            values = {name: as_stored(name, value) for name, value in changes.items()}
            if "full_name" in values:
                kept = values.get("former_names", customer.former_names)
                values["former_names"] = with_line(kept, customer.full_name, without=values["full_name"])
            old = {name: card.CARD[name].text(getattr(customer, name)) for name in values}
            contacts = self._change_contacts(group, entries)
            if customer.import_id == self.run.id:
                continue  # made by this import; what further rows say of its contacts belongs to its making
            if values:
                shown = [{"field": name, "old": old[name], "new": card.CARD[name].text(value)} for name, value in values.items()]
                entries.append(
                    {
                        "record_type": "Customer",
                        "record_id": customer_id,
                        "customer_id": customer_id,
                        "label": customer.full_name,
                        "action": "changed",
                        "changes": shown,
                    }
                )
            values |= {**derived(values), "version": customer.version + 1, "updated_at": moment}
            statement = update(Customer.__table__).where(Customer.__table__.c.id == customer_id)  # type: ignore[arg-type]
            db.session.execute(statement.values(**values))
            undo[group[0].record.row] = {"version": customer.version + 1, "card": old, "contacts": contacts}
        self._add_contacts((verdict.customer.id, contact) for verdict in verdicts for contact in verdict.contacts)
        self._log_changes(verdicts, entries)
        if not self.whole:
            index_many(groups)
        return undo

    def _change_contacts(self, group: list[Verdict], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Change contacts that say something new; returns what they were before."""
        undo = []
        for contact, changes in (change for verdict in group for change in verdict.changed_contacts):
            old = {name: getattr(contact, name) for name in changes}
            statement = update(Contact.__table__).where(Contact.__table__.c.id == contact.id)  # type: ignore[arg-type]
            db.session.execute(statement.values(**changes, **contact_derived(changes), version=contact.version + 1))
            undo.append({"id": contact.id, "version": contact.version + 1, "old": old})
            shown = [{"field": name, "old": old[name], "new": value} for name, value in changes.items()]
            entries.append(
                {
                    "record_type": "Contact",
                    "record_id": contact.id,
                    "customer_id": contact.customer_id,
                    "label": contact.name,
                    "action": "changed",
                    "changes": shown,
                }
            )
        return undo

    def _log_changes(self, verdicts: list[Verdict], entries: list[dict[str, Any]]) -> None:
        """Write what was changed into the log, contacts added to customers that were there included (AR-4)."""
        run = self.run
        with_new = {verdict.customer.id for verdict in verdicts if verdict.contacts and verdict.customer.import_id != run.id}
        if with_new:
            added = db.session.execute(select(Contact.__table__).where(Contact.customer_id.in_(with_new), Contact.import_id == run.id))
            names = {(verdict.customer.id, one["name"]) for verdict in verdicts for one in verdict.contacts}
            for row in added:
                if (row.customer_id, row.name) in names:
                    shown = [
                        {"field": entry.name, "old": "", "new": value}
                        for entry in card.CONTACT_FIELDS
                        if (value := getattr(row, entry.name)) not in ("", False)
                    ]
                    entries.append(
                        {
                            "record_type": "Contact",
                            "record_id": row.id,
                            "customer_id": row.customer_id,
                            "label": row.name,
                            "action": "added",
                            "changes": shown,
                        }
                    )
        audit.write_many(
            "change",
            entries,
            actor=run.staff,
            source=run.filename,
            reason=run.reason,
            effective_on=run.effective_on.isoformat(),
            import_id=run.id,
        )

    def _settle(self, chunk: list[tuple[int, Record]], verdicts: list[Verdict], undo: dict[int, dict[str, Any]]) -> None:
        """Take the chunk out of what is staged; rows refused now and what taking back needs stay."""
        done = []
        for (staged_id, record), verdict in zip(chunk, verdicts, strict=True):
            values: dict[str, Any] = {}
            if verdict.outcome == "refused":
                values = {"outcome": "refused", "data": {}, "problems": [as_staged(one) for one in record.problems]}
            elif record.row in undo:
                values = {"outcome": "changed", "data": undo[record.row], "customer_id": verdict.customer.id}
            if not values:
                done.append(staged_id)
                continue
            db.session.execute(update(ImportRow).where(ImportRow.id == staged_id).values(**values), execution_options=QUIET)
        if done:
            db.session.execute(delete(ImportRow).where(ImportRow.id.in_(done)), execution_options=QUIET)

    def _index_shown(self) -> None:
        """Bring the search up to what was shown or changed, a chunk a transaction; done twice it does no harm."""
        last = 0
        while ids := list(
            db.session.scalars(
                select(Customer.id).where(Customer.import_id == self.run.id, Customer.id > last).order_by(Customer.id).limit(WRITE_CHUNK)
            )
        ):
            index_many(ids)
            db.session.commit()
            last = ids[-1]
        changed = select(ImportRow.customer_id).where(ImportRow.run_id == self.run.id, ImportRow.outcome == "changed")
        index_many(one for one in db.session.scalars(changed) if one is not None)
        db.session.commit()

    def _note(self, done: int, total: int | None) -> None:
        self.job.progress(done, total)
        self.run.counts = dict(self.counts)

    def _end(self) -> None:
        run = self.run
        late = self.counts["late"] + self.counts["left_out"]
        if late:
            keep_refused(run, open_upload(run))
        run.counts, run.state, run.ended_at = dict(self.counts), "done", clock.now()
        figures = {name: self.counts[name] for name in ("created", "changed", "late", "left_out", "refused")}
        audit.write("import", "imported", actor=run.staff, record=run, label=run.filename, sha256=run.attachment.sha256, counts=figures)
        message = Message(
            N_("The import of %(file)s is done: %(created)s new, %(changed)s changed."),
            {"file": run.filename, "created": self.counts["created"], "changed": self.counts["changed"]},
        )
        notify(run.staff, message, link=f"/imports/{run.id}")


_TYPED = tuple(entry.name for entry in card.EDITABLE if entry.kind in ("date", "money"))


@lru_cache(maxsize=64)
def _insert_customers(given: frozenset[str]) -> Insert:
    """Return the insert of customers that takes these columns from each row; the others stand in it as constants, which costs a third."""
    values: dict[str, Any] = {}
    for column in Customer.__table__.columns:
        if column.name in given:
            values[column.name] = bindparam(column.name, type_=column.type)
        elif column.name != "id":
            default = column.default.arg if column.default is not None and column.default.is_scalar else None  # type: ignore[attr-defined]
            values[column.name] = _constant(default)
    return insert(Customer.__table__).values(values)  # type: ignore[arg-type]


def _constant(value: Any) -> Any:
    """Return `value` as SQL. Told apart by type as well: to Python the number 1 and True are the same key."""
    if value is None:
        return null()
    if isinstance(value, bool):
        return true() if value else false()
    return text("''") if value == "" else literal(value)


def _record(row: Any) -> Record:
    data = row.data
    return Record(
        row.row,
        data.get("number", ""),
        data.get("owner", ""),
        data.get("registered_on", ""),
        data["card"],
        data.get("contacts", []),
        derived=data["derived"],
    )
