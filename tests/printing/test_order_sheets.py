"""Sheets of orders and agreements: filled and empty, in every language; what stands on paper (RL-4, RL-6, PR-1, PR-4, PR-5)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.database import db
from portal.models.agreement_list import AgreementQuery
from portal.models.order_list import OrderQuery
from portal.printing import documents, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.labels import Language
from portal.printing.lists import LISTS
from portal.rules.orders import A_TREATMENT, REFUSAL
from tests import factories
from tests.approving import person
from tests.ordering import asked, filed, submitted, through, treated

NAME = "深圳𠮷䶮精密电子有限公司"


def text_of(content: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def press(app: Flask, paper: Any, language: Language = "zh") -> str:
    with app.test_request_context():
        printed = documents.press(lambda: paper, language, by=person("mgr1"))
    db.session.commit()
    return text_of(printed.content)


@pytest.mark.parametrize(("kind", "sheet"), [(REFUSAL, "order_refusal"), (A_TREATMENT, "a_treatment")])
def test_filled_and_empty_in_every_language(app: Flask, kind: str, sheet: str) -> None:
    printable, declared = papers.PRINTABLES[sheet], SHEETS[sheet]
    record = asked(kind, factories.customer("rep1", grade="C" if kind == A_TREATMENT else "A", full_name=NAME))
    assert printable.fits(record)
    assert not papers.PRINTABLES["a_treatment" if sheet == "order_refusal" else "order_refusal"].fits(record)
    with app.test_request_context():
        for language in ("zh", "en", "both"):
            for paper in (papers.paper_of(printable, record), papers.blank_paper(printable)):
                html = documents.preview(paper, language, by=person("mgr1"))
                assert declared.form_number in html
                assert language == "zh" or declared.title in html
                assert language == "en" or documents.translate(declared.title, "zh_Hans_CN") in html


def test_a_refusal_on_paper_has_the_order_its_reason_and_both_signatures(app: Flask) -> None:
    request = asked(customer=factories.customer("rep1", grade="A", full_name=NAME))
    through(submitted(request))
    text = press(app, papers.paper_of(papers.PRINTABLES["order_refusal"], request))
    for part in ("QMS-PM-31219", NAME, "DD-2026-001", "P01轴承", "1,200.50", "人民币壹仟贰佰元零伍角", "原料停供，无法交货"):
        assert part in text, part
    assert all(person(account).name in text for account in ("sup1", "mgr1"))


def test_an_a_treatment_on_paper_says_price_and_payment_and_who_agreed(app: Flask) -> None:
    request = treated(factories.customer("rep1", grade="C", full_name=NAME))
    text = press(app, papers.paper_of(papers.PRINTABLES["a_treatment"], request))
    for part in ("QMS-PM-31220", "按目录价成交", "预付三成，往期均按时", "期望交货日期", str(request.delivery_on), person("mgr1").name):
        assert "".join(part.split()) in text, part


def test_lists_on_paper_have_what_the_reader_sees(app: Flask) -> None:
    asked(customer=factories.customer("rep1", grade="A", full_name=NAME))
    asked(customer=factories.customer("rep3", grade="A"), by="rep3", order_number="别组-1")
    filed(factories.customer("rep1", grade="A", full_name=NAME))
    requests, agreements = LISTS["order_request_list"], LISTS["agreement_list"]
    query = OrderQuery.read({"kind": "refusal"})
    text = press(app, lists.list_paper(requests, person("rep1"), query))
    assert all(part in text for part in ("QMS-PM-31222", "DD-2026-001", NAME, "1,200.50", "草稿", "拒绝订单"))
    assert "别组-1" not in text
    text = press(app, lists.list_paper(agreements, person("rep1"), AgreementQuery.read({"standing": "running"})), "both")
    assert all(part in text for part in ("QMS-PM-31223", "年度供货协议", NAME, "执行中"))
    assert not agreements.source.ids(person("rep3"), AgreementQuery(), 10)
