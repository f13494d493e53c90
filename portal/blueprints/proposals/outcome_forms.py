"""The forms of what comes of proposals: assessment, decision, award, plan, result, value; and how they are read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage
from wtforms import DateField, FileField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from portal.forms import PortalForm
from portal.models.dossier import Upload
from portal.models.proposal_assessment import ProposalAssessment
from portal.models.proposal_decision import Decided, ProposalDecision
from portal.models.proposal_work import ProposalWork
from portal.rules.dates import parse_date
from portal.rules.message import Refusal
from portal.rules.money import figures, parse_amount
from portal.rules.proposal_outcomes import LONGEST_LINE, LONGEST_TEXT, MOST_MEASURES, Assessed, Measure, Planned
from portal.rules.rewards import GRADES, OUTCOMES
from portal.rules.text import clean_line

_TEXT = [Length(max=LONGEST_TEXT + 1000)]
_LINE = [Length(max=LONGEST_LINE)]
ROWS = 5
"""So many empty rows for measures stand in a form at first."""


def _outcomes() -> list[SelectChoice]:
    return [SelectChoice(code, _l(words[0])) for code, words in OUTCOMES.items()]


class AssessmentForm(PortalForm):
    """What a department says of a proposal, in the order of the sheet."""

    analysis = TextAreaField(_l("Analysis"), _TEXT, render_kw={"rows": 4})
    feasibility = TextAreaField(_l("Feasibility"), _TEXT, render_kw={"rows": 3})
    effect = TextAreaField(_l("Expected effect"), _TEXT, render_kw={"rows": 3})
    cost = TextAreaField(_l("Cost"), _TEXT, render_kw={"rows": 2})
    opinion = TextAreaField(_l("Opinion of the department"), _TEXT, render_kw={"rows": 4})
    advice = RadioField(_l("What the department would decide"), choices=_outcomes(), validate_choice=False)
    author = StringField(_l("Author in the department"), _LINE)
    scan = FileField(_l("Scan of the signed sheet"))

    def fill(self, assessment: ProposalAssessment | None, author: str = "") -> AssessmentForm:
        """Show what is written so far, and return the form."""
        if assessment is not None:
            for name, value in assessment.said()._asdict().items():
                self[name].data = value
        self.author.data = self.author.data or author
        return self

    def said(self) -> Assessed:
        """Return what was entered."""
        texts = {name: (self[name].data or "").strip() for name in ("analysis", "feasibility", "effect", "cost", "opinion")}
        return Assessed(**texts, advice=self.advice.data or "", author=clean_line(self.author.data or ""))


class DecisionForm(PortalForm):
    """What is decided of a proposal, why, and with which reward."""

    outcome = RadioField(_l("Decision on the proposal"), choices=_outcomes(), validate_choice=False)
    reasons = TextAreaField(_l("Reasons"), _TEXT, render_kw={"rows": 5})
    grade = SelectField(_l("Grade of the reward"), choices=[SelectChoice("", "")] + [SelectChoice(one, one) for one in reversed(GRADES)],
                        validate_choice=False)  # fmt: skip
    amount = StringField(_l("Reward (yuan)"), [Length(max=30)], render_kw={"inputmode": "decimal"})
    version = HiddenField()

    def fill(self, decision: ProposalDecision) -> DecisionForm:
        """Show the draft, and return the form."""
        for name in ("outcome", "reasons", "grade"):
            self[name].data = getattr(decision, name)
        self.amount.data = "" if decision.amount is None else figures(decision.amount)
        self.version.data = str(decision.version)
        return self

    def decided(self) -> Decided:
        """Return what was entered, also a reward without adoption: that is refused, not dropped. Raises `Refusal` (field `amount`)."""
        outcome, reasons = self.outcome.data or "", (self.reasons.data or "").strip()
        return Decided(outcome, reasons, self.grade.data or "", amount_of(self.amount.data, "amount"))


class HandOverForm(PortalForm):
    """Who received a reward, prize or souvenir, and when."""

    payee = StringField(_l("Recipient"), _LINE)
    handed_on = DateField(_l("Paid out on"), [Optional()])


class ReceiptForm(PortalForm):
    """The receipt that the customer signed."""

    receipt = FileField(_l("Scan of the signed receipt"))


class PermitForm(PortalForm):
    """Whether a prize over the cap is paid, and why."""

    reason = TextAreaField(_l("Reason"), _TEXT, render_kw={"rows": 2})


class PlanForm(PortalForm):
    """How a proposal is carried out; its measures are rows of their own (`measures`)."""

    plan = TextAreaField(_l("How it is carried out"), _TEXT, render_kw={"rows": 5})
    first_on = DateField(_l("Begins on"), [Optional()])
    last_on = DateField(_l("To be done by"), [Optional()])
    version = HiddenField()

    def fill(self, work: ProposalWork) -> PlanForm:
        """Show the plan, and return the form."""
        for name in ("plan", "first_on", "last_on"):
            self[name].data = getattr(work, name)
        self.version.data = str(work.version)
        return self

    def planned(self) -> Planned:
        """Return what was entered."""
        return Planned((self.plan.data or "").strip(), self.first_on.data, self.last_on.data, measures())


class DoneForm(PortalForm):
    """When a measure was done."""

    done_on = DateField(_l("Done on"), [Optional()])
    note = StringField(_l("Note"), _LINE)


class ResultForm(PortalForm):
    """What came of it."""

    result = TextAreaField(_l("What came of the proposal"), _TEXT, render_kw={"rows": 4})
    ended_on = DateField(_l("Finished on"), [Optional()])


class ValueForm(PortalForm):
    """What was gained, and how that was reckoned."""

    value = StringField(_l("Value gained (yuan)"), [Length(max=30)], render_kw={"inputmode": "decimal"})
    value_basis = TextAreaField(_l("How it was reckoned"), _TEXT, render_kw={"rows": 2})
    version = HiddenField()


def measures() -> list[Measure]:
    """Return the measures of a plan as they were sent; empty rows are left out, a day that cannot be read is None."""
    found = []
    for row in range(MOST_MEASURES + 1):
        text, person = (clean_line(request.form.get(f"measure-{name}-{row}", ""))[: LONGEST_LINE + 1] for name in ("text", "person"))
        day = clean_line(request.form.get(f"measure-due_on-{row}", ""))
        if text or person or day:
            found.append(Measure(text, person, _day(day)))
    return found


def rows_of(found: list[Measure] | None) -> list[dict[str, str]]:
    """Return measures as rows of the form, with room for more."""
    rows = [{"text": one.text, "person": one.person, "due_on": one.due_on.isoformat() if one.due_on else ""} for one in found or []]
    return rows + [{"text": "", "person": "", "due_on": ""} for _row in range(max(ROWS - len(rows), min(2, MOST_MEASURES - len(rows))))]


def row_name(field: str) -> str:
    """Return what a cell of the table of measures is called."""
    _measure, name, row = field.split("-")
    words = {"text": _("Measure"), "person": _("Who"), "due_on": _("To be done by")}
    return _("%(what)s of measure %(row)s", what=words[name], row=int(row) + 1)


def _day(text: str) -> date | None:
    try:
        return parse_date(text) if text else None
    except Refusal:
        return None


def amount_of(text: str | None, field: str) -> Decimal | None:
    """Return the yuan that were entered, None for nothing. Raises `Refusal` with the field."""
    if not text or not text.strip():
        return None
    try:
        return parse_amount(text)
    except Refusal as refusal:
        raise refusal.at(field) from refusal


def sent_file(field: str, prefix: str = "") -> Upload | None:
    """Return the file that was sent in a field of a form with a prefix, None for none. Raises `Refusal` with the field."""
    file: Any = request.files.get(prefix + field)
    if not isinstance(file, FileStorage) or not file.filename:
        return None
    try:
        return Upload.of(file.read(), file.filename)
    except Refusal as refusal:
        raise refusal.at(field) from refusal
