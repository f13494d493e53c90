"""The whole life of a proposal as rep, supervisor, manager and department: from a letter with a scan to the reward slip (PP-1 to PP-9)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.proposal import Proposal
from portal.models.proposal_award import ProposalAward
from tests import factories, proposing
from tests.approving import picture
from tests.browser.windows import fits
from tests.conftest import PASSWORD

SHOTS = os.environ.get("PROPOSAL_PICTURES", "")
WIDE, NARROW = {"width": 1366, "height": 768}, {"width": 390, "height": 800}


def shot(page: Page, name: str) -> None:
    """Keep a picture of the page, where somebody asks for pictures; nothing is wider than the window."""
    assert fits(page), name
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_from_the_letter_to_the_slip(app: object, page_as: Callable[[str], Page], site: str, tmp_path: Path) -> None:
    """On the desktop in the office; the department, and who hands the reward over, on a telephone."""
    proposing.department_account()
    customer = factories.customer("rep1", full_name="深圳𠮷䶮科技有限公司")
    number, today = customer.number, clock.today().isoformat()
    scan = tmp_path / "来信.png"
    scan.write_bytes(picture())

    def sign() -> None:
        """Sign what waits for the manager, with the password."""
        db.session.expire_all()
        approval = db.session.query(Approval).filter_by(state="pending").one().id
        db.session.remove()
        page = page_as("mgr1")
        page.goto(f"{site}/approvals/{approval}")
        page.locator("#opinion").fill("同意")
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("button[name=decision][value=approve]").click()
        page.wait_for_load_state()
        expect(page.locator("[name=password]")).to_have_count(0)

    page = page_as("rep1")
    page.goto(f"{site}/proposals/new")
    page.locator("#customer").fill(f"{number} 深圳𠮷䶮科技有限公司")
    page.locator("#contact").fill("林秋实")
    page.locator("[name=channel][value=letter]").check()
    page.locator("#received_on").fill(today)
    page.locator("#kind").select_option("quality")
    page.locator("#summary").fill("来料检验增加抽检比例")
    page.locator("#text").fill("建议对关键零件提高抽检比例。")
    page.locator("#files").set_input_files(scan)
    page.locator(".save-bar .btn-primary").click()
    page.wait_for_url("**/proposals/1")
    expect(page.locator("#files")).to_contain_text("来信.png")
    shot(page, "registered")

    page = page_as("sup1")
    page.goto(f"{site}/proposals/1")
    page.locator(".page-head a.btn-primary").click()
    page.locator("[name=row-0-department]").select_option("quality")
    page.locator("[name=row-0-way]").select_option("account")
    page.locator("[name=row-1-department]").select_option("")
    page.locator("[name=responsible]").first.check()
    page.locator("button[name=do][value=submit]").click()
    page.wait_for_url("**/approvals/*")
    sign()

    page = page_as("dept1")
    page.set_viewport_size(NARROW)
    page.goto(f"{site}/proposals/1")
    page.locator("#assessments a.btn-primary").click()
    for name in ("analysis", "feasibility", "effect", "cost"):
        page.locator(f"#{name}").fill("可以实现，费用不高")
    shot(page, "assessment-narrow")
    page.locator("button[name=act][value=return]").click()
    expect(page.locator("#opinion-error")).to_be_visible()
    page.locator("#opinion").fill("建议采纳")
    page.locator("[name=advice][value=adopted]").check()
    page.locator("button[name=act][value=return]").click()
    page.wait_for_url("**/proposals/1")

    page = page_as("sup1")
    page.goto(f"{site}/inbox")
    page.locator("main a[href='/proposals/1']").first.click()
    page.locator("a[href='/proposals/1/decisions/new']").first.click()
    page.locator("[name=outcome][value=adopted]").check()
    page.locator("#reasons").fill("措施具体，见效快")
    page.locator("#grade").select_option("C")
    page.locator("#amount").fill("2,000")
    page.locator("button[name=submit]").click()
    expect(page.locator("#amount-error")).to_be_visible()
    shot(page, "decision-refused")
    page.locator("#amount").fill("1,409.50")
    page.locator("button[name=submit]").click()
    page.wait_for_url("**/proposal-decisions/1")
    expect(page.locator("main")).to_contain_text("人民币壹仟肆佰零玖元伍角")
    sign()

    page = page_as("rep1")
    page.goto(f"{site}/proposals/1")
    page.locator("form[action$='/notices'] button[value=zh_Hans_CN]").first.click()
    page.wait_for_url("**/proposal-letters/*")
    body = page.locator("#body").input_value()
    assert "予以采纳" in body
    assert "人民币壹仟肆佰零玖元伍角" in body
    page.locator("button[name=do][value=send]").click()
    page.wait_for_url("**/proposals/1*")
    page.set_viewport_size(NARROW)
    page.locator("aside a[href='/proposal-awards/1']").click()
    shot(page, "award-narrow")
    page.locator("#hand-payee").fill("林秋实")
    page.locator("form[action$='/delivery'] button").click()
    expect(page.locator("form[action$='/delivery']")).to_have_count(0)
    page.set_viewport_size(WIDE)
    page.goto(f"{site}/prints/reward_slip/1")
    expect(page.locator(".sheet")).to_contain_text("人民币壹仟肆佰零玖元伍角")
    expect(page.locator(".sheet")).to_contain_text("今收到上述款项")
    shot(page, "slip")

    page = page_as("sup1")
    page.goto(f"{site}/proposal-awards/1")
    page.locator("#confirm-receipt").set_input_files(scan)
    page.locator("form[action$='/receipt'] button").click()
    expect(page.locator("main .page-head .state-ok")).to_be_visible()

    page = page_as("dept1")
    page.set_viewport_size(NARROW)
    page.goto(f"{site}/proposals/1")
    page.locator("a[href='/proposals/1/plan']").click()
    page.locator("#plan").fill("修订检验规程")
    page.locator("#last_on").fill(today)
    page.locator("#measure-text-0").fill("培训检验员")
    page.locator("#measure-due_on-0").fill(today)
    page.locator(".save-bar .btn-primary").click()
    page.wait_for_url("**/proposal-works/1")
    shot(page, "work-narrow")
    page.locator("form[action$='/completion'] button").click()
    page.locator("#result-result").fill("不良率下降一半")
    page.locator("form[action$='/result'] button").click()
    expect(page.locator("main .page-head .state-ok")).to_be_visible()
    db.session.expire_all()
    assert db.session.query(Proposal).one().state == "done"
    assert db.session.query(ProposalAward).one().state == "paid"
