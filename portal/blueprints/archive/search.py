"""Search from every page: the page of results, and suggestions while typing (AR-6)."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_login import current_user

from portal import htmx
from portal.blueprints.archive import bp
from portal.models import search as index
from portal.permissions import Permission, requires
from portal.rules.text import clean_line

LONGEST = 80
SUGGESTED, SHOWN = 8, 50


@bp.get("/customers/choices")
@requires(Permission.CUSTOMER_READ)
def customer_choices() -> Any:
    """Answer customers to choose for a form, for the words typed into its field."""
    words = clean_line(request.args.get("customer", ""))[:LONGEST]
    hits = index.search(current_user, words, SUGGESTED) if words else []
    return htmx.render("archive/customer_choices.html", "choices", words=words, hits=hits)


@bp.get("/search")
@requires(Permission.CUSTOMER_READ)
def search() -> Any:
    """Show what the words find in the reader's scope, best first; htmx gets a few suggestions."""
    words = clean_line(request.args.get("q", ""))[:LONGEST]
    if htmx.wants_fragment():
        if not words:
            return Response("", headers={"Vary": "HX-Request"})
        return htmx.render("archive/search.html", "suggestions", words=words, hits=index.search(current_user, words, SUGGESTED))
    hits = index.search(current_user, words, SHOWN + 1) if words else []
    return htmx.render("archive/search.html", words=words, hits=hits[:SHOWN], more=len(hits) > SHOWN)
