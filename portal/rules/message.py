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


@dataclass(frozen=True)
class Named:
    """A figure of a message that has a name in each language: a thing that the site has named itself, such as a room."""

    zh: str
    en: str

    def __str__(self) -> str:
        """Return the English name, for logs."""
        return self.en


def stored(params: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a message as plain JSON, messages and names in two languages included; `revived` gives them back."""
    return {name: _plain(value) for name, value in params.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return {"message": value.text, "params": stored(value.params)}
    return {"zh": value.zh, "en": value.en} if isinstance(value, Named) else value


def revived(params: dict[str, Any]) -> dict[str, Any]:
    """Return figures that `stored` has made plain, with the messages and names among them."""
    return {name: _living(value) for name, value in params.items()}


def _living(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "message" in value:
        return Message(value["message"], revived(value.get("params", {})))
    return Named(value["zh"], value["en"]) if value.keys() == {"zh", "en"} else value


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A rule says no. Carries the `Message` to show and, where there is one, the name of the field it belongs to."""

    def __init__(self, text: str, *, field: str | None = None, **params: Any) -> None:
        self.message = Message(text, params)
        self.field = field
        super().__init__(str(self.message))

    def at(self, field: str | None) -> Refusal:
        """Return the same refusal for the field `field`: who asks a rule knows in which field the answer was typed."""
        return Refusal(self.message.text, field=field, **self.message.params)
