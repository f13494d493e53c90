"""The list of filed documents over all dossiers: by archive number, kind, year and retention (AR-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models.customer import Customer
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.staff import Staff
from portal.rules.archive_numbers import RETENTIONS

PAGE_SIZE = 50
PORTION = 500
NAMES = ("q", "kind", "year", "retention")


@dataclass(frozen=True)
class Query:
    """What a reader asks of the list."""

    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Query:
        """Return the query of an address; what is unknown or empty is left out."""
        found = {name: args[name][:80] for name in NAMES if args.get(name)}
        if not found.get("year", "2000").isdecimal() or len(found.get("year", "")) > 4:
            del found["year"]
        if found.get("retention", "Y") not in RETENTIONS:
            del found["retention"]
        return cls(found)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return dict(self.filters)


class Page(NamedTuple):
    """A page of the list: rows of documents with their customer's name, and where the next page begins."""

    rows: list[Any]
    next: str


def wanted(user: Staff, query: Query) -> Select[ArchiveDocument]:
    """Return what `user` may see of a query, in the order of the archive numbers; `q` is the beginning of a number, or a former one."""
    document = ArchiveDocument
    found = ArchiveDocument.readable_by(user).where(document.state == FILED).order_by(document.archive_number)
    filters = query.filters
    if "q" in filters:
        begins = document.archive_number.startswith(filters["q"], autoescape=True)
        found = found.where(or_(begins, document.former_numbers.contains(filters["q"], autoescape=True)))
    if "kind" in filters:
        found = found.where(document.kind == filters["kind"])
    if "year" in filters:
        found = found.where(document.year == int(filters["year"]))
    if "retention" in filters:
        found = found.where(document.retention == filters["retention"])
    return found


def page(user: Staff, query: Query, *, after: str = "", size: int = PAGE_SIZE) -> Page:
    """Return the page behind the archive number `after`."""
    document = ArchiveDocument
    columns = (
        document.id, document.archive_number, document.title, document.kind, document.dated_on, document.pages, document.retention,
        document.customer_id,
    )  # fmt: skip
    found = wanted(user, query).where(document.archive_number > after) if after else wanted(user, query)
    rows = list(db.session.execute(found.with_only_columns(*columns).limit(size + 1)))
    more, rows = len(rows) > size, rows[:size]
    names = dict(
        db.session.execute(select(Customer.id, Customer.full_name).where(Customer.id.in_({row.customer_id for row in rows}))).all()
    )
    return Page([(row, names.get(row.customer_id, "")) for row in rows], rows[-1].archive_number if more else "")


def ids(user: Staff, query: Query, most: int) -> list[int]:
    """Return the ids of the first documents of the list, one more than `most` where there are more."""
    return list(db.session.scalars(wanted(user, query).with_only_columns(ArchiveDocument.id).limit(most + 1)))


def records(some: list[int]) -> list[ArchiveDocument]:
    """Return documents in the order of their ids as given, with customer and binder."""
    document = ArchiveDocument
    query = select(document).where(document.id.in_(some)).options(joinedload(document.customer), joinedload(document.binder))
    found = {one.id: one for one in db.session.scalars(query)}
    return [found[number] for number in some if number in found]


def whole(user: Staff, query: Query) -> Iterator[ArchiveDocument]:
    """Yield all documents of the list, a portion at a time."""
    after, document = "", ArchiveDocument
    while True:
        behind = wanted(user, query).where(document.archive_number > after)
        numbers = list(db.session.execute(behind.with_only_columns(document.id, document.archive_number).limit(PORTION)))
        some = records([row.id for row in numbers])
        yield from some
        if len(numbers) < PORTION:
            return
        after = numbers[-1].archive_number  # not the last that was read: it may be gone meanwhile
        for one in some:
            db.session.expunge(one)
