"""Background jobs: our own row for each, with progress and heartbeat, so that a job whose worker died is found and goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, db, transition
from portal.models.staff import Staff
from portal.rules.message import Message, revived, stored

DEAD_AFTER = timedelta(seconds=60)
"""A running job without a heartbeat for this long has lost its worker."""


class Job(Base):
    """One piece of work: queued → running → done | failed. Safe to run twice; `state_data` says how far it came."""

    __tablename__ = "job"

    kind: Mapped[str]
    args: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    state: Mapped[str] = mapped_column(default="queued")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    state_data: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    error: Mapped[str] = mapped_column(default="")
    """Message id of what went wrong, in words for the person who started it."""
    error_params: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    tries: Mapped[int] = mapped_column(default=0)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    started_at: Mapped[datetime | None]
    heartbeat: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    staff: Mapped[Staff | None] = relationship()

    __table_args__ = (Index(None, "state", "heartbeat"), Index(None, "staff_id", "id"))

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Job]:
        """Return the reader's own jobs: results have the scope of who asked for them."""
        return select(cls).where(cls.staff_id == user.id)

    @classmethod
    def queue(cls, kind: str, *, by: Staff | None, **args: Any) -> Job:
        """Add a job to the transaction. `portal.jobs.start(job)` after the commit hands it to the worker."""
        job = cls(kind=kind, args=args, staff_id=by.id if by else None)
        db.session.add(job)
        return job

    @property
    def failure(self) -> Message | None:
        """Return what went wrong, in words for the person who started it."""
        return Message(self.error, revived(self.error_params)) if self.error else None

    def fail(self, message: Message) -> None:
        """Note that it has failed, and why (the caller commits)."""
        self.state, self.ended_at = "failed", clock.now()
        self.error, self.error_params = message.text, stored(message.params)

    @property
    def percent(self) -> int:
        """Return how much is done, 0 to 100."""
        if self.state == "done":
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0

    def begin(self) -> None:
        """Take the job. Raises `StateConflict` if another worker has it alive."""
        moment = clock.now()
        if self.state == "running" and self.heartbeat and abs(moment - self.heartbeat) < DEAD_AFTER:
            expect: dict[str, Any] = {"state": "queued"}
        else:
            expect = {"state": self.state, "heartbeat": self.heartbeat} if self.state == "running" else {"state": "queued"}
        transition(self, expect=expect, change={"state": "running", "started_at": moment, "heartbeat": moment, "tries": self.tries + 1})

    def progress(self, done: int, total: int | None = None, **state_data: Any) -> None:
        """Note how far the job came (the caller commits)."""
        self.done = done
        if total is not None:
            self.total = total
        if state_data:
            self.state_data = {**self.state_data, **state_data}
        self.heartbeat = clock.now()

    @classmethod
    def lost(cls) -> list[Job]:
        """Return jobs to start again: whose worker died, or which were queued and never taken.

        A heartbeat of later than now is none either: the machine's clock was put back since, and it would seem alive for as long.
        """
        limit, to_come = clock.now() - DEAD_AFTER, clock.now() + DEAD_AFTER
        silent = (cls.heartbeat < limit) | (cls.heartbeat > to_come)
        query = select(cls).where(
            ((cls.state == "running") & silent) | ((cls.state == "queued") & ((cls.created_at < limit) | (cls.created_at > to_come)))
        )
        return list(db.session.scalars(query))
