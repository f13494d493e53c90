"""Backup and restore of database and files as one archive, taken while the portal is in use (quality.md: Correct under load and fault).

Files are kept by content and never changed, so the database is copied first and the files after it: every file that the copy
knows is then in the archive. A restore puts a site back as it was; the portal is stopped for that.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url

from portal import clock
from portal.database import db
from portal.models import audit
from portal.models.session import StaffSession
from portal.rules.message import Refusal

FORMAT = 1
DATABASE, FILES, SEAL, ABOUT = "database", "files", "seal", "about.json"
MEMBER = re.compile(
    r"database|about\.json|files/[0-9a-f]{2}/[0-9a-f]{64}|seal/(?:seal\.p12|seal\.json|passphrase|trusted/[0-9a-f]{64}\.pem)"
)


def backup(config: Mapping[str, Any], target: Path) -> int:
    """Write database, files and seal of this site to `target` (.tar) and return its size in bytes. Raises `Refusal` with what went wrong.

    The archive appears under its name only when it is complete.
    """
    url = make_url(config["SQLALCHEMY_DATABASE_URI"])
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / DATABASE
        _copy_database(url, copy)
        part.unlink(missing_ok=True)
        part.touch(0o600)  # everything that the office knows stands in it
        with tarfile.open(part, "w") as archive:
            _add_text(archive, ABOUT, json.dumps({"format": FORMAT, "database": url.get_backend_name(), "at": clock.now().isoformat()}))
            archive.add(copy, DATABASE)
            for kept in config["FILES_FOLDER"].glob("??/*"):
                name = f"{FILES}/{kept.parent.name}/{kept.name}"
                if MEMBER.fullmatch(name):  # not what is being uploaded at this moment, under a name that goes
                    archive.add(kept, name)
            for kept in sorted(config["SEAL_FOLDER"].rglob("*")):
                name = f"{SEAL}/{kept.relative_to(config['SEAL_FOLDER']).as_posix()}"
                if MEMBER.fullmatch(name):
                    archive.add(kept, name)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    return target.stat().st_size


def restore(config: Mapping[str, Any], source: Path) -> int:
    """Put database and files back as they were when `source` was taken, end all sessions, and return how many were revived by it.

    Whoever was signed in then may have signed out, left, or lost the browser since: everybody signs in again, and the audit log of
    the restored site says so. Raises `Refusal` when it is no backup of such a site.
    """
    url = make_url(config["SQLALCHEMY_DATABASE_URI"])
    files: Path = config["FILES_FOLDER"]
    files.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=files.parent) as name:
        folder = Path(name)
        try:
            with tarfile.open(source) as archive:
                _take_out(archive, folder)
            about = json.loads((folder / ABOUT).read_text())
        except (OSError, tarfile.TarError, ValueError) as error:
            raise Refusal("This is not a backup of the portal: %(why)s", why=str(error)) from error
        if about["format"] != FORMAT or about["database"] != url.get_backend_name():
            own = url.get_backend_name()
            raise Refusal("This backup is of a %(kind)s database; the site has %(own)s.", kind=about["database"], own=own)
        if not (folder / DATABASE).exists():
            raise Refusal("This is not a backup of the portal: %(why)s", why="there is no database in it")
        db.session.remove()
        db.engine.dispose()
        _put_back(url, folder / DATABASE)
        for kept in (folder / FILES).rglob("*") if (folder / FILES).exists() else ():
            if kept.is_file():
                place = files / kept.relative_to(folder / FILES)
                place.parent.mkdir(parents=True, exist_ok=True)
                if not place.exists():
                    shutil.move(kept, place)
        _put_seal_back(folder / SEAL, config["SEAL_FOLDER"])
    ended = StaffSession.end_everybody()
    audit.write("system", "backup-restored", label=source.name, taken_at=about.get("at", ""), sessions_ended=ended)
    db.session.commit()
    return ended


def _put_seal_back(taken_out: Path, folder: Path) -> None:
    """Put the seal back. Certificates that were trusted since stay trusted: what they sealed may lie with others."""
    for kept in sorted(taken_out.rglob("*.*")) + sorted(taken_out.glob("passphrase")):
        place = folder / kept.relative_to(taken_out)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept.chmod(0o600)
        shutil.move(kept, place)


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    info = tarfile.TarInfo(name)
    content = text.encode()
    info.size, info.mtime = len(content), int(clock.now().timestamp())
    archive.addfile(info, io.BytesIO(content))


def _take_out(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the members that a backup has into `folder`, and nothing else: names from outside choose no place on the disk."""
    for member in archive:
        if member.isfile() and MEMBER.fullmatch(member.name):
            place = folder / member.name
            place.parent.mkdir(parents=True, exist_ok=True)
            content = archive.extractfile(member)
            assert content is not None  # noqa: S101 # nosec B101 - isfile() says so
            with content, place.open("wb") as file:
                shutil.copyfileobj(content, file)
            if not member.mode & 0o200:
                place.chmod(0o444)  # a sealed form (AP-7)


def _copy_database(url: URL, copy: Path) -> None:
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(f"file:{url.database}?mode=ro", uri=True)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return
    _run("pg_dump", "--format=custom", "--file", str(copy), _plain(url), password=url.password)


def _put_back(url: URL, copy: Path) -> None:
    if url.get_backend_name() == "sqlite":
        place = Path(str(url.database))
        for ending in ("-wal", "-shm"):
            place.with_name(place.name + ending).unlink(missing_ok=True)
        shutil.move(copy, place)
        return
    options = ("--clean", "--if-exists", "--no-owner", "--single-transaction")
    _run("pg_restore", *options, "--dbname", _plain(url), str(copy), password=url.password)


def _plain(url: URL) -> str:
    """Return the address without its password: arguments of a program can be read by every account of the machine."""
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return bare.render_as_string(hide_password=False)


def _run(program: str, *arguments: str, password: str | None) -> None:
    path = shutil.which(program)
    if path is None:
        raise Refusal("%(program)s is not installed.", program=program)
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    done = subprocess.run(  # noqa: S603 # nosec B603 - our own arguments, no shell
        [path, *arguments], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise Refusal("%(program)s failed: %(why)s", program=program, why=done.stderr.strip()[-2000:])
