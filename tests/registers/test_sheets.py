"""The sheets of the office registers: each prints, in every language, and its list fits the paper (AR-30, PR-1, PR-10)."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.models.register_list import EntryQuery
from portal.models.staff import Staff
from portal.printing import documents, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.labels import Labels
from portal.printing.registers import LANDSCAPE, PORTRAIT, WIDTHS, blocks, columns_of
from portal.registers import REGISTERS
from tests.registers.samples import entry


@pytest.mark.parametrize("code", sorted(REGISTERS))
def test_form_number_and_columns(code: str) -> None:
    register = REGISTERS[code]
    sheet, whole = SHEETS[register.sheet], SHEETS[register.list_sheet]
    assert sheet.form_number == whole.form_number == register.form_number
    labels = Labels("zh", lambda text, _locale: text)
    columns = columns_of(register, labels)
    width = sum(WIDTHS[int(css.removeprefix("s-w"))] for _label, _name, css, _kind in columns)
    assert width <= (LANDSCAPE if whole.landscape else PORTRAIT)
    on_form = [cell[1] for kind, rows in blocks(register, labels) for row in rows for cell in (row if kind == "facts" else [row])]
    assert on_form == [one.name for one in register.fields]
    for kind, rows in blocks(register, labels):
        if kind == "facts":
            assert all(sum(4 + cell[2] for cell in row) == 24 for row in rows)


@pytest.mark.parametrize("code", sorted(REGISTERS))
def test_previews_in_every_language(app: Flask, code: str) -> None:
    register, made = REGISTERS[code], entry(code)
    rep = Staff.by_account("rep1")
    assert rep is not None
    with app.test_request_context():
        for language in ("zh", "en", "both"):
            sheet = documents.preview(papers.paper_of(papers.PRINTABLES[register.sheet], made), language, by=rep)  # type: ignore[arg-type]
            blank = documents.preview(papers.blank_paper(papers.PRINTABLES[register.sheet]), language, by=rep)  # type: ignore[arg-type]
            listed = lists.list_paper(lists.LISTS[register.list_sheet], rep, EntryQuery(register=code))
            whole = documents.preview(listed, language, by=rep)  # type: ignore[arg-type]
            for html in (sheet, blank, whole):
                assert register.form_number in html
                if language != "zh":
                    assert register.title in html
                if language != "en":
                    assert documents.translate(register.title, "zh_Hans_CN") in html
            assert made.number in sheet
            assert made.number in whole
            assert made.number not in blank
            assert ("□" in blank) == any(one.entries or one.kind == "switch" for one in register.fields)


def test_an_entry_is_one_page_of_pdf(app: Flask) -> None:
    made, rep = entry("parking-permits"), Staff.by_account("rep1")
    assert rep is not None
    with app.test_request_context():
        printed = documents.press(lambda: papers.paper_of(papers.PRINTABLES["register_parking_permits"], made), "both", by=rep)
    (page,) = PdfReader(io.BytesIO(printed.content)).pages
    text = page.extract_text()
    for part in ("停车证发放登记表", "Parking permits issued", "粤BD12345", "1,200.50", made.number):
        assert part in text
