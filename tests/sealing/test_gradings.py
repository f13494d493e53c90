"""Sealed ledgers of gradings: a list of one lies in its customer's dossier, another list in none, and dossiers name its code (AP-7)."""

from __future__ import annotations

import io
from typing import Any

from flask import Flask
from pypdf import PdfReader

from portal import clock
from portal.database import db
from portal.models.dossier import ArchiveDocument
from portal.models.grading_list import codes_of
from portal.models.sealed_form import SealedForm
from portal.printing import filing
from tests import factories
from tests.grading import approved, opened, reviewed


def _filed(approval_id: int) -> SealedForm:
    form = filing.file_form(approval_id)
    db.session.commit()
    assert form is not None
    return form


def test_one_customer_has_it_in_the_dossier_and_several_have_its_code(sealing: Flask, as_: Any) -> None:
    customers = [factories.customer("rep1") for _one in range(3)]
    opened(clock.today().year)
    single = approved(reviewed(customers[0]))
    several = approved(reviewed(customers[1]), reviewed(customers[2]))
    forms = [_filed(single.id), _filed(several.id)]
    assert db.session.query(ArchiveDocument).one().customer_id == customers[0].id
    assert forms[1].document is None
    assert forms[1].file is not None
    page = PdfReader(io.BytesIO(forms[1].file.content())).pages[-1]
    width, height = (round(float(side) / 72 * 25.4) for side in (page.mediabox.width, page.mediabox.height))
    assert (width, height) == (420, 297)
    widget = next(one.get_object() for one in page["/Annots"] if one.get_object().get("/Subtype") == "/Widget")
    left, bottom, right, _top = (float(one) for one in widget["/Rect"])
    assert left > 0.36 * float(page.mediabox.width), "beside who printed it"
    assert right < 0.66 * float(page.mediabox.width), "and the code"
    assert bottom > 0
    code = codes_of([several.record_id])[several.record_id]
    shown = as_("rep1").get(f"/customers/{customers[1].id}/dossier").get_data(as_text=True)
    assert code in shown
