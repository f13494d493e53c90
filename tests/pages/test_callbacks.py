"""Pages of call-backs: the day's list worked through in place, refusals beside their field, draws, events by hand (SV-10 to SV-12)."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from portal import clock
from portal.blueprints.callbacks import lists
from portal.database import db
from portal.models import callback_due, standard
from portal.models.audit import AuditEvent
from portal.models.callback import Callback
from portal.models.callback_draw import CallbackDraw
from portal.rules import callbacks as rules
from tests import calling, factories
from tests.approving import person

THURSDAY = "2026-03-05 02:00Z"
FRAGMENT = {"HX-Request": "true"}


def text_of(response: Any) -> str:
    found: str = response.get_data(as_text=True)
    return found


def errors(page: str) -> dict[str, str]:
    """Return what stands under the fields, by field."""
    return dict(re.findall(r'id="call-([\w-]+)-error">([^<]+)', page))


def opened(page: str) -> list[str]:
    """Return which call is open with its sheet."""
    return re.findall(r'action="/call-backs/(\d+)/sheet"', page)


def test_a_sheet_tells_of_other_calls_what_its_reader_may_open(app: Any, as_: Any) -> None:
    last = calling.call(full_name="甲有限公司")
    calling.finished(last, result="客户抱怨价格")
    given, other = (
        callback_due.arrange(last.customer, on=clock.today(), purpose=purpose, text="", by=person("rep1"))
        for purpose in ("goodwill", "order")
    )
    other.title_zh = "催办合同"
    given.assign(person("rep3"), by=person("mgr1"), version=given.version)
    db.session.commit()
    for account, status in (("rep3", 404), ("mgr1", 200)):
        assert as_(account).get(f"/call-backs/{last.id}").status_code == status
        page = text_of(as_(account).get(f"/call-backs?open={given.id}"))
        assert opened(page) == [str(given.id)]
        assert ("客户抱怨价格" in page, "催办合同" in page) == (status == 200, status == 200)


@time_machine.travel(THURSDAY, tick=False)
def test_the_list_is_worked_through_without_leaving_it(app: Any, as_: Any) -> None:
    first, second, third = (calling.call("rep1", full_name=f"{name}有限公司") for name in "甲乙丙")
    factories.contact(first.customer, name="王经理", telephone="13900139000")
    rep = as_("rep1")
    assert re.search(r'<span class="value">3</span> <span class="name">待回访</span>', text_of(rep.get("/")))
    page = text_of(rep.get("/call-backs"))
    assert not opened(page)
    assert page.index("甲有限公司") < page.index("乙有限公司") < page.index("丙有限公司")
    page = text_of(rep.get(f"/call-backs?open={first.id}", headers=FRAGMENT))
    assert page.lstrip().startswith('<div id="day">')
    assert opened(page) == [str(first.id)]
    for word in ("tel:13900139000", "王经理", "对安装调试人员满意吗？", "您好，我是"):
        assert word in page

    sent = {"version": "1", "answer-0": "满意", "answer-1": "会用", "result": "运行正常", "satisfaction": "5", "purpose": "guidance"}
    answer = rep.post(f"/call-backs/{first.id}/sheet", data=sent, headers=FRAGMENT)
    assert (answer.status_code, answer.location) == (303, f"/call-backs?open={second.id}#call-{second.id}")
    page = text_of(rep.get(answer.location, headers=FRAGMENT))
    assert opened(page) == [str(second.id)]
    assert "甲有限公司：已记录。" in page
    assert rep.post(f"/call-backs/{first.id}/sheet", data=sent).status_code == 409

    late = {"version": "1", "do": "later", "later_on": "2026-03-09", "later_time": "15:30", "note": "开会"}
    answer = rep.post(f"/call-backs/{second.id}/sheet", data=late)
    assert answer.location == f"/call-backs?open={third.id}#call-{third.id}"
    answer = rep.post(f"/call-backs/{third.id}/sheet", data={"version": "1", "do": "drop", "note": "客户谢绝"})
    assert answer.location == "/call-backs"
    assert "没有到期的回访" in text_of(rep.get("/call-backs"))
    db.session.expire_all()
    assert [(one.state, one.due_on.isoformat()) for one in (first, second, third)] == [
        ("done", "2026-03-05"), ("open", "2026-03-09"), ("dropped", "2026-03-05"),
    ]  # fmt: skip
    assert second.call_at is not None
    assert clock.local(second.call_at).strftime("%H:%M") == "15:30"
    seen = db.session.scalars(select(AuditEvent.customer_id).where(AuditEvent.action == "customer-viewed"))
    assert set(seen) == {first.customer_id, second.customer_id}
    page = text_of(rep.get(f"/call-backs/{first.id}"))
    for word in ("满意", "运行正常", "5 · 非常满意", "已电话回访"):
        assert word in page
    assert "回访" in text_of(rep.get(f"/customers/{first.customer_id}/timeline?only=callbacks"))


@time_machine.travel(THURSDAY, tick=False)
def test_what_is_refused_stands_beside_its_field_and_keeps_what_was_typed(app: Any, as_: Any) -> None:
    person("rep1").language = "en"
    one = calling.call("rep1")
    rep = as_("rep1")
    for values, field, words in (
        ({"do": "result", "result": ""}, "result", "Say what came of the call."),
        ({"do": "result", "result": "x", "satisfaction": "9"}, "satisfaction", "1 to 5"),
        ({"do": "result", "result": "x", "next_on": "2026-03-04"}, "next_on", "past"),
        ({"do": "result", "result": "x", "next_on": "31.31.2026"}, "next_on", ""),
        ({"do": "later", "later_on": ""}, "later_on", "when"),
        ({"do": "later", "later_on": "2026-03-05", "later_time": "08:00"}, "later_on", "past"),
        ({"do": "later", "later_on": "2026-03-06", "later_time": "25:00"}, "later_time", "14:30"),
        ({"do": "drop", "note": ""}, "reason", "why"),
    ):
        answer = rep.post(f"/call-backs/{one.id}/sheet", data={"version": "1", "answer-0": "typed", **values}, headers=FRAGMENT)
        assert (answer.status_code, answer.headers["HX-Replace-Url"]) == (422, "false")
        page = text_of(answer)
        assert words in errors(page).get(field, ""), (values, errors(page))
        assert 'value="typed"' in page
    assert text_of(rep.get(f"/call-backs?open={one.id}")).count("tel:075526001234") == 2


@time_machine.travel(THURSDAY, tick=False)
def test_supervisors_see_their_team_give_calls_and_draw(app: Any, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = calling.call("rep1"), calling.call("rep3")
    supervisor = as_("sup1")
    page = text_of(supervisor.get("/call-backs?whose=team"))
    assert one.customer.full_name in page
    assert other.customer.full_name not in page
    path = f"/call-backs/{one.id}/person"
    assert supervisor.post(path, data={"version": "1", "staff": str(person("rep3").id)}).status_code == 422
    assert supervisor.post(path, data={"version": "1", "staff": str(person("rep2").id)}).status_code == 303
    assert one.customer.full_name in text_of(as_("rep2").get("/call-backs"))
    more = [calling.call("rep1") for _ in range(2)]
    sent = {"ids": [str(each.id) for each in more], "staff": str(person("rep2").id)}
    assert supervisor.post("/call-backs/persons", data={**sent, "ids": [str(more[0].id), str(other.id)]}).status_code == 404
    assert supervisor.post("/call-backs/persons", data={**sent, "staff": str(person("rep3").id)}).status_code == 422
    assert '<select class="form-select" id="list-staff"' in text_of(supervisor.get("/call-backs/list?whose=team"))
    monkeypatch.setattr(lists, "MOST_OFFERED", 1)  # where people are too many to be offered, their names are written
    assert '<input class="form-control" id="list-staff"' in text_of(supervisor.get("/call-backs/list?whose=team"))
    person("rep1").name = "钱二宝"
    db.session.commit()
    answer = supervisor.post("/call-backs/persons?whose=team", data={**sent, "staff": "钱二宝"})
    page = text_of(answer)
    assert (answer.status_code, "请填写账号" in page, 'value="钱二宝" aria-invalid="true"' in page) == (422, True, True)
    assert [f'value="{each.id}" checked' in page for each in more] == [True, True]
    answer = supervisor.post("/call-backs/persons?whose=team", data={**sent, "staff": " rep2 "})
    assert answer.location == "/call-backs/list?whose=team"
    assert all(f'value="{each.id}"' in text_of(supervisor.get("/call-backs/list?whose=team")) for each in more)
    assert text_of(as_("rep2").get("/call-backs")).count('class="call-row"') == 3
    calling.customer("rep1", province="广东省")
    calling.customer("rep1")
    sent = {"way": "random", "wanted": "5", "purpose": "goodwill", "due_on": "2026-03-06", "province": "广东", "owner": "0"}
    assert supervisor.post("/call-backs/draws/new", data={**sent, "province": "月球"}).status_code == 422
    wrong = {"province": "月球", "wanted": "0", "due_on": "2020-01-01"}
    at_once = supervisor.post("/call-backs/draws/new", data={**sent, **wrong}).get_data(as_text=True)
    for field in wrong:
        assert f'id="{field}-error"' in at_once, "all that is wrong is said at once"
    answer = supervisor.post("/call-backs/draws/new", data=sent)
    draw = db.session.scalars(select(CallbackDraw)).one()
    assert (draw.drawn, draw.filters) == (1, {"province": "广东省"})
    page = text_of(supervisor.get(answer.location))
    assert str(draw.seed) in page
    assert db.session.scalars(select(Callback.state).where(Callback.draw_id == draw.id)).one() == "open"
    assert "抽取" in text_of(as_("mgr1").get("/call-backs/list?whose=all&kind=drawn"))


@time_machine.travel(THURSDAY, tick=False)
def test_events_and_calls_are_entered_on_the_page_of_a_customer(app: Any, as_: Any) -> None:
    of = calling.customer("rep1")
    rep, path = as_("rep1"), f"/customers/{of.id}/call-backs"
    assert rep.post(f"{path}/events", data={"kind": "purchase", "on": "2026-03-05", "note": "样机"}).status_code == 303
    page = text_of(rep.get(path))
    for word in ("购买一周回访", "2026-03-12", "2026-06-05", "样机", "无记录"):
        assert word in page
    refused = rep.post(f"{path}/events", data={"kind": "purchase", "on": "2026-03-05"})
    assert (refused.status_code, errors(text_of(refused))["on"]) == (422, "当日的此项事件已登记。")
    assert rep.post(path, data={"purpose": "order", "due_on": "2026-03-04"}).status_code == 422
    assert rep.post(path, data={"purpose": "order", "due_on": "2026-03-05", "text": "询价"}).status_code == 303
    answer = text_of(rep.get("/call-backs/list/file?format=csv"))
    assert "另行安排的回访" in answer
    assert of.number in answer


def test_the_table_of_calls_is_a_standard_that_a_manager_changes(app: Any, as_: Any) -> None:
    manager = as_("mgr1")
    page = text_of(manager.get("/standards/callback.rules"))
    assert "购买后第4至6个月回访" in page
    page = text_of(manager.get("/standards/callback.rules/new-version"))
    sent: dict[str, str] = {"from_date": clock.today().isoformat(), "reason": "试行", "expect": "0"}
    for number, row in enumerate(rules.START):
        sent[f"row-{number}"] = "1"
        sent |= {f"row-{number}-{name}": str(value) for name, value in row.items() if name != "active"}
        if number:
            sent[f"row-{number}-active"] = "on"
    assert sent["row-1-questions_zh"] in page
    assert manager.post("/standards/callback.rules/new-version", data={**sent, "row-1-first": "9"}).status_code == 422
    added = manager.post("/standards/callback.rules/new-version", data={**sent, "do": "add"})
    assert f'name="row-{len(rules.START)}-code"' in text_of(added)
    shown = text_of(manager.post("/standards/callback.rules/new-version", data={**sent, "row-1-first": "6"}))
    value = unescape(re.findall(r'name="value_json" value="([^"]*)"', shown)[0])
    assert manager.post("/standards/callback.rules/new-version", data={**sent, "do": "save", "value_json": value}).status_code == 303
    table = standard.value("callback.rules")
    assert (table[0]["active"], table[1]["first"], table[1]["questions_zh"]) == (False, 6, rules.START[1]["questions_zh"])


def test_home_and_inbox_say_what_a_call_follows(as_: Any) -> None:
    one = calling.call()
    rep = as_("rep1")
    for address in ("/", "/inbox"):
        assert one.title_zh in text_of(rep.get(address)), address
    one.assignee.language = "en"
    db.session.commit()
    assert one.title_en in text_of(rep.get("/inbox"))


@time_machine.travel(THURSDAY, tick=False)
def test_calls_to_customers_chosen_in_the_register_are_planned_once(app: Any, as_: Any) -> None:
    some = [calling.customer("rep1"), calling.customer("rep2", full_name="乙有限公司")]
    browser, chosen = as_("sup1"), {"ids": [str(one.id) for one in some]}
    assert 'formaction="/customers/call-backs"' in text_of(browser.get("/customers"))
    page = text_of(browser.post("/customers/call-backs", data=chosen))
    assert "安排回访 2 个客户" in page
    assert 'value="2026-03-05"' in page
    given = {**chosen, "confirmed": "1", "count": "2", "purpose": "order", "text": "新品"}
    assert browser.post("/customers/call-backs", data={**given, "due_on": "2026-03-04"}).status_code == 422
    for said in ("已安排 2026-03-06 的回访 2 个", "另有 2 个客户当天已安排"):
        answer = browser.post("/customers/call-backs", data={**given, "due_on": "2026-03-06"})
        assert said in text_of(browser.get(answer.location))
    made = db.session.scalars(select(Callback).order_by(Callback.customer_id)).all()
    assert [(one.assignee.account, one.due_on.isoformat(), one.text) for one in made] == [
        ("rep1", "2026-03-06", "新品"), ("rep2", "2026-03-06", "新品")
    ]  # fmt: skip


def test_no_call_is_planned_where_dealings_with_one_of_the_chosen_have_ended(app: Any, as_: Any) -> None:
    some = [calling.customer("rep1"), calling.customer("rep1", state="past", full_name="旧客户有限公司")]
    given = {"ids": [str(one.id) for one in some], "confirmed": "1", "count": "2", "purpose": "order", "due_on": clock.today().isoformat()}
    answer = as_("rep1").post("/customers/call-backs", data=given)
    assert answer.status_code == 422
    assert "与“旧客户有限公司”的往来已结束，不再回访。" in unescape(text_of(answer))
    assert db.session.scalar(select(Callback.id)) is None
