"""Likely duplicates (AR-3): the check while somebody types and at save, the scan of the register, what was declared different."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import duplicate_scan as _job  # noqa: F401 - declares the job
from portal import htmx, jobs
from portal.blueprints.archive import bp, card_view
from portal.database import commit, db
from portal.models import duplicate
from portal.models.customer import Customer
from portal.models.duplicate import Candidate, DeclaredDifferent
from portal.models.duplicate_scan import PAGE, DuplicateScan
from portal.permissions import Permission, fetch, requires
from portal.rules.message import Refusal
from portal.rules.text import clean_line
from portal.sessions import me

CHECKED = ("full_name", "credit_code", "telephone")
"""Fields by which duplicates are looked for."""
LONGEST = 200


def mark(candidate: Candidate) -> str:
    """Return a sign of a candidate that says nothing of it: which ones a form has shown, it sends back."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"duplicate {candidate.id}".encode(), hashlib.sha256).hexdigest()[:16]


class Insisted:
    """The candidates that a form has shown and of which it was said that they are other customers."""

    def __init__(self) -> None:
        sent = request.form.get("shown_duplicates", "").split(",") if request.form.get("insist_duplicates") else []
        self.marks = set(sent)

    def among(self, candidates: Iterable[Candidate]) -> set[int]:
        """Return the ids of those of `candidates` that were shown."""
        return {one.id for one in candidates if mark(one) in self.marks}


def ensure_distinct(customer: Customer, fields: Iterable[str]) -> None:
    """Raise `LikelyDuplicates` for the customer just written, unless the form insists that all it is like are other ones."""
    wanted = {name for name in fields if name in CHECKED}
    if not wanted:
        return
    insisted: set[int] = set()
    marks = Insisted()
    if marks.marks:
        values = {name: getattr(customer, name) for name in wanted}
        insisted = marks.among(duplicate.find(current_user, of=customer.id, **values))
    duplicate.ensure_distinct(customer, by=current_user, fields=wanted, insisted=insisted)


@bp.get("/customers/duplicates")
@requires(Permission.CUSTOMER_EDIT)
def duplicates_check() -> Any:
    """Answer the customers that may be the same as what stands in the form; htmx asks while somebody types."""
    typed = {name: clean_line(request.args.get(name, ""))[:LONGEST] for name in CHECKED}
    of = fetch(Customer, request.args.get("customer", 0, type=int), current_user) if request.args.get("customer") else None
    if of is not None:
        typed = {name: value for name, value in typed.items() if value != getattr(of, name)}
    if len(typed.get("full_name", "")) < 2:
        typed["full_name"] = ""
    name, code, telephone = (typed.get(name, "") for name in CHECKED)
    found = duplicate.find(current_user, full_name=name, credit_code=code, telephone=telephone, of=of.id if of else None)
    return htmx.render("archive/duplicates_check.html", "candidates", **_candidates(found))


@bp.get("/duplicates")
@requires(Permission.CUSTOMER_MERGE)
def duplicates() -> Any:
    """Show what the reader's last scan found, likeliest first, or how far it is."""
    scan = DuplicateScan.last_of(current_user)
    after = _place(request.args.get("after", ""))
    rows = scan.page(current_user, after=after, size=PAGE + 1) if scan and scan.ended_at else []
    more = f"{rows[PAGE - 1].rank}.{rows[PAGE - 1].id}" if len(rows) > PAGE else ""
    busy = scan is not None and scan.job is not None and scan.job.state in ("queued", "running")
    return htmx.render(
        "archive/duplicates.html", "scan", scan=scan, busy=busy, rows=rows[:PAGE], more=more, after=request.args.get("after", "")
    )


@bp.post("/duplicates/scan")
@requires(Permission.CUSTOMER_MERGE)
def duplicates_scan() -> Any:
    """Begin a scan of all customers in the reader's scope."""
    scan = DuplicateScan.begin(by=me())
    commit()
    if scan.job is not None:
        jobs.start(scan.job)
    return redirect(url_for("archive.duplicates"), 303)


@bp.get("/duplicates/different")
@requires(Permission.CUSTOMER_MERGE)
def duplicates_different() -> Any:
    """List what was declared different, newest first."""
    query = DeclaredDifferent.visible_to(current_user).order_by(DeclaredDifferent.id.desc()).limit(PAGE + 1)
    before = request.args.get("before", type=int)
    rows = list(db.session.scalars(query.where(DeclaredDifferent.id < before) if before else query))
    return htmx.render("archive/duplicates_different.html", rows=rows[:PAGE], more=rows[PAGE - 1].id if len(rows) > PAGE else None)


@bp.post("/duplicates/different")
@requires(Permission.CUSTOMER_MERGE)
def duplicates_declare() -> Any:
    """Keep that two customers are not the same."""
    first, second = (fetch(Customer, request.form.get(name, 0, type=int), current_user) for name in ("first", "second"))
    duplicate.declare_different(first.id, second.id, by=current_user)
    commit()
    text = _("%(first)s and %(second)s are different customers; they are not offered again.", first=first.number, second=second.number)
    flash(text, "ok")
    return redirect(url_for("archive.duplicates", after=request.form.get("after") or None), 303)


@bp.post("/duplicates/different/<int:pair_id>/removal")
@requires(Permission.CUSTOMER_MERGE, pair=DeclaredDifferent)
def duplicates_take_back(pair: DeclaredDifferent) -> Any:
    """Forget that two customers were declared different."""
    pair.take_back(by=current_user)
    commit()
    flash(_("The pair may be offered again."), "ok")
    return redirect(url_for("archive.duplicates_different"), 303)


def _place(text: str) -> tuple[int, int] | None:
    """Return the (rank, id) of a cursor, None where it is not one."""
    rank, _dot, last = text.partition(".")
    if not (rank.isdecimal() and last.isdecimal()) or len(text) > 30:
        return None
    return int(rank), int(last)


def form_context(refusal: Refusal | None = None) -> dict[str, Any]:
    """Return what a customer's form needs to show candidates: none, or those of a refusal."""
    return _candidates(refusal.candidates if isinstance(refusal, duplicate.LikelyDuplicates) else [])


def _candidates(candidates: list[Candidate]) -> dict[str, Any]:
    return {"candidates": candidates, "shown_duplicates": ",".join(mark(one) for one in candidates), "states": card_view.STATES}
