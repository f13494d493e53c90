"""Assessment of the relation to a customer 客户关系评估 (RL-7), and customer delivered value 顾客让渡价值 (IN-5).

An assessment has two parts. We score the relation by weighted indicators, 0 to 100 each; the total proposes the advice. And we judge, as
the customer sees it, what dealings with us give and what they cost: two figures of value and four of cost, all in points of one scale, so
that a point of cost outweighs a point of value. Every figure is exact; only the ratio is rounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from portal.rules import grading
from portal.rules.message import N_, Message, Refusal

END, IMPROVE, MAINTAIN = "end", "improve", "maintain"
ADVICE = {END: N_("end the relation"), IMPROVE: N_("improve the relation"), MAINTAIN: N_("maintain the relation")}
"""What an assessment can advise, from the lowest total up."""
VALUE = {"functional": N_("Functional value"), "emotional": N_("Emotional value")}
COST = {
    "money": N_("Cost in money"),
    "time": N_("Cost in time"),
    "energy": N_("Cost in energy"),
    "effort": N_("Cost in effort"),
}
PARTS = {**VALUE, **COST}
"""The six figures of delivered value, in the order of the form."""
LONGEST_REASON, LONGEST_TEXT = 500, 2000
SCALE = 100
"""The scale on which assessments made with different ones are compared."""

_POINTS = re.compile(r"[0-9]{1,4}(\.[0-9])?")


def _indicator(code: str, zh: str, en: str, weight: str) -> dict[str, Any]:
    return {"code": code, "zh": zh, "en": en, "weight": weight, "source": grading.JUDGEMENT, "bands": []}


START_INDICATORS = [
    _indicator("dealings", "交易贡献", "Contribution of dealings", "25"),
    _indicator("payment", "付款信用", "Payment and credit", "20"),
    _indicator("stability", "合作稳定性", "Stability of cooperation", "15"),
    _indicator("communication", "沟通与配合", "Communication and cooperation", "15"),
    _indicator("loyalty", "满意与忠诚", "Satisfaction and loyalty", "15"),
    _indicator("prospects", "发展前景", "Prospects", "10"),
]
START_THRESHOLDS = [{"code": END, "from": 0, "to": 40}, {"code": IMPROVE, "from": 40, "to": 70}, {"code": MAINTAIN, "from": 70, "to": 100}]


class DeliveredValue(NamedTuple):
    """Total value and total cost of one assessment, in points of its scale."""

    value: Decimal
    cost: Decimal
    scale: int = SCALE

    @classmethod
    def of(cls, points: Mapping[str, Decimal], scale: int = SCALE) -> DeliveredValue:
        """Return what six figures come to (IN-5). Raises KeyError where one is missing."""
        value = sum((points[code] for code in VALUE), Decimal(0))
        return cls(value, sum((points[code] for code in COST), Decimal(0)), scale)

    @property
    def difference(self) -> Decimal:
        """Return total value less total cost: below nothing where dealings cost the customer more than they give."""
        return self.value - self.cost

    @property
    def ratio(self) -> Decimal | None:
        """Return total value for each point of cost, rounded half up to two decimals; None, not defined, where there is no cost."""
        return ratio(self.value, self.cost)

    def on(self, points: Decimal) -> Decimal:
        """Return points on the scale of 100, on which assessments with other scales stand beside each other; one decimal."""
        return (points * SCALE / self.scale).quantize(Decimal("0.1"), ROUND_HALF_UP)


def ratio(value: Decimal, cost: Decimal) -> Decimal | None:
    """Return value for each point of cost, rounded half up to two decimals; None where there is no cost (IN-5)."""
    return (value / cost).quantize(Decimal("0.01"), ROUND_HALF_UP) if cost else None


def ratio_words(found: Decimal | None) -> Message:
    """Return a ratio in words: 1.47, or that it is not defined."""
    return Message(N_("not defined")) if found is None else Message("%(value)s", {"value": f"{found:.2f}"})


def signed(points: Decimal) -> str:
    """Return a difference with its sign, so that no colour is needed: +45, −12.5, 0."""
    return ("+" if points > 0 else "−" if points < 0 else "") + grading.shown(abs(points))


def proposed(total: Decimal, thresholds: Sequence[Mapping[str, Any]]) -> str:
    """Return the advice that checked thresholds propose for a total (RL-7): the lower bound belongs to a range."""
    return grading.grade_of(total, thresholds)


def limit_words(thresholds: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Return from which total on each advice is proposed, the best first."""
    limits = [(one["code"], f"{one['from']:g}") for one in reversed(list(thresholds))]
    return [Message(N_("%(advice)s from %(points)s"), {"advice": Message(ADVICE[code]), "points": points}) for code, points in limits]


# --- what somebody wrote -------------------------------------------------------------------------------------------------------


class Written(NamedTuple):
    """What somebody wrote into an assessment: texts as typed, (figure, reason) by code."""

    scores: Mapping[str, tuple[str, str]]
    points: Mapping[str, tuple[str, str]]
    result: str
    advice: str
    """'' takes the advice that the total proposes."""
    advice_reason: str


class Judged(NamedTuple):
    """An assessment that is complete: plain ratings as they are stored, and what they come to."""

    scores: dict[str, dict[str, str]]
    points: dict[str, dict[str, str]]
    total: Decimal
    proposed: str
    advice: str
    delivered: DeliveredValue


def read_points(text: str, scale: int, field: str) -> Decimal:
    """Return the points that were typed. Raises `Refusal` with the field unless they are 0 to `scale` with one decimal at most (IN-5)."""
    if not _POINTS.fullmatch(text) or Decimal(text) > scale:
        raise Refusal("Points lie between 0 and %(scale)s, with one decimal at most.", field=field, scale=scale)
    return Decimal(text)


class Reckoned(NamedTuple):
    """What the figures typed so far come to; None where one of them is missing or cannot be read."""

    total: Decimal | None
    proposed: str
    delivered: DeliveredValue | None


def reckon(
    written: Written, indicators: Sequence[grading.Indicator], thresholds: Sequence[Mapping[str, Any]], scale: int
) -> tuple[Reckoned, list[Refusal]]:
    """Return what the figures come to, whatever else is missing, and which of them cannot be read (RL-7, IN-5)."""
    wrong: list[Refusal] = []
    scores = _figures(written.scores, [one.code for one in indicators], "score", wrong, grading.read_score)
    points = _figures(written.points, list(PARTS), "points", wrong, lambda text, field: read_points(text, scale, field))
    total = grading.total(indicators, scores) if len(scores) == len(indicators) else None
    delivered = DeliveredValue.of(points, scale) if len(points) == len(PARTS) else None
    return Reckoned(total, "" if total is None else proposed(total, thresholds), delivered), wrong


def judge(
    written: Written, indicators: Sequence[grading.Indicator], thresholds: Sequence[Mapping[str, Any]], scale: int
) -> tuple[Judged | None, list[Refusal]]:
    """Return the assessment, or None and everything that is wrong with it, each with its field (RL-7, IN-5).

    Fields are `score-<code>`, `reason-<code>`, `points-<part>`, `basis-<part>`, `result`, `advice`, `advice_reason`.
    """
    found, wrong = reckon(written, indicators, thresholds, scale)
    codes = [one.code for one in indicators]
    wrong += [*_unsaid(written.scores, codes, "reason"), *_unsaid(written.points, list(PARTS), "basis")]
    advice = written.advice or found.proposed
    if written.advice and written.advice not in ADVICE:
        wrong.append(Refusal("Choose what is advised.", field="advice"))
    elif found.proposed and advice != found.proposed and not written.advice_reason:
        said = Message(ADVICE[found.proposed])
        wrong.append(Refusal("The total proposes: %(advice)s. Say why you advise otherwise.", field="advice_reason", advice=said))
    if not written.result:
        wrong.append(Refusal("Say in a sentence or two how the relation stands.", field="result"))
    for field in ("result", "advice_reason"):
        if len(getattr(written, field)) > LONGEST_TEXT:
            wrong.append(Refusal("At most %(most)s characters.", field=field, most=LONGEST_TEXT))
    if wrong or found.total is None or found.delivered is None:
        return None, wrong
    scores = _stored(written.scores, codes, ("score", "reason"))
    points = _stored(written.points, list(PARTS), ("points", "basis"))
    return Judged(scores, points, found.total, found.proposed, advice, found.delivered), []


Typed = Mapping[str, tuple[str, str]]


def _figures(typed: Typed, codes: Sequence[str], name: str, wrong: list[Refusal], read: Any) -> dict[str, Decimal]:
    """Return the figures that can be read; add the refusals of all others to `wrong`."""
    found: dict[str, Decimal] = {}
    for code in codes:
        try:
            found[code] = read(typed.get(code, ("", ""))[0], f"{name}-{code}")
        except Refusal as refusal:
            wrong.append(refusal)
    return found


def _unsaid(typed: Typed, codes: Sequence[str], name: str) -> list[Refusal]:
    """Return the reasons that are missing or too long."""
    wrong = []
    for code in codes:
        reason = typed.get(code, ("", ""))[1]
        if not reason:
            wrong.append(Refusal("Say why: every figure has its reason.", field=f"{name}-{code}"))
        elif len(reason) > LONGEST_REASON:
            wrong.append(Refusal("At most %(most)s characters.", field=f"{name}-{code}", most=LONGEST_REASON))
    return wrong


def _stored(typed: Typed, codes: Sequence[str], names: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {code: {names[0]: grading.plain(Decimal(typed[code][0])), names[1]: typed[code][1]} for code in codes}
