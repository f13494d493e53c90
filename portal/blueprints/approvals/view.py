"""What the approval page shows: the sheet, the steps in words, the forms that the reader may use."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from portal.blueprints.approvals.forms import OpinionRequestForm, PaperForm, SignatureForm, WhyForm
from portal.database import db
from portal.i18n import is_chinese, of_choice, translate
from portal.looks import look_by
from portal.models import inbox
from portal.models.approval import Approval
from portal.models.approval_advance import passed_by
from portal.models.approval_kinds import DocumentKind
from portal.models.approval_round import ApprovalRound
from portal.models.approval_routing import seats_of
from portal.models.approval_step import ApprovalStep
from portal.models.choice_names import Chosen, names_of
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument
from portal.models.sealed_form import SealedForm
from portal.models.staff import Staff
from portal.permissions import Role
from portal.printing import filing
from portal.printing.documents import preview_html
from portal.rules.freezing import Difference
from portal.rules.message import N_
from portal.sessions import me

STATES = {
    "draft": (N_("Sent back for revision"), "warn"),
    "pending": (N_("In approval"), "accent"),
    "approved": (N_("Approved"), "ok"),
    "rejected": (N_("Rejected"), "seal"),
    "withdrawn": (N_("Withdrawn"), ""),
    "given-up": (N_("Given up"), ""),
}
"""Words and tones of the states of approvals."""

_LIST_PLACE = re.compile(r"\.(\d+)(?=\.|$)")


class Line(NamedTuple):
    """One place where two contents differ, in words."""

    label: str
    old: str
    new: str


def in_words(kind: DocumentKind, found: list[Difference]) -> list[Line]:
    """Return differences as the reader reads them: names of fields, of choices (`Chosen`), and yes or no."""
    return [Line(_label(kind, one.path), _value(kind, one.path, one.old), _value(kind, one.path, one.new)) for one in found]


def _label(kind: DocumentKind, path: str) -> str:
    plain, places = _LIST_PLACE.sub("", path), _LIST_PLACE.findall(path)
    label = translate(kind.labels[plain]) if plain in kind.labels else plain
    return f"{label} {'.'.join(places)}".strip()


def _value(kind: DocumentKind, path: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    plain = _LIST_PLACE.sub("", path)
    if plain in kind.amounts:
        return f"{Decimal(value):,.2f}"
    return of_choice(value._asdict()) if isinstance(value, Chosen) else str(value)


def step_title(step: ApprovalStep) -> str:
    """Return whose step it is, in the reader's language."""
    if step.type == "opinion":
        person = db.session.get(Staff, int(step.wanted.removeprefix("person:")))
        return _("Opinion of %(name)s", name=person.name if person else "")
    if step.role:
        return translate(Role(step.role).label)
    return str(step.title_names.get("zh" if is_chinese() else "en", step.title))


def step_of(approval: Approval, step_id: str | None) -> ApprovalStep | None:
    """Return the step of any round of the approval with this id, or None."""
    return next((step for one in approval.rounds for step in one.steps if str(step.id) == step_id), None)


def answer(approval: Approval, *, number: int | None = None, status: int = 200, message: str = "", **forms: Any) -> Response:
    """Return the approval page for the reader: a round of it, and what they may do now."""
    shown = next((one for one in approval.rounds if one.number == number), approval.current_round)
    user, standing = me(), cache(ApprovalStep.standing)  # it reads scans: asked once for sheet and steps
    look_by(approval.kind.sheet, approval.customer_id)
    current = shown is approval.current_round
    to_sign = approval.step_for(user) if current else None
    to_record = approval.step_for(user, "paper") if current and approval.can_record_paper(user) else None
    paper_form = forms.get("paper_form") or PaperForm(formdata=None)
    if to_record and to_record.meaning == "inform":
        paper_form.outcome.choices = [SelectChoice("approve", _("Informed"))]
    page = render_template(
        "approvals/show.html",
        approval=approval,
        round=shown,
        sheet=preview_html(approval, shown, by=user, standing=standing),
        standing_of=standing,
        names={code: seats_of(code, approval.authors()) for code in {step.pool for step in approval.open_steps}} if current else {},
        step_title=step_title,
        states=STATES,
        user=user,
        customer=db.session.scalar(Customer.visible_to(user).where(Customer.id == approval.customer_id)) if approval.customer_id else None,
        to_sign=to_sign,
        own_work=approval.own_work(user) if current else None,
        also=[step_title(step) for step, _person in passed_by(approval, to_sign, user)] if to_sign and to_sign.type == "portal" else [],
        to_record=to_record,
        signature_form=forms.get("signature_form") or SignatureForm(formdata=None),
        paper_form=paper_form,
        opinion_form=forms.get("opinion_form") or opinion_form(approval, user, fresh=True),
        giving_up_form=forms.get("giving_up_form") or WhyForm(formdata=None),
        differences=forms.get("differences"),
        drift=_drift(approval, shown) if current else [],
        document_page=approval.kind.page(approval.document) if approval.document else None,
        message=message,
        latest=approval.current_round,
        **(_final_form(approval, user) if approval.state == "approved" else {}),
    )
    response = make_response(page, status)
    response.headers["Vary"] = "HX-Request"
    return response


def _final_form(approval: Approval, user: Staff) -> dict[str, Any]:
    """Return the sealed form, the document it is filed as if the reader sees the dossier, or why it is not filed yet (AP-7)."""
    form = SealedForm.of(approval)
    filed = ArchiveDocument.visible_to(user).where(ArchiveDocument.id == form.document_id) if form and form.document_id else None
    return {
        "sealed": form if form and form.file_id else None,
        "filed": db.session.scalar(filed) if filed is not None else None,
        "not_filed": filing.not_yet(approval),
        "next_try_at": form.next_try_at if form else None,
    }


def _drift(approval: Approval, shown: ApprovalRound) -> list[Line]:
    """Return how the record differs now from what was submitted: the signature is on what was submitted."""
    document = approval.document
    if approval.state != "pending" or document is None:
        return []
    now, choices = approval.kind.snapshot(document), approval.kind.choices
    return in_words(approval.kind, shown.differences_to(now, names_of(now, choices), choices))


def opinion_form(approval: Approval, user: Staff, *, fresh: bool = False) -> OpinionRequestForm:
    """Return the form that asks a colleague, with who can be asked."""
    form = OpinionRequestForm(formdata=None) if fresh else OpinionRequestForm()
    barred = [*approval.authors(), user.id]
    query = select(Staff.id, Staff.name, Staff.role).where(Staff.in_office, Staff.id.not_in(barred)).order_by(Staff.role.desc(), Staff.id)
    people = db.session.execute(query)
    form.colleague.choices = [SelectChoice(number, f"{name} · {translate(Role(role).label)}") for number, name, role in people]
    return form


DONE = {
    "approve": N_("“%(title)s”: agreed."),
    "send-back": N_("“%(title)s”: sent back for correction."),
    "reject": N_("“%(title)s”: rejected."),
    "opinion": N_("“%(title)s”: your opinion is given."),
    "inform": N_("“%(title)s”: noted."),
}
"""What is said after each decision."""


def said(*sentences: str) -> str:
    """Return sentences one after the other, as the reader's language sets them."""
    return ("" if is_chinese() else " ").join(sentences)


def onwards(approval: Approval, decision: str) -> Response:
    """Return the way to the next of the same kind that the reader can sign, or back to the inbox, to what else is to be signed (AP-8)."""
    done = _(DONE.get(decision, DONE["opinion"]), title=approval.title)
    following = inbox.next_to_sign(current_user, approval.kind_name, approval)
    if following is None:
        flash(said(done, _("Nothing more of this kind waits for you.")), "ok")
        return redirect(url_for("approvals.inbox", group="sign" if inbox.next_to_sign(current_user, "", approval) else None), 303)
    flash(said(done, _("This is the next one.")), "ok")
    return redirect(url_for("approvals.show", approval_id=following.id), 303)


def address() -> str:
    """Return where the request comes from."""
    return request.remote_addr or ""
