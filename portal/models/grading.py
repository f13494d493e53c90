"""The grading of one customer 客户质量等级评定 (RL-1 to RL-4): first rating, the meeting's re-rating, approval, the grade on the card.

A grading is a line of a yearly campaign (`grading_campaign.py`), or stands by itself: a provisional grade judged anew. It keeps the
versions of the standards that it began with. Approval comes by lists (`grading_list.py`); nothing else sets a grade on a card that is on
the register. Figures of a campaign are kept in `grading_totals.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, StateConflict, db, transition
from portal.models import audit, history
from portal.models.customer import Customer, CustomerState
from portal.models.duplicate import STAYS_AT_MERGE
from portal.models.grading_figures import figures
from portal.models.grading_meeting import GradingMeeting
from portal.models.grading_scores import LONGEST_REASON, Points, Scored, decimal_of, first_rating, scores_of, second_rating
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.models.standard import at_version, in_force
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules import grading as rules
from portal.rules.grading import Indicator, plain
from portal.rules.message import N_, Message, Refusal

if TYPE_CHECKING:
    from portal.models.grading_campaign import GradingCampaign
    from portal.models.grading_list import GradeList

OPEN, RATED, REVIEWED, PENDING, APPROVED, GONE, MISSED = "open", "rated", "reviewed", "pending", "approved", "gone", "missed"
STATES = {
    OPEN: (N_("To be rated"), ""),
    RATED: (N_("Rated"), "accent"),
    REVIEWED: (N_("Re-rated by the meeting"), "accent"),
    PENDING: (N_("In approval"), "accent"),
    APPROVED: (N_("Graded"), "ok"),
    GONE: (N_("No longer on the register"), ""),
    MISSED: (N_("Not graded"), "warn"),
}
"""Words and tones of where a grading stands: open → rated → reviewed → pending → approved; gone, or missed at publication."""
WORKED_ON = (OPEN, RATED, REVIEWED)
SUPPORT = {"production": N_("Production support"), "sales": N_("Sales support"), "service": N_("Service support")}
"""What an A customer gets (RL-4)."""
_UNDECIDED = "campaign_id IS NULL AND state IN ('open', 'rated', 'reviewed', 'pending')"
UNDECIDED = sql("grading.campaign_id IS NULL AND grading.state IN ('open', 'rated', 'reviewed', 'pending')")
"""The few gradings between two campaigns that are under way, in the words of their index."""


class Grading(HangsOnCustomer, Base):
    """One customer's grading."""

    __tablename__ = "grading"

    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("grading_campaign.id", ondelete="CASCADE"))
    """None for a provisional grade judged anew."""
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    state: Mapped[str] = mapped_column(default=OPEN)
    period_first: Mapped[date]
    period_last: Mapped[date]
    indicators_version: Mapped[int] = mapped_column(default=0)
    thresholds_version: Mapped[int] = mapped_column(default=0)
    figures: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """Code of the indicator → figure of the period, as text."""
    first: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """The first rating: code → {score, reason}."""
    first_total: Mapped[Decimal | None] = mapped_column(Points)
    first_grade: Mapped[str] = mapped_column(default="")
    first_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    first_at: Mapped[datetime | None]
    second: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """The meeting's re-rating, all indicators: code → {score, reason}; a reason where it differs from the first."""
    second_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    second_at: Mapped[datetime | None]
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("grading_meeting.id"))
    total: Mapped[Decimal | None] = mapped_column(Points)
    """Of the re-rating, else of the first rating; `grade` likewise."""
    grade: Mapped[str] = mapped_column(default="")
    before_id: Mapped[int | None] = mapped_column(ForeignKey("grading.id", ondelete="SET NULL"))
    """The grading that holds until this one is approved."""
    before_grade: Mapped[str] = mapped_column(default="")
    move: Mapped[int] = mapped_column(default=0)
    """1 up, -1 down against the grade before, 0 the same or none before."""
    list_id: Mapped[int | None] = mapped_column(ForeignKey("grade_list.id", ondelete="SET NULL"), index=True)
    approved_at: Mapped[datetime | None]
    valid_until: Mapped[date | None]
    support: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """What an A customer gets, by the codes of `SUPPORT`."""
    policy_stable: Mapped[str] = mapped_column(default="")
    """Of a customer with a special policy: yes | no | ''."""
    policy_note: Mapped[str] = mapped_column(default="")
    """Changed or new policy that is proposed."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    campaign: Mapped[GradingCampaign | None] = relationship("GradingCampaign")
    customer: Mapped[Customer] = relationship()
    owner: Mapped[Staff | None] = relationship(foreign_keys=[owner_id])
    first_by: Mapped[Staff | None] = relationship(foreign_keys=[first_by_id])
    second_by: Mapped[Staff | None] = relationship(foreign_keys=[second_by_id])
    meeting: Mapped[GradingMeeting | None] = relationship()
    before: Mapped[Grading | None] = relationship(remote_side="Grading.id")
    on_list: Mapped[GradeList | None] = relationship("GradeList", back_populates="gradings")

    __table_args__ = (
        Index(None, "campaign_id", "customer_id", unique=True),
        Index(None, "campaign_id", "state", "owner_id", "id"),
        Index(None, "campaign_id", "team_id", "state", "grade", "id"),
        Index(None, "customer_id", "id"),
        Index("uq_grading_undecided", "customer_id", unique=True, sqlite_where=sql(_UNDECIDED), postgresql_where=sql(_UNDECIDED)),
        {"info": STAYS_AT_MERGE},
    )

    # --- beginning -----------------------------------------------------------------------------------------------------

    @staticmethod
    def can_begin(customer: Customer, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may have it graded between two campaigns: it is in no grading now."""
        there = user.may(Permission.GRADING_WORK) and customer.state == CustomerState.ACTIVE
        return there and Grading.undecided_of(customer) is None

    @classmethod
    def undecided_of(cls, customer: Customer) -> Grading | None:
        """Return the customer's grading that is under way, of a campaign that runs or by itself."""
        undecided = (*WORKED_ON, PENDING)
        query = select(cls).where(cls.customer_id == customer.id, cls.state.in_(undecided)).order_by(cls.id.desc()).limit(1)
        return db.session.scalar(query)

    @classmethod
    def begin(cls, customer: Customer, *, by: Staff) -> Grading:
        """Begin a grading between two campaigns, of the last twelve whole months (RL-4). Raises `Refusal` where one is under way."""
        if not cls.can_begin(customer, by):
            raise Refusal("This customer is being graded already, or is not on the register.")
        first, last = rules.twelve_months_before(clock.today())
        held, thresholds = in_force("grading.indicators"), in_force("grading.thresholds")
        codes = [one["code"] for one in held.value if one["source"] == rules.DATA]
        before = last_approved(customer)
        grading = cls(
            customer=customer, owner_id=customer.owner_id, team_id=customer.team_id, period_first=first, period_last=last,
            indicators_version=held.version, thresholds_version=thresholds.version,
            figures=figures([customer.id], first, last, codes)[customer.id],
            before_id=before.id if before else None, before_grade=customer.grade,
        )  # fmt: skip
        try:
            with db.session.begin_nested():
                db.session.add(grading)
        except IntegrityError as error:
            raise StateConflict(f"grading of customer {customer.id}") from error
        audit.write("change", "grading-begun", actor=by, record=grading, label=customer.full_name)
        return grading

    # --- reading --------------------------------------------------------------------------------------------------------

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Return the indicators with the weights that this grading began with (ST-2)."""
        return rules.indicators(at_version("grading.indicators", self.indicators_version).value)

    @property
    def thresholds(self) -> list[dict[str, Any]]:
        """Return the thresholds that this grading began with."""
        found: list[dict[str, Any]] = at_version("grading.thresholds", self.thresholds_version).value
        return found

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return " ".join(filter(None, (str(self.campaign.year) if self.campaign else "", self.customer.full_name)))

    @property
    def is_late(self) -> bool:
        """Return whether it is of a campaign that is not worked on now: still being opened, or published."""
        return self.campaign is not None and self.campaign.state != "running"

    def scored(self) -> list[Scored]:
        """Return each indicator with figure, band, scores and reasons, and what it was last time."""
        found = []
        last = self.before.final if self.before else {}
        for one in self.indicators:
            figure = Decimal(self.figures[one.code]) if one.source == rules.DATA and one.code in self.figures else None
            first, second, before = (part.get(one.code, {}) for part in (self.first, self.second, last))
            found.append(
                Scored(
                    one, figure, one.band(figure) if figure is not None else None,
                    decimal_of(first.get("score")), first.get("reason", ""),
                    decimal_of(second.get("score")), second.get("reason", ""),
                    decimal_of(before.get("score")), before.get("reason", ""),
                )
            )  # fmt: skip
        return found

    @property
    def final(self) -> dict[str, Any]:
        """Return the ratings that count: the meeting's, with the first rating's reason where it had none of its own."""
        if not self.second:
            return self.first
        return {
            code: {**said, "reason": said["reason"] or self.first.get(code, {}).get("reason", "")} for code, said in self.second.items()
        }

    def why_moved(self) -> list[rules.Step]:
        """Return which indicators made the total another than last time, the greatest change first (RL-3)."""
        if self.before is None or not self.final:
            return []
        return rules.steps_between(self.before.indicators, scores_of(self.before.final), self.indicators, scores_of(self.final))

    # --- who may ---------------------------------------------------------------------------------------------------------

    def can_rate(self, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may give or change the first rating: until the meeting has re-rated."""
        return user.may(Permission.GRADING_WORK) and self.state in (OPEN, RATED) and not self.is_late

    def can_rerate(self, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may record the meeting's re-rating: until it is in approval."""
        return user.may(Permission.GRADING_PROPOSE) and self.state in (RATED, REVIEWED) and not self.is_late

    def can_note(self, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may say what support it gets and how its policy stands."""
        return user.may(Permission.GRADING_WORK) and self.state not in (GONE, MISSED)

    def can_give_up(self, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may let it go: one between two campaigns, until it is on a list."""
        needed = Permission.GRADING_PROPOSE if self.state == REVIEWED else Permission.GRADING_WORK
        return self.campaign_id is None and self.list_id is None and self.state in WORKED_ON and user.may(needed)

    # --- rating -----------------------------------------------------------------------------------------------------------

    def rate(self, given: Mapping[str, tuple[str, str]], *, by: Staff, version: int, as_before: bool = False) -> None:
        """Give the first rating (RL-1): scores with data follow from the figures, for all others `given` has (score, reason) by code.

        With `as_before` what is left empty is taken from last time's. Raises `Refusal` with the field (`score-<code>`, `reason-<code>`),
        `StateConflict` where somebody else has rated meanwhile.
        """
        if not self.can_rate(by):
            raise StateConflict(f"grading {self.id}")
        ratings = {one.indicator.code: first_rating(one, *given.get(one.indicator.code, ("", "")), as_before) for one in self.scored()}
        total, grade = self._reckon(ratings)
        changes = self._moved(self.first, ratings, total, grade)
        self._store(
            version, (OPEN, RATED),
            {
                "state": RATED, "first": ratings, "first_total": total, "first_grade": grade, "first_by_id": by.id, "first_at": clock.now(),
            },
            total, grade,
        )  # fmt: skip
        audit.write("change", "grading-rated", actor=by, record=self, label=self.label, changes=changes, total=plain(total), grade=grade)

    def rerate(self, given: Mapping[str, tuple[str, str]], *, meeting: GradingMeeting, by: Staff, version: int) -> None:
        """Record what the meeting rated (RL-3): `given` has (score, reason) by code; what is left empty stays as first rated.

        Another score than the first needs its reason. Raises `Refusal` with the field, `StateConflict`.
        """
        if not self.can_rerate(by):
            raise StateConflict(f"grading {self.id}")
        ratings = {one.indicator.code: second_rating(one, *given.get(one.indicator.code, ("", ""))) for one in self.scored()}
        self._review(ratings, meeting, by, version)

    def adopt(self, *, meeting: GradingMeeting, by: Staff) -> None:
        """Record that the meeting takes the first rating as it is. Raises `StateConflict` where it is not rated, or re-rated already."""
        if self.state != RATED or not self.can_rerate(by):
            raise StateConflict(f"grading {self.id}")
        self._review({code: {"score": said["score"], "reason": ""} for code, said in self.first.items()}, meeting, by, self.version)

    def _review(self, ratings: dict[str, Any], meeting: GradingMeeting, by: Staff, version: int) -> None:
        total, grade = self._reckon(ratings)
        changes = self._moved(self.second or self.first, ratings, total, grade)
        change: dict[str, Any] = {
            "state": REVIEWED, "second": ratings, "second_by_id": by.id, "second_at": clock.now(), "meeting_id": meeting.id,
        }  # fmt: skip
        if self.list_id is not None and grade != self.grade:
            change["list_id"] = None  # it stands on a draft list of another grade
        self._store(version, (RATED, REVIEWED), change, total, grade)
        audit.write("change", "grading-rerated", actor=by, record=self, label=self.label, changes=changes, total=plain(total), grade=grade)

    def _moved(self, before: Mapping[str, Any], after: Mapping[str, Any], total: Decimal, grade: str) -> list[dict[str, Any]]:
        """Return what a rating changes, for the log: scores by the name of their indicator, total and grade (RO-7)."""
        names = {one.code: one.zh for one in self.indicators}
        old, new = ({code: said["score"] for code, said in part.items()} for part in (before, after))
        scores = [{"field": names[code], "old": old.get(code, ""), "new": new[code]} for code in new]
        whole = [("total", plain(self.total) if self.total is not None else "", plain(total)), ("grade", self.grade, grade)]
        found = scores + [{"field": name, "old": was, "new": now} for name, was, now in whole]
        return [one for one in found if one["old"] != one["new"]]

    def note(self, *, support: Mapping[str, str], policy_stable: str, policy_note: str, by: Staff) -> None:
        """Say what support the customer gets, and whether its special policy is stable or which one is proposed (RL-4)."""
        if not self.can_note(by):
            raise StateConflict(f"grading {self.id}")
        kept = {code: support.get(code, "")[:LONGEST_REASON] for code in SUPPORT if support.get(code)}
        stable = policy_stable if policy_stable in ("yes", "no") else ""
        before = self._noted()
        transition(
            self,
            expect={"version": self.version},
            change={"support": kept, "policy_stable": stable, "policy_note": policy_note[:LONGEST_REASON], "version": self.version + 1},
        )
        after = self._noted()
        changes = [{"field": name, "old": before[name], "new": after[name]} for name in after if before[name] != after[name]]
        audit.write("change", "grading-noted", actor=by, record=self, label=self.label, changes=changes)

    def _noted(self) -> dict[str, str]:
        support = {f"support_{code}": self.support.get(code, "") for code in SUPPORT}
        return {**support, "policy_stable": self.policy_stable, "policy_note": self.policy_note}

    def give_up(self, *, by: Staff, version: int) -> None:
        """Let a grading between two campaigns go: the customer keeps its grade, and can be graded anew. Raises `StateConflict`."""
        if not self.can_give_up(by):
            raise StateConflict(f"grading {self.id}")
        expect = {"state": self.state, "list_id": None, "version": version}
        transition(self, expect=expect, change={"state": MISSED, "version": version + 1})
        audit.write("change", "grading-given-up", actor=by, record=self, label=self.label)

    def _reckon(self, ratings: Mapping[str, Any]) -> tuple[Decimal, str]:
        total = rules.total(self.indicators, scores_of(ratings))
        return total, rules.grade_of(total, self.thresholds)

    def _store(self, version: int, states: Sequence[str], change: dict[str, Any], total: Decimal, grade: str) -> None:
        from portal.models.grading_totals import move_totals, place_of

        place, old = place_of(self), (self.state, self.grade, self.move)
        move = rules.move_of(self.before_grade, grade)
        change |= {"total": total, "grade": grade, "move": move, "version": version + 1}
        transition(self, expect={"state": tuple(states), "version": version}, change=change)
        move_totals([(place, old, (self.state, grade, move))])


def last_approved(customer: Customer) -> Grading | None:
    """Return the grading by which the customer has its grade; None for a grade given with the investigation, or none."""
    query = select(Grading).where(Grading.customer_id == customer.id, Grading.state == APPROVED).order_by(Grading.approved_at.desc())
    return db.session.scalar(query.order_by(Grading.id.desc()).limit(1))


def of_customer(customer: Customer, limit: int = 30) -> list[Grading]:
    """Return a customer's gradings, the newest first."""
    return list(db.session.scalars(select(Grading).where(Grading.customer_id == customer.id).order_by(Grading.id.desc()).limit(limit)))


def provisional_since(customer: Customer) -> date | None:
    """Return since when there is cooperation with a customer: the first deal, else the day on which it came onto the register."""
    return customer.first_deal_on or customer.registered_on


def regrade_on(customer: Customer) -> date | None:
    """Return when a provisional grade is to be judged anew (RL-4)."""
    since = provisional_since(customer)
    return rules.months_after(since, standard("grading.provisional_months")) if since else None


def limit_words(thresholds: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Return from which total on each grade is given, the best first."""
    return [
        Message(N_("%(grade)s from %(points)s"), {"grade": one["code"], "points": f"{one['from']:g}"}) for one in reversed(list(thresholds))
    ]


for _name, _title in (
    ("grading-begun", N_("Grading begun")),
    ("grading-rated", N_("Customer rated")),
    ("grading-rerated", N_("Re-rated by the meeting")),
    ("grading-noted", N_("Support or policy noted")),
    ("grading-given-up", N_("Grading given up")),
):
    history.action("Grading", _name, _title)
history.action("Customer", "graded", N_("Graded"))
history.stream("gradings", N_("Gradings"), kinds=("change",), record_types=("Grading",))
