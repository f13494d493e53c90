"""Letters and mails of a proposal (PP-2): thanks with the promise, changes of day or department, copies for departments without an account.

A draft is written by the portal from the site's templates and changed by whoever handles the proposal; what was sent stays as it was.
Mails go out by the worker (`mail.py`); where no server is configured, a letter is printed. Other areas write their own kinds: `WHAT`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import ForeignKey, Index, Text, func, or_, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models.notice import MAIL_STATES as MAIL_STATES
from portal.models.proposal import OfProposal, Proposal
from portal.models.proposal_department import ProposalDepartment, department_name
from portal.models.proposal_routing import hand_out
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules import proposals as rules
from portal.rules.identifiers import check_email
from portal.rules.message import N_, Message, Named, Refusal
from portal.rules.regions import address_of
from portal.rules.visits import fill

THANKS, CHANGE, COPY = "thanks", "change", "copy"
WHAT = {THANKS: N_("Thanks and promise"), CHANGE: N_("Another day or department"), COPY: N_("Copy for a department")}
"""What a letter is for, with its words; decisions and carrying out add their own."""
SHEETS = {THANKS: "proposal_thanks"}
"""On which sheet a letter prints that has one of its own; the others print on `OTHERS`. Decisions add theirs."""
OTHERS = "proposal_letter"
LETTER, MAIL = "letter", "mail"
CHINESE, ENGLISH = "zh_Hans_CN", "en"
WAYS = {LETTER: N_("By letter"), MAIL: N_("By e-mail")}
DRAFT, SENT, DROPPED = "draft", "sent", "dropped"
STATES = {DRAFT: (N_("Draft"), "warn"), SENT: (N_("Sent"), "ok"), DROPPED: (N_("Given up"), "")}
LONGEST_SUBJECT, LONGEST_BODY = 200, 12_000
SERVICE = Named("客户服务部", "customer service")
"""Who studies a proposal as long as it lies with no department."""
_PARTS = {rules.RESPONSIBLE: Named("归口部门", "responsible department"), rules.OPINION: Named("协办部门", "gives its opinion")}
_SUBJECTS = {
    THANKS: Named("感谢贵方的提案", "Thank you for your proposal"),
    CHANGE: Named("关于贵方提案的办理情况", "Your proposal"),
    COPY: Named("客户提案", "Customer's proposal"),
}
FOLLOWERS: list[Callable[[Proposal], None]] = []
"""What follows when a letter goes out, in the same transaction: other areas see whether the customer is to be told more."""
_NOBODY = Named("客户", "Sir or Madam")
_WAITS = sql("mail_state = 'waiting'")
_FAILED = sql("mail_state = 'failed'")


class ProposalLetter(OfProposal, Base):
    """One letter or mail: draft → sent; a draft can be given up."""

    __tablename__ = "proposal_letter"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("proposal_department.id", ondelete="CASCADE"), index=True)
    """The department whose copy it is; None for what goes to the customer."""
    what: Mapped[str]
    """A code of `WHAT`."""
    way: Mapped[str]
    """letter | mail"""
    to_name: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    body: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="zh_Hans_CN")
    promised_on: Mapped[date | None]
    department: Mapped[str] = mapped_column(default="")
    """What it promises: the day, and the department that handles the proposal."""
    state: Mapped[str] = mapped_column(default=DRAFT)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    sent_at: Mapped[datetime | None]
    mail_state: Mapped[str] = mapped_column(default="off")
    """off | waiting | sent | failed, as of a notice."""
    mail_error: Mapped[str] = mapped_column(default="")
    mail_tries: Mapped[int] = mapped_column(default=0)
    mail_after: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    proposal: Mapped[Proposal] = relationship()
    line: Mapped[ProposalDepartment | None] = relationship()
    made_by: Mapped[Staff] = relationship(foreign_keys=[made_by_id])
    sent_by: Mapped[Staff | None] = relationship(foreign_keys=[sent_by_id])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(None, "proposal_id", "id"),
        Index("ix_proposal_letter_waiting", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index("ix_proposal_letter_failed", "proposal_id", sqlite_where=_FAILED, postgresql_where=_FAILED),
    )

    @property
    def customer_id(self) -> int:
        """Return whose proposal it is about."""
        return self.proposal.customer_id

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return f"{self.proposal.number} {self.subject}"

    @property
    def sheet(self) -> str:
        """Return the name of the sheet on which it prints."""
        return SHEETS.get(self.what, OTHERS)

    def can_change(self, user: Staff) -> bool:
        """Return whether `user`, who sees the proposal, may change, send or give up the draft."""
        return self.state == DRAFT and user.may(Permission.PROPOSAL_WORK)

    def change(self, *, way: str, to_name: str, address: str, subject: str, body: str, by: Staff, version: int) -> None:
        """Change a draft. Raises `Refusal` with the field, `StateConflict`."""
        if not self.can_change(by) or self.version != version:
            raise StateConflict(f"letter {self.id}")
        if way not in WAYS:
            raise Refusal("Say whether it goes by letter or by e-mail.", field="way")
        if not subject or not body:
            raise Refusal("Write the text of the letter.", field="body" if subject else "subject")
        for name, text, most in (("subject", subject, LONGEST_SUBJECT), ("body", body, LONGEST_BODY)):
            if len(text) > most:
                raise Refusal("At most %(most)s characters; these are %(count)s.", field=name, most=most, count=len(text))
        self.way, self.to_name, self.address, self.subject, self.body = way, to_name, address, subject, body
        db.session.flush()

    def send(self, *, by: Staff) -> None:
        """Note that it goes out: a mail is given to the worker, a letter was posted or handed over. Raises `Refusal`, `StateConflict`.

        With thanks or a change the proposal keeps what was promised (PP-2).
        """
        if not self.can_change(by):
            raise StateConflict(f"letter {self.id}")
        change: dict[str, Any] = {"state": SENT, "sent_by_id": by.id, "sent_at": clock.now(), "version": self.version + 1}
        if self.way == MAIL:
            _ensure_mail(self.address)
            change["mail_state"] = "waiting"
        transition(self, expect={"state": DRAFT, "version": self.version}, change=change)
        if self.what in (THANKS, CHANGE):
            proposal = self.proposal
            same = (self.promised_on, self.department) == promise_of(proposal) or not proposal.is_undecided
            told = {"promised_on": self.promised_on, "promised_department": self.department, "to_tell": not same}
            transition(proposal, expect={"id": proposal.id}, change={**told, "version": proposal.version + 1})
        for follow in FOLLOWERS:
            follow(self.proposal)
        audit.write("change", "letter-sent", actor=by, record=self, label=self.label, reason=self.address)

    def drop(self, *, by: Staff) -> None:
        """Give a draft up. Raises `StateConflict`."""
        if not self.can_change(by):
            raise StateConflict(f"letter {self.id}")
        transition(self, expect={"state": DRAFT, "version": self.version}, change={"state": DROPPED, "version": self.version + 1})

    def can_send_again(self, user: Staff) -> bool:
        """Return whether `user` may give a mail that did not go out to the worker again."""
        return self.state == SENT and self.mail_state == "failed" and user.may(Permission.PROPOSAL_WORK)

    def send_again(self, *, by: Staff) -> None:
        """Give a mail that did not go out to the worker again. Raises `Refusal`, `StateConflict`."""
        if not self.can_send_again(by):
            raise StateConflict(f"letter {self.id}")
        _ensure_mail(self.address)
        transition(self, expect={"mail_state": "failed"}, change={"mail_state": "waiting", "mail_tries": 0, "mail_after": None})
        audit.write("change", "letter-sent", actor=by, record=self, label=self.label, reason=self.address)


def mail_works() -> bool:
    """Return whether a mail server is configured."""
    return bool(current_app.config["SMTP_HOST"])


def _ensure_mail(address: str) -> None:
    if not mail_works():
        raise Refusal("No mail server is configured. Print the letter instead.", field="way")
    if not address:
        raise Refusal("Give the e-mail address.", field="address")
    wrong = check_email(address)
    if wrong is not None:
        raise Refusal(wrong.text, field="address", **wrong.params)


def promise_of(proposal: Proposal) -> tuple[date, str]:
    """Return what a customer is told as things stand: the day, and the responsible department ('' for customer service)."""
    first = proposal.target_on if not proposal.extended and proposal.target_on >= clock.today() else proposal.limit_on
    return first, proposal.responsible


def wanted(proposal: Proposal) -> str:
    """Return which letter the customer is to have: thanks, a change, or '' for none (PP-2)."""
    if not proposal.to_tell or not proposal.is_undecided:
        return ""
    return THANKS if proposal.promised_on is None else CHANGE


def letters_of(proposal: Proposal) -> list[ProposalLetter]:
    """Return the letters of a proposal, the newest first; those given up are left out."""
    query = select(ProposalLetter).where(ProposalLetter.proposal_id == proposal.id, ProposalLetter.state != DROPPED)
    return list(db.session.scalars(query.order_by(ProposalLetter.id.desc())))


def let_go(proposal: Proposal, what: str) -> None:
    """Give up the drafts of a letter that says no more how things stand."""
    for one in letters_of(proposal):
        if (one.what, one.state) == (what, DRAFT):
            transition(one, expect={"state": DRAFT}, change={"state": DROPPED, "version": one.version + 1})


def draft(proposal: Proposal, what: str, *, by: Staff, language: str = CHINESE) -> ProposalLetter:
    """Write a draft of thanks or of a change from the site's template, and return it, flushed; one that is there is given back."""
    present = next((one for one in letters_of(proposal) if one.what == what and one.state == DRAFT), None)
    if present is not None:
        return present
    promised_on, department = promise_of(proposal)
    filled = places(proposal, promised_on, department, language)
    template = standard(f"proposal.{what}_{'en' if language == ENGLISH else 'zh'}")
    subject = f"{_in(_SUBJECTS[what], language)} {proposal.number}"
    return write(
        proposal, what, subject=subject, body=fill(template, filled), by=by, language=language, promised_on=promised_on,
        department=department,
    )  # fmt: skip


def write(
    proposal: Proposal, what: str, *, subject: str, body: str, by: Staff, language: str = CHINESE,
    promised_on: date | None = None, department: str = "",
) -> ProposalLetter:  # fmt: skip
    """Keep a draft to the customer and return it, flushed; `what` is a code of `WHAT`. By mail where the person has an address."""
    if not by.may(Permission.PROPOSAL_WORK):
        raise StateConflict(f"letter of proposal {proposal.id}")
    address = mail_address(proposal)
    letter = ProposalLetter(
        proposal=proposal, what=what, way=MAIL if address and mail_works() else LETTER,
        to_name=proposal.contact or proposal.customer.full_name, address=address or _postal(proposal),
        subject=subject[:LONGEST_SUBJECT], body=body, language=language, promised_on=promised_on, department=department,
        made_by_id=by.id, state=DRAFT,
    )  # fmt: skip
    db.session.add(letter)
    audit.write("change", "letter-written", actor=by, record=letter, label=letter.label)
    return letter


def mail_address(proposal: Proposal) -> str:
    """Return the e-mail address of who made the proposal, '' for none."""
    if "@" in proposal.reach and check_email(proposal.reach) is None:
        return proposal.reach
    return proposal.contact_card.email if proposal.contact_card is not None else ""


def _postal(proposal: Proposal) -> str:
    return address_of(proposal.customer, from_city=True)[:200]


def _in(name: Named | str, language: str) -> str:
    return name if isinstance(name, str) else name.en if language == ENGLISH else name.zh


def _day(day: date, language: str) -> str:
    return f"{day.day} {day:%B} {day.year}" if language == ENGLISH else f"{day.year}年{day.month}月{day.day}日"


def places(proposal: Proposal, promised_on: date, department: str, language: str) -> dict[str, str]:
    """Return what is filled into every letter about a proposal, in a language."""
    handler = proposal.handler
    return {
        "contact": proposal.contact or _in(_NOBODY, language),
        "customer": proposal.customer.full_name,
        "received_on": _day(proposal.received_on, language),
        "summary": proposal.summary,
        "number": proposal.number,
        "department": _in(department_name(department) if department else SERVICE, language),
        "promised_on": _day(promised_on, language),
        "handler": handler.name,
        "telephone": handler.telephone or "—",
        "site": str(current_app.config["SITE_NAME"]) or _in(SERVICE, language),
    }


# --- copies for departments (PP-3) -----------------------------------------------------------------------------------------------


def can_send_copy(part: ProposalDepartment, user: Staff) -> bool:
    """Return whether `user`, who sees the proposal, may send this department its copy, or note that it has it on paper."""
    return part.state == rules.TO_SEND and user.may(Permission.PROPOSAL_WORK)


def send_copy(part: ProposalDepartment, *, by: Staff) -> None:
    """Send a department its copy by mail, or note that it has it on paper. Raises `Refusal`, `StateConflict`."""
    if not can_send_copy(part, by):
        raise StateConflict(f"copy {part.id}")
    proposal = part.proposal
    if part.way == rules.MAIL:
        _ensure_mail(part.address)
        language = _language_of(part)
        template = standard("proposal.copy_en" if language == ENGLISH else "proposal.copy_zh")
        filled = {
            **places(proposal, part.due_on, part.department, language), "part": _in(_PARTS[part.part], language), "text": proposal.text,
        }  # fmt: skip
        letter = ProposalLetter(
            proposal=proposal, line_id=part.id, what=COPY, way=MAIL, to_name=_in(department_name(part.department), language),
            address=part.address, subject=f"{_in(_SUBJECTS[COPY], language)} {proposal.number} {proposal.summary}"[:LONGEST_SUBJECT],
            body=fill(template, filled), language=language, state=SENT, made_by_id=by.id, sent_by_id=by.id,
            sent_at=clock.now(), mail_state="waiting",
        )  # fmt: skip
        db.session.add(letter)
    hand_out(part, proposal, by=by)
    changes = [{"field": "department", "old": "", "new": part.department}]
    audit.write("change", "copy-sent", actor=by, record=proposal, label=proposal.label, changes=changes)


def _language_of(part: ProposalDepartment) -> str:
    """Return the language in which a department reads its mail: of the account with that address, else of the department's own account."""
    account = (Staff.active, or_(func.lower(Staff.email) == part.address.lower(), Staff.department_code == part.department))
    languages = select(Staff.language).where(*account).order_by(func.lower(Staff.email) != part.address.lower(), Staff.id).limit(1)
    return ENGLISH if db.session.scalar(languages) == ENGLISH else CHINESE


def told_again(proposal: Proposal) -> Message | None:
    """Return what the customer is still to be told, None where nothing is (PP-2)."""
    what = wanted(proposal)
    if not what:
        return None
    thanks, change = N_("Thank the customer, and say how long it will take"), N_("Tell the customer of another day or department")
    return Message(thanks if what == THANKS else change)


for _name, _title in (("letter-written", N_("Letter about a proposal drafted")), ("letter-sent", N_("Letter about a proposal sent"))):
    history.action("ProposalLetter", _name, _title)
history.action("Proposal", "copy-sent", N_("Copy of a proposal sent to a department"))
