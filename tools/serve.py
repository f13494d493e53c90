"""What `make run` starts: database up to date, demonstration data, the worker beside the server, and both stopped together."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTLED_AFTER = 5
"""Seconds after which the first page is through, and other work no longer takes its time."""
M_ARENA_MAX = -8
"""Of glibc's `mallopt`: how many heaps the threads of a process have."""
sys.path.insert(0, str(ROOT))


def share_heap() -> None:
    """Let all threads take their memory from one heap: what one takes and another gives back leaves holes in each, a fifth of the whole."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--no-demo", action="store_true", help="no demonstration data")
    parser.add_argument("--app", default="wsgi:app", help="what to serve, as module:name")
    choices = parser.parse_args()
    share_heap()
    os.environ.setdefault("PORTAL_URL", f"http://{choices.host}:{choices.port}")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    from waitress.server import create_server

    from portal import database, demo, schema
    from portal.database import db

    module, _colon, name = choices.app.partition(":")
    app = getattr(importlib.import_module(module), name)
    with app.app_context():
        database.read_only(False)
        if not schema.is_current():
            schema.upgrade(app)
        if not choices.no_demo and app.config["PORTAL_ENV"] != "production" and demo.is_empty():
            from portal.demo import load

            print("Loading demonstration data …", flush=True)
            load.load()
            db.session.commit()

    stopping = threading.Event()
    worker: list[subprocess.Popen[bytes]] = []

    def keep_worker() -> None:
        """Start the worker again whenever it dies."""
        while not stopping.is_set():
            process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--with-parent"], cwd=ROOT, env=environment, stderr=sys.stderr
            )
            worker[:] = [process]
            process.wait()
            stopping.wait(2)

    def make_seal() -> None:
        """Give a site that is tried out a seal, so that approved forms are sealed and filed; a real site makes its own."""
        if not stopping.wait(SETTLED_AFTER) and app.config["PORTAL_ENV"] != "production":
            command = [sys.executable, "-m", "flask", "--app", "wsgi", "seal", "init", "--if-none"]
            subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)

    def check_printing() -> None:
        """Say loudly what the machine lacks for printing, once the portal has begun to answer."""
        if not stopping.wait(SETTLED_AFTER):
            subprocess.run([sys.executable, "-m", "portal.printing.painting"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)

    server = create_server(app, host=choices.host, port=choices.port, threads=choices.threads, connection_limit=500, channel_timeout=60)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"The portal is on http://{choices.host}:{choices.port} (Ctrl+C stops it)", flush=True)
    for work in (keep_worker, make_seal, check_printing):
        threading.Thread(target=work, daemon=True).start()
    try:
        server.run()
    finally:
        stopping.set()
        for process in worker:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    main()
