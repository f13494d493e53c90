"""What is asked of the search (AR-6): customers by name, pinyin, number, code, telephone or contact, within the reader's scope."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, column, false, func, literal_column, or_, select, table, true

from portal.database import db
from portal.models.customer import Customer, CustomerState
from portal.models.scope import customer_arms, customer_scope
from portal.models.search_index import (
    CODE,
    FIGURES,
    INITIALS,
    NAME,
    NUMBER,
    NUMBER_SHAPE,
    OTHERS,
    PINYIN,
    SCOPE,
    SHORT_NAME,
    START,
    WINDOW,
    CustomerSearch,
    array_of,
    holding,
    serial_token,
)
from portal.models.staff import Staff
from portal.models.word_index import Found, found, place_of
from portal.permissions import Role
from portal.rules.grams import fold, fts_query, query_alternatives, query_parts


class Hit(NamedTuple):
    """A customer that was found. `matched` is the contact, former name or number it was found by, when the name does not show it."""

    id: int
    number: str
    full_name: str
    state: str
    city: str
    owner: str
    matched: str


CAP = 1000
"""Counts and lists of a search end here: '1,000+'."""

NEWEST = 600
"""So many customers are looked through for a common word, which takes less than a millisecond."""

_CODE_REGION = 8
"""The first eight characters of a credit code say kind and region: too many codes begin alike to look for fewer."""
_LONGEST_NUMBER = 16
_START = re.compile(r"[^\W_]+")
_SEPARATORS = re.compile(r"[\s\-+()./]")
_FTS = table("customer_search_fts", column("rowid"))


def _figures(query: str) -> str:
    """Return a query that is a number, code or telephone number without its separators, '' for other queries."""
    squeezed = _SEPARATORS.sub("", fold(query))
    return squeezed if re.fullmatch(r"[a-z\d]{1,20}", squeezed) and re.search(r"\d", squeezed) else ""


def alternatives(query: str) -> list[list[str]]:
    """Return what to ask the index for: alternatives, each a list of tokens that a customer must all have."""
    figures = _figures(query)
    found = [] if len(figures) > 2 * WINDOW else query_alternatives(query)
    if figures.isdigit() or NUMBER_SHAPE.fullmatch(figures):
        found.insert(0, [serial_token(figures) if not figures.isdigit() else FIGURES + figures.lstrip("0")])
    if figures.isdigit():
        if len(figures) == WINDOW:
            found.append([FIGURES + figures])
        elif len(figures) > WINDOW:
            tail = figures[-2 * WINDOW :]
            both = ([tail[start : start + WINDOW] for start in range(first, len(tail) - WINDOW + 1, 2)] for first in (0, 1))
            found += [[FIGURES + one for one in some] for some in both if some]
    return found


def _parts(query: str) -> list[list[str]]:
    """Return what the words must contain: all of one of the lists."""
    figures = _figures(query)
    return [query_parts(query), *([[figures]] if figures else [])]


def _scope_tokens(user: Staff) -> list[str]:
    """Return the tokens of which a customer must have one for `user` to see it; none for managers, who see all."""
    if user.role == Role.MANAGER:
        return []
    tokens = [f"{SCOPE}o{user.id}", f"{SCOPE}a{user.id}"]
    return [*tokens, f"{SCOPE}t{user.team_id}"] if user.role == Role.SUPERVISOR and user.team_id else tokens


def _contains(query: str, words: Any = CustomerSearch.words) -> Any:
    """Return the condition that a customer's words have a query in them."""
    return or_(*(and_(true(), *(place_of(words, part) > 0 for part in parts)) for parts in _parts(query)))


def _beginning(query: str, asked: list[list[str]]) -> list[list[str]]:
    """Return what to ask the index for where a name is to begin with `query`, of what is asked for it anywhere.

    Up to the first sign that is neither letter nor figure: FTS5 divides a token there. Nothing where `query` begins with one.
    """
    text = fold(query)
    start = _START.match(text[: 3 if text.isascii() else 2])
    return [[START + start[0], *tokens] for tokens in asked] if start else []


def _ask(user: Staff, query: str, limit: int, *, beginning: bool = False) -> list[tuple[int, str]]:
    """Return (id, words) of up to `limit` customers that the index gives for `query`; newest first on SQLite, any on PostgreSQL."""
    asked = alternatives(query)
    if beginning:
        asked = _beginning(query, asked)
    if not asked:
        return []
    statement = select(CustomerSearch.id, CustomerSearch.words).where(_held(asked, _scope_tokens(user)), _contains(query))
    if db.session.get_bind().dialect.name == "sqlite":
        both = _FTS.join(CustomerSearch, CustomerSearch.id == _FTS.c.rowid)
        statement = statement.select_from(both).order_by(_FTS.c.rowid.desc())
    return [(row[0], row[1]) for row in db.session.execute(statement.limit(limit))]


def _among_newest(user: Staff, query: str, limit: int) -> list[tuple[int, str, bool]]:
    """Return up to `limit` of the `NEWEST` customers that `query` finds: (id, words, whether a name begins with it), such first.

    For managers on PostgreSQL, which reads all that its index has of a word before it gives the first: a common one is met here.
    """
    if _scope_tokens(user) or db.session.get_bind().dialect.name == "sqlite":
        return []
    asked, kept = alternatives(query), CustomerSearch.__table__.c
    if not asked:
        return []
    newest = select(kept.id, kept.words, kept.tokens).order_by(kept.id.desc()).limit(NEWEST).subquery()
    begins = or_(false(), *(holding(newest.c.tokens, one) for one in _beginning(query, asked)))
    statement = select(newest.c.id, newest.c.words, begins.label("begins")).where(
        or_(*(holding(newest.c.tokens, one) for one in asked)), _contains(query, newest.c.words)
    )
    statement = statement.order_by(literal_column("begins").desc(), newest.c.id.desc())
    return [(row[0], row[1], row[2]) for row in db.session.execute(statement.limit(limit))]


def _held(asked: list[list[str]], scope: list[str]) -> Any:
    """Return the condition that the index has all tokens of one of the lists, and one of the scope's where there are any."""
    if db.session.get_bind().dialect.name == "sqlite":
        match = f"({fts_query(asked)})"
        if scope:
            match = f"({fts_query([[token] for token in scope])}) AND {match}"
        return literal_column("customer_search_fts").op("MATCH")(match)
    tokens = CustomerSearch.__table__.c.tokens
    holds = or_(*(holding(tokens, one) for one in asked))
    return and_(holds, tokens.op("&&")(array_of(scope))) if scope else holds


def having_tokens(asked: list[list[str]], scope: Sequence[str] = ()) -> Select[int]:
    """Return the query of the ids of customers that hold all tokens of one of the lists, and one of `scope`; newest first on SQLite."""
    if db.session.get_bind().dialect.name == "sqlite":
        return select(_FTS.c.rowid).where(_held(asked, list(scope))).order_by(_FTS.c.rowid.desc())
    return select(CustomerSearch.id).where(_held(asked, list(scope)))


def candidates(user: Staff, query: str, limit: int = CAP + 1) -> list[int]:
    """Return the ids of up to `limit` customers within the index's scope that `query` finds, for lists that filter by it.

    The caller's query goes through `customer_scope` all the same.
    """
    return [customer_id for customer_id, _words in _ask(user, query, limit)]


def customers(user: Staff, query: str) -> Found:
    """Return the customers, however many, within the index's scope that `query` finds, for lists that filter by it."""
    asked = alternatives(query)
    fitting = having_tokens(asked, _scope_tokens(user)).order_by(None) if asked else select(CustomerSearch.id).where(false())
    return found(fitting, CustomerSearch.id, _contains(query))


def _rank(query: str, words: str) -> int:
    """Return how good a hit is: 0 exact number or code, 1 name begins so, 2 name contains it, 3 pinyin begins so, 4 anything else."""
    lines = words.split("\n")
    figures, typed = _figures(query), fold(query)
    if figures and figures in (lines[NUMBER], lines[CODE]):
        return 0
    if typed and (lines[NAME].startswith(typed) or lines[SHORT_NAME].startswith(typed)):
        return 1
    if typed and (typed in lines[NAME] or typed in lines[SHORT_NAME]):
        return 2
    if typed and any(one.startswith(typed) for line in lines[INITIALS : PINYIN + 1] for one in line.split()):
        return 3
    return 4


def _matched(query: str, words: str) -> str:
    """Return the contact, former name or number a hit was found by, '' where name or pinyin show it."""
    lines = words.split("\n")
    wanted = [part for parts in _parts(query) for part in parts]
    if any(part in line for part in wanted for line in lines[:OTHERS]):
        return ""
    return next((line for line in lines[OTHERS:] if any(part in line for part in wanted)), "")


def search(user: Staff, query: str, limit: int = 10) -> list[Hit]:
    """Return the customers `user` may see that `query` finds, best first (AR-6).

    First an exact number or credit code, then names that begin with the text, then all others; newer customers first within each
    on SQLite, and of common words on PostgreSQL. Hits of a common word are not sorted as a whole: the first `limit` are as good as any.
    """
    found = dict(_exact(user, query, limit))
    newest = _among_newest(user, query, limit)
    for beginning in (True, False):
        if len(found) < limit:
            met = [(one, words) for one, words, begins in newest if begins or not beginning]
            some = met if len(met) == limit else _ask(user, query, limit, beginning=beginning)
            found.update((one, words) for one, words in some if one not in found)
    if not found:
        return []
    columns = (
        Customer.id,
        Customer.number,
        Customer.full_name,
        Customer.state,
        Customer.city,
        func.coalesce(Staff.name, ""),
    )
    statement = select(*columns).outerjoin(Staff, Staff.id == Customer.owner_id).where(Customer.id.in_(found), customer_scope(user))
    order = {one: (_rank(query, words), place) for place, (one, words) in enumerate(found.items())}
    rows = sorted(db.session.execute(statement), key=lambda row: order[row.id])
    return [Hit(*row, matched=_matched(query, found[row.id])) for row in rows[:limit]]


def _exact(user: Staff, query: str, limit: int) -> list[tuple[int, str]]:
    """Return (id, words) of customers whose number or credit code begins so; a whole one is among the first."""
    figures = _figures(query).upper()
    if len(figures) <= WINDOW:
        return []
    found: dict[int, str] = {}
    columns = select(CustomerSearch.id, CustomerSearch.words).join(Customer, Customer.id == CustomerSearch.id)
    if len(figures) > _CODE_REGION:
        code = columns.where(Customer.credit_code.between(figures, figures + "Z"), Customer.credit_code != "", customer_scope(user))
        found.update((row[0], row[1]) for row in db.session.execute(code.limit(limit)))
    if len(figures) <= _LONGEST_NUMBER:
        states = Customer.state.in_([CustomerState.ACTIVE, CustomerState.PROSPECT, CustomerState.PAST])
        for arm in customer_arms(user):
            number = columns.where(*arm.conditions(), states, Customer.number >= figures, Customer.number <= figures + "Z")
            found.update((row[0], row[1]) for row in db.session.execute(number.limit(limit)))
    return list(found.items())
