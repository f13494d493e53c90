"""Geometry of charts: nothing leaves the drawing, lengths are true to the figures (look.md)."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.rules.charts import PLOT_HEIGHT, PLOT_WIDTH, ROOM, WIDTH, BarRow, Stop, bars, over_time, pareto

FIGURES = st.one_of(st.none(), st.integers(-10_000, 10_000).map(Decimal))


def test_a_bar_is_as_long_as_its_figure() -> None:
    chart = bars([BarRow("甲", Decimal(100), Decimal(50), "100"), BarRow("乙", Decimal(25), None, "25")])
    assert [bar.width for bar in chart.bars] == [WIDTH - ROOM, (WIDTH - ROOM) / 4]
    assert [bar.before_width for bar in chart.bars] == [(WIDTH - ROOM) / 2, 0]


def test_what_is_below_nothing_goes_to_the_left() -> None:
    chart = bars([BarRow("甲", Decimal(30), None, ""), BarRow("乙", Decimal(-10), None, "")])
    assert chart.zero == (WIDTH - ROOM) / 4
    assert (chart.bars[1].x, chart.bars[1].width) == (0, chart.zero)


@given(st.lists(st.tuples(FIGURES, FIGURES), max_size=20))
def test_bars_stay_in_the_drawing(figures: list[tuple[Decimal | None, Decimal | None]]) -> None:
    chart = bars([BarRow("甲", value, before, "") for value, before in figures])
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH - ROOM + 0.2
        assert 0 <= bar.before_x <= bar.before_x + bar.before_width <= WIDTH - ROOM + 0.2
        assert 0 < bar.y < chart.height


def test_the_curve_of_three_items() -> None:
    chart = pareto([(1, 60), (2, 90), (3, 100)], [(1, 100)], [("A", 1), ("B", 2), ("C", 3)], [80, 95])
    assert chart.curve.split()[0] == f"{chart.left},{chart.bottom}"
    assert chart.curve.split()[-1] == f"{chart.right},{chart.top}"
    assert [round((area.end.x - chart.left) / PLOT_WIDTH, 2) for area in chart.areas] == [0.33, 0.67, 1.0]
    assert [round((chart.bottom - area.end.y) / PLOT_HEIGHT, 2) for area in chart.areas] == [0.6, 0.9, 1.0]
    assert [line.percent for line in chart.lines] == [95, 80]
    assert chart.lines[1].label_y - chart.lines[0].label_y >= 15
    assert pareto([], [], [], [80, 95]).curve == ""


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=30), st.sets(st.integers(1, 99), min_size=2, max_size=2), st.integers(0, 10**6),
    st.sampled_from(["%s: 1 item, 0.1 %%", "%s：%s项，占99.9%%"]), st.booleans(),
)  # fmt: skip
def test_no_words_of_a_curve_stand_over_others(parts: list[int], limits: set[int], count: int, words: str, classes_at_once: bool) -> None:
    parts.sort(reverse=True)
    steps = [(number, sum(parts[:number])) for number in range(1, len(parts) + 1)]
    ends = [("A", 1), ("B", min(2, len(parts))), ("C", len(parts))] if classes_at_once else [("A", len(parts))]
    chart = pareto(steps, steps, ends, sorted(limits))
    said = {name: words % ((name,) if words.count("%s") == 1 else (name, count)) for name in "ABC"}
    found = chart.words(said, "2025")
    assert [names for names, _word in found] == ["line", "line", *(name for name, _end in reversed(ends)), "before"]
    for place, (_names, word) in enumerate(found):
        assert not any(word.overlaps(other) for _other, other in found[:place])
        assert chart.left < word.at.x
        assert word.at.x + word.width < chart.right
        assert chart.top - 10 < word.at.y < chart.bottom + 20


def test_two_figures_over_time() -> None:
    chart = over_time([Stop("2025", 140, 95, "140", "95"), Stop("2026", 60, 90, "60", "90")])
    assert [label for _y, label in chart.ticks] == ["0", "40", "80", "120", "160"]
    assert [round((chart.bottom - mark.y) / PLOT_HEIGHT * 160) for mark in (*chart.first, *chart.second)] == [140, 60, 95, 90]
    assert chart.first[0].text_y < chart.first[0].y < chart.second[0].y < chart.second[0].text_y, "words stand away from the other line"
    assert chart.second[1].text_y < chart.second[1].y < chart.first[1].y < chart.first[1].text_y
    assert over_time([]).stops == ()


@given(st.lists(st.tuples(st.integers(0, 400).map(Decimal), st.integers(0, 400).map(Decimal)), min_size=1, max_size=12))
def test_lines_stay_in_the_drawing(figures: list[tuple[Decimal, Decimal]]) -> None:
    chart = over_time([Stop("", first, second, "", "") for first, second in figures])
    for mark in (*chart.first, *chart.second):
        assert chart.left < mark.x < chart.right
        assert chart.top <= mark.y <= chart.bottom
        assert 0 < mark.text_y < chart.height
