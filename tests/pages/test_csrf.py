"""Every route that changes something refuses without the token, htmx included (quality.md: Browser)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter

from portal.database import SAFE_METHODS
from portal.permissions import FOREIGN_ENDPOINTS


def _unsafe(app: Flask) -> list[tuple[str, str]]:
    adapter = app.url_map.bind("localhost")
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in FOREIGN_ENDPOINTS:
            continue
        values = {name: 1 if isinstance(converter, IntegerConverter) else "x" for name, converter in rule._converters.items()}
        for method in (rule.methods or set()) - set(SAFE_METHODS):
            found.append((method, adapter.build(rule.endpoint, values, method=method)))
    return found


@pytest.fixture
def guarded(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    return app


def test_no_route_takes_a_request_without_a_token(guarded: Flask, as_: Any) -> None:
    browser = as_("mgr1")
    routes = _unsafe(guarded)
    assert len(routes) > 10
    for method, url in routes:
        for headers in ({}, {"HX-Request": "true"}):
            assert browser.open(url, method=method, headers=headers).status_code == 400, f"{method} {url}"


def test_the_token_of_the_page_is_taken_in_form_and_header(guarded: Flask, as_: Any) -> None:
    browser = as_("rep1")
    page = browser.get("/profile").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    assert browser.post("/language", data={"language": "en", "csrf_token": token[1]}).status_code == 303
    assert browser.post("/language", data={"language": "en"}, headers={"X-CSRFToken": token[1]}).status_code == 303
    assert browser.post("/language", data={"language": "en", "csrf_token": token[1] + "x"}).status_code == 400


def test_a_token_of_another_session_is_refused(guarded: Flask, as_: Any) -> None:
    page = as_("rep2").get("/profile").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    assert as_("rep1").post("/language", data={"language": "en", "csrf_token": token[1]}).status_code == 400
