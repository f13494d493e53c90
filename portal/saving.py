"""How a form saves: what was done is committed as a whole, or a rule refused it and nothing of it stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import request

from portal.database import commit, db
from portal.models.approval import Approval
from portal.permissions import Permission, ensure
from portal.rules.message import Refusal
from portal.sessions import me


class Saved:
    """What came of a save: true where it stands in the database, else `refusal` says why not."""

    def __init__(self) -> None:
        self.refusal: Refusal | None = None
        self.stands = False

    def __bool__(self) -> bool:
        """Return whether what was done is stored."""
        return self.stands


@contextmanager
def saving(refuse: Callable[[Refusal], object] | None = None) -> Iterator[Saved]:
    """Commit what is done within; where a rule refuses, take all of it back and hand the refusal to `refuse`, a form's mostly.

    Records are to be read again after a refusal. Raises `StateConflict` where somebody else changed a record meanwhile, which every page
    answers with 409 unless the route has something better to say.

        with saving(form.refuse) as saved:
            gift.change(form.values(), by=me())
        if saved:
            return redirect(…)
        return _form(form, status=422)
    """
    saved = Saved()
    try:
        yield saved
        commit()
        saved.stands = True
    except Refusal as refusal:
        db.session.rollback()
        saved.refusal = refusal
        if refuse is not None:
            refuse(refusal)


def submitted_if_asked(document: Any) -> Approval | None:
    """Submit a document that was just saved where the button said so, within `saving`; return its approval. Raises `Refusal`, 403."""
    if request.form.get("do") != "submit":
        return None
    ensure(me().may(Permission.APPROVAL_SUBMIT))
    db.session.flush()
    approval: Approval = document.submit(by=me())
    return approval
