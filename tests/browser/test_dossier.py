"""The dossier in a browser: several files with progress, each with its outcome."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.database import db
from portal.models.dossier import ArchiveDocument
from tests import factories
from tests.rules.test_file_content import pdf, picture

FILES = [
    {"name": "公司章程.pdf", "mimeType": "application/pdf", "buffer": pdf()},
    {"name": "不是图片.png", "mimeType": "image/png", "buffer": b"<svg xmlns='http://www.w3.org/2000/svg'/>"},
    {"name": "门头照片.png", "mimeType": "image/png", "buffer": picture(size=(300, 400))},
]


def titles() -> list[str]:
    found = sorted(db.session.scalars(db.select(ArchiveDocument.title)))
    db.session.rollback()  # the test's own transaction would keep the server from writing
    return found


def fill(page: Page, site: str, customer_id: int) -> None:
    page.goto(f"{site}/customers/{customer_id}/dossier/documents/new")
    page.select_option("#kind", "company")
    page.fill("#dated_on", "2026-03-05")


@pytest.mark.usefixtures("app")
def test_files_are_sent_one_by_one_and_a_refused_one_keeps_no_other_back(site: str, page_as: Callable[[str], Page]) -> None:
    customer_id = factories.customer("rep1").id
    page = page_as("rep1")
    fill(page, site, customer_id)
    page.set_input_files("#files", FILES)
    page.keyboard.press("Control+Enter")
    lines = page.locator(".sent-files li")
    expect(lines).to_have_count(3)
    expect(page.locator(".sent-files .state-ok")).to_have_count(2)
    expect(lines.nth(1)).to_contain_text("未归档")
    expect(page.locator("#files")).to_have_value("")
    assert titles() == ["公司章程", "门头照片"]
    page.set_input_files("#files", [{"name": "补.pdf", "mimeType": "application/pdf", "buffer": pdf(pages=3)}])
    page.fill("#title", "补充协议")
    page.click(".save-bar button")
    page.wait_for_url(f"{site}/customers/{customer_id}/dossier", wait_until="commit")
    expect(page.locator("table.documents th[scope=row]")).to_have_count(3)
    expect(page.locator("#messages")).to_contain_text("已归档 1 份文件")
    assert titles() == ["公司章程", "补充协议", "门头照片"]


@pytest.mark.usefixtures("app")
def test_wrong_particulars_come_back_beside_their_field(site: str, page_as: Callable[[str], Page]) -> None:
    customer_id = factories.customer("rep1").id
    page = page_as("rep1")
    fill(page, site, customer_id)
    page.fill("#dated_on", "2999-01-01")
    page.set_input_files("#files", FILES[:1])
    page.click(".save-bar button")
    expect(page.locator("#dated_on-error")).to_be_visible()
    expect(page.locator(".error-summary")).to_be_focused()
    assert titles() == []
    page.fill("#dated_on", "2026-03-05")
    page.click(".save-bar button")  # the file is still chosen
    page.wait_for_url(f"{site}/customers/{customer_id}/dossier", wait_until="commit")
    expect(page.locator("table.documents th[scope=row]")).to_have_count(1)
