"""Fonts of the sheets: what must be installed, and how the embedded part of a font is made small.

A Noto CJK face holds 65,535 glyphs. WeasyPrint keeps the numbering of the whole face in the PDF, so that a page with two
hundred characters carries 160 KB of entries for empty glyphs. A CID-keyed font names its glyphs by character identifier and
does not need the empty ones; `compact_fonts` cuts them away (one page: 254 KB → 41 KB, the same pixels).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from weasyprint.text.ffi import ffi, harfbuzz, harfbuzz_subset
from weasyprint.text.fonts import FontConfiguration

BODY_FAMILY = "Noto Serif CJK SC"
TITLE_FAMILY = "Noto Sans CJK SC"
SIGNATURE_FAMILY = "AR PL UKai CN"
RARE_FAMILY = "BabelStone Han"

PACKAGES = {
    BODY_FAMILY: "fonts-noto-cjk",
    TITLE_FAMILY: "fonts-noto-cjk",
    SIGNATURE_FAMILY: "fonts-arphic-ukai",
    RARE_FAMILY: "fonts-babelstone-han",
}

_UNNEEDED_TABLES = (b"BASE", b"DSIG", b"GPOS", b"GSUB", b"VORG", b"vhea", b"vmtx")
_ROS_OPERATOR = b"\x0c\x1e"


@cache
def font_configuration() -> FontConfiguration:
    """Return the process's one warm font configuration; a new one for each sheet costs 200 MB over a batch.

    Pango's font map behind it must not be used by two threads at once: `render` holds a lock.
    """
    return FontConfiguration()


def subsetter_missing() -> bool:
    """Return whether the library harfbuzz-subset is absent; without it one form takes 9 s instead of 0.3 s, silently."""
    return harfbuzz_subset is None


def missing_characters(document: Any) -> list[str]:
    """Return the characters of a painted WeasyPrint document that no installed font could draw, in code point order."""
    return [chr(code) for code in sorted({code for font in document.fonts.values() for code in font.missing})]


def families_used(document: Any) -> set[str]:
    """Return the families that a painted WeasyPrint document embeds."""
    return {font.family for font in document.fonts.values()}


def compact_fonts(document: Any, pdf: Any) -> None:
    """Replace every embedded CID-keyed CFF font of `pdf` by one that holds only the glyphs used.

    Glyphs keep their character identifiers, so page contents, widths and Unicode mappings stay valid (ISO 32000-1, 9.7.4.2).
    Other fonts (TrueType, name-keyed CFF) are left as they are, for there the position is the identifier.
    """
    if harfbuzz_subset is None:
        return
    fonts: dict[bytes, Any] = {}
    glyphs: dict[bytes, set[int]] = {}
    for font in document.fonts.values():
        fonts[font.name] = font
        glyphs.setdefault(font.name, {0}).update(font.to_unicode)
    for descriptor in pdf.objects:
        if not (isinstance(descriptor, dict) and descriptor.get("Type") == "/FontDescriptor" and "FontFile3" in descriptor):
            continue
        name = descriptor["FontName"]
        program = _cff_subset(fonts[name].hb_face, sorted(glyphs[name] - set(fonts[name].missing.values())))
        if not _is_cid_keyed(program):
            continue
        stream = pdf.objects[int(descriptor["FontFile3"].split()[0])]
        stream.stream = [program]
        stream.extra["Subtype"] = "/CIDFontType0C"


def _cff_subset(face: Any, glyphs: list[int]) -> bytes:
    """Return the CFF table of `face` cut to `glyphs` (ascending), without hints; empty bytes where there is no such table."""
    request = ffi.gc(harfbuzz_subset.hb_subset_input_create_or_fail(), harfbuzz_subset.hb_subset_input_destroy)
    _fill(harfbuzz_subset.hb_subset_input_glyph_set(request), glyphs)
    dropped = harfbuzz_subset.hb_subset_input_set(request, harfbuzz_subset.HB_SUBSET_SETS_DROP_TABLE_TAG)
    _fill(dropped, sorted(harfbuzz.hb_tag_from_string(tag, -1) for tag in _UNNEEDED_TABLES))
    harfbuzz_subset.hb_subset_input_set_flags(
        request, harfbuzz_subset.HB_SUBSET_FLAGS_DESUBROUTINIZE | harfbuzz_subset.HB_SUBSET_FLAGS_NO_HINTING
    )
    subset = harfbuzz_subset.hb_subset_or_fail(face, request)
    if subset == ffi.NULL:
        return b""
    subset = ffi.gc(subset, harfbuzz.hb_face_destroy)
    blob = harfbuzz.hb_face_reference_table(subset, harfbuzz.hb_tag_from_string(b"CFF ", -1))
    try:
        length = ffi.new("unsigned int *")
        data = harfbuzz.hb_blob_get_data(blob, length)
        return b"" if data == ffi.NULL else bytes(ffi.buffer(ffi.cast("char *", data), length[0]))
    finally:
        harfbuzz.hb_blob_destroy(blob)


def _fill(target: Any, values: list[int]) -> None:
    harfbuzz.hb_set_add_sorted_array(target, ffi.new(f"hb_codepoint_t[{len(values)}]", values), len(values))


def _is_cid_keyed(cff: bytes) -> bool:
    """Return whether the first operator of the Top DICT is ROS (Adobe Technical Note 5176, 18)."""
    if len(cff) < 4:
        return False
    start = _index_end(cff, cff[2])
    offset_size = cff[start + 2]
    top_dict = start + 3 + 2 * offset_size
    # Three operands of at most five bytes stand before the operator.
    return _ROS_OPERATOR in cff[top_dict : top_dict + 17]


def _index_end(cff: bytes, start: int) -> int:
    """Return the position after the INDEX structure at `start` (Adobe Technical Note 5176, 5)."""
    count = int.from_bytes(cff[start : start + 2], "big")
    if count == 0:
        return start + 2
    size = cff[start + 2]
    last = start + 3 + count * size
    return last + size - 1 + int.from_bytes(cff[last : last + size], "big")
