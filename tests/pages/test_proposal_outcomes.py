"""Pages of what comes of proposals: assessed, decided, told, paid by two people, carried out, looked over (PP-5 to PP-10)."""

from __future__ import annotations

import html
import io
import re
from typing import Any

from portal import clock
from portal.database import db
from portal.models import proposal_figures
from portal.models.approval import Approval
from portal.models.proposal import Proposal
from portal.models.proposal_award import PAID, ProposalAward
from portal.models.proposal_decision import NAME, ProposalDecision
from portal.models.proposal_letter import ProposalLetter
from portal.models.proposal_work import ProposalWork
from tests import factories
from tests.approving import person, picture, sign
from tests.deciding import assessed, decided, line_of, planned, registered, routed

SAID = {"analysis": "可以实现", "feasibility": "可行", "effect": "节约成本", "cost": "五千元", "opinion": "建议采纳", "author": "秦致远"}


def text_of(response: Any) -> str:
    found: str = response.get_data(as_text=True)
    return found


def errors(page: str) -> dict[str, str]:
    """Return what stands under the fields, by field."""
    return dict(re.findall(r'id="([\w-]+)-error">(?:<div>)?([^<]+)', page))


def file(name: str = "扫描.png") -> tuple[io.BytesIO, str]:
    return io.BytesIO(picture()), name


def english(*accounts: str) -> None:
    for account in accounts:
        person(account).language = "en"
    db.session.commit()


def test_the_whole_way_of_an_adopted_proposal(as_: Any) -> None:
    """From the copy on paper to the value gained beside the reward paid."""
    english("rep1", "rep3", "sup1", "mgr1")
    rep, sup, mgr = as_("rep1"), as_("sup1"), as_("mgr1")
    proposal = routed(registered(factories.customer("rep1", full_name="深圳𠮷䶮科技有限公司")), "marketing")
    page = f"/proposals/{proposal.id}"
    line, opinion = line_of(proposal), line_of(proposal, "marketing")
    form = f"/proposal-departments/{line.id}/assessment"
    assert "Enter what came back" in text_of(rep.get(page))
    assert rep.get(form).status_code == 200
    assert set(errors(text_of(rep.post(form, data={"act": "return", "opinion": "建议采纳"})))) == {"analysis"}
    assert set(errors(text_of(rep.post(form, data={"act": "return", "advice": "adopted", **SAID})))) == {"scan"}
    assert rep.post(form, data={"act": "keep", **SAID}).status_code == 303
    assert "秦致远" in text_of(rep.get(form))
    assert rep.post(form, data={"act": "return", "advice": "adopted", **SAID, "scan": file()}).status_code == 303
    assert rep.post(form, data={"act": "return", "advice": "adopted", **SAID, "scan": file()}).status_code == 409
    marketing = f"/proposal-departments/{opinion.id}/assessment"
    answer = rep.post(marketing, data={"act": "return", "opinion": "无异议", "author": "白露", "scan": file()})
    assert answer.status_code == 303
    assert "无异议" in text_of(rep.get(page))

    new = f"/proposals/{proposal.id}/decisions/new"
    assert rep.get(new).status_code == 403
    assert "from" in text_of(sup.get(new))
    given = {"outcome": "adopted", "reasons": "效果明显", "grade": "B", "submit": "1"}
    refused = (("1999.99", "not fit grade B"), ("3,000", "not fit grade B"), ("abc", "not an amount"), ("", "Enter the reward"))
    for amount, wrong in refused:
        answer = sup.post(new, data={**given, "amount": amount})
        assert answer.status_code == 422
        assert wrong in errors(text_of(answer))["amount"], amount
    assert "reasons" in errors(text_of(sup.post(new, data={**given, "reasons": "", "amount": "2000"})))
    assert sup.post(new, data={**given, "amount": "2,000"}).status_code == 303
    assert sup.post(new, data={**given, "amount": "2,000"}).status_code == 409
    decision = db.session.query(ProposalDecision).one()
    approval = Approval.live_for(NAME, decision.id)
    assert approval is not None
    assert "贰仟元整" in text_of(mgr.get(f"/approvals/{approval.id}"))
    assert sup.get(f"/proposal-decisions/{decision.id}").status_code == 200
    sign(approval, "mgr1")
    shown = text_of(rep.get(page))
    assert "Notice of the decision" in shown
    assert "2,000.00" in shown

    answer = rep.post(f"{page}/notices", data={"what": "decision", "language": "zh_Hans_CN"})
    letter = db.session.query(ProposalLetter).one()
    assert answer.headers["Location"] == f"/proposal-letters/{letter.id}"
    for words in ("予以采纳", "效果明显", "人民币贰仟元整", proposal.number):
        assert words in letter.body
    assert "{" not in letter.body
    letter.send(by=person("rep1"))
    db.session.commit()
    assert not db.session.get_one(Proposal, proposal.id).to_tell

    award = db.session.query(ProposalAward).one()
    slip = f"/proposal-awards/{award.id}"
    shown = text_of(as_("rep1").get(slip))
    for address in (f"/customers/{award.customer_id}", f"/proposals/{award.proposal_id}"):
        assert f'<dd><a href="{address}">' in shown, "what it is for is led to"
    assert "贰仟元整" in text_of(rep.get(slip))
    assert "hand-payee" in errors(text_of(rep.post(f"{slip}/delivery", data={"hand-handed_on": str(clock.today())})))
    assert rep.post(f"{slip}/delivery", data={"hand-handed_on": str(clock.today()), "hand-payee": "田䶮"}).status_code == 303
    assert sup.get(slip).status_code == 200
    assert "confirm-receipt" in errors(text_of(sup.post(f"{slip}/receipt", data={})))
    assert sup.post(f"{slip}/receipt", data={"confirm-receipt": file()}).status_code == 303
    award = db.session.get_one(ProposalAward, award.id)
    assert (award.state, award.handed_by_id, award.confirmed_by_id) == (PAID, person("rep1").id, person("sup1").id)

    today = str(clock.today())
    plan = f"/proposals/{proposal.id}/plan"
    rows = {"measure-text-0": "修订规程", "measure-person-0": "秦致远", "measure-due_on-0": today, "measure-text-1": "培训"}
    wrong = errors(text_of(rep.post(plan, data={"plan": "", "first_on": today, "last_on": today, **rows})))
    assert set(wrong) == {"plan", "measure-due_on-1"}
    rows["measure-due_on-1"] = today
    assert rep.post(plan, data={"plan": "先试行", "first_on": today, "last_on": today, **rows}).status_code == 303
    work = db.session.query(ProposalWork).one()
    place = f"/proposal-works/{work.id}"
    assert rep.get(f"{place}/plan").status_code == 200
    for measure in work.measures:
        assert rep.get(place).status_code == 200
        assert rep.post(f"{place}/measures/{measure.id}/completion", data={"done-done_on": today}).status_code == 303
    assert "result-result" in errors(text_of(rep.post(f"{place}/result", data={"result-ended_on": today})))
    assert rep.post(f"{place}/result", data={"result-ended_on": today, "result-result": "不良率下降一半"}).status_code == 303
    version = db.session.get_one(ProposalWork, work.id).version
    gained = {"value-value": "3万", "value-value_basis": "全年节约", "value-version": str(version)}
    assert rep.post(f"{place}/value", data=gained).status_code == 303
    shown = text_of(rep.get(place))
    assert "30,000.00" in shown
    assert "2,000.00" in shown
    for what, words in (("plan", "修订规程"), ("result", "不良率下降一半")):
        assert rep.post(f"{page}/notices", data={"what": what, "language": "en"}).status_code == 303
        assert words in db.session.query(ProposalLetter).order_by(ProposalLetter.id.desc()).first().body
    assert rep.post(f"{page}/notices", data={"what": "prize", "language": "en"}).status_code == 409

    proposal_figures.count_changed()
    db.session.commit()
    for browser in (mgr, rep):
        shown = text_of(browser.get("/proposals/overview"))
        assert "30,000.00" in shown
        assert "深圳𠮷䶮科技有限公司" in shown
        assert f"customer={proposal.customer_id}" in shown
    asked = "(?:state=taken|figure=in-time|figure=value)"
    links = {html.unescape(link) for link in re.findall(rf'href="(/proposals\?[^"]*{asked}[^"]*)"', shown)}
    assert len(links) >= 12
    for link in links:  # by year, month, kind, department and customer: the same one
        assert proposal.number in text_of(rep.get(link))
    assert "贰" not in text_of(rep.get(f"/proposals/awards?year={award.year}&kind=reward"))
    assert "2,000.00" in text_of(mgr.get("/proposals/awards"))
    assert "No reward you see" in text_of(as_("rep3").get("/proposals/awards?kind=reward")).replace("&#39;", "'")
    for path in ("/proposals/awards/file?format=csv", "/proposals/overview/file?format=csv"):
        assert "2000" in text_of(mgr.get(path)).replace(",", "")


def test_a_decision_is_changed_given_up_and_refused_in_time(as_: Any) -> None:
    """Drafts change by their version; a reward needs an adoption; what is kept is decided again; the manager decides over the cap."""
    english("sup1", "rep1", "mgr1")
    rep, sup, mgr = as_("rep1"), as_("sup1"), as_("mgr1")
    customer = factories.customer("rep1", nature="government")
    proposal = assessed(registered(customer))
    new = f"/proposals/{proposal.id}/decisions/new"
    slipped = sup.post(new, data={"outcome": "not-adopted", "reasons": "效果明显", "grade": "C", "amount": "500", "submit": "1"})
    assert "Only an adopted proposal is rewarded" in errors(text_of(slipped))["amount"]
    sup.post(new, data={"outcome": "kept", "reasons": "条件未备"})
    decision = db.session.query(ProposalDecision).one()
    place = f"/proposal-decisions/{decision.id}"
    assert sup.get(f"{place}/edit").status_code == 200
    changed = {"outcome": "not-adopted", "reasons": "成本过高", "version": str(decision.version)}
    assert sup.post(f"{place}/edit", data=changed).status_code == 303
    assert sup.post(f"{place}/edit", data=changed).status_code == 409
    assert sup.post(f"{place}/withdrawal").status_code == 303
    assert sup.post(f"{place}/submission").status_code == 409
    decided(db.session.get_one(Proposal, proposal.id), "kept")
    assert "Decide again" in text_of(sup.get(f"/proposals/{proposal.id}"))
    answer = sup.post(new, data={"outcome": "kept", "reasons": "仍未备"})
    assert "kept for later already" in errors(text_of(answer))["outcome"]
    registered(customer)
    award = db.session.query(ProposalAward).one()
    slip = f"/proposal-awards/{award.id}"
    assert "not paid until a manager decides" in text_of(rep.get(slip))
    assert rep.post(f"{slip}/delivery", data={"hand-payee": "甲"}).status_code == 409
    assert sup.post(f"{slip}/permission", data={"act": "pay", "permit-reason": "可"}).status_code == 403
    assert "permit-reason" in errors(text_of(mgr.post(f"{slip}/permission", data={"act": "pay"})))
    assert mgr.post(f"{slip}/permission", data={"act": "pay", "permit-reason": "提案积极"}).status_code == 303
    assert rep.get(slip).status_code == 200


def test_empty_pages_teach(as_: Any) -> None:
    """Lists and overview without anything say what they are for."""
    english("rep1")
    assert "found by the portal" in text_of(as_("rep1").get("/proposals/awards"))
    assert "grows by itself" in text_of(as_("rep1").get("/proposals/overview?year=2020"))
    proposal = assessed()
    decided(proposal)
    assert "Plan the carrying out" in text_of(as_("rep1").get(f"/proposals/{proposal.id}"))
    work = planned(db.session.get_one(Proposal, proposal.id))
    assert "2 measures" in text_of(as_("rep1").get(f"/proposals/{proposal.id}"))
    assert as_("rep1").post(f"/proposal-works/{work.id}/measures/999/completion").status_code == 404
