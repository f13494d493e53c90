"""How far a grading campaign is, by team and rep, from its kept figures; its lines as lists; and what comes next for whom (RL-3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models.campaign_totals import Figures, seen_by
from portal.models.customer import Customer
from portal.models.grading import APPROVED, GONE, MISSED, OPEN, PENDING, RATED, REVIEWED, STATES, Grading
from portal.models.grading_campaign import GradingCampaign
from portal.models.grading_totals import COLUMNS, GradingTotal
from portal.models.staff import Staff
from portal.permissions import Role
from portal.rules.grading import GRADES, grade_rank

PAGE_SIZE = 50
DONE = (RATED, REVIEWED, PENDING, APPROVED)


@dataclass
class Progress(Figures):
    """How many customers stand where; who left the register meanwhile is not among them."""

    figures: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLUMNS, 0))

    def __getitem__(self, name: str) -> int:
        """Return one figure: of a state, a grade in small letters, up or down."""
        return self.figures[name]

    @property
    def open(self) -> int:
        """Return how many are to be rated."""
        return self.figures[OPEN]

    @property
    def rated_now(self) -> int:
        """Return how many are rated and wait for the meeting."""
        return self.figures[RATED]

    @property
    def reviewed(self) -> int:
        """Return how many are re-rated and wait to be proposed, or stand on a draft list."""
        return self.figures[REVIEWED]

    @property
    def pending(self) -> int:
        """Return how many are in approval."""
        return self.figures[PENDING]

    @property
    def missed(self) -> int:
        """Return how many a published campaign has left without a grade."""
        return self.figures[MISSED]

    @property
    def up(self) -> int:
        """Return how many have a better grade than before."""
        return self.figures["up"]

    @property
    def down(self) -> int:
        """Return how many have a worse grade than before."""
        return self.figures["down"]

    @property
    def total(self) -> int:
        """Return how many there are to grade in all."""
        return sum(self.figures[state] for state in STATES if state != GONE)

    @property
    def rated(self) -> int:
        """Return how many have at least their first rating."""
        return sum(self.figures[state] for state in DONE)

    @property
    def graded(self) -> int:
        """Return of how many the grade is approved."""
        return self.figures[APPROVED]

    @property
    def grades(self) -> dict[str, int]:
        """Return how many have each grade so far, the best first."""
        return {grade: self.figures[grade.lower()] for grade in GRADES}

    def share(self, grade: str) -> str:
        """Return which part of those that have a grade has this one, in per cent with one decimal: '12.5'."""
        whole = sum(self.grades.values())
        return str((Decimal(100 * self.grades[grade]) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)) if whole else "0.0"

    def add(self, row: GradingTotal) -> None:
        """Add the figures of one rep."""
        for column in COLUMNS:
            self.figures[column] += getattr(row, column)


def progress_of(user: Staff, campaign: GradingCampaign) -> Progress:
    """Return how far what `user` sees of a campaign is."""
    return Progress.summed(db.session.scalars(seen_by(GradingTotal, user, campaign.id)))


def own_progress(user: Staff, campaign: GradingCampaign) -> Progress:
    """Return how far the customers are for whom `user` looks: `own_totals`."""
    return Progress.summed(db.session.scalars(own_totals(user, campaign)))


def own_totals(user: Staff, campaign: GradingCampaign) -> Select[GradingTotal]:
    """Return the query for the figures of the customers in the charge of `user`; of a supervisor also the team's that are nobody's.

    Those of nobody and no team are the managers'.
    """
    total = GradingTotal
    mine, free = total.owner_id == user.id, total.owner_id == 0
    if user.role == Role.SUPERVISOR and user.team_id is not None:
        mine = or_(mine, and_(free, total.team_id == user.team_id))
    if user.role == Role.MANAGER:
        mine = or_(mine, and_(free, total.team_id == 0))
    return select(total).where(total.campaign_id == campaign.id, mine)


def by_team(user: Staff, campaign: GradingCampaign) -> list[Progress]:
    """Return how far each team and each rep is, as far as `user` sees them: by name, customers of nobody last."""
    rows = [
        row
        for row in db.session.scalars(seen_by(GradingTotal, user, campaign.id))
        if any(getattr(row, state) for state in STATES if state != GONE)
    ]
    return Progress.by_team(rows)


# --- lines as lists -----------------------------------------------------------------------------------------------------------

MOVES = {"up": 1, "down": -1}


@dataclass(frozen=True)
class LineQuery:
    """Which lines of a campaign are wanted."""

    year: int
    state: str = ""
    grade: str = ""
    move: str = ""
    team: int = 0
    owner: int = 0
    policy: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> LineQuery:
        """Return the query of an address; what is unknown is left out, an unknown year has no lines."""
        numbers = {name: _number(args.get(name, "")) for name in ("year", "team", "owner")}
        state, grade, move = (args.get(name, "") for name in ("state", "grade", "move"))
        return cls(
            numbers["year"], state if state in STATES else "", grade if grade in GRADES else "", move if move in MOVES else "",
            numbers["team"], numbers["owner"], "1" if args.get("policy") else "",
        )  # fmt: skip

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address, without what is empty."""
        found = {name: getattr(self, name) for name in ("year", "state", "grade", "move", "team", "owner", "policy")}
        return {name: str(value) for name, value in found.items() if value}

    def conditions(self) -> list[Any]:
        """Return the query as conditions on `Grading`."""
        line = Grading
        found: list[Any] = [line.campaign_id == select(GradingCampaign.id).where(GradingCampaign.year == self.year).scalar_subquery()]
        found += [getattr(line, name) == getattr(self, name) for name in ("state", "grade") if getattr(self, name)]
        if self.move:
            found += [line.move == MOVES[self.move], line.state.in_(DONE)]
        if self.team:
            found.append(line.team_id == self.team)
        if self.owner:
            found.append(line.owner_id == self.owner)
        if self.policy:
            has_one = line.customer_id.in_(select(Customer.id).where(Customer.dealings_policy != ""))
            found.append(or_(has_one, line.policy_note != ""))  # a new one may be proposed where none holds yet
        return found


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def ids(user: Staff, query: LineQuery, most: int, *, after: int = 0) -> list[int]:
    """Return the ids of the first lines that `user` sees behind line `after`, one more than `most` where there are more."""
    chosen = Grading.listed_for(user).with_only_columns(Grading.id).where(*query.conditions(), Grading.id > after)
    return list(db.session.scalars(chosen.order_by(Grading.id).limit(most + 1)))


def graded_ids(user: Staff, query: LineQuery, most: int, *, after: int = 0) -> list[int]:
    """Return the same as `ids`, in the order of the grade list (RL-3): by grade, the best first."""
    before = db.session.scalar(select(Grading.grade).where(Grading.id == after)) if after else ""
    found: list[int] = []
    for grade in [query.grade] if query.grade else GRADES:
        if grade_rank(grade) >= grade_rank(before or grade) and len(found) <= most:
            one = replace(query, grade=grade)
            found += ids(user, one, most - len(found), after=after if grade == (before or grade) else 0)
    return found


def records(numbers: list[int]) -> list[Grading]:
    """Return the gradings with these ids, in their order, with what a list shows of them."""
    loaded = (
        joinedload(Grading.customer, innerjoin=True).load_only(
            Customer.number, Customer.full_name, Customer.credit_rating, Customer.payment_terms, Customer.dealings_policy
        ),
        joinedload(Grading.owner).load_only(Staff.name), joinedload(Grading.before), joinedload(Grading.campaign),
    )  # fmt: skip
    found: dict[int, Grading] = {}
    for start in range(0, len(numbers), 500):
        query = select(Grading).where(Grading.id.in_(numbers[start : start + 500])).options(*loaded)
        found.update({one.id: one for one in db.session.scalars(query)})
    return [found[number] for number in numbers if number in found]


def page(user: Staff, query: LineQuery, *, after: int = 0, size: int = PAGE_SIZE, read: Any = ids) -> tuple[list[Grading], int]:
    """Return the page of a list behind line `after`, and behind which line the next begins; 0 for none. `read` says in which order."""
    found = read(user, query, size, after=after)
    return records(found[:size]), found[size - 1] if len(found) > size else 0


WAITING = {"rate": (OPEN,), "meet": (RATED,)}
"""What is worked through one after the other: first ratings, and what the meeting re-rates."""


def next_line(user: Staff, campaign: GradingCampaign, work: str, *, owner_id: int = 0, after: int = 0) -> Grading | None:
    """Return the first line behind `after` that waits for this work, then from the beginning: of one owner, then all `user` sees."""
    line = Grading
    query = line.visible_to(user).where(line.campaign_id == campaign.id, line.state.in_(WAITING[work])).order_by(line.id).limit(1)
    for one in ([query.where(line.owner_id == owner_id)] if owner_id else []) + [query]:
        found = db.session.scalar(one.where(line.id > after)) or db.session.scalar(one.where(line.id <= after))
        if found is not None:
            return found
    return None
