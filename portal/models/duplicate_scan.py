"""Scans of a whole register for duplicates (AR-3): what they found, pair by pair. `portal/duplicate_scan.py` does the scanning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Row, Select, and_, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models.customer import Customer, CustomerState
from portal.models.duplicate import STAYS_AT_MERGE, declared
from portal.models.job import Job
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.rules.message import Refusal
from portal.rules.names import LIKELY, stem_similarity

PAGE = 50
MOST_PAIRS = 50_000
"""So many pairs are kept; a register with more is tidied from the likeliest on and scanned again."""
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

    def clear(self) -> list[Any]:
        """Drop the pairs found so far and return the conditions on the customers to compare."""
        db.session.execute(delete(DuplicatePair).where(DuplicatePair.scan_id == self.id), execution_options=_QUIET)
        return [customer_scope(self.staff), Customer.state.in_(_STANDING)]

    def end(self) -> None:
        """Put the pairs in order and count them."""
        rank = 200 * _flag(DuplicatePair.same_code) + 100 * _flag(DuplicatePair.same_telephone) + DuplicatePair.name_score
        db.session.execute(update(DuplicatePair).where(DuplicatePair.scan_id == self.id).values(rank=rank), execution_options=_QUIET)
        self.found = db.session.scalar(select(func.count()).select_from(DuplicatePair).where(DuplicatePair.scan_id == self.id)) or 0
        self.ended_at = clock.now()

    def keep(self, pairs: list[tuple[int, int]], reason: str) -> int:
        """Write pairs for `reason` (same_code, same_telephone or '' for names), or what more is known of them; return how many."""
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


_QUIET: dict[str, Any] = {"synchronize_session": False}


def _flag(column: Any) -> Any:
    return case((column, 1), else_=0)


def _portions(items: list[Any], size: int) -> Iterator[list[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
