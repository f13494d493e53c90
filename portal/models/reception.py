"""Visiting customers 参观接待 (SV-21): the application, what it becomes, and what came of it.

An application is written by who looks after the customer, judged by `rules/reception.py`, and signed by its chain (`reception_kind.py`);
from its submission on it holds its room (`room.py`), and its approval issues the passes (`reception_pass.py`). What changes after that
is an amendment: another application that takes the place of the first when it is approved. What waits for whom: `reception_desk.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, exists, or_, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit, gift_register, reception_benefit, room
from portal.models.customer import Customer, CustomerState
from portal.models.draft import APPROVED, DRAFT, GIVEN_UP, PENDING, REJECTED, UNDECIDED, Draft, Entries
from portal.models.reception_judging import applied_on, costs_of_one, policy, problems_of, proposed_class
from portal.models.room import MeetingRoom
from portal.models.scope import HangsOnCustomer, customer_scope, listed
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules import reception as rules
from portal.rules.grams import fold
from portal.rules.message import N_, Refusal
from portal.rules.reception import LONGEST_TEXT, Visitor

NAME = "reception"
CANCELLED, REPLACED, RECEIVED, ABSENT = "cancelled", "replaced", "received", "absent"
STATES = {
    DRAFT: (N_("Draft"), ""),
    PENDING: (N_("In approval"), "accent"),
    REJECTED: (N_("Rejected"), "seal"),
    APPROVED: (N_("Approved"), "ok"),
    RECEIVED: (N_("Visit carried out"), "ok"),
    ABSENT: (N_("Did not come"), "warn"),
    CANCELLED: (N_("Cancelled"), ""),
    REPLACED: (N_("Replaced by an amendment"), ""),
    GIVEN_UP: (N_("Given up"), ""),
}
"""Words and tones of the states."""
OPEN = (DRAFT, PENDING, APPROVED)
_APPROVED = sql("state = 'approved'")
_WRITTEN = (
    "class_", "class_reason", "purpose", "count", "pass_kind", "other_wishes", "photo_reason", "first_on", "last_on", "starts_at",
    "ends_at", "language", "telephone", "rehearsal_on", "management", "management_post",
)  # fmt: skip


class Reception(HangsOnCustomer, Draft):
    """One visit: draft → pending → approved | rejected; approved → received | absent | cancelled | replaced; a draft can be given up."""

    __tablename__ = "reception"
    kind_name = NAME
    permission = Permission.RECEPTION_WORK
    entries = Entries("reception-drafted", "reception-draft-changed", "reception-given-up")

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    class_: Mapped[str] = mapped_column("visitor_class")
    """ordinary | important | major"""
    proposed: Mapped[str]
    """The class that the customer's grade proposed."""
    class_reason: Mapped[str] = mapped_column(default="")
    purpose: Mapped[str] = mapped_column(Text)
    count: Mapped[int]
    visitors: Mapped[list[Any]] = mapped_column(default=list)
    """Who comes, as plain data (`rules.reception.Visitor`)."""
    pass_kind: Mapped[str] = mapped_column(default=rules.EACH)
    wishes: Mapped[list[Any]] = mapped_column(default=list)
    other_wishes: Mapped[str] = mapped_column(Text, default="")
    photo_reason: Mapped[str] = mapped_column(Text, default="")
    """What is photographed and why: the special leave that is asked for."""
    first_on: Mapped[date]
    last_on: Mapped[date]
    starts_at: Mapped[time]
    ends_at: Mapped[time]
    room_id: Mapped[int | None] = mapped_column(ForeignKey("meeting_room.id"), index=True)
    areas: Mapped[list[Any]] = mapped_column(default=list)
    """Areas that the pass is for, codes of `choices.visit_area`."""
    language: Mapped[str] = mapped_column(default="")
    telephone: Mapped[str] = mapped_column(default="")
    host_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    """Who receives the visitors, and accompanies them where their class is accompanied."""
    follows_owner: Mapped[bool] = mapped_column(default=False)
    """Whether that is whoever is in charge of the customer, so that it goes along at a hand-over."""
    rehearsal_on: Mapped[date | None]
    rehearsed_on: Mapped[date | None]
    rehearsed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    rehearsal_note: Mapped[str] = mapped_column(Text, default="")
    management: Mapped[str] = mapped_column(default="")
    management_post: Mapped[str] = mapped_column(default="")
    amends_id: Mapped[int | None] = mapped_column(ForeignKey("reception.id", ondelete="SET NULL"), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    """Of an amendment why; of a visit that was cancelled or did not come about, why."""
    applied_on: Mapped[date | None]
    """The day from which the days ahead are counted: of its first submission."""
    approved_at: Mapped[datetime | None]
    came: Mapped[int | None]
    arrived_at: Mapped[time | None]
    remarks: Mapped[str] = mapped_column(Text, default="")
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    search_text: Mapped[str] = mapped_column(Text, default="")

    customer: Mapped[Customer] = relationship()
    host: Mapped[Staff] = relationship(foreign_keys=[host_id])
    rehearsed_by: Mapped[Staff | None] = relationship(foreign_keys=[rehearsed_by_id])
    ended_by: Mapped[Staff | None] = relationship(foreign_keys=[ended_by_id])
    room: Mapped[MeetingRoom | None] = relationship()
    amends: Mapped[Reception | None] = relationship(remote_side="Reception.id")

    __table_args__ = (
        Index("uq_reception_amended", "amends_id", unique=True, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED),
        Index("ix_reception_host_due", "host_id", "first_on", sqlite_where=_APPROVED, postgresql_where=_APPROVED),
        Index(None, "customer_id", "first_on", "id"),
        Index(None, "first_on", "id"),
    )

    # --- reading ---------------------------------------------------------------------------------------------------------

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Reception]:
        """Return the visits of customers in scope, and those that `user` receives (RO-1)."""
        query = select(cls)
        if user.is_manager:
            return query
        return query.where(or_(cls.host_id == user.id, exists().where(Customer.id == cls.customer_id, customer_scope(user))))

    @classmethod
    def listed_for(cls, user: Staff) -> Select[Reception]:
        """Return what `visible_to` returns, for a list."""
        return select(cls).where(or_(cls.host_id == user.id, listed(user, cls.customer_id)))

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it: the customer and the day."""
        return f"{self.customer.full_name} · {self.first_on.isoformat()}"

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/receptions/{self.id}"

    @property
    def people(self) -> list[Visitor]:
        """Return who comes."""
        return [Visitor(**one) for one in self.visitors]

    @property
    def services(self) -> list[str]:
        """Return what the visitors are given, by class and wishes."""
        return policy().services(self.class_, self.wishes)

    @property
    def hours(self) -> str:
        """Return 09:00–11:30."""
        return f"{self.starts_at:%H:%M}–{self.ends_at:%H:%M}"

    @property
    def days(self) -> str:
        """Return its day, or its first and last one."""
        first, last = self.first_on.isoformat(), self.last_on.isoformat()
        return first if first == last else f"{first} – {last}"

    def open_amendment(self) -> Reception | None:
        """Return the amendment of this visit that is being written or signed."""
        return Reception.undecided(amends_id=self.id)

    # --- writing ---------------------------------------------------------------------------------------------------------

    @classmethod
    def begin(cls, customer: Customer, values: Mapping[str, Any], *, by: Staff) -> Reception:
        """Begin an application and return it, flushed. `values`: see `problems_of`. Raises `Refusal` with the field (SV-21)."""
        if customer.state == CustomerState.MERGED:
            raise Refusal("This record was merged into another one. Change that one.", field="customer")
        found = cls(customer=customer)
        found._set(values)
        return found.begun(by)

    @classmethod
    def amend(cls, before: Reception, values: Mapping[str, Any], *, reason: str, by: Staff) -> Reception:
        """Begin the amendment of an approved visit and return the draft, flushed. Raises `Refusal`, `StateConflict`."""
        if not before.can_amend(by):
            raise StateConflict(f"reception {before.id}")
        found = cls(customer=before.customer, amends=before, reason=_reason(reason))
        found.rehearsed_on, found.rehearsed_by_id, found.rehearsal_note = before.rehearsed_on, before.rehearsed_by_id, before.rehearsal_note
        found._set(values)
        return found.begun(by, "reception-amendment-drafted", reason=reason)

    def can_amend(self, user: Staff) -> bool:
        """Return whether `user` may change the approved visit: one that has not been, and that nobody is changing."""
        ahead = self.state == APPROVED and self.last_on >= clock.today()
        return ahead and user.may(Permission.RECEPTION_WORK) and self.open_amendment() is None

    def edit(self, values: Mapping[str, Any], *, by: Staff, version: int, reason: str = "") -> None:
        """Change a draft. Raises `Refusal` with the field, `StateConflict` where somebody else changed or submitted it."""
        with self.changing(by, version):
            if self.amends_id is not None:
                self.reason = _reason(reason)
            self._set(values)

    def _set(self, values: Mapping[str, Any]) -> None:
        with db.session.no_autoflush:
            found = problems_of(self.customer, values, self, before=self.amends)
            if found:
                raise found[0].refusal
            for name in _WRITTEN:
                setattr(self, name, values[name])
            self.proposed = self.proposed or proposed_class(self.customer)
            self.last_on = values["last_on"] or values["first_on"]
            self.visitors = [one.as_data() for one in values["visitors"]]
            self.wishes, self.areas = list(values["wishes"]), list(values["areas"])
            self.room, self.host = values["room"], values["host"]
            self.follows_owner = self.host.id == self.customer.owner_id
            named = " ".join(one.name for one in values["visitors"])
            self.search_text = fold(f"{self.customer.full_name} {self.purpose} {named}")

    def values(self) -> dict[str, Any]:
        """Return what is written, as `problems_of` takes it: to be judged again, or to begin an amendment with."""
        own = {name: getattr(self, name) for name in _WRITTEN}
        return {**own, "visitors": tuple(self.people), "wishes": self.wishes, "areas": self.areas, "room": self.room, "host": self.host}

    def ensure_ready(self) -> None:
        """Raise `Refusal` unless it may be submitted: what held when it was written holds still."""
        if self.amends is not None and self.amends.state != APPROVED:
            raise Refusal("The visit that this changes is not approved any more.")
        found = problems_of(self.customer, self.values(), self, before=self.amends)
        if found:
            raise found[0].refusal

    # --- after the approval ------------------------------------------------------------------------------------------------

    def can_cancel(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may cancel the approved visit."""
        return self.state == APPROVED and user.may(Permission.RECEPTION_WORK)

    def cancel(self, *, reason: str, by: Staff) -> None:
        """Cancel an approved visit: its passes count no more and its room is free. Raises `Refusal`, `StateConflict`."""
        if not self.can_cancel(by):
            raise StateConflict(f"reception {self.id}")
        if self.open_amendment() is not None:
            raise Refusal("An amendment of this visit is being written or signed. End that first.", field="reason")
        self._end(CANCELLED, by, reason=_reason(reason))
        room.let_go(self)
        reception_benefit.release(self)
        audit.write("change", "reception-cancelled", actor=by, record=self, label=self.label, reason=reason)

    def can_rehearse(self, user: Staff) -> bool:
        """Return whether `user` may note that the visit was rehearsed."""
        due = self.rehearsal_on is not None and self.rehearsed_on is None
        return due and self.state == APPROVED and user.may(Permission.RECEPTION_WORK)

    def rehearse(self, *, on: date | None, note: str, by: Staff) -> None:
        """Note that the visit was rehearsed on a day before it. Raises `Refusal` with the field, `StateConflict`."""
        if not self.can_rehearse(by):
            raise StateConflict(f"reception {self.id}")
        if on is None or on > clock.today():
            raise Refusal("Give the day on which it was rehearsed.", field="rehearsed_on")
        if on >= self.first_on:
            raise Refusal("The rehearsal is on a day before the visit.", field="rehearsed_on")
        change = {"rehearsed_on": on, "rehearsed_by_id": by.id, "rehearsal_note": note[:LONGEST_TEXT]}
        transition(self, expect={"state": APPROVED, "rehearsed_on": None}, change=change)
        audit.write("change", "reception-rehearsed", actor=by, record=self, label=self.label, effective_on=on.isoformat())

    def can_record(self, user: Staff) -> bool:
        """Return whether `user` may record what came of the visit: from its first day on."""
        return self.state == APPROVED and self.first_on <= clock.today() and user.may(Permission.RECEPTION_WORK)

    def receive(self, *, came: int | None, arrived_at: time | None, remarks: str, by: Staff) -> None:
        """Record that the visitors came. Raises `Refusal` with the field, `StateConflict`."""
        self._ensure_recordable(by)
        number = rules.ensure_came(came, self.count)
        if arrived_at is None:
            raise Refusal("Give the time of arrival.", field="arrived_at")
        self._end(RECEIVED, by, came=number, arrived_at=arrived_at, remarks=remarks[:LONGEST_TEXT])
        reception_benefit.keep_for(self, number, by)
        gift_register.enter_souvenirs(self)
        audit.write("change", "reception-received", actor=by, record=self, label=self.label, came=number)

    def note_absence(self, *, reason: str, by: Staff) -> None:
        """Record that nobody came. Raises `Refusal` with the field, `StateConflict`."""
        self._ensure_recordable(by)
        self._end(ABSENT, by, reason=_reason(reason))
        room.let_go(self)
        reception_benefit.release(self)
        audit.write("change", "reception-absent", actor=by, record=self, label=self.label, reason=reason)

    def _ensure_recordable(self, by: Staff) -> None:
        if not self.can_record(by):
            raise StateConflict(f"reception {self.id}")

    def _end(self, state: str, by: Staff, **values: Any) -> None:
        change = {"state": state, "ended_by_id": by.id, "ended_at": clock.now(), **values}
        transition(self, expect={"state": APPROVED}, change=change)

    # --- what is signed ----------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Return the application as plain JSON: what is frozen, printed and signed."""
        customer, services, each = self.customer, self.services, costs_of_one()
        return {
            "reception": {
                "number": customer.number,
                "customer": customer.full_name,
                "grade": customer.grade,
                "owner": customer.owner.name if customer.owner else "",
                "class": self.class_,
                "proposed": self.proposed,
                "class_reason": self.class_reason,
                "purpose": self.purpose,
                "count": str(self.count),
                "pass_kind": self.pass_kind,
                "other_wishes": self.other_wishes,
                "photo_reason": self.photo_reason,
                "first_on": self.first_on.isoformat(),
                "last_on": self.last_on.isoformat(),
                "hours": self.hours,
                "room": self.room.zh if self.room else "",
                "room_en": self.room.en if self.room else "",
                "seats": str(self.room.seats) if self.room else "",
                "language": self.language,
                "telephone": self.telephone,
                "host": self.host.name,
                "rehearsal_on": self.rehearsal_on.isoformat() if self.rehearsal_on else "",
                "management": self.management,
                "management_post": self.management_post,
                "applied_on": applied_on(self.values(), self, self.amends).isoformat(),
                "cost": str(rules.costs(self.count, services, each)),
                "amends": self.amends.days if self.amends else "",
                "reason": self.reason if self.amends_id else "",
            },
            "services": [{"service": one} for one in services],
            "areas": [{"area": one} for one in self.areas],
            "visitors": [one.as_data() for one in self.people],
        }


def _reason(text: str) -> str:
    if not text:
        raise Refusal("Give the reason.", field="reason")
    return text[:LONGEST_TEXT]
