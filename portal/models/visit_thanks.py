"""Letters and cards of thanks after a deal, and to whom (SV-20): written from the site's templates, printed with address labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, Select, Text, select, union_all
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history, newest_first
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.greeting import contacts_of
from portal.models.list_query import ListQuery
from portal.models.paging import NotLeading
from portal.models.register_indexes import THERE
from portal.models.sale import Sale
from portal.models.scope import HangsOnCustomer, customer_arms
from portal.models.staff import Staff
from portal.models.standard import in_force
from portal.models.visit import VISITED
from portal.permissions import Permission
from portal.rules import visits as rules
from portal.rules.message import N_, Refusal
from portal.rules.sales import ORDERED

MOST = 200
"""So many letters are written at once."""
LONGEST_PERIOD = 93
DEPTH = 5000
"""So many lines of sales of a period, with customers in scope, are looked at, the newest first."""
CONTACT_ZH, CONTACT_EN = "客户", "Sir or Madam"


class ThankYouLetter(HangsOnCustomer, Base):
    """One letter or card: its texts in both languages, as they were made from the template and may be changed until it is posted."""

    __tablename__ = "thank_you_letter"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    kind: Mapped[str]
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("thank_you_letter.id", ondelete="SET NULL"))
    """The first letter of those written together."""
    dated_on: Mapped[date]
    deal_on: Mapped[date]
    deal: Mapped[str] = mapped_column(default="")
    """The document of the sale, where it has one."""
    contact: Mapped[str] = mapped_column(default="")
    text_zh: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    template_version: Mapped[int] = mapped_column(default=0)
    posted_on: Mapped[date | None]
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    by: Mapped[Staff] = relationship()

    __table_args__ = (Index(None, "customer_id", "id"), Index(None, "lot_id", "id"))

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return " ".join(filter(None, (self.customer.full_name, self.dated_on.isoformat())))

    def can_change(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may change its texts or note that it was posted: until then."""
        return self.posted_on is None and user.may(Permission.VISIT_WORK)

    def change(self, text_zh: str, text_en: str, *, by: Staff, version: int) -> None:
        """Change its texts. Raises `Refusal` with the field, `StateConflict`."""
        if not self.can_change(by) or self.version != version:
            raise StateConflict(f"letter {self.id}")
        for name, text in (("text_zh", text_zh), ("text_en", text_en)):
            wrong = rules.check_letter(text)
            if wrong is not None:
                raise Refusal(wrong.text, field=name, **wrong.params)
        self._step({"text_zh": text_zh, "text_en": text_en})
        audit.write("change", "thanks-changed", actor=by, record=self, label=self.label)

    def post(self, *, by: Staff, version: int) -> None:
        """Note that it was posted or handed over today. Raises `StateConflict`."""
        if not self.can_change(by) or self.version != version:
            raise StateConflict(f"letter {self.id}")
        self._step({"posted_on": clock.today()})
        audit.write("change", "thanks-posted", actor=by, record=self, label=self.label)

    def _step(self, change: dict[str, Any]) -> None:
        transition(self, expect={"posted_on": None, "version": self.version}, change={**change, "version": self.version + 1})


class Deal(NamedTuple):
    """What a customer bought on a day, or under one document."""

    customer: Customer
    on: date
    document: str
    amount: Decimal
    thanked: bool
    """Whether a letter was written for a deal of this day or a later one."""


class Deals(NamedTuple):
    """The deals of a period, the newest first."""

    shown: list[Deal]
    more: bool
    """Whether more were found than are shown."""
    cut: bool
    """Whether only the newest `DEPTH` lines were looked at: what was sold before them is not among the deals."""


def deals(user: Staff, first: date, last: date, least: Decimal) -> Deals:
    """Return the deals of a period with customers in scope, from an amount on.

    Raises `Refusal` with the field (from, until) for a period that is none or too long.
    """
    if last < first:
        raise Refusal("The period ends before it begins.", field="until")
    if (last - first).days > LONGEST_PERIOD:
        raise Refusal("A period has at most %(most)s days.", field="until", most=LONGEST_PERIOD)
    lines = _lines(user, first, last)
    sums: dict[tuple[int, str], tuple[date, Decimal]] = {}
    for row in lines[:DEPTH]:
        key = (row.customer_id, row.document or row.day.isoformat())
        day, amount = sums.get(key, (row.day, Decimal(0)))
        sums[key] = (max(day, row.day), amount + row.amount)
    found = sorted(((day, key, amount) for key, (day, amount) in sums.items() if amount >= least), reverse=True)
    few = found[:MOST]
    customers = _customers({key[0] for _day, key, _amount in few})
    thanked = _thanked(set(customers))
    made = [
        Deal(customers[key[0]], day, "" if key[1] == day.isoformat() else key[1], amount, thanked.get(key[0], date.min) >= day)
        for day, key, amount in few
        if key[0] in customers
    ]
    return Deals(made, len(found) > MOST, len(lines) > DEPTH)


def _lines(user: Staff, first: date, last: date) -> Sequence[Any]:
    """Return the newest lines of a period that somebody bought, of customers in scope: `DEPTH`, and one more where there is one.

    A manager's are the first of the index by day. Of others their customers lead to them: all lines of the office would be walked.
    """
    bought = (Sale.day.between(first, last), Sale.state == ORDERED, Sale.amount > 0)
    query = select(Sale.customer_id, Sale.day, Sale.document, Sale.amount).where(*bought).limit(DEPTH + 1)
    if user.is_manager:
        return db.session.execute(query.order_by(Sale.day.desc(), Sale.id.desc())).all()
    theirs = union_all(*(select(Customer.id).where(THERE, *arm.conditions()) for arm in customer_arms(user)))
    query = query.where(Sale.customer_id.in_(theirs))
    return db.session.execute(query.order_by(NotLeading(Sale.day).desc(), Sale.id.desc())).all()


def _customers(ids: Collection[int]) -> dict[int, Customer]:
    found = db.session.scalars(select(Customer).where(Customer.id.in_(ids), Customer.state.in_(VISITED)))
    return {one.id: one for one in found}


def _thanked(ids: Collection[int]) -> dict[int, date]:
    """Return the newest deal for which each of these customers was thanked."""
    found: dict[int, date] = {}
    rows = db.session.execute(select(ThankYouLetter.customer_id, ThankYouLetter.deal_on).where(ThankYouLetter.customer_id.in_(ids)))
    for number, day in rows:
        found[number] = max(day, found.get(number, day))
    return found


def write(chosen: Iterable[tuple[Customer, date, str]], *, kind: str, site: str, by: Staff) -> list[ThankYouLetter]:
    """Write a letter or card to each (customer, day of the deal, document) from the template in force; return them, flushed.

    `site` is the organisation's name. Raises `Refusal` for none, too many, or a kind that is none.
    """
    wanted = list({customer.id: (customer, day, document) for customer, day, document in chosen}.values())
    if kind not in rules.LETTER_KINDS:
        raise Refusal("Choose letter or card.", field="kind")
    if not wanted:
        raise Refusal("Choose to whom it is written.", field="deals")
    if len(wanted) > MOST:
        raise Refusal("At most %(most)s letters are written at once.", field="deals", most=MOST)
    zh, en = in_force("visit.thanks_zh"), in_force("visit.thanks_en")
    contacts = contacts_of([customer.id for customer, _day, _document in wanted])
    made: list[ThankYouLetter] = []
    for customer, day, document in wanted:
        person = contacts.get(customer.id)
        letter = ThankYouLetter(
            customer_id=customer.id, customer=customer, kind=kind, lot_id=made[0].id if made else None, dated_on=clock.today(),
            deal_on=day, deal=document, contact=_named(person), by_id=by.id, template_version=zh.version,
            text_zh=rules.fill(zh.value, _places(customer, person, day, site, zh=True)),
            text_en=rules.fill(en.value, _places(customer, person, day, site, zh=False)),
        )  # fmt: skip
        db.session.add(letter)
        db.session.flush()
        audit.write("change", "thanks-written", actor=by, record=letter, label=letter.label)
        made.append(letter)
    return made


def _named(person: Contact | None) -> str:
    return " ".join(filter(None, (person.name, person.post))) if person else ""


def _places(customer: Customer, person: Contact | None, day: date, site: str, *, zh: bool) -> dict[str, str]:
    return {
        "customer": customer.full_name,
        "contact": person.name if person else CONTACT_ZH if zh else CONTACT_EN,
        "deal_on": f"{day.year}年{day.month}月{day.day}日" if zh else f"{day.day} {day:%B} {day.year}",
        "site": site,
    }


# --- the list ----------------------------------------------------------------


@dataclass(frozen=True)
class LetterQuery(ListQuery):
    """Which letters are wanted; its address says the same. `skip` says how many labels are gone from the first sheet."""

    FILTERS = {"q": N_("Customer"), "lot": N_("Written together"), "open": N_("Not posted")}
    NUMBERS = ("lot",)
    SWITCHES = ("open",)
    LONGEST = 60
    skip: int = 0

    @classmethod
    def read(cls, args: Mapping[str, str]) -> LetterQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        skip = args.get("skip", "")
        return cls(cls.filters_of(args), min(int(skip), 23) if skip.isdecimal() and len(skip) < 4 else 0)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {**self.filters, **({"skip": str(self.skip)} if self.skip else {})}


def chosen(user: Staff, query: LetterQuery) -> Select[Any]:
    """Return the letters of a query to customers in scope, as a query without an order."""
    letter, found = ThankYouLetter, ThankYouLetter.listed_for(user)
    if "lot" in query.filters:
        lot = int(query.filters["lot"])
        found = found.where((letter.lot_id == lot) | (letter.id == lot))
    if "open" in query.filters:
        found = found.where(letter.posted_on.is_(None))
    if "q" in query.filters:
        found = found.where(newest_first.called(user, letter.customer_id, query.filters["q"]))
    return found


_LOADED = (
    joinedload(ThankYouLetter.customer, innerjoin=True).load_only(
        Customer.number,
        Customer.full_name,
        Customer.province,
        Customer.city,
        Customer.district,
        Customer.street,
        Customer.telephone,
    ),
    joinedload(ThankYouLetter.by, innerjoin=True).load_only(Staff.name),
)
LIST = newest_first.Listing(ThankYouLetter, chosen, _LOADED)


for _name, _title in (
    ("thanks-written", N_("Thanks written after a deal")),
    ("thanks-changed", N_("Text of a letter of thanks changed")),
    ("thanks-posted", N_("Letter of thanks posted")),
):
    history.action("ThankYouLetter", _name, _title)
