"""What becomes of each row of an import: new, an update, unchanged, a contact of a customer further up, or refused, and why (AR-40).

The check asks it for the whole file; the import asks it again inside each writing transaction, because customers change in between.
A customer is found by number, else by credit code, else by the same full name in any way of writing it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from portal.exchange.columns import Problem
from portal.exchange.customer_rows import Record, as_stored
from portal.exchange.in_file import InFile, fingerprint
from portal.exchange.known import Known, contacts_of, look_up, person_key
from portal.models import card
from portal.models.credit import FIELDS as CREDIT_FIELDS
from portal.models.customer import BY_CHAIN, Customer, CustomerState, possible_owners
from portal.models.import_run import ImportRun
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules.message import N_, Message, Refusal
from portal.rules.numbering import parse_customer_number

IDENTITY = ("full_name", "credit_code")


@dataclass(slots=True)
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


def _said(contact: dict[str, Any]) -> dict[str, Any]:
    """Return what a row says of a contact besides who it is; an empty cell says nothing."""
    return {name: value for name, value in contact.items() if name not in ("name", "kept_for")}


def joined(contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return contacts, those of one person as one: what a later row says of them is added to what the first said."""
    found: dict[str, dict[str, Any]] = {}
    for one in contacts:
        found.setdefault(person_key(one["name"]), dict(one)).update(_said(one))
    return list(found.values())


class Judge:
    """Judges rows for one import, in the name of who imports."""

    def __init__(self, run: ImportRun, by: Staff) -> None:
        self.run, self.by = run, by
        self.owners: dict[str, list[Staff]] = {}
        for person in possible_owners(by):
            self.owners.setdefault(person.account, []).append(person)
            self.owners.setdefault(person.name, []).append(person)
        self.default_owner = run.otherwise
        self.prefix = standard("customer.number_prefix")
        self.purposes = {
            name: entry["code"] for entry in standard("choices.kept_for") for name in (entry["code"], entry["zh"], entry["en"])
        }
        names = {name for name in run.mapping.values() if name in card.CARD} | {"full_name", "credit_code", "former_names", "telephone"}
        self.columns: list[InstrumentedAttribute[Any]] = [getattr(Customer, name) for name in sorted(names)]
        self.may_edit = by.may(Permission.CUSTOMER_EDIT)

    def check(self, records: list[Record], in_file: InFile) -> list[Verdict]:
        """Return the verdicts of the check, in the order of the rows; `in_file` knows the rows before."""
        for record in records:
            if in_file.before is not None and not record.find_keys() and not record.card and record.contacts:
                # The customer's cells are merged over several rows, or left empty below the first.
                self._take_identity(record, in_file.before)
            elif record.find_keys():
                in_file.before = record
        known = look_up(self.run, self.by, self.columns, records, similar=True)
        verdicts = [self._first(record, known, in_file) for record in records]
        self._judge_contacts(verdicts)
        for verdict in verdicts:
            self._note_likeness(verdict, known, in_file)
        return verdicts

    def check_again(self, records: list[Record]) -> list[Verdict]:
        """Return the verdicts inside the writing transaction, for staged rows; rows of one customer in one chunk are brought together."""
        known = look_up(self.run, self.by, self.columns, records, similar=False, lock=True)
        new: dict[str, Verdict] = {}
        verdicts = []
        for record in records:
            keys = record.find_keys()
            main = next((new[key] for key in keys if key in new), None)
            if main is not None:
                verdict = Verdict(record, "contact", contacts=[])
                main.contacts = joined([*main.contacts, *self._purposed(record.contacts)])
            else:
                verdict = self._judge(record, known)
                if verdict.outcome == "new" and record.further:
                    verdict.refuse(N_("The row further up that makes this customer is not imported."))
                elif verdict.outcome == "new":
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
        # A name that the customer's first row does not say is that of somebody else, who has the same code by mistake.
        known_as = (in_file.places.get(hash(key), -1 if key[0] == "n" else place) for key in keys)
        bare = all(name in IDENTITY for name in record.card) and all(one == place for one in known_as)
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
        return self._judge_known(verdict, known, by_name)

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
            text = N_("The number %(number)s is not the portal's; the customer gets a new one.")
            record.warnings.append(Problem("number", record.number, Message(text, {"number": record.number})))
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
            text = N_("A prospect is not on the register yet; the date is left out.")
            record.warnings.append(Problem("registered_on", record.registered_on, Message(text)))
        verdict.contacts = joined(self._purposed(record.contacts))
        return verdict

    def _judge_known(self, verdict: Verdict, known: Known, by_name: bool) -> Verdict:
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
            named = {"name": record.card.get("full_name") or record.number, "customer": customer.full_name, "number": customer.number}
            return verdict.refuse(N_("“%(name)s” of the file is %(customer)s (%(number)s) here. %(why)s"), why=closed, **named)
        if not self.may_edit:
            return verdict.refuse(N_("Your role does not include changes of customers."))
        if (
            record.owner
            and record.owner != customer.owner_name
            and customer.owner_id not in {one.id for one in self.owners.get(record.owner, [])}
        ):
            text = N_("Who is in charge is not changed by an import; hand the customer over.")
            record.warnings.append(Problem("owner", record.owner, Message(text)))
        for name, value in record.card.items():
            if as_stored(name, value) == getattr(customer, name) or (name == "full_name" and by_name):
                continue
            if name == "credit_code" and by_name and customer.credit_code:
                return verdict.refuse(N_("The customer of this name has the credit code %(code)s."), name, value, code=customer.credit_code)
            if not self._hand_may(name, customer):
                said = "" if card.CARD[name].kind == "choice" else value  # a code tells nobody anything
                record.warnings.append(Problem(name, said, Message(BY_CHAIN, {"field_title": Message(card.CARD[name].title)})))
                continue
            if name in CREDIT_FIELDS and customer.id in known.in_approval:
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
        there = contacts_of({verdict.customer.id for verdict in open_})
        for verdict in open_:
            for contact in self._purposed(verdict.record.contacts):
                key = (verdict.customer.id, person_key(contact["name"]))
                known = there.get(key)
                if known is None:
                    verdict.contacts.append(contact)
                    there[key] = contact
                elif isinstance(known, dict):  # new as well, in a row further up: it is written there
                    verdict.outcome = "update"
                    known.update(_said(contact))
                elif changes := {name: value for name, value in _said(contact).items() if value != getattr(known, name)}:
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
