"""Satisfaction surveys 满意度调查 (SV-30): a survey with the customers that it asks, and what they answered.

Whom it asks is drawn in `survey_draw.py`; figures over time are kept in `survey_totals.py`; a customer who opens a link comes by
`survey_link.py`; lists are in `survey_list.py`, what surveys ask of people in `survey_desk.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, and_, exists, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

import portal.rules.survey_standards as _standards  # noqa: F401 - adds its standards to the table
from portal import clock
from portal.database import Base, JsonValue, StateConflict, db, transition
from portal.models import audit, history, survey_totals
from portal.models.callback_due import due
from portal.models.customer import BYTEWISE, Customer
from portal.models.hand_over import taken_up
from portal.models.request import ServiceRequest
from portal.models.scope import customer_scope, listed
from portal.models.staff import Staff
from portal.models.standard import at_version
from portal.models.team import Team
from portal.permissions import Permission
from portal.rules import surveys as rules
from portal.rules.callbacks import LOW_SCORE
from portal.rules.message import N_, Refusal

RUNNING, CLOSED = "running", "closed"
SURVEY_STATES = {RUNNING: (N_("Survey running"), "accent"), CLOSED: (N_("Closed"), "ok")}
OPEN, ANSWERED, DECLINED, UNREACHED, LAPSED = "open", "answered", "declined", "unreached", "lapsed"
STATES = {
    OPEN: (N_("To be asked"), ""),
    ANSWERED: (N_("Has answered"), "ok"),
    DECLINED: (N_("Declined"), ""),
    UNREACHED: (N_("Not reached"), ""),
    LAPSED: (N_("No answer until the end"), ""),
}
_OPEN = sql("state = 'open'")
_RUNNING = sql("state = 'running'")
_LINKED = sql("token_hash <> ''")
_TO_MAIL = sql("mail_state = 'waiting'")


class Survey(Base):
    """One survey: running → closed. It keeps the questions that it began with."""

    __tablename__ = "survey"

    title: Mapped[str]
    way: Mapped[str]
    """A code of `rules.surveys.WAYS`."""
    source: Mapped[str]
    """A code of `rules.surveys.SOURCES`."""
    language: Mapped[str] = mapped_column(default="zh_Hans_CN")
    """In which its links open first."""
    filters: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    wanted: Mapped[int]
    seed: Mapped[int]
    """By which the same draw could be made again."""
    questions_version: Mapped[int]
    low_score: Mapped[int]
    """The score up to which somebody is called back, as it stood when it began."""
    state: Mapped[str] = mapped_column(default=RUNNING)
    closes_on: Mapped[date]
    """The last day on which answers are taken."""
    closed_at: Mapped[datetime | None]
    drawn: Mapped[int] = mapped_column(default=0)
    answered: Mapped[int] = mapped_column(default=0)
    """How many were drawn and have answered; moved with each answer."""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    created_by: Mapped[Staff] = relationship()

    __table_args__ = (
        Index(None, "team_id", "id"),
        Index("ix_survey_closes", "closes_on", "id", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Survey]:
        """Return the surveys that ask customers whom `user` looks after, the team's and the own ones; a manager sees all."""
        query = select(cls)
        if user.is_manager:
            return query
        mine = [cls.created_by_id == user.id, exists().where(SurveyAnswer.survey_id == cls.id, SurveyAnswer.assignee_id == user.id)]
        if user.is_supervisor and user.team_id is not None:
            mine += [cls.team_id == user.team_id]
            mine += [exists().where(SurveyAnswer.survey_id == cls.id, SurveyAnswer.team_id == user.team_id)]
        return query.where(or_(*mine))

    @property
    def label(self) -> str:
        """Return what the log calls it."""
        return self.title

    @property
    def questions(self) -> list[dict[str, str]]:
        """Return what it asks, [{"code", "zh", "en"}], as it stood when it began (ST-2)."""
        return rules.questions_of(at_version("survey.questions", self.questions_version).value)

    @property
    def is_running(self) -> bool:
        """Return whether answers are taken."""
        return self.state == RUNNING and self.closes_on >= clock.today()

    def shows_rate(self, user: Staff) -> bool:
        """Return whether `user` sees how the survey as a whole goes: of others only the own answers are shown (RO-1)."""
        return user.is_manager or self.created_by_id == user.id or (user.is_supervisor and self.team_id == user.team_id is not None)

    def can_close(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may close it: who may plan surveys, and sees it as a whole."""
        return user.may(Permission.SURVEY_PLAN) and self.state == RUNNING and self.shows_rate(user)

    def close(self, *, by: Staff | None) -> None:
        """End it: who was not asked, or did not answer, stays without an answer, and links open no more. Raises `StateConflict`."""
        transition(self, expect={"state": RUNNING}, change={"state": CLOSED, "closed_at": clock.now()})
        left = update(SurveyAnswer).where(SurveyAnswer.survey_id == self.id, SurveyAnswer.state == OPEN)
        values = {"state": LAPSED, "token_hash": "", "version": SurveyAnswer.version + 1}
        db.session.execute(left.values(**values), execution_options={"synchronize_session": False})
        for one in list(db.session.identity_map.values()):
            if isinstance(one, SurveyAnswer):
                db.session.expire(one)
        audit.write("change", "survey-closed", actor=by, record=self, label=self.label, answered=self.answered, drawn=self.drawn)


class SurveyAnswer(Base):
    """One customer asked in a survey: open → answered | declined | unreached | lapsed; what was typed by mistake is taken back."""

    __tablename__ = "survey_answer"

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="SET NULL"))
    """None once the customer's card is erased: the scores stay without a name."""
    request_id: Mapped[int | None] = mapped_column(ForeignKey("service_request.id", ondelete="SET NULL"), index=True)
    """The request that it asks about."""
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who asks."""
    served_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Whose service is judged: who had the request in hand, or is in charge of the customer (SV-31)."""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    kind: Mapped[str] = mapped_column(default="")
    """Kind of the request, or of the customer's last one."""
    grade: Mapped[str] = mapped_column(default="")
    nature: Mapped[str] = mapped_column(default="")
    """The customer's when it was drawn: figures over time stay what they were."""
    drawn_on: Mapped[date] = mapped_column(default=clock.today)
    state: Mapped[str] = mapped_column(default=OPEN)
    scores: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """Question → 1 to 5."""
    lowest: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text, default="")
    """What the customer said in own words; or why it was not answered."""
    spoken_with: Mapped[str] = mapped_column(default="")
    month: Mapped[str] = mapped_column(default="")
    """The month of the answer, such as 2026-03: '' while there is none."""
    answered_at: Mapped[datetime | None]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who typed it in; None where the customer answered by a link."""
    token_hash: Mapped[str] = mapped_column(BYTEWISE, default="")
    token_until: Mapped[datetime | None]
    mail_state: Mapped[str] = mapped_column(default="off", server_default="off")
    """off | waiting | sent | failed: whether its link goes out by mail (`survey_mail.py`)."""
    mail_to: Mapped[str] = mapped_column(default="", server_default="")
    mail_error: Mapped[str] = mapped_column(default="", server_default="")
    mail_tries: Mapped[int] = mapped_column(default=0, server_default="0")
    mail_after: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    survey: Mapped[Survey] = relationship()
    customer: Mapped[Customer | None] = relationship()
    request: Mapped[ServiceRequest | None] = relationship()
    assignee: Mapped[Staff | None] = relationship(foreign_keys=[assignee_id])
    served_by: Mapped[Staff | None] = relationship(foreign_keys=[served_by_id])
    entered_by: Mapped[Staff | None] = relationship(foreign_keys=[entered_by_id])
    team: Mapped[Team | None] = relationship()

    __table_args__ = (
        Index("ix_survey_answer_open", "customer_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_survey_answer_mine", "assignee_id", "id", "survey_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("uq_survey_answer_token", "token_hash", unique=True, sqlite_where=_LINKED, postgresql_where=_LINKED),
        Index("ix_survey_answer_to_mail", "id", sqlite_where=_TO_MAIL, postgresql_where=_TO_MAIL),
        Index(None, "survey_id", "assignee_id", "team_id"),
        Index(None, "survey_id", "state", "id"),
        Index(None, "customer_id", "id"),
        Index("ix_survey_answer_served", "served_by_id", "month", "id"),
        Index("ix_survey_answer_month", "month", "team_id", "kind", "grade", "id"),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[SurveyAnswer]:
        """Return the answers of customers in scope, and those that `user` asks for (RO-1).

        Of a customer whose card is erased only the scores are left: they are seen by the supervisor of the team that they count for.
        """
        query = select(cls)
        return (
            query
            if user.is_manager
            else query.where(cls._scope(user, exists().where(Customer.id == cls.customer_id, customer_scope(user))))
        )

    @classmethod
    def listed_for(cls, user: Staff) -> Select[SurveyAnswer]:
        """Return what `visible_to` returns, for a list."""
        query = select(cls)
        return query if user.is_manager else query.where(cls._scope(user, listed(user, cls.customer_id)))

    @classmethod
    def _scope(cls, user: Staff, of_customer: Any) -> Any:
        mine = [and_(cls.assignee_id == user.id, cls.customer_id.is_not(None)), of_customer]
        if user.is_supervisor and user.team_id is not None:
            mine.append(and_(cls.customer_id.is_(None), cls.team_id == user.team_id))
        return or_(*mine)

    @property
    def label(self) -> str:
        """Return what inbox and log call it."""
        return f"{self.customer.full_name if self.customer else '—'} · {self.survey.title}"

    @property
    def limit(self) -> int:
        """Return up to which score somebody is called back."""
        return self.survey.low_score

    @property
    def is_low(self) -> bool:
        """Return whether one of its scores is low."""
        return self.lowest is not None and self.lowest <= self.limit

    # --- who may ---------------------------------------------------------------------------------------------------------

    def can_work(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may type the answer in: while the survey runs."""
        return user.may(Permission.SURVEY_WORK) and self.state == OPEN and self.survey.is_running and self.customer_id is not None

    def can_take_back(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may open it again: what somebody of the office typed, while the survey runs.

        What a customer answered by a link is the customer's own and stays. Nor is it opened again while the customer is asked elsewhere.
        """
        ended = self.state in (ANSWERED, DECLINED, UNREACHED) and self.entered_by_id is not None and self.customer_id is not None
        return user.may(Permission.SURVEY_WORK) and ended and self.survey.is_running and not asked_now(self.customer_id)

    # --- answering -------------------------------------------------------------------------------------------------------

    def answer(self, scores: Mapping[str, int], *, text: str = "", spoken_with: str = "", by: Staff | None, version: int) -> bool:
        """Keep an answer, typed in by `by` or by the customer; return whether a low score makes a call-back due (SV-30).

        Raises `Refusal` with the field, `StateConflict` where it was answered meanwhile or the survey is over.
        """
        if self.state != OPEN or not self.survey.is_running or self.version != version:
            raise StateConflict(f"survey answer {self.id}")
        if len(text) > rules.LONGEST_TEXT:
            raise Refusal("At most %(most)s characters.", field="text", most=rules.LONGEST_TEXT)
        now = clock.now()
        self._step(
            {
                "state": ANSWERED, "scores": dict(scores), "lowest": min(scores.values()), "text": text,
                "spoken_with": spoken_with[: rules.LONGEST_LINE], "month": f"{clock.local(now):%Y-%m}", "answered_at": now,
                "entered_by_id": by.id if by else None,
            }
        )  # fmt: skip
        survey_totals.move(self, 1)
        _count(self.survey, 1)
        low = rules.is_low(scores, self.limit)
        calls = []
        if low and self.customer is not None:
            note = " ".join(filter(None, (self._low_ones(scores), text[:100])))
            source = f"survey:{self.id}:{self.version}"  # taken back and low again, it is another event
            calls = due(self.customer, LOW_SCORE, on=clock.today(), by=by, source=source, note=note)
        audit.write("change", "survey-answered", actor=by, record=self, label=self.label, way=self.survey.way, lowest=self.lowest)
        return bool(calls)

    def _low_ones(self, scores: Mapping[str, int]) -> str:
        """Return the low scores with their questions, in the language in which they were asked: whoever calls back reads them."""
        chinese = self.survey.language == "zh_Hans_CN"
        low = [
            f"{one['zh' if chinese else 'en']} {scores[one['code']]}"
            for one in self.survey.questions
            if scores.get(one["code"], self.limit + 1) <= self.limit
        ]
        return ("、" if chinese else ", ").join(low)

    def leave(self, state: str, *, text: str, by: Staff, version: int) -> None:
        """Keep that the customer declined, or was not reached. Raises `Refusal`, `StateConflict`."""
        if state not in (DECLINED, UNREACHED):
            raise Refusal("Say how it ended.", field="state")
        if not self.can_work(by) or self.version != version:
            raise StateConflict(f"survey answer {self.id}")
        self._step({"state": state, "text": text[: rules.LONGEST_TEXT], "entered_by_id": by.id, "answered_at": clock.now()})
        audit.write("change", f"survey-{state}", actor=by, record=self, label=self.label, reason=text[: rules.LONGEST_LINE])

    def take_back(self, *, by: Staff, version: int) -> None:
        """Open it again, out of the figures, with whose customer it is now (RO-4). Raises `StateConflict`."""
        if not self.can_take_back(by) or self.version != version:
            raise StateConflict(f"survey answer {self.id}")
        if self.state == ANSWERED:
            survey_totals.move(self, -1)
            _count(self.survey, -1)
        values: dict[str, Any] = {"scores": {}, "lowest": None, "text": "", "spoken_with": "", "month": "", "answered_at": None}
        whose, changes = taken_up(self.assignee, self.customer, follows_owner=True, by=by)
        values |= {"state": OPEN, "entered_by_id": None, "assignee_id": whose.id, "version": version + 1}
        transition(self, expect={"state": self.state, "version": version}, change=values)
        audit.write("change", "survey-taken-back", actor=by, record=self, label=self.label, changes=changes)

    def _step(self, values: dict[str, Any]) -> None:
        change = {**values, "token_hash": "", "token_until": None, "version": self.version + 1}
        transition(self, expect={"state": OPEN, "version": self.version}, change=change)


def _count(survey: Survey, step: int) -> None:
    moved = update(Survey).where(Survey.id == survey.id).values(answered=Survey.answered + step)
    db.session.execute(moved, execution_options={"synchronize_session": False})
    db.session.refresh(survey)


def asked_now(customer_id: int | None) -> bool:
    """Return whether a customer is being asked in some survey: nobody is asked twice at a time (SV-30)."""
    query = select(SurveyAnswer.id).where(SurveyAnswer.customer_id == customer_id, _OPEN).limit(1)
    return customer_id is not None and db.session.scalar(query) is not None


def of_customer(customer: Customer, most: int = 20) -> list[SurveyAnswer]:
    """Return what a customer was asked, the newest first."""
    query = select(SurveyAnswer).where(SurveyAnswer.customer_id == customer.id).options(joinedload(SurveyAnswer.survey))
    return list(db.session.scalars(query.order_by(SurveyAnswer.id.desc()).limit(most)))


history.stream("surveys", N_("Satisfaction surveys"), record_types=("Survey", "SurveyAnswer"))
for _record, _name, _title in (
    ("Survey", "survey-drawn", N_("Satisfaction survey begun")),
    ("Survey", "survey-closed", N_("Satisfaction survey closed")),
    ("SurveyAnswer", "survey-answered", N_("Satisfaction survey answered")),
    ("SurveyAnswer", "survey-declined", N_("Satisfaction survey declined")),
    ("SurveyAnswer", "survey-unreached", N_("Not reached for a satisfaction survey")),
    ("SurveyAnswer", "survey-taken-back", N_("Answer to a satisfaction survey taken back")),
    ("Survey", "survey-links-mailed", N_("Links to a satisfaction survey given to the mail")),
    ("SurveyAnswer", "survey-link-made", N_("Link to a satisfaction survey made")),
):
    history.action(_record, _name, _title)
