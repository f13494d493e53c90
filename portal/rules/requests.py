"""Requests and complaints (SV-1 to SV-5): kinds, channels, states and which step leads where, and what a closed complaint says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from portal.rules.message import N_, Refusal

INQUIRY, COMPLAINT, REPAIR, SUGGESTION, SPECIAL = "inquiry", "complaint", "repair", "suggestion", "special-event"
KINDS = {
    INQUIRY: N_("Inquiry"),
    COMPLAINT: N_("Complaint"),
    REPAIR: N_("Repair request"),
    SUGGESTION: N_("Suggestion"),
    SPECIAL: N_("Special event"),
}
CHANNELS = {
    "telephone": N_("Telephone"),
    "front-desk": N_("Front desk"),
    "e-mail": N_("By e-mail"),
    "letter": N_("Letter"),
    "sms": N_("SMS"),
    "web": N_("Web"),
    "wechat": N_("WeChat"),
    "other": N_("Other way"),
}
WRITTEN = ("letter", "e-mail")
"""Channels of a written complaint, which is confirmed by telephone at once (SV-10)."""
URGENT, HIGH, NORMAL = "urgent", "high", "normal"
PRIORITIES = {URGENT: N_("Pressing"), HIGH: N_("Important"), NORMAL: N_("Normal")}

RECEIVED, ASSIGNED, IN_HAND, ANSWERED, FOLLOWED, CLOSED, REOPENED, JOINED = (
    "received", "assigned", "in-hand", "answered", "followed-up", "closed", "reopened", "joined",
)  # fmt: skip
IMPORTING = "importing"
"""Made by an import of all or nothing that has not ended; nobody sees it."""
STATES = {
    RECEIVED: (N_("Taken in"), "warn"),
    ASSIGNED: (N_("Assigned"), "accent"),
    IN_HAND: (N_("In hand"), "accent"),
    ANSWERED: (N_("Answered"), "accent"),
    FOLLOWED: (N_("Followed up"), "accent"),
    CLOSED: (N_("Request closed"), "ok"),
    REOPENED: (N_("Reopened"), "warn"),
    JOINED: (N_("Joined to another one"), ""),
}
"""Words and tones of the states in the order of the flow (SV-2)."""
OPEN = (RECEIVED, ASSIGNED, IN_HAND, ANSWERED, FOLLOWED, REOPENED)
UNSOLVED = (RECEIVED, ASSIGNED, REOPENED, IN_HAND)
"""States in which the hours until the solution count."""

STEPS = {
    "received": N_("Taken in"),
    "assigned": N_("Assigned"),
    "passed-on": N_("Passed on"),
    "in-hand": N_("Taken in hand"),
    "first-answer": N_("First answer given"),
    "waiting": N_("Waits for the customer"),
    "resumed": N_("Goes on"),
    "answered": N_("Answered"),
    "followed-up": N_("Followed up"),
    "closed": N_("Request closed"),
    "reopened": N_("Reopened"),
    "joined": N_("Joined to another one"),
    "note": N_("Note"),
    "proposal": N_("Request became a proposal"),
    "changed": N_("Changed"),
    "customer": N_("Customer named"),
    "escalated": N_("Went up: its deadline is past"),
    "visit-arranged": N_("Repair visit arranged"),
    "visit-overran": N_("Repair visit takes longer than was said"),
    "visit-done": N_("Repair done"),
}
FLOW: dict[str, tuple[tuple[str, ...], str]] = {
    "in-hand": ((RECEIVED, ASSIGNED, REOPENED), IN_HAND),
    "answered": (UNSOLVED, ANSWERED),
    "followed-up": ((ANSWERED,), FOLLOWED),
    "closed": ((ANSWERED, FOLLOWED), CLOSED),
    "reopened": ((CLOSED, JOINED), REOPENED),
    "joined": (OPEN, JOINED),
}
"""What each step that moves a request needs, and where it leads (SV-2). It can be passed on in every open state."""

LONGEST = 4000
"""Characters of a request's texts."""
CLOSING = {
    "cause": N_("Say what caused the complaint."),
    "done": N_("Say what was done."),
    "satisfied": N_("Say whether the customer is satisfied."),
    "word": N_("Write what the customer said of it."),
    "department": N_("Name the responsible department."),
    "prevention": N_("Say what prevents it from coming again."),
}
"""What a closed complaint says (SV-5), and what is asked for where it is missing."""

_NUMBER = re.compile(r"[Rr]?(?:[12]\d{3}-)?0*(\d{1,9})")


def number_of(year: int, serial: int) -> str:
    """Return the number of a request: R2026-000123."""
    return f"R{year}-{serial:06d}"


def serial_of(text: str) -> int | None:
    """Return the serial of a request from its number as it was typed: R2026-000123, 2026-123 or 123; None for anything else."""
    found = _NUMBER.fullmatch(text.strip())
    return int(found[1]) if found else None


def first_line(text: str, most: int = 60) -> str:
    """Return the beginning of a text in one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def check_closing(kind: str, values: Mapping[str, Any]) -> list[Refusal]:
    """Return all that a request lacks to be closed: a complaint needs everything of `CLOSING`, others what was done (SV-5)."""
    asked = CLOSING if kind == COMPLAINT else {"done": CLOSING["done"]}
    return [Refusal(text, field=name) for name, text in asked.items() if values.get(name) in (None, "")]
