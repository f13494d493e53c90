"""Past customers of the demonstration: how dealings ended, and lists for disposal, in approval and waiting to be destroyed (AR-11).

Of two the cards were taken over from paper long after dealings had ended: they are kept no longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta

from portal import clock
from portal.models import dealings
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.dossier import ArchiveDocument
from portal.models.staff import Staff

REASONS = (("dissolved", "公司注销，工商登记已吊销"), ("terminated", "合同期满，双方不再续约"), ("terminated", "业务迁往外地"))
STAGES = ("due", "asked", "approved")
"""How far the dossiers of the first past customers are brought, in turn."""
LONG_AGO = (3, 12)
"""The turns of those with whom dealings ended long ago; they have no documents."""
YEARS = 11


def end_dealings(turn: int, customer: Customer, *, by: Staff) -> None:
    """End the dealings with a customer, for the reason that its turn has."""
    kind, reason = REASONS[turn % len(REASONS)]
    ended_on = clock.today() - timedelta(days=20)
    if turn in LONG_AGO:
        kind, reason, ended_on = "dissolved", "公司早已注销，旧卡补录建档", _years_ago(YEARS)
        customer.established_on, customer.first_contact_on, customer.first_deal_on = map(_years_ago, (YEARS + 9, YEARS + 4, YEARS + 3))
    dealings.end(customer, kind=kind, reason=reason, ended_on=ended_on, by=by)


def _years_ago(years: int) -> date:
    return clock.today().replace(year=clock.today().year - years, day=1)


def fill(
    customers: Sequence[Customer],
    staff: Mapping[str, Staff],
    at: Callable[[float], AbstractContextManager[None]],
    sign: Callable[[Approval, Staff, str, str], None],
) -> int:
    """File something old for each customer, list it for disposal as its turn says, and return how many lists there are."""
    lists = 0
    for stage, customer in zip(STAGES, customers, strict=False):
        supervisor = staff["sup1" if customer.owner and customer.owner.account in ("rep1", "rep2") else "sup2"]
        with at(5):
            old = [_old(customer, title, years) for title, years in (("装修施工合同", 12), ("往来函件", 13))]
        if stage == "due":
            continue
        lists += 1
        with at(0.5):
            approval = Disposal.propose([one.id for one in old], reason="往来已结束，保管期满", by=supervisor).submit(by=supervisor)
        if stage == "approved":
            with at(0.3):
                sign(approval, staff["mgr1"], "approve", "同意销毁。")
    return lists


def _old(customer: Customer, title: str, years: int) -> ArchiveDocument:
    values = {
        "kind": "correspondence", "title": title, "dated_on": _years_ago(years), "on_paper": True, "retention": "D10", "pages": 4,
    }  # fmt: skip
    return ArchiveDocument.file(customer, values, by=customer.owner, source="demo", again=True)
