"""In which languages a walk is taken: in one, which `EVERY_PAGE=both` makes both. Pages are looked at in `test_pages_everywhere.py`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

Way = TypeVar("Way")
BOTH = os.environ.get("EVERY_PAGE") == "both"


def one_of(ways: Sequence[Way], here: int) -> list[Way]:
    """Return the way of that place, or all of them where both languages are asked for."""
    return list(ways) if BOTH else [ways[here]]
