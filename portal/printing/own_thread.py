"""pyHanko starts an event loop for each signature: in a thread of its own there never is one already."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def in_own_thread(work: Callable[[], Result]) -> Result:
    """Return what `work` returns, or raise what it raises. The work must not touch the database's session."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
