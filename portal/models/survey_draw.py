"""Whom a survey asks (SV-30): drawn at random from customers on the register, or from requests closed in a period.

The seed is kept, so that the same draw could be made again. Nobody who is being asked in another survey is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, not_, select
from sqlalchemy.orm import aliased

from portal import clock
from portal.database import db
from portal.models import audit, survey_totals
from portal.models.card import GRADES
from portal.models.customer import Customer, CustomerState, NumberSeries
from portal.models.request import ServiceRequest
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.standard import in_force
from portal.models.standard import value as standard
from portal.models.survey import OPEN, Survey, SurveyAnswer
from portal.models.team import Team
from portal.permissions import Permission
from portal.rules import surveys as rules
from portal.rules.callbacks import AT_ONCE, probe, sample
from portal.rules.message import Refusal
from portal.rules.requests import JOINED, KINDS

_PORTION = 400
_LONGEST_REQUEST = timedelta(days=366)
"""A request closed in a period was received at most so long before it; the index is by receipt."""


@dataclass(frozen=True)
class Filters:
    """Of whom is drawn; empty for all. `kind`: of the customer's last request, or of the closed request."""

    team: int = 0
    kind: str = ""
    grade: str = ""
    nature: str = ""
    first: date | None = None
    last: date | None = None
    """The period in which requests were closed."""

    def as_data(self) -> dict[str, Any]:
        """Return those that are set, as plain data."""
        return {
            name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items() if value
        }  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """A survey as it was asked for."""

    title: str
    way: str
    source: str
    number: int
    closes_on: date | None
    language: str = "zh_Hans_CN"
    filters: Filters = Filters()


def begin(wanted: Wanted, *, seed: int, by: Staff) -> Survey:
    """Draw customers in the scope of `by` and begin a survey among them; return it, flushed. Raises `Refusal` with the field."""
    for refusal in problems(wanted, by):
        raise refusal
    NumberSeries.take("survey-draw")  # one draw after the other, so that nobody is asked twice at a time
    answers = _of_requests(wanted, seed, by) if wanted.source == rules.REQUESTS else _of_customers(wanted, seed, by)
    if not answers:
        raise Refusal("No customer is left to draw: none fits, or those who fit are being asked already.", field="source")
    survey = Survey(
        title=wanted.title, way=wanted.way, source=wanted.source, language=wanted.language, filters=wanted.filters.as_data(),
        wanted=wanted.number, seed=seed, questions_version=in_force("survey.questions").version,
        low_score=int(standard("callback.low_score")), closes_on=wanted.closes_on, drawn=len(answers), team_id=by.team_id,
        created_by_id=by.id,
    )  # fmt: skip
    db.session.add(survey)
    db.session.flush()
    today = clock.today()
    for one in answers:
        one.survey_id, one.drawn_on = survey.id, today
    db.session.add_all(answers)
    db.session.flush()
    survey_totals.asked(answers)
    audit.write(
        "change", "survey-drawn", actor=by, record=survey, label=survey.label, way=survey.way, source=survey.source, seed=seed,
        filters=survey.filters, drawn=len(answers),
    )  # fmt: skip
    return survey


def problems(wanted: Wanted, by: Staff) -> Iterator[Refusal]:
    """Yield all that keeps a survey from being drawn as it is wanted, each with its field."""
    filters, today = wanted.filters, clock.today()
    if not by.may(Permission.SURVEY_PLAN):
        yield Refusal("Supervisors and managers begin surveys.")
    if not wanted.title:
        yield Refusal("Give the survey a name.", field="title")
    if wanted.way not in rules.WAYS:
        yield Refusal("Choose how customers are asked.", field="way")
    elif wanted.way == rules.LINK and not standard("survey.link_open"):
        yield Refusal("Links are switched off among the standards: customers cannot open them.", field="way")
    if wanted.source not in rules.SOURCES:
        yield Refusal("Choose of what is drawn.", field="source")
    if not 1 <= wanted.number <= rules.MOST_DRAWN:
        yield Refusal("Draw from 1 to %(most)s customers.", field="number", most=rules.MOST_DRAWN)
    if wanted.closes_on is None or wanted.closes_on < today:
        yield Refusal("Say until when answers are taken, today or later.", field="closes_on")
    for name, value, codes in (("kind", filters.kind, KINDS), ("grade", filters.grade, GRADES)):
        if value and value not in codes:
            yield Refusal("%(typed)s is not among the choices.", field=name, typed=value[:40])
    if filters.team and db.session.get(Team, filters.team) is None:
        yield Refusal("%(typed)s is not among the choices.", field="team", typed=str(filters.team))
    if wanted.source == rules.REQUESTS:
        if filters.first is None or filters.last is None or filters.first > filters.last:
            yield Refusal("Say in which period the requests were closed; it does not end before it begins.", field="first")
        elif (filters.last - filters.first).days > _LONGEST_REQUEST.days:
            yield Refusal("The period is a year at most.", field="last")


def _free(by: Staff, filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions on customers that may be asked: on the register, in scope, asked in no other survey."""
    asked = exists().where(SurveyAnswer.customer_id == Customer.id, SurveyAnswer.state == OPEN)
    found = [Customer.state == CustomerState.ACTIVE, customer_scope(by), not_(asked)]
    if filters.grade:
        found.append(Customer.grade == filters.grade)
    if filters.nature:
        found.append(Customer.nature == filters.nature)
    return found


def _customers(ids: list[int]) -> list[Customer]:
    found: dict[int, Customer] = {}
    for start in range(0, len(ids), _PORTION):
        found |= {one.id: one for one in db.session.scalars(select(Customer).where(Customer.id.in_(ids[start : start + _PORTION])))}
    return [found[number] for number in ids if number in found]


def _line(customer: Customer, **values: Any) -> SurveyAnswer:
    return SurveyAnswer(customer_id=customer.id, assignee_id=customer.owner_id, grade=customer.grade, nature=customer.nature, **values)


# --- customers on the register ----------------------------------------------------------------


def _of_customers(wanted: Wanted, seed: int, by: Staff) -> list[SurveyAnswer]:
    filters = wanted.filters
    query = select(Customer.id).where(*_free(by, filters))
    if filters.team:
        query = query.where(Customer.team_id == filters.team)
    if filters.kind:
        query = query.where(_last_kind(filters.kind))
    some = list(db.session.scalars(query.limit(AT_ONCE + 1)))
    ids = sample(some, wanted.number, seed)
    if len(some) > AT_ONCE:
        low, high = db.session.execute(select(func.min(Customer.id), func.max(Customer.id))).one()
        tried = probe(low, high, wanted.number, seed, lambda numbers: db.session.scalars(query.where(Customer.id.in_(numbers))).all())
        ids = tried if len(tried) == wanted.number else ids
    return [
        _line(one, team_id=one.team_id, served_by_id=one.owner_id, kind=db.session.scalar(_last(one.id)) or "")
        for one in _customers(ids)
    ]  # fmt: skip


def _last(customer_id: Any) -> Select[Any]:
    request = ServiceRequest
    query = select(request.kind).where(request.customer_id == customer_id, request.state != JOINED)
    return query.order_by(request.received_at.desc(), request.id.desc()).limit(1)


def _last_kind(kind: str) -> ColumnElement[bool]:
    newest, other = aliased(ServiceRequest), aliased(ServiceRequest)
    later = exists().where(other.customer_id == Customer.id, other.state != JOINED, other.received_at > newest.received_at)
    return exists().where(newest.customer_id == Customer.id, newest.kind == kind, newest.state != JOINED, ~later)


# --- requests closed in a period ----------------------------------------------------------------


def _of_requests(wanted: Wanted, seed: int, by: Staff) -> list[SurveyAnswer]:
    """Return lines for customers with closed requests, each asked about the newest of them.

    One that was joined to another is closed with no answer of its own: the customer is asked about the other, when that is closed.
    """
    filters, request = wanted.filters, ServiceRequest
    assert filters.first is not None and filters.last is not None  # noqa: S101, PT018 - checked before
    begin_, end = _start(filters.first), _start(filters.last + timedelta(days=1))
    query = select(request.customer_id, func.max(request.id)).join(Customer, Customer.id == request.customer_id)
    query = query.where(
        request.received_on.between(filters.first - _LONGEST_REQUEST, filters.last), request.closed_at >= begin_, request.closed_at < end,
        request.state != JOINED, *_free(by, filters),
    )  # fmt: skip
    if filters.kind:
        query = query.where(request.kind == filters.kind)
    if filters.team:
        query = query.where(request.team_id == filters.team)
    rows: Any = db.session.execute(query.group_by(request.customer_id))
    newest: dict[int, int] = {row[0]: row[1] for row in rows}
    ids = sample(newest, wanted.number, seed)
    lines = []
    for customer in _customers(ids):
        about = db.session.get_one(ServiceRequest, newest[customer.id])
        lines.append(
            _line(customer, request_id=about.id, team_id=about.team_id, served_by_id=about.assignee_id, kind=about.kind)
        )  # fmt: skip
    return lines


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.SITE_ZONE)
