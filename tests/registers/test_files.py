"""Office registers out to files and in again (AR-31, AR-40, AR-41)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import func, select

from portal import clock, jobs
from portal.database import db
from portal.dossier_count import count_dossiers
from portal.exchange.reading import open_table
from portal.exchange.register_table import PREFIX, entry_table
from portal.exchange.taking_back import obstacles
from portal.models.audit import AuditEvent
from portal.models.customer import Customer
from portal.models.import_run import AS_ENTRIES, ImportRow, ImportRun
from portal.models.register_entry import RegisterEntry
from portal.models.staff import Staff
from portal.models.standard import set_value
from portal.registers import REGISTERS
from portal.rules.message import Refusal
from tests import factories
from tests.disposing import approved, destroyed, old, past
from tests.models.test_import import done as import_customers
from tests.registers.samples import entry

PERMITS = REGISTERS["parking-permits"]
HEADS = "客户,停车证号,停车证类别,车牌号,生效日期,有效期至,发放人"


def checked(text: str, account: str = "rep1", *, what: str = "both", code: str = "parking-permits") -> ImportRun:
    by = Staff.by_account(account)
    assert by is not None
    run = ImportRun.begin(text.encode(), "证.csv", by=by, what=what, as_state=AS_ENTRIES, table_name=PREFIX + code)
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    mapping = {int(index): name for index, name in run.mapping.items()}
    run.match(mapping, kept_for="", reason="旧台账", effective_on=run.effective_on, columns=entry_table(REGISTERS[code]))
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    return run


def done(text: str, account: str = "rep1", *, mode: str = "good", **options: str) -> ImportRun:
    run = checked(text, account, **options)
    run.start(by=run.staff, mode=mode, skip_duplicates=False)
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    return run


def reasons(run: ImportRun) -> dict[int, list[str]]:
    return {row.row: [str(message) for _column, _value, message in row.messages] for row in run.problem_rows("refused")}


def entries() -> list[RegisterEntry]:
    return list(db.session.scalars(select(RegisterEntry).order_by(RegisterEntry.id)))


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("mode", ["good", "all"])
def test_rows_become_entries_of_their_customers(mode: str) -> None:
    one = factories.customer("rep1", full_name="深圳甲乙有限公司", name_key="甲乙", credit_code="91440300MA5DA1234X")
    rows = f"{one.number},P-1,月保,粤B12345,2026-03-05,2026年12月31日,赵一鸣\n"
    rows += "91440300MA5DA1234X,P-2,visitor,粤bd12345,2026/3/5,2026.12.31,赵一鸣\n"
    run = done(f"{HEADS}\n{rows}", mode=mode)
    assert run.state == "done", run.job and run.job.error
    first, second = entries()
    assert (first.customer_id, first.data["kind"], second.data["plate"], second.state) == (one.id, "monthly", "粤BD12345", "kept")
    assert first.number != second.number
    assert first.version == 1
    logged = db.session.scalars(select(AuditEvent).where(AuditEvent.record_type == "RegisterEntry")).all()
    assert [(event.action, event.customer_id, event.data["register"]) for event in logged] == [("added", one.id, "parking-permits")] * 2


@pytest.mark.usefixtures("app")
def test_an_erased_card_leaves_nothing_of_itself_in_imports_and_takes_no_entry() -> None:
    one = factories.customer("rep1", full_name="甲乙有限公司", name_key="甲乙", telephone="0755-88880000")
    by = Staff.by_account("sup1")
    assert by is not None
    import_customers("客户名称,电话\n甲乙有限公司,0755-88889999\n", by)
    made = entry(customer=one, permit_number="P-1")
    done(f"登记编号,颜色\n{made.number},白\n")
    assert sorted(row.customer_id for row in db.session.scalars(select(ImportRow))) == [one.id, one.id]
    destroyed(approved(old(past(one))))
    assert db.session.scalar(select(func.count()).select_from(ImportRow)) == 0
    with pytest.raises(Refusal, match="the card erased"):
        entry(customer=one, permit_number="P-2")
    run = checked(f"{HEADS}\n{one.number},P-3,月保,粤B12345,2026-03-05,2026-12-31,赵一鸣\n", "sup1")
    assert "the card erased" in reasons(run)[2][0]


@pytest.mark.usefixtures("app")
def test_amounts_of_a_register_are_counted_as_their_heads_say() -> None:
    one = factories.customer("rep1")
    heads = "客户,车位号,租售类别,价格（万元）,起始日期"
    run = done(f"{heads}\n{one.number},A-01,出售,18.5,2026-03-05\n", code="parking-spaces")
    assert [entry.data["price"] for entry in entries()] == ["185000.00"], (run.mapping, reasons(run))


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("mode", ["good", "all"])
def test_an_import_and_its_taking_back_change_what_dossiers_lack(mode: str) -> None:
    by = Staff.by_account("mgr1")
    assert by is not None
    customer = factories.customer("rep1", nature="ordinary")
    rule = {"code": PERMITS.switch, "retention": "", "required": ["ordinary"]}
    set_value("dossier.rules", [rule], by=by, reason="须登记停车证")
    db.session.commit()

    def missing() -> int | None:
        count_dossiers()
        return db.session.scalar(select(Customer.__table__.c.documents_missing).where(Customer.id == customer.id))

    assert missing() == 1
    run = done(f"{HEADS}\n{customer.number},P-100,monthly,粤B12345,2026-03-05,2027-03-04,赵一鸣\n", mode=mode)
    assert missing() == 0
    run.take_back(by=run.staff)
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    assert missing() == 1


@pytest.mark.usefixtures("app")
def test_the_same_file_twice_adds_nothing() -> None:
    one = factories.customer("rep1")
    text = f"{HEADS}\n{one.number},P-1,月保,粤B12345,2026-03-05,2026-12-31,赵一鸣\n"
    done(text)
    assert checked(text).counts == {**checked(text).counts, "new": 0, "update": 0, "unchanged": 1}
    meters = f"客户,单元（房号）,交接类别,抄表日期,水表新底数（m³）,抄表人,见证人\n{one.number},甲-1,迁入,2026-03-05,12.5,赵,钱\n"
    done(meters, code="meter-readings")
    assert checked(meters, code="meter-readings").counts["unchanged"] == 1  # nothing in it is unique


@pytest.mark.usefixtures("app")
def test_bad_rows_say_why() -> None:
    mine, theirs = factories.customer("rep1"), factories.customer("rep3")
    entry(permit_number="P-9")
    good = "月保,粤B12345,2026-03-05,2026-12-31,赵"
    lines = [
        f"{theirs.number},P-1,{good}",
        f"{mine.number},P-2,月保,1234,2026-03-05,2026-12-31,赵",
        f"{mine.number},P-3,月保,粤B12345,2026-03-05,2026-03-04,赵",
        f"{mine.number},,{good}",
        f"{mine.number},P-9,{good}",
        f"{mine.number},P-4,{good}",
        f"{mine.number},P-4,访客,粤B12345,2026-03-05,2026-12-31,赵",
        f"{mine.number},P-4,{good}",
        f",P-5,{good}",
    ]
    run = checked(HEADS + "\n" + "\n".join(lines))
    assert (run.counts["new"], run.counts["unchanged"], run.counts["refused"]) == (1, 1, 7)
    said = reasons(run)
    assert set(said) == {2, 3, 4, 5, 6, 8, 10}
    assert "No customer you see" in said[2][0]
    assert "number plate" in said[3][0]
    assert "lies before" in said[4][0]
    assert "already" in said[6][0]
    assert "row 7" in said[8][0]
    assert "Choose the customer" in said[10][0]


@pytest.mark.usefixtures("app")
def test_changes_by_number_and_taking_back() -> None:
    made = entry(permit_number="P-1", colour="黑")
    fresh = factories.customer("rep1")
    text = f"登记编号,客户编号,停车证号,停车证类别,车牌号,颜色,生效日期,有效期至,发放人\n{made.number},,,,,白,,,\n"
    text += f",{fresh.number},P-2,月保,粤B12345,红,2026-03-05,2026-12-31,赵\n"
    run = done(text)
    assert (run.counts["created"], run.counts["changed"]) == (1, 1)
    db.session.refresh(made)
    assert (made.data["colour"], made.data["plate"], made.version) == ("白", "粤BD12345", 2)
    assert obstacles(run) == []
    run.take_back(by=run.staff)
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    db.session.expire_all()
    assert [(one.title, one.data["colour"]) for one in entries()] == [("P-1", "黑")]
    assert run.state == "taken-back"


@pytest.mark.usefixtures("app")
def test_what_was_changed_since_is_not_taken_back() -> None:
    one = factories.customer("rep1")
    run = done(f"{HEADS}\n{one.number},P-1,月保,粤B12345,2026-03-05,2026-12-31,赵一鸣\n")
    entries()[0].change({"colour": "白"}, by=run.staff)
    db.session.commit()
    assert [obstacle.customer_id for obstacle in obstacles(run)] == [one.id]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_number_that_another_entry_was_given_since_is_not_taken_back(when: str) -> None:
    one = factories.customer("rep1")
    made = entry(permit_number="P-1")
    run = done(f"登记编号,停车证号\n{made.number},P-9\n")
    if when == "meanwhile":
        run.take_back(by=run.staff)
    done(f"{HEADS}\n{one.number},P-1,月保,粤B12345,2026-03-05,2026-12-31,赵一鸣\n")
    if when == "before":
        assert [str(obstacle.why)[:12] for obstacle in obstacles(run)] == ["what it had "]
        with pytest.raises(Refusal, match="cannot be taken back"):
            run.take_back(by=run.staff)
        return
    jobs.start(run.job)  # type: ignore[arg-type]
    db.session.expire_all()
    assert (run.state, run.counts["kept"], made.title) == ("taken-back", 1, "P-9")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("code", sorted(REGISTERS))
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_goes_out_comes_in_unchanged(as_: Any, code: str, ending: str) -> None:
    made = entry(code)
    browser = as_("rep1")
    answer = browser.get(f"/registers/{code}/export/file?format={ending}")
    content = answer.get_data()
    table = open_table(content, f"x.{ending}")
    assert len(list(table.rows(table.sheets[0], after=1))) == 1
    by = Staff.by_account("rep1")
    assert by is not None
    run = ImportRun.begin(content, f"x.{ending}", by=by, what="both", as_state=AS_ENTRIES, table_name=PREFIX + code)
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    mapping = {int(index): name for index, name in run.mapping.items()}
    assert len(mapping) == len(REGISTERS[code].fields) + 3, set(REGISTERS[code].by_name) - set(mapping.values())
    run.match(mapping, kept_for="", reason="x", effective_on=run.effective_on, columns=entry_table(REGISTERS[code]))
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    assert (run.counts["unchanged"], reasons(run)) == (1, {}), made.data


def test_the_pages_of_an_import_of_entries(as_: Any) -> None:
    browser, one = as_("rep1"), factories.customer("rep1")
    table = "?table=register:parking-permits"
    assert "停车证发放登记表" in browser.get("/imports" + table).get_data(as_text=True)
    assert browser.get("/imports?table=register:nonsense").status_code == 404
    assert browser.get("/imports/template.xlsx" + table).status_code == 200
    text = f"{HEADS}\n{one.number},P-1,月保,粤B12345,2026-03-05,2026-12-31,赵一鸣\n{one.number},P-2,月保,坏,2026-03-05,2026-12-31,赵一鸣\n"
    data = {"what": "both", "file": (io.BytesIO(text.encode()), "证.csv")}
    where = browser.post("/imports" + table, data=data, content_type="multipart/form-data").location
    assert "停车证号" in browser.get(where).get_data(as_text=True)
    run = db.session.scalars(select(ImportRun)).one()
    columns = {f"column-{index}": name for index, name in run.mapping.items()}
    assert browser.post(f"{where}/columns", data={**columns, "reason": "x", "effective_on": "2026-03-05"}).status_code == 303
    assert "坏" in browser.get(where).get_data(as_text=True)
    assert browser.post(f"{where}/start", data={"mode": "good"}).status_code == 303
    assert "/registers/parking-permits" in browser.get(where).get_data(as_text=True)
    assert browser.get(f"{where}/refused.xlsx").status_code == 200
    assert browser.post(f"{where}/withdrawal").status_code == 303
    assert browser.get(where).status_code == 200
    db.session.expire_all()
    assert entries() == []


def test_long_registers_are_exported_and_printed_in_the_background(as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.exchange.exporting.DIRECT", 1)
    monkeypatch.setattr("portal.printing.lists.AT_ONCE", 1)
    customer, browser = factories.customer("rep1"), as_("rep1")
    for number in range(2):
        entry(customer=customer, permit_number=f"P-{number}")
    where = browser.post("/registers/parking-permits/export", data={"format": "xlsx"}).location
    page = browser.get(where).get_data(as_text=True)
    assert "停车证发放登记表" in page
    table = open_table(browser.get(f"{where}/file").get_data(), "x.xlsx")
    assert len(list(table.rows(table.sheets[0], after=1))) == 2
    assert as_("rep2").get(where).status_code == 404
    where = browser.post("/prints/lists/register_parking_permits_list", data={"language": "en"}).location
    assert "/prints/files/" in browser.get(where).get_data(as_text=True)


def test_the_import_of_a_register_that_was_switched_off_can_be_seen_and_taken_back(as_: Any) -> None:
    one = factories.customer("rep1")
    run = done(f"{HEADS}\n{one.number},P-1,月保,粤B12345,2026-03-05,2026-12-31,赵一鸣\n")
    set_value(PERMITS.switch, False, from_date=clock.today(), by=Staff.by_account("mgr1"), reason="停用")
    db.session.commit()
    browser = as_("rep1")
    answer = browser.get(f"/imports/{run.id}")
    assert answer.status_code == 200
    assert "新客户导入为" not in answer.get_data(as_text=True), "a register has no new customers"
    assert browser.post(f"/imports/{run.id}/withdrawal").status_code == 303
    db.session.expire_all()
    assert entries() == []
