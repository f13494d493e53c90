"""What can be asked of the register 交易往来客户一览表 (AR-5): its tabs, columns, filters and orders, and a query of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import DDL, event, literal_column

from portal.models.card import CARD
from portal.models.customer import Customer, CustomerState
from portal.models.list_query import ListQuery, is_number
from portal.models.register_indexes import REGISTER_FILTERS
from portal.rules.message import N_

TABS: dict[str, tuple[CustomerState, str]] = {
    "register": (CustomerState.ACTIVE, N_("On the register")),
    "prospects": (CustomerState.PROSPECT, N_("Prospects")),
    "past": (CustomerState.PAST, N_("Past customers")),
}


@dataclass(frozen=True)
class Column:
    """A column that a reader can choose."""

    name: str
    title: str
    kind: str = "text"
    """text | choice | date | moment | money | integer | staff | team | region | grade"""
    choices: str = ""


def _of_card(*names: str) -> list[Column]:
    return [Column(name, CARD[name].title, CARD[name].kind, CARD[name].choices) for name in names]


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        *_of_card("short_name", "grade", "nature", "industry", "size"),
        Column("region", N_("Region"), "region"),
        Column("owner", N_("In charge"), "staff"),
        Column("team", N_("Team"), "team"),
        *_of_card("telephone", "email", "legal_representative", "general_manager", "credit_code", "route"),
        Column("contact_count", N_("Contacts"), "integer"),
        *_of_card("stage_time", "stage_transaction", "stage_volume", "stage_service", "stage_years", "credit_rating", "credit_limit"),
        *_of_card("payment_terms", "operating_state", "development_potential", "satisfaction", "first_contact_on", "first_deal_on"),
        Column("registered_on", N_("On the register since"), "date"),
        Column("updated_at", N_("Last change"), "moment"),
    )
}
"""What can be chosen beside number and name, which are always shown."""
DEFAULT_COLUMNS = ("grade", "nature", "region", "telephone", "owner", "updated_at")

SORTS: dict[str, str] = {
    "number": N_("Customer number"),
    "name": N_("Name (pinyin)"),
    "changed": N_("Last change"),
    "grade": N_("Customer grade"),
}

MISSING: dict[str, tuple[str, Any]] = {
    "telephone": (N_("No telephone"), literal_column("length(customer.telephone_key) = 0")),
    "contact": (N_("No contact"), literal_column("customer.contact_count = 0")),
    "credit_code": (N_("No credit code"), literal_column("length(customer.credit_code) = 0")),
    "documents": (N_("Required documents missing"), literal_column("customer.documents_missing > 0")),
}
"""Data that is missing; the conditions are written out, so that they are seen to be those of the partial indexes."""

LENGTHS = "CREATE STATISTICS customer_lengths ON (length(telephone_key)), (length(credit_code)) FROM customer"
"""Lets PostgreSQL know how many have none: of an expression it takes every two-hundredth, and gathers a quarter of a million."""
event.listen(Customer.__table__, "after_create", DDL(LENGTHS).execute_if(dialect="postgresql"))

REVIEW: dict[str, str] = {"due": N_("Review due")}
"""Where a customer stands in the half-yearly review that runs (AR-21)."""


@dataclass(frozen=True)
class Filter:
    """A filter of the register."""

    name: str
    title: str
    kind: str
    """choice | grade | text | province | team | staff | tag | missing | review | words"""
    choices: str = ""


FILTERS: dict[str, Filter] = {
    one.name: one
    for one in (
        Filter("q", N_("Name, number, telephone or contact"), "words"),
        Filter("team", N_("Team"), "team"),
        Filter("owner", N_("In charge"), "staff"),
        *(Filter(name, CARD[name].title, "text" if name == "city" else CARD[name].kind, CARD[name].choices) for name in REGISTER_FILTERS),
        Filter("tag", N_("Tag"), "tag"),
        Filter("missing", N_("Missing data"), "missing"),
        Filter("review", N_("Half-yearly review"), "review"),
        Filter("import", N_("Import"), "import"),
    )
}
COLUMN_OF = {"team": "team_id", "owner": "owner_id", "import": "import_id", **{name: name for name in REGISTER_FILTERS}}
"""Filter → column of the customer."""


@dataclass(frozen=True)
class RegisterQuery(ListQuery):
    """What a reader asks of the register; its address, a saved filter and 'all that match' say the same."""

    tab: str = "register"
    sort: str = "number"
    descending: bool = False

    @classmethod
    def read(cls, args: Mapping[str, str]) -> RegisterQuery:
        """Return the query of an address. What is unknown or empty is left out, so that an old address still opens."""
        sort = args.get("sort", "number")
        descending, sort = sort.startswith("-"), sort.removeprefix("-")
        known, tab = sort in SORTS, args.get("tab", "")
        return cls(cls.filters_of(args), tab if tab in TABS else "register", sort if known else "number", descending and known)

    @classmethod
    def filters_of(cls, args: Mapping[str, str]) -> dict[str, str]:
        """Return the filters that an address says rightly: those of `FILTERS`, which know their kinds."""
        found = {name: args[name].strip()[: cls.LONGEST] for name in FILTERS if args.get(name, "").strip()}
        wrong = {name for name, known in (("missing", MISSING), ("review", REVIEW)) if name in found and found[name] not in known}
        wrong |= {name for name in ("team", "owner", "import") if name in found and not is_number(found[name])}
        return {name: text for name, text in found.items() if name not in wrong}

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address, without what is usual."""
        found = {"tab": self.tab} if self.tab != "register" else {}
        if self.sort != "number" or self.descending:
            found["sort"] = ("-" if self.descending else "") + self.sort
        return {**found, **self.filters}

    @property
    def state(self) -> CustomerState:
        """Return the state whose customers the tab shows."""
        return TABS[self.tab][0]
