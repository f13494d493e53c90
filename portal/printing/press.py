"""The presses: processes of their own that make PDFs of sheets (`painting`), so that no web process carries WeasyPrint and its fonts.

A press starts with the first sheet and ends by itself when nothing comes for some minutes. It is given the finished HTML and pictures,
knows no database, session or setting of the portal, and is replaced when it dies or takes too long.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import structlog

from portal.printing.order import ForbiddenAddressError, Glance, MissingGlyph, Order, Pdf, Pile, Piled, PrintingFailed
from portal.rules.message import N_

log = structlog.get_logger()

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 50
"""So long one sheet may take while somebody waits for it; with one more try that is less than a web server's patience."""
LONG_SECONDS = 600
"""So long a list may take that is made in the background."""
TRIES = 2
MOST_SHEETS = 200
"""So many sheets a press prints before another takes its place: what its libraries keep of each is given back."""
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "FONTCONFIG_FILE", "FONTCONFIG_PATH")
"""What a press inherits of the surroundings: nothing secret, and no address of a database."""


def surroundings() -> dict[str, str]:
    """Return the environment of a process that opens or makes files and knows nothing of the portal."""
    return {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"PYTHONPATH": str(ROOT)}


class LostError(Exception):
    """A press died, or was stopped because it took too long."""


class Press:
    """One process that prints one sheet at a time."""

    def __init__(self) -> None:
        self._ours, theirs = Pipe()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "portal.printing.painting", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env=surroundings(),
                start_new_session=True,  # Ctrl+C is for who started it; it ends with them
            )
        self.sheets = 0

    @property
    def alive(self) -> bool:
        """Return whether it has not ended, by itself or otherwise."""
        return self.process.poll() is None

    def answer(self, order: Order | Glance | Pile, seconds: float, tell: Callable[[int], None] | None) -> tuple[dict[str, Any], bytes]:
        """Return what `painting.serve` says of a sheet, and its file. Raises LostError when it dies or takes longer than `seconds`."""
        self.sheets += len(order.orders) if isinstance(order, Pile) else 1
        watch = threading.Timer(seconds, self.process.kill)
        watch.daemon = True
        watch.start()
        try:
            self._ours.send((order, seconds))
            while True:
                said = json.loads(self._ours.recv_bytes())
                if "page" not in said:
                    return said, self._ours.recv_bytes() if "pages" in said else b""
                if tell is not None:
                    tell(said["page"])
        except (EOFError, OSError) as error:
            raise LostError(f"press {self.process.pid} ended with {self.process.wait()}") from error
        finally:
            watch.cancel()

    def end(self) -> None:
        """Stop it, whatever it is doing."""
        self._ours.close()
        self.process.kill()
        self.process.wait()


class Pool:
    """Presses of one portal process, at most `width` at once, started when they are needed. Threads may share it."""

    def __init__(self, width: int = 1) -> None:
        self.width = width
        self._changed = threading.Condition()
        self._idle: list[Press] = []
        self._busy: list[Press] = []

    @property
    def processes(self) -> list[int]:
        """Return the process ids of the presses there are."""
        with self._changed:
            return [press.process.pid for press in (*self._idle, *self._busy) if press.alive]

    def print(self, order: Order, *, seconds: float = SECONDS, tell: Callable[[int], None] | None = None) -> Pdf:
        """Return the PDF of a sheet; `tell` hears the number of each page that is laid out.

        A press that dies, or takes longer than `seconds`, is replaced and the sheet tried once more. Raises MissingGlyph (PR-3),
        ForbiddenAddressError, and PrintingFailed where the second try fails too or no press is free within `seconds`.
        """
        return _result(*self._ask(order, seconds, tell))

    def print_pile(self, pile: Pile, *, seconds: float = SECONDS) -> Piled:
        """Return the PDF of several sheets, each laid out by itself. Raises as `print` does; a MissingGlyph does not say which sheet."""
        said, content = self._ask(pile, seconds, None)
        return Piled(_result(said, content).content, said["each"])

    def picture(self, glance: Glance, *, seconds: float = SECONDS) -> bytes | None:
        """Return a page of a filed file as PNG; None where it cannot be shown. Raises PrintingFailed as `print` does."""
        said, content = self._ask(glance, seconds, None)
        return content or None if "pages" in said else None

    def _ask(self, order: Order | Glance | Pile, seconds: float, tell: Callable[[int], None] | None) -> tuple[dict[str, Any], bytes]:
        for _try in range(TRIES):
            press = self._take(seconds)
            try:
                said, content = press.answer(order, seconds, tell)
            except LostError as lost:
                log.error("printing failed", why=str(lost), order=type(order).__name__)
                self._give_back(press, whole=False)
            except BaseException:
                self._give_back(press, whole=False)
                raise
            else:
                self._give_back(press)
                return said, content
        raise PrintingFailed(
            N_("The sheet could not be made: printing stopped twice. Try again; if it fails again, tell those who run the portal.")
        )

    def _take(self, seconds: float) -> Press:
        until = time.monotonic() + seconds
        with self._changed:
            while not self._idle and len(self._busy) >= self.width:
                if not self._changed.wait(until - time.monotonic()):
                    raise PrintingFailed(N_("Too much is being printed at the moment. Try again in a minute."))
            press = self._idle.pop() if self._idle else Press()
            if not press.alive:
                press.end()
                press = Press()
            self._busy.append(press)
            return press

    def _give_back(self, press: Press, *, whole: bool = True) -> None:
        with self._changed:
            self._busy.remove(press)
            if whole and press.sheets < MOST_SHEETS:
                self._idle.append(press)
            else:
                press.end()
            self._changed.notify()

    def close(self) -> None:
        """End the presses that print nothing just now."""
        with self._changed:
            while self._idle:
                self._idle.pop().end()


def _result(said: dict[str, Any], content: bytes) -> Pdf:
    if "missing" in said:
        raise MissingGlyph("No installed font can print %(characters)s", characters=said["missing"])
    if "forbidden" in said:
        raise ForbiddenAddressError(said["forbidden"])
    return Pdf(content, said["pages"])


POOL = Pool()
"""The presses of this process: one, and in the worker as many as the machine has cores."""
atexit.register(POOL.close)
