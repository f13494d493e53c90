"""Filed files as pages: pictures untouched, the running number in the corner that one sees at the upper right (PR-6)."""

from __future__ import annotations

import io

import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from portal.printing.pages_of_files import Failures, number_font, pages_of, stamp
from tests.printing.filed import pdf, picture


def kept(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    return path


def written(made):
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def image_of(content):
    with pikepdf.open(io.BytesIO(content)) as opened:
        image = opened.pages[0].Resources.XObject.Im
        return image.read_raw_bytes(), str(image.Filter)


def seen(content, dpi=72):
    document = pypdfium2.PdfDocument(content)
    found = document[0].render(scale=dpi / 72).to_pil().convert("L")
    document.close()
    return found


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_the_bytes_of_a_jpeg_are_in_the_pdf(tmp_path, mode):
    content = picture("JPEG", "scan", mode=mode)
    made = written(pages_of(kept(tmp_path, content), "image/jpeg"))
    assert image_of(made) == (content, "/DCTDecode")


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_the_compressed_data_of_a_png_is_in_the_pdf_and_looks_the_same(tmp_path, mode):
    content = picture("PNG", "scan", mode=mode, dpi=(75, 75))
    made = written(pages_of(kept(tmp_path, content), "image/png"))
    assert image_of(made)[0] in content.replace(b"IDAT", b"") or image_of(made)[0][:200] in content
    page = seen(made, 75)
    scan = Image.open(io.BytesIO(content)).convert("L")
    assert abs(page.getpixel((310, 700)) - scan.getpixel((310, 700))) < 12
    assert min(page.crop((30, 50, 160, 110)).tobytes()) < 90


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_lies_on_white(tmp_path, mode):
    drawn = Image.new("RGBA", (600, 400), (0, 0, 0, 0))
    ImageDraw.Draw(drawn).rectangle((200, 100, 400, 300), fill=(0, 0, 0, 255))
    buffer = io.BytesIO()
    drawn.convert(mode).save(buffer, "PNG", dpi=(72, 72))
    page = seen(written(pages_of(kept(tmp_path, buffer.getvalue()), "image/png")))
    assert page.size == (842, 596)
    assert (page.getpixel((421, 297)), page.getpixel((421, 150))) == (0, 255)


def test_a_picture_taken_upright_with_a_turned_camera_stands_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    drawn = Image.new("RGB", (800, 600), "white")
    ImageDraw.Draw(drawn).rectangle((0, 0, 99, 99), fill="black")  # seen at the upper right once it is turned
    buffer = io.BytesIO()
    drawn.save(buffer, "JPEG", exif=exif, dpi=(72, 72))
    page = seen(written(pages_of(kept(tmp_path, buffer.getvalue()), "image/jpeg")))
    assert page.width < page.height
    left, top, right, bottom = page.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert left > page.width / 2
    assert bottom < page.height / 2
    assert (right - left) == pytest.approx(bottom - top, abs=4)


def test_a_small_picture_is_not_blown_up_and_a_large_one_fits_the_page(tmp_path):
    small = written(pages_of(kept(tmp_path, picture("PNG", "x", (300, 300), dpi=(150, 150))), "image/png"))
    assert seen(small).point(lambda value: 255 if value < 250 else 0).getbbox()[2] < 380
    large = written(pages_of(kept(tmp_path, picture("PNG", "x", (4000, 1000))), "image/png"))
    assert seen(large).size == (842, 596)


def test_filled_forms_become_part_of_the_page_and_nothing_that_acts_comes_along(tmp_path):
    made = pikepdf.open(io.BytesIO(pdf("form")))
    drawn = made.make_stream(b"0 g 0 0 100 20 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 100, 20])
    field = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Sig, T="s", F=4, Rect=[100, 100, 200, 120],
        AP=pikepdf.Dictionary(N=drawn),
    )  # fmt: skip
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 50, 50],
        A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.org"),
    )  # fmt: skip
    made.pages[0].obj.Annots = pikepdf.Array([made.make_indirect(field), made.make_indirect(link)])
    made.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([made.pages[0].obj.Annots[0]]))
    content = written(pages_of(kept(tmp_path, written(made)), "application/pdf"))
    assert seen(content).getpixel((150, 842 - 110)) == 0
    with pikepdf.open(io.BytesIO(content)) as opened:
        assert "/Annots" not in opened.pages[0].obj


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"\x89PNG\r\n\x1a\nrubbish", b"\xff\xd8\xffrubbish"])
@pytest.mark.parametrize("media_type", ["application/pdf", "image/png", "image/jpeg"])
def test_broken_files_raise_what_is_caught(tmp_path, content, media_type):
    with pytest.raises(Failures):
        pages_of(kept(tmp_path, content), media_type)


@settings(max_examples=40)
@given(
    st.tuples(st.integers(120, 1200), st.integers(120, 1200)),
    st.sampled_from([0, 90, 180, 270, -90, 450]),
    st.integers(-300, 300),
    st.integers(1, 9999),
)
def test_the_number_is_seen_at_the_upper_right_whatever_size_and_turn(size, turn, left, number):
    made = pikepdf.open(io.BytesIO(pdf("", 1, size, turn, left)))
    made.pages[0].obj.Contents = made.make_stream(b"q 2 0 0 2 0 0 cm")  # leaves its settings behind
    stamp(made, made.pages[0], number, number_font(made))
    page = seen(written(made))
    left_, top, right, bottom = page.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert page.width - 20 <= right <= page.width - 15
    assert 15 <= top <= 20
    assert bottom <= 28
    assert left_ >= page.width - 17 - 6 * len(str(number)) - 2
