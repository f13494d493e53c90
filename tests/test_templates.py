"""Every template compiles, and none asks for what the policy of the browser refuses."""

from __future__ import annotations

import re
from types import SimpleNamespace

from flask import Flask

from portal.filters import options
from portal.i18n import in_language
from portal.printing.render import _environment


def own(app: Flask) -> list[str]:
    """Return the names of our own templates."""
    assert app.jinja_loader is not None
    return [name for name in app.jinja_loader.list_templates() if name.endswith((".html", ".txt"))]


def test_every_template_compiles(bare_app: Flask) -> None:
    names = own(bare_app)
    assert len(names) > 10
    sheets = _environment()
    for name in names:
        if name.startswith("print/"):
            sheets.get_template(name)
        else:
            bare_app.jinja_env.get_template(name)


def test_pages_have_neither_inline_styles_nor_scripts(bare_app: Flask) -> None:
    assert bare_app.jinja_loader is not None
    for name in own(bare_app):
        if name.startswith("print/"):
            continue  # sheets are read by the PDF engine, not by a browser
        source, _path, _fresh = bare_app.jinja_loader.get_source(bare_app.jinja_env, name)
        assert not re.search(r"<[^>{]*\s(style|on[a-z]+)=", source), name
        assert not re.search(r"<script(?![^>]*\bsrc=)", source), name
        assert "|safe" not in source.replace(" ", ""), name


def test_choices_are_offered_in_the_words_of_the_reader(bare_app: Flask) -> None:
    team, room = SimpleNamespace(id=3, name="客户一科"), SimpleNamespace(id=4, zh="贵宾室", en="Guest room")
    with bare_app.test_request_context(), in_language("en"):
        assert options({"a": "All", "b": ("State", "ok"), 2: {"zh": "甲", "en": "One"}}) == [("a", "All"), ("b", "State"), ("2", "One")]
        assert options([(5, "All"), {"code": "x", "zh": "乙", "en": "Two"}, team, room, "A", 2026]) == [
            ("5", "All"), ("x", "Two"), ("3", "客户一科"), ("4", "Guest room"), ("A", "A"), ("2026", "2026")
        ]  # fmt: skip
    with bare_app.test_request_context(), in_language("zh_Hans_CN"):
        assert options({"a": "All"}) + options([(5, "All"), room]) == [("a", "全部"), ("5", "All"), ("4", "贵宾室")]
        choice = bare_app.jinja_env.get_template("components/filters.html").module.choice  # type: ignore[attr-defined]
        assert '<option value="3" selected>客户一科' in choice("team", "科", [team], 3)
        assert choice("team", "科", [], "") == "", "nothing where there is nothing to choose"
