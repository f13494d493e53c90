"""Call-backs: every event gives its calls on the right day, none twice, none for ended customers; the sheet; draws (SV-10 to SV-12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from portal import clock
from portal.blueprints.callbacks.day import make_what_is_due
from portal.database import StateConflict, db
from portal.models import (
    callback_desk,
    callback_due,
    callback_list,
    dealings,
    hand_over,
    hand_over_list,
    inbox,
    request_events,
    request_flow,
    standard,
)
from portal.models.callback import CANCELLED, DONE, LATER, NO_ANSWER, OPEN, Callback, CallbackEvent
from portal.models.callback_draw import CallbackDraw, Filters
from portal.models.callback_due import CallbackMark
from portal.models.callback_list import CallbackQuery
from portal.models.contact import Contact
from portal.models.customer import NEVER, Customer
from portal.models.merge import CustomerMerge
from portal.models.sale import Sale
from portal.rules import callbacks as rules
from portal.rules.message import Refusal
from tests import factories
from tests.approving import person
from tests.calling import call, calls, customer, finished, happened
from tests.service.requesting import taken

pytestmark = pytest.mark.usefixtures("app")
THURSDAY = "2026-03-05 02:00Z"


@pytest.fixture(autouse=True)
def _thursday() -> Iterator[None]:
    with time_machine.travel(THURSDAY, tick=False):
        yield


# --- events ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("installation", [("installed", "2026-03-05")]),
        ("purchase", [("bought-week", "2026-03-12")]),
        ("complaint", [("complaint-confirmed", "2026-03-05")]),
        ("proposal", [("proposal-received", "2026-03-05")]),
        ("repair-arranged", [("repair-arranged", "2026-03-05")]),
        ("repair-late", [("repair-late", "2026-03-05")]),
        ("repair-done", [("repair-done", "2026-03-09")]),
        ("low-score", [("low-score", "2026-03-06")]),
    ],
)
def test_each_event_gives_its_calls_at_once(kind: str, expected: list[tuple[str, str]]) -> None:
    of = customer()
    made = happened(of, kind)
    assert [(row, day) for row, day, _state in calls(of)] == expected
    assert {(one.assignee_id, one.team_id) for one in made} == {(of.owner_id, of.team_id)}
    assert happened(of, kind) == []
    assert len(calls(of)) == len(expected)


def test_the_months_of_a_purchase_come_when_they_begin_and_go_on_every_year() -> None:
    of = customer()
    happened(of, "purchase")
    seen = []
    for ahead in range(0, 1100, 7):
        with clock.pretend(clock.now() + timedelta(days=ahead)):
            callback_due.make_due(clock.today())
            for one in db.session.scalars(select(Callback).where(Callback.state == OPEN, Callback.due_on <= clock.today())):
                seen.append((one.row_code, one.due_on.isoformat()))
                one.finish(_sheet(), by=person("rep1"), version=one.version)
            db.session.commit()
    assert seen == [
        ("bought-week", "2026-03-12"), ("bought-half-year", "2026-06-05"), ("bought-year", "2026-12-07"),
        ("bought-yearly", "2027-03-05"), ("bought-yearly", "2028-03-06"), ("bought-yearly", "2029-03-05"),
    ][: len(seen)]  # fmt: skip
    assert len(seen) == 6


def _sheet() -> Any:
    from portal.models.callback import CallSheet

    return CallSheet(result="正常")


def test_a_worker_that_is_killed_between_portions_goes_on() -> None:
    those = [customer() for _ in range(5)]
    for one in those:
        happened(one, "purchase", date(2025, 11, 20))
    db.session.execute(CallbackEvent.__table__.update().values(next_on=date(2026, 2, 20)))
    db.session.execute(Callback.__table__.delete())
    db.session.commit()
    assert callback_due.make_due(clock.today(), most=2) == 2
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(Callback)) == 2
    assert callback_due.make_due(clock.today(), most=2) == 2
    db.session.rollback()  # killed before the portion was over
    make_what_is_due()
    assert [calls(one) for one in those] == [[("bought-half-year", "2026-02-24", "open")]] * 5
    assert callback_due.make_due(clock.today()) == 0


def test_no_call_for_ended_customers_and_open_ones_are_cancelled() -> None:
    of = customer()
    happened(of, "purchase")
    dealings.end(of, kind="dissolved", reason="搬迁", ended_on=clock.today(), by=person("sup1"))
    db.session.commit()
    assert calls(of) == [("bought-week", "2026-03-12", "cancelled")]
    assert happened(of, "repair-done", source="other") == []
    with clock.pretend(clock.now() + timedelta(days=100)):
        callback_due.make_due(clock.today())
    assert len(calls(of)) == 1
    with pytest.raises(Refusal):
        callback_due.arrange(of, on=clock.today(), purpose="order", text="", by=person("sup1"))
    dealings.begin_again(of, reason="恢复往来", by=person("sup1"))
    db.session.commit()
    with clock.pretend(clock.now() + timedelta(days=300)):
        callback_due.make_due(clock.today())
    assert [row for row, _day, _state in calls(of)] == ["bought-week", "bought-year"]


def test_a_written_complaint_needs_a_number_to_call() -> None:
    mute = factories.customer("rep1")
    assert happened(mute, "complaint", source="a") == []
    assert happened(mute, "complaint", source="b", telephone="13800138000")[0].text == "13800138000"
    spoken = factories.customer("rep1")
    factories.contact(spoken, telephone="13900139000")
    assert len(happened(spoken, "complaint")) == 1


def test_who_waits_for_a_call_is_not_called_twice_for_the_same() -> None:
    of = customer()
    (first,) = happened(of, "purchase", source="test:1")
    assert happened(of, "purchase", source="test:2") == []
    finished(first)
    assert len(happened(of, "purchase", source="test:3")) == 1


@pytest.mark.parametrize("kind", ["repair-arranged", "repair-late", "repair-done", "complaint", "proposal", "installation"])
def test_each_visit_complaint_or_proposal_has_its_own_call(kind: str) -> None:
    of = customer()
    made = [
        one for turn, fitter in enumerate(("张师傅 111", "李师傅 222")) for one in happened(of, kind, source=f"visit:{turn}", note=fitter)
    ]
    assert [one.text for one in made] == ["张师傅 111", "李师傅 222"], "the customer is told of both fitters"
    assert happened(of, kind, source="visit:1") == []


def test_what_comes_months_after_several_visits_is_asked_once() -> None:
    row = {**next(one for one in rules.START if one["code"] == "bought-half-year"), "code": "installed-half-year", "event": "installation"}
    standard.set_value("callback.rules", [*rules.START, row], by=person("mgr1"), reason="试行")
    db.session.commit()
    of = customer()
    for turn in "ab":
        happened(of, "installation", source=turn)
    with clock.pretend(clock.now() + timedelta(days=100)):
        callback_due.make_due(clock.today())
    assert [code for code, _day, _state in calls(of)] == ["installed", "installed", "installed-half-year"]


def test_a_running_event_keeps_its_table() -> None:
    of = customer()
    happened(of, "purchase")
    table = [{**one, "first": 5, "last": 5} if one["code"] == "bought-half-year" else one for one in rules.START]
    standard.set_value("callback.rules", table, by=person("mgr1"), reason="试行")
    db.session.commit()
    later = customer()
    happened(later, "purchase")
    found = dict(db.session.execute(select(CallbackEvent.customer_id, CallbackEvent.next_on)).all())
    assert found == {of.id: date(2026, 6, 5), later.id: date(2026, 7, 5)}


def test_requests_are_followed_by_calls() -> None:
    of = customer()
    request: Any = SimpleNamespace(id=7, customer_id=of.id, telephone="13800138000", received_at=clock.now())
    visit: Any = SimpleNamespace(id=3, fitter="刘师傅", telephone="13700137000", done_at=clock.now())
    for code in request_events.CODES:
        request_events.tell(code, request, visit=visit, by=person("rep1"))
        request_events.tell(code, request, visit=visit, by=None)
    request_events.tell(request_events.WRITTEN_COMPLAINT, SimpleNamespace(id=8, customer_id=None, received_at=None), by=None)  # type: ignore[arg-type]
    db.session.commit()
    found = {one.row_code: one.text for one in db.session.scalars(select(Callback))}
    assert found == {
        "complaint-confirmed": "13800138000", "repair-arranged": "刘师傅 13700137000\n13800138000", "repair-late": "13800138000",
        "repair-done": "13800138000",
    }  # fmt: skip


def test_a_complaint_that_repeats_another_is_confirmed_with_it() -> None:
    of = customer()
    first, again = (taken(of, channel="letter", telephone="13800138000") for _turn in range(2))
    spoken = taken(of)
    alone = taken(of, channel="e-mail", telephone="13800138000")
    assert [state for _row, _day, state in calls(of)] == [OPEN] * 3
    request_flow.link(again, first, "duplicate", by=person("rep1"), version=again.version)
    request_flow.link(alone, spoken, "duplicate", by=person("rep1"), version=alone.version)
    db.session.commit()
    # What was said on the telephone has no call of its own that would confirm the letter.
    assert [state for _row, _day, state in calls(of)] == [OPEN, CANCELLED, OPEN]


# --- purchases ----------------------------------------------------------------


def _sale(of: Customer, **values: Any) -> Sale:
    made = Sale.enter(of, {"day": clock.today(), "amount": Decimal(100), **values}, by=person("rep1"))
    db.session.commit()
    return made


def _events() -> list[tuple[str, str]]:
    rows = db.session.scalars(select(CallbackEvent).order_by(CallbackEvent.id))
    return [(one.key.split(":", 2)[2], one.happened_on.isoformat()) for one in rows]


def test_a_sale_that_is_entered_is_a_purchase_by_order_or_by_month() -> None:
    of = customer()
    _sale(of, document="D1")
    _sale(of, document="D1", day=clock.today() - timedelta(days=1))
    _sale(of, day=date(2026, 3, 2))
    _sale(of, day=date(2026, 3, 4))
    _sale(of, amount=Decimal(-20))
    assert _events() == [("order:/D1", "2026-03-05"), ("month:2026-03", "2026-03-02")]
    assert calls(of) == [("bought-week", "2026-03-12", "open")]


def test_a_purchase_that_was_void_is_followed_by_no_more_calls() -> None:
    of, other = customer(), customer()
    line = _sale(of, document="D1")
    _sale(other, document="D2")
    line.void(by=person("rep1"), reason="误录")
    db.session.commit()
    with clock.pretend(clock.now() + timedelta(days=100)):
        callback_due.make_due(clock.today())
    assert calls(of) == [("bought-week", "2026-03-12", "cancelled")]
    assert [(row, state) for row, _day, state in calls(other)] == [("bought-week", "open"), ("bought-half-year", "open")]


def test_a_void_line_leaves_the_calls_of_what_else_was_bought_and_may_be_entered_again() -> None:
    of = customer()
    line, other = _sale(of, document="D1"), _sale(of, document="D1")
    line.void(by=person("rep1"), reason="误录")
    assert calls(of) == [("bought-week", "2026-03-12", "open")]
    other.void(by=person("rep1"), reason="误录")
    db.session.commit()
    assert calls(of) == [("bought-week", "2026-03-12", "cancelled")]
    _sale(of, document="D1")
    assert calls(of) == [("bought-week", "2026-03-12", "cancelled"), ("bought-week", "2026-03-12", "open")]


def test_a_cancelled_order_is_followed_by_no_calls_until_it_is_ordered_again() -> None:
    of, week = customer(), "2026-03-12"
    line = _sale(of, document="D1")
    line.change({"state": "cancelled"}, by=person("rep1"), reason="取消")
    assert calls(of) == [("bought-week", week, "cancelled")]
    line.change({"state": "ordered"}, by=person("rep1"), reason="恢复")
    assert calls(of) == [("bought-week", week, "cancelled"), ("bought-week", week, "open")]
    line.change({"day": date(2026, 1, 20)}, by=person("rep1"), reason="日期有误")
    assert [state for _row, _day, state in calls(of)][:2] == ["cancelled", "cancelled"]
    assert _events()[-1] == ("order:/D1", "2026-01-20")


def test_a_yearly_call_may_go_twice_with_what_was_bought() -> None:
    of = customer()
    for _time in range(2):
        line = _sale(of, document="D1", day=date(2024, 3, 1))
        line.void(by=person("rep1"), reason="误录")
        db.session.commit()
    assert calls(of) == [("bought-yearly", "2026-03-02", "cancelled")] * 2


def test_imported_lines_are_read_once_and_those_of_a_running_import_waited_for() -> None:
    of = customer()
    made = [_sale(of, document=f"D{n}", day=date(2026, 1, 5)) for n in range(3)]
    db.session.execute(CallbackEvent.__table__.delete())
    db.session.execute(Callback.__table__.delete())
    made[1].state = "importing"
    db.session.commit()
    assert callback_due.read_sales(clock.today()) == 1
    assert callback_due.read_sales(clock.today()) == 0
    made[1].state = "ordered"
    db.session.commit()
    assert callback_due.read_sales(clock.today()) == 2
    assert callback_due.read_sales(clock.today()) == 0
    assert [name for name, _day in _events()] == ["order:/D0", "order:/D1", "order:/D2"]
    assert db.session.scalar(select(CallbackMark.number)) == made[2].id


def test_what_was_bought_long_ago_is_proposed_once_a_year() -> None:
    of = customer()
    for n in range(4):
        _sale(of, document=f"D{n}", day=date(2024, 3, 1 + n))
    assert _events() == [("year:2024", "2024-03-01")]
    assert calls(of) == [("bought-yearly", "2026-03-02", "open")]


# --- the sheet ----------------------------------------------------------------


def test_the_sheet_keeps_what_was_said_and_when_the_customer_was_reached() -> None:
    one = call()
    assert one.customer.contacted_on == NEVER
    version = one.customer.version
    answers = [{**asked, "answer": "满意"} for asked in one.questions]
    made = finished(one, answers=answers, satisfaction=4, spoken_with="王经理", next_step="寄说明书", next_on=date(2026, 3, 20))
    assert (one.state, one.done_by_id, one.satisfaction, len(one.answers)) == (DONE, person("rep1").id, 4, 2)
    assert (one.customer.contacted_on, one.customer.version) == (date(2026, 3, 5), version)
    assert [(follow.kind, follow.due_on, follow.text, follow.assignee_id) for follow in made] == [
        ("agreed", date(2026, 3, 20), "寄说明书", person("rep1").id)
    ]
    with pytest.raises(StateConflict):
        finished(one)


def test_low_satisfaction_is_followed_by_a_call_but_not_without_end() -> None:
    one = call()
    (second,) = finished(one, satisfaction=2)
    assert (second.row_code, second.due_on.isoformat()) == ("low-score", "2026-03-06")
    assert finished(second, satisfaction=1) == []


def test_low_again_after_it_was_taken_back_is_followed_by_a_call_again() -> None:
    one = call()
    (second,) = finished(one, satisfaction=1)
    one.take_back(by=person("rep1"), version=one.version)
    assert finished(one, satisfaction=2) == [], "the call for the first score is open still"
    one.take_back(by=person("rep1"), version=one.version)
    second.drop(reason="误录", by=person("rep1"), version=second.version)
    (third,) = finished(one, satisfaction=2)
    assert (third.row_code, third.state) == ("low-score", OPEN)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"result": ""}, "result"), ({"purpose": "chat"}, "purpose"), ({"satisfaction": 6}, "satisfaction"),
        ({"next_on": date(2026, 3, 4)}, "next_on"), ({"opening": "x" * 2001}, "opening"),
    ],
)  # fmt: skip
def test_a_sheet_that_says_too_little_is_refused(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        finished(call(), **values)
    assert refused.value.field == field


def test_attempts_are_kept_and_the_call_waits_for_its_hour() -> None:
    one = call()
    one.put_off(NO_ANSWER, on=None, by=person("rep1"), version=one.version)
    assert (one.due_on, one.attempts, one.is_overdue) == (date(2026, 3, 6), 1, False)
    hour = datetime(2026, 3, 10, 15, 30, tzinfo=clock.SITE_ZONE)
    one.put_off(LATER, on=date(2026, 3, 10), at=hour, note="开会中", by=person("rep1"), version=one.version)
    assert (one.due_on, one.due_until, one.call_at) == (date(2026, 3, 10), date(2026, 3, 10), hour)
    assert [(one.outcome, one.note) for one in one.tries] == [("no-answer", ""), ("later", "开会中")]
    for outcome, on in ((LATER, None), (LATER, date(2026, 3, 4)), ("bored", None)):
        with pytest.raises(Refusal):
            one.put_off(outcome, on=on, by=person("rep1"), version=one.version)


def test_what_was_noted_by_mistake_is_taken_back_with_the_call_that_followed() -> None:
    one = call()
    finished(one, next_on=date(2026, 3, 20))
    one.take_back(by=person("rep1"), version=one.version)
    db.session.commit()
    assert calls(one.customer) == [("installed", "2026-03-05", "open")]
    assert (one.result, one.done_at) == ("", None)
    with pytest.raises(Refusal):
        one.drop(reason="", by=person("rep1"), version=one.version)
    one.drop(reason="客户谢绝", by=person("rep1"), version=one.version)
    assert one.state == "dropped"


# --- whose they are ----------------------------------------------------------------


def test_open_calls_go_along_wait_in_the_inbox_and_stand_on_the_hand_over_list() -> None:
    one, given = call(), call()
    given.assign(person("rep2"), by=person("sup1"), version=given.version)
    db.session.commit()
    (entry,) = inbox.entries(person("rep1"))
    assert (entry.kind, entry.title, str(entry.who)) == ("call-back", one.customer.full_name, one.title_en)
    assert inbox.count(person("rep1")) == 1
    (row,) = hand_over_list.rows(person("rep1"), "call-backs")
    assert row["call"] == one.title
    hand_over.hand_over([one.customer_id, given.customer_id], to=person("rep3"), by=person("mgr1"))
    db.session.commit()
    assert (one.assignee_id, given.assignee_id) == (person("rep3").id, person("rep2").id)
    assert {one.team_id, given.team_id} == {person("rep3").team_id}
    assert db.session.scalar(Callback.visible_to(person("rep1")).where(Callback.id == one.id)) is None
    assert db.session.scalar(Callback.visible_to(person("rep2")).where(Callback.id == given.id)) is given
    assert callback_desk.take_over(person("rep2"), person("rep1")) == 1
    with pytest.raises(StateConflict):
        one.assign(person("rep1"), by=person("rep3"), version=one.version)


def test_calls_follow_a_merge_and_its_undo() -> None:
    one = call("rep2")
    survivor = customer("rep1")
    merge = CustomerMerge.carry_out(survivor, one.customer, by=person("mgr1"))
    db.session.commit()
    assert (one.customer_id, one.assignee_id) == (survivor.id, person("rep1").id)
    merge.undo(by=person("mgr1"))
    db.session.commit()
    assert one.assignee_id == person("rep2").id


def test_lists_are_walked_by_keyset_and_show_what_their_reader_may_see() -> None:
    those = [call("rep1") for _ in range(5)] + [call("rep2"), call("rep3")]
    day = callback_list.of_the_day()
    seen, after = [], ""
    while True:
        page = callback_list.LIST.page(person("rep1"), day, after=after, size=2)
        seen += [one.id for one in page.rows]
        after = page.next
        if not after:
            break
    assert seen == [one.id for one in those[:5]]
    assert callback_list.following(person("rep1"), day, those[1]) == those[2].id
    assert callback_list.following(person("rep1"), day, those[4]) == those[0].id

    def found(account: str, whose: str) -> int:
        return callback_list.LIST.count(person(account), CallbackQuery(whose=whose)).number

    rep3 = str(person("rep3").id)
    assert [found("rep1", whose) for whose in ("", "team", "all", rep3)] == [5, 5, 5, 5]
    assert [found("sup1", whose) for whose in ("", "team", "all", rep3, "nobody")] == [0, 6, 6, 0, 0]
    assert [found("mgr1", whose) for whose in ("", "all", rep3)] == [0, 7, 1]


# --- draws ----------------------------------------------------------------


def _draw(way: str = "random", wanted: int = 10, by: str = "sup1", **values: Any) -> CallbackDraw:
    given = {"purpose": "goodwill", "due_on": date(2026, 3, 9), "note": "", "seed": 7, **values}
    made = CallbackDraw.carry_out(way, wanted, given.pop("filters", Filters()), by=person(by), **given)
    db.session.commit()
    return made


def _drawn(draw: CallbackDraw) -> set[int]:
    return set(db.session.scalars(select(Callback.customer_id).where(Callback.draw_id == draw.id)))


def test_drawn_are_those_in_scope_who_wait_for_no_call_each_once() -> None:
    those = [customer("rep1", grade="A" if n > 1 else "B") for n in range(5)]
    customer("rep3")
    factories.customer("rep1")  # nobody could call
    waiting = call().customer
    first = _draw(wanted=1)
    assert (first.drawn, len(_drawn(first))) == (1, 1)
    second = _draw(filters=Filters(grade="A"))
    assert not _drawn(first) & _drawn(second)
    third = _draw()
    assert _drawn(first) | _drawn(second) | _drawn(third) == {one.id for one in those}
    assert waiting.id not in _drawn(third)
    with pytest.raises(Refusal):
        _draw()
    assert {one.assignee_id for one in db.session.scalars(select(Callback).where(Callback.draw_id.is_not(None)))} == {person("rep1").id}


def test_each_way_draws_its_own() -> None:
    low, said, tagged, policy = customer(), customer(satisfaction="1"), customer(), customer(dealings_policy="专车送货")
    (again,) = happened(low, "installation")
    for follow in finished(again, satisfaction=2):
        finished(follow, satisfaction=5)
    hand_over.add_tag([tagged.id], "额外服务", by=person("sup1"))
    old = datetime(2025, 1, 1, tzinfo=clock.SITE_ZONE)
    long, longest = customer(created_at=old, contacted_on=date(2025, 8, 1)), customer(created_at=old)
    assert _drawn(_draw("low")) == {low.id, said.id}
    assert _drawn(_draw("extra")) == {tagged.id, policy.id}
    assert _drawn(_draw("long", wanted=1)) == {longest.id}
    assert _drawn(_draw("long")) == {long.id}


@pytest.mark.parametrize(
    "values", [{"way": "luck"}, {"wanted": 0}, {"wanted": 501}, {"purpose": "chat"}, {"due_on": date(2026, 3, 4)}, {"due_on": None}]
)
def test_a_draw_that_cannot_be_is_refused(values: dict[str, Any]) -> None:
    customer()
    with pytest.raises(Refusal):
        _draw(**values)


def test_events_and_calls_are_entered_by_hand() -> None:
    of = customer()
    made = callback_due.enter(of, "installation", on=date(2026, 3, 4), note="二楼机房", by=person("rep1"))
    db.session.commit()
    assert [(one.text, one.due_on.isoformat()) for one in made] == [("二楼机房", "2026-03-04")]
    for kind, on in (("installation", date(2026, 3, 4)), ("rain", date(2026, 3, 4)), ("purchase", date(2026, 3, 6))):
        with pytest.raises(Refusal):
            callback_due.enter(of, kind, on=on, note="", by=person("rep1"))
    callback_due.arrange(of, on=date(2026, 3, 6), purpose="order", text="询问新品", by=person("rep1"))
    for on, purpose in ((date(2026, 3, 4), "order"), (date(2026, 3, 6), "")):
        with pytest.raises(Refusal):
            callback_due.arrange(of, on=on, purpose=purpose, text="", by=person("rep1"))
    db.session.commit()
    assert [row for row, _day, _state in calls(of)] == ["installed", "hand"]


def test_erased_cards_leave_no_calls() -> None:
    one = call()
    factories.contact(one.customer, telephone="13900139000")
    callback_desk.forget([one.customer_id])
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(Callback)) == 0
    assert db.session.scalar(select(func.count()).select_from(Contact)) == 1
