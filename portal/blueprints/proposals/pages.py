"""One proposal: what it says, where it lies, its days, departments, letters and files; a department's account sees its own part (PP-3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import abort, render_template, request
from sqlalchemy import select, update

from portal import clock
from portal.blueprints.proposals import bp
from portal.blueprints.proposals.forms import ReasonForm
from portal.blueprints.proposals.lists import words
from portal.database import db, write_apart
from portal.downloads import download
from portal.looks import look
from portal.models import audit, proposal_clock, proposal_extension, proposal_intake, proposal_letter, proposal_routing
from portal.models.audit import AuditEvent
from portal.models.customer import Customer
from portal.models.history import title_of
from portal.models.proposal import Proposal, ProposalFile
from portal.models.proposal_department import ProposalDepartment, parts_of
from portal.models.proposal_search import similar
from portal.models.request import ServiceRequest
from portal.models.staff import Staff
from portal.models.standard import why
from portal.permissions import Permission, requires
from portal.rules import proposals as rules
from portal.rules.message import N_
from portal.sessions import me

MOST_EVENTS = 40


class Part(NamedTuple):
    """What another module of the blueprint adds to the page of a proposal: a template, and its values or None where it does not show."""

    template: str
    place: str
    """main | aside | actions"""
    values: Callable[[Proposal], dict[str, Any] | None]
    order: int


PARTS: list[Part] = []


def part(template: str, place: str = "main", order: int = 0) -> Callable[[Callable[[Proposal], dict[str, Any] | None]], Any]:
    """Add a template to the page of a proposal; the decorated function gives it `part`, or None where it does not show.

    Of one place they stand by their `order`.
    """

    def decorate(values: Callable[[Proposal], dict[str, Any] | None]) -> Callable[[Proposal], dict[str, Any] | None]:
        PARTS.append(Part(template, place, values, order))
        PARTS.sort(key=lambda one: one.order)
        return values

    return decorate


@bp.get("/proposals/<int:proposal_id>")
@requires(Permission.PROPOSAL_READ, proposal=Proposal)
def proposal(proposal: Proposal) -> Any:
    """Show a proposal."""
    return page_of(proposal)


def page_of(proposal: Proposal, *, problems: Any = None, form: ReasonForm | None = None, status: int = 200) -> Any:
    """Return the page of a proposal; `problems` is a form that was refused, whose errors stand above."""
    user = me()
    look(proposal.customer)
    added = [(one, one.values(proposal)) for one in PARTS]
    shown: dict[str, list[tuple[str, dict[str, Any]]]] = {"main": [], "aside": [], "actions": []}
    for one, values in added:
        if values is not None:
            shown[one.place].append((one.template, values))
    common = {
        "proposal": proposal,
        "lines": db.session.scalars(parts_of(proposal.id, *_own(user))).all(),
        "files": proposal_intake.files_of(proposal),
        "added": shown,
        "problems": problems,
        **words(),
    }
    if user.is_department:
        _note_opened(proposal, user)
        common["files"] = [one for one in common["files"] if one.what == "received"]
        return render_template("proposals/department.html", **common), status
    seen = db.session.scalar(Customer.visible_to(user).where(Customer.id == proposal.customer_id).with_only_columns(Customer.id))
    page = render_template(
        "proposals/proposal.html",
        **common,
        customer_seen=seen is not None,
        request_=_request(proposal),
        place=proposal_clock.lies_with(proposal),
        days=rules.explain_days(proposal_clock.days_of(proposal), proposal.received_on, extended=proposal.extended),
        answer=reasons(proposal),
        gone=((proposal.decided_on or clock.today()) - proposal.received_on).days,
        routings=proposal_routing.routings_of(proposal),
        routing_states=proposal_routing.STATES,
        extensions=proposal_extension.extensions_of(proposal),
        extension_states=proposal_extension.STATES,
        letters=proposal_letter.letters_of(proposal),
        letter_words={"what": proposal_letter.WHAT, "states": proposal_letter.STATES, "mail": proposal_letter.MAIL_STATES},
        wanted=proposal_letter.wanted(proposal),
        told_again=proposal_letter.told_again(proposal),
        alike=similar(user, proposal.summary, proposal.text, besides=proposal.id) if proposal.is_undecided else [],
        events=_events(proposal),
        title_of=title_of,
        reason_form=form or ReasonForm(formdata=None),
        can={
            "change": proposal_intake.can_change(proposal, user),
            "void": proposal_intake.can_void(proposal, user),
            "work": proposal.can_work(user),
            "go_on": _routing_to_finish(proposal, user),
            "route": proposal_routing.ProposalRouting.can_begin(proposal, user),
            "extend": proposal_extension.ProposalExtension.can_begin(proposal, user),
            "tell": proposal.can_work(user) and proposal.is_undecided,
        },
    )
    return page, status


def _routing_to_finish(proposal: Proposal, user: Staff) -> int | None:
    """Return the number of the routing that is a draft and `user` may write on, None where there is none."""
    routing = proposal_routing.undecided_of(proposal)
    return routing.id if routing is not None and routing.can_edit(user) else None


def _note_opened(proposal: Proposal, user: Staff) -> None:
    """Note when somebody of the department first opened its copy: the office sees that it has arrived."""
    mine = (ProposalDepartment.proposal_id == proposal.id, *_own(user), ProposalDepartment.opened_at.is_(None))
    if request.method == "GET" and db.session.scalar(select(ProposalDepartment.id).where(*mine)) is not None:
        with write_apart() as session:
            session.execute(update(ProposalDepartment).where(*mine).values(opened_at=clock.now()))


def _own(user: Staff) -> list[Any]:
    """Return the condition on the parts of departments that `user` sees: an account of one sees its own."""
    return [ProposalDepartment.department == user.department_code] if user.is_department else []


def reasons(proposal: Proposal) -> Any:
    """Return the answer to 'Why?' beside the last day: rule, clause, version, figures of the case (ST-2)."""
    figures: dict[str, Any] = {
        N_("Received on"): proposal.received_on.isoformat(),
        N_("Target day"): proposal.target_on.isoformat(),
        N_("Last day of the proposal"): proposal.limit_on.isoformat(),
    }
    return why(proposal_clock.NAME, version=proposal.deadlines_version, **figures)


def _request(proposal: Proposal) -> ServiceRequest | None:
    if proposal.request_id is None:
        return None
    return db.session.scalar(ServiceRequest.visible_to(me()).where(ServiceRequest.id == proposal.request_id))


def _events(proposal: Proposal) -> list[AuditEvent]:
    """Return what happened to a proposal, the newest first."""
    here = (AuditEvent.record_type == "Proposal", AuditEvent.record_id == proposal.id, AuditEvent.kind != "access")
    return list(db.session.scalars(select(AuditEvent).where(*here).order_by(AuditEvent.id.desc()).limit(MOST_EVENTS)))


@bp.get("/proposals/<int:proposal_id>/files/<int:file_id>")
@requires(Permission.PROPOSAL_READ, proposal=Proposal)
def file(proposal: Proposal, file_id: int) -> Any:
    """Hand out a file of a proposal; a department's account has what came with the proposal. Written into the log (RO-7)."""
    found = db.session.scalar(select(ProposalFile).where(ProposalFile.id == file_id, ProposalFile.proposal_id == proposal.id))
    if found is None or (me().is_department and found.what != "received"):
        abort(404)
    audit.write_view("downloaded", actor=me(), record=proposal, label=found.attachment.filename)
    return download(found.attachment)


@bp.get("/proposals/similar")
@requires(Permission.PROPOSAL_WORK)
def alike() -> Any:
    """Show the proposals that are like what is typed as a summary, while it is typed (PP-1)."""
    summary = request.args.get("summary", "")[:400]
    return render_template("proposals/similar.html", alike=similar(me(), summary), **words())
