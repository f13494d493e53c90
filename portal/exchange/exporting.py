"""Customers and contacts out to .xlsx and .csv: what the list shows, filters and scope kept, page by page, in flat memory (AR-41)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row, select

from portal import clock, database, jobs
from portal.database import db, write_apart
from portal.exchange import insight_table, register_table, report_table, request_table, sales_table
from portal.exchange.customer_table import column_title, customer_table
from portal.exchange.register_table import register_of
from portal.exchange.writing import XLSX, iter_csv, write_xlsx
from portal.i18n import in_language, of_choice
from portal.models import audit, card, register
from portal.models.attachment import Attachment
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.job import Job
from portal.models.made_files import ensure_as_read, erased_cards, noted
from portal.models.notice import notify
from portal.models.register_list import EntryQuery
from portal.models.register_query import COLUMNS, DEFAULT_COLUMNS, RegisterQuery
from portal.models.report_list import ReportQuery
from portal.models.request_query import RequestQuery
from portal.models.scope import scope_key
from portal.models.staff import Staff, Team
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules.message import N_, Message, Refusal

DIRECT = 1000
"""Up to so many customers a spreadsheet is made while the reader waits; more are a job."""
HEARTBEAT = 5000
PORTION = 500
MEMORY = 10_000
"""So many regions are remembered as they are written."""
WHAT = ("list", "card", "contacts")
FORMATS = ("xlsx", "csv")

AnyQuery = RegisterQuery | EntryQuery | ReportQuery | RequestQuery | sales_table.BookQuery | insight_table.InsightQuery


@dataclass(frozen=True)
class Export:
    """What goes out: whose view, which customers (a query, or chosen ids), which table."""

    user: Staff
    query: AnyQuery
    what: str = "list"
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    ids: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """Return what the file and its sheet are called, in the reader's language."""
        register = register_of(self.what)
        if register is not None:
            return gettext(register.title)
        if self.what.startswith(sales_table.PREFIX):
            return gettext(sales_table.TITLES[self.what.removeprefix(sales_table.PREFIX)])
        if self.what.startswith(insight_table.PREFIX):
            return gettext(insight_table.TITLES[self.what.removeprefix(insight_table.PREFIX)])
        if self.what == report_table.WHAT:
            return gettext("Information reports")
        if self.what == request_table.WHAT:
            return gettext("Requests and complaints")
        return gettext("Contacts") if self.what == "contacts" else gettext("Customers")

    def filename(self, ending: str) -> str:
        """Return the name of the file, with the day."""
        return f"{self.title}-{clock.today():%Y%m%d}.{ending}"

    def table(self) -> tuple[list[str], Iterator[Sequence[Any]]]:
        """Return the heads in the reader's language, and the rows as they are read."""
        if isinstance(self.query, EntryQuery):
            return register_table.heads(self.query.declared), register_table.rows(self.user, self.query)
        if isinstance(self.query, sales_table.BookQuery):
            return sales_table.heads(self.query), sales_table.rows(self.user, self.query)
        if isinstance(self.query, insight_table.InsightQuery):
            return insight_table.heads(self.query), insight_table.rows(self.user, self.query)
        if isinstance(self.query, ReportQuery):
            return report_table.heads(), report_table.rows(self.user, self.query)
        if isinstance(self.query, RequestQuery):
            return request_table.heads(), request_table.rows(self.user, self.query)
        if self.what == "contacts":
            return _contacts(self)
        return _cards(self) if self.what == "card" else _list(self)

    def logged(self) -> dict[str, Any]:
        """Return what the log says of it: the filters, or how many were chosen."""
        return {"what": self.what, "filters": self.query.args(), **({"chosen": len(self.ids)} if self.ids else {})}

    def portions(self, columns: tuple[str, ...]) -> Iterator[Sequence[Row[Any]]]:
        """Yield the customers with these columns, many at a time, in the order of the list, or of the number where they were chosen."""
        assert isinstance(self.query, RegisterQuery)  # noqa: S101 - entries of a register have rows of their own
        if not self.ids:
            yield from register.portions(self.user, self.query, columns=columns)
            return
        wanted = [Customer.id, Customer.number, Customer.full_name, *(getattr(Customer, name) for name in _plain_columns(columns))]
        ids = iter(self.ids)
        while portion := list(islice(ids, PORTION)):
            seen = register.chosen(self.user, portion)
            yield db.session.execute(select(*wanted).where(Customer.id.in_(seen)).order_by(Customer.number)).all()


def _plain_columns(columns: tuple[str, ...]) -> list[str]:
    parts = {"region": ("province", "city"), "owner": ("owner_id",), "team": ("team_id",)}
    return list(dict.fromkeys(part for name in columns for part in parts.get(name, (name,))))


def _names(model: type[Staff] | type[Team]) -> dict[int | None, str]:
    return {row[0]: row[1] for row in db.session.execute(select(model.id, model.name))}


def _words(choices: str) -> dict[str, str]:
    return {entry["code"]: of_choice(entry) for entry in standard(f"choices.{choices}")}


class _Words(dict[Any, Any]):
    """Words by what is stored; what has none is shown as it is, or as `other`."""

    other: str | None = None

    def __missing__(self, stored: Any) -> Any:
        return stored if self.other is None else self.other


class _Names(_Words):
    other = ""


class _Regions(dict[tuple[str, str], str]):
    """Province and city as one text, remembered: there are a few hundred."""

    def __missing__(self, pair: tuple[str, str]) -> str:
        province, city = pair
        found = city if city.startswith(province) else f"{province} {city}".strip()
        if len(self) < MEMORY:
            self[pair] = found
        return found


def _writer(kind: str, choices: str) -> Callable[[Any], Any] | None:
    """Return what makes the cell of a column out of its value: names and choices in words; None where the value is the cell."""
    if kind == "moment":
        return lambda value: None if value is None else clock.local(value)
    if kind == "choice":
        return _Words(_words(choices)).__getitem__
    if kind in ("staff", "team"):
        return _Names(_names(Staff if kind == "staff" else Team)).__getitem__
    return _Regions().__getitem__ if kind == "region" else None


def _lines(portions: Iterable[Sequence[Row[Any]]], columns: Sequence[tuple[str, str, str]]) -> Iterator[tuple[Any, ...]]:
    """Yield the cells of each row; `columns` are (name, kind, choices).

    A million rows are many calls: a portion is worked off column by column, which costs a third of doing it cell by cell.
    """
    named = {"staff": "owner_id", "team": "team_id"}
    writers = [(named.get(kind, name), kind, _writer(kind, choices)) for name, kind, choices in columns]
    for rows in portions:
        if not rows:
            continue
        stored = dict(zip(rows[0]._fields, zip(*rows, strict=True), strict=True))
        cells: list[Iterable[Any]] = []
        for name, kind, write in writers:
            values: Iterable[Any] = zip(stored["province"], stored["city"], strict=True) if kind == "region" else stored[name]
            cells.append(map(write, values) if write else values)
        yield from zip(*cells, strict=True)


_ALWAYS = (("number", "text", ""), ("full_name", "text", ""))


def _list(export: Export) -> tuple[list[str], Iterator[Sequence[Any]]]:
    heads = [gettext("Customer number"), gettext("Customer name"), *(gettext(COLUMNS[name].title) for name in export.columns)]
    columns = [*_ALWAYS, *((name, COLUMNS[name].kind, COLUMNS[name].choices) for name in export.columns)]
    return heads, _lines(export.portions(export.columns), columns)


def _cards(export: Export) -> tuple[list[str], Iterator[Sequence[Any]]]:
    table = customer_table()
    names = tuple(entry.name for entry in card.FIELDS if entry.name != "full_name")
    own = ("number", "full_name", *names, "registered_on", "owner")
    heads = [column_title(table.by_name[name]) if name in table.by_name else gettext(card.CARD[name].title) for name in own]
    columns = [*_ALWAYS, *((name, card.CARD[name].kind, card.CARD[name].choices) for name in names)]
    columns += [("registered_on", "date", ""), ("owner", "staff", "")]
    return heads, _lines(export.portions((*names, "registered_on", "owner")), columns)


def _contacts(export: Export) -> tuple[list[str], Iterator[Sequence[Any]]]:
    table = customer_table()
    fields = card.CONTACT_FIELDS
    known = [f"contact1_{entry.name}" for entry in fields]
    heads = [column_title(table.by_name[name]) if name in table.by_name else name for name in ("number", "full_name", *known)]
    words = {entry.name: _words(entry.choices) for entry in fields if entry.choices}

    def rows() -> Iterator[list[Any]]:
        for portion in export.portions(()):
            found: dict[int, list[Any]] = {}
            contacts = select(Contact.__table__).where(Contact.customer_id.in_([row.id for row in portion])).order_by(Contact.id)
            for contact in db.session.execute(contacts):
                found.setdefault(contact.customer_id, []).append(contact)
            for row in portion:
                for contact in found.get(row.id, []):
                    cells = [getattr(contact, entry.name) for entry in fields]
                    yield [
                        row.number,
                        row.full_name,
                        *(words.get(entry.name, {}).get(cell, cell) for entry, cell in zip(fields, cells, strict=True)),
                    ]

    return heads, rows()


def stream_csv(export: Export) -> Iterator[bytes]:
    """Yield the table as CSV, for a reading request. The log has that it began, and at the end, however it comes, how many rows went."""
    session = db.session()
    log(export, "export-begun", "csv")
    heads, rows = export.table()
    counted = [0]
    try:
        yield from iter_csv(heads, _counting(rows, counted))
    finally:
        if db.session() is session:  # else the request is gone, and the entry of the beginning stands alone
            log(export, "exported", "csv", rows=counted[0])


def make_xlsx(export: Export, path: Path) -> int:
    """Write the table as .xlsx and return the number of rows. Raises `Refusal` above what a sheet holds."""
    heads, rows = export.table()
    return write_xlsx(path, heads, rows, sheet_name=export.title)


def log(export: Export, action: str, ending: str, **data: Any) -> None:
    """Write an export into the log, for a reading request in a transaction of its own (RO-7)."""
    entry: dict[str, Any] = {"actor": export.user, "label": export.filename(ending), **export.logged(), **data}
    if not database.is_reading():
        audit.write("export", action, **entry)
        return
    _ = export.user.name  # read before the other transaction begins
    with write_apart() as session:
        audit.write("export", action, session=session, **entry)


def _counting(rows: Iterable[Sequence[Any]], counted: list[int], beat: Callable[[int], None] | None = None) -> Iterator[Sequence[Any]]:
    for row in rows:
        counted[0] += 1
        if beat is not None and counted[0] % HEARTBEAT == 0:
            beat(counted[0])
        yield row


def queue(export: Export, ending: str) -> Job:
    """Queue the making of a file and return its job; the caller commits and starts it."""
    return Job.queue(
        "export",
        by=export.user,
        what=export.what,
        columns=list(export.columns),
        ids=list(export.ids),
        query=export.query.args(),
        ending=ending,
        language=export.user.language,
        scope=scope_key(export.user),
    )


def again(job: Job, by: Staff) -> Job:
    """Queue an export once more, of what its reader sees today, and return the new job; the caller commits and starts it."""
    args = job.args
    return queue(_as_asked(by, args), args["ending"])


def _as_asked(user: Staff, args: dict[str, Any]) -> Export:
    """Return the export that a job's arguments ask for."""
    register = register_of(args["what"])
    query: AnyQuery = RegisterQuery.read(args["query"])
    book = sales_table.query_of(args["what"], args["query"]) or insight_table.query_of(args["what"], args["query"])
    if register is not None:
        query = EntryQuery.of(register.code, args["query"])
    elif book is not None:
        query = book
    elif args["what"] == report_table.WHAT:
        query = ReportQuery.read(args["query"])
    elif args["what"] == request_table.WHAT:
        query = RequestQuery.read(args["query"])
    return Export(user, query, args["what"], tuple(args["columns"]), tuple(args["ids"]))


@jobs.kind("export", title=N_("Export"), page=lambda job: ("exchange.export_made", {"job_id": job.id}))
def make(job: Job) -> None:
    """Make the file, keep it, and tell who asked. It only reads while it works, so that nobody waits for it; safe to run twice."""
    user, args, job_id = job.staff, job.args, job.id
    assert user is not None  # noqa: S101 - somebody has asked for it
    if not user.may(Permission.CUSTOMER_EXPORT):
        raise Refusal("Your role does not include exports.")
    export = _as_asked(user, args)
    counted = [0]
    with in_language(args["language"]), tempfile.TemporaryDirectory() as folder:
        name = export.filename(args["ending"])
        path = Path(folder) / "export"
        db.session.commit()
        database.read_only(True)
        try:
            customers, erased = noted(user, export.ids), erased_cards()
            heads, found = export.table()
            rows = _counting(found, counted, lambda done: _beat(job_id, done))
            if args["ending"] == "csv":
                with path.open("wb") as file:
                    file.writelines(iter_csv(heads, rows))
            else:
                write_xlsx(path, heads, rows, sheet_name=export.title)
            db.session.commit()
        finally:
            database.read_only(False)
        ensure_as_read(erased)
        media = XLSX if args["ending"] == "xlsx" else "text/csv"
        kept = Attachment.keep_file(path, filename=name, media_type=media, purpose="export", by=user)
    audit.write("export", "exported", actor=user, label=name, rows=counted[0], **export.logged())
    db.session.flush()
    db.session.refresh(job)
    job.progress(counted[0], counted[0])
    job.result = {"attachment": kept.id, "rows": counted[0], "customers": customers}
    notify(user, Message(N_("%(file)s with %(rows)s rows is ready."), {"file": name, "rows": counted[0]}), link=f"/exports/{job_id}")


def _beat(job_id: int, done: int) -> None:
    with write_apart() as session:
        job = session.get_one(Job, job_id)
        job.progress(done, done + HEARTBEAT)
