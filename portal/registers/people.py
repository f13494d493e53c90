"""Office registers of customers' staff: kept to what the office needs to admit them; no numbers of identity papers (AR-1)."""

from __future__ import annotations

from portal.registers.declaring import OfficeRegister, RegisterField, choices, declare, in_order, needs, together
from portal.rules.message import N_

_ADMIT = N_("To admit the person, and nobody in their name.")
_LAW = N_("Asked by the rules for staff from abroad; the papers themselves are only looked at.")
_PAPERS = N_("Seen, not copied: numbers of identity papers are not collected.")

declare(
    OfficeRegister(
        code="staff-from-abroad",
        form_number="QMS-PM-31311",
        title=N_("Staff from abroad"),
        note=N_("Customers' staff from abroad, and until when their permits last."),
        title_field="name",
        dated_by="employed_from",
        until="permit_until",
        ended="left_on",
        boxes=(N_("Customer (signature or seal)"), N_("Handled by")),
        check=together(
            in_order("employed_from", "permit_until", "left_on"),
            needs("papers_seen_by", given=lambda values: values["papers_seen_on"]),
        ),
        fields=(
            RegisterField("name", N_("Name as in the passport"), required=True, length=80, width=5, why=_ADMIT),
            RegisterField("chinese_name", N_("Name in Chinese"), length=40, width=3, why=_ADMIT),
            RegisterField("nationality", N_("Nationality"), required=True, length=40, width=3, why=_LAW),
            RegisterField("post", N_("Post"), length=80, width=4),
            RegisterField("employed_from", N_("Employed from"), kind="date", required=True, width=3),
            RegisterField(
                "permit", N_("Permit"), kind="choice", required=True, width=3, why=_LAW,
                entries=choices(
                    ("work", "外国人工作许可", "Work permit"), ("residence", "居留许可", "Residence permit"), ("visa", "签证", "Visa"),
                    ("resident", "港澳台居民居住证", "Residence permit of Hong Kong, Macao or Taiwan"),
                    ("permanent", "永久居留", "Permanent residence"),
                ),
            ),
            RegisterField("permit_until", N_("Permit valid until"), kind="date", width=3, why=_LAW),
            RegisterField("papers_seen_on", N_("Papers seen on"), kind="date", help=_PAPERS),
            RegisterField("papers_seen_by", N_("Papers seen by"), length=80),
            RegisterField("lodging_registered", N_("Registered with the police where they stay"), kind="switch", width=2, why=_LAW),
            RegisterField("telephone", N_("Telephone"), kind="phone", length=60, width=4, why=_ADMIT),
            RegisterField("left_on", N_("Left on"), kind="date", width=3),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
declare(
    OfficeRegister(
        code="identity-cards",
        form_number="QMS-PM-31313",
        title=N_("User identity cards"),
        note=N_("Cards with which customers' staff are admitted."),
        title_field="card_number",
        dated_by="issued_on",
        unique=("card_number",),
        until="valid_until",
        ended="returned_on",
        boxes=(N_("Received by"), N_("Issued by")),
        check=in_order("issued_on", "valid_until", "lost_on", "returned_on"),
        fields=(
            RegisterField("card_number", N_("Card number"), required=True, length=30, width=3),
            RegisterField("holder", N_("Holder"), required=True, length=80, width=3, why=_ADMIT),
            RegisterField("department", N_("Department"), length=80, width=3),
            RegisterField("post", N_("Post"), length=80),
            RegisterField(
                "kind", N_("Kind of card"), kind="choice", required=True, width=2,
                entries=choices(
                    ("staff", "员工卡", "Staff"), ("temporary", "临时卡", "Temporary"), ("contractor", "施工卡", "Contractor"),
                    ("visitor", "访客卡", "Visitor"),
                ),
            ),
            RegisterField("areas", N_("Where it admits to"), width=4),
            RegisterField("issued_on", N_("Issued on"), kind="date", required=True, width=3),
            RegisterField("valid_until", N_("Valid until"), kind="date", width=3),
            RegisterField("deposit", N_("Deposit (yuan)"), kind="money", width=3),
            RegisterField("issued_by", N_("Issued by"), required=True, length=80, width=3),
            RegisterField("lost_on", N_("Reported lost on"), kind="date"),
            RegisterField("returned_on", N_("Returned or cancelled on"), kind="date", width=3),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
declare(
    OfficeRegister(
        code="departed-staff",
        form_number="QMS-PM-31316",
        title=N_("Resigned and dismissed staff"),
        note=N_("Who no longer works for a customer, so that cards, keys and permits are taken back."),
        title_field="name",
        dated_by="left_on",
        boxes=(N_("Customer (signature or seal)"), N_("Handled by"), N_("Reviewed by")),
        check=in_order("employed_from", "left_on"),
        fields=(
            RegisterField("name", N_("Name"), required=True, length=80, width=3, why=_ADMIT),
            RegisterField("department", N_("Department"), length=80, width=3),
            RegisterField("post", N_("Post"), length=80, width=3),
            RegisterField("employed_from", N_("Employed from"), kind="date", width=3),
            RegisterField("left_on", N_("Left on"), kind="date", required=True, width=3),
            RegisterField(
                "kind", N_("How they left"), kind="choice", required=True, width=2,
                entries=choices(
                    ("resigned", "辞职", "Resigned"), ("dismissed", "辞退", "Dismissed"), ("expired", "合同到期", "Contract ended"),
                    ("retired", "退休", "Retired"),
                ),
            ),
            RegisterField("card_returned", N_("Identity card returned"), kind="switch", width=2),
            RegisterField("keys_returned", N_("Keys returned"), kind="switch", width=2),
            RegisterField("permit_returned", N_("Parking permit returned"), kind="switch", width=2),
            RegisterField("reported_by", N_("Reported by (at the customer)"), required=True, length=80, width=3),
            RegisterField("recorded_by", N_("Recorded by"), required=True, length=80, width=3),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
