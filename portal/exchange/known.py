"""The customers that rows of an import may mean or are like, looked up many at once (AR-3, AR-40)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.database import db
from portal.exchange.customer_rows import Record
from portal.models.contact import Contact
from portal.models.credit import CreditChange
from portal.models.customer import Customer, CustomerState
from portal.models.duplicate import called, near_stems
from portal.models.import_run import ImportRun
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.rules.message import Refusal
from portal.rules.names import LIKELY, normalise_company_name, stem_similarity


class Known:
    """The customers that a portion of rows may mean, by what they are found by."""

    def __init__(self) -> None:
        self.ids: dict[int, Any] = {}
        self.in_approval: set[int] = set()
        """Customers, these and others, of whose credit a change is in approval."""
        self.by_number: dict[str, Any] = {}
        self.by_code: dict[str, list[Any]] = {}
        self.by_name: dict[str, list[Any]] = {}
        self.by_stem: dict[str, Any] = {}
        self.by_phone: dict[str, Any] = {}

    def add(self, row: Any) -> None:
        """Take a customer up, once."""
        if row.id in self.ids:
            return
        self.ids[row.id] = row
        self.by_number[row.number] = row
        if row.state == CustomerState.MERGED:
            return
        if row.credit_code:
            self.by_code.setdefault(row.credit_code, []).append(row)
        self.by_name.setdefault(normalise_company_name(row.full_name), []).append(row)
        self.by_stem.setdefault(row.name_key, row)
        if row.telephone_key:
            self.by_phone.setdefault(row.telephone_key, row)

    def find(self, record: Record) -> tuple[Any, bool]:
        """Return the customer of a row or None, and whether only the name says so. Raises `Refusal` where it may be several."""
        name = record.name_key
        coded = self.by_code.get(record.card.get("credit_code", ""), [])
        if len(coded) > 1:
            coded = [row for row in coded if normalise_company_name(row.full_name) == name] or coded
        numbered = self.by_number.get(record.number) if record.number else None
        if numbered is not None:
            if coded and numbered.id not in {row.id for row in coded}:
                raise Refusal("Number and credit code are those of two different customers.", field="credit_code")
            return numbered, False
        if len(coded) > 1:
            raise Refusal("Several customers have this credit code. Give the customer number, or merge them first.", field="credit_code")
        if coded:
            return coded[0], False
        named = self.by_name.get(name, []) if name else []
        if len(named) > 1:
            raise Refusal("Several customers have this name. Give the customer number or the credit code.", field="full_name")
        return (named[0], True) if named else (None, False)

    def like(self, stem: str, phone: str) -> Any:
        """Return a customer of the same name, a place apart, or the same telephone, contacts' included; or None (AR-3)."""
        if stem and stem in self.by_stem:
            return self.by_stem[stem]
        near = (self.by_stem.get(one) for one in near_stems(stem)) if stem else ()
        placed = next((row for row in near if row is not None and stem_similarity(stem, row.name_key) >= LIKELY), None)
        return placed or (self.by_phone.get(phone) if phone else None)


def look_up(
    run: ImportRun, by: Staff, columns: list[InstrumentedAttribute[Any]], records: list[Record], *, similar: bool, lock: bool = False
) -> Known:
    """Return the customers that these rows may mean, with `columns`, and with `similar` also those they are like.

    Each has `seen`, whether `by` or this import sees it, and `owner_name`.
    """
    known = Known()
    known.in_approval = set(db.session.scalars(select(CreditChange.customer_id).where(CreditChange.state == "pending")))
    numbers = {record.number for record in records if record.number}
    codes = {record.card["credit_code"] for record in records if record.card.get("credit_code")}
    stems = {record.derived["name_key"] for record in records if record.derived.get("name_key")}
    if similar:
        stems = {near for stem in stems for near in near_stems(stem)}
    phones = {record.derived["telephone_key"] for record in records if similar and record.derived.get("telephone_key")}
    scope = case((or_(customer_scope(by), Customer.import_id == run.id), literal(1)), else_=literal(0)).label("seen")
    rest = [
        Customer.id,
        Customer.number,
        Customer.name_key,
        Customer.telephone_key,
        Customer.state,
        Customer.frozen_by_id,
        Customer.version,
    ]
    rest += [Customer.import_id, Customer.owner_id]  # type: ignore[list-item]
    query = select(*rest, *columns, scope, Staff.name.label("owner_name")).outerjoin(Staff, Staff.id == Customer.owner_id)
    if lock:
        query = query.with_for_update(of=Customer)
    callers = {row.telephone_key: row.customer_id for row in db.session.execute(called(phones))} if phones else {}
    for column, values in (
        (Customer.id, set(callers.values())),
        (Customer.number, numbers),
        (Customer.credit_code, codes),
        (Customer.name_key, stems),
        (Customer.telephone_key, phones),
    ):
        if values:
            for row in db.session.execute(query.where(column.in_(values))):
                if row.state != CustomerState.IMPORTING or row.import_id == run.id:
                    known.add(row)
    for phone, customer_id in callers.items():
        if customer_id in known.ids and known.ids[customer_id].state != CustomerState.MERGED:
            known.by_phone.setdefault(phone, known.ids[customer_id])
    return known


def contacts_of(ids: set[int]) -> dict[tuple[int, str], Any]:
    """Return the contacts of these customers by customer and name."""
    if not ids:
        return {}
    found = db.session.execute(select(Contact.__table__).where(Contact.customer_id.in_(ids)).order_by(Contact.id.desc()))
    return {(row.customer_id, person_key(row.name)): row for row in found}


def person_key(name: str) -> str:
    """Return the name of a contact for comparing."""
    return "".join(name.split()).casefold()
