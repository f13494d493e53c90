"""Requests and complaints in from a file: heads, customers known or not, times worked out, twice, all or nothing, back (SV-5, AR-40)."""

from __future__ import annotations

from datetime import datetime

import pytest

from portal.blueprints.service.jobs import look_after_requests
from portal.database import db
from portal.exchange.cells import cell_parser
from portal.exchange.columns import Column
from portal.exchange.request_importing import RequestWriter
from portal.exchange.taking_back import obstacles
from portal.models import request_intake, request_list, request_tally
from portal.models.job import Job
from portal.models.request import FAR, ServiceRequest
from portal.models.request_query import RequestQuery
from portal.models.request_step import steps_of
from portal.rules.message import Refusal
from tests import factories
from tests.approving import person
from tests.sales.test_files import checked, done, said, taken_back
from tests.service.requesting import at

HEADS = "留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间\n"
ROWS = (
    "2549,A001,停车收费问题,2026/4/30 16:00:00,\"收费过高，\n请处理\",已核实，按标准收取,2026/5/6 9:30:00\n"
    "2555,{number},路灯不亮,2026/5/6 9:00:00,三天不亮,,\n"
)  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2019/4/25 9:32:09", "2019-04-25 09:32:09"),
        ("2019年4月25日 下午3时05分", "2019-04-25 15:05:00"),
        ("2019-04-25", "2019-04-25 00:00:00"),
        (datetime.fromisoformat("2019-04-25 09:32"), "2019-04-25 09:32:00"),
        (43580.5, "2019-04-25 12:00:00"),
        ("2019-04-25 25:00", ""),
        ("昨天", ""),
    ],
)
def test_moments_of_files_are_read_as_they_are_written(cell: object, value: str) -> None:
    parse = cell_parser(Column("m", "M", "时", (), "moment"))
    if not value:
        with pytest.raises(Refusal):
            parse(cell)
    else:
        assert str(parse(cell)) == value


@pytest.mark.usefixtures("app")
def test_complaints_come_in_with_their_answers_and_what_they_took() -> None:
    customer = factories.customer("rep3", grade="A")
    text = HEADS + ROWS.format(number=customer.number)
    run = done("requests", text)
    assert run.counts["created"] == 2
    answered, open_ = db.session.query(ServiceRequest).order_by(ServiceRequest.id)
    assert (answered.named, answered.customer_id, answered.state, answered.reference) == ("A001", None, "answered", "2549")
    assert answered.text == "停车收费问题\n收费过高，\n请处理"
    # 1.5 hours on 30 April, one on 6 May; nearly six days by the clock
    assert (answered.first_worked, answered.solve_worked, answered.solve_elapsed) == (150, 150, 5 * 1440 + 17 * 60 + 30)
    assert (answered.due_at, answered.escalate_at, answered.is_open) == (FAR, None, True)
    assert [one.kind for one in steps_of(answered)] == ["received", "answered"]
    assert (open_.customer_id, open_.assignee.account, open_.state, open_.rank) == (customer.id, "rep3", "assigned", 0)
    assert open_.received_at == at("2026-05-06 09:00")
    assert checked("requests", text).counts["unchanged"] == 2
    assert len(request_list.ids(person("mgr1"), RequestQuery({"q": "收费过高"}), 10)) == 1
    look_after_requests()
    db.session.expire_all()
    assert (answered.escalation, open_.escalation) == (0, 1)
    assert request_tally.by_channel("2026-04", "2026-05")["other"].received == 2
    assert db.session.query(Job).filter_by(kind="request-escalation", state="done").count() == 1


@pytest.mark.usefixtures("app")
def test_a_closed_complaint_needs_everything_and_what_cannot_be_read_is_refused() -> None:
    heads = "投诉编号,投诉人,内容,投诉时间,答复,答复时间,结案时间,投诉原因,责任部门,处理情况,是否满意,客户意见,预防措施,渠道,类型\n"
    whole = "1,甲,噪音,2026-03-02 9:00,已整改,2026-03-03 9:00,2026-03-04 9:00,环境与设施,物业部,换风机,是,好,每月检查,热线,投诉\n"
    part = "2,乙,噪音,2026-03-02 9:00,已整改,2026-03-03 9:00,2026-03-04 9:00,,,,,,,网站,咨询\n"
    odd = (
        "3,丙,噪音,2026-03-02 9:00,已整改,2026-03-01 9:00,,,,,,,,,\n4,丁,噪音,,,,,,,,,,,,\n5,戊,,2026-03-02,,,,,,,,,,,\n"
        "6,己,噪音,2026-03-02,已整改,,,,,,,,,,\n7,庚,噪音,2099-03-02,,,,,,,,,,,\n8,辛,噪音,2026-03-02,,,,天气,,,,,,,\n1,甲,别的,2026-03-02,,,,,,,,,,,\n"
    )  # fmt: skip
    run = done("requests", heads + whole + part + odd)
    found = {one.reference: one for one in db.session.query(ServiceRequest)}
    assert {name: one.state for name, one in found.items()} == {"1": "closed", "2": "closed"}
    assert (found["1"].cause, found["1"].satisfied, found["1"].channel, found["2"].channel) == ("environment", True, "telephone", "web")
    assert set(said(run)) == {4, 5, 6, 7, 8, 9, 10}


@pytest.mark.usefixtures("app")
def test_all_or_nothing_shows_at_the_end_and_is_taken_back_unless_somebody_worked_on_it() -> None:
    customer = factories.customer("rep1")
    text = HEADS + ROWS.format(number=customer.number)
    run = done("requests", text, mode="all")
    states = {one.reference: (one.state, one.is_open) for one in db.session.query(ServiceRequest)}
    assert states == {"2549": ("answered", True), "2555": ("assigned", True)}
    look_after_requests()
    assert obstacles(run) == []
    taken_back(run)
    assert db.session.query(ServiceRequest).count() == 0
    assert request_tally.by_channel("2026-04", "2026-05") == {}
    run = done("requests", text)
    request = db.session.query(ServiceRequest).filter_by(reference="2555").one()
    request_intake.promise(request, "回电", at("2099-01-01 09:00"), by=person("rep1"))
    db.session.commit()
    assert [one.name for one in obstacles(run)] == [request.label]


@pytest.mark.usefixtures("app")
def test_what_nobody_may_see_yet_goes_up_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    customer = factories.customer("rep1")
    whole, hidden = RequestWriter.show, []

    def show(writer: RequestWriter) -> None:
        look_after_requests()
        hidden.extend((one.escalation, one.escalate_at is None) for one in db.session.query(ServiceRequest).filter_by(reference="2555"))
        whole(writer)

    monkeypatch.setattr(RequestWriter, "show", show)
    done("requests", HEADS + ROWS.format(number=customer.number), mode="all")
    assert hidden == [(0, False)]
    look_after_requests()
    db.session.expire_all()
    assert [one.escalation for one in db.session.query(ServiceRequest).filter_by(reference="2555")] == [1]
