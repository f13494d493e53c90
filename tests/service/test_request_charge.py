"""Lists of requests read who is in charge from the request itself: it is what the customer says, whatever happened to the customer."""

from __future__ import annotations

from itertools import product

import pytest
import time_machine
from sqlalchemy import and_, case, func, select, update

from portal.database import db
from portal.models import hand_over, request_flow, request_list, request_tally
from portal.models.customer import Customer, CustomerState
from portal.models.merge import CustomerMerge
from portal.models.request import ServiceRequest
from portal.models.request_desk import forget
from portal.models.request_query import RequestQuery
from tests import factories
from tests.approving import person
from tests.service.requesting import taken

pytestmark = pytest.mark.usefixtures("app")
ACCOUNTS = ("rep1", "rep2", "rep3", "rep4", "sup1", "sup2", "mgr1")


def check(step: str) -> None:
    """Compare what is kept with the customers, and every reader's lists with what they may open."""
    db.session.commit()
    db.session.expire_all()
    request, seen = ServiceRequest, Customer.state != CustomerState.IMPORTING
    columns = (
        request.id, request.in_charge_id, request.in_charge_team_id,
        case((request.customer_id.is_(None), request.taken_by_id), (seen, Customer.owner_id)).label("owner"),
        case((seen, Customer.team_id)).label("team"),
    )  # fmt: skip
    for row in db.session.execute(select(*columns).outerjoin(Customer, Customer.id == request.customer_id)):
        assert (row.in_charge_id, row.in_charge_team_id) == (row.owner, row.team), (step, row.id)
    for account, closed in product(ACCOUNTS, (False, True)):
        user, query = person(account), RequestQuery({}, "all", closed)
        listed = [one.id for one in request_list.page(user, query).requests]
        visible = sorted(db.session.scalars(request.visible_to(user).with_only_columns(request.id)))
        assert sorted(listed) == visible, (step, account, closed)
        assert request_list.count(user, query).number == len(visible)
        of_month = select(func.count()).select_from(request).where(and_(*request_tally.complaint_conditions(2026, 1, user)))
        assert db.session.scalar(of_month) == len(visible), (step, account)


@time_machine.travel("2026-01-05 10:00+08:00")
def test_who_is_in_charge_follows_whatever_happens_to_a_customer() -> None:
    mine, other, third = (factories.customer(owner) for owner in ("rep1", "rep2", "rep3"))
    made = [taken(one, by=by) for one, by in product((mine, other, third), ("rep1", "rep4"))]
    unknown = taken(None, by="rep2", customer_name="路过的人")
    check("taken in")
    request_flow.name_customer(unknown, third, by=person("mgr1"), version=unknown.version)
    check("customer named")
    request_flow.pass_on(made[0], f"person:{person('rep4').id}", word="请处理", by=person("mgr1"), version=made[0].version)
    check("passed on")
    hand_over.hand_over([mine.id], to=person("rep3"), by=person("mgr1"))
    check("handed over")
    hand_over.assist([other.id], person("rep4"), by=person("mgr1"))
    check("assisted")
    merge = CustomerMerge.carry_out(other, mine, by=person("mgr1"))
    check("merged")
    hand_over.hand_over([other.id], to=person("rep4"), by=person("mgr1"))
    check("handed over as merged")
    merge.undo(by=person("mgr1"))
    check("merge undone")
    hand_over.hand_over_all(of=person("rep3"), to=person("rep1"), by=person("mgr1"))
    check("all handed over")
    person("rep1").change(team=person("sup2").team, by=person("mgr1"))
    check("followed into a new team")
    for state in (CustomerState.IMPORTING, CustomerState.ACTIVE):
        quiet = {"synchronize_session": False}
        db.session.execute(update(Customer).where(Customer.id.in_([mine.id, other.id])).values(state=state.value), execution_options=quiet)
        check(f"state {state}")
    made[0].customer_id = None
    check("customer taken off")
    forget([third.id])
    check("forgotten")
