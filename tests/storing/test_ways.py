"""Everything that keeps, opens or removes a file goes through the store: the same with a folder and with a bucket."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.exchange import exporting
from portal.exchange.reading import open_table
from portal.exchange.tidying import KEPT_DAYS, remove_old
from portal.models.attachment import Attachment
from portal.models.dossier import ArchiveDocument
from portal.models.job import Job
from portal.models.sealed_form import SealedForm
from portal.models.sheet import PrintedSheet
from portal.models.signature_picture import keep_signature
from portal.printing import filing
from portal.printing.seal_reading import read
from portal.printing.seal_verdict import stored_problems
from portal.stores import Store
from tests import factories
from tests.approving import APPROVE, FINANCE, person, record_paper, sign, submitted
from tests.disposing import approved, destroyed, old, past
from tests.pages.test_dossier import FORM, address, files
from tests.pages.test_exchange import WHOLE, upload
from tests.printing.made import signature_picture
from tests.rules.test_file_content import pdf, picture
from tests.sealing.conftest import made, no_seal, sealing  # noqa: F401 - a site with a seal
from tests.stored import is_stored

SAFE = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


def test_a_document_is_filed_looked_at_handed_out_and_bound(kept_in: Store, as_: Any) -> None:
    rep, customer = as_("rep1"), factories.customer("rep1", nature="ordinary")
    scanned = picture()
    assert rep.post(address(customer), data={**FORM, **files((pdf(pages=2), "章程.pdf"), (scanned, "证件.png"))}).status_code == 303
    documents = list(db.session.scalars(select(ArchiveDocument).order_by(ArchiveDocument.id)))
    assert [is_stored(one.current.file) for one in documents] == [True, True]
    place = f"/documents/{documents[1].id}/versions/1"
    assert rep.get(f"{place}/thumbnail").data.startswith(b"\x89PNG")
    assert rep.get(f"/documents/{documents[0].id}/versions/1/pages/2").data.startswith(b"\x89PNG")

    whole = rep.get(f"{place}/file")
    assert (whole.status_code, whole.data, whole.content_length) == (200, scanned, len(scanned))
    assert {name: whole.headers[name] for name in SAFE} == SAFE
    assert whole.headers["Content-Disposition"].startswith("attachment")
    part = rep.get(f"{place}/file", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, scanned[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(scanned)}"
    assert {name: part.headers[name] for name in SAFE} == SAFE
    assert rep.get(f"{place}/file", headers={"Range": f"bytes={len(scanned)}-"}).status_code == 416
    head = rep.head(f"{place}/file")
    assert (head.data, head.content_length) == (b"", len(scanned))

    answer = rep.post(f"/customers/{customer.id}/dossier/binding", data={"filed_by": "赵一鸣", "language": "zh"})
    assert answer.status_code == 303
    printed = db.session.scalars(select(PrintedSheet).where(PrintedSheet.file_id.is_not(None))).one()
    content = rep.get(f"/prints/binding/{printed.code}/file").data
    assert len(PdfReader(io.BytesIO(content)).pages) == printed.pages


def test_a_file_that_is_lost_says_so(kept_in: Store, as_: Any) -> None:
    rep, customer = as_("rep1"), factories.customer("rep1", nature="ordinary")
    rep.post(address(customer), data={**FORM, **files((pdf(), "章程.pdf"))})
    document = db.session.scalars(select(ArchiveDocument)).one()
    kept_in.remove(document.current.file.sha256)
    assert rep.get(f"/documents/{document.id}/versions/1/file").status_code == 422


def test_an_import_is_read_and_its_refused_rows_are_handed_out(kept_in: Store, as_: Any) -> None:
    browser = as_("rep1")
    where = upload(browser).location
    columns = {"column-0": "full_name", "column-1": "telephone", "column-2": "established_on", **WHOLE}
    browser.post(f"{where}/columns", data=columns)
    answer = browser.get(f"{where}/refused.xlsx")
    assert {name: answer.headers[name] for name in SAFE} == SAFE
    rows = list(open_table(answer.data, "x.xlsx").rows())
    assert rows[1][1][0] == "坏行有限公司"


def test_an_export_is_handed_out_and_goes_after_its_days(kept_in: Store, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "DIRECT", 0)
    factories.customer("rep1", full_name="出去有限公司")
    browser = as_("rep1")
    where = browser.post("/customers/export", data={"format": "xlsx", "columns": "card"}).location
    assert "出去有限公司" in str(list(open_table(browser.get(f"{where}/file").data, "x.xlsx").rows()))
    file = db.session.scalars(select(Attachment)).one()
    file.uploaded_at, content = clock.now() - timedelta(days=KEPT_DAYS + 1), file.sha256
    db.session.commit()
    remove_old()
    assert db.session.scalar(select(Attachment.id)) is None
    assert not is_stored(content)


def test_scan_signature_and_sealed_form(kept_in: Store, sealing: Flask) -> None:  # noqa: F811
    keep_signature(person("mgr1"), signature_picture())
    db.session.commit()
    approval = submitted(APPROVE)
    sign(approval, "mgr1")
    filing.begin(approval)
    form = SealedForm.of(approval)
    assert form is not None
    assert form.file is not None, form.why
    content = form.file.sha256
    assert is_stored(content)
    assert list(stored_problems(filing.place(), read)) == []
    kept_in.remove(content)
    assert [problem.text for _form, problem in stored_problems(filing.place(), read)] == ["The stored file is gone."]


def test_a_scan_that_is_compared(kept_in: Store) -> None:
    given = record_paper(submitted(FINANCE))
    assert given.standing() == "valid"
    kept_in.remove(given.scan.sha256)
    assert given.standing() == "altered"


def test_destroyed_contents_go(kept_in: Store) -> None:
    one = old(past(), pages=1)
    content = one.current.file.sha256
    destroyed(approved(one))
    assert not is_stored(content)
    assert db.session.scalar(select(Job.id).where(Job.state == "failed")) is None
