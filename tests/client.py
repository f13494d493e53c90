"""A test browser that checks every page it fetches: one h1, title, no duplicate ids, labelled fields, forms with an action."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from typing import Any

from flask.testing import FlaskClient
from markupever import HtmlOptions, Parser

IDS = re.compile(r'\sid="([^"]+)"')
OURS = re.compile(r'\s((?:on[a-z]+|hx-[a-z-]+|style)="[^"]*")')
"""What no tag has here. A quotation mark in words is written as an entity, so that none of them looks like an attribute."""
UNWRAPPED = "input:not([type=hidden], [type=submit], [type=button], label *), select:not(label *), textarea:not(label *)"
"""Fields that do not stand in their label."""


def parsed(html: str) -> tuple[Any, list[str]]:
    """Return a page as a tree and what the parser of HTML has to say about it."""
    parser = Parser(HtmlOptions(exact_errors=True))
    parser.process(html)
    parser.finish()
    errors = parser.errors()
    return parser.into_dom(), errors


def attributes(node: Any) -> dict[str, str]:
    """Return the attributes of a node by name."""
    return {name.local: value for name, value in node.attrs.items()}


def faults(html: str) -> list[str]:
    """Return what is wrong with a whole page, in words: what the parser finds, and what it does not look for."""
    tree, errors = parsed(html)
    found = [f"HTML: {error}" for error in errors]
    heads, title = [head.text().strip() for head in tree.select("h1")], tree.select_one("title").text().strip()
    if len(heads) != 1:
        found.append(f"{len(heads)} h1 on the page: {heads}")
    elif not title.startswith(heads[0]):
        found.append(f"title {title!r} does not begin with h1 {heads[0]!r}")
    found += [f"id {one!r} stands {times} times" for one, times in Counter(IDS.findall(html)).items() if times > 1]
    labelled = {attributes(label)["for"] for label in tree.select("label[for]")}
    for field in map(attributes, tree.select(UNWRAPPED)):
        if not (field.get("id") in labelled or field.get("aria-label") or field.get("aria-labelledby")):
            found.append(f"field {field.get('name')!r} has no label")
    found += ["a form has no action" for form in map(attributes, tree.select("form")) if not form.get("action")]
    found += [f"a script or style in a tag, or hx- instead of data-hx-: {one}" for one in OURS.findall(html)]
    return found


class PortalClient(FlaskClient):
    """The client of the tests. `get`, `post` as usual; every whole page of 200 or 4xx is checked, and the headers of every answer."""

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
        for name, value in response.headers:
            assert value.isascii(), f"{response.request.path}: no server sends the header {name}: {value}"
        if response.mimetype == "text/html":
            data = response.get_data()
            html = (gzip.decompress(data) if response.headers.get("Content-Encoding") == "gzip" else data).decode()
            wrong = faults(html) if html.lstrip().startswith("<!doctype") else []
            assert not wrong, f"{response.request.path} ({response.status_code}): {wrong}"
        return response
