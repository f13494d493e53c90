"""Language of a sheet (PR-10): Chinese, English, or both in parallel, from one English message id.

Templates write `{{ _("Legal representative") }}`; the portal passes in how a message id becomes text of a locale, so that
nothing here knows Flask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup, escape

from portal.rules.message import Message

Language = Literal["zh", "en", "both"]
Translator = Callable[[str, str], str]

LANGUAGES: tuple[Language, ...] = ("zh", "en", "both")
CHINESE = "zh_Hans_CN"
ENGLISH = "en"


def html_lang(language: Language) -> str:
    """Return the BCP 47 tag of a sheet's main language: a sheet in both languages is a Chinese sheet with English beside."""
    return "en" if language == "en" else "zh-CN"


@dataclass(frozen=True)
class Label:
    """A text of the form itself: one language, or Chinese with English in small under it."""

    text: str
    lang: str
    english: str = ""

    def __html__(self) -> str:
        """Return the label as safe HTML; in both languages two spans that the stylesheet puts one over the other."""
        if not self.english:
            return str(escape(self.text))
        return str(Markup('<span class="s-zh">{}</span> <span class="s-en" lang="en">{}</span>').format(self.text, self.english))

    def __str__(self) -> str:
        """Return the label as plain text, for attributes and titles."""
        return f"{self.text} {self.english}".rstrip()


class Labels:
    """Makes the labels of one sheet. Called with an English message id, as `gettext` is, so that the extractor finds it."""

    def __init__(self, language: Language, translate: Translator) -> None:
        """`translate(message_id, locale)` gives the text of `zh_Hans_CN` or `en`. Raises ValueError for an unknown language."""
        if language not in LANGUAGES:
            raise ValueError(f"unknown language of a sheet: {language!r}")
        self.language = language
        self._translate = translate

    def __call__(self, message_id: str, /, **params: Any) -> Label:
        """Return the label of `message_id`, its `%(name)s` places filled from `params`, messages and labels in each language (PR-10)."""
        if self.language == "en":
            return Label(self._in(ENGLISH, message_id, params), "en")
        return self.named(self._in(CHINESE, message_id, params), self._in(ENGLISH, message_id, params))

    def named(self, chinese: str, english: str) -> Label:
        """Return the label of something that has a name in both languages, such as a choice of the site; a missing one is the other."""
        if self.language == "en":
            return Label(english or chinese, "en")
        beside = english if self.language == "both" and english != chinese else ""
        return Label(chinese or english, "zh-CN", beside)

    def _in(self, locale: str, message_id: str, params: dict[str, Any]) -> str:
        text = self._translate(message_id, locale)
        filled = {name: self._said(locale, value) for name, value in params.items()}
        return text % filled if filled else text

    def _said(self, locale: str, value: Any) -> Any:
        if isinstance(value, Message):
            return self._in(locale, value.text, value.params)
        if isinstance(value, Label):
            return value.english or value.text if locale == ENGLISH else value.text
        return value
