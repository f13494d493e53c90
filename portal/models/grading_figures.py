"""Figures by which customers are graded (RL-1, RL-8): of one customer or of many, read in bulk, a few statements for each thousand.

A source says for an indicator what the figure of each customer is; who has none is left out, and is scored by judgement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from sqlalchemy import func, select

from portal.database import db
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.request import ServiceRequest
from portal.models.sales_book import CustomerMonth, CustomerProductYear, ProductMonth
from portal.rules.grading import plain
from portal.rules.requests import COMPLAINT, JOINED
from portal.rules.sales import month_of

Read = Callable[[Sequence[int], date, date], Mapping[int, Decimal]]
Link = Callable[[int], tuple[str, dict[str, Any]]]
CENT = Decimal("0.01")
BROKEN_RULES = ("breach", "complaint")
"""Kinds of documents that count as complaints and breaches."""
_COMPLAINED = (ServiceRequest.kind == COMPLAINT, ServiceRequest.state != JOINED)
PORTION = 500


class Source(NamedTuple):
    """Where the figures of an indicator come from, and the page where the rows behind one of them are seen."""

    read: Read
    page: Link


_sources: dict[str, Source] = {}


def source(code: str, page: Link) -> Callable[[Read], Read]:
    """Declare where an indicator of `rules.grading.FIGURES` has its figures from."""

    def decorate(read: Read) -> Read:
        _sources[code] = Source(read, page)
        return read

    return decorate


def page_of(code: str, customer_id: int) -> tuple[str, dict[str, Any]] | None:
    """Return endpoint and values of the page with the rows behind a figure; None where it is judged."""
    found = _sources.get(code)
    return found.page(customer_id) if found else None


def figures(ids: Sequence[int], first: date, last: date, codes: Sequence[str]) -> dict[int, dict[str, str]]:
    """Return customer id → code → figure as plain text, of a period; a figure that nobody knows is left out."""
    found: dict[int, dict[str, str]] = {one: {} for one in ids}
    for code in codes:
        declared = _sources.get(code)
        if declared is None:
            continue
        for start in range(0, len(ids), PORTION):
            for customer_id, figure in declared.read(ids[start : start + PORTION], first, last).items():
                found[customer_id][code] = plain(figure)
    return found


def _sales_page(customer_id: int) -> tuple[str, dict[str, Any]]:
    return "sales.of_customer", {"customer_id": customer_id}


def _months(ids: Sequence[int], first: date, last: date, *columns: Any) -> Any:
    month = CustomerMonth
    which = (month.customer_id.in_(ids), month.month.between(month_of(first), month_of(last)))
    return db.session.execute(select(month.customer_id, *map(func.sum, columns)).where(*which).group_by(month.customer_id))


@source("sales", _sales_page)
def _sold(ids: Sequence[int], first: date, last: date) -> dict[int, Decimal]:
    """Return what was sold in the period; nothing is a figure too, once the office keeps sales."""
    found = {row[0]: Decimal(row[1]) for row in _months(ids, first, last, CustomerMonth.sold)}
    return {one: found.get(one, Decimal(0)) for one in ids} if found or _keeps_sales() else {}


def _keeps_sales() -> bool:
    return db.session.scalar(select(CustomerMonth.id).limit(1)) is not None


@source("recovery", _sales_page)
def _recovered(ids: Sequence[int], first: date, last: date) -> dict[int, Decimal]:
    """Return in per cent what is settled of what was due; who has no due dates: what was paid of what was sold."""
    month = CustomerMonth
    found = {}
    for customer_id, due, settled, sold, paid in _months(ids, first, last, month.due, month.settled, month.sold, month.paid):
        part, whole = (settled, due) if due and due > 0 else (paid, sold)
        if whole and whole > 0:
            found[customer_id] = (Decimal(part) * 100 / Decimal(whole)).quantize(CENT, ROUND_HALF_UP)
    return found


@source("price_level", _sales_page)
def _price_level(ids: Sequence[int], first: date, last: date) -> dict[int, Decimal]:
    """Return in per cent what was paid against the office's average price of the same products. Whole years count, as they are kept."""
    bought, made = CustomerProductYear, ProductMonth
    rows = db.session.execute(
        select(bought.customer_id, bought.product_id, func.sum(bought.sold), func.sum(bought.quantity))
        .where(bought.customer_id.in_(ids), bought.year.between(first.year, last.year))
        .group_by(bought.customer_id, bought.product_id)
    ).all()
    wanted = sorted({row[1] for row in rows})
    average: dict[int, Decimal] = {}
    for start in range(0, len(wanted), PORTION):
        sums = select(made.product_id, func.sum(made.sold), func.sum(made.quantity)).group_by(made.product_id)
        which = (made.product_id.in_(wanted[start : start + PORTION]), made.month.between(first.year * 100 + 1, last.year * 100 + 12))
        for product_id, sold, quantity in db.session.execute(sums.where(*which)):
            if quantity and quantity > 0 and sold > 0:
                average[product_id] = Decimal(sold) / Decimal(quantity)
    paid: dict[int, Decimal] = {}
    usual: dict[int, Decimal] = {}
    for customer_id, product_id, sold, quantity in rows:
        if product_id in average and quantity and quantity > 0:
            paid[customer_id] = paid.get(customer_id, Decimal(0)) + Decimal(sold)
            usual[customer_id] = usual.get(customer_id, Decimal(0)) + Decimal(quantity) * average[product_id]
    return {one: (paid[one] * 100 / usual[one]).quantize(CENT, ROUND_HALF_UP) for one in paid if usual[one] > 0}


def _where_complaints_are(customer_id: int) -> tuple[str, dict[str, Any]]:
    known = select(ServiceRequest.id).where(ServiceRequest.customer_id == customer_id, *_COMPLAINED).limit(1)
    return ("service.of_customer" if db.session.scalar(known) else "archive.dossier", {"customer_id": customer_id})


@source("complaints", _where_complaints_are)
def _complaints(ids: Sequence[int], first: date, last: date) -> dict[int, Decimal]:
    """Return how many complaints and breaches of the period are known; none is a figure too.

    Complaints are those that were taken in as requests, and those of which only papers are on file: a complaint and its paper of the same
    day are one.
    """
    document, request = ArchiveDocument, ServiceRequest
    filed = (document.kind.in_(BROKEN_RULES), document.state == FILED, document.dated_on.between(first, last))
    paper = (document.customer_id, document.kind, document.dated_on)
    papers = select(*paper, func.count()).where(document.customer_id.in_(ids), *filed).group_by(*paper)
    taken = select(request.customer_id, request.kind, request.received_on, func.count()).where(
        request.customer_id.in_(ids), request.received_on.between(first, last), *_COMPLAINED
    )
    days: dict[tuple[Any, ...], int] = {}
    for query in (papers, taken.group_by(request.customer_id, request.kind, request.received_on)):
        for *of_day, number in db.session.execute(query):
            days[tuple(of_day)] = max(days.get(tuple(of_day), 0), number)
    found = dict.fromkeys(ids, Decimal(0))
    for (customer_id, _kind, _day), number in days.items():
        found[customer_id] += number
    return found
