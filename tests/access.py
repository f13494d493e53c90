"""Who gets which answer from which route.

Each area lists its routes in `tests/pages/access_<area>.py` as `ROWS`; `test_access.py` tries them all.

A row's `url` is formatted with the ids that `prepare` returns. The world: `customer` is in the charge of rep1 (team 1).
Answers are HTTP status codes; a set means any of them. 303 for anonymous visitors is the way to the sign-in page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """One route and method, and what each of the cast gets. `owner` rep1, `colleague` rep2 (same team), `stranger` rep3 (other team)."""

    endpoint: str
    url: str
    method: str = "GET"
    data: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[], dict[str, Any]] | None = None
    anonymous: int = 303
    owner: int = 200
    colleague: int = 404
    stranger: int = 404
    supervisor: int = 200
    other_supervisor: int = 404
    manager: int = 200

    def expected(self) -> dict[str, int]:
        """Return the answer for each account."""
        return {
            "": self.anonymous,
            "rep1": self.owner,
            "rep2": self.colleague,
            "rep3": self.stranger,
            "sup1": self.supervisor,
            "sup2": self.other_supervisor,
            "mgr1": self.manager,
        }


def everyone(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page that every signed-in person has."""
    return Row(
        endpoint,
        url,
        method,
        owner=status,
        colleague=status,
        stranger=status,
        supervisor=status,
        other_supervisor=status,
        manager=status,
        **values,
    )


def managers(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page that only managers have; the others may not."""
    return Row(
        endpoint, url, method, owner=403, colleague=403, stranger=403, supervisor=403, other_supervisor=403, manager=status, **values
    )
