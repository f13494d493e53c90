"""What every answer carries, which hosts are answered, and what production refuses (quality.md: Browser, Access)."""

from __future__ import annotations

import json
import logging
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from structlog.testing import capture_logs

from portal import create_app, jobs, logs, security
from portal.config import ConfigurationError
from portal.database import db
from portal.models.staff import Staff
from portal.rules.standards import STANDARDS
from portal.security import safe_next

KEY = "k" * 40


def test_headers_of_a_page(as_: Any) -> None:
    headers = as_("rep1").get("/").headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    for name in ("frame-ancestors", "object-src", "base-uri"):
        assert policy[name] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_only_https_promises_https(client: Any) -> None:
    answer = client.get("/sign-in", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_who_tries_what_they_may_not_stands_in_the_log(
    app: Any, as_: Any, staff: dict[str, Staff], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, number = as_("rep1"), staff["rep1"].id
    with capture_logs() as logged:
        assert browser.get("/staff").status_code == 403
        monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
        assert browser.post("/profile").status_code == 400
    told = [(one["event"], one["why"], one["path"], one["staff"]) for one in logged]
    assert told == [("access refused", "role", "/staff", number), ("access refused", "token of the form", "/profile", number)]


def test_errors_are_not_kept_either(client: Any) -> None:
    answer = client.get("/nothing-here")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


def test_cookies(client: Any) -> None:
    cookie = client.post("/sign-in", data={"account": "rep1", "password": "portal-demo-2026"}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_largest_upload_that_can_be_set_fits_what_is_taken(app: Any) -> None:
    most = STANDARDS["upload.size_limit_mb"].maximum or 0
    assert (most + 1) * 1024 * 1024 < app.config["MAX_CONTENT_LENGTH"]


def test_other_hosts_are_refused_without_a_page(app: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "TRUSTED_HOSTS", ["localhost"])
    assert client.get("/sign-in").status_code == 200
    answer = client.get("/sign-in", base_url="http://evil.example")
    assert answer.status_code == 400
    assert "<" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("target", ["", None, "//x", "https://x", "/\\x", "\\/x", "/a\nb", "x", "javascript:1", "/\t/x"])
def test_next_refuses(target: str | None) -> None:
    assert safe_next(target) is None


@pytest.mark.parametrize("target", ["/", "/customers?q=甲&page=2", "/audit#x"])
def test_next_takes_own_paths(target: str) -> None:
    assert safe_next(target) == target


@pytest.fixture
def production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Settings of a site in production over an empty database."""
    for name in ("SECRET_KEY", "PORTAL_URL", "PORTAL_HOSTS", "PORTAL_HTTP", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORTAL_URL", "https://portal.example")
    return {"PORTAL_ENV": "production", "INSTANCE_FOLDER": tmp_path, "TESTING": True}


def test_production_needs_a_key(production: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="needs SECRET_KEY"):
        create_app(production)


def test_production_refuses_a_short_key(production: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "short")
    with pytest.raises(ConfigurationError, match="shorter than 32"):
        create_app(production)


def test_production_answers_to_its_own_host_with_safe_cookies(production: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", KEY)
    app = create_app(production)
    assert app.config["TRUSTED_HOSTS"] == ["portal.example"]
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-portal"
    assert app.config["SESSION_COOKIE_SECURE"]
    monkeypatch.delenv("PORTAL_URL")
    with pytest.raises(ConfigurationError, match="PORTAL_URL"):
        create_app(production)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_ENV", "Production"), ("PORTAL_ENV", "prod"), ("PORTAL_LANGUAGE", "zh"), ("HTMX_ASSET", "lokal"), ("PORTAL_PROXIES", "yes"),
        ("SMTP_PORT", "-25"),
    ],
)  # fmt: skip
def test_a_setting_that_is_typed_wrongly_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"{name} is "):
        create_app({"INSTANCE_FOLDER": tmp_path, "TESTING": True})


def test_production_does_not_serve_demonstration_accounts(
    app: Any, staff: dict[str, Staff], client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PORTAL_ENV", "production")
    security.check_accounts(app)
    staff["rep1"].is_demo = True
    db.session.commit()
    with pytest.raises(ConfigurationError, match="1 demonstration account"):
        security.check_accounts(app)
    assert client.post("/sign-in", data={"account": "rep1", "password": "portal-demo-2026"}).status_code == 422


def test_an_empty_database_has_no_demonstration_accounts(production: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", KEY)
    security.check_accounts(create_app(production))


@pytest.mark.parametrize(
    ("hops", "address", "headers", "status"),
    [
        (0, "127.0.0.1", {}, 200),
        (0, "::1", {}, 200),
        (0, "10.0.0.7", {}, 404),
        (0, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        (0, "127.0.0.1", {"X-Real-IP": "127.0.0.1"}, 404),
        (0, "127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 404),
        (0, "127.0.0.1", {"Via": "1.1 proxy"}, 404),
        (1, "127.0.0.1", {}, 404),
        (1, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 200),
        (1, "10.0.0.7", {"X-Forwarded-For": "10.0.0.7"}, 404),
    ],
)
def test_metrics_answer_this_machine_only(
    app: Any, client: Any, monkeypatch: pytest.MonkeyPatch, hops: int, address: str, headers: dict[str, str], status: int
) -> None:
    monkeypatch.setitem(app.config, "TRUSTED_PROXIES", hops)
    answer = client.get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == status


def test_a_mistake_stands_in_the_log_once_and_every_line_is_json(app: Flask, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the web framework would write of its own accord has many lines, and the row that the database refused."""

    def fail(*_arguments: object) -> None:
        raise RuntimeError("broken")

    reader, written, before = as_("rep1"), StringIO(), structlog.get_config()
    monkeypatch.setattr("portal.list_files.write_xlsx", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", written)
        patch.setattr(logging.getLogger(), "handlers", [])
        try:
            logs.init_app(app)
            assert reader.get("/gifts/goods/file").status_code == 500
            logging.getLogger("huey").error("Error reading from queue")
        finally:
            structlog.configure(**before)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["request failed", "Error reading from queue"]


def test_a_queue_that_cannot_be_written_to_says_which_file_it_is(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "queue.sqlite3"
    with pytest.raises(ConfigurationError, match=str(path)):
        jobs.Queues(type("Site", (), {"config": {"HUEY_PATH": path}})())  # type: ignore[arg-type]
