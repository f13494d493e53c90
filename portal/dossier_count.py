"""The worker counts what dossiers lack where that is not known: new customers, another nature, another version of the rules (AR-8)."""

from __future__ import annotations

from portal import jobs
from portal.database import db
from portal.models import dossier_completeness

CHUNK = 1000
MOST_A_MINUTE = 50_000


@jobs.every_minute
def count_dossiers() -> None:
    """Count the dossiers that are to be counted, each chunk in a transaction of its own."""
    if dossier_completeness.follow_standards():
        db.session.commit()
    for _chunk in range(MOST_A_MINUTE // CHUNK):
        ids = dossier_completeness.to_count(CHUNK)
        if not ids:
            break
        dossier_completeness.count(ids)
        db.session.commit()
    db.session.rollback()
