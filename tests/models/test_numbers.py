"""No record gets the number of one that went: the log, approvals and prints name records by their numbers (RO-7)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from portal.database import db
from portal.exchange.importing import delete_customers
from portal.models import audit
from portal.models.history import timeline
from tests import factories


def test_every_table_of_sqlite_gives_a_number_once(app: Any) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL always does")
    made = dict(db.session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all())
    numbered = [table.name for table in db.metadata.sorted_tables if "id" in table.c and not table.c.id.foreign_keys]
    assert len(numbered) > 100
    assert [name for name in numbered if "AUTOINCREMENT" not in made[name]] == []


def test_the_story_of_a_customer_that_went_is_never_that_of_the_next(staff: Any) -> None:
    gone = factories.customer("rep1", full_name="撤回的有限公司")
    audit.write("change", "created", actor=staff["rep1"], record=gone, label=gone.full_name)
    db.session.commit()
    number = gone.id
    assert [entry.label for entry in timeline(gone)[0]] == ["撤回的有限公司"]
    db.session.expunge_all()
    delete_customers([number])
    db.session.commit()
    new = factories.customer("rep3", full_name="新来的有限公司")
    assert new.id > number
    assert timeline(new)[0] == []
