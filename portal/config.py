"""Settings, read once from the environment. Figures that the office changes are standards, not settings (ST-1)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from portal import clock

HTMX_VERSION = "2.0.10"
HTMX_URL = f"https://cdn.jsdelivr.net/npm/htmx.org@{HTMX_VERSION}/dist/htmx.min.js"
HTMX_INTEGRITY = "sha384-H5SrcfygHmAuTDZphMHqBJLc3FhssKjG7w/CeCpFReSfwBWDTKpkzPP8c+cLsK+V"

ENVIRONMENTS = ("demonstration", "production", "testing")
_HOW_TO_MAKE_A_KEY = "Make one: python3 -c 'import secrets; print(secrets.token_hex(32))'"


class ConfigurationError(RuntimeError):
    """The portal cannot start with these settings; the text says what to change."""


def _secret_key(environment: str, instance: Path) -> str:
    """Return the key that signs cookies: given in production, else made once and kept in the instance folder."""
    key = os.environ.get("SECRET_KEY", "")
    if key:
        if environment == "production" and len(key) < 32:
            raise ConfigurationError("SECRET_KEY is shorter than 32 characters. " + _HOW_TO_MAKE_A_KEY)
        return key
    if environment == "production":
        raise ConfigurationError("PORTAL_ENV=production needs SECRET_KEY. " + _HOW_TO_MAKE_A_KEY)
    path = instance / "secret_key"
    if not path.exists():
        path.write_text(secrets.token_hex(32))
        path.chmod(0o600)
    return path.read_text().strip()


def _one_of(name: str, choices: tuple[str, ...]) -> str:
    """Return a setting that has a few values, the first where it is not set."""
    given = os.environ.get(name) or choices[0]
    if given not in choices:
        raise ConfigurationError(f"{name} is {' or '.join(choices)}.")
    return given


def _number(name: str, default: int) -> int:
    """Return a setting that is a whole number, `default` where it is not set."""
    given = os.environ.get(name) or str(default)
    if not (given.isascii() and given.isdigit()):
        raise ConfigurationError(f"{name} is a whole number.")
    return int(given)


def database_url(url: str) -> str:
    """Return `url` with the driver the portal uses: psycopg 3 for every spelling of PostgreSQL."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _files(instance: Path, overrides: dict[str, Any]) -> dict[str, Any]:
    """Return where files lie: a folder, or a bucket of an S3 service, whose keys may also come from where boto3 looks for them."""
    env = os.environ
    found: dict[str, Any] = {
        "FILES_STORE": env.get("FILES_STORE", "folder"),
        "FILES_FOLDER": Path(env.get("FILES_FOLDER") or instance / "files"),
        "S3_BUCKET": env.get("S3_BUCKET", ""),
        "S3_PREFIX": env.get("S3_PREFIX", ""),
        "S3_ENDPOINT": env.get("S3_ENDPOINT", ""),
        "S3_REGION": env.get("S3_REGION", ""),
        "S3_ACCESS_KEY": env.get("S3_ACCESS_KEY", ""),
        "S3_SECRET_KEY": env.get("S3_SECRET_KEY", ""),
        "S3_ADDRESSING": env.get("S3_ADDRESSING") or ("path" if env.get("S3_ENDPOINT") else "auto"),
    }
    found.update((name, overrides[name]) for name in found if name in overrides)
    if found["FILES_STORE"] not in ("folder", "s3"):
        raise ConfigurationError("FILES_STORE is folder or s3.")
    if found["FILES_STORE"] == "s3" and not found["S3_BUCKET"]:
        raise ConfigurationError("FILES_STORE=s3 needs S3_BUCKET.")
    if found["S3_ADDRESSING"] not in ("auto", "path", "virtual"):
        raise ConfigurationError("S3_ADDRESSING is auto, path or virtual.")
    if urlsplit(found["S3_ENDPOINT"]).scheme not in ("", "http", "https"):
        raise ConfigurationError("S3_ENDPOINT is an address such as https://s3.example.com.")
    if found["S3_PREFIX"]:
        found["S3_PREFIX"] = found["S3_PREFIX"].strip("/") + "/"
    return found


def _own_host(site_url: str) -> list[str]:
    """Return the host of the site's address: requests for any other are refused, so that links in mails lead nowhere else."""
    host = urlsplit(site_url).hostname
    if not host or "PORTAL_URL" not in os.environ:
        raise ConfigurationError("PORTAL_ENV=production needs PORTAL_URL, such as https://portal.example.com, or PORTAL_HOSTS.")
    return [host]


def load(instance: Path, overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the Flask configuration for this process. Raises `ConfigurationError` where production would be unsafe."""
    overrides = overrides or {}
    env = os.environ
    environment = overrides.get("PORTAL_ENV") or env.get("PORTAL_ENV") or "demonstration"
    if environment not in ENVIRONMENTS:  # a word typed wrongly would serve a real site as one to be tried out
        raise ConfigurationError("PORTAL_ENV is demonstration or production.")
    instance.mkdir(parents=True, exist_ok=True)
    site_url = env.get("PORTAL_URL", "http://127.0.0.1:8000").rstrip("/")
    hosts = [host.strip() for host in env.get("PORTAL_HOSTS", "").split(",") if host.strip()]
    secure = environment == "production" and env.get("PORTAL_HTTP") != "1"
    config: dict[str, Any] = {
        "PORTAL_ENV": environment,
        "SECRET_KEY": overrides.get("SECRET_KEY") or _secret_key(environment, instance),
        "SQLALCHEMY_DATABASE_URI": database_url(env.get("DATABASE_URL") or f"sqlite:///{instance / 'portal.sqlite3'}"),
        # The connection used last is used next: what it has read lies in memory still. As many are kept as `make run` has threads.
        # Statements are kept made by the hundred: each takes some 80 KB, and an office asks fewer than these again and again.
        # What was to be stored or looked for stands in no log: it is names, numbers and hashes of passwords.
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_size": 8, "pool_use_lifo": True, "query_cache_size": 300, "hide_parameters": True},
        "SEAL_FOLDER": Path(overrides.get("SEAL_FOLDER") or instance / "seal"),
        "SEAL_PASSPHRASE": env.get("SEAL_PASSPHRASE", ""),
        "HUEY_PATH": Path(env.get("HUEY_PATH") or instance / "queue.sqlite3"),
        "HTMX_ASSET": _one_of("HTMX_ASSET", ("cdn", "local")),
        "BOOTSTRAP_SERVE_LOCAL": True,
        "SESSION_COOKIE_NAME": "__Host-portal" if secure else "portal",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_I18N_ENABLED": False,
        "MAX_CONTENT_LENGTH": 64 * 1024 * 1024,
        "BABEL_DEFAULT_LOCALE": _one_of("PORTAL_LANGUAGE", ("zh_Hans_CN", "en")),
        "BABEL_DEFAULT_TIMEZONE": str(clock.SITE_ZONE),
        "SITE_NAME": env.get("PORTAL_SITE_NAME", ""),
        "SITE_URL": site_url,
        "TRUSTED_PROXIES": _number("PORTAL_PROXIES", 0),
        "TRUSTED_HOSTS": hosts or (_own_host(site_url) if environment == "production" else None),
        "SMTP_HOST": env.get("SMTP_HOST", ""),
        "SMTP_PORT": _number("SMTP_PORT", 465 if env.get("SMTP_SSL") == "1" else 25),
        "SMTP_USER": env.get("SMTP_USER", ""),
        "SMTP_PASSWORD": env.get("SMTP_PASSWORD", ""),
        "SMTP_SSL": env.get("SMTP_SSL") == "1",
        "SMTP_STARTTLS": env.get("SMTP_STARTTLS") == "1",
        "SMTP_SENDER": env.get("SMTP_SENDER", "portal@localhost"),
        "ARGON2_TIME_COST": 3,
        # Above 32 MiB, where malloc gives the memory back after each hash instead of keeping it for each thread.
        "ARGON2_MEMORY_KIB": 47_104,
    }
    engine = {**config["SQLALCHEMY_ENGINE_OPTIONS"], **overrides.get("SQLALCHEMY_ENGINE_OPTIONS", {})}
    config.update(overrides, SQLALCHEMY_ENGINE_OPTIONS=engine)
    if not config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        # A server that was started anew, or a firewall that forgot, has closed what is kept: asked first, nobody notices.
        waits = {"connect_timeout": 10, "keepalives_idle": 60, "tcp_user_timeout": 20_000}
        config["SQLALCHEMY_ENGINE_OPTIONS"] = {**config["SQLALCHEMY_ENGINE_OPTIONS"], "pool_pre_ping": True, "connect_args": waits}
    config.update(_files(instance, overrides))
    return config
