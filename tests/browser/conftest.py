"""Pages in Debian's Chromium over a real server: the portal of the test process, its office fresh for each test."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright
from waitress.server import create_server
from waitress.wasyncore import close_all

from portal import database
from portal.database import db
from portal.models.staff import Staff, StaffSession

QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright_here() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright_here: Playwright) -> Iterator[Any]:
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on this machine")
    browser = playwright_here.chromium.launch(executable_path=path, args=QUIET)
    yield browser
    browser.close()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address of a running portal over the test's own office."""
    kept = app.config["SERVER_NAME"]
    app.config["SERVER_NAME"] = None
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    # Its own thread closes them. Closed by another, it asks the closed ones without end, and takes half of every later test's time.
    server.trigger.pull_trigger(lambda: close_all(sockets))
    thread.join()
    server.task_dispatcher.shutdown()
    app.config["SERVER_NAME"] = kept


@pytest.fixture
def context(chromium: Any) -> Iterator[BrowserContext]:
    """A browser window of 1366 × 768, Chinese."""
    window = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    window.set_default_timeout(8000)
    yield window
    window.close()


@pytest.fixture
def page_as(app: Flask, site: str, context: BrowserContext) -> Callable[[str], Page]:
    """Return a page signed in as an account of the cast: `page_as("rep1").goto("/")` takes whole addresses of `site`."""

    def signed_in(account: str) -> Page:
        person = Staff.by_account(account)
        assert person is not None, account
        database.read_only(False)
        number = str(person.id)
        token = StaffSession.begin(person, address="127.0.0.1", browser="test")
        db.session.commit()
        db.session.remove()  # the test's own transaction would keep the server from writing
        serializer: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        value = serializer.dumps({"token": token, "_user_id": number, "_fresh": True})
        context.add_cookies([{"name": app.config["SESSION_COOKIE_NAME"], "value": value, "url": site}])
        return context.new_page()

    return signed_in
