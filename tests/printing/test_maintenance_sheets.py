"""Sheets of maintenance: filled and empty, in every language; what stands on paper (RL-20 to RL-24, PR-1, PR-4, PR-5)."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.database import db
from portal.models import strengthening
from portal.models.greeting import GreetingList
from portal.models.plan_list import PlanQuery
from portal.models.plan_papers import PlanAmendment
from portal.models.strengthening import Person
from portal.printing import documents, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.lists import LISTS
from tests import factories
from tests.approving import person
from tests.maintaining import concluded, day, drafted, measure, running

NAME = "深圳𠮷䶮精密电子有限公司"
FORMS = ["maintenance_plan", "plan_amendment", "maintenance_summary", "strengthening_table"]


def customer(**fields: Any) -> Any:
    return factories.customer("rep1", full_name=NAME, province="广东省", city="深圳市", street="科技路 1 号", **fields)


def record_of(sheet: str) -> Any:
    covered = customer()
    if sheet == "maintenance_plan":
        return drafted(covered)
    if sheet == "plan_amendment":
        plan = running(covered)
        given: dict[str, Any] = {
            "reason": "追加预算",
            "budget": plan.budget * 2,
            "ends_on": plan.ends_on,
            "measures": [measure(text="加访")],
        }
        change = PlanAmendment.begin(plan, **given, by=person("sup1"))
        db.session.commit()
        return change
    if sheet == "maintenance_summary":
        return concluded(running(covered))
    someone = Person("general_manager", "秦总", "decides", "与甲公司同乡", person("rep1").id, "每季拜访", day(90))
    table = strengthening.save(covered, [someone], by=person("rep1"), version=0)
    db.session.commit()
    return table


@pytest.mark.parametrize("sheet", FORMS)
def test_filled_and_empty_in_every_language(app: Flask, sheet: str) -> None:
    printable, record, declared = papers.PRINTABLES[sheet], record_of(sheet), SHEETS[sheet]
    with app.test_request_context():
        for language in ("zh", "en", "both"):
            for paper in (papers.paper_of(printable, record), papers.blank_paper(printable)):
                html = documents.preview(paper, language, by=person("mgr1"))
                assert declared.form_number in html
                assert language == "zh" or declared.title in html
                assert language == "en" or documents.translate(declared.title, "zh_Hans_CN") in html


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ("maintenance_plan", ("重点客户维护", "人民币壹仟元整", "登门拜访", "拜访", "每家客户", "客户总监", NAME)),
        ("plan_amendment", ("追加预算", "2,000.00", "加访", "客户总监")),
        ("maintenance_summary", ("目标已达成", "春节前拜访效果最好", "已拜访，客户满意", NAME)),
        ("strengthening_table", ("秦总", "起决定作用", "与甲公司同乡", "赵一鸣", "总经理", NAME)),
    ],
)
def test_what_stands_on_paper(app: Flask, sheet: str, words: tuple[str, ...]) -> None:
    made = papers.paper_of(papers.PRINTABLES[sheet], record_of(sheet))
    with app.test_request_context():
        printed = documents.press(lambda: made, "zh", by=person("mgr1"))
    shown = "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(printed.content)).pages).split())
    for word in words:
        assert "".join(word.split()) in shown


def test_a_plan_of_many_customers_repeats_its_head_and_names_them_all(app: Flask) -> None:
    covered = [factories.customer("rep1", full_name=f"第{number:03d}号客户有限公司") for number in range(90)]
    made = papers.paper_of(papers.PRINTABLES["maintenance_plan"], drafted(*covered))
    with app.test_request_context():
        printed = documents.press(lambda: made, "zh", by=person("mgr1"))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(printed.content)).pages]
    assert len(pages) > 2
    assert all("客户编号" in page for page in pages[-2:])
    assert all(one.full_name in "".join("".join(pages).split()) for one in covered)


def test_lists_on_paper_have_what_the_reader_sees(app: Flask) -> None:
    drafted(customer())
    drafted(factories.customer("rep3"), by="sup2", title="别组方案")
    listed = GreetingList.make("National Day", date(2026, 10, 1), [customer().id], note="", by=person("sup1"))
    db.session.commit()
    with app.test_request_context():
        paper = lists.list_paper(LISTS["plan_list"], person("sup1"), PlanQuery.read({}))
        assert [one["title"] for one in paper.content["plans"]] == ["重点客户维护"]
        greeting = LISTS["greeting_list"]
        paper = lists.list_paper(greeting, person("sup1"), greeting.source.read({"list": str(listed.id)}))
        html = documents.preview(paper, "zh", by=person("sup1"))
    for word in (NAME, "广东省深圳市科技路 1 号", "国庆节", "QMS-PM-31257"):
        assert word in html
