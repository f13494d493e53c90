"""What becomes of each row of a file of requests and complaints: new, there already, or refused, and why (SV-5, AR-40).

A row whose customer the portal does not know keeps the name that the file gives. A request that is there already, by its number in the
earlier system or, without one, by all that it says, stays as it is: it is worked on in the portal now.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.exchange.book_judging import PORTION, BookJudge, BookRecord, BookVerdict
from portal.models.customer import Customer
from portal.models.customer_choice import Chosen
from portal.models.request import ServiceRequest
from portal.models.standard import value as standard
from portal.rules import requests as rules
from portal.rules.message import N_, Refusal
from portal.rules.working_time import ZONE

NAMING = ("customer_number", "customer_code", "customer_name")
TEXTS = ("caller", "telephone", "answer", "done", "prevention", "word", "department")
WITHOUT_NUMBER = "#"
"""Begins the reference of a row that has no number of its own: it is made of all that the row says."""


class RequestJudge(BookJudge):
    """Judges rows of requests for one import, in the name of who imports."""

    def check_again(self, records: list[BookRecord]) -> list[BookVerdict]:
        """Return the verdicts of staged rows as things stand now."""
        verdicts = [BookVerdict(record) for record in records]
        ids = {record.new["customer_id"] for record in records if record.new.get("customer_id")}
        seen = set(db.session.scalars(Customer.visible_to(self.by).with_only_columns(Customer.id).where(Customer.id.in_(ids))))
        for verdict in verdicts:
            if verdict.record.new.get("customer_id") and verdict.record.new["customer_id"] not in seen:
                verdict.refuse(N_("No customer you see has this number, credit code or name."), "customer_name")
        self._compare([verdict for verdict in verdicts if verdict.outcome != "refused"])
        return verdicts

    def _resolve(self, verdicts: list[BookVerdict]) -> None:
        """Work out the columns of each row; refused where it cannot."""
        customers = Chosen(self.by, {text for one in verdicts for name in NAMING if (text := one.record.given.get(name))})
        causes = {word: one["code"] for one in standard("choices.complaint_cause") for word in (one["code"], one["zh"], one["en"])}
        for verdict in verdicts:
            try:
                verdict.record.new = self._columns(verdict.record.given, customers, causes)
            except Refusal as refusal:
                verdict.refuse(refusal.message.text, refusal.field or "", **refusal.message.params)

    def _columns(self, given: dict[str, Any], customers: Chosen, causes: dict[str, str]) -> dict[str, Any]:
        named = [given[name] for name in NAMING if given.get(name)]
        if not named:
            raise Refusal("The row says nothing of who it is for.", field="customer_name")
        found = next(filter(None, map(customers.find, named)), None)
        text = "\n".join(dict.fromkeys(filter(None, (given.get("title"), given.get("text")))))
        if not text:
            raise Refusal("Write what it is about.", field="text")
        cause = given.get("cause") or ""
        if cause and cause not in causes:
            raise Refusal("There is no such cause. Add it to the causes of complaints first.", field="cause")
        times = {name: _moment(given.get(name)) for name in ("received_at", "answered_at", "closed_at")}
        _check_times(times, given)
        return {
            "reference": given.get("reference") or "", "customer_id": found.id if found else None,
            "customer_name": "" if found else given.get("customer_name") or named[0], "text": text,
            "kind": given.get("kind") or rules.COMPLAINT, "channel": given.get("channel") or "other",
            "priority": given.get("priority") or rules.NORMAL, "cause": causes.get(cause, ""), "satisfied": given.get("satisfied"),
            **{name: given.get(name) or "" for name in TEXTS},
            **{name: moment.isoformat() if moment else None for name, moment in times.items()},
        }  # fmt: skip

    # --- known again -----------------------------------------------------------------------------------------------------

    def _know(self, verdict: BookVerdict, seen: dict[str, Any]) -> None:
        new = verdict.record.new
        said = sha256("\x1f".join(f"{name}={value}" for name, value in sorted(new.items())).encode()).hexdigest()[:24]
        if not new["reference"]:
            turn = seen["n" + said] = seen.get("n" + said, 0) + 1
            new["reference"] = f"{WITHOUT_NUMBER}{said}-{turn}"
        place = "i" + new["reference"]
        if place not in seen:
            seen[place] = (verdict.record.row, said)
        elif seen[place][1] != said:
            verdict.refuse(N_("This stands in row %(row)s already, with other values. Keep one of the two."), row=seen[place][0])
        else:
            verdict.outcome = "unchanged"

    def _compare(self, verdicts: list[BookVerdict]) -> None:
        wanted = sorted({verdict.record.new["reference"] for verdict in verdicts})
        there: set[str] = set()
        for start in range(0, len(wanted), PORTION):
            some = ServiceRequest.reference.in_(wanted[start : start + PORTION])
            there.update(db.session.scalars(select(ServiceRequest.reference).where(ServiceRequest.reference != "", some)))
        for verdict in verdicts:
            if verdict.record.new["reference"] in there:
                verdict.outcome = "unchanged"
            elif verdict.outcome == "new" and self.run.what == "update":
                verdict.refuse(N_("There is nothing like it yet, and the file is only to update."))


def _moment(value: datetime | None) -> datetime | None:
    """Return a moment of a file, which is one of the site's."""
    return value.replace(tzinfo=ZONE) if value is not None else None


def _check_times(times: dict[str, datetime | None], given: dict[str, Any]) -> None:
    received, answered, closed = times["received_at"], times["answered_at"], times["closed_at"]
    if received is None:
        raise Refusal("Required, but empty", field="received_at")
    if answered is None and (given.get("answer") or closed):
        raise Refusal("The row has an answer, but not when it was given.", field="answered_at")
    order = [("received_at", received), ("answered_at", answered or received), ("closed_at", closed or answered or received)]
    for (_earlier, before), (name, after) in pairwise(order):
        if after < before:
            raise Refusal("This is before what comes earlier: received, answered, closed.", field=name)
    if order[-1][1] > clock.now():
        raise Refusal("This lies ahead.", field="closed_at" if closed else "answered_at" if answered else "received_at")
