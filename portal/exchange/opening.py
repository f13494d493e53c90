"""The job that reads an uploaded file for the first time: its sheets, the heads of one, and what they match (AR-40).

A spreadsheet of 100,000 rows takes hundreds of megabytes while it is read, which the web process has not got.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import update

from portal import jobs
from portal.database import db
from portal.exchange.reading import TableFile, glance_at, open_table
from portal.models.import_run import ImportRun
from portal.models.job import Job
from portal.rules.message import N_, Refusal
from portal.stores import store


def import_page(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the page of the import that a job works on."""
    return "exchange.import_page", {"run_id": job.args["run"]}


def open_upload(run: ImportRun, sheet: str = "", *, glance: bool = False) -> TableFile:
    """Return the import's file, opened, with `sheet` (the import's own by default) read. Raises `Refusal`.

    With `glance` only its sheets, heads and first rows are to be asked. It commits before: reading takes seconds, in which nobody else
    could write to the database.
    """
    digest, name, sheet = run.attachment.sha256, run.filename, sheet or run.sheet
    if not run.has_file:
        raise Refusal("The uploaded file was removed. Upload it again.")
    db.session.commit()
    with tempfile.TemporaryDirectory() as folder:
        path = store().at(digest, Path(folder))
        if not path.exists():
            raise Refusal("The file is no longer in the store. Upload it again.")
        table = (glance_at if glance else open_table)(path, name)  # which keeps nothing of the path
    if sheet:
        table.last_row(sheet)
    return table


@jobs.kind("import-read", title=N_("Reading a file to import"), page=import_page, short=True)
def read(job: Job) -> None:
    """Read the sheets, and the sheet's heads where it is chosen or there is only one. Safe to run twice."""
    run = db.session.get_one(ImportRun, job.args["run"])
    if run.state != "reading":
        return
    try:
        table = open_upload(run, job.args.get("sheet", ""), glance=True)
        sheet = job.args.get("sheet") or (table.sheets[0] if len(table.sheets) == 1 else "")
        run.sheets = list(table.sheets)
        if sheet:
            run.take_sheet(sheet, table)
        else:
            run.state = "uploaded"
        db.session.commit()
    except Refusal:
        db.session.rollback()
        # A file of several sheets is asked for another one; any other is of no use.
        state = "uploaded" if job.args.get("sheet") and len(run.sheets) > 1 else "failed"
        db.session.execute(update(ImportRun).where(ImportRun.id == run.id, ImportRun.state == "reading").values(state=state))
        db.session.commit()
        raise
