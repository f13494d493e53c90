"""Forms of imports and exports."""

from __future__ import annotations

from typing import Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.exchange.book_tables import Book
from portal.exchange.columns import ImportTable
from portal.exchange.customer_table import column_title
from portal.exchange.register_table import OWN_COLUMNS
from portal.forms import PortalForm
from portal.i18n import of_choice
from portal.models import card
from portal.models.customer import CustomerState, possible_owners
from portal.models.import_run import CUSTOMERS, ImportRun
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.registers import OfficeRegister


def _owners(user: Staff) -> list[SelectChoice]:
    """Return who may be in charge of the new customers of a file that `user` imports, first what holds where nobody is chosen."""
    people = possible_owners(user)
    own = user.id in {person.id for person in people}
    first = _("Me, where the file names nobody") if own else _("As the file says")
    return [SelectChoice(0, first), *(SelectChoice(one.id, one.name) for one in people if one.id != user.id)]


class UploadForm(PortalForm):
    """A file, and what is to be done with it."""

    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])
    what = RadioField(_l("What the file is for"), default="both")
    as_state = RadioField(_l("New customers become"), default=CustomerState.PROSPECT.value)
    owner_id = SelectField(_l("In charge"), coerce=int, default=0)

    def offer(self, user: Staff) -> UploadForm:
        """Fill in the choices of `user`, and return the form."""
        self.what.choices = [
            SelectChoice("both", _("New customers and changes of known ones")),
            SelectChoice("create", _("New customers only; known ones are left as they are")),
            SelectChoice("update", _("Changes of known customers only, found by number, credit code or name")),
        ]
        self.as_state.choices = [SelectChoice(CustomerState.PROSPECT.value, _("Prospects"))]
        if user.may(Permission.CUSTOMER_IMPORT_REGISTER):
            self.as_state.choices.append(
                SelectChoice(
                    CustomerState.ACTIVE.value, _("Customers on the register: existing dealings, taken over from paper and spreadsheets")
                )
            )
        self.owner_id.choices = _owners(user)
        return self


class EntriesUploadForm(PortalForm):
    """A file of register entries, and what is to be done with it."""

    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])
    what = RadioField(_l("What the file is for"), default="both")

    def offer(self, _user: Staff) -> EntriesUploadForm:
        """Fill in the choices, and return the form."""
        self.what.choices = [
            SelectChoice("both", _("New entries and changes of known ones")),
            SelectChoice("create", _("New entries only; known ones are left as they are")),
            SelectChoice("update", _("Changes of known entries only, found by number or by what stands in the register once")),
        ]
        return self


class BookUploadForm(PortalForm):
    """A file of sales, payments or what belongs to them, and what is to be done with it."""

    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])
    source = StringField(_l("System that the file comes from"), [Length(max=40)])
    what = RadioField(_l("What the file is for"), default="both")

    def offer(self, _user: Staff) -> BookUploadForm:
        """Fill in the choices, and return the form."""
        self.what.choices = [
            SelectChoice("both", _("New rows and changes of known ones")),
            SelectChoice("create", _("New rows only; known ones are left as they are")),
            SelectChoice("update", _("Changes of known rows only")),
        ]
        return self


class ColumnsForm(PortalForm):
    """Which column of the file is which, and what holds for the whole file."""

    owner_id = SelectField(_l("In charge"), coerce=int, default=0)
    kept_for = SelectField(_l("Contacts' data are kept for"))
    dates = SelectField(_l("Dates such as 1/6/2012"))
    reason = StringField(_l("Where the data come from"), [InputRequired(_l("Say where the data come from.")), Length(max=300)])
    effective_on = DateField(_l("The changes hold since"), [InputRequired(_l("Give a day such as 2026-03-05."))])

    def offer(self, run: ImportRun) -> ColumnsForm:
        """Fill in the choices, and return the form; only customers have somebody in charge, and contacts, whose purpose is asked.

        How dates with the year behind are read is asked where the file has such, unless they show it themselves.
        """
        if "dates" in run.options:
            self.dates.choices = [
                SelectChoice("", _("— choose —")),
                SelectChoice("mdy", _("Month first: 6 January 2012")),
                SelectChoice("dmy", _("Day first: 1 June 2012")),
            ]
        else:
            del self.dates
        if run.table_name != CUSTOMERS:
            del self.kept_for, self.owner_id
            return self
        self.owner_id.choices = _owners(run.staff)
        self.kept_for.choices = [SelectChoice(entry["code"], of_choice(entry)) for entry in standard("choices.kept_for") if entry["active"]]
        return self


def targets(table: ImportTable) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the columns to choose from in groups: (group, [(name, title)])."""
    own = [("number", _("Customer number")), ("owner", _("In charge")), ("registered_on", _("On the register since"))]
    groups = [(_("The customer in the portal"), own)]
    for _group, title, fields in card.grouped(card.EDITABLE, card.GROUPS):
        groups.append((_(title), [(entry.name, column_title(table.by_name[entry.name])) for entry in fields]))
    for place in (1, 2, 3):
        names = [name for name in table.by_name if name.startswith(f"contact{place}_")]
        groups.append((_("Contact %(number)s", number=place), [(name, column_title(table.by_name[name])) for name in names]))
    return groups


def entry_targets(register: OfficeRegister) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the columns of a register to choose from in groups."""
    own = [(column.name, column_title(column)) for column in OWN_COLUMNS]
    return [(_("The entry and its customer"), own), (_(register.title), [(one.name, _(one.title)) for one in register.fields])]


def book_targets(book: Book) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the columns of a book to choose from, in one group."""
    return [(_(book.title), [(column.name, column_title(column)) for column in book.columns])]


class StartForm(PortalForm):
    """How the checked rows are to be written."""

    mode = RadioField(_l("Which rows"), default="good")
    skip_duplicates = BooleanField()

    def offer(self, run: ImportRun) -> StartForm:
        """Fill in the choices, and return the form."""
        self.mode.choices = [
            SelectChoice("good", _("The good rows; refused ones stay in a file of their own")),
            SelectChoice("all", _("All rows or none: if one cannot be written, nothing is")),
        ]
        self.skip_duplicates.label.text = _("Leave out the %(count)s likely duplicates", count=f"{run.counts.get('duplicates', 0):,}")
        return self


class FormatForm(PortalForm):
    """What kind of file it is."""

    format = RadioField(_l("File"), default="xlsx")

    def offer(self) -> Self:
        """Fill in the choices, and return the form."""
        self.format.choices = [SelectChoice("xlsx", _("Excel (.xlsx)")), SelectChoice("csv", _("Text (.csv, UTF-8)"))]
        return self


class ExportForm(FormatForm):
    """What goes into the file of customers."""

    columns = RadioField(_l("Columns"), default="list")

    def offer(self) -> Self:
        """Fill in the choices, and return the form."""
        super().offer()
        self.columns.choices = [
            SelectChoice("list", _("The columns of the list")),
            SelectChoice("card", _("The whole card, in the form in which it can be imported again")),
            SelectChoice("contacts", _("The contacts, one a row")),
        ]
        return self
