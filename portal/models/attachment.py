"""Files: kept once by content in a folder of the portal, never under the web root; a record each for who put them there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import ForeignKey, Select, exists, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models.scope import customer_scope
from portal.models.staff import Staff


class Attachment(Base):
    """An uploaded or made file: its name is for people, its content is found by SHA-256."""

    __tablename__ = "attachment"

    sha256: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]
    media_type: Mapped[str]
    filename: Mapped[str]
    purpose: Mapped[str]
    """signature | scan | import | export | refused-rows"""
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    uploaded_at: Mapped[datetime] = mapped_column(default=clock.now)

    uploaded_by: Mapped[Staff | None] = relationship(foreign_keys=[uploaded_by_id])

    @classmethod
    def visible_to(cls, user: Staff) -> Select[tuple[Attachment]]:
        """Return files of customers in scope, and what the reader put there themselves."""
        from portal.models.customer import Customer

        in_scope = exists().where(Customer.id == cls.customer_id, customer_scope(user))
        return select(cls).where(or_(cls.uploaded_by_id == user.id, in_scope))

    @classmethod
    def keep(cls, content: bytes, *, filename: str, media_type: str, purpose: str, by: Staff | None, customer_id: int | None = None) -> Attachment:
        """Store `content` and return its record, added to the session. The same content is stored once."""
        digest = hashlib.sha256(content).hexdigest()
        path = path_of(digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        record = cls(
            sha256=digest,
            size=len(content),
            media_type=media_type,
            filename=filename[-200:],
            purpose=purpose,
            customer_id=customer_id,
            uploaded_by_id=by.id if by else None,
        )
        db.session.add(record)
        return record

    @property
    def path(self) -> Path:
        """Return where the content lies."""
        return path_of(self.sha256)

    def content(self) -> bytes:
        """Return the bytes. Raises OSError if the store lost them."""
        return self.path.read_bytes()


def path_of(digest: str) -> Path:
    """Return the place of content with this SHA-256 in the store."""
    folder: Path = current_app.config["FILES_FOLDER"]
    return folder / digest[:2] / digest
