"""The round of the shelves in a half-yearly review (AR-21): binders in the order in which they stand, with what should lie in each.

Somebody walks along the shelves with the printed list; on the page, in the same order, only what is not in order is keyed in, and all
others are confirmed in one step. A customer is confirmed when each of their binders was found in order.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit
from portal.models.binder import Binder
from portal.models.binder_holding import lies_in
from portal.models.customer import Customer, CustomerState
from portal.models.dossier import ArchiveDocument
from portal.models.review import LONGEST_REMARK, RUNNING, ReviewCampaign, ReviewLine, move_totals
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.freezing import content_hash
from portal.rules.message import Refusal
from portal.rules.review import CONFIRMED, EXCEPTIONS, OPEN

PAGE_SIZE = 25
_LONGEST = 60


@dataclass(frozen=True)
class ShelfQuery:
    """A range of shelves of a campaign; an empty end is the beginning or the end of all shelves."""

    campaign_id: int
    first: str = ""
    last: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> ShelfQuery:
        """Return the query of an address; an unknown campaign is one that has no binders."""
        number = args.get("review", "")
        campaign_id = int(number) if number.isdecimal() and len(number) < 10 else 0
        return cls(campaign_id, args.get("first", "").strip()[:_LONGEST], args.get("last", "").strip()[:_LONGEST])

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address, without what is empty."""
        found = {"review": str(self.campaign_id), "first": self.first, "last": self.last}
        return {name: value for name, value in found.items() if value}

    def conditions(self) -> list[Any]:
        """Return the range as conditions on `Binder`: a last shelf includes all that begin with it."""
        found: list[Any] = []
        if self.first:
            found.append(Binder.shelf >= self.first)
        if self.last:
            found.append(or_(Binder.shelf <= self.last, Binder.shelf.startswith(self.last, autoescape=True)))
        return found


def wanted(user: Staff, query: ShelfQuery) -> Select[Binder]:
    """Return the binders of a range that `user` sees and whose customers are in the campaign, in the order of the shelves."""
    listed = exists().where(ReviewLine.customer_id == Binder.customer_id, ReviewLine.campaign_id == query.campaign_id)
    return Binder.visible_to(user).where(listed, *query.conditions()).order_by(Binder.shelf, Binder.code_key)


def ids(user: Staff, query: ShelfQuery, most: int) -> list[int]:
    """Return the ids of the first binders of a range, one more than `most` where there are more."""
    return list(db.session.scalars(wanted(user, query).with_only_columns(Binder.id).limit(most + 1)))


def records(numbers: list[int]) -> list[Binder]:
    """Return the binders with these ids, in their order, with their customers."""
    found = {one.id: one for one in db.session.scalars(select(Binder).where(Binder.id.in_(numbers)).options(joinedload(Binder.customer)))}
    return [found[number] for number in numbers if number in found]


def contents(binders: Collection[Binder]) -> dict[int, list[ArchiveDocument]]:
    """Return what should lie in each binder, in the order of archive numbers."""
    document = ArchiveDocument
    query = select(document).join(Binder, lies_in()).where(Binder.id.in_([one.id for one in binders]))
    found: dict[int, list[ArchiveDocument]] = {one.id: [] for one in binders}
    for one in db.session.scalars(query.order_by(document.series, func.length(document.archive_number), document.archive_number)):
        found[one.binder_id or 0].append(one)
    return found


class Standing(NamedTuple):
    """A binder as the page shows it: what should lie in it, its customer's line, and the mark of all this."""

    binder: Binder
    documents: list[ArchiveDocument]
    line: ReviewLine
    mark: str

    @property
    def is_open(self) -> bool:
        """Return whether it is still to be looked at: not found in order, and nothing noted of it."""
        return self.line.state == OPEN and self.binder.id not in self.line.checked and not self.exceptions

    @property
    def exceptions(self) -> list[dict[str, Any]]:
        """Return what was noted of this binder in this review."""
        return [one for one in self.line.exceptions if one["binder_id"] == self.binder.id]


class Page(NamedTuple):
    """A page of a round, and the cursor behind which the next one begins; '' for none."""

    rows: list[Standing]
    next: str


def page(user: Staff, query: ShelfQuery, *, after: str = "", size: int = PAGE_SIZE) -> Page:
    """Return the page of a range behind the cursor `after`."""
    place = _place(after)
    chosen = wanted(user, query)
    if place is not None:
        shelf, key = place
        chosen = chosen.where(or_(Binder.shelf > shelf, and_(Binder.shelf == shelf, Binder.code_key > key)))
    found = list(db.session.scalars(chosen.options(joinedload(Binder.customer)).limit(size + 1)))
    more, found = len(found) > size, found[:size]
    return Page(_standing(query.campaign_id, found), json.dumps([found[-1].shelf, found[-1].code_key], ensure_ascii=False) if more else "")


def _place(cursor: str) -> tuple[str, str] | None:
    try:
        shelf, key = json.loads(cursor)
    except (ValueError, TypeError):
        return None
    return (shelf, key) if isinstance(shelf, str) and isinstance(key, str) else None


def _standing(campaign_id: int, binders: list[Binder], *, to_change: bool = False) -> list[Standing]:
    line = ReviewLine
    query = select(line).where(line.campaign_id == campaign_id, line.customer_id.in_({one.customer_id for one in binders}))
    if to_change:
        query = query.order_by(line.id).with_for_update().execution_options(populate_existing=True)
    lines = {one.customer_id: one for one in db.session.scalars(query)}
    lying = contents(binders)
    return [Standing(one, lying[one.id], lines[one.customer_id], _mark(one, lying[one.id])) for one in binders if one.customer_id in lines]


def _mark(binder: Binder, documents: list[ArchiveDocument]) -> str:
    """Return what changes when the binder, what should lie in it, or its customer's card changes."""
    lying = [[one.id, one.version] for one in documents]
    return content_hash({"binder": binder.version, "customer": binder.customer.version, "lying": lying})[:16]


class Found(NamedTuple):
    """What somebody keyed in of one binder: kind of the exception and note; no kind where it is in order."""

    mark: str
    kind: str = ""
    note: str = ""


class Outcome(NamedTuple):
    """What a page of a round came to: customers confirmed, exceptions noted, binders changed since the page was opened."""

    confirmed: int
    noted: int
    changed: list[str]


def settle(user: Staff, campaign: ReviewCampaign, found: Mapping[int, Found]) -> Outcome:
    """Note the exceptions and take all other binders of a page as in order; customers of whom all binders are, are confirmed.

    `found` holds what stood on the page, by the binder's id. What was changed since, or settled by somebody else, stays as it is: its
    codes come back. Raises `StateConflict` where the campaign does not run, `Refusal` (field `note-<id>`) for an exception without a note.
    """
    if campaign.state != RUNNING or not user.may(Permission.REVIEW_WORK):
        raise StateConflict(f"review {campaign.half} does not run")
    visible = db.session.scalars(Binder.visible_to(user).where(Binder.id.in_(found)).options(joinedload(Binder.customer))).all()
    rows = _standing(campaign.id, sorted(visible, key=lambda one: (one.shelf, one.code_key)), to_change=True)
    for row in rows:
        said = found[row.binder.id]
        if said.kind and (said.kind not in EXCEPTIONS or not said.note):
            raise Refusal("Say what is missing, damaged or too much.", field=f"note-{row.binder.id}")
    changed = [row.binder.code for row in rows if row.is_open and row.mark != found[row.binder.id].mark]
    rows = [row for row in rows if row.is_open and row.mark == found[row.binder.id].mark]
    lines = {row.line.id: row.line for row in rows}
    for row in rows:
        _note(row, found[row.binder.id], user)
    confirmed = sum(_store(line, user) for line in lines.values())
    return Outcome(confirmed, sum(bool(found[row.binder.id].kind) for row in rows), changed)


def _note(row: Standing, said: Found, by: Staff) -> None:
    """Put what was found of a binder into its customer's line, not stored yet."""
    if not said.kind:
        row.line.checked = [*row.line.checked, row.binder.id]
        return
    entry = {"binder_id": row.binder.id, "code": row.binder.code, "kind": said.kind, "note": said.note[:LONGEST_REMARK]}
    row.line.exceptions = [*row.line.exceptions, {**entry, "by": by.name, "at": clock.now().isoformat(timespec="seconds")}]
    change = {"field": "binder", "old": "", "new": row.binder.code}
    audit.write("change", "review-exception", actor=by, record=row.line, label=row.binder.code, changes=[change], reason=entry["note"])


def _store(line: ReviewLine, by: Staff) -> bool:
    """Store what was found of a line that is open still; return whether its customer is confirmed by it."""
    binders = set(db.session.scalars(select(Binder.id).where(Binder.customer_id == line.customer_id)))
    on_register = db.session.scalar(select(Customer.state).where(Customer.id == line.customer_id)) == CustomerState.ACTIVE
    done = on_register and not line.exceptions and binders <= set(line.checked)
    change: dict[str, Any] = {"state": CONFIRMED, "by_id": by.id, "at": clock.now()} if done else {"state": OPEN}
    transition(line, expect={"state": OPEN}, change=change)
    if done:
        move_totals([((line.campaign_id, line.team_id, line.owner_id), OPEN, CONFIRMED)])
        audit.write("change", "review-confirmed", actor=by, record=line, label=line.campaign.half, source="review")
    return bool(done)
