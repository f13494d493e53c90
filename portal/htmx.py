"""htmx: fragments of the same templates, and the asset with its fallback."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from flask import Response, make_response, render_template, request
from jinja2_fragments.flask import render_block


def wants_fragment() -> bool:
    """Return whether htmx asked for a part of the page; history restores and boosted links get the whole page."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true" and headers.get("HX-Boosted") != "true" and headers.get("HX-History-Restore-Request") != "true"
    )


def render(template: str, block: str | None = None, *, status: int = 200, **context: Any) -> Response:
    """Return the page, or only its `block` when htmx asked for a fragment."""
    if block and wants_fragment():
        response = make_response(render_block(template, block, **context), status)
    else:
        response = make_response(render_template(template, **context), status)
    response.headers["Vary"] = "HX-Request"
    return response


def local_asset() -> bytes:
    """Return htmx itself, from the wheel that carries the same bytes as the CDN."""
    return files("django_htmx").joinpath("static/django_htmx/htmx-2.min.js").read_bytes()
