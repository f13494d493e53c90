import io
import re
from functools import cache

import pytest
from markupsafe import escape
from pypdf import PdfReader

from portal.printing.catalogue import SHEETS
from portal.printing.painting import paint
from portal.printing.render import render_sheet_html
from tests.printing import made, made_binders
from tests.printing.anything import rendered

MAKERS = {
    "investigation": made.investigation,
    "customer_card": made.customer_card,
    "customer_status": made.customer_status,
    "customer_register": made.customer_register,
    "contact_list": made.contact_list,
    "credit_change": made.credit_change,
}
ALL = {**MAKERS, **made_binders.MAKERS}


def pages_of(name, language="zh", **changes):
    html = render_sheet_html(name, language, ALL[name](**changes), made.translate)
    content = paint(made.order(html, language)).content
    return content, [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


@cache
def one_page():
    return pages_of("investigation")


def test_the_form_has_what_an_office_form_has():
    content, (text,) = one_page()
    assert len(content) <= 100_000
    for part in ("交易开始调查书", "QMS-PM-31201", "A/0", "第 1 页", "共 1 页", "王小敏", "2026-03-05 14:30", "第 2 份", "7K3M-9QXA-P2WD"):
        assert part in text
    for part in ("300,000.00", "人民币叁拾万元整", "陈志远", "情况属实", "2026-03-03 10:12", "代 周敏", "董事长", "\U00020bb7田䶮"):
        assert part in text


def test_a_registered_capital_says_that_it_is_yuan():
    for name in ("investigation", "customer_card"):
        for language, words in (("zh", "注册资本（元）"), ("en", "Registered capital (yuan)")):
            assert words in render_sheet_html(name, language, ALL[name](), made.translate)


ELSEWHERE = {"loan", "placeholder_card", "loan_list", "disposal", "destruction_list", "shelf_round"} | {
    "urgent_report", "periodic_report", "report_list", "grading_form", "grading_ledger", "grade_list",
    "sales_list", "payments_list", "sales_months", "abc_analysis", "composition", "hand_over_list",
    "maintenance_plan", "plan_amendment", "maintenance_summary", "strengthening_table", "greeting_list", "plan_list",
    "order_refusal", "a_treatment", "order_request_list", "agreement_list",
    "reception", "visitor_passes", "escort_sheet", "reception_list",
    "callback_card", "callback_list",
    "visit_report", "visit_extract", "thanks_letter", "address_labels", "visit_list", "visit_due", "visit_report_list",
    "complaint_record", "complaint_month", "request_sheet", "request_list",
    "relation_assessment", "delivered_value", "relation_list", "delivered_values",
    "proposal_registration", "proposal_routing", "proposal_copy", "proposal_thanks", "proposal_letter", "proposal_extension",
    "proposal_list",
    "gift_list", "gift_budget", "gift_campaign_list", "gift_refusal_list",
    "gift_stock_list", "gift_goods", "gift_buying_list", "gift_order", "gift_order_list", "gift_run", "gift_receipt", "gift_labels",
    "gift_register", "gift_delivery_list",
    "survey_questionnaire", "survey_results", "survey_list", "survey_answers",
    "staff_assessment", "assessment_month", "staff_reward", "reward_list",
    "proposal_assessment", "proposal_decision", "reward_slip", "award_list", "decision_notice", "proposal_overview",
}  # fmt: skip
"""Tried with their records: test_custody_sheets.py, test_report_sheets.py, test_grading_sheets.py, test_hand_over_sheet.py,
test_relation_sheets.py, test_survey_sheets.py, test_callback_sheets.py, test_visit_sheets.py, test_order_sheets.py,
test_reception_sheets.py, test_gift_campaign_sheets.py, test_gift_sheets.py, test_proposal_sheets.py and test_maintenance_sheets.py here,
tests/sales/test_sheets.py, tests/pages/test_review.py, tests/insights, tests/service."""


def test_every_sheet_of_the_catalogue_prints_in_chinese_and_in_another_language():
    # Those of the office registers are made from their declarations: tests/registers/test_sheets.py.
    sheets = {name: sheet for name, sheet in SHEETS.items() if not name.startswith("register_") and name not in ELSEWHERE}
    assert set(ALL) == set(sheets)
    assert len({sheet.form_number for sheet in sheets.values()}) == len(sheets)
    for turn, (name, sheet) in enumerate(sheets.items()):
        for language in ("zh", "en", "both"):
            html = render_sheet_html(name, language, ALL[name](), made.translate)
            assert language == "zh" or escape(sheet.title) in html
            assert language == "en" or escape(made.translate(sheet.title, "zh_Hans_CN")) in html
            assert "&lt;span" not in html, name
        # Laid out in one of them, which is what takes its time.
        language = ("both", "zh", "both", "en")[turn % 4]
        _, (first, *_) = pages_of(name, language)
        assert language == "zh" or sheet.title in first
        assert language == "en" or made.translate(sheet.title, "zh_Hans_CN") in first


@pytest.mark.parametrize("filled", [True, False])
def test_no_sheet_in_parallel_language_shows_the_marks_of_a_label(app, filled):
    for name in sorted(ELSEWHERE):
        html = rendered(SHEETS[name], "both", filled=filled)
        assert "s-en" in html, name
        assert "&lt;" not in html, name


def test_a_label_says_what_stands_on_a_spine_in_full_size_and_every_label_prints():
    content, pages = pages_of("spine_labels")
    text = "".join(pages).replace("\n", "")
    assert len(pages) == 3
    for number in range(1, 13):
        assert f"KH2026000118-{number}" in text
    assert "\U00020bb7" in text
    assert "2-A-03" in text
    # 192 mm of drawing are 1,920 units: a millimetre is 2.8346 points, and the page is A4.
    assert [round(float(side)) for side in PdfReader(io.BytesIO(content)).pages[0].mediabox[2:]] == [595, 842]


def test_numbers_and_signatures_are_the_same_in_english():
    _, pages = pages_of("investigation", "en")
    text = "".join(pages)
    for part in ("QMS-PM-31201", "陈志远", "7K3M-9QXA", "Page 1 of 2", "Legal", "Copy no. 2"):
        assert part in text
    assert "法定代表人" not in text


@pytest.mark.parametrize(("state", "words"), [("draft", "草稿"), ("sent-back", "已退回"), ("rejected", "已驳回")])
def test_other_states_are_said_too(state, words):
    html = render_sheet_html("investigation", "zh", ALL["investigation"](state=state), made.translate)
    assert html.count(words) > render_sheet_html("investigation", "zh", ALL["investigation"](), made.translate).count(words)


@pytest.mark.parametrize(
    ("state", "words"),
    [("pending", "审批中"), ("withdrawn", "已撤回"), ("approved", None)],
)
def test_a_running_form_says_so_on_every_page(state, words):
    long = "经走访该客户之办公场所与仓库，未见失信记录。" * 120
    _, pages = pages_of("investigation", state=state, investigation={"credit_findings": long})
    assert len(pages) >= 2
    for text in pages:
        shown = [each for each in ("草稿", "审批中", "已驳回", "已撤回") if each in text]
        assert shown == ([words] if words else [])


def test_long_texts_flow_over_pages_and_nothing_is_lost():
    long = "".join(f"第{number}号查询结果无误。" for number in range(250))
    _, pages = pages_of("investigation", investigation={"credit_findings": long})
    assert len(pages) >= 3
    printed = re.sub(r"\s", "", "".join(pages))
    # A sentence may be cut in two by the foot and head of a page, once at each break.
    lost = [number for number in range(250) if f"第{number}号查询结果无误。" not in printed]
    assert len(lost) < len(pages)
    for number, text in enumerate(pages, 1):
        assert f"第 {number} 页" in text
        assert "QMS-PM-31201" in text


def test_a_row_of_signature_boxes_stays_on_one_page():
    for lines in (0, 14, 22, 30):
        _, pages = pages_of("investigation", investigation={"opinion": "同意。\n" * lines})
        homes = {person: [n for n, text in enumerate(pages) if person in text] for person in ("客户关系主管", "P2WD-44KT", "签名")}
        assert len({tuple(home) for home in homes.values()}) == 1


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_following_pages_say_what_they_belong_to(language):
    long = {"opinion": "同意。\n" * 60}
    _, (first, *following) = pages_of("investigation", language, subject="KH2026000118　甲公司", investigation=long)
    assert following
    assert "甲公司" not in first
    for text in following:
        assert "KH2026000118" in text
        assert "甲公司" in text
        assert "QMS-PM-31201" in text
        assert ("交易开始调查书" if language != "en" else "New customer investigation") in text


def test_a_list_repeats_its_heads_on_every_page():
    _, pages = pages_of("customer_register", count=40)
    assert len(pages) > 2
    for text in pages:
        assert "客户全称" in text
    assert "KH2026000040" in pages[-1]


def test_a_blank_form_prints_to_be_filled_by_hand():
    data = {"document": {"customer": {}, "contacts": [], "investigation": {}}, "steps": [], "sheet": made.sheet(state=None)}
    html = render_sheet_html("investigation", "zh", data, made.translate)
    assert "None" not in html
    assert paint(made.order(html)).content.startswith(b"%PDF")


def test_what_people_typed_is_text_never_markup():
    data = made.investigation(customer={"full_name": '<img src="file:///etc/hostname">'})
    html = render_sheet_html("investigation", "zh", data, made.translate)
    assert "&lt;img" in html


def test_the_preview_is_the_same_sheet_without_page_and_inline_style():
    data = made.investigation(state="pending")
    whole = render_sheet_html("investigation", "zh", data, made.translate)
    part = render_sheet_html("investigation", "zh", data, made.translate, fragment=True, asset_url="/pictures/{}".format)
    assert part.strip().startswith("<article")
    as_part = whole.replace("asset:signature-8", "/pictures/signature-8").replace("<h1 ", "<h2 ").replace("</h1>", "</h2>")
    assert part.strip() in as_part
    assert 'src="/pictures/signature-8"' in part
    assert "style=" not in whole
    assert "<style" not in whole


def test_no_two_forms_have_the_same_number(app):
    """A register's list and its sheet are one form; everything else has a number of its own."""
    numbers = [(one.form_number, name.removesuffix("_list") if name.startswith("register_") else name) for name, one in SHEETS.items()]
    assert len({number for number, _form in numbers}) == len(set(numbers))
