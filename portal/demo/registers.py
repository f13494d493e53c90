"""Entries of every office register for demonstration customers: plausible values by the name and the kind of a field."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from portal import clock
from portal.demo import invent
from portal.models.customer import Customer
from portal.models.register_entry import RegisterEntry, in_use
from portal.models.staff import Staff
from portal.registers import OfficeRegister, RegisterField

EACH = 7
"""So many entries a register gets."""
MINUTES = 9
"""So long each takes who enters it."""

_PERSON = {
    "name", "holder", "driver", "applicant", "handed_in_by", "received_by", "read_by", "witnessed_by", "returned_to", "chief", "to_contact",
    "reported_by", "recorded_by", "issued_by", "handled_by", "decided_by", "worked_by", "installed_by", "papers_seen_by", "reported_to",
}  # fmt: skip
_WORDS: dict[str, tuple[str, ...]] = {
    "contents": ("租赁合同及补充协议", "营业执照、法定代表人证明复印件", "装修申请及图纸一套", "迁入登记及押金收据"),
    "place": ("A座12层电梯厅", "地下一层B区", "大堂东门", "C座3层公共走廊"),
    "summary": ("12层茶水间水管爆裂，殃及下层", "访客与保安发生争执", "电梯困人约15分钟", "停车场车辆刮擦"),
    "course": ("巡查时发现，立即关闭总阀并通知工程部，约40分钟后恢复。", "接报后值班主管到场，了解情况并做好记录，双方协商解决。"),
    "measures": ("工程部抢修，保洁清理积水，通知受影响单位。", "调取监控，安抚当事人，登记备查。"),
    "result": ("当日恢复正常，受影响单位无异议。", "双方达成谅解，已结案。"),
    "organisation": ("北极星贸易株式会社深圳代表处", "Northwind Trading (HK) Ltd 深圳代表处", "远洋检验服务公司华南办事处"),
    "country": ("日本", "中国香港", "德国", "新加坡"),
    "nationality": ("日本", "德国", "新加坡", "法国"),
    "make": ("比亚迪 汉", "丰田 凯美瑞", "别克 GL8", "雅迪 DE2"),
    "colour": ("白", "黑", "银灰", "蓝"),
    "area": ("地下一层A区", "地下二层B区", "地面东区"),
    "areas": ("A座大堂、12层", "全部公共区域", "A座12层、地下车库"),
    "hours": ("工作日 18:00 以后、周末", "全天"),
    "may_use": ("工程部值班人员，须两人同行", "仅限紧急情况"),
    "kept_at": ("钥匙柜 3 号", "钥匙柜 5 号"),
    "key_numbers": ("K-1203-01 至 03", "K-0806"),
    "remarks": ("", "", "客户来电补充", "原件已核对"),
    "post": ("行政主管", "前台", "项目经理", "工程师"),
    "department": ("行政部", "财务部", "技术部"),
    "before": ("8301 4455", "市话"),
    "after": ("8301 7788", "国内长途"),
    "withdrawn_because": ("租约到期",),
}
_OPEN = {"returned_on", "withdrawn_on", "withdrawn_because", "given_up_on", "given_back_on", "moved_out_on", "lost_on", "closed_on"}
"""Filled in a few entries only: most things are still running."""


def fill(customers: Sequence[Customer], rng: random.Random, today: date) -> int:
    """Enter `EACH` entries into every register in use, for these customers in turn and in the name of who has each; return how many."""
    made, registers = 0, in_use()
    begun = clock.now() - timedelta(minutes=MINUTES * EACH * len(registers))
    for place, register in enumerate(registers):
        for turn in range(EACH):
            customer = customers[(place * 5 + turn * 3) % len(customers)]
            if customer.owner is not None:
                with clock.pretend(begun + timedelta(minutes=MINUTES * made)):
                    made += _enter(register, customer, customer.owner, turn, rng, today)
    return made


def _enter(register: OfficeRegister, customer: Customer, by: Staff, turn: int, rng: random.Random, today: date) -> int:
    begun = today - timedelta(days=rng.randrange(20, 330))
    values: dict[str, Any] = {}
    for one in register.fields:
        if (one.name in _OPEN and turn != 1) or (not one.required and rng.random() < 0.12 and turn):
            continue
        values[one.name] = _value(one, begun, turn, rng)
    values[register.dated_by] = begun
    if register.until in values:
        values[register.until] = today + timedelta(days=rng.choice((12, 25, 90, 200, 400)))
    _straighten(register, values, begun)
    RegisterEntry.add(register, customer, values, by=by, source="demo")
    return 1


def _value(one: RegisterField, begun: date, turn: int, rng: random.Random) -> Any:
    if one.entries:
        return one.entries[turn % len(one.entries)].code
    if one.name in _PERSON:
        return invent.person(rng)
    if one.name in _WORDS:
        return rng.choice(_WORDS[one.name])
    if one.kind == "date":
        return begun + timedelta(days=rng.randrange(1, 15))
    if one.kind == "money":
        return Decimal(rng.choice((50, 120, 300, 480, 600, 1000)))
    if one.kind == "integer":
        return rng.randrange(1, 5)
    if one.kind == "figure":
        return Decimal(rng.randrange(0, 900))
    if one.kind == "switch":
        return rng.random() < 0.6
    if one.kind == "plate":
        return f"粤B{rng.choice('ACDEFG')}{rng.randrange(1000, 9999)}" + (str(rng.randrange(0, 9)) if turn % 2 else "")
    if one.kind == "email":
        return f"duty{rng.randrange(100, 999)}@example.com"
    if one.kind == "phone":
        return f"1390000{rng.randrange(0, 10_000):04d}"
    return _line(one.name, turn, rng)


def _line(name: str, turn: int, rng: random.Random) -> str:
    serial = f"{rng.randrange(1000, 99_999):05d}"
    found = {
        "archive_number": f"J001-KH-2026-30-{serial}",
        "number": f"0755-8{rng.randrange(1_000_000, 9_999_999)}",
        "permit_number": f"P-{serial}",
        "card_number": f"U-{serial}",
        "plate": f"FJ-{serial}",
        "public_plate": f"深圳 {serial}",
        "space": f"B{1 + turn % 2}-{serial[-3:]}",
        "contract": f"CW-2026-{serial[-4:]}",
        "binder": f"{1 + turn % 4} 号盒",
        "shelf": f"{1 + turn % 3} 架 {1 + turn} 层",
        "water_meter": f"S{serial}",
        "power_meter": f"D{serial}",
        "occurred_at": f"{8 + turn}:30",
        "to_name": "深圳市新户主示例有限公司",
        "to_number": "",
        "registration_number": f"外登 {serial}",
        "registered_by": "市场监督管理局",
    }
    if name in ("unit", "from_unit", "to_unit"):
        return f"A座{rng.randrange(3, 28):02d}{rng.randrange(1, 12):02d}"
    return found.get(name, f"{serial}")


def _straighten(register: OfficeRegister, values: dict[str, Any], begun: date) -> None:
    """Bring together what the register's own check asks for."""
    later = begun + timedelta(days=16)
    if register.code == "parking-spaces":
        values |= {"until": values.get("until") or later, "rent": Decimal(480), "price": Decimal(180_000), "paid_until": later}
    elif register.code == "parking-applications":
        values |= {"space": "B1-118", "decided_on": later, "decided_by": "行政主管"} if values["decision"] == "approved" else {"space": ""}
        values |= {"decided_on": later, "decided_by": "行政主管"} if values["decision"] == "refused" else {}
    elif register.code == "telephone-numbers":
        values |= {"from_on": later, "until": values.get("until") or later + timedelta(days=200)}
    elif register.code == "telephone-changes":
        values |= {"before": "8301 4455", "after": "8301 7788", "effective_on": later, "done_on": later}
    elif register.code == "telephone-transfers":
        values |= {"settled": True, "effective_on": later, "done_on": later}
    elif register.code == "meter-readings":
        old = int(values.get("water_old") or 0)
        values |= {"water_old": Decimal(old), "water_new": Decimal(old + 37), "power_old": Decimal(1200), "power_new": Decimal("1420.5")}
    elif register.code == "departed-staff":
        values["employed_from"] = begun - timedelta(days=500)
    elif register.code == "foreign-organisations":
        values |= {"staff_count": 12, "foreign_count": 3}
    elif register.code == "staff-from-abroad":
        values |= {"name": f"{('Haruka', 'Anna', 'Wei Ling', 'Marc')[begun.day % 4]} {('Sato', 'Bauer', 'Tan', 'Petit')[begun.month % 4]}"}
        values |= {"chinese_name": "", "papers_seen_on": later, "papers_seen_by": "前台主管"}
        values.pop("left_on", None)
    if values.get(register.ended):
        values[register.ended] = later
        values |= {name: values.get(name) or "王敏" for name in ("returned_to", "withdrawn_because") if name in register.by_name}
    if register.code == "special-events":
        values["result"] = values.get("result") or "已妥善处理。"
