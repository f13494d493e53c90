"""The half-yearly review 半年核对 (AR-21): a campaign lists every customer on the register; reps confirm or correct their cards.

Pages ask no big table how far a campaign is: `ReviewTotal` holds the figures of each rep, kept by every step and counted anew once a day.
Opening: `review_opening.py`; what waits and is told: `review_desk.py`; round of the shelves: `review_shelves.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, and_, case, cast, exists, func, insert, literal, literal_column, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, StateConflict, db, transition
from portal.models import audit, campaign_totals, history
from portal.models.audit import AuditEvent
from portal.models.customer import Customer, CustomerState
from portal.models.duplicate import STAYS_AT_MERGE
from portal.models.hand_over import goes_along
from portal.models.job import Job
from portal.models.merge import settles
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.message import N_, Message, Refusal
from portal.rules.review import CONFIRMED, CORRECTED, GONE, OPEN, title_of

OPENING, RUNNING, CLOSED = "opening", "running", "closed"
LONGEST_REMARK = 500
_QUIET: dict[str, Any] = {"synchronize_session": False}
_OPEN_LINES = sql("state = 'open'")
IS_OPEN: Any = literal_column("review_line.state = 'open'")
"""The condition of the open lines, written out, so that it is seen to be that of the partial indexes."""


class ReviewCampaign(Base):
    """The review of one half-year: opening → running → closed, which is when the next one runs."""

    __tablename__ = "review_campaign"

    half: Mapped[str] = mapped_column(unique=True)
    """2026-H1 is reviewed in February, 2026-H2 in August."""
    state: Mapped[str] = mapped_column(default=OPENING)
    due_on: Mapped[date]
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """None where the calendar opened it."""
    closed_at: Mapped[datetime | None]
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    last_id: Mapped[int] = mapped_column(default=0)
    """How far the customers are listed: a job that begins again goes on behind this one."""
    counted_on: Mapped[date | None]
    """The day on which its figures were last counted anew."""
    reminded_at: Mapped[datetime | None]

    opened_by: Mapped[Staff | None] = relationship()
    job: Mapped[Job | None] = relationship()

    __table_args__ = (Index(None, "state", "id"),)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[ReviewCampaign]:
        """Return every campaign: each reader sees their own part of it."""
        return select(cls)

    @classmethod
    def running(cls) -> ReviewCampaign | None:
        """Return the campaign that is worked on, None where there is none."""
        return db.session.scalar(select(cls).where(cls.state == RUNNING).order_by(cls.id.desc()).limit(1))

    @property
    def is_overdue(self) -> bool:
        """Return whether its last day has passed and it is still worked on."""
        return self.state == RUNNING and clock.today() > self.due_on

    @property
    def title(self) -> Message:
        """Return what its half-year is called."""
        return title_of(self.half)

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/reviews/{self.id}"


class ReviewLine(HangsOnCustomer, Base):
    """One customer of a campaign: open → confirmed | corrected; `gone` where the customer left the register before.

    Owner and team are those of the customer, also after a hand-over, as long as the campaign runs. A merge leaves the lines where they
    are: the record that was merged away needs no review any more.
    """

    __tablename__ = "review_line"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("review_campaign.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    state: Mapped[str] = mapped_column(default=OPEN)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(default="")
    checked: Mapped[list[Any]] = mapped_column(JsonValue, default=list)
    """Ids of the binders that stood on the shelf in order."""
    exceptions: Mapped[list[Any]] = mapped_column(JsonValue, default=list)
    """What a round of the shelves found: [{binder_id, code, kind, note, by, at}]."""

    campaign: Mapped[ReviewCampaign] = relationship()
    customer: Mapped[Customer] = relationship()
    owner: Mapped[Staff | None] = relationship(foreign_keys=[owner_id])
    by: Mapped[Staff | None] = relationship(foreign_keys=[by_id])

    __table_args__ = (
        Index(None, "campaign_id", "customer_id", unique=True),
        Index(None, "customer_id"),
        Index("ix_review_line_open", "campaign_id", "owner_id", "id", sqlite_where=_OPEN_LINES, postgresql_where=_OPEN_LINES),
        Index("ix_review_line_open_team", "campaign_id", "team_id", "id", sqlite_where=_OPEN_LINES, postgresql_where=_OPEN_LINES),
        {"info": STAYS_AT_MERGE},
    )

    @classmethod
    def of(cls, customer: Customer) -> ReviewLine | None:
        """Return the customer's line in the campaign that runs."""
        running = select(ReviewCampaign.id).where(ReviewCampaign.state == RUNNING)
        query = select(cls).where(cls.customer_id == customer.id, cls.campaign_id.in_(running))
        return db.session.scalar(query.order_by(cls.id.desc()).limit(1))

    def can_settle(self, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may confirm or correct now."""
        return user.may(Permission.REVIEW_WORK) and self.state == OPEN and self.campaign.state == RUNNING

    def can_take_back(self, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may take back what was confirmed or corrected: while it is on the register."""
        settled = self.state in (CONFIRMED, CORRECTED) and self.customer.state == CustomerState.ACTIVE
        return user.may(Permission.REVIEW_WORK) and settled and self.campaign.state == RUNNING

    def confirm(self, *, by: Staff, version: int, remark: str = "") -> str:
        """Confirm that the card is right, as it stood at `version`, and return the state: corrected where `by` changed it in this review.

        Raises `StateConflict` where the line is not open any more, `Refusal` where the card was changed since it was looked at.
        """
        if self.customer.version != version:
            raise Refusal("The card was changed since this page was opened. Look at it again, then confirm.")
        state = CORRECTED if self._changed_by(by) else CONFIRMED
        self._settle(state, by, remark)
        return state

    def correct(self, *, by: Staff, remark: str = "") -> None:
        """Note that the card was corrected in this review. Raises `StateConflict` where the line is not open any more."""
        self._settle(CORRECTED, by, remark)

    def take_back(self, *, by: Staff) -> None:
        """Put the line among those to be reviewed again. Raises `StateConflict` where nothing is to be taken back."""
        if not self.can_take_back(by):
            raise StateConflict(f"review line {self.id}")
        old = self.state
        transition(self, expect={"state": old}, change={"state": OPEN, "by_id": None, "at": None, "remark": ""})
        move_totals([((self.campaign_id, self.team_id, self.owner_id), old, OPEN)])
        audit.write("change", "review-taken-back", actor=by, record=self, label=self.campaign.half)

    def _settle(self, state: str, by: Staff, remark: str) -> None:
        if self.campaign.state != RUNNING:
            raise StateConflict(f"review {self.campaign.half} does not run")
        change = {"state": state, "by_id": by.id, "at": clock.now(), "remark": remark[:LONGEST_REMARK]}
        transition(self, expect={"state": OPEN}, change=change)
        move_totals([((self.campaign_id, self.team_id, self.owner_id), OPEN, state)])
        audit.write("change", f"review-{state}", actor=by, record=self, label=self.campaign.half, reason=remark, source="review")

    def _changed_by(self, by: Staff) -> bool:
        """Return whether `by` has changed card or contacts since the campaign was opened."""
        return bool(
            db.session.scalar(
                select(
                    exists().where(
                        AuditEvent.customer_id == self.customer_id,
                        AuditEvent.record_type.in_(("Customer", "Contact")),
                        AuditEvent.action.in_(("changed", "added", "removed")),
                        AuditEvent.actor_id == by.id,
                        AuditEvent.at >= self.campaign.opened_at,
                    )
                )
            )
        )


class ReviewTotal(Base):
    """How many customers of one rep in one team are in each state; 0 stands for nobody and no team."""

    __tablename__ = "review_total"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("review_campaign.id", ondelete="CASCADE"))
    team_id: Mapped[int] = mapped_column(default=0)
    owner_id: Mapped[int] = mapped_column(default=0)
    open: Mapped[int] = mapped_column(default=0)
    confirmed: Mapped[int] = mapped_column(default=0)
    corrected: Mapped[int] = mapped_column(default=0)
    gone: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index(None, "campaign_id", "team_id", "owner_id", unique=True),)


# --- the figures ---------------------------------------------------------------------------------------------------------

Place = tuple[int, int | None, int | None]
"""Campaign, team and owner of a line."""


def move_totals(moves: Iterable[tuple[Place, str, str]]) -> None:
    """Note in the figures that lines went from one state to another; in one order, so that nobody waits in a circle."""
    changes: dict[tuple[int, int, int], dict[str, int]] = {}
    for (campaign, team, owner), old, new in moves:
        row = changes.setdefault((campaign, team or 0, owner or 0), {})
        row[old], row[new] = row.get(old, 0) - 1, row.get(new, 0) + 1
    campaign_totals.move(ReviewTotal, changes)


def count_anew(campaign: ReviewCampaign) -> None:
    """Count a campaign's figures from its lines, which first follow their customers. The caller commits."""
    rows = db.session.scalars(select(ReviewTotal).where(ReviewTotal.campaign_id == campaign.id).with_for_update()).all()
    follow_customers(ReviewLine.campaign_id == campaign.id)
    line = ReviewLine
    states = [func.sum(case((line.state == state, 1), else_=0)) for state in (OPEN, CONFIRMED, CORRECTED, GONE)]
    grouped = select(line.team_id, line.owner_id, *states).where(line.campaign_id == campaign.id).group_by(line.team_id, line.owner_id)
    found = {(team or 0, owner or 0): figures for team, owner, *figures in db.session.execute(grouped)}
    for row in rows:
        figures = found.pop((row.team_id, row.owner_id), None)
        if figures is None:
            db.session.delete(row)
        else:
            row.open, row.confirmed, row.corrected, row.gone = figures
    for (team, owner), figures in found.items():
        values = dict(zip((OPEN, CONFIRMED, CORRECTED, GONE), figures, strict=True))
        db.session.add(ReviewTotal(campaign_id=campaign.id, team_id=team, owner_id=owner, **values))
    campaign.counted_on = clock.today()


def follow_customers(*which: Any) -> None:
    """Bring owner, team and state of lines into step with their customers: who left the register needs no review, who is back does."""
    line, customer = ReviewLine, Customer
    on_register = customer.state == CustomerState.ACTIVE.value
    off = and_(
        customer.id == line.customer_id,
        or_(
            line.owner_id.is_distinct_from(customer.owner_id),
            line.team_id.is_distinct_from(customer.team_id),
            and_(line.state == OPEN, ~on_register),
            and_(line.state == GONE, on_register),
        ),
    )
    is_there = exists().where(customer.id == line.customer_id, on_register).correlate(line)
    values: dict[str, Any] = {
        "owner_id": select(customer.owner_id).where(customer.id == line.customer_id).scalar_subquery(),
        "team_id": select(customer.team_id).where(customer.id == line.customer_id).scalar_subquery(),
        "state": case((and_(line.state == OPEN, ~is_there), GONE), (and_(line.state == GONE, is_there), OPEN), else_=line.state),
    }
    step = update(line).where(*which, exists().where(off).correlate(line)).values(values)
    db.session.execute(step, execution_options=_QUIET)


def follow(ids: Collection[int]) -> None:
    """Bring the lines of customers that changed hands or state into step, and the figures with them, in campaigns that run."""
    line = ReviewLine
    running = select(ReviewCampaign.id).where(ReviewCampaign.state != CLOSED)
    which = (line.customer_id.in_(ids), line.campaign_id.in_(running))
    grouped = select(line.campaign_id, line.team_id, line.owner_id, line.state, func.count()).where(*which)
    grouped = grouped.group_by(line.campaign_id, line.team_id, line.owner_id, line.state)
    changes: dict[tuple[int, int, int], dict[str, int]] = {}

    def note(sign: int) -> None:
        for campaign, team, owner, state, number in db.session.execute(grouped):
            row = changes.setdefault((campaign, team or 0, owner or 0), {})
            row[state] = row.get(state, 0) + sign * number

    note(-1)
    if not changes:
        return
    follow_customers(*which)
    note(1)
    campaign_totals.move(ReviewTotal, changes)
    for one in db.session.identity_map.values():
        if isinstance(one, ReviewLine):
            db.session.expire(one)


@goes_along
def lines_go_along(ids: list[int], _to: Staff, _by: Staff) -> None:
    """Open lines, and the figures of settled ones, go along with customers that change hands (RO-5)."""
    db.session.flush()
    follow(ids)


@settles
def lines_after_merge(ids: list[int]) -> None:
    """A record that was merged away leaves the review; one whose merge is undone is back in it."""
    db.session.flush()
    follow(ids)


def forget(customer_ids: Collection[int]) -> None:
    """Take words out of the lines of erased cards; that they were reviewed, by whom and when, stays in the figures (AR-11)."""
    words: dict[str, Any] = {"remark": "", "exceptions": []}
    db.session.execute(update(ReviewLine).where(ReviewLine.customer_id.in_(customer_ids)).values(words), execution_options=_QUIET)


def list_customers(campaign: ReviewCampaign, last: int) -> int:
    """List the customers on the register behind `campaign.last_id` up to id `last`; return how many. The caller commits."""
    columns = ("campaign_id", "customer_id", "owner_id", "team_id", "state", "remark", "checked", "exceptions")
    customer = Customer
    empty = cast(literal("[]", Text), JsonValue) if db.session.connection().dialect.name == "postgresql" else literal("[]")
    chosen = select(literal(campaign.id), customer.id, customer.owner_id, customer.team_id, literal(OPEN), literal(""), empty, empty).where(
        customer.id > campaign.last_id, customer.id <= last, customer.state == CustomerState.ACTIVE.value
    )
    done = db.session.execute(insert(ReviewLine).from_select(columns, chosen.order_by(customer.id)))
    campaign.last_id = last
    return int(done.rowcount)  # type: ignore[attr-defined]


for _record, _name, _title in (
    ("ReviewLine", "review-confirmed", N_("Confirmed in the half-yearly review")),
    ("ReviewLine", "review-corrected", N_("Corrected in the half-yearly review")),
    ("ReviewLine", "review-taken-back", N_("Half-yearly review taken back")),
    ("ReviewLine", "review-exception", N_("Binder not in order at the half-yearly review")),
):
    history.action(_record, _name, _title)
history.stream("reviews", N_("Half-yearly reviews"), kinds=("change",), record_types=("ReviewLine",))
