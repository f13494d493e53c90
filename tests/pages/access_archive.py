"""Rows of a customer's pages: card, contacts, history, timeline, investigation."""

from __future__ import annotations

from typing import Any

from tests import factories
from tests.access import Row, everyone


def _prospect() -> dict[str, Any]:
    return {"customer": factories.customer("rep1", state="prospect").id}


def _contact() -> dict[str, Any]:
    customer = factories.customer("rep1")
    return {"customer": customer.id, "contact": factories.contact(customer).id}


def _rejected() -> dict[str, Any]:
    from portal.database import db
    from portal.models.investigation import Investigation
    from portal.models.staff import Staff

    customer = factories.customer("rep1", state="prospect")
    rep = Staff.by_account("rep1")
    assert rep is not None
    Investigation.begin(customer, {}, by=rep).outcome = "rejected"
    db.session.commit()
    return {"customer": customer.id}


_SAVED = {"owner": 303, "supervisor": 303, "manager": 303}
_REFUSED = {"owner": 422, "supervisor": 422, "manager": 422}

ROWS = [
    everyone("archive.customer_new", "/customers/new"),
    everyone("archive.customer_new", "/customers/new", "POST", 422, data={"full_name": ""}),
    Row("archive.customer", "/customers/{customer}"),
    Row("archive.customer_timeline", "/customers/{customer}/timeline"),
    Row("archive.personal_data_of", "/customers/{customer}/personal-data?name=李堃"),
    Row("archive.customer_history", "/customers/{customer}/history"),
    Row("archive.customer_edit", "/customers/{customer}/edit"),
    Row("archive.customer_edit", "/customers/{customer}/edit", "POST", data={"full_name": ""}, **_REFUSED),
    Row("archive.contact_new", "/customers/{customer}/contacts/new"),
    Row("archive.contact_new", "/customers/{customer}/contacts/new", "POST", data={"name": "李堃", "kept_for": "orders"}, **_SAVED),
    Row("archive.contact_edit", "/customers/{customer}/contacts/{contact}/edit", prepare=_contact),
    Row("archive.contact_edit", "/customers/{customer}/contacts/{contact}/edit", "POST", prepare=_contact, data={"name": ""}, **_REFUSED),
    Row("archive.contact_removal", "/customers/{customer}/contacts/{contact}/removal", prepare=_contact),
    Row(
        "archive.contact_removal",
        "/customers/{customer}/contacts/{contact}/removal",
        "POST",
        prepare=_contact,
        data={"reason": ""},
        **_REFUSED,
    ),
    Row("archive.investigation", "/customers/{customer}/investigation", prepare=_prospect),
    Row("archive.investigation_save", "/customers/{customer}/investigation", "POST", prepare=_prospect, data={"risks": "无"}, **_SAVED),
    Row("archive.investigation_submission", "/customers/{customer}/investigation/submission", "POST", prepare=_prospect, **_REFUSED),
    Row("archive.investigation_renewal", "/customers/{customer}/investigation/renewal", "POST", prepare=_rejected, **_SAVED),
]
