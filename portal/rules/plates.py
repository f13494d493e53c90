"""Number plates of motor vehicles in China (GA 36-2018), as they are compared and shown (AR-30)."""

from __future__ import annotations

import re
import unicodedata

from portal.rules.message import Refusal

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTER = "A-HJ-NP-Z"
_PLACE = f"[{PROVINCES}][{_LETTER}]"
_FORMS = tuple(
    re.compile(form)
    for form in (
        # Usual ones; trailers, learners, police and those for Hong Kong and Macao have their character at the end.
        rf"{_PLACE}(?=(?:\D*\d){{2}})[{_LETTER}\d]{{5}}",
        rf"{_PLACE}[{_LETTER}\d]{{4}}[挂学警港澳试超]",
        # New energy: small ones have D, A, B, C, E (electric only) or F, G, H, J, K after the place, large ones at the end.
        rf"{_PLACE}[A-HJK][{_LETTER}\d]\d{{4}}",
        rf"{_PLACE}\d{{5}}[A-HJK]",
        rf"{_PLACE}\d{{4}}领",
        r"使\d{6}",
        rf"[{PROVINCES}]X\d{{4}}应急",
        rf"WJ[{PROVINCES}]?\d{{4}}[\dXBTSHJD]",
        r"[A-Z]{2}\d{5}",
    )
)


def normalise_plate(text: str) -> str:
    """Return a plate as it is stored: half-width, capitals, without dots, hyphens and spaces: 粤B12345, 粤BD12345 (AR-30).

    Known are usual plates, new-energy ones of eight characters, police, learners', trailers', Hong Kong and Macao ones, embassies' and
    consulates', emergency services', armed police and army. Raises `Refusal` for what is none of them.
    """
    plate = re.sub(r"[\s·.\-—–_•・]", "", unicodedata.normalize("NFKC", text)).upper()
    if not any(form.fullmatch(plate) for form in _FORMS):
        raise Refusal("%(typed)s is not a number plate such as 粤B12345, or 粤BD12345 of a new-energy car.", typed=text[:40])
    return plate
