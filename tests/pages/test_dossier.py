"""Pages of the dossier: filing several files, what is refused, pages, versions, taking out, binders (AR-8 to AR-10)."""

from __future__ import annotations

import io
from typing import Any

import pytest

from portal.database import db
from portal.dossier_count import count_dossiers
from portal.models import dossier_list
from portal.models.audit import AuditEvent
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument
from tests import factories
from tests.rules.test_file_content import pdf, picture

FORM = {"kind": "company", "title": "营业执照", "dated_on": "2026-03-05"}


@pytest.fixture
def rep(client):
    client.be("rep1")
    return client


@pytest.fixture
def customer(app) -> Customer:
    return factories.customer("rep1", nature="ordinary")


def files(*sent: tuple[bytes, str]) -> dict[str, Any]:
    return {"files": [(io.BytesIO(content), name) for content, name in sent]}


def filed(customer: Customer) -> list[ArchiveDocument]:
    db.session.expire_all()
    return list(db.session.scalars(db.select(ArchiveDocument).where(ArchiveDocument.customer_id == customer.id).order_by("id")))


def address(customer: Customer, rest: str = "/documents/new") -> str:
    return f"/customers/{customer.id}/dossier{rest}"


def test_several_files_each_become_a_document_called_by_its_name(rep, customer):
    answer = rep.post(address(customer), data={**FORM, **files((pdf(), "章程.pdf"), (picture(), "法人证件.png"))})
    assert answer.status_code == 303
    assert [(one.title, one.pages, one.on_paper) for one in filed(customer)] == [("章程", 2, False), ("法人证件", 1, False)]
    page = rep.get(address(customer, ""))
    assert "章程" in page.text
    assert "法人证件" in page.text


def test_one_file_has_the_title_that_was_typed(rep, customer):
    rep.post(address(customer), data={**FORM, **files((pdf(), "扫描0001.pdf"))})
    assert [one.title for one in filed(customer)] == ["营业执照"]


def test_good_files_are_filed_and_each_refused_one_says_why(rep, customer):
    sent = files((pdf(), "好.pdf"), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "照片.png"), (b"", "空.pdf"))
    answer = rep.post(address(customer), data={**FORM, **sent})
    assert answer.status_code == 422
    assert [one.title for one in filed(customer)] == ["好"]
    assert "0001-KH·2026-Y-KF-0001" in answer.text
    assert "文件是空的" in answer.text or "文件为空" in answer.text
    assert 'value="营业执照"' in answer.text


def test_wrong_particulars_are_said_beside_their_field_and_nothing_is_filed(rep, customer):
    answer = rep.post(address(customer), data={**FORM, "kind": "", **files((pdf(), "a.pdf"))})
    assert answer.status_code == 422
    assert 'id="kind-error"' in answer.text
    assert filed(customer) == []


def test_a_paper_needs_no_file_but_something_must_be_there(rep, customer):
    assert rep.post(address(customer), data=FORM).status_code == 422
    assert rep.post(address(customer), data={**FORM, "on_paper": "y"}).status_code == 303
    assert [one.medium for one in filed(customer)] == ["paper"]


def test_the_same_file_again_is_refused_unless_it_is_meant(rep, customer):
    rep.post(address(customer), data={**FORM, **files((pdf(), "a.pdf"))})
    again = rep.post(address(customer), data={**FORM, **files((pdf(), "b.pdf"))})
    assert again.status_code == 422
    assert "0001-KH·2026-Y-KF-0001" in again.text
    assert rep.post(address(customer), data={**FORM, "again": "on", **files((pdf(), "b.pdf"))}).status_code == 303
    one, other = filed(customer)
    assert one.current.file.sha256 == other.current.file.sha256


def test_a_page_that_sends_files_one_by_one_gets_the_outcome_of_each(rep, customer):
    headers = {"X-Each-File": "1"}
    good = rep.post(address(customer), data={**FORM, **files((pdf(), "好.pdf"))}, headers=headers)
    bad = rep.post(address(customer), data={**FORM, **files((b"MZ", "坏.exe"))}, headers=headers)
    assert (good.status_code, good.headers["X-Outcome"], bad.status_code, bad.headers["X-Outcome"]) == (200, "1", 422, "1")
    assert good.text.count("<li>") == bad.text.count("<li>") == 1
    wrong = rep.post(address(customer), data={**FORM, "kind": "", **files((pdf(), "好.pdf"))}, headers=headers)
    assert "X-Outcome" not in wrong.headers
    plain = rep.post(address(customer), data={**FORM, "kind": "", **files((pdf(), "好.pdf"))})
    assert ("files-error" in wrong.text, "files-error" in plain.text) == (False, True), "without scripts the files are to be chosen again"


def test_a_download_is_an_attachment_that_nothing_runs_and_is_written_down(rep, customer):
    rep.post(address(customer), data={**FORM, **files((pdf(), '../"合同".pdf'))})
    (document,) = filed(customer)
    answer = rep.get(f"/documents/{document.id}/versions/1/file")
    assert answer.data == pdf()
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert db.session.scalar(db.select(AuditEvent).where(AuditEvent.action == "document-downloaded")).label.startswith(document.label)


def test_pages_are_pictures_drawn_anew(rep, customer):
    rep.post(address(customer), data={**FORM, **files((pdf(pages=2), "a.pdf"))})
    (document,) = filed(customer)
    page = rep.get(f"/documents/{document.id}/versions/1/pages/2")
    assert (page.status_code, page.mimetype, page.data[:4]) == (200, "image/png", b"\x89PNG")
    assert rep.get(f"/documents/{document.id}/versions/1/thumbnail").status_code == 200
    for path in ("pages/3", "pages/0"):
        assert rep.get(f"/documents/{document.id}/versions/1/{path}").status_code == 404
    assert rep.get(f"/documents/{document.id}/versions/2/pages/1").status_code == 404


def test_a_newer_version_stands_beside_the_older_one(rep, customer):
    rep.post(address(customer), data={**FORM, **files((pdf(), "a.pdf"))})
    (document,) = filed(customer)
    answer = rep.post(f"/documents/{document.id}/versions", data={"file": (io.BytesIO(picture()), "b.png"), "note": "换证"})
    assert answer.status_code == 303
    page = rep.get(f"/documents/{document.id}?version=1").text
    assert "换证" in page
    assert f"/documents/{document.id}/versions/1/pages/1" in page
    refused = rep.post(f"/documents/{document.id}/versions", data={"file": (io.BytesIO(b"MZ"), "b.exe")})
    assert (refused.status_code, 'id="file-error"' in refused.text) == (422, True)


def test_particulars_change_and_a_shorter_retention_asks_why(rep, customer):
    rep.post(address(customer), data={**FORM, "on_paper": "y"})
    (document,) = filed(customer)
    form = {
        **FORM,
        "on_paper": "y",
        "title": "营业执照（副本）",
        "retention": "D10",
        "confidentiality": "internal",
        "version": "1",
        "base": "{}",
    }
    refused = rep.post(f"/documents/{document.id}/edit", data=form)
    assert (refused.status_code, 'id="reason-error"' in refused.text) == (422, True)
    assert rep.post(f"/documents/{document.id}/edit", data={**form, "reason": "误定"}).status_code == 303
    (document,) = filed(customer)
    assert (document.title, document.retention, document.archive_number) == ("营业执照（副本）", "D10", "0001-KH·2026-D10-KF-0001")


def test_who_comes_second_sees_what_changed(rep, customer):
    rep.post(address(customer), data={**FORM, "on_paper": "y"})
    (document,) = filed(customer)
    form = {**FORM, "on_paper": "y", "retention": "Y", "confidentiality": "internal", "version": str(document.version)}
    base = '{"title": "营业执照", "author": ""}'
    assert rep.post(f"/documents/{document.id}/edit", data={**form, "title": "先改", "base": base}).status_code == 303
    second = rep.post(f"/documents/{document.id}/edit", data={**form, "title": "后改", "base": base})
    assert (second.status_code, "先改" in second.text, "后改" in second.text) == (409, True, True)


def test_taking_out_is_for_supervisors_and_keeps_the_entry(client, rep, customer):
    rep.post(address(customer), data={**FORM, "on_paper": "y"})
    (document,) = filed(customer)
    client.be("sup1")
    assert client.post(f"/documents/{document.id}/removal", data={"reason": "放错客户"}).status_code == 303
    assert "放错客户" in client.get(f"/documents/{document.id}").text
    assert "营业执照" in client.get(address(customer, "?show=removed")).text
    assert "0001-KH·2026-Y-KF-0001" not in client.get(address(customer, "")).text
    assert client.get(f"/documents/{document.id}/edit").status_code == 422


def test_the_list_finds_numbers_and_former_numbers_within_scope(client, rep, customer):
    rep.post(address(customer), data={**FORM, "on_paper": "y"})
    assert "0001-KH·2026-Y-KF-0001" in rep.get("/documents?q=0001-KH·2026").text
    assert "0001-KH·2026-Y-KF-0001" not in rep.get("/documents?q=0002").text
    assert "0001-KH·2026-Y-KF-0001" not in rep.get("/documents?retention=D10").text
    client.be("rep3")
    assert "0001-KH·2026-Y-KF-0001" not in client.get("/documents").text


def test_the_list_goes_out_and_prints_with_its_filters_and_scope(client, rep, customer, monkeypatch):
    monkeypatch.setattr(dossier_list, "PORTION", 1)
    for year in ("2025", "2026"):
        rep.post(address(customer), data={**FORM, "dated_on": f"{year}-03-02", "on_paper": "y"})
    page = rep.get("/documents?retention=Y").text
    assert "/prints/lists/document_list?retention=Y" in page
    assert "/documents/file?retention=Y" in page
    rows = rep.get("/documents/file?format=csv").text.splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["0001-KH·2025-Y-KF-0001", "0001-KH·2026-Y-KF-0001"]
    assert customer.full_name in rows[1]
    assert len(rep.get("/documents/file?format=csv&year=2026").text.splitlines()) == 2
    sheet = rep.get("/prints/lists/document_list?year=2026&kind=company").text
    assert "0001-KH·2026-Y-KF-0001" in sheet
    assert "0001-KH·2025-Y-KF-0001" not in sheet
    assert "年度：2026" in sheet
    client.be("rep3")
    assert "KF-0001" not in client.get("/documents/file?format=csv").text
    assert "KF-0001" not in client.get("/prints/lists/document_list").text


def test_a_document_that_goes_while_the_list_is_written_ends_it_for_no_other(rep, customer, monkeypatch):
    for year in ("2024", "2025", "2026"):
        rep.post(address(customer), data={**FORM, "dated_on": f"{year}-03-02", "on_paper": "y"})
    gone, read = filed(customer)[1].id, dossier_list.records
    monkeypatch.setattr(dossier_list, "PORTION", 1)
    monkeypatch.setattr(dossier_list, "records", lambda some: read([one for one in some if one != gone]))
    rows = rep.get("/documents/file?format=csv").text.splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["0001-KH·2024-Y-KF-0001", "0001-KH·2026-Y-KF-0001"]


def test_the_dossier_says_what_is_missing_and_the_register_filters_by_it(rep, customer):
    page = rep.get(address(customer, "")).text
    assert "缺 3 类" in page
    assert "kind=company" in page
    count_dossiers()
    assert customer.full_name in rep.get("/customers?missing=documents").text
    for kind in ("company", "contact", "emergency"):
        rep.post(address(customer), data={**FORM, "kind": kind, "on_paper": "y"})
    assert "齐全" in rep.get(address(customer, "")).text
    assert customer.full_name not in rep.get("/customers?missing=documents").text


def test_binders(rep, customer):
    assert rep.post(f"/customers/{customer.id}/binders/new", data={"width_mm": "40", "shelf": "2-A-03"}).status_code == 303
    assert "2-A-03" in rep.get(address(customer, "")).text
    answer = rep.post(f"/customers/{customer.id}/binders/new", data={"width_mm": "35"})
    assert (answer.status_code, 'id="width_mm-error"' in answer.text) == (422, True)
