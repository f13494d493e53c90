"""What an import makes of a file: rows judged, written, refused with reasons, taken back (AR-40)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from portal import jobs
from portal.database import StateConflict, db
from portal.dossier_count import count_dossiers
from portal.exchange import importing
from portal.exchange.customer_table import customer_table
from portal.exchange.taking_back import obstacles
from portal.i18n import in_language, translate
from portal.models.audit import AuditEvent
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState
from portal.models.dossier_completeness import completeness
from portal.models.duplicate_scan import DuplicatePair, DuplicateScan
from portal.models.import_run import ImportMapping, ImportRow, ImportRun
from portal.models.search_index import CustomerSearch
from portal.models.staff import Staff
from portal.rules.message import Refusal
from tests import factories


def run_of(
    text: str, by: Staff, *, what: str = "both", as_state: str = "prospect", owner: Staff | None = None, name: str = "客户.csv"
) -> ImportRun:
    """Return an import with its columns matched."""
    run = ImportRun.begin(text.encode(), name, by=by, what=what, as_state=as_state, owner=owner, today=dt.date(2026, 3, 5))
    db.session.commit()
    jobs.start(run.job)
    return run


def checked(text: str, by: Staff, **options) -> ImportRun:
    run = run_of(text, by, **options)
    mapping = {int(index): name for index, name in run.mapping.items()}
    run.match(mapping, kept_for="daily_contact", reason=run.reason, effective_on=run.effective_on, columns=customer_table())
    db.session.commit()
    jobs.start(run.job)
    assert not run.job.error, run.job.error
    return run


def done(text: str, by: Staff, *, mode: str = "good", skip_duplicates: bool = False, **options) -> ImportRun:
    run = checked(text, by, **options)
    run.start(by=by, mode=mode, skip_duplicates=skip_duplicates)
    db.session.commit()
    jobs.start(run.job)
    return run


def reasons(run: ImportRun) -> dict[int, list[str]]:
    return {row.row: [str(message) for _column, _value, message in row.messages] for row in run.problem_rows("refused")}


def counted(run: ImportRun, *names: str) -> tuple[int, ...]:
    return tuple(run.counts[name] for name in names)


def customers() -> list[Customer]:
    return list(db.session.scalars(select(Customer).order_by(Customer.id)))


FILE = """客户名称,统一社会信用代码,注册资本（万元）,成立日期,省份,联系电话,客户性质,联系人,联系人电话
深圳华安科技有限公司,91440300MA5DA1234X,500,2010年3月5日,广东,0755-88887777,普通企业,张三,13800000001
上海远东贸易有限公司,,"1,000",2011.3.5,上海,021-55556666,government,王五,
"""


def test_rows_become_customers_with_contacts_numbers_history_and_search(staff):
    run = done(FILE, staff["rep1"])
    assert counted(run, "created", "added_contacts", "refused") == (2, 2, 0)
    first, second = customers()
    assert (first.full_name, first.registered_capital, first.established_on) == (
        "深圳华安科技有限公司",
        Decimal("5000000.00"),
        dt.date(2010, 3, 5),
    )
    assert (first.province, first.nature, second.nature, second.registered_capital) == (
        "广东省",
        "ordinary",
        "government",
        Decimal("10000000.00"),
    )
    assert first.number[-6:] == "000001"
    assert second.number[-6:] == "000002"
    assert (first.owner_id, first.team_id, first.state, first.import_id) == (staff["rep1"].id, staff["rep1"].team_id, "prospect", run.id)
    assert db.session.get(CustomerSearch, first.id) is not None
    contact = db.session.scalar(select(Contact).where(Contact.customer_id == first.id))
    assert (contact.name, contact.kept_for, contact.telephone_key) == ("张三", "daily_contact", "13800000001")
    made = db.session.scalars(select(AuditEvent).where(AuditEvent.customer_id == first.id, AuditEvent.action == "created")).all()
    assert [(event.actor_name, event.data["source"]) for event in made] == [("赵一鸣", "客户.csv")]


def test_a_bad_checksum_is_a_warning(staff):
    run = checked(FILE, staff["rep1"])
    assert counted(run, "new", "warnings", "refused") == (2, 1, 0)


def test_rows_to_be_looked_at_are_named_by_row_column_and_reason(staff):
    factories.customer("rep1", full_name="甲乙有限公司", name_key="甲乙", payment_terms="monthly")
    rows = "甲乙有限公司,,预付款,钱二宝\n丙丁有限公司,91440300MA5DA1234X,,\n戊己有限公司,,,\n坏行有限公司,91440300MA5DA1235X,,无此人\n"
    run = checked(f"客户名称,统一社会信用代码,结算方式,负责人\n{rows}", staff["rep1"])
    assert counted(run, "new", "unchanged", "warnings", "refused") == (2, 1, 2, 1)
    found = {row.row: [(column, value) for column, value, _why in row.messages] for row in run.problem_rows("warning")}
    assert found == {2: [("owner", "钱二宝"), ("payment_terms", "")], 3: [("credit_code", "91440300MA5DA1234X")]}
    assert list(reasons(run)) == [5]
    assert [row.row for row in run.problem_rows("warning", after=2)] == [3]
    run.start(by=staff["rep1"], mode="good", skip_duplicates=False)
    db.session.commit()
    jobs.start(run.job)
    assert list(db.session.scalars(select(ImportRow.row))) == [5], "what was unchanged is told no more"


def test_the_same_file_twice_adds_nothing(staff):
    done(FILE, staff["rep1"])
    again = checked(FILE, staff["rep1"])
    assert counted(again, "new", "update", "unchanged") == (0, 0, 2)
    with pytest.raises(Refusal):
        again.start(by=staff["rep1"], mode="good", skip_duplicates=False)


def test_names_written_another_way_are_the_same_customer(staff):
    done("客户名称,联系电话\n华安（深圳）科技有限公司,0755-88887777\n", staff["rep1"])
    again = checked("客户名称,联系电话\n华安(深圳) 科技有限公司,0755 8888 7777\n", staff["rep1"])
    assert counted(again, "new", "update", "unchanged") == (0, 0, 1)


def test_contacts_in_rows_of_their_own_and_under_merged_cells(staff):
    text = "客户名称,联系电话,联系人,联系人电话\n甲乙丙贸易有限公司,0755-88887777,张三,\n,,李四,13800000002\n甲乙丙贸易有限公司,,王五,\n"
    run = done(text, staff["rep1"])
    assert counted(run, "created", "added_contacts", "refused") == (1, 3, 0)
    (customer,) = customers()
    assert (customer.contact_count, customer.version) == (3, 1)
    assert counted(checked(text, staff["rep1"]), "new", "update", "unchanged") == (0, 0, 3)


def test_contacts_of_a_customer_in_a_later_chunk(staff, monkeypatch):
    monkeypatch.setattr(importing, "WRITE_CHUNK", 1)
    text = "客户名称,联系人\n甲乙丙贸易有限公司,张三\n丁戊己贸易有限公司,\n甲乙丙贸易有限公司,李四\n"
    for mode in ("good", "all"):
        run = done(text, staff["rep1"], mode=mode)
        assert counted(run, "created", "changed", "added_contacts") == (2, 0, 2), mode
        assert not obstacles(run)
        take_back(run, staff["rep1"])
        assert customers() == []


@pytest.mark.parametrize("chunk", [1, 4000])
@pytest.mark.parametrize("known", [True, False])
def test_a_contact_that_two_rows_say_something_of_goes_back_as_a_whole(staff, monkeypatch, chunk, known):
    monkeypatch.setattr(importing, "WRITE_CHUNK", chunk)
    if known:
        customer = factories.customer("rep1", full_name="甲乙丙贸易有限公司", name_key="甲乙丙贸易")
        factories.contact(customer, name="张三", post="旧职务", email="", telephone="", telephone_key="")
    head = "客户名称,联系人,联系人职务,联系人邮箱\n"
    run = done(head + "甲乙丙贸易有限公司,张三,新职务,\n丁戊己贸易有限公司,,,\n甲乙丙贸易有限公司,张三,,z3@example.com\n", staff["rep1"])
    (contact,) = db.session.scalars(select(Contact))
    assert (contact.post, contact.email) == ("新职务", "z3@example.com")
    assert not obstacles(run)
    take_back(run, staff["rep1"])
    assert [(one.post, one.email) for one in db.session.scalars(select(Contact))] == ([("旧职务", "")] if known else [])


def test_a_row_with_other_values_of_the_same_customer_is_refused(staff):
    run = checked("客户名称,联系电话\n甲乙丙贸易有限公司,0755-88887777\n甲乙丙贸易有限公司,0755-11112222\n", staff["rep1"])
    assert "row 2 already" in reasons(run)[3][0]


@pytest.mark.parametrize("contact", ["", "张三"])
def test_another_name_with_the_same_code_is_refused_and_not_passed_over(staff, contact):
    rows = f"甲公司,91440300MA5DA1234X,\n乙公司,91440300MA5DA1234X,{contact}\n甲 公司,91440300MA5DA1234X,{contact}\n"
    run = checked(f"客户名称,信用代码,联系人\n{rows}", staff["rep1"])
    assert reasons(run) == {3: ["This customer stands in row 2 already, with other values. Keep one of the two."]}


def test_each_refused_row_says_why(staff):
    text = (
        "编号,客户名称,成立日期,注册资本,员工人数,客户性质,电子邮箱,负责人\n"
        ",,2020-01-01,,,,,\n,甲公司,2020-13-40,,,,,\n,乙公司,,-5,,,,\n,丙公司,,,1.5,,,\n,丁公司,,,,外星人,,\n,戊公司,,,,,不是邮箱,\n,己公司,,,,,,李四维\nC2026999999,庚公司,,,,,,\n"
    )
    run = checked(text, staff["rep1"])
    assert counted(run, "new", "refused") == (0, 8)
    found = reasons(run)
    assert found[2] == ["A customer needs its full name."]
    assert "not a day of the calendar" in found[3][0]
    assert "less than nothing" in found[4][0]
    assert found[5] == ["This is not a whole number"]
    assert found[6][0].startswith("Not one of: Government body, ")
    told = [message for row in run.problem_rows("refused") if row.row == 6 for _column, _cell, message in row.messages]
    with in_language("zh_Hans_CN"):  # whatever language the file was checked in
        assert translate(told[0]).startswith("不在可选范围内：政府机构、")
    assert found[7] == ["This is not an e-mail address"]
    assert "none of the people" in found[8][0]
    assert "no customer with this number" in found[9][0]
    assert run.refused is not None
    assert run.refused.purpose == "refused-rows"


def test_updates_keep_history_reason_and_the_old_name(staff):
    customer = factories.customer(
        "rep1", full_name="旧名贸易有限公司", credit_code="91440300MA5DA1234X", telephone="1", name_key="旧名贸易"
    )
    run = done("统一社会信用代码,客户名称,城市\n91440300MA5DA1234X,新名贸易有限公司,深圳市\n", staff["rep1"], what="update")
    db.session.refresh(customer)
    assert (customer.full_name, customer.former_names, customer.city, customer.version) == (
        "新名贸易有限公司",
        "旧名贸易有限公司",
        "深圳市",
        2,
    )
    event = db.session.scalar(select(AuditEvent).where(AuditEvent.customer_id == customer.id, AuditEvent.action == "changed"))
    assert event.data["reason"] == "客户.csv"
    assert event.data["effective_on"] == "2026-03-05"
    assert {"field": "full_name", "old": "旧名贸易有限公司", "new": "新名贸易有限公司"} in event.data["changes"]
    assert run.counts["changed"] == 1


def test_an_empty_cell_changes_nothing(staff):
    factories.customer("rep1", full_name="旧名贸易有限公司", credit_code="91440300MA5DA1234X", city="深圳市", name_key="旧名贸易")
    assert counted(checked("统一社会信用代码,城市\n91440300MA5DA1234X,\n", staff["rep1"]), "unchanged") == (1,)


def test_customers_of_others_are_refused_without_their_content(staff):
    factories.customer("rep3", full_name="别人客户有限公司", name_key="别人客户", telephone="0755-1234567")
    run = checked("客户名称,联系电话\n别人客户有限公司,0755-7654321\n", staff["rep1"])
    assert reasons(run) == {2: ["This customer exists already; ask 孙三省."]}
    assert "1234567" not in str([row.problems for row in run.problem_rows("refused")])


def test_frozen_customers_are_refused_and_only_creating_leaves_them_alone(staff):
    held = factories.customer("rep1", full_name="审批中客户有限公司", name_key="审批中客户", frozen_by_id=1)
    text = "客户名称,城市\n审批中客户有限公司,深圳市\n"
    (said,) = reasons(checked(text, staff["rep1"]))[2]
    assert "in approval" in said
    assert f"“审批中客户有限公司” of the file is 审批中客户有限公司 ({held.number}) here." in said
    assert counted(checked(text, staff["rep1"], what="create"), "unchanged", "refused") == (1, 0)


def test_likely_duplicates_are_shown_and_can_be_left_out(staff):
    factories.customer("rep1", full_name="华安科技有限公司", name_key="华安科技", telephone_key="075588887777")
    factories.customer("rep3", full_name="远东科技有限公司", name_key="远东科技")
    text = "客户名称,联系电话\n华安科技股份有限公司,\n远东科技股份有限公司,\n别的名字有限公司,0755-88887777\n干净名字有限公司,\n"
    run = done(text, staff["rep1"], skip_duplicates=True)
    assert counted(run, "duplicates", "created", "left_out") == (3, 1, 3)
    told = " ".join(text for texts in reasons(run).values() for text in texts)
    assert "华安科技有限公司" in told
    assert "远东科技有限公司" not in told
    assert "孙三省" in told


def test_a_left_out_duplicate_is_not_made_of_its_further_rows(staff):
    factories.customer("rep1", full_name="深圳华安科技有限公司", telephone="0755-88887777", telephone_key="075588887777")
    rows = "客户名称,联系电话,联系人\n深圳宏大公司,0755-88887777,张三\n深圳宏大公司,,李四\n"
    run = done(rows, staff["rep1"], skip_duplicates=True)
    assert [one.full_name for one in customers()] == ["深圳华安科技有限公司"]
    assert reasons(run)[3] == ["The row further up that makes this customer is not imported."]
    assert counted(run, "created", "left_out", "late") == (0, 1, 1)


def test_a_likely_duplicate_is_told_by_a_contacts_telephone_and_without_its_place(staff):
    called = factories.customer("rep1", full_name="华安科技有限公司", name_key="华安科技")
    contact = Contact(customer_id=called.id, name="张三", telephone="138 0000 0001", telephone_key="13800000001", kept_for="daily_contact")
    db.session.add(contact)
    factories.customer("rep1", full_name="远东电子科技有限公司", name_key="远东电子科技")
    text = "客户名称,联系电话\n别的名字有限公司,13800000001\n深圳市远东电子科技有限公司,\n干净名字有限公司,13800000002\n"
    run = checked(text, staff["rep1"])
    told = {row.row: str(message) for row in run.problem_rows("duplicate") for _column, _value, message in row.messages}
    assert sorted(told) == [2, 3]
    assert "华安科技有限公司" in told[2]
    assert "远东电子科技有限公司" in told[3]


def test_onto_the_register_only_for_supervisors_and_managers(staff):
    with pytest.raises(Refusal):
        run_of(FILE, staff["rep1"], as_state="active")
    done("客户名称,负责人,登记日期\n在册客户有限公司,钱二宝,2019-05-06\n", staff["sup1"], as_state="active")
    (customer,) = customers()
    assert (customer.state, customer.owner_id, customer.registered_on) == ("active", staff["rep2"].id, dt.date(2019, 5, 6))


def test_the_job_asks_again_what_the_importer_may(staff):
    run = checked("客户名称,负责人\n在册客户有限公司,钱二宝\n", staff["sup1"], as_state="active")
    run.start(by=staff["sup1"], mode="good", skip_duplicates=False)
    staff["sup1"].role = "rep"
    db.session.commit()
    jobs.start(run.job)
    assert (run.state, run.job.state) == ("failed", "failed")
    assert customers() == []


def test_what_an_import_wrote_before_it_was_stopped_stays_and_can_be_taken_back(staff, monkeypatch):
    monkeypatch.setattr(importing, "WRITE_CHUNK", 1)
    known = factories.customer("rep1", full_name="甲乙丙贸易有限公司", name_key="甲乙丙贸易", city="旧城")
    text = "客户名称,城市\n甲乙丙贸易有限公司,新城\n丁戊己贸易有限公司,\n庚辛壬贸易有限公司,\n"
    run = checked(text, staff["rep1"], what="both")
    run.start(by=staff["rep1"], mode="good", skip_duplicates=False)
    db.session.commit()
    turns = iter(range(2))

    def twice(_by: Staff, _state: str) -> None:
        if next(turns, None) is None:
            raise Refusal("Only supervisors and managers put customers on the register.")

    with monkeypatch.context() as patch:
        patch.setattr(importing, "ensure_may", twice)
        jobs.start(run.job)
    assert (run.state, run.job.state) == ("done", "failed"), "it says why it stopped, and what it has done stands"
    assert counted(run, "created", "changed", "late") == (1, 1, 1)
    assert [len(found) for found in reasons(run).values()] == [1]
    assert run.refused is not None
    run.take_back(by=staff["rep1"])
    db.session.commit()
    jobs.start(run.job)
    db.session.expire_all()
    assert [(one.full_name, one.city) for one in customers()] == [("甲乙丙贸易有限公司", "旧城")]
    assert known.id == customers()[0].id


def test_all_or_nothing_writes_nothing_when_a_row_became_bad(staff, monkeypatch):
    monkeypatch.setattr(importing, "WRITE_CHUNK", 1)
    run = checked("客户名称,城市\n甲乙丙贸易有限公司,\n丁戊己贸易有限公司,\n", staff["rep1"])
    run.start(by=staff["rep1"], mode="all", skip_duplicates=False)
    factories.customer("rep3", full_name="丁戊己贸易有限公司", name_key="丁戊己贸易")
    jobs.start(run.job)
    assert run.state == "failed"
    assert run.job.error_params == {"row": 3}
    assert [one.full_name for one in customers()] == ["丁戊己贸易有限公司"]


def test_all_or_nothing_that_dies_while_it_removes_what_it_made_shows_nothing_of_it(staff, monkeypatch):
    monkeypatch.setattr(importing, "WRITE_CHUNK", 1)
    run = checked("客户名称,城市\n甲乙丙贸易有限公司,\n庚辛壬贸易有限公司,\n丁戊己贸易有限公司,\n", staff["rep1"])
    run.start(by=staff["rep1"], mode="all", skip_duplicates=False)
    factories.customer("rep3", full_name="丁戊己贸易有限公司", name_key="丁戊己贸易")
    db.session.commit()

    def killed(ids: list[int]) -> None:
        done(ids)
        db.session.commit()
        raise SystemExit

    done = importing.delete_customers
    with monkeypatch.context() as patch:
        patch.setattr(importing, "delete_customers", killed)
        with pytest.raises(SystemExit):
            importing.write(run.job)
    db.session.rollback()
    importing.write(run.job)
    assert run.state == "failed"
    assert [one.full_name for one in customers()] == ["丁戊己贸易有限公司"]


def test_all_or_nothing_shows_nothing_before_its_end(staff):
    factories.customer("rep1", full_name="半路客户有限公司", state=CustomerState.IMPORTING.value, import_id=99)
    for account in ("rep1", "sup1", "mgr1"):
        assert db.session.scalars(Customer.visible_to(staff[account])).all() == []


def test_all_or_nothing_shows_all_at_its_end(staff):
    run = done(FILE, staff["rep1"], mode="all")
    assert (run.state, [one.state for one in customers()]) == ("done", ["prospect", "prospect"])
    found = db.session.scalar(select(func.count()).select_from(CustomerSearch))
    assert found == 2


def test_refused_rows_forbid_all_or_nothing(staff):
    run = checked("客户名称,成立日期\n甲乙丙贸易有限公司,\n乙公司,不是日期\n", staff["rep1"])
    with pytest.raises(Refusal):
        run.start(by=staff["rep1"], mode="all", skip_duplicates=False)


def test_started_twice_counts_once(staff):
    run = checked(FILE, staff["rep1"])
    run.start(by=staff["rep1"], mode="good", skip_duplicates=False)
    db.session.commit()
    with pytest.raises(StateConflict):
        run.start(by=staff["rep1"], mode="good", skip_duplicates=False)


def take_back(run: ImportRun, by: Staff) -> None:
    run.take_back(by=by)
    db.session.commit()
    jobs.start(run.job)
    assert run.state == "taken-back", run.job.error


def test_taking_back_removes_what_was_made_and_restores_what_was_changed(staff):
    old = factories.customer("rep1", full_name="旧名贸易有限公司", credit_code="91440300MA5DA1234X", name_key="旧名贸易", staff_count=5)
    kept = factories.contact(old, name="老联系人", telephone="1")
    text = "统一社会信用代码,客户名称,员工人数,成立日期,联系人,联系人电话\n"
    text += "91440300MA5DA1234X,新名贸易有限公司,9,2020-01-02,老联系人,222\n,全新客户有限公司,,,张三,\n91440300MA5DA1234X,,,,新联系人,\n"
    run = done(text, staff["rep1"])
    assert counted(run, "created", "changed", "added_contacts") == (1, 1, 2)
    take_back(run, staff["rep1"])
    (customer,) = customers()
    assert (customer.full_name, customer.former_names, customer.staff_count, customer.established_on) == ("旧名贸易有限公司", "", 5, None)
    assert [(one.id, one.telephone) for one in db.session.scalars(select(Contact))] == [(kept.id, "1")]
    assert (
        db.session.scalar(
            select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "taken-back", AuditEvent.kind == "change")
        )
        == 2
    )


def test_an_imported_nature_and_its_taking_back_have_the_dossier_counted_anew(staff):
    made = factories.customer("sup1", full_name="甲乙有限公司", name_key="甲乙", nature="ordinary")

    def counted_as() -> list[bool]:
        count_dossiers()
        db.session.expire_all()
        return [made.documents_missing == len(completeness(made).missing), made.nature == "ordinary"]

    assert counted_as() == [True, True]
    run = done("客户名称,客户性质\n甲乙有限公司,政府机构\n", staff["sup1"])
    assert counted_as() == [True, False]
    run.take_back(by=staff["sup1"])
    db.session.commit()
    jobs.start(run.job)
    assert counted_as() == [True, True]


@pytest.mark.parametrize("chunk", [1, 4000])
def test_a_form_opened_before_an_import_was_taken_back_is_told_that_somebody_was_faster(staff, monkeypatch, chunk):
    monkeypatch.setattr(importing, "WRITE_CHUNK", chunk)
    old = factories.customer("rep1", full_name="旧名贸易有限公司", credit_code="91440300MA5DA1234X", name_key="旧名贸易")
    kept = factories.contact(old, name="老联系人", post="旧职务", email="")
    text = "统一社会信用代码,城市,区县,联系人,联系人职务,联系人邮箱\n91440300MA5DA1234X,深圳市,,老联系人,新职务,\n"
    run = done(text + "91440300MA5DA1234X,,南山区,老联系人,,z3@example.com\n", staff["rep1"])
    db.session.expire_all()
    opened = (old.version, kept.version)
    take_back(run, staff["rep1"])
    db.session.expire_all()
    assert (old.city, old.district, kept.post, kept.email) == ("", "", "旧职务", "")
    assert old.version > opened[0]
    assert kept.version > opened[1]


def test_what_was_changed_since_stands_in_the_way(staff):
    run = done(FILE, staff["rep1"])
    first = customers()[0]
    first.change({"city": "深圳市"}, by=staff["rep1"])
    db.session.commit()
    assert [one.name for one in obstacles(run)] == ["深圳华安科技有限公司"]
    with pytest.raises(Refusal):
        run.take_back(by=staff["rep1"])


def test_what_a_scan_for_duplicates_found_stands_in_nobodys_way(staff):
    run = done(FILE, staff["rep1"])
    first, second = (one.id for one in customers()[:2])
    scan = DuplicateScan(staff_id=staff["sup1"].id)
    db.session.add(scan)
    db.session.flush()
    pair = {"first_id": min(first, second), "second_id": max(first, second), "same_code": False, "same_telephone": True}
    db.session.add(DuplicatePair(scan_id=scan.id, name_score=0, rank=1, **pair))
    db.session.commit()
    assert not obstacles(run)
    take_back(run, staff["rep1"])
    assert customers() == []
    assert db.session.scalar(select(DuplicatePair)) is None


def test_a_contact_added_since_stands_in_the_way(staff):
    run = done(FILE, staff["rep1"])
    factories.contact(customers()[1], name="后加")
    assert [one.name for one in obstacles(run)] == ["上海远东贸易有限公司"]


def test_a_mapping_is_remembered_for_the_same_heads(staff):
    run = run_of("客户名称,代号\n甲乙丙贸易有限公司,x\n", staff["rep1"])
    assert run.mapping == {"0": "full_name"}
    run.match(
        {0: "full_name", 1: "short_name"}, kept_for="daily_contact", reason="x", effective_on=dt.date(2026, 3, 5), columns=customer_table()
    )
    db.session.commit()
    assert run_of("客户名称,代号\n丁戊己贸易有限公司,y\n", staff["rep1"]).mapping == {"0": "full_name", "1": "short_name"}
    assert ImportMapping.find(staff["mgr1"], run.fingerprint) == {0: "full_name", 1: "short_name"}


def test_only_refused_rows_stay_staged(staff):
    run = done("客户名称,成立日期\n甲乙丙贸易有限公司,\n乙公司,不是日期\n", staff["rep1"])
    assert [(row.row, row.outcome) for row in db.session.scalars(select(ImportRow).where(ImportRow.run_id == run.id))] == [(3, "refused")]
