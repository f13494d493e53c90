"""The site's seal: its key and certificate in the instance folder, and the certificates of former seals (AP-7).

    seal/seal.p12        key, certificate and its chain (PKCS#12), encrypted
    seal/seal.json       whose certificate it is and until when, for pages that must not open the key
    seal/passphrase      the passphrase of it, mode 0600, where SEAL_PASSPHRASE is not set
    seal/trusted/*.pem   every certificate that ever sealed here, named by its SHA-256: what it sealed verifies for good

Nothing here knows the database. cryptography is imported only where a key is made, read or used: web processes need none of it.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portal import clock
from portal.rules.message import N_, Message, Refusal

if TYPE_CHECKING:
    from cryptography import x509

YEARS = 10
BITS = 3072
EXPIRES_SOON = timedelta(days=60)
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"
"""id-kp-documentSigning (RFC 9336)."""

NO_SEAL = N_("This site has no seal yet. Those who run the portal make one: flask seal init")

EXPIRED = N_("The certificate of the seal was valid until %(day)s. Nothing is sealed with it any more.")


class NoSealError(Refusal):
    """There is no key to seal with, or it cannot be opened."""


@dataclass(frozen=True)
class Certificate:
    """What is said of a certificate. `fingerprint` is the SHA-256 of `der`, in lower-case hexadecimal."""

    fingerprint: str
    subject: str
    issuer: str
    valid_from: datetime
    valid_until: datetime
    der: bytes = field(repr=False)

    def is_valid_at(self, moment: datetime) -> bool:
        """Return whether it was valid at a moment."""
        return self.valid_from <= moment <= self.valid_until


@dataclass(frozen=True)
class Key:
    """What seals: the PKCS#12 file with its passphrase, and its certificate."""

    p12: bytes = field(repr=False)
    passphrase: bytes = field(repr=False)
    certificate: Certificate


@dataclass(frozen=True)
class Place:
    """Where the seal of a site lies. `passphrase` is SEAL_PASSPHRASE; empty: that of the file beside the key."""

    folder: Path
    passphrase: str = field(default="", repr=False)

    @property
    def exists(self) -> bool:
        """Return whether the site has a seal."""
        return self._p12.exists()

    @property
    def _p12(self) -> Path:
        return self.folder / "seal.p12"

    @property
    def _about(self) -> Path:
        return self.folder / "seal.json"

    @property
    def _trusted(self) -> Path:
        return self.folder / "trusted"

    def init(self, subject: str) -> Certificate:
        """Make a key and a certificate of its own, valid ten years, and seal with it from now on. Raises `Refusal` where there is one."""
        if self.exists:
            raise Refusal("This site has a seal already. Another certificate takes its place with: flask seal use FILE.p12")
        key, certificate = _made(subject)
        return self._keep(key, certificate, [])

    def use(self, content: bytes, passphrase: str) -> Certificate:
        """Seal with a key and certificate from a PKCS#12 file from now on; the former certificate stays trusted for what it sealed.

        Raises `Refusal` where the file cannot be opened, has no key, is not valid now, or must not sign.
        """
        from cryptography.hazmat.primitives.serialization import pkcs12

        try:
            key, found, chain = pkcs12.load_key_and_certificates(content, passphrase.encode() or None)
        except (ValueError, TypeError) as error:
            raise Refusal("The file cannot be opened: it is no PKCS#12 file, or the passphrase is another one.") from error
        if key is None or found is None:
            raise Refusal("The file has no key with its certificate.")
        _check(key, found)
        return self._keep(key, found, chain)

    def key(self) -> Key:
        """Return what seals now. Raises `NoSealError` where there is none, it cannot be opened, or its certificate has expired."""
        from cryptography.hazmat.primitives.serialization import pkcs12

        try:
            content = self._p12.read_bytes()
        except FileNotFoundError:
            raise NoSealError(NO_SEAL) from None
        try:
            passphrase = self._passphrase()
            _key, found, _chain = pkcs12.load_key_and_certificates(content, passphrase)
        except (OSError, ValueError, TypeError) as error:
            raise NoSealError(N_("The key of the seal cannot be opened: its passphrase (SEAL_PASSPHRASE) is another one.")) from error
        if found is None:
            raise NoSealError(NO_SEAL)
        certificate = described(found)
        if clock.now() < certificate.valid_from:
            text = N_("The certificate of the seal is valid from %(day)s only. Is the clock right?")
            raise NoSealError(text, day=f"{clock.local(certificate.valid_from):%Y-%m-%d}")
        if clock.now() > certificate.valid_until:
            raise NoSealError(EXPIRED, day=f"{clock.local(certificate.valid_until):%Y-%m-%d}")
        return Key(content, passphrase, certificate)

    def trusted(self) -> list[Certificate]:
        """Return every certificate that seals or has sealed here, the present one included."""
        from cryptography import x509

        return [described(x509.load_pem_x509_certificate(path.read_bytes())) for path in sorted(self._trusted.glob("*.pem"))]

    def problem(self) -> Message | None:
        """Return what managers must know: there is no seal, or its certificate has expired or will within sixty days."""
        if not self.exists:
            return Message(NO_SEAL)
        try:
            until = datetime.fromisoformat(json.loads(self._about.read_bytes())["valid_until"])
        except (OSError, ValueError, KeyError):
            return None  # sealing itself says what is wrong
        day = {"day": f"{clock.local(until):%Y-%m-%d}"}
        if until < clock.now():
            return Message(EXPIRED, day)
        return Message(N_("The certificate of the seal expires on %(day)s."), day) if until - clock.now() < EXPIRES_SOON else None

    # --- keeping -------------------------------------------------------------------------------------------------------

    def _keep(self, key: Any, certificate: x509.Certificate, chain: list[x509.Certificate]) -> Certificate:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.serialization import pkcs12

        for folder in (self.folder, self._trusted):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        locked = serialization.BestAvailableEncryption(self._passphrase(make=True))
        packed = pkcs12.serialize_key_and_certificates(b"seal", key, certificate, chain or None, locked)
        kept = described(certificate)
        # Trusted before it is used: nothing is ever sealed with a certificate that is not there to verify it.
        _write(self._trusted / f"{kept.fingerprint}.pem", certificate.public_bytes(serialization.Encoding.PEM))
        _write(self._p12, packed)
        about = {"fingerprint": kept.fingerprint, "subject": kept.subject, "valid_until": kept.valid_until.isoformat()}
        _write(self._about, json.dumps(about, ensure_ascii=False).encode())
        return kept

    def _passphrase(self, *, make: bool = False) -> bytes:
        if self.passphrase:
            return self.passphrase.encode()
        path = self.folder / "passphrase"
        if make and not path.exists():
            _write(path, secrets.token_urlsafe(32).encode())
        return path.read_bytes().strip()


def described(certificate: x509.Certificate) -> Certificate:
    """Return what is said of a certificate."""
    from cryptography.hazmat.primitives import hashes, serialization

    return Certificate(
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        subject=_name(certificate.subject),
        issuer=_name(certificate.issuer),
        valid_from=certificate.not_valid_before_utc,
        valid_until=certificate.not_valid_after_utc,
        der=certificate.public_bytes(serialization.Encoding.DER),
    )


def _name(name: x509.Name) -> str:
    from cryptography.x509.oid import NameOID

    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _made(subject: str) -> tuple[Any, x509.Certificate]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = clock.now()
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=YEARS * 365 + YEARS // 4))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(DOCUMENT_SIGNING)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return key, builder.sign(key, hashes.SHA256())


def _check(key: Any, certificate: x509.Certificate) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)) or (isinstance(key, rsa.RSAPrivateKey) and key.key_size < 2048):
        raise Refusal("The key must be RSA of at least 2048 bits, or of an elliptic curve.")
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise Refusal("The file has no key with its certificate.")
    if not described(certificate).is_valid_at(clock.now()):
        raise Refusal("The certificate is not valid today.")
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise Refusal("The certificate is not meant for signing.")


def _write(path: Path, content: bytes) -> None:
    """Write a file that its owner alone reads; it has its name only once it is whole and on the disk."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
