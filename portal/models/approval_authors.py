"""Nobody signs own work (RO-3). Whose own work a document is, is said here once, and asked by routing, inbox and signing alike.

Own work is what somebody drafted, changed as a draft, submitted in any round, or took over from who submitted it. Those people stand in
`document_author`; none of them signs the document, records its papers, is asked for an opinion on it, or has a delegate sign in their
name. The other way round, who has signed the running round cannot take the submission over (`Approval.hand_over`).
Whoever only keeps the customer's card is no author of what is written about the customer.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, db
from portal.models.staff import Staff


class DocumentAuthor(Base):
    """One person whose own work a document is, by kind and number of the document; never taken back."""

    __tablename__ = "document_author"

    kind_name: Mapped[str]
    record_id: Mapped[int]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)

    __table_args__ = (Index(None, "kind_name", "record_id", "staff_id", unique=True),)


def note_author(kind_name: str, document: Any, staff: Staff) -> None:
    """Keep that `staff` has worked on a document: called where it is drafted, changed, submitted and taken over."""
    db.session.flush()  # a new document gets its number
    mine = {"kind_name": kind_name, "record_id": document.id, "staff_id": staff.id}
    if db.session.scalar(select(DocumentAuthor.id).filter_by(**mine)) is None:
        try:
            with db.session.begin_nested():
                db.session.add(DocumentAuthor(**mine))
        except IntegrityError:
            pass  # noted at the same moment


def is_author(kind_name: str, document: Any, staff: Staff) -> bool:
    """Return whether a document is noted as the own work of `staff`."""
    mine = {"kind_name": kind_name, "record_id": document.id, "staff_id": staff.id}
    return db.session.scalar(select(DocumentAuthor.id).filter_by(**mine)) is not None


def written_by(approval_id: ColumnElement[int], people: Any) -> ColumnElement[bool]:
    """Return the condition that the document of an approval is the own work of one of `people` (a parameter that expands)."""
    from portal.models.approval import Approval

    approval, author = Approval.__table__.c, DocumentAuthor.__table__.c
    same = (author.kind_name == approval.kind_name, author.record_id == approval.record_id)
    own = exists().where(approval.id == approval_id, *same, author.staff_id.in_(people))
    return own.correlate(approval_id.table)
