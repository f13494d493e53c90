"""A filed document: its particulars, files and pages; changing it, a newer file, taking it out (AR-9, AR-10)."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm.exc import StaleDataError
from wtforms import StringField

import portal.printing.document_list as _printing  # noqa: F401 - the list on paper
from portal import field_values, htmx
from portal.blueprints.archive import bp
from portal.blueprints.archive.dossier import document_fields, for_model
from portal.blueprints.archive.history import entries_of
from portal.database import StateConflict, db
from portal.downloads import download
from portal.forms import PortalForm
from portal.i18n import of_choice, translate
from portal.list_files import answer
from portal.looks import look, look_at
from portal.models import audit, dossier_list, history, loan_papers
from portal.models.disposal import destruction_of
from portal.models.dossier import DISPOSED, ArchiveDocument, DocumentVersion, Upload
from portal.models.loan_reading import Readable, loan_by_which
from portal.models.standard import value as standard
from portal.permissions import Permission, ensure, requires
from portal.printing import pictures
from portal.record_form import RecordForm
from portal.rules.archive_numbers import RETENTIONS
from portal.rules.message import Refusal
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

LEFT = ("kind", "dated_on", "pages")
"""What is still said of a destroyed document, beside its number and title (AR-11)."""


class DocumentForm(RecordForm):
    """The particulars of a document, and why it is kept for a shorter time."""

    reason = StringField(_l("Reason"), render_kw={"maxlength": 500})


class ReasonForm(PortalForm):
    """Why a document is taken out of its dossier."""

    reason = StringField(_l("Reason"), render_kw={"maxlength": 500})


@bp.get("/documents")
@requires(Permission.DOSSIER_READ)
def documents() -> Any:
    """Show the filed documents in the reader's scope in the order of their archive numbers, and find one by its number."""
    query = dossier_list.Query.read({name: clean_line(text) for name, text in request.args.items()})
    page = dossier_list.page(current_user, query, after=request.args.get("after", ""))
    return htmx.render(
        "archive/documents.html",
        "list",
        query=query,
        page=page,
        kinds=standard("choices.document_kind"),
        retentions=RETENTIONS,
        next=_address(query, page.next) if page.next else "",
    )


def _address(query: dossier_list.Query, after: str) -> str:
    given: dict[str, Any] = {**query.args(), "after": after}
    return url_for("archive.documents", **given)


@bp.get("/documents/file")
@requires(Permission.CUSTOMER_EXPORT)
def documents_file() -> Any:
    """Answer the list of filed documents as a file (AR-41)."""
    query = dossier_list.Query.read({name: clean_line(text) for name, text in request.args.items()})
    kinds, levels = _words("document_kind"), _words("confidentiality")
    heads = [
        _("Archive number"), _("Former numbers"), _("Document title"), _("Kind of document"), _("Customer number"), _("Customer"),
        _("Date of the document"), _("Reference number"), _("Author"), _("Retention period"), _("Confidentiality"), _("Page count"),
        _("Binder"), _("Shelf"),
    ]  # fmt: skip

    def rows() -> Any:
        for one in dossier_list.whole(me(), query):
            yield [
                one.archive_number, one.former_numbers, one.title, kinds.get(one.kind, one.kind), one.customer.number,
                one.customer.full_name, one.dated_on, one.reference, one.author, _(RETENTIONS[one.retention]),
                levels.get(one.confidentiality, one.confidentiality), one.pages,
                one.binder.code if one.binder else "", one.binder.shelf if one.binder else "",
            ]  # fmt: skip

    return answer(_("Filed documents"), heads, rows(), what="documents", filters=query.args())


def _words(choices: str) -> dict[str, str]:
    return {one["code"]: of_choice(one) for one in standard(f"choices.{choices}")}


@bp.get("/documents/<int:document_id>")
@requires(Permission.DOSSIER_READ, document=Readable)
def document(document: ArchiveDocument) -> Any:
    """Show a document: what is said of it, its pages, its files and what happened to it."""
    return _page(document, 200)


def _page(document: ArchiveDocument, status: int, refused: str = "") -> Any:
    loan = look_at(document)
    destroyed = destruction_of(document) if document.state == DISPOSED else None
    facts = [
        (_(one.title), field_values.shown(one, one.text(getattr(document, one.name))), one.wide and one.kind == "long")
        for one in document_fields(document.customer)
        if one.name not in ("title", "retention") and (destroyed is None or one.name in LEFT)
    ]
    version = _version_of(document, request.args.get("version", 0, int)) if request.method == "GET" else document.current
    page = render_template(
        "archive/document.html",
        document=document,
        facts=facts,
        shown=version,
        retention=_(RETENTIONS[document.retention]),
        events=entries_of(history.of_record("ArchiveDocument", document.id), document.customer, labelled=False),
        refused=refused,
        loan=loan,
        out=loan_papers.out_now([document.id]).get(document.id),
        destroyed=destroyed,
        lost=loan_papers.lost_at([document.id]).get(document.id),
        limit=standard("upload.size_limit_mb"),
    )
    return page, status


def _version_of(document: ArchiveDocument, number: int) -> DocumentVersion | None:
    return next((one for one in document.versions if one.number == number), document.current)


@bp.route("/documents/<int:document_id>/edit", methods=["GET", "POST"])
@requires(Permission.DOSSIER_EDIT, document=ArchiveDocument)
def document_edit(document: ArchiveDocument) -> Any:
    """Change what is said of a document; who comes second sees what changed meanwhile and chooses."""
    document.ensure_open()
    look(document.customer)
    document_id = document.id
    form = DocumentForm(document_fields(document.customer), document)
    values = form.read()
    if values is None:
        return _form(form, document, [], 422 if form.problems else 200)
    found = form.clashes(document, values)
    if found:
        form.rebase(document, found)
        return _form(form, document, found, 409)
    try:
        with saving(form.refuse) as saved:
            changes = document.change(for_model(values), by=me(), reason=clean_line(form.reason.data or "")[:500])
    except (StateConflict, StaleDataError):
        db.session.rollback()
        now = db.session.get_one(ArchiveDocument, document_id)
        now.ensure_open()
        found = form.clashes(now, values)
        form.rebase(now, found)
        return _form(form, now, found, 409)
    if not saved:
        return _form(form, db.session.get_one(ArchiveDocument, document_id), [], 422)
    flash(_("Saved: %(count)s fields changed.", count=len(changes)) if changes else _("Nothing was changed."), "ok")
    return redirect(url_for("archive.document", document_id=document_id), 303)


def _form(form: DocumentForm, document: ArchiveDocument, found: list[Any], status: int) -> Any:
    page = render_template(
        "archive/document_form.html",
        form=form,
        customer=document.customer,
        document=document,
        outcomes=[],
        clashes=found,
        plain=field_values.plain,
    )
    return page, status


@bp.post("/documents/<int:document_id>/versions")
@requires(Permission.DOSSIER_EDIT, document=ArchiveDocument)
def document_version(document: ArchiveDocument) -> Any:
    """Add a newer file of the same document; the older ones stay."""
    document.ensure_open()
    sent, document_id = request.files.get("file"), document.id
    with saving() as saved:
        if sent is None or not sent.filename:
            raise Refusal("Choose a file.", field="file")
        upload = Upload.of(sent.read(), sent.filename)
        version = document.add_version(upload, by=me(), note=clean_line(request.form.get("note", "")))
    if saved.refusal:
        return _page(db.session.get_one(ArchiveDocument, document_id), 422, translate(saved.refusal.message))
    flash(_("Version %(number)s is filed.", number=version.number), "ok")
    return redirect(url_for("archive.document", document_id=document_id), 303)


@bp.route("/documents/<int:document_id>/removal", methods=["GET", "POST"])
@requires(Permission.DOSSIER_REMOVE, document=ArchiveDocument)
def document_removal(document: ArchiveDocument) -> Any:
    """Ask for the reason, then take a document out of its dossier that was filed by mistake."""
    document.ensure_open()
    ensure(document.can_remove(current_user))
    look(document.customer)
    form = ReasonForm()
    if form.validate_on_submit():
        with saving(form.refuse) as saved:
            document.remove(by=me(), reason=clean_line(form.reason.data or "")[:500])
        if saved:
            flash(_("%(number)s is taken out of the dossier.", number=document.archive_number), "ok")
            return redirect(url_for("archive.dossier", customer_id=document.customer_id), 303)
    return render_template("archive/document_removal.html", form=form, document=document), 422 if form.problems else 200


# --- files and pages -----------------------------------------------------------------------------------------------------


@bp.get("/documents/<int:document_id>/versions/<int:number>/file")
@requires(Permission.DOSSIER_READ, document=Readable)
def document_file(document: ArchiveDocument, number: int) -> Response:
    """Hand out a file as it was sent, never to be run by a browser; written into the log (RO-7)."""
    file = _version(document, number).file
    loan = loan_by_which(me(), document)
    by_loan = {"loan": loan.id} if loan else {}
    audit.write_view("document-downloaded", actor=current_user, record=document, label=f"{document.label} ({file.filename})", **by_loan)
    return download(file)


@bp.get("/documents/<int:document_id>/versions/<int:number>/pages/<int:page>")
@requires(Permission.DOSSIER_READ, document=Readable)
def document_page(document: ArchiveDocument, number: int, page: int) -> Response:
    """Show a page of a PDF or picture, drawn anew."""
    look_at(document)
    return _picture(_version(document, number), page, pictures.PAGE)


@bp.get("/documents/<int:document_id>/versions/<int:number>/thumbnail")
@requires(Permission.DOSSIER_READ, document=Readable)
def document_thumbnail(document: ArchiveDocument, number: int) -> Response:
    """Show the first page, small."""
    look_at(document)
    return _picture(_version(document, number), 1, pictures.THUMBNAIL)


def _version(document: ArchiveDocument, number: int) -> DocumentVersion:
    found = next((one for one in document.versions if one.number == number), None)
    if found is None:
        abort(404)
    return found


def _picture(version: DocumentVersion, page: int, width: int) -> Response:
    if not version.can_be_seen or not 1 <= page <= (version.pages or 1):
        abort(404)
    path = pictures.picture(version.file, page, width)
    if path is None:
        abort(404)
    return send_file(path, mimetype="image/png", etag=False)
