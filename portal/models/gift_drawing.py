"""Whom a list is drawn from (GF-2): customers that match filters of the register, by what they bought in a year too."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from portal.database import db
from portal.models import register
from portal.models.register_query import RegisterQuery
from portal.models.sales_book import CustomerYear
from portal.models.staff import Staff

FILTERS = ("team", "owner", "grade", "stage_volume", "stage_service", "nature", "industry", "province", "city", "tag")
"""Filters of the register by which recipients are drawn."""
_PORTION = 500


def matching(user: Staff, query: RegisterQuery, *, sold_from: Decimal | None = None, year: int = 0) -> list[int]:
    """Return the customers in scope that match, in the order of the register; with `sold_from` those that bought so much in `year`.

    Raises `Refusal` beyond what one action takes at once.
    """
    found = register.matching(user, query)
    if sold_from is None:
        return found
    bought: set[int] = set()
    for start in range(0, len(found), _PORTION):
        some = CustomerYear.customer_id.in_(found[start : start + _PORTION])
        rows = select(CustomerYear.customer_id).where(some, CustomerYear.year == year, CustomerYear.sold >= sold_from)
        bought |= set(db.session.scalars(rows))
    return [one for one in found if one in bought]
