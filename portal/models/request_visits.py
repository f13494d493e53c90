"""Repair visits of requests: arranged with the fitter's name and number, over their time, done (SV-10)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit, request_events
from portal.models.notice import notify
from portal.models.request import ServiceRequest
from portal.models.request_step import RepairVisit, note
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.message import N_, Message, Refusal

LONGEST_NAME = 80


def arrange(
    request: ServiceRequest, *, fitter: str, telephone: str, starts_at: datetime | None, ends_at: datetime | None, by: Staff
) -> RepairVisit:
    """Arrange a fitter's visit and return it, flushed. Raises `Refusal` with the field (fitter, starts_at, ends_at), `StateConflict`."""
    if not request.can_work(by):
        raise StateConflict(f"request {request.id} is closed")
    if not fitter or len(fitter) > LONGEST_NAME:
        raise Refusal("Give the name of the fitter, so that the customer can be told.", field="fitter")
    if starts_at is None:
        raise Refusal("Say when the fitter comes.", field="starts_at")
    if ends_at is None or ends_at <= starts_at:
        raise Refusal("Say until when it takes, after its beginning.", field="ends_at")
    visit = RepairVisit(
        request_id=request.id, fitter=fitter, telephone=telephone[:LONGEST_NAME], starts_at=starts_at, ends_at=ends_at, arranged_by_id=by.id
    )
    db.session.add(visit)
    db.session.flush()
    span = f"{clock.local(starts_at):%Y-%m-%d %H:%M}–{clock.local(ends_at):%H:%M}"
    note(request, "visit-arranged", by=by, word=f"{fitter} {telephone} {span}")
    audit.write("change", "request-visit-arranged", actor=by, record=request, label=request.label, reason=fitter)
    request_events.tell(request_events.REPAIR_ARRANGED, request, visit=visit, by=by)
    return visit


def finish(visit: RepairVisit, *, result: str, done_at: datetime | None, by: Staff) -> None:
    """Note that the repair is done. Raises `Refusal` with the field (result, done_at), `StateConflict` where it is noted already."""
    if not by.may(Permission.REQUEST_WORK):
        raise StateConflict(f"repair visit {visit.id}")
    if not result:
        raise Refusal("Say what was done.", field="result")
    moment = done_at or clock.now()
    if moment > clock.now() or moment < visit.starts_at:
        raise Refusal("It is done between the beginning of the visit and now.", field="done_at")
    transition(visit, expect={"done_at": None}, change={"done_at": moment, "result": result[:4000]})
    request = visit.request
    note(request, "visit-done", by=by, word=result)
    audit.write("change", "request-visit-done", actor=by, record=request, label=request.label, reason=result)
    request_events.tell(request_events.REPAIR_DONE, request, visit=visit, by=by)


def note_overruns(most: int) -> int:
    """Note the visits that are not done by the time that was said, tell who has the request in hand, and return how many (SV-10)."""
    query = select(RepairVisit).where(RepairVisit.done_at.is_(None), RepairVisit.overran_at.is_(None), RepairVisit.ends_at < clock.now())
    visits = list(db.session.scalars(query.order_by(RepairVisit.ends_at, RepairVisit.id).limit(most)))
    for visit in visits:
        try:
            transition(visit, expect={"done_at": None, "overran_at": None}, change={"overran_at": clock.now()})
        except StateConflict:
            continue
        request = visit.request
        note(request, "visit-overran", by=None, word=visit.fitter)
        figures = {"customer": request.named, "fitter": visit.fitter}
        text = N_("The repair visit at %(customer)s takes longer than was said (%(fitter)s). Tell the customer.")
        notify(request.assignee, Message(text, figures), link=request.link)
        request_events.tell(request_events.REPAIR_OVERRAN, request, visit=visit, by=None)
    return len(visits)
