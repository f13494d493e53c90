"""A server killed in the middle of saves keeps all that it acknowledged, and nothing half (quality.md: correct under load)."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import func, select, text

from portal.database import db
from portal.models import audit
from portal.models.audit import AuditEvent
from portal.models.contact import Contact
from tests import factories
from tests.conftest import PASSWORD

SAVED = "added"

SERVER = """
import sys
sys.path.insert(0, sys.argv[1])
from waitress.server import create_server
from portal import create_app

app = create_app({"PORTAL_ENV": "testing", "INSTANCE_FOLDER": sys.argv[2], "SECRET_KEY": "only-for-tests-" * 4, "WTF_CSRF_ENABLED": False,
                  "SQLALCHEMY_DATABASE_URI": sys.argv[3], "FILES_FOLDER": __import__("pathlib").Path(sys.argv[2]) / "files"})
server = create_server(app, host="127.0.0.1", port=0, threads=6)
print(server.effective_port, flush=True)
server.run()
"""
ENOUGH = 30
"""Acknowledged saves after which the server is killed."""


class Writer(threading.Thread):
    """Somebody who adds one contact after the other, and notes which were acknowledged."""

    def __init__(self, port: int, account: str, customer: int, enough: threading.Event, counted: list[str]) -> None:
        super().__init__(daemon=True)
        self.port, self.account, self.customer = port, account, customer
        self.enough, self.counted = enough, counted

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request("POST", "/sign-in", urlencode({"account": self.account, "password": PASSWORD, "next": ""}), form)
            answer = connection.getresponse()
            answer.read()
            cookie = "; ".join(line.split(";")[0] for line in answer.headers.get_all("Set-Cookie") or [])
            number = 0
            while True:
                number += 1
                name = f"{self.account}的联系人{number}"
                body = urlencode({"name": name, "kept_for": "daily_contact"})
                connection.request("POST", f"/customers/{self.customer}/contacts/new", body, {**form, "Cookie": cookie})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 303 and answer.headers["Location"].startswith("/customers/"):
                    self.counted.append(name)
                if len(self.counted) >= ENOUGH:
                    self.enough.set()
        except (OSError, http.client.HTTPException):
            return


def test_what_was_acknowledged_is_there_after_a_kill(app: Flask, tmp_path: Path) -> None:
    accounts = ("rep1", "rep2", "rep3", "rep4")
    customers = {account: factories.customer(account).id for account in accounts}
    db.session.remove()
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", SERVER, str(root), str(tmp_path), app.config["SQLALCHEMY_DATABASE_URI"]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    enough, counted = threading.Event(), []
    writers = [Writer(port, account, customer, enough, counted) for account, customer in customers.items()]
    for writer in writers:
        writer.start()
    reached = enough.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    for writer in writers:
        writer.join(30)
    assert reached, f"only {len(counted)} saves were acknowledged"

    kept = set(db.session.scalars(select(Contact.name)))
    assert set(counted) <= kept
    logged = db.session.scalar(
        select(func.count()).select_from(AuditEvent).where(AuditEvent.record_type == "Contact", AuditEvent.action == SAVED)
    )
    assert logged == len(kept), "a contact without its entry in the log, or an entry without its contact"
    assert not list(audit.verify())
    if db.engine.dialect.name == "sqlite":
        assert db.session.scalar(text("PRAGMA integrity_check")) == "ok"
