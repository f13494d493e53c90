"""The steps of a request (SV-2): each a POST that does one thing; what is refused comes back with what was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask import request as sent
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.blueprints.service import bp
from portal.blueprints.service.forms import (
    ChangeForm,
    ClosingForm,
    CustomerForm,
    DoneForm,
    KeptForm,
    LinkForm,
    PassForm,
    PromiseForm,
    StepForm,
    VisitForm,
    departments,
    moment,
    version_of,
)
from portal.blueprints.service.pages import page
from portal.database import StateConflict, db
from portal.models import promise, request_flow, request_intake, request_visits, search
from portal.models.customer_choice import chosen
from portal.models.promise import Promise
from portal.models.request import ServiceRequest
from portal.models.request_step import RepairVisit
from portal.permissions import Permission, ensure, fetch, requires
from portal.rules import requests as rules
from portal.rules.message import Refusal
from portal.saving import saving
from portal.sessions import me

DONE = {
    "in-hand": _l("You have it in hand."),
    "first-answer": _l("The first answer is noted."),
    "waiting": _l("The clock stands still until the customer has answered."),
    "resumed": _l("The clock goes on."),
    "answered": _l("The answer is noted. Ask later whether the customer is satisfied."),
    "followed-up": _l("What the customer says is noted."),
    "reopened": _l("It is open again, and its clock begins anew."),
    "note": _l("The note is added."),
}


def _carry_out(request: ServiceRequest, name: str, form: Any, act: Callable[[], Any], done: str, anchor: str = "") -> Any:
    """Do something with a request and lead back to its page; a refusal shows the page with its form."""
    request_id = request.id
    if not form.validate():
        return page(request, status=422, **{name: form})
    with saving(form.refuse) as saved:
        act()
    if saved.refusal:
        hits = search.search(me(), form.customer.data, 8) if saved.refusal.field == "customer" and form.customer.data else []
        return page(db.session.get_one(ServiceRequest, request_id), status=422, hits=hits, **{name: form})
    flash(str(done), "ok")
    found = db.session.scalar(ServiceRequest.visible_to(me()).where(ServiceRequest.id == request_id))
    if found is None:  # who passed it on does not see it any more
        return redirect(url_for("service.requests"), 303)
    return redirect(url_for("service.request", request_id=request_id, _anchor=anchor or None), 303)


@bp.post("/requests/<int:request_id>/steps")
@requires(Permission.REQUEST_WORK, request=ServiceRequest)
def step(request: ServiceRequest) -> Any:
    """Do what the button says: take in hand, answer, wait, go on, follow up, reopen, or add a note."""
    form, act = StepForm(prefix="step-"), sent.form.get("act", "")
    if act not in DONE:
        abort(404)
    word, version, by = (form.word.data or "").strip(), version_of(form), me()
    acts: dict[str, Callable[[], Any]] = {
        "in-hand": lambda: request_flow.take_in_hand(request, by=by, version=version),
        "first-answer": lambda: request_flow.first_answer(request, word, by=by, version=version),
        "waiting": lambda: request_flow.wait(request, word, by=by, version=version),
        "resumed": lambda: request_flow.resume(request, word, by=by, version=version),
        "answered": lambda: request_flow.answer(request, word, by=by, version=version),
        "followed-up": lambda: request_flow.follow_up(request, satisfied=form.is_satisfied, word=word, by=by, version=version),
        "reopened": lambda: request_flow.reopen(request, word, by=by, version=version),
        "note": lambda: request_flow.add_note(request, word, by=by),
    }
    return _carry_out(request, "step", form, acts[act], DONE[act])


@bp.post("/requests/<int:request_id>/assignment")
@requires(Permission.REQUEST_WORK, request=ServiceRequest)
def assignment(request: ServiceRequest) -> Any:
    """Pass it on to a person, team or department, with a word."""
    form = PassForm(prefix="pass-").offer()

    def act() -> None:
        word = (form.word.data or "").strip()
        request_flow.pass_on(request, form.to.data or "", word=word, by=me(), version=version_of(form))

    return _carry_out(request, "pass", form, act, _("It is passed on."))


@bp.post("/requests/<int:request_id>/customer")
@requires(Permission.REQUEST_WORK, request=ServiceRequest)
def customer_named(request: ServiceRequest) -> Any:
    """Say which customer it is of."""
    form = CustomerForm(prefix="customer-")
    if "pick" in sent.form:
        form.customer.data = sent.form["pick"][:200]
        return page(request, customer=form)

    def act() -> None:
        request_flow.name_customer(request, chosen(me(), form.customer.data or ""), by=me(), version=version_of(form))

    return _carry_out(request, "customer", form, act, _("The customer is named."))


@bp.post("/requests/<int:request_id>/links")
@requires(Permission.REQUEST_WORK, request=ServiceRequest)
def link_new(request: ServiceRequest) -> Any:
    """Link it with another request in scope, or join it to the one that it repeats (SV-7)."""
    form = LinkForm(prefix="link-")

    def act() -> None:
        serial = rules.serial_of(form.other.data or "")
        other = db.session.scalar(ServiceRequest.visible_to(me()).where(ServiceRequest.id == (serial or 0)))
        if other is None:
            raise Refusal("No request you see has this number.", field="other")
        request_flow.link(request, other, form.link.data or "", by=me(), version=version_of(form))

    return _carry_out(request, "link", form, act, _("They are linked."))


@bp.post("/requests/<int:request_id>/promises")
@requires(Permission.REQUEST_WORK, request=ServiceRequest)
def promise_new(request: ServiceRequest) -> Any:
    """Note what the customer was promised, by when (SV-3)."""
    form = PromiseForm(prefix="promise-")
    ensure(request.can_work(me()))

    def act() -> None:
        request_intake.promise(request, (form.promise.data or "").strip(), moment(form.promised_at), by=me())

    return _carry_out(request, "promise", form, act, _("The promise is noted, and stands in the inbox when it is due."), "promises")


@bp.post("/requests/<int:request_id>/promises/<int:promise_id>")
@requires(Permission.REQUEST_WORK, request=ServiceRequest)
def promise_settled(request: ServiceRequest, promise_id: int) -> Any:
    """Say whether a promise was kept."""
    form, found = KeptForm(prefix="kept-"), fetch(Promise, promise_id, me())
    kept = sent.form.get("kept") == "yes"

    def act() -> None:
        request_flow.settle_promise(request, found, kept=kept, word=(form.word.data or "").strip(), by=me())

    said = _("The promise is kept.") if kept else _("It is noted that the promise was not kept.")
    return _carry_out(request, "kept", form, act, said, "promises")


@bp.post("/requests/<int:request_id>/visits")
@requires(Permission.REQUEST_WORK, request=ServiceRequest)
def visit_new(request: ServiceRequest) -> Any:
    """Arrange a fitter's visit (SV-10)."""
    form = VisitForm(prefix="visit-")

    def act() -> None:
        request_visits.arrange(
            request, fitter=(form.fitter.data or "").strip(), telephone=(form.telephone.data or "").strip(),
            starts_at=moment(form.starts_at), ends_at=moment(form.ends_at), by=me(),
        )  # fmt: skip

    return _carry_out(request, "visit", form, act, _("The visit is arranged."), "visits")


@bp.post("/requests/<int:request_id>/visits/<int:visit_id>")
@requires(Permission.REQUEST_WORK, request=ServiceRequest)
def visit_done(request: ServiceRequest, visit_id: int) -> Any:
    """Note that a repair is done."""
    form, visit = DoneForm(prefix="done-"), db.session.get(RepairVisit, visit_id)
    if visit is None or visit.request_id != request.id:
        abort(404)

    def act() -> None:
        request_visits.finish(visit, result=(form.result.data or "").strip(), done_at=moment(form.done_at), by=me())

    return _carry_out(request, "done", form, act, _("The repair is done."), "visits")


# --- forms of their own --------------------------------------------------------------------------------------------------------


@bp.route("/requests/<int:request_id>/edit", methods=["GET", "POST"])
@requires(Permission.REQUEST_WORK, request=ServiceRequest)
def request_edit(request: ServiceRequest) -> Any:
    """Correct what a request says, or fill in cause, responsible department and prevention."""
    if not request.is_open:
        raise StateConflict(f"request {request.id} is closed")
    request_id = request.id
    form = ChangeForm(obj=request).offer(request.cause)
    if not form.is_submitted():
        return _edit_page(request, form)
    if not form.validate():
        return _edit_page(request, form, 422)
    with saving(form.refuse) as saved:
        values = {name: (form[name].data or "").strip() for name in request_flow.CHANGEABLE}
        request_flow.change(request, values, by=me(), version=version_of(form))
    if not saved:
        return _edit_page(db.session.get_one(ServiceRequest, request_id), form, 422)
    flash(_("The changes are saved."), "ok")
    return redirect(url_for("service.request", request_id=request_id), 303)


def _edit_page(request: ServiceRequest, form: ChangeForm, status: int = 200) -> Any:
    return render_template("service/edit.html", request_=request, form=form, departments=departments()), status


@bp.route("/requests/<int:request_id>/closing", methods=["GET", "POST"])
@requires(Permission.REQUEST_WORK, request=ServiceRequest)
def closing(request: ServiceRequest) -> Any:
    """Close a request; everything that is missing is named at once (SV-5)."""
    if request.state not in (rules.ANSWERED, rules.FOLLOWED):
        raise StateConflict(f"request {request.id} is {request.state}")
    request_id = request.id
    said = {True: "yes", False: "no", None: None}[request.satisfied]
    form = ClosingForm(obj=request, data={"satisfied": said}).offer(request.cause)
    if not form.is_submitted():
        form.satisfied.data, form.done.data = said, request.done or request.answer
        return _closing_page(request, form)
    if not form.validate():
        return _closing_page(request, form, 422)
    values = form.values()
    found = request_flow.closing_problems(request, values)
    if found:
        for refusal in found:
            form.refuse(refusal)
        return _closing_page(request, form, 422)
    with saving(form.refuse) as saved:
        request_flow.close(request, values, by=me(), version=version_of(form))
    if not saved:
        return _closing_page(db.session.get_one(ServiceRequest, request_id), form, 422)
    flash(_("It is closed."), "ok")
    return redirect(url_for("service.request", request_id=request_id), 303)


def _closing_page(request: ServiceRequest, form: ClosingForm, status: int = 200) -> Any:
    waiting = [one for one in promise.of_record("request", request.id) if one.state == promise.OPEN]
    return render_template("service/closing.html", request_=request, form=form, departments=departments(), promises=waiting), status
