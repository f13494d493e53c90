"""Long-term agreements of A customers (RL-4): drafted, revised, filed with their papers, renewed, ended, and reminded of in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.database import StateConflict, db
from portal.models import agreement_desk, agreement_list, audit, inbox
from portal.models.agreement import Agreement, being_renewed, filed_with, newest_of
from portal.models.agreement_list import AgreementQuery
from portal.models.dossier import ArchiveDocument
from portal.models.order_request import OrderRequest
from portal.rules.message import Refusal
from tests import disposing, factories
from tests import grading as graded
from tests.approving import person
from tests.ordering import day, drafted, filed, paper, terms

pytestmark = pytest.mark.usefixtures("app")


def reminded(account: str) -> list[int]:
    """Return the agreements that stand in somebody's inbox."""
    return [one.page[1]["agreement_id"] for one in inbox.entries(person(account)) if one.kind == agreement_desk.NAME]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"starts_on": None}, "starts_on"),
        ({"ends_on": None}, "ends_on"),
        ({"ends_on": day(-1)}, "ends_on"),
        ({"terms": ""}, "terms"),
    ],
)
def test_what_is_missing_is_refused_with_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        drafted(**values)
    assert refused.value.field == field


def test_agreements_are_made_with_a_customers() -> None:
    for fields in ({"grade": "B"}, {"grade": ""}, {"grade": "A", "state": "past"}):
        with pytest.raises(Refusal) as refused:
            drafted(factories.customer("rep1", **fields))
        assert refused.value.field == "customer"


def test_drafted_revised_and_filed_in_one_document_of_the_dossier() -> None:
    agreement = drafted(upload=paper("初稿"))
    document = agreement.document
    assert document is not None
    assert (agreement.standing(day()), document.kind, len(document.versions)) == ("drafted", "company", 1)
    with pytest.raises(Refusal) as refused:
        agreement.revise(terms(), "", by=person("rep1"), version=1)
    assert refused.value.field == "note"
    db.session.rollback()
    agreement.revise(terms(terms="价格下浮 5%"), "客户要求降价", by=person("rep1"), version=1, upload=paper("二稿"))
    db.session.commit()
    assert (agreement.standing(day()), agreement.terms, len(document.versions)) == ("revised", "价格下浮 5%", 2)
    with pytest.raises(StateConflict):
        agreement.revise(terms(), "同时修改", by=person("rep1"), version=1)
    db.session.rollback()
    with pytest.raises(StateConflict):  # reps do not file
        agreement.file(by=person("rep1"), filed_on=day(), upload=paper())
    with pytest.raises(Refusal) as refused:
        agreement.file(by=person("sup1"), filed_on=day())
    assert refused.value.field == "file"
    with pytest.raises(Refusal) as refused:
        agreement.file(by=person("sup1"), filed_on=day(1), upload=paper())
    assert refused.value.field == "filed_on"
    agreement.file(by=person("sup1"), filed_on=day(), kind="correspondence", upload=paper("已签"), on_paper=True)
    db.session.commit()
    assert (agreement.standing(day()), agreement.document_id, document.kind) == ("running", document.id, "correspondence")
    assert (len(document.versions), document.medium, document.reference) == (3, "both", "XY-2026-08")
    with pytest.raises(StateConflict):
        agreement.file(by=person("sup1"), filed_on=day(), upload=paper("又一次"))
    actions = {one.action for one in db.session.query(audit.AuditEvent).filter_by(record_type="Agreement")}
    assert {"agreement-drafted", "agreement-revised", "agreement-filed"} <= actions


def test_a_paper_that_was_taken_out_of_the_dossier_is_filed_anew() -> None:
    agreement = drafted(upload=paper("初稿"))
    first = agreement.document
    assert first is not None
    first.remove(by=person("sup1"), reason="误存")
    agreement.file(by=person("sup1"), filed_on=day(), on_paper=True)
    db.session.commit()
    assert agreement.document_id != first.id
    assert db.session.query(ArchiveDocument).filter_by(customer_id=agreement.customer_id, state="filed").count() == 1


def test_it_stands_in_the_inbox_sixty_days_before_it_runs_out_until_something_is_done() -> None:
    early = filed(ends_on=day(61))
    agreement = filed(ends_on=day(60))
    alone = filed(factories.customer("rep1", grade="A", owner_id=None), ends_on=day(10))
    assert (early.standing(day()), agreement.standing(day())) == ("running", "due")
    assert reminded("rep1") == [agreement.id]
    assert reminded("sup1") == [alone.id]  # nobody is in charge: the team's supervisor
    assert not [*reminded("rep2"), *reminded("sup2"), *reminded("mgr1")]
    assert inbox.count(person("rep1")) == len(inbox.entries(person("rep1")))
    agreement.end(by=person("sup1"), ended_on=day(), reason="客户改为单次采购")
    db.session.commit()
    assert (agreement.standing(day()), reminded("rep1")) == ("ended", [])
    assert any("runs until" in str(one) for one in agreement_desk.left_open([early.customer_id]))
    assert not agreement_desk.left_open([agreement.customer_id])


@pytest.mark.parametrize(("values", "field"), [({"ended_on": day(-9)}, "ended_on"), ({"ended_on": day(900)}, "ended_on"), ({}, "reason")])
def test_an_end_has_its_day_and_reason(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        filed().end(by=person("sup1"), **{"ended_on": day(), "reason": "", **values})
    assert refused.value.field == field


def test_a_renewal_follows_the_agreement_before_and_ends_the_reminder() -> None:
    before = filed(ends_on=day(30))
    renewal = Agreement.begin(before.customer, terms(starts_on=day(20), ends_on=day(400)), by=person("rep1"), previous=before)
    db.session.commit()
    assert being_renewed(before) == renewal
    assert reminded("rep1") == [before.id]  # a draft is not yet a renewal
    renewal.file(by=person("sup1"), filed_on=day(), upload=paper("续签"))
    db.session.commit()
    assert (before.renewed, before.ends_on, before.can_renew(person("rep1"))) == (True, day(19), False)
    assert (before.standing(day()), before.standing(day(25)), renewal.standing(day())) == ("running", "renewed", "to-come")
    assert not reminded("rep1")
    with pytest.raises(Refusal, match="renewed already"):
        Agreement.begin(before.customer, terms(), by=person("rep1"), previous=before)
    assert [one.id for one in filed_with(before.customer, day(25))] == [renewal.id]
    assert newest_of([before.customer_id]) == {before.customer_id: renewal}


def test_an_agreement_that_ran_out_says_so() -> None:
    agreement = filed(starts_on=day(-40), ends_on=day(-1))
    assert agreement.standing(day()) == "run-out"
    assert [one.is_overdue(day()) for one in inbox.entries(person("rep1"), agreement_desk.NAME, "overdue")] == [True]
    assert filed_with(agreement.customer, day()) == [agreement]


def test_the_list_is_asked_by_where_they_stand_in_ones_scope() -> None:
    found = {
        "draft": drafted(title="草拟"), "to-come": filed(starts_on=day(5)), "running": filed(), "due": filed(ends_on=day(9)),
        "run-out": filed(starts_on=day(-9), ends_on=day(-1)), "over": filed(title="终止"),
    }  # fmt: skip
    found["over"].end(by=person("sup1"), ended_on=day(), reason="停产")
    filed(factories.customer("rep3", grade="A"), by="sup2")
    db.session.commit()
    for standing, agreement in found.items():
        ids = agreement_list.LIST.ids(person("rep1"), AgreementQuery.read({"standing": standing, "grade": "A"}), 10)
        assert agreement.id in ids
        assert set(ids) <= {one.id for one in found.values()}
        assert len(ids) == (2 if standing == "running" else 1)  # one that runs out soon runs
    assert agreement_list.LIST.count(person("mgr1"), AgreementQuery()).number == len(found) + 1
    assert agreement_list.LIST.ids(person("mgr1"), AgreementQuery.read({"q": "草拟"}), 10) == [found["draft"].id]


def test_a_grading_collects_the_agreements_of_its_a_customers() -> None:
    with_one, without, drafting = (factories.customer("rep1", grade="A") for _one in range(3))
    other, foreign = factories.customer("rep1", grade="B"), factories.customer("rep3", grade="A")
    filed(with_one)
    drafted(drafting)
    campaign = graded.opened(day().year)
    user = person("sup1")

    def customers(which: str) -> set[int]:
        return {one.customer_id for one in agreement_list.collected(user, campaign.id, which)[0]}

    assert customers("") == {with_one.id, without.id, drafting.id}
    assert (customers("with"), customers("draft"), customers("without")) == ({with_one.id}, {drafting.id}, {without.id})
    graded.rated(other, scores=graded.ALL_A)
    assert other.id in customers("without")  # of grade A in this campaign
    graded.rated(without)
    assert without.id not in customers("")  # and no longer
    assert foreign.id not in customers("")


def test_notice_follows_the_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.models.agreement_desk.standard", lambda _name: 5)
    assert agreement_desk.notice_day(day()) == day() + timedelta(days=5)


def test_what_is_agreed_goes_with_an_erased_card_and_keeps_papers_while_it_runs() -> None:
    customer = disposing.past(factories.customer("rep1", grade="A"))
    paper_due = disposing.old(customer)
    running = Agreement(customer=customer, title="协议", terms="下浮", starts_on=day(-9), ends_on=day(9), state="filed")
    running.created_by = person("rep1")
    refused = OrderRequest(
        kind="refusal", customer=customer, order_number="DD-1", ordered_on=day(-9), amount=1, reason="无原料", state="recorded",
        created_by=person("rep1"), goods=[{"product": "轴承", "quantity": "1", "amount": "1.00"}],
    )  # fmt: skip
    db.session.add_all([running, refused])
    db.session.commit()
    with pytest.raises(Refusal, match="runs until"):
        disposing.submitted(paper_due)
    db.session.rollback()
    running.end(by=person("sup1"), ended_on=day(), reason="停产")
    db.session.commit()
    disposing.destroyed(disposing.approved(paper_due))
    assert not db.session.query(Agreement).count()
    kept = db.session.query(OrderRequest).one()
    assert (kept.order_number, kept.reason, kept.goods) == ("DD-1", "", [])
