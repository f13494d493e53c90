"""Lists of sales, payments and months on paper, in every language (RL-8, PR-5)."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.database import db
from portal.printing import documents, lists
from portal.printing.catalogue import SHEETS
from portal.printing.lists import LISTS
from tests import factories
from tests.sales.samples import payment, person, product, sale

NAME = "深圳𠮷䶮精密电子有限公司"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sales_list", (NAME, "12,345.60", "伺服电机", "N-77")),
        ("payments_list", (NAME, "345.60", "R-9")),
        ("sales_months", (NAME, "12,346")),
    ],
)
def test_a_list_prints_in_every_language(app: Flask, name: str, words: tuple[str, ...]) -> None:
    customer = factories.customer("rep1", full_name=NAME)
    sale(customer, document="N-77", amount=Decimal("12345.60"), product_id=product(name="伺服电机").id, quantity=Decimal(3))
    payment(customer, number="R-9", amount=Decimal("345.60"))
    sheet = LISTS[name]
    with app.test_request_context():
        for language in ("zh", "en", "both"):
            made = documents.press(
                lambda: lists.list_paper(sheet, person("mgr1"), sheet.source.read({"year": "2026"})), language, by=person("mgr1")
            )
            db.session.commit()
            pages = PdfReader(io.BytesIO(made.content)).pages
            text = "".join("".join(page.extract_text() for page in pages).split())
            assert len(pages) == 1
            assert SHEETS[name].form_number in text
            for word in words:
                assert word in text, (language, word)
            assert "单位：元" in text or language == "en"
            assert "Amountsin" in text or language == "zh"
