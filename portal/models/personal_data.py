"""What is kept about one person at a customer: for whoever asks for a copy of their data (PIPL, article 45; quality.md, Law of data).

Every table is searched that hangs on a customer, or on a record that does, whatever area it belongs to: a new area needs no word here.
Files and papers of the dossier are not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, Select, String, Table, or_, select

from portal import clock
from portal.database import Base, db
from portal.models import card, history
from portal.models.audit import AuditEvent
from portal.models.audit_records import RECORD_LABELS
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.staff import Staff
from portal.rules.identifiers import normalise_phone
from portal.rules.message import N_, Refusal

MOST = 500
"""So many places are told; who is named more often is not one person of a customer."""
SHORTEST = 2
LOG = N_("Log of changes")
history.action("Customer", "personal-data-read", N_("What is kept about a person was looked up"))
_BESIDE = ("post", "department", "telephone", "email", "words", "text")
"""Columns that speak of the person whose name stands in the same row."""
_ONLY_WORKED_OUT = ("name_pinyin", "name_key", "telephone_key", "name_sort")
_MOMENTS = ("at", "day", "given_on", "visited_on", "received_on", "submitted_at", "created_at", "updated_at")


class Mention(NamedTuple):
    """A place where the person stands: the type of its record, its number, its day, and what stands there."""

    kind: str
    number: int
    day: date | None
    words: list[tuple[str, str]]
    """Name of the column or the key, '' where it says nothing, and the text."""

    @property
    def area(self) -> str:
        """Return what the record is called: an English message id."""
        return LOG if self.kind == AuditEvent.__name__ else RECORD_LABELS[self.kind]


def mentions(user: Staff, customer: Customer, name: str, telephone: str = "") -> list[Mention]:
    """Return where a person stands in what `user` sees of a customer, by name or telephone number: the card first, then the newest.

    Raises `Refusal` (field `name`) for a name of less than two characters.
    """
    name = name.strip()
    if len(name) < SHORTEST:
        raise Refusal("Say the name in full, of two characters or more.", field="name")
    figures = normalise_phone(telephone).comparable if telephone.strip() else ""
    wanted = [one for one in (name, telephone.strip(), figures) if one]
    found = list[Mention]()
    for mapper in Base.registry.mappers:
        if len(found) < MOST:
            found += _of_table(user, customer, mapper.class_, wanted)
    found.sort(key=lambda one: (one.kind not in ("Contact", "Customer"), -(one.day or date.min).toordinal()))
    return found[:MOST]


def _of_table(user: Staff, customer: Customer, model: Any, wanted: list[str]) -> Iterator[Mention]:
    asked = _rows(user, customer, model)
    if asked is None:
        return
    query, owner, number = asked
    columns = model.__table__.c
    plain = [one for one in columns if isinstance(one.type, String) and one.name not in _ONLY_WORKED_OUT]
    stored = [one for one in columns if isinstance(one.type, JSON)]
    if plain and not stored:
        query = query.where(or_(*(one.contains(word, autoescape=True) for one in plain for word in wanted)))
    beside = tuple(one.name for one in card.CONTACT_FIELDS) if model is Contact else _BESIDE
    for row in db.session.execute(query.order_by(columns.id.desc()).limit(MOST)).mappings() if plain or stored else ():
        words = list(_said(row, plain, stored, wanted, beside))
        if words:
            yield Mention(owner, row[number], _day(row), words)


def _rows(user: Staff, customer: Customer, model: Any) -> tuple[Select[Any], str, str] | None:
    """Return the statement of a table's rows that belong to the customer, and of what they are part: the type of the record and the
    column with its number. None where none can.
    """
    table: Table = model.__table__
    if model is Customer:
        return select(*table.c).where(table.c.id == customer.id), Customer.__name__, "id"
    if model is AuditEvent:
        changed = [table.c.customer_id == customer.id, table.c.kind == "change", table.c.record_type == Contact.__name__]
        if not user.is_manager:
            # The log itself cannot be changed: what it says of an erased card or a removed contact managers alone read.
            if history.is_erased(customer):
                return None
            changed.append(table.c.record_id.in_(select(Contact.id).where(Contact.customer_id == customer.id)))
        return select(*table.c).where(*changed), AuditEvent.__name__, "id"
    if model.__name__ in RECORD_LABELS and "customer_id" in table.c:
        return _seen(user, model, customer).with_only_columns(*table.c), model.__name__, "id"
    for key in table.foreign_keys:
        parent = next((one.class_ for one in Base.registry.mappers if one.local_table is key.column.table), None)
        if parent is not None and parent.__name__ in RECORD_LABELS and "customer_id" in parent.__table__.c and key.column.name == "id":
            theirs = _seen(user, parent, customer).with_only_columns(parent.id)
            return select(*table.c).where(key.parent.in_(theirs)), parent.__name__, key.parent.name
    return None


def _seen(user: Staff, model: Any, customer: Customer) -> Select[Any]:
    """Return the records of a customer that `user` sees; what has no scope of its own has that of the customer."""
    query: Select[Any] = model.visible_to(user) if hasattr(model, "visible_to") else select(model)
    return query.where(model.customer_id == customer.id).order_by(None)


def _said(row: Any, plain: list[Any], stored: list[Any], wanted: list[str], beside: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what stands in a row about the person: where a column is their name, what stands beside it too."""
    hit = [one.name for one in plain if any(word in (row[one.name] or "") for word in wanted)]
    named = any(row[name] == wanted[0] for name in hit)
    for one in plain:
        text = row[one.name]
        if text and (one.name in hit or (named and one.name in beside)):
            yield one.name, str(text)
    for one in stored:
        yield from _parts(row[one.name], wanted)


def _parts(value: Any, wanted: list[str]) -> Iterator[tuple[str, str]]:
    """Yield from stored content what stands beside the person: of an entry of a list all its texts, of a text itself."""
    if isinstance(value, str):
        if any(word in value for word in wanted):
            yield "", value
    elif isinstance(value, list):
        for one in value:
            yield from _parts(one, wanted)
    elif isinstance(value, dict):
        texts = {key: one for key, one in value.items() if isinstance(one, str) and one}
        if value.keys() >= {"field", "old", "new"}:  # a change, as the log has it
            if any(word in str(value[side]) for side in ("old", "new") for word in wanted):
                yield value["field"], f"{value['old'] or '—'} → {value['new'] or '—'}"
        elif wanted[0] in texts.values():
            yield from texts.items()
        else:
            yield from ((key, one) for key, one in texts.items() if any(word in one for word in wanted))
        for one in _nested(value.values()):
            yield from _parts(one, wanted)


def _nested(values: Iterable[Any]) -> Iterator[Any]:
    return (one for one in values if isinstance(one, (list, dict)))


def _day(row: Any) -> date | None:
    for name in _MOMENTS:
        value = row.get(name)
        if isinstance(value, datetime):
            return clock.local(value).date()
        if isinstance(value, date):
            return value
    return None
