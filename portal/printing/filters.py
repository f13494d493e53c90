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


def in_words(words: Mapping[str, Mapping[str, str]]) -> Callable[[ListQuery, Labels], str]:
    """Return what says the filters that a query sets: a switch by its title, a record by its name, a code by its title in `words`."""

    def say(query: ListQuery, labels: Labels) -> str:
        colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
        said = []
        for name, value in query.filters.items():
            title = labels(query.FILTERS[name]).text
            said.append(title if name in query.SWITCHES else f"{title}{colon}{_value(name, value, words, labels)}")
        return semicolon.join(said)

    return say


def _value(name: str, value: str, words: Mapping[str, Mapping[str, str]], labels: Labels) -> str:
    if name in words:
        return labels(words[name][value]).text
    record: Any = db.session.get(_RECORDS[name], int(value)) if name in _RECORDS else None
    if record is None:
        return value
    return str(record.full_name if name == "customer" else record.name)
