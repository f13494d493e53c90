"""A department's account sees the proposals routed to it and nothing else (PP-3, RO-1): every page there is, asked in one office."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from portal.database import db
from portal.models import proposal_intake
from portal.models.dossier import Upload
from portal.models.proposal import Proposal
from portal.models.staff import Staff
from portal.permissions import FOREIGN_ENDPOINTS, ROLE_PERMISSIONS, Permission, Role
from tests import factories, proposing
from tests.approving import person, picture
from tests.proposing import line, registered, routed
from tests.service.requesting import taken

OPEN = {Permission.HOME_READ, Permission.PROFILE_EDIT, Permission.NOTICE_READ, Permission.PROPOSAL_READ, Permission.PROPOSAL_ANSWER}
"""What such an account may do at all: its own profile and notices, and the proposals routed to it."""
_PLACE = re.compile(r"<(?:\w+:)?(\w+)>")


def test_every_other_route_is_closed_and_those_that_are_open_show_nothing_of_others(app: Flask, as_: Any) -> None:
    proposing.department_account()
    customer = factories.customer("rep1", full_name="深圳远山精密有限公司")
    taken(customer)
    hidden = registered(customer, summary="不应看到的提案")
    others = routed(registered(customer, summary="分派给生产部的提案"), line("production", "responsible"))
    mine = routed(registered(customer, summary="质量部应看到的提案"), line("quality", "responsible", "account"))
    kept = proposal_intake.keep_files(hidden, [Upload.of(picture(), "来信.png")], by=person("rep1"))
    db.session.commit()
    numbers = {"hidden": hidden.id, "others": others.id, "mine": mine.id, "file": kept[0].id}
    browser = as_("dept1")
    asked = 0
    for rule in app.url_map.iter_rules():
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        if rule.endpoint in FOREIGN_ENDPOINTS or permission is None:
            continue
        assert permission in OPEN or permission not in ROLE_PERMISSIONS[Role.DEPARTMENT], rule.rule
        if "GET" not in (rule.methods or ()):
            continue
        answer = FlaskClient.open(browser, _PLACE.sub("1", rule.rule))  # pages of refusals are parsed elsewhere
        if permission not in OPEN:
            assert answer.status_code in (403, 404), f"{rule.rule}: {answer.status_code}"
            asked += 1
        else:
            assert "不应看到" not in answer.text, rule.rule
            assert "分派给生产部" not in answer.text, rule.rule
    for rule, address in ((one, _PLACE.sub("1", one.rule)) for one in app.url_map.iter_rules() if one.endpoint.startswith("proposals.")):
        for method in sorted((rule.methods or set()) & {"POST"}):
            assert browser.open(address, method=method).status_code in (403, 404), rule.rule
    assert asked > 250
    for closed in ("hidden", "others"):
        assert browser.get(f"/proposals/{numbers[closed]}").status_code == 404
    assert browser.get(f"/proposals/{numbers['hidden']}/files/{numbers['file']}").status_code == 404
    page = browser.get("/proposals")
    assert "质量部应看到的提案" in page.text
    assert browser.get("/").headers["Location"].endswith("/proposals")
    assert "尚未打开" in as_("rep1").get(f"/proposals/{numbers['mine']}").text
    own = browser.get(f"/proposals/{numbers['mine']}")
    assert own.status_code == 200
    assert "尚未打开" not in as_("rep1").get(f"/proposals/{numbers['mine']}").text
    assert "lin@example.com" not in own.text
    for words in ("搜索客户", 'id="inbox-count"', 'action="/search"'):
        assert words not in page.text
    assert db.session.query(Proposal).count() == 3


def test_managers_make_such_accounts_and_nobody_is_offered_them_for_work(app: Flask, as_: Any) -> None:
    browser = as_("mgr1")
    values = {"account": "dept9", "name": "质量部", "role": "department", "team_id": "0", "department": "质量部", "department_code": ""}
    assert browser.post("/staff", data=values).status_code == 422
    assert browser.post("/staff", data={**values, "department_code": "quality", "team_id": "1"}).status_code == 422
    assert browser.post("/staff", data={**values, "department_code": "quality"}).status_code == 200
    made = Staff.by_account("dept9")
    assert made is not None
    assert (made.role, made.department_code, made.in_office) == ("department", "quality", False)
    assert db.session.scalars(db.select(Staff.id).where(Staff.in_office, Staff.account == "dept9")).all() == []
    one = person("rep2")
    factories.customer("rep2")
    sent = {
        "name": one.name, "role": "department", "team_id": "0", "department_code": "quality", "version": str(one.version), "department": "",
    }  # fmt: skip
    assert browser.post(f"/staff/{one.id}", data=sent).status_code == 422
    assert made.name not in browser.get("/requests/new").text
