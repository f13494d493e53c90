"""Looks at a customer's dossier, written into the log (RO-7): from whatever page its content is read."""

from __future__ import annotations

from flask import request, session
from flask_login import current_user

from portal import clock
from portal.models import audit
from portal.models.customer import Customer

LOOK_MINUTES = 30
"""A page that is opened again within this time is the same look."""
LOOKS_KEPT = 20


def look(customer: Customer | None) -> None:
    """Write that the reader looks at the dossier, once for a while of looking: the signed cookie remembers the last looks.

    A form that was sent is not a look of its own: its page was.
    """
    if customer is None or request.method != "GET":
        return
    minute = int(clock.now().timestamp() // 60)
    looks = {key: at for key, at in session.get("looks", {}).items() if minute - at < LOOK_MINUTES}
    key = str(customer.id)
    if key not in looks:
        audit.write_view("customer-viewed", actor=current_user, record=customer, label=customer.full_name)
        kept = sorted({**looks, key: minute}.items(), key=lambda one: -one[1])[:LOOKS_KEPT]
        session["looks"] = dict(kept)
