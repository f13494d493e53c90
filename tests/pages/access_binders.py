"""Rows of binders: the list, what lies in one, bound dossiers and binders."""

from __future__ import annotations

from datetime import date
from typing import Any

from portal import jobs
from portal.database import db
from portal.models.binder import Binder
from portal.models.dossier import ArchiveDocument
from portal.models.staff import Staff
from portal.printing import binder as binding
from portal.printing.binder_content import BINDER, Filing
from tests import factories
from tests.access import Row, everyone


def _binder() -> dict[str, Any]:
    customer, rep = factories.customer("rep1"), Staff.by_account("rep1")
    assert rep is not None
    binder = Binder.add(customer, {"shelf": "1-A-01"}, by=rep)
    values = {"kind": "company", "title": "营业执照", "dated_on": date(2026, 3, 5), "on_paper": True, "binder_id": binder.id}
    ArchiveDocument.file(customer, values, by=rep)
    db.session.commit()
    return {"binder": binder.id, "customer": customer.id}


def _bound() -> dict[str, Any]:
    ids, rep = _binder(), Staff.by_account("rep1")
    assert rep is not None
    job = binding.queue(BINDER, ids["binder"], "zh", Filing("赵一鸣"), by=rep)
    db.session.commit()
    jobs.start(job)
    db.session.refresh(job)
    return {"job": job.id, "code": job.result["code"]}


def _batch() -> dict[str, Any]:
    from portal.printing import batches

    rep, customer = Staff.by_account("rep1"), factories.customer("rep1")
    assert rep is not None
    job = batches.queue_records("customer_card", [customer.id], "zh", by=rep)
    db.session.commit()
    jobs.start(job)
    return {"job": job.id}


_BEGUN = {"owner": 303, "supervisor": 303, "manager": 303}
_OWN_JOB = {"supervisor": 404, "manager": 404}

ROWS = [
    everyone("archive.binders", "/binders"),
    Row("archive.binder", "/binders/{binder}", prepare=_binder),
    Row("prints.dossier", "/customers/{customer}/dossier/binding", prepare=_binder),
    Row("prints.bind_dossier", "/customers/{customer}/dossier/binding", "POST", prepare=_binder, **_BEGUN),
    Row("prints.binder", "/binders/{binder}/binding", prepare=_binder),
    Row("prints.bind_binder", "/binders/{binder}/binding", "POST", prepare=_binder, **_BEGUN),
    Row("prints.binding_job", "/prints/binding/{job}", prepare=_bound, **_OWN_JOB),
    Row("prints.bound_file", "/prints/binding/{code}/file", prepare=_bound),
    Row("prints.record", "/prints/box_list/{binder}", prepare=_binder),
    Row("prints.print_record", "/prints/box_list/{binder}", "POST", prepare=_binder),
    Row("prints.record", "/prints/binder_cover/{binder}", prepare=_binder, owner=303, supervisor=303, manager=303),
    Row("prints.batch_cards", "/customers/cards", "POST", data={"ids": "{customer}"}),
    everyone("prints.batches_page", "/prints/batches"),
    everyone("prints.batches_page", "/prints/batches", "POST", status=422),
    Row("prints.batch", "/prints/batches/{job}", prepare=_batch, **_OWN_JOB),
    Row("prints.batch_file", "/prints/batches/{job}/file", prepare=_batch, **_OWN_JOB),
    everyone("prints.list_preview", "/prints/lists/spine_labels?q=T"),
]
