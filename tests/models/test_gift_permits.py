"""Government bodies and officials are given nothing without a manager's permit, and a permit is for one person (GF-2)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from portal.database import db
from portal.models import gift_composing, gift_list_kind, gift_proposal
from portal.models.audit import AuditEvent
from portal.models.customer import Customer
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_composing import name_person, put_on, put_one
from portal.models.gift_list import LISTED, PROPOSED, GiftList, GiftRecipient, GiftRefusal
from portal.models.standard import StandardVersion
from portal.rules.message import Refusal
from tests import factories
from tests.approving import person
from tests.campaigning import WHO, campaign, drafted, recipients, submitted, the_tier

OFFICIAL: dict[str, Any] = {**WHO, "person": "高局长", "post": "局长", "official": True}


def begun(found: GiftCampaign, by: str = "sup1") -> GiftList:
    listed = gift_composing.begin_list(the_tier(found), by=person(by))
    db.session.commit()
    return listed


def proposed(found: GiftCampaign, customer: Customer | None = None, by: str = "rep1", **values: Any) -> GiftRecipient:
    made = gift_proposal.propose(the_tier(found), customer or factories.customer("rep1"), {**WHO, **values}, by=person(by))
    db.session.commit()
    return made


def actions(one: GiftRecipient) -> list[str]:
    db.session.commit()
    rows = db.select(AuditEvent.action).where(AuditEvent.record_type == "GiftRecipient", AuditEvent.record_id == one.id)
    return list(db.session.scalars(rows.order_by(AuditEvent.id)))


def test_each_proposal_is_judged_by_whom_it_names(app: Flask) -> None:
    found = campaign()
    listed = begun(found)
    official, plain = proposed(found, **OFFICIAL), proposed(found)
    done = put_on(listed, [official.customer_id, plain.customer_id], reason="推荐", by=person("sup1"))
    assert (done.put_on, list(done.refused)) == (1, [official.customer_id])
    assert done.refused[official.customer_id].field == "permit_reason"
    assert db.session.scalars(db.select(GiftRefusal.customer_id)).all() == [official.customer_id]
    assert (official.state, plain.state) == (PROPOSED, LISTED)
    assert gift_proposal.waits_for_permit(official)
    gift_proposal.permit(official, reason="校友会", by=person("mgr1"))
    assert put_on(listed, [official.customer_id], reason="推荐", by=person("sup1")).put_on == 1


def test_what_is_written_by_hand_takes_the_place_of_what_was_proposed(app: Flask) -> None:
    found = campaign("mgr1")
    listed = begun(found, "mgr1")
    one = proposed(found)
    gift_proposal.permit(proposed(found, **OFFICIAL), reason="校友会", by=person("mgr1"))
    permitted = db.session.scalars(db.select(GiftRecipient).where(GiftRecipient.official)).one()
    written = {**OFFICIAL, "reason": "联合活动", "permit_reason": "市里的活动"}
    put_one(listed, one.customer, written, by=person("mgr1"))
    assert (one.person, one.post, one.official, one.reason) == ("高局长", "局长", True, "联合活动")
    assert (one.permitted_by, one.permit_reason) == (person("mgr1"), "市里的活动")
    assert actions(one) == ["gift-proposed", "gift-person-named", "gift-permitted"]
    with pytest.raises(Refusal, match="a manager permits it"):  # the permit was for another person
        put_one(listed, permitted.customer, {**OFFICIAL, "person": "孙局长"}, by=person("mgr1"))
    db.session.rollback()
    put_one(listed, permitted.customer, OFFICIAL, by=person("mgr1"))
    assert permitted.permit_reason == "校友会"
    own = proposed(found, factories.customer("rep1"), by="mgr1", **OFFICIAL)
    with pytest.raises(Refusal, match="Somebody else permits") as refused:
        put_one(listed, own.customer, written, by=person("mgr1"))
    assert refused.value.field == "permit_reason"
    db.session.rollback()
    fresh = put_one(listed, factories.customer("rep1"), written, by=person("mgr1"))
    assert actions(fresh) == ["gift-permitted"]


def test_a_permit_goes_with_the_person_it_was_given_for(app: Flask) -> None:
    found = campaign()
    one = proposed(found, **OFFICIAL)
    gift_proposal.permit(one, reason="校友会", by=person("mgr1"))
    name_person(one, {**OFFICIAL, "reason": "老校友"}, by=person("rep1"), version=one.version)
    assert one.permitted_by_id == person("mgr1").id
    name_person(one, {**OFFICIAL, "person": "孙局长"}, by=person("rep1"), version=one.version)
    assert (one.permitted_by_id, one.permit_reason, gift_proposal.waits_for_permit(one)) == (None, "", True)
    gift_proposal.permit(one, reason="校友会", by=person("mgr1"))
    listed = begun(found)
    put_on(listed, [one.customer_id], reason="推荐", by=person("sup1"))
    with pytest.raises(Refusal, match="permitted for 孙局长") as refused:
        name_person(one, {**OFFICIAL, "person": "钱局长"}, by=person("sup1"), version=one.version)
    assert refused.value.field == "person"
    name_person(one, {**WHO, "person": "林秘书"}, by=person("sup1"), version=one.version)
    assert (one.person, one.permitted_by_id) == ("林秘书", None)
    with pytest.raises(Refusal, match="a manager permits it"):
        name_person(one, {**OFFICIAL, "person": "钱局长"}, by=person("sup1"), version=one.version)


def test_a_customer_that_became_a_government_body_is_not_submitted_as_before(app: Flask) -> None:
    listed = drafted(campaign())
    one = recipients(listed)[0]
    one.customer.nature = "government"
    db.session.commit()
    with pytest.raises(Refusal, match="No manager has permitted"):
        submitted(listed)
    db.session.rollback()
    one.permitted_by, one.permit_reason = person("mgr1"), "文化交流"
    db.session.add(StandardVersion(name="benefit.cap_government", number=1, value="150.00", from_date=date(2020, 1, 1)))
    db.session.commit()
    with pytest.raises(Refusal, match=r"150\.00 yuan in a year at most; with this list 200\.00"):
        submitted(listed)
    db.session.rollback()
    db.session.add(StandardVersion(name="benefit.cap_government", number=2, value="200.00", from_date=date(2020, 1, 2)))
    db.session.commit()
    gift_list_kind.ensure_ready(listed)
    one.customer.nature, one.official, one.permitted_by, one.amount = "", True, None, Decimal(200)
    with pytest.raises(Refusal, match="No manager has permitted"):
        gift_list_kind.ensure_ready(listed)
