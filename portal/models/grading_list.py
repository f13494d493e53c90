"""Lists of gradings for approval (RL-3, AP-3): customers of one team with one grade; a list of one is the single case.

Ten thousand single approvals would be signed by nobody who reads them. The list is the document: its frozen content holds every line,
scores and reasons. When it is approved each customer's card gets the grade, from when and until when.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, exists, or_, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, disposal_check, history
from portal.models.approval import Approval
from portal.models.approval_authors import note_author
from portal.models.approval_kinds import DocumentKind, declare, into_approval
from portal.models.customer import Customer, CustomerState
from portal.models.draft import ensure_never_submitted
from portal.models.grading import APPROVED, GONE, PENDING, REVIEWED, Grading
from portal.models.grading_campaign import GradingCampaign
from portal.models.grading_totals import change_lines, follow, move_totals, place_of
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.standard import at_version
from portal.models.standard import value as standard
from portal.models.team import Team
from portal.permissions import Permission
from portal.rules import grading as rules
from portal.rules.grading import shown
from portal.rules.message import N_, Message, Refusal

NAME = "grading"
DRAFT, REJECTED, GIVEN_UP = "draft", "rejected", "given-up"
STATES = {
    DRAFT: (N_("Draft"), ""),
    PENDING: (N_("In approval"), "accent"),
    APPROVED: (N_("Approved"), "ok"),
    REJECTED: (N_("Rejected"), "seal"),
    GIVEN_UP: (N_("Given up"), ""),
}
MOST = 100
"""So many customers are on one list: what somebody can read before signing."""


class GradeList(Base):
    """One list: draft → pending → approved | rejected; a draft can be given up."""

    __tablename__ = "grade_list"

    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("grading_campaign.id", ondelete="CASCADE"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="SET NULL"), index=True)
    """The customer of a list of one: its sealed form is filed in that dossier."""
    grade: Mapped[str]
    state: Mapped[str] = mapped_column(default=DRAFT)
    label: Mapped[str]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    approved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    campaign: Mapped[GradingCampaign | None] = relationship()
    team: Mapped[Team | None] = relationship()
    created_by: Mapped[Staff] = relationship()
    gradings: Mapped[list[Grading]] = relationship(back_populates="on_list", order_by=Grading.id, passive_deletes=True)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index(None, "campaign_id", "team_id", "id"), Index(None, "state", "id"))

    @classmethod
    def visible_to(cls, user: Staff) -> Select[GradeList]:
        """Return the lists all of whose customers `user` sees, and the own ones that are empty."""
        query = select(cls)
        if user.is_manager:
            return query
        on_it = exists().where(Grading.list_id == cls.id)
        outside = exists().where(Grading.list_id == cls.id, Customer.id == Grading.customer_id, ~customer_scope(user))
        return query.where(~outside, or_(on_it, cls.created_by_id == user.id))

    # --- making -------------------------------------------------------------------------------------------------------------

    @classmethod
    def propose(cls, ids: Collection[int], *, by: Staff) -> GradeList:
        """Put gradings in scope on a list and return it, flushed: re-rated ones, of one campaign, team and grade. Raises `Refusal`."""
        if not by.may(Permission.GRADING_PROPOSE):
            raise Refusal("Supervisors propose grades.")
        query = Grading.visible_to(by).where(Grading.id.in_(ids), Grading.state == REVIEWED, Grading.list_id.is_(None))
        lines = list(db.session.scalars(query.order_by(Grading.id).options(joinedload(Grading.customer))))
        if not lines or len(lines) != len(set(ids)):
            raise Refusal("Choose customers that the meeting has re-rated and that stand on no list.", field="ids")
        if len(lines) > MOST:
            raise Refusal("At most %(most)s customers stand on one list.", field="ids", most=MOST)
        if len({(one.campaign_id, one.team_id, one.grade) for one in lines}) > 1:
            raise Refusal("A list has customers of one team with one grade.", field="ids")
        if len({(one.period_first, one.indicators_version, one.thresholds_version) for one in lines}) > 1:
            raise Refusal("These were graded by other standards or figures of another time. Put each on a list of its own.", field="ids")
        return cls._make(lines, by)

    @classmethod
    def propose_all(cls, campaign: GradingCampaign, *, by: Staff) -> list[GradeList]:
        """Put all re-rated customers of a campaign that `by` sees on lists by team and grade, and return these. Raises `Refusal`."""
        if not by.may(Permission.GRADING_PROPOSE):
            raise Refusal("Supervisors propose grades.")
        free = (Grading.campaign_id == campaign.id, Grading.state == REVIEWED, Grading.list_id.is_(None))
        query = Grading.visible_to(by).where(*free).options(joinedload(Grading.customer))
        groups: dict[tuple[int, int], list[Grading]] = {}
        for one in db.session.scalars(query.order_by(Grading.id)):
            groups.setdefault((one.team_id or 0, rules.GRADES.index(one.grade)), []).append(one)
        if not groups:
            raise Refusal("No customer is re-rated and on no list yet.")
        return [
            cls._make(lines[start : start + MOST], by) for _place, lines in sorted(groups.items()) for start in range(0, len(lines), MOST)
        ]

    @classmethod
    def _make(cls, lines: list[Grading], by: Staff) -> GradeList:
        first = lines[0]
        found = cls(
            campaign_id=first.campaign_id, team_id=first.team_id, grade=first.grade, created_by_id=by.id,
            customer_id=first.customer_id if len(lines) == 1 else None, label="",
        )  # fmt: skip
        team = db.session.get(Team, first.team_id) if first.team_id else None
        found.label = _label(lines, team)
        db.session.add(found)
        db.session.flush()
        _put_on(found, [one.id for one in lines])
        note_author(NAME, found, by)
        audit.write("change", "grade-list-made", actor=by, record=found, label=found.label)
        return found

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user`, who sees the list, may take customers off it or give it up."""
        return user.may(Permission.GRADING_PROPOSE) and self.state == DRAFT

    def take_off(self, ids: Collection[int], *, by: Staff) -> None:
        """Take customers off a draft. Raises `Refusal` where nobody would stay on it, `StateConflict`."""
        if not self.can_edit(by):
            raise StateConflict(f"grade list {self.id}")
        staying = [one for one in self.gradings if one.id not in ids]
        if not staying:
            raise Refusal("Nobody would stay on the list. Give it up instead.", field="ids")
        self._release([one.id for one in self.gradings if one.id in ids])
        self._follow_lines()
        note_author(NAME, self, by)
        audit.write("change", "grade-list-changed", actor=by, record=self, label=self.label)

    def give_up(self, *, by: Staff) -> None:
        """Let a draft go; its customers can be put on another. Raises `Refusal` for one submitted before, `StateConflict`."""
        if not self.can_edit(by):
            raise StateConflict(f"grade list {self.id}")
        ensure_never_submitted(NAME, self)
        _given_up(self, None, by)
        audit.write("change", "grade-list-given-up", actor=by, record=self, label=self.label)

    def _release(self, ids: Collection[int]) -> None:
        db.session.flush()
        step = update(Grading).where(Grading.id.in_(ids)).values(list_id=None, version=Grading.version + 1)
        db.session.execute(step, execution_options={"synchronize_session": False})
        _refresh(self)

    def _follow_lines(self) -> None:
        """Bring name and dossier into step with who is on the list; an empty one keeps its name."""
        if self.gradings:
            self.customer_id = self.gradings[0].customer_id if len(self.gradings) == 1 else None
            self.label = _label(self.gradings, self.team)

    def ensure_ready(self) -> None:
        """Raise `Refusal` unless every customer on the list is on the register, re-rated, and of its team and grade."""
        if not self.gradings:
            raise Refusal("Nobody is on this list any more.")
        for one in self.gradings:
            if one.state not in (REVIEWED, PENDING) or one.grade != self.grade or one.team_id != self.team_id:
                raise Refusal("%(customer)s is no longer of this list's team and grade. Take it off.", customer=one.customer.full_name)
            if one.customer.state != CustomerState.ACTIVE:
                raise Refusal("%(customer)s is no longer on the register. Take it off.", customer=one.customer.full_name)

    def submit(self, *, by: Staff) -> Approval:
        """Send the list through the chain of its grade (AP-3). Whoever rated a customer on it signs nothing of it (RO-3)."""
        for person in self._raters():
            note_author(NAME, self, person)
        if self.state == DRAFT:
            self._follow_lines()  # who changed team or left the register is off it by now
        return Approval.submit(NAME, self, by=by)

    def _raters(self) -> Iterable[Staff]:
        ids = {number for one in self.gradings for number in (one.first_by_id, one.second_by_id) if number}
        return db.session.scalars(select(Staff).where(Staff.id.in_(ids)).order_by(Staff.id)).all()

    # --- what is signed ----------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Return the list as plain JSON: weights and thresholds in force, and of each customer figures, scores, reasons and grades."""
        lines = self.gradings
        head = lines[0] if lines else None
        meetings = {one.meeting.label for one in lines if one.meeting}
        return {
            "list": {
                "year": str(self.campaign.year) if self.campaign else "",
                "team": self.team.name if self.team else "",
                "grade": self.grade,
                "count": str(len(lines)),
                "period_first": head.period_first.isoformat() if head else "",
                "period_last": head.period_last.isoformat() if head else "",
                "meetings": "\n".join(sorted(meetings)),
                "limits": [[one["code"], f"{one['from']:g}"] for one in reversed(head.thresholds)] if head else [],
                "indicators_version": str(head.indicators_version) if head else "",
                "thresholds_version": str(head.thresholds_version) if head else "",
            },
            "indicators": _weights(head) if head else [],
            "customers": [_line(one) for one in lines],
        }


def _weights(grading: Grading) -> list[dict[str, Any]]:
    entries = at_version("grading.indicators", grading.indicators_version).value
    return [{name: one[name] for name in ("code", "zh", "en", "weight", "source")} for one in entries]


def _line(grading: Grading) -> dict[str, Any]:
    customer, scored = grading.customer, grading.scored()
    before = grading.before
    return {
        "number": customer.number,
        "full_name": customer.full_name,
        "owner": grading.owner.name if grading.owner else "",
        "figures": {one.indicator.code: one.counted for one in scored if one.figure is not None},
        "first": {one.indicator.code: shown(one.first) for one in scored},
        "first_total": shown(grading.first_total),
        "first_grade": grading.first_grade,
        "first_by": grading.first_by.name if grading.first_by else "",
        "second": {one.indicator.code: shown(one.score) for one in scored},
        "total": shown(grading.total),
        "grade": grading.grade,
        "reasons": [
            {"code": one.indicator.code, "from": shown(one.first), "to": shown(one.second), "reason": one.second_reason}
            for one in scored
            if one.second is not None and one.second != one.first
        ],
        "judged": [{"code": one.indicator.code, "reason": one.reason} for one in scored if one.reason],
        "before_grade": grading.before_grade,
        "before_total": shown(before.total) if before else "",
    }


def _label(lines: list[Grading], team: Team | None) -> str:
    first = lines[0]
    whom = first.customer.full_name if len(lines) == 1 else team.name if team else ""
    count = f"({len(lines)})" if len(lines) > 1 else ""
    return " ".join(filter(None, (str(first.campaign.year) if first.campaign else "", whom, first.grade, count)))


def _put_on(listed: GradeList, ids: Collection[int]) -> None:
    free = update(Grading).where(Grading.id.in_(ids), Grading.state == REVIEWED, Grading.list_id.is_(None))
    step = free.values(list_id=listed.id, version=Grading.version + 1)
    if db.session.execute(step, execution_options={"synchronize_session": False}).rowcount != len(ids):  # type: ignore[attr-defined]
        raise StateConflict(f"grade list {listed.id}")
    _refresh(listed)


def _refresh(listed: GradeList) -> None:
    for one in list(db.session.identity_map.values()):
        if isinstance(one, Grading):
            db.session.expire(one)
    db.session.expire(listed, ["gradings"])


# --- what decisions do ---------------------------------------------------------------------------------------------------------


def _submitted(listed: GradeList, _approval: Approval, _by: Staff | None) -> None:
    count = len(listed.gradings)
    into_approval(listed)
    same = (Grading.list_id == listed.id, Grading.state == REVIEWED, Grading.grade == listed.grade)
    if change_lines({"state": PENDING}, *same) != count:
        raise StateConflict(f"grade list {listed.id}")


def _back(state: str) -> Any:
    def move(listed: GradeList, _approval: Approval, _by: Staff | None) -> None:
        transition(listed, expect={"state": PENDING}, change={"state": state})
        change: dict[str, Any] = {"state": REVIEWED}
        if state == REJECTED:
            change["list_id"] = None
        customers = [one.customer_id for one in listed.gradings]
        change_lines(change, Grading.list_id == listed.id, Grading.state == PENDING)
        # Who changed team meanwhile would hide the list from the team that has to correct it; who left the register is not graded.
        change_lines({"list_id": None}, Grading.list_id == listed.id, Grading.team_id.is_distinct_from(listed.team_id))
        follow(customers)
        db.session.expire(listed, ["gradings"])
        if state == DRAFT:
            listed._follow_lines()

    return move


def _given_up(listed: GradeList, _approval: Approval | None, _by: Staff | None) -> None:
    """Let its customers go: they can be put on another list."""
    transition(listed, expect={"state": DRAFT}, change={"state": GIVEN_UP})
    listed._release([one.id for one in listed.gradings])


def let_drafts_go(campaign: GradingCampaign, *, by: Staff) -> None:
    """Give up the lists of a campaign that are not in approval: their customers stay ungraded, and nothing of them waits (RL-3)."""
    for listed in db.session.scalars(select(GradeList).where(GradeList.campaign_id == campaign.id, GradeList.state == DRAFT)).all():
        came_back = Approval.live_for(NAME, listed.id)
        if came_back is not None:
            came_back.let_go("", by=by)
        else:
            _given_up(listed, None, by)
            audit.write("change", "grade-list-given-up", actor=by, record=listed, label=listed.label)


def _approved(listed: GradeList, approval: Approval, by: Staff | None) -> None:
    """Set the grade on every customer's card, with its history; who left the register meanwhile gets none (RL-2)."""
    moment, today = clock.now(), clock.today()
    transition(listed, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": moment})
    year = listed.campaign.year if listed.campaign else None
    until = rules.valid_until(today, year, standard("grading.window_first"), standard("grading.window_days"))
    query = select(Grading).where(Grading.list_id == listed.id, Grading.state == PENDING).options(joinedload(Grading.customer))
    moves = []
    for one in db.session.scalars(query.order_by(Grading.id)):
        old = (one.state, one.grade, one.move)
        if one.customer.state == CustomerState.ACTIVE:
            one.state, one.approved_at, one.valid_until = APPROVED, moment, until
            _grade(one, approval, by)
        else:
            one.state = GONE
        one.version += 1
        moves.append((place_of(one), old, (one.state, one.grade, one.move)))
    db.session.flush()
    move_totals(moves)


def _grade(grading: Grading, approval: Approval, by: Staff | None) -> None:
    customer = grading.customer
    new = {"grade": grading.grade, "graded_on": clock.today(), "grade_valid_until": grading.valid_until}
    changes = [
        {"field": name, "old": _text(getattr(customer, name)), "new": _text(value)}
        for name, value in new.items()
        if getattr(customer, name) != value
    ]
    if customer.grade_provisional:
        changes.append({"field": "grade_provisional", "old": "yes", "new": ""})
    for name, value in new.items():
        setattr(customer, name, value)
    customer.grade_provisional = False
    customer.updated_at = clock.now()
    audit.write(
        "change", "graded", actor=by, record=customer, label=customer.full_name, changes=changes, source="approval", approval=approval.id,
        grading=grading.id, total=shown(grading.total), effective_on=clock.today().isoformat(),
    )  # fmt: skip


def _text(value: Any) -> str:
    return "" if value in (None, "") else str(value)


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("Grading of customers"),
        model=GradeList,
        sheet="grading_ledger",
        chain="chain.grading",
        case=lambda listed: {"grade": listed.grade},
        page=lambda listed: ("grading.grade_list", {"listed_id": listed.id}),
        filed_as="company",
        covers=select(Grading.list_id, Grading.customer_id),
        on_submitted=_submitted,
        on_returned=_back(DRAFT),
        on_rejected=_back(REJECTED),
        on_approved=_approved,
        on_given_up=_given_up,
        labels={
            "list.year": N_("Year"),
            "list.team": N_("Team"),
            "list.grade": N_("Grade"),
            "list.count": N_("Number of customers"),
            "list.period_first": N_("Figures from"),
            "list.period_last": N_("Figures until"),
            "list.meetings": N_("Meetings"),
            "list.limits": N_("Grades by total score"),
            "indicators": N_("Indicators"),
            "indicators.weight": N_("Weight"),
            "customers": N_("Customers on the list"),
            "customers.number": N_("Customer number"),
            "customers.full_name": N_("Customer"),
            "customers.owner": N_("In charge"),
            "customers.first_total": N_("Total of the first rating"),
            "customers.first_grade": N_("Grade of the first rating"),
            "customers.total": N_("Total score"),
            "customers.grade": N_("Grade"),
            "customers.before_grade": N_("Grade before"),
            "customers.before_total": N_("Total before"),
        },
    )
)


# --- what other areas ask -----------------------------------------------------------------------------------------------------------


def in_approval(customer_ids: Collection[int]) -> list[Grading]:
    """Return the gradings of customers that are on a list in approval."""
    query = select(Grading).where(Grading.customer_id.in_(customer_ids), Grading.state == PENDING).order_by(Grading.id)
    return list(db.session.scalars(query.options(joinedload(Grading.customer), joinedload(Grading.on_list))))


def approved_by_list(customer: Customer) -> list[Grading]:
    """Return the gradings whose approved list has more customers than this one: its sealed form lies in no single dossier."""
    elsewhere = exists().where(GradeList.id == Grading.list_id, GradeList.customer_id.is_(None))
    query = select(Grading).where(Grading.customer_id == customer.id, Grading.state == APPROVED, elsewhere)
    return list(db.session.scalars(query.order_by(Grading.id.desc()).limit(30)))


def codes_of(list_ids: Collection[int]) -> dict[int, str]:
    """Return list id → the verification code of its sealed form, of the lists that are sealed."""
    from portal.models.sealed_form import SealedForm

    query = select(Approval.record_id, SealedForm).join(SealedForm, SealedForm.approval_id == Approval.id)
    which = (Approval.kind_name == NAME, Approval.record_id.in_(list_ids), Approval.state == "approved")
    return {row[0]: row[1].sheet.shown_code for row in db.session.execute(query.where(*which)) if row[1].sheet}


@disposal_check.blocker
def _pending(disposal: Any) -> Iterable[Message]:
    for one in in_approval([customer.id for customer in disposal.customers]):
        yield Message(N_("A grading of %(customer)s is in approval."), {"customer": one.customer.full_name})


for _name, _title in (
    ("grade-list-made", N_("List of grades made")),
    ("grade-list-changed", N_("List of grades changed")),
    ("grade-list-given-up", N_("List of grades given up")),
):
    history.action("GradeList", _name, _title)
