"""What loans ask of people: papers to hand out, papers overdue, reminders; and what ends by itself (AR-20, AP-8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Executable, and_, func, or_, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import audit, inbox
from portal.models.customer import Customer
from portal.models.loan import GRANTED, NAME, OUT, Loan
from portal.models.loan_papers import lending_side
from portal.models.notice import notify
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission, Role
from portal.rules.loans import PAPER, days_overdue
from portal.rules.message import N_, Message, Refusal


def can_remind(loan: Loan, user: Staff) -> bool:
    """Return whether `user`, on the lending side, may remind today of papers that are overdue: once a day."""
    return loan.is_overdue and loan.reminded_on != clock.today() and user.id != loan.reader_id and loan.lends(user)


def remind(loan: Loan, *, by: Staff | None) -> None:
    """Tell the reader that the papers should be back; where nobody did it by hand (`by` None) the lending side is told, too."""
    today = clock.today()
    if by is not None and not can_remind(loan, by):
        raise Refusal("The reader has been reminded today, or the papers are not overdue.")
    loan.reminded_on = today
    figures = {"customer": loan.customer.full_name, "days": days_overdue(loan.until_on, today), "name": loan.reader.name}
    one = figures["days"] == 1
    text = (
        N_("The papers of %(customer)s are 1 day overdue. Bring them back.")
        if one
        else N_("The papers of %(customer)s are %(days)s days overdue. Bring them back.")
    )
    notify(loan.reader, Message(text, figures), link=loan.link)
    text = (
        N_("The papers of %(customer)s with %(name)s are 1 day overdue.")
        if one
        else N_("The papers of %(customer)s with %(name)s are %(days)s days overdue.")
    )
    for person in lending_side(loan, besides=loan.reader) if by is None else ():
        notify(person, Message(text, figures), link=loan.link)
    audit.write("change", "loan-reminded", actor=by, record=loan, label=loan.label)


def end_due() -> int:
    """End the granted loans whose last day is past, papers never fetched included, and return how many."""
    query = select(Loan).where(Loan.state == GRANTED, Loan.until_on < clock.today())
    due = list(db.session.scalars(query.order_by(Loan.id)))
    for loan in due:
        loan.end(by=None)
    return len(due)


def remind_due() -> int:
    """Remind of overdue papers, on the first day and then every so many days (standard `loan.remind_days`); return of how many loans."""
    today = clock.today()
    again = today - timedelta(days=standard("loan.remind_days"))
    query = select(Loan).where(Loan.state == OUT, Loan.until_on < today)
    due = list(db.session.scalars(query.where(or_(Loan.reminded_on.is_(None), Loan.reminded_on <= again)).order_by(Loan.id)))
    for loan in due:
        remind(loan, by=None)
    return len(due)


# --- the inbox ---------------------------------------------------------------------------------------------------------------


def _waiting(user: Staff, today: date) -> ColumnElement[bool]:
    """Return the condition on loans joined with their customers that wait for `user`: overdue on both sides, papers to hand out."""
    overdue = and_(Loan.state == OUT, Loan.until_on < today)
    conditions = [and_(overdue, or_(Loan.reader_id == user.id, Customer.owner_id == user.id))]
    if user.may(Permission.LOAN_HAND_OUT):
        asked = and_(Loan.state == GRANTED, Loan.form == PAPER, Loan.until_on >= today)
        conditions.append(and_(_lent_by(user), or_(overdue, asked)))
    return and_(Loan.state.in_((GRANTED, OUT)), or_(*conditions))


def _lent_by(user: Staff) -> ColumnElement[bool]:
    """Return the condition on customers whose papers `user` lends: of a supervisor the team's, without a team the own ones (RO-1)."""
    if user.role != Role.SUPERVISOR:
        return _without_supervisor()
    return Customer.owner_id == user.id if user.team_id is None else Customer.team_id == user.team_id


def _without_supervisor() -> ColumnElement[bool]:
    supervised = select(Staff.id).where(Staff.active, Staff.role == Role.SUPERVISOR.value, Staff.team_id == Customer.team_id)
    return ~supervised.exists()


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    since = func.coalesce(Loan.handed_out_at, Loan.granted_at, Loan.created_at)
    rows = select(*inbox.row(Loan.id, since, Loan.until_on)).join(Customer, Customer.id == Loan.customer_id)
    yield inbox.Queue(NAME, [rows.where(_waiting(user, clock.today())).order_by(Loan.until_on, Loan.id)], _tell)


def _said() -> Executable:
    return select(Loan).where(Loan.id.in_(inbox.NUMBERS)).options(joinedload(Loan.reader), joinedload(Loan.customer))


def _tell(user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said, numbers):
        yield one.id, inbox.Told(one.customer.full_name, _what(one, user), ("custody.loan", {"loan_id": one.id}), one.reader.name)


def _what(loan: Loan, user: Staff) -> str:
    if loan.state == GRANTED:
        return N_("Hand the papers out")
    return N_("Bring the papers back") if loan.reader_id == user.id else N_("Have the papers brought back")


inbox.source(_queues, lambda: {NAME: N_("Dossier loan")})
