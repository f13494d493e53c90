"""Uploads over HTTP: a PDF, a photo and a spreadsheet filed at once, against the same bytes read, hashed, checked and written alone."""

from __future__ import annotations

import hashlib
import io
import os
import random
import re
import secrets
import time
import zipfile
from pathlib import Path

from bench.measure import Figure, Report, cost
from bench.pages import signed_in
from bench.server import Server

TIMES = int(os.environ.get("UPLOADS", "10"))
WARM = 2
_ANY = "application/octet-stream"
File = tuple[str, bytes]
"""Name and content."""


def _pdf(chance: random.Random, size: int) -> bytes:
    """Return a PDF of ten pages, each with a part of `size` bytes that nothing packs any smaller, as scans have."""
    import pikepdf

    with pikepdf.new() as made:
        for _page in range(10):
            page = made.add_blank_page(page_size=(595, 842))
            scan = pikepdf.Stream(made, chance.randbytes(size // 10))
            scan.Type, scan.Subtype, scan.Width, scan.Height = pikepdf.Name.XObject, pikepdf.Name.Image, size // 10, 1
            scan.ColorSpace, scan.BitsPerComponent = pikepdf.Name.DeviceGray, 8
            page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=scan))
            page.obj.Contents = made.make_stream(b"q 500 0 0 700 40 60 cm /Im Do Q")
        buffer = io.BytesIO()
        made.save(buffer, compress_streams=False)
    return buffer.getvalue()


def _jpeg(chance: random.Random, size: int) -> bytes:
    """Return a photo of about `size` bytes."""
    from PIL import Image

    side = int((size / 0.6) ** 0.5)  # noise has so many bytes a pixel at this quality
    buffer = io.BytesIO()
    Image.frombytes("RGB", (side, side), chance.randbytes(side * side * 3)).save(buffer, "JPEG", quality=75)
    return buffer.getvalue()


def _xlsx(chance: random.Random, folder: Path) -> bytes:
    """Return a spreadsheet of 10,000 rows."""
    from portal.exchange.writing import write_xlsx

    path = folder / "upload.xlsx"
    write_xlsx(path, ["编号", "名称", "金额"], ([number, f"客户{chance.randrange(10**9)}", chance.random()] for number in range(10_000)))
    return path.read_bytes()


def _form(fields: dict[str, str], files: list[File]) -> tuple[bytes, str]:
    """Return a form with files as a browser sends it (RFC 7578), and its media type."""
    edge = secrets.token_hex(16)
    parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    for name, content in files:
        head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\nContent-Type: {_ANY}\r\n\r\n'
        parts += [head.encode(), content, b"\r\n"]
    return b"".join([*parts, f"--{edge}--\r\n".encode()]), f"multipart/form-data; boundary={edge}"


def _alone(body: Path, files: list[File], folder: Path) -> None:
    """Do what no upload can do without: read what was sent, have each file opened by its library, hash it, have it on the disk."""
    from PIL import Image
    from pypdf import PdfReader

    body.read_bytes()
    for name, content in files:
        if name.endswith(".pdf"):
            len(PdfReader(io.BytesIO(content)).pages)
        elif name.endswith(".jpg"):
            with Image.open(io.BytesIO(content)) as picture:
                picture.verify()
        else:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.infolist()
        with (folder / hashlib.sha256(content).hexdigest()).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def uploads(server: Server, report: Report, folder: Path) -> None:
    """Measure filing three files at once, `TIMES` times, each time others."""
    rep, chance = signed_in(server, "rep2-1"), random.Random(7)
    customer = 1  # the first that this rep has
    fields = {"kind": "correspondence", "title": "", "dated_on": "2026-01-05"}
    sent: list[tuple[bytes, str, list[File]]] = []
    for number in range(WARM + TIMES):
        files = [
            (f"扫描{number}.pdf", _pdf(chance, 1 << 20)),
            (f"照片{number}.jpg", _jpeg(chance, 5 << 20)),
            (f"清单{number}.xlsx", _xlsx(chance, folder)),
        ]
        page = rep.get(f"/customers/{customer}/dossier/documents/new")[1]
        rep.take_token(page)
        found = re.search(rb'name="title"', page)
        if found is None:
            raise RuntimeError(page.decode(errors="replace")[:1500])
        sent.append((*_form({"csrf_token": rep.token, **fields}, files), files))

    def send(number: int) -> tuple[int, bytes, str]:
        body, media_type, _files = sent[number]
        return rep.send("POST", f"/customers/{customer}/dossier/documents/new", body, media_type)

    done = cost(server, send, TIMES, warm=WARM, expect=(303,))
    floor = 0.0
    for body, _media_type, files in sent[WARM:]:
        (folder / "body").write_bytes(body)
        start = time.process_time()
        _alone(folder / "body", files, folder)
        floor += (time.process_time() - start) * 1000 / TIMES
    sizes = ", ".join(f"{name[-4:].strip('.')} {len(content) / 1024:,.0f} KB" for name, content in sent[-1][2])
    note = f"{sizes}; floor: reading, sha256, the libraries' check, writing"
    figure = Figure("upload of three files at once", done.cpu, "ms CPU", floor, 2, by_ratio=True, p50=done.p50, p95=done.p95, note=note)
    report.add(figure)
