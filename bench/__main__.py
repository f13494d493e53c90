"""Run the bench: `make bench`, or `CUSTOMERS=10000 make bench` for a quick look; `DATABASE=postgresql make bench` for PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import binding, data, gift_pages, jobs, pages, service_data, service_pages, sheets, uploads
from bench.measure import Figure, Report
from bench.server import ROOT, serve

BUILD = ROOT / "build"
SMALL = 10_000
"""Customers of the office that the large one is compared with."""


def make_app(url: str) -> object:
    """Return an app over `url` for filling it."""
    from portal import config, create_app, database

    app = create_app({"INSTANCE_FOLDER": BUILD / "bench-instance", "SQLALCHEMY_DATABASE_URI": config.database_url(url)})
    database.read_only(False)
    return app


@contextmanager
def office(kind: str, count: int) -> Iterator[str]:
    """Yield the URL of a database filled with `count` customers; what the bench writes is thrown away."""
    if kind == "postgresql":
        sys.path.insert(0, str(ROOT / "tools"))
        import postgres

        with postgres.server(durable=True) as url:
            app = make_app(url)
            with app.app_context():  # type: ignore[attr-defined]
                from portal import schema
                from portal.database import db

                schema.upgrade(app)  # type: ignore[arg-type]
                data.fill(count)
                service_data.fill(count)
                db.session.remove()
                db.engine.dispose()
            yield url
        return
    kept = data.build_sqlite(count, BUILD, make_app)
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        copy = Path(folder) / "portal.sqlite3"
        shutil.copyfile(kept, copy)
        app = make_app(f"sqlite:///{copy}")
        with app.app_context():  # type: ignore[attr-defined]
            from portal.database import db

            service_data.fill(count)
            db.session.remove()
            db.engine.dispose()
        yield f"sqlite:///{copy}"


def main() -> int:
    """Measure everything, print it and write `build/bench.json`; 1 when a target is missed."""
    kind = os.environ.get("DATABASE", "sqlite")
    count = int(os.environ.get("CUSTOMERS", "1000000"))
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench-instance").mkdir(exist_ok=True)
    report = Report(kind)
    print(f"{kind}, {count:,} customers, {os.cpu_count()} cores. Value, floor, ratio, target; CPU is the server's own.")
    start = time.perf_counter()
    with office(kind, count) as url, tempfile.TemporaryDirectory(dir=BUILD) as instance:
        print(f"  data ready after {time.perf_counter() - start:.0f} s")
        begin = time.perf_counter()
        with serve(url, Path(instance)) as server:
            report.add(
                Figure("start to first answer", time.perf_counter() - begin, "s", libraries(), 3.0, note="floor: importing the libraries")
            )
            pages.reading(server, report, count)
            service_pages.reading(server, report)
            gift_pages.reading(server, report)
            if count > SMALL:
                with office(kind, SMALL) as few, tempfile.TemporaryDirectory(dir=BUILD) as beside, serve(few, Path(beside)) as small:
                    pages.growth(server, small, report, (count, SMALL))
            pages.writing(server, report, count)
            uploads.uploads(server, report, Path(instance))
            pages.together(server, report)
            report.add(Figure("memory of the web process (PSS)", server.memory(web=True), "MB", None, 250))
            report.add(Figure("memory of its worker and press (PSS)", server.memory(web=False), "MB"))
        jobs.escalation(url, Path(instance), report)
        jobs.exchange(url, Path(instance), report)
        binding.binding(url, Path(instance), report)
    sheets.one_form(report)
    report.save(BUILD / "bench.json")
    missed = [figure.name for figure in report.figures if figure.ok is False]
    print(
        f"\n{len(missed)} of {sum(one.ok is not None for one in report.figures)} targets missed"
        + (": " + "; ".join(missed) if missed else "")
    )
    return 1 if missed else 0


def libraries() -> float:
    """Return the seconds that importing the libraries alone takes."""
    start = time.perf_counter()
    modules = "flask, flask_sqlalchemy, flask_login, flask_wtf, flask_babel, weasyprint, argon2, PIL, phonenumbers, waitress, huey"
    subprocess.run([sys.executable, "-c", f"import {modules}"], check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main())
