"""Whether a PDF is a form of this site as it was sealed: genuine, altered, or not ours (AP-7).

Genuine is a file that is byte for byte the one the portal stored, under a seal that covers all of it, by a certificate of this site
that was valid when it sealed. Altered is everything else that carries marks of such a form: what was changed, added to or saved anew.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from portal.database import db, release
from portal.models.sealed_form import SealedForm
from portal.models.staff import Staff
from portal.printing.seal import FIELD, REASON
from portal.printing.seal_keys import Certificate, Place
from portal.printing.seal_reading import Reading, read_apart
from portal.printing.standing import Standing, standing
from portal.rules.message import N_, Message, Refusal
from portal.rules.numbering import CODE_ALPHABET, CODE_LENGTH

GENUINE, ALTERED, NOT_OURS = "genuine", "altered", "not-ours"
ANSWERS = {
    GENUINE: (N_("Genuine"), "ok"),
    ALTERED: (N_("Altered"), "seal"),
    NOT_OURS: (N_("Not ours"), "warn"),
}
"""Words and tones of the three answers."""

CHANGED = N_("Bytes of the file were changed after it was sealed.")
ADDED = N_("Something was added to the file after it was sealed.")
NO_SEAL_LEFT = N_("The seal is no longer in the file, or can no longer be read.")
OTHER_SEAL = N_("It carries another signature than that of this site.")
NOT_STORED = N_("It carries the seal of this site, but the portal has stored no such file.")
NOT_TRUSTED = N_("It is the file that was stored, but the certificate of its seal is not among those that this site trusts.")
DISTRUST = N_("Do not rely on it.")
ADVICE = {
    GENUINE: N_("It is the form as it was approved and sealed; nothing in it was changed since."),
    ALTERED: N_("Do not rely on it. The portal keeps the form as it was sealed."),
    NOT_OURS: N_("It is no form that this site has sealed. A sheet on paper is checked by its verification code."),
}

_CODE = rf"([{CODE_ALPHABET}]{{{CODE_LENGTH}}})"
_MARKS = re.compile(f"(?:{FIELD}|{REASON}){_CODE}".encode())
_NAME = re.compile(f"{FIELD}{_CODE}")
MOST_MARKS = 50

Reader = Callable[[bytes, list[bytes], datetime | None], list[Reading]]


@dataclass(frozen=True)
class Verdict:
    """The answer about one file. `form` is the one that it is, or claims to be; `certificate` made its seal, if one of the site did."""

    answer: str
    reasons: list[Message] = field(default_factory=list)
    form: SealedForm | None = None
    certificate: Certificate | None = None

    @property
    def advice(self) -> Message:
        """Return what it means for who holds the file."""
        return Message(DISTRUST if self.answer == ALTERED and self.form is None else ADVICE[self.answer])

    def may_be_named_to(self, user: Staff) -> bool:
        """Return whether `user` may be told whose form it is (RO-1)."""
        if self.form is None:
            return False
        return db.session.scalar(SealedForm.visible_to(user).where(SealedForm.id == self.form.id)) is not None

    @property
    def standing(self) -> Standing | None:
        """Return what the form is worth today (PR-2), None for what is not genuine."""
        if self.answer != GENUINE or self.form is None or self.form.sheet is None:
            return None
        return standing(self.form.sheet)


def judge(content: bytes, place: Place, reader: Reader = read_apart) -> Verdict:
    """Return what a file is. Raises `Refusal` (field `file`) where it cannot be checked within time and memory."""
    known = place.trusted()
    stored = SealedForm.by_content(hashlib.sha256(content).hexdigest())
    form = stored or _claimed(_codes(content))
    release()  # reading takes a second, in which nobody is kept from writing
    readings = reader(content, [one.der for one in known], form.sealed_at if form else None)
    form = form or _claimed(code for one in readings for code in _NAME.findall(one.field))
    ours = {one.fingerprint: one for one in known}
    certificate = next((ours[one.fingerprint] for one in readings if one.fingerprint in ours), None)
    sound = len(readings) == 1 and readings[0].intact and readings[0].whole
    if stored is not None and sound and readings[0].fingerprint == stored.certificate:
        if readings[0].trusted:
            return Verdict(GENUINE, [], stored, certificate)
        return Verdict(ALTERED, [Message(NOT_TRUSTED)], stored, certificate)
    if form is None and certificate is None and not _carries(content, known):
        return Verdict(NOT_OURS)
    return Verdict(ALTERED, [Message(_what(readings, form, certificate))], form, certificate)


def _codes(content: bytes) -> Iterator[str]:
    for number, found in enumerate(_MARKS.finditer(content)):
        if number < MOST_MARKS:
            yield found[1].decode()


def _claimed(codes: Iterator[str]) -> SealedForm | None:
    return next((form for code in dict.fromkeys(codes) if (form := SealedForm.by_code(code)) is not None), None)


def _carries(content: bytes, known: list[Certificate]) -> bool:
    """Return whether a certificate of the site stands in the file, as signatures carry it, even where the rest can no longer be read."""
    folded = content.lower()
    return any(one.der.hex().encode() in folded for one in known)


def _what(readings: list[Reading], form: SealedForm | None, certificate: Certificate | None) -> str:
    if not readings:
        return NO_SEAL_LEFT
    own = [one for one in readings if certificate is not None and one.fingerprint == certificate.fingerprint]
    if not own:
        return OTHER_SEAL
    if any(one.intact and not one.whole for one in own) or len(readings) > 1:
        return ADDED
    if form is None and any(one.intact and one.whole for one in own):
        return NOT_STORED
    return CHANGED


def stored_problems(place: Place, reader: Reader) -> Iterator[tuple[SealedForm, Message]]:
    """Yield every stored form that is not what it was, and what is wrong with it: file, hash, seal (AP-7)."""
    numbers = db.session.scalars(select(SealedForm.id).where(SealedForm.file_id.is_not(None)).order_by(SealedForm.id)).all()
    for number in numbers:
        form = db.session.get_one(SealedForm, number)
        assert form.file is not None  # noqa: S101 - the query says so
        problem = _problem_of(form, form.file.sha256, place, reader)
        if problem is not None:
            yield form, problem
        db.session.expunge_all()


def _problem_of(form: SealedForm, sha256: str, place: Place, reader: Reader) -> Message | None:
    try:
        assert form.file is not None  # noqa: S101 - as above
        content = form.file.content()
    except (OSError, Refusal):
        return Message(N_("The stored file is gone."))
    if hashlib.sha256(content).hexdigest() != sha256:
        return Message(N_("The stored file is another one than was stored."))
    verdict = judge(content, place, reader)
    return None if verdict.answer == GENUINE else verdict.reasons[0]
