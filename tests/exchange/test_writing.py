"""What is written can be read again, and nothing in it is a formula (AR-41)."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile
from datetime import date, datetime, time
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.exchange import writing
from portal.exchange.defusing import NOT_XML, defuse, restore
from portal.exchange.reading import open_table
from portal.exchange.writing import iter_csv, write_xlsx
from portal.rules.message import Refusal

MIDNIGHT = datetime.combine(date(2026, 3, 5), time())
AFTERNOON = datetime.combine(date(2026, 3, 5), time(14, 30))
HEADS = ["编号", "名称", "金额", "日期", "电话"]
ROWS = [["0012", "甲公司", Decimal("1234.50"), date(2026, 3, 5), "02112345678"], ["0013", None, Decimal("-5"), None, "+86 21 1"]]
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "　=1", "＝1", "＋1", "－1", "＠x", "'=1", "''＋"]


def xlsx(path, heads, rows, **options):
    write_xlsx(path, heads, rows, **options)
    return openpyxl.load_workbook(path).active


def csv_bytes(heads, rows) -> bytes:
    return b"".join(iter_csv(heads, rows))


def test_xlsx_keeps_kinds_of_values(tmp_path):
    sheet = xlsx(tmp_path / "a.xlsx", HEADS, iter(ROWS), sheet_name="客户/2026")
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        HEADS,
        ["0012", "甲公司", 1234.5, MIDNIGHT, "02112345678"],
        ["0013", None, -5, None, "+86 21 1"],
    ]
    assert sheet["D2"].is_date
    assert sheet["A1"].font.b
    assert not sheet["A2"].font.b
    assert sheet.freeze_panes == "A2"
    assert sheet.title == "客户 2026"
    assert sheet.column_dimensions["B"].width >= 8


def test_date_in_a_column_that_begins_empty_is_a_date(tmp_path):
    sheet = xlsx(tmp_path / "a.xlsx", ["日期"], [[None], [date(2026, 3, 5)], [AFTERNOON]])
    assert sheet["A3"].value == MIDNIGHT
    assert sheet["A4"].value == AFTERNOON
    assert sheet["A4"].number_format == "yyyy-mm-dd hh:mm"


def test_table_without_rows_has_its_head(tmp_path):
    assert [[cell.value for cell in row] for row in xlsx(tmp_path / "a.xlsx", HEADS, []).iter_rows(max_row=1)] == [HEADS]
    assert csv_bytes(["a"], []) == b"\xef\xbb\xbfa\r\n"


def test_repeated_heads_lose_no_column(tmp_path):
    sheet = xlsx(tmp_path / "a.xlsx", ["电话", "电话", "电话 (2)"], [["1", "2", "3"]])
    assert [cell.value for cell in sheet[2]] == ["1", "2", "3"]


@pytest.mark.parametrize("text", FORMULAS)
def test_nothing_typed_becomes_a_formula(tmp_path, text):
    write_xlsx(tmp_path / "a.xlsx", [text], [[text]])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as package:
        xml = package.read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in xml.split("<sheetData>")[1]
    assert xml.count('t="inlineStr"') == 2
    _, row = csv_bytes(["h"], [[text]]).decode("utf-8-sig").split("\r\n", 1)
    assert row.lstrip('"').startswith("'")


def test_numbers_are_not_guarded_in_csv():
    row = [Decimal("-5.10"), -3, -0.5, date(2026, 3, 5), AFTERNOON, True, None]
    assert csv_bytes(["a"] * 7, [row]).decode("utf-8-sig").split("\r\n")[1] == "-5.10,-3,-0.5,2026-03-05,2026-03-05 14:30:00,TRUE,"


def test_numbers_that_excel_would_round_are_text(tmp_path):
    sheet = xlsx(tmp_path / "a.xlsx", ["a", "b"], [[911101000000000001, Decimal("12345678901234.56")]])
    assert [cell.value for cell in sheet[2]] == ["911101000000000001", "12345678901234.56"]


def test_what_the_format_cannot_hold_does_not_break_the_file(tmp_path):
    cells = ["a\x01\ufffe\uffff\ud800b", "𠮷" * 20_000, date(1899, 1, 1), float("nan"), Decimal("NaN")]
    sheet = xlsx(tmp_path / "a.xlsx", list("abcde"), [cells])
    values = [cell.value for cell in sheet[2]]
    assert values[0] == "ab"
    assert values[1] == "𠮷" * 16_383 + "…"
    assert values[2:] == ["1899-01-01", None, None]


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "MAX_ROWS", 150)
    assert write_xlsx(tmp_path / "a.xlsx", ["a"], ([i] for i in range(150))) == 150
    with pytest.raises(Refusal):
        write_xlsx(tmp_path / "b.xlsx", ["a"], ([i] for i in range(151)))


def test_csv_is_streamed():
    taken = 0

    def rows():
        nonlocal taken
        for number in range(100_000):
            taken += 1
            yield [number]

    stream = iter_csv(["a"], rows())
    next(stream)
    assert taken < 2000


def test_memory_does_not_grow_with_rows(tmp_path):
    def peak(count: int) -> int:
        tracemalloc.start()
        write_xlsx(tmp_path / "a.xlsx", HEADS, (ROWS[0] for _ in range(count)))
        for _ in iter_csv(HEADS, (ROWS[0] for _ in range(count))):
            pass
        return tracemalloc.get_traced_memory()[1] + (tracemalloc.stop() or 0)

    peak(200)
    assert peak(20_000) < 2 * peak(2_000)


words = st.one_of(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), st.sampled_from(FORMULAS), st.none())
rows_of_kinds = st.tuples(words, st.none() | st.integers(-(10**14), 10**14), st.none() | st.dates(date(1900, 3, 1)))


@settings(max_examples=60)
@given(st.lists(rows_of_kinds, max_size=8))
def test_xlsx_round_trip(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("x") / "a.xlsx"
    write_xlsx(path, ["a", "b", "c"], rows)
    read = dict(open_table(path, "a.xlsx").rows())
    for number, row in enumerate(rows, 2):
        got = read.get(number, [])
        got = got + [""] * (3 - len(got))
        text = NOT_XML.sub("", row[0] or "")
        assert got[0] == text or not (got[0] + text).strip()
        assert got[1:] == ["" if cell is None else cell for cell in row[1:]]


texts = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.sampled_from(FORMULAS))


@given(st.lists(st.lists(texts, min_size=3, max_size=3)))
def test_csv_round_trip(rows):
    rows = [[NOT_XML.sub("", cell) for cell in row] for row in rows]
    read = dict(open_table(csv_bytes(["a", "b", "c"], rows), "a.csv").rows())
    for number, row in enumerate(rows, 2):
        got = read.get(number, [])
        assert got == row[: len(got)]
        assert not "".join(row[len(got) :]).strip()


@given(st.text())
def test_defusing_is_undone_exactly(text):
    assert restore(defuse(text)) == text


@given(st.text())
def test_defused_text_begins_with_no_sign_of_a_formula(text):
    assert not re.match(r"\s*[=+\-@＝＋－＠]|[\t\r\n]", defuse(text))


def test_csv_opens_with_the_byte_order_mark():
    assert io.BytesIO(csv_bytes(HEADS, ROWS)).read(3) == b"\xef\xbb\xbf"
