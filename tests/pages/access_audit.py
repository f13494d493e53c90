"""Rows of the audit log."""

from __future__ import annotations

from typing import Any

from portal.database import db
from portal.models import audit
from portal.models.audit import AuditEvent
from tests.access import Row, managers


def _entry() -> dict[str, Any]:
    audit.write("system", "tried")
    db.session.commit()
    return {"event": db.session.query(AuditEvent.id).order_by(AuditEvent.id.desc()).first()[0]}


ROWS = [
    managers("audit.log", "/audit"),
    managers("audit.log", "/audit?customer_number=nobody", status=422),
    managers("audit.export", "/audit.csv"),
    Row("audit.entry", "/audit/{event}", owner=404, supervisor=404, manager=200, prepare=_entry),
]
