"""The refused rows of an import: what is kept of their problems, and the file of them with the reasons (AR-40)."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from flask_babel import gettext
from sqlalchemy import select

from portal import jobs
from portal.database import db
from portal.exchange.columns import ImportTable, Problem
from portal.exchange.customer_table import column_title
from portal.exchange.opening import import_page, open_upload
from portal.exchange.reading import TableFile
from portal.exchange.register_table import table_of
from portal.exchange.writing import XLSX, write_xlsx
from portal.i18n import in_language, translate
from portal.models.attachment import Attachment
from portal.models.import_run import ImportRow, ImportRun
from portal.models.job import Job
from portal.models.notice import notify
from portal.rules.message import N_, Message, revived, stored

VALUE_LENGTH = 200
"""Characters of a refused cell that are kept with its reason; the file has the whole."""


def as_staged(problem: Problem) -> dict[str, Any]:
    """Return a problem as a staged row keeps it, the messages in its message included."""
    figures = stored(problem.message.params).items()
    params = {key: value if isinstance(value, (int, str, dict)) else str(value) for key, value in figures}
    value = "" if problem.value is None else str(problem.value)[:VALUE_LENGTH]
    return {"column": problem.column, "value": value, "text": problem.message.text, "params": params}


def keep_refused(run: ImportRun, file: TableFile) -> None:
    """Keep a spreadsheet of the refused rows, their cells as they stood and the reasons behind them, in the importer's language.

    `file` is the import's, opened. It commits, because nobody else can write to the database in a transaction as long as the file.
    """
    reasons: dict[int, str] = {}
    refused = select(ImportRow.row, ImportRow.problems).where(ImportRow.run_id == run.id, ImportRow.outcome == "refused")
    table = table_of(run.table_name)
    with in_language(run.staff.language):
        for row, problems in db.session.execute(refused):
            reasons[row] = "；".join(_reason(table, one) for one in problems)
        heads = [*run.heads, gettext("Why it was not imported")]
    if not reasons:
        run.refused = None
        return
    width, sheet, header, name = len(run.heads), run.sheet, run.header_row, f"{Path(run.filename).stem}-refused.xlsx"
    db.session.commit()
    rows = (
        [*(_plain_cell(cell) for cell in cells[:width]), *[None] * (width - len(cells)), reasons[number]]
        for number, cells in file.rows(sheet, after=header)
        if number in reasons
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "refused.xlsx"
        write_xlsx(path, heads, rows)
        run.refused = Attachment.keep_file(path, filename=name, media_type=XLSX, purpose="refused-rows", by=run.staff)


@jobs.kind("import-refused", title=N_("Making a file of refused rows"), page=import_page)
def make_again(job: Job) -> None:
    """Make the file of an import's refused rows once more, after it was removed. Safe to run twice."""
    run = db.session.get_one(ImportRun, job.args["run"])
    if run.refused is None:
        keep_refused(run, open_upload(run))
        notify(run.staff, Message(N_("The refused rows of %(file)s are a file again."), {"file": run.filename}), link=f"/imports/{run.id}")


def _reason(table: ImportTable, problem: dict[str, Any]) -> str:
    reason, params = problem["text"], problem["params"]
    text = translate(Message(reason, revived(params)))
    column = table.by_name.get(problem["column"])
    return f"{column_title(column)}：{text}" if column is not None else text


def _plain_cell(cell: Any) -> Any:
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ", "seconds")
    return cell if isinstance(cell, (str, int, float)) else str(cell)
