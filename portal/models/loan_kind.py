"""The loan as a document that is signed: its chain, what a decision does, and how the log calls what happened (AR-20, AP-3)."""

from __future__ import annotations

from portal import clock
from portal.database import transition
from portal.models import history
from portal.models.approval import Approval
from portal.models.approval_kinds import DocumentKind, declare
from portal.models.loan import GRANTED, NAME, PENDING, Loan
from portal.models.notice import notify
from portal.models.staff import Staff
from portal.rules.loans import PAPER, is_over
from portal.rules.message import N_, Message, Refusal


def _approved(loan: Loan, approval: Approval, by: Staff | None) -> None:
    if is_over(loan.until_on, clock.today()):
        raise Refusal("The last day of this loan is over. Send it back, so that another day is asked for.")
    transition(loan, expect={"state": PENDING}, change={"state": GRANTED, "granted_at": clock.now()})
    loan.carry_on(by)
    figures = {"name": loan.reader.name, "customer": loan.customer.full_name, "day": loan.until_on.isoformat()}
    lent = N_("%(name)s may read the dossier of %(customer)s until %(day)s.")
    if loan.form == PAPER:
        lent = N_("%(name)s may borrow papers from the dossier of %(customer)s until %(day)s.")
    others = {person for person in (loan.customer.owner, loan.reader) if person is not None and person.id != approval.submitter_id}
    for person in sorted(others, key=lambda one: one.id):
        notify(person, Message(lent, figures), link=loan.link)


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("Dossier loan"),
        model=Loan,
        sheet="loan",
        chain="chain.loan",
        page=lambda loan: ("custody.loan", {"loan_id": loan.id}),
        filed_as="correspondence",
        on_approved=_approved,
        labels={
            "loan.asked_for": N_("Customer, as asked for"),
            "loan.owner": N_("In charge"),
            "loan.team": N_("Team"),
            "loan.reader": N_("Reader"),
            "loan.reader_team": N_("Reader's team"),
            "loan.form": N_("How it is read"),
            "loan.extent": N_("What is lent"),
            "loan.numbers": N_("Archive numbers"),
            "loan.purpose": N_("Purpose"),
            "loan.until_on": N_("Until"),
            "loan.most_days": N_("Longest loan (days)"),
            "loan.extends": N_("Carries on loan"),
        },
    )
)

history.stream("loans", N_("Dossier loans"), kinds=("change", "approval", "signature"), record_types=("Loan",))
for _name, _title in (
    ("loan-drafted", N_("Loan asked for")),
    ("loan-draft-changed", N_("Loan changed before approval")),
    ("loan-needs-none", N_("Papers lent without approval to who is in charge")),
    ("loan-ended", N_("Loan ended")),
    ("loan-handed-out", N_("Papers handed out")),
    ("loan-returned", N_("Papers returned")),
    ("loan-extended", N_("Papers kept longer")),
    ("loan-reminded", N_("Reminded to bring papers back")),
):
    history.action("Loan", _name, _title)
