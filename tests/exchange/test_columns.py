"""Heads are matched and cells become values, with each problem named by column and reason (AR-40)."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.exchange.columns import Choice, Column, ImportTable, compile_mapping, headers_fingerprint, match_headers, parse_row
from portal.rules.message import Refusal

NATURES = (Choice("government", "government body", "政府机关"), Choice("ordinary", "ordinary company", "一般企业", ("普通企业",)))
TABLE = ImportTable(
    "customers",
    (
        Column("number", "Number", "客户编号", kind="code", max_length=12),
        Column("name", "Full name", "客户全称", ("公司名称", "单位名称"), required=True, max_length=10),
        Column("nature", "Nature", "客户性质", kind="choice", choices=NATURES),
        Column("purchase", "Average monthly purchase", "月平均采购额", kind="amount"),
        Column("staff", "Number of staff", "员工人数", kind="integer"),
        Column("first_deal", "First deal", "首次成交日期", kind="date"),
        Column("key", "Key account", "重点客户", kind="boolean"),
        Column("telephone", "Telephone", "联系电话", ("电话",), kind="phone"),
        Column("email", "E-mail", "电子邮箱", kind="email"),
    ),
)


def value(name: str, cell: object) -> object:
    """The value of one cell; fails when there is a problem."""
    values, problems = parse_row(TABLE, {0: name, 1: "name"} if name != "name" else {0: name}, [cell, "甲"])
    assert problems == []
    return values[name]


def reason(name: str, cell: object) -> str:
    """The one problem of one cell."""
    values, (problem,) = parse_row(TABLE, {0: name, 1: "name"} if name != "name" else {0: name}, [cell, "甲"])
    assert (problem.column, problem.value, values[name]) == (name, cell, None)
    return str(problem.message)


def test_heads_in_both_languages_and_usual_variants():
    heads = [
        "客户编号*",
        " 单位　名称 ",
        "NATURE",
        "月平均采购额（万元）",
        "Number of staff [all]",
        "首次成交日期：",
        "电 话",
        "E－mail",
        "备注",
    ]
    names = ["number", "name", "nature", "purchase", "staff", "first_deal", "telephone", "email"]
    assert match_headers(heads, TABLE) == dict(enumerate(names))


def test_similar_heads_match_but_not_with_other_numerals():
    table = ImportTable(
        "t", (Column("one", "Emergency contact 1", "紧急联系人1"), Column("purchase", "Average monthly purchase", "月平均采购额"))
    )
    assert match_headers(["Emergency contact 2", "Averge montly purchase"], table) == {1: "purchase"}


def test_one_column_is_given_once_and_the_better_match_has_it():
    assert match_headers(["公司名称（英文）", "公司名称"], TABLE) == {1: "name"}
    assert match_headers(["公司名称", "客户全称"], TABLE) == {1: "name"}  # its own name before an alias
    assert match_headers(["客户全称", "客户全称"], TABLE) == {0: "name"}


@given(st.lists(st.sampled_from([head for column in TABLE.columns for head in column.headers] + ["x", ""]), max_size=30))
def test_no_column_is_given_twice(heads):
    names = list(match_headers(heads, TABLE).values())
    assert len(names) == len(set(names))


@given(st.permutations([column.title_zh for column in TABLE.columns]))
def test_every_order_of_heads_is_matched(heads):
    by_title = {column.title_zh: column.name for column in TABLE.columns}
    assert match_headers(heads, TABLE) == {index: by_title[head] for index, head in enumerate(heads)}


def test_fingerprint_is_of_heads_and_order_not_of_spelling():
    assert headers_fingerprint(["*客户编号", "电话 ", ""]) == headers_fingerprint(["客户编号", "电话"])
    assert headers_fingerprint(["客户编号", "电话"]) != headers_fingerprint(["电话", "客户编号"])
    assert headers_fingerprint(["客户", "编号"]) != headers_fingerprint(["客户编号"])


def test_corrected_mapping_is_checked():
    for mapping in ({0: "name", 1: "name"}, {0: "no such"}):
        with pytest.raises(Refusal):
            compile_mapping(TABLE, mapping)


@pytest.mark.parametrize(
    ("name", "cell", "expected"),
    [
        ("name", "　甲公司 ", "甲公司"),
        ("name", 123.0, "123"),
        ("number", " kh 001 ", "KH001"),
        ("number", "ＫＨ００１", "KH001"),
        ("number", 20260001.0, "20260001"),
        ("nature", "政府机关", "government"),
        ("nature", " Ordinary Company", "ordinary"),
        ("nature", "普通企业", "ordinary"),
        ("nature", "government", "government"),
        ("purchase", "１，２３４．５", Decimal("1234.50")),
        ("purchase", "1.5亿", Decimal("150000000")),
        ("purchase", "3万", Decimal("30000")),
        ("purchase", 0.1 + 0.2, Decimal("0.30")),
        ("staff", "1,200", 1200),
        ("staff", 25.0, 25),
        ("first_deal", "2026年3月5日", date(2026, 3, 5)),
        ("first_deal", "2026.3.5", date(2026, 3, 5)),
        ("first_deal", 46086.0, date(2026, 3, 5)),
        ("first_deal", datetime.combine(date(2026, 3, 5), time(10, 30)), date(2026, 3, 5)),
        ("key", "是", True),
        ("key", "×", False),
        ("key", 1.0, True),
        ("telephone", 13800138000.0, "13800138000"),
        ("telephone", "（021）１２３４－５６７８ 转 801", "(021)1234-5678 转 801"),
        ("telephone", "010-88886666、+86 138 0013 8000", "010-88886666、+86 138 0013 8000"),
        ("email", " Zhang@Example.COM ", "Zhang@example.com"),
        ("purchase", " 　 ", None),
        ("first_deal", "", None),
        ("telephone", None, None),
    ],
)
def test_cell_becomes_value(name, cell, expected):
    assert value(name, cell) == expected


@pytest.mark.parametrize(
    ("head", "cell", "expected"),
    [
        ("采购额（万元）", "12.5", Decimal("125000")),
        ("采购额（万元）", 0.1 + 0.2, Decimal("3000.00")),
        ("采购额（万元）", "-1,234.5", Decimal("-12345000")),
        ("采购额（万元）", "(２)", Decimal("-20000")),
        ("采购额（万元）", "3元", Decimal("3.00")),
        ("采购额[单位：人民币千元]", 7, Decimal("7000")),
        ("采购额/百万元", "1", Decimal("1000000")),
        ("采购额 亿元", "1", Decimal("100000000")),
        ("采购额（元）", "12.5", Decimal("12.50")),
        ("采购额（千克）", "12.5", Decimal("12.50")),
    ],
)
def test_a_head_says_in_what_its_figures_are_counted(head, cell, expected):
    values, problems = compile_mapping(TABLE, {0: "purchase"}, heads=[head])([cell])
    assert (values["purchase"], [one for one in problems if one.column == "purchase"]) == (expected, [])


def test_a_unit_behind_a_head_does_not_hide_it():
    assert match_headers(["月平均采购额/万元"], TABLE) == match_headers(["月平均采购额（万元）"], TABLE) == {0: "purchase"}


@pytest.mark.parametrize(
    ("name", "cell", "words"),
    [
        ("name", "　", "Required"),
        ("name", "甲" * 11, "10 characters"),
        ("number", "A" * 13, "12 characters"),
        ("number", 911101000000000000.0, "lost the last digits"),
        ("number", "9.11101E+17", "lost the last digits"),
        ("telephone", "1.38E+10", "lost the last digits"),
        ("nature", "外星", "government body"),
        ("purchase", "很多", "amount"),
        ("purchase", True, "amount"),
        ("staff", "2.5", "whole number"),
        ("staff", 2.5, "whole number"),
        ("first_deal", "2026-02-30", "calendar"),
        ("first_deal", True, "date"),
        ("key", "也许", "yes or no"),
        ("telephone", "张三", "telephone"),
        ("telephone", "12", "telephone"),
        ("email", "zhang.example.com", "e-mail"),
    ],
)
def test_problem_is_named(name, cell, words):
    assert words in reason(name, cell)


def test_missing_required_column_and_short_rows():
    parse = compile_mapping(TABLE, {0: "number", 3: "telephone"})
    values, problems = parse(["KH1"])
    assert values == {"number": "KH1", "telephone": None}
    assert [problem.column for problem in problems] == ["name"]


def test_every_problem_of_a_row_is_told():
    _, problems = parse_row(TABLE, {0: "name", 1: "staff", 2: "first_deal"}, ["", "x", "y"])
    assert [problem.column for problem in problems] == ["name", "staff", "first_deal"]


def full_width(text: str) -> str:
    return text.translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789,.-/"})


@given(st.dates(date(1900, 3, 1), date(2099, 12, 31)))
def test_every_form_of_a_date_is_the_same_day(day):
    serial = (day - date(1899, 12, 30)).days
    forms = [
        f"{day:%Y-%m-%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
    ]
    for form in [*forms, *map(full_width, forms), f"　{forms[0]} ", day, serial, float(serial)]:
        assert value("first_deal", form) == day


@given(st.decimals(-(10**9), 10**9, places=2))
def test_every_form_of_an_amount_is_the_same_amount(amount):
    forms = [f"{amount:,}", f"{amount}", full_width(f"{amount:,}"), f"￥{amount}元" if amount >= 0 else f"{amount}元", float(amount)]
    for form in forms:
        assert value("purchase", form) == amount
    assert value("purchase", f"{amount}万") == amount * 10_000


@given(st.integers(-(10**12), 10**12))
def test_whole_numbers_as_text_and_as_number(number):
    assert value("staff", number) == value("staff", float(number)) == value("staff", f"{number:,}") == number


@given(st.text())
def test_any_text_gives_a_value_or_a_problem(cell):
    mapping = {index: column.name for index, column in enumerate(TABLE.columns)}
    values, problems = parse_row(TABLE, mapping, [cell] * len(mapping))
    assert set(values) == set(mapping.values())
    assert all(values[problem.column] is None for problem in problems)


def test_an_error_of_the_spreadsheet_is_no_value_of_any_column():
    for name in ("number", "nature", "purchase", "staff", "first_deal", "key", "telephone", "email", "name"):
        assert reason(name, "#N/A").startswith("The cell holds an error of the spreadsheet")
    assert value("name", "#1 仓库") == "#1 仓库"
