"""The rail and the menu 'New': the areas by what they serve, each with the count that matters.

A blueprint adds its own once, with `area` and `creation`; the order of an area says in which group it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, request
from flask_login import current_user

from portal.permissions import Permission
from portal.rules.message import N_

GROUPS = (
    (0, ""),
    (20, N_("Archives")),
    (30, N_("Service")),
    (40, N_("Relations")),
    (50, N_("Figures")),
    (60, N_("Administration")),
)
"""Headings of the rail, each from an order on; what everybody begins with has none."""


@dataclass(frozen=True)
class Area:
    """A place in the rail. `count` gives the figure behind it for a reader, or None for no figure."""

    order: int
    endpoint: str
    title: str
    icon: str
    permission: Permission
    count: Callable[[Any], int] | None = None
    prefixes: tuple[str, ...] = ()
    """Endpoint prefixes that belong to the area, so that it is marked as the current place."""
    key: str = ""
    """The letter that, after `g`, leads here from the keyboard."""
    short: str = ""
    """The title where there is little room: under the thumb, on a telephone."""

    @property
    def group(self) -> str:
        """Return the English heading under which it stands."""
        return [title for begins, title in GROUPS if begins <= self.order][-1]

    @property
    def current(self) -> bool:
        """Return whether the reader is here."""
        endpoint = request.endpoint or ""
        return endpoint == self.endpoint or any(endpoint.startswith(prefix) for prefix in self.prefixes)


@dataclass(frozen=True)
class Creation:
    """Something that can be begun from anywhere, by the menu 'New'."""

    order: int
    endpoint: str
    title: str
    permission: Permission
    key: str = ""
    """The key that begins it from any page, when nobody types."""


_areas: list[Area] = []
_creations: list[Creation] = []


def area(**values: Any) -> None:
    """Add an area to the rail; called once by the blueprint that has it."""
    entry = Area(**values)
    if entry not in _areas:
        _areas.append(entry)
        _areas.sort(key=lambda one: one.order)


def creation(**values: Any) -> None:
    """Add an entry to the menu 'New'; called once by the blueprint that has its form."""
    entry = Creation(**values)
    if entry not in _creations:
        _creations.append(entry)
        _creations.sort(key=lambda one: one.order)


def init_app(app: Flask) -> None:
    """Give templates the rail and the menu 'New' of the reader."""

    @app.context_processor
    def rail() -> dict[str, Any]:
        reader = current_user._get_current_object() if current_user else None
        if reader is None or not reader.is_authenticated:
            return {"rail": [], "creations": []}
        return {
            "rail": [one for one in _areas if reader.may(one.permission)],
            "creations": [one for one in _creations if reader.may(one.permission)],
        }
