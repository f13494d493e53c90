"""What records are found by: an index of tokens beside a table, as beside the customers (`search_index.py`), kept by itself.

`<table>_search` holds the words of each record as they were indexed. Tokens follow from them: on SQLite they stand in an FTS5 table only,
on PostgreSQL in an array under GIN. Whatever the index gives is checked against the words.

Records saved through a session are indexed at its commit; bulk statements call `index_many`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    DDL,
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    Select,
    Table,
    Text,
    and_,
    column,
    delete,
    event,
    func,
    inspect,
    literal_column,
    select,
    table,
)
from sqlalchemy.orm import Session

from portal.database import Base, db
from portal.inserting import insert_rows
from portal.models.search_index import Tokens, holding
from portal.rules.grams import fold, fts_query, query_windows, window_grams

AT_A_TIME = 2000
FEW = 500
"""Up to so many that the index gives are read at once."""
LEADING = 30_000
"""Up to so many that the index gives lead to what is listed. Where more have a word, a page of them is met soon in any order."""


@dataclass(frozen=True)
class Found:
    """What a text finds in an index.

    `ids` are all, where they are few. Else `fitting` gives the ids whose tokens fit, where they are up to `LEADING`, and
    `saying(column)` asks the words of the one that a column names.
    """

    saying: Callable[[Any], ColumnElement[bool]]
    fitting: Select[Any] | None = None
    ids: list[int] | None = None

    @property
    def leads(self) -> bool:
        """Return whether what was found may be gathered, to lead to what is listed."""
        return self.ids is not None or self.fitting is not None

    def named(self, column: Any) -> ColumnElement[bool]:
        """Return the condition that a column names one that was found."""
        if self.ids is not None:
            return column.in_(self.ids)  # type: ignore[no-any-return]
        said = self.saying(column)
        return said if self.fitting is None else and_(column.in_(self.fitting), said)


def found(fitting: Select[Any] | None, number: Any, contains: ColumnElement[bool]) -> Found:
    """Return what a text finds, by the ids whose tokens fit. These are counted, and only of a few the words are read.

    `contains` is the condition that words have the text; `number` the id beside them.
    """

    def saying(column: Any) -> ColumnElement[bool]:
        # The value of a record and not whether there is one: for that PostgreSQL would compare the words of all.
        return select(contains).where(number == column).scalar_subquery()  # type: ignore[return-value]

    if fitting is None:
        return Found(saying)
    many = db.session.scalar(select(func.count()).select_from(fitting.limit(LEADING + 1).subquery())) or 0
    if many <= FEW:
        ids = db.session.scalars(fitting).all() if many else []
        return Found(saying, ids=list(db.session.scalars(select(number).where(number.in_(ids), contains))) if ids else [])
    return Found(saying, fitting if many <= LEADING else None)


def place_of(words: Any, part: str) -> Any:
    """Return where words have a text, from 1 on; 0 where they do not."""
    return (func.instr if db.session.get_bind().dialect.name == "sqlite" else func.strpos)(words, part)


class Grams(NamedTuple):
    """Which tokens words have, and which of them are asked for where a text is looked for in them."""

    of_words: Callable[[str], list[str]]
    of_query: Callable[[str], list[str]]


PARTS = Grams(window_grams, query_windows)
"""Parts of words are found too: the last figures of a parcel's number."""


class WordIndex:
    """The index of the words of a model: columns `said` of it, or of what it refers to by `through`. `fts` names its table on SQLite."""

    def __init__(
        self, model: Any, said: tuple[Any, ...], *, through: Any = None, grams: Grams = PARTS, folded: Callable[[str], str] = fold,
        fts: str = "",
    ) -> None:  # fmt: skip
        name = model.__tablename__
        self.model, self.said, self.through, self.grams, self.folded = model, said, through, grams, folded
        self.fts = fts or f"{name}_search_fts"
        self.table = Table(
            f"{name}_search",
            Base.metadata,
            Column("id", Integer, ForeignKey(f"{name}.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
            Column("words", Text, nullable=False),
            Column("tokens", Tokens, nullable=True),
        )
        statements = {
            "sqlite": f"CREATE VIRTUAL TABLE {self.fts} USING fts5(tokens, content='', detail=none, columnsize=0, tokenize='ascii')",
            "postgresql": f"CREATE INDEX {name}_search_tokens ON {name}_search USING gin (tokens)",
        }
        for dialect, statement in statements.items():
            event.listen(self.table, "after_create", DDL(statement).execute_if(dialect=dialect))
        event.listen(self.table, "after_drop", DDL(f"DROP TABLE IF EXISTS {self.fts}").execute_if(dialect="sqlite"))
        INDEXES.append(self)

    # --- keeping it ------------------------------------------------------------------------------------------------------

    def index_many(self, ids: Collection[int], session: Session | None = None) -> None:
        """Bring the index of these records up to date in the caller's transaction; those that are gone leave it."""
        session = session or db.session()
        session.flush()
        numbers = sorted(ids)
        said: Any = select(self.model.id, *self.said)
        if self.through is not None:
            said = said.join(self.through)
        for start in range(0, len(numbers), AT_A_TIME):
            portion = numbers[start : start + AT_A_TIME]
            rows = session.execute(said.where(self.model.id.in_(portion)))
            words = {row[0]: "\n".join(self.folded(one) for one in row[1:] if one) for row in rows}
            self._store(session, portion, {number: one for number, one in words.items() if one})

    def forget(self, ids: Collection[int]) -> None:
        """Take records that are about to be deleted out of the index."""
        self._store(db.session(), sorted(ids), {})

    def index_all(self, session: Session | None = None) -> Iterator[int]:
        """Index every record anew, yielding how many are done after each portion, for the caller to commit."""
        session = session or db.session()
        done, last = 0, 0
        every = select(self.model.id).order_by(self.model.id).limit(AT_A_TIME)
        while ids := list(session.scalars(every.where(self.model.id > last))):
            self.index_many(ids, session)
            done, last = done + len(ids), ids[-1]
            yield done

    def _store(self, session: Session, ids: list[int], new: dict[int, str]) -> None:
        stored, of_words = self.table.c, self.grams.of_words
        known = {row.id: row.words for row in session.execute(select(stored.id, stored.words).where(stored.id.in_(ids)))}
        old = {number: words for number, words in known.items() if new.get(number) != words}
        fresh = [(number, words, of_words(words)) for number, words in new.items() if known.get(number) != words]
        on_sqlite = session.connection().dialect.name == "sqlite"
        if old:
            session.execute(delete(self.table).where(stored.id.in_(old)))
        if old and on_sqlite:
            gone = [(number, " ".join(of_words(words))) for number, words in old.items()]
            statement = f"INSERT INTO {self.fts} ({self.fts}, rowid, tokens) VALUES ('delete', ?, ?)"  # noqa: S608 - a table of ours
            session.connection().exec_driver_sql(statement, gone)
        if fresh and on_sqlite:
            come = [(number, " ".join(tokens)) for number, _words, tokens in fresh]
            statement = f"INSERT INTO {self.fts} (rowid, tokens) VALUES (?, ?)"  # noqa: S608 - a table of ours
            session.connection().exec_driver_sql(statement, come)
        if fresh:
            insert_rows(session, self.table, ("id", "words", "tokens"), fresh)

    def touched(self, session: Session) -> set[int]:
        """Return the ids of the records that say something else than before, of those that a flush has written."""
        changed: set[int] = {record.id for record in session.new if isinstance(record, self.model)}
        through: set[int] = set()
        for record in session.dirty:
            if any(isinstance(record, one.class_) and inspect(record).attrs[one.key].history.has_changes() for one in self.said):
                (changed if isinstance(record, self.model) else through).add(record.id)
        if through:
            (refers,) = self.through.property.local_columns
            changed.update(session.scalars(select(self.model.id).where(refers.in_(through))))
        return changed

    # --- asking it -------------------------------------------------------------------------------------------------------

    def fitting(self, text: str) -> Select[Any] | None:
        """Return the query of the ids whose tokens fit a text, the newest first on SQLite; None where nothing can be looked for."""
        tokens = self.grams.of_query(text)
        if not tokens:
            return None
        if db.session.get_bind().dialect.name == "sqlite":
            rowid = table(self.fts, column("rowid")).c.rowid  # with its table: without, it is that of whatever asks for the words
            matches = literal_column(self.fts).op("MATCH")(fts_query([tokens]))
            return select(rowid).where(matches).order_by(rowid.desc())
        return select(self.table.c.id).where(holding(self.table.c.tokens, tokens))

    def fits(self, text: str, most: int) -> list[int] | None:
        """Return the ids of up to `most` records whose tokens fit a text, the newest on SQLite; None where nothing can be looked for.

        Whether they have the text itself, and who sees them, the caller asks.
        """
        asked = self.fitting(text)
        return None if asked is None else list(db.session.scalars(asked.limit(most)))

    def few(self, text: str, most: int) -> list[int] | None:
        """Return what `fits` does where that is up to `most`; else None. Many are only counted."""
        asked = self.fitting(text)
        some = None if asked is None else asked.limit(most + 1).subquery()
        if some is None or (db.session.scalar(select(func.count()).select_from(some)) or 0) > most:
            return None
        return self.fits(text, most)

    def found(self, text: str) -> Found:
        """Return what a text without spaces finds."""
        words, part = self.table.c.words, self.folded(text)
        asked = self.fitting(text)
        return found(None if asked is None else asked.order_by(None), self.table.c.id, place_of(words, part) > 0)


INDEXES: list[WordIndex] = []
"""All of them, for the rebuilding of the search."""


@event.listens_for(Session, "after_flush")
def _mark(session: Session, _context: object) -> None:
    """Remember which records say something else than before."""
    for place, one in enumerate(INDEXES):
        if touched := one.touched(session):
            session.info.setdefault("words", {}).setdefault(place, set()).update(touched)


@event.listens_for(Session, "before_commit")
def _index_marked(session: Session) -> None:
    session.flush()
    for place, marked in session.info.pop("words", {}).items():
        INDEXES[place].index_many(marked, session)


@event.listens_for(Session, "after_rollback")
def _forget_marked(session: Session) -> None:
    session.info.pop("words", None)
