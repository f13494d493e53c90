"""Logs: one line of JSON a thing, no line breaks inside, no personal content."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask

_ROW = re.compile(r"\nDETAIL:.*?(?=\n\[SQL:|\n\nThe above exception|\n\nDuring handling|\Z)", re.DOTALL)
"""What PostgreSQL says of the row that it refuses: the values in it."""


def without_rows(_logger: Any, _name: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return a log entry whose traceback says what the database refused, and not what stood in the row."""
    if isinstance(entry.get("exception"), str):
        entry["exception"] = _ROW.sub("", entry["exception"])
    return entry


class _OfLibraries(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes what libraries have to say (the queue, the web framework) as lines of the same kind."""


def _ended(*first: structlog.typing.Processor) -> list[structlog.typing.Processor]:
    """Return the steps that make a line of an entry, after `first`."""
    return [
        *first,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        without_rows,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def init_app(app: Flask) -> None:
    """Set logs up for this process: our own, and those of libraries."""
    root, of_libraries = logging.getLogger(), _OfLibraries(sys.stderr)
    known, formatter = (structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name), structlog.stdlib.ProcessorFormatter
    of_libraries.setFormatter(formatter(foreign_pre_chain=known, processors=_ended(formatter.remove_processors_meta)))
    for kept in [one for one in root.handlers if isinstance(one, _OfLibraries)]:
        root.removeHandler(kept)
    root.addHandler(of_libraries)
    app.log_exception = lambda exc_info: None  # type: ignore[method-assign]  # errors.py says it, without what stood in the row
    structlog.configure(
        processors=_ended(structlog.contextvars.merge_contextvars, structlog.processors.add_log_level),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
