"""What the forms of call-backs send, and who reads."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from flask import request

from portal import clock
from portal.i18n import translate
from portal.models.callback import Callback, CallSheet
from portal.models.standard import value as standard
from portal.rules.dates import parse_date
from portal.rules.message import Refusal
from portal.rules.text import clean, clean_line


def purposes(also: str = "") -> list[dict[str, Any]]:
    """Return the purposes that can be chosen, and `also` one that a call has already."""
    return [one for one in standard("choices.callback_purpose") if one["active"] or one["code"] == also]


def version() -> int:
    """Return the version of the record that the form was made of."""
    return request.form.get("version", 0, int)


def line(name: str) -> str:
    """Return a field of one line, cleaned."""
    return clean_line(request.form.get(name, ""))


def day(name: str) -> date | None:
    """Return a day that was sent, None for none. Raises `Refusal` with the field."""
    text = line(name)
    try:
        return parse_date(text) if text else None
    except Refusal as refusal:
        raise refusal.at(name) from refusal


def moment(on: date | None, name: str) -> datetime | None:
    """Return the moment of a day at the hour that was sent, None without an hour. Raises `Refusal` with the field."""
    text = line(name)
    if not text or on is None:
        return None
    try:
        return datetime.combine(on, time.fromisoformat(text), tzinfo=clock.SITE_ZONE)
    except ValueError as error:
        raise Refusal("Enter a time, such as 14:30.", field=name) from error


def sheet(call: Callback) -> CallSheet:
    """Return the sheet of a call as it was sent. Raises `Refusal` with the field."""
    score = line("satisfaction")
    if score and not (score.isdecimal() and len(score) < 3):
        raise Refusal("Satisfaction goes from 1 to 5.", field="satisfaction")
    return CallSheet(
        result=clean(request.form.get("result", "")),
        purpose=line("purpose"),
        opening=clean(request.form.get("opening", "")),
        spoken_with=line("spoken_with")[:100],
        answers=[{**asked, "answer": line(f"answer-{n}")[:500]} for n, asked in enumerate(call.questions)],
        satisfaction=int(score) if score else None,
        next_step=clean(request.form.get("next_step", "")),
        next_on=day("next_on"),
    )


class Wrong:
    """What was refused, for the form to show beside its field, with what was sent."""

    def __init__(self, refusal: Refusal | None = None) -> None:
        self.field = (refusal.field or "") if refusal else ""
        self.text = translate(refusal.message) if refusal else ""
        self.sent = {name: value for name, value in request.form.items() if name != "csrf_token"} if refusal else {}

    def __bool__(self) -> bool:
        """Return whether something was refused."""
        return bool(self.text)
