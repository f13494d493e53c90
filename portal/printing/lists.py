"""Lists on paper: what a list of the portal shows, filters and scope kept (PR-5, AR-5, AR-31).

A long list is made in the background, with progress and a notice; a very long one is for a spreadsheet, not for paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from portal import jobs
from portal.database import db
from portal.models import card, register
from portal.models.attachment import Attachment
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.job import Job
from portal.models.made_files import ensure_as_read, erased_cards, noted
from portal.models.notice import notify
from portal.models.register_query import FILTERS, MISSING, REVIEW, TABS, RegisterQuery
from portal.models.scope import scope_key
from portal.models.sheet import LIST
from portal.models.staff import Staff, Team
from portal.printing.catalogue import SHEETS
from portal.printing.documents import Printed, chosen_language, press, site_language, translate
from portal.printing.filters import named
from portal.printing.labels import Label, Labels
from portal.printing.naming import choice, province
from portal.printing.papers import Finish, Paper
from portal.printing.press import LONG_SECONDS
from portal.rules.freezing import content_hash
from portal.rules.message import N_, Message, Refusal
from portal.rules.regions import address_of

AT_ONCE = 200
"""So many rows print while one waits; more are made in the background."""
MOST = 2000
"""More rows than this are some two hundred sheets of paper and a gigabyte of memory: they are exported instead."""
SHOWN = 50
"""So many rows stand on the preview."""
_CHUNK = 500
_ROWS_A_PAGE = 10
"""About so many rows stand on a page: how far a layout is."""


@dataclass(frozen=True)
class Source:
    """Where the rows of lists come from: a list of the portal, its query and its words."""

    read: Callable[[Mapping[str, str]], Any]
    """Return the query that the arguments of an address say; it has `args()`."""
    ids: Callable[[Staff, Any, int], list[Any]]
    """Return the ids of the first rows that somebody sees, in the order of the list, one more than so many where there are more.

    Where a row is worked out and no record has it, the row itself stands for its id.
    """
    records: Callable[[list[Any]], list[Any]]
    """Return the records of some ids, in their order."""
    conditions: Callable[[Staff, Any, Labels], str]
    """Return in words what the query asks for, as somebody reads it: what they do not see is not named (`filters.named`)."""
    page: Callable[[Any], tuple[str, dict[str, Any]]]
    """Return endpoint and values of the list's own page."""
    place: str
    """What that page is called."""
    counted: str
    """'%(count)s … are on this list.'"""
    empty: str
    too_many: str


@dataclass(frozen=True)
class ListSheet:
    """A list that prints: its sheet, and its part of the content from records in their order."""

    sheet: str
    part: str
    rows: Callable[[list[Any]], list[dict[str, Any]]]
    choices: Mapping[str, str]
    source: Source
    amounts: tuple[str, ...] = ()
    finish: Finish = lambda document, labels: None
    more: Callable[[Staff, Any], dict[str, Any]] = lambda user, query: {}
    """Return what the sheet shows beside its rows, as plain data."""


def _ids_of_customers(user: Staff, query: RegisterQuery, most: int) -> list[int]:
    return [row.id for row in register.rows(user, query, columns=(), most=most + 1)]


def list_paper(listed: ListSheet, user: Staff, query: Any, *, beginning: bool = False) -> Paper:
    """Return the list of what `user` sees of a query, or for a preview its `beginning`. Raises `Refusal` where paper is not for it.

    The content's "count" is of the whole list also for a preview, one more than `MOST` where there are more.
    """
    most = SHOWN if beginning else MOST
    ids = listed.source.ids(user, query, MOST)
    if not beginning:
        _ensure_printable(listed, ids)
    rows: list[dict[str, Any]] = []
    for start in range(0, min(len(ids), most), _CHUNK):
        rows += listed.rows(listed.source.records(ids[start : min(start + _CHUNK, most)]))
    content = {
        listed.part: rows,
        "conditions": [[name, value] for name, value in query.args().items() if name != "sort"],
        "count": len(ids),
        **listed.more(user, query),
    }
    return Paper(
        sheet=listed.sheet,
        record_type=LIST,
        subject=f"{listed.sheet}:{content_hash(content)[:32]}",
        content=content,
        label=listed.source.conditions(user, query, Labels(site_language(), translate)),
        choices=listed.choices,
        amounts=listed.amounts,
        finish=lambda document, labels: _finish(document, labels, user, query, listed),
    )


def ensure_printable(listed: ListSheet, user: Staff, query: Any) -> None:
    """Raise `Refusal` where a list is empty or too long for paper."""
    _ensure_printable(listed, listed.source.ids(user, query, MOST))


def _ensure_printable(listed: ListSheet, ids: list[int]) -> None:
    if not ids:
        raise Refusal(listed.source.empty)
    if len(ids) > MOST:
        raise Refusal(listed.source.too_many, most=MOST)


def _customers(ids: list[int]) -> list[Customer]:
    query = select(Customer).where(Customer.id.in_(ids)).options(joinedload(Customer.owner))
    found = {customer.id: customer for customer in db.session.scalars(query)}
    return [found[number] for number in ids if number in found]


def _contacts_of(customers: list[Customer]) -> dict[int, list[Contact]]:
    query = select(Contact).where(Contact.customer_id.in_([customer.id for customer in customers]))
    found: dict[int, list[Contact]] = {}
    for contact in db.session.scalars(query.order_by(Contact.emergency, Contact.id)):
        found.setdefault(contact.customer_id, []).append(contact)
    return found


def _register_rows(customers: list[Customer]) -> list[dict[str, Any]]:
    contacts = _contacts_of(customers)
    names = ("telephone", "grade", "payment_terms", "credit_limit", "province", "city", "district", "street")
    return [
        {
            "number": customer.number,
            "full_name": customer.full_name,
            "contact": contacts[customer.id][0].name if customer.id in contacts else "",
            "owner": customer.owner.name if customer.owner else "",
            **{name: card.CARD[name].text(getattr(customer, name)) for name in names},
        }
        for customer in customers
    ]


def _contact_rows(customers: list[Customer]) -> list[dict[str, Any]]:
    contacts = _contacts_of(customers)
    return [
        {"customer": customer.full_name, **card.texts(card.CONTACT_FIELDS, contact)}
        for customer in customers
        for contact in contacts.get(customer.id, [])
    ]


def _contacts_in_all(user: Staff, query: RegisterQuery) -> dict[str, Any]:
    """Return how many contacts the whole list has, of which a preview shows those of the first customers."""
    ids, found = _ids_of_customers(user, query, MOST)[:MOST], 0
    for start in range(0, len(ids), _CHUNK):
        here = Contact.customer_id.in_(ids[start : start + _CHUNK])
        found += db.session.scalar(select(func.count()).select_from(Contact).where(here)) or 0
    return {"in_all": found}


# --- in words ----------------------------------------------------------------------------------------------------------


def _finish(document: dict[str, Any], labels: Labels, user: Staff, query: Any, listed: ListSheet) -> None:
    document["conditions"] = listed.source.conditions(user, query, labels)
    count = int(document["count"])
    document["count"] = count if count <= MOST else f"{MOST:,}+"
    listed.finish(document, labels)


def _addresses(document: dict[str, Any], labels: Labels) -> None:
    for row in document["customers"]:
        row["address"] = address_of(row, apart=", " if labels.language == "en" else "")


def _conditions(user: Staff, query: RegisterQuery, labels: Labels) -> str:
    """Return tab and filters in words: 'On the register; Customer grade: A'."""
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    said = [labels(TABS[query.tab][1]).text]
    said += [f"{labels(FILTERS[name].title).text}{colon}{_value(user, name, value, labels)}" for name, value in query.filters.items()]
    return semicolon.join(said)


def _value(user: Staff, name: str, value: str, labels: Labels) -> str:
    kind = FILTERS[name].kind
    if kind in ("team", "staff"):
        return named(user, Team if kind == "team" else Staff, value)
    found: Label | str = value
    if kind == "choice":
        found = choice(FILTERS[name].choices, value, labels)
    elif kind == "province":
        found = province(value, labels)
    elif kind == "missing":
        found = labels(MISSING[value][0])
    elif kind == "review":
        found = labels(REVIEW[value])
    return found.text if isinstance(found, Label) else found


CUSTOMERS = Source(
    read=RegisterQuery.read,
    ids=_ids_of_customers,
    records=_customers,
    conditions=_conditions,
    page=lambda query: ("archive.register", query.args()),
    place=N_("Customers"),
    counted=N_("%(count)s customers are on this list."),
    empty=N_("There is nobody on this list."),
    too_many=N_("A list of more than %(most)s customers is not printed. Narrow the list, or export it."),
)
LISTS: dict[str, ListSheet] = {}


def declare(listed: ListSheet) -> ListSheet:
    """Add a list that prints."""
    LISTS[listed.sheet] = listed
    return listed


declare(
    ListSheet(
        "customer_register",
        "customers",
        _register_rows,
        {"customers.payment_terms": "payment_terms"},
        CUSTOMERS,
        amounts=("customers.credit_limit",),
        finish=_addresses,
    )
)
declare(
    ListSheet(
        "contact_list",
        "contacts",
        _contact_rows,
        {f"contacts.{field.name}": field.choices for field in card.CONTACT_FIELDS if field.choices},
        CUSTOMERS,
        more=_contacts_in_all,
    )
)


# --- in the background -------------------------------------------------------------------------------------------------

KIND = "print-list"


def queue(listed: ListSheet, query: Any, language: str, *, by: Staff) -> Job:
    """Add the job that prints a long list. `portal.jobs.start(job)` after the commit hands it to the worker."""
    return Job.queue(KIND, by=by, sheet=listed.sheet, query=query.args(), language=language, scope=scope_key(by))


@jobs.kind(KIND, title=N_("List for printing"), page=lambda job: ("prints.list_job", {"job_id": job.id}))
def print_list(job: Job) -> None:
    """Print a list and keep its PDF for who asked for it, with their scope of now; tell them when it is there."""
    person = job.staff
    assert person is not None  # noqa: S101 - a list is asked for by somebody
    listed = LISTS[job.args["sheet"]]
    query = listed.source.read(job.args["query"])
    job_id, total = job.id, len(listed.source.ids(person, query, MOST))
    job.progress(0, total)
    customers, erased = noted(person), erased_cards()
    db.session.commit()
    language = chosen_language(job.args["language"])
    with jobs.beating(job_id) as note:
        printed = press(
            lambda: list_paper(listed, person, query),
            language,
            by=person,
            seconds=LONG_SECONDS,
            tell=lambda page: note(min(page * _ROWS_A_PAGE, total)),
        )
    ensure_as_read(erased)
    keep(printed, by=person)
    job = db.session.get_one(Job, job_id)
    job.progress(total, total)
    job.result = {"code": printed.sheet.code, "customers": customers}
    figures = {"sheet": Message(SHEETS[listed.sheet].title), "pages": printed.sheet.pages}
    notify(person, Message(N_("%(sheet)s is ready to print: %(pages)s pages."), figures), link=f"/prints/jobs/{job_id}")


def keep(printed: Printed, *, by: Staff) -> None:
    """Keep a sheet's file, to be fetched by who may see the sheet."""
    file = Attachment.keep(printed.content, filename=printed.filename, media_type="application/pdf", purpose="print", by=by)
    db.session.flush()
    printed.sheet.file_id = file.id
