"""Festival greetings 节日问候 (RL-24): lists for national holidays of the calendar, and of each customer who was greeted, how, by whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, and_, exists, func, insert, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models.calendar import site_calendar
from portal.models.card import GRADES
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState
from portal.models.order_desk import in_charge
from portal.models.register import PAGE_SIZE
from portal.models.scope import HangsOnCustomer, customer_scope
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules.maintenance import LONGEST_LINE, Holiday, check_holiday, holidays_between, year_of
from portal.rules.message import N_, Message, Refusal

OPEN, GREETED, SKIPPED = "open", "greeted", "skipped"
STATES = {OPEN: (N_("To be greeted"), ""), GREETED: (N_("Greeted"), "ok"), SKIPPED: (N_("Left out"), "")}
GREETABLE = (CustomerState.ACTIVE, CustomerState.PROSPECT)
"""States of customers who are greeted: whose dealings have ended, or whose record was merged into another, is not."""
MOST = 5000
"""So many customers are on one list."""
AHEAD, BEHIND = 400, 30
"""Holidays of so many days ahead and back are offered."""
_PORTION = 500


class GreetingList(Base):
    """One list for one holiday."""

    __tablename__ = "greeting_list"

    holiday: Mapped[str]
    """The calendar's English name."""
    day: Mapped[date]
    """Its first free day."""
    note: Mapped[str] = mapped_column(default="")
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    created_by: Mapped[Staff] = relationship()

    __table_args__ = (Index(None, "day", "id"),)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[GreetingList]:
        """Return the lists with customers that `user` sees, and one's own; of each only these customers are shown."""
        query = select(cls)
        if user.is_manager:
            return query
        seen = exists().where(GreetingLine.list_id == cls.id, Customer.id == GreetingLine.customer_id, customer_scope(user))
        return query.where(or_(seen, cls.created_by_id == user.id))

    @property
    def title(self) -> Message:
        """Return what it is called: the holiday with its year."""
        return Message(N_("%(holiday)s %(year)s"), {"holiday": Message(self.holiday), "year": year_of(self.holiday, self.day)})

    @property
    def label(self) -> str:
        """Return what the log calls it: the calendar's English name with its year."""
        return f"{self.holiday} {year_of(self.holiday, self.day)}"

    @classmethod
    def make(cls, holiday: str, day: date | None, customer_ids: Collection[int], *, note: str, by: Staff) -> GreetingList:
        """Make a list of customers in scope and return it, flushed. Raises `Refusal` with the field."""
        if not by.may(Permission.PLAN_EDIT):
            raise Refusal("Supervisors and managers make lists of greetings.")
        calendar = site_calendar()
        check_holiday(holiday, day, calendar.free_holiday, calendar.is_announced)
        seen: list[int] = []
        wanted = sorted(set(customer_ids))
        for start in range(0, len(wanted), _PORTION):
            part = Customer.visible_to(by).with_only_columns(Customer.id).where(Customer.id.in_(wanted[start : start + _PORTION]))
            part = part.where(Customer.state.in_(GREETABLE))
            seen += db.session.scalars(part.order_by(Customer.id))
        if not seen:
            raise Refusal("Choose the customers who are greeted.", field="customers")
        if len(seen) > MOST:
            raise Refusal("At most %(most)s customers are on one list.", field="customers", most=MOST)
        found = cls(holiday=holiday, day=day, note=note[:LONGEST_LINE], created_by_id=by.id)
        db.session.add(found)
        db.session.flush()
        rows = [{"list_id": found.id, "customer_id": one, "state": OPEN, "way": "", "note": "", "version": 1} for one in seen]
        db.session.execute(insert(GreetingLine), rows)
        audit.write("change", "greetings-made", actor=by, record=found, label=f"{holiday} {found.day}", customers=len(seen))
        return found


class GreetingLine(HangsOnCustomer, Base):
    """One customer of a list: open → greeted | skipped, and back."""

    __tablename__ = "greeting_line"

    list_id: Mapped[int] = mapped_column(ForeignKey("greeting_list.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(default=OPEN)
    way: Mapped[str] = mapped_column(default="")
    done_on: Mapped[date | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    note: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    greetings: Mapped[GreetingList] = relationship()
    customer: Mapped[Customer] = relationship()
    by: Mapped[Staff | None] = relationship()

    __table_args__ = (
        Index(None, "list_id", "customer_id", unique=True),
        Index(None, "list_id", "state", "id"),
        Index(None, "customer_id", "id"),
    )

    def settle(self, state: str, *, way: str = "", note: str = "", done_on: date | None = None, by: Staff, version: int) -> None:
        """Say that the customer was greeted, how and when, or is left out and why. Raises `Refusal` with the field, `StateConflict`."""
        if not by.may(Permission.PLAN_WORK) or self.version != version:
            raise StateConflict(f"greeting {self.id}")
        if state == GREETED:
            if way not in {one["code"] for one in ways()}:
                raise Refusal("Say how the customer was greeted.", field="way")
            if done_on is None or done_on > clock.today():
                raise Refusal("Say on which day; it cannot lie ahead.", field="done_on")
        elif not note:
            raise Refusal("Say why the customer is left out.", field="note")
        values = {"way": way if state == GREETED else "", "done_on": done_on if state == GREETED else None, "note": note[:LONGEST_LINE]}
        self._step(OPEN, {"state": state, "by_id": by.id, **values})
        audit.write("change", state, actor=by, record=self, label=self.greetings.label, way=self.way, reason=note)

    def take_back(self, *, by: Staff, version: int) -> None:
        """Open it again. Raises `StateConflict`."""
        if not by.may(Permission.PLAN_WORK) or self.version != version or self.state == OPEN:
            raise StateConflict(f"greeting {self.id}")
        before = {"state": self.state, "way": self.way, "done_on": self.done_on.isoformat() if self.done_on else "", "note": self.note}
        changes = [{"field": name, "old": old, "new": OPEN if name == "state" else ""} for name, old in before.items() if old]
        self._step(self.state, {"state": OPEN, "way": "", "done_on": None, "by_id": None, "note": ""})
        audit.write("change", "greeting-taken-back", actor=by, record=self, label=self.greetings.label, changes=changes)

    def _step(self, before: str, change: dict[str, Any]) -> None:
        transition(self, expect={"state": before, "version": self.version}, change={**change, "version": self.version + 1})


# --- lists of lines ----------------------------------------------------------------


def counts_still() -> ColumnElement[bool]:
    """Return the condition on lines that count: settled, or of a customer who can still be greeted."""
    there = exists().where(Customer.id == GreetingLine.customer_id, Customer.state.in_(GREETABLE))
    return or_(GreetingLine.state != OPEN, there)


def waiting(user: Staff) -> ColumnElement[bool]:
    """Return the condition on lines that wait for `user`: of customers in their charge; of a supervisor also the team's free ones."""
    line = GreetingLine
    return and_(line.state == OPEN, in_charge(user, line.customer_id), counts_still())


@dataclass(frozen=True)
class GreetingQuery:
    """Which customers of a list are wanted."""

    list_id: int
    state: str = ""
    owner: int = 0

    @classmethod
    def read(cls, args: Mapping[str, str]) -> GreetingQuery:
        """Return the query of an address; what is unknown is left out, an unknown list has no lines."""
        numbers = [args.get(name, "") for name in ("list", "owner")]
        list_id, owner = (int(text) if text.isdecimal() and len(text) < 10 else 0 for text in numbers)
        state = args.get("state", "")
        return cls(list_id, state if state in STATES else "", owner)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address, without what is empty."""
        found = {"list": self.list_id, "state": self.state, "owner": self.owner}
        return {name: str(value) for name, value in found.items() if value}


def ids(user: Staff, query: GreetingQuery, most: int, *, after: int = 0) -> list[int]:
    """Return the ids of the first lines that `user` sees behind line `after`, one more than `most` where there are more."""
    line = GreetingLine
    found = line.visible_to(user).with_only_columns(line.id).where(line.list_id == query.list_id, line.id > after, counts_still())
    if query.state:
        found = found.where(line.state == query.state)
    if query.owner:
        found = found.where(line.customer_id.in_(select(Customer.id).where(Customer.owner_id == query.owner)))
    return list(db.session.scalars(found.order_by(line.id).limit(most + 1)))


def records(numbers: list[int]) -> list[GreetingLine]:
    """Return the lines with these ids, in their order."""
    found: dict[int, GreetingLine] = {}
    loaded = (joinedload(GreetingLine.customer).joinedload(Customer.owner), joinedload(GreetingLine.by))
    for start in range(0, len(numbers), _PORTION):
        query = select(GreetingLine).where(GreetingLine.id.in_(numbers[start : start + _PORTION])).options(*loaded)
        found |= {one.id: one for one in db.session.scalars(query)}
    return [found[number] for number in numbers if number in found]


def page(user: Staff, query: GreetingQuery, *, after: int = 0, size: int = PAGE_SIZE) -> tuple[list[GreetingLine], int]:
    """Return a page of lines, and behind which line the next begins; 0 for none."""
    found = ids(user, query, size, after=after)
    return records(found[:size]), found[size - 1] if len(found) > size else 0


def rows(user: Staff, query: GreetingQuery) -> Iterator[GreetingLine]:
    """Yield every line of a query, a portion at a time."""
    after = 0
    while True:
        part, following = page(user, query, after=after, size=_PORTION)
        yield from part
        if not following:
            return
        after = following


def counts(user: Staff, listed: GreetingList) -> dict[str, int]:
    """Return how many customers that `user` sees are in which state."""
    line = GreetingLine
    query = line.visible_to(user).with_only_columns(line.state, func.count()).where(line.list_id == listed.id, counts_still())
    return {OPEN: 0, GREETED: 0, SKIPPED: 0, **{row[0]: row[1] for row in db.session.execute(query.group_by(line.state))}}


def next_line(user: Staff, listed: GreetingList, *, owner_id: int = 0, after: int = 0) -> GreetingLine | None:
    """Return the first open line behind `after` that waits for one person, or of all that `user` sees; then from the beginning."""
    line = GreetingLine
    query = line.visible_to(user).where(line.list_id == listed.id, line.state == OPEN, counts_still()).order_by(line.id).limit(1)
    owner = db.session.get(Staff, owner_id) if owner_id else None
    if owner is not None:
        query = query.where(waiting(owner))
    return db.session.scalar(query.where(line.id > after)) or db.session.scalar(query.where(line.id <= after))


def contacts_of(customer_ids: Collection[int]) -> dict[int, Contact]:
    """Return customer id → the contact to greet: the first who is not only for emergencies."""
    query = select(Contact).where(Contact.customer_id.in_(customer_ids)).order_by(Contact.emergency, Contact.id)
    found: dict[int, Contact] = {}
    for one in db.session.scalars(query):
        found.setdefault(one.customer_id, one)
    return found


def of_grade(user: Staff, grade: str) -> list[int]:
    """Return the ids of the customers on the register with a grade that `user` sees, at most one more than fit on a list."""
    if grade not in GRADES:
        return []
    query = Customer.visible_to(user).with_only_columns(Customer.id)
    query = query.where(Customer.state == CustomerState.ACTIVE, Customer.grade == grade).order_by(Customer.id).limit(MOST + 1)
    return list(db.session.scalars(query))


def ways() -> list[dict[str, Any]]:
    """Return the ways to greet in use: {code, zh, en, active}."""
    return [one for one in standard("choices.greeting_way") if one["active"]]


def offered(today: date) -> list[Holiday]:
    """Return the holidays for which a list can be made, by the site's calendar."""
    calendar = site_calendar()
    first, last = today - timedelta(days=BEHIND), today + timedelta(days=AHEAD)
    return holidays_between(first, last, calendar.free_holiday, calendar.is_announced)


for _type, _name, _title in (
    ("GreetingList", "greetings-made", N_("List of festival greetings made")),
    ("GreetingLine", GREETED, N_("Festival greeting given")),
    ("GreetingLine", SKIPPED, N_("Left out of festival greetings")),
    ("GreetingLine", "greeting-taken-back", N_("Festival greeting opened again")),
):
    history.action(_type, _name, _title)
