"""Hand-over with everything that goes along, and of a whole account's customers (RO-4, RO-5, RO-8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models import hand_over as work
from portal.models import inbox
from portal.models.audit import AuditEvent
from portal.models.customer import Customer, CustomerAssistant
from portal.models.merge import CustomerMerge
from portal.models.notice import Notice
from portal.models.search import search
from portal.rules.maintenance import Measure
from portal.rules.message import Refusal
from tests import calling, factories, maintaining, surveying
from tests.approving import person


def owners(*records: Customer) -> list[int | None]:
    db.session.expire_all()
    return [record.owner_id for record in records]


def test_changes_hands_with_team_history_search_and_notice(staff: Any) -> None:
    record = factories.customer("rep1", full_name="移交贸易公司")
    version = record.version
    assert work.hand_over([record.id], to=staff["rep3"], by=staff["mgr1"], reason="调岗") == 1
    db.session.commit()
    assert owners(record) == [staff["rep3"].id]
    assert (record.team_id, record.version) == (staff["rep3"].team_id, version + 1)
    entry = db.session.scalars(select(AuditEvent).where(AuditEvent.customer_id == record.id, AuditEvent.action == "handed-over")).one()
    assert entry.data["changes"][0] == {"field": "owner", "old": "赵一鸣", "new": "孙三省"}
    assert [change["field"] for change in entry.data["changes"]] == ["owner", "team"]
    assert [hit.id for hit in search(staff["rep3"], "移交")] == [record.id]
    assert search(staff["rep1"], "移交") == []
    assert db.session.scalars(select(Notice.staff_id)).all() == [staff["rep3"].id]


def test_open_work_goes_along(staff: Any, monkeypatch: Any) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(work, "_followers", [])
    work.goes_along(lambda ids, to, by: calls.append((ids, to.account, by.account)))
    moved, stays = factories.customer("rep1"), factories.customer("rep2")
    work.hand_over([stays.id, moved.id], to=staff["rep2"], by=staff["sup1"])
    assert calls == [([moved.id], "rep2", "sup1")]


def test_a_supervisor_hands_over_within_the_team_only(staff: Any) -> None:
    mine, theirs = factories.customer("rep1"), factories.customer("rep3")
    db.session.add(CustomerAssistant(customer_id=theirs.id, staff_id=staff["sup1"].id))
    db.session.commit()
    with pytest.raises(Refusal):
        work.hand_over([mine.id], to=staff["rep3"], by=staff["sup1"])
    with pytest.raises(Refusal, match="another team"):
        work.hand_over([mine.id, theirs.id], to=staff["rep2"], by=staff["sup1"])
    with pytest.raises(Refusal):
        work.hand_over([], to=staff["rep2"], by=staff["sup1"])
    assert owners(mine, theirs) == [staff["rep1"].id, staff["rep3"].id]


def test_not_to_somebody_who_has_left(staff: Any) -> None:
    record = factories.customer("rep1")
    staff["rep2"].active = False
    db.session.commit()
    with pytest.raises(Refusal):
        work.hand_over([record.id], to=staff["rep2"], by=staff["sup1"])


def test_everything_of_a_leaver_goes_whatever_its_state(staff: Any) -> None:
    records = [factories.customer("rep1", state=state) for state in ("active", "prospect", "past")]
    assisted = factories.customer("rep2")
    work.assist([assisted.id], staff["rep1"], by=staff["sup1"])
    assert work.hand_over_all(of=staff["rep1"], to=staff["rep2"], by=staff["mgr1"]) == 3
    db.session.commit()
    assert owners(*records) == [staff["rep2"].id] * 3
    assert db.session.scalars(select(CustomerAssistant)).all() == []
    with pytest.raises(Refusal):
        work.hand_over_all(of=staff["rep2"], to=staff["rep2"], by=staff["mgr1"])


def test_who_takes_over_no_longer_assists(staff: Any) -> None:
    record = factories.customer("rep1")
    assert work.assist([record.id], staff["rep2"], by=staff["sup1"]) == 1
    assert work.assist([record.id], staff["rep2"], by=staff["sup1"]) == 0
    assert work.assist([record.id], staff["rep1"], by=staff["sup1"]) == 0
    work.hand_over([record.id], to=staff["rep2"], by=staff["sup1"])
    db.session.commit()
    assert db.session.scalars(select(CustomerAssistant)).all() == []


def test_many_at_once(staff: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(work, "_PORTION", 2)
    records = [factories.customer("rep1") for _ in range(5)]
    assert work.hand_over([record.id for record in records], to=staff["rep2"], by=staff["sup1"]) == 5
    assert work.add_tag([record.id for record in records], " 展会  甲 ", by=staff["rep2"]) == 5
    assert work.add_tag([records[0].id], "展会 甲", by=staff["rep2"]) == 0
    assert work.remove_tag([record.id for record in records], "展会 甲", by=staff["rep2"]) == 5
    assert set(owners(*records)) == {staff["rep2"].id}
    with pytest.raises(Refusal):
        work.add_tag([records[0].id], "长" * 21, by=staff["rep2"])


def test_assisting_with_a_customer_of_another_team_gives_no_say_in_who_has_it(staff: Any) -> None:
    theirs, own = factories.customer("rep3"), factories.customer("rep1")
    work.assist([theirs.id], staff["sup1"], by=staff["sup2"])
    db.session.commit()
    with pytest.raises(Refusal, match="another team"):
        work.assist([theirs.id], staff["rep1"], by=staff["sup1"])
    with pytest.raises(Refusal, match="another team"):
        work.end_assisting([theirs.id], staff["sup1"], by=staff["sup1"])
    with pytest.raises(Refusal, match="another team"):
        CustomerMerge.carry_out(own, theirs, by=staff["sup1"])
    assert CustomerMerge.carry_out(own, theirs, by=staff["mgr1"]).id
    assert work.assist([own.id], staff["rep2"], by=staff["sup1"]) == 1


def test_who_changes_teams_takes_customers_along_with_history_and_search(staff: Any) -> None:
    customer = factories.customer("rep1", full_name="深圳华运机电有限公司")
    staff["rep1"].change(by=staff["mgr1"], team=staff["rep3"].team)
    db.session.commit()
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "handed-over")).one()
    assert event.data["changes"] == [{"field": "team", "old": "客户一科", "new": "客户二科"}]
    assert [hit.id for hit in search(staff["sup2"], "华运", 5)] == [customer.id]
    assert not search(staff["sup1"], "华运", 5)
    assert db.session.scalar(select(Notice.id)) is None


# --- work that is opened again, or begins late ----------------------------------------------------------------


def measure(**values: Any) -> Measure:
    return maintaining.measure(due_on=maintaining.day(1), **values)


def waiting(account: str) -> list[str]:
    return sorted(entry.kind for entry in inbox.entries(person(account)))


def test_what_is_taken_back_after_somebody_left_is_of_who_has_it_now(app: Any) -> None:
    call, given = calling.call(), calling.call("rep2")
    given.assign(person("rep1"), by=person("sup1"), version=given.version)
    line = next(one for one in surveying.lines(surveying.survey(9)) if one.customer_id == call.customer_id)
    plan = maintaining.running(call.customer, measures=(measure(), measure(staff_id=person("rep1").id)))
    tasks = maintaining.tasks(plan)
    for one in (call, given):
        calling.finished(one)
    for task in tasks:
        maintaining.done(task)
    line.leave("unreached", text="无人接听", by=person("rep1"), version=line.version)
    person("rep1").deactivate(by=person("mgr1"), to=person("rep3"))
    db.session.commit()
    assert waiting("rep3") == []
    for one in (call, given, line):
        one.take_back(by=person("mgr1"), version=one.version)
    for task in tasks:
        task.take_back(reason="录错", by=person("mgr1"), version=task.version)
    db.session.commit()
    assert [one.assignee.account for one in (call, given, line) if one.assignee] == ["rep3"] * 3
    assert (call.team_id, given.team_id) == (person("rep3").team_id, person("rep2").team_id)
    assert [(task.staff.account, task.follows_owner) for task in tasks if task.staff] == [("rep3", True), ("rep3", False)]
    assert waiting("rep3") == ["call-back", "call-back", "plan-task", "plan-task", "survey"]
    told = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "call-taken-back")).first()
    assert told is not None
    assert told.data["changes"] == [{"field": "staff", "old": "赵一鸣", "new": "孙三省"}]


def test_what_is_taken_back_stays_with_who_has_it_and_follows_who_is_in_charge(app: Any) -> None:
    call, given = calling.call(), calling.call()
    given.assign(person("rep2"), by=person("sup1"), version=given.version)
    for one in (call, given):
        calling.finished(one)
    work.hand_over([call.customer_id, given.customer_id], to=person("rep3"), by=person("mgr1"))
    for one in (call, given):
        one.take_back(by=person("mgr1"), version=one.version)
    db.session.commit()
    assert [one.assignee.account for one in (call, given) if one.assignee] == ["rep3", "rep2"]
    assert {call.team_id, given.team_id} == {person("rep3").team_id}


def test_a_plan_approved_after_somebody_left_gives_their_tasks_to_who_took_over(app: Any) -> None:
    measures = (measure(staff_id=person("rep1").id), measure(staff_id=person("rep1").id, extent="once"))
    plan = maintaining.drafted(factories.customer("rep3"), measures=measures, by="mgr1")
    approval = maintaining.submitted(plan, "mgr1")
    person("rep1").deactivate(by=person("mgr2"), to=person("rep2"))
    db.session.commit()
    person("rep2").deactivate(by=person("mgr2"), to=person("sup1"))
    db.session.commit()
    maintaining.through(approval, "mgr2")
    assert [task.staff.account for task in maintaining.tasks(plan) if task.staff] == ["sup1", "sup1"]
    assert waiting("sup1") == ["plan-task", "plan-task"]


@pytest.mark.parametrize(("taker", "asked"), [("mgr2", ["mgr2"]), (None, ["mgr1", "mgr2", "sup1"])])
def test_the_summary_of_somebody_who_left_waits_for_who_took_over_or_for_the_team(app: Any, taker: str | None, asked: list[str]) -> None:
    author = person("sup2")
    author.team = person("sup1").team
    plan = maintaining.running(factories.customer("rep1"), by="sup2", measures=(measure(),))
    for task in maintaining.tasks(plan):
        maintaining.done(task)
    plan.ends_on = clock.today() - timedelta(days=1)
    db.session.commit()
    if taker:
        author.deactivate(by=person("mgr1"), to=person(taker))
    else:
        author.active = False
    db.session.commit()
    everybody = ("mgr1", "mgr2", "rep1", "sup1")
    assert [account for account in everybody if "plan-summary" in waiting(account)] == asked


def test_where_nobody_took_over_the_tasks_fall_to_who_is_in_charge_and_who_wrote_the_plan(app: Any) -> None:
    measures = (measure(staff_id=person("rep1").id), measure(staff_id=person("rep1").id, extent="once"))
    plan = maintaining.drafted(factories.customer("rep2"), measures=measures)
    approval = maintaining.submitted(plan)
    person("rep1").deactivate(by=person("mgr1"), to=None)
    db.session.commit()
    maintaining.through(approval)
    assert [task.staff.account for task in maintaining.tasks(plan) if task.staff] == ["rep2", "sup1"]
