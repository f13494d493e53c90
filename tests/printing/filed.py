"""Dossiers of made files: PDFs of several sizes and turns, JPEG, PNG, spreadsheets, papers without a scan."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pikepdf
from PIL import Image, ImageDraw

from portal.models.binder import Binder
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.staff import Staff
from tests.rules.test_file_content import workbook

A4, A3_ACROSS = (595, 842), (1191, 842)


def pdf(words: str, pages: int = 1, size: tuple[int, int] = A4, turn: int = 0, left: int = 0) -> bytes:
    """Return a PDF that says its words and page on every page, in Helvetica."""
    made = pikepdf.new()
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    for number in range(1, pages + 1):
        page = made.add_blank_page(page_size=size)
        page.obj.MediaBox = [left, 0, left + size[0], size[1]]
        page.obj.Rotate = turn
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
        page.obj.Contents = made.make_stream(f"2 0 0 2 0 0 cm BT /F 9 Tf {left / 2 + 40} 200 Td ({words} p{number}) Tj ET".encode())
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def picture(kind: str, words: str, size: tuple[int, int] = (620, 877), mode: str = "RGB", **more: object) -> bytes:
    """Return a JPEG or PNG that says its words."""
    drawn = Image.new("RGB", size, "#eef")
    ImageDraw.Draw(drawn).text((40, 60), words, fill="#222", font_size=40)
    buffer = io.BytesIO()
    drawn.convert(mode).save(buffer, kind, **more)
    return buffer.getvalue()


def files(number: int) -> tuple[bytes, str] | None:
    """Return the file of the `number`th document: every sixth is on paper only."""
    words = f"document {number}"
    return (
        (pdf(words, 1 + number % 3), f"{words}.pdf"),
        (picture("JPEG", words), f"{words}.jpg"),
        (picture("PNG", words), f"{words}.png"),
        (workbook(sheet=words.encode()), f"{words}.xlsx"),
        (pdf(words, 2, A3_ACROSS, 0, 30 * (number % 2)), f"{words}.pdf"),
        None,
    )[number % 6]


def fill(customer: Customer, count: int, *, by: Staff, binder: Binder | None = None, **values: object) -> list[ArchiveDocument]:
    """File so many documents for a customer, one a day, and return them, flushed."""
    return [
        ArchiveDocument.file(
            customer,
            {
                "kind": "correspondence",
                "title": f"往来文件第 {number} 号：关于𠮷田䶮车位续租的函",
                "dated_on": date(2026, 1, 1) + timedelta(days=number % 200),
                "reference": f"华运函〔2026〕{number} 号",
                "author": "深圳市华运机电设备有限公司",
                "on_paper": number % 6 == 5,
                "binder_id": binder.id if binder else None,
                **values,
            },
            Upload.of(*file) if file else None,
            by=by,
            again=True,
        )
        for number in range(count)
        for file in (files(number),)
    ]
