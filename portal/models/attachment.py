"""Files: kept once by content in the site's store (`portal/stores`); a record each for who put them there."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import structlog
from sqlalchemy import ForeignKey, Select, exists, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.rules.message import Refusal
from portal.stores import store

log = structlog.get_logger()


class Attachment(Base):
    """An uploaded or made file: its name is for people, its content is found by SHA-256."""

    __tablename__ = "attachment"

    sha256: Mapped[str] = mapped_column(index=True)
    """'' where the content was taken out after its time, and only the name is still told."""
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
    def visible_to(cls, user: Staff) -> Select[Attachment]:
        """Return files of customers in scope, and what the reader put there themselves."""
        from portal.models.customer import Customer

        in_scope = exists().where(Customer.id == cls.customer_id, customer_scope(user))
        return select(cls).where(or_(cls.uploaded_by_id == user.id, in_scope))

    @classmethod
    def keep(
        cls, content: bytes, *, filename: str, media_type: str, purpose: str, by: Staff | None, customer_id: int | None = None
    ) -> Attachment:
        """Store `content` and return its record, added to the session. The same content is stored once. Raises OSError, `StoreFailed`."""
        file = io.BytesIO(content)
        return cls.keep_stream(file, filename=filename, media_type=media_type, purpose=purpose, by=by, customer_id=customer_id)

    @classmethod
    def keep_file(
        cls, source: Path, *, filename: str, media_type: str, purpose: str, by: Staff | None, customer_id: int | None = None
    ) -> Attachment:
        """Store a file too large to be held in memory, as `keep` does with bytes."""
        with source.open("rb") as file:
            return cls.keep_stream(file, filename=filename, media_type=media_type, purpose=purpose, by=by, customer_id=customer_id)

    @classmethod
    def keep_stream(
        cls, source: BinaryIO, *, filename: str, media_type: str, purpose: str, by: Staff | None, customer_id: int | None = None
    ) -> Attachment:
        """Store an open file, such as an upload, as `keep` does with bytes."""
        source.seek(0)
        digest = hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]
        size = source.seek(0, io.SEEK_END)
        _put(digest, source)
        record = cls(
            sha256=digest,
            size=size,
            media_type=media_type,
            filename=filename[-200:],
            purpose=purpose,
            customer_id=customer_id,
            uploaded_by_id=by.id if by else None,
        )
        db.session.add(record)
        return record

    def content(self) -> bytes:
        """Return the bytes. Raises `Refusal` if the store lost them, `StoreFailed` where it cannot be reached."""
        try:
            return store().read(self.sha256)
        except FileNotFoundError as error:
            raise self.lost() from error

    def lost(self) -> Refusal:
        """Return what is told where the store has lost the file, and log it."""
        log.error("file lost", attachment=self.id, sha256=self.sha256)
        return Refusal("The stored file is gone.")


# --- what is stored while the same is taken out ----------------------------------------------------------------------------
#
# Whoever stores a content looks, and stores it where it is missing, under a lock on its digest that they share until their record
# is committed; whoever takes one out holds the lock alone from asking for records to the removal. So no content goes between the
# look and the record. On SQLite one writes at a time, which is the same. A content is never taken out on another way.

GONE, USED, BUSY = "gone", "used", "busy"
"""What came of taking a content out: it is gone; a record has it; somebody is storing it, to be tried later."""


def _put(digest: str, source: BinaryIO) -> None:
    place = store()
    if not place.has(digest):
        place.put(digest, source)  # before the lock: on SQLite nobody else writes while it is held
    connection = db.session.connection()  # begins the writing transaction on SQLite
    if connection.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock_shared(_lock_of(digest))))
    if not place.has(digest):
        place.put(digest, source)


def shut(digest: str) -> bool:
    """Keep everybody from storing this content until the transaction, which must be one that writes, ends; False where somebody is."""
    connection = db.session.connection()
    if connection.dialect.name != "postgresql":
        return True
    return bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(_lock_of(digest)))))


def take_out(digest: str) -> str:
    """Take a content out of the store that no record has any more; return `GONE`, `USED` or `BUSY`. Raises OSError, `StoreFailed`.

    Safe to run twice. The records that had it have been deleted before, in this transaction or a committed one.
    """
    if not shut(digest):
        return BUSY
    if db.session.scalar(select(Attachment.id).where(Attachment.sha256 == digest).limit(1)) is not None:
        return USED
    store().remove(digest)
    return GONE


def _lock_of(digest: str) -> int:
    """Return the number of PostgreSQL's advisory lock for a content: 64 bits, signed."""
    return int.from_bytes(bytes.fromhex(digest[:16]), "big", signed=True)
