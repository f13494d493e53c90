"""The office's first way from end to end: a customer goes on the register, a table of customers comes in (AR-2, AP-4, AP-6, PR-1, AR-40).

Everything is done as people do it, by the words on the pages: with and without JavaScript, at a desk and on a telephone, in both languages;
`EVERY_PAGE=both` goes the ways between them too.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pypdf
import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect

from portal import clock
from portal.database import db
from portal.demo import invent
from portal.exchange.writing import write_xlsx
from portal.i18n import in_language
from portal.models.staff import Staff
from tests.browser.languages import BOTH
from tests.conftest import PASSWORD

NAME = "深圳𠮷䶮精密机械有限公司"
CODE = "91440300MA5EQXL178"
PARAGRAPH = "实地查看厂房与仓库，设备较新，管理有序；近三年付款及时，无诉讼记录，主要往来银行评价良好。"


class Way(NamedTuple):
    """How somebody goes: the width of their window, with or without JavaScript, their language."""

    width: int
    scripts: bool
    language: str


WAYS = [Way(390, True, "zh_Hans_CN"), Way(1366, False, "en")]
if BOTH:
    WAYS += [Way(1366, True, "zh_Hans_CN"), Way(390, False, "zh_Hans_CN"), Way(390, True, "en")]


class Office:
    """The people at their browsers: `at("rep1")` is where an account sits, signed in by the sign-in page."""

    def __init__(self, chromium: Any, site: str, way: Way) -> None:
        self.chromium, self.site, self.way = chromium, site, way
        self.pages: dict[str, Page] = {}
        self.windows: list[Any] = []
        self.complaints: list[str] = []

    def at(self, account: str) -> Page:
        if account not in self.pages:
            window = self.chromium.new_context(
                viewport={"width": self.way.width, "height": 800}, java_script_enabled=self.way.scripts, locale="zh-CN"
            )
            window.set_default_timeout(15000)
            self.windows.append(window)
            page = window.new_page()
            page.on("console", lambda line: self.complaints.append(f"{account} {page.url}: {line.text}") if line.type == "error" else None)
            page.goto(f"{self.site}/sign-in")
            page.locator("#account").fill(account)
            page.locator("#password").fill(PASSWORD)
            page.locator("#content form button.btn-primary").click()
            expect(page.locator("h1")).to_have_count(1)
            assert not page.url.endswith("/sign-in")
            self.pages[account] = page
        return self.pages[account]

    def leave(self) -> None:
        for window in self.windows:
            window.close()


@pytest.fixture(params=WAYS, ids=lambda way: f"{way.width}-{'script' if way.scripts else 'plain'}-{way.language[:2]}")
def way(request: pytest.FixtureRequest) -> Way:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def office(app: Flask, chromium: Any, site: str, way: Way, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    db.session.query(Staff).update({"language": way.language})
    db.session.commit()
    db.session.remove()
    people = Office(chromium, site, way)
    yield people
    people.leave()


@pytest.fixture
def say(app: Flask, way: Way) -> Callable[..., str]:
    """Return the words of a message id in the language of the way."""

    def words(message_id: str, **values: Any) -> str:
        from flask_babel import gettext

        with app.test_request_context(), in_language(way.language):
            return str(gettext(message_id, **values))

    return words


def press(page: Page, text: str) -> None:
    """Press the button, or follow the link, that says so."""
    page.locator("main").locator("button, a.btn, a").filter(has_text=re.compile(f"^\\s*{re.escape(text)}\\s*$")).first.click()


def fill(page: Page, **values: str) -> None:
    """Fill fields by their names; a choice is taken by its code."""
    for name, value in values.items():
        field = page.locator(f"main [name={name}]").first
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def scan_of_paper() -> dict[str, Any]:
    """Return a made scan as a file to choose."""
    buffer = io.BytesIO()
    Image.new("RGB", (620, 877), "#f7f4ec").save(buffer, "PNG")
    return {"name": "董事长签批.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def printed(page: Page) -> bytes:
    """Return the PDF that the page's print button answers."""
    form = page.locator("form", has=page.locator("input[name=language]")).last
    fields = {name: form.locator(f"input[name={name}]").first.get_attribute("value") or "" for name in ("csrf_token", "language")}
    answer = page.request.post(page.url.split("?")[0], form=fields, headers={"Referer": page.url})
    assert answer.ok, answer.text()[:500]
    return answer.body()


def test_a_customer_goes_on_the_register(office: Office, say: Callable[..., str]) -> None:
    rep = office.at("rep1")
    rep.goto(f"{office.site}/customers/new")
    fill(
        rep, full_name=NAME, short_name="𠮷䶮精密", credit_code=CODE, nature="ordinary", province="广东省", city="深圳市",
        street="科苑路15号", telephone="0755-26990000", legal_representative="堃䶮", main_business="数控机床零部件加工与销售",
    )  # fmt: skip
    press(rep, say("Record the prospect"))
    expect(rep.locator("h1")).to_have_text(NAME)
    card = rep.url
    expect(rep.locator(".page-title .state")).to_have_text(say("Prospect"))

    rep.goto(f"{card}/contacts/new")
    fill(rep, name="李堃", post="采购经理", telephone="13900001234", kept_for="orders")
    press(rep, say("Save"))
    expect(rep.locator("#contacts")).to_contain_text("李堃")

    press(rep, say("Begin the investigation"))
    fill(rep, found_by="展会", purpose="精密零件长期供货", expected_products="主轴、导轨", expected_monthly_amount="12万")
    fill(rep, proposed_payment_terms="net30", proposed_credit_limit="300,000")
    fill(rep, proposed_grade="B", investigated_on=clock.today().isoformat())
    for name in ("credit_findings", "premises_findings", "management_findings", "market_findings", "competitors", "risks", "opinion"):
        fill(rep, **{name: PARAGRAPH * 4})
    press(rep, say("Save and submit"))
    expect(rep.locator("#messages")).to_contain_text(say("The investigation is submitted. You are told when it is decided."))
    expect(rep.locator(".page-title .state")).to_have_text(say("In approval"))

    for account in ("sup1", "mgr1"):
        signer = office.at(account)
        signer.goto(f"{office.site}/inbox")
        signer.locator("main table a", has_text=NAME).first.click()
        expect(signer.locator("article.sheet")).to_contain_text(NAME)
        expect(signer.locator("article.sheet")).to_contain_text("300,000.00")
        fill(signer, opinion="同意建立往来", password=PASSWORD)
        press(signer, say("Agree and sign"))
        done = say("“%(title)s”: agreed.", title=NAME)
        expect(signer.locator("#messages")).to_contain_text(done)

    manager = office.at("mgr1")
    manager.goto(f"{office.site}/inbox")
    manager.locator("main table a", has_text=NAME).first.click()
    manager.locator("main [name=outcome]").first.check()
    fill(manager, name="陈董事", date=clock.today().isoformat())
    manager.locator("main [name=scan]").set_input_files(scan_of_paper())
    press(manager, say("Record the signature"))
    expect(manager.locator("#messages")).to_contain_text(NAME)

    rep.goto(f"{office.site}/customers")
    rep.locator("main table a", has_text=NAME).first.click()
    expect(rep.locator(".page-title .state")).to_have_text(say("On the register"))
    expect(rep.locator("main")).to_contain_text("300,000.00")
    rep.goto(f"{office.site}/notices")
    expect(rep.locator("main table")).to_contain_text(NAME)

    rep.goto(f"{card}/investigation")
    rep.locator("main a[href*='/approvals/']").first.click()
    rep.locator("main a[href*='/prints/']").first.click()
    expect(rep.locator("article.sheet")).to_contain_text("陈董事")
    paper = pypdf.PdfReader(io.BytesIO(printed(rep)))
    text = "".join(page.extract_text() for page in paper.pages).replace("\n", "")
    assert len(paper.pages) == 2
    for words in (NAME, "周五行", "郑七星", "陈董事", "李堃"):
        assert words in text, words

    rep.goto(f"{office.site}/prints")
    code = (rep.locator("main a[href^='/v/']").first.get_attribute("href") or "").removeprefix("/v/")
    assert code in text.replace("-", "")
    rep.goto(f"{office.site}/v?code={code.lower()}")
    expect(rep.locator(".page-title .state")).to_have_text(say("This is the latest version"))
    assert office.complaints == []


@pytest.mark.parametrize("way", WAYS[:2], indirect=True, ids=["1366-script-zh", "390-plain-zh"])
def test_a_table_of_customers_comes_in(office: Office, say: Callable[..., str], tmp_path: Path) -> None:
    columns = {"full_name": "客户名称", "credit_code": "统一社会信用代码", "telephone": "联系电话", "street": "地址"}
    columns |= {"main_business": "经营项目"}
    companies = list(invent.companies(300))
    rows = [[company[name] for name in columns] for company in companies] + [["", "", "0755-26990000", "", ""]]
    write_xlsx(tmp_path / "客户.xlsx", list(columns.values()), rows)

    rep = office.at("rep1")
    rep.goto(f"{office.site}/imports")
    rep.locator("main [name=file]").set_input_files(tmp_path / "客户.xlsx")
    press(rep, say("Upload"))
    expect(rep.locator("main [name=column-0]")).to_have_value("full_name")
    fill(rep, **{"column-4": "main_business"})
    fill(rep, kept_for="daily_contact", effective_on="2026-03-05")
    press(rep, say("Check the rows"))
    expect(rep.locator("main")).to_contain_text(say("Refused rows"))
    press(rep, say("Import %(new)s new and %(changed)s changes", new="300", changed="0"))
    expect(rep.locator(".page-title .state")).to_have_text(say("Imported"))
    done = rep.url
    press(rep, say("Show the new customers"))
    expect(rep.locator(".list-note").first).to_contain_text(say("%(count)s customers", count="300"))
    rep.locator("main table th[scope=row] a").first.click()
    assert rep.locator("h1").inner_text() in {company["full_name"] for company in companies}

    rep.goto(done)
    press(rep, say("Take the import back"))
    expect(rep.locator(".page-title .state")).to_have_text(say("Taken back"))
    rep.goto(f"{office.site}/customers?tab=prospects")
    expect(rep.locator("main table")).to_have_count(0)
    assert office.complaints == []
