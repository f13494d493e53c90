"""Names of files that go out."""

from __future__ import annotations

from urllib.parse import quote


def disposition(filename: str) -> str:
    """Return the Content-Disposition of a file to keep, its name in any script (RFC 6266, RFC 8187)."""
    ending = filename.rpartition(".")[2]
    return f"attachment; filename=\"portal.{ending}\"; filename*=UTF-8''{quote(filename, safe='')}"
