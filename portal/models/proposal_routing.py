"""Classification and routing of a proposal 提案分派 (PP-3): the supervisor names kind and departments, the manager approves.

Its approval makes the departments' parts (`proposal_department.py`). A department with an account has its copy at that moment; for the
others customer service sends it on paper or by mail (`proposal_letter.py`). Another routing takes the place of the one before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit, draft, history, proposal_assessment
from portal.models.approval import Approval
from portal.models.approval_kinds import DocumentKind, declare, into_approval
from portal.models.draft import APPROVED, DRAFT, PENDING, REJECTED, UNDECIDED, Draft, Entries
from portal.models.notice import notify
from portal.models.proposal import OfProposal, Proposal
from portal.models.proposal_department import ProposalDepartment, department_name, parts_of
from portal.models.staff import Staff
from portal.models.standard import in_force
from portal.models.standard import value as standard
from portal.models.standard_effects import used_in
from portal.permissions import Permission, Role
from portal.rules import proposals as rules
from portal.rules.identifiers import check_email
from portal.rules.message import N_, Message, Refusal

NAME = "proposal-routing"
REPLACED = "replaced"
STATES = {**draft.STATES, REPLACED: (N_("Replaced by another routing"), "")}
LONGEST_WORD = 1000


class ProposalRouting(OfProposal, Draft):
    """One routing: draft → pending → approved | rejected; a draft can be given up. A later one takes the place of the first."""

    __tablename__ = "proposal_routing"
    departments_see = "all"
    kind_name = NAME
    permission = Permission.PROPOSAL_ROUTE
    entries = Entries("routing-drafted", "routing-changed", "routing-given-up")

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    kind: Mapped[str]
    lines: Mapped[list[Any]] = mapped_column(default=list)
    """The departments in their order: [{department, part, way, address}, …]."""
    word: Mapped[str] = mapped_column(Text, default="")
    """What the departments are asked; of another routing, why."""
    approved_at: Mapped[datetime | None]

    proposal: Mapped[Proposal] = relationship()

    __table_args__ = (
        Index(None, "proposal_id", "id"),
        Index("uq_proposal_routing_undecided", "proposal_id", unique=True, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED),
    )

    @property
    def customer_id(self) -> int:
        """Return whose proposal it is: its sealed form is filed in that dossier."""
        return self.proposal.customer_id

    # --- writing ---------------------------------------------------------------------------------------------------------------

    @classmethod
    def can_begin(cls, proposal: Proposal, user: Staff) -> bool:
        """Return whether `user`, who sees the proposal, may classify and route it: undecided, and no routing under way."""
        return proposal.can_route(user) and undecided_of(proposal) is None

    @classmethod
    def begin(cls, proposal: Proposal, values: Mapping[str, Any], *, by: Staff) -> ProposalRouting:
        """Begin a routing and return it, flushed. `values`: kind, lines, word. Raises `Refusal` with the field, `StateConflict`."""
        if not cls.can_begin(proposal, by):
            raise StateConflict(f"routing of proposal {proposal.id}")
        found = cls(proposal=proposal)
        found._set(values)
        return found.begun(by)

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user`, who sees the proposal, may change or submit it: a draft, of a proposal that is undecided."""
        return super().can_edit(user) and self.proposal.is_undecided

    def can_give_up(self, user: Staff) -> bool:
        """Return whether `user`, who sees the proposal, may let the draft go: also where the proposal was decided without it."""
        return super().can_edit(user)

    def edit(self, values: Mapping[str, Any], *, by: Staff, version: int) -> None:
        """Change a draft. Raises `Refusal` with the field, `StateConflict`."""
        with self.changing(by, version):
            self._set(values)

    def submit(self, *, by: Staff) -> Approval:
        """Send it to the manager (AP-3). Raises `Refusal` with the field, `StateConflict`."""
        self.ensure_draft(by)
        return super().submit(by=by)

    def _set(self, values: Mapping[str, Any]) -> None:
        kinds = {one["code"] for one in standard("choices.proposal_kind") if one["active"]} | {self.proposal.kind}
        if values["kind"] not in kinds:
            raise Refusal("Choose what the proposal is about.", field="kind")
        lines = [dict(line) for line in values["lines"]]
        known = {one["code"] for one in standard("choices.department")}
        if any(line["department"] not in known or line["part"] not in rules.PARTS for line in lines):
            raise Refusal("Choose the department from the list.", field="departments")
        rules.check_lines(lines)
        for line in lines:
            _check_line(line)
        if len(values["word"]) > LONGEST_WORD:
            raise Refusal("At most %(most)s characters; these are %(count)s.", field="word", most=LONGEST_WORD, count=len(values["word"]))
        if self.proposal.state in (rules.ROUTED, rules.ASSESSED) and not values["word"]:
            raise Refusal("Say why it is routed anew.", field="word")
        self.kind, self.lines, self.word = values["kind"], lines, values["word"]

    def snapshot(self) -> dict[str, Any]:
        """Return the form as plain data: what is signed and printed (AP-4)."""
        proposal = self.proposal
        return {
            "proposal": {
                "number": proposal.number,
                "customer": proposal.customer.full_name,
                "customer_number": proposal.customer.number,
                "kind": self.kind,
                "registered_kind": proposal.kind,
                "received_on": proposal.received_on.isoformat(),
                "target_on": proposal.target_on.isoformat(),
                "limit_on": proposal.limit_on.isoformat(),
                "summary": proposal.summary,
                "text": proposal.text,
                "handler": proposal.handler.name,
                "word": self.word,
                "table_version": str(in_force("proposal.routes").version),
            },
            "departments": [
                {"department": line["department"], "part": line["part"], "way": line["way"], "address": line["address"]}
                for line in self.lines
            ],
        }


def _check_line(line: Mapping[str, str]) -> None:
    """Raise `Refusal` (field `departments`) unless the copy can go the way that is said."""
    name = department_name(line["department"])
    if line["way"] not in rules.WAYS:
        raise Refusal("Say how the department has its copy.", field="departments")
    if line["way"] == rules.ACCOUNT and not accounts_of(line["department"]):
        raise Refusal("%(name)s has no account: its copy goes on paper or by e-mail.", field="departments", name=name)
    if line["way"] == rules.MAIL:
        if not line["address"]:
            raise Refusal("Give the e-mail address of %(name)s.", field="departments", name=name)
        wrong = check_email(line["address"])
        if wrong is not None:
            raise Refusal(wrong.text, field="departments", **wrong.params)


def undecided_of(proposal: Proposal) -> ProposalRouting | None:
    """Return the routing of a proposal that is being written or signed."""
    return ProposalRouting.undecided(proposal_id=proposal.id)


def routings_of(proposal: Proposal) -> list[ProposalRouting]:
    """Return the routings of a proposal, the newest first."""
    query = select(ProposalRouting).where(ProposalRouting.proposal_id == proposal.id).order_by(ProposalRouting.id.desc())
    return list(db.session.scalars(query))


def accounts_of(department: str) -> list[Staff]:
    """Return the active accounts of a department."""
    query = select(Staff).where(Staff.active, Staff.role == Role.DEPARTMENT.value, Staff.department_code == department)
    return list(db.session.scalars(query.order_by(Staff.id)))


def proposed_lines(kind: str) -> list[dict[str, str]]:
    """Return the departments that the site's table names for a kind, each with the way its copy went the last time (PP-3)."""
    names = rules.departments_for(standard("proposal.routes"), kind)
    return [_line(name, rules.OPINION if place else rules.RESPONSIBLE) for place, name in enumerate(names)]


def _line(department: str, part: str) -> dict[str, str]:
    if accounts_of(department):
        return {"department": department, "part": part, "way": rules.ACCOUNT, "address": ""}
    last = db.session.execute(
        select(ProposalDepartment.way, ProposalDepartment.address)
        .where(ProposalDepartment.department == department, ProposalDepartment.way != rules.ACCOUNT)
        .order_by(ProposalDepartment.id.desc())
        .limit(1)
    ).first()
    return {"department": department, "part": part, "way": last.way if last else rules.PAPER, "address": last.address if last else ""}


# --- what its decision does --------------------------------------------------------------------------------------------------------


def _check(routing: ProposalRouting) -> None:
    from portal.models.proposal_decision import ProposalDecision

    if not routing.proposal.is_undecided:
        raise Refusal("The proposal is decided already.")
    decided = select(ProposalDecision.id).where(ProposalDecision.proposal_id == routing.proposal_id, ProposalDecision.state == PENDING)
    if db.session.scalar(decided) is not None:
        raise Refusal("The decision on this proposal is in approval. Withdraw it first, then route it anew.")
    for line in routing.lines:
        _check_line(line)


def _move(proposal: Proposal, expect: str, state: str) -> None:
    if proposal.state == expect:
        before = {"state": expect, "version": proposal.version}
        transition(proposal, expect=before, change={"state": state, "version": proposal.version + 1})


def _submitted(routing: ProposalRouting, _approval: Approval, _by: Staff | None) -> None:
    """Take it into approval, and its proposal as it was frozen: one that was changed meanwhile is not signed (AP-5)."""
    proposal = routing.proposal  # with its routing it would be read anew
    into_approval(routing)
    _move(proposal, rules.REGISTERED, rules.ROUTING)


def _back(routing: ProposalRouting, _approval: Approval, _by: Staff | None) -> None:
    transition(routing, expect={"state": PENDING}, change={"state": DRAFT})
    _move(routing.proposal, rules.ROUTING, rules.REGISTERED)


def _rejected(routing: ProposalRouting, _approval: Approval, _by: Staff | None) -> None:
    transition(routing, expect={"state": PENDING}, change={"state": REJECTED})
    _move(routing.proposal, rules.ROUTING, rules.REGISTERED)


def _approved(routing: ProposalRouting, _approval: Approval, by: Staff | None) -> None:
    """Let the departments have it: parts that stay, stay; parts that are new begin; all others are taken back."""
    proposal = routing.proposal
    if not proposal.is_undecided:
        raise Refusal("The proposal is decided already.")
    for before in routings_of(proposal):
        if before.state == APPROVED:
            transition(before, expect={"state": APPROVED}, change={"state": REPLACED})
    transition(routing, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": clock.now()})
    responsible = next(line["department"] for line in routing.lines if line["part"] == rules.RESPONSIBLE)
    present = {line.department: line for line in db.session.scalars(parts_of(proposal.id))}
    for department, part in present.items():
        if department not in {line["department"] for line in routing.lines}:
            part.state = rules.TAKEN_BACK
    db.session.flush()
    for place, line in enumerate(routing.lines):
        part = present.get(line["department"]) or ProposalDepartment(
            proposal_id=proposal.id, department=line["department"], state=rules.TO_SEND, due_on=answer_day(proposal)
        )
        if part.state == rules.ANSWERED and line["part"] == rules.RESPONSIBLE != part.part:
            part.state, part.answered_at = rules.TO_SEND, None  # it gave an opinion; now it is asked for the whole assessment
        part.part, part.position = line["part"], place
        if part.state == rules.TO_SEND:
            part.way, part.address = line["way"], line["address"]
        db.session.add(part)
        if part.state == rules.TO_SEND and part.way == rules.ACCOUNT:
            hand_out(part, proposal, by=by)
    db.session.flush()
    assessed = responsible in present and present[responsible].state == rules.ANSWERED
    told = proposal.promised_on is not None and proposal.promised_department == responsible and not proposal.to_tell
    transition(
        proposal,
        expect={"state": list(rules.UNDECIDED)},
        change={
            "state": rules.ASSESSED if assessed else rules.ROUTED, "kind": routing.kind, "responsible": responsible, "to_tell": not told,
            "version": proposal.version + 1,
        },
    )  # fmt: skip
    audit.write("change", "proposal-routed", actor=by, record=proposal, label=proposal.label)


def answer_day(proposal: Proposal, sent: date | None = None) -> date:
    """Return the day by which a department answers: some days after it has its copy, and within the proposal's own days (PP-4)."""
    return min((sent or clock.today()) + timedelta(days=standard("proposal.answer_days")), max(proposal.limit_on, clock.today()))


def hand_out(part: ProposalDepartment, proposal: Proposal, *, by: Staff | None) -> None:
    """Note that a department has its copy from now on, and tell its accounts (PP-3)."""
    part.state, part.sent_at, part.sent_by_id, part.due_on = rules.SENT, clock.now(), by.id if by else None, answer_day(proposal)
    figures = {"number": proposal.number, "text": proposal.summary, "day": part.due_on.isoformat(), "part": Message(rules.PARTS[part.part])}
    text = N_("Proposal %(number)s is with your department until %(day)s (%(part)s): %(text)s")
    if proposal_assessment.returned(proposal, part.department):
        text = N_("Proposal %(number)s is with your department again, for a new assessment until %(day)s (%(part)s): %(text)s")
    for person in accounts_of(part.department) if part.way == rules.ACCOUNT else []:
        notify(person, Message(text, figures), link=proposal.link)


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("Routing of a proposal"),
        model=ProposalRouting,
        sheet="proposal_routing",
        chain="chain.proposal_routing",
        page=lambda routing: ("proposals.routing", {"routing_id": routing.id}),
        filed_as="correspondence",
        check=_check,
        on_submitted=_submitted,
        on_returned=_back,
        on_rejected=_rejected,
        on_approved=_approved,
        labels={
            "proposal.number": N_("Proposal number"),
            "proposal.customer": N_("Customer"),
            "proposal.customer_number": N_("Customer number"),
            "proposal.kind": N_("Kind of proposal"),
            "proposal.registered_kind": N_("Kind as registered"),
            "proposal.received_on": N_("Received on"),
            "proposal.target_on": N_("Target day"),
            "proposal.limit_on": N_("Last day of the proposal"),
            "proposal.summary": N_("Summary of the proposal"),
            "proposal.text": N_("Full text"),
            "proposal.handler": N_("Handled by"),
            "proposal.word": N_("Instruction to the departments"),
            "proposal.table_version": N_("Version of the table of departments"),
            "departments": N_("Departments"),
            "departments.department": N_("Department"),
            "departments.part": N_("Part"),
            "departments.way": N_("Copy by"),
            "departments.address": N_("Address"),
        },
        choices={
            "proposal.kind": "proposal_kind", "proposal.registered_kind": "proposal_kind", "departments.department": "department",
        },
    )
)  # fmt: skip

used_in("choices.department", ProposalDepartment.department, Staff.department_code)
for _name, _title in (
    ("routing-drafted", N_("Routing of a proposal begun")),
    ("routing-changed", N_("Routing of a proposal changed")),
    ("routing-given-up", N_("Routing of a proposal given up")),
):
    history.action("ProposalRouting", _name, _title)
history.action("Proposal", "proposal-routed", N_("Proposal went to its departments"))
