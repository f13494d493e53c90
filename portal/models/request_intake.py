"""Taking in a request while the customer is on the telephone (SV-1), and what follows at once: who has it in hand, who must be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models import audit, request_events
from portal.models.customer import Customer, CustomerState
from portal.models.notice import notify
from portal.models.promise import Promise
from portal.models.promise import problems as promise_problems
from portal.models.register_entry import RegisterEntry, is_in_use
from portal.models.request import ServiceRequest
from portal.models.request_clock import begin, count, note_solution
from portal.models.request_step import note
from portal.models.search_index import line
from portal.models.staff import Staff
from portal.permissions import Permission, Role
from portal.registers.declaring import REGISTERS
from portal.rules import requests as rules
from portal.rules.message import N_, Message, Refusal
from portal.rules.regions import address_of

SPECIAL_EVENTS = "special-events"
"""The office register QMS-PM-31304."""


def take_in(values: Mapping[str, Any], *, by: Staff) -> ServiceRequest:
    """Take a request in and return it, flushed (SV-1). Raises `Refusal` with the field.

    `values`: kind, channel, text; customer (a `Customer` that `by` sees, or None) or customer_name; and, where known, caller, telephone,
    priority, received_at, promise with promised_at, answer (given at once).

    Whoever is in charge of the customer has it in hand; where nobody is, or the customer is not known yet, who takes it in.
    """
    if not by.may(Permission.REQUEST_WORK):
        raise Refusal("Requests are taken in by the people of the office.")
    customer: Customer | None = values.get("customer")
    for refusal in problems(values):
        raise refusal
    moment: datetime = values.get("received_at") or clock.now()
    request = ServiceRequest(
        customer=customer, customer_name="" if customer else values["customer_name"], caller=values.get("caller", ""),
        telephone=values.get("telephone", ""), kind=values["kind"], channel=values["channel"],
        priority=values.get("priority") or rules.NORMAL, text=values["text"], state=rules.RECEIVED, taken_by_id=by.id, assignee_id=by.id,
        team_id=by.team_id, received_at=moment, received_on=clock.local(moment).date(), is_open=True,
    )  # fmt: skip
    begin(request, moment)
    refresh_search(request)
    db.session.add(request)
    db.session.flush()
    note(request, "received", by=by, at=moment)
    audit.write("change", "request-received", actor=by, record=request, label=request.label)
    settle_owner(request, by=by)
    if values.get("promise") or values.get("promised_at"):
        promise(request, values.get("promise") or "", values.get("promised_at"), by=by)
    if values.get("answer"):
        request.answer, request.state = values["answer"], rules.ANSWERED
        note_solution(request, clock.now())
        count(request)
        note(request, "answered", by=by, word=values["answer"])
        refresh_search(request)
    customer_is_known(request, by=by)
    if request.kind == rules.SPECIAL:
        report_special(request, by=by)
    db.session.flush()
    return request


def problems(values: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield all that keeps a request from being taken in as it is, each with its field: who is on the telephone is asked once."""
    customer: Customer | None = values.get("customer")
    if customer is None and not values.get("customer_name"):
        yield Refusal("Say who it is for: a customer, or the name as it was said.", field="customer")
    if customer is not None and customer.state == CustomerState.MERGED:
        yield Refusal("This record was merged into another one. Change that one.", field="customer")
    for name, words in (("kind", rules.KINDS), ("channel", rules.CHANNELS)):
        if values.get(name) not in words:
            yield Refusal("Choose one of the list.", field=name)
    if (values.get("priority") or rules.NORMAL) not in rules.PRIORITIES:
        yield Refusal("Choose one of the list.", field="priority")
    if not values.get("text"):
        yield Refusal("Write what it is about.", field="text")
    for name in ("text", "answer"):
        try:
            check_length(values.get(name) or "", name)
        except Refusal as refusal:
            yield refusal
    if (values.get("received_at") or clock.now()) > clock.now():
        yield Refusal("A request cannot be received in the future.", field="received_at")
    if values.get("promise") or values.get("promised_at"):
        yield from promise_problems(values.get("promise") or "", values.get("promised_at"))


def check_length(text: str, field: str) -> None:
    """Raise `Refusal` with the field for a text that is too long."""
    if len(text) > rules.LONGEST:
        raise Refusal("At most %(most)s characters; these are %(count)s.", field=field, most=rules.LONGEST, count=len(text))


def settle_owner(request: ServiceRequest, *, by: Staff) -> None:
    """Give a new request to who is in charge of its customer, and say so to them."""
    owner = request.customer.owner if request.customer is not None else None
    if owner is None or not owner.active:
        return
    request.assignee, request.team_id, request.state = owner, owner.team_id, rules.ASSIGNED
    note(request, "assigned", by=by, to=owner)
    if owner.id != by.id:
        figures = {"name": by.name, "customer": request.named, "kind": Message(rules.KINDS[request.kind]), "text": request.first_line}
        notify(owner, Message(N_("%(name)s has taken in for you: %(kind)s of %(customer)s: %(text)s"), figures), link=request.link)


def refresh_search(request: ServiceRequest) -> None:
    """Bring the words by which it is found, and the figures of its month, into step with what it says."""
    parts = (request.named, request.caller, request.telephone, request.reference, request.text, request.answer)
    request.search_text = "\n".join(line(part) for part in parts if part)
    request.tallied = False


def promise(request: ServiceRequest, text: str, due_at: datetime | None, *, by: Staff) -> Promise:
    """Note what the customer was promised, by when (SV-3). Raises `Refusal` with the field `promise` or `promised_at`."""
    return Promise.make(
        request.customer_id, text, due_at, source="request", source_id=request.id, staff_id=request.assignee_id, by=by
    )  # fmt: skip


def customer_is_known(request: ServiceRequest, *, by: Staff) -> None:
    """Do what waits for the customer's name: the entry of a special event, the call that confirms a written complaint (SV-6, SV-10)."""
    if request.customer is None:
        return
    if request.kind == rules.COMPLAINT and request.is_written:
        request_events.tell(request_events.WRITTEN_COMPLAINT, request, by=by)
    if request.kind == rules.SPECIAL and request.register_entry_id is None and is_in_use(SPECIAL_EVENTS):
        request.register_entry = RegisterEntry.add(REGISTERS[SPECIAL_EVENTS], request.customer, _entry(request), by=by, source="request")


def _entry(request: ServiceRequest) -> dict[str, Any]:
    """Return the entry of the office register that a special event makes; whoever completes it changes that entry."""
    assert request.customer is not None  # noqa: S101 - asked by the caller
    values = {field.name: field.empty for field in REGISTERS[SPECIAL_EVENTS].fields}
    return {
        **values,
        "occurred_on": request.received_on,
        "occurred_at": f"{clock.local(request.received_at):%H:%M}",
        "place": address_of(request.customer, from_city=True) or request.named,
        "kind": "other",
        "summary": request.first_line,
        "course": request.text,
        "people": " ".join(filter(None, (request.caller, request.telephone))),
        "reported_to": "、".join(one.name for one in seniors(request))[:80],
        "reported_on": clock.today(),
        "recorded_by": request.taken_by.name if request.taken_by else "",
    }


def seniors(request: ServiceRequest) -> list[Staff]:
    """Return the supervisors of the team that has it in hand, and all managers (SV-6)."""
    team_id = request.team_id if request.customer is None else request.customer.team_id
    supervisors = supervisors_of(team_id)
    return [*supervisors, *managers()]


def supervisors_of(team_id: int | None) -> list[Staff]:
    """Return the active supervisors of a team."""
    if team_id is None:
        return []
    query = select(Staff).where(Staff.active, Staff.role == Role.SUPERVISOR.value, Staff.team_id == team_id)
    return list(db.session.scalars(query.order_by(Staff.id)))


def managers() -> list[Staff]:
    """Return the active managers."""
    return list(db.session.scalars(select(Staff).where(Staff.active, Staff.role == Role.MANAGER.value).order_by(Staff.id)))


def report_special(request: ServiceRequest, *, by: Staff) -> None:
    """Tell supervisors and managers at once of a special event, in the portal and by mail (SV-6)."""
    figures = {"name": by.name, "customer": request.named, "text": request.first_line}
    for person in seniors(request):
        if person.id != by.id:
            notify(person, Message(N_("Special event at %(customer)s, reported by %(name)s: %(text)s"), figures), link=request.link)
