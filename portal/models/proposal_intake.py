"""Proposals come in 客户提案登记 (PP-1): registered by hand or out of a request with one click (SV-7), changed, kept with files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit, callback_due, history
from portal.models.attachment import Attachment
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState
from portal.models.dossier import Upload
from portal.models.draft import PENDING
from portal.models.notice import notify
from portal.models.proposal import Proposal, ProposalFile
from portal.models.proposal_clock import begin, count
from portal.models.proposal_extension import undecided_of
from portal.models.proposal_letter import promise_of
from portal.models.proposal_prize import follow
from portal.models.proposal_search import index
from portal.models.request import ServiceRequest
from portal.models.request_step import note
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.standard_effects import used_in
from portal.permissions import Permission
from portal.rules import callbacks
from portal.rules import proposals as rules
from portal.rules.message import N_, Message, Refusal

WRITTEN = ("kind", "channel", "contact", "reach", "received_on", "received_time", "summary", "text")
"""What is written when a proposal is registered, beside customer and contact."""
EARLIEST_DAYS = 366
"""So many days ago a proposal can have been received at most: further back is a slip of the keyboard."""
MOST_FILES = 30


def register(customer: Customer, values: Mapping[str, Any], *, by: Staff, request: ServiceRequest | None = None) -> Proposal:
    """Register a proposal and return it, flushed (PP-1). `values`: `WRITTEN`. Raises `Refusal` with the field.

    Whoever is in charge of the customer handles it. What came by post makes a call due at once: received, with thanks (SV-10).
    """
    if not by.may(Permission.PROPOSAL_WORK):
        raise Refusal("Proposals are registered by the people of the office.")
    if customer.state == CustomerState.MERGED:
        raise Refusal("This record was merged into another one. Change that one.", field="customer")
    _check(values)
    person = _contact(customer, values["contact"])
    written = {name: values[name] for name in WRITTEN}
    if person is not None and not written["reach"]:
        written["reach"] = person.telephone or person.email
    handler = customer.owner if customer.owner is not None and customer.owner.active else by
    proposal = Proposal(
        customer=customer, contact_id=person.id if person else None, handler=handler, team_id=customer.team_id or handler.team_id,
        registered_by_id=by.id, state=rules.REGISTERED, request=request, extended=False, warned=0, void_reason="",
        **written,
    )  # fmt: skip
    begin(proposal)
    db.session.add(proposal)
    index(proposal)
    audit.write("change", "proposal-registered", actor=by, record=proposal, label=proposal.label)
    follow(customer.id, proposal.received_on.year, by_proposal=proposal)
    if proposal.channel == rules.POST:
        callback_due.due(
            customer, callbacks.PROPOSAL, on=proposal.received_on, by=by, source=f"proposal:{proposal.id}", note=proposal.summary,
            telephone=proposal.reach if _is_telephone(proposal.reach) and person is None else "",
        )  # fmt: skip
    if handler.id != by.id:
        figures = {"name": by.name, "customer": customer.full_name, "text": proposal.summary}
        notify(handler, Message(N_("%(name)s has registered a proposal of %(customer)s: %(text)s"), figures), link=proposal.link)
    return proposal


def _contact(customer: Customer, name: str) -> Contact | None:
    """Return the contact of the customer's card who has this name, None for none or several."""
    query = select(Contact).where(Contact.customer_id == customer.id, Contact.name == name).limit(2)
    found = db.session.scalars(query).all() if name else []
    return found[0] if len(found) == 1 else None


def _is_telephone(text: str) -> bool:
    return sum(sign.isdigit() for sign in text) >= 7 and "@" not in text


def problems(values: Mapping[str, Any], also: str = "") -> Iterator[Refusal]:
    """Yield all that keeps a proposal from being registered as it is, each with its field; `also`: a kind that it may have kept."""
    kinds = {one["code"] for one in standard("choices.proposal_kind") if one["active"]}
    if values["kind"] not in kinds | {also} or not values["kind"]:
        yield Refusal("Choose what the proposal is about.", field="kind")
    if values["channel"] not in rules.CHANNELS:
        yield Refusal("Say how it was received.", field="channel")
    received = values["received_on"]
    if received is None:
        yield Refusal("Say on which day it was received: its days count from there.", field="received_on")
    elif received > clock.today():
        yield Refusal("A proposal cannot be received in the future.", field="received_on")
    elif (clock.today() - received).days > EARLIEST_DAYS:
        yield Refusal("This day is more than %(days)s days ago.", field="received_on", days=EARLIEST_DAYS)
    if not values["summary"]:
        yield Refusal("Say in a line what is proposed.", field="summary")
    if not values["text"]:
        yield Refusal("Write down the whole proposal.", field="text")
    for name, most in (("summary", rules.LONGEST_SUMMARY), ("text", rules.LONGEST_TEXT), ("contact", rules.LONGEST_LINE)):
        if len(values[name]) > most:
            yield Refusal("At most %(most)s characters; these are %(count)s.", field=name, most=most, count=len(values[name]))


def _check(values: Mapping[str, Any], also: str = "") -> None:
    for refusal in problems(values, also):
        raise refusal


def change(proposal: Proposal, values: Mapping[str, Any], *, by: Staff, version: int) -> None:
    """Change what was registered; its days follow its receipt. Raises `Refusal` with the field, `StateConflict`.

    While its routing is in approval it stays as it is (AP-5); where it is fixed, kind, receipt and words stay, and only who is reached
    where changes. A customer who was told another day than the receipt now gives is told again (PP-2).
    """
    if not can_change(proposal, by) or proposal.version != version:
        raise StateConflict(f"proposal {proposal.id}")
    _check(values, also=proposal.kind)
    before = proposal.received_on
    names = ("contact", "reach") if is_fixed(proposal) else WRITTEN
    changes = [
        {"field": name, "old": str(getattr(proposal, name)), "new": str(values[name])}
        for name in names
        if getattr(proposal, name) != values[name]
    ]
    for name in names:
        setattr(proposal, name, values[name])
    person = _contact(proposal.customer, values["contact"])
    proposal.contact_id = person.id if person else None
    count(proposal)
    if proposal.received_on != before:
        told = (proposal.promised_on, proposal.promised_department)
        proposal.to_tell = proposal.promised_on is None or told != promise_of(proposal)
    index(proposal)
    audit.write("change", "proposal-changed", actor=by, record=proposal, label=proposal.label, changes=changes)
    for year in sorted({before.year, proposal.received_on.year}):
        follow(proposal.customer_id, year, by_proposal=proposal)


def can_change(proposal: Proposal, user: Staff) -> bool:
    """Return whether `user`, who sees the proposal, may change what was registered."""
    return proposal.can_work(user) and proposal.state in (rules.REGISTERED, rules.ROUTED, rules.ASSESSED)


def in_extension(proposal: Proposal) -> bool:
    """Return whether more days are in approval: what is signed names its receipt, kind and words (AP-5)."""
    extension = undecided_of(proposal)
    return extension is not None and extension.state == PENDING


def is_fixed(proposal: Proposal) -> bool:
    """Return whether kind, receipt and words stay as they are: departments have it, or more days are in approval."""
    return proposal.state != rules.REGISTERED or in_extension(proposal)


def can_void(proposal: Proposal, user: Staff) -> bool:
    """Return whether `user`, who sees the proposal, may say that it was entered by mistake: as long as it is not fixed."""
    return proposal.can_work(user) and not is_fixed(proposal)


def void(proposal: Proposal, *, reason: str, by: Staff) -> None:
    """Say that a proposal was entered by mistake. Raises `Refusal` (field `reason`), `StateConflict`."""
    if not can_void(proposal, by):
        raise StateConflict(f"proposal {proposal.id}")
    if not reason:
        raise Refusal("Say why.", field="reason")
    change = {"state": rules.VOID, "void_reason": reason, "warn_on": None, "to_tell": False, "version": proposal.version + 1}
    transition(proposal, expect={"state": rules.REGISTERED, "version": proposal.version}, change=change)
    audit.write("change", "proposal-void", actor=by, record=proposal, label=proposal.label, reason=reason[:200])
    follow(proposal.customer_id, proposal.received_on.year)


# --- out of a request (SV-7) -----------------------------------------------------------------------------------------------------


def of_request(request: ServiceRequest) -> Proposal | None:
    """Return the proposal that a request became."""
    return db.session.scalar(select(Proposal).where(Proposal.request_id == request.id))


def can_become(request: ServiceRequest, user: Staff) -> bool:
    """Return whether `user`, who sees the request, may make a proposal of it: its customer is known and it has become none yet."""
    return user.may(Permission.PROPOSAL_WORK) and request.customer is not None and of_request(request) is None


def from_request(request: ServiceRequest, *, by: Staff) -> Proposal:
    """Make a proposal of a request, with one click, and return it (SV-7). Raises `Refusal`, `StateConflict` where it is one already.

    Both know each other; the request goes its own way to its answer. What is not known yet (the kind) is chosen when it is classified.
    """
    if request.customer is None:
        raise Refusal("Say first which customer it is.")
    if not can_become(request, by):
        raise StateConflict(f"request {request.id}")
    channel = rules.FROM_REQUEST.get(request.channel, rules.OTHER_REQUESTS)
    received = max(request.received_on, clock.today() - timedelta(days=EARLIEST_DAYS))
    values = {
        "kind": _kind_of_request(), "channel": channel, "contact": request.caller[: rules.LONGEST_LINE], "reach": request.telephone,
        "received_on": received, "received_time": f"{clock.local(request.received_at):%H:%M}",
        "summary": request.first_line[: rules.LONGEST_SUMMARY], "text": request.text,
    }  # fmt: skip
    try:
        with db.session.begin_nested():
            proposal = register(request.customer, values, by=by, request=request)
    except IntegrityError as error:
        raise StateConflict(f"request {request.id}") from error
    note(request, "proposal", by=by, word=proposal.number)
    audit.write("change", "request-became-proposal", actor=by, record=request, label=request.label, reason=proposal.number)
    return proposal


def _kind_of_request() -> str:
    codes = [one["code"] for one in standard("choices.proposal_kind") if one["active"]]
    return "other" if "other" in codes else str(codes[-1])


# --- files -----------------------------------------------------------------------------------------------------------------------


def files_of(proposal: Proposal) -> list[ProposalFile]:
    """Return the files of a proposal in the order in which they were kept."""
    return list(db.session.scalars(select(ProposalFile).where(ProposalFile.proposal_id == proposal.id).order_by(ProposalFile.id)))


def keep_files(proposal: Proposal, uploads: Iterable[Upload], *, by: Staff, what: str = "received") -> list[ProposalFile]:
    """Keep files with a proposal, and return their records. Raises `Refusal` (field `files`), OSError, `StoreFailed`."""
    found: list[ProposalFile] = []
    present = len(files_of(proposal))
    for upload in uploads:
        if present + len(found) >= MOST_FILES:
            raise Refusal("A proposal has at most %(most)s files.", field="files", most=MOST_FILES)
        kept = Attachment.keep(
            upload.content, filename=upload.filename, media_type=upload.judged.media_type, purpose="proposal", by=by,
            customer_id=proposal.customer_id,
        )  # fmt: skip
        db.session.flush()
        file = ProposalFile(proposal_id=proposal.id, attachment=kept, what=what, added_by_id=by.id)
        db.session.add(file)
        audit.write("change", "proposal-file", actor=by, record=proposal, label=proposal.label, reason=upload.filename[:200])
        found.append(file)
    db.session.flush()
    return found


used_in("choices.proposal_kind", Proposal.kind)
_KINDS = ("Proposal", "ProposalRouting", "ProposalExtension", "ProposalLetter", "ProposalDecision", "ProposalAward")
history.stream("proposals", N_("Customers' proposals"), record_types=_KINDS)
for _name, _title in (
    ("proposal-registered", N_("Proposal registered")),
    ("proposal-changed", N_("Proposal changed")),
    ("proposal-void", N_("Proposal void: entered by mistake")),
    ("proposal-file", N_("File kept with a proposal")),
):
    history.action("Proposal", _name, _title)
history.action("ServiceRequest", "request-became-proposal", N_("Request became a proposal"))
