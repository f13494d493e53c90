"""What requests are found by: an index of tokens beside them, as beside the customers (`search.py`), kept by itself.

`service_request_search` holds the words of each request as they were indexed. Tokens follow from them: on SQLite they stand in an FTS5
table only, on PostgreSQL in an array under GIN. Whatever the index gives is checked against the request's own words.

Requests saved through a session are indexed at its commit; bulk statements call `index_many`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import DDL, ForeignKey, Select, Text, column, delete, event, func, inspect, literal_column, select, table
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.database import Base, db
from portal.inserting import insert_rows
from portal.models.request import ServiceRequest
from portal.models.search import Tokens, holding
from portal.rules.grams import fts_query, query_grams, search_grams

AT_A_TIME = 2000


class RequestSearch(Base):
    """What a request is found by. One row for each that is indexed."""

    __tablename__ = "service_request_search"

    id: Mapped[int] = mapped_column(ForeignKey("service_request.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)
    tokens: Mapped[list[str] | None] = mapped_column(Tokens)


INDEX = {
    "sqlite": ["CREATE VIRTUAL TABLE service_request_fts USING fts5(tokens, content='', detail=none, columnsize=0, tokenize='ascii')"],
    "postgresql": ["CREATE INDEX service_request_search_tokens ON service_request_search USING gin (tokens)"],
}
"""Statements that make the index, by database; the migration runs the same."""
for _dialect, _statements in INDEX.items():
    for _statement in _statements:
        event.listen(RequestSearch.__table__, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))
event.listen(RequestSearch.__table__, "after_drop", DDL("DROP TABLE IF EXISTS service_request_fts").execute_if(dialect="sqlite"))

_FTS = table("service_request_fts", column("rowid"))


def index_many(ids: Collection[int], session: Session | None = None) -> None:
    """Bring the index of these requests up to date in the caller's transaction; those that are gone leave it."""
    session = session or db.session()
    session.flush()
    numbers = sorted(ids)
    for start in range(0, len(numbers), AT_A_TIME):
        portion = numbers[start : start + AT_A_TIME]
        said = select(ServiceRequest.id, ServiceRequest.search_text).where(ServiceRequest.id.in_(portion))
        _store(session, portion, {number: words for number, words in session.execute(said) if words})


def forget(ids: Collection[int]) -> None:
    """Take requests that are about to be deleted out of the index."""
    _store(db.session(), sorted(ids), {})


def _store(session: Session, ids: list[int], new: dict[int, str]) -> None:
    stored = select(RequestSearch.id, RequestSearch.words).where(RequestSearch.id.in_(ids))
    known = {row.id: row.words for row in session.execute(stored)}
    old = {number: words for number, words in known.items() if new.get(number) != words}
    fresh = [(number, words, search_grams(words)) for number, words in new.items() if known.get(number) != words]
    on_sqlite = session.connection().dialect.name == "sqlite"
    if old:
        session.execute(delete(RequestSearch).where(RequestSearch.id.in_(old)))
    if old and on_sqlite:
        gone = [(number, " ".join(search_grams(words))) for number, words in old.items()]
        statement = "INSERT INTO service_request_fts (service_request_fts, rowid, tokens) VALUES ('delete', ?, ?)"
        session.connection().exec_driver_sql(statement, gone)
    if fresh and on_sqlite:
        come = [(number, " ".join(tokens)) for number, _words, tokens in fresh]
        session.connection().exec_driver_sql("INSERT INTO service_request_fts (rowid, tokens) VALUES (?, ?)", come)
    if fresh:
        insert_rows(session, RequestSearch.__table__, ("id", "words", "tokens"), fresh)


def index_all(session: Session | None = None) -> Iterator[int]:
    """Index every request anew, yielding how many are done after each portion, for the caller to commit."""
    session = session or db.session()
    done, last = 0, 0
    every = select(ServiceRequest.id).order_by(ServiceRequest.id).limit(AT_A_TIME)
    while ids := list(session.scalars(every.where(ServiceRequest.id > last))):
        index_many(ids, session)
        done, last = done + len(ids), ids[-1]
        yield done


def found(text: str, most: int) -> list[int] | None:
    """Return the ids of up to `most` requests that have the beginnings and pairs of `text` in them, the newest on SQLite.

    None where nothing can be looked for. Whether they have the text itself, and who sees them, the caller asks.
    """
    tokens = query_grams(text)
    return list(db.session.scalars(_having(tokens).limit(most))) if tokens else None


def few(text: str, most: int) -> list[int] | None:
    """Return what `found` does where that is up to `most`; else None. Many are only counted."""
    tokens = query_grams(text)
    some = _having(tokens).limit(most + 1).subquery() if tokens else None
    if some is None or (db.session.scalar(select(func.count()).select_from(some)) or 0) > most:
        return None
    return found(text, most)


def _having(tokens: list[str]) -> Select[int]:
    if db.session.get_bind().dialect.name == "sqlite":
        matches = literal_column("service_request_fts").op("MATCH")(fts_query([tokens]))
        return select(_FTS.c.rowid).where(matches).order_by(_FTS.c.rowid.desc())
    return select(RequestSearch.id).where(holding(RequestSearch.__table__.c.tokens, tokens))


@event.listens_for(Session, "after_flush")
def _mark(session: Session, _context: object) -> None:
    """Remember which requests say something else than before."""
    for record in (*session.new, *session.dirty):
        if isinstance(record, ServiceRequest) and inspect(record).attrs.search_text.history.has_changes():
            session.info.setdefault("requests", set()).add(record.id)


@event.listens_for(Session, "before_commit")
def _index_marked(session: Session) -> None:
    session.flush()
    marked = session.info.pop("requests", None)
    if marked:
        index_many(marked, session)


@event.listens_for(Session, "after_rollback")
def _forget_marked(session: Session) -> None:
    session.info.pop("requests", None)
