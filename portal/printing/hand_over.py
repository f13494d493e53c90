"""The hand-over list 移交清单 on paper: what will be handed over, or what was, with the boxes of all three who sign (RO-4, RO-5)."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.models.hand_over_list import PARTS, Column
from portal.models.hand_over_record import DISCARDED, DONE, PREPARED, HandOver
from portal.models.staff import Staff
from portal.printing import catalogue
from portal.printing.labels import Label, Labels
from portal.printing.papers import Box, Printable, declare
from portal.rules.message import N_, Message, Refusal

SHEET = catalogue.Sheet("hand_over_list", "QMS-PM-31238", N_("Hand-over list"), "hand_over_list.html")
catalogue.SHEETS[SHEET.name] = SHEET
AT_ONCE = 400
"""So many rows print while one waits; more are made in the background."""
MOST = 4000
"""More rows than this are over a hundred sheets of paper and a gigabyte of memory: they are handed over in portions."""
_STATES = {PREPARED: "draft", DONE: "", DISCARDED: "withdrawn"}


def length(record: HandOver) -> int:
    """Return about how many rows the list has: a row of the reviews stands for many customers."""
    return sum(count for name, count in record.figures.items() if name != "reviews")


def _person(staff: Staff | None) -> dict[str, str]:
    if staff is None:
        return {"name": "", "account": "", "team": "", "post": ""}
    return {"name": staff.name, "account": staff.account, "team": staff.team.name if staff.team else "", "post": staff.post}


def _content(record: HandOver) -> dict[str, Any]:
    if length(record) > MOST:
        raise Refusal("A list of more than %(most)s rows is not printed. Hand the customers over in portions.", most=MOST)
    figures = record.figures
    return {
        "hand_over": {
            "from": _person(record.giver),
            "to": _person(record.taker),
            "witness": record.witness,
            "reason": record.reason,
            "done_on": clock.local(record.done_at).date().isoformat() if record.done_at else "",
            "number": str(record.id),
        },
        "figures": {name: str(count) for name, count in figures.items()},
        "parts": {name: [_shown(name, row) for row in record.rows(name)] for name in figures},
    }


def _shown(part: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with what its columns show: the numbers of records say nothing on paper."""
    return {column.name: row.get(column.name, "") for column in PARTS[part].columns}


def _finish(document: dict[str, Any], labels: Labels) -> None:
    """Make the parts as the template takes them: title, figure, heads and rows in words; of the empty form all parts."""
    figures, kept = document.get("figures", {}), document.get("parts", {})
    document["parts"] = [
        {
            "title": labels(part.title),
            "figure": figures.get(name, ""),
            "heads": [(labels(column.title), column.name, column.width, column.kind) for column in part.columns],
            "rows": [
                {**row, **{column.name: _words(column.say, row[column.name], labels) for column in part.columns if _in_words(column, row)}}
                for row in kept.get(name, [])
            ],
        }
        for name, part in PARTS.items()
        if name in figures or not figures
    ]


def _in_words(column: Column, row: dict[str, Any]) -> bool:
    return column.say is not None or isinstance(row[column.name], dict)


def _words(say: Any, value: Any, labels: Labels) -> Label | str:
    if isinstance(value, dict):
        return labels.named(value["zh"], value["en"])
    said = say(str(value)) if value else ""
    return labels(said.text, **said.params) if isinstance(said, Message) else said


declare(
    Printable(
        sheet=SHEET.name,
        model=HandOver,
        content=_content,
        blank={"hand_over": {"from": _person(None), "to": _person(None)}},
        label=lambda record: record.label,
        page=lambda record: ("hand_overs.show", {"hand_over_id": record.id}),
        boxes=(Box(Message(N_("Handed over by")), ""), Box(Message(N_("Taken over by")), ""), Box(Message(N_("Witness")), "")),
        state=lambda record: _STATES[record.state],
        choices={
            f"parts.{part.name}.{column.name}": column.choices for part in PARTS.values() for column in part.columns if column.choices
        },
        customer_id=lambda record: None,
        finish=_finish,
        long=lambda record: length(record) > AT_ONCE,
    )
)
