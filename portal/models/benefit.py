"""What a customer is given or promised in a calendar year: gifts, souvenirs of receptions and encouragement prizes under one cap (GF-2).

A row for each customer and year holds what is taken of the cap, moved by one guarded UPDATE, so that two campaigns at once never go beyond
it together; a line for each source says what took it, when and through whom. Rewards for adopted proposals are payment for value and do
not count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal.database import Base, StateConflict, db
from portal.models.customer import Customer, Money
from portal.models.duplicate import STAYS_AT_MERGE
from portal.models.merge import settles
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.models.standard import InForce, in_force, in_number
from portal.rules.gift_standards import CAP, CAP_GOVERNMENT
from portal.rules.message import N_, Message, Refusal
from portal.rules.money import figures
from portal.rules.standards import STANDARDS

GIFT, SOUVENIR, PRIZE, THANKS = "gift", "souvenir", "prize", "thanks"
SOURCES = {
    GIFT: N_("Gift campaign"),
    SOUVENIR: N_("Souvenirs of a reception"),
    PRIZE: N_("Encouragement prize"),
    THANKS: N_("Souvenir for a proposal"),
}
"""What counts under the cap; the number of the source is that of the gift's recipient, the reception, or what a proposal brings."""
GOVERNMENT = "government"
"""The nature of customers with a cap of their own (a code of `choices.nature`)."""
_QUIET = {"synchronize_session": False}
_PORTION = 500
_NAMED = 3


class BenefitYear(Base):
    """What is taken of one customer's cap in one calendar year: the sum of its lines."""

    __tablename__ = "benefit_year"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    year: Mapped[int]
    kept: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))

    __table_args__ = (Index(None, "customer_id", "year", unique=True), CheckConstraint("kept >= 0", name="kept"), {"info": STAYS_AT_MERGE})


class Benefit(HangsOnCustomer, Base):
    """One thing given or promised: from what, how much, on which day, through whom."""

    __tablename__ = "benefit"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    year: Mapped[int]
    source: Mapped[str]
    """gift | souvenir | prize | thanks"""
    source_id: Mapped[int]
    title: Mapped[str] = mapped_column(default="")
    """What the source is called: a campaign's name, a reception's day."""
    day: Mapped[date]
    amount: Mapped[Decimal] = mapped_column(Money)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    cap_version: Mapped[int] = mapped_column(default=0)
    """The version of the cap under which it was taken (ST-2)."""

    by: Mapped[Staff | None] = relationship()
    customer: Mapped[Customer] = relationship()

    __table_args__ = (Index(None, "source", "source_id", unique=True), Index(None, "customer_id", "year", "id"))

    @property
    def words(self) -> Message:
        """Return what it is, how much, and who took it, as a sentence's part."""
        text = N_("%(kind)s %(title)s: %(amount)s yuan on %(day)s by %(person)s")
        return Message(
            text,
            {
                "kind": Message(SOURCES[self.source]), "title": self.title, "amount": figures(self.amount), "day": self.day.isoformat(),
                "person": self.by.name if self.by else "—",
            },
        )  # fmt: skip


class Wanted(NamedTuple):
    """What is to be taken for one customer."""

    customer_id: int
    amount: Decimal
    source_id: int


# --- the cap ---------------------------------------------------------------------------------------------------------------


def cap_of(nature: str) -> InForce:
    """Return the cap in force for customers of a nature, with its version; the value is text (yuan)."""
    return in_force(CAP_GOVERNMENT if nature == GOVERNMENT else CAP)


def taken_of(customer_id: int, year: int) -> Decimal:
    """Return how much of a customer's cap of a year is taken, in yuan."""
    query = select(BenefitYear.kept).where(BenefitYear.customer_id == customer_id, BenefitYear.year == year)
    return db.session.scalar(query) or Decimal(0)


def of(customer_id: int, year: int) -> list[Benefit]:
    """Return what a customer was given or promised in a year, the oldest first."""
    query = select(Benefit).where(Benefit.customer_id == customer_id, Benefit.year == year).options(joinedload(Benefit.by))
    return list(db.session.scalars(query.order_by(Benefit.day, Benefit.id)))


# --- taking and giving back ------------------------------------------------------------------------------------------------


def take(
    customer_id: int, amount: Decimal, *, on: date, source: str, source_id: int, by: Staff | None, title: str = "", field: str | None = None
) -> None:
    """Take `amount` of the customer's cap of the year of `on` for a source: gift, souvenir or prize, and the number of its record.

    `title` is what the record is called where somebody else is refused for it. Raises `Refusal` (with `field`) naming cap, clause, what
    is taken and who took it; `StateConflict` where the source took its part already; KeyError for an unknown source.
    """
    refused = take_many([Wanted(customer_id, amount, source_id)], on=on, source=source, by=by, title=title)
    for refusal in refused.values():
        raise refusal.at(field)


def take_many(wanted: Sequence[Wanted], *, on: date, source: str, by: Staff | None, title: str = "") -> dict[int, Refusal]:
    """Take parts of the caps of many customers, each once, and return why the others are refused, by customer; their parts are not taken.

    Raises `StateConflict` where a source took its part already, KeyError for an unknown source.
    """
    assert SOURCES[source]  # noqa: S101 - says that the source is declared
    refused: dict[int, Refusal] = {}
    for some in _portions(sorted(wanted)):
        natures = _lock([one.customer_id for one in some], on.year)
        lines = []
        for (nature, amount), group in _alike(some, natures).items():
            cap = cap_of(nature)
            done = _add([one.customer_id for one in group], on.year, amount, Decimal(cap.value))
            lines += [_line(one, on, source, by, title, cap.version) for one in group if one.customer_id in done]
            missed = [one.customer_id for one in group if one.customer_id not in done]
            refused |= _refusals(missed, nature, amount, on.year)
        try:
            with db.session.begin_nested():
                if lines:
                    db.session.execute(insert(Benefit), lines)
        except IntegrityError as error:
            raise StateConflict(f"benefit {source}") from error
    _forget_loaded()
    return refused


def take_permitted(customer_id: int, amount: Decimal, *, on: date, source: str, source_id: int, by: Staff | None, title: str = "") -> None:
    """Take what a manager has permitted over the cap: it counts as taken, so that nothing more fits, and stands among the lines.

    Raises `StateConflict` where the source took its part already, KeyError for an unknown source.
    """
    assert SOURCES[source]  # noqa: S101 - says that the source is declared
    nature = _lock([customer_id], on.year).get(customer_id, "")
    here = (BenefitYear.customer_id == customer_id, BenefitYear.year == on.year)
    db.session.execute(update(BenefitYear).where(*here).values(kept=BenefitYear.kept + amount), execution_options=_QUIET)
    try:
        with db.session.begin_nested():
            line = _line(Wanted(customer_id, amount, source_id), on, source, by, title, cap_of(nature).version)
            db.session.execute(insert(Benefit), [line])
    except IntegrityError as error:
        raise StateConflict(f"benefit {source}") from error
    _forget_loaded()


def room(customer: Customer, amount: Decimal, *, on: date) -> Refusal | None:
    """Return why a customer's cap of the year of `on` has no room for `amount`, None where it has; nothing is locked or taken."""
    if taken_of(customer.id, on.year) + amount <= Decimal(cap_of(customer.nature).value):
        return None
    return _refusals([customer.id], customer.nature, amount, on.year)[customer.id]


def fitting(customer_ids: Collection[int], amount: Decimal, *, on: date) -> dict[int, Refusal]:
    """Return whose cap of the year of `on` has no room for `amount`, and why; their rows are locked until the transaction ends."""
    refused: dict[int, Refusal] = {}
    for some in _portions(sorted(set(customer_ids))):
        natures = _lock(some, on.year)
        query = select(BenefitYear.customer_id, BenefitYear.kept).where(BenefitYear.customer_id.in_(some), BenefitYear.year == on.year)
        kept = {row.customer_id: row.kept for row in db.session.execute(query)}
        for nature in sorted(set(natures.values())):
            cap = Decimal(cap_of(nature).value)
            missed = [one for one in some if natures.get(one) == nature and kept[one] + amount > cap]
            refused |= _refusals(missed, nature, amount, on.year)
    return refused


def give_back(source: str, source_id: int) -> Decimal:
    """Give back what a source has taken and return how much that was, in yuan: 0 where it took nothing."""
    return give_back_many(source, [source_id])


def give_back_many(source: str, source_ids: Collection[int]) -> Decimal:
    """Give back what several sources of a kind have taken and return how much that was together, in yuan."""
    given, total = Benefit, Decimal(0)
    for some in _portions(sorted(source_ids)):
        mine = (given.source == source, given.source_id.in_(some))
        rows = db.session.execute(select(given.customer_id, given.year, given.amount).where(*mine)).all()
        if not rows:
            continue
        for year in sorted({row.year for row in rows}):
            _lock([row.customer_id for row in rows if row.year == year], year)
        gone = delete(given).where(*mine).returning(given.customer_id, given.year, given.amount)
        sums: dict[tuple[int, int], Decimal] = {}
        for row in db.session.execute(gone, execution_options=_QUIET).all():
            place = (row.customer_id, row.year)
            sums[place] = sums.get(place, Decimal(0)) + row.amount
        for (customer_id, year), amount in sorted(sums.items()):
            here = (BenefitYear.customer_id == customer_id, BenefitYear.year == year)
            db.session.execute(update(BenefitYear).where(*here).values(kept=BenefitYear.kept - amount), execution_options=_QUIET)
        total += sum(sums.values(), Decimal(0))
    _forget_loaded()
    return total


# --- within ----------------------------------------------------------------------------------------------------------------


def _lock(customer_ids: Collection[int], year: int) -> dict[int, str]:
    """Have a row of the year for each customer, locked where the database has locks of rows; return the customers' natures.

    Always in the order of the numbers, so that nobody waits in a circle. SQLite lets one write at a time anyway.
    """
    db.session.flush()
    ids = sorted(set(customer_ids))
    dialect = db.session.get_bind().dialect.name
    dialect_insert: Any = postgresql_insert if dialect == "postgresql" else sqlite_insert
    new = dialect_insert(BenefitYear.__table__)
    missing = (
        select(Customer.id, literal(year), literal(Decimal(0), BenefitYear.kept.type)).where(Customer.id.in_(ids)).order_by(Customer.id)
    )
    db.session.execute(new.from_select(["customer_id", "year", "kept"], missing).on_conflict_do_nothing())
    rows = select(BenefitYear.id).where(BenefitYear.customer_id.in_(ids), BenefitYear.year == year)
    db.session.execute(rows.order_by(BenefitYear.customer_id).with_for_update()).all()
    return {row.id: row.nature for row in db.session.execute(select(Customer.id, Customer.nature).where(Customer.id.in_(ids)))}


def _add(customer_ids: Collection[int], year: int, amount: Decimal, cap: Decimal) -> set[int]:
    """Add an amount to what is taken of each cap that has room for it, in one guarded UPDATE; return whose had."""
    table = BenefitYear
    room = (table.customer_id.in_(customer_ids), table.year == year, table.kept <= cap - amount)
    step = update(table).where(*room).values(kept=table.kept + amount).returning(table.customer_id)
    return set(db.session.execute(step, execution_options=_QUIET).scalars())


def _alike(wanted: Iterable[Wanted], natures: Mapping[int, str]) -> dict[tuple[str, Decimal], list[Wanted]]:
    groups: dict[tuple[str, Decimal], list[Wanted]] = {}
    for one in wanted:
        groups.setdefault((natures.get(one.customer_id, ""), one.amount), []).append(one)
    return groups


def _line(one: Wanted, on: date, source: str, by: Staff | None, title: str, version: int) -> dict[str, Any]:
    return {
        "customer_id": one.customer_id, "year": on.year, "source": source, "source_id": one.source_id, "title": title, "day": on,
        "amount": one.amount, "by_id": by.id if by else None, "cap_version": version,
    }  # fmt: skip


def _refusals(customer_ids: Collection[int], nature: str, amount: Decimal, year: int) -> dict[int, Refusal]:
    """Return what is said where a cap has no room: cap, clause, what is taken, and who took it, the last ones by name."""
    if not customer_ids:
        return {}
    name, cap = (CAP_GOVERNMENT if nature == GOVERNMENT else CAP), cap_of(nature)
    query = select(Benefit).where(Benefit.customer_id.in_(customer_ids), Benefit.year == year).options(joinedload(Benefit.by))
    lines: dict[int, list[Benefit]] = {}
    for line in db.session.scalars(query.order_by(Benefit.id.desc())):
        lines.setdefault(line.customer_id, []).append(line)
    found = {}
    for customer_id in customer_ids:
        mine = lines.get(customer_id, [])
        params: dict[str, Any] = {
            "cap": figures(Decimal(cap.value)), "clause": Message(STANDARDS[name].clause), "version": in_number(cap.version), "year": year,
            "asked": figures(amount), "taken": figures(sum((one.amount for one in mine), Decimal(0))),
        }  # fmt: skip
        if mine:
            text = N_(
                "A customer is given %(cap)s yuan in a year at most (%(clause)s, version %(version)s). Of %(year)s, %(taken)s yuan are "
                "taken; %(asked)s more do not fit. Taken by: %(takers)s."
            )
            found[customer_id] = Refusal(text, **params, takers=_joined([one.words for one in mine[:_NAMED]]))
        else:
            text = N_("A customer is given %(cap)s yuan in a year at most (%(clause)s, version %(version)s); %(asked)s yuan are more.")
            found[customer_id] = Refusal(text, **{key: params[key] for key in ("cap", "clause", "version", "asked")})
    return found


def _joined(parts: list[Message]) -> Message:
    joined = parts[0]
    for part in parts[1:]:
        joined = Message(N_("%(first)s; %(then)s"), {"first": joined, "then": part})
    return joined


def _portions(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + _PORTION] for start in range(0, len(values), _PORTION))


def _forget_loaded() -> None:
    for one in list(db.session.identity_map.values()):
        if isinstance(one, (BenefitYear, Benefit)):
            db.session.expire(one)


# --- merge, counting anew --------------------------------------------------------------------------------------------------


@settles
def recount(customer_ids: list[int]) -> None:
    """Let the years of customers be the sums of their lines: after a merge and its undo, which move the lines."""
    sums = select(Benefit.customer_id, Benefit.year, func.sum(Benefit.amount).label("amount")).where(Benefit.customer_id.in_(customer_ids))
    rows = db.session.execute(sums.group_by(Benefit.customer_id, Benefit.year)).all()
    for year in sorted({row.year for row in rows}):
        _lock(customer_ids, year)
    step = update(BenefitYear).where(BenefitYear.customer_id.in_(customer_ids))
    db.session.execute(step.values(kept=Decimal(0)), execution_options=_QUIET)
    for row in rows:
        here = (BenefitYear.customer_id == row.customer_id, BenefitYear.year == row.year)
        db.session.execute(update(BenefitYear).where(*here).values(kept=row.amount), execution_options=_QUIET)
    _forget_loaded()


def differences() -> list[str]:
    """Return where what is kept of a customer's year is not the sum of its lines, as the command prints it."""
    rows = db.session.execute(differing())
    return [f"customer {row.customer_id} {row.year}: {row.kept} was kept, the lines give {row.given}" for row in rows]


def differing() -> Select[Any]:
    """Return a query of customer, year, what is kept and what the lines give, where the two differ."""
    given = func.coalesce(func.sum(Benefit.amount), 0)
    same = (Benefit.customer_id == BenefitYear.customer_id) & (Benefit.year == BenefitYear.year)
    columns: Any = (BenefitYear.customer_id, BenefitYear.year, BenefitYear.kept, given.label("given"))
    query: Select[Any] = select(*columns).outerjoin(Benefit, same)
    return query.group_by(BenefitYear.id).having(BenefitYear.kept != given)
