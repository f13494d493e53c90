"""What becomes of each row of an import: new, an update, unchanged, a contact of a customer further up, or refused, and why (AR-40).

The check asks it for the whole file; the import asks it again inside each writing transaction, because customers change in between.
A customer is found by number, else by credit code, else by the same full name in any way of writing it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.database import db
from portal.exchange.columns import Problem
from portal.exchange.customer_rows import Record, as_stored
from portal.models import card
from portal.models.contact import Contact
from portal.models.credit import FIELDS as CREDIT_FIELDS
from portal.models.credit import CreditChange
from portal.models.customer import BY_CHAIN, Customer, CustomerState, possible_owners
from portal.models.duplicate import called, near_stems
from portal.models.import_run import ImportRun
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules.message import N_, Message, Refusal
from portal.rules.names import LIKELY, normalise_company_name, stem_similarity
from portal.rules.numbering import parse_customer_number

IDENTITY = ("full_name", "credit_code")
SEEN, OWNER_NAME = "seen", "owner_name"


@dataclass
class Verdict:
    """What becomes of one row. `changes` and `contacts` are what really is to be written, in plain data."""

    record: Record
    outcome: str = "new"
    """new | update | unchanged | contact | refused"""
    customer: Any = None
    changes: dict[str, Any] = field(default_factory=dict)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    changed_contacts: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    owner: Staff | None = None
    duplicate: Message | None = None

    def refuse(self, text: str, column: str = "", value: Any = "", **params: Any) -> Verdict:
        """Make it refused, for this reason, and return it."""
        self.outcome = "refused"
        self.record.problems.append(Problem(column, value, Message(text, params)))
        return self


class InFile:
    """Which customers of the file were seen further up, by row: a few figures each, because files are long."""

    def __init__(self) -> None:
        # By the hash of a key, which takes a quarter of the memory; two of a million keys have the same once in 30 million files.
        self.places: dict[int, int] = {}
        self.like: dict[int, int] = {}
        self.rows = array("q")
        self.cards = array("q")
        self.outcomes = bytearray()
        self.before: Record | None = None

    def find(self, keys: Iterable[str]) -> int | None:
        """Return the place of an earlier row of the same customer."""
        return next((place for key in keys if (place := self.places.get(hash(key))) is not None), None)

    def add(self, record: Record, keys: list[str], outcome: str) -> None:
        """Remember a customer's first row."""
        place = len(self.rows)
        self.rows.append(record.row)
        self.cards.append(fingerprint(record))
        self.outcomes.append({"new": 1, "update": 2, "unchanged": 2, "refused": 0}[outcome])
        for key in keys:
            self.places.setdefault(hash(key), place)
        self.before = record


def fingerprint(record: Record) -> int:
    """Return one figure for what the row says of the customer itself."""
    return hash(tuple(record.card.items()))


class Judge:
    """Judges rows for one import, in the name of who imports."""

    def __init__(self, run: ImportRun, by: Staff) -> None:
        self.run, self.by = run, by
        self.owners: dict[str, list[Staff]] = {}
        for person in possible_owners(by):
            self.owners.setdefault(person.account, []).append(person)
            self.owners.setdefault(person.name, []).append(person)
        self.default_owner = run.owner or (by if by.account in self.owners else None)
        self.prefix = standard("customer.number_prefix")
        self.purposes = {
            name: entry["code"] for entry in standard("choices.kept_for") for name in (entry["code"], entry["zh"], entry["en"])
        }
        names = {name for name in run.mapping.values() if name in card.CARD} | {"full_name", "credit_code", "former_names", "telephone"}
        self.columns: list[InstrumentedAttribute[Any]] = [getattr(Customer, name) for name in sorted(names)]
        self.may_edit = by.may(Permission.CUSTOMER_EDIT)
        self.in_approval: set[int] = set()

    # --- what is there already --------------------------------------------------------------------------------------

    def look_up(self, records: list[Record], *, similar: bool, lock: bool = False) -> Known:
        """Return the customers that these rows may mean, and with `similar` also those they are like."""
        known = Known()
        self.in_approval = set(db.session.scalars(select(CreditChange.customer_id).where(CreditChange.state == "pending")))
        numbers = {record.number for record in records if record.number}
        codes = {record.card["credit_code"] for record in records if record.card.get("credit_code")}
        stems = {record.derived["name_key"] for record in records if record.derived.get("name_key")}
        if similar:
            stems = {near for stem in stems for near in near_stems(stem)}
        phones = {record.derived["telephone_key"] for record in records if similar and record.derived.get("telephone_key")}
        scope = case((or_(customer_scope(self.by), Customer.import_id == self.run.id), literal(1)), else_=literal(0)).label(SEEN)
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
        query = select(*rest, *self.columns, scope, Staff.name.label(OWNER_NAME)).outerjoin(Staff, Staff.id == Customer.owner_id)
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
                    if row.state != CustomerState.IMPORTING or row.import_id == self.run.id:
                        known.add(row)
        for phone, customer_id in callers.items():
            if customer_id in known.ids and known.ids[customer_id].state != CustomerState.MERGED:
                known.by_phone.setdefault(phone, known.ids[customer_id])
        return known

    def contacts_of(self, ids: set[int]) -> dict[tuple[int, str], Any]:
        """Return the contacts of these customers by customer and name."""
        if not ids:
            return {}
        found = db.session.execute(select(Contact.__table__).where(Contact.customer_id.in_(ids)).order_by(Contact.id.desc()))
        return {(row.customer_id, _person(row.name)): row for row in found}

    # --- judging ----------------------------------------------------------------------------------------------------

    def check(self, records: list[Record], in_file: InFile) -> list[Verdict]:
        """Return the verdicts of the check, in the order of the rows; `in_file` knows the rows before."""
        for record in records:
            if in_file.before is not None and not record.find_keys() and not record.card and record.contacts:
                # The customer's cells are merged over several rows, or left empty below the first.
                self._take_identity(record, in_file.before)
            elif record.find_keys():
                in_file.before = record
        known = self.look_up(records, similar=True)
        verdicts = [self._first(record, known, in_file) for record in records]
        self._judge_contacts(verdicts)
        for verdict in verdicts:
            self._note_likeness(verdict, known, in_file)
        return verdicts

    def check_again(self, records: list[Record]) -> list[Verdict]:
        """Return the verdicts inside the writing transaction, for staged rows; rows of one customer in one chunk are brought together."""
        known = self.look_up(records, similar=False, lock=True)
        new: dict[str, Verdict] = {}
        verdicts = []
        for record in records:
            keys = record.find_keys()
            main = next((new[key] for key in keys if key in new), None)
            if main is not None:
                verdict = Verdict(record, "contact", contacts=[])
                main.contacts += [
                    one
                    for one in self._purposed(record.contacts)
                    if _person(one["name"]) not in {_person(c["name"]) for c in main.contacts}
                ]
            else:
                verdict = self._judge(record, known)
                if verdict.outcome == "new":
                    new.update(dict.fromkeys(keys, verdict))
            verdicts.append(verdict)
        self._judge_contacts(verdicts)
        return verdicts

    def _take_identity(self, record: Record, first: Record) -> None:
        record.number = first.number
        record.card = {name: first.card[name] for name in IDENTITY if name in first.card}
        record.derived = {name: value for name, value in first.derived.items() if name == "name_key"}
        record.keys = []

    def _first(self, record: Record, known: Known, in_file: InFile) -> Verdict:
        keys = record.find_keys()
        place = in_file.find(keys)
        if place is None:
            verdict = self._judge(record, known)
            in_file.add(record, keys, verdict.outcome)
            return verdict
        verdict, row = Verdict(record), in_file.rows[place]
        if record.problems:
            verdict.outcome = "refused"
            return verdict
        if not in_file.outcomes[place]:
            return verdict.refuse(N_("Row %(row)s, of the same customer, is refused."), row=row)
        bare = all(name in IDENTITY for name in record.card) and all(in_file.places.get(hash(key), place) == place for key in keys)
        if not bare and in_file.cards[place] != fingerprint(record):
            return verdict.refuse(N_("This customer stands in row %(row)s already, with other values. Keep one of the two."), row=row)
        if not record.contacts:
            verdict.outcome = "unchanged"
            return verdict
        if in_file.outcomes[place] == 1:
            verdict.outcome, verdict.contacts = "contact", record.contacts
            return verdict
        return self._judge(record, known)

    def _judge(self, record: Record, known: Known) -> Verdict:
        verdict = Verdict(record)
        if record.problems:
            verdict.outcome = "refused"
            return verdict
        try:
            verdict.customer, by_name = known.find(record)
        except Refusal as refusal:
            return verdict.refuse(refusal.message.text, refusal.field or "", **refusal.message.params)
        if verdict.customer is None:
            return self._judge_new(verdict)
        return self._judge_known(verdict, by_name)

    def _judge_new(self, verdict: Verdict) -> Verdict:
        record = verdict.record
        if record.number and self._is_ours(record.number):
            return verdict.refuse(
                N_("There is no customer with this number. Leave the number empty for a new customer: the portal gives it."),
                "number",
                record.number,
            )
        if self.run.what == "update":
            return verdict.refuse(
                N_("There is no such customer yet, and the file is only to update."),
                "full_name",
                record.card.get("full_name", record.number),
            )
        if not record.card.get("full_name"):
            return verdict.refuse(N_("A customer needs its full name."), "full_name")
        if record.number:
            record.warnings.append(
                Message(N_("The number %(number)s is not the portal's; the customer gets a new one."), {"number": record.number})
            )
        if not record.owner:
            verdict.owner = self.default_owner
            if verdict.owner is None:
                return verdict.refuse(
                    N_("Nobody is named who is in charge. Fill the column, or choose somebody for the whole file."), "owner"
                )
        else:
            named = self.owners.get(record.owner) or self.owners.get(record.owner.casefold()) or []
            if not named:
                return verdict.refuse(N_("This is none of the people to whom you may give a customer."), "owner", record.owner)
            if len({person.id for person in named}) > 1:
                return verdict.refuse(N_("Several people have this name. Write the account instead."), "owner", record.owner)
            verdict.owner = named[0]
        if record.registered_on and self.run.as_state != CustomerState.ACTIVE:
            record.warnings.append(Message(N_("A prospect is not on the register yet; the date is left out.")))
        verdict.contacts = list({_person(one["name"]): one for one in reversed(self._purposed(record.contacts))}.values())[::-1]
        return verdict

    def _judge_known(self, verdict: Verdict, by_name: bool) -> Verdict:
        record, customer = verdict.record, verdict.customer
        if not customer.seen:
            if customer.owner_name:
                return verdict.refuse(N_("This customer exists already; ask %(owner)s."), owner=customer.owner_name)
            return verdict.refuse(N_("This customer exists already, in nobody's charge; ask a manager."))
        if self._left_alone(customer):
            verdict.outcome = "unchanged"
            return verdict
        closed = Customer(frozen_by_id=customer.frozen_by_id, state=customer.state).closed
        if closed is not None:
            return verdict.refuse(closed.text, **closed.params)
        if not self.may_edit:
            return verdict.refuse(N_("Your role does not include changes of customers."))
        if (
            record.owner
            and record.owner != customer.owner_name
            and customer.owner_id not in {one.id for one in self.owners.get(record.owner, [])}
        ):
            record.warnings.append(Message(N_("Who is in charge is not changed by an import; hand the customer over.")))
        for name, value in record.card.items():
            if as_stored(name, value) == getattr(customer, name) or (name == "full_name" and by_name):
                continue
            if name == "credit_code" and by_name and customer.credit_code:
                return verdict.refuse(N_("The customer of this name has the credit code %(code)s."), name, value, code=customer.credit_code)
            if not self._hand_may(name, customer):
                record.warnings.append(Message(BY_CHAIN, {"field_title": Message(card.CARD[name].title)}))
                continue
            if name in CREDIT_FIELDS and customer.id in self.in_approval:
                return verdict.refuse(N_("A change of this customer's credit is in approval; it covers this entry."), name, value)
            verdict.changes[name] = value
        verdict.outcome = "update" if verdict.changes else "unchanged"
        return verdict

    def _hand_may(self, name: str, customer: Any) -> bool:
        """Return whether an import may change a field: of what has a chain of its own only what existing dealings lack (RL-5)."""
        taken_over = self.run.as_state == CustomerState.ACTIVE and not getattr(customer, name)
        return taken_over or card.CARD[name] in Customer(state=customer.state).open_fields

    def _judge_contacts(self, verdicts: list[Verdict]) -> None:
        """Work out for the customers that are there which contacts are new and which say something new."""
        open_ = [
            verdict
            for verdict in verdicts
            if verdict.customer is not None
            and verdict.record.contacts
            and verdict.outcome in ("update", "unchanged")
            and not self._left_alone(verdict.customer)
        ]
        there = self.contacts_of({verdict.customer.id for verdict in open_})
        for verdict in open_:
            for contact in self._purposed(verdict.record.contacts):
                key = (verdict.customer.id, _person(contact["name"]))
                known = there.get(key)
                if known is None:
                    verdict.contacts.append(contact)
                    there[key] = None
                elif changes := {
                    name: value for name, value in contact.items() if name not in ("name", "kept_for") and value != getattr(known, name)
                }:
                    verdict.changed_contacts.append((known, changes))
            if verdict.contacts or verdict.changed_contacts:
                verdict.outcome = "update"

    def _purposed(self, contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**one, "kept_for": self.purposes.get(one.get("kept_for", ""), one.get("kept_for") or self.run.kept_for)} for one in contacts
        ]

    def _note_likeness(self, verdict: Verdict, known: Known, in_file: InFile) -> None:
        if verdict.outcome != "new":
            return
        record = verdict.record
        stem, phone = record.derived.get("name_key", ""), record.derived.get("telephone_key", "")
        like = known.like(stem, phone)
        if like is not None:
            verdict.duplicate = (
                Message(N_("Like %(name)s, %(number)s"), {"name": like.full_name, "number": like.number})
                if like.seen
                else Message(N_("Like a customer in the charge of %(owner)s"), {"owner": like.owner_name or "—"})
            )
        for key in filter(None, ("s" + stem if stem else "", "t" + phone if phone else "")):
            row = in_file.like.setdefault(hash(key), record.row)
            if row != record.row and verdict.duplicate is None:
                verdict.duplicate = Message(N_("Like row %(row)s of the file"), {"row": row})

    def _left_alone(self, customer: Any) -> bool:
        """Return whether a customer that is there is not to be touched: where the file is only to create."""
        return self.run.what == "create" and customer.import_id != self.run.id

    def _is_ours(self, number: str) -> bool:
        try:
            return parse_customer_number(number).prefix == self.prefix
        except Refusal:
            return False


class Known:
    """The customers that a portion of rows may mean, by what they are found by."""

    def __init__(self) -> None:
        self.ids: dict[int, Any] = {}
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


def _person(name: str) -> str:
    return "".join(name.split()).casefold()
