"""The customer card as data: every field once, with what forms, pages, history, import, export and sheets need to know of it (AR-1).

Titles and notes are English message ids. Nothing here touches the database; `read` and `text` turn what people type into
values and values into plain text, the same way everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from portal.rules.dates import parse_date
from portal.rules.figures import format_figure, parse_figure
from portal.rules.identifiers import SHORTEST_PHONE, check_email, normalise_credit_code, normalise_phone
from portal.rules.message import N_, Refusal
from portal.rules.money import parse_amount
from portal.rules.plates import normalise_plate
from portal.rules.regions import find_province
from portal.rules.text import clean, clean_line

Kind = Literal[
    "text", "long", "choice", "province", "grade", "date", "money", "integer", "phone", "email", "url", "code", "switch", "figure", "plate"
]

GRADES = ("A", "B", "C")
"""The three grades of customers (RL-2)."""

LINE_LENGTH = 200
TEXT_LENGTH = 4000
MOST_WHOLE = 10**9 - 1


class Choice(NamedTuple):
    """A choice of a form: its code and its names."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class Field:
    """One field of a form: its column, title, place and kind."""

    name: str
    title: str
    group: str = ""
    kind: Kind = "text"
    choices: str = ""
    """The list of choices: the standard `choices.<this>`."""
    entries: tuple[Choice, ...] = ()
    """The choices themselves, where they belong to the form and are no list of the site's."""
    required: bool = False
    matters: bool = False
    """A change asks for a reason and the date it took effect (AR-4)."""
    editable: bool = True
    """False: shown on the card, and changed only by a chain of its own (grading, credit)."""
    by_chain: bool = False
    """Entered by hand for a prospect and where existing dealings are taken over; on the register changed only by a chain (RL-5)."""
    length: int = LINE_LENGTH
    """Most characters of a text."""
    wide: bool = False
    """Takes the whole width of a form."""
    help: str = ""
    why: str = ""
    """Why personal data of this field is kept (PIPL)."""

    @property
    def empty(self) -> Any:
        """What the column holds when nothing is known."""
        return None if self.kind in ("date", "money", "integer", "figure") else False if self.kind == "switch" else ""

    def read(self, typed: Any) -> Any:
        """Return the value that `typed` says, the field's empty value for nothing. Raises `Refusal` naming the field."""
        if self.kind == "switch":
            return bool(typed)
        if isinstance(typed, str):
            typed = clean(typed) if self.kind == "long" else clean_line(typed)
        if typed in ("", None):
            return self.empty
        try:
            value = self._value(typed)
        except Refusal as refusal:
            raise refusal.at(self.name) from None
        if isinstance(value, str) and len(value) > self.length:
            raise Refusal("At most %(most)s characters; these are %(count)s.", field=self.name, most=self.length, count=len(value))
        return value

    def _value(self, typed: Any) -> Any:
        if self.kind == "date":
            return parse_date(typed)
        if self.kind == "money":
            amount = parse_amount(typed)
            if amount < 0:
                raise Refusal("An amount here cannot be less than nothing.")
            return amount
        if self.kind == "integer":
            return _whole(typed)
        if self.kind == "figure":
            return parse_figure(typed)
        text = str(typed)
        if self.kind == "plate":
            return normalise_plate(text)
        if self.kind == "phone":
            return _phone(text)
        if self.kind == "code":
            return normalise_credit_code(text)
        if self.kind == "province":
            province = find_province(text)
            return province.zh if province else text
        if self.kind == "email":
            wrong = check_email(text)
            if wrong:
                raise Refusal(wrong.text, **wrong.params)
        if self.kind == "url" and any(character.isspace() for character in text):
            raise Refusal("An address on the web has no spaces.")
        return text

    def text(self, value: Any) -> Any:
        """Return a value as plain data: ISO dates, amounts as "1234.50", codes of choices, switches as they are; "" for nothing."""
        if self.kind == "switch":
            return bool(value)
        if value is None:
            return ""
        if isinstance(value, date):
            return value.isoformat()
        if self.kind == "figure":
            return format_figure(value)
        return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


def _whole(typed: Any) -> int:
    try:
        amount: Decimal | None = parse_amount(typed)
    except Refusal:
        amount = None
    if amount is None or amount != amount.to_integral_value():
        raise Refusal("%(typed)s is not a whole number.", typed=str(typed)[:40])
    if not 0 <= amount <= MOST_WHOLE:
        raise Refusal("Give a whole number from 0 to %(most)s.", most=f"{MOST_WHOLE:,}")
    return int(amount)


def _phone(text: str) -> str:
    """Return a telephone number for reading; one that cannot be understood stays as typed, what is none at all is refused."""
    if sum(sign.isdigit() for sign in text) < SHORTEST_PHONE:
        raise Refusal("%(typed)s is not a telephone number.", typed=text[:40])
    return normalise_phone(text).display


GROUPS = {
    "identity": N_("Basic facts"),
    "address": N_("Address and telephone"),
    "people": N_("People"),
    "business": N_("State of business"),
    "relation": N_("Relation"),
    "dealings": N_("Dealings at present"),
}
"""The groups of the card in the order of the paper form, with their titles."""

_PERSON = N_("To know who binds and who leads the customer.")

FIELDS = (
    Field("full_name", N_("Full name"), "identity", required=True, matters=True, wide=True),
    Field("short_name", N_("Short name"), "identity", length=60),
    Field(
        "credit_code",
        N_("Unified social credit code"),
        "identity",
        "code",
        length=30,
        help=N_("18 characters, as on the business licence."),
    ),
    Field(
        "former_names",
        N_("Former names"),
        "identity",
        "long",
        length=1000,
        wide=True,
        help=N_("One a line; a name that is changed here is added by itself."),
    ),
    Field("nature", N_("Nature"), "identity", "choice", "nature"),
    Field("industry", N_("Industry"), "identity", "choice", "industry"),
    Field("size", N_("Size"), "identity", "choice", "size"),
    Field("registered_capital", N_("Registered capital (yuan)"), "identity", "money", matters=True),
    Field("established_on", N_("Established on"), "identity", "date"),
    Field("business_scope", N_("Business scope"), "identity", "long", matters=True, length=TEXT_LENGTH, wide=True),
    Field("province", N_("Province"), "address", "province", matters=True, length=40),
    Field("city", N_("City"), "address", matters=True, length=60),
    Field("district", N_("District"), "address", matters=True, length=60),
    Field("street", N_("Street and number"), "address", matters=True),
    Field("route", N_("Visit route"), "address", length=60),
    Field("route_order", N_("Place on the route"), "address", "integer"),
    Field("telephone", N_("Telephone"), "address", "phone", length=60),
    Field("fax", N_("Fax"), "address", "phone", length=60),
    Field("email", N_("E-mail"), "address", "email", length=254),
    Field("website", N_("Website"), "address", "url"),
    Field("legal_representative", N_("Legal representative"), "people", matters=True, length=80, why=_PERSON),
    Field("general_manager", N_("General manager"), "people", length=80, why=_PERSON),
    Field("main_business", N_("Main business"), "business", "long", length=TEXT_LENGTH, wide=True),
    Field("staff_count", N_("Number of staff"), "business", "integer"),
    Field("operating_state", N_("Operating state"), "business", "choice", "operating_state"),
    Field("banks", N_("Banks"), "business", "long", matters=True, length=1000, help=N_("Bank, branch and account, one a line.")),
    Field("loans", N_("Loans"), "business", "long", length=TEXT_LENGTH),
    Field("funds_turnover", N_("Funds turnover"), "business", "long", length=TEXT_LENGTH),
    Field("accepts_payment_terms", N_("Who accepts payment terms"), "business", length=80),
    Field("payment_attitude", N_("Attitude to payment"), "business", "choice", "attitude"),
    Field("uses_cheques", N_("Use of cheques"), "business"),
    Field("highest_single_purchase", N_("Highest single purchase (yuan)"), "business", "money"),
    Field("average_monthly_purchase", N_("Average monthly purchase (yuan)"), "business", "money"),
    Field("development_potential", N_("Development potential"), "business", "choice", "potential"),
    Field("satisfaction", N_("Satisfaction"), "business", "choice", "satisfaction"),
    Field("first_contact_on", N_("First contact"), "relation", "date"),
    Field("first_deal_on", N_("First deal"), "relation", "date"),
    Field("stage_time", N_("By time"), "relation", "choice", "stage_time"),
    Field("stage_transaction", N_("By transaction"), "relation", "choice", "stage_transaction"),
    Field("stage_volume", N_("By volume"), "relation", "choice", "stage_volume"),
    Field("stage_service", N_("By service"), "relation", "choice", "stage_service"),
    Field("referred_by", N_("Referred by"), "relation"),
    Field("stage_years", N_("By years of cooperation"), "relation", "choice", "stage_years"),
    Field("grade", N_("Customer grade"), "relation", "grade", editable=False),
    Field("credit_rating", N_("Credit rating"), "relation", length=20, by_chain=True),
    Field("credit_limit", N_("Credit limit (yuan)"), "relation", "money", editable=False),
    Field("payment_terms", N_("Payment terms"), "relation", "choice", "payment_terms", matters=True, by_chain=True),
    Field("dealings_policy", N_("Policy in dealings"), "relation", "long", length=TEXT_LENGTH, by_chain=True),
    Field("dealings_attitude", N_("Attitude in dealings"), "relation", "choice", "attitude"),
    Field("remarks", N_("Remarks"), "relation", "long", length=TEXT_LENGTH, wide=True),
    Field("sales_activity", N_("Sales activity"), "dealings", "long", length=TEXT_LENGTH),
    Field("problems", N_("Problems"), "dealings", "long", length=TEXT_LENGTH),
    Field("strengths", N_("Strengths to keep"), "dealings", "long", length=TEXT_LENGTH),
    Field("measures", N_("Measures ahead"), "dealings", "long", length=TEXT_LENGTH),
    Field("reputation", N_("Reputation and image"), "dealings", "long", length=TEXT_LENGTH),
    Field("credit_state", N_("State of credit"), "dealings", "long", length=TEXT_LENGTH),
    Field("terms", N_("Terms of dealings"), "dealings", "long", length=TEXT_LENGTH),
    Field("past_credit_problems", N_("Past credit problems"), "dealings", "long", length=TEXT_LENGTH),
)
"""The fields of the card that people fill or read, in the order of the paper form."""

CARD: dict[str, Field] = {field.name: field for field in FIELDS}
EDITABLE = tuple(field for field in FIELDS if field.editable)
OPEN_ON_REGISTER = tuple(field for field in EDITABLE if not field.by_chain)
"""What people change by hand on the card of a customer on the register."""
MATTERS = frozenset(field.name for field in FIELDS if field.matters)
"""Fields whose change asks for a reason and an effective date (AR-4)."""

CONTACT_FIELDS = (
    Field("name", N_("Name"), required=True, length=80, why=N_("To address the person.")),
    Field("post", N_("Post"), length=80, why=N_("To know what the person answers for.")),
    Field("department", N_("Department"), length=80, why=N_("To reach the person through the switchboard and by post.")),
    Field(
        "telephone", N_("Telephone"), kind="phone", length=60, why=N_("To speak to the person at work; no private numbers without need.")
    ),
    Field("email", N_("E-mail"), kind="email", length=254, why=N_("To send documents and confirmations.")),
    Field("preferred_way", N_("Preferred way"), kind="choice", choices="contact_way", why=N_("To contact the person as they wish.")),
    Field(
        "frequency",
        N_("Frequency of contact"),
        kind="choice",
        choices="contact_frequency",
        why=N_("Not to contact the person more than they wish."),
    ),
    Field("decides", N_("Decides on purchases"), kind="switch", why=N_("To put questions to whoever can answer them.")),
    Field("emergency", N_("Emergency contact"), kind="switch", why=N_("To call in an emergency, day and night.")),
    Field(
        "relationship_note",
        N_("Remarks on the relation"),
        kind="long",
        length=1000,
        wide=True,
        why=N_("Only what the work needs; no resident-ID numbers."),
    ),
    Field("kept_for", N_("Kept for"), kind="choice", choices="kept_for", required=True),
)
"""The fields of a contact; `why` is shown beside each (AR-1). `kept_for` holds a code of the list or words of the recorder's own."""

CONTACT: dict[str, Field] = {field.name: field for field in CONTACT_FIELDS}

INVESTIGATION_GROUPS = {
    "proposal": N_("Proposed dealings"),
    "findings": N_("Findings"),
    "result": N_("Opinion"),
}

INVESTIGATION_FIELDS = (
    Field("found_by", N_("How found"), "proposal", required=True),
    Field("purpose", N_("Purpose of dealings"), "proposal", required=True),
    Field("expected_products", N_("Expected products"), "proposal", "long", required=True, length=1000),
    Field("expected_monthly_amount", N_("Expected monthly amount (yuan)"), "proposal", "money", required=True),
    Field("proposed_payment_terms", N_("Proposed payment terms"), "proposal", "choice", "payment_terms", required=True),
    Field(
        "proposed_credit_limit",
        N_("Proposed credit limit (yuan)"),
        "proposal",
        "money",
        required=True,
        help=N_("0 where nothing is sold on credit."),
    ),
    Field("credit_findings", N_("Findings on credit"), "findings", "long", required=True, length=TEXT_LENGTH),
    Field("premises_findings", N_("Premises"), "findings", "long", length=TEXT_LENGTH),
    Field("management_findings", N_("Management"), "findings", "long", length=TEXT_LENGTH),
    Field("market_findings", N_("Market"), "findings", "long", length=TEXT_LENGTH),
    Field("competitors", N_("Competitors"), "findings", "long", length=TEXT_LENGTH),
    Field("risks", N_("Risks"), "findings", "long", required=True, length=TEXT_LENGTH),
    Field("opinion", N_("Opinion of the investigator"), "result", "long", required=True, length=TEXT_LENGTH, wide=True),
    Field("proposed_grade", N_("Proposed grade"), "result", "grade", required=True),
    Field("investigated_on", N_("Date of investigation"), "result", "date", required=True),
)
"""The fields of the new customer investigation; `required` is asked at submission, so that a draft can be kept half done (AR-2)."""

INVESTIGATION: dict[str, Field] = {field.name: field for field in INVESTIGATION_FIELDS}

REQUIRED_OF_CUSTOMER = ("credit_code", "nature", "province", "city", "street", "telephone", "legal_representative", "main_business")
"""What the card must say before a new customer's investigation is submitted; an individual has neither code nor legal representative."""


def texts(fields: Iterable[Field], record: Any) -> dict[str, Any]:
    """Return the fields of a record as plain data (see `Field.text`)."""
    return {field.name: field.text(getattr(record, field.name)) for field in fields}


def apply(record: Any, values: Mapping[str, Any], fields: Mapping[str, Field]) -> list[dict[str, Any]]:
    """Set the values that differ and return what changed, as [{field, old, new}] in plain data."""
    changes = []
    for name, value in values.items():
        old = getattr(record, name)
        if value != old:
            changes.append({"field": name, "old": fields[name].text(old), "new": fields[name].text(value)})
            setattr(record, name, value)
    return changes


def grouped(fields: Iterable[Field], groups: dict[str, str]) -> list[tuple[str, str, list[Field]]]:
    """Return (group, title, fields) in the order of the paper form, empty groups left out."""
    found = [(group, title, [field for field in fields if field.group == group]) for group, title in groups.items()]
    return [entry for entry in found if entry[2]]
