"""A PostgreSQL server of our own for tests and benchmarks, thrown away afterwards.

    python tools/postgres.py run COMMAND …     start a server, run COMMAND with TEST_DATABASE_URL set, stop it again

PostgreSQL refuses to run as root: started by root, the server runs as `postgres` or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parent.parent.name))
    path = str(found[-1]) if found else shutil.which(name)
    if not path:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql")
    return path


def _unprivileged() -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    sys.exit("There is no user to run PostgreSQL as")


@contextmanager
def server(durable: bool = False) -> Iterator[str]:
    """Yield the URL of a running server. `durable` keeps fsync on, as in production: for benchmarks."""
    who = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-"))
    if who:
        os.chown(folder, int(str(who["user"])), int(str(who["group"])))
    data = folder / "data"
    try:
        initdb = [_program("initdb"), "-D", str(data), "-U", "portal", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd="/", **who)  # type: ignore[call-overload]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=100 -c shared_buffers=256MB"
        )
        if not durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        start = [_program("pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, cwd="/", **who)  # type: ignore[call-overload]
        try:
            yield f"postgresql://portal@127.0.0.1:{port}/postgres"
        finally:
            stop = [_program("pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
            subprocess.run(stop, stdout=subprocess.DEVNULL, cwd="/", **who)  # type: ignore[call-overload]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] != "run":
        sys.exit(__doc__)
    with server() as url:
        sys.exit(subprocess.run(sys.argv[2:], env={**os.environ, "TEST_DATABASE_URL": url}).returncode)
