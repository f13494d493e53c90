"""Every page of the portal, wide, narrow and between: axe finds nothing, nothing overflows, nothing is refused by the policy, and the
HTML is valid (quality.md: For people). One page is looked at in Chinese, the next in English, a form as it was refused; with
`EVERY_PAGE=both` each in both languages, with all its addresses, and forms as they are given out too.

The pages are those of `tests/pages/access_*.py`: a new route must have a row there, and so is looked at here.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Page

from portal.database import db
from portal.models.staff import Staff
from tests import factories
from tests.access import Row
from tests.browser.languages import BOTH
from tests.browser.test_axe import findings
from tests.pages.test_access import ROWS

WIDE, BETWEEN, NARROW = 1366, 768, 360
SHOWN = (200, 409, 422)
"""Answers that are pages with something to do on them; 403 and 404 are one page, looked at once."""
REFUSAL = '<div class="error-page">'
"""What the page has that only says why something cannot be done: its words differ, so that one of them is looked at."""
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll('main *, .topbar *')]
    .filter(node => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth + 1)
    .map(node => node.outerHTML.slice(0, 120)).slice(0, 5)"""

EMPTY_FRAME = "() => document.querySelectorAll('.topbar, .rail, .frame ~ *').forEach(node => node.replaceChildren())"
"""axe reads the whole document, also where it looks at a part of it: what the frame has takes a third of its time."""
NEW_LOOKS = """() => {
    const looks = window.looksSeen ??= new Set();
    const told = (node) => [node.localName, node.className, ...["aria-current", "aria-invalid", "disabled", "open", "type"]
        .map(name => node.getAttribute(name))].join("|");
    for (const node of document.querySelectorAll("main *")) {
        const path = [];
        for (let one = node; one.localName !== "main"; one = one.parentElement) path.push(told(one));
        const look = path.join("<");
        if (!looks.has(look)) { looks.add(look); node.setAttribute("data-new-look", ""); }
    }
    axe.configure({ rules: [{ id: "color-contrast", selector: "[data-new-look]" }] });
}"""
"""Contrast follows from the classes of a node and of what it stands in: it is measured at the first of each, which takes a tenth of
the time that all take, and that is half of axe's."""


class Sight(NamedTuple):
    """A page to look at: who sees it, how it is asked for, and the answer's HTML."""

    name: str
    html: str
    headers: dict[str, str]


def valid(shown: list[Sight]) -> list[str]:
    """Return what the Nu HTML checker says of the pages; nothing where it is not at hand: `VNU_JAR` says where its jar is.

    What `tests.client` checks is checked in any case: the pages came through it.
    """
    jar, java = os.environ.get("VNU_JAR"), shutil.which("java")
    if not jar or not java:
        return []
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.html" for number in range(len(shown))]
        for path, sight in zip(paths, shown, strict=True):
            path.write_text(sight.html)
        command = [java, "-Xss1m", "-jar", jar, "--format", "json", "--exit-zero-always", "--stdout", *map(str, paths)]
        said = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["messages"]
    return [f"{shown[int(Path(one['url']).stem)].name}: {one['message']}: {one.get('extract', '')}" for one in said]


class World:
    """The records that the rows ask for, made once each."""

    def __init__(self) -> None:
        self.made: dict[Any, dict[str, Any]] = {}

    def ids(self, row: Row) -> dict[str, Any]:
        if row.prepare not in self.made:
            prepare: Callable[[], dict[str, Any]] = row.prepare or (lambda: {"customer": factories.customer("rep1", grade="A").id})
            self.made[row.prepare] = prepare()
        return self.made[row.prepare]


def _who(row: Row) -> list[str]:
    """Return whose pages of the route are looked at: a manager's, the rep's where a manager has none; the signatory's where one signs."""
    answers = {account: status for account, status in row.expected().items() if status in SHOWN}
    first = next((account for account in ("mgr1", "rep1", "sup1") if account in answers), None)
    return [] if first is None else [first, "sup1"] if row.endpoint == "approvals.show" else [first]


def sights(app: Flask, as_: Callable[[str], Any], language: str) -> Iterator[Sight]:
    """Yield each page behind the rows: a form that is refused has all that it has at first, and its errors."""
    db.session.query(Staff).update({"language": language})
    db.session.commit()
    browsers = {account: as_(account) for account in ("mgr1", "rep1", "sup1")}
    world, seen, told = World(), set(), False
    for row in sorted(ROWS, key=lambda row: row.method, reverse=True):
        for account in _who(row):
            known = (account, row.endpoint, row.method, row.url) if BOTH else (account, row.endpoint)
            if known in seen:
                continue
            seen.add(known)
            if not BOTH and len(seen) % 2 != (language == "en"):
                continue
            ids = world.ids(row)
            url = row.url.format(**ids)
            data = {key.format(**ids): value.format(**ids) if isinstance(value, str) else value for key, value in row.data.items()}
            answer = browsers[account].open(url, method=row.method, data=data if row.method == "POST" else None)
            body = answer.get_data()
            if answer.mimetype != "text/html" or answer.status_code not in SHOWN:  # rows before it have changed the office
                continue
            html = (gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body).decode()
            if not html.lstrip().startswith("<!doctype") or (told and REFUSAL in html):
                continue
            told = told or REFUSAL in html
            policy = answer.headers["Content-Security-Policy"]
            yield Sight(f"{row.method} {url} {account} {answer.status_code}", html, {"Content-Security-Policy": policy})


@pytest.mark.parametrize(("language", "axe_at"), [("zh_Hans_CN", WIDE), ("en", NARROW)], ids=["zh", "en"])
def test_every_page(
    app: Flask, site: str, page_as: Callable[[str], Page], as_: Any, monkeypatch: pytest.MonkeyPatch, language: str, axe_at: int
) -> None:
    """The pages are asked of the portal in the process; the browser gets them as they were answered, and the rest from the server.

    axe looks at what stands in `main`: the frame around it is the same everywhere, and looked at in `test_axe.py`.
    """
    pages = list(sights(app, as_, language))
    # A manager's pictures: some of the pages hand customers over, and what a rep no longer has in charge is not shown to them.
    page, wrong, now = page_as("mgr1"), [], [""]
    page.on("console", lambda line: wrong.append(f"{now[0]}: console {line.text}") if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(f"{now[0]}: script {error}"))
    shown: list[Sight] = []
    policy: dict[str, str] = {}

    def give(environ: dict[str, Any], start_response: Any) -> Any:
        if not environ["PATH_INFO"].startswith("/look/"):
            return portal(environ, start_response)
        sight = shown[-1]
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), *sight.headers.items()])
        return [sight.html.encode()]

    portal = app.wsgi_app
    monkeypatch.setattr(app, "wsgi_app", give)
    page.add_init_script(AXE_SCRIPT)
    for sight in pages:
        shown.append(sight)
        now[0] = sight.name
        if sight.headers != policy:  # all pages have one, and the first one's goes on for those written into its window
            policy = sight.headers
            page.goto(f"{site}/look/{len(shown)}")
        else:
            page.set_content(sight.html)
        for width in (NARROW, WIDE) if axe_at == WIDE else (WIDE, BETWEEN, NARROW):  # English words are longer
            page.set_viewport_size({"width": width, "height": 760})
            wrong += [f"{now[0]} at {width}: too wide: {line}" for line in page.evaluate(TOO_WIDE)]
        page.evaluate(EMPTY_FRAME)
        if not BOTH:
            page.evaluate(NEW_LOOKS)
        wrong += [f"{now[0]} at {axe_at}: {line}" for line in findings(page, "main")]
    wrong += valid(shown)
    assert len(shown) > 60
    assert not wrong, "\n".join(dict.fromkeys(wrong))
