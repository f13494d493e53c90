"""What surveys ask of people, and what follows them elsewhere: inbox, hand-over, erasure, other standards, the worker (SV-30)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Executable, Select, func, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models import hand_over_list, inbox
from portal.models.customer import Customer
from portal.models.hand_over import goes_along
from portal.models.inbox_count import Area
from portal.models.merge import settles
from portal.models.staff import Staff
from portal.models.standard_effects import touching
from portal.models.survey import LAPSED, OPEN, RUNNING, Survey, SurveyAnswer
from portal.permissions import Permission
from portal.rules.message import N_, Message
from portal.rules.surveys import LINK, WAYS

SURVEY = "survey"
TITLES = {SURVEY: N_("Satisfaction survey")}
_OPEN = sql("survey_answer.state = 'open'")
_QUIET: dict[str, Any] = {"synchronize_session": False}


# --- inbox ----------------------------------------------------------------


def _mine(user: Staff) -> list[Any]:
    """Return the conditions on answers that somebody is to ask for; what a link asks needs nobody."""
    asked = select(Survey.id).where(Survey.state == RUNNING, Survey.way != LINK)
    return [_OPEN, SurveyAnswer.assignee_id == user.id, SurveyAnswer.customer_id.is_not(None), SurveyAnswer.survey_id.in_(asked)]


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    if user.may(Permission.SURVEY_WORK):
        one = SurveyAnswer
        rows = select(*inbox.row(one.id, Survey.created_at, Survey.closes_on)).join(Survey, Survey.id == one.survey_id).where(*_mine(user))
        yield inbox.Queue(SURVEY, [rows.order_by(Survey.closes_on, one.id)], _tell, counted=select(one.id).where(*_mine(user)))


def _said() -> Executable:
    query = select(SurveyAnswer).where(SurveyAnswer.id.in_(inbox.NUMBERS))
    return query.options(joinedload(SurveyAnswer.customer).load_only(Customer.full_name), joinedload(SurveyAnswer.survey))


def _tell(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said, numbers):
        yield one.id, inbox.Told(one.label, N_("Ask the customer, and type the answers in"), ("surveys.answer", {"answer_id": one.id}))


inbox.source(_queues, lambda: dict(TITLES))


def _waiting(user: Staff) -> Iterator[Select[Any]]:
    if user.may(Permission.SURVEY_WORK):
        yield select(SurveyAnswer.id).where(*_mine(user))


FIGURES: tuple[Area, ...] = (_waiting,)
"""How many customers somebody is to ask, for the first page (IN-1)."""


# --- hand-over, end of dealings, erasure ----------------------------------------------------------------


@goes_along
def _follow(customer_ids: list[int], to: Staff, _by: Staff) -> None:
    """Who is in charge of a customer now asks it; whose service is judged stays who it was (RO-5)."""
    _move(SurveyAnswer.customer_id.in_(customer_ids), values={"assignee_id": to.id})


def take_over(gone: Staff, to: Staff) -> int:
    """Give all that somebody who leaves is to ask to `to`, and return how many customers that are (RO-4)."""
    return _move(SurveyAnswer.assignee_id == gone.id, values={"assignee_id": to.id})


@settles
def _after_merge(ids: list[int]) -> None:
    """Let one line be open for a customer, the eldest, asked for by who is in charge; nobody is asked twice at a time (AR-3)."""
    db.session.flush()
    for customer in db.session.scalars(select(Customer).where(Customer.id.in_(ids))):
        here = (SurveyAnswer.customer_id == customer.id, _OPEN)
        kept = db.session.scalar(select(func.min(SurveyAnswer.id)).where(*here))
        if kept is None:
            continue
        _move(*here, SurveyAnswer.id != kept, values={"state": LAPSED, "token_hash": "", "token_until": None})
        if customer.owner_id is not None:
            _move(SurveyAnswer.id == kept, values={"assignee_id": customer.owner_id})


def _move(*which: Any, values: dict[str, Any]) -> int:
    step = update(SurveyAnswer).where(*which, SurveyAnswer.state == OPEN).values(**values, version=SurveyAnswer.version + 1)
    db.session.flush()
    moved: int = db.session.execute(step, execution_options=_QUIET).rowcount  # type: ignore[attr-defined]
    _expire()
    return moved


def _expire() -> None:
    for one in list(db.session.identity_map.values()):
        if isinstance(one, SurveyAnswer):
            db.session.expire(one)


def in_hand(of: Staff) -> Any:
    """Return whom somebody is to ask, as rows for the hand-over list; what a link asks needs nobody."""
    query: Any = select(SurveyAnswer.id, Customer.full_name.label("customer"), Survey.title, Survey.way, Survey.closes_on)
    query = query.join(Survey, Survey.id == SurveyAnswer.survey_id).join(Customer, Customer.id == SurveyAnswer.customer_id)
    return query.where(*_mine(of)).order_by(Survey.closes_on, SurveyAnswer.id)


hand_over_list.declare(
    hand_over_list.Part(
        "surveys",
        N_("Customers to be asked in surveys"),
        N_("They go to who takes over."),
        (
            hand_over_list.Column("customer", N_("Customer")),
            hand_over_list.Column("survey", N_("Survey")),
            hand_over_list.Column("way", N_("How customers are asked"), "s-w4", "middle", say=lambda code: Message(WAYS[code])),
            hand_over_list.Column("closes_on", N_("Until"), "s-w3", "middle"),
        ),
        count=lambda of: db.session.scalar(select(func.count()).select_from(in_hand(of).order_by(None).subquery())) or 0,
        rows=lambda of, limit: [
            {"id": row.id, "customer": row.customer, "survey": row.title, "way": row.way, "closes_on": row.closes_on.isoformat()}
            for row in db.session.execute(in_hand(of).limit(limit))
        ],
        page=lambda number: ("surveys.answer", {"answer_id": number}),
        model=SurveyAnswer,
    )
)


def forget(customer_ids: Collection[int]) -> None:
    """Take names and words out of the answers of erased cards; the scores stay in the figures, without a name (AR-11)."""
    here = SurveyAnswer.customer_id.in_(customer_ids)
    _move(here, values={"state": LAPSED})
    values = {"customer_id": None, "request_id": None, "text": "", "spoken_with": "", "token_hash": "", "token_until": None}
    values |= {"mail_state": "off", "mail_to": "", "mail_error": ""}
    db.session.execute(update(SurveyAnswer).where(here).values(**values), execution_options=_QUIET)
    _expire()


# --- other standards ----------------------------------------------------------------


@touching("survey.questions")
def _kept(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
    running = db.session.scalar(select(func.count()).select_from(Survey).where(Survey.state == RUNNING)) or 0
    yield Message(N_("%(count)s surveys are running; they keep the questions they began with."), {"count": running})


@touching("survey.link_open")
def _links(_before: Any, value: Any, _day: date) -> Iterator[Message]:
    given = SurveyAnswer.token_hash != ""
    number = db.session.scalar(select(func.count()).select_from(SurveyAnswer).where(given)) or 0
    text = N_("%(count)s links that are given out open again.") if value else N_("%(count)s links that are given out no longer open.")
    yield Message(text, {"count": number})


# --- the worker ----------------------------------------------------------------


def close_due(today: date, most: int = 20) -> int:
    """Close the surveys whose last day is past, and return how many; safe to run twice. The caller commits."""
    query = select(Survey).where(Survey.state == RUNNING, Survey.closes_on < today).order_by(Survey.closes_on, Survey.id).limit(most)
    found = list(db.session.scalars(query))
    for survey in found:
        survey.close(by=None)
    return len(found)
