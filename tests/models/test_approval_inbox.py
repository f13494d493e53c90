"""What waits, in which order, and the next of the same kind (AP-8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask_babel import force_locale
from sqlalchemy import text

from portal import clock
from portal.database import db
from portal.i18n import translate
from portal.models import inbox, inbox_count
from portal.models.approval_authors import note_author
from portal.models.delegation import Delegation
from portal.permissions import Role
from tests import calling, visiting
from tests.approving import APPROVE, FINANCE, REVIEW, person, record_paper, sign, submitted

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


def titles(account: str) -> list[str]:
    return [entry.title for entry in inbox.entries(person(account))]


def test_most_overdue_first_then_newest():
    made = []
    for day in (0, 1, 20, 21):
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            made.append(submitted().title)
    with time_machine.travel(NOON + timedelta(days=22), tick=False):
        assert titles("sup1") == [made[0], made[1], made[3], made[2]]
        assert [entry.is_overdue(date(2026, 3, 26)) for entry in inbox.entries(person("sup1"))] == [True, True, False, False]


def test_due_after_the_working_days_of_the_standard():
    friday = datetime(2026, 3, 6, 4, 0, tzinfo=UTC)
    with time_machine.travel(friday, tick=False):
        assert submitted().open_steps[0].due_on == date(2026, 3, 11)


def test_groups_kinds_and_counts():
    signs, papers, returned = submitted(APPROVE), submitted(FINANCE), submitted(APPROVE)
    sign(returned, "mgr2", "send-back")
    assert {(entry.group, entry.title, entry.what) for entry in inbox.entries(person("mgr1"))} == {
        ("sign", signs.title, "Sign"),
        ("do", papers.title, "Print, have it signed, record the outcome"),
    }
    assert [(entry.group, entry.what) for entry in inbox.entries(person("rep1"))] == [("do", "Sent back: revise and submit again")]
    assert inbox.kinds()["credit"] == "Change of credit limit or special terms"
    assert len(inbox.entries(person("mgr1"), "credit")) == 2
    assert inbox.entries(person("mgr1"), "investigation") == []
    assert [inbox.count(person(account)) for account in ("mgr1", "mgr2", "rep1", "sup1")] == [2, 2, 1, 0]


def test_no_two_kinds_to_filter_by_are_called_alike():
    with force_locale("zh_Hans_CN"):
        names = [translate(title) for title in inbox.kinds().values()]
    assert sorted(names) == sorted(set(names))


def test_from_one_to_the_next_of_the_same_kind():
    first, second, paper = submitted(), submitted(), submitted(FINANCE)
    assert inbox.next_to_sign(person("sup1"), "credit", first) is second
    sign(second, "sup1")
    sign(first, "sup1")
    assert inbox.next_to_sign(person("mgr1"), "credit", first) is second
    assert inbox.next_to_sign(person("mgr1"), "investigation", first) is None
    sign(second, "mgr1")
    assert inbox.next_to_sign(person("mgr1"), "credit", first) is None, "a sheet on paper is not signed here"
    record_paper(paper)
    assert inbox.count(person("mgr1")) == 1


def test_inbox_and_count_cost_the_same_whatever_is_finished(app):
    from sqlalchemy import event

    statements: list[str] = []
    listener = lambda *arguments: statements.append(arguments[2])  # noqa: E731
    for _ in range(3):
        submitted()
    someone = person("mgr1")
    event.listen(db.engine, "before_cursor_execute", listener)
    try:
        inbox.count(someone)
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
    assert len(statements) <= 2 + 2 * len(inbox._sources), "one or two for each source, and those for delegations"


def test_the_number_is_that_of_the_moment_and_its_statement_follows_what_it_is_made_of():
    with time_machine.travel(NOON, tick=False):
        supervisor, other = person("sup1"), person("sup2")
        assert (inbox.count(supervisor), inbox.count(other)) == (0, 0)
        submitted(REVIEW)
        assert (inbox.count(supervisor), inbox.count(other)) == (1, 0)
        Delegation.give(supervisor, other, from_date=date(2026, 3, 4), to_date=date(2026, 3, 9), by=supervisor)
        db.session.commit()
        assert inbox.count(other) == 1


def test_what_waits_on_behalf_of_somebody_says_whose_it_is():
    with time_machine.travel(NOON, tick=False):
        supervisor, other, manager = person("sup1"), person("sup2"), person("mgr1")
        for delegate in (other, manager):
            day = date(2026, 3, 4 if delegate is other else 5)
            Delegation.give(supervisor, delegate, from_date=day, to_date=day, by=supervisor)
        Delegation.give(person("mgr2"), manager, from_date=date(2026, 3, 4), to_date=date(2026, 3, 9), by=manager)
        db.session.commit()
        submitted(REVIEW)
        submitted(APPROVE)
        assert [one.on_behalf_of for one in inbox.entries(other)] == [supervisor.name]
        assert [one.on_behalf_of for one in inbox.entries(supervisor)] == [""]
        assert [one.on_behalf_of for one in inbox.entries(manager)] == [""], "in the own name first"
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert sorted(one.on_behalf_of for one in inbox.entries(manager)) == ["", supervisor.name]


def test_whose_it_is_leaves_out_who_wrote_it():
    with time_machine.travel(NOON, tick=False):
        manager, author, second = person("mgr1"), person("sup1"), person("rep2")
        second.role = Role.SUPERVISOR.value
        for one in (author, second):
            Delegation.give(one, manager, from_date=date(2026, 3, 4), to_date=date(2026, 3, 9), by=one)
        approval = submitted(REVIEW)
        note_author(approval.kind_name, approval.document, author)
        db.session.commit()
        assert [one.on_behalf_of for one in inbox.entries(manager)] == [second.name]


def test_what_is_overdue_comes_first_and_some_are_told_as_all_are():
    for day in (0, 1, 2, 5, 6, 7):
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            visiting.planned()
            call = calling.call()
            call.due_until = clock.today() + timedelta(days=6 - day if day % 2 else 9)
            db.session.commit()
    for day in (2, 5, 9, 20):
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            user = person("rep1")
            everything = inbox.entries(user)
            late = [one.is_overdue(clock.today()) for one in everything]
            assert late == sorted(late, reverse=True)
            assert inbox.entries(user, group="overdue") == everything[: late.count(True)]
            assert inbox.entries(user, "call-back") == [one for one in everything if one.kind == "call-back"]
            for most in range(1, len(everything) + 2):
                assert inbox.told(user, inbox.listed(user)[:most]) == everything[:most]


def test_only_of_what_is_shown_it_is_asked_what_it_says():
    from sqlalchemy import event

    with time_machine.travel(NOON, tick=False):
        for _ in range(3):
            visiting.planned()
            calling.call()
        user, statements = person("rep1"), list[str]()
        assert {one.kind for one in inbox.entries(user)} == {"customer-visit", "call-back"}
        listener = lambda *arguments: statements.append(arguments[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        try:
            first = inbox.listed_and_counted(user)[0][:1]
            assert len(inbox.told(user, first)) == 1
        finally:
            event.remove(db.engine, "before_cursor_execute", listener)
        assert sum("full_name" in one for one in statements) == 1, "of the visit or of the call"


@pytest.mark.parametrize("most", [1, 2, inbox.MOST])
def test_how_much_it_is_is_the_same_whether_lists_are_cut_or_not(monkeypatch: pytest.MonkeyPatch, most: int):
    monkeypatch.setattr(inbox, "MOST", most)
    inbox_count.forget()
    with time_machine.travel(NOON, tick=False):
        for chain in (REVIEW, FINANCE, APPROVE, REVIEW):
            submitted(chain)
        for _ in range(3):
            visiting.planned()
            calling.call()
        for account in ("rep1", "sup1", "sup2", "mgr1"):
            lines, counted = inbox.listed_and_counted(person(account))
            assert counted == inbox.counts(person(account))
            assert lines == inbox.listed(person(account))
            assert most < 3 or len(lines) == sum(counted)
        inbox_count.forget()


def test_what_is_gone_meanwhile_is_left_out():
    with time_machine.travel(NOON, tick=False):
        visiting.planned()
        call = calling.call()
        user = person("rep1")
        lines = inbox.listed(user)
        db.session.delete(call)
        db.session.commit()
        assert len(lines) == 2
        assert [one.kind for one in inbox.told(user, lines)] == ["customer-visit"]


@pytest.mark.parametrize("account", ["rep1", "sup1", "mgr1"])
def test_the_statement_of_the_number_holds_for_the_day(account: str):
    """What an area counts up to a moment is a parameter in it (`inbox_count.moment`)."""
    made = []
    for hour in (1, 9):
        with time_machine.travel(NOON.replace(hour=hour), tick=False):
            inbox_count.forget()
            inbox.listed(person(account))
            inbox.count(person(account))
            (kept,) = (one.kept for one in inbox_count.made.values())
            made.append([str(one) for one in (kept["first", "", ""].statements, kept["numbers"])])
    assert made[0] == made[1]
    assert all(made[0])


def test_the_statement_is_made_anew_where_another_process_wrote_what_it_is_made_of():
    with time_machine.travel(NOON, tick=False):
        supervisor, other = person("sup1"), person("sup2")
        submitted(REVIEW)
        Delegation.give(supervisor, other, from_date=date(2026, 3, 4), to_date=date(2026, 3, 9), by=supervisor)
        db.session.commit()
        assert inbox.count(other) == 1
        for change, number in (("ended_at = '2026-03-04 04:00:00.000000'", 0), ("ended_at = NULL", 1)):
            db.session.execute(text(f"UPDATE delegation SET {change}"))
            db.session.commit()
            assert inbox.count(other) == number


@pytest.mark.parametrize("most", [1, inbox.MOST])
def test_the_kinds_to_filter_by_are_those_of_which_something_waits(monkeypatch: pytest.MonkeyPatch, most: int):
    monkeypatch.setattr(inbox, "MOST", most)
    inbox_count.forget()
    with time_machine.travel(NOON, tick=False):
        assert inbox.kinds_of(person("rep1"), inbox.listed(person("rep1"))) == {}
        submitted(APPROVE)
        visiting.planned()
        calling.call()
        offered = {
            (name, group): set(inbox.kinds_of(person(name), inbox.listed(person(name)), group))
            for name in ("rep1", "mgr1")
            for group in ("", "sign", "do", "overdue")
        }
    inbox_count.forget()
    assert offered["rep1", ""] == offered["rep1", "do"] == {"customer-visit", "call-back"}
    assert offered["rep1", "sign"] == offered["rep1", "overdue"] == offered["mgr1", "do"] == set()
    signed = offered["mgr1", "sign"]
    assert offered["mgr1", ""] == signed
    assert "credit" in signed
    assert ("investigation" in signed) is (most == 1), "where the list may be cut, any of its kinds may wait"
