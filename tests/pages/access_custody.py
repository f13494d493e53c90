"""Rows of loans."""

from __future__ import annotations

from typing import Any

from tests import factories, lending
from tests.access import Row, everyone


def _asked() -> dict[str, Any]:
    loan = lending.asked(factories.customer("rep1"))
    return {"loan": loan.id}


def _fetched() -> dict[str, Any]:
    return {"loan": lending.granted(lending.document().customer, form="paper").id}


def _out() -> dict[str, Any]:
    return {"loan": lending.out(lending.document().customer).id}


_READER = {"stranger": 200}

ROWS = [
    everyone("custody.loans", "/loans"),
    everyone("custody.loan_new", "/loans/new"),
    everyone("custody.loan_new", "/loans/new", "POST", 422),
    Row("custody.loan", "/loans/{loan}", prepare=_asked, **_READER),
    Row("custody.loan_edit", "/loans/{loan}/edit", prepare=_asked, owner=403, supervisor=403, manager=403, stranger=200),
    Row("custody.loan_edit", "/loans/{loan}/edit", "POST", prepare=_asked, owner=403, supervisor=403, manager=403, stranger=422),
    Row("custody.loan_end", "/loans/{loan}/end", "POST", prepare=_fetched, owner=303, supervisor=303, manager=303, stranger=303),
    Row("custody.loan_end", "/loans/{loan}/end", "POST", prepare=_out, owner=409, supervisor=409, manager=409, stranger=409),
    Row("custody.loan_reminder", "/loans/{loan}/reminder", "POST", prepare=_out, owner=422, supervisor=422, manager=422, stranger=403),
    Row("custody.loan_hand_out", "/loans/{loan}/hand-out", prepare=_fetched, owner=403, stranger=403),
    Row("custody.loan_hand_out", "/loans/{loan}/hand-out", "POST", prepare=_fetched, owner=403, supervisor=422, manager=422, stranger=403),
    Row("custody.loan_hand_out", "/loans/{loan}/hand-out", prepare=_out, owner=403, supervisor=409, manager=409, stranger=403),
    Row("custody.loan_return", "/loans/{loan}/return", prepare=_out, owner=403, stranger=403),
    Row("custody.loan_return", "/loans/{loan}/return", "POST", prepare=_out, owner=403, supervisor=422, manager=422, stranger=403),
]
