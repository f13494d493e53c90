"""The site's seal on a finished form: a visible line in the place kept for it, and a signature over every byte of the file (AP-7).

The signature is PKCS#7 (ISO 32000-1, 12.8.3.3; ISO 19005-2, 6.4.3) and covers the whole file; whatever is changed or added
afterwards breaks it. The form is not certified, so that readers other than Acrobat show an ordinary signature. pyHanko is imported
only here, when a form is sealed: by the worker.
"""

from __future__ import annotations

import io
import tempfile
from datetime import datetime

from portal import clock
from portal.printing.catalogue import SHEETS
from portal.printing.labels import Language, Translator, html_lang
from portal.printing.order import Order
from portal.printing.own_thread import in_own_thread
from portal.printing.render import SEAL_PLACE_LANDSCAPE, SEAL_PLACE_LARGE, SEAL_PLACE_PORTRAIT, render_seal_html
from portal.printing.seal_keys import Key
from portal.rules.numbering import grouped_verification_code

FIELD = "Seal"
"""The signature field is named by this and the form's verification code, and the reason of the signature has the code too: a file says in
two places which form it claims to be, in letters that a PDF writes as they are."""
REASON = "Sealed form code "
_RESERVED = 2048
"""Bytes kept for the signature beside the certificates in it: 512 of a signature, attributes and structure."""


def seal_line(language: Language, translate: Translator, *, owner: str, code: str, moment: datetime) -> Order:
    """Return the order for the press of the visible line: whose seal, when, on which form."""
    said = {"owner": owner, "code": grouped_verification_code(code), "moment": f"{clock.local(moment):%Y-%m-%d %H:%M}"}
    html = render_seal_html(language, said, translate)
    return Order(html, lang=html_lang(language), title=FIELD, author=owner, created=clock.local(moment))


def place_of(sheet: str) -> tuple[float, float, float, float]:
    """Return where the line stands on the last page of a sheet: left, bottom, right, top in points."""
    declared = SHEETS[sheet]
    if declared.large:
        return SEAL_PLACE_LARGE
    return SEAL_PLACE_LANDSCAPE if declared.landscape else SEAL_PLACE_PORTRAIT


def seal(content: bytes, line: bytes, *, sheet: str, code: str, key: Key, description: str) -> bytes:
    """Return a finished PDF with the line on its last page and the signature over all of it.

    `description` is the alternative text of the line, for readers who do not see it.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.layout import AxisAlignment, SimpleBoxLayoutRule
    from pyhanko.sign import fields, signers
    from pyhanko.stamp import StaticStampStyle

    signer = signers.SimpleSigner.load_pkcs12_data(key.p12, other_certs=[], passphrase=key.passphrase)
    assert signer is not None  # noqa: S101 - `Place.key` has opened it
    assert signer.cert_registry is not None  # noqa: S101 - and has read its certificate
    certificates = sum(len(one.dump()) for one in signer.cert_registry)
    left, bottom, right, top = place_of(sheet)
    name = f"{FIELD}{code}"
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(_without_tags(line))
        file.flush()
        corner = SimpleBoxLayoutRule(x_align=AxisAlignment.ALIGN_MIN, y_align=AxisAlignment.ALIGN_MIN)
        style = StaticStampStyle.from_pdf_file(file.name, border_width=0, background_layout=corner)
        sealing = signers.PdfSigner(
            signers.PdfSignatureMetadata(field_name=name, md_algorithm="sha256", reason=f"{REASON}{code}", name=key.certificate.subject),
            signer,
            stamp_style=style,
            new_field_spec=fields.SigFieldSpec(
                name, on_page=-1, box=(round(left), round(bottom), round(right), round(top)), readable_field_name=description
            ),
        )
        writer = IncrementalPdfFileWriter(io.BytesIO(content))
        sealed = in_own_thread(lambda: sealing.sign_pdf(writer, bytes_reserved=2 * (_RESERVED + certificates)))
    return bytes(sealed.getvalue())


def _without_tags(line: bytes) -> bytes:
    """Return the line without marks of a structure that the form it goes onto does not have."""
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(line)) as pdf:
        kept = [one for one in pikepdf.parse_content_stream(pdf.pages[0]) if str(one.operator) not in ("BDC", "BMC", "EMC")]
        pdf.pages[0].Contents = pdf.make_stream(pikepdf.unparse_content_stream(kept))
        pdf.save(out)
    return out.getvalue()
