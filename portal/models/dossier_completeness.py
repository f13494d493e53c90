"""How complete a dossier is: which required kinds of documents, and entries of which office registers, it lacks (AR-8).

A rule names a kind of document by its code, an office register by its switch (`register.emergency-contacts`). `Customer.documents_missing`
keeps the number for the register's filter. What may change it sets it to None (`unknown`; `customer.derived` where the nature changes);
filing a document and entering something in a register count at once, and the worker counts every minute what is left
(`portal/dossier_count.py`): after an import, a merge, or a change of the standard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, db
from portal.models.customer import Customer, CustomerState
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.merge import settles
from portal.models.register_entry import KEPT, RegisterEntry, in_use
from portal.models.standard import in_force
from portal.models.standard import value as standard
from portal.models.standard_effects import touching
from portal.registers.declaring import REGISTERS, OfficeRegister
from portal.rules.message import N_, Message

_QUIET = {"synchronize_session": False}


class CountedVersion(Base):
    """The version of a standard by which the dossiers were last counted."""

    __tablename__ = "counted_version"

    standard: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int]


class Completeness(NamedTuple):
    """What a dossier must hold and lacks, as codes of kinds and switches of registers in the order of the standard."""

    required: list[str]
    missing: list[str]

    @property
    def percent(self) -> int:
        """Return how complete the dossier is, 100 where nothing is required."""
        return 100 * (len(self.required) - len(self.missing)) // len(self.required) if self.required else 100


def register_of(code: str) -> OfficeRegister | None:
    """Return the office register that a rule names, None where the code is that of a kind of document."""
    return next((register for register in REGISTERS.values() if register.switch == code), None)


def required_kinds(nature: str) -> list[str]:
    """Return what a dossier of a customer of this nature needs, as the rules name it; of an unknown nature what all need.

    Kinds of documents that are no longer used, and registers that are switched off, are required of nobody.
    """
    active = {entry["code"] for entry in standard("choices.document_kind") if entry["active"]} | {one.switch for one in in_use()}
    natures = {nature} if nature else {entry["code"] for entry in standard("choices.nature") if entry["active"]}
    return [row["code"] for row in standard("dossier.rules") if row["code"] in active and natures <= set(row["required"])]


def is_counted(register: OfficeRegister) -> bool:
    """Return whether a rule requires entries of this register of anybody."""
    return any(row["code"] == register.switch and row["required"] for row in standard("dossier.rules"))


def completeness(customer: Customer) -> Completeness:
    """Return what the customer's dossier must hold and what of it is missing."""
    required = required_kinds(customer.nature)
    there = _there([customer.id], required).get(customer.id, set())
    return Completeness(required, [kind for kind in required if kind not in there])


def _there(ids: list[int], wanted: Iterable[str]) -> dict[int, set[str]]:
    """Return what is there of each customer, as the rules name it; registers are looked at only where they are wanted."""
    document, entry, there = ArchiveDocument, RegisterEntry, dict[int, set[str]]()
    filed = select(document.customer_id, document.kind).where(document.customer_id.in_(ids), document.state == FILED)
    for customer_id, kind in db.session.execute(filed.distinct()):
        there.setdefault(customer_id, set()).add(kind)
    registers = {declared.code: code for code in wanted if (declared := register_of(code)) is not None}
    if registers:
        kept = (entry.customer_id.in_(ids), entry.register.in_(registers), entry.state == KEPT)
        for customer_id, register in db.session.execute(select(entry.customer_id, entry.register).where(*kept).distinct()):
            there.setdefault(customer_id, set()).add(registers[register])
    return there


def count(ids: Iterable[int]) -> None:
    """Count anew what is missing in the dossiers of these customers. The card's version stays: nothing of the card changes."""
    ids = list(ids)
    if not ids:
        return
    db.session.flush()
    natures = db.session.execute(select(Customer.id, Customer.nature).where(Customer.id.in_(ids))).all()
    needed = {nature: required_kinds(nature) for nature in {nature for _id, nature in natures}}
    there = _there(ids, {code for codes in needed.values() for code in codes})
    rows = [{"one": one, "missing": sum(kind not in there.get(one, ()) for kind in needed[nature])} for one, nature in natures]
    counted = update(Customer).where(Customer.__table__.c.id == bindparam("one")).values(documents_missing=bindparam("missing"))
    db.session.connection().execute(counted, rows)


def unknown(*which: Any) -> None:
    """Have the dossiers of these customers counted anew by the worker: conditions on `Customer`, none for all."""
    db.session.execute(update(Customer).where(*which).values(documents_missing=None), execution_options=_QUIET)


def to_count(limit: int) -> list[int]:
    """Return the first `limit` customers whose dossiers are to be counted."""
    return list(db.session.scalars(select(Customer.id).where(Customer.documents_missing.is_(None)).order_by(Customer.id).limit(limit)))


def follow_standards() -> bool:
    """Have every dossier counted anew where another version of the rules has come into force; return whether it was so.

    The rules are: what is required, the kinds and natures that are in use, and the switches of the registers that are required.
    """
    named = [row["code"] for row in standard("dossier.rules") if row["required"] and register_of(row["code"]) is not None]
    known = {row.standard: row for row in db.session.scalars(select(CountedVersion))}
    changed = False
    for name in ("dossier.rules", "choices.document_kind", "choices.nature", *named):
        version, row = in_force(name).version, known.get(name)
        if (row.version if row else 0) == version:
            continue
        if row is None:
            db.session.add(CountedVersion(standard=name, version=version))
        else:
            row.version = version
        changed = True
    if changed:
        unknown()
    return changed


@settles
def _count_after_merge(ids: list[int]) -> None:
    """What a merge, or its undo, moves from one dossier into another is counted anew."""
    db.session.flush()
    unknown(Customer.id.in_(ids))


@touching("dossier.rules")
def _rules(before: Any, value: Any, _day: date) -> Iterator[Message]:
    was, now = ({row["code"]: row for row in rows} for rows in (before, value))
    changed = [code for code, row in now.items() if set(row["required"]) != set(was.get(code, {}).get("required", []))]
    if changed:
        on_register = select(func.count()).select_from(
            select(Customer.id).where(Customer.state == CustomerState.ACTIVE.value).limit(100_000).subquery()
        )
        yield Message(
            N_("What is missing is counted anew for %(count)s customers on the register, in the background."),
            {"count": db.session.scalar(on_register) or 0},
        )
    if any(row["retention"] and row["retention"] != was.get(code, {}).get("retention") for code, row in now.items()):
        yield Message(N_("Documents that are filed keep their retention periods; new ones begin with those of their kind."))
