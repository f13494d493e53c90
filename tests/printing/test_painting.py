import gc
import io
import re
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader
from weasyprint.urls import FatalURLFetchingError, URLFetchingError, fetch

from portal.printing import fonts, painting
from portal.printing.order import ForbiddenAddressError, MissingGlyph
from portal.printing.painting import ClosedFetcher, check_environment, paint
from tests.printing.made import order, signature_picture


def printed(body, **changes):
    html = f'<html lang="zh-CN"><body><article class="sheet">{body}</article></body></html>'
    return paint(order(html, title="交易开始调查书", author="王小敏", **changes)).content


def text_of(content):
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/hostname",
        "http://127.0.0.1:9/a.png",
        "https://example.org/a.png",
        "ftp://example.org/a.png",
        "data:image/png;base64,iVBORw0KGgo=",
        "static:portal.css",
        "static:../config.py",
        "static:print/../../config.py",
        "static:/etc/passwd",
        "asset:other",
        "asset:",
        "STATIC:print.css?x",
    ],
)
def test_nothing_but_our_own_is_fetched(address):
    with pytest.raises(ForbiddenAddressError):
        ClosedFetcher({"mine": signature_picture()}).fetch(address)
    with pytest.raises((FatalURLFetchingError, URLFetchingError)), fetch(ClosedFetcher(), address):
        pass


def test_our_stylesheet_and_given_pictures_are_served():
    fetcher = ClosedFetcher({"mine": signature_picture()})
    assert b".sheet" in fetcher.fetch("static:print.css").read()
    answer = fetcher.fetch("asset:mine")
    assert (answer.content_type, answer.read()) == ("image/png", signature_picture())


def test_an_asset_that_is_no_picture_is_refused():
    with pytest.raises(ForbiddenAddressError):
        ClosedFetcher({"mine": b"<html>"}).fetch("asset:mine")


@pytest.mark.parametrize(
    "body",
    [
        '<img src="file:///etc/hostname" alt="x">',
        '<img src="http://127.0.0.1:9/a.png" alt="x">',
        '<img src="portal.css" alt="x"><img src="//127.0.0.1/a.png" alt="x"><img src="asset:absent" alt="x">',
        '<style>@import "file:///etc/passwd";</style>',
        "<style>@font-face { font-family: x; src: url(file:///etc/passwd) }</style>",
        '<p style="background: url(file:///etc/hostname)">x</p>',
        '<svg xmlns="http://www.w3.org/2000/svg"><title>x</title><image href="file:///etc/hostname" width="9" height="9"/></svg>',
    ],
)
def test_a_sheet_that_asks_for_anything_else_is_not_printed(body):
    with pytest.raises(ForbiddenAddressError):
        printed(body)


def test_rare_characters_are_embedded_and_selectable():
    text = text_of(printed('<p>\U00020bb7㛃䶮堃 \U000323af</p><p class="s-signature">\U00020bb7㛃䶮堃张</p>'))
    for character in "\U00020bb7㛃䶮堃\U000323af张":
        assert character in text


def test_a_character_without_a_glyph_is_refused_by_name():
    with pytest.raises(MissingGlyph) as caught:
        printed("<p>客户 \U0010fffd 与 \U000e0fff</p>")
    assert "U+10FFFD" in str(caught.value)
    assert caught.value.message.text == "No installed font can print %(characters)s"


def test_the_pdf_is_archival_tagged_and_says_what_it_is():
    content = printed("<h1>表</h1>", created=datetime(2026, 3, 5, 6, 30, tzinfo=UTC))
    reader = PdfReader(io.BytesIO(content))
    root = reader.trailer["/Root"]
    xmp = root["/Metadata"].get_data().decode()
    assert re.search(r'pdfaid:part="2"', xmp)
    assert re.search(r'pdfaid:conformance="B"', xmp)
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/StructTreeRoot"]
    assert root["/Lang"] == "zh-CN"
    assert reader.metadata.title == "交易开始调查书"
    assert reader.metadata.author == "王小敏"
    assert reader.metadata["/CreationDate"].startswith("D:20260305063000+00'00")
    for font in fonts_of(reader):
        assert font["/ToUnicode"]
        descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
        assert "/FontFile2" in descriptor or "/FontFile3" in descriptor


def fonts_of(reader):
    return [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]


def test_fonts_hold_only_the_glyphs_used():
    content = printed("<p>表单</p>")
    assert len(content) < 20_000
    (font,) = fonts_of(PdfReader(io.BytesIO(content)))
    program = font["/DescendantFonts"][0]["/FontDescriptor"]["/FontFile3"]
    assert program["/Subtype"] == "/CIDFontType0C"
    assert len(program.get_data()) < 3_000


def test_the_cut_font_keeps_its_glyphs_under_the_same_numbers():
    from fontTools.cffLib import CFFFontSet

    reader = PdfReader(io.BytesIO(printed("<p>表单\U00020bb7</p>")))
    (font,) = fonts_of(reader)
    mapping = font["/ToUnicode"].get_data().decode()
    wanted = {int(number, 16) for number in re.findall(r"^<([0-9a-f]{4})> <", mapping, re.MULTILINE)} - {0}
    cff = CFFFontSet()
    cff.decompile(io.BytesIO(font["/DescendantFonts"][0]["/FontDescriptor"]["/FontFile3"].get_data()), None)
    names = cff[0].getGlyphOrder()
    assert wanted <= {int(name[3:]) for name in names if name.startswith("cid")}


def test_a_missing_library_or_font_is_said_loudly(monkeypatch):
    assert check_environment() == []
    monkeypatch.setattr(fonts, "subsetter_missing", lambda: True)
    monkeypatch.setitem(fonts.PACKAGES, "AR PL Absent", "fonts-absent")
    problems = check_environment()
    assert any("libharfbuzz-subset0" in problem for problem in problems)
    assert any("AR PL Absent" in problem and "fonts-absent" in problem for problem in problems)


def test_what_a_long_layout_left_behind_goes_before_it_is_written(monkeypatch):
    left = []
    monkeypatch.setattr(painting, "_write", lambda _document, _fetchers: left.append(gc.collect()) or b"")
    rows = "".join(f"<tr><td>{number}</td></tr>" for number in range(40))
    page = f'<table class="s-grid" style="break-after: page">{rows}</table>'
    paint(order(f'<article class="sheet">{page * (painting.LONG + 5)}</article>'))
    assert left[0] < 1000
