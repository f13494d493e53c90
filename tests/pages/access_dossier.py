"""Rows of the dossier: documents, their files and pages, binders."""

from __future__ import annotations

from datetime import date
from typing import Any

from portal.database import db
from portal.models.binder import Binder
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.staff import Staff
from tests import factories
from tests.access import Row, everyone
from tests.rules.test_file_content import pdf


def _document() -> dict[str, Any]:
    customer, rep = factories.customer("rep1"), Staff.by_account("rep1")
    assert rep is not None
    values = {"kind": "company", "title": "营业执照", "dated_on": date(2026, 3, 5)}
    document = ArchiveDocument.file(customer, values, Upload.of(pdf(), "执照.pdf"), by=rep)
    db.session.commit()
    return {"customer": customer.id, "document": document.id}


def _binder() -> dict[str, Any]:
    customer, rep = factories.customer("rep1"), Staff.by_account("rep1")
    assert rep is not None
    binder = Binder.add(customer, {}, by=rep)
    db.session.commit()
    return {"binder": binder.id}


_SAVED = {"owner": 303, "supervisor": 303, "manager": 303}
_REFUSED = {"owner": 422, "supervisor": 422, "manager": 422}
_FILED = {"kind": "contact", "title": "名片", "dated_on": "2026-03-05", "on_paper": "y"}

ROWS = [
    everyone("archive.documents", "/documents"),
    everyone("archive.documents_file", "/documents/file?format=csv"),
    Row("archive.dossier", "/customers/{customer}/dossier"),
    Row("archive.document_new", "/customers/{customer}/dossier/documents/new"),
    Row("archive.document_new", "/customers/{customer}/dossier/documents/new", "POST", data=_FILED, **_SAVED),
    Row("archive.document", "/documents/{document}", prepare=_document),
    Row("archive.document_edit", "/documents/{document}/edit", prepare=_document),
    Row("archive.document_edit", "/documents/{document}/edit", "POST", prepare=_document, data={"title": ""}, **_REFUSED),
    Row("archive.document_version", "/documents/{document}/versions", "POST", prepare=_document, data={"note": ""}, **_REFUSED),
    Row("archive.document_removal", "/documents/{document}/removal", prepare=_document, owner=403),
    Row(
        "archive.document_removal",
        "/documents/{document}/removal",
        "POST",
        prepare=_document,
        data={"reason": ""},
        owner=403,
        supervisor=422,
        manager=422,
    ),
    Row("archive.document_file", "/documents/{document}/versions/1/file", prepare=_document),
    Row("archive.document_page", "/documents/{document}/versions/1/pages/1", prepare=_document),
    Row("archive.document_thumbnail", "/documents/{document}/versions/1/thumbnail", prepare=_document),
    Row("archive.binder_new", "/customers/{customer}/binders/new"),
    Row("archive.binder_new", "/customers/{customer}/binders/new", "POST", data={"width_mm": "40"}, **_SAVED),
    Row("archive.binder_edit", "/binders/{binder}/edit", prepare=_binder),
    Row("archive.binder_edit", "/binders/{binder}/edit", "POST", prepare=_binder, data={"width_mm": "35"}, **_REFUSED),
]
