"""The list for the round of the shelves in a half-yearly review: binders as they stand, with what should lie in each (AR-21, PR-5)."""

from __future__ import annotations

from typing import Any

from portal.database import db
from portal.models import review_shelves
from portal.models.binder import Binder
from portal.models.review import ReviewCampaign
from portal.models.review_shelves import ShelfQuery
from portal.models.staff import Staff
from portal.printing import catalogue, lists
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.rules.message import N_

BOX = "□"
"""What is ticked with a pen."""

_SHEET = catalogue.Sheet("shelf_round", "QMS-PM-31221", N_("Half-yearly review: round of the shelves"), "shelf_round.html", landscape=True)
catalogue.SHEETS[_SHEET.name] = _SHEET


def _rows(binders: list[Binder]) -> list[dict[str, Any]]:
    """Return a row for each document; shelf, binder and customer stand in the first row of a binder only, as on a ruled form."""
    lying = review_shelves.contents(binders)
    rows: list[dict[str, Any]] = []
    for binder in binders:
        head = {"shelf": binder.shelf, "code": binder.code, "customer": binder.customer.full_name}
        for place, document in enumerate(lying[binder.id], 1):
            rows.append(
                {
                    **head,
                    "place": str(place),
                    "archive_number": document.archive_number,
                    "title": document.title,
                    "pages": str(document.pages or ""),
                    "box": BOX,
                }
            )
            head = dict.fromkeys(head, "")
        if not lying[binder.id]:
            rows.append({**head, "place": "", "archive_number": "", "title": "—", "pages": "", "box": BOX})
    return rows


def _conditions(_user: Staff, query: ShelfQuery, labels: Labels) -> str:
    campaign = db.session.get(ReviewCampaign, query.campaign_id)
    shelves = f"{query.first or '…'} – {query.last or '…'}" if query.first or query.last else ""
    return " ".join(filter(None, (labels(campaign.title.text, **campaign.title.params).text if campaign else "", shelves)))


lists.declare(
    ListSheet(
        _SHEET.name,
        "rows",
        _rows,
        {},
        Source(
            read=ShelfQuery.read,
            ids=review_shelves.ids,
            records=review_shelves.records,
            conditions=_conditions,
            page=lambda query: (
                "review.shelves",
                {"campaign_id": query.campaign_id, **{name: value for name, value in query.args().items() if name != "review"}},
            ),
            place=N_("Round of the shelves"),
            counted=N_("%(count)s binders are on this list."),
            empty=N_("There is no binder in this range of shelves."),
            too_many=N_("A list of more than %(most)s binders is not printed. Narrow the range of shelves."),
        ),
    )
)
