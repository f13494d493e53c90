"""What the customer is told of decisions, souvenirs and plans: once, of what stands, and again of what changed (PP-2, PP-5, PP-7, PP-8)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from portal import clock
from portal.database import db
from portal.models import award_list, benefit, proposal_intake, proposal_letter, proposal_notice
from portal.models.award_list import AwardQuery
from portal.models.proposal import Proposal
from portal.models.proposal_award import DUE, LAPSED
from portal.models.proposal_letter import ProposalLetter
from portal.models.proposal_work import ProposalWork
from portal.rules import proposals as rules
from portal.rules.message import Refusal
from portal.rules.proposal_outcomes import Measure, Planned
from tests import factories
from tests.approving import person
from tests.deciding import assessed, awards, decided, planned, registered

pytestmark = pytest.mark.usefixtures("app")


def _drafted(proposal: Proposal, what: str) -> ProposalLetter:
    letter = proposal_notice.draft(proposal, what, by=person("rep1"))
    letter.way = proposal_letter.LETTER
    db.session.commit()
    return letter


def _tell(proposal: Proposal, what: str) -> None:
    _drafted(proposal, what).send(by=person("rep1"))
    db.session.commit()


def test_what_was_kept_and_is_decided_again_is_told_again_and_once() -> None:
    proposal = assessed()
    decided(proposal, rules.KEPT)
    _tell(proposal, "decision")
    assert (proposal_notice.wanted(proposal), proposal.to_tell) == ([], False)
    decided(proposal)
    assert (proposal_notice.wanted(proposal), proposal.to_tell) == (["decision"], True)
    _tell(proposal, "decision")
    assert (proposal_notice.wanted(proposal), proposal.to_tell) == ([], False)


def test_a_draft_that_tells_of_the_decision_before_is_given_up() -> None:
    proposal = assessed()
    decided(proposal, rules.KEPT)
    old = _drafted(proposal, "decision")
    assert _drafted(proposal, "decision") is old
    decided(proposal)
    assert (old.state, proposal_letter.letters_of(proposal)) == (proposal_letter.DROPPED, [])
    old.state = proposal_letter.DRAFT  # as those stand that were written before the portal gave them up
    db.session.commit()
    new = _drafted(proposal, "decision")
    assert (new.id != old.id, old.state, "800" in new.body) == (True, proposal_letter.DROPPED, True)


def test_a_souvenir_that_was_handed_over_still_has_its_letter() -> None:
    proposal = assessed()
    decided(proposal, rules.DECLINED)
    _tell(proposal, "decision")
    awards(proposal.customer, "souvenir")[0].hand_over("林秋实", clock.today(), by=person("rep1"))
    db.session.commit()
    assert (proposal_notice.wanted(proposal), proposal.to_tell) == (["souvenir"], True)
    _tell(proposal, "souvenir")
    assert (proposal_notice.wanted(proposal), proposal.to_tell) == ([], False)


def test_who_lost_the_prize_has_souvenir_and_thanks_like_the_others() -> None:
    customer = factories.customer("rep1")
    third = [assessed(registered(customer)) for _turn in range(3)]
    for one in third:
        decided(one, rules.DECLINED)
    _tell(third[2], "decision")
    _tell(third[2], "prize")
    assert [one.proposal_id for one in awards(customer, "souvenir")] == [third[0].id, third[1].id]
    decided(assessed(registered(customer)))
    assert [one.proposal_id for one in awards(customer, "souvenir")] == [one.id for one in third]
    assert (proposal_notice.wanted(third[2]), third[2].to_tell) == (["souvenir"], True)


def test_who_earns_the_prize_after_all_has_no_souvenir_beside_it() -> None:
    """With the one entered by mistake gone, all three are decided; the souvenir that nobody was told of makes room for the prize."""
    customer = factories.customer("rep1")
    mistaken = registered(customer)
    for _turn in range(3):
        decided(assessed(registered(customer)), rules.DECLINED)
    assert [one.kind for one in awards(customer)] == ["souvenir"] * 3
    proposal_intake.void(mistaken, reason="重复", by=person("rep1"))
    db.session.commit()
    assert [(one.kind, one.state) for one in awards(customer)][2:] == [("souvenir", LAPSED), ("prize", DUE)]


def test_what_is_not_paid_is_in_no_sum() -> None:
    customer = factories.customer("rep1")
    cap = Decimal(benefit.cap_of(customer.nature).value)
    benefit.take(customer.id, cap, on=clock.today(), source="gift", source_id=customer.id, by=None)
    decided(assessed(registered(customer)), rules.KEPT)
    registered(customer)
    query = AwardQuery.read({"year": str(clock.today().year)})
    assert award_list.sums(person("mgr1"), query) == {"prize": (1, 300)}
    awards(customer, "prize")[0].permit("不付", pay=False, by=person("mgr1"))
    db.session.commit()
    assert award_list.sums(person("mgr1"), query) == {}


def _change(work: ProposalWork, *measures: Measure, last_on: date | None = None) -> None:
    planning = Planned(work.plan, work.first_on, last_on or work.last_on, list(measures))
    work.change(planning, by=person("rep1"), version=work.version)
    db.session.commit()


def test_other_dates_and_measures_of_a_plan_are_told_again() -> None:
    proposal = assessed()
    decided(proposal)
    work, today = planned(proposal), clock.today()
    old = _drafted(proposal, "plan")
    measures = [Measure(one.text, one.person, one.due_on) for one in work.measures]
    _change(work, *measures, last_on=today + timedelta(days=40))
    assert old.state == proposal_letter.DROPPED
    for what in ("decision", "plan"):
        _tell(proposal, what)
    assert (proposal_notice.wanted(proposal), proposal.to_tell) == ([], False)
    _change(work, *(Measure(one.text, "周明远", one.due_on) for one in measures), last_on=work.last_on)
    assert (proposal_notice.wanted(proposal), proposal.to_tell) == ([], False)  # who does it is not what the customer was told
    _change(work, *measures, Measure("复查", "", today + timedelta(days=35)))
    assert (proposal_notice.wanted(proposal), proposal.to_tell) == (["plan"], True)
    _tell(proposal, "plan")
    assert (proposal_notice.wanted(proposal), proposal.to_tell) == ([], False)


def test_of_measures_with_the_same_words_those_that_are_done_stay_done_and_no_other() -> None:
    proposal, today = assessed(), clock.today()
    decided(proposal)
    work = planned(proposal)
    first, second, third = (Measure("培训", name, today + timedelta(days=days)) for name, days in (("甲", 3), ("乙", 20), ("乙", 25)))
    _change(work, first, second, third)
    work.settle(work.measures[1], today, "第一班", by=person("rep1"))
    db.session.commit()
    for order, there in (((first, second, third), 1), ((second, first, third), 0), ((Measure("准备", "", today), first, second), 2)):
        _change(work, *order)
        assert [(one.done_on, one.note) for one in work.measures] == [
            (today, "第一班") if row == there else (None, "") for row in range(3)
        ]  # fmt: skip
    _change(work, Measure("培训", "丙", today + timedelta(days=9)), first)
    assert [one.done_on for one in work.measures].count(today) == 1
    with pytest.raises(Refusal, match="stays in the plan"):
        _change(work, Measure("准备", "", today))
