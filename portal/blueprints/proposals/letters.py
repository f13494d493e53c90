"""Letters and mails to the customer about a proposal: drafted by the portal, changed, sent, kept as they were (PP-2)."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.proposals import bp
from portal.blueprints.proposals.forms import LetterForm, version_of
from portal.blueprints.proposals.lists import words
from portal.database import StateConflict, commit, db
from portal.i18n import LANGUAGES
from portal.looks import look
from portal.models import proposal_letter
from portal.models.proposal import Proposal
from portal.models.proposal_letter import MAIL_STATES, STATES, WHAT, ProposalLetter
from portal.permissions import Permission, ensure, requires
from portal.saving import saving
from portal.sessions import me


@bp.post("/proposals/<int:proposal_id>/letters")
@requires(Permission.PROPOSAL_WORK, proposal=Proposal)
def letter_new(proposal: Proposal) -> Any:
    """Write a draft of thanks, or of another day or department, from the site's template."""
    what, language = request.form.get("what", ""), request.form.get("language", "")
    if what not in (proposal_letter.THANKS, proposal_letter.CHANGE) or language not in LANGUAGES:
        abort(404)
    ensure(proposal.can_work(me()))
    if not proposal.is_undecided:
        raise StateConflict(f"proposal {proposal.id}")
    found = proposal_letter.draft(proposal, what, by=me(), language=language)
    commit()
    return redirect(url_for("proposals.letter", letter_id=found.id), 303)


@bp.route("/proposal-letters/<int:letter_id>", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_WORK, letter=ProposalLetter)
def letter(letter: ProposalLetter) -> Any:
    """Show a letter; change the draft, and send it where the button says so."""
    if request.method == "GET":
        look(letter.proposal.customer)
        return _page(letter, LetterForm(formdata=None).fill(letter))
    if not letter.can_change(me()):
        raise StateConflict(f"letter {letter.id}")
    form, number, proposal_id = LetterForm(), letter.id, letter.proposal_id
    if form.validate():
        with saving(form.refuse) as saved:
            letter.change(**form.values(), by=me(), version=version_of(form.version.data))
            if request.form.get("do") == "send":
                letter.send(by=me())
        if saved:
            if request.form.get("do") != "send":
                flash(_("The draft is saved."), "ok")
                return redirect(url_for("proposals.letter", letter_id=number), 303)
            by_mail = form.way.data == proposal_letter.MAIL
            flash(_("The mail goes out with the next round of the worker.") if by_mail else _("Noted: the letter was sent today."), "ok")
            return redirect(url_for("proposals.proposal", proposal_id=proposal_id, _anchor="letters"), 303)
    return _page(db.session.get_one(ProposalLetter, number), form, status=422)


def _page(letter: ProposalLetter, form: LetterForm, status: int = 200) -> Any:
    page = render_template(
        "proposals/letter.html",
        letter=letter,
        proposal=letter.proposal,
        form=form,
        what=WHAT,
        letter_states=STATES,
        mail_states=MAIL_STATES,
        mail_works=proposal_letter.mail_works(),
        can_change=letter.can_change(me()),
        can_send_again=letter.can_send_again(me()),
        **words(),
    )
    return page, status


@bp.post("/proposal-letters/<int:letter_id>/sending")
@requires(Permission.PROPOSAL_WORK, letter=ProposalLetter)
def letter_again(letter: ProposalLetter) -> Any:
    """Give a mail that did not go out to the worker again."""
    letter.send_again(by=me())
    commit()
    flash(_("The mail goes out with the next round of the worker."), "ok")
    return redirect(url_for("proposals.letter", letter_id=letter.id), 303)


@bp.post("/proposal-letters/<int:letter_id>/giving-up")
@requires(Permission.PROPOSAL_WORK, letter=ProposalLetter)
def letter_drop(letter: ProposalLetter) -> Any:
    """Give a draft up."""
    number = letter.proposal_id
    letter.drop(by=me())
    commit()
    flash(_("The draft is given up."), "ok")
    return redirect(url_for("proposals.proposal", proposal_id=number, _anchor="letters"), 303)
