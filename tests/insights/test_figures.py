"""Composition and ABC analysis: right to the cent, in everybody's scope, and the same whether counted at once or by the worker (IN-2)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import jobs
from portal.blueprints.insights.jobs import count_all, count_now
from portal.database import db
from portal.models import abc_analysis, composition, composition_list, insight
from portal.models.abc_analysis import AbcQuery, Analysis
from portal.models.composition import CompositionQuery, Span
from portal.models.composition_list import PartQuery
from portal.models.customer import Customer
from portal.models.insight import InsightCount
from portal.models.job import Job
from portal.models.staff import Staff
from portal.rules.abc import thresholds
from tests import factories
from tests.sales.samples import payment, person, product, sale

PUBLISHED = (36385, 22436, 12516, 9028, 3374, 3231, 2024, 1919, 1881, 1786, 1408, 1092, 484, 315, 252, 120)
"""The yearly use of the 16 items of a published exercise (see tests/rules/test_abc.py): three are A at 80 %, nine A or B at 95 %."""


def _customers(amounts: tuple[int, ...], year: int = 2025, owner: str = "rep1") -> list[Customer]:
    found = [factories.customer(owner) for _amount in amounts]
    for customer, amount in zip(found, amounts, strict=True):
        sale(customer, day=date(year, 3, 1), amount=Decimal(amount))
    return found


def _abc(user: Staff, **values: str) -> tuple[AbcQuery, Analysis]:
    query = AbcQuery.read({"year": "2025", **values})
    found = abc_analysis.of(user, query, insight.few(user))
    assert found is not None
    return query, found


def _rows(user: Staff, **values: str) -> list[abc_analysis.Row]:
    query, found = _abc(user, **values)
    return list(abc_analysis.rows(user, query, found))


@pytest.fixture(params=["at once", "counted"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what must be called before a figure is asked for: it has the worker count, where somebody sees many customers."""

    def count(user: Staff, *questions: str) -> None:
        if request.param == "counted":
            monkeypatch.setattr(insight, "AT_ONCE", 0)
            for question in questions:
                count_now(user, question, asked=True)

    return count


@pytest.mark.usefixtures("app")
def test_the_published_exercise_by_customers(many: Any) -> None:
    _customers(PUBLISHED)
    many(person("mgr1"), "abc/customers/2025")
    rows = _rows(person("mgr1"))
    assert "".join(row.name_now for row in rows) == "AAABBBBBBCCCCCCC"
    assert [row.rank for row in rows] == list(range(1, 17))
    assert [str(row.cumulative) for row in rows[2:4]] == ["72.6", "81.8"]
    assert rows[-1].cumulative == Decimal("100.0")
    assert "".join(row.name_now for row in _rows(person("mgr1"), thresholds="55/85")) == "ABBBCCCCCCCCCCCC"


@pytest.mark.usefixtures("app")
def test_this_year_beside_last_and_who_moved(many: Any) -> None:
    first, second, third = _customers((60, 30, 10), 2025)
    for customer, amount in ((first, 5), (second, 80), (factories.customer("rep1"), 15)):
        sale(customer, day=date(2024, 5, 1), amount=Decimal(amount))
    sale(third, day=date(2025, 6, 1), amount=Decimal(-25))
    manager = person("mgr1")
    many(manager, "abc/customers/2025")
    query, found = _abc(manager)
    assert (found.now.total, found.now.count, found.now.returned, found.now.returned_amount) == (90, 2, 1, -15)
    assert found.before.total == 100
    moved = abc_analysis.abc.classes_moved(found.moved, query.limits)
    assert moved == {("A", "C"): 1, ("C", "A"): 1, ("", ""): 1, ("", "B"): 1}
    assert [(row.name, row.name_now, row.name_before) for row in _rows(manager)] == [
        (first.full_name, "A", "C"), (second.full_name, "C", "A"), (third.full_name, "", ""),
    ]  # fmt: skip
    assert _rows(manager)[-1].why == "returned"
    assert [row.name for row in _rows(manager, **{"class": "C"})] == [second.full_name]
    assert [row.name for row in _rows(manager, was="A")] == [second.full_name]
    gone = _rows(manager, **{"class": "-", "was": "B"})
    assert [(row.now, row.before) for row in gone] == [(None, Decimal("15.00"))]
    assert [row.name for row in _rows(manager, **{"class": "A", "was": "C"})] == [first.full_name]


@pytest.mark.usefixtures("app")
def test_pages_of_a_table_join_without_a_gap(many: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _customers((5, 9, 9, 9, 2, 1, 30))
    manager = person("mgr1")
    many(manager, "abc/customers/2025")
    monkeypatch.setattr(abc_analysis, "DEPTH", 2)
    query, found = _abc(manager)
    for asked in (query, query.but(was="-")):
        after, rows = "", []
        for _turn in range(20):
            part = abc_analysis.page(manager, asked, found, after=after, size=3)
            rows += part.rows
            after = part.next
            if not after:
                break
        assert [int(row.now or 0) for row in rows] == [30, 9, 9, 9, 5, 2, 1]
        assert [row.rank for row in rows] == [1, 2, 3, 4, 5, 6, 7]
        assert [str(row.cumulative) for row in rows[:2]] == ["46.2", "60.0"]


@pytest.mark.usefixtures("app")
def test_everybody_sees_their_own_customers_only(many: Any) -> None:
    mine, hers = _customers((100,), owner="rep1")[0], _customers((900,), owner="rep3")[0]
    goods = product()
    sale(mine, product_id=goods.id, region="广东省", day=date(2025, 4, 1), amount=Decimal(7))
    sale(hers, product_id=goods.id, region="浙江省", day=date(2025, 4, 1), amount=Decimal(70))
    for account, sold, bought, there in (("rep1", 107, 7, "广东省"), ("sup1", 107, 7, "广东省"), ("rep3", 970, 70, "浙江省")):
        user = person(account)
        many(user, *(f"abc/{subject}/2025" for subject in abc_analysis.SUBJECTS), "composition/regions/2025", "composition/sales/2025")
        assert sum(row.now or 0 for row in _rows(user)) == sold
        assert sum(row.now or 0 for row in _rows(user, subject="products")) == bought
        assert sorted(row.name for row in _rows(user, subject="regions")) == ["", there]
        for subject in ("regions", "sales"):
            assert sum(row.sold for row in _parts(user, subject)) == sold
    assert sum(row.now or 0 for row in _rows(person("mgr1"), subject="products")) == 77
    assert _parts(person("rep2"), "regions") == []


def _parts(user: Staff, subject: str, **values: str) -> list[composition.Row]:
    query = CompositionQuery.read({"subject": subject, "year": "2025", **values})
    found = composition.of(user, query, insight.few(user))
    assert found is not None
    return found.rows


@pytest.mark.usefixtures("app")
def test_parts_of_the_card_with_last_year_beside(many: Any) -> None:
    big = factories.customer("rep1", grade="A", industry="auto", credit_rating="AAA")
    small = factories.customer("rep1", grade="A", industry="")
    factories.customer("rep1", grade="B")
    gone = factories.customer("rep1", grade="B", state="past")
    for customer, year, amount in ((big, 2025, 70), (small, 2025, 30), (big, 2024, 10), (gone, 2024, 90)):
        sale(customer, day=date(year, 2, 1), amount=Decimal(amount))
    manager = person("mgr1")
    many(manager, *(f"composition/{subject}/2025" for subject in composition.OF_CARD))
    assert [(row.code, row.customers, row.sold, row.before) for row in _parts(manager, "grade")] == [("A", 2, 100, 10), ("B", 1, 0, 90)]
    assert [(row.code, row.customers, row.sold) for row in _parts(manager, "industry")] == [("auto", 1, 70), ("", 2, 30)]
    assert [(row.code, row.sold) for row in _parts(manager, "rating")] == [("AAA", 70), ("", 30)]


@pytest.mark.usefixtures("app")
def test_months_products_and_regions_of_a_part_of_the_year() -> None:
    customer, goods = factories.customer("rep1"), product()
    for day, amount in ((date(2025, 2, 1), 5), (date(2025, 3, 1), 7), (date(2025, 5, 1), 11), (date(2024, 3, 9), 2)):
        sale(customer, product_id=goods.id, region="广东省", day=day, amount=Decimal(amount))
    for user in (person("mgr1"), person("rep1")):
        spring = {"since": "2025-02", "till": "2025-03"}
        assert [(row.code, row.sold, row.before) for row in _parts(user, "sales", **spring)] == [("202502", 5, 0), ("202503", 7, 2)]
        for subject, code in (("products", str(goods.id)), ("regions", "广东省")):
            assert [(row.code, row.sold, row.before) for row in _parts(user, subject, **spring)] == [(code, 12, 2)]
            assert [row.sold for row in _parts(user, subject)] == [23]


@pytest.mark.usefixtures("app")
def test_use_of_limits_by_what_is_open(many: Any) -> None:
    cases = {"none": (None, 50), "free": (100, 0), "below": (100, 79), "near": (100, 80), "over": (100, 101)}
    for code, (limit, amount) in cases.items():
        customer = factories.customer("rep1", credit_limit=None if limit is None else Decimal(limit), short_name=code)
        if amount:
            sale(customer, day=date(2024, 2, 1), amount=Decimal(amount) + 10)
            payment(customer, day=date(2025, 2, 1), amount=Decimal(10))
    edge = factories.customer("rep1", credit_limit=Decimal(100), short_name="near")
    sale(edge, day=date(2025, 2, 1), amount=Decimal(100))
    manager = person("mgr1")
    many(manager, "composition/limit/2025")
    rows = {row.code: row for row in _parts(manager, "limit")}
    assert {code: (row.customers, row.sold) for code, row in rows.items()} == {
        "none": (1, 50), "free": (1, 0), "below": (1, 79), "near": (2, 180), "over": (1, 101),
    }  # fmt: skip
    assert {code: (row.customers_before, row.before) for code, row in rows.items()} == {
        "none": (1, 60), "free": (2, 0), "below": (0, 0), "near": (2, 179), "over": (1, 111),
    }  # fmt: skip
    for code in composition.BANDS:
        query = PartQuery.read({"subject": "limit", "part": code, "year": "2025"})
        assert query is not None
        listed, _next = composition_list.page(manager, query, insight.few(manager))
        assert [db.session.get_one(Customer, row.customer.id).short_name for row in listed] == [code] * rows[code].customers  # type: ignore[operator]


@pytest.mark.usefixtures("app")
def test_the_list_behind_a_figure_walks_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        factories.customer("rep1", credit_rating="AA" if number % 3 == 0 else "B")
    monkeypatch.setattr(composition_list, "DEPTH", 2)
    query = PartQuery.read({"subject": "rating", "part": "AA"})
    assert query is not None
    after, found = "", 0
    for _turn in range(9):
        rows, after = composition_list.page(person("rep1"), query, insight.few(person("rep1")), after=after)
        found += len(rows)
        if not after:
            break
    assert found == 3
    assert composition_list.page(person("rep3"), query, insight.few(person("rep3")))[0] == []
    assert PartQuery.read({"subject": "limit", "part": "x"}) is None


@pytest.mark.usefixtures("app")
def test_an_answer_is_kept_for_its_scope_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    _customers((100, 50))
    monkeypatch.setattr(insight, "AT_ONCE", 1)
    user, question = person("rep1"), "abc/customers/2025"
    job = insight.ask(user, question)
    assert job is not None
    db.session.commit()
    assert insight.ask(user, question) is None
    jobs.run(job.id)
    assert insight.kept(user, question) is not None
    assert insight.under_way(user, question) is None
    assert insight.kept(person("sup1"), question) is None
    user.team_id = person("rep3").team_id
    db.session.commit()
    assert insight.kept(user, question) is None


@pytest.mark.parametrize(
    ("question", "endpoint", "values"),
    [
        ("abc/products/2025", "insights.abc", {"subject": "products", "year": "2025"}),
        ("composition/grade/2025", "insights.composition", {"subject": "grade", "year": "2025"}),
        ("composition/grade/202502-202503", "insights.composition", {"subject": "grade", "since": "202502", "till": "202503"}),
    ],
)
def test_a_job_leads_to_the_page_that_asked(app: Flask, question: str, endpoint: str, values: dict[str, str]) -> None:
    page = jobs.KINDS[insight.KIND].page
    assert page is not None
    assert page(Job(args={"question": question})) == (endpoint, values)
    with app.test_request_context():
        query: Any = (AbcQuery if endpoint == "insights.abc" else CompositionQuery).read(values)
    assert query.question == question


@pytest.mark.usefixtures("app")
def test_the_daily_count_keeps_what_is_asked_for_and_forgets_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    customer = _customers((100, 50))[0]
    monkeypatch.setattr(insight, "AT_ONCE", 1)
    count_now(person("rep1"), "abc/customers/2025", asked=True)
    count_now(person("rep1"), "abc/customers/2024", asked=True)
    old = insight.kept(person("rep1"), "abc/customers/2024")
    assert old is not None
    old.asked_at = datetime(2020, 1, 1, tzinfo=UTC)
    db.session.commit()
    sale(customer, day=date(2025, 3, 2), amount=Decimal(1))
    count_all(["composition/grade/2025"])
    kept = {(row.scope, row.question) for row in db.session.scalars(select(InsightCount))}
    assert kept == {("office", "composition/grade/2025"), (insight.scope_of(person("rep1")), "abc/customers/2025")}
    assert _abc(person("rep1"))[1].now.total == 151
    assert db.session.scalar(select(Job.id)) is None


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2025", Span(202501, 202512)), ("2026", Span(202601, 202603)), ("202411-202502", Span(202411, 202502)), ("202502-202411", None),
        ("202513-202514", None), ("", None), ("x", None), ("202401-202512", None), ("0000", None),
    ],
)  # fmt: skip
def test_periods(text: str, span: Span | None) -> None:
    assert Span.read(text, date(2026, 3, 5)) == span


def test_a_year_is_compared_with_the_same_months() -> None:
    span = Span(202411, 202502)
    assert (span.before, span.months(), span.whole_year) == (Span(202311, 202402), [202411, 202412, 202501, 202502], None)
    assert Span(202501, 202512).whole_year == 2025


@pytest.mark.usefixtures("app")
def test_what_an_address_may_say() -> None:
    query = AbcQuery.read({"thresholds": "95/80", "year": "abcd", "class": "Z", "subject": "x"})
    assert (query.limits, query.now, query.subject) == (thresholds("80/95"), "", "customers")
    assert AbcQuery.read(query.but(now="A", was="-").args()) == query.but(now="A", was="-")
    spring = CompositionQuery.read({"since": "2025-02", "till": "2025-03", "subject": "regions"})
    assert CompositionQuery.read(spring.args()) == spring
