"""Number plates, and figures of meters."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.figures import format_figure, parse_figure
from portal.rules.message import Refusal
from portal.rules.plates import normalise_plate


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("粤B12345", "粤B12345"),
        ("粤b·12345", "粤B12345"),
        ("粤Ｂ １２３４５", "粤B12345"),
        ("京A8C12D", "京A8C12D"),
        ("粤BD12345", "粤BD12345"),
        ("沪AF12345", "沪AF12345"),
        ("粤B12345D", "粤B12345D"),
        ("粤Z1234港", "粤Z1234港"),
        ("粤ZB123澳", "粤ZB123澳"),
        ("京A1234警", "京A1234警"),
        ("川A1234学", "川A1234学"),
        ("苏E1234挂", "苏E1234挂"),
        ("使014578", "使014578"),
        ("京X1234应急", "京X1234应急"),
        ("WJ京1234X", "WJ京1234X"),
    ],
)
def test_plates_are_stored_in_one_way(typed: str, stored: str) -> None:
    assert normalise_plate(typed) == stored
    assert normalise_plate(stored) == stored


@pytest.mark.parametrize(
    "typed", ["", "12345", "粤12345", "粤B1234", "粤B123456", "粤I12345", "粤B1234O", "粤BABCDE", "外B12345", "粤BZ12345"]
)
def test_what_is_no_plate_is_refused(typed: str) -> None:
    with pytest.raises(Refusal):
        normalise_plate(typed)


@given(st.decimals(min_value=0, max_value=10**8, places=3))
def test_figures_come_back_as_they_were(figure: Decimal) -> None:
    assert parse_figure(format_figure(figure)) == figure
    assert parse_figure(float(f"{figure:.3f}")) == figure


@pytest.mark.parametrize(("typed", "figure"), [("1,204.50", "1204.5"), ("０１２０４", "1204"), (300, "300"), (0.0, "0"), (".5", "0.5")])
def test_figures_as_they_are_typed(typed: object, figure: str) -> None:
    assert format_figure(parse_figure(typed)) == figure  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", ["", "-1", "1.2345", "1e3", "12,34", "十", "1000000000", True])
def test_what_is_no_figure_is_refused(typed: object) -> None:
    with pytest.raises(Refusal):
        parse_figure(typed)  # type: ignore[arg-type]
