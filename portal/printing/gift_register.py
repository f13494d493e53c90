"""The gift register on paper, for the audit (GF-8, GF-9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portal.models import gift_register_list as register_list
from portal.models.benefit import SOURCES
from portal.models.customer import Customer
from portal.models.gift_register import GiftEntry
from portal.models.gift_register_list import EntryQuery
from portal.models.staff import Staff
from portal.printing import catalogue, lists
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.rules.message import N_

SHEET = "gift_register"
catalogue.SHEETS[SHEET] = catalogue.Sheet(SHEET, "QMS-PM-31338", N_("Gift register"), "gift_register.html", landscape=True)


def _rows(entries: list[GiftEntry]) -> list[dict[str, Any]]:
    return [
        {
            "given_on": one.given_on.isoformat(), "source": one.source, "title": one.title, "organisation": one.organisation,
            "person": " ".join(part for part in (one.person, one.post) if part), "official": "yes" if one.official else "",
            "purpose": one.purpose, "goods": one.goods, "amount": f"{one.amount:.2f}",
            "giver": " / ".join(dict.fromkeys(person.name for person in (one.giver, one.handed_by) if person is not None)),
            "voucher": one.voucher, "back": one.taken_back_on.isoformat() if one.taken_back_on else "",
        }
        for one in entries
    ]  # fmt: skip


def _finish(document: dict[str, Any], labels: Labels) -> None:
    kept = [row for row in document["entries"] if not row["back"]]
    document["total"] = sum((Decimal(str(row["amount"])) for row in kept), Decimal(0))
    for row in document["entries"]:
        row["source"] = labels(SOURCES[row["source"]])
        row["official"] = labels(N_("yes")) if row["official"] else ""


def _conditions(user: Staff, query: EntryQuery, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    said = []
    for name, value in query.filters.items():
        text = labels(SOURCES[value]).text if name == "source" else labels(N_("yes")).text if value == "yes" else value
        if name in ("giver", "customer"):
            text = named(user, Staff if name == "giver" else Customer, value)
        said.append(f"{labels(query.FILTERS[name]).text}{colon}{text}")
    return semicolon.join(said)


lists.declare(
    ListSheet(
        SHEET,
        "entries",
        _rows,
        {},
        Source(
            read=EntryQuery.read,
            ids=register_list.LIST.ids,
            records=register_list.LIST.records,
            conditions=_conditions,
            page=lambda query: ("gifts.register", query.args()),
            place=N_("Gift register"),
            counted=N_("%(count)s entries are on this list."),
            empty=N_("There is no entry on this list."),
            too_many=N_("A list of more than %(most)s entries is not printed. Narrow the list, or export it."),
        ),
        amounts=("entries.amount",),
        finish=_finish,
    )
)
