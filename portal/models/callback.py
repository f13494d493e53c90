"""Calls back to customers 电话回访 (SV-10 to SV-12): each call with its attempts and its sheet, and the events that calls follow from.

How calls come to be is in `callback_due.py` (events) and `callback_draw.py` (customers drawn); what they ask of people, in
`callback_desk.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, exists, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

import portal.rules.callback_standards as _standards  # noqa: F401 - adds its standards to the table
from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models.calendar import site_calendar
from portal.models.customer import BYTEWISE, Customer, CustomerState
from portal.models.hand_over import taken_up
from portal.models.notice import notify
from portal.models.scope import HangsOnCustomer, customer_scope
from portal.models.staff import Staff
from portal.models.standard import at_version
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules import callbacks as rules
from portal.rules.message import N_, Message, Refusal

OPEN, DONE, DROPPED, CANCELLED = "open", "done", "dropped", "cancelled"
STATES = {
    OPEN: (N_("To be called"), ""),
    DONE: (N_("Called"), "ok"),
    DROPPED: (N_("Dropped"), ""),
    CANCELLED: (N_("Cancelled"), ""),
}
REACHED, NO_ANSWER, LATER = "reached", "no-answer", "later"
OUTCOMES = {REACHED: N_("Reached"), NO_ANSWER: N_("No answer"), LATER: N_("Call later")}
HAND, AGREED, DRAWN = "hand", "agreed", "drawn"
"""Kinds of calls that no event of the table asked for: entered by hand, agreed on in a call, drawn."""
TITLES = {HAND: ("另行安排的回访", "Call arranged by hand"), AGREED: ("约定再次回访", "Next call, as agreed")}
CALLED = (CustomerState.ACTIVE, CustomerState.PROSPECT)
"""Only customers in these states are called."""
LINK = "/call-backs"
FILTERED = ("due_on", "purpose", "kind", "satisfaction")
"""Columns by which lists are filtered."""
_SCORED = sql("satisfaction IS NOT NULL")
_DRAWN = sql("draw_id IS NOT NULL")


class CallbackEvent(HangsOnCustomer, Base):
    """Something that happened to a customer and is followed by calls; known once by its key."""

    __tablename__ = "callback_event"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """A code of `rules.callbacks.EVENTS`."""
    happened_on: Mapped[date]
    key: Mapped[str] = mapped_column(BYTEWISE, unique=True)
    note: Mapped[str] = mapped_column(default="")
    rules_version: Mapped[int] = mapped_column(default=0)
    """The version of the table that held when it was recorded, which its later calls keep (ST-2)."""
    next_on: Mapped[date | None]
    """When its next window of months begins; None where none is left."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    customer: Mapped[Customer] = relationship()
    created_by: Mapped[Staff | None] = relationship()

    __table_args__ = (Index(None, "customer_id", "id"), Index(None, "next_on", "id"))

    @property
    def label(self) -> str:
        """Return what the log calls it."""
        return f"{rules.EVENTS[self.kind]} {self.happened_on}"


@dataclass
class CallSheet:
    """What was written on the sheet of a call (SV-12)."""

    result: str
    purpose: str = ""
    opening: str = ""
    spoken_with: str = ""
    answers: list[dict[str, str]] = field(default_factory=list)
    """[{"zh", "en", "answer"}]: questions in the words in which they were asked."""
    satisfaction: int | None = None
    next_step: str = ""
    next_on: date | None = None
    """When to call again, where that was agreed on."""


class Callback(Base):
    """One call: open → done | dropped | cancelled; what was noted by mistake is taken back."""

    __tablename__ = "callback"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    follows_owner: Mapped[bool] = mapped_column(default=True)
    """Whether it is of whoever is in charge of the customer, and goes along when that changes (RO-5)."""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    """The customer's team."""
    event_id: Mapped[int | None] = mapped_column(ForeignKey("callback_event.id", ondelete="SET NULL"), index=True)
    draw_id: Mapped[int | None] = mapped_column(ForeignKey("callback_draw.id", ondelete="SET NULL"))
    before_id: Mapped[int | None] = mapped_column(ForeignKey("callback.id", ondelete="SET NULL"), index=True)
    """The call in which it was agreed on."""
    kind: Mapped[str]
    """A code of `rules.callbacks.EVENTS`, or hand, agreed, drawn."""
    row_code: Mapped[str] = mapped_column(default="")
    rules_version: Mapped[int] = mapped_column(default=0)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    purpose: Mapped[str] = mapped_column(default="")
    """A code of `choices.callback_purpose`."""
    text: Mapped[str] = mapped_column(Text, default="")
    """What it is about, beyond its title: the fitter's name and number, what was agreed on."""
    due_on: Mapped[date]
    due_until: Mapped[date]
    call_at: Mapped[datetime | None]
    """When the customer asked to be called."""
    state: Mapped[str] = mapped_column(default=OPEN)
    attempts: Mapped[int] = mapped_column(default=0)
    spoken_with: Mapped[str] = mapped_column(default="")
    opening: Mapped[str] = mapped_column(Text, default="")
    answers: Mapped[list[Any]] = mapped_column(default=list)
    result: Mapped[str] = mapped_column(Text, default="")
    satisfaction: Mapped[int | None]
    next_step: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(default="")
    """Why it was dropped or cancelled."""
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    key: Mapped[str] = mapped_column(BYTEWISE, unique=True)
    """By what a call is made once only, however often it is asked for."""
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    assignee: Mapped[Staff | None] = relationship(foreign_keys=[assignee_id])
    done_by: Mapped[Staff | None] = relationship(foreign_keys=[done_by_id])
    event: Mapped[CallbackEvent | None] = relationship()
    tries: Mapped[list[CallbackAttempt]] = relationship(order_by="CallbackAttempt.id", passive_deletes=True)

    __table_args__ = (
        # By the last day, the most pressing first; the index carries what is filtered by, so that nothing that does not fit is looked at.
        Index("ix_callback_assignee", "assignee_id", "state", "due_until", "id", *FILTERED),
        Index("ix_callback_team", "team_id", "state", "due_until", "id", *FILTERED),
        Index("ix_callback_state", "state", "due_until", "id", *FILTERED),
        Index(None, "customer_id", "state", "id"),
        Index("ix_callback_drawn", "draw_id", "id", sqlite_where=_DRAWN, postgresql_where=_DRAWN),
        Index("ix_callback_scored", "satisfaction", "done_at", "customer_id", sqlite_where=_SCORED, postgresql_where=_SCORED),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Callback]:
        """Return the calls on customers in scope, and those given to `user` (roles.md)."""
        query = select(cls)
        if user.is_manager:
            return query
        return query.where(or_(cls.assignee_id == user.id, exists().where(Customer.id == cls.customer_id, customer_scope(user))))

    @property
    def title(self) -> dict[str, str]:
        """Return what it is called in both languages."""
        return {"zh": self.title_zh, "en": self.title_en}

    @property
    def label(self) -> str:
        """Return what the log calls it."""
        return self.title_zh

    @property
    def questions(self) -> list[dict[str, str]]:
        """Return what is asked in it: [{"zh", "en"}], by the version of the table with which it began."""
        try:
            table = rules.rows_of(at_version("callback.rules", self.rules_version).value)
        except KeyError:  # the version was set ahead and given up
            return []
        return next((row.questions for row in table if row.code == self.row_code), [])

    @property
    def is_overdue(self) -> bool:
        """Return whether it is open and its last day has passed."""
        return self.state == OPEN and self.due_until < clock.today()

    # --- who may -------------------------------------------------------------------------------------------------------------

    def can_work(self, user: Staff) -> bool:
        """Return whether `user`, who sees the call, may write its sheet."""
        return user.may(Permission.CALLBACK_WORK) and self.state == OPEN

    def can_take_back(self, user: Staff) -> bool:
        """Return whether `user`, who sees the call, may open it again: while the customer is one that is called."""
        return user.may(Permission.CALLBACK_WORK) and self.state in (DONE, DROPPED) and self.customer.state in CALLED

    # --- working -------------------------------------------------------------------------------------------------------------

    def finish(self, sheet: CallSheet, *, by: Staff, version: int) -> list[Callback]:
        """Record what came of the call and return the calls that follow from it: the next one agreed on, or one for a low score.

        Raises `Refusal` with the field; `StateConflict` where somebody else was faster.
        """
        from portal.models.callback_due import due

        self._ensure(self.can_work(by), version)
        _check(sheet, self.purpose)
        values = {
            "state": DONE,
            "purpose": sheet.purpose or self.purpose,
            "opening": sheet.opening,
            "spoken_with": sheet.spoken_with,
            "answers": [one for one in sheet.answers if one["answer"]],
            "result": sheet.result,
            "satisfaction": sheet.satisfaction,
            "next_step": sheet.next_step,
            "done_at": clock.now(),
            "done_by_id": by.id,
        }
        self._step(values)
        self._tried(REACHED, by)
        contacted(self.customer, clock.today())
        following: list[Callback] = []
        if sheet.next_on is not None:
            following.append(self._agree(sheet, by))
        elif sheet.satisfaction is not None and sheet.satisfaction <= standard("callback.low_score") and self.kind != rules.LOW_SCORE:
            source = f"call:{self.id}:{self.version}"  # taken back and low again, it is another event
            following = due(self.customer, rules.LOW_SCORE, on=clock.today(), by=by, source=source)
        audit.write("change", "called", actor=by, record=self, label=self.label, satisfaction=sheet.satisfaction, result=sheet.result[:200])
        return following

    def _agree(self, sheet: CallSheet, by: Staff) -> Callback:
        assert sheet.next_on is not None  # noqa: S101 - asked before
        day = sheet.next_on
        following = Callback(
            customer_id=self.customer_id, assignee_id=self.assignee_id or by.id, follows_owner=self.follows_owner, team_id=self.team_id,
            before_id=self.id, kind=AGREED, title_zh=TITLES[AGREED][0], title_en=TITLES[AGREED][1], purpose=self.purpose,
            text=sheet.next_step, due_on=day, due_until=day, created_by_id=by.id, key=f"n{self.id}:{self.version}",
        )  # fmt: skip
        db.session.add(following)
        db.session.flush()
        return following

    def put_off(self, outcome: str, *, on: date | None, at: datetime | None = None, note: str = "", by: Staff, version: int) -> None:
        """Keep an attempt, no answer or 'call later', and put the call on another day and hour: by default the next working day.

        Raises `Refusal` with the field, `StateConflict`.
        """
        self._ensure(self.can_work(by), version)
        if outcome not in (NO_ANSWER, LATER):
            raise Refusal("Say how the attempt ended.", field="outcome")
        today = clock.today()
        if outcome == LATER and on is None:
            raise Refusal("Say when to call again.", field="later_on")
        day = on or site_calendar().add_working_days(today, 1)
        if day < today or (at is not None and at < clock.now()):
            raise Refusal("A call is not put off into the past.", field="later_on")
        # Asked to call later, nobody is late; who did not answer still waits for a call.
        until = max(self.due_until, day) if outcome == LATER else self.due_until
        self._step({"due_on": day, "due_until": until, "call_at": at, "attempts": self.attempts + 1})
        self._tried(outcome, by, note=note, later_on=day, later_at=at)
        later = at.isoformat() if at else day.isoformat()
        audit.write("change", "call-put-off", actor=by, record=self, label=self.label, reason=note, outcome=outcome, later=later)

    def drop(self, *, reason: str, by: Staff, version: int) -> None:
        """Let it go. Raises `Refusal` without a reason, `StateConflict`."""
        self._ensure(self.can_work(by), version)
        if not reason:
            raise Refusal("Say why.", field="reason")
        self._step({"state": DROPPED, "reason": reason[: rules.LONGEST_LINE], "done_at": clock.now(), "done_by_id": by.id})
        audit.write("change", "call-dropped", actor=by, record=self, label=self.label, reason=reason)

    def take_back(self, *, by: Staff, version: int) -> None:
        """Open it again, with whose it is now (RO-4); the next call that was agreed on in it goes while it is untouched.

        Raises `StateConflict`.
        """
        self._ensure(self.can_take_back(by), version)
        for one in db.session.scalars(
            select(Callback).where(Callback.before_id == self.id, Callback.state == OPEN, Callback.attempts == 0)
        ):
            db.session.delete(one)
        values: dict[str, Any] = dict.fromkeys(("spoken_with", "opening", "result", "next_step", "reason"), "")
        values |= {"state": OPEN, "answers": [], "satisfaction": None, "done_at": None, "done_by_id": None}
        whose, changes = taken_up(self.assignee, self.customer, follows_owner=self.follows_owner, by=by)
        follows = self.follows_owner or whose.id == self.customer.owner_id
        values |= {"assignee_id": whose.id, "follows_owner": follows, "team_id": self.customer.team_id}
        transition(self, expect={"state": self.state, "version": version}, change={**values, "version": version + 1})
        audit.write("change", "call-taken-back", actor=by, record=self, label=self.label, changes=changes)

    def assign(self, to: Staff, *, by: Staff, version: int, told: bool = True) -> None:
        """Give it to somebody else who is active, who is `told`. Raises `Refusal` (field `staff`), `StateConflict`."""
        self._ensure(self.can_work(by) and by.may(Permission.CALLBACK_PLAN), version)
        if not to.active:
            raise Refusal("The account of %(name)s is deactivated.", field="staff", name=to.name)
        changes = [{"field": "staff", "old": self.assignee.name if self.assignee else "", "new": to.name}]
        self._step({"assignee_id": to.id, "follows_owner": to.id == self.customer.owner_id})
        audit.write("change", "call-assigned", actor=by, record=self, label=self.label, changes=changes)
        if told and to.id != by.id:
            notify(to, Message(N_("%(name)s has given you a call-back."), {"name": by.name}), link=LINK)

    def _ensure(self, allowed: bool, version: int) -> None:
        if not allowed or self.version != version:
            raise StateConflict(f"call-back {self.id}")

    def _step(self, change: dict[str, Any]) -> None:
        transition(self, expect={"state": OPEN, "version": self.version}, change={**change, "version": self.version + 1})

    def _tried(self, outcome: str, by: Staff, *, note: str = "", later_on: date | None = None, later_at: datetime | None = None) -> None:
        note = note[: rules.LONGEST_LINE]
        db.session.add(CallbackAttempt(callback_id=self.id, outcome=outcome, note=note, later_on=later_on, later_at=later_at, by_id=by.id))
        db.session.flush()
        db.session.expire(self, ["tries"])


class CallbackAttempt(Base):
    """One attempt to reach a customer."""

    __tablename__ = "callback_attempt"

    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id", ondelete="CASCADE"))
    outcome: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    later_on: Mapped[date | None]
    later_at: Mapped[datetime | None]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))

    by: Mapped[Staff] = relationship()

    __table_args__ = (Index(None, "callback_id", "id"),)


def _check(sheet: CallSheet, purpose: str) -> None:
    codes = {one["code"] for one in standard("choices.callback_purpose") if one["active"]} | {purpose}
    if (sheet.purpose or purpose) not in codes or not (sheet.purpose or purpose):
        raise Refusal("Choose the purpose.", field="purpose")
    if not sheet.result:
        raise Refusal("Say what came of the call.", field="result")
    if sheet.satisfaction is not None and sheet.satisfaction not in rules.SCORES:
        raise Refusal("Satisfaction goes from 1 to 5.", field="satisfaction")
    if sheet.next_on is not None and sheet.next_on < clock.today():
        raise Refusal("The next call cannot lie in the past.", field="next_on")
    for name in ("result", "opening", "next_step"):
        if len(getattr(sheet, name)) > rules.LONGEST_TEXT:
            raise Refusal("At most %(most)s characters.", field=name, most=rules.LONGEST_TEXT)


def contacted(customer: Customer, on: date) -> None:
    """Note that a customer was reached on a day, where that is later than the last time: by telephone, visit or otherwise (SV-11)."""
    step = update(Customer).where(Customer.id == customer.id, Customer.contacted_on < on).values(contacted_on=on)
    db.session.flush()
    # Not by the card: a contact is no change of it, and leaves its version alone.
    db.session.execute(step, execution_options={"synchronize_session": False})
    db.session.expire(customer, ["contacted_on"])


def of_customer(customer_id: int, limit: int = 100) -> list[Callback]:
    """Return the calls to a customer: the open ones first, by their day, then the newest."""
    query = select(Callback).where(Callback.customer_id == customer_id)
    coming = query.where(Callback.state == OPEN).order_by(Callback.due_until, Callback.id).limit(limit)
    past = query.where(Callback.state != OPEN).order_by(Callback.due_on.desc(), Callback.id.desc()).limit(limit)
    return [*db.session.scalars(coming), *db.session.scalars(past)]


history.stream("callbacks", N_("Call-backs"), kinds=("change",), record_types=("Callback", "CallbackEvent"))
for _type, _name, _title in (
    ("CallbackEvent", "callback-event", N_("Event for call-backs entered")),
    ("Callback", "call-arranged", N_("Call-back arranged")),
    ("Callback", "called", N_("Customer called back")),
    ("Callback", "call-put-off", N_("Call-back tried")),
    ("Callback", "call-dropped", N_("Call-back dropped")),
    ("Callback", "call-taken-back", N_("Call-back opened again")),
    ("Callback", "call-assigned", N_("Call-back given to somebody else")),
    ("CallbackDraw", "calls-drawn", N_("Customers drawn for call-backs")),
):
    history.action(_type, _name, _title)
