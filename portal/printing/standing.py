"""What a printed sheet is worth today: the latest version, superseded and by what, or withdrawn; what belongs into the binder (PR-2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from portal import clock
from portal.database import db
from portal.models.approval import RETURNED, Approval
from portal.models.approval_round import ApprovalRound
from portal.models.customer import Customer
from portal.models.sheet import BLANK, LIST, PrintedSheet
from portal.printing.catalogue import SHEETS
from portal.printing.papers import CANCELLED, PRINTABLES, Paper, Printable, paper_of, paper_of_round
from portal.rules.message import N_, Message

STATES = {
    "": (N_("In force"), "ok"),
    "approved": (N_("Approved"), "ok"),
    "draft": (N_("Draft"), ""),
    "pending": (N_("In approval"), "accent"),
    "sent-back": (N_("Sent back"), "warn"),
    "withdrawn": (N_("Withdrawn"), "warn"),
    "rejected": (N_("Rejected"), "seal"),
    CANCELLED: (N_("Cancelled"), "seal"),
}
"""States of a sheet, with the tone of their label."""

VERDICTS = {
    "latest": (N_("This is the latest version"), "ok"),
    "superseded": (N_("Superseded: no longer valid"), "seal"),
    "withdrawn": (N_("Withdrawn: no longer valid"), "seal"),
    "dated": (N_("A list of its day"), ""),
}


@dataclass(frozen=True)
class Standing:
    """The answer about one sheet."""

    verdict: str
    advice: Message
    reasons: list[Message] = field(default_factory=list)
    state_now: str | None = None
    """A key of `STATES`, or None where there is nothing to compare with."""
    newest: PrintedSheet | None = None
    """The newest copy that shows what holds now."""
    page: tuple[str, dict[str, Any]] | None = None
    """Endpoint and values of the record's own page."""
    printable: Printable | None = None
    """What to print anew, and of which record."""


def standing(printed: PrintedSheet) -> Standing:
    """Return what `printed` is worth today."""
    if printed.record_type == LIST:
        advice = Message(N_("A list shows how things stood on its day. Print it again from the list if you need today's."))
        return Standing("dated", advice)
    declared = SHEETS.get(printed.sheet)
    form = [] if declared and declared.version == printed.form_version else [Message(N_("The form itself has a new version."))]
    if printed.record_type == BLANK:
        if form:
            return Standing("superseded", Message(N_("Throw it away and use the form's present version.")), form)
        return Standing("latest", Message(N_("An empty form: fill it in by hand, then enter it in the portal.")))
    printable = PRINTABLES.get(printed.sheet)
    record = db.session.get(printable.model, printed.record_id) if printable else None
    if printable is None or record is None:
        return Standing("withdrawn", _NOTHING_REPLACES, [Message(N_("The record is no longer in the portal."))])
    merged = record.merged_into_id if isinstance(record, Customer) else None
    if merged:
        survivor = db.session.get(Customer, merged)
        reason = Message(N_("This record was merged into customer %(number)s."), {"number": survivor.number if survivor else merged})
        return Standing(
            "withdrawn",
            Message(N_("Take it out of the binder and print the other customer's card.")),
            [reason],
            page=printable.page(record),
        )
    approval = Approval.latest_for(printable.kind, record.id) if printable.kind else None
    now = _what_holds(printed, printable, record, approval)
    found: dict[str, Any] = {
        "state_now": now.state,
        "newest": PrintedSheet.last_of(now.version),
        "page": printable.page(record),
        "printable": printable,
    }
    if printed.version == now.version and not form:
        running = now.state not in ("", "approved")
        if now.state in ("rejected", "withdrawn", "sent-back", CANCELLED):
            return Standing(
                "latest",
                Message(N_("It shows how the document ended. Keep it with the papers of the case, not among those in force.")),
                **found,
            )
        return Standing("latest", _REPLACE_WHEN_SIGNED if running else _KEEP, **found)
    reasons = [*form, *_differences(printed, now, approval, printable)]
    if now.state == "withdrawn":
        return Standing("withdrawn", _NOTHING_REPLACES, reasons, **found)
    return Standing("superseded", _replacement(printed, now, found["newest"]), reasons, **found)


_KEEP = Message(N_("It may stay in the binder."))
_REPLACE_WHEN_SIGNED = Message(N_("It is still running: replace it by the final form when the last signature is given."))
_NOTHING_REPLACES = Message(N_("Take it out of the binder. Nothing replaces it at present."))


def _what_holds(printed: PrintedSheet, printable: Printable, record: Any, approval: Approval | None) -> Paper:
    """Return the paper that would print now; what was sent back or withdrawn is judged by that round, for its draft holds nothing."""
    if approval is not None and approval.state in RETURNED and printed.approval_id is not None:
        return paper_of_round(approval, approval.current_round)
    return paper_of(printable, record)


def _differences(printed: PrintedSheet, now: Paper, approval: Approval | None, printable: Printable) -> list[Message]:
    found = []
    current: ApprovalRound | None = now.round
    if current is not None and approval is not None and (printed.approval_id, printed.round) != (current.approval_id, current.number):
        params = {"round": current.number, "day": f"{clock.local(current.submitted_at):%Y-%m-%d}", "name": current.submitted_by.name}
        found.append(Message(N_("Round %(round)s was submitted on %(day)s by %(name)s."), params))
    elif printed.content_hash != now.content_hash:
        found.append(Message(printable.changed))
    elif now.signatures > printed.signatures:
        found.append(
            Message(
                N_("%(count)s signatures were given after it was printed; the content is the same."),
                {"count": now.signatures - printed.signatures},
            )
        )
    if printed.state != now.state:
        params = {"then": Message(STATES[printed.state][0]), "now": Message(STATES[now.state][0])}
        found.append(Message(N_("It was printed as “%(then)s”; today it is “%(now)s”."), params))
    return found


def _replacement(printed: PrintedSheet, now: Paper, newest: PrintedSheet | None) -> Message:
    if now.state == "sent-back":
        return Message(N_("Take it out of the binder: the document is being revised and will be submitted again."))
    if newest is not None and newest.copy_number != printed.copy_number:
        params = {"copy": newest.copy_number, "day": f"{clock.local(newest.printed_at):%Y-%m-%d}", "name": newest.printer}
        return Message(N_("Put copy no. %(copy)s, printed on %(day)s by %(name)s, in its place."), params)
    if any(box.type == "paper" and box.signature is not None for box in now.boxes):
        return Message(N_("Print the sheet again and put it in its place; a copy that was signed by hand stays behind it."))
    return Message(N_("Print the sheet again and put the new copy in its place."))
