"""Lists as files: CSV as it is read, or a spreadsheet; the log says who took which (AR-41)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Response, request, stream_with_context

from portal import clock
from portal.database import write_apart
from portal.downloads import disposition
from portal.exchange.writing import XLSX, iter_csv, write_xlsx
from portal.models import audit
from portal.sessions import me


def answer(title: str, heads: list[str], rows: Iterable[list[Any]], *, what: str, filters: dict[str, str]) -> Response:
    """Return a list as the file that the address asks for: `format=csv`, else a spreadsheet."""
    kind = "csv" if request.args.get("format") == "csv" else "xlsx"
    actor = me()
    with write_apart() as session:
        audit.write("export", "exported", actor=actor, label=title, session=session, what=what, filters=filters, format=kind)
    if kind == "csv":
        response = Response(stream_with_context(iter_csv(heads, rows)), mimetype="text/csv")
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "list.xlsx"
            write_xlsx(path, heads, rows, title)
            response = Response(path.read_bytes(), mimetype=XLSX)
    response.headers["Content-Disposition"] = disposition(f"{title}-{clock.today():%Y%m%d}.{kind}")
    response.headers["Cache-Control"] = "no-store"
    return response
