"""Deliveries one under the other: customers who were told, parcels that were sent, many with one button (GF-6).

All rows that were filled in are recorded together or none is; each refusal stands in its row, with what was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from flask import abort, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from portal import clock
from portal.blueprints.gifts import bp
from portal.blueprints.gifts.delivery_forms import said
from portal.blueprints.gifts.goods import address
from portal.blueprints.gifts.goods_forms import sent_version, whole
from portal.database import StateConflict, commit, db
from portal.forms import PortalForm
from portal.models import gift_delivery_list as delivery_list
from portal.models.gift_delivery import LOADED_WITH, GiftDelivery, hold
from portal.models.gift_delivery_list import DeliveryQuery, carriers_used, contacts_of
from portal.permissions import Permission, requires
from portal.rules.gift_delivery import LONGEST_LINE, TOLD_BY
from portal.rules.message import N_, Refusal
from portal.rules.text import clean_line
from portal.sessions import me

MOST = 50
"""Rows on one page."""


class TellRowsForm(PortalForm):
    """How several customers were told, and when; whom stands in each row."""

    told_how = RadioField(_l("How"), choices=[SelectChoice(code, _l(text)) for code, text in TOLD_BY.items()], validate_choice=False)
    told_on = DateField(_l("Told on"), [Optional()])


class SendRowsForm(PortalForm):
    """Who carries several parcels, and when they were sent; the number stands in each row."""

    carrier = StringField(_l("Carrier"), [Length(max=LONGEST_LINE)], render_kw={"list": "carriers"})
    out_on = DateField(_l("Sent on"), [Optional()])


class Sort(NamedTuple):
    """One of the two pages: which deliveries stand on it, its form, and the field of a row that says that the row is meant."""

    step: str
    form: type[PortalForm]
    cell: str


_CELLS = {"told_to": "to"}
"""Fields that are called otherwise in rows."""
TELLING = Sort("tell", TellRowsForm, "told")
SENDING = Sort("send", SendRowsForm, "tracking")


def _query(sort: Sort) -> DeliveryQuery:
    query: DeliveryQuery = DeliveryQuery.read(request.values)
    return replace(query, filters={**query.filters, "step": sort.step})


def _page(sort: Sort, form: PortalForm, rows: Sequence[GiftDelivery], cells: dict[str, str], status: int = 200) -> Any:
    page = render_template(
        f"gifts/deliveries_{sort.step}.html",
        rows=rows,
        form=form,
        cells=cells,
        typed=request.form,
        query=_query(sort),
        contacts=contacts_of(rows),
        carriers=carriers_used(),
    )
    return page, status


def _show(sort: Sort, **start: Any) -> Any:
    rows = delivery_list.LIST.records(delivery_list.LIST.ids(me(), _query(sort), MOST)[:MOST])
    return _page(sort, sort.form(formdata=None, **start), rows, {})


def _asked(sort: Sort) -> list[GiftDelivery]:
    """Return the deliveries of the form in its order, each in scope; 404 where one is not."""
    ids = [number for name in request.form if name.startswith("version-") and (number := whole(name.removeprefix("version-")))]
    found = db.session.scalars(GiftDelivery.visible_to(me()).where(GiftDelivery.id.in_(ids[:MOST])).options(*LOADED_WITH)).unique()
    rows = {one.id: one for one in found}
    if not ids or len(ids) > MOST or set(ids) != set(rows):
        abort(404)
    return [rows[number] for number in ids]


def _record(sort: Sort, act: Any, done: Any) -> Any:
    """Record the rows that were filled in, all or none."""
    form, rows, user = sort.form(), _asked(sort), me()
    names = {str(one.id): one.customer.full_name for one in rows}
    meant = [one for one in rows if clean_line(request.form.get(f"{sort.cell}-{one.id}", ""))]
    refused: list[Refusal] = []
    if form.validate():
        if not meant:
            refused.append(Refusal("Fill in at least one row."))
        hold(meant)
        for one in meant:
            try:
                with db.session.begin_nested():
                    act(form, one, user, sent_version(request.form.get(f"version-{one.id}")))
            except StateConflict:
                text = N_("Something else was recorded here meanwhile. Open it, or leave this row out.")
                refused.append(Refusal(text, field=f"{sort.cell}-{one.id}"))
            except Refusal as refusal:
                field = refusal.field if refusal.field in form else f"{_CELLS.get(refusal.field or '', sort.cell)}-{one.id}"
                refused.append(refusal.at(field))
        if not refused:
            commit()
            flash(done(len(meant)), "ok")
            return redirect(address(f"gifts.deliveries_{sort.step}", _query(sort)), 303)
        db.session.rollback()
    cells = form.refuse_all(refused, lambda cell: names.get(cell.rpartition("-")[2], cell))
    return _page(sort, form, _asked(sort), cells, 422)


@bp.get("/gifts/deliveries/telling")
@requires(Permission.GIFT_DELIVER)
def deliveries_tell() -> Any:
    """Show the customers who are to be told of their gift, to be noted many at once."""
    return _show(TELLING, told_on=clock.today(), told_how="telephone")


@bp.post("/gifts/deliveries/telling")
@requires(Permission.GIFT_DELIVER)
def deliveries_tell_save() -> Any:
    """Note that the customers of the ticked rows were told."""

    def act(form: PortalForm, one: GiftDelivery, user: Any, version: int) -> None:
        to = clean_line(request.form.get(f"to-{one.id}", ""))
        one.tell(how=said(form, "told_how")["told_how"], on=form["told_on"].data, to=to, by=user, version=version)

    return _record(TELLING, act, lambda count: _("%(count)s customers know of their gifts.", count=count))


@bp.get("/gifts/deliveries/sending")
@requires(Permission.GIFT_STOCK)
def deliveries_send() -> Any:
    """Show the parcels that are to be sent, to be noted many at once."""
    return _show(SENDING, out_on=clock.today())


@bp.post("/gifts/deliveries/sending")
@requires(Permission.GIFT_STOCK)
def deliveries_send_save() -> Any:
    """Note that the parcels were sent whose numbers were given; their goods leave the stock."""

    def act(form: PortalForm, one: GiftDelivery, user: Any, version: int) -> None:
        tracking = clean_line(request.form[f"tracking-{one.id}"])
        one.send(carrier=said(form, "carrier")["carrier"], tracking=tracking, on=form["out_on"].data, by=user, version=version)

    return _record(SENDING, act, lambda count: _("%(count)s parcels are sent; their goods have left the stock.", count=count))
