"""Requests and complaints of customers 服务请求 (SV-1 to SV-7): inquiry, complaint, repair, suggestion, special event.

Here is what a request is and who sees it. It is taken in by `request_intake.py`, goes its way by `request_flow.py`, is counted against its
deadlines by `request_clock.py`, and goes up past them by `request_escalation.py`. What happened to it, step by step, is in
`request_step.py`; what others hear of it, in `request_events.py`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, and_, exists, or_, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base
from portal.models import in_charge
from portal.models.customer import BYTEWISE, Customer
from portal.models.paging import NotLeading
from portal.models.register_entry import RegisterEntry
from portal.models.scope import assisted, customer_scope
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission
from portal.rules import requests as rules

FAR = datetime(9999, 12, 30, tzinfo=UTC)
"""Stands for no deadline, so that the queue has an order without gaps."""
FAR_DAY = FAR.date()

_FILTERED = ("kind", "channel", "state", "priority", "cause", "customer_id")
"""What lists are filtered by stands in the index of their order: what does not fit is left out without being looked at."""
_SEEN_BY = ("team_id", "assignee_id", "in_charge_id", "in_charge_team_id")
"""Who sees a request: it stands there for the same reason."""
_QUEUE = ("due_on", "rank", "due_at", "id")
_OPEN = sql("is_open")
ELSEWHERE = {
    "in_charge_id": sql("in_charge_id <> assignee_id"),
    "in_charge_team_id": sql("(in_charge_team_id <> team_id OR team_id IS NULL)"),
}
"""What is in the charge of others than have it in hand: little, in offices that work so. In these words the databases know its indexes."""
_UNFINISHED = sql("is_open OR waiting_since IS NOT NULL")
_COMPLAINT = sql("kind = 'complaint'")
_TO_ESCALATE = sql("escalate_at IS NOT NULL")
_TO_ASSIGN = sql("is_open AND state = 'received'")
_UP, _UP_TO_MANAGERS = sql("is_open AND escalation > 0"), sql("is_open AND escalation > 1")
_WAITING = sql("is_open AND waiting_since IS NOT NULL")
_UNTALLIED = sql("NOT tallied")
_WITHOUT_CUSTOMER = sql("customer_id IS NULL")
_NAMED = sql("reference <> ''")


def _queue_of(name: str, column: str, which: str = "is_open") -> Index:
    """Return the index of somebody's part of the queue."""
    others = [one for one in _SEEN_BY if one != column]
    return _partial(f"ix_service_request_{name}", [column, *_QUEUE, *_FILTERED, "received_on", "waiting_since", *others], which)


def _received_of(column: str, which: str = "") -> Index:
    """Return the index of somebody's part of the list of all."""
    others = [one for one in _SEEN_BY if one != column]
    columns = [column, "received_at", "id", *_FILTERED, "is_open", "due_at", "waiting_since", *others]
    return _partial(f"ix_service_request_{column}_received", columns, which)


def _partial(name: str, columns: list[str], which: str) -> Index:
    where = sql(which) if which else None
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


class ServiceRequest(Base):
    """One request: received → assigned → in hand → answered → followed up → closed; reopened, or joined to the one that it repeats."""

    __tablename__ = "service_request"

    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    """None as long as nobody has said which customer it is: a request is taken in before its caller is registered."""
    customer_name: Mapped[str] = mapped_column(default="")
    """Who it is for as it was said or written, where that is no customer yet."""
    caller: Mapped[str] = mapped_column(default="")
    telephone: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    channel: Mapped[str]
    priority: Mapped[str] = mapped_column(default=rules.NORMAL)
    grade: Mapped[str] = mapped_column(default="")
    """The customer's grade when its deadlines were set."""
    rank: Mapped[int] = mapped_column(default=3)
    """The place of that grade in the queue, A first (`rules.grading.grade_rank`)."""
    text: Mapped[str] = mapped_column(Text)
    search_text: Mapped[str] = mapped_column(Text, default="")
    reference: Mapped[str] = mapped_column(BYTEWISE, default="")
    """Its number in the system that it was imported from."""
    state: Mapped[str]
    is_open: Mapped[bool] = mapped_column(default=True)
    taken_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    assignee_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    """Who has it in hand: there is always somebody (SV-2)."""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    """The team of who has it in hand."""
    in_charge_id: Mapped[int | None]
    """Who is in charge of its customer, or took it in as long as there is none."""
    in_charge_team_id: Mapped[int | None]
    """The team of its customer. The database keeps both true (`in_charge.py`); nothing else writes them."""

    received_at: Mapped[datetime]
    received_on: Mapped[date]
    """The day of that at the site: months and years are counted by it."""
    clock_from: Mapped[datetime]
    """From when its hours count: when it was received, or reopened."""
    deadlines_version: Mapped[int] = mapped_column(default=0)
    """The version of the standard `request.deadlines` with which it began (ST-2)."""
    hours_version: Mapped[int] = mapped_column(default=0)
    """The version of the office hours by which its hours count."""
    first_minutes: Mapped[int | None]
    solve_minutes: Mapped[int | None]
    """Minutes of working time allowed until the first answer, and until the solution; None where nothing is counted."""
    waits: Mapped[list[Any]] = mapped_column(default=list)
    """Spans in which it waited for the customer: [[since, until], …] as ISO texts."""
    waiting_since: Mapped[datetime | None]
    first_due_at: Mapped[datetime | None]
    solve_due_at: Mapped[datetime | None]
    due_at: Mapped[datetime] = mapped_column(default=FAR)
    """What is due next: first answer, solution, or following up; `FAR` while it waits for the customer."""
    due_on: Mapped[date] = mapped_column(default=FAR_DAY)
    escalate_at: Mapped[datetime | None]
    """When it goes up next (`request_escalation.py`)."""
    escalation: Mapped[int] = mapped_column(default=0)
    """How far up it went: 0, 1 supervisor, 2 manager."""

    first_answered_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    followed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    first_worked: Mapped[int | None]
    first_elapsed: Mapped[int | None]
    solve_worked: Mapped[int | None]
    solve_elapsed: Mapped[int | None]
    """Minutes that first answer and solution took, of working time without waiting for the customer, and by the clock."""
    reopened: Mapped[int] = mapped_column(default=0)

    answer: Mapped[str] = mapped_column(Text, default="")
    cause: Mapped[str] = mapped_column(default="")
    """A code of the standard `choices.complaint_cause`."""
    done: Mapped[str] = mapped_column(Text, default="")
    prevention: Mapped[str] = mapped_column(Text, default="")
    satisfied: Mapped[bool | None]
    word: Mapped[str] = mapped_column(Text, default="")
    """What the customer said of it."""
    department: Mapped[str] = mapped_column(default="")
    """The responsible department 归口部门."""
    register_entry_id: Mapped[int | None] = mapped_column(ForeignKey("register_entry.id", ondelete="SET NULL"))
    """The entry of a special event in the office register QMS-PM-31304 (SV-6)."""
    import_id: Mapped[int | None] = mapped_column(index=True)
    tallied: Mapped[bool] = mapped_column(default=False)
    """Whether the figures of its month count it as it stands."""
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer | None] = relationship()
    taken_by: Mapped[Staff] = relationship(foreign_keys=[taken_by_id])
    assignee: Mapped[Staff] = relationship(foreign_keys=[assignee_id])
    team: Mapped[Team | None] = relationship()
    register_entry: Mapped[RegisterEntry | None] = relationship()

    __table_args__ = (
        Index(
            "ix_service_request_queue", *_QUEUE, *_FILTERED, "received_on", "waiting_since", *_SEEN_BY,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        *(_queue_of(name, column) for name, column in (("mine", "assignee_id"), ("team", "team_id"))),
        *(_queue_of(column, column, f"is_open AND {ELSEWHERE[column]}") for column in ELSEWHERE),
        Index("ix_service_request_of_customer", "customer_id", *_QUEUE, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_service_request_customer_id_received", "customer_id", "received_at", "id", "state"),
        *(_received_of(column) for column in ("assignee_id", "team_id")),
        *(_received_of(column, str(ELSEWHERE[column])) for column in ELSEWHERE),
        Index("ix_service_request_received_at_id", "received_at", "id", *_FILTERED, *_SEEN_BY),
        # What is overdue or waits, in the order of the list of all.
        Index(
            "ix_service_request_unfinished", "received_at", "id", "is_open", "due_at", "waiting_since", *_FILTERED, *_SEEN_BY,
            sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED,
        ),
        # All that the month's complaints are counted by.
        Index(
            "ix_service_request_complaints", "received_on", "state", "cause", "department", "channel", "customer_id", *_SEEN_BY,
            "satisfied", "first_worked", "first_elapsed", "solve_worked", "solve_elapsed",
            sqlite_where=_COMPLAINT, postgresql_where=_COMPLAINT,
        ),
        Index(None, "received_on"),
        # What the inbox counts: it stands on every page.
        Index("ix_service_request_to_assign", "team_id", "assignee_id", "id", sqlite_where=_TO_ASSIGN, postgresql_where=_TO_ASSIGN),
        Index("ix_service_request_up", "team_id", "due_on", "assignee_id", "id", sqlite_where=_UP, postgresql_where=_UP),
        Index(
            "ix_service_request_up_to_managers", "due_on", "rank", "due_at", "id", "assignee_id",
            sqlite_where=_UP_TO_MANAGERS, postgresql_where=_UP_TO_MANAGERS,
        ),
        Index("ix_service_request_waiting", "due_on", "rank", "due_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_service_request_escalate", "escalate_at", "id", sqlite_where=_TO_ESCALATE, postgresql_where=_TO_ESCALATE),
        Index("ix_service_request_untallied", "id", sqlite_where=_UNTALLIED, postgresql_where=_UNTALLIED),
        Index("ix_service_request_unknown", "taken_by_id", "id", sqlite_where=_WITHOUT_CUSTOMER, postgresql_where=_WITHOUT_CUSTOMER),
        Index("ix_service_request_reference", "reference", sqlite_where=_NAMED, postgresql_where=_NAMED),
    )  # fmt: skip

    # --- whose it is -----------------------------------------------------------------------------------------------------

    @classmethod
    def visible_to(cls, user: Staff) -> Select[ServiceRequest]:
        """Return the requests of customers in scope, those that `user` has in hand, and those taken in by `user` without a customer yet.

        A supervisor also sees what the team has in hand (RO-1).
        """
        query = select(cls).where(cls.state != rules.IMPORTING)
        return query if user.is_manager else query.where(cls.scope(user))

    @classmethod
    def scope(cls, user: Staff) -> Any:
        """Return the condition on requests that `user`, who is no manager, may see."""
        mine = [
            cls.assignee_id == user.id,
            and_(cls.customer_id.is_(None), cls.taken_by_id == user.id),
            exists().where(Customer.id == cls.customer_id, customer_scope(user)),
        ]
        if user.is_supervisor and user.team_id is not None:
            mine.append(cls.team_id == user.team_id)
        return or_(*mine)

    @classmethod
    def parts_seen_by(cls, user: Any) -> list[list[Any]]:
        """Return conditions on the parts of the requests that `user`, who is no manager, may see: none overlap, an index leads to each.

        The last part, of the customers that `user` assists with, is small and has no index in the order of a list.
        """
        columns = (cls.assignee_id, cls.in_charge_id, cls.team_id, cls.in_charge_team_id)
        assignee, in_charge, team, charge_team = (NotLeading(one) for one in columns)
        parts: list[list[Any]] = []
        others: list[Any] = []
        if user.is_supervisor and user.team_id is not None:
            mine, others = user.team_id, [team.is_distinct_from(user.team_id), charge_team.is_distinct_from(user.team_id)]
            parts = [[cls.team_id == mine], [cls.in_charge_team_id == mine, ELSEWHERE["in_charge_team_id"]]]
        parts += [[cls.assignee_id == user.id, *others], [cls.in_charge_id == user.id, ELSEWHERE["in_charge_id"], *others]]
        return [*parts, [assisted(user, cls.customer_id), assignee != user.id, in_charge.is_distinct_from(user.id), *others]]

    @classmethod
    def walked(cls, user: Staff) -> Any:
        """Return `scope` for a list that is walked in another order, and no part of it leads."""
        customer, assignee, in_charge = (NotLeading(one) for one in (cls.customer_id, cls.assignee_id, cls.in_charge_id))
        parts = [assignee == user.id, in_charge == user.id, assisted(user, customer)]
        if user.is_supervisor and user.team_id is not None:
            parts = [*(NotLeading(one) == user.team_id for one in (cls.team_id, cls.in_charge_team_id)), *parts]
        return or_(*parts)

    def can_work(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may go on with it: as long as it is open."""
        return self.is_open and user.may(Permission.REQUEST_WORK)

    # --- what it is called -----------------------------------------------------------------------------------------------

    @property
    def number(self) -> str:
        """Return the number by which people call it: R2026-000123."""
        return rules.number_of(self.received_on.year, self.id)

    @property
    def named(self) -> str:
        """Return the customer's name, or what was said where it is no customer yet."""
        return self.customer.full_name if self.customer is not None else self.customer_name

    @property
    def first_line(self) -> str:
        """Return the beginning of its text, for lists."""
        return rules.first_line(self.text)

    @property
    def label(self) -> str:
        """Return what inbox and log call it."""
        return f"{self.number} {self.first_line}"

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/requests/{self.id}"

    # --- how it stands ---------------------------------------------------------------------------------------------------

    @property
    def has_deadline(self) -> bool:
        """Return whether something is due."""
        return self.is_open and self.due_at < FAR

    @property
    def is_overdue(self) -> bool:
        """Return whether what is due is past."""
        return self.has_deadline and self.due_at < clock.now()

    @property
    def is_written(self) -> bool:
        """Return whether it came in writing: by letter or e-mail (SV-10)."""
        return self.channel in rules.WRITTEN


in_charge.keep(ServiceRequest, without_customer="taken_by_id")
