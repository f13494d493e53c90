"""One visit and what is done with it: written down, nobody met, moved, cancelled, given to somebody, promises, filed (SV-20)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask import request as sent
from flask_babel import gettext as _

from portal import clock
from portal.blueprints.visits import bp
from portal.blueprints.visits.forms import (
    KeptForm,
    MissForm,
    MoveForm,
    PersonForm,
    PromiseForm,
    SheetForm,
    UnplannedForm,
    is_stale,
    version_of,
)
from portal.database import StateConflict, commit, db
from portal.forms import PortalForm
from portal.looks import look
from portal.models import history, search, visit_desk, visit_list
from portal.models import promise as promises
from portal.models import visit_checks as checks
from portal.models.customer import NEVER, Customer
from portal.models.customer_choice import chosen
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.greeting import contacts_of
from portal.models.promise import STATES as PROMISE_STATES
from portal.models.promise import Promise
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.standard import why
from portal.models.visit import Visit, last_of, rhythm
from portal.permissions import Permission, ensure, fetch, requires
from portal.printing import documents
from portal.printing.papers import PRINTABLES, paper_of
from portal.rules.message import N_, Refusal
from portal.rules.text import clean_line
from portal.rules.visits import DONE, OUTCOMES, SHEET, STATES
from portal.saving import saving
from portal.sessions import me

FORMS = {"sheet": SheetForm, "miss": MissForm, "move": MoveForm, "person": PersonForm, "promise": PromiseForm, "kept": KeptForm}
"""The forms of a visit's page, each with a prefix of its own."""
SUGGESTED = 8
DOCUMENT_KIND = "correspondence"


@bp.get("/visits/<int:visit_id>")
@requires(Permission.VISIT_WORK, visit=Visit)
def visit(visit: Visit) -> Any:
    """Show a visit: what is known beforehand, its sheet, what came of it."""
    look(visit.customer)
    return page(visit)


def page(visit: Visit, *, status: int = 200, **given: Any) -> Any:
    """Return the page of a visit; `given` is the form that was refused, by its name."""
    user, number = me(), visit.customer_id
    contacts = contacts_of([number])
    forms: dict[str, Any] = {name: given.get(name) or _empty(name, visit, contacts.get(number)) for name in FORMS}
    forms["sheet"].offer(visit.purpose)
    forms["person"].offer()
    last = last_of([number]).get(number)
    can = {
        "write": visit.can_write(user),
        "move": visit.can_move(user),
        "assign": visit.can_move(user) and user.may(Permission.VISIT_PLAN),
        "correct": visit.can_correct(user),
        "promise": user.may(Permission.VISIT_WORK) and visit.staff_id == user.id and visit.state == DONE,
        "file": visit.state == DONE and user.may(Permission.DOSSIER_EDIT) and user.may(Permission.SHEET_PRINT),
    }
    answer = render_template(
        "visits/visit.html",
        visit=visit,
        contact=contacts.get(number),
        forms=forms,
        states=STATES,
        outcomes=OUTCOMES,
        texts=SHEET,
        can=can,
        last=last if last is not None and last.id != visit.id else None,
        order=visit_list.last_orders([number]).get(number),
        promises=promises.of_record(visit_desk.SOURCE, visit.id),
        others=[one for one in visit_list.open_promises([number]).get(number, []) if one.source_id != visit.id or one.source != "visit"],
        promise_states=PROMISE_STATES,
        events=[(one, history.title_of(one)) for one in history.of_record("Visit", visit.id)],
        seen=db.session.scalar(Customer.visible_to(user).with_only_columns(Customer.id).where(Customer.id == number)) is not None,
        why=_why(visit),
        never=NEVER,
        open_form=next(iter(given), ""),
    )
    return answer, status


def _why(visit: Visit) -> Any:
    """Return why it was due: the frequency as it held when it was planned."""
    if not visit.rhythm_version and not visit.yearly:
        return None
    figures: dict[str, Any] = {N_("Grade"): visit.customer.grade or "—"}
    return why(rhythm(visit.customer.state, visit.customer.grade), version=visit.rhythm_version, **figures)


def _empty(name: str, visit: Visit, contact: Any) -> Any:
    data: dict[str, Any] = {"version": str(visit.version)}
    if name == "sheet":
        met = visit.met or (" ".join(filter(None, (contact.name, contact.post))) if contact else "")
        data |= {"on": clock.today() if visit.state != DONE else visit.day, "met": met, "purpose": visit.purpose}
        data |= {text: getattr(visit, text) for text in SHEET}
    elif name == "person":
        data["staff"] = visit.staff_id
    return FORMS[name](formdata=None, prefix=f"{name}-", data=data)


def _complete(form: PortalForm, lacking: Iterable[Refusal]) -> bool:
    """Return whether a form is as it should be; all that is lacking stands beside its field."""
    complete, wrong = form.validate(), list(lacking)
    form.refuse_all(wrong, str)
    return complete and not wrong


def _carry_out(
    visit: Visit, name: str, form: Any, act: Callable[[], Any], done: str, *, lacking: Iterable[Refusal] = (), back: str = ""
) -> Any:
    """Do something with a visit and lead on; a refusal, and whatever is `lacking`, shows the page with its form.

    Who comes second is told first, and keeps what they wrote. Raises `StateConflict` where nothing of the kind can be done any more.
    """
    visit_id = visit.id
    if is_stale(form, visit):
        return _overtaken(visit, name, form)
    if not _complete(form, lacking):
        return page(visit, status=422, **{name: form})
    try:
        with saving(form.refuse) as saved:
            act()
    except StateConflict:
        db.session.rollback()
        return _overtaken(db.session.get_one(Visit, visit_id), name, form)
    if not saved:
        return page(db.session.get_one(Visit, visit_id), status=422, **{name: form})
    flash(done, "ok")
    if back or db.session.scalar(Visit.visible_to(me()).where(Visit.id == visit_id)) is None:
        return redirect(back or url_for("visits.day"), 303)
    return redirect(url_for("visits.visit", visit_id=visit_id), 303)


def _overtaken(visit: Visit, name: str, form: Any) -> Any:
    open_still = visit.can_write(me()) if name in ("sheet", "miss") else visit.can_move(me())
    if "version" not in form or not open_still:
        raise StateConflict(f"visit {visit.id}")
    return page(visit, status=409, **{name: form.overtaken(visit.version)})


@bp.post("/visits/<int:visit_id>/sheet")
@requires(Permission.VISIT_WORK, visit=Visit)
def sheet(visit: Visit) -> Any:
    """Write down what came of a visit, with what was promised; back to the day's list."""
    form = SheetForm(prefix="sheet-").offer(visit.purpose)

    def act() -> None:
        visit.finish(form.sheet, on=form.on.data, by=me(), version=version_of(form))
        _promise(visit, form)

    lacking = _of_sheet(form, form.on.data, visit.purpose) if visit.can_write(me()) else ()
    said = _("%(name)s: written down.", name=visit.customer.full_name)
    return _carry_out(visit, "sheet", form, act, said, lacking=lacking, back=url_for("visits.day"))


def _of_sheet(form: SheetForm, on: date | None, also: str = "") -> Iterator[Refusal]:
    """Yield all that keeps a sheet with its promise from being written down, each with its field."""
    yield from checks.of_sheet(form.sheet, on, also)
    yield from _of_promise(form)


def _of_promise(form: PromiseForm) -> Iterator[Refusal]:
    if form.said or form.moment or form.promised_at.errors:
        yield from promises.problems(form.said, form.moment)


def _promise(visit: Visit, form: PromiseForm) -> None:
    if form.said or form.moment:
        Promise.make(
            visit.customer_id, form.said, form.moment, source=visit_desk.SOURCE, source_id=visit.id, staff_id=visit.staff_id, by=me()
        )


@bp.post("/visits/<int:visit_id>/attempt")
@requires(Permission.VISIT_WORK, visit=Visit)
def miss(visit: Visit) -> Any:
    """Keep that nobody was met."""
    form = MissForm(prefix="miss-")

    def act() -> None:
        visit.miss(clean_line(form.note.data or ""), to_day=form.later_on.data, by=me(), version=version_of(form))

    said = _("%(name)s: nobody met; the attempt is kept.", name=visit.customer.full_name)
    lacking = checks.of_miss(clean_line(form.note.data or ""), None, form.later_on.data) if visit.can_write(me()) else ()
    return _carry_out(visit, "miss", form, act, said, lacking=lacking, back=url_for("visits.day"))


@bp.post("/visits/<int:visit_id>/plan")
@requires(Permission.VISIT_WORK, visit=Visit)
def replan(visit: Visit) -> Any:
    """Move it to another day, or cancel it."""
    form, does = MoveForm(prefix="move-"), sent.form.get("do", "move")
    if does not in ("move", "cancel"):
        abort(404)
    ensure(visit.can_move(me()) or visit.state != "planned")
    reason, name = clean_line(form.reason.data or ""), visit.customer.full_name

    def act() -> None:
        if does == "cancel":
            visit.cancel(reason=reason, by=me(), version=version_of(form))
        else:
            visit.move(form.day.data, reason=reason, by=me(), version=version_of(form))

    said = _("%(name)s: the visit is cancelled.", name=name) if does == "cancel" else _("%(name)s: the visit is moved.", name=name)
    lacking = checks.of_move(form.day.data, reason, visit.day) if does == "move" and visit.can_move(me()) else ()
    return _carry_out(visit, "move", form, act, said, lacking=lacking)


@bp.post("/visits/<int:visit_id>/person")
@requires(Permission.VISIT_PLAN, visit=Visit)
def assign(visit: Visit) -> Any:
    """Let somebody else go."""
    form = PersonForm(prefix="person-").offer()

    def act() -> None:
        to = db.session.get(Staff, form.staff.data or 0)
        if to is None:
            raise Refusal("Choose somebody whose account is active.", field="staff")
        visit.assign(to, by=me(), version=version_of(form))

    return _carry_out(visit, "person", form, act, _("Given to somebody else: %(what)s", what=visit.customer.full_name))


@bp.route("/visits/<int:visit_id>/correction", methods=["GET", "POST"])
@requires(Permission.VISIT_WORK, visit=Visit)
def correct(visit: Visit) -> Any:
    """Correct the sheet of a visit while its daily report is not submitted."""
    if not (visit.can_correct(me()) and visit.state == DONE):
        raise StateConflict(f"visit {visit.id}")
    visit_id = visit.id
    if sent.method == "GET":
        look(visit.customer)
        return _correction(visit, _empty("sheet", visit, None))
    form = SheetForm(prefix="sheet-").offer(visit.purpose)
    if is_stale(form, visit):
        return _correction(visit, form.overtaken(visit.version), 409)
    if _complete(form, _of_sheet(form, None, visit.purpose)):
        with saving(form.refuse) as saved:
            visit.correct(form.sheet, by=me(), version=version_of(form))
            _promise(visit, form)
        if saved:
            flash(_("The sheet is corrected."), "ok")
            return redirect(url_for("visits.visit", visit_id=visit_id), 303)
    return _correction(db.session.get_one(Visit, visit_id), form, 422)


def _correction(visit: Visit, form: SheetForm, status: int = 200) -> Any:
    return render_template("visits/correction.html", visit=visit, form=form.offer(visit.purpose)), status


@bp.post("/visits/<int:visit_id>/taking-back")
@requires(Permission.VISIT_WORK, visit=Visit)
def take_back(visit: Visit) -> Any:
    """Plan a visit again that was written down by mistake."""
    form = MissForm()
    visit.take_back(by=me(), version=version_of(form))
    commit()
    flash(_("The visit is planned again, for today."), "ok")
    return redirect(url_for("visits.visit", visit_id=visit.id), 303)


@bp.post("/visits/<int:visit_id>/promises")
@requires(Permission.VISIT_WORK, visit=Visit)
def promise_new(visit: Visit) -> Any:
    """Note what the customer was promised on the visit."""
    form = PromiseForm(prefix="promise-")
    ensure(visit.staff_id == me().id and visit.state == DONE)

    def act() -> None:
        if not (form.said or form.moment):
            raise Refusal("Say what is promised.", field="promise")
        _promise(visit, form)

    return _carry_out(visit, "promise", form, act, _("The promise is noted, and stands in the inbox when it is due."))


@bp.post("/visits/<int:visit_id>/promises/<int:promise_id>")
@requires(Permission.VISIT_WORK, visit=Visit)
def promise_settled(visit: Visit, promise_id: int) -> Any:
    """Say whether a promise was kept."""
    form, found = KeptForm(prefix="kept-"), fetch(Promise, promise_id, me())
    if found.source != visit_desk.SOURCE or found.source_id != visit.id:
        abort(404)
    kept = sent.form.get("kept") == "yes"

    def act() -> None:
        found.settle(kept=kept, word=clean_line(form.word.data or ""), by=me())

    return _carry_out(visit, "kept", form, act, _("The promise is kept.") if kept else _("It is noted that the promise was not kept."))


@bp.post("/visits/<int:visit_id>/filing")
@requires(Permission.DOSSIER_EDIT, visit=Visit)
def file_extract(visit: Visit) -> Any:
    """Print the customer's part of the daily report, and file it in the dossier."""
    ensure(me().may(Permission.SHEET_PRINT))
    if visit.state != DONE or db.session.scalar(Customer.visible_to(me()).where(Customer.id == visit.customer_id)) is None:
        raise StateConflict(f"visit {visit.id}")
    printed = documents.press(lambda: paper_of(PRINTABLES["visit_extract"], visit), documents.site_language(), by=me())
    kinds = [entry["code"] for entry in standard("choices.document_kind") if entry["active"]]
    title = _("Visit of %(day)s", day=visit.day.isoformat())
    values = {
        "kind": DOCUMENT_KIND if DOCUMENT_KIND in kinds else kinds[0], "title": title, "dated_on": visit.day, "author": visit.staff.name,
    }  # fmt: skip
    filed = ArchiveDocument.file(visit.customer, values, Upload.of(printed.content, f"{title}.pdf"), by=me(), source="visit", again=True)
    number = filed.archive_number
    commit()
    flash(_("Filed in the dossier as %(number)s.", number=number), "ok")
    return redirect(url_for("visits.visit", visit_id=visit.id), 303)


# --- not planned ----------------------------------------------------------------


@bp.route("/visits/unplanned", methods=["GET", "POST"])
@requires(Permission.VISIT_WORK)
def unplanned() -> Any:
    """Write down a visit that was not planned."""
    if sent.method == "GET":
        given = db.session.scalar(Customer.visible_to(me()).where(Customer.id == sent.args.get("customer", 0, int)))
        data: dict[str, Any] = {"on": clock.today(), "purpose": "regular"}
        if given is not None:
            contact = contacts_of([given.id]).get(given.id)
            data |= {"customer": f"{given.number} {given.full_name}", "met": contact.name if contact else ""}
        return _unplanned(UnplannedForm(formdata=None, data=data).offer())
    form = UnplannedForm().offer()
    if "pick" in sent.form:
        form.customer.data = clean_line(sent.form["pick"])
        return _unplanned(form)
    customer, lacking = None, list(_of_sheet(form, form.on.data))
    try:
        customer = chosen(me(), form.customer.data or "")
    except Refusal as refusal:
        lacking.append(refusal)
    if _complete(form, lacking) and customer is not None:
        with saving(form.refuse) as saved:
            made = Visit.record(customer, form.sheet, on=form.on.data, by=me())
            _promise(made, form)
        if saved:
            flash(_("%(name)s: written down.", name=made.customer.full_name), "ok")
            return redirect(url_for("visits.visit", visit_id=made.id), 303)
    hits = search.search(me(), form.customer.data, SUGGESTED) if form.customer.errors and form.customer.data else []
    return _unplanned(form, hits, 422)


def _unplanned(form: UnplannedForm, hits: list[Any] | None = None, status: int = 200) -> Any:
    return render_template("visits/unplanned.html", form=form, hits=hits or []), status
