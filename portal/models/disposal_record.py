"""The destruction: recorded with date, witnesses and the signed list; only then contents go (AR-11).

Of a document its archive number and title stay as an index entry. Where nothing but signed forms is left of a dossier, the card, and those
of the records that were merged into it, are erased to number, name and dates, and what was recorded of its people and affairs goes:
contacts, investigations and changes of credit that were never submitted, gradings, reports, greetings, the strengthening table, results
of plans' tasks, agreements, requests and promises, what requests about orders say, reasons of relation assessments, names and words of
visits, entries of the office registers, remarks of reviews, why dealings ended, what people were told of all these, what imports had
replaced, and the binders, which are empty now. The log keeps that it happened.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import MetaData, Text, cast, delete, exists, func, or_, select, update

from portal import clock
from portal.database import Base, db, transition
from portal.models import audit, card, made_files, notice
from portal.models.agreement import Agreement
from portal.models.approval import Approval
from portal.models.attachment import BUSY, GONE, Attachment, take_out
from portal.models.binder import Binder
from portal.models.callback_desk import forget as forget_calls
from portal.models.contact import Contact
from portal.models.credit import CreditChange
from portal.models.customer import NEVER, Customer, CustomerAssistant, CustomerTag, derived
from portal.models.dealings import DealingsEnd
from portal.models.disposal import APPROVED, DESTROYED, Disposal
from portal.models.dossier import DISPOSED, FILED, REMOVED, ArchiveDocument, DocumentVersion
from portal.models.dossier_completeness import count
from portal.models.gift_delivery_desk import forget as forget_deliveries
from portal.models.gift_desk import forget as forget_gifts
from portal.models.grading import Grading
from portal.models.greeting import GreetingLine
from portal.models.import_run import ImportRow
from portal.models.investigation import Investigation
from portal.models.merge import CustomerMerge
from portal.models.order_request import OrderRequest
from portal.models.plan_task import PlanTask
from portal.models.proposal_desk import forget as forget_proposals
from portal.models.proposal_outcome_desk import forget as forget_outcomes
from portal.models.reception_desk import forget as forget_visits
from portal.models.register_entry import RegisterEntry
from portal.models.relation_desk import forget as forget_relations
from portal.models.report import InformationReport, forget
from portal.models.request_desk import forget as forget_requests
from portal.models.review import forget as forget_reviews
from portal.models.search_index import index_customer
from portal.models.staff import Staff
from portal.models.strengthening import StrengtheningTable
from portal.models.survey_desk import forget as forget_answers
from portal.models.visit_desk import forget as forget_own_visits
from portal.rules.disposal import check_destruction
from portal.rules.message import Refusal

KEPT = frozenset({"full_name", "first_contact_on", "first_deal_on", "established_on"})
"""Fields of the card that outlive the dossier; number, state and the person in charge are no fields."""


def cards_that_go(disposal: Disposal) -> list[Customer]:
    """Return the customers of whose dossiers this list leaves nothing but signed forms: their cards are erased with it (AR-11)."""
    kept = select(ArchiveDocument.customer_id).where(
        ArchiveDocument.customer_id.in_([one.id for one in disposal.customers]),
        ArchiveDocument.state == FILED,
        ArchiveDocument.approval_id.is_(None),
        ArchiveDocument.id.not_in([one.id for one in disposal.documents]),
    )
    staying = set(db.session.scalars(kept))
    return [one for one in disposal.customers if one.id not in staying]


def record(disposal: Disposal, *, destroyed_on: date | None, witnesses: tuple[str, str], scan: Attachment | None, by: Staff) -> None:
    """Record that an approved list was destroyed; afterwards, once that is committed, `purge` takes the contents out of the store.

    Raises `Refusal` with the field, or naming what stands against it; `StateConflict` where somebody else recorded it.
    """
    if not disposal.can_record(by) or disposal.approved_at is None:
        raise Refusal("Only an approved list is destroyed, and a manager records it.")
    check_destruction(destroyed_on, witnesses, clock.local(disposal.approved_at).date(), clock.today())
    if scan is None:
        raise Refusal("The scan of the signed destruction list is missing.", field="scan")
    disposal.ensure_ready()
    db.session.flush()
    transition(
        disposal,
        expect={"state": APPROVED},
        change={
            "state": DESTROYED, "destroyed_on": destroyed_on, "witness_1": witnesses[0].strip(), "witness_2": witnesses[1].strip(),
            "scan_id": scan.id, "recorded_by_id": by.id, "recorded_at": clock.now(),
        },
    )  # fmt: skip
    customers, digests, erased = disposal.customers, set(), []
    for document in disposal.documents:
        digests |= _let_go(document)
        document.state, document.binder_id = DISPOSED, None
        audit.write("change", "disposed", actor=by, record=document, label=document.label, disposal=disposal.id)
    db.session.flush()
    for customer in customers:
        if _nothing_left(customer):
            for one in _with_merged(customer):
                digests |= _erase(one, disposal, by)
                erased.append(one.id)
    _let_merges_go(erased)
    digests |= made_files.let_bound_go([one.id for one in customers] + erased) | made_files.let_go(erased)
    disposal.digests = sorted(digests)
    count([one.id for one in customers])
    numbers = [one.archive_number for one in disposal.documents]
    audit.write(
        "change", "destroyed", actor=by, record=disposal, label=disposal.label, numbers=numbers, witnesses=list(witnesses),
        effective_on=destroyed_on.isoformat() if destroyed_on else "", sha256=scan.sha256,
    )  # fmt: skip


def _let_go(document: ArchiveDocument) -> set[str]:
    """Take what is said of a document and its files' records away; return the contents that it had."""
    digests = {one.file.sha256 for one in document.versions}
    files = [one.file for one in document.versions]
    db.session.execute(delete(DocumentVersion).where(DocumentVersion.document_id == document.id))
    db.session.expire(document, ["versions"])
    for file in files:
        if not _is_referred_to(file):
            db.session.delete(file)
    document.remarks = document.author = document.reference = document.removed_because = ""
    document.updated_at = clock.now()
    return digests


def _is_referred_to(file: Attachment) -> bool:
    metadata: MetaData = Attachment.metadata
    keys = [key for table in metadata.sorted_tables for key in table.foreign_keys if key.column.table is Attachment.__table__]
    return any(db.session.scalar(select(func.count()).where(key.parent == file.id)) for key in keys)


def _nothing_left(customer: Customer) -> bool:
    """Return whether nothing but signed forms is left of the dossier."""
    query = select(ArchiveDocument.id).where(ArchiveDocument.customer_id == customer.id, ArchiveDocument.state == FILED)
    return db.session.scalar(query.where(ArchiveDocument.approval_id.is_(None)).limit(1)) is None


def _with_merged(customer: Customer) -> list[Customer]:
    """Return a customer and every record that was merged into it, or into one that was: they are cards of the same customer (AR-3)."""
    found = [customer]
    for one in found:
        merged = select(Customer).where(Customer.merged_into_id == one.id).order_by(Customer.id)
        found += [other for other in db.session.scalars(merged) if other not in found]
    return found


def _let_merges_go(customer_ids: list[int]) -> None:
    """Delete what an undo of merges of erased records would need, which is what their cards said; the log keeps that they were merged."""
    either = or_(CustomerMerge.survivor_id.in_(customer_ids), CustomerMerge.loser_id.in_(customer_ids))
    db.session.execute(delete(CustomerMerge).where(either))


def _erase(customer: Customer, disposal: Disposal, by: Staff) -> set[str]:
    """Erase a card to number, name and dates, with its contacts and tags; return contents of what was filed by mistake, which go too."""
    digests: set[str] = set()
    removed = select(ArchiveDocument).where(ArchiveDocument.customer_id == customer.id, ArchiveDocument.state == REMOVED)
    for document in db.session.scalars(removed):
        digests |= _let_go(document)
    notice.forget(_pages(customer))
    gone = {}
    for one in card.FIELDS:
        if one.name not in KEPT and one.name in Customer.__table__.c:
            gone[one.name] = one.empty
            setattr(customer, one.name, one.empty)
    for name, value in derived({name: gone[name] for name in ("telephone",) if name in gone}).items():
        setattr(customer, name, value)
    customer.updated_at = clock.now()
    forget(db.session.scalars(select(InformationReport.id).where(InformationReport.customer_id == customer.id)).all())
    forget_relations([customer.id])
    forget_visits([customer.id])
    forget_answers([customer.id])
    forget_requests([customer.id])
    customer.graded_on = customer.grade_valid_until = None
    customer.contacted_on = customer.visited_on = NEVER
    forget_calls([customer.id])
    forget_own_visits([customer.id])
    forget_gifts([customer.id])
    digests |= forget_deliveries([customer.id])
    forget_outcomes([customer.id])
    digests |= forget_proposals([customer.id])
    forget_reviews([customer.id])
    boxes = select(Binder.id).where(Binder.customer_id == customer.id)
    empty = update(ArchiveDocument).where(ArchiveDocument.binder_id.in_(boxes)).values(binder_id=None)
    db.session.execute(empty, execution_options={"synchronize_session": False})
    # Of an import that changed the card, what it said before goes too: it can be taken back no more.
    own = (Binder, Contact, CustomerTag, CustomerAssistant, Grading, RegisterEntry, GreetingLine, StrengtheningTable, Agreement, ImportRow)
    for table in own:
        db.session.execute(delete(table).where(table.customer_id == customer.id))
    # What went its way through approval is kept with it, and was signed as it stands.
    for model, name in ((CreditChange, "credit"), (Investigation, "investigation")):
        submitted = exists().where(Approval.kind_name == name, Approval.record_id == model.id)
        db.session.execute(delete(model).where(model.customer_id == customer.id, ~submitted))
    ends = update(DealingsEnd).where(DealingsEnd.customer_id == customer.id).values(reason="", resumed_because="")
    db.session.execute(ends, execution_options={"synchronize_session": False})
    orders = update(OrderRequest).where(OrderRequest.customer_id == customer.id)
    said = {"reason": "", "price_note": "", "payment_note": "", "closing_note": "", "goods": [], "figures": {}}
    db.session.execute(orders.values(**said), execution_options={"synchronize_session": False})  # its approvals name each of them
    told = update(PlanTask).where(PlanTask.customer_id == customer.id).values(result="", reason="")
    db.session.execute(told, execution_options={"synchronize_session": False})  # what was spent stays with the plan
    db.session.flush()
    db.session.expire(customer)
    index_customer(customer)
    end = DealingsEnd.standing(customer)
    if end is None:
        moment = clock.today()
        end = DealingsEnd(customer_id=customer.id, kind="terminated", reason="", ended_on=moment, by_id=by.id)
        db.session.add(end)
    end.erased_at = clock.now()
    audit.write("change", "erased", actor=by, record=customer, label=customer.full_name, disposal=disposal.id)
    return digests


def _pages(customer: Customer) -> list[str]:
    """Return the pages of a customer's records to which notices lead, of whatever area; those of its approvals stay."""
    found = []
    for mapper in Base.registry.mappers:
        model: Any = mapper.class_
        if "customer_id" in mapper.columns and hasattr(model, "link") and model is not Approval:
            found += [one.link for one in db.session.scalars(select(model).where(model.customer_id == customer.id))]
    return found


def purge(disposal: Disposal) -> list[str]:
    """Take the contents of destroyed documents out of the store where nothing else has the same; return which went.

    Called in a transaction of its own after the destruction was committed, and again by the worker where that did not come about, or
    somebody was storing the same at that moment. Raises OSError, `StoreFailed`: then none of them counts as gone.
    """
    came = {digest: take_out(digest) for digest in disposal.digests}
    disposal.digests = [digest for digest, what in came.items() if what == BUSY]
    return [digest for digest, what in came.items() if what == GONE]


def to_purge() -> list[Disposal]:
    """Return the destroyed lists, however long ago, whose contents are still in the store."""
    full = (Disposal.state == DESTROYED, cast(Disposal.digests, Text) != "[]")
    return list(db.session.scalars(select(Disposal).where(*full).order_by(Disposal.id)))
