"""Uploaded tables are read by content, and every file that cannot be read says why (AR-40)."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.exchange import reading
from portal.exchange.bounds import Bounds
from portal.exchange.error_cells_xls import errors_of
from portal.exchange.reading import open_table
from portal.rules.message import Refusal

HEADS = ["客户编号", "客户全称", "电话"]


def workbook(fill: Callable[[openpyxl.Workbook], Any]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def sheet_of(*rows: list[Any]) -> bytes:
    return workbook(lambda book: [book.active.append(row) for row in rows])


def with_sheet_xml(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == "xl/worksheets/sheet1.xml" else old.read(name))
    return target.getvalue()


def opendocument(rows: str) -> bytes:
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" xmlns:text="{names}:text:1.0">'
        f'<office:body><office:spreadsheet><table:table table:name="客户">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", content)
        package.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{names}:manifest:1.0"/>')
    return target.getvalue()


def ods_row(*cells: str, repeat: int = 1, columns: int = 1) -> str:
    inner = "".join(
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{columns}"><text:p>{cell}</text:p></table:table-cell>'
        for cell in cells
    )
    return f'<table:table-row table:number-rows-repeated="{repeat}">{inner}</table:table-row>'


def refusal(data: bytes, **limits: int) -> str:
    with pytest.raises(Refusal) as caught:
        list(open_table(data, "file", Bounds(**limits)).rows())
    return str(caught.value)


def test_rows_keep_their_number_and_place_in_the_file():
    def fill(book):
        sheet = book.active
        sheet["C3"], sheet["D3"] = "客户编号", "日期"
        sheet["C6"], sheet["D6"], sheet["E6"] = "KH1", date(2026, 3, 5), "  "

    table = open_table(workbook(fill), "客户.xlsx")
    assert list(table.rows()) == [(3, ["", "", "客户编号", "日期"]), (6, ["", "", "KH1", date(2026, 3, 5)])]
    assert list(table.rows(after=3)) == [(6, ["", "", "KH1", date(2026, 3, 5)])]


def test_hidden_sheets_are_not_offered():
    def fill(book):
        book.active.title = "空"
        hidden = book.create_sheet("代码")
        hidden.append(["x"])
        hidden.sheet_state = "hidden"
        book.create_sheet("客户").append(HEADS)

    table = open_table(workbook(fill), "客户.xlsx")
    assert (table.sheets, table.first_sheet) == (("空", "客户"), "客户")
    with pytest.raises(Refusal):
        next(table.rows("代码"))


def test_header_row_below_a_merged_instruction():
    def fill(book):
        sheet = book.active
        sheet.append(["导入说明：\n带*的列必填，客户编号不可重复"])
        sheet.merge_cells("A1:C1")
        sheet.append(["*客户编号", "客户全称*", "电话"])
        sheet.append(["KH1", "甲公司", "010"])

    header = open_table(workbook(fill), "客户.xlsx").find_header(known_headers=HEADS)
    assert (header.number, header.cells) == (2, ["*客户编号", "客户全称*", "电话"])


def test_header_row_of_a_table_with_unknown_heads_is_the_first_wide_one():
    assert open_table(sheet_of(["说明"], [], ["a", "b", "c"], [1, 2, 3]), "x").find_header().number == 3


def test_header_row_is_not_a_wider_row_of_values():
    assert open_table(sheet_of(HEADS, ["KH1", "甲", "1", "x", "y"]), "x").find_header(known_headers=HEADS).number == 1


def test_opendocument_is_read():
    table = open_table(opendocument(ods_row("客户编号", "电话") + ods_row("KH1", "010", repeat=2)), "客户.csv")
    assert [cells for _, cells in table.rows()] == [["客户编号", "电话"], ["KH1", "010"], ["KH1", "010"]]


def test_cells_with_errors_are_read_as_what_they_show():
    errors = ["#N/A", "#REF!", "#DIV/0!"]
    assert list(open_table(sheet_of(HEADS, errors), "客户.xlsx").rows())[1] == (2, errors)
    newer = with_sheet_xml(sheet_of(HEADS, errors), lambda xml: xml.replace(b"<v>#N/A</v>", b"<f>A1#</f><v>#SPILL!</v>"))
    assert list(open_table(newer, "客户.xlsx").rows())[1] == (2, ["#SPILL!", "#REF!", "#DIV/0!"])


def test_errors_of_opendocument_are_read_as_what_they_show():
    """LibreOffice says that the value is empty, OpenOffice that it is 0."""
    cells = "".join(
        f'<table:table-cell table:formula="of:=[.A1]/0" {value}><text:p>{shown}</text:p></table:table-cell>'
        for value, shown in [
            ('office:value-type="string" office:string-value="" calcext:value-type="error"', "#DIV/0!"),
            ('office:value-type="float" office:value="0"', "错误:502"),
            ('office:value-type="float" office:value="7"', "7"),
        ]
    )
    table = open_table(opendocument(ods_row(*HEADS) + f"<table:table-row>{cells}</table:table-row>"), "客户.ods")
    assert list(table.rows())[1] == (2, ["#DIV/0!", "错误:502", 7.0])


def records_of(*cells: tuple[int, int, Any]) -> bytes:
    """A workbook of one sheet as Excel 97 keeps it: texts, numbers, errors by their code in bytes, and (code,) for a formula with one."""

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    bof, eof = struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0), record(0x000A, b"")
    head = record(0x0809, bof)
    found = b""
    for row, column, value in cells:
        at = struct.pack("<HHH", row, column, 15)
        if isinstance(value, str):
            found += record(0x0204, at + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
        elif isinstance(value, bytes):
            found += record(0x0205, at + value + b"\1")
        elif isinstance(value, tuple):
            result = b"\2\0" + value[0] + b"\0\0\0\xff\xff"
            found += record(0x0006, at + result + struct.pack("<HIH", 0, 0, 0))
        else:
            found += record(0x0203, at + struct.pack("<d", value))
    offset = len(head) + 4 + 9 + len(eof)
    kept = head + record(0x0085, struct.pack("<IHBB", offset, 0, 1, 0) + b"T") + eof
    return kept + head[:6] + struct.pack("<H", 0x0010) + head[8:] + found + eof


def old_workbook(book: bytes, *, small: bool) -> bytes:
    """An .xls around its records: in sectors of 512 bytes, or where it is `small` in some of 64 within one."""
    size = len(book) if small else max(len(book), 4096)
    stream = book.ljust(size, b"\0")
    sectors = [stream[start : start + 512].ljust(512, b"\0") for start in range(0, size, 512)]
    end, free, none = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF

    def entry(name: str, kind: int, begin: int, length: int, child: int = none) -> bytes:
        text = (name + "\0").encode("utf-16-le")
        return text.ljust(64, b"\0") + struct.pack("<HBBIII36xIII", len(text), kind, 1, none, none, child, begin, length, 0)

    root = entry("Root Entry", 5, 3 if small else end, 512 * len(sectors) if small else 0, 1)
    folder = root + entry("Workbook", 2, 0 if small else 3, size) + entry("", 0, 0, 0) * 2
    chain = [*range(4, 3 + len(sectors)), end]
    table = struct.pack("<128I", *[0xFFFFFFFD, end, end, *chain, *[free] * (125 - len(chain))])
    parts = -(-size // 64)
    smaller = struct.pack("<128I", *[*range(1, parts), end, *[free] * (128 - parts)]) if small else b"\xff" * 512
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + struct.pack("<16xHHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 2, 1, end, 0)
    return head + struct.pack("<109I", 0, *[free] * 108) + table + folder + smaller + b"".join(sectors)


@pytest.mark.parametrize("small", [True, False])
def test_errors_of_an_old_workbook_are_read_as_what_they_show(small):
    cells = [(0, 1, "客户编号"), (0, 2, "金额"), (2, 1, "KH1"), (2, 2, b"\x2a"), (3, 1, "KH2"), (3, 2, 7.5), (4, 1, (b"\x07",))]
    table = open_table(old_workbook(records_of(*cells), small=small), "客户.xls")
    assert [row for _number, row in table.rows()] == [["", "客户编号", "金额"], ["", "KH1", "#N/A"], ["", "KH2", 7.5], ["", "#DIV/0!"]]


def test_an_old_workbook_that_is_built_otherwise_is_left_to_the_reader():
    whole = old_workbook(records_of((0, 0, "客户编号"), (1, 0, b"\x2a")), small=False)
    assert errors_of(whole) == [{1: {0: "#N/A"}}]
    for end in range(0, len(whole), 64):
        errors_of(whole[:end])
        errors_of(whole[:end] + b"\x05" * (len(whole) - end))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimited_text_in_every_encoding_and_delimiter(encoding, delimiter):
    text = '客户编号,客户全称,备注\r\nKH1,"上海•某某\n贸易",一\r\n\r\nKH2,乙;丙、丁,二'.replace(",", delimiter).replace("乙;丙", "乙，丙")
    table = open_table(text.encode(encoding), "客户 .csv")
    assert table.sheets == ("客户",)
    assert list(table.rows()) == [
        (1, ["客户编号", "客户全称", "备注"]),
        (2, ["KH1", "上海•某某\n贸易", "一"]),
        (4, ["KH2", "乙，丙、丁", "二"]),
    ]


def test_instruction_with_commas_does_not_decide_the_delimiter():
    data = "请填写,必填,不可为空,谢谢\n编号;金额\n1;2,5\n2;3,5\n".encode()
    assert [cells for _, cells in open_table(data, "x").rows()][1:] == [["编号", "金额"], ["1", "2,5"], ["2", "3,5"]]


def test_line_that_names_the_delimiter_is_not_a_row():
    assert list(open_table(b"sep=;\na;b\n", "x").rows()) == [(2, ["a", "b"])]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n ,,\n", "empty"),
        (sheet_of(), "empty"),
        (b"PK\x03\x04" + b"x" * 60, "damaged"),
        (sheet_of(HEADS)[:2000], "damaged"),
        (with_sheet_xml(sheet_of(HEADS), lambda xml: xml[:-60]), "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"%PDF-1.7 ...", "not a spreadsheet"),
        ("a,b".encode("utf-16-le"), "not a spreadsheet"),
        (b"\xef\xbb\xbf<html><table><tr>", "web page"),
        ("Name,Café\nZoé Müller,x\n".encode("cp1252"), "Save it as UTF-8"),
        ("Straße,Größe\n".encode("cp1252"), "Save it as UTF-8"),
        (b"\xef\xbb\xbfa,b\n\xff", "UTF-8"),
        (b'a,b\nc,d\n"x,y\nz,w\n', "line 3"),
    ],
)
def test_bad_file_is_refused_in_words(data, words):
    assert words in refusal(data)


def test_file_without_visible_sheet_is_refused():
    data = sheet_of(HEADS)
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'state="visible"', b'state="hidden"'))
    assert "no visible sheet" in refusal(target.getvalue())


def test_limits_of_size_rows_columns_and_unzipped_size():
    table = sheet_of(*[["x"] * 5 for _ in range(9)])
    text = b"x,x,x,x,x\n" * 9
    for data in (table, text):
        assert "columns" in refusal(data, columns=4)
        assert "row" in refusal(data, rows=8)
        assert "cells" in refusal(data, cells=44)
        assert len(list(open_table(data, "x", Bounds(rows=9, columns=5, cells=45)).rows())) == 9
    assert "larger" in refusal(text, file_bytes=50)
    assert "unzips" in refusal(table, unzipped_bytes=1000)


def far_cells(reference: str, *, filled: bool = True) -> bytes:
    def fill(book):
        book.active.append(HEADS)
        cell = book.active[reference]
        cell.number_format = "0.00"
        if filled:
            cell.value = 1

    return workbook(fill)


@pytest.mark.parametrize("reference", ["XFD1048576", "A1048576", "XFD1", "SG199999"])
def test_cell_at_the_far_end_is_refused_before_it_takes_the_memory(reference):
    data = far_cells(reference)
    refusal(data)
    refusal(with_sheet_xml(data, lambda xml: xml.replace(f'r="{reference}"'.encode(), f"r\n= '{reference}'".encode())))
    refusal(with_sheet_xml(data, lambda xml: xml.replace(b"<c ", b"<x:c ").replace(b"</c>", b"</x:c>").replace(b"<row", b"<x:row")))


def test_format_without_value_at_the_far_end_does_no_harm():
    assert list(open_table(far_cells("XFD1048576", filled=False), "x").rows()) == [(1, HEADS)]


@pytest.mark.parametrize("row", [ods_row("x", repeat=1_000_000), ods_row("x", columns=16_000), ods_row("x", repeat=90_000, columns=90)])
def test_repeated_cell_of_opendocument_is_refused_before_it_takes_the_memory(row):
    refusal(opendocument(ods_row("头") + row))


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf"]))
def test_any_bytes_are_rows_or_a_refusal(data, start):
    with suppress(Refusal):
        list(open_table(start + data, "file").rows())


@given(st.integers(0, 5000), st.binary(min_size=1, max_size=20))
def test_damaged_workbook_is_rows_or_a_refusal(place, damage):
    data = bytearray(DAMAGE_BASE)
    data[place % len(data) : place % len(data) + len(damage)] = damage
    with suppress(Refusal):
        list(open_table(bytes(data), "file").rows())


DAMAGE_BASE = sheet_of(HEADS, ["KH1", "甲公司", "010"])


def test_number_beyond_any_date_formatted_as_one_is_refused():
    def fill(book):
        book.active["A1"] = -(10**14)
        book.active["A1"].number_format = "yyyy-mm-dd"

    assert "damaged" in refusal(workbook(fill))


def test_a_glance_at_a_large_workbook_sees_sheets_heads_and_first_rows(monkeypatch):
    monkeypatch.setattr(reading, "GLANCE", 4000)
    data = sheet_of(["导出"], HEADS, *([f"KH{row}", "华为技术有限公司", "0755-12345678"] for row in range(500)))
    glance, whole = reading.glance_at(data, "客户.xlsx"), open_table(data, "客户.xlsx")
    assert (glance.sheets, glance.find_header(None, HEADS)) == (whole.sheets, whole.find_header(None, HEADS))
    first = list(glance.rows())
    assert 10 < len(first) < 100
    assert first == list(whole.rows())[: len(first)]


def test_a_glance_that_shows_nothing_is_a_whole_look(monkeypatch):
    monkeypatch.setattr(reading, "GLANCE", 400)

    def fill(book):
        for row in range(1, 300):
            book.active.cell(row, 1).number_format = "0.00"
        book.active.cell(300, 2, "客户全称")

    late = workbook(fill)
    assert list(reading.glance_at(late, "x.xlsx").rows()) == [(300, ["", "客户全称"])]


def test_what_is_wrong_below_a_glance_is_found_in_the_whole(monkeypatch):
    monkeypatch.setattr(reading, "GLANCE", 1000)
    damaged = with_sheet_xml(sheet_of(*([f"KH{row}"] for row in range(500))), lambda xml: xml[:-60])
    assert next(iter(reading.glance_at(damaged, "x.xlsx").rows())) == (1, ["KH0"])
    assert "damaged" in refusal(damaged)
