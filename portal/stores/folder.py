"""The contents of files in a folder of this machine, never under the web root."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from portal.stores import DIGEST, Store, place_of

READ_ONLY = 0o444


class Folder(Store):
    """A folder; what goes wrong with its disk is an OSError."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = str(root)

    def path_of(self, digest: str) -> Path:
        """Return the place of a content."""
        return self.root / place_of(digest)

    def has(self, digest: str) -> bool:
        """Return whether the content is there."""
        return self.path_of(digest).exists()

    def put(self, digest: str, source: BinaryIO) -> None:
        """Store a content; it has its name only once it is whole and on the disk."""
        path = self.path_of(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        source.seek(0)
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
        return self.path_of(digest).open("rb")

    def at(self, digest: str, folder: Path) -> Path:
        """Return the file itself; `folder` is not needed."""
        return self.path_of(digest)

    def remove(self, digest: str) -> None:
        """Remove the file."""
        self.path_of(digest).unlink(missing_ok=True)

    def protect(self, digest: str) -> None:
        """Take the permission to write away, from ourselves too."""
        self.path_of(digest).chmod(READ_ONLY)

    def digests(self) -> Iterator[str]:
        """Yield what is there, without what is being stored at this moment under a name that goes."""
        for folder in sorted(self.root.glob("??")):
            yield from sorted(one.name for one in folder.iterdir() if DIGEST.fullmatch(one.name))

    def check(self) -> None:
        """Raise OSError where the folder cannot be written to."""
        self.root.mkdir(parents=True, exist_ok=True)
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise PermissionError(self.name)
