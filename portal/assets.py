"""What a browser fetches besides pages: versions in addresses, long keeping, compression; and small pictures beside words.

A static file's address carries the version of its content, so a browser keeps it for a year and still gets a new one at
once. In production nginx may do the compressing; `make run` has none, and the page weight of quality.md holds there too.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import secrets
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request
from markupsafe import Markup

STATIC = ("static", "bootstrap.static")
"""Endpoints of files whose addresses carry a version."""

KEPT = "public, max-age=31536000, immutable"
COMPRESSED = {"text/html", "text/css", "text/javascript", "application/javascript", "application/json", "image/svg+xml"}
SMALLEST = 1024
"""Bytes under which compressing an answer saves nothing."""
_PADDING = 100
"""Most bytes of random padding in a compressed page: its length then tells nothing of the token in it (BREACH, after
"Heal the Breach", Palacios et al. 2022; the same figure as in Django's GZipMiddleware)."""

_symbols = re.compile(r'<symbol [^>]*viewBox="([^"]+)" id="([a-z0-9-]+)">(.*?)</symbol>', re.DOTALL)


@lru_cache(maxsize=256)
def _digest(path: str, _changed: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def version(endpoint: str, filename: str) -> str:
    """Return the version of a static file: the beginning of its content's SHA-256; empty for a file that is not there."""
    blueprint = current_app.blueprints.get(endpoint.partition(".")[0]) if "." in endpoint else current_app
    path = f"{blueprint.static_folder}/{filename}"  # type: ignore[union-attr]
    try:
        return _digest(path, os.stat(path).st_mtime_ns)  # noqa: PTH116 - several times a page, and pathlib costs more than the call
    except OSError:
        return ""


@lru_cache(maxsize=64)
def _pressed(_etag: str, data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)


def _press(data: bytes) -> bytes:
    """Return a page compressed, with a padding of random length in the gzip header's file name."""
    buffer = io.BytesIO()
    padding = "x" * secrets.randbelow(_PADDING + 1)
    with gzip.GzipFile(padding, "wb", 4, buffer, mtime=0) as file:
        file.write(data)
    return buffer.getvalue()


def compress(response: Response) -> Response:
    """Compress an answer where the browser takes it and it is worth it."""
    if response.mimetype not in COMPRESSED or response.status_code in (204, 206, 304) or "Content-Encoding" in response.headers:
        return response
    kept = response.direct_passthrough
    if response.is_streamed and not kept:
        return response
    response.vary.add("Accept-Encoding")
    if "gzip" not in request.accept_encodings or (response.content_length or SMALLEST) < SMALLEST:
        return response
    response.direct_passthrough = False
    data = response.get_data()
    etag = response.get_etag()[0]
    response.set_data(_pressed(etag, data) if etag else _press(data))
    response.headers["Content-Encoding"] = "gzip"
    if etag:
        response.set_etag(etag, weak=True)
    return response


@lru_cache(maxsize=1)
def _sprite() -> dict[str, tuple[str, str]]:
    text = files("flask_bootstrap").joinpath("static/bootstrap5/icons/bootstrap-icons.svg").read_text()
    return {name: (box, body) for box, name, body in _symbols.findall(text)}


@lru_cache(maxsize=256)
def icon_svg(name: str) -> Markup:
    """Return the picture of Bootstrap Icons as SVG within the page, hidden from readers of screens. Raises KeyError for an unknown name.

    In the page, because the library's file of all pictures weighs a megabyte.
    """
    box, body = _sprite()[name]
    return Markup('<svg class="icon" viewBox="{}" aria-hidden="true" focusable="false">{}</svg>').format(box, Markup(body))  # noqa: S704


def init_app(app: Flask) -> None:
    """Version addresses of static files, keep and compress answers, and give templates `icon_svg`."""
    app.jinja_env.globals["icon_svg"] = icon_svg

    @app.url_defaults
    def with_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint in STATIC and "filename" in values:
            found = version(endpoint, values["filename"])
            if found:
                values.setdefault("v", found)

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint in STATIC and request.view_args and response.status_code in (200, 304):
            wanted = request.args.get("v")
            if wanted and wanted == version(request.endpoint, request.view_args["filename"]):
                response.headers["Cache-Control"] = KEPT
        return compress(response)
