"""Two people edit one record at once: what each changed, so that the second sees it and chooses (AR-4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.models.card import Field


@dataclass(frozen=True)
class Clash:
    """A field that somebody else changed since the form was opened, in plain data (`Field.text`)."""

    field: Field
    before: Any
    theirs: Any
    yours: Any

    @property
    def both(self) -> bool:
        """Return whether both changed it, to different values."""
        return self.yours not in (self.before, self.theirs)


def clashes(fields: Iterable[Field], before: Mapping[str, Any], theirs: Mapping[str, Any], yours: Mapping[str, Any]) -> list[Clash]:
    """Return the fields that differ between `before` (when the form was opened) and `theirs` (stored now).

    A field that both changed to the same value is none. A field missing in `before` was not shown and cannot clash.
    """
    return [
        Clash(field, before[field.name], theirs[field.name], yours[field.name])
        for field in fields
        if field.name in before and before[field.name] != theirs[field.name] != yours[field.name]
    ]
