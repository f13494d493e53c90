"""Notices: what the portal tells a member of staff (AP-9), in the portal and, where SMTP is configured, by mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from flask import current_app
from sqlalchemy import ForeignKey, Index, Select, bindparam, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, db
from portal.models.staff import Staff
from portal.rules.message import N_, Message, revived, stored

MAIL_STATES = {
    "waiting": (N_("Waits for the mail server"), "accent"),
    "sent": (N_("Mail has gone out"), "ok"),
    "failed": (N_("The mail did not go out"), "seal"),
}
"""How a mail stands: of a notice, a letter, a link to a survey."""


class Notice(Base):
    """A message to one person, kept as English text and figures and shown in the reader's language."""

    __tablename__ = "notice"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    link: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=clock.now)
    read_at: Mapped[datetime | None]
    mail_state: Mapped[str] = mapped_column(default="off")
    """off | waiting | sent | failed: a failing mail server never loses the notice."""
    mail_error: Mapped[str] = mapped_column(default="")
    mail_tries: Mapped[int] = mapped_column(default=0)
    mail_after: Mapped[datetime | None]
    """Not before this moment is a failed mail tried again."""

    staff: Mapped[Staff] = relationship()

    __table_args__ = (Index(None, "staff_id", "read_at", "id"), Index(None, "mail_state"))

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Notice]:
        """Return the reader's own notices."""
        return select(cls).where(cls.staff_id == user.id)

    @property
    def message(self) -> Message:
        """Return the message to translate, with the messages among its figures."""
        return Message(self.text, revived(self.params))

    def mark_read(self) -> None:
        """Note that the reader has seen it; the first time counts."""
        self.read_at = self.read_at or clock.now()


COUNT_CAP = 1000
PORTION = 500


@cache
def _unread_count() -> Select[Any]:
    unread = select(Notice.id).where(Notice.staff_id == bindparam("me"), Notice.read_at.is_(None)).limit(COUNT_CAP).subquery()
    return select(func.count()).select_from(unread)


def unread_count(user: Staff) -> int:
    """Return how many notices `user` has not read, up to `COUNT_CAP`."""
    return db.session.scalar(_unread_count(), {"me": user.id}) or 0


def mark_all_read(user: Staff) -> None:
    """Mark every notice of `user` as read."""
    unread = update(Notice).where(Notice.staff_id == user.id, Notice.read_at.is_(None))
    db.session.execute(unread.values(read_at=clock.now()), execution_options={"synchronize_session": False})


def forget(links: Sequence[str]) -> None:
    """Delete what people were told of records whose pages these are: notices say what stood in them (AR-11)."""
    for start in range(0, len(links), PORTION):
        told = delete(Notice).where(Notice.link.in_(links[start : start + PORTION]))
        db.session.execute(told, execution_options={"synchronize_session": False})


def notify(staff: Staff, message: Message, *, link: str = "") -> Notice:
    """Add a notice for `staff` to the transaction and return it. Figures that are messages are translated when it is read."""
    mail = "waiting" if current_app.config["SMTP_HOST"] and staff.email else "off"
    notice = Notice(staff_id=staff.id, text=message.text, params=stored(message.params), link=link, mail_state=mail)
    db.session.add(notice)
    return notice
