"""The own profile: details, signature, sessions; and what is taken for a picture of a signature (quality.md: Files)."""

from __future__ import annotations

import io
import zlib
from typing import Any

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from portal.database import db
from portal.models.attachment import Attachment
from portal.models.audit import AuditEvent
from portal.models.session import StaffSession
from portal.models.staff import Staff
from portal.rules.message import Refusal
from portal.rules.signature_picture import MOST_PIXELS, signature_png


def drawing(kind: str = "PNG", mode: str = "RGB", ground: Any = "white", size: tuple[int, int] = (800, 300), **options: Any) -> bytes:
    image = Image.new(mode, size, ground)
    pen = ImageDraw.Draw(image)
    width, height = size
    pen.line(
        [(width // 8, height // 2), (width // 3, height // 5), (width // 2, height * 4 // 5), (width * 7 // 8, height // 3)], "black", 9
    )
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        drawing(),
        drawing("JPEG", quality=60),
        drawing(mode="RGBA", ground=(0, 0, 0, 0)),
        drawing(ground=(225, 222, 214)),
        drawing(mode="L", ground=255),
    ],
    ids=["png", "jpeg", "transparent", "photographed paper", "grey"],
)
def test_ink_on_nothing_is_left(content: bytes) -> None:
    image = Image.open(io.BytesIO(signature_png(content)))
    assert (image.format, image.mode) == ("PNG", "LA")
    assert image.width <= 600
    assert image.height <= 200
    assert image.getchannel("L").getextrema() == (0, 0)
    clear, opaque = image.getchannel("A").getextrema()
    assert (clear, opaque) == (0, 255)
    assert image.getchannel("A").getpixel((image.width // 2, 0)) == 0


def test_a_turned_photograph_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(io.BytesIO(signature_png(drawing("JPEG", size=(300, 800), exif=exif))))
    assert image.width > image.height
    assert not image.getexif()


def _bomb() -> bytes:
    """Return a small file that says it has 20,000 × 20,000 pixels."""
    good = drawing(size=(40, 40))
    head = b"IHDR" + (20_000).to_bytes(4, "big") * 2 + good[24:29]
    return good[:12] + head + zlib.crc32(head).to_bytes(4, "big") + good[33:]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + b"0" * 100,
        drawing("GIF", mode="P", ground=0),
        drawing("TIFF"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        drawing()[:200],
        _bomb(),
        drawing(ground="black"),
        b"%PDF-1.7",
        b"\x89PNG" + b"0" * (2 * 1024 * 1024 + 1),
    ],
)
def test_what_is_not_a_signature_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        signature_png(content)
    assert refused.value.field == "picture"


def test_an_empty_sheet_is_refused() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (600, 200), "white").save(buffer, "PNG")
    with pytest.raises(Refusal, match="no signature"):
        signature_png(buffer.getvalue())


def test_too_many_pixels_are_refused_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    side = int(MOST_PIXELS**0.5) + 1
    content = drawing(mode="L", ground=255, size=(side, side))
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(Refusal, match="million pixels"):
        signature_png(content)


def upload(browser: Any, content: bytes, name: str = "sig.png") -> Any:
    return browser.post("/profile/signature", data={"picture": (io.BytesIO(content), name)}, content_type="multipart/form-data")


def test_an_uploaded_signature_is_kept_and_shown_to_its_owner_alone(as_: Any, staff: dict[str, Staff]) -> None:
    browser = as_("sup1")
    assert browser.get("/profile/signature.png").status_code == 404
    assert "以楷体姓名代替签名" in browser.get("/profile").get_data(as_text=True)  # as the boxes of the sheets do (PR-1)
    assert upload(browser, drawing("JPEG"), "../../我的签名.exe").status_code == 303
    answer = browser.get("/profile/signature.png")
    assert answer.mimetype == "image/png"
    assert answer.data.startswith(b"\x89PNG")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    record = db.session.scalar(select(Attachment))
    assert (record.purpose, record.filename, record.uploaded_by_id) == ("signature", "signature.png", staff["sup1"].id)
    assert record.content() == answer.data
    assert as_("sup2").get("/profile/signature.png").status_code == 404
    assert "/profile/signature.png" in browser.get("/profile").get_data(as_text=True)
    assert browser.post("/profile/signature/removal").status_code == 303
    assert browser.get("/profile/signature.png").status_code == 404
    assert db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all() == [
        "signature-picture-set",
        "signature-picture-removed",
    ]


def test_a_refused_picture_changes_nothing(as_: Any) -> None:
    browser = as_("sup1")
    upload(browser, drawing())
    answer = upload(browser, b"%PDF-1.7", "sig.png")
    assert answer.status_code == 422
    assert 'id="picture-error"' in answer.get_data(as_text=True)
    assert browser.get("/profile/signature.png").status_code == 200


def test_details_are_saved_and_logged(as_: Any) -> None:
    browser = as_("rep1")
    form = {"language": "en", "email": "neu@example.com", "telephone": "13800138000", "name": "别人", "role": "manager"}
    assert browser.post("/profile", data=form).status_code == 303
    person = Staff.by_account("rep1")
    assert (person.language, person.email, person.telephone, person.name, person.role) == (
        "en",
        "neu@example.com",
        "13800138000",
        "赵一鸣",
        "rep",
    )
    event = db.session.scalar(select(AuditEvent))
    assert {change["field"]: change["old"] for change in event.data["changes"]}["email"] == "rep1@example.com"


@pytest.mark.parametrize("form", [{"language": "xx"}, {"language": "en", "email": "x"}])
def test_wrong_details_are_refused(as_: Any, form: dict[str, str]) -> None:
    assert as_("rep1").post("/profile", data=form).status_code == 422
    assert Staff.by_account("rep1").language == "zh_Hans_CN"


def test_signing_out_everywhere_else(as_: Any) -> None:
    here, there, other = as_("rep1"), as_("rep1"), as_("rep2")
    assert here.get("/profile").get_data(as_text=True).count("<time") == 0
    assert len(StaffSession.of(Staff.by_account("rep1"))) == 2
    assert here.post("/profile/sessions/others/end").status_code == 303
    assert [browser.get("/profile").status_code for browser in (here, there, other)] == [200, 303, 200]


def test_a_change_of_the_language_stands_in_the_log(as_: Any) -> None:
    as_("rep1").post("/language", data={"language": "en"})
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "profile-changed")).one()
    assert event.data["changes"] == [{"field": "language", "old": "zh_Hans_CN", "new": "en"}]
