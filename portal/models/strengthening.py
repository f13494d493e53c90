"""The strengthening table of a customer 客户关系强化表 (RL-22): who matters there, and what is done about each of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db
from portal.models import audit, history
from portal.models.customer import Customer, CustomerState
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.maintenance import LONGEST_LINE, LONGEST_TITLE, POSTS
from portal.rules.message import N_, Refusal

MOST = 12
"""So many people stand on one table."""
TEXTS = ("name", "influence", "competitors", "measures")
COLUMNS = ("post", *TEXTS, "staff", "until")
"""What the log keeps of a person, in this order."""
BETWEEN = "\t"
"""Stands between these in the log, where no text of a line can hold it; each person has a line."""


class Person(NamedTuple):
    """One person at the customer, as somebody entered it: the field names end in the row."""

    post: str
    name: str
    influence: str
    competitors: str
    """Their relation to our key competitors."""
    staff_id: int | None
    """Who of ours is in charge of them."""
    measures: str
    until: date | None

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was entered beside the post."""
        return not any((self.name, self.influence, self.competitors, self.staff_id, self.measures, self.until))

    def as_data(self) -> dict[str, Any]:
        """Return the person as plain JSON."""
        return {**self._asdict(), "until": self.until.isoformat() if self.until else ""}

    @classmethod
    def of(cls, data: dict[str, Any]) -> Person:
        """Return the person that plain JSON says."""
        return cls(**{**data, "until": date.fromisoformat(data["until"]) if data["until"] else None})


class StrengtheningTable(HangsOnCustomer, Base):
    """The table of one customer; the log keeps how it was before."""

    __tablename__ = "strengthening_table"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), unique=True)
    people: Mapped[list[Any]] = mapped_column(default=list)
    updated_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    updated_by: Mapped[Staff] = relationship()

    __mapper_args__ = {"version_id_col": version}

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return self.customer.full_name

    @property
    def rows(self) -> list[Person]:
        """Return the people on it, in the order of their posts."""
        order = list(POSTS)
        return sorted((Person.of(one) for one in self.people), key=lambda one: order.index(one.post) if one.post in POSTS else len(order))


def of_customer(customer: Customer) -> StrengtheningTable | None:
    """Return the table of a customer, None where none was made yet."""
    return db.session.scalar(select(StrengtheningTable).where(StrengtheningTable.customer_id == customer.id))


def can_edit(customer: Customer, user: Staff) -> bool:
    """Return whether `user`, who sees the customer, may make or change its table: not of past customers."""
    return user.may(Permission.PLAN_WORK) and customer.state in (CustomerState.ACTIVE, CustomerState.PROSPECT)


def save(customer: Customer, people: list[Person], *, by: Staff, version: int) -> StrengtheningTable:
    """Make or change the table of a customer and return it, flushed; `version` is what was shown, 0 for none.

    Raises `Refusal` with the field (`name-<row>`, …), `StateConflict` where somebody else changed it.
    """
    if not can_edit(customer, by):
        raise Refusal("The relation to this customer is not worked on any more.")
    found = of_customer(customer)
    if (found.version if found else 0) != version:
        raise StateConflict(f"strengthening table of customer {customer.id}")
    for refusal in problems(people):
        raise refusal
    kept = [one for one in people if not one.is_empty]
    if not kept:
        raise Refusal("Name at least one person.", field="name-0")
    data = [one.as_data() for one in kept]
    before = [] if found is None else found.people
    changes = [{"field": "people", "old": _said(before), "new": _said(data)}]
    if found is None:
        found = StrengtheningTable(customer_id=customer.id, people=data, updated_by_id=by.id)
        try:
            with db.session.begin_nested():
                db.session.add(found)
        except IntegrityError as error:
            raise StateConflict(f"strengthening table of customer {customer.id}") from error
    else:
        found.people, found.updated_by_id, found.updated_at = data, by.id, clock.now()
    audit.write("change", "strengthening-saved", actor=by, record=found, label=customer.full_name, changes=changes)
    return found


def problems(people: list[Person]) -> Iterator[Refusal]:
    """Yield what is wrong with the rows, all of it, each with its field (`name-<row>`, …); rows left empty are not looked at."""
    for row, one in enumerate(people):
        if one.post not in POSTS:
            yield Refusal("Choose the post.", field=f"post-{row}")
        if one.is_empty:
            continue
        if not one.name:
            yield Refusal("Name the person.", field=f"name-{row}")
        if len(one.name) > LONGEST_TITLE:
            yield Refusal("At most %(most)s characters.", field=f"name-{row}", most=LONGEST_TITLE)
        for name in ("competitors", "measures"):
            if len(getattr(one, name)) > LONGEST_LINE:
                yield Refusal("At most %(most)s characters.", field=f"{name}-{row}", most=LONGEST_LINE)
        if one.measures and one.until is None:
            yield Refusal("Say by which day.", field=f"until-{row}")
        if one.measures and one.staff_id is None:
            yield Refusal("Say who of ours is in charge.", field=f"staff-{row}")
        if one.staff_id is not None:
            staff = db.session.get(Staff, one.staff_id)
            if staff is None or not staff.in_office:
                yield Refusal("Choose somebody whose account is active.", field=f"staff-{row}")


def _said(people: list[dict[str, Any]]) -> str:
    """Return a table for the log, with the names of those of ours who are in charge (RO-7); `log_words` says it to people."""
    ids = {one["staff_id"] for one in people if one["staff_id"]}
    names = {one.id: one.name for one in db.session.scalars(select(Staff).where(Staff.id.in_(ids)))}
    words = [[*(one[name] for name in ("post", *TEXTS)), names.get(one["staff_id"]), one["until"]] for one in people]
    return "\n".join(BETWEEN.join(str(word or "") for word in row) for row in words)


history.action("StrengtheningTable", "strengthening-saved", N_("Strengthening table written"))
