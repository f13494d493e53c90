"""The register: filters, orders, pages and counts, within the reader's scope (AR-5, RO-1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text

from portal.database import db
from portal.models import register
from portal.models.customer import Customer, CustomerAssistant, CustomerTag, derived
from portal.models.paging import Count
from portal.models.register_indexes import REGISTER_FILTERS
from portal.models.register_query import RegisterQuery
from portal.models.scope import customer_arms, customer_scope, listed
from tests import factories

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
ORDERS = ["number", "-number", "name", "-name", "changed", "-changed", "grade", "-grade"]


@pytest.fixture
def office(staff: Any) -> list[Customer]:
    """Sixty customers with every mixture of owner, grade, nature and state; some are assisted with across the teams."""
    people = ["rep1", "rep2", "rep3", "sup1", "rep4"]
    made = []
    for serial in range(60):
        person = staff[people[serial % 5]]
        name = "安北长东"[serial % 4] + f"公司{serial % 7}号"
        values: dict[str, Any] = {
            "number": f"C{(serial * 37) % 60:05d}",
            "full_name": name,
            **derived({"full_name": name}),
            "owner_id": person.id,
            "team_id": person.team_id,
            "state": ["active", "active", "prospect", "past"][serial % 4 if serial % 3 else 0],
            "grade": ["A", "B", "C", ""][(serial // 5) % 4],
            "nature": ["ordinary", "government"][(serial // 2) % 2],
            "province": ["广东省", "江苏省"][serial % 2],
            "telephone_key": "" if serial % 6 else "1380",
            "updated_at": BEGIN + timedelta(hours=serial // 2),
        }
        made.append(Customer(**values))
    db.session.add_all(made)
    db.session.flush()
    for one in made[::7]:
        db.session.add(CustomerAssistant(customer_id=one.id, staff_id=staff["rep2"].id))
        db.session.add(CustomerTag(customer_id=one.id, tag="展会"))
    made[2].owner_id, made[2].team_id = staff["sup1"].id, staff["rep3"].team_id
    db.session.commit()
    return made


def through(user: Any, query: RegisterQuery, size: int) -> list[int]:
    """Return the ids of the list, read page by page forwards; every page back is checked on the way."""
    found, after, last = [], "", None
    while True:
        page = register.page(user, query, after=after, size=size)
        found += [row.id for row in page.rows]
        if last is not None:
            back = register.page(user, query, before=page.previous, size=size)
            assert [row.id for row in back.rows] == last
            assert bool(back.next)
        else:
            assert page.previous == ""
        last = [row.id for row in page.rows]
        if not page.next:
            return found
        after = page.next


def expected(user: Any, query: RegisterQuery, conditions: list[Any]) -> list[int]:
    records = db.session.scalars(select(Customer).where(customer_scope(user), Customer.state == query.state.value, *conditions)).all()
    keys: dict[str, Any] = {
        "number": lambda one: one.number,
        "name": lambda one: (one.name_sort, one.id),
        "changed": lambda one: (one.updated_at, one.id),
        "grade": lambda one: ("ABC".find(one.grade) if one.grade else 9, one.number),
    }
    return [one.id for one in sorted(records, key=keys[query.sort], reverse=query.descending)]


ACCOUNTS = ["mgr1", "sup1", "sup2", "rep1", "rep2", "rep3"]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_order_and_filter_pages_without_gap_or_repetition(account: str, office: Any, staff: Any, monkeypatch: Any) -> None:
    """Each combination of way, tab, order and filter is asked by one of the six, the first page of all by every one."""
    user, turn = staff[account], ACCOUNTS.index(account)
    filters: list[tuple[dict[str, str], list[Any]]] = [
        ({}, []),
        ({"nature": "government"}, [Customer.nature == "government"]),
        ({"province": "江苏省", "grade": "B"}, [Customer.province == "江苏省", Customer.grade == "B"]),
        ({"owner": str(staff["rep2"].id)}, [Customer.owner_id == staff["rep2"].id]),
        ({"team": "2", "missing": "telephone"}, [Customer.team_id == 2, Customer.telephone_key == ""]),
        ({"tag": "展会"}, [Customer.id.in_(select(CustomerTag.customer_id))]),
        ({"q": "公司3"}, [Customer.full_name.contains("公司3")]),
    ]
    for sparse in (register.SPARSE, -1):
        for limit in ("SPARSE", "SPARSE_OF_SEVERAL"):
            monkeypatch.setattr(register, limit, sparse)
        monkeypatch.setattr(register, "CAP", 1000 if sparse > 0 else -1)
        for tab in ("register", "past"):
            for sort in ORDERS:
                for given, conditions in filters:
                    turn += 1
                    if given and turn % len(ACCOUNTS):
                        continue
                    query = RegisterQuery.read({"tab": tab, "sort": sort, **given})
                    wanted = expected(user, query, conditions)
                    assert through(user, query, 4) == wanted, (sparse, query)
                    if sparse > 0:
                        assert register.count(user, query) == Count(len(wanted), False), query


@pytest.mark.parametrize("account", ACCOUNTS)
def test_arms_are_the_scope_without_an_overlap(account: str, office: Any, staff: Any) -> None:
    user = staff[account]
    found = [one for arm in customer_arms(user) for one in db.session.scalars(select(Customer.id).where(*arm.conditions()))]
    there = sorted(db.session.scalars(select(Customer.id).where(customer_scope(user))))
    assert sorted(found) == there
    assert sorted(db.session.scalars(select(Customer.id).where(listed(user, Customer.id), Customer.state != "importing"))) == there


def test_counts_end_at_the_cap(office: Any, staff: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(register, "CAP", 10)
    assert register.count(staff["mgr1"], RegisterQuery()) == Count(10, True)
    monkeypatch.setattr(register, "SPARSE_OF_SEVERAL", 2)
    monkeypatch.setattr(register, "COUNT_DEPTH", 8)
    two = RegisterQuery(filters={"nature": "government", "province": "江苏省"})
    counted = register.count(staff["mgr1"], two)
    assert counted.more
    assert counted.number <= 8


def test_all_that_match_are_refused_beyond_the_limit(office: Any, staff: Any, monkeypatch: Any) -> None:
    assert len(register.matching(staff["rep1"], RegisterQuery())) == 8
    monkeypatch.setattr(register, "BULK_LIMIT", 7)
    with pytest.raises(register.Refusal, match="at most 7"):
        register.matching(staff["rep1"], RegisterQuery())


def test_a_choice_of_rows_is_checked_one_by_one(office: Any, staff: Any) -> None:
    ids = [one.id for one in office]
    assert register.chosen(staff["rep4"], ids) == sorted(one.id for one in office if one.owner_id == staff["rep4"].id)
    assert register.chosen(staff["rep4"], []) == []


@pytest.mark.parametrize("cursor", ["x", "W10", "WzFd", "bnVsbA", "WyJ4Il0", "4", "%%", "WyIyMDI2IiwxXQ"])
def test_a_made_up_cursor_begins_at_the_beginning_or_somewhere(cursor: str, office: Any, staff: Any) -> None:
    for sort in ORDERS:
        assert register.page(staff["mgr1"], RegisterQuery.read({"sort": sort}), after=cursor) is not None


def test_an_address_says_what_its_query_says() -> None:
    given = {"tab": "past", "sort": "-name", "grade": "A", "q": "华为"}
    assert RegisterQuery.read(given).args() == given
    assert RegisterQuery.read({"tab": "x", "sort": "x", "owner": "1 or 1", "missing": "x", "foo": "1", "grade": " "}).args() == {}


def test_exports_read_every_row(office: Any, staff: Any) -> None:
    numbers = [row.number for row in register.rows(staff["mgr1"], RegisterQuery(), columns=("owner", "region"))]
    assert numbers == sorted(one.number for one in office if one.state == "active")


def test_statements_are_led_by_an_index(office: Any, staff: Any, monkeypatch: Any) -> None:
    """On SQLite no order and no filter scans the table or sorts more than what is sparse."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("the plan of PostgreSQL depends on statistics")
    for limit in ("SPARSE", "SPARSE_OF_SEVERAL", "CAP"):
        monkeypatch.setattr(register, limit, -1)
    asked: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "_key0" in statement:
            asked[statement] = parameters

    event.listen(db.engine, "before_cursor_execute", note)
    for account in ("mgr1", "sup1", "rep1"):
        for sort in ORDERS:
            for given in ({}, *({name: "B"} for name in REGISTER_FILTERS), {"missing": "contact"}, {"owner": "1"}, {"team": "1"}):
                register.page(staff[account], RegisterQuery.read({"sort": sort, **given}), after="")
    event.remove(db.engine, "before_cursor_execute", note)
    explain = db.session.connection().exec_driver_sql
    plans = [(row[3], statement) for statement, given in asked.items() for row in explain("EXPLAIN QUERY PLAN " + statement, given)]
    assert len(plans) > 100
    assert not [plan for plan in plans if plan[0].startswith("SCAN") or "TEMP B-TREE" in plan[0]]


def test_contacts_are_counted_for_the_filter(staff: Any) -> None:
    with_one, without = factories.customer("rep1"), factories.customer("rep1")
    factories.contact(with_one)
    page = register.page(staff["rep1"], RegisterQuery.read({"missing": "contact"}))
    assert [row.id for row in page.rows] == [without.id]


def test_postgresql_estimates_how_many_have_no_code(app: Any) -> None:
    """Else it takes one in two hundred to have none, and gathers all of them for the first page of a rep."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite takes the index that the office has made for it")
    for number in range(40):
        factories.customer("rep1", credit_code=f"{number:018d}" if number % 4 else "")
    db.session.commit()
    db.session.execute(text("ANALYZE customer"))
    (plan,) = db.session.execute(text("EXPLAIN (FORMAT JSON) SELECT id FROM customer WHERE length(credit_code) = 0")).scalar_one()
    assert plan["Plan"]["Plan Rows"] == 10
