"""Address labels (SV-20, GF-9): one sheet of labels for all who post something, laid out in 3 × 8 places."""

from __future__ import annotations

from typing import Any

from portal.models.customer import Customer
from portal.printing.labels import Labels
from portal.rules.regions import PARTS, in_one_line
from portal.rules.visits import LABELS, pages_of_labels

TEMPLATE = "address_labels.html"


def label(customer: Customer, contact: str) -> dict[str, Any]:
    """Return what stands on the label of a customer, as plain data: the address in its parts, and for whom it is."""
    return {
        "customer": customer.full_name, "contact": contact, "province": customer.province, "city": customer.city,
        "district": customer.district, "street": customer.street, "telephone": customer.telephone,
    }  # fmt: skip


def lay_out(document: dict[str, Any], rows: list[dict[str, Any]], labels: Labels) -> None:
    """Put labels into their places, in the order of an address in the sheet's language; `skip` places were taken before."""
    for row in rows:
        parts = [row[name] for name in PARTS]
        row["address"] = in_one_line(*reversed(parts), apart=", ") if labels.language == "en" else in_one_line(*parts, apart="")
    document["sheets"] = [
        [
            [None if place is None else rows[place] for place in page[start : start + LABELS.across]]
            for start in range(0, len(page), LABELS.across)
        ]
        for page in pages_of_labels(len(rows), int(document.get("skip", 0)))
    ]
