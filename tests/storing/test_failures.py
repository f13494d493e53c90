"""Bucket away, disk full: the decision stands, the failure is shown, it goes on by itself (quality.md: Correct under load)."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from portal import clock, jobs
from portal.database import db
from portal.exchange.tidying import KEPT_DAYS, remove_old
from portal.models import disposal_record
from portal.models.approval import Approval
from portal.models.attachment import Attachment
from portal.models.dossier import ArchiveDocument
from portal.models.job import DEAD_AFTER, Job
from portal.models.notice import Notice
from portal.models.sealed_form import SealedForm
from portal.printing import filing
from portal.stores import Store, StoreFailed
from tests import factories
from tests.approving import APPROVE, FINANCE, person, record_paper, scan, sign, submitted
from tests.disposing import approved, old, past
from tests.pages.test_dossier import FORM, address, files
from tests.rules.test_file_content import pdf
from tests.sealing.conftest import made, no_seal, sealing  # noqa: F401 - a site with a seal
from tests.stored import is_stored, stored_by

HASTY = {"connect_timeout": 1, "read_timeout": 1, "retries": {"total_max_attempts": 1, "mode": "standard"}}


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.stores.bucket.PATIENT", HASTY)


def test_a_page_says_it_and_nothing_is_half_saved(app: Flask, as_: Any, away: dict[str, Any]) -> None:
    rep, customer = as_("rep1"), factories.customer("rep1", nature="ordinary")
    with stored_by(away):
        answer = rep.post(address(customer), data={**FORM, **files((pdf(), "章程.pdf"))})
        assert answer.status_code == 503
        assert "文件" in answer.text
    for model in (ArchiveDocument, Attachment):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0


def test_the_probe_says_it(app: Flask, client: Any, away: dict[str, Any], in_bucket: Store) -> None:
    assert client.get("/readyz").status_code == 200
    with stored_by(away):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json) == (503, {"state": "not ready", "why": "StoreFailed"})
        assert client.get("/healthz").status_code == 200


def test_a_folder_that_cannot_be_written_to_is_not_ready(app: Flask, client: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with stored_by({"FILES_STORE": "folder", "FILES_FOLDER": tmp_path / "file" / "files"}):
        assert client.get("/readyz").status_code == 503


def test_a_signature_is_not_called_altered_because_its_scan_cannot_be_read(in_bucket: Store, as_: Any, away: dict[str, Any]) -> None:
    given = record_paper(submitted(FINANCE))
    number = given.approval_id
    with stored_by(away):
        assert given.standing() == "unknown"
        page = as_("mgr1").get(f"/approvals/{number}")
        assert page.status_code == 200
        assert "暂时无法验证" in page.text
        assert as_("mgr1").get(f"/approvals/{number}/scans/{given.id}").status_code == 503


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch, app: Flask, tmp_path: Path) -> Iterator[Path]:
    """Files in a folder whose disk takes nothing more."""

    def write(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("portal.stores.folder.shutil.copyfileobj", write)
    with stored_by({"FILES_STORE": "folder", "FILES_FOLDER": tmp_path / "files"}):
        yield tmp_path / "files"


def test_on_a_full_disk_a_page_says_it_and_nothing_is_half_saved(full: Path, as_: Any) -> None:
    rep, customer = as_("rep1"), factories.customer("rep1", nature="ordinary")
    answer = rep.post(address(customer), data={**FORM, **files((pdf(), "章程.pdf"))})
    assert (answer.status_code, "未保存" in answer.text) == (503, True), "it is no mistake of the portal"
    for model in (ArchiveDocument, Attachment):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0
    assert not [path for path in full.rglob("*") if path.is_file()]


def test_what_cannot_be_made_for_want_of_room_is_told_as_well(app: Flask, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    reader = as_("mgr1")
    monkeypatch.setattr("portal.list_files.tempfile.TemporaryDirectory", write)
    assert reader.get("/gifts/goods/file").status_code == 503


def test_a_full_disk_is_not_ready(app: Flask, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr("portal.outage.LEAST_ROOM", 1 << 62)
    assert client.get("/readyz").status_code == 503


def test_a_signature_is_not_called_altered_because_the_disk_fails(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    given = record_paper(submitted(FINANCE))

    def fail(*_arguments: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("portal.stores.folder.Path.open", fail)
    assert given.standing() == "unknown"


def test_a_job_waits_for_room_on_the_disk(app: Flask, monkeypatch: pytest.MonkeyPatch, staff: dict[str, Any]) -> None:
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))

    @jobs.kind("writing")
    def writing(_job: Job) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    job = Job.queue("writing", by=staff["rep1"])
    db.session.commit()
    jobs.start(job)
    db.session.refresh(job)
    assert (job.state, job.error, job.tries) == ("running", jobs.FILES_AWAY, 0)
    with time_machine.travel(clock.now() + jobs.FILES_WAITED_FOR - timedelta(minutes=1)):
        jobs.reap()
    db.session.refresh(job)
    assert job.state == "running"
    with time_machine.travel(clock.now() + jobs.FILES_WAITED_FOR + DEAD_AFTER):
        jobs.reap()  # the store answers whenever it is asked, and takes nothing all the same
    db.session.refresh(job)
    assert (job.state, job.error_params) == ("failed", {"hours": 6})


def test_an_approval_stands_while_its_form_waits(in_bucket: Store, sealing: Flask, away: dict[str, Any]) -> None:  # noqa: F811
    approval = submitted(APPROVE)
    with stored_by(away):
        sign(approval, "mgr1")
        filing.begin(approval)
    db.session.expire_all()
    approval = db.session.get_one(Approval, approval.id)
    assert approval.state == "approved"
    form = SealedForm.of(approval)
    assert form is not None
    assert form.problem == filing.FILES_AWAY
    filing.file_form(approval.id)
    db.session.commit()
    form = SealedForm.of(approval)
    assert form is not None
    assert form.why is None
    assert is_stored(form.file)


def test_a_job_waits_for_the_store_and_goes_on(
    in_bucket: Store, away: dict[str, Any], monkeypatch: pytest.MonkeyPatch, staff: dict[str, Any]
) -> None:
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))
    tried = []

    @jobs.kind("keeping")
    def keeping(job: Job) -> None:
        tried.append(job.id)
        Attachment.keep(b"made", filename="a.txt", media_type="text/plain", purpose="export", by=person("rep1"))

    job = Job.queue("keeping", by=staff["rep1"])
    db.session.commit()
    with stored_by(away):
        jobs.start(job)
        db.session.refresh(job)
        assert (job.state, job.error, job.tries) == ("running", jobs.FILES_AWAY, 0)
        with time_machine.travel(clock.now() + DEAD_AFTER + timedelta(seconds=1)):
            jobs.reap()  # the store is asked, the work is not begun
        assert len(tried) == 1
        with time_machine.travel(clock.now() + jobs.FILES_WAITED_FOR - timedelta(minutes=1)):
            jobs.reap()
        db.session.refresh(job)
        assert job.state == "running"
    with time_machine.travel(clock.now() + DEAD_AFTER + timedelta(seconds=1)):
        jobs.reap()
    db.session.refresh(job)
    assert (job.state, job.error, len(tried)) == ("done", "", 2)
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 1


def test_a_job_does_not_wait_for_ever(in_bucket: Store, away: dict[str, Any], monkeypatch: pytest.MonkeyPatch, staff: Any) -> None:
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))

    @jobs.kind("keeping")
    def keeping(_job: Job) -> None:
        raise StoreFailed

    job = Job.queue("keeping", by=staff["rep1"])
    job.created_at = clock.now() - 2 * jobs.FILES_WAITED_FOR  # no worker was there; it begins to wait now
    db.session.commit()
    with stored_by(away):
        jobs.start(job)
        with time_machine.travel(clock.now() + DEAD_AFTER + timedelta(seconds=1)):
            jobs.reap()
        db.session.refresh(job)
        assert job.state == "running"
        with time_machine.travel(clock.now() + jobs.FILES_WAITED_FOR + timedelta(minutes=1)):
            jobs.reap()
    db.session.refresh(job)
    assert (job.state, job.error_params) == ("failed", {"hours": 6})
    assert db.session.scalar(select(func.count()).select_from(Notice)) == 1


def test_a_destruction_stands_and_contents_go_later(in_bucket: Store, as_: Any, away: dict[str, Any]) -> None:
    one = old(past(), pages=1)
    content, list_ = one.current.file.sha256, approved(one)
    disposal_record.record(list_, destroyed_on=clock.today(), witnesses=("甲", "乙"), scan=scan(), by=person("mgr1"))
    db.session.commit()
    with stored_by(away), pytest.raises(StoreFailed):
        disposal_record.purge(list_)
    db.session.rollback()
    assert disposal_record.to_purge() == [list_]
    assert disposal_record.purge(list_) == [content]
    db.session.commit()
    assert not is_stored(content)
    assert disposal_record.to_purge() == []


def test_an_old_export_whose_content_cannot_go_keeps_its_record(in_bucket: Store, away: dict[str, Any]) -> None:
    file = Attachment.keep(b"rows", filename="x.csv", media_type="text/csv", purpose="export", by=person("rep1"))
    file.uploaded_at, content = clock.now() - timedelta(days=KEPT_DAYS + 1), file.sha256
    db.session.commit()
    with stored_by(away), pytest.raises(StoreFailed):
        remove_old()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 1
    remove_old()
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 0
    assert not is_stored(content)


def test_an_upload_from_a_source_that_fails_is_not_the_stores_fault(in_bucket: Store) -> None:
    class Broken(io.BytesIO):
        def read(self, *_arguments: Any) -> bytes:
            raise OSError("the disk of the upload")

    with pytest.raises(OSError, match="disk"):
        in_bucket.put("0" * 64, Broken(b"x"))
