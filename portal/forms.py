"""The one base of all forms: cleaned input, CSRF, errors of the rules beside the field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from wtforms import Field, PasswordField, StringField
from wtforms.i18n import get_translations
from wtforms.widgets import Select

from portal.i18n import is_chinese, translate
from portal.rules.message import N_, Refusal
from portal.rules.text import clean

OVERTAKEN = N_(
    "Somebody else has changed this since you opened it. What you typed is still here: see how it stands now, and send it again."
)


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


class _Choices(Select):
    """A select whose options are written at once: WTForms sorts the attributes of each, which is most of a form that names colleagues."""

    @classmethod
    def render_option(cls, choice: Any, **kwargs: Any) -> Markup:
        """Return an option as WTForms writes it."""
        if kwargs or choice.render_kw:
            return super().render_option(choice, **kwargs)  # type: ignore[no-any-return]
        selected = "selected " if choice.selected else ""
        return Markup(f'<option {selected}value="{escape(str(choice.value))}">{escape(choice.label or choice.value)}</option>')  # noqa: S704 - each part is escaped


_CHOICES = _Choices()


class PortalForm(FlaskForm):
    """A form of the portal. Every text that comes in is cleaned of what cannot be stored or printed."""

    cell_problems: Sequence[tuple[str, str, str]] = ()
    """Errors of cells of tables, which are no fields of the form: (id, label, message)."""

    class Meta(FlaskForm.Meta):
        """What fields of WTForms say by themselves ("Not a valid date value."), in the reader's language."""

        def get_translations(self, form: Any) -> Any:
            """Return the translations that WTForms brings along."""
            return get_translations(["zh"] if is_chinese() else ["en"])

        def render_field(self, field: Any, render_kw: Any) -> Any:
            """Return a field as it stands on a page."""
            if type(field.widget) is Select and not field.widget.multiple:
                field.widget = _CHOICES
            return super().render_field(field, render_kw)

    def process(self, formdata: Any = None, obj: Any = None, data: Any = None, extra_filters: Any = None, **kwargs: Any) -> None:
        """Fill the fields; texts, but never passwords, are cleaned before they are checked."""
        filters = dict(extra_filters or {})
        for name, field in self._fields.items():
            if isinstance(field, StringField) and not isinstance(field, PasswordField):
                filters[name] = [_cleaned, *filters.get(name, [])]
        super().process(formdata, obj, data=data, extra_filters=filters, **kwargs)

    def refuse(self, refusal: Refusal) -> None:
        """Show a rule's refusal beside its field, or above the form when it has none."""
        text = translate(refusal.message)
        field: Field | None = self[refusal.field] if refusal.field and refusal.field in self else None
        if field is not None:
            field.errors = [*field.errors, text]
        else:
            self.form_errors.append(text)

    def refuse_all(self, found: Sequence[Refusal], name_of: Callable[[str], str]) -> dict[str, str]:
        """Show refusals beside their fields, the first of each; return those of cells of tables by the cell's id.

        The summary leads to both. `name_of` says what a cell is called.
        """
        cells: dict[str, str] = {}
        for one in found:
            field = one.field or ""
            if field in self or not field:
                if not field or not self[field].errors:
                    self.refuse(one)
            elif field not in cells:
                cells[field] = translate(one.message)
        self.cell_problems = [(field, name_of(field), text) for field, text in cells.items()]
        return cells

    def overtaken(self, version: int) -> Self:
        """Say that somebody else changed the record meanwhile, and let what was typed be saved over the `version` there is now."""
        self["version"].data = str(version)
        self.refuse(Refusal(OVERTAKEN))
        return self

    @property
    def problems(self) -> list[tuple[str, str, str]]:
        """Return (field id, label, message) of every error, for the summary; the id is empty for errors of the whole form."""
        found = [("", "", str(text)) for text in self.form_errors]
        for field in self:
            label = str(field.label.text)
            said = [str(text) for text in field.errors if not isinstance(text, (dict, list))]
            # The summary names the field before each: a message that begins with it does not say it twice.
            found.extend((field.id, label, text.removeprefix(f"{label}：").removeprefix(f"{label}: ")) for text in said)
        return [*found, *self.cell_problems]
