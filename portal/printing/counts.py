"""'Explain this deadline' on paper (SV-4): a count of working time as plain data of a form, and the same in the words of a sheet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portal import clock
from portal.printing.labels import Labels
from portal.rules.message import Message, revived, stored
from portal.rules.working_time import Count, amount


def as_data(count: Count) -> dict[str, Any]:
    """Return a count as plain JSON that a form keeps: {"start", "end", "total", "days": […]}; `in_words` makes it ready to print."""
    return {
        "start": _said(count.start),
        "end": _said(count.end),
        "total": _kept(amount(count.total)),
        "days": [
            {
                "day": one.day.isoformat(),
                "weekday": one.weekday,
                "why": _kept(one.why),
                "times": ", ".join(f"{opening:%H:%M}–{closing:%H:%M}" for opening, closing in one.spans),
                "counted": _kept(amount(one.counted)) if one.counted else "–",
                "total": _kept(amount(one.total)),
            }
            for one in count.days
        ],
    }


def in_words(data: dict[str, Any], labels: Labels) -> None:
    """Put what `as_data` kept into the words of a sheet, in place; `m.count_table` of `print/macros.html` prints it."""
    data["total"] = _word(data["total"], labels)
    for row in data["days"]:
        row["weekday"] = labels(row["weekday"])
        for name in ("why", "counted", "total"):
            row[name] = _word(row[name], labels)


def _said(moment: Any) -> str:
    return clock.local(moment).isoformat(" ")[:16] if isinstance(moment, datetime) else moment.isoformat()


def _kept(message: Message) -> dict[str, Any]:
    return {"message": message.text, "params": stored(message.params)}


def _word(kept: Any, labels: Labels) -> Any:
    return labels(kept["message"], **revived(kept["params"])) if isinstance(kept, dict) else kept
