"""The way of a request (SV-2): assigned, in hand, answered, followed up, closed, reopened; passed on, waiting, linked.

Every step is guarded by state and version, keeps who and when, and moves the clocks. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit, promise, request_clock, request_events
from portal.models.customer import Customer, CustomerState
from portal.models.notice import notify
from portal.models.promise import Promise
from portal.models.request import ServiceRequest
from portal.models.request_intake import (
    check_length,
    customer_is_known,
    managers,
    refresh_search,
    report_special,
    settle_owner,
    supervisors_of,
)
from portal.models.request_step import DUPLICATE, RELATED, RequestLink, note
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.team import Team
from portal.permissions import Permission, Role
from portal.rules import requests as rules
from portal.rules.message import N_, Message, Refusal

CHANGEABLE = ("kind", "channel", "priority", "caller", "telephone", "text", "cause", "done", "prevention", "department")
"""What can be corrected or filled in as long as the request is open."""


# --- the guard ---------------------------------------------------------------------------------------------------------------


def _move(request: ServiceRequest, step: str, *, by: Staff, version: int, state: str | None = None) -> None:
    """Take the request's row for a step. Raises `StateConflict` where it is in another state or was changed meanwhile."""
    states, target = rules.FLOW.get(step, (rules.OPEN, ""))
    if not by.may(Permission.REQUEST_WORK) or request.version != version:
        raise StateConflict(f"request {request.id}: {step}")
    change: dict[str, Any] = {"version": version + 1, "tallied": False}
    if state or target:
        change["state"] = state or target
    transition(request, expect={"state": list(states), "version": version}, change=change)


def _tell(request: ServiceRequest, step: str, *, by: Staff, word: str = "", to: Staff | None = None) -> None:
    note(request, step, by=by, word=word, to=to)
    refresh_search(request)
    db.session.flush()
    changes = [{"field": "assignee", "old": "", "new": to.name}] if to else []
    audit.write("change", f"request-{step}", actor=by, record=request, label=request.label, reason=word, changes=changes)


def _asked(word: str, text: str, field: str = "word") -> str:
    if not word:
        raise Refusal(text, field=field)
    check_length(word, field)
    return word


# --- who has it in hand ------------------------------------------------------------------------------------------------------


def targets() -> dict[str, list[tuple[str, str]]]:
    """Return to whom a request can be passed on: people, teams and departments, each as (code, name)."""
    people = db.session.execute(select(Staff.id, Staff.name, Staff.department).where(Staff.in_office).order_by(Staff.name, Staff.id)).all()
    teams = db.session.execute(select(Team.id, Team.name, Team.department).where(Team.active).order_by(Team.name)).all()
    departments = sorted({row.department for row in [*people, *teams] if row.department})
    return {
        "person": [(f"person:{row.id}", row.name) for row in people],
        "team": [(f"team:{row.id}", row.name) for row in teams],
        "department": [(f"department:{name}", name) for name in departments],
    }


def who_takes(target: str) -> tuple[Staff, str]:
    """Return who has it in hand when it goes to `person:7`, `team:3` or `department:…`, and the department, if one was named.

    A team or department takes it through its supervisor, else through whoever is in it with the highest role, else through a manager:
    it never lies with nobody (SV-2). Raises `Refusal` (field `to`).
    """
    kind, _colon, name = target.partition(":")
    if kind == "person" and name.isdecimal() and len(name) < 10:
        person = db.session.get(Staff, int(name))
        if person is None or not person.in_office:
            raise Refusal("Choose somebody whose account is active.", field="to")
        return person, ""
    if kind == "team" and name.isdecimal() and len(name) < 10 and db.session.get(Team, int(name)) is not None:
        found = supervisors_of(int(name)) or _people(Staff.team_id == int(name)) or managers()
        return _first(found), ""
    if kind == "department" and name:
        teams = select(Team.id).where(Team.department == name)
        found = _people(or_(Staff.department == name, Staff.team_id.in_(teams)))
        return _first(sorted(found, key=lambda one: -Role(one.role).rank) or managers()), name
    raise Refusal("Say to whom it goes.", field="to")


def _people(condition: Any) -> list[Staff]:
    return list(db.session.scalars(select(Staff).where(Staff.in_office, condition).order_by(Staff.id)))


def _first(people: list[Staff]) -> Staff:
    if not people:
        raise Refusal("Nobody there can take it. Choose somebody else.", field="to")
    return people[0]


def pass_on(request: ServiceRequest, target: str, *, word: str, by: Staff, version: int) -> Staff:
    """Give it to a person, team or department, with a word, and return who has it in hand now (SV-2).

    Who assigns what has just come in need not say why. Raises `Refusal` with the field, `StateConflict`.
    """
    person, department = who_takes(target)
    fresh = request.state in (rules.RECEIVED, rules.REOPENED)
    step = "assigned" if fresh and by.may(Permission.REQUEST_ASSIGN) else "passed-on"
    if step == "passed-on":
        _asked(word, N_("Say why it is passed on."))
    if person.id == request.assignee_id and request.state not in (rules.RECEIVED, rules.REOPENED):
        raise Refusal("%(name)s has it in hand already.", field="to", name=person.name)
    _move(request, "note", by=by, version=version, state=rules.ASSIGNED if request.state in rules.UNSOLVED else request.state)
    request.assignee, request.team_id = person, person.team_id
    if department:
        request.department = department
    promise.give("request", [request.id], person.id)
    request_clock.count(request)
    _tell(request, step, by=by, word=word, to=person)
    if person.id != by.id:
        figures = {"name": by.name, "customer": request.named, "text": request.first_line, "word": word}
        notify(person, Message(N_("%(name)s has given you a request of %(customer)s: %(text)s %(word)s"), figures), link=request.link)
    return person


def take_in_hand(request: ServiceRequest, *, by: Staff, version: int) -> None:
    """Begin to work on it; who does so has it in hand from now on. Raises `StateConflict`."""
    _move(request, "in-hand", by=by, version=version)
    changed = request.assignee_id != by.id
    request.assignee, request.team_id = by, by.team_id
    promise.give("request", [request.id], by.id)
    _tell(request, "in-hand", by=by, to=by if changed else None)


def name_customer(request: ServiceRequest, customer: Customer, *, by: Staff, version: int) -> None:
    """Say which customer it is that was not known when it was taken in. Raises `Refusal` (field `customer`), `StateConflict`."""
    if request.customer_id is not None:
        raise StateConflict(f"request {request.id} has a customer")
    if customer.state == CustomerState.MERGED:
        raise Refusal("This record was merged into another one. Change that one.", field="customer")
    _move(request, "customer", by=by, version=version)
    request.customer = customer
    db.session.flush()
    for one in promise.of_record("request", request.id):
        one.customer_id = customer.id
    request_clock.set_hours(request)
    if request.state == rules.RECEIVED:
        settle_owner(request, by=by)
    _tell(request, "customer", by=by, word=request.customer_name)
    customer_is_known(request, by=by)


# --- working on it -----------------------------------------------------------------------------------------------------------


def first_answer(request: ServiceRequest, word: str, *, by: Staff, version: int) -> None:
    """Note the first answer to the customer: that it was received, and what happens next. Raises `Refusal`, `StateConflict`."""
    word = _asked(word, N_("Write what the customer was told."))
    if request.first_answered_at is not None or request.state not in rules.UNSOLVED:
        raise StateConflict(f"request {request.id} has its first answer")
    _move(request, "first-answer", by=by, version=version, state=rules.IN_HAND)
    request_clock.note_first_answer(request, clock.now())
    request_clock.count(request)
    _tell(request, "first-answer", by=by, word=word)


def wait(request: ServiceRequest, word: str, *, by: Staff, version: int) -> None:
    """Stop the clocks while the customer is asked for something (SV-4). Raises `Refusal` without a word, `StateConflict`."""
    word = _asked(word, N_("Say what the customer is asked for."))
    if request.waiting_since is not None or request.state not in rules.UNSOLVED:
        raise StateConflict(f"request {request.id} waits or is answered")
    _move(request, "waiting", by=by, version=version)
    request_clock.stop(request, clock.now())
    _tell(request, "waiting", by=by, word=word)


def resume(request: ServiceRequest, word: str, *, by: Staff, version: int) -> None:
    """Go on after waiting for the customer. Raises `StateConflict`."""
    check_length(word, "word")
    if request.waiting_since is None:
        raise StateConflict(f"request {request.id} does not wait")
    _move(request, "resumed", by=by, version=version)
    request_clock.go_on(request, clock.now())
    _tell(request, "resumed", by=by, word=word)


def answer(request: ServiceRequest, text: str, *, by: Staff, version: int) -> None:
    """Answer the customer: it is solved (SV-2). Raises `Refusal` (field `word`), `StateConflict`."""
    text = _asked(text, N_("Write the answer."))
    _move(request, "answered", by=by, version=version)
    moment = clock.now()
    request_clock.go_on(request, moment)
    request.answer = text
    request_clock.note_solution(request, moment)
    request_clock.count(request)
    _tell(request, "answered", by=by, word=text)


def follow_up(request: ServiceRequest, *, satisfied: bool | None, word: str, by: Staff, version: int) -> None:
    """Note what the customer says of the answer, satisfied or not (SV-5). Raises `Refusal` with the field, `StateConflict`."""
    if satisfied is None:
        raise Refusal(rules.CLOSING["satisfied"], field="satisfied")
    word = _asked(word, rules.CLOSING["word"])
    _move(request, "followed-up", by=by, version=version)
    request.satisfied, request.word, request.followed_at = satisfied, word, clock.now()
    request_clock.count(request)
    _tell(request, "followed-up", by=by, word=word)


def close(request: ServiceRequest, values: Mapping[str, Any], *, by: Staff, version: int) -> None:
    """Close it. A complaint needs cause, what was done, the customer's word, responsible department and prevention (SV-5).

    Raises `Refusal` with the field of the first that is missing, `StateConflict`.
    """
    given = {name: getattr(request, name) for name in rules.CLOSING} | {k: v for k, v in values.items() if v not in (None, "")}
    given["done"] = given["done"] or request.answer
    missing = closing_problems(request, given)
    if missing:
        raise missing[0]
    _move(request, "closed", by=by, version=version)
    for name in rules.CLOSING:
        setattr(request, name, given[name])
    request.closed_at, request.is_open = clock.now(), False
    request_clock.count(request)
    _close_entry(request, by=by)
    _tell(request, "closed", by=by, word=given["done"])


def closing_problems(request: ServiceRequest, given: Mapping[str, Any]) -> list[Refusal]:
    """Return everything that keeps a request from being closed with these values, each with its field."""
    found = rules.check_closing(request.kind, given)
    if given.get("cause"):
        try:
            check_cause(given["cause"], request.cause)
        except Refusal as refusal:
            found.append(refusal)
    for name in ("done", "word", "prevention"):
        if len(given.get(name) or "") > rules.LONGEST:
            found.append(Refusal("At most %(most)s characters.", field=name, most=rules.LONGEST))
    waiting = any(one.state == promise.OPEN for one in promise.of_record("request", request.id))
    return [*found, Refusal("A promise to the customer is open. Say first whether it was kept.")] if waiting else found


def check_cause(code: str, before: str = "") -> None:
    """Raise `Refusal` (field `cause`) for what is none of the causes in use, nor the one that stands."""
    if code not in ("", before) and code not in {one["code"] for one in standard("choices.complaint_cause") if one["active"]}:
        raise Refusal("Choose one of the list.", field="cause")


def _close_entry(request: ServiceRequest, *, by: Staff) -> None:
    """Write the end of a special event into its entry of the office register."""
    entry = request.register_entry
    if entry is None or entry.closed is not None or entry.data.get("closed_on"):
        return
    entry.change({"result": request.done[:2000], "closed_on": max(clock.today(), entry.dated_on)}, by=by, source="request")


def _reopen_entry(request: ServiceRequest, *, by: Staff) -> None:
    """Take the end of a special event out of its entry, which keeps it in the log: the next closing writes it anew."""
    entry = request.register_entry
    if entry is not None and entry.closed is None:
        entry.change({"result": "", "closed_on": None}, by=by, source="request")


def reopen(request: ServiceRequest, word: str, *, by: Staff, version: int) -> None:
    """Open it again; its clocks begin anew. Raises `Refusal` without a reason, `StateConflict`."""
    word = _asked(word, N_("Say why."))
    _move(request, "reopened", by=by, version=version)
    request.is_open, request.reopened = True, request.reopened + 1
    request.first_answered_at = request.answered_at = request.followed_at = request.closed_at = None
    request.first_worked = request.first_elapsed = request.solve_worked = request.solve_elapsed = None
    request.satisfied, request.word = None, ""
    if not request.assignee.active:
        request.assignee = by
    request.team_id = request.assignee.team_id  # who had it in hand may be in another team by now
    request_clock.begin(request, clock.now())
    _reopen_entry(request, by=by)
    _tell(request, "reopened", by=by, word=word)
    if request.assignee_id != by.id:
        figures = {"name": by.name, "customer": request.named, "text": request.first_line}
        notify(request.assignee, Message(N_("%(name)s has reopened a request of %(customer)s: %(text)s"), figures), link=request.link)


def add_note(request: ServiceRequest, word: str, *, by: Staff) -> None:
    """Add what is to be remembered. Raises `Refusal` (field `word`)."""
    word = _asked(word, N_("Write what is to be added."))
    if not by.may(Permission.REQUEST_WORK):
        raise StateConflict(f"request {request.id}")
    _tell(request, "note", by=by, word=word)


def change(request: ServiceRequest, values: Mapping[str, Any], *, by: Staff, version: int) -> list[dict[str, Any]]:
    """Correct or fill in what it says and return what changed, as [{field, old, new}]. Raises `Refusal` with the field, `StateConflict`."""
    given = {name: values[name] for name in CHANGEABLE if name in values and values[name] != getattr(request, name)}
    for name, words in (("kind", rules.KINDS), ("channel", rules.CHANNELS), ("priority", rules.PRIORITIES)):
        if given.get(name, next(iter(words))) not in words:
            raise Refusal("Choose one of the list.", field=name)
    if "text" in given and not given["text"]:
        raise Refusal("Write what it is about.", field="text")
    for name in ("text", "done", "prevention"):
        check_length(given.get(name, ""), name)
    check_cause(given.get("cause", ""), request.cause)
    if not given:
        return []
    _move(request, "changed", by=by, version=version)
    changes = [{"field": name, "old": getattr(request, name), "new": value} for name, value in given.items()]
    for name, value in given.items():
        setattr(request, name, value)
    if {"kind", "priority"} & given.keys():
        request_clock.set_hours(request)
    refresh_search(request)
    note(request, "changed", by=by)
    db.session.flush()
    audit.write("change", "request-changed", actor=by, record=request, label=request.label, changes=changes)
    if given.get("kind") == rules.SPECIAL:
        report_special(request, by=by)
    if "kind" in given:
        customer_is_known(request, by=by)
    return changes


def set_causes(requests: list[ServiceRequest], cause: str, *, by: Staff) -> int:
    """Set the cause of many complaints at once and return how many had another one (SV-5). Raises `Refusal` (field `cause`)."""
    if not cause:
        raise Refusal("Choose one of the list.", field="cause")
    check_cause(cause)
    changed = [one for one in requests if one.kind == rules.COMPLAINT and one.cause != cause]
    for one in changed:
        before = one.cause
        transition(one, expect={"version": one.version}, change={"cause": cause, "version": one.version + 1, "tallied": False})
        changes = [{"field": "cause", "old": before, "new": cause}]
        audit.write("change", "request-changed", actor=by, record=one, label=one.label, changes=changes)
    return len(changed)


# --- links -------------------------------------------------------------------------------------------------------------------


def link(request: ServiceRequest, other: ServiceRequest, kind: str, *, word: str = "", by: Staff, version: int) -> None:
    """Say that a request has to do with another one, or repeats it: then it is joined to that one and leaves the queue (SV-7).

    Both are in the scope of `by`. Raises `Refusal` (field `other`), `StateConflict`.
    """
    if kind not in (DUPLICATE, RELATED):
        raise Refusal("Choose one of the list.", field="link")
    if other.id == request.id:
        raise Refusal("A request is not linked with itself.", field="other")
    if kind == DUPLICATE:
        _hold(request, other)
        if other.state == rules.JOINED:
            raise Refusal("That one was joined to another one itself.", field="other")
    there = db.session.scalar(select(RequestLink).where(RequestLink.request_id == request.id, RequestLink.other_id == other.id))
    if there is not None and kind == DUPLICATE:  # it was only related, or joined and reopened
        there.kind, there.by_id, there.at = kind, by.id, clock.now()
    else:
        try:
            with db.session.begin_nested():
                db.session.add(RequestLink(request_id=request.id, other_id=other.id, kind=kind, by_id=by.id))
        except IntegrityError as error:
            raise Refusal("These two are linked already.", field="other") from error
    if kind == RELATED:
        if not by.may(Permission.REQUEST_WORK):
            raise StateConflict(f"request {request.id}")
        audit.write("change", "request-linked", actor=by, record=request, label=request.label, reason=other.label)
        return
    _move(request, "joined", by=by, version=version)
    request.is_open, request.closed_at = False, clock.now()
    request_clock.count(request)
    for one in promise.of_record("request", request.id):
        if one.state == promise.OPEN:
            one.source_id, one.staff_id = other.id, other.assignee_id
    _tell(request, "joined", by=by, word=" ".join(filter(None, (other.number, word))))
    note(other, "note", by=by, word=f"{request.number}: {request.text}"[: rules.LONGEST])
    request_events.tell(request_events.JOINED, request, by=by)


def _hold(*requests: ServiceRequest) -> None:
    """Read requests as they stand now, held until the end of the transaction: of two joined to each other at once one leaves the queue."""
    ids = [one.id for one in requests]
    locked = select(ServiceRequest).where(ServiceRequest.id.in_(ids)).order_by(ServiceRequest.id).with_for_update()
    db.session.scalars(locked.execution_options(populate_existing=True)).all()


def settle_promise(request: ServiceRequest, found: Promise, *, kept: bool, word: str, by: Staff) -> None:
    """Say whether a promise made in this request was kept. Raises `Refusal` (field `word`), `StateConflict`."""
    if found.source != "request" or found.source_id != request.id:
        raise StateConflict(f"promise {found.id} is not of request {request.id}")
    found.settle(kept=kept, word=word, by=by)
