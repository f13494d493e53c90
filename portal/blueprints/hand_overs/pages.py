"""Hand-overs: whose work is listed, the list as it is or was, carrying it out, and the signed list (RO-4, RO-5)."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.file import FileField
from sqlalchemy import select
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from portal.blueprints.hand_overs import bp
from portal.database import StateConflict, commit, db
from portal.downloads import download
from portal.forms import PortalForm
from portal.models import audit
from portal.models.attachment import Attachment
from portal.models.customer import possible_owners
from portal.models.hand_over_list import PARTS, Part
from portal.models.hand_over_record import (
    LONGEST_NAME,
    LONGEST_REASON,
    PREPARED,
    STATES,
    HandOver,
    may_prepare,
    newest,
)
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission, ensure, fetch, requires
from portal.printing.hand_over import MOST, length
from portal.rules.message import Refusal
from portal.rules.scans import media_type_of_scan
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

SHOWN = 50
"""So many rows of a part stand on the page; all are on paper."""
LISTED = 200


class PersonForm(PortalForm):
    """Whose work is handed over."""

    staff_id = SelectField(_l("Who hands over"), coerce=int)


class HandOverForm(PortalForm):
    """Who takes over, who witnesses, and why."""

    to_id = SelectField(_l("Who takes over"), coerce=int)
    witness = StringField(_l("Witness"), [Length(max=LONGEST_NAME)])
    reason = StringField(_l("Reason"), [Length(max=LONGEST_REASON)])


class SignedListForm(PortalForm):
    """The list with all three signatures."""

    scan = FileField(_l("Scan of the signed list (PDF, JPEG or PNG)"), render_kw={"accept": "application/pdf,image/jpeg,image/png"})


@bp.get("/hand-overs")
@requires(Permission.CUSTOMER_READ)
def index() -> Any:
    """Show the hand-overs in scope, and begin one."""
    return _index(_whose())


def _whose() -> PersonForm:
    """Return the form with those whose work the reader may list, themselves first."""
    query = select(Staff).where(Staff.in_office, Staff.id != current_user.id).order_by(Staff.name, Staff.id)
    people = [me(), *(person for person in db.session.scalars(query) if may_prepare(me(), person))]
    form = PersonForm()
    form.staff_id.choices = [
        SelectChoice(person.id, f"{person.name} · {person.team.name}" if person.team else person.name) for person in people
    ]
    return form


def _index(form: PersonForm) -> Any:
    page = render_template("hand_overs/index.html", records=newest(me(), LISTED), form=form, states=STATES, shown=LISTED)
    return page, 422 if form.problems else 200


@bp.post("/hand-overs")
@requires(Permission.CUSTOMER_READ)
def prepare() -> Any:
    """Begin the hand-over of everything that somebody has in hand, or go to the one that was begun."""
    form = _whose()
    if not form.validate():
        return _index(form)
    record = HandOver.prepare(fetch(Staff, form.staff_id.data, current_user), by=me())
    commit()
    return redirect(url_for("hand_overs.show", hand_over_id=record.id), 303)


@bp.get("/hand-overs/<int:hand_over_id>")
@requires(Permission.CUSTOMER_READ, hand_over=HandOver)
def show(hand_over: HandOver) -> Any:
    """Show a hand-over: what will be handed over, or what was, and what can be done with it."""
    return _page(hand_over, _form(hand_over), SignedListForm())


def _form(record: HandOver, **values: Any) -> HandOverForm:
    people = [person for person in possible_owners(me()) if person.id != record.from_id]
    form = HandOverForm(to_id=record.to_id or 0, witness=record.witness, reason=record.reason, **values)
    named = [SelectChoice(person.id, f"{person.name} · {person.team.name}" if person.team else person.name) for person in people]
    form.to_id.choices = [SelectChoice(0, _("Choose")), *named]
    return form


def _page(record: HandOver, form: HandOverForm, signed: SignedListForm, status: int = 200) -> Any:
    figures = record.figures
    parts = [(PARTS[name], count, record.rows(name, SHOWN)) for name, count in figures.items()]
    page = render_template(
        "hand_overs/show.html",
        record=record,
        form=form,
        signed=signed,
        states=STATES,
        figures=figures,
        parts=[(part, count, rows, _pages(part, rows)) for part, count, rows in parts],
        may_carry_out=record.may_carry_out(me()),
        prepared=record.state == PREPARED,
        may_prepare=record.giver is not None and may_prepare(me(), record.giver),
        too_long=length(record) > MOST,
        most=MOST,
        shown=SHOWN,
    )
    return page, status


def _pages(part: Part, rows: list[dict[str, Any]]) -> dict[int, str]:
    """Return the addresses of those rows' records that the reader sees: a row on the list widens nobody's scope (RO-1)."""
    if part.page is None or part.model is None:
        return {}
    ids = [row["id"] for row in rows]
    seen = db.session.scalars(part.model.visible_to(me()).where(part.model.id.in_(ids)).with_only_columns(part.model.id))
    return {number: url_for(endpoint, **values) for number in seen for endpoint, values in [part.page(number)]}


def _taker(form: HandOverForm) -> Staff | None:
    return fetch(Staff, form.to_id.data, current_user) if form.to_id.data else None


@bp.post("/hand-overs/<int:hand_over_id>")
@requires(Permission.CUSTOMER_HAND_OVER, hand_over=HandOver)
def note(hand_over: HandOver) -> Any:
    """Keep who takes over, who witnesses and why, for the list."""
    ensure(hand_over.may_carry_out(me()))
    if hand_over.state != PREPARED:
        raise StateConflict(f"hand-over {hand_over.id}")
    form = _form(hand_over)
    if not form.validate():
        return _page(hand_over, form, SignedListForm(formdata=None), 422)
    _note(hand_over, form)
    commit()
    flash(_("Saved. The list can be printed."), "ok")
    return redirect(url_for("hand_overs.show", hand_over_id=hand_over.id), 303)


def _note(record: HandOver, form: HandOverForm) -> None:
    record.note(to=_taker(form), witness=clean_line(form.witness.data), reason=clean_line(form.reason.data), by=me())


@bp.post("/hand-overs/<int:hand_over_id>/completion")
@requires(Permission.CUSTOMER_HAND_OVER, hand_over=HandOver)
def carry_out(hand_over: HandOver) -> Any:
    """Hand everything over, and keep the list of it (RO-5)."""
    ensure(hand_over.may_carry_out(me()))
    if hand_over.state != PREPARED:
        raise StateConflict(f"hand-over {hand_over.id}")
    form, number = _form(hand_over), hand_over.id
    if form.validate():
        with saving(lambda refusal: _refuse(form, refusal)) as saved:
            to = _taker(form)
            if to is None:
                raise Refusal("Say who takes over.", field="to_id")
            _note(hand_over, form)
            moved = hand_over.carry_out(to=to, by=me())
        if saved:
            flash(_("Handed over to %(name)s. Customers: %(count)s.", name=to.name, count=moved), "ok")
            return redirect(url_for("hand_overs.show", hand_over_id=number), 303)
    return _page(db.session.get_one(HandOver, number), form, SignedListForm(formdata=None), 422)


def _refuse(form: HandOverForm, refusal: Refusal) -> None:
    field = "to_id" if refusal.field == "to" else refusal.field
    form.refuse(refusal.at(field))


@bp.post("/hand-overs/<int:hand_over_id>/discarding")
@requires(Permission.CUSTOMER_READ, hand_over=HandOver)
def discard(hand_over: HandOver) -> Any:
    """Let go of what was prepared; nothing is handed over."""
    ensure(hand_over.giver is not None and may_prepare(me(), hand_over.giver))
    hand_over.discard(by=me())
    commit()
    flash(_("Nothing is handed over."), "ok")
    return redirect(url_for("hand_overs.index"), 303)


@bp.post("/hand-overs/<int:hand_over_id>/signed-list")
@requires(Permission.CUSTOMER_HAND_OVER, hand_over=HandOver)
def file_signed_list(hand_over: HandOver) -> Any:
    """Keep the scan of the list with all three signatures."""
    ensure(hand_over.may_carry_out(me()))
    if not hand_over.can_sign:
        raise StateConflict(f"hand-over {hand_over.id}")
    form, number = SignedListForm(), hand_over.id
    with saving() as saved:
        sent = request.files.get("scan")
        if sent is None or not sent.filename:
            raise Refusal("The scan of the signed list is missing.", field="scan")
        content = sent.read()
        kind = media_type_of_scan(content, standard("upload.size_limit_mb"))
        name = sent.filename.replace("\\", "/").rsplit("/", 1)[-1]
        kept = Attachment.keep(content, filename=name, media_type=kind, purpose="scan", by=me())
        db.session.flush()
        hand_over.file_signed_list(kept, by=me())
    if saved.refusal:
        form.refuse(saved.refusal.at("scan"))
        record = db.session.get_one(HandOver, number)
        return _page(record, _form(record, formdata=None), form, 422)
    flash(_("The signed list is filed."), "ok")
    return redirect(url_for("hand_overs.show", hand_over_id=number), 303)


@bp.get("/hand-overs/<int:hand_over_id>/signed-list")
@requires(Permission.CUSTOMER_READ, hand_over=HandOver)
def signed_list(hand_over: HandOver) -> Any:
    """Answer the scan of the signed list as a download."""
    scan = hand_over.scan
    if scan is None:
        abort(404)
    audit.write_view("scan-downloaded", actor=current_user, record=hand_over, label=scan.filename)
    return download(scan)
