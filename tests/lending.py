"""Short ways through loans and disposals for tests. rep1 of team 1 is in charge; rep3 of team 2 borrows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from portal import clock
from portal.database import db
from portal.models import loan_papers
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.loan import NAME, Loan
from tests import factories
from tests.approving import person, sign
from tests.rules.test_file_content import pdf


def document(customer: Customer | None = None, *, pages: int = 0, **values: Any) -> ArchiveDocument:
    """Return a committed document: on paper, with a file of so many pages if any are given."""
    values = {"kind": "company", "title": "营业执照", "dated_on": date(2020, 3, 5), "on_paper": True, **values}
    upload = Upload.of(pdf(pages=pages), "执照.pdf") if pages else None
    filed = ArchiveDocument.file(customer or factories.customer("rep1"), values, upload, by=person("rep1"), again=True)
    db.session.commit()
    return filed


def asked(customer: Customer, *, by: str = "rep3", form: str = "digital", extends: Loan | None = None, **values: Any) -> Loan:
    """Return a committed draft of a loan."""
    reader = person(values.pop("reader", by))
    values = {
        "asked_for": customer.number, "reader": reader, "form": form, "numbers": [], "purpose": "核对合同",
        "until_on": clock.today() + timedelta(days=7), **values,
    }  # fmt: skip
    loan = Loan.ask(customer, values, by=person(by), extends=extends)
    db.session.commit()
    return loan


def granted(customer: Customer, **values: Any) -> Loan:
    """Return a loan that its team's supervisor has approved."""
    loan = asked(customer, **values)
    approval = loan.submit(by=db.session.get_one(type(loan.created_by), loan.created_by_id))
    db.session.commit()
    if approval is not None:
        sign(approval, "sup1")
    return loan


def approval_of(loan: Loan) -> Approval:
    found = Approval.latest_for(NAME, loan.id)
    assert found is not None
    return found


def clean(loan: Loan, condition: str = "clean") -> dict[int, str]:
    """Return the same condition for every paper of a loan."""
    return {one.id: condition for one in loan_papers.papers_of(loan)}


def out(customer: Customer, *, by: str = "sup1", **values: Any) -> Loan:
    """Return a paper loan whose papers are handed out."""
    loan = granted(customer, form="paper", **values)
    loan_papers.hand_out(loan, clean(loan), by=person(by))
    db.session.commit()
    return loan


def readable(account: str) -> list[int]:
    """Return the numbers of the documents that somebody may read."""
    return sorted(one.id for one in db.session.scalars(ArchiveDocument.readable_by(person(account))))
