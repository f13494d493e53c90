from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.archive_numbers import RETENTIONS, START_TEMPLATE, archive_number, check_template, rank, retained_until, series_of
from portal.rules.message import Refusal

PARTS = {"fonds": "0001", "category": "KH", "year": 2026, "retention": "D30", "office": "KF", "kind": "company"}


def test_the_starting_template_makes_numbers_of_da_t_22():
    assert archive_number(START_TEMPLATE, PARTS, 12) == "0001-KH·2026-D30-KF-0012"


def test_a_site_may_number_in_its_own_way():
    template = "{fonds}-{year}-{office}-{item:3}"
    check_template(template)
    assert archive_number(template, {**PARTS, "fonds": "003", "office": "B"}, 1) == "003-2026-B-001"


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{fonds}-{year}", "needs {item} once"),
        ("{item}-{item}", "needs {item} once"),
        ("{fonds}{item}", "between two parts"),
        ("{shelf}-{item}", "no part"),
        ("{year:4}-{item}", "Only {item}"),
        ("{item:9}", "Only {item}"),
        ("{item}<b>", "Between the parts"),
    ],
)
def test_templates_that_are_refused(template, says):
    with pytest.raises(Refusal, match=says.replace("{", r"\{").replace("}", r"\}")):
        check_template(template)


@given(st.text(max_size=60))
def test_any_template_is_accepted_or_refused_and_an_accepted_one_tells_items_apart(template):
    try:
        check_template(template)
    except Refusal:
        return
    assert archive_number(template, PARTS, 1) != archive_number(template, PARTS, 2)


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.sampled_from(sorted(RETENTIONS)), st.integers(2000, 2100))
def test_numbers_differ_where_anything_differs(one, other, retention, year):
    mine = archive_number(START_TEMPLATE, {**PARTS, "retention": retention, "year": year}, one)
    theirs = archive_number(START_TEMPLATE, PARTS, other)
    assert (mine == theirs) == ((one, retention, year) == (other, "D30", 2026))


def test_a_series_is_the_number_without_its_item():
    assert series_of(START_TEMPLATE, PARTS) == "0001-KH·2026-D30-KF-*"


@pytest.mark.parametrize(("retention", "last"), [("Y", None), ("D30", date(2056, 12, 31)), ("D10", date(2036, 12, 31))])
def test_how_long_documents_are_kept(retention, last):
    assert retained_until(retention, 2026) == last


def test_what_is_kept_longer_comes_first():
    assert sorted(["D10", "Y", "D30"], key=rank) == ["Y", "D30", "D10"]
