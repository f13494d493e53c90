"""What the signatures of a PDF say, by pyHanko; run as a program of its own, for a file that somebody brings may be anything (AP-7).

Nothing here knows the database or Flask. `read` is for our own files, `read_apart` for everybody else's: a file that was made to
take all memory, or never to end, takes a process with it that nobody needs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from portal.printing.own_thread import in_own_thread
from portal.rules.message import N_, Refusal

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 30
MEMORY = 1 << 30
MOST_SIGNATURES = 20
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")


@dataclass(frozen=True)
class Reading:
    """One signature of a file. `intact`: what it covers is as it was signed; `whole`: it covers every byte of the file."""

    field: str
    fingerprint: str
    subject: str
    trusted: bool
    intact: bool
    whole: bool


def read(content: bytes, trusted: Collection[bytes], moment: datetime | None = None) -> list[Reading]:
    """Return what the signatures of a PDF say; none where there is none or the file cannot be read as a PDF.

    `trusted` are certificates (DER): a signature counts as trusted when one of them made it and it was valid at `moment`, or at the
    time that the signature names. That it has expired since does not matter.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what it finds wrong with a file is the answer, not a mistake of ours
    try:
        reader = PdfFileReader(BytesIO(content), strict=False)
        found = list(reader.embedded_signatures)[:MOST_SIGNATURES]
    except Exception:
        return []
    return in_own_thread(lambda: [_one(signature, set(trusted), moment) for signature in found])


def _one(signature: Any, trusted: set[bytes], moment: datetime | None) -> Reading:
    from asn1crypto import x509
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    name, fingerprint, subject = "", "", ""
    try:
        name = str(signature.field_name)
        certificate = signature.signer_cert
        der = certificate.dump()
        fingerprint, subject = hashlib.sha256(der).hexdigest(), str(certificate.subject.native.get("common_name", ""))
        at = moment or signature.self_reported_timestamp
        roots = [x509.Certificate.load(one) for one in trusted]
        # The very certificates are the roots: who issued them, and whether that chain can be reached today, does not matter.
        context = ValidationContext(trust_roots=roots, moment=at, allow_fetching=False, revocation_mode="soft-fail")
        status = validate_pdf_signature(signature, signer_validation_context=context, skip_diff=True)
        ours = der in trusted and at is not None and certificate.not_valid_before <= at <= certificate.not_valid_after
        return Reading(
            field=name,
            fingerprint=fingerprint,
            subject=subject,
            trusted=ours and status.trusted,
            intact=status.intact and status.valid,
            whole=status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
        )
    except Exception:
        return Reading(name, fingerprint, subject, trusted=False, intact=False, whole=False)


def read_apart(content: bytes, trusted: Collection[bytes], moment: datetime | None = None) -> list[Reading]:
    """Return what `read` returns, from a process of its own. Raises `Refusal` where that takes too long or too much memory."""
    asked = {"trusted": [base64.b64encode(one).decode() for one in trusted], "moment": moment.isoformat() if moment else None}
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(  # our own program, no shell
            [sys.executable, "-m", "portal.printing.seal_reading"],
            input=json.dumps(asked).encode() + b"\n" + content,
            capture_output=True,
            cwd=ROOT,
            env=environment,
            timeout=SECONDS,
        )
        answered = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise Refusal(N_("The file could not be checked: it takes too long or too much memory to read."), field="file") from None
    return [Reading(**one) for one in answered]


def main() -> None:
    """Answer on standard output what the file on standard input says, after a line of JSON with what is trusted."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    asked = json.loads(sys.stdin.buffer.readline())
    trusted = [base64.b64decode(one) for one in asked["trusted"]]
    moment = datetime.fromisoformat(asked["moment"]) if asked["moment"] else None
    found = read(sys.stdin.buffer.read(), trusted, moment)
    print(json.dumps([asdict(one) for one in found]))


if __name__ == "__main__":
    main()
