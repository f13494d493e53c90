"""Short ways through relation assessments for tests. rep1 and rep2 are of team 1 with sup1, rep3 of team 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.relation import RelationAssessment, Rule
from portal.rules.relation import PARTS, Written
from tests import approving, factories
from tests.approving import person

POINTS = {"functional": "80", "emotional": "60", "money": "50", "time": "20", "energy": "10", "effort": "15"}
"""Total value 140, total cost 95: 45 more, 1.47 for each point."""


def written(score: str = "60", points: Mapping[str, str] = POINTS, **values: Any) -> Written:
    """Return what somebody wrote: every indicator with the same score, so that the total is that score."""
    given: dict[str, Any] = {"result": "合作平稳", "advice": "", "advice_reason": "", **values}
    scores = {one.code: (score, "理由") for one in Rule.in_force().indicators}
    return Written(scores, {code: (points[code], "访谈") for code in PARTS}, **given)


def sent(score: str = "60", points: Mapping[str, str] = POINTS, /, **values: Any) -> dict[str, str]:
    """Return the same as the form sends it."""
    one = written(score, points)
    found = {"assessed_on": clock.today().isoformat(), "result": one.result, "advice": "", "advice_reason": ""}
    for figure, reason, typed in (("score", "reason", one.scores), ("points", "basis", one.points)):
        for code, (number, said) in typed.items():
            found |= {f"{figure}-{code}": number, f"{reason}-{code}": said}
    return {**found, **values}


def drafted(customer: Customer | None = None, by: str = "rep1", **values: Any) -> RelationAssessment:
    """Return a committed draft; of a new customer of rep1 where none is given."""
    found = RelationAssessment.begin(
        customer or factories.customer("rep1"), written(**values), assessed_on=clock.today(), by=person(by)
    )  # fmt: skip
    db.session.commit()
    return found


def submitted(assessment: RelationAssessment, by: str = "rep1") -> Approval:
    """Return the committed running approval of an assessment."""
    approval = assessment.submit(by=person(by))
    db.session.commit()
    return approval


def through(approval: Approval) -> Approval:
    """Bring an approval through its whole chain."""
    while approval.state == "pending":
        signer = next(one for one in ("sup1", "sup2", "mgr1", "mgr2") if approval.can_sign(person(one)))
        approving.sign(approval, signer)
    return approval


def approved(customer: Customer | None = None, by: str = "rep1", **values: Any) -> RelationAssessment:
    """Return an assessment that is approved."""
    found = drafted(customer, by, **values)
    through(submitted(found, by))
    return db.session.get_one(RelationAssessment, found.id)
