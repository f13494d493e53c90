"""Forms of sign-off, paper steps, opinions and changes of credit."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.forms import PortalForm
from portal.models.card import CARD

OPINION = 2000


class SignatureForm(PortalForm):
    """Opinion, password and decision; which step, and the hash of the content that was read (AP-4)."""

    step_id = HiddenField()
    content_hash = HiddenField()
    opinion = TextAreaField(_l("Approval opinion"), [Length(max=OPINION)])
    password = PasswordField(
        _l("Your password"), [InputRequired(_l("Enter your password to sign."))], render_kw={"autocomplete": "current-password"}
    )
    decision = HiddenField()


class PaperForm(PortalForm):
    """What a titled person decided on the printed form (AP-6)."""

    step_id = HiddenField()
    outcome = RadioField(
        _l("Outcome"),
        [InputRequired(_l("Choose a decision."))],
        choices=[
            SelectChoice("approve", _l("Approved")),
            SelectChoice("send-back", _l("Sent back")),
            SelectChoice("reject", _l("Rejected")),
        ],
    )
    name = StringField(_l("Name of who signed"), [InputRequired(_l("Enter the name of who signed.")), Length(max=60)])
    date = DateField(_l("Date of the signature"), [InputRequired(_l("Enter the date on the sheet."))])
    note = TextAreaField(_l("Opinion on the sheet"), [Length(max=OPINION)])
    scan = FileField(
        _l("Scan of the signed sheet (PDF, JPEG or PNG)"),
        [FileRequired(_l("The scan of the signed sheet is missing."))],
        render_kw={"accept": "application/pdf,image/jpeg,image/png"},
    )


class OpinionRequestForm(PortalForm):
    """Which colleague is asked what, before or after the own signature (加签)."""

    colleague = SelectField(_l("Colleague"), coerce=int)
    when = RadioField(
        _l("When"),
        choices=[SelectChoice("before", _l("Before I sign")), SelectChoice("after", _l("After I have signed"))],
        default="before",
    )
    question = TextAreaField(_l("Question"), [InputRequired(_l("Write what you want to know.")), Length(max=OPINION)])


class WhyForm(PortalForm):
    """Why a document is given up, or an approved change of credit cancelled."""

    reason = TextAreaField(_l("Reason"), [InputRequired(_l("Say why.")), Length(max=OPINION)])


class CreditForm(PortalForm):
    """A change of credit rating, credit limit, payment terms or special policy."""

    credit_rating = StringField(_l("New credit rating"), [Length(max=CARD["credit_rating"].length)])
    credit_limit = StringField(_l("New credit limit (yuan)"), [Length(max=30)], render_kw={"inputmode": "decimal"})
    payment_terms = SelectField(_l("New payment terms"), [Optional()])
    dealings_policy = TextAreaField(_l("Special policy"), [Length(max=OPINION)])
    reason = TextAreaField(_l("Reason"), [InputRequired(_l("Say why: the reason stands in the customer's history.")), Length(max=OPINION)])
    effective_on = DateField(_l("Takes effect on"), [InputRequired(_l("Enter the day on which it takes effect."))])

    def values(self) -> dict[str, Any]:
        """Return what was entered, as `CreditChange.propose` takes it. Raises `Refusal` (field `credit_limit`) for what is no amount."""
        from portal.rules.message import Refusal
        from portal.rules.money import parse_amount

        try:
            limit = parse_amount(self.credit_limit.data) if self.credit_limit.data else None
        except Refusal as refusal:
            raise refusal.at("credit_limit") from None
        return {
            "credit_rating": self.credit_rating.data or "",
            "credit_limit": limit,
            "payment_terms": self.payment_terms.data or "",
            "dealings_policy": self.dealings_policy.data or "",
            "reason": self.reason.data,
            "effective_on": self.effective_on.data,
        }
