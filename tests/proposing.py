"""Short ways through proposals for tests: registered, routed and approved, extended. rep1 and sup1 are of team 1; dept1 is quality's."""

from __future__ import annotations

from datetime import date
from typing import Any

from portal import clock, hashing
from portal.database import db
from portal.models import proposal_intake
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.proposal import Proposal
from portal.models.proposal_extension import ProposalExtension
from portal.models.proposal_routing import ProposalRouting
from portal.models.staff import Staff
from tests import factories
from tests.approving import person, sign
from tests.conftest import PASSWORD

WORDS: dict[str, Any] = {
    "kind": "quality", "channel": "e-mail", "contact": "林秋实", "reach": "lin@example.com", "received_time": "",
    "summary": "来料检验增加抽检比例", "text": "建议对关键零件提高抽检比例，并把结果反馈给供应商。",
}  # fmt: skip


def department_account(account: str = "dept1", code: str = "quality") -> Staff:
    """Return the committed account of a department."""
    found = Staff.by_account(account)
    if found is None:
        found = Staff(
            account=account, name="质量部专用", role="department", department="质量部", department_code=code,
            email=f"{account}@example.com", password_hash=hashing.hash_password(PASSWORD), password_changed_at=clock.now(),
            must_change_password=False,
        )  # fmt: skip
        db.session.add(found)
        db.session.commit()
    return found


def registered(customer: Customer | None = None, *, on: date | None = None, by: str = "rep1", **values: Any) -> Proposal:
    """Return a committed proposal, received today unless `on` says otherwise."""
    given = {**WORDS, "received_on": on or clock.today(), **values}
    found = proposal_intake.register(customer or factories.customer("rep1"), given, by=person(by))
    db.session.commit()
    return found


def line(department: str, part: str = "opinion", way: str = "paper", address: str = "") -> dict[str, str]:
    """Return a department of a routing."""
    return {"department": department, "part": part, "way": way, "address": address}


def routing(proposal: Proposal, *lines: dict[str, str], by: str = "sup1", kind: str = "quality", word: str = "") -> ProposalRouting:
    """Return the committed draft of a routing: to quality on paper where nothing else is said."""
    values = {"kind": kind, "lines": list(lines) or [line("quality", "responsible")], "word": word}
    found = ProposalRouting.begin(proposal, values, by=person(by))
    db.session.commit()
    return found


def routed(proposal: Proposal | None = None, *lines: dict[str, str], **values: Any) -> Proposal:
    """Return a proposal whose routing was approved by mgr1."""
    found = proposal or registered()
    approval = routing(found, *lines, **values).submit(by=person("sup1"))
    db.session.commit()
    sign(approval, "mgr1")
    return found


def asked_for_days(proposal: Proposal) -> Approval:
    """Return the submitted approval of an extension."""
    extension = ProposalExtension.begin(proposal, {"ground": "complicated", "reason": "需外部试验"}, by=person("sup1"))
    approval = extension.submit(by=person("sup1"))
    db.session.commit()
    return approval
