"""Dossiers: filing, archive numbers, versions, binders, completeness (AR-8 to AR-10)."""

from __future__ import annotations

from datetime import date

import pytest

from portal.database import db
from portal.dossier_count import count_dossiers
from portal.models import dossier_completeness as completeness
from portal.models import standard as standards
from portal.models.audit import AuditEvent
from portal.models.binder import Binder
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.merge import CustomerMerge
from portal.models.staff import Staff
from portal.rules.message import Refusal
from tests import factories
from tests.registers.samples import entry
from tests.rules.test_file_content import pdf, picture

VALUES = {"kind": "company", "title": "营业执照", "dated_on": date(2026, 3, 5), "on_paper": True}


def who(account: str) -> Staff:
    person = Staff.by_account(account)
    assert person is not None
    return person


def test_a_document_gets_the_next_number_of_its_series(app):
    customer = factories.customer("rep1")
    first = ArchiveDocument.file(customer, VALUES, by=who("rep1"))
    second = ArchiveDocument.file(customer, VALUES, by=who("rep1"))
    other = ArchiveDocument.file(customer, {**VALUES, "kind": "contact"}, by=who("rep1"))
    assert (first.archive_number, second.archive_number) == ("0001-KH·2026-Y-KF-0001", "0001-KH·2026-Y-KF-0002")
    assert other.archive_number == "0001-KH·2026-D10-KF-0001"
    assert (first.retained_until, other.retained_until) == (None, date(2036, 12, 31))
    assert first.medium == "paper"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "nothing"}, "kind"),
        ({"title": ""}, "title"),
        ({"dated_on": None}, "dated_on"),
        ({"dated_on": date(2999, 1, 1)}, "dated_on"),
        ({"retention": "D20"}, "retention"),
        ({"on_paper": False}, "on_paper"),
        ({"binder_id": 4711}, "binder_id"),
    ],
)
def test_what_is_not_filed(app, changes, field):
    customer = factories.customer("rep1")
    with pytest.raises(Refusal) as refused:
        ArchiveDocument.file(customer, {**VALUES, **changes}, by=who("rep1"))
    assert refused.value.field == field


def test_a_file_is_a_version_with_its_pages_and_is_kept_once(app):
    customer = factories.customer("rep1")
    document = ArchiveDocument.file(customer, {**VALUES, "on_paper": False}, Upload.of(pdf(pages=3), "执照.pdf"), by=who("rep1"))
    assert (document.pages, document.medium, document.title) == (3, "scan", "营业执照")
    with pytest.raises(Refusal, match="in the dossier already"):
        ArchiveDocument.file(customer, VALUES, Upload.of(pdf(pages=3), "又一次.pdf"), by=who("rep1"))
    twin = ArchiveDocument.file(customer, VALUES, Upload.of(pdf(pages=3), "又一次.pdf"), by=who("rep1"), again=True)
    assert twin.current.file.sha256 == document.current.file.sha256
    document.add_version(Upload.of(picture(), "新.png"), by=who("rep2"), note="换证")
    db.session.commit()
    assert [(one.number, one.pages, one.uploaded_by.account) for one in document.versions] == [(1, 3, "rep1"), (2, 1, "rep2")]
    with pytest.raises(Refusal, match="very file"):
        document.add_version(Upload.of(picture(), "新.png"), by=who("rep2"), note="")


def test_the_title_of_a_file_without_one_is_its_name(app):
    document = ArchiveDocument.file(
        factories.customer("rep1"), {**VALUES, "title": ""}, Upload.of(picture(), "../开户许可证.PNG"), by=who("rep1")
    )
    assert document.title == "开户许可证"


def test_a_date_with_which_retention_ends_earlier_asks_for_a_reason_and_one_with_which_it_ends_later_does_not(app):
    document = ArchiveDocument.file(
        factories.customer("rep1"), {**VALUES, "retention": "D10", "dated_on": date(2025, 1, 2)}, by=who("rep1")
    )
    with pytest.raises(Refusal, match="until 2024-12-31 and not until 2035-12-31") as refused:
        document.change({"dated_on": date(2014, 3, 5)}, by=who("rep1"))
    assert (refused.value.field, document.year) == ("reason", 2025)
    document.change({"dated_on": date(2025, 11, 5)}, by=who("rep1"))
    document.change({"dated_on": date(2014, 3, 5)}, by=who("rep1"), reason="日期录错")
    db.session.commit()
    assert document.retained_until == date(2024, 12, 31)
    entry = db.session.query(AuditEvent).filter_by(record_type="ArchiveDocument", action="changed").order_by(AuditEvent.id.desc()).first()
    assert entry.data["reason"] == "日期录错"
    document.change({"dated_on": date(2016, 1, 1)}, by=who("rep1"))
    document.change({"retention": "Y"}, by=who("rep1"))
    document.change({"dated_on": date(2001, 1, 1)}, by=who("rep1"))
    assert document.retained_until is None


def test_another_year_or_retention_means_another_number_and_the_former_one_stays(app):
    document = ArchiveDocument.file(factories.customer("rep1"), VALUES, by=who("rep1"))
    with pytest.raises(Refusal, match="shorter") as refused:
        document.change({"retention": "D10"}, by=who("rep1"))
    assert refused.value.field == "reason"
    document.change({"retention": "D10", "dated_on": date(2025, 1, 2)}, by=who("rep1"), reason="误定")
    assert document.archive_number == "0001-KH·2025-D10-KF-0001"
    assert document.former_numbers == "0001-KH·2026-Y-KF-0001"
    document.change({"title": "营业执照副本"}, by=who("rep1"))
    assert document.archive_number == "0001-KH·2025-D10-KF-0001"


def test_a_document_is_taken_out_with_a_reason_and_never_twice(app):
    document = ArchiveDocument.file(factories.customer("rep1"), VALUES, by=who("rep1"))
    with pytest.raises(Refusal, match="Say why"):
        document.remove(by=who("sup1"), reason="")
    document.remove(by=who("sup1"), reason="放错客户")
    db.session.commit()
    assert (document.state, document.removed_because) == ("removed", "放错客户")
    with pytest.raises(Refusal, match="no longer"):
        document.change({"title": "x"}, by=who("rep1"))
    assert not document.can_remove(who("sup1"))
    assert not document.can_remove(who("rep1"))


def test_binders_warn_of_mixed_years_and_periods(app):
    customer = factories.customer("rep1")
    binder = Binder.add(customer, {"shelf": "2-A-03", "width_mm": "40"}, by=who("rep1"))
    assert (binder.code, binder.width_mm) == (f"{customer.number}-1", 40)
    assert Binder.add(customer, {}, by=who("rep1")).code == f"{customer.number}-2"
    db.session.flush()
    ArchiveDocument.file(customer, {**VALUES, "binder_id": binder.id}, by=who("rep1"))
    assert binder.mixed() == []
    ArchiveDocument.file(customer, {**VALUES, "binder_id": binder.id, "dated_on": date(2024, 1, 1)}, by=who("rep1"))
    assert [message.text for message in binder.mixed()] == ["Documents of %(count)s years lie in this binder."]
    with pytest.raises(Refusal):
        Binder.add(customer, {"width_mm": "35"}, by=who("rep1"))


def test_the_tenth_binder_stands_behind_the_ninth(app):
    customer = factories.customer("rep1")
    made = [Binder.add(customer, {"width_mm": "30"}, by=who("rep1")) for _place in range(11)]
    assert Binder.of(customer) == made


def test_scope_is_that_of_the_customer(app):
    document = ArchiveDocument.file(factories.customer("rep1"), VALUES, by=who("rep1"))
    db.session.commit()
    seen = {
        account: db.session.scalar(ArchiveDocument.visible_to(who(account)).where(ArchiveDocument.id == document.id)) is not None
        for account in ("rep1", "rep2", "sup1", "sup2", "mgr1")
    }
    assert seen == {"rep1": True, "rep2": False, "sup1": True, "sup2": False, "mgr1": True}


def missing(customer: Customer) -> int | None:
    return db.session.scalar(db.select(Customer.__table__.c.documents_missing).where(Customer.id == customer.id))


def test_completeness_follows_filing_nature_and_the_standard(app):
    customer = factories.customer("rep1", nature="ordinary")
    assert missing(customer) is None
    count_dossiers()
    assert missing(customer) == 3
    assert completeness.completeness(customer) == (["company", "contact", "emergency"], ["company", "contact", "emergency"])
    document = ArchiveDocument.file(customer, VALUES, by=who("rep1"))
    assert missing(customer) == 2
    assert completeness.completeness(customer).percent == 33
    customer.change({"nature": "individual"}, by=who("rep1"), reason="更正", effective_on=date(2026, 3, 1))
    db.session.commit()
    assert missing(customer) is None
    count_dossiers()
    assert missing(customer) == 2
    document.remove(by=who("sup1"), reason="放错")
    db.session.commit()
    assert missing(customer) == 2
    rules = [{**row, "required": []} for row in standards.value("dossier.rules")]
    standards.set_value("dossier.rules", rules, by=who("mgr1"), reason="放宽")
    db.session.commit()
    count_dossiers()
    assert missing(customer) == 0


def test_a_new_nature_has_dossiers_of_an_unknown_one_counted_anew(app):
    """Of an unknown nature is required what all need: the register's filter says the same as the dossier's page."""
    customer = factories.customer("rep1", nature="")
    count_dossiers()
    assert missing(customer) == len(completeness.completeness(customer).missing) == 1
    natures = [*standards.value("choices.nature"), {"code": "association", "zh": "社会团体", "en": "Association", "active": True}]
    standards.set_value("choices.nature", natures, by=who("mgr1"), reason="新增")
    db.session.commit()
    count_dossiers()
    assert missing(customer) == len(completeness.completeness(customer).missing) == 0


def require_contacts_register(*natures: str) -> None:
    """Let dossiers of these natures need an entry in the register of emergency contacts, and nothing else."""
    rules = [{**row, "required": []} for row in standards.value("dossier.rules") if row["retention"]]
    rules.append({"code": "register.emergency-contacts", "retention": "", "required": list(natures)})
    standards.set_value("dossier.rules", rules, by=who("mgr1"), reason="须登记紧急联络人")
    db.session.commit()
    count_dossiers()


def test_an_office_register_counts_where_a_rule_says_so(app):
    needs, other = factories.customer("rep1", nature="ordinary"), factories.customer("rep1", nature="individual")
    require_contacts_register("ordinary")
    assert (missing(needs), missing(other)) == (1, 0)
    assert completeness.completeness(needs) == (["register.emergency-contacts"], ["register.emergency-contacts"])
    entry("parking-permits", customer=needs)
    assert missing(needs) == 1
    made = entry("emergency-contacts", customer=needs)
    assert missing(needs) == 0
    assert completeness.completeness(needs).percent == 100
    made.remove(by=who("rep1"), reason="重复")
    db.session.commit()
    assert missing(needs) == 1
    standards.set_value("register.emergency-contacts", False, by=who("mgr1"), reason="停用")
    db.session.commit()
    count_dossiers()
    assert missing(needs) == 0
    assert completeness.completeness(needs).required == []


def test_registers_that_no_rule_names_are_not_counted(app):
    customer = factories.customer("rep1", nature="ordinary")
    count_dossiers()
    before = missing(customer)
    entry("emergency-contacts", customer=customer)
    assert missing(customer) == before


def test_a_merge_has_both_dossiers_counted_anew(app):
    survivor, loser = factories.customer("rep1", nature="ordinary"), factories.customer("rep1", nature="ordinary")
    require_contacts_register("ordinary")
    entry("emergency-contacts", customer=loser)
    CustomerMerge.carry_out(survivor, loser, take={}, by=who("sup1"))
    db.session.commit()
    count_dossiers()
    assert missing(survivor) == 0


def test_the_same_versions_are_counted_once(app):
    customer = factories.customer("rep1", nature="ordinary")
    require_contacts_register("ordinary")
    assert not completeness.follow_standards()
    standards.set_value("register.keys-in-custody", False, by=who("mgr1"), reason="停用")
    db.session.commit()
    assert not completeness.follow_standards()
    assert missing(customer) == 1


@pytest.mark.parametrize(
    "row",
    [
        {"code": "register.emergency-contacts", "retention": "D30", "required": ["ordinary"]},
        {"code": "company", "retention": "", "required": ["ordinary"]},
    ],
)
def test_only_kinds_of_documents_have_a_retention(app, row):
    with pytest.raises(Refusal):
        standards.set_value("dossier.rules", [row], by=who("mgr1"), reason="试")


def test_an_unknown_nature_asks_only_for_what_all_need(app):
    assert completeness.required_kinds("") == ["contact"]


def test_filing_is_in_the_log_and_a_merge_takes_the_dossier_along(app):
    survivor, loser = factories.customer("rep1"), factories.customer("rep1")
    Binder.add(survivor, {}, by=who("rep1"))
    binder = Binder.add(loser, {}, by=who("rep1"))
    db.session.flush()
    document = ArchiveDocument.file(loser, {**VALUES, "binder_id": binder.id}, Upload.of(pdf(), "a.pdf"), by=who("rep1"))
    db.session.commit()
    event = db.session.scalar(db.select(AuditEvent).where(AuditEvent.action == "filed"))
    assert (event.customer_id, event.label) == (loser.id, document.label)
    CustomerMerge.carry_out(survivor, loser, take={}, by=who("sup1"))
    db.session.commit()
    db.session.refresh(document)
    assert (document.customer_id, document.binder.customer_id, document.current.file.customer_id) == (survivor.id,) * 3
    with pytest.raises(Refusal, match="merged"):
        ArchiveDocument.file(loser, VALUES, by=who("rep1"))
