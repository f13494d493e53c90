"""The figures of a grading campaign, kept for each rep by every step, so that no page counts lines (RL-3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, and_, case, exists, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.database import Base, db
from portal.models import campaign_totals
from portal.models.customer import Customer, CustomerState
from portal.models.grading import APPROVED, GONE, OPEN, PENDING, RATED, REVIEWED, STATES, WORKED_ON, Grading
from portal.models.hand_over import goes_along
from portal.models.merge import settles
from portal.models.staff import Staff

if TYPE_CHECKING:
    from portal.models.grading_campaign import GradingCampaign

_QUIET: dict[str, Any] = {"synchronize_session": False}
GRADED = (RATED, REVIEWED, PENDING, APPROVED)
"""States in which a line counts in the distribution."""
DISTRIBUTION = ("a", "b", "c", "up", "down")
COLUMNS = (*STATES, *DISTRIBUTION)

Place = tuple[int | None, int | None, int | None]
"""Campaign, team and owner of a line; without a campaign nothing is counted."""
Standing = tuple[str, str, int]
"""State, grade and move of a line."""


class GradingTotal(Base):
    """How many customers of one rep in one team stand where, and got which grade; 0 stands for nobody and no team."""

    __tablename__ = "grading_total"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("grading_campaign.id", ondelete="CASCADE"))
    team_id: Mapped[int] = mapped_column(default=0)
    owner_id: Mapped[int] = mapped_column(default=0)
    open: Mapped[int] = mapped_column(default=0)
    rated: Mapped[int] = mapped_column(default=0)
    reviewed: Mapped[int] = mapped_column(default=0)
    pending: Mapped[int] = mapped_column(default=0)
    approved: Mapped[int] = mapped_column(default=0)
    gone: Mapped[int] = mapped_column(default=0)
    missed: Mapped[int] = mapped_column(default=0)
    a: Mapped[int] = mapped_column(default=0)
    b: Mapped[int] = mapped_column(default=0)
    c: Mapped[int] = mapped_column(default=0)
    up: Mapped[int] = mapped_column(default=0)
    down: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index(None, "campaign_id", "team_id", "owner_id", unique=True),)


def place_of(line: Grading) -> Place:
    """Return where a line counts."""
    return line.campaign_id, line.team_id, line.owner_id


def _counted(standing: Standing) -> list[str]:
    """Return the columns in which a line counts one."""
    state, grade, move = standing
    found = [state]
    if state in GRADED and grade:
        found.append(grade.lower())
        if move:
            found.append("up" if move > 0 else "down")
    return found


Changes = dict[tuple[int, int, int], dict[str, int]]


def _note(changes: Changes, place: Place, standing: Standing, number: int) -> None:
    campaign, team, owner = place
    if campaign is None:
        return
    row = changes.setdefault((campaign, team or 0, owner or 0), {})
    for column in _counted(standing):
        row[column] = row.get(column, 0) + number


def move_totals(moves: Iterable[tuple[Place, Standing, Standing]]) -> None:
    """Note in the figures that lines went from one standing to another."""
    changes: Changes = {}
    for place, old, new in moves:
        _note(changes, place, old, -1)
        _note(changes, place, new, 1)
    campaign_totals.move(GradingTotal, changes)


def _grouped(*which: Any) -> Changes:
    line = Grading
    place = (line.campaign_id, line.team_id, line.owner_id)
    standing = (line.state, line.grade, line.move)
    found: Changes = {}
    for row in db.session.execute(select(*place, *standing, func.count()).where(*which).group_by(*place, *standing)):
        _note(found, tuple(row[:3]), tuple(row[3:6]), row[6])  # type: ignore[arg-type]
    return found


def change_lines(change: dict[str, Any], *which: Any) -> int:
    """Change columns of many lines at once, with the figures that follow; return how many."""
    before = _grouped(*which)
    ids = list(db.session.scalars(select(Grading.id).where(*which)))
    values = {**change, "version": Grading.version + 1}
    done: int = db.session.execute(update(Grading).where(*which).values(values), execution_options=_QUIET).rowcount  # type: ignore[attr-defined]
    after: Changes = {}
    for start in range(0, len(ids), 1000):
        _join(after, _grouped(Grading.id.in_(ids[start : start + 1000])), 1)
    _join(after, before, -1)
    campaign_totals.move(GradingTotal, after)
    expire_lines()
    return done


def _join(changes: Changes, more: Changes, sign: int) -> None:
    for place, row in more.items():
        here = changes.setdefault(place, {})
        for column, number in row.items():
            here[column] = here.get(column, 0) + sign * number


def expire_lines() -> None:
    """Have loaded gradings read again: they were changed past the session."""
    for one in list(db.session.identity_map.values()):
        if isinstance(one, Grading):
            db.session.expire(one)


def count_anew(campaign: GradingCampaign) -> None:
    """Count a campaign's figures from its lines, which first follow their customers where it runs. The caller commits."""
    total = GradingTotal
    rows = db.session.scalars(select(total).where(total.campaign_id == campaign.id).with_for_update()).all()
    if campaign.is_running:
        follow_customers(Grading.campaign_id == campaign.id)
    found = _grouped(Grading.campaign_id == campaign.id)
    for row in rows:
        figures = found.pop((campaign.id, row.team_id, row.owner_id), None)
        if figures is None:
            db.session.delete(row)
            continue
        for column in COLUMNS:
            setattr(row, column, figures.get(column, 0))
    for (_campaign, team, owner), figures in found.items():
        db.session.add(total(campaign_id=campaign.id, team_id=team, owner_id=owner, **figures))
    campaign.counted_on = clock.today()
    db.session.flush()


def follow_customers(*which: Any) -> None:
    """Bring owner, team and state of lines into step with their customers.

    Who left the register is not graded; who is back stands where it stood. What changes team or leaves is on no draft list any more;
    what is in approval is decided there.
    """
    line, customer = Grading, Customer
    on_register = customer.state == CustomerState.ACTIVE.value
    moved = or_(line.owner_id.is_distinct_from(customer.owner_id), line.team_id.is_distinct_from(customer.team_id))
    off = and_(
        customer.id == line.customer_id,
        or_(moved, and_(line.state.in_(WORKED_ON), ~on_register), and_(line.state == GONE, on_register)),
    )
    is_there = exists().where(customer.id == line.customer_id, on_register).correlate(line)
    team = select(customer.team_id).where(customer.id == line.customer_id).scalar_subquery()
    back = case((line.second_at.is_not(None), REVIEWED), (line.first_at.is_not(None), RATED), else_=OPEN)
    leaves = and_(line.state.in_(WORKED_ON), or_(~is_there, line.team_id.is_distinct_from(team)))
    values: dict[str, Any] = {
        "owner_id": select(customer.owner_id).where(customer.id == line.customer_id).scalar_subquery(),
        "team_id": team,
        "state": case((and_(line.state.in_(WORKED_ON), ~is_there), GONE), (and_(line.state == GONE, is_there), back), else_=line.state),
        "list_id": case((leaves, None), else_=line.list_id),
        "version": line.version + 1,
    }
    db.session.execute(update(line).where(*which, exists().where(off).correlate(line)).values(values), execution_options=_QUIET)


def follow(ids: Collection[int]) -> None:
    """Bring the gradings of customers that changed hands or state into step, and the figures with them, where they are under way."""
    from portal.models.grading_campaign import PUBLISHED, GradingCampaign

    over = select(GradingCampaign.id).where(GradingCampaign.state == PUBLISHED)
    which = (Grading.customer_id.in_(ids), or_(Grading.campaign_id.is_(None), Grading.campaign_id.not_in(over)))
    before = _grouped(*which)
    follow_customers(*which)
    after = _grouped(*which)
    _join(after, before, -1)
    campaign_totals.move(GradingTotal, after)
    expire_lines()


@goes_along
def lines_go_along(ids: list[int], _to: Staff, _by: Staff) -> None:
    """Gradings under way go along with customers that change hands (RO-5)."""
    db.session.flush()
    follow(ids)


@settles
def lines_after_merge(ids: list[int]) -> None:
    """A record that was merged away leaves the grading; one whose merge is undone is back in it."""
    db.session.flush()
    follow(ids)
