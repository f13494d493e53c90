"""What disposals ask of people: approved lists wait for managers until the destruction is recorded (AR-11, AP-8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, select

from portal import clock
from portal.database import db
from portal.models import inbox
from portal.models.disposal import APPROVED, NAME, Disposal
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.message import N_


def _entries(user: Staff, kind: str, group: str, most: int) -> list[inbox.Entry]:
    if kind not in ("", NAME) or group in ("sign", "overdue") or not user.may(Permission.DISPOSAL_RECORD):
        return []
    query = select(Disposal).where(Disposal.state == APPROVED).order_by(Disposal.id).limit(most)
    return [
        inbox.Entry(
            group="do",
            kind=NAME,
            kind_title=N_("Disposal of documents"),
            title=one.label,
            what=N_("Have the papers destroyed and record it"),
            since=one.approved_at or clock.now(),
            due_on=None,
            page=("custody.disposal", {"disposal_id": one.id}),
            who=one.created_by.name,
        )
        for one in db.session.scalars(query)
    ]


def _waiting(user: Staff) -> Iterator[Select[Any]]:
    if user.may(Permission.DISPOSAL_RECORD):
        yield select(Disposal.id).where(Disposal.state == APPROVED)


inbox.source(inbox.Source(_entries, _waiting, lambda: {NAME: N_("Disposal of documents")}))
