"""Figures over many customers that no page can sum: whoever sees few customers has them at once, for others the worker counts them (IN-2).

A question is text, such as `abc/customers/2026`. Its answer is plain data, kept for the scope in which it was counted and for nobody else's
(RO-1): that of all managers, or that of one person in their present role and team. A page says as of when it was counted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.database import Base, db
from portal.models.customer import Customer, CustomerState
from portal.models.job import Job
from portal.models.scope import customer_arms, scope_key
from portal.models.staff import Staff
from portal.permissions import Role
from portal.rules.message import Refusal

AT_ONCE = 3000
"""Whoever sees no more customers than this has every figure at the moment they ask."""
KEPT_FOR = timedelta(days=30)
"""So long after somebody asked last an answer is counted anew every day, then it goes."""
KIND = "insight-count"
OFFICE = "office"


class InsightCount(Base):
    """The answer to a question in a scope, as of a moment."""

    __tablename__ = "insight_count"

    scope: Mapped[str]
    question: Mapped[str]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Whose scope it is; nobody's for that of the managers."""
    content: Mapped[dict[str, Any]]
    counted_at: Mapped[datetime]
    asked_at: Mapped[datetime]

    __table_args__ = (Index(None, "scope", "question", unique=True),)


Answer = Callable[[Staff, list[str], list[int] | None], dict[str, Any]]
"""Returns plain data for somebody, the parts of the question behind its first, and the customers' ids where they are few."""
_answers: dict[str, Answer] = {}


def answers(first: str) -> Callable[[Answer], Answer]:
    """Declare what answers questions whose first part is `first`."""

    def decorate(answer: Answer) -> Answer:
        _answers[first] = answer
        return answer

    return decorate


def few(user: Staff) -> list[int] | None:
    """Return the ids of the customers that somebody sees; None where they are more than `AT_ONCE`."""
    found: list[int] = []
    for arm in customer_arms(user):
        query = select(Customer.id).where(*arm.conditions(), Customer.state != CustomerState.IMPORTING.value)
        if db.session.scalar(query.offset(AT_ONCE - len(found)).limit(1)) is not None:
            return None
        found += db.session.scalars(query)
    return found


def scope_of(user: Staff) -> str:
    """Return the name of somebody's scope."""
    return OFFICE if user.is_manager else f"{user.id}:{scope_key(user)}"


def answer(user: Staff, question: str, ids: list[int] | None) -> dict[str, Any]:
    """Return the answer to a question, summed now. Raises `Refusal` for a question that nobody answers."""
    first, *rest = question.split("/")
    if first not in _answers:
        raise Refusal("There is no such question.")
    return _answers[first](user, rest, ids)


def kept(user: Staff, question: str) -> InsightCount | None:
    """Return the kept answer in somebody's scope, None where nobody has asked."""
    return db.session.scalar(select(InsightCount).where(InsightCount.scope == scope_of(user), InsightCount.question == question))


def under_way(user: Staff, question: str) -> Job | None:
    """Return the job that counts the answer for somebody, the last of their own that is not over."""
    query = select(Job).where(Job.staff_id == user.id, Job.kind == KIND, Job.state.in_(("queued", "running"))).order_by(Job.id.desc())
    return next((job for job in db.session.scalars(query.limit(20)) if job.args.get("question") == question), None)


def ask(user: Staff, question: str) -> Job | None:
    """Queue the counting of an answer; None where it is under way. The caller commits and starts it. Raises `Refusal`."""
    if question.split("/")[0] not in _answers:
        raise Refusal("There is no such question.")
    return None if under_way(user, question) else Job.queue(KIND, by=user, question=question)


def keep(user: Staff, question: str, content: dict[str, Any], *, asked: bool) -> None:
    """Keep an answer in somebody's scope; `asked` says that a person wants it now."""
    row = kept(user, question)
    if row is None:
        row = InsightCount(scope=scope_of(user), question=question, staff_id=None if user.is_manager else user.id, asked_at=clock.now())
        db.session.add(row)
    row.content, row.counted_at = content, clock.now()
    if asked:
        row.asked_at = clock.now()
    db.session.flush()


def tidy(usual: list[str]) -> list[tuple[int, str]]:
    """Forget what nobody asks for; return what is to be counted anew, whose it is and the question.

    The `usual` questions are those of the managers of an office with many customers, asked or not.
    """
    manager = db.session.scalar(select(Staff).where(Staff.role == Role.MANAGER, Staff.active).order_by(Staff.id).limit(1))
    if manager is None:
        return []
    db.session.execute(delete(InsightCount).where(InsightCount.asked_at < clock.now() - KEPT_FOR))
    wanted = [(manager.id, question) for question in usual] if few(manager) is None else []
    for row in db.session.scalars(select(InsightCount).order_by(InsightCount.id)).all():
        person = manager if row.staff_id is None else db.session.get(Staff, row.staff_id)
        if person is None or not person.active or scope_of(person) != row.scope:
            db.session.delete(row)
        elif (person.id, row.question) not in wanted:
            wanted.append((person.id, row.question))
    db.session.flush()
    return wanted
