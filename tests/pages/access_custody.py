"""Rows of loans, the end of dealings, and disposals."""

from __future__ import annotations

from typing import Any

from tests import disposing, factories, lending
from tests.access import Row, everyone


def _asked() -> dict[str, Any]:
    loan = lending.asked(factories.customer("rep1"))
    return {"loan": loan.id}


def _fetched() -> dict[str, Any]:
    return {"loan": lending.granted(lending.document().customer, form="paper").id}


def _out() -> dict[str, Any]:
    return {"loan": lending.out(lending.document().customer).id}


def _past() -> dict[str, Any]:
    return {"customer": disposing.past().id}


def _listed() -> dict[str, Any]:
    return {"disposal": disposing.listed(disposing.old(disposing.past())).id}


def _approved() -> dict[str, Any]:
    return {"disposal": disposing.approved(disposing.old(disposing.past())).id}


def _destroyed() -> dict[str, Any]:
    return {"disposal": disposing.destroyed(disposing.approved(disposing.old(disposing.past()))).id}


def _card_listed() -> dict[str, Any]:
    return {"disposal": disposing.listed(disposing.past()).id}


def _card_approved() -> dict[str, Any]:
    return {"disposal": disposing.approved(disposing.past()).id}


_OFFICE: dict[str, Any] = {"owner": 403, "colleague": 403, "stranger": 403}
_NOT_REPS: dict[str, Any] = {"owner": 403}
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
    Row("custody.dealings_end", "/customers/{customer}/dealings-end", **_NOT_REPS),
    Row("custody.dealings_end", "/customers/{customer}/dealings-end", "POST", supervisor=422, manager=422, **_NOT_REPS),
    Row("custody.dealings_again", "/customers/{customer}/dealings-again", prepare=_past, **_NOT_REPS),
    Row("custody.dealings_again", "/customers/{customer}/dealings-again", "POST", prepare=_past, supervisor=422, manager=422, **_NOT_REPS),
    Row("custody.disposals", "/disposals", other_supervisor=200, **_OFFICE),
    Row("custody.disposal_new", "/disposals/new", other_supervisor=200, **_OFFICE),
    Row("custody.disposal_new", "/disposals/new", "POST", supervisor=422, other_supervisor=422, manager=422, **_OFFICE),
    Row("custody.disposal", "/disposals/{disposal}", prepare=_listed, **_NOT_REPS),
    Row("custody.disposal", "/disposals/{disposal}", prepare=_card_listed, **_NOT_REPS),
    Row("custody.disposal", "/disposals/{disposal}", prepare=_card_approved, **_NOT_REPS),
    Row("custody.disposal_edit", "/disposals/{disposal}/edit", prepare=_listed, **_NOT_REPS),
    Row("custody.disposal_edit", "/disposals/{disposal}/edit", prepare=_card_listed, **_NOT_REPS),
    Row("custody.disposal_edit", "/disposals/{disposal}/edit", "POST", prepare=_listed, supervisor=422, manager=422, **_NOT_REPS),
    Row(
        "custody.disposal_submission", "/disposals/{disposal}/submission", "POST", prepare=_listed, supervisor=303, manager=303, **_NOT_REPS
    ),
    Row(
        "custody.disposal_destruction",
        "/disposals/{disposal}/destruction",
        "POST",
        prepare=_approved,
        supervisor=403,
        manager=422,
        **_NOT_REPS,
    ),
    Row("custody.disposal_signed_list", "/disposals/{disposal}/signed-list", prepare=_destroyed, **_NOT_REPS),
    Row(
        "custody.disposal_giving_up", "/disposals/{disposal}/giving-up", "POST", prepare=_approved, supervisor=403, manager=422, **_NOT_REPS
    ),
]
