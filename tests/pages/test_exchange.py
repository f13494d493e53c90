"""Pages of imports and exports: a file goes the whole way in and comes out again (AR-40, AR-41)."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from portal.database import db
from portal.exchange import exporting
from portal.exchange.reading import open_table
from portal.models.audit import AuditEvent
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.import_run import ImportRun
from portal.models.job import Job
from portal.models.notice import Notice
from tests import factories

CSV = "客户名称,联系电话,成立日期\n进来客户有限公司,0755-88880001,2020-01-02\n坏行有限公司,,不是日期\n"
CHOICES = {"what": "both", "as_state": "prospect", "owner_id": "0"}
WHOLE = {"kept_for": "daily_contact", "reason": "客户.csv", "effective_on": "2026-03-05"}


def upload(browser, content: bytes = CSV.encode(), name: str = "客户.csv", **choices):
    return browser.post("/imports", data={**CHOICES, **choices, "file": (io.BytesIO(content), name)}, content_type="multipart/form-data")


def last() -> ImportRun:
    return db.session.scalars(select(ImportRun).order_by(ImportRun.id.desc())).first()


def test_the_whole_way(app, as_):
    browser = as_("rep1")
    answer = upload(browser)
    assert answer.status_code == 303
    where = answer.location
    page = browser.get(where).get_data(as_text=True)
    assert "进来客户有限公司" in page  # a first value of its column
    columns = {"column-0": "full_name", "column-1": "telephone", "column-2": "established_on", **WHOLE}
    assert browser.post(f"{where}/columns", data=columns).status_code == 303
    page = browser.get(where).get_data(as_text=True)
    assert "不是日期" in page
    assert browser.get(f"{where}/refused.xlsx").status_code == 200
    assert browser.post(f"{where}/start", data={"mode": "good"}).status_code == 303
    page = browser.get(where).get_data(as_text=True)
    assert f"import={last().id}" in page
    assert db.session.scalar(select(Customer.full_name)) == "进来客户有限公司"
    assert browser.post(f"{where}/withdrawal").status_code == 303
    assert browser.get(where).status_code == 200
    assert db.session.scalar(select(Customer.id)) is None
    assert "客户.csv" in browser.get("/imports").get_data(as_text=True)


def test_who_is_in_charge_can_be_chosen_where_every_row_was_refused_for_it(app, as_, staff):
    browser = as_("mgr1")
    where = upload(browser, "客户名称\n进来客户有限公司\n".encode()).location
    assert "以文件为准，否则为导入人" not in browser.get(where).get_data(as_text=True)  # a manager is in charge of nobody
    browser.post(f"{where}/columns", data={"column-0": "full_name", "owner_id": "0", **WHOLE})
    assert last().counts["refused"] == 1
    assert 'name="owner_id"' in browser.get(f"{where}?columns=1").get_data(as_text=True)
    browser.post(f"{where}/columns", data={"column-0": "full_name", "owner_id": str(staff["rep3"].id), **WHOLE})
    browser.post(f"{where}/start", data={"mode": "good"})
    assert db.session.scalar(select(Customer.owner_id)) == staff["rep3"].id


def test_nobody_is_given_customers_of_a_file_whom_the_importer_could_not_give_any(app, as_, staff):
    browser = as_("sup1")
    where = upload(browser).location
    columns = {"column-0": "full_name", "owner_id": str(staff["rep3"].id), **WHOLE}
    assert browser.post(f"{where}/columns", data=columns).status_code == 422
    assert last().owner_id is None


@pytest.mark.parametrize("account", ["rep1", "mgr1"])
def test_the_refused_rows_are_a_file_with_cells_and_reasons(app, as_, account):
    browser = as_("rep1")
    where = upload(browser).location
    browser.post(f"{where}/columns", data={"column-0": "full_name", "column-1": "telephone", "column-2": "established_on", **WHOLE})
    table = open_table(as_(account).get(f"{where}/refused.xlsx").get_data(), "x.xlsx")
    ((_, head), (_, row)) = table.rows()
    assert head[:3] == ["客户名称", "联系电话", "成立日期"]
    assert row[0] == "坏行有限公司"
    assert row[2] == "不是日期"
    assert row[3].startswith("成立日期：")


def test_the_check_leads_to_the_rows_that_are_to_be_looked_at(app, as_):
    browser = as_("rep1")
    where = upload(browser, "客户名称,信用代码\n甲公司,91440300MA5DA1234X\n".encode()).location
    browser.post(f"{where}/columns", data={"column-0": "full_name", "column-1": "credit_code", **WHOLE})
    link = re.search(r'href="([^"]*show=warning)"', browser.get(where).get_data(as_text=True))
    page = browser.get(link[1]).get_data(as_text=True)
    assert "请留意的行" in page
    assert ">91440300MA5DA1234X</span>" in page


def test_reasons_are_told_in_the_readers_language_to_the_last_word(app, as_):
    factories.customer("rep1", full_name="甲公司", name_key="甲公司", state="past")
    browser = as_("rep1")
    where = upload(browser, "客户名称\n甲公司\n".encode()).location
    browser.post(f"{where}/columns", data={"column-0": "full_name", **WHOLE})
    why = "与该客户的交易已结束，资料卡按原样保存。"
    assert why in browser.get(where).get_data(as_text=True)
    (_, (_, row)) = open_table(browser.get(f"{where}/refused.xlsx").get_data(), "x.xlsx").rows()
    assert row[1].endswith(why)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "a.csv"),
        (b"%PDF-1.7", "a.xlsx"),
        (b"\x00\x01\x02", "a.xls"),
        (b"PK\x03\x04 broken", "a.xlsx"),
        (b"<html><table>", "a.xls"),
    ],
)
def test_a_file_that_cannot_be_read_says_so_beside_the_field(app, as_, content, name):
    answer = upload(as_("rep1"), content, name)
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("content", "name"),
    [("客户名称\n".encode(), "a.csv"), (b"\n ,,\n", "a.csv"), (b"PK\x03\x04 broken PK\x05\x06" + bytes(18), "a.xlsx")],
)
def test_a_file_without_a_table_fails_in_words_when_it_is_read(app, as_, content, name):
    browser = as_("rep1")
    answer = upload(browser, content, name)
    page = browser.get(answer.location).get_data(as_text=True)
    assert last().state == "failed"
    assert last().job.error
    assert 'href="/imports"' in page
    assert browser.post(f"{answer.location}/columns", data=WHOLE).status_code in (409, 422)
    assert browser.post(f"{answer.location}/cancellation").status_code == 303


def test_a_rep_cannot_import_onto_the_register_nor_for_others(app, as_, staff):
    assert upload(as_("rep1"), as_state="active").status_code == 422
    assert upload(as_("rep1"), owner_id=str(staff["rep3"].id)).status_code == 422
    assert last() is None


def test_columns_that_cannot_be_keep_what_was_chosen(app, as_):
    browser = as_("rep1")
    where = upload(browser).location
    answer = browser.post(f"{where}/columns", data={"column-1": "telephone", **WHOLE})
    assert answer.status_code == 422
    assert '<option value="telephone" selected>' in answer.get_data(as_text=True)
    twice = browser.post(f"{where}/columns", data={"column-0": "telephone", "column-1": "telephone", **WHOLE}).get_data(as_text=True)
    assert "“电话”这一列被选择了两次" in twice
    assert last().state == "matched"


def test_several_sheets_are_chosen_from(app, as_, tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["客户名称"])
    book.active.append(["甲公司"])
    book.create_sheet("第二页").append(["客户名称"])
    book["第二页"].append(["乙公司"])
    file = io.BytesIO()
    book.save(file)
    browser = as_("rep1")
    where = upload(browser, file.getvalue(), "两页.xlsx").location
    assert "第二页" in browser.get(where).get_data(as_text=True)
    assert browser.post(f"{where}/sheet", data={"sheet": "第三页"}).status_code == 422
    assert browser.post(f"{where}/sheet", data={"sheet": "第二页"}).status_code == 303
    assert "乙公司" in browser.get(where).get_data(as_text=True)


def test_progress_is_a_fragment_for_htmx(app, as_):
    browser = as_("rep1")
    where = upload(browser).location
    run = last()
    run.state, run.job = "checking", Job(kind="import-check", state="running", done=5, total=10, staff_id=run.staff_id)
    db.session.commit()
    fragment = browser.get(where, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert fragment.lstrip().startswith('<div id="run" data-hx-get=')
    assert "5 / 10" in fragment


def test_the_template_has_heads_that_match_themselves(app, as_):
    content = as_("rep1").get("/imports/template.xlsx").get_data()
    table = open_table(content, "t.xlsx")
    ((_, heads),) = table.rows()
    assert upload(as_("rep1"), ("\t".join(heads) + "\n" + "\t".join(["甲公司"] * len(heads)) + "\n").encode(), "t.csv").status_code == 303
    assert len(last().mapping) == len(heads)


def rows_of(answer, name: str) -> list[list]:
    assert answer.status_code == 200, answer.status_code
    return [cells for _, cells in open_table(answer.get_data(), name).rows()]


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_the_list_goes_out_with_its_filters_and_scope(app, as_, ending):
    factories.customer("rep1", full_name="甲公司", grade="A")
    factories.customer("rep1", full_name="乙公司", grade="B")
    factories.customer("rep3", full_name="丙公司", grade="A")
    browser = as_("rep1")
    answer = browser.post("/customers/export?grade=A", data={"format": ending, "columns": "list"})
    assert answer.status_code == 303
    answer = browser.get(answer.location, buffered=True)
    assert answer.headers["Content-Disposition"].isascii()
    rows = rows_of(answer, f"a.{ending}")
    assert [row[1] for row in rows[1:]] == ["甲公司"]
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "exported")).one()
    assert (event.kind, event.data["rows"], event.data["filters"]) == ("export", 1, {"grade": "A"})


def test_the_whole_card_can_be_imported_again_unchanged(app, as_):
    factories.customer("rep1", full_name="甲公司", name_key="甲公司", city="深圳市", staff_count=5, nature="ordinary")
    browser = as_("rep1")
    content = browser.get("/customers/export/file?format=csv&columns=card").get_data()
    where = upload(browser, content, "out.csv").location
    run = last()
    columns = {f"column-{index}": name for index, name in run.mapping.items()}
    assert {"number", "full_name", "city", "staff_count", "nature", "owner"} <= set(columns.values())
    browser.post(f"{where}/columns", data={**columns, **WHOLE})
    run = last()
    assert (run.counts["unchanged"], run.counts["refused"]) == (1, 0)


def test_contacts_go_out_one_a_row(app, as_):
    customer = factories.customer("rep1", full_name="甲公司")
    factories.contact(customer, name="=张三")
    factories.contact(factories.customer("rep3"), name="李四")
    rows = rows_of(as_("rep1").get("/customers/export/file?format=csv&columns=contacts"), "a.csv")
    assert [row[:3] for row in rows[1:]] == [[customer.number, "甲公司", "=张三"]]
    raw = as_("rep1").get("/customers/export/file?format=csv&columns=contacts").get_data(as_text=True)
    assert "'=张三" in raw


def test_contacts_that_went_out_come_in_again_with_all_that_is_kept_of_them(app, as_):
    customer = factories.customer("rep1", full_name="甲公司")
    contact = factories.contact(customer, name="张三", preferred_way="phone", frequency="monthly", decides=True, kept_for="daily_contact")
    browser = as_("rep1")
    content = browser.get("/customers/export/file?format=csv&columns=contacts").get_data()
    heads, row = (cells for _, cells in open_table(content, "out.csv").rows())
    assert "联系人联系频率" in heads
    assert not [head for head in heads if "_" in head]
    where = upload(browser, content, "out.csv").location
    columns = {f"column-{index}": name for index, name in last().mapping.items()}
    assert len(columns) == len(heads)
    browser.post(f"{where}/columns", data={**columns, **WHOLE})
    assert (last().counts["unchanged"], last().counts["refused"]) == (1, 0)
    row[heads.index("联系人联系频率")] = "每年"
    where = upload(browser, f"{','.join(heads)}\n{','.join(row)}".encode(), "again.csv").location
    browser.post(f"{where}/columns", data={**columns, **WHOLE})
    browser.post(f"{where}/start", data={"mode": "good"})
    assert db.session.get_one(Contact, contact.id).frequency == "yearly"


def test_a_large_spreadsheet_is_a_job_with_a_notice(app, as_, staff, monkeypatch):
    monkeypatch.setattr(exporting, "DIRECT", 0)
    factories.customer("rep1", full_name="甲公司")
    browser = as_("rep1")
    answer = browser.post("/customers/export", data={"format": "xlsx", "columns": "card"})
    assert answer.status_code == 303
    assert browser.get(answer.location).status_code == 200
    rows = rows_of(browser.get(f"{answer.location}/file"), "a.xlsx")
    assert rows[1][1] == "甲公司"
    notice = db.session.scalars(select(Notice).where(Notice.staff_id == staff["rep1"].id)).one()
    assert notice.link == answer.location.removeprefix("http://localhost")


@pytest.mark.parametrize("listed", ["customers", "registers/parking-permits", "sales/payments", "insights/abc", "reports", "requests"])
def test_the_page_of_a_file_leads_back_to_its_list(app, as_, monkeypatch, listed):
    monkeypatch.setattr(exporting, "DIRECT", -1)
    browser, (area, _, kind) = as_("mgr1"), listed.partition("/")
    address = f"/{area}/export/{kind}" if area in ("sales", "insights") else f"/{listed}/export"
    answer = browser.post(address, data={"format": "xlsx", "columns": "list"})
    where = re.search(r'<nav class="where".*?</nav>', browser.get(answer.location).get_data(as_text=True), re.DOTALL)
    assert f'href="/{listed}"' in where[0]


def test_chosen_customers_go_out_and_others_are_404(app, as_):
    mine, other = factories.customer("rep1", full_name="甲公司"), factories.customer("rep3")
    rows = rows_of(as_("rep1").post("/customers/export/selection", data={"ids": str(mine.id)}), "a.xlsx")
    assert [row[1] for row in rows[1:]] == ["甲公司"]
    assert as_("rep1").post("/customers/export/selection", data={"ids": [str(mine.id), str(other.id)]}).status_code == 404


def test_the_register_shows_what_an_import_has_made(app, as_):
    factories.customer("rep1", full_name="这次的公司", import_id=7)
    factories.customer("rep1", full_name="别次的公司", import_id=8)
    page = as_("rep1").get("/customers?import=7").get_data(as_text=True)
    assert "这次的公司" in page
    assert "别次的公司" not in page
    assert "/customers/export?import=7" in page


def test_the_register_names_the_file_of_an_import(app, as_):
    upload(as_("rep1"))
    address = f"/customers?import={last().id}"
    assert "客户.csv" in as_("rep1").get(address).get_data(as_text=True)
    assert "客户.csv" not in as_("rep2").get(address).get_data(as_text=True)  # a file of others stays a number
