"""Proposals at the same moment: one request becomes one proposal, one routing is under way, a step is told once (SV-7, PP-3, PP-4).

What is submitted is what stands there: a change of the proposal at that moment comes before it, or not at all (AP-5).
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from portal import clock
from portal.database import db
from portal.models import proposal_clock, proposal_intake
from portal.models.approval import Approval
from portal.models.callback import Callback
from portal.models.notice import Notice
from portal.models.proposal import Proposal
from portal.models.proposal_extension import ProposalExtension
from portal.models.proposal_routing import ProposalRouting
from portal.models.request import ServiceRequest
from tests import factories
from tests.approving import person
from tests.concurrency.test_signatures import at_once
from tests.proposing import line, registered, routing
from tests.service.requesting import taken


def test_of_several_at_once_one_counts(app: Flask) -> None:
    number = taken(factories.customer("rep1"), kind="suggestion", channel="letter").id

    def become() -> None:
        proposal_intake.from_request(db.session.get_one(ServiceRequest, number), by=person("rep1"))

    ended = at_once(app, *[become] * 4)
    assert ended.count("done") == 1, ended
    assert db.session.query(Proposal).count() == db.session.query(Callback).count() == 1

    proposal = db.session.query(Proposal).one().id
    values = {"kind": "quality", "lines": [line("quality", "responsible")], "word": ""}

    def route() -> None:
        ProposalRouting.begin(db.session.get_one(Proposal, proposal), values, by=person("sup1"))

    ended = at_once(app, *[route] * 4)
    assert ended.count("done") == 1, ended

    for _one in range(5):
        registered(factories.customer("rep1"), on=clock.today() - timedelta(days=10))
    before = db.session.query(Notice).filter_by(staff_id=person("rep1").id).count()
    ended = at_once(app, *[lambda: proposal_clock.tell_due() and None] * 3)
    assert ended.count("done") == 3, ended
    assert db.session.query(Notice).filter_by(staff_id=person("rep1").id).count() - before == 5


@pytest.mark.parametrize("kind", [ProposalRouting, ProposalExtension])
def test_what_is_signed_is_what_stands_there(app: Flask, kind: type[ProposalRouting] | type[ProposalExtension]) -> None:
    one, day = registered(), clock.today() - timedelta(days=3)
    if kind is ProposalRouting:
        document = routing(one).id
    else:
        document = ProposalExtension.begin(one, {"ground": "complicated", "reason": "需外部试验"}, by=person("sup1")).id
    db.session.commit()
    number, version = one.id, one.version

    def change() -> None:
        proposal = db.session.get_one(Proposal, number)
        values = {name: getattr(proposal, name) for name in proposal_intake.WRITTEN} | {"received_on": day}
        proposal_intake.change(proposal, values, by=person("rep1"), version=version)

    def submit() -> None:
        db.session.get_one(kind, document).submit(by=person("sup1"))

    ended = at_once(app, change, submit)
    assert "done" in ended, ended
    found = db.session.query(Approval).one_or_none()
    assert (found is not None) == (ended[1] == "done")
    if found is not None:
        assert found.current_round.content["proposal"]["received_on"] == one.received_on.isoformat()
