import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from portal.rules import file_content
from portal.rules.file_content import judge, safe_name
from portal.rules.message import Refusal


def packed(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return buffer.getvalue()


def workbook(**more: bytes) -> bytes:
    return packed(**{"[Content_Types]_dot_xml": b"<x/>", "xl__workbook_dot_xml": b"<x/>", **more})


def pdf(*, script: bool = False, file: bool = False, pages: int = 2) -> bytes:
    writer = PdfWriter()
    for _page in range(pages):
        writer.add_blank_page(200, 300)
    if script:
        action = DictionaryObject({NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")})
        writer.root_object[NameObject("/OpenAction")] = action
    if file:
        writer.add_attachment("hidden.exe", b"MZ")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def picture(kind: str = "PNG", size: tuple[int, int] = (20, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "white").save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "media_type", "pages"),
    [
        (pdf(), "合同.pdf", "application/pdf", 2),
        (picture(), "执照.jpg", "image/png", 1),
        (picture("JPEG"), "执照.jpg", "image/jpeg", 1),
        (workbook(), "清单.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", None),
        (packed(mimetype=b"application/vnd.oasis.opendocument.text"), "a.odt", "application/vnd.oasis.opendocument.text", None),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"0" * 600, "旧表.xls", "application/vnd.ms-excel", None),
        ("说明".encode(), "说明.txt", "text/plain", None),
        ("名称,电话".encode("gb18030"), "a.CSV", "text/csv", None),
    ],
)
def test_what_can_be_filed(content, name, media_type, pages):
    found = judge(content, name, 20)
    assert (found.media_type, found.pages) == (media_type, pages)


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "a.pdf", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "照片.png", "no PDF"),
        (b"<html><script>alert(1)</script>", "照片.jpg", "no PDF"),
        (b"<!DOCTYPE html><p>", "a.txt", "no plain text"),
        (b"\0\1\2\3", "a.txt", "no plain text"),
        (b"GIF89a" + b"0" * 50, "a.gif", "no PDF"),
        (b"MZ\x90\0", "a.exe", "no PDF"),
        (pdf(script=True), "a.pdf", "carries a program"),
        (pdf(file=True), "a.pdf", "carries a program"),
        (b"%PDF-1.7 nothing", "a.pdf", "cannot be read"),
        (workbook(xl__big_dot_xml=b"0" * (30 * 1024 * 1024)), "a.xlsx", "unpacks"),
        (workbook(xl__vbaProject_dot_bin=b"0"), "a.xlsx", "macros"),
        (packed(a_dot_txt=b"x"), "a.zip", "packed file"),
        (b"PK\x03\x04broken", "a.xlsx", "cannot be read"),
        (bytes.fromhex("d0cf11e0a1b11ae1"), "a.msi", "old Office"),
        (b"0" * (2 * 1024 * 1024), "a.txt", "larger than 1 MB"),
    ],
)
def test_what_is_refused(content, name, says):
    with pytest.raises(Refusal, match=says) as refused:
        judge(content, name, 1 if "larger" in says else 20)
    assert refused.value.field == "file"


def test_too_many_pixels(monkeypatch):
    monkeypatch.setattr(file_content, "MOST_PIXELS", 500)
    with pytest.raises(Refusal, match="pixels"):
        judge(picture(), "a.png", 20)


@given(st.sampled_from([b"", b"%PDF-1.7\n", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xd8\xff"]), st.binary(max_size=200))
def test_any_bytes_are_judged_without_breaking(head, rest):
    with suppress(Refusal):
        judge(head + rest, "file.txt", 1)


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\我\\合同.PDF", "合同.pdf"),
        ("合" * 255 + ".pdf", "合" * 120 + ".pdf"),
        ("a\u202efdp.exe", "afdp.exe.pdf"),
        ("照片.png", "照片.png.pdf"),
        ('a"b<c>.pdf', "abc.pdf"),
        ("..", "file.pdf"),
        ("", "file.pdf"),
    ],
)
def test_names_are_kept_without_what_harms(given_, kept):
    assert safe_name(given_, "application/pdf") == kept


@given(st.text(max_size=300))
def test_any_name_becomes_a_plain_one_with_the_right_ending(name):
    kept = safe_name(name, "image/jpeg")
    assert kept.endswith(".jpg")
    assert not {"/", "\\"} & set(kept)
    assert not kept.startswith(".")
    assert 4 < len(kept) <= file_content.NAME_LENGTH + 4
