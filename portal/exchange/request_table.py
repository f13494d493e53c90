"""Requests and complaints as a table, out to files (SV-4, AR-41)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext

from portal import clock
from portal.i18n import of_choice
from portal.models import request_list
from portal.models.request import FAR, ServiceRequest
from portal.models.request_query import RequestQuery
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules import requests as rules
from portal.rules.message import N_

WHAT = "requests"
HEADS = (
    N_("Request number"), N_("Kind"), N_("State"), N_("Priority"), N_("Channel"), N_("Customer number"), N_("Customer"), N_("Grade"),
    N_("Who calls or writes"), N_("Telephone to call back"), N_("What is asked for"), N_("Received at"), N_("In hand of"), N_("Due at"),
    N_("First answer at"), N_("Answered at"), N_("Closed at"), N_("First answer (working minutes)"), N_("First answer (minutes)"),
    N_("Solution (working minutes)"), N_("Solution (minutes)"), N_("Answer"), N_("Cause"), N_("Responsible department"),
    N_("What was done"),
    N_("Satisfied"), N_("What the customer said of it"), N_("What prevents it from coming again"), N_("Number in the earlier system"),
)  # fmt: skip


def heads() -> list[str]:
    """Return the heads in the reader's language."""
    return [gettext(title) for title in HEADS]


def rows(user: Staff, query: RequestQuery) -> Iterator[list[Any]]:
    """Yield the cells of each request, as the list shows them and in its order."""
    causes = {one["code"]: of_choice(one) for one in standard("choices.complaint_cause")}
    for one in request_list.rows(user, query, whole=True):
        yield _cells(one, causes)


def _cells(one: ServiceRequest, causes: dict[str, str]) -> list[Any]:
    due_at = one.due_at if one.is_open and one.due_at < FAR else None
    moments = (one.received_at, due_at, one.first_answered_at, one.answered_at, one.closed_at)
    received, due, first, answered, closed = (clock.local(moment) if moment else None for moment in moments)
    satisfied = {True: gettext("yes"), False: gettext("no"), None: ""}[one.satisfied]
    return [
        one.number, gettext(rules.KINDS[one.kind]), gettext(rules.STATES[one.state][0]), gettext(rules.PRIORITIES[one.priority]),
        gettext(rules.CHANNELS[one.channel]), one.customer.number if one.customer else "", one.named, one.grade, one.caller, one.telephone,
        one.text, received, one.assignee.name, due, first, answered, closed, one.first_worked, one.first_elapsed, one.solve_worked,
        one.solve_elapsed, one.answer, causes.get(one.cause, one.cause), one.department, one.done, satisfied, one.word, one.prevention,
        one.reference,
    ]  # fmt: skip
