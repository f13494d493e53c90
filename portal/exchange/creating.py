"""New customers of an import and their contacts, inserted many at once, with what the log and the search keep of them (AR-40)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.exchange.judging import Verdict
from portal.inserting import insert_rows
from portal.models import audit, card
from portal.models.contact import Contact
from portal.models.contact import derived as contact_derived
from portal.models.customer import Customer, CustomerState
from portal.models.import_run import ImportRun
from portal.models.search_index import NewContact, NewCustomer, index_new

_DERIVED = ("name_key", "name_sort", "telephone_key")
_CONTACT = tuple(entry.name for entry in card.CONTACT_FIELDS)


class Creation:
    """Makes the new customers of one import, in the state `state`."""

    def __init__(self, run: ImportRun, state: str) -> None:
        self.run, self.state = run, state
        names = set(run.mapping.values())
        self.fields = tuple(name for name in card.CARD if name in names)
        self.blank = {name: card.CARD[name].empty for name in self.fields}
        # Of plain data in the staged rows only these are something else in the columns.
        self.dates = tuple(name for name in self.fields if card.CARD[name].kind == "date")
        self.money = tuple(name for name in self.fields if card.CARD[name].kind == "money")

    def create(self, verdicts: list[Verdict], numbers: list[str]) -> int:
        """Insert the customers of these verdicts with their contacts, and return how many contacts; the caller commits."""
        if not verdicts:
            return 0
        run, moment = self.run, clock.now()
        names = (*self.fields, *_DERIVED, "number", "owner_id", "team_id", "contact_count", "registered_on")
        common = {"state": self.state, "import_id": run.id, "created_at": moment, "updated_at": moment}
        rows = (self._row(verdict, number) for verdict, number in zip(verdicts, numbers, strict=True))
        insert_rows(db.session(), Customer.__table__, names, rows, **common)
        ids = {row.number: row.id for row in db.session.execute(select(Customer.number, Customer.id).where(Customer.number.in_(numbers)))}
        made = [(ids[number], number, verdict) for number, verdict in zip(numbers, verdicts, strict=True)]
        contacts = add_contacts(run, ((made_id, contact) for made_id, _number, verdict in made for contact in verdict.contacts))
        if self.state != CustomerState.IMPORTING:
            index_new(self._found_by(made_id, number, verdict, contacts.get(made_id, [])) for made_id, number, verdict in made)
        entries = (
            {
                "action": "created",
                "record_type": "Customer",
                "record_id": made_id,
                "customer_id": made_id,
                "label": verdict.record.card["full_name"],
                "row": verdict.record.row,
            }
            for made_id, _number, verdict in made
        )
        audit.write_many("change", entries, actor=run.staff, source=run.filename, import_id=run.id)
        return sum(map(len, contacts.values()))

    def _row(self, verdict: Verdict, number: str) -> list[Any]:
        record, owner = verdict.record, verdict.owner
        assert owner is not None  # noqa: S101 - the judge names somebody for every new customer
        values = {**self.blank, **record.card}
        for name in self.dates:
            if name in record.card:
                values[name] = date.fromisoformat(values[name])
        for name in self.money:
            if name in record.card:
                values[name] = Decimal(values[name])
        row = [values[name] for name in self.fields]
        row += [record.derived.get(name, "") for name in _DERIVED]
        row += [number, owner.id, owner.team_id, len(verdict.contacts), self._registered_on(record.registered_on)]
        return row

    def _registered_on(self, given: str) -> date | None:
        if self.run.as_state != CustomerState.ACTIVE:
            return None
        return date.fromisoformat(given) if given else clock.today()

    @staticmethod
    def _found_by(made_id: int, number: str, verdict: Verdict, contacts: list[NewContact]) -> tuple[NewCustomer, list[NewContact]]:
        record, owner = verdict.record, verdict.owner
        assert owner is not None  # noqa: S101 - as above
        short_name, former_names, credit_code = (record.card.get(name, "") for name in ("short_name", "former_names", "credit_code"))
        key = record.derived.get("telephone_key", "")
        name = record.card["full_name"]
        return NewCustomer(made_id, number, name, short_name, former_names, credit_code, key, owner.id, owner.team_id), contacts


def add_contacts(run: ImportRun, contacts: Iterable[tuple[int, dict[str, Any]]]) -> dict[int, list[NewContact]]:
    """Insert contacts, given as (customer's id, values), and return by customer what they are found by."""
    rows: list[list[Any]] = []
    added: dict[int, list[NewContact]] = {}
    for customer_id, contact in contacts:
        values = {**_BLANK, **contact}
        follows = contact_derived(contact)
        key = follows.get("telephone_key", "")
        rows.append([customer_id, follows["name_pinyin"], key, *(values[name] for name in _CONTACT)])
        added.setdefault(customer_id, []).append(NewContact(contact["name"], key))
    names = ("customer_id", "name_pinyin", "telephone_key", *_CONTACT)
    insert_rows(db.session(), Contact.__table__, names, rows, import_id=run.id, version=1, created_at=clock.now())
    return added


_BLANK = {entry.name: entry.empty for entry in card.CONTACT_FIELDS}
