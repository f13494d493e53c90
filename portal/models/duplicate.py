"""Likely duplicates of a customer (AR-3): found while somebody types and at save, and what was declared different.

What makes two customers likely the same: the same credit code, the same telephone number (contacts' included), the same or a similar
name, former names included. One customer's candidates come from indexes; all against all is `duplicate_scan.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, case, exists, literal, select
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models import audit
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState
from portal.models.history import action
from portal.models.scope import customer_scope
from portal.models.search import having_tokens
from portal.models.search_index import START
from portal.models.staff import Staff
from portal.permissions import Role
from portal.rules.grams import fold
from portal.rules.identifiers import normalise_credit_code, normalise_phone
from portal.rules.likeness import alternatives
from portal.rules.message import N_, Refusal
from portal.rules.names import LIKELY, name_stem, stem_similarity, without_place

STAYS_AT_MERGE = {"stays_at_merge": True}
"""`info` of a table that says something of the record itself: its rows do not move when the customer is merged into another."""


def stays_with(column: str) -> dict[str, str]:
    """Return the `info` of a table whose rows stay at a merge where the record stays that their `column` names."""
    return {"stays_with": column}


MOST = 10
"""So many candidates are shown."""
_LOOKED_AT = 100
"""So many customers of a kind are looked at: a common telephone number or half a common name cannot slow the form down."""
_GONE = (CustomerState.MERGED.value, CustomerState.IMPORTING.value)

action("Customer", "declared-different", N_("Declared different from a like customer"))
action("Customer", "like-again", N_("Taken back: declared different"))


class DeclaredDifferent(Base):
    """Two customers of which somebody said that they are not the same; the pair is not offered again. `first_id` is the smaller."""

    __tablename__ = "declared_different"

    first_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    second_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)

    first: Mapped[Customer] = relationship(foreign_keys=[first_id])
    second: Mapped[Customer] = relationship(foreign_keys=[second_id])
    by: Mapped[Staff] = relationship()

    __table_args__ = (Index(None, "first_id", "second_id", unique=True), Index(None, "second_id"), {"info": STAYS_AT_MERGE})

    @classmethod
    def visible_to(cls, user: Staff) -> Select[DeclaredDifferent]:
        """Return the pairs of which `user` sees both customers."""
        first, second = aliased(Customer), aliased(Customer)
        query = select(cls).join(first, first.id == cls.first_id).join(second, second.id == cls.second_id)
        return query.where(customer_scope(user, first), customer_scope(user, second))

    def take_back(self, *, by: Staff) -> None:
        """Forget what was declared: the pair may be offered again."""
        _write("like-again", self.first_id, self.second_id, by)
        db.session.delete(self)


def declared(first: Any, second: Any) -> Any:
    """Return the condition that two customers, given as columns or ids with the smaller one first, were declared different."""
    return exists().where(DeclaredDifferent.first_id == first, DeclaredDifferent.second_id == second)


def declare_different(one_id: int, other_id: int, *, by: Staff) -> bool:
    """Keep that two customers are not the same, and return whether that is new. Raises `Refusal` for one and the same."""
    first, second = sorted((one_id, other_id))
    if first == second:
        raise Refusal("Choose two customers.")
    if db.session.scalar(select(declared(first, second))):
        return False
    db.session.add(DeclaredDifferent(first_id=first, second_id=second, by_id=by.id))
    _write("declared-different", first, second, by)
    return True


def _write(what: str, first: int, second: int, by: Staff) -> None:
    # Not by name: who reads the story of one customer need not see the other.
    for customer_id, other_id in ((first, second), (second, first)):
        audit.write("change", what, actor=by, record=db.session.get_one(Customer, customer_id), other=other_id)


@dataclass(frozen=True)
class Candidate:
    """A customer that may be the same. Where the reader does not see it, only `id` (never shown) and `ask` are filled."""

    id: int
    seen: bool
    ask: str
    """Whom to ask: the one in charge, else the team's supervisors; '' where there is nobody: a manager."""
    same: tuple[str, ...] = ()
    """What is the same: credit_code, telephone, full_name."""
    score: int = 0
    """How alike the names are, 0 to 100."""
    number: str = ""
    full_name: str = ""
    state: str = ""
    credit_code: str = ""
    telephone: str = ""
    city: str = ""
    owner: str = ""


class LikelyDuplicates(Refusal):
    """What is to be saved is like customers that are there already: `candidates`, best first."""

    def __init__(self, candidates: list[Candidate]) -> None:
        super().__init__(N_("There are customers like this one already. Compare them, then say whether this is another one."))
        self.candidates = candidates


def find(
    user: Staff, *, full_name: str = "", credit_code: str = "", telephone: str = "", of: int | None = None, most: int = MOST
) -> list[Candidate]:
    """Return the customers that may be the same as what is typed, likeliest first, whether or not `user` sees them.

    `of` is the customer that is edited: itself and what was declared different from it are left out.
    """
    code, stem = normalise_credit_code(credit_code), name_stem(full_name)
    phone = normalise_phone(telephone).comparable if telephone else ""
    ids = _by_code(code) | _by_phone(phone) | _by_name(full_name, stem)
    ids.discard(of or 0)
    if not ids:
        return []
    calling = set(_ids(select(Contact.customer_id).where(Contact.customer_id.in_(ids), Contact.telephone_key == phone))) if phone else set()
    few = (Customer.id, Customer.name_key, Customer.former_names, Customer.credit_code, Customer.telephone_key)
    query = select(*few).where(Customer.id.in_(ids), Customer.state.not_in(_GONE))
    if of is not None:
        query = query.where(~declared(case((Customer.id < of, Customer.id), else_=of), case((Customer.id < of, of), else_=Customer.id)))
    found: list[tuple[int, int, tuple[str, ...]]] = []
    for row in db.session.execute(query):
        stems = [row.name_key, *(name_stem(name) for name in row.former_names.split("\n") if name)]
        score = max(stem_similarity(stem, one) for one in stems) if stem else 0
        same = {
            "credit_code": bool(code) and row.credit_code == code,
            "telephone": bool(phone) and (row.telephone_key == phone or row.id in calling),
            "full_name": score >= LIKELY,
        }
        if any(same.values()):
            found.append((row.id, score, tuple(name for name, holds in same.items() if holds)))
    found.sort(key=lambda one: (-200 * ("credit_code" in one[2]) - 100 * ("telephone" in one[2]) - one[1], one[0]))
    return _shown(user, found[:most])


def ensure_distinct(customer: Customer, *, by: Staff, fields: Container[str], insisted: Container[int] = ()) -> None:
    """Raise `LikelyDuplicates` where the flushed `customer` is like another one by one of `fields` (full_name, credit_code, telephone).

    Candidates that were shown, and of which `by` insists that they are other customers, are declared different instead. It asks
    after the record was written: two people who record the same customer at once find each other.
    """
    values = {name: getattr(customer, name) for name in ("full_name", "credit_code", "telephone") if name in fields}
    found = find(by, of=customer.id, **values) if values else []
    if any(one.id not in insisted for one in found):
        raise LikelyDuplicates(found)
    for one in found:
        declare_different(customer.id, one.id, by=by)


def _ids(statement: Any) -> Iterable[int]:
    return db.session.scalars(statement.limit(_LOOKED_AT))


def _by_code(code: str) -> set[int]:
    return set(_ids(select(Customer.id).where(Customer.credit_code == code))) if code else set()


def _by_phone(phone: str) -> set[int]:
    if not phone:
        return set()
    own = select(Customer.id).where(Customer.telephone_key == phone)
    return {*_ids(own), *_ids(called({phone}).with_only_columns(Contact.customer_id))}


def called(phones: Collection[str]) -> Select[int, str]:
    """Return the query of the customers, with the number, whose contacts have one of these telephone numbers in comparable form."""
    return select(Contact.customer_id, Contact.telephone_key).where(Contact.telephone_key.in_(phones))


def near_stems(stem: str) -> set[str]:
    """Return the stems that are like `stem` and can be looked up at once: itself, and itself without the place it begins with."""
    return {stem, without_place(stem)}


def _by_name(full_name: str, stem: str) -> set[int]:
    if not stem:
        return set()
    found = set(_ids(select(Customer.id).where(Customer.name_key.in_(near_stems(stem)))))
    asked = alternatives(full_name)
    if asked:
        # Names that begin alike, with a slip anywhere; then those where the slip, or a place, is at the beginning. Asking for all with
        # a slip anywhere would bring crowds that have only the trade in common, and take twice the time.
        begins = START + fold(full_name)[:1]
        found |= {*_ids(having_tokens([[begins, *tokens] for tokens in asked]))}
        found |= {*_ids(having_tokens(alternatives(full_name, at_beginning=True)))}
    return found


def _shown(user: Staff, found: list[tuple[int, int, tuple[str, ...]]]) -> list[Candidate]:
    """Return candidates with what `user` may see of them."""
    columns = (
        Customer.id, Customer.number, Customer.full_name, Customer.state, Customer.credit_code, Customer.telephone, Customer.city,
        Customer.team_id, Staff.name.label("owner"), Staff.active.label("there"),
        case((customer_scope(user), literal(1)), else_=literal(0)).label("seen"),
    )  # fmt: skip
    query = select(*columns).outerjoin(Staff, Staff.id == Customer.owner_id).where(Customer.id.in_([one for one, _score, _same in found]))
    rows = {row.id: row for row in db.session.execute(query)}
    shown = []
    for customer_id, score, same in found:
        row = rows[customer_id]
        ask = row.owner if row.owner and row.there else _supervisors(row.team_id)
        if not row.seen:
            shown.append(Candidate(customer_id, False, ask))
            continue
        values = {name: getattr(row, name) for name in ("number", "full_name", "state", "credit_code", "telephone", "city")}
        shown.append(Candidate(customer_id, True, ask, same, score, owner=row.owner or "", **values))
    return shown


def _supervisors(team_id: int | None) -> str:
    if team_id is None:
        return ""
    query = select(Staff.name).where(Staff.team_id == team_id, Staff.active, Staff.role == Role.SUPERVISOR)
    return "、".join(db.session.scalars(query.order_by(Staff.id)))
