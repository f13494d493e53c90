"""One step of a round: whose signature it asks for, where it waits now, and who gave it (AP-2, AP-6, AP-10)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue
from portal.models.approval_signature import Signature
from portal.models.staff import Staff
from portal.rules.message import Message

_OPEN = text("state = 'open'")
_ON_PAPER = text("state = 'open' AND type = 'paper'")


class ApprovalStep(Base):
    """A step: waiting → open → done, or skipped when the round ends before it. Steps of one position are counter-signed (会签)."""

    __tablename__ = "approval_step"

    approval_id: Mapped[int] = mapped_column(ForeignKey("approval.id"), index=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("approval_round.id"), index=True)
    position: Mapped[int]
    place: Mapped[int] = mapped_column(default=0)
    """Order within the position."""
    type: Mapped[str]
    """portal | paper | opinion (加签)"""
    role: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    """Code of the paper signatory; its names as they were when the round began stand beside it."""
    title_names: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    meaning: Mapped[str] = mapped_column(default="")
    """review | approve | inform"""
    state: Mapped[str] = mapped_column(default="waiting")
    wanted: Mapped[str]
    """Whom the chain asks: `supervisor`, `manager` or `person:7`."""
    pool: Mapped[str] = mapped_column(default="")
    """Where the open step waits: `team:3`, `manager` or `person:7`; the inbox asks for these keys."""
    reason: Mapped[str] = mapped_column(default="")
    """Message id of why it does not wait where the chain wanted it."""
    reason_params: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    alone: Mapped[bool] = mapped_column(default=False)
    """Only somebody who has already signed this position is left: they may sign this step too."""
    opened_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    done_at: Mapped[datetime | None]
    for_step_id: Mapped[int | None] = mapped_column(ForeignKey("approval_step.id"))
    """The step for whose signatory an opinion is asked."""
    asked_when: Mapped[str] = mapped_column(default="")
    """before | after the signature of that step"""
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    question: Mapped[str] = mapped_column(default="")
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("signature.id"))
    """The signature that passed the step; one signature can pass several in a row (AP-10)."""
    signer_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    signature: Mapped[Signature | None] = relationship(foreign_keys=[signature_id])
    signer: Mapped[Staff | None] = relationship(foreign_keys=[signer_id])
    on_behalf_of: Mapped[Staff | None] = relationship(foreign_keys=[on_behalf_of_id])
    asked_by: Mapped[Staff | None] = relationship(foreign_keys=[asked_by_id])

    __table_args__ = (
        Index("ix_approval_step_open_due", "pool", "due_on", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_approval_step_open_since", "pool", "opened_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_approval_step_on_paper", "pool", "due_on", sqlite_where=_ON_PAPER, postgresql_where=_ON_PAPER),
        Index(None, "signer_id", "approval_id"),
    )

    @property
    def opened_on(self) -> date | None:
        """Return the day at the site on which the step was opened."""
        return clock.local(self.opened_at).date() if self.opened_at else None

    @property
    def why(self) -> Message | None:
        """Return why the step waits where it does, if not where the chain wanted it (AP-10)."""
        return Message(self.reason, self.reason_params) if self.reason else None

    @property
    def decisions(self) -> tuple[str, ...]:
        """Return what can be decided at this step."""
        if self.type == "opinion":
            return ("opinion",)
        if self.type == "paper" and self.meaning == "inform":
            return ("approve",)
        return ("approve", "send-back", "reject")

    def standing(self) -> str:
        """Return what its signature is worth now, "valid", "altered" or "unknown" as `Signature.standing` says; nothing without one.

        A signature that was given for another step counts as altered: it cannot be moved to this one.
        """
        if self.signature is None:
            return ""
        return self.signature.standing() if self.signature.is_for(self.id) else "altered"

    def as_data(self, signer: Staff | None, principal: Staff | None) -> dict[str, Any]:
        """Return the step as the signature binds it: which one, and in what capacity it was signed."""
        return {
            "id": self.id,
            "position": self.position,
            "type": self.type,
            "role": self.role,
            "title": self.title,
            "meaning": self.meaning,
            "signer": signer.id if signer else None,
            "on_behalf_of": principal.id if principal else None,
        }
