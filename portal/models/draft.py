"""The life of a document that is signed (`DocumentKind`), from when it is begun until it is submitted, and its states from then on.

draft → pending → approved | rejected. What is sent back or withdrawn is a draft again. One that was never
submitted can be given up here, one that came back with its approval.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Self

from sqlalchemy import ForeignKey, select
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit
from portal.models.approval import Approval
from portal.models.approval_authors import note_author
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.message import N_, Refusal

DRAFT, PENDING, REJECTED, APPROVED, GIVEN_UP = "draft", "pending", "rejected", "approved", "given-up"
STATES = {
    DRAFT: (N_("Draft"), ""),
    PENDING: (N_("In approval"), "accent"),
    REJECTED: (N_("Rejected"), "seal"),
    APPROVED: (N_("Approved"), "ok"),
    GIVEN_UP: (N_("Given up"), ""),
}
"""Words and tones of the states; a document that goes on after its approval has more."""
UNDECIDED = sql("state IN ('draft', 'pending')")
"""Where an index lets one document stand that is written or signed."""


def ensure_never_submitted(kind_name: str, document: Any) -> None:
    """Raise `Refusal` for a draft that came back: its approval is given up with it, and says why (`Approval.give_up`)."""
    if Approval.live_for(kind_name, document.id) is not None:
        raise Refusal("This was submitted before and came back. Give it up on the page of its approval, where the reason is kept.")


class Entries(NamedTuple):
    """What the log calls the steps of a draft."""

    begun: str
    changed: str
    given_up: str


class Draft(Base):
    """Base of documents that are written as drafts: how one begins and what changes in it is its own, between `begun` and `changing`."""

    __abstract__ = True

    permission: ClassVar[Permission]
    """What somebody needs who writes it."""
    entries: ClassVar[Entries]

    state: Mapped[str] = mapped_column(default=DRAFT)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    @declared_attr
    def created_by(cls: Any) -> Mapped[Staff]:  # noqa: N805 - of the class
        """Return who began it."""
        return relationship(foreign_keys=lambda: [cls.created_by_id])

    __mapper_args__ = {"version_id_col": version}

    @property
    def kind_name(self) -> str:
        """Return the name of the kind of document that it is submitted as."""
        raise NotImplementedError

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it."""
        raise NotImplementedError

    @classmethod
    def undecided(cls, **of: Any) -> Self | None:
        """Return the one that is written or signed, of what `of` says (`proposal_id=7`)."""
        return db.session.scalar(select(cls).filter_by(**of).where(cls.state.in_((DRAFT, PENDING))))

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may change it, submit it or give it up: a draft."""
        return self.state == DRAFT and user.may(self.permission)

    def ensure_draft(self, by: Staff) -> None:
        """Raise `StateConflict` unless `by` may work on it."""
        if not self.can_edit(by):
            raise StateConflict(f"{self.kind_name} {self.id}")

    def begun(self, by: Staff, entry: str = "", **words: Any) -> Self:
        """Keep what has just been written and return it, flushed. Raises `StateConflict` where another one stands in its place."""
        self.created_by_id = by.id
        try:
            with db.session.begin_nested():
                db.session.add(self)
        except IntegrityError as error:
            raise StateConflict(f"another {self.kind_name}") from error
        self._note(entry or self.entries.begun, by, **words)
        return self

    @contextmanager
    def changing(self, by: Staff, version: int, **words: Any) -> Iterator[None]:
        """Let `by` change the draft as it was when the form was opened. Raises `StateConflict` where it is another one by now."""
        self.ensure_draft(by)
        if self.version != version:
            raise StateConflict(f"{self.kind_name} {self.id}")
        yield
        self._note(self.entries.changed, by, **words)

    def _note(self, entry: str, by: Staff, **words: Any) -> None:
        note_author(self.kind_name, self, by)
        audit.write("change", entry, actor=by, record=self, label=self.label, **words)

    def can_give_up(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may let it go: who may change it, where its class says nothing else."""
        return self.can_edit(user)

    def give_up(self, *, by: Staff) -> None:
        """Let a draft go. Raises `Refusal` for one that was submitted before, `StateConflict`."""
        if not self.can_give_up(by):
            raise StateConflict(f"{self.kind_name} {self.id}")
        ensure_never_submitted(self.kind_name, self)
        expect = {"state": DRAFT, "version": self.version}
        transition(self, expect=expect, change={"state": GIVEN_UP, "version": self.version + 1})
        audit.write("change", self.entries.given_up, actor=by, record=self, label=self.label)

    def ensure_ready(self) -> None:
        """Raise `Refusal` where it may not be submitted as it stands."""

    def submit(self, *, by: Staff) -> Approval:
        """Send it through its chain (AP-3). Raises `Refusal` naming what is missing, `StateConflict`."""
        return Approval.submit(self.kind_name, self, by=by)
