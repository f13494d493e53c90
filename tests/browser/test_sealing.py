"""The answer about a PDF in a browser: axe finds nothing, nothing overflows (quality.md: For people)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from portal import database
from portal.database import db
from portal.models.sealed_form import SealedForm
from portal.models.staff import Staff
from portal.printing import filing
from tests.approving import APPROVE, sign, submitted
from tests.browser.test_axe import findings
from tests.browser.windows import fits
from tests.sealing.conftest import made, no_seal, sealing

__all__ = ["made", "no_seal", "sealing"]


def file_form(app: Flask, number: int) -> None:
    """Seal and file as the worker does."""
    with app.app_context():
        database.read_only(False)
        filing.file_form(number)
        db.session.commit()


@pytest.mark.parametrize(("language", "words"), [("zh_Hans_CN", ("真实有效", "已被改动"))])
def test_genuine_and_altered(
    sealing: Flask, site: str, page_as: Callable[[str], Page], tmp_path: Path, language: str, words: tuple[str, str]
) -> None:
    approval = submitted(APPROVE)
    sign(approval, "mgr1")
    worker = threading.Thread(target=file_form, args=(sealing, approval.id))  # the browser has this thread's event loop
    db.session.rollback()
    worker.start()
    worker.join()
    form, person = SealedForm.of(approval), Staff.by_account("mgr1")
    assert form is not None
    assert form.file is not None
    assert person is not None
    person.language = language
    db.session.commit()
    content = form.file.content()
    page = page_as("mgr1")
    for word, sent in zip(words, (content, content + b" "), strict=True):
        file = tmp_path / "form.pdf"
        file.write_bytes(sent)
        page.goto(f"{site}/seal-verification")
        page.set_input_files("#file", file)
        page.locator("form.narrow button").click()
        expect(page.locator("#answer")).to_have_text(word, timeout=20_000)
        for width in (1366, 360):
            page.set_viewport_size({"width": width, "height": 760})
            assert findings(page) == []
            assert fits(page)
