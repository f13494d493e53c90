"""The first entries of a new site's audit log, written by several people at once, make one chain (RO-7)."""

from __future__ import annotations

import threading

from flask import Flask
from sqlalchemy import func, select

from portal.database import db, write_apart
from portal.models import audit
from portal.models.audit import AuditEvent, AuditHead

WRITERS = 8


def test_first_entries_at_once_make_one_chain(app: Flask) -> None:
    assert db.session.scalar(select(func.count()).select_from(AuditHead)) in (0, 1)
    begun = db.session.scalar(select(func.count()).select_from(AuditEvent)) or 0
    db.session.rollback()
    together, failed = threading.Barrier(WRITERS), []

    def work(number: int) -> None:
        with app.app_context():
            together.wait()
            try:
                with write_apart() as session:
                    audit.write("system", f"begun-{number}", session=session)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == begun + WRITERS
    assert not list(audit.verify())
