"""Which customers owe a periodic report, who is asked for it, and what a merge does to it (AR-22)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from portal import clock
from portal.database import db
from portal.models import inbox, report_due
from portal.models.customer import NEVER, Customer
from portal.models.hand_over import hand_over
from portal.models.merge import CustomerMerge
from portal.models.report import InformationReport
from portal.models.standard import set_value
from portal.rules.periods import Period
from tests import factories
from tests.approving import person
from tests.reporting import Q1, added, begun, moment, old_customer, submitted

pytestmark = pytest.mark.usefixtures("app")
EARLY, LATE = moment(2026, 4, 3), moment(2026, 4, 30)


@pytest.fixture
def early(app: object) -> Iterator[None]:
    with clock.pretend(EARLY):
        yield


@pytest.fixture
def late(app: object) -> Iterator[None]:
    with clock.pretend(LATE):
        yield


def due(account: str, group: str = "") -> list[str]:
    found = [one.title.split(" · ")[1] for one in inbox.entries(person(account), "periodic-report", group)]
    if not group:
        assert inbox.count(person(account)) == len(inbox.entries(person(account)))
    return found


@pytest.mark.usefixtures("early")
def test_due_at_the_rep_and_not_yet_at_the_supervisor() -> None:
    old_customer()
    assert (due("rep1"), due("rep1", "overdue"), due("sup1"), due("rep2")) == (["2026-Q1"], [], [], [])
    assert report_due.due_on(Q1) == date(2026, 4, 8)


@pytest.mark.usefixtures("late")
def test_overdue_at_both_and_gone_when_it_is_submitted() -> None:
    customer = old_customer()
    assert (due("rep1", "overdue"), due("sup1"), due("sup2"), due("mgr1")) == (["2026-Q1"], ["2026-Q1"], [], [])
    begun(customer)
    assert due("rep1") == ["2026-Q1"]
    report = db.session.query(InformationReport).one()
    report.submit(by=person("rep1"))
    report_due.count_reported([customer.id])
    db.session.commit()
    assert customer.reported_until == Q1.last
    assert (due("rep1"), due("sup1")) == ([], ["2026-Q1"])
    added(report, "read", "sup1")
    assert due("sup1") == []


@pytest.mark.usefixtures("late")
@pytest.mark.parametrize(
    "fields",
    [
        {"state": "past"},
        {"state": "prospect"},
        {"grade": "C"},
        {"grade": ""},
        {"registered_on": date(2026, 1, 2)},
        {"created_at": moment(2026, 1, 2)},
        {"reported_until": Q1.last},
    ],
)
def test_who_owes_none(fields: dict[str, object]) -> None:
    customer = old_customer(**fields)
    assert (due("rep1"), report_due.owed_by(customer, clock.today())) == ([], None)


@pytest.mark.usefixtures("late")
@pytest.mark.parametrize(("value", "code"), [("month", "2026-M03"), ("half", "2025-H2"), ("quarter", "2026-Q1")])
def test_how_often_is_a_standard(value: str, code: str) -> None:
    customer = old_customer(grade="")
    with clock.pretend(moment(2025, 1, 2)):
        set_value("report.cycle.none", value, by=person("mgr1"), reason="试行", from_date=date(2025, 1, 2))
        db.session.commit()
    assert due("rep1") == [code]
    owed = report_due.owed_by(customer, clock.today())
    assert owed is not None
    assert owed.code == code


@pytest.mark.usefixtures("late")
def test_no_period_that_ended_before_the_rule_held() -> None:
    old_customer(grade="C")
    set_value("report.cycle.C", "month", by=person("mgr1"), reason="试行", from_date=date(2026, 4, 30))
    db.session.commit()
    assert due("rep1") == []
    with clock.pretend(LATE + timedelta(days=2)):
        assert due("rep1") == ["2026-M04"]


@pytest.mark.usefixtures("late")
def test_what_is_due_goes_along_at_a_hand_over() -> None:
    customer = old_customer()
    begun(customer)
    hand_over([customer.id], to=person("rep2"), by=person("sup1"))
    db.session.commit()
    assert (due("rep1"), due("rep2")) == ([], ["2026-Q1"])
    report = db.session.query(InformationReport).filter_by(kind="periodic").one()
    report.submit(by=person("rep2"))
    assert report.author.account == "rep2"


@pytest.mark.usefixtures("late")
def test_reports_move_with_a_merge_and_back() -> None:
    survivor, loser = old_customer(full_name="甲有限公司"), old_customer(full_name="乙有限公司")
    report = submitted(loser)
    twice = (begun(survivor, period=Period("month", date(2026, 3, 1))), begun(loser, period=Period("month", date(2026, 3, 1))))
    merge = CustomerMerge.carry_out(survivor, loser, take=set(), by=person("sup1"), reason="同一客户", effective_on=clock.today())
    db.session.commit()
    assert (report.customer_id, survivor.reported_until, loser.reported_until) == (survivor.id, Q1.last, NEVER)
    assert [one.customer_id for one in twice] == [survivor.id, loser.id], "what would stand twice stays where it is"
    merge.undo(by=person("sup1"), reason="误并", effective_on=clock.today())
    db.session.commit()
    assert (report.customer_id, survivor.reported_until, loser.reported_until) == (loser.id, NEVER, Q1.last)


def test_sqlite_finds_what_is_due_by_its_index() -> None:
    if db.session.get_bind().dialect.name != "sqlite":
        pytest.skip("the words of a partial index matter to SQLite alone")
    for ever, led in ((False, "reported_until=?"), (True, "reported_until>?")):
        conditions = [Customer.owner_id == 1, *report_due.owing(**report_due.figures_of("A", Q1), ever=ever)]
        query = db.select(Customer.id).where(*conditions).compile(db.engine, compile_kwargs={"literal_binds": True})
        plan = str(db.session.execute(db.text(f"EXPLAIN QUERY PLAN {query}")).all())
        assert f"ix_customer_owner_id_reported (owner_id=? AND grade=? AND {led}" in plan


def test_imported_and_made_customers_have_reported_nothing() -> None:
    assert factories.customer("rep1").reported_until == NEVER
