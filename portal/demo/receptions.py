"""Visits to the demonstration office: meeting rooms, and visitors of each class in every state (SV-21)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import time, timedelta
from typing import Any

from portal import clock
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.reception import Reception
from portal.models.reception_judging import proposed_class
from portal.models.room import MeetingRoom
from portal.models.staff import Staff
from portal.rules.reception import Visitor

At = Callable[[float], AbstractContextManager[None]]
Sign = Callable[[Approval, Staff, str, str], None]
ROOMS = (
    ("第一会议室", "Meeting room 1", 12),
    ("第二会议室", "Meeting room 2", 20),
    ("贵宾厅", "VIP room", 8),
    ("多功能厅", "Hall", 60),
)
AHEAD = 25
"""So many days before a visit it is applied for: enough working days whatever holidays lie between."""
STAGES: tuple[tuple[str, str, int], ...] = (
    ("draft", "important", 30), ("pending", "important", 24), ("manager", "major", 26), ("approved", "important", 9),
    ("approved", "major", 4), ("approved", "ordinary", 0), ("approved", "important", -2), ("received", "important", -12),
    ("received", "major", -30), ("absent", "ordinary", -20), ("cancelled", "important", 6), ("rejected", "major", 18),
    ("amended", "important", 13), ("amending", "important", 15), ("received", "ordinary", -45),
)  # fmt: skip
"""How far visits are brought, their class, and in how many days they are."""
PURPOSES = ("考察生产线与质量控制", "洽谈年度框架合同", "新产品试制交流", "行业协会组织参观学习", "售后服务流程交流")
NAMES = (
    "林志明",
    "吴秀兰",
    "何建军",
    "郭晓东",
    "马丽娟",
    "罗永强",
    "梁美玲",
    "宋国庆",
    "郑海燕",
    "谢文彬",
    "韩雪梅",
    "唐振华",
    "冯玉珍",
    "于永康",
)
POSTS = ("总经理", "采购经理", "质量主管", "工程师", "财务主管")


def fill(customers: Sequence[Customer], staff: Mapping[str, Staff], at: At, sign: Sign) -> int:
    """Add rooms, bring a visit of each customer as far as its turn says, and return how many visits there are."""
    with at(400):
        rooms = [
            MeetingRoom.add(
                {"zh": zh, "en": en, "seats": seats, "areas": ["meeting"], "note": "", "active": True}, by=staff["mgr1"]
            )
            for zh, en, seats in ROOMS
        ]  # fmt: skip
    mine = [one for one in customers if one.owner is not None]
    for turn, (stage, customer) in enumerate(zip(STAGES, mine, strict=False)):
        _visit(turn, *stage, customer, rooms[turn % 2 + (1 if stage[1] == "major" else 0)], staff, at, sign)
    return min(len(STAGES), len(mine))


def _written(turn: int, class_: str, customer: Customer, room: MeetingRoom, ahead: int) -> dict[str, Any]:
    first_on = clock.today() + timedelta(days=ahead)
    major, ordinary = class_ == "major", class_ == "ordinary"
    count = 14 if ordinary else 3 + turn % 4
    names = [NAMES[(turn + place) % len(NAMES)] for place in range(count)]
    photographed = turn % 5 == 3
    return {
        "class_": class_,
        "class_reason": "" if class_ == proposed_class(customer) else "按本次洽谈内容确定",
        "purpose": PURPOSES[turn % len(PURPOSES)],
        "count": count,
        "visitors": tuple(Visitor(name, customer.full_name, POSTS[place % len(POSTS)]) for place, name in enumerate(names)),
        "pass_kind": "group" if ordinary else "each",
        "wishes": [
            *(["photographs"] if photographed else []),
            *([] if ordinary else ["workshop", "explained"]),
            *(["without-souvenirs"] if customer.nature == "government" else []),
        ],
        "other_wishes": "希望与检测人员座谈半小时。" if turn % 4 == 1 else "",
        "photo_reason": "客户内刊报道，仅限展厅。" if photographed else "",
        "first_on": first_on,
        "last_on": None,
        "starts_at": time(9, 30) if turn % 2 else time(14),
        "ends_at": time(11, 30) if turn % 2 else time(16, 30),
        "room": None if ordinary else room,
        "areas": ["showroom", "grounds"] if ordinary else ["showroom", "meeting"],
        "language": "mandarin",
        "telephone": f"1390000{turn:04d}",
        "host": customer.owner,
        "rehearsal_on": first_on - timedelta(days=2) if major else None,
        "management": "秦致远" if major else "",
        "management_post": "general_manager" if major else "",
    }


def _visit(
    turn: int, stage: str, class_: str, ahead: int, customer: Customer, room: MeetingRoom, staff: Mapping[str, Staff], at: At, sign: Sign
) -> None:
    owner = customer.owner
    assert owner is not None  # noqa: S101 - chosen so
    begun = max(AHEAD - ahead, 0.6)
    values = _written(turn, class_, customer, room, ahead)
    with at(begun):
        visit = Reception.begin(customer, values, by=owner)
    if stage == "draft":
        return
    with at(begun * 0.95):
        approval = visit.submit(by=owner)
    if stage == "pending" or not _signed(stage, approval, owner, staff, begun, at, sign):
        return
    if visit.rehearsal_on is not None and visit.rehearsal_on < clock.today():
        with at((clock.today() - visit.rehearsal_on).days):
            visit.rehearse(on=clock.today(), note="投影设备已检查，茶歇摆位已定。", by=owner)
    if stage in ("amended", "amending"):
        with at(1):
            change = Reception.amend(visit, {**visit.values(), "ends_at": time(17)}, reason="客户增加技术交流环节", by=owner)
            approval = change.submit(by=owner)
        if stage == "amended":
            _signed(stage, approval, owner, staff, 0.8, at, sign)
    _ended(turn, stage, visit, owner, max(-ahead, 0.1), at)


def _signed(stage: str, approval: Approval, owner: Staff, staff: Mapping[str, Staff], begun: float, at: At, sign: Sign) -> bool:
    """Have an application signed, as far as its stage says; return whether it is approved."""
    supervisor = staff["sup1" if owner.account in ("rep1", "rep2") else "sup2"]
    with at(begun * 0.9):
        sign(approval, supervisor, "approve", "情况属实，同意接待。")
    if approval.state == "pending" and stage != "manager":
        with at(begun * 0.85):
            refused = stage == "rejected"
            sign(approval, staff["mgr1"], "reject" if refused else "approve", "当日总部有安排，请另约时间。" if refused else "同意。")
    return approval.state == "approved"


def _ended(turn: int, stage: str, visit: Reception, owner: Staff, ago: float, at: At) -> None:
    with at(ago if stage in ("received", "absent") else 0.5):
        if stage == "received":
            visit.receive(came=visit.count - turn % 2, arrived_at=visit.starts_at, remarks="参观顺利，客户对检测能力认可。", by=owner)
        elif stage == "absent":
            visit.note_absence(reason="客户临时出差，来电致歉，另约时间。", by=owner)
        elif stage == "cancelled":
            visit.cancel(reason="客户行程调整，改期另行申请。", by=owner)
