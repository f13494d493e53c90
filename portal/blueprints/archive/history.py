"""Timeline (AR-7) and history of changes (AR-4) of a customer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from portal import htmx, log_words
from portal.blueprints.archive import bp, card_view
from portal.filters import choice
from portal.i18n import is_chinese
from portal.looks import look
from portal.models import history
from portal.models.audit import AuditEvent
from portal.models.customer import Customer
from portal.permissions import Permission, requires
from portal.registers import REGISTERS
from portal.sessions import me

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
    events = list(events)
    changed = {event.id: address for event in events if (address := _card_history(event, customer))}
    pages = log_words.addresses((event for event in events if event.id not in changed), me()) | changed
    return [
        {
            "at": event.at,
            "who": _who(event),
            "text": " · ".join(
                filter(None, [_(history.title_of(event)), log_words.name_of(event, customer) if labelled and event.kind != "print" else ""])
            ),
            "note": _short(_touched(event)),
            "tone": _tone(event),
            "link": pages.get(event.id, ""),
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
        return f"{log_words.said('sheet', event.data['sheet'])} · {_('Copy no. %(n)s', n=event.data['copy'])}"
    if event.record_type == "RegisterEntry":
        return _of_register(event)
    if event.action in ("tagged", "untagged", "assistant-named", "assistant-ended"):
        return str(changes[0]["new"] or changes[0]["old"]) if changes else ""
    if event.action in ("copy-sent", "assessment-returned"):
        return choice(changes[0]["new"], "department") if changes else ""
    if event.record_type == "ServiceRequest" and changes and changes[0]["field"] == "assignee":  # to whom it went, as on its own page
        return " · ".join(filter(None, [f"→ {changes[0]['new']}", str(event.data.get("reason") or "")]))
    if event.action in ("created", "added", "begun", "filed", "entered") or not changes:
        return str(event.data.get("opinion") or event.data.get("reason") or "")
    named = (log_words.title_of_field(event.record_type, change["field"]) for change in changes)
    titles = list(dict.fromkeys(filter(None, named)))
    shown = ("、" if is_chinese() else ", ").join(titles[:6]) + ("…" if len(titles) > 6 else "")
    reason = str(event.data.get("reason") or "")
    return f"{shown} ({reason})" if shown and reason else shown or reason


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


def _card_history(event: AuditEvent, customer: Customer) -> str:
    """Return where a change of the card stands with old and new values, '' for what is no such change."""
    if event.kind == "change" and event.record_type in ("Customer", "Contact"):
        return url_for("archive.customer_history", customer_id=customer.id) + f"#event-{event.id}"
    return ""


def _rows(event: AuditEvent, *, of_removed: bool) -> dict[str, Any]:
    changes, told = [], event.data.get("changes") or []
    for change in told:
        if of_removed and change["field"] != "name":
            continue
        field = log_words.field_of(event.record_type, change["field"])
        changes.append(
            {
                "title": log_words.title_of_field(event.record_type, change["field"]) or change["field"],
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
        "source": _(log_words.SOURCES.get(source, source)) if source else "",
        "reason": event.data.get("reason") or "",
        "effective_on": event.data.get("effective_on") or "",
    }
