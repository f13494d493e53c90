"""Channels by which requests come in, as records (SV-8): who looks after each, its hours, its standard for the first answer; and the
yearly evaluation that is written down. Their figures are in `request_tally.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base
from portal.models.staff import Staff


class ServiceChannel(Base):
    """What is said of a channel; there is a row once somebody has said something."""

    __tablename__ = "service_channel"

    code: Mapped[str] = mapped_column(unique=True)
    """A code of `rules.requests.CHANNELS`."""
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who looks after it."""
    hours: Mapped[str] = mapped_column(default="")
    """When it is attended to, in words."""
    first_minutes: Mapped[int | None]
    """Minutes of working time in which a first answer is wanted on this channel."""
    note: Mapped[str] = mapped_column(Text, default="")
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    staff: Mapped[Staff | None] = relationship(foreign_keys=[staff_id])
    updated_by: Mapped[Staff | None] = relationship(foreign_keys=[updated_by_id])

    __mapper_args__ = {"version_id_col": version}

    @classmethod
    def visible_to(cls, user: Staff) -> Select[ServiceChannel]:
        """Return all: channels are no secret inside the office."""
        return select(cls)


class ChannelEvaluation(Base):
    """The evaluation of a channel for a year, with the figures as they were when it was written."""

    __tablename__ = "channel_evaluation"

    code: Mapped[str]
    year: Mapped[int]
    verdict: Mapped[str] = mapped_column(Text)
    improvement: Mapped[str] = mapped_column(Text, default="")
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    by: Mapped[Staff] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index(None, "code", "year", unique=True),)


class RequestTally(Base):
    """The figures of the requests received in a month, by channel and kind; counted by the worker (`request_tally.py`)."""

    __tablename__ = "request_tally"

    month: Mapped[str]
    """2026-04"""
    channel: Mapped[str]
    kind: Mapped[str]
    received: Mapped[int] = mapped_column(default=0)
    first_answered: Mapped[int] = mapped_column(default=0)
    first_on_time: Mapped[int] = mapped_column(default=0)
    """Of those with a deadline for the first answer."""
    first_worked: Mapped[int] = mapped_column(default=0)
    """Minutes of working time, all together; the others likewise."""
    first_elapsed: Mapped[int] = mapped_column(default=0)
    solved: Mapped[int] = mapped_column(default=0)
    solved_on_time: Mapped[int] = mapped_column(default=0)
    solve_worked: Mapped[int] = mapped_column(default=0)
    solve_elapsed: Mapped[int] = mapped_column(default=0)
    satisfied: Mapped[int] = mapped_column(default=0)
    unsatisfied: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index(None, "month", "channel", "kind", unique=True),)


class ComplaintTally(Base):
    """The figures of the complaints received on a day, by one of what they are counted by (`part`); counted with the tallies."""

    __tablename__ = "complaint_tally"

    day: Mapped[date]
    part: Mapped[str]
    """cause, department or channel"""
    code: Mapped[str]
    number: Mapped[int]
    solved: Mapped[int]
    closed: Mapped[int]
    satisfied: Mapped[int]
    unsatisfied: Mapped[int]
    solve_worked: Mapped[int]
    """Minutes of working time, all together; the others likewise."""
    solve_elapsed: Mapped[int]
    answered: Mapped[int]
    first_worked: Mapped[int]
    first_elapsed: Mapped[int]

    __table_args__ = (Index(None, "day", "part", "code", unique=True),)
