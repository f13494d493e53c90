"""The list of filed documents over all dossiers: by archive number, kind, year and retention (AR-9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import or_, select

from portal.database import db
from portal.models.customer import Customer
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.staff import Staff
from portal.rules.archive_numbers import RETENTIONS

PAGE_SIZE = 50
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


def page(user: Staff, query: Query, *, after: str = "", size: int = PAGE_SIZE) -> Page:
    """Return the page behind the archive number `after` of what `user` may see; `q` is the beginning of a number, or a former one."""
    document = ArchiveDocument
    wanted = ArchiveDocument.readable_by(user).where(document.state == FILED)
    filters = query.filters
    if "q" in filters:
        begins = document.archive_number.startswith(filters["q"], autoescape=True)
        wanted = wanted.where(or_(begins, document.former_numbers.contains(filters["q"], autoescape=True)))
    if "kind" in filters:
        wanted = wanted.where(document.kind == filters["kind"])
    if "year" in filters:
        wanted = wanted.where(document.year == int(filters["year"]))
    if "retention" in filters:
        wanted = wanted.where(document.retention == filters["retention"])
    if after:
        wanted = wanted.where(document.archive_number > after)
    columns = (
        document.id, document.archive_number, document.title, document.kind, document.dated_on, document.pages, document.retention,
        document.customer_id,
    )  # fmt: skip
    rows = list(db.session.execute(wanted.with_only_columns(*columns).order_by(document.archive_number).limit(size + 1)))
    more, rows = len(rows) > size, rows[:size]
    names = dict(
        db.session.execute(select(Customer.id, Customer.full_name).where(Customer.id.in_({row.customer_id for row in rows}))).all()
    )
    return Page([(row, names.get(row.customer_id, "")) for row in rows], rows[-1].archive_number if more else "")
