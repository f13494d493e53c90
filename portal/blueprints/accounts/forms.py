"""Forms of sign-in and profile."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal.forms import PortalForm


class SignInForm(PortalForm):
    """Account and password."""

    account = StringField(_l("Account"), [InputRequired(_l("Enter your account.")), Length(max=64)], render_kw={"autocomplete": "username"})
    password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password."))], render_kw={"autocomplete": "current-password"})
    next = HiddenField()


class PasswordForm(PortalForm):
    """Change of the own password."""

    current = PasswordField(_l("Present password"), [InputRequired(_l("Enter your present password."))], render_kw={"autocomplete": "current-password"})
    password = PasswordField(_l("New password"), [InputRequired(_l("Enter a new password."))], render_kw={"autocomplete": "new-password"})
    again = PasswordField(_l("New password again"), [InputRequired(_l("Enter the new password again."))], render_kw={"autocomplete": "new-password"})
