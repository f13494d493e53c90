import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.page_numbers import page_runs, shown_run


@given(st.lists(st.integers(1, 2000), max_size=60), st.integers(1, 50))
def test_runs_follow_each_other_without_a_gap_and_have_as_many_pages_as_the_documents(counts, start):
    runs = page_runs(counts, start)
    assert [last - first + 1 for first, last in runs] == counts
    assert [first for first, _last in runs] == [start + sum(counts[:place]) for place in range(len(counts))]


def test_a_document_without_a_page_has_no_run():
    with pytest.raises(ValueError, match="interleaf"):
        page_runs([1, 0])


def test_one_page_is_named_once():
    assert (shown_run(7, 7), shown_run(7, 12)) == ("7", "7-12")
