"""Who is found as a likely duplicate, by whom it may be seen, and the scan of a whole register (AR-3)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal import jobs
from portal.database import db
from portal.models.customer import Customer, derived
from portal.models.duplicate import Candidate, LikelyDuplicates, declare_different, ensure_distinct, find
from portal.models.duplicate_scan import DuplicateScan
from portal.models.merge import CustomerMerge
from portal.models.staff import Staff
from portal.rules.grams import search_grams
from portal.rules.likeness import NEIGHBOURS, alternatives, like_pairs, variants
from portal.rules.message import Refusal
from portal.rules.names import LIKELY, name_stem, similarity, stem_similarity, without_place
from tests import factories

CODE = "91440300708461136T"


def made(owner: str = "rep1", **fields: Any) -> Customer:
    return factories.customer(owner, **fields, **derived(fields))


def found(user: Staff, **typed: Any) -> list[Candidate]:
    return find(user, **typed)


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ({"full_name": "华为技术公司"}, ("full_name",)),
        ({"full_name": "华为技术(集团)股份有限公司"}, ("full_name",)),
        ({"full_name": "深圳市华为技术"}, ("full_name",)),
        ({"full_name": "华为科技术有限公司"}, ("full_name",)),
        ({"full_name": "旧华为技术有限公司"}, ("full_name",)),
        ({"full_name": "前进电子有限公司"}, ("full_name",)),
        ({"credit_code": "9144 0300 7084 6113 6t"}, ("credit_code",)),
        ({"telephone": "(0755) 2878 0808"}, ("telephone",)),
        ({"telephone": "+86 136 1234 5678"}, ("telephone",)),
        ({"full_name": "华为技术", "credit_code": CODE}, ("credit_code", "full_name")),
        ({"full_name": "中兴技术有限公司"}, None),
        ({"full_name": "深圳市中兴通讯", "telephone": "0755-28780809"}, None),
        ({}, None),
    ],
)
def test_what_makes_a_likely_duplicate(staff: dict[str, Staff], typed: dict[str, str], same: tuple[str, ...] | None) -> None:
    there = made(full_name="华为技术有限公司", former_names="前进电子公司", credit_code=CODE, telephone="0755-28780808")
    factories.contact(there, telephone="136 1234 5678", telephone_key="13612345678")
    assert [(one.id, one.same) for one in found(staff["rep1"], **typed)] == ([] if same is None else [(there.id, same)])


def test_outside_the_scope_nothing_but_whom_to_ask(staff: dict[str, Staff]) -> None:
    there = made("rep3", full_name="华为技术有限公司", credit_code=CODE, telephone="0755-28780808", city="深圳市")
    assert found(staff["rep1"], full_name="华为技术", credit_code=CODE) == [Candidate(there.id, False, "孙三省")]
    staff["rep3"].active = False
    db.session.commit()
    assert found(staff["rep1"], credit_code=CODE) == [Candidate(there.id, False, "吴六合")]


def test_merged_records_are_not_offered_their_survivor_is(staff: dict[str, Staff]) -> None:
    survivor, loser = made(full_name="甲乙丙丁有限公司"), made(full_name="华为技术有限公司")
    CustomerMerge.carry_out(survivor, loser, by=staff["sup1"])
    db.session.commit()
    assert [one.id for one in found(staff["rep1"], full_name="华为技术有限公司")] == [survivor.id]


def test_what_was_declared_different_is_not_offered_again(staff: dict[str, Staff]) -> None:
    one, other = made(full_name="华为技术有限公司"), made(full_name="华为技术公司")
    with pytest.raises(LikelyDuplicates) as raised:
        ensure_distinct(other, by=staff["rep1"], fields={"full_name"})
    assert [candidate.id for candidate in raised.value.candidates] == [one.id]
    ensure_distinct(other, by=staff["rep1"], fields={"full_name"}, insisted={one.id})
    db.session.commit()
    ensure_distinct(other, by=staff["rep1"], fields={"full_name"})
    assert found(staff["rep1"], full_name=one.full_name, of=one.id) == []
    assert not declare_different(one.id, other.id, by=staff["rep1"])


_STEMS = st.text(alphabet="华为鑫源达科技信息深圳市", min_size=1, max_size=12)


@given(_STEMS, st.integers(0, 11), st.sampled_from("华新") | st.just(""), st.booleans())
def test_the_index_and_the_scan_bring_one_slip_together(stem: str, place: int, sign: str, wrong: bool) -> None:
    place = min(place, len(stem))
    other = stem[:place] + sign + stem[place + wrong :]
    one, two = name_stem(stem), name_stem(other)
    if (without_place(one) == one) != (without_place(two) == two):
        return  # the slip makes a place of the beginning, or breaks one
    if stem_similarity(one, two) < LIKELY or any(a != name_stem(a) or a not in b for a, b in ((one, stem), (two, other))):
        return
    held = set(search_grams(other))
    assert any(held >= set(tokens) for tokens in alternatives(stem))
    assert set(variants(one)) & set(variants(two))


@given(st.lists(_STEMS.map(name_stem).filter(bool), min_size=2, max_size=8))
def test_pairs_within_a_block_are_those_that_are_alike(stems: list[str]) -> None:
    expected = {
        (first, second, stem_similarity(stems[first], stems[second]))
        for second in range(len(stems))
        for first in range(second)
        if stem_similarity(stems[first], stems[second]) >= LIKELY
    }
    assert set(like_pairs(stems)) == expected
    assert len(stems) < NEIGHBOURS


def scan_of(user: Staff) -> DuplicateScan:
    scan = DuplicateScan.begin(by=user)
    db.session.commit()
    assert scan.job is not None
    jobs.start(scan.job)
    last = DuplicateScan.last_of(user)
    assert last is not None
    return last


def test_a_scan_finds_every_kind_of_pair_in_scope_and_no_other(app: Flask, staff: dict[str, Staff]) -> None:
    code = [made(full_name=name, credit_code=CODE) for name in ("甲有限公司", "乙有限公司")]
    phone = [made(full_name="丙有限公司", telephone="0755-28780808"), made(full_name="丁有限公司")]
    factories.contact(phone[1], telephone="x", telephone_key="075528780808")
    name = [made("rep2", full_name="华鑫源信息科技有限公司"), made(full_name="深圳市华鑫源信息科技公司")]
    made("rep3", full_name="华鑫源信息科技有限责任公司", credit_code=CODE, telephone="0755-28780808")
    settled = [made(full_name="某某设备有限公司"), made(full_name="某某设备公司")]
    declare_different(settled[0].id, settled[1].id, by=staff["sup1"])
    scan = scan_of(staff["sup1"])
    rows = scan.page(staff["sup1"])
    assert [(row.first_id, row.second_id) for row in rows] == [tuple(one.id for one in pair) for pair in (code, phone, name)]
    assert [(row.same_code, row.same_telephone, row.name_score) for row in rows] == [(True, False, 0), (False, True, 0), (False, False, 95)]
    assert similarity(name[0].full_name, name[1].full_name) == 95
    assert [row.id for row in scan.page(staff["sup1"], after=(rows[0].rank, rows[0].id))] == [row.id for row in rows[1:]]
    assert scan.page(staff["sup2"]) == []
    assert scan_of(staff["mgr1"]).found > 3


def test_a_new_scan_takes_the_place_of_the_last_and_only_one_runs(staff: dict[str, Staff]) -> None:
    made(full_name="华为技术有限公司")
    made(full_name="华为技术公司")
    scan_of(staff["sup1"])
    assert scan_of(staff["sup1"]).found == 1
    assert db.session.query(DuplicateScan).count() == 1
    DuplicateScan.begin(by=staff["sup1"])
    with pytest.raises(Refusal, match="running"):
        DuplicateScan.begin(by=staff["sup1"])
