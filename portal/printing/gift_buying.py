"""Sheets for purchasing: what is to be bought, and the list of goods agreed with marketing, in three copies (GF-3, GF-5, GF-9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.models import gift_purchasing
from portal.models.gift_agreement import DRAFT, GiftAgreement
from portal.models.gift_purchasing import Need
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.printing import catalogue, lists
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare
from portal.rules.gift_goods import KINDS
from portal.rules.message import N_, Message

GOODS, BUYING = "gift_goods", "gift_buying_list"
_SHEETS = (
    catalogue.Sheet(GOODS, "QMS-PM-31331", N_("List of goods of gifts"), "gift_goods.html", landscape=True),
    catalogue.Sheet(BUYING, "QMS-PM-31332", N_("Purchasing list of gifts"), "gift_buying_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})


# --- list of goods ----------------------------------------------------------------

_COPIES = (N_("Copy for purchasing"), N_("Copy for finance"), N_("Copy to be kept"))


def _agreement(listed: GiftAgreement) -> dict[str, Any]:
    campaign = listed.campaign
    lines = [
        {**one, "number": f"{int(one['number']):,}", "amount": f"{int(one['number']) * Decimal(one['price']):.2f}"} for one in listed.lines
    ]
    return {
        "listed": {
            "campaign": campaign.name, "number": campaign.number, "first_on": campaign.first_on.isoformat(),
            "last_on": campaign.last_on.isoformat(), "service": listed.service.name if listed.service else "",
            "marketing": listed.marketing, "agreed_on": listed.agreed_on.isoformat() if listed.agreed_on else "", "note": listed.note,
            "total": f"{sum((int(one['number']) * Decimal(one['price']) for one in listed.lines), Decimal(0)):.2f}",
        },
        "lines": lines,
    }  # fmt: skip


def _finish_agreement(document: dict[str, Any], labels: Labels) -> None:
    for line in document["lines"]:
        line["kind"] = labels(KINDS[line["kind"]])
    document["copies"] = [labels(text) for text in _COPIES]


declare(
    Printable(
        sheet=GOODS,
        model=GiftAgreement,
        content=_agreement,
        blank={"listed": {}, "lines": []},
        label=lambda listed: listed.label,
        page=lambda listed: ("gifts.agreement", {"listed_id": listed.id}),
        permission=Permission.SHEET_PRINT,
        boxes=(
            Box(Message(N_("Customer service")), ""), Box(Message(N_("Marketing")), ""), Box(Message(N_("Purchasing")), ""),
        ),
        amounts=("listed.total", "lines.price", "lines.amount"),
        customer_id=lambda listed: None,
        state=lambda listed: "draft" if listed.state == DRAFT else "",
        finish=_finish_agreement,
        offered=lambda: False,
    )
)  # fmt: skip


# --- what to buy ----------------------------------------------------------------


@dataclass(frozen=True)
class BuyingQuery:
    """What is to be bought has no filters: it is everything that approved lists ask for."""

    filters: Mapping[str, str]

    @classmethod
    def read(cls, _args: Mapping[str, str]) -> BuyingQuery:
        """Return the query of any address."""
        return cls({})

    def args(self) -> dict[str, str]:
        """Return no arguments."""
        return {}


def _needs(_user: Staff, _query: BuyingQuery, most: int) -> list[Need]:
    """Return the rows themselves: what is to be bought is worked out, and no record has it."""
    return gift_purchasing.needs(everything=True)[: most + 1]


def _need_rows(found: list[Need]) -> list[dict[str, Any]]:
    return [
        {
            "supplier": one.gift.supplier.name if one.gift.supplier else "", "name": one.gift.name, "unit": one.gift.unit,
            "specification": one.gift.specification,
            "wanted": f"{one.wanted:,}", "stock": f"{one.in_stock:,}", "ordered": f"{one.on_order:,}",
            "late": f"{one.late:,}" if one.late else "", "short": f"{one.short:,}" if one.short else "", "buy": f"{one.to_buy:,}",
            "price": f"{one.gift.unit_price:.2f}", "amount": f"{one.cost:.2f}",
        }
        for one in found
    ]  # fmt: skip


def _finish_needs(document: dict[str, Any], _labels: Labels) -> None:
    document["total"] = sum((Decimal(str(row["amount"])) for row in document["needs"]), Decimal(0))


lists.declare(
    ListSheet(
        BUYING,
        "needs",
        _need_rows,
        {},
        Source(
            read=BuyingQuery.read,
            ids=_needs,
            records=lambda found: found,
            conditions=lambda _user, query, labels: "",
            page=lambda query: ("gifts.purchasing", {}),
            place=N_("What to buy"),
            counted=N_("%(count)s kinds of gifts are on this list."),
            empty=N_("Nothing is to be bought."),
            too_many=N_("A list of more than %(most)s gifts is not printed. Narrow the list, or export it."),
        ),
        amounts=("needs.price", "needs.amount"),
        finish=_finish_needs,
    )
)
