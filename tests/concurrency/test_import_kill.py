"""A worker killed in the middle of an import loses nothing and makes nothing twice (AR-40; quality.md, correct under load and fault)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock, jobs
from portal.database import db
from portal.exchange.customer_table import customer_table
from portal.models.audit import AuditEvent, verify
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState
from portal.models.import_run import ImportRun
from portal.models.job import DEAD_AFTER, Job
from portal.models.search_index import CustomerSearch
from portal.models.staff import Staff

ROWS = 1200

# The worker of the test does the job as the real one does, and is killed by itself in the middle of a chunk's transaction: the time
# between the insert and the commit is too short to be hit from outside every time.
WORKER = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from portal import create_app, database, jobs
from portal.exchange import importing

app = create_app({"TESTING": True, "PORTAL_ENV": "testing", "INSTANCE_FOLDER": sys.argv[2], "SECRET_KEY": "only-for-tests-" * 4,
                  "SQLALCHEMY_DATABASE_URI": sys.argv[3], "FILES_FOLDER": Path(sys.argv[4])})
settle, after = importing.Writer._settle, int(sys.argv[6])
chunks = []

def killing(self, *values):
    settle(self, *values)
    chunks.append(1)
    if len(chunks) == after:
        os.kill(os.getpid(), signal.SIGKILL)

importing.Writer._settle = killing
importing.WRITE_CHUNK = 250
with app.app_context():
    database.read_only(False)
    jobs.run(int(sys.argv[5]))
"""


def one(statement) -> int:
    return db.session.scalar(statement) or 0


@pytest.mark.parametrize("mode", ["good", "all"])
def test_killed_in_the_middle_it_goes_on_and_makes_nothing_twice(app: Flask, staff, tmp_path: Path, mode: str) -> None:
    text = "客户名称,联系人\n" + "".join(f"客户第{number}号贸易有限公司,张{number}\n" for number in range(ROWS))
    run = ImportRun.begin(text.encode(), "客户.csv", by=staff["rep1"], what="both", as_state="prospect")
    db.session.commit()
    jobs.start(run.job)
    mapping = {int(index): name for index, name in run.mapping.items()}
    run.match(mapping, kept_for="daily_contact", reason="x", effective_on=run.effective_on, columns=customer_table())
    db.session.commit()
    jobs.start(run.job)
    run.start(by=staff["rep1"], mode=mode, skip_duplicates=False)
    db.session.commit()
    job_id, run_id = run.job.id, run.id
    db.session.remove()
    root = Path(__file__).resolve().parents[2]
    arguments = [str(root), str(tmp_path), app.config["SQLALCHEMY_DATABASE_URI"], str(app.config["FILES_FOLDER"]), str(job_id)]
    for killed_after in (3, 2):
        process = subprocess.run(
            [sys.executable, "-c", WORKER, *arguments, str(killed_after)], capture_output=True, check=False, env={**os.environ}
        )
        assert process.returncode == -signal.SIGKILL, process.stderr.decode()
        made = one(select(func.count()).select_from(Customer).where(Customer.import_id == run_id))
        assert made == {3: 500, 2: 750}[killed_after]
        if mode == "all":
            assert db.session.scalars(Customer.visible_to(Staff.by_account("mgr1"))).all() == []
        # A worker without a heartbeat is found after a while.
        job = db.session.get_one(Job, job_id)
        job.heartbeat = clock.now() - DEAD_AFTER - timedelta(seconds=1)
        db.session.commit()
    jobs.reap()
    run = db.session.get_one(ImportRun, run_id)
    assert (run.state, run.job.state, run.counts["created"], run.job.done) == ("done", "done", ROWS, ROWS)
    assert one(select(func.count()).select_from(Customer).where(Customer.state == CustomerState.PROSPECT)) == ROWS
    assert one(select(func.count(Customer.full_name.distinct()))) == ROWS
    assert one(select(func.count()).select_from(Contact)) == ROWS
    assert one(select(func.count()).select_from(CustomerSearch)) == ROWS
    assert one(select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "created")) == ROWS
    assert list(verify()) == []
