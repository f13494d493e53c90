"""One information report: reading it, and adding notes, acknowledgements, instructions and a conclusion."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import TextAreaField

from portal.blueprints.reports import bp
from portal.database import db
from portal.forms import PortalForm
from portal.looks import look
from portal.models import report_notes
from portal.models.dossier import Upload
from portal.models.report import InformationReport
from portal.models.report_fields import KINDS, NOTE, NOTES, STATES, URGENT
from portal.permissions import Permission, Role, ensure, requires
from portal.rules.text import clean
from portal.saving import saving
from portal.sessions import me

_DONE = {
    "note": _l("The note is added."),
    "read": _l("Noted that you have read it."),
    "instruction": _l("The instruction is given; the author is told."),
    "return": _l("The report is sent back; the author is told."),
    "conclusion": _l("The report is closed."),
}


class NoteForm(PortalForm):
    """What is added to a report, and a file that belongs to it."""

    text = TextAreaField(_l("Text"), render_kw={"rows": 3, "maxlength": report_notes.LONGEST + 200})
    file = FileField(_l("File for the dossier"))


def uploaded(file: Any) -> Upload | None:
    """Return the file that was sent with a form, None for none. Raises `Refusal` (field `file`) for what cannot be filed."""
    if not isinstance(file, FileStorage) or not file.filename:
        return None
    return Upload.of(file.read(), file.filename)


@bp.get("/reports/<int:report_id>")
@requires(Permission.REPORT_READ, report=InformationReport)
def report(report: InformationReport) -> Any:
    """Show a report, who has read it, and what was added."""
    look(report.customer)
    return _page(report, NoteForm(formdata=None))


@bp.post("/reports/<int:report_id>/notes")
@requires(Permission.REPORT_READ, report=InformationReport)
def note_new(report: InformationReport) -> Any:
    """Add a note, or do what its button says: acknowledge, instruct, send back, close."""
    kind = request.form.get("act", NOTE)
    if kind not in NOTES:
        abort(404)
    ensure(current_user.may(Permission.REPORT_WRITE) if kind == NOTE else bool(report.level_of(me())))
    form, report_id = NoteForm(), report.id
    if not form.validate():
        return _page(report, form, 422)
    with saving(form.refuse) as saved:
        report_notes.add(report, kind, clean(form.text.data or "").strip(), by=me(), upload=uploaded(form.file.data))
    if not saved:
        return _page(db.session.get_one(InformationReport, report_id), form, 422)
    flash(str(_DONE[kind]), "ok")
    return redirect(url_for("reports.report", report_id=report_id), 303)


def _page(report: InformationReport, form: NoteForm, status: int = 200) -> Any:
    user = me()
    page = render_template(
        "reports/report.html",
        report=report,
        form=form,
        kinds=KINDS,
        states=STATES,
        offered=report_notes.offered(report, user),
        levels=levels(report),
        can={
            "edit": report.can_edit(user),
            "discard": report.can_discard(user),
        },
    )
    return page, status


def levels(report: InformationReport) -> list[dict[str, Any]]:
    """Return the levels on which a report is read: (title, when, by whom, whom it waits for)."""
    found = []
    for role, moment in ((Role.SUPERVISOR, report.read_at), (Role.MANAGER, report.manager_read_at)):
        if role == Role.MANAGER and report.kind != URGENT:
            continue
        names = [] if moment or report.submitted_at is None else [one.name for one in report.readers(role)]
        if not names and not moment and role == Role.SUPERVISOR and report.kind != URGENT and report.submitted_at:
            names = [one.name for one in report.readers(Role.MANAGER)]
        readers = [one for one in report.notes if moment and one.at == moment]
        found.append({"title": _(role.label), "at": moment, "by": readers[0].by.name if readers else "", "waits": names})
    return found
