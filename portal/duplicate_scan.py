"""The scan of a whole register for duplicates, a job (AR-3): all customers in somebody's scope against all.

Same codes and telephone numbers are read in the order of their indexes. Like names share a form with one character left out
(`likeness.variants`); the forms are sorted on disk by a private SQLite file, so that a million names need no more memory than a thousand.
The database is written to in short transactions in between; a scan that was broken off begins anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import combinations, groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Row, func, select, union_all

from portal import database, jobs
from portal.database import db
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.duplicate_scan import MOST_PAIRS, DuplicateScan
from portal.models.job import Job
from portal.models.notice import notify
from portal.rules.likeness import like_pairs, variants
from portal.rules.message import N_, Message

PORTION = 10_000
CROWD = 30
"""Of so many customers with one number every pair is kept; of more, each is paired with the first only."""


@jobs.kind("duplicate-scan", title=N_("Scan for duplicates"), page=lambda _job: ("archive.duplicates", {}))
def scan(job: Job) -> None:
    """Do the scan. Safe to run twice: it begins anew."""
    record = db.session.get(DuplicateScan, job.args["scan"])
    if record is None:
        return  # a newer scan took its place
    scope = record.clear()
    record.customers = _read(select(func.count()).select_from(Customer).where(*scope))[0][0]
    total, kept = 3 * record.customers, 0
    stages = (("same_code", _same(*_codes(scope))), ("same_telephone", _same(*_telephones(scope))), ("", _Names(scope).pairs()))
    for place, (reason, found) in enumerate(stages):
        for walked, pairs in found:
            if kept < MOST_PAIRS:
                kept += record.keep(pairs[: MOST_PAIRS - kept], reason)
            else:
                record.full = record.full or bool(pairs)
            job.progress(min(place * record.customers + walked, total), total)
            db.session.commit()
    record.end()
    notify(record.staff, Message(N_("The scan for duplicates has ended: %(count)s pairs."), {"count": record.found}), link="/duplicates")
    job.result = {"pairs": record.found}


def _codes(scope: list[Any]) -> list[Any]:
    return [select(Customer.credit_code.label("key"), Customer.id.label("customer_id")).where(Customer.credit_code != "", *scope)]


def _telephones(scope: list[Any]) -> list[Any]:
    own = select(Customer.telephone_key.label("key"), Customer.id.label("customer_id")).where(Customer.telephone_key != "", *scope)
    of_contact = select(Contact.telephone_key, Contact.customer_id).join(Customer, Customer.id == Contact.customer_id)
    return [own, of_contact.where(Contact.telephone_key != "", *scope)]


class _Found(NamedTuple):
    """Pairs of a portion, and how many customers were walked so far."""

    walked: int
    pairs: list[tuple[int, int]]


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
