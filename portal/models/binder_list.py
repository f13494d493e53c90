"""The list of binders in the order of the shelves, with what lies in each (AR-9, AR-21, PR-6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from portal.database import db
from portal.models.binder import Binder
from portal.models.binder_holding import lies_in
from portal.models.dossier import ArchiveDocument
from portal.models.staff import Staff
from portal.rules.archive_numbers import rank
from portal.rules.message import N_, Message

PAGE_SIZE = 50
MOST_CHOSEN = 500
"""So many binders can be chosen one by one."""
MIXED = {"years": N_("Several years"), "retention": N_("Several retention periods")}
"""What a binder should not hold (DA/T 22-2015), as values of the filter `mixed`."""


@dataclass(frozen=True)
class Query:
    """What a reader asks of the list: filters, or binders chosen one by one."""

    filters: dict[str, str] = field(default_factory=dict)
    ids: tuple[int, ...] = ()

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Query:
        """Return the query of an address; what is unknown or empty is left out. `ids`: several, or one with commas."""
        given = args.getlist("ids") if hasattr(args, "getlist") else [args.get("ids", "")]
        ids = [int(one) for part in given for one in part.split(",") if one.isdecimal() and len(one) < 10]
        if ids:
            return cls({}, tuple(dict.fromkeys(ids))[:MOST_CHOSEN])
        found = {name: args[name][:40] for name in ("q", "shelf", "mixed") if args.get(name)}
        if found.get("mixed", "years") not in MIXED:
            del found["mixed"]
        return cls(found)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {"ids": ",".join(map(str, self.ids))} if self.ids else dict(self.filters)


@dataclass(frozen=True)
class Holding:
    """What lies in a binder."""

    count: int = 0
    years: tuple[int, ...] = ()
    retentions: tuple[str, ...] = ()
    """The longest first."""
    first: str = ""
    last: str = ""

    @property
    def mixed(self) -> list[Message]:
        """Return what should not be (PR-7)."""
        return [Message(title) for name, title in MIXED.items() if len(self.years if name == "years" else self.retentions) > 1]


class Page(NamedTuple):
    """A page of the list: binders with what lies in them, and behind which binder the next page begins (0: there is none)."""

    rows: list[tuple[Binder, Holding]]
    next: int


def wanted(user: Staff, query: Query) -> Select[Any]:
    """Return the binders that `user` sees of a query, in the order of the shelves."""
    found = Binder.visible_to(user)
    if query.ids:
        found = found.where(Binder.id.in_(query.ids))
    if "q" in query.filters:
        found = found.where(Binder.code.startswith(query.filters["q"], autoescape=True))
    if "shelf" in query.filters:
        found = found.where(Binder.shelf.startswith(query.filters["shelf"], autoescape=True))
    if "mixed" in query.filters:
        one, other = aliased(ArchiveDocument), aliased(ArchiveDocument)
        name = "year" if query.filters["mixed"] == "years" else "retention"
        apart = getattr(one, name) < getattr(other, name)
        found = found.where(exists().where(lies_in(one), lies_in(other), apart))
    return found.order_by(Binder.shelf, Binder.code_key)


def page(user: Staff, query: Query, *, after: int = 0, size: int = PAGE_SIZE) -> Page:
    """Return the page behind the binder with the id `after`."""
    found = wanted(user, query).options(joinedload(Binder.customer))
    last = db.session.scalar(Binder.visible_to(user).where(Binder.id == after)) if after else None
    if last is not None:
        found = found.where(or_(Binder.shelf > last.shelf, and_(Binder.shelf == last.shelf, Binder.code_key > last.code_key)))
    binders = list(db.session.scalars(found.limit(size + 1)))
    more, binders = len(binders) > size, binders[:size]
    held = holdings([binder.id for binder in binders])
    return Page([(binder, held.get(binder.id, Holding())) for binder in binders], binders[-1].id if more else 0)


def holdings(ids: list[int]) -> dict[int, Holding]:
    """Return what lies in each binder of these, by its id; empty ones are left out."""
    document = ArchiveDocument
    columns = (document.binder_id, document.archive_number, document.year, document.retention)
    lying = select(*columns).join(Binder, lies_in()).where(Binder.id.in_(ids))
    rows: dict[int, list[Any]] = {}
    for row in db.session.execute(lying.order_by(document.series, func.length(document.archive_number), document.archive_number)):
        rows.setdefault(row.binder_id, []).append(row)
    return {
        binder: Holding(
            len(found),
            tuple(sorted({row.year for row in found})),
            tuple(sorted({row.retention for row in found}, key=rank)),
            found[0].archive_number,
            found[-1].archive_number,
        )
        for binder, found in rows.items()
    }
