"""Asks the process that binds PDFs (`binding`): what is filed is opened there, not in the portal."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from portal.printing.press import ROOT, surroundings
from portal.rules.message import Refusal

SECONDS = 3600
"""So long binding may take: two thousand documents take some minutes."""


def bind(asked: dict[str, Any], tell: Callable[[int], None] | None = None) -> list[dict[str, Any]]:
    """Return what `binding` says of each step, of {"do": "count" or "bind", …}; `tell` hears how many steps there were.

    Raises `Refusal` where the process fails or takes too long; nothing is bound then.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.printing.binding"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=surroundings(),
        start_new_session=True,
    )
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101
    watch = threading.Timer(SECONDS, process.kill)
    watch.daemon = True
    watch.start()
    steps: list[dict[str, Any]] = []
    try:
        with process.stdin as question:
            question.write(json.dumps(asked).encode())
        for line in process.stdout:
            steps.append(json.loads(line))
            if tell is not None:
                tell(len(steps))
        if process.wait() != 0:
            raise Refusal("The PDF could not be bound. Try again; if it fails again, tell those who run the portal.")
    finally:
        watch.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
    return steps
