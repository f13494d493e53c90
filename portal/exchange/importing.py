"""The job that writes what the check of an imported file has staged (AR-40).

How a killed worker goes on, and how all or nothing is kept, is told in `models/import_run.py`. Writing goes past the ORM, because
100,000 rows would take minutes in it; what a row means is decided by `judging.py`, what is written by `creating.py` and `changing.py`.
"""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy import delete, select, update

from portal import clock, database, jobs
from portal.database import db
from portal.exchange.book_tables import book_of
from portal.exchange.changing import Change
from portal.exchange.checking import QUIET, drop_staged
from portal.exchange.columns import Problem
from portal.exchange.creating import Creation
from portal.exchange.customer_rows import Record
from portal.exchange.judging import Judge, Verdict
from portal.exchange.opening import import_page, open_upload
from portal.exchange.refused import as_staged, keep_refused
from portal.exchange.register_table import register_of
from portal.models import audit
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState, NumberSeries
from portal.models.import_run import ImportRow, ImportRun, ensure_may
from portal.models.job import Job
from portal.models.notice import notify
from portal.models.request import ServiceRequest
from portal.models.search_index import index_many
from portal.models.standard import value as standard
from portal.rules.message import N_, Message, Refusal
from portal.rules.numbering import customer_number

log = structlog.get_logger()

WRITE_CHUNK = 4000
"""So many rows a transaction, which keeps other writers of an SQLite site waiting for about a second. Small ones cost more: every chunk
touches most pages of the indexes, and writes them."""


@jobs.kind("import-write", title=N_("Importing"), page=import_page)
def write(job: Job) -> None:
    """Write what was staged, a chunk a transaction; after a killed worker it goes on with what is left."""
    run = db.session.get_one(ImportRun, job.args["run"])
    if run.state == "failed":  # the worker was killed while it removed what it had made
        _clear(run)
    if run.state != "importing":
        return
    try:
        with database.many_rows():
            _writer(run, job).write()
    except Refusal as refusal:
        db.session.rollback()
        if run.mode != "all" and any(run.counts.get(name) for name in ("created", "changed", "added_contacts")):
            # What is written stays, and what taking it back needs.
            _writer(run, job).stop(refusal.message)
            db.session.commit()
            raise
        # Said first: a worker that dies from here on leaves nothing that the next one would go on with.
        db.session.execute(
            update(ImportRun).where(ImportRun.id == run.id, ImportRun.state == "importing").values(state="failed", ended_at=clock.now())
        )
        db.session.commit()
        _clear(run)
        raise


def _clear(run: ImportRun) -> None:
    """Remove what a failed import has made and not shown, and what it had staged. Safe to do twice."""
    if run.mode == "all":
        remove_hidden(run)
    drop_staged(run.id)


def _writer(run: ImportRun, job: Job) -> Writer:
    book = book_of(run.table_name)
    if book is not None:
        from portal.exchange.book_importing import BookWriter
        from portal.exchange.request_importing import RequestWriter

        return (RequestWriter if book.model is ServiceRequest else BookWriter)(run, job, book)
    if register_of(run.table_name) is None:
        return Writer(run, job)
    from portal.exchange.entry_importing import EntryWriter

    return EntryWriter(run, job)


def remove_hidden(run: ImportRun) -> None:
    """Remove what an import of all or nothing has made and not shown, a chunk a transaction."""
    book = book_of(run.table_name)
    if book is not None:
        from portal.exchange.book_importing import remove_hidden_rows

        remove_hidden_rows(run, book)
        return
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

    hides = True
    """Whether what it makes has a state in which nobody sees it; all or nothing of anything else is written in one transaction."""

    def __init__(self, run: ImportRun, job: Job) -> None:
        self.run, self.job = run, job
        self.whole = run.mode == "all"
        self.prefix, self.today = standard("customer.number_prefix"), clock.today()
        self.state = CustomerState.IMPORTING.value if self.whole else run.as_state
        self.counts = {"created": 0, "changed": 0, "added_contacts": 0, "late": 0, "left_out": 0, **run.counts}

    def write(self) -> None:
        """Write everything; raises `Refusal` where all or nothing finds a row that cannot be written."""
        total = sum(self.run.counts.get(name, 0) for name in ("new", "update"))
        self._leave_out()
        outcomes: tuple[str, ...] = ("new", "update", "contact")
        if self.whole:
            outcomes = ("new",) if self.hides else ()
        while outcomes and (chunk := self._next(outcomes, WRITE_CHUNK)):
            self._write(chunk)
            self._note(min(self.job.done + len(chunk), total), total)
            db.session.commit()
        if self.whole:
            # Contacts of one customer are written together; what stands alone is read a chunk at a time, within the one transaction.
            while chunk := self._next(*((("update", "contact"), None) if self.hides else (("new", "update"), WRITE_CHUNK))):
                self._write(chunk)
                self._note(min(self.job.done + len(chunk), total), total)
            self.show()
        self._end()

    def stop(self, why: Message) -> None:
        """End an import of the good rows before its time; the caller commits. The rows that are left are refused for what stopped it."""
        left = ImportRow.run_id == self.run.id, ImportRow.outcome.in_(("new", "update", "contact"))
        values = {"outcome": "refused", "data": {}, "problems": [as_staged(Problem("", None, why))]}
        done = db.session.execute(update(ImportRow).where(*left).values(**values), execution_options=QUIET)
        self.counts["late"] += done.rowcount  # type: ignore[attr-defined]
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
        query = select(ImportRow.id, ImportRow.row, ImportRow.outcome, ImportRow.data).where(
            ImportRow.run_id == self.run.id, ImportRow.outcome.in_(outcomes)
        )
        if self.whole and "update" in outcomes:
            return [(row.id, self.record(row)) for row in db.session.execute(query.order_by(ImportRow.row).limit(most))]
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
        numbers = [customer_number(self.prefix, self.today.year, serial) for serial in range(first, first + len(new))]
        contacts = Creation(run, self.state).create(new, numbers)
        changed = [verdict for verdict in verdicts if verdict.outcome == "update"]
        change = Change(run, hidden=self.whole)
        undo = change.change(changed)
        self._settle(chunk, verdicts, undo)
        self.counts["created"] += len(new)
        self.counts["changed"] += len(undo)
        self.counts["added_contacts"] += contacts + change.added
        self.counts["late"] += len(late)

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
        looked_at = delete(ImportRow).where(ImportRow.run_id == run.id, ImportRow.outcome == "unchanged")
        db.session.execute(looked_at, execution_options=QUIET)
        late = self.counts["late"] + self.counts["left_out"]
        if late:
            try:
                keep_refused(run, open_upload(run))
            except Refusal:  # the upload cannot be opened any more: what was written stands all the same
                log.warning("no file of refused rows", run=run.id, exc_info=True)
        run.counts, run.state, run.ended_at = dict(self.counts), "done", clock.now()
        figures = {name: self.counts[name] for name in ("created", "changed", "late", "left_out", "refused")}
        audit.write("import", "imported", actor=run.staff, record=run, label=run.filename, sha256=run.attachment.sha256, counts=figures)
        message = Message(
            N_("The import of %(file)s is done: %(created)s new, %(changed)s changed."),
            {"file": run.filename, "created": self.counts["created"], "changed": self.counts["changed"]},
        )
        notify(run.staff, message, link=f"/imports/{run.id}")


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
        further=row.outcome == "contact",
    )
