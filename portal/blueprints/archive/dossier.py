"""The dossier of a customer: what is filed and missing, filing several files at once, binders (AR-8 to AR-10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from jinja2_fragments.flask import render_block
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import FileStorage

from portal import dossier_count as _job  # noqa: F401 - work of every minute
from portal import field_values
from portal.blueprints.archive import bp
from portal.database import StateConflict, db
from portal.i18n import translate
from portal.looks import look
from portal.models import card, history, loan_list
from portal.models.binder import Binder
from portal.models.customer import Customer, CustomerState
from portal.models.dossier import DISPOSED, FILED, REMOVED, ArchiveDocument, Upload
from portal.models.dossier_completeness import completeness
from portal.models.dossier_fields import BINDER_FIELDS, FIELDS
from portal.models.grading_list import approved_by_list, codes_of
from portal.models.standard import value as standard
from portal.permissions import Permission, requires
from portal.record_form import RecordForm
from portal.registers.declaring import REGISTERS
from portal.saving import saving
from portal.sessions import me

MOST_FILES = 50
"""So many files are taken with one form."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file that was sent."""

    filename: str
    document: ArchiveDocument | None = None
    refused: str = ""


def document_fields(customer: Customer) -> tuple[card.Field, ...]:
    """Return the fields of a document, the binders being those of the customer."""
    binders = tuple(card.Choice(str(one.id), *[" · ".join(filter(None, (one.code, one.title)))] * 2) for one in Binder.of(customer))
    chosen = card.Field("binder_id", card_title("binder_id"), kind="choice", entries=binders)
    return tuple(chosen if one.name == "binder_id" else one for one in FIELDS if one.name != "binder_id" or binders)


def card_title(name: str) -> str:
    """Return the title of a document's field."""
    return next(one.title for one in FIELDS if one.name == name)


def for_model(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a form as the model takes them."""
    return {**values, "binder_id": int(values["binder_id"]) if values.get("binder_id") else None}


@bp.get("/customers/<int:customer_id>/dossier")
@requires(Permission.DOSSIER_READ, customer=Customer)
def dossier(customer: Customer) -> Any:
    """Show what is filed for a customer, by kind, what is missing, and the binders."""
    look(customer)
    state = REMOVED if request.args.get("show") == REMOVED else FILED
    # The customer is in scope already: no need to ask of every document again.
    query = (
        db.select(ArchiveDocument)
        .where(ArchiveDocument.customer_id == customer.id, ArchiveDocument.state.in_((FILED,) if state == FILED else (REMOVED, DISPOSED)))
        .options(selectinload(ArchiveDocument.versions), selectinload(ArchiveDocument.binder))
        .order_by(ArchiveDocument.dated_on.desc(), ArchiveDocument.id.desc())
    )
    documents = list(db.session.scalars(query))
    gradings = approved_by_list(customer)
    kinds = [entry["code"] for entry in standard("choices.document_kind")]
    kinds += sorted({one.kind for one in documents} - set(kinds))
    return render_template(
        "archive/dossier.html",
        gradings=gradings,
        codes=codes_of([one.list_id for one in gradings if one.list_id]),
        customer=customer,
        groups=[(kind, [one for one in documents if one.kind == kind]) for kind in kinds if any(one.kind == kind for one in documents)],
        count=len(documents),
        state=state,
        complete=completeness(customer),
        registers={one.switch: one for one in REGISTERS.values()},
        binders=[(binder, binder.mixed()) for binder in Binder.of(customer)],
        loans=loan_list.open_of(customer.id),
        erased=customer.state == CustomerState.PAST and history.is_erased(customer),
    )


@bp.route("/customers/<int:customer_id>/dossier/documents/new", methods=["GET", "POST"])
@requires(Permission.DOSSIER_EDIT, customer=Customer)
def document_new(customer: Customer) -> Any:
    """File one or several files, or a document that is on paper only. Each file stands or falls by itself, with its reason."""
    form = RecordForm(document_fields(customer), data={"kind": request.args.get("kind", ""), "confidentiality": "internal"})
    outcomes: list[Outcome] = []
    values, files = form.read(), [one for one in request.files.getlist("files") if one.filename]
    if values is not None:
        outcomes = _file_all(customer, for_model(values), files, form)
        if outcomes and not form.problems and "X-Each-File" in request.headers:
            return _outcome(outcomes, request.headers.get("X-Each-File", 0, int))
        if outcomes and not form.problems and not any(one.refused for one in outcomes):
            _say_filed(len(outcomes))
            return redirect(url_for("archive.dossier", customer_id=customer.id), 303)
    refused = bool(form.problems) or any(one.refused for one in outcomes)
    page = render_template(
        "archive/document_form.html",
        form=form,
        customer=customer,
        document=None,
        outcomes=outcomes,
        gone=form.problems and files and "X-Each-File" not in request.headers,
        clashes=[],
        plain=field_values.plain,
        limit=standard("upload.size_limit_mb"),
    )
    return page, 422 if refused else 200


def _outcome(outcomes: list[Outcome], filed: int) -> Any:
    """Answer a page that sends its files one by one: what became of this one.

    `filed` is how many the page has filed with it, where the dossier opens next; else 0.
    """
    page = render_block("archive/document_form.html", "outcomes", outcomes=outcomes)
    refused = any(one.refused for one in outcomes)
    if filed and not refused:
        _say_filed(filed)
    return page, 422 if refused else 200, {"X-Outcome": "1"}


def _say_filed(count: int) -> None:
    flash(_("%(count)s documents are filed.", count=count), "ok")


def _file_all(customer: Customer, values: dict[str, Any], files: list[FileStorage], form: RecordForm) -> list[Outcome]:
    """File each file in a transaction of its own and return what became of each; mistakes of the particulars go beside their fields."""
    customer_id, again = customer.id, bool(request.form.get("again"))
    if len(files) > MOST_FILES:
        form.form_errors.append(_("At most %(most)s files at once.", most=MOST_FILES))
        return []
    outcomes: list[Outcome] = []
    sending: list[FileStorage | None] = [*files] or [None]
    for sent in sending:
        name = (sent.filename or "").replace("\\", "/").rsplit("/", 1)[-1][-120:] if sent is not None else ""
        with saving() as saved:
            upload = Upload.of(sent.read(), sent.filename or "") if sent is not None else None
            given = {**values, "title": ""} if len(files) > 1 else values
            owner = db.session.get_one(Customer, customer_id)
            document = ArchiveDocument.file(owner, given, upload, by=me(), again=again)
        if saved.refusal is None:
            outcomes.append(Outcome(name or document.title, document))
        elif sent is None or saved.refusal.field not in ("file", None):
            form.refuse(saved.refusal)
            return outcomes
        else:
            outcomes.append(Outcome(name, refused=translate(saved.refusal.message)))
    return outcomes


@bp.route("/customers/<int:customer_id>/binders/new", methods=["GET", "POST"])
@requires(Permission.DOSSIER_EDIT, customer=Customer)
def binder_new(customer: Customer) -> Any:
    """Begin a binder of a customer's dossier."""
    form = RecordForm(BINDER_FIELDS, data={"width_mm": "30"})
    values = form.read()
    if values is not None:
        with saving(form.refuse) as saved:
            binder = Binder.add(customer, values, by=me())
        if saved:
            flash(_("Binder %(code)s is begun.", code=binder.code), "ok")
            return redirect(url_for("archive.dossier", customer_id=customer.id, _anchor="binders"), 303)
    return _binder_page(form, customer, None, [], 422 if form.problems else 200)


@bp.route("/binders/<int:binder_id>/edit", methods=["GET", "POST"])
@requires(Permission.DOSSIER_EDIT, binder=Binder)
def binder_edit(binder: Binder) -> Any:
    """Change where a binder stands, its width and title; who comes second sees what changed meanwhile."""
    customer, binder_id = binder.customer, binder.id
    look(customer)
    form = RecordForm(BINDER_FIELDS, binder)
    values = form.read()
    if values is None:
        return _binder_page(form, customer, binder, [], 422 if form.problems else 200)
    found = form.clashes(binder, values)
    if found:
        form.rebase(binder, found)
        return _binder_page(form, customer, binder, found, 409)
    try:
        with saving(form.refuse) as saved:
            binder.change(values, by=me())
    except (StateConflict, StaleDataError):
        db.session.rollback()
        now = db.session.get_one(Binder, binder_id)
        found = form.clashes(now, values)
        form.rebase(now, found)
        return _binder_page(form, now.customer, now, found, 409)
    if not saved:
        return _binder_page(form, customer, db.session.get_one(Binder, binder_id), [], 422)
    flash(_("Binder %(code)s is saved.", code=binder.code), "ok")
    return redirect(url_for("archive.dossier", customer_id=customer.id, _anchor="binders"), 303)


def _binder_page(form: RecordForm, customer: Customer, binder: Binder | None, found: list[Any], status: int) -> Any:
    page = render_template("archive/binder_form.html", form=form, customer=customer, binder=binder, clashes=found, plain=field_values.plain)
    return page, status
