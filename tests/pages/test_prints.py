"""Printing from the portal: previews, real PDFs, codes, lists (PR-1 to PR-5, PR-8 to PR-10)."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import unquote

import pytest
from pypdf import PdfReader

from portal.database import db
from portal.downloads import disposition
from portal.models.audit import AuditEvent
from portal.models.contact import Contact
from portal.models.job import Job
from portal.models.notice import Notice
from portal.models.sheet import PrintedSheet
from portal.models.signature_picture import keep_signature
from portal.printing import documents, lists
from portal.printing.press import POOL
from tests import factories
from tests.approving import APPROVE, FINANCE, REVIEW, person, record_paper, sign, submitted
from tests.printing.made import signature_picture


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.get_data(as_text=True)[:2000]
    assert response.mimetype == "application/pdf"
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(response.data)).pages)


def printed() -> PrintedSheet:
    return db.session.query(PrintedSheet).order_by(PrintedSheet.id.desc()).first()


def test_a_card_prints_as_copies_one_and_two(as_):
    customer = factories.customer("rep1", full_name="北京㛃𠮷堃商贸有限公司", nature="ordinary", credit_limit=1200, province="北京市")
    browser = as_("rep1")
    address = f"/prints/customer_card/{customer.id}"
    first = browser.post(address, data={"language": "zh"})
    text = text_of(first)
    for part in (
        "客户原始资料卡",
        "QMS-PM-31202",
        "北京㛃𠮷堃商贸有限公司",
        "普通企业",
        "1,200.00",
        "人民币壹仟贰佰元整",
        "赵一鸣",
        "第 1 份",
    ):
        assert part in text
    assert printed().shown_code in text
    assert "第 2 份" in text_of(browser.post(address, data={"language": "zh"}))
    assert [sheet.copy_number for sheet in db.session.query(PrintedSheet)] == [1, 2]
    assert db.session.query(AuditEvent).filter_by(kind="print", customer_id=customer.id).count() == 2
    timeline = browser.get(f"/customers/{customer.id}/timeline").get_data(as_text=True)
    assert "客户原始资料卡 · 第 2 份" in timeline
    assert f'href="/v/{printed().shown_code}"' in timeline


def test_the_pdf_is_archival_and_comes_with_safe_headers(as_):
    customer = factories.customer("rep1", full_name='甲"乙\\丙公司')
    response = as_("rep1").post(f"/prints/customer_status/{customer.id}", data={"language": "en"})
    headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Disposition"].startswith("inline; ")
    assert "filename*=UTF-8''Customer%20status%20form-" in headers["Content-Disposition"]
    reader = PdfReader(io.BytesIO(response.data))
    assert reader.metadata.title == 'Customer status form 甲"乙\\丙公司'
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert b'pdfaid:part="2"' in reader.trailer["/Root"]["/Metadata"].get_data()


def test_a_running_document_prints_its_state_and_its_signatures_so_far(as_):
    keep_signature(person("sup1"), signature_picture())
    approval = submitted(REVIEW, APPROVE, FINANCE)
    sign(approval, "sup1", opinion="情况属实")
    address = f"/prints/credit_change/{approval.record_id}"
    text = text_of(as_("rep1").post(address, data={"language": "zh"}))
    for part in ("审批中", "周五行", "情况属实", approval.current_round.steps[0].signature.code, "人民币捌万元整", "签名：", "第 1 版"):
        assert part in text
    sign(approval, "mgr1", opinion="同意")
    record_paper(approval, opinion="可以")
    text = text_of(as_("rep1").post(address, data={"language": "both"})).replace("\n", " ")
    assert "审批中" not in text
    for part in (
        "郑七星",
        "刘财务",
        "可以",
        "纸质签字，郑七星 登记",
        "signed on paper, recorded by 郑七星",
        "Agreed",
        "信用额度或特殊政策审批表",
    ):
        assert part in text


def test_a_draft_says_so(as_):
    customer = factories.customer("rep1", state="prospect")
    assert "草稿" in text_of(as_("rep1").post(f"/prints/customer_card/{customer.id}"))


def test_the_preview_is_the_sheet_in_the_language_chosen_and_counts_nothing(as_):
    customer = factories.customer("rep1", nature="ordinary")
    browser = as_("rep1")
    page = browser.get(f"/prints/customer_card/{customer.id}").get_data(as_text=True)
    assert '<article class="sheet sheet-zh"' in page
    assert "普通企业" in page
    page = browser.get(f"/prints/customer_card/{customer.id}?language=en").get_data(as_text=True)
    assert "Ordinary company" in page
    assert "普通企业" not in page
    page = browser.get(f"/prints/customer_card/{customer.id}?language=both").get_data(as_text=True)
    assert '普通企业</span> <span class="s-en"' in page
    assert db.session.query(PrintedSheet).count() == 0


def test_the_preview_of_a_list_shows_its_beginning_and_the_number_of_all(as_, monkeypatch):
    monkeypatch.setattr(lists, "SHOWN", 1)
    for name in ("甲公司", "乙公司", "丙公司"):
        factories.customer("rep1", full_name=name)
    page = as_("rep1").get("/prints/lists/customer_register").get_data(as_text=True)
    assert "共 3 户" in page
    assert sum(name in page for name in ("甲公司", "乙公司", "丙公司")) == 1


def test_a_previewed_signature_picture_comes_with_safe_headers(as_):
    keep_signature(person("sup1"), signature_picture())
    approval = submitted(REVIEW, APPROVE)
    given = sign(approval, "sup1")
    browser = as_("mgr1")
    page = browser.get(f"/prints/approvals/{approval.id}/1").get_data(as_text=True)
    (address,) = re.findall(r'<img class="s-signature-picture" src="([^"]+)"', page)
    assert address == f"/prints/approvals/{approval.id}/signatures/{given.id}"
    picture = browser.get(address)
    assert picture.mimetype == "image/png"
    assert picture.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert browser.get(f"/prints/approvals/{submitted(REVIEW).id}/signatures/{given.id}").status_code == 404


def test_what_cannot_be_printed_is_said_and_not_counted(as_):
    customer = factories.customer("rep1", full_name="甲\U0010fffd公司")
    answer = as_("rep1").post(f"/prints/customer_card/{customer.id}")
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "没有打印" in page
    assert "U+10FFFD" in page
    assert db.session.query(PrintedSheet).count() == 0
    assert db.session.query(AuditEvent).filter_by(kind="print").count() == 0


def test_who_comes_second_gets_the_next_copy(app, monkeypatch):
    """Somebody else takes the copy number while the PDF is made."""
    from tests.models.test_sheet import CARD, card_of, give

    customer = factories.customer("rep1")
    number, real = customer.id, POOL.print

    def slow(*args, **kwargs):
        monkeypatch.setattr(POOL, "print", real)
        give(card_of(db.session.get_one(CARD.model, number)), by="sup1")
        return real(*args, **kwargs)

    monkeypatch.setattr(POOL, "print", slow)
    found = documents.press(lambda: card_of(db.session.get_one(CARD.model, number)), "zh", by=person("rep1"))
    db.session.commit()
    assert found.sheet.copy_number == 2
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(found.content)).pages)
    assert "第 2 份" in text
    assert found.sheet.shown_code in text


def test_the_code_leads_to_what_the_sheet_is_worth(as_):
    customer = factories.customer("rep1")
    browser = as_("rep1")
    browser.post(f"/prints/customer_card/{customer.id}")
    sheet = printed()
    assert browser.get("/v", query_string={"code": sheet.shown_code.lower()}).location == f"/v/{sheet.code}"
    assert "这是最新版本" in browser.get(f"/v/{sheet.code}").get_data(as_text=True)
    db.session.get_one(type(customer), customer.id).change({"fax": "010-1"}, by=person("rep1"))
    db.session.commit()
    page = browser.get(f"/v/{sheet.code}").get_data(as_text=True)
    assert "已被取代" in page
    assert f'href="/prints/customer_card/{customer.id}"' in page
    hidden = as_("rep3").get("/v", query_string={"code": sheet.code})
    assert hidden.status_code == 422
    assert customer.full_name not in hidden.get_data(as_text=True)


def test_an_anonymous_reader_signs_in_first(client, as_):
    as_("rep1").post(f"/prints/customer_card/{factories.customer('rep1').id}")
    answer = client.get(f"/v/{printed().code}")
    assert answer.status_code in (302, 303)
    assert f"/v/{printed().code}" in answer.location.replace("%2F", "/")


def test_the_register_prints_what_the_list_shows_and_no_more(as_):
    shown = factories.customer("rep1", full_name="甲级客户公司", grade="A", credit_limit=5000, street="一号路", city="深圳市")
    factories.contact(shown, name="李堃")
    factories.customer("rep1", full_name="乙级客户公司", grade="B")
    factories.customer("rep3", full_name="别人的客户公司", grade="A")
    text = text_of(as_("rep1").post("/prints/lists/customer_register", data={"grade": "A", "language": "zh"}))
    for part in ("甲级客户公司", "李堃", "5,000.00", "深圳市一号路", "客户等级：A"):
        assert part in text.replace("\n", "")
    assert "乙级客户公司" not in text
    assert "别人的客户公司" not in text
    assert printed().customer_id is None


def test_the_contact_list_has_the_contacts_of_the_list(as_):
    factories.contact(factories.customer("rep1"), name="李堃", decides=True, preferred_way="phone")
    factories.contact(factories.customer("rep3"), name="王不见")
    page = as_("rep1").get("/prints/lists/contact_list?language=en").get_data(as_text=True)
    assert "李堃" in page
    assert "王不见" not in page
    assert db.session.query(Contact).count() == 2


def test_the_beginning_of_a_contact_list_counts_the_contacts_of_the_whole_list(as_, monkeypatch):
    monkeypatch.setattr(lists, "SHOWN", 1)
    for names in (("李堃", "赵六"), ("钱七",)):
        customer = factories.customer("rep1")
        for name in names:
            factories.contact(customer, name=name)
    page = as_("rep1").get("/prints/lists/contact_list?language=en").get_data(as_text=True)
    assert ("李堃" in page, "钱七" in page, "3 contacts" in page) == (True, False, True)


def test_a_long_list_is_made_in_the_background(as_, monkeypatch):
    monkeypatch.setattr(lists, "AT_ONCE", 1)
    factories.customer("rep1", full_name="第一客户公司")
    factories.customer("rep1", full_name="第二客户公司")
    browser = as_("rep1")
    answer = browser.post("/prints/lists/customer_register", data={"language": "zh"})
    job = db.session.query(Job).one()
    assert (answer.status_code, answer.location) == (303, f"/prints/jobs/{job.id}")
    assert (job.state, job.done) == ("done", 2)
    notice = db.session.query(Notice).filter_by(staff_id=person("rep1").id).one()
    assert notice.link == f"/prints/jobs/{job.id}"
    page = browser.get(notice.link).get_data(as_text=True)
    assert f"/prints/files/{printed().code}" in page
    assert "第二客户公司" in text_of(browser.get(f"/prints/files/{printed().code}"))
    assert as_("rep2").get(f"/prints/files/{printed().code}").status_code == 404


def test_a_list_too_long_for_paper_is_refused_in_words(as_, monkeypatch):
    monkeypatch.setattr(lists, "MOST", 1)
    factories.customer("rep1")
    factories.customer("rep1")
    answer = as_("rep1").post("/prints/lists/customer_register")
    assert answer.status_code == 422
    assert "请缩小范围，或改用导出" in answer.get_data(as_text=True)
    assert db.session.query(PrintedSheet).count() == 0


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_every_empty_form_shows(as_, language):
    browser = as_("mgr1")
    offered = re.findall(r'href="(/prints/\w+/blank)"', browser.get("/prints").get_data(as_text=True))
    assert "/prints/box_list/blank" in offered
    for address in offered:
        page = browser.get(f"{address}?language={language}").get_data(as_text=True)
        assert f'class="sheet sheet-{language}' in page, address
        assert "None" not in page


def test_what_a_list_is_filtered_by_is_named_only_to_who_sees_it(as_):
    customer = factories.customer("rep1", full_name="绝密客户有限公司")
    named = set()
    for account in ("rep3", "rep1"):
        browser, sees = as_(account), account == "rep1"
        for sheet in lists.LISTS:
            shown = browser.get(f"/prints/lists/{sheet}?customer={customer.id}&year=2026")
            said = customer.full_name in shown.get_data(as_text=True)
            assert shown.status_code in (200, 403, 404), (account, sheet)
            assert sees or not said, (account, sheet)
            named |= {sheet} if said else set()
    assert len(named) > 20, "who sees the customer reads the name, so that what others do not read is worth something"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("客户资料卡-深圳𠮷䶮-7K3M-9QXA-P2WD.pdf", "7K3M-9QXA-P2WD.pdf"),
        ("客户名单.xlsx", "portal.xlsx"),
        ('公司 ABC"\r\n.pdf', "ABC.pdf"),
        ("Customer card-Huayun 2.pdf", "Customer-card-Huayun-2.pdf"),
    ],
)
def test_programs_that_know_plain_letters_only_get_a_name_that_is_one(name, plain):
    said = disposition(name)
    assert said.startswith(f'attachment; filename="{plain}"; filename*=')
    assert said.isascii()
    assert said.isprintable()
    assert unquote(said.rpartition("''")[2]) == name
