"""Template filters and globals: dates, moments, money, choices, messages. Dates are 2026-03-05 in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask

from portal import clock, config, htmx
from portal.i18n import LANGUAGES, catalogues, html_lang, is_chinese, of_choice, translate
from portal.models.dossier_completeness import register_of
from portal.models.standard import value as standard
from portal.models.standard import why
from portal.permissions import Permission, Role
from portal.rules.credit import use_of
from portal.rules.grading import shown
from portal.rules.identifiers import dialled
from portal.rules.regions import address_of
from portal.rules.working_time import amount


def day(value: date | datetime | None) -> str:
    """Return 2026-03-05, or nothing."""
    if value is None:
        return ""
    return (clock.local(value).date() if isinstance(value, datetime) else value).isoformat()


def moment(value: datetime | None, seconds: bool = False) -> str:
    """Return 2026-03-05 14:07 in the site's time, or nothing."""
    return "" if value is None else clock.local(value).isoformat(" ", "seconds")[: 19 if seconds else 16]


def yuan(value: Decimal | None) -> str:
    """Return 1,234.50, or nothing."""
    return "" if value is None else f"{value:,.2f}"


def points(value: Decimal | None) -> str:
    """Return points of a grading without zeros at their end: 82.35."""
    return shown(value)


def worktime(value: timedelta | int) -> str:
    """Return office time as 3 h 30 min, or a number of working days, in the reader's language (SV-4)."""
    return translate(amount(value))


def choice(code: str, name: str) -> str:
    """Return the name of a choice's code in the reader's language; a code that is no longer listed stays as it is."""
    if not code:
        return ""
    for entry in standard(f"choices.{name}"):
        if entry["code"] == code:
            return of_choice(entry)
    return code


def colon() -> str:
    """Return the colon between a title and what it says, as the reader's language writes it."""
    return "：" if is_chinese() else ": "


def semicolon() -> str:
    """Return what stands between the entries of a line, as the reader's language writes it."""
    return "；" if is_chinese() else "; "


def bracketed(text: object) -> str:
    """Return what is added to a name in brackets, with the space before them where the reader's language has one."""
    return f"（{text}）" if is_chinese() else f" ({text})"


def options(words: dict[str, Any] | Iterable[Any]) -> list[tuple[str, str]]:
    """Return what a select offers, as (code, text in the reader's language).

    `words` is a dict of codes to message ids, to tuples that begin with one, or to names in two languages; or a list: of (code, text),
    the text as it is; of choices of the site; of records with a name (teams) or a name in each language (rooms); of codes that say
    themselves what they are.
    """
    if isinstance(words, dict):
        say = catalogues.get_translations().gettext
        meanings = [(code, meaning[0] if isinstance(meaning, tuple) else meaning) for code, meaning in words.items()]
        return [(str(code), say(meaning) if isinstance(meaning, str) else _name(meaning)) for code, meaning in meanings]
    return [_option(one) for one in words]


def _option(one: Any) -> tuple[str, str]:
    if isinstance(one, str | int):
        return str(one), str(one)
    if isinstance(one, dict):
        return one["code"], of_choice(one)
    if isinstance(one, Sequence):
        return str(one[0]), one[1]
    return str(one.id), _name(one)


def _name(one: Any) -> str:
    if isinstance(one, dict):
        return of_choice(one)
    return str(one.name if hasattr(one, "name") else one.zh if is_chinese() else one.en)


def required_kind(code: str) -> str:
    """Return the name of what a rule requires in a dossier: a kind of document, or an office register by its switch (AR-8)."""
    register = register_of(code)
    return translate(register.title) if register else choice(code, "document_kind")


def init_app(app: Flask) -> None:
    """Register them."""
    app.jinja_env.filters.update(day=day, moment=moment, yuan=yuan, points=points, credit_use=use_of)
    app.jinja_env.filters.update(choice=choice, options=options, translate=translate, required_kind=required_kind, worktime=worktime)
    app.jinja_env.filters.update(address=address_of, dial=dialled)
    app.jinja_env.globals.update(
        colon=colon,
        semicolon=semicolon,
        bracketed=bracketed,
        Permission=Permission,
        Role=Role,
        LANGUAGES=LANGUAGES,
        html_lang=html_lang,
        is_chinese=is_chinese,
        now=clock.now,
        today=clock.today,
        HTMX_VERSION=config.HTMX_VERSION,
        HTMX_URL=config.HTMX_URL,
        HTMX_INTEGRITY=config.HTMX_INTEGRITY,
        wants_fragment=htmx.wants_fragment,
        standard=standard,
        why_of=why,
    )

    @app.context_processor
    def figures() -> dict[str, Any]:
        return {"site_name": app.config["SITE_NAME"]}
