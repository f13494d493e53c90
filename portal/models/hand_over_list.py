"""What stands on a hand-over list 移交清单 (RO-4, RO-5): everything that somebody has in hand, in parts.

A part is a declaration: an area adds its own with `declare(Part(…))`; page, figures, sheet and record follow. Rows are plain data,
so that the list of a hand-over that is done can be kept as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, select

from portal import clock
from portal.database import db
from portal.models.approval import LIVE, Approval
from portal.models.approval_kinds import KINDS
from portal.models.approval_routing import waiting, waits_for
from portal.models.approval_step import ApprovalStep
from portal.models.credit import CreditChange
from portal.models.customer import Customer, CustomerAssistant, CustomerState
from portal.models.disposal import Disposal
from portal.models.grading_list import NAME as GRADES
from portal.models.grading_list import GradeList
from portal.models.investigation import Investigation
from portal.models.loan import GRANTED, OUT, Loan
from portal.models.loan import STATES as LOAN_STATES
from portal.models.order_request import NAMES as ORDER_REQUESTS
from portal.models.order_request import OrderRequest
from portal.models.plan import NAME as PLAN
from portal.models.plan import MaintenancePlan
from portal.models.plan_papers import AMENDMENT, SUMMARY, PlanAmendment, PlanSummary
from portal.models.relation import NAME as RELATION
from portal.models.relation import RelationAssessment
from portal.models.review import RUNNING, ReviewCampaign, ReviewTotal
from portal.models.staff import Staff
from portal.rules.loans import FORMS
from portal.rules.message import N_, Message
from portal.rules.review import title_of

Say = Callable[[str], Message | str]


@dataclass(frozen=True)
class Column:
    """A column of a part: the name of its value in a row, its head, its width and kind on paper (`print/macros.html`, listing)."""

    name: str
    title: str
    width: str = ""
    kind: str = ""
    choices: str = ""
    """The standard list whose codes it holds."""
    say: Say | None = None
    """Return in words what a value means."""


@dataclass(frozen=True)
class Part:
    """One part of the list: what it is, what becomes of it, and how to find it. Rows are plain data with the `id` of their record."""

    name: str
    title: str
    note: str
    """English message id: what a hand-over does with it."""
    columns: tuple[Column, ...]
    count: Callable[[Staff], int]
    rows: Callable[[Staff, int | None], list[dict[str, Any]]]
    """Return the first so many rows of somebody, or all; a value that has a name in each language is {"zh", "en"}."""
    page: Callable[[int], tuple[str, dict[str, Any]]] | None = None
    """Return endpoint and values of a record's page, for who sees the record."""
    model: Any = None
    weight: Callable[[dict[str, Any]], int] = lambda _row: 1
    """Return how many cases a row stands for, where it is the sum of many."""
    to_take: Callable[[Staff], int] | None = None
    """Return how much of it somebody has to take over from who leaves, where that is not all."""


PARTS: dict[str, Part] = {}
CUSTOMERS = "customers"


def declare(part: Part) -> Part:
    """Add a part; the list shows them in the order of their declaration."""
    PARTS[part.name] = part
    return part


def counts(of: Staff) -> dict[str, int]:
    """Return how much of each part somebody has in hand."""
    return {part.name: part.count(of) for part in PARTS.values()}


def to_be_taken(of: Staff) -> dict[str, int]:
    """Return how much of each part somebody has to take over when `of` leaves; parts of which there is nothing are left out."""
    found = {part.name: (part.to_take or part.count)(of) for part in PARTS.values()}
    return {name: number for name, number in found.items() if number}


def nothing(_of: Staff) -> int:
    """Return 0, for a part that ends, stays, or goes with the customers: nobody has to take it."""
    return 0


def rows(of: Staff, name: str, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the first `limit` rows of a part, or all."""
    return PARTS[name].rows(of, limit)


def _one_of(words: Mapping[str, str]) -> Say:
    return lambda code: Message(words[code]) if code in words else code


def _counted(query: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


# --- customers ------------------------------------------------------------------------------------------------------------

_STATES = {"active": N_("On the register"), "prospect": N_("Prospect"), "past": N_("Past customer")}
LISTED = Customer.state.not_in((CustomerState.MERGED.value, CustomerState.IMPORTING.value))


def customer_rows(*which: ColumnElement[bool], limit: int | None = None) -> list[dict[str, Any]]:
    """Return customers as rows of the list, by number; merged records are on no list."""
    columns = (Customer.id, Customer.number, Customer.full_name, Customer.stage_time, Customer.state, Customer.updated_at)
    query = select(*columns).where(*which, LISTED).order_by(Customer.number).limit(limit)
    return [
        {
            "id": row.id,
            "number": row.number,
            "full_name": row.full_name,
            "stage": row.stage_time,
            "state": row.state,
            "last_on": clock.local(row.updated_at).date().isoformat(),
        }
        for row in db.session.execute(query)
    ]


declare(
    Part(
        CUSTOMERS,
        N_("Customers in charge"),
        N_("They go to who takes over, with all that is open on them."),
        (
            Column("number", N_("Customer number"), "s-w4"),
            Column("full_name", N_("Customer")),
            Column("stage", N_("Stage"), "s-w3", "middle", choices="stage_time"),
            Column("state", N_("State"), "s-w4", "middle", say=_one_of(_STATES)),
            Column("last_on", N_("Last entry"), "s-w3", "middle"),
        ),
        count=lambda of: _counted(select(Customer.id).where(Customer.owner_id == of.id, LISTED)),
        rows=lambda of, limit: customer_rows(Customer.owner_id == of.id, limit=limit),
        page=lambda number: ("archive.customer", {"customer_id": number}),
        model=Customer,
    )
)


def _assisted(of: Staff) -> Any:
    query = select(Customer.id, Customer.number, Customer.full_name, Staff.name.label("owner"))
    query = query.join(CustomerAssistant, CustomerAssistant.customer_id == Customer.id).outerjoin(Staff, Staff.id == Customer.owner_id)
    return query.where(CustomerAssistant.staff_id == of.id, LISTED).order_by(Customer.number)


declare(
    Part(
        "assisted",
        N_("Customers assisted with"),
        N_("Assisting ends; they stay with who is in charge."),
        (Column("number", N_("Customer number"), "s-w4"), Column("full_name", N_("Customer")), Column("owner", N_("In charge"), "s-w4")),
        count=lambda of: _counted(_assisted(of)),
        rows=lambda of, limit: [dict(row._mapping) for row in db.session.execute(_assisted(of).limit(limit))],
        page=lambda number: ("archive.customer", {"customer_id": number}),
        model=Customer,
        to_take=nothing,
    )
)

# --- documents ------------------------------------------------------------------------------------------------------------

_CONCERNS = {"submitted": N_("Submitted"), "waits": N_("Waits for decision here")}


def _say_kind(code: str) -> Message | str:
    return Message(KINDS[code].title) if code in KINDS else code


def _submitted(of: Staff) -> Select[Approval]:
    return select(Approval).where(Approval.submitter_id == of.id, Approval.state.in_(LIVE)).order_by(Approval.id)


def _waiting(of: Staff) -> tuple[Select[Any], dict[str, Any]]:
    seats, values = waits_for(of)
    query = select(Approval).join(ApprovalStep.__table__, ApprovalStep.__table__.c.approval_id == Approval.id)
    return query.where(waiting(seats)).order_by(Approval.id), values


def _approval_rows(of: Staff, limit: int | None) -> list[dict[str, Any]]:
    found = [("submitted", one) for one in db.session.scalars(_submitted(of).limit(limit))]
    query, values = _waiting(of)
    found += [("waits", one) for one in db.session.scalars(query.limit(limit), values).unique()]
    return [
        {
            "id": one.id,
            "kind": one.kind_name,
            "title": one.title,
            "concern": concern,
            "since": clock.local(one.current_round.submitted_at).date().isoformat(),
            "submitter": one.submitter.name,
        }
        for concern, one in found[:limit]
    ]


def _approval_count(of: Staff) -> int:
    query, values = _waiting(of)
    steps = select(func.count()).select_from(query.with_only_columns(Approval.id).distinct().order_by(None).subquery())
    return _counted(_submitted(of).with_only_columns(Approval.id)) + (db.session.scalar(steps, values) or 0)


declare(
    Part(
        "approvals",
        N_("Open approvals"),
        N_("What was submitted goes to who takes over; what waits for a decision goes to those who have the role."),
        (
            Column("kind", N_("Kind"), "s-w7", say=_say_kind),
            Column("title", N_("Concerning")),
            Column("concern", N_("What is open"), "s-w4", "middle", say=_one_of(_CONCERNS)),
            Column("submitter", N_("Submitted by"), "s-w3"),
            Column("since", N_("Submitted on"), "s-w3", "middle"),
        ),
        count=_approval_count,
        rows=_approval_rows,
        page=lambda number: ("approvals.show", {"approval_id": number}),
        model=Approval,
        to_take=lambda of: _counted(_submitted(of).with_only_columns(Approval.id)),
    )
)

_DRAFT = {"state": "draft"}


class _Begun(NamedTuple):
    """A kind of document that somebody begins: its model, what a draft is known by, and where its author and day stand."""

    kind: str
    model: Any
    known_by: dict[str, str] = _DRAFT
    author: str = "created_by_id"
    at: str = "created_at"


_BEGUN = (
    _Begun("investigation", Investigation, {"outcome": ""}),
    _Begun("credit", CreditChange),
    _Begun("loan", Loan),
    _Begun("disposal", Disposal),
    _Begun(RELATION, RelationAssessment),
    *(_Begun(name, OrderRequest, {**_DRAFT, "kind": kind}) for kind, name in ORDER_REQUESTS.items()),
    _Begun(PLAN, MaintenancePlan),
    _Begun(AMENDMENT, PlanAmendment),
    _Begun(SUMMARY, PlanSummary, author="written_by_id", at="written_at"),
    _Begun(GRADES, GradeList),
)


def _drafts(of: Staff) -> Iterable[tuple[_Begun, Select[Any]]]:
    for begun in _BEGUN:
        model = begun.model
        submitted = exists().where(Approval.kind_name == begun.kind, Approval.record_id == model.id, Approval.state.in_(LIVE))
        own = select(model).where(getattr(model, begun.author) == of.id, ~submitted)
        yield begun, own.filter_by(**begun.known_by).order_by(model.id)


def _draft_rows(of: Staff, limit: int | None) -> list[dict[str, Any]]:
    return [
        {"kind": begun.kind, "title": KINDS[begun.kind].label(one), "since": clock.local(getattr(one, begun.at)).date().isoformat()}
        for begun, query in _drafts(of)
        for one in db.session.scalars(query.limit(limit))
    ][:limit]


declare(
    Part(
        "drafts",
        N_("Drafts not submitted"),
        N_("They stay with their customers and can be gone on with or thrown away."),
        (
            Column("kind", N_("Kind"), "s-w7", say=_say_kind),
            Column("title", N_("Concerning")),
            Column("since", N_("Begun on"), "s-w3", "middle"),
        ),
        count=lambda of: sum(_counted(query.with_only_columns(query.selected_columns[0])) for _begun, query in _drafts(of)),
        rows=_draft_rows,
        to_take=nothing,
    )
)

# --- files that were borrowed, reviews ------------------------------------------------------------------------------------


def _borrowed(of: Staff) -> Select[Loan]:
    return select(Loan).where(Loan.reader_id == of.id, Loan.state.in_((GRANTED, OUT))).order_by(Loan.until_on, Loan.id)


declare(
    Part(
        "loans",
        N_("Files borrowed"),
        N_("Papers are brought back or borrowed anew by who takes over; digital reading ends with the loan."),
        (
            Column("number", N_("Customer number"), "s-w4"),
            Column("customer", N_("Customer")),
            Column("form", N_("How it is read"), "s-w3", say=_one_of(FORMS)),
            Column("state", N_("State"), "s-w3", "middle", say=_one_of({code: words[0] for code, words in LOAN_STATES.items()})),
            Column("until_on", N_("Until"), "s-w3", "middle"),
        ),
        count=lambda of: _counted(_borrowed(of).with_only_columns(Loan.id)),
        rows=lambda of, limit: [
            {
                "id": loan.id,
                "number": loan.customer.number,
                "customer": loan.customer.full_name,
                "form": loan.form,
                "state": loan.state,
                "until_on": loan.until_on.isoformat(),
            }
            for loan in db.session.scalars(_borrowed(of).limit(limit))
        ],
        page=lambda number: ("custody.loan", {"loan_id": number}),
        model=Loan,
        to_take=nothing,
    )
)


def _reviews(of: Staff) -> Any:
    campaign, total = ReviewCampaign, ReviewTotal
    query = select(campaign.id, campaign.half, campaign.due_on, func.sum(total.open).label("open"))
    query = query.join(total, total.campaign_id == campaign.id).where(campaign.state == RUNNING, total.owner_id == of.id, total.open > 0)
    return query.group_by(campaign.id, campaign.half, campaign.due_on).order_by(campaign.id)


declare(
    Part(
        "reviews",
        N_("Reviews due"),
        N_("They go to who takes over, with their customers."),
        (
            Column("half", N_("Half-yearly review"), say=title_of),
            Column("open", N_("Customers still open"), "s-w5", "middle"),
            Column("due_on", N_("Due on"), "s-w3", "middle"),
        ),
        count=lambda of: sum(row.open for row in db.session.execute(_reviews(of))),
        rows=lambda of, limit: [
            {"id": row.id, "half": row.half, "open": str(row.open), "due_on": row.due_on.isoformat()}
            for row in db.session.execute(_reviews(of).limit(limit))
        ],
        page=lambda number: ("review.campaign", {"campaign_id": number}),
        model=ReviewCampaign,
        weight=lambda row: int(row["open"]),
        to_take=nothing,
    )
)
