"""Dossiers of demonstration customers: papers in binders, scans of one and of several pages, a few dossiers that are complete."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from datetime import date, timedelta

from PIL import Image, ImageDraw

from portal import clock
from portal.models.binder import Binder
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.dossier_completeness import required_kinds
from portal.models.dossier_fields import WIDTHS
from portal.models.staff import Staff

CUSTOMERS = 40
"""So many customers have something filed."""
SCANS = 12
"""So many different scans are drawn; the same file in two dossiers is stored once."""

_TITLES = {
    "company": ("营业执照副本", "公司章程", "法定代表人身份证明书", "开户许可证"),
    "payment": ("物业押金收据", "租金缴费凭证"),
    "fitting_out": ("装修施工申请表", "装修图纸审核意见"),
    "move_in": ("迁入登记表", "房屋交接确认单"),
    "supplement": ("变更登记通知书",),
    "contact": ("单位联络人登记表", "名片"),
    "emergency": ("紧急联络人登记表",),
    "correspondence": ("关于调整服务费的函", "会议纪要", "合作备忘录"),
    "breach": ("欠费催缴通知单",),
    "repair": ("请修单",),
    "complaint": ("投诉处理记录",),
    "works": ("空调改造工程验收单",),
}


def fill(customers: Sequence[Customer], rng: random.Random, today: date) -> int:
    """File documents into the dossiers of these customers in the name of who has each; return how many."""
    scans = [_scan(rng, pages=1 + turn % 4) for turn in range(SCANS)]
    made = 0
    for place, customer in enumerate(customers):
        if customer.owner is None:
            continue
        with clock.pretend(clock.now() - timedelta(days=2, minutes=place)):
            made += _dossier(customer, customer.owner, place, scans, rng, today)
    return made


def _dossier(customer: Customer, by: Staff, place: int, scans: list[bytes], rng: random.Random, today: date) -> int:
    binder = Binder.add(customer, {"width_mm": str(rng.choice(WIDTHS)), "shelf": f"2-{'AB'[place % 2]}-{place // 2 + 1:02d}"}, by=by)
    kinds = required_kinds(customer.nature) if place % 3 == 0 else []
    kinds = [*kinds, *rng.sample(sorted(_TITLES), k=2 + place % 4)]
    for turn, kind in enumerate(dict.fromkeys(kinds)):
        title = rng.choice(_TITLES[kind])
        on_paper = turn % 2 == 0
        upload = Upload.of(scans[(place + turn) % len(scans)], f"{title}.pdf") if turn % 4 != 2 else None
        values = {
            "kind": kind,
            "title": title,
            "dated_on": today - timedelta(days=rng.randrange(3, 500)),
            "author": customer.full_name if kind in ("company", "correspondence") else "客户关系部",
            "on_paper": on_paper or upload is None,
            "binder_id": binder.id if on_paper or upload is None else None,
            "pages": None if upload else rng.randrange(1, 9),
        }
        ArchiveDocument.file(customer, values, upload, by=by, source="demo", again=True)
    return len(kinds)


def _scan(rng: random.Random, *, pages: int) -> bytes:
    """Return a PDF of pages that look written on from afar."""
    sheets = []
    for _page in range(pages):
        sheet = Image.new("L", (620, 877), 250)
        pen = ImageDraw.Draw(sheet)
        pen.rectangle((200, 70, 420, 88), fill=60)
        for top in range(140, 760, 28):
            pen.rectangle((80, top, 80 + rng.randrange(200, 460), top + 9), fill=rng.randrange(90, 150))
        pen.ellipse((400, 690, 500, 790), outline=110, width=5)
        sheets.append(sheet)
    buffer = io.BytesIO()
    sheets[0].save(buffer, "PDF", save_all=True, append_images=sheets[1:], resolution=75)
    return buffer.getvalue()
