"""Decisions, registrations, payments and looks back at the same moment: one prize a customer and year, paid once (PP-7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import time_machine
from flask import Flask

from portal import clock
from portal.database import db, transition
from portal.models import proposal_prize
from portal.models.approval import Approval
from portal.models.proposal_award import HANDED, LAPSED, PrizeYear, ProposalAward
from portal.rules import proposals as rules
from tests import factories
from tests.approving import person
from tests.concurrency.test_signatures import at_once
from tests.deciding import assessed, awards, decision, registered


def test_three_decisions_at_once_find_one_prize(app: Flask) -> None:
    """Each sees what the others have decided, so that whichever is last finds it."""
    customer = factories.customer("rep1")
    ids = []
    for _turn in range(3):
        approval = decision(assessed(registered(customer)), rules.DECLINED).submit(by=person("sup1"))
        ids.append(approval.id)
    db.session.commit()

    def sign(number: int) -> Callable[[], None]:
        def act() -> None:
            approval = db.session.get_one(Approval, number)
            signer = person("mgr1")
            step, seen = approval.step_for(signer), approval.current_round.content_hash
            assert step is not None
            approval.sign(step, by=signer, decision="approve", opinion="", content_hash=seen, address="")

        return act

    ended = at_once(app, *(sign(number) for number in ids))
    assert ended == ["done"] * 3, ended
    assert len(awards(customer, "prize")) == 1
    assert len(awards(customer, "souvenir")) == 2


def test_handing_over_and_looking_back_count_once(app: Flask) -> None:
    """Of several who hand the same prize over one counts; of several workers at the year's end one looks."""
    customer = factories.customer("rep1")
    proposals = [registered(customer) for _turn in range(3)]
    for one in proposals:
        transition(one, expect={"version": one.version}, change={"state": rules.DECLINED, "version": one.version + 1})
    db.session.commit()
    with time_machine.travel(clock.now() + timedelta(days=366), tick=False):
        ended = at_once(app, *[lambda: proposal_prize.look_back() and None] * 4)
        assert ended == ["done"] * 4, ended
        assert db.session.query(PrizeYear).count() == 1
        award = awards(customer, "prize")[0]
        number, day = award.id, award.found_on

        def hand() -> None:
            db.session.get_one(ProposalAward, number).hand_over("联系人甲", day, by=person("rep1"))

        ended = at_once(app, *[hand] * 4)
    assert ended.count("done") == 1, ended
    assert [one.state for one in db.session.query(ProposalAward).filter(ProposalAward.state != LAPSED)] == [HANDED]
