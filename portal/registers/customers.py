"""Office registers on the customer itself: archive, emergencies, events, resident organisations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.registers.declaring import OfficeRegister, RegisterField, choices, declare, in_order, needs, together
from portal.rules.message import N_, Refusal

_CALL = N_("To call somebody in an emergency, day and night.")
_WHO = N_("To know whom to ask.")

declare(
    OfficeRegister(
        code="archive-registrations",
        form_number="QMS-PM-31301",
        title=N_("Customer archive registration"),
        note=N_("What papers of a customer came into the archive, and where they are."),
        title_field="archive_number",
        dated_by="registered_on",
        unique=("archive_number",),
        boxes=(N_("Handed in by"), N_("Received by"), N_("Reviewed by")),
        fields=(
            RegisterField("archive_number", N_("Archive number"), required=True, length=60, width=4),
            RegisterField("registered_on", N_("Registered on"), kind="date", required=True, width=3),
            RegisterField(
                "part", N_("Part of the dossier"), kind="choice", required=True, width=4,
                entries=choices(
                    ("company", "单位资料", "Company data"),
                    ("payments", "缴费、押金", "Payments and deposits"),
                    ("fitting-out", "装修工程", "Fitting-out works"),
                    ("move-in", "迁入", "Moving in"),
                    ("supplements", "资料补充", "Supplements"),
                    ("contacts", "联络资料", "Contact data"),
                    ("emergency", "紧急联络人", "Emergency contacts"),
                    ("correspondence", "往来文件", "Correspondence"),
                    ("breaches", "违规与欠费", "Breaches and arrears"),
                    ("repairs", "请修", "Repairs"),
                    ("complaints", "投诉", "Complaints"),
                    ("procedures", "工程档案", "Works and procedures"),
                ),
            ),
            RegisterField("contents", N_("Contents"), kind="long", required=True, length=1000, wide=True, width=6),
            RegisterField(
                "medium", N_("Medium"), kind="choice", required=True, width=2,
                entries=choices(("paper", "纸质", "Paper"), ("scan", "扫描件", "Scan"), ("both", "纸质和扫描件", "Paper and scan")),
            ),
            RegisterField("pages", N_("Number of pages"), kind="integer", width=2),
            RegisterField("copies", N_("Number of copies"), kind="integer"),
            RegisterField(
                "retention", N_("Retention period"), kind="choice", required=True, width=2,
                entries=choices(("10", "10年", "10 years"), ("30", "30年", "30 years"), ("permanent", "永久", "Permanent")),
            ),
            RegisterField(
                "confidentiality", N_("Confidentiality"), kind="choice",
                entries=choices(("open", "公开", "Open"), ("internal", "内部", "Internal"), ("secret", "商业秘密", "Business secret")),
            ),
            RegisterField("binder", N_("Binder"), length=60, width=2),
            RegisterField("shelf", N_("Place on the shelf"), length=60, width=2),
            RegisterField("handed_in_by", N_("Handed in by"), length=80, why=_WHO),
            RegisterField("received_by", N_("Received by"), required=True, length=80),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
declare(
    OfficeRegister(
        code="emergency-contacts",
        form_number="QMS-PM-31302",
        title=N_("Emergency contacts of customers"),
        note=N_("Whom to call for which unit when something happens outside office hours."),
        title_field="name",
        dated_by="confirmed_on",
        until="valid_until",
        boxes=(N_("Customer (signature or seal)"), N_("Handled by")),
        check=in_order("confirmed_on", "valid_until"),
        fields=(
            RegisterField("unit", N_("Unit or room"), required=True, length=60, width=3),
            RegisterField("name", N_("Name of the contact"), required=True, length=80, width=3, why=_CALL),
            RegisterField("post", N_("Post"), length=80, width=3),
            RegisterField(
                "priority", N_("Is called"), kind="choice", required=True, width=2,
                entries=choices(("1", "第一", "First"), ("2", "第二", "Second"), ("3", "第三", "Third")),
            ),
            RegisterField("mobile", N_("Mobile"), kind="phone", required=True, length=60, width=4, why=_CALL),
            RegisterField("office_telephone", N_("Office telephone"), kind="phone", length=60, width=4),
            RegisterField("night_telephone", N_("Telephone at night"), kind="phone", length=60, width=4, why=_CALL),
            RegisterField("email", N_("E-mail"), kind="email", length=254),
            RegisterField("hours", N_("Can be reached"), length=100, help=N_("Such as: workdays after 18:00, weekends.")),
            RegisterField("may_open", N_("May let the office into the unit"), kind="switch", width=2),
            RegisterField("confirmed_on", N_("Confirmed on"), kind="date", required=True, width=3),
            RegisterField("valid_until", N_("Valid until"), kind="date"),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
declare(
    OfficeRegister(
        code="special-events",
        form_number="QMS-PM-31304",
        title=N_("Record of special events"),
        note=N_("What happened to a customer out of the ordinary, and what was done."),
        title_field="summary",
        dated_by="occurred_on",
        boxes=(N_("Recorded by"), N_("Supervisor"), N_("Manager")),
        check=together(
            in_order("occurred_on", "reported_on", "closed_on"),
            needs("result", given=lambda values: values["closed_on"]),
        ),
        fields=(
            RegisterField("occurred_on", N_("Occurred on"), kind="date", required=True, width=3),
            RegisterField("occurred_at", N_("Time of day"), length=40, width=2, help=N_("Such as 14:30.")),
            RegisterField("place", N_("Place of the event"), required=True, width=4),
            RegisterField(
                "kind", N_("Kind of event"), kind="choice", required=True, width=3,
                entries=choices(
                    ("fire", "火灾火警", "Fire or fire alarm"),
                    ("water", "跑水漏水", "Water damage"),
                    ("power", "停电停梯", "Power or lift failure"),
                    ("theft", "盗窃损坏", "Theft or damage"),
                    ("injury", "人员伤病", "Injury or illness"),
                    ("dispute", "纠纷冲突", "Dispute"),
                    ("weather", "恶劣天气", "Severe weather"),
                    ("other", "其他", "Other"),
                ),
            ),
            RegisterField("summary", N_("The event in a line"), required=True, wide=True, width=6),
            RegisterField("course", N_("Course of events"), kind="long", required=True, length=4000, wide=True),
            RegisterField("people", N_("People involved"), kind="long", length=1000, why=_WHO),
            RegisterField("measures", N_("Measures taken"), kind="long", length=2000),
            RegisterField("loss", N_("Estimated loss (yuan)"), kind="money", width=3),
            RegisterField("called_authorities", N_("Police, fire or ambulance was called"), kind="switch"),
            RegisterField("reported_to", N_("Reported to"), length=80),
            RegisterField("reported_on", N_("Reported on"), kind="date"),
            RegisterField("result", N_("How it ended"), kind="long", length=2000),
            RegisterField("closed_on", N_("Closed on"), kind="date", width=3),
            RegisterField("recorded_by", N_("Recorded by"), required=True, length=80, width=2),
        ),
    )
)  # fmt: skip


def _foreigners(values: Mapping[str, Any]) -> None:
    staff, foreign = values["staff_count"], values["foreign_count"]
    if staff is not None and foreign is not None and foreign > staff:
        raise Refusal("More of the staff are from abroad than there are staff.", field="foreign_count")


declare(
    OfficeRegister(
        code="foreign-organisations",
        form_number="QMS-PM-31312",
        title=N_("Foreign-related resident organisations"),
        note=N_("Offices and companies from abroad that reside here, and until when they are registered."),
        title_field="organisation",
        dated_by="moved_in_on",
        until="registered_until",
        ended="moved_out_on",
        check=together(in_order("moved_in_on", "moved_out_on"), _foreigners),
        fields=(
            RegisterField("organisation", N_("Organisation"), required=True, wide=True, width=6),
            RegisterField("country", N_("Country or region"), required=True, length=60, width=3),
            RegisterField(
                "kind", N_("Kind of organisation"), kind="choice", required=True, width=3,
                entries=choices(
                    ("representative", "常驻代表机构", "Representative office"),
                    ("wholly-owned", "外商独资企业", "Wholly foreign-owned company"),
                    ("joint", "中外合资（合作）企业", "Joint venture"),
                    ("branch", "外国企业分支机构", "Branch of a foreign company"),
                    ("mission", "使领馆及国际组织", "Mission or international organisation"),
                    ("ngo", "境外非政府组织", "Foreign non-governmental organisation"),
                    ("other", "其他", "Other"),
                ),
            ),
            RegisterField("registration_number", N_("Registration number"), length=60, width=4),
            RegisterField("registered_by", N_("Registering authority"), length=100),
            RegisterField("registered_until", N_("Registered until"), kind="date", width=3),
            RegisterField("chief", N_("Chief representative"), length=80, width=3, why=_WHO),
            RegisterField("telephone", N_("Telephone"), kind="phone", length=60, width=4),
            RegisterField("unit", N_("Unit or room"), required=True, length=60, width=2),
            RegisterField("staff_count", N_("Number of staff"), kind="integer"),
            RegisterField("foreign_count", N_("Number of staff from abroad"), kind="integer", width=2),
            RegisterField("moved_in_on", N_("Moved in on"), kind="date", required=True, width=3),
            RegisterField("moved_out_on", N_("Moved out on"), kind="date"),
            RegisterField("remarks", N_("Remarks"), kind="long", length=1000, wide=True),
        ),
    )
)  # fmt: skip
