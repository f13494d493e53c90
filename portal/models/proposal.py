"""Customer proposals 客户提案 (PP-1): what a proposal is, who sees it, where it stands and lies.

It is registered by `proposal_intake.py`, goes to its departments by `proposal_routing.py` (lines: `proposal_department.py`), is counted
against its days by `proposal_clock.py`, and its customer is told by `proposal_letter.py`. Similar ones are found by `proposal_search.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Literal, Self

from sqlalchemy import ForeignKey, Index, Select, Text, exists, false, or_, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base
from portal.models.attachment import Attachment
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.in_charge import KeptInCharge
from portal.models.proposal_department import ProposalDepartment
from portal.models.request import ServiceRequest
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission
from portal.rules import proposal_standards  # noqa: F401 - adds the standards
from portal.rules import proposals as rules

_UNDECIDED = sql("state IN ('registered', 'routing', 'routed', 'assessed')")
_REGISTERED = sql("state = 'registered'")
_ASSESSED = sql("state = 'assessed'")
_TO_TELL = sql("to_tell")
_TO_WARN = sql("warn_on IS NOT NULL")
_OF_REQUEST = sql("request_id IS NOT NULL")
_LISTED = ("state", "kind", "channel", "responsible", "team_id", "received_on", "limit_on", "decided_on", "customer_id")
"""What lists are filtered by stands in the indexes of who sees them: what does not fit is left out without being looked at."""


class Proposal(KeptInCharge, Base):
    """One proposal: registered → routing in approval → with the departments → assessed → adopted | kept | not adopted → carried out."""

    __tablename__ = "proposal"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """A code of `choices.proposal_kind`; the supervisor classifies it anew when it is routed (PP-3)."""
    channel: Mapped[str]
    """How it was received: a code of `rules.proposals.CHANNELS`."""
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"), index=True)
    contact: Mapped[str] = mapped_column(default="")
    """Who of the customer made it, as it was written."""
    reach: Mapped[str] = mapped_column(default="")
    """Where that person is reached: telephone, e-mail or address."""
    received_on: Mapped[date]
    received_time: Mapped[str] = mapped_column(default="")
    """At which time, such as 09:40, where it was noted."""
    summary: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    search_text: Mapped[str] = mapped_column(Text, default="")
    request_id: Mapped[int | None] = mapped_column(ForeignKey("service_request.id", ondelete="SET NULL"))
    """The request that became this proposal (SV-7)."""
    state: Mapped[str] = mapped_column(default=rules.REGISTERED)
    handler_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    """Who handles it towards the customer: whoever is in charge of the customer, else who registered it."""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    """The team of the customer, or of who handles it."""
    registered_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    registered_at: Mapped[datetime] = mapped_column(default=clock.now)
    responsible: Mapped[str] = mapped_column(default="")
    """The responsible department 归口部门, a code of `choices.department`; '' until it is routed."""

    deadlines_version: Mapped[int]
    """The version of the standard `proposal.deadlines` with which it began (ST-2)."""
    target_on: Mapped[date]
    limit_on: Mapped[date]
    """The last day on which it is in time; an approved extension moves it (PP-4)."""
    extended: Mapped[bool] = mapped_column(default=False)
    warned: Mapped[int] = mapped_column(default=0)
    """The last step (in days from receipt) of which people were told: 10, 15, 18, or the first late day."""
    warn_on: Mapped[date | None]
    """When the worker looks again; None once it is decided, or all is told."""
    decided_on: Mapped[date | None]

    promised_on: Mapped[date | None]
    """The day that the customer was told last; None as long as nobody has written (PP-2)."""
    promised_department: Mapped[str] = mapped_column(default="")
    """The department that the customer was told last."""
    to_tell: Mapped[bool] = mapped_column(default=True)
    """Whether the customer is still to be thanked, or to be told of another day or department."""
    void_reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    contact_card: Mapped[Contact | None] = relationship()
    request: Mapped[ServiceRequest | None] = relationship()
    handler: Mapped[Staff] = relationship(foreign_keys=[handler_id])
    registered_by: Mapped[Staff] = relationship(foreign_keys=[registered_by_id])
    team: Mapped[Team | None] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("uq_proposal_request", "request_id", unique=True, sqlite_where=_OF_REQUEST, postgresql_where=_OF_REQUEST),
        Index(None, "customer_id", "id"),
        Index(None, "state", "id"),
        Index(None, "kind", "id"),
        Index(None, "responsible", "id"),
        Index(None, "team_id", "id"),
        Index(None, "handler_id", "id"),
        Index("ix_proposal_in_charge", "in_charge_id", "id", *_LISTED),
        Index("ix_proposal_in_charge_team", "in_charge_team_id", "id", *_LISTED),
        Index(
            "ix_proposal_received", "received_on", "id",
            "state", "kind", "responsible", "customer_id", "handler_id", "team_id", "decided_on", "limit_on",
        ),
        Index("ix_proposal_due", "limit_on", "id", "state", sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED),
        Index(
            "ix_proposal_to_route", "team_id", "limit_on", "id", "handler_id", "state",
            sqlite_where=_REGISTERED, postgresql_where=_REGISTERED,
        ),
        Index("ix_proposal_to_decide", "team_id", "id", "handler_id", "state", sqlite_where=_ASSESSED, postgresql_where=_ASSESSED),
        Index("ix_proposal_of_team_in_hand", "team_id", "limit_on", "state", sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED),
        Index("ix_proposal_to_tell", "handler_id", "id", sqlite_where=_TO_TELL, postgresql_where=_TO_TELL),
        Index("ix_proposal_to_warn", "warn_on", "id", sqlite_where=_TO_WARN, postgresql_where=_TO_WARN),
        Index("ix_proposal_in_hand", "handler_id", "limit_on", "id", sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED),
    )  # fmt: skip

    # --- whose it is -------------------------------------------------------------------------------------------------------

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Proposal]:
        """Return the proposals of customers in scope and those `user` handles; of a department's account those routed to it (PP-3)."""
        query = select(cls)
        return query if user.is_manager else query.where(cls.scope(user))

    @classmethod
    def scope(cls, user: Staff) -> Any:
        """Return the condition on proposals that `user`, who is no manager, may see."""
        if user.is_department:
            return ProposalDepartment.sent(user, cls.id)
        return or_(cls.handler_id == user.id, exists().where(Customer.id == cls.customer_id, customer_scope(user)))

    @classmethod
    def parts_for(cls, user: Staff) -> list[Any]:
        """Return the parts that lists of `user` consist of: what `visible_to` returns."""
        if user.is_department:
            return [ProposalDepartment.sent(user, cls.id)]
        return super().parts_for(user) + ([] if user.is_manager else [cls.handler_id == user.id])

    # --- what it is called ---------------------------------------------------------------------------------------------------

    @property
    def number(self) -> str:
        """Return the number by which people call it: P2026-000123."""
        return rules.number_of(self.received_on.year, self.id)

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it."""
        return f"{self.number} {self.summary}"

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/proposals/{self.id}"

    # --- how it stands -------------------------------------------------------------------------------------------------------

    @property
    def is_undecided(self) -> bool:
        """Return whether its days still count (PP-4)."""
        return self.state in rules.UNDECIDED

    @property
    def is_late(self) -> bool:
        """Return whether it is undecided behind its last day, or was decided behind it."""
        return self.state != rules.VOID and (self.decided_on or clock.today()) > self.limit_on

    def can_work(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may change it, write to the customer and keep files with it."""
        return self.state != rules.VOID and user.may(Permission.PROPOSAL_WORK)

    def can_route(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may classify it and name its departments (PP-3): as long as it is undecided."""
        return self.is_undecided and user.may(Permission.PROPOSAL_ROUTE)


class OfProposal:
    """Mixin of what hangs on a proposal: who sees the proposal sees it, a department's account as far as it says so (PP-3)."""

    departments_see: ClassVar[Literal["nothing", "own", "all"]] = "nothing"
    """What of it departments' accounts see; `own`: what names theirs as its `department`."""
    proposal_id: Any
    proposal: Any

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it."""
        return str(self.proposal.label)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Self]:
        """Return those of proposals that `user` sees."""
        query: Select[Self] = select(cls)
        if user.is_manager:
            return query
        query = query.where(exists().where(Proposal.id == cls.proposal_id, Proposal.scope(user)))
        if not user.is_department or cls.departments_see == "all":
            return query
        own: Any = cls
        return query.where(own.department == user.department_code if cls.departments_see == "own" else false())


class ProposalFile(OfProposal, Base):
    """A file kept with a proposal: what the customer sent, or a scan of what came back on paper."""

    __tablename__ = "proposal_file"
    departments_see = "all"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachment.id"), index=True)
    what: Mapped[str] = mapped_column(default="received")
    """received: with the proposal; assessment: a department's assessment; other."""
    added_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    added_at: Mapped[datetime] = mapped_column(default=clock.now)

    proposal: Mapped[Proposal] = relationship()
    attachment: Mapped[Attachment] = relationship()
    added_by: Mapped[Staff] = relationship()

    __table_args__ = (Index(None, "proposal_id", "id"),)
