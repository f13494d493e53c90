"""Files handed out: as they were stored, in portions, never to be run by a browser (quality.md: Security)."""

from __future__ import annotations

import io

from flask import Response, request, send_file

from portal.models.attachment import Attachment
from portal.stores import store


def download(file: Attachment) -> Response:
    """Return a file, or the part of it that was asked for (Range), to be saved under its name.

    Raises `Refusal` where the store has lost it, `StoreFailed` where it cannot be reached; both before anything is answered.
    """
    try:
        content = store().open(file.sha256)
    except FileNotFoundError as error:
        raise file.lost() from error
    response = send_file(content, mimetype=file.media_type, as_attachment=True, download_name=file.filename, etag=False, conditional=False)
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    response.content_length = size
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    return response
