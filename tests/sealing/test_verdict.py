"""Genuine, altered, not ours: whatever is done to a sealed form shows (AP-7)."""

from __future__ import annotations

import io
import shutil
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
import time_machine
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal import clock
from portal.database import db
from portal.models.attachment import Attachment
from portal.models.sealed_form import SealedForm
from portal.printing import documents, filing, seal_verdict
from portal.printing.papers import paper_of_round
from portal.printing.press import POOL
from portal.printing.seal import seal, seal_line
from portal.printing.seal_keys import Place
from portal.printing.seal_reading import Reading, read, read_apart
from portal.printing.seal_verdict import ALTERED, GENUINE, NOT_OURS, Verdict, judge, stored_problems
from portal.rules.message import Refusal
from portal.stores import store
from tests.approving import APPROVE, person, sign, submitted
from tests.stored import overwrite


@pytest.fixture
def content(form: SealedForm) -> bytes:
    """Its file."""
    assert form.file is not None
    return form.file.content()


def asked(content: bytes) -> Verdict:
    return judge(content, filing.place(), read)


def why(verdict: Verdict) -> list[str]:
    return [reason.text for reason in verdict.reasons]


def printed(approval_id: int) -> bytes:
    """Return an ordinary print of the same form."""
    from portal.models.approval import Approval

    found = db.session.get_one(Approval, approval_id)
    made = documents.press(lambda: paper_of_round(found, found.current_round), "zh", by=person("mgr1"))
    db.session.commit()
    return made.content


def signed_by(place: Place, content: bytes, code: str = "K7QM2XDR9TBC") -> bytes:
    key = place.key()
    line = POOL.print(seal_line("zh", documents.translate, owner="乙", code=code, moment=clock.now()))
    return seal(content, line.content, sheet="credit_change", code=code, key=key, description="x")


def test_what_was_sealed_is_genuine(form: SealedForm, content: bytes) -> None:
    verdict = asked(content)
    assert (verdict.answer, verdict.reasons) == (GENUINE, [])
    assert verdict.form is not None
    assert verdict.form.id == form.id
    assert verdict.certificate is not None
    assert verdict.certificate.subject == "启明物业服务有限公司"
    assert verdict.standing is not None
    assert verdict.standing.verdict == "latest"
    told = [account for account in ("rep1", "rep2", "sup1", "sup2", "mgr1") if verdict.may_be_named_to(person(account))]
    assert told == ["rep1", "sup1", "mgr1"]


def test_the_process_of_its_own_says_the_same(form: SealedForm, content: bytes) -> None:
    trusted = [one.der for one in filing.place().trusted()]
    assert read_apart(content, trusted, form.sealed_at) == read(content, trusted, form.sealed_at)
    assert read_apart(b"nothing", trusted) == []
    assert judge(content, filing.place()).answer == GENUINE


def test_one_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.printing.seal_reading.SECONDS", 0.01)
    with pytest.raises(Refusal, match="could not be checked"):
        read_apart(b"%PDF-1.7", [])


def test_every_changed_byte_shows(content: bytes) -> None:
    signature = content.index(b"/Contents <", content.index(b"/Sig")) if b"/Contents <" in content else content.index(b"3082")
    field = content.index(b"(Seal")

    @settings(max_examples=120)
    @given(st.integers(0, len(content) - 1), st.integers(1, 255))
    @example(0, 1)
    @example(len(content) - 1, 1)
    @example(field + 2, 1)
    @example(field + 7, 1)
    @example(signature + 30, 1)
    @example(signature + 800, 2)
    @example(content.index(b"/ByteRange") + 14, 1)
    @example(content.rindex(b"startxref") + 11, 1)
    @example(content.rindex(b"000000>"), 1)
    def changed(place: int, bits: int) -> None:
        other = bytearray(content)
        other[place] ^= bits
        verdict = asked(bytes(other))
        assert (verdict.answer, len(verdict.reasons)) == (ALTERED, 1)
        assert verdict.form is not None

    changed()


@pytest.mark.parametrize("more", [b"\n", b"\n%%EOF\n", b"0" * 3000])
def test_what_is_appended_shows(content: bytes, more: bytes) -> None:
    assert asked(content + more).answer == ALTERED
    assert asked(content[:-200]).answer == ALTERED


def test_an_update_after_the_seal_shows(content: bytes) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    writer.root["/Lang"] = writer.add_object(writer.root["/Lang"])
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    verdict = asked(out.getvalue())
    assert (verdict.answer, why(verdict)) == (ALTERED, [seal_verdict.ADDED])


def test_a_second_signature_shows(content: bytes, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    other.init("乙")
    verdict = asked(signed_by(other, content))
    assert (verdict.answer, why(verdict)) == (ALTERED, [seal_verdict.ADDED])


def test_one_that_was_saved_anew_shows(form: SealedForm, content: bytes) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    verdict = asked(out.getvalue())
    assert (verdict.answer, why(verdict)) == (ALTERED, [seal_verdict.CHANGED])
    assert verdict.form is not None
    assert verdict.form.id == form.id


def test_another_certificate_is_not_ours(form: SealedForm, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    other.init("启明物业服务有限公司")
    plain = printed(form.approval_id)
    assert asked(plain).answer == NOT_OURS
    assert asked(signed_by(other, plain)).answer == NOT_OURS
    assert form.sheet is not None
    verdict = asked(signed_by(other, plain, form.sheet.code))
    assert (verdict.answer, why(verdict)) == (ALTERED, [seal_verdict.OTHER_SEAL])


def test_what_the_site_sealed_and_never_stored_is_no_record(form: SealedForm) -> None:
    verdict = asked(signed_by(filing.place(), printed(form.approval_id)))
    assert (verdict.answer, why(verdict), verdict.form) == (ALTERED, [seal_verdict.NOT_STORED], None)


@settings(max_examples=60)
@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: b"%PDF-1.7\n" + tail))
def test_garbage_is_not_ours_and_never_a_mistake(garbage: bytes) -> None:
    assert read(garbage, []) == []


@pytest.mark.usefixtures("sealing")
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"%PDF-1.7", "SealK7QM2XDR9TBC 文字".encode()])
def test_other_files_are_not_ours(content: bytes) -> None:
    verdict = asked(content)
    assert (verdict.answer, verdict.form, verdict.certificate, verdict.standing) == (NOT_OURS, None, None, None)


def test_a_form_stays_genuine_when_its_certificate_has_expired(content: bytes) -> None:
    with time_machine.travel(clock.now() + timedelta(days=30 * 365), tick=False):
        assert asked(content).answer == GENUINE


def test_a_form_stays_genuine_under_the_next_seal(content: bytes, tmp_path: Path) -> None:
    place, other = filing.place(), Place(tmp_path / "other", "geheim")
    other.init("新印章")
    place.use((other.folder / "seal.p12").read_bytes(), "geheim")
    assert place.key().certificate.subject == "新印章"
    verdict = asked(content)
    assert verdict.answer == GENUINE
    assert verdict.certificate is not None
    assert verdict.certificate.subject == "启明物业服务有限公司"


def test_a_certificate_that_is_no_longer_trusted_is_said(content: bytes) -> None:
    shutil.rmtree(filing.place().folder / "trusted")
    verdict = asked(content)
    assert (verdict.answer, why(verdict)) == (ALTERED, [seal_verdict.NOT_TRUSTED])


def test_one_that_was_sealed_before_its_certificate_was_valid_is_not_genuine(form: SealedForm, content: bytes) -> None:
    form.sealed_at = clock.now() - timedelta(days=400)
    db.session.commit()
    assert asked(content).answer == ALTERED


def test_a_print_of_a_document_in_approval_is_superseded_by_the_sealed_form(sealing: Flask) -> None:
    approval = submitted(APPROVE)
    made = documents.press(lambda: paper_of_round(approval, approval.current_round), "zh", by=person("mgr1"))
    db.session.commit()
    sign(approval, "mgr1")
    filing.begin(approval)
    found = seal_verdict.standing(made.sheet)
    assert found.verdict == "superseded"
    assert found.advice.params["name"] == filing.Message("Customer portal")


def test_stored_files_are_checked(form: SealedForm, content: bytes) -> None:
    def problems() -> list[str]:
        return [problem.text for _form, problem in stored_problems(filing.place(), read)]

    assert form.file is not None
    sha256 = form.file.sha256
    assert problems() == []
    overwrite(sha256, content + b" ")
    assert problems() == ["The stored file is another one than was stored."]
    store().remove(sha256)
    assert problems() == ["The stored file is gone."]
    other = Attachment.keep(b"%PDF-1.7 other", filename="a.pdf", media_type="application/pdf", purpose="sealed", by=None)
    db.session.flush()
    found = db.session.query(SealedForm).one()
    found.file_id = other.id
    db.session.commit()
    assert sha256 != other.sha256
    assert len(problems()) == 1


def test_a_reading_of_many_signatures_is_bounded(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.printing.seal_reading.MOST_SIGNATURES", 0)
    assert read(content, []) == []


def test_readings_are_plain_data() -> None:
    assert Reading("a", "b", "c", True, True, True) == Reading(**vars(Reading("a", "b", "c", True, True, True)))
