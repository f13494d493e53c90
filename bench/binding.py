"""Many forms as one PDF, sealed forms, bound dossiers: how long, and how much memory all processes together take (AP-7, PR-6, PR-7)."""

from __future__ import annotations

import json
import os
from pathlib import Path

from bench.jobs import _python
from bench.measure import Figure, Report

FORMS = int(os.environ.get("FORMS", "500"))
DOSSIERS = (60, 500)
"""Ascending: each dossier is the one before with more in it."""

_HEAD = """
import json, os, resource, sys, tempfile, threading, time
from pathlib import Path
from portal import create_app, database, jobs
from bench.server import cpu_of
from portal.printing.press import POOL
app = create_app({"JOBS_IMMEDIATE": True})
POOL.width = os.cpu_count() or 1

def cpu():
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used) + sum(map(cpu_of, POOL.processes))

highest = [0.0]

def processes():
    found = [os.getpid()]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == os.getpid():
                found.append(int(stat.parent.name))
        except OSError:
            continue
    return found

def watch():
    while True:
        total = 0
        for pid in processes():
            try:
                rolled = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in rolled if line.startswith("Pss:"))
        highest[0] = max(highest[0], total / 1024)
        time.sleep(0.5)

threading.Thread(target=watch, daemon=True).start()
"""
_BATCH = (
    _HEAD
    + """
with app.app_context():
    database.read_only(False)
    from portal.database import db
    from portal.models.customer import Customer
    from portal.models.staff import Staff
    from portal.printing import batches
    from portal.printing.documents import press
    from portal.printing.papers import PRINTABLES, paper_of
    manager = Staff.by_account("mgr1")
    wanted = Customer.visible_to(manager).with_only_columns(Customer.id).order_by(Customer.id)
    ids = list(db.session.scalars(wanted.limit(int(sys.argv[1]))))
    def one(number):
        press(lambda: paper_of(PRINTABLES["customer_card"], db.session.get(Customer, number)), "zh", by=manager)
        db.session.commit()
    for number in ids[:3]:
        one(number)
    before = cpu()
    for number in ids[:15]:
        one(number)
    alone = (cpu() - before) / 15
    job = batches.queue_records("customer_card", ids, "zh", by=manager)
    db.session.commit()
    begun, before = time.perf_counter(), cpu()
    jobs.start(job)
    took, wall = cpu() - before, time.perf_counter() - begun
    db.session.refresh(job)
    said = {"one": alone, "took": took, "wall": wall, "forms": job.result.get("forms", 0), "error": job.error}
    print(json.dumps({**said, "memory": highest[0]}))
"""
)
_SEALED = (
    _HEAD
    + """
with app.app_context():
    database.read_only(False)
    from portal.database import db
    from portal.models.approval import Approval
    from portal.models.customer import Customer
    from portal.models.staff import Staff
    from portal.printing import filing
    from portal.printing.documents import press
    from portal.printing.papers import paper_of_round
    from sqlalchemy import select
    from tests.approving import APPROVE, chain, change, sign
    if not filing.place().exists:
        filing.place().init("bench")
    chain(APPROVE)
    found = select(Customer).where(Customer.state == "active").order_by(Customer.id)
    numbers = []
    for customer in list(db.session.scalars(found.limit(int(sys.argv[1])))):
        owner = db.session.get_one(Staff, customer.owner_id)
        approval = change(customer, owner.account).submit(by=owner)
        db.session.commit()
        sign(approval, "mgr1")
        numbers.append(approval.id)
    db.session.expunge_all()
    def paper(number):
        approval = db.session.get_one(Approval, number)
        return paper_of_round(approval, approval.current_round)
    def one(number):
        press(lambda: paper(number), "zh", by=None)
        db.session.commit()
    for number in numbers[:3]:
        one(number)
    before = cpu()
    for number in numbers[:15]:
        one(number)
    alone = (cpu() - before) / len(numbers[:15])
    begun, before = time.perf_counter(), cpu()
    for number in numbers:
        filing.file_form(number)
        db.session.commit()
    said = {"one": alone, "took": cpu() - before, "wall": time.perf_counter() - begun, "forms": len(numbers)}
    print(json.dumps({**said, "memory": highest[0]}))
"""
)
_FILLING = """
import sys
from portal import create_app, database
app = create_app({"JOBS_IMMEDIATE": True})
with app.app_context():
    database.read_only(False)
    from portal.database import db
    from portal.models.customer import Customer
    from portal.models.staff import Staff
    from tests.printing.filed import fill
    manager = Staff.by_account("mgr1")
    customer = db.session.scalars(Customer.visible_to(manager).order_by(Customer.id.desc()).limit(1)).one()
    fill(customer, int(sys.argv[1]), by=manager)
    db.session.commit()
    print(customer.id)
"""
_DOSSIER = (
    _HEAD
    + """
with app.app_context():
    database.read_only(False)
    from portal.database import db
    from portal.models.customer import Customer
    from portal.printing.binder import make
    from portal.printing.binder_content import Filing, volume_of
    volume = volume_of(db.session.get_one(Customer, int(sys.argv[1])))
    db.session.rollback()
    begun = cpu()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "binder.pdf"
        values = make(volume, "zh", Filing("bench"), out, by_name="bench")
        size = out.stat().st_size
    print(json.dumps({"took": cpu() - begun, "pages": values["pages"], "memory": highest[0], "size": size}))
"""
)


def binding(url: str, instance: Path, report: Report) -> None:
    """Measure a batch of `FORMS` cards against as many printed one by one, as many sealed forms, and dossiers of `DOSSIERS` documents."""
    environment = {"DATABASE_URL": url, "PORTAL_INSTANCE": str(instance)}
    done = json.loads(_python(_BATCH, str(FORMS), environment=environment))
    cores = os.cpu_count() or 1
    note = done["error"] or f"CPU over {cores} cores, {done['wall']:.0f} s wall; floor: one card x {done['forms']}"
    floor = done["one"] * done["forms"]
    report.add(Figure(f"batch of {done['forms']} forms", done["took"] / cores, "s", floor, 0.5, by_ratio=True, note=note))
    report.add(Figure("batch: memory of all processes (PSS)", done["memory"], "MB", None, 500))
    sealed = json.loads(_python(_SEALED, str(FORMS), environment=environment))
    note = f"{sealed['wall']:.0f} s wall; floor: one form printed x {sealed['forms']}"
    report.add(Figure(f"{sealed['forms']} forms sealed and filed", sealed["took"], "s CPU", sealed["one"] * sealed["forms"], note=note))
    report.add(Figure("sealing: memory of all processes (PSS)", sealed["memory"], "MB", None, 500))
    filled = 0
    for count in DOSSIERS:
        # By a process of its own: a worker that binds has not made the files.
        filed = _python(_FILLING, str(count - filled), environment=environment)
        filled = count
        bound = json.loads(_python(_DOSSIER, filed, environment=environment))
        note = f"{bound['pages']} pages, {bound['size'] / 1024:,.0f} KB"
        report.add(Figure(f"dossier of {count} documents bound", bound["took"], "s CPU", note=note))
        report.add(Figure("its memory, all processes (PSS)", bound["memory"], "MB", None, 500))
