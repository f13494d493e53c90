import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.message import Refusal
from portal.rules.numbering import (
    CODE_ALPHABET,
    customer_number,
    grouped_verification_code,
    normalise_verification_code,
    parse_customer_number,
    verification_code,
)


def test_a_customer_number():
    assert customer_number("C", 2026, 123) == "C2026000123"
    assert customer_number("C", 2026, 1234567) == "C20261234567"
    assert parse_customer_number(" ｃ2026-000123 ") == ("C", 2026, 123)


@given(st.from_regex(r"[A-Z]{1,6}", fullmatch=True), st.integers(1000, 2999), st.integers(1, 10**12 - 1))
def test_customer_numbers_are_read_back(prefix, year, serial):
    assert parse_customer_number(customer_number(prefix, year, serial)) == (prefix, year, serial)


@pytest.mark.parametrize("text", ["", "2026000123", "C2026123", "C2026000000", "C20260001234", "华为"])
def test_what_is_no_customer_number_is_refused(text):
    with pytest.raises(Refusal):
        parse_customer_number(text)


@pytest.mark.parametrize("parts", [("c", 2026, 1), ("", 2026, 1), ("C", 999, 1), ("C", 2026, 0)])
def test_numbers_out_of_range_are_not_made(parts):
    with pytest.raises(ValueError, match="no customer number"):
        customer_number(*parts)


def test_verification_codes_differ_and_are_read_as_printed():
    codes = {verification_code() for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        assert len(code) == 12
        assert set(code) <= set(CODE_ALPHABET)
        assert normalise_verification_code(grouped_verification_code(code).lower()) == code
    assert not set("01OILU") & set(CODE_ALPHABET)
    assert grouped_verification_code("K7QM2XDR9TBC") == "K7QM-2XDR-9TBC"


@pytest.mark.parametrize("text", ["", "K7QM-2XDR-9TB", "K7QM-2XDR-9TB0", "K7QM-2XDR-9TBCC"])
def test_what_is_no_code_is_refused(text):
    with pytest.raises(Refusal):
        normalise_verification_code(text)
