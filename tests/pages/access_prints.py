"""Rows of previews, prints, codes and lists."""

from __future__ import annotations

import io
from typing import Any

from tests import factories
from tests.access import Row, everyone

_HIDDEN = {"owner": 404, "colleague": 404, "stranger": 404, "supervisor": 404, "other_supervisor": 404, "manager": 404}


def _approval() -> dict[str, Any]:
    from PIL import Image

    from portal.database import db
    from portal.models.attachment import Attachment
    from tests.approving import APPROVE, REVIEW, person, sign, submitted

    buffer = io.BytesIO()
    Image.new("RGBA", (40, 20)).save(buffer, "PNG")
    picture = Attachment.keep(buffer.getvalue(), filename="s.png", media_type="image/png", purpose="signature", by=person("sup1"))
    db.session.flush()
    person("sup1").signature_id = picture.id
    approval = submitted(REVIEW, APPROVE)
    return {"approval": approval.id, "signature": sign(approval, "sup1").id, "record": approval.record_id}


def _printed() -> dict[str, Any]:
    from portal.printing.papers import PRINTABLES, paper_of
    from tests.models.test_sheet import give

    return {"code": give(paper_of(PRINTABLES["customer_card"], factories.customer("rep1"))).code}


def _job() -> dict[str, Any]:
    from portal.database import db
    from portal.models.register_query import RegisterQuery
    from portal.printing.lists import LISTS, queue
    from tests.approving import person

    job = queue(LISTS["customer_register"], RegisterQuery(), "zh", by=person("rep1"))
    db.session.commit()
    return {"job": job.id}


def _file() -> dict[str, Any]:
    from portal.database import db
    from portal.models.attachment import Attachment
    from portal.models.sheet import PrintedSheet
    from tests.approving import person

    found = _printed()
    file = Attachment.keep(b"%PDF-1.7", filename="x.pdf", media_type="application/pdf", purpose="print", by=person("rep1"))
    db.session.flush()
    db.session.query(PrintedSheet).filter_by(code=found["code"]).one().file_id = file.id
    db.session.commit()
    return found


_OWN_JOB = {"supervisor": 404, "manager": 404}

ROWS = [
    everyone("prints.index", "/prints"),
    Row("prints.record", "/prints/customer_card/{customer}"),
    Row("prints.print_record", "/prints/customer_status/{customer}", "POST"),
    Row("prints.record", "/prints/credit_change/{record}", prepare=_approval),
    Row("prints.record", "/prints/other/{customer}", **_HIDDEN),
    everyone("prints.blank", "/prints/investigation/blank"),
    everyone("prints.print_blank", "/prints/customer_status/blank", "POST"),
    Row("prints.approval_round", "/prints/approvals/{approval}/1", prepare=_approval),
    Row("prints.approval_round", "/prints/approvals/{approval}/2", prepare=_approval, **_HIDDEN),
    Row("prints.print_approval_round", "/prints/approvals/{approval}/1", "POST", prepare=_approval),
    Row("prints.signature_picture", "/prints/approvals/{approval}/signatures/{signature}", prepare=_approval),
    Row("prints.signature_picture", "/prints/approvals/{approval}/signatures/999", prepare=_approval, **_HIDDEN),
    everyone("prints.code", "/v"),
    Row("prints.verification", "/v/{code}", prepare=_printed),
    Row("prints.verification", "/v/nonsense", **_HIDDEN),
    everyone("prints.list_preview", "/prints/lists/customer_register"),
    Row("prints.print_list", "/prints/lists/contact_list", "POST", colleague=422, stranger=422, other_supervisor=422),
    Row("prints.list_job", "/prints/jobs/{job}", prepare=_job, **_OWN_JOB),
    everyone("prints.seal_verification", "/seal-verification"),
    everyone("prints.verify_seal", "/seal-verification", "POST", 422),
    Row("prints.list_file", "/prints/files/{code}", prepare=_file),
]
