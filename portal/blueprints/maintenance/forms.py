"""Forms of maintenance plans, and how their rows of measures and their customers are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from wtforms import DateField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.database import db
from portal.forms import PortalForm
from portal.models.customer import Customer
from portal.models.customer_choice import Chosen
from portal.models.plan_papers import VERDICTS
from portal.models.staff import Staff
from portal.rules.dates import parse_date
from portal.rules.maintenance import EACH, EXTENTS, LONGEST_LINE, LONGEST_TEXT, LONGEST_TITLE, MOST_MEASURES, Measure
from portal.rules.message import N_, Refusal
from portal.rules.money import parse_amount
from portal.rules.text import clean_line
from portal.sessions import me

FEWEST_ROWS, MORE_ROWS = 4, 5
_PARTS = ("kind", "text", "extent", "staff", "due", "cost")


class PlanForm(PortalForm):
    """What a plan says; its measures are rows of their own (`measures_sent`)."""

    title = StringField(_l("Name of the plan"), [Length(max=LONGEST_TITLE)])
    goal = TextAreaField(_l("Goal"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 3})
    means = TextAreaField(_l("Means"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 3})
    budget = StringField(_l("Budget (yuan)"), [Length(max=30)], render_kw={"inputmode": "decimal"})
    starts_on = DateField(_l("Begins on"), [Optional()])
    ends_on = DateField(_l("Ends on"), [Optional()])
    people = SelectMultipleField(
        _l("Who carries it out"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), validate_choice=False
    )
    customers = TextAreaField(_l("Customers covered"), [Length(max=40_000)], render_kw={"rows": 6})
    customer = StringField(_l("Add a customer"), [Length(max=200)])
    version = HiddenField()
    previous = HiddenField()

    def offer_people(self, chosen: list[int]) -> PlanForm:
        """Offer those who can carry the plan out: of a supervisor the team's, of a manager everybody; and who is on it already."""
        query = select(Staff.id, Staff.name).order_by(Staff.name, Staff.id)
        mine = Staff.in_office if me().is_manager else Staff.in_office & (Staff.team_id == me().team_id)
        query = query.where(or_(mine, Staff.id.in_(chosen)))
        self.people.choices = [SelectChoice(number, name) for number, name in db.session.execute(query)]
        return self


class AmendmentForm(PortalForm):
    """What an amendment changes."""

    reason = TextAreaField(_l("Reason of the change"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 3})
    budget = StringField(_l("Budget (yuan)"), [Length(max=30)], render_kw={"inputmode": "decimal"})
    ends_on = DateField(_l("Ends on"), [Optional()])
    version = HiddenField()


class SummaryForm(PortalForm):
    """What a summary says."""

    verdict = RadioField(
        _l("Conclusion on the goal"), choices=[SelectChoice(code, _l(title)) for code, title in VERDICTS.items()], validate_choice=False
    )
    reached = TextAreaField(_l("Reached against the goal"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 4})
    cost_note = TextAreaField(_l("On cost and budget"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 2})
    learned = TextAreaField(_l("Learned for the next plan"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 4})
    version = HiddenField()

    def values(self) -> dict[str, str]:
        """Return what was entered."""
        return {name: (self[name].data or "").strip() for name in ("verdict", "reached", "cost_note", "learned")}


class GreetingForm(PortalForm):
    """Which holiday, and who is greeted."""

    holiday = SelectField(_l("Holiday"), validate_choice=False)
    day = DateField(_l("First day of the holiday"), [Optional()])
    customers = TextAreaField(_l("Customers to greet"), [Length(max=400_000)], render_kw={"rows": 6})
    note = StringField(_l("Note"), [Length(max=LONGEST_LINE)])


# --- measures ----------------------------------------------------------------


def blank_row() -> dict[str, str]:
    """Return an empty row of measures."""
    return dict.fromkeys(_PARTS, "") | {"extent": EACH}


def rows_of(measures: list[Measure], *, room: bool = True) -> list[dict[str, str]]:
    """Return measures as rows of the form, with `room` for more."""
    rows = [
        {
            "kind": one.kind, "text": one.text, "extent": one.extent, "staff": str(one.staff_id or ""),
            "due": one.due_on.isoformat() if one.due_on else "", "cost": f"{one.cost:f}" if one.cost else "",
        }
        for one in measures
    ]  # fmt: skip
    more = max(FEWEST_ROWS - len(rows), 1) if room else 0
    return rows + [blank_row() for _one in range(min(more, MOST_MEASURES - len(rows)))]


def rows_sent() -> list[dict[str, str]]:
    """Return the rows that the form sent, without those that are empty."""
    form, rows = request.form, []
    for number in range(MOST_MEASURES + MORE_ROWS):
        if f"measure-text-{number}" not in form:
            break
        row = {part: clean_line(form.get(f"measure-{part}-{number}", "")) for part in _PARTS}
        if any(row[part] for part in ("kind", "text", "staff", "due", "cost")):
            rows.append(row)
    return rows


def measures_sent(rows: list[dict[str, str]]) -> tuple[list[Measure], list[Refusal]]:
    """Return the measures that rows say, and what in them cannot be read, with its field."""
    measures, wrong = [], []
    for number, row in enumerate(rows):
        due_on, cost = None, Decimal(0)
        try:
            due_on = parse_date(row["due"]) if row["due"] else None
        except Refusal as refusal:
            wrong.append(refusal.at(f"measure-due-{number}"))
        try:
            cost = parse_amount(row["cost"]) if row["cost"] else cost
        except Refusal as refusal:
            wrong.append(refusal.at(f"measure-cost-{number}"))
        staff = int(row["staff"]) if row["staff"].isdecimal() and len(row["staff"]) < 10 else None
        extent = row["extent"] if row["extent"] in EXTENTS else EACH
        measures.append(Measure(row["kind"][:40], row["text"][:LONGEST_LINE], extent, staff, due_on, cost))
    return measures, wrong


def amount_sent(text: str | None, field: str) -> tuple[Decimal, list[Refusal]]:
    """Return the amount that a field says, 0 for none, and why it cannot be read."""
    try:
        return (parse_amount(text) if text else Decimal(0)), []
    except Refusal as refusal:
        return Decimal(0), [refusal.at(field)]


_CELLS = {
    "kind": N_("Kind of measure %(n)s"),
    "text": N_("What is done, measure %(n)s"),
    "extent": N_("For whom, measure %(n)s"),
    "staff": N_("Who does measure %(n)s"),
    "due": N_("Until when, measure %(n)s"),
    "cost": N_("Cost of measure %(n)s"),
}


def show(form: PortalForm, found: list[Refusal]) -> dict[str, str]:
    """Show refusals beside their fields; return those of the cells of measures, to which the summary leads too."""
    return form.refuse_all(found, _name_of)


def _name_of(cell: str) -> str:
    parts = cell.split("-")
    return _(_CELLS[parts[1]], n=int(parts[2]) + 1) if len(parts) == 3 and parts[1] in _CELLS else _("Measures")


# --- customers ----------------------------------------------------------------


def line_of(customer: Customer) -> str:
    """Return a customer as a line of the field."""
    return f"{customer.number} {customer.full_name}"


def lines_of(ids: list[int]) -> str:
    """Return customers in scope as the lines of the field, by number."""
    found: list[Customer] = []
    for start in range(0, len(ids), 500):
        found += db.session.scalars(Customer.visible_to(me()).where(Customer.id.in_(ids[start : start + 500])))
    return "\n".join(line_of(one) for one in sorted(found, key=lambda one: one.number))


def customers_sent(text: str | None) -> tuple[list[Customer], list[Refusal]]:
    """Return the customers that the lines of the field mean, each once, and the lines that mean none that the reader sees."""
    lines = [line for line in map(clean_line, (text or "").splitlines()) if line]
    chosen, found, wrong = Chosen(me(), lines), {}, []
    for line in lines:
        try:
            one: Any = chosen.find(line)
        except Refusal as refusal:
            wrong.append(refusal)
            continue
        if one is None:
            wrong.append(Refusal("No customer you see has this number, credit code or name: %(line)s", field="customers", line=line[:80]))
        else:
            found[one.id] = one
    return list(found.values()), [one.at("customers") for one in wrong]
