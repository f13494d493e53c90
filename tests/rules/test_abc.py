"""ABC analysis: who is in which class, and that the classes do not depend on anything they should not (IN-2)."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules import abc
from portal.rules.abc import NO_SALES, RETURNED, Curve, Thresholds, curve, thresholds
from portal.rules.message import Refusal

# A published exercise of inventory management: yearly use of 16 items (demand × price) and their class at 80 % and 95 %. The classes
# were worked out by the exercise itself; the sums beside them are 72.6 % after the third item, 81.8 % after the fourth, 94.4 % after the
# ninth and 96.3 % after the tenth.
PUBLISHED = {
    1: ("9028.00", "B"), 2: ("252.00", "C"), 3: ("2024.00", "B"), 4: ("1408.00", "C"), 5: ("36385.00", "A"), 6: ("1092.00", "C"),
    7: ("1881.00", "B"), 8: ("3231.00", "B"), 9: ("3374.00", "B"), 10: ("120.00", "C"), 11: ("1919.00", "B"), 12: ("12516.00", "A"),
    13: ("315.00", "C"), 14: ("484.00", "C"), 15: ("22436.00", "A"), 16: ("1786.00", "C"),
}  # fmt: skip
LIMITS = st.tuples(st.integers(1, 98), st.integers(1, 98)).map(lambda pair: Thresholds(min(pair), max(pair) + 1))
AMOUNTS = st.lists(st.integers(-300, 3000).map(lambda fen: Decimal(fen).scaleb(-2)), max_size=60)


def _classes(found: Curve, amounts: list[Decimal], limits: Thresholds) -> list[str]:
    return [limits.class_of(found.percent_of(amount)) for amount in amounts]


def test_the_published_exercise_comes_out_by_its_numbers() -> None:
    amounts = [Decimal(amount) for amount, _name in PUBLISHED.values()]
    found = curve(amounts)
    assert found.total == Decimal("98251.00")
    assert _classes(found, amounts, thresholds("80/95")) == [name for _amount, name in PUBLISHED.values()]
    assert [(part.name, part.number, part.amount) for part in found.parts(thresholds("80/95"))] == [
        ("A", 3, Decimal("71337.00")), ("B", 6, Decimal("21457.00")), ("C", 7, Decimal("5457.00")),
    ]  # fmt: skip
    assert [part.number for part in found.parts(thresholds("55/85"))] == [1, 3, 12]
    assert [abc.share(part.amount, found.total) for part in found.parts(thresholds("55/85"))] == [
        Decimal("37.0"),
        Decimal("44.8"),
        Decimal("18.2"),
    ]


def test_what_crosses_a_threshold_is_in_the_lower_class_and_what_reaches_it_is_not() -> None:
    assert _classes(curve([50, 30, 15, 5]), [50, 30, 15, 5], Thresholds(80, 95)) == ["A", "A", "B", "C"]
    assert _classes(curve([50, 31, 14, 5]), [50, 31, 14, 5], Thresholds(80, 95)) == ["A", "B", "B", "C"]


def test_equal_amounts_are_one_step() -> None:
    amounts = [40, 25, 25, 10]
    assert _classes(curve(amounts), amounts, Thresholds(80, 95)) == ["A", "B", "B", "C"]
    assert _classes(curve([7] * 10), [7], Thresholds(55, 85)) == ["A"]


def test_the_first_is_always_a() -> None:
    assert _classes(curve([99, 1]), [99, 1], Thresholds(80, 95)) == ["A", "C"]


def test_what_is_not_sold_stands_apart_and_is_no_part_of_the_total() -> None:
    found = curve([Decimal(10), Decimal(0), Decimal(-4), Decimal(0)])
    assert (found.total, found.count, found.without, found.returned, found.returned_amount) == (10, 1, 2, 1, -4)
    assert [abc.reason(amount) for amount in (Decimal(1), Decimal(0), Decimal(-1))] == ["", NO_SALES, RETURNED]
    assert Thresholds(80, 95).class_of(found.percent_of(Decimal(-4))) == ""
    assert [part.number for part in curve([]).parts(Thresholds(80, 95))] == [0, 0, 0]


@given(AMOUNTS, LIMITS, st.randoms(use_true_random=False))
def test_neither_order_nor_the_way_of_reading_changes_a_class(amounts: list[Decimal], limits: Thresholds, chance: random.Random) -> None:
    found, mixed = curve(amounts), list(amounts)
    chance.shuffle(mixed)
    assert curve(mixed) == found
    total = sum((amount for amount in amounts if amount > 0), Decimal(0))
    assert curve(sorted(amounts, reverse=True), total) == found
    assert Curve.of_plain(found.plain()) == found
    fen = curve([int(amount * 100) for amount in amounts])
    assert _classes(fen, [int(amount * 100) for amount in amounts], limits) == _classes(found, amounts, limits)


@given(AMOUNTS, LIMITS)
def test_classes_follow_the_amounts_and_parts_add_up(amounts: list[Decimal], limits: Thresholds) -> None:
    found = curve(amounts)
    names = _classes(found, sorted((amount for amount in amounts if amount > 0), reverse=True), limits)
    assert names == sorted(names)
    parts = found.parts(limits)
    assert sum(part.amount for part in parts) == found.total
    assert [part.number for part in parts] == [names.count(name) for name in abc.CLASSES]
    assert found.count + found.without + found.returned == len(amounts)


@given(AMOUNTS, LIMITS)
def test_a_class_is_what_its_definition_says(amounts: list[Decimal], limits: Thresholds) -> None:
    found, sold = curve(amounts), [amount for amount in amounts if amount > 0]
    for amount in sold:
        leading = sum(other for other in sold if other >= amount)
        within = [100 * leading <= percent * found.total for percent in limits]
        expected = "A" if amount == max(sold) or within[0] else "B" if within[1] else "C"
        assert limits.class_of(found.percent_of(amount)) == expected


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=40), LIMITS)
def test_moves_count_everybody_once(pairs: list[tuple[int, int]], limits: Thresholds) -> None:
    moved = abc.classes_moved(abc.moves(pairs), limits)
    assert sum(moved.values()) == len(pairs)


@pytest.mark.parametrize("text", ["", "80", "95/80", "80/80", "0/95", "80/100", "8O/95", None, 80])
def test_thresholds_that_make_no_sense_are_refused(text: object) -> None:
    with pytest.raises(Refusal):
        thresholds(text)


def test_shares_and_changes() -> None:
    assert abc.share(Decimal(1), Decimal(3)) == Decimal("33.3")
    assert abc.share(Decimal(1), Decimal(400)) == Decimal("0.3")  # halves go up, as a reader counts
    assert abc.share(Decimal(1), Decimal(0)) is None
    assert abc.change(Decimal(150), Decimal(100)) == Decimal("50.0")
    assert abc.change(Decimal(401), Decimal(400)) == Decimal("0.3")
    assert abc.change(Decimal(1), Decimal(0)) is None
