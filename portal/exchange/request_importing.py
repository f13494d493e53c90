"""Writing an import of requests and complaints (SV-5, AR-40).

What was answered before keeps its times, with what they took in working time and by the clock, and no deadline runs for it. What is open
has its deadlines from when it was received.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from portal import clock
from portal.database import db
from portal.exchange.book_importing import BookWriter
from portal.exchange.book_judging import BookRecord
from portal.exchange.checking import QUIET
from portal.exchange.request_judging import RequestJudge
from portal.models.customer import Customer, NumberSeries
from portal.models.import_run import ensure_may
from portal.models.request import ServiceRequest
from portal.models.request_clock import begin, count, note_solution
from portal.models.request_intake import refresh_search
from portal.models.request_step import note
from portal.models.staff import Staff
from portal.rules import requests as rules
from portal.rules.message import Refusal


class RequestWriter(BookWriter):
    """Writes one import of requests."""

    def record(self, row: Any) -> Any:
        """Return the record of a staged row."""
        return BookRecord(row.row, new=row.data["new"], fills=row.data["fills"])

    def show(self) -> None:
        """Let everybody see what an import of all or nothing has made."""
        show_hidden(self.run.id)
        db.session.commit()

    def _write(self, chunk: list[tuple[int, Any]]) -> None:
        run = self.run
        db.session.refresh(run.staff)
        ensure_may(run.staff, run.as_state)
        # Two imports that run at once cannot both find that a request is not there.
        NumberSeries.take("request-import", 0)
        verdicts = RequestJudge(run, run.staff, self.book).check_again([record for _, record in chunk])
        late = [verdict for verdict in verdicts if verdict.outcome == "refused"]
        if late and self.whole:
            raise Refusal(
                "All or nothing: row %(row)s can no longer be imported. Nothing was imported; check the file again.", row=late[0].record.row
            )
        new = [verdict.record.new for verdict in verdicts if verdict.outcome == "new"]
        self._make(new)
        self._settle_rows(chunk, verdicts, {})
        self.counts["created"] += len(new)
        self.counts["late"] += len(late)

    def _make(self, rows: list[dict[str, Any]]) -> None:
        ids = {row["customer_id"] for row in rows if row["customer_id"]}
        # Locked in one order, as each is by its request: who hands them over meanwhile comes before or after.
        locked = select(Customer).where(Customer.id.in_(ids)).order_by(Customer.id).with_for_update(key_share=True)
        customers = {one.id: one for one in db.session.scalars(locked)}
        made = [(_request(row, customers.get(row["customer_id"]), self.run.staff, self.run.id), row) for row in rows]
        for request, _row in made:
            if self.whole:
                request.state, request.is_open = rules.IMPORTING, False
        db.session.add_all(request for request, _row in made)
        db.session.flush()
        for request, row in made:
            note(request, "received", by=self.run.staff, at=request.received_at)
            if request.answered_at is not None:
                note(request, "answered", by=None, word=row["answer"], at=request.answered_at)
            if request.closed_at is not None:
                note(request, "closed", by=None, word=request.done, at=request.closed_at)


def _request(row: dict[str, Any], customer: Customer | None, by: Staff, run_id: int) -> ServiceRequest:
    """Return the request that a row becomes, not yet stored."""
    moments = (row["received_at"], row["answered_at"], row["closed_at"])
    received, answered, closed = (datetime.fromisoformat(text) if text else None for text in moments)
    assert received is not None  # noqa: S101 - judged
    owner = customer.owner if customer is not None and customer.owner is not None and customer.owner.active else by
    texts = ("reference", "kind", "channel", "priority", "text", "customer_name", "caller", "telephone", "answer", "cause", "done")
    request = ServiceRequest(
        customer=customer, state=rules.ASSIGNED if customer is not None else rules.RECEIVED, is_open=True, taken_by_id=by.id,
        assignee_id=owner.id, team_id=owner.team_id, received_at=received, received_on=clock.local(received).date(),
        prevention=row["prevention"], satisfied=row["satisfied"], word=row["word"], department=row["department"], import_id=run_id,
        escalation=0, version=1, **{name: row[name] for name in texts},
    )  # fmt: skip
    begin(request, received)
    if answered is not None:
        request.state = rules.ANSWERED
        note_solution(request, answered)
        request.first_minutes = request.solve_minutes = None  # it is over: nothing is due of it
        if closed is not None and not rules.check_closing(request.kind, {**row, "done": row["done"] or row["answer"]}):
            request.state, request.is_open, request.closed_at = rules.CLOSED, False, closed
            request.done = row["done"] or row["answer"]
        count(request)
    refresh_search(request)
    return request


def show_hidden(run_id: int) -> None:
    """Show what an import has made and hidden: closed, answered, or open."""
    request = ServiceRequest
    here = (request.import_id == run_id, request.state == rules.IMPORTING)
    for conditions, values in (
        ((request.closed_at.is_not(None),), {"state": rules.CLOSED}),
        ((request.answered_at.is_not(None),), {"state": rules.ANSWERED, "is_open": True}),
        ((request.customer_id.is_not(None),), {"state": rules.ASSIGNED, "is_open": True}),
        ((), {"state": rules.RECEIVED, "is_open": True}),
    ):
        db.session.execute(update(request).where(*here, *conditions).values(**values, tallied=False), execution_options=QUIET)
