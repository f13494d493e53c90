"""Writing an import of register entries, and taking it back (AR-31, AR-40). How it goes on when killed: `models/import_run.py`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.database import db
from portal.exchange.checking import QUIET
from portal.exchange.entry_judging import EntryJudge, EntryRecord, EntryVerdict
from portal.exchange.importing import WRITE_CHUNK, Writer
from portal.exchange.refused import as_staged
from portal.exchange.register_table import register_of
from portal.exchange.taking_back import CHANGED, Obstacle
from portal.models import audit, register_entry
from portal.models.customer import Customer, NumberSeries
from portal.models.dossier_completeness import is_counted, unknown
from portal.models.import_run import ImportRow, ImportRun, ensure_may
from portal.models.job import Job
from portal.models.notice import notify
from portal.models.register_entry import IMPORTING, KEPT, REMOVED, RegisterEntry
from portal.models.sheet import PrintedSheet
from portal.registers.declaring import OfficeRegister
from portal.rules.message import N_, Message, Refusal

_table: Any = RegisterEntry.__table__


def register_of_run(run: ImportRun) -> OfficeRegister:
    """Return the register that a run imports into. Raises `Refusal` where it is declared no longer."""
    register = register_of(run.table_name)
    if register is None or not register_entry.is_in_use(register.code):
        raise Refusal("This register is not in use.")
    return register


class EntryWriter(Writer):
    """Writes one import of register entries."""

    def __init__(self, run: ImportRun, job: Job) -> None:
        super().__init__(run, job)
        self.register = register_of_run(run)
        self.state = IMPORTING if self.whole else KEPT

    def record(self, row: Any) -> Any:
        """Return the record of a staged row."""
        data = row.data
        return EntryRecord(row.row, data["number"], data["customer"], data["values"])

    def show(self) -> None:
        """Let everybody see what an import of all or nothing has made."""
        hidden = (RegisterEntry.import_id == self.run.id, RegisterEntry.state == IMPORTING)
        db.session.execute(update(RegisterEntry).where(*hidden).values(state=KEPT), execution_options=QUIET)
        _count_anew(self.register, select(RegisterEntry.customer_id).where(RegisterEntry.import_id == self.run.id))
        db.session.commit()

    def _write(self, chunk: list[tuple[int, Any]]) -> None:
        run = self.run
        db.session.refresh(run.staff)
        ensure_may(run.staff, run.as_state)
        # The series' row is locked first: whoever else enters something waits, so that nothing is entered twice.
        NumberSeries.take(f"{self.register.prefix}-{self.today.year}", 0)
        verdicts = EntryJudge(run, run.staff, self.register, lock=True).check([record for _, record in chunk], {})
        late = [verdict for verdict in verdicts if verdict.outcome == "refused"]
        if late and self.whole:
            raise Refusal(
                "All or nothing: row %(row)s can no longer be imported. Nothing was imported; check the file again.", row=late[0].record.row
            )
        new = [verdict for verdict in verdicts if verdict.outcome == "new"]
        entries = self._enter(new)
        undo = self._change_entries([verdict for verdict in verdicts if verdict.outcome == "update"], entries)
        if entries:
            audit.write_many("change", entries, actor=run.staff, source=run.filename, import_id=run.id)
        self._settle_entries(chunk, verdicts, undo)
        self.counts["created"] += len(new)
        self.counts["changed"] += len(undo)
        self.counts["late"] += len(late)

    def _enter(self, verdicts: list[EntryVerdict]) -> list[dict[str, Any]]:
        """Insert new entries and return what the log says of them."""
        if not verdicts:
            return []
        moment, by = clock.now(), self.run.staff.id
        common = {"register": self.register.code, "state": self.state, "import_id": self.run.id, "version": 1, "removed_because": ""}
        common |= {"created_by_id": by, "updated_by_id": by, "created_at": moment, "updated_at": moment}
        rows = []
        for verdict, number in zip(verdicts, register_entry.numbers(self.register, len(verdicts)), strict=True):
            assert verdict.customer is not None  # noqa: S101 - the judge refuses a row without a customer
            rows.append(
                {**common, **register_entry.columns(self.register, verdict.checked), "number": number, "customer_id": verdict.customer.id}
            )
        db.session.execute(insert(_table), rows)
        if self.state == KEPT:
            _count_anew(self.register, [row["customer_id"] for row in rows])
        made = select(RegisterEntry.number, RegisterEntry.id).where(
            RegisterEntry.import_id == self.run.id, RegisterEntry.number.in_([row["number"] for row in rows])
        )
        ids = {row.number: row.id for row in db.session.execute(made)}
        return [
            _logged(
                "added", ids[row["number"]], row["customer_id"], f"{row['number']} {row['title']}", self.register, row=verdict.record.row
            )
            for row, verdict in zip(rows, verdicts, strict=True)
        ]

    def _change_entries(self, verdicts: list[EntryVerdict], entries: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
        """Change entries that are there; returns by row what they said before, for taking back."""
        undo = {}
        for verdict in verdicts:
            entry = verdict.entry
            assert entry is not None  # noqa: S101 - an update has its entry
            columns = register_entry.columns(self.register, verdict.checked)
            changes = register_entry.differences(self.register, entry.data, columns["data"])
            values = {**columns, "data": {**_undeclared(self.register, entry.data), **columns["data"]}}
            values |= {"version": entry.version + 1, "updated_at": clock.now(), "updated_by_id": self.run.staff_id}
            db.session.execute(update(_table).where(_table.c.id == entry.id).values(**values))
            undo[verdict.record.row] = {"entry": entry.id, "version": entry.version + 1, "data": entry.data}
            entries.append(_logged("changed", entry.id, entry.customer_id, entry.label, self.register, changes=changes))
        return undo

    def _settle_entries(self, chunk: list[tuple[int, Any]], verdicts: list[EntryVerdict], undo: dict[int, dict[str, Any]]) -> None:
        """Take the chunk out of what is staged; rows refused now and what taking back needs stay."""
        done = []
        for (staged_id, record), verdict in zip(chunk, verdicts, strict=True):
            values: dict[str, Any] = {}
            if verdict.outcome == "refused":
                values = {"outcome": "refused", "data": {}, "problems": [as_staged(one) for one in record.problems]}
            elif record.row in undo:
                values = {"outcome": "changed", "data": undo[record.row], "customer_id": verdict.customer.id if verdict.customer else None}
            if not values:
                done.append(staged_id)
                continue
            db.session.execute(update(ImportRow).where(ImportRow.id == staged_id).values(**values), execution_options=QUIET)
        if done:
            db.session.execute(delete(ImportRow).where(ImportRow.id.in_(done)), execution_options=QUIET)


def _count_anew(register: OfficeRegister, customer_ids: Any) -> None:
    """Have the dossiers counted anew by the worker where a rule requires entries of this register (AR-8)."""
    if is_counted(register):
        unknown(Customer.id.in_(customer_ids))


def remove_hidden_entries(run_id: int) -> None:
    """Remove the entries that an import of all or nothing has made and not shown, a chunk a transaction."""
    hidden = select(RegisterEntry.id).where(RegisterEntry.import_id == run_id, RegisterEntry.state == IMPORTING).limit(WRITE_CHUNK)
    while ids := list(db.session.scalars(hidden)):
        db.session.execute(delete(RegisterEntry).where(RegisterEntry.id.in_(ids)), execution_options=QUIET)
        db.session.commit()


# --- taking back ---------------------------------------------------------------------------------------------------------


TAKEN = Message(N_("what it had alone before the import, such as its number, is another entry's now"))


def _untouched(register: OfficeRegister) -> list[Any]:
    printed = exists().where(PrintedSheet.record_type == register.sheet, PrintedSheet.record_id == RegisterEntry.id)
    return [RegisterEntry.version == 1, RegisterEntry.state == KEPT, ~printed]


def entry_obstacles(run: ImportRun, register: OfficeRegister, most: int) -> list[Obstacle]:
    """Return what stands in the way of taking the import back: entries that were changed, removed or printed since, or cannot be as before.

    What an entry had alone in its register before the import, such as a parking space, another one may have been given since.
    """
    kept = _untouched(register)
    query = select(RegisterEntry).where(RegisterEntry.import_id == run.id, or_(*(~condition for condition in kept))).limit(most)
    found = [Obstacle(entry.customer_id, entry.label, CHANGED) for entry in db.session.scalars(query)]
    changed = select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.outcome == "changed").order_by(ImportRow.row)
    for row in db.session.scalars(changed.execution_options(yield_per=1000)):
        if len(found) == most:
            break
        entry = db.session.get(RegisterEntry, row.data["entry"])
        if entry is None or entry.version != row.data["version"]:
            found.append(Obstacle(row.customer_id or 0, entry.label if entry else str(row.data["entry"]), CHANGED))
        elif _is_taken(run, register, _before(register, row)["unique_key"]):
            found.append(Obstacle(entry.customer_id, entry.label, TAKEN))
    return found


def _before(register: OfficeRegister, row: ImportRow) -> dict[str, Any]:
    """Return the columns of a changed entry as they were before the import."""
    old = row.data["data"]
    return {**register_entry.columns(register, register_entry.typed(register, old)), "data": old}


def _is_taken(run: ImportRun, register: OfficeRegister, key: str) -> bool:
    """Return whether an entry that this import neither made nor changed stands in the register with these unique values."""
    mine = select(ImportRow.data["entry"].as_integer()).where(ImportRow.run_id == run.id, ImportRow.outcome == "changed")
    there = (RegisterEntry.register == register.code, RegisterEntry.unique_key == key, RegisterEntry.state != REMOVED)
    others = (RegisterEntry.import_id.is_distinct_from(run.id), RegisterEntry.id.not_in(mine))
    return bool(key) and db.session.scalar(select(RegisterEntry.id).where(*there, *others).limit(1)) is not None


def take_back_entries(run: ImportRun, register: OfficeRegister, job: Job) -> None:
    """Remove the entries that the import made and give the changed ones their old values; in chunks, and safe to run twice."""
    assert job.staff is not None  # noqa: S101 - somebody has asked for it
    made = select(RegisterEntry).where(RegisterEntry.import_id == run.id, *_untouched(register)).order_by(RegisterEntry.id)
    while entries := list(db.session.scalars(made.limit(WRITE_CHUNK).with_for_update(of=RegisterEntry))):
        logged = [_logged("taken-back", entry.id, entry.customer_id, entry.label, register) for entry in entries]
        audit.write_many("change", logged, actor=job.staff, source=run.filename, import_id=run.id)
        _count_anew(register, [entry.customer_id for entry in entries])
        db.session.execute(delete(RegisterEntry).where(RegisterEntry.id.in_([entry.id for entry in entries])), execution_options=QUIET)
        db.session.expire_all()
        job.progress(job.done + len(entries), None)
        db.session.commit()
    changed = select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.outcome == "changed").order_by(ImportRow.row.desc())
    while rows := list(db.session.scalars(changed.limit(WRITE_CHUNK))):
        for row in rows:
            _restore(run, row, job, register)
        db.session.commit()
    left = len(db.session.scalars(select(RegisterEntry.id).where(RegisterEntry.import_id == run.id)).all())
    left += len(db.session.scalars(select(ImportRow.id).where(ImportRow.run_id == run.id, ImportRow.outcome == "kept")).all())
    run.state, run.ended_at, run.counts = "taken-back", clock.now(), {**run.counts, "kept": left}
    audit.write("import", "taken-back", actor=job.staff, record=run, label=run.filename, kept=left)
    message = Message(N_("The import of %(file)s is taken back."), {"file": run.filename})
    notify(job.staff, message, link=f"/imports/{run.id}")


def _restore(run: ImportRun, row: ImportRow, job: Job, register: OfficeRegister) -> None:
    """Give a changed entry its old values, unless it was changed again or they are another's now; the staged row is used up either way."""
    entry = db.session.get(RegisterEntry, row.data["entry"])
    if entry is None or not _put_back(entry, row.data["version"], {**_before(register, row), "updated_at": clock.now()}):
        row.outcome = "kept"
        return
    changes = register_entry.differences(register, entry.data, row.data["data"])
    logged = _logged("taken-back", entry.id, entry.customer_id, entry.label, register, changes=changes)
    db.session.expire(entry)
    audit.write_many("change", [logged], actor=job.staff, source=run.filename, import_id=run.id)
    row.outcome = "restored"


def _put_back(entry: RegisterEntry, version: int, values: dict[str, Any]) -> bool:
    """Give an entry of this version its old values; returns whether it still had that version, and they are nobody else's."""
    statement = update(_table).where(_table.c.id == entry.id, _table.c.version == version).values(**values, version=version + 1)
    try:
        with db.session.begin_nested():
            return bool(db.session.execute(statement).rowcount)  # type: ignore[attr-defined]
    except IntegrityError:
        return False


def _undeclared(register: OfficeRegister, data: dict[str, Any]) -> dict[str, Any]:
    """Return what an entry holds of fields that its register no longer has."""
    return {name: value for name, value in data.items() if name not in register.by_name}


def _logged(action: str, entry_id: int, customer_id: int, label: str, register: OfficeRegister, **more: Any) -> dict[str, Any]:
    own = {"action": action, "record_type": "RegisterEntry", "record_id": entry_id, "customer_id": customer_id, "label": label}
    return {**own, "register": register.code, **more}
