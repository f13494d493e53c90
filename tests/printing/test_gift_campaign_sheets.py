"""Sheets of campaigns: filled and empty, in every language; amounts in figures and capitals, who was refused (GF-9, PR-1, PR-4)."""

from __future__ import annotations

import io
import re
from functools import partial
from typing import Any

from flask import Flask
from pypdf import PdfReader

from portal.database import db
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_campaign_list import CampaignQuery, RefusalQuery
from portal.models.gift_composing import put_on
from portal.models.gift_list import GiftList
from portal.printing import documents, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.lists import LISTS
from tests import factories
from tests.approving import person
from tests.campaigning import campaign, drafted, recipients, submitted, through, tier

NAME = "深圳𠮷䶮精密电子有限公司"


def text_of(content: bytes) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def signed() -> tuple[GiftCampaign, GiftList]:
    found = campaign(words="感谢三年来的支持", tiers={"key": tier("500.00", 9)})
    listed = drafted(found, factories.customer("rep1", full_name=NAME), factories.customer("rep2"), code="key")
    put_on(listed, [factories.customer("rep1", nature="government").id], reason="试", by=person("sup1"))
    drafted(campaign("mgr1", name="另一活动"), recipients(listed)[0].customer, by="mgr1")
    through(submitted(listed))
    return found, listed


def test_filled_and_empty_in_every_language(app: Flask) -> None:
    found, listed = signed()
    records: dict[str, Any] = {"gift_list": listed, "gift_budget": found}
    with app.test_request_context():
        for sheet, record in records.items():
            printable, declared = papers.PRINTABLES[sheet], SHEETS[sheet]
            for language in ("zh", "en", "both"):
                for paper in (papers.paper_of(printable, record), papers.blank_paper(printable)):
                    html = documents.preview(paper, language, by=person("mgr1"))
                    assert declared.form_number in html
                    assert language == "zh" or declared.title in html
                    assert language == "en" or documents.translate(declared.title, "zh_Hans_CN") in html


def test_what_stands_on_paper(app: Flask) -> None:
    found, listed = signed()
    words = {
        "gift_list": (NAME, "重点客户", "定制保温杯", "400.00", "人民币肆佰元整", "林经理", "采购经理", "感谢三年来的支持", "总经理"),
        "gift_budget": ("重点客户", "1,800.00", "人民币壹仟捌佰元整", "400.00", "人民币肆佰元整", "合计"),
    }
    records: dict[str, Any] = {"gift_list": listed, "gift_budget": found}
    with app.test_request_context():
        for sheet, record in records.items():
            printable = papers.PRINTABLES[sheet]
            make = partial(papers.paper_of, printable, record)
            text = text_of(documents.press(make, "zh", by=person("mgr1")).content)
            db.session.commit()
            for word in words[sheet]:
                assert re.sub(r"\s", "", word) in text, (sheet, word)


def test_lists_of_campaigns_and_of_who_was_refused(app: Flask) -> None:
    _found, listed = signed()
    queries: dict[str, Any] = {"gift_campaign_list": CampaignQuery(), "gift_refusal_list": RefusalQuery({"list": str(listed.id)})}
    said = {"gift_campaign_list": "中秋馈赠", "gift_refusal_list": "政府机构"}
    with app.test_request_context():
        for sheet, query in queries.items():
            for language in ("zh", "en"):
                html = documents.preview(lists.list_paper(LISTS[sheet], person("mgr1"), query), language, by=person("mgr1"))
                assert SHEETS[sheet].form_number in html
            assert said[sheet] in documents.preview(lists.list_paper(LISTS[sheet], person("mgr1"), query), "zh", by=person("mgr1"))
