"""Short ways through visits of customers for tests. rep1 and rep2 are of team 1, rep3 of team 2; a room is made when it is asked for."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.reception import Reception
from portal.models.room import MeetingRoom
from portal.rules.reception import Visitor
from tests import factories
from tests.approving import person, sign


def day(ahead: int = 0) -> date:
    """Return a day so many ahead of today."""
    return clock.today() + timedelta(days=ahead)


def visitors(count: int) -> tuple[Visitor, ...]:
    """Return so many people of a company."""
    return tuple(Visitor(f"来宾{number}", "深圳𠮷䶮科技有限公司", "工程师") for number in range(1, count + 1))


def meeting_room(zh: str = "第一会议室", en: str = "Meeting room 1", seats: int = 12, **values: Any) -> MeetingRoom:
    """Return the room of this name, committed."""
    found = db.session.scalar(db.select(MeetingRoom).where(MeetingRoom.zh == zh))
    if found is None:
        given = {"zh": zh, "en": en, "seats": seats, "areas": ["meeting"], "note": "", "active": True, **values}
        found = MeetingRoom.add(given, by=person("mgr1"))
        db.session.commit()
    return found


def written(class_: str = "important", count: int = 3, *, ahead: int = 30, **values: Any) -> dict[str, Any]:
    """Return what somebody writes into an application that nothing is wrong with: of important customers, in thirty days."""
    major = class_ == "major"
    given: dict[str, Any] = {
        "class_": class_, "class_reason": "首次合作，按此级别接待", "purpose": "考察生产线", "count": count, "visitors": visitors(count),
        "pass_kind": "each", "wishes": ["explained"] if class_ != "ordinary" else [], "other_wishes": "", "photo_reason": "",
        "first_on": day(ahead), "last_on": None, "starts_at": time(9), "ends_at": time(11, 30),
        "room": meeting_room() if class_ != "ordinary" else None, "areas": ["showroom"], "language": "mandarin",
        "telephone": "13900001111", "host": person("rep1"), "rehearsal_on": day(ahead - 2) if major else None,
        "management": "秦致远" if major else "", "management_post": "general_manager" if major else "",
    }  # fmt: skip
    return {**given, **values}


def drafted(customer: Customer | None = None, by: str = "rep1", **values: Any) -> Reception:
    """Return a committed draft; of a new customer of rep1 where none is given."""
    found = Reception.begin(customer or factories.customer("rep1"), written(**values), by=person(by))
    db.session.commit()
    return found


def submitted(reception: Reception | None = None, by: str = "rep1", **values: Any) -> Approval:
    """Return the committed running approval of a visit."""
    approval = (reception or drafted(**values)).submit(by=person(by))
    db.session.commit()
    return approval


def through(approval: Approval) -> Approval:
    """Have an approval signed by whoever is next, to its end."""
    while approval.state == "pending":
        signer = "sup1" if approval.step_for(person("sup1")) else "mgr1"
        sign(approval, signer)
    return approval


def approved(reception: Reception | None = None, **values: Any) -> Reception:
    """Return a committed approved visit."""
    approval = through(submitted(reception, **values))
    return db.session.get_one(Reception, approval.record_id)


def amended(before: Reception, reason: str = "来宾增加", by: str = "rep1", **values: Any) -> Reception:
    """Return a committed draft that changes an approved visit."""
    found = Reception.amend(before, {**before.values(), **values}, reason=reason, by=person(by))
    db.session.commit()
    return found
