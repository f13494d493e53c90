"""Visits: who is due, plans, sheets, reports, what follows them elsewhere (SV-20, RO-5, AR-3, AR-11)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select, update

from portal import clock
from portal.database import StateConflict, db
from portal.models import dealings, inbox, standard, visit, visit_desk, visit_due, visit_list, visit_report, visit_thanks
from portal.models.customer import NEVER, Customer, CustomerState
from portal.models.hand_over import assist, hand_over
from portal.models.inbox_count import numbers
from portal.models.merge import CustomerMerge
from portal.models.promise import Promise
from portal.models.visit import Visit
from portal.models.visit_due import ROUTE, SINCE, DueQuery
from portal.models.visit_report import VisitReport
from portal.rules.message import Refusal
from tests import visiting
from tests.approving import person
from tests.sales import samples

THURSDAY = "2026-03-05 02:00Z"
DAY = date(2026, 3, 5)
MONDAY = date(2026, 3, 9)


def due(account: str = "rep1", **values: Any) -> list[tuple[str, str]]:
    """Return name and day of who is due, by the pages of two."""
    query, found, after = visit_due.fitted(person(account), DueQuery(**values)), [], ""
    while True:
        part, after = visit_due.page(person(account), query, after=after, size=2)
        found += part
        if not after:
            break
    names = visit_due.customers(found)
    assert visit_due.count(person(account), query).number == len(found)
    return [(names[one.customer_id].full_name, "" if one.since == NEVER else one.since.isoformat()) for one in found]


@time_machine.travel(THURSDAY, tick=False)
def test_who_is_due_by_the_frequency_of_the_grade_along_the_route(app: Flask) -> None:
    for name, grade, days, route, order in (
        ("甲", "A", 40, "南线", 2), ("乙", "A", 20, "南线", 1), ("丙", "B", 70, "东线", None), ("丁", "", 400, "", None),
        ("戊", "C", 121, "东线", 9), ("己", "C", 130, "东线", 8),
    ):  # fmt: skip
        fields = {"grade": grade, "visited_on": DAY - timedelta(days=days), "route": route, "route_order": order}
        visiting.customer("rep1", full_name=name, **fields)
    visiting.customer("rep1", full_name="新", state=CustomerState.PROSPECT.value, route="南线", route_order=3)
    visiting.customer("rep1", full_name="旧", state=CustomerState.PAST.value)
    visiting.customer("rep3", full_name="别组", grade="A")
    # 30, 61, 122, 182 and 91 days: 乙 is not due, 戊 tomorrow.
    assert due(order=ROUTE) == [("己", "2026-02-25"), ("丙", "2026-02-24"), ("甲", "2026-02-23"), ("新", ""), ("丁", "2025-07-30")]
    assert [name for name, _day in due(order=SINCE)] == ["新", "丁", "甲", "丙", "己"]
    assert [name for name, _day in due("sup1", whose=f"t{person('rep1').team_id}")] == ["新", "丁", "甲", "丙", "己"]
    assert [name for name, _day in due(filters={"grade": "prospect"})] == ["新"]
    assert [name for name, _day in due(filters={"route": "南线"})] == ["甲", "新"]
    assert due("rep2") == []
    assert visit_due.fitted(person("sup1"), DueQuery(whose=f"t{person('rep3').team_id}")).whose == ""
    assert visit_due.fitted(person("rep1"), DueQuery(whose=str(person("rep2").id))).whose == ""


@time_machine.travel(THURSDAY, tick=False)
def test_days_are_filled_from_what_is_due_and_plans_keep_their_figures(app: Flask) -> None:
    customers = [visiting.customer("rep1", grade="A", route="南线", route_order=turn) for turn in range(5)]
    visiting.planned("rep1", date(2026, 3, 6), grade="A")
    made = visit_due.plan_days(person("rep1"), date(2026, 3, 6), 2, 3, DueQuery(), by=person("rep1"))
    db.session.commit()
    assert [(one.customer_id, one.day) for one in made] == [
        (customers[0].id, date(2026, 3, 6)), (customers[1].id, date(2026, 3, 6)),
        (customers[2].id, MONDAY), (customers[3].id, MONDAY), (customers[4].id, MONDAY),
    ]  # fmt: skip
    assert due() == []
    assert {(one.due_since, one.yearly, one.rhythm_version) for one in made} == {(NEVER, 12, 0)}
    standard.set_value("visit.yearly.A", 4, by=person("mgr1"), reason="调整")
    db.session.commit()
    assert (made[0].yearly, visit.due_of(customers[0])[1]) == (12, 4)
    with pytest.raises(Refusal, match="Nobody is due"):
        visit_due.plan_days(person("rep1"), MONDAY, 2, 3, DueQuery(), by=person("rep1"))
    far = date(2026, 6, 8)
    for first, days, a_day, field in ((None, 1, 1, "first"), (MONDAY, 0, 1, "days"), (MONDAY, 1, 99, "a_day"), (far, 1, 1, "first")):
        with pytest.raises(Refusal) as refused:
            visit_due.plan_days(person("rep1"), first, days, a_day, DueQuery(), by=person("rep1"))
        assert refused.value.field == field
    with pytest.raises(Refusal, match="team"):
        visit_due.plan_days(person("rep2"), MONDAY, 1, 1, DueQuery(), by=person("rep1"))


@time_machine.travel(THURSDAY, tick=False)
def test_one_plan_for_a_customer_on_working_days_by_who_may(app: Flask) -> None:
    customer = visiting.customer("rep1")
    refused = ((date(2026, 3, 7), "no working day"), (date(2026, 3, 4), "passed"), (date(2026, 12, 31), "up to"), (None, "which day"))
    for day, word in refused:
        with pytest.raises(Refusal, match=word):
            Visit.plan(customer, day, staff=person("rep1"), by=person("rep1"))
        db.session.rollback()
    first = visiting.planned("rep1", DAY, customer)
    with pytest.raises(Refusal, match="planned already"):
        Visit.plan(customer, MONDAY, staff=person("rep1"), by=person("rep1"))
    db.session.rollback()
    with pytest.raises(Refusal, match="your team"):
        Visit.plan(visiting.customer("rep1"), MONDAY, staff=person("rep3"), by=person("sup1"))
    db.session.rollback()
    first.assign(person("rep2"), by=person("sup1"), version=first.version)
    assert (first.staff.name, first.follows_owner) == (person("rep2").name, False)
    assert db.session.scalar(Visit.visible_to(person("rep2"))) is first
    with pytest.raises(StateConflict):
        first.finish(visiting.SHEET, on=None, by=person("rep1"), version=first.version)
    first.move(MONDAY, reason="客户改期", by=person("rep1"), version=first.version)
    assert (first.day, first.planned_for, [one.outcome for one in first.tries]) == (MONDAY, DAY, ["moved"])
    with pytest.raises(Refusal, match="why"):
        first.cancel(reason="", by=person("rep1"), version=first.version)
    first.cancel(reason="停产", by=person("rep1"), version=first.version)
    assert first.state == "cancelled"


@time_machine.travel(THURSDAY, tick=False)
def test_a_visit_is_written_down_and_moves_both_dates_of_the_customer(app: Flask) -> None:
    one = visiting.planned("rep1")
    version = one.customer.version
    one.arrive(by=person("rep1"), version=one.version)
    visiting.done(one)
    customer = one.customer
    assert (customer.visited_on, customer.contacted_on, customer.version) == (DAY, DAY, version)
    report = one.report
    assert report is not None
    assert (report.day, report.due_on, report.state) == (DAY, date(2026, 3, 6), "draft")
    one.correct(visiting.SHEET._replace(needs="备件两套"), by=person("rep1"), version=one.version)
    assert one.needs == "备件两套"
    one.take_back(by=person("rep1"), version=one.version)
    db.session.commit()
    assert (one.state, one.customer.visited_on, one.needs) == ("planned", NEVER, "")
    assert VisitReport.of_day(person("rep1").id, DAY) is None
    # Nobody met: kept in the day's report, and planned again.
    one.miss("停电放假", to_day=MONDAY, by=person("rep1"), version=one.version)
    assert (one.state, one.day, one.attempts, one.customer.visited_on) == ("planned", MONDAY, 1, NEVER)
    other = visiting.planned("rep1")
    other.miss("外出", by=person("rep1"), version=other.version)
    db.session.commit()
    report = VisitReport.of_day(person("rep1").id, DAY)
    assert report is not None
    visits, tries, hidden = visit_report.lines(report, person("rep1"))
    assert (len(visits), [one.note for one in tries], hidden) == (0, ["停电放假", "外出"], 0)
    # Not planned; what is planned is finished by it.
    recorded = Visit.record(visiting.customer("rep1"), visiting.SHEET, on=date(2026, 3, 4), by=person("rep1"))
    assert (recorded.planned_for, recorded.day) == (None, date(2026, 3, 4))
    assert Visit.record(one.customer, visiting.SHEET, on=None, by=person("rep1")) is one
    for on in (date(2026, 3, 6), date(2026, 2, 1)):
        with pytest.raises(Refusal):
            Visit.record(visiting.customer("rep1"), visiting.SHEET, on=on, by=person("rep1"))


@time_machine.travel(THURSDAY, tick=False)
def test_a_report_is_submitted_read_with_a_word_and_sent_back(app: Flask) -> None:
    report = visiting.report("rep1", submitted=True)
    author, supervisor = person("rep1"), person("sup1")
    assert [one.id for one in report.readers()] == [supervisor.id]
    with pytest.raises(Refusal, match="submitted"):
        Visit.record(visiting.customer("rep1"), visiting.SHEET, on=None, by=author)
    with pytest.raises(StateConflict):
        report.say("read", "", by=author, version=report.version)
    with pytest.raises(Refusal, match="changed"):
        report.say("return", "", by=supervisor, version=report.version)
    report.say("return", "请补充需求", by=supervisor, version=report.version)
    assert report.is_with(author)
    report.write("今日三家", by=author, version=report.version)
    report.submit(by=author, version=report.version)
    report.withdraw(by=author, version=report.version)
    report.submit(by=author, version=report.version)
    report.say("read", "已阅", by=supervisor, version=report.version)
    report.say("note", "已联系", by=author, version=report.version)
    db.session.commit()
    assert (report.state, [one.kind for one in report.words]) == ("read", ["return", "read", "note"])
    there = visiting.planned("rep1", MONDAY)
    with time_machine.travel("2026-03-09 02:00Z", tick=False):
        second = visiting.report("rep1")
        there.arrive(by=author, version=there.version)
        with pytest.raises(Refusal, match="arrived"):
            second.submit(by=author, version=second.version)
        db.session.rollback()


@time_machine.travel(THURSDAY, tick=False)
def test_what_waits_for_whom(app: Flask) -> None:
    visiting.planned("rep1")
    visiting.planned("rep1", MONDAY)
    visiting.report("rep1", submitted=True)
    visiting.report("rep3", submitted=True)

    def waits(account: str) -> list[str]:
        return sorted(one.kind for one in inbox.entries(person(account)) if one.kind in visit_desk.TITLES)

    assert waits("rep1") == ["customer-visit"]
    assert waits("sup1") == ["visit-report-to-read"]
    assert inbox.count(person("rep1")) == len(inbox.entries(person("rep1")))
    with time_machine.travel("2026-03-06 02:00Z", tick=False):
        visiting.report("rep2")
        assert waits("rep2") == []
        assert numbers(person("rep1"), visit_desk.FIGURES) == [1, 1, 0]
    with time_machine.travel("2026-03-10 02:00Z", tick=False):
        assert waits("rep2") == ["visit-report"]
        assert waits("rep1") == ["customer-visit", "customer-visit"]
        found = [one.is_overdue(date(2026, 3, 10)) for one in inbox.entries(person("rep2")) if one.kind == "visit-report"]
        assert found == [True]
        assert numbers(person("rep2"), visit_desk.FIGURES) == [0, 0, 1]


@time_machine.travel(THURSDAY, tick=False)
def test_visits_follow_hand_over_end_of_dealings_and_erasing(app: Flask) -> None:
    one, by_name = visiting.planned("rep1"), visiting.planned("rep1")
    by_name.assign(person("rep2"), by=person("sup1"), version=by_name.version)
    promised = visiting.done(visiting.planned("rep1"))
    due_at = clock.now() + timedelta(days=1)
    given: dict[str, Any] = {"source": "visit", "source_id": promised.id, "staff_id": person("rep1").id, "by": person("rep1")}
    promise = Promise.make(promised.customer_id, "寄样品", due_at, **given)
    db.session.commit()
    hand_over([one.customer_id, by_name.customer_id, promised.customer_id], to=person("rep2"), by=person("sup1"))
    db.session.commit()
    db.session.expire_all()
    assert [one.staff_id, by_name.staff_id, promised.staff_id, promise.staff_id] == [
        person("rep2").id, person("rep2").id, person("rep1").id, person("rep2").id,
    ]  # fmt: skip
    assert visit_desk.take_over(person("rep2"), person("rep1")) == 2
    dealings.end(one.customer, kind=next(iter(dealings.ENDINGS)), reason="停业", ended_on=DAY,
                 by=person("sup1"))  # fmt: skip
    db.session.commit()
    assert one.state == "cancelled"
    with pytest.raises(Refusal, match="not visited"):
        Visit.plan(one.customer, MONDAY, staff=person("sup1"), by=person("sup1"))
    visiting.letter("rep1", promised.customer)
    visit_desk.forget([promised.customer_id])
    assert db.session.scalar(select(Visit.id).where(Visit.customer_id == promised.customer_id)) is None


@time_machine.travel(THURSDAY, tick=False)
def test_of_two_plans_the_survivors_stays_at_a_merge(app: Flask) -> None:
    survivor, loser = visiting.planned("rep1"), visiting.planned("rep1", MONDAY)
    earlier = Visit.record(visiting.customer("rep1"), visiting.SHEET, on=None, by=person("rep1"))
    earlier.customer_id = loser.customer_id
    db.session.commit()
    kept, gone = survivor.customer, loser.customer
    merge = CustomerMerge.carry_out(kept, gone, by=person("sup1"))
    db.session.commit()
    db.session.expire_all()
    assert (survivor.state, loser.state, earlier.customer_id) == ("planned", "cancelled", kept.id)
    assert (kept.visited_on, gone.visited_on) == (DAY, NEVER)
    merge.undo(by=person("sup1"))
    db.session.commit()
    db.session.expire_all()
    assert (kept.visited_on, gone.visited_on) == (NEVER, DAY)


@time_machine.travel(THURSDAY, tick=False)
def test_the_day_goes_along_the_route_and_a_supervisor_sees_the_team(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    visits = [visiting.planned("rep1", DAY, route=route, route_order=order, full_name=name) for name, route, order in (
        ("无", "", None), ("二", "南线", 2), ("一", "南线", 1), ("东", "东线", 5),
    )]  # fmt: skip
    found = visit_list.of_day(person("rep1"), DAY, reader=person("rep1"))
    assert ([one.customer.full_name for one in found.visits], found.number, found.left) == (["东", "一", "二", "无"], 4, 4)
    rest = visit_list.of_day(person("rep1"), DAY, reader=person("sup2"))
    assert (rest.visits, rest.number) == ([], 0)
    assert [one.customer.full_name for one in visit_list.of_day(person("rep1"), DAY, reader=person("sup1"), begin=2).visits] == ["二", "无"]
    monkeypatch.setattr(visit_list, "A_PAGE_OF_A_DAY", 2)
    page = visit_list.of_day(person("rep1"), DAY, reader=person("rep1"), begin=1)
    assert ([one.customer.full_name for one in page.visits], page.begin) == ([one.customer.full_name for one in found.visits][1:3], 1)
    assert visit_list.of_day(person("rep1"), DAY, reader=person("rep1"), begin=20).begin == 0
    query = visit_list.VisitQuery.read({"tab": "week", "whose": "team"})
    assert len(visit_list.LIST.ids(person("sup1"), query, 50)) == len(visits)
    assert visit_list.LIST.ids(person("sup2"), query, 50) == []
    page = visit_list.LIST.page(person("sup1"), query, size=3)
    assert len(visit_list.LIST.page(person("sup1"), query, after=page.next, size=3).rows) == 1
    assert visit_list.LIST.ids(person("rep2"), visit_list.VisitQuery.read({"whose": "all"}), 50) == []


@time_machine.travel(THURSDAY, tick=False)
def test_what_is_known_of_the_customers_of_a_day_is_read_at_once(app: Flask) -> None:
    some = [visiting.customer("rep1") for _ in range(3)]
    for day, document, amount in ((1, "D-1", 9), (2, "D-2", 30), (2, "D-2", 12), (2, "", 5), (3, "D-3", -4)):
        samples.sale(some[0], day=date(2026, 1, day), document=document, amount=Decimal(amount))
    samples.sale(some[1], day=date(2026, 2, 1), amount=Decimal(7))
    visiting.done(visiting.planned("rep1", of=some[1]), review="先前")
    last = visiting.done(visiting.planned("rep1", of=some[1]), review="最近")
    ids, statements = [one.id for one in some], []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    orders, visits = visit_list.last_orders(ids), visit.last_of(ids)
    assert len(statements) == 4, "however many they are"
    assert orders[ids[0]] == (date(2026, 1, 2), "", Decimal(5)), "the line that was written last, with those of its document"
    assert orders[ids[1]][2] == 7
    assert (set(orders), visits) == ({ids[0], ids[1]}, {ids[1]: last})
    samples.sale(some[0], day=date(2026, 1, 2), document="D-2", amount=Decimal(8))
    assert visit_list.last_orders(ids)[ids[0]] == (date(2026, 1, 2), "D-2", Decimal(50))


@time_machine.travel(THURSDAY, tick=False)
def test_lines_out_of_scope_are_not_shown_nor_printed(app: Flask) -> None:
    report = visiting.report("rep1", submitted=True)
    other = db.session.scalars(select(Visit)).one().customer
    seen = visit_report.WholeReport.visible_to
    assert db.session.scalar(seen(person("sup1"))) is report
    db.session.execute(update(Customer).where(Customer.id == other.id).values(team_id=person("rep3").team_id))
    db.session.commit()
    db.session.expire_all()
    visits, _tries, hidden = visit_report.lines(report, person("sup1"))
    assert (visits, hidden) == ([], 1)
    assert db.session.scalar(seen(person("sup1"))) is None
    assert db.session.scalar(seen(person("mgr1"))) is report
    assert db.session.scalar(seen(person("rep1"))) is report


def test_a_reader_finds_the_deals_of_their_own_customers_however_much_others_sell(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit_thanks, "DEPTH", 3)
    mine, helped, other = visiting.customer("rep1"), visiting.customer("rep2"), visiting.customer("rep3")
    assist([helped.id], person("sup2"), by=person("mgr1"))
    today = clock.today()
    for of, day, number in ((mine, 10, 1), (helped, 10, 1), (other, 1, 4)):
        for turn in range(number):
            samples.sale(of, day=today - timedelta(days=day), document=f"{of.id}-{turn}", amount=Decimal(100))
    found = {}
    for account in ("rep1", "sup1", "rep3", "sup2", "mgr1"):
        seen = visit_thanks.deals(person(account), today - timedelta(days=30), today, Decimal(0))
        found[account] = ([deal.customer.id for deal in seen.shown], seen.cut)
    assert found == {
        "rep1": ([mine.id], False), "sup1": ([helped.id, mine.id], False), "rep3": ([other.id] * 3, True),
        "sup2": ([other.id] * 3, True), "mgr1": ([other.id] * 3, True),
    }  # fmt: skip
    monkeypatch.setattr(visit_thanks, "DEPTH", 5)
    seen = visit_thanks.deals(person("sup2"), today - timedelta(days=30), today, Decimal(0))
    assert ([deal.customer.id for deal in seen.shown], seen.cut) == ([other.id] * 4 + [helped.id], False)
