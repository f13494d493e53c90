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


SHEETS: dict[str, Sheet] = {
    sheet.name: sheet
    for sheet in (
        Sheet("investigation", "QMS-PM-31201", N_("New customer investigation"), "investigation.html"),
        Sheet("customer_card", "QMS-PM-31202", N_("Customer card"), "customer_card.html"),
        Sheet("customer_status", "QMS-PM-31203", N_("Customer status form"), "customer_status.html"),
        Sheet("customer_register", "QMS-PM-31204", N_("Customer register"), "customer_register.html", landscape=True),
        Sheet("contact_list", "QMS-PM-31205", N_("Contact list"), "contact_list.html", landscape=True),
        Sheet("credit_change", "QMS-PM-31206", N_("Change of credit limit or special terms"), "credit_change.html"),
    )
}
