"""The job that checks an imported file: judges every row and stages what is to be written (AR-40)."""

from __future__ import annotations

from itertools import islice
from typing import Any

from sqlalchemy import delete, update

from portal import jobs
from portal.database import db
from portal.exchange.book_judging import BookJudge, BookReader, BookVerdict
from portal.exchange.book_tables import book_of
from portal.exchange.columns import Problem
from portal.exchange.customer_rows import Record, RowReader
from portal.exchange.customer_table import customer_table
from portal.exchange.entry_judging import EntryJudge, EntryReader, EntryVerdict
from portal.exchange.in_file import InFile
from portal.exchange.judging import Judge, Verdict
from portal.exchange.opening import import_page, open_upload
from portal.exchange.refused import as_staged, keep_refused
from portal.exchange.register_table import register_of
from portal.exchange.request_judging import RequestJudge
from portal.inserting import insert_rows
from portal.models.import_run import WARNING, ImportRow, ImportRun, ensure_may
from portal.models.job import Job
from portal.models.request import ServiceRequest
from portal.rules.message import N_, Refusal

CHECK_CHUNK = 1000
STAGED = ("row", "outcome", "duplicate", "customer_id", "data", "problems")
QUIET: dict[str, Any] = {"synchronize_session": False}


@jobs.kind("import-check", title=N_("Checking a file to import"), page=import_page)
def check(job: Job) -> None:
    """Judge every row of the file and stage what is to be written. Safe to run twice: it begins anew."""
    run = db.session.get_one(ImportRun, job.args["run"])
    if run.state != "checking":
        return
    try:
        _check(job, run)
    except Refusal:
        db.session.rollback()
        drop_staged(run.id)
        db.session.execute(update(ImportRun).where(ImportRun.id == run.id, ImportRun.state == "checking").values(state="failed"))
        db.session.commit()
        raise


def _check(job: Job, run: ImportRun) -> None:
    ensure_may(run.staff, run.as_state)
    drop_staged(run.id)
    table = open_upload(run)
    reader, judge, in_file = _work(run)
    counts = dict.fromkeys(("rows", "new", "update", "unchanged", "refused", "duplicates", "warnings", "contacts"), 0)
    total = table.last_row(run.sheet)
    rows = table.rows(run.sheet, after=run.header_row)
    db.session.commit()
    while portion := list(islice(rows, CHECK_CHUNK)):
        records = [reader.read(number, cells) for number, cells in portion]
        verdicts = judge.check(records, in_file)
        for verdict in verdicts:
            _count(counts, verdict)
        staged = [_staged(verdict) for verdict in verdicts if verdict.outcome != "unchanged" or verdict.record.warnings]
        insert_rows(db.session(), ImportRow.__table__, STAGED, staged, run_id=run.id)
        job.progress(portion[-1][0], max(total, portion[-1][0]))
        db.session.commit()
    keep_refused(run, table)
    db.session.refresh(run, ["counts", "state"])
    run.counts, run.state = counts, "checked"


def _work(run: ImportRun) -> tuple[Any, Any, Any]:
    """Return what reads the rows of the run's table, what judges them, and what remembers those further up in the file."""
    mapping = {int(index): name for index, name in run.mapping.items()}
    book, dates = book_of(run.table_name), run.options.get("dates", "")
    if book is not None:
        judge = RequestJudge if book.model is ServiceRequest else BookJudge
        return BookReader(book, mapping, dates, run.heads), judge(run, run.staff, book), {}
    register = register_of(run.table_name)
    if register is not None:
        return EntryReader(register, mapping, run.heads), EntryJudge(run, run.staff, register), {}
    return RowReader(customer_table(), mapping, run.heads), Judge(run, run.staff), InFile()


def drop_staged(run_id: int) -> None:
    """Remove the staged rows of an import, and commit."""
    db.session.execute(delete(ImportRow).where(ImportRow.run_id == run_id), execution_options=QUIET)
    db.session.commit()


def _count(counts: dict[str, int], verdict: Verdict | EntryVerdict | BookVerdict) -> None:
    counts["rows"] += 1
    counts["update" if verdict.outcome == "contact" else verdict.outcome] += 1
    counts["contacts"] += len(verdict.contacts)
    counts["duplicates"] += verdict.duplicate is not None
    counts["warnings"] += verdict.outcome != "refused" and bool(verdict.record.warnings)


def _staged(verdict: Verdict | EntryVerdict | BookVerdict) -> tuple[Any, ...]:
    """Return the values of the columns `STAGED`."""
    record = verdict.record
    problems = [as_staged(one) for one in record.problems]
    if verdict.duplicate is not None:
        what = {"column": "full_name", "value": record.card.get("full_name", "")} if isinstance(record, Record) else {}
        problems = [{**as_staged(Problem("", "", verdict.duplicate)), **what}]
    if verdict.outcome != "refused":
        problems += [{**as_staged(one), WARNING: True} for one in record.warnings]
    data: dict[str, Any] = {}
    if not isinstance(record, Record):
        data = record.as_data() if verdict.outcome != "refused" else {}
    elif verdict.outcome != "refused":
        data = {"card": record.card, "derived": record.derived}
        for name in ("number", "owner", "registered_on", "contacts"):
            if getattr(record, name):
                data[name] = getattr(record, name)
    customer_id = verdict.customer.id if verdict.customer is not None else None
    return record.row, verdict.outcome, verdict.duplicate is not None, customer_id, data, problems
