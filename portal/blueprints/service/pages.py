"""One request: what it says, how it stands with its clocks, what happened, what can be done (SV-2 to SV-7)."""

from __future__ import annotations

from typing import Any

from flask import render_template

from portal import clock
from portal.blueprints.service import bp
from portal.blueprints.service.forms import (
    CustomerForm,
    DoneForm,
    KeptForm,
    LinkForm,
    PassForm,
    PromiseForm,
    StepForm,
    VisitForm,
)
from portal.blueprints.service.lists import words
from portal.looks import look
from portal.models import promise, proposal_intake, request_clock
from portal.models.promise import STATES as PROMISE_STATES
from portal.models.request import ServiceRequest
from portal.models.request_intake import SPECIAL_EVENTS
from portal.models.request_step import links_of, steps_of, visits_of
from portal.permissions import Permission, requires
from portal.registers.declaring import REGISTERS
from portal.rules import requests as rules
from portal.sessions import me

FORMS = {
    "step": StepForm,
    "pass": PassForm,
    "customer": CustomerForm,
    "promise": PromiseForm,
    "kept": KeptForm,
    "link": LinkForm,
    "visit": VisitForm,
    "done": DoneForm,
}
"""The forms of a request's page, each with a prefix of its own."""


@bp.get("/requests/<int:request_id>")
@requires(Permission.REQUEST_READ, request=ServiceRequest)
def request(request: ServiceRequest) -> Any:
    """Show a request."""
    if request.customer is not None:
        look(request.customer)
    return page(request)


def page(request: ServiceRequest, *, hits: list[Any] | None = None, status: int = 200, **sent: Any) -> Any:
    """Return the page of a request; `sent` is the form that was refused, by its name."""
    forms: dict[str, Any] = {name: sent.get(name) or kind(formdata=None, prefix=f"{name}-") for name, kind in FORMS.items()}
    for form in forms.values():
        if "version" in form:
            form.version.data = form.version.data or str(request.version)
    forms["pass"].offer()
    open_ = request.state in rules.UNSOLVED
    page = render_template(
        "service/request.html",
        request_=request,
        forms=forms,
        problems=next(iter(sent.values()), None),
        steps=steps_of(request),
        links=links_of(request, me()),
        visits=visits_of(request),
        promises=promise.of_record("request", request.id),
        promise_states=PROMISE_STATES,
        counts={
            "first": request_clock.explain(request, request.first_minutes) if open_ else None,
            "solve": request_clock.explain(request, request.solve_minutes) if open_ else None,
        },
        reasons=request_clock.reasons(request),
        left=request_clock.left(request, clock.now()),
        can_work=request.can_work(me()),
        unsolved=rules.UNSOLVED,
        special_sheet=REGISTERS[SPECIAL_EVENTS].sheet,
        proposal=proposal_intake.of_request(request),
        can_become=proposal_intake.can_become(request, me()),
        hits=hits or [],
        **words(),
    )
    return page, status
