"""Figures of surveys by month, team, kind of request and grade, kept: every answer moves them in its own transaction (SV-30)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import UniqueConstraint, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, db
from portal.rules.surveys import mean, rate

if TYPE_CHECKING:
    from portal.models.survey import SurveyAnswer

ALL = ""
"""Stands in place of a question for those who were asked and those who answered."""


class SurveyTotal(Base):
    """How many answers there are to a question in a month, and the sum of their scores; of one team, kind of request and grade."""

    __tablename__ = "survey_total"

    month: Mapped[str]
    """Of the answers; of who was asked, the month of the draw."""
    team: Mapped[int] = mapped_column(default=0)
    """Number of the team, 0 for none: it stays a number where the team goes."""
    kind: Mapped[str] = mapped_column(default="")
    grade: Mapped[str] = mapped_column(default="")
    question: Mapped[str] = mapped_column(default=ALL)
    asked: Mapped[int] = mapped_column(default=0)
    replied: Mapped[int] = mapped_column(default=0)
    """Of those asked in this month, who has answered, whenever that was."""
    number: Mapped[int] = mapped_column(default=0)
    points: Mapped[int] = mapped_column(default=0)
    low: Mapped[int] = mapped_column(default=0)

    __table_args__ = (UniqueConstraint("month", "team", "kind", "grade", "question"),)


COUNTS = ("asked", "replied", "number", "points", "low")
Place = tuple[str, int, str, str, str]


def _add(place: Place, steps: dict[str, int]) -> None:
    keys = dict(zip(("month", "team", "kind", "grade", "question"), place, strict=True))
    here = [getattr(SurveyTotal, name) == value for name, value in keys.items()]
    change = update(SurveyTotal).where(*here).values({name: getattr(SurveyTotal, name) + step for name, step in steps.items()})
    quiet = {"synchronize_session": False}
    if db.session.execute(change, execution_options=quiet).rowcount:  # type: ignore[attr-defined]
        return
    try:
        with db.session.begin_nested():
            db.session.add(SurveyTotal(**keys, **steps))
    except IntegrityError:  # made by somebody else at the same moment
        db.session.execute(change, execution_options=quiet)


def _place(answer: SurveyAnswer, month: str, question: str = ALL) -> Place:
    return month, answer.team_id or 0, answer.kind, answer.grade, question


def asked(answers: Iterable[SurveyAnswer]) -> None:
    """Count customers that were drawn."""
    found: dict[Place, int] = {}
    for one in answers:
        place = _place(one, f"{one.drawn_on:%Y-%m}")
        found[place] = found.get(place, 0) + 1
    for place, number in sorted(found.items()):
        _add(place, {"asked": number})


def move(answer: SurveyAnswer, step: int) -> None:
    """Count an answer in (1), or out again (-1). Places are taken in their order, so that nobody waits for another in a circle."""
    limit = answer.limit
    low = int(any(score <= limit for score in answer.scores.values()))
    steps = [(_place(answer, f"{answer.drawn_on:%Y-%m}"), {"replied": step})]
    steps.append((_place(answer, answer.month), {"number": step, "low": low * step}))
    for question, score in answer.scores.items():
        figures = {"number": step, "points": score * step, "low": step if score <= limit else 0}
        steps.append((_place(answer, answer.month, question), figures))
    for place, change in sorted(steps, key=lambda one: one[0]):
        _add(place, change)


# --- reading ----------------------------------------------------------------


class Figures(NamedTuple):
    """Sums of some figures, and what follows from them."""

    asked: int = 0
    replied: int = 0
    number: int = 0
    points: int = 0
    low: int = 0

    @property
    def mean(self) -> Decimal | None:
        """Return the mean score; None where there is none."""
        return mean(self.points, self.number)

    @property
    def rate(self) -> Decimal | None:
        """Return the rate of response in per cent; None where nobody was asked."""
        return rate(self.replied, self.asked)


def read(by: str, first: str, last: str, question: str, team: int | None = None, **equal: str) -> dict[Any, Figures]:
    """Return the figures of a span of months by a column (`month`, `team`, `kind`, `grade`, `question`), in its order.

    `question` is a code, or '' for the scores of all questions together: then `number` counts scores. `team` and `equal`
    (`kind`, `grade`) narrow it. The table has a row for each month and group, not for each answer.
    """
    total, column = SurveyTotal, getattr(SurveyTotal, by)
    query = select(column, *(func.sum(getattr(total, name)) for name in COUNTS)).where(total.month.between(first, last))
    query = query.where(total.question == question) if question else query.where(total.question != ALL)
    for name, value in equal.items():
        query = query.where(getattr(total, name) == value)
    if team is not None:
        query = query.where(total.team == team)
    return {row[0]: Figures(*(int(one or 0) for one in row[1:])) for row in db.session.execute(query.group_by(column).order_by(column))}


def responses(by: str, first: str, last: str, team: int | None = None, **equal: str) -> dict[Any, Figures]:
    """Return how many were asked and how many answered, by a column; `number` and `low` count answers, not scores."""
    total, column = SurveyTotal, getattr(SurveyTotal, by)
    query = select(column, *(func.sum(getattr(total, name)) for name in COUNTS)).where(total.month.between(first, last))
    query = query.where(total.question == ALL)
    for name, value in equal.items():
        query = query.where(getattr(total, name) == value)
    if team is not None:
        query = query.where(total.team == team)
    return {row[0]: Figures(*(int(one or 0) for one in row[1:])) for row in db.session.execute(query.group_by(column).order_by(column))}


def recount() -> None:
    """Count all figures anew from the answers: after answers went with the demonstration office. The caller commits."""
    from portal.models.survey import SurveyAnswer

    db.session.flush()
    db.session.execute(delete(SurveyTotal))
    db.session.expire_all()
    for one in db.session.scalars(select(SurveyAnswer).order_by(SurveyAnswer.id).execution_options(yield_per=500)):
        asked([one])
        if one.month:
            move(one, 1)
