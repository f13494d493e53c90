"""Proposals as records: registered, out of requests, routed, told, extended, warned of, handed over, erased (PP-1 to PP-4, SV-7)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine

from portal import clock
from portal.database import StateConflict, db
from portal.models import (
    callback,
    proposal_clock,
    proposal_desk,
    proposal_extension,
    proposal_intake,
    proposal_letter,
    proposal_list,
    proposal_routing,
)
from portal.models.audit import AuditEvent
from portal.models.dossier import Upload
from portal.models.hand_over import assist, hand_over
from portal.models.inbox import entries
from portal.models.inbox_count import numbers
from portal.models.proposal import Proposal, ProposalFile
from portal.models.proposal_department import parts_of
from portal.models.proposal_letter import ProposalLetter
from portal.models.proposal_list import ProposalQuery
from portal.models.request_step import steps_of
from portal.models.standard import set_value
from portal.models.standard import value as standard
from portal.rules import callbacks
from portal.rules import proposals as rules
from portal.rules.message import Refusal
from tests import deciding, factories, proposing
from tests.approving import person, picture, record_paper, sign, told
from tests.proposing import asked_for_days, line, registered, routed
from tests.service.requesting import taken

pytestmark = pytest.mark.usefixtures("app")


def _lines(proposal: Proposal) -> dict[str, tuple[str, str, str]]:
    return {one.department: (one.part, one.way, one.state) for one in db.session.scalars(parts_of(proposal.id))}


def test_a_proposal_is_registered_with_its_days_and_by_post_makes_a_call_due():
    customer = factories.customer("rep1")
    factories.contact(customer, name="林秋实", telephone="13800001111")
    one = registered(customer, channel="letter", reach="", by="sup1", on=clock.today() - timedelta(days=1))
    assert (one.state, one.handler.account, one.team_id) == (rules.REGISTERED, "rep1", person("rep1").team_id)
    assert (one.limit_on - one.received_on).days == 20
    assert (one.warn_on - one.received_on).days == 10
    assert (one.reach, one.contact_card.name) == ("13800001111", "林秋实")
    calls = db.session.query(callback.Callback).filter_by(customer_id=customer.id).all()
    assert [(call.event.kind, call.text) for call in calls] == [(callbacks.PROPOSAL, one.summary)]
    assert "has registered a proposal" in told("rep1")[-1]
    assert db.session.query(callback.Callback).count() == 1
    registered(customer, channel="e-mail")
    assert db.session.query(callback.Callback).count() == 1
    for field, wrong in (
        ("kind", {"kind": "x"}), ("channel", {"channel": "fax"}), ("received_on", {"on": clock.today() + timedelta(days=1)}),
        ("summary", {"summary": ""}), ("text", {"text": ""}), ("summary", {"summary": "长" * 200}),
    ):  # fmt: skip
        with pytest.raises(Refusal) as refused:
            registered(customer, **wrong)
        assert refused.value.field == field


def test_a_request_becomes_a_proposal_with_one_click_and_both_know_it():
    customer = factories.customer("rep1")
    request = taken(customer, kind="suggestion", channel="letter", text="建议改用可回收包装，减少运输破损。")
    one = proposal_intake.from_request(request, by=person("rep1"))
    db.session.commit()
    assert (one.request_id, one.text, one.channel, one.received_on) == (request.id, request.text, "letter", request.received_on)
    assert proposal_intake.of_request(request) is one
    assert not proposal_intake.can_become(request, person("rep1"))
    with pytest.raises(StateConflict):
        proposal_intake.from_request(request, by=person("rep1"))
    assert (steps_of(request)[-1].kind, steps_of(request)[-1].word) == ("proposal", one.number)
    actions = {(row.record_type, row.action) for row in db.session.query(AuditEvent).filter_by(customer_id=customer.id)}
    assert {("Proposal", "proposal-registered"), ("ServiceRequest", "request-became-proposal")} <= actions
    assert [call.event.kind for call in db.session.query(callback.Callback).filter_by(customer_id=customer.id)] == [callbacks.PROPOSAL]
    unknown = taken(customer_name="某人")
    with pytest.raises(Refusal):
        proposal_intake.from_request(unknown, by=person("rep1"))


def test_the_manager_approves_the_routing_and_the_departments_have_it():
    account = proposing.department_account()
    one = registered()
    assert proposal_routing.proposed_lines("quality") == [line("production", "responsible"), line("quality", way="account")]
    for wrong in ([line("production", "responsible", "account")], [line("production", "responsible", "mail")], [line("x", "responsible")]):
        with pytest.raises(Refusal) as refused:
            proposing.routing(one, *wrong)
        assert refused.value.field == "departments"
    db.session.rollback()
    assert db.session.scalar(Proposal.visible_to(account)) is None
    lines = [line("production", "responsible"), line("quality", way="account"), line("marketing", way="mail", address="m@example.com")]
    draft = proposing.routing(one, *lines, kind="technique")
    assert not proposal_routing.ProposalRouting.can_begin(one, person("sup1"))
    with pytest.raises(StateConflict):
        proposing.routing(one)
    approval = draft.submit(by=person("sup1"))
    db.session.commit()
    assert one.state == rules.ROUTING
    sign(approval, "mgr1", "send-back")
    assert (one.state, draft.state) == (rules.REGISTERED, "draft")
    approval = draft.submit(by=person("sup1"))
    db.session.commit()
    sign(approval, "mgr1")
    assert (one.state, one.kind, one.responsible) == (rules.ROUTED, "technique", "production")
    assert _lines(one) == {
        "production": ("responsible", "paper", "to-send"), "quality": ("opinion", "account", "sent"),
        "marketing": ("opinion", "mail", "to-send"),
    }  # fmt: skip
    assert db.session.scalars(Proposal.visible_to(account)).all() == [one]
    assert "with your department" in told("dept1")[-1]
    assert proposal_clock.lies_with(one).departments == ["production", "quality", "marketing"]
    again = routed(one, line("production", "responsible"), line("service"), word="质量部已无关联")
    assert _lines(again) == {"production": ("responsible", "paper", "to-send"), "service": ("opinion", "paper", "to-send")}
    assert db.session.scalar(Proposal.visible_to(account)) is None
    production = next(iter(db.session.scalars(parts_of(one.id))))
    proposal_letter.send_copy(production, by=person("rep1"))
    db.session.commit()
    assert (production.state, production.due_on) == ("sent", clock.today() + timedelta(days=7))
    with pytest.raises(StateConflict):
        proposal_letter.send_copy(production, by=person("rep1"))


def test_a_copy_by_mail_speaks_the_language_of_who_reads_it(app, monkeypatch):
    """Of the account with the address, or of the department's own; Chinese where nobody is known (PP-3)."""
    monkeypatch.setitem(app.config, "SMTP_HOST", "mail.example.com")
    proposing.department_account().language = person("sup2").language = "en"
    person("sup2").email = "Reader@example.com"
    db.session.commit()
    lines = [line("marketing", "responsible", way="mail", address="m@example.com"), line("quality", way="mail", address="q@example.com")]
    one = routed(registered(), *lines, line("service", way="mail", address="reader@example.com"))
    for part in db.session.scalars(parts_of(one.id)):
        proposal_letter.send_copy(part, by=person("rep1"))
    db.session.commit()
    letters = db.session.query(ProposalLetter).order_by(ProposalLetter.id).all()
    assert [(one.language, one.to_name) for one in letters] == [("zh_Hans_CN", "市场营销部"), ("en", "Quality"), ("en", "Customer service")]
    assert "Customer's proposal" in letters[1].subject
    assert letters[1].body.startswith("To Quality:")


def test_routed_anew_what_was_answered_counts_and_who_becomes_responsible_is_asked_again():
    one = routed(registered(), line("quality", "responsible"), line("production"))
    for part in db.session.scalars(parts_of(one.id)):
        part.state, part.answered_at = rules.ANSWERED, clock.now()
    db.session.commit()
    routed(one, line("quality", "responsible"), line("service"), word="生产部无关联")
    assert (one.state, _lines(one)["quality"][2], _lines(one)["service"][2]) == (rules.ASSESSED, "answered", "to-send")
    service = db.session.scalars(parts_of(one.id)).all()[1]
    service.state, service.answered_at = rules.ANSWERED, clock.now()
    db.session.commit()
    routed(one, line("service", "responsible"), line("quality"), word="归口部门变更")
    assert (one.state, one.responsible) == (rules.ROUTED, "service")
    assert _lines(one) == {"service": ("responsible", "paper", "to-send"), "quality": ("opinion", "paper", "answered")}
    other = deciding.assessed()
    deciding.decision(other, rules.DECLINED).submit(by=person("sup1"))
    db.session.commit()
    with pytest.raises(Refusal, match="in approval"):
        routed(other, line("service", "responsible"), word="归口部门变更")


def _written(letter: ProposalLetter, way: str = "letter", address: str = "") -> None:
    letter.change(
        way=way, to_name="林秋实", address=address, subject=letter.subject, body=letter.body, by=person("rep1"), version=letter.version
    )


def test_the_customer_is_thanked_and_told_again_of_another_day_or_department(app):
    one = registered(contact="林秋实")
    assert proposal_letter.wanted(one) == "thanks"
    thanks = proposal_letter.draft(one, "thanks", by=person("rep1"))
    assert proposal_letter.draft(one, "thanks", by=person("rep1")) is thanks
    assert one.summary in thanks.body
    assert "客户服务部" in thanks.body
    assert f"{one.target_on.month}月{one.target_on.day}日" in thanks.body
    _written(thanks, way="mail", address="lin@example.com")
    with pytest.raises(Refusal) as refused:
        thanks.send(by=person("rep1"))
    assert refused.value.field == "way"
    app.config["SMTP_HOST"] = "mail.example.com"
    try:
        thanks.send(by=person("rep1"))
        db.session.commit()
    finally:
        app.config["SMTP_HOST"] = ""
    assert (thanks.state, thanks.mail_state, one.promised_on, proposal_letter.wanted(one)) == ("sent", "waiting", one.target_on, "")
    with pytest.raises(StateConflict):
        thanks.send(by=person("rep1"))
    routed(one)
    assert proposal_letter.wanted(one) == "change"
    change = proposal_letter.draft(one, "change", by=person("rep1"), language="en")
    assert "Quality" in change.body
    _written(change)
    change.send(by=person("rep1"))
    db.session.commit()
    assert (one.promised_department, proposal_letter.wanted(one)) == ("quality", "")
    approval = asked_for_days(one)
    sign(approval, "mgr1")
    record_paper(approval, name="刘副总")
    assert proposal_letter.wanted(one) == "change"
    assert proposal_letter.promise_of(one) == (one.limit_on, "quality")


def test_more_days_count_when_the_signed_sheet_is_back_and_not_before():
    one = registered(on=clock.today() - timedelta(days=12))
    before = one.limit_on
    approval = asked_for_days(one)
    assert not proposal_extension.ProposalExtension.can_begin(one, person("sup1"))
    sign(approval, "mgr1")
    assert (one.limit_on, one.extended, approval.state) == (before, False, "pending")
    record_paper(approval, outcome="reject", opinion="不同意", name="刘副总")
    assert (one.limit_on, one.extended, approval.state) == (before, False, "rejected")
    approval = asked_for_days(one)
    sign(approval, "mgr1")
    record_paper(approval, name="刘副总")
    assert (one.limit_on, one.extended) == (one.received_on + timedelta(days=30), True)
    assert not proposal_extension.ProposalExtension.can_begin(one, person("sup1"))
    other = registered()
    value = standard("chain.proposal_extension")
    set_value("chain.proposal_extension", [{**value[0], "steps": value[0]["steps"][:1]}], by=person("mgr1"), reason="试")
    with pytest.raises(Refusal, match="on paper"):
        asked_for_days(other)


def _values(one: Proposal, **values: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in proposal_intake.WRITTEN} | values


def test_what_more_days_are_asked_for_stays_as_it_is_until_that_is_decided(as_):
    """The sheet names day and words of the proposal (AP-5): they are not changed behind it, nor does it count no more."""
    one, day = registered(), clock.today() - timedelta(days=3)
    opened = one.version
    approval = asked_for_days(one)
    with pytest.raises(StateConflict):
        proposal_intake.change(one, _values(one, received_on=day), by=person("rep1"), version=opened)
    proposal_intake.change(
        one, _values(one, received_on=day, summary="另一句", reach="13900002222"), by=person("rep1"), version=one.version
    )
    db.session.commit()
    asked = approval.current_round.content["proposal"]
    assert (one.received_on.isoformat(), one.summary, one.reach) == (asked["received_on"], asked["summary"], "13900002222")
    with pytest.raises(StateConflict):
        proposal_intake.void(one, reason="重复", by=person("rep1"))
    browser = as_("rep1")
    assert f"/proposals/{one.id}/voidance" not in browser.get(one.link).text
    assert 'name="summary" type="text"' not in browser.get(f"{one.link}/edit").text
    assert browser.post(f"{one.link}/voidance", data={"reason": "重复"}).status_code == 409
    approval.withdraw(by=person("sup1"))
    db.session.commit()
    proposal_intake.change(one, _values(one, received_on=day), by=person("rep1"), version=one.version)
    db.session.commit()
    assert one.received_on == day
    assert f"/proposals/{one.id}/voidance" in browser.get(one.link).text
    again = proposal_extension.undecided_of(one)
    assert again is not None
    approval = again.submit(by=person("sup1"))
    db.session.commit()
    assert approval.current_round.content["proposal"]["received_on"] == day.isoformat()


RECEIVED = date(2028, 2, 15)
"""So that the days go over a leap day."""


def _at(day: date) -> time_machine.travel:
    return time_machine.travel(datetime(day.year, day.month, day.day, 10, tzinfo=clock.SITE_ZONE), tick=False)


def _notices() -> int:
    return len([text for text in told("rep1") if "Proposal" in text])


def test_the_worker_warns_on_days_10_15_and_18_and_tells_of_the_first_late_day_once():
    with _at(RECEIVED):
        one, extended = registered(on=RECEIVED), registered(on=RECEIVED, summary="另一件")
    for gone in range(1, 35):
        with _at(RECEIVED + timedelta(days=gone)):
            before = _notices()
            for _turn in range(2):
                proposal_clock.tell_due()
                db.session.commit()
            if gone == 19:
                approval = asked_for_days(extended)
                sign(approval, "mgr1")
                record_paper(approval, name="刘副总")
            heard = _notices() - before
            expected = {10: 2, 15: 2, 18: 2, 21: 1, 28: 1, 31: 1}.get(gone, 0)
            assert heard == expected, gone
            assert one.is_late is (gone > 20)
    assert any("is late" in text and "2028-03-06" in text for text in told("sup1"))
    assert any("is on day 18" in text for text in told("mgr1"))
    assert not any("is on day 15" in text for text in told("mgr1"))


def test_a_day_of_receipt_that_is_corrected_is_warned_of_and_told_anew():
    """What was told of a day that was wrong keeps nobody from hearing of the right one (PP-4), nor the customer (PP-2)."""
    with _at(RECEIVED + timedelta(days=40)):
        one = registered(on=RECEIVED)
        proposal_clock.tell_due()
        letter = proposal_letter.draft(one, proposal_letter.THANKS, by=person("rep1"))
        letter.way = proposal_letter.LETTER
        letter.send(by=person("rep1"))
        db.session.commit()
        assert (one.warned, one.warn_on, one.to_tell) == (21, None, False)
        proposal_intake.change(one, _values(one, contact="别人"), by=person("rep1"), version=one.version)
        assert (one.warned, one.to_tell) == (21, False)
        received = clock.today() - timedelta(days=12)
        proposal_intake.change(one, _values(one, received_on=received), by=person("rep1"), version=one.version)
        db.session.commit()
        assert (one.warned, one.warn_on, one.to_tell) == (10, received + timedelta(days=15), True)
        proposal_intake.change(one, _values(one, received_on=received - timedelta(days=4)), by=person("rep1"), version=one.version)
        db.session.commit()
        before = _notices()
        proposal_clock.tell_due()
        db.session.commit()
        assert (one.warned, _notices() - before) == (15, 1)
        assert "is on day 16" in told("rep1")[-1]


def test_a_worker_that_slept_tells_the_latest_step_alone_and_none_of_what_is_decided():
    with _at(RECEIVED):
        one, void = registered(on=RECEIVED), registered(on=RECEIVED, summary="误登")
        proposal_intake.void(void, reason="重复", by=person("rep1"))
        db.session.commit()
    with _at(RECEIVED + timedelta(days=25)):
        assert proposal_clock.tell_due() == 1
        db.session.commit()
        assert _notices() == 1
        assert (one.warned, one.warn_on) == (21, None)
        assert proposal_clock.late_days(one) == 5


def test_the_days_of_a_running_proposal_are_those_it_began_with():
    one = registered()
    days = {**standard("proposal.deadlines"), "limit": 25, "warn_last": 20}
    set_value("proposal.deadlines", days, by=person("mgr1"), reason="放宽")
    db.session.commit()
    later = registered(summary="其后")
    assert ((one.limit_on - one.received_on).days, (later.limit_on - later.received_on).days) == (20, 25)
    values = {**proposing.WORDS, "received_on": clock.today() - timedelta(days=2)}
    proposal_intake.change(one, values, by=person("rep1"), version=one.version)
    db.session.commit()
    assert (one.limit_on - clock.today()).days == 18


def test_it_stands_in_the_inbox_and_goes_along_with_its_customer():
    customer = factories.customer("rep1")
    one = registered(customer, on=clock.today() - timedelta(days=11))
    waiting = {account: {entry.kind for entry in entries(person(account))} for account in ("rep1", "sup1")}
    kinds = {account: {kind for kind in found if kind.startswith("proposal")} for account, found in waiting.items()}
    assert kinds == {"rep1": {"proposal-to-tell"}, "sup1": {"proposal-to-route"}}
    assert numbers(person("rep1"), proposal_desk.FIGURES) == [1, 0]
    proposal_clock.tell_due()
    db.session.commit()
    assert "proposal-due" in {entry.kind for entry in entries(person("rep1"))}
    hand_over([customer.id], to=person("rep3"), by=person("mgr1"), reason="调整")
    db.session.commit()
    db.session.refresh(one)
    assert (one.handler.account, one.team_id) == ("rep3", person("rep3").team_id)
    assert db.session.scalar(Proposal.visible_to(person("rep1"))) is None
    assert proposal_desk.take_over(person("rep3"), person("rep2")) == 1


def test_a_draft_that_a_decision_has_overtaken_is_let_go(as_):
    """It is neither changed nor submitted any more; nothing but its words go with it."""
    one = deciding.assessed()
    route = proposing.routing(one, word="再议")
    more = proposal_extension.ProposalExtension.begin(one, {"ground": "important", "reason": "需试验"}, by=person("sup1"))
    db.session.commit()
    deciding.decided(one)
    browser = as_("sup1")
    for draft, path in ((route, "proposal-routings"), (more, "proposal-extensions")):
        address = f"/{path}/{draft.id}"
        assert browser.get(f"{address}/edit").status_code == 409
        assert f"{address}/giving-up" in browser.get(address).text
        assert browser.post(f"{address}/giving-up").status_code == 303
        db.session.refresh(draft)
        assert draft.state == "given-up"
        with pytest.raises(StateConflict):
            draft.give_up(by=person("sup1"))


def test_the_first_page_counts_what_the_list_shows_also_of_customers_one_assists_with():
    theirs = factories.customer("rep2")
    registered(theirs, by="rep2", on=clock.today() - timedelta(days=25))
    registered()
    assist([theirs.id], person("rep1"), by=person("sup1"))
    db.session.commit()
    assert {name: numbers(person(name), proposal_desk.FIGURES) for name in ("rep1", "rep2", "rep3", "sup1", "sup2", "mgr1")} == {
        "rep1": [2, 1], "rep2": [1, 1], "rep3": [0, 0], "sup1": [2, 1], "sup2": [0, 0], "mgr1": [2, 1],
    }  # fmt: skip
    listed = proposal_list.listing(ProposalQuery.read({"state": "open"})).ids(person("rep1"), ProposalQuery.read({"state": "open"}), 10)
    assert len(listed) == 2


def test_an_erased_card_leaves_days_without_words_and_no_file():
    one = registered()
    kept = proposal_intake.keep_files(one, [Upload.of(picture(), "来信.png")], by=person("rep1"))
    db.session.commit()
    digest = kept[0].attachment.sha256
    assert proposal_desk.forget([one.customer_id]) == {digest}
    db.session.commit()
    db.session.expire_all()
    found = db.session.query(Proposal).one()
    assert (found.summary, found.text, found.contact, found.kind) == ("", "", "", "quality")
    assert db.session.query(ProposalFile).count() == 0
