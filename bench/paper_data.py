"""The approvals of what the bench's office has of gifts and proposals: signed, or waiting for a signature."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import chain
from typing import Any, NamedTuple

from bench import gift_data, proposal_data
from bench.data import REPS_A_TEAM
from bench.relation_data import Office, Rows
from portal.models.approval import Approval
from portal.models.approval_round import ApprovalRound
from portal.models.approval_step import ApprovalStep


class Paper(NamedTuple):
    """One approval."""

    number: int
    kind: str
    record: int
    customer: int | None
    team: int
    waits: bool
    at: datetime


def _papers(office: Office) -> Iterator[Paper]:
    """Yield the approvals, behind those that the office was built with; their numbers are also those of round and step."""
    found = chain(gift_data.papers(office), proposal_data.papers(office))
    for number, (kind, record, customer, team, state, day) in enumerate(found, office.count // 10 + 1):
        yield Paper(number, kind, record, customer, team, state == "pending", datetime.combine(day, time(3), tzinfo=UTC))


def _approvals(office: Office) -> Iterator[dict[str, Any]]:
    for one in _papers(office):
        yield {
            "id": one.number, "kind_name": one.kind, "record_id": one.record, "customer_id": one.customer, "team_id": one.team,
            "submitter_id": one.team * (REPS_A_TEAM + 1), "state": "pending" if one.waits else "approved", "title": "客户",
            "sealed_at": None if one.waits else one.at,
        }  # fmt: skip


def _rounds(office: Office) -> Iterator[dict[str, Any]]:
    for one in _papers(office):
        yield {
            "id": one.number, "approval_id": one.number, "number": 1, "content": {}, "content_hash": "0" * 64, "chain": {},
            "submitted_by_id": one.team * (REPS_A_TEAM + 1), "submitted_at": one.at, "outcome": "" if one.waits else "approved",
        }  # fmt: skip


def _steps(office: Office) -> Iterator[dict[str, Any]]:
    for one in _papers(office):
        yield {
            "approval_id": one.number, "round_id": one.number, "position": 1, "type": "portal", "role": "manager", "meaning": "approve",
            "state": "open" if one.waits else "done", "wanted": "manager", "pool": "manager", "opened_at": one.at,
            "due_on": date(office.today.year, 12, 31), "done_at": None if one.waits else one.at,
        }  # fmt: skip


PAPER_TABLES: dict[Any, Rows] = {Approval: _approvals, ApprovalRound: _rounds, ApprovalStep: _steps}
"""Tables and what yields their rows, in the order in which they can be written."""
