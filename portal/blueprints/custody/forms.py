"""Forms of loans: asking, ending, and the condition of papers handed out and taken back."""

from __future__ import annotations

import re
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.database import db
from portal.forms import PortalForm
from portal.models.dossier import ArchiveDocument
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.loans import DIGITAL, FORMS, PAPER
from portal.rules.text import clean_line

_MOST = 2000


class LoanForm(PortalForm):
    """What is borrowed, how, by whom, for what and until when."""

    customer = StringField(_l("Customer"), [Length(max=200)])
    reader_id = SelectField(_l("Who borrows"), coerce=int)
    form = RadioField(
        _l("How it is read"),
        choices=[SelectChoice(code, _l(title)) for code, title in FORMS.items()],
        default=DIGITAL,
        validate_choice=False,
    )
    numbers = TextAreaField(_l("Archive numbers"), [Length(max=_MOST)])
    purpose = TextAreaField(_l("Purpose"), [Length(max=_MOST), InputRequired(_l("Say what the dossier is needed for."))])
    until_on = DateField(_l("Until"), [InputRequired(_l("Say until when."))])
    extends_id = HiddenField()

    def __init__(self, *, again: bool = False, **values: Any) -> None:
        """Offer to supervisors and managers everybody who is here as reader; the others borrow for themselves.

        Who asks `again` keeps customer, reader and form.
        """
        super().__init__(**values)
        if again:
            del self.customer, self.form
        if again or not current_user.may(Permission.LOAN_HAND_OUT):
            del self.reader_id
            return
        query = select(Staff.id, Staff.name).where(Staff.in_office).order_by(Staff.name, Staff.id)
        self.reader_id.choices = [SelectChoice(number, name) for number, name in db.session.execute(query)]

    def keep_longer(self) -> None:
        """Offer only what papers that are out can be kept longer as: papers."""
        self.form.choices = [SelectChoice(PAPER, _l(FORMS[PAPER]))]

    def values(self) -> dict[str, Any]:
        """Return what was entered, as `Loan.ask` takes it, without the customer."""
        return {"reader": db.session.get_one(Staff, self.reader_id.data if "reader_id" in self else current_user.id), **self.wanted()}

    def wanted(self) -> dict[str, Any]:
        """Return what is borrowed, how, for what and until when, as `loan.problems` takes it."""
        return {
            "form": (self.form.data or "") if "form" in self else "",
            "numbers": [number for number in map(clean_line, re.split(r"[\n,，、;；]+", self.numbers.data or "")) if number],
            "purpose": (self.purpose.data or "").strip(),
            "until_on": self.until_on.data,
        }


class EndForm(PortalForm):
    """Why a loan ends early."""

    because = StringField(_l("Reason"), [Length(max=500)])


class PapersForm(PortalForm):
    """What is to be noted of papers beside their condition."""

    note = TextAreaField(_l("Note"), [Length(max=500)])


def conditions(papers: list[ArchiveDocument]) -> dict[int, str]:
    """Return the condition of each paper as it was sent."""
    return {one.id: request.form.get(f"condition-{one.id}", "") for one in papers}
