"""What goes along on a round (GF-6): stops put on, put into an order, taken off; a round closes behind its last stop.

Who changes what goes along takes the round's row first, and looks at its state then: nothing comes onto a round whose goods are being
handed out, and of two last stops one closes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import exists, select, update

from portal.database import StateConflict, db
from portal.models import audit, history
from portal.models.gift_delivery import LOADED_WITH, OUT, GiftDelivery, lock
from portal.models.gift_run import CLOSED, LOADED, GiftRun
from portal.models.staff import Staff
from portal.rules.message import N_

_QUIET = {"synchronize_session": False}


def stops_of(run: GiftRun) -> Sequence[GiftDelivery]:
    """Return what goes along on a round, in the order of its stops, as it stands in the database now."""
    query = select(GiftDelivery).where(GiftDelivery.run_id == run.id).options(*LOADED_WITH).execution_options(populate_existing=True)
    return db.session.scalars(query.order_by(GiftDelivery.position, GiftDelivery.id)).unique().all()


def fill(run: GiftRun, deliveries: Iterable[GiftDelivery], *, by: Staff) -> int:
    """Let deliveries go along on a planned round, behind those that do, and return how many. Raises `StateConflict`."""
    chosen = list(deliveries)
    _take_turn(run, by)
    lock(GiftDelivery.id.in_([one.id for one in chosen]))
    last = max((one.position for one in stops_of(run)), default=0)
    for place, one in enumerate(chosen, 1):
        one.join_run(run, last + place)
    if chosen:
        audit.write("change", "gift-run-filled", actor=by, record=run, label=run.label, stops=len(chosen))
    return len(chosen)


def reorder(run: GiftRun, ids: Sequence[int], *, by: Staff) -> None:
    """Put the stops of a planned round into an order. Raises `StateConflict` where they are not those of the round."""
    _take_turn(run, by)
    lock(GiftDelivery.run_id == run.id)
    before = stops_of(run)
    stops = {one.id: one for one in before}
    if set(ids) != set(stops):
        raise StateConflict(f"gift run {run.id}")
    names = [one.customer.full_name for one in before]
    for position, number in enumerate(ids, 1):
        if stops[number].position != position:
            stops[number].join_run(run, position)
    after = [stops[number].customer.full_name for number in ids]
    if after != names:
        changes = [{"field": "stops", "old": "、".join(names), "new": "、".join(after)}]
        audit.write("change", "gift-run-reordered", actor=by, record=run, label=run.label, changes=changes)


def take_off(run: GiftRun, stop: GiftDelivery, *, by: Staff) -> None:
    """Take a stop off a planned round; it waits for another one. Raises `StateConflict` where it is not on it, or out already."""
    _take_turn(run, by)
    if stop.run_id != run.id:
        raise StateConflict(f"gift delivery {stop.id}")
    stop.leave_run()
    audit.write("change", "gift-run-left", actor=by, record=run, label=run.label, stop=stop.customer.full_name)


def take_all_off(run: GiftRun) -> None:
    """Take everything off a round that is cancelled; its row is taken already."""
    lock(GiftDelivery.run_id == run.id)
    for stop in stops_of(run):
        stop.leave_run()


def close_behind(run: GiftRun | None) -> None:
    """Close a round, whose row is taken already, when nothing of it is on the way any more."""
    if run is None:
        return
    db.session.flush()
    out = exists().where(GiftDelivery.run_id == run.id, GiftDelivery.state == OUT)
    step = update(GiftRun).where(GiftRun.id == run.id, GiftRun.state == LOADED, ~out)
    db.session.execute(step.values(state=CLOSED, version=GiftRun.version + 1), execution_options=_QUIET)
    db.session.refresh(run)


def _take_turn(run: GiftRun, by: Staff) -> None:
    run.lock()
    if not run.can_edit(by):
        raise StateConflict(f"gift run {run.id}")


for _action, _title in (
    ("gift-run-filled", N_("Gifts put on a round")),
    ("gift-run-reordered", N_("Stops of a round put into another order")),
    ("gift-run-left", N_("Gift taken off a round")),
):
    history.action("GiftRun", _action, _title)
