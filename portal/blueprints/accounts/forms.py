"""Forms of sign-in, profile, staff, teams and delegation."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, EmailField, HiddenField, PasswordField, SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.forms import PortalForm
from portal.i18n import LANGUAGES, of_choice
from portal.models.standard import value as standard
from portal.permissions import Role
from portal.rules.passwords import LONGEST


def _secret(label: Any, missing: Any, kind: str) -> PasswordField:
    """Return a field for a password, which managers of passwords recognize by `kind`. Pasting is allowed."""
    return PasswordField(label, [InputRequired(missing), Length(max=4 * LONGEST)], render_kw={"autocomplete": kind})


class SignInForm(PortalForm):
    """Account and password."""

    account = StringField(
        _l("Account"),
        [InputRequired(_l("Enter your account.")), Length(max=64)],
        render_kw={"autocomplete": "username", "autocapitalize": "none"},
    )
    password = _secret(_l("Password"), _l("Enter your password."), "current-password")
    next = HiddenField()


class PasswordForm(PortalForm):
    """Change of the own password."""

    current = _secret(_l("Present password"), _l("Enter your present password."), "current-password")
    password = _secret(_l("New password"), _l("Enter a new password."), "new-password")
    again = _secret(_l("New password again"), _l("Enter the new password again."), "new-password")


class ProfileForm(PortalForm):
    """What people keep of themselves."""

    language = SelectField(_l("Language"), choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()])
    email = EmailField(_l("E-mail"), [Optional(), Length(max=200)], render_kw={"autocomplete": "email"})
    telephone = TelField(_l("Telephone"), [Optional(), Length(max=40)], render_kw={"autocomplete": "tel"})


class SignatureForm(PortalForm):
    """A picture of the signature."""

    picture = FileField(
        _l("Picture"), [FileRequired(_l("Choose a picture or draw your signature."))], render_kw={"accept": "image/png,image/jpeg"}
    )


class StaffForm(PortalForm):
    """A colleague's account. `teams` are (id, name)."""

    account = StringField(
        _l("Account"), [InputRequired(_l("Enter an account name.")), Length(max=32)], render_kw={"autocapitalize": "none"}
    )
    name = StringField(_l("Name"), [InputRequired(_l("Enter the name.")), Length(max=60)])
    role = SelectField(_l("Role"))
    team_id = SelectField(_l("Team"), coerce=int)
    department = StringField(_l("Department"), [Length(max=60)])
    department_code = SelectField(_l("Sees the proposals routed to"), validate_choice=False)
    post = StringField(_l("Post"), [Length(max=60)])
    email = EmailField(_l("E-mail"), [Optional(), Length(max=200)])
    telephone = TelField(_l("Telephone"), [Optional(), Length(max=40)])
    version = HiddenField()

    def __init__(self, *args: Any, teams: list[tuple[int, str]], **values: Any) -> None:
        super().__init__(*args, **values)
        self.role.choices = [(role.value, _l(role.label)) for role in sorted(Role, key=lambda one: one == Role.DEPARTMENT)]
        listed = [SelectChoice(one["code"], of_choice(one)) for one in standard("choices.department")]
        self.department_code.choices = [SelectChoice("", _l("none")), *listed]
        self.team_id.choices = [(0, _l("No team")), *teams]


class DeactivationForm(PortalForm):
    """Who takes the open work over. `colleagues` are (id, name)."""

    to_id = SelectField(_l("Open work goes to"), coerce=int)

    def __init__(self, *args: Any, colleagues: list[tuple[int, str]], **values: Any) -> None:
        super().__init__(*args, **values)
        self.to_id.choices = [(0, _l("Nobody: there is none")), *colleagues]


class TeamForm(PortalForm):
    """A team."""

    name = StringField(_l("Name of the team"), [InputRequired(_l("Enter the name.")), Length(max=60)])
    department = StringField(_l("Department"), [Length(max=60)])


class DelegationForm(PortalForm):
    """Who signs for whom. `principals` and `delegates` are (id, name)."""

    principal_id = SelectField(_l("For"), coerce=int)
    delegate_id = SelectField(_l("Delegate"), coerce=int)
    from_date = DateField(_l("From the day"), [InputRequired(_l("Enter the first day."))])
    to_date = DateField(_l("To"), [InputRequired(_l("Enter the last day."))])
    reason = StringField(_l("Reason"), [Length(max=200)])

    def __init__(self, *args: Any, principals: list[tuple[int, str]], delegates: list[tuple[int, str]], **values: Any) -> None:
        super().__init__(*args, **values)
        self.principal_id.choices = principals
        self.delegate_id.choices = delegates
