"""One round of an approval: the content frozen at its submission, and the chain it runs through (AP-1, AP-2, AP-4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue
from portal.models.approval_step import ApprovalStep
from portal.models.choice_names import NAMES, Names, names_of, worded
from portal.models.staff import Staff
from portal.rules.freezing import Difference, content_hash, differences
from portal.rules.message import Refusal


class ApprovalRound(Base):
    """A submission and what came of it. Content and chain are never changed afterwards."""

    __tablename__ = "approval_round"

    approval_id: Mapped[int] = mapped_column(ForeignKey("approval.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    """The document's snapshot, and under `choice_names.NAMES` what its codes of choices were called: both are hashed and signed."""
    content_hash: Mapped[str]
    chain: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    """{"standard": name, "version": number, "case": name, "steps": […]} as in force when the round began (ST-2)."""
    submitted_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    submitted_at: Mapped[datetime] = mapped_column(default=clock.now)
    outcome: Mapped[str] = mapped_column(default="")
    """Empty while it runs; approved | sent-back | rejected | withdrawn."""
    ended_at: Mapped[datetime | None]

    submitted_by: Mapped[Staff] = relationship(foreign_keys=[submitted_by_id])
    steps: Mapped[list[ApprovalStep]] = relationship(order_by=lambda: (ApprovalStep.position, ApprovalStep.place))

    __table_args__ = (Index(None, "approval_id", "number", unique=True), Index(None, "submitted_by_id", "approval_id"))

    def hands(self) -> set[int]:
        """Return who has signed or advised in this round, for whom, and who recorded its papers."""
        found = {one.signer_id for one in self.steps} | {one.on_behalf_of_id for one in self.steps}
        found |= {one.signature.recorded_by_id for one in self.steps if one.signature}
        return {one for one in found if one is not None}

    def is_intact(self) -> bool:
        """Return whether the stored content is still that of the submission."""
        return content_hash(self.content) == self.content_hash

    def ensure_signed(self) -> None:
        """Raise `Refusal` unless every step that was passed has its signature, and each stands as it was given (AP-4, AP-7).

        Raises `StoreFailed` where the scan of one cannot be read now to be compared.
        """
        for step in self.steps:
            if step.state != "done":
                continue
            given = step.signature
            if given is None:
                raise Refusal("It is not sealed: a signature is missing.")
            if not given.is_for(step.id) or not given.is_valid():
                raise Refusal(
                    "It is not sealed: the signature of %(name)s, or the content that was signed, has been altered since.", name=given.name
                )

    @property
    def snapshot(self) -> dict[str, Any]:
        """Return the document as it was submitted, its choices as codes."""
        return {key: one for key, one in self.content.items() if key != NAMES}

    def names(self, choices: Mapping[str, str]) -> Names:
        """Return what the codes of the content were called when it was submitted; `choices` are those of its kind.

        A round from before names were frozen has them from the standards as they stood at that moment.
        """
        frozen: Names | None = self.content.get(NAMES)
        return names_of(self.snapshot, choices, self.submitted_at) if frozen is None else frozen

    def differences_to(self, later: dict[str, Any], names: Names, choices: Mapping[str, str]) -> list[Difference]:
        """Return where `later` with its `names` differs from this round; a choice that is called otherwise differs. Codes are `Chosen`."""
        return differences(worded(self.snapshot, self.names(choices)), worded(later, names))
