"""Many rows inserted at once: values as the columns store them, defaults of the models, and what new customers are found by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from portal.database import db
from portal.inserting import insert_rows
from portal.models.customer import Customer
from portal.models.import_run import ImportRow
from portal.models.search_index import CustomerSearch, NewContact, NewCustomer, index_many, index_new
from tests import factories

MOMENT = datetime(2026, 3, 5, 1, 2, tzinfo=UTC)
COMMON = {"created_at": MOMENT, "updated_at": MOMENT}
NAMES = ("number", "full_name", "registered_capital", "established_on")


def test_rows_read_as_if_the_orm_had_written_them(app: Any) -> None:
    rows = [("C20260000001", "甲'%s:x公司", Decimal("12.34"), date(2020, 3, 5)), ("C20260000002", "乙公司", None, None)]
    insert_rows(db.session(), Customer.__table__, NAMES, rows, **COMMON)
    first, second = db.session.scalars(select(Customer).order_by(Customer.number))
    assert (first.full_name, first.registered_capital, first.established_on) == ("甲'%s:x公司", Decimal("12.34"), date(2020, 3, 5))
    assert (first.created_at, first.state, first.version, first.is_demo, first.street) == (MOMENT, "prospect", 1, False, "")
    assert (second.registered_capital, second.established_on, second.owner_id) == (None, None, None)


def test_no_rows_are_nothing(app: Any) -> None:
    insert_rows(db.session(), Customer.__table__, NAMES, [], **COMMON)
    assert db.session.scalar(select(Customer.id)) is None


@pytest.mark.parametrize("names", [("run_id", "row", "outcome"), ("run_id", "row", "outcome", "data", "problems", "colour")])
def test_a_column_that_is_not_there_or_needs_its_default_worked_out(app: Any, names: tuple[str, ...]) -> None:
    with pytest.raises(KeyError):
        insert_rows(db.session(), ImportRow.__table__, names, [[1] * len(names)])


def test_a_new_customer_is_indexed_as_one_that_is_read_back(app: Any) -> None:
    names = {"full_name": "深圳恒达 Tools 有限公司", "short_name": "恒达", "former_names": "恒达厂\n达厂"}
    customer = factories.customer(**names, telephone_key="075588990011", credit_code="91440300MA5000001X")
    factories.contact(customer, name="曾国藩", telephone_key="13812345678")
    db.session.commit()
    index_many([customer.id])
    query = select(CustomerSearch.words, CustomerSearch.scope).where(CustomerSearch.id == customer.id)
    kept = tuple(db.session.execute(query).one())
    record = NewCustomer(*(getattr(customer, name) for name in NewCustomer._fields))
    db.session.execute(text("DELETE FROM customer_search"))
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("INSERT INTO customer_search_fts (customer_search_fts) VALUES ('delete-all')"))
    index_new([(record, [NewContact("曾国藩", "13812345678")])])
    assert tuple(db.session.execute(query).one()) == kept
