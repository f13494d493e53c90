"""What is read and fetched stands in the log, from whatever page; files keep to the scope of their reader (RO-1, RO-7)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from portal.database import db
from portal.exchange import exporting
from portal.models.audit import AuditEvent
from portal.models.job import Job
from portal.models.staff import Staff
from portal.printing import lists
from tests import factories
from tests.approving import person, submitted
from tests.lending import approval_of, asked


def looks(customer_id: int) -> int:
    query = select(AuditEvent.id).where(AuditEvent.action == "customer-viewed", AuditEvent.customer_id == customer_id)
    return len(db.session.scalars(query).all())


@pytest.mark.parametrize(
    "address",
    [
        "/customers/{0}",
        "/customers/{0}/edit",
        "/customers/{0}/history",
        "/customers/{0}/timeline",
        "/customers/{0}/credit-changes",
        "/prints/customer_card/{0}",
        "/customers/{0}/contacts/{1}/edit",
        "/customers/{0}/merge/{2}",
    ],
)
def test_a_dossier_that_is_read_on_any_page_is_a_look(address: str, as_: Any) -> None:
    customer = factories.customer()
    contact, other = factories.contact(customer), factories.customer()
    browser = as_("sup1")
    assert browser.get(address.format(customer.id, contact.id, other.id)).status_code == 200
    assert browser.get(f"/customers/{customer.id}").status_code == 200
    assert looks(customer.id) == 1


def test_the_page_of_an_approval_is_a_look_at_its_customer(as_: Any) -> None:
    approval = submitted()
    assert as_("mgr1").get(f"/approvals/{approval.id}").status_code == 200
    assert looks(approval.customer_id) == 1


def test_who_asks_for_a_dossier_has_not_looked_at_it(as_: Any) -> None:
    loan = asked(factories.customer("rep1"))
    loan.submit(by=person("rep3"))
    db.session.commit()
    for address in (f"/loans/{loan.id}", f"/approvals/{approval_of(loan).id}", f"/prints/loan/{loan.id}"):
        assert as_("rep3").get(address).status_code == 200
    assert looks(loan.customer_id) == 0


def changed_role(account: str) -> None:
    staff = person(account)
    staff.role, staff.team_id = "rep", db.session.scalar(select(Staff.team_id).where(Staff.account == "rep1"))
    db.session.commit()


def test_a_file_made_as_manager_is_not_handed_out_to_the_rep_that_one_became(as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.customer("rep3")
    monkeypatch.setattr(exporting, "DIRECT", 0)
    browser = as_("mgr2")
    page = browser.post("/customers/export", data={"format": "xlsx", "columns": "list"})
    assert browser.get(f"{page.location}/file").status_code == 200
    changed_role("mgr2")
    assert browser.get(f"{page.location}/file").status_code == 404


def test_a_printed_list_too_and_each_download_is_logged(as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.customer("rep3")
    monkeypatch.setattr(lists, "AT_ONCE", 0)
    browser = as_("mgr2")
    browser.post("/prints/lists/customer_register", data={"language": "zh"})
    code = db.session.scalars(select(Job).where(Job.kind == lists.KIND)).one().result["code"]
    assert browser.get(f"/prints/files/{code}").status_code == 200
    logged = select(AuditEvent).where(AuditEvent.action == "downloaded", AuditEvent.record_type == "PrintedSheet")
    assert db.session.scalars(logged).one().actor_name == person("mgr2").name
    changed_role("mgr2")
    assert browser.get(f"/prints/files/{code}").status_code == 404
