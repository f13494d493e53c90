"""What stands on the hand-over list because customers go along: gradings to be done, and what customers owe (RO-5, RL-3, RL-8)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, type_coerce

from portal.database import db
from portal.models import hand_over_list
from portal.models.customer import Customer, Money
from portal.models.grading_campaign import RUNNING, GradingCampaign
from portal.models.grading_totals import GradingTotal
from portal.models.hand_over_list import LISTED, Column, Part
from portal.models.sales_book import CustomerYear
from portal.models.staff import Staff
from portal.rules.message import N_
from portal.rules.money import figures

# --- gradings ------------------------------------------------------------------------------------------------------------


def _gradings(of: Staff) -> Any:
    campaign, total = GradingCampaign, GradingTotal
    query = select(campaign.id, campaign.year, campaign.due_on, func.sum(total.open).label("open"), func.sum(total.rated).label("rated"))
    query = query.join(total, total.campaign_id == campaign.id)
    query = query.where(campaign.state == RUNNING, total.owner_id == of.id, total.open + total.rated > 0)
    return query.group_by(campaign.id, campaign.year, campaign.due_on).order_by(campaign.id)


hand_over_list.declare(
    Part(
        "gradings",
        N_("Gradings due"),
        N_("They go to who takes over, with their customers."),
        (
            Column("year", N_("Year of the grading")),
            Column("open", N_("To be rated"), "s-w4", "middle"),
            Column("rated", N_("Rated, not re-rated yet"), "s-w5", "middle"),
            Column("due_on", N_("Due on"), "s-w3", "middle"),
        ),
        count=lambda of: sum(row.open + row.rated for row in db.session.execute(_gradings(of))),
        rows=lambda of, limit: [
            {"id": row.id, "year": str(row.year), "open": str(row.open), "rated": str(row.rated), "due_on": row.due_on.isoformat()}
            for row in db.session.execute(_gradings(of).limit(limit))
        ],
        page=lambda number: ("grading.campaign", {"year": _year(number)}),
        model=GradingCampaign,
        weight=lambda row: int(row["open"]) + int(row["rated"]),
        to_take=hand_over_list.nothing,
    )
)


def _year(number: int) -> int:
    return db.session.scalars(select(GradingCampaign.year).where(GradingCampaign.id == number)).one()


# --- what customers owe ---------------------------------------------------------------------------------------------------


def _owing(of: Staff) -> Any:
    """Return the customers of somebody of which something is open today: sold less paid, by their totals."""
    year, balance = CustomerYear, type_coerce(func.sum(CustomerYear.sold - CustomerYear.paid), Money)
    query = select(Customer.id, Customer.number, Customer.full_name, balance.label("balance")).join(year, year.customer_id == Customer.id)
    query = query.where(Customer.owner_id == of.id, LISTED).group_by(Customer.id, Customer.number, Customer.full_name)
    return query.having(balance > 0).order_by(Customer.number)


hand_over_list.declare(
    Part(
        "owing",
        N_("What customers owe"),
        N_("Sold less paid, as of the day of the list: who takes over follows it up, with the customers."),
        (
            Column("number", N_("Customer number"), "s-w4"),
            Column("customer", N_("Customer")),
            Column("balance", N_("Open (yuan)"), "s-w5", "amount"),
        ),
        count=lambda of: db.session.scalar(select(func.count()).select_from(_owing(of).order_by(None).subquery())) or 0,
        rows=lambda of, limit: [
            {"id": row.id, "number": row.number, "customer": row.full_name, "balance": figures(row.balance)}
            for row in db.session.execute(_owing(of).limit(limit))
        ],
        page=lambda number: ("sales.of_customer", {"customer_id": number}),
        model=Customer,
        to_take=hand_over_list.nothing,
    )
)
