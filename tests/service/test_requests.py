"""Requests: how they are taken in, go their way, and are closed (SV-1 to SV-3, SV-5 to SV-7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.database import StateConflict, db
from portal.models import hand_over, history, inbox, merge, promise, request_events, request_flow, request_intake, request_visits
from portal.models.audit import AuditEvent
from portal.models.notice import Notice
from portal.models.promise import Promise
from portal.models.register_entry import RegisterEntry
from portal.models.request import FAR, ServiceRequest
from portal.models.request_desk import forget
from portal.models.request_step import RequestStep, links_of, steps_of
from portal.rules.message import Refusal
from tests import factories
from tests.approving import person
from tests.service.requesting import COMPLETE, taken

pytestmark = pytest.mark.usefixtures("app")


def told_people() -> list[str]:
    return sorted(notice.staff.account for notice in db.session.query(Notice))


def sees(account: str, request: ServiceRequest) -> bool:
    return db.session.scalar(ServiceRequest.visible_to(person(account)).where(ServiceRequest.id == request.id)) is not None


def worked(request: ServiceRequest, *steps: str, by: str = "rep1") -> ServiceRequest:
    for step in steps:
        actor, version = person(by), request.version
        if step == "in-hand":
            request_flow.take_in_hand(request, by=actor, version=version)
        elif step == "answered":
            request_flow.answer(request, "已补发。", by=actor, version=version)
        elif step == "followed-up":
            request_flow.follow_up(request, satisfied=True, word="可以。", by=actor, version=version)
        elif step == "closed":
            request_flow.close(request, COMPLETE, by=actor, version=version)
    db.session.commit()
    return request


# --- taking in -------------------------------------------------------------------------------------------------------------


def test_it_goes_to_who_is_in_charge_at_once() -> None:
    request = taken(factories.customer("rep2"), by="sup1")
    assert (request.state, request.assignee.account, request.team_id) == ("assigned", "rep2", person("rep2").team_id)
    assert told_people() == ["rep2"]
    assert [one.kind for one in steps_of(request)] == ["received", "assigned"]
    assert sees("rep2", request) and sees("sup1", request) and sees("mgr1", request)  # noqa: PT018
    assert not sees("rep1", request) and not sees("sup2", request)  # noqa: PT018


def test_a_caller_who_is_no_customer_yet_is_lost_to_nobody() -> None:
    request = taken(by="rep3", customer_name="路过的先生", telephone="13800138000")
    assert (request.state, request.assignee.account, request.named) == ("received", "rep3", "路过的先生")
    assert sees("rep3", request) and sees("sup2", request) and not sees("rep4", request)  # noqa: PT018
    assert [one.kind for one in inbox.entries(person("sup2")) if one.kind.startswith("request")] == ["request-to-assign"]
    customer = factories.customer("rep4", grade="A")
    promised = request_intake.promise(request, "明天回电", clock.now() + timedelta(days=1), by=person("rep3"))
    request_flow.name_customer(request, customer, by=person("sup2"), version=request.version)
    db.session.commit()
    assert (request.customer, request.assignee.account, request.rank, request.state) == (customer, "rep4", 0, "assigned")
    assert promised.customer_id == customer.id
    assert not sees("rep3", request)
    assert request.first_minutes == 120  # a complaint of grade A


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"customer_name": ""}, "customer"),
        ({"kind": "wish"}, "kind"),
        ({"channel": "pigeon"}, "channel"),
        ({"priority": "later"}, "priority"),
        ({"text": ""}, "text"),
        ({"text": "长" * 4001}, "text"),
        ({"promise": "回电"}, "promised_at"),
        ({"received_at": clock.now() + timedelta(days=40000)}, "received_at"),
    ],
)
def test_what_is_missing_is_asked_for(values: dict[str, object], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        taken(**{"customer_name": "某人", **values})
    assert refused.value.field == field


def test_a_special_event_is_told_at_once_and_is_one_with_its_register_entry() -> None:
    customer = factories.customer(city="深圳市", street="一路1号")
    request = taken(customer, kind="special-event", text="机房漏水，已断电。")
    assert told_people() == ["mgr1", "mgr2", "sup1"]
    entry = db.session.query(RegisterEntry).one()
    assert (entry, entry.register, entry.customer_id) == (request.register_entry, "special-events", customer.id)
    assert entry.data["course"] == "机房漏水，已断电。"
    assert entry.data["place"] == "深圳市一路1号"
    worked(request, "answered", "closed")
    assert entry.data["result"] == COMPLETE["done"]
    assert entry.data["closed_on"] == clock.today().isoformat()
    request_flow.reopen(request, "又漏了", by=person("rep1"), version=request.version)
    assert not {"result", "closed_on"} & entry.data.keys()
    request_flow.answer(request, "换整根管道。", by=person("rep1"), version=request.version)
    request_flow.close(request, {"done": "整根管道已更换。"}, by=person("rep1"), version=request.version)
    db.session.commit()
    assert entry.data["result"] == "整根管道已更换。"
    log = db.session.query(AuditEvent).filter_by(record_type="RegisterEntry", action="changed").order_by(AuditEvent.id)
    said = [change["new"] for one in log for change in one.data["changes"] if change["field"] == "result"]
    assert said == [COMPLETE["done"], "", "整根管道已更换。"]
    entry.remove(by=person("rep1"), reason="误登")
    request_flow.reopen(request, "再查", by=person("rep1"), version=request.version)
    assert entry.data["result"] == "整根管道已更换。"  # it is kept as it was


# --- the way -----------------------------------------------------------------------------------------------------------------


def test_the_whole_way_keeps_who_and_when() -> None:
    request = worked(taken(), "in-hand", "answered", "followed-up", "closed")
    assert [one.kind for one in steps_of(request)] == ["received", "assigned", "in-hand", "answered", "followed-up", "closed"]
    assert all(one.by is not None for one in steps_of(request))
    assert (request.is_open, request.due_at, request.escalate_at) == (False, FAR, None)
    with pytest.raises(StateConflict):
        worked(request, "answered")
    request_flow.reopen(request, "又坏了", by=person("rep1"), version=request.version)
    db.session.commit()
    assert (request.state, request.is_open, request.reopened, request.satisfied, request.answered_at) == ("reopened", True, 1, None, None)
    assert request.due_at < FAR
    worked(request, "in-hand", "answered")
    log = db.session.query(AuditEvent).filter_by(record_type="ServiceRequest", record_id=request.id)
    assert [history.title_of(one) for one in log][-3:] == ["Reopened", "Taken in hand", "Answered"]


def test_an_old_page_changes_nothing() -> None:
    request = taken()
    version = request.version
    worked(request, "in-hand")
    with pytest.raises(StateConflict):
        request_flow.answer(request, "好", by=person("rep1"), version=version)


def test_it_is_passed_on_to_people_teams_and_departments_and_never_lies_with_nobody() -> None:
    request = taken()
    for target, word, field in (
        ("person:999", "x", "to"), ("team:99", "x", "to"), ("", "x", "to"), (f"person:{person('rep2').id}", "", "word"),
    ):  # fmt: skip
        with pytest.raises(Refusal) as refused:
            request_flow.pass_on(request, target, word=word, by=person("rep1"), version=request.version)
        assert refused.value.field == field
    team = person("sup2").team_id
    assert request_flow.pass_on(request, f"team:{team}", word="归二科", by=person("rep1"), version=request.version).account == "sup2"
    assert sees("sup2", request) and sees("rep1", request)  # noqa: PT018
    person("sup2").active = False
    taker = request_flow.pass_on(request, "department:客户关系部", word="归部门", by=person("rep1"), version=request.version)
    assert taker.role == "manager"
    assert request.department == "客户关系部"
    for one in ("rep3", "rep4", "sup1", "mgr1", "rep2", "rep1"):
        person(one).active = False
    assert request_flow.who_takes(f"team:{team}")[0].account == "mgr2"


def test_a_complaint_is_closed_with_all_five_only() -> None:
    request = worked(taken(), "answered")
    for missing in ("cause", "satisfied", "word", "department", "prevention"):
        with pytest.raises(Refusal) as refused:
            request_flow.close(request, {**COMPLETE, missing: None}, by=person("rep1"), version=request.version)
        assert refused.value.field == missing
    with pytest.raises(Refusal) as refused:
        request_flow.close(request, {**COMPLETE, "cause": "weather"}, by=person("rep1"), version=request.version)
    assert refused.value.field == "cause"
    request_flow.close(request, {**COMPLETE, "done": ""}, by=person("rep1"), version=request.version)
    assert request.done == request.answer  # what was answered is what was done, unless somebody says more


def test_a_promise_is_kept_before_it_is_closed_and_has_its_own_alarm() -> None:
    request = taken(promise="周五前给答复", promised_at=clock.now() + timedelta(minutes=5))
    (promised,) = promise.of_record("request", request.id)
    assert "promise" in {one.kind for one in inbox.entries(person("rep1"))}
    assert inbox.count(person("rep1")) == len(inbox.entries(person("rep1")))
    worked(request, "answered", "followed-up")
    with pytest.raises(Refusal, match="promise"):
        worked(request, "closed")
    with pytest.raises(Refusal):
        request_flow.settle_promise(request, promised, kept=False, word="", by=person("rep1"))
    request_flow.settle_promise(request, promised, kept=True, word="", by=person("rep1"))
    db.session.commit()
    with pytest.raises(StateConflict):
        promised.settle(kept=True, by=person("rep1"))
    worked(request, "closed")
    assert inbox.entries(person("rep1")) == []


def test_a_repeated_one_is_joined_and_related_ones_are_linked() -> None:
    customer = factories.customer()
    first, again, other = (taken(customer, promise="回电", promised_at=clock.now() + timedelta(days=1)) for _ in range(3))
    request_flow.link(again, first, "duplicate", by=person("rep1"), version=again.version)
    request_flow.link(first, other, "related", by=person("rep1"), version=first.version)
    db.session.commit()
    assert (again.state, again.is_open) == ("joined", False)
    assert len(promise.of_record("request", first.id)) == 2  # what was promised there is promised here
    assert {(kind, forth, one.id) for kind, forth, one in links_of(first, person("rep1"))} == {
        ("duplicate", False, again.id), ("related", True, other.id),
    }  # fmt: skip
    for a, b, kind in ((first, first, "duplicate"), (other, again, "duplicate"), (first, other, "related")):
        with pytest.raises(Refusal):
            request_flow.link(a, b, kind, by=person("rep1"), version=a.version)


def test_related_ones_and_reopened_ones_can_be_joined() -> None:
    first, again = taken(), taken()
    for kind in ("related", "duplicate", "duplicate"):
        request_flow.link(again, first, kind, by=person("rep1"), version=again.version)
        db.session.commit()
        assert (again.state == "joined", again.is_open) == (kind == "duplicate", kind == "related")
        assert [(one, forth) for one, forth, _other in links_of(again, person("rep1"))] == [(kind, True)]
        if kind == "duplicate":
            with pytest.raises(StateConflict):
                request_flow.link(again, first, kind, by=person("rep1"), version=again.version)
            request_flow.reopen(again, "误并", by=person("rep1"), version=again.version)
            db.session.commit()


def test_changing_the_kind_counts_anew_and_what_is_no_word_is_refused() -> None:
    request = taken()
    allowed = request.solve_minutes
    request_flow.change(request, {"kind": "repair", "priority": "urgent", "caller": "王工"}, by=person("rep1"), version=request.version)
    assert (request.solve_minutes, allowed) == (480, 1800)
    assert request_flow.change(request, {"kind": "repair"}, by=person("rep1"), version=request.version) == []
    with pytest.raises(Refusal):
        request_flow.change(request, {"cause": "weather"}, by=person("rep1"), version=request.version)


# --- what others hear --------------------------------------------------------------------------------------------------------


def test_others_hear_of_written_complaints_and_repair_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, int | None]] = []
    for code in request_events.CODES:
        monkeypatch.setitem(
            request_events._listeners, code, [lambda request, visit, by, code=code: heard.append((code, by.id if by else None))]
        )
    me = person("rep1")
    taken(channel="telephone")
    taken(channel="letter", kind="inquiry")
    taken(channel="letter", by="rep1", customer_name="某人")
    assert heard == []
    request = taken(channel="e-mail")
    ends_at = clock.now() - timedelta(hours=1)
    visit = request_visits.arrange(
        request, fitter="老周", telephone="13900000000", starts_at=ends_at - timedelta(hours=2), ends_at=ends_at, by=me
    )
    assert [request_visits.note_overruns(10), request_visits.note_overruns(10)] == [1, 0]
    request_visits.finish(visit, result="换了泵", done_at=None, by=me)
    db.session.commit()
    assert heard == [("written-complaint", me.id), ("repair-arranged", me.id), ("repair-overran", None), ("repair-done", me.id)]
    with pytest.raises(StateConflict):
        request_visits.finish(visit, result="换了泵", done_at=None, by=me)


# --- what follows the customer -----------------------------------------------------------------------------------------------


def test_open_requests_go_along_unless_passed_on_by_name() -> None:
    customer = factories.customer()
    follows, stays, closed = taken(customer, promise="回电", promised_at=clock.now() + timedelta(days=1)), taken(customer), taken(customer)
    request_flow.pass_on(stays, f"person:{person('sup1').id}", word="请主管看", by=person("rep1"), version=stays.version)
    worked(closed, "answered", "closed")
    hand_over.hand_over([customer.id], to=person("rep3"), by=person("mgr1"))
    db.session.commit()
    assert [one.assignee.account for one in (follows, stays, closed)] == ["rep3", "sup1", "rep1"]
    assert promise.of_record("request", follows.id)[0].staff.account == "rep3"
    person("sup1").deactivate(by=person("mgr1"), to=person("rep2"))
    db.session.commit()
    assert stays.assignee.account == "rep2"


def test_what_was_assigned_to_a_colleague_stays_with_them_when_the_customer_moves() -> None:
    customer = factories.customer("rep1")
    assigned, own = worked(taken(customer), "answered", "closed"), taken(customer)
    request_flow.reopen(assigned, "又来电", by=person("rep1"), version=assigned.version)
    request_flow.pass_on(assigned, f"person:{person('rep2').id}", word="", by=person("sup1"), version=assigned.version)
    db.session.commit()
    assert db.session.scalars(select(RequestStep.kind).where(RequestStep.to_id == person("rep2").id)).all() == ["assigned"]
    team = person("rep1").team_id
    person("rep1").change(by=person("mgr1"), team=person("rep3").team)
    db.session.commit()
    assert [(one.assignee.account, one.team_id) for one in (assigned, own)] == [("rep2", team), ("rep1", person("rep3").team_id)]
    hand_over.hand_over([customer.id], to=person("rep3"), by=person("mgr1"))
    db.session.commit()
    assert [one.assignee.account for one in (assigned, own)] == ["rep2", "rep3"]


def test_open_requests_follow_who_has_them_in_hand_into_another_team() -> None:
    named, unknown, closed = taken(factories.customer("rep1")), taken(customer_name="路人"), worked(taken(), "answered", "closed")
    of_others = taken(factories.customer("rep2"))
    request_flow.pass_on(of_others, f"person:{person('rep1').id}", word="请接手", by=person("rep2"), version=of_others.version)
    before = person("rep1").team_id
    person("rep1").change(by=person("mgr1"), team=person("rep3").team)
    db.session.commit()
    after = person("rep3").team_id
    assert [one.team_id for one in (named, unknown, of_others, closed)] == [after, after, after, before]
    assert {one.assignee.account for one in (named, unknown, of_others, closed)} == {"rep1"}
    assert [sees("sup2", one) for one in (named, unknown, of_others)] == [True] * 3
    assert [sees("sup1", one) for one in (named, unknown, of_others)] == [False, False, True]  # that one is of a customer of the team
    assert [one.kind for one in inbox.entries(person("sup2")) if one.kind.startswith("request")] == ["request-to-assign"]
    assert not [one for one in inbox.entries(person("sup1")) if one.kind.startswith("request")]
    request_flow.reopen(closed, "又来电", by=person("rep1"), version=closed.version)
    assert closed.team_id == after


def test_requests_follow_a_merge_and_go_with_an_erased_card() -> None:
    survivor, loser = factories.customer(), factories.customer()
    request = taken(loser, promise="回电", promised_at=clock.now() + timedelta(days=1))
    done = merge.CustomerMerge.carry_out(survivor, loser, by=person("mgr1"))
    db.session.commit()
    assert request.customer_id == survivor.id
    done.undo(by=person("mgr1"))
    db.session.commit()
    db.session.refresh(request)
    assert request.customer_id == loser.id
    forget([loser.id])
    db.session.commit()
    assert db.session.query(ServiceRequest).count() == db.session.query(Promise).count() == 0
