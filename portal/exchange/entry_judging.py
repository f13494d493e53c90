"""What becomes of each row of a file of register entries: new, an update, unchanged or refused, and why (AR-31, AR-40).

An entry is found by its number, else by the values that stand in its register once. Its customer is named by number, credit code or
whole name. A row that says of a customer what an entry says already, to the letter, is unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select

from portal.database import db
from portal.exchange.columns import Problem, compile_mapping
from portal.exchange.register_table import entry_table
from portal.models import history, register_entry
from portal.models.customer import Customer
from portal.models.customer_choice import Chosen
from portal.models.import_run import ImportRun
from portal.models.register_entry import KEPT, REMOVED, RegisterEntry
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.registers.declaring import OfficeRegister
from portal.rules.freezing import content_hash
from portal.rules.message import N_, Message, Refusal

NAMING = ("customer_number", "customer_code", "customer_name")
"""Columns that name the customer, the strongest first."""
PORTION = 400


@dataclass
class EntryRecord:
    """One row of a file: `values` are those that the row fills, in plain data."""

    row: int
    number: str = ""
    customer: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    @property
    def named(self) -> str:
        """Return what names the customer best."""
        return self.customer[0] if self.customer else ""

    def as_data(self) -> dict[str, Any]:
        """Return the row as it is staged."""
        return {"number": self.number, "customer": self.customer, "values": self.values}


@dataclass
class EntryVerdict:
    """What becomes of one row; `checked` are all values of the entry as it will be."""

    record: EntryRecord
    outcome: str = "new"
    """new | update | unchanged | refused"""
    entry: RegisterEntry | None = None
    customer: Customer | None = None
    checked: dict[str, Any] = field(default_factory=dict)
    contacts: tuple[()] = ()
    duplicate: Message | None = None

    def refuse(self, text: str, column: str = "", value: Any = "", **params: Any) -> EntryVerdict:
        """Make it refused, for this reason, and return it."""
        self.outcome = "refused"
        self.record.problems.append(Problem(column, value, Message(text, params)))
        return self


class EntryReader:
    """Turns the cells of a row into an `EntryRecord`, under one mapping of one file's heads."""

    def __init__(self, register: OfficeRegister, mapping: dict[int, str], heads: Sequence[str]) -> None:
        self._parse = compile_mapping(entry_table(register), mapping, heads=heads)
        self._fields = [one for one in register.fields if one.name in mapping.values()]

    def read(self, row: int, cells: list[Any]) -> EntryRecord:
        """Return the record of one row; what is wrong with it stands in `problems`."""
        values, problems = self._parse(cells)
        customer = [text for name in NAMING if (text := values.get(name))]
        record = EntryRecord(row, values.get("entry_number") or "", customer, problems=problems)
        for one in self._fields:
            value = values[one.name]
            if value is None:
                continue
            try:
                record.values[one.name] = one.text(one.read(value))
            except Refusal as refusal:
                problems.append(Problem(one.name, value, refusal.message))
        return record


class EntryJudge:
    """Judges rows for one import, in the name of who imports; with `lock`, to write, whoever is changing an entry now is done first."""

    def __init__(self, run: ImportRun, by: Staff, register: OfficeRegister, *, lock: bool = False) -> None:
        self.run, self.by, self.register, self.lock = run, by, register, lock
        self.may_edit = by.may(Permission.REGISTER_EDIT)

    def check(self, records: list[EntryRecord], seen: dict[str, int]) -> list[EntryVerdict]:
        """Return the verdicts in the order of the rows; `seen` knows by row what stood further up in the file."""
        customers = Chosen(self.by, (record.named for record in records))
        verdicts = [EntryVerdict(record) for record in records]
        known = _Known(self.by, self.register, records, lock=self.lock)
        for verdict in verdicts:
            if verdict.record.problems:
                verdict.outcome = "refused"
            else:
                self._meet(verdict, customers, known)
        known.look_up(self.by, self.register, verdicts)
        for verdict in verdicts:
            if verdict.outcome != "refused":
                self._judge(verdict, known, seen)
        return verdicts

    def _meet(self, verdict: EntryVerdict, customers: Chosen, known: _Known) -> None:
        """Find the entry by its number, and the customer."""
        record = verdict.record
        if record.number:
            verdict.entry = known.by_number.get(record.number)
            if verdict.entry is None:
                text = N_("There is no entry with this number. Leave the number empty for a new entry: the portal gives it.")
                verdict.refuse(text, "entry_number", record.number)
                return
        if record.named:
            try:
                verdict.customer = customers.get(record.named)
            except Refusal as refusal:
                verdict.refuse(refusal.message.text, "customer_name", record.named, **refusal.message.params)
                return
        if verdict.entry is None and verdict.customer is None:
            verdict.refuse(N_("Choose the customer."), "customer_name")
        elif verdict.entry is not None and verdict.customer not in (None, verdict.entry.customer):
            verdict.refuse(N_("The entry with this number is another customer's."), "entry_number", record.number)
        else:
            self._fill(verdict)

    def _fill(self, verdict: EntryVerdict) -> None:
        """Work out what the entry would say. Refused where it cannot."""
        before = register_entry.typed(self.register, verdict.entry.data if verdict.entry is not None else {})
        given = register_entry.typed(self.register, verdict.record.values)
        try:
            merged = {**before, **{name: given[name] for name in verdict.record.values}}
            verdict.checked = register_entry.check(self.register, merged)
        except Refusal as refusal:
            verdict.refuse(refusal.message.text, refusal.field or "", **refusal.message.params)

    def _judge(self, verdict: EntryVerdict, known: _Known, seen: dict[str, int]) -> None:
        columns = register_entry.columns(self.register, verdict.checked)
        key = columns["unique_key"]
        there = known.by_key.get(key) if key else None
        if verdict.entry is None and there is not None:
            if there.id not in known.visible or there.customer_id != (verdict.customer.id if verdict.customer else 0):
                self._taken(verdict)
                return
            verdict.entry = there
            self._fill(verdict)
            if verdict.outcome == "refused":
                return
            columns = register_entry.columns(self.register, verdict.checked)
        elif there is not None and verdict.entry is not None and there.id != verdict.entry.id:
            self._taken(verdict)
            return
        if verdict.entry is None:
            self._judge_new(verdict, columns, known)
        else:
            self._judge_known(verdict, columns)
        self._note(verdict, columns, seen)

    def _judge_new(self, verdict: EntryVerdict, columns: dict[str, Any], known: _Known) -> None:
        assert verdict.customer is not None  # noqa: S101 - a row without one is refused
        if (verdict.customer.id, content_hash(columns["data"])) in known.said:
            verdict.outcome = "unchanged"
        elif self.run.what == "update":
            verdict.refuse(N_("There is no such entry yet, and the file is only to update."))
        else:
            try:
                history.ensure_not_erased(verdict.customer)
            except Refusal as refusal:
                verdict.refuse(refusal.message.text, "customer_name", verdict.customer.number)

    def _judge_known(self, verdict: EntryVerdict, columns: dict[str, Any]) -> None:
        entry = verdict.entry
        assert entry is not None  # noqa: S101
        verdict.customer = entry.customer
        changed = register_entry.differences(self.register, entry.data, columns["data"])
        verdict.outcome = "update" if changed and self.run.what != "create" else "unchanged"
        if verdict.outcome == "update" and entry.closed is not None:
            verdict.refuse(entry.closed.text, **entry.closed.params)
        elif verdict.outcome == "update" and not self.may_edit:
            verdict.refuse(N_("Your role does not include entries of office registers."))

    def _note(self, verdict: EntryVerdict, columns: dict[str, Any], seen: dict[str, int]) -> None:
        """Refuse a second row on one entry with other values; a second row that says the same is unchanged."""
        if verdict.outcome == "refused" or verdict.customer is None:
            return
        said = f"{verdict.customer.id}:{content_hash(columns['data'])}"
        keys = [f"#{verdict.entry.id}"] if verdict.entry is not None else []
        keys += [f"u{columns['unique_key']}"] if columns["unique_key"] else []
        if said in seen:
            verdict.outcome = "unchanged"
            return
        for key in keys:
            if key in seen:
                verdict.refuse(N_("This entry stands in row %(row)s already, with other values. Keep one of the two."), row=seen[key])
                return
        seen.update(dict.fromkeys([said, *keys], verdict.record.row))

    def _taken(self, verdict: EntryVerdict) -> None:
        first = self.register.by_name[self.register.unique[0]]
        text = N_("%(field_title)s: the register has an entry with this already.")
        verdict.refuse(text, first.name, verdict.record.values.get(first.name, ""), field_title=Message(first.title))


class _Known:
    """The entries that a portion of rows may mean."""

    def __init__(self, by: Staff, register: OfficeRegister, records: list[EntryRecord], *, lock: bool) -> None:
        self._lock = lock
        self.by_number: dict[str, RegisterEntry] = {}
        self.by_key: dict[str, RegisterEntry] = {}
        self.visible: set[int] = set()
        self.said: set[tuple[int, str]] = set()
        for some in _portions([record.number for record in records if record.number]):
            query = RegisterEntry.visible_to(by).where(RegisterEntry.register == register.code, RegisterEntry.number.in_(some))
            self.by_number.update({entry.number: entry for entry in db.session.scalars(self._locked(query))})

    def _locked(self, query: Select[RegisterEntry]) -> Select[RegisterEntry]:
        return query.with_for_update(of=RegisterEntry) if self._lock else query

    def look_up(self, by: Staff, register: OfficeRegister, verdicts: list[EntryVerdict]) -> None:
        """Find what stands in the register with the unique values of the rows, and what it says of their customers already."""
        going = [verdict for verdict in verdicts if verdict.outcome != "refused"]
        keys = {register_entry.columns(register, verdict.checked)["unique_key"] for verdict in going} - {""}
        for some in _portions(sorted(keys)):
            found = select(RegisterEntry).where(RegisterEntry.register == register.code, RegisterEntry.unique_key.in_(some))
            for entry in db.session.scalars(self._locked(found.where(RegisterEntry.state != REMOVED))):
                self.by_key[entry.unique_key] = entry
        for some_ids in _portions([entry.id for entry in self.by_key.values()]):
            self.visible.update(
                entry.id for entry in db.session.scalars(RegisterEntry.visible_to(by).where(RegisterEntry.id.in_(some_ids)))
            )
        days = {verdict.checked[register.dated_by] for verdict in going}
        customers = sorted({verdict.customer.id for verdict in going if verdict.customer is not None and verdict.entry is None})
        for some_customers in _portions(customers):
            query = select(RegisterEntry.customer_id, RegisterEntry.data, RegisterEntry.dated_on).where(
                RegisterEntry.customer_id.in_(some_customers), RegisterEntry.register == register.code, RegisterEntry.state == KEPT
            )
            for row in db.session.execute(query):
                if row.dated_on in days:
                    self.said.add((row.customer_id, content_hash(row.data)))


def _portions(values: list[Any]) -> Iterator[list[Any]]:
    return (values[start : start + PORTION] for start in range(0, len(values), PORTION))
