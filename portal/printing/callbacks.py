"""Sheets of call-backs: the follow-up card 顾客跟踪服务卡 and the list of calls (SV-12, PR-1, PR-5)."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.models import callback_list
from portal.models.callback import OUTCOMES, STATES, Callback
from portal.models.callback_list import TABS, CallbackQuery
from portal.models.greeting import contacts_of
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.printing import catalogue, lists
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare
from portal.rules.callbacks import EVENTS
from portal.rules.message import N_, Message

_SHEETS = (
    catalogue.Sheet("callback_card", "QMS-PM-31281", N_("Follow-up card"), "callback_card.html"),
    catalogue.Sheet("callback_list", "QMS-PM-31282", N_("List of call-backs"), "callback_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})


# --- follow-up card ----------------------------------------------------------------


def _card(call: Callback) -> dict[str, Any]:
    customer = call.customer
    contact = contacts_of([customer.id]).get(customer.id)
    asked = call.answers or [{**one, "answer": ""} for one in call.questions]
    return {
        "customer": {
            "number": customer.number,
            "full_name": customer.full_name,
            "grade": customer.grade,
            "contact": " ".join(filter(None, (contact.name, contact.post))) if contact else "",
            "telephone": (contact.telephone if contact else "") or customer.telephone,
            "owner": customer.owner.name if customer.owner else "",
        },
        "call": {
            "title": {"zh": call.title_zh, "en": call.title_en},
            "event": call.event.kind if call.event else "",
            "happened_on": call.event.happened_on.isoformat() if call.event else "",
            "due": " – ".join(dict.fromkeys((call.due_on.isoformat(), call.due_until.isoformat()))),
            "state": call.state,
            "text": call.text,
            "purpose": call.purpose,
            "assignee": call.assignee.name if call.assignee else "",
            "called_at": _said(call.done_at),
            "by": call.done_by.name if call.done_by else "",
            "spoken_with": call.spoken_with,
            "opening": call.opening,
            "result": call.result or call.reason,
            "satisfaction": str(call.satisfaction or ""),
            "next_step": call.next_step,
        },
        "questions": asked,
        "attempts": [
            {"at": _said(one.at), "by": one.by.name, "outcome": one.outcome, "note": " ".join(filter(None, (_later(one), one.note)))}
            for one in call.tries
        ],
    }


def _said(moment: Any) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}" if moment else ""


def _later(attempt: Any) -> str:
    return f"→ {_said(attempt.later_at) or attempt.later_on.isoformat()}" if attempt.later_on else ""


def _finish_card(document: dict[str, Any], labels: Labels) -> None:
    call = document["call"]
    if call.get("title"):
        call["title"] = labels.named(call["title"]["zh"], call["title"]["en"])
        call["state"] = labels(STATES[call["state"]][0])
    if call.get("event"):
        call["event"] = labels(EVENTS[call["event"]])
    for row in document["questions"]:
        row["question"] = labels.named(row["zh"], row["en"])
    for row in document["attempts"]:
        row["outcome"] = labels(OUTCOMES[row["outcome"]])


declare(
    Printable(
        sheet="callback_card",
        model=Callback,
        content=_card,
        blank={"customer": {}, "call": {}, "questions": [], "attempts": []},
        label=lambda call: call.label,
        page=lambda call: ("callbacks.call", {"call_id": call.id}),
        permission=Permission.CALLBACK_WORK,
        boxes=(
            Box(Message(N_("Customer relations representative")), "made"),
            Box(Message(N_("Customer relations supervisor")), "review"),
        ),
        choices={"call.purpose": "callback_purpose", "call.satisfaction": "satisfaction"},
        finish=_finish_card,
    )
)


# --- list ----------------------------------------------------------------


def call_rows(calls: list[Callback]) -> list[dict[str, Any]]:
    """Return calls as plain data, with whom to call and where."""
    contacts = contacts_of([one.customer_id for one in calls])
    found = []
    for one in calls:
        contact = contacts.get(one.customer_id)
        found.append(
            {
                "customer": one.customer.full_name,
                "grade": one.customer.grade,
                "contact": contact.name if contact else "",
                "telephone": (contact.telephone if contact else "") or one.customer.telephone,
                "title": {"zh": one.title_zh, "en": one.title_en},
                "purpose": one.purpose,
                "due": one.due_until.isoformat(),
                "assignee": one.assignee.name if one.assignee else "",
                "attempts": str(one.attempts or ""),
                "result": one.result or one.reason,
                "satisfaction": str(one.satisfaction or ""),
            }
        )
    return found


def _finish_list(document: dict[str, Any], labels: Labels) -> None:
    for row in document["calls"]:
        row["title"] = labels.named(row["title"]["zh"], row["title"]["en"])


def _conditions(user: Staff, query: CallbackQuery, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    said = [labels(TABS[query.tab]).text]
    words = {"": N_("Mine"), "team": N_("The team's"), "all": N_("Everybody"), "nobody": N_("In nobody’s hands")}
    said.append(labels(words[query.whose]).text if query.whose in words else named(user, Staff, query.whose))
    for name, value in query.filters.items():
        title = labels(CallbackQuery.FILTERS[name]).text
        if name in ("due", "late", "low"):
            said.append(title)
        else:
            said.append(f"{title}{colon}{labels(EVENTS[value]).text if name == 'kind' and value in EVENTS else value}")
    return semicolon.join(said)


lists.declare(
    ListSheet(
        "callback_list",
        "calls",
        call_rows,
        {"calls.purpose": "callback_purpose"},
        Source(
            read=CallbackQuery.read,
            ids=callback_list.LIST.ids,
            records=callback_list.LIST.records,
            conditions=_conditions,
            page=lambda query: ("callbacks.calls", query.args()),
            place=N_("Call-backs"),
            counted=N_("%(count)s calls are on this list."),
            empty=N_("There is no call on this list."),
            too_many=N_("A list of more than %(most)s calls is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_list,
    )
)
