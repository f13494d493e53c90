"""What disposals ask of people: approved lists wait for managers until the destruction is recorded (AR-11, AP-8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Executable, func, select

from portal.models import inbox
from portal.models.disposal import APPROVED, NAME, Disposal
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.message import N_


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    if user.may(Permission.DISPOSAL_RECORD):
        rows = select(*inbox.row(Disposal.id, func.coalesce(Disposal.approved_at, Disposal.created_at))).where(Disposal.state == APPROVED)
        yield inbox.Queue(NAME, [rows.order_by(Disposal.id)], _tell)


def _said() -> Executable:
    return select(Disposal).where(Disposal.id.in_(inbox.NUMBERS))


def _tell(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said, numbers):
        page = ("custody.disposal", {"disposal_id": one.id})
        yield one.id, inbox.Told(one.label, N_("Have the papers destroyed and record it"), page, one.created_by.name)


inbox.source(_queues, lambda: {NAME: N_("Disposal of documents")})
