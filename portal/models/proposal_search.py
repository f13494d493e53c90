"""What proposals are found by: pairs of characters of summary and text, kept beside them (PP-1, PP-10), on both databases alike.

A table of (gram, proposal) is asked by whole grams only. Similar ones are those that share many of the rarest; a word is looked for by the
rarest of its grams, and the text is compared after that. Nothing walks the proposals.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    and_,
    column,
    delete,
    exists,
    func,
    or_,
    select,
    values,
)
from sqlalchemy.orm import joinedload

from portal.database import Base, db
from portal.models import search
from portal.models.customer import BYTEWISE
from portal.models.proposal import Proposal
from portal.models.staff import Staff
from portal.rules import proposals as rules
from portal.rules.grams import fold, query_grams, search_grams

GRAMS = Table(
    "proposal_gram",
    Base.metadata,
    Column("gram", BYTEWISE, primary_key=True),
    Column("proposal_id", Integer, ForeignKey("proposal.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Index("ix_proposal_gram_proposal_id", "proposal_id"),
    sqlite_with_rowid=False,
)
"""Each gram of a proposal once."""
INDEXED = 600
"""So many characters of the text are indexed: what it is about stands at its beginning."""
MOST_GRAMS = 60
"""Of what is typed so many grams are looked for."""
COMMON = 3000
"""A gram that so many proposals have says little; their number is not counted further."""
READ, LEAST_READ = 4000, 2
"""About so many places of the index are read for similar ones, but those of the two rarest grams always."""
CANDIDATES = 30
LEAST_SHARE = 0.35
"""From this part of what is typed on a proposal counts as similar."""
LEAST_GRAMS = 3
_common: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""Of each database the grams that `COMMON` proposals had when they were asked for; they stay as long as the process."""


def index(proposal: Proposal) -> None:
    """Bring what a proposal is found by into step with its summary and text."""
    proposal.search_text = fold(f"{proposal.summary} {proposal.text}")
    db.session.flush()
    forget([proposal.id])
    grams = {*search_grams(proposal.summary), *query_grams(proposal.text[:INDEXED])}
    if grams:
        db.session.execute(GRAMS.insert(), [{"gram": gram, "proposal_id": proposal.id} for gram in sorted(grams)])


def index_many(rows: Iterable[tuple[int, str, str]]) -> None:
    """Add (id, summary, text) of new proposals to the index: for bulk statements."""
    found = []
    for number, summary, text in rows:
        found += [{"gram": gram, "proposal_id": number} for gram in {*search_grams(summary), *query_grams(text[:INDEXED])}]
    if found:
        db.session.execute(GRAMS.insert(), found)


def forget(ids: Collection[int]) -> None:
    """Take proposals out of the index."""
    db.session.execute(delete(GRAMS).where(GRAMS.c.proposal_id.in_(ids)))


def _frequencies(grams: list[str]) -> dict[str, int]:
    """Return how many proposals have each gram, counted to `COMMON`; those that had so many before are not counted again."""
    common = _common.setdefault(db.session.get_bind(), set())
    found = {gram: COMMON for gram in grams if gram in common}
    grams = [gram for gram in grams if gram not in found]
    if grams:
        found |= _counted(grams)
        common.update(gram for gram, number in found.items() if number >= COMMON)
    return found


def _counted(grams: list[str]) -> dict[str, int]:
    asked = values(column("gram", String), name="asked").data([(gram,) for gram in grams]).cte("asked")
    some = select(GRAMS.c.proposal_id).where(GRAMS.c.gram == asked.c.gram).limit(COMMON).correlate(asked).subquery()
    counted = select(asked.c.gram, select(func.count()).select_from(some).scalar_subquery())
    return {row[0]: row[1] for row in db.session.execute(counted)}


# --- similar ones --------------------------------------------------------------------------------------------------------------


class Similar(NamedTuple):
    """A proposal that is like what is typed, and how much of that it has, in per cent."""

    proposal: Proposal
    share: int


def similar(user: Staff, summary: str, text: str = "", *, besides: int = 0, most: int = 5) -> list[Similar]:
    """Return the proposals that `user` sees and that share the most with what is typed, the likest first (PP-1)."""
    grams = [gram for gram in dict.fromkeys([*query_grams(summary), *query_grams(text[:INDEXED])]) if len(gram) > 1][:MOST_GRAMS]
    if len(grams) < LEAST_GRAMS:
        return []
    counts = sorted((count, gram) for gram, count in _frequencies(grams).items() if count)
    rare, read = list[str](), 0
    for count, gram in counts:
        if read + count > READ and len(rare) >= LEAST_READ:
            break
        rare.append(gram)
        read += count
    if not rare:
        return []
    number = func.count().label("number")
    some = select(GRAMS.c.proposal_id, number).where(GRAMS.c.gram.in_(rare), GRAMS.c.proposal_id != besides).group_by(GRAMS.c.proposal_id)
    if not user.is_manager:
        # The sum keeps SQLite from asking each of them for the grams, which are fewer.
        some = some.where((GRAMS.c.proposal_id + 0).in_(Proposal.seen_by(user)))
    best = [row[0] for row in db.session.execute(some.order_by(number.desc(), GRAMS.c.proposal_id.desc()).limit(CANDIDATES))]
    shared = select(GRAMS.c.proposal_id, func.count()).where(GRAMS.c.proposal_id.in_(best), GRAMS.c.gram.in_(grams))
    scores: dict[int, int] = {row[0]: row[1] for row in db.session.execute(shared.group_by(GRAMS.c.proposal_id))}
    least = max(LEAST_GRAMS, LEAST_SHARE * len(grams))
    wanted = sorted((one for one, score in scores.items() if score >= least), key=lambda one: (-scores[one], -one))[:most]
    query = Proposal.visible_to(user).where(Proposal.id.in_(wanted), Proposal.state != rules.VOID).options(joinedload(Proposal.customer))
    found = {one.id: one for one in db.session.scalars(query)}
    return [Similar(found[one], round(100 * scores[one] / len(grams))) for one in wanted if one in found]


# --- a word in the list --------------------------------------------------------------------------------------------------------


def having(user: Staff, words: str) -> ColumnElement[bool]:
    """Return the condition that a proposal is found by words: its number, its customer, or what summary and text say.

    What summary and text say is found by their first `INDEXED` characters.
    """
    serial = rules.serial_of(words)
    if serial is not None:
        return Proposal.id == serial
    ids: list[Any] = []
    customers = search.candidates(user, words)
    if customers:
        ids.append(Proposal.customer_id.in_(customers))
    said = _saying(words)
    if said is not None:
        ids.append(said)
    return or_(*ids) if ids else Proposal.id < 0


def _saying(words: str) -> Any:
    grams = query_grams(words)
    if not grams:
        return None
    counts = _frequencies(grams)
    rarest = min(grams, key=lambda gram: counts.get(gram, 0))
    parts = [fold(part) for part in words.split()]
    place = func.instr if db.session.get_bind().dialect.name == "sqlite" else func.strpos
    contains = [place(Proposal.search_text, part) > 0 for part in parts if part]
    if counts.get(rarest, 0) < COMMON:
        few = select(GRAMS.c.proposal_id).where(GRAMS.c.gram == rarest)
        return Proposal.id.in_(few) & and_(*contains)
    # A common word: the list's own order finds a page of them soon.
    there = [exists().where(GRAMS.c.gram == gram, GRAMS.c.proposal_id == Proposal.id) for gram in grams]
    return and_(*there, *contains)
