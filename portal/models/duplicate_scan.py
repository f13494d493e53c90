"""The scan of a whole register for duplicates (AR-3): all customers in somebody's scope against all, pairs kept in a table.

Same codes and telephone numbers are read in the order of their indexes. Like names share a form with one character left out
(`likeness.variants`); the forms are sorted on disk by a private SQLite file, so that a million names need no more memory than a thousand.
The database is written to in short transactions in between; a scan that was broken off begins anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import combinations, groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, Row, Select, and_, case, delete, func, or_, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from portal import clock, database
from portal.database import Base, db
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState
from portal.models.duplicate import STAYS_AT_MERGE, declared
from portal.models.job import Job
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.rules.likeness import like_pairs, variants
from portal.rules.message import Refusal
from portal.rules.names import LIKELY, stem_similarity

PORTION = 10_000
PAGE = 50
MOST_PAIRS = 50_000
"""So many pairs are kept; a register with more is tidied from the likeliest on and scanned again."""
CROWD = 30
"""Of so many customers with one number every pair is kept; of more, each is paired with the first only."""
_STANDING = (CustomerState.PROSPECT.value, CustomerState.ACTIVE.value, CustomerState.PAST.value)


class DuplicateScan(Base):
    """One person's scan, and what it found; a new one takes its place."""

    __tablename__ = "duplicate_scan"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"), index=True)
    customers: Mapped[int] = mapped_column(default=0)
    """How many customers were compared."""
    found: Mapped[int] = mapped_column(default=0)
    full: Mapped[bool] = mapped_column(default=False)
    """There were more pairs than are kept."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]

    staff: Mapped[Staff] = relationship()
    job: Mapped[Job | None] = relationship()

    @classmethod
    def visible_to(cls, user: Staff) -> Select[DuplicateScan]:
        """Return the reader's own scans: they have the scope of who asked."""
        return select(cls).where(cls.staff_id == user.id)

    @classmethod
    def last_of(cls, user: Staff) -> DuplicateScan | None:
        """Return the reader's newest scan."""
        return db.session.scalar(cls.visible_to(user).order_by(cls.id.desc()).limit(1))

    @classmethod
    def begin(cls, *, by: Staff) -> DuplicateScan:
        """Add a scan and its job, in place of earlier ones; `jobs.start(scan.job)` after the commit. Raises `Refusal` while one runs."""
        last = cls.last_of(by)
        if last is not None and last.job is not None and last.job.state in ("queued", "running"):
            raise Refusal("A scan is running already.")
        if last is not None:
            db.session.expunge(last)
        old = select(cls.id).where(cls.staff_id == by.id)
        db.session.execute(delete(DuplicatePair).where(DuplicatePair.scan_id.in_(old)), execution_options=_QUIET)
        db.session.execute(delete(cls).where(cls.staff_id == by.id), execution_options=_QUIET)
        scan = cls(staff_id=by.id)
        db.session.add(scan)
        db.session.flush()
        job = Job.queue("duplicate-scan", by=by, scan=scan.id)
        db.session.flush()
        scan.job_id = job.id
        return scan

    def work(self) -> Iterator[tuple[int, int]]:
        """Look for the pairs anew, yielding (done, total) for the caller to note and commit."""
        db.session.execute(delete(DuplicatePair).where(DuplicatePair.scan_id == self.id), execution_options=_QUIET)
        scope = self._scope()
        self.customers = _read(select(func.count()).select_from(Customer).where(*scope))[0][0]
        total, kept = 3 * self.customers or 1, 0
        yield 0, total
        code = select(Customer.credit_code.label("key"), Customer.id.label("customer_id")).where(Customer.credit_code != "", *scope)
        own = select(Customer.telephone_key.label("key"), Customer.id.label("customer_id")).where(Customer.telephone_key != "", *scope)
        of_contact = select(Contact.telephone_key, Contact.customer_id).join(Customer, Customer.id == Contact.customer_id)
        of_contact = of_contact.where(Contact.telephone_key != "", *scope)
        names = _Names(scope)
        stages = (("same_code", _same(code)), ("same_telephone", _same(own, of_contact)), ("", names.pairs()))
        for place, (reason, found) in enumerate(stages):
            for walked, pairs in found:
                if kept < MOST_PAIRS:
                    kept += self._keep(pairs[: MOST_PAIRS - kept], reason)
                else:
                    self.full = self.full or bool(pairs)
                yield min(place * self.customers + walked, total), total
        rank = 200 * _flag(DuplicatePair.same_code) + 100 * _flag(DuplicatePair.same_telephone) + DuplicatePair.name_score
        db.session.execute(update(DuplicatePair).where(DuplicatePair.scan_id == self.id).values(rank=rank), execution_options=_QUIET)
        self.found = db.session.scalar(select(func.count()).select_from(DuplicatePair).where(DuplicatePair.scan_id == self.id)) or 0
        self.ended_at = clock.now()
        yield total, total

    def _scope(self) -> list[Any]:
        return [customer_scope(self.staff), Customer.state.in_(_STANDING)]

    def _keep(self, pairs: list[tuple[int, int]], reason: str) -> int:
        """Write pairs that are not known yet, and what else is known of those that are; return how many rows that were."""
        pairs = sorted(set(pairs))
        ids = {one for pair in pairs for one in pair}
        query = select(Customer.id, Customer.name_key).where(Customer.state.in_(_STANDING))
        stems: dict[int, str] = {}
        for portion in _portions(sorted(ids), 5000):
            stems.update((row.id, row.name_key) for row in db.session.execute(query.where(Customer.id.in_(portion))))
        rows = []
        for first, second in pairs:
            if first in stems and second in stems:
                score = stem_similarity(stems[first], stems[second])
                row = {"scan_id": self.id, "first_id": first, "second_id": second, "name_score": score if score >= LIKELY else 0}
                rows.append({**row, "same_code": reason == "same_code", "same_telephone": reason == "same_telephone", "rank": 0})
        dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
        for some in _portions(rows, 500):
            insert = dialect.insert(DuplicatePair).values(some)
            more = {name: or_(getattr(DuplicatePair, name), insert.excluded[name]) for name in ("same_code", "same_telephone")}
            db.session.execute(insert.on_conflict_do_update(index_elements=["scan_id", "first_id", "second_id"], set_=more))
        return len(rows)

    def page(self, user: Staff, *, after: tuple[int, int] | None = None, size: int = PAGE) -> list[Row[Any]]:
        """Return pairs from behind (rank, id) on, likeliest first: those `user` still sees both of, that stand and are not decided.

        A row has the pair's columns, and `first_…` and `second_…` of number, full_name, credit_code, telephone, city, state and owner.
        """
        first, second, its, others = aliased(Customer), aliased(Customer), aliased(Staff), aliased(Staff)
        names = ("number", "full_name", "credit_code", "telephone", "city", "state")
        columns = [getattr(one, name).label(f"{side}_{name}") for side, one in (("first", first), ("second", second)) for name in names]
        query = select(*DuplicatePair.__table__.c, *columns, its.name.label("first_owner"), others.name.label("second_owner"))
        query = query.join(first, first.id == DuplicatePair.first_id).join(second, second.id == DuplicatePair.second_id)
        query = query.outerjoin(its, its.id == first.owner_id).outerjoin(others, others.id == second.owner_id)
        query = query.where(DuplicatePair.scan_id == self.id, first.state.in_(_STANDING), second.state.in_(_STANDING))
        query = query.where(customer_scope(user, first), customer_scope(user, second))
        query = query.where(~declared(DuplicatePair.first_id, DuplicatePair.second_id))
        if after is not None:
            rank, last = after
            query = query.where(or_(DuplicatePair.rank < rank, and_(DuplicatePair.rank == rank, DuplicatePair.id > last)))
        return list(db.session.execute(query.order_by(DuplicatePair.rank.desc(), DuplicatePair.id).limit(size)))


class DuplicatePair(Base):
    """Two customers that may be the same, as a scan found them. `first_id` is the smaller."""

    __tablename__ = "duplicate_pair"

    scan_id: Mapped[int] = mapped_column(ForeignKey("duplicate_scan.id", ondelete="CASCADE"))
    first_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    second_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    same_code: Mapped[bool]
    same_telephone: Mapped[bool]
    name_score: Mapped[int]
    """How alike the names are where they are likely the same, else 0."""
    rank: Mapped[int]
    """The order of the list: the code says most, then the telephone number, then the name."""

    __table_args__ = (
        Index(None, "scan_id", "first_id", "second_id", unique=True),
        Index("ix_duplicate_pair_rank", "scan_id", "rank", "id"),
        {"info": STAYS_AT_MERGE},
    )


class _Found(NamedTuple):
    """Pairs of a portion, and how many customers were walked so far."""

    walked: int
    pairs: list[tuple[int, int]]


_QUIET: dict[str, Any] = {"synchronize_session": False}


def _flag(column: Any) -> Any:
    return case((column, 1), else_=0)


def _portions(items: list[Any], size: int) -> Iterator[list[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _read(statement: Any) -> list[Row[Any]]:
    """Return rows, read apart from the writing, so that other writers get their turn."""
    db.session.commit()
    database.read_only(True)
    try:
        rows = list(db.session.execute(statement))
        db.session.commit()
    finally:
        database.read_only(False)
    return rows


def _paired(ids: Iterable[int]) -> Iterator[tuple[int, int]]:
    some = sorted(set(ids))
    if len(some) <= CROWD:
        return combinations(some, 2)
    return ((some[0], other) for other in some[1:])


def _same(*queries: Any) -> Iterator[_Found]:
    """Yield the pairs of customers with one key; the queries give (key, customer_id)."""
    last, behind, walked = "", True, 0
    while True:
        both = union_all(*queries).subquery() if len(queries) > 1 else queries[0].subquery()
        query = select(both.c.key, both.c.customer_id).where(both.c.key > last if behind else both.c.key >= last)
        portion = _read(query.order_by(both.c.key, both.c.customer_id).limit(PORTION))
        groups = [(key, [row.customer_id for row in rows]) for key, rows in groupby(portion, key=lambda row: row.key)]
        whole = len(portion) < PORTION or len(groups) == 1
        rest = groups if whole else groups[:-1]
        walked += sum(len(ids) for _key, ids in rest)
        yield _Found(walked, [pair for _key, ids in rest for pair in _paired(ids)])
        if len(portion) < PORTION:
            return
        # A key that fills a whole portion is a crowd: go on behind it, with the first of it paired.
        last, behind = groups[-1][0], whole


class _Names:
    """All names of a scope against all."""

    def __init__(self, scope: list[Any]) -> None:
        self.scope = scope

    def pairs(self) -> Iterator[_Found]:
        """Yield pairs whose names are alike; walking the names is half of the way, comparing them the other."""
        with sqlite3.connect("") as disk:
            disk.execute("CREATE TABLE name (id INTEGER PRIMARY KEY, stem TEXT)")
            disk.execute("CREATE TABLE form (key INTEGER, id INTEGER)")
            walked = 0
            for walked in self._spread(disk):
                yield _Found(walked // 2, [])
            yield from self._together(disk, walked)

    def _spread(self, disk: sqlite3.Connection) -> Iterator[int]:
        """Put every name and its forms on the disk, yielding how many names are there."""
        last, walked = 0, 0
        while True:
            query = select(Customer.id, Customer.name_key).where(Customer.id > last, Customer.name_key != "", *self.scope)
            portion = _read(query.order_by(Customer.id).limit(PORTION))
            if not portion:
                return
            disk.executemany("INSERT INTO name VALUES (?, ?)", map(tuple, portion))
            forms = ((hash(form), row.id) for row in portion for form in variants(row.name_key))
            disk.executemany("INSERT INTO form VALUES (?, ?)", forms)
            last, walked = portion[-1].id, walked + len(portion)
            yield walked

    def _together(self, disk: sqlite3.Connection, walked: int) -> Iterator[_Found]:
        """Compare the names that share a form. Equal hashes of different forms only cost a comparison."""
        forms = disk.execute("SELECT COUNT(*) FROM form").fetchone()[0]
        looked, pairs = 0, list[tuple[int, int]]()
        known: set[tuple[int, int]] = set()
        for _key, rows in groupby(disk.execute("SELECT key, id FROM form ORDER BY key"), key=itemgetter(0)):
            ids = sorted({row[1] for row in rows})
            before, looked = looked, looked + len(ids)
            if len(ids) > 1:
                stems = [disk.execute("SELECT stem FROM name WHERE id = ?", (one,)).fetchone()[0] for one in ids]
                new = {(ids[one], ids[other]) for one, other, _score in like_pairs(stems)} - known
                known |= new
                pairs += new
            if len(pairs) >= 1000 or before // 50_000 != looked // 50_000:
                yield _Found(walked // 2 + walked * looked // forms // 2, pairs)
                pairs = []
                known = set() if len(known) > 200_000 else known
        yield _Found(walked, pairs)
