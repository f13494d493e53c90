"""What a reader asks of a list: a query that an address says, its filters declared. `newest_first.py` and other lists answer it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, Self

from portal.rules.text import clean_line

MOST_DIGITS = 9
SET = "1"


@dataclass(frozen=True)
class ListQuery:
    """What a reader asks of a list; its address says the same. A list with a tab or an order of its own adds it as a field."""

    FILTERS: ClassVar[dict[str, str]] = {}
    """Names of filters and their English titles."""
    KNOWN: ClassVar[Mapping[str, Collection[str]]] = {}
    """Of those that choose among a few codes, the codes."""
    NUMBERS: ClassVar[tuple[str, ...]] = ()
    DAYS: ClassVar[tuple[str, ...]] = ()
    SWITCHES: ClassVar[tuple[str, ...]] = ()
    """Those that are set or not, whatever an address says of them."""
    LONGEST: ClassVar[int] = 80
    """So many characters of a filter are read."""
    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Self:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        return cls(filters=cls.filters_of(args))

    @classmethod
    def filters_of(cls, args: Mapping[str, str]) -> dict[str, str]:
        """Return the filters that an address says rightly."""
        found = {name: text for name in cls.FILTERS if (text := clean_line(args.get(name, ""))[: cls.LONGEST])}
        wrong = {name for name, known in cls.KNOWN.items() if name in found and found[name] not in known}
        wrong |= {name for name in cls.NUMBERS if name in found and not is_number(found[name])}
        wrong |= {name for name in cls.DAYS if name in found and day_of(found[name]) is None}
        return {name: SET if name in cls.SWITCHES else text for name, text in found.items() if name not in wrong}

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return dict(self.filters)

    def without(self, name: str) -> Self:
        """Return the query without one filter."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})

    def number(self, name: str) -> int | None:
        """Return the number that a filter says, None where it is not set."""
        return int(self.filters[name]) if name in self.filters else None

    def day(self, name: str) -> date | None:
        """Return the day that a filter says, None where it is not set."""
        return day_of(self.filters[name]) if name in self.filters else None


def is_number(text: str) -> bool:
    """Return whether a text is a number that a record can have."""
    return text.isdecimal() and len(text) <= MOST_DIGITS


def day_of(text: str) -> date | None:
    """Return the day that a text says, None for none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
