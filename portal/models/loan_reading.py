"""What a loan opens for reading: the one widening of a reader's scope (RO-2). `ArchiveDocument.readable_by` asks here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from portal import clock
from portal.database import db
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.loan import WHOLE, Loan, LoanDocument
from portal.models.merge import CustomerMerge
from portal.models.staff import Staff
from portal.rules.loans import DIGITAL


def open_loans(user: Staff) -> list[Loan]:
    """Return the digital loans that are open for `user` today."""
    running = (Loan.form == DIGITAL, Loan.state == "granted", Loan.until_on >= clock.today())
    return list(db.session.scalars(select(Loan).where(Loan.reader_id == user.id, *running).order_by(Loan.until_on.desc())))


def lent_to(user: Staff) -> ColumnElement[bool] | None:
    """Return the condition on documents that loans open for `user` today, None where there is no loan.

    Only what is filed is lent; a document that is removed or disposed of closes with it.
    """
    loans = open_loans(user)
    if not loans:
        return None
    return and_(ArchiveDocument.state == FILED, or_(*(_covered(one) for one in loans)))


def _covered(loan: Loan) -> ColumnElement[bool]:
    own = ArchiveDocument.customer_id == loan.customer_id
    if loan.extent == WHOLE:
        return and_(own, ArchiveDocument.id.not_in(_merged_in(loan)))
    return and_(own, ArchiveDocument.id.in_(select(LoanDocument.document_id).where(LoanDocument.loan_id == loan.id)))


def _merged_in(loan: Loan) -> list[int]:
    """Return the ids of documents that came to its customer by a merge after the loan was granted: nobody granted it for them."""
    if loan.granted_at is None:
        return []
    moved = CustomerMerge.moved["archive_document", "customer_id"]
    since = (CustomerMerge.survivor_id == loan.customer_id, CustomerMerge.undone_at.is_(None), CustomerMerge.at >= loan.granted_at)
    return [number for ids in db.session.scalars(select(moved).where(*since)) for number in ids or ()]


def documents_of(loan: Loan) -> Select[ArchiveDocument]:
    """Return the query of the filed documents that a loan is about, whether or not it is open."""
    return select(ArchiveDocument).where(ArchiveDocument.state == FILED, _covered(loan)).order_by(ArchiveDocument.archive_number)


def loan_by_which(user: Staff, document: ArchiveDocument) -> Loan | None:
    """Return the loan by which `user` reads a document that is not in their scope; None where it is, or where nothing opens it."""
    if user.is_manager or db.session.scalar(
        ArchiveDocument.visible_to(user).where(ArchiveDocument.id == document.id).with_only_columns(ArchiveDocument.id)
    ):
        return None
    if document.state != FILED:
        return None
    for loan in open_loans(user):
        covered = select(ArchiveDocument.id).where(ArchiveDocument.id == document.id, _covered(loan))
        if loan.customer_id == document.customer_id and db.session.scalar(covered) is not None:
            return loan
    return None


class Readable:
    """The documents that somebody may read, for `@requires(…, document=Readable)`: in scope, or lent to them. It changes nothing."""

    id: Any = ArchiveDocument.id

    @staticmethod
    def visible_to(user: Staff) -> Select[ArchiveDocument]:
        """Return the documents that `user` may read today."""
        return ArchiveDocument.readable_by(user)
