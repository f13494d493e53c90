"""The forms of proposals, and how they are read."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage
from wtforms import DateField, HiddenField, MultipleFileField, RadioField, SelectField, StringField, TextAreaField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from portal.forms import PortalForm
from portal.i18n import of_choice
from portal.models.dossier import Upload
from portal.models.proposal import Proposal
from portal.models.proposal_extension import GROUNDS
from portal.models.proposal_extension import LONGEST as LONGEST_REASON
from portal.models.proposal_letter import LONGEST_BODY, LONGEST_SUBJECT, WAYS, ProposalLetter
from portal.models.proposal_routing import LONGEST_WORD
from portal.models.standard import value as standard
from portal.rules import proposals as rules
from portal.rules.message import Refusal
from portal.rules.text import clean_line

_LINE = [Length(max=rules.LONGEST_LINE)]


def listed(name: str, *kept: str) -> list[SelectChoice]:
    """Return the choices of a list that can be chosen, and those that are kept."""
    return [SelectChoice(one["code"], of_choice(one)) for one in standard(f"choices.{name}") if one["active"] or one["code"] in kept]


def version_of(text: str | None) -> int:
    """Return the version that a form was shown with, 0 for none."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


class ProposalForm(PortalForm):
    """What is registered, in the order of the sheet 客户提案登记表."""

    customer = StringField(_l("Customer"), [Length(max=200)])
    contact = StringField(_l("Who made the proposal"), _LINE)
    reach = StringField(_l("Telephone, e-mail or address"), _LINE)
    channel = RadioField(
        _l("How received"), choices=[SelectChoice(code, _l(text)) for code, text in rules.CHANNELS.items()], default="telephone",
        validate_choice=False,
    )  # fmt: skip
    received_on = DateField(_l("Received on"), [Optional()])
    received_time = TimeField(_l("At (time)"), [Optional()])
    kind = SelectField(_l("Kind of proposal"), validate_choice=False)
    summary = StringField(_l("Summary of the proposal"), [Length(max=rules.LONGEST_SUMMARY + 100)])
    text = TextAreaField(_l("Full text"), [Length(max=rules.LONGEST_TEXT + 1000)], render_kw={"rows": 8})
    files = MultipleFileField(_l("Attachments"))
    version = HiddenField()

    def offer(self, *kept: str) -> ProposalForm:
        """Fill in the kinds, and return the form."""
        self.kind.choices = [SelectChoice("", ""), *listed("proposal_kind", *kept)]
        return self

    def fill(self, proposal: Proposal) -> ProposalForm:
        """Show what is registered, and return the form."""
        for name in ("contact", "reach", "channel", "received_on", "kind", "summary", "text"):
            self[name].data = getattr(proposal, name)
        if proposal.received_time:
            self.received_time.process_formdata([proposal.received_time])
        self.customer.data, self.version.data = f"{proposal.customer.number} {proposal.customer.full_name}", str(proposal.version)
        return self

    def values(self) -> dict[str, Any]:
        """Return what was entered, as `proposal_intake.register` takes it."""
        return {
            "kind": self.kind.data or "",
            "channel": self.channel.data or "",
            "contact": clean_line(self.contact.data or ""),
            "reach": clean_line(self.reach.data or ""),
            "received_on": self.received_on.data,
            "received_time": f"{self.received_time.data:%H:%M}" if self.received_time.data else "",
            "summary": clean_line(self.summary.data or ""),
            "text": (self.text.data or "").strip(),
        }


def uploads(field: str = "files") -> list[Upload]:
    """Return the files that were sent with a form. Raises `Refusal` (field `files`) for what cannot be kept."""
    found = []
    for file in request.files.getlist(field):
        if isinstance(file, FileStorage) and file.filename:
            try:
                found.append(Upload.of(file.read(), file.filename))
            except Refusal as refusal:
                raise refusal.at(field) from refusal
    return found


class RoutingForm(PortalForm):
    """Kind and instruction of a routing; its departments are rows of their own (`lines`)."""

    kind = SelectField(_l("Kind of proposal"), validate_choice=False)
    word = TextAreaField(_l("Instruction to the departments"), [Length(max=LONGEST_WORD + 200)], render_kw={"rows": 3})
    version = HiddenField()

    def offer(self, *kept: str) -> RoutingForm:
        """Fill in the kinds, and return the form."""
        self.kind.choices = listed("proposal_kind", *kept)
        return self


def lines() -> list[dict[str, str]]:
    """Return the departments of a routing as they were sent: rows whose department is chosen; `responsible` names one row."""
    found = []
    for number in range(rules.MOST_DEPARTMENTS):
        department = clean_line(request.form.get(f"row-{number}-department", ""))[:40]
        if not department:
            continue
        way = request.form.get(f"row-{number}-way", "")
        found.append(
            {
                "department": department,
                "part": rules.RESPONSIBLE if request.form.get("responsible") == str(number) else rules.OPINION,
                "way": way if way in rules.WAYS else "",
                "address": clean_line(request.form.get(f"row-{number}-address", ""))[: rules.LONGEST_LINE] if way != rules.ACCOUNT else "",
            }
        )
    return sorted(found, key=lambda line: line["part"] != rules.RESPONSIBLE)


class ExtensionForm(PortalForm):
    """Why a proposal needs more days."""

    ground = RadioField(
        _l("Ground of the extension"), choices=[SelectChoice(code, _l(text)) for code, text in GROUNDS.items()], validate_choice=False
    )
    reason = TextAreaField(_l("Why the days do not suffice"), [Length(max=LONGEST_REASON + 200)], render_kw={"rows": 4})
    version = HiddenField()

    def values(self) -> dict[str, str]:
        """Return what was entered."""
        return {"ground": self.ground.data or "", "reason": (self.reason.data or "").strip()}


class LetterForm(PortalForm):
    """A draft to the customer."""

    way = RadioField(_l("Goes"), choices=[SelectChoice(code, _l(text)) for code, text in WAYS.items()], validate_choice=False)
    to_name = StringField(_l("Addressee"), _LINE)
    address = StringField(_l("E-mail or postal address"), [Length(max=300)])
    subject = StringField(_l("Subject"), [Length(max=LONGEST_SUBJECT + 100)])
    body = TextAreaField(_l("Text of the letter"), [Length(max=LONGEST_BODY + 1000)], render_kw={"rows": 16})
    version = HiddenField()

    def fill(self, letter: ProposalLetter) -> LetterForm:
        """Show the draft, and return the form."""
        for name in ("way", "to_name", "address", "subject", "body"):
            self[name].data = getattr(letter, name)
        self.version.data = str(letter.version)
        return self

    def values(self) -> dict[str, str]:
        """Return what was entered."""
        found = {name: clean_line(self[name].data or "") for name in ("way", "to_name", "address", "subject")}
        return {**found, "body": (self.body.data or "").strip()}


class ReasonForm(PortalForm):
    """Why something was entered by mistake."""

    reason = StringField(_l("Reason"), _LINE)
