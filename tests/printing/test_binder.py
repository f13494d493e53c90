"""The binder as one PDF: right page numbers, files as filed, what is not bound, what a copy is worth (PR-6)."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pikepdf
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from portal import clock, jobs
from portal.database import db
from portal.exchange.tidying import KEPT_DAYS, remove_old
from portal.models.attachment import Attachment
from portal.models.binder import Binder
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.notice import Notice
from portal.models.sheet import PrintedSheet
from portal.printing import binder as binding
from portal.printing.binder_content import BINDER, DOSSIER, Filing, content_rows, volume_of
from portal.printing.documents import translate
from portal.printing.labels import Labels
from portal.printing.standing import standing
from portal.rules.message import Refusal
from tests import factories
from tests.printing.filed import fill, pdf
from tests.stored import is_stored, overwrite

ZH = Labels("zh", translate)


@pytest.fixture
def customer(app):
    return factories.customer("rep1", full_name="深圳市𠮷田䶮机电设备有限公司")


def bound(sheet, record, by, language="zh", said=""):
    job = binding.queue(sheet, record.id, language, Filing("赵一鸣", "", said), by=by)
    db.session.commit()
    jobs.start(job)
    db.session.refresh(job)
    assert job.state == "done", (job.error, job.error_params)
    return db.session.scalars(select(PrintedSheet).where(PrintedSheet.code == job.result["code"])).one()


def paper(customer, by, **values):
    facts = {"kind": "company", "title": "营业执照", "dated_on": date(2026, 3, 5), "on_paper": True, **values}
    document = ArchiveDocument.file(customer, facts, by=by)
    db.session.commit()
    return document


def bookmarks(reader):
    return [(mark.title, reader.get_destination_page_number(mark)) for mark in reader.outline]


def test_sixty_mixed_documents_stand_on_the_pages_that_the_contents_say(customer, staff):
    documents = fill(customer, 60, by=staff["rep1"])
    db.session.commit()
    printed = bound(DOSSIER, customer, staff["rep1"], said="第 3 号缺页")
    content = printed.file.content()
    reader = PdfReader(io.BytesIO(content))
    volume = volume_of(customer)
    rows = content_rows(volume, ZH)
    assert [row["title"] for row in rows] == [one.title for one in documents]
    cover, contents, *marks, (_back, last) = bookmarks(reader)
    front = marks[0][1]
    assert (cover, contents) == (("客户档案封面", 0), ("卷内文件目录", 1))
    assert printed.pages == len(reader.pages) == last + 1
    listed = "".join(reader.pages[number].extract_text() for number in range(1, front))
    for number, (row, (title, place)) in enumerate(zip(rows, marks, strict=True)):
        first = int(row["page"].split("-")[0])
        assert (title, place) == (f"{documents[number].archive_number} {documents[number].title}", front + first - 1)
        assert row["page"] in listed
        text = reader.pages[place].extract_text()
        assert text.rstrip().endswith(str(first))
        if number % 6 in (0, 4):
            assert f"document {number} p1" in text
        if number % 6 in (3, 5):
            assert "附件" in text
            assert documents[number].archive_number in text
    stamped = [reader.pages[place].extract_text().rstrip().rsplit(None, 1)[-1] for place in range(front, last)]
    assert stamped == [str(number) for number in range(1, last - front + 1)]
    assert reader.page_labels[front : front + 2] == ["1", "2"]
    assert "第 3 号缺页" in reader.pages[last].extract_text()
    assert (reader.metadata.author, reader.trailer["/Root"]["/Lang"]) == ("赵一鸣", "zh-CN")
    assert "\U00020bb7田䶮" in reader.metadata.title
    with pikepdf.open(io.BytesIO(content)) as opened:
        assert opened.check_pdf_syntax() == []


def test_what_cannot_be_opened_has_an_interleaf_that_says_so(customer, staff):
    broken = fill(customer, 1, by=staff["rep1"])[0]
    fill(customer, 1, by=staff["rep1"], title="第二件")
    db.session.commit()
    whole = broken.current.file
    good = ArchiveDocument.file(
        customer, {"kind": "company", "title": "章程", "dated_on": date(2026, 1, 1)}, Upload.of(pdf("other", 3), "a.pdf"), by=staff["rep1"]
    )
    db.session.commit()
    overwrite(good.current.file.sha256, b"%PDF-1.7 nothing")
    reader = PdfReader(io.BytesIO(bound(DOSSIER, customer, staff["rep1"]).file.content()))
    texts = [page.extract_text() for page in reader.pages]
    assert any("无法打开" in text and "a.pdf" in text for text in texts)
    assert is_stored(whole)
    assert len(reader.pages) == 1 + 1 + 3 + 1


def test_everybody_can_write_while_the_sheets_are_printed(customer, staff, monkeypatch):
    fill(customer, 12, by=staff["rep1"])
    db.session.commit()
    session, busy, printed = db.session(), [], binding.POOL.print_pile

    def noted(pile, **values):
        busy.append(session.in_transaction())
        return printed(pile, **values)

    monkeypatch.setattr(binding.POOL, "print_pile", noted)
    bound(DOSSIER, customer, staff["rep1"])
    assert busy == [False] * 2  # cover and contents, then the four interleaves


def test_a_copy_is_superseded_when_a_document_is_filed(customer, staff):
    paper(customer, staff["rep1"])
    first = bound(DOSSIER, customer, staff["rep1"])
    assert standing(first).verdict == "latest"
    paper(customer, staff["rep1"], title="章程")
    found = standing(first)
    assert (found.verdict, found.reasons[0].text) == ("superseded", "Documents were filed, changed or taken out since it was bound.")
    second = bound(DOSSIER, customer, staff["rep1"])
    assert (second.copy_number, standing(second).verdict) == (2, "latest")


def test_a_binder_is_bound_by_itself_and_says_where_its_papers_lie(customer, staff):
    box = Binder.add(customer, {"shelf": "2-A-03", "title": "基本资料"}, by=staff["rep1"])
    inside = paper(customer, staff["rep1"], binder_id=box.id)
    paper(customer, staff["rep1"], title="不在盒内")
    printed = bound(BINDER, box, staff["rep1"])
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(printed.file.content())).pages)
    assert "2-A-03" in text
    assert inside.archive_number in text
    assert "不在盒内" not in text
    assert standing(printed).page == ("prints.binder", {"binder_id": box.id})


def test_who_asked_is_told_and_the_file_goes_after_thirty_days(customer, staff):
    paper(customer, staff["rep1"])
    printed = bound(DOSSIER, customer, staff["rep1"])
    notice = db.session.scalars(select(Notice).where(Notice.staff_id == staff["rep1"].id).order_by(Notice.id.desc())).first()
    assert notice.link.startswith("/prints/binding/")
    printed.file.uploaded_at = clock.now() - timedelta(days=KEPT_DAYS + 1)
    content = printed.file.sha256
    db.session.commit()
    remove_old()
    db.session.refresh(printed)
    assert printed.file_id is None
    assert not is_stored(content)
    assert db.session.scalar(select(Attachment).where(Attachment.purpose == "binder")) is None


def test_nobody_binds_what_they_do_not_see_any_more(customer, staff):
    paper(customer, staff["rep1"])
    job = binding.queue(DOSSIER, customer.id, "zh", Filing(""), by=staff["rep3"])
    db.session.commit()
    jobs.start(job)
    db.session.refresh(job)
    assert (job.state, job.result) == ("failed", {})


def test_an_empty_dossier_is_not_bound(customer):
    with pytest.raises(Refusal):
        volume_of(customer)


def test_more_documents_than_a_volume_holds_are_refused(customer, staff, monkeypatch):
    monkeypatch.setattr("portal.printing.binder_content.MOST", 1)
    paper(customer, staff["rep1"])
    assert len(volume_of(customer).documents) == 1
    paper(customer, staff["rep1"], title="章程")
    with pytest.raises(Refusal):
        volume_of(customer)


def test_documents_beyond_four_figures_keep_their_order(customer, staff):
    for number in ("0001-KH·2026-Y-KF-9999", "0001-KH·2026-Y-KF-10000", "0001-KH·2026-Y-KF-0001"):
        paper(customer, staff["rep1"]).archive_number = number
    db.session.commit()
    assert [one.facts["archive_number"][-5:] for one in volume_of(customer).documents] == ["-0001", "-9999", "10000"]
