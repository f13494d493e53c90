"""What the lists of gifts have in common: a query that an address says, its filters declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar

from portal.rules.text import clean_line


@dataclass(frozen=True)
class ListQuery:
    """What a reader asks of a list; its address says the same."""

    FILTERS: ClassVar[dict[str, str]] = {}
    """Names of filters and their English titles."""
    KNOWN: ClassVar[dict[str, Mapping[str, str]]] = {}
    """Of those that choose among a few codes, the codes and their English titles."""
    NUMBERS: ClassVar[tuple[str, ...]] = ("supplier",)
    DAYS: ClassVar[tuple[str, ...]] = ()
    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Any:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        found = {name: text for name in cls.FILTERS if (text := clean_line(args.get(name, ""))[:80])}
        wrong = [name for name, known in cls.KNOWN.items() if name in found and found[name] not in known]
        wrong += [name for name in cls.NUMBERS if name in found and (not found[name].isdecimal() or len(found[name]) > 9)]
        wrong += [name for name in cls.DAYS if name in found and day_of(found[name]) is None]
        return cls({name: text for name, text in found.items() if name not in wrong})

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return dict(self.filters)

    def without(self, name: str) -> Any:
        """Return the query without one filter."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})

    def number(self, name: str) -> int | None:
        """Return the number that a filter says, None where it is not set."""
        return int(self.filters[name]) if name in self.filters else None


def day_of(text: str) -> date | None:
    """Return the day that a text says, None for none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
