import json
import time
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import event, select

from portal import clock
from portal.database import StateConflict, db
from portal.i18n import in_language, translate
from portal.models import standard, standard_effects, standard_file, strengthening
from portal.models.audit import AuditEvent
from portal.models.calendar import SiteDay, site_calendar, warn_of_next_year
from portal.models.greeting import GREETED, GreetingLine, GreetingList
from portal.models.home import unannounced_year
from portal.models.notice import Notice
from portal.models.session import StaffSession
from portal.models.standard import StandardVersion, in_force, set_value, value, why
from portal.models.strengthening import Person
from portal.rules.message import N_, Refusal
from portal.rules.standards import STANDARDS
from tests import factories, maintaining, receiving
from tests.approving import change
from tests.service.requesting import taken

IDLE = "session.idle_minutes"
LIMIT = "credit.finance_limit"


@pytest.fixture
def manager(staff):
    return staff["mgr1"]


def ahead(days):
    return clock.today() + timedelta(days=days)


def changed(name, code, **fields):
    return [entry | fields if entry["code"] == code else dict(entry) for entry in STANDARDS[name].start]


# --- versions ------------------------------------------------------------------------------------------------------------


def test_a_new_version_holds_from_its_day_and_the_old_one_stays_readable(manager):
    set_value(IDLE, 20, by=manager, reason="试行")
    set_value(IDLE, 40, by=manager, from_date=ahead(10), reason="放宽")
    db.session.commit()
    assert in_force(IDLE)[:3] == (IDLE, 1, 20)
    assert value(IDLE, ahead(9)) == 20
    assert in_force(IDLE, ahead(10))[:3] == (IDLE, 2, 40)
    assert in_force(IDLE, ahead(-1))[:3] == (IDLE, 0, 30)
    assert standard.at_version(IDLE, 1).value == 20
    assert [version.number for version in standard.history(IDLE)] == [2, 1]


def test_a_change_is_in_the_audit_log_with_old_and_new_value(manager):
    set_value(IDLE, 20, by=manager, reason="试行")
    db.session.commit()
    entry = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "standard-set")).one()
    assert (entry.kind, entry.actor_id, entry.data["reason"]) == ("change", manager.id, "试行")
    assert entry.data["changes"] == [{"field": IDLE, "old": 30, "new": 20}]


@pytest.mark.parametrize(
    ("figure", "days", "reason", "field"),
    [(121, 0, "x", "value"), (20, 0, "  ", "reason"), (20, -1, "x", "from_date"), (30, 0, "x", "value"), (20, 3000, "x", "from_date")],
)
def test_what_cannot_be_set_is_refused_beside_its_field(manager, figure, days, reason, field):
    with pytest.raises(Refusal) as refused:
        set_value(IDLE, figure, by=manager, from_date=ahead(days), reason=reason)
    assert refused.value.field == field
    assert value(IDLE) == 30


def test_nothing_is_set_before_a_planned_version(manager):
    set_value(IDLE, 40, by=manager, from_date=ahead(10), reason="x")
    with pytest.raises(Refusal, match="Version 1 is planned"):
        set_value(IDLE, 20, by=manager, reason="x")
    set_value(IDLE, 25, by=manager, from_date=ahead(10), reason="another thought about the same day")
    assert value(IDLE, ahead(10)) == 25


def test_a_planned_version_can_be_cancelled_until_its_day_and_its_record_stays(manager):
    planned = set_value(IDLE, 40, by=manager, from_date=ahead(1), reason="x")
    planned.cancel(by=manager, reason="误设")
    db.session.commit()
    assert value(IDLE, ahead(1)) == 30
    (record,) = standard.history(IDLE)
    assert (record.cancelled_by_id, record.cancelled_reason) == (manager.id, "误设")
    with pytest.raises(StateConflict):
        record.cancel(by=manager, reason="again")
    now = set_value(IDLE, 20, by=manager, reason="x")
    assert now.number == 2
    with pytest.raises(Refusal, match="holds already"):
        now.cancel(by=manager, reason="x")


def test_of_two_managers_at_once_one_counts(manager, staff):
    seen = standard.last_number(IDLE)
    set_value(IDLE, 20, by=manager, reason="x", expect=seen)
    with pytest.raises(StateConflict):
        set_value(IDLE, 25, by=staff["mgr2"], reason="x", expect=seen)


def test_the_database_refuses_a_number_that_is_taken(manager, monkeypatch):
    set_value(IDLE, 20, by=manager, reason="x")
    monkeypatch.setattr(standard, "last_number", lambda name: 0)
    with pytest.raises(StateConflict):
        set_value(IDLE, 25, by=manager, reason="x")
    assert value(IDLE) == 20


def test_what_is_rolled_back_holds_nowhere(manager):
    set_value(IDLE, 20, by=manager, reason="x")
    assert value(IDLE) == 20
    db.session.rollback()
    assert value(IDLE) == 30
    db.session.remove()
    assert value(IDLE) == 30


def test_a_request_reads_the_standards_in_one_short_query(manager):
    for number in range(60):
        db.session.add(StandardVersion(name=IDLE, number=number + 1, value=5 + number, from_date=date(2020, 1, 1), reason="x"))
    db.session.commit()
    value(IDLE)
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    costs = []
    for _request in range(20):
        db.session.remove()
        db.session.connection()
        statements.clear()
        began = time.perf_counter()
        assert value(IDLE) == 64
        value(LIMIT)
        costs.append(time.perf_counter() - began)
        assert len(statements) == 1, statements
    assert min(costs) < 0.0005


# --- codes in use, chains ------------------------------------------------------------------------------------------------


def test_a_code_in_use_can_be_made_inactive_but_not_removed(manager):
    factories.customer(size="large")
    without = [entry for entry in STANDARDS["choices.size"].start if entry["code"] != "large"]
    with pytest.raises(Refusal, match="large is in use 1 times") as refused:
        set_value("choices.size", without, by=manager, reason="x")
    assert refused.value.field == "value"
    retired = changed("choices.size", "large", active=False)
    assert any("1 records have it" in str(effect) for effect in standard_effects.effects("choices.size", retired, clock.today()))
    set_value("choices.size", retired, by=manager, reason="x")
    unused = [entry for entry in retired if entry["code"] != "small"]
    set_value("choices.size", unused, by=manager, reason="x")


def test_every_list_of_choices_says_where_it_is_used(app):
    lists = {name for name, one in STANDARDS.items() if one.kind == "choices"} - {standard_effects.SIGNATORIES, "survey.questions"}
    assert lists <= {*standard_effects._columns, *standard_effects._within}


def test_choices_of_plans_greetings_tables_receptions_and_complaints_are_in_use(manager):
    customer = factories.customer("rep1")
    maintaining.drafted(customer)
    strengthening.save(customer, [Person("deputy", "张三", "strong", "", None, "", None)], by=manager, version=0)
    receiving.drafted(customer)
    listed = GreetingList.make("National Day", date(2090, 10, 1), [customer.id], note="", by=manager)
    db.session.flush()
    line = db.session.scalars(select(GreetingLine).where(GreetingLine.list_id == listed.id)).one()
    line.settle(GREETED, way="card", done_on=clock.today(), by=manager, version=1)
    change(customer, payment_terms="net60")
    taken(customer).cause = "quality"
    db.session.commit()
    used = {
        "choices.measure_kind": "visit", "choices.influence": "strong", "choices.visit_area": "showroom", "choices.greeting_way": "card",
        "choices.payment_terms": "net60", "choices.complaint_cause": "quality",
    }  # fmt: skip
    for name, code in used.items():
        with pytest.raises(Refusal, match=f"{code} is in use 1 times"):
            set_value(name, [one for one in value(name) if one["code"] != code], by=manager, reason="清理")


def test_a_version_on_which_another_standard_hangs_is_not_cancelled(manager):
    treasurer = {"code": "treasurer", "zh": "司库", "en": "Treasurer", "active": True}
    people = set_value("approval.signatories", [*value("approval.signatories"), treasurer], by=manager, from_date=ahead(5), reason="x")
    paper = {"type": "paper", "title": "treasurer", "meaning": "approve"}
    chain = set_value("chain.investigation", [{"case": "always", "when": {}, "steps": [paper]}], by=manager, from_date=ahead(5), reason="x")
    with pytest.raises(Refusal, match="Change that chain first"):
        people.cancel(by=manager, reason="不再需要")
    assert people.cancelled_at is None
    chain.cancel(by=manager, reason="不再需要")
    people.cancel(by=manager, reason="不再需要")
    assert people.cancelled_at is not None


def test_a_file_that_cannot_be_set_names_the_standard(manager):
    set_value(LIMIT, "600000.00", by=manager, from_date=ahead(30), reason="x")
    values = {LIMIT: "700000.00", IDLE: 20}
    with pytest.raises(Refusal, match=r"^Credit limit above which finance signs: Version 1 is planned") as refused:
        standard_file.apply(values, by=manager, reason="x")
    assert refused.value.field == "from_date"


def test_chains_name_signatories_whom_the_site_has(manager):
    paper = {"type": "paper", "title": "treasurer", "meaning": "approve"}
    chain = [{"case": "always", "when": {}, "steps": [paper]}]
    with pytest.raises(Refusal, match="treasurer is not among"):
        set_value("chain.investigation", chain, by=manager, reason="x")
    with pytest.raises(Refusal, match="Change that chain first"):
        set_value("approval.signatories", changed("approval.signatories", "finance", active=False), by=manager, reason="x")
    nobodys = {"code": "auditor", "zh": "审计", "en": "Auditor", "active": True}  # stands in no chain
    known = STANDARDS["approval.signatories"].start
    set_value("approval.signatories", [*known, nobodys], by=manager, reason="x")
    set_value("approval.signatories", [*known, nobodys | {"active": False}], by=manager, reason="x")


def test_a_chain_asks_only_for_what_its_documents_have(manager):
    steps = STANDARDS["chain.credit"].start[1]["steps"]
    chain = [{"case": "a", "when": {"limit": ["above"]}, "steps": steps}, {"case": "b", "when": {}, "steps": steps}]
    with pytest.raises(Refusal, match="does not have"):
        set_value("chain.investigation", chain, by=manager, reason="x")
    set_value("chain.credit", chain, by=manager, reason="x")


def test_effects_count_customers_above_a_limit(manager):
    factories.customer(credit_limit=300_000)
    factories.customer(credit_limit=600_000)
    found = [str(effect) for effect in standard_effects.effects(LIMIT, "200000.00", clock.today())]
    assert found[:2] == ["Customers with a credit limit above it now: 1.", "With the new limit: 2."]


@pytest.mark.parametrize("name", list(STANDARDS))
def test_every_standard_says_what_it_touches(app, name):
    assert all(str(effect) for effect in standard_effects.effects(name, STANDARDS[name].start, clock.today()))
    assert STANDARDS[name].kind in ("choices", "chain") or name in standard_effects._effects, "nobody says when it is read"


def test_effects_count_who_is_due_for_a_visit(manager):
    today = clock.today()
    for grade, state, days in (("A", "active", 20), ("A", "active", 40), ("B", "active", 400), ("A", "prospect", 40)):
        factories.customer("rep1", grade=grade, state=state, visited_on=today - timedelta(days=days))
    db.session.commit()
    found = [str(effect) for effect in standard_effects.effects("visit.yearly.A", 26, today)]
    assert [one.rpartition(": ")[2] for one in found[:2]] == ["1.", "2."]
    assert str(standard_effects.effects("visit.yearly.A", 0, today)[1]).endswith(": 0.")


# --- why -----------------------------------------------------------------------------------------------------------------


def test_effects_count_who_is_signed_in_and_whose_password_is_too_old(manager, staff):
    now = clock.now()
    for seen, begun in ((5, 60), (31, 60), (5, 13 * 60)):
        row = {"address": "", "browser": "", "seen_at": now - timedelta(minutes=seen), "created_at": now - timedelta(minutes=begun)}
        db.session.add(StaffSession(staff_id=manager.id, token_hash=f"{seen}-{begun}", **row))
    for person in staff.values():
        person.password_changed_at = now
    # On the ninetieth day a password still opens, whatever the hour at which it was set; on the next one it does not.
    staff["rep1"].password_changed_at = now - timedelta(days=90, minutes=5)
    staff["rep2"].password_changed_at = now - timedelta(days=91)
    db.session.commit()
    told = []
    for name, figure in ((IDLE, 20), ("password.max_age_days", 90)):
        told += [str(one) for one in standard_effects.effects(name, figure, clock.today())]
    assert "1 sessions are open; the new time counts for them too." in told
    assert "1 accounts have to change their password on that day." in told
    set_value("password.max_age_days", 90, by=manager, reason="等保")
    assert [account for account, person in staff.items() if person.password_due] == ["rep2"]


def test_why_names_rule_clause_version_and_figures(manager):
    set_value(LIMIT, "300000.00", by=manager, reason="x")
    answer = why(LIMIT, **{N_("Credit limit"): "400,000.00"})
    assert (answer.version, answer.value, answer.figures) == (1, "300000.00", {"Credit limit": "400,000.00"})
    with in_language("en"):
        assert translate(answer.message).startswith("Credit limit above which finance signs: 300,000.00 yuan (")
        assert "version 1" in translate(answer.message)
    assert why(LIMIT, version=0).value == "500000.00"


# --- one file out and in -------------------------------------------------------------------------------------------------


def test_what_goes_out_comes_in_unchanged(manager):
    set_value(IDLE, 20, by=manager, reason="x")
    db.session.commit()
    content = standard_file.export_file()
    assert standard_file.differences(standard_file.read_file(content)) == []
    exported = {entry["name"]: entry for entry in json.loads(content)["standards"]}
    assert set(exported) == set(STANDARDS)
    assert (exported[IDLE]["version"], exported[IDLE]["value"]) == (1, 20)


def test_what_is_planned_is_no_difference_to_the_file_of_the_same_site(manager):
    set_value(IDLE, 20, by=manager, reason="x")
    set_value(IDLE, 25, by=manager, from_date=ahead(30), reason="x")
    db.session.commit()
    values = standard_file.read_file(standard_file.export_file())
    assert values[IDLE] == 20
    assert standard_file.differences(values) == []
    assert [one.after for one in standard_file.differences({IDLE: 15})] == [15]


def test_a_file_is_set_as_new_versions_all_or_none(manager):
    values = {IDLE: 20, LIMIT: "1.00", "signin.attempts": 5}
    assert [change.name for change in standard_file.differences(values)] == [LIMIT, IDLE]
    assert standard_file.apply(values, by=manager, reason="总部统一") == 2
    assert (value(IDLE), value(LIMIT)) == (20, "1.00")
    with pytest.raises(Refusal, match="absolute_hours: "):
        standard_file.apply({IDLE: 25, "session.absolute_hours": 99}, by=manager, reason="x")
    assert value(IDLE) == 20
    with pytest.raises(Refusal, match="unknown: This portal has no such standard"):
        standard_file.apply({"unknown": 1}, by=manager, reason="x")


def test_a_chain_may_come_with_its_signatory(manager):
    signatory = {"code": "treasurer", "zh": "出纳", "en": "Treasurer", "active": True}
    chain = [{"case": "always", "when": {}, "steps": [{"type": "paper", "title": "treasurer", "meaning": "approve"}]}]
    values = {"chain.investigation": chain, "approval.signatories": [*STANDARDS["approval.signatories"].start, signatory]}
    assert standard_file.apply(values, by=manager, reason="x") == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"format": "customer-portal-standards", "standards": [{"name": 1, "value": 2}]}', b"1"],
)
def test_what_is_no_file_of_standards_is_refused(app, content):
    with pytest.raises(Refusal, match="not a file of standards"):
        standard_file.read_file(content)


# --- calendar ------------------------------------------------------------------------------------------------------------


@time_machine.travel("2026-03-02 01:00Z")
def test_own_days_stand_over_the_official_ones(manager):
    days = SiteDay.set_days(date(2026, 3, 5), date(2026, 3, 8), working=False, note="盘点", by=manager)
    assert [one.day.day for one in days] == [5, 6]
    assert not site_calendar().is_working_day(date(2026, 3, 5))
    assert site_calendar().kind_of_day(date(2026, 3, 5)) == "own-free"
    SiteDay.set_days(date(2026, 3, 5), date(2026, 3, 5), working=True, note="不盘点了", by=manager)
    assert site_calendar().kind_of_day(date(2026, 3, 5)) == "working"
    days[1].remove(by=manager)
    assert site_calendar().is_working_day(date(2026, 3, 6))
    with pytest.raises(Refusal, match="passed"):
        SiteDay.set_days(date(2026, 3, 1), date(2026, 3, 1), working=True, note="x", by=manager)
    with pytest.raises(Refusal, match="free already"):
        SiteDay.set_days(date(2026, 3, 7), date(2026, 3, 8), working=False, note="x", by=manager)


def test_office_hours_of_the_calendar_are_the_standard(manager):
    set_value("office.hours", [["09:00", "17:00"]], by=manager, reason="x")
    assert [f"{opening:%H:%M}" for opening, _closing in site_calendar().office_hours] == ["09:00"]


def test_official_days_have_their_kinds_and_names(app):
    calendar = site_calendar()
    kinds = {day: calendar.kind_of_day(date(2026, 2, day)) for day in (6, 7, 14, 17)}
    assert kinds == {6: "working", 7: "weekend", 14: "make-up", 17: "holiday"}
    assert calendar.holiday_name(date(2026, 2, 17)) == "Spring Festival"


@pytest.mark.parametrize(("day", "told"), [("2037-10-31", 0), ("2037-11-01", 2), ("2025-11-20", 0)])
def test_managers_are_told_once_in_november(app, day, told):
    with time_machine.travel(f"{day} 04:00Z"):
        assert warn_of_next_year("/standards/calendar") == told
        db.session.commit()
        assert warn_of_next_year("/standards/calendar") == 0
    assert len(db.session.scalars(select(Notice)).all()) == told


def test_who_has_entered_the_holidays_is_not_warned_any_more(manager):
    with time_machine.travel("2037-11-02 04:00Z"):
        assert unannounced_year() == 2037
        SiteDay.set_days(date(2038, 2, 1), date(2038, 2, 12), working=False, note="春节", by=manager)
        for first, last in ((date(2037, 11, 3), date(2037, 11, 16)), (date(2038, 5, 3), date(2038, 5, 3))):
            SiteDay.set_days(first, last, working=False, note="放假", by=manager)
        assert (unannounced_year(), warn_of_next_year("/standards/calendar")) == (None, 0)


def test_a_rule_in_words_says_that_it_is_the_starting_value(manager):
    with in_language("zh_Hans_CN"):
        assert translate(why(LIMIT).message).endswith("版本：初始值）")
        set_value(LIMIT, "300000.00", by=manager, reason="x")
        assert translate(why(LIMIT).message).endswith("版本：1）")
