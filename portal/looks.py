"""Looks at a customer's dossier, written into the log (RO-7): from whatever page its content is read."""

from __future__ import annotations

from flask import request, session
from flask_login import current_user

from portal import clock
from portal.database import db
from portal.models import audit
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument
from portal.models.loan import Loan
from portal.models.loan_reading import loan_by_which
from portal.printing.catalogue import SHEETS

LOOK_MINUTES = 30
"""A page that is opened again within this time is the same look."""
LOOKS_KEPT = 20


def look(customer: Customer | None) -> None:
    """Write that the reader looks at the dossier, once for a while of looking: the signed cookie remembers the last looks.

    A form that was sent is not a look of its own: its page was.
    """
    if customer is None or request.method != "GET":
        return
    if _is_new(str(customer.id)):
        audit.write_view("customer-viewed", actor=current_user, record=customer, label=customer.full_name)


def look_by(sheet: str, customer_id: int | None) -> None:
    """Write that the reader looks at the dossier of which a sheet tells something."""
    if customer_id is not None and SHEETS[sheet].tells:
        look(db.session.get(Customer, customer_id))


def look_at(document: ArchiveDocument) -> Loan | None:
    """Write that the reader looks at a document, and return the loan by which they do: None for who sees the dossier anyway (AR-20)."""
    loan = loan_by_which(current_user, document)
    if loan is None:
        look(document.customer)
    elif _is_new(f"{document.id}L{loan.id}"):
        audit.write_view("document-read-on-loan", actor=current_user, record=document, label=document.label, loan=loan.id)
    return loan


def _is_new(key: str) -> bool:
    """Return whether this is a look of its own, and remember it."""
    minute = int(clock.now().timestamp() // 60)
    looks = {key: at for key, at in session.get("looks", {}).items() if minute - at < LOOK_MINUTES}
    if key in looks:
        return False
    kept = sorted({**looks, key: minute}.items(), key=lambda one: -one[1])[:LOOKS_KEPT]
    session["looks"] = dict(kept)
    return True
