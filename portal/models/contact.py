"""Contacts and emergency contacts of a customer: personal data, kept to what the work needs (AR-1, PIPL)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models import audit, card
from portal.models.customer import Customer, ask_reason, check_choice
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.rules.identifiers import normalise_phone
from portal.rules.message import N_, Refusal
from portal.rules.pinyin import person_pinyin


class Contact(HangsOnCustomer, Base):
    """A contact or emergency contact of a customer. `kept_for` says why: a code of `choices.kept_for` or the recorder's own words."""

    __tablename__ = "contact"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    name_pinyin: Mapped[str] = mapped_column(default="")
    post: Mapped[str] = mapped_column(default="")
    department: Mapped[str] = mapped_column(default="")
    telephone: Mapped[str] = mapped_column(default="")
    telephone_key: Mapped[str] = mapped_column(default="", index=True)
    email: Mapped[str] = mapped_column(default="")
    preferred_way: Mapped[str] = mapped_column(default="")
    frequency: Mapped[str] = mapped_column(default="")
    decides: Mapped[bool] = mapped_column(default=False)
    emergency: Mapped[bool] = mapped_column(default=False)
    relationship_note: Mapped[str] = mapped_column(default="")
    kept_for: Mapped[str] = mapped_column(default="")
    import_id: Mapped[int | None] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    customer: Mapped[Customer] = relationship()

    __mapper_args__ = {"version_id_col": version}

    @classmethod
    def add(cls, customer: Customer, values: Mapping[str, Any], *, by: Staff, source: str = "form") -> Contact:
        """Add a contact to a customer's card and return it, flushed. Raises `Refusal` with the field."""
        customer.ensure_open()
        checked = _checked(values)
        contact = cls(customer_id=customer.id, **checked, **derived(checked))
        db.session.add(contact)
        changes = [
            {"field": name, "old": "", "new": text}
            for name, text in card.texts(card.CONTACT_FIELDS, contact).items()
            if text not in ("", False)
        ]
        audit.write("change", "added", actor=by, record=contact, label=contact.name, changes=changes, source=source)
        cls._touch(customer)
        return contact

    def change(
        self, values: Mapping[str, Any], *, by: Staff, reason: str = "", effective_on: date | None = None, source: str = "form"
    ) -> list[dict[str, Any]]:
        """Change a contact and return what really changed, as [{field, old, new}]. Another name is another contact person.

        Raises `Refusal` with the field; a change of the name asks for reason and date (AR-4).
        """
        self.customer.ensure_open()
        new = {name: value for name, value in _checked({**self._values(), **values}).items() if value != getattr(self, name)}
        if not new:
            return []
        if "name" in new:
            ask_reason(reason, effective_on, WHY)
        changes = []
        for name, value in {**new, **derived(new)}.items():
            if name in new:
                field = card.CONTACT[name]
                changes.append({"field": name, "old": field.text(getattr(self, name)), "new": field.text(value)})
            setattr(self, name, value)
        self._write("changed", by, changes, reason, effective_on, source)
        self._touch(self.customer)
        return changes

    def remove(self, *, by: Staff, reason: str, effective_on: date | None, source: str = "form") -> None:
        """Take a contact off the card. Raises `Refusal`.

        The history tells from then on that there was one, by name, not their personal data (`history.removed_contacts`); the log, which
        nobody can change and managers alone read, keeps what it was told.
        """
        self.customer.ensure_open()
        ask_reason(reason, effective_on, WHY)
        customer = self.customer
        self._write("removed", by, [{"field": "name", "old": self.name, "new": ""}], reason, effective_on, source)
        db.session.delete(self)
        self._touch(customer)

    def _values(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in card.CONTACT_FIELDS}

    def _write(self, action: str, by: Staff, changes: list[dict[str, Any]], reason: str, effective_on: date | None, source: str) -> None:
        day = effective_on.isoformat() if effective_on and reason else ""
        audit.write(
            "change", action, actor=by, record=self, label=self.name, changes=changes, reason=reason, effective_on=day, source=source
        )

    @staticmethod
    def _touch(customer: Customer) -> None:
        # A new version of the card: a submission that froze it meanwhile makes this change fail instead of slipping in (AP-5).
        customer.updated_at = clock.now()


def derived(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns that follow from the given ones: pinyin of the name, comparable form of the telephone number."""
    found = {}
    if "name" in values:
        found["name_pinyin"] = person_pinyin(values["name"])
    if "telephone" in values:
        found["telephone_key"] = normalise_phone(values["telephone"]).comparable if values["telephone"] else ""
    return found


def lacking(values: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield a refusal with its field for each of what a contact cannot be without that `values` do not give."""
    if not values.get("name"):
        yield Refusal("A contact needs a name.", field="name")
    if not values.get("kept_for"):
        yield Refusal("Say what this person's data are kept for.", field="kept_for")


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    checked = {name: card.CONTACT[name].empty if value is None else value for name, value in values.items()}
    for refusal in lacking(checked):
        raise refusal
    for name, value in checked.items():
        if name != "kept_for":
            check_choice(card.CONTACT[name], value)
    return checked


WHY = N_("Say why the contact person changes.")
