"""Every route × role answers as declared; a route without a row fails (RO-1)."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest
from flask import Flask

import tests.pages as pages
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


def _ids(row: Row) -> dict[str, Any]:
    return row.prepare() if row.prepare else {"customer": factories.customer("rep1").id}


def _named(row: Row) -> str:
    return f"{row.method}-{row.endpoint}-{row.url}"


@pytest.mark.parametrize("row", [row for row in ROWS if row.method == "GET"], ids=_named)
def test_reading(row: Row, app: Flask, as_: Any, client: Any) -> None:
    """Reading changes nothing, so that all ask in one office."""
    url, found = row.url.format(**_ids(row)), {}
    for account in ACCOUNTS:
        browser = as_(account) if account else client
        found[account] = browser.get(url).status_code
    assert found == row.expected()


@pytest.mark.parametrize("row", [row for row in ROWS if row.method != "GET"], ids=_named)
@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda name: name or "anonymous")
def test_answer(row: Row, account: str, app: Flask, as_: Any, client: Any) -> None:
    ids = _ids(row)
    browser = as_(account) if account else client
    data = {key: value.format(**ids) if isinstance(value, str) else value for key, value in row.data.items()}
    response = browser.open(row.url.format(**ids), method=row.method, data=data)
    assert response.status_code == row.expected()[account], response.get_data(as_text=True)[:2000]
