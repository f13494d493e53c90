"""What goes with a card that is erased when its dossier was destroyed, wherever it stands (AR-11, PIPL)."""

from __future__ import annotations

import pytest

from portal import clock
from portal.database import db
from portal.models import gift_proposal
from portal.models.credit import CreditChange
from portal.models.customer import CustomerState
from portal.models.investigation import Investigation
from portal.models.visit import Visit
from tests import factories
from tests.approving import change, person, sign, submitted, told
from tests.campaigning import WHO, campaign, the_tier
from tests.disposing import approved, destroyed, old, past

pytestmark = pytest.mark.usefixtures("app")


def test_what_people_were_told_of_gifts_and_visits_goes_with_the_card() -> None:
    customer, other = factories.customer("rep1"), factories.customer("rep1")
    document, found = old(customer), campaign()
    for one in (customer, other):
        proposal = gift_proposal.propose(the_tier(found), one, WHO, by=person("rep1"))
        gift_proposal.decline(proposal, reason="王小明已离职", by=person("sup1"))
        visit = Visit.plan(one, clock.today(), staff=person("rep1"), by=person("sup1"))
        visit.cancel(reason="公司注销", by=person("sup1"), version=visit.version)
    db.session.commit()
    past(customer)
    before = told("rep1")
    destroyed(approved(document))
    after = told("rep1")
    assert {one for one in before if customer.full_name in one and one in after} == set()
    kept = [one for one in after if other.full_name in one]
    assert ["王小明已离职" in one for one in kept] == [True, False]


def test_drafts_that_were_never_submitted_go_with_the_card() -> None:
    customer, other = factories.customer("rep1", state=CustomerState.PROSPECT.value), factories.customer("rep1")
    Investigation.begin(customer, {"opinion": "王小明可靠"}, by=person("rep1"))
    customer.state = CustomerState.ACTIVE.value  # as where another record of the same customer took it in
    decided = submitted(customer=customer)
    sign(decided, "sup1", "reject")
    dropped = change(customer, reason="王小明担保")
    dropped.give_up(by=person("rep1"))
    change(customer, reason="王小明再次担保")
    theirs = change(other)
    past(customer)
    destroyed(approved(old(customer)))
    assert {one.id for one in db.session.query(CreditChange)} == {decided.record_id, theirs.id}
    assert db.session.query(Investigation).count() == 0
