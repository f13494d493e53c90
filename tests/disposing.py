"""Short ways through the end of dealings and disposals for tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from portal import clock
from portal.database import db
from portal.models import dealings, disposal_record
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.disposal import NAME, Disposal
from portal.models.dossier import ArchiveDocument
from tests import factories, lending
from tests.approving import person, scan, sign


def past(customer: Customer | None = None, **values: Any) -> Customer:
    """Return a customer with whom dealings ended so long ago that the card is kept no longer."""
    customer = customer or factories.customer("rep1")
    values = {"kind": "dissolved", "reason": "公司注销", "ended_on": years_ago(11), **values}
    dealings.end(customer, by=person("sup1"), **values)
    db.session.commit()
    return customer


def years_ago(years: int) -> date:
    """Return the first of this month, so many years ago."""
    return clock.today().replace(year=clock.today().year - years, day=1)


def old(customer: Customer, **values: Any) -> ArchiveDocument:
    """Return a committed document whose retention of ten years is over."""
    values = {"kind": "contact", "dated_on": years_ago(12), "retention": "D10", **values}
    return lending.document(customer, **values)


def listed(*listing: ArchiveDocument | Customer, by: str = "sup1") -> Disposal:
    """Return a committed draft of a list of documents, and of the cards of customers."""
    cards, documents = ([one.id for one in listing if isinstance(one, Customer) is card] for card in (True, False))
    disposal = Disposal.propose(documents, reason="保管期满", by=person(by), card_ids=cards)
    db.session.commit()
    return disposal


def submitted(*listing: ArchiveDocument | Customer, by: str = "sup1") -> Approval:
    """Return the running approval of a list."""
    approval = listed(*listing, by=by).submit(by=person(by))
    db.session.commit()
    return approval


def approved(*listing: ArchiveDocument | Customer) -> Disposal:
    """Return a list that has passed its chain: mgr1 in the supervisor's place, who has drafted it, then mgr2."""
    approval = submitted(*listing)
    while approval.state == "pending":
        sign(approval, next(one for one in ("mgr1", "mgr2") if approval.can_sign(person(one))))
    found: Disposal = approval.document
    return found


def destroyed(disposal: Disposal, **values: Any) -> Disposal:
    """Record the destruction of an approved list, and take the contents out of the store."""
    values = {"destroyed_on": clock.today(), "witnesses": ("周监", "吴销"), "scan": scan(), "by": person("mgr1"), **values}
    db.session.flush()
    disposal_record.record(disposal, **values)
    db.session.commit()
    disposal_record.purge(disposal)
    db.session.commit()
    return disposal


def approval_of(disposal: Disposal) -> Approval:
    found = Approval.latest_for(NAME, disposal.id)
    assert found is not None
    return found
