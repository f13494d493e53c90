"""Records for tests, made the short way: valid, in the cast's hands, with only what the test says set."""

from __future__ import annotations

from itertools import count
from typing import Any

from portal.database import db
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState
from portal.models.staff import Staff

_serial = count(1)


def customer(owner: str = "rep1", **fields: Any) -> Customer:
    """Return a committed customer in the charge of `owner` and their team, on the register unless `state` says otherwise."""
    person = Staff.by_account(owner)
    assert person is not None
    number = next(_serial)
    values: dict[str, Any] = {
        "number": f"T{number:08d}",
        "full_name": f"测试客户{number}有限公司",
        "state": CustomerState.ACTIVE.value,
        "owner_id": person.id,
        "team_id": person.team_id,
    }
    record = Customer(**{**values, **fields})
    db.session.add(record)
    db.session.commit()
    return record


def contact(of: Customer, **fields: Any) -> Contact:
    """Return a committed contact of a customer."""
    record = Contact(**{"customer_id": of.id, "name": "联系人甲", "kept_for": "日常联系", **fields})
    db.session.add(record)
    db.session.commit()
    return record
