"""axe finds nothing on the pages of the frame: both languages, light and dark, wide and narrow (quality.md: For people)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Page

from portal.database import db
from portal.models import audit
from portal.models.staff import Staff
from tests import factories
from tests.browser.windows import stands

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "preload": False,  # no style comes from another host
}
VIOLATIONS = """async ([within, options]) => {
    const { violations } = await axe.run(within ?? document, options);
    return JSON.stringify(violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.target} ${node.failureSummary}`)));
}"""


def findings(page: Page, within: str | None = None) -> list[str]:
    """Return what axe finds, a line each; on the whole page, or within what a selector names.

    In a window as high as the page: nothing stands half under the bars that stay in view, wherever the page was scrolled to. Lines and
    not axe's whole answer come from the page, and its program stays where it is: both cost more than the looking.
    """
    size = page.viewport_size
    assert size is not None
    stands(page)
    height = page.evaluate("document.documentElement.scrollHeight")
    if height > size["height"]:
        page.set_viewport_size({**size, "height": height})
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = json.loads(page.evaluate(VIOLATIONS, [within, OPTIONS]))
    if height > size["height"]:
        page.set_viewport_size(size)
    return found


@pytest.mark.parametrize(("language", "scheme"), [("zh_Hans_CN", "light"), ("en", "dark")])
def test_frame(app: Flask, site: str, page_as: Callable[[str], Page], language: str, scheme: str) -> None:
    person = Staff.by_account("mgr1")
    assert person is not None
    person.language = language
    customer = factories.customer("rep1", grade="A")
    audit.write("change", "changed", actor=person, record=customer, label=customer.full_name)
    db.session.commit()
    page = page_as("mgr1")
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for width in (1366, 360):
        page.set_viewport_size({"width": width, "height": 760})
        for path in ("/", "/profile/password", "/nowhere"):
            page.goto(f"{site}{path}")
            assert findings(page) == [], f"{path} at {width} in {language}, {scheme}"
    page.context.clear_cookies()
    page.goto(f"{site}/sign-in")
    assert findings(page) == []
