"""Assessments of a proposal (PP-5): of the responsible department analysis, feasibility, effect, cost and opinion; of others opinions.

A department with an account writes its own; for the others customer service enters what came back on paper, with the scan. What is
returned stays as it was; with that of the responsible department the proposal can be decided. A department that is asked again, because
it was routed in again or is the responsible one now, writes a new assessment: its newest one stands, those before are its earlier ones.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, select
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models.attachment import Attachment
from portal.models.dossier import Upload
from portal.models.notice import notify
from portal.models.proposal import OfProposal, Proposal, ProposalFile
from portal.models.proposal_department import ProposalDepartment
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules import proposals as rules
from portal.rules.message import N_, Message, Refusal
from portal.rules.proposal_outcomes import ASSESSED, LONGEST_LINE, LONGEST_TEXT, Assessed, assessment_problems

DRAFT, RETURNED = "draft", "returned"
_DRAFTED = sql("state = 'draft'")


class ProposalAssessment(OfProposal, Base):
    """What one department says of a proposal when it is asked: draft → returned."""

    __tablename__ = "proposal_assessment"
    departments_see = "own"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    department: Mapped[str]
    """A code of `choices.department`."""
    part: Mapped[str]
    """responsible | opinion, as it was when it was returned."""
    analysis: Mapped[str] = mapped_column(Text, default="")
    feasibility: Mapped[str] = mapped_column(Text, default="")
    effect: Mapped[str] = mapped_column(Text, default="")
    cost: Mapped[str] = mapped_column(Text, default="")
    opinion: Mapped[str] = mapped_column(Text, default="")
    advice: Mapped[str] = mapped_column(default="")
    """What the department would decide: adopted | kept | not-adopted."""
    author: Mapped[str] = mapped_column(default="")
    """Who in the department says so."""
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"), index=True)
    """The signed sheet, where customer service entered it."""
    state: Mapped[str] = mapped_column(default=DRAFT)
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    returned_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    proposal: Mapped[Proposal] = relationship()
    entered_by: Mapped[Staff] = relationship()
    scan: Mapped[Attachment | None] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(None, "proposal_id", "department", "id"),
        Index(
            "uq_proposal_assessment_draft", "proposal_id", "department", unique=True, sqlite_where=_DRAFTED, postgresql_where=_DRAFTED,
        ),
    )  # fmt: skip

    @property
    def is_returned(self) -> bool:
        """Return whether it came back to customer service."""
        return self.state == RETURNED

    def said(self) -> Assessed:
        """Return what is written in it."""
        return Assessed(**{name: getattr(self, name) for name in Assessed._fields})

    def snapshot(self) -> dict[str, Any]:
        """Return it as plain JSON, for sheets."""
        return {
            "department": self.department,
            "part": self.part,
            **self.said()._asdict(),
            "returned_on": f"{clock.local(self.returned_at):%Y-%m-%d}" if self.returned_at else "",
        }


def can_write(line: ProposalDepartment, user: Staff) -> bool:
    """Return whether `user`, who sees this part of a proposal, may write its assessment.

    A department's account writes its own; for departments that have their copy on paper or by mail customer service enters it. Until the
    proposal is decided, and until it is returned.
    """
    if line.state != rules.SENT or not line.proposal.is_undecided or not user.may(Permission.PROPOSAL_ANSWER):
        return False
    return line.department == user.department_code if user.is_department else user.may(Permission.PROPOSAL_WORK)


def draft_of(line: ProposalDepartment) -> ProposalAssessment | None:
    """Return what the department of a line has written and not returned."""
    mine = (ProposalAssessment.proposal_id == line.proposal_id, ProposalAssessment.department == line.department)
    return db.session.scalar(select(ProposalAssessment).where(*mine, ProposalAssessment.state == DRAFT))


def returned(proposal: Proposal, department: str = "") -> list[ProposalAssessment]:
    """Return everything that came back of a proposal, or of one department alone, the newest first."""
    found = select(ProposalAssessment).where(ProposalAssessment.proposal_id == proposal.id, ProposalAssessment.state == RETURNED)
    if department:
        found = found.where(ProposalAssessment.department == department)
    query = found.options(joinedload(ProposalAssessment.entered_by)).order_by(ProposalAssessment.id.desc())
    return list(db.session.scalars(query))


def of_proposal(proposal: Proposal) -> list[ProposalAssessment]:
    """Return what stands of a proposal: the newest that each department returned, that of the responsible department first."""
    newest = {one.department: one for one in reversed(returned(proposal))}
    return sorted(newest.values(), key=lambda one: (one.part != rules.RESPONSIBLE, one.returned_at, one.id))


def save(line: ProposalDepartment, said: Assessed, *, by: Staff) -> ProposalAssessment:
    """Keep what is written so far and return it, flushed. Raises `StateConflict` where it was returned meanwhile, `Refusal`."""
    if not can_write(line, by):
        raise StateConflict(f"proposal department {line.id}")
    _check_lengths(said)
    found = draft_of(line)
    if found is None:
        found = ProposalAssessment(proposal=line.proposal, department=line.department, part=line.part, entered_by_id=by.id)
        try:
            with db.session.begin_nested():
                db.session.add(found)
        except IntegrityError as error:
            raise StateConflict(f"assessment of proposal {line.proposal_id}") from error
    found.part, found.entered_by_id = line.part, by.id
    for name, value in said._asdict().items():
        setattr(found, name, value)
    db.session.flush()
    return found


def give_back(line: ProposalDepartment, said: Assessed, scan: Upload | None, *, by: Staff) -> ProposalAssessment:
    """Return an assessment to customer service: that of the responsible department lets the proposal be decided (PP-5).

    Customer service, which enters it for a department, keeps the scan with it. Raises `Refusal` with the field, `StateConflict`.
    """
    wrong = assessment_problems(line.part, said)
    if wrong:
        raise wrong[0]
    found, proposal = save(line, said, by=by), line.proposal
    if not by.is_department:
        if scan is None:
            raise Refusal("Keep the scan of what the department returned.", field="scan")
        found.scan = keep_file(proposal, scan, "assessment", by=by)
    answered = {"state": rules.ANSWERED, "answered_at": clock.now(), "version": line.version + 1}
    transition(line, expect={"state": rules.SENT}, change=answered)
    found.state, found.returned_at = RETURNED, clock.now()
    db.session.flush()
    if line.is_responsible and proposal.state == rules.ROUTED:
        change = {"state": rules.ASSESSED, "version": proposal.version + 1}
        transition(proposal, expect={"state": rules.ROUTED}, change=change)
    if proposal.handler_id != by.id:
        text = N_("A department has returned its assessment of proposal %(proposal)s.")
        notify(proposal.handler, Message(text, {"proposal": proposal.label}), link=proposal.link)
    changes = [{"field": "department", "old": "", "new": line.department}]
    audit.write("change", "assessment-returned", actor=by, record=proposal, label=proposal.label, changes=changes)
    return found


def keep_file(proposal: Proposal, upload: Upload, what: str, *, by: Staff) -> Attachment:
    """Keep a paper that came back with its proposal, and return the file."""
    kept = Attachment.keep(
        upload.content, filename=upload.filename, media_type=upload.judged.media_type, purpose="scan", by=by,
        customer_id=proposal.customer_id,
    )  # fmt: skip
    db.session.add(ProposalFile(proposal=proposal, attachment=kept, what=what, added_by_id=by.id))
    db.session.flush()
    return kept


def _check_lengths(said: Assessed) -> None:
    for name, value in said._asdict().items():
        most = LONGEST_TEXT if name in ASSESSED else LONGEST_LINE
        if len(value) > most:
            raise Refusal("At most %(most)s characters.", field=name, most=most)


history.action("Proposal", "assessment-returned", N_("Assessment of a proposal returned"))
