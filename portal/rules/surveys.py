"""Satisfaction surveys 满意度调查 (SV-30): the scale, what an answer says, mean scores and the rate of response."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from portal.rules.message import N_, Refusal

SCORES = range(1, 6)
"""The scale: 5 is the best."""
SCALE = {
    5: N_("very satisfied"),
    4: N_("satisfied"),
    3: N_("so-so"),
    2: N_("not satisfied"),
    1: N_("not satisfied at all"),
}
TELEPHONE, SMS, EMAIL, INTERVIEW, LINK = "telephone", "sms", "e-mail", "interview", "link"
WAYS = {
    TELEPHONE: N_("Telephone"),
    SMS: N_("SMS"),
    EMAIL: N_("By e-mail"),
    INTERVIEW: N_("Interview"),
    LINK: N_("Link that the customer opens"),
}
"""How customers are asked."""
CUSTOMERS, REQUESTS = "customers", "requests"
SOURCES = {CUSTOMERS: N_("Customers on the register"), REQUESTS: N_("Requests closed in a period")}
"""Of what is drawn."""
ATTITUDE, QUALITY = "attitude", "quality"
"""Questions that the assessment of staff asks for by themselves (SV-31)."""
QUESTIONS = [
    {"code": code, "zh": zh, "en": en, "active": True}
    for code, zh, en in (
        (ATTITUDE, "服务态度", "Attitude of our staff"),
        ("efficiency", "办事效率", "Efficiency"),
        (QUALITY, "服务质量", "Quality of our service"),
        ("solving", "问题解决", "Solving of your problems"),
        ("convenience", "便利程度", "Convenience"),
        ("company", "对公司总体评价", "The company as a whole"),
    )
]
"""The questions of SV-30; what the site has among its standards takes their place."""
MOST_DRAWN = 500
LONGEST_TEXT, LONGEST_LINE = 2000, 200
HUNDRED = Decimal(100)


def questions_of(value: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the questions that are asked, [{"code", "zh", "en"}], from a value of the standard `survey.questions`."""
    return [{name: str(one[name]) for name in ("code", "zh", "en")} for one in value if one["active"]]


def read_scores(sent: Mapping[str, str], codes: Iterable[str]) -> dict[str, int]:
    """Return the scores that were given, question → 1 to 5; what is left out is no score.

    Raises `Refusal` with the field `score-<code>` for anything else, and where no question at all is answered (SV-30).
    """
    found: dict[str, int] = {}
    first = ""
    for code in codes:
        first = first or code
        text = sent.get(code, "")
        if not text:
            continue
        if text not in {str(score) for score in SCORES}:
            raise Refusal("Scores go from 1 to 5.", field=f"score-{code}")
        found[code] = int(text)
    if not found:
        raise Refusal("Answer at least one question.", field=f"score-{first}")
    return found


def mean(points: int | Decimal, number: int) -> Decimal | None:
    """Return the mean score with two decimals, rounded half up; None where nobody has said anything: no records are not 0."""
    return (Decimal(points) / number).quantize(Decimal("0.01"), ROUND_HALF_UP) if number else None


def rate(part: int, of: int) -> Decimal | None:
    """Return a share in per cent with one decimal, rounded half up; None of nothing."""
    return (HUNDRED * part / of).quantize(Decimal("0.1"), ROUND_HALF_UP) if of else None


def is_low(scores: Mapping[str, int], most: int) -> bool:
    """Return whether one of the scores is low: `most` or less (SV-30)."""
    return any(score <= most for score in scores.values())


def shown(figure: Decimal | None, unit: str = "") -> str:
    """Return a mean or a share as it is shown, a dash for none."""
    return "—" if figure is None else f"{figure:f}{unit}"
