"""The page that takes a PDF, and where the sealed form and its troubles are shown (AP-7, RO-1, RO-7)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.database import db
from portal.models.approval import Approval
from portal.models.audit import AuditEvent
from portal.models.dossier import ArchiveDocument
from portal.models.sealed_form import SealedForm
from portal.printing import documents, filing
from tests.approving import APPROVE, FINANCE, person, record_paper, sign, submitted
from tests.conftest import PASSWORD


def brought(browser: Any, content: bytes, status: int = 200) -> str:
    answer = browser.post("/seal-verification", data={"file": (io.BytesIO(content), "表单.pdf")}, content_type="multipart/form-data")
    assert answer.status_code == status
    return str(answer.text)


def file_of(form: SealedForm) -> bytes:
    assert form.file is not None
    return form.file.content()


def test_who_sees_the_record_is_told_whose_form_it_is(form: SealedForm, as_: Any) -> None:
    page, title = brought(as_("rep1"), file_of(form)), form.approval.title
    assert form.sheet is not None
    assert form.document is not None
    for part in ("真实有效", title, form.sheet.shown_code, form.document.archive_number, "启明物业服务有限公司", "有效期", "最新版本"):
        assert part in page
    page = brought(as_("rep2"), file_of(form))
    assert "真实有效" in page
    assert "信用额度或特殊政策审批表" in page
    for part in (title, form.sheet.shown_code, form.document.archive_number, f"/approvals/{form.approval_id}"):
        assert part not in page


def test_the_other_two_answers(form: SealedForm, as_: Any) -> None:
    content = file_of(form)
    page = brought(as_("rep1"), content.replace(b"%PDF-1.7", b"%PDF-1.6"))
    assert "已被改动" in page
    assert f"/approvals/{form.approval_id}/sealed-form" in page
    page = brought(as_("rep1"), b"%PDF-1.7 something else")
    assert "非本站点文件" in page


@pytest.mark.usefixtures("sealing")
def test_what_cannot_be_checked_is_refused(as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = as_("rep1")
    assert "请选择 PDF 文件" in brought(browser, b"", 422)
    monkeypatch.setattr("portal.blueprints.prints.seals.standard", lambda _name: 1)
    assert "超过 1 MB" in brought(browser, b"0" * (1024 * 1024 + 1), 422)


def test_the_check_writes_nothing(form: SealedForm, as_: Any) -> None:
    browser, content = as_("rep1"), file_of(form)
    before = db.session.query(AuditEvent).count()
    brought(browser, content)
    assert db.session.query(AuditEvent).count() == before


def signed_on_the_page(browser: Any, approval: Approval) -> Any:
    values = {
        "step_id": approval.open_steps[0].id, "content_hash": approval.current_round.content_hash, "decision": "approve",
        "password": PASSWORD, "opinion": "",
    }  # fmt: skip
    return browser.post(f"/approvals/{approval.id}/signature", data=values)


def test_the_last_signature_on_the_page_seals_and_files(sealing: Flask, as_: Any) -> None:
    approval = submitted(APPROVE)
    number = approval.id
    assert signed_on_the_page(as_("mgr1"), approval).status_code == 303
    form = SealedForm.of(db.session.get_one(Approval, number))
    assert form is not None
    assert form.document is not None
    page = as_("rep1").get(f"/approvals/{number}").text
    assert "seal-mark" in page
    assert f"/documents/{form.document_id}" in page
    assert form.document.archive_number in page
    browser = as_("rep1")
    answer = browser.get(f"/approvals/{number}/sealed-form")
    assert answer.data == file_of(form)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    entry = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert (entry.kind, entry.action, entry.record_id) == ("access", "sealed-form-downloaded", number)


def test_the_dossier_leads_to_it_and_nobody_can_change_it(form: SealedForm, as_: Any) -> None:
    assert form.document is not None
    page = as_("rep1").get(f"/customers/{form.document.customer_id}/dossier").text
    assert f"/documents/{form.document_id}" in page
    assert "seal-mark" in page
    for account in ("rep1", "mgr1"):
        assert not form.document.can_change(person(account))
        assert not form.document.can_remove(person(account))
    assert as_("mgr1").post(f"/documents/{form.document_id}/removal", data={"reason": "x"}).status_code in (409, 422)
    db.session.expire_all()
    assert db.session.get_one(ArchiveDocument, form.document_id).state == "filed"


def test_without_a_seal_the_page_and_managers_are_told(no_seal: Flask, as_: Any) -> None:
    approval = submitted(APPROVE)
    signed_on_the_page(as_("mgr1"), approval)
    page = as_("rep1").get(f"/approvals/{approval.id}").text
    assert "尚未归档：本站点尚无电子印章" in page
    assert "1 份已批准的表单等待盖章" in as_("mgr1").get("/").text
    assert "电子印章" not in as_("sup1").get("/").text


def test_why_and_when_again_stand_on_the_page(sealing: Flask, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    approval = submitted(APPROVE, FINANCE)
    sign(approval, "mgr1")
    record_paper(approval, "mgr2")
    assert "正在盖章归档" in as_("rep1").get(f"/approvals/{approval.id}").text

    def fails(*_given: Any, **_more: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(documents, "press", fails)
    filing.queue_due()
    page = as_("rep1").get(f"/approvals/{approval.id}").text
    assert "尚未归档：系统出错" in page
    assert "重试" in page
    assert "已批准，但表单未能归档" in as_("mgr1").get("/inbox").text
    assert "已批准，但表单未能归档" not in as_("sup1").get("/inbox").text
