"""Filed PDFs and pictures as pages of another PDF: as they were filed, without a loss of their pictures (PR-6).

Only the process that binds imports this: what comes in from outside is opened in a process that knows nothing of the portal.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from PIL import Image

MM = 72 / 25.4
"""Points in a millimetre."""
A4 = (210 * MM, 297 * MM)
MOST_PIXELS = 120_000_000
USUAL_DPI = 150
"""The resolution of a picture that does not say a sensible one."""
_SENSIBLE = range(72, 2401)
_TURNS = {3: 180, 6: 90, 8: 270}
"""EXIF orientation → degrees clockwise. Mirrored ones do not come from scanners and cameras."""
_MARGIN, _SIZE = 6 * MM, 10
"""Distance of a page number from the corner, and its size, in points."""
_DIGIT = 0.556
"""Width of a figure in Helvetica, by its size (Adobe's metrics of the standard fonts)."""
_FONT, _VEIL = "/PortalPageNumber", "/PortalVeil"
Failures = (pikepdf.PdfError, OSError, ValueError, KeyError, TypeError, SyntaxError, RuntimeError, Image.DecompressionBombError, zlib.error)
"""What reading a broken file raises."""


def pages_of(path: Path, media_type: str) -> pikepdf.Pdf:
    """Return a filed PDF, JPEG or PNG as a PDF whose pages look as filed. Raises one of `Failures` for what cannot be read.

    Forms and stamps become part of the page, so that they print; links and whatever else could act are left behind.
    """
    if media_type != "application/pdf":
        return _page_of_picture(path)
    # Not by memory maps: five hundred files are open at once.
    pdf = pikepdf.open(path, access_mode=pikepdf.AccessMode.stream, suppress_warnings=True)
    if any("/Annots" in page.obj for page in pdf.pages):
        if "/AcroForm" in pdf.Root and pdf.Root.AcroForm.get("/NeedAppearances", False):
            pdf.generate_appearance_streams()
        pdf.flatten_annotations("print")
    for page in pdf.pages:
        for key in ("/Annots", "/AA", "/StructParents", "/Tabs", "/B", "/PieceInfo", "/Thumb", "/Metadata"):
            if key in page.obj:
                del page.obj[key]
    if not len(pdf.pages):
        raise ValueError("no page")
    return pdf


def _page_of_picture(path: Path) -> pikepdf.Pdf:
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    pdf = pikepdf.new()
    with Image.open(path, formats=["JPEG", "PNG"]) as picture:
        turn = _TURNS.get(picture.getexif().get(0x0112, 1), 0)
        dpi = picture.info.get("dpi", (0, 0))
        resolution = [float(one) if round(float(one)) in _SENSIBLE else USUAL_DPI for one in dpi]
        width, height = (side * 72 / one for side, one in zip(picture.size, resolution, strict=True))
        image = _jpeg(pdf, picture, path) if picture.format == "JPEG" else _png(pdf, picture, path)
    across = (width > height) != (turn in (90, 270))
    # The page is laid in the picture's own direction and turned, so that the picture itself is not touched.
    sheet = A4[::-1] if across != (turn in (90, 270)) else A4
    scale = min(1.0, sheet[0] / width, sheet[1] / height)
    width, height = width * scale, height * scale
    place = (width, height, (sheet[0] - width) / 2, (sheet[1] - height) / 2)
    content = f"q {place[0]:.3f} 0 0 {place[1]:.3f} {place[2]:.3f} {place[3]:.3f} cm /Im Do Q"
    page = pikepdf.Dictionary(
        Type=pikepdf.Name.Page,
        MediaBox=[0, 0, round(sheet[0], 3), round(sheet[1], 3)],
        Rotate=turn,
        Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=image)),
        Contents=pdf.make_stream(content.encode()),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return pdf


def _image(pdf: pikepdf.Pdf, data: bytes, size: tuple[int, int], space: object, bits: int, **more: object) -> pikepdf.Stream:
    image = pikepdf.Stream(pdf, data)
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Width, image.Height = size
    image.ColorSpace, image.BitsPerComponent = space, bits
    for name, value in more.items():
        setattr(image, name, value)
    return image


_SPACES = {"L": pikepdf.Name.DeviceGray, "RGB": pikepdf.Name.DeviceRGB, "CMYK": pikepdf.Name.DeviceCMYK}


def _jpeg(pdf: pikepdf.Pdf, picture: Image.Image, path: Path) -> pikepdf.Stream:
    """Return the JPEG as it is: a PDF carries the very bytes."""
    # Adobe writes four colours upside down.
    upside_down = picture.mode == "CMYK" and "adobe" in picture.info
    more = {"Decode": [1, 0] * 4} if upside_down else {}
    return _image(pdf, path.read_bytes(), picture.size, _SPACES[picture.mode], 8, Filter=pikepdf.Name.DCTDecode, **more)


@dataclass(frozen=True)
class _Chunks:
    """What a PNG file is made of (ISO/IEC 15948)."""

    bits: int
    colour: int
    interlaced: bool
    palette: bytes
    transparent: bool
    data: bytes

    @classmethod
    def read(cls, path: Path) -> _Chunks:
        content = memoryview(path.read_bytes())
        place, data, palette, transparent, head = 8, [], b"", False, b""
        while place + 8 <= len(content):
            length, kind = int.from_bytes(content[place : place + 4], "big"), bytes(content[place + 4 : place + 8])
            body = content[place + 8 : place + 8 + length]
            if kind == b"IHDR":
                head = bytes(body)
            elif kind == b"PLTE":
                palette = bytes(body)
            elif kind == b"tRNS":
                transparent = True
            elif kind == b"IDAT":
                data.append(body)
            elif kind == b"IEND":
                break
            place += length + 12
        return cls(head[8], head[9], bool(head[12]), palette, transparent, b"".join(data))


_CHANNELS = {0: 1, 2: 3, 3: 1}


def _png(pdf: pikepdf.Pdf, picture: Image.Image, path: Path) -> pikepdf.Stream:
    """Return a PNG's own compressed data where a PDF can carry it; what is transparent or interlaced is unpacked and laid on white."""
    found = _Chunks.read(path)
    if found.colour in _CHANNELS and not found.interlaced and not found.transparent:
        space: object = pikepdf.Name.DeviceRGB if found.colour == 2 else pikepdf.Name.DeviceGray
        if found.colour == 3:
            colours = pikepdf.String(found.palette)
            space = pikepdf.Array([pikepdf.Name.Indexed, pikepdf.Name.DeviceRGB, len(found.palette) // 3 - 1, colours])
        rows = pikepdf.Dictionary(
            Predictor=15, Colors=_CHANNELS[found.colour], BitsPerComponent=found.bits, Columns=picture.width
        )  # PNG's own filters (ISO 32000-1, 7.4.4.4)
        return _image(pdf, found.data, picture.size, space, found.bits, Filter=pikepdf.Name.FlateDecode, DecodeParms=rows)
    flat = picture
    if picture.mode in ("RGBA", "LA", "PA") or found.transparent:
        flat = Image.new("RGB", picture.size, "white")
        rgba = picture.convert("RGBA")
        flat.paste(rgba, mask=rgba.getchannel("A"))
    flat = flat.convert("L" if flat.mode in ("1", "L", "I", "I;16") else "RGB")
    return _image(pdf, zlib.compress(flat.tobytes(), 6), flat.size, _SPACES[flat.mode], 8, Filter=pikepdf.Name.FlateDecode)


# --- page numbers --------------------------------------------------------------------------------------------------------


def number_font(pdf: pikepdf.Pdf) -> pikepdf.Object:
    """Return the font of the page numbers, made once for a PDF."""
    return pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica, Encoding=pikepdf.Name.WinAnsiEncoding
        )
    )


def stamp(pdf: pikepdf.Pdf, page: pikepdf.Page, number: int, font: pikepdf.Object) -> None:
    """Write a page's running number into its upper right corner, as one sees it, whatever its size and turn (DA/T 22-2015, 5.4).

    Black on a veil of white: read on dark scans too, and what was there before is still seen.
    """
    text = str(number)
    x, y, (right, up), unit = _corner(page)
    size = _SIZE / unit
    along, down = (_MARGIN / unit + _DIGIT * size * len(text)), _MARGIN / unit + 0.72 * size
    place = (x - right[0] * along - up[0] * down, y - right[1] * along - up[1] * down)
    matrix = f"{right[0]} {right[1]} {up[0]} {up[1]} {place[0]:.3f} {place[1]:.3f}"
    veil = f"{-0.2 * size:.3f} {-0.22 * size:.3f} {(len(text) * _DIGIT + 0.4) * size:.3f} {1.15 * size:.3f}"
    ink = f"q {matrix} cm q {_VEIL} gs 1 g {veil} re f Q BT {_FONT} {size:.3f} Tf 0 Tr 0 Tc 0 Tw 100 Tz 0 Ts 0 g 0 0 Td ({text}) Tj ET Q"
    resources = page.obj.get("/Resources")
    if resources is None:
        resources = page.obj.Resources = pikepdf.Dictionary()
    if "/Font" not in resources:
        resources.Font = pikepdf.Dictionary()
    resources.Font[_FONT] = font
    if "/ExtGState" not in resources:
        resources.ExtGState = pikepdf.Dictionary()
    resources.ExtGState[_VEIL] = pikepdf.Dictionary(ca=0.7, BM=pikepdf.Name.Normal, SMask=pikepdf.Name("/None"))
    # What the page itself draws may leave its settings behind: ours begin anew.
    page.contents_add(pdf.make_stream(b"q\n"), prepend=True)
    page.contents_add(pdf.make_stream(b"\nQ\n" + ink.encode()))


_Pair = tuple[int, int]


def _corner(page: pikepdf.Page) -> tuple[float, float, tuple[_Pair, _Pair], float]:
    """Return the corner that is seen at the upper right, the directions seen as right and up, and the page's unit."""
    found = page.cropbox
    left, bottom = min(float(found[0]), float(found[2])), min(float(found[1]), float(found[3]))
    right, top = max(float(found[0]), float(found[2])), max(float(found[1]), float(found[3]))
    unit = float(page.obj.get("/UserUnit", 1)) or 1.0
    turn = int(page.obj.get("/Rotate", 0)) % 360
    corners: dict[int, tuple[float, float, tuple[_Pair, _Pair]]] = {
        90: (left, top, ((0, 1), (-1, 0))),
        180: (left, bottom, ((-1, 0), (0, -1))),
        270: (right, bottom, ((0, -1), (1, 0))),
    }
    x, y, directions = corners.get(turn, (right, top, ((1, 0), (0, 1))))
    return x, y, directions, unit
