"""Printable sheets: form number, version, title and template of each (PR-1)."""

from __future__ import annotations

from dataclasses import dataclass

from portal.rules.message import N_


@dataclass(frozen=True)
class Sheet:
    """One printed form. `title` is an English message id, `template` a file in `templates/print/`."""

    name: str
    form_number: str
    title: str
    template: str
    version: str = "A/0"
    landscape: bool = False
    large: bool = False
    """Whether it is A3, landscape."""
    cut: bool = False
    """Whether it is cut into labels: no margin for binding, no holes."""
    tells: bool = True
    """Whether it tells something of its customer's dossier, so that who reads it has looked at that (RO-7)."""


SHEETS: dict[str, Sheet] = {
    sheet.name: sheet
    for sheet in (
        Sheet("investigation", "QMS-PM-31201", N_("New customer investigation"), "investigation.html"),
        Sheet("customer_card", "QMS-PM-31202", N_("Customer card"), "customer_card.html"),
        Sheet("customer_status", "QMS-PM-31203", N_("Customer status form"), "customer_status.html"),
        Sheet("customer_register", "QMS-PM-31204", N_("Customer register"), "customer_register.html", landscape=True),
        Sheet("contact_list", "QMS-PM-31205", N_("Contact list"), "contact_list.html", landscape=True),
        Sheet("credit_change", "QMS-PM-31206", N_("Change of credit limit or special terms"), "credit_change.html"),
        Sheet("dossier_cover", "QMS-PM-31211", N_("Dossier cover"), "binder_cover.html"),
        Sheet("binder_cover", "QMS-PM-31212", N_("Binder cover"), "binder_cover.html"),
        Sheet("binder_contents", "QMS-PM-31213", N_("Contents list"), "binder_contents.html"),
        Sheet("binder_remarks", "QMS-PM-31214", N_("Remark sheet"), "binder_remarks.html"),
        Sheet("enclosure", "QMS-PM-31215", N_("Enclosure"), "enclosure.html"),
        Sheet("box_list", "QMS-PM-31216", N_("List of a binder's documents"), "box_list.html", landscape=True),
        Sheet("binder_list", "QMS-PM-31217", N_("Register of binders"), "binder_list.html", landscape=True),
        Sheet("document_list", "QMS-PM-31210", N_("List of filed documents"), "document_list.html", landscape=True),
        Sheet("spine_labels", "QMS-PM-31218", N_("Spine labels"), "spine_labels.html", cut=True),
    )
}
