"""Loans of dossiers: the lists, asking, one loan with what it opens, and its end (AR-20)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import selectinload

from portal import clock
from portal.blueprints.custody import bp
from portal.blueprints.custody.forms import EndForm, LoanForm
from portal.database import commit, db
from portal.models import loan_desk, loan_list, loan_papers, search
from portal.models.approval import Approval
from portal.models.dossier import ArchiveDocument
from portal.models.loan import NAME, STATES, Found, Loan, problems, whose_dossier
from portal.models.loan_reading import documents_of
from portal.models.standard import value as standard
from portal.permissions import Permission, ensure, fetch, requires
from portal.rules.loans import CONDITIONS, FORMS, PAPER, days_overdue, default_until
from portal.rules.message import Refusal
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me


@bp.get("/loans")
@requires(Permission.LOAN_READ)
def loans() -> Any:
    """Show what I borrow, what is out, running or over among the customers I see."""
    query = loan_list.LoanQuery.read(request.args)
    page = loan_list.page(me(), query, before=request.args.get("before", 0, int))
    counts = loan_list.counts(me())
    return render_template(
        "custody/loans.html",
        query=query,
        loans=page.loans,
        names=loan_list.names(me(), page.loans),
        states=STATES,
        forms=FORMS,
        today=clock.today(),
        tabs=[
            (_(title), url_for("custody.loans", tab=name), name == query.tab, counts.get(name)) for name, title in loan_list.TABS.items()
        ],
        next=url_for("custody.loans", tab=query.tab, before=page.next) if page.next else "",
    )


# --- asking -----------------------------------------------------------------------------------------------------------------


@bp.route("/loans/new", methods=["GET", "POST"])
@requires(Permission.LOAN_ASK)
def loan_new() -> Any:
    """Ask for a dossier by number, credit code or name; of one outside the scope it is told that it exists and who is in charge."""
    form = LoanForm(data={**_proposed(), "customer": clean_line(request.args.get("customer", ""))[:200]})
    before = _extended(request.args.get("extends", form.extends_id.data or "0"))
    if before is not None:
        form.keep_longer()
        if request.method == "GET":
            form.process(data=_carried_on(before))
    picked = request.form.get("pick", "")
    if picked:
        form.customer.data = picked[:200]
    if request.method == "GET" or picked:
        return _form_page(form, _known(form), None)
    found = _complete(form)
    if found is None:
        return _form_page(form, _known(form), None, 422)
    with saving(form.refuse) as saved:
        loan = Loan.ask(found.customer, {**form.values(), "asked_for": _named(found, form)}, by=me(), extends=before)
        approval = loan.submit(by=me())
    if not saved:
        return _form_page(form, _known(form), None, 422)
    flash(_("The loan is asked for. You are told when it is decided.") if approval else _("The papers can be handed out."), "ok")
    return redirect(url_for("custody.loan", loan_id=loan.id), 303)


@bp.route("/loans/<int:loan_id>/edit", methods=["GET", "POST"])
@requires(Permission.LOAN_ASK, loan=Loan)
def loan_edit(loan: Loan) -> Any:
    """Change a loan that was sent back or withdrawn, and ask for it again."""
    ensure(me().id in (loan.reader_id, loan.created_by_id))
    loan_id = loan.id
    form = LoanForm(again=True, data=_carried_on(loan))
    if request.method == "GET":
        return _form_page(form, None, loan)
    complete = form.validate()
    lacking = list(problems(loan.customer, {**form.wanted(), "form": loan.form}))
    form.refuse_all(lacking, str)
    if not complete or lacking:
        return _form_page(form, None, loan, 422)
    with saving(form.refuse) as saved:
        loan.edit(form.values(), by=me())
        loan.submit(by=me())
    if not saved:
        return _form_page(form, None, db.session.get_one(Loan, loan_id), 422)
    flash(_("The loan is asked for. You are told when it is decided."), "ok")
    return redirect(url_for("custody.loan", loan_id=loan_id), 303)


def _complete(form: LoanForm) -> Found | None:
    """Return whose dossier is asked for; None where something is lacking, all of which stands beside its field then."""
    complete, found, lacking = form.validate(), None, list[Refusal]()
    try:
        found = whose_dossier(form.customer.data or "", by=me())
    except Refusal as refusal:
        lacking.append(refusal)
    lacking += problems(found.customer if found else None, form.wanted())
    form.refuse_all(lacking, str)
    return found if complete and not lacking else None


def _proposed() -> dict[str, Any]:
    until = default_until(clock.today(), standard("loan.default_days"), standard("loan.most_days"))
    document = db.session.scalar(ArchiveDocument.visible_to(me()).where(ArchiveDocument.id == request.args.get("document", 0, int)))
    return {"reader_id": current_user.id, "until_on": until, "numbers": document.archive_number if document else ""}


def _carried_on(loan: Loan) -> dict[str, Any]:
    numbers = "\n".join(one.document.archive_number for one in loan.documents if one.is_out or loan.state != "out")
    until = (
        loan.until_on if loan.state == "draft" else default_until(clock.today(), standard("loan.default_days"), standard("loan.most_days"))
    )
    # After a merge papers are kept longer of the record that has them now, whatever the other one was called.
    now = loan.lies_with
    return {
        "customer": loan.asked_for if now.id == loan.customer_id else now.number, "reader_id": loan.reader_id, "form": loan.form,
        "numbers": numbers, "purpose": loan.purpose, "until_on": until, "extends_id": str(loan.id) if loan.state == "out" else "",
    }  # fmt: skip


def _extended(number: str) -> Loan | None:
    """Return the loan that is to be carried on, by either of those who may ask for it."""
    if not number.isdecimal() or number == "0":
        return None
    loan: Loan = fetch(Loan, int(number), me())
    ensure(me().id == loan.reader_id or current_user.may(Permission.LOAN_HAND_OUT))
    return loan


def _known(form: LoanForm) -> Found | None:
    """Return the customer that is meant, once somebody is: a refusal is shown when the form is sent."""
    try:
        return whose_dossier(form.customer.data, by=me()) if form.customer.data else None
    except Refusal as refusal:
        if request.method == "GET":
            form.refuse(refusal)
        return None


def _named(found: Found, form: LoanForm) -> str:
    """Return how the loan names its customer: to who does not see it, as they typed it."""
    return f"{found.customer.number} {found.customer.full_name}" if found.seen else clean_line(form.customer.data)[:200]


def _form_page(form: LoanForm, found: Found | None, loan: Loan | None, status: int = 200) -> Any:
    hits = search.search(me(), form.customer.data, limit=8) if loan is None and found is None and form.customer.data else []
    return render_template("custody/loan_form.html", form=form, found=found, loan=loan, hits=hits), status


# --- one loan ---------------------------------------------------------------------------------------------------------------


@bp.get("/loans/<int:loan_id>")
@requires(Permission.LOAN_READ, loan=Loan)
def loan(loan: Loan) -> Any:
    """Show a loan: where it stands, what it opens, and what its papers were like."""
    return _page(loan, EndForm())


def _page(loan: Loan, form: EndForm, status: int = 200) -> Any:
    user = me()
    reads = loan.is_open_for_reading and loan.reader_id == user.id
    papers = loan.form == PAPER and (loan.lends(user) or loan.granted_at is not None)
    documents = documents_of(loan).options(selectinload(ArchiveDocument.versions))
    page = render_template(
        "custody/loan.html",
        loan=loan,
        form=form,
        name=loan.shown_name(user),
        lends=loan.lends(user),
        states=STATES,
        forms=FORMS,
        conditions=CONDITIONS,
        overdue=days_overdue(loan.until_on, clock.today()) if loan.state == "out" else 0,
        approval=Approval.latest_for(NAME, loan.id),
        can={
            "edit": loan.can_edit(user),
            "end": loan.can_end(user),
            "hand_out": loan_papers.can_hand_out(loan, user),
            "take_back": loan_papers.can_take_back(loan, user),
            "remind": loan_desk.can_remind(loan, user),
            "extend": loan.state == "out" and (user.id == loan.reader_id or loan_papers.can_take_back(loan, user)),
        },
        documents=list(db.session.scalars(documents)) if reads else [],
        reads=reads,
        papers=[one for one in loan.documents if one.condition_out],
        to_fetch=loan_papers.papers_of(loan) if papers and loan.state == "granted" else [],
    )
    return page, status


@bp.post("/loans/<int:loan_id>/end")
@requires(Permission.LOAN_READ, loan=Loan)
def loan_end(loan: Loan) -> Any:
    """End a loan early, by either side."""
    user = me()
    ensure(user.id == loan.reader_id or loan.lends(user))
    form = EndForm()
    loan.end(by=user, because=clean_line(form.because.data or "")[:500])
    commit()
    flash(_("The loan has ended."), "ok")
    return redirect(url_for("custody.loan", loan_id=loan.id), 303)


@bp.post("/loans/<int:loan_id>/reminder")
@requires(Permission.LOAN_READ, loan=Loan)
def loan_reminder(loan: Loan) -> Any:
    """Ask the reader to bring overdue papers back."""
    ensure(loan.lends(me()) and me().id != loan.reader_id)
    loan_desk.remind(loan, by=me())
    commit()
    flash(_("%(name)s is reminded.", name=loan.reader.name), "ok")
    return redirect(url_for("custody.loan", loan_id=loan.id), 303)
