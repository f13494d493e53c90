"""Rows of hand-overs: rep1's work, its team's supervisor, managers."""

from __future__ import annotations

from typing import Any

from portal.database import db
from tests import factories, handing
from tests.access import Row, everyone
from tests.approving import person, scan


def _prepared() -> dict[str, Any]:
    factories.customer("rep1")
    return {"hand_over": handing.prepared().id, "rep": person("rep1").id, "to": person("rep2").id}


def _done() -> dict[str, Any]:
    """Handed over to rep2, who sees it from then on."""
    factories.customer("rep1")
    return {"hand_over": handing.done().id}


def _signed() -> dict[str, Any]:
    ids = _done()
    record = db.session.get(handing.HandOver, ids["hand_over"])
    assert record is not None
    record.file_signed_list(scan(), by=person("sup1"))
    db.session.commit()
    return ids


_REPS: dict[str, Any] = {"owner": 403}
_THEIRS: dict[str, Any] = {"supervisor": 303, "manager": 303}
_PAGE = "/hand-overs/{hand_over}"

ROWS = [
    everyone("hand_overs.index", "/hand-overs"),
    Row(
        "hand_overs.prepare", "/hand-overs", "POST", {"staff_id": "{rep}"}, _prepared,
        owner=303, colleague=422, stranger=422, supervisor=303, other_supervisor=422, manager=303,
    ),
    Row("hand_overs.show", _PAGE, prepare=_prepared),
    Row("hand_overs.show", _PAGE, prepare=_signed, colleague=200),
    Row("hand_overs.note", _PAGE, "POST", {"to_id": "{to}"}, _prepared, **_REPS, **_THEIRS),
    Row("hand_overs.carry_out", f"{_PAGE}/completion", "POST", {"to_id": "{to}"}, _prepared, **_REPS, **_THEIRS),
    Row("hand_overs.carry_out", f"{_PAGE}/completion", "POST", {}, _prepared, owner=403, supervisor=422, manager=422),
    Row("hand_overs.carry_out", f"{_PAGE}/completion", "POST", {}, _done, owner=403, colleague=403, supervisor=409, manager=409),
    Row("hand_overs.discard", f"{_PAGE}/discarding", "POST", {}, _prepared, owner=303, **_THEIRS),
    Row("hand_overs.file_signed_list", f"{_PAGE}/signed-list", "POST", {}, _done, owner=403, colleague=403, supervisor=422, manager=422),
    Row("hand_overs.signed_list", f"{_PAGE}/signed-list", prepare=_signed, colleague=200),
    Row("hand_overs.signed_list", f"{_PAGE}/signed-list", prepare=_prepared, owner=404, supervisor=404, manager=404),
]  # fmt: skip
