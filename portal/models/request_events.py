"""What others hear of requests, in the transaction in which it happens (SV-10).

    @request_events.on(request_events.REPAIR_DONE)
    def _call_back(request: ServiceRequest, visit: RepairVisit | None, by: Staff | None) -> None: …

A listener takes the request, the repair visit (None where the event has none) and who did it (None for the worker, which notices by
itself that a visit overruns its time). It adds to the session and never commits. Requests whose customer is not named yet have
`request.customer_id` None; the event of a written complaint then comes when the customer is named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portal.models.request import ServiceRequest
    from portal.models.request_step import RepairVisit
    from portal.models.staff import Staff

WRITTEN_COMPLAINT = "written-complaint"
"""A complaint by letter or e-mail was received, and its customer is known."""
REPAIR_ARRANGED = "repair-arranged"
"""A repair visit was arranged: `visit.fitter` and `visit.telephone` say who comes."""
REPAIR_OVERRAN = "repair-overran"
"""A repair visit was not done by the time that was said."""
REPAIR_DONE = "repair-done"
"""A repair visit was done at `visit.done_at`."""
JOINED = "joined"
"""The request repeats another one, was joined to it, and left the queue."""
CODES = (WRITTEN_COMPLAINT, REPAIR_ARRANGED, REPAIR_OVERRAN, REPAIR_DONE, JOINED)

Listener = Callable[["ServiceRequest", "RepairVisit | None", "Staff | None"], None]
_listeners: dict[str, list[Listener]] = {code: [] for code in CODES}


def on(code: str) -> Callable[[Listener], Listener]:
    """Declare a function that hears of an event; called once by the module that has it."""

    def declare(listener: Listener) -> Listener:
        _listeners[code].append(listener)
        return listener

    return declare


def tell(code: str, request: ServiceRequest, *, visit: RepairVisit | None = None, by: Staff | None) -> None:
    """Tell whoever wants to hear of it."""
    for listener in _listeners[code]:
        listener(request, visit, by)
