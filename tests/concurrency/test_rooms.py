"""Two groups are never in one room at one time, also when several book at the same moment (SV-21)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import time
from typing import Any

from flask import Flask

from portal.database import db
from portal.models.approval import Approval
from portal.models.reception import APPROVED, PENDING, Reception
from portal.models.reception_pass import VisitorPass
from portal.models.room import RoomSlot
from tests import factories
from tests.approving import person, sign
from tests.concurrency.test_signatures import at_once
from tests.receiving import amended, approved, drafted, submitted


def booking(reception_id: int, account: str) -> Callable[[], Any]:
    def act() -> None:
        db.session.get_one(Reception, reception_id).submit(by=person(account))

    return act


def doubled() -> list[tuple[Any, ...]]:
    """Return the quarters of an hour in which a room is kept more than once."""
    kept = Counter(db.session.execute(db.select(RoomSlot.room_id, RoomSlot.day, RoomSlot.quarter)).all())
    return [tuple(one) for one, times in kept.items() if times > 1]


def test_of_two_reps_who_book_the_same_hours_at_once_one_has_the_room(app: Flask) -> None:
    first, second = drafted(factories.customer("rep1")), drafted(factories.customer("rep3"), by="rep3", host=person("rep3"))
    ended = at_once(app, booking(first.id, "rep1"), booking(second.id, "rep3"))
    assert sorted(ended) == ["Refusal", "done"], ended
    assert sorted(one.state for one in db.session.query(Reception)) == ["draft", PENDING]
    assert db.session.query(Approval).count() == 1
    assert db.session.query(RoomSlot).count() == 10


def test_eight_bookings_that_overlap_in_part_leave_no_quarter_twice(app: Flask) -> None:
    hours = [(time(9), time(11)), (time(10), time(12)), (time(11), time(13)), (time(12, 30), time(14))] * 2
    numbers = [drafted(starts_at=start, ends_at=end, last_on=None).id for start, end in hours]
    ended = at_once(app, *(booking(number, "rep1") for number in numbers))
    assert set(ended) <= {"done", "Refusal"}, ended
    assert ended.count("done") >= 2
    assert not doubled()
    pending = db.session.query(Reception).filter_by(state=PENDING).all()
    assert len(pending) == ended.count("done")
    for one in pending:
        own = db.session.query(RoomSlot).filter_by(reception_id=one.id).count()
        assert own == ((one.ends_at.hour - one.starts_at.hour) * 60 + one.ends_at.minute - one.starts_at.minute) // 15


def test_a_visit_that_grows_and_a_new_one_do_not_share_the_hours_between(app: Flask) -> None:
    change = amended(approved(), ends_at=time(13))
    other = drafted(starts_at=time(12), ends_at=time(13))
    ended = at_once(app, booking(change.id, "rep1"), booking(other.id, "rep1"))
    assert sorted(ended) == ["Refusal", "done"], ended
    assert not doubled()


def test_an_approval_signed_by_several_at_once_issues_passes_once(app: Flask) -> None:
    approval = submitted()
    sign(approval, "sup1")
    number = approval.id

    def signing(account: str) -> Callable[[], Any]:
        def act() -> None:
            found = db.session.get_one(Approval, number)
            step = found.step_for(person(account)) or found.current_round.steps[-1]
            found.sign(step, by=person(account), decision="approve", opinion="", content_hash=found.current_round.content_hash)

        return act

    ended = at_once(app, *(signing(account) for account in ("mgr1", "mgr2") * 2))
    assert ended.count("done") == 1, ended
    assert db.session.query(VisitorPass).count() == 3
    assert db.session.query(Reception).one().state == APPROVED


def test_an_arrival_recorded_by_several_at_once_counts_once(app: Flask) -> None:
    visit = approved(class_="ordinary", count=11, ahead=0)
    number = visit.id

    def arriving() -> None:
        db.session.get_one(Reception, number).receive(came=11, arrived_at=time(9), remarks="", by=person("rep1"))

    def cancelling() -> None:
        db.session.get_one(Reception, number).cancel(reason="取消", by=person("sup1"))

    ended = at_once(app, arriving, cancelling, arriving, cancelling)
    assert ended.count("done") == 1, ended
