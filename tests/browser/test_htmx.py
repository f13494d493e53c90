"""htmx from its CDN, or from the portal itself when the CDN does not answer within two seconds. The internet is never asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, request
from playwright.sync_api import BrowserContext, Page, Route

from portal import config, htmx
from portal.sessions import ASKED_BY_ITSELF

NEARBY = f"/assets/htmx-{config.HTMX_VERSION}.js"


@pytest.fixture
def with_cdn(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "HTMX_ASSET", "cdn")
    policy = f"default-src 'self'; script-src 'self' https://{config.HTMX_URL.split('/')[2]}; style-src 'self'; img-src 'self' data:"

    def with_policy(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = policy
        return response

    monkeypatch.setitem(app.after_request_funcs, None, [with_policy, *app.after_request_funcs.get(None, [])])


def _fetched(context: BrowserContext) -> list[str]:
    addresses: list[str] = []
    context.on("request", lambda request: addresses.append(request.url))
    return addresses


def _scripts_of(answer: Callable[[Route], None], context: BrowserContext) -> None:
    context.route(config.HTMX_URL, answer)


def _started(page: Page) -> None:
    """Wait until htmx has begun its work, by when it has read the page's own settings. A script that has only run may have missed that.

    Asked from here, because the policy lets no page wait for an expression.
    """
    for _ in range(60):
        if page.evaluate("Boolean(window.htmx && window.htmx.config.allowEval === false)"):
            return
        page.wait_for_timeout(100)
    raise AssertionError("htmx did not start within six seconds")


def test_cdn_answers(with_cdn: None, site: str, context: BrowserContext) -> None:
    headers = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    _scripts_of(lambda route: route.fulfill(body=htmx.local_asset(), content_type="text/javascript", headers=headers), context)
    fetched, page = _fetched(context), context.new_page()
    page.goto(f"{site}/sign-in")
    _started(page)
    page.wait_for_timeout(2300)
    assert page.evaluate("htmx.version") == config.HTMX_VERSION
    assert not [address for address in fetched if address.endswith(NEARBY)]


def test_cdn_answers_when_the_page_has_been_read(with_cdn: None, site: str, context: BrowserContext) -> None:
    """Between the end of the page's text and that of its pictures htmx would miss its own beginning."""
    held: list[Route] = []
    _scripts_of(lambda route: held.append(route), context)
    fetched, page = _fetched(context), context.new_page()
    page.goto(f"{site}/sign-in", wait_until="domcontentloaded")
    headers = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    held[0].fulfill(body=htmx.local_asset(), content_type="text/javascript", headers=headers)
    _started(page)
    assert not [address for address in fetched if address.endswith(NEARBY)]


def test_cdn_sends_other_bytes(with_cdn: None, site: str, context: BrowserContext) -> None:
    """What does not match the integrity hash is not run; the portal's own copy is."""
    headers = {"Access-Control-Allow-Origin": "*"}
    _scripts_of(lambda route: route.fulfill(body="window.evil = 1", content_type="text/javascript", headers=headers), context)
    page = context.new_page()
    page.goto(f"{site}/sign-in")
    _started(page)
    assert page.evaluate("window.evil") is None


def test_cdn_refuses(with_cdn: None, site: str, context: BrowserContext) -> None:
    _scripts_of(lambda route: route.abort(), context)
    fetched, page = _fetched(context), context.new_page()
    page.goto(f"{site}/sign-in")
    _started(page)
    assert [address for address in fetched if address.endswith(NEARBY)]


def test_cdn_is_silent_and_answers_too_late(with_cdn: None, site: str, context: BrowserContext) -> None:
    """After two seconds the portal's copy runs; the late answer of the CDN does not start htmx a second time."""
    held: list[Route] = []
    _scripts_of(lambda route: held.append(route), context)
    page = context.new_page()
    page.goto(f"{site}/sign-in", wait_until="domcontentloaded")
    _started(page)
    page.evaluate("window.first = window.htmx")
    headers = {"Access-Control-Allow-Origin": "*"}
    held[0].fulfill(body=htmx.local_asset(), content_type="text/javascript", headers=headers)
    page.wait_for_load_state("load")
    page.wait_for_timeout(300)
    assert page.evaluate("window.first === window.htmx")


def test_without_cdn_only_the_portal_is_asked(site: str, context: BrowserContext) -> None:
    fetched, page = _fetched(context), context.new_page()
    page.goto(f"{site}/sign-in")
    _started(page)
    assert all(address.startswith((site, "data:")) for address in fetched)


def test_second_visit_is_one_request(app: Flask, site: str, page_as: Callable[[str], Page], monkeypatch: pytest.MonkeyPatch) -> None:
    page, asked = page_as("rep1"), []

    def note() -> None:
        asked.append(request.path)

    monkeypatch.setitem(app.before_request_funcs, None, [note, *app.before_request_funcs.get(None, [])])
    page.goto(f"{site}/")
    page.wait_for_load_state("networkidle")
    assert len(asked) <= 6, asked
    asked.clear()
    page.goto(f"{site}/")
    page.wait_for_load_state("networkidle")
    assert asked == ["/"]


def test_what_is_asked_by_the_clock_says_so_and_what_somebody_asks_does_not(
    app: Flask, site: str, page_as: Callable[[str], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, asked = page_as("rep1"), []

    def note() -> None:
        if request.headers.get("HX-Request"):
            asked.append((request.path, ASKED_BY_ITSELF in request.headers))

    monkeypatch.setitem(app.before_request_funcs, None, [note, *app.before_request_funcs.get(None, [])])
    page.goto(f"{site}/")
    _started(page)
    with page.expect_response(lambda got: got.url.endswith("/inbox/count")):
        page.evaluate(
            """() => {
              const count = document.createElement("a");
              count.setAttribute("data-hx-get", "/inbox/count");
              count.setAttribute("data-hx-trigger", "every 100ms");
              document.body.append(count);
              htmx.process(count);
            }"""
        )
    with page.expect_response(lambda got: "/search" in got.url):
        page.locator("input[type=search]").first.press_sequentially("华为")
    assert ("/inbox/count", True) in asked
    assert {said for path, said in asked if path != "/inbox/count"} == {False}
