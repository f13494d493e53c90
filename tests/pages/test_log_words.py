"""Entries of the log as people read them, on a customer's timeline and the audit page: pages, names, titles of fields (AR-7, RO-7)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from portal import clock, log_words
from portal.database import Base, db
from portal.models import audit, history
from portal.models.audit_records import RECORD_LABELS
from portal.models.history import ACTIONS
from portal.models.promise import Promise
from portal.models.sheet import PrintedSheet
from portal.models.staff import Staff
from portal.models.visit import Visit
from tests import factories, visiting
from tests.service import requesting

PORTAL = Path(log_words.__file__).parent
OF_THE_CUSTOMER = {"Attachment", "Benefit", "Contact", "DealingsEnd"}
"""They stand on the customer's own pages and nowhere else."""
WITH_ANOTHER = {"Promise"}
"""They are read on the page of the record in which they were made."""

CLASSES = {mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers}


def text_of(response: Any) -> str:
    found: str = response.get_data(as_text=True)
    return found


@pytest.mark.usefixtures("app")
def test_all_that_may_stand_on_a_timeline_has_a_page() -> None:
    standing = {name for name in RECORD_LABELS if name == "Customer" or hasattr(CLASSES[name], "customer_id")}
    assert standing - log_words.PAGES.keys() == OF_THE_CUSTOMER | WITH_ANOTHER


def test_every_page_is_a_route_with_one_argument_and_its_records_have_a_scope(app: Flask) -> None:
    rules = {(rule.endpoint, frozenset(rule.arguments)) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    for name, page in log_words.PAGES.items():
        assert (page.endpoint, frozenset({page.argument})) in rules, name
        assert hasattr(CLASSES[name], page.column), name
        assert hasattr(CLASSES[name], "visible_to"), name


def test_entries_lead_to_their_records_and_promises_to_where_they_were_made(app: Flask, as_: Any, staff: dict[str, Staff]) -> None:
    customer = factories.customer("rep1")
    request = requesting.taken(customer)
    visit = visiting.planned("rep1", of=customer)
    due = clock.now() + timedelta(days=3)
    Promise.make(customer.id, "三日内书面答复", due, source="request", source_id=request.id, staff_id=staff["rep1"].id, by=staff["rep1"])
    db.session.commit()
    page = text_of(as_("rep1").get(f"/customers/{customer.id}/timeline"))
    assert page.count(f'href="/requests/{request.id}"') == 2
    assert f'href="/visits/{visit.id}"' in page
    events, _more = history.timeline(customer)
    with app.test_request_context():
        assert log_words.addresses(events, staff["rep1"])
        assert log_words.addresses(events, staff["rep3"]) == {}, "what one may not open is no link"


def test_what_is_not_there_any_more_leads_nowhere(as_: Any) -> None:
    customer = factories.customer("rep1")
    visit_id = visiting.planned("rep1", of=customer).id
    db.session.execute(delete(Visit).where(Visit.id == visit_id))
    db.session.commit()
    page = text_of(as_("rep1").get(f"/customers/{customer.id}/timeline?only=visits"))
    assert "安排拜访" in page
    assert f"/visits/{visit_id}" not in page


def test_the_stream_names_fields_as_people_do_and_not_the_customer(as_: Any, staff: dict[str, Staff]) -> None:
    customer = factories.customer("rep1", full_name="本户有限公司")
    task: dict[str, Any] = {"actor": staff["rep1"], "record": visiting.planned("rep1", of=customer)}
    changes = [{"field": name, "old": "", "new": "x"} for name in ("day", "people")]
    audit.write("change", "visit-moved", label="本户有限公司 · 春季", changes=changes, **task)
    audit.write("change", "visit-moved", label="本户有限公司", changes=changes[1:], reason="客户改约", **task)
    db.session.commit()
    page = text_of(as_("rep1").get(f"/customers/{customer.id}/timeline")).split('class="timeline"')[1].split("</ol>")[0]
    assert re.findall(r">(拜访改期[^<]*)<", page) == ["拜访改期", "拜访改期 · 春季"]
    assert re.findall(r'<div class="meta">([^<]+)</div>', page)[:2] == ["客户改约", "日期"], "what has no name for people is left out"
    assert "本户有限公司" not in page


def test_an_entry_is_called_by_what_people_call_it(app: Flask) -> None:
    customer = factories.customer("rep1", full_name="本户有限公司")
    with app.test_request_context():
        for record_type, label, said in (
            ("GreetingLine", "New Year's Day 2027", "2027 年元旦"),
            ("ReviewLine", "2026-H2", "2026年下半年"),
            ("Grading", "2026 本户有限公司", "2026"),
            ("GiftDelivery", "本户有限公司 · 年中答谢", "年中答谢"),
            ("Customer", "本户有限公司", ""),
            ("StandardVersion", "credit.finance_limit", "须财务签批的信用额度"),
        ):
            event = audit.AuditEvent(kind="change", action="x", record_type=record_type, label=label, data={})
            assert log_words.name_of(event, customer) == said
        assert log_words.title_of_field("Payment", "day") == "日期"
        assert log_words.title_of_field("PlanTask", "due_on") == "截止日期"
        assert log_words.title_of_field("StandardVersion", "credit.finance_limit") == "须财务签批的信用额度"
        assert log_words.title_of_field("StrengtheningTable", "people") == "关键人物"
        assert log_words.title_of_field("StrengtheningTable", "nameless") == ""


def test_a_print_is_called_by_its_form_and_its_code(as_: Any) -> None:
    customer = factories.customer("rep1")
    as_("rep1").post(f"/prints/customer_card/{customer.id}", data={"language": "zh"})
    manager = as_("mgr1")
    printed = db.session.query(PrintedSheet).one()
    page = text_of(manager.get("/audit?kind=print"))
    assert f"客户原始资料卡 · {customer.full_name} · {printed.shown_code}" in page
    assert f'href="/v/{printed.shown_code}"' in page
    event = db.session.query(audit.AuditEvent).filter_by(kind="print").one()
    entry = text_of(manager.get(f"/audit/{event.id}"))
    for word in ("核验码", "表单编号", "客户原始资料卡"):
        assert word in entry, word
    for key in ("content_hash", "customer_card<", ">subject<", ">sheet<"):
        assert key not in entry, key


def _actions() -> Iterator[tuple[str, str]]:
    """Yield each action that the portal writes into its log, as far as it stands in the source as a word, and where."""
    for path in sorted(one for one in PORTAL.rglob("*.py") if one.parent.name != "demo"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called, place = ast.unparse(node.func), {"audit.write": 1, "audit.write_view": 0}
                said = [node.args[place[called]]] if called in place and len(node.args) > place[called] else []
            elif isinstance(node, ast.Dict):
                said = [
                    value
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant) and key.value == "action"
                ]
            else:
                continue
            for one in said:
                for word in (one.body, one.orelse) if isinstance(one, ast.IfExp) else (one,):
                    if isinstance(word, ast.Constant):
                        yield word.value, f"{path.name}:{node.lineno}"


def test_what_the_demonstration_enters_is_said_to_be_of_it() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (PORTAL / "demo").glob("*.py")]
    calls = (node for one in sources for node in ast.walk(ast.parse(one)) if isinstance(node, ast.Call))
    given = {word.value.value for call in calls for word in call.keywords if word.arg == "source" and isinstance(word.value, ast.Constant)}
    assert given <= {*log_words.SOURCES, "visit"}, "what was promised at a visit is of it"


def test_every_entry_of_the_log_has_a_name(app: Flask) -> None:
    named = {action for _type, action in ACTIONS}
    written = list(_actions())
    assert len(written) > 200
    assert sorted({f"{action} ({where})" for action, where in written if action not in named}) == []
