"""A document's way through its chain of signatures (AP-1 to AP-6, AP-8 to AP-10).

Every act first takes the approval's own row by a guarded UPDATE, then the step's: in this order everywhere, so that eight
simultaneous signatures, or a signature and a withdrawal, queue up and one of them counts.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, and_, exists, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import approval_signing, audit
from portal.models.approval_advance import advance, begin_round, end_round, take_turn
from portal.models.approval_authors import DocumentAuthor, note_author
from portal.models.approval_kinds import KINDS, DocumentKind
from portal.models.approval_round import ApprovalRound
from portal.models.approval_routing import Office, Seat, pools_of, reroute_open_steps, route, seat_in, seats_of
from portal.models.approval_signature import Signature
from portal.models.approval_signing import ContentChanged
from portal.models.approval_step import ApprovalStep
from portal.models.hand_over import goes_along
from portal.models.notice import notify
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules.freezing import content_hash
from portal.rules.message import N_, Message, Refusal

LIVE = ("draft", "pending", "withdrawn")
RETURNED = ("draft", "withdrawn")
"""Sent back, or withdrawn: it can be submitted again, or given up."""
"""States of an approval that can still come to a decision; a document has one such approval at most."""
_LIVE = text("state IN ('draft', 'pending', 'withdrawn')")
_TO_SEAL = text("state = 'approved' AND sealed_at IS NULL")


class Approval(Base):
    """One document's way: draft (sent back) | pending | withdrawn | approved | rejected | given-up. Every round stays readable (AP-1)."""

    __tablename__ = "approval"

    kind_name: Mapped[str]
    record_id: Mapped[int]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    """The team in charge, whose supervisor signs."""
    submitter_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[str] = mapped_column(default="pending")
    round: Mapped[int] = mapped_column(default=1)
    signed: Mapped[int] = mapped_column(default=0)
    """Signatures and opinions given in the current round."""
    title: Mapped[str]
    reminded_on: Mapped[date | None]
    reminders: Mapped[int] = mapped_column(default=0)
    """Reminders sent on that day."""
    sealed_at: Mapped[datetime | None]
    """When its final form was sealed and filed (AP-7)."""

    submitter: Mapped[Staff] = relationship(foreign_keys=[submitter_id])
    rounds: Mapped[list[ApprovalRound]] = relationship(order_by=ApprovalRound.number)
    author_rows: Mapped[list[DocumentAuthor]] = relationship(
        primaryjoin=lambda: and_(
            Approval.kind_name == foreign(DocumentAuthor.kind_name), Approval.record_id == foreign(DocumentAuthor.record_id)
        ),
        viewonly=True,
    )

    __table_args__ = (
        Index("uq_approval_live", "kind_name", "record_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index(None, "kind_name", "record_id"),
        Index(None, "submitter_id", "state"),
        Index(None, "state"),
        Index("ix_approval_to_seal", "state", "sealed_at", sqlite_where=_TO_SEAL, postgresql_where=_TO_SEAL),
    )

    # --- finding ---------------------------------------------------------------------------------------------------

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Approval]:
        """Return approvals on customers in scope, one's own (AP-8), and until they are decided those one signs, signed or is asked about.

        Having signed once opens no customer's papers for good: nothing but a loan widens a scope (RO-1, RO-2).
        """
        from portal.models.customer import Customer

        query = select(cls)
        if user.is_manager:
            return query
        concerned = exists().where(
            ApprovalStep.approval_id == cls.id,
            or_(ApprovalStep.signer_id == user.id, (ApprovalStep.state == "open") & ApprovalStep.pool.in_(sorted(pools_of(user)))),
        )
        in_scope = exists().where(Customer.id == cls.customer_id, customer_scope(user))
        asked = exists().where(ApprovalStep.approval_id == cls.id, ApprovalStep.wanted == f"person:{user.id}")
        return query.where(or_(in_scope, cls.submitter_id == user.id, cls.state.in_(LIVE) & or_(concerned, asked)))

    @classmethod
    def live_for(cls, kind_name: str, record_id: int) -> Approval | None:
        """Return the document's approval that is not decided yet: pending, sent back (draft) or withdrawn."""
        return db.session.scalar(select(cls).where(cls.kind_name == kind_name, cls.record_id == record_id, cls.state.in_(LIVE)))

    @classmethod
    def latest_for(cls, kind_name: str, record_id: int) -> Approval | None:
        """Return the document's newest approval, decided or not."""
        return db.session.scalar(select(cls).where(cls.kind_name == kind_name, cls.record_id == record_id).order_by(cls.id.desc()).limit(1))

    @property
    def kind(self) -> DocumentKind:
        """Return the declaration of the document's kind."""
        return KINDS[self.kind_name]

    @property
    def document(self) -> Any:
        """Return the document itself."""
        return db.session.get(self.kind.model, self.record_id)

    @property
    def current_round(self) -> ApprovalRound:
        """Return the newest round."""
        return self.rounds[-1]

    @property
    def sent_back(self) -> Signature | None:
        """Return the signature that sent it back, None where it was not, or was not by a person: its opinion says what to change."""
        given = (step.signature for step in self.current_round.steps if step.signature is not None) if self.state == "draft" else ()
        return next((one for one in given if one.decision == "send-back"), None)

    @property
    def open_steps(self) -> list[ApprovalStep]:
        """Return the steps that wait for somebody now."""
        return [step for step in self.current_round.steps if step.state == "open"] if self.state == "pending" else []

    @property
    def link(self) -> str:
        """Return the path of the approval's page, for notices."""
        return f"/approvals/{self.id}"

    def authors(self) -> set[int]:
        """Return whose own work the document is: none of them signs it (RO-3, `approval_authors`)."""
        return {one.staff_id for one in self.author_rows}

    def waits_for(self) -> list[tuple[ApprovalStep, list[Seat]]]:
        """Return the open steps, each with who can pass it today (AP-8)."""
        return [(step, seats_of(step.pool, self.authors())) for step in self.open_steps]

    def own_work(self, user: Staff) -> Message | None:
        """Return why `user`, who signs documents, does not sign this one, and who does instead; None where it is not their own work."""
        if self.state != "pending" or user.id not in self.authors() or not user.may(Permission.APPROVAL_SIGN):
            return None
        names = {seat.staff.name: None for _step, seats in self.waits_for() for seat in seats}
        if not names:
            return Message(N_("You have drafted, changed or submitted this document, so you do not sign it. Nobody else can at present."))
        text = N_("You have drafted, changed or submitted this document, so somebody else signs it: %(names)s.")
        return Message(text, {"names": "、".join(names)})

    # --- who may ---------------------------------------------------------------------------------------------------

    def seat(self, step: ApprovalStep, user: Staff) -> Seat | None:
        """Return in whose name `user` may pass `step`, whatever its state, or None (RO-3, RO-6)."""
        return seat_in(step.pool or step.wanted, user, self.authors())

    def can_pass(self, step: ApprovalStep, user: Staff) -> bool:
        """Return whether `user` may sign this step now: open, theirs, and not beside their own signature (会签)."""
        if self.state != "pending" or step.state != "open" or step.round_id != self.current_round.id or self.seat(step, user) is None:
            return False
        beside = any(
            one.signer_id == user.id and one.type == "portal" and one.position == step.position and one is not step
            for one in self.current_round.steps
        )
        return not beside or step.alone or step.type != "portal"

    def step_for(self, user: Staff, *types: str) -> ApprovalStep | None:
        """Return the first open step of these types (portal and opinion by default) that `user` may pass now."""
        return next((step for step in self.open_steps if step.type in (types or ("portal", "opinion")) and self.can_pass(step, user)), None)

    def can_sign(self, user: Staff) -> bool:
        """Return whether `user` may sign, or give their opinion, now."""
        return self.step_for(user) is not None

    def can_record_paper(self, user: Staff) -> bool:
        """Return whether `user` may record a signature on paper now (AP-6): a manager whose own work the document is not."""
        return user.may(Permission.APPROVAL_RECORD_PAPER) and self.step_for(user, "paper") is not None

    def can_ask_opinion(self, user: Staff) -> bool:
        """Return whether `user` may ask a colleague before or after they sign (加签)."""
        return self.step_for(user, "portal") is not None

    def can_withdraw(self, user: Staff) -> bool:
        """Return whether `user` may take the document back: the submitter, while nobody has signed the round (AP-1)."""
        return self.state == "pending" and self.submitter_id == user.id and self.signed == 0

    def can_give_up(self, user: Staff) -> bool:
        """Return whether `user` may let the document go: the submitter, once it came back, where there may be none of its kind."""
        return self.state in RETURNED and self.submitter_id == user.id and self.kind.on_given_up is not None

    def can_remind(self, user: Staff) -> bool:
        """Return whether `user` may remind today: the submitter, as often a day as the standard says (AP-8)."""
        sent = self.reminders if self.reminded_on == clock.today() else 0
        return self.state == "pending" and self.submitter_id == user.id and sent < standard("approval.reminders_per_day")

    @classmethod
    def running_on(cls, customer_ids: Collection[int]) -> ColumnElement[bool]:
        """Return the condition on approvals that run and cover one of these customers: named by it, or on a list of several (AP-5)."""
        on_lists = [
            and_(cls.kind_name == kind.name, cls.record_id.in_(select(rows.c[0]).where(rows.c[1].in_(customer_ids))))
            for kind in KINDS.values()
            if kind.covers is not None
            for rows in (kind.covers.subquery(),)
        ]
        return and_(cls.state == "pending", or_(cls.customer_id.in_(customer_ids), *on_lists))

    # --- submitting ------------------------------------------------------------------------------------------------

    @classmethod
    def submit(cls, kind_name: str, document: Any, *, by: Staff) -> Approval:
        """Freeze the document and start its chain: the first round, or the next after it was sent back or withdrawn.

        The same submission sent twice counts once: the second gets the running approval. Raises `Refusal` where the document is
        not ready, `StateConflict` where another content of it is already in approval (AP-1, AP-5).
        """
        kind = KINDS[kind_name]
        if not by.may(Permission.APPROVAL_SUBMIT):
            raise Refusal("Your role does not submit documents.")
        _hold(kind, document)
        db.session.flush()
        db.session.refresh(document)  # as it is stored: an amount just entered is 6000, the same one read later 6000.00
        content = kind.snapshot(document)
        running = cls.live_for(kind_name, document.id)
        if running is not None and running.state == "pending":
            return running._again(content, by)
        kind.check(document)
        customer_id, title = getattr(document, "customer_id", None), kind.label(document)
        if running is None:
            running = cls(kind_name=kind_name, record_id=document.id, customer_id=customer_id, submitter_id=by.id, title=title)
            try:
                with db.session.begin_nested():
                    db.session.add(running)
            except IntegrityError:
                other = cls.live_for(kind_name, document.id)
                if other is None or other.state != "pending":
                    raise StateConflict(f"{kind_name} {document.id}") from None
                return other._again(content, by)
        else:
            expect = {"state": RETURNED, "round": running.round}
            change = {"state": "pending", "round": running.round + 1, "signed": 0, "submitter_id": by.id, "title": title, "reminders": 0}
            change["customer_id"] = customer_id  # a draft may be of somebody else by now
            transition(running, expect=expect, change=change)
        running.follow_team()
        running._belongs_to(by)
        begin_round(running, content, kind.case(document), by)
        running._ensure_somebody_signs()
        kind.on_submitted(document, running, by)
        audit.write("approval", "submitted", actor=by, record=running, label=running.title, document=kind_name, round=running.round)
        advance(running)
        return running

    def _belongs_to(self, staff: Staff) -> None:
        note_author(self.kind_name, self.document, staff)
        db.session.expire(self, ["author_rows"])

    def _steps_without_anybody(self, office: Office) -> set[int]:
        """Return the steps ahead that only those could pass whose own work the document is: they would wait for ever (RO-3, AP-10)."""
        authors, ahead = self.authors(), [step for step in self.current_round.steps if step.state in ("waiting", "open")]
        return {step.id for step in ahead if not office.seats(route(step, self, office).pool, authors)}

    def _ensure_somebody_signs(self) -> None:
        if self._steps_without_anybody(Office()):
            text = N_("Nobody is left to sign: all managers have worked on this document. Give somebody else the role, or name a delegate.")
            raise Refusal(text)

    def _again(self, content: dict[str, Any], by: Staff) -> Approval:
        if self.submitter_id == by.id and content_hash(self.current_round.snapshot) == content_hash(content):
            return self
        raise StateConflict(f"{self.kind_name} {self.record_id} is in approval")

    def follow_team(self) -> None:
        """Take over the team that is in charge now: the customer's, else the submitter's."""
        from portal.models.customer import Customer

        customer = db.session.get(Customer, self.customer_id) if self.customer_id else None
        submitter = db.session.get(Staff, self.submitter_id)
        self.team_id = customer.team_id if customer else submitter.team_id if submitter else None

    def withdraw(self, *, by: Staff) -> None:
        """Take the document back (AP-1). Raises `StateConflict` once somebody has signed."""
        if self.submitter_id != by.id:
            raise Refusal("Only who submitted the document can withdraw it.")
        take_turn(self, {"state": "withdrawn"}, signed=0)
        end_round(self, "withdrawn")
        self.kind.on_returned(self.document, self, by)
        audit.write("approval", "withdrawn", actor=by, record=self, label=self.title, document=self.kind_name, round=self.round)

    def give_up(self, reason: str, *, by: Staff) -> None:
        """Let a document go that came back; its rounds stay readable. Raises `Refusal` without a reason (`reason`), `StateConflict`."""
        if not reason:
            raise Refusal("Say why.", field="reason")
        if not self.can_give_up(by):
            raise StateConflict(f"approval {self.id}")
        self.let_go(reason, by=by)

    def let_go(self, reason: str, *, by: Staff) -> None:
        """End what came back, whoever submitted it, with its document. Raises `StateConflict` where it is in approval again."""
        transition(self, expect={"state": RETURNED, "round": self.round}, change={"state": "given-up"})
        if self.kind.on_given_up is not None:
            self.kind.on_given_up(self.document, self, by)
        audit.write(
            "approval", "given-up", actor=by, record=self, label=self.title, document=self.kind_name, round=self.round, reason=reason
        )

    def remind(self, *, by: Staff) -> list[Staff]:
        """Tell everybody who can act now, and return them (AP-8). Raises `Refusal` when today's reminders are used up."""
        if not self.can_remind(by):
            raise Refusal("You have reminded them today. You can remind them again tomorrow.")
        day = clock.today()
        sent = self.reminders if self.reminded_on == day else 0
        expect = {"state": "pending", "reminded_on": self.reminded_on, "reminders": self.reminders}
        transition(self, expect=expect, change={"reminded_on": day, "reminders": sent + 1})
        people = {seat.staff.id: seat.staff for _step, seats in self.waits_for() for seat in seats}
        figures = {"name": by.name, "document": Message(self.kind.title), "title": self.title}
        for person in people.values():
            notify(person, Message(N_("%(name)s reminds you: %(document)s “%(title)s” waits for you."), figures), link=self.link)
        audit.write("approval", "reminded", actor=by, record=self, label=self.title, document=self.kind_name)
        return list(people.values())

    @classmethod
    def hand_over(cls, gone: Staff, to: Staff) -> int:
        """Give the undecided submissions of one person to another, and return how many (RO-4). Neither will sign them.

        Raises `StateConflict`, and `Refusal` (field `to_id`) where `to` has signed the running round or is the last to sign it (RO-3).
        """
        query = select(cls).where(cls.submitter_id == gone.id, cls.state.in_(LIVE))
        approvals, office = list(db.session.scalars(query)), Office()
        for approval in approvals:
            if approval.state == "pending":
                approval._move_running(to, office)
            approval.submitter_id = to.id
            approval._belongs_to(to)
        return len(approvals)

    def _move_running(self, to: Staff, office: Office) -> None:
        names = {"name": to.name, "title": self.title}
        take_turn(self, {"submitter_id": to.id})
        if to.id in self.current_round.hands():
            text = N_("%(name)s has signed “%(title)s” and cannot take it over from who submitted it. Choose somebody else.")
            raise Refusal(text, field="to_id", **names)
        before = self._steps_without_anybody(office)
        self._belongs_to(to)
        if self._steps_without_anybody(office) - before:
            text = N_("%(name)s is the only one left to sign “%(title)s” and cannot take it over as well. Choose somebody else.")
            raise Refusal(text, field="to_id", **names)

    # --- signing (approval_signing) --------------------------------------------------------------------------------

    expect_unchanged = approval_signing.expect_unchanged
    sign = approval_signing.sign
    record_paper = approval_signing.record_paper
    paper_problems = approval_signing.paper_problems
    ask_opinion = approval_signing.ask_opinion


def _hold(kind: DocumentKind, document: Any) -> None:
    """Keep the customers that a document covers from being merged until its submission is through.

    Raises `StateConflict` where a merge was faster: what is to be signed names a record that is none any more.
    """
    from portal.models.customer import Customer

    if kind.covers is None:
        return
    rows = kind.covers.subquery()
    covered = select(rows.c[1]).where(rows.c[0] == document.id)
    before = set(db.session.scalars(covered))
    held = select(Customer.id).where(Customer.id.in_(covered)).order_by(Customer.id).with_for_update(read=True, key_share=True)
    db.session.execute(held).all()
    if set(db.session.scalars(covered)) != before:
        raise StateConflict(f"customers of {kind.name} {document.id} were merged")


@goes_along
def _steps_follow(customer_ids: list[int], _to: Staff, _by: Staff) -> None:
    """Move the open steps of customers that were handed over to the supervisor of their new team (RO-5, AP-10)."""
    reroute_open_steps(customer_ids)


__all__ = ["LIVE", "Approval", "ContentChanged", "reroute_open_steps"]
