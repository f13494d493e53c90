"""A signature: who decided what on which frozen content, bound by hash so that a later change shows (AP-4, AP-6)."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from portal import clock
from portal.database import Base, JsonValue, db
from portal.models import audit
from portal.models.attachment import Attachment
from portal.models.staff import Staff, as_data
from portal.rules.freezing import canonical, verification_code
from portal.rules.message import Refusal
from portal.stores import StoreFailed

if TYPE_CHECKING:
    from portal.models.approval import Approval
    from portal.models.approval_step import ApprovalStep


class Signature(Base):
    """One signature, never changed. Given in the portal by `signer`, or on paper by `paper_name` and recorded by `recorded_by`."""

    __tablename__ = "signature"

    approval_id: Mapped[int] = mapped_column(ForeignKey("approval.id"), index=True)
    round: Mapped[int]
    content_hash: Mapped[str]
    decision: Mapped[str]
    """approve | send-back | reject | opinion"""
    opinion: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    address: Mapped[str] = mapped_column(default="")
    signer_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    who: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    """{"signer", "on_behalf_of", "recorded_by"} as they were called and ranked when it was given."""
    steps: Mapped[list[Any]] = mapped_column(JsonValue)
    """The steps it passes, in order (AP-10)."""
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"))
    """The signer's signature picture at that time, for the printed sheet."""
    paper_name: Mapped[str] = mapped_column(default="")
    paper_date: Mapped[date | None]
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"))
    scan_sha256: Mapped[str] = mapped_column(default="")
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    hash: Mapped[str]
    code: Mapped[str] = mapped_column(index=True)
    """Verification code, printed beside the signature."""

    scan: Mapped[Attachment | None] = relationship(foreign_keys=[scan_id])
    picture: Mapped[Attachment | None] = relationship(foreign_keys=[picture_id])

    @property
    def name(self) -> str:
        """Return who signed, as they were called then."""
        signer = self.who.get("signer")
        return signer["name"] if signer else self.paper_name

    @property
    def given_on(self) -> date:
        """Return the day on which it was given, at the site; on paper, the day that stands there."""
        return self.paper_date or clock.local(self.at).date()

    @property
    def principal_name(self) -> str:
        """Return for whom it was given, or nothing (RO-6)."""
        principal = self.who.get("on_behalf_of")
        return principal["name"] if principal else ""

    @property
    def recorder_name(self) -> str:
        """Return who recorded a signature on paper, or nothing."""
        recorder = self.who.get("recorded_by")
        return recorder["name"] if recorder else ""

    def _digest(self) -> str:
        bound = {
            "approval": self.approval_id,
            "round": self.round,
            "content": self.content_hash,
            "decision": self.decision,
            "opinion": self.opinion,
            "at": self.at.isoformat(timespec="microseconds"),
            "address": self.address,
            "who": self.who,
            "by": [self.signer_id, self.on_behalf_of_id, self.recorded_by_id, self.picture_id],
            "steps": self.steps,
            "paper": [self.paper_name, self.paper_date.isoformat() if self.paper_date else None, self.scan_sha256],
        }
        return hashlib.sha256(canonical(bound).encode()).hexdigest()

    @classmethod
    def give(
        cls,
        approval: Approval,
        steps: list[tuple[ApprovalStep, Staff | None]],
        *,
        decision: str,
        opinion: str,
        signer: Staff | None = None,
        recorded_by: Staff | None = None,
        paper_name: str = "",
        paper_date: date | None = None,
        scan: Attachment | None = None,
        address: str = "",
    ) -> Signature:
        """Add the signature that passes `steps` (each with the person it is given for, if not in own name) and its audit entry."""
        principal = steps[0][1]
        current = approval.current_round
        signature = cls(
            approval_id=approval.id,
            round=current.number,
            content_hash=current.content_hash,
            decision=decision,
            opinion=opinion,
            at=clock.now(),
            address=address,
            signer_id=signer.id if signer else None,
            on_behalf_of_id=principal.id if principal else None,
            who={"signer": as_data(signer), "on_behalf_of": as_data(principal), "recorded_by": as_data(recorded_by)},
            steps=[step.as_data(signer, person) for step, person in steps],
            picture_id=signer.signature_id if signer else None,
            paper_name=paper_name,
            paper_date=paper_date,
            scan_id=scan.id if scan else None,
            scan_sha256=scan.sha256 if scan else "",
            recorded_by_id=recorded_by.id if recorded_by else None,
        )
        signature.hash = signature._digest()
        signature.code = verification_code(signature.hash)
        db.session.add(signature)
        db.session.flush()
        audit.write(
            "signature",
            decision,
            actor=signer or recorded_by,
            on_behalf_of=principal.name if principal else "",
            record=approval,
            label=approval.title,
            signature=signature.id,
            hash=signature.hash,
            code=signature.code,
            round=current.number,
            opinion=opinion,
            paper_name=paper_name,
        )
        return signature

    def is_for(self, step_id: int) -> bool:
        """Return whether it was given for this step, among others that it passed."""
        return any(one["id"] == step_id for one in self.steps)

    def is_valid(self) -> bool:
        """Return whether the signature stands as given: its own hash, its content's, its scan's, and the audit log's entry agree.

        Raises `StoreFailed` where the scan cannot be read now.
        """
        from portal.models.approval_round import ApprovalRound

        session = object_session(self) or db.session()
        query = select(ApprovalRound).where(ApprovalRound.approval_id == self.approval_id, ApprovalRound.number == self.round)
        signed = session.scalar(query)
        if signed is None or not signed.is_intact() or signed.content_hash != self.content_hash:
            return False
        if self._digest() != self.hash or verification_code(self.hash) != self.code:
            return False
        return self._scan_stands() and self._is_logged()

    def standing(self) -> str:
        """Return "valid" or "altered", as `is_valid` finds, or "unknown" where the scan cannot be read now to be compared."""
        try:
            return "valid" if self.is_valid() else "altered"
        except StoreFailed:
            return "unknown"

    def _scan_stands(self) -> bool:
        if not self.scan_sha256:
            return self.scan_id is None
        try:
            return self.scan is not None and hashlib.sha256(self.scan.content()).hexdigest() == self.scan_sha256
        except (OSError, Refusal):
            return False

    def _is_logged(self) -> bool:
        # Who could rewrite the row and its hash would still have to rewrite the chained audit log.
        query = select(audit.AuditEvent.data).where(
            audit.AuditEvent.record_type == "Approval", audit.AuditEvent.record_id == self.approval_id, audit.AuditEvent.kind == "signature"
        )
        return any(data.get("signature") == self.id and data.get("hash") == self.hash for data in db.session.scalars(query))
