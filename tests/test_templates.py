"""Every template compiles, and none asks for what the policy of the browser refuses."""

from __future__ import annotations

import re

from flask import Flask

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
