"""The lists of loans: what I borrow, what is to be handed out, out, running, over (AR-20); for the page and for paper."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Select, or_
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument
from portal.models.loan import DRAFT, ENDED, GIVEN_UP, GRANTED, OUT, PENDING, REJECTED, RETURNED, Loan, LoanDocument
from portal.models.staff import Staff
from portal.rules.loans import DIGITAL, PAPER
from portal.rules.message import N_

PAGE_SIZE = 50
TABS = {
    "mine": N_("Borrowed by me"),
    "fetch": N_("To hand out"),
    "out": N_("Papers out"),
    "reading": N_("Digital reading"),
    "asked": N_("In approval"),
    "over": N_("Over"),
}

RUNNING = ("fetch", "out", "reading", "asked")
"""Tabs of what is not over, whoever borrows it."""


@dataclass(frozen=True)
class LoanQuery:
    """Which loans a list shows: one of `TABS`."""

    tab: str = "mine"

    @classmethod
    def read(cls, args: Mapping[str, str]) -> LoanQuery:
        """Return the query of an address; what is unknown is the first tab."""
        return cls(args["tab"]) if args.get("tab") in TABS else cls()

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {"tab": self.tab}


class Page(NamedTuple):
    """A page of a list, and the loan before which the next page begins; 0 where there is none."""

    loans: list[Loan]
    next: int


def wanted(user: Staff, query: LoanQuery) -> Select[Loan]:
    """Return the query of the loans on a tab that `user` sees."""
    if query.tab == "mine":
        return Loan.visible_to(user).where(Loan.reader_id == user.id)
    conditions = {
        "fetch": (Loan.state == GRANTED, Loan.form == PAPER),
        "out": (Loan.state == OUT,),
        "reading": (Loan.state == GRANTED, Loan.form == DIGITAL),
        "asked": (Loan.state.in_((DRAFT, PENDING)),),
        "over": (Loan.state.in_((RETURNED, ENDED, REJECTED, GIVEN_UP)),),
    }
    return Loan.visible_to(user).where(*conditions[query.tab])


def ids(user: Staff, query: LoanQuery, most: int) -> list[int]:
    """Return the numbers of the first loans of a list, those due first on top, one more than `most` where there are more."""
    found = wanted(user, query).with_only_columns(Loan.id).order_by(Loan.until_on, Loan.id).limit(most + 1)
    return list(db.session.scalars(found))


def counts(user: Staff) -> dict[str, str]:
    """Return how many loans stand on the tabs of what runs, in words: '' for none, '99+' for more than 99."""
    numbers = {tab: len(ids(user, LoanQuery(tab), 99)) for tab in RUNNING}
    return {tab: "99+" if number > 99 else str(number or "") for tab, number in numbers.items()}


def records(numbers: list[int]) -> list[Loan]:
    """Return the loans with these numbers, in their order."""
    query = Loan.__table__.c.id.in_(numbers)
    found = {one.id: one for one in db.session.scalars(db.select(Loan).where(query).options(*_WITH))}
    return [found[number] for number in numbers if number in found]


def page(user: Staff, query: LoanQuery, *, before: int = 0, size: int = PAGE_SIZE) -> Page:
    """Return a page of a list, the newest first, before the loan `before`."""
    chosen = wanted(user, query)
    if before:
        chosen = chosen.where(Loan.id < before)
    found = list(db.session.scalars(chosen.options(*_WITH).order_by(Loan.id.desc()).limit(size + 1)))
    return Page(found[:size], found[size - 1].id if len(found) > size else 0)


def names(user: Staff, loans: Collection[Loan]) -> dict[int, str]:
    """Return how a list calls the customers of loans, by the loan's id: by name or as they were asked for (`Loan.shown_name`)."""
    asked = {loan.customer_id for loan in loans if loan.granted_at is None}
    seen = Customer.visible_to(user).where(Customer.id.in_(asked)).with_only_columns(Customer.id)
    hidden = asked - set(db.session.scalars(seen)) if asked else asked
    return {
        loan.id: loan.asked_for if loan.granted_at is None and loan.customer_id in hidden else loan.customer.full_name for loan in loans
    }


def open_of(customer_id: int) -> list[Loan]:
    """Return the loans of a customer's dossier that run: granted, or with papers of it out; the first due on top.

    A merge and its undo move documents, not loans: papers of this dossier may be out on a loan of the other record.
    """
    out = db.select(LoanDocument.loan_id).join(ArchiveDocument, ArchiveDocument.id == LoanDocument.document_id)
    out = out.where(LoanDocument.is_out, ArchiveDocument.customer_id == customer_id)
    query = db.select(Loan).where(or_(Loan.customer_id == customer_id, Loan.id.in_(out)), Loan.state.in_((GRANTED, OUT)))
    return list(db.session.scalars(query.options(*_WITH).order_by(Loan.until_on, Loan.id)))


_WITH = (joinedload(Loan.reader), joinedload(Loan.customer))
