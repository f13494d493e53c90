"""Language: Chinese first, English second. Texts are English message ids; what people enter is never translated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from babel.support import NullTranslations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Domain, force_locale, get_locale, gettext
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from portal.extensions import babel
from portal.rules.message import Message, Named

LANGUAGES = {"zh_Hans_CN": "中文", "en": "English"}


def choose_locale() -> str:
    """Return the reader's language: chosen on the page, else their account's, else the site's (Babel's own name, `zh_Hans_CN`)."""
    if has_request_context():
        chosen = request.cookies.get("language", "")
        if current_user and current_user.is_authenticated:
            return str(current_user.language)
        if chosen in LANGUAGES:
            return chosen
    return str(current_app.config["BABEL_DEFAULT_LOCALE"])


class Speech(NamedTuple):
    """What is spoken for a while: the locale, its texts, and whether it is Chinese."""

    locale: Any
    texts: NullTranslations
    chinese: bool
    said: dict[str, Markup]
    """Texts as pages have them, once they were asked for."""


class Catalogues(Domain):
    """Flask-Babel's way to the texts, shorter: asking for the locale with each text of a page costs more than finding the text."""

    def __init__(self) -> None:
        super().__init__()
        self._of: dict[str, Speech] = {}

    def speech(self) -> Speech:
        """Return what is spoken at this moment: noted beside the locale that Flask-Babel has for the request, as long as that stays."""
        try:
            state: Any = g._flask_babel
            found: Speech = state.speech
            if found.locale is state.babel_locale:
                return found
        except (AttributeError, RuntimeError):  # not asked yet, or outside of every request and job
            pass
        locale = get_locale()
        if locale is None:
            return Speech(None, NullTranslations(), False, {})
        known = self._of.get(locale.language)
        if known is None:
            known = self._of[locale.language] = Speech(locale, super().get_translations(), locale.language == "zh", {})
        g._flask_babel.speech = found = known._replace(locale=locale)
        return found

    def get_translations(self) -> NullTranslations:
        """Return the catalogue of the present language."""
        return self.speech().texts


catalogues = Catalogues()


def is_chinese() -> bool:
    """Return whether the page is in Chinese."""
    return catalogues.speech().chinese


@pass_eval_context
def _text_of_page(page: EvalContext, text: str, **figures: Any) -> str:
    """Return a text of a template in the reader's language: what `_` is in templates, figures in it escaped as everywhere on a page."""
    speech = catalogues.speech()
    said: str | None = speech.said.get(text)
    if said is None:
        said = speech.said[text] = Markup(speech.texts.gettext(text))  # noqa: S704 - texts of the portal, not what people enter
    if not page.autoescape:
        said = str(said)
    return said % figures if "%" in said else said


def init_app(app: Flask) -> None:
    """Have texts looked for in the catalogues, and give templates `_`."""
    babel.domain_instance = catalogues
    app.jinja_env.globals["_"] = _text_of_page


def html_lang() -> str:
    """Return the `lang` attribute of the page."""
    return "zh-CN" if is_chinese() else "en"


def translate(message: Message | str | None) -> str:
    """Return a rule's message in the reader's language, its figures too where they are messages or have a name in each language."""
    if message is None:
        return ""
    if isinstance(message, str):
        return str(gettext(message)) if message else ""
    params = {key: _said(value) for key, value in message.params.items()}
    return str(gettext(message.text, **params)) if params else str(gettext(message.text))


def _said(figure: Any) -> Any:
    if isinstance(figure, Message):
        return translate(figure)
    return (figure.zh if is_chinese() else figure.en) if isinstance(figure, Named) else figure


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Speak `language` inside the block: for mails and sheets."""
    with force_locale(language):
        yield


def of_choice(choice: dict[str, Any]) -> str:
    """Return the name of a site's choice in the reader's language."""
    return str(choice["zh"] if is_chinese() else choice["en"])
