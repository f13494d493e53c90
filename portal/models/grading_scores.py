"""Scores of a grading: how points are stored, one indicator with all that was said of it, and what a rating may be (RL-1)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger
from sqlalchemy.types import TypeDecorator

from portal.rules import grading as rules
from portal.rules.grading import SALES, Band, Indicator, plain, shown
from portal.rules.message import Refusal
from portal.rules.money import figures

LONGEST_REASON = 500


class Points(TypeDecorator[Decimal]):
    """Points with four decimals, stored as whole ten-thousandths, because SQLite has no decimal type."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        """Return ten-thousandths."""
        return None if value is None else int(Decimal(value) * 10_000)

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        """Return points."""
        return None if value is None else Decimal(value).scaleb(-4)


class Scored(NamedTuple):
    """One indicator of a grading as it is shown: how its scores came about."""

    indicator: Indicator
    figure: Decimal | None
    band: Band | None
    first: Decimal | None
    reason: str
    second: Decimal | None
    second_reason: str
    before: Decimal | None
    before_reason: str

    @property
    def counted(self) -> str:
        """Return the figure as it is printed: what was sold with both decimals, as money; '' for none."""
        return figures(self.figure) if self.figure is not None and self.indicator.code == SALES else shown(self.figure)

    @property
    def is_judged(self) -> bool:
        """Return whether it is scored by judgement: by its standard, or because there is no figure."""
        return self.figure is None

    @property
    def score(self) -> Decimal | None:
        """Return the score that counts."""
        return self.first if self.second is None else self.second

    @property
    def points(self) -> Decimal | None:
        """Return weight × score, in hundredths."""
        return None if self.score is None else self.indicator.points(self.score)


def decimal_of(text: str | None) -> Decimal | None:
    """Return a stored figure; None for nothing."""
    return Decimal(text) if text else None


def scores_of(ratings: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return code → score of ratings as they are stored."""
    return {code: Decimal(said["score"]) for code, said in ratings.items()}


def first_rating(one: Scored, score: str, reason: str, as_before: bool) -> dict[str, str]:
    """Return the first rating of an indicator: of its band, or what was typed with its reason. Raises `Refusal` with the field."""
    code = one.indicator.code
    if one.band is not None:
        return {"score": plain(one.band.score), "reason": ""}
    if as_before and not score and one.before is not None:
        score, reason = plain(one.before), reason or one.before_reason
    value = rules.read_score(score, f"score-{code}")
    if not reason:
        raise Refusal("Say why: a score by judgement needs its reason.", field=f"reason-{code}")
    return {"score": plain(value), "reason": reason[:LONGEST_REASON]}


def second_rating(one: Scored, score: str, reason: str) -> dict[str, str]:
    """Return the meeting's rating of an indicator: what was typed, else the first. Raises `Refusal` with the field."""
    code = one.indicator.code
    assert one.first is not None  # noqa: S101 - it is rated
    value = rules.read_score(score, f"second-{code}") if score else one.first
    if value != one.first and not reason:
        raise Refusal("Say why the meeting gives another score.", field=f"why-{code}")
    return {"score": plain(value), "reason": reason[:LONGEST_REASON] if value != one.first else ""}
