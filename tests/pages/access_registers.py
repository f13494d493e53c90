"""Rows of the office registers: lists, entries, files."""

from __future__ import annotations

from typing import Any

from tests.access import Row, everyone


def _entry() -> dict[str, Any]:
    from tests.registers.samples import entry

    return {"entry": entry().id}


_HIDDEN = {"owner": 404, "colleague": 404, "stranger": 404, "supervisor": 404, "other_supervisor": 404, "manager": 404}
_REFUSED = {"owner": 422, "supervisor": 422, "manager": 422}
_SAVED = {"owner": 303, "supervisor": 303, "manager": 303}

ROWS = [
    everyone("registers.index", "/registers"),
    everyone("registers.register", "/registers/parking-permits"),
    Row("registers.register", "/registers/nonsense", **_HIDDEN),
    Row("registers.register", "/registers/parking-permits?customer={customer}"),
    everyone("registers.entry_new", "/registers/parking-permits/new"),
    everyone("registers.entry_new", "/registers/parking-permits/new", "POST", 422, data={"customer": ""}),
    Row("registers.entry_new", "/registers/nonsense/new", **_HIDDEN),
    Row("registers.entry", "/registers/entries/{entry}", prepare=_entry),
    Row("registers.entry_edit", "/registers/entries/{entry}/edit", prepare=_entry),
    Row("registers.entry_edit", "/registers/entries/{entry}/edit", "POST", prepare=_entry, data={"plate": "?"}, **_REFUSED),
    Row("registers.entry_removal", "/registers/entries/{entry}/removal", prepare=_entry),
    Row("registers.entry_removal", "/registers/entries/{entry}/removal", "POST", prepare=_entry, data={"reason": "重复"}, **_SAVED),
    Row("registers.of_customer", "/customers/{customer}/registers"),
    everyone("archive.customer_choices", "/customers/choices"),
    everyone("exchange.entries_export", "/registers/parking-permits/export"),
    everyone("exchange.entries_export_begin", "/registers/parking-permits/export", "POST", 303, data={"format": "csv"}),
    everyone("exchange.entries_export_file", "/registers/parking-permits/export/file?format=csv"),
    Row("exchange.entries_export", "/registers/nonsense/export", **_HIDDEN),
    Row("prints.record", "/prints/register_parking_permits/{entry}", prepare=_entry),
    Row("prints.record", "/prints/register_identity_cards/{entry}", prepare=_entry, **_HIDDEN),
    everyone("prints.blank", "/prints/register_meter_readings/blank"),
    everyone("prints.list_preview", "/prints/lists/register_parking_permits_list"),
]
