"""Calls back to customers 电话回访 (SV-10): the table of events with their calls, its windows, and how further customers are drawn."""

from __future__ import annotations

import random
import re
from calendar import monthrange
from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Any, NamedTuple

from portal.rules.message import N_, Refusal
from portal.rules.working_time import Calendar

PURCHASE, INSTALLATION, REPAIR_ARRANGED, REPAIR_LATE, REPAIR_DONE, COMPLAINT, PROPOSAL, LOW_SCORE = (
    "purchase", "installation", "repair-arranged", "repair-late", "repair-done", "complaint", "proposal", "low-score",
)  # fmt: skip
EVENTS = {
    PURCHASE: N_("Purchase"),
    INSTALLATION: N_("Installation and tuning done"),
    REPAIR_ARRANGED: N_("Repair visit arranged"),
    REPAIR_LATE: N_("Repair visit overruns its time"),
    REPAIR_DONE: N_("Repair done"),
    COMPLAINT: N_("Written complaint received"),
    PROPOSAL: N_("Proposal received by post"),
    LOW_SCORE: N_("Low satisfaction"),
}
DAY, MONTH, YEAR = "day", "month", "year"
UNITS = {
    DAY: N_("days after the event"),
    MONTH: N_("months after the event, from the first to the last one counted"),
    YEAR: N_("months after the event, then once a year"),
}
NEEDS = {"": N_("in any case"), "telephone": N_("with a telephone number")}
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
LONGEST_NAME, LONGEST_QUESTIONS, LONGEST_TEXT, LONGEST_LINE = 60, 500, 2000, 200
MOST_DAYS, MOST_MONTHS = 366, 240
_QUESTION = re.compile(r"\s*[|｜]\s*")
SCORES = range(1, 6)
"""Satisfaction: 5 is the best."""


class Row(NamedTuple):
    """One row of the table: after which event a call is due when, what for, and what is asked."""

    code: str
    event: str
    zh: str
    en: str
    unit: str
    first: int
    last: int
    needs: str
    purpose: str
    """A code of `choices.callback_purpose`."""
    questions_zh: str
    questions_en: str
    active: bool

    @property
    def repeats(self) -> bool:
        """Return whether the call is proposed again every year, as needed."""
        return self.unit == YEAR

    @property
    def questions(self) -> list[dict[str, str]]:
        """Return the questions, as [{"zh", "en"}]."""
        chinese, english = split_questions(self.questions_zh), split_questions(self.questions_en)
        most = max(len(chinese), len(english))
        pairs = zip(chinese + [""] * (most - len(chinese)), english + [""] * (most - len(english)), strict=True)
        return [{"zh": one or other, "en": other or one} for one, other in pairs]


class Window(NamedTuple):
    """From when until when a call is due, and for which year of a call that is repeated (0 else)."""

    first: date
    last: date
    turn: int = 0


def split_questions(text: str) -> list[str]:
    """Return the questions of a text in which a bar stands between them."""
    return [one for one in _QUESTION.split(text.strip()) if one]


def rows_of(value: Iterable[dict[str, Any]]) -> list[Row]:
    """Return the rows of the table from the value of the standard `callback.rules`."""
    return [Row(**one) for one in value]


def add_months(day: date, months: int) -> date:
    """Return the same day of the month so many months on, or the month's last day where it has none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def window(row: Row, on: date, turn: int = 0) -> Window:
    """Return from when until when the call of a row is due after an event on a day (SV-10).

    Days are counted from the event: 3 to 5 are the third to the fifth day after it. Months are counted as they are lived through:
    'months 4 to 6' begin when three months have passed and end on the last day of the sixth. A yearly call is due in the month that
    begins when `first` months have passed, and in the same month of each year after (`turn` 1, 2, …).
    """
    if row.unit == DAY:
        return Window(_plus(on, row.first), _plus(on, row.last))
    if row.unit == MONTH:
        return Window(add_months(on, row.first - 1), _plus(add_months(on, row.last), -1))
    months = row.first + 12 * turn
    return Window(add_months(on, months), _plus(add_months(on, months + 1), -1), turn)


def due(row: Row, on: date, calendar: Calendar, turn: int = 0) -> Window:
    """Return the window of a call on days when the office works: it opens on the first of them, and does not close before it opens."""
    raw = window(row, on, turn)
    first = calendar.add_working_days(raw.first, 0)
    return Window(first, max(first, raw.last), turn)


def _plus(day: date, days: int) -> date:
    return date.fromordinal(day.toordinal() + days)


def open_windows(row: Row, on: date, today: date, grace: int) -> list[Window]:
    """Return the windows of a row that have begun by `today` and did not end more than `grace` days ago: of a yearly one the newest."""
    if not row.repeats:
        found = window(row, on)
        return [found] if found.first <= today and _plus(found.last, grace) >= today else []
    turn = (today.year - on.year) + 1
    while turn > 0 and window(row, on, turn).first > today:
        turn -= 1
    found = window(row, on, turn)
    return [found] if found.first <= today and _plus(found.last, grace) >= today else []


def next_day(rows: Collection[Row], on: date, today: date) -> date | None:
    """Return the next day after `today` on which a window of one of the rows begins, None where none is left."""
    days = []
    for row in rows:
        turn = max(0, today.year - on.year - 2) if row.repeats else 0
        first = window(row, on, turn).first
        while row.repeats and first <= today:
            turn += 1
            first = window(row, on, turn).first
        if first > today:
            days.append(first)
    return min(days, default=None)


def check_rules(value: list[dict[str, Any]]) -> None:
    """Raise `Refusal`, saying which row, unless the table can be worked by: codes, events, windows in order (ST-3)."""
    for number, one in enumerate(value, 1):
        row = Row(**one)
        if not CODE.fullmatch(row.code):
            raise Refusal("Row %(row)s: the code has small letters, figures and hyphens.", row=number)
        if row.event not in EVENTS:
            raise Refusal("Row %(row)s: choose the event.", row=number)
        if not row.zh.strip() or not row.en.strip() or max(len(row.zh), len(row.en)) > LONGEST_NAME:
            raise Refusal("Row %(row)s needs a Chinese and an English name of at most %(most)s characters.", row=number, most=LONGEST_NAME)
        if row.unit not in UNITS or row.needs not in NEEDS:
            raise Refusal("Row %(row)s: choose what the window is counted in.", row=number)
        low, high = (0, MOST_DAYS) if row.unit == DAY else (1, MOST_MONTHS)
        if not low <= row.first <= row.last <= high:
            raise Refusal(
                "Row %(row)s: the window goes from %(low)s to %(high)s and does not end before it begins.", row=number, low=low, high=high
            )
        if not row.purpose:
            raise Refusal("Row %(row)s: choose the purpose.", row=number)
        if max(len(row.questions_zh), len(row.questions_en)) > LONGEST_QUESTIONS:
            raise Refusal("Row %(row)s: the questions have at most %(most)s characters.", row=number, most=LONGEST_QUESTIONS)
    codes = [one["code"] for one in value]
    for code in codes:
        if codes.count(code) > 1:
            raise Refusal("Code %(code)s stands twice in the list.", code=code)


def _row(
    code: str, event: str, names: tuple[str, str], when: tuple[str, int, int], purpose: str, asked: tuple[str, str], needs: str = ""
) -> dict[str, Any]:
    unit, first, last = when
    return Row(code, event, *names, unit, first, last, needs, purpose, *asked, active=True)._asdict()


START = [
    _row(
        "installed", INSTALLATION, ("安装调试回访", "After installation"), (DAY, 0, 0), "guidance",
        ("对安装调试人员满意吗？|产品会用了吗？", "Satisfied with the fitters?|Is the product understood?"),
    ),
    _row(
        "bought-week", PURCHASE, ("购买一周回访", "A week after purchase"), (DAY, 7, 7), "guidance",
        ("产品用得习惯吗？|使用中有什么问题？", "Used to the product?|Any problems?"),
    ),
    _row(
        "bought-half-year", PURCHASE, ("购买后第4至6个月回访", "Months 4 to 6 after purchase"), (MONTH, 4, 6), "goodwill",
        ("产品运行情况如何？", "How does it run?"),
    ),
    _row(
        "bought-year", PURCHASE, ("购买后第10至12个月回访", "Months 10 to 12 after purchase"), (MONTH, 10, 12), "goodwill",
        ("是否需要检修或保养？", "Is an inspection or maintenance wanted?"),
    ),
    _row(
        "bought-yearly", PURCHASE, ("购买一年后按需回访", "After 12 months, as needed"), (YEAR, 12, 12), "order",
        ("近来使用情况如何？|有无新的需求？", "How is it used lately?|Any new needs?"),
    ),
    _row(
        "complaint-confirmed", COMPLAINT, ("书面投诉确认", "Written complaint confirmed"), (DAY, 0, 0), "mediation",
        ("投诉内容是否如信中所述？|希望如何解决？", "Is the complaint as it was written?|What would put it right?"), "telephone",
    ),
    _row(
        "proposal-received", PROPOSAL, ("来信提案致谢", "Proposal received, with thanks"), (DAY, 0, 0), "advice",
        ("提案已收到，谨致谢意。有无补充？", "The proposal is here, with thanks. Anything to add?"),
    ),
    _row(
        "repair-arranged", REPAIR_ARRANGED, ("告知维修人员", "Name and number of the fitter"), (DAY, 0, 0), "guidance",
        ("已告知维修人员姓名和电话？|约定的时间方便吗？", "Name and number of the fitter given?|Is the time agreed on convenient?"),
    ),
    _row(
        "repair-late", REPAIR_LATE, ("维修超时致歉", "Repair visit late"), (DAY, 0, 0), "mediation",
        ("说明超时原因并致歉。新的时间方便吗？", "Cause said, with apologies. Is the new time convenient?"),
    ),
    _row(
        "repair-done", REPAIR_DONE, ("维修后回访", "After a repair"), (DAY, 3, 5), "goodwill",
        ("维修后使用正常吗？|对维修服务满意吗？", "Does it hold?|Satisfied with the repair?"),
    ),
    _row(
        "low-score", LOW_SCORE, ("低满意度回访", "After low satisfaction"), (DAY, 1, 3), "mediation",
        ("不满意之处在哪里？|处理后满意了吗？", "What was wrong?|Is it put right?"),
    ),
]  # fmt: skip
"""The table of SV-10, and the call after a score of 2 or less (SV-30)."""


# --- drawing further customers (SV-11) ----------------------------------------------------------------

AT_RANDOM, LOW, EXTRA, LONG = "random", "low", "extra", "long"
WAYS = {
    AT_RANDOM: N_("At random"),
    LOW: N_("Low satisfaction"),
    EXTRA: N_("Extra service"),
    LONG: N_("Long without contact"),
}
MOST_DRAWN = 500
AT_ONCE = 5000
"""Up to so many candidates are listed to draw from; of more, numbers are tried at random."""
_TRIED = 400
_MOST_TRIES = 60


def sample(candidates: Collection[int], wanted: int, seed: int) -> list[int]:
    """Return `wanted` of the candidates at random, all of them where there are fewer; the same for the same seed, in the order drawn."""
    pool = sorted(candidates)
    return random.Random(seed).sample(pool, min(wanted, len(pool)))  # noqa: S311 - a draw that can be repeated, no secret


def probe(low: int, high: int, wanted: int, seed: int, fitting: Callable[[list[int]], Collection[int]]) -> list[int]:
    """Return up to `wanted` numbers between `low` and `high` that fit, each as likely as any other; the same for the same seed.

    `fitting` tells of some numbers which are candidates. For many candidates: the numbers are tried, not listed.
    """
    dice, found, seen = random.Random(seed), list[int](), set[int]()  # noqa: S311 - as above
    for _turn in range(_MOST_TRIES):
        some = [number for number in (dice.randint(low, high) for _ in range(_TRIED)) if number not in seen]
        some = list(dict.fromkeys(some))
        seen.update(some)
        good = set(fitting(some))
        found += [number for number in some if number in good]
        if len(found) >= wanted or len(seen) > high - low:
            break
    return found[:wanted]
