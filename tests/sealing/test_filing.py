"""From the last signature to the dossier: once, whatever fails on the way (AP-7)."""

from __future__ import annotations

import hashlib
import io
import stat
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from portal import clock, jobs
from portal.database import StateConflict, db
from portal.models import inbox
from portal.models.approval import Approval
from portal.models.approval_round import ApprovalRound
from portal.models.approval_step import ApprovalStep
from portal.models.attachment import Attachment
from portal.models.audit import AuditEvent
from portal.models.dossier import ArchiveDocument
from portal.models.job import Job
from portal.models.sealed_form import SealedForm, due, waiting_count
from portal.models.sheet import PrintedSheet
from portal.printing import documents, filing
from portal.printing.order import PrintingFailed
from portal.printing.papers import paper_of_round
from portal.printing.seal_keys import NoSealError
from portal.rules.message import Refusal
from portal.stores import StoreFailed
from tests.approving import APPROVE, INFORM, person, record_paper, sign, submitted
from tests.stored import where


def approved() -> Approval:
    """Return a document that was just approved."""
    approval = submitted(APPROVE)
    sign(approval, "mgr1")
    return approval


def filed(approval: Approval) -> SealedForm:
    """Seal and file as the job does, and return the form."""
    form = filing.file_form(approval.id)
    db.session.commit()
    assert form is not None
    return form


def test_the_final_form_lies_sealed_in_the_dossier(sealing: Flask) -> None:
    sealing.config["SITE_NAME"] = "启明物业"
    approval = approved()
    form = filed(approval)
    sealing.config["SITE_NAME"] = ""
    document, sheet = form.document, form.sheet
    assert document is not None
    assert sheet is not None
    assert (document.customer_id, document.kind, document.title) == (approval.customer_id, "payment", "信用额度或特殊政策审批表")
    assert (document.author, document.reference, document.approval_id) == ("启明物业", sheet.shown_code, approval.id)
    assert document.dated_on == clock.local(approval.current_round.ended_at).date()
    assert document.retention == "D30"
    assert document.pages == sheet.pages == 1
    assert document.closed is not None
    assert form.file is not None
    assert (form.file.purpose, form.file.uploaded_by_id, document.current.file.id) == ("sealed", None, form.file_id)
    assert hashlib.sha256(form.file.content()).hexdigest() == form.file.sha256
    assert stat.S_IMODE(where(form.file).stat().st_mode) == 0o444
    assert approval.sealed_at == form.sealed_at == sheet.printed_at
    assert (sheet.printed_by_id, sheet.state, sheet.signatures, sheet.copy_number) == (None, "approved", 1, 1)
    text = PdfReader(io.BytesIO(form.file.content())).pages[-1].extract_text()
    assert sheet.shown_code in text
    assert "打印人：启明物业" in text
    assert "审批中" not in text


def test_readers_of_pdfs_accept_it_and_it_stays_pdf_a(sealing: Flask, tmp_path: Path) -> None:
    form = filed(approved())
    assert form.file is not None
    path = tmp_path / "form.pdf"
    path.write_bytes(form.file.content())
    said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "SHA-256" in said
    assert subprocess.run(["qpdf", "--check", str(path)], capture_output=True).returncode == 0
    reader = PdfReader(path)
    root = reader.trailer["/Root"]
    xmp = root["/Metadata"].get_data().decode()
    assert 'pdfaid:part="2"' in xmp
    assert 'pdfaid:conformance="B"' in xmp
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert "/NeedAppearances" not in root["/AcroForm"]
    (widget,) = [one.get_object() for one in reader.pages[-1]["/Annots"] if one.get_object()["/Subtype"] == "/Widget"]
    assert widget["/F"] & 0b110 == 0b100  # printed, not hidden (ISO 19005-2, 6.3.2)
    assert widget["/TU"].startswith("电子印章")
    for font in fonts(widget):
        assert font["/FontDescriptor"].get_object().keys() & {"/FontFile", "/FontFile2", "/FontFile3"}
    assert "/Perms" not in root  # not certified


def fonts(widget: Any) -> list[Any]:
    """Return the descendant fonts of everything that the line of the seal draws."""
    found, todo = [], [widget["/AP"]["/N"].get_object()]
    while todo:
        resources = todo.pop().get("/Resources", {})
        for font in resources.get("/Font", {}).values():
            one = font.get_object()
            found += [inner.get_object() for inner in one["/DescendantFonts"]] if "/DescendantFonts" in one else [one]
        todo += [inner.get_object() for inner in resources.get("/XObject", {}).values()]
    assert found
    return found


def test_the_same_approval_is_filed_once(sealing: Flask) -> None:
    approval = approved()
    for _time in range(2):
        filing.begin(approval)
    assert filing.file_form(approval.id) is None
    for model in (SealedForm, ArchiveDocument, PrintedSheet):
        assert db.session.scalar(select(func.count()).select_from(model)) == 1
    assert {job.state for job in db.session.scalars(select(Job))} == {"done"}


def test_who_comes_second_files_nothing(sealing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    approval = approved()
    press = documents.press

    def overtaken(*given: Any, **more: Any) -> Any:
        press(*given, **more)
        db.session.rollback()
        monkeypatch.setattr(documents, "press", press)
        filed(approval)
        return press(*given, **more)

    monkeypatch.setattr(documents, "press", overtaken)
    with pytest.raises(StateConflict):
        filing.file_form(approval.id)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(PrintedSheet)) == 1


def test_after_a_paper_step_that_only_informs(sealing: Flask) -> None:
    approval = submitted(APPROVE, INFORM)
    sign(approval, "mgr1")
    filing.begin(approval)
    assert SealedForm.of(approval) is None
    record_paper(approval, "mgr2")
    filing.begin(approval)
    form = SealedForm.of(approval)
    assert form is not None
    assert form.sheet is not None
    assert form.sheet.signatures == 2


def test_without_a_seal_it_waits_and_says_so(no_seal: Flask) -> None:
    approval = approved()
    filing.begin(approval)
    filing.queue_due()
    assert db.session.scalar(select(func.count()).select_from(Job)) == 0
    why = filing.not_yet(approval)
    assert why is not None
    assert "flask seal init" in str(why)
    assert filing.trouble(10) == (why, 1)
    filing.place().init("乙")
    assert filing.trouble(10) is None
    filing.queue_due()
    assert filing.not_yet(approval) is None
    assert db.session.get_one(Approval, approval.id).sealed_at is not None


def test_what_was_approved_before_is_found_oldest_first(sealing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "A_MINUTE", 2)
    old = [approved().id for _number in range(3)]
    running = submitted(APPROVE).id
    assert due(10) == old
    assert waiting_count(2) == 2
    filing.queue_due()
    assert due(10) == old[2:]
    filing.queue_due()
    assert due(10) == []
    assert db.session.get_one(Approval, running).sealed_at is None


def test_what_passes_by_itself_is_no_mistake_of_the_portal(sealing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    approval = approved()

    def meets(*_given: Any, **_more: Any) -> Any:
        raise OperationalError("UPDATE …", {}, psycopg.errors.DeadlockDetected())

    with monkeypatch.context() as broken:
        broken.setattr(documents, "press", meets)
        filing.queue_due()
    assert SealedForm.of(approval) is None, "nothing is said of it"
    assert db.session.scalars(select(Job.state)).all() == ["running"], "the reaper starts it again"
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        jobs.reap()
    db.session.expire_all()
    assert approval.sealed_at is not None


@pytest.mark.parametrize("error", [PrintingFailed("Too much is being printed at the moment. Try again in a minute."), ZeroDivisionError()])
def test_a_failure_is_shown_and_tried_again_later_and_later(sealing: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    approval = approved()

    def fails(*_given: Any, **_more: Any) -> Any:
        raise error

    moment = clock.now()
    with time_machine.travel(moment, tick=False) as traveller:
        with monkeypatch.context() as broken:
            broken.setattr(documents, "press", fails)
            filing.queue_due()
            form = SealedForm.of(approval)
            assert form is not None
            expected = error.message if isinstance(error, Refusal) else filing.Message(filing.MISTAKE)
            assert filing.not_yet(approval) == form.why == expected
            assert (form.tried_at, form.next_try_at, form.tries) == (moment, moment + timedelta(minutes=1), 1)
            assert due(10) == []
            traveller.shift(timedelta(minutes=1))
            filing.queue_due()
            assert form.next_try_at == moment + timedelta(minutes=6)
            assert [job.state for job in db.session.scalars(select(Job))] == ["failed", "failed"]
        (entry,) = [one for one in inbox.entries(person("mgr1")) if one.what.startswith("Approved, but")]
        assert entry.page == ("approvals.show", {"approval_id": approval.id})
        assert inbox.count(person("mgr1")) == 1
        assert inbox.count(person("sup1")) == 0
        assert db.session.scalar(select(func.count()).select_from(ArchiveDocument)) == 0
        assert db.session.scalar(select(func.count()).select_from(PrintedSheet)) == 0
    form.next_try_at = clock.now()
    db.session.commit()
    filing.queue_due()
    db.session.refresh(form)
    assert (form.problem, form.next_try_at, form.file_id is not None) == ("", None, True)
    assert inbox.count(person("mgr1")) == 0


def test_a_kind_that_the_site_no_longer_has_is_said(sealing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    approval = approved()
    monkeypatch.setitem(vars(approval.kind), "filed_as", "gone")
    filing.begin(approval)
    assert filing.not_yet(approval) is not None
    assert db.session.scalar(select(func.count()).select_from(Attachment).where(Attachment.purpose == "sealed")) == 0
    assert db.session.scalar(select(func.count()).select_from(PrintedSheet)) == 0


def altered(approval: Approval) -> None:
    """Change what was signed behind the portal's back."""
    current = approval.current_round
    content = {**current.content, "new": {**current.content["new"], "credit_limit": "9900000.00"}}
    db.session.execute(update(ApprovalRound).where(ApprovalRound.id == current.id).values(content=content))
    db.session.commit()
    db.session.expire_all()


def moved(approval: Approval) -> None:
    """Put somebody's signature on another document under this one."""
    other = sign(submitted(APPROVE), "mgr1")
    db.session.execute(update(ApprovalStep).where(ApprovalStep.approval_id == approval.id).values(signature_id=other.id))
    db.session.commit()
    db.session.expire_all()


def missing(approval: Approval) -> None:
    db.session.execute(update(ApprovalStep).where(ApprovalStep.approval_id == approval.id).values(signature_id=None))
    db.session.commit()
    db.session.expire_all()


@pytest.mark.parametrize(("tamper", "said"), [(altered, "has been altered"), (moved, "has been altered"), (missing, "is missing")])
def test_what_was_altered_after_it_was_signed_is_not_sealed(sealing: Flask, tamper: Any, said: str) -> None:
    approval = approved()
    tamper(approval)
    with capture_logs() as logged:
        filing.queue_due()
    assert any(one["event"] == "form not filed" and said in one["why"] for one in logged)
    why = filing.not_yet(approval)
    assert why is not None
    assert said in str(why)
    assert approval.sealed_at is None
    assert db.session.scalar(select(func.count()).select_from(ArchiveDocument).where(ArchiveDocument.approval_id == approval.id)) == 0
    sheet = documents.preview(paper_of_round(approval, approval.current_round), "zh", by=person("mgr1"))
    assert ("已被改动" in sheet) == (tamper is not missing)


def test_a_scan_that_cannot_be_read_now_is_waited_for(sealing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    approval = submitted(APPROVE, INFORM)
    sign(approval, "mgr1")
    record_paper(approval, "mgr2")

    def away(_self: Attachment) -> bytes:
        raise StoreFailed

    with monkeypatch.context() as broken:
        broken.setattr(Attachment, "content", away)
        filing.queue_due()
        assert filing.not_yet(approval) == filing.Message(filing.FILES_AWAY)
        assert "已被改动" not in documents.preview(paper_of_round(approval, approval.current_round), "zh", by=person("mgr1"))
    filed(approval)


def test_an_expired_certificate_seals_nothing(sealing: Flask) -> None:
    approval = approved()
    with time_machine.travel(clock.now() + timedelta(days=11 * 365), tick=False):
        filing.queue_due()
        why = filing.not_yet(approval)
        assert why is not None
        assert "valid until" in str(why)
        trouble = filing.trouble(10)
        assert trouble is not None
        assert trouble[1] == 1
    with time_machine.travel(clock.now() - timedelta(days=2), tick=False), pytest.raises(NoSealError, match="valid from"):
        filing.place().key()
    with time_machine.travel(clock.now() + timedelta(days=10 * 365 - 30), tick=False):
        trouble = filing.trouble(10)
        assert trouble is not None
        assert "expires on" in str(trouble[0])


def test_the_log_says_what_was_sealed_by_which_certificate(sealing: Flask) -> None:
    approval = approved()
    form = filed(approval)
    assert form.file is not None
    entry = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "sealed")).one()
    assert (entry.kind, entry.record_id, entry.customer_id) == ("approval", approval.id, approval.customer_id)
    assert entry.data["sha256"] == form.file.sha256
    assert entry.data["certificate"] == filing.place().key().certificate.fingerprint


def test_the_look_of_every_minute_reads_an_index(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses by what it has counted")
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    due(10)
    waiting_count(10)
    event.remove(db.engine, "before_cursor_execute", note)
    found = [statement for statement in asked if "sealed_at IS NULL" in statement]
    assert len(found) == 2
    for statement in found:
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (10,) * statement.count("?")).fetchall()
        assert "ix_approval_to_seal" in str(plan)
