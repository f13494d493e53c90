"""Papers of a dossier that leave the shelf and come back: handed out and taken back, their condition noted at both ends (AR-20)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit
from portal.models.dossier import ArchiveDocument
from portal.models.loan import CHOSEN, ENDED, GRANTED, OUT, RETURNED, Loan, LoanDocument
from portal.models.loan_reading import documents_of
from portal.models.notice import notify
from portal.models.staff import Staff
from portal.permissions import Permission, Role
from portal.rules.loans import CONDITIONS, HANDED_OUT, PAPER, is_over
from portal.rules.message import N_, Message, Refusal


def can_hand_out(loan: Loan, user: Staff) -> bool:
    """Return whether `user` may hand the papers of a granted loan out: a supervisor or manager who sees the customer."""
    return loan.form == PAPER and loan.state == GRANTED and _lends(loan, user)


def can_take_back(loan: Loan, user: Staff) -> bool:
    """Return whether `user` may take the papers back."""
    return loan.state == OUT and _lends(loan, user)


def _lends(loan: Loan, user: Staff) -> bool:
    return user.may(Permission.LOAN_HAND_OUT) and loan.lends(user)


def papers_of(loan: Loan) -> list[ArchiveDocument]:
    """Return the papers that a loan is about: those that are or were out, else the chosen ones, else all that the dossier has on paper."""
    if loan.handed_out_at is not None:
        return [one.document for one in loan.documents if one.condition_out]
    if loan.extent == CHOSEN:
        return [one.document for one in loan.documents]
    return list(db.session.scalars(documents_of(loan).where(ArchiveDocument.on_paper)))


def out_now(document_ids: Collection[int]) -> dict[int, Loan]:
    """Return which of the documents are out, and on which loan."""
    lying = select(LoanDocument.document_id, Loan).join(Loan, Loan.id == LoanDocument.loan_id)
    query = lying.where(LoanDocument.is_out, LoanDocument.document_id.in_(document_ids)).options(joinedload(Loan.reader))
    return dict(db.session.execute(query).all())


def lost_at(document_ids: Collection[int]) -> dict[int, Loan]:
    """Return which of the documents were noted as lost when their last loan ended, and on which loan."""
    query = select(LoanDocument).join(Loan, Loan.id == LoanDocument.loan_id)
    back = query.where(LoanDocument.document_id.in_(document_ids), LoanDocument.condition_back != "")
    last = {one.document_id: one for one in db.session.scalars(back.order_by(Loan.returned_at, Loan.id))}
    return {number: one.loan for number, one in last.items() if one.condition_back == "lost"}


def hand_out(loan: Loan, conditions: Mapping[int, str], *, by: Staff, note: str = "") -> None:
    """Note that the papers of a granted loan are with its reader, each in a condition: `clean`, `soiled` or `damaged`.

    `conditions` has every paper of the loan by document id. One that came back as lost is `lost` still and not handed out, unless it was
    found. Raises `Refusal` where a paper is out already, `StateConflict` where somebody else handed it out at the same moment: one counts.
    """
    papers = papers_of(loan)
    if not papers:
        raise Refusal("Nothing of this dossier is kept on paper.")
    lost = lost_at([one.id for one in papers])
    papers = [one for one in papers if one.id not in lost or conditions.get(one.id) != "lost"]
    if not papers:
        raise Refusal("All papers of this loan are noted as lost.")
    if is_over(loan.until_on, clock.today()):
        raise Refusal("The loan is over. It must be asked for again.")
    _ensure_conditions(papers, conditions, HANDED_OUT)
    gone = next((one for one in papers if not loan.is_of(one)), None)
    if gone is not None:
        raise Refusal("%(number)s is no longer in the dossier.", number=gone.archive_number)
    elsewhere = out_now([one.id for one in papers])
    for paper in papers:
        if paper.id in elsewhere:
            other = elsewhere[paper.id]
            raise Refusal(
                "%(number)s is out with %(name)s until %(day)s.",
                number=paper.archive_number,
                name=other.reader.name,
                day=other.until_on.isoformat(),
            )
    change = {"state": OUT, "handed_out_at": clock.now(), "handed_out_by_id": by.id, "handed_out_note": note[:500]}
    transition(loan, expect={"state": GRANTED}, change=change)
    there = {one.document_id: one for one in loan.documents}
    try:
        with db.session.begin_nested():
            for paper in sorted(papers, key=lambda one: one.id):
                row = there.get(paper.id) or LoanDocument(loan=loan, document=paper)
                row.is_out, row.condition_out = True, conditions[paper.id]
                db.session.add(row)
                db.session.flush()
    except IntegrityError as error:
        raise StateConflict(f"papers of loan {loan.id}") from error
    db.session.expire(loan, ["documents"])
    audit.write("change", "loan-handed-out", actor=by, record=loan, label=loan.label, papers=_noted(papers, conditions), reason=note)
    if by.id != loan.reader_id:
        figures = {"count": len(papers), "customer": loan.customer.full_name, "day": loan.until_on.isoformat()}
        text = N_("%(count)s papers of %(customer)s are handed out to you. Bring them back by %(day)s.")
        notify(loan.reader, Message(text, figures), link=loan.link)


def take_back(loan: Loan, conditions: Mapping[int, str], *, by: Staff, note: str = "") -> None:
    """Note that the papers of a loan are back, each in a condition of `rules.loans.CONDITIONS`. What is damaged or lost is told.

    Raises `Refusal` where a condition is missing, or where something is damaged or lost and `note` does not say what happened.
    """
    rows = [one for one in loan.documents if one.is_out]
    papers = [one.document for one in rows]
    _ensure_conditions(papers, conditions, tuple(CONDITIONS))
    before = {one.document_id: one.condition_out for one in rows}
    rank = list(CONDITIONS)
    worse = [one for one in papers if rank.index(conditions[one.id]) > max(rank.index(before[one.id]), rank.index("soiled"))]
    if worse and not note:
        raise Refusal("Say what happened to %(number)s.", field="note", number=worse[0].archive_number)
    change = {"state": RETURNED, "returned_at": clock.now(), "received_by_id": by.id, "returned_note": note[:500]}
    transition(loan, expect={"state": OUT}, change=change)
    for row in rows:
        row.is_out, row.condition_back = False, conditions[row.document_id]
    audit.write("change", "loan-returned", actor=by, record=loan, label=loan.label, papers=_noted(papers, conditions), reason=note)
    for paper in worse:
        figures = {"number": paper.archive_number, "name": loan.reader.name, "state": Message(CONDITIONS[conditions[paper.id]])}
        for person in lending_side(loan, besides=by):
            notify(person, Message(N_("%(number)s came back from %(name)s: %(state)s."), figures), link=loan.link)


def take_over(loan: Loan, before: Loan, *, by: Staff | None) -> None:
    """Carry the papers of `before` on by `loan`, which extends it: they stay out, until the new day. Nothing else is on it then."""
    now = clock.now()
    transition(before, expect={"state": OUT}, change={"state": ENDED, "ended_at": now, "ended_by_id": by.id if by else None})
    carried = [row for row in before.documents if row.is_out]
    rows = {one.document_id: one for one in loan.documents}
    loan.documents[:] = [rows[row.document_id] for row in carried if row.document_id in rows]
    for row in carried:
        row.is_out = False
    db.session.flush()  # the papers are let go before they are taken: out once at a time
    taken = {"state": OUT, "extent": CHOSEN, "handed_out_at": before.handed_out_at, "handed_out_by_id": before.handed_out_by_id}
    transition(loan, expect={"state": GRANTED}, change={**taken, "handed_out_note": before.handed_out_note})
    for row in carried:
        own = rows.get(row.document_id) or LoanDocument(loan=loan, document=row.document)
        own.is_out, own.condition_out = True, row.condition_out
        db.session.add(own)
    db.session.flush()
    audit.write("change", "loan-extended", actor=by, record=loan, label=loan.label, before=before.id)


def lending_side(loan: Loan, *, besides: Staff | None = None) -> list[Staff]:
    """Return who answers for what is lent: the one in charge and the supervisors of their team; where there is no supervisor, managers."""
    supervisors = select(Staff).where(Staff.active, Staff.role == Role.SUPERVISOR.value, Staff.team_id == loan.customer.team_id)
    people = {one.id: one for one in db.session.scalars(supervisors)} if loan.customer.team_id else {}
    if not people:
        people = {one.id: one for one in db.session.scalars(select(Staff).where(Staff.active, Staff.role == Role.MANAGER.value))}
    owner = loan.customer.owner
    if owner is not None and owner.active:
        people[owner.id] = owner
    return [people[number] for number in sorted(people) if besides is None or number != besides.id]


def _ensure_conditions(papers: Collection[ArchiveDocument], conditions: Mapping[int, str], allowed: Collection[str]) -> None:
    for paper in papers:
        if conditions.get(paper.id) not in allowed:
            raise Refusal("Note the condition of %(number)s.", field=f"condition-{paper.id}", number=paper.archive_number)


def _noted(papers: Collection[ArchiveDocument], conditions: Mapping[int, str]) -> list[dict[str, str]]:
    return [{"number": one.archive_number, "condition": conditions[one.id]} for one in papers]
