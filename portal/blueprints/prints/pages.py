"""Preview of a sheet, and its print: a copy that is counted and logged (PR-1, PR-5, PR-9, PR-10)."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import Response, abort, redirect, render_template, request, send_file, url_for
from flask_login import current_user
from sqlalchemy import select

from portal import jobs
from portal.blueprints.prints import bp
from portal.database import commit, db
from portal.downloads import disposition
from portal.i18n import translate
from portal.looks import look_by
from portal.models.approval import Approval
from portal.models.approval_round import ApprovalRound
from portal.models.approval_signature import Signature
from portal.models.sheet import PrintedSheet
from portal.permissions import Permission, ensure, fetch, requires
from portal.printing import batches, documents
from portal.printing.catalogue import SHEETS
from portal.printing.papers import PRINTABLES, Paper, Printable, blank_paper, paper_of, paper_of_round
from portal.printing.standing import STATES
from portal.saving import saving
from portal.sessions import me

LAST_PRINTS = 20


@bp.get("/prints")
@requires(Permission.SHEET_PRINT)
def index() -> Any:
    """Show the empty forms, the field for a code, and what the reader printed last."""
    query = PrintedSheet.visible_to(me()).where(PrintedSheet.printed_by_id == current_user.id)
    mine = db.session.scalars(query.order_by(PrintedSheet.id.desc()).limit(LAST_PRINTS)).all()
    return render_template(
        "prints/index.html",
        forms=sorted((SHEETS[name] for name, printable in PRINTABLES.items() if printable.offered()), key=lambda form: form.form_number),
        mine=mine,
        sheets=SHEETS,
    )


@bp.get("/prints/<sheet>/<int:record_id>")
@requires(Permission.SHEET_PRINT)
def record(sheet: str, record_id: int) -> Any:
    """Show a record's sheet as it would print now."""
    printable, found = _found(sheet, record_id)
    if printable.made_at is not None:
        endpoint, values = printable.made_at(found)
        return redirect(url_for(endpoint, **values), 303)
    here = url_for("prints.record", sheet=sheet, record_id=record_id)
    return _preview(lambda: paper_of(printable, found), here, back=url_for(printable.page(found)[0], **printable.page(found)[1]))


@bp.post("/prints/<sheet>/<int:record_id>")
@requires(Permission.SHEET_PRINT)
def print_record(sheet: str, record_id: int) -> Any:
    """Print a record's sheet as the next copy; a long one in the background."""
    printable, found = _found(sheet, record_id)
    if printable.made_at is not None:
        abort(404)
    if printable.long(found):
        return _in_background(sheet, record_id)
    here = url_for("prints.record", sheet=sheet, record_id=record_id)
    back = url_for(printable.page(found)[0], **printable.page(found)[1])
    return _print(lambda: paper_of(printable, fetch(printable.model, record_id, me())), here, back=back)


def _in_background(sheet: str, record_id: int) -> Any:
    job = batches.queue_records(sheet, [record_id], documents.chosen_language(request.form.get("language")), by=me())
    commit()
    jobs.start(job)
    return redirect(url_for("prints.batch", job_id=job.id), 303)


@bp.get("/prints/<sheet>/blank")
@requires(Permission.SHEET_PRINT)
def blank(sheet: str) -> Any:
    """Show the empty form."""
    printable = _declared(sheet)
    return _preview(lambda: blank_paper(printable), url_for("prints.blank", sheet=sheet), back=url_for("prints.index"))


@bp.post("/prints/<sheet>/blank")
@requires(Permission.SHEET_PRINT)
def print_blank(sheet: str) -> Any:
    """Print the empty form, to be filled by hand."""
    printable = _declared(sheet)
    return _print(lambda: blank_paper(printable), url_for("prints.blank", sheet=sheet), back=url_for("prints.index"))


@bp.get("/prints/approvals/<int:approval_id>/<int:number>")
@requires(Permission.SHEET_PRINT, approval=Approval)
def approval_round(approval: Approval, number: int) -> Any:
    """Show the sheet of one round of an approval, with the signatures given so far (AP-6)."""
    round_ = _round(approval, number)
    here = url_for("prints.approval_round", approval_id=approval.id, number=number)
    return _preview(lambda: paper_of_round(approval, round_), here, back=approval.link)


@bp.post("/prints/approvals/<int:approval_id>/<int:number>")
@requires(Permission.SHEET_PRINT, approval=Approval)
def print_approval_round(approval: Approval, number: int) -> Any:
    """Print the sheet of one round, for the binder or for the next signature on paper (AP-6); a long one in the background."""
    _round(approval, number)
    printable = PRINTABLES[approval.kind.sheet]
    if number == approval.round and approval.state != "draft" and printable.long(approval.document):
        return _in_background(approval.kind.sheet, approval.record_id)
    approval_id, back = approval.id, approval.link
    here = url_for("prints.approval_round", approval_id=approval_id, number=number)

    def make() -> Paper:
        found = fetch(Approval, approval_id, me())
        return paper_of_round(found, _round(found, number))

    return _print(make, here, back=back)


@bp.get("/prints/approvals/<int:approval_id>/signatures/<int:signature_id>")
@requires(Permission.SHEET_PRINT, approval=Approval)
def signature_picture(approval: Approval, signature_id: int) -> Response:
    """Answer the picture that stands for a signature on a previewed sheet, to who may see the document."""
    query = select(Signature).where(Signature.id == signature_id, Signature.approval_id == approval.id)
    signature = db.session.scalar(query)
    if signature is None or signature.picture is None:
        abort(404)
    picture = signature.picture
    response = send_file(BytesIO(picture.content()), mimetype=picture.media_type, download_name="signature", etag=False)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


def pdf_answer(printed: documents.Printed) -> Response:
    """Return a sheet's PDF, to be shown by the browser and printed; it can run nothing (quality.md: Files)."""
    response = send_file(BytesIO(printed.content), mimetype="application/pdf", download_name=printed.filename, etag=False)
    response.headers["Content-Disposition"] = disposition(printed.filename, "inline")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


def _declared(sheet: str) -> Printable:
    """Return the form that is also there empty, to be filled by hand; a cover is not."""
    printable = PRINTABLES.get(sheet)
    if printable is None or printable.made_at is not None:
        abort(404)
    return printable


def _found(sheet: str, record_id: int) -> tuple[Printable, Any]:
    printable = PRINTABLES.get(sheet)
    if printable is None:
        abort(404)
    found = fetch(printable.model, record_id, me())
    if not printable.fits(found):
        abort(404)
    ensure(current_user.may(printable.permission))
    return printable, found


def _round(approval: Approval, number: int) -> ApprovalRound:
    found = next((one for one in approval.rounds if one.number == number), None)
    if found is None:
        abort(404)
    return found


def _preview(make: Callable[[], Paper], here: str, *, back: str, problem: str = "", status: int = 200) -> Any:
    language = documents.chosen_language(request.values.get("language"))
    paper = make()
    look_by(paper.sheet, paper.customer_id)
    page = render_template(
        "prints/preview.html",
        paper=paper,
        declared=SHEETS[paper.sheet],
        states=STATES,
        sheet=documents.preview(paper, language, by=me()),
        language=language,
        here=here,
        back=back,
        problem=problem,
        copy_number=PrintedSheet.next_copy(paper.subject),
    )
    return page, status


def _print(make: Callable[[], Paper], here: str, *, back: str) -> Any:
    """Answer the PDF of the next copy. What cannot be printed is said in words, and nothing is counted (PR-3)."""
    language = documents.chosen_language(request.form.get("language"))
    with saving() as saved:
        answer = pdf_answer(documents.press(make, language, by=me()))
    if saved.refusal:
        return _preview(make, here, back=back, problem=translate(saved.refusal.message), status=422)
    return answer
