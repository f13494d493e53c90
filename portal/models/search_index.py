"""The index of the search (AR-6): tokens beside the customers, and what keeps them up to date; it is asked in `search.py`.

`customer_search` holds for each customer the folded words by which it is found: names, pinyin, number, code, telephones
and contacts, and who may see it. Tokens follow from these: on SQLite they stand in an FTS5 table only, on PostgreSQL in an
array under GIN. Whatever the index gives is checked against the words, and what is shown goes through `customer_scope`.

Records saved through a session are indexed at its commit by themselves; bulk statements call `index_many`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    DDL,
    Dialect,
    ForeignKey,
    Text,
    cast,
    delete,
    event,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from portal.database import Base, db
from portal.inserting import insert_rows
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerAssistant, CustomerState
from portal.rules.grams import fold, name_grams, text_grams
from portal.rules.pinyin import pinyin_full, pinyin_initials

# Marks of tokens that no name can hold: private characters, which FTS5 takes as parts of a word.
START = "\ue000"
"""The beginning of a name."""
FIGURES = "\ue001"
"""A number's serial, or four figures of a telephone number."""
SCOPE = "\ue002"
"""Who sees the customer: o7 owner, t3 team, a9 assistant."""
WINDOW = 4

NAME, SHORT_NAME, NUMBER, CODE, INITIALS, PINYIN, OTHERS = range(7)
"""Lines of `words`; the telephone, contacts (name and telephone), former names and merged records follow from OTHERS on."""


class Tokens(TypeDecorator[list[str]]):
    """Tokens: an array on PostgreSQL; on SQLite nothing, because FTS5 has them."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return text[] on PostgreSQL."""
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return the value to store."""
        return value if dialect.name == "postgresql" else None


def array_of(tokens: list[str]) -> Any:
    """Return tokens as an array of PostgreSQL."""
    return cast(array(tokens), ARRAY(Text()))


def holding(tokens: Any, wanted: list[str]) -> Any:
    """Return the condition that a column of tokens holds all of some, on PostgreSQL."""
    return tokens.bool_op("@>")(array_of(wanted))


class CustomerSearch(Base):
    """What a customer is found by. One row for each customer that was not merged into another."""

    __tablename__ = "customer_search"

    id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)
    """Folded lines, in the order of NAME … OTHERS."""
    scope: Mapped[str]
    """Who sees it: `o7 t3 a9`."""
    tokens: Mapped[list[str] | None] = mapped_column(Tokens)


INDEX = {
    "sqlite": ["CREATE VIRTUAL TABLE customer_search_fts USING fts5(tokens, content='', detail=none, columnsize=0, tokenize='ascii')"],
    "postgresql": ["CREATE INDEX customer_search_tokens ON customer_search USING gin (tokens)"],
}
"""Statements that make the index, by database; the migration runs the same."""
for _dialect, _statements in INDEX.items():
    for _statement in _statements:
        event.listen(CustomerSearch.__table__, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))
event.listen(CustomerSearch.__table__, "after_drop", DDL("DROP TABLE IF EXISTS customer_search_fts").execute_if(dialect="sqlite"))


def windows(figures: str) -> list[str]:
    """Return the tokens of a telephone number: four figures ending at the last, the third last, the fifth last …

    Half of all windows: a query of five figures or more, and the last four, find the number wherever they stand in it.
    """
    return [FIGURES + figures[end - WINDOW : end] for end in range(len(figures), WINDOW - 1, -2)]


NUMBER_SHAPE = re.compile(r"[a-z]+\d{4,}")
_SPACE = re.compile(r" (?![a-z\d])|(?<![a-z\d]) ")


def line(name: str) -> str:
    """Return a text as a line of words: folded, with spaces only between words of letters."""
    if name.isalnum():
        return fold(name)
    return _SPACE.sub("", " ".join(fold(part) for part in name.split()))


def _words(row: Any, contacts: list[Any], merged: list[Any]) -> str:
    names = [name for name in (row.full_name, row.short_name) if name]
    lines = [line(row.full_name), line(row.short_name), row.number.lower(), row.credit_code.lower()]
    lines += [" ".join(pinyin_initials(name) for name in names), " ".join(pinyin_full(name) for name in names)]
    others = [row.telephone_key, *(f"{line(contact.name)} {contact.telephone_key}".strip() for contact in contacts)]
    others += [line(name) for name in row.former_names.split("\n")]
    others += [text for one in merged for text in (line(one.full_name), one.number.lower())]
    return "\n".join([*lines, *filter(None, others)])


def _scope(row: Any) -> str:
    return f"o{row.owner_id or 0} t{row.team_id or 0}"


_NONE = ("", START, FIGURES)
"""What comes out of empty names and figures, and is no token."""


def tokens_of(words: str, scope: str) -> list[str]:
    """Return the tokens that follow from the words of a customer and from who sees it, each once."""
    lines = words.split("\n")
    tokens = [serial_token(lines[NUMBER])]
    for name in lines[NAME : SHORT_NAME + 1]:
        if name:
            tokens += name_grams(name)
            for begin in (START + fold(name)[:3], START + pinyin_initials(name)[:3]):
                tokens += begin[:2], begin[:3], begin
    for line in lines[OTHERS:]:
        name, _space, figures = line.rpartition(" ")
        if not figures.isdigit():
            name, figures = line, ""
        elif len(figures) >= WINDOW:
            tokens += windows(figures)
        if name:
            tokens += text_grams(name)
            if name.isascii() and NUMBER_SHAPE.fullmatch(name):
                tokens.append(serial_token(name))
    tokens += [SCOPE + one for one in scope.split()]
    found = dict.fromkeys(tokens)
    for none in _NONE:
        found.pop(none, None)
    return list(found)


def serial_token(number: str) -> str:
    """Return the token of a customer number's serial: without prefix, year and leading zeros."""
    return FIGURES + re.sub(r"^\D*(?:(?:19|20)\d\d(?=\d))?0*", "", number)


def _by_customer(session: Session, statement: Any) -> dict[int | None, list[Any]]:
    found: dict[int | None, list[Any]] = {}
    for row in session.execute(statement):
        found.setdefault(row[0], []).append(row)
    return found


def _index(session: Session, ids: list[int]) -> None:
    columns = [Customer.id, Customer.number, Customer.full_name, Customer.short_name, Customer.former_names, Customer.credit_code]
    columns += [Customer.telephone_key, Customer.owner_id, Customer.team_id, Customer.contact_count]  # type: ignore[list-item]
    rows = session.execute(select(*columns).where(Customer.id.in_(ids), Customer.state != CustomerState.MERGED)).all()
    of_contact = (Contact.customer_id, Contact.name, Contact.telephone_key)
    contacts = _by_customer(session, select(*of_contact).where(Contact.customer_id.in_(ids)).order_by(Contact.id))
    of_assistant = (CustomerAssistant.customer_id, CustomerAssistant.staff_id)
    assistants = _by_customer(session, select(*of_assistant).where(CustomerAssistant.customer_id.in_(ids)).order_by(CustomerAssistant.id))
    merged = _by_customer(
        session, select(Customer.merged_into_id, Customer.number, Customer.full_name).where(Customer.merged_into_id.in_(ids))
    )
    new: dict[int, tuple[str, str]] = {}
    for row in rows:
        scope = " ".join([_scope(row), *(f"a{one.staff_id}" for one in assistants.get(row.id, []))])
        new[row.id] = (_words(row, contacts.get(row.id, []), merged.get(row.id, [])), scope)
    _store(session, ids, new)
    counts: dict[int, list[int]] = {}
    for row in rows:
        if (count := len(contacts.get(row.id, []))) != row.contact_count:
            counts.setdefault(count, []).append(row.id)
    for count, changed in counts.items():
        session.execute(
            update(Customer).where(Customer.id.in_(changed)).values(contact_count=count), execution_options={"synchronize_session": False}
        )


def _store(session: Session, ids: list[int], new: dict[int, tuple[str, str]]) -> None:
    """Replace what the index knows of the customers `ids` by `new`: (words, scope) by id; without an entry they leave it."""
    stored = select(CustomerSearch.id, CustomerSearch.words, CustomerSearch.scope).where(CustomerSearch.id.in_(ids))
    known = {row.id: (row.words, row.scope) for row in session.execute(stored)}
    old = {one: entry for one, entry in known.items() if new.get(one) != entry}
    fresh = {one: entry for one, entry in new.items() if known.get(one) != entry}
    connection = session.connection()
    if old:
        session.execute(delete(CustomerSearch).where(CustomerSearch.id.in_(old)))
    if old and connection.dialect.name == "sqlite":
        gone = [(one, " ".join(tokens_of(*entry))) for one, entry in old.items()]
        connection.exec_driver_sql("INSERT INTO customer_search_fts (customer_search_fts, rowid, tokens) VALUES ('delete', ?, ?)", gone)
    _add(session, fresh)


def _add(session: Session, new: dict[int, tuple[str, str]]) -> None:
    """Add to the index what it does not know: (words, scope) by id."""
    if not new:
        return
    connection = session.connection()
    rows = [(one, words, scope, tokens_of(words, scope)) for one, (words, scope) in new.items()]
    if connection.dialect.name == "sqlite":
        come = [(one, " ".join(tokens)) for one, _words, _scope, tokens in rows]
        connection.exec_driver_sql("INSERT INTO customer_search_fts (rowid, tokens) VALUES (?, ?)", come)
    insert_rows(session, CustomerSearch.__table__, ("id", "words", "scope", "tokens"), rows)


def _portions(ids: Iterable[int], size: int = 2000) -> Iterator[list[int]]:
    rest = iter(ids)
    while portion := list(islice(rest, size)):
        yield portion


def index_many(ids: Iterable[int], session: Session | None = None) -> None:
    """Bring the index of these customers up to date in the caller's transaction: after bulk statements, imports, hand-overs.

    Also keeps `Customer.contact_count`. Customers that are merged or gone leave the index.
    """
    session = session or db.session()
    session.flush()
    for portion in _portions(ids):
        _index(session, portion)
        session.info.get("search", set()).difference_update(portion)


class NewCustomer(NamedTuple):
    """A customer that has just been inserted past the ORM, by the columns that it is found by."""

    id: int
    number: str
    full_name: str
    short_name: str
    former_names: str
    credit_code: str
    telephone_key: str
    owner_id: int | None
    team_id: int | None


class NewContact(NamedTuple):
    """A contact of such a customer."""

    name: str
    telephone_key: str


def index_new(customers: Iterable[tuple[NewCustomer, list[NewContact]]]) -> None:
    """Index customers that were inserted in the caller's transaction, with their contacts; `contact_count` is the caller's.

    What `index_many` reads back, and looks for in the index, is known of them: an import of many takes half the time.
    """
    _add(db.session(), {customer.id: (_words(customer, contacts, []), _scope(customer)) for customer, contacts in customers})


def index_customer(customer: Customer) -> None:
    """Bring one customer's index up to date now; at commit this happens by itself."""
    index_many([customer.id])


def index_all(session: Session | None = None) -> Iterator[int]:
    """Index every customer anew, yielding how many are done after each portion, for the caller to commit."""
    session = session or db.session()
    done, last = 0, 0
    while ids := list(session.scalars(select(Customer.id).where(Customer.id > last).order_by(Customer.id).limit(2000))):
        index_many(ids, session)
        done, last = done + len(ids), ids[-1]
        yield done


def tidy(session: Session | None = None) -> None:
    """Put the index in its best order after a large import: merges FTS5's segments, empties GIN's waiting list, renews statistics."""
    session = session or db.session()
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("INSERT INTO customer_search_fts (customer_search_fts) VALUES ('optimize')")
    else:
        session.execute(select(func.gin_clean_pending_list("customer_search_tokens")))
        session.connection().exec_driver_sql("ANALYZE customer_search, customer, contact, customer_tag")


@event.listens_for(Session, "after_flush")
def _mark(session: Session, _context: Any) -> None:
    """Remember which customers the flush touched."""
    marked: set[int] = session.info.setdefault("search", set())
    for record in (*session.new, *session.dirty, *session.deleted):
        if isinstance(record, Customer):
            marked.add(record.id)
            if record.merged_into_id:
                marked.add(record.merged_into_id)
        elif isinstance(record, (Contact, CustomerAssistant)):
            marked.add(record.customer_id)


@event.listens_for(Session, "before_commit")
def _index_marked(session: Session) -> None:
    session.flush()
    marked = session.info.pop("search", None)
    if marked:
        index_many(sorted(marked - {None}), session)


@event.listens_for(Session, "after_rollback")
def _forget_marked(session: Session) -> None:
    session.info.pop("search", None)
