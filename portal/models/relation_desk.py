"""What relation assessments ask of people, and what follows them elsewhere: drafts in the inbox, other standards, erasure (RL-7)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Executable, Select, delete, exists, func, select
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models import inbox
from portal.models.approval import LIVE, Approval
from portal.models.approval_authors import DocumentAuthor
from portal.models.draft import DRAFT, PENDING
from portal.models.relation import NAME, RelationAssessment
from portal.models.staff import Staff
from portal.models.standard_effects import touching
from portal.rules.grading import grade_of
from portal.rules.message import N_, Message

TITLE = N_("Relation assessment")


# --- inbox ----------------------------------------------------------------


def _begun(user: Staff) -> Select[Any]:
    """Return one's own drafts that were never submitted; those that came back wait as approvals."""
    one = RelationAssessment
    submitted = exists().where(Approval.kind_name == NAME, Approval.record_id == one.id, Approval.state.in_(LIVE))
    return select(one).where(one.created_by_id == user.id, one.state == DRAFT, ~submitted)


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    one = RelationAssessment
    yield inbox.Queue(NAME, [_begun(user).with_only_columns(*inbox.row(one.id, one.created_at)).order_by(one.id.desc())], _tell)


def _said() -> Executable:
    return select(RelationAssessment).where(RelationAssessment.id.in_(inbox.NUMBERS)).options(joinedload(RelationAssessment.customer))


def _tell(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said, numbers):
        page = ("relations.assessment", {"assessment_id": one.id})
        yield one.id, inbox.Told(one.label, N_("A draft: go on with it, or submit it"), page)


inbox.source(_queues, lambda: {NAME: TITLE})


# --- other standards ----------------------------------------------------------------


def _open() -> Message:
    query = select(func.count()).select_from(RelationAssessment).where(RelationAssessment.state.in_((DRAFT, PENDING)))
    text = N_("%(count)s relation assessments are under way; they keep the version they began with.")
    return Message(text, {"count": db.session.scalar(query) or 0})


@touching("relation.indicators", "relation.value_scale")
def _kept(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
    yield _open()


@touching("relation.thresholds")
def _thresholds(_before: Any, value: Any, _day: date) -> Iterator[Message]:
    from portal.models.relation_list import is_latest

    one = RelationAssessment
    rows = db.session.execute(select(one.total, one.proposed, func.count()).where(is_latest()).group_by(one.total, one.proposed))
    other = sum(int(count) for total, proposed, count in rows if grade_of(total, value) != proposed)
    yield Message(N_("With them the latest assessments of %(count)s customers would have proposed another advice."), {"count": other})
    yield _open()


# --- end of dealings ----------------------------------------------------------------


def left_open(customer_ids: Collection[int]) -> list[Message]:
    """Return in words which drafts of assessments stay; they cannot be submitted while dealings have ended."""
    one = RelationAssessment
    submitted = exists().where(Approval.kind_name == NAME, Approval.record_id == one.id)
    query = select(one).where(one.customer_id.in_(customer_ids), one.state == DRAFT, ~submitted)
    query = query.options(joinedload(one.customer)).order_by(one.id)
    text = N_("A relation assessment of %(customer)s of %(day)s is a draft.")
    drafts = db.session.scalars(query)
    return [Message(text, {"customer": draft.customer.full_name, "day": draft.assessed_on.isoformat()}) for draft in drafts]


# --- erasure ----------------------------------------------------------------


def forget(customer_ids: Collection[int]) -> None:
    """Delete what was never submitted of these customers; of all else only figures and advice stay, as in the signed forms (AR-11)."""
    one = RelationAssessment
    rows = list(db.session.scalars(select(one).where(one.customer_id.in_(customer_ids))))
    signed = set(
        db.session.scalars(select(Approval.record_id).where(Approval.kind_name == NAME, Approval.record_id.in_([row.id for row in rows])))
    )
    for row in rows:
        if row.id in signed:
            row.result = row.advice_reason = ""
            row.scores = {code: {**said, "reason": ""} for code, said in row.scores.items()}
            row.points = {code: {**said, "basis": ""} for code, said in row.points.items()}
        else:
            mine = delete(DocumentAuthor).where(DocumentAuthor.kind_name == NAME, DocumentAuthor.record_id == row.id)
            db.session.execute(mine, execution_options={"synchronize_session": False})
            db.session.delete(row)
    db.session.flush()
