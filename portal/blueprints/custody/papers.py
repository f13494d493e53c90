"""Papers of a loan: handed out and taken back, each with its condition (AR-20)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.custody import bp
from portal.blueprints.custody.forms import PapersForm, conditions
from portal.database import StateConflict, db
from portal.models import loan_papers
from portal.models.loan import GRANTED, OUT, Loan
from portal.permissions import Permission, ensure, requires
from portal.rules.loans import CONDITIONS, HANDED_OUT, PAPER
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me


@bp.route("/loans/<int:loan_id>/hand-out", methods=["GET", "POST"])
@requires(Permission.LOAN_HAND_OUT, loan=Loan)
def loan_hand_out(loan: Loan) -> Any:
    """Note what is handed out and in what condition; of two at once, one counts."""
    return _papers(
        loan, GRANTED, loan_papers.hand_out, HANDED_OUT, _("The papers are handed out. Print the placeholder card for the shelf.")
    )


@bp.route("/loans/<int:loan_id>/return", methods=["GET", "POST"])
@requires(Permission.LOAN_HAND_OUT, loan=Loan)
def loan_return(loan: Loan) -> Any:
    """Note what came back and in what condition."""
    return _papers(loan, OUT, loan_papers.take_back, tuple(CONDITIONS), _("The papers are back. Take the placeholder card off the shelf."))


def _papers(loan: Loan, state: str, act: Callable[..., None], allowed: tuple[str, ...], done: str) -> Any:
    user = me()
    ensure(loan.lends(user))
    if loan.state != state or (state == GRANTED and loan.form != PAPER):
        raise StateConflict(f"loan {loan.id}")
    form, loan_id = PapersForm(), loan.id
    if form.validate_on_submit():
        with saving(form.refuse) as saved:
            act(loan, conditions(loan_papers.papers_of(loan)), by=user, note=clean_line(form.note.data or "")[:500])
        if saved:
            flash(done, "ok")
            return redirect(url_for("custody.loan", loan_id=loan_id), 303)
        loan = db.session.get_one(Loan, loan_id)
    papers = loan_papers.papers_of(loan)
    page = render_template(
        "custody/papers.html",
        loan=loan,
        form=form,
        papers=papers,
        before={one.document_id: one.condition_out for one in loan.documents},
        chosen=conditions(papers) if request.method == "POST" else {},
        allowed=allowed,
        lost=loan_papers.lost_at([one.id for one in papers]) if state == GRANTED else {},
        words=CONDITIONS,
        returning=state == OUT,
    )
    return page, 422 if form.problems else 200
