"""Office registers of units: keys in custody, meter readings at handover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.registers.declaring import OfficeRegister, RegisterField, choices, declare, in_order, needs, together
from portal.rules.message import N_, Refusal

_HANDED = N_("To know who handed over and who may have it back.")


def _one_key(values: Mapping[str, Any]) -> None:
    if not values["keys"]:
        raise Refusal("At least one key is kept.", field="keys")


declare(
    OfficeRegister(
        code="keys-in-custody",
        form_number="QMS-PM-31317",
        title=N_("Keys of units held in custody"),
        note=N_("Keys that customers left with the office, what for, and whether they have them back."),
        title_field="unit",
        dated_by="handed_in_on",
        until="keep_until",
        ended="returned_on",
        boxes=(N_("Customer (signature or seal)"), N_("Received by"), N_("Returned to"), N_("Reviewed by")),
        check=together(
            _one_key,
            in_order("handed_in_on", "keep_until", "returned_on"),
            needs("returned_to", given=lambda values: values["returned_on"]),
        ),
        fields=(
            RegisterField("unit", N_("Unit or room"), required=True, length=60, width=3),
            RegisterField("keys", N_("Number of keys"), kind="integer", required=True, width=2),
            RegisterField("key_numbers", N_("Marks of the keys"), length=100, width=3),
            RegisterField(
                "purpose", N_("Purpose"), kind="choice", required=True, width=3,
                entries=choices(
                    ("emergency", "应急开启", "Emergencies"), ("fitting-out", "装修施工", "Fitting-out"), ("cleaning", "保洁", "Cleaning"),
                    ("repair", "维修", "Repairs"), ("showing", "看房", "Showing the unit"), ("vacant", "空置代管", "Care of an empty unit"),
                    ("other", "其他", "Other"),
                ),
            ),
            RegisterField("sealed", N_("Kept in a sealed envelope"), kind="switch"),
            RegisterField("handed_in_on", N_("Handed in on"), kind="date", required=True, width=3),
            RegisterField("handed_in_by", N_("Handed in by"), required=True, length=80, width=3, why=_HANDED),
            RegisterField("telephone", N_("Telephone"), kind="phone", length=60, why=_HANDED),
            RegisterField("received_by", N_("Received by"), required=True, length=80, width=3),
            RegisterField("kept_at", N_("Where they are kept"), length=60),
            RegisterField("may_use", N_("Who may use them"), length=200),
            RegisterField("keep_until", N_("To be kept until"), kind="date", width=3),
            RegisterField("returned_on", N_("Returned on"), kind="date", width=3),
            RegisterField("returned_to", N_("Returned to"), length=80, width=3, why=_HANDED),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip


def _readings(values: Mapping[str, Any]) -> None:
    if values["water_new"] is None and values["power_new"] is None:
        raise Refusal("At least one meter is read.", field="water_new")
    for meter in ("water", "power"):
        old, new = values[f"{meter}_old"], values[f"{meter}_new"]
        if old is not None and new is not None and new < old and not values["replaced"]:
            raise Refusal(
                "The new reading is below the old one, %(old)s. Say so where the meter was replaced.", field=f"{meter}_new", old=f"{old:f}"
            )


declare(
    OfficeRegister(
        code="meter-readings",
        form_number="QMS-PM-31318",
        title=N_("Water and electricity meter readings at handover"),
        note=N_("What the meters of a unit showed when it was handed over, agreed by both sides."),
        title_field="unit",
        dated_by="read_on",
        boxes=(N_("Customer (signature or seal)"), N_("Read by"), N_("Reviewed by")),
        check=_readings,
        fields=(
            RegisterField("unit", N_("Unit or room"), required=True, length=60, width=3),
            RegisterField(
                "kind", N_("Handover"), kind="choice", required=True, width=2,
                entries=choices(
                    ("in", "迁入", "Moving in"), ("out", "迁出", "Moving out"), ("change", "更换租户", "Another tenant"),
                    ("replacement", "换表", "Another meter"),
                ),
            ),
            RegisterField("read_on", N_("Read on"), kind="date", required=True, width=3),
            RegisterField("water_meter", N_("Water meter number"), length=40, width=3),
            RegisterField("water_old", N_("Water, old reading (m³)"), kind="figure", width=2),
            RegisterField("water_new", N_("Water, new reading (m³)"), kind="figure", width=2),
            RegisterField("power_meter", N_("Electricity meter number"), length=40, width=3),
            RegisterField("power_old", N_("Electricity, old reading (kWh)"), kind="figure", width=3),
            RegisterField("power_new", N_("Electricity, new reading (kWh)"), kind="figure", width=3),
            RegisterField("replaced", N_("A meter was replaced"), kind="switch"),
            RegisterField("read_by", N_("Read by"), required=True, length=80, width=3),
            RegisterField("witnessed_by", N_("Witnessed by"), required=True, length=80, width=3, why=_HANDED),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
