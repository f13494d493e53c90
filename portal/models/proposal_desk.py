"""What proposals ask of people, and what follows them elsewhere: inbox, first page, hand-over, merge, disposal (PP-4, AP-8, RO-5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Executable, Select, and_, case, delete, exists, func, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import aliased, joinedload

from portal import clock
from portal.database import db
from portal.models import hand_over_list, inbox, proposal_search
from portal.models.approval import Approval
from portal.models.attachment import Attachment
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.draft import DRAFT
from portal.models.hand_over import goes_along
from portal.models.inbox_count import COUNT_CAP, Area
from portal.models.merge import settles
from portal.models.proposal import Proposal, ProposalFile
from portal.models.proposal_award import DUE as AWARD_DUE
from portal.models.proposal_award import OVER, ProposalAward
from portal.models.proposal_department import ProposalDepartment
from portal.models.proposal_extension import ProposalExtension
from portal.models.proposal_letter import ProposalLetter
from portal.models.proposal_routing import ProposalRouting
from portal.models.request import FAR_DAY
from portal.models.scope import assisted
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules import proposals as rules
from portal.rules.message import N_, Message

TO_ROUTE, TO_TELL, TO_SEND, DUE, MAIL = "proposal-to-route", "proposal-to-tell", "proposal-to-send", "proposal-due", "proposal-mail"
TITLES = {
    TO_ROUTE: N_("Proposal to classify and route"),
    TO_TELL: N_("Customer to be told of a proposal"),
    TO_SEND: N_("Copies of a proposal to send"),
    DUE: N_("Proposal near its last day"),
    MAIL: N_("Mail about a proposal did not go out"),
}
_WHAT = {
    TO_ROUTE: N_("Classify it and name its departments"),
    TO_TELL: N_("Write to the customer: thanks, day and department"),
    TO_SEND: N_("Send the departments their copies"),
    DUE: N_("See to it that it is decided in time"),
    MAIL: N_("Send the mail again, or print the letter"),
}
_QUIET = {"synchronize_session": False}
_REGISTERED: Any = sql("proposal.state = 'registered'")
_TELL: Any = sql("proposal.to_tell")
_UNDECIDED: Any = sql("proposal.state IN ('registered', 'routing', 'routed', 'assessed')")
_COPIES: Any = sql("proposal_department.state = 'to-send'")
_FAILED: Any = sql("proposal_letter.mail_state = 'failed'")
"""In these words SQLite knows the indexes of what is open."""


# --- inbox -----------------------------------------------------------------------------------------------------------------------


def _groups(user: Staff) -> Iterator[tuple[str, list[list[Any]]]]:
    """Yield what waits: kind, conditions for each list. A rep has what they handle, a supervisor what the team has to route."""
    mine = Proposal.handler_id == user.id
    if user.may(Permission.PROPOSAL_ROUTE):
        drafted = exists().where(ProposalRouting.proposal_id == Proposal.id, ProposalRouting.state == DRAFT)
        theirs: list[Any] = [Proposal.team_id == user.team_id] if user.team_id is not None else []
        if user.is_manager:
            theirs += [Proposal.team_id.is_(None), and_(mine, Proposal.team_id.is_not(None), Proposal.team_id != (user.team_id or 0))]
        yield TO_ROUTE, [[_REGISTERED, one, ~drafted] for one in theirs]
    yield TO_TELL, [[_TELL, mine, Proposal.state.in_(rules.UNDECIDED)]]
    # Who handles them is asked of a narrow index, before the rows of what others handle are read.
    its = aliased(Proposal)
    copies = (
        select(ProposalDepartment.proposal_id).join(its, its.id == ProposalDepartment.proposal_id).where(its.handler_id == user.id, _COPIES)
    )
    yield TO_SEND, [[Proposal.id.in_(copies)]]
    yield DUE, [[_UNDECIDED, mine, Proposal.warned > 0, Proposal.limit_on < FAR_DAY]]
    yield MAIL, [[mine, Proposal.id.in_(select(ProposalLetter.proposal_id).where(_FAILED))]]


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    if user.may(Permission.PROPOSAL_WORK):
        rows = select(*inbox.row(Proposal.id, Proposal.registered_at, limit_while_undecided())).order_by(Proposal.limit_on, Proposal.id)
        for kind, lists in _groups(user):
            yield inbox.Queue(kind, [rows.where(*conditions) for conditions in lists], partial(_tell, kind))


def limit_while_undecided() -> Any:
    """Return the last day of a proposal as a column, empty once it is decided."""
    return case((Proposal.state.in_(rules.UNDECIDED), Proposal.limit_on))


def _tell(kind: str, _user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    return tell_proposals(_WHAT[kind], numbers)


def _said() -> Executable:
    query = select(Proposal).where(Proposal.id.in_(inbox.NUMBERS))
    return query.options(joinedload(Proposal.customer).load_only(Customer.full_name))


def tell_proposals(what: str, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    """Yield of proposals what is said of them in the inbox, where `what` is to be done."""
    for (one,) in inbox.records(_said, numbers):
        page = ("proposals.proposal", {"proposal_id": one.id})
        yield one.id, inbox.Told(f"{one.customer.full_name} · {one.summary}", what, page)


inbox.source(_queues, lambda: dict(TITLES))


def _still_open(user: Staff) -> Iterable[Select[Any]]:
    """Yield the statements of what is undecided: a rep's own, a supervisor's team's, with what they assist with; all for managers."""
    if not user.may(Permission.PROPOSAL_WORK):
        return
    every = select(Proposal.id).where(_UNDECIDED, Proposal.limit_on < FAR_DAY)
    if user.is_manager:
        yield every
        return
    column, value = (Proposal.team_id, user.team_id) if user.is_supervisor and user.team_id is not None else (Proposal.handler_id, user.id)
    yield every.where(column == value)
    yield every.where(assisted(user, Proposal.customer_id), or_(column != value, column.is_(None)))


FIGURES: tuple[Area, ...] = (_still_open, lambda user: (one.where(Proposal.limit_on < clock.today()) for one in _still_open(user)))
"""How many proposals are undecided, and how many of them late, for the first page (IN-1)."""


def to_answer(user: Staff) -> int:
    """Return how many proposals wait for the department of `user`, whose account is a department's (PP-5)."""
    out = (ProposalDepartment.department == user.department_code, sql("proposal_department.state = 'sent'"))
    some = select(ProposalDepartment.id).where(*out).limit(COUNT_CAP).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


# --- hand-over, merge ------------------------------------------------------------------------------------------------------------


@goes_along
def _follow(customer_ids: list[int], to: Staff, _by: Staff) -> None:
    """Let whoever is in charge of these customers now handle their proposals towards them (RO-5)."""
    _give(Proposal.customer_id.in_(customer_ids), to=to)


def take_over(gone: Staff, to: Staff) -> int:
    """Give all proposals that somebody who leaves handles to `to`, and return how many (RO-4)."""
    return _give(Proposal.handler_id == gone.id, to=to)


def _give(*which: Any, to: Staff) -> int:
    """Let `to` handle proposals, and return how many. They are of their customer's team, and of the handler's where it has none."""
    db.session.flush()
    team = select(Customer.team_id).where(Customer.id == Proposal.customer_id).scalar_subquery()
    values = {"handler_id": to.id, "team_id": func.coalesce(team, to.team_id), "version": Proposal.version + 1}
    step = update(Proposal).where(*which).values(values)
    moved: int = db.session.execute(step, execution_options=_QUIET).rowcount  # type: ignore[attr-defined]
    for one in list(db.session.identity_map.values()):
        if isinstance(one, Proposal):
            db.session.expire(one)
    return moved


@settles
def _after_merge(ids: list[int]) -> None:
    """Proposals move along with a merge and its undo; whoever is in charge of the record handles them (AR-3)."""
    for customer in db.session.scalars(select(Customer).where(Customer.id.in_(ids), Customer.owner_id.is_not(None))):
        _give(Proposal.customer_id == customer.id, to=db.session.get_one(Staff, customer.owner_id))


def in_hand(of: Staff) -> Any:
    """Return the proposals that somebody handles and of which something is open, as rows for the hand-over list.

    They are to be decided, at once or later, carried out or told, or something is to be handed over for them.
    """
    given = exists().where(ProposalAward.proposal_id == Proposal.id, ProposalAward.state.in_((AWARD_DUE, OVER)))
    is_open = or_(Proposal.state.in_((*rules.UNDECIDED, rules.KEPT, rules.ADOPTED, rules.CARRYING_OUT)), _TELL, given)
    columns = (Proposal.id, Proposal.received_on, Customer.full_name, Proposal.summary, Proposal.state, Proposal.limit_on)
    query: Any = select(*columns).join(Customer, Customer.id == Proposal.customer_id)
    return query.where(Proposal.handler_id == of.id, is_open).order_by(Proposal.limit_on, Proposal.id)


hand_over_list.declare(
    hand_over_list.Part(
        "proposals",
        N_("Proposals with something open"),
        N_("They go to who takes over."),
        (
            hand_over_list.Column("number", N_("Proposal number"), "s-w4"),
            hand_over_list.Column("customer", N_("Customer"), "s-w6"),
            hand_over_list.Column("summary", N_("Summary of the proposal")),
            hand_over_list.Column("state", N_("State"), "s-w4", "middle", say=lambda code: Message(rules.STATES[code][0])),
            hand_over_list.Column("limit_on", N_("Last day of the proposal"), "s-w3", "middle"),
        ),
        count=lambda of: db.session.scalar(select(func.count()).select_from(in_hand(of).order_by(None).subquery())) or 0,
        rows=lambda of, limit: [
            {
                "id": row.id,
                "number": rules.number_of(row.received_on.year, row.id),
                "customer": row.full_name,
                "summary": row.summary,
                "state": row.state,
                "limit_on": row.limit_on.isoformat() if row.state in rules.UNDECIDED else "",
            }
            for row in db.session.execute(in_hand(of).limit(limit))
        ],
        page=lambda number: ("proposals.proposal", {"proposal_id": number}),
        model=Proposal,
    )
)


# --- disposal, erased cards --------------------------------------------------------------------------------------------------------


@blocker
def _undecided(disposal: Disposal) -> Iterable[Message]:
    ids = [customer.id for customer in disposal.customers]
    query = select(Proposal).where(_UNDECIDED, Proposal.customer_id.in_(ids)).options(joinedload(Proposal.customer))
    for one in db.session.scalars(query.order_by(Proposal.id)):
        figures = {"number": one.number, "customer": one.customer.full_name}
        yield Message(N_("The proposal %(number)s of %(customer)s is not decided."), figures)


def forget(customer_ids: Collection[int]) -> set[str]:
    """Take names, words and files out of the proposals of erased cards; kind, days and figures stay (AR-11). Return contents to take out.

    What was signed stays with its approvals.
    """
    ids = list(db.session.scalars(select(Proposal.id).where(Proposal.customer_id.in_(customer_ids))))
    files = select(ProposalFile).where(ProposalFile.proposal_id.in_(ids))
    kept = [one.attachment_id for one in db.session.scalars(files)]
    db.session.execute(delete(ProposalFile).where(ProposalFile.proposal_id.in_(ids)), execution_options=_QUIET)
    gone = list(db.session.scalars(select(Attachment).where(Attachment.id.in_(kept))))
    digests = {one.sha256 for one in gone}
    for one in gone:
        db.session.delete(one)
    db.session.execute(delete(ProposalLetter).where(ProposalLetter.proposal_id.in_(ids)), execution_options=_QUIET)
    proposal_search.forget(ids)
    words = ("contact", "reach", "summary", "text", "search_text", "void_reason")
    blank: dict[str, Any] = {**dict.fromkeys(words, ""), "contact_id": None, "to_tell": False}
    db.session.execute(update(Proposal).where(Proposal.id.in_(ids)).values(blank), execution_options=_QUIET)
    asked = update(ProposalRouting).where(ProposalRouting.proposal_id.in_(ids)).values(word="")
    db.session.execute(asked, execution_options=_QUIET)
    reasons = update(ProposalExtension).where(ProposalExtension.proposal_id.in_(ids)).values(reason="")
    db.session.execute(reasons, execution_options=_QUIET)
    return digests


def approvals_of(proposal: Proposal) -> list[Approval]:
    """Return the approvals of a proposal's routings and extensions, the newest first."""
    of_routing = select(ProposalRouting.id).where(ProposalRouting.proposal_id == proposal.id)
    of_extension = select(ProposalExtension.id).where(ProposalExtension.proposal_id == proposal.id)
    query = select(Approval).where(
        or_(
            (Approval.kind_name == "proposal-routing") & Approval.record_id.in_(of_routing),
            (Approval.kind_name == "proposal-extension") & Approval.record_id.in_(of_extension),
        )
    )
    return list(db.session.scalars(query.order_by(Approval.id.desc())))
