"""What forms write by themselves is what WTForms writes."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_babel import lazy_gettext
from wtforms import SelectField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.widgets import Select

from portal.forms import PortalForm

CHOICES = [
    SelectChoice("", ""), SelectChoice("a", "甲"), SelectChoice('"<b>&', '<i>"引号"</i>'), SelectChoice("empty", ""), SelectChoice(7, "七"),
    SelectChoice("more", "更多", render_kw={"disabled": True}), SelectChoice("said", lazy_gettext("Customer")),
]  # fmt: skip


class Choosing(PortalForm):
    one = SelectField("一", choices=CHOICES)
    grouped = SelectField("组", choices=[SelectChoice("x", "甲", optgroup="A"), SelectChoice("y", "乙", optgroup="B")])
    several = SelectMultipleField("多", choices=[SelectChoice("a", "甲"), SelectChoice("b", "乙")])


@pytest.mark.parametrize("chosen", [{}, {"one": "a", "several": ["a", "b"]}, {"one": '"<b>&', "grouped": "y"}])
def test_selects_are_written_as_wtforms_writes_them(app: Flask, chosen: dict[str, Any]) -> None:
    with app.test_request_context():
        form = Choosing(formdata=None, data=chosen)
        for field in (form.one, form.grouped, form.several):
            multiple = field is form.several
            assert field() == Select(multiple=multiple)(field), field.name
