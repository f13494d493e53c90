"""What is said of a filed document and of a binder, as declared fields (AR-9): forms, history and prints are built from them."""

from __future__ import annotations

from portal.models.card import Choice, Field
from portal.rules.message import N_

DEFAULT_RETENTION = "D30"
DEFAULT_WIDTH = 30
WIDTHS = (20, 30, 40, 50, 60)
"""Spines of binders in millimetres (PR-6)."""

_RETENTIONS = (Choice("Y", "永久", "Permanent"), Choice("D30", "30年", "30 years"), Choice("D10", "10年", "10 years"))

FIELDS = (
    Field("kind", N_("Kind of document"), kind="choice", choices="document_kind", required=True),
    Field("title", N_("Document title"), required=True, wide=True),
    Field("dated_on", N_("Date of the document"), kind="date", required=True),
    Field("author", N_("Author"), help=N_("Who made it: a company, an office, a person.")),
    Field("reference", N_("Reference number"), help=N_("The number that its author gave it.")),
    Field("pages", N_("Page count"), kind="integer", help=N_("Counted by the portal in PDFs and pictures.")),
    Field("on_paper", N_("The paper original is kept"), kind="switch"),
    Field("retention", N_("Retention period"), kind="choice", entries=_RETENTIONS, help=N_("Empty: that of the kind.")),
    Field("confidentiality", N_("Confidentiality"), kind="choice", choices="confidentiality"),
    Field("binder_id", N_("Binder"), kind="integer"),
    Field("remarks", N_("Remarks"), kind="long", length=2000, wide=True),
)
BY_NAME = {one.name: one for one in FIELDS}

BINDER_FIELDS = (
    Field("title", N_("Title on the spine"), help=N_("Empty: the customer's short name.")),
    Field(
        "width_mm", N_("Width of the spine"), kind="choice", entries=tuple(Choice(str(mm), f"{mm} mm", f"{mm} mm") for mm in WIDTHS),
        required=True,
    ),
    Field("shelf", N_("Shelf"), help=N_("Room, rack and shelf, such as 2-A-03.")),
    Field("remarks", N_("Remarks"), kind="long", length=2000, wide=True),
)  # fmt: skip
