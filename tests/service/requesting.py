"""Requests for tests, taken in the short way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portal.database import db
from portal.models.customer import Customer
from portal.models.request import ServiceRequest
from portal.models.request_intake import take_in
from portal.rules.working_time import ZONE
from tests import factories
from tests.approving import person

COMPLETE = {
    "cause": "delivery", "done": "补发货物并致歉。", "satisfied": True, "word": "表示接受。", "department": "物流部",
    "prevention": "改用两家承运商。",
}  # fmt: skip
"""What a closed complaint says."""


def at(text: str) -> datetime:
    """Return a moment of the site, such as 2026-04-30 16:00."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def taken(customer: Customer | None = None, *, by: str = "rep1", **values: Any) -> ServiceRequest:
    """Return a committed request, a complaint by telephone unless `values` say otherwise."""
    given: dict[str, Any] = {
        "customer": None if "customer_name" in values else customer or factories.customer(), "kind": "complaint", "channel": "telephone",
        "text": "货物晚到三天，包装破损。", **values,
    }  # fmt: skip
    request = take_in(given, by=person(by))
    db.session.commit()
    return request
