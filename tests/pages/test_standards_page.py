import io
import json
import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from flask import render_template_string

from portal import clock
from portal.blueprints.standards import editors
from portal.database import db
from portal.i18n import in_language
from portal.models import standard, standard_file
from portal.models.calendar import SiteDay
from portal.rules.standards import STANDARDS, Standard
from tests import factories

IDLE = "session.idle_minutes"
CHAIN = "chain.credit"


@pytest.fixture
def manager(as_):
    return as_("mgr1")


def fields(response):
    """Return what a browser would send of the page's form: hidden and typed fields, chosen options."""
    html = response.get_data(as_text=True)
    found = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, text = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and (not re.search('type="(checkbox|radio)"', tag) or "checked" in tag):
            found[name[1]] = unescape(text[1]) if text else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', html, re.S):
        found[name] = unescape(text)
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def form_of(browser, name):
    return fields(browser.get(f"/standards/{name}/new-version"))


def send(browser, name, values, do):
    return browser.post(f"/standards/{name}/new-version", data={**values, "do": do})


def words(response):
    return response.get_data(as_text=True)


def test_a_figure_is_changed_by_form_preview_and_confirmation(manager):
    values = form_of(manager, IDLE) | {"value": "20", "reason": "试行二十分钟"}
    preview = send(manager, IDLE, values, "preview")
    assert preview.status_code == 200
    assert "个登录会话" in words(preview)
    assert standard.value(IDLE) == 30
    answer = send(manager, IDLE, fields(preview), "save")
    assert (answer.status_code, answer.location) == (303, f"/standards/{IDLE}")
    assert standard.value(IDLE) == 20
    assert "试行二十分钟" in words(manager.get(f"/standards/{IDLE}"))


def test_a_refusal_stands_beside_the_value_and_keeps_what_was_typed(manager):
    answer = send(manager, IDLE, form_of(manager, IDLE) | {"value": "500", "reason": "想长一点"}, "preview")
    assert answer.status_code == 422
    assert 'id="value-error"' in words(answer)
    assert 'value="500"' in words(answer)
    assert "想长一点" in words(answer)


def test_what_another_manager_set_meanwhile_is_a_conflict(manager, as_):
    values = form_of(manager, IDLE) | {"value": "20", "reason": "x"}
    other = send(as_("mgr2"), IDLE, values | {"value": "25"}, "preview")
    preview = send(manager, IDLE, values, "preview")
    assert send(as_("mgr2"), IDLE, fields(other), "save").status_code == 303
    assert send(manager, IDLE, fields(preview), "save").status_code == 409
    assert standard.value(IDLE) == 25


def test_what_came_through_the_browser_is_checked_again(manager):
    values = fields(send(manager, IDLE, form_of(manager, IDLE) | {"value": "20", "reason": "x"}, "preview"))
    assert send(manager, IDLE, values | {"value_json": "5000"}, "save").status_code == 400
    assert send(manager, IDLE, values | {"value_json": "["}, "save").status_code == 400
    assert send(manager, IDLE, values | {"reason": ""}, "save").status_code == 422


def test_a_chain_is_built_without_javascript(manager):
    values = form_of(manager, CHAIN)
    values = fields(send(manager, CHAIN, values, "step-add-1"))
    values = fields(send(manager, CHAIN, values, "sign-add-1-2"))
    values |= {"case-1-step-2-sign-0-who": "paper:finance", "case-1-step-2-sign-1-who": "paper:chairman"}
    values = fields(send(manager, CHAIN, values, "step-up-1-2"))
    preview = send(manager, CHAIN, values | {"reason": "小额也会签"}, "preview")
    assert preview.status_code == 200
    assert "会签" in words(preview)
    back = fields(send(manager, CHAIN, fields(preview), "back"))
    assert back["case-1-step-1-sign-1-who"] == "paper:chairman"
    assert send(manager, CHAIN, fields(preview), "save").status_code == 303
    other = standard.value(CHAIN)[1]
    together = [{"type": "paper", "title": title, "meaning": "approve"} for title in ("finance", "chairman")]
    assert other["steps"][1] == {"together": together}
    assert [step.get("role") for step in other["steps"]] == ["supervisor", None, "manager"]


def test_a_case_without_condition_before_the_last_is_refused_in_words(manager):
    values = fields(send(manager, CHAIN, form_of(manager, CHAIN), "case-add"))
    assert values["case-1-code"] not in ("above_limit", "within_limit")
    answer = send(manager, CHAIN, values | {"reason": "x"}, "preview")
    assert answer.status_code == 422
    values["case-1-when-0"] = "limit=within"
    assert send(manager, CHAIN, values | {"reason": "x"}, "preview").status_code == 200


def test_choices_are_added_moved_and_retired(manager):
    factories.customer(size="large")
    name = "choices.size"
    values = fields(send(manager, name, form_of(manager, name), "add"))
    values |= {"row-4-code": "micro", "row-4-zh": "微型", "row-4-en": "Micro"}
    values = fields(send(manager, name, values, "up-4"))
    del values["row-0-active"]
    preview = send(manager, name, values | {"reason": "统计口径"}, "preview")
    assert "1 条记录已使用" in words(preview)
    send(manager, name, fields(preview), "save")
    assert [entry["code"] for entry in standard.value(name)] == ["large", "medium", "small", "micro", "individual"]
    assert not standard.value(name)[0]["active"]


def test_a_code_in_use_is_not_removed_by_a_form_made_by_hand(manager):
    factories.customer(size="large")
    values = form_of(manager, "choices.size")
    values = fields(send(manager, "choices.size", values, "remove-0"))
    answer = send(manager, "choices.size", values | {"reason": "x"}, "preview")
    assert answer.status_code == 422
    assert "只能停用" in words(answer)


def test_every_form_holds_the_value_that_is_set(manager):
    for name, declared in STANDARDS.items():
        draft = editors.read(declared, form_of(manager, name))
        assert editors.value_of(declared, draft) == declared.start, name


ONE_OF_A_KIND = {declared.kind: name for name, declared in STANDARDS.items()}.values()


@pytest.mark.parametrize(("account", "names"), [("mgr1", STANDARDS), ("rep1", ONE_OF_A_KIND)])
def test_every_standard_has_its_page(as_, account, names):
    browser = as_(account)
    for name in names:
        answer = browser.get(f"/standards/{name}")
        assert answer.status_code == 200, name
        assert ("new-version" in words(answer)) == (account == "mgr1"), name


WEIGHTS = Standard("test.weights", "Weights", "weights", {"sales": 60, "payment": 40}, "customers", "Rule")
RANGES = Standard(
    "test.ranges", "Ranges", "thresholds", [{"code": "C", "from": 0, "to": 60}, {"code": "A", "from": 60, "to": 100}], "customers", "Rule",
    minimum=0, maximum=100,
)  # fmt: skip
PERCENT = Standard("test.percent", "Warning", "percent", 80, "customers", "Rule", minimum=0, maximum=100)


@pytest.mark.parametrize(
    ("declared", "change", "problem"),
    [
        (WEIGHTS, {"row-0-weight": "55"}, "95 %"),
        (RANGES, {"row-1-from": "70"}, "60"),
        (PERCENT, {"value": "101"}, "101"),
        (PERCENT, {"value": "viel"}, "viel"),
    ],
)
def test_editors_of_the_other_kinds(monkeypatch, manager, declared, change, problem):
    monkeypatch.setitem(STANDARDS, declared.name, declared)
    values = form_of(manager, declared.name)
    assert editors.value_of(declared, editors.read(declared, values)) == declared.start
    answer = send(manager, declared.name, values | change | {"reason": "x"}, "preview")
    assert answer.status_code == 422
    assert problem in words(answer)
    assert manager.get(f"/standards/{declared.name}").status_code == 200


def test_weights_show_their_sum(monkeypatch, manager):
    monkeypatch.setitem(STANDARDS, WEIGHTS.name, WEIGHTS)
    answer = send(manager, WEIGHTS.name, form_of(manager, WEIGHTS.name) | {"row-0-weight": "55"}, "sum")
    assert "95 %" in words(answer)


@pytest.mark.parametrize("name", [CHAIN, "choices.size", IDLE])
def test_odd_buttons_do_nothing(app, name):
    declared = STANDARDS[name]
    for action in ("", "up-0", "down-99", "remove-999", "step-up", "case-remove-7", "sign-add-0-99", "add-²", "x" * 300):
        draft = editors.draft_of(declared, declared.start)
        editors.act(declared, draft, action)
        assert editors.value_of(declared, draft) == declared.start, action


def test_a_form_of_garbage_is_refused_in_words(manager):
    garbage = {"value": "?", "row-0": "1", "row-0-code": "?", "case-3-step-0-sign-9-who": "?", "case-0-when-0": "a=b", "reason": "x"}
    assert {name: send(manager, name, garbage, "preview").status_code for name in ONE_OF_A_KIND} == dict.fromkeys(ONE_OF_A_KIND, 422)


def test_the_list_is_searched_and_filtered(as_):
    browser = as_("rep1")
    assert IDLE in words(browser.get("/standards?group=accounts"))
    assert IDLE not in words(browser.get("/standards?group=customers"))
    assert IDLE in words(browser.get("/standards?q=Minutes+without"))
    part = browser.get("/standards?q=nothing", headers={"HX-Request": "true"})
    assert words(part).strip().startswith('<div id="list"')


def test_a_planned_version_is_shown_and_cancelled(manager, staff):
    standard.set_value(IDLE, 45, by=staff["mgr2"], from_date=clock.today() + timedelta(days=3), reason="x")
    db.session.commit()
    assert "待生效" in words(manager.get(f"/standards/{IDLE}"))
    address = f"/standards/{IDLE}/versions/1/cancellation"
    assert manager.post(address, data={"reason": "误设"}).status_code == 303
    assert "误设" in words(manager.get(f"/standards/{IDLE}"))
    assert manager.post(address, data={"reason": "again"}).status_code == 409


def test_standards_go_out_and_in_as_a_file(manager):
    content = json.loads(manager.get("/standards/file").get_data())
    for entry in content["standards"]:
        if entry["name"] == IDLE:
            entry["value"] = 20
    upload = manager.post("/standards/import", data={"file": (io.BytesIO(json.dumps(content).encode()), "standards.json")})
    assert upload.status_code == 200
    assert words(upload).count("<tr>") == 2
    values = fields(upload) | {"reason": "总部统一"}
    assert manager.post("/standards/import/versions", data=values).status_code == 303
    assert standard.value(IDLE) == 20


def test_a_file_with_a_value_out_of_range_sets_nothing(manager):
    content = {"format": standard_file.FORMAT, "standards": [{"name": IDLE, "value": 20}, {"name": CHAIN, "value": [{"case": {}}]}]}
    upload = manager.post("/standards/import", data={"file": (io.BytesIO(json.dumps(content).encode()), "standards.json")})
    assert "1 个值不能采用" in words(upload)
    values = {"content_json": json.dumps({IDLE: 20, CHAIN: []}), "from_date": clock.today().isoformat(), "reason": "x"}
    assert manager.post("/standards/import/versions", data=values).status_code == 422
    assert standard.value(IDLE) == 30


def test_why_answers_with_rule_value_clause_and_version(app, staff):
    standard.set_value("credit.finance_limit", "300000.00", by=staff["mgr1"], reason="x")
    answer = standard.why("credit.finance_limit", **{"Credit limit": "400,000.00"})
    template = "{% from 'components/why.html' import why with context %}{{ why(answer) }}"
    with app.test_request_context(), in_language("zh_Hans_CN"):
        html = render_template_string(template, answer=answer)
    for part in (
        "须财务签批的信用额度",
        "300,000.00 元",
        "信用额度",
        "400,000.00",
        "客户信用管理规定（AP-3）",
        "/standards/credit.finance_limit",
    ):
        assert part in html


@time_machine.travel("2026-03-02 01:00Z", tick=False)
def test_the_calendar_shows_marks_and_takes_own_days(app, as_):
    manager = as_("mgr1")
    values = {"first": "2026-03-05", "last": "2026-03-06", "working": "free", "note": "盘点"}
    assert manager.post("/standards/calendar/days", data=values).status_code == 303
    page = words(manager.get("/standards/calendar?year=2026"))
    assert "盘点" in page
    assert len(re.findall(r'<td class="day-cell day-own-free', page)) == 2
    assert manager.post("/standards/calendar/days", data=values).status_code == 422
    assert manager.post("/standards/calendar/days/2026-03-05/removal").status_code == 303
    assert [one.day.day for one in db.session.query(SiteDay)] == [6]
    assert manager.post("/standards/calendar/days/tomorrow/removal").status_code == 404


def test_a_year_that_is_not_announced_says_so(as_):
    assert "只有周末休息" in words(as_("rep1").get("/standards/calendar?year=2098"))
    assert as_("rep1").get("/standards/calendar?year=9999").status_code == 404
