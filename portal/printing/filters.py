"""The filters of a list in words, as its sheet says them: 'Team: North; With overdue tasks'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portal.database import db
from portal.models.customer import Customer
from portal.models.list_query import ListQuery
from portal.models.staff import Staff
from portal.models.team import Team
from portal.printing.labels import Labels

_RECORDS: dict[str, Any] = {"team": Team, "author": Staff, "customer": Customer}


def in_words(words: Mapping[str, Mapping[str, str]]) -> Callable[[Staff, ListQuery, Labels], str]:
    """Return what says the filters that a query sets: a switch by its title, a record by its name, a code by its title in `words`."""

    def say(user: Staff, query: ListQuery, labels: Labels) -> str:
        colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
        said = []
        for name, value in query.filters.items():
            title = labels(query.FILTERS[name]).text
            said.append(title if name in query.SWITCHES else f"{title}{colon}{_value(user, name, value, words, labels)}")
        return semicolon.join(said)

    return say


def _value(user: Staff, name: str, value: str, words: Mapping[str, Mapping[str, str]], labels: Labels) -> str:
    if name in words:
        return labels(words[name][value]).text
    return named(user, _RECORDS[name], value) if name in _RECORDS else value


def named(user: Staff, model: Any, number: str | int) -> str:
    """Return what a record is called for `user`: of one that they do not see, or that is gone, the number that was asked for (RO-1)."""
    found = db.session.scalar(model.visible_to(user).where(model.id == int(number)))
    said = next((getattr(found, name) for name in ("full_name", "title", "label", "name") if hasattr(found, name)), number)
    return str(said)
