"""What long-term agreements ask of people before they run out, and what those that run keep from happening (RL-4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Executable, Select, func, select

from portal import clock
from portal.database import db
from portal.models import inbox
from portal.models.agreement import FILED, Agreement, running_out
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.order_desk import in_charge
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.standard_effects import touching
from portal.permissions import Permission
from portal.rules.message import N_, Message

NAME = "agreement"
TITLE = N_("Long-term agreements")


def notice_day(today: date) -> date:
    """Return until which end an agreement stands in the inbox today."""
    return today + timedelta(days=standard("agreement.notice_days"))


def _waiting(user: Staff) -> Select[Agreement]:
    return running_out(notice_day(clock.today())).where(in_charge(user, Agreement.customer_id))


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    if user.may(Permission.AGREEMENT_EDIT):
        rows: Any = _waiting(user).with_only_columns(*inbox.row(Agreement.id, None, Agreement.ends_on))
        ahead = timedelta(days=standard("agreement.notice_days"))
        yield inbox.Queue(NAME, [rows.order_by(Agreement.ends_on, Agreement.id)], _tell, timed=partial(_since_told, ahead))


def _since_told(ahead: timedelta, _since: datetime | None, ends_on: date | None) -> tuple[datetime, date]:
    assert ends_on is not None  # noqa: S101 - of every agreement
    return datetime.combine(ends_on - ahead, time(), tzinfo=clock.SITE_ZONE), ends_on


def _said() -> Executable:
    return (
        select(Agreement.id, Agreement.title, Customer.full_name)
        .join(Customer, Customer.id == Agreement.customer_id)
        .where(Agreement.id.in_(inbox.NUMBERS))
    )


def _tell(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for number, title, name in inbox.records(_said, numbers):
        what, page = N_("It runs out: draft its renewal, or have it ended"), ("orders.agreement", {"agreement_id": number})
        yield number, inbox.Told(f"{title} · {name}", what, page)


inbox.source(_queues, lambda: {NAME: TITLE})


@touching("agreement.notice_days")
def _notice_days(before: Any, value: Any, day: date) -> Iterator[Message]:
    for text, days in (
        (N_("Long-term agreements in the inboxes on that day, by the days so far: %(count)s."), before),
        (N_("By the new days: %(count)s."), value),
    ):
        ending = running_out(day + timedelta(days=days)).subquery()
        yield Message(text, {"count": db.session.scalar(select(func.count()).select_from(ending)) or 0})


def left_open(customer_ids: Collection[int]) -> list[Message]:
    """Return in words which agreements with customers run still."""
    running = (Agreement.customer_id.in_(customer_ids), Agreement.state == FILED, Agreement.ends_on >= clock.today())
    text_ = N_("The agreement “%(title)s” with %(customer)s runs until %(day)s.")
    return [
        Message(text_, {"title": one.title, "customer": one.customer.full_name, "day": one.ends_on.isoformat()})
        for one in db.session.scalars(select(Agreement).where(*running).order_by(Agreement.id))
    ]


@blocker
def _running(disposal: Disposal) -> Iterable[Message]:
    return left_open([customer.id for customer in disposal.customers])
