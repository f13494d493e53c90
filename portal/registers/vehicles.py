"""Office registers of vehicles and parking."""

from __future__ import annotations

from portal.registers.declaring import OfficeRegister, RegisterField, choices, declare, in_order, needs, together
from portal.rules.message import N_

_DRIVER = N_("To reach the driver when the vehicle stands in the way.")

declare(
    OfficeRegister(
        code="non-motor-plates",
        form_number="QMS-PM-31303",
        title=N_("Non-motor vehicle plates"),
        note=N_("Plates given to bicycles and electric bicycles of customers' staff."),
        title_field="plate",
        dated_by="issued_on",
        unique=("plate",),
        until="valid_until",
        ended="returned_on",
        boxes=(N_("Applicant (signature or seal)"), N_("Handled by")),
        check=in_order("issued_on", "valid_until", "returned_on"),
        fields=(
            RegisterField("plate", N_("Plate of the office"), required=True, length=30, width=3),
            RegisterField("issued_on", N_("Issued on"), kind="date", required=True, width=3),
            RegisterField(
                "kind", N_("Kind of vehicle"), kind="choice", required=True, width=3,
                entries=choices(
                    ("electric", "电动自行车", "Electric bicycle"), ("bicycle", "自行车", "Bicycle"),
                    ("tricycle", "三轮车", "Tricycle"), ("wheelchair", "残疾人机动轮椅车", "Motor wheelchair"),
                ),
            ),
            RegisterField("make", N_("Make and model"), length=80, width=4),
            RegisterField("colour", N_("Colour"), length=30, width=2),
            RegisterField("frame_number", N_("Frame or motor number"), length=60, width=4),
            RegisterField("public_plate", N_("Plate of the traffic police"), length=30, width=3),
            RegisterField("holder", N_("Holder"), required=True, length=80, width=3, why=_DRIVER),
            RegisterField("telephone", N_("Telephone"), kind="phone", length=60, width=4, why=_DRIVER),
            RegisterField("unit", N_("Unit or room"), length=60),
            RegisterField("place", N_("Where it is parked"), length=60),
            RegisterField("fee", N_("Fee (yuan)"), kind="money"),
            RegisterField("valid_until", N_("Valid until"), kind="date", width=3),
            RegisterField("returned_on", N_("Returned or cancelled on"), kind="date"),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
declare(
    OfficeRegister(
        code="parking-spaces",
        form_number="QMS-PM-31305",
        title=N_("Parking spaces sold and let"),
        note=N_("Who has which parking space, bought or rented, and until when."),
        title_field="space",
        dated_by="from_on",
        unique=("space",),
        until="until",
        ended="given_up_on",
        free_when_ended=True,
        check=together(
            in_order("from_on", "until", "paid_until", "given_up_on"),
            needs("until", "rent", given=lambda values: values["kind"] == "let"),
            needs("price", given=lambda values: values["kind"] == "sold"),
        ),
        fields=(
            RegisterField("space", N_("Parking space"), required=True, length=30, width=2),
            RegisterField("area", N_("Area or floor"), length=60, width=2),
            RegisterField(
                "kind", N_("Sold or let"), kind="choice", required=True, width=2,
                entries=choices(("sold", "出售", "Sold"), ("let", "出租", "Let")),
            ),
            RegisterField("plate", N_("Number plate"), kind="plate", length=20, width=3),
            RegisterField("holder", N_("User"), length=80, width=3, why=_DRIVER),
            RegisterField("telephone", N_("Telephone"), kind="phone", length=60, width=4, why=_DRIVER),
            RegisterField("contract", N_("Contract number"), length=60),
            RegisterField("from_on", N_("From the day"), kind="date", required=True, width=3),
            RegisterField("until", N_("Until"), kind="date", width=3),
            RegisterField("rent", N_("Monthly rent (yuan)"), kind="money", width=3),
            RegisterField("price", N_("Price (yuan)"), kind="money", width=3),
            RegisterField("deposit", N_("Deposit (yuan)"), kind="money"),
            RegisterField("paid_until", N_("Paid until"), kind="date"),
            RegisterField("given_up_on", N_("Given up on"), kind="date"),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
declare(
    OfficeRegister(
        code="parking-permits",
        form_number="QMS-PM-31306",
        title=N_("Parking permits issued"),
        note=N_("Which vehicle may park with which permit, and until when."),
        title_field="permit_number",
        dated_by="valid_from",
        unique=("permit_number",),
        until="valid_until",
        ended="withdrawn_on",
        boxes=(N_("Received by"), N_("Handled by"), N_("Reviewed by")),
        check=together(in_order("valid_from", "valid_until"), needs("withdrawn_because", given=lambda values: values["withdrawn_on"])),
        fields=(
            RegisterField("permit_number", N_("Permit number"), required=True, length=30, width=3),
            RegisterField(
                "kind", N_("Kind of permit"), kind="choice", required=True, width=2,
                entries=choices(
                    ("monthly", "月保", "Monthly"), ("space", "固定车位", "Own space"), ("temporary", "临时", "Temporary"),
                    ("visitor", "访客", "Visitor"), ("free", "免费", "Free of charge"),
                ),
            ),
            RegisterField("plate", N_("Number plate"), kind="plate", required=True, length=20, width=3),
            RegisterField("make", N_("Make and model"), length=80, width=3),
            RegisterField("colour", N_("Colour"), length=30, width=2),
            RegisterField("driver", N_("Driver"), length=80, width=3, why=_DRIVER),
            RegisterField("telephone", N_("Telephone"), kind="phone", length=60, width=4, why=_DRIVER),
            RegisterField("space", N_("Parking space"), length=30),
            RegisterField("valid_from", N_("Valid from"), kind="date", required=True, width=3),
            RegisterField("valid_until", N_("Valid until"), kind="date", required=True, width=3),
            RegisterField("fee", N_("Fee (yuan)"), kind="money"),
            RegisterField("issued_by", N_("Issued by"), required=True, length=80),
            RegisterField("withdrawn_on", N_("Withdrawn on"), kind="date", width=3),
            RegisterField("withdrawn_because", N_("Why it was withdrawn"), length=100),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
declare(
    OfficeRegister(
        code="parking-applications",
        form_number="QMS-PM-31315",
        title=N_("Applications for parking spaces"),
        note=N_("Who wants parking spaces, in the order of application, and what was decided."),
        title_field="applicant",
        dated_by="applied_on",
        boxes=(N_("Applicant (signature or seal)"), N_("Handled by"), N_("Approved by")),
        check=together(
            in_order("applied_on", "decided_on"),
            needs("decided_on", "decided_by", given=lambda values: values["decision"] in ("approved", "refused")),
            needs("space", given=lambda values: values["decision"] == "approved"),
        ),
        fields=(
            RegisterField("applied_on", N_("Applied on"), kind="date", required=True, width=3),
            RegisterField("applicant", N_("Applicant"), required=True, length=80, width=3, why=_DRIVER),
            RegisterField("telephone", N_("Telephone"), kind="phone", required=True, length=60, width=4, why=_DRIVER),
            RegisterField("unit", N_("Unit or room"), length=60, width=2),
            RegisterField(
                "kind", N_("Wanted"), kind="choice", required=True, width=3,
                entries=choices(
                    ("buy", "购买车位", "To buy a space"), ("fixed", "租固定车位", "To rent a space of one's own"),
                    ("any", "租非固定车位", "To rent any space"),
                ),
            ),
            RegisterField("spaces", N_("Number of spaces"), kind="integer", required=True, width=2),
            RegisterField("plate", N_("Number plate"), kind="plate", length=20, width=3),
            RegisterField("make", N_("Make and model"), length=80),
            RegisterField("wanted_from", N_("Wanted from"), kind="date", width=3),
            RegisterField("months", N_("For how many months"), kind="integer"),
            RegisterField(
                "decision", N_("Decision"), kind="choice", required=True, width=2,
                entries=choices(
                    ("waiting", "排队等候", "Waiting"), ("approved", "同意", "Agreed"), ("refused", "不同意", "Refused"),
                    ("withdrawn", "申请人撤回", "Withdrawn by the applicant"),
                ),
            ),
            RegisterField("space", N_("Parking space"), length=30, width=2),
            RegisterField("decided_on", N_("Decided on"), kind="date"),
            RegisterField("decided_by", N_("Decided by"), length=80),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
