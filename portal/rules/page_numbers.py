"""Running page numbers of what is bound together: which pages each document has (PR-6)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, pairwise


def page_runs(counts: Iterable[int], start: int = 1) -> list[tuple[int, int]]:
    """Return first and last page of each document, from how many pages each has. Raises ValueError for one without a page."""
    pages = list(counts)
    if any(count < 1 for count in pages):
        raise ValueError("what is bound has at least its interleaf")
    ends = list(accumulate(pages, initial=start - 1))
    return [(before + 1, last) for before, last in pairwise(ends)]


def shown_run(first: int, last: int) -> str:
    """Return the pages of a document as they stand in a contents list: `7` or `7-12`."""
    return str(first) if first == last else f"{first}-{last}"
