"""How complete a dossier is: which required kinds of documents it lacks (AR-8).

`Customer.documents_missing` keeps the number for the register's filter. What may change it sets it to None; filing a document counts
at once, and the worker counts every minute what is left (`portal/dossier_count.py`): after an import, after a change of the standard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, event, func, select, update

from portal.database import db
from portal.models.customer import Customer, CustomerState, NumberSeries
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.standard import in_force
from portal.models.standard import value as standard
from portal.models.standard_effects import touching
from portal.rules.message import N_, Message


class Completeness(NamedTuple):
    """What a dossier must hold and lacks, as codes of kinds in the order of the standard."""

    required: list[str]
    missing: list[str]

    @property
    def percent(self) -> int:
        """Return how complete the dossier is, 100 where nothing is required."""
        return 100 * (len(self.required) - len(self.missing)) // len(self.required) if self.required else 100


def required_kinds(nature: str) -> list[str]:
    """Return the kinds of documents that a dossier of a customer of this nature needs; of an unknown nature those that all need."""
    active = {entry["code"] for entry in standard("choices.document_kind") if entry["active"]}
    natures = {nature} if nature else {entry["code"] for entry in standard("choices.nature") if entry["active"]}
    return [row["code"] for row in standard("dossier.rules") if row["code"] in active and natures <= set(row["required"])]


def completeness(customer: Customer) -> Completeness:
    """Return what the customer's dossier must hold and what of it is missing."""
    filed = select(ArchiveDocument.kind).where(ArchiveDocument.customer_id == customer.id, ArchiveDocument.state == FILED).distinct()
    there = set(db.session.scalars(filed))
    required = required_kinds(customer.nature)
    return Completeness(required, [kind for kind in required if kind not in there])


def count(ids: Iterable[int]) -> None:
    """Count anew what is missing in the dossiers of these customers. The card's version stays: nothing of the card changes."""
    ids = list(ids)
    if not ids:
        return
    db.session.flush()
    natures = db.session.execute(select(Customer.id, Customer.nature).where(Customer.id.in_(ids))).all()
    filed = select(ArchiveDocument.customer_id, ArchiveDocument.kind).where(
        ArchiveDocument.customer_id.in_(ids), ArchiveDocument.state == FILED
    )
    there: dict[int, set[str]] = {}
    for customer_id, kind in db.session.execute(filed.distinct()):
        there.setdefault(customer_id, set()).add(kind)
    needed = {nature: required_kinds(nature) for nature in {nature for _id, nature in natures}}
    rows = [{"one": one, "missing": sum(kind not in there.get(one, ()) for kind in needed[nature])} for one, nature in natures]
    counted = update(Customer).where(Customer.__table__.c.id == bindparam("one")).values(documents_missing=bindparam("missing"))
    db.session.connection().execute(counted, rows)


def to_count(limit: int) -> list[int]:
    """Return the first `limit` customers whose dossiers are to be counted."""
    return list(db.session.scalars(select(Customer.id).where(Customer.documents_missing.is_(None)).order_by(Customer.id).limit(limit)))


def follow_standards() -> bool:
    """Have every dossier counted anew where another version of the rules has come into force; return whether it was so."""
    changed = False
    for name in ("dossier.rules", "choices.document_kind"):
        # The version that was counted by is kept as the last of a series of its own.
        version, series = in_force(name).version, f"counted {name}"
        known = db.session.scalar(select(NumberSeries.last).where(NumberSeries.name == series))
        if (known or 0) == version:
            continue
        NumberSeries.take(series, version - (known or 0))
        changed = True
    if changed:
        db.session.execute(update(Customer).values(documents_missing=None), execution_options={"synchronize_session": False})
    return changed


@event.listens_for(Customer.nature, "set")
def _nature_changes(customer: Customer, _value: str, _old: Any, _initiator: Any) -> None:
    customer.documents_missing = None


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
    if any(row["retention"] != was.get(code, {}).get("retention") for code, row in now.items()):
        yield Message(N_("Documents that are filed keep their retention periods; new ones begin with those of their kind."))
