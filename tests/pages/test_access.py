"""Every route × role answers as declared; a route without a row fails (RO-1)."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest
from flask import Flask

import tests.pages as pages
from portal import jobs
from portal.permissions import FOREIGN_ENDPOINTS
from tests import factories
from tests.access import Row

ROWS: list[Row] = []
for _module in pkgutil.iter_modules(pages.__path__):
    if _module.name.startswith("access_"):
        ROWS.extend(importlib.import_module(f"tests.pages.{_module.name}").ROWS)


def test_every_route_has_a_row(app: Flask) -> None:
    wanted = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in FOREIGN_ENDPOINTS
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    missing = wanted - {(row.endpoint, row.method) for row in ROWS}
    assert not missing, f"routes without a row: {sorted(missing)}"


ACCOUNTS = ["", "rep1", "rep2", "rep3", "sup1", "sup2", "mgr1"]


def _customer() -> dict[str, Any]:
    return {"customer": factories.customer("rep1").id}


def _named(row: Row) -> str:
    return f"{row.method}-{row.endpoint}-{row.url}"


def _offices(rows: list[Row]) -> list[Any]:
    """Return the rows that ask in one office: those of one area that want the same records there."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault((row.endpoint.partition(".")[0], row.prepare), []).append(row)
    return [pytest.param(same, id=f"{area}-{prepare.__name__ if prepare else 'customer'}") for (area, prepare), same in found.items()]


def _browsers(as_: Any, client: Any) -> dict[str, Any]:
    return {account: as_(account) if account else client for account in ACCOUNTS}


def _as(row: Row, account: str) -> dict[str, str]:
    """Return the headers of somebody's question: who is to be turned away asks as htmx does, and gets two lines instead of a whole page."""
    return {"HX-Request": "true"} if row.expected()[account] in (403, 404) else {}


@pytest.mark.parametrize("rows", _offices([row for row in ROWS if row.method == "GET"]))
def test_reading(rows: list[Row], office: Any, as_: Any, client: Any) -> None:
    """Reading changes nothing, so that all ask in one office."""
    ids, browsers = office(rows[0].prepare or _customer), _browsers(as_, client)
    found = [
        (_named(row), {one: browsers[one].get(row.url.format(**ids), headers=_as(row, one)).status_code for one in ACCOUNTS})
        for row in rows
    ]
    assert found == [(_named(row), row.expected()) for row in rows]


WRITING = [row for row in ROWS if row.method != "GET"]
UNCHANGED = {403, 404, 409, 422}
"""Answers after which everything is as it was."""


def _asked(row: Row, browser: Any, ids: dict[str, Any], headers: dict[str, str]) -> Any:
    data = {key.format(**ids): value.format(**ids) if isinstance(value, str) else value for key, value in row.data.items()}
    return browser.open(row.url.format(**ids), method=row.method, data=data, headers=headers)


def _without_files(row: Row) -> Row:
    """Return the row without the files of its form, which the first who sends them reads; whoever is turned away needs none."""
    return Row(row.endpoint, row.url, row.method, {key: value for key, value in row.data.items() if isinstance(value, str)})


def _together(row: Row) -> dict[str, int]:
    """Return who can ask in one office, one after the other, and what each is answered."""
    same = UNCHANGED if row.data == _without_files(row).data else {403, 404}
    return {account: status for account, status in row.expected().items() if status in same}


@pytest.mark.parametrize("rows", _offices([row for row in WRITING if _together(row)]))
def test_who_may_not(rows: list[Row], office: Any, as_: Any, client: Any) -> None:
    """Who is turned away changes nothing, so that all of them ask in one office."""
    ids, browsers = office(rows[0].prepare or _customer), _browsers(as_, client)
    found = [
        (_named(row), {one: _asked(_without_files(row), browsers[one], ids, _as(row, one)).status_code for one in _together(row)})
        for row in rows
    ]
    assert found == [(_named(row), _together(row)) for row in rows]


def _apart(row: Row) -> list[str]:
    """Return who asks in an office of their own, because the answer changes it."""
    return [account for account in row.expected() if account not in _together(row)]


@pytest.mark.parametrize("rows", _offices([row for row in WRITING if _apart(row)]))
def test_answer(rows: list[Row], office: Any, as_: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for row in rows:
        for account in _apart(row):
            with monkeypatch.context() as patch:
                ids = office(row.prepare or _customer)
                patch.setattr(jobs, "start", lambda job: None)  # what the worker does afterwards is tried elsewhere
                response = _asked(row, as_(account) if account else client, ids, _as(row, account))
            said = response.get_data(as_text=True)[:2000] if response.mimetype == "text/html" else response.mimetype
            assert response.status_code == row.expected()[account], f"{_named(row)} as {account or 'nobody'}: {said}"
            response.close()
