"""Writing an import of the books, and taking it back (RL-8, AR-40). How it goes on when killed: `models/import_run.py`.

Lines and payments are not in the log one by one: each says which import it came by, and the log has the import. What an import changes is.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, exists, or_, select, update

from portal import clock
from portal.database import Base, db
from portal.exchange.book_judging import BookJudge, BookRecord, BookVerdict, as_plain, from_plain
from portal.exchange.book_tables import Book, book_of
from portal.exchange.checking import QUIET
from portal.exchange.importing import WRITE_CHUNK, Writer
from portal.exchange.refused import as_staged
from portal.exchange.taking_back import CHANGED, HANGING, Obstacle
from portal.inserting import insert_rows
from portal.models import audit
from portal.models.import_run import ImportRow, ImportRun, ensure_may
from portal.models.job import Job
from portal.models.notice import notify
from portal.models.payment import HIDDEN, Payment
from portal.models.product import Product
from portal.models.request import ServiceRequest
from portal.models.request_step import hanging
from portal.models.request_tally import count_month, months_of
from portal.models.sale import IMPORTING, Sale, SaleDocument
from portal.models.sales_book import TABLES, Ledger, lock, rows_of
from portal.rules.message import N_, Message, Refusal
from portal.rules.sales import BY_PAYMENTS, CANCELLED, KEPT, ORDERED, VOID, key_range

HIDING: tuple[type[Any], ...] = (Sale, Payment, ServiceRequest)
"""What is made by an import of all or nothing without being seen before its end."""


class BookWriter(Writer):
    """Writes one import of a book."""

    def __init__(self, run: ImportRun, job: Job, book: Book) -> None:
        super().__init__(run, job)
        self.book, self.model = book, book.model
        self.hides = self.model in HIDING

    def record(self, row: Any) -> Any:
        """Return the record of a staged row."""
        return BookRecord(row.row, new=from_plain(self.model, row.data["new"]), fills=row.data["fills"])

    def show(self) -> None:
        """Let everybody see what an import of all or nothing has made, and count it."""
        show_hidden(self.run, self.model)
        db.session.commit()

    def _write(self, chunk: list[tuple[int, Any]]) -> None:
        run = self.run
        db.session.refresh(run.staff)
        ensure_may(run.staff, run.as_state)
        lock()
        verdicts = BookJudge(run, run.staff, self.book).check_again([record for _, record in chunk])
        late = [verdict for verdict in verdicts if verdict.outcome == "refused"]
        if late and self.whole:
            raise Refusal(
                "All or nothing: row %(row)s can no longer be imported. Nothing was imported; check the file again.", row=late[0].record.row
            )
        ledger = Ledger()
        new = [verdict.record.new for verdict in verdicts if verdict.outcome == "new"]
        self._insert(new, ledger)
        undo = self._change([verdict for verdict in verdicts if verdict.outcome == "update"], ledger)
        ledger.close()
        self._settle_rows(chunk, verdicts, undo)
        self.counts["created"] += len(new)
        self.counts["changed"] += len(undo)
        self.counts["late"] += len(late)

    def _insert(self, rows: list[dict[str, Any]], ledger: Ledger) -> None:
        if not rows:
            return
        columns = self.model.__table__.c
        common = {"import_id": self.run.id, "created_by_id": self.run.staff_id, "created_at": clock.now(), "version": 1}
        if self.model is Payment:
            rows = [{**row, "state": KEPT} for row in rows]
        noted = rows
        if self.whole and self.model in (Sale, Payment):
            hidden = {ORDERED: "importing", CANCELLED: "importing-cancelled", KEPT: HIDDEN}
            rows = [{**row, "state": hidden[row["state"]]} for row in rows]
            noted = []
        names = [name for name in rows[0] if name in columns]
        insert_rows(db.session(), self.model.__table__, names, ([row[name] for name in names] for row in rows), **common)
        for row in noted:
            _note(self.model, ledger, None, row)

    def _change(self, verdicts: list[BookVerdict], ledger: Ledger) -> dict[int, dict[str, Any]]:
        """Change what is there; returns by row what it was before, for taking back."""
        undo, entries = {}, []
        for verdict in verdicts:
            old, change = verdict.old, verdict.change
            assert old is not None  # noqa: S101 - an update has what it changes
            _put(self.model, old, change, ledger)
            undo[verdict.record.row] = {
                "id": old["id"], "version": old["version"] + 1, "old": as_plain({name: old[name] for name in change}),
            }  # fmt: skip
            if "customer_id" in old:
                entries.append(_logged("changed", self.model, old, change))
        if entries:
            audit.write_many("change", entries, actor=self.run.staff, source=self.run.filename, import_id=self.run.id)
        return undo

    def _settle_rows(self, chunk: list[tuple[int, Any]], verdicts: list[BookVerdict], undo: dict[int, dict[str, Any]]) -> None:
        """Take the chunk out of what is staged; rows refused now and what taking back needs stay."""
        done = []
        for (staged_id, record), verdict in zip(chunk, verdicts, strict=True):
            values: dict[str, Any] = {}
            if verdict.outcome == "refused":
                values = {"outcome": "refused", "data": {}, "problems": [as_staged(one) for one in record.problems]}
            elif record.row in undo:
                values = {"outcome": "changed", "data": undo[record.row], "customer_id": (verdict.old or {}).get("customer_id")}
            if not values:
                done.append(staged_id)
                continue
            db.session.execute(update(ImportRow).where(ImportRow.id == staged_id).values(**values), execution_options=QUIET)
        for start in range(0, len(done), 500):
            db.session.execute(delete(ImportRow).where(ImportRow.id.in_(done[start : start + 500])), execution_options=QUIET)


def book_of_run(run: ImportRun) -> Book:
    """Return the book that a run imports into. Raises `Refusal` where there is none."""
    book = book_of(run.table_name)
    if book is None:
        raise Refusal("There is no such table.")
    return book


def _note(model: type[Any], ledger: Ledger, before: dict[str, Any] | None, now: dict[str, Any] | None) -> None:
    if model is Sale:
        ledger.sale(before, now)
    elif model is Payment:
        ledger.payment(before, now)


def _put(model: type[Any], old: dict[str, Any], change: dict[str, Any], ledger: Ledger) -> None:
    """Change a row; lines follow their order."""
    table: Any = model.__table__
    db.session.execute(update(table).where(table.c.id == old["id"]).values(**change, version=old["version"] + 1))
    _note(model, ledger, old, {**old, **change})
    if model is SaleDocument:
        _lines_follow(old, {**old, **change}, ledger)


def _lines_follow(old: dict[str, Any], new: dict[str, Any], ledger: Ledger) -> None:
    """Give the lines of a changed order what the order says now, where they said what the order said before."""
    first, behind = key_range(old["number"])
    here = (Sale.key >= first, Sale.key < behind, Sale.document == old["number"], Sale.source == old["source"], Sale.state != VOID)
    for line in rows_of(Sale, *here):
        if line["state"] in IMPORTING:
            continue
        change = {name: new[name] for name in ("customer_id", "day", "state", "due_on", "region") if line[name] == old[name] != new[name]}
        if change:
            table: Any = Sale.__table__
            db.session.execute(update(table).where(table.c.id == line["id"]).values(**change, version=line["version"] + 1))
            ledger.sale(line, {**line, **change})


def show_hidden(run: ImportRun, model: type[Any]) -> None:
    """Show what an import has made and hidden, and count it, in one transaction."""
    if model not in (Sale, Payment):
        return
    ledger = Ledger()
    shown = dict(IMPORTING) if model is Sale else {HIDDEN: KEPT}
    for row in db.session.execute(select(*model.__table__.c).where(model.import_id == run.id, model.state.in_(tuple(shown)))).mappings():
        _note(model, ledger, None, {**row, "state": shown[row["state"]]})
    for hidden, state in shown.items():
        here = (model.import_id == run.id, model.state == hidden)
        db.session.execute(update(model).where(*here).values(state=state), execution_options=QUIET)
    ledger.close()


def remove_hidden_rows(run: ImportRun, book: Book) -> None:
    """Remove what an import of all or nothing has made and not shown, a chunk a transaction; of what cannot be hidden there is nothing."""
    model = book.model
    if model not in HIDING:
        return
    made = select(model.id).where(model.import_id == run.id, model.state.in_([*IMPORTING, HIDDEN]))
    while ids := list(db.session.scalars(made.limit(WRITE_CHUNK))):
        db.session.execute(delete(model).where(model.id.in_(ids)), execution_options=QUIET)
        db.session.commit()


# --- taking back ---------------------------------------------------------------------------------------------------------


def _used() -> Any:
    """Return the condition that something but a total names a product."""
    found = []
    for table in Base.metadata.tables.values():
        for key in table.foreign_keys:
            if key.column.table is Product.__table__ and table.name not in TABLES:
                found.append(exists().where(key.parent == Product.id))
    return or_(*found)


def _label(model: type[Any], row: Any) -> str:
    return str(getattr(row, "label", None) or getattr(row, "number", ""))


def book_obstacles(run: ImportRun, book: Book, most: int) -> list[Obstacle]:
    """Return what stands in the way of taking the import back: what was changed or is used since."""
    model = book.model
    reasons = [(CHANGED, model.version != 1)]
    if model is Product:
        reasons.append((HANGING, _used()))
    if model is ServiceRequest:
        reasons.append((HANGING, hanging()))
    found: list[Obstacle] = []
    for why, condition in reasons:
        rows = db.session.scalars(select(model).where(model.import_id == run.id, condition).limit(most - len(found)))
        found += [Obstacle(getattr(row, "customer_id", 0), _label(model, row), why) for row in rows]
    changed = select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.outcome == "changed").order_by(ImportRow.row)
    for row in db.session.scalars(changed.execution_options(yield_per=1000)):
        if len(found) >= most:
            break
        now = db.session.get(model, row.data["id"])
        if now is None or now.version != row.data["version"]:
            found.append(Obstacle(row.customer_id or 0, _label(model, now) if now else str(row.data["id"]), CHANGED))
    return found


def take_back_rows(run: ImportRun, book: Book, job: Job) -> None:
    """Remove what the import made and give what it changed its old values; in chunks, and safe to run twice."""
    assert job.staff is not None  # noqa: S101 - somebody has asked for it
    model = book.model
    kept = [~_used()] if model is Product else [~hanging()] if model is ServiceRequest else []
    untouched = [model.import_id == run.id, model.version == 1, *kept]
    while True:
        ledger = Ledger()  # whoever is changing a line at this moment is done first
        made = select(model.id).where(*untouched).order_by(model.id).limit(WRITE_CHUNK)
        ids = list(db.session.scalars(made.with_for_update(of=model)))
        if not ids:
            break
        for row in rows_of(model, model.id.in_(ids)):
            _note(model, ledger, row, None)
        months = months_of(ids) if model is ServiceRequest else set()
        db.session.execute(delete(model).where(model.id.in_(ids)), execution_options=QUIET)
        for month in sorted(months):
            count_month(*month)
        ledger.close()
        job.progress(job.done + len(ids), None)
        db.session.commit()
    changed = select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.outcome == "changed").order_by(ImportRow.row.desc())
    while staged := list(db.session.scalars(changed.limit(WRITE_CHUNK))):
        ledger = Ledger()
        for one in staged:
            _restore(run, one, job, model, ledger)
        ledger.close()
        db.session.commit()
    left = len(db.session.scalars(select(model.id).where(model.import_id == run.id)).all())
    left += len(db.session.scalars(select(ImportRow.id).where(ImportRow.run_id == run.id, ImportRow.outcome == "kept")).all())
    run.state, run.ended_at, run.counts = "taken-back", clock.now(), {**run.counts, "kept": left}
    audit.write("import", "taken-back", actor=job.staff, record=run, label=run.filename, kept=left)
    notify(job.staff, Message(N_("The import of %(file)s is taken back."), {"file": run.filename}), link=f"/imports/{run.id}")


def _restore(run: ImportRun, row: ImportRow, job: Job, model: type[Any], ledger: Ledger) -> None:
    """Give a changed row its old values, unless it was changed again; the staged row is used up either way."""
    here = rows_of(model, model.id == row.data["id"], model.version == row.data["version"])
    if not here:
        row.outcome = "kept"
        return
    old = from_plain(model, row.data["old"])
    if here[0].get("settled_by") == BY_PAYMENTS:
        old.pop("settled_on", None)
    _put(model, here[0], old, ledger)
    if "customer_id" in here[0]:
        entry = _logged("taken-back", model, here[0], old)
        audit.write_many("change", [entry], actor=job.staff, source=run.filename, import_id=run.id)
    row.outcome = "restored"


def _logged(action: str, model: type[Any], row: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    before, now = as_plain({name: row[name] for name in change}), as_plain(change)
    changes = [{"field": name, "old": before[name] or "", "new": now[name] or ""} for name in change]
    label = str(row.get("document") or row.get("number") or row.get("code") or row.get("day"))
    return {
        "action": action, "record_type": model.__name__, "record_id": row["id"], "customer_id": row["customer_id"], "label": label,
        "changes": changes,
    }  # fmt: skip
