"""Sheets of goods, deliveries and the register of gifts, filled and empty; labels and receipts in one file (GF-9, PR-1, PR-7)."""

from __future__ import annotations

import io
import re
from typing import Any

from flask import Flask
from pypdf import PdfReader

from portal import clock
from portal.database import db
from portal.models import gift_agreement
from portal.models.attachment import Attachment
from portal.models.gift_agreement import GiftAgreement
from portal.printing import batches, documents, gift_buying, gift_delivery, gift_goods, gift_register, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.lists import LISTS
from tests import delivering, factories, goods
from tests.approving import person

NAME = "深圳𠮷䶮精密电子有限公司"


def _office() -> dict[str, Any]:
    """Make a record for each sheet, and something on each list; return the records."""
    whom = factories.customer("rep1", full_name=NAME, province="440000", city="深圳市", street="科技路8号")
    factories.contact(whom, name="林经理", telephone="13900139000")
    one = delivering.waiting("vip", whom)[0]
    agreement = GiftAgreement.begin(one.campaign, gift_agreement.numbers_of(one.campaign), by=person("sup1"))
    order, run = goods.order(), delivering.planned()
    delivering.stock(2)
    delivering.sent(one).receive(received_by="林经理", on=clock.today(), by=person("rep1"), version=one.version)
    db.session.commit()
    return {"gift_order": order, "gift_run": run, "gift_receipt": one, "gift_goods": agreement}


def text_of(content: bytes) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def test_every_sheet_in_every_language_and_what_stands_on_it(app: Flask) -> None:
    records = _office()
    of_lists = {"gift_stock_list", "gift_order_list", "gift_delivery_list", "gift_buying_list", "gift_register", "gift_labels"}
    declared = {sheet.name for part in (gift_goods, gift_delivery, gift_buying) for sheet in part._SHEETS} | {gift_register.SHEET}
    assert declared == {*records, *of_lists}
    with app.test_request_context():
        for name, record in records.items():
            printable = papers.PRINTABLES[name]
            for language in ("zh", "both"):
                for paper in (papers.paper_of(printable, record), papers.blank_paper(printable)):
                    assert SHEETS[name].form_number in documents.preview(paper, language, by=person("mgr1"))
        for name in of_lists:
            listed = LISTS[name]
            for language in ("zh", "en"):
                html = documents.preview(lists.list_paper(listed, person("mgr1"), listed.source.read({})), language, by=person("mgr1"))
                assert SHEETS[name].form_number in html
        words = {
            "gift_receipt": (NAME, "林经理", "采购经理", "定制保温杯", "2件", "顺丰速运", "13900139000", "签收回执"),
            "gift_goods": ("采购联", "财务联", "留存联", "定制保温杯", "1,000.00", "人民币壹仟元整"),
            "gift_run": ("城东线", "赵一鸣", "李师傅", "定制保温杯"),
            "gift_order": ("990.00", "人民币玖佰玖拾元整"),
        }
        for name, found in words.items():
            html = documents.preview(papers.paper_of(papers.PRINTABLES[name], records[name]), "zh", by=person("sup1"))
            text = re.sub(r"<[^>]*>|\s", "", html)
            assert [part for part in found if part not in text] == []
        listed = LISTS["gift_register"]
        paper = lists.list_paper(listed, person("rep1"), listed.source.read({"q": "林"}))
        text = text_of(documents.press(lambda: paper, "zh", by=person("rep1")).content)
        assert [part for part in (NAME, "200.00", "林经理", "人民币贰佰元整", "合作三年") if part not in text] == []
        assert "：人民币" not in text


def test_labels_and_receipts_come_as_one_file(app: Flask) -> None:
    deliveries = delivering.waiting("vip", *(factories.customer("rep1") for _one in range(3)))
    ids = [one.id for one in deliveries]
    job = batches.queue_records(gift_delivery.SLIP, ids, "zh", by=person("sup1"), before=(gift_delivery.LABELS, {}))
    db.session.commit()
    with app.test_request_context():
        batches.print_batch(job)
    db.session.commit()
    assert (job.result["forms"], job.result["pages"], job.result["refused"]) == (3, 4, [])
    file = PdfReader(io.BytesIO(db.session.get_one(Attachment, job.result["attachment"]).content()))
    assert "QMS-PM-31337" in (first := file.pages[0].extract_text())
    assert all(one.customer.full_name in first for one in deliveries)
    assert len(file.outline) == 4
