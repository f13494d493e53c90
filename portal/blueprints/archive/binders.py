"""Binders: the list in the order of the shelves, and what lies in one (AR-9, PR-6)."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_login import current_user

from portal import htmx
from portal.blueprints.archive import bp
from portal.looks import look
from portal.models import binder_list
from portal.models.binder import Binder
from portal.models.binder_list import MIXED, Query
from portal.permissions import Permission, requires
from portal.printing.boxes import lying_in
from portal.rules.archive_numbers import RETENTIONS


@bp.get("/binders")
@requires(Permission.DOSSIER_READ)
def binders() -> Any:
    """Show the binders in the reader's scope as they stand on the shelves."""
    query = Query.read(request.args)
    page = binder_list.page(current_user, query, after=request.args.get("after", 0, int))
    return htmx.render(
        "archive/binders.html",
        "list",
        query=query,
        page=page,
        mixed=MIXED,
        retentions=RETENTIONS,
        next=_address(query, page.next) if page.next else "",
    )


def _address(query: Query, after: int) -> str:
    given: dict[str, Any] = {**query.args(), "after": after}
    return url_for("archive.binders", **given)


@bp.get("/binders/<int:binder_id>")
@requires(Permission.DOSSIER_READ, binder=Binder)
def binder(binder: Binder) -> Any:
    """Show what lies in a binder; the QR code on its spine leads here."""
    look(binder.customer)
    return render_template("archive/binder.html", binder=binder, documents=lying_in(binder), warnings=binder.mixed())
