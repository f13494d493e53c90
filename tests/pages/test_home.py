"""The home page (IN-1): figures stay within the scope and stop at their cap; what waits and what changed is the reader's."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from portal.database import db
from portal.models import audit, home
from portal.models.hand_over import hand_over
from portal.models.job import Job
from portal.models.notice import notify
from portal.rules.message import Message
from tests import factories
from tests.approving import change


def _by_tab(user: Any) -> dict[str, tuple[int, bool]]:
    return {figure.query.tab: (figure.count, figure.more) for figure in home.customers_by_state(user)}


def test_figures_are_those_of_the_scope(staff: dict[str, Any]) -> None:
    factories.customer("rep1")
    factories.customer("rep1", state="prospect")
    factories.customer("rep2")
    factories.customer("rep3")
    assert _by_tab(staff["rep1"]) == {"register": (1, False), "prospects": (1, False), "past": (0, False)}
    assert _by_tab(staff["sup1"])["register"] == (2, False)
    assert _by_tab(staff["mgr1"])["register"] == (3, False)


def test_counts_stop_at_the_cap(staff: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "CAP", 2)
    for _ in range(2):
        factories.customer("rep1", grade="A")
    assert _by_tab(staff["mgr1"])["register"] == (2, False)
    factories.customer("rep1", grade="A")
    assert _by_tab(staff["mgr1"])["register"] == (2, True)
    assert [(one.count, one.more) for one in home.customers_by_grade(staff["mgr1"])] == [(2, True)]


def test_grades_of_a_big_team_are_at_least(staff: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "GRADE_WALK", 2)
    factories.customer("rep1", grade="A")
    assert [(one.query.filters["grade"], one.count, one.more) for one in home.customers_by_grade(staff["rep1"])] == [("A", 1, False)]
    for _ in range(2):
        factories.customer("rep1", grade="B")
    assert all(one.more for one in home.customers_by_grade(staff["rep1"]))


def test_drafts_are_of_customers_whom_the_reader_still_sees(staff: dict[str, Any]) -> None:
    rep, made = staff["rep1"], [factories.customer("rep1", full_name=name) for name in ("甲公司", "乙公司")]
    for one in made:
        change(one)
    hand_over([made[0].id], to=staff["rep3"], by=staff["mgr1"], reason="调整")
    db.session.commit()
    assert [draft.title for draft in home.drafts(rep)] == ["乙公司"]


def test_changes_are_of_customers_in_scope_newest_first(staff: dict[str, Any]) -> None:
    mine, strange = factories.customer("rep1"), factories.customer("rep3")
    for customer in (mine, strange):
        audit.write("change", "changed", actor=staff["mgr1"], record=customer, label=customer.full_name)
        db.session.commit()
    audit.write("access", "looked", actor=staff["mgr1"], record=mine)
    db.session.commit()
    assert [(one.customer_id, one.what) for one in home.recent_changes(staff["rep1"])] == [(mine.id, "Card changed")]
    assert [one.customer_id for one in home.recent_changes(staff["mgr1"])] == [strange.id, mine.id]


def test_changes_stand_by_their_time_whichever_was_entered_first(staff: dict[str, Any]) -> None:
    first, second = factories.customer("rep1"), factories.customer("rep1")
    for customer, day in ((first, 6), (second, 5)):
        with time_machine.travel(datetime(2026, 3, day, 4, tzinfo=UTC), tick=False):
            audit.write("change", "changed", actor=staff["mgr1"], record=customer, label=customer.full_name)
            db.session.commit()
    assert [one.customer_id for one in home.recent_changes(staff["mgr1"])] == [first.id, second.id]


def test_page_shows_news_and_running_work_of_the_reader_only(as_: Any, staff: dict[str, Any]) -> None:
    notify(staff["rep1"], Message("Too many attempts"), link="/customers/1")
    job = Job.queue("import-write", by=staff["rep1"], run=7)
    failed = Job.queue("export", by=staff["rep1"])
    failed.fail(Message("Too many attempts"))
    Job.queue("of another version", by=staff["rep1"])
    job.state, job.done, job.total = "running", 420, 1000
    db.session.commit()
    html = as_("rep1").get("/").get_data(as_text=True)
    assert 'href="/customers/1"' in html
    assert "420 / 1,000" in html
    assert re.search(r'<a href="/imports/7">正在导入</a>', html)
    assert re.search(rf'<a href="/exports/{failed.id}">导出</a>', html)
    assert "后台处理" in html
    other = as_("rep2").get("/").get_data(as_text=True)
    assert 'href="/customers/1"' not in other
    assert "420 / 1,000" not in other
