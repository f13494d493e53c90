"""Blueprint `audit`: the audit log for managers (RO-7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, redirect, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal import clock, htmx, log_words, navigation
from portal.blueprints.audit.forms import AuditForm
from portal.database import db, write_apart
from portal.exchange.writing import iter_csv
from portal.filters import colon, semicolon
from portal.models import audit
from portal.models.audit import AuditEvent
from portal.models.audit_records import RECORD_LABELS
from portal.models.audit_search import FIELD_LABELS, KIND_LABELS, Wanted, details, lines, neighbours, newest, title_of
from portal.models.staff import Staff
from portal.permissions import Permission, requires
from portal.rules.message import N_, Refusal

bp = Blueprint("audit", __name__)
navigation.area(
    order=90, endpoint="audit.log", title=N_("Audit log"), icon="clock-history", permission=Permission.AUDIT_READ, prefixes=("audit.",)
)


def _form() -> AuditForm:
    people = db.session.execute(select(Staff.id, Staff.name, Staff.account).order_by(Staff.account))
    return AuditForm(request.args, people=[(one.id, f"{one.name} ({one.account})") for one in people], meta={"csrf": False})


def _wanted(form: AuditForm) -> Wanted:
    """Return what the filters say; those that cannot be understood do not narrow."""
    form.validate()
    return Wanted(
        actor_id=form.actor_id.data or None,
        kind=form.kind.data or "",
        record_type=form.record_type.data or "",
        record_id=form.record_id.data,
        customer_number=form.customer_number.data or "",
        from_date=form.from_date.data,
        to_date=form.to_date.data,
    )


def _chips(form: AuditForm) -> list[tuple[str, str]]:
    """Return the filters that are set, each with the address without it."""
    found = []
    for field in form:
        if field.name in request.args and field.data not in (None, "", 0):
            names = {one.value: one.label for one in getattr(field, "choices", ())}
            shown = names.get(field.data, field.data)
            rest: dict[str, Any] = {name: value for name, value in request.args.items() if name not in (field.name, "before")}
            found.append((f"{field.label.text}{colon()}{shown}", url_for("audit.log", **rest)))
    return found


@bp.get("/audit")
@requires(Permission.AUDIT_READ)
def log() -> Any:
    """Show the log, the newest entries first."""
    form = _form()
    before, wanted = request.args.get("before", type=int), _wanted(form)
    try:
        events, more = newest(wanted.query(current_user), before=before) if not form.errors else ([], False)
    except Refusal as refusal:
        form.refuse(refusal)
        events, more = [], False
    rest: dict[str, Any] = {name: value for name, value in request.args.items() if name != "before" and value}
    return htmx.render(
        "audit/log.html",
        "list",
        status=422 if form.problems else 200,
        form=form,
        events=events,
        chips=_chips(form),
        newest=url_for("audit.log", **rest) if before else "",
        older=url_for("audit.log", **rest, before=events[-1].id) if more else "",
        export=url_for("audit.export", **rest),
        title_of=title_of,
        name_of=log_words.name_of,
        pages=log_words.addresses(events, current_user),
        kinds=KIND_LABELS,
        records=RECORD_LABELS,
    )


@bp.get("/audit/<int:event_id>")
@requires(Permission.AUDIT_READ, event=AuditEvent)
def entry(event: AuditEvent) -> Any:
    """Show one entry with its old and new values."""
    before, after = neighbours(event)
    return htmx.render(
        "audit/entry.html",
        event=event,
        title=title_of(event),
        kinds=KIND_LABELS,
        title_of_field=log_words.title_of_field,
        value_of=log_words.value_of,
        record=_record(event),
        page=log_words.addresses([event], current_user).get(event.id, ""),
        name=log_words.name_of(event),
        details=_details(event),
        before=before,
        after=after,
    )


@bp.get("/audit.csv")
@requires(Permission.AUDIT_READ)
def export() -> Any:
    """Answer the entries that the filters leave, the oldest first, as CSV."""
    form = _form()
    wanted = _wanted(form)
    if form.record_id.errors:
        return redirect(f"{url_for('audit.log')}?{request.query_string.decode()}")  # where it is said beside its field
    query = wanted.query(current_user)
    newest(query, limit=1)  # a number or day that no database holds is refused now, and not in the middle of the file
    filters = {key: str(value) for key, value in vars(wanted).items() if value}
    with write_apart() as session:
        audit.write("export", "audit-exported", actor=current_user, label="audit.csv", session=session, filters=filters)
    heads = [_(head) for head in HEADS]
    response = Response(stream_with_context(iter_csv(heads, _rows(lines(query)))), mimetype="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{clock.today().isoformat()}.csv"'
    return response


HEADS = (
    N_("Entry"),
    N_("Time"),
    N_("Person"),
    N_("On behalf of"),
    N_("Address"),
    N_("Kind"),
    N_("Action"),
    N_("Record"),
    N_("Record number"),
    N_("Name of the record"),
    N_("Field"),
    N_("Old value"),
    N_("New value"),
    N_("Further details"),
    N_("Hash"),
)


def _record(event: AuditEvent) -> str:
    """Return what the type of an entry's record is called, empty where it has none."""
    return _(RECORD_LABELS.get(event.record_type, event.record_type)) if event.record_type else ""


def _details(event: AuditEvent) -> list[tuple[str, Any]]:
    """Return what an entry carries besides its changes, in the reader's words; a key that has none stays as it is."""
    return [(_(FIELD_LABELS[key]) if key in FIELD_LABELS else key, log_words.said(key, value)) for key, value in details(event).items()]


def _rows(events: Iterator[AuditEvent]) -> Iterator[list[Any]]:
    """Yield a row for each changed field, and one for an entry that changed none."""
    for event in events:
        facts = [
            event.id,
            clock.local(event.at),
            event.actor_name,
            event.on_behalf_of,
            event.address,
            _(KIND_LABELS[event.kind]),
            _(title_of(event)),
            _record(event),
            event.record_id,
            log_words.name_of(event),
        ]
        more = semicolon().join(f"{name}{colon()}{value}" for name, value in _details(event))
        for change in event.data.get("changes") or [{"field": "", "old": "", "new": ""}]:
            field = change.get("field", "")
            yield [
                *facts,
                log_words.title_of_field(event.record_type, field) or field,
                log_words.value_of(event.record_type, field, change.get("old")),
                log_words.value_of(event.record_type, field, change.get("new")),
                more,
                event.hash,
            ]
