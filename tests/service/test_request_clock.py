"""The clocks of requests: working hours over holidays, waiting for the customer, versions, going up (SV-4, ST-2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from portal import clock, jobs
from portal.database import db
from portal.models import inbox, request_clock, request_desk, request_escalation, request_flow, request_list, standard
from portal.models.inbox_count import numbers
from portal.models.job import Job
from portal.models.notice import Notice
from portal.models.request import FAR, ServiceRequest
from portal.models.request_query import RequestQuery
from portal.models.request_step import RequestEscalation
from portal.models.staff import Staff
from portal.rules import request_deadlines
from portal.rules.message import Refusal
from portal.rules.requests import KINDS, PRIORITIES
from tests import factories
from tests.approving import person
from tests.service.requesting import at, taken

RECEIVED = at("2026-04-30 16:00")


def told() -> list[str]:
    return sorted(notice.staff.account for notice in db.session.query(Notice))


def escalate() -> int:
    number = request_escalation.escalate_portion(clock.now())
    db.session.commit()
    return number


# --- the table of hours ------------------------------------------------------------------------------------------------------


@given(st.sampled_from(list(KINDS)), st.sampled_from(list(PRIORITIES)), st.sampled_from(["A", "B", "C", ""]))
def test_every_request_has_hours_and_grade_a_never_more_than_others(kind: str, priority: str, grade: str) -> None:
    hours = request_deadlines.hours_for(request_deadlines.START, kind=kind, priority=priority, grade=grade)
    assert 0 < hours.first <= hours.solve
    best = request_deadlines.hours_for(request_deadlines.START, kind=kind, priority=priority, grade="A")
    assert (best.first, best.solve) <= (hours.first, hours.solve)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "last row"),
        ([("complaint", "", "", 1, 2)], "last row"),
        ([("wish", "", "", 1, 2), ("", "", "", 1, 2)], "not known"),
        ([("", "", "", 0, 2)], "above 0"),
        ([("", "", "", 1, 1001)], "above 0"),
        ([("", "", "", 3, 2)], "after the solution"),
        ([("complaint", "", "", 1, 2), ("complaint", "urgent", "A", 1, 2), ("", "", "", 1, 2)], "Row 2 never counts"),
    ],
)
def test_a_table_that_leaves_requests_out_is_refused(rows: list[tuple[Any, ...]], says: str) -> None:
    with pytest.raises(Refusal, match=says):
        request_deadlines.check([dict(zip(request_deadlines.COLUMNS, row, strict=True)) for row in rows])


# --- counting ----------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("app")
def test_the_clock_is_right_over_the_holiday_and_explains_each_day() -> None:
    with time_machine.travel(RECEIVED, tick=False):
        request = taken()  # a complaint without a grade: 30 working hours
    assert request.solve_due_at == at("2026-05-09 16:00")
    assert request.due_at == request.first_due_at == at("2026-05-06 11:00")
    told = request_clock.explain(request, request.solve_minutes)
    assert told is not None
    assert told.end == request.solve_due_at
    assert [one.day for one in told.days] == [date(2026, 4, 30) + timedelta(days=n) for n in range(10)]
    assert [bool(one.counted) for one in told.days] == [True] + [False] * 5 + [True] * 4
    answer = request_clock.reasons(request)
    assert answer is not None
    assert answer.version == 0


@pytest.mark.usefixtures("app")
def test_waiting_for_the_customer_stops_the_clock() -> None:
    with time_machine.travel(RECEIVED, tick=False) as now:
        request = taken()
        me = person("rep1")
        now.move_to(at("2026-05-06 09:00"))
        request_flow.first_answer(request, "已收到", by=me, version=request.version)
        now.move_to(at("2026-05-06 10:00"))
        request_flow.wait(request, "请提供照片", by=me, version=request.version)
        db.session.commit()
        assert (request.due_at, request.escalate_at) == (FAR, None)
        now.move_to(at("2026-05-07 10:00"))  # one working day of 7.5 hours later
        request_flow.resume(request, "", by=me, version=request.version)
        db.session.commit()
        assert request.due_at == at("2026-05-11 16:00")
        assert request.due_on == date(2026, 5, 11)
        now.move_to(at("2026-05-07 11:00"))
        request_flow.answer(request, "已处理", by=me, version=request.version)
        db.session.commit()
    # 1.5 hours on 30 April, 1.5 on 6 May, 1 on 7 May; by the clock the waiting of 24 hours is left out
    assert (request.first_worked, request.solve_worked) == (120, 240)
    assert request.solve_elapsed == (6 * 24 + 19 - 24) * 60
    assert request.due_on == date(2026, 5, 11)  # three working days to follow it up: the 8th, 9th and 11th


@pytest.mark.usefixtures("app")
def test_a_running_case_keeps_its_version() -> None:
    request = taken()
    rows = [dict(row, solve=900.0) if not row["kind"] else row for row in request_deadlines.START]
    rows = [row for row in rows if row["kind"] != "complaint"]
    standard.set_value("request.deadlines", rows, by=person("mgr1"), reason="试行")
    db.session.commit()
    request_flow.change(request, {"priority": "high"}, by=person("rep1"), version=request.version)
    assert (request.deadlines_version, request.solve_minutes) == (0, 1800)
    assert (taken().deadlines_version, taken().solve_minutes) == (1, 54000)


@pytest.mark.usefixtures("app")
def test_it_is_followed_up_by_what_held_when_it_began() -> None:
    with time_machine.travel(at("2026-10-12 09:00"), tick=False) as now:
        request = taken()
        request_flow.answer(request, "已处理", by=person("rep1"), version=request.version)
        db.session.commit()
        assert request.due_on == date(2026, 10, 15)
        now.move_to(at("2026-10-12 10:00"))
        standard.set_value("request.follow_up_days", 1, by=person("mgr1"), reason="试行")
        db.session.commit()
        request_flow.pass_on(request, f"person:{person('rep2').id}", word="请接手", by=person("rep1"), version=request.version)
        assert request.due_on == date(2026, 10, 15)
        now.move_to(at("2026-10-12 11:00"))
        after = taken()
        request_flow.answer(after, "已处理", by=person("rep1"), version=after.version)
        assert after.due_on == date(2026, 10, 13)


@pytest.mark.usefixtures("app")
def test_grade_a_comes_first_on_the_same_day() -> None:
    with time_machine.travel(at("2026-06-01 09:00"), tick=False):
        first, plain = taken(factories.customer(grade="B")), taken(factories.customer(grade="C"), kind="inquiry")
        best = taken(factories.customer(grade="A"), kind="repair")
    for one, due in ((first, "2026-06-03 09:00"), (plain, "2026-06-04 09:00"), (best, "2026-06-04 15:00")):
        one.due_at, one.due_on = at(due), at(due).date()
    db.session.commit()
    assert request_list.ids(person("rep1"), RequestQuery(), 10) == [first.id, best.id, plain.id]
    whole = [one.id for one in request_list.page(person("mgr1"), RequestQuery(), size=1).requests]
    cursor = request_list.page(person("mgr1"), RequestQuery(), size=1).next
    rest = request_list.page(person("mgr1"), RequestQuery(), after=cursor)
    assert whole + [one.id for one in rest.requests] == [first.id, best.id, plain.id]
    assert [one.id for one in request_list.page(person("mgr1"), RequestQuery(), before=rest.previous).requests] == [first.id]


# --- going up ----------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("app")
def test_what_is_overdue_goes_up_to_supervisor_and_then_manager_once_each() -> None:
    with time_machine.travel(at("2026-06-01 09:00"), tick=False) as now:
        request = taken()
        now.move_to(at("2026-06-01 14:29"))
        assert request_escalation.escalate_portion(clock.now()) == 0
        now.move_to(at("2026-06-01 14:31"))
        for _again in range(2):
            request_escalation.escalate_portion(clock.now())
            db.session.commit()
        assert told() == ["sup1"]
        assert [one.kind for one in inbox.entries(person("sup1"))] == ["request-escalated"]
        assert inbox.entries(person("sup1"))[0].who == person("rep1").name
        team, person("sup1").team_id, request.team_id = request.team_id, None, None
        db.session.commit()
        assert inbox.entries(person("sup1")) == [], "what is nobody's is no matter of a supervisor without a team (RO-1)"
        person("sup1").team_id = request.team_id = team
        db.session.commit()
        assert [numbers(person(one), request_desk.FIGURES) for one in ("rep1", "sup1", "mgr1", "rep2")] == [[1, 1], [1, 1], [1, 1], [0, 0]]
        now.move_to(at("2026-06-02 15:02"))
        for _again in range(2):
            request_escalation.escalate_portion(clock.now())
            db.session.commit()
        assert told() == ["mgr1", "mgr2", "sup1"]
        assert request.escalate_at is None
        request_flow.first_answer(request, "在办", by=person("rep1"), version=request.version)
        db.session.commit()
        assert (request.escalation, request.escalate_at) == (0, request.solve_due_at)  # another deadline, another alarm
        assert "request-escalated" not in {one.kind for one in inbox.entries(person("sup1"))}
    assert db.session.query(RequestEscalation).count() == 2


@pytest.mark.usefixtures("app")
def test_going_up_is_one_job_that_goes_on_where_it_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_escalation, "PORTION", 4)
    with time_machine.travel(at("2026-06-01 09:00"), tick=False) as now:
        customer = factories.customer()
        for _n in range(10):
            taken(customer)
        now.move_to(at("2026-06-02 09:00"))
        job = request_escalation.queue(clock.now())
        assert job is not None
        db.session.commit()
        assert request_escalation.queue(clock.now()) is None  # it is under way
        portions: list[int] = []
        whole = request_escalation.escalate_portion

        def dies(moment: datetime, size: int = 4) -> int:
            portions.append(1)
            if len(portions) == 2:
                whole(moment, size)
                raise KeyboardInterrupt  # as a killed worker: nothing of this portion is committed
            return whole(moment, size)

        monkeypatch.setattr(request_escalation, "escalate_portion", dies)
        with pytest.raises(KeyboardInterrupt):
            jobs.run(job.id)
        db.session.rollback()
        monkeypatch.setattr(request_escalation, "escalate_portion", whole)
        assert db.session.query(RequestEscalation).count() == 4
        now.shift(timedelta(minutes=2))
        jobs.reap()
    assert db.session.get_one(Job, job.id).state == "done"
    assert db.session.query(RequestEscalation).count() == 10
    assert {one.escalation for one in db.session.query(ServiceRequest)} == {1}
    assert told().count("sup1") == 3  # four, four and two of them: told once for each portion


@pytest.mark.usefixtures("app")
def test_what_is_due_again_goes_on_from_where_it_was_and_stops_nobody_else() -> None:
    with time_machine.travel(at("2026-06-01 09:00"), tick=False) as now:
        waited, hurried = taken(), taken()
        now.move_to(at("2026-06-01 14:31"))
        escalate()
        me, first_due = person("rep1"), waited.due_at
        request_flow.wait(waited, "请提供照片", by=me, version=waited.version)
        for priority in ("urgent", "normal"):
            request_flow.change(hurried, {"priority": priority}, by=me, version=hurried.version)
        db.session.commit()
        assert (waited.escalation, waited.escalate_at) == (0, None)
        assert (hurried.escalation, hurried.escalate_at) == (1, at("2026-06-02 15:01"))
        now.move_to(at("2026-06-01 15:31"))
        request_flow.resume(waited, "", by=me, version=waited.version)
        db.session.commit()
        # Waiting stopped this clock too: an hour later than the other one.
        assert (waited.due_at, waited.escalation, waited.escalate_at) == (first_due, 1, at("2026-06-02 16:01"))
        assert "request-escalated" in {one.kind for one in inbox.entries(person("sup1"))}
        before = told()
        now.move_to(at("2026-06-02 16:02"))
        late = taken(factories.customer("rep3"), by="rep3")
        late.escalate_at = late.due_at = clock.now()
        waited.escalation = 0  # as an earlier portal left it
        db.session.commit()
        escalate()
        assert (waited.escalation, hurried.escalation, late.escalation) == (1, 2, 1)
        assert sorted(set(told()) - set(before)) == ["mgr1", "mgr2", "sup2"]
        now.move_to(at("2026-06-05 09:00"))
        escalate()
        assert (waited.escalation, waited.escalate_at) == (2, None)
    steps = [(one.request_id, one.level) for one in db.session.query(RequestEscalation).filter_by(due_at=first_due)]
    assert sorted(steps) == [(waited.id, 1), (waited.id, 2), (hurried.id, 1), (hurried.id, 2)]
    assert told().count("sup1") == 1  # of both together


@pytest.mark.usefixtures("app")
def test_one_that_cannot_go_up_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = request_escalation.notify

    def fails(staff: Staff, *said: Any, **more: Any) -> None:
        if staff.account == "sup1":
            raise RuntimeError("a mistake")
        whole(staff, *said, **more)

    monkeypatch.setattr(request_escalation, "notify", fails)
    with time_machine.travel(at("2026-06-01 09:00"), tick=False) as now:
        stuck, other, third = taken(), taken(factories.customer("rep3"), by="rep3"), taken(factories.customer("rep3"), by="rep3")
        now.move_to(at("2026-06-01 14:31"))
        assert escalate() == 3
        assert (stuck.escalation, other.escalation, third.escalation, told()) == (0, 1, 1, ["sup2"]), "told once of both"
        assert not request_escalation.is_due(clock.now())  # not again every minute
        monkeypatch.setattr(request_escalation, "notify", whole)
        assert stuck.escalate_at is not None
        now.move_to(stuck.escalate_at)
        escalate()
        assert (stuck.escalation, told().count("sup1")) == (1, 1)
