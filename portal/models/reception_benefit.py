"""Souvenirs of a reception under the yearly cap of what a customer is given (GF-2, SV-21).

They are promised with the submission, as the room is held from then on. Whatever undoes the application gives them back; and when fewer
came than were announced, the rest.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select

from portal.database import db
from portal.models import benefit
from portal.models.benefit import SOUVENIR, Benefit
from portal.models.reception_judging import costs_of_one
from portal.models.staff import Staff
from portal.rules import reception as rules

if TYPE_CHECKING:
    from portal.models.reception import Reception


def cost_of(reception: Reception) -> Decimal:
    """Return what the souvenirs of a reception cost by the site's standard, in yuan: 0 where none are given."""
    return costs_of_one()[rules.SOUVENIR] * reception.count if rules.SOUVENIR in reception.services else Decimal(0)


def promise(reception: Reception, by: Staff | None) -> None:
    """Take the souvenirs of a submitted application; of an amendment what is more than the visit that it changes has taken.

    Raises `Refusal` naming the cap and who took it: another way is to wish no souvenirs.
    """
    amount, before = cost_of(reception), _line(reception.amends_id)
    if before is not None and before.year == reception.first_on.year:
        amount -= before.amount
    _take(reception, amount, by)


def settle(reception: Reception, by: Staff | None) -> None:
    """Let an approved amendment take the place of the visit that it changes."""
    if reception.amends_id is not None:
        benefit.give_back_many(SOUVENIR, [reception.amends_id, reception.id])
        _take(reception, cost_of(reception), by)


def release(reception: Reception) -> None:
    """Give back what a reception has taken: withdrawn, sent back, rejected, cancelled, or nobody came."""
    benefit.give_back(SOUVENIR, reception.id)


def keep_for(reception: Reception, came: int, by: Staff) -> None:
    """Keep the souvenirs of those who came; those of the others are given back."""
    line = _line(reception.id)
    if line is not None and came < reception.count:
        each = line.amount / reception.count
        benefit.give_back(SOUVENIR, reception.id)
        _take(reception, each * came, by)


def _line(reception_id: int | None) -> Benefit | None:
    return db.session.scalar(select(Benefit).where(Benefit.source == SOUVENIR, Benefit.source_id == reception_id))


def _take(reception: Reception, amount: Decimal, by: Staff | None) -> None:
    if amount > 0:
        day, whom = reception.first_on, reception.customer_id
        benefit.take(whom, amount, on=day, source=SOUVENIR, source_id=reception.id, by=by, title=day.isoformat(), field="wishes")
