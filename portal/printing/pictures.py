"""Pictures of filed files, kept beside the files once they are drawn: a page is drawn for the first look only (AR-10)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from flask import current_app

from portal.models.attachment import Attachment
from portal.printing.order import Glance
from portal.printing.press import POOL

THUMBNAIL, PAGE = 160, 1000
"""Widths in pixels: in a list, and to be read."""


def picture(file: Attachment, page: int, width: int) -> Path | None:
    """Return where the picture of a page is; None where the file cannot be shown. Raises PrintingFailed, OSError, StoreFailed."""
    path = _folder() / file.sha256[:2] / f"{file.sha256}-{page}-{width}.png"
    if path.exists():
        return path
    drawn = POOL.picture(Glance(file.content(), file.media_type, page, width))
    if drawn is None:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(drawn)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)  # a full disk must not be kept full by what nobody can look at
        raise
    return path


def forget(sha256: str) -> None:
    """Remove the pictures of content that is removed itself."""
    for path in (_folder() / sha256[:2]).glob(f"{sha256}-*.png"):
        path.unlink(missing_ok=True)


def _folder() -> Path:
    folder: Path = current_app.config["FILES_FOLDER"]
    return folder.parent / "pictures"
