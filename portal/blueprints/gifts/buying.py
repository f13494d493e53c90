"""What is to be bought, and the list of goods of a campaign that customer service and marketing agree on (GF-3, GF-5)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from portal import clock, list_files
from portal.blueprints.gifts import bp
from portal.blueprints.gifts.goods_forms import sent_version, whole
from portal.database import db
from portal.forms import PortalForm
from portal.i18n import translate
from portal.models import gift_agreement, gift_purchasing, history
from portal.models.gift_agreement import STATES, GiftAgreement
from portal.models.gift_campaign import GiftCampaign
from portal.permissions import Permission, requires
from portal.rules.gift_goods import KINDS, LONGEST_LINE, LONGEST_TEXT
from portal.rules.message import Refusal
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me


class GoodsForm(PortalForm):
    """A note to the goods; their numbers and forms are rows of their own."""

    note = TextAreaField(_l("Note"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 2})
    version = HiddenField()


class AgreeForm(PortalForm):
    """Who agreed for marketing, and when."""

    marketing = StringField(_l("Who agreed for marketing"), [Length(max=LONGEST_LINE)])
    agreed_on = DateField(_l("Goods agreed on"), [Optional()])
    version = HiddenField()


class PassOnForm(PortalForm):
    """Who took the list for purchasing, and its copy for finance."""

    purchasing = StringField(_l("Who took it for purchasing"), [Length(max=LONGEST_LINE)])
    finance = StringField(_l("Who took the copy for finance"), [Length(max=LONGEST_LINE)])
    passed_on = DateField(_l("Passed on"), [Optional()])
    version = HiddenField()


@bp.get("/gifts/purchasing")
@requires(Permission.GIFT_READ)
def purchasing() -> Any:
    """Show what is to be bought: what approved lists ask for, less stock, less what is ordered."""
    return render_template("gifts/purchasing.html", needs=gift_purchasing.needs(everything=True))


@bp.get("/gifts/purchasing/file")
@requires(Permission.GIFT_READ)
def purchasing_file() -> Any:
    """Answer what is to be bought as a file."""
    heads = [_("Supplier"), _("Name of the gift"), _("Specification"), _("Counted in"), _("Approved, to go out"), _("In stock")]
    heads += [_("Missing now"), _("Ordered"), _("Late"), _("To buy"), _("Price of one (yuan)"), _("Amount (yuan)")]
    rows = [
        [
            one.gift.supplier.name if one.gift.supplier else "", one.gift.name, one.gift.specification, one.gift.unit, one.wanted,
            one.in_stock, one.short, one.on_order, one.late, one.to_buy, one.gift.unit_price, one.cost,
        ]
        for one in gift_purchasing.needs(everything=True)
    ]  # fmt: skip
    return list_files.answer(_("What to buy"), heads, rows, what="gift-needs", filters={})


# --- list of goods ---------------------------------------------------------------------------------------------------------


@bp.post("/gifts/campaigns/<int:campaign_id>/goods")
@requires(Permission.GIFT_STOCK, campaign=GiftCampaign)
def agreement_begin(campaign: GiftCampaign) -> Any:
    """Begin the list of goods of a campaign, with as many pieces as its tiers give."""
    number = campaign.id
    with saving(lambda refusal: flash(translate(refusal.message), "warning")) as saved:
        listed = GiftAgreement.begin(campaign, gift_agreement.numbers_of(campaign), by=me())
    if not saved:
        return redirect(url_for("gifts.campaign", campaign_id=number), 303)
    return redirect(url_for("gifts.agreement", listed_id=listed.id), 303)


@bp.get("/gifts/goods-lists/<int:listed_id>")
@requires(Permission.GIFT_READ, listed=GiftAgreement)
def agreement(listed: GiftAgreement) -> Any:
    """Show the list of goods of a campaign: kinds, form and number, who agreed, and who took it."""
    return _page(listed)


def _page(listed: GiftAgreement, refused: PortalForm | None = None, status: int = 200, **more: Any) -> Any:
    user, today, version = me(), clock.today(), str(listed.version)
    forms: dict[str, PortalForm] = {
        "goods": GoodsForm(formdata=None, note=listed.note, version=version),
        "agree": AgreeForm(formdata=None, agreed_on=today, version=version),
        "pass_on": PassOnForm(formdata=None, passed_on=today, version=version),
    }
    for name, one in forms.items():
        if isinstance(refused, type(one)):
            forms[name] = refused
    page = render_template(
        "gifts/agreement.html",
        listed=listed,
        states=STATES,
        kinds=KINDS,
        forms=forms,
        problems=refused or forms["goods"],
        typed=more.get("typed", {}),
        cells=more.get("cells", {}),
        events=[(one, history.title_of(one)) for one in history.of_record("GiftAgreement", listed.id, limit=20)],
        can={"edit": listed.can_edit(user), "pass_on": listed.can_pass_on(user)},
    )
    return page, status


@bp.post("/gifts/goods-lists/<int:listed_id>/lines")
@requires(Permission.GIFT_STOCK, listed=GiftAgreement)
def agreement_edit(listed: GiftAgreement) -> Any:
    """Set number and form of each gift."""
    form, number = GoodsForm(), listed.id
    names = {str(one["gift_id"]): str(one["name"]) for one in listed.lines}
    typed = {key: {part: clean_line(request.form.get(f"{part}-{key}", ""))[:LONGEST_LINE] for part in ("number", "form")} for key in names}
    wrong: list[Refusal] = []
    if form.validate():
        with saving(wrong.append) as saved:
            said = {int(key): (whole(one["number"]), one["form"]) for key, one in typed.items()}
            listed.edit(said, note=(form.note.data or "").strip(), by=me(), version=sent_version(form.version.data))
        if saved:
            flash(_("The list of goods is saved."), "ok")
            return redirect(url_for("gifts.agreement", listed_id=number), 303)
    cells = form.refuse_all(wrong, lambda cell: names.get(cell.rpartition("-")[2], cell))
    return _page(db.session.get_one(GiftAgreement, number), form, 422, typed=typed, cells=cells)


@bp.post("/gifts/goods-lists/<int:listed_id>/agreement")
@requires(Permission.GIFT_STOCK, listed=GiftAgreement)
def agreement_agree(listed: GiftAgreement) -> Any:
    """Note that customer service and marketing agreed."""
    form, number = AgreeForm(), listed.id
    if form.validate():
        with saving(form.refuse) as saved:
            marketing = clean_line(form.marketing.data or "")
            listed.agree(marketing=marketing, on=form.agreed_on.data, by=me(), version=sent_version(form.version.data))
        if saved:
            flash(_("It is agreed. Print it: for purchasing, for finance, and one to be kept."), "ok")
            return redirect(url_for("gifts.agreement", listed_id=number), 303)
    return _page(db.session.get_one(GiftAgreement, number), form, 422)


@bp.post("/gifts/goods-lists/<int:listed_id>/passing-on")
@requires(Permission.GIFT_STOCK, listed=GiftAgreement)
def agreement_pass_on(listed: GiftAgreement) -> Any:
    """Note who took the list for purchasing, and its copy for finance."""
    form, number = PassOnForm(), listed.id
    if form.validate():
        with saving(form.refuse) as saved:
            taken = {name: clean_line(form[name].data or "") for name in ("purchasing", "finance")}
            listed.pass_on(**taken, on=form.passed_on.data, by=me(), version=sent_version(form.version.data))
        if saved:
            flash(_("Purchasing and finance have it."), "ok")
            return redirect(url_for("gifts.agreement", listed_id=number), 303)
    return _page(db.session.get_one(GiftAgreement, number), form, 422)
