"""Rows of deliveries and rounds: whoever sees the customer, and who makes the round; supervisors and managers send, plan and hand out."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.database import db
from portal.models import gift_stops
from tests import delivering
from tests.access import Row, everyone
from tests.approving import person


def _ids(one: Any) -> dict[str, Any]:
    return {"delivery": one.id, "version": one.version, "campaign": one.campaign_id, "today": clock.today().isoformat()}


def _waiting() -> dict[str, Any]:
    return _ids(delivering.waiting()[0])


def _told() -> dict[str, Any]:
    delivering.stock(4)
    return _ids(delivering.told())


def _out() -> dict[str, Any]:
    delivering.stock(4)
    return _ids(delivering.sent())


def _received() -> dict[str, Any]:
    """Return a delivery with both proofs, which everybody may ask for who sees it."""
    from portal.models.attachment import Attachment

    delivering.stock(4)
    one = delivering.sent()
    kept = {"filename": "a.png", "media_type": "image/png", "purpose": "gift-proof", "by": None, "customer_id": one.customer_id}
    proof = Attachment.keep(b"x", **kept)
    one.receive(
        received_by="林", on=clock.today(), picture=proof, signature=proof, by=person("rep1"), version=one.version
    )  # fmt: skip
    db.session.commit()
    return _ids(one)


def _planned() -> dict[str, Any]:
    delivering.stock(4)
    run = delivering.planned()
    return {**_ids(run.stops[0]), "run": run.id, "run_version": run.version, "rep": person("rep1").id}


def _empty() -> dict[str, Any]:
    one = delivering.waiting("key")[0]
    run = delivering.planned(one)
    gift_stops.take_off(run, one, by=person("sup1"))
    db.session.commit()
    return {**_ids(one), "run": run.id}


def _seen(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    return Row(endpoint, url, method, owner=status, supervisor=status, manager=status, **values)


def _keepers(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of what only supervisors and managers do who see it."""
    return Row(endpoint, url, method, **{"owner": 403, "supervisor": status, "manager": status, **values})


def _row_keepers(endpoint: str, url: str, method: str, status: int, **values: Any) -> Row:
    """Return the row of what reps may not ask at all; the delivery that the form names is out of scope for the other supervisor."""
    return Row(endpoint, url, method, owner=403, colleague=403, stranger=403, supervisor=status, manager=status, **values)


_NO_ROWS = {"version-{delivery}": "{version}", "told_how": "telephone", "carrier": ""}
_TOLD_ROWS = {
    "version-{delivery}": "{version}", "told-{delivery}": "1", "to-{delivery}": "林经理", "told_how": "telephone", "told_on": "{today}",
}  # fmt: skip
_SENT_ROWS = {"version-{delivery}": "{version}", "tracking-{delivery}": "SF1", "carrier": "顺丰", "out_on": "{today}"}
_TOLD = {"told_how": "telephone", "told_to": "林经理", "told_on": "{today}", "version": "{version}"}
_SENT = {"carrier": "顺丰", "tracking": "SF1", "out_on": "{today}", "version": "{version}"}
_RECEIVED = {"received_by": "林经理", "received_on": "{today}", "version": "{version}"}
_RUN = {"day": "{today}", "route": "城西线", "staff": "{rep}", "driver": "王师傅", "version": "{run_version}"}
_ALL_STAFF = {"owner": 403, "colleague": 403, "stranger": 403}

ROWS = [
    everyone("gifts.deliveries", "/gifts/deliveries?q=林&step=tell&way=post&tier=vip&campaign={campaign}", prepare=_waiting),
    everyone("gifts.deliveries_file", "/gifts/deliveries/file?format=csv", prepare=_waiting),
    everyone("gifts.deliveries_print", "/gifts/deliveries/print", "POST", 303, data={"step": "returned"}, prepare=_waiting),
    everyone("gifts.deliveries_tell", "/gifts/deliveries/telling?campaign={campaign}", prepare=_waiting),
    _seen("gifts.deliveries_tell_save", "/gifts/deliveries/telling", "POST", 303, data=_TOLD_ROWS, prepare=_waiting),
    _seen("gifts.deliveries_tell_save", "/gifts/deliveries/telling", "POST", 422, data=_NO_ROWS, prepare=_waiting),
    Row("gifts.deliveries_send", "/gifts/deliveries/sending", prepare=_told, **_ALL_STAFF, other_supervisor=200),
    _row_keepers("gifts.deliveries_send_save", "/gifts/deliveries/sending", "POST", 303, data=_SENT_ROWS, prepare=_told),
    _row_keepers("gifts.deliveries_send_save", "/gifts/deliveries/sending", "POST", 422, data=_NO_ROWS, prepare=_told),
    _seen("gifts.delivery", "/gifts/deliveries/{delivery}", prepare=_waiting),
    _seen("gifts.delivery", "/gifts/deliveries/{delivery}", prepare=_out),
    _seen("gifts.delivery", "/gifts/deliveries/{delivery}", prepare=_received),
    _seen("gifts.delivery_signature", "/gifts/deliveries/{delivery}/signature.png", prepare=_received),
    _seen("gifts.delivery_picture", "/gifts/deliveries/{delivery}/picture", prepare=_received),
    _seen("gifts.delivery_tell", "/gifts/deliveries/{delivery}/notice", "POST", 303, data=_TOLD, prepare=_waiting),
    _keepers(
        "gifts.delivery_reroute", "/gifts/deliveries/{delivery}/way", "POST", 422, data={"way": "own", "version": "{version}"},
        prepare=_waiting,
    ),
    _keepers("gifts.delivery_send", "/gifts/deliveries/{delivery}/parcel", "POST", 303, data=_SENT, prepare=_told),
    _seen("gifts.delivery_receive", "/gifts/deliveries/{delivery}/receipt", "POST", 303, data=_RECEIVED, prepare=_out),
    _seen(
        "gifts.delivery_return", "/gifts/deliveries/{delivery}/return", "POST", 303,
        data={"reason": "拒收", "intact": "y", "version": "{version}"}, prepare=_out,
    ),
    everyone("gifts.day", "/gifts/day", prepare=_planned),
    everyone("gifts.runs", "/gifts/runs", prepare=_planned),
    Row("gifts.run_new", "/gifts/runs/new?day=2020-01-01", **_ALL_STAFF, supervisor=200, other_supervisor=200, manager=200),
    Row(
        "gifts.run_new", "/gifts/runs/new", "POST", {**_RUN, "version": ""}, _planned, **_ALL_STAFF, supervisor=303, other_supervisor=422,
        manager=303,
    ),
    _seen("gifts.run", "/gifts/runs/{run}", prepare=_planned),
    _keepers("gifts.run_edit", "/gifts/runs/{run}/edit", prepare=_planned),
    _keepers("gifts.run_edit", "/gifts/runs/{run}/edit", "POST", 303, data=_RUN, prepare=_planned),
    _keepers("gifts.run_fill", "/gifts/runs/{run}/stops", "POST", 303, data={"delivery": "{delivery}"}, prepare=_empty),
    _keepers("gifts.run_leave", "/gifts/runs/{run}/stops/{delivery}/removal", "POST", 303, prepare=_planned),
    _keepers("gifts.run_place", "/gifts/runs/{run}/stops/{delivery}/place", "POST", 303, data={"to": "later"}, prepare=_planned),
    _keepers("gifts.run_load", "/gifts/runs/{run}/loading", "POST", 303, prepare=_planned),
    _keepers("gifts.run_load", "/gifts/runs/{run}/loading", "POST", 422, prepare=_empty),
    _keepers("gifts.run_cancel", "/gifts/runs/{run}/cancellation", "POST", 303, prepare=_planned),
]  # fmt: skip
