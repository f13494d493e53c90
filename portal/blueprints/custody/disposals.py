"""Disposal of documents and cards: what is due, the lists, submission, and the record of the destruction (AR-11)."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.file import FileField
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.blueprints.custody import bp
from portal.database import StateConflict, commit, db
from portal.downloads import download
from portal.forms import PortalForm
from portal.i18n import translate
from portal.models import audit, disposal_cards, disposal_check, disposal_record
from portal.models import disposal as lists
from portal.models.approval import Approval
from portal.models.attachment import Attachment
from portal.models.disposal import APPROVED, DRAFT, NAME, STATES, Disposal
from portal.models.dossier import ArchiveDocument
from portal.models.standard import value as standard
from portal.models.standard import why
from portal.permissions import Permission, ensure, requires
from portal.printing import pictures
from portal.rules.archive_numbers import RETENTIONS
from portal.rules.disposal import CARD_YEARS
from portal.rules.message import Refusal
from portal.rules.scans import media_type_of_scan
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me
from portal.stores import StoreFailed

PAGE = 50
SHOWN = 200
"""So many documents, and so many cards, that are due are offered for one list."""


class ReasonForm(PortalForm):
    """Why documents and cards are destroyed."""

    reason = TextAreaField(_l("Reason"), [InputRequired(_l("Say why they are destroyed.")), Length(max=500)])


class DestructionForm(PortalForm):
    """When the papers were destroyed, who watched, and the signed list."""

    destroyed_on = DateField(_l("Destroyed on"), [InputRequired(_l("Say when the papers were destroyed."))])
    witness_1 = StringField(_l("First witness"), [InputRequired(_l("Two witnesses watch the destruction.")), Length(max=60)])
    witness_2 = StringField(_l("Second witness"), [InputRequired(_l("Two witnesses watch the destruction.")), Length(max=60)])
    scan = FileField(
        _l("Scan of the signed destruction list (PDF, JPEG or PNG)"), render_kw={"accept": "application/pdf,image/jpeg,image/png"}
    )


class GivingUpForm(PortalForm):
    """Why an approved list is not carried out."""

    because = StringField(_l("Reason"), [InputRequired(_l("Say why nothing is destroyed.")), Length(max=500)])


@bp.get("/disposals")
@requires(Permission.DISPOSAL_READ)
def disposals() -> Any:
    """Show the lists for disposal, the newest first, from before the list `before` on."""
    query = Disposal.visible_to(me()).order_by(Disposal.id.desc()).limit(PAGE + 1)
    before = request.args.get("before", 0, int)
    found = list(db.session.scalars(query.where(Disposal.id < before) if before else query))
    next_ = url_for("custody.disposals", before=found[PAGE - 1].id) if len(found) > PAGE else ""
    return render_template("custody/disposals.html", lists=found[:PAGE], states=STATES, next=next_)


@bp.route("/disposals/new", methods=["GET", "POST"])
@requires(Permission.DISPOSAL_EDIT)
def disposal_new() -> Any:
    """Show what is past its retention among past customers, and begin a list of what is chosen."""
    form = ReasonForm()
    customer_id = request.args.get("customer", type=int)
    if request.method == "POST" and form.validate():
        with saving(lambda refusal: _refuse(form, refusal)) as saved:
            disposal = Disposal.propose(_chosen(), reason=clean_line(form.reason.data), by=me(), card_ids=_chosen("cards"))
        if saved:
            return redirect(url_for("custody.disposal", disposal_id=disposal.id), 303)
    documents = lists.due(me(), customer_id=customer_id, limit=SHOWN)
    return _form_page(form, documents, disposal_cards.due(me(), customer_id=customer_id, limit=SHOWN), None)


@bp.route("/disposals/<int:disposal_id>/edit", methods=["GET", "POST"])
@requires(Permission.DISPOSAL_EDIT, disposal=Disposal)
def disposal_edit(disposal: Disposal) -> Any:
    """Change a list that is a draft: its reason, and what is on it; what else is due of its customer is offered beside it."""
    if disposal.state != DRAFT:
        raise StateConflict(f"disposal {disposal.id}")
    form, disposal_id = ReasonForm(reason=disposal.reason), disposal.id
    if request.method == "POST" and form.validate():
        with saving(lambda refusal: _refuse(form, refusal)) as saved:
            disposal.edit(_chosen(), reason=clean_line(form.reason.data), by=me(), card_ids=_chosen("cards"))
        if saved:
            return redirect(url_for("custody.disposal", disposal_id=disposal_id), 303)
        disposal = db.session.get_one(Disposal, disposal_id)
    due, due_cards = (found(me(), customer_id=disposal.customer_id, limit=SHOWN) for found in (lists.due, disposal_cards.due))
    offered = {one.id: one for one in [*disposal.documents, *due]}
    cards = {one.customer.id: one for one in [*_cards(disposal), *due_cards]}
    return _form_page(form, sorted(offered.values(), key=lambda one: one.archive_number), list(cards.values()), disposal)


def _chosen(field: str = "documents") -> list[int]:
    return [int(one) for one in request.form.getlist(field) if one.isdecimal() and len(one) < 16]


def _cards(disposal: Disposal) -> list[disposal_cards.Card]:
    return disposal_cards.lines(disposal.card_customers, years=disposal.card_years.value)


def _refuse(form: PortalForm, refusal: Refusal) -> None:
    if refusal.field == "documents":
        form.form_errors.append(translate(refusal.message))
    else:
        form.refuse(refusal)


def _form_page(form: ReasonForm, documents: list[ArchiveDocument], cards: list[disposal_cards.Card], disposal: Disposal | None) -> Any:
    asked = request.method == "POST"
    page = render_template(
        "custody/disposal_form.html",
        form=form,
        documents=documents,
        cards=cards,
        more_than=SHOWN if disposal is None and max(len(documents), len(cards)) >= SHOWN else 0,
        disposal=disposal,
        chosen=set(_chosen()) if asked else {one.id for one in (disposal.documents if disposal else documents)},
        chosen_cards=set(_chosen("cards"))
        if asked
        else {one.id for one in (disposal.card_customers if disposal else [each.customer for each in cards])},
        why=why(CARD_YEARS),
        retentions=RETENTIONS,
    )
    return page, 422 if form.problems else 200


# --- one list ---------------------------------------------------------------------------------------------------------------


@bp.get("/disposals/<int:disposal_id>")
@requires(Permission.DISPOSAL_READ, disposal=Disposal)
def disposal(disposal: Disposal) -> Any:
    """Show a list: its documents and cards, what stands against it, where it stands."""
    return _page(disposal, DestructionForm(), GivingUpForm())


def _page(disposal: Disposal, form: DestructionForm, giving_up: GivingUpForm, status: int = 200) -> Any:
    page = render_template(
        "custody/disposal.html",
        disposal=disposal,
        cards=_shown(disposal),
        why=why(CARD_YEARS, version=disposal.card_years.version),
        form=form,
        giving_up=giving_up,
        states=STATES,
        retentions=RETENTIONS,
        approval=Approval.latest_for(NAME, disposal.id),
        blockers=disposal_check.blockers(disposal) if disposal.state in (DRAFT, "pending", APPROVED) else [],
        can_edit=disposal.can_edit(me()),
        can_record=disposal.can_record(me()),
    )
    return page, status


def _shown(disposal: Disposal) -> list[dict[str, Any]]:
    """Return the cards on a list as plain data, with the customer's number: once it is submitted, as they stood then."""
    if disposal.state == DRAFT:
        plain = {one.customer.number: one.plain() for one in _cards(disposal)}
    else:
        approval = Approval.latest_for(NAME, disposal.id)
        frozen = approval.current_round.snapshot.get("cards", []) if approval else []
        plain = {one["customer_number"]: one for one in frozen}
    return [{**plain.get(one.number, {}), "customer_id": one.id, "name": one.full_name} for one in disposal.card_customers]


@bp.post("/disposals/<int:disposal_id>/submission")
@requires(Permission.APPROVAL_SUBMIT, disposal=Disposal)
def disposal_submission(disposal: Disposal) -> Any:
    """Send the list through its chain; what stands against it is named."""
    ensure(current_user.may(Permission.DISPOSAL_EDIT))
    approval = disposal.submit(by=me())
    commit()
    flash(_("The list is submitted. Its documents and cards stay as they are until it is decided."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/disposals/<int:disposal_id>/destruction")
@requires(Permission.DISPOSAL_RECORD, disposal=Disposal)
def disposal_destruction(disposal: Disposal) -> Any:
    """Record that the papers were destroyed; only then contents go."""
    if disposal.state != APPROVED:
        raise StateConflict(f"disposal {disposal.id}")
    form, disposal_id = DestructionForm(), disposal.id
    if not form.validate():
        return _page(disposal, form, GivingUpForm(formdata=None), 422)
    with saving(form.refuse) as saved:
        witnesses = (clean_line(form.witness_1.data), clean_line(form.witness_2.data))
        disposal_record.record(disposal, destroyed_on=form.destroyed_on.data, witnesses=witnesses, scan=_scan(), by=me())
    if not saved:
        return _page(db.session.get_one(Disposal, disposal_id), form, GivingUpForm(formdata=None), 422)
    flash(_("The destruction is recorded. Of documents the index entry remains, of cards number, name and dates."), "ok")
    try:
        for digest in disposal_record.purge(db.session.get_one(Disposal, disposal_id)):
            pictures.forget(digest)
        commit()
    except (OSError, StoreFailed):
        db.session.rollback()
        flash(_("The contents could not be taken out of the store now. It is tried again every minute."), "warning")
    return redirect(url_for("custody.disposal", disposal_id=disposal_id), 303)


def _scan() -> Attachment:
    sent = request.files.get("scan")
    if sent is None or not sent.filename:
        raise Refusal("The scan of the signed destruction list is missing.", field="scan")
    content = sent.read()
    kind = media_type_of_scan(content, standard("upload.size_limit_mb"))
    name = sent.filename.replace("\\", "/").rsplit("/", 1)[-1]
    kept = Attachment.keep(content, filename=name, media_type=kind, purpose="scan", by=me())
    db.session.flush()
    return kept


@bp.get("/disposals/<int:disposal_id>/signed-list")
@requires(Permission.DISPOSAL_READ, disposal=Disposal)
def disposal_signed_list(disposal: Disposal) -> Any:
    """Answer the scan of the signed destruction list as a download; the log says who fetched it (RO-7)."""
    scan = disposal.scan
    if scan is None:
        abort(404)
    audit.write_view("scan-downloaded", actor=current_user, record=disposal, label=scan.filename)
    return download(scan)


@bp.post("/disposals/<int:disposal_id>/giving-up")
@requires(Permission.DISPOSAL_RECORD, disposal=Disposal)
def disposal_giving_up(disposal: Disposal) -> Any:
    """Let an approved list go without destroying anything."""
    form = GivingUpForm()
    if disposal.state != APPROVED:
        raise StateConflict(f"disposal {disposal.id}")
    if not form.validate():
        return _page(disposal, DestructionForm(formdata=None), form, 422)
    disposal.give_up(because=clean_line(form.because.data)[:500], by=me())
    commit()
    flash(_("Nothing is destroyed; documents and cards can be changed, lent and listed again."), "ok")
    return redirect(url_for("custody.disposal", disposal_id=disposal.id), 303)
