"""Imports of customers (AR-40): one `ImportRun` a file, its rows between check and import, and the mappings that are remembered.

State: reading → uploaded → matched → checking → checked → importing → done → taking back → taken back; from every state before done
also cancelled or failed.

What is staged. The check writes a row of `import_row` for each customer's row of the file. The import takes rows out in chunks: one
transaction makes a chunk's customers and removes (or marks) its staged rows, so that a worker killed at any moment goes on
with what is left, and nothing is made twice. 'All or nothing' makes its new customers in the hidden state `importing`, which no scope
shows (`models/scope.py`), and ends with one transaction that changes the existing customers and shows the new ones; a refusal before that
removes the hidden ones again. A single transaction over a large file would keep every other writer of an SQLite site waiting for
longer than its busy timeout, and its progress could not be written meanwhile. Products, external codes and orders without lines, which
know no hidden state and are few, are one transaction all the same: what was made could be in use before it was removed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import ForeignKey, Index, Select, Text, and_, cast, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, StateConflict, db, transition
from portal.exchange.cells import as_text
from portal.exchange.columns import ImportTable, check_mapping, headers_fingerprint, match_headers
from portal.exchange.reading import TableFile, sniff
from portal.models import audit
from portal.models.attachment import Attachment
from portal.models.customer import CustomerState, possible_owners
from portal.models.job import Job
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules.dates import has_year_last, order_of
from portal.rules.message import Message, Refusal, revived
from portal.rules.text import clean_line

CUSTOMERS = "customers"
AS_ENTRIES = "entries"
AS_BOOK = "book"
"""What stands in the place of the state of new customers where the rows are entries of an office register, or of the books."""
WHAT = ("both", "create", "update")
MODES = ("good", "all")
SAMPLES = 3
WARNING = "warning"
"""Marks, among the problems of a row, what is no reason to refuse it but is to be looked at."""
BUSY = ("reading", "checking", "importing", "taking-back")
OPEN = ("uploaded", "matched", "checked", "failed")


class ImportRun(Base):
    """One import: a file, what is to be done with it, and how far that is."""

    __tablename__ = "import_run"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachment.id"))
    refused_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    table_name: Mapped[str] = mapped_column(default="customers", server_default="customers")
    """What the rows become: `customers`, or entries of an office register: `register:parking-permits`."""
    state: Mapped[str] = mapped_column(default="uploaded")
    what: Mapped[str]
    """both | create | update"""
    as_state: Mapped[str]
    """The state of new customers: prospect, or active for dealings taken over."""
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """In whose charge new customers are where their row names nobody."""
    sheets: Mapped[list[Any]] = mapped_column(JsonValue, default=list)
    sheet: Mapped[str] = mapped_column(default="")
    header_row: Mapped[int] = mapped_column(default=0)
    heads: Mapped[list[Any]] = mapped_column(JsonValue, default=list)
    samples: Mapped[list[Any]] = mapped_column(JsonValue, default=list)
    fingerprint: Mapped[str] = mapped_column(default="")
    mapping: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """Column of the file, counted from 0, as text → column of the table."""
    options: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict, server_default="{}")
    """What else holds for the whole file: `source`, the system that sales come from; `dates`, which of 1/6/2012 is the month: mdy | dmy."""
    kept_for: Mapped[str] = mapped_column(default="")
    """What the data of contacts are kept for where their row does not say (PIPL)."""
    reason: Mapped[str] = mapped_column(default="")
    effective_on: Mapped[date]
    mode: Mapped[str] = mapped_column(default="good")
    skip_duplicates: Mapped[bool] = mapped_column(default=False)
    counts: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """From the check: rows, new, update, unchanged, refused, duplicates, warnings; from the import: created, changed, contacts, left."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]

    staff: Mapped[Staff] = relationship(foreign_keys=[staff_id])
    owner: Mapped[Staff | None] = relationship(foreign_keys=[owner_id])
    attachment: Mapped[Attachment] = relationship(foreign_keys=[attachment_id])
    refused: Mapped[Attachment | None] = relationship(foreign_keys=[refused_id])
    job: Mapped[Job | None] = relationship()

    __table_args__ = (Index(None, "staff_id", "id"),)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[tuple[ImportRun]]:
        """Return the reader's own imports; managers see all."""
        query: Select[tuple[ImportRun]] = select(cls)
        return query if user.is_manager else query.where(cls.staff_id == user.id)

    @property
    def filename(self) -> str:
        """Return the name of the file as it was uploaded."""
        return self.attachment.filename

    @property
    def has_file(self) -> bool:
        """Return whether the file is there still: it is kept for a time (`portal/exchange/tidying.py`)."""
        return bool(self.attachment.sha256)

    @property
    def busy(self) -> bool:
        """Return whether a job works on it now."""
        return self.state in BUSY and (self.job is None or self.job.state in ("queued", "running"))

    @classmethod
    def begin(
        cls,
        content: bytes | BinaryIO,
        filename: str,
        *,
        by: Staff,
        what: str,
        as_state: str,
        owner: Staff | None = None,
        reason: str = "",
        today: date | None = None,
        table_name: str = "customers",
        options: dict[str, Any] | None = None,
    ) -> ImportRun:
        """Keep an uploaded file and return its import, flushed; the caller commits and starts `job`, which reads it (AR-40).

        Raises `Refusal` for a file that is no table at a glance, and for what `by` may not do.
        """
        _ensure_choices(by, what, as_state, owner)
        file = BytesIO(content) if isinstance(content, bytes) else content
        kind = sniff(file)
        name = clean_line(Path(filename).name)[-150:] or "table"
        run = cls(
            staff=by,
            table_name=table_name,
            options=options or {},
            what=what,
            as_state=as_state,
            owner=owner,
            reason=clean_line(reason) or name,
            effective_on=today or clock.today(),
            kept_for=default_purpose(),
            attachment=Attachment.keep_stream(file, filename=name, media_type=_MEDIA[kind], purpose="import", by=by),
        )
        run._queue_reading()
        audit.write("import", "uploaded", actor=by, record=run, label=name, sha256=run.attachment.sha256)
        return run

    def another_sheet(self, *, by: Staff) -> ImportRun:
        """Return a new import of the same file, for a further sheet of it. Raises `Refusal` where the file is gone."""
        if not self.has_file:
            raise Refusal("The uploaded file was removed. Upload it again.")
        _ensure_choices(by, self.what, self.as_state, self.owner)
        run = ImportRun(
            staff=by,
            table_name=self.table_name,
            what=self.what,
            as_state=self.as_state,
            owner=self.owner,
            sheets=self.sheets,
            reason=self.reason,
            effective_on=self.effective_on,
            kept_for=self.kept_for,
            attachment=self.attachment,
            options={"source": self.options.get("source", "")} if self.options.get("source") else {},
        )
        run._queue_reading()
        return run

    def _queue_reading(self) -> None:
        self.state = "reading"
        db.session.add(self)
        db.session.flush()
        self.job = Job.queue("import-read", by=self.staff, run=self.id)
        db.session.flush()

    def choose_sheet(self, sheet: str) -> None:
        """Have a sheet of the file read; the caller commits and starts `job`. Raises `Refusal`, `StateConflict`."""
        if sheet not in self.sheets:
            raise Refusal("The file has no sheet %(name)s", name=sheet)
        transition(self, expect={"state": OPEN}, change={"state": "reading"})
        self.job = Job.queue("import-read", by=self.staff, run=self.id, sheet=sheet)
        db.session.flush()

    def take_sheet(self, sheet: str, table: TableFile) -> None:
        """Find the heads of a sheet and match them, as remembered for the same heads or by their names. Raises `Refusal`."""
        from portal.exchange.register_table import table_of

        columns = table_of(self.table_name)
        head = table.find_header(sheet, columns.known_headers)
        self.sheet, self.header_row, self.heads = sheet, head.number, [text[:200] for text in head.cells]
        self.samples = [[] for _ in self.heads]
        for count, (_row, cells) in enumerate(table.rows(sheet, after=head.number)):
            for index, cell in enumerate(cells[: len(self.heads)]):
                if cell != "" and len(self.samples[index]) < SAMPLES:
                    self.samples[index].append(as_text(cell)[:60])
            if count >= 20:
                break
        if not any(self.samples):
            raise Refusal("The sheet %(name)s has heads, but no rows under them.", name=sheet, field="sheet")
        self.fingerprint = headers_fingerprint(self.heads)
        if self.table_name != CUSTOMERS:
            # The same heads mean other columns in another table.
            self.fingerprint = headers_fingerprint([self.table_name, *self.heads])
        kept = ImportMapping.find(self.staff, self.fingerprint)
        mapping = {index: name for index, name in kept.items() if name in columns.by_name} if kept else match_headers(self.heads, columns)
        self.mapping = {str(index): name for index, name in mapping.items()}
        shown = [text for samples in self.samples for text in samples if has_year_last(text)]
        self.options = {**self.options, **({"dates": order_of(shown)} if shown else {})}
        self.state = "matched"

    def put_in_charge(self, owner: Staff | None) -> None:
        """Say who is in charge of new customers of whom the file names nobody. Raises `Refusal` with the field."""
        _ensure_choices(self.staff, self.what, self.as_state, owner)
        self.owner = owner

    @property
    def otherwise(self) -> Staff | None:
        """Return who is in charge where the file names nobody: who was chosen, else who imports; None where that cannot be."""
        if self.owner is not None:
            return self.owner
        return self.staff if self.staff in possible_owners(self.staff) else None

    def match(
        self,
        mapping: Mapping[int, str],
        *,
        kept_for: str,
        reason: str,
        effective_on: date,
        columns: ImportTable,
        options: Mapping[str, str] | None = None,
    ) -> None:
        """Take the mapping as corrected, and remember it for files of the same heads. Raises `Refusal` with the field."""
        from portal.exchange.book_tables import book_of

        found = {index: name for index, name in mapping.items() if name}
        check_mapping(columns, found)
        names = set(found.values())
        book = book_of(self.table_name)
        if book is not None:
            for some, said in book.needs:
                if not names & set(some):
                    raise Refusal(said)
        elif self.table_name != CUSTOMERS:
            if not names & {"entry_number", "customer_number", "customer_code", "customer_name"}:
                raise Refusal("Choose the column with the customer's number, credit code or name, or with the entry's number.")
        elif not names & {"full_name", "number", "credit_code"}:
            raise Refusal("Choose the column with the customer's name, number or credit code: without one, no row can be matched.")
        if self.table_name == CUSTOMERS and "full_name" not in names and self.what == "create":
            raise Refusal("Choose the column with the full name: new customers need it.")
        if not clean_line(reason):
            raise Refusal("Say where the data come from.", field="reason")
        if effective_on > clock.today():
            raise Refusal("The change must hold already: enter it when its day has come.", field="effective_on")
        transition(self, expect={"state": OPEN}, change={"state": "checking"})
        self.mapping = {str(index): name for index, name in found.items()}
        self.options = {**self.options, **(options or {})}
        if self.options.get("dates") == "" and self._has_year_last(found, columns):
            raise Refusal("Say whether the month or the day comes first.", field="dates")
        self.kept_for, self.reason, self.effective_on = kept_for, clean_line(reason)[:300], effective_on
        ImportMapping.keep(self.staff, self.fingerprint, found)
        self.job = Job.queue("import-check", by=self.staff, run=self.id)
        db.session.flush()

    def _has_year_last(self, mapping: Mapping[int, str], columns: ImportTable) -> bool:
        """Return whether a column that is imported as a date has its year behind."""
        dated = [index for index, name in mapping.items() if columns.by_name[name].kind == "date"]
        return any(has_year_last(text) for index in dated for text in self.samples[index])

    def start(self, *, by: Staff, mode: str, skip_duplicates: bool) -> None:
        """Begin the import of what was checked: of all rows or of none, or of the good ones. Raises `Refusal`, `StateConflict`."""
        if mode not in MODES:
            raise Refusal("Choose whether only good rows or all rows or none are imported.", field="mode")
        if self.counts.get("new", 0) + self.counts.get("update", 0) == 0:
            raise Refusal("There is nothing to import: no row is new or changes anything.")
        if mode == "all" and (self.counts.get("refused") or (skip_duplicates and self.counts.get("duplicates"))):
            raise Refusal(
                "All or nothing: some rows are refused or left out. Correct the file and upload it again, or import the good rows only."
            )
        ensure_may(by, self.as_state)
        transition(self, expect={"state": "checked"}, change={"state": "importing", "mode": mode, "skip_duplicates": skip_duplicates})
        self.job = Job.queue("import-write", by=self.staff, run=self.id)
        db.session.flush()
        audit.write("import", "started", actor=by, record=self, label=self.filename, mode=mode, counts=self.counts)

    def resume(self, *, by: Staff) -> None:
        """Queue the work of a busy import again whose job has failed; it goes on where it was. Raises `StateConflict`."""
        if not interrupted(self):
            raise StateConflict(f"import {self.id}")
        kinds = {"reading": "import-read", "checking": "import-check", "importing": "import-write", "taking-back": "import-take-back"}
        self.job = Job.queue(kinds[self.state], by=by, run=self.id)
        db.session.flush()

    def cancel(self, *, by: Staff) -> None:
        """Give up an import that has not begun to write; what was staged is removed. Raises `StateConflict`."""
        transition(self, expect={"state": OPEN}, change={"state": "cancelled", "ended_at": clock.now()})
        db.session.execute(delete(ImportRow).where(ImportRow.run_id == self.id))
        audit.write("import", "cancelled", actor=by, record=self, label=self.filename)

    def take_back(self, *, by: Staff) -> None:
        """Begin to take the whole import back. Raises `Refusal` saying what stands in the way, `StateConflict`."""
        from portal.exchange.taking_back import obstacles

        ensure_may(by, self.as_state)
        found = obstacles(self, most=1)
        if found:
            raise Refusal("The import cannot be taken back: something it made was changed since.")
        transition(self, expect={"state": "done"}, change={"state": "taking-back"})
        self.job = Job.queue("import-take-back", by=by, run=self.id)
        db.session.flush()
        audit.write("import", "take-back-started", actor=by, record=self, label=self.filename)

    def problem_rows(self, outcome: str, *, after: int = 0, most: int = 50) -> list[ImportRow]:
        """Return a page of the rows of one outcome, in the order of the file, from behind row `after`: refused | duplicate | warning."""
        query = select(ImportRow).where(ImportRow.run_id == self.id, ImportRow.row > after).order_by(ImportRow.row).limit(most)
        conditions = {"refused": ImportRow.outcome == "refused", "duplicate": ImportRow.duplicate.is_(True)}
        warned = and_(cast(ImportRow.problems, Text).contains(f'"{WARNING}"'), ImportRow.outcome != "refused")
        return list(db.session.scalars(query.where(conditions.get(outcome, warned))))

    def count_refused(self) -> int:
        """Return how many rows are refused by now."""
        return (
            db.session.scalar(
                select(func.count()).select_from(ImportRow).where(ImportRow.run_id == self.id, ImportRow.outcome == "refused")
            )
            or 0
        )


class ImportRow(Base):
    """A row of a file between check and import; refused rows and the old values of changed customers stay."""

    __tablename__ = "import_row"

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    row: Mapped[int]
    """The row's number in the file."""
    outcome: Mapped[str]
    """new | update | contact (of a customer further up in the file) | refused | changed (done: `data` keeps what it was before) |
    unchanged (only where something of the row is to be looked at, and until the import is done)"""
    duplicate: Mapped[bool] = mapped_column(default=False)
    """New, but likely one that is there already (AR-3)."""
    customer_id: Mapped[int | None] = mapped_column()
    data: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    problems: Mapped[list[Any]] = mapped_column(JsonValue, default=list)
    """[{column, value, text, params}]: what is wrong, for a likely duplicate which one it is like, and, marked, what is to be looked at."""

    __table_args__ = (Index(None, "run_id", "outcome", "row"), Index(None, "run_id", "row"))

    @property
    def messages(self) -> list[tuple[str, str, Message]]:
        """Return (column's name, cell, message) of each problem."""
        found = []
        for one in self.problems:
            text, params = one["text"], one["params"]
            found.append((one["column"], one["value"], Message(text, revived(params))))
        return found


class ImportMapping(Base):
    """The columns chosen for a file, remembered by its heads: the reader's own are offered first, then a colleague's."""

    __tablename__ = "import_mapping"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    fingerprint: Mapped[str]
    mapping: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    used_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (Index(None, "fingerprint", "staff_id", unique=True),)

    @classmethod
    def find(cls, staff: Staff, fingerprint: str) -> dict[int, str]:
        """Return the mapping to offer for these heads, {} where none is remembered."""
        query = select(cls).where(cls.fingerprint == fingerprint).order_by(cls.staff_id != staff.id, cls.used_at.desc()).limit(1)
        found = db.session.scalar(query)
        return {int(index): name for index, name in found.mapping.items()} if found else {}

    @classmethod
    def keep(cls, staff: Staff, fingerprint: str, mapping: Mapping[int, str]) -> None:
        """Remember a mapping."""
        found = db.session.scalar(select(cls).where(cls.fingerprint == fingerprint, cls.staff_id == staff.id))
        if found is None:
            found = cls(staff_id=staff.id, fingerprint=fingerprint)
            db.session.add(found)
        found.mapping = {str(index): name for index, name in mapping.items()}
        found.used_at = clock.now()


_MEDIA = {"spreadsheet": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text": "text/csv"}


def default_purpose() -> str:
    """Return what contacts' data are kept for unless somebody says otherwise: the first of the site's list."""
    return next((entry["code"] for entry in standard("choices.kept_for") if entry["active"]), "")


def ensure_may(by: Staff, as_state: str) -> None:
    """Raise `Refusal` unless `by` may import, and onto the register where that is asked for (RO-1)."""
    if not by.may(Permission.CUSTOMER_IMPORT):
        raise Refusal("Your role does not include imports.")
    if as_state == AS_ENTRIES and not by.may(Permission.REGISTER_EDIT):
        raise Refusal("Your role does not include entries of office registers.")
    if as_state == AS_BOOK and not by.may(Permission.SALES_IMPORT):
        raise Refusal("Only supervisors and managers import sales and payments.")
    if as_state == CustomerState.ACTIVE and not by.may(Permission.CUSTOMER_IMPORT_REGISTER):
        raise Refusal("Only supervisors and managers take customers over onto the register. Import them as prospects.", field="as_state")


def _ensure_choices(by: Staff, what: str, as_state: str, owner: Staff | None) -> None:
    if what not in WHAT:
        raise Refusal("Choose what the file is for.", field="what")
    if as_state not in (CustomerState.PROSPECT, CustomerState.ACTIVE, AS_ENTRIES, AS_BOOK):
        raise Refusal("Choose what new customers are.", field="as_state")
    ensure_may(by, as_state)
    if owner is not None and owner.id not in {person.id for person in possible_owners(by)}:
        raise Refusal("Choose who is in charge, from the people you may give a customer to.", field="owner_id")


def unfinished(user: Staff) -> list[ImportRun]:
    """Return the reader's imports that are under way or wait for a decision, newest first: for the home page."""
    query = select(ImportRun).where(ImportRun.staff_id == user.id, ImportRun.state.in_((*BUSY, "matched", "checked")))
    return list(db.session.scalars(query.order_by(ImportRun.id.desc()).limit(5)))


def interrupted(run: ImportRun) -> bool:
    """Return whether the job of a busy import has failed, so that it can be begun again."""
    return run.state in BUSY and run.job is not None and run.job.state == "failed"


__all__ = ["BUSY", "ImportMapping", "ImportRow", "ImportRun", "ensure_may", "interrupted", "unfinished"]
