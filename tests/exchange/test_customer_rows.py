"""Rows read as customers: the quick way for sound rows says what the way cell by cell says (AR-40)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import clock
from portal.exchange.customer_rows import Record, RowReader
from portal.exchange.customer_table import customer_table

MORNING = datetime(2024, 5, 1, 8)  # noqa: DTZ001 - cells of a spreadsheet know no zone
HEADS = {
    "客户全称": "full_name", "统一社会信用代码": "credit_code", "省份": "province", "电话": "telephone", "企业规模": "size",
    "注册资本（万元）": "registered_capital", "成立日期": "established_on", "员工人数": "staff_count", "经营范围": "business_scope",
    "客户编号": "number", "负责人": "owner", "登记日期": "registered_on", "联系人": "contact1_name", "联系人电话": "contact1_telephone",
    "决策人": "contact1_decides", "联系人保存目的": "contact1_kept_for", "联系人2": "contact2_name", "联系人2邮箱": "contact2_email",
}  # fmt: skip
SOUND = [
    "深圳恒达有限公司", "91440300MA5000001X", "广东", "0755-20000001", "大型", "500", "2020-03-05", 12, "批发\n零售",
    "C20260000001", "专员1", MORNING, "张伟", "138 1234 5678", "是", "日常联系", "", "",
]  # fmt: skip
CELLS = st.sampled_from(
    ["", " ", "有限公司", "Ａcme 股份", "广东省", "Gansu", "0755-20000001", "转8", "abc", "110", "大型", "巨大", "500", "-3",
     "1.5万", "１２", "2020-03-05", "2020-13-45", "是", "否", "a@b.cn", "91440300MA5000001X", "x" * 400, 3.0, 2.5, -1, 10**16, True,
     date(2020, 3, 5), MORNING]
)  # fmt: skip


@pytest.fixture
def reader(app: object) -> RowReader:
    return RowReader(customer_table(), dict(enumerate(HEADS.values())), list(HEADS))


def test_a_sound_row_is_read_once(reader: RowReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_read_each", None)
    record = reader.read(7, SOUND)
    assert record.card["telephone"] == "0755-20000001"
    assert record.card["registered_capital"] == "5000000.00"
    assert (record.card["province"], record.registered_on, record.owner) == ("广东省", "2024-05-01", "专员1")
    assert record.contacts == [{"name": "张伟", "telephone": "138 1234 5678", "decides": True, "kept_for": "日常联系"}]
    assert record.derived["telephone_key"] == "075520000001"
    assert not record.problems


@pytest.mark.parametrize(("head", "column"), [("成立日期", "established_on"), ("登记日期", "registered_on")])
def test_a_day_that_has_not_come_is_a_problem_of_its_cell(reader: RowReader, head: str, column: str) -> None:
    cells = list(SOUND)
    cells[list(HEADS).index(head)] = (clock.today() + timedelta(days=1)).isoformat()
    assert [(one.column, one.message.text) for one in reader.read(7, cells).problems] == [(column, "This day has not come yet.")]


def _said(record: Record) -> tuple[object, ...]:
    plain = [(name, getattr(record, name)) for name in Record.__slots__ if name != "card"]
    # The order of the fields as well: the fingerprint of a row depends on it.
    return (plain, list(record.card.items()), [type(value) for value in record.card.values()])


def test_both_ways_say_the_same(reader: RowReader) -> None:
    other = RowReader(customer_table(), dict(enumerate(HEADS.values())), list(HEADS))

    @given(st.integers(0, len(SOUND)), st.lists(CELLS, min_size=1, max_size=4), st.booleans())
    def check(place: int, cells: list[object], bare: bool) -> None:
        row = [] if bare else list(SOUND)
        row[place : place + len(cells)] = cells
        row = row[: len(HEADS)]
        assert _said(reader.read(3, list(row))) == _said(other._read_each(3, list(row)))

    check()
