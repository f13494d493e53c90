"""Backup and restore of database and files as one archive, taken while the portal is in use (quality.md: Correct under load and fault).

Files are kept by content and never changed, so the database is copied first and the files after it: every file that the copy
knows is then in the archive, but for what was destroyed or tidied meanwhile. A restore puts a site back as it was; the portal is
stopped for that. Files may lie in a folder or a bucket, then and now.
"""

from __future__ import annotations

import hashlib
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
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from portal import clock
from portal.database import db
from portal.models import audit
from portal.models.sealed_form import SealedForm
from portal.models.session import StaffSession
from portal.rules.message import Refusal
from portal.stores import Store, place_of, store
from portal.stores.folder import Folder

FORMAT, WITHOUT_FILES = 1, 2
"""A backup with its files, and one that left them where they are."""
PART, COPY, LEFT_FOR = ".being-backed-up", ".portal-being-backed-up-", 24 * 3600
"""The ending of an archive and the beginning of a folder that are being written, and the seconds after which nobody does any more.

What has such a name goes: names that nobody else gives to what lies beside the backups."""
DATABASE, FILES, SEAL, ABOUT = "database", "files", "seal", "about.json"
MEMBER = re.compile(
    r"database|about\.json|files/[0-9a-f]{2}/[0-9a-f]{64}|seal/(?:seal\.p12|seal\.json|passphrase|trusted/[0-9a-f]{64}\.pem)"
)


def backup(config: Mapping[str, Any], target: Path, *, files: bool = True) -> int:
    """Write database, files and seal of this site to `target` (.tar) and return its size in bytes. Raises `Refusal` with what went wrong.

    The archive appears under its name only when it is complete. `files=False` leaves the files out, for a bucket that has a backup of
    its own. Raises `StoreFailed` where a bucket cannot be reached.
    """
    url = db.engine.url  # where the portal itself looks: a relative address begins at the instance folder
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_away(target.parent)
    part = target.with_name(target.name + PART)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=COPY) as folder:
            copy = Path(folder) / DATABASE
            _copy_database(url, copy)
            part.unlink(missing_ok=True)
            part.touch(0o600)  # everything that the office knows stands in it
            with tarfile.open(part, "w") as archive:
                about = {"format": FORMAT if files else WITHOUT_FILES, "database": url.get_backend_name(), "at": clock.now().isoformat()}
                _add_text(archive, ABOUT, json.dumps(about))
                archive.add(copy, DATABASE)
                if files:
                    _add_files(archive)
                for kept in sorted(config["SEAL_FOLDER"].rglob("*")):
                    name = f"{SEAL}/{kept.relative_to(config['SEAL_FOLDER']).as_posix()}"
                    if MEMBER.fullmatch(name):
                        archive.add(kept, name)
        _to_disk(part)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)  # a full disk must not be kept full by what is no backup
        raise
    return target.stat().st_size


def _clear_away(folder: Path) -> None:
    """Remove what backups left that were killed a day ago or longer: nothing else ever does."""
    limit = clock.now().timestamp() - LEFT_FOR
    for left in [*folder.glob(f"*{PART}"), *folder.glob(f"{COPY}*")]:
        if left.stat().st_mtime < limit:
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()


def _to_disk(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def restore(config: Mapping[str, Any], source: Path) -> int:
    """Put database and files back as they were when `source` was taken, end all sessions, and return how many were revived by it.

    Whoever was signed in then may have signed out, left, or lost the browser since: everybody signs in again, and the audit log of
    the restored site says so. Raises `Refusal` when it is no backup of such a site.
    """
    url = db.engine.url  # where the portal itself looks: a relative address begins at the instance folder
    config["FILES_FOLDER"].parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=config["FILES_FOLDER"].parent) as name:
        folder = Path(name)
        try:
            with tarfile.open(source) as archive:
                _take_out(archive, folder)
            about = json.loads((folder / ABOUT).read_text())
        except (OSError, tarfile.TarError, ValueError) as error:
            raise Refusal("This is not a backup of the portal: %(why)s", why=str(error)) from error
        if about["format"] not in (FORMAT, WITHOUT_FILES) or about["database"] != url.get_backend_name():
            own = url.get_backend_name()
            raise Refusal("This backup is of a %(kind)s database; the site has %(own)s.", kind=about["database"], own=own)
        if not (folder / DATABASE).exists():
            raise Refusal("This is not a backup of the portal: %(why)s", why="there is no database in it")
        _put_files_back(source)  # before the database: files that it does not know do no harm
        db.session.remove()
        db.engine.dispose()
        _put_back(url, folder / DATABASE)
        _put_seal_back(folder / SEAL, config["SEAL_FOLDER"])
    ended = StaffSession.end_everybody()
    audit.write("system", "backup-restored", label=source.name, taken_at=about.get("at", ""), sessions_ended=ended)
    db.session.commit()
    for digest in SealedForm.digests():
        if store().has(digest):
            store().protect(digest)
    return ended


def _add_files(archive: tarfile.TarFile) -> None:
    place = store()
    for digest in place.digests():
        try:
            content = place.open(digest)
        except FileNotFoundError:
            continue  # taken out since it was listed
        with content:
            info = tarfile.TarInfo(f"{FILES}/{place_of(digest)}")
            info.size, info.mtime, info.mode = content.seek(0, io.SEEK_END), int(clock.now().timestamp()), 0o600
            content.seek(0)
            archive.addfile(info, content)


def _put_files_back(source: Path) -> None:
    """Store the files of the archive that are not there, or are damaged (a bucket takes only what is whole).

    Raises `Refusal` for one that is not what its name says.
    """
    place = store()
    with tarfile.open(source) as archive:
        for member in archive:
            if not (member.isfile() and MEMBER.fullmatch(member.name) and member.name.startswith(f"{FILES}/")):
                continue
            digest = member.name.rpartition("/")[2]
            if place.has(digest) and (not isinstance(place, Folder) or _is_whole(place, digest)):
                continue
            content: Any = archive.extractfile(member)
            with content:
                if hashlib.file_digest(content, "sha256").hexdigest() != digest:
                    raise Refusal("This backup is damaged: the content of %(name)s has changed.", name=member.name)
                place.put(digest, content)


def _is_whole(place: Store, digest: str) -> bool:
    content: Any = place.open(digest)
    with content:
        return hashlib.file_digest(content, "sha256").hexdigest() == digest


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
    """Write what a backup has besides the files into `folder`, and nothing else: names from outside choose no place on the disk."""
    for member in archive:
        if member.isfile() and MEMBER.fullmatch(member.name) and not member.name.startswith(f"{FILES}/"):
            place = folder / member.name
            place.parent.mkdir(parents=True, exist_ok=True)
            content = archive.extractfile(member)
            assert content is not None  # noqa: S101 - isfile() says so
            with content, place.open("wb") as file:
                shutil.copyfileobj(content, file)


def _copy_database(url: URL, copy: Path) -> None:
    if url.get_backend_name() == "sqlite":
        with (
            closing(sqlite3.connect(f"{Path(str(url.database)).as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        return
    _run("pg_dump", "--format=custom", "--file", str(copy), _plain(url), password=url.password)


def _put_back(url: URL, copy: Path) -> None:
    if url.get_backend_name() == "sqlite":
        place = Path(str(url.database))
        beside = place.with_name(place.name + ".restored")
        try:
            shutil.move(copy, beside)
            _to_disk(beside)
            _end_log(place)
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
        return
    _load(url, copy)


def _end_log(place: Path) -> None:
    """Bring what stands in a database's log of writes into it, and remove the log, which would be read into the next one."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(place)) as old:  # a damaged one is why somebody restores
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for ending in ("-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)


EMPTIED = """
SET client_min_messages = warning;
DO $$
DECLARE one text;
BEGIN
    FOR one IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE 'DROP TABLE IF EXISTS ' || one || ' CASCADE';
    END LOOP;
    FOR one IN SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
        EXECUTE 'DROP ROUTINE IF EXISTS ' || one || ' CASCADE';
    END LOOP;
END $$;
"""
"""Takes out whatever is there, of a newer version too: the way back from an upgrade leads over a restore."""


def _load(url: URL, copy: Path) -> None:
    """Empty a database of PostgreSQL and put a dump into it, in one transaction. Raises `Refusal`; nothing is changed then."""
    password = url.password
    with tempfile.TemporaryFile("w+") as said:
        # Nothing is ended by the end of what is read: it ends early where the reading fails.
        told = ("--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", _plain(url))
        made = ("--no-owner", "--schema=public", "--file=-", str(copy))
        with (
            suppress(BrokenPipeError),  # what it did not take, it says
            _start("psql", *told, password=password, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said) as writer,
            _start("pg_restore", *made, password=password, stdout=subprocess.PIPE, stderr=said) as reader,
        ):
            assert reader.stdout is not None and writer.stdin is not None  # noqa: S101, PT018 - they were asked for
            writer.stdin.write(f"BEGIN;{EMPTIED}".encode())
            shutil.copyfileobj(reader.stdout, writer.stdin)
            if reader.wait() == 0:
                writer.stdin.write(b"COMMIT;\n")
        if reader.returncode or writer.returncode:
            said.seek(0)
            program = "psql" if writer.returncode else "pg_restore"
            raise Refusal("%(program)s failed: %(why)s", program=program, why=said.read().strip()[-2000:])


def _plain(url: URL) -> str:
    """Return the address without its password: arguments of a program can be read by every account of the machine."""
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return bare.render_as_string(hide_password=False)


def _start(program: str, *arguments: str, password: str | None, **streams: Any) -> subprocess.Popen[bytes]:
    """Start a program of PostgreSQL. Raises `Refusal` where it is not there."""
    path = shutil.which(program)
    if path is None:
        raise Refusal("%(program)s is not installed.", program=program)
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    return subprocess.Popen([path, *arguments], env=environment, **streams)  # noqa: S603 - our own arguments, no shell


def _run(program: str, *arguments: str, password: str | None) -> None:
    with _start(program, *arguments, password=password, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as done:
        _nothing, said = done.communicate()
    if done.returncode:
        raise Refusal("%(program)s failed: %(why)s", program=program, why=said.decode(errors="replace").strip()[-2000:])
