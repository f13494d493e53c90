"""Import and export of many rows, in processes of their own, against reading, inserting and writing alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.measure import Figure, Report
from bench.server import ROOT

HEADS = {
    "客户全称": "full_name", "简称": "short_name", "省份": "province", "城市": "city", "区县": "district", "街道门牌": "street",
    "电话": "telephone", "法定代表人": "legal_representative", "主营业务": "main_business", "企业规模": "size", "所属行业": "industry",
}  # fmt: skip
"""Heads of the spreadsheet that is imported, and the fields under them; four more of the contact and its day follow."""
ROWS = int(os.environ.get("ROWS", "100000"))

_FLOOR_IN = """
import sys, time, sqlite3
from python_calamine import CalamineWorkbook
start = time.process_time()
rows = CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).to_python()[1:]
base = sqlite3.connect(sys.argv[2])
base.execute("PRAGMA journal_mode=WAL")
base.execute("CREATE TABLE t (" + ",".join(f"c{n}" for n in range(len(rows[0]))) + ")")
base.executemany("INSERT INTO t VALUES (" + ",".join("?" * len(rows[0])) + ")", [[str(cell) for cell in row] for row in rows])
base.commit()
print(time.process_time() - start)
"""
# The same rows, as the import makes them, into the tables of customers and contacts with their indexes: no check, no log, no search.
_TABLES = """
import sys, time
from portal import clock, create_app, database
app = create_app({})
with app.app_context():
    database.read_only(False)
    from bench.data import contacts, customers
    from bench.jobs import HEADS
    from portal.database import db
    from portal.exchange.importing import WRITE_CHUNK
    from portal.inserting import insert_rows
    from portal.models.contact import Contact
    from portal.models.customer import Customer
    from sqlalchemy import select
    names = ("number", "telephone_key", "name_key", "name_sort", *HEADS.values())
    rows, people, spent = list(customers(int(sys.argv[1]))), contacts(10**9), 0.0
    same = {"owner_id": 1, "team_id": 1, "state": "prospect", "created_at": clock.now(), "updated_at": clock.now()}
    for begin in range(0, len(rows), WRITE_CHUNK):
        some = [{**row, "number": "N" + row["number"], "full_name": "新" + row["full_name"]} for row in rows[begin : begin + WRITE_CHUNK]]
        made = [tuple(map(row.get, names)) for row in some]
        called = [next(people) for _ in made]
        fields = [name for name in called[0] if name != "customer_id"]
        start = time.process_time()
        with database.many_rows():
            insert_rows(db.session(), Customer.__table__, names, made, **same)
            ids = db.session.scalars(select(Customer.id).where(Customer.number.in_([row["number"] for row in some])))
            found = [(one, *map(person.get, fields)) for one, person in zip(ids, called)]
            insert_rows(db.session(), Contact.__table__, ("customer_id", *fields), found)
            db.session.commit()
        spent += time.process_time() - start
    print(spent)
"""
# Memory is VmHWM, the peak of the process's own memory: what getrusage tells begins at the peak of whoever started the process.
_IMPORT = r"""
import json, re, sys, time
from pathlib import Path
from portal import clock, create_app, database, jobs
app = create_app({"JOBS_IMMEDIATE": True})
with app.app_context():
    database.read_only(False)
    from portal.database import db
    from portal.exchange.customer_table import customer_table
    from portal.models.import_run import ImportRun
    from portal.models.staff import Staff
    rep = Staff.by_account("rep1-1")
    start = time.process_time()
    run = ImportRun.begin(Path(sys.argv[1]).open("rb"), "bench.xlsx", by=rep, what="both", as_state="prospect")
    db.session.commit()
    if run.job is not None and run.state != "matching":
        jobs.start(run.job)
        db.session.refresh(run)
    mapping = {int(index): name for index, name in run.mapping.items()}
    run.match(mapping, kept_for="daily_contact", reason="bench", effective_on=clock.today(), columns=customer_table())
    db.session.commit()
    jobs.start(run.job)
    db.session.refresh(run)
    run.start(by=rep, mode="good", skip_duplicates=False)
    db.session.commit()
    jobs.start(run.job)
    db.session.refresh(run)
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) / 1024
    cpu = time.process_time() - start
    print(json.dumps({"cpu": cpu, "memory": peak, "state": run.state, "job": run.job.state, "error": run.job.error}))
"""
_EXPORT = r"""
import gc, json, re, sys, time
from itertools import islice
from pathlib import Path
from portal import create_app, database
app = create_app({})
with app.app_context(), app.test_request_context():
    database.read_only(False)
    from portal.exchange.exporting import Export
    from portal.exchange.writing import write_xlsx
    from portal.models.register_query import COLUMNS, RegisterQuery
    from portal.models.staff import Staff
    columns = tuple(list(COLUMNS)[:13])
    export = Export(Staff.by_account("mgr1"), RegisterQuery.read({"tab": "register"}), columns=columns)
    heads, rows = export.table()
    rows = islice(rows, int(sys.argv[2]))
    if sys.argv[3] == "writer alone":
        rows = list(rows)
    gc.freeze()  # as the worker does before a job
    start = time.process_time()
    count = write_xlsx(Path(sys.argv[1]), heads, rows)
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) / 1024
    print(json.dumps({"cpu": time.process_time() - start, "memory": peak, "rows": count}))
"""
# One job for everything that is overdue; a second one has nothing to do.
_ESCALATION = r"""
import json, time
from portal import clock, create_app, database, jobs
app = create_app({"JOBS_IMMEDIATE": True})
with app.app_context():
    database.read_only(False)
    from bench.service_data import make_overdue
    from portal.database import db
    from portal.models import request_escalation
    from portal.models.request_step import RequestEscalation
    before = db.session.query(RequestEscalation).count()
    made = make_overdue()
    spent = []
    for turn in range(2):
        job = request_escalation.queue(clock.now()) if turn == 0 else request_escalation.Job.queue(request_escalation.KIND, by=None)
        db.session.commit()
        start = time.process_time()
        jobs.start(job)
        spent.append(time.process_time() - start)
        db.session.refresh(job)
    went_up = db.session.query(RequestEscalation).count() - before
    print(json.dumps({"cpu": spent, "made": made, "went_up": went_up, "done": job.done, "state": job.state}))
"""


def _python(code: str, *arguments: str, environment: dict[str, str] | None = None) -> str:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return done.stdout.strip().splitlines()[-1]


def _file(path: Path) -> None:
    """Write a spreadsheet of new companies, 15 columns, with heads as an office writes them."""
    from bench.data import customers
    from portal.exchange.writing import write_xlsx

    def rows() -> object:
        for number, row in enumerate(customers(ROWS), 1):
            cells = [row.get(name, "") for name in HEADS.values()]
            cells[0] = f"新{cells[0]}"
            cells[6] = f"0755-3{number:07d}"
            yield [*cells, f"张{number % 900}", "采购经理", f"138{number:08d}", "2020-03-05"]

    write_xlsx(path, [*HEADS, "联系人", "联系人职务", "联系人电话", "首次接触日期"], rows())  # type: ignore[arg-type]


def escalation(url: str, instance: Path, report: Report) -> None:
    """Measure the job that lets overdue requests go up, and that a second one finds nothing to do."""
    done = json.loads(_python(_ESCALATION, environment={"DATABASE_URL": url, "PORTAL_INSTANCE": str(instance)}))
    first, again = done["cpu"]
    report.add(Figure(f"escalation of {done['made']:,} overdue requests, one job", first, "s CPU", None, 15))
    report.add(Figure("escalation again: seconds", again, "s CPU", None, 0.5))
    twice = abs(done["went_up"] - done["made"]) + done["done"]
    report.add(Figure("escalation: requests left out or gone up twice", twice, "", None, 0, note=str(done["state"])))


def exchange(url: str, instance: Path, report: Report) -> None:
    """Measure an import and an export of `ROWS` rows."""
    environment = {"DATABASE_URL": url, "PORTAL_INSTANCE": str(instance)}
    path = instance / "in.xlsx"
    _file(path)
    floor = float(_python(_FLOOR_IN, str(path), str(instance / "floor.sqlite3")))
    done = json.loads(_python(_IMPORT, str(path), environment=environment))
    note = "" if done["job"] == "done" else f"{done['state']}: {done['error']}"
    report.add(Figure(f"import of {ROWS:,} rows x 15, all checks", done["cpu"], "s CPU", floor, 3, by_ratio=True, note=note))
    tables = float(_python(_TABLES, str(ROWS), environment=environment))
    report.add(Figure(f"{ROWS:,} customers and contacts into their tables", tables, "s CPU", floor, by_ratio=True, note="with indexes"))
    report.add(Figure("import: memory", done["memory"], "MB", None, 300))
    out = str(instance / "out.xlsx")
    small = json.loads(_python(_EXPORT, out, "10000", "", environment=environment))
    large = json.loads(_python(_EXPORT, out, "1000000", "", environment=environment))
    usual = json.loads(_python(_EXPORT, out, str(ROWS), "", environment=environment))
    floor_out = json.loads(_python(_EXPORT, out, str(ROWS), "writer alone", environment=environment))["cpu"]
    report.add(Figure(f"export of {usual['rows']:,} rows x 15 as xlsx", usual["cpu"], "s CPU", floor_out, 1.5, by_ratio=True))
    name = f"export: memory with {large['rows']:,} rows"
    report.add(Figure(name, large["memory"], "MB", small["memory"], 1.1, by_ratio=True, note="floor: 10,000 rows"))
