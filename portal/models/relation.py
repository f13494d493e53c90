"""Assessment of the relation to a customer 客户关系评估表 (RL-7), with the value that we deliver to it 顾客让渡价值 (IN-5).

Who is in charge, or a supervisor, writes it; a supervisor signs it, and a manager too where it advises to end the relation. It keeps the
versions of the standards that it began with. Approved, it is the customer's latest assessment until the next one; it changes nothing on
the card, and where it advises to end the relation, a supervisor ends the dealings (`dealings.py`) or lets it be.

What it asks of people is in `relation_desk.py`, the list in `relation_list.py`, the figures of delivered value in `delivered_value.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import JsonValue, StateConflict, db, transition
from portal.models import history
from portal.models.approval import Approval
from portal.models.approval_kinds import DocumentKind, declare
from portal.models.customer import Customer, CustomerState
from portal.models.draft import APPROVED, PENDING, UNDECIDED, Draft, Entries
from portal.models.draft import STATES as STATES
from portal.models.grading_scores import Points
from portal.models.notice import notify
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.models.standard import at_version, in_force
from portal.permissions import Permission, Role
from portal.rules import relation as rules
from portal.rules.grading import Indicator, indicators, plain, shown
from portal.rules.message import N_, Message, Refusal
from portal.rules.relation import ADVICE, END, PARTS, DeliveredValue, Written

NAME = "relation-assessment"
TONES = {"end": "seal", "improve": "warn", "maintain": "ok"}
"""Tones of the advice."""
_DRAFT = sql("state = 'draft'")
_APPROVED = sql("state = 'approved'")


class RelationAssessment(HangsOnCustomer, Draft):
    """One assessment: draft → pending → approved | rejected; a draft can be given up. A customer has one open one at most."""

    __tablename__ = "relation_assessment"
    kind_name = NAME
    permission = Permission.RELATION_WORK
    entries = Entries("relation-drafted", "relation-draft-changed", "relation-given-up")

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    assessed_on: Mapped[date]
    grade: Mapped[str] = mapped_column(default="")
    """The customer's grade when it was last written."""
    indicators_version: Mapped[int]
    thresholds_version: Mapped[int]
    scale_version: Mapped[int]
    scores: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """Code of the indicator → {score, reason}."""
    points: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """Part of delivered value → {points, basis}."""
    scale: Mapped[int]
    """Most points of one figure of delivered value."""
    total: Mapped[Decimal] = mapped_column(Points)
    value: Mapped[Decimal] = mapped_column(Points)
    """Total delivered value in points of the scale, and `cost` the customer's total cost."""
    cost: Mapped[Decimal] = mapped_column(Points)
    result: Mapped[str] = mapped_column(Text)
    proposed: Mapped[str]
    """The advice that the total proposes."""
    advice: Mapped[str]
    advice_reason: Mapped[str] = mapped_column(Text, default="")
    """Why the advice is another one than that proposed, or what else is to be said of it."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    approved_at: Mapped[datetime | None]

    customer: Mapped[Customer] = relationship()

    __table_args__ = (
        Index("uq_relation_assessment_open", "customer_id", unique=True, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED),
        Index("ix_relation_assessment_begun", "created_by_id", "id", sqlite_where=_DRAFT, postgresql_where=_DRAFT),
        Index("ix_relation_assessment_latest", "customer_id", "id", sqlite_where=_APPROVED, postgresql_where=_APPROVED),
        Index(None, "customer_id", "id"),
        Index(None, "assessed_on", "id"),
    )

    # --- reading ---------------------------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it."""
        return f"{self.customer.full_name} {self.assessed_on.isoformat()}"

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/relation-assessments/{self.id}"

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Return the indicators with the weights that it began with (ST-2)."""
        return indicators(at_version("relation.indicators", self.indicators_version).value)

    @property
    def thresholds(self) -> list[dict[str, Any]]:
        """Return the thresholds that it began with."""
        found: list[dict[str, Any]] = at_version("relation.thresholds", self.thresholds_version).value
        return found

    @property
    def delivered(self) -> DeliveredValue:
        """Return total value and total cost (IN-5)."""
        return DeliveredValue(self.value, self.cost, self.scale)

    @property
    def written(self) -> Written:
        """Return what was written, as the form takes it."""
        return Written(
            {code: (said["score"], said["reason"]) for code, said in self.scores.items()},
            {code: (said["points"], said["basis"]) for code, said in self.points.items()},
            self.result, self.advice if self.advice != self.proposed else "", self.advice_reason,
        )  # fmt: skip

    def weighted(self, indicator: Indicator) -> Decimal:
        """Return weight × score of an indicator, in hundredths."""
        return indicator.points(Decimal(self.scores[indicator.code]["score"]))

    @property
    def rule(self) -> Rule:
        """Return by what it is judged: the versions that it began with."""
        return Rule(self.indicators_version, self.thresholds_version, self.scale_version)

    # --- writing -----------------------------------------------------------------------------------------------------------

    @staticmethod
    def can_begin(customer: Customer, user: Staff) -> bool:
        """Return whether `user`, who sees the customer, may assess it: it is on the register and no assessment is open."""
        there = user.may(Permission.RELATION_WORK) and customer.state == CustomerState.ACTIVE
        return there and RelationAssessment.open_for(customer) is None

    @classmethod
    def open_for(cls, customer: Customer) -> RelationAssessment | None:
        """Return the customer's assessment that is a draft or in approval."""
        return cls.undecided(customer_id=customer.id)

    @classmethod
    def begin(cls, customer: Customer, written: Written, *, assessed_on: date | None, by: Staff) -> RelationAssessment:
        """Begin an assessment by the standards in force and return it, flushed.

        Raises `Refusal` with the field where something is missing or wrong, `StateConflict` where one is open.
        """
        if not by.may(Permission.RELATION_WORK) or customer.state != CustomerState.ACTIVE:
            raise Refusal("Customers on the register are assessed only.", field="customer")
        if cls.open_for(customer) is not None:
            raise StateConflict(f"relation assessment of customer {customer.id}")
        rule = Rule.in_force()
        found = cls(
            customer=customer, indicators_version=rule.indicators_version,
            thresholds_version=rule.thresholds_version, scale_version=rule.scale_version,
        )  # fmt: skip
        with db.session.no_autoflush:
            found._set(written, assessed_on)
        return found.begun(by)

    def edit(self, written: Written, *, assessed_on: date | None, by: Staff, version: int) -> None:
        """Change a draft. Raises `Refusal` with the field, `StateConflict` where somebody else changed or submitted it."""
        with self.changing(by, version):
            self._set(written, assessed_on)

    def _set(self, written: Written, assessed_on: date | None) -> None:
        judged, wrong = self.rule.judge(written, assessed_on)
        if judged is None or assessed_on is None:
            raise wrong[0]
        self.assessed_on, self.grade = assessed_on, self.customer.grade
        self.scores, self.points, self.scale = judged.scores, judged.points, judged.delivered.scale
        self.total, self.value, self.cost = judged.total, judged.delivered.value, judged.delivered.cost
        self.result, self.proposed, self.advice, self.advice_reason = written.result, judged.proposed, judged.advice, written.advice_reason

    def ensure_ready(self) -> None:
        """Raise `Refusal` where it may not be submitted: the customer has left the register meanwhile."""
        if self.customer.state != CustomerState.ACTIVE:
            raise Refusal("Customers on the register are assessed only.")

    def submit(self, *, by: Staff) -> Approval:
        """Send it through its chain. Raises `Refusal`."""
        if not by.may(Permission.RELATION_WORK):
            raise Refusal("Your role does not submit documents.")
        return super().submit(by=by)

    # --- what is signed --------------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Return the assessment as plain JSON: what is frozen, printed and signed."""
        customer, delivered = self.customer, self.delivered
        return {
            "customer": {
                "number": customer.number,
                "full_name": customer.full_name,
                "owner": customer.owner.name if customer.owner else "",
                "team": customer.team.name if customer.team else "",
            },
            "assessment": {
                "assessed_on": self.assessed_on.isoformat(),
                "assessed_by": self.created_by.name,
                "grade": self.grade,
                "total": shown(self.total),
                "result": self.result,
                "proposed": self.proposed,
                "advice": self.advice,
                "advice_reason": self.advice_reason,
                "limits": [[one["code"], f"{one['from']:g}"] for one in reversed(self.thresholds)],
                "indicators_version": str(self.indicators_version),
                "thresholds_version": str(self.thresholds_version),
            },
            "indicators": [
                {
                    "zh": one.zh,
                    "en": one.en,
                    "weight": plain(one.weight),
                    "score": self.scores[one.code]["score"],
                    "weighted": shown(self.weighted(one)),
                    "reason": self.scores[one.code]["reason"],
                }
                for one in self.indicators
            ],
            "parts": [{"part": code, **self.points[code]} for code in PARTS],
            "delivered": {
                "value": shown(delivered.value),
                "cost": shown(delivered.cost),
                "difference": rules.signed(delivered.difference),
                "ratio": "" if delivered.ratio is None else f"{delivered.ratio:.2f}",
                "scale": str(self.scale),
            },
        }


class Rule:
    """The versions of the standards by which an assessment is judged (ST-2)."""

    def __init__(self, indicators_version: int, thresholds_version: int, scale_version: int) -> None:
        self.indicators_version, self.thresholds_version, self.scale_version = indicators_version, thresholds_version, scale_version
        self.indicators = indicators(at_version("relation.indicators", indicators_version).value)
        self.thresholds: list[dict[str, Any]] = at_version("relation.thresholds", thresholds_version).value
        self.scale = int(at_version("relation.value_scale", scale_version).value)

    @classmethod
    def in_force(cls) -> Rule:
        """Return those in force today: what a new assessment begins with."""
        return cls(*(in_force(f"relation.{name}").version for name in ("indicators", "thresholds", "value_scale")))

    def judge(self, written: Written, assessed_on: date | None) -> tuple[rules.Judged | None, list[Refusal]]:
        """Return the assessment, or None and everything that is wrong with it, each with its field."""
        judged, wrong = rules.judge(written, self.indicators, self.thresholds, self.scale)
        if assessed_on is None or assessed_on > clock.today():
            wrong.insert(0, Refusal("Enter the day of the assessment; it cannot lie ahead.", field="assessed_on"))
        return (None if wrong else judged), wrong


def latest(customer: Customer) -> RelationAssessment | None:
    """Return the customer's newest approved assessment."""
    query = select(RelationAssessment).where(RelationAssessment.customer_id == customer.id, _APPROVED)
    return db.session.scalar(query.order_by(RelationAssessment.id.desc()).limit(1))


def of_customer(customer: Customer, most: int = 60) -> list[RelationAssessment]:
    """Return a customer's assessments, the newest first."""
    query = select(RelationAssessment).where(RelationAssessment.customer_id == customer.id)
    return list(db.session.scalars(query.order_by(RelationAssessment.id.desc()).limit(most)))


def before(assessment: RelationAssessment) -> RelationAssessment | None:
    """Return the approved assessment of the same customer that came before this one."""
    same = (RelationAssessment.customer_id == assessment.customer_id, RelationAssessment.id < assessment.id)
    return db.session.scalar(select(RelationAssessment).where(*same, _APPROVED).order_by(RelationAssessment.id.desc()).limit(1))


def advised_end(customer: Customer) -> RelationAssessment | None:
    """Return the customer's latest assessment where it advises to end the relation."""
    found = latest(customer)
    return found if found is not None and found.advice == END else None


# --- its approval ----------------------------------------------------------------------------------------------------------------


def _approved(assessment: RelationAssessment, _approval: Approval, _by: Staff | None) -> None:
    """Let it be the customer's latest; where it advises to end the relation, tell the supervisors, who end dealings."""
    transition(assessment, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": clock.now()})
    customer = assessment.customer
    if assessment.advice != END or customer.team_id is None:
        return
    query = select(Staff).where(Staff.active, Staff.role == Role.SUPERVISOR.value, Staff.team_id == customer.team_id)
    text = N_("It is approved to end the relation to %(customer)s. The dealings are ended on the customer's page.")
    for person in db.session.scalars(query.order_by(Staff.id)):
        notify(person, Message(text, {"customer": customer.full_name}), link=assessment.link)


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("Relation assessment"),
        model=RelationAssessment,
        sheet="relation_assessment",
        chain="chain.relation_assessment",
        case=lambda assessment: {"advice": assessment.advice},
        page=lambda assessment: ("relations.assessment", {"assessment_id": assessment.id}),
        filed_as="correspondence",
        on_approved=_approved,
        labels={
            "customer.number": N_("Customer number"),
            "customer.full_name": N_("Customer"),
            "customer.owner": N_("In charge"),
            "customer.team": N_("Team"),
            "assessment.assessed_on": N_("Assessed on"),
            "assessment.assessed_by": N_("Assessed by"),
            "assessment.grade": N_("Customer grade"),
            "assessment.total": N_("Total score"),
            "assessment.result": N_("Result of the assessment"),
            "assessment.proposed": N_("Advice proposed by the total"),
            "assessment.advice": N_("Advice"),
            "assessment.advice_reason": N_("Reason of the advice"),
            "indicators": N_("Indicators"),
            "indicators.score": N_("Score"),
            "indicators.reason": N_("Reason"),
            "parts": N_("Customer delivered value"),
            "parts.points": N_("Points"),
            "parts.basis": N_("Basis"),
            "delivered.value": N_("Total value"),
            "delivered.cost": N_("Total cost"),
            "delivered.difference": N_("Value less cost"),
            "delivered.ratio": N_("Ratio"),
        },
    )
)

history.stream("relations", N_("Relation assessments"), record_types=("RelationAssessment",))
for _name, _title in (
    ("relation-drafted", N_("Relation assessment begun")),
    ("relation-draft-changed", N_("Draft of a relation assessment changed")),
    ("relation-given-up", N_("Relation assessment given up")),
):
    history.action("RelationAssessment", _name, _title)
assert set(TONES) == set(ADVICE)  # noqa: S101 - each advice has its tone
