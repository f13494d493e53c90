"""Entries of the office registers 登记簿 (AR-30, AR-31): one table for all of them, each entry hung on a customer.

What an entry holds is said by its register's declaration (`portal/registers`); `data` keeps it as plain data. Nothing is deleted:
an entry that was wrong is removed with a reason, and stands struck through where it stood.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, Self

from sqlalchemy import ForeignKey, Index, Select, Text, func, select
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, StateConflict, db
from portal.models import audit, card, history
from portal.models.customer import BYTEWISE, Customer, CustomerState, NumberSeries
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.standard_effects import touching
from portal.registers.declaring import REGISTERS, OfficeRegister, RegisterField, for_each
from portal.rules import standards
from portal.rules.grams import fold
from portal.rules.message import N_, Message, Refusal

KEPT, REMOVED, IMPORTING = "kept", "removed", "importing"
SERIAL_DIGITS = 4
COUNTED = 1000
"""Entries that a switch touches are counted up to here."""

_STANDING = sql("unique_key <> '' AND state <> 'removed'")


class RegisterEntry(HangsOnCustomer, Base):
    """One entry of an office register."""

    __tablename__ = "register_entry"

    register: Mapped[str]
    """The register's code."""
    number: Mapped[str] = mapped_column(BYTEWISE, unique=True)
    """Of the register and the year: 31306-2026-0012."""
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """Field → plain data (`Field.text`)."""
    title: Mapped[str] = mapped_column(BYTEWISE)
    """What the entry is called by: the text of the register's title field."""
    search_text: Mapped[str] = mapped_column(Text, default="")
    """Its texts in folded form, one a line, for the filter by words."""
    dated_on: Mapped[date]
    ends_on: Mapped[date | None]
    """The day on which it runs out, as long as it has not ended before."""
    unique_key: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=KEPT)
    """kept | removed | importing (made by an import of all or nothing that has not ended; nobody sees it)"""
    removed_because: Mapped[str] = mapped_column(default="")
    import_id: Mapped[int | None] = mapped_column(index=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])
    updated_by: Mapped[Staff] = relationship(foreign_keys=[updated_by_id])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(None, "register", "state", "dated_on", "id"),
        Index(None, "register", "state", "title", "id"),
        Index(None, "register", "state", "id"),
        Index(None, "customer_id", "register", "state", "dated_on", "id"),
        Index(None, "register", "state", "ends_on"),
        Index("uq_register_entry_unique_key", "register", "unique_key", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
    )

    # --- who sees it -------------------------------------------------------------------------------------------------

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Self]:
        """Return the entries on customers that `user` may see; those of registers that are not in use only managers see."""
        return super().visible_to(user).where(cls.state != IMPORTING, cls.register.in_([one.code for one in readable(user)]))

    @property
    def declared(self) -> OfficeRegister:
        """Return the register's declaration."""
        return REGISTERS[self.register]

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return f"{self.number} {self.title}"

    @property
    def closed(self) -> Message | None:
        """Return why the entry may not be changed, or None."""
        if self.state == REMOVED:
            return Message(N_("The entry was removed and is kept as it was."))
        if not is_in_use(self.register):
            return Message(N_("This register is not in use; its entries are kept as they were."))
        return None

    def as_record(self) -> SimpleNamespace:
        """Return the entry as forms take a record: its version, and each field of the register as plain data."""
        return SimpleNamespace(
            version=self.version, **{one.name: self.data.get(one.name, one.text(one.empty)) for one in self.declared.fields}
        )

    # --- what happens to it ------------------------------------------------------------------------------------------

    @classmethod
    def add(cls, register: OfficeRegister, customer: Customer, values: Mapping[str, Any], *, by: Staff, source: str = "form") -> Self:
        """Enter something into a register and return the entry, flushed. Raises `Refusal` with the field."""
        if not is_in_use(register.code):
            raise Refusal("This register is not in use.")
        if customer.state == CustomerState.MERGED:
            raise Refusal("This record was merged into another one. Change that one.", field="customer")
        history.ensure_not_erased(customer)
        checked = check(register, values)
        moment = clock.now()
        entry = cls(
            register=register.code,
            number=next(numbers(register, 1)),
            customer_id=customer.id,
            created_by_id=by.id,
            updated_by_id=by.id,
            created_at=moment,
            updated_at=moment,
            **columns(register, checked),
        )
        entry._store(added=True)
        entry._write("added", by, [{"field": name, "old": "", "new": new} for name, new in entry.data.items()], source=source)
        entry._recount()
        return entry

    def change(self, values: Mapping[str, Any], *, by: Staff, source: str = "form") -> list[dict[str, Any]]:
        """Change fields and return what really changed, as [{field, old, new}] in plain data. Raises `Refusal` with the field."""
        self.ensure_open()
        register, before = self.declared, dict(self.data)
        checked = check(register, {**typed(register, before), **values})
        new = columns(register, checked)
        changes = differences(register, before, new["data"])
        if not changes:
            return []
        undeclared = {name: text for name, text in before.items() if name not in register.by_name}  # of an earlier declaration: kept
        for name, value in {**new, "data": {**undeclared, **new["data"]}}.items():
            setattr(self, name, value)
        self.updated_by_id, self.updated_at = by.id, clock.now()
        self._store()
        self._write("changed", by, changes, source=source)
        return changes

    def remove(self, *, by: Staff, reason: str) -> None:
        """Take the entry out of its register; it stays readable, struck through. Raises `Refusal`."""
        self.ensure_open()
        if not reason:
            raise Refusal("Say why the entry is removed.", field="reason")
        self.state, self.removed_because, self.ends_on = REMOVED, reason, None
        self.updated_by_id, self.updated_at = by.id, clock.now()
        db.session.flush()
        self._write("removed", by, [], reason=reason)
        self._recount()

    def _recount(self) -> None:
        """Count what the customer's dossier lacks, where a rule requires entries of this register (AR-8)."""
        from portal.models.dossier_completeness import count, is_counted

        if is_counted(self.declared):
            count([self.customer_id])

    def ensure_open(self) -> None:
        """Raise `Refusal` saying why where the entry may not be changed."""
        if self.closed is not None:
            raise Refusal(self.closed.text, **self.closed.params)

    def _store(self, *, added: bool = False) -> None:
        """Write it into the database, which holds uniqueness. Raises `Refusal` where the like stands there already."""
        register = self.declared
        if self.unique_key:
            ensure_unique(register, self.unique_key, other_than=None if added else self.id)
        try:
            with db.session.begin_nested():
                if added:
                    db.session.add(self)
                db.session.flush()
        except IntegrityError as error:
            if "unique_key" not in str(error.orig):
                raise StateConflict(str(error.orig)) from error
            raise _taken(register) from error

    def _write(self, action: str, by: Staff, changes: list[dict[str, Any]], **more: Any) -> None:
        audit.write("change", action, actor=by, record=self, label=self.label, register=self.register, changes=changes, **more)


# --- values ----------------------------------------------------------------------------------------------------------------


def check(register: OfficeRegister, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return every field of the register with its value. Raises `Refusal` with the field where they cannot be entered so."""
    checked = {one.name: one.empty if values.get(one.name) is None else values[one.name] for one in register.fields}
    for one in register.fields:
        value = checked[one.name]
        if one.required and one.kind != "switch" and value in ("", None):
            raise Refusal("%(field_title)s: this is required.", field=one.name, field_title=Message(one.title))
        if one.entries and value and value not in one.options:
            raise Refusal("%(field_title)s: choose one of the list.", field=one.name, field_title=Message(one.title))
    if register.check is not None:
        register.check({name: None if value == "" else value for name, value in checked.items()})
    return checked


def columns(register: OfficeRegister, checked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of checked values: the data, and the columns that lists and uniqueness need."""
    ended = bool(register.ended and checked[register.ended])
    free = not register.unique or (ended and register.free_when_ended)
    return {
        "data": _filled(register, checked),
        "title": str(shown(register.by_name[register.title_field], checked[register.title_field]))[:200],
        "search_text": _search_text(register, checked),
        "dated_on": checked[register.dated_by],
        "ends_on": None if ended or not register.until else checked[register.until],
        "unique_key": "" if free else "\n".join(_key(register.by_name[name], checked[name]) for name in register.unique),
    }


def _filled(register: OfficeRegister, checked: Mapping[str, Any]) -> dict[str, Any]:
    return {one.name: one.text(checked[one.name]) for one in register.fields if checked[one.name] not in ("", None, False)}


def _key(field: RegisterField, value: Any) -> str:
    return fold(str(field.text(value)).replace(" ", "").replace("-", ""))


def _search_text(register: OfficeRegister, checked: Mapping[str, Any]) -> str:
    texts: list[str] = []
    for one in register.fields:
        value = checked[one.name]
        if one.entries and value in one.options:
            texts += [one.options[value].zh, one.options[value].en]
        elif one.kind != "switch" and value not in ("", None):
            texts.append(str(one.text(value)))
        if one.kind == "phone" and value:
            texts.append("".join(figure for figure in str(value) if figure.isdigit()))
    return "\n".join(fold(text) for text in texts)


def shown(field: RegisterField, value: Any) -> str:
    """Return a value as a list in Chinese shows it, without the reader's language: for titles."""
    if field.entries and value in field.options:
        return field.options[value].zh
    return str(field.text(value))


def typed(register: OfficeRegister, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored data as values. Not by `Field.read` of everything: what was stored comes back as it was."""
    return {one.name: _value(one, data.get(one.name, "")) for one in register.fields}


def _value(field: RegisterField, text: Any) -> Any:
    if field.kind in ("date", "money", "integer", "figure"):
        return field.read(text)
    return bool(text) if field.kind == "switch" else text


def differences(register: OfficeRegister, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fields in which two entries' data differ, as [{field, old, new}]."""
    return [
        {"field": one.name, "old": before.get(one.name, ""), "new": after.get(one.name, "")}
        for one in register.fields
        if before.get(one.name, "") != after.get(one.name, "")
    ]


def numbers(register: OfficeRegister, count: int) -> Iterator[str]:
    """Yield the next `count` numbers of the register: form, year, serial of four digits or more."""
    series = f"{register.prefix}-{clock.today().year}"
    first = NumberSeries.take(series, count)
    return (f"{series}-{serial:0{SERIAL_DIGITS}d}" for serial in range(first, first + count))


def ensure_unique(register: OfficeRegister, key: str, *, other_than: int | None = None) -> None:
    """Raise `Refusal` beside its field where an entry with these unique values stands in the register."""
    found = select(RegisterEntry.id).where(
        RegisterEntry.register == register.code,
        RegisterEntry.unique_key == key,
        RegisterEntry.unique_key != "",
        RegisterEntry.state != REMOVED,
    )
    with db.session.no_autoflush:
        there = db.session.scalar(found.limit(1))
    if there is not None and there != other_than:
        raise _taken(register)


def _taken(register: OfficeRegister) -> Refusal:
    first = register.by_name[register.unique[0]]
    return Refusal("%(field_title)s: the register has an entry with this already.", field=first.name, field_title=Message(first.title))


# --- registers in use ----------------------------------------------------------------------------------------------------


def is_in_use(code: str) -> bool:
    """Return whether a register is declared and switched on."""
    return code in REGISTERS and bool(standard(REGISTERS[code].switch))


def in_use() -> list[OfficeRegister]:
    """Return the registers that are in use, by form number."""
    return sorted((one for one in REGISTERS.values() if is_in_use(one.code)), key=lambda one: one.form_number)


def readable(user: Staff) -> list[OfficeRegister]:
    """Return the registers that `user` may open: those in use, for managers all."""
    return sorted((one for one in REGISTERS.values() if user.is_manager or is_in_use(one.code)), key=lambda one: one.form_number)


@for_each
def _switch(register: OfficeRegister) -> None:
    """Give each register its switch among the standards (AR-31)."""
    clause = N_("Rules for customer files (AR-30)")
    standards.add(standards.Standard(register.switch, register.title, "switch", True, "registers", clause, unit=N_("in use")))

    @touching(register.switch)
    def entries(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
        some = select(RegisterEntry.id).where(RegisterEntry.register == register.code, RegisterEntry.state == KEPT).limit(COUNTED)
        count = db.session.scalar(select(func.count()).select_from(some.subquery())) or 0
        text = N_("The register has %(count)s entries. Off, it is not offered; managers can read its entries, and prints stay valid.")
        yield Message(text, {"count": f"{count:,}{'+' if count == COUNTED else ''}"})


def entries_of(customer: Customer, user: Staff) -> dict[str, list[RegisterEntry]]:
    """Return a customer's entries by register, the newest first, for the customer's page."""
    query = RegisterEntry.visible_to(user).where(RegisterEntry.customer_id == customer.id)
    found: dict[str, list[RegisterEntry]] = {}
    for entry in db.session.scalars(query.order_by(RegisterEntry.dated_on.desc(), RegisterEntry.id.desc()).limit(COUNTED)):
        found.setdefault(entry.register, []).append(entry)
    return found


def field_of(register: str, name: str) -> card.Field | None:
    """Return the declared field behind an entry of the log."""
    declared = REGISTERS.get(register)
    return declared.by_name.get(name) if declared else None


history.stream("registers", N_("Office registers"), kinds=("change",), record_types=("RegisterEntry",))
history.action("RegisterEntry", "added", N_("Entered in an office register"))
history.action("RegisterEntry", "changed", N_("Entry of an office register changed"))
history.action("RegisterEntry", "removed", N_("Entry of an office register removed"))
history.action("RegisterEntry", "taken-back", N_("Imported entry of an office register taken back"))
