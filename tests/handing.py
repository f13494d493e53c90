"""Short ways to hand-overs for tests: rep1 of team 1 leaves, with something of every part of the list in hand."""

from __future__ import annotations

from portal.database import db
from portal.models.customer import Customer, CustomerAssistant
from portal.models.hand_over_record import HandOver
from tests import factories, lending, reviewing
from tests.approving import change, person, submitted


def busy() -> list[Customer]:
    """Return the customers of rep1, who has something of every part of the list in hand."""
    own = [factories.customer("rep1", full_name="南海贸易有限公司", stage_time="old"), factories.customer("rep1", state="prospect")]
    factories.customer("rep1", state="merged")
    reviewing.opened()
    submitted(customer=own[0])
    change(own[1])
    borrowed = factories.customer("rep3", full_name="东湖𠮷物流公司")
    lending.document(borrowed)
    loan = lending.asked(borrowed, by="rep1", form="paper")
    loan.state = "granted"
    db.session.add(CustomerAssistant(customer_id=factories.customer("rep2", full_name="西山商行").id, staff_id=person("rep1").id))
    db.session.commit()
    return own


def filled(figures: dict[str, int]) -> dict[str, int]:
    """Return the figures of the parts of which there is something: areas add parts of their own."""
    return {name: count for name, count in figures.items() if count}


COUNTS = {"customers": 2, "assisted": 1, "approvals": 1, "drafts": 1, "loans": 1, "reviews": 1}


def prepared(by: str = "rep1") -> HandOver:
    """Return the committed hand-over of rep1 that is being prepared."""
    record = HandOver.prepare(person("rep1"), by=person(by))
    db.session.commit()
    return record


def done(to: str = "rep2") -> HandOver:
    """Return the committed hand-over of rep1's work that is done."""
    record = prepared("sup1")
    record.carry_out(to=person(to), by=person("sup1"))
    db.session.commit()
    return record
