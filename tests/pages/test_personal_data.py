"""What is kept about one person, for who asks for a copy of their data (PIPL)."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models import personal_data, strengthening
from portal.models.audit import AuditEvent
from portal.models.contact import Contact
from portal.models.request import ServiceRequest
from portal.models.staff import Staff
from portal.rules.message import Refusal
from portal.rules.reception import Visitor
from tests import factories, receiving
from tests.service import requesting


def text_of(response):
    assert response.status_code == 200
    return response.get_data(as_text=True)


@pytest.fixture
def customer(staff):
    found = factories.customer("rep1", full_name="华运机电有限公司")
    person = factories.contact(found, name="李𡒃", post="采购员", telephone="138 0000 1234", email="likun@example.com")
    factories.contact(found, name="王四", post="会计")
    requesting.taken(found, caller="李𡒃", telephone="0755-7654321", text="李𡒃请发报价单")
    person.change({"post": "采购经理"}, by=staff["rep1"])
    requesting.taken(found, caller="", telephone="", text="请改期")
    return found


def test_every_area_tells_where_the_person_stands(customer, staff):
    found = personal_data.mentions(staff["rep1"], customer, "李𡒃")
    assert found[0].area == "Contact"
    assert {"Contact", "Service request", personal_data.LOG} <= {one.area for one in found}
    said = [text for one in found for _name, text in one.words]
    assert not {"name", "post"} & set(said), "fields of the log are named by their titles"
    assert {"采购经理", "138 0000 1234", "likun@example.com", "0755-7654321", "李𡒃请发报价单"} <= set(said)
    assert not [text for text in said if "王四" in text or "会计" in text or "请改期" in text]


def test_visitors_of_a_reception_are_found_with_what_stands_beside_them(customer, staff):
    guests = (Visitor("李𡒃", "华运机电有限公司", "采购经理"), Visitor("赵五", "华运机电有限公司", "司机"))
    receiving.drafted(customer, visitors=guests, count=2)
    (found,) = [one for one in personal_data.mentions(staff["rep1"], customer, "李𡒃") if one.area == "Reception"]
    said = [text for _name, text in found.words]
    assert "采购经理" in said
    assert not {"赵五", "司机"} & set(said)


def test_a_number_finds_the_places_where_no_name_stands(customer, staff):
    requesting.taken(customer, caller="", telephone="13800001234", text="催货")
    found = personal_data.mentions(staff["rep1"], customer, "李𡒃", "138 0000 1234")
    assert "13800001234" in [text for one in found for _name, text in one.words]


def test_places_lead_to_where_they_are_corrected(as_, customer, staff):
    """Each by the number of its record, also where a part of it names the person."""
    chief = strengthening.Person("general_manager", "李𡒃", "decides", "", None, "", None)
    strengthening.save(customer, [chief], by=staff["rep1"], version=0)
    customer.legal_representative = "李𡒃"
    guests = (Visitor("李𡒃", "华运机电有限公司", "采购经理"),)
    reception = receiving.drafted(customer, visitors=guests, count=1)
    db.session.commit()
    contact = db.session.scalars(select(Contact).where(Contact.name == "李𡒃")).one()
    page = text_of(as_("rep1").get(f"/customers/{customer.id}/personal-data?name=李𡒃"))
    for address in (
        f"/customers/{customer.id}", f"/customers/{customer.id}/contacts/{contact.id}/edit", f"/customers/{customer.id}/strengthening",
        f"/receptions/{reception.id}",
    ):  # fmt: skip
        assert f'<a href="{address}">' in page.partition("<main")[2].partition("<tbody>")[2], address
    assert "职务：总经理" in page
    assert "general_manager" not in page
    assert "1900-01-01" not in page


def test_a_short_name_is_refused(customer, staff):
    with pytest.raises(Refusal):
        personal_data.mentions(staff["rep1"], customer, " 李 ")


def test_who_does_not_see_a_record_does_not_find_it(customer, staff):
    other = factories.customer("rep3", full_name="别家有限公司")
    factories.contact(other, name="李𡒃", email="elsewhere@example.com")
    for account in ("rep1", "mgr1"):
        said = [text for one in personal_data.mentions(Staff.by_account(account), customer, "李𡒃") for _name, text in one.words]
        assert "elsewhere@example.com" not in said


def test_what_the_log_says_of_a_removed_contact_managers_alone_find(customer, staff):
    contact = db.session.scalars(select(Contact).where(Contact.name == "李𡒃")).one()
    contact.remove(by=staff["rep1"], reason="离职", effective_on=clock.today())
    db.session.commit()
    for account, told in (("rep1", False), ("sup1", False), ("mgr1", True)):
        areas = {one.area for one in personal_data.mentions(staff[account], customer, "李𡒃")}
        assert (personal_data.LOG in areas) is told, account
        assert "Service request" in areas


def test_the_page_asks_shows_and_is_logged(customer, as_):
    browser, page = as_("sup1"), f"/customers/{customer.id}/personal-data"
    assert page in text_of(browser.get(f"/customers/{customer.id}"))
    assert "王四" in text_of(browser.get(page)), "the contacts are offered"
    assert db.session.scalar(select(AuditEvent).where(AuditEvent.action == "personal-data-read")) is None
    shown = text_of(browser.get(f"{page}?name=李𡒃"))
    assert "likun@example.com" in shown
    assert "采购经理" in shown
    asked = db.session.scalars(select(ServiceRequest).where(ServiceRequest.caller == "李𡒃")).one()
    assert re.search(rf'<th scope="row"><a href="[^"]*/requests/{asked.id}">', shown), "each place leads to its record"
    logged = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "personal-data-read")).one()
    assert (logged.customer_id, logged.data["person"]) == (customer.id, "李𡒃")
    assert "没有赵六" in text_of(browser.get(f"{page}?name=赵六"))
    assert browser.get(f"{page}?name=李").status_code == 422


def test_the_copy_is_a_file(customer, as_):
    answer = as_("mgr1").get(f"/customers/{customer.id}/personal-data?name=李𡒃&format=xlsx")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    assert "likun@example.com" in "".join(str(cell.value) for row in sheet.rows for cell in row)
    assert db.session.scalar(select(AuditEvent).where(AuditEvent.kind == "export", AuditEvent.action == "exported")) is not None
