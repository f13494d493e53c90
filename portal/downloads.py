"""Files handed out: as they were stored, in portions, never to be run by a browser (quality.md: Security)."""

from __future__ import annotations

import io
import re
from urllib.parse import quote

from flask import Response, request, send_file

from portal.models.attachment import Attachment
from portal.stores import store

_PLAIN = re.compile(r"[^A-Za-z0-9.]+")


def disposition(filename: str, kind: str = "attachment") -> str:
    """Return the Content-Disposition of a file under a name in any script (RFC 6266, RFC 8187); `kind`: attachment | inline.

    Old programs, which know plain letters only, get what has such letters of the name, or 'portal' where nothing has.
    """
    stem, _dot, ending = filename.rpartition(".")
    plain = _PLAIN.sub("-", stem).strip("-.") or "portal"
    return f"{kind}; filename=\"{plain}.{_PLAIN.sub('', ending)}\"; filename*=UTF-8''{quote(filename, safe='')}"


def download(file: Attachment) -> Response:
    """Return a file, or the part of it that was asked for (Range), to be saved under its name.

    Raises `Refusal` where the store has lost it, `StoreFailed` where it cannot be reached; both before anything is answered.
    """
    try:
        content = store().open(file.sha256)
    except FileNotFoundError as error:
        raise file.lost() from error
    response = send_file(content, mimetype=file.media_type, as_attachment=True, download_name=file.filename, etag=False, conditional=False)
    response.headers["Content-Disposition"] = disposition(file.filename)
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    response.content_length = size
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    return response
