"""What comes after an information report: whom it reaches, that it is read on each level, instructions, further notes, its end (AR-22)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.notice import notify
from portal.models.report import InformationReport, ReportNote
from portal.models.report_fields import (
    CLOSED,
    CONCLUSION,
    DRAFT,
    INSTRUCTION,
    NOTE,
    OPEN,
    READ,
    READING,
    RETURN,
    RETURNED,
    SUBMITTED,
    URGENT,
)
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission, Role
from portal.rules.message import N_, Message, Refusal

DOCUMENT_KIND = "correspondence"
LONGEST = 4000

_ASKED = {
    NOTE: N_("Write what is to be added."),
    INSTRUCTION: N_("Write the instruction."),
    RETURN: N_("Say what is to be changed."),
    CONCLUSION: N_("Write the conclusion: how it ended."),
}
"""What is said where the text is missing; only who has read it need not say anything."""


# --- whom it reaches -----------------------------------------------------------------------------------------------------------


def announce(report: InformationReport, *, by: Staff) -> None:
    """Tell who reads a report that is new or submitted again.

    An urgent one reaches the supervisors of the customer's team, all managers and whoever is in charge of the customer; a periodic one
    the supervisors, managers where the team has none (AP-10).
    """
    text = N_("Urgent report on %(customer)s by %(name)s: %(title)s")
    if report.kind != URGENT:
        text = N_("%(name)s has submitted the periodic report on %(customer)s: %(title)s")
    owner = [report.customer.owner] if report.kind == URGENT and report.customer.owner else []
    _tell([*readers_of(report), *owner], text, report, by)


def readers_of(report: InformationReport) -> list[Staff]:
    """Return who is to read a report for the office."""
    supervisors = report.readers(Role.SUPERVISOR)
    if report.kind == URGENT:
        return [*supervisors, *report.readers(Role.MANAGER)]
    return supervisors or report.readers(Role.MANAGER)


def _tell(people: Iterable[Staff], text: str, report: InformationReport, by: Staff) -> None:
    figures = {"customer": report.customer.full_name, "name": by.name, "title": report.heading}
    for person in {one.id: one for one in people if one.active and one.id != by.id}.values():
        notify(person, Message(text, figures), link=report.link)


# --- what is added -------------------------------------------------------------------------------------------------------------


def offered(report: InformationReport, user: Staff) -> tuple[str, ...]:
    """Return the kinds of notes that `user`, who sees the report, may add to it now."""
    found = [NOTE] if report.state != DRAFT and user.may(Permission.REPORT_WRITE) else []
    level = report.level_of(user)
    if level:
        if report.kind == URGENT:
            found += [READING] if _column(report, level) else []
            found += [INSTRUCTION, CONCLUSION] if report.state == OPEN else []
        elif report.state == SUBMITTED:
            found += [READING, RETURN]
    return tuple(found)


def _column(report: InformationReport, level: str) -> str:
    """Return the column that is filled when somebody of a level reads it, '' where somebody has."""
    name = "manager_read_at" if level == Role.MANAGER and report.kind == URGENT else "read_at"
    return name if getattr(report, name) is None else ""


def add(report: InformationReport, kind: str, text: str, *, by: Staff, upload: Upload | None = None, told: bool = True) -> ReportNote:
    """Add a note and do what it means: reading, instruction, sending back, conclusion; unless `told` is off, tell whom it concerns.

    Whoever instructs or concludes has read it. Raises `Refusal` (field `text`, or of the file), and `StateConflict` where somebody else
    of the level was first or the report is not in that state any more.
    """
    if kind not in offered(report, by):
        raise StateConflict(f"report {report.id}: {kind}")
    if not text and kind in _ASKED and not (kind == NOTE and upload):
        raise Refusal(_ASKED[kind], field="text")
    if len(text) > LONGEST:
        raise Refusal("At most %(most)s characters; these are %(count)s.", field="text", most=LONGEST, count=len(text))
    level, moment = report.level_of(by), clock.now()
    if kind != NOTE:
        _move(report, kind, level, moment)
    note = ReportNote(kind=kind, level=level, text=text, by_id=by.id, at=moment)
    if upload is not None:
        note.document = _filed(report, upload, by)
    report.notes.append(note)
    db.session.flush()
    audit.write("change", f"report-{kind}", actor=by, record=report, label=report.label, reason=text)
    if told:
        _report_it(report, kind, by)
    return note


def _move(report: InformationReport, kind: str, level: str, moment: datetime) -> None:
    expect: dict[str, Any] = {"state": report.state}
    change: dict[str, Any] = {"state": {RETURN: RETURNED, CONCLUSION: CLOSED}.get(kind, report.state)}
    column = _column(report, level)
    if kind == READING:
        expect[column] = None
    if column:
        change[column] = moment
    if report.kind != URGENT:
        change["version"] = report.version + 1
        change["state"] = {READING: READ, RETURN: RETURNED}[kind]
    elif level == Role.MANAGER and report.read_at is None and not report.readers(Role.SUPERVISOR):
        change["read_at"] = moment  # nobody holds the other level: the managers stand for it (AP-10)
    transition(report, expect=expect, change=change)


def _filed(report: InformationReport, upload: Upload, by: Staff) -> ArchiveDocument:
    """File what belongs to a report into the customer's dossier."""
    kinds = [entry["code"] for entry in standard("choices.document_kind") if entry["active"]]
    values = {
        "kind": DOCUMENT_KIND if DOCUMENT_KIND in kinds else kinds[0],
        "title": upload.title,
        "dated_on": min(report.dated_on, clock.today()),
        "author": by.name,
    }
    return ArchiveDocument.file(report.customer, values, upload, by=by, source="report", again=True)


def _report_it(report: InformationReport, kind: str, by: Staff) -> None:
    author = [report.author]
    if kind == NOTE:
        _tell([*author, *readers_of(report)], N_("%(name)s has added a note to the report on %(customer)s: %(title)s"), report, by)
    elif kind == READING:
        _tell(author, N_("%(name)s has read your report on %(customer)s: %(title)s"), report, by)
    elif kind == RETURN:
        _tell(author, N_("%(name)s has sent the report on %(customer)s back: %(title)s"), report, by)
    else:
        owner = [report.customer.owner] if report.customer.owner else []
        instruction = N_("Instruction of %(name)s on the urgent report on %(customer)s: %(title)s")
        closed = N_("%(name)s has closed the urgent report on %(customer)s: %(title)s")
        _tell([*author, *owner], instruction if kind == INSTRUCTION else closed, report, by)
