"""Short ways through approvals for tests: a credit change is the document, its chain is what the test says."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

from PIL import Image

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.approval_signature import Signature
from portal.models.approval_step import ApprovalStep
from portal.models.attachment import Attachment
from portal.models.credit import CreditChange
from portal.models.customer import Customer
from portal.models.delegation import Delegation
from portal.models.notice import Notice
from portal.models.staff import Staff
from portal.models.standard import StandardVersion, set_value, value
from tests import factories

REVIEW = {"type": "portal", "role": "supervisor", "meaning": "review"}
APPROVE = {"type": "portal", "role": "manager", "meaning": "approve"}
FINANCE = {"type": "paper", "title": "finance", "meaning": "approve"}
INFORM = {"type": "paper", "title": "chairman", "meaning": "inform"}


def rename(code: str, zh: str, en: str, *, name: str = "payment_terms") -> None:
    """Call a choice otherwise from now on."""
    entries = [{**one, "zh": zh, "en": en} if one["code"] == code else one for one in value(f"choices.{name}")]
    set_value(f"choices.{name}", entries, by=person("mgr2"), reason="改称")
    db.session.commit()


def person(account: str) -> Staff:
    found = Staff.by_account(account)
    assert found is not None
    return found


def chain(*steps: Any) -> None:
    """Let credit changes run through these steps from now on."""
    number = db.session.query(StandardVersion).filter_by(name="chain.credit").count() + 1
    value = [{"case": "always", "when": {}, "steps": list(steps)}]
    db.session.add(StandardVersion(name="chain.credit", number=number, value=value, from_date=date(2020, 1, 1)))
    db.session.commit()


def change(customer: Customer | None = None, by: str = "rep1", **values: Any) -> CreditChange:
    """Return a committed draft of a credit change."""
    values = {
        "credit_rating": "",
        "credit_limit": Decimal("80000.00"),
        "payment_terms": "net30",
        "dealings_policy": "",
        "reason": "采购量增加",
        "effective_on": date(2026, 1, 1),
        **values,
    }
    record = CreditChange.propose(customer or factories.customer("rep1"), values, by=person(by))
    db.session.commit()
    return record


def submitted(*steps: Any, by: str = "rep1", customer: Customer | None = None, **values: Any) -> Approval:
    """Return a committed running approval of a credit change."""
    if steps:
        chain(*steps)
    approval = change(customer, by, **values).submit(by=person(by))
    db.session.commit()
    return approval


def sign(approval: Approval, by: str, decision: str = "approve", opinion: str = "", step: ApprovalStep | None = None) -> Signature:
    """Sign what waits for `by`, as their page would, and commit."""
    signer = person(by)
    step = step or approval.step_for(signer) or approval.current_round.steps[0]
    if decision != "approve" and not opinion:
        opinion = "请补充说明"
    seen = approval.current_round.content_hash
    given = approval.sign(step, by=signer, decision=decision, opinion=opinion, content_hash=seen, address="10.0.0.7")
    db.session.commit()
    return given


def picture(colour: str = "white") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 80), colour).save(buffer, "PNG")
    return buffer.getvalue()


def scan(by: str = "mgr1") -> Attachment:
    return Attachment.keep(picture(), filename="签批页.png", media_type="image/png", purpose="scan", by=person(by))


def record_paper(approval: Approval, by: str = "mgr1", outcome: str = "approve", **values: Any) -> Signature:
    recorder = person(by)
    step = approval.step_for(recorder, "paper") or approval.current_round.steps[-1]
    values = {"name": "刘财务", "date": clock.local(approval.current_round.submitted_at).date(), "scan": scan(by), **values}
    given = approval.record_paper(step, by=recorder, outcome=outcome, **values)
    db.session.commit()
    return given


def delegate(principal: str, to: str, first: date, last: date) -> Delegation:
    record = Delegation(principal_id=person(principal).id, delegate_id=person(to).id, from_date=first, to_date=last)
    db.session.add(record)
    db.session.commit()
    return record


def told(account: str) -> list[str]:
    """Return what somebody was told, as English texts."""
    query = db.session.query(Notice).filter_by(staff_id=person(account).id).order_by(Notice.id)
    return [str(notice.message) for notice in query]


def states(approval: Approval) -> list[str]:
    return [step.state for step in approval.current_round.steps]
