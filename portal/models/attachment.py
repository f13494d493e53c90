"""Files: kept once by content in a folder of the portal, never under the web root; a record each for who put them there."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

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
    def visible_to(cls, user: Staff) -> Select[Attachment]:
        """Return files of customers in scope, and what the reader put there themselves."""
        from portal.models.customer import Customer

        in_scope = exists().where(Customer.id == cls.customer_id, customer_scope(user))
        return select(cls).where(or_(cls.uploaded_by_id == user.id, in_scope))

    @classmethod
    def keep(
        cls, content: bytes, *, filename: str, media_type: str, purpose: str, by: Staff | None, customer_id: int | None = None
    ) -> Attachment:
        """Store `content` and return its record, added to the session. The same content is stored once."""
        digest = hashlib.sha256(content).hexdigest()
        if not path_of(digest).exists():
            _store(io.BytesIO(content), digest)
        return cls._record(digest, len(content), filename, media_type, purpose, by, customer_id)

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
        size = source.tell()
        if not path_of(digest).exists():
            source.seek(0)
            _store(source, digest)
        return cls._record(digest, size, filename, media_type, purpose, by, customer_id)

    @classmethod
    def _record(
        cls, digest: str, size: int, filename: str, media_type: str, purpose: str, by: Staff | None, customer_id: int | None
    ) -> Attachment:
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

    @property
    def path(self) -> Path:
        """Return where the content lies."""
        return path_of(self.sha256)

    def content(self) -> bytes:
        """Return the bytes. Raises OSError if the store lost them."""
        return self.path.read_bytes()


def _store(source: BinaryIO, digest: str) -> None:
    """Put content into the store; it has its name only once it is whole and on the disk."""
    path = path_of(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)  # a full disk must not be kept full by what was not stored
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name too outlives a power cut
    finally:
        os.close(folder)


def path_of(digest: str) -> Path:
    """Return the place of content with this SHA-256 in the store."""
    folder: Path = current_app.config["FILES_FOLDER"]
    return folder / digest[:2] / digest
