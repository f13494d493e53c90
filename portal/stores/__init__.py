"""Where the contents of files lie: a folder of this machine, or a bucket of an S3 service (`FILES_STORE`). One interface for both.

A content is found by its SHA-256, stored once and never changed. Records say who put it there (`models/attachment.py`).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from flask import Flask, current_app

KINDS = ("folder", "s3")
DIGEST = re.compile(r"[0-9a-f]{64}")


class StoreFailed(Exception):  # noqa: N818 - it is an outcome, not a mistake
    """The place of the files cannot be reached, or refuses. Nothing was stored, read or removed; it may work later."""


class Store(ABC):
    """A place for contents. Every method may raise `StoreFailed`; `open`, `read` raise FileNotFoundError for what is not there."""

    name: str
    """What commands and the log call it."""

    @abstractmethod
    def has(self, digest: str) -> bool:
        """Return whether the content is there."""

    @abstractmethod
    def put(self, digest: str, source: BinaryIO) -> None:
        """Store what `source`, which can be read more than once, has from its beginning; once this returns, it outlives a power cut."""

    @abstractmethod
    def open(self, digest: str) -> BinaryIO:
        """Return the content to be read in portions, from any place of it. The caller closes it."""

    def read(self, digest: str) -> bytes:
        """Return the whole content."""
        with self.open(digest) as content:
            return content.read()

    @abstractmethod
    def at(self, digest: str, folder: Path) -> Path:
        """Return where a program can read the content as long as `folder`, which is the caller's own, is there.

        Where it is not in the store, nothing is at that path.
        """

    @abstractmethod
    def remove(self, digest: str) -> None:
        """Take the content out; nothing happens where it is not there."""

    def protect(self, digest: str) -> None:  # noqa: B027 - only some places can
        """Keep the content from being changed by mistake, where the place can do that."""

    @abstractmethod
    def digests(self) -> Iterator[str]:
        """Yield what is there, in ascending order."""

    @abstractmethod
    def check(self) -> None:
        """Raise `StoreFailed` or OSError where the place cannot be used now."""


def place_of(digest: str) -> str:
    """Return the name under which both places have a content: not too many in one folder."""
    return f"{digest[:2]}/{digest}"


def made(kind: str, config: Mapping[str, Any]) -> Store:
    """Return the store of this kind; what a bucket needs is loaded when it is first used."""
    if kind == "s3":
        from portal.stores.bucket import Bucket

        return Bucket(config)
    from portal.stores.folder import Folder

    return Folder(config["FILES_FOLDER"])


def store() -> Store:
    """Return the store of this site."""
    found: Store = current_app.extensions["store"]
    return found


def init_app(app: Flask) -> None:
    """Choose the store by the site's settings."""
    app.extensions["store"] = made(app.config["FILES_STORE"], app.config)
