"""Messages of the rules: an English text with figures, translated only where it is shown.

Rules and models know neither the reader's language nor Flask. They raise or return a `Message`; pages, jobs and
sheets translate it with `portal.i18n.translate`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def N_(text: str) -> str:  # noqa: N802 - the customary name for "mark for translation"
    """Return `text` unchanged; marks it for the message extractor."""
    return text


@dataclass(frozen=True)
class Message:
    """An English message id with `%(name)s` places and the figures that fill them."""

    text: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the English text with its figures, for logs."""
        return self.text % self.params if self.params else self.text


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A rule says no. Carries the `Message` to show and, where there is one, the name of the field it belongs to."""

    def __init__(self, text: str, *, field: str | None = None, **params: Any) -> None:
        self.message = Message(text, params)
        self.field = field
        super().__init__(str(self.message))
