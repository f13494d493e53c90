"""A nineteenth register is a declaration and nothing else: list, form, checks, history, removal, prints, import, export follow (AR-31)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.exchange.reading import open_table
from portal.models.import_run import ImportRun
from portal.models.register_entry import RegisterEntry
from portal.models.sheet import PrintedSheet
from portal.models.standard import set_value
from portal.registers import OfficeRegister
from tests import factories
from tests.registers.samples import nineteenth

TYPED = {"found_on": "2026-03-05", "thing": "雨伞", "label": "L-1", "kind": "bag", "worth": "1,200.5", "kept_until": "2026-09-05"}


@pytest.fixture
def lost(app: Any) -> Iterator[OfficeRegister]:
    with nineteenth() as register:
        yield register


def test_everything_follows_from_the_declaration(lost: OfficeRegister, as_: Any, staff: Any) -> None:
    browser, customer = as_("rep1"), factories.customer("rep1")
    assert "Lost property" in browser.get("/registers").get_data(as_text=True)
    assert browser.get("/registers/lost-property").status_code == 200
    assert f'value="{customer.number} ' in browser.get(f"/registers/lost-property/new?customer={customer.id}").get_data(as_text=True)

    # checks: required, cross-field, own kinds; several at once
    assert browser.post("/registers/lost-property/new", data={"customer": customer.number}).status_code == 422
    wrong = browser.post("/registers/lost-property/new", data={**TYPED, "customer": customer.number, "kept_until": "2026-03-01"})
    assert wrong.status_code == 422
    assert "早于" in wrong.get_data(as_text=True)

    # entering, uniqueness, list, customer's page, timeline
    where = browser.post("/registers/lost-property/new", data={**TYPED, "customer": customer.number}).location
    made = db.session.scalars(select(RegisterEntry)).one()
    assert made.number == f"31319-{clock.today().year}-0001"
    assert made.data["worth"] == "1200.50"
    again = browser.post("/registers/lost-property/new", data={**TYPED, "customer": customer.number})
    assert again.status_code == 422
    assert "已有相同" in again.get_data(as_text=True)
    assert "雨伞" in browser.get("/registers/lost-property?q=l-1").get_data(as_text=True)
    assert "雨伞" in browser.get(f"/customers/{customer.id}/registers").get_data(as_text=True)
    assert "雨伞" in browser.get(f"/customers/{customer.id}/timeline?only=registers").get_data(as_text=True)
    assert "1,200.50" in browser.get(where).get_data(as_text=True)

    # change, history, two at once
    page = browser.get(f"{where}/edit").get_data(as_text=True)
    version, base = (page.split(f'name="{name}" type="hidden" value="')[1].split('"')[0] for name in ("version", "base"))
    changed = {**TYPED, "thing": "黑雨伞", "version": version, "base": base.replace("&#34;", '"')}
    assert browser.post(f"{where}/edit", data=changed).status_code == 303
    assert "雨伞 → 黑雨伞" in browser.get(where).get_data(as_text=True)
    assert as_("sup1").post(f"{where}/edit", data={**changed, "thing": "蓝雨伞"}).status_code == 409

    # prints: one sheet, the empty form, the whole register, in three languages
    for language in ("zh", "en", "both"):
        assert browser.get(f"/prints/register_lost_property/{made.id}?language={language}").status_code == 200
        assert browser.get(f"/prints/register_lost_property/blank?language={language}").status_code == 200
        assert browser.get(f"/prints/lists/register_lost_property_list?language={language}").status_code == 200
    assert browser.post(f"/prints/register_lost_property/{made.id}", data={"language": "zh"}).mimetype == "application/pdf"
    assert browser.post("/prints/lists/register_lost_property_list", data={"language": "zh"}).mimetype == "application/pdf"
    code = db.session.scalars(select(PrintedSheet.code).where(PrintedSheet.record_type == "register_lost_property")).one()
    assert "L-1" in browser.get(f"/prints/register_lost_property/{made.id}").get_data(as_text=True)

    # out and in
    table = open_table(browser.get("/registers/lost-property/export/file?format=xlsx").get_data(), "x.xlsx")
    assert next(cells for _number, cells in table.rows(table.sheets[0], after=1))[4] == "黑雨伞"
    file = f"客户编号,Found on,Thing,Label of the thing\n{customer.number},2026-03-06,钥匙,L-2\n"
    data = {"what": "both", "file": (io.BytesIO(file.encode()), "f.csv")}
    run = browser.post("/imports?table=register:lost-property", data=data, content_type="multipart/form-data").location
    columns = {f"column-{index}": name for index, name in db.session.scalars(select(ImportRun)).one().mapping.items()}
    browser.post(f"{run}/columns", data={**columns, "reason": "x", "effective_on": "2026-03-05"})
    browser.post(f"{run}/start", data={"mode": "all"})
    assert "钥匙" in browser.get("/registers/lost-property").get_data(as_text=True)

    # removal with a reason: gone from the list, readable, its print no longer valid
    assert browser.post(f"{where}/removal", data={"reason": ""}).status_code == 422
    assert browser.post(f"{where}/removal", data={"reason": "登记有误"}).status_code == 303
    assert "黑雨伞" not in browser.get("/registers/lost-property").get_data(as_text=True)
    assert "<s>黑雨伞</s>" in browser.get("/registers/lost-property?state=removed").get_data(as_text=True)
    assert "登记有误" in browser.get(where).get_data(as_text=True)
    assert "登记有误" in browser.get(f"/customers/{customer.id}/timeline").get_data(as_text=True)
    assert "作废" in browser.get(f"/v/{code}").get_data(as_text=True) or "不再有效" in browser.get(f"/v/{code}").get_data(as_text=True)

    # switched off: not offered; managers read, prints stay verifiable
    set_value(lost.switch, False, from_date=clock.today(), by=staff["mgr1"], reason="不用")
    db.session.commit()
    assert "Lost property" not in browser.get("/registers").get_data(as_text=True)
    assert browser.get("/registers/lost-property").status_code == 404
    assert browser.get(where).status_code == 404
    assert as_("mgr1").get(where).status_code == 200
    assert browser.get(f"/v/{code}").status_code == 200
    assert "register_lost_property" not in browser.get("/prints").get_data(as_text=True)
