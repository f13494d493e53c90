"""The same paper handed out by several at once: one counts (AR-20)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from portal.database import db
from portal.models import loan_papers
from portal.models.loan import Loan, LoanDocument
from portal.models.staff import Staff
from tests.concurrency.test_signatures import at_once
from tests.lending import clean, document, granted


def handing_out(loan_id: int, account: str) -> Callable[[], Any]:
    def act() -> None:
        loan = db.session.get_one(Loan, loan_id)
        by = Staff.by_account(account)
        assert by is not None
        loan_papers.hand_out(loan, clean(loan), by=by)

    return act


def test_one_loan_handed_out_eight_times_counts_once(app: Flask) -> None:
    loan_id = granted(document().customer, form="paper").id
    ended = at_once(app, *(handing_out(loan_id, account) for account in ("sup1", "mgr1") * 4))
    assert ended.count("done") == 1, ended
    assert db.session.get_one(Loan, loan_id).state == "out"


def test_one_paper_on_four_loans_is_with_one_reader(app: Flask) -> None:
    paper = document()
    readers = ("rep3", "rep4", "rep2", "sup2")
    numbers = [granted(paper.customer, form="paper", by=account).id for account in readers]
    ended = at_once(app, *(handing_out(number, "sup1") for number in numbers))
    assert ended.count("done") == 1, ended
    assert db.session.query(LoanDocument).filter_by(is_out=True).count() == 1
    assert sorted(loan.state for loan in db.session.query(Loan)) == ["granted", "granted", "granted", "out"]
