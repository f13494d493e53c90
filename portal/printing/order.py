"""What is asked of the press and what it answers: plain data, known to the portal and to the process that prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from portal.rules.message import Refusal


@dataclass(frozen=True)
class Order:
    """A sheet to be printed. `assets` are the pictures that its HTML names as `asset:<name>`; `created` has its zone."""

    html: str
    lang: str
    title: str
    author: str
    assets: dict[str, bytes] = field(default_factory=dict)
    created: datetime | None = None


@dataclass(frozen=True)
class Glance:
    """A page of a filed file to be looked at as a picture: `page` from 1, `width` in pixels."""

    content: bytes
    media_type: str
    page: int
    width: int


@dataclass(frozen=True)
class Pile:
    """Sheets that are laid out each by itself and written as one file, whose fonts they share: half the work of one by one (PR-7)."""

    orders: tuple[Order, ...]


@dataclass(frozen=True)
class Pdf:
    """A printed sheet: its file, and how many pages it has."""

    content: bytes
    pages: int


@dataclass(frozen=True)
class Piled:
    """A printed pile: its file, and how many pages each sheet has."""

    content: bytes
    each: list[int]


class MissingGlyph(Refusal):
    """A character that no installed font can draw; printing it as an empty box would falsify a name (PR-3)."""


class ForbiddenAddressError(ValueError):
    """A sheet asked for an address that is neither one of our print stylesheets nor an asset given with it."""


class PrintingFailed(Refusal):
    """The press stopped twice on one sheet, or everybody else's sheets kept it too long. Nothing was printed."""
