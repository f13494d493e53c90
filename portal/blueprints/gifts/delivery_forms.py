"""Forms of deliveries and rounds, and how they are read."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from portal import clock
from portal.database import db
from portal.forms import PortalForm
from portal.models.attachment import Attachment
from portal.models.gift_delivery import WAITING, GiftDelivery
from portal.models.gift_run import GiftRun
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules import file_content
from portal.rules.file_content import JPEG, PDF, PNG
from portal.rules.gift_delivery import LONGEST_LINE, LONGEST_TEXT, TOLD_BY, WAYS
from portal.rules.message import Refusal
from portal.rules.signature_picture import LARGEST_BYTES, signature_png
from portal.sessions import me

_LINE = [Length(max=LONGEST_LINE)]
_TEXT = [Length(max=LONGEST_TEXT)]
PROOF = "gift-proof"
LARGEST_DRAWN = 200_000
"""Bytes of a signature that a page brings along again; a field of a form may have half a million letters."""


class TellForm(PortalForm):
    """Whom somebody told, how and when."""

    told_how = RadioField(_l("How"), choices=[SelectChoice(code, _l(text)) for code, text in TOLD_BY.items()], validate_choice=False)
    told_to = StringField(_l("Whom you told"), _LINE)
    told_on = DateField(_l("Told on"), [Optional()])
    version = HiddenField()


class WayForm(PortalForm):
    """How a gift goes, and why another way than its tier's."""

    way = RadioField(_l("Way of delivery"), choices=[SelectChoice(code, _l(text)) for code, text in WAYS.items()], validate_choice=False)
    way_reason = StringField(_l("Why another way"), _LINE)
    version = HiddenField()


class SendForm(PortalForm):
    """Who carries a parcel, its number, and when it was sent."""

    carrier = StringField(_l("Carrier"), _LINE, render_kw={"list": "carriers"})
    tracking = StringField(_l("Number of the parcel"), _LINE, render_kw={"autocomplete": "off"})
    out_on = DateField(_l("Sent on"), [Optional()])
    version = HiddenField()


class ReceiptForm(PortalForm):
    """Who received a gift, when, and the proof."""

    received_by = StringField(_l("Signed for by"), _LINE)
    received_on = DateField(_l("Received on"), [Optional()])
    signature = FileField(_l("Picture of the signature"))
    picture = FileField(_l("Picture of the receipt or the gift"))
    remark = StringField(_l("Remark"), _LINE)
    drawn = HiddenField()
    """A signature that came with a form that was refused: it is there again, as PNG in base64."""
    version = HiddenField()

    def keep_drawn(self) -> ReceiptForm:
        """Put a signature that was sent where the page brings it along, should something else be refused; return the form."""
        content = _content(self.signature.data, LARGEST_BYTES + 1)
        if content:
            self.signature.data.stream.seek(0)
        try:
            drawn = signature_png(content) if content else self._drawn_before()
        except Refusal:  # said where it is kept
            drawn = self._drawn_before()
        self.drawn.data = b64encode(drawn).decode() if len(drawn) <= LARGEST_DRAWN else ""
        return self

    def _drawn_before(self) -> bytes:
        try:
            return signature_png(b64decode(self.drawn.data or "", validate=True)) if self.drawn.data else b""
        except (ValueError, Refusal):
            return b""

    def proofs(self, delivery: GiftDelivery) -> dict[str, Attachment | None]:
        """Keep what was sent as proof and return it: drawn signature, picture. Raises `Refusal` with the field for what is none."""
        return {"signature": self._signature(delivery), "picture": self._picture(delivery)}

    def _signature(self, delivery: GiftDelivery) -> Attachment | None:
        content = _content(self.signature.data, LARGEST_BYTES + 1) or self._drawn_before()
        if not content:
            return None
        try:
            drawn = signature_png(content)
        except Refusal as refusal:
            raise refusal.at("signature") from None
        return _kept(drawn, f"{delivery.number}-signature.png", PNG, delivery)

    def _picture(self, delivery: GiftDelivery) -> Attachment | None:
        limit = int(standard("upload.size_limit_mb"))
        content = _content(self.picture.data, limit * 1024 * 1024 + 1)
        if not content:
            return None
        name = str(self.picture.data.filename)
        kind = file_content.judge(content, name, limit, field="picture").media_type
        if kind not in (JPEG, PNG, PDF):
            raise Refusal("Give a picture (JPEG or PNG) or a scan (PDF).", field="picture")
        return _kept(content, file_content.safe_name(name, kind), kind, delivery)


class ReturnForm(PortalForm):
    """Why a gift is given up or came back, and whether what came back can be given to somebody else."""

    reason = StringField(_l("Why it came back"), _LINE)
    intact = BooleanField(_l("It is intact and lies in stock again"), default=True)
    version = HiddenField()

    def about(self, delivery: GiftDelivery) -> ReturnForm:
        """Ask what fits a delivery that waits, or went out; return the form."""
        if delivery.state == WAITING:
            self.reason.label.text = _("Why it is given up")
            del self.intact
        return self


class RunForm(PortalForm):
    """A round: day, route, who and the driver."""

    day = DateField(_l("Day of the round"), [Optional()])
    route = StringField(_l("Route"), _LINE)
    staff = SelectField(_l("Who hands the gifts over"), validate_choice=False)
    driver = StringField(_l("Driver and car"), _LINE)
    note = TextAreaField(_l("Note"), _TEXT, render_kw={"rows": 2})
    version = HiddenField()

    def offer(self, run: GiftRun | None = None) -> RunForm:
        """Fill in who can hand over: of a manager everybody, else the own team; return the form."""
        query = select(Staff.id, Staff.name).where(Staff.in_office).order_by(Staff.name, Staff.id)
        if not me().is_manager:
            query = query.where((Staff.id == me().id) | (Staff.team_id == (me().team_id or 0)))
        rows = [(row[0], row[1]) for row in db.session.execute(query)]
        if run is not None and run.staff_id not in {number for number, _name in rows}:
            rows.append((run.staff_id, run.staff.name))
        self.staff.choices = [SelectChoice("", "")] + [SelectChoice(str(number), name) for number, name in rows]
        return self

    def fill(self, run: GiftRun) -> RunForm:
        """Show what is planned, and return the form."""
        for name in ("day", "route", "driver", "note"):
            self[name].data = getattr(run, name)
        self.staff.data, self.version.data = str(run.staff_id), str(run.version)
        return self

    def values(self) -> dict[str, Any]:
        """Return what was entered, as `GiftRun.plan` takes it."""
        chosen = self.staff.data if self.staff.data in {str(one.value) for one in self.staff.choices} else ""
        return {
            "day": self.day.data, "route": (self.route.data or "").strip(), "driver": (self.driver.data or "").strip(),
            "note": (self.note.data or "").strip(), "staff": db.session.get(Staff, int(chosen)) if chosen else None,
        }  # fmt: skip


def forms_of(delivery: GiftDelivery) -> dict[str, PortalForm]:
    """Return the forms of a delivery's page, filled with what is most likely."""
    version, today = str(delivery.version), clock.today()
    return {
        "tell": TellForm(formdata=None, told_to=delivery.recipient.person, told_on=today, version=version),
        "way": WayForm(formdata=None, way=delivery.way, way_reason=delivery.way_reason, version=version),
        "send": SendForm(formdata=None, out_on=today, version=version),
        "receipt": ReceiptForm(formdata=None, received_by=delivery.recipient.person, received_on=today, version=version),
        "return": ReturnForm(formdata=None, version=version).about(delivery),
    }


def _content(file: Any, most: int) -> bytes:
    return file.read(most) if isinstance(file, FileStorage) and file.filename else b""


def _kept(content: bytes, name: str, kind: str, delivery: GiftDelivery) -> Attachment:
    return Attachment.keep(content, filename=name, media_type=kind, purpose=PROOF, by=me(), customer_id=delivery.customer_id)


def said(form: PortalForm, *names: str) -> dict[str, str]:
    """Return the texts of some fields, without spaces around."""
    return {name: (form[name].data or "").strip() for name in names}


def none_chosen() -> str:
    """Return what is said where nothing was chosen."""
    return _("Choose at least one row.")
