"""Sheets of delivery: round, receipt slip, address labels, the list (GF-6, GF-9)."""

from __future__ import annotations

from typing import Any

from portal.models import gift_delivery_list as delivery_list
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_delivery import STATES, GiftDelivery
from portal.models.gift_delivery_list import STEPS, DeliveryQuery, contacts_of
from portal.models.gift_run import CANCELLED, GiftRun
from portal.models.gift_stops import stops_of
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission
from portal.printing import address_labels, catalogue, lists
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare
from portal.rules.gift_delivery import OWN, WAYS
from portal.rules.gifts import TIERS
from portal.rules.message import N_, Message
from portal.rules.regions import address_of

LABELS, SLIP, ROUND, LIST = "gift_labels", "gift_receipt", "gift_run", "gift_delivery_list"
_SHEETS = (
    catalogue.Sheet(ROUND, "QMS-PM-31335", N_("Delivery sheet of gifts"), "gift_run.html", landscape=True),
    catalogue.Sheet(SLIP, "QMS-PM-31336", N_("Delivery note and receipt of a gift"), "gift_receipt.html"),
    catalogue.Sheet(LABELS, "QMS-PM-31337", N_("Address labels of gifts"), address_labels.TEMPLATE, cut=True),
    catalogue.Sheet(LIST, "QMS-PM-31339", N_("Deliveries of gifts"), "gift_delivery_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})


def _address(delivery: GiftDelivery) -> str:
    return delivery.address or address_of(delivery.customer)


def _row(delivery: GiftDelivery, telephone: str) -> dict[str, Any]:
    recipient = delivery.recipient
    return {
        "number": delivery.number, "customer_number": delivery.customer.number, "customer": delivery.customer.full_name,
        "campaign": delivery.campaign.label, "tier": delivery.tier.code, "person": recipient.person, "post": recipient.post,
        "telephone": telephone, "address": _address(delivery), "goods": delivery.goods, "way": delivery.way, "state": delivery.state,
        "carrier": delivery.carrier, "tracking": delivery.tracking, "told_on": _day(delivery.told_on), "out_on": _day(delivery.out_on),
        "received_by": delivery.received_by, "received_on": _day(delivery.received_on),
        "signed": " ".join(part for part in (delivery.received_by, _day(delivery.received_on)) if part), "reason": delivery.return_reason,
    }  # fmt: skip


def _day(day: Any) -> str:
    return day.isoformat() if day else ""


def _rows(deliveries: list[GiftDelivery]) -> list[dict[str, Any]]:
    contacts = contacts_of(deliveries)
    found = []
    for one in deliveries:
        contact = contacts.get(one.customer_id)
        found.append(_row(one, (contact.telephone if contact else "") or one.customer.telephone))
    return found


def _finish_rows(rows: list[dict[str, Any]], labels: Labels) -> None:
    for row in rows:
        row["state"], row["way"], row["tier"] = labels(STATES[row["state"]][0]), labels(WAYS[row["way"]]), labels(TIERS[row["tier"]])


# --- round ----------------------------------------------------------------


def _round(run: GiftRun) -> dict[str, Any]:
    stops = list(stops_of(run))
    needed: dict[str, int] = {}
    for stop in stops:
        for piece in stop.pieces:
            name = f"{piece.gift.name}（{piece.gift.unit}）"
            needed[name] = needed.get(name, 0) + piece.quantity
    return {
        "run": {
            "day": run.day.isoformat(), "route": run.route, "staff": run.staff.name, "driver": run.driver, "note": run.note,
            "loaded_by": run.loaded_by.name if run.loaded_by else "", "count": str(len(stops)),
        },
        "goods": [{"gift": name, "quantity": f"{number:,}"} for name, number in sorted(needed.items())],
        "stops": _rows(stops),
    }  # fmt: skip


declare(
    Printable(
        sheet=ROUND,
        model=GiftRun,
        content=_round,
        blank={"run": {}, "goods": [], "stops": []},
        label=lambda run: run.label,
        page=lambda run: ("gifts.run", {"run_id": run.id}),
        permission=Permission.SHEET_PRINT,
        boxes=(
            Box(Message(N_("Goods handed out by")), ""), Box(Message(N_("Goods taken along by")), ""), Box(Message(N_("Driver")), ""),
        ),
        customer_id=lambda run: None,
        state=lambda run: "rejected" if run.state == CANCELLED else "",
        finish=lambda document, labels: _finish_rows(document["stops"], labels),
    )
)  # fmt: skip


# --- receipt slip ----------------------------------------------------------------


def _slip(delivery: GiftDelivery) -> dict[str, Any]:
    run = delivery.run if delivery.way == OWN else None
    pieces = [
        {"name": one.gift.name, "specification": one.gift.specification, "quantity": f"{one.quantity} {one.gift.unit}".strip()}
        for one in delivery.pieces
    ]
    found = _rows([delivery])[0]
    return {
        "delivery": {**found, "run": f"{run.day.isoformat()} {run.route}" if run else "", "staff": run.staff.name if run else ""},
        "pieces": pieces,
    }


def _finish_slip(document: dict[str, Any], labels: Labels) -> None:
    if document["delivery"]:
        _finish_rows([document["delivery"]], labels)


declare(
    Printable(
        sheet=SLIP,
        model=GiftDelivery,
        content=_slip,
        blank={"delivery": {}, "pieces": []},
        label=lambda delivery: delivery.label,
        page=lambda delivery: ("gifts.delivery", {"delivery_id": delivery.id}),
        permission=Permission.SHEET_PRINT,
        finish=_finish_slip,
    )
)


# --- labels, list ----------------------------------------------------------------


def _conditions(user: Staff, query: DeliveryQuery, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    words: dict[str, Any] = {"step": STEPS, "way": WAYS, "tier": TIERS}
    said = []
    for name, value in query.filters.items():
        if name == "skip":
            continue
        text = labels(words[name][value]).text if name in words else value
        model: Any = {"campaign": GiftCampaign, "run": GiftRun, "team": Team}.get(name)
        if model is not None:
            text = named(user, model, value)
        said.append(f"{labels(query.FILTERS[name]).text}{colon}{text}")
    return semicolon.join(said)


_SOURCE: dict[str, Any] = {
    "read": DeliveryQuery.read, "ids": delivery_list.LIST.ids, "records": delivery_list.LIST.records, "conditions": _conditions,
    "page": lambda query: ("gifts.deliveries", query.args()), "place": N_("Deliveries of gifts"),
    "empty": N_("There is no delivery on this list."),
}  # fmt: skip
lists.declare(
    ListSheet(
        LABELS,
        "letters",
        lambda deliveries: [address_labels.label(one.customer, one.recipient.person) for one in deliveries],
        {},
        Source(
            **_SOURCE,
            counted=N_("%(count)s labels are printed."),
            too_many=N_("More than %(most)s labels are not printed at once. Narrow the list."),
        ),
        finish=lambda document, labels: address_labels.lay_out(document, document["letters"], labels),
        more=lambda user, query: {"skip": query.number("skip") or 0},
    )
)
lists.declare(
    ListSheet(
        LIST,
        "deliveries",
        _rows,
        {},
        Source(
            **_SOURCE,
            counted=N_("%(count)s deliveries of gifts are on this list."),
            too_many=N_("A list of more than %(most)s deliveries is not printed. Narrow the list, or export it."),
        ),
        finish=lambda document, labels: _finish_rows(document["deliveries"], labels),
    )
)
