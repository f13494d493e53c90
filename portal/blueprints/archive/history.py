"""Timeline (AR-7) and history of changes (AR-4) of a customer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.blueprints.archive import bp, card_view
from portal.i18n import is_chinese
from portal.looks import look
from portal.models import history
from portal.models.audit import AuditEvent
from portal.models.customer import Customer
from portal.permissions import Permission, requires
from portal.printing.catalogue import SHEETS
from portal.registers import REGISTERS

LONGEST_NOTE = 200
"""So many characters of an opinion or a reason stand on a timeline."""


@bp.get("/customers/<int:customer_id>/timeline")
@requires(Permission.CUSTOMER_READ, customer=Customer)
def customer_timeline(customer: Customer) -> Any:
    """Show everything that happened to the customer, newest first; `only` is one of the streams, `before` the last entry seen."""
    look(customer)
    only = request.args.get("only", "")
    events, more = history.timeline(customer, only=only, before=request.args.get("before", type=int), limit=40)
    return htmx.render(
        "archive/timeline.html",
        "entries",
        customer=customer,
        entries=entries_of(events, customer),
        more=events[-1].id if more else None,
        only=only if only in history.STREAMS else "",
        streams=history.STREAMS,
    )


@bp.get("/customers/<int:customer_id>/history")
@requires(Permission.CUSTOMER_READ, customer=Customer)
def customer_history(customer: Customer) -> Any:
    """Show each changed field with old and new value, who, when, from where and why."""
    look(customer)
    events, more = history.changes(customer, before=request.args.get("before", type=int))
    removed = history.removed_contacts(events)
    rows = [_rows(event, of_removed=event.record_type == "Contact" and event.record_id in removed) for event in events]
    return htmx.render("archive/history.html", customer=customer, rows=rows, more=events[-1].id if more else None)


def entries_of(events: Iterable[AuditEvent], customer: Customer, *, labelled: bool = True) -> list[dict[str, Any]]:
    """Return entries for the timeline macro: moment, person, what happened, what it touched; on a record's own page without its name."""
    return [
        {
            "at": event.at,
            "who": _who(event),
            "text": _(history.title_of(event)) + (f" · {event.label}" if labelled and event.label not in ("", customer.full_name) else ""),
            "note": _short(_touched(event)),
            "tone": _tone(event),
            "link": _link(event, customer),
        }
        for event in events
    ]


def _short(text: str) -> str:
    """Return the beginning of a long opinion or reason: its whole stands where the entry leads, or in the history."""
    return text if len(text) <= LONGEST_NOTE else f"{text[:LONGEST_NOTE]}…"


def _who(event: AuditEvent) -> str:
    name = event.actor_name or _("The portal")
    return _("%(name)s for %(principal)s", name=name, principal=event.on_behalf_of) if event.on_behalf_of else name


def _tone(event: AuditEvent) -> str:
    if event.action in ("registered", "approved"):
        return "ok"
    return "seal" if event.kind == "signature" or event.action in ("rejected", "removed") else ""


def _touched(event: AuditEvent) -> str:
    changes = event.data.get("changes") or []
    if event.kind == "print":
        return f"{_(SHEETS[event.data['sheet']].title)} · {_('Copy no. %(n)s', n=event.data['copy'])}"
    if event.record_type == "RegisterEntry":
        return _of_register(event)
    if event.action in ("tagged", "untagged", "assistant-named", "assistant-ended"):
        return str(changes[0]["new"] or changes[0]["old"]) if changes else ""
    if event.action in ("created", "added", "begun", "filed") or not changes:
        return str(event.data.get("opinion") or event.data.get("reason") or "")
    titles = list(dict.fromkeys(card_view.title_of_field(event.record_type, change["field"]) for change in changes))
    shown = ("、" if is_chinese() else ", ").join(titles[:6]) + ("…" if len(titles) > 6 else "")
    return f"{shown} ({event.data['reason']})" if event.data.get("reason") else shown


def _of_register(event: AuditEvent) -> str:
    """Return the register of an entry, and which of its fields were changed."""
    declared = REGISTERS.get(event.data.get("register", ""))
    if declared is None:
        return str(event.data.get("reason") or "")
    said = [_(declared.title)]
    if event.action == "changed":
        names = [change["field"] for change in event.data.get("changes") or [] if change["field"] in declared.by_name]
        said.append(("、" if is_chinese() else ", ").join(_(declared.by_name[name].title) for name in names))
    return " · ".join(filter(None, [*said, event.data.get("reason", "")]))


def _link(event: AuditEvent, customer: Customer) -> str:
    if event.record_type == "Approval":
        return url_for("approvals.show", approval_id=event.record_id)
    if event.kind == "print":
        return url_for("prints.verification", code=event.data["code"])
    if event.record_type == "RegisterEntry" and event.action != "taken-back":
        return url_for("registers.entry", entry_id=event.record_id)
    if event.record_type == "InformationReport" and event.action != "report-discarded":
        return url_for("reports.report", report_id=event.record_id)
    if event.record_type == "ArchiveDocument":
        return url_for("archive.document", document_id=event.record_id)
    if event.record_type == "Binder":
        return url_for("archive.dossier", customer_id=customer.id, _anchor="binders")
    if event.record_type == "Investigation":
        return url_for("archive.investigation", customer_id=customer.id)
    if event.kind == "change" and event.record_type in history.CARD_TYPES:
        return url_for("archive.customer_history", customer_id=customer.id) + f"#event-{event.id}"
    return ""


def _rows(event: AuditEvent, *, of_removed: bool) -> dict[str, Any]:
    changes, told = [], event.data.get("changes") or []
    for change in told:
        if of_removed and change["field"] != "name":
            continue
        field = card_view.field_of(event.record_type, change["field"])
        changes.append(
            {
                "title": card_view.title_of_field(event.record_type, change["field"]),
                "old": card_view.plain(field, change.get("old")),
                "new": card_view.plain(field, change.get("new")),
            }
        )
    source = str(event.data.get("source") or "")
    return {
        "id": event.id,
        "at": event.at,
        "who": _who(event),
        "title": _(history.title_of(event)),
        "label": event.label if event.record_type == "Contact" else "",
        "changes": changes,
        "left_out": len(changes) < len(told),
        "source": _(card_view.SOURCES.get(source, source)) if source else "",
        "reason": event.data.get("reason") or "",
        "effective_on": event.data.get("effective_on") or "",
    }
