"""Many forms as one PDF, and bound dossiers: how long, and how much memory all processes together take at most (PR-6, PR-7)."""

from __future__ import annotations

import json
import os
from pathlib import Path

from bench.jobs import _python
from bench.measure import Figure, Report

FORMS = int(os.environ.get("FORMS", "500"))
DOSSIERS = (60, 500)

_HEAD = """
import json, os, resource, sys, tempfile, time
from pathlib import Path
from portal import create_app, database, jobs
from portal.printing.press import POOL
app = create_app({"JOBS_IMMEDIATE": True})
POOL.width = os.cpu_count() or 1

def peak():
    lines = [line for pid in POOL.processes for line in open(f"/proc/{pid}/status") if line.startswith("VmHWM")]
    own, bound = (resource.getrusage(whose).ru_maxrss for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (sum(int(line.split()[1]) for line in lines) + own + bound) / 1024
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
    ids = list(db.session.scalars(Customer.visible_to(manager).with_only_columns(Customer.id).order_by(Customer.id).limit(int(sys.argv[1]))))
    def one(number):
        press(lambda: paper_of(PRINTABLES["customer_card"], db.session.get(Customer, number)), "zh", by=manager)
        db.session.commit()
    for number in ids[:3]:
        one(number)
    begun = time.perf_counter()
    for number in ids[:15]:
        one(number)
    alone = (time.perf_counter() - begun) / 15
    job = batches.queue_records("customer_card", ids, "zh", by=manager)
    db.session.commit()
    begun = time.perf_counter()
    jobs.start(job)
    took = time.perf_counter() - begun
    db.session.refresh(job)
    print(json.dumps({"one": alone, "took": took, "forms": job.result.get("forms", 0), "memory": peak(), "error": job.error}))
"""
)
_DOSSIER = (
    _HEAD
    + """
with app.app_context():
    database.read_only(False)
    from portal.database import db
    from portal.models.customer import Customer
    from portal.models.staff import Staff
    from portal.printing.binder import make
    from portal.printing.binder_content import Filing, volume_of
    from tests.printing.filed import fill
    manager = Staff.by_account("mgr1")
    customer = db.session.scalars(Customer.visible_to(manager).order_by(Customer.id.desc()).limit(1)).one()
    fill(customer, int(sys.argv[1]), by=manager)
    db.session.flush()
    volume = volume_of(customer)
    db.session.commit()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "binder.pdf"
        values = make(volume, "zh", Filing("bench"), out, by_name="bench")
        size = out.stat().st_size
    print(json.dumps({"took": time.perf_counter() - begun, "pages": values["pages"], "memory": peak(), "size": size}))
"""
)


def binding(url: str, instance: Path, report: Report) -> None:
    """Measure a batch of `FORMS` cards against as many printed one by one, and dossiers of `DOSSIERS` documents."""
    environment = {"DATABASE_URL": url, "PORTAL_INSTANCE": str(instance)}
    done = json.loads(_python(_BATCH, str(FORMS), environment=environment))
    note = done["error"] or f"wall, {os.cpu_count()} cores; floor: one card x {done['forms']}"
    report.add(Figure(f"batch of {done['forms']} forms", done["took"], "s", done["one"] * done["forms"], 0.5, by_ratio=True, note=note))
    report.add(Figure("batch: memory of all processes", done["memory"], "MB", None, 500))
    for count in DOSSIERS:
        bound = json.loads(_python(_DOSSIER, str(count), environment=environment))
        note = f"{bound['pages']} pages, {bound['size'] / 1024:,.0f} KB"
        report.add(Figure(f"dossier of {count} documents bound", bound["took"], "s", note=note))
        report.add(Figure("its memory, all processes", bound["memory"], "MB", None, 500))
