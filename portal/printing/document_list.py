"""The list of filed documents on paper (归档文件目录, DA/T 22-2015), filters and scope kept (AR-9, PR-5)."""

from __future__ import annotations

from typing import Any

from portal.models import dossier_list
from portal.models.dossier import ArchiveDocument
from portal.models.dossier_list import Query
from portal.models.staff import Staff
from portal.printing import lists
from portal.printing.labels import Label, Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.naming import choice
from portal.rules.archive_numbers import RETENTIONS
from portal.rules.message import N_

SHEET = "document_list"
_TITLES = {"q": N_("Archive number"), "kind": N_("Kind of document"), "year": N_("Year"), "retention": N_("Retention period")}


def _rows(documents: list[ArchiveDocument]) -> list[dict[str, Any]]:
    return [
        {
            "archive_number": one.archive_number,
            "reference": one.reference,
            "author": one.author,
            "title": one.title,
            "customer": one.customer.full_name,
            "date": f"{one.dated_on:%Y%m%d}",
            "confidentiality": one.confidentiality,
            "pages": "" if one.pages is None else str(one.pages),
            "binder": one.binder.code if one.binder else "",
        }
        for one in documents
    ]


def _conditions(_user: Staff, query: Query, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    said = []
    for name, value in query.filters.items():
        shown: Label | str = value
        if name == "kind":
            shown = choice("document_kind", value, labels)
        elif name == "retention":
            shown = labels(RETENTIONS[value])
        said.append(f"{labels(_TITLES[name]).text}{colon}{shown.text if isinstance(shown, Label) else shown}")
    return semicolon.join(said)


lists.declare(
    ListSheet(
        SHEET,
        "documents",
        _rows,
        {"documents.confidentiality": "confidentiality"},
        Source(
            read=Query.read,
            ids=dossier_list.ids,
            records=dossier_list.records,
            conditions=_conditions,
            page=lambda query: ("archive.documents", query.args()),
            place=N_("Filed documents"),
            counted=N_("%(count)s documents are on this list."),
            empty=N_("There is no document on this list."),
            too_many=N_("A list of more than %(most)s documents is not printed. Narrow the list, or export it."),
        ),
    )
)
