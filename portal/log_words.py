"""Entries of the audit log as people read them: a record's page and name, titles of fields; for timeline and audit page (AR-7, RO-7)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from flask import current_app, url_for
from flask_babel import gettext as _

from portal import field_values
from portal.database import Base, db
from portal.exchange.book_tables import BOOKS
from portal.filters import choice
from portal.i18n import LANGUAGES, is_chinese, translate
from portal.models import card
from portal.models.approval_kinds import KINDS
from portal.models.audit import AuditEvent
from portal.models.audit_search import FIELD_LABELS
from portal.models.customer import Customer
from portal.models.dossier_fields import BY_NAME as DOCUMENT_FIELDS
from portal.models.grading import SUPPORT
from portal.models.hand_over_list import PARTS
from portal.models.report_fields import BY_NAME as REPORT_FIELDS
from portal.models.report_fields import PERIODIC
from portal.models.staff import Staff
from portal.permissions import Role
from portal.printing.catalogue import SHEETS
from portal.registers import REGISTERS
from portal.rules.message import N_
from portal.rules.periods import Period
from portal.rules.standards import STANDARDS


class Page(NamedTuple):
    """Where a record is read: a route, its argument, and the column that fills it."""

    endpoint: str
    argument: str
    column: str = "id"


PAGES: dict[str, Page] = {
    "Agreement": Page("orders.agreement", "agreement_id"),
    "Approval": Page("approvals.show", "approval_id"),
    "ArchiveDocument": Page("archive.document", "document_id"),
    "AssessmentMonth": Page("assessments.month", "month_id"),
    "Binder": Page("archive.binder", "binder_id"),
    "Callback": Page("callbacks.call", "call_id"),
    "CallbackDraw": Page("callbacks.draw", "draw_id"),
    "CallbackEvent": Page("callbacks.of_customer", "customer_id", "customer_id"),
    "CreditChange": Page("approvals.credit_changes", "customer_id", "customer_id"),
    "Customer": Page("archive.customer", "customer_id"),
    "CustomerCode": Page("sales.of_customer", "customer_id", "customer_id"),
    "CustomerMerge": Page("archive.merge_page", "merge_id"),
    "Disposal": Page("custody.disposal", "disposal_id"),
    "Gift": Page("gifts.gift", "gift_id"),
    "GiftAgreement": Page("gifts.agreement", "listed_id"),
    "GiftCampaign": Page("gifts.campaign", "campaign_id"),
    "GiftDelivery": Page("gifts.delivery", "delivery_id"),
    "GiftEntry": Page("gifts.of_customer", "customer_id", "customer_id"),
    "GiftList": Page("gifts.gift_list", "listed_id"),
    "GiftOrder": Page("gifts.order", "order_id"),
    "GiftRecipient": Page("gifts.recipient", "recipient_id"),
    "GiftRun": Page("gifts.run", "run_id"),
    "GradeList": Page("grading.grade_list", "listed_id"),
    "Grading": Page("grading.grading", "grading_id"),
    "GreetingLine": Page("maintenance.greeting", "line_id"),
    "GreetingList": Page("maintenance.greeting_list", "list_id"),
    "HandOver": Page("hand_overs.show", "hand_over_id"),
    "ImportRun": Page("exchange.import_page", "run_id"),
    "InformationReport": Page("reports.report", "report_id"),
    "Investigation": Page("archive.investigation", "customer_id", "customer_id"),
    "Loan": Page("custody.loan", "loan_id"),
    "MaintenancePlan": Page("maintenance.plan", "plan_id"),
    "OrderRequest": Page("orders.order_request", "asked_id"),
    "Payment": Page("sales.payment", "payment_id"),
    "PlanAmendment": Page("maintenance.amendment", "amendment_id"),
    "PlanSummary": Page("maintenance.summary", "plan_id", "plan_id"),
    "PlanTask": Page("maintenance.task", "task_id"),
    "PrintedSheet": Page("prints.verification", "code", "shown_code"),
    "Proposal": Page("proposals.proposal", "proposal_id"),
    "ProposalAward": Page("proposals.award", "award_id"),
    "ProposalDecision": Page("proposals.decision", "decision_id"),
    "ProposalExtension": Page("proposals.extension", "extension_id"),
    "ProposalLetter": Page("proposals.letter", "letter_id"),
    "ProposalRouting": Page("proposals.routing", "routing_id"),
    "Reception": Page("reception.reception", "reception_id"),
    "RegisterEntry": Page("registers.entry", "entry_id"),
    "RelationAssessment": Page("relations.assessment", "assessment_id"),
    "ReviewCampaign": Page("review.campaign", "campaign_id"),
    "ReviewLine": Page("review.line", "line_id"),
    "Sale": Page("sales.sale", "sale_id"),
    "SaleDocument": Page("sales.of_customer", "customer_id", "customer_id"),
    "ServiceRequest": Page("service.request", "request_id"),
    "Staff": Page("accounts.staff_page", "staff_id"),
    "StaffAssessment": Page("assessments.assessment", "assessment_id"),
    "StaffReward": Page("assessments.reward", "reward_id"),
    "StrengtheningTable": Page("maintenance.strengthening", "customer_id", "customer_id"),
    "Survey": Page("surveys.survey", "survey_id"),
    "SurveyAnswer": Page("surveys.answer", "answer_id"),
    "Team": Page("accounts.team_page", "team_id"),
    "ThankYouLetter": Page("visits.letter", "letter_id"),
    "Visit": Page("visits.visit", "visit_id"),
    "VisitReport": Page("visits.report", "report_id"),
}
"""Pages by type of record; what has none of its own is read on the page of the record that it hangs on."""

_MADE_IN = {"request": "ServiceRequest", "visit": "Visit"}
"""Where promises are made, and so where they are read."""


def addresses(events: Iterable[AuditEvent], reader: Staff) -> dict[int, str]:
    """Return the address of the page of each entry's record, by the id of the entry.

    Left out are entries whose record has no page, is not there any more, or may not be opened by the reader.
    """
    about: dict[int, tuple[str, int]] = {}
    for event in events:
        if event.record_type and event.record_id is not None:
            about[event.id] = (event.record_type, event.record_id)
    found = addresses_of(about.values(), reader)
    return {entry: found[one] for entry, one in about.items() if one in found}


def addresses_of(records: Iterable[tuple[str, int]], reader: Staff) -> dict[tuple[str, int], str]:
    """Return the address of the page of each record, by its type and number; left out are those as `addresses` leaves them out."""
    wanted = set(records)
    promised = {number: made_in for (kind, number), made_in in _promises(wanted, reader).items() if kind == "Promise"}
    asked: dict[str, set[int]] = defaultdict(set)
    for kind, number in [*(one for one in wanted if one[0] in PAGES), *promised.values()]:
        asked[kind].add(number)
    found = {(kind, number): address for kind, numbers in asked.items() for number, address in _of(kind, numbers, reader).items()}
    return found | {("Promise", number): found[made_in] for number, made_in in promised.items() if made_in in found}


def _of(kind: str, numbers: set[int], reader: Staff) -> dict[int, str]:
    """Return the addresses of records of one type that the reader may open: one question for all of them."""
    page = PAGES[kind]
    permission: Any = getattr(current_app.view_functions[page.endpoint], "permission", None)
    if permission is not None and not reader.may(permission):
        return {}
    records = db.session.scalars(_model(kind).visible_to(reader).where(_model(kind).id.in_(numbers)))
    return {one.id: url_for(page.endpoint, **{page.argument: getattr(one, page.column)}) for one in records}


def _promises(wanted: Iterable[tuple[str, int]], reader: Staff) -> dict[tuple[str, int], tuple[str, int]]:
    """Return for each promise the request or visit in which it was made."""
    numbers = [number for kind, number in wanted if kind == "Promise"]
    if not numbers:
        return {}
    promise = _model("Promise")
    records = db.session.scalars(promise.visible_to(reader).where(promise.id.in_(numbers)))
    return {("Promise", one.id): (_MADE_IN[one.source], one.source_id) for one in records if one.source in _MADE_IN}


def _model(kind: str) -> Any:
    return next(mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__name__ == kind)


# --- words -----------------------------------------------------------------------------------------------------------------

_OF_A_LIST = re.compile(r"\w+:[0-9a-f]{32}")
_PARTED = re.compile(r" ?· ?")


def name_of(event: AuditEvent, customer: Customer | None = None) -> str:
    """Return what an entry calls its record, in the reader's language; on the page of `customer` without that customer's name.

    A print is called by its form and its verification code. The filters of a list stand in the entry in the language of the print, and
    are left to the entry's own page.
    """
    label = event.label
    if event.kind == "print" and event.data.get("sheet") in SHEETS:
        label = "" if _OF_A_LIST.fullmatch(event.data.get("subject", "")) else label
        return " · ".join(filter(None, [said("sheet", event.data["sheet"]), label, event.data.get("code", "")]))
    if customer is not None:
        label = " · ".join(filter(None, (part.strip() for part in _PARTED.split(label.replace(customer.full_name, "")))))
    if event.record_type == "GreetingLine" and (found := re.fullmatch(r"(.+) (\d{4})", label)):
        return _("%(holiday)s %(year)s", holiday=_(found[1]), year=found[2])
    if event.record_type == "StandardVersion" and label in STANDARDS:
        return _(STANDARDS[label].title)
    period = Period.read(label)
    label = translate(period.title) if period else label
    return " · ".join(filter(None, [said("document", event.data.get("document", "")), label])) if event.record_type == "Approval" else label


SOURCES = {
    "form": N_("Form"),
    "import": N_("Import"),
    "approval": N_("By approval"),
    "merge": N_("Merge"),
    "review": N_("Half-yearly review"),
    "demo": N_("Demonstration data"),
}
"""Where a change came from."""


_TABLES: dict[str, Mapping[str, card.Field]] = {
    "Customer": card.CARD,
    "Contact": card.CONTACT,
    "Investigation": card.INVESTIGATION,
    "ArchiveDocument": DOCUMENT_FIELDS,
    "InformationReport": REPORT_FIELDS[PERIODIC],
}
_TITLES: dict[str, dict[str, str]] = {
    "Grading": {
        "total": N_("Total score"),
        **{f"support_{code}": title for code, title in SUPPORT.items()},
        "policy_stable": N_("Is the policy stable?"),
        "policy_note": N_("New or changed policy proposed"),
    },
    "GreetingLine": {"way": N_("How"), "done_on": N_("Greeted on"), "note": N_("Note")},
    "PlanTask": {"due_on": N_("Until"), "staff": N_("Who")},
    "Visit": {"day": N_("Day"), "staff": N_("Who goes")},
    "ServiceRequest": {"text": N_("What is asked for"), "done": N_("What was done")},
    "Proposal": {"value": N_("Value gained"), "limit_on": N_("Last day of the proposal")},
    "ReviewLine": {"binder": N_("Binder")},
    "GiftDelivery": {"way": N_("Way of delivery")},
    **{book.model.__name__: {"product_id": N_("Product"), **{one.name: one.title for one in book.columns}} for book in BOOKS.values()},
}
"""What the areas call the fields of their records, where a name means something else than in `FIELD_LABELS`."""


def field_of(record_type: str, name: str) -> card.Field | None:
    """Return the declared field behind an entry of the history, None for the others such as state."""
    return _TABLES.get(record_type, {}).get(name)


def title_of_field(record_type: str, name: str) -> str:
    """Return what a changed field is called, empty for one that has no name for people."""
    if record_type == "StandardVersion" and name in STANDARDS:
        return _(STANDARDS[name].title)
    field = field_of(record_type, name)
    title = field.title if field else _TITLES.get(record_type, {}).get(name) or FIELD_LABELS.get(name, "")
    return _(title) if title else ""


def value_of(record_type: str, name: str, value: Any) -> Any:
    """Return an old or new value of a field in the reader's language: choices, roles and languages by their names, '' for none."""
    if value in (None, ""):
        return ""
    field = field_of(record_type, name)
    if field is not None:
        return field_values.plain(field, value)
    match name:
        case "role" if value in list(Role):
            return _(Role(value).label)
        case "department" | "department_code":
            return choice(str(value), "department")
        case "language" if value in LANGUAGES:
            return LANGUAGES[value]
        case "active":
            return _("yes") if value == "yes" else _("no")
    return value


def said(key: str, value: Any) -> Any:
    """Return a further detail of an entry in the reader's language: codes of forms, documents, registers and states by their names."""
    match key:
        case "sheet" if value in SHEETS:
            return _(SHEETS[value].title)
        case "document" if value in KINDS:
            return _(KINDS[value].title)
        case "register" if value in REGISTERS:
            return _(REGISTERS[value].title)
        case "source" if value in SOURCES:
            return _(SOURCES[value])
        case "language":
            return {"zh": _("In Chinese"), "en": _("In English")}.get(value, value)
    if isinstance(value, dict):
        return "; ".join(f"{_part(name)}: {said(name, one)}" for name, one in value.items())
    return ("、" if is_chinese() else ", ").join(map(str, value)) if isinstance(value, list) else value


def _part(name: str) -> str:
    """Return what one of several figures or conditions is called; one that has no name for people as it stands."""
    title = PARTS[name].title if name in PARTS else FIELD_LABELS.get(name, "")
    return _(title) if title else name
