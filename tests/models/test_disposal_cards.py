"""Cards of past customers on lists for disposal: which are due, what stands against it, what goes (AR-11, PIPL)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal import clock
from portal.database import StateConflict, db
from portal.models import dealings, disposal, disposal_cards, disposal_check, history, standard, standard_effects
from portal.models.audit import AuditEvent, verify
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.dealings import DealingsEnd
from portal.models.merge import CustomerMerge
from portal.rules.disposal import CARD_YEARS, card_kept_until
from portal.rules.message import Refusal
from tests import factories
from tests.approving import person, sign
from tests.disposing import approved, destroyed, listed, old, past, submitted, years_ago
from tests.lending import granted
from tests.registers.samples import entry
from tests.service.requesting import taken

pytestmark = pytest.mark.usefixtures("app")


def due(account="sup1", **given):
    return [one.customer for one in disposal_cards.due(person(account), **given)]


def words(list_):
    return [str(one) for one in disposal_check.blockers(list_)]


def years(count, **more):
    standard.set_value(CARD_YEARS, count, by=person("mgr1"), reason="调整", **more)
    db.session.commit()


# --- which are due -------------------------------------------------------------------------------------------------------


def test_cards_kept_no_longer_are_due_to_who_sees_them():
    over, _kept = past(), past(ended_on=years_ago(9))
    on_register = factories.customer("rep1")
    assert on_register.state == "active"
    assert (due(), due("sup2"), due("mgr1")) == ([over], [], [over])
    assert (due(customer_id=over.id), due(customer_id=on_register.id)) == ([over], [])


def test_a_card_is_due_the_day_after_its_last_day():
    with clock.pretend(clock.now().replace(year=2026, month=2, day=28)):
        customer = past(ended_on=clock.today().replace(year=2016, day=29))
        assert (due(), disposal_cards.kept_until(customer)) == ([], clock.today())
        assert "is kept until 2026-02-28" in words(listed(customer))[0]
    with clock.pretend(clock.now().replace(year=2026, month=3, day=1)):
        assert due() == [customer]


def test_the_card_of_a_customer_with_documents_waits_for_the_last_of_them():
    customer = past()
    kept, over = old(customer, dated_on=clock.today()), old(customer)
    assert due() == []
    assert listed(over).card_customers == []
    kept.remove(reason="误归档", by=person("sup1"))
    db.session.commit()
    assert due() == [], "its last document is due itself"
    assert listed(over).card_customers == [customer]
    forced = listed(customer)
    assert words(forced) == [
        f"1 documents of {customer.full_name} are in the dossier and do not stand on this list; its card goes with the last."
    ]


def test_signed_forms_keep_no_card():
    customer = past()
    form = old(customer, dated_on=clock.today())
    form.approval_id = submitted(past()).id
    db.session.commit()
    assert due() == [customer]
    assert words(listed(customer)) == []


def test_the_last_document_leaves_the_card_where_its_own_retention_runs():
    customer = past(factories.customer("rep1", remarks="秘密"), ended_on=years_ago(1))
    list_ = approved(old(customer))
    assert list_.cards == []
    destroyed(list_)
    assert customer.remarks == "秘密"
    assert dealings.can_begin_again(customer, person("sup1"))
    with clock.pretend(clock.now() + timedelta(days=366 * 10)):
        assert due() == [customer]


def test_dealings_that_began_again_and_erased_cards_are_not_due():
    again, erased = past(), past()
    dealings.begin_again(again, reason="重新签约", by=person("sup1"))
    db.session.commit()
    destroyed(approved(erased))
    assert due() == []
    assert "was erased before" in words(listed(erased))[0]
    past(again, ended_on=years_ago(2))
    assert due() == []


def test_a_record_merged_in_keeps_the_card_by_its_own_end_and_while_the_merge_can_be_undone():
    survivor, later = past(), past(ended_on=years_ago(2))
    merge = CustomerMerge.carry_out(survivor, later, by=person("sup1"))
    db.session.commit()
    assert due() == []
    against = words(listed(survivor))
    assert f"is kept until {card_kept_until(years_ago(2), 10)}" in against[0]
    assert f"{later.number} was merged into {survivor.full_name} can be undone until" in against[1]
    years(1)
    assert due() == [], "the merge can be undone"
    merge.at -= timedelta(days=31)
    db.session.commit()
    assert due() == [survivor]
    assert words(listed(survivor)) == []


def test_the_last_documents_are_listed_without_the_card_while_a_merge_can_be_undone():
    survivor = past()
    CustomerMerge.carry_out(survivor, past(), by=person("sup1"))
    db.session.commit()
    list_ = listed(old(survivor))
    assert (list_.card_customers, words(list_)) == ([], [])


# --- the standard ----------------------------------------------------------------------------------------------------------


def test_the_site_says_for_how_many_years_and_a_submitted_list_keeps_its_value():
    customer = past()
    list_ = approved(customer)
    draft = listed(past())
    years(12)
    assert due() == []
    assert words(list_) == [], "the list keeps the value it was submitted by (ST-2)"
    assert "is kept until" in words(draft)[0]
    assert (list_.card_version, list_.card_years.value, draft.card_years.value) == (0, 10, 12)
    destroyed(list_)
    assert DealingsEnd.standing(customer).erased_at is not None


def test_a_new_value_tells_what_it_touches():
    past(), past(ended_on=years_ago(6))
    said = [str(one) for one in standard_effects.effects(CARD_YEARS, 5, clock.today())]
    assert [one.rpartition(": ")[2] for one in said[:2]] == ["1.", "2."]


@pytest.mark.parametrize("wrong", [-1, 51, "10"])
def test_years_out_of_range_are_refused(wrong):
    with pytest.raises(Refusal):
        years(wrong)


# --- what stands against it --------------------------------------------------------------------------------------------------


def test_open_requests_and_loans_of_signed_forms_stand_against_it():
    customer = factories.customer("rep1")
    form = old(customer)
    request = taken(customer)
    granted(customer, numbers=[form.archive_number])
    form.approval_id = submitted(old(past())).id
    past(customer)
    against = words(listed(customer))
    assert any(request.number in one and "is open" in one for one in against)
    assert any("is lent to" in one for one in against)


def test_a_document_filed_meanwhile_stops_the_destruction():
    customer = past()
    list_ = approved(customer)
    old(customer)
    with pytest.raises(Refusal, match="1 documents of"):
        destroyed(list_)


def test_customers_on_the_register_are_not_chosen():
    with pytest.raises(Refusal, match="Choose what is destroyed"):
        listed(factories.customer("rep1"))


def test_a_list_takes_only_cards_that_its_author_sees():
    with pytest.raises(Refusal, match="Choose what is destroyed"):
        listed(past(factories.customer("rep1")), by="sup2")


# --- the list ------------------------------------------------------------------------------------------------------------------


def test_a_listed_card_stays_as_it_is_until_it_is_decided():
    customer = past()
    first, second = submitted(customer), listed(customer)
    assert customer.frozen_by_id == first.id
    assert due() == []
    assert any("stands on another list" in one for one in words(second))
    with pytest.raises(Refusal, match="in approval"):
        second.submit(by=person("sup1"))
    with pytest.raises(Refusal, match="card of this customer stands on a list"):
        dealings.begin_again(customer, reason="重新签约", by=person("sup1"))
    with pytest.raises(Refusal, match="in approval"):
        CustomerMerge.carry_out(customer, past(), by=person("sup1"))
    db.session.rollback()
    sign(first, "mgr1", "reject")
    db.session.expire_all()
    assert (customer.frozen_by_id, first.document.state) == (None, "rejected")
    second.submit(by=person("sup1"))
    db.session.commit()
    with pytest.raises(StateConflict):
        disposal._submitted(listed(customer), first, None)


def test_an_approved_list_given_up_lets_the_card_go():
    customer = past()
    list_ = approved(customer)
    list_.give_up(because="客户来函", by=person("mgr1"))
    db.session.commit()
    assert customer.frozen_by_id is None
    assert due() == [customer]


def test_a_list_with_a_card_is_seen_by_who_sees_the_customer_and_names_it():
    customer, other = past(), past()
    list_ = listed(customer)
    seen = [who for who in ("sup1", "sup2", "mgr1") if db.session.scalar(disposal.Disposal.visible_to(person(who)))]
    assert (seen, list_.customer_id, list_.label) == (["sup1", "mgr1"], customer.id, customer.full_name)
    mixed = listed(old(other), customer)
    assert (mixed.customer_id, mixed.card_customers, mixed.customers) == (None, [customer, other], [customer, other])
    mixed.edit([one.id for one in mixed.documents], reason="期满", by=person("sup1"))
    assert mixed.card_customers == [other], "the card goes with the last document"


def test_the_list_tells_in_figures_what_is_erased():
    customer = factories.customer("rep1", telephone="0755-88880000", remarks="秘密", legal_representative="张三丰")
    factories.contact(customer, name="王小明")
    entry("emergency-contacts", customer=customer)
    (line,) = listed(past(customer)).snapshot()["cards"]
    before = len(disposal_cards.filled(customer))
    assert before >= 3
    expected = {"entries": str(before), "contacts": "1", "records": "1", "ended_on": years_ago(11).isoformat()}
    assert {name: line[name] for name in expected} == expected
    assert line["customer_number"] == customer.number
    destroyed(approved(customer))
    (after,) = disposal_cards.lines([customer], years=10)
    assert (after.entries, after.contacts, after.records) == (0, 0, 0)


def test_what_is_counted_hangs_on_a_customer():
    for name in disposal_cards.RECORDS:
        assert "customer_id" in db.metadata.tables[name].c, name


def test_at_most_so_many_documents_and_cards(monkeypatch):
    monkeypatch.setattr(disposal, "MOST", 1)
    customer = past()
    with pytest.raises(Refusal, match="At most 1 documents and cards"):
        listed(old(past()), customer)


# --- the destruction ----------------------------------------------------------------------------------------------------------


def test_the_card_is_erased_as_with_a_last_document():
    customer = factories.customer("rep1", telephone="0755-88880000", remarks="秘密", credit_code="X")
    factories.contact(customer, name="王小明", telephone="13800000000")
    number, name = customer.number, customer.full_name
    list_ = destroyed(approved(past(customer)))
    assert (customer.number, customer.full_name, customer.state, customer.frozen_by_id) == (number, name, "past", None)
    assert (customer.remarks, customer.telephone, customer.credit_code) == ("", "", "")
    assert db.session.query(Contact).filter_by(customer_id=customer.id).count() == 0
    assert not dealings.can_begin_again(customer, person("sup1"))
    assert (disposal_cards.list_of(customer), disposal_cards.kept_until(customer)) == (list_, None)
    written = db.session.query(AuditEvent).filter_by(action="destroyed").one()
    assert (written.data["cards"], written.data["numbers"]) == ([number], [])
    erased = db.session.query(AuditEvent).filter_by(action="erased", customer_id=customer.id).one()
    assert erased.data["disposal"] == list_.id
    assert history.is_erased(customer)
    assert "created" not in {event.action for event in history.timeline(customer)[0]}
    for told in (history.timeline(customer), history.timeline(customer, only="card"), history.changes(customer)):
        assert [event.action for event in told[0]].count(history.ERASED) == 1
    assert history.timeline(customer, only="requests")[0] == []
    assert not list(verify())


def test_an_erased_card_that_is_merged_away_stays_on_its_list():
    customer, into = past(), factories.customer("rep1")
    list_ = destroyed(approved(customer))
    CustomerMerge.carry_out(into, customer, by=person("sup1"))
    db.session.commit()
    assert list_.card_customers == [customer]


def test_documents_and_cards_go_by_one_list():
    with_papers, without, rest = past(), past(), factories.customer("rep1", remarks="秘密")
    list_ = approved(old(with_papers), without)
    destroyed(list_)
    for one in (with_papers, without):
        assert db.session.get_one(Customer, one.id).frozen_by_id is None
        assert history.is_erased(one)
    assert rest.remarks == "秘密"
