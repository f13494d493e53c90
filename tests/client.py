"""A test browser that checks every page it fetches: one h1, title, no duplicate ids, labelled fields, forms with an action."""

from __future__ import annotations

import gzip
import re
from hashlib import sha256
from typing import Any

import html5lib
from flask.testing import FlaskClient

NAMESPACE = "{http://www.w3.org/1999/xhtml}"


WORDS, NUMBERS, IDS = re.compile(r">[^<]*<"), re.compile(r"[\w.-]{60,}|[0-9]+"), re.compile(r'\sid="([^"]+)"')
TITLE, HEAD, TAG = re.compile(r"(?s)<title>.*?</title>"), re.compile(r"(?s)<h1\b.*?</h1>"), re.compile(r"<[^>]*>")
MAIN = re.compile(r"(?s)<main\b.*</main>")
_built: set[bytes] = set()
"""The builds that the parser has read and found without a fault."""


def faults(html: str) -> list[str]:
    """Return what is wrong with a whole page, in words.

    Pages of one build differ in words, numbers and tokens only, and the frame around `main` is nearly always the same: to parse it all
    for every answer took a quarter of the suite. What is in question is parsed whole.
    """
    title, heads, main, ids = TITLE.search(html), HEAD.findall(html), MAIN.search(html), IDS.findall(html)
    if not title or not main or len(heads) != 1 or len(ids) != len(set(ids)):
        return faults_of(html)
    frame = html[: main.start()] + f"<main>{heads[0]}</main>" + html[main.end() :]
    inside = f'<!doctype html><html lang="en"><head>{title[0]}</head><body>{main[0]}</body></html>'
    found: list[str] = []
    for part in (frame, inside):
        named = TAG.sub("", title[0]).strip().startswith(TAG.sub("", heads[0]).strip())
        build = sha256(NUMBERS.sub("0", WORDS.sub("><", part)).encode()).digest()
        if not named or build not in _built:
            wrong = faults_of(part)
            found += wrong
            if not wrong:
                _built.add(build)
    return found


def faults_of(html: str) -> list[str]:
    """Return what the parser finds, and what it does not look for."""
    parser = html5lib.HTMLParser(tree=html5lib.treebuilders.getTreeBuilder("etree"), strict=False)
    tree = parser.parse(html)
    found = [f"HTML: {error[1]} at {error[0]}" for error in parser.errors]
    nodes = list(tree.iter())
    heads = ["".join(node.itertext()).strip() for node in nodes if node.tag == f"{NAMESPACE}h1"]
    title = next(("".join(node.itertext()).strip() for node in nodes if node.tag == f"{NAMESPACE}title"), "")
    if len(heads) != 1:
        found.append(f"{len(heads)} h1 on the page: {heads}")
    elif not title.startswith(heads[0]):
        found.append(f"title {title!r} does not begin with h1 {heads[0]!r}")
    ids = [node.get("id") for node in nodes if isinstance(node.tag, str) and node.get("id")]
    found.extend(f"id {one!r} stands {ids.count(one)} times" for one in sorted({one for one in ids if ids.count(one) > 1}))
    labelled = {node.get("for") for node in nodes if node.tag == f"{NAMESPACE}label"}
    inside = {id(child) for node in nodes if node.tag == f"{NAMESPACE}label" for child in node.iter()}
    for node in nodes:
        if node.tag in (f"{NAMESPACE}input", f"{NAMESPACE}select", f"{NAMESPACE}textarea"):
            if node.get("type") in ("hidden", "submit", "button"):
                continue
            if not (node.get("id") in labelled or id(node) in inside or node.get("aria-label") or node.get("aria-labelledby")):
                found.append(f"field {node.get('name')!r} has no label")
        if node.tag == f"{NAMESPACE}form" and not node.get("action"):
            found.append("a form has no action")
        if any(name.startswith("hx-") for name in node.attrib):
            found.append(f"hx-… instead of data-hx-… on {node.tag.removeprefix(NAMESPACE)}: HTML knows no such attribute")
        if isinstance(node.tag, str) and (node.get("style") or any(name.startswith("on") for name in node.attrib)):
            found.append(f"inline style or script on {node.tag.removeprefix(NAMESPACE)}")
    return found


class PortalClient(FlaskClient):
    """The client of the tests. `get`, `post` as usual; every whole page of 200 or 4xx is checked."""

    def be(self, account: str) -> None:
        """Sign in as `account` without the sign-in page (which has tests of its own)."""
        from portal.database import db
        from portal.models.session import StaffSession
        from portal.models.staff import Staff

        person = Staff.by_account(account)
        assert person is not None, account
        token = StaffSession.begin(person, address="127.0.0.1", browser="test")
        db.session.commit()
        with self.session_transaction() as session:
            session["token"] = token
            session["_user_id"] = str(person.id)
            session["_fresh"] = True

    def open(self, *args: Any, **kwargs: Any) -> Any:
        from portal import database
        from portal.database import db

        # The test's own transaction must neither hold the database's write lock nor show the page old rows.
        db.session.rollback()
        with self.application.app_context():
            response = super().open(*args, **kwargs)
        database.read_only(False)
        db.session.expire_all()
        if response.mimetype == "text/html":
            data = response.get_data()
            html = (gzip.decompress(data) if response.headers.get("Content-Encoding") == "gzip" else data).decode()
            wrong = faults(html) if html.lstrip().startswith("<!doctype") else []
            assert not wrong, f"{response.request.path} ({response.status_code}): {wrong}"
        return response
