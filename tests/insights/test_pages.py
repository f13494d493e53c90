"""Pages of composition and ABC analysis: every figure leads to its list, charts are read without colour, files and sheets beside (IN-2)."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from lxml import html

from portal.blueprints.insights.jobs import count_now
from portal.database import db
from portal.exchange.writing import XLSX
from portal.models import insight
from portal.models.product import Product
from tests import factories
from tests.sales.samples import person, product, sale


@pytest.fixture
def goods(app: Any) -> Product:
    made = product(code="A1", name="叉车")
    big = factories.customer("rep1", full_name="甲公司", grade="A", industry="auto", credit_rating="AAA")
    small = factories.customer("rep1", full_name="乙公司", credit_limit=Decimal(100))
    for customer, day, amount in (
        (big, date(2025, 3, 1), 900), (small, date(2025, 4, 1), 60), (small, date(2024, 4, 1), 40), (big, date(2024, 9, 1), 10),
    ):  # fmt: skip
        sale(customer, product_id=made.id, region="广东省", day=day, amount=Decimal(amount))
    factories.customer("rep1", full_name="丙公司")
    return made


def _page(browser: Any, address: str) -> Any:
    answer = browser.get(address)
    assert answer.status_code == 200
    return html.fromstring(answer.get_data(as_text=True))


def _cells(page: Any, table: int = 0) -> list[list[str]]:
    return [
        [" ".join(cell.text_content().split()) for cell in row.xpath("./th|./td")]
        for row in page.xpath("//main//table")[table].xpath("./tbody/tr")
    ]


def test_parts_lead_to_their_lists(as_: Any, goods: Product) -> None:
    browser = as_("mgr1")
    for subject, figure, rows in (
        ("sales", "60.00", 1), ("products", "960.00", 2), ("regions", "960.00", 2), ("grade", "900.00", 1), ("industry", "900.00", 1),
        ("rating", "900.00", 1), ("limit", "100.00", 1),
    ):  # fmt: skip
        page = _page(browser, f"/insights/composition?subject={subject}&year=2025")
        links = page.xpath(f"//main//table//a[text()='{figure}']/@href")
        assert len(links) == 1, subject
        listed = _page(browser, links[0])
        assert len(listed.xpath("//main//table[contains(@class, 'list')]/tbody/tr")) == rows, subject


def test_this_year_stands_beside_last(as_: Any, goods: Product) -> None:
    page = _page(as_("rep1"), "/insights/composition?subject=products&year=2025")
    assert _cells(page) == [[f"A1 {goods.name}", "960.00", "100.0 %", "50.00", "100.0 %", "+1820.0 %"]]


def test_customers_of_a_grade_lead_to_the_register(as_: Any, goods: Product) -> None:
    page = _page(as_("mgr1"), "/insights/composition?subject=grade&year=2025")
    assert _cells(page)[0][:3] == ["A", "1", "900.00"]
    assert page.xpath("//main//table//a[contains(@href, 'grade=A') and text()='1']/@href") == ["/customers?grade=A"]
    none = _page(as_("mgr1"), page.xpath("//main//tbody/tr[2]/td[1]/a/@href")[0])
    assert len(none.xpath("//main//tbody/tr")) == 2


def test_charts_can_be_read_without_colour(as_: Any, goods: Product) -> None:
    browser = as_("mgr1")
    page = _page(browser, "/insights/abc?year=2025")
    drawing = page.xpath("//main//svg")[0]
    assert drawing.get("role") == "img"
    words = drawing.text_content()
    assert "A" in words
    assert "80 %" in words
    assert "95 %" in words
    assert drawing.xpath(".//polygon[contains(@fill, 'hatch')]")
    assert drawing.xpath(".//polyline[@stroke-dasharray]")
    named = drawing.get("aria-labelledby").split()
    assert [bool(page.get_element_by_id(one).text_content()) for one in named] == [True, True]
    bars = _page(browser, "/insights/composition?subject=grade&year=2025").xpath("//main//svg")[0]
    assert bars.xpath(".//*[@stroke-dasharray]/rect")
    assert "900" in bars.text_content()


def test_classes_thresholds_and_who_moved(as_: Any, goods: Product) -> None:
    browser = as_("mgr1")
    page = _page(browser, "/insights/abc?year=2025")
    assert [row[:3] for row in _cells(page, 2)] == [["1", "甲公司", "A"], ["2", "乙公司", "C"]]
    assert _cells(page, 1)[2][1] == "1 ↑ 上升"
    assert _cells(page, 1)[0][3] == "1 ↓ 下降"
    moved = _page(browser, page.xpath("(//main//table)[2]//a/@href")[0])
    assert len(_cells(moved, 2)) == 1
    at_99 = _page(browser, "/insights/abc?year=2025&thresholds=98/99")
    assert [row[2] for row in _cells(at_99, 2)] == ["A", "C"]
    wrong = browser.get("/insights/abc?year=2025&thresholds=95/80")
    assert wrong.status_code == 422
    assert 'id="thresholds-error"' in wrong.get_data(as_text=True)


def test_nothing_sold_teaches_where_it_comes_from(as_: Any) -> None:
    for address in ("/insights/composition", "/insights/abc"):
        page = _page(as_("rep1"), address)
        assert page.xpath("//main//*[@class='empty']//a/@href") == ["/sales/new"]
        assert not page.xpath("//main//svg")


def test_many_customers_are_counted_by_the_worker(as_: Any, goods: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insight, "AT_ONCE", 1)
    browser = as_("mgr1")
    address = "/insights/abc?subject=customers&year=2025&thresholds=80%2F95"
    page = _page(browser, address)
    assert page.xpath("//main//form[@action='/insights/counts']")
    assert not page.xpath("//main//svg")
    values = {one.get("name"): one.get("value") for one in page.xpath("//main//form[@action='/insights/counts']//input")}
    assert browser.post("/insights/counts", data=values).status_code == 303
    count_now(person("mgr1"), "abc/customers/2025", asked=True)
    page = _page(browser, address)
    assert [row[1] for row in _cells(page, 2)] == ["甲公司", "乙公司"]
    assert "20" in page.xpath("//main//*[@class='list-note']")[0].text_content()
    assert _page(browser, "/insights/composition?subject=products&year=2025").xpath("//main//svg")
    assert _page(browser, "/insights/composition?subject=grade&year=2025").xpath("//main//form[@action='/insights/counts']")


def test_files_hold_what_the_tables_show(as_: Any, goods: Product) -> None:
    from openpyxl import load_workbook

    browser = as_("mgr1")
    text = browser.get("/insights/export/abc/file?format=csv&year=2025").get_data().decode("utf-8-sig")
    assert [line.split(",")[2:5] for line in text.splitlines()[1:]] == [["甲公司", "A", "900.00"], ["乙公司", "C", "60.00"]]
    answer = browser.get("/insights/export/composition/file?format=xlsx&year=2025&subject=regions")
    assert answer.mimetype == XLSX
    rows = list(load_workbook(io.BytesIO(answer.get_data())).active.iter_rows(values_only=True))
    assert rows[1][:4] == ("广东省", 960, 100, 50)
    assert browser.get("/insights/export/abc?year=2025").status_code == 200


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_sheets_show_chart_and_table(as_: Any, goods: Product, language: str) -> None:
    page = _page(as_("mgr1"), f"/prints/lists/abc_analysis?year=2025&language={language}")
    sheet = page.xpath("//article[contains(@class, 'sheet')]")[0]
    assert sheet.xpath(".//svg//polyline")
    assert "甲公司" in sheet.text_content()
    assert "93.8 %" in sheet.text_content()
    for subject in ("sales", "products", "grade", "limit", "industry"):
        page = _page(as_("mgr1"), f"/prints/lists/composition?year=2025&subject={subject}&language={language}")
        assert page.xpath("//article[contains(@class, 'sheet')]//svg//rect")


def test_sheets_print(as_: Any, goods: Product) -> None:
    for sheet, more in (("abc_analysis", {}), ("composition", {"subject": "industry"})):
        answer = as_("mgr1").post(f"/prints/lists/{sheet}", data={"year": "2025", "language": "zh", **more})
        assert answer.mimetype == "application/pdf"
        assert answer.get_data().startswith(b"%PDF")
    db.session.rollback()
