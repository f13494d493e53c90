"""The end of dealings, and the disposal of what past customers' dossiers need not keep (AR-11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock, database, jobs
from portal.database import StateConflict, db
from portal.exchange import exporting, tidying
from portal.models import dealings, disposal, disposal_check, disposal_record, history, inbox, loan_list, loan_papers, made_files
from portal.models.attachment import Attachment
from portal.models.audit import AuditEvent, verify
from portal.models.binder import Binder
from portal.models.contact import Contact
from portal.models.customer import CustomerState, CustomerTag
from portal.models.dealings import DealingsEnd
from portal.models.import_run import ImportRow, ImportRun
from portal.models.merge import CustomerMerge
from portal.models.notice import Notice, notify
from portal.models.register_entry import RegisterEntry
from portal.models.register_query import RegisterQuery
from portal.models.review import ReviewCampaign, ReviewLine
from portal.models.search import search
from portal.printing import batches
from portal.rules.message import Message, Refusal
from tests import factories, reviewing
from tests.approving import change, person, scan, sign
from tests.approving import submitted as credit_submitted
from tests.disposing import approval_of, approved, destroyed, listed, old, past, submitted
from tests.lending import asked, granted, out
from tests.registers.samples import entry
from tests.service.requesting import taken
from tests.stored import is_stored

pytestmark = pytest.mark.usefixtures("app")


# --- the end of dealings ----------------------------------------------------------------------------------------------


def test_dealings_end_and_begin_again():
    customer = past()
    assert customer.state == CustomerState.PAST
    assert customer.closed is not None
    dealings.begin_again(customer, reason="重新签约", by=person("sup1"))
    db.session.commit()
    assert customer.state == CustomerState.ACTIVE
    assert DealingsEnd.standing(customer) is None
    actions = {entry.action: entry.data["reason"] for entry in db.session.query(AuditEvent).filter_by(customer_id=customer.id)}
    assert actions == {"dealings-ended": "公司注销", "dealings-again": "重新签约"}
    past(customer)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"kind": "bored"}, "kind"), ({"reason": ""}, "reason"), ({"ended_on": None}, "ended_on"), ({"ended_on": "ahead"}, "ended_on")],
)
def test_an_end_has_kind_reason_and_day(values, field):
    if values.get("ended_on") == "ahead":
        values = {"ended_on": clock.today() + timedelta(days=1)}
    with pytest.raises(Refusal) as refused:
        past(**values)
    assert refused.value.field == field


def test_what_is_in_approval_is_named_and_keeps_dealings_from_ending():
    approval = credit_submitted()
    customer = approval.document.customer
    with pytest.raises(Refusal, match="in approval"):
        past(customer)
    assert customer.state == CustomerState.ACTIVE
    approval.withdraw(by=person("rep1"))
    db.session.commit()
    assert len(dealings.left_open(customer)) == 1
    past(customer)


def test_a_draft_of_a_past_customer_is_not_submitted():
    draft = change()
    past(draft.customer)
    with pytest.raises(Refusal):
        draft.submit(by=person("rep1"))


@pytest.mark.parametrize(("state", "account"), [("active", "rep1"), ("prospect", "sup1"), ("past", "sup1")])
def test_who_ends_dealings_with_whom(state, account):
    assert not dealings.can_end(factories.customer("rep1", state=state), person(account))


def test_dealings_end_once():
    customer = factories.customer("rep1")
    version = customer.version
    past(customer)
    customer.version = version
    db.session.rollback()
    with pytest.raises(Refusal):
        past(customer)


# --- what stands against a disposal --------------------------------------------------------------------------------------


def words(list_):
    return [str(one) for one in disposal_check.blockers(list_)]


def test_what_is_over_is_due_and_nothing_else():
    customer = factories.customer("rep1")
    over, running, kept = old(customer), old(customer, dated_on=clock.today()), old(customer, retention="Y", kind="company")
    assert disposal.due(person("sup1")) == []
    past(customer)
    assert disposal.due(person("sup1")) == [over]
    assert disposal.due(person("sup2")) == []
    assert disposal.due(person("mgr1"), customer_id=customer.id) == [over]
    against = words(listed(running, kept))
    assert any(running.archive_number in one and "is kept until" in one for one in against)
    assert any(kept.archive_number in one and "permanently" in one for one in against)


def test_documents_of_customers_on_the_register_are_not_disposed_of():
    list_ = listed(old(factories.customer("rep1")))
    with pytest.raises(Refusal, match="no past customer"):
        list_.submit(by=person("sup1"))


def test_loans_stand_against_it_even_when_they_are_only_asked_for():
    one = old(factories.customer("rep1"))
    loan = asked(one.customer)
    loan.submit(by=person("rep3"))
    db.session.commit()
    one.customer.state = "past"
    list_ = listed(one)
    assert any("is lent to 孙三省" in text for text in words(list_))
    other = old(one.customer)
    assert words(listed(other))


def test_a_loan_of_other_documents_does_not():
    one = old(factories.customer("rep1"))
    other = old(one.customer)
    granted(one.customer, numbers=[other.archive_number])
    one.customer.state = "past"
    db.session.commit()
    assert words(listed(one)) == []


def test_a_paper_that_is_out_on_a_loan_of_the_other_record_of_a_merge_stands_against_it():
    survivor, one = factories.customer("rep1"), old(factories.customer("rep1"))
    loser = one.customer
    out(loser)
    CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    assert any("lent to 孙三省" in str(one) for one in dealings.left_open(survivor))
    past(survivor)
    assert words(listed(one)) == [f"{one.archive_number} is out with 孙三省 until {lent_until(one)}."]


def test_a_paper_that_came_with_a_merge_and_is_out_stands_against_it_after_the_undo():
    survivor, one = factories.customer("rep1"), old(factories.customer("rep1"))
    loser = one.customer
    merge = CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    loan = out(survivor)
    merge.undo(by=person("sup1"))
    db.session.commit()
    assert loan_list.open_of(loser.id) == [loan]
    past(loser)
    assert words(listed(one)) == [f"{one.archive_number} is out with 孙三省 until {lent_until(one)}."]


def lent_until(document):
    return loan_papers.out_now([document.id])[document.id].until_on.isoformat()


def test_running_approvals_stand_against_it():
    one = old(factories.customer("rep1"))
    credit_submitted(customer=one.customer)
    one.customer.state = "past"
    db.session.commit()
    assert any("in approval" in text for text in words(listed(one)))


def test_areas_add_what_they_know(monkeypatch):
    monkeypatch.setattr(disposal_check, "_blockers", list(disposal_check._blockers))
    one = old(past())
    from portal.rules.message import Message

    disposal_check.blocker(lambda list_: [Message("A request of %(customer)s is open.", {"customer": list_.label})])
    assert any("A request" in text for text in words(listed(one)))


# --- the list and its chain ------------------------------------------------------------------------------------------------


def test_what_is_listed_is_frozen_until_it_is_decided():
    one = old(past())
    approval = submitted(one)
    assert one.frozen_by_id == approval.id
    assert one.closed is not None
    second = listed(one)
    with pytest.raises(Refusal, match="another list"):
        second.submit(by=person("sup1"))
    with pytest.raises(Refusal, match="list for disposal"):
        asked(one.customer, numbers=[one.archive_number])
    approval.withdraw(by=person("sup1"))
    db.session.commit()
    assert one.frozen_by_id is None
    second.submit(by=person("sup1"))


@pytest.mark.parametrize(("decision", "state"), [("reject", "rejected"), ("send-back", "draft")])
def test_a_list_that_is_not_approved_lets_its_documents_go(decision, state):
    one = old(past())
    approval = submitted(one)
    sign(approval, "mgr1", decision)
    assert (approval.document.state, one.frozen_by_id, one.state) == (state, None, "filed")


def test_a_loan_that_was_granted_meanwhile_stops_the_approval():
    one = old(past())
    approval = submitted(one, by="mgr2")
    sign(approval, "sup1")
    loan = asked(one.customer)
    loan.submit(by=person("rep3"))
    db.session.commit()
    with pytest.raises(Refusal, match="is lent to"):
        sign(approval, "mgr1")
    db.session.rollback()
    assert (approval.state, one.frozen_by_id) == ("pending", approval.id)


def test_who_drafted_the_list_does_not_sign_it():
    approval = submitted(old(past()))
    assert not approval.can_sign(person("sup1"))
    assert approval.can_sign(person("mgr1"))


def test_dealings_do_not_begin_again_while_documents_are_on_a_list():
    customer = past()
    list_ = approved(old(customer))
    assert not dealings.can_begin_again(customer, person("sup1"))
    list_.give_up(because="客户来函", by=person("mgr1"))
    db.session.commit()
    assert dealings.can_begin_again(customer, person("sup1"))


def test_a_list_is_seen_by_who_sees_all_its_customers():
    list_ = listed(old(past()))
    seen = [who for who in ("sup1", "sup2", "mgr1") if db.session.scalar(disposal.Disposal.visible_to(person(who)))]
    assert (seen, list_.customer_id is not None) == (["sup1", "mgr1"], True)


def test_a_list_takes_only_what_its_author_sees():
    one = old(factories.customer("rep3"))
    with pytest.raises(Refusal, match="Choose what is destroyed"):
        listed(one)


def test_an_approved_list_waits_for_managers():
    list_ = approved(old(past()))
    for account, waiting in (("mgr1", 1), ("mgr2", 1), ("sup1", 0)):
        entries = [entry for entry in inbox.entries(person(account), "disposal") if entry.group == "do"]
        assert (len(entries), inbox.count(person(account))) == (waiting, waiting)
    destroyed(list_)
    assert inbox.count(person("mgr1")) == 0


# --- the destruction ----------------------------------------------------------------------------------------------------------


def test_the_contents_go_and_the_index_entry_stays():
    customer = past(factories.customer("rep1"))
    one = old(customer, pages=1, author="甲公司", remarks="内容摘要")
    content = one.current.file.sha256
    list_ = approved(one)
    assert is_stored(content)
    number, title = one.archive_number, one.title
    destroyed(list_)
    assert (one.state, one.archive_number, one.title, one.author, one.remarks) == ("disposed", number, title, "", "")
    assert one.versions == []
    assert not is_stored(content)
    entry = db.session.query(AuditEvent).filter_by(action="destroyed").one()
    assert entry.data["numbers"] == [number]
    assert not list(verify())
    assert disposal_record.to_purge() == []


def test_content_that_another_document_has_as_well_stays():
    customer = factories.customer("rep1")
    one, twin = old(customer, pages=2), old(customer, pages=2, dated_on=clock.today())
    assert one.current.file.sha256 == twin.current.file.sha256
    past(customer)
    destroyed(approved(one))
    assert is_stored(twin.current.file)


def test_a_bound_copy_of_the_dossier_goes_too():
    customer = past()
    list_ = approved(old(customer))
    kept = {"media_type": "application/pdf", "by": person("rep1")}
    bound = Attachment.keep(b"bound", filename="a.pdf", purpose=made_files.BOUND, customer_id=customer.id, **kept)
    other = Attachment.keep(b"other", filename="b.pdf", purpose=made_files.BOUND, customer_id=factories.customer("rep1").id, **kept)
    db.session.commit()
    gone, stays = bound.sha256, other.sha256
    destroyed(list_)
    assert not is_stored(gone)
    assert is_stored(stays)


def test_what_was_not_purged_is_purged_later():
    one = old(past(), pages=3)
    content, list_ = one.current.file.sha256, approved(one)
    disposal_record.record(list_, destroyed_on=clock.today(), witnesses=("甲", "乙"), scan=scan(), by=person("mgr1"))
    db.session.commit()
    assert is_stored(content)
    db.session.add_all(disposal.Disposal(reason="x", state="destroyed", created_by_id=list_.created_by_id) for _one in range(101))
    db.session.commit()
    assert disposal_record.to_purge() == [list_], "however many came after it"
    assert len(disposal_record.purge(list_)) == 1
    assert not is_stored(content)


def test_the_card_is_erased_with_the_last_document():
    customer = factories.customer("rep1", telephone="0755-88880000", telephone_key="075588880000", remarks="秘密", credit_code="X")
    factories.contact(customer, name="王小明", telephone="13800000000")
    entry("emergency-contacts", customer=customer)
    first, last = old(customer), old(customer)
    past(customer)
    destroyed(approved(first))
    assert customer.remarks == "秘密"
    name, number = customer.full_name, customer.number
    destroyed(approved(last))
    assert (customer.full_name, customer.number, customer.state) == (name, number, "past")
    assert (customer.remarks, customer.telephone, customer.telephone_key, customer.credit_code) == ("", "", "", "")
    assert db.session.query(Contact).filter_by(customer_id=customer.id).count() == 0
    assert search(person("mgr1"), "王小明") == []
    assert db.session.query(RegisterEntry).filter_by(customer_id=customer.id).count() == 0
    assert not dealings.can_begin_again(customer, person("sup1"))
    assert db.session.query(AuditEvent).filter_by(action="erased", customer_id=customer.id).count() == 1


def test_what_a_review_a_binder_and_the_end_of_dealings_said_goes_with_the_card():
    customer, other = factories.customer("rep1"), factories.customer("rep1")
    kept = reviewing.binder(other, "1-B")
    for one in (customer, other):
        reviewing.binder(one, "1-A").remarks = "王小明保管"
    campaign = reviewing.opened()
    lines = [reviewing.line_of(one) for one in (customer, other)]
    for line in lines:
        line.exceptions = [{"binder_id": 1, "code": "A-1", "kind": "missing", "note": "王小明借走", "by": "赵一鸣", "at": ""}]
        line.confirm(by=person("rep1"), version=line.customer.version, remark="王小明已离职")
    db.session.commit()
    figures = reviewing.totals(campaign)
    destroyed(approved(old(past(customer, reason="与王小明谈妥"))))
    db.session.expire_all()
    assert [(line.state, line.remark, len(line.exceptions)) for line in lines] == [("confirmed", "", 0), ("confirmed", "王小明已离职", 1)]
    assert (reviewing.totals(campaign), DealingsEnd.standing(customer).reason) == (figures, "")
    assert (Binder.of(customer), kept in Binder.of(other), len(Binder.of(other))) == ([], True, 2)


def test_the_cards_of_records_that_were_merged_in_are_erased_too():
    survivor, loser, before = (factories.customer("rep1", telephone=f"0755-8888000{place}", remarks="秘密") for place in range(3))
    for one in (loser, before):
        one.change({"legal_representative": "张三丰"}, by=person("sup1"), reason="更换", effective_on=clock.today())
        factories.contact(one, name="王小明")
        db.session.add(CustomerTag(customer_id=one.id, tag="老客户"))
    with clock.pretend(clock.now() - timedelta(days=31)):
        undone = CustomerMerge.carry_out(survivor, loser, by=person("sup1"), take=["remarks"])
        undone.undo(by=person("sup1"))
        CustomerMerge.carry_out(loser, before, by=person("sup1"))
        last = old(loser)
        CustomerMerge.carry_out(survivor, loser, by=person("sup1"), take=["legal_representative"])
        db.session.commit()
    # As it was left where a record took in others after it was merged itself: found one after the other.
    before.merged_into_id = loser.id
    db.session.commit()
    past(survivor)
    destroyed(approved(last))
    for one in (survivor, loser, before):
        assert (one.telephone, one.telephone_key, one.remarks, one.legal_representative) == ("", "", "", "")
        assert one.full_name
        told = [event for event in history.changes(one)[0] if event.action != history.ERASED]
        assert {event.record_type for event in told} <= {"ArchiveDocument", "Disposal"}
        assert "张三丰" not in str([event.data for event in history.timeline(one, limit=100)[0]])
        assert db.session.query(AuditEvent).filter_by(action="erased", customer_id=one.id).count() == 1
    for model in (Contact, CustomerTag, CustomerMerge):
        assert db.session.query(model).count() == 0
    into = factories.customer("rep1")
    CustomerMerge.carry_out(into, survivor, by=person("sup1"))
    assert "张三丰" not in str([event.data for event in history.timeline(into, limit=100)[0]])


def test_what_people_were_told_and_what_imports_replaced_goes_with_the_card():
    customer, other = factories.customer("rep1"), factories.customer("rep1")
    document = old(customer)
    asked_for, stays = (taken(one, text="王小明来电，请回拨 13800138000。") for one in (customer, other))
    for one in (asked_for, stays):
        notify(person("rep2"), Message("%(name)s: %(text)s", {"name": "甲", "text": one.first_line}), link=one.link)
        one.state, one.is_open = "closed", False
    half = ReviewCampaign(half="2026-2", due_on=clock.today())
    run = ImportRun(attachment=scan(), staff=person("rep1"), what="both", as_state="active", effective_on=clock.today())
    db.session.add_all([half, run])
    db.session.flush()
    line = ReviewLine(campaign_id=half.id, customer_id=customer.id, remark="王小明已离职")
    db.session.add(line)
    for outcome in ("changed", "kept"):
        db.session.add(ImportRow(run_id=run.id, row=2, outcome=outcome, customer_id=customer.id, data={"telephone": "13800138000"}))
    past(customer)
    list_ = approved(document)
    mine = select(Notice.link).where(Notice.text == "%(name)s: %(text)s").order_by(Notice.id)
    assert db.session.scalars(mine).all() == [asked_for.link, stays.link]
    destroyed(list_)
    assert db.session.scalars(mine).all() == [stays.link]
    db.session.refresh(line)
    assert line.remark == ""
    assert db.session.query(ImportRow).count() == 0


def test_nothing_is_merged_into_an_erased_card():
    erased, other = past(), past()
    destroyed(approved(old(erased)))
    with pytest.raises(Refusal, match="was erased"):
        CustomerMerge.carry_out(erased, other, by=person("sup1"))
    db.session.rollback()
    CustomerMerge.carry_out(other, erased, by=person("sup1"))
    assert erased.merged_into_id == other.id


def exported(account, **more):
    """Return the job of an export that was made for somebody."""
    job = exporting.queue(exporting.Export(person(account), RegisterQuery(), "card", **more), "xlsx")
    db.session.commit()
    jobs.start(job)
    db.session.refresh(job)
    return job


def test_made_files_that_may_have_an_erased_card_go_with_it():
    customer, other = factories.customer("rep1"), factories.customer("rep3")
    document = old(customer)
    going = [exported("rep1"), exported("mgr1"), exported("mgr2", ids=(customer.id,))]
    staying = [exported("rep3"), exported("mgr1", ids=(other.id,))]
    for ids, kept in (([customer.id, other.id], going), ([other.id], staying)):
        kept.append(batches.queue_records("customer_card", ids, "zh", by=person("mgr1")))
        db.session.commit()
        jobs.start(kept[-1])
    files = {job.id: db.session.get_one(Attachment, job.result["attachment"]).sha256 for job in going + staying}
    past(customer)
    assert all(is_stored(one) for one in files.values())
    destroyed(approved(document))
    assert [is_stored(files[job.id]) for job in going] == [False] * 4
    assert [is_stored(files[job.id]) for job in staying] == [True] * 3
    assert tidying.removed_at(going[0]) is not None


def test_a_file_that_is_being_made_while_a_card_is_erased_is_not_kept(monkeypatch):
    customer = factories.customer("rep1")
    list_ = approved(old(past(customer)))
    write = exporting.write_xlsx

    def meanwhile(*given, **more):
        written = write(*given, **more)
        db.session.rollback()
        database.read_only(False)
        destroyed(list_)
        return written

    monkeypatch.setattr(exporting, "write_xlsx", meanwhile)
    job = exported("mgr1")
    assert job.state == "failed"
    assert "was erased" in str(job.failure)
    assert db.session.query(Attachment).filter_by(purpose="export").count() == 0


def test_customers_are_noted_in_little_room():
    for ids in (set(), {7}, set(range(1, 100_000, 3))):
        assert made_files.unpack(made_files.pack(ids)) == ids
        assert len(made_files.pack(ids)) < 5000


def test_a_document_that_is_still_retained_keeps_the_card():
    customer = factories.customer("rep1", remarks="秘密")
    one = old(customer)
    old(customer, dated_on=clock.today())
    past(customer)
    destroyed(approved(one))
    assert customer.remarks == "秘密"


def test_only_an_approved_list_is_destroyed_by_a_manager_with_two_witnesses_and_a_scan():
    one = old(past(), pages=1)
    draft = listed(one)
    with pytest.raises(Refusal, match="approved list"):
        destroyed(draft)
    list_ = approved(one)
    with pytest.raises(Refusal, match="approved list"):
        destroyed(list_, by=person("sup1"))
    for values, field in (({"scan": None}, "scan"), ({"witnesses": ("甲", "甲")}, "witness_2"), ({"destroyed_on": None}, "destroyed_on")):
        with pytest.raises(Refusal) as refused:
            destroyed(list_, **values)
        assert refused.value.field == field
    assert (one.state, len(one.versions)) == ("filed", 1)


def test_a_loan_granted_after_the_approval_stops_the_destruction():
    one = old(past())
    list_ = approved(one)
    granted(one.customer)
    with pytest.raises(Refusal, match="is lent to"):
        destroyed(list_)


def test_of_two_records_one_counts():
    list_ = approved(old(past()))
    destroyed(list_)
    with pytest.raises(Refusal):
        destroyed(list_)
    with pytest.raises(StateConflict):
        list_.give_up(because="迟了", by=person("mgr1"))


def test_signed_forms_stay_with_their_approvals():
    one = old(past())
    approval = submitted(one)
    other = old(one.customer)
    other.approval_id = approval.id
    db.session.commit()
    assert any("signed form" in text for text in words(listed(other)))
    assert approval_of(approval.document) == approval
