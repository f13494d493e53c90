"""Mail of notices against a real SMTP server, and against none, a refusing and a silent one (AP-9)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask
from structlog.testing import capture_logs

from portal import clock, mail
from portal.database import db
from portal.models import inbox, proposal_letter
from portal.models.notice import Notice, notify
from portal.rules.message import Message
from tests import proposing
from tests.approving import person, sign, submitted


class PostOffice:
    """What the server answers, and what it got."""

    def __init__(self, rcpt: str = "250 OK", data: str = "250 OK") -> None:
        self.rcpt, self.data, self.got = rcpt, data, []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.data.startswith("250"):
            self.got.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return self.data


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(office: PostOffice, **options: Any) -> Iterator[int]:
    controller = Controller(office, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def smtp(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what points the portal to a port, where nobody listens to begin with."""

    def use(port: int) -> None:
        monkeypatch.setitem(app.config, "SMTP_PORT", port)

    monkeypatch.setitem(app.config, "SMTP_HOST", "127.0.0.1")
    use(free_port())
    return use


def tell(account: str = "rep1", title: str = "测试公司") -> int:
    figures = {"document": Message("New customer investigation"), "title": title}
    notice = notify(person(account), Message("%(document)s “%(title)s” is approved.", figures), link="/approvals/7")
    db.session.commit()
    return notice.id


def kept(notice_id: int) -> Notice:
    db.session.expire_all()
    notice = db.session.get(Notice, notice_id)
    assert notice is not None
    return notice


def test_a_notice_goes_out_in_the_readers_language_with_its_link(smtp):
    office = PostOffice()
    notice_id = tell()
    person("sup1").language = "en"
    english_id = tell("sup1")
    with running(office) as port:
        smtp(port)
        mail.send_waiting()
        mail.send_waiting()
    assert [recipients for recipients, _message in office.got] == [["rep1@example.com"], ["sup1@example.com"]]
    chinese, english = (message for _recipients, message in office.got)
    assert chinese["Subject"] == "交易开始调查书“测试公司”已批准。"
    assert english["Subject"] == "New customer investigation “测试公司” is approved."
    assert "/approvals/7" in chinese.get_content()
    assert chinese["Message-ID"].startswith(f"<notice-{notice_id}@")
    assert {kept(notice_id).mail_state, kept(english_id).mail_state} == {"sent"}


def test_a_letter_to_a_customer_goes_out_as_it_was_written_and_a_refusal_stands_on_it(smtp):
    ok, refusing = PostOffice(), PostOffice(rcpt="550 unknown")
    proposal = proposing.registered()
    for what, office in (("thanks", ok), ("change", refusing)):
        letter = proposal_letter.draft(proposal, what, by=person("rep1"))
        letter.change(
            way="mail", to_name="林秋实", address="lin@example.com", subject="感谢\nBcc: x@y.z", body="谢谢您的提案。", by=person("rep1"),
            version=letter.version,
        )  # fmt: skip
        letter.send(by=person("rep1"))
        db.session.commit()
        with running(office) as port:
            smtp(port)
            mail.send_waiting()
            mail.send_waiting()
    mails = [(recipients, message) for recipients, message in ok.got if recipients == ["lin@example.com"]]
    assert [(message["Subject"], message["Bcc"]) for _recipients, message in mails] == [("感谢 Bcc: x@y.z", None)]
    assert mails[0][1].get_content().strip() == "谢谢您的提案。"
    db.session.expire_all()
    found = {one.what: one for one in proposal_letter.letters_of(proposal)}
    assert (found["thanks"].mail_state, found["change"].mail_state) == ("sent", "failed")
    assert "550" in found["change"].mail_error
    assert "proposal-mail" in {entry.kind for entry in inbox.entries(person("rep1"))}
    found["change"].send_again(by=person("rep1"))
    assert found["change"].mail_state == "waiting"


def test_line_breaks_in_what_people_entered_add_no_header(smtp):
    office = PostOffice()
    tell(title="甲\nBcc: thief@example.com")
    with running(office) as port:
        smtp(port)
        mail.send_waiting()
    ((recipients, message),) = office.got
    assert recipients == ["rep1@example.com"]
    assert message["Bcc"] is None


def test_no_server_delays_the_mail_and_nothing_else(smtp):
    approval = submitted()
    sign(approval, "sup1")
    assert approval.current_round.steps[0].state == "done"
    notice_id = tell()
    moment = clock.now()
    with time_machine.travel(moment, tick=False) as traveller:
        mail.send_waiting()
        failed = kept(notice_id)
        assert (failed.mail_state, failed.mail_tries) == ("waiting", 1)
        assert "refused" in failed.mail_error.lower()
        mail.send_waiting()
        assert kept(notice_id).mail_tries == 1, "not before its time"
        for number, distance in enumerate(mail.AGAIN, start=2):
            traveller.shift(distance + timedelta(seconds=1))
            mail.send_waiting()
            assert kept(notice_id).mail_tries == number
        assert kept(notice_id).mail_state == "failed"


def test_a_server_that_comes_back_gets_the_mail(smtp):
    notice_id = tell()
    mail.send_waiting()
    office = PostOffice()
    with running(office) as port, time_machine.travel(clock.now() + timedelta(minutes=2)):
        smtp(port)
        mail.send_waiting()
    assert len(office.got) == 1
    assert (kept(notice_id).mail_state, kept(notice_id).mail_error) == ("sent", "")


@pytest.mark.parametrize(
    ("office", "state", "says"),
    [
        (PostOffice(rcpt="550 no such mailbox"), "failed", "550 no such mailbox"),
        (PostOffice(rcpt="451 try later"), "waiting", "451 try later"),
        (PostOffice(data="554 not wanted"), "failed", "554 not wanted"),
        (PostOffice(data="452 full"), "waiting", "452 full"),
    ],
)
def test_a_refusing_server(smtp, office, state, says):
    first, second = tell(), tell("sup1")
    with running(office) as port, capture_logs() as logged:
        smtp(port)
        mail.send_waiting()
    for notice_id in (first, second):
        assert kept(notice_id).mail_state == state
        assert says in kept(notice_id).mail_error
    code, _space, words = says.partition(" ")
    assert all(code in one["error"] and words not in one["error"] for one in logged), "what a server says may name the address"


class FewAtATime(PostOffice):
    """A server that takes two mails and then ends, as those do that limit how much comes at once."""

    taken = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken += 1
        return await super().handle_DATA(server, session, envelope) if self.taken % 3 else "421 4.7.0 too many at once"


def test_a_server_that_takes_few_at_a_time_gets_all_and_none_is_given_up(smtp: Any) -> None:
    ids = [tell(title=f"公司{number}") for number in range(9)]
    office = FewAtATime()
    with running(office) as port:
        smtp(port)
        mail.send_waiting()
        tries = [db.session.get_one(Notice, one).mail_tries for one in ids]
        assert tries == [0, 0, 1, 0, 0, 0, 0, 0, 0], "what it was not given has not failed"
        for minutes in range(10, 80, 10):
            with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
                mail.send_waiting()
    db.session.expire_all()
    assert {db.session.get_one(Notice, one).mail_state for one in ids} == {"sent"}
    assert len(office.got) == 9


def test_a_server_that_takes_its_time_leaves_the_rest_for_the_next_minute(smtp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions, lost jobs and the first reading of uploads are work of the same thread."""
    office = PostOffice()
    notices = [tell() for _number in range(3)]
    monkeypatch.setattr(mail, "LONGEST", 0.0)
    with running(office) as port:
        smtp(port)
        for sent in (1, 2, 3):
            mail.send_waiting()
            assert len(office.got) == sent
            assert [kept(number).mail_state for number in notices] == ["sent"] * sent + ["waiting"] * (3 - sent)
    assert [kept(number).mail_tries for number in notices] == [0, 0, 0]


def test_a_silent_server_is_left_after_the_time_it_has(smtp, monkeypatch):
    monkeypatch.setattr(mail, "TIMEOUT", 0.3)
    notice_id = tell()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        smtp(silent.getsockname()[1])
        mail.send_waiting()
    assert kept(notice_id).mail_state == "waiting"
    assert "timed out" in kept(notice_id).mail_error


def test_who_left_gets_no_mail(smtp):
    notice_id = tell()
    person("rep1").active = False
    db.session.commit()
    mail.send_waiting()
    assert kept(notice_id).mail_state == "off"


def test_without_a_server_nothing_waits(app):
    assert kept(tell()).mail_state == "off"
    mail.send_waiting()


def test_a_failed_mail_shows_on_the_page(smtp, as_):
    notice_id = tell()
    notice = db.session.get(Notice, notice_id)
    notice.mail_state, notice.mail_error = "failed", "550 no such mailbox"
    db.session.commit()
    assert "550 no such mailbox" in as_("rep1").get("/notices").get_data(as_text=True)


def test_an_address_that_the_server_cannot_take_keeps_no_other_mail_waiting(smtp):
    office = PostOffice()
    person("sup1").email = "周五行@example.com"
    foreign = tell("sup1")
    other = tell("rep1")
    with running(office, enable_SMTPUTF8=False) as port:
        smtp(port)
        mail.send_waiting()
    assert [recipients for recipients, _message in office.got] == [["rep1@example.com"]]
    assert (kept(foreign).mail_state, kept(other).mail_state) == ("failed", "sent")


def test_a_mail_that_cannot_be_written_keeps_no_other_waiting(smtp):
    broken = notify(person("rep1"), Message("%(name)s is approved.", {"other": "甲"}))
    other = tell("rep2")
    office = PostOffice()
    with running(office) as port:
        smtp(port)
        mail.send_waiting()
    assert len(office.got) == 1
    assert (kept(broken.id).mail_state, kept(other).mail_state) == ("failed", "sent")


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return what a server on this machine encrypts with, and trust it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    dates = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, *dates).add_extension(here, critical=False)
    signed = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    place = tmp_path / "mail.pem"
    place.write_bytes(signed + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(signed)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    return context


@pytest.mark.parametrize("setting", ["SMTP_SSL", "SMTP_STARTTLS"])
def test_mail_goes_out_encrypted_to_a_server_whose_certificate_is_right(app, smtp, certificate, monkeypatch, setting):
    monkeypatch.setitem(app.config, setting, True)
    office, notice_id = PostOffice(), tell()
    options = {"ssl_context": certificate} if setting == "SMTP_SSL" else {"tls_context": certificate, "require_starttls": True}
    with running(office, **options) as port:
        smtp(port)
        mail.send_waiting()
        assert kept(notice_id).mail_state == "sent"
        monkeypatch.delenv("SSL_CERT_FILE")
        refused = tell()
        mail.send_waiting()
    assert len(office.got) == 1
    assert kept(refused).mail_state == "waiting"
    assert "certificate" in kept(refused).mail_error.lower()
