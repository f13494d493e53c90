"""Pages of visits: the day on a telephone, plans from who is due, refusals beside their field, reports, letters (SV-20)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from portal.database import db
from portal.models.promise import Promise
from portal.models.visit import Visit
from portal.models.visit_report import VisitReport
from portal.models.visit_thanks import ThankYouLetter
from tests import factories, visiting
from tests.approving import person
from tests.sales import samples

THURSDAY = "2026-03-05 02:00Z"
MONDAY = date(2026, 3, 9)


def text_of(response: Any) -> str:
    found: str = response.get_data(as_text=True)
    return found


@time_machine.travel(THURSDAY, tick=False)
def test_from_who_is_due_to_the_report_that_is_read(app: Any, as_: Any) -> None:
    customer = visiting.customer("rep1", full_name="甲有限公司", grade="A")
    factories.contact(customer, name="王经理", telephone="13900139000")
    rep, supervisor = as_("rep1"), as_("sup1")
    assert "甲有限公司" in text_of(rep.get("/visits/due"))
    sent = {"customers": str(customer.id), "day": "2026-03-05", "staff": str(person("rep1").id), "purpose": "order"}
    assert rep.post("/visits/due", data=sent).status_code == 303
    assert "甲有限公司" not in text_of(rep.get("/visits/due"))
    assert re.search(r'<span class="value">1</span> <span class="name">家待拜访</span>', text_of(rep.get("/")))
    page = text_of(rep.get("/visits"))
    for word in ("甲有限公司", "tel:13900139000", "tel:075526001234", "深圳市科技路1号", "订单跟进"):
        assert word in page, word
    visit = db.session.scalars(select(Visit)).one()
    assert rep.post(f"/visits/{visit.id}/arrival", data={"version": "1"}).status_code == 303
    form = {
        "sheet-version": "2", "sheet-met": "王经理", "sheet-purpose": "order", "sheet-needs": "备件两套",
        "sheet-promise": "寄样品", "sheet-promised_at": "2026-03-05T11:00",
    }  # fmt: skip
    assert rep.post(f"/visits/{visit.id}/sheet", data=form).location == "/visits"
    assert "寄样品" in text_of(rep.get("/inbox"))
    page = text_of(rep.get("/visits"))
    assert "上次拜访" not in page, "a visit is not its own last one"
    report = db.session.scalars(select(VisitReport)).one()
    page = text_of(rep.get(f"/visits/reports/{report.id}"))
    assert "备件两套" in page
    assert "寄样品" in page
    submitted = {"version": "1", "remarks": "走访南山线", "do": "submit"}
    assert rep.post(f"/visits/reports/{report.id}/submission", data=submitted).status_code == 303
    assert "待阅的客户访问日报" in text_of(supervisor.get("/inbox"))
    db.session.expire_all()
    said = {"word-version": str(report.version), "word-text": "请跟进备件", "act": "read"}
    assert supervisor.post(f"/visits/reports/{report.id}/words", data=said).status_code == 303
    read = text_of(rep.get(f"/visits/reports/{report.id}"))
    assert "请跟进备件" in read
    assert ("已阅" in read, "已读" in read) == (True, False)
    timeline = text_of(rep.get(f"/customers/{customer.id}/timeline?only=visits"))
    assert "已拜访客户" in timeline
    assert "备件两套" in text_of(rep.get(f"/customers/{customer.id}/visits"))
    again = visiting.planned("rep1", MONDAY, customer)
    page = text_of(rep.get(f"/visits/{again.id}"))
    assert "备件两套" in page
    promise = db.session.scalars(select(Promise)).one()
    assert rep.post(f"/visits/{visit.id}/promises/{promise.id}", data={"kept": "no"}).status_code == 422
    assert rep.post(f"/visits/{visit.id}/promises/{promise.id}", data={"kept": "yes"}).status_code == 303


@time_machine.travel(THURSDAY, tick=False)
def test_a_report_that_was_sent_back_says_so_on_top(app: Any, as_: Any) -> None:
    report = visiting.report(submitted=True)
    page, said = f"/visits/reports/{report.id}", f"{person('sup1').name} 退回：请写明报价"
    assert said not in text_of(as_("rep1").get(page))
    returned = {"word-version": str(report.version), "word-text": "请写明报价", "act": "return"}
    assert as_("sup1").post(f"{page}/words", data=returned).status_code == 303
    assert said in text_of(as_("rep1").get(page))
    db.session.refresh(report)
    again = {"version": str(report.version), "remarks": "已写明"}
    assert as_("rep1").post(f"{page}/submission", data=again).status_code == 303
    assert said not in text_of(as_("rep1").get(page))


@time_machine.travel(THURSDAY, tick=False)
def test_what_is_refused_stands_beside_its_field(app: Any, as_: Any) -> None:
    person("rep1").language = "en"
    one = visiting.planned("rep1")
    rep = as_("rep1")
    for path, values, field, words in (
        ("sheet", {"sheet-needs": "typed"}, "sheet-met", "whom you met"),
        ("sheet", {"sheet-met": "王", "sheet-purpose": "regular"}, "sheet-review", "at least one"),
        ("sheet", {"sheet-met": "王", "sheet-purpose": "x", "sheet-needs": "typed"}, "sheet-purpose", "Choose"),
        ("sheet", {"sheet-met": "王", "sheet-purpose": "regular", "sheet-needs": "n", "sheet-on": "2026-03-06"}, "sheet-on", "ahead"),
        ("sheet", {"sheet-met": "王", "sheet-purpose": "regular", "sheet-needs": "n", "sheet-promise": "x"}, "sheet-promised_at", "when"),
        ("attempt", {}, "miss-note", "what happened"),
        ("attempt", {"miss-note": "x", "miss-later_on": "2026-03-08"}, "miss-later_on", "no working day"),
        ("plan", {"move-day": "2026-03-09"}, "move-reason", "Say why"),
        ("plan", {"move-reason": "x", "move-day": "2026-03-05"}, "move-day", "already"),
        ("plan", {"do": "cancel"}, "move-reason", "Say why"),
    ):
        version = {f"{field.partition('-')[0]}-version": "1"}
        answer = rep.post(f"/visits/{one.id}/{path}", data={**version, **values})
        page = text_of(answer)
        assert answer.status_code == 422, (path, values)
        assert re.search(rf'id="{field}-error">.*?{words}', page, re.S), (path, values)
        if "typed" in values.values():
            assert "typed" in page
    db.session.expire_all()
    assert (one.state, one.version, db.session.scalar(select(Promise.id))) == ("planned", 1, None)
    assert rep.post("/visits/days", data={"days-days": "5", "days-a_day": "6", "days-first": "2026-03-04"}).status_code == 422


@time_machine.travel(THURSDAY, tick=False)
def test_all_that_is_lacking_stands_beside_its_field_at_once(app: Any, as_: Any) -> None:
    one = visiting.planned("rep1")
    visiting.customer("rep1", grade="A")
    db.session.commit()
    rep = as_("rep1")
    ahead = {"sheet-on": "2026-03-06", "sheet-purpose": "x", "sheet-promise": "报价"}
    for path, values, fields in (
        (f"{one.id}/sheet", ahead, ("sheet-on", "sheet-met", "sheet-purpose", "sheet-review", "sheet-promised_at")),
        (f"{one.id}/attempt", {"miss-later_on": "2026-03-08"}, ("miss-note", "miss-later_on")),
        (f"{one.id}/plan", {"move-day": "2026-03-05"}, ("move-reason", "move-day")),
        ("due", {"day": "2026-03-01", "staff": str(person("rep1").id), "purpose": "x"}, ("day", "purpose")),
        ("unplanned", {"on": "2026-03-06", "customer": "谁"}, ("on", "customer", "met", "purpose", "review")),
    ):
        version = {f"{name}-version": "1" for name in ("sheet", "miss", "move")}
        answer = rep.post(f"/visits/{path}", data={**version, **values})
        assert answer.status_code == 422, path
        for field in fields:
            assert f'id="{field}-error"' in text_of(answer), (path, field)
    db.session.expire_all()
    assert (one.state, one.version) == ("planned", 1)


@time_machine.travel(THURSDAY, tick=False)
def test_who_comes_second_is_told_before_anything_else_and_keeps_what_they_wrote(app: Any, as_: Any) -> None:
    one, rep, said = visiting.planned(), as_("rep1"), "他人已修改此记录"
    shown = str(one.version)
    one.arrive(by=person("rep1"), version=one.version)
    db.session.commit()
    for path, name, values in (
        ("sheet", "sheet", {"sheet-review": "交货准时"}),
        ("attempt", "miss", {"miss-note": "交货准时"}),
        ("plan", "move", {"move-reason": "交货准时"}),
    ):
        answer = rep.post(f"/visits/{one.id}/{path}", data={f"{name}-version": shown, **values})
        page = text_of(answer)
        assert (answer.status_code, said in page, "交货准时" in page, f'id="{name}-met-error"' in page) == (409, True, True, False), path
        assert re.search(rf'name="{name}-version" type="hidden" value="{one.version}"', page), "it can be sent again"
    visiting.done(one)
    assert rep.post(f"/visits/{one.id}/sheet", data={"sheet-version": shown}).status_code == 409
    answer = rep.post(f"/visits/{one.id}/correction", data={"sheet-version": shown, "sheet-review": "改正"})
    assert (answer.status_code, said in text_of(answer), "改正" in text_of(answer)) == (409, True, True)
    assert db.session.get_one(Visit, one.id).review == visiting.SHEET.review


@time_machine.travel(THURSDAY, tick=False)
def test_days_along_the_route_and_a_supervisor_who_plans_for_others(app: Any, as_: Any) -> None:
    for turn in range(3):
        visiting.customer("rep1", route_order=turn)
    supervisor = as_("sup1")
    rep = str(person("rep1").id)
    sent = {"whose": rep, "days-first": "2026-03-06", "days-days": "2", "days-a_day": "2", "days-staff": rep}
    answer = supervisor.post("/visits/days", data=sent)
    assert (answer.status_code, answer.location) == (303, f"/visits/list?tab=week&week=2026-W10&whose={rep}")
    days = [row[0] for row in db.session.execute(select(Visit.day).order_by(Visit.day))]
    assert days == [date(2026, 3, 6), date(2026, 3, 6), MONDAY]
    assert text_of(supervisor.get("/visits/list?whose=team")).count("/visits/") > 3
    assert "2026-03-06" in text_of(as_("rep1").get("/visits/list?tab=week&week=2026-W10"))
    assert as_("sup2").get(f"/visits/{db.session.scalars(select(Visit.id)).first()}").status_code == 404


@pytest.mark.parametrize(("account", "whose"), [("rep1", ""), ("sup1", "?whose=team"), ("mgr1", "?whose=team")])
def test_whoever_plans_for_others_opens_the_lists_on_the_teams(app: Any, as_: Any, account: str, whose: str) -> None:
    reader = as_(account)
    for page in ("/visits/list", "/visits/reports", "/call-backs/list"):
        assert f'<li><a href="{page}{whose}"' in text_of(reader.get(page)), page


@time_machine.travel(THURSDAY, tick=False)
def test_letters_to_the_deals_of_a_period_once_each(app: Any, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    customer, other = visiting.customer("rep1", full_name="买家有限公司"), visiting.customer("rep3", full_name="别组有限公司")
    for of in (customer, other):
        samples.sale(of, day=date(2026, 3, 2), amount=Decimal(20000), document=f"D-{of.id}")
        samples.sale(of, day=date(2026, 3, 3), amount=Decimal(5), document=f"E-{of.id}")
    rep = as_("rep1")
    page = text_of(rep.get("/visits/letters/new?since=2026-03-01&until=2026-03-05&least=10000"))
    assert re.findall(r'name="deals" value="([^"]+)"( checked)?', page) == [(f"{customer.id}:2026-03-02:D-{customer.id}", " checked")]
    assert rep.get("/visits/letters/new?since=2026-03-05&until=2026-03-01").status_code == 422
    for depth, said in ((1, (True, True)), (2, (False, False))):
        monkeypatch.setattr("portal.models.visit_thanks.DEPTH", depth)
        page = text_of(rep.get("/visits/letters/new?since=2026-03-01&until=2026-03-05&least=10000"))
        assert ("只查看了最近的" in page, "这些销售行中没有达到该金额的成交" in page) == said
    chosen = [f"{customer.id}:2026-03-02:D-1", f"{other.id}:2026-03-02:D-1", "x:y"]
    answer = rep.post("/visits/letters/new", data={"kind": "card", "deals": chosen})
    letter = db.session.scalars(select(ThankYouLetter)).one()
    assert answer.location == f"/visits/letters?lot={letter.id}"
    assert "visits.css" in text_of(rep.get("/visits/letters")), "the box of labels used is no wider than its number"
    assert (letter.customer_id, letter.deal_on, letter.kind) == (customer.id, date(2026, 3, 2), "card")
    page = text_of(rep.get("/visits/letters/new?since=2026-03-01&until=2026-03-05&least=10000"))
    assert re.findall(r'name="deals" value="[^"]+"( checked)?', page) == [""]
    for text, status in (("", 422), ("{price}", 422), ("谢谢贵公司", 303)):
        sent = {"version": "1", "text_zh": text, "text_en": "Thanks"}
        assert rep.post(f"/visits/letters/{letter.id}", data=sent).status_code == status
    assert rep.post("/visits/letters/print", data={"lot": str(letter.id)}).location.startswith("/prints/batches/")
    assert rep.post(f"/visits/letters/{letter.id}", data={"version": "2", "do": "post"}).status_code == 303
    assert rep.post(f"/visits/letters/{letter.id}", data={"version": "3", "text_zh": "x", "text_en": "x"}).status_code == 409
