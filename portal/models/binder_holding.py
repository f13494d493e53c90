"""What lies in a binder: filed documents of the binder's own customer, never of another one (AR-9, RO-1).

The undo of a merge moves a binder back while a document filed into it since stays, or the other way round: such documents leave their
binder. Whatever reads by binder asks `lies_in`, so that a binder hands nobody what belongs to somebody else.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, select

from portal import clock
from portal.database import db
from portal.models import audit, history
from portal.models.binder import Binder
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.merge import CustomerMerge, settles
from portal.rules.message import N_


def lies_in(document: Any = ArchiveDocument) -> ColumnElement[bool]:
    """Return the condition that a document (or an alias of it) lies in the `Binder` of the same statement."""
    return and_(document.binder_id == Binder.id, document.customer_id == Binder.customer_id, document.state == FILED)


class Leaving(NamedTuple):
    """A document that will leave its binder, by archive number and the code on the spine."""

    number: str
    code: str


def leaving(merge: CustomerMerge) -> list[Leaving]:
    """Return the documents that leave their binders when `merge` is undone now: of document and binder only one goes back."""
    ours, boxes = (set(merge.moved.get(table, {}).get("customer_id", [])) for table in ("archive_document", "binder"))
    columns = (ArchiveDocument.id, ArchiveDocument.archive_number, Binder.id.label("binder_id"), Binder.code)
    query = select(*columns).join(Binder, lies_in()).where(Binder.customer_id == merge.survivor_id).order_by(ArchiveDocument.archive_number)
    return [Leaving(row.archive_number, row.code) for row in db.session.execute(query) if (row.id in ours) != (row.binder_id in boxes)]


@settles
def _leave(ids: list[int]) -> None:
    """Take the documents of both records out of binders that belong to another customer now."""
    query = select(ArchiveDocument, Binder.code).join(Binder, Binder.id == ArchiveDocument.binder_id)
    apart = query.where(ArchiveDocument.customer_id.in_(ids), ArchiveDocument.customer_id != Binder.customer_id)
    for document, code in db.session.execute(apart.order_by(ArchiveDocument.id)).all():
        document.binder_id, document.updated_at = None, clock.now()
        changes = [{"field": "binder_id", "old": code, "new": ""}]
        audit.write("change", "left-binder", actor=None, record=document, label=document.label, changes=changes, source="merge")
    db.session.flush()


history.action("ArchiveDocument", "left-binder", N_("Document taken out of a binder that is another customer's after an undone merge"))
