"""What happens to a request: steps with who, when and word (SV-2), links (SV-7), going up past its deadline (SV-4), repair visits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Text, exists, or_, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models.promise import Promise
from portal.models.request import ServiceRequest
from portal.models.staff import Staff
from portal.rules.requests import STEPS

DUPLICATE, RELATED = "duplicate", "related"
SUPERVISOR, MANAGER = 1, 2
"""The levels to which a request goes up."""
_UNDER_WAY = sql("done_at IS NULL AND overran_at IS NULL")


class RequestStep(Base):
    """One step of a request; never changed."""

    __tablename__ = "request_step"

    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    """A code of `rules.requests.STEPS`."""
    by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """None for what the portal did by itself."""
    at: Mapped[datetime] = mapped_column(default=clock.now)
    word: Mapped[str] = mapped_column(Text, default="")
    to_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who has it in hand from here on, where that changed."""

    by: Mapped[Staff | None] = relationship(foreign_keys=[by_id])
    to: Mapped[Staff | None] = relationship(foreign_keys=[to_id])

    @property
    def title(self) -> str:
        """Return the message id of what it was."""
        return STEPS[self.kind]


class RequestLink(Base):
    """That a request repeats another one, or has to do with it."""

    __tablename__ = "request_link"

    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id", ondelete="CASCADE"))
    other_id: Mapped[int] = mapped_column(ForeignKey("service_request.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    """duplicate: the first repeats the other one | related"""
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (Index(None, "request_id", "other_id", unique=True),)


class RequestEscalation(Base):
    """That a request went up, because its deadline was past: once to each level for a deadline."""

    __tablename__ = "request_escalation"

    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id", ondelete="CASCADE"))
    level: Mapped[int]
    """`SUPERVISOR` or `MANAGER`."""
    due_at: Mapped[datetime]
    """The deadline that was past."""
    at: Mapped[datetime] = mapped_column(default=clock.now)
    people: Mapped[list[Any]] = mapped_column(default=list)
    """Ids of who was told."""

    __table_args__ = (Index(None, "request_id", "level", "due_at", unique=True),)


class RepairVisit(Base):
    """A fitter's visit for a request: arranged → done, or over its time (SV-10)."""

    __tablename__ = "repair_visit"

    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id", ondelete="CASCADE"), index=True)
    fitter: Mapped[str]
    telephone: Mapped[str] = mapped_column(default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    arranged_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    arranged_at: Mapped[datetime] = mapped_column(default=clock.now)
    overran_at: Mapped[datetime | None]
    """When it was noticed that it takes longer than was said."""
    done_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(Text, default="")

    request: Mapped[ServiceRequest] = relationship()
    arranged_by: Mapped[Staff] = relationship()

    __table_args__ = (Index("ix_repair_visit_under_way", "ends_at", "id", sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY),)


def note(
    request: ServiceRequest, kind: str, *, by: Staff | None, word: str = "", to: Staff | None = None, at: datetime | None = None
) -> RequestStep:
    """Add a step to a request and return it."""
    step = RequestStep(
        request_id=request.id, kind=kind, by_id=by.id if by else None, at=at or clock.now(), word=word, to_id=to.id if to else None
    )
    db.session.add(step)
    return step


def steps_of(request: ServiceRequest) -> list[RequestStep]:
    """Return the steps of a request in their order."""
    query = select(RequestStep).where(RequestStep.request_id == request.id).order_by(RequestStep.at, RequestStep.id)
    return list(db.session.scalars(query.options(joinedload(RequestStep.by), joinedload(RequestStep.to))))


def links_of(request: ServiceRequest, user: Staff) -> list[tuple[str, bool, ServiceRequest]]:
    """Return what a request is linked with, as far as `user` sees it: kind, whether the link begins here, and the other request."""
    query = select(RequestLink).where(or_(RequestLink.request_id == request.id, RequestLink.other_id == request.id))
    rows = list(db.session.scalars(query.order_by(RequestLink.id)))
    ids = {one.other_id if one.request_id == request.id else one.request_id for one in rows}
    seen = {one.id: one for one in db.session.scalars(ServiceRequest.visible_to(user).where(ServiceRequest.id.in_(ids)))}
    found = []
    for one in rows:
        forth = one.request_id == request.id
        other = seen.get(one.other_id if forth else one.request_id)
        if other is not None:
            found.append((one.kind, forth, other))
    return found


def visits_of(request: ServiceRequest) -> list[RepairVisit]:
    """Return the repair visits of a request, the newest first."""
    return list(db.session.scalars(select(RepairVisit).where(RepairVisit.request_id == request.id).order_by(RepairVisit.id.desc())))


def hanging() -> ColumnElement[bool]:
    """Return the condition that a promise or link hangs on a request, which keeps its import from being taken back."""
    promised = exists().where(Promise.source == "request", Promise.source_id == ServiceRequest.id)
    return promised | exists().where((RequestLink.request_id == ServiceRequest.id) | (RequestLink.other_id == ServiceRequest.id))
