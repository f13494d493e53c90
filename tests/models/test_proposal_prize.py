"""Encouragement prizes on the records themselves: random histories over years, the year's end, merges, the cap (PP-7)."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from flask import Flask

from portal.database import db, transition
from portal.models import benefit, proposal_intake, proposal_prize
from portal.models.customer import Customer
from portal.models.merge import CustomerMerge
from portal.models.proposal import Proposal
from portal.models.proposal_award import DUE, LAPSED, OVER, PAID, PrizeYear, ProposalAward
from portal.printing.papers import PRINTABLES
from portal.rules import proposals as rules
from portal.rules.encouragement import KEPT_RULE, NONE_RULE
from tests import factories
from tests.approving import person, sign
from tests.deciding import assessed, awards, decided, decision, registered, scan

pytestmark = pytest.mark.usefixtures("app")


def _decide(proposal: Proposal, outcome: str) -> None:
    """Decide as an approval does, without the way to it, which the other tests go."""
    db.session.refresh(proposal)
    transition(proposal, expect={"version": proposal.version}, change={"state": outcome, "version": proposal.version + 1})
    proposal_prize.follow(proposal.customer_id, proposal.received_on.year, by_proposal=proposal)
    db.session.commit()


def _earned(outcomes: list[str]) -> bool:
    """Say in the words of PP-7, for what is known now, whether the prize is earned."""
    none = len(outcomes) >= 3 and not ({rules.ADOPTED, ""} & set(outcomes))
    return none or (len(outcomes) >= 2 and rules.KEPT in outcomes)


@pytest.mark.parametrize("seed", range(4))
def test_years_of_random_histories(seed: int) -> None:
    """Every prize is found once, when it becomes due; never beside an adopted one under the first rule; the adopted get no less."""
    chance = random.Random(seed)
    customer = factories.customer("rep1")
    known: dict[int, dict[int, str]] = defaultdict(dict)
    waiting: list[Proposal] = []
    kept: list[Proposal] = []
    day, due = date(2024, 1, 1), {}
    while day < date(2026, 3, 1):
        day += timedelta(days=chance.choice((1, 9, 30, 44)))
        with time_machine.travel(f"{day} 10:00+08:00", tick=False):
            act = chance.random()
            if act < 0.5 or not (waiting or kept):
                one = registered(customer, on=day - timedelta(days=chance.choice((0, 2))))
                waiting.append(one)
                outcome = ""
            elif waiting and (act < 0.92 or not kept):
                one = waiting.pop(chance.randrange(len(waiting)))
                outcome = chance.choice((rules.ADOPTED, rules.KEPT, rules.DECLINED, rules.DECLINED, rules.DECLINED))
                kept += [one] if outcome == rules.KEPT else []
                _decide(one, outcome)
            else:
                one = kept.pop()
                outcome = rules.ADOPTED
                _decide(one, outcome)
            year = one.received_on.year
            before = dict(known[year])
            known[year][one.id] = outcome
            prizes = {award.year: award for award in awards(customer, "prize") if award.state != LAPSED}
            if _earned(list(known[year].values())) and year not in due:
                assert not _earned(list(before.values()))
                assert prizes[year].found_on == day
                assert prizes[year].proposal_id == one.id
                due[year] = prizes[year].id
            for number, award in prizes.items():
                assert award.rule != NONE_RULE or rules.ADOPTED not in known[number].values()
                if award.state == DUE and chance.random() < 0.1:
                    award.hand_over("联系人甲", day, by=person("rep1"))
                    award.confirm(scan(), by=person("sup1"))
                    db.session.commit()
                    assert award.state == PAID
                    return  # what is paid stays, whatever comes after
            for number in [year for year in due if year not in prizes]:
                assert rules.ADOPTED in known[number].values()  # lapsed: rewarded as adopted instead
                del due[number]
            assert len(prizes) == len([award for award in awards(customer, "prize") if award.state != LAPSED])


def test_the_way_through_decisions() -> None:
    """Souvenirs for what is not adopted, the prize with the third, in the same transaction; what is kept and adopted later is rewarded."""
    customer = factories.customer("rep1")
    for _turn in range(2):
        decided(assessed(registered(customer)), rules.DECLINED)
    assert [one.kind for one in awards(customer)] == ["souvenir", "souvenir"]
    third = assessed(registered(customer))
    approval = decision(third, rules.DECLINED).submit(by=person("sup1"))
    db.session.commit()
    assert not awards(customer, "prize")
    sign(approval, "mgr1")
    prize = awards(customer, "prize")[0]
    assert (prize.rule, prize.amount, prize.state, prize.proposal_id) == (NONE_RULE, 300, DUE, third.id)
    assert len(awards(customer, "souvenir")) == 2  # the third earned the prize instead
    assert [line.amount for line in benefit.of(customer.id, prize.found_on.year)] == [50, 50, 300]

    decided(assessed(registered(customer)), rules.ADOPTED, "2000", "B")
    db.session.refresh(prize)
    assert prize.state == LAPSED  # it was not paid, and now one is adopted
    assert [line.amount for line in benefit.of(customer.id, prize.found_on.year)] == [50, 50, 50]  # the third is thanked like the others

    other = factories.customer("rep1")
    first = assessed(registered(other))
    decided(first, rules.KEPT)
    assert not awards(other)
    second = registered(other)
    found = awards(other, "prize")[0]
    assert (found.rule, found.proposal_id) == (KEPT_RULE, second.id)  # two, of which one is kept: at the second one's registration
    decided(first, rules.ADOPTED, "500", "C")
    assert [(one.kind, one.amount, one.state) for one in awards(other)] == [("prize", 300, DUE), ("reward", 500, DUE)]


def test_over_the_cap_a_manager_decides() -> None:
    """A prize that the cap has no room for is shown and not paid; a manager pays it with a reason, or does not."""
    for pay in (True, False):
        customer = factories.customer("rep1")
        first = registered(customer)
        cap = Decimal(benefit.cap_of(customer.nature).value)
        benefit.take(customer.id, cap, on=first.received_on, source="gift", source_id=customer.id, by=None)
        decided(assessed(first), rules.KEPT)
        registered(customer)
        prize = awards(customer, "prize")[0]
        assert prize.state == OVER
        assert prize.over_cap is not None
        assert not prize.can_hand(person("rep1"))
        assert not prize.can_permit(person("sup1"))
        prize.permit("客户提案积极", pay=pay, by=person("mgr1"))
        db.session.commit()
        assert prize.state == (DUE if pay else "denied")
        assert PRINTABLES["reward_slip"].fits(prize) is pay, "what is not paid has no slip"
        assert len(benefit.of(customer.id, first.received_on.year)) == (2 if pay else 1)


def test_the_end_of_the_year_looks_once_more(app: Flask) -> None:
    """What was missed is found when the year is over, once, also by a worker that was stopped and began anew."""
    with time_machine.travel("2026-12-20 10:00+08:00", tick=False):
        missed, had, not_enough = (factories.customer("rep1") for _turn in range(3))
        proposals = [registered(missed) for _turn in range(3)]
        for one in proposals:
            transition(one, expect={"version": one.version}, change={"state": rules.DECLINED, "version": one.version + 1})
        for _turn in range(3):
            _decide(registered(had), rules.DECLINED)
        _decide(registered(not_enough), rules.DECLINED)
        db.session.commit()
        assert proposal_prize.look_back() == 0  # of 2025 there is nothing
        db.session.commit()
    with time_machine.travel("2027-01-01 00:05+08:00", tick=False):
        assert proposal_prize.look_back() == 1
        db.session.rollback()  # stopped before it was stored
        assert proposal_prize.look_back() == 1
        db.session.commit()
        assert proposal_prize.look_back() == 0
        assert [(one.year, one.state) for one in awards(missed, "prize")] == [(2026, DUE)]
        assert len(awards(had, "prize")) == 1
        assert not awards(not_enough, "prize")
        assert {one.year for one in db.session.query(PrizeYear)} == {2025, 2026}


def test_merged_customers_have_one_prize_a_year() -> None:
    """Of two prizes of a year the unpaid one lapses, the paid one stays; together they earn one; after the undo each has its own again."""
    one, other = factories.customer("rep1"), factories.customer("rep1")
    for customer in (one, other):
        for _turn in range(3):
            _decide(registered(customer), rules.DECLINED)
    paid = awards(one, "prize")[0]
    paid.hand_over("联系人甲", paid.found_on, by=person("rep1"))
    paid.confirm(scan(), by=person("sup1"))
    db.session.commit()
    # The prize that was paid hangs on the record that goes: it counts all the same.
    merge = CustomerMerge.carry_out(other, one, by=person("mgr1"), reason="同一客户", effective_on=date(2026, 1, 1))
    db.session.commit()
    assert _states() == {paid.id: PAID, paid.id + 1: LAPSED}
    _decide(registered(other), rules.KEPT)
    assert len(_states()) == 2
    merge.undo(by=person("mgr1"), reason="误合并", effective_on=date(2026, 1, 1))
    db.session.commit()
    assert [award.state for award in awards(db.session.get_one(Customer, one.id), "prize")] == [PAID]
    assert [award.state for award in awards(db.session.get_one(Customer, other.id), "prize")] == [LAPSED, DUE]

    third, fourth = factories.customer("rep1"), factories.customer("rep1")
    _decide(registered(third), rules.KEPT)
    _decide(registered(fourth), rules.DECLINED)
    CustomerMerge.carry_out(third, fourth, by=person("mgr1"), reason="同一客户", effective_on=date(2026, 1, 1))
    db.session.commit()
    assert [award.rule for award in awards(third, "prize")] == [KEPT_RULE]


def _states() -> dict[int, str]:
    return {one.id: one.state for one in db.session.query(ProposalAward).filter_by(kind="prize").order_by(ProposalAward.id)}


def test_a_proposal_that_is_moved_or_void_takes_its_prize_along() -> None:
    """What was entered with a wrong day, or by mistake, earns nothing: the prize that nobody has paid lapses."""
    with time_machine.travel("2027-01-10 10:00+08:00", tick=False):
        customer = factories.customer("rep1")
        first, day = registered(customer, on=date(2026, 12, 30)), date(2026, 12, 31)
        _decide(first, rules.KEPT)
        second = registered(customer, on=day)
        assert [one.year for one in awards(customer, "prize")] == [2026]
        values = {name: getattr(second, name) for name in proposal_intake.WRITTEN}
        proposal_intake.change(second, {**values, "received_on": date(2027, 1, 4)}, by=person("rep1"), version=second.version)
        db.session.commit()
        assert [one.state for one in awards(customer, "prize")] == [LAPSED]
        third = registered(customer, on=day)
        assert [one.state for one in awards(customer, "prize")] == [LAPSED, DUE]
        proposal_intake.void(third, reason="重复", by=person("rep1"))
        db.session.commit()
        assert [one.state for one in awards(customer, "prize")] == [LAPSED, LAPSED]
        assert benefit.of(customer.id, 2027) == []
