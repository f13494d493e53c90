"""Whether a PDF that somebody brings is a form of this site as it was sealed (AP-7)."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from portal.blueprints.prints import bp
from portal.i18n import translate
from portal.models.standard import value as standard
from portal.permissions import Permission, requires
from portal.printing.filing import place
from portal.printing.seal_verdict import ANSWERS, Verdict, judge
from portal.printing.standing import VERDICTS
from portal.rules.message import Refusal
from portal.sessions import me


@bp.get("/seal-verification")
@requires(Permission.SHEET_PRINT)
def seal_verification() -> Any:
    """Ask for a PDF."""
    return _page()


@bp.post("/seal-verification")
@requires(Permission.SHEET_PRINT)
def verify_seal() -> Any:
    """Answer what the PDF is: genuine, altered, or not ours. It is not kept."""
    try:
        content, name = _sent()
        verdict = judge(content, place())
    except Refusal as refusal:
        return _page(problem=translate(refusal.message), status=422)
    return _page(verdict, name)


def _sent() -> tuple[bytes, str]:
    limit = standard("upload.size_limit_mb")
    file = request.files.get("file")
    content = file.read(limit * 1024 * 1024 + 1) if file else b""
    if file is None or not content:
        raise Refusal("Choose a PDF.", field="file")
    if len(content) > limit * 1024 * 1024:
        raise Refusal("The file is larger than %(limit)s MB.", field="file", limit=limit)
    return content, (file.filename or "")[-120:]


def _page(verdict: Verdict | None = None, name: str = "", *, problem: str = "", status: int = 200) -> Any:
    named = verdict is not None and verdict.may_be_named_to(me())
    return render_template(
        "prints/seal_verification.html",
        verdict=verdict,
        form=verdict.form if verdict and named else None,
        standing=verdict.standing if verdict and named else None,
        answers=ANSWERS,
        verdicts=VERDICTS,
        name=name,
        problem=problem,
        limit=standard("upload.size_limit_mb"),
    ), status
