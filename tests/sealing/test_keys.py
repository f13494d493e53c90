"""The site's key and certificates, the commands that make, replace and show them, and their backup (AP-7)."""

from __future__ import annotations

import shutil
import stat
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from flask import Flask
from structlog.testing import capture_logs

from portal import backup, clock
from portal.database import db
from portal.models.audit import AuditEvent
from portal.models.sealed_form import SealedForm
from portal.printing import filing
from portal.printing.seal_keys import NoSealError, Place
from portal.printing.seal_verdict import GENUINE, judge
from portal.rules.message import Refusal
from tests.approving import APPROVE, sign, submitted
from tests.stored import overwrite, where


def company(key: Any, *, days: int = 365, usage: bool | None = True, other_key: Any = None) -> bytes:
    """Return a PKCS#12 of a company's own, its certificate issued by a certification authority."""
    now = clock.now()
    authority = ec.generate_private_key(ec.SECP256R1())
    name, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("启明物业签章", "某某 CA"))
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key((other_key or key).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
    )
    if usage is not None:
        rest = ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
        said = {**dict.fromkeys(rest, False), "key_encipherment": not usage}
        builder = builder.add_extension(x509.KeyUsage(digital_signature=usage, content_commitment=usage, **said), critical=True)
    certificate = builder.sign(authority, hashes.SHA256())
    if other_key is not None:
        # The library refuses to pack what does not belong together; the key is put beside another's certificate as files do.
        return pkcs12.serialize_key_and_certificates(b"x", None, certificate, None, serialization.BestAvailableEncryption(b"geheim"))
    return pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, serialization.BestAvailableEncryption(b"geheim"))


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def own(tmp_path: Path) -> Place:
    return Place(tmp_path / "seal")


def test_a_new_seal_lies_where_its_owner_alone_reads_it(own: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # its key is as long as the portal makes them
    made = own.init("启明物业")
    assert own.exists
    assert (made.subject, made.issuer) == ("启明物业", "启明物业")
    assert timedelta(days=3650) < made.valid_until - made.valid_from < timedelta(days=3655)
    assert [stat.S_IMODE(path.stat().st_mode) for path in sorted(own.folder.rglob("*")) if path.is_file()] == [0o600] * 4
    assert stat.S_IMODE(own.folder.stat().st_mode) == 0o700
    assert own.key().certificate == made
    key = pkcs12.load_pkcs12(own.key().p12, own.key().passphrase)
    assert isinstance(key.key, rsa.RSAPrivateKey)
    assert key.key.key_size == 3072
    assert key.cert is not None
    assert isinstance(key.cert.certificate.signature_hash_algorithm, hashes.SHA256)
    with pytest.raises(Refusal, match="seal already"):
        own.init("乙")


def test_a_passphrase_of_the_surroundings_is_written_nowhere(tmp_path: Path) -> None:
    place = Place(tmp_path / "seal", "a passphrase of the surroundings")
    place.init("甲")
    assert not (place.folder / "passphrase").exists()
    assert place.key().certificate.subject == "甲"
    for other in (Place(place.folder, "another"), Place(place.folder)):
        with pytest.raises(NoSealError, match="passphrase"):
            other.key()
    assert not (place.folder / "passphrase").exists()


@pytest.mark.parametrize("curve", [False, True])
def test_a_company_uses_its_own_certificate(sealing: Flask, rsa_key: Any, curve: bool) -> None:
    place = filing.place()
    before = place.key().certificate
    used = place.use(company(ec.generate_private_key(ec.SECP256R1()) if curve else rsa_key), "geheim")
    assert (used.subject, used.issuer) == ("启明物业签章", "某某 CA")
    assert {one.fingerprint for one in place.trusted()} == {before.fingerprint, used.fingerprint}
    approval = submitted(APPROVE)
    sign(approval, "mgr1")
    filing.begin(approval)
    form = SealedForm.of(approval)
    assert form is not None
    assert form.file is not None
    assert form.certificate == used.fingerprint
    assert judge(form.file.content(), place).answer == GENUINE


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda key: b"nothing", "no PKCS#12"),
        (lambda key: company(key, days=-1), "not valid today"),
        (lambda key: company(key, usage=False), "not meant for signing"),
        (lambda key: company(key, other_key=ec.generate_private_key(ec.SECP256R1())), "no key"),
        (lambda key: company(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "2048"),
        (lambda key: company(ed25519.Ed25519PrivateKey.generate()), "2048"),
    ],
)
def test_what_cannot_seal_is_refused_and_the_seal_stays(own: Place, rsa_key: Any, content: Any, why: str) -> None:
    made = own.init("甲")
    with pytest.raises(Refusal, match=why):
        own.use(content(rsa_key), "geheim")
    with pytest.raises(Refusal, match="passphrase"):
        own.use(company(rsa_key, usage=None), "wrong")
    assert own.key().certificate == made


def test_the_commands_make_show_and_replace_it(no_seal: Flask, rsa_key: Any, tmp_path: Path) -> None:
    run = no_seal.test_cli_runner().invoke
    said = run(args=["seal", "show"])
    assert (said.exit_code, "flask seal init" in said.output) == (1, True)
    assert run(args=["seal", "init", "--subject", "启明物业"]).exit_code == 0
    assert run(args=["seal", "init"]).exit_code == 1
    assert run(args=["seal", "init", "--if-none"]).output == ""
    other = tmp_path / "company.p12"
    other.write_bytes(company(rsa_key))
    assert run(args=["seal", "use", str(other), "--passphrase", "wrong"]).exit_code == 1
    assert run(args=["seal", "use", str(other)], input="geheim\n").exit_code == 0
    shown = run(args=["seal", "show"]).output
    assert "Forms are sealed by: 启明物业签章, issued by 某某 CA" in shown
    assert "Sealed before: 启明物业" in shown
    assert [entry.action for entry in db.session.query(AuditEvent).filter_by(kind="system")] == ["seal-made", "seal-replaced"]


def test_the_commands_verify_and_check(sealing: Flask, tmp_path: Path) -> None:
    run = sealing.test_cli_runner().invoke
    approval = submitted(APPROVE)
    sign(approval, "mgr1")
    filing.begin(approval)
    form = SealedForm.of(approval)
    assert form is not None
    assert form.file is not None
    stored, file, title = form.file.sha256, tmp_path / "form.pdf", approval.title
    content = form.file.content()
    assert run(args=["seal", "check"]).exit_code == 0
    for sent, status, words in (
        (content, 0, ("genuine", title, "Certificate: 启明物业服务有限公司")),
        (content + b" ", 1, ("altered", "added", title)),
        (b"%PDF-1.7", 2, ("not ours",)),
    ):
        file.write_bytes(sent)
        said = run(args=["seal", "verify", str(file)])
        assert (said.exit_code, [word for word in words if word not in said.output]) == (status, [])
    overwrite(stored, content + b" ")
    said = run(args=["seal", "check"])
    assert said.exit_code == 1
    assert title in said.output


def test_a_backup_has_the_seal_and_brings_it_back(sealing: Flask, tmp_path: Path) -> None:
    approval = submitted(APPROVE)
    sign(approval, "mgr1")
    filing.begin(approval)
    form = SealedForm.of(approval)
    assert form is not None
    assert form.file is not None
    path, content, target = where(form.file), form.file.content(), tmp_path / "backup.tar"
    backup.backup(sealing.config, target)
    with tarfile.open(target) as archive:
        assert len([name for name in archive.getnames() if name.startswith("seal/")]) == 4
    folder = filing.place().folder
    shutil.rmtree(folder)
    later = filing.place().init("later")
    path.unlink()
    db.session.remove()
    db.engine.dispose()
    backup.restore(sealing.config, target)
    place = filing.place()
    assert place.key().certificate.subject == "启明物业服务有限公司"
    assert later.fingerprint in {one.fingerprint for one in place.trusted()}
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.rglob("*") if one.is_file()} == {0o600}
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert judge(content, place).answer == GENUINE


@pytest.fixture
def production(no_seal: Flask) -> Iterator[Flask]:
    """A real site without a seal, whose worker has just started."""
    filing._said.clear()
    no_seal.config["PORTAL_ENV"] = "production"
    yield no_seal
    no_seal.config["PORTAL_ENV"] = "testing"


def test_a_real_site_without_a_seal_says_so_every_hour(production: Flask) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller, capture_logs() as logs:
        filing.queue_due()
        filing.queue_due()
        assert [entry["log_level"] for entry in logs] == ["error"]
        traveller.shift(timedelta(hours=1))
        filing.queue_due()
    assert len(logs) == 2
    assert "flask seal init" in logs[0]["why"]
