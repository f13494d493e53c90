"""Assessment of service staff and departments 考核 (SV-31): indicators, their parts, scores out of records, and the total.

Every score lies between 0 and 100. A part of an indicator is counted from records: ratings from 1 to 5 give their mean × 20, shares give
their per cent. An indicator is the plain mean of those of its parts that have records. Where there are no records there is no score: the
weight of that indicator is shared out among the others in proportion to their weights, and the total says on how much of the weights it
rests. Rests it on too little (`assessment.least_weight`), there is no total at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from portal.rules.message import N_, Refusal

SATISFACTION, QUALITY, KNOWLEDGE, ATTITUDE, SPEED = "satisfaction", "quality", "knowledge", "attitude", "speed"
INDICATORS = {
    SATISFACTION: N_("Satisfaction"),
    QUALITY: N_("Quality of work"),
    KNOWLEDGE: N_("Knowledge"),
    ATTITUDE: N_("Attitude"),
    SPEED: N_("Speed of handling complaints"),
}
START_WEIGHTS = {SATISFACTION: 30, QUALITY: 25, KNOWLEDGE: 15, ATTITUDE: 15, SPEED: 15}
SURVEYS, CALLS, WORK, LASTING, MANNER, ON_TIME = "surveys", "calls", "work", "lasting", "manner", "on-time"
PARTS: dict[str, tuple[str, str, bool]] = {
    SURVEYS: (SATISFACTION, N_("Scores of surveys, without attitude and quality"), True),
    CALLS: (SATISFACTION, N_("Satisfaction said in call-backs"), True),
    WORK: (QUALITY, N_("Scores of surveys for quality"), True),
    LASTING: (QUALITY, N_("Requests solved and not reopened"), False),
    MANNER: (ATTITUDE, N_("Scores of surveys for attitude"), True),
    ON_TIME: (SPEED, N_("Complaints solved within their hours"), False),
}
"""Code → indicator, title, and whether it is a mean of ratings from 1 to 5 (else a share)."""
ALWAYS_JUDGED, MAY_BE_JUDGED = (KNOWLEDGE,), (KNOWLEDGE, ATTITUDE)
"""What a supervisor judges, and what a supervisor may judge where there are no records."""
REWARD, SANCTION = "reward", "sanction"
KINDS = {REWARD: (N_("Reward"), "ok"), SANCTION: (N_("Sanction"), "seal")}
HUNDRED, PER_POINT = Decimal(100), Decimal(20)
LONGEST_REASON, LONGEST_TEXT = 500, 2000
_CENT = Decimal("0.01")
_SCORE = re.compile(r"[0-9]{1,3}(\.[0-9])?")
_MONTH = re.compile(r"([12]\d{3})-(0[1-9]|1[0-2])")


class Part(NamedTuple):
    """What records say: how many there are, and the sum of their ratings, or how many of them are good."""

    number: int = 0
    points: int = 0

    def score(self, code: str) -> Decimal | None:
        """Return 0 to 100 with two decimals; None without records."""
        if not self.number:
            return None
        unit = PER_POINT if PARTS[code][2] else HUNDRED
        return (unit * self.points / self.number).quantize(_CENT, ROUND_HALF_UP)

    def with_(self, other: Part) -> Part:
        """Return both together: how a department is counted."""
        return Part(self.number + other.number, self.points + other.points)


class Total(NamedTuple):
    """What an assessment comes to: the total (None where it rests on too little), and the weight in per cent that it rests on."""

    points: Decimal | None
    covered: Decimal


def counted(parts: Mapping[str, Part]) -> dict[str, Decimal]:
    """Return the score of each indicator that has records: the plain mean of its parts that have any."""
    found: dict[str, list[Decimal]] = {}
    for code, part in parts.items():
        score = part.score(code)
        if score is not None:
            found.setdefault(PARTS[code][0], []).append(score)
    return {code: (sum(scores, Decimal(0)) / len(scores)).quantize(_CENT, ROUND_HALF_UP) for code, scores in found.items()}


def total(weights: Mapping[str, float], scores: Mapping[str, Decimal], least: float) -> Total:
    """Return the total of the indicators that have a score, their weights shared out to 100 %, rounded half up to two decimals."""
    heavy = {code: Decimal(str(weight)) for code, weight in weights.items()}
    covered = sum((heavy[code] for code in heavy if code in scores), Decimal(0))
    if not covered or covered < Decimal(str(least)):
        return Total(None, covered)
    points = sum((heavy[code] * scores[code] for code in heavy if code in scores), Decimal(0)) / covered
    return Total(points.quantize(_CENT, ROUND_HALF_UP), covered)


def shared(weights: Mapping[str, float], scores: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the weight in per cent with which each score counts, two decimals, once the missing ones are shared out."""
    there = {code: Decimal(str(weight)) for code, weight in weights.items() if code in scores}
    covered = sum(there.values(), Decimal(0))
    return {code: (HUNDRED * weight / covered).quantize(_CENT, ROUND_HALF_UP) for code, weight in there.items()} if covered else {}


class Judged(NamedTuple):
    """A score given by a person, with where it comes from or why."""

    score: Decimal
    reason: str


def judge(typed: Mapping[str, tuple[str, str]], open_to: Iterable[str]) -> tuple[dict[str, Judged], list[Refusal]]:
    """Return what a supervisor judged and everything that is wrong with it; an indicator left empty is not judged.

    Fields are `score-<code>` and `reason-<code>`. Only the indicators of `open_to` are read.
    """
    found: dict[str, Judged] = {}
    wrong: list[Refusal] = []
    for code in open_to:
        text, reason = typed.get(code, ("", ""))
        if not text and not reason:
            continue
        if not _SCORE.fullmatch(text) or Decimal(text) > HUNDRED:
            wrong.append(Refusal("A score lies between 0 and 100, with one decimal at most.", field=f"score-{code}"))
        if not reason:
            wrong.append(Refusal("Say where the score comes from.", field=f"reason-{code}"))
        elif len(reason) > LONGEST_REASON:
            wrong.append(Refusal("At most %(most)s characters.", field=f"reason-{code}", most=LONGEST_REASON))
        if not wrong:
            found[code] = Judged(Decimal(text), reason)
    return found, wrong


def bounds(month: str) -> tuple[date, date]:
    """Return first and last day of a month such as 2026-03. Raises `Refusal` (field `month`) for anything else."""
    read = _MONTH.fullmatch(month)
    if read is None:
        raise Refusal("Enter a month, such as 2026-03.", field="month")
    first = date(int(read[1]), int(read[2]), 1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def month_before(today: date) -> str:
    """Return the month before that of a day."""
    return f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
