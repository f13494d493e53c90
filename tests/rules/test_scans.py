import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfWriter

from portal.rules.message import Refusal
from portal.rules.scans import media_type_of_scan


def picture(kind):
    buffer = io.BytesIO()
    Image.new("RGB", (20, 30), "white").save(buffer, kind)
    return buffer.getvalue()


def pdf(pages=1, password=None):
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 300)
    if password:
        writer.encrypt(password)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(("content", "kind"), [(pdf(), "application/pdf"), (picture("PNG"), "image/png"), (picture("JPEG"), "image/jpeg")])
def test_what_a_scan_can_be(content, kind):
    assert media_type_of_scan(content, 20) == kind


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script>", "neither"),
        (b"%PDF-1.7 <script>", "cannot be read"),
        (pdf(password="secret"), "password"),
        (pdf(201), "201 pages"),
        (picture("GIF"), "neither"),
        (picture("PNG")[:60], "neither"),
        (b"\xff\xd8\xff" + b"0" * (1024 * 1024), "larger than 1 MB"),
    ],
)
def test_what_it_cannot_be(content, says):
    with pytest.raises(Refusal, match=says) as refused:
        media_type_of_scan(content, 1)
    assert refused.value.field == "scan"


@given(st.sampled_from([b"", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"]), st.binary(max_size=200))
def test_any_bytes_are_judged_without_breaking(head, rest):
    with pytest.raises(Refusal):
        media_type_of_scan(head + rest, 1)
