"""The indexes of the customer table that the register reads (AR-5)."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy import text as sql

REGISTER_FILTERS = (
    "grade", "nature", "industry", "size", "province", "city",
    "stage_time", "stage_transaction", "stage_volume", "stage_service", "stage_years",
)  # fmt: skip
"""Columns by which the register is filtered, each with an index of its own in the order of numbers (AR-5)."""


TO_COUNT = sql("documents_missing IS NULL")
"""The few customers whose documents are to be counted (`dossier_completeness`)."""

PROVISIONAL = sql("grade_provisional")
"""The few whose grade is provisional (RL-4)."""

GOVERNMENT = sql("nature = 'government'")
"""The few for whom a gift has to be permitted (GF-2)."""

ON_REGISTER = sql("state = 'active'")
"""Customers on the register. SQLite takes an index of them only where a query says it in these very words, not by a parameter."""

THERE = sql("customer.state <> 'importing'")
"""Customers that somebody may see, in the words of the index by which a team's are gathered."""


def register_indexes() -> list[Index]:
    """Return the indexes of the register: each order for each scope, and each filter's customers in the order of numbers.

    Where a scope is walked or counted with filters set, the index carries the filters' columns, so that what does not fit is left out
    without being looked at.
    """
    found = [Index(None, name, "state", "number") for name in REGISTER_FILTERS]
    for order in ("name_sort", "updated_at"):
        found += [Index(None, scope, "state", order, "id") for scope in ("owner_id", "team_id", "province")]
    found += [Index(f"ix_customer_{scope}_state_number", scope, "state", "number", *REGISTER_FILTERS) for scope in ("owner_id", "team_id")]
    found += [Index(f"ix_customer_state_{order}", "state", order, "id", *REGISTER_FILTERS) for order in ("name_sort", "updated_at")]
    found.append(Index("ix_customer_state_number", "state", "number", *REGISTER_FILTERS))
    for name, missing in (
        ("telephone", sql("length(telephone_key) = 0")),
        ("credit_code", sql("length(credit_code) = 0")),
        ("contact", sql("contact_count = 0")),
        ("documents", sql("documents_missing > 0")),
    ):
        found.append(Index(f"ix_customer_no_{name}", "state", "number", sqlite_where=missing, postgresql_where=missing))
    return found
