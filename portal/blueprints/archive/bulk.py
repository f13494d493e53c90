"""What is done to chosen customers at once: hand over (RO-5), tags, assisting reps (RO-8). Each asks first, naming the number."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import bulk
from portal.blueprints.archive import bp
from portal.blueprints.archive.register import tags_in_use
from portal.database import db
from portal.forms import PortalForm
from portal.models import hand_over as work
from portal.models.customer import CustomerAssistant, possible_owners
from portal.models.staff import Staff
from portal.permissions import Permission, Role, requires
from portal.rules.message import N_

_HAND_OVER, _ASSIST, _EDIT = Permission.CUSTOMER_HAND_OVER, Permission.CUSTOMER_ASSIST, Permission.CUSTOMER_EDIT
bulk.bulk_action(order=10, name="hand-over", title=N_("Hand over"), permission=_HAND_OVER, endpoint="archive.bulk_hand_over")
bulk.bulk_action(order=20, name="assist", title=N_("Name assisting rep"), permission=_ASSIST, endpoint="archive.bulk_assist")
bulk.bulk_action(order=30, name="end-assist", title=N_("End assisting"), permission=_ASSIST, endpoint="archive.bulk_end_assisting")
bulk.bulk_action(order=40, name="tag", title=N_("Add tag"), permission=_EDIT, endpoint="archive.bulk_tag")
bulk.bulk_action(order=50, name="untag", title=N_("Remove tag"), permission=_EDIT, endpoint="archive.bulk_untag")


def _number(value: Any) -> int | None:
    return int(value) if value else None


class PersonForm(PortalForm):
    """Who gets the customers, or assists with them."""

    person = SelectField("", coerce=_number, validators=[InputRequired()])
    reason = StringField("", validators=[Length(max=200)])


class TagForm(PortalForm):
    """A tag."""

    tag = StringField("", validators=[Length(max=work.LONGEST_TAG)], render_kw={"list": "tags"})


def _people(people: list[Staff]) -> list[SelectChoice]:
    named = {person.id: f"{person.name} · {person.team.name}" if person.team else person.name for person in people}
    return [SelectChoice(value="", label=_("Choose")), *(SelectChoice(value=one, label=name) for one, name in named.items())]


@bp.post("/customers/hand-over")
@requires(Permission.CUSTOMER_HAND_OVER)
def bulk_hand_over() -> Any:
    """Hand chosen customers over to somebody else, with their open work (RO-5)."""
    chosen, form = bulk.selection(), PersonForm()
    people = {person.id: person for person in possible_owners(current_user)}
    form.person.label.text, form.reason.label.text = _("Hand over to"), _("Reason")
    form.person.choices = _people(list(people.values()))

    def act() -> str:
        to = people[form.person.data]
        done = work.hand_over(chosen.ids, to=to, by=current_user, reason=form.reason.data or "")
        return _("Handed over to %(name)s. Customers: %(count)s.", name=to.name, count=done)

    one, many = N_("Hand %(name)s over to …"), N_("Hand %(count)s customers over to …")
    note = _("Open work goes along; documents in approval stay with who submitted them.")
    return bulk.ask_or_do(form, chosen, one, many, _("Hand over"), act, note=note, action=url_for("archive.bulk_hand_over"))


@bp.post("/customers/assistants")
@requires(Permission.CUSTOMER_ASSIST)
def bulk_assist() -> Any:
    """Name an assisting rep of chosen customers (RO-8)."""
    chosen, form = bulk.selection(), PersonForm()
    query = select(Staff).where(Staff.in_office, Staff.role != Role.MANAGER).order_by(Staff.name, Staff.id)
    people = {person.id: person for person in db.session.scalars(query)}
    form.person.label.text, form.person.choices = _("Assisting rep"), _people(list(people.values()))
    del form.reason

    def act() -> str:
        who = people[form.person.data]
        done = work.assist(chosen.ids, who, by=current_user)
        return _("%(name)s assists now. Customers: %(count)s.", name=who.name, count=done)

    one, many = N_("Name an assisting rep of %(name)s"), N_("Name an assisting rep of %(count)s customers")
    note = _("Assisting reps see and work on the customer like the one in charge, but do not hand it over.")
    return bulk.ask_or_do(form, chosen, one, many, _("Name assisting rep"), act, note=note, action=url_for("archive.bulk_assist"))


@bp.post("/customers/assistant-removals")
@requires(Permission.CUSTOMER_ASSIST)
def bulk_end_assisting() -> Any:
    """End that somebody assists with chosen customers (RO-8)."""
    chosen, form = bulk.selection(), PersonForm()
    query = select(Staff).where(Staff.id.in_(select(CustomerAssistant.staff_id))).order_by(Staff.name, Staff.id)
    people = {person.id: person for person in db.session.scalars(query)}
    form.person.label.text, form.person.choices = _("Assisting rep"), _people(list(people.values()))
    del form.reason

    def act() -> str:
        who = people[form.person.data]
        done = work.end_assisting(chosen.ids, who, by=current_user)
        return _("%(name)s no longer assists. Customers: %(count)s.", name=who.name, count=done)

    one, many = N_("End assisting with %(name)s"), N_("End assisting with %(count)s customers")
    return bulk.ask_or_do(form, chosen, one, many, _("End assisting"), act, action=url_for("archive.bulk_end_assisting"))


@bp.post("/customers/tags")
@requires(Permission.CUSTOMER_EDIT)
def bulk_tag() -> Any:
    """Put a tag on chosen customers."""
    chosen, form = bulk.selection(), TagForm()
    form.tag.label.text = _("Tag")

    def act() -> str:
        return _("Tagged. Customers: %(count)s.", count=work.add_tag(chosen.ids, form.tag.data or "", by=current_user))

    one, many = N_("Put a tag on %(name)s"), N_("Put a tag on %(count)s customers")
    return bulk.ask_or_do(form, chosen, one, many, _("Add tag"), act, action=url_for("archive.bulk_tag"), suggested=tags_in_use())


@bp.post("/customers/tag-removals")
@requires(Permission.CUSTOMER_EDIT)
def bulk_untag() -> Any:
    """Take a tag off chosen customers."""
    chosen, form = bulk.selection(), TagForm()
    form.tag.label.text = _("Tag")

    def act() -> str:
        return _("The tag is taken off. Customers: %(count)s.", count=work.remove_tag(chosen.ids, form.tag.data or "", by=current_user))

    one, many = N_("Take a tag off %(name)s"), N_("Take a tag off %(count)s customers")
    return bulk.ask_or_do(form, chosen, one, many, _("Remove tag"), act, action=url_for("archive.bulk_untag"), suggested=tags_in_use())
