"""What a file is, judged by its content and not by its name (AR-10, AP-6, quality bars: Files)."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

from PIL import Image, UnidentifiedImageError

from portal.rules.message import Refusal
from portal.rules.text import clean_line

MOST_PIXELS = 120_000_000
"""An A3 sheet at 600 dpi has 70 million."""
MOST_UNZIPPED = 200 * 1024 * 1024
MOST_PARTS = 5000
MOST_RATIO = 200
"""Office files are packed at most about 1:50; what unpacks to more than this is made to fill a disk."""
NAME_LENGTH = 120

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
ENDINGS = {
    PDF: ".pdf",
    JPEG: ".jpg",
    PNG: ".png",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "text/plain": ".txt",
    "text/csv": ".csv",
}
"""Every kind of file that can be filed, with the ending of its name."""
PICTURES = {"JPEG": JPEG, "PNG": PNG}

_OFFICE_PARTS = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/presentation.xml": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_OLD_OFFICE = {".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint"}
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_MARKUP = re.compile(rb"^\s*(?:<\?xml|<!doctype|<html|<svg|<script|<head|<body|<!--)", re.IGNORECASE)
_RESERVED = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069]')


@dataclass(frozen=True)
class Judged:
    """What a file is: its media type and, of a PDF or a picture, how many pages it has."""

    media_type: str
    pages: int | None = None


def judge(content: bytes, filename: str, size_limit_mb: int, *, field: str = "file") -> Judged:
    """Return what a file is. Raises `Refusal` (with `field`) for what is empty, too large, unsafe, or of no kind that can be filed."""
    try:
        if not content:
            raise Refusal("The file is empty.")
        if len(content) > size_limit_mb * 1024 * 1024:
            raise Refusal("The file is larger than %(limit)s MB.", limit=size_limit_mb)
        ending = PurePosixPath(filename.lower()).suffix
        if content.startswith(b"%PDF-"):
            from portal.rules.pdf_content import pdf_pages  # here: few files are PDFs, and pypdf is large

            return Judged(PDF, pdf_pages(content))
        if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
            return Judged(picture_type(content), 1)
        if content.startswith(b"PK\x03\x04"):
            return Judged(_packed(content))
        if content.startswith(_OLE):
            if ending not in _OLD_OFFICE:
                raise Refusal("This is an old Office file; its name must end in .doc, .xls or .ppt.")
            return Judged(_OLD_OFFICE[ending])
        return Judged(_text(content, ending))
    except Refusal as refusal:
        raise refusal.at(field) from None


def safe_name(filename: str, media_type: str) -> str:
    """Return the name under which a file is kept for people: no folders, no signs that steer a terminal or a browser, a right ending."""
    last = clean_line(_RESERVED.sub("", filename.replace("\\", "/").rsplit("/", 1)[-1])).strip(" .")
    stem, dot, ending = last.rpartition(".")
    right = ENDINGS[media_type]
    same = f".{ending.lower()}" in (right, ".jpeg" if right == ".jpg" else right)
    stem = (stem if dot and same else last)[:NAME_LENGTH].strip(" .")
    return (stem or "file") + right


def picture_type(content: bytes) -> str:
    """Return the media type of a JPEG or PNG picture. Raises `Refusal` for anything else, and for too many pixels."""
    try:
        with Image.open(io.BytesIO(content), formats=list(PICTURES)) as picture:
            kind, (width, height) = picture.format, picture.size
            picture.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Refusal("This is neither a PDF nor a JPEG or PNG picture.") from error
    if width * height > MOST_PIXELS:
        raise Refusal("The picture has too many pixels: scan with at most 600 dpi.")
    return PICTURES[str(kind)]


def _packed(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            unpacked = sum(part.file_size for part in parts)
            mimetype = archive.read("mimetype")[:100].decode("ascii", "replace") if _small(archive, "mimetype") else ""
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, KeyError) as error:
        raise Refusal("The file cannot be read.") from error
    if len(parts) > MOST_PARTS or unpacked > MOST_UNZIPPED or unpacked > MOST_RATIO * max(len(content), 1):
        raise Refusal("The file unpacks to far more than it should; it is not filed.")
    if any("vbaProject" in name for name in names):
        raise Refusal("The file carries macros. Save it without them and file that.")
    for name, media_type in _OFFICE_PARTS.items():
        if name in names and "[Content_Types].xml" in names:
            return media_type
    if mimetype in ENDINGS:
        return mimetype
    raise Refusal("A packed file of this kind is not filed; unpack it and file what is in it.")


def _small(archive: zipfile.ZipFile, name: str) -> bool:
    try:
        return archive.getinfo(name).file_size <= 100
    except KeyError:
        return False


def _text(content: bytes, ending: str) -> str:
    if ending not in (".txt", ".csv"):
        raise Refusal("This is no PDF, JPEG or PNG picture, Office or text file. Files are judged by their content, not by their name.")
    if _MARKUP.match(content[:1000]) or b"\0" in content:
        raise Refusal("This is no plain text. Files are judged by their content, not by their name.")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return "text/csv" if ending == ".csv" else "text/plain"
    raise Refusal("This is no plain text. Files are judged by their content, not by their name.")
