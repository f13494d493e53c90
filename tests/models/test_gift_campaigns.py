"""Gift campaigns: what is refused and why, the yearly cap over everything, four eyes, budget, places of gifts that came back (GF-1, GF-2,
GF-4, GF-6, GF-7).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from portal import clock
from portal.database import StateConflict, db
from portal.models import (
    benefit,
    gift_budget,
    gift_composing,
    gift_desk,
    gift_list_kind,
    gift_outcome,
    gift_proposal,
    inbox,
    standard_effects,
)
from portal.models.benefit import Benefit, BenefitYear
from portal.models.customer import CustomerState
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_composing import put_on, put_one
from portal.models.gift_list import APPROVED, DELIVERED, DRAFT, PENDING, REJECTED, REMOVED, REPLACED, RETURNED, GiftRefusal
from portal.models.merge import CustomerMerge
from portal.models.standard import StandardVersion
from portal.rules.message import Refusal
from tests import factories, receiving
from tests.approving import person, sign, told
from tests.campaigning import WHO, approved, campaign, drafted, gift, recipients, submitted, the_tier, through, tier, written
from tests.service.requesting import taken

YEAR = clock.today().year


def why(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return str(refused.value.message)


def test_a_campaign_stays_within_the_standards_it_began_with(app: Flask) -> None:
    for values, field in (
        ({"name": ""}, "name"),
        ({"purpose": "bribe"}, "purpose"),
        ({"last_on": date(YEAR + 1, 1, 2)}, "last_on"),
        ({"words": "另付现金 500 元"}, "words"),
        ({"tiers": {}}, "tiers"),
        ({"budget": Decimal(999)}, "budget"),
        ({"tiers": {"vip": tier("500.01")}}, "vip-amount"),
        ({"tiers": {"vip": tier("199.00")}}, "vip-gift"),
        ({"tiers": {"vip": tier(number=2001)}}, "vip-number"),
    ):
        with pytest.raises(Refusal) as refused:
            GiftCampaign.begin(written(**values), by=person("sup1"))
        assert refused.value.field == field, values
        db.session.rollback()
    with pytest.raises(Refusal):
        GiftCampaign.begin(written(), by=person("rep1"))
    found = campaign()
    assert (found.number, found.team_id) == (f"GF{YEAR}-001", person("sup1").team_id)
    assert campaign("mgr1").team_id is None
    db.session.add(StandardVersion(name="gift.most_amount.vip", number=1, value="150.00", from_date=date(2020, 1, 1)))
    db.session.commit()
    found.edit(written(name="国庆馈赠"), by=person("sup1"), version=found.version)
    with pytest.raises(Refusal):
        GiftCampaign.begin(written(), by=person("sup1"))
    db.session.rollback()
    drafted(found)
    with pytest.raises(Refusal, match="stays as it is"):
        found.edit(written(tiers={"vip": tier("500.00", 5, (gift("钢笔", "20.00"), 1))}), by=person("sup1"), version=found.version)


def test_a_campaign_is_of_this_year_or_the_next_and_an_old_one_can_still_be_worked_on(app: Flask) -> None:
    for year in (YEAR - 1, YEAR + 2, 1, 9999):
        with pytest.raises(Refusal) as refused:
            campaign(first_on=date(year, 12, 31), last_on=date(year, 12, 31))
        assert refused.value.field == "first_on"
        db.session.rollback()
    assert campaign(first_on=date(YEAR + 1, 2, 1), last_on=date(YEAR + 1, 3, 1)).number == f"GF{YEAR + 1}-001"
    for day in (date(1, 1, 1), date(9999, 12, 31)):
        found = campaign(name=day.isoformat())
        found.first_on = found.last_on = day
        db.session.commit()
        found.edit(written(name="老活动", first_on=day, last_on=day), by=person("sup1"), version=found.version)
        assert gift_list_kind.snapshot(drafted(found))["splits"] == []


def test_a_tier_for_which_customers_are_proposed_stays(app: Flask) -> None:
    both = {"vip": tier(), "key": tier()}
    found = campaign(tiers=both)
    proposal = gift_proposal.propose(the_tier(found, "key"), factories.customer("rep1"), WHO, by=person("rep1"))
    for said in ("1 customers are proposed", "were proposed for this tier before"):
        with pytest.raises(Refusal, match=said) as refused:
            found.edit(written(), by=person("sup1"), version=found.version)
        assert refused.value.field == "key-number"
        if proposal.state == "proposed":
            db.session.expire(found)
            gift_proposal.decline(proposal, reason="改期", by=person("sup1"))
    db.session.commit()
    found.edit(written(tiers={**both, "prospective": tier("200.00", 3)}), by=person("sup1"), version=found.version)
    found.edit(written(tiers=both), by=person("sup1"), version=found.version)
    assert [one.code for one in found.in_order] == ["vip", "key"]


def test_what_a_list_in_approval_says_of_its_campaign_stays(app: Flask) -> None:
    both = {"vip": tier(), "key": tier()}
    said: dict[str, Any] = {"tiers": both, "first_on": date(YEAR, 3, 1)}
    found = campaign(**said)
    approval = submitted(drafted(found))
    for change, field in (
        ({"name": "国庆"}, "name"),
        ({"purpose": "win"}, "purpose"),
        ({"words": "新"}, "words"),
        ({"first_on": date(YEAR, 1, 1)}, "first_on"),
        ({"last_on": date(YEAR, 4, 1)}, "last_on"),
        ({"budget": Decimal(99_999)}, "budget"),
        ({"tiers": {**both, "vip": tier("400.00")}}, "vip-amount"),
        ({"tiers": {**both, "vip": tier(number=6)}}, "vip-number"),
    ):
        with pytest.raises(Refusal, match=f"{found.number}-V is being approved") as refused:
            found.edit(written(**{**said, **change}), by=person("sup1"), version=found.version)
        assert refused.value.field == field
        db.session.rollback()
    found.edit(written(**{**said, "tiers": {**both, "key": tier(number=9)}}), by=person("sup1"), version=found.version)
    db.session.commit()
    approval.withdraw(by=person("sup1"))
    found.edit(written(**said, name="国庆"), by=person("sup1"), version=found.version)
    assert found.name == "国庆"


def test_who_may_not_be_given_anything_is_refused_with_the_reason(app: Flask) -> None:
    found = campaign()
    listed = drafted(found)
    for fields, said in (
        ({"state": CustomerState.PAST.value}, "have ended"),
        ({"nature": "government"}, "a manager permits it"),
    ):
        with pytest.raises(Refusal, match=said):
            put_one(listed, factories.customer("rep1", **fields), WHO, by=person("sup1"))
        db.session.rollback()
    with pytest.raises(Refusal, match="in the campaign already"):
        put_one(listed, recipients(listed)[0].customer, WHO, by=person("sup1"))
    db.session.rollback()
    with pytest.raises(Refusal, match="a manager permits it"):
        put_one(listed, factories.customer("rep1"), {**WHO, "official": True}, by=person("sup1"))
    db.session.rollback()
    with pytest.raises(Refusal) as refused:
        put_one(listed, factories.customer("rep1"), {**WHO, "person": ""}, by=person("sup1"))
    assert refused.value.field == "person"
    with pytest.raises(StateConflict):
        put_one(listed, factories.customer("rep1"), WHO, by=person("rep1"))
    with pytest.raises(Refusal):  # of another team
        put_one(listed, factories.customer("rep3"), WHO, by=person("sup1"))
    db.session.rollback()
    quarrelling = factories.customer("rep1")
    taken(quarrelling)
    with pytest.raises(Refusal, match="in dispute with us: open complaint"):
        put_one(listed, quarrelling, WHO, by=person("sup1"))


def test_a_government_body_needs_a_manager_and_a_proposal_its_supervisor(app: Flask) -> None:
    found = campaign()
    office = factories.customer("rep1", nature="government")
    db.session.add(StandardVersion(name="benefit.cap_government", number=1, value="300.00", from_date=date(2020, 1, 1)))
    db.session.commit()
    proposal = gift_proposal.propose(the_tier(found), office, WHO, by=person("rep1"))
    db.session.commit()
    assert gift_proposal.waits_for_permit(proposal)
    assert benefit.taken_of(office.id, YEAR) == 0
    with pytest.raises(Refusal):
        gift_proposal.propose(the_tier(found), office, WHO, by=person("rep1"))
    db.session.rollback()
    listed = gift_composing.begin_list(the_tier(found), by=person("sup1"))
    assert "manager" in str(put_on(listed, [office.id], reason="拜访", by=person("sup1")).refused[office.id])
    with pytest.raises(StateConflict):
        gift_proposal.permit(proposal, reason="文化交流", by=person("sup1"))
    gift_proposal.permit(proposal, reason="文化交流", by=person("mgr1"))
    assert put_on(listed, [office.id], reason="拜访", by=person("sup1")).put_on == 1
    assert (proposal.state, proposal.reason) == ("listed", WHO["reason"])
    assert db.session.query(GiftRefusal).count() == 0
    other = gift_proposal.propose(the_tier(found), factories.customer("rep1"), WHO, by=person("rep1"))
    gift_proposal.decline(other, reason="档次已满", by=person("sup1"))
    assert "档次已满" in told("rep1")[-1]


def test_the_yearly_cap_counts_everything_and_says_who_took_it(app: Flask) -> None:
    whom = factories.customer("rep1")
    benefit.take(whom.id, Decimal(1700), on=clock.today(), source="prize", source_id=7, by=person("rep2"), title="提案 7")
    listed = drafted(campaign(), whom)
    assert benefit.taken_of(whom.id, YEAR) == Decimal(1900)
    second = drafted(campaign(name="国庆馈赠"))
    with pytest.raises(Refusal) as refused:
        put_one(second, whom, WHO, by=person("sup1"))
    for part in ("2,000.00", "1,900.00", "中秋馈赠", "周五行", "提案 7", "钱二宝", "GF-2"):
        assert part in why(refused), part
    db.session.rollback()
    with pytest.raises(StateConflict):
        benefit.take(whom.id, Decimal(1), on=clock.today(), source="prize", source_id=7, by=None)
    db.session.rollback()
    gift_composing.take_off(listed, [recipients(listed)[0].id], reason="改期", by=person("sup1"))
    assert benefit.taken_of(whom.id, YEAR) == Decimal(1700)
    put_one(second, whom, WHO, by=person("sup1"))
    assert benefit.give_back("prize", 7) == Decimal(1700)
    assert benefit.give_back("prize", 7) == 0
    assert [one.amount for one in benefit.of(whom.id, YEAR)] == [Decimal(200)]
    benefit.take(whom.id, Decimal(2000), on=date(YEAR + 1, 1, 1), source="prize", source_id=8, by=None)
    with pytest.raises(KeyError):
        benefit.take(whom.id, Decimal(1), on=clock.today(), source="bribe", source_id=1, by=None)


def test_years_of_merged_customers_add_up_and_part_again(app: Flask) -> None:
    one, other = factories.customer("rep1"), factories.customer("rep1")
    for number, (whom, amount) in enumerate(((one, 300), (other, 500))):
        benefit.take(whom.id, Decimal(amount), on=clock.today(), source="prize", source_id=number, by=None)
    db.session.commit()
    merge = CustomerMerge.carry_out(one, other, by=person("sup1"))
    db.session.commit()
    assert (benefit.taken_of(one.id, YEAR), benefit.taken_of(other.id, YEAR)) == (Decimal(800), Decimal(0))
    merge.undo(by=person("sup1"))
    db.session.commit()
    assert (benefit.taken_of(one.id, YEAR), benefit.taken_of(other.id, YEAR)) == (Decimal(300), Decimal(500))
    assert not db.session.execute(benefit.differing()).all()


def test_whoever_composed_the_list_or_put_a_customer_on_it_does_not_sign_it(app: Flask) -> None:
    found = campaign("mgr1")
    own = factories.customer("sup1")
    gift_proposal.propose(the_tier(found), own, WHO, by=person("sup1"))
    listed = gift_composing.begin_list(the_tier(found), by=person("mgr1"))
    put_on(listed, [own.id], reason="老客户", by=person("mgr1"))
    db.session.commit()
    approval = submitted(listed, "mgr1")
    assert approval.authors() == {person("mgr1").id, person("sup1").id}
    for account in ("sup1", "mgr1"):
        assert not approval.can_sign(person(account))
    assert approval.can_sign(person("mgr2"))
    listed = drafted(campaign("sup1"), factories.customer("sup1"))
    approval = submitted(listed)
    assert not approval.can_sign(person("sup1"))
    through(approval)
    assert listed.state == APPROVED


def test_each_tier_has_its_list_and_chain(app: Flask) -> None:
    found = campaign(tiers={"prospective": tier("200.00", 3), "key": tier("200.00", 3)})
    first, second = drafted(found, code="prospective"), drafted(found, code="key")
    with pytest.raises(StateConflict):
        gift_composing.begin_list(the_tier(found, "key"), by=person("sup1"))
    approval = through(submitted(first))
    assert [step.type for step in approval.current_round.steps] == ["portal", "portal"]
    assert (first.state, second.state) == (APPROVED, DRAFT)
    approval = submitted(second)
    assert [step.type for step in approval.current_round.steps] == ["portal", "portal", "paper"]
    with pytest.raises(StateConflict):
        put_one(second, factories.customer("rep1"), WHO, by=person("sup1"))
    content = approval.current_round.content
    assert content["list"]["total"] == "200.00"
    assert content["recipients"][0]["person"] == "林经理"
    sign(approval, approval.waits_for()[0][1][0].staff.account, "send-back")
    assert second.state == DRAFT
    whom = recipients(second)[0].customer_id
    approval.give_up("改期", by=person("sup1"))
    assert (second.state, recipients(second)[0].state, benefit.taken_of(whom, YEAR)) == ("given-up", "removed", 0)
    assert not gift_budget.differences(found)


def test_a_rejected_list_frees_cap_and_places_and_its_tier(app: Flask) -> None:
    listed = drafted()
    whom = recipients(listed)[0].customer_id
    approval = submitted(listed)
    sign(approval, approval.waits_for()[0][1][0].staff.account, "reject")
    assert (listed.state, recipients(listed)[0].state) == (REJECTED, REJECTED)
    assert (benefit.taken_of(whom, YEAR), listed.tier.listed) == (0, 0)
    again = drafted(listed.campaign, recipients(listed)[0].customer)
    assert again.number == f"{listed.campaign.number}-V2"
    gift_composing.give_up(again, by=person("sup1"))
    assert (again.state, benefit.taken_of(whom, YEAR)) == ("given-up", 0)
    assert not gift_budget.differences(listed.campaign)


def test_budget_is_committed_by_approval_and_spent_by_delivery(app: Flask) -> None:
    found = campaign(tiers={"vip": tier(number=2)})
    listed = drafted(found, factories.customer("rep1"), factories.customer("rep2"))
    with pytest.raises(Refusal, match="2 customers at most"):
        put_one(listed, factories.customer("rep1"), WHO, by=person("sup1"))
    db.session.rollback()
    with pytest.raises(StateConflict):
        gift_outcome.deliver(recipients(listed)[0], on=clock.today(), by=person("rep1"))
    db.session.rollback()
    through(submitted(listed))
    first, second = recipients(listed)
    assert (found.approved, found.committed, found.spent) == (400, 400, 0)
    gift_outcome.deliver(first, on=clock.today(), by=person("rep1"))
    with pytest.raises(StateConflict):
        gift_outcome.deliver(first, on=clock.today(), by=person("rep1"))
    with pytest.raises(Refusal, match="more than is approved"):
        gift_budget.book(listed.tier, spent=Decimal(1))
    line = gift_budget.table(found)[0]
    assert (line.cost, line.approved, line.committed, line.spent, line.left) == (400, 400, 200, 200, 0)
    gift_outcome.come_back(second, reason="地址不符", by=person("rep1"))
    assert (second.state, benefit.taken_of(second.customer_id, YEAR)) == (RETURNED, 0)
    assert (found.approved, found.committed, found.spent) == (400, 0, 200)
    assert not gift_budget.differences(found)
    db.session.commit()
    late = gift_proposal.propose(the_tier(campaign(name="尾声")), factories.customer("rep1"), WHO, by=person("rep1"))
    late.campaign.close(by=person("sup1"))
    assert (late.campaign.state, late.state) == ("closed", "declined")
    with pytest.raises(Refusal, match="written or signed"):
        drafted(campaign(name="草稿")).campaign.close(by=person("sup1"))


def test_who_finds_no_place_is_told_how_many_were_put_on_just_then(app: Flask) -> None:
    listed = gift_composing.begin_list(the_tier(campaign(tiers={"vip": tier(number=1)})), by=person("sup1"))
    waiting = [factories.customer("rep1", legal_representative="何主任").id for _one in range(2)]
    done = put_on(listed, waiting, reason="答谢", by=person("sup1"))
    assert str(done.refused[waiting[1]].message).endswith("1 customers at most in this campaign; 1 are on its lists.")


def test_the_place_of_a_gift_that_came_back_is_filled_through_its_approval(app: Flask) -> None:
    found = campaign(tiers={"vip": tier(number=1)})
    listed = approved(found, factories.customer("rep1"))
    with pytest.raises(Refusal, match="came back"):
        gift_composing.begin_list(the_tier(found), by=person("sup1"), supplementary=True)
    db.session.rollback()
    gift_outcome.come_back(recipients(listed)[0], reason="客户婉拒", by=person("rep1"))
    assert gift_composing.replaceable(the_tier(found)) == 1
    more = gift_composing.begin_list(the_tier(found), by=person("sup1"), supplementary=True)
    waiting = [factories.customer("rep1", legal_representative="何主任").id for _one in range(2)] + [factories.customer("rep2").id]
    done = put_on(more, waiting, reason="递补", by=person("sup1"))
    assert (done.put_on, len(done.refused)) == (1, 2)
    assert "names nobody" in str(done.refused[waiting[2]])
    assert gift_composing.replaceable(the_tier(found)) == 0
    assert recipients(more)[0].person == "何主任"
    gift_composing.name_person(recipients(more)[0], {**WHO, "person": "何总"}, by=person("sup1"), version=1)
    db.session.commit()
    through(submitted(more))
    assert (recipients(listed)[0].state, recipients(more)[0].state) == (REPLACED, APPROVED)
    assert (the_tier(found).listed, found.approved, found.committed) == (1, 200, 200)
    assert not gift_budget.differences(found)


def test_cancelling_frees_what_is_not_delivered(app: Flask) -> None:
    found = campaign(tiers={"vip": tier(number=3), "prospective": tier("200.00", 3)})
    listed = approved(found, *(factories.customer("rep1") for _one in range(3)))
    first, second, third = recipients(listed)
    gift_outcome.deliver(first, on=clock.today(), by=person("rep1"))
    gift_outcome.come_back(second, reason="退回", by=person("rep1"))
    other = drafted(found, code="prospective")
    approval = submitted(other)
    with pytest.raises(Refusal, match="in approval"):
        gift_outcome.cancel(found, reason="政策变化", by=person("sup1"), version=found.version)
    db.session.rollback()
    approval.withdraw(by=person("sup1"))
    db.session.commit()
    gift_outcome.cancel(found, reason="政策变化", by=person("sup1"), version=found.version)
    db.session.commit()
    assert [one.state for one in recipients(listed)] == [DELIVERED, REMOVED, REMOVED]
    assert (found.state, other.state, recipients(other)[0].state, approval.state) == ("cancelled", "given-up", REMOVED, "given-up")
    assert (found.approved, found.committed, found.spent) == (200, 0, 200)
    assert db.session.query(Benefit).count() == 1
    assert not gift_budget.differences(found)
    with pytest.raises(StateConflict):
        gift_composing.begin_list(the_tier(found), by=person("sup1"))
    assert third.customer_id


def test_gifts_near_each_other_are_shown_to_who_signs(app: Flask) -> None:
    whom = factories.customer("rep1")
    drafted(campaign(), whom)
    drafted(campaign(name="早先馈赠", first_on=date(YEAR, 1, 1) if clock.today().month > 2 else date(YEAR, 12, 1)), whom)
    listed = drafted(campaign("mgr1", name="客户节"), whom, by="mgr1")
    content = gift_list_kind.snapshot(listed)
    assert [one["customer"] for one in content["splits"]] == [whom.full_name]
    assert "中秋馈赠" in content["splits"][0]["others"]
    assert "早先馈赠" not in content["splits"][0]["others"]
    approval = submitted(listed, "mgr1")
    assert approval.state == PENDING
    assert any("see whether it is split" in one for one in told("mgr2"))


@time_machine.travel("2026-03-02 09:00 +0800", tick=False)
def test_souvenirs_of_a_reception_count_under_the_same_cap(app: Flask) -> None:
    whom = factories.customer("rep1", grade="B")
    visit = receiving.drafted(whom, count=3)
    approval = receiving.submitted(visit)
    year = visit.first_on.year
    assert benefit.taken_of(whom.id, year) == Decimal(150)
    approval.withdraw(by=person("rep1"))
    assert benefit.taken_of(whom.id, year) == 0
    db.session.commit()
    receiving.through(receiving.submitted(visit))
    more = receiving.amended(visit, count=5, visitors=receiving.visitors(5))
    approval = receiving.submitted(more)
    assert benefit.taken_of(whom.id, year) == Decimal(250)
    receiving.through(approval)
    assert [(one.source_id, one.amount) for one in benefit.of(whom.id, year)] == [(more.id, Decimal(250))]
    with time_machine.travel(more.first_on, tick=False):
        more.receive(came=4, arrived_at=more.starts_at, remarks="", by=person("rep1"))
    assert benefit.taken_of(whom.id, year) == Decimal(200)
    benefit.take(whom.id, Decimal(1700), on=visit.first_on, source="prize", source_id=1, by=person("rep1"))
    db.session.commit()
    over = receiving.drafted(whom, count=3, ahead=40)
    with pytest.raises(Refusal, match="Souvenirs of a reception"):
        receiving.submitted(over)
    db.session.rollback()
    receiving.submitted(receiving.drafted(whom, count=3, ahead=41, wishes=["without-souvenirs"]))
    assert benefit.taken_of(whom.id, year) == Decimal(1900)


def test_what_waits_stands_in_the_inbox_and_erased_cards_leave_amounts(app: Flask) -> None:
    found = campaign()
    gift_proposal.propose(the_tier(found), factories.customer("rep1"), WHO, by=person("rep1"))
    gift_proposal.propose(the_tier(found), factories.customer("rep1"), {**WHO, "official": True}, by=person("rep1"))
    listed = approved(found, factories.customer("rep2"))
    gift_outcome.come_back(recipients(listed)[0], reason="婉拒", by=person("rep2"))
    db.session.commit()

    def waiting(account: str) -> dict[str, int]:
        kinds = [one.kind for one in inbox.entries(person(account)) if one.kind.startswith("gift-")]
        assert inbox.count(person(account)) == len(inbox.entries(person(account)))
        return {kind: kinds.count(kind) for kind in kinds}

    assert waiting("sup1") == {"gift-proposals": 1, "gift-places": 1}
    assert waiting("mgr1") == {"gift-permits": 1}
    assert waiting("rep1") == waiting("sup2") == {}
    running = gift_desk.running(person("mgr1"))
    assert running == (1, Decimal(100_000), Decimal(200), Decimal(0))
    assert gift_desk.running(person("sup2")) is None
    whom = recipients(drafted(campaign(name="国庆")))[0]
    gift_desk.forget([whom.customer_id])
    db.session.expire_all()
    assert (whom.person, whom.reason, whom.amount) == ("", "", Decimal(200))
    effects = [str(one) for one in standard_effects.effects("benefit.cap", "100.00", clock.today())]
    assert any("1 customers were given or promised more" in one for one in effects), effects
    db.session.commit()
    runner = app.test_cli_runner()
    assert "sums of their rows" in runner.invoke(args=["gifts", "check"]).output
    db.session.execute(update(BenefitYear).values(kept=Decimal(1)))
    db.session.commit()
    assert runner.invoke(args=["gifts", "check"]).exit_code == 1
