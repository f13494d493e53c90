"""Office registers of telephones: installation, changes, numbers to let or sell, transfer, moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.registers.declaring import OfficeRegister, RegisterField, choices, declare, in_order, needs, together
from portal.rules.message import N_, Refusal

_WHO = N_("To know whom to ask.")
_APPLICANT = (N_("Applicant (signature or seal)"), N_("Handled by"), N_("Reviewed by"))
_LINE = choices(
    ("direct", "直线电话", "Direct line"),
    ("extension", "分机", "Extension"),
    ("fax", "传真", "Fax"),
    ("trunk", "中继线", "Trunk line"),
    ("broadband", "宽带", "Broadband"),
)

declare(
    OfficeRegister(
        code="telephone-installations",
        form_number="QMS-PM-31307",
        title=N_("Application for telephone installation"),
        note=N_("Lines that customers want installed, and when they were."),
        title_field="unit",
        dated_by="applied_on",
        boxes=_APPLICANT,
        check=in_order("applied_on", "wanted_by", "installed_on"),
        fields=(
            RegisterField("applied_on", N_("Applied on"), kind="date", required=True, width=3),
            RegisterField("unit", N_("Unit or room"), required=True, length=60, width=3),
            RegisterField("kind", N_("Kind of line"), kind="choice", required=True, width=3, entries=_LINE),
            RegisterField("lines", N_("Number of lines"), kind="integer", required=True, width=2),
            RegisterField(
                "reach", N_("Calls to be allowed"), kind="choice", width=3,
                entries=choices(
                    ("local", "市话", "Local"), ("domestic", "国内长途", "Domestic long-distance"),
                    ("international", "国际长途", "International"),
                ),
            ),
            RegisterField("number_wanted", N_("Number wanted"), length=60),
            RegisterField("number_given", N_("Number given"), length=60, width=4),
            RegisterField("applicant", N_("Applicant"), required=True, length=80, width=3, why=_WHO),
            RegisterField("applicant_telephone", N_("Applicant's telephone"), kind="phone", length=60, why=_WHO),
            RegisterField("fee", N_("Installation fee (yuan)"), kind="money", width=3),
            RegisterField("deposit", N_("Deposit (yuan)"), kind="money"),
            RegisterField("wanted_by", N_("Wanted by"), kind="date"),
            RegisterField("installed_on", N_("Installed on"), kind="date", width=3),
            RegisterField("installed_by", N_("Installed by"), length=80),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
declare(
    OfficeRegister(
        code="telephone-changes",
        form_number="QMS-PM-31308",
        title=N_("Telephone changes"),
        note=N_("Changes of lines that are installed: number, functions, suspension, removal."),
        title_field="number",
        dated_by="applied_on",
        boxes=_APPLICANT,
        check=together(
            in_order("applied_on", "effective_on", "done_on"),
            needs("after", given=lambda values: values["kind"] in ("number", "account", "functions")),
        ),
        fields=(
            RegisterField("applied_on", N_("Applied on"), kind="date", required=True, width=3),
            RegisterField("number", N_("Telephone number"), kind="phone", required=True, length=60, width=4),
            RegisterField("unit", N_("Unit or room"), length=60, width=2),
            RegisterField(
                "kind", N_("Kind of change"), kind="choice", required=True, width=3,
                entries=choices(
                    ("number", "改号", "Another number"),
                    ("account", "更名", "Another name of the account"),
                    ("functions", "功能变更", "Functions"),
                    ("suspension", "停机", "Suspension"),
                    ("resumption", "复机", "Resumption"),
                    ("removal", "拆机", "Removal"),
                ),
            ),
            RegisterField("before", N_("Before the change"), width=4),
            RegisterField("after", N_("After the change"), width=4),
            RegisterField("applicant", N_("Applicant"), required=True, length=80, width=3, why=_WHO),
            RegisterField("applicant_telephone", N_("Applicant's telephone"), kind="phone", length=60, why=_WHO),
            RegisterField("effective_on", N_("Wanted from"), kind="date"),
            RegisterField("fee", N_("Fee (yuan)"), kind="money", width=3),
            RegisterField("done_on", N_("Done on"), kind="date", width=3),
            RegisterField("handled_by", N_("Handled by"), length=80),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
declare(
    OfficeRegister(
        code="telephone-numbers",
        form_number="QMS-PM-31309",
        title=N_("Telephone numbers for letting or sale"),
        note=N_("Numbers that the office has to let or to sell; the customer is the one who holds it or for whom it is kept."),
        title_field="number",
        dated_by="recorded_on",
        unique=("number",),
        until="until",
        ended="given_back_on",
        free_when_ended=True,
        check=together(
            in_order("recorded_on", "given_back_on"),
            in_order("from_on", "until"),
            needs("from_on", given=lambda values: values["state"] in ("let", "sold")),
            needs("until", given=lambda values: values["state"] == "reserved"),
        ),
        fields=(
            RegisterField("number", N_("Telephone number"), kind="phone", required=True, length=60, width=4),
            RegisterField("kind", N_("Kind of line"), kind="choice", required=True, width=3, entries=_LINE),
            RegisterField(
                "offer", N_("Offered for"), kind="choice", required=True, width=2,
                entries=choices(("let", "出租", "Letting"), ("sale", "出售", "Sale")),
            ),
            RegisterField(
                "quality", N_("Quality of the number"), kind="choice", width=2,
                entries=choices(("ordinary", "普通号", "Ordinary"), ("good", "优选号", "Good"), ("special", "特选号", "Special")),
            ),
            RegisterField("rent", N_("Monthly rent (yuan)"), kind="money", width=3),
            RegisterField("price", N_("Price (yuan)"), kind="money", width=3),
            RegisterField("deposit", N_("Deposit (yuan)"), kind="money"),
            RegisterField(
                "state", N_("State"), kind="choice", required=True, width=2,
                entries=choices(
                    ("free", "空闲", "Free"), ("reserved", "预留", "Reserved"), ("let", "已租", "Let"), ("sold", "已售", "Sold")
                ),
            ),
            RegisterField("recorded_on", N_("Recorded on"), kind="date", required=True, width=3),
            RegisterField("from_on", N_("Let or sold from"), kind="date", width=3),
            RegisterField("until", N_("Let or reserved until"), kind="date", width=3),
            RegisterField("given_back_on", N_("Given back on"), kind="date"),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip


def _settled(values: Mapping[str, Any]) -> None:
    if values["done_on"] and not values["settled"]:
        raise Refusal("A line is transferred when its charges are settled.", field="settled")


declare(
    OfficeRegister(
        code="telephone-transfers",
        form_number="QMS-PM-31310",
        title=N_("Telephone transfer"),
        note=N_("Lines that pass from a customer to somebody else."),
        title_field="number",
        dated_by="applied_on",
        boxes=(N_("Present holder (signature or seal)"), N_("New holder (signature or seal)"), N_("Handled by"), N_("Reviewed by")),
        check=together(in_order("applied_on", "effective_on", "done_on"), _settled),
        fields=(
            RegisterField("applied_on", N_("Applied on"), kind="date", required=True, width=3),
            RegisterField("number", N_("Telephone number"), kind="phone", required=True, length=60, width=4),
            RegisterField("unit", N_("Unit or room"), length=60, width=2),
            RegisterField("to_name", N_("New holder"), required=True, wide=True, width=6),
            RegisterField("to_number", N_("Customer number of the new holder"), length=40, width=4, help=N_("Where it is a customer.")),
            RegisterField("to_contact", N_("Contact of the new holder"), length=80, width=3, why=_WHO),
            RegisterField("to_telephone", N_("Their telephone"), kind="phone", length=60, why=_WHO),
            RegisterField(
                "reason", N_("Reason"), kind="choice", required=True, width=3,
                entries=choices(
                    ("sale", "转让", "Sale"), ("reorganisation", "单位更名或重组", "Reorganisation"),
                    ("tenant", "更换租户", "Another tenant"), ("other", "其他", "Other"),
                ),
            ),
            RegisterField("settled", N_("All charges are settled"), kind="switch", width=2),
            RegisterField("deposit", N_("Deposit passed on (yuan)"), kind="money"),
            RegisterField("fee", N_("Fee (yuan)"), kind="money", width=3),
            RegisterField("effective_on", N_("Wanted from"), kind="date"),
            RegisterField("done_on", N_("Done on"), kind="date", width=3),
            RegisterField("handled_by", N_("Handled by"), required=True, length=80),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip


def _elsewhere(values: Mapping[str, Any]) -> None:
    if values["from_unit"] == values["to_unit"]:
        raise Refusal("A line moves to another place than the one where it is.", field="to_unit")


declare(
    OfficeRegister(
        code="telephone-moves",
        form_number="QMS-PM-31314",
        title=N_("Telephone moves"),
        note=N_("Lines that were moved from one place to another, counted by month."),
        title_field="number",
        dated_by="applied_on",
        boxes=_APPLICANT,
        check=together(in_order("applied_on", "moved_on"), _elsewhere),
        fields=(
            RegisterField("applied_on", N_("Applied on"), kind="date", required=True, width=3),
            RegisterField("number", N_("Telephone number"), kind="phone", required=True, length=60, width=4),
            RegisterField("lines", N_("Number of lines"), kind="integer", width=2),
            RegisterField("from_unit", N_("From (unit or room)"), required=True, length=60, width=3),
            RegisterField("to_unit", N_("To (unit or room)"), required=True, length=60, width=3),
            RegisterField(
                "kind", N_("Kind of move"), kind="choice", required=True, width=3,
                entries=choices(("inside", "室内移机", "Inside the unit"), ("building", "楼内移机", "Inside the building"),
                                ("outside", "楼外移机", "To another building")),
            ),
            RegisterField("applicant", N_("Applicant"), length=80, width=3, why=_WHO),
            RegisterField("applicant_telephone", N_("Applicant's telephone"), kind="phone", length=60, why=_WHO),
            RegisterField("fee", N_("Fee (yuan)"), kind="money", width=3),
            RegisterField("moved_on", N_("Moved on"), kind="date", width=3),
            RegisterField("worked_by", N_("Work done by"), length=80, width=3),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
