"""Lists read who is in charge from the record itself: it is what the customer says, whatever happened to the customer."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
import time_machine
from sqlalchemy import and_, case, func, select, update

from portal.database import db
from portal.models import (
    gift_delivery_list,
    gift_register,
    gift_register_list,
    hand_over,
    in_charge,
    request_flow,
    request_list,
    request_tally,
)
from portal.models.award_list import AWARDS, AwardQuery
from portal.models.customer import Customer, CustomerState
from portal.models.gift_campaign_list import RECIPIENTS, RecipientQuery
from portal.models.gift_delivery import GiftDelivery
from portal.models.gift_list import GiftRecipient
from portal.models.gift_register import GiftEntry
from portal.models.merge import CustomerMerge
from portal.models.newest_first import Listing
from portal.models.proposal import Proposal
from portal.models.proposal_award import ProposalAward
from portal.models.proposal_list import BY_NUMBER, ProposalQuery
from portal.models.request import ServiceRequest
from portal.models.request_desk import forget
from portal.models.request_query import RequestQuery
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from tests import factories
from tests.approving import person
from tests.campaigning import campaign, drafted, submitted, through
from tests.deciding import assessed, decided, registered
from tests.proposing import department_account
from tests.service.requesting import taken

pytestmark = pytest.mark.usefixtures("app")
ACCOUNTS = ("rep1", "rep2", "rep3", "rep4", "sup1", "sup2", "mgr1")


LISTS: dict[Any, tuple[Listing, Any]] = {
    Proposal: (BY_NUMBER, ProposalQuery({})),
    ProposalAward: (AWARDS, AwardQuery({})),
    GiftRecipient: (RECIPIENTS, RecipientQuery({})),
    GiftDelivery: (gift_delivery_list.LIST, gift_delivery_list.DeliveryQuery({})),
    GiftEntry: (gift_register_list.LIST, gift_register_list.EntryQuery({})),
}


def theirs(user: Staff) -> Any:
    """Return what customers in scope receive: the list of awards shows these, not what else is on proposals that somebody handles."""
    found = select(ProposalAward)
    return found if user.is_manager else found.join(ProposalAward.customer).where(customer_scope(user))


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
    for model in LISTS:
        columns = (model.in_charge_id, model.in_charge_team_id, case((seen, Customer.owner_id)).label("owner"))
        found = db.session.execute(select(*columns, case((seen, Customer.team_id)).label("team")).join(model.customer)).all()
        assert [tuple(row[:2]) for row in found] == [tuple(row[2:]) for row in found], (step, model)
    for account, (model, (listing, query)) in product((*ACCOUNTS, "dept1"), LISTS.items()):
        user = person(account)
        visible = sorted(
            db.session.scalars((theirs(user) if model is ProposalAward else model.visible_to(user)).with_only_columns(model.id))
        )
        assert sorted(one.id for one in listing.page(user, query).rows) == visible, (step, account, model)
        assert listing.count(user, query).number == len(visible)
        assert sorted(db.session.scalars(model.listed_for(user).with_only_columns(model.id))) == visible, (step, account, model)
    for account, model in product(ACCOUNTS[:-1], LISTS):
        user = person(account)
        at_once = set(db.session.scalars(select(model.id).where(model.seen_at_the_moment(user))))
        assert at_once == set(db.session.scalars(select(model.id).join(model.customer).where(customer_scope(user)))), (step, account, model)
    for account, closed in product(ACCOUNTS, (False, True)):
        user, query = person(account), RequestQuery({}, "all", closed)
        listed = [one.id for one in request_list.page(user, query).requests]
        visible = sorted(db.session.scalars(request.visible_to(user).with_only_columns(request.id)))
        assert sorted(listed) == visible, (step, account, closed)
        assert request_list.count(user, query).number == len(visible)
        of_month = select(func.count()).select_from(request).where(and_(*request_tally.complaint_conditions(2026, 1, user)))
        assert db.session.scalar(of_month) == len(visible), (step, account)


def give(*customers: Customer) -> None:
    """Let each have a proposal with an award, and a gift that stands in the register; rep1 handles one more of the third."""
    deciding_for = [decided(assessed(registered(one, by=one.owner.account))) for one in customers]
    assert len(deciding_for) == db.session.query(ProposalAward).count()
    registered(customers[2], by="rep1")
    department_account()
    through(submitted(drafted(campaign("mgr1"), *customers, by="mgr1"), by="mgr1"))
    for one in db.session.query(GiftDelivery):
        gift_register.enter(
            one.customer, source="gift", source_id=one.recipient_id, on=date(2026, 1, 5), title="新年", goods="茶", amount=Decimal(100),
            giver_id=one.customer.owner_id,
        )  # fmt: skip
    db.session.commit()


@time_machine.travel("2026-01-05 10:00+08:00")
def test_who_is_in_charge_follows_whatever_happens_to_a_customer() -> None:
    mine, other, third = (factories.customer(owner) for owner in ("rep1", "rep2", "rep3"))
    give(mine, other, third)
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


def test_each_table_of_the_kind_is_kept_by_the_database() -> None:
    assert set(in_charge.KEPT) == {"service_request", *(one.__tablename__ for one in in_charge.KeptInCharge.__subclasses__())}
    assert set(LISTS) == set(in_charge.KeptInCharge.__subclasses__())


def test_each_list_of_such_records_is_read_by_what_its_reader_sees() -> None:
    places = {name: vars(module) for name, module in sys.modules.items() if name.startswith("portal.models.")}
    lists = {f"{name}.{called}": one for name, values in places.items() for called, one in values.items() if isinstance(one, Listing)}
    kept = {called: one for called, one in lists.items() if issubclass(one.model, in_charge.KeptInCharge)}
    assert {one.model for one in kept.values()} == set(LISTS)
    assert [called for called, one in kept.items() if one.parts != one.model.parts_for] == []
