"""Short ways through call-backs for tests. rep1 and rep2 are of team 1, rep3 of team 2."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models import callback_due
from portal.models.callback import Callback, CallSheet
from portal.models.customer import Customer
from tests import factories
from tests.approving import person


def customer(owner: str = "rep1", **fields: Any) -> Customer:
    """Return a customer on the register who has a telephone number."""
    return factories.customer(owner, **{"telephone": "0755-26001234", "telephone_key": "075526001234", **fields})


def happened(of: Customer, kind: str, on: date | None = None, source: str = "test", **values: Any) -> list[Callback]:
    """Let something happen to a customer, today where no day is given, and return the committed calls that follow at once."""
    made = callback_due.due(of, kind, on=on or clock.today(), by=None, source=source, **values)
    db.session.commit()
    return made


def call(owner: str = "rep1", **fields: Any) -> Callback:
    """Return a committed call that is due today, be it a Sunday, on a new customer of `owner`."""
    (made,) = happened(customer(owner, **fields), "installation")
    made.due_on = made.due_until = clock.today()
    db.session.commit()
    return made


def finished(one: Callback, by: str = "rep1", **values: Any) -> list[Callback]:
    """Write the sheet of a call and return the committed calls that follow."""
    made = one.finish(CallSheet(**{"result": "使用正常", **values}), by=person(by), version=one.version)
    db.session.commit()
    return made


def calls(of: Customer) -> list[tuple[str, str, str]]:
    """Return row or kind, first day and state of a customer's calls."""
    found = db.session.scalars(select(Callback).where(Callback.customer_id == of.id).order_by(Callback.due_on, Callback.id))
    return [(one.row_code or one.kind, one.due_on.isoformat(), one.state) for one in found]
