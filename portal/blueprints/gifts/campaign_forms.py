"""Forms of campaigns, lists and recipients, and how they are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from portal.blueprints.gifts.goods_forms import whole, yuan
from portal.database import db
from portal.forms import PortalForm
from portal.i18n import is_chinese, of_choice
from portal.models.card import GRADES
from portal.models.gift import Gift
from portal.models.gift_campaign import GiftCampaign, GiftTier
from portal.models.register_query import RegisterQuery
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules.gifts import LONGEST_LINE, LONGEST_TEXT, PURPOSES, TIERS
from portal.rules.message import Refusal
from portal.rules.money import figures
from portal.rules.regions import PROVINCES
from portal.rules.text import clean_line
from portal.sessions import me

KINDS_OF_ONE_TIER = 3
"""So many different gifts a recipient of one tier is given at most: rows of the form."""
_PARTS = ("amount", "number", *(f"{name}{row}" for row in range(KINDS_OF_ONE_TIER) for name in ("gift", "pieces")))


class CampaignForm(PortalForm):
    """A campaign; its tiers are cells of their own (`tiers_sent`)."""

    name = StringField(_l("Name of the campaign"), [Length(max=LONGEST_LINE)])
    purpose = RadioField(
        _l("Purpose of the campaign"), choices=[SelectChoice(code, _l(text)) for code, text in PURPOSES.items()], validate_choice=False
    )
    words = TextAreaField(_l("In words"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 3})
    first_on = DateField(_l("From the day"), [Optional()])
    last_on = DateField(_l("Until"), [Optional()])
    budget = StringField(_l("Budget (yuan)"), [Length(max=30)], render_kw={"inputmode": "decimal"})
    version = HiddenField()

    def fill(self, campaign: GiftCampaign) -> CampaignForm:
        """Show what is stored, and return the form."""
        for name in ("name", "purpose", "words", "first_on", "last_on"):
            self[name].data = getattr(campaign, name)
        self.budget.data, self.version.data = f"{campaign.budget:.2f}", str(campaign.version)
        return self

    def values(self, tiers: dict[str, Any], wrong: list[Refusal]) -> dict[str, Any]:
        """Return what was entered, as the model takes it; a budget that is no amount is noted with `wrong`."""
        budget = None
        try:
            budget = yuan(self.budget.data, "budget")
        except Refusal as refusal:
            wrong.append(refusal)
        return {
            "name": clean_line(self.name.data or ""), "purpose": self.purpose.data, "words": (self.words.data or "").strip(),
            "first_on": self.first_on.data, "last_on": self.last_on.data, "budget": budget, "tiers": tiers,
        }  # fmt: skip


def tier_rows(tiers: list[GiftTier]) -> dict[str, dict[str, str]]:
    """Return what the cells of each tier show: of those that the campaign has, as stored."""
    rows = {code: dict.fromkeys(_PARTS, "") for code in TIERS}
    for tier in tiers:
        row = rows[tier.code]
        row |= {"amount": f"{tier.most_amount:.2f}", "number": str(tier.most_number)}
        for place, one in enumerate(tier.gifts[:KINDS_OF_ONE_TIER]):
            row |= {f"gift{place}": str(one.gift_id), f"pieces{place}": str(one.quantity)}
        rows[tier.code] = row
    return rows


def tiers_sent() -> tuple[dict[str, Any], dict[str, dict[str, str]], list[Refusal]]:
    """Return the tiers that a form sent as the model takes them, what was typed, and what cannot be read, with its cell."""
    tiers: dict[str, Any] = {}
    typed = {code: {part: clean_line(request.form.get(f"{code}-{part}", ""))[:40] for part in _PARTS} for code in TIERS}
    wrong: list[Refusal] = []
    for code, row in typed.items():
        if not any(row.values()):
            continue
        tiers[code] = _tier(code, row, wrong)
    return tiers, typed, wrong


def _tier(code: str, row: dict[str, str], wrong: list[Refusal]) -> dict[str, Any]:
    """Return a tier as the model takes it; what cannot be read is noted with `wrong`, and nothing."""
    chosen = []
    for place in range(KINDS_OF_ONE_TIER):
        if row[f"gift{place}"]:
            number = whole(row[f"gift{place}"])
            gift = db.session.get(Gift, number) if number else None
            if gift is None:
                wrong.append(Refusal("Choose what a customer of this tier is given.", field=f"{code}-gift"))
            else:
                chosen.append((gift, whole(row[f"pieces{place}"]) or 0))
    number = whole(row["number"])
    if row["number"] and number is None:
        wrong.append(Refusal("%(value)s is not a whole number.", field=f"{code}-number", value=row["number"]))
    amount = None
    try:
        amount = yuan(row["amount"], f"{code}-amount")
    except Refusal as refusal:
        wrong.append(refusal)
    return {"amount": amount or Decimal(0), "number": number or 0, "gifts": chosen}


def name_of_cell(cell: str) -> str:
    """Return what a cell of the tiers is called, for the summary of errors."""
    code, _dash, part = cell.partition("-")
    words = {
        "amount": _("Highest amount for a customer (yuan)"),
        "number": _("Highest number of customers"),
        "gift": _("What each is given"),
    }
    return f"{_(TIERS[code])} · {words[part]}" if code in TIERS and part in words else _("Tiers")


class ReasonForm(PortalForm):
    """Why something is done."""

    reason = StringField(_l("Reason"), [Length(max=LONGEST_LINE)])
    version = HiddenField()


class RecipientForm(PortalForm):
    """A recipient by hand, or a proposal of one."""

    customer = StringField(_l("Customer"), [Length(max=200)])
    tier = SelectField(_l("Tier of gifts"), choices=[], validate_choice=False)
    person = StringField(_l("Who takes it"), [Length(max=LONGEST_LINE)])
    post = StringField(_l("Post"), [Length(max=LONGEST_LINE)])
    official = BooleanField(_l("This person holds a public office"))
    reason = TextAreaField(_l("Reason"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 2})
    permit_reason = TextAreaField(
        _l("Why a government body or an official is permitted"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 2}
    )
    version = HiddenField()

    def offer(self, campaign: GiftCampaign) -> RecipientForm:
        """Let one of the campaign's tiers be chosen, and return the form."""
        tiers = [SelectChoice(one.code, f"{_(TIERS[one.code])} · {figures(one.amount)}") for one in campaign.in_order]
        self.tier.choices = [SelectChoice("", ""), *tiers]
        return self

    def values(self) -> dict[str, Any]:
        """Return what was entered, as the models take it."""
        return {
            "person": clean_line(self.person.data or ""), "post": clean_line(self.post.data or ""), "official": bool(self.official.data),
            "reason": (self.reason.data or "").strip(), "permit_reason": (self.permit_reason.data or "").strip(),
        }  # fmt: skip


class DrawForm(PortalForm):
    """By which filters recipients are drawn, and why they are given something."""

    tab = SelectField(_l("Customers"), validate_choice=False)
    grade = SelectField(_l("Grade"), validate_choice=False)
    stage_volume = SelectField(_l("Stage by volume"), validate_choice=False)
    stage_service = SelectField(_l("Stage by service"), validate_choice=False)
    province = SelectField(_l("Province"), validate_choice=False)
    owner = SelectField(_l("In charge"), validate_choice=False)
    tag = StringField(_l("Tag"), [Length(max=40)])
    sold_from = StringField(_l("Sales of the year from (yuan)"), [Length(max=30)], render_kw={"inputmode": "decimal"})
    sold_in = StringField(_l("Year of the sales"), [Length(max=4)], render_kw={"inputmode": "numeric"})
    reason = TextAreaField(_l("Reason"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 2})

    def offer(self) -> DrawForm:
        """Fill in what can be chosen, and return the form."""
        every = SelectChoice("", _("All"))
        self.tab.choices = [SelectChoice("register", _("On the register")), SelectChoice("prospects", _("Prospects"))]
        self.grade.choices = [every, *(SelectChoice(one, one) for one in GRADES)]
        for name in ("stage_volume", "stage_service"):
            self[name].choices = [every, *(SelectChoice(one["code"], of_choice(one)) for one in standard(f"choices.{name}"))]
        self.province.choices = [every, *(SelectChoice(one.zh, one.zh if is_chinese() else one.en) for one in PROVINCES)]
        people = db.select(Staff).where(Staff.active, Staff.team_id.is_not(None)).order_by(Staff.name, Staff.id)
        if not me().is_manager:
            people = people.where(Staff.team_id == me().team_id)
        self.owner.choices = [every, *(SelectChoice(str(one.id), one.name) for one in db.session.scalars(people))]
        return self

    def query(self) -> RegisterQuery:
        """Return the filters as a query of the register."""
        names = ("tab", "grade", "stage_volume", "stage_service", "province", "owner", "tag")
        return RegisterQuery.read({name: clean_line(self[name].data or "") for name in names})

    def sales(self) -> dict[str, Any]:
        """Return from which sales of which year. Raises `Refusal` with the field."""
        amount = yuan(self.sold_from.data, "sold_from")
        year = whole(self.sold_in.data)
        if amount is not None and (year is None or not 2000 <= year <= 2100):
            raise Refusal("Say of which year.", field="sold_in")
        return {"sold_from": amount, "year": year or 0}
