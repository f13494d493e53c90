"""What long-term agreements ask of people before they run out, and what those that run keep from happening (RL-4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, select

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
from portal.permissions import Permission
from portal.rules.message import N_, Message

NAME = "agreement"
TITLE = N_("Long-term agreements")


def notice_day(today: date) -> date:
    """Return until which end an agreement stands in the inbox today."""
    return today + timedelta(days=standard("agreement.notice_days"))


def _waiting(user: Staff) -> Select[Agreement]:
    query = running_out(notice_day(clock.today())).join(Customer, Customer.id == Agreement.customer_id)
    return query.where(in_charge(user))


def _entries(user: Staff, kind: str, group: str, most: int) -> list[inbox.Entry]:
    if group == "sign" or kind not in ("", NAME) or not user.may(Permission.AGREEMENT_EDIT):
        return []
    today, days = clock.today(), standard("agreement.notice_days")
    query = _waiting(user).with_only_columns(Agreement.id, Agreement.title, Customer.full_name, Agreement.ends_on)
    found = [
        inbox.Entry(
            group="do", kind=NAME, kind_title=TITLE, title=f"{one.title} · {one.full_name}",
            what=N_("It runs out: draft its renewal, or have it ended"),
            since=datetime.combine(one.ends_on - timedelta(days=days), time(), tzinfo=clock.SITE_ZONE), due_on=one.ends_on,
            page=("orders.agreement", {"agreement_id": one.id}),
        )
        for one in db.session.execute(query.order_by(Agreement.ends_on, Agreement.id).limit(most))
    ]  # fmt: skip
    return [one for one in found if group != "overdue" or one.is_overdue(today)]


def _counted(user: Staff) -> Iterable[Select[Any]]:
    if user.may(Permission.AGREEMENT_EDIT):
        yield _waiting(user).with_only_columns(Agreement.id)


inbox.source(inbox.Source(_entries, _counted, lambda: {NAME: TITLE}))


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
