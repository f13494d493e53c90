"""Meetings of departments that re-rate customers (RL-3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models import audit, history
from portal.models.grading_scores import LONGEST_REASON
from portal.models.staff import Staff
from portal.rules.message import N_, Refusal

if TYPE_CHECKING:
    from portal.models.grading_campaign import GradingCampaign


class GradingMeeting(Base):
    """A meeting of departments that re-rates (RL-3): when, and who attended."""

    __tablename__ = "grading_meeting"

    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("grading_campaign.id", ondelete="CASCADE"), index=True)
    held_on: Mapped[date]
    attendees: Mapped[str]
    """Departments and names, as they sat at the table."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    created_by: Mapped[Staff] = relationship()

    @property
    def label(self) -> str:
        """Return how it stands on sheets and in choices."""
        return f"{self.held_on.isoformat()} {self.attendees}"

    @classmethod
    def hold(cls, *, held_on: date | None, attendees: str, campaign: GradingCampaign | None, by: Staff) -> GradingMeeting:
        """Note a meeting and return it, flushed. Raises `Refusal` with the field."""
        if held_on is None or held_on > clock.today():
            raise Refusal("Enter the day of the meeting; it cannot lie ahead.", field="held_on")
        if not attendees:
            raise Refusal("Say which departments attended, and who.", field="attendees")
        number = campaign.id if campaign else None
        meeting = cls(held_on=held_on, attendees=attendees[:LONGEST_REASON], campaign_id=number, created_by_id=by.id)
        db.session.add(meeting)
        audit.write("change", "grading-meeting", actor=by, record=meeting, label=meeting.label)
        return meeting

    @classmethod
    def last(cls, campaign_id: int | None, limit: int = 10) -> list[GradingMeeting]:
        """Return the newest meetings of a campaign, or of gradings between two."""
        same = cls.campaign_id.is_(None) if campaign_id is None else cls.campaign_id == campaign_id
        return list(db.session.scalars(select(cls).where(same).order_by(cls.held_on.desc(), cls.id.desc()).limit(limit)))


history.action("GradingMeeting", "grading-meeting", N_("Meeting on grading"))
