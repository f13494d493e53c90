"""The yearly campaign of grading (RL-3): opened once a year by a manager or the calendar, published with its grade list.

The customers are listed in the background with their figures, in chunks that are each a transaction: a job that was stopped goes on
behind its last chunk.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, and_, func, not_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db, transition
from portal.inserting import insert_rows
from portal.models import audit, history
from portal.models.customer import NEVER, Customer, CustomerState
from portal.models.grading import APPROVED, MISSED, OPEN, PENDING, WORKED_ON, Grading
from portal.models.grading_figures import figures
from portal.models.grading_totals import change_lines, count_anew
from portal.models.job import Job
from portal.models.staff import Staff
from portal.models.standard import at_version, in_force
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules import grading as rules
from portal.rules.message import N_, Message, Refusal

KIND, REFRESH = "open-grading", "refresh-grading"
OPENING, RUNNING, PUBLISHED = "opening", "running", "published"
CHUNK = 2_000
"""So many customers are listed in a transaction: others write between two."""


class GradingCampaign(Base):
    """The grading of one year: opening → running → published."""

    __tablename__ = "grading_campaign"

    year: Mapped[int] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default=OPENING)
    due_on: Mapped[date]
    period_first: Mapped[date]
    period_last: Mapped[date]
    indicators_version: Mapped[int]
    thresholds_version: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """None where the calendar opened it."""
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    last_id: Mapped[int] = mapped_column(default=0)
    """How far the customers are listed: a job that begins again goes on behind this one."""
    counted_on: Mapped[date | None]
    reminded_at: Mapped[datetime | None]

    opened_by: Mapped[Staff | None] = relationship(foreign_keys=[opened_by_id])
    published_by: Mapped[Staff | None] = relationship(foreign_keys=[published_by_id])
    job: Mapped[Job | None] = relationship()

    __table_args__ = (Index(None, "state", "year"),)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[GradingCampaign]:
        """Return every campaign: each reader sees their own part of it."""
        return select(cls)

    @classmethod
    def of_year(cls, year: int) -> GradingCampaign | None:
        """Return the campaign of a year, None where it was not opened."""
        return db.session.scalar(select(cls).where(cls.year == year))

    @classmethod
    def running(cls) -> GradingCampaign | None:
        """Return the campaign that is worked on, None where there is none."""
        return db.session.scalar(select(cls).where(cls.state == RUNNING).order_by(cls.year.desc()).limit(1))

    @property
    def is_running(self) -> bool:
        """Return whether it is worked on, or being opened."""
        return self.state != PUBLISHED

    @property
    def is_overdue(self) -> bool:
        """Return whether its last day has passed and it is not published."""
        return self.state == RUNNING and clock.today() > self.due_on

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/gradings/{self.year}"

    @property
    def before(self) -> GradingCampaign | None:
        """Return the published campaign before this one."""
        query = select(GradingCampaign).where(GradingCampaign.year < self.year, GradingCampaign.state == PUBLISHED)
        return db.session.scalar(query.order_by(GradingCampaign.year.desc()).limit(1))

    @property
    def indicators(self) -> tuple[rules.Indicator, ...]:
        """Return the indicators with the weights that it began with (ST-2)."""
        return rules.indicators(at_version("grading.indicators", self.indicators_version).value)


# --- opening ------------------------------------------------------------------------------------------------------------------


def days_of(year: int) -> tuple[date, date]:
    """Return first and last day of a year's grading by the standards in force today."""
    return rules.window(year, standard("grading.window_first"), standard("grading.window_days"))


def why_not_open(year: int) -> Message | None:
    """Return why the campaign of a year cannot be opened now, or None."""
    there = GradingCampaign.of_year(year)
    if there is not None:
        figures = {"year": year, "day": clock.local(there.opened_at).date().isoformat()}
        return Message(N_("The grading of %(year)s was opened on %(day)s. There is one a year."), figures)
    other = db.session.scalar(select(GradingCampaign).where(GradingCampaign.state != PUBLISHED).limit(1))
    if other is not None:
        return Message(N_("The grading of %(year)s is not published yet. Finish that one first."), {"year": other.year})
    return None


def can_open(user: Staff, year: int) -> bool:
    """Return whether `user` may open the campaign of a year now."""
    return user.may(Permission.GRADING_OPEN) and why_not_open(year) is None


def open_campaign(year: int, *, by: Staff | None) -> GradingCampaign:
    """Open the campaign of a year and return it, flushed, with the job that lists its customers (`portal.jobs.start` after the commit).

    Raises `Refusal` with the reason where there is one already, also one opened in this very moment.
    """
    why = why_not_open(year)
    if why is not None:
        raise Refusal(why.text, **why.params)
    today = clock.today()
    _first, last = days_of(year)
    if last < today:
        last = today + (last - _first)  # opened late: it has as many days
    period = rules.year_before(year)
    campaign = GradingCampaign(
        year=year, due_on=last, period_first=period[0], period_last=period[1], opened_by=by,
        indicators_version=in_force("grading.indicators").version, thresholds_version=in_force("grading.thresholds").version,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(campaign)
    except IntegrityError:
        raise Refusal("The grading of %(year)s was opened in this moment. There is one a year.", year=year) from None
    _queue(campaign, KIND, by)
    audit.write("change", "grading-opened", actor=by, record=campaign, label=str(year), due_on=last.isoformat())
    return campaign


def open_by_calendar() -> GradingCampaign | None:
    """Open the campaign whose first day has come, where the standard says so and nobody has yet; None where there is nothing to open."""
    if not standard("grading.by_calendar"):
        return None
    today = clock.today()
    first, last = days_of(today.year)
    if not first <= today <= last or why_not_open(today.year) is not None:
        return None
    try:
        return open_campaign(today.year, by=None)
    except Refusal:
        return None


def can_go_on(campaign: GradingCampaign, user: Staff) -> bool:
    """Return whether the listing has failed and `user` may have it go on."""
    failed = campaign.job is not None and campaign.job.state == "failed"
    return user.may(Permission.GRADING_OPEN) and campaign.state == OPENING and failed


def go_on(campaign: GradingCampaign, *, by: Staff) -> None:
    """Queue the listing again, behind its last chunk. Raises `Refusal` where it has not failed."""
    if not can_go_on(campaign, by):
        raise Refusal("The customers are being listed, or are listed already.")
    _queue(campaign, KIND, by)


def _queue(campaign: GradingCampaign, kind: str, by: Staff | None) -> None:
    campaign.job = Job.queue(kind, by=by, campaign_id=campaign.id)
    db.session.flush()


def list_portion(campaign: GradingCampaign) -> tuple[int, int]:
    """List the next chunk of customers with their figures; return how far it came and how far it goes. With the last one it runs.

    Safe to be called again where all are listed. The caller commits.
    """
    whole = db.session.scalar(select(func.max(Customer.id))) or 0
    if campaign.state == OPENING:
        listed = _list(campaign)
        if not listed:
            campaign.last_id = whole
            _run(campaign)
    return campaign.last_id, whole


def _list(campaign: GradingCampaign) -> int:
    customer = Customer
    columns = (customer.id, customer.owner_id, customer.team_id, customer.grade)
    on_register = customer.state == CustomerState.ACTIVE.value
    chosen = select(*columns).where(customer.id > campaign.last_id, on_register, not_(too_new(campaign.due_on)))
    rows = db.session.execute(chosen.order_by(customer.id).limit(CHUNK)).all()
    if not rows:
        return 0
    ids = [row.id for row in rows]
    found = figures(ids, campaign.period_first, campaign.period_last, _codes(campaign))
    before = _before(ids)
    insert_rows(
        db.session(), Grading.__table__, ("customer_id", "owner_id", "team_id", "before_grade", "before_id", "figures"),
        ((row.id, row.owner_id, row.team_id, row.grade, before.get(row.id), found[row.id]) for row in rows),
        campaign_id=campaign.id, state=OPEN, period_first=campaign.period_first, period_last=campaign.period_last,
        indicators_version=campaign.indicators_version, thresholds_version=campaign.thresholds_version,
        first={}, second={}, support={}, created_at=clock.now(),
    )  # fmt: skip
    campaign.last_id = ids[-1]
    return len(ids)


def too_new(due_on: date) -> Any:
    """Return the condition of the customers whose provisional grade is not judged yet by a campaign: cooperation is too short (RL-4)."""
    limit = rules.months_after(due_on, -standard("grading.provisional_months"))
    return and_(Customer.grade_provisional, func.coalesce(Customer.first_deal_on, Customer.registered_on, NEVER) > limit)


def _codes(campaign: GradingCampaign) -> list[str]:
    return [one.code for one in campaign.indicators if one.source == rules.DATA]


def _before(ids: list[int]) -> dict[int, int]:
    """Return customer id → the grading by which it has its grade."""
    found: dict[int, int] = {}
    for start in range(0, len(ids), 500):
        which = (Grading.customer_id.in_(ids[start : start + 500]), Grading.state == APPROVED)
        rows = db.session.execute(select(Grading.customer_id, func.max(Grading.id)).where(*which).group_by(Grading.customer_id))
        found.update((row[0], row[1]) for row in rows)
    return found


def _run(campaign: GradingCampaign) -> None:
    from portal.models.grading_desk import tell_opened

    transition(campaign, expect={"state": OPENING}, change={"state": RUNNING})
    count_anew(campaign)
    tell_opened(campaign)


# --- figures that came later ------------------------------------------------------------------------------------------------------


def can_refresh(campaign: GradingCampaign, user: Staff) -> bool:
    """Return whether `user` may have the figures read again: sales or payments may have been imported since."""
    busy = campaign.job is not None and campaign.job.state in ("queued", "running")
    return user.may(Permission.GRADING_OPEN) and campaign.state == RUNNING and not busy


def refresh(campaign: GradingCampaign, *, by: Staff) -> None:
    """Queue the job that reads the figures of all who are not rated yet again. Raises `Refusal`."""
    if not can_refresh(campaign, by):
        raise Refusal("The figures are being read, or the grading is not under way.")
    _queue(campaign, REFRESH, by)
    audit.write("change", "grading-refreshed", actor=by, record=campaign, label=str(campaign.year))


def refresh_portion(campaign: GradingCampaign, after: int) -> int:
    """Read the figures of the next lines to be rated behind line `after`; return the last one, 0 where there are none left."""
    query = select(Grading).where(Grading.campaign_id == campaign.id, Grading.state == OPEN, Grading.id > after)
    lines = list(db.session.scalars(query.order_by(Grading.id).limit(CHUNK)))
    found = figures([one.customer_id for one in lines], campaign.period_first, campaign.period_last, _codes(campaign))
    for one in lines:
        if one.figures != found[one.customer_id]:
            one.figures, one.version = found[one.customer_id], one.version + 1
    db.session.flush()
    return lines[-1].id if lines else 0


# --- publishing ---------------------------------------------------------------------------------------------------------------


def left(campaign: GradingCampaign) -> int:
    """Return how many customers are not graded yet, those in approval not counted."""
    query = select(func.count()).where(Grading.campaign_id == campaign.id, Grading.state.in_(WORKED_ON))
    return db.session.scalar(query) or 0


def publish(campaign: GradingCampaign, *, left_out: int, by: Staff) -> None:
    """Publish the grade list (RL-3): nothing may be in approval; `left_out` is how many stay ungraded, as the page said.

    Those keep the grade that they have; lists on which they stand are given up. Raises `Refusal`, `StateConflict` where it is published
    already.
    """
    from portal.models.grading_list import let_drafts_go

    if not by.may(Permission.GRADING_OPEN) or campaign.state == OPENING:
        raise Refusal("A grading under way is published, by a manager.")
    waiting = db.session.scalar(select(func.count()).where(Grading.campaign_id == campaign.id, Grading.state == PENDING)) or 0
    if waiting:
        raise Refusal("%(count)s customers are on lists in approval. The list is published when they are decided.", count=waiting)
    count = left(campaign)
    if count != left_out:
        raise Refusal("Meanwhile %(count)s customers are not graded. Look again, then publish.", count=count)
    transition(campaign, expect={"state": RUNNING}, change={"state": PUBLISHED, "published_at": clock.now(), "published_by_id": by.id})
    let_drafts_go(campaign, by=by)
    change_lines({"state": MISSED, "list_id": None}, Grading.campaign_id == campaign.id, Grading.state.in_(WORKED_ON))
    count_anew(campaign)
    audit.write("change", "grading-published", actor=by, record=campaign, label=str(campaign.year), not_graded=count)


def count_daily() -> bool:
    """Count the running campaign anew, once a day; return whether it was. The caller commits."""
    campaign = GradingCampaign.running()
    if campaign is None or campaign.counted_on == clock.today():
        return False
    count_anew(campaign)
    return True


for _name, _title in (
    ("grading-opened", N_("Yearly grading opened")),
    ("grading-refreshed", N_("Figures of the grading read again")),
    ("grading-published", N_("Grade list published")),
):
    history.action("GradingCampaign", _name, _title)
