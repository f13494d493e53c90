"""The real server under the bench: started as `make run` starts it, its processes' CPU time and memory read from /proc."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


CPU_CLOCK = 2
"""Of clock_getcpuclockid(3): the clock of what a process has used, all of its threads; to the nanosecond, where /proc counts by 10 ms."""


def cpu_of(pid: int, *, ended: bool = False) -> float:
    """Return CPU seconds that a process used so far; with `ended`, also what its children used that are over. 0 where it is gone."""
    try:
        used = time.clock_gettime((~pid << 3) | CPU_CLOCK)
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() if ended else []
    except OSError:
        return 0.0
    return used + sum(int(field) for field in fields[13:15]) / TICKS


def family(pid: int) -> list[int]:
    """Return a process and its children and grandchildren; none for 0."""
    found = [pid] if pid else []
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda one: int(one.name)):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        if parent in found:
            found.append(int(folder.name))
    return found


def database_server(url: str) -> int:
    """Return the process number of the PostgreSQL server on this machine that `url` leads to; 0 for SQLite."""
    if not url.startswith("postgresql"):
        return 0
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        backend = Path(f"/proc/{row[0]}/stat").read_text() if row else ""
    return int(backend.rsplit(")", 1)[1].split()[1])


class Server:
    """A running portal: its port, processes and what they use."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, database: int = 0) -> None:
        self.process, self.port, self.database = process, port, database

    def pids(self) -> list[int]:
        """Return the server's process and its children (the worker)."""
        return family(self.process.pid)

    def cpu(self) -> float:
        """Return CPU seconds used so far by the web process and, on PostgreSQL, by the whole database server."""
        return cpu_of(self.process.pid) + sum(cpu_of(pid, ended=pid == self.database) for pid in family(self.database))

    def memory(self, *, web: bool) -> float:
        """Return the proportional memory in MB of the web process, or of its children (worker, press)."""
        total = 0
        for pid in self.pids():
            if (pid == self.process.pid) != web:
                continue
            try:
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
            total += int(found.group(1)) if found else 0
        return total / 1024


@contextmanager
def serve(database: str, instance: Path) -> Iterator[Server]:
    """Yield the portal over `database`, as `make run` starts it, with the bare page beside it; stopped at the end."""
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": database, "PORTAL_INSTANCE": str(instance), "PYTHONPATH": str(ROOT), "HTMX_ASSET": "local"}
    command = [sys.executable, str(ROOT / "tools" / "serve.py"), "--port", str(port), "--no-demo", "--app", "bench.app:app"]
    log = (instance / "server.log").open("wb")
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        for _try in range(600):
            try:
                status = Browser(port).get("/readyz")[0]
            except OSError:
                status = 0
            if status == 200:
                break
            if process.poll() is not None:
                raise RuntimeError((instance / "server.log").read_text())
            time.sleep(0.05)
        yield Server(process, port, database_server(database))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        log.close()


class Browser:
    """A small HTTP client with cookies over one kept connection; costs little itself."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies: dict[str, str] = {}
        self.token = ""

    def request(
        self, method: str, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, str]:
        """Return status, body and Location of the answer."""
        body = urlencode(form).encode() if form is not None else None
        return self.send(method, path, body, "application/x-www-form-urlencoded", headers)

    def send(
        self, method: str, path: str, body: bytes | None, media_type: str, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, str]:
        """Return the answer to a request with this body."""
        sent = {"Cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items()), **(headers or {})}
        if body is not None:
            sent["Content-Type"] = media_type
        try:
            self.connection.request(method, path, body, sent)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError):
            # The server closes connections that were idle for long, as it should.
            self.connection.close()
            self.connection.request(method, path, body, sent)
            answer = self.connection.getresponse()
        content = answer.read()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _equals, value = line.split(";", 1)[0].partition("=")
            self.cookies[name] = value
        return answer.status, content, answer.headers.get("Location", "")

    def get(self, path: str, **headers: str) -> tuple[int, bytes, str]:
        """Return the answer to GET."""
        return self.request("GET", path, headers={key.replace("_", "-"): value for key, value in headers.items()})

    def post(self, path: str, form: dict[str, str]) -> tuple[int, bytes, str]:
        """Return the answer to a form sent with the page's CSRF token."""
        return self.request("POST", path, {"csrf_token": self.token, **form})

    def sign_in(self, account: str, password: str) -> None:
        """Sign in and keep the CSRF token. Raises RuntimeError when refused."""
        _status, page, _location = self.get("/sign-in")
        self.take_token(page)
        status, page, _location = self.post("/sign-in", {"account": account, "password": password, "next": ""})
        if status != 303:
            raise RuntimeError(f"sign-in answered {status}: {page.decode()[:2000]}")
        self.take_token(self.get("/")[1])

    def take_token(self, page: bytes) -> None:
        """Keep the CSRF token of a page."""
        found = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page)
        if found:
            self.token = found.group(1).decode()
