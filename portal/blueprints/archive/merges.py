"""Merging two records of one customer, and undoing it (AR-3)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal import clock
from portal.blueprints.archive import bp, card_view
from portal.database import StateConflict, commit, db
from portal.i18n import translate
from portal.looks import look
from portal.models import card
from portal.models import merge as work
from portal.models import search as index
from portal.models.approval import Approval
from portal.models.binder_holding import leaving
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState, CustomerTag
from portal.models.merge import CustomerMerge
from portal.models.merge_hanging import hanging_on, title_of
from portal.permissions import Permission, requires
from portal.record_form import ReasonForm
from portal.rules.message import N_, Message, Refusal
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

LONGEST = 80
WHY = ("reason", "effective_on")
SHOWN = 20


@bp.get("/customers/<int:customer_id>/merge")
@requires(Permission.CUSTOMER_MERGE, customer=Customer)
def merge_choose(customer: Customer) -> Any:
    """Look for the other record by number, name or telephone."""
    words = clean_line(request.args.get("q", ""))[:LONGEST]
    hits = [hit for hit in index.search(current_user, words, SHOWN) if hit.id != customer.id] if words else []
    return render_template("archive/merge_choose.html", customer=customer, words=words, hits=hits, states=card_view.STATES)


@bp.get("/customers/<int:customer_id>/merge/<int:other_id>")
@requires(Permission.CUSTOMER_MERGE, customer=Customer, other=Customer)
def merge_compare(customer: Customer, other: Customer) -> Any:
    """Show both records side by side: `customer` stays, `other` is merged into it."""
    look(customer)
    look(other)
    return _compare(customer, other, work.default_choice(customer, other))


@bp.post("/customers/<int:customer_id>/merge/<int:other_id>")
@requires(Permission.CUSTOMER_MERGE, customer=Customer, other=Customer)
def merge_carry_out(customer: Customer, other: Customer) -> Any:
    """Ask once more, naming what moves in figures; confirmed, merge."""
    take = {name for name in work.choices(customer) if request.form.get(f"take-{name}") == "other"}
    form = _why()
    try:
        work.refuse_unless_mergeable(customer, other)
        if (request.form.get("version"), request.form.get("other_version")) != (str(customer.version), str(other.version)):
            raise StateConflict("changed since it was looked at")
        if not request.form.get("confirmed"):
            return _ask(customer, other, take, _why(sent=False))
        merge = CustomerMerge.carry_out(
            customer,
            other,
            by=me(),
            take=take,
            versions=(customer.version, other.version),
            assist=bool(request.form.get("assist")),
            **form.reason_and_day(),
        )
        commit()
    except Refusal as refusal:
        db.session.rollback()
        if refusal.field in WHY:
            form.refuse(refusal)
            return _ask(customer, other, take, form), 422
        return _compare(customer, other, take, refusal=refusal.message, status=422)
    except StateConflict:
        db.session.rollback()
        text = N_("One of the two records was changed meanwhile. Look over both again; nothing is merged yet.")
        if customer.state == CustomerState.MERGED or other.state == CustomerState.MERGED:
            text = N_("One of the two records was merged meanwhile.")
        return _compare(customer, other, take, refusal=Message(text), status=409)
    days = (merge.undo_until - merge.at).days
    flash(_("%(number)s is merged into this customer. It can be undone for %(days)s days.", number=other.number, days=days), "ok")
    return redirect(url_for("archive.customer", customer_id=customer.id), 303)


@bp.get("/merges/<int:merge_id>")
@requires(Permission.CUSTOMER_MERGE, merge=CustomerMerge)
def merge_page(merge: CustomerMerge) -> Any:
    """Show what a merge did, and what its undo would do or what is in its way."""
    return _merge_page(merge, _why(sent=False), 200)


@bp.post("/merges/<int:merge_id>/undo")
@requires(Permission.CUSTOMER_MERGE, merge=CustomerMerge)
def merge_undo(merge: CustomerMerge) -> Any:
    """Undo a merge: everything moves back."""
    number, survivor_id, taken_out = merge.loser.number, merge.survivor_id, len(leaving(merge))
    form = _why()
    with saving() as saved:
        merge.undo(by=me(), **form.reason_and_day())
    if saved.refusal:
        if saved.refusal.field in WHY:
            form.refuse(saved.refusal)
        return _merge_page(merge, form, 422)
    flash(_("The merge is undone: %(number)s is a record of its own again.", number=number), "ok")
    if taken_out:
        text = _("%(count)s documents left binders that are another customer's now: fetch their papers from there.", count=taken_out)
        flash(text, "warning")
    return redirect(url_for("archive.customer", customer_id=survivor_id), 303)


def _why(*, sent: bool = True) -> ReasonForm:
    """Return the form of reason and day, asked once for all fields of a merge or its undo (AR-4); empty unless it is `sent`."""
    start = {"effective_on": clock.today().isoformat()}
    return ReasonForm((), data=start) if sent else ReasonForm((), data=start, formdata=None)


def _compare(customer: Customer, other: Customer, take: set[str], *, refusal: Message | None = None, status: int = 200) -> Any:
    if refusal is None:
        try:
            work.refuse_unless_mergeable(customer, other)
        except Refusal as found:
            refusal = found.message
    ours, theirs = card.texts(card.FIELDS, customer), card.texts(card.FIELDS, other)
    groups = []
    for _name, title, fields in card.grouped(card.FIELDS, card.GROUPS):
        rows = [_row(field, customer, other, take) for field in fields if ours[field.name] != "" or theirs[field.name] != ""]
        if rows:
            groups.append((_(title), rows))
    page = render_template(
        "archive/merge.html",
        customer=customer,
        other=other,
        groups=groups,
        hung=[(customer, *_hung(customer)), (other, *_hung(other))],
        refusal=refusal,
        possible=refusal is None or status == 409,
        turned=_may_merge(other, customer),
        running=_running(customer, other) if refusal is not None else [],
        states=card_view.STATES,
    )
    return page, status


def _running(*customers: Customer) -> list[Approval]:
    """Return what is in approval of these customers, as far as the reader sees it: it has to be decided before they are merged."""
    return list(db.session.scalars(Approval.visible_to(me()).where(Approval.running_on([one.id for one in customers])).limit(SHOWN)))


def _row(field: card.Field, customer: Customer, other: Customer, take: set[str]) -> dict[str, Any]:
    """Return a line of the comparison. Only what differs and stands on the card by hand is a choice."""
    mine, theirs = getattr(customer, field.name), getattr(other, field.name)
    return {
        "field": field,
        "mine": card_view.shown(field, mine),
        "theirs": card_view.shown(field, theirs),
        "same": field.text(mine) == field.text(theirs),
        "choice": field.name in work.choices(customer) and field.text(mine) != field.text(theirs),
        "take": field.name in take,
    }


def _hung(customer: Customer) -> tuple[list[str], list[str], list[str]]:
    """Return the contacts, tags and assisting reps of a customer, by name."""
    contacts = db.session.execute(select(Contact.name, Contact.post).where(Contact.customer_id == customer.id).order_by(Contact.id))
    tags = db.session.scalars(select(CustomerTag.tag).where(CustomerTag.customer_id == customer.id).order_by(CustomerTag.tag))
    named = [f"{row.name} ({row.post})" if row.post else row.name for row in contacts]
    return named, list(tags), [one.staff.name for one in customer.assistants]


def _may_merge(survivor: Customer, loser: Customer) -> bool:
    try:
        work.refuse_unless_mergeable(survivor, loser)
    except Refusal:
        return False
    return True


def _ask(customer: Customer, other: Customer, take: set[str], form: ReasonForm) -> Any:
    moving: dict[str, int] = {}
    staying = 0
    for hanging in hanging_on(other.id, customer.id, taken={customer.owner_id}):
        name = translate(title_of(hanging.table.name))
        if hanging.moving:
            moving[name] = moving.get(name, 0) + len(hanging.moving)
        staying += len(hanging.staying)
    ours, theirs = card.texts(card.EDITABLE, customer), card.texts(card.EDITABLE, other)
    changed = [name for name in ours if name in take and ours[name] != theirs[name]]
    return render_template(
        "archive/merge_confirm.html",
        form=form,
        assist=not form.is_submitted() or "confirmed" not in request.form or "assist" in request.form,
        matters=[_(card.CARD[name].title) for name in work.replaced(customer, other, take)],
        customer=customer,
        other=other,
        take=sorted(take),
        changed=[_(card.CARD[name].title) for name in changed],
        moving=moving,
        staying=staying,
        entries=work.entries_of(other),
        helper=other.owner if other.owner_id not in (None, customer.owner_id) else None,
        days=work.undo_days(),
    )


def _merge_page(merge: CustomerMerge, form: ReasonForm, status: int) -> Any:
    moved: dict[str, int] = {}
    for table, columns in merge.moved.items():
        title = translate(title_of(table))
        moved[title] = moved.get(title, 0) + sum(len(ids) for ids in columns.values())
    fields = [
        (_(card.CARD[name].title), card_view.plain(card.CARD[name], before), card_view.plain(card.CARD[name], after))
        for name, (before, after) in merge.fields.items()
    ]
    matters = [_(card.CARD[name].title) for name in merge.put_back()]
    page = render_template(
        "archive/merge_done.html",
        merge=merge,
        form=form,
        matters=matters,
        moved=list(moved.items()),
        fields=fields,
        obstacles=merge.obstacles(),
        leaving=leaving(merge) if merge.undone_at is None else [],
    )
    return page, status
