"""The contents of files in a folder of this machine, never under the web root."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import structlog

from portal.outage import ensure_room
from portal.stores import DIGEST, Store, StoreFailed, place_of

log = structlog.get_logger()

READ_ONLY = 0o444


class Folder(Store):
    """A folder; what goes wrong with its disk is a `StoreFailed`, as where a bucket cannot be reached."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = str(root)

    def path_of(self, digest: str) -> Path:
        """Return the place of a content."""
        return self.root / place_of(digest)

    @contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        """Turn what the disk says into `StoreFailed`, which is logged; that a content is not there is said as it is."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            why = error.strerror or type(error).__name__
            log.error("file store failed", store=self.name, doing=what, why=why)
            raise StoreFailed(f"{self.name}: {what}: {why}") from error

    def has(self, digest: str) -> bool:
        """Return whether the content is there."""
        with self._doing("looking"):
            return self.path_of(digest).exists()

    def put(self, digest: str, source: BinaryIO) -> None:
        """Store a content; it has its name only once it is whole and on the disk."""
        source.seek(0)
        with self._doing("storing"):
            self._put(self.path_of(digest), source)

    def _put(self, path: Path, source: BinaryIO) -> None:
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

    def open(self, digest: str) -> BinaryIO:
        """Return the file, opened."""
        with self._doing("reading"):
            return self.path_of(digest).open("rb")

    def read(self, digest: str) -> bytes:
        """Return the whole content."""
        with self._doing("reading"):
            return super().read(digest)

    def at(self, digest: str, folder: Path) -> Path:
        """Return the file itself; `folder` is not needed."""
        return self.path_of(digest)

    def remove(self, digest: str) -> None:
        """Remove the file."""
        with self._doing("removing"):
            self.path_of(digest).unlink(missing_ok=True)

    def protect(self, digest: str) -> None:
        """Take the permission to write away, from ourselves too."""
        self.path_of(digest).chmod(READ_ONLY)

    def digests(self) -> Iterator[str]:
        """Yield what is there, without what is being stored at this moment under a name that goes."""
        for folder in sorted(self.root.glob("??")):
            yield from sorted(one.name for one in folder.iterdir() if DIGEST.fullmatch(one.name))

    def check(self) -> None:
        """Raise OSError where the folder cannot be written to, or its disk is full."""
        self.root.mkdir(parents=True, exist_ok=True)
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise PermissionError(self.name)
        ensure_room(self.root)
