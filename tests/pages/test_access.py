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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method}-{row.endpoint}-{row.url}")
@pytest.mark.parametrize("account", ["", "rep1", "rep2", "rep3", "sup1", "sup2", "mgr1"], ids=lambda name: name or "anonymous")
def test_answer(row: Row, account: str, app: Flask, as_: Any, client: Any) -> None:
    ids = row.prepare() if row.prepare else {"customer": factories.customer("rep1").id}
    browser = as_(account) if account else client
    url = row.url.format(**ids)
    data = {key: value.format(**ids) if isinstance(value, str) else value for key, value in row.data.items()}
    response = browser.open(url, method=row.method, data=data if row.method != "GET" else None)
    assert response.status_code == row.expected()[account], response.get_data(as_text=True)[:2000]
