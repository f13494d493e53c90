"""Hand-overs 移交 as records (RO-4, RO-5): prepared while the list still moves, done with the list as it was, signed on paper.

A prepared one lists what its giver has in hand at the moment; one that is done keeps what was handed over, and the signed list as a scan.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, and_, case, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, StateConflict, db, transition
from portal.inserting import insert_rows
from portal.models import audit, hand_over_list, history
from portal.models.approval import Approval
from portal.models.attachment import Attachment
from portal.models.customer import Customer, possible_owners
from portal.models.hand_over_list import CUSTOMERS, PARTS, customer_rows
from portal.models.staff import Staff, Team
from portal.permissions import Permission, Role
from portal.rules.message import N_, Refusal

PREPARED, DONE, DISCARDED = "prepared", "done", "discarded"
STATES = {
    PREPARED: (N_("Being prepared"), "accent"),
    DONE: (N_("Carried out"), "ok"),
    DISCARDED: (N_("Not carried out"), ""),
}
"""Words and tones of the states of a hand-over."""
LONGEST_REASON = 200
LONGEST_NAME = 60
_PREPARED = text("state = 'prepared'")


class HandOver(Base):
    """One hand-over: prepared → done | discarded; what was handed over without preparation is done from the start."""

    __tablename__ = "hand_over"

    from_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who hands over; nobody where customers had nobody in charge."""
    to_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    """The team of who hands over, as it was: its supervisor sees the list."""
    whole: Mapped[bool]
    """Whether it is all that somebody had in hand, or chosen customers."""
    state: Mapped[str] = mapped_column(default=PREPARED)
    witness: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    counts: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """How much of each part was handed over."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    done_at: Mapped[datetime | None]
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"))
    """The scan of the list with all three signatures."""
    scanned_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    scanned_at: Mapped[datetime | None]

    giver: Mapped[Staff | None] = relationship(foreign_keys=[from_id])
    taker: Mapped[Staff | None] = relationship(foreign_keys=[to_id])
    team: Mapped[Team | None] = relationship()
    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])
    done_by: Mapped[Staff | None] = relationship(foreign_keys=[done_by_id])
    scanned_by: Mapped[Staff | None] = relationship(foreign_keys=[scanned_by_id])
    scan: Mapped[Attachment | None] = relationship()

    __table_args__ = (
        Index("uq_hand_over_prepared", "from_id", unique=True, sqlite_where=_PREPARED, postgresql_where=_PREPARED),
        Index(None, "from_id", "id"),
        Index(None, "to_id", "id"),
        Index(None, "team_id", "id"),
    )

    # --- who sees it ---------------------------------------------------------------------------------------------------

    @classmethod
    def visible_to(cls, user: Staff) -> Select[HandOver]:
        """Return one's own hand-overs, what one has taken over, those of a supervisor's team; managers see all."""
        query = select(cls)
        if user.is_manager:
            return query
        theirs = or_(cls.from_id == user.id, and_(cls.to_id == user.id, cls.state == DONE))
        if user.is_supervisor and user.team_id is not None:
            theirs = or_(theirs, cls.team_id == user.team_id)
        return query.where(theirs)

    @property
    def label(self) -> str:
        """Return what lists and the log call it: from whom to whom."""
        names = (self.giver.name if self.giver else "—", self.taker.name if self.taker else "")
        return " → ".join(filter(None, names))

    @property
    def can_sign(self) -> bool:
        """Return whether the signed list can be filed: it is done, and none was filed yet."""
        return self.state == DONE and self.scan_id is None

    def may_carry_out(self, user: Staff) -> bool:
        """Return whether `user` decides about this hand-over, whatever its state: a manager, or the supervisor of the team."""
        if user.is_manager or self.giver is None:
            return user.is_manager
        same_team = user.team_id is not None and self.giver.team_id == user.team_id
        in_rank = Role(self.giver.role).rank < Role(user.role).rank
        return user.may(Permission.CUSTOMER_HAND_OVER) and (self.giver.id == user.id or (same_team and in_rank))

    # --- preparing -----------------------------------------------------------------------------------------------------

    @classmethod
    def prepared_for(cls, person: Staff) -> HandOver | None:
        """Return the hand-over of everything that is being prepared for somebody."""
        return db.session.scalar(select(cls).where(cls.from_id == person.id, cls.state == PREPARED))

    @classmethod
    def taker_of(cls, person: Staff) -> Staff | None:
        """Return who took over all that somebody had in hand, the last time it was handed over."""
        done = select(cls).where(cls.from_id == person.id, cls.whole, cls.state == DONE).order_by(cls.id.desc()).limit(1)
        record = db.session.scalar(done)
        return record.taker if record is not None else None

    @classmethod
    def prepare(cls, person: Staff, *, by: Staff) -> HandOver:
        """Begin the hand-over of all that `person` has in hand, or return the one that was begun. Raises `Refusal` where `by` may not."""
        if not may_prepare(by, person):
            raise Refusal("You prepare the hand-over of your own work, supervisors that of their team.", field="staff_id")
        there = cls.prepared_for(person)
        if there is not None:
            return there
        record = cls(giver=person, team_id=person.team_id, whole=True, created_by_id=by.id)
        try:
            with db.session.begin_nested():
                db.session.add(record)
        except IntegrityError as error:
            raise StateConflict(f"hand-over of {person.account}") from error
        audit.write("change", "hand-over-prepared", actor=by, record=record, label=record.label)
        return record

    def note(self, *, to: Staff | None, witness: str, reason: str, by: Staff) -> None:
        """Keep who is to take over, who will witness, and why, for the list. Raises `StateConflict` unless it is being prepared."""
        values = {"to_id": to.id if to else None, "witness": witness[:LONGEST_NAME], "reason": reason[:LONGEST_REASON]}
        changes = [
            {"field": name, "old": str(getattr(self, name) or ""), "new": str(new or "")}
            for name, new in values.items()
            if getattr(self, name) != new
        ]
        transition(self, expect={"state": PREPARED}, change=values)
        if changes:
            audit.write("change", "hand-over-noted", actor=by, record=self, label=self.label, changes=changes)

    def discard(self, *, by: Staff) -> None:
        """Let go of what was prepared. Raises `StateConflict` unless it is being prepared."""
        transition(self, expect={"state": PREPARED}, change={"state": DISCARDED})
        audit.write("change", "hand-over-discarded", actor=by, record=self, label=self.label)

    # --- what stands on it ---------------------------------------------------------------------------------------------

    @property
    def figures(self) -> dict[str, int]:
        """Return how much of each part there is: at this moment while it is prepared, else as it was."""
        if self.state == PREPARED and self.giver is not None:
            return hand_over_list.counts(self.giver)
        return {name: self.counts.get(name, 0) for name in PARTS if name in self.counts}

    def rows(self, part: str, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the first `limit` rows of a part, or all; as they were where it is done. A discarded one lists nothing."""
        if self.state == PREPARED and self.giver is not None:
            return hand_over_list.rows(self.giver, part, limit)
        item = HandOverItem
        query = select(item.content).where(item.hand_over_id == self.id, item.part == part).order_by(item.id).limit(limit)
        return list(db.session.scalars(query))

    # --- carrying out --------------------------------------------------------------------------------------------------

    def keep(self, part: str, rows: Collection[dict[str, Any]]) -> None:
        """Write down what is about to be handed over."""
        insert_rows(db.session(), HandOverItem.__table__, ("content",), [(row,) for row in rows], hand_over_id=self.id, part=part)
        self.counts = {**self.counts, part: self.counts.get(part, 0) + sum(PARTS[part].weight(row) for row in rows)}

    def keep_all_but_customers(self) -> None:
        """Write down what somebody has in hand beside customers: before anything moves, for it is found by who has it."""
        assert self.giver is not None  # noqa: S101 - all of somebody's work is somebody's
        for name in PARTS:
            if name != CUSTOMERS:
                self.keep(name, hand_over_list.rows(self.giver, name))

    def move_all(self, *, to: Staff, by: Staff) -> int:
        """Hand everything over to `to` and keep what moved; return how many customers. `keep_all_but_customers` came before.

        Raises `Refusal` (field `to_id` or `to`) where `to` cannot have customers or documents, `StateConflict` where it is done already.
        """
        from portal.models.callback_desk import take_over as take_over_calls
        from portal.models.gift_delivery_desk import take_over as take_over_rounds
        from portal.models.hand_over import hand_over_all
        from portal.models.plan_desk import take_over
        from portal.models.proposal_desk import take_over as take_over_proposals
        from portal.models.reception_desk import take_over as take_over_visits
        from portal.models.request_desk import take_over as take_over_requests
        from portal.models.survey_desk import take_over as take_over_surveys
        from portal.models.visit_desk import take_over as take_over_own_visits

        assert self.giver is not None  # noqa: S101 - all of somebody's work is somebody's
        done = {"state": DONE, "to_id": to.id, "done_by_id": by.id, "done_at": clock.now()}
        transition(self, expect={"state": PREPARED}, change=done)
        moved = hand_over_all(of=self.giver, to=to, by=by, reason=self.reason, record=self)
        Approval.hand_over(self.giver, to)
        take_over(self.giver, to)
        take_over_calls(self.giver, to)
        take_over_visits(self.giver, to)
        take_over_rounds(self.giver, to)
        take_over_requests(self.giver, to, by)
        take_over_surveys(self.giver, to)
        take_over_own_visits(self.giver, to)
        take_over_proposals(self.giver, to)
        self.counts = {name: self.counts.get(name, 0) for name in PARTS}
        self.write_done(by)
        return moved

    def write_done(self, by: Staff) -> None:
        """Write the hand-over into the log, with its figures."""
        audit.write("change", "hand-over-done", actor=by, record=self, label=self.label, reason=self.reason, figures=dict(self.counts))

    def carry_out(self, *, to: Staff, by: Staff) -> int:
        """Hand all that somebody who stays active has in hand over to `to`; return how many customers (RO-5). Raises as `move_all`."""
        if not self.may_carry_out(by):
            raise Refusal("A manager, or the supervisor of the team, hands over.")
        if to.id == self.from_id:
            raise Refusal("Choose somebody else.", field="to_id")
        if to.id not in {person.id for person in possible_owners(by)}:
            raise Refusal("Choose an active member of a team whom you may give customers to.", field="to_id")
        if self.state != PREPARED:
            raise StateConflict(f"hand-over {self.id}")
        self.keep_all_but_customers()
        return self.move_all(to=to, by=by)

    def file_signed_list(self, scan: Attachment, *, by: Staff) -> None:
        """Keep the scan of the signed list. Raises `StateConflict` where it is not done, or a scan is there already."""
        filed = {"scan_id": scan.id, "scanned_by_id": by.id, "scanned_at": clock.now()}
        transition(self, expect={"state": DONE, "scan_id": None}, change=filed)
        audit.write("change", "hand-over-list-filed", actor=by, record=self, label=self.label, sha256=scan.sha256)


class HandOverItem(Base):
    """One row of a hand-over that is done, as it stood on the list."""

    __tablename__ = "hand_over_item"

    hand_over_id: Mapped[int] = mapped_column(ForeignKey("hand_over.id", ondelete="CASCADE"))
    part: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(JsonValue)

    __table_args__ = (Index(None, "hand_over_id", "part", "id"),)


def may_prepare(user: Staff, person: Staff) -> bool:
    """Return whether `user` may have the list of what `person` has in hand: their own, a supervisor the team's, a manager everybody's."""
    if user.id == person.id or user.is_manager:
        return True
    return user.is_supervisor and user.team_id is not None and person.team_id == user.team_id


class Keeping:
    """Keeps what a hand-over moves: in its record, or where there is none yet in one for each who had the customers."""

    def __init__(self, *, to: Staff, by: Staff, reason: str, record: HandOver | None = None) -> None:
        self._to, self._by, self._reason, self._whole = to, by, reason, record
        self._records: dict[int | None, HandOver] = {}

    def note(self, moving: Collection[Customer]) -> None:
        """Write down customers that are about to move."""
        owners = {customer.id: customer.owner_id for customer in moving if customer.owner_id != self._to.id}
        grouped: dict[int | None, list[dict[str, Any]]] = {}
        for row in customer_rows(Customer.id.in_(owners)):
            grouped.setdefault(owners[row["id"]], []).append(row)
        for owner, rows in grouped.items():
            (self._whole or self._record(owner)).keep(CUSTOMERS, rows)

    def _record(self, owner_id: int | None) -> HandOver:
        if owner_id not in self._records:
            giver = db.session.get(Staff, owner_id) if owner_id else None
            record = HandOver(
                giver=giver,
                taker=self._to,
                team_id=giver.team_id if giver else self._by.team_id,
                whole=False,
                state=DONE,
                reason=self._reason[:LONGEST_REASON],
                created_by_id=self._by.id,
                done_by_id=self._by.id,
                done_at=clock.now(),
                counts={},
            )
            db.session.add(record)
            db.session.flush()
            self._records[owner_id] = record
        return self._records[owner_id]

    def finish(self) -> None:
        """Write the hand-overs into the log, with their figures."""
        for record in self._records.values():
            record.write_done(self._by)


def newest(user: Staff, limit: int) -> list[HandOver]:
    """Return the hand-overs in scope: those being prepared first, then the newest."""
    order = (case((HandOver.state == PREPARED, 0), else_=1), HandOver.id.desc())
    return list(db.session.scalars(HandOver.visible_to(user).order_by(*order).limit(limit)))


for _name, _title in (
    ("hand-over-prepared", N_("Hand-over prepared")),
    ("hand-over-noted", N_("Hand-over changed")),
    ("hand-over-discarded", N_("Hand-over not carried out")),
    ("hand-over-done", N_("Work handed over")),
    ("hand-over-list-filed", N_("Signed hand-over list filed")),
):
    history.action("HandOver", _name, _title)
