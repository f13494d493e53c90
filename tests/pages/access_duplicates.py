"""Rows of duplicates and merges. A merge needs both records in scope."""

from __future__ import annotations

from typing import Any

from portal.database import db
from portal.models.duplicate import DeclaredDifferent, declare_different
from portal.models.merge import CustomerMerge
from portal.models.staff import Staff
from tests import factories
from tests.access import Row, everyone


def _supervisor() -> Staff:
    person = Staff.by_account("sup1")
    assert person is not None
    return person


def _two() -> dict[str, Any]:
    return {"customer": factories.customer("rep1").id, "other": factories.customer("rep1").id}


def _of_two_teams() -> dict[str, Any]:
    return {"customer": factories.customer("rep1").id, "other": factories.customer("rep3").id}


def _different() -> dict[str, Any]:
    two = _two()
    declare_different(two["customer"], two["other"], by=_supervisor())
    db.session.commit()
    pair = db.session.query(DeclaredDifferent).one()
    return {"pair": pair.id}


def _merged() -> dict[str, Any]:
    survivor, loser = factories.customer("rep1"), factories.customer("rep1")
    merge = CustomerMerge.carry_out(survivor, loser, by=_supervisor())
    db.session.commit()
    return {"merge": merge.id}


_REPS = {"owner": 403, "colleague": 403, "stranger": 403}
_SAVED = {"owner": 403, "supervisor": 303, "manager": 303}
_ONE_SIDE = {"owner": 404, "supervisor": 404, "other_supervisor": 404}

ROWS = [
    everyone("archive.duplicates_check", "/customers/duplicates?full_name=测试客户"),
    Row("archive.duplicates_check", "/customers/duplicates?full_name=测试客户&customer={customer}"),
    Row("archive.duplicates", "/duplicates", other_supervisor=200, **_REPS),
    Row("archive.duplicates_scan", "/duplicates/scan", "POST", supervisor=303, other_supervisor=303, manager=303, **_REPS),
    Row("archive.duplicates_different", "/duplicates/different", other_supervisor=200, **_REPS),
    Row(
        "archive.duplicates_declare", "/duplicates/different", "POST", prepare=_two, data={"first": "{customer}", "second": "{other}"},
        supervisor=303, manager=303, **_REPS,
    ),
    Row(
        "archive.duplicates_declare", "/duplicates/different", "POST", prepare=_of_two_teams,
        data={"first": "{customer}", "second": "{other}"}, supervisor=404, manager=303, **_REPS,
    ),
    Row("archive.duplicates_take_back", "/duplicates/different/{pair}/removal", "POST", prepare=_different, **_SAVED),
    Row("archive.merge_choose", "/customers/{customer}/merge?q=测试", owner=403),
    Row("archive.merge_compare", "/customers/{customer}/merge/{other}", prepare=_two, owner=403),
    Row("archive.merge_compare", "/customers/{customer}/merge/{other}", prepare=_of_two_teams, **_ONE_SIDE),
    Row(
        "archive.merge_carry_out", "/customers/{customer}/merge/{other}", "POST", prepare=_two,
        data={"version": "1", "other_version": "1", "confirmed": "1"}, **_SAVED,
    ),
    Row(
        "archive.merge_carry_out", "/customers/{customer}/merge/{other}", "POST", prepare=_of_two_teams,
        data={"version": "1", "other_version": "1", "confirmed": "1"}, **{**_ONE_SIDE, "manager": 303},
    ),
    Row("archive.merge_page", "/merges/{merge}", prepare=_merged, owner=403),
    Row("archive.merge_undo", "/merges/{merge}/undo", "POST", prepare=_merged, **_SAVED),
]  # fmt: skip
