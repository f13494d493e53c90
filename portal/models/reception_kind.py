"""The reception application as a document that is signed (AP-3, SV-21): what its decisions do, and how the log calls what happened.

Important and major customers are signed by supervisor and manager, as AP-3 says. Of ordinary ones AP-3 names no chain, but nobody visits
unapproved (SV-21): the supervisor approves alone, with the manager where photographs ask for special leave.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from portal import clock
from portal.database import db, transition
from portal.models import history, reception_benefit, room
from portal.models.approval import Approval
from portal.models.approval_kinds import DocumentKind, declare, into_approval
from portal.models.notice import notify
from portal.models.reception import APPROVED, DRAFT, NAME, PENDING, REJECTED, REPLACED, Reception
from portal.models.reception_judging import applied_on
from portal.models.reception_pass import issue
from portal.models.staff import Staff
from portal.models.standard_effects import used_in, used_within
from portal.rules.message import N_, Message, Refusal
from portal.rules.reception import PHOTOGRAPHS


def _submitted(reception: Reception, _approval: Approval, by: Staff | None) -> None:
    """Hold the room from now on, and promise the souvenirs under the customer's yearly cap."""
    into_approval(reception, applied_on=applied_on(reception.values(), reception, reception.amends))
    room.hold(reception)
    reception_benefit.promise(reception, by)


def _back(reception: Reception, _approval: Approval, _by: Staff | None) -> None:
    transition(reception, expect={"state": PENDING}, change={"state": DRAFT})
    room.let_go(reception)
    reception_benefit.release(reception)


def _rejected(reception: Reception, _approval: Approval, _by: Staff | None) -> None:
    transition(reception, expect={"state": PENDING}, change={"state": REJECTED})
    room.let_go(reception)
    reception_benefit.release(reception)


def _approved(reception: Reception, approval: Approval, by: Staff | None) -> None:
    """Issue the passes; an amendment takes the place of the visit that it changes."""
    if reception.last_on < clock.today():
        raise Refusal("The day of the visit has passed.")
    before = reception.amends
    if before is not None:
        if before.state != APPROVED:
            raise Refusal("The visit that this changes is not approved any more.")
        transition(before, expect={"state": APPROVED}, change={"state": REPLACED, "ended_at": clock.now()})
        room.move(reception, before)
    transition(reception, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": clock.now()})
    issue(reception, by)
    reception_benefit.settle(reception, by)
    if reception.host_id != approval.submitter_id:
        figures = {"customer": reception.customer.full_name, "day": reception.days}
        notify(reception.host, Message(N_("You receive visitors of %(customer)s on %(day)s."), figures), link=reception.link)


def _case(reception: Reception) -> dict[str, str]:
    return {"visitors": reception.class_, "photographs": "asked" if PHOTOGRAPHS in reception.wishes else "none"}


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("Reception application"),
        model=Reception,
        sheet="reception",
        chain="chain.reception",
        case=_case,
        page=lambda reception: ("reception.reception", {"reception_id": reception.id}),
        filed_as="correspondence",
        on_submitted=_submitted,
        on_returned=_back,
        on_rejected=_rejected,
        on_approved=_approved,
        labels={
            "reception.number": N_("Customer number"),
            "reception.customer": N_("Customer"),
            "reception.grade": N_("Grade"),
            "reception.owner": N_("In charge"),
            "reception.class": N_("Class of the visitors"),
            "reception.proposed": N_("Class proposed by the grade"),
            "reception.class_reason": N_("Why another class"),
            "reception.purpose": N_("Purpose of the reception"),
            "reception.count": N_("Number of visitors"),
            "reception.pass_kind": N_("Passes"),
            "reception.other_wishes": N_("Other wishes"),
            "reception.photo_reason": N_("Special leave to photograph"),
            "reception.first_on": N_("Day of the reception"),
            "reception.last_on": N_("Last day"),
            "reception.hours": N_("Time of the reception"),
            "reception.room": N_("Meeting room"),
            "reception.seats": N_("Seats"),
            "reception.language": N_("Language"),
            "reception.telephone": N_("Telephone of the visitors"),
            "reception.host": N_("Host of the visitors"),
            "reception.rehearsal_on": N_("Rehearsal on"),
            "reception.management": N_("Member of the management"),
            "reception.management_post": N_("Post in the management"),
            "reception.applied_on": N_("Applied for on"),
            "reception.cost": N_("Cost by the site's standard (yuan)"),
            "reception.amends": N_("Changes the visit of"),
            "reception.reason": N_("Reason of the change"),
            "services": N_("What they are given"),
            "areas": N_("Areas allowed"),
            "areas.area": N_("Area"),
            "visitors": N_("Visitors"),
            "visitors.name": N_("Name"),
            "visitors.organisation": N_("Organisation"),
            "visitors.post": N_("Post"),
        },
        choices={
            "reception.language": "visit_language",
            "reception.management_post": "management_post",
            "areas.area": "visit_area",
        },
        amounts=("reception.cost",),
    )
)

used_in("choices.visit_language", Reception.language)
used_in("choices.management_post", Reception.management_post)


@used_within("choices.visit_area")
def _areas() -> Iterator[str]:
    for areas in db.session.scalars(select(Reception.areas).execution_options(yield_per=500)):
        yield from areas


history.stream("receptions", N_("Receptions of visitors"), kinds=("change", "approval", "signature"), record_types=("Reception",))
for _name, _title in (
    ("reception-drafted", N_("Reception begun")),
    ("reception-amendment-drafted", N_("Amendment of a reception begun")),
    ("reception-draft-changed", N_("Draft of a reception changed")),
    ("reception-given-up", N_("Reception given up")),
    ("reception-cancelled", N_("Reception cancelled")),
    ("reception-rehearsed", N_("Reception rehearsed")),
    ("reception-received", N_("Visitors received")),
    ("reception-absent", N_("Visitors did not come")),
):
    history.action("Reception", _name, _title)
