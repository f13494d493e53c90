"""Rows of visits of customers and of meeting rooms."""

from __future__ import annotations

from typing import Any

from portal.database import db
from portal.models.reception import Reception
from portal.models.reception_pass import passes_of
from portal.models.room import MeetingRoom
from tests import factories, receiving
from tests.access import Row, everyone, managers
from tests.approving import person


def _room() -> MeetingRoom:
    """Return a room of its own: where many rows ask in one office, their visits do not clash."""
    number = db.session.query(MeetingRoom).count() + 1
    return receiving.meeting_room(f"会议室{number}", f"Room {number}")


def _ids(visit: Reception, **more: Any) -> dict[str, Any]:
    found = {"visit": visit.id, "customer": visit.customer_id, "number": visit.customer.number, "version": visit.version}
    return {**found, "room": visit.room_id, "rep": person("rep1").id, "day": receiving.day(30), **more}


def _bare() -> dict[str, Any]:
    customer, room = factories.customer("rep1"), _room()
    return {
        "customer": customer.id, "number": customer.number, "day": receiving.day(30), "room": room.id, "version": room.version,
        "rep": person("rep1").id,
    }  # fmt: skip


def _drafted() -> dict[str, Any]:
    return _ids(receiving.drafted(room=_room()))


def _approved() -> dict[str, Any]:
    visit = receiving.approved(room=_room())
    return _ids(visit, code=passes_of(visit)[0].code)


def _due() -> dict[str, Any]:
    """Return a visit of ordinary customers today, for which nothing is applied for ahead."""
    return _ids(receiving.approved(class_="ordinary", count=11, ahead=0))


def _rehearsing() -> dict[str, Any]:
    return _ids(receiving.approved(class_="major", room=_room()), today=receiving.day())


def _own(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page of everybody who sees the customer."""
    return Row(endpoint, url, method, owner=status, supervisor=status, manager=status, **values)


_WRITTEN = {
    "customer": "{number}", "class_": "important", "class_reason": "首次合作", "purpose": "考察", "count": "2",
    "visitors": "张伟，华兴公司\n李娜", "pass_kind": "each", "areas": "showroom", "language": "mandarin", "first_on": "{day}",
    "starts_at": "09:00", "ends_at": "10:00", "room": "{room}", "host_id": "{rep}", "version": "{version}",
}  # fmt: skip
_ROOM = {"zh": "贵宾室", "en": "VIP room", "seats": "8", "active": "y"}
_CAME = {"came": "9", "arrived_at": "09:05"}

ROWS = [
    everyone("reception.receptions", "/receptions"),
    everyone("reception.receptions", "/receptions?q=来宾&state=approved&first=2020-01-01&class=important&room=1", prepare=_approved),
    everyone("reception.receptions_file", "/receptions/file?format=csv", prepare=_approved),
    everyone("reception.receptions_file", "/receptions/file", prepare=_approved),
    everyone("reception.reception_new", "/receptions/new"),
    everyone("reception.reception_new", "/receptions/new?customer={customer}", prepare=_bare),
    Row(
        "reception.reception_new", "/receptions/new", "POST", _WRITTEN, _bare,
        owner=303, colleague=422, stranger=422, supervisor=303, other_supervisor=422, manager=303,
    ),
    everyone("reception.reception_new", "/receptions/new", "POST", 422, data={"class_": "ordinary", "count": "10"}),
    _own("reception.reception", "/receptions/{visit}", prepare=_drafted),
    _own("reception.reception", "/receptions/{visit}", prepare=_due),
    _own("reception.reception", "/receptions/{visit}", prepare=_rehearsing),
    _own("reception.reception_edit", "/receptions/{visit}/edit", prepare=_drafted),
    _own("reception.reception_edit", "/receptions/{visit}/edit", status=409, prepare=_approved),
    _own("reception.reception_edit", "/receptions/{visit}/edit", "POST", 303, data=_WRITTEN, prepare=_drafted),
    _own("reception.reception_edit", "/receptions/{visit}/edit", "POST", 422, data={"version": "1"}, prepare=_drafted),
    _own("reception.reception_submit", "/receptions/{visit}/submission", "POST", 303, prepare=_drafted),
    _own("reception.reception_give_up", "/receptions/{visit}/giving-up", "POST", 303, prepare=_drafted),
    _own("reception.amendment_new", "/receptions/{visit}/amendment/new", prepare=_approved),
    _own("reception.amendment_new", "/receptions/{visit}/amendment/new", "POST", 422, data={"reason": ""}, prepare=_approved),
    _own("reception.amendment_new", "/receptions/{visit}/amendment/new", "POST", 303, data={**_WRITTEN, "reason": "改"}, prepare=_approved),
    _own("reception.reception_cancel", "/receptions/{visit}/cancellation", "POST", 422, prepare=_approved),
    _own("reception.reception_cancel", "/receptions/{visit}/cancellation", "POST", 303, data={"reason": "改期"}, prepare=_approved),
    _own("reception.reception_rehearse", "/receptions/{visit}/rehearsal", "POST", 409, prepare=_approved),
    _own(
        "reception.reception_rehearse", "/receptions/{visit}/rehearsal", "POST", 303, data={"rehearsed_on": "{today}"},
        prepare=_rehearsing,
    ),
    _own("reception.reception_receive", "/receptions/{visit}/arrival", "POST", 422, data={"came": "12"}, prepare=_due),
    _own("reception.reception_receive", "/receptions/{visit}/arrival", "POST", 303, data=_CAME, prepare=_due),
    _own("reception.reception_absence", "/receptions/{visit}/absence", "POST", 303, data={"reason": "未到"}, prepare=_due),
    _own("reception.reception_absence", "/receptions/{visit}/absence", "POST", 409, data={"reason": "未到"}, prepare=_approved),
    _own("reception.of_customer", "/customers/{customer}/receptions", prepare=_approved),
    everyone("reception.calendar", "/meeting-rooms?day={day}", prepare=_approved),
    everyone("reception.calendar", "/meeting-rooms?day={day}&view=day", prepare=_approved),
    everyone("reception.rooms", "/meeting-rooms/list", prepare=_bare),
    managers("reception.room_new", "/meeting-rooms/new"),
    managers("reception.room_new", "/meeting-rooms/new", "POST", 422, data={"zh": "贵宾室"}),
    managers("reception.room_new", "/meeting-rooms/new", "POST", 303, data=_ROOM),
    managers("reception.room_edit", "/meeting-rooms/{room}/edit", prepare=_bare),
    managers("reception.room_edit", "/meeting-rooms/{room}/edit", "POST", 303, data={**_ROOM, "version": "{version}"}, prepare=_bare),
    everyone("prints.verification", "/v/{code}", prepare=_approved),
]  # fmt: skip
