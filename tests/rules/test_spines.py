"""Spine labels: all of them on the sheets, and what stands on one within its room (PR-6)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.spines import LEADING, ROOM, label_width, length, set_downwards, sheets

SPINES = st.sampled_from([20, 30, 40, 50, 60])
TEXTS = st.text(st.sampled_from("深圳市华运机电（集团）有限公司𠮷䶮 ABCWil-·0123456789Co., Ltd"), min_size=1, max_size=60)


@given(st.lists(SPINES, max_size=80))
def test_every_label_stands_once_and_in_order_and_none_beyond_the_sheet(spines):
    widths = [label_width(spine) for spine in spines]
    found = sheets(widths)
    assert [place for sheet in found for place in sheet] == list(range(len(widths)))
    assert all(sum(widths[place] for place in sheet) <= ROOM for sheet in found)
    for sheet, after in pairwise(found):
        assert sum(widths[place] for place in [*sheet, after[0]]) > ROOM


def test_what_is_wider_than_a_sheet_is_refused():
    with pytest.raises(ValueError, match="200"):
        sheets([200])


@given(TEXTS, st.floats(4, 58), st.floats(20, 100), st.floats(3, 14))
def test_a_text_stays_within_its_room_and_loses_nothing_unless_it_says_so(text, width, height, largest):
    fitted = set_downwards(text, width, height, largest)
    said = " ".join(text.split())
    assert fitted.size <= max(largest, 2.25)
    assert fitted.columns == 1 or fitted.columns * fitted.size * LEADING <= width + 1e-6
    for piece in fitted.pieces:
        assert piece.start >= 0
        assert piece.start + piece.length <= height + 1e-6
        assert piece.upright is False or len(piece.text) == 1
    for first, second in pairwise(fitted.pieces):
        assert second.column > first.column or second.start >= first.start + first.length - 1e-6
    shown = "".join(piece.text for piece in fitted.pieces)
    if fitted.cut:
        assert shown.endswith("…")
        assert said.startswith(shown[:-1].rstrip())
    else:
        assert shown == said


def test_a_short_name_takes_the_largest_size_and_a_long_one_a_smaller():
    short, long = (set_downwards(name, 36, 80, 13) for name in ("华运机电", "深圳市华运机电设备进出口（集团）股份有限公司南山分公司"))
    assert short.size == 13
    assert (short.columns, long.columns) == (1, 2)
    assert 5 < long.size < 13


def test_a_number_is_cut_in_two_only_where_it_would_be_too_small_otherwise():
    assert [piece.text for piece in set_downwards("0001-KH·2026-D10-KF-0001", 18, 60, 6).pieces] == ["0001-KH·2026-D10-KF-0001"]
    assert len(set_downwards("0001-KH·2026-D10-KF-0001", 18, 20, 6).pieces) > 1


def test_latin_lies_on_its_side_and_chinese_stands():
    pieces = set_downwards("华运ABC-1号", 20, 100, 5).pieces
    assert [(piece.text, piece.upright) for piece in pieces] == [("华", True), ("运", True), ("ABC-1", False), ("号", True)]
    assert length("WWWW") > length("iiii")
