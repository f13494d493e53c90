"""Sheets of binders: the list of what lies in one (盒内文件目录, DA/T 22-2015), the list of binders, and their spine labels (PR-6)."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models import binder_list
from portal.models.binder import Binder
from portal.models.binder_holding import lies_in
from portal.models.binder_list import MIXED, Holding, Query
from portal.models.dossier import ArchiveDocument
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.printing import lists, papers, spines
from portal.printing.labels import Label, Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Printable
from portal.rules.archive_numbers import RETENTIONS, rank
from portal.rules.message import N_

BOX_LIST, BINDERS, SPINES = "box_list", "binder_list", "spine_labels"

# --- what lies in one ----------------------------------------------------------------------------------------------------


def lying_in(binder: Binder) -> list[ArchiveDocument]:
    """Return the documents in a binder in the order of their archive numbers, as they lie."""
    document = ArchiveDocument
    query = select(document).join(Binder, lies_in()).where(Binder.id == binder.id)
    return list(db.session.scalars(query.order_by(document.series, func.length(document.archive_number), document.archive_number)))


def _content(binder: Binder) -> dict[str, Any]:
    customer = binder.customer
    head = {"number": customer.number, "customer": customer.full_name, "code": binder.code, "title": binder.title, "shelf": binder.shelf}
    documents = lying_in(binder)
    return {
        "head": {**head, "fonds": standard("archive.fonds")},
        "years": sorted({one.year for one in documents}),
        "retentions": sorted({one.retention for one in documents}, key=rank),
        "documents": [
            {
                "archive_number": one.archive_number,
                "reference": one.reference,
                "author": one.author,
                "title": one.title,
                "date": f"{one.dated_on:%Y%m%d}",
                "confidentiality": one.confidentiality,
                "pages": "" if one.pages is None else str(one.pages),
                "remarks": one.remarks.partition("\n")[0][:60],
            }
            for one in documents
        ],
    }


def _finish(document: dict[str, Any], labels: Labels) -> None:
    document["years"] = ", ".join(map(str, document.get("years", [])))
    document["retentions"] = _retentions(document.get("retentions", []), labels)
    document["count"] = len(document.get("documents", []))


def _retentions(codes: Any, labels: Labels) -> Label:
    names = [labels(RETENTIONS[str(code)]) for code in codes]
    return Label("、".join(name.text for name in names) if labels.language != "en" else ", ".join(name.text for name in names), "")


papers.declare(
    Printable(
        sheet=BOX_LIST,
        model=Binder,
        content=_content,
        blank={"head": {}, "documents": []},
        label=lambda binder: " ".join(filter(None, (binder.code, binder.title))),
        page=lambda binder: ("archive.binder", {"binder_id": binder.id}),
        permission=Permission.DOSSIER_READ,
        choices={"documents.confidentiality": "confidentiality"},
        finish=_finish,
        warnings=lambda binder: binder.mixed(),
    )
)

# --- many ----------------------------------------------------------------------------------------------------------------


def _ids(user: Staff, query: Query, most: int) -> list[int]:
    return list(db.session.scalars(binder_list.wanted(user, query).with_only_columns(Binder.id).limit(most + 1)))


def _records(ids: list[int]) -> list[tuple[Binder, Holding]]:
    query = select(Binder).where(Binder.id.in_(ids)).options(joinedload(Binder.customer))
    found = {binder.id: binder for binder in db.session.scalars(query)}
    held = binder_list.holdings(ids)
    return [(found[number], held.get(number, Holding())) for number in ids if number in found]


def _row(binder: Binder, held: Holding) -> dict[str, Any]:
    return {
        "code": binder.code,
        "customer": binder.customer.full_name,
        "title": binder.title,
        "shelf": binder.shelf,
        "width_mm": binder.width_mm,
        "count": held.count,
        "years": "—".join(dict.fromkeys((str(held.years[0]), str(held.years[-1])))) if held.years else "",
        "retentions": list(held.retentions),
        "first": held.first,
        "last": held.last,
    }


def _list_rows(records: list[tuple[Binder, Holding]]) -> list[dict[str, Any]]:
    return [_row(binder, held) for binder, held in records]


def _label_rows(records: list[tuple[Binder, Holding]]) -> list[dict[str, Any]]:
    site = current_app.config["SITE_URL"]
    return [{**_row(binder, held), "address": f"{site}/binders/{binder.id}"} for binder, held in records]


def _finish_list(document: dict[str, Any], labels: Labels) -> None:
    for row in document["binders"]:
        row["retentions"] = _retentions(row["retentions"], labels)
        row["numbers"] = " — ".join(dict.fromkeys(filter(None, (row["first"], row["last"]))))


def _finish_labels(document: dict[str, Any], labels: Labels) -> None:
    found = [{**row, "retention": _retentions(row["retentions"], labels).text} for row in document["binders"]]
    document["sheets"] = spines.sheets(found)


def _conditions(_user: Staff, query: Query, labels: Labels) -> str:
    if query.ids:
        return labels(N_("%(count)s binders chosen"), count=len(query.ids)).text
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    titles = {"q": N_("Binder"), "shelf": N_("Shelf"), "mixed": N_("Warnings")}
    said = [
        f"{labels(titles[name]).text}{colon}{labels(MIXED[value]).text if name == 'mixed' else value}"
        for name, value in query.filters.items()
    ]
    return semicolon.join(said)


BINDER_SOURCE = Source(
    read=Query.read,
    ids=_ids,
    records=_records,
    conditions=_conditions,
    page=lambda query: ("archive.binders", {} if query.ids else query.args()),
    place=N_("Binders"),
    counted=N_("%(count)s binders are on this list."),
    empty=N_("There is no binder on this list."),
    too_many=N_("A list of more than %(most)s binders is not printed. Narrow the list."),
)
lists.declare(ListSheet(BINDERS, "binders", _list_rows, {}, BINDER_SOURCE, finish=_finish_list))
lists.declare(ListSheet(SPINES, "binders", _label_rows, {}, BINDER_SOURCE, finish=_finish_labels))
