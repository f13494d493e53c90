from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.freezing import canonical, content_hash, differences, verification_code

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3),
)


def test_order_of_keys_does_not_matter_and_what_is_not_plain_is_refused():
    assert canonical({"b": 1, "a": "堃"}) == '{"a":"堃","b":1}'
    assert content_hash({"b": 1, "a": 2}) == content_hash({"a": 2, "b": 1})
    with pytest.raises(TypeError):
        canonical({"a": Decimal(1)})
    with pytest.raises(ValueError):
        canonical(float("nan"))


@given(plain, plain)
def test_hashes_differ_exactly_where_contents_do(one, other):
    same = canonical(one) == canonical(other)
    assert (content_hash(one) == content_hash(other)) == same


def test_differences_name_the_places():
    old = {"customer": {"name": "甲", "terms": "net30"}, "contacts": [{"name": "李"}]}
    new = {"customer": {"name": "乙", "terms": "net30"}, "contacts": [{"name": "李"}, {"name": "王"}]}
    assert differences(old, new) == [("customer.name", "甲", "乙"), ("contacts.2.name", None, "王")]
    assert differences(old, old) == []


def test_code_of_known_hashes():
    assert verification_code("0" * 64) == "0000-0000-0000"
    assert verification_code("f" * 64) == "ZZZZ-ZZZZ-ZZZZ"
    assert verification_code("08" * 32) == "1040-G208-1040"
