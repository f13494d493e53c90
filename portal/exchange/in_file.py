"""What the check remembers of the rows further up in a file: a customer may stand in several (AR-40)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from portal.exchange.customer_rows import Record


class InFile:
    """Which customers of the file were seen further up, by row: a few figures each, because files are long."""

    def __init__(self) -> None:
        # By the hash of a key, which takes a quarter of the memory; two of a million keys have the same once in 30 million files.
        self.places: dict[int, int] = {}
        self.like: dict[int, int] = {}
        self.rows = array("q")
        self.cards = array("q")
        self.outcomes = bytearray()
        self.before: Record | None = None

    def find(self, keys: Iterable[str]) -> int | None:
        """Return the place of an earlier row of the same customer."""
        return next((place for key in keys if (place := self.places.get(hash(key))) is not None), None)

    def add(self, record: Record, keys: list[str], outcome: str) -> None:
        """Remember a customer's first row."""
        place = len(self.rows)
        self.rows.append(record.row)
        self.cards.append(fingerprint(record))
        self.outcomes.append({"new": 1, "update": 2, "unchanged": 2, "refused": 0}[outcome])
        for key in keys:
            self.places.setdefault(hash(key), place)
        self.before = record


def fingerprint(record: Record) -> int:
    """Return one figure for what the row says of the customer itself."""
    return hash(tuple(record.card.items()))
