"""Pages of inbox and sign-off (AP-4, AP-6, AP-8, AP-10)."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal import clock
from portal.blueprints.approvals import inbox as inbox_pages
from portal.database import db
from portal.models import inbox
from portal.models.approval import Approval
from portal.models.approval_signature import Signature
from portal.models.audit import AuditEvent
from portal.models.credit import FIELDS
from portal.models.delegation import Delegation
from portal.models.staff import StaffSession
from portal.sessions import ASKED_BY_ITSELF
from tests import approving, factories, ordering
from tests.approving import FINANCE, REVIEW, change, person, picture, record_paper, rename, sign, submitted, told
from tests.conftest import PASSWORD

pytestmark = pytest.mark.usefixtures("app")


def text(response: Any) -> str:
    return response.get_data(as_text=True)


def post_signature(browser: Any, approval: Approval, decision: str = "approve", **values: Any) -> Any:
    step = approval.open_steps[0]
    data = {"step_id": step.id, "content_hash": approval.current_round.content_hash, "password": PASSWORD, "decision": decision, **values}
    return browser.post(f"/approvals/{approval.id}/signature", data=data)


def test_sheet_steps_and_buttons_for_who_may_sign(as_):
    approval = submitted()
    page = text(as_("sup1").get(f"/approvals/{approval.id}"))
    assert 'class="sheet' in page
    assert approval.title in page
    for word in ("80,000.00", 'value="approve"', 'value="send-back"', 'value="reject"', 'type="password"'):
        assert word in page
    submitter = text(as_("rep1").get(f"/approvals/{approval.id}"))
    assert 'value="approve"' not in submitter
    assert "/withdrawal" in submitter
    assert "/reminder" in submitter
    assert "/withdrawal" not in page


def test_who_drafted_it_reads_who_signs_instead(as_):
    approval = change(by="sup1").submit(by=person("rep1"))
    db.session.commit()
    browser = as_("sup1")
    names = f"{person('mgr1').name}、{person('mgr2').name}"
    page = browser.get(f"/approvals/{approval.id}")
    assert (page.status_code, 'value="approve"' in text(page)) == (200, False)
    assert f"由他人签批：{names}" in text(page)
    refused = post_signature(browser, approval)
    assert (refused.status_code, approval.state) == (403, "pending")
    assert f"由他人签批：{names}" in text(refused)
    assert post_signature(as_("rep2"), approval).status_code == 404


def test_signing_goes_on_to_the_next_of_the_same_kind(as_):
    first, second = submitted(), submitted()
    browser = as_("sup1")
    answer = post_signature(browser, second, opinion="同意")
    assert (answer.status_code, answer.location) == (303, f"/approvals/{first.id}")
    given = db.session.query(Signature).one()
    assert (given.decision, given.opinion, given.address) == ("approve", "同意", "127.0.0.1")
    answer = post_signature(browser, first, "reject", opinion="不符")
    assert (answer.status_code, answer.location) == (303, "/inbox")
    assert first.state == "rejected"


def test_the_last_of_a_kind_leads_to_what_else_is_to_be_signed(as_):
    last = submitted()
    other = ordering.submitted(ordering.asked(customer=factories.customer(grade="A")))
    assert other.kind_name != last.kind_name
    answer = post_signature(as_("sup1"), last)
    assert (answer.status_code, answer.location) == (303, "/inbox?group=sign")


def test_the_password_is_asked_again(as_):
    approval = submitted()
    browser = as_("sup1")
    for wrong in ("", "not-my-password"):
        answer = post_signature(browser, approval, password=wrong, opinion="写好的意见")
        assert answer.status_code == 422
        assert "写好的意见" in text(answer)
    assert db.session.query(Signature).count() == 0
    for _ in range(6):
        answer = post_signature(browser, approval, password="not-my-password")
    assert answer.status_code == 429
    assert post_signature(browser, approval).status_code == 429, "throttled like sign-in, even when right"
    assert db.session.query(Signature).count() == 0


def test_opinion_is_needed_to_send_back(as_):
    approval = submitted()
    answer = post_signature(as_("sup1"), approval, "send-back")
    assert answer.status_code == 422
    assert 'id="opinion-error"' in text(answer)
    assert post_signature(as_("sup1"), approval, "nonsense").status_code == 422


def test_signing_what_changed_since_shows_the_differences(as_):
    approval = submitted()
    seen = approval.current_round.content_hash
    sign(approval, "sup1", "send-back")
    document = approval.document
    values = {name: getattr(document, name) for name in (*FIELDS, "reason", "effective_on")}
    document.edit({**values, "credit_limit": Decimal("90000.00")}, by=person("rep1"))
    document.submit(by=person("rep1"))
    db.session.commit()
    answer = post_signature(as_("sup1"), approval, content_hash=seen)
    assert answer.status_code == 409
    assert "<td>80,000.00</td><td>90,000.00</td>" in text(answer)
    assert approval.current_round.content_hash in text(answer), "the form is now that of the new content"
    assert db.session.query(Signature).filter_by(round=2).count() == 0


def test_page_and_differences_name_choices_as_they_were_submitted(as_):
    approval = submitted(REVIEW, approving.APPROVE)
    seen, browser = approval.current_round.content_hash, as_("mgr1")
    sign(approval, "sup1")
    rename("net30", "90天账期", "90 days")
    page = text(browser.get(f"/approvals/{approval.id}"))
    sheet, aside = page.split("<aside>")
    assert ("30天账期" in sheet, "90天账期" in sheet) == (True, False)
    assert "<td>30天账期</td><td>90天账期</td>" in aside, "the record differs now from what was submitted"
    sign(approval, "mgr1", "send-back")
    approval.document.submit(by=person("rep1"))
    db.session.commit()
    answer = post_signature(as_("sup1"), approval, content_hash=seen)
    assert answer.status_code == 409
    assert "<td>30天账期</td><td>90天账期</td>" in text(answer)
    assert "30天账期" in text(browser.get(f"/approvals/{approval.id}/rounds/1"))


def test_who_comes_second_is_told_so(as_):
    approval = submitted(approving.APPROVE)
    step = approval.open_steps[0]
    sign(approval, "mgr2")
    seen = {"step_id": step.id, "content_hash": approval.current_round.content_hash}
    data = {**seen, "password": PASSWORD, "decision": "reject", "opinion": "x"}
    answer = as_("mgr1").post(f"/approvals/{approval.id}/signature", data=data)
    assert answer.status_code == 409
    assert approval.state == "approved"


def test_paper_step_prints_and_takes_the_scan(as_):
    approval = submitted(FINANCE)
    browser = as_("mgr1")
    page = text(browser.get(f"/approvals/{approval.id}"))
    assert f"/prints/approvals/{approval.id}/1" in page
    assert 'enctype="multipart/form-data"' in page
    data = {"step_id": approval.open_steps[0].id, "outcome": "approve", "name": "刘财务", "date": clock.today().isoformat(), "note": "同意"}
    url = f"/approvals/{approval.id}/paper-outcome"
    assert browser.post(url, data=data).status_code == 422
    fake = {**data, "scan": (io.BytesIO(b"<html>"), "scan.pdf")}
    answer = browser.post(url, data=fake)
    assert answer.status_code == 422
    assert 'id="scan-error"' in text(answer)
    assert approval.state == "pending"
    good = {**data, "scan": (io.BytesIO(picture()), "C:/scans/签批 页.png")}
    assert browser.post(url, data=good).status_code == 303
    assert approval.state == "approved"
    given = db.session.query(Signature).one()
    assert (given.scan.filename, given.scan.media_type, given.opinion) == ("签批 页.png", "image/png", "同意")
    scan = as_("rep1").get(f"/approvals/{approval.id}/scans/{given.id}")
    assert scan.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in scan.headers["Content-Security-Policy"]
    assert scan.headers["X-Content-Type-Options"] == "nosniff"
    assert scan.data == picture()
    assert db.session.query(AuditEvent).filter_by(action="scan-downloaded", actor_name="赵一鸣").count() == 1


def test_a_wrong_scan_hides_no_wrong_date(as_):
    approval = submitted(FINANCE)
    ahead = (clock.today() + timedelta(days=1)).isoformat()
    data = {
        "step_id": approval.open_steps[0].id,
        "outcome": "reject",
        "name": "刘",
        "date": ahead,
        "scan": (io.BytesIO(b"<html>"), "a.pdf"),
    }
    url = f"/approvals/{approval.id}/paper-outcome"
    page = text(as_("mgr1").post(url, data=data))
    for field in ("scan", "date", "note"):
        assert f'id="{field}-error"' in page, field
    del data["scan"]
    page = text(as_("mgr1").post(url, data={**data, "name": ""}))
    for field in ("scan", "date", "note", "name"):
        assert f'id="{field}-error"' in page, field
    assert approval.state == "pending"


def test_paper_opinion_is_asked_beside_its_field(as_):
    approval = submitted(FINANCE)
    data = {"step_id": approval.open_steps[0].id, "outcome": "reject", "name": "刘", "date": clock.today().isoformat()}
    data["scan"] = (io.BytesIO(picture()), "a.png")
    answer = as_("mgr1").post(f"/approvals/{approval.id}/paper-outcome", data=data)
    assert answer.status_code == 422
    assert 'id="note-error"' in text(answer)


def test_who_is_informed_on_paper_only_takes_note(as_):
    approval = submitted({**FINANCE, "meaning": "inform"}, FINANCE)
    browser = as_("mgr1")
    page = text(browser.get(f"/approvals/{approval.id}"))
    assert 'value="approve"' in page
    assert 'value="reject"' not in page
    data = {"step_id": approval.open_steps[0].id, "outcome": "approve", "name": "刘财务", "date": clock.today().isoformat()}
    answer = browser.post(f"/approvals/{approval.id}/paper-outcome", data={**data, "scan": (io.BytesIO(picture()), "签批页.png")})
    assert "”：已知悉。" in text(browser.get(answer.location))
    assert "刘财务 has taken note of" in told("rep1")[-1]


def test_withdraw_and_remind(as_):
    approval = submitted()
    browser = as_("rep1")
    assert browser.post(f"/approvals/{approval.id}/reminder").status_code == 303
    assert browser.post(f"/approvals/{approval.id}/reminder").status_code == 422
    assert sum("reminds you" in line for line in told("sup1")) == 1
    assert browser.post(f"/approvals/{approval.id}/withdrawal").status_code == 303
    assert approval.state == "withdrawn"
    assert browser.post(f"/approvals/{approval.id}/withdrawal").status_code == 409


def test_what_was_withdrawn_is_given_up_with_its_reason(as_):
    approval = submitted()
    browser, url = as_("rep1"), f"/approvals/{approval.id}/giving-up"
    assert "giving-up" not in text(browser.get(f"/approvals/{approval.id}"))
    assert browser.post(url, data={"reason": "客户撤单"}).status_code == 409
    browser.post(f"/approvals/{approval.id}/withdrawal")
    answer = browser.post(url, data={"reason": ""})
    assert answer.status_code == 422
    assert "请说明原因。" in text(answer)
    assert browser.post(url, data={"reason": "客户撤单"}).status_code == 303
    assert "已放弃" in text(browser.get("/submissions?state=given-up"))
    assert "放弃该文件" not in text(browser.get(f"/approvals/{approval.id}"))


def test_ask_a_colleague_and_get_the_opinion(as_):
    approval = submitted()
    url = f"/approvals/{approval.id}/opinion-request"
    data = {"colleague": person("rep2").id, "when": "before", "question": "付款如何？"}
    assert as_("sup1").post(url, data={**data, "colleague": person("rep1").id}).status_code == 422
    assert as_("sup1").post(url, data=data).status_code == 303
    page = text(as_("rep2").get(f"/approvals/{approval.id}"))
    assert "付款如何？" in page
    assert 'value="opinion"' in page
    assert post_signature(as_("rep2"), approval, "opinion", opinion="守时", step_id=approval.open_steps[0].id).status_code == 303
    assert "守时" in text(as_("sup1").get(f"/approvals/{approval.id}"))


def test_one_signature_for_two_steps_is_announced_and_shown(as_):
    person("sup1").active = False
    db.session.commit()
    approval = submitted(REVIEW, approving.APPROVE)
    as_("mgr1")
    assert "客户服务经理" in text(as_("mgr1").get(f"/approvals/{approval.id}"))
    assert post_signature(as_("mgr1"), approval).status_code == 303
    assert approval.state == "approved"
    assert text(as_("mgr1").get(f"/approvals/{approval.id}")).count('class="step-done"') == 2


def test_earlier_rounds_stay_readable(as_):
    approval = submitted()
    sign(approval, "sup1", "send-back", "第一轮意见")
    approval.document.submit(by=person("rep1"))
    db.session.commit()
    page = text(as_("rep1").get(f"/approvals/{approval.id}/rounds/1"))
    assert "第一轮意见" in page
    assert "第一轮意见" not in text(as_("rep1").get(f"/approvals/{approval.id}"))
    assert as_("rep1").get(f"/approvals/{approval.id}/rounds/3").status_code == 404


def test_an_altered_signature_is_marked(as_):
    approval = submitted()
    given = sign(approval, "sup1", opinion="同意")
    assert "seal-mark" in text(as_("rep1").get(f"/approvals/{approval.id}"))
    given.opinion = "不同意"
    db.session.commit()
    assert "seal-mark" not in text(as_("rep1").get(f"/approvals/{approval.id}"))


def test_inbox_groups_kinds_and_fragment(as_):
    approval = submitted()
    browser = as_("sup1")
    assert approval.title in text(browser.get("/inbox"))
    assert approval.title in text(browser.get("/inbox?group=sign&kind=credit"))
    assert approval.title not in text(browser.get("/inbox?group=do"))
    other = text(browser.get("/inbox?kind=investigation"))
    assert approval.title not in other
    assert set(re.findall(r'<option value="([a-z-]+)"', text(browser.get("/inbox")))) == {"credit"}, "of which something waits"
    assert set(re.findall(r'<option value="([a-z-]+)"', other)) == {"credit", "investigation"}, "and the chosen one"
    fragment = browser.get("/inbox", headers={"HX-Request": "true"})
    assert text(fragment).lstrip().startswith('<div id="list">')
    assert "HX-Request" in fragment.headers["Vary"]


def test_inbox_and_home_say_on_whose_behalf_it_waits(as_):
    approval, supervisor = submitted(), person("sup1")
    Delegation.give(supervisor, person("sup2"), from_date=clock.today(), to_date=clock.today(), by=supervisor)
    db.session.commit()
    for page in ("/inbox", "/"):
        assert f"代 {supervisor.name}" in text(as_("sup2").get(page))
        assert f"代 {supervisor.name}" not in text(as_("sup1").get(page))
    assert approval.title in text(as_("sup2").get("/inbox"))


def test_inbox_page_by_page(as_, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inbox_pages, "LISTED", 2)
    titles = [submitted().title for _ in range(3)][::-1]
    browser = as_("sup1")
    asked = ("/inbox?group=sign", "/inbox?group=sign&after=2", "/inbox?group=sign&after=90")
    first, second, gone = (text(browser.get(one, headers={"HX-Request": "true"})) for one in asked)
    assert [[one in page for one in titles] for page in (first, second)] == [[True, True, False], [False, False, True]]
    assert "/inbox?group=sign&amp;after=2" in first
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second
    assert gone == second, "what is there no more leads to the last page there is"


def test_a_long_queue_is_counted_to_two_hundred(as_, monkeypatch: pytest.MonkeyPatch):
    for counted, shown in ((inbox.MANY - 1, "199"), (inbox.MANY, "200+")):
        monkeypatch.setattr(inbox, "counts", lambda user, counted=counted: [counted])
        assert re.findall(r'<span class="count">([^<]*)</span>', text(as_("sup1").get("/profile"))) == [shown] * 3, (
            "top bar, rail, bottom bar"
        )


def test_what_a_page_asks_for_by_itself_keeps_no_session_awake(as_):
    submitted()
    browser = as_("sup1")
    page = text(browser.get("/inbox"))
    assert 'data-hx-get="/inbox/count"' in page
    assert "every 60s" in page
    assert re.search(r'id="inbox-count".*?<span class="count">1</span>', text(browser.get("/inbox/count")), re.S)
    with time_machine.travel(clock.now() + timedelta(minutes=20), tick=False):
        before = db.session.query(StaffSession.seen_at).order_by(StaffSession.id.desc()).first()
        for page in ("/inbox/count", "/inbox"):
            browser.get(page, headers={ASKED_BY_ITSELF: "1"})
        assert db.session.query(StaffSession.seen_at).order_by(StaffSession.id.desc()).first() == before
        browser.get("/inbox")
        assert db.session.query(StaffSession.seen_at).order_by(StaffSession.id.desc()).first() != before


def test_submissions_say_whom_they_wait_for(as_):
    approval = submitted()
    page = text(as_("rep1").get("/submissions"))
    assert approval.title in page
    assert "周五行" in page
    assert f"/approvals/{approval.id}/reminder" in page
    assert approval.title not in text(as_("rep1").get("/submissions?state=approved"))
    assert approval.title not in text(as_("rep2").get("/submissions"))


def test_notices_are_read_one_by_one_or_all(as_):
    approval = submitted()
    sign(approval, "sup1")
    sign(approval, "mgr1")
    browser = as_("rep1")
    notice_ids = re.findall(r"/notices/(\d+)/reading", text(browser.get("/notices")))
    assert len(notice_ids) == 2
    answer = browser.post(f"/notices/{notice_ids[0]}/reading")
    assert answer.location == f"/approvals/{approval.id}"
    assert len(re.findall(r"state-accent", text(browser.get("/notices?unread=1")))) == 1
    browser.post("/notices/reading")
    assert "state-accent" not in text(browser.get("/notices"))


@pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
@pytest.mark.parametrize("account", ["rep1", "sup1", "mgr1"])
def test_every_page_in_both_languages(app: Flask, as_, account, language):
    for approval in (submitted(), submitted({"together": [REVIEW, FINANCE]}), submitted(FINANCE)):
        person(account).language = language
        db.session.commit()
        assert as_(account).get(f"/approvals/{approval.id}").status_code == 200
    sign(submitted(REVIEW), "sup1", "send-back")
    done = submitted(FINANCE)
    record_paper(done)
    for address in ("/inbox", "/submissions", "/notices", f"/approvals/{done.id}"):
        assert as_(account).get(address).status_code == 200
    draft = change()
    base = f"/customers/{draft.customer_id}/credit-changes"
    for address in (base, f"{base}/new", f"{base}/{draft.id}", f"{base}/{draft.id}/edit"):
        assert as_(account).get(address).status_code == 200


@pytest.mark.parametrize(
    ("decision", "said"),
    [("approve", "”：已同意。没有更多同类文件待您处理。"), ("send-back", "”：已退回修改。"), ("reject", "”：已驳回。")],
)
def test_after_signing_it_is_said_what_was_decided(as_, decision, said):
    approval, browser = submitted(), as_("sup1")
    answer = post_signature(browser, approval, decision, opinion="已核对")
    assert answer.status_code == 303
    assert f"“{approval.title}{said}" in text(browser.get(answer.location))


def test_the_bar_of_a_telephone_counts_what_waits(as_):
    submitted()
    bar = text(as_("sup1").get("/")).split('class="bottombar"')[1].split("</nav>")[0]
    assert '<span class="count">1</span>' in bar
